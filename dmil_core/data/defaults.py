"""What a user's file may leave out: the card, the ids and the split."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dmil_core.data.card import DEFAULT_MEDIA, Card, MediaSpec, Modality
from dmil_core.data.content import check_content
from dmil_core.data.labels import indices, indices_by_name, read_labels
from dmil_core.data.validate import Arrays, Issue, Purpose, check_split, guess_kind
from dmil_core.schema import MODALITY_NUMBERS, SPLITS, Kind

#: Shares of train, val and test where the file has no split.
SPLIT_SHARES: Final = (0.7, 0.1, 0.2)


#: Summary of a card that was inferred.
_NO_CARD: Final = "A file without a card."


def is_inferred(card: Card) -> bool:
    """Whether a card was inferred from the arrays, so that kinds of inputs are guesses."""
    return card.summary == _NO_CARD


def infer_card(name: str, arrays: Arrays) -> Card:
    """A card for a file without one: kinds from the shapes, class names from the labels, if there
    are any."""
    names = [f"x{m}" for m in MODALITY_NUMBERS if f"x{m}" in arrays]
    return Card(
        name=name,
        title=name,
        summary=_NO_CARD,
        source="not stated",
        licence="not stated",
        modalities=tuple(_infer_modality(name, arrays[name]) for name in names),
        classes=read_labels(arrays["y"]).classes if "y" in arrays else (),
    )


@dataclass(frozen=True)
class Completed:
    """Arrays with ``id`` and ``split``, the card that describes them, and what to say about it."""

    arrays: dict[str, NDArray[Any]]
    card: Card
    issues: tuple[Issue, ...]


def complete(arrays: Arrays, card: Card | None, name: str, purpose: Purpose = "train") -> Completed:
    """Fill in the card, ``id`` and ``split``.

    Labels of a file without a card become names as :mod:`dmil_core.data.labels` says. Rows without
    labels and split, as new ones have none, are all ``test``.

    Parameters
    ----------
    arrays : as :func:`~dmil_core.data.validate.check` leaves them without an error.
    card : the card of the file, or None for one that is inferred from the arrays.
    name : of the set, for an inferred card.
    purpose : what a split that is made here has to be good for; of a set for training, what its
        inputs hold is looked at as well.
    """
    out = dict(arrays)
    inferred = card is None
    card = infer_card(name, arrays) if card is None else card
    if "y" in out:
        out["y"] = _labels(out["y"], card, inferred)
    if "id" not in out:
        out["id"] = np.arange(len(out["x1"])).astype(np.str_)
    issues: tuple[Issue, ...] = ()
    if "split" not in out and "y" not in out:
        out["split"] = np.full(len(out["x1"]), "test")
    elif "split" not in out:
        out["split"] = make_split(out["y"], out.get("group"), seed=0)
        card = replace(card, split_rule="Made on loading: 70/10/20 at random, seed 0.")
        issues = tuple(check_split(out, card, purpose))
    if purpose == "train":
        issues += check_content(out, card)
    return Completed(out, card, issues)


def _labels(y: NDArray[Any], card: Card, inferred: bool) -> NDArray[Any]:
    """Labels as indices of the card's classes, or, where some are none of them, as they are."""
    labels = read_labels(y)
    if inferred:
        index = indices_by_name(labels, card.classes)
    elif y.ndim == 1 and y.dtype.kind in "iuU":
        return y
    else:
        index = indices(labels, card.classes)
    return index if (index >= 0).all() else labels.names


def make_split(
    y: NDArray[Any], group: NDArray[Any] | None = None, seed: int = 0
) -> NDArray[np.str_]:
    """(N,) train/val/test in proportion 70/10/20, by class, or by whole groups.

    A class of three rows or more is in every split. Groups are never divided; each goes where the
    class counts then are nearest to the proportions.
    """
    rng = np.random.default_rng(seed)
    part = _by_class(y, rng) if group is None else _by_group(y, group, rng)
    return np.asarray(SPLITS)[part]


def _by_class(y: NDArray[Any], rng: np.random.Generator) -> NDArray[np.int64]:
    part = np.zeros(len(y), dtype=np.int64)
    for value in np.unique(y):
        rows = rng.permutation(np.flatnonzero(y == value))
        n = len(rows)
        test = max(round(SPLIT_SHARES[2] * n), int(n >= 2))
        val = max(round(SPLIT_SHARES[1] * n), int(n >= 3))
        part[rows[:test]] = 2
        part[rows[test : test + val]] = 1
    return part


def _by_group(y: NDArray[Any], group: NDArray[Any], rng: np.random.Generator) -> NDArray[np.int64]:
    _, label = np.unique(y, return_inverse=True)
    _, member = np.unique(group, return_inverse=True)
    counts = np.zeros((member.max() + 1, label.max() + 1))
    np.add.at(counts, (member, label), 1)
    target = np.outer(SPLIT_SHARES, counts.sum(axis=0))
    filled = np.zeros_like(target)
    part = np.zeros(len(counts), dtype=np.int64)
    # Large groups first: the small ones then even out what is left. Ties are in random order.
    order = rng.permutation(len(counts))
    order = order[np.argsort(-counts[order].sum(axis=1), kind="stable")]
    for position, g in enumerate(order):
        error_now = (filled - target) ** 2
        error_then = (filled + counts[g] - target) ** 2
        # Relative to the target, or the small splits would always look nearly full.
        cost = ((error_then - error_now) / np.maximum(target, 1)).sum(axis=1)
        empty = filled.sum(axis=1) == 0
        if len(order) - position <= empty.sum():  # the last groups go where there is none yet
            cost[~empty] = np.inf
        part[g] = cost.argmin()
        filled[part[g]] += counts[g]
    return part[member]


def _infer_modality(name: str, x: NDArray[Any]) -> Modality:
    kind = guess_kind(x)
    return Modality(name=name, kind=kind, description="", media=infer_media(kind, x))


def infer_media(kind: Kind, x: NDArray[Any]) -> MediaSpec:
    """How an array (N, ...) of a kind is shown; a picture of numbers from its lowest to highest."""
    media = MediaSpec(DEFAULT_MEDIA[kind])
    if kind == "image" and x.dtype != np.uint8:
        return replace(media, value_range=(float(x.min()), float(x.max())))
    return media
