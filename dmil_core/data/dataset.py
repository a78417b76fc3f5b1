"""A data set in memory: two or three modalities, labels, splits, what is known about each row."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from dmil_core.data.absent import absent
from dmil_core.data.card import Card, ColumnSpec, MediaSpec, Modality
from dmil_core.data.labels import UNKNOWN, indices, read_labels
from dmil_core.schema import MODALITY_NUMBERS, SPLITS, ModalityNumber, Split, modality_numbers

if TYPE_CHECKING:
    from dmil_core.data.validate import Issue

__all__ = ["Card", "ColumnSpec", "Dataset", "MediaSpec", "Modality", "from_arrays"]

#: Folder names may have 255 characters; what is put behind a slug needs some of them.
_LONGEST_SLUG: Final = 150


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Checked arrays and the card that explains them.

    Attributes
    ----------
    name : bundled name, generated name with its options, or the stem of a user's file.
    x1, x2 : (N, ...) float32; uint8 for pictures stored so; unicode (N,) for text.
    y : (N,) int64, index into ``card.classes``; -1 for a row of no known class, which only a set
        for prediction has.
    ids : (N,) unicode, unique.
    split : (N,) unicode, one of ``schema.SPLITS``.
    group : (N,) or None; rows of one group never lie in two splits.
    interaction_type : (N,) unicode of ``schema.components``, or None where it is not known.
    flags : named (N,) bool arrays (``flag_<name>`` in the file); ``without_x2`` says which rows
        lack an input.
    media_index : for each modality the media row of each data row, or None for row = row.
    folder : where the file and its raw media lie, None for generated sets.
    issues : warnings of validation; a set with errors is never built.
    file : the user's file it was read from, None for bundled and generated sets.
    x3 : like ``x1`` and ``x2``, of sets with three modalities.
    split_number : 0 for the split the set comes with; see :mod:`dmil_core.data.splits`.
    labels : (N,) unicode or None; of a set with rows of no known class, the labels as they were
        given, "" where there is none.
    """

    name: str
    card: Card
    x1: NDArray[Any]
    x2: NDArray[Any]
    y: NDArray[np.int64]
    ids: NDArray[np.str_]
    split: NDArray[np.str_]
    group: NDArray[Any] | None = None
    interaction_type: NDArray[np.str_] | None = None
    flags: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)
    media_index: tuple[NDArray[np.int64] | None, ...] = (None, None, None)
    folder: Path | None = None
    issues: tuple[Issue, ...] = ()
    file: Path | None = None
    x3: NDArray[Any] | None = None
    split_number: int = 0
    labels: NDArray[np.str_] | None = None

    def __len__(self) -> int:
        return len(self.y)

    def __repr__(self) -> str:
        inputs = ", ".join(f"x{m} {x.shape} {x.dtype}" for m, x in enumerate(self.inputs, start=1))
        splits = ", ".join(f"{len(self.rows(s))} {s}" for s in SPLITS)
        return (
            f"<dmil_core.Dataset {self.name!r}: {len(self)} rows ({splits}), "
            f"{len(self.classes)} classes, {inputs}>"
        )

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names in the order of the label index."""
        return self.card.classes

    @property
    def source(self) -> str:
        """What ``load_dataset`` takes to get the same set again: a name, or a file's path."""
        if self.file is None:
            return self.name
        split = f":split={self.split_number}" if self.split_number else ""
        return str(self.file.resolve()) + split

    @property
    def slug(self) -> str:
        """The name as a folder name; see :func:`slug_of`."""
        return slug_of(self.name)

    @property
    def modalities(self) -> int:
        """How many inputs a sample has: 2 or 3."""
        return len(self.inputs)

    @property
    def inputs(self) -> tuple[NDArray[Any], ...]:
        """The arrays of all modalities, x1 first."""
        return (self.x1, self.x2) if self.x3 is None else (self.x1, self.x2, self.x3)

    def x(self, modality: int) -> NDArray[Any]:
        """The array of modality 1, 2 or, where there is one, 3."""
        return dict(enumerate(self.inputs, start=1))[modality]

    def lacks(self, modality: ModalityNumber) -> NDArray[np.bool_] | None:
        """(N,) which rows lack an input, see :mod:`dmil_core.data.absent`; None where none does."""
        return absent(self.flags, modality)

    @property
    def complete(self) -> NDArray[np.bool_]:
        """(N,) which rows have all inputs."""
        result = np.ones(len(self), dtype=bool)
        for m in modality_numbers(self.modalities):
            if (lacking := self.lacks(m)) is not None:
                result &= ~lacking
        return result

    def rows(self, split: Split) -> NDArray[np.int64]:
        """(n,) indices of the rows of one split, in file order."""
        if split not in SPLITS:
            raise ValueError(f"expected one of {SPLITS}, got {split!r}")
        return np.flatnonzero(self.split == split)

    def class_names(self, index: NDArray[np.integer[Any]]) -> NDArray[np.str_]:
        """Names of an array of class indices, same shape; "" of -1."""
        return np.asarray((*self.card.classes, ""), dtype=np.str_)[index]

    @property
    def label_names(self) -> NDArray[np.str_]:
        """(N,) the class of each row, or its label where that is no class; "" without a label."""
        if self.labels is None:
            return self.class_names(self.y)
        return np.where(self.y < 0, self.labels, self.class_names(self.y))

    @cached_property
    def digest(self) -> str:
        """sha256 (hex) over inputs, y, ids, split and class names; the same on every machine."""
        h = hashlib.sha256(b"dmil-data-1")
        for array in (*self.inputs, self.y, self.ids, self.split):
            _hash_array(h, array)
        _hash_array(h, np.asarray(self.card.classes, dtype=np.str_))
        return h.hexdigest()


