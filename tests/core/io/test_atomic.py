"""Files appear whole or not at all, and one process writes at a time."""

from __future__ import annotations

import hashlib
import math
import subprocess
import sys
from pathlib import Path

import pytest

from dmil_core.errors import BusyError
from dmil_core.io.atomic import exclusive, file_digest, replacing, write_json, write_lines


def test_a_fault_in_the_middle_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    path.write_text("old")

    def interrupted() -> None:
        with replacing(path) as temporary:
            temporary.write_text("half of the n")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        interrupted()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_is_seen_at_the_path_before_the_end(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file.txt"
    with replacing(path) as temporary:
        temporary.write_text("new")
        assert not path.exists()
        assert temporary.parent == path.parent
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o644


WRITE = """
import sys, pathlib
from dmil_core.io.atomic import replacing
with replacing(pathlib.Path(sys.argv[1])) as temporary:
    temporary.write_text("half of the n")
    print(temporary, flush=True)
    sys.stdin.read()
"""


def test_what_a_killed_writer_left_goes_when_the_file_is_written(tmp_path: Path) -> None:
    path, other = tmp_path / "a*b.txt", tmp_path / "other.txt"
    command = [sys.executable, "-c", WRITE, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        left = Path(writer.stdout.readline().decode().strip())
        write_json(path, "while the other one is at work")
        assert left.read_text() == "half of the n"
        writer.kill()
        writer.wait()
    write_json(other, "of another file")
    assert left.exists()
    write_json(path, "whole")
    assert sorted(tmp_path.iterdir()) == [path, other]


@pytest.mark.parametrize("value", [math.nan, {"a": math.inf}, [object()]])
def test_json_that_others_could_not_read_is_refused_and_changes_nothing(
    tmp_path: Path, value: object
) -> None:
    path = tmp_path / "file.json"
    write_json(path, {"a": 1})
    before = path.read_bytes()
    with pytest.raises((ValueError, TypeError)):
        write_json(path, value)
    with pytest.raises((ValueError, TypeError)):
        write_lines(path, [{"fine": 1}, {"not": value}])
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_digest_is_sha256(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abc" * 100_000)
    assert file_digest(path) == hashlib.sha256(b"abc" * 100_000).hexdigest()


HOLD = """
import sys, pathlib
from dmil_core.io.atomic import exclusive
with exclusive(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_folder_is_held_by_one_process_and_freed_by_its_death(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    command = [sys.executable, "-c", HOLD, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(BusyError, match="another process is writing to"), exclusive(folder):
            pass
        other.kill()
    with exclusive(folder):
        pass
