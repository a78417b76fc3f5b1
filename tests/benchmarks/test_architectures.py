"""The comparison with other encoders: paired, and measured against the same encoders' pair."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import pytest

from benchmarks.architectures import measure, summary, unit_of
from dmil_core.checkpoint import read_run


def test_every_paradigm_gets_the_encoders_of_the_setting(tmp_path: Path) -> None:
    a = Namespace(out=tmp_path, epochs_scale=0.02, paradigms=["joint"])
    measured = measure("avdigits, MLP", 1, a.paradigms, a)
    assert [r["paradigm"] for r in measured] == ["ensemble", "joint"]
    assert len({r["test"]["synergy_bound"] for r in measured}) == 1
    for r in measured:
        run = read_run(tmp_path / "runs" / "mlp" / "avdigits" / r["paradigm"] / "seed1")
        assert [e.kind for e in run.config.model.encoders] == ["mlp", "mlp"]
        assert run.metrics["test"]["accuracy"] == r["test"]["accuracy"]
    settings = {r["settings"] for r in measured}
    assert unit_of("avdigits, MLP", 1, a, frozenset()).settings == settings
    known = frozenset([measured[0]["settings"]])
    assert unit_of("avdigits, MLP", 1, a, known).arguments[2] == ["joint"]


def test_the_summary_pairs_by_seed_within_a_setting() -> None:
    def run(setting: str, paradigm: str, seed: int, accuracy: float) -> dict[str, object]:
        named = {"setting": setting, "paradigm": paradigm, "seed": seed, "parameters": 7}
        return {**named, "test": {"accuracy": accuracy}}

    runs = [run("a", "joint", 0, 0.5), run("a", "joint", 1, 0.7)]
    runs += [run("a", "dmil", 1, 0.8), run("a", "dmil", 0, 0.7), run("b", "joint", 0, 0.1)]
    table = summary(runs)
    assert [m["accuracy"] for m in table["means"]] == pytest.approx([0.6, 0.75, 0.1])
    (difference,) = table["differences"]
    assert (difference["setting"], difference["paradigm"]) == ("a", "joint")
    assert difference["mean"] == pytest.approx(0.15)
