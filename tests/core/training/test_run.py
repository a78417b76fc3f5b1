"""One run from beginning to end, and every way it can be stopped on the way."""

from __future__ import annotations

import json
import math
import shutil
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dmil_core import checkpoint
from dmil_core.checkpoint import Run, find_runs, load_model, read_run, verify
from dmil_core.cli import main
from dmil_core.data.catalog import load_dataset
from dmil_core.data.dataset import Dataset
from dmil_core.errors import BusyError, CheckpointError, ConfigError
from dmil_core.io.atomic import exclusive
from dmil_core.io.tables import read_table
from dmil_core.training.loop import Report
from dmil_core.training.run import TRAINING_FOLDER, Interrupted, choose_device, train
from tests.conftest import PARADIGM_NAMES, TINY, TINY_SCALE
from tests.core.builders import Stopped
from tests.core.processes import standing_still

#: A piece of each stage's title on the progress bar. The third fold proves that two are stored.
STAGES = {"out-of-fold": "out-of-fold 3/3", "1": "stage 1 ", "2": "stage 2 ", "3": "stage 3 "}


def again(dataset: Dataset, folder: Path, **options: object) -> Run:
    """The run that the fixture ``tiny_runs`` made of dmil."""
    settings = {"paradigm": "dmil", "epochs_scale": TINY_SCALE, **options}
    return train(dataset, out=folder, **settings)  # type: ignore[arg-type]


def stop_at(stage: str, error: type[BaseException]) -> Callable[[Report], None]:
    """Raise after the first epoch of a stage (its title on the progress bar)."""

    def on_epoch(report: Report) -> None:
        if STAGES[stage] in f"stage {report.title} ":
            raise error

    return on_epoch


def assert_no_checkpoint(folder: Path) -> None:
    """Nothing under the name of a checkpoint can be read here."""
    with pytest.raises(CheckpointError, match=r"is not a checkpoint: it has no run\.json"):
        read_run(folder)
    with pytest.raises(CheckpointError, match=r"continues when the same command is run again"):
        load_model(folder)
    assert not (folder / checkpoint.MODEL_FILE).exists()
    assert not (folder / checkpoint.PREDICTIONS_FILE).exists()


# --- a run that nothing stops --------------------------------------------------------------


@pytest.mark.parametrize("name", PARADIGM_NAMES)
def test_a_finished_folder_holds_the_checkpoint_and_nothing_else(
    tiny_runs: dict[str, Run], tiny: Dataset, name: str
) -> None:
    run = tiny_runs[name]
    visible = {p.name for p in run.folder.iterdir() if p.name != ".lock"}
    assert visible == {"model.safetensors", "run.json", "history.jsonl", "predictions.parquet"}
    assert verify(run.folder) == run
    assert run.finished
    assert (run.paradigm, run.seed) == (name, 0)
    assert (run.data_name, run.data_digest) == (tiny.name, tiny.digest)
    assert run.classes == tiny.classes
    assert {"dmil_core", "torch", "numpy", "safetensors"} <= set(run.packages)
    assert run.seconds > 0
    history = [json.loads(line) for line in run.history.read_text().splitlines()]
    assert {h["stage"] for h in history} == {s.name for s in run.config.stages}
    assert all(np.isfinite([h["loss"], h["val_loss"], h["val_accuracy"]]).all() for h in history)


@pytest.mark.parametrize("name", PARADIGM_NAMES)
def test_parameters_are_the_weights_of_the_loaded_model(
    tiny_runs: dict[str, Run], name: str
) -> None:
    model, run = load_model(tiny_runs[name].folder)
    assert run.parameters == sum(p.numel() for p in model.parameters())
    assert not model.training


@pytest.mark.parametrize("name", PARADIGM_NAMES)
def test_metrics_are_those_of_the_table_beside_them(tiny_runs: dict[str, Run], name: str) -> None:
    run = tiny_runs[name]
    table = read_table(run.predictions)
    assert set(run.metrics) == {"train", "val", "test"}
    for split, metrics in run.metrics.items():
        rows = table[table["split"] == split]
        assert metrics["accuracy"] == pytest.approx((rows["y"] == rows["pred"]).mean())
    assert ("gate_agreement" in run.metrics["test"]) == name.startswith("dmil")


def test_a_finished_run_is_not_trained_again(tiny_runs: dict[str, Run], tiny: Dataset) -> None:
    def never(_: Report) -> None:
        raise AssertionError

    assert again(tiny, tiny_runs["dmil"].folder, on_epoch=never) == tiny_runs["dmil"]


