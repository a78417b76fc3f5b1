"""Pointwise parts from partners, from predictions and from embeddings against exact values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import logsumexp, softmax

import dmil_core as dmil
from dmil_core.data.catalog import load_dataset
from dmil_core.data.synthetic.gaussian import gaussian_distribution
from dmil_core.errors import ConfigError, DataError
from dmil_core.information.truth import exact_pointwise, known_distribution
from dmil_core.posthoc import pointwise
from dmil_core.schema import prob, unimodal_prob

LN2 = np.log(2.0)
COPY = "gaussian:distribution=copy"


def exact_model(name: str) -> Any:
    """f(x1, x2) of a known distribution: its own log p(y|x1,x2)."""
    distribution = known_distribution(name)
    assert distribution is not None

    def f(x1: Any, x2: Any) -> Any:
        log_p = distribution.log_joint(x1, x2)
        return log_p - logsumexp(log_p, axis=1, keepdims=True)

    return f


def test_xor_is_synergy_alone() -> None:
    rng = np.random.default_rng(0)
    x1, x2 = rng.integers(2, size=(2, 600, 1))
    y = (x1 ^ x2)[:, 0]

    def f(a: Any, b: Any) -> Any:
        return np.where(np.arange(2) == (a ^ b), 12.0, -12.0)

    found = dmil.explain(f, x1, x2, y=y, background=600)
    means = {part: found.intervals[part].value / LN2 for part in ("r", "u1", "u2", "s")}
    assert means["s"] == pytest.approx(1.0, abs=0.05)
    assert all(abs(means[part]) < 0.05 for part in ("r", "u1", "u2"))
    assert set(found.frame["largest"]) == {"S"}


def test_a_copy_is_redundancy_and_one_input_alone_is_unique() -> None:
    rng = np.random.default_rng(1)
    x = rng.integers(2, size=(600, 1))
    other = rng.integers(2, size=(600, 1))
    both = {"copy": x, "alone": other}

    def naive(a: Any, b: Any) -> Any:
        """p(y|x1,x2) of two noisy copies of y."""
        return 3.0 * (2 * a - 1) * [-1, 1] / 2 + 3.0 * (2 * b - 1) * [-1, 1] / 2

    def first(a: Any, b: Any) -> Any:
        return np.where(np.arange(2) == a, 12.0, -12.0) + 0.0 * b

    copy = dmil.explain(naive, x, both["copy"], y=x[:, 0])
    assert copy.frame["largest"].eq("R").all()
    alone = dmil.explain(first, x, both["alone"], y=x[:, 0])
    assert alone.frame["largest"].eq("U1").all()
    assert alone.intervals["u1"].value / LN2 == pytest.approx(1.0, abs=0.1)
    assert alone.intervals["i2"].value / LN2 == pytest.approx(0.0, abs=0.05)


def noisy_copies() -> tuple[Any, ...]:
    """f, x1, x2, y and the exact mean of i(x1;y): two noisy copies of a class of four."""
    rng = np.random.default_rng(2)
    y = rng.integers(4, size=600)
    right = rng.random((2, 600)) < 0.9
    x1, x2 = np.where(right, y, rng.integers(4, size=(2, 600)))[..., None]
    keep = np.log(np.where(np.eye(4, dtype=bool), 0.925, 0.025))

    def f(a: Any, b: Any) -> Any:
        return keep[a[:, 0]] + keep[b[:, 0]]

    return f, x1, x2, y, float((keep[x1[:, 0], y] - np.log(1 / 4)).mean())


@pytest.mark.parametrize("choice", ["marginal", "near"])
def test_partners_of_a_like_answer_find_what_strangers_hide(choice: Any) -> None:
    f, x1, x2, y, exact = noisy_copies()
    found = dmil.explain(f, x1, x2, y=y, partners=60, choice=choice).intervals["i1"]
    assert found.value == pytest.approx(exact, abs=0.1)
    assert found.low <= exact <= found.high


def test_strangers_alone_hide_it_without_classes_and_this_is_said() -> None:
    f, x1, x2, _, _ = noisy_copies()
    alike = dmil.explain(f, x1, x2, partners=60)
    strangers = dmil.explain(f, x1, x2, partners=60, rows=150)
    assert any("is underestimated" in text for text in strangers.assumptions)
    assert not any("is underestimated" in text for text in alike.assumptions)
    assert strangers.intervals["i1"].value < alike.intervals["i1"].value - 0.1


def test_of_switch_the_exact_model_gives_nearly_the_exact_parts() -> None:
    data = load_dataset("switch:train=1000,val=60,test=600")
    distribution = known_distribution(data.name)
    assert distribution is not None
    found = dmil.explain(exact_model(data.name), data, partners=60)
    test = data.rows("test")
    exact = exact_pointwise(distribution, data.x1[test], data.x2[test], data.y[test])
    assert (found.frame["largest"].to_numpy() == data.interaction_type[test]).mean() >= 0.9
    for name in ("i1", "i2"):
        error = np.abs(found.frame[name] - getattr(exact, name)).mean() / LN2
        assert error < 0.4, name
    np.testing.assert_allclose(found.frame["i12"], exact.i12, atol=0.15)


def test_intervals_hold_what_noise_and_calibration_hide() -> None:
    """Two noisy copies: i1 and i2 are equal, and the noise of each makes the lesser too small."""
    source, known = gaussian_distribution(COPY), known_distribution(COPY)
    assert known is not None
    many = source.sample(100_000, 0)
    true = exact_pointwise(known, many["x1"], many["x2"], many["y"]).columns()
    held = dict.fromkeys(true, 0)
    for seed in range(1, 11):
        rows = source.sample(400, seed)
        found = dmil.explain(
            known.log_joint, rows["x1"], rows["x2"], y=rows["y"], partners=20, seed=seed
        ).intervals
        for name, values in true.items():
            held[name] += found[name].low <= values.mean() <= found[name].high
    assert min(held.values()) >= 8
    assert np.mean(list(held.values())) >= 9.3


def test_the_fit_is_in_the_intervals_only_as_far_as_there_is_one() -> None:
    """Rows of which the class is in x1 for certain: half of them say the same."""
    x1, x2 = np.tile([[0], [1]], (100, 1)), np.zeros((200, 1))

    def f(a: Any, b: Any) -> Any:
        return np.where(np.arange(2) == a, 12.0, -12.0) + 0.0 * b

    i = dmil.explain(f, x1, x2, y=x1[:, 0], partners=20).intervals["i12"]
    assert i.high - i.low < 1e-3


# --- from predictions ----------------------------------------------------------------------


def three_models(rows: int = 200, k: int = 3) -> tuple[Any, ...]:
    rng = np.random.default_rng(3)
    y = rng.integers(k, size=rows)
    tables = [softmax(rng.standard_normal((rows, k)) + s * np.eye(k)[y], axis=1) for s in (1, 2, 3)]
    return (*tables, y)


def test_three_models_give_log_ratios_that_add_up() -> None:
    p1, p2, p12, y = three_models()
    prior = np.array([0.2, 0.3, 0.5])
    found = pointwise.from_predictions(p1, p2, p12, y, prior)
    rows = np.arange(len(y))
    np.testing.assert_allclose(found.i1, np.log(p1[rows, y] / prior[y]))
    np.testing.assert_allclose(found.r + found.u1 + found.u2 + found.s, found.i12)
    np.testing.assert_allclose(found.r + found.u2, np.log(p2[rows, y] / prior[y]))


def test_a_table_of_predictions_gives_the_same() -> None:
    p1, p2, p12, y = three_models()
    classes = ("a", "b", "c")
    columns: dict[str, Any] = {"y": np.array(classes)[y]}
    for name, p in ((lambda c: unimodal_prob(1, c), p1), (lambda c: unimodal_prob(2, c), p2),
                    (prob, p12)):  # fmt: skip
        columns |= {name(c): p[:, i] for i, c in enumerate(classes)}
    table = pd.DataFrame(columns)
    found = pointwise.from_prediction_table(table, classes, "ccs")
    expected = pointwise.from_predictions(p1, p2, p12, y, definition="ccs")
    np.testing.assert_allclose(found.s, expected.s)
    # Training rows alone make the prior.
    train = np.where(y == 0, "train", "test")
    of_train = pointwise.from_prediction_table(table.assign(split=train), classes)
    assert of_train.i1.mean() > found.i1.mean()
    with pytest.raises(DataError, match="no column 'px2_b'"):
        pointwise.from_prediction_table(table.drop(columns="px2_b"), classes)
    with pytest.raises(DataError, match="'d' is none of a, b, c"):
        pointwise.from_prediction_table(table.assign(y="d"), classes)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"p1": np.ones((200, 3))}, "p1: expected probabilities that sum to 1 in each row"),
        ({"p2": np.full((200, 2), 0.5)}, "of one shape"),
        ({"p12": [["a"] * 3] * 200}, "p12: expected numbers"),
        ({"y": np.full(200, 3)}, "whole numbers from 0 to 2"),
        ({"y": np.zeros(199, dtype=int)}, "expected 200 classes"),
        ({"prior": [1.0, 0.0, 0.0]}, "3 frequencies above 0"),
    ],
)
def test_predictions_that_are_none_are_refused(change: dict[str, Any], says: str) -> None:
    p1, p2, p12, y = three_models()
    arguments: dict[str, Any] = {"p1": p1, "p2": p2, "p12": p12, "y": y, **change}
    with pytest.raises(DataError, match=says):
        pointwise.from_predictions(**arguments)


def test_densities_are_not_made_up() -> None:
    p1, p2, p12, y = three_models()
    with pytest.raises(ConfigError, match="lsmi compares densities"):
        pointwise.from_predictions(p1, p2, p12, y, definition="lsmi")


# --- from embeddings -----------------------------------------------------------------------


def test_embeddings_of_two_inputs_show_which_one_knows() -> None:
    rng = np.random.default_rng(4)
    y = rng.integers(2, size=600)
    z1 = rng.standard_normal((600, 3)) + 3.0 * np.eye(3)[y]
    z2 = rng.standard_normal((600, 3))
    found = pointwise.from_embeddings(z1, z2, y)
    assert found.u1.mean() / LN2 > 0.5
    assert abs(found.u2.mean()) / LN2 < 0.05
