"""The fidelity benchmark in parts: what needs several models is measured while they are there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import dmil_core.training.run
from benchmarks import collapse, fidelity, theorem
from benchmarks.study import Record
from dmil_core.experiments import controls
from dmil_core.experiments.fidelity_record import fidelity_of

SPEC = "switch:train=300,val=100,test=200"


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One setting with few rows, and short trainings."""
    monkeypatch.setattr(fidelity, "SETTINGS", {"equal shares": SPEC})
    for name in ("train", "plan"):
        shorter = partial(getattr(dmil_core.training.run, name), epochs_scale=0.02)
        monkeypatch.setattr(dmil_core.training.run, name, shorter)
    fidelity.distribution_data.cache_clear()
    yield
    fidelity.distribution_data.cache_clear()


def groups(seeds: int = 1, paradigms: tuple[str, ...] = fidelity.PARADIGMS) -> Any:
    return fidelity.together(["equal shares"], paradigms, seeds, twins=True)


def test_runs_are_in_one_group_each_and_those_that_are_compared_together() -> None:
    jobs = groups(seeds=2)
    assert len({job for group in jobs for job in group}) == sum(map(len, jobs)) == 14
    assert [(n, p, s) for n, _, p, s in jobs[0]] == [
        (n, "dmil", s) for n in ("equal shares", *fidelity.TWINS) for s in (0, 1)
    ]
    assert [[p for _, _, p, _ in group] for group in jobs[1:4]] == [
        ["ensemble", "joint"], ["dmil-paper"], ["dmil-paper-sgd"],
    ]  # fmt: skip


@pytest.mark.usefixtures("small")
def test_a_group_records_what_needs_its_models(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(theorem, "run", _where)
    monkeypatch.setattr(collapse, "run", _where)
    path, out = tmp_path / "fidelity.json", tmp_path / "out"
    record = Record(fidelity.STUDY, path)
    known: dict[str, frozenset[str]] = {"theorem": frozenset(), "collapse": frozenset()}
    gates, pair, paper, _ = groups(seeds=1)
    others = []
    for group in (gates, pair, paper):
        new = fidelity.measure(group, out, known)
        record.add(new.pop("fidelity"))
        assert record.settings >= fidelity.settings_of(group)
        others.append({name: [r["paradigm"] for r in runs] for name, runs in new.items()})
    assert others == [
        {"theorem": ["dmil"], "collapse": []},
        {"theorem": ["ensemble", "joint"], "collapse": []},
        {"theorem": ["dmil-paper"], "collapse": ["dmil-paper"]},
    ]
    free = next(r for r in record.runs if r["paradigm"] == controls.RESPONSIBILITIES)
    assert 0 <= free["gate_agreement"] <= 1
    shutil.rmtree(out)  # on another day the models are gone
    record = Record(fidelity.STUDY, path)
    content = record.content()
    result = fidelity_of(content)
    assert set(result.invariance) == {"swapped", "relabelled"}
    assert all(-1 <= v <= 1 for v in result.invariance.values())
    assert list(result.distributions) == ["equal shares"]
    # What a record of the other benchmarks has is not measured again.
    settings = frozenset(r["settings"] for r in record.runs)
    assert fidelity.measure(paper, out, {"collapse": settings})["collapse"] == []


def _where(setting: str, paradigm: str, seed: int, out: Path) -> dict[str, Any]:
    """In place of a long measurement: whose model it would be of."""
    assert list(out.rglob(f"{paradigm}/seed{seed}/model.safetensors"))
    return {"setting": setting, "paradigm": paradigm, "seed": seed}


@pytest.mark.usefixtures("small")
def test_the_collapse_is_measured_on_the_model_of_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collapse, "SETTINGS", fidelity.SETTINGS)
    monkeypatch.setattr(collapse, "fresh", lambda spec: fidelity.distribution_data("x", spec))
    (paper,) = (g for g in groups() if g[0][2] == "dmil-paper")
    made = fidelity.measure(paper, tmp_path, {"collapse": frozenset()})
    (entry,), (run,) = made["collapse"], made["fidelity"]
    assert entry["settings"] == run["settings"] == fidelity.planned(*paper[0])
    assert entry["agreement"] == run["gate_agreement"]
    assert set(entry["synergy_in"]) == {"Z", "M", "N"}
