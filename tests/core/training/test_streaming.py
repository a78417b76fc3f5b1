"""Training on rows in files: batches that mix the whole set, stops within an epoch, the same
accuracy as in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from dmil_core.checkpoint import Run, load_model
from dmil_core.cli import main
from dmil_core.data.catalog import load_dataset
from dmil_core.data.files import shuffled, stream
from dmil_core.data.files.load import Request
from dmil_core.data.files.shuffled import prepare
from dmil_core.errors import CheckpointError, ConfigError
from dmil_core.io.tables import read_table
from dmil_core.seeding import reproducible
from dmil_core.training import loop, streaming
from dmil_core.training.loop import FitState
from dmil_core.training.run import TRAINING_FOLDER, train
from dmil_core.training.streaming import StreamedRows, fold_of
from tests.core.builders import Stopped

SET = "switch:classes=2,noise=1.0,block=2,shares=1/1/1/1,train=1200,val=300,test=600"


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several files, pools and parts, of few rows."""
    monkeypatch.setattr(stream, "PART_ROWS", 600)
    monkeypatch.setattr(shuffled, "BATCH_ROWS", 250)
    monkeypatch.setattr(shuffled, "SHARD_ROWS", 400)
    monkeypatch.setattr(streaming, "POOL_ROWS", 300)
    monkeypatch.setattr(streaming, "POOL_BATCHES", 2)
    monkeypatch.setattr(streaming, "_READ_ROWS", 128)


