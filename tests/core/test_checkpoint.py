"""Damaged, tampered and foreign checkpoints: each is refused with what is wrong."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from torch import Tensor

import dmil_core
from dmil_core.checkpoint import (
    MODEL_FILE,
    RUN_FILE,
    Run,
    check_fits,
    default_folder,
    find_runs,
    load_model,
    read_history,
    read_run,
)
from dmil_core.data.catalog import load_dataset
from dmil_core.data.dataset import Dataset
from dmil_core.errors import CheckpointError
from dmil_core.io.atomic import file_digest
from tests.core.builders import write_mixed


@pytest.fixture
def folder(tiny_runs: dict[str, Run], tmp_path: Path) -> Path:
    """A copy of a dmil checkpoint, to be damaged."""
    return shutil.copytree(tiny_runs["dmil"].folder, tmp_path / "tiny" / "dmil" / "seed0")


def edit(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change run.json in place."""
    path = folder / RUN_FILE
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))


def refused(folder: Path, says: str) -> None:
    """Loading fails in words, and the list of runs goes on with them."""
    with pytest.raises(CheckpointError, match=says) as error:
        load_model(folder)
    assert "\n" not in str(error.value)


# --- a sound one ---------------------------------------------------------------------------


def test_run_json_says_what_the_run_is(folder: Path) -> None:
    run = read_run(folder)
    data = json.loads((folder / RUN_FILE).read_text())
    assert data["version"] == run.version == 1
    assert data["config"]["paradigm"] == run.paradigm == "dmil"
    assert data["weights_sha256"] == file_digest(folder / MODEL_FILE)
    assert run.data_card["classes"] == list(run.classes)


def test_a_checkpoint_can_be_moved(folder: Path, tmp_path: Path) -> None:
    other = folder.rename(tmp_path / "elsewhere")
    model, run = load_model(other)
    assert run.folder == other
    assert not model.training


def test_default_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DMIL_CHECKPOINTS", str(tmp_path))
    assert default_folder("mfeat", "joint", 3) == tmp_path / "mfeat" / "joint" / "seed3"


# --- weights -------------------------------------------------------------------------------


@pytest.mark.parametrize("place", [0, 9, 200, 0.5, -1])
def test_a_flipped_byte_in_the_weights_is_noticed(folder: Path, place: float) -> None:
    weights = folder / MODEL_FILE
    content = bytearray(weights.read_bytes())
    content[int(place * len(content)) if isinstance(place, float) else int(place)] ^= 1
    weights.write_bytes(content)
    refused(folder, r"model\.safetensors is not the file run\.json speaks of: its sha256 differs")


@pytest.mark.parametrize("keep", [0, 4, 1000])
def test_truncated_weights_are_noticed(folder: Path, keep: int) -> None:
    weights = folder / MODEL_FILE
    weights.write_bytes(weights.read_bytes()[:keep])
    refused(folder, "truncated or changed afterwards.*--overwrite")


def test_missing_weights_are_noticed(folder: Path) -> None:
    (folder / MODEL_FILE).unlink()
    refused(folder, r"model\.safetensors is missing")


@pytest.mark.parametrize("content", [b"", b"not safetensors at all", b"\xff" * 64], ids=len)
def test_weights_that_are_no_safetensors_with_a_digest_to_match(
    folder: Path, content: bytes
) -> None:
    """Whoever can write the weights can also write their digest."""
    (folder / MODEL_FILE).write_bytes(content)
    edit(folder, lambda d: d.update(weights_sha256=file_digest(folder / MODEL_FILE)))
    refused(folder, "not a safetensors file")


def _changed_weights(folder: Path, change: Callable[[Tensor], Tensor]) -> str:
    """Change one tensor of a checkpoint and the digest with it; returns the tensor's name."""
    tensors = load_file(folder / MODEL_FILE)
    name = max((n for n in tensors if ".decoder." not in n), key=lambda n: tensors[n].numel())
    tensors[name] = change(tensors[name])
    save_file(tensors, folder / MODEL_FILE)
    edit(folder, lambda d: d.update(weights_sha256=file_digest(folder / MODEL_FILE)))
    return name


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_weights_that_are_not_finite_are_refused_with_the_tensor_s_name(
    folder: Path, value: float
) -> None:
    def change(tensor: Tensor) -> Tensor:
        tensor.view(-1)[1] = value
        return tensor

    name = _changed_weights(folder, change)
    refused(folder, rf"1 of [\d,]+ values of {re.escape(name)} are NaN or infinite")


@pytest.mark.parametrize(
    "dtype",
    [torch.int8, torch.bool, torch.complex64, torch.float64, torch.float16, torch.bfloat16],
)
def test_weights_of_another_type_are_refused_with_the_tensor_s_name(
    folder: Path, dtype: torch.dtype
) -> None:
    name = _changed_weights(folder, lambda t: t.to(dtype))
    got = str(dtype).removeprefix("torch.")
    refused(folder, f"{re.escape(name)} has the type {got}, expected float32")


