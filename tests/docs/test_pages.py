"""The pages of docs/ are true: examples run, lists are complete, generated parts are up to date."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from packaging.requirements import Requirement
from torch import nn

import dmil_core as dmil
from benchmarks.tables.__main__ import generated, with_parts
from benchmarks.tables.methods import DEVIATIONS
from dmil_core import cli
from dmil_core.checkpoint import read_run
from dmil_core.data.catalog import load_dataset
from dmil_core.io.tables import read_table
from dmil_core.paradigms import PARADIGMS
from tests.docs.markdown import (
    DOCS,
    QUICK,
    REPOSITORY,
    blocks,
    first_cells,
    links,
    page,
    perform,
    section,
)

PAGES = sorted(f.relative_to(REPOSITORY).as_posix() for f in DOCS.rglob("*.md"))
PROSE = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", *PAGES]


# --- all pages ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PROSE)
def test_every_link_leads_somewhere(name: str) -> None:
    folder = (REPOSITORY / name).parent
    assert [link for link in links(page(name)) if not (folder / link).exists()] == []


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):.*?## ", page("Makefile"), re.MULTILINE))
    named = {
        target
        for name in PROSE
        for words in re.findall(r"(?:`|^)make ([a-z -]+?)(?:`| +#| ARGS|$)", page(name), re.M)
        for target in words.split()
    }
    assert {"app", "test", "docs", "results"} <= named
    assert named - targets == set()


def test_every_page_is_in_the_navigation() -> None:
    (nav,) = re.findall(r"^nav:\n(.*)", page("mkdocs.yml"), re.MULTILINE | re.DOTALL)
    listed = set(re.findall(r"[\w/-]+\.md", nav))
    assert {name.removeprefix("docs/") for name in PAGES} <= listed


def test_what_is_generated_is_up_to_date() -> None:
    old = [n for n, parts in generated().items() if with_parts(page(n), parts, n) != page(n)]
    assert old == [], "run `make results`"


# --- single pages ---------------------------------------------------------------------------


def test_every_paradigm_has_its_row_and_deviations_are_those_of_paradigms() -> None:
    assert [n for n in first_cells(page("docs/methods.md")) if n in PARADIGMS] == [
        *dict.fromkeys(n for n in first_cells(page("docs/methods.md")))
    ]
    assert set(first_cells(page("docs/methods.md"))) == set(PARADIGMS)
    assert DEVIATIONS.keys() <= PARADIGMS.keys()


def test_features_of_the_app_are_tested_as_the_tour_says() -> None:
    named = set(re.findall(r"`(test_\w+)`", page("docs/tour.md")))
    tests = "".join(f.read_text("utf-8") for f in (REPOSITORY / "tests/browser").glob("*.py"))
    assert len(named) > 15
    assert named - set(re.findall(r"def (test_\w+)", tests)) == set()


def test_the_tree_has_every_folder_at_the_top_and_nothing_that_is_not_there(
    tracked: list[Path],
) -> None:
    (tree,) = blocks(section(page("docs/architecture.md"), "The tree"), "text")
    paths: list[str] = []
    for line in tree.splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        names = re.split(r",? {2,}|, (?=\w+\.py)", line.strip())[0]
        for name in names.split(", "):
            paths[depth:] = [name]
            assert (REPOSITORY / "".join(paths)).exists(), "".join(paths)
    top = {f.relative_to(REPOSITORY).parts[0] for f in tracked if f.parent != REPOSITORY}
    listed = {line.split("/")[0] for line in tree.splitlines() if line[0] != " "}
    assert {name for name in top if not name.startswith(".")} == listed


def test_every_dependency_has_its_purpose() -> None:
    project = tomllib.loads(page("pyproject.toml"))
    extras = project["project"].get("optional-dependencies", {}).values()
    lists = [project["project"]["dependencies"], *extras, project["dependency-groups"]["dev"]]
    needed = {Requirement(text).name for group in lists for text in group}
    text = section(page("docs/choices.md"), "What each dependency is for")
    explained = {line.split("|")[1].strip() for line in text.splitlines() if line[:2] == "| "}
    assert needed - explained == set()


def test_every_command_is_listed_and_the_session_runs(
    own_folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = page("docs/command-line.md")
    with pytest.raises(SystemExit, match="0"):
        cli.main(["--help"])
    commands = set(re.findall(r"^ {4}([a-z]+)\b", capsys.readouterr().out, re.MULTILINE))
    assert {n.removeprefix("dmil ") for n in first_cells(text) if n.startswith("dmil ")} == commands
    data = load_dataset("switch:classes=2,train=200,val=60,test=60")
    np.savez_compressed("xor.npz", x1=data.x1, x2=data.x2, y=data.y)
    for line in "".join(blocks(text, "bash")).splitlines():
        perform(line)
    table = read_table(own_folders / "xor.csv")
    parts = table[[f"contrib_{c}_1" for c in ("R", "U1", "U2", "S")]].sum(axis=1)
    np.testing.assert_allclose(parts, table["logit_1"], atol=1e-4)
    folder = own_folders / "checkpoints" / "xor"
    for paradigm in ("joint", "ensemble", "dmil"):
        assert read_run(folder / paradigm / "seed0").finished
    assert (folder / "dmil" / "seed0" / "projection.parquet").exists()


def test_every_benchmark_has_its_question() -> None:
    benchmarks = set(re.findall(r"^(bench-[a-z]+):", page("Makefile"), re.MULTILINE))
    named = first_cells(section(page("docs/development.md"), "Benchmarks"))
    assert {name.removeprefix("make ") for name in named} == benchmarks


def test_a_distribution_is_decomposed_as_the_page_says(
    own_folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = section(page("docs/information.md"), "A known distribution, exactly")
    (content,) = re.findall(r"`(\{\"pmf\".*?)`", text, re.DOTALL)
    (own_folders / "and.json").write_text(content, "utf-8")
    for line in "".join(blocks(text, "bash")).splitlines():
        perform(line)
    printed = json.loads(capsys.readouterr().out)
    shown = re.search(r"\(here (\S+), (\S+), (\S+) and (\S+)\)", text)
    assert shown
    expected = [float(v) for v in shown.groups()]
    assert [round(printed[c], 3) for c in ("R", "U1", "U2", "S")] == expected
    (code,) = blocks(text, "python")
    exec(compile(code, "information.md", "exec"), {})
    assert float(capsys.readouterr().out.split()[0]) == pytest.approx(1.0, abs=1e-5)


def test_information_is_estimated_as_the_page_says(capsys: pytest.CaptureFixture[str]) -> None:
    codes = blocks(section(page("docs/information.md"), "A data set, estimated"), "python")
    spec = "gaussian:distribution=xor"
    assert spec in codes[0]
    small = "\n".join(codes).replace(spec, f"{spec},train=800,val=50,test=400")
    exec(compile(small, "information.md", "exec"), {})
    mean, error = (float(line.split()[0]) for line in capsys.readouterr().out.splitlines())
    assert 0.4 < mean < 0.65
    assert 0.02 < error < 0.2  # .02 over rows alone


def test_an_own_encoder_is_trained_as_the_page_says(
    own_folders: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from dmil_core.models import encoders

    (code,) = blocks(page("docs/encoders.md"), "python")
    small = code.replace('"switch"', '"switch:train=300,val=100,test=100"')
    assert small != code
    monkeypatch.setattr(encoders, "ENCODERS", dict(encoders.ENCODERS))
    monkeypatch.setattr(dmil, "train", partial(dmil.train, epochs_scale=QUICK), raising=False)
    exec(compile(small, "encoders.md", "exec"), {})
    assert 0.0 <= float(capsys.readouterr().out) <= 1.0
    run = (own_folders / "runs" / "mine" / "run.json").read_text("utf-8")
    assert '"kind": "mine"' in run


def test_the_examples_of_your_own_model_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    first, second, shown, third, fourth, resumed = blocks(page("docs/own-model.md"), "python")
    rng = np.random.default_rng(0)
    x1, x2 = rng.integers(2, size=(2, 200, 1))

    class Parity:
        def predict(self, inputs: list[np.ndarray]) -> np.ndarray:
            return np.where(np.arange(2) == inputs[0] ^ inputs[1], 4.0, -4.0)

    names = {"my_model": Parity(), "x1": x1, "x2": x2, "y": (x1 ^ x2)[:, 0]}
    exec(first, names)
    assert names["found"].interaction_share > 0.85  # type: ignore[attr-defined]
    exec(second, names)
    assert len(names["found"].frame) == 200  # type: ignore[attr-defined]
    torch.manual_seed(0)
    names["my_network"] = Late()  # type: ignore[assignment]
    with closing_app(names):
        exec(shown, names)
        models = {e.paradigm for e in dmil.find_runs(names["app"].checkpoints)}  # type: ignore[attr-defined]
        assert models == {"my-network", "my-network-onnx"}
    exec(third, names)
    folder = tmp_path / "runs" / "mfeat" / "logistic" / "seed0"
    assert dmil.find_runs(tmp_path / "runs")[0].folder == folder
    exec(fourth, names)
    assert names["pairs"].together.shape[0] == 64  # type: ignore[attr-defined]
    exec(resumed, names)
    assert (tmp_path / "parts" / "parts.json").exists()


class Late(nn.Module):
    """A network of two inputs, as it begins."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(47, 10), nn.Linear(76, 10)

    def forward(self, x1: torch.Tensor, x2: torch.Tensor) -> torch.Tensor:
        return self.first(x1) + self.second(x2)


@contextmanager
def closing_app(names: dict[str, Any]) -> Iterator[None]:
    """End the app of an example, however that ends."""
    try:
        yield
    finally:
        names["app"].stop()


# --- beside docs/ ---------------------------------------------------------------------------


def test_the_citation_file_names_this_version_and_the_paper() -> None:
    citation = yaml.safe_load(page("CITATION.cff"))
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()
    assert citation["version"] == dmil.__version__
    (paper,) = citation["references"]
    assert [a["family-names"] for a in paper["authors"]] == ["Yang", "Wei", "Ni", "Xu", "Hu"]
    assert paper["identifiers"][0]["value"] == "arXiv:2606.11614"


def test_the_changelog_has_the_version_of_the_package() -> None:
    assert f"## {dmil.__version__}" in page("CHANGELOG.md")
