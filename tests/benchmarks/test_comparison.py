"""The command of the comparison: which sets it takes, what it prints, and where its records are."""

from __future__ import annotations

import json
import shutil
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from benchmarks import comparison, corruption, dominance
from benchmarks.study import Record
from dmil_core.data.catalog import load_dataset
from dmil_core.experiments import compare, scoreboard, tuning
from dmil_core.experiments.compare import TUNING_SEED, fingerprint, read_results
from dmil_core.io.atomic import write_lines
from dmil_core.training.run import plan
from tests import records

MEANS = {"dmil": 0.9, "joint": 0.8}
SPEC = "switch:classes=2,noise=0.4,block=2,train=80,val=40,test=60"
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Records of a set that was tuned on and of one that was not."""
    monkeypatch.setenv("DMIL_CHECKPOINTS", str(tmp_path))
    records.write([*records.runs("emoji", MEANS), *records.runs("diamonds", MEANS)], tmp_path)


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize(
    ("arguments", "shown", "hidden", "targets"),
    [((), "emoji", "diamonds", 10), (("--held-out",), "diamonds", "emoji", 5)],
)
def test_held_out_sets_are_shown_apart(
    arguments: tuple[str, ...], shown: str, hidden: str, targets: int,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(sys, "argv", ["comparison", "--show", *arguments])
    assert comparison.main() == 0
    printed = capsys.readouterr().out
    assert f"average rank over {shown}\n" in printed
    assert hidden not in printed
    assert printed.count("\nopen: ") == targets


def test_held_out_sets_cannot_be_mixed_with_others(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["comparison", "--held-out", "--data", "emoji"])
    with pytest.raises(SystemExit, match="2"):
        comparison.main()
    assert "not allowed with" in capsys.readouterr().err


def call(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["comparison", *arguments])
    return comparison.main()


@pytest.mark.usefixtures("recorded")
def test_records_in_another_folder_are_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    records.write(records.runs("watch", MEANS), tmp_path / "other")
    assert call(monkeypatch, "--show", "--records", str(tmp_path / "other")) == 0
    printed = capsys.readouterr().out
    assert "average rank over watch\n" in printed
    assert "emoji" not in printed.partition("\n\n")[0]


def test_what_needs_a_model_is_measured_when_it_is_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def quick(*arguments: Any, **options: Any) -> Any:
        return compare.compare(*arguments, **options | {"epochs_scale": 0.1, "tune": False})

    monkeypatch.setattr(comparison, "compare", quick)
    monkeypatch.setattr(corruption, "SETS", (SPEC,))
    monkeypatch.setattr(dominance, "SETTINGS", {"tiny": SPEC})
    a = Namespace(paradigms=["joint", "multi-loss"], seeds=1, epochs_scale=0.1)
    a.jobs, a.engine, a.address = 1, "local", None
    a.out, a.records = tmp_path / "out", tmp_path / "kept"
    comparison.run_set(SPEC, a.records, a)
    path = a.records / SPEC / "results.jsonl"
    assert [r["paradigm"] for r in read_results(path)] == [
        "ensemble", "joint", "multi-loss", "product",
    ]  # fmt: skip
    curves, rows = (
        Record(study, a.records / study.shipped.name)
        for study in (corruption.STUDY, dominance.STUDY)
    )
    # Of the paradigms that these benchmarks are about, and by the settings that they look for.
    assert {r["paradigm"] for r in curves.runs} == {"ensemble", "joint"}
    assert curves.settings == {corruption.settings_of(SPEC, p, 0, a) for p in ("ensemble", "joint")}
    assert [r["paradigm"] for r in rows.runs] == ["ensemble", "joint"]
    both = Namespace(**vars(a) | {"paradigms": ["joint"]})
    assert rows.settings == dominance.unit_of("tiny", 0, both, frozenset()).settings
    # On another day the models are gone: with what is kept nothing is trained, and nothing changes.
    shutil.rmtree(a.out)
    before = {p: p.read_bytes() for p in a.records.rglob("*.json*")}
    comparison.run_set(SPEC, a.records, a)
    assert not list(a.out.rglob("model.safetensors"))
    assert {p: p.read_bytes() for p in before} == before
    # One more seed is trained, with its product.
    a.seeds = 2
    comparison.run_set(SPEC, a.records, a)
    assert [r["seed"] for r in read_results(path) if r["paradigm"] == "product"] == [0, 1]
    assert len(json.loads((a.records / "dominance.json").read_text("utf-8"))["runs"]) == 4


@pytest.fixture
def complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a complete comparison of two paradigms, one seed, on a small set; and an older
    record of it in the repository's place."""
    monkeypatch.setattr(comparison, "PARADIGMS", ("ensemble", "joint"))
    monkeypatch.setattr(scoreboard, "SEEDS", 1)
    monkeypatch.setenv("DMIL_CHECKPOINTS", str(tmp_path / "checkpoints"))
    dataset, root = load_dataset(SPEC), tmp_path / "kept"

    def settings(paradigm: str, seed: int, scale: float) -> str:
        return fingerprint(plan(dataset, paradigm, seed, lr_scale=scale), dataset.digest)

    names = ("ensemble", "joint")
    trials = [
        {"data": SPEC, "paradigm": p, "seed": TUNING_SEED, "lr_scale": s, "val_accuracy": 1 - s / 9,
         "settings": settings(p, TUNING_SEED, s)}
        for p in names
        for s in (0.1, *tuning.FIRST)
    ]  # fmt: skip
    for trial in trials:
        trial["val_accuracy"] -= trial["lr_scale"] == 0.1
    write_lines(root / SPEC / "tuning.jsonl", trials)
    runs = [records.run(SPEC, p, 0, 0.5) | {"settings": settings(p, 0, 0.3)} for p in names]
    product = records.run(SPEC, "product", 0, 0.5)
    product["settings"] = comparison.controls.settings_of("product", *runs)
    write_lines(root / SPEC / "results.jsonl", [*runs, product])
    write_lines(tmp_path / "checkpoints" / SPEC / "results.jsonl", [records.run(SPEC, "old", 0, 0)])
    return root


