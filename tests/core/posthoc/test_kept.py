"""An external checkpoint that carries its model as a file of ONNX answers for other inputs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dmil_core as dmil
from dmil_core import schema
from dmil_core.checkpoint import ONNX_FILE, RUN_FILE, find_runs, load_model, read_run, verify
from dmil_core.cli import main
from dmil_core.data.dataset import Dataset
from dmil_core.data.npz import read_dataset, write_arrays
from dmil_core.errors import CheckpointError, ConfigError
from dmil_core.io.tables import read_table
from dmil_core.posthoc import imported, kept
from dmil_core.posthoc.kept import load_external
from dmil_core.posthoc.onnx import Bounds, of_onnx
from dmil_core.posthoc.where import where
from tests.core.onnx_files import W1, W2, late_fusion, without_end

CLASSES = ("no", "yes")


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """600 rows of what :func:`late_fusion` with ``crossed=0.7`` reads."""
    rng = np.random.default_rng(0)
    x1, x2 = rng.normal(size=(2, 600, 3)).astype(np.float32)
    y = np.where(logits(x1, x2).argmax(axis=1) == 1, "yes", "no")
    write_arrays(tmp_path / "pairs.npz", {"x1": x1, "x2": x2, "y": y})
    return read_dataset(tmp_path / "pairs.npz")


def logits(x1: Any, x2: Any) -> Any:
    """What the model says, by its formula."""
    a, b = x1 @ W1, x2 @ W2
    return a + b + 0.7 * a * b


@pytest.fixture
def folder(tmp_path: Path, dataset: Dataset) -> Path:
    """A checkpoint of it."""
    path = late_fusion(tmp_path / "mine.onnx", crossed=0.7)
    folder = tmp_path / "runs" / "pairs" / "mine" / "seed0"
    return dmil.import_model(path, dataset, "mine", folder, partners=20).run.folder


def test_the_copy_says_what_the_model_said(folder: Path, dataset: Dataset) -> None:
    run = verify(folder)
    assert (run.version, run.external, run.has_model) == (3, True, True)
    assert (run.onnx_output, run.metrics["test"]["accuracy"]) == ("logits", 1.0)
    assert not [e.error for e in find_runs(folder.parents[2]) if e.error]
    stored = read_table(run.predictions)
    again = load_external(folder).predict(dataset)
    for column in again:
        if again[column].dtype.kind == "f":
            np.testing.assert_allclose(again[column], stored[column], atol=1e-5, err_msg=column)
        else:
            assert again[column].tolist() == stored[column].tolist(), column


def test_it_answers_for_inputs_that_are_in_no_table(folder: Path, dataset: Dataset) -> None:
    model = load_external(folder)
    rng = np.random.default_rng(1)
    x1, x2 = rng.normal(size=(2, 40, 3)).astype(np.float32)
    np.testing.assert_allclose(model(x1, x2), logits(x1, x2), atol=1e-4)
    one = replace(
        dataset, x1=x1[:1], x2=x2[:1], **{n: getattr(dataset, n)[:1] for n in ("y", "ids", "split")}
    )
    (row,) = model.predict(one).to_dict("records")
    expected = logits(x1[:1], x2[:1])[0]
    got = [row[schema.logit(c)] for c in CLASSES]
    np.testing.assert_allclose(np.diff(got), np.diff(expected), atol=1e-4)
    assert row[schema.prob("no")] + row[schema.prob("yes")] == pytest.approx(1.0)


def test_what_its_inputs_do_together_is_found(folder: Path, dataset: Dataset) -> None:
    found = dmil.explain(load_external(folder), dataset, partners=20)
    assert found.accuracy == 1.0
    assert 0.05 < found.interaction_share < 0.9
    parts = where(load_external(folder), dataset, 0)
    # d(p, q) of c (x1 W1)(x2 W2): a product of what the two features change.
    blanks = [dataset.x(m)[dataset.rows("train")].mean(axis=0) for m in (1, 2)]
    a = (dataset.x1[0] - blanks[0])[:, None] * W1
    b = (dataset.x2[0] - blanks[1])[:, None] * W2
    product = 0.7 * a[:, None] * b[None]
    expected = (product - product.mean(axis=2, keepdims=True))[:, :, parts.cls]
    np.testing.assert_allclose(parts.together, expected, atol=1e-4)


def test_without_the_copy_it_is_as_before(tmp_path: Path, folder: Path, dataset: Dataset) -> None:
    f = of_onnx(tmp_path / "mine.onnx")
    made = dmil.import_model(f, dataset, "mine", folder, partners=20, overwrite=True, keep=False)
    assert (made.run.version, made.run.has_model) == (2, False)
    assert not (folder / ONNX_FILE).exists()
    assert not {"onnx_sha256", "onnx_output"} & set(json.loads((folder / RUN_FILE).read_text()))
    with pytest.raises(CheckpointError, match=f"has no {ONNX_FILE}"):
        load_external(folder)
    with pytest.raises(CheckpointError, match="Nothing can be predicted with it"):
        load_model(folder)


def test_the_copy_is_guarded_like_weights(
    folder: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CheckpointError, match="dmil explain --checkpoint"):
        load_model(folder)
    written: dict[str, Any] = json.loads((folder / RUN_FILE).read_text())
    for fields, words in (
        ({"version": 2}, "missing or unknown field onnx_output, onnx_sha256"),
        ({"version": 4}, "expected version 1 to 3"),
        ({"onnx_output": "label"}, "no output 'label' of numbers"),
    ):
        (folder / RUN_FILE).write_text(json.dumps({**written, **fields}))
        with pytest.raises((CheckpointError, ConfigError), match=words):
            load_external(folder)
    (folder / RUN_FILE).write_text(json.dumps(written))
    content = (folder / ONNX_FILE).read_bytes()
    (folder / ONNX_FILE).write_bytes(content + b"\0")
    for read in (verify, load_external):
        with pytest.raises(CheckpointError, match=r"model.onnx is not the file .* sha256 differs"):
            read(folder)
    (folder / ONNX_FILE).unlink()
    for read in (verify, load_external):
        with pytest.raises(CheckpointError, match=r"model\.onnx is missing"):
            read(folder)
    (folder / ONNX_FILE).write_bytes(content)
    other = replace(dataset, x1=dataset.x1[:, :2])
    with pytest.raises(CheckpointError, match="x1: the checkpoint reads shape"):
        load_external(folder).predict(other)
    monkeypatch.setattr(imported, "MAX_ONNX_BYTES", 100)
    with pytest.raises(ConfigError, match=r"to be kept in a checkpoint.*keep=False"):
        dmil.import_model(folder / ONNX_FILE, dataset, "large", folder.with_name("seed1"))


def test_a_model_that_does_not_end_is_stopped(
    tmp_path: Path, folder: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Put in the place of the copy, with its digest, as whoever writes the folder can."""
    monkeypatch.setattr(kept, "BOUNDS", Bounds(seconds=0.3))
    content = without_end(tmp_path / "endless.onnx").read_bytes()
    imported.take_up(
        read_table(folder / "predictions.parquet"), dataset, "mine", folder, 0,
        onnx=imported.OnnxModel("m", content),
    )  # fmt: skip
    with pytest.raises(ConfigError, match=r"took longer than the 0\.3 s"):
        load_external(folder).predict(dataset)


