"""A model that was trained elsewhere is taken up from a table of its predictions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import dmil_core as dmil
from dmil_core import schema
from dmil_core.checkpoint import RUN_FILE, find_runs, load_model, read_run, verify
from dmil_core.cli import main
from dmil_core.data.catalog import load_dataset
from dmil_core.data.dataset import Dataset
from dmil_core.errors import CheckpointError, ConfigError, DataError
from dmil_core.inference.projection import project
from dmil_core.io.paths import checkpoints_roots
from dmil_core.io.tables import read_table
from dmil_core.posthoc.imported import import_predictions


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return load_dataset("mfeat")


@pytest.fixture(scope="module")
def stored() -> pd.DataFrame:
    """The shipped predictions of the ensemble, which has a head for each input."""
    root = checkpoints_roots()[-1]
    return read_table(root / "mfeat" / "ensemble" / "seed0" / "predictions.parquet")


def given(stored: pd.DataFrame, dataset: Dataset, *prefixes: str) -> pd.DataFrame:
    """The id and the columns of these prefixes with the classes."""
    columns = [f"{p}{c}" for p in prefixes for c in dataset.classes]
    return stored[["id", *columns]]


def test_what_is_imported_is_what_the_model_said(
    stored: pd.DataFrame, dataset: Dataset, tmp_path: Path
) -> None:
    table = given(stored, dataset, "p_", "px1_", "px2_").sample(frac=1.0, random_state=0)
    made = import_predictions(table, dataset, "my-model", tmp_path / "mfeat" / "my-model" / "seed0")
    run = verify(made.run.folder)
    assert run.external
    assert (run.version, run.parameters, run.latents) == (2, 0, ("logits",))
    assert made.notes == ()
    got = read_table(run.predictions)
    for column in ("id", "split", "y", "pred", "correct", "pred_x1", "pred_x2"):
        assert got[column].tolist() == stored[column].tolist(), column
    probabilities = [schema.prob(c) for c in dataset.classes]
    np.testing.assert_allclose(got[probabilities], stored[probabilities], atol=1e-5)
    original = read_run(checkpoints_roots()[-1] / "mfeat" / "ensemble" / "seed0")
    assert run.metrics["test"]["accuracy"] == original.metrics["test"]["accuracy"]
    entries = find_runs(tmp_path)
    assert [(e.set_name, e.paradigm, e.seed, e.error) for e in entries] == [
        ("mfeat", "my-model", 0, None)
    ]


def test_logits_do_as_well(stored: pd.DataFrame, dataset: Dataset, tmp_path: Path) -> None:
    made = import_predictions(given(stored, dataset, "logit_"), dataset, "m", tmp_path / "m")
    got = read_table(made.run.predictions)
    probabilities = [schema.prob(c) for c in dataset.classes]
    np.testing.assert_allclose(got[probabilities], stored[probabilities], atol=1e-5)


def test_a_part_of_the_rows_is_said_and_mapped_from_embeddings(
    stored: pd.DataFrame, dataset: Dataset, tmp_path: Path
) -> None:
    test = given(stored, dataset, "p_")[(stored["split"] == "test").to_numpy()].copy()
    rng = np.random.default_rng(0)
    for column in ("z1_0", "z1_1", "z1_2", "z2_0", "z2_1"):
        test[column] = rng.normal(size=len(test))
    made = import_predictions(test, dataset, "m", tmp_path / "m")
    assert made.run.latents == ("Z1", "Z2")
    assert made.notes == (
        f"the table has {len(test):,} of the {len(dataset):,} rows of the set; the other "
        f"{len(dataset) - len(test):,} are left out",
    )
    placed = read_table(project(made.run.folder, dataset, method="pca"))
    assert list(placed.columns) == ["id", "Z1_x", "Z1_y", "Z2_x", "Z2_y"]
    assert set(placed["id"]) == set(test["id"])
    assert placed[["Z1_x", "Z2_y"]].std().min() > 0.5


def test_classes_and_ids_are_matched_however_they_are_spelled(
    stored: pd.DataFrame, dataset: Dataset, tmp_path: Path
) -> None:
    table = given(stored, dataset, "p_").rename(
        columns={schema.prob(c): f"p_{c}.0" for c in dataset.classes if c.isdigit()}
    )
    made = import_predictions(table, dataset, "m", tmp_path / "m")
    assert read_table(made.run.predictions)["pred"].tolist() == stored["pred"].tolist()


def broken(table: pd.DataFrame, how: str, first: str) -> pd.DataFrame:
    """A table with one fault."""
    table = table.copy()
    if how == "no id":
        return table.drop(columns="id")
    if how == "class":
        return table.drop(columns=first)
    if how == "nothing":
        return table[["id"]]
    if how == "twice":
        table.loc[1, "id"] = table.loc[0, "id"]
    if how == "unknown":
        table.loc[3, "id"] = "nobody"
    if how == "sum":
        table.loc[4, first] = 3.0
    if how == "nan":
        table.loc[5, first] = np.nan
    return table


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("no id", r"no column id.*--in-order"),
        ("class", r"9 of 10 columns p_<class>; .* is missing"),
        ("nothing", "no predictions: expected the columns"),
        ("twice", "1 ids occur twice"),
        ("unknown", "1 of 2,000 ids are none of 'mfeat', such as 'nobody'; its ids are like"),
        ("sum", "1 of 2,000 rows are no probabilities, such as row 4"),
        ("nan", "1 cells are no finite numbers, such as 'nan' in row 5"),
    ],
)
def test_every_fault_is_named(
    stored: pd.DataFrame, dataset: Dataset, tmp_path: Path, how: str, words: str
) -> None:
    table = broken(given(stored, dataset, "p_"), how, schema.prob(dataset.classes[0]))
    with pytest.raises(DataError, match=words):
        import_predictions(table, dataset, "m", tmp_path / "m")
    assert not (tmp_path / "m" / RUN_FILE).exists()


def test_rows_without_ids_may_stand_in_the_order_of_the_set(
    stored: pd.DataFrame, dataset: Dataset, tmp_path: Path
) -> None:
    table = given(stored, dataset, "p_").drop(columns="id")
    made = import_predictions(table, dataset, "m", tmp_path / "m", in_order=True)
    assert read_table(made.run.predictions)["pred"].tolist() == stored["pred"].tolist()
    with pytest.raises(DataError, match="has 5 rows, the set 2,000"):
        import_predictions(table[:5], dataset, "n", tmp_path / "n", in_order=True)


@pytest.mark.parametrize("name", ["joint", "", "a/b", "..", "x" * 65, "ä b"])
def test_a_name_that_is_none_is_refused(
    stored: pd.DataFrame, dataset: Dataset, tmp_path: Path, name: str
) -> None:
    with pytest.raises(ConfigError, match=r"another name|expected letters"):
        import_predictions(given(stored, dataset, "p_"), dataset, name, tmp_path / "m")


def test_an_external_checkpoint_is_guarded_like_any_other(
    stored: pd.DataFrame, dataset: Dataset, tmp_path: Path
) -> None:
    table = given(stored, dataset, "p_")
    folder = import_predictions(table, dataset, "m", tmp_path / "m").run.folder
    with pytest.raises(CheckpointError, match="no weights"):
        load_model(folder)
    with pytest.raises(CheckpointError, match="--overwrite"):
        import_predictions(table, dataset, "m", folder)
    import_predictions(table, dataset, "m", folder, overwrite=True)

    written: dict[str, Any] = json.loads((folder / RUN_FILE).read_text())
    (folder / RUN_FILE).write_text(json.dumps({**written, "version": 1}))
    with pytest.raises(CheckpointError, match="in version 1; expected 'external' in version 2"):
        read_run(folder)
    (folder / RUN_FILE).write_text(json.dumps(written))
    with (folder / "predictions.parquet").open("ab") as file:
        file.write(b"x")
    with pytest.raises(CheckpointError, match="truncated or changed"):
        verify(folder)


def test_the_command(
    stored: pd.DataFrame, dataset: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, folder = tmp_path / "mine.csv", tmp_path / "runs" / "m"
    given(stored, dataset, "p_").to_csv(table, index=False)
    line = ["import", str(table), "--data", "mfeat", "--name", "mine", "--out", str(folder)]
    assert main([*line, "--map", "pca"]) == 0
    accuracy = read_run(folder).metrics["test"]["accuracy"]
    assert capsys.readouterr().out == f"{folder}: test accuracy {accuracy:.3f}\n"
    assert "logits_x" in read_table(folder / "projection.parquet")
    assert main(line) == 2
    assert "holds a checkpoint" in capsys.readouterr().err


def test_a_model_that_can_be_called_has_what_each_input_says(
    dataset: Dataset, tmp_path: Path
) -> None:
    train = dataset.rows("train")
    both = np.concatenate([dataset.x1, dataset.x2], axis=1)
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=200)).fit(
        both[train], dataset.y[train]
    )
    seen: list[int] = []
    made = dmil.import_model(
        model, dataset, "logistic", tmp_path / "m", partners=20,
        progress=lambda done, of: seen.append(of - done),
    )  # fmt: skip
    assert seen[-1] == 0
    table = read_table(made.run.predictions)
    probabilities = table[[schema.prob(c) for c in dataset.classes]]
    np.testing.assert_allclose(probabilities, model.predict_proba(both), atol=1e-5)
    for m in (1, 2):
        alone = table[[schema.unimodal_prob(m, c) for c in dataset.classes]].to_numpy()
        np.testing.assert_allclose(alone.sum(axis=1), 1.0, atol=1e-4)
    test = table["split"] == "test"
    right = [(table[c] == table["y"])[test].mean() for c in ("pred_x1", "pred_x2", "pred")]
    assert min(right) > 0.5
    assert right[2] >= max(right)
    with pytest.raises(ConfigError, match="returns one value"):
        dmil.import_model(lambda a, b: a[:, 0] + b[:, 0], dataset, "value", tmp_path / "v")
    with pytest.raises(ConfigError, match="returns 3 columns; expected one for each of 10"):
        dmil.import_model(lambda a, b: a[:, :3] + b[:, :3], dataset, "three", tmp_path / "t")


def test_rows_that_were_explained_are_not_evaluated_again(dataset: Dataset, tmp_path: Path) -> None:
    seen: list[int] = []

    def f(a: Any, b: Any) -> Any:
        seen.append(len(a))
        return a[:, :10] + b[:, :10] * a[:, 10:20]

    found = dmil.explain(f, dataset, partners=20, background=100, rows=30)
    seen.clear()
    made = dmil.import_model(
        f, dataset, "again", tmp_path / "a", partners=20, background=100, explained=found
    )
    others = len(dataset) - 30
    assert sum(seen) == others * (1 + 2 * 20 + 2 * 20) + 100
    table = read_table(made.run.predictions).set_index("id")
    assert len(table) == len(dataset)
    assert table.loc[found.frame["id"], "pred"].tolist() == found.frame["pred"].tolist()
    whole = dmil.import_model(f, dataset, "whole", tmp_path / "w", partners=20, background=100)
    logits = [schema.logit(c) for c in dataset.classes]
    of_whole = read_table(whole.run.predictions).set_index("id").loc[table.index, logits]
    np.testing.assert_allclose(table[logits], of_whole, atol=1e-5)
    with pytest.raises(ConfigError, match="the model answers otherwise"):
        dmil.import_model(
            lambda a, b: 2 * f(a, b), dataset, "other", tmp_path / "o", explained=found
        )
    with pytest.raises(ConfigError, match="expected an explanation of rows of 'emoji'"):
        dmil.import_model(f, load_dataset("emoji"), "emoji", tmp_path / "e", explained=found)
