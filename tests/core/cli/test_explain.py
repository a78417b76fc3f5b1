"""``dmil explain``: a model of the user's, named on the command line, and one of ours."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dmil_core.checkpoint import Run, find_runs
from dmil_core.cli import main
from dmil_core.data.catalog import load_dataset
from dmil_core.io.tables import read_table
from dmil_core.posthoc.partners import like
from tests.conftest import TINY

MODULE = """
import numpy as np
from sklearn.linear_model import LinearRegression
from torch import nn

RUN = []

def make():
    RUN.append(1)
    return lambda x1, x2: x1[:, :3] * x2[:, :3]

def made_of_torch():
    class Sum(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = nn.Linear(12, 3), nn.Linear(12, 3)

        def forward(self, x1, x2):
            return self.first(x1) + self.second(x2)
    return Sum()

ROWS = []

def counted():
    def f(x1, x2):
        if ROWS and ROWS[0] < 0:
            raise KeyboardInterrupt
        ROWS.append(len(x1))
        if sum(ROWS) > 3000 and "stop" in globals():
            ROWS.insert(0, -1)
        return x1[:, :3] * x2[:, :3]
    return f

def broken():
    return 1 / 0

def number():
    return 3

TEXT = "no function"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder, with a module of models."""
    (tmp_path / "my_models.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "my_models", raising=False)
    return tmp_path


def explained(*words: str) -> list[str]:
    return ["explain", "--data", TINY, "--partners", "20", "--quiet", *words]


def test_a_named_function_makes_the_model(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(explained("--model", "my_models:make", "--out", "found/here")) == 0
    out, err = capsys.readouterr()
    assert "share of interactions among all effects: " in out
    assert "on at most " in err
    about = json.loads((folder / "found" / "here" / "explanation.json").read_text("utf-8"))
    assert about["samples"] == 90
    assert about["interaction_share"] == pytest.approx(
        about["intervals"]["interaction_share"]["value"]
    )
    table = read_table(folder / "found" / "here" / "samples.parquet")
    assert len(table) == 90
    assert table["correct"].mean() == about["accuracy"]
    assert sys.modules["my_models"].RUN == [1]


def test_a_name_takes_the_model_up_for_the_app(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DMIL_CHECKPOINTS", str(folder / "checkpoints"))
    assert main(explained("--model", "my_models:make", "--out", "o", "--name", "product")) == 0
    assert "the app shows it as product" in capsys.readouterr().out
    (entry,) = find_runs(folder / "checkpoints")
    assert (entry.paradigm, entry.error) == ("product", None)
    assert entry.run is not None
    table = read_table(entry.run.predictions)
    explained_rows = read_table(folder / "o" / "samples.parquet")
    same = table.set_index("id").loc[explained_rows["id"], "pred"].tolist()
    assert same == explained_rows["pred"].tolist()


def test_with_a_name_no_row_is_evaluated_twice(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DMIL_CHECKPOINTS", str(folder / "checkpoints"))
    words = ["--model", "my_models:counted", "--background", "100", "--out", "o"]
    assert main(explained(*words, "--name", "mine")) == 0
    err = capsys.readouterr().err
    evaluated = sum(sys.modules["my_models"].ROWS)
    # 90 test rows, 20 partners for each input; of the other rows 40, and as many of a like answer.
    said = int(err.split("at most ")[1].split(" rows")[0].replace(",", ""))
    others = len(load_dataset(TINY)) - 90
    alike = like(others, 40)
    assert evaluated == 90 * (1 + 2 * 20) + 100 + others * (1 + 2 * 40 + 2 * alike) + 100
    assert evaluated == said
    (entry,) = find_runs(folder / "checkpoints")
    assert entry.run is not None
    assert len(read_table(entry.run.predictions)) == others + 90
    assert not (folder / "o" / "unfinished").exists()


def test_a_killed_command_goes_on(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--model", "my_models:counted", "--partners", "60", "--background", "200"]
    assert main(explained(*words, "--out", "whole")) == 0
    module: Any = sys.modules["my_models"]
    rows = sum(module.ROWS)
    module.ROWS.clear()
    module.stop = True
    assert main(explained(*words, "--out", "o")) == 130
    assert list((folder / "o" / "unfinished" / "explained").iterdir())
    assert not (folder / "o" / "explanation.json").exists()
    module.ROWS.clear()
    del module.stop
    assert main(explained(*words, "--out", "o")) == 0
    assert sum(module.ROWS) < rows
    for name in ("explanation.json", "samples.parquet"):
        of_both = [(folder / out / name).read_bytes() for out in ("whole", "o")]
        assert of_both[0] == of_both[1]
    assert {p.name for p in (folder / "o").iterdir()} == {"explanation.json", "samples.parquet"}


def test_a_torch_module_needs_no_wrapping(folder: Path) -> None:
    assert main(explained("--model", "my_models:made_of_torch", "--rows", "30", "--out", "o")) == 0
    about = json.loads((folder / "o" / "explanation.json").read_text("utf-8"))
    assert about["samples"] == 30
    assert about["interaction_share"] < 1e-4


def test_a_checkpoint_of_ours_is_explained_too(
    folder: Path, tiny_runs: dict[str, Run], capsys: pytest.CaptureFixture[str]
) -> None:
    run = str(tiny_runs["joint"].folder)
    assert main(explained("--checkpoint", run, "--out", "ours", "--choice", "near")) == 0
    table = read_table(folder / "ours" / "samples.parquet")
    predictions = read_table(tiny_runs["joint"].predictions).set_index("id")
    assert table["pred"].tolist() == predictions.loc[table["id"], "pred"].tolist()
    assert "S, mean, bits" in capsys.readouterr().out


def test_files_of_ones_own(folder: Path) -> None:
    rng = np.random.default_rng(0)
    x1, x2 = rng.standard_normal((2, 200, 12)).astype(np.float32)
    y = (x1[:, :3] * x2[:, :3]).argmax(axis=1)
    np.savez("mine.npz", x1=x1, x2=x2, y=y)
    words = ["--data", "mine.npz", "--model", "my_models:make", "--partners", "20", "--quiet"]
    assert main(["explain", *words, "--out", "mine"]) == 0
    about = json.loads((folder / "mine" / "explanation.json").read_text("utf-8"))
    assert about["accuracy"] == 1.0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("--out o", "one of the arguments --model --checkpoint is required"),
        ("--model my_models:make", "expected --out, a folder for the result, or --keep"),
        ("--model my_models --out o", "expected MODULE:NAME, such as mypackage.models:make"),
        ("--model nowhere:make --out o", "the module 'nowhere' was not found; --model expects"),
        ("--model my_models:none --out o", "the module 'my_models' has no function 'none'"),
        ("--model my_models:TEXT --out o", "the module 'my_models' has no function 'TEXT'"),
        ("--model my_models:broken --out o", "broken() failed: ZeroDivisionError"),
        ("--model my_models:number --out o", "expected a function f(x1, x2, ...)"),
        ("--model my_models:make --choice best --out o", "expected one of marginal, class, near"),
        ("--model my_models:make --definition lsmi --out o", "lsmi compares densities"),
        ("--model my_models:make --partners 0 --out o", "expected a whole number from 1 on"),
        ("--checkpoint nowhere --out o", "is not a checkpoint"),
        ("--model my_models:make --out my_models.py", "my_models.py"),
    ],
)
def test_a_mistake_is_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], words: str, says: str
) -> None:
    try:
        code = main(explained(*words.split()))
    except SystemExit as end:
        code = int(end.code or 0)
    err = capsys.readouterr().err
    assert code == 2
    assert says in err.splitlines()[-1]
    assert not (folder / "o").exists()
