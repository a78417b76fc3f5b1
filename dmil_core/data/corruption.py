"""Corrupt one modality of some rows: noise, blank, or swapped between samples.

What a model does then shows what it relied on. The other modalities, the labels and all other
rows stay as they are. The same seed corrupts alike: rows and words that a low severity takes are
among those that a higher one takes, and noise only grows, so that the points of a curve over
severities are comparable.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dmil_core.data.dataset import Dataset
from dmil_core.data.statistics import training_statistic
from dmil_core.data.tokens import tokenizer_of, word_pattern
from dmil_core.errors import ConfigError, DataError
from dmil_core.schema import ModalityNumber, modality_numbers

Corruption = Literal["noise", "blank", "swapped"]
CORRUPTIONS: Final[tuple[Corruption, ...]] = get_args(Corruption)

#: Largest noise on numbers, in standard deviations; beyond it nothing of the input is left anyway.
MAX_NOISE: Final = 100.0

#: Rounds in which random pairs of rows exchange their donors.
_SHUFFLES: Final = 20


def corrupt(
    dataset: Dataset,
    modality: ModalityNumber,
    kind: Corruption,
    severity: float,
    *,
    rows: ArrayLike | None = None,
    seed: int = 0,
    reference: Dataset | None = None,
) -> Dataset:
    """The data set with one modality of ``rows`` (all by default) corrupted.

    Parameters
    ----------
    kind
        ``noise``: Gaussian noise on numbers, or words replaced by one that no row has.
        ``blank``: the modality is not there, see :func:`absent`.
        ``swapped``: rows exchange the modality, if possible with rows of other classes.
    severity
        Noise on numbers: 0 to 100 standard deviations, each feature's own over training rows.
        Noise on text: the share of words. Blank and swapped: the share of rows; a swap takes two.
    reference
        The set whose training rows give means, standard deviations and words; by default the data
        set itself.

    Raises
    ------
    ConfigError
        If kind, modality or severity is none that exists.
    DataError
        If a row does not exist, a single row should be swapped, or the reference set has no
        training rows.
    """
    _check(dataset, modality, kind, severity)
    chosen = np.unique(_rows(dataset, rows))
    if severity == 0 or not len(chosen):
        return dataset
    x, reference = dataset.x(modality), reference or dataset
    rng = np.random.default_rng((seed, modality, CORRUPTIONS.index(kind)))
    if kind == "swapped":
        some = _some(chosen, severity, rng, least=2)
        return swap_in(dataset, modality, some, some[derangement(dataset.y[some], rng)])
    out = x.copy()
    if kind == "blank":
        some = _some(chosen, severity, rng)
        out[some] = absent(reference, modality)
    elif x.dtype.kind == "U":
        word = word_pattern(tokenizer_of(reference.x(modality)[reference.rows("train")].tolist()))
        unknown = unknown_word(reference, modality)
        out[chosen] = _replace_words(x[chosen], severity, word, unknown, rng)
    else:
        noise = rng.standard_normal((len(chosen), *x.shape[1:]))
        out[chosen] = _as_stored(
            x[chosen] + severity * training_statistic(reference, modality, "std") * noise, x.dtype
        )
    return _with_input(dataset, modality, out)


def absent(dataset: Dataset, modality: ModalityNumber) -> NDArray[Any]:
    """What stands for "not there", of the shape of one sample: the mean of the training rows.

    For text it is the empty text, which encoders read as one unknown word and padding.

    Raises
    ------
    DataError
        If there are no training rows.
    """
    x = dataset.x(modality)
    if x.dtype.kind == "U":
        return np.array("", dtype=x.dtype)
    return _as_stored(training_statistic(dataset, modality, "mean"), x.dtype)


def swap_in(
    dataset: Dataset, modality: ModalityNumber, rows: ArrayLike, donors: ArrayLike
) -> Dataset:
    """The data set in which ``rows`` have one modality of ``donors``, and its raw media with it.

    Raises
    ------
    DataError
        If a row does not exist, or there is not one donor for each row.
    """
    takers, givers = _rows(dataset, rows), _rows(dataset, donors)
    if len(takers) != len(givers):
        raise DataError(f"expected a donor for each of {len(takers)} rows, got {len(givers)}")
    x = dataset.x(modality).copy()
    x[takers] = dataset.x(modality)[givers]
    shown = [*dataset.media_index]
    old = shown[modality - 1]
    old = np.arange(len(dataset)) if old is None else old
    new = old.copy()
    new[takers] = old[givers]
    shown[modality - 1] = new
    return replace(_with_input(dataset, modality, x), media_index=tuple(shown))


def derangement(y: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """A random permutation (N,) without fixed points, between classes wherever possible.

    With rows in order of class, a turn by the size of the largest class leaves as few in their
    own class as any permutation can: none, unless a class has more than half of the rows. Random
    exchanges that keep it so make it a random one.

    Raises
    ------
    DataError
        If there are fewer than two rows.
    """
    n = len(y)
    if n < 2:
        raise DataError(
            "expected two rows or more to swap, got one; choose more, or call swap_in()"
        )
    order = rng.permutation(n)
    order = order[np.argsort(y[order], kind="stable")]
    largest = int(np.unique(y, return_counts=True)[1].max())
    values = np.empty(n, dtype=np.int64)
    values[order] = np.roll(order, -(largest if largest < n else 1))
    for _ in range(_SHUFFLES):
        a, b = rng.permutation(n)[: 2 * (n // 2)].reshape(2, -1)
        changed = (y[values[b]] != y[a]) & (y[values[a]] != y[b])
        a, b = a[changed], b[changed]
        values[a], values[b] = values[b], values[a]
    return values


def unknown_word(dataset: Dataset, modality: ModalityNumber) -> str:
    """A single sign that counts as a word and is in no text of the modality."""
    used = set("".join(dataset.x(modality).tolist()))
    return next(sign for sign in _signs() if sign not in used)


def _signs() -> Iterator[str]:
    """The sign for what cannot be read, then those that Unicode leaves to everyone's own use."""
    yield "\N{REPLACEMENT CHARACTER}"
    yield from map(chr, range(0xE000, 0xF900))


