"""Measures of a decomposition against tables whose answers can be counted by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmil_core import schema
from dmil_core.metrics import fidelity
from dmil_core.schema import COMPONENTS

TRUTH = np.array(["R", "U1", "U2", "S"])
KNOWN = np.eye(4)


def test_a_gate_that_knows_is_perfect() -> None:
    assert fidelity.agreement(KNOWN, TRUTH) == 1.0
    assert fidelity.aurocs(KNOWN, TRUTH) == dict.fromkeys(COMPONENTS, 1.0)
    assert fidelity.calibration_error(KNOWN, TRUTH) == 0.0
    assert fidelity.absent_weight(KNOWN, TRUTH) == 0.0


def test_a_collapsed_gate_is_found_out() -> None:
    collapsed = np.tile([0.0, 0.0, 0.0, 1.0], (4, 1))
    assert fidelity.agreement(collapsed, TRUTH) == 0.25
    assert fidelity.aurocs(collapsed, TRUTH) == dict.fromkeys(COMPONENTS, 0.5)
    # R, U1 and U2 get 0 where a quarter is theirs; S gets 1 where a quarter is its own.
    assert fidelity.calibration_error(collapsed, TRUTH) == pytest.approx((3 * 0.25 + 0.75) / 4)


def test_what_absent_components_get() -> None:
    gate = np.array([[0.7, 0.1, 0.0, 0.2], [0.5, 0.3, 0.1, 0.1]])
    truth = np.array(["R", "R"])
    assert fidelity.absent_weight(gate, truth) == pytest.approx(0.2)  # U1: (0.1 + 0.3) / 2
    assert fidelity.aurocs(gate, truth) == {}


@given(st.integers(2, 200), st.integers(0, 10**6))
def test_an_even_gate_is_calibrated_on_an_even_mix(n: int, seed: int) -> None:
    truth = np.random.default_rng(seed).permutation(np.repeat(COMPONENTS, n))
    gate = np.full((4 * n, 4), 0.25)
    assert fidelity.calibration_error(gate, truth) == pytest.approx(0.0, abs=1e-12)


def table(contributions: dict[str, list[tuple[float, float]]], y: list[str], made_of: list[str],
          ) -> pd.DataFrame:  # fmt: skip
    """Two classes a and b; contributions of a component to (a, b), a pair for each sample."""
    columns: dict[str, object] = {"y": y, schema.INTERACTION_TYPE: made_of}
    total = np.zeros((len(y), 2))
    for c in COMPONENTS:
        parts = np.array(contributions.get(c, [(0.0, 0.0)] * len(y)))
        total += parts
        for i, k in enumerate("ab"):
            columns[schema.contribution(c, k)] = parts[:, i]
    for i, k in enumerate("ab"):
        columns[schema.logit(k)] = total[:, i]
    return pd.DataFrame(columns)


def test_purity_counts_who_loses_by_an_ablation() -> None:
    """Sample 1 (R) needs R; 2 (R) has U1 besides; 3 (S) needs S, and R is in its way."""
    frame = table(
        {
            "R": [(0, 2), (0, 2), (1, 0)],
            "U1": [(1, 0), (0, 3), (0, 0)],
            "S": [(0, 0), (0, 0), (0, 3)],
        },
        y=["b", "b", "b"],
        made_of=["R", "R", "S"],
    )
    lost = fidelity.purity(frame, ("a", "b"))
    assert list(lost.columns) == ["R", "S"]
    assert lost.loc["R"].to_dict() == {"R": 0.5, "S": 0.0}
    assert lost.loc["S"].to_dict() == {"R": 0.0, "S": 1.0}
    assert lost.loc["U1"].to_dict() == {"R": 0.0, "S": 0.0}
    assert lost.loc["U2"].to_dict() == {"R": 0.0, "S": 0.0}


def test_what_is_lost_in_log_probability() -> None:
    """With the logits (0, ln 3) the true class b has 3/4; without its component 1/2."""
    frame = table({"R": [(0.0, np.log(3.0))]}, y=["b"], made_of=["R"])
    lost = fidelity.lost(frame, ("a", "b"), "nats")
    assert lost["R"].to_list() == pytest.approx([np.log(3 / 4) - np.log(1 / 2)])
    assert lost[["U1", "U2", "S"]].to_numpy().tolist() == [[0.0, 0.0, 0.0]]
    assert fidelity.purity(frame, ("a", "b"), "nats").loc["R", "R"] == pytest.approx(np.log(1.5))
    unknown = fidelity.lost(frame.assign(y="c"), ("a", "b"), "nats")
    assert unknown.isna().all(axis=None)


def test_rank_agreement_knows_order_only() -> None:
    one = np.random.default_rng(0).random((50, 4))
    assert fidelity.rank_agreement([one, one**3]) == pytest.approx(1.0)
    assert fidelity.rank_agreement([one, -one]) == pytest.approx(-1.0)
    assert fidelity.rank_agreement([one, one, -one]) == pytest.approx(-1 / 3)