@pytest.fixture(scope="module")
def parquet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generated set as a folder of Parquet files, sorted by class."""
    data = load_dataset(SET)
    columns = {
        f"x{m}_{i}": x[:, i] for m, x in enumerate(data.inputs, 1) for i in range(x.shape[1])
    }
    frame = pd.DataFrame(
        {**columns, "label": data.label_names, "id": data.ids, "split": data.split}
    )
    frame = frame.sort_values("label", kind="stable")
    folder = tmp_path_factory.mktemp("data") / "rows"
    folder.mkdir()
    for k, part in enumerate(np.array_split(np.arange(len(frame)), 3)):
        table = pa.Table.from_pandas(frame.iloc[part], preserve_index=False)
        pq.write_table(table, folder / f"{k}.parquet", row_group_size=200)
    return folder


def rows_of(parquet: Path, folder: Path) -> StreamedRows:
    rows = prepare(stream.opened(parquet), Request((parquet,)), folder)
    return StreamedRows.of(rows, "train")


def learnt(parquet: Path, out: Path, **options: Any) -> Run:
    return train(Request((parquet,)), out=out, **{"epochs_scale": 0.02, **options})


# --- batches -------------------------------------------------------------------------------------


@pytest.mark.parametrize("left_out", [False, True])
def test_an_epoch_has_every_row_once_in_batches_of_one_size(
    parquet: Path, tmp_path: Path, left_out: bool
) -> None:
    rows = rows_of(parquet, tmp_path)
    key = torch.cat([rows.read(k, 0, n)[1] for k, n in enumerate(rows.rows.shards["train"])])
    expected = torch.arange(len(rows))
    if left_out:
        rows = rows.without(1, 3, seed=5)
        expected = torch.nonzero(fold_of(key, 3, seed=5) != 1).squeeze(1)
        assert len(expected) == pytest.approx(800, abs=60)
    assert len(rows) == len(expected)
    orders = []
    for seed in (0, 0, 1):
        with reproducible(seed):
            batches = list(rows.shuffled(64))
        assert [len(b) for b in batches[:-1]] == [64] * (len(rows) // 64)
        order = torch.cat([b.index for b in batches if b.index is not None])
        assert torch.equal(order.sort().values, expected)
        orders.append(order)
    assert torch.equal(orders[0], orders[1])
    assert not torch.equal(orders[0], orders[2])
    first = next(iter(rows.chunks(1_000_000)))
    where = int(torch.nonzero(orders[0] == first.index[0])[0, 0]) if first.index is not None else 0
    with reproducible(0):
        again = [b.x1 for b in rows.shuffled(64)]
    if not left_out:
        assert torch.equal(torch.cat(again)[where], first.x1[0])


def test_batches_are_samples_of_the_whole_set_though_the_source_is_sorted(
    parquet: Path, tmp_path: Path
) -> None:
    rows = rows_of(parquet, tmp_path)
    with reproducible(0):
        shares = [float(b.y.float().mean()) for b in rows.shuffled(100)]
    whole = float(torch.cat([b.y for b in rows.chunks(500)]).float().mean())
    assert max(abs(s - whole) for s in shares) < 4 * 0.05  # four standard errors of 100 rows


def test_folds_do_not_depend_on_the_split_and_rows_of_one_name_share_one(
    parquet: Path, tmp_path: Path
) -> None:
    rows = rows_of(parquet, tmp_path)
    key = torch.cat([rows.read(k, 0, n)[1] for k, n in enumerate(rows.rows.shards["train"])])
    folds = torch.bincount(fold_of(key, 3, seed=0), minlength=3) / len(key)
    assert (folds - 1 / 3).abs().max() < 0.05
    assert torch.equal(fold_of(key.repeat(2), 3, 0), fold_of(key, 3, 0).repeat(2))


# --- runs ----------------------------------------------------------------------------------------


def test_a_streamed_run_is_an_ordinary_checkpoint(parquet: Path, tmp_path: Path) -> None:
    run = learnt(parquet, tmp_path / "run")
    assert run.finished
    assert not (run.folder / TRAINING_FOLDER).exists()
    model, _ = load_model(run.folder)
    assert sum(p.numel() for p in model.parameters()) == run.parameters
    table = read_table(run.predictions)
    assert run.data_card["counts"] == table["split"].value_counts().to_dict()
    for split, metrics in run.metrics.items():
        part = table[table["split"] == split]
        assert metrics["accuracy"] == pytest.approx((part["y"] == part["pred"]).mean())
    data = ["--checkpoint", str(run.folder), "--data", str(parquet)]
    assert main(["decompose", *data, "--out", str(tmp_path / "parts")]) == 0
    parts = [read_table(p) for p in sorted((tmp_path / "parts").glob("*.parquet"))]
    again = pd.concat(parts, ignore_index=True)
    pd.testing.assert_frame_equal(again, table, check_exact=False, atol=1e-6, rtol=1e-5)


def test_the_same_seed_gives_the_same_weights_and_settings_must_match(
    parquet: Path, tmp_path: Path
) -> None:
    one = learnt(parquet, tmp_path / "one", paradigm="joint")
    two = learnt(parquet, tmp_path / "two", paradigm="joint")
    other = learnt(parquet, tmp_path / "other", paradigm="joint", seed=1)
    assert one.weights_sha256 == two.weights_sha256 != other.weights_sha256
    assert learnt(parquet, tmp_path / "one", paradigm="joint") == one
    with pytest.raises(CheckpointError, match="other settings or data"):
        learnt(parquet, tmp_path / "one", paradigm="joint", lr_scale=2.0)
    assert learnt(parquet, tmp_path / "one", paradigm="joint", seed=1, overwrite=True).seed == 1


@pytest.mark.parametrize("stops", [(3, 20, 41), (60,)])
def test_a_training_that_is_stopped_within_epochs_ends_at_the_same_weights(
    parquet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stops: tuple[int, ...]
) -> None:
    """Stopped after so many stored steps of the models of folds and of the model itself."""
    expected = learnt(parquet, tmp_path / "whole")
    monkeypatch.setattr(loop, "PAUSE_SECONDS", 0.0)
    plain, within = FitState.save, []
    left = {"saves": 0}

    def save(state: FitState, path: Path, note: dict[str, Any]) -> None:
        plain(state, path, note)
        left["saves"] -= 1
        if not left["saves"]:
            within.append(state.step)
            raise Stopped

    monkeypatch.setattr(FitState, "save", save)
    for saves in stops:
        left["saves"] = saves
        with pytest.raises(Stopped):
            learnt(parquet, tmp_path / "run")
    assert any(within)
    left["saves"] = -1
    run = learnt(parquet, tmp_path / "run")
    assert run.weights_sha256 == expected.weights_sha256
    assert run.metrics == expected.metrics


@pytest.mark.parametrize("paradigm", ["joint", "dmil"])
def test_what_fits_into_memory_is_learnt_as_well_as_there(
    parquet: Path, tmp_path: Path, paradigm: str
) -> None:
    options: dict[str, Any] = {"paradigm": paradigm, "epochs_scale": 0.1}
    memory = train(load_dataset(SET), out=tmp_path / "memory", **options)
    streamed_ = learnt(parquet, tmp_path / "stream", **options)
    assert streamed_.config.stages == memory.config.stages
    a, b = (r.metrics["test"]["accuracy"] for r in (memory, streamed_))
    assert 0.7 < a < 1  # chance is 1/2
    assert abs(a - b) < 3 * np.sqrt(2 * a * (1 - a) / 600)
    if paradigm == "dmil":
        for name in (n for n in memory.metrics["test"] if n.startswith("mean_gate_")):
            gap = memory.metrics["test"][name] - streamed_.metrics["test"][name]
            assert abs(gap) < 0.1


def test_a_rule_that_needs_all_rows_is_refused(parquet: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="needs all training rows in memory"):
        learnt(parquet, tmp_path / "run", paradigm="pmr")


# --- the command ---------------------------------------------------------------------------------


def test_the_command_streams_when_asked(
    parquet: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    common = ["train", "--paradigm", "joint", "--epochs-scale", "0.02", "--quiet"]
    out = ["--out", str(tmp_path / "run")]
    assert main([*common, "--data", str(parquet), "--stream", *out]) == 0
    assert "test accuracy" in capsys.readouterr().out
    assert main([*common, "--data", "mfeat", "--stream", *out]) != 0
    assert "--stream expects one Parquet file" in capsys.readouterr().err
    assert main([*common, "--data", str(parquet), "--stream", "--map", "pca", *out]) != 0
    assert "--map needs all rows in memory" in capsys.readouterr().err


def test_the_command_streams_what_is_too_large(
    parquet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shuffled, "MAX_BYTES", 1000)
    common = ["train", "--paradigm", "joint", "--epochs-scale", "0.02", "--quiet"]
    folder = tmp_path / "run"
    assert main([*common, "--data", str(parquet), "--out", str(folder)]) == 0
    assert not list(tmp_path.glob("*.npz"))