def test_the_commands(tmp_path: Path, dataset: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    model, folder = late_fusion(tmp_path / "mine.onnx", crossed=0.7), tmp_path / "kept"
    data = ["--data", str(tmp_path / "pairs.npz")]
    line = ["import", "--model", str(model), *data, "--name", "mine", "--out", str(folder)]
    assert main([*line, "--quiet", "--map", "pca"]) == 0
    assert capsys.readouterr().out == f"{folder}: test accuracy 1.000\n"
    assert read_run(folder).has_model
    explain = ["explain", "--checkpoint", str(folder), *data, "--out", str(tmp_path / "found")]
    assert main([*explain, "--partners", "20", "--quiet"]) == 0
    assert "accuracy: 1.000" in capsys.readouterr().out
    for changes, words in (
        (["table.csv", *line[1:]], "a table of predictions, or a file of ONNX by --model"),
        (line[3:], "a table of predictions, or a file of ONNX by --model"),
        ([*line[1:], "--in-order"], "--in-order is for a table"),
        (["t.csv", *line[3:], "--output", "logits"], "--output is for --model"),
        ([*line[1:], "--overwrite", "--output", "label"], "no output 'label' of numbers"),
    ):
        assert main(["import", *changes]) == 2
        assert words in capsys.readouterr().err
