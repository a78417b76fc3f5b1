"""Whatever lies where a file is expected, opening it ends at once: with the file, or in words."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from dmil_core.errors import CheckpointError, DataError
from dmil_core.io.reading import open_checked, parsing, read_checked, read_json


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "outside.json").write_text("{}")
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "sound.json").write_text('{"a": 1}')
    return folder


def test_an_ordinary_file_and_a_link_inside_its_folder_are_read(home: Path) -> None:
    (home / "link.json").symlink_to("sound.json")
    for name in ("sound.json", "link.json"):
        assert read_json(home / name, 100) == {"a": 1}


@pytest.mark.parametrize("kind", ["pipe", "folder", "socket", "device", "loop", "zero byte"])
def test_what_is_no_ordinary_file_is_refused_without_waiting(home: Path, kind: str) -> None:
    path = home / "x.json"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(str(path))
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "loop":
        path.symlink_to(path)
    else:
        path = home / "a\0b"
    start = time.monotonic()
    with pytest.raises(CheckpointError, match="Do this"):
        open_checked(path, 100, error=CheckpointError, advice="Do this")
    assert time.monotonic() - start < 5


def test_a_link_out_of_the_folder_is_refused_unless_the_user_named_it(home: Path) -> None:
    link = home / "link.json"
    link.symlink_to(home.parent / "outside.json")
    with pytest.raises(DataError, match="leads out of its folder"):
        open_checked(link, 100)
    assert read_checked(link, 100, home=home.parent) == b"{}"
    assert read_checked(link, 100, follow_links=True) == b"{}"


def test_a_file_that_is_too_large_is_not_read(home: Path) -> None:
    with (home / "large").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(DataError, match=r"expected at most 100 bytes, got 1,048,576\.0 MiB"):
        read_checked(home / "large", 100)


def test_a_file_that_is_missing_is_for_the_reader_to_explain(home: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_checked(home / "none", 100)


@pytest.mark.parametrize(
    "fault", [TypeError("odd"), MemoryError(), RecursionError("deep"), KeyError("a"), OSError()]
)
def test_any_error_of_a_parser_becomes_that_of_the_reader(fault: Exception) -> None:
    says = "f.x is damaged: not a table .*Copy it"
    with pytest.raises(CheckpointError, match=says), _table():
        raise fault


def _table() -> Any:
    return parsing("f.x", "a table", error=CheckpointError, advice="Copy it")


def test_an_error_of_ours_and_an_interruption_pass_as_they_are() -> None:
    with pytest.raises(DataError, match=r"^ours$"), _table():
        raise DataError("ours")
    with pytest.raises(KeyboardInterrupt), _table():
        raise KeyboardInterrupt


@pytest.mark.parametrize("text", ["", "{", '"\\ud800"', "[" * 100_000, "1" * 5000, "\xff"])
def test_what_is_no_json_is_refused(home: Path, text: str) -> None:
    (home / "x.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(DataError, match="not a JSON file"):
        read_json(home / "x.json", 1 << 20)
