"""Shipped models, of whose data it is known what their inputs say together."""

from __future__ import annotations

import numpy as np
import pytest

import dmil_core as dmil
from dmil_core.checkpoint import find_folder


@pytest.fixture(scope="module")
def switch() -> dmil.Explanation:
    """``switch`` by joint learning, which has no gate."""
    return dmil.explain(dmil.load(_shipped("switch", "joint")), "switch", rows=2000, partners=200)


def _shipped(data: str, paradigm: str) -> str:
    return str(find_folder(f"{data}/{paradigm}/seed0"))


def test_on_switch_both_inputs_added_up_say_what_they_can(switch: dmil.Explanation) -> None:
    assert switch.accuracy is not None
    assert switch.accuracy > 0.98
    assert switch.emap_accuracy == pytest.approx(0.808, abs=0.03)


def test_on_switch_the_interaction_type_is_found(switch: dmil.Explanation) -> None:
    data = dmil.load_dataset("switch")
    assert data.interaction_type is not None
    truth = dict(zip(data.ids.tolist(), data.interaction_type.tolist(), strict=True))
    kinds = np.array([truth[i] for i in switch.frame["id"]])
    found = switch.frame["largest"].to_numpy() == kinds
    assert found.mean() >= 0.92
    assert found[kinds == "R"].mean() >= 0.87


def test_whether_two_digits_are_the_same_is_no_sum() -> None:
    model = dmil.load(_shipped("avdigits-same", "joint"))
    found = dmil.explain(model, "avdigits-same", partners=60)
    assert found.accuracy is not None
    assert found.accuracy > 0.85
    assert found.emap_accuracy == pytest.approx(0.5, abs=0.03)
    assert found.interaction_share > 0.7


def test_an_average_of_probabilities_is_no_interaction_worth_a_name() -> None:
    found = dmil.explain(dmil.load(_shipped("switch", "ensemble")), "switch", rows=300, partners=40)
    assert found.accuracy is not None
    assert found.emap_accuracy == pytest.approx(found.accuracy, abs=0.03)


@pytest.mark.parametrize("paradigm", ["joint", "dmil", "ensemble"])
def test_three_inputs(paradigm: str) -> None:
    model = dmil.load(_shipped("mfeat-three", paradigm))
    found = dmil.explain(model, "mfeat-three", rows=60, partners=20, background=200)
    assert found.inputs == ("x1", "x2", "x3")
    assert found.accuracy is not None
    assert found.accuracy > 0.8
