"""What a page imports before its first words must not wait for torch or UMAP."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"torch", "umap", "numba", "sklearn", "matplotlib", "streamlit", "plotly"}
UI = {"streamlit", "plotly", "dashboard"}


def loaded_by(module: str, names: set[str]) -> set[str]:
    """Which of ``names`` a fresh interpreter has loaded after importing ``module``."""
    code = f"import sys, {module}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return names & set(done.stdout.split())


@pytest.mark.parametrize(
    "modules",
    [
        "dmil_core.checkpoint, dmil_core.io.tables, dmil_core.schema, dmil_core.errors,"
        "dmil_core.config, dmil_core.metrics.scores, dmil_core.io.atomic, dmil_core.paradigms",
        "dmil_core.data.catalog, dmil_core.data.media,dmil_core.data.synthetic.switch_distribution",
        "dmil_core, dmil_core.cli, dmil_core.models.plugins",
        "dmil_core.experiments.records, dmil_core.experiments.scoreboard,"
        "dmil_core.experiments.fidelity_record, dmil_core.experiments.targets",
    ],
)
def test_light_modules_stay_light(modules: str) -> None:
    assert loaded_by(modules, HEAVY) == set()


def test_the_core_knows_no_user_interface() -> None:
    every = "dmil_core.training.run, dmil_core.experiments.compare, dmil_core.inference.projection,"
    every += "dmil_core.cli"
    assert loaded_by(every, UI) == set()


def test_umap_is_loaded_only_to_make_a_map() -> None:
    assert (
        loaded_by("dmil_core.inference.projection, dmil_core.training.run", {"umap", "numba"})
        == set()
    )
