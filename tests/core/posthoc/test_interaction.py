"""The interaction index and shares of variance of functions for which they are known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dmil_core.posthoc.interaction import effects, pairs_of, sets_of, shares
from tests.core.posthoc.known import (
    additive,
    bits,
    first_two,
    normals,
    parity,
    product,
    values_of,
)


def test_additive_logits_have_none() -> None:
    values = values_of(additive, *normals(300, 0), partners=20)
    assert np.abs(effects(values).pairs).max() < 1e-6
    assert effects(values).share.max() < 1e-6
    found = shares(values)
    assert found.interactions.value < 1e-6
    assert found.interactions.high < 1e-6
    assert found.variance[0, 1].value < 1e-6


def test_xor_of_fair_bits_is_nothing_else() -> None:
    found = shares(values_of(parity, *bits(250)))
    assert found.interactions.value == pytest.approx(1.0, abs=0.05)
    assert found.interactions.high >= 0.99
    assert found.variance[0, 1].value == pytest.approx(1.0, abs=0.02)


def test_of_three_inputs_it_names_the_pair_that_acts() -> None:
    values = values_of(first_two, *bits(125, 3))
    found = shares(values)
    assert found.strongest == (0, 1)
    assert found.pairs[0, 1].value == pytest.approx(1.0, abs=0.06)
    assert found.pairs[0, 2].value < 1e-9
    assert found.pairs[1, 2].value < 1e-9
    assert found.variance[0, 1].value == pytest.approx(1.0, abs=0.02)
    assert np.abs(effects(values).pairs[1:]).max() < 1e-6
    assert np.abs(effects(values).main[2]).max() < 1e-6


def test_parity_of_three_is_shared_by_the_three_pairs() -> None:
    found = shares(values_of(parity, *bits(125, 3), partners=400))
    assert found.interactions.value == pytest.approx(0.75, abs=0.04)
    for pair in pairs_of(3):
        assert found.pairs[pair].value == pytest.approx(0.25, abs=0.03)
    assert found.variance[0, 1, 2].value == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize("inputs", [2, 3, 4])
def test_effects_add_up_to_the_model(inputs: int) -> None:
    rng = np.random.default_rng(1)
    weights = rng.standard_normal((inputs, 5))

    def f(*x: Any) -> Any:
        hidden = np.tanh(np.concatenate(x, axis=1) @ weights)
        return hidden @ rng_out

    rng_out = rng.standard_normal((5, 3))
    values = values_of(f, *normals(60, 2, inputs), partners=40)
    found = effects(values)
    total = found.main.sum(axis=0) + found.pairs.sum(axis=0)
    np.testing.assert_allclose(total, values.whole - values.of(()), atol=1e-9)
    assert ((found.share >= 0) & (found.share <= 1)).all()


@pytest.mark.parametrize("weights", [(1.0, 2.0, 0.5), (2.0, 0.0, 2.0), (0.5, 1.0, 3.0)])
def test_variance_of_a_product_divides_as_its_squares(weights: tuple[float, ...]) -> None:
    a, b, c = weights
    found = shares(values_of(product(a, b, c), *normals(3000, 3))).variance
    squares = np.square([a, b, c]) / np.sum(np.square([a, b, c]))
    for inputs, share in zip(sets_of(2), squares, strict=True):
        assert found[inputs].value == pytest.approx(share, abs=0.04)
        assert found[inputs].low - 1e-9 <= share <= found[inputs].high + 1e-9
    assert sum(s.value for s in found.values()) == pytest.approx(1.0)


def test_few_partners_do_not_make_interactions_of_noise() -> None:
    """Mean absolute values of noise are not 0; extrapolated they are."""
    x = bits(250)
    few, many = (shares(values_of(parity, *x, partners=p)).interactions.value for p in (20, 400))
    assert few == pytest.approx(many, abs=0.08)
    of_rows = effects(values_of(parity, *x, partners=20)).share.mean()
    assert of_rows < 0.8  # each sample's own share has the noise in it


def test_a_constant_has_no_effects() -> None:
    values = values_of(lambda a, b: np.zeros((len(a), 2)), *normals(50, 4), partners=20)
    assert shares(values).interactions.value == 0.0
    assert np.isnan(effects(values).share).all()


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """40 samples of rows: share of variance of a product, which is a third."""
    held = 0
    for seed in range(40):
        x = normals(300, 100 + seed)
        found = shares(values_of(product(1.0, 1.0, 1.0), *x, partners=40, seed=seed))
        share = found.variance[0, 1]
        held += share.low <= 1 / 3 <= share.high
    assert held >= 0.93 * 40
