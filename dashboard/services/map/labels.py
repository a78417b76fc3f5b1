"""What the clusters of a map are called: the class of their samples, or what sets them apart.

Shapes: N samples, A attributes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from dashboard.services.map.maps import GATE, Layout, points
from dashboard.services.sample import samples, texts
from dashboard.services.store.catalog import Checkpoint, DataProblem
from dashboard.words import one_line
from dmil_core import schema
from dmil_core.data.features import Feature, features
from dmil_core.inference.places import FEWEST, clusters

Mask = NDArray[np.bool_]

#: Samples that clusters are looked for among; of more, evenly spaced ones.
MOST: Final = 5000
#: Share of a cluster from which on it is called after a class.
MOSTLY: Final = 0.8
#: An attribute sets a cluster apart where this share of it has the attribute, and the share of the
#: other samples is lower by at least `APART`.
COMMON: Final = 0.6
APART: Final = 0.35
#: Attributes that name a cluster, at most.
MOST_WORDS: Final = 3
#: Standard deviations from the mean of the training rows, from which on a value is high or low.
FAR: Final = 1.0
#: Features of a table that are looked at; of wider inputs none has a telling name.
MOST_FEATURES: Final = 300
_WORD: Final = re.compile(r"[^\W\d_][\w'\u2019-]+")
_LETTERS: Final = 30


@dataclass(frozen=True)
class Label:
    """The name of a cluster.

    Attributes
    ----------
    text : what it is called.
    at : the middle of the cluster from left to right, its upper and its lower edge, in units of the
        map.
    count : how many samples the cluster has; larger ones are named first.
    """

    text: str
    at: tuple[float, float, float]
    count: int


def labels(checkpoint: Checkpoint, on: Layout, split: str) -> tuple[Label, ...]:
    """Names of the clusters of a map, the largest first; none on the map of the gate weights,
    whose corners have names."""
    if on.latent == GATE:
        return ()
    key = (str(checkpoint.folder), checkpoint.stamp, on.latent, on.mark, split)
    return _labels(*key, checkpoint, on)


@st.cache_resource(max_entries=64, show_spinner=False)
def _labels(
    folder: str, key: str, latent: str, mark: str, split: str, _checkpoint: Checkpoint, _on: Layout
) -> tuple[Label, ...]:
    rows = points(_checkpoint, _on, split)
    rows = rows.take(slice(None, None, -(-len(rows) // MOST) or 1))
    unit = _on.unit[_on.places_of(rows)]
    classes = rows.words("y").texts().astype(str)
    return named(unit, clusters(unit), classes, attributes(_checkpoint, rows.frame()))


def named(
    unit: NDArray[np.float64],
    of: NDArray[np.int64],
    classes: NDArray[np.str_],
    kinds: Sequence[Mapping[str, Mask]],
) -> tuple[Label, ...]:
    """Names of clusters; none for those that nothing sets apart.

    Parameters
    ----------
    unit : (N, 2) places.
    of : (N,) cluster of each, -1 for none.
    classes : (N,) class of each.
    kinds : attributes to name clusters by, each (N,), in the order of preference.
    """
    inside = [of == cluster for cluster in range(int(of.max(initial=-1)) + 1)]
    owners = [_class(classes, mask) for mask in inside]
    shared = {name for name, count in Counter(owners).items() if count > 1}
    result = []
    for mask, owner in zip(inside, owners, strict=True):
        # A class that several clusters have does not tell one from the other.
        telling = _telling(kinds, mask) if not owner or owner in shared else ""
        text = " · ".join(part for part in (owner, telling) if part)
        if text:
            result.append(Label(text, _edges(unit[mask]), int(mask.sum())))
    return tuple(sorted(result, key=lambda label: -label.count))


def _edges(unit: NDArray[np.float64]) -> tuple[float, float, float]:
    """Middle, upper and lower edge of (N, 2) places, but for outliers: Tukey's whiskers."""
    x, y = unit.T
    low, high = np.quantile(y, [0.25, 0.75])
    reach = 1.5 * (high - low)
    inner = y[(y >= low - reach) & (y <= high + reach)]
    return float(np.median(x)), float(inner.max()), float(inner.min())


