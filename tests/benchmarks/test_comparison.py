"""The command of the comparison: which sets it takes, and what it prints."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks import comparison
from tests import records

MEANS = {"dmil": 0.9, "joint": 0.8}


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
