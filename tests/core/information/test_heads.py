"""What a model's heads say: by hand from a small table, and on shipped checkpoints."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from dmil_core import schema
from dmil_core.checkpoint import default_folder, read_run
from dmil_core.data.catalog import load_dataset
from dmil_core.errors import ConfigError
from dmil_core.information.heads import from_heads, has_two_heads
from dmil_core.information.truth import exact_pointwise, known_distribution
from dmil_core.io.tables import read_table
from dmil_core.metrics.calibration import best_temperature

LN2 = float(np.log(2.0))


def shipped(data: str, paradigm: str) -> tuple[pd.DataFrame, tuple[str, ...]]:
    run = read_run(default_folder(data, paradigm, 0))
    return read_table(run.predictions), tuple(run.classes)


def logits(t: float, rows: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Logits of a model that is ``t`` times too sure of itself, and labels drawn from what it
    ought to say."""
    rng = np.random.default_rng(0)
    honest = 2.0 * rng.standard_normal((rows, 3))
    p = np.exp(honest) / np.exp(honest).sum(axis=1, keepdims=True)
    y = (rng.random((rows, 1)) > p.cumsum(axis=1)).sum(axis=1)
    return t * honest, y


@pytest.mark.parametrize("t", [0.3, 1.0, 5.0])
def test_the_temperature_undoes_too_much_confidence(t: float) -> None:
    assert best_temperature(*logits(t)) == pytest.approx(t, rel=0.1)


def table_of(t: float) -> pd.DataFrame:
    """A table of two heads that say the same and an answer that says nothing."""
    made, y = logits(t)
    p = np.exp(made) / np.exp(made).sum(axis=1, keepdims=True)
    names = ("a", "b", "c")
    columns = {schema.prob(c): np.full(len(y), 1 / 3) for c in names}
    for m in (1, 2):
        columns |= {schema.unimodal_prob(m, c): p[:, k] for k, c in enumerate(names)}  # type: ignore[arg-type]
        columns[schema.unimodal_pred(m)] = np.array(names)[p.argmax(axis=1)]  # type: ignore[arg-type]
    split = np.repeat(["train", "val", "test"], [1000, 1000, 2000])
    return pd.DataFrame({"split": split, "y": np.array(names)[y], **columns})


def test_heads_are_calibrated_on_validation_rows_and_told_on_all() -> None:
    honest, sure = (from_heads(table_of(t), ("a", "b", "c")) for t in (1.0, 4.0))
    assert_allclose(sure.rows.i1, honest.rows.i1, atol=0.05)
    x1 = sure.fit.calibration[0]
    assert x1.temperature == pytest.approx(4.0, rel=0.1)
    assert x1.after.error < 0.03 < x1.before.error
    assert x1.after.rows.sum() == 2000
    # Both heads say the same, and the answer nothing: all of it is shared, and lost together.
    assert_allclose(sure.rows.r, sure.rows.i1, atol=1e-6)
    assert abs(sure.rows.i12.mean()) < 0.01


def test_the_prior_is_that_of_training_rows() -> None:
    table = table_of(1.0)
    table.loc[table["split"] == "test", "y"] = "a"
    pointwise = from_heads(table, ("a", "b", "c"))
    share = ((table["split"] == "train") & (table["y"] == "a")).sum() + 1
    answer = -np.log(3.0) - np.log(share / 1003)
    assert_allclose(pointwise.rows.i12[-1], answer, atol=1e-3)


@pytest.mark.parametrize("paradigm", ["dmil", "ensemble"])
def test_parts_of_a_shipped_model_add_up(paradigm: str) -> None:
    table, classes = shipped("avdigits", paradigm)
    for definition in ("same-sign", "ccs"):
        rows = from_heads(table, classes, definition).rows  # type: ignore[arg-type]
        assert_allclose(rows.r + rows.u1 + rows.u2 + rows.s, rows.i12, atol=1e-9)
        assert np.isfinite(rows.s).all()


def test_heads_come_near_the_truth_where_it_is_known() -> None:
    table, classes = shipped("switch", "dmil")
    data, distribution = load_dataset("switch"), known_distribution("switch")
    assert distribution is not None
    test = (table["split"] == "test").to_numpy()
    result = from_heads(table, classes).rows
    known = exact_pointwise(distribution, data.x1, data.x2, data.y)
    assert list(table["id"]) == list(data.ids)
    for name in ("i1", "i2", "i12"):
        told, true = (getattr(rows, name)[test].mean() / LN2 for rows in (result, known))
        assert told == pytest.approx(true, abs=0.1)
        assert told < true + 0.01  # a cross-entropy is no more than the information


def test_gate_and_type_agree_where_the_interaction_type_is_known() -> None:
    """The largest part of what the heads say is the component with the largest gate: of `dmil`,
    not of the released losses."""
    agree = {}
    for paradigm in ("dmil", "dmil-paper"):
        table, classes = shipped("switch", paradigm)
        rows = from_heads(table, classes).rows
        gates = table[[schema.gate(c) for c in schema.COMPONENTS]].to_numpy().argmax(axis=1)
        same = rows.largest() == np.array(schema.COMPONENTS)[gates]
        agree[paradigm] = float(same[(table["split"] == "test").to_numpy()].mean())
    assert agree["dmil"] > 0.9
    assert agree["dmil-paper"] < 0.6


def test_what_cannot_be_told_is_refused() -> None:
    joint, classes = shipped("switch", "joint")
    assert not has_two_heads(joint.columns)
    with pytest.raises(ConfigError, match="no heads of two single inputs"):
        from_heads(joint, classes)
    table, classes = shipped("switch", "dmil")
    with pytest.raises(ConfigError, match="densities"):
        from_heads(table, classes, "lsmi")
    with pytest.raises(ConfigError, match="validation rows"):
        from_heads(table[table["split"] == "test"], classes)