def _class(classes: NDArray[np.str_], inside: Mask) -> str:
    """The class that most of a cluster has; empty for none, or where most of all samples have
    it."""
    names, counts = np.unique(classes[inside], return_counts=True)
    name = str(names[counts.argmax()])
    rest = (classes == name).mean()
    return one_line(name, _LETTERS) if counts.max() / counts.sum() >= MOSTLY > rest else ""


def _telling(kinds: Sequence[Mapping[str, Mask]], inside: Mask) -> str:
    """The attributes of the first kind that sets a cluster apart."""
    outside = ~inside
    for kind in kinds:
        shares = {name: (mask[inside].mean(), mask[outside].mean()) for name, mask in kind.items()}
        over = {n: own - other for n, (own, other) in shares.items() if own >= COMMON}
        most = sorted((n for n, by in over.items() if by >= APART), key=lambda n: -over[n])
        if most:
            chosen = set(most[:MOST_WORDS])
            # In the order that they are read in.
            return " ".join(one_line(name, _LETTERS) for name in kind if name in chosen)
    return ""


# --- attributes -----------------------------------------------------------------------------


def attributes(checkpoint: Checkpoint, rows: pd.DataFrame) -> tuple[Mapping[str, Mask], ...]:
    """What samples of a table have or do not have, by name: words of their texts and values of
    their features; what is known about them; the component with the largest gate."""
    data = samples.source(checkpoint)
    said: dict[str, Mask] = {}
    flags: dict[str, Mask] = {}
    if not isinstance(data, DataProblem):
        at = pd.Index(data.ids).get_indexer(rows.index)
        if len(at) and (at >= 0).all():
            for m in schema.modality_numbers(data.modalities):
                said |= _values(features(data, m)[:MOST_FEATURES], data.x(m)[at])
            flags = {
                name.replace("_", " "): np.asarray(values, dtype=bool)[at]
                for name, values in data.flags.items()
            }
    lines = texts.texts(checkpoint)
    if lines is not None:
        said |= words(lines.reindex(rows.index).fillna("").tolist())
    top = rows["dominant"].to_numpy(str) if "dominant" in rows else np.array([], dtype=str)
    return said, flags, {f"mostly {c}": top == c for c in np.unique(top)}


def words(lines: Sequence[str]) -> dict[str, Mask]:
    """The words of (N,) texts that are not rare, in the order that sentences have them."""
    places: dict[str, list[int]] = {}
    rows: dict[str, set[int]] = {}
    for row, line in enumerate(lines):
        for place, word in enumerate(_WORD.findall(line.casefold())):
            places.setdefault(word, []).append(place)
            rows.setdefault(word, set()).add(row)
    common = [w for w, found in rows.items() if len(found) >= FEWEST // 2]
    result = {}
    for word in sorted(common, key=lambda w: (float(np.mean(places[w])), w)):
        mask = np.zeros(len(lines), dtype=bool)
        mask[list(rows[word])] = True
        result[word] = mask
    return result


def _values(known: Sequence[Feature], x: NDArray[Any]) -> dict[str, Mask]:
    """High, low and named values of features (N, D); of features without a name of their own
    none."""
    result: dict[str, Mask] = {}
    for feature in known:
        own = x[:, feature.start : feature.start + feature.width]
        if feature.categories:
            places = own.argmax(axis=1) if feature.one_hot else own[:, 0]
            result |= {
                f"{feature.name} {word}": np.asarray(places == k)
                for k, word in enumerate(feature.categories)
            }
        elif feature.std > 0 and feature.name != f"feature {feature.start + 1}":
            z = (own[:, 0] - feature.mean) / feature.std
            result |= {f"↑ {feature.name}": z > FAR, f"↓ {feature.name}": z < -FAR}
    return result
