"""Pointwise mutual information of a whole data set, from its raw inputs as features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from dmil_core.data.dataset import Dataset
from dmil_core.data.tokens import tokenizer_of, vocabulary_of, words_of
from dmil_core.errors import ConfigError
from dmil_core.information.estimator import PointwiseInformation
from dmil_core.information.refits import REFITS, Refits, check_refits, refit
from dmil_core.partial_information.pmf import Floats
from dmil_core.partial_information.pointwise import Definition, Mean, means
from dmil_core.schema import FEWEST_MODALITIES


@dataclass(frozen=True)
class Estimate:
    """Estimates for every row of a set, by networks that were not trained on it.

    Attributes
    ----------
    table : columns id, y, i1, i2, i12, r, u1, u2, s, in nats, in the order of the set.
    means : mean of each quantity with its standard error, in nats; the error by the fit is in it
        where there are refits.
    refits : fits to some of the rows, without any where none were asked for or the set is too
        small for them.
    """

    table: pd.DataFrame
    means: dict[str, Mean]
    refits: Refits


def estimate(
    dataset: Dataset, definition: Definition = "same-sign", seed: int = 0, refits: int = REFITS,
    also: tuple[Definition, ...] = (),
) -> Estimate:  # fmt: skip
    """Estimate the pointwise information of all rows of a set of two inputs, by cross-fitting.

    All rows of a group are in one fold.

    Parameters
    ----------
    definition
        Of the redundant part in the table and the means.
    refits
        Fits to some of the rows, for the errors of the means; see :mod:`.refits`. They take about
        four times as long as the estimate itself.
    also
        Further definitions that the refits are made for.

    Raises
    ------
    ConfigError
        If the set has three inputs, there is no such definition, or ``refits`` is no multiple of 4.
    DataError
        If there are too few rows, in all or of a class.
    """
    check_two_inputs(dataset)
    x1, x2 = (features(x) for x in dataset.inputs)
    rows = np.arange(len(dataset))
    return estimate_rows(dataset, rows, x1, x2, definition, seed, refits, also)


def check_two_inputs(dataset: Dataset) -> None:
    """Refuse a set of three inputs with a ConfigError."""
    if dataset.modalities != FEWEST_MODALITIES:
        raise ConfigError(
            f"{dataset.name!r} has {dataset.modalities} inputs; R, U1, U2 and S are defined for two"
        )


def estimate_rows(
    dataset: Dataset, rows: NDArray[np.int64], x1: ArrayLike, x2: ArrayLike,
    definition: Definition, seed: int, refits: int = REFITS, also: tuple[Definition, ...] = (),
) -> Estimate:  # fmt: skip
    """The same for some rows (N,) of a set, from features (N, D) of each of its inputs."""
    check_refits(refits)
    y = np.array(dataset.classes)[dataset.y[rows]]
    groups = None if dataset.group is None else dataset.group[rows]
    fitted = PointwiseInformation(definition, seed=seed).fit(x1, x2, y, groups)
    scores = fitted.score_samples(x1, x2, y)
    table = pd.DataFrame({"id": dataset.ids[rows], "y": y, **scores.columns()})
    definitions = tuple(dict.fromkeys((definition, *also)))
    again = refit(fitted, x1, x2, y, groups, definitions, refits)
    return Estimate(table, means(scores, groups, again.errors(definition)), again)


def features(x: NDArray) -> Floats:
    """(N, D) features: an array flattened, a text as the indicators of its words."""
    return Features(x).of(x)


class Features:
    """Features of an input: an array flattened, a text as the indicators of its words.

    Parameters
    ----------
    x : (N, ...) whose words count; those of other rows that are none of them do not.
    """

    def __init__(self, x: NDArray) -> None:
        self._index: dict[str, int] | None = None
        if x.dtype.kind == "U":
            self._tokenizer = tokenizer_of(x.tolist())
            words = vocabulary_of(x, self._tokenizer)
            self._index = {word: i for i, word in enumerate(words)}

    def of(self, x: NDArray) -> Floats:
        """(n, D) of rows (n, ...)."""
        if self._index is None:
            return x.reshape(len(x), -1).astype(np.float64)
        values = np.zeros((len(x), max(len(self._index), 1)))
        for row, text in enumerate(x.tolist()):
            words = words_of(text, self._tokenizer)
            values[row, [self._index[w] for w in words if w in self._index]] = 1.0
        return values
