"""Disk, permissions, quota or memory that do not suffice: one error, and nothing half-written."""

from __future__ import annotations

import ast
import pickle
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch

from dmil_core.checkpoint import Run, write_checkpoint
from dmil_core.cli import main
from dmil_core.data.npz import write_arrays
from dmil_core.errors import ConfigError, ResourceError
from dmil_core.inference import projection
from dmil_core.information import store
from dmil_core.io.atomic import check_writable, exclusive, replacing, write_json, write_lines
from dmil_core.io.paths import named_path
from dmil_core.io.resources import shortage
from dmil_core.io.tables import write_table
from dmil_core.training.loop import FitState
from tests.conftest import TINY, TINY_SCALE
from tests.core.processes import ROOT, environment
from tests.disks import Disk, disk, read_only

Capture = pytest.CaptureFixture[str]
__all__ = ["disk", "read_only"]

NOISE = np.random.default_rng(0).normal(size=40_000).astype(np.float32)
#: What the system says of a full disk, and of the limit that stands for one.
FULL = {"tmpfs": "the disk is full", "limit": "larger than the system allows"}


def run(capsys: Capture, *arguments: object) -> tuple[int, list[str]]:
    """Exit code and the lines on stderr of a command in this process."""
    try:
        code = main([str(a) for a in arguments])
    except SystemExit as end:
        code = int(end.code or 0)
    return code, capsys.readouterr().err.strip().splitlines()


# --- the boundary --------------------------------------------------------------------------------

WRITERS: dict[str, Callable[[Path], object]] = {
    "new.json": lambda path: write_json(path, NOISE.tolist()),
    "new.jsonl": lambda path: write_lines(path, [{"a": NOISE.tolist()}]),
    "new.csv": lambda path: write_table(pd.DataFrame({"a": NOISE}), path),
    "new.parquet": lambda path: write_table(pd.DataFrame({"a": NOISE}), path),
    "new.npz": lambda path: write_arrays(path, {"x": NOISE}),
    "new.safetensors": lambda path: FitState(model={"w": torch.from_numpy(NOISE)}).save(path, {}),
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_full_disk_is_one_error_for_every_writer_and_the_old_file_stays(
    disk: Disk, name: str
) -> None:
    path = disk.folder / name
    path.write_bytes(b"old")
    for free in (0, 8192):
        with disk.full(free), pytest.raises(ResourceError, match="cannot be written") as caught:
            WRITERS[name](path)
        assert FULL[disk.kind] in str(caught.value)
        assert str(disk.folder) not in caught.value.reason
    assert path.read_bytes() == b"old"
    assert disk.entries() == [name]
    WRITERS[name](path)
    assert path.stat().st_size > 3


def test_a_checkpoint_without_room_for_its_weights_vouches_for_nothing(
    disk: Disk, tiny_runs: dict[str, Run]
) -> None:
    with disk.full(8192), pytest.raises(ResourceError):
        write_checkpoint(disk.folder, {"w": torch.from_numpy(NOISE)}, {}, [])
    assert disk.entries() == []


ALLOCATIONS: dict[str, Callable[[], object]] = {
    "torch": lambda: torch.empty(10**15),
    "numpy": lambda: np.empty(10**15),
    "arrow": lambda: pa.allocate_buffer(10**15),
    "python": lambda: bytes(10**15),
}


@pytest.mark.parametrize("library", ALLOCATIONS)
def test_memory_that_does_not_suffice_is_the_same_error(tmp_path: Path, library: str) -> None:
    with pytest.raises(ResourceError, match="memory does not suffice"):  # noqa: SIM117
        with replacing(tmp_path / "x"):
            ALLOCATIONS[library]()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "fault", [RuntimeError("size mismatch"), ValueError("x"), KeyError("No space left on device")]
)
def test_a_fault_of_ours_stays_what_it_is(tmp_path: Path, fault: Exception) -> None:
    assert shortage(fault) is None
    with pytest.raises(type(fault)), replacing(tmp_path / "x"):
        raise fault


def test_the_error_comes_back_from_a_process_of_a_pool() -> None:
    error = pickle.loads(pickle.dumps(ResourceError("a cannot be written", "the disk is full")))
    assert (str(error), error.reason) == ("a cannot be written", "the disk is full")