def test_the_same_seed_gives_the_same_weights_and_another_does_not(
    tiny_runs: dict[str, Run], tiny: Dataset, tmp_path: Path
) -> None:
    same = again(tiny, tmp_path / "same")
    assert same.weights_sha256 == tiny_runs["dmil"].weights_sha256
    assert same.metrics == tiny_runs["dmil"].metrics
    other = again(tiny, tmp_path / "other", seed=1)
    assert other.weights_sha256 != same.weights_sha256


@pytest.mark.parametrize("name", ["dmil", "joint"])
def test_test_rows_never_reach_the_weights(
    tiny_runs: dict[str, Run], tiny: Dataset, tmp_path: Path, name: str
) -> None:
    rows = tiny.rows("test")
    x1, x2, y = tiny.x1.copy(), tiny.x2.copy(), tiny.y.copy()
    x1[rows], x2[rows] = 1e6, -1e6
    y[rows] = (y[rows] + 1) % 3
    corrupted = replace(tiny, x1=x1, x2=x2, y=y)
    run = again(corrupted, tmp_path, paradigm=name)
    assert run.weights_sha256 == tiny_runs[name].weights_sha256
    assert run.data_digest != tiny.digest


def test_a_single_training_row_does(
    tiny_runs: dict[str, Run], tiny: Dataset, tmp_path: Path
) -> None:
    """The counterpart: the test above would also pass if nothing but the seed counted."""
    x1 = tiny.x1.copy()
    x1[tiny.rows("train")[0]] *= 2.0
    run = again(replace(tiny, x1=x1), tmp_path, paradigm="joint")
    assert run.weights_sha256 != tiny_runs["joint"].weights_sha256


def test_pure_synergy_is_learnt_by_joint_and_dmil_and_by_no_ensemble(
    tmp_path: Path,
) -> None:
    data = load_dataset(
        "switch:classes=2,noise=0.2,block=2,shares=0/0/0/1,train=400,val=200,test=400"
    )
    result = {
        name: train(data, name, 0, tmp_path / name, epochs_scale=scale).metrics["test"]["accuracy"]
        for name, scale in (("joint", 0.2), ("dmil", 0.15), ("ensemble", 0.1))
    }
    assert result["joint"] > 0.98
    assert result["dmil"] > 0.98
    # A sum of what each input says is right on at most three of XOR's four cells.
    assert result["ensemble"] < 0.8


# --- stopped from the keyboard -------------------------------------------------------------


@pytest.mark.parametrize("stage", STAGES)
def test_ctrl_c_leaves_a_loadable_state_and_the_same_command_finishes(
    tiny_runs: dict[str, Run], tiny: Dataset, tmp_path: Path, stage: str
) -> None:
    folder = tmp_path / "tiny" / "dmil" / "seed0"
    with pytest.raises(Interrupted, match="holds the last state") as stopped:
        again(tiny, folder, on_epoch=stop_at(stage, KeyboardInterrupt))
    run = stopped.value.run
    assert not run.finished
    assert verify(folder) == run
    model, _ = load_model(folder)
    assert sum(p.numel() for p in model.parameters()) == run.parameters
    assert len(read_table(run.predictions)) == len(tiny)
    assert [e.run for e in find_runs(tmp_path)] == [run]

    finished = again(tiny, folder)
    assert finished.finished
    assert finished.weights_sha256 == tiny_runs["dmil"].weights_sha256
    assert finished.metrics == tiny_runs["dmil"].metrics
    assert not (folder / TRAINING_FOLDER).exists()


def test_sigint_exits_130_and_says_how_to_go_on(
    tiny_runs: dict[str, Run], tiny: Dataset, tmp_path: Path
) -> None:
    arguments = ["--data", TINY, "--epochs-scale", str(TINY_SCALE), "--out", str(tmp_path)]
    with standing_still("epoch", STAGES["3"], "train", *arguments) as process:
        process.send_signal(signal.SIGINT)
        _, rest = process.communicate(timeout=60)
    assert process.returncode == 130
    last = rest.decode().strip().splitlines()[-1]
    assert last.endswith("holds the last state. Run the same command again to go on")
    assert "Traceback" not in rest.decode()
    assert not read_run(tmp_path).finished
    load_model(tmp_path)
    assert main(["train", *arguments, "--quiet"]) == 0
    assert read_run(tmp_path).weights_sha256 == tiny_runs["dmil"].weights_sha256