def test_complete_records_are_put_in_place(
    complete: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {p.relative_to(complete): p.read_bytes() for p in complete.rglob("*.jsonl")}
    assert call(monkeypatch, "--data", SPEC, "--records", str(complete), "--adopt") == 0
    assert not list(complete.rglob("*.jsonl"))
    assert {f: (tmp_path / "checkpoints" / f).read_bytes() for f in files} == files


@pytest.mark.parametrize("lost", ["joint", "product", "tuning"])
def test_what_is_not_complete_stays_where_it_is(
    complete: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture, lost: str
) -> None:
    path = complete / SPEC / ("tuning.jsonl" if lost == "tuning" else "results.jsonl")
    lines = read_results(path)
    last = lines[-1] if lost == "tuning" else next(r for r in lines if r["paradigm"] == lost)
    write_lines(path, [line for line in lines if line is not last])
    before = path.read_bytes()
    with pytest.raises(SystemExit, match="not complete"):
        call(monkeypatch, "--data", SPEC, "--records", str(complete), "--adopt")
    named = "joint" if lost == "tuning" else lost
    assert capsys.readouterr().out == f"{SPEC}: 1 runs, such as {named} with seed 0\n"
    assert path.read_bytes() == before
    (old,) = read_results(tmp_path / "checkpoints" / SPEC / "results.jsonl")
    assert old["paradigm"] == "old"


@pytest.mark.parametrize("words", [["--adopt"], ["--adopt", "--records", "x", "--seeds", "1"]])
def test_a_part_is_not_adopted(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture, words: list[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        call(monkeypatch, *words)
    assert "--adopt takes --records" in capsys.readouterr().err
