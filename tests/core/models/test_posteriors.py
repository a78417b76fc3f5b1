"""KL in closed form and reparameterised draws, against torch.distributions."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.distributions import Normal, kl_divergence

from dmil_core.models.posteriors import (
    Gaussian,
    GaussianHead,
    Point,
    PointHead,
    kl_between,
    kl_standard,
    sample,
)

numbers = st.floats(-3.0, 3.0, width=32)
rows = st.lists(st.tuples(numbers, numbers), min_size=1, max_size=5)


def gaussian(pairs: list[tuple[float, float]]) -> Gaussian:
    mu, logvar = torch.tensor(pairs, dtype=torch.float64).T
    return Gaussian(mu[None], logvar[None])


def reference(q: Gaussian) -> Normal:
    return Normal(q.mu, torch.exp(0.5 * q.logvar))


@given(rows)
def test_kl_to_the_standard_normal_is_the_mean_over_dimensions(
    pairs: list[tuple[float, float]],
) -> None:
    q = gaussian(pairs)
    wanted = kl_divergence(reference(q), Normal(0.0, 1.0)).mean(dim=-1)
    torch.testing.assert_close(kl_standard(q), wanted)


@given(st.lists(st.tuples(numbers, numbers, numbers, numbers), min_size=1, max_size=5))
def test_kl_between_two_gaussians_is_torch_s(quads: list[tuple[float, ...]]) -> None:
    q = gaussian([(a, b) for a, b, _, _ in quads])
    p = gaussian([(c, d) for _, _, c, d in quads])
    wanted = kl_divergence(reference(q), reference(p)).mean(dim=-1)
    torch.testing.assert_close(kl_between(q, p), wanted)


def test_kl_by_hand() -> None:
    # N(1, 1) against N(0, 1) is 1/2; N(0, e) against N(0, 1) is (e - 2) / 2.
    q = Gaussian(torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]]))
    assert kl_standard(q).item() == pytest.approx((0.5 + (math.e - 2) / 2) / 2)


@given(rows, st.floats(0.05, 1.0))
def test_kl_is_zero_if_and_only_if_equal(pairs: list[tuple[float, float]], shift: float) -> None:
    q = gaussian(pairs)
    assert kl_between(q, q).item() == pytest.approx(0.0, abs=1e-12)
    assert kl_between(q, Gaussian(q.mu + shift, q.logvar)).item() > 0
    assert kl_between(q, Gaussian(q.mu, q.logvar + shift)).item() > 0


def test_a_point_has_no_noise_and_pays_nothing() -> None:
    q = PointHead(4, 3)(torch.randn(5, 4))
    assert q.mu.shape == (5, 3)
    assert sample(q) is q.mu
    assert kl_standard(q).tolist() == [0.0] * 5


def test_two_points_are_as_far_apart_as_gaussians_of_variance_one_half() -> None:
    a, b = torch.tensor([[1.0, 5.0]]), torch.tensor([[0.0, 2.0]])
    assert kl_between(Point(a), Point(b)).item() == (1.0 + 9.0) / 2
    half = torch.full((1, 2), math.log(0.5))
    assert kl_between(Gaussian(a, half), Gaussian(b, half)).item() == pytest.approx(5.0)


def test_draws_have_the_mean_and_variance_asked_for() -> None:
    torch.manual_seed(0)
    n = 100_000
    q = Gaussian(torch.full((n, 1), 1.5), torch.full((n, 1), math.log(0.25)))
    drawn = sample(q)
    assert drawn.mean().item() == pytest.approx(1.5, abs=5 * 0.5 / math.sqrt(n))
    assert drawn.var().item() == pytest.approx(0.25, rel=0.03)


def test_gradients_pass_through_a_draw() -> None:
    mu = torch.zeros(3, 2, requires_grad=True)
    logvar = torch.zeros(3, 2, requires_grad=True)
    drawn = sample(Gaussian(mu, logvar))
    drawn.sum().backward()
    torch.testing.assert_close(mu.grad, torch.ones(3, 2))
    # d(mu + exp(l/2) eps)/dl = eps/2 at l = 0, and eps is the draw itself.
    torch.testing.assert_close(logvar.grad, 0.5 * drawn.detach())


@settings(max_examples=20)
@given(st.floats(-1e8, 1e8))
def test_no_input_makes_the_variance_overflow_or_vanish(scale: float) -> None:
    torch.manual_seed(0)
    q = GaussianHead(4, 3)(torch.full((2, 4), scale))
    assert q.mu.shape == q.logvar.shape == (2, 3)
    assert q.logvar.min() >= -8
    assert q.logvar.max() <= 4


def test_posteriors_start_almost_deterministic() -> None:
    torch.manual_seed(0)
    q = GaussianHead(16, 8)(torch.randn(200, 16))
    assert torch.exp(0.5 * q.logvar).mean() < 0.4
