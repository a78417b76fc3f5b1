"""Estimates from rows: near the truth where it is known, in row order, and clear refusals."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import ParameterGrid, StratifiedKFold
from sklearn.utils.validation import check_is_fitted

from dmil_core.data.synthetic.gaussian import gaussian_distribution
from dmil_core.errors import ConfigError, DataError
from dmil_core.information.estimator import PointwiseInformation
from dmil_core.information.posteriors import Settings, Stack
from dmil_core.information.truth import exact_pointwise, known_distribution
from dmil_core.partial_information.pointwise import Pointwise, means

LN2 = float(np.log(2.0))
Arrays = dict[str, NDArray[Any]]


@cache
def fitted(spec: str, rows: int = 1600) -> tuple[PointwiseInformation, Arrays, Arrays]:
    """An estimator of a distribution, the rows it was fitted on, and others."""
    distribution = gaussian_distribution(spec)
    seen, new = distribution.sample(rows, 0), distribution.sample(2000, 1)
    return PointwiseInformation().fit(seen["x1"], seen["x2"], seen["y"]), seen, new


def truth(spec: str, rows: Arrays, definition: str = "same-sign") -> Pointwise:
    distribution = known_distribution(spec)
    assert distribution is not None
    return exact_pointwise(distribution, rows["x1"], rows["x2"], rows["y"], definition)  # type: ignore[arg-type]


def bits(values: NDArray[np.float64]) -> float:
    return float(values.mean()) / LN2


# --- against the truth ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "definition", "most"),
    [
        ("gaussian", "same-sign", 0.2),
        ("gaussian", "ccs", 0.2),
        ("gaussian", "lsmi", 0.2),
        ("gaussian:law=degraded,corners=3", "same-sign", 0.2),
        ("gaussian:law=visible", "same-sign", 0.2),
        ("gaussian:corners=10", "same-sign", 0.5),
    ],
)
def test_rows_that_were_not_seen_are_near_the_truth(
    spec: str, definition: str, most: float
) -> None:
    estimator, _, new = fitted(spec)
    scores = estimator.score_samples(new["x1"], new["x2"], new["y"], definition)  # type: ignore[arg-type]
    known = truth(spec, new, definition)
    error = np.sqrt(((scores.r - known.r) ** 2).mean()) / LN2
    assert error < most
    assert np.corrcoef(scores.r, known.r)[0, 1] > 0.95
    for name in ("i1", "i2", "i12"):
        assert bits(getattr(scores, name)) == pytest.approx(bits(getattr(known, name)), abs=0.08)


def test_what_is_synergy_alone_is_found_as_such() -> None:
    estimator, _, new = fitted("gaussian:law=xor")
    scores = estimator.score_samples(new["x1"], new["x2"], new["y"])
    known = bits(truth("gaussian:law=xor", new).i12)
    assert [bits(scores.i1), bits(scores.i2), bits(scores.r)] == pytest.approx([0, 0, 0], abs=0.01)
    assert bits(scores.s) == pytest.approx(known, abs=0.05)


def test_the_type_of_a_row_is_found_where_it_can_be_seen() -> None:
    estimator, _, new = fitted("gaussian:law=visible")
    scores = estimator.score_samples(new["x1"], new["x2"], new["y"])
    named = np.stack([scores.r, scores.u1, scores.u2, scores.s], axis=1).argmax(axis=1)
    assert (named == new["x1"][:, :4].argmax(axis=1)).mean() > 0.96


# --- rows that were seen -------------------------------------------------------------------


def test_rows_of_the_fit_do_not_judge_themselves() -> None:
    """Labels without any relation to the inputs: a network that saw them would know some."""
    rng = np.random.default_rng(0)
    x1, x2 = rng.standard_normal((2, 240, 60))
    y = rng.integers(2, size=240)
    scores = PointwiseInformation().fit(x1, x2, y).score_samples(x1, x2, y)
    assert bits(scores.i12) < 0.02


def test_copies_of_a_row_do_not_tell_each_other() -> None:
    rng = np.random.default_rng(1)
    x1, x2 = (np.repeat(rng.standard_normal((120, 40)), 4, axis=0) for _ in range(2))
    y = np.repeat(rng.integers(2, size=120), 4)
    scores = PointwiseInformation().fit(x1, x2, y).score_samples(x1, x2, y)
    assert bits(scores.i12) < 0.05


def test_rows_of_a_group_do_not_tell_each_other() -> None:
    """Each group has a place and a class of its own; only another row of the group knows both."""
    rng = np.random.default_rng(2)
    group = np.repeat(np.arange(60), 8)
    x1, x2 = (5 * rng.standard_normal((60, 30))[group] + rng.standard_normal((480, 30))
              for _ in range(2))  # fmt: skip
    y = rng.integers(2, size=60)[group]
    apart = PointwiseInformation().fit(x1, x2, y, group).score_samples(x1, x2, y)
    mixed = PointwiseInformation().fit(x1, x2, y).score_samples(x1, x2, y)
    assert bits(apart.i12) < 0.05
    assert bits(mixed.i12) > 0.4


def test_rows_come_back_in_their_order() -> None:
    estimator, seen, new = fitted("gaussian")
    both = {k: np.concatenate([seen[k][:50], new[k][:50]]) for k in seen}
    order = np.random.default_rng(3).permutation(100)
    straight = estimator.score_samples(both["x1"], both["x2"], both["y"])
    mixed = estimator.score_samples(both["x1"][order], both["x2"][order], both["y"][order])
    for name, values in straight.columns().items():
        assert_allclose(mixed.columns()[name], values[order], atol=1e-5)


# --- what must not matter ------------------------------------------------------------------


@pytest.mark.parametrize("factor", [0.1, 10.0])
def test_the_unit_of_an_input_does_not_matter(factor: float) -> None:
    distribution = gaussian_distribution("gaussian:law=degraded,corners=3")
    rows = distribution.sample(600, 0)
    here, there = (
        PointwiseInformation()
        .fit(f * rows["x1"].astype(float), rows["x2"], rows["y"])
        .score_samples(f * rows["x1"].astype(float), rows["x2"], rows["y"])
        for f in (1.0, factor)
    )
    assert_allclose(there.r, here.r, atol=0.02)
    assert bits(there.i12) == pytest.approx(bits(here.i12), abs=1e-3)


def test_the_same_rows_and_seed_give_the_same_numbers() -> None:
    rows = gaussian_distribution("gaussian").sample(400, 0)
    one, other = (
        PointwiseInformation(seed=5)
        .fit(rows["x1"], rows["x2"], rows["y"])
        .score_samples(rows["x1"], rows["x2"], rows["y"])
        for _ in range(2)
    )
    assert np.array_equal(one.s, other.s)


def test_names_of_classes_do_not_matter() -> None:
    rows = gaussian_distribution("gaussian").sample(400, 0)
    names = np.array(["cat", "dog"])[rows["y"]]
    one, other = (
        PointwiseInformation()
        .fit(rows["x1"], rows["x2"], y)
        .score_samples(rows["x1"], rows["x2"], y)
        for y in (rows["y"], names)
    )
    assert_allclose(one.i12, other.i12)


# --- hard sets -----------------------------------------------------------------------------


def test_the_prior_is_that_of_the_rows() -> None:
    rng = np.random.default_rng(4)
    y = (np.arange(1600) % 100 == 0).astype(int)  # 99 to 1
    x1, x2 = rng.standard_normal((2, 1600, 3))
    x1[:, 0] += 2.0 * y
    estimator = PointwiseInformation().fit(x1, x2, y)
    assert_allclose(estimator.prior_, [0.99, 0.01])
    scores = estimator.score_samples(x1, x2, y)
    assert 0.0 < bits(scores.i1) < 0.081  # the class itself has .0808 bits
    assert abs(bits(scores.i2)) < 0.01


def test_constant_features_say_nothing() -> None:
    rows = gaussian_distribution("gaussian").sample(400, 0)
    still = np.full((400, 3), 7.0)
    for definition in ("same-sign", "lsmi"):
        estimator = PointwiseInformation(definition).fit(rows["x1"], still, rows["y"])  # type: ignore[arg-type]
        scores = estimator.score_samples(rows["x1"], still, rows["y"])
        assert abs(bits(scores.i2)) < 0.01
        assert bits(scores.i1) > 0.6
        assert np.isfinite(scores.r).all()


def test_a_thousand_features_are_taken() -> None:
    rng = np.random.default_rng(5)
    y = rng.integers(2, size=400)
    x1, x2 = rng.standard_normal((2, 400, 1000))
    x1[:, :20] += y[:, None]
    scores = PointwiseInformation().fit(x1, x2, y).score_samples(x1, x2, y)
    assert bits(scores.i1) > 0.3
    assert bits(scores.i2) < 0.05


def test_pictures_are_flattened() -> None:
    rng = np.random.default_rng(6)
    y = rng.integers(2, size=200)
    x1 = rng.integers(0, 255, (200, 4, 4, 3), dtype=np.uint8)
    x2 = (y + 0.3 * rng.standard_normal(200))[:, None]
    scores = PointwiseInformation().fit(x1, x2, y).score_samples(x1, x2, y)
    assert bits(scores.i2) > 0.5


# --- refusals ------------------------------------------------------------------------------

ROWS = gaussian_distribution("gaussian").sample(100, 0)


@pytest.mark.parametrize(
    ("x1", "x2", "y", "words"),
    [
        (ROWS["x1"][:5], ROWS["x2"][:5], ROWS["y"][:5], "5 rows are too few"),
        (ROWS["x1"], ROWS["x2"][:99], ROWS["y"], "100, 99 and 100 rows"),
        (ROWS["x1"], ROWS["x2"], np.zeros(100, int), "all rows are of class 0"),
        (ROWS["x1"], ROWS["x2"], np.arange(100) == 3, r"at least 8 rows; too few have True \(1\)"),
        (np.full((100, 2), np.nan), ROWS["x2"], ROWS["y"], "x1: 100 rows hold a number"),
        (np.array(["a"] * 100), ROWS["x2"], ROWS["y"], "x1: expected numbers"),
        (ROWS["x1"], ROWS["x2"], ROWS["x1"], r"y: expected \(N,\)"),
        (np.zeros((100, 0)), ROWS["x2"], ROWS["y"], "at least one feature"),
    ],
)
def test_rows_that_cannot_be_used_are_refused(
    x1: NDArray[Any], x2: NDArray[Any], y: NDArray[Any], words: str
) -> None:
    with pytest.raises(DataError, match=words):
        PointwiseInformation().fit(x1, x2, y)


def test_scoring_needs_rows_like_those_of_the_fit() -> None:
    estimator, _, new = fitted("gaussian")
    with pytest.raises(DataError, match="classes that fit"):
        estimator.score_samples(new["x1"], new["x2"], new["y"] + 7)
    with pytest.raises(DataError, match="expected \\(2, 2\\) features"):
        estimator.score_samples(new["x1"][:, :1], new["x2"], new["y"])
    with pytest.raises(ConfigError, match="call fit"):
        PointwiseInformation().score_samples(new["x1"], new["x2"], new["y"])
    with pytest.raises(NotFittedError, match="call fit"):
        PointwiseInformation().score_samples(new["x1"], new["x2"], new["y"])


def test_an_unknown_definition_is_refused_when_it_is_used() -> None:
    estimator, _, new = fitted("gaussian")
    unknown = PointwiseInformation("pid")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="same-sign, ccs, lsmi"):
        unknown.fit(new["x1"], new["x2"], new["y"])
    with pytest.raises(ConfigError, match="same-sign, ccs, lsmi"):
        estimator.score_samples(new["x1"], new["x2"], new["y"], "pid")  # type: ignore[arg-type]


# --- as a scikit-learn estimator -----------------------------------------------------------


def test_parameters_are_read_set_and_shown() -> None:
    settings = Settings(folds=3)
    estimator = PointwiseInformation("ccs", settings=settings)
    assert estimator.get_params() == {
        "definition": "ccs", "settings": settings, "seed": 0, "clip": 2, "prior_weight": None,
    }  # fmt: skip
    assert estimator.set_params(seed=7, definition="lsmi") is estimator
    assert (estimator.seed, estimator.definition) == (7, "lsmi")
    assert "seed=7" in repr(estimator)
    with pytest.raises(ValueError, match="epochs"):
        estimator.set_params(epochs=3)


def test_a_clone_is_unfitted_and_learns_the_same() -> None:
    rows = gaussian_distribution("gaussian").sample(200, 0)
    estimator = PointwiseInformation(settings=Settings(epochs=2), seed=3)
    estimator.fit(rows["x1"], rows["x2"], rows["y"])
    copy = clone(estimator)
    assert copy.get_params() == estimator.get_params()
    with pytest.raises(NotFittedError):
        check_is_fitted(copy)
    copy.fit(rows["x1"], rows["x2"], rows["y"])
    check_is_fitted(copy)
    one, other = (e.score_samples(rows["x1"], rows["x2"], rows["y"]) for e in (estimator, copy))
    assert np.array_equal(one.s, other.s)


def test_a_grid_of_parameters_over_the_folds_of_scikit_learn() -> None:
    rows = gaussian_distribution("gaussian").sample(240, 0)
    base = PointwiseInformation(settings=Settings(epochs=1))
    for parameters in ParameterGrid({"seed": [0, 1], "definition": ["same-sign"]}):
        for train, test in StratifiedKFold(2).split(rows["x1"], rows["y"]):
            x1, x2, y = rows["x1"], rows["x2"], rows["y"]
            fold = clone(base).set_params(**parameters).fit(x1[train], x2[train], y[train])
            assert np.isfinite(fold.score_samples(x1[test], x2[test], y[test]).i12).all()


def test_means_have_standard_errors() -> None:
    zeros = np.zeros(4)
    result = means(Pointwise(np.array([1.0, 2.0, 3.0, 4.0]), *[zeros] * 6))
    assert result["i1"].value == 2.5
    assert result["i1"].error == pytest.approx(np.sqrt(5 / 3) / 2)
    assert result["s"].error == 0.0


def test_the_mean_of_the_networks_is_what_each_of_them_says() -> None:
    torch.manual_seed(0)
    mask = torch.tensor([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0]]).repeat(3, 1)[:, :, None]
    stack = Stack(mask, classes=4, hidden=(8, 5))
    with torch.no_grad():
        for weights in stack.parameters():
            weights.normal_()
        x = torch.randn(7, 3)
        each = stack(x.expand(6, *x.shape)).unflatten(0, (3, 2)).mean(dim=0)
        torch.testing.assert_close(stack.mean_logits(x, 3), each, atol=1e-4, rtol=1e-4)


# --- rows unlike all others ----------------------------------------------------------------


@pytest.mark.parametrize("spec", ["gaussian", "gaussian:corners=10"])
@pytest.mark.parametrize("modality", ["x1", "x2"])
def test_one_row_far_away_leaves_the_means_where_they_were(spec: str, modality: str) -> None:
    rows = gaussian_distribution(spec).sample(800, 0)
    moved = {**rows, modality: rows[modality].copy()}
    moved[modality][17] += 40.0 * rows[modality].std(axis=0)
    before, after = (
        PointwiseInformation().fit(r["x1"], r["x2"], r["y"]).score_samples(r["x1"], r["x2"], r["y"])
        for r in (rows, moved)
    )
    there = means(after)
    for name, mean in means(before).items():
        assert abs(there[name].value - mean.value) < 1.96 * mean.error, name
    for values in (after.i1, after.i2, after.i12):
        assert values.min() >= -np.log(800) - LN2


def test_a_new_row_far_away_costs_no_more_than_the_weight_of_the_prior() -> None:
    estimator, _, new = fitted("gaussian")
    far = {k: v[:50] for k, v in new.items()}
    scores = estimator.score_samples(1e6 * far["x1"], 1e6 * far["x2"], far["y"])
    for values, weight in zip(
        (scores.i1, scores.i2, scores.i12), estimator.prior_weights_, strict=True
    ):
        assert weight >= 1 / 1600
        assert values.min() >= np.log(weight) - 1e-9


def test_without_clipping_and_prior_a_row_may_cost_anything() -> None:
    """What the two parameters are for, and that they do what they say."""
    rows = gaussian_distribution("gaussian").sample(300, 0)
    one = (1e4 * np.ones((1, 2)), rows["x2"][:1], np.array([0]))
    other = (one[0] * [-1.0, 1.0], rows["x2"][:1], np.array([0]))

    def least(clip: int, weight: float | None) -> float:
        estimator = PointwiseInformation(
            settings=Settings(epochs=2), clip=clip, prior_weight=weight
        ).fit(rows["x1"], rows["x2"], rows["y"])
        return min(float(estimator.score_samples(*r).i1[0]) for r in (one, other))

    assert least(0, 0.0) < -1000.0
    assert least(1, 0.0) > -60.0
    assert least(0, 0.05) >= np.log(0.05) - 1e-9


def test_features_are_clipped_to_a_value_of_that_rank() -> None:
    rng = np.random.default_rng(8)
    x1, x2, y = rng.standard_normal((100, 1)), rng.standard_normal((100, 1)), np.arange(100) % 2
    for rank in (1, 2, 5):
        estimator = PointwiseInformation(settings=Settings(epochs=1), clip=rank).fit(x1, x2, y)
        ordered = np.sort(np.concatenate([x1, x2], axis=1), axis=0)
        assert_allclose([estimator.low_, estimator.high_], [ordered[rank - 1], ordered[-rank]])
    with pytest.raises(ConfigError, match="clip: expected a rank"):
        PointwiseInformation(clip=-1).fit(x1, x2, y)


@pytest.mark.parametrize("weight", [-0.1, 1.0, float("nan")])
def test_a_weight_of_the_prior_that_is_none_is_refused(weight: float) -> None:
    with pytest.raises(ConfigError, match=r"prior_weight: expected None or a number in \[0, 1\)"):
        PointwiseInformation(prior_weight=weight).fit(ROWS["x1"], ROWS["x2"], ROWS["y"])
