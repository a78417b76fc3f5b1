"""What a user's file may leave out: the card, the ids and the split."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dmil_core.data.card import DEFAULT_MEDIA, Card, MediaSpec, Modality
from dmil_core.data.content import check_content
from dmil_core.data.labels import indices, indices_by_name, read_labels
from dmil_core.data.new_split import SPLIT_RULE, VAL_RULE, make_split, with_validation
from dmil_core.data.validate import Arrays, Issue, Purpose, check_split, guess_kind
from dmil_core.schema import MODALITY_NUMBERS, Kind

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
    labels and split, as new ones have none, are all ``test``. Of a split without val, some of the
    training rows are val.

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
        card = replace(card, split_rule=SPLIT_RULE)
        issues = tuple(check_split(out, card, purpose))
    elif "y" in out and "val" not in out["split"]:
        y = indices(read_labels(out["y"]), card.classes)
        made = with_validation(out["split"], y, out.get("group"))
        if made is not None:
            out["split"] = made
            card = replace(card, split_rule=VAL_RULE, counts={})
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


def _infer_modality(name: str, x: NDArray[Any]) -> Modality:
    kind = guess_kind(x)
    return Modality(name=name, kind=kind, description="", media=infer_media(kind, x))


def infer_media(kind: Kind, x: NDArray[Any]) -> MediaSpec:
    """How an array (N, ...) of a kind is shown; a picture of numbers from its lowest to highest."""
    media = MediaSpec(DEFAULT_MEDIA[kind])
    if kind == "image" and x.dtype != np.uint8:
        return replace(media, value_range=(float(x.min()), float(x.max())))
    return media
