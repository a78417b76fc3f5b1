"""What the training rows of an input are like, feature by feature."""

from __future__ import annotations

from typing import Any, Final, Literal
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from dmil_core.data.dataset import Dataset
from dmil_core.errors import DataError
from dmil_core.schema import ModalityNumber

Statistic = Literal["mean", "std", "min", "max"]

#: Of the data sets in memory, as long as they are.
_KNOWN: Final[WeakKeyDictionary[Dataset, dict[tuple[str, int], NDArray[np.float64]]]] = (
    WeakKeyDictionary()
)


def training_rows(dataset: Dataset, modality: ModalityNumber) -> NDArray[Any]:
    """(n, ...) the training rows of one input.

    Raises
    ------
    DataError
        If there are none.
    """
    rows = dataset.rows("train")
    if not len(rows):
        raise DataError(
            f"{dataset.name}: expected training rows for the mean and spread of x{modality}, got "
            "none; take a set that has some"
        )
    return dataset.x(modality)[rows]


def training_statistic(
    dataset: Dataset, modality: ModalityNumber, what: Statistic
) -> NDArray[np.float64]:
    """Mean, standard deviation, least or largest value of each feature over the training rows, of
    the shape of one sample.

    It takes long for pictures, and is kept as long as the data set is in memory.

    Raises
    ------
    DataError
        If there are no training rows.
    """
    known = _KNOWN.setdefault(dataset, {})
    if (what, modality) not in known:
        rows = training_rows(dataset, modality)
        if what in ("min", "max"):
            known[what, modality] = getattr(rows, what)(axis=0).astype(np.float64)
        else:
            known[what, modality] = getattr(rows, what)(axis=0, dtype=np.float64)
    return known[what, modality]