def test_paths_that_cannot_be_written_to_are_refused_before_anything_is_written(
    tmp_path: Path, read_only: Path
) -> None:
    file = tmp_path / "file.csv"
    file.write_text("old")
    (tmp_path / "folder.csv").mkdir()
    link = tmp_path / "circle"
    link.symlink_to(link)
    for path, reason in {
        read_only / "new" / "x.csv": "read-only|permission",
        file / "x.csv": "a file where a folder is expected",
        tmp_path / "folder.csv": "a folder where a file is expected",
        tmp_path / "new" / ("x" * 300) / "x.csv": "too long",
        tmp_path / ("x" * 300): "too long",
        link / "x.csv": "circle",
        Path("/dev/null"): "is there already",
    }.items():
        with pytest.raises(ResourceError, match=reason):
            check_writable(path)
    with pytest.raises(ResourceError, match="a file where a folder is expected"):
        check_writable(file, folder=True)
    check_writable(file)
    check_writable(tmp_path / "a" / "b" / "c.csv")
    check_writable(tmp_path / "folder.csv", folder=True)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "circle", "file.csv", "folder.csv", "read-only",
    ]  # fmt: skip
    assert file.read_text() == "old"


def test_a_folder_that_cannot_be_locked_is_refused(read_only: Path) -> None:
    for folder in (read_only, read_only / "new"):
        with pytest.raises(ResourceError, match=r"read-only|permission"), exclusive(folder):
            pass


@pytest.mark.parametrize("text", ["", "~nobody-of-that-name/x.npz", "a\0b"])
def test_texts_that_are_no_path_are_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        named_path(text)


# --- commands ------------------------------------------------------------------------------------


def refused(disk: Disk, capsys: Capture, free: int, *arguments: object) -> None:
    """The command ends with one line and exit code 2, and leaves no temporary file."""
    with disk.full(free):
        code, lines = run(capsys, *arguments)
    assert code == 2
    assert lines[-1].startswith("dmil: ")
    assert FULL[disk.kind] in lines[-1]
    assert not [line for line in lines if "Traceback" in line]
    assert not [name for name in disk.entries() if name.startswith(".")]


TRAIN = ("train", "--data", TINY, "--paradigm", "dmil", "--epochs-scale", TINY_SCALE, "--quiet")


@pytest.mark.parametrize("free", [0, 8_192, 60_000, 200_000])
def test_train_on_a_full_disk(disk: Disk, capsys: Capture, free: int) -> None:
    refused(disk, capsys, free, *TRAIN, "--out", disk.folder / "run")
    assert "run.json" not in disk.entries()


def test_train_goes_on_where_it_was_once_there_is_room(disk: Disk, capsys: Capture) -> None:
    refused(disk, capsys, 60_000, *TRAIN, "--out", disk.folder / "run")
    code, _ = run(capsys, *TRAIN, "--out", disk.folder / "run")
    assert code == 0
    assert "run.json" in disk.entries()


@pytest.mark.parametrize("free", [0, 12_288])
def test_compare_on_a_full_disk(disk: Disk, capsys: Capture, free: int) -> None:
    refused(
        disk, capsys, free, "compare", "--data", TINY, "--paradigms", "joint", "--seeds", 1,
        "--epochs-scale", TINY_SCALE, "--quiet", "--out", disk.folder / "c",
    )  # fmt: skip


@pytest.mark.parametrize("free", [0, 8_192])
def test_project_and_decompose_on_a_full_disk(
    disk: Disk, capsys: Capture, tiny_runs: dict[str, Run], free: int
) -> None:
    run_ = tiny_runs["dmil"]
    mine = disk.folder / "run"
    mine.mkdir()
    for file in run_.folder.iterdir():
        if file.is_file() and not file.name.startswith("."):
            (mine / file.name).write_bytes(file.read_bytes())
    before = disk.entries()
    refused(disk, capsys, free, "project", "--checkpoint", mine, "--method", "pca", "--data", TINY)
    for name in ("new.csv", "new.parquet"):
        refused(
            disk, capsys, free, "decompose", "--checkpoint", run_.folder, "--data", TINY,
            "--latents", "--out", disk.folder / name,
        )  # fmt: skip
    assert disk.entries() == before