def slug_of(name: str) -> str:
    """A name as a folder name: letters, digits, dots, dashes and underscores only; of a long name
    the beginning and a digest."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", name)
    if len(plain) <= _LONGEST_SLUG:
        return plain
    digest = hashlib.sha256(name.encode()).hexdigest()[:12]
    return f"{plain[: _LONGEST_SLUG - len(digest) - 1]}-{digest}"


def _hash_array(h: Any, array: NDArray[Any]) -> None:
    """Feed shape, type and content; text by its characters, since its padding may differ."""
    if array.dtype.kind == "U":
        h.update(f"U{array.shape}".encode())
        for text in array.tolist():
            raw = text.encode("utf-8", "surrogatepass")
            h.update(len(raw).to_bytes(8, "little"))
            h.update(raw)
        return
    little = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False)
    h.update(f"{little.dtype.str}{little.shape}".encode())
    h.update(little.tobytes())


def from_arrays(
    name: str,
    arrays: Mapping[str, NDArray[Any]],
    card: Card,
    folder: Path | None = None,
    issues: tuple[Issue, ...] = (),
) -> Dataset:
    """Build a set from arrays that passed ``validate.check``; ``split`` and ``id`` must be there.

    Of a set for prediction ``y`` may be missing, and may have labels that are no class of the card.
    Numbers become float32 (pictures of uint8 stay), labels become class indices, ids text.
    """
    x1, x2, *x3 = (
        _as_input(arrays[f"x{m}"], modality.kind == "image")
        for m, modality in enumerate(card.modalities, start=1)
    )
    y, labels = _classes(arrays.get("y"), card.classes, len(x1))
    flags = {
        key.removeprefix("flag_"): value for key, value in arrays.items() if key.startswith("flag_")
    }
    return Dataset(
        name=name,
        card=card,
        x1=x1,
        x2=x2,
        y=y,
        ids=arrays["id"].astype(np.str_),
        split=arrays["split"].astype(np.str_),
        group=arrays.get("group"),
        interaction_type=arrays.get("interaction_type"),
        flags=flags,
        media_index=tuple(_as_rows(arrays, f"media_index{m}") for m in MODALITY_NUMBERS),
        folder=folder,
        issues=issues,
        x3=x3[0] if x3 else None,
        labels=labels,
    )


def _as_input(x: NDArray[Any], picture: bool) -> NDArray[Any]:
    if x.dtype.kind == "U" or (picture and x.dtype == np.uint8):
        return x
    return np.ascontiguousarray(x, dtype=np.float32)


def _classes(
    y: NDArray[Any] | None, classes: tuple[str, ...], rows: int
) -> tuple[NDArray[np.int64], NDArray[np.str_] | None]:
    """Class index of each row, and all labels where some are no class."""
    if y is None:
        return np.full(rows, UNKNOWN, dtype=np.int64), np.full(rows, "")
    labels = read_labels(y)
    index = indices(labels, classes)
    return index, labels.names if (index < 0).any() else None


def _as_rows(arrays: Mapping[str, NDArray[Any]], key: str) -> NDArray[np.int64] | None:
    return arrays[key].astype(np.int64) if key in arrays else None
