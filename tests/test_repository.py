"""What must hold for the repository as a whole: sizes, no pickles, pins, nothing of one machine."""

from __future__ import annotations

import re
import socket
import tomllib
import zipfile
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).resolve().parents[1]

MEGABYTE = 1_000_000
PICKLES = {".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".bin", ".joblib"}
#: Home folders and the like. Written so that it does not match itself.
MACHINE_PATH = re.compile(rb"(?<![\w.>*\])])/(?:work|root|home|Users|opt|tmp|mnt|srv)/[\w.-]")
PIP_SOURCE = re.compile(r"^\s*(-f|-i|--(find-links|index-url|extra-index-url))\b", re.MULTILINE)


def test_the_clone_stays_small(tracked: list[Path]) -> None:
    sizes = {f.relative_to(REPOSITORY): f.stat().st_size for f in tracked}
    assert sum(sizes.values()) < 93 * MEGABYTE
    assert [f"{f}: {size}" for f, size in sizes.items() if size > 8 * MEGABYTE] == []


def test_nothing_is_pickled(tracked: list[Path]) -> None:
    for file in tracked:
        assert file.suffix not in PICKLES, file
        with file.open("rb") as stream:
            assert not re.match(rb"\x80[\x02-\x05]", stream.read(2)), file
        if zipfile.is_zipfile(file):
            names = zipfile.ZipFile(file).namelist()
            assert all(name.endswith(".npy") for name in names), file


def test_no_file_knows_the_machine_it_was_made_on(tracked: list[Path]) -> None:
    result = {}
    for file in tracked:
        content = file.read_bytes()
        if b"\0" not in content and (match := MACHINE_PATH.search(content)):
            result[str(file.relative_to(REPOSITORY))] = match[0].decode()
    assert result == {}


def test_nothing_of_an_unfinished_training_is_tracked(tracked: list[Path]) -> None:
    assert [f for f in tracked if f.name == ".lock" or ".training" in f.parts] == []


# --- requirements ---------------------------------------------------------------------------


def project() -> dict[str, list[str]]:
    """Direct dependencies: those of the core and of its extras, and those of its development."""
    data = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))
    extras = data["project"]["optional-dependencies"].values()
    app = [*data["project"]["dependencies"], *(text for extra in extras for text in extra)]
    return {"requirements.txt": app, "requirements-dev.txt": data["dependency-groups"]["dev"]}


def pins(file: str) -> dict[str, str]:
    """Package -> exact version; every line but ``-e .`` has to be such a pin."""
    result = {}
    for line in (REPOSITORY / file).read_text("utf-8").splitlines():
        if line and not line.startswith(("#", "-e .")):
            # What stands behind the version says on which systems.
            name, exact, number = line.partition(";")[0].partition("==")
            assert exact, f"{file}: {line!r} is not an exact pin"
            result[canonicalize_name(name)] = number
    return result


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
def test_direct_dependencies_are_pinned_within_their_range(file: str) -> None:
    for text in project()[file]:
        wanted = Requirement(text)
        pinned = pins(file)[canonicalize_name(wanted.name)]
        assert wanted.specifier.contains(pinned), f"{text} against {pinned}"


def test_the_last_line_installs_the_program_itself() -> None:
    assert (REPOSITORY / "requirements.txt").read_text("utf-8").splitlines()[-1] == "-e ."


def test_pip_is_left_to_find_packages_where_it_is_configured_to() -> None:
    for file in REPOSITORY.rglob("requirements*.txt"):
        if {".venv", "node_modules"}.isdisjoint(file.parts):
            assert not PIP_SOURCE.search(file.read_text("utf-8")), file


def test_the_pins_do_not_contradict_each_other() -> None:
    """What an installed package requires of another one is met by that one's pin."""
    every = {**pins("requirements.txt"), **pins("requirements-dev.txt")}
    contradictions = []
    for name in every:
        try:
            requires = distribution(name).requires or []
        except PackageNotFoundError:
            continue  # needed on other platforms only
        if version(name).partition("+")[0] != every[name]:
            continue  # another version than the pinned one may require something else
        for wanted in map(Requirement, requires):
            pinned = every.get(canonicalize_name(wanted.name))
            needed = wanted.marker is None or wanted.marker.evaluate({"extra": ""})
            if pinned and needed and not wanted.specifier.contains(pinned, prereleases=True):
                contradictions.append(f"{name} needs {wanted}, pinned is {pinned}")
    assert contradictions == []


# --- tests themselves -----------------------------------------------------------------------


def test_tests_cannot_reach_the_network() -> None:
    with socket.socket() as sock, pytest.raises(RuntimeError, match="without the network"):
        sock.connect(("192.0.2.1", 80))
