"""The gate target by shares of information: certain cases, others, and what always holds."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dmil_core.schema import COMPONENTS
from dmil_core.training.gate_target import (
    LEAST_INFORMATION,
    averaged,
    information_target,
    of_class,
    sharpened,
)


def expected_target(probabilities: torch.Tensor, prior: torch.Tensor) -> torch.Tensor:
    return averaged(information_target(probabilities, prior), probabilities)


EVEN = [0.25, 0.25, 0.25, 0.25]
SURE = [1.0, 0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("x1", "x2", "both", "component"),
    [(SURE, SURE, SURE, "R"), (SURE, EVEN, SURE, "U1"), (EVEN, SURE, SURE, "U2"),
     (EVEN, EVEN, SURE, "S")],
)  # fmt: skip
def test_certain_models_leave_one_component(
    x1: list[float], x2: list[float], both: list[float], component: str
) -> None:
    target = expected_target(torch.tensor([[x1, x2, both]]), torch.tensor(EVEN))
    wanted = [float(c == component) for c in COMPONENTS]
    np.testing.assert_allclose(target[0], wanted, atol=1e-6)
    own = of_class(
        information_target(torch.tensor([[x1, x2, both]]), torch.tensor(EVEN)), torch.tensor([0])
    )
    np.testing.assert_allclose(own[0], wanted, atol=1e-6)


def test_nothing_is_explained_where_no_model_knows_more_than_the_prior() -> None:
    target = expected_target(torch.tensor([[EVEN, EVEN, EVEN]]), torch.tensor(EVEN))
    assert float(target.sum()) == 0.0


def test_the_target_is_as_uncertain_as_the_class() -> None:
    """Of two possible classes x1 alone would show the first; the second takes both inputs."""
    x1, both = [0.55, 0.15, 0.15, 0.15], [0.5, 0.5, 0.0, 0.0]
    target = expected_target(torch.tensor([[x1, EVEN, both]]), torch.tensor(EVEN))[0]
    of = dict(zip(COMPONENTS, target.tolist(), strict=True))
    assert of["R"] == of["U2"] == 0.0
    # Both classes have the same weight; S has all that is explained of the second.
    e_first, e_second = (0.55 - 0.25) / 0.75, (0.5 - 0.25) / 0.75
    assert sum(of.values()) == pytest.approx(0.5 * e_first + 0.5 * e_second, abs=1e-6)
    # Of the first, x1 provides this share of the least information that counts, 0.9 log 4.
    share = math.log(0.55 / 0.25) / (LEAST_INFORMATION * math.log(4))
    sharp = share**8 / (share**8 + (1 - share) ** 8)
    assert of["U1"] == pytest.approx(0.5 * e_first * sharp, abs=1e-5)


def test_the_target_of_a_row_s_own_class_is_that_column() -> None:
    g = torch.Generator().manual_seed(0)
    p = torch.randn(7, 3, 4, generator=g).softmax(dim=-1)
    target = information_target(p, torch.tensor(EVEN))
    y = torch.tensor([0, 1, 2, 3, 0, 1, 2])
    own = of_class(target, y)
    for row, label in enumerate(y.tolist()):
        torch.testing.assert_close(own[row], target[row, :, label])


@given(st.integers(0, 10**6), st.integers(2, 8), st.integers(2, 3), st.floats(0.1, 5.0))
def test_targets_are_weights_that_never_exceed_what_is_explained(
    seed: int, classes: int, modalities: int, spread: float
) -> None:
    g = torch.Generator().manual_seed(seed)
    logits = spread * torch.randn(20, modalities + 1, classes, generator=g)
    prior = torch.rand(classes, generator=g) + 0.1
    prior = prior / prior.sum()
    target = expected_target(logits.softmax(dim=-1), prior)
    assert target.shape == (20, modalities + 2)
    assert (target >= 0).all()
    assert torch.isfinite(target).all()
    assert (target.sum(dim=1) <= 1.0 + 1e-5).all()
    # The order of the inputs is that of the columns U1, U2 (, U3).
    order = torch.arange(modalities).flip(0)
    turned = expected_target(
        torch.cat([logits[:, order], logits[:, -1:]], dim=1).softmax(dim=-1), prior
    )
    torch.testing.assert_close(turned[:, 1:-1], target[:, 1:-1].flip(1), atol=1e-5, rtol=1e-4)
    # So is the numbering of the classes irrelevant.
    mixed = torch.randperm(classes, generator=g)
    renamed = expected_target(logits.softmax(dim=-1)[..., mixed], prior[mixed])
    torch.testing.assert_close(renamed, target, atol=1e-5, rtol=1e-4)


def test_sharpening_keeps_the_order_and_sums_to_one() -> None:
    w = torch.tensor([[0.4, 0.3, 0.2, 0.1], [0.0, 0.0, 0.0, 0.0]])
    v = sharpened(w)
    torch.testing.assert_close(v[0], w[0] ** 8 / (w[0] ** 8).sum())
    assert not v[1].any()
    torch.testing.assert_close(sharpened(w.unsqueeze(-1)).squeeze(-1), v)
