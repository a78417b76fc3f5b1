"""The prediction table: one row per sample, and columns that add up."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dmil_core import schema
from dmil_core.checkpoint import Run, load_model
from dmil_core.data.catalog import load_dataset
from dmil_core.data.dataset import Dataset
from dmil_core.errors import CheckpointError
from dmil_core.inference import predict as predicting
from dmil_core.inference.predict import predict
from dmil_core.io.tables import read_table, write_table
from dmil_core.metrics.predictions import score
from dmil_core.models.inputs import inputs
from dmil_core.models.outputs import Output
from dmil_core.schema import COMPONENTS, DMIL_LATENTS
from dmil_core.training.run import train
from tests.conftest import PARADIGM_NAMES
from tests.core.builders import write_mixed

CLASSES = ("class 0", "class 1", "class 2")
LOGITS = [schema.logit(c) for c in CLASSES]
PROBABILITIES = [schema.prob(c) for c in CLASSES]
DECOMPOSED = ("dmil", "dmil-paper")


@pytest.fixture(scope="module")
def tables(tiny_runs: dict[str, Run]) -> dict[str, pd.DataFrame]:
    """The tables that training wrote."""
    return {name: read_table(run.predictions) for name, run in tiny_runs.items()}


def again(run: Run, dataset: Dataset, *args: object, **options: object) -> pd.DataFrame:
    model, run = load_model(run.folder)
    return predict(model, run.config.model, dataset, *args, **options)  # type: ignore[arg-type]


# --- what the columns say ------------------------------------------------------------------


@pytest.mark.parametrize("name", PARADIGM_NAMES)
def test_one_row_per_sample_with_the_truth_of_the_set(
    tables: dict[str, pd.DataFrame], tiny: Dataset, name: str
) -> None:
    table = tables[name]
    assert list(table.columns[:6]) == [*schema.ROW_COLUMNS, schema.INTERACTION_TYPE]
    assert table["id"].tolist() == tiny.ids.tolist()
    assert table["split"].tolist() == tiny.split.tolist()
    assert table["y"].tolist() == [CLASSES[k] for k in tiny.y]
    assert tiny.interaction_type is not None
    assert table["interaction_type"].tolist() == tiny.interaction_type.tolist()
    assert (table["correct"] == (table["y"] == table["pred"])).all()


@pytest.mark.parametrize("name", PARADIGM_NAMES)
def test_probabilities_are_the_softmax_of_the_logits(
    tables: dict[str, pd.DataFrame], name: str
) -> None:
    table = tables[name]
    e = np.exp(table[LOGITS].to_numpy(float))
    np.testing.assert_allclose(
        table[PROBABILITIES].to_numpy(), e / e.sum(axis=1, keepdims=True), atol=1e-6
    )
    best = np.array(CLASSES)[table[LOGITS].to_numpy().argmax(axis=1)]
    assert table["pred"].tolist() == best.tolist()


@pytest.mark.parametrize("name", DECOMPOSED)
@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_contributions_add_up_to_the_logits_in_the_file(
    tables: dict[str, pd.DataFrame], tmp_path: Path, name: str, suffix: str
) -> None:
    write_table(tables[name], tmp_path / f"t{suffix}")
    table = read_table(tmp_path / f"t{suffix}")
    for c in CLASSES:
        parts = [schema.contribution(part, c) for part in COMPONENTS]
        summed = table[parts].sum(axis=1)
        np.testing.assert_allclose(summed, table[schema.logit(c)], atol=1e-5, rtol=1e-5)
    gates = table[[schema.gate(part) for part in COMPONENTS]]
    np.testing.assert_allclose(gates.sum(axis=1), 1.0, atol=1e-6)
    assert gates.min(axis=None) >= 0


@pytest.mark.parametrize("name", DECOMPOSED)
def test_a_component_s_class_is_that_of_its_largest_contribution(
    tables: dict[str, pd.DataFrame], name: str
) -> None:
    table = tables[name]
    for part in COMPONENTS:
        parts = table[[schema.contribution(part, c) for c in CLASSES]].to_numpy()
        # A gate of nearly zero rounds contributions together.
        clear = table[schema.gate(part)].to_numpy() > 1e-3
        best = np.array(CLASSES)[parts.argmax(axis=1)]
        assert (table[schema.component_pred(part)].to_numpy() == best)[clear].all()


@pytest.mark.parametrize("name", ["ensemble", *DECOMPOSED])
def test_unimodal_columns(tables: dict[str, pd.DataFrame], name: str) -> None:
    table = tables[name]
    for m in (1, 2):
        p = table[[schema.unimodal_prob(m, c) for c in CLASSES]].to_numpy()
        np.testing.assert_allclose(p.sum(axis=1), 1.0, atol=1e-6)
        best = np.array(CLASSES)[p.argmax(axis=1)]
        assert table[schema.unimodal_pred(m)].tolist() == best.tolist()


def test_the_ensemble_is_the_mean_of_its_two_models(tables: dict[str, pd.DataFrame]) -> None:
    table = tables["ensemble"]
    for c in CLASSES:
        mean = (table[schema.unimodal_prob(1, c)] + table[schema.unimodal_prob(2, c)]) / 2
        np.testing.assert_allclose(table[schema.prob(c)], mean, atol=1e-6)


def test_joint_says_nothing_of_parts(tables: dict[str, pd.DataFrame]) -> None:
    columns = tables["joint"].columns
    assert list(columns) == [*schema.ROW_COLUMNS, schema.INTERACTION_TYPE, *PROBABILITIES, *LOGITS]


# --- how it is computed --------------------------------------------------------------------


@pytest.mark.parametrize("name", PARADIGM_NAMES)
def test_the_file_is_what_the_loaded_model_says(
    tiny_runs: dict[str, Run], tables: dict[str, pd.DataFrame], tiny: Dataset, name: str
) -> None:
    pd.testing.assert_frame_equal(
        again(tiny_runs[name], tiny), tables[name], check_dtype=False, atol=1e-6
    )


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.integers(0, 419), min_size=1, max_size=20, unique=True),
    size=st.integers(1, 30),
)
def test_any_rows_in_any_order_and_batch_size(
    tiny_runs: dict[str, Run], tables: dict[str, pd.DataFrame], tiny: Dataset,
    rows: list[int], size: int,
) -> None:  # fmt: skip
    result = again(tiny_runs["dmil"], tiny, np.array(rows), batch_rows=size)
    wanted = tables["dmil"].iloc[rows].reset_index(drop=True)
    pd.testing.assert_frame_equal(result, wanted, check_dtype=False, atol=1e-5, rtol=1e-4)


def test_no_rows_are_an_empty_table_with_all_columns(
    tiny_runs: dict[str, Run], tables: dict[str, pd.DataFrame], tiny: Dataset
) -> None:
    for name, run in tiny_runs.items():
        result = again(run, tiny, np.array([], dtype=np.int64))
        assert len(result) == 0
        assert list(result.columns) == list(tables[name].columns)


def test_the_table_is_the_bare_forward_pass(tiny_runs: dict[str, Run], tiny: Dataset) -> None:
    model, run = load_model(tiny_runs["dmil"].folder)
    out = model(*inputs(tiny, np.arange(10), run.config.model))
    table = predict(model, run.config.model, tiny, np.arange(10), latents=True)
    np.testing.assert_allclose(table[LOGITS], out.logits.detach(), atol=1e-6)
    for name in DMIL_LATENTS:
        size = out.latents[name].shape[1]
        columns = [schema.latent(name, i) for i in range(size)]
        np.testing.assert_allclose(table[columns], out.latents[name].detach(), atol=1e-6)
        assert schema.latent(name, size) not in table


def test_prediction_leaves_a_training_model_without_chance(
    tiny_runs: dict[str, Run], tables: dict[str, pd.DataFrame], tiny: Dataset
) -> None:
    model, run = load_model(tiny_runs["dmil"].folder)
    table = predict(model.train(), run.config.model, tiny)
    np.testing.assert_allclose(table[LOGITS], tables["dmil"][LOGITS], atol=1e-6)


def test_outputs_that_are_not_finite_are_refused_by_name(
    tiny_runs: dict[str, Run], tiny: Dataset
) -> None:
    model, run = load_model(tiny_runs["joint"].folder)
    with torch.no_grad():
        next(model.parameters()).fill_(float("nan"))
    with pytest.raises(CheckpointError, match=rf"the logits of {len(tiny)} of .* are NaN"):
        predict(model, run.config.model, tiny)


def test_an_input_that_overflows_is_named_by_its_row(
    tiny_runs: dict[str, Run], tiny: Dataset
) -> None:
    model, run = load_model(tiny_runs["joint"].folder)
    x1 = tiny.x1.copy()
    x1[3] = 3e38
    with pytest.raises(CheckpointError, match=rf"1 of .* the first of id '{tiny.ids[3]}'"):
        predict(model, run.config.model, replace(tiny, x1=x1))


def test_signals_and_sentences(tmp_path: Path) -> None:
    mixed = load_dataset(write_mixed(tmp_path / "mixed.npz", card=True))
    run = train(mixed, "dmil", 0, tmp_path / "run", epochs_scale=0.02)
    table = read_table(run.predictions)
    assert set(table["y"]) == {"calm", "quick"}
    assert schema.INTERACTION_TYPE not in table
    assert run.metrics["test"]["accuracy"] > 0.9
    # A text of words that nobody trained on still has a prediction.
    texts = np.array(["", "xyzzy " * 50, "calm and still"])
    from dataclasses import replace

    odd = replace(mixed, x2=np.resize(texts, len(mixed)))
    assert np.isfinite(again(run, odd)[schema.prob("calm")]).all()


# --- scores --------------------------------------------------------------------------------


def scored() -> pd.DataFrame:
    """Six rows of two splits, by hand."""
    return pd.DataFrame(
        {
            "split": ["train", "train", "test", "test", "test", "test"],
            "y": ["a", "b", "a", "a", "b", "b"],
            "pred": ["a", "b", "a", "b", "b", "b"],
            "correct": [True, True, True, False, True, True],
            "interaction_type": ["R", "S", "R", "U1", "S", "S"],
            "p_a": [0.9, 0.1, 0.8, 0.4, 0.3, 0.2],
            "p_b": [0.1, 0.9, 0.2, 0.6, 0.7, 0.8],
            "gate_R": [0.7, 0.1, 0.7, 0.7, 0.1, 0.2],
            "gate_U1": [0.1, 0.1, 0.1, 0.2, 0.1, 0.1],
            "gate_U2": [0.1, 0.1, 0.1, 0.0, 0.1, 0.1],
            "gate_S": [0.1, 0.7, 0.1, 0.1, 0.7, 0.6],
        }
    )


def test_scores_by_hand() -> None:
    metrics = score(scored(), ("a", "b"))
    assert set(metrics) == {"train", "test"}
    test = metrics["test"]
    assert test["accuracy"] == 0.75
    assert test["macro_f1"] == pytest.approx((2 / 3 + 4 / 5) / 2)
    assert test["gate_agreement"] == 0.75  # U1 was called R
    assert test["gate_auroc_R"] == pytest.approx(2.5 / 3)
    assert test["gate_auroc_U1"] == 1.0
    assert test["gate_auroc_S"] == 1.0
    assert "gate_auroc_U2" not in test  # no such row: there is nothing to rank
    assert test["mean_gate_S"] == pytest.approx(1.5 / 4)
    assert metrics["train"]["accuracy"] == 1.0


def test_without_gates_there_is_nothing_to_say_of_them() -> None:
    table = scored()
    plain = table[[c for c in table if not c.startswith("gate")]]
    assert set(score(plain, ("a", "b"))["test"]) == {"accuracy", "macro_f1", "map", "ece"}
    unknown = table.drop(columns="interaction_type")
    assert not any(k.startswith("gate_") for k in score(unknown, ("a", "b"))["test"])


def test_outputs_of_past_batches_are_not_kept(
    tiny_runs: dict[str, Run], tiny: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Latents, posteriors and draws of a batch are many times as large as its rows in the table."""
    model, run = load_model(tiny_runs["dmil"].folder)
    plain, seen = predicting._outputs, list[weakref.ref[Output]]()
    most = 0

    def outputs(*arguments: Any) -> Iterator[Output]:
        nonlocal most
        for output in plain(*arguments):
            seen.append(weakref.ref(output))
            most = max(most, sum(of() is not None for of in seen))
            yield output
            del output

    monkeypatch.setattr(predicting, "_outputs", outputs)
    table = predict(model, run.config.model, tiny, batch_rows=20)
    assert len(table) == 420
    assert most <= 2
