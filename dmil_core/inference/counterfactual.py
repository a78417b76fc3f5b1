"""What would the model say if one input were different, or one component counted less?

An edit changes one modality of one sample: it is blanked, made noisy, taken from another sample,
rewritten, or drawn on. The gate of a decomposition can be turned by hand as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import softmax

from dmil_core import schema
from dmil_core.data.corruption import corrupt
from dmil_core.data.dataset import Dataset
from dmil_core.data.subset import keep_rows
from dmil_core.errors import ConfigError, DataError
from dmil_core.inference.drawing import Stroke, drawn, ink_levels
from dmil_core.schema import Component, ModalityNumber

Kind = Literal["blank", "noise", "swap", "text", "draw"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)


@dataclass(frozen=True)
class Edit:
    """One change of one modality.

    Attributes
    ----------
    severity : of noise, in standard deviations of each feature; of text the share of words.
    seed : which noise.
    donor : id of the sample that a swap takes the modality from.
    text : what a text is rewritten to.
    strokes : what is drawn on a picture, one over the other.
    """

    modality: ModalityNumber
    kind: Kind
    severity: float = 1.0
    seed: int = 0
    donor: str = ""
    text: str = ""
    strokes: tuple[Stroke, ...] = ()


def changed(dataset: Dataset, row: int, edits: Sequence[Edit]) -> Dataset:
    """The one row as a data set of its own, with its edits made one after the other.

    What is usual, such as how large a standard deviation is, is that of the whole data set.

    Raises
    ------
    ConfigError
        If an edit is none that exists.
    DataError
        If a donor does not exist, a modality that is no text should be rewritten or one that is no
        picture be drawn on, or there are no training rows to tell what blank is.
    """
    one = keep_rows(dataset, np.array([row]), dataset.name)
    for edit in edits:
        one = _edited(one, edit, dataset)
    return one


def _edited(one: Dataset, edit: Edit, usual: Dataset) -> Dataset:
    m, x = edit.modality, one.x(edit.modality)
    match edit.kind:
        case "swap":
            return _swapped(one, m, usual, _row_of(usual, edit.donor))
        case "blank" | "noise":
            share = 1.0 if edit.kind == "blank" else edit.severity
            return corrupt(one, m, edit.kind, share, seed=edit.seed, reference=usual)
        case "text":
            if x.dtype.kind != "U":
                raise DataError(f"x{m} of {usual.name} is no text to be rewritten")
            return _with(one, m, np.array([edit.text]))
        case "draw":
            if usual.card.modalities[m - 1].kind != "image":
                raise DataError(f"x{m} of {usual.name} is no picture to be drawn on")
            return _with(one, m, drawn(x[0], edit.strokes, *ink_levels(usual, m))[None])
    raise ConfigError(f"edit {edit.kind!r}: expected one of {', '.join(KINDS)}")


def _swapped(one: Dataset, modality: ModalityNumber, whole: Dataset, donor: int) -> Dataset:
    """With the donor's raw media as well."""
    given = keep_rows(whole, np.array([donor]), whole.name)
    shown = list(one.media_index)
    shown[modality - 1] = given.media_index[modality - 1]
    return replace(_with(one, modality, given.x(modality)), media_index=tuple(shown))


def _with(one: Dataset, modality: ModalityNumber, x: NDArray[Any]) -> Dataset:
    return replace(one, **{f"x{modality}": x})  # type: ignore[arg-type]


def _row_of(dataset: Dataset, sample: str) -> int:
    rows = np.flatnonzero(dataset.ids == sample)
    if not len(rows):
        raise DataError(f"{dataset.name} has no sample {sample!r} to swap with")
    return int(rows[0])


def reweighted(
    table: pd.DataFrame, classes: Sequence[str], factors: Mapping[Component, float]
) -> pd.DataFrame:
    """A prediction table with the gate turned by hand: g'_c = f_c g_c / sum_k f_k g_k.

    Logits are then the sum of g'_c times each component's own logits; probabilities and answers
    follow. Components that are not named keep a factor of 1.

    Raises
    ------
    ConfigError
        If the table has no gate, a factor is negative or not finite, or a row would be left
        without any weight.
    """
    held = schema.components_in(table.columns)
    if not held:
        raise ConfigError("this model has no gate to turn; choose one that decomposes")
    by = np.array([float(factors.get(c, 1.0)) for c in held])
    if not (np.isfinite(by).all() and (by >= 0).all()):
        raise ConfigError(f"factors of a gate: expected numbers from 0 on, got {dict(factors)}")
    gate = table[[schema.gate(c) for c in held]].to_numpy(np.float64)
    total = (gate * by).sum(axis=1, keepdims=True)
    if (total <= 0).any():
        raise ConfigError("no component is left to answer; leave at least one that had weight")
    out = table.copy()
    logits = np.zeros((len(table), len(classes)))
    for c, factor, weight in zip(held, by, gate.T, strict=True):
        names = [schema.contribution(c, k) for k in classes]
        scaled = table[names].to_numpy(np.float64) * factor / total
        logits += scaled
        out[names] = scaled
        out[schema.gate(c)] = weight * factor / total[:, 0]
    out[[schema.logit(k) for k in classes]] = logits
    out[[schema.prob(k) for k in classes]] = softmax(logits, axis=1)
    out["pred"] = np.asarray(classes, dtype=object)[logits.argmax(axis=1)]
    out["correct"] = out["pred"] == out["y"]
    return out
