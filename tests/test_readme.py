"""The README is true: its examples run, its paths exist, its lists are complete."""

from __future__ import annotations

import json
import re
import shlex
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import dmil_core.training.run
from dmil_core import cli
from dmil_core.checkpoint import read_run
from dmil_core.data import catalog
from dmil_core.io.tables import read_table
from dmil_core.models import encoders

REPOSITORY = Path(__file__).resolve().parents[1]
README = (REPOSITORY / "README.md").read_text("utf-8")

#: A training short enough for a test; what it learns does not matter here.
QUICK = 0.02


def section(title: str) -> str:
    """Text of a second-level section."""
    match = re.search(
        rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", README, re.MULTILINE | re.DOTALL
    )
    assert match, f"the README has no section {title!r}"
    return match[1]


def blocks(text: str, language: str) -> list[str]:
    """Contents of fenced code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


# --- examples -------------------------------------------------------------------------------


@pytest.fixture
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, with data sets and checkpoints of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DMIL_SAMPLE_DATA", str(tmp_path / "sample_data"))
    monkeypatch.setenv("DMIL_CHECKPOINTS", str(tmp_path / "checkpoints"))
    return tmp_path


def test_an_own_encoder_in_ten_lines(
    own_folders: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (code,) = blocks(section("Your own encoder"), "python")
    small = catalog.load_dataset("switch:train=300,val=100,test=100")
    monkeypatch.setattr(encoders, "ENCODERS", dict(encoders.ENCODERS))
    monkeypatch.setattr(catalog, "load_dataset", lambda _: small)
    monkeypatch.setattr(
        dmil_core.training.run, "train", partial(dmil_core.training.run.train, epochs_scale=QUICK)
    )
    exec(compile(code, "README.md", "exec"), {})
    assert 0.0 <= float(capsys.readouterr().out) <= 1.0
    run = (own_folders / "runs" / "mine" / "run.json").read_text("utf-8")
    assert '"kind": "mine"' in run


def test_a_distribution_is_decomposed_as_told(
    own_folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = section("A distribution, exactly")
    (content,) = re.findall(r"`(\{\"pmf\".*?)`:", text, re.DOTALL)
    (own_folders / "and.json").write_text(content, "utf-8")
    for line in "".join(blocks(text, "bash")).splitlines():
        perform(shlex.split(line))
    data = json.loads(capsys.readouterr().out)
    told = re.search(r"\(here (\S+), (\S+), (\S+) and (\S+)\)", text)
    assert told
    assert [round(data[c], 3) for c in ("R", "U1", "U2", "S")] == [float(v) for v in told.groups()]


def test_what_inputs_tell_is_estimated_in_ten_lines(
    own_folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (code,) = blocks(section("What each input tells of a sample, in bits"), "python")
    small = code.replace("gaussian:law=xor", "gaussian:law=xor,train=800,val=50,test=400")
    exec(compile(small, "README.md", "exec"), {})
    assert 0.4 < float(capsys.readouterr().out.split()[0]) < 0.65


def test_own_data_from_file_to_checkpoints_and_table(own_folders: Path) -> None:
    text = section("Your own data")
    (code,) = blocks(text, "python")
    exec(compile(code, "README.md", "exec"), {})
    for line in "".join(blocks(text, "bash")).splitlines():
        perform(shlex.split(line))
    table = read_table(own_folders / "xor.csv")
    parts = table[[f"contrib_{c}_1" for c in ("R", "U1", "U2", "S")]].sum(axis=1)
    np.testing.assert_allclose(parts, table["logit_1"], atol=1e-4)
    for paradigm in ("joint", "ensemble", "dmil"):
        assert read_run(own_folders / "checkpoints" / "xor" / paradigm / "seed0").finished
    assert (own_folders / "checkpoints" / "xor" / "dmil" / "seed0" / "projection.parquet").exists()


def perform(words: list[str]) -> None:
    """Do what a line of the README's shell examples says, quickly."""
    program, command, *rest = words
    assert program == ".venv/bin/dmil"
    quick = {"train": ["--epochs-scale", str(QUICK), "--quiet"], "project": ["--method", "pca"]}
    assert cli.main([command, *rest, *quick.get(command, [])]) == 0


# --- lists ----------------------------------------------------------------------------------


def test_every_make_target_that_is_named_exists() -> None:
    makefile = (REPOSITORY / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):.*?## ", makefile, re.MULTILINE))
    named = set(re.findall(r"(?:`|^)make[ \n]([a-z-]+)", README, re.MULTILINE))
    assert {"app", "test"} <= named <= targets


def test_every_link_into_the_repository_leads_somewhere() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
    assert [link for link in links if not (REPOSITORY / link).exists()] == []
