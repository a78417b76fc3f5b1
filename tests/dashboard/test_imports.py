"""Imports go one way: views, services, core; figures know none of them."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
DASHBOARD = REPOSITORY / "dashboard"

#: First names of what a layer may import beside the standard library.
ALLOWED = {
    "figures": {"numpy", "pandas", "plotly", "dashboard.figures", "dashboard.words"},
    "services": {
        "numpy",
        "pandas",
        "streamlit",
        "PIL",
        "dmil_core",
        "dashboard.jobs",
        "dashboard.state.edits",
        "dashboard.state.slices",
        "dashboard.services",
        "dashboard.state.view",
        "dashboard.words",
    },
    "components": {
        "dashboard.guard",
        "numpy",
        "plotly",
        "streamlit",
        "dashboard.figures",
        "dashboard.components",
        "dashboard.keys",
        "dashboard.text",
    },
    "text": {"dashboard.text"},
    "views": {
        "dashboard.guard",
        "pandas",
        "streamlit",
        "dashboard.state.edits",
        "dashboard.figures",
        "dashboard.components",
        "dashboard.export",
        "dashboard.jobs",
        "dashboard.keys",
        "dashboard.state.lesson_progress",
        "dashboard.services",
        "dashboard.state.session",
        "dashboard.state.slices",
        "dashboard.state.view",
        "dashboard.text",
        "dashboard.views",
        "dashboard.widgets",
        "dashboard.words",
    },
}
OUTSIDE = {"numpy", "pandas", "plotly", "streamlit", "PIL", "dmil_core", "dashboard", "torch"}
OUTSIDE |= {"umap", "sklearn", "scipy", "numba", "safetensors", "jinja2", "markupsafe"}


def imports(file: Path, top_level_only: bool = False) -> set[str]:
    """Full names of all modules a file imports; ``from a import b`` counts as ``a.b``."""
    tree = ast.parse(file.read_text("utf-8"))
    nodes = tree.body if top_level_only else list(ast.walk(tree))
    result: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            result |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            result |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in result if name.split(".")[0] in OUTSIDE}


def complaints(code: str) -> str:
    """What a new Python says that fails at this code; empty where it does not fail."""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    return done.stderr if done.returncode else ""


def files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


@pytest.mark.parametrize("layer", sorted(ALLOWED))
def test_a_layer_imports_only_what_it_may(layer: str) -> None:
    allowed = tuple(ALLOWED[layer])
    for file in files(DASHBOARD / layer):
        for name in imports(file):
            assert any(name == a or name.startswith(a + ".") for a in allowed), (
                f"{file.relative_to(REPOSITORY)} imports {name}"
            )


def test_only_services_import_the_core() -> None:
    for file in files(DASHBOARD):
        if not {"services", "jobs"} & set(file.parts):
            core = {n for n in imports(file) if n.startswith("dmil_core")}
            # Its names of components and definitions alone, which links spell as well.
            names = {n for n in core if n.startswith("dmil_core.schema")}
            assert core <= (names if "state" in file.parts else set()), file


def test_jobs_could_serve_another_app() -> None:
    for file in files(DASHBOARD / "jobs"):
        for name in imports(file):
            assert name.startswith(("dmil_core.", "dashboard.jobs")), f"{file}: {name}"


def test_the_core_names_that_links_spell_need_the_standard_library_alone() -> None:
    file = REPOSITORY / "dmil_core" / "schema.py"
    roots = {name.split(".")[0] for name in imports(file)}
    assert roots == set()
    code = "import sys, dashboard.state.view\nassert not {'numpy', 'torch'} & set(sys.modules)"
    assert complaints(code) == ""


def test_caches_live_in_services() -> None:
    for file in files(DASHBOARD):
        if "services" not in file.parts:
            assert "cache_data" not in file.read_text("utf-8"), file
            assert "cache_resource" not in file.read_text("utf-8"), file


def test_every_cache_is_bounded() -> None:
    for file in files(DASHBOARD):
        for line in file.read_text("utf-8").splitlines():
            if line.startswith("@st.cache_"):
                assert "max_entries=" in line, f"{file}: {line}"


def test_state_is_plain_python() -> None:
    folder = DASHBOARD / "state"
    schema = "dmil_core.schema"
    for codec in ("edits", "lesson_progress", "slices"):
        assert all(name.startswith(schema) for name in imports(folder / f"{codec}.py"))
    allowed = (
        schema,
        "dashboard.state.edits.",
        "dashboard.state.lesson_progress",
        "dashboard.state.slices",
    )
    assert all(name.startswith(allowed) for name in imports(folder / "view.py"))


def test_the_core_never_sees_the_app() -> None:
    for file in files(REPOSITORY / "dmil_core"):
        names = {name.split(".")[0] for name in imports(file)}
        assert not names & {"streamlit", "plotly", "dashboard"}, file


def test_nothing_heavy_is_imported_for_the_first_page() -> None:
    """Importing the whole app leaves torch, umap and scikit-learn alone."""
    code = (
        "import sys, dashboard.views.sample.samples, dashboard.views.map.latent_map\n"
        "import dashboard.views.compare.leaderboard\n"
        "import dashboard.views.trust.page, dashboard.views.uploads.your_data\n"
        "import dashboard.views.learn.live\n"
        "heavy = {'torch', 'umap', 'numba', 'sklearn'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    assert complaints(code) == ""


def test_every_line_of_the_settings_has_its_reason() -> None:
    lines = (
        (REPOSITORY / "dashboard" / ".streamlit" / "config.toml").read_text("utf-8").splitlines()
    )
    for above, line in zip(["", *lines], lines, strict=False):
        if "=" in line and not line.startswith("#"):
            assert above.startswith("#"), line
