"""What version 1 wrote is read as today's, recognised as the same run, and never misread.

``version_1`` holds a run of QMF and what a run of DMIL left beside its weights, both trained on
``tiny`` by the last release of version 1, and the configurations of runs that this release shipped.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from dmil_core.checkpoint import RUN_FILE, Run, load_model, read_history, read_run
from dmil_core.config import CONFIG_VERSION, read_run_config, to_json
from dmil_core.data.catalog import load_dataset
from dmil_core.data.dataset import Dataset
from dmil_core.errors import CheckpointError, ConfigError
from dmil_core.experiments.compare import fingerprint
from dmil_core.inference.predict import predict
from dmil_core.io.paths import checkpoints_root
from dmil_core.io.tables import read_table
from dmil_core.migration import to_version_1
from dmil_core.paradigms import PARADIGMS
from dmil_core.training.loop import FitState
from dmil_core.training.run import STATE_FILE, TRAINING_FOLDER, plan, train
from tests.conftest import TINY_SCALE
from tests.core.builders import Stopped

OLD = Path(__file__).parent / "version_1"
SHIPPED = sorted(checkpoints_root().glob("*/*/seed*/run.json"))

#: Set and paradigm of shipped runs -> their configuration.
OF_VERSION_1: dict[str, Any] = json.loads((OLD / "configs.json").read_text("utf-8"))


def config_of(file: Path) -> dict[str, Any]:
    config: dict[str, Any] = json.loads(file.read_text("utf-8"))["config"]
    return config


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the run of QMF that may be changed."""
    return shutil.copytree(OLD / "qmf", tmp_path / "run")


# --- reading -------------------------------------------------------------------------------


def test_an_old_checkpoint_predicts_what_it_predicted(tiny: Dataset) -> None:
    model, run = load_model(OLD / "qmf")
    assert config_of(OLD / "qmf" / RUN_FILE)["version"] == 1
    assert run.config.version == CONFIG_VERSION
    assert run.config.stages[0].rule == "qmf"
    assert run.config.stages[0].losses == {"ce": 1.0, "ce_unimodal": 1.0}
    table = predict(model, run.config.model, tiny)
    stored = read_table(run.predictions)
    pd.testing.assert_frame_equal(table, stored, check_dtype=False, atol=1e-5)


@pytest.mark.parametrize("name", OF_VERSION_1)
def test_a_configuration_of_version_1_is_read_and_can_be_written_as_it_was(name: str) -> None:
    old = OF_VERSION_1[name]
    config = read_run_config(old)
    assert config.version == CONFIG_VERSION
    assert with_defaults_of(old, to_version_1(to_json(config))) == old


@pytest.mark.parametrize("file", SHIPPED, ids=lambda f: "/".join(f.parts[-4:-1]))
def test_every_shipped_run_is_read_and_can_be_written_as_it_was(file: Path) -> None:
    config, stored = to_json(read_run(file.parent).config), config_of(file)
    if stored["version"] == 1:
        assert with_defaults_of(stored, to_version_1(config)) == stored
    else:
        assert with_defaults_of(stored, config) == {**stored, "version": CONFIG_VERSION}
    assert {e["tokenizer"] for e in config["model"]["encoders"]} == {"words"}


#: Set and paradigm -> fingerprint of seed 0 on record. A change of the method may change that of
#: ``dmil``; no change of readers, tokenizers or formats may change any.
FINGERPRINTS = {
    ("emoji", "dmil"): "a149d9c487b2352f",
    ("emoji", "joint"): "c4bd4ebd6ffcdba1",
    ("shapes-qa", "dmil"): "fab20e1637d4630c",
    ("shapes-qa", "joint"): "4c8950bac5bdaac9",
    ("watch", "joint"): "02a38653adf713a0",
}


@pytest.mark.parametrize(("name", "paradigm"), FINGERPRINTS)
def test_runs_on_record_keep_their_fingerprint(name: str, paradigm: str) -> None:
    dataset = load_dataset(name)
    got = fingerprint(plan(dataset, paradigm, 0), dataset.digest)
    assert got == FINGERPRINTS[name, paradigm]


def with_defaults_of(wanted: Any, got: Any) -> Any:
    """``got`` without the fields that an early file left at their defaults."""
    if isinstance(wanted, dict) and isinstance(got, dict):
        return {k: with_defaults_of(wanted.get(k), v) for k, v in got.items() if k in wanted}
    if isinstance(wanted, list) and isinstance(got, list) and len(wanted) == len(got):
        return [with_defaults_of(w, g) for w, g in zip(wanted, got, strict=True)]
    return got


