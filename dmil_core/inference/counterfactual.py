"""Counterfactual inputs and gates: how does a prediction change with one input or component?

An edit changes one modality of one sample: it is blanked, made noisy, taken from another sample,
rewritten, drawn on, or given other numbers. The gate weights of a decomposition can be rescaled as
well.
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

Kind = Literal["blank", "noise", "swap", "text", "draw", "set"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)


@dataclass(frozen=True)
class Edit:
    """One change of one modality.

    Attributes
    ----------
    modality : number of the modality, from 1.
    kind : ``blank``, ``noise``, ``swap``, ``text``, ``draw`` or ``set``.
    severity : of noise, in standard deviations of each feature; for text the share of words.
    seed : of the noise.
    donor : id of the sample that a swap takes the modality from.
    text : the new text.
    strokes : strokes drawn on a picture, in order.
    values : positions in a vector, counted from 0, and the numbers that stand there instead.
    """

    modality: ModalityNumber
    kind: Kind
    severity: float = 1.0
    seed: int = 0
    donor: str = ""
    text: str = ""
    strokes: tuple[Stroke, ...] = ()
    values: tuple[tuple[int, float], ...] = ()


def changed(dataset: Dataset, row: int, edits: Sequence[Edit]) -> Dataset:
    """One row of a data set with edits applied in order.

    Parameters
    ----------
    dataset
        The whole set; its training rows give the mean that blanks and the standard deviations that
        scale noise.
    row
        Index of the row.
    edits
        Applied one after the other.

    Returns
    -------
    Dataset
        A data set of the one changed row.

    Raises
    ------
    ConfigError
        If there is no such kind of edit.
    DataError
        If a donor does not exist, ``text`` is asked of a modality that is no text, ``draw`` of one
        that is no picture or ``set`` of one that is no vector, a position or number of ``values``
        is none that can be, or there are no training rows to take statistics from.
    """
    sample = keep_rows(dataset, np.array([row]), dataset.name)
    for edit in edits:
        sample = _edited(sample, edit, dataset)
    return sample


def _edited(sample: Dataset, edit: Edit, reference: Dataset) -> Dataset:
    m, x = edit.modality, sample.x(edit.modality)
    match edit.kind:
        case "swap":
            return _swapped(sample, m, reference, _row_of(reference, edit.donor))
        case "blank" | "noise":
            share = 1.0 if edit.kind == "blank" else edit.severity
            return corrupt(sample, m, edit.kind, share, seed=edit.seed, reference=reference)
        case "text":
            if x.dtype.kind != "U":
                raise DataError(f"x{m} of {reference.name} is no text to be rewritten")
            return _with(sample, m, np.array([edit.text]))
        case "draw":
            if reference.card.modalities[m - 1].kind != "image":
                raise DataError(f"x{m} of {reference.name} is no picture to be drawn on")
            ink = ink_levels(reference, m)
            return _with(sample, m, drawn(x[0], edit.strokes, *ink)[None])
        case "set":
            if reference.card.modalities[m - 1].kind != "vector":
                raise DataError(f"x{m} of {reference.name} is no vector whose numbers can be set")
            return _with(sample, m, _with_values(x, edit.values))
    raise ConfigError(f"edit {edit.kind!r}: expected one of {', '.join(KINDS)}")


def _with_values(x: NDArray[Any], values: Sequence[tuple[int, float]]) -> NDArray[Any]:
    """The one row (1, D) with other numbers at some positions."""
    largest = float(np.finfo(np.float32).max)
    out = x.copy()
    for position, number in values:
        if not 0 <= position < x.shape[1] or not abs(number) <= largest:
            raise DataError(
                f"expected a position from 0 to {x.shape[1] - 1} and a number that 32 bits hold, "
                f"got {position} and {number}"
            )
        out[0, position] = number
    return out


def _swapped(sample: Dataset, modality: ModalityNumber, whole: Dataset, donor: int) -> Dataset:
    """With the donor's raw media as well."""
    other = keep_rows(whole, np.array([donor]), whole.name)
    media = list(sample.media_index)
    media[modality - 1] = other.media_index[modality - 1]
    return replace(_with(sample, modality, other.x(modality)), media_index=tuple(media))


def _with(sample: Dataset, modality: ModalityNumber, x: NDArray[Any]) -> Dataset:
    return replace(sample, **{f"x{modality}": x})  # type: ignore[arg-type]


def _row_of(dataset: Dataset, sample: str) -> int:
    rows = np.flatnonzero(dataset.ids == sample)
    if not len(rows):
        raise DataError(f"{dataset.name} has no sample {sample!r} to swap with")
    return int(rows[0])


def reweighted(
    table: pd.DataFrame, classes: Sequence[str], factors: Mapping[Component, float]
) -> pd.DataFrame:
    """A prediction table with rescaled gate weights, g'_c = f_c g_c / sum_k f_k g_k.

    The logits become the sum over components of g'_c times the component's logits; probabilities
    and predictions follow.

    Parameters
    ----------
    table
        Predictions of a decomposition; see :func:`dmil_core.inference.predict.predict`.
    classes
        Names of the classes, in the order of the table's columns.
    factors
        Component -> its factor f_c, at least 0; components that are not named keep 1.

    Returns
    -------
    pandas.DataFrame
        A changed copy; ``pred_<component>`` and latents stay as they were.

    Raises
    ------
    ConfigError
        If the table has no gate, a factor is negative or not finite, or a row would be left
        without any weight.
    """
    present = schema.components_in(table.columns)
    if not present:
        raise ConfigError("this model has no gate to turn; choose one that decomposes")
    by = np.array([float(factors.get(c, 1.0)) for c in present])
    if not (np.isfinite(by).all() and (by >= 0).all()):
        raise ConfigError(f"factors of a gate: expected numbers from 0 on, got {dict(factors)}")
    gate = table[[schema.gate(c) for c in present]].to_numpy(np.float64)
    total = (gate * by).sum(axis=1, keepdims=True)
    if (total <= 0).any():
        raise ConfigError("no component is left to answer; leave at least one that had weight")
    out = table.copy()
    logits = np.zeros((len(table), len(classes)))
    for c, factor, weight in zip(present, by, gate.T, strict=True):
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
