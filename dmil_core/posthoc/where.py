"""Where in two inputs is the synergy of a sample? Parts of both whose effects depend on each other.

With f(- p, - q) the score of a sample of which part p of one input and part q of another are blank,
the second difference

    d(p, q) = f - f(- p) - f(- q) + f(- p, - q)

is what p and q do together that neither does alone: 0 wherever f adds up what the two parts say. It
is taken as the mean over sets of the other parts of the first input that are blank as well, as the
Banzhaf interaction index does (Grabisch, Roubens, International Journal of Game Theory 28, 1999):
an object covers several cells, and blanking one of them alone changes little. The sets are the rows
of a Hadamard matrix (a design of Plackett and Burman, Biometrika 33, 1946), in which the effects of
all parts are estimated from the same evaluations, none confounded with another; each set is taken
with its complement where that is affordable, so that no pair of parts of the first input is
mistaken for a third one. A blank part is the mean of the training rows there, or a word that is
left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import hadamard

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
#: Most evaluations of sets with their complements.
MOST_EVALUATIONS: Final = 4096


@dataclass(frozen=True, eq=False)
class Parts:
    """Parts of one input of one sample.

    Attributes
    ----------
    names : (P,) what they are called: a word, a feature, a cell as ``row 2, column 5``.
    shape : how they lie: (8, 8) cells of a picture, (P,) of anything else.
    kept : (N, P) booleans -> (N, ...) inputs with these parts alone, all others blank.
    """

    names: tuple[str, ...]
    shape: tuple[int, ...]
    kept: Callable[[NDArray[np.bool_]], NDArray[Any]]

    @property
    def variants(self) -> NDArray[Any]:
        """(1 + P, ...) the input as it is, and without each part."""
        count = len(self.names)
        return self.kept(np.concatenate([np.ones((1, count), bool), ~np.eye(count, dtype=bool)]))


@dataclass(frozen=True, eq=False)
class Where:
    """What pairs of parts do together, in nats of the score of the predicted class, less its mean
    over the classes.

    Attributes
    ----------
    cls : position of the predicted class.
    first, second : the parts of the two inputs, P and Q of them.
    together : (P, Q) mean of d(p, q).
    alone_first : (P,) mean of f - f(- p) over the same sets, with the second input as it is.
    alone_second : (Q,) f - f(- q), with the first input as it is (occlusion).
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
    """What pairs of parts do together, for one row of a data set.

    Parameters
    ----------
    f
        ``f(x1, x2, ...)`` -> (n, K) logits or probabilities; evaluated on (1 + D)(1 + Q) rows,
        where D is the number of sets, two to four times P.
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
    q = 1 + len(two.names)
    sets = _sets(len(one.names), q)
    kept = np.concatenate([np.ones((1, len(one.names)), bool), sets])
    index = {first: np.repeat(np.arange(len(kept)), q), second: np.tile(np.arange(q), len(kept))}
    variants = {first: one.kept(kept), second: two.variants}
    count = len(kept) * q
    inputs = [
        variants[m][index[m]] if m in variants else np.repeat(dataset.x(m)[[row]], count, axis=0)
        for m in modality_numbers(dataset.modalities)
    ]
    raw = outputs_of(wrapped(f), inputs, np.arange(count), batch)
    scores = Function.of(f, raw).scores(raw)
    cls = int(scores[0].argmax())
    value = scores[:, cls].reshape(len(kept), q)
    # Sets with a part less those without it: half of them each.
    contrast = np.where(sets, 2.0, -2.0).T / max(len(sets), 1)
    effects = contrast @ value[1:]
    together = effects[:, :1] - effects[:, 1:]
    return Where(cls, one, two, together, effects[:, 0], value[0, 0] - value[0, 1:])


def _sets(parts: int, variants: int) -> NDArray[np.bool_]:
    """(D, parts) which parts are kept: columns of a Hadamard matrix, orthogonal to each other and
    to the constant; with their complements as long as all evaluations are few."""
    if not parts:
        return np.ones((0, 0), dtype=bool)
    order = 1 << parts.bit_length()
    sets = hadamard(order)[:, 1 : 1 + parts] > 0
    return np.concatenate([sets, ~sets]) if 2 * order * variants <= MOST_EVALUATIONS else sets


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

    def kept(which: NDArray[np.bool_]) -> NDArray[Any]:
        inputs = np.repeat(x[None], len(which), axis=0)
        for part, cell in enumerate(cells):
            rows = np.flatnonzero(~which[:, part])
            at = (
                np.ix_(rows, *(a.ravel() for a in cell))
                if isinstance(cell, tuple)
                else (np.ix_(rows, cell))
            )
            inputs[at] = _as(blank[cell], x.dtype)
        return inputs

    return Parts(names, shape, kept)


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

    def kept(which: NDArray[np.bool_]) -> NDArray[Any]:
        return np.asarray([_without(text, found, row) for row in which.tolist()], np.str_)

    return Parts(tuple(w.group() for w in found), (len(found),), kept)


def _without(text: str, words: Sequence[re.Match[str]], kept: Sequence[bool]) -> str:
    if all(kept):
        return text
    parts, end = [], 0
    for word, is_kept in zip(words, kept, strict=True):
        if not is_kept:
            parts.append(text[end : word.start()])
            end = word.end()
    return " ".join([*parts, text[end:]]).strip()


def named_pairs(of: Where, count: int) -> Sequence[tuple[str, str, float]]:
    """The strongest pairs by name, with d in nats."""
    return [
        (of.first.names[p], of.second.names[q], float(of.together[p, q]))
        for p, q in of.strongest(count)
    ]
