"""Probes against distributions where what can be read is known exactly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import logsumexp

from dmil_core.metrics.probe import fit_probe
from dmil_core.metrics.theorem import Rows, Terms, terms

LN2 = float(np.log(2))


def draw(rng: np.random.Generator, n: int, classes: int = 2) -> tuple[NDArray[Any], NDArray[Any]]:
    return rng.integers(classes, size=n), rng.integers(4, size=n)


def measure(make: Any, hidden: int, classes: int = 2, n: int = 2000) -> Terms:
    """Terms of a representation ``make(rng, y, c)`` by a probe, over rows that it did not see."""
    parts = []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        y, c = draw(rng, n, classes)
        parts.append(Rows(np.asarray(make(rng, y, c), dtype=np.float32), y, c))
    learn, held, read = parts
    log_q = fit_probe(learn, held, classes, hidden).log_q(read.z)
    np.testing.assert_allclose(logsumexp(log_q, axis=(1, 2)), 0.0, atol=1e-9)
    return terms(log_q, read.y, read.interaction_type, np.full((4, classes), 1 / (4 * classes)))


@pytest.mark.parametrize("hidden", [0, 16])
def test_a_code_of_label_and_interaction_type_is_read_in_full(hidden: int) -> None:
    measured = measure(lambda _, y, c: np.eye(8)[c * 2 + y], hidden)
    assert measured.information == pytest.approx(LN2, abs=0.01)
    assert measured.equivocation == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize("hidden", [0, 16])
def test_nothing_is_read_from_noise(hidden: int) -> None:
    measured = measure(lambda rng, y, _: rng.standard_normal((len(y), 5)), hidden)
    assert measured.information == pytest.approx(0.0, abs=0.01)
    assert measured.equivocation == pytest.approx(2 * LN2, abs=0.02)


def test_gaussian_noise_leaves_what_theory_says() -> None:
    """z1 = y + noise and z2 = (c is S) + noise: two binary channels, by quadrature."""
    sd = 0.5
    grid = np.linspace(-6, 7, 20_001)
    both = np.exp(-0.5 * ((grid[:, None] - [0, 1]) / sd) ** 2) / (sd * np.sqrt(2 * np.pi))

    def channel(p: float) -> float:
        """I of a bit that is 1 with probability p and its noisy value."""
        mixed = both @ [1 - p, p]
        inside = ((1 - p) * both[:, 0] * np.log(both[:, 0] / mixed)
                  + p * both[:, 1] * np.log(both[:, 1] / mixed))  # fmt: skip
        return float(np.trapezoid(inside, grid))

    def make(rng: np.random.Generator, y: NDArray[Any], c: NDArray[Any]) -> NDArray[Any]:
        return np.stack([y, c == 3], axis=1) + sd * rng.standard_normal((len(y), 2))

    measured = measure(make, hidden=0, n=8000)
    assert measured.information == pytest.approx(channel(0.5), abs=0.02)
    for value in measured.by_interaction_type.values():
        assert value == pytest.approx(channel(0.5), abs=0.04)
    assert measured.equivocation == pytest.approx(2 * LN2 - channel(0.25), abs=0.02)
    assert measured.bound < measured.information


def test_only_a_hidden_layer_reads_what_two_halves_say_together() -> None:
    """In S the label is the XOR of two bits, elsewhere it is the first: an ensemble's features."""

    def make(rng: np.random.Generator, y: NDArray[Any], c: NDArray[Any]) -> NDArray[Any]:
        a = np.where(c == 3, rng.integers(2, size=len(y)), y)
        b = np.where(c == 3, a ^ y, 0)
        return np.column_stack([a, b, np.eye(4)[c]])

    linear, deep = measure(make, hidden=0), measure(make, hidden=32)
    assert linear.by_interaction_type["S"] == pytest.approx(0.0, abs=0.02)
    assert linear.information == pytest.approx(0.75 * LN2, abs=0.02)
    assert deep.by_interaction_type["S"] == pytest.approx(LN2, abs=0.02)
    assert linear.by_interaction_type["R"] == pytest.approx(LN2, abs=0.02)


def test_what_is_faint_is_found() -> None:
    """The interaction type shows only as differences of a tenth between coordinates of spread 2."""

    def make(rng: np.random.Generator, y: NDArray[Any], c: NDArray[Any]) -> NDArray[Any]:
        loud = 3.0 * y + rng.standard_normal(len(y))
        return loud[:, None] + 0.1 * np.eye(4)[c]

    assert measure(make, hidden=0).equivocation < 0.1 * LN2


def test_what_never_occurred_is_ruled_out_and_the_same_seed_gives_the_same() -> None:
    rng = np.random.default_rng(0)
    y, c = rng.integers(2, size=300), rng.choice([0, 3], size=300)
    rows = Rows(rng.standard_normal((300, 3)).astype(np.float32), y, c)
    one, two = (fit_probe(rows, rows, 2, hidden=8, seed=5).log_q(rows.z) for _ in range(2))
    assert np.isneginf(one[:, 1:3]).all()
    assert np.isfinite(one[:, [0, 3]]).all()
    np.testing.assert_array_equal(one, two)