def test_estimates_of_information_without_room(disk: Disk, capsys: Capture, tmp_path: Path) -> None:
    about = store.InformationEstimates.load(ROOT / "checkpoints" / "avdigits" / store.FILE)
    with disk.full(8_192), pytest.raises(ResourceError):
        about.save(disk.folder / store.FILE)
    assert disk.entries() == []


def test_long_commands_look_whether_they_can_write_before_they_compute(
    read_only: Path, tmp_path: Path, capsys: Capture, tiny_runs: dict[str, Run],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def computed(*_: object, **__: object) -> None:
        raise AssertionError("it computed before it looked")

    monkeypatch.setattr(store.InformationEstimates, "compute", computed)
    monkeypatch.setattr(projection, "embed", computed)
    for module, name in (
        ("dmil_core.information.sets", "estimate"),
        ("dmil_core.training.run", "Learning"),
        ("dmil_core.information.stream", "estimate_file"),
        ("dmil_core.inference.predict", "predict"),
    ):
        monkeypatch.setattr(sys.modules.get(module) or __import__(module, fromlist=[name]), name,
                            computed)  # fmt: skip
    out = read_only / "x.parquet"
    table = tmp_path / "t.parquet"
    write_table(pd.DataFrame({"x1_0": NOISE[:9], "x2_0": NOISE[:9], "y": list("ababababa")}), table)
    run_ = tiny_runs["dmil"]
    for arguments in (
        ("information", "--data", TINY, "--out", out),
        ("estimate", "--data", TINY, "--out", out),
        ("estimate", "--data", table, "--out", out),
        ("decompose", "--checkpoint", run_.folder, "--data", TINY, "--out", out),
        ("train", "--data", TINY, "--out", read_only / "run"),
        ("compare", "--data", TINY, "--out", read_only / "c"),
    ):
        code, lines = run(capsys, *arguments)
        assert code == 2, arguments
        assert len(lines) == 1
        assert re.search("read-only|permission", lines[0])


@pytest.mark.parametrize(
    "arguments",
    [
        "train --data {tiny} --out",
        "compare --data {tiny} --out",
        "information --data {tiny} --out",
        "estimate --data {tiny} --out",
        "decompose --data {tiny} --checkpoint x --out",
        "decompose --data {tiny} --out y.csv --checkpoint",
        "project --checkpoint",
        "pid --pmf",
        "app --data",
        "app --checkpoints",
    ],
)
def test_an_empty_path_or_the_home_of_nobody_is_refused(
    capsys: Capture, arguments: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = arguments.replace("{tiny}", TINY).split()
    for text, part in (("", "empty text"), ("~nobody-of-that-name/x", "no user")):
        code, lines = run(capsys, *words, text)
        assert code == 2
        assert part in lines[-1]
    assert list(tmp_path.iterdir()) == []


def test_a_set_in_the_home_of_nobody_is_refused(capsys: Capture) -> None:
    code, lines = run(capsys, "train", "--data", "~nobody-of-that-name/x.npz", "--out", "x")
    assert (code, len(lines)) == (2, 1)
    assert "no user" in lines[0]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_output_that_cannot_be_written_is_an_error() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "dmil_core", "list"], stdout=full, stderr=subprocess.PIPE,
            text=True, cwd=ROOT, env=environment(), check=False,
        )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith("dmil: the disk is full")
    assert len(done.stderr.splitlines()) == 1