@pytest.mark.parametrize("kind", ["pipe", "device"])
@pytest.mark.parametrize("name", ["history.jsonl", MODEL_FILE, RUN_FILE])
def test_a_file_that_never_ends_is_refused_at_once(folder: Path, name: str, kind: str) -> None:
    path = folder / name
    path.unlink()
    os.mkfifo(path) if kind == "pipe" else path.symlink_to("/dev/zero")
    with pytest.raises(CheckpointError, match=f"{re.escape(name)} is a {kind}"):
        read_history(folder) if name == "history.jsonl" else load_model(folder)


def test_weights_of_another_architecture_do_not_fit(
    folder: Path, tiny_runs: dict[str, Run]
) -> None:
    shutil.copy(tiny_runs["joint"].folder / MODEL_FILE, folder / MODEL_FILE)
    edit(folder, lambda d: d.update(weights_sha256=tiny_runs["joint"].weights_sha256))
    refused(folder, r"the weights do not fit .* Missing key\(s\) in state_dict")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda m: m.update(latent_size=7), "size mismatch"),
        (lambda m: m["encoders"][0].update(shape=[5]), "size mismatch"),
        (lambda m: m["encoders"][0].update(kind="cnn1d"), "do not fit"),
        (lambda m: m["encoders"][0].update(kind="mine"), "'mine' is not known here"),
        (
            lambda m: m["encoders"][1].update(hidden=-4),
            r"encoders\[1\].hidden: expected an integer from 1",
        ),
        (
            lambda m: m["encoders"][1].update(kind="cnn2d", shape=[]),
            r"shape: expected at least one size",
        ),
        (lambda m: m["encoders"][1].update(kind="transformer", shape=[1]), "do not fit"),
        (lambda m: m.update(architecture="joint"), "do not fit"),
    ],
)
def test_a_config_the_weights_do_not_fit_is_refused(
    folder: Path, change: Callable[[dict[str, Any]], object], says: str
) -> None:
    edit(folder, lambda d: change(d["config"]["model"]))
    refused(folder, says)


# --- run.json ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: d.update(version=4), "expected version 1 to 3, got 4"),
        (lambda d: d.update(version="1"), "expected version 1 to 3, got '1'"),
        (lambda d: d.pop("version"), "expected version 1 to 3, got None"),
        (lambda d: d["config"].update(version=9), "config.version: expected at most 4, got 9"),
        (lambda d: d.pop("finished"), "missing or unknown field finished"),
        (lambda d: d.pop("weights_sha256"), "missing or unknown field weights_sha256"),
        (lambda d: d.update(colour="red"), "missing or unknown field colour"),
        (lambda d: d["config"].update(colour="red"), "config: unknown field 'colour'"),
        (lambda d: d["config"].pop("stages"), "config: the field 'stages' is missing"),
        (lambda d: d.update(finished="yes"), "finished: expected true or false, got 'yes'"),
        (lambda d: d.update(classes=["a"]), "number of classes: expected 1, got 3"),
        (lambda d: d["config"]["model"].update(classes=4), "classes: expected 3, got 4"),
        (lambda d: d.update(data_card={}), "card"),
        (lambda d: d["data_card"].update(version=0), "card has version 0"),
        (lambda d: d["data_card"].update(classes=["a", "b"]), "card: expected 3, got 2"),
        (lambda d: d.update(metrics={"test": 0.5}), "metrics.test: expected an object"),
    ],
)
def test_a_field_that_does_not_fit_is_named(
    folder: Path, change: Callable[[dict[str, Any]], object], says: str
) -> None:
    edit(folder, change)
    with pytest.raises(CheckpointError, match=re.escape(says)):
        read_run(folder)
    with pytest.raises(CheckpointError, match=re.escape(says)):
        load_model(folder)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[]", b"null", b'"text"', b"12"])
def test_a_run_json_that_is_no_object_is_refused(folder: Path, content: bytes) -> None:
    (folder / RUN_FILE).write_bytes(content)
    with pytest.raises(CheckpointError, match=r"run\.json"):
        read_run(folder)


def test_a_truncated_run_json_is_refused_wherever_it_ends(folder: Path) -> None:
    path = folder / RUN_FILE
    whole = path.read_bytes()
    for keep in range(0, len(whole.rstrip()) - 1, 211):
        path.write_bytes(whole[:keep])
        with pytest.raises(CheckpointError, match=r"is damaged: .*--overwrite"):
            read_run(folder)


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    refused(tmp_path, r"is not a checkpoint: it has no run\.json")
    refused(tmp_path / "nowhere", r"is not a checkpoint: it has no run\.json")


