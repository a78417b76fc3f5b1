"""EMAP of functions whose additive part is known."""

from __future__ import annotations

import numpy as np

from dmil_core.posthoc.emap import emap
from tests.core.posthoc.known import additive, bits, normals, parity, values_of


def test_of_additive_logits_it_is_the_model() -> None:
    x = normals(300, 0)
    found = emap(values_of(additive, *x, partners=20))
    np.testing.assert_allclose(found.additive, found.model, atol=1e-6)
    assert np.abs(found.residual).max() < 1e-6
    assert np.ptp(found.model) > 1.0


def test_of_three_and_four_inputs_too() -> None:
    for inputs in (3, 4):
        x = normals(100, 1, inputs)

        def total(*parts: object) -> object:
            first, *rest = parts
            return additive(first, rest[0]) + sum(additive(v, v) for v in rest[1:])  # type: ignore

        found = emap(values_of(total, *x, partners=20))
        np.testing.assert_allclose(found.additive, found.model, atol=1e-6)


def test_of_xor_nothing_is_left_but_a_guess() -> None:
    """62.5 % where all samples share their partners: noise of one sign for all is right more often
    than not."""
    x1, x2 = bits(250)
    y = (x1 ^ x2)[:, 0]
    right = []
    for seed in range(6):
        model, of_additive = emap(values_of(parity, x1, x2, partners=60, seed=seed)).correct(y)
        assert model.all()
        right.append(of_additive.mean())
    assert abs(np.mean(right) - 0.5) < 0.03


def test_of_unbalanced_bits_it_is_the_sum_that_is_known_on_paper() -> None:
    """With s = 1 - 2x and means m of s, e = m2 s1 + m1 s2 - m1 m2: wrong where both bits are the
    rare ones."""
    rng = np.random.default_rng(0)
    rare = rng.random((2, 2000, 1)) < np.array([0.1, 0.2])[:, None, None]
    x1, x2 = rare.astype(np.int64)
    s1, s2 = 1 - 2 * x1, 1 - 2 * x2
    expected = 4.0 * (s2.mean() * s1 + s1.mean() * s2 - s1.mean() * s2.mean())
    found = emap(values_of(parity, x1, x2, partners=400))
    assert np.abs(found.additive[:, :1] - expected).max() < 1.2
    both = (x1 & x2)[:, 0].astype(bool)
    model, additive_part = found.correct((x1 ^ x2)[:, 0])
    assert model.all()
    assert (additive_part == ~both).mean() > 0.99