#: Runs a small set first, so that everything is imported; then the memory is limited.
_LITTLE_MEMORY = """
import resource, sys
import numpy as np
from dmil_core.cli import main
np.ones((300, 300)) @ np.ones((300, 300))  # OpenBLAS ends the process where it gets no memory
folder, small, big, out = sys.argv[1:]
assert main(["decompose", "--checkpoint", folder, "--data", small, "--out", out + "/a.csv"]) == 0
size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (size + 60_000_000,) * 2)
sys.exit(main(["decompose", "--checkpoint", folder, "--data", big, "--out", out + "/b.csv"]))
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="Linux says how large it is")
def test_too_little_memory_is_one_line(tiny_runs: dict[str, Run], tmp_path: Path) -> None:
    folder = tiny_runs["dmil"].folder
    big = TINY.replace("test=90", "test=100000")
    done = subprocess.run(
        [sys.executable, "-c", _LITTLE_MEMORY, str(folder), TINY, big, str(tmp_path)],
        capture_output=True, text=True, cwd=ROOT, env=environment(), check=False,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert "memory" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["a.csv"]


# --- nothing goes past it ------------------------------------------------------------------------

#: Calls that write to a disk.
_WRITES = {
    "save_file", "mkdir", "makedirs", "touch", "mkstemp", "unlink",
    "copy2", "copyfile", "copytree", "ParquetWriter", "savefig", "write_html", "write_image",
}  # fmt: skip
#: Written to a path only if they are given one as the first argument.
_WITH_PATH = {"to_parquet", "to_csv", "savez", "savez_compressed"}
#: Names of what is written to in memory.
_IN_MEMORY = {"buffer", "stream"}
#: Blocks inside which writing is translated.
_BOUNDARY = {"replacing", "writing", "TemporaryDirectory"}
#: (File, function) of what writes past the boundary, and why it may.
ALLOWED = {
    ("dmil_core/io/atomic.py", "replacing"): "the boundary itself",
    # Files of the tools that the app is measured against, in a folder of the build.
    ("benchmarks/app/other_tools.py", "*"): "files for programs of others",
}


def _name(call: ast.expr) -> str:
    return call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "")


def _writes(call: ast.Call) -> bool:
    name = _name(call.func)
    first = call.args[0] if call.args else None
    if name in _WITH_PATH:
        return first is not None and getattr(first, "id", "") not in _IN_MEMORY
    if name in ("write_text", "write_bytes"):
        return isinstance(call.func, ast.Attribute)
    if name == "replace":  # of a path: that of a text has two arguments
        return isinstance(call.func, ast.Attribute) and len(call.args) == 1 and not call.keywords
    if name == "move":
        return isinstance(call.func, ast.Attribute) and _name(call.func.value) == "shutil"
    if name == "open":
        if getattr(first, "id", "") in _IN_MEMORY:
            return False
        mode = next((k.value for k in call.keywords if k.arg == "mode"), None)
        texts = [a.value for a in (*call.args, mode) if isinstance(a, ast.Constant)]
        return any(isinstance(t, str) and re.fullmatch("[rwaxbt+]*[wax+][rwaxbt+]*", t)
                   for t in texts)  # fmt: skip
    return name in _WRITES


def _past_the_boundary(node: ast.AST, function: str = "") -> list[tuple[str, int]]:
    """(Function, line) of every call that writes outside a block of the boundary."""
    if isinstance(node, ast.FunctionDef):
        function = node.name
    if isinstance(node, ast.With):
        calls = [i.context_expr for i in node.items if isinstance(i.context_expr, ast.Call)]
        if {_name(c.func) for c in calls} & _BOUNDARY:
            return []
    found = [(function, node.lineno)] if isinstance(node, ast.Call) and _writes(node) else []
    for child in ast.iter_child_nodes(node):
        found += _past_the_boundary(child, function)
    return found


@pytest.mark.parametrize("package", ["dmil_core", "dashboard", "benchmarks"])
def test_everything_that_is_written_goes_through_the_boundary(package: str) -> None:
    wrong = []
    for file in sorted((ROOT / package).rglob("*.py")):
        name = file.relative_to(ROOT).as_posix()
        for function, line in _past_the_boundary(ast.parse(file.read_text("utf-8"))):
            if not {(name, function), (name, "*")} & ALLOWED.keys():
                wrong.append(f"{name}:{line} in {function}")
    assert wrong == []


@pytest.mark.parametrize(
    "code",
    ["open(p, 'w')", "p.open('ab')", "p.mkdir()", "p.replace(q)",
     "f.to_parquet(p)", "save_file(t, p)",
     "with p.open('x') as file: pass"],
)  # fmt: skip
def test_the_search_for_writers_finds_them(code: str) -> None:
    assert _past_the_boundary(ast.parse(code))
    assert not _past_the_boundary(ast.parse(f"with writing(p):\n    {code}"))
