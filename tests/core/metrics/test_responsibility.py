"""The decision tree in closed form, for two modalities and for three."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dmil_core.metrics.responsibility import interaction_responsibilities
from dmil_core.training.gate_target import chance_corrected, responsibilities

shares = st.floats(0.0, 1.0)


@given(shares, shares, shares)
def test_two_modalities(a1: float, a2: float, both: float) -> None:
    wanted = [a1 * a2, a1 * (1 - a2), (1 - a1) * a2, (1 - a1) * (1 - a2) * both]
    assert interaction_responsibilities([a1, a2], both) == wanted


@given(shares, shares, shares, shares)
def test_three_modalities(a1: float, a2: float, a3: float, all_: float) -> None:
    r, u1, u2, u3, s = interaction_responsibilities([a1, a2, a3], all_)
    none = (1 - a1) * (1 - a2) * (1 - a3)
    assert u1 == pytest.approx(a1 * (1 - a2) * (1 - a3), abs=1e-12)
    assert u2 == pytest.approx((1 - a1) * a2 * (1 - a3), abs=1e-12)
    assert u3 == pytest.approx((1 - a1) * (1 - a2) * a3, abs=1e-12)
    assert s == pytest.approx(none * all_, abs=1e-12)
    assert r == pytest.approx(1 - none - u1 - u2 - u3, abs=1e-12)
    assert r + u1 + u2 + u3 + s <= 1 + 1e-12


@pytest.mark.parametrize(
    ("knows", "component"),
    [
        ((1, 1, 1), "R"), ((1, 1, 0), "R"), ((1, 0, 1), "R"), ((0, 1, 1), "R"),
        ((1, 0, 0), "U1"), ((0, 1, 0), "U2"), ((0, 0, 1), "U3"), ((0, 0, 0), "S"),
    ],
)  # fmt: skip
def test_who_knows_for_sure_decides_for_sure(knows: tuple[int, ...], component: str) -> None:
    """Two of three are redundant; whatever none says alone is synergy if all together say it."""
    names = ("R", "U1", "U2", "U3", "S")
    assert dict(zip(names, interaction_responsibilities(knows, 1), strict=True)) == {
        c: c == component for c in names
    }
    unexplained = interaction_responsibilities(knows, 0)
    assert sum(unexplained) == (component != "S")


def test_from_probabilities_of_three_and_all() -> None:
    """Two classes: 3/4 is half way from chance to certainty, 1/2 and less is chance."""
    sure, half, chance, wrong = [1.0, 0.0], [0.75, 0.25], [0.5, 0.5], [0.1, 0.9]
    probabilities = torch.tensor([[half, half, chance, sure], [wrong, chance, half, half]])
    y = torch.tensor([0, 0])
    above = chance_corrected(probabilities, y, torch.tensor([0.5, 0.5]))
    wanted = [[0.5, 0.5, 0.0, 1.0], [0.0, 0.0, 0.5, 0.5]]
    np.testing.assert_allclose(above.numpy(), wanted, atol=1e-6)
    result = responsibilities(above).numpy()
    np.testing.assert_allclose(result[0], [0.25, 0.25, 0.25, 0.0, 0.25], atol=1e-6)
    # The third says all that anyone can say: what is missing is missing everywhere.
    np.testing.assert_allclose(result[1], [0.0, 0.0, 0.0, 0.5, 0.0], atol=1e-6)
