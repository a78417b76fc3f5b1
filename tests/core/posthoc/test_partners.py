"""Partners: whose they are, how f is called on them, and what that costs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dmil_core.errors import ConfigError, DataError
from dmil_core.posthoc.function import Function
from dmil_core.posthoc.partners import GROUPS, Choice, Plan, cost, plan, proper_subsets
from dmil_core.posthoc.values import evaluate
from tests.core.posthoc.known import normals

ROWS, BACKGROUND = np.arange(30), np.arange(100, 300)


def drawn(choice: Choice = "marginal", **how: Any) -> Plan:
    classes = np.random.default_rng(0).integers(3, size=300)
    features = list(normals(300, 1))
    return plan(
        ROWS, BACKGROUND, 2, how.pop("partners", 40), choice, how.pop("seed", 0),
        classes[ROWS], classes[BACKGROUND], features,
    )  # fmt: skip


def test_marginal_partners_take_each_input_from_another_row_of_the_background() -> None:
    p = drawn()
    assert p.groups == GROUPS
    assert p.each == 40
    assert set(p.tuples.ravel()) == set(BACKGROUND)
    assert (p.tuples[:, 0] != p.tuples[:, 1]).all()
    for m in range(2):  # every row of the background is used as often as any other
        assert len(set(p.tuples[:, m])) == len(BACKGROUND)
    of_rows = p.index[0,]
    assert all(len(set(row)) == 40 for row in of_rows.tolist())
    assert len({tuple(row) for row in of_rows.tolist()}) == len(ROWS)


def test_groups_share_no_row_and_every_sample_has_as_many_of_each() -> None:
    p = drawn()
    rows_of = [set(p.tuples[p.group == g].ravel().tolist()) for g in range(p.groups)]
    assert sum(map(len, rows_of)) == len(set.union(*rows_of))
    counts = [np.bincount(p.group[row], minlength=p.groups) for row in p.index[0,]]
    assert (np.array(counts) == 2).all()
    # Side by side, as their means are taken.
    assert (p.group[p.index[0,]] == np.repeat(np.arange(GROUPS), 2)).all()


def test_partners_of_a_class_are_of_the_samples_class() -> None:
    classes = np.random.default_rng(0).integers(3, size=300)
    p = drawn("class")
    of_partners = classes[p.tuples[p.index[1,]]]  # (N, m, 2)
    assert (of_partners == classes[ROWS][:, None, None]).all()


def test_near_partners_are_near_in_what_is_kept_and_never_the_sample_itself() -> None:
    x1, x2 = normals(400, 2)
    everyone = np.arange(400)
    p = plan(everyone, everyone, 2, 20, "near", 0, features=[x1, x2])
    of_first = p.tuples[p.index[0,], 1]
    assert (of_first != everyone[:, None]).all()
    near = np.abs(x1[of_first, 0] - x1).mean()
    assert near < 0.25 * np.abs(x1[np.roll(of_first, 1, axis=0), 0] - x1).mean()
    assert () not in p.index
    few = np.arange(12)
    all_others = plan(few, few, 2, 100, "near", 0, features=[x1, x2])
    assert (all_others.tuples[all_others.index[0,], 1] != few[:, None]).all()


def test_draws_follow_the_seed() -> None:
    assert np.array_equal(drawn(seed=3).index[0,], drawn(seed=3).index[0,])
    assert not np.array_equal(drawn(seed=3).index[0,], drawn(seed=4).index[0,])


@pytest.mark.parametrize("inputs", [2, 3, 4])
def test_f_is_called_in_full_batches_on_as_many_rows_as_were_said(inputs: int) -> None:
    sizes: list[int] = []

    def f(*x: Any) -> Any:
        sizes.append(len(x[0]))
        return np.sum(x, axis=0)[:, 0]

    x = normals(300, 3, inputs)
    p = plan(ROWS, BACKGROUND, inputs, 20)
    whole = f(*(v[ROWS] for v in x))[:, None]
    values = evaluate(Function(f, "value", 1), x, whole, p, batch=100)
    assert sum(sizes) == p.calls + len(ROWS) <= cost(len(ROWS), inputs, 20, len(BACKGROUND))
    assert all(s == 100 for s in sizes[1:])  # 5 samples with 20 partners each
    assert values.inputs == inputs
    # v(A) of a sum: the sample's own inputs, and the mean of the partners' others.
    for kept in proper_subsets(inputs):
        own = sum((x[m][ROWS, 0] for m in kept), np.zeros(len(ROWS)))
        partners = p.tuples[p.index[kept]]  # (N, m, M)
        others = sum(x[m][partners[..., m], 0].mean(axis=1) for m in range(inputs) if m not in kept)
        np.testing.assert_allclose(values.of(kept)[:, 0], own + others, atol=1e-12)


def test_results_do_not_depend_on_the_batch() -> None:
    x = normals(300, 4)
    function = Function(lambda a, b: (a * b)[:, 0], "value", 1)
    p = plan(ROWS, BACKGROUND, 2, 20)
    whole = (x[0] * x[1])[ROWS]
    by = [evaluate(function, x, whole, p, batch=b).of((0,)) for b in (7, 64, 100_000)]
    np.testing.assert_allclose(by[0], by[1], atol=1e-12)
    np.testing.assert_allclose(by[0], by[2], atol=1e-12)


def test_a_small_background_is_used_as_a_whole_and_a_tiny_one_refused() -> None:
    p = plan(ROWS, BACKGROUND[:9], 2, 100)
    assert (p.groups, p.each) == (4, 8)
    with pytest.raises(DataError, match="the background set has 3 rows; expected at least 4"):
        plan(ROWS, BACKGROUND[:3], 2)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ConfigError, match="expected one of marginal, class, near"):
        plan(ROWS, BACKGROUND, 2, choice="best")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="expected at least 1 for each sample"):
        plan(ROWS, BACKGROUND, 2, partners=0)
    with pytest.raises(DataError, match="no row of class 5"):
        plan(ROWS, BACKGROUND, 2, 20, "class", row_class=np.full(30, 5),
             background_class=np.zeros(200, dtype=np.int64))  # fmt: skip
