"""What must hold for the repository as a whole: sizes, no pickles, pins, nothing of one machine."""

from __future__ import annotations

import re
import socket
import tomllib
import zipfile
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path

import pytest
from packaging.markers import Marker
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
    assert sum(sizes.values()) < 90 * MEGABYTE
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

#: Compiled by `make lock`: the packages of a file, and those of the file of its hashes.
COMPILED = {
    "requirements.txt": "requirements-hashes.txt",
    "requirements-dev.txt": "requirements-dev-hashes.txt",
}


def project() -> dict[str, list[Requirement]]:
    """Direct dependencies: those of the core and of the extras that the app has, and those of its
    development, which are those of the other extras too."""
    data = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))
    extras = data["project"]["optional-dependencies"]
    shown = [text for extra in ("app", "maps") for text in extras.pop(extra)]
    app = [*data["project"]["dependencies"], *shown]
    dev = data["dependency-groups"]["dev"]
    assert {text for extra in extras.values() for text in extra} <= set(dev)
    return {
        "requirements.txt": [Requirement(text) for text in app],
        "requirements-dev.txt": [Requirement(text) for text in dev],
    }


def lines(file: str) -> list[str]:
    """A requirement a line, without comments and hashes."""
    text = (REPOSITORY / file).read_text("utf-8").replace("\\\n", " ")
    rows = [line.partition(" --hash")[0].strip() for line in text.splitlines()]
    return [row for row in rows if row and not row.startswith("#")]


def pins(file: str) -> dict[str, list[tuple[str, str]]]:
    """Package -> its exact versions, each with the systems it is for; other lines are refused."""
    result: dict[str, list[tuple[str, str]]] = {}
    for line in lines(file):
        if line != "-e .":
            wanted = Requirement(line)
            (only,) = wanted.specifier
            assert only.operator == "==", f"{file}: {line!r} is not an exact pin"
            pin = (only.version, str(wanted.marker or ""))
            result.setdefault(canonicalize_name(wanted.name), []).append(pin)
    return result


def here(file: str) -> dict[str, str]:
    """Package -> the version for this system."""
    return {
        name: number
        for name, versions in pins(file).items()
        for number, marker in versions
        if not marker or Marker(marker).evaluate()
    }


@pytest.mark.parametrize("file", COMPILED)
def test_the_requirements_are_those_of_pyproject(file: str) -> None:
    """After a change there, `make lock` compiles them anew."""
    direct, origin = set(), ""
    for line in (REPOSITORY / file).read_text("utf-8").splitlines():
        if not line.startswith((" ", "#")):
            origin = canonicalize_name(line.partition("==")[0])
        elif "dmil-explorer (pyproject.toml" in line:
            direct.add(origin)
    assert direct == {canonicalize_name(wanted.name) for wanted in project()[file]}
    for wanted in project()[file]:
        for number, _ in pins(file)[canonicalize_name(wanted.name)]:
            assert wanted.specifier.contains(number), f"{wanted} against {number}"


@pytest.mark.parametrize(("file", "hashes"), COMPILED.items())
def test_every_package_but_torch_has_its_hashes(file: str, hashes: str) -> None:
    """Builds of torch differ by platform, so that no list of hashes has all of them."""
    wanted = {name: versions for name, versions in pins(file).items() if name != "torch"}
    assert pins(hashes) == wanted
    text = (REPOSITORY / hashes).read_text("utf-8").replace("\\\n", " ")
    rows = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert [r for r in rows if not re.search(r"--hash=sha256:[0-9a-f]{64}\b", r)] == []


def test_torch_has_one_exact_version() -> None:
    data = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["tool"]["uv"]
    ((number, marker),) = pins("requirements.txt")["torch"]
    assert data["constraint-dependencies"] == [f"torch=={number}"]
    assert [p["version"] for p in data["dependency-metadata"]] == [number]
    assert not marker


def test_both_files_want_the_same_of_what_they_share() -> None:
    app, dev = pins("requirements.txt"), pins("requirements-dev.txt")
    for name in app.keys() & dev.keys():
        assert {number for number, _ in app[name]} == {number for number, _ in dev[name]}, name


def test_pillow_is_one_without_its_known_fault() -> None:
    (pillow,) = (w for w in project()["requirements.txt"] if w.name == "pillow")
    assert not pillow.specifier.contains("12.1.1")


def test_the_last_line_installs_the_program_itself() -> None:
    assert lines("requirements.txt")[-1] == "-e ."


def test_pip_is_left_to_find_packages_where_it_is_configured_to() -> None:
    for file in REPOSITORY.rglob("requirements*.txt"):
        if {".venv", "node_modules"}.isdisjoint(file.parts):
            assert not PIP_SOURCE.search(file.read_text("utf-8")), file


def test_the_pins_do_not_contradict_each_other() -> None:
    """What an installed package requires of another one is met by that one's pin."""
    every = {**here("requirements.txt"), **here("requirements-dev.txt")}
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
