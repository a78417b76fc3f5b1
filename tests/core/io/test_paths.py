"""Folders: the repository's in a checkout, the user's and the package's own where installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from dmil_core import checkpoint
from dmil_core.io import paths
from tests.conftest import REPOSITORY

ROOTS = {
    "DMIL_SAMPLE_DATA": paths.sample_data_root,
    "DMIL_CHECKPOINTS": paths.checkpoints_root,
    "DMIL_RESULTS": paths.results_root,
    "DMIL_UPLOADS": paths.uploads_root,
}


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Pretend that the package is installed under ``tmp_path``, with a demonstration."""
    for variable in ROOTS:
        monkeypatch.delenv(variable, raising=False)
    package = tmp_path / "site-packages" / "dmil_core"
    monkeypatch.setattr(paths, "PACKAGE", package)
    monkeypatch.setattr(paths, "DEMONSTRATION", package / "_demonstration")
    monkeypatch.setattr(paths, "user_data_dir", lambda *_, **__: str(tmp_path / "data"))
    (package / "_demonstration" / "checkpoints").mkdir(parents=True)
    (package / "_demonstration" / "results").mkdir()
    return package


def test_a_checkout_uses_its_own_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, root in ROOTS.items():
        monkeypatch.delenv(variable, raising=False)
        assert root().is_relative_to(REPOSITORY)
    assert paths.checkpoints_roots() == (REPOSITORY / "checkpoints",)
    assert paths.app_folder() == REPOSITORY


@pytest.mark.parametrize("variable", ROOTS)
def test_a_variable_wins(
    variable: str, installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, str(tmp_path / "mine"))
    assert ROOTS[variable]() == tmp_path / "mine"
    if variable == "DMIL_CHECKPOINTS":
        assert paths.checkpoints_roots() == (tmp_path / "mine",)


def test_an_installed_package_writes_into_the_users_folder(installed: Path, tmp_path: Path) -> None:
    assert paths.checkout() is None
    for root in (paths.sample_data_root, paths.checkpoints_root, paths.uploads_root):
        assert root().is_relative_to(tmp_path / "data")
    assert paths.checkpoints_roots()[1] == installed / "_demonstration" / "checkpoints"
    assert paths.results_root() == installed / "_demonstration" / "results"


def test_runs_of_both_folders_are_listed_and_the_users_win(
    installed: Path, tmp_path: Path, tiny_root: Path
) -> None:
    carried, mine = paths.checkpoints_roots()[1], paths.checkpoints_root()
    for root, names in ((carried, ("joint", "dmil")), (mine, ("joint", "ensemble"))):
        for name in names:
            folder = root / "tiny" / name
            folder.mkdir(parents=True)
            (folder / "seed0").mkdir()
            for file in (tiny_root / "tiny" / name / "seed0").iterdir():
                if file.is_file():
                    (folder / "seed0" / file.name).write_bytes(file.read_bytes())
    entries = {e.paradigm: e.folder for e in checkpoint.find_runs()}
    assert all(e.error is None for e in checkpoint.find_runs())
    assert {name: f.is_relative_to(mine) for name, f in entries.items()} == {
        "dmil": False, "ensemble": True, "joint": True,
    }  # fmt: skip
    assert checkpoint.find_folder("tiny/dmil/seed0") == entries["dmil"]
    assert checkpoint.find_folder("tiny/joint/seed0") == entries["joint"]


def test_a_name_cannot_lead_out_of_the_folders(installed: Path) -> None:
    assert checkpoint.find_folder("../x/seed0") == Path("../x/seed0")
