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


def test_of_an_unbalanced_xor_it_is_the_majority() -> None:
    rng = np.random.default_rng(0)
    x1, x2 = (rng.random((2, 2000, 1)) < np.array([0.9, 0.8])[:, None, None]).astype(np.int64)
    y = (x1 ^ x2)[:, 0]
    share = max(y.mean(), 1 - y.mean())
    found = emap(values_of(parity, x1, x2))
    assert found.correct(y)[1].mean() == np.clip(share, share - 0.12, share + 0.12)
