"""Controls that nothing is trained for, against figures by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from dmil_core import schema
from dmil_core.checkpoint import Run
from dmil_core.errors import DataError
from dmil_core.experiments import controls
from dmil_core.experiments.compare import record
from dmil_core.io.tables import read_table

CLASSES = ("a", "b")


def pair(x1: list[float], x2: list[float], truth: str) -> pd.DataFrame:
    """Probabilities of class a by two models of one input each."""
    table = pd.DataFrame({"id": [str(i) for i in range(len(x1))], "split": "test"})
    table["y"] = list(truth)
    for m, p in ((1, x1), (2, x2)):
        table[schema.unimodal_prob(m, "a")], table[schema.unimodal_prob(m, "b")] = (
            p,
            1 - np.array(p),
        )
        table[schema.unimodal_pred(m)] = np.where(np.array(p) > 0.5, "a", "b")
    return table


def joint(p: list[float]) -> pd.DataFrame:
    table = pd.DataFrame({"id": [str(i) for i in range(len(p))]})
    table[schema.prob("a")], table[schema.prob("b")] = p, 1 - np.array(p)
    return table


def test_the_product_by_hand() -> None:
    table = controls.product_table(pair([0.9, 0.5], [0.5, 0.6], "ab"), joint([0.25, 0.1]), CLASSES)
    first = 0.9 * 0.5 * 0.25 / (0.9 * 0.5 * 0.25 + 0.1 * 0.5 * 0.75)
    second = 0.5 * 0.6 * 0.1 / (0.5 * 0.6 * 0.1 + 0.5 * 0.4 * 0.9)
    assert table[schema.prob("a")].tolist() == pytest.approx([first, second])
    assert table["pred"].tolist() == ["a", "b"]
    assert table["correct"].all()


def test_certain_models_that_contradict_each_other_give_no_nan() -> None:
    table = controls.product_table(pair([1.0], [0.0], "a"), joint([0.3]), CLASSES)
    assert table[schema.prob("a")].iloc[0] == pytest.approx(0.3)


def test_responsibilities_by_hand_and_without_a_label() -> None:
    """Certain models: both right is R, one alone U, none but the joint one S."""
    prior = np.array([0.5, 0.5])
    for truth in ("aaab", "bbba"):
        tables = pair([1.0, 1.0, 0.5, 0.5], [1.0, 0.5, 1.0, 0.5], truth)
        gate = controls.responsibilities(tables, joint([1.0, 1.0, 1.0, 0.0]), CLASSES, prior)
        np.testing.assert_allclose(gate, np.eye(4))
    # What nobody knows belongs to no component.
    nothing = controls.responsibilities(pair([0.5], [0.5], "a"), joint([0.5]), CLASSES, prior)
    np.testing.assert_allclose(nothing, 0.25)


def test_responsibilities_average_over_the_classes_of_the_joint_model() -> None:
    gate = controls.responsibilities(
        pair([0.9], [0.5], "b"), joint([0.6]), CLASSES, np.array([0.5, 0.5])
    )
    # Class a: a_1 = .8, a_0 = .2; class b: all 0. R, U1, U2, S before scaling.
    weights = 0.6 * np.array([0.0, 0.8, 0.0, 0.2 * 0.2])
    np.testing.assert_allclose(gate[0], weights / weights.sum())


def test_other_rows_or_a_model_without_own_heads_are_refused() -> None:
    with pytest.raises(DataError, match="different samples"):
        controls.product_table(pair([0.5], [0.5], "a"), joint([0.5, 0.5]), CLASSES)
    with pytest.raises(DataError, match="inputs alone"):
        controls.product_table(joint([0.5]), joint([0.5]), CLASSES)


def test_the_record_of_a_product_is_like_any_other(tiny_runs: dict[str, Run]) -> None:
    runs = [tiny_runs[p] for p in ("ensemble", "joint")]
    alone, both = (read_table(r.predictions) for r in runs)
    lines: list[dict[str, Any]] = [record(r, alone) for r in runs]
    made = controls.product_record(lines[0], lines[1], alone, both, runs[0].classes)
    assert set(lines[0]) == set(made)
    # But for heads of its own, which it lacks.
    heads = {"alone_x1", "alone_x2"}
    assert set(lines[0]["test"]) - heads == set(made["test"])
    assert made["paradigm"] == "product"
    assert made["parameters"] == sum(r.parameters for r in runs)
    assert made["test"]["right"] == round(made["test"]["accuracy"] * made["rows"]["test"])
    assert made["test"]["synergy_bound"] == lines[0]["test"]["synergy_bound"]
    with pytest.raises(DataError, match="same data and seed"):
        controls.product_record(lines[0], {**lines[1], "seed": 9}, alone, both, runs[0].classes)


def test_figures_of_responsibilities_have_the_names_of_a_gate(tiny_runs: dict[str, Run]) -> None:
    runs = [tiny_runs[p] for p in ("ensemble", "joint")]
    alone, both = (read_table(r.predictions) for r in runs)
    figures = controls.responsibility_figures(alone, both, runs[0].classes)
    wanted = {k for k in tiny_runs["dmil"].metrics["test"] if "gate" in k}
    assert set(figures) == wanted
    assert 0 <= figures["gate_agreement"] <= 1
