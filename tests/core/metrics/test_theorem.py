"""Theorem 1's terms against distributions whose terms have closed forms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from dmil_core import schema
from dmil_core.data.synthetic.switch_distribution import SwitchDistribution
from dmil_core.errors import DataError
from dmil_core.metrics import theorem
from dmil_core.schema import COMPONENTS

LN2 = float(np.log(2))


def all_cells(classes: int, times: int = 1) -> tuple[NDArray[Any], NDArray[Any]]:
    """y and interaction type of every pair, equally often."""
    c, y = np.divmod(np.arange(4 * classes), classes)
    return np.tile(y, times), np.tile(c, times)


def test_who_knows_everything() -> None:
    y, c = all_cells(4)
    knows = np.full((16, 4, 4), -np.inf)
    knows[np.arange(16), c, y] = 0.0
    result = theorem.terms(knows, y, c)
    assert result.information == pytest.approx(2 * LN2)
    assert result.by_interaction_type == pytest.approx(dict.fromkeys(COMPONENTS, 2 * LN2))
    assert result.equivocation == pytest.approx(0.0)
    assert result.bound == pytest.approx(2 * LN2)


def test_who_knows_nothing() -> None:
    y, c = all_cells(2, times=3)
    result = theorem.terms(np.full((24, 4, 2), -np.log(8)), y, c)
    assert result.information == pytest.approx(0.0)
    assert result.within == pytest.approx(0.0)
    assert result.equivocation == pytest.approx(2 * LN2)
    assert result.bound == pytest.approx(-2 * LN2)


def test_who_knows_the_label_only_has_a_loose_bound() -> None:
    """All there is to know about y, and a right side of zero: what lacks is H(C|Z,Y) = H(C)."""
    y, c = all_cells(4)
    label = np.full((16, 4, 4), -np.inf)
    label[np.arange(16), :, y] = -np.log(4)
    result = theorem.terms(label, y, c)
    assert result.information == result.within == pytest.approx(2 * LN2)
    assert result.equivocation == result.slack == pytest.approx(2 * LN2)
    assert result.bound == pytest.approx(0.0)


def test_a_label_that_depends_on_the_interaction_type() -> None:
    """R is always class 0, S always class 1: knowing c is knowing y, and I(Y;C) = H(Y)."""
    y, c = np.array([0, 0, 1, 1]), np.array([0, 0, 3, 3])
    knows_c = np.full((4, 4, 2), -np.inf)
    knows_c[np.arange(4), c, y] = 0.0
    result = theorem.terms(knows_c, y, c)
    assert result.label_interaction_type == pytest.approx(LN2)
    assert result.by_interaction_type == pytest.approx({"R": 0.0, "S": 0.0})
    assert result.bound == result.information == pytest.approx(LN2)


def test_a_known_prior_weighs_the_rows() -> None:
    """By chance R was drawn three times and S once; the distribution says that both are equally
    frequent."""
    y, c = np.array([0, 0, 0, 1]), np.array([0, 0, 0, 3])
    q = np.full((4, 4, 2), -np.inf)
    q[:, 0, 0], q[:, 3, 1] = np.log(0.5), np.log(0.5)
    prior = np.zeros((4, 2))
    prior[0, 0] = prior[3, 1] = 0.5
    assert theorem.terms(q, y, c, prior).information == pytest.approx(0.0)
    assert theorem.terms(q, y, c).information < -0.1


@given(st.integers(0, 10**6), st.integers(2, 5), st.booleans())
def test_the_theorem_holds_between_estimates_of_any_model(
    seed: int, classes: int, skewed: bool
) -> None:
    rng = np.random.default_rng(seed)
    y, c = all_cells(classes, times=3)
    w = rng.exponential(size=(len(y), 4, classes)) ** rng.integers(1, 8)
    p = rng.dirichlet(np.ones(4 * classes)).reshape(4, classes) if skewed else None
    result = theorem.terms(np.log(w / w.sum(axis=(1, 2), keepdims=True)), y, c, p)
    assert result.information >= result.bound
    # The slack is H(C|Z,Y), a cross-entropy computed here in its own way.
    own = w[np.arange(len(y)), c, y] / w[np.arange(len(y)), :, y].sum(axis=1)
    share = np.full((4, classes), 1 / (4 * classes)) if p is None else p
    assert result.slack == pytest.approx(-(share[c, y] / 3 * np.log(own)).sum())


def test_the_distribution_itself_has_exact_terms() -> None:
    """Almost without noise everything is known; added up, the class of S is lost, nothing else."""
    distribution = SwitchDistribution(classes=4, noise=0.3)
    rows = distribution.sample(2000, seed=1)
    c = np.array([COMPONENTS.index(k) for k in rows["interaction_type"]])
    prior = np.outer(distribution.shares, distribution.prior)

    def measure(log_weight: NDArray[Any]) -> theorem.Terms:
        top = log_weight.max(axis=(1, 2), keepdims=True)
        total = np.log(np.exp(log_weight - top).sum(axis=(1, 2), keepdims=True)) + top
        return theorem.terms(log_weight - total, rows["y"], c, prior)

    together = measure(distribution.log_joint(rows["x1"], rows["x2"]))
    added = measure(distribution.log_added(rows["x1"], rows["x2"]))
    assert together.bound == pytest.approx(2 * LN2, abs=1e-6)
    assert added.by_interaction_type["S"] == pytest.approx(0.0, abs=1e-6)
    assert added.information == pytest.approx(0.75 * 2 * LN2, abs=1e-6)
    assert added.equivocation == pytest.approx(0.0, abs=1e-6)


def test_what_cannot_be_is_impossible_added_up_too() -> None:
    distribution = SwitchDistribution(classes=2, shares=(1, 0, 0, 1))
    rows = distribution.sample(5, seed=0)
    added = distribution.log_added(rows["x1"], rows["x2"])
    assert np.isneginf(added[:, 1:3]).all()
    assert np.isfinite(added[:, [0, 3]]).all()


def test_rows_and_distribution_must_agree_on_what_can_occur() -> None:
    y, c = np.array([0, 1]), np.array([0, 0])
    with pytest.raises(ValueError, match="of no other"):
        theorem.terms(np.full((2, 4, 2), -np.log(8)), y, c, np.full((4, 2), 0.125))


def test_a_model_that_rules_out_what_is_there_is_refused() -> None:
    y, c = all_cells(2)
    q = np.full((8, 4, 2), -np.log(6))
    q[:, 3] = -np.inf
    with pytest.raises(ValueError, match="rules out what 2 rows are"):
        theorem.terms(q, y, c)


# --- rows of a table ------------------------------------------------------------------------


def table(**columns: Any) -> pd.DataFrame:
    given = {"y": ["b", "a"], schema.INTERACTION_TYPE: ["S", "U1"]}
    return pd.DataFrame({**given, "Z1_0": [1.0, 2.0], "Z1_1": [3.0, 4.0], "Z2_0": [5.0, 6.0],
                         **columns})  # fmt: skip


def test_latents_stand_side_by_side() -> None:
    rows = theorem.rows_of(table(), ("Z1", "Z2"), ("a", "b"))
    np.testing.assert_array_equal(rows.z, [[1, 3, 5], [2, 4, 6]])
    np.testing.assert_array_equal(rows.y, [1, 0])
    np.testing.assert_array_equal(rows.interaction_type, [3, 1])


def test_a_table_without_interaction_type_is_refused() -> None:
    with pytest.raises(DataError, match=r"'interaction_type'.*this one has none"):
        theorem.rows_of(table().drop(columns=schema.INTERACTION_TYPE), ("Z1",), ("a", "b"))


def test_a_table_without_latents_is_refused() -> None:
    with pytest.raises(DataError, match=r"lacks F\. Make it with"):
        theorem.rows_of(table(), ("Z1", "F"), ("a", "b"))


def test_every_architecture_answers_from_latents_that_it_has() -> None:
    from dmil_core.models.registry import ARCHITECTURES
    from tests.core.builders import model

    assert set(theorem.READ_FROM) == set(ARCHITECTURES)
    for name in ARCHITECTURES:
        assert set(theorem.READ_FROM[name]) <= set(model(name).latent_names)  # type: ignore[arg-type]


def test_an_ablation_without_r_answers_from_the_rest() -> None:
    assert theorem.representation("dmil", ("Z", "M1", "U1", "U2", "S")) == ("U1", "U2", "S")