# --- killed --------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", STAGES)
def test_kill_9_leaves_no_checkpoint_and_the_same_command_finishes(
    tiny_runs: dict[str, Run], tiny: Dataset, tmp_path: Path, stage: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    folder = tmp_path / "tiny" / "dmil" / "seed0"
    arguments = ["--data", TINY, "--epochs-scale", str(TINY_SCALE), "--out", str(folder)]
    with standing_still("epoch", STAGES[stage], "train", *arguments) as process:
        if stage == "out-of-fold":  # a second training, while the first is under way
            assert main(["train", *arguments]) == 2
            error = capsys.readouterr().err
            assert error.count("\n") == 1
            assert error.startswith(f"dmil: another process is writing to {folder}; wait")
        process.kill()
        process.wait(timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert_no_checkpoint(folder)
    assert find_runs(tmp_path) == ()

    learnt: list[str] = []
    run = again(tiny, folder, on_epoch=lambda report: learnt.append(report.title))
    assert run.finished
    assert run.weights_sha256 == tiny_runs["dmil"].weights_sha256
    assert run.metrics == tiny_runs["dmil"].metrics
    assert run.history.read_bytes() == tiny_runs["dmil"].history.read_bytes()
    # It went on: folds that were finished are not learnt again.
    assert not any("out-of-fold 1/3" in title for title in learnt)


@pytest.mark.parametrize("file", ["predictions.parquet", "model.safetensors", "run.json"])
def test_kill_9_with_a_file_half_in_place(
    tiny_runs: dict[str, Run], tiny: Dataset, tmp_path: Path, file: str
) -> None:
    arguments = ["--data", TINY, "--epochs-scale", str(TINY_SCALE), "--out", str(tmp_path)]
    line = ["train", "--paradigm", "joint", *arguments]
    with standing_still("file", file, *line) as process:
        process.kill()
        process.wait(timeout=60)
    assert not (tmp_path / file).exists()
    with pytest.raises(CheckpointError, match=r"it has no run\.json"):
        load_model(tmp_path)
    run = again(tiny, tmp_path, paradigm="joint")
    assert run.weights_sha256 == tiny_runs["joint"].weights_sha256
    assert len(read_table(run.predictions)) == len(tiny)


def test_kill_9_when_all_is_done_but_the_state_is_there(tiny: Dataset, tmp_path: Path) -> None:
    run = again(tiny, tmp_path, paradigm="joint")
    (tmp_path / TRAINING_FOLDER).mkdir()
    (tmp_path / TRAINING_FOLDER / "state.safetensors").write_bytes(b"megabytes")
    assert again(tiny, tmp_path, paradigm="joint") == run
    assert not (tmp_path / TRAINING_FOLDER).exists()


@pytest.mark.parametrize("file", [checkpoint.RUN_FILE, checkpoint.HISTORY_FILE])
@pytest.mark.parametrize("interrupted_before", [False, True])
def test_a_fault_while_the_checkpoint_is_written(
    tiny_runs: dict[str, Run], tiny: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    file: str, interrupted_before: bool,
) -> None:  # fmt: skip
    """Also over an older state's checkpoint, whose run.json must not vouch for new weights."""
    if interrupted_before:
        with pytest.raises(Interrupted):
            again(tiny, tmp_path, on_epoch=stop_at("2", KeyboardInterrupt))
    writer = {checkpoint.RUN_FILE: "write_json", checkpoint.HISTORY_FILE: "write_lines"}[file]

    def fault(*_: object) -> None:
        raise Stopped

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, writer, fault)
        with pytest.raises(Stopped):
            again(tiny, tmp_path)
    with pytest.raises(CheckpointError, match=r"it has no run\.json"):
        load_model(tmp_path)
    run = again(tiny, tmp_path)
    assert run.weights_sha256 == tiny_runs["dmil"].weights_sha256


@pytest.mark.parametrize("change", [{"seed": 1}, {"epochs_scale": 0.06}, {"paradigm": "joint"}])
def test_folds_of_a_killed_run_are_not_taken_for_those_of_another(
    tiny: Dataset, tmp_path: Path, change: dict[str, object]
) -> None:
    with pytest.raises(Stopped):
        again(tiny, tmp_path, on_epoch=stop_at("out-of-fold", Stopped))
    with pytest.raises(CheckpointError, match="unfinished training with other settings or data"):
        again(tiny, tmp_path, **change)


def test_folds_of_a_killed_run_are_not_taken_for_those_of_other_data(
    tiny: Dataset, tmp_path: Path
) -> None:
    with pytest.raises(Stopped):
        again(tiny, tmp_path, on_epoch=stop_at("out-of-fold", Stopped))
    other = replace(tiny, x1=tiny.x1 + 1.0)
    with pytest.raises(CheckpointError, match="unfinished training with other settings or data"):
        again(other, tmp_path)
    clean = again(other, tmp_path / "clean")
    assert again(other, tmp_path, overwrite=True).weights_sha256 == clean.weights_sha256


# --- a folder in use -----------------------------------------------------------------------


def copy_of(run: Run, folder: Path) -> Path:
    shutil.copytree(run.folder, folder, dirs_exist_ok=True)
    return folder


def test_a_folder_with_another_run_is_refused_unless_overwritten(
    tiny_runs: dict[str, Run], tiny: Dataset, tmp_path: Path
) -> None:
    folder = copy_of(tiny_runs["joint"], tmp_path)
    (folder / checkpoint.PROJECTION_FILE).write_bytes(b"the old map")
    with pytest.raises(CheckpointError, match=r"a run of 'joint' on .* other settings"):
        again(tiny, folder, paradigm="ensemble")
    assert verify(folder).paradigm == "joint"
    run = again(tiny, folder, paradigm="ensemble", overwrite=True)
    assert run.weights_sha256 == tiny_runs["ensemble"].weights_sha256
    assert not (folder / checkpoint.PROJECTION_FILE).exists()


def test_a_damaged_folder_says_how_to_train_it_again(
    tiny_runs: dict[str, Run], tiny: Dataset, tmp_path: Path
) -> None:
    folder = copy_of(tiny_runs["joint"], tmp_path)
    (folder / checkpoint.MODEL_FILE).write_bytes(b"")
    with pytest.raises(CheckpointError, match="--overwrite"):
        again(tiny, folder, paradigm="joint")
    run = again(tiny, folder, paradigm="joint", overwrite=True)
    assert run.weights_sha256 == tiny_runs["joint"].weights_sha256


def test_a_folder_that_is_held_is_refused(tiny: Dataset, tmp_path: Path) -> None:
    with exclusive(tmp_path), pytest.raises(BusyError):
        again(tiny, tmp_path)


# --- bad arguments -------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan"), float("inf"), 1e9])
def test_an_absurd_number_of_epochs_is_refused(tiny: Dataset, tmp_path: Path, scale: float) -> None:
    with pytest.raises(ConfigError, match=r"epochs scale .*: expected a number above 0"):
        again(tiny, tmp_path / "new", epochs_scale=scale)
    assert not (tmp_path / "new").exists()


def test_a_typo_leaves_the_folder_free_for_the_right_command(tiny: Dataset, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="encoder 'mpl' is not known"):
        again(tiny, tmp_path, paradigm="joint", encoders=("mpl", None))
    assert again(tiny, tmp_path, paradigm="joint", encoders=("mlp", None)).finished


def test_runs_that_share_out_of_fold_models_train_them_once(tiny: Dataset, tmp_path: Path) -> None:
    shared, seen = tmp_path / "shared", []
    alone = train(tiny, "dmil", 0, tmp_path / "alone", epochs_scale=0.02)
    for name in ("dmil", "dmil-fc"):
        stages: list[str] = []
        run = train(
            tiny, name, 0, tmp_path / name, epochs_scale=0.02, out_of_fold=shared,
            on_epoch=lambda report, stages=stages: stages.append(report.stage),
        )  # fmt: skip
        seen.append("out-of-fold" in stages)
        if name == "dmil":
            assert run.weights_sha256 == alone.weights_sha256
    assert seen == [True, False]


def test_out_of_fold_models_of_another_seed_are_refused(tiny: Dataset, tmp_path: Path) -> None:
    train(tiny, "dmil", 0, tmp_path / "a", epochs_scale=0.02, out_of_fold=tmp_path / "t")
    with pytest.raises(CheckpointError, match="out-of-fold models of other data, encoders or an"):
        train(tiny, "dmil", 1, tmp_path / "b", epochs_scale=0.02, out_of_fold=tmp_path / "t")


@pytest.mark.parametrize("scale", [0.0, -1.0, math.nan, math.inf])
def test_an_absurd_learning_rate_is_refused(tiny: Dataset, tmp_path: Path, scale: float) -> None:
    with pytest.raises(ConfigError, match="learning rate scale"):
        train(tiny, "joint", 0, tmp_path / "x", lr_scale=scale)


def test_devices() -> None:
    import torch

    assert choose_device("cpu").type == "cpu"
    assert choose_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")
    with pytest.raises(ConfigError, match="'tpu': expected auto, cpu or cuda"):
        choose_device("tpu")
    if not torch.cuda.is_available():
        with pytest.raises(ConfigError, match="no usable GPU"):
            choose_device("cuda")
