"""Folders of their own for examples that write files."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, with data sets and checkpoints of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DMIL_SAMPLE_DATA", str(tmp_path / "sample_data"))
    monkeypatch.setenv("DMIL_CHECKPOINTS", str(tmp_path / "checkpoints"))
    return tmp_path
