"""Functions and inputs of which it is known how their inputs act together."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dmil_core.posthoc.function import Function, called
from dmil_core.posthoc.partners import plan
from dmil_core.posthoc.values import Values, evaluate

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def bits(copies: int, inputs: int = 2) -> tuple[Ints, ...]:
    """All combinations of fair bits, each as many times: one array (N, 1) for each input."""
    cells = np.indices((2,) * inputs).reshape(inputs, -1)
    return tuple(np.tile(cell, copies)[:, None] for cell in cells)


def parity(*inputs: Ints) -> Floats:
    """(N, 2) logits of the parity of bits (N, 1), as sure as can be told apart."""
    odd = np.sum(inputs, axis=0)[:, 0] % 2
    return np.where(np.arange(2) == odd[:, None], 4.0, -4.0)


def first_two(x1: Ints, x2: Ints, x3: Ints) -> Floats:
    """Logits of x1 xor x2; x3 is read and does nothing."""
    return parity(x1, x2) + 0.0 * x3


def normals(rows: int, seed: int, inputs: int = 2) -> tuple[Floats, ...]:
    """Independent standard normal columns (N, 1)."""
    drawn = np.random.default_rng(seed).standard_normal((inputs, rows, 1))
    return tuple(drawn)


def additive(x1: Floats, x2: Floats) -> Floats:
    """(N, 3) logits, a sum of a wild function of each input."""
    first = np.concatenate([np.sin(3 * x1), x1**2, np.exp(x1 / 2)], axis=1)
    second = np.concatenate([np.abs(x2), np.cos(x2), -x2], axis=1)
    return 2 * first + 3 * second


def product(a: float, b: float, c: float) -> object:
    """f(x1, x2) = a x1 + b x2 + c x1 x2, (N,)."""

    def f(x1: Floats, x2: Floats) -> Floats:
        return (a * x1 + b * x2 + c * x1 * x2)[:, 0]

    return f


def values_of(f: Any, *x: Any, partners: int = 100, seed: int = 0, rows: Any = None) -> Values:
    """Values of rows (all by default) with partners from all rows."""
    everyone = np.arange(len(x[0]))
    rows = everyone if rows is None else rows
    raw = called(f, [v[rows] for v in x], len(rows))
    function = Function.of(f, raw)
    drawn = plan(rows, everyone, len(x), partners, "marginal", seed)
    return evaluate(function, x, function.scores(raw), drawn)