leaves = st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | st.text(max_size=5)
values = leaves | st.lists(leaves, max_size=3) | st.dictionaries(st.text(max_size=5), leaves)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_run_json_holds_loading_works_or_says_why(
    tiny_runs: dict[str, Run], folder: Path, data: st.DataObject
) -> None:
    content = json.loads((tiny_runs["dmil"].folder / RUN_FILE).read_text())
    target: Any = content
    while True:
        keys = sorted(target) if isinstance(target, dict) else list(range(len(target)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(target[key], dict | list) or not target[key] or data.draw(st.booleans()):
            break
        target = target[key]
    target[key] = data.draw(values)
    (folder / RUN_FILE).write_text(json.dumps(content))
    try:
        model, _ = load_model(folder)
    except CheckpointError:
        return
    # What loads has all the weights it was saved with.
    saved, _ = load_model(tiny_runs["dmil"].folder)
    for name, value in saved.state_dict().items():
        assert torch.equal(model.state_dict()[name], value)


# --- another data set ----------------------------------------------------------------------


def test_its_own_set_fits(tiny_runs: dict[str, Run], tiny: Dataset) -> None:
    check_fits(tiny_runs["dmil"], tiny)
    check_fits(tiny_runs["dmil"], replace(tiny, x1=tiny.x1 + 1))


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("switch:classes=2,block=4,train=50,val=20,test=20",
         r"classes: the checkpoint has 3 \(class 0, class 1, class 2\), the data 2 "),
        ("switch:classes=3,block=5,train=50,val=20,test=20",
         r"x1: .* reads shape \(12,\), the data has \(15,\); x2: .* reads shape \(12,\)"),
    ],
)  # fmt: skip
def test_a_set_that_does_not_fit_is_told_every_difference(
    tiny_runs: dict[str, Run], spec: str, says: str
) -> None:
    with pytest.raises(CheckpointError, match=says) as error:
        check_fits(tiny_runs["dmil"], load_dataset(spec))
    assert spec.split(":")[0] in str(error.value)
    assert "Train on this data, or choose a checkpoint of it" in str(error.value)


def test_kinds_are_compared(tiny_runs: dict[str, Run], tmp_path: Path) -> None:
    mixed = load_dataset(write_mixed(tmp_path / "mixed.npz", card=True))
    says = r"classes: .*; x1: the checkpoint reads vector, the data is sequence; x2: .* is text"
    with pytest.raises(CheckpointError, match=says):
        check_fits(tiny_runs["dmil"], mixed)


# --- a folder of checkpoints ---------------------------------------------------------------


def test_damaged_folders_are_listed_with_their_fault_beside_sound_ones(
    tiny_root: Path, tmp_path: Path
) -> None:
    root = shutil.copytree(tiny_root, tmp_path / "root")
    (root / "tiny" / "joint" / "seed0" / RUN_FILE).unlink()
    (root / "tiny" / "ensemble" / "seed0" / MODEL_FILE).write_bytes(b"")
    for name in ("seedling", "seed", "notes"):
        (root / "tiny" / "dmil" / name).mkdir()
        (root / "tiny" / "dmil" / name / "file").write_text("")
    (root / "tiny" / "dmil" / "seed7").mkdir()
    (root / "tiny" / "readme.txt").write_text("")
    result = {(e.set_name, e.paradigm, e.seed): e for e in find_runs(root)}
    assert set(result) == {("tiny", p, 0) for p in ("joint", "ensemble", "dmil", "dmil-paper")}
    assert "has no run.json" in str(result["tiny", "joint", 0].error)
    assert "sha256 differs" in str(result["tiny", "ensemble", 0].error)
    for name in ("dmil", "dmil-paper"):
        entry = result["tiny", name, 0]
        assert entry.error is None
        assert entry.run is not None
        assert entry.run.paradigm == name


def test_no_folder_no_runs(tmp_path: Path) -> None:
    assert find_runs(tmp_path) == ()
    assert find_runs(tmp_path / "nowhere") == ()


# --- no pickle -----------------------------------------------------------------------------


def test_nothing_here_ever_unpickles() -> None:
    """np.load is allowed without pickles only; torch.load and pickle not at all."""
    forbidden = re.compile(
        r"\btorch\.(load|save)\b|\bimport pickle\b|\bpickle\.|\bjoblib\b|\bdill\b|\bshelve\b"
        r"|allow_pickle\s*=\s*True|\bread_pickle\b|\bnp\.load\b(?!.*allow_pickle=False)|\beval\("
        r"|\bexec\("
    )
    root = Path(dmil_core.__file__).parent
    sources = sorted(root.rglob("*.py"))
    assert len(sources) > 20
    result = [
        f"{path.relative_to(root)}:{n}: {line.strip()}"
        for path in sources
        for n, line in enumerate(path.read_text("utf-8").splitlines(), start=1)
        if forbidden.search(line) and ".eval()" not in line
    ]
    assert result == []


def test_a_checkpoint_folder_holds_no_pickle(tiny_runs: dict[str, Run]) -> None:
    for run in tiny_runs.values():
        for path in run.folder.iterdir():
            # Pickles of protocol 2 and later start so; zip archives are what torch.save writes.
            assert not path.read_bytes().startswith((b"\x80", b"PK"))
