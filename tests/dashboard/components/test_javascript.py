"""The scripts of the components, in Node.js: their unit tests, and what they share with Python."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st

from dashboard.components import map as latent_map
from dashboard.components import scripts, served
from dashboard.components.map import Pane
from dashboard.figures.map import Axes, Groups, Scale, Text
from dashboard.services.map import outlines
from dashboard.state.slices import Slice

HERE = Path(__file__).parent
COMPONENTS = Path(scripts.__file__).parent
OLDEST_NODE = 18


@pytest.fixture(scope="session")
def node() -> str:
    """The path of Node.js; `make test` installs it on Debian."""
    path = shutil.which("node")
    if path is None:
        pytest.fail("node was not found: install Node.js; on Debian: apt-get install nodejs")
    answer = subprocess.run([path, "--version"], capture_output=True, text=True, check=True)
    if int(answer.stdout.lstrip("v").split(".")[0]) < OLDEST_NODE:
        pytest.fail(f"Node.js {OLDEST_NODE} or newer is needed; {path} is {answer.stdout.strip()}")
    return path


def answer_of(node: str, script: str, *arguments: str) -> Any:
    """What a script beside this file prints as JSON."""
    command = [node, str(HERE / script), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_unit_tests_of_the_scripts_pass(node: str) -> None:
    files = sorted(str(file) for file in HERE.rglob("*.test.js"))
    assert files
    command = [node, "--test", "--test-reporter=spec", *files]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


# --- what Python writes, and the browser reads ----------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 9, 200])
def test_the_browser_reads_the_groups_that_python_packs(
    node: str, tmp_path: Path, count: int
) -> None:
    rng = np.random.default_rng(count)
    of = rng.integers(3, size=count)
    names = ["zéro", "<b>", "two"]
    words = {"two": "one and one"}
    colour = Groups("class", names, ["#000000"] * 3, ["circle", "x", "star"], of, words)
    xy = rng.random((count, 2))
    panes = [Pane("left", "left map", "f1", xy), Pane("right", "right map", "f2", xy[:, ::-1])]
    ids = [f"sample “{i}”" for i in range(count)]
    members = rng.random(count) < 0.5
    file = tmp_path / "map"
    file.write_bytes(latent_map.pack(ids, panes, colour, 6.0))

    bits = base64.b64encode(np.packbits(members).tobytes()).decode("ascii")
    read = answer_of(node, "map/decoded.js", str(file), bits)

    assert read["header"]["ids"] == ids
    assert read["header"]["frame"] == latent_map.frame_of(panes, count)
    assert [p["title"] for p in read["header"]["panes"]] == ["left", "right"]
    groups = read["header"]["colour"]["groups"]
    assert [(g["name"], g["symbol"]) for g in groups] == list(
        zip(names, ["circle", "x", "star"], strict=True)
    )
    assert [g["words"] for g in groups] == ["", "", "one and one"]
    left, right = (np.array(pane).reshape(2, count).T for pane in read["panes"])
    np.testing.assert_allclose(left / latent_map.FINEST, xy, atol=1e-5)
    np.testing.assert_allclose(right / latent_map.FINEST, xy[:, ::-1], atol=1e-5)
    assert read["colours"] == of.tolist()
    assert [bool(bit) for bit in read["members"]] == members.tolist()


def test_the_browser_reads_the_scale_that_python_packs(node: str, tmp_path: Path) -> None:
    of = np.array([0, 1, 1])
    scale = Scale("R", ["0.1", "0.9"], ["#000000", "#FFFFFF"], [1.0, 2.0], "0", "1", of)
    xy = np.array([[0.0, 0.0], [1.0, 1.0], [0.5, 0.25]])
    axes = Axes([[(0.0, 0.0), (1.0, 0.5)]], [Text("one\ntwo", (0.5, 1.0), "above")], (0, 0, 1, 1))
    file = tmp_path / "map"
    file.write_bytes(latent_map.pack(["a", "b", "c"], [Pane("", "", "f", xy, axes)], scale, 5.0))

    read = answer_of(node, "map/decoded.js", str(file))

    assert read["header"]["colour"] == {
        "kind": "scale",
        "label": "R",
        "steps": [
            {"name": "0.1", "colour": "#000000", "size": 1.0},
            {"name": "0.9", "colour": "#FFFFFF", "size": 2.0},
        ],
        "low": "0",
        "high": "1",
    }
    assert read["panes"] == [[[0, 65535, 32768], [0, 65535, 16384]]]
    assert read["header"]["size"] == 5.0
    assert read["header"]["panes"][0]["axes"] == {
        "lines": [[[0, 0], [1, 0.5]]],
        "texts": [{"text": "one\ntwo", "at": [0.5, 1], "side": "above", "small": False}],
        "box": [0, 0, 1, 1],
    }


# --- what the browser draws, and Python selects ----------------------------------------------

Path2d = list[tuple[float, float]]


def selected(node: str, path: Path2d, points: Path2d) -> list[bool]:
    """Which points of the map a lasso along a path selects; both in thousandths, y upwards."""
    pixels = [(x, 1000 - y) for x, y in path]
    result = answer_of(node, "map/lassoed.js", json.dumps(pixels))
    assert result["kind"] == "outline"
    corners = outlines.corners(result["corners"])
    border = outlines.outline(Slice("", "m", 0, "Z", "mark", corners))
    return [bool(i) for i in outlines.inside(np.array(points) / 1000, border)]


def test_a_concave_lasso_selects_no_point_of_its_notch(node: str) -> None:
    path = [(100, 100), (900, 100), (900, 300), (300, 300), (300, 700), (900, 700), (900, 900),
            (100, 900)]  # fmt: skip
    points = [(200, 500), (800, 200), (800, 800), (600, 500), (50, 500)]
    assert selected(node, path, points) == [True, True, True, False, False]


def test_a_lasso_that_touches_and_crosses_itself_follows_the_even_odd_rule(node: str) -> None:
    eight = [(100, 100), (900, 900), (900, 100), (100, 900)]
    points = [(150, 500), (850, 500), (500, 850), (500, 150)]
    assert selected(node, eight, points) == [True, True, False, False]
    # Two squares that touch in one corner.
    touching = [(100, 100), (500, 100), (500, 500), (900, 500), (900, 900), (500, 900), (500, 500),
                (100, 500)]  # fmt: skip
    assert selected(node, touching, [(300, 300), (700, 700), (300, 700), (700, 300)]) == [
        True, True, False, False,
    ]  # fmt: skip


def test_a_long_round_lasso_still_selects_what_it_went_around(node: str) -> None:
    turns = np.linspace(0, 2 * np.pi, 3000)
    path = [(500 + 300 * float(np.cos(t)), 500 + 300 * float(np.sin(t))) for t in turns]
    rng = np.random.default_rng(0)
    points = [(float(x), float(y)) for x, y in rng.random((200, 2)) * 1000]
    radius = [float(np.hypot(x - 500, y - 500)) for x, y in points]
    clear = [p for p, r in zip(points, radius, strict=True) if abs(r - 300) > 5]
    inside = [bool(np.hypot(x - 500, y - 500) < 300) for x, y in clear]
    assert selected(node, path, clear) == inside


# --- how scripts reach the browser ------------------------------------------------------------


def test_scripts_that_run_as_text_import_nothing() -> None:
    """From the address that Streamlit runs them at, a relative import leads nowhere."""
    used = set()
    for file in COMPONENTS.glob("*.py"):
        used |= set(re.findall(r'scripts\.text\("([^"]+\.js)"\)', file.read_text("utf-8")))
    assert used
    imports = re.compile(r"^(import|export .* from)\b", re.MULTILINE)
    assert [file for file in used if imports.search(scripts.text(file))] == []


def test_every_import_between_scripts_leads_to_a_file() -> None:
    for file in COMPONENTS.rglob("*.js"):
        for target in re.findall(r'from "([^"]+)"', file.read_text("utf-8")):
            assert (file.parent / target).is_file(), f"{file.name}: {target}"


@pytest.mark.parametrize(("folder", "start"), [("", "/"), ("course/dmil", "/course/dmil/")])
def test_modules_are_imported_from_the_folder_of_the_app(
    monkeypatch: pytest.MonkeyPatch, folder: str, start: str
) -> None:
    monkeypatch.setattr(st, "get_option", lambda _: folder)
    forget = getattr(served.address, "cache_clear", lambda: None)
    forget()
    try:
        script = scripts.importing("map/index.js")
    finally:
        forget()
    entry = re.search(r'^const ENTRY = "([^"]+)";$', script, re.MULTILINE)
    assert entry
    assert entry[1].startswith(start)
    assert "map/index.js" in entry[1]
