"""What is kept of an explanation is of one model and one set, and what is damaged is said."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from dmil_core.checkpoint import read_run
from dmil_core.cli import main
from dmil_core.errors import DataError
from dmil_core.io.paths import checkpoints_root
from dmil_core.posthoc import summary

SET = "avdigits"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(checkpoints_root() / SET / "joint" / "seed0", tmp_path / "joint")
    (tmp_path / "joint" / summary.FILE).unlink(missing_ok=True)
    return tmp_path / "joint"


def command(folder: Path, *more: str) -> int:
    few = ("--rows", "20", "--partners", "20", "--background", "40")
    return main(["explain", "--checkpoint", str(folder), "--data", SET, *few, *more])


def test_the_command_keeps_the_figures_of_a_model_beside_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(folder, "--keep", "--progress", "json") == 0
    out = capsys.readouterr().out
    lines = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    assert [line["fraction"] for line in lines] == sorted(line["fraction"] for line in lines)
    assert lines[-1]["fraction"] == 1.0
    found, run = summary.load(folder), read_run(folder)
    assert (found.data, found.weights) == (run.data_digest, run.weights_sha256)
    assert found.samples == 20
    assert 0 <= found.emap_accuracy.value <= 1
    # The printed figures are the kept ones.
    assert f"accuracy: {found.accuracy.value:.3f} (" in out
    share = found.interaction_share.interval
    assert share.low < share.value < share.high


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "expected --out"),
        (("--keep", "--choice", "near"), "marginal partners"),
        (("--keep", "--data", "avdigits:split=1"), "is not the set"),
    ],
)
def test_what_cannot_be_kept_is_said(
    folder: Path, options: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(folder, *options) == 2
    assert words in capsys.readouterr().err
    assert not (folder / summary.FILE).exists()


@pytest.mark.parametrize("fault", ["field", "version", "text"])
def test_what_is_damaged_is_said(tmp_path: Path, fault: str) -> None:
    figure = {"value": 0.5, "low": None, "high": None}
    content = {
        "version": 1, "data": "d", "weights": "w", "samples": 3, "accuracy": figure,
        "emap_accuracy": figure, "interaction_share": figure, "pair": ["x1", "x2"],
        "partners": 20, "background": 40, "evaluations": 9, "assumptions": [],
    }  # fmt: skip
    path = tmp_path / summary.FILE
    path.write_text(json.dumps(content))
    assert summary.load(tmp_path).accuracy.interval.value == 0.5
    if fault == "field":
        content["samples"] = "3"
    elif fault == "version":
        content["version"] = 2
    path.write_text("{" if fault == "text" else json.dumps(content))
    with pytest.raises(DataError, match=summary.FILE):
        summary.load(tmp_path)