def _replace_words(
    texts: NDArray[np.str_],
    rate: float,
    word: re.Pattern[str],
    unknown: str,
    rng: np.random.Generator,
) -> NDArray[np.str_]:
    """Each word replaced with probability ``rate``; never longer than before."""
    replaced = [
        word.sub(lambda result: unknown if rng.random() < rate else result[0], text)
        for text in texts.tolist()
    ]
    return np.array(replaced, dtype=texts.dtype)


def _some(
    rows: NDArray[np.int64], share: float, rng: np.random.Generator, least: int = 0
) -> NDArray[np.int64]:
    return rng.permutation(rows)[: max(round(share * len(rows)), least)]


def _as_stored(values: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    if dtype == np.uint8:
        return np.clip(np.round(values), 0, 255).astype(dtype)
    return values.astype(dtype)


def _with_input(dataset: Dataset, modality: ModalityNumber, x: NDArray[Any]) -> Dataset:
    return replace(dataset, **{f"x{modality}": x})  # type: ignore[arg-type]


def _rows(dataset: Dataset, rows: ArrayLike | None) -> NDArray[np.int64]:
    if rows is None:
        return np.arange(len(dataset))
    values = np.atleast_1d(np.asarray(rows))
    if not len(values):
        return values.astype(np.int64)
    if values.dtype.kind not in "iu" or not (values.min() >= 0 and values.max() < len(dataset)):
        raise DataError(
            f"{dataset.name}: expected row numbers from 0 to {len(dataset) - 1}, got "
            f"{values.dtype} from {values.min()} to {values.max()}"
        )
    return values.astype(np.int64)


def _check(dataset: Dataset, modality: int, kind: str, severity: float) -> None:
    if kind not in CORRUPTIONS:
        raise ConfigError(f"corruption {kind!r}: expected {', '.join(CORRUPTIONS)}")
    numbers = modality_numbers(dataset.modalities)
    if modality not in numbers:
        raise ConfigError(f"modality {modality!r}: expected {', '.join(map(str, numbers))}")
    text = dataset.x(modality).dtype.kind == "U"
    in_deviations = kind == "noise" and not text
    top, unit = (MAX_NOISE, "standard deviations") if in_deviations else (1.0, "as a share")
    if not 0 <= severity <= top:
        raise ConfigError(f"severity {severity} of {kind}: expected 0 to {top:g}, {unit}")