def test_names_of_losses_in_an_old_history_are_todays() -> None:
    first, *_, last = read_history(OLD / "dmil")
    assert set(first["val_terms"]) == {
        f"{family}_x{m}" for family in ("ce_known", "recon_input", "kl_intra") for m in (1, 2)
    }
    assert {"ce", "recon_components", "kl_consistency"} <= set(last["val_terms"])
    old = json.loads((OLD / "dmil" / "history.jsonl").read_text("utf-8").splitlines()[0])
    assert first["val_terms"]["recon_input_x2"] == old["val_terms"]["rebuild_2"]
    assert first["val_terms"]["kl_intra_x1"] == old["val_terms"]["kl_1"]


# --- the same run --------------------------------------------------------------------------


def test_a_finished_run_of_an_earlier_recipe_is_left_alone(folder: Path, tiny: Dataset) -> None:
    before = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    with pytest.raises(CheckpointError, match=r"with other settings or data; .*--out, or --over"):
        train(tiny, "qmf", 0, folder, epochs_scale=TINY_SCALE)
    assert {path: path.read_bytes() for path in before} == before
    assert read_run(folder).config.recipe == ""


def stopped(tiny: Dataset, out: Path, config: dict[str, Any]) -> None:
    """Leave an unfinished training of QMF as version 1 left it, with this configuration."""

    def stop(_: object) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        train(tiny, "qmf", 0, out, epochs_scale=TINY_SCALE, on_epoch=stop)
    path = out / TRAINING_FOLDER / STATE_FILE
    state, note = FitState.load(path)
    for epoch in state.history:
        terms = epoch["val_terms"]
        epoch["val_terms"] = {k.replace("_unimodal", ""): v for k, v in terms.items()}
    state.save(path, {**note, "config": config})


@pytest.mark.parametrize(
    "change", [{}, {"seed": 1}, {"stages": []}, {"version": 99}, {"model": None}]
)
def test_an_unfinished_training_of_other_settings_is_refused(
    tiny: Dataset, tmp_path: Path, change: dict[str, Any]
) -> None:
    stopped(tiny, tmp_path, {**config_of(OLD / "qmf" / RUN_FILE), **change})
    with pytest.raises(CheckpointError, match=r"unfinished training with other settings .*--over"):
        train(tiny, "qmf", 0, tmp_path, epochs_scale=TINY_SCALE)


@pytest.mark.parametrize("modalities", [2, 3])
@pytest.mark.parametrize("name", PARADIGMS)
def test_whatever_is_planned_today_can_be_written_and_read_as_version_1(
    name: str, modalities: int
) -> None:
    spec = {2: "switch:train=40,val=20,test=20", 3: "switch-three:train=40,val=20,test=20"}
    if modalities > PARADIGMS[name].most_modalities:
        pytest.skip("it reads two modalities")
    config = plan(load_dataset(spec[modalities]), name, 0)
    assert read_run_config(to_version_1(to_json(config))) == config


# --- faults --------------------------------------------------------------------------------


def test_the_faults_of_an_old_configuration_are_named() -> None:
    config = config_of(OLD / "dmil" / RUN_FILE)
    config["stages"][0]["lr"] = "x"
    config["stages"][1]["losses"]["rebuild_parts"] = None
    config["model"]["encoders"][1]["hidden"] = 0
    with pytest.raises(ConfigError) as error:
        read_run_config(config)
    assert "config.stages[0].lr: expected a number, got 'x'" in str(error.value)
    assert "config.stages[1].losses.recon_components: expected a number" in str(error.value)
    assert "config.model.encoders[1].hidden: expected an integer from 1 to 10^9, got 0" in str(
        error.value
    )


@pytest.mark.parametrize(
    "config",
    [
        {"version": 1},
        {"version": 1, "model": 5, "stages": "first"},
        {"version": 1, "model": {"encoders": 3}, "stages": [7, {"losses": [], "trainable": 1}]},
        {"version": 1, "model": {}, "stages": [{"losses": {"ce_x1": {}}, "watch": 3, "rule": []}]},
    ],
)
def test_what_is_no_old_configuration_is_an_error_in_words(config: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"config.*: (expected|the field)"):
        read_run_config(config)


@pytest.mark.parametrize("version", [CONFIG_VERSION + 1, 0, "1", True, None, 1.5])
def test_another_version_is_refused_as_a_whole(folder: Path, version: object) -> None:
    data = json.loads((folder / RUN_FILE).read_text("utf-8"))
    data["config"]["version"] = version
    (folder / RUN_FILE).write_text(json.dumps(data))
    with pytest.raises(CheckpointError, match=r"config\.version: expected at most 4, got"):
        read_run(folder)


def test_a_new_run_is_written_in_the_new_version(tiny_runs: dict[str, Run]) -> None:
    config = config_of(tiny_runs["dmil"].folder / RUN_FILE)
    assert config["version"] == CONFIG_VERSION
    assert "recon_input" in config["stages"][0]["losses"]
