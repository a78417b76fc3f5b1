"""A user's model as a callable whose outputs are checked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from dmil_core.errors import ConfigError, DataError
from dmil_core.partial_information.pmf import Floats

#: ``f(*batches)``: one batch of n rows of each input -> (n, K) or (n,), NumPy or torch.
Predict = Callable[..., Any]

#: Called with the rows that f was evaluated on so far, and how many there will be at most.
Progress = Callable[[int, int], None]

#: What f returns: logits or probabilities (n, K) of K classes, or the value (n,) of a regression.
Output = Literal["logits", "probabilities", "value"]
OUTPUTS: Final[tuple[Output, ...]] = get_args(Output)

#: Probabilities are raised to it before their logarithm is taken.
LEAST_PROBABILITY: Final = 1e-12
#: How far probabilities of float16 may be from a sum of 1.
_SUM_TOLERANCE: Final = 5e-3


@dataclass(frozen=True)
class Function:
    """f on batches of inputs, as numbers whose sums and differences mean something.

    Attributes
    ----------
    f : the user's callable.
    output : what it returns.
    width : K, how many numbers a row has; 1 of a value.
    """

    f: Predict
    output: Output
    width: int

    @classmethod
    def of(cls, f: Predict, raw: Floats, output: Output | None = None) -> Function:
        """What f is, by its outputs (N, K) for some rows.

        None for ``output`` takes rows of non-negative numbers that sum to 1 for probabilities,
        single numbers for values, and anything else for logits.

        Raises
        ------
        ConfigError
            If the outputs are not of the kind that was named.
        """
        looks_like: Output = "logits"
        if raw.shape[1] == 1:
            looks_like = "value"
        elif (raw >= 0).all() and (np.abs(raw.sum(axis=1) - 1) <= _SUM_TOLERANCE).all():
            looks_like = "probabilities"
        chosen = output or looks_like
        if chosen not in OUTPUTS:
            raise ConfigError(f"output {chosen!r}: expected one of {', '.join(OUTPUTS)}, or None")
        if (chosen == "value") != (looks_like == "value"):
            raise ConfigError(
                f"output {chosen!r}: expected {'one number' if chosen == 'value' else 'K numbers'} "
                f"for each row, got {raw.shape[1]}. Of two classes f returns a column for each"
            )
        if chosen == "probabilities" != looks_like:
            raise ConfigError(
                "output 'probabilities': expected non-negative numbers that sum to 1 in each row; "
                f"the first row sums to {raw[0].sum():.4g}. Are they logits?"
            )
        return cls(f, chosen, raw.shape[1])

    def __call__(self, inputs: Sequence[Any], rows: int) -> Floats:
        """(n, K) scores of batches of n rows each; see :meth:`scores`."""
        return self.scores(called(self.f, inputs, rows, self.width))

    def scores(self, raw: Floats) -> Floats:
        """Values as they are; of classes the logits, in nats, less their mean over the classes.

        A constant added to all logits of a row changes no probability, so it must not count as an
        effect of an input.
        """
        if self.output == "value":
            return raw
        if self.output == "probabilities":
            raw = np.log(np.maximum(raw, LEAST_PROBABILITY))
        return raw - raw.mean(axis=1, keepdims=True)

    def log_probabilities(self, scores: Floats) -> Floats:
        """(..., K) log probabilities of scores (..., K)."""
        log_p: Floats = log_softmax(scores, axis=-1)
        return log_p


def called(f: Predict, inputs: Sequence[Any], rows: int, width: int | None = None) -> Floats:
    """(n, K) float64 outputs of f for batches of n rows each.

    Raises
    ------
    ConfigError
        If f returns anything but finite numbers of n rows (and K columns, where that is known).
    """
    raw = numbers(f(*inputs))
    if raw.ndim == 1:
        raw = raw[:, None]
    expected = f"({rows}, {'K' if width is None else width})"
    if raw.ndim != 2 or len(raw) != rows or raw.shape[1] == 0 or width not in (None, raw.shape[1]):
        raise ConfigError(
            f"f was given {rows} rows of {len(inputs)} inputs; expected an array {expected}, got "
            f"{raw.shape}"
        )
    if not np.isfinite(raw).all():
        odd = int((~np.isfinite(raw)).any(axis=1).sum())
        raise ConfigError(
            f"f returned NaN or infinite numbers for {odd} of {rows} rows; expected finite logits, "
            "probabilities or values"
        )
    return raw


def numbers(value: Any) -> Floats:
    """What f returned as float64; tensors by their own methods, so that torch is not needed."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        value = value.double().numpy() if hasattr(value, "double") else value
    try:
        return np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise ConfigError(
            f"f returned {type(value).__name__}; expected an array or a tensor of numbers"
        ) from None


class Counted:
    """f, with a count of the rows that it was evaluated on.

    Attributes
    ----------
    rows : how many so far.
    """

    def __init__(self, f: Predict, most: int, progress: Progress | None = None) -> None:
        self.rows = 0
        self._f, self._most, self._progress = f, most, progress

    def __call__(self, *inputs: Any) -> Any:
        result = self._f(*inputs)
        self.rows += length(inputs[0])
        self._report(max(self._most, self.rows))
        return result

    def restore(self, rows: int) -> None:
        """Count rows that f was evaluated on in an earlier call."""
        self.rows += rows
        self._report(max(self._most, self.rows))

    def finish(self) -> None:
        """Report that this was all."""
        self._report(self.rows)

    def _report(self, of: int) -> None:
        if self._progress is not None:
            self._progress(self.rows, of)


def length(x: Any) -> int:
    """How many rows an input has."""
    if len(getattr(x, "shape", ())) > 1:
        return int(x.shape[0])  # a sparse matrix has no len
    if isinstance(x, str | bytes) or not hasattr(x, "__len__"):
        raise DataError(
            f"an input is {type(x).__name__}; expected an array, a tensor, a table or a list with "
            "a row for each sample"
        )
    return len(x)


def taken(x: Any, rows: NDArray[np.int64]) -> Any:
    """Rows of an array, a tensor, a sparse matrix, a pandas table or a list, in its own type."""
    if hasattr(x, "iloc"):
        return x.iloc[rows]
    if isinstance(x, list | tuple):
        return [x[i] for i in rows.tolist()]
    return x[rows]
