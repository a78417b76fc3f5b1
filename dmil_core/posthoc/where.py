"""Where in two inputs is the synergy of a sample? Parts of both whose effects depend on each other.

With f(- p, - q) the score of a sample of which part p of one input and part q of another are blank,

    d(p, q) = f - f(- p) - f(- q) + f(- p, - q)

is what p and q do together that neither does alone: 0 wherever f adds up what the two parts say. It
is the second difference of f (the interaction of two players in the game in which all other parts
are there; Grabisch, Roubens, International Journal of Game Theory 28, 1999). A blank part is the
mean of the training rows there, or a word that is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dmil_core.data.dataset import Dataset
from dmil_core.data.statistics import training_statistic
from dmil_core.data.tokens import tokenizer_of, word_pattern
from dmil_core.errors import ConfigError
from dmil_core.partial_information.pmf import Floats
from dmil_core.posthoc.callables import wrapped
from dmil_core.posthoc.function import Function, Predict
from dmil_core.posthoc.values import BATCH, outputs_of
from dmil_core.schema import ModalityNumber, modality_numbers

#: Cells along each side of a picture, and of the time and pitch of a sound.
GRID: Final = 8
#: Most words of a text, segments of a signal and features of a vector.
MOST: Final = 24
SEGMENTS: Final = 12


@dataclass(frozen=True, eq=False)
class Parts:
    """Parts of one input of one sample.

    Attributes
    ----------
    names : (P,) what they are called: a word, a feature, a cell as ``row 2, column 5``.
    shape : how they lie: (8, 8) cells of a picture, (P,) of anything else.
    variants : (1 + P, ...) the input as it is, and without each part.
    """

    names: tuple[str, ...]
    shape: tuple[int, ...]
    variants: NDArray[Any]


@dataclass(frozen=True, eq=False)
class Where:
    """What pairs of parts do together, in nats of the score of the predicted class, less its mean
    over the classes.

    Attributes
    ----------
    cls : position of the predicted class.
    first, second : the parts of the two inputs, P and Q of them.
    together : (P, Q) d(p, q).
    alone_first, alone_second : (P,) and (Q,) f - f(- p), what a part does by itself (occlusion).
    """

    cls: int
    first: Parts
    second: Parts
    together: Floats
    alone_first: Floats
    alone_second: Floats

    def strongest(self, count: int) -> tuple[tuple[int, int], ...]:
        """The pairs (p, q) with the largest absolute d, at most so many."""
        order = np.argsort(-np.abs(self.together), axis=None, kind="stable")[:count]
        pairs = np.unravel_index(order, self.together.shape)
        return tuple((int(p), int(q)) for p, q in zip(*pairs, strict=True))


def where(
    f: Predict, dataset: Dataset, row: int, first: ModalityNumber = 1, second: ModalityNumber = 2,
    grid: int = GRID, batch: int = BATCH,
) -> Where:  # fmt: skip
    """The second differences of a model for one row of a data set.

    Parameters
    ----------
    f
        ``f(x1, x2, ...)`` -> (n, K) logits or probabilities; evaluated on (1 + P)(1 + Q) rows.
    dataset
        Its training rows give the blanks.
    first, second
        The inputs whose parts are paired.
    grid
        Cells along each side of a picture.

    Raises
    ------
    ConfigError
        If there are no such two inputs, or f returns something else than it should.
    DataError
        If there are no training rows.
    """
    if first == second or max(first, second) > dataset.modalities:
        raise ConfigError(f"expected two of {dataset.modalities} inputs, got {first} and {second}")
    one, two = (parts_of(dataset, m, row, grid) for m in (first, second))
    p, q = len(one.variants), len(two.variants)
    index = {first: np.repeat(np.arange(p), q), second: np.tile(np.arange(q), p)}
    variants = {first: one.variants, second: two.variants}
    inputs = [
        variants[m][index[m]] if m in variants else np.repeat(dataset.x(m)[[row]], p * q, axis=0)
        for m in modality_numbers(dataset.modalities)
    ]
    raw = outputs_of(wrapped(f), inputs, np.arange(p * q), batch)
    scores = Function.of(f, raw).scores(raw)
    cls = int(scores[0].argmax())
    value = scores[:, cls].reshape(p, q)
    together = value[0, 0] - value[1:, :1] - value[:1, 1:] + value[1:, 1:]
    return Where(cls, one, two, together, value[0, 0] - value[1:, 0], value[0, 0] - value[0, 1:])


def parts_of(dataset: Dataset, m: ModalityNumber, row: int, grid: int = GRID) -> Parts:
    """The parts of one input of a row.

    Cells of a picture or of the time and pitch of a sound, segments of a signal, features of a
    vector (neighbours together where they are many), words of a text.

    Raises
    ------
    DataError
        If there are no training rows.
    """
    modality, x = dataset.card.modalities[m - 1], dataset.x(m)[row]
    if modality.kind == "text":
        return _words(str(x))
    blank = training_statistic(dataset, m, "mean")
    shape: tuple[int, ...]
    if modality.kind in ("image", "audio"):
        cells, names, shape = _cells(x.shape[:2], grid, modality.kind == "audio")
    elif modality.kind == "sequence":
        cells = np.array_split(np.arange(len(x)), min(SEGMENTS, len(x)))
        names = tuple(f"steps {c[0] + 1} to {c[-1] + 1}" for c in cells)
        shape = (len(cells),)
    else:
        cells = np.array_split(np.arange(len(x)), min(MOST, len(x)))
        names = tuple(_features(dataset, m, c) for c in cells)
        shape = (len(cells),)
    variants = np.repeat(x[None], 1 + len(cells), axis=0)
    for i, cell in enumerate(cells, start=1):
        variants[i][cell] = _as(blank[cell], x.dtype)
    return Parts(names, shape, variants)


def _as(values: NDArray[np.float64], dtype: np.dtype[Any]) -> NDArray[Any]:
    return (np.round(values) if dtype.kind in "iu" else values).astype(dtype)


def _cells(
    size: tuple[int, int], grid: int, sound: bool
) -> tuple[list[Any], tuple[str, ...], tuple[int, int]]:
    """Cells of a picture (H, W), or of a map (T, F), row by row."""
    down, across = (np.array_split(np.arange(n), min(grid, n)) for n in size)
    words = ("time {}, pitch {}" if sound else "row {}, column {}").format
    cells = [np.ix_(a, b) for a in down for b in across]
    names = tuple(words(i, j) for i in range(1, len(down) + 1) for j in range(1, len(across) + 1))
    return cells, names, (len(down), len(across))


def _features(dataset: Dataset, m: ModalityNumber, cell: NDArray[np.int64]) -> str:
    columns = dataset.card.modalities[m - 1].columns
    width = dataset.x(m).shape[1]
    names = [c.name for c in columns] if len(columns) == width else []
    first, last = int(cell[0]), int(cell[-1])
    if not names:
        return f"feature {first + 1}" if first == last else f"features {first + 1} to {last + 1}"
    return names[first] if first == last else f"{names[first]} to {names[last]}"


def _words(text: str) -> Parts:
    """Words of a text, each left out in its turn; of a long text the first ones."""
    pattern = word_pattern(tokenizer_of([text]))
    found = list(pattern.finditer(text))[:MOST] if pattern.search(text) else []
    variants = [text, *((text[: w.start()] + " " + text[w.end() :]).strip() for w in found)]
    return Parts(tuple(w.group() for w in found), (len(found),), np.asarray(variants, np.str_))


def named_pairs(of: Where, count: int) -> Sequence[tuple[str, str, float]]:
    """The strongest pairs by name, with d in nats."""
    return [
        (of.first.names[p], of.second.names[q], float(of.together[p, q]))
        for p, q in of.strongest(count)
    ]
