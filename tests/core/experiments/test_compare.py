"""Comparisons over paired seeds: the record, its summary, and going on after a stop."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil
import pytest

from dmil_core import schema
from dmil_core.checkpoint import Run, load_model, read_run
from dmil_core.cli import main
from dmil_core.data.catalog import load_dataset, of_seed
from dmil_core.data.dataset import Dataset
from dmil_core.errors import BusyError, ConfigError, DataError
from dmil_core.experiments.compare import (
    RESULTS_FILE,
    SUMMARY_FILE,
    TUNING_SEED,
    alone,
    compare,
    fingerprint,
    missing_runs,
    read_results,
    summarize,
    synergy,
)  # fmt: skip
from dmil_core.experiments.tuning import (
    FIRST,
    GRID,
    TUNING_FILE,
    at_edge,
    best_scales,
    is_current,
    next_scales,
    read_all,
)
from dmil_core.io.atomic import exclusive, write_lines
from dmil_core.io.tables import read_table
from dmil_core.models.inputs import inputs
from dmil_core.paradigms import find_paradigm
from dmil_core.training.loop import Report
from dmil_core.training.run import plan, train
from tests.conftest import PARADIGM_NAMES

SPEC = "switch:classes=2,noise=0.4,block=2,train=80,val=40,test=60"


@pytest.fixture(scope="module")
def pair() -> Dataset:
    """180 rows of two classes."""
    return load_dataset(SPEC)


def quick(pair: Dataset, out: Path, *paradigms: str, **options: Any) -> pd.DataFrame:
    settings = {"seeds": 2, "epochs_scale": 0.02, **options}
    return compare([pair], paradigms, out=out, **settings)


@pytest.fixture(scope="module")
def finished(pair: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A comparison of joint and dmil over two seeds."""
    out = tmp_path_factory.mktemp("compare")
    quick(pair, out, "joint", "dmil")
    return out


def test_the_record_has_a_line_per_run(finished: Path, pair: Dataset) -> None:
    lines = [json.loads(line) for line in (finished / RESULTS_FILE).read_text().splitlines()]
    wanted = [(p, s) for s in (0, 1) for p in ("ensemble", "joint", "dmil")]
    assert [(r["paradigm"], r["seed"]) for r in lines] == wanted
    for r in lines:
        folder = finished / "runs" / pair.slug / r["paradigm"] / f"seed{r['seed']}"
        run = read_run(folder)
        assert r["data"] == pair.name
        assert r["base_digest"] == pair.digest
        assert r["rows"] == {"train": 80, "val": 40, "test": 60}
        assert r["test"]["right"] == round(60 * r["test"]["accuracy"])
        assert r["parameters"] == run.parameters
        assert r["test"].items() >= run.metrics["test"].items()
        assert r["val"].items() >= run.metrics["val"].items()


def test_each_seed_has_its_own_rows_and_all_paradigms_the_same(
    finished: Path, pair: Dataset
) -> None:
    lines = read_results(finished / RESULTS_FILE)
    digests = {s: {r["data_digest"] for r in lines if r["seed"] == s} for s in (0, 1)}
    assert digests == {0: {pair.digest}, 1: {load_dataset(f"{SPEC},seed=1").digest}}
    assert [(r["seed"], r["split"]) for r in lines] == [(s, s) for s in (0, 1) for _ in range(3)]


def test_a_recorded_run_is_repeated_by_naming_its_split(tmp_path: Path) -> None:
    quick(load_dataset("mfeat"), tmp_path / "all", "joint")
    (recorded,) = (
        r
        for r in read_results(tmp_path / "all" / RESULTS_FILE)
        if (r["paradigm"], r["seed"]) == ("joint", 1)
    )
    data = load_dataset("mfeat:split=1")
    alone = train(data, "joint", 1, tmp_path / "one", epochs_scale=0.02)
    assert recorded["data_digest"] == data.digest
    assert recorded["test"].items() >= alone.metrics["test"].items()
    # The checkpoint finds its rows again.
    assert load_dataset(read_run(tmp_path / "one").data_source).digest == alone.data_digest


def test_one_split_for_all_seeds_where_that_is_wanted(pair: Dataset, tmp_path: Path) -> None:
    quick(pair, tmp_path, "joint", own_splits=False)
    lines = read_results(tmp_path / RESULTS_FILE)
    assert {(r["split"], r["data_digest"]) for r in lines} == {(0, pair.digest)}


def test_every_paradigm_is_measured_against_the_same_two_unimodal_models(finished: Path) -> None:
    records = read_results(finished / RESULTS_FILE)
    for seed in (0, 1):
        bounds = {r["test"]["synergy_bound"] for r in records if r["seed"] == seed}
        assert len(bounds) == 1
    # By hand for one of them: dmil's own unimodal heads do not count.
    folder = finished / "runs" / load_dataset(SPEC).slug
    alone, dmil = (
        read_table(folder / p / "seed1" / "predictions.parquet").query("split == 'test'")
        for p in ("ensemble", "dmil")
    )
    both_wrong = (alone["pred_x1"] != alone["y"]) & (alone["pred_x2"] != alone["y"])
    record = next(r for r in records if (r["paradigm"], r["seed"]) == ("dmil", 1))
    assert record["test"]["synergy_bound"] == pytest.approx(both_wrong.mean())
    assert record["test"]["synergy"] == pytest.approx((both_wrong & dmil["correct"]).mean())


def test_an_ensemble_of_two_classes_has_no_synergy(finished: Path) -> None:
    ensembles = [r for r in read_results(finished / RESULTS_FILE) if r["paradigm"] == "ensemble"]
    assert [r["test"]["synergy"] for r in ensembles] == [0.0, 0.0]


def test_the_summary_is_mean_and_spread_of_the_record(finished: Path, pair: Dataset) -> None:
    summary = read_table(finished / SUMMARY_FILE).set_index("paradigm")
    assert list(summary.index) == ["joint", "dmil"]  # the ensemble was not asked for
    records = read_results(finished / RESULTS_FILE)
    for name, row in summary.iterrows():
        values = [r["test"]["accuracy"] for r in records if r["paradigm"] == name]
        assert row["data"] == pair.name
        assert row["seeds"] == 2
        assert row["accuracy_mean"] == pytest.approx(np.mean(values))
        assert row["accuracy_sd"] == pytest.approx(np.std(values, ddof=1))
    assert np.isfinite(summary.loc["dmil", "gate_agreement_mean"])
    assert np.isnan(summary.loc["joint", "gate_agreement_mean"])


def test_the_same_command_again_trains_nothing(finished: Path, pair: Dataset) -> None:
    before = (finished / RESULTS_FILE).read_bytes(), (finished / SUMMARY_FILE).read_bytes()

    def never(_: Report) -> None:
        raise AssertionError

    quick(pair, finished, "joint", "dmil", on_epoch=never)
    after = (finished / RESULTS_FILE).read_bytes(), (finished / SUMMARY_FILE).read_bytes()
    assert after == before


class Killed(Exception):
    """Stands for a kill between two runs."""


def stop_before(name: str) -> Callable[[str], None]:
    def on_run(started: str) -> None:
        if started.endswith(name):
            raise Killed

    return on_run


def test_a_stopped_comparison_goes_on_where_it_was(
    finished: Path, pair: Dataset, tmp_path: Path
) -> None:
    with pytest.raises(Killed):
        quick(pair, tmp_path, "joint", "dmil", on_run=stop_before("dmil seed 0"))
    done = read_results(tmp_path / RESULTS_FILE)
    assert [r["paradigm"] for r in done] == ["ensemble", "joint"]
    assert not (tmp_path / SUMMARY_FILE).exists()
    folder = tmp_path / "runs" / pair.slug / "joint" / "seed0"
    created = read_run(folder).created, (folder / "model.safetensors").stat().st_mtime_ns

    quick(pair, tmp_path, "joint", "dmil")
    assert (read_run(folder).created, (folder / "model.safetensors").stat().st_mtime_ns) == created
    whole, resumed = (read_results(p / RESULTS_FILE) for p in (finished, tmp_path))
    assert [r["test"] for r in resumed] == [r["test"] for r in whole]


def test_more_seeds_are_added_to_a_finished_comparison(pair: Dataset, tmp_path: Path) -> None:
    quick(pair, tmp_path, "joint", seeds=1)
    table = quick(pair, tmp_path, "joint", seeds=2)
    assert table["seeds"].tolist() == [2]
    assert len(read_results(tmp_path / RESULTS_FILE)) == 4


def about(dataset: Dataset, run: Run, pair: pd.DataFrame) -> tuple[str, str, int, bool]:
    """What can be measured while a run's model is there."""
    return dataset.name, run.paradigm, len(pair), (run.folder / "model.safetensors").exists()


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_else_is_measured_of_a_run_comes_once_its_line_is_written(
    pair: Dataset, tmp_path: Path, jobs: int
) -> None:
    seen: list[tuple[str, bool]] = []

    def keep(line: dict[str, Any], measured: Any) -> None:
        assert measured == (SPEC, line["paradigm"], len(pair), True)
        seen.append((line["paradigm"], line in read_results(tmp_path / RESULTS_FILE)))

    quick(pair, tmp_path, "joint", seeds=1, jobs=jobs, measure=about, on_record=keep)
    assert sorted(seen) == [("ensemble", True), ("joint", True)]


def test_the_runs_that_a_record_lacks(pair: Dataset, tmp_path: Path) -> None:
    def lacking(*paradigms: str, tune: bool = False) -> list[tuple[str, int]]:
        return missing_runs(pair, paradigms, 2, tmp_path, epochs_scale=0.02, tune=tune)

    everything = [(p, s) for p in ("ensemble", "joint") for s in (0, 1)]
    assert lacking("joint") == everything
    quick(pair, tmp_path, "joint", seeds=1)
    assert lacking("joint") == [("ensemble", 1), ("joint", 1)]
    quick(pair, tmp_path, "joint")
    assert lacking("joint") == []
    assert lacking("mcr") == [("mcr", 0), ("mcr", 1)]
    # No learning rate is chosen here, so that none of these runs can have it.
    assert lacking("joint", tune=True) == everything
    quick(pair, tmp_path / "runs", "joint", tune=True, records=tmp_path)
    assert lacking("joint", tune=True) == []


def test_a_set_without_test_rows_is_compared_on_validation(tmp_path: Path) -> None:
    from dataclasses import replace

    tiny = load_dataset(SPEC)
    none = replace(tiny, split=np.where(tiny.split == "test", "train", tiny.split))
    table = quick(none, tmp_path, "joint", seeds=1)
    assert np.isnan(table["accuracy_mean"]).all()
    assert {"accuracy", "synergy"} <= set(read_results(tmp_path / RESULTS_FILE)[0]["val"])


def test_a_wrong_paradigm_is_refused_before_anything_is_trained(
    pair: Dataset, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="'magic' does not exist"):
        quick(pair, tmp_path / "new", "joint", "magic")
    assert not (tmp_path / "new").exists()


def test_two_comparisons_in_one_folder(pair: Dataset, tmp_path: Path) -> None:
    with exclusive(tmp_path), pytest.raises(BusyError):
        quick(pair, tmp_path, "joint")


# --- tuning, and several processes ---------------------------------------------------------


def test_learning_rates_are_chosen_on_the_split_that_a_set_comes_with(
    pair: Dataset, tmp_path: Path
) -> None:
    quick(pair, tmp_path, "joint", seeds=2, tune=True)
    for path in (tmp_path / "tuning").glob("*/*/*/*/run.json"):
        assert read_run(path.parent).data_digest == pair.digest
    assert not any("test" in t for t in read_results(tmp_path / TUNING_FILE))


def trial(paradigm: str, scale: float, accuracy: float, data: str = "d") -> dict[str, Any]:
    return {"data": data, "paradigm": paradigm, "lr_scale": scale, "val_accuracy": accuracy}


def test_the_best_rate_on_validation_wins_and_of_equals_the_nearest_to_one() -> None:
    tried = [
        trial("joint", 0.3, 0.7), trial("joint", 1.0, 0.6), trial("joint", 3.0, 0.65),
        trial("dmil", 0.3, 0.8), trial("dmil", 1.0, 0.8), trial("dmil", 3.0, 0.8),
        trial("joint", 3.0, 0.9, data="e"),
    ]  # fmt: skip
    assert best_scales(tried) == {("d", "joint"): 0.3, ("d", "dmil"): 1.0, ("e", "joint"): 3.0}


@pytest.mark.parametrize("best", GRID)
def test_the_search_for_a_rate_ends_with_the_best_inside_what_was_tried(best: float) -> None:
    tried: list[dict[str, Any]] = []
    while scales := next_scales(tried, "d", "joint"):
        assert not {t["lr_scale"] for t in tried} & set(scales)
        tried += [trial("joint", s, -abs(GRID.index(s) - GRID.index(best))) for s in scales]
    assert best_scales(tried) == {("d", "joint"): best}
    assert at_edge(tried) == ([("d", "joint")] if best in (GRID[0], GRID[-1]) else [])
    assert len(tried) <= len(FIRST) + abs(GRID.index(best) - GRID.index(1.0))


def test_tuning_reports_other_seeds_and_trains_at_the_rate_that_it_chose(
    pair: Dataset, tmp_path: Path
) -> None:
    quick(pair, tmp_path, "joint", seeds=1, tune=True)
    tried = [json.loads(line) for line in (tmp_path / TUNING_FILE).read_text().splitlines()]
    for paradigm in ("ensemble", "joint"):
        assert set(FIRST) <= {t["lr_scale"] for t in tried if t["paradigm"] == paradigm}
    assert set(at_edge(tried)) <= {
        key for key, scale in best_scales(tried).items() if scale in (GRID[0], GRID[-1])
    }
    chosen = best_scales(tried)
    for record in read_results(tmp_path / RESULTS_FILE):
        assert record["seed"] == 0
        assert record["lr_scale"] == chosen[pair.name, record["paradigm"]]
        folder = tmp_path / "runs" / pair.slug / record["paradigm"] / "seed0"
        plain = find_paradigm(record["paradigm"]).stages_of()
        rates = [s.lr for s in read_run(folder).config.stages]
        assert rates == pytest.approx([s.lr * record["lr_scale"] for s in plain])


def test_a_trial_of_other_settings_chooses_nothing(pair: Dataset, tmp_path: Path) -> None:
    stale = trial("joint", 100.0, 1.0, data=pair.name) | {"seed": 1000, "settings": "of before"}
    write_lines(tmp_path / TUNING_FILE, [stale])
    quick(pair, tmp_path, "joint", seeds=1, tune=True)
    (joint,) = (r for r in read_results(tmp_path / RESULTS_FILE) if r["paradigm"] == "joint")
    assert joint["lr_scale"] < 100.0
    # It is gone, so that nobody who reads the file takes it for a part of the search.
    kept = read_results(tmp_path / TUNING_FILE)
    assert "of before" not in {t["settings"] for t in kept}
    assert {t["recipe"] for t in kept} == {"standard"}


def test_reading_trials_skips_what_is_none(tmp_path: Path) -> None:
    good = trial("joint", 0.3, 0.7, "a")
    lines = ["{", "[]", "3", *map(json.dumps, (good, good | {"lr_scale": 0}, good | {"data": "b"}))]
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / TUNING_FILE).write_text("\n".join(lines), "utf-8")
    assert read_all(tmp_path) == [good]
    assert not is_current(good)
    assert is_current(good | {"recipe": "standard"})


def known_trial(pair: Dataset, scale: float, accuracy: float) -> dict[str, Any]:
    """A trial of joint as it would be recorded, with this accuracy."""
    config = plan(pair, "joint", TUNING_SEED, epochs_scale=0.05, lr_scale=scale)
    made = {"seed": TUNING_SEED, "settings": fingerprint(config, pair.digest)}
    return trial("joint", scale, accuracy, data=pair.name) | made


def test_a_run_on_record_is_repeated_bit_by_bit_from_the_command_line(
    finished: Path, pair: Dataset, tmp_path: Path
) -> None:
    """A record states all that the command needs: data, split, paradigm, seed and factor."""
    out = tmp_path / "tuned"
    tuned = [
        known_trial(pair, scale, a) for scale, a in ((0.3, 0.1), (1.0, 0.2), (3.0, 0.9), (10.0, 0))
    ]
    write_lines(out / TUNING_FILE, tuned)
    quick(pair, out, "joint", seeds=2, tune=True, epochs_scale=0.05)
    (record,) = (
        r for r in read_results(out / RESULTS_FILE) if (r["paradigm"], r["seed"]) == ("joint", 1)
    )
    assert record["lr_scale"] == 3.0
    spec = of_seed(pair, record["split"]).source
    again = tmp_path / "again"
    command = ["train", "--data", spec, "--paradigm", "joint", "--seed", "1", "--quiet"]
    command += ["--lr-scale", str(record["lr_scale"]), "--epochs-scale", "0.05"]
    assert main([*command, "--out", str(again)]) == 0
    first = read_run(out / "runs" / pair.slug / "joint" / "seed1")
    assert read_run(again).weights_sha256 == first.weights_sha256


def test_two_processes_write_the_record_of_one(
    finished: Path, pair: Dataset, tmp_path: Path
) -> None:
    quick(pair, tmp_path, "joint", "dmil", jobs=2)
    one, two = (read_results(p / RESULTS_FILE) for p in (finished, tmp_path))
    assert [r["test"] for r in two] == [r["test"] for r in one]


def test_a_comparison_outlives_one_of_its_processes(finished: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "dmil_core", "compare", "--data", SPEC, "--out", str(tmp_path)]
    command += ["--paradigms", "joint", "dmil", "--seeds", "2", "--jobs", "2"]
    with subprocess.Popen(
        [*command, "--epochs-scale", "0.02", "--quiet"], stderr=subprocess.PIPE, text=True
    ) as started:
        record = tmp_path / RESULTS_FILE
        while started.poll() is None and not record.exists():
            time.sleep(0.05)
        children = psutil.Process(started.pid).children()
        next(c for c in children if "spawn_main" in " ".join(c.cmdline())).kill()
        _, said = started.communicate(timeout=300)
    assert started.returncode == 0, said
    assert "Traceback" not in said
    one, two = (read_results(p / RESULTS_FILE) for p in (finished, tmp_path))
    assert [r["test"] for r in two] == [r["test"] for r in one]


# --- tables by hand ------------------------------------------------------------------------


def rows(pred: str, x1: str, x2: str, ids: str = "1234") -> pd.DataFrame:
    """Four samples of class a."""
    table = pd.DataFrame({"id": list(ids), "y": "a", "pred": list(pred)})
    table["correct"] = table["pred"] == "a"
    table[schema.unimodal_pred(1)], table[schema.unimodal_pred(2)] = list(x1), list(x2)
    return table


def test_synergy_by_hand() -> None:
    result = synergy(rows("aaab", "bbab", "bbbb"), rows("aaab", "abab", "bbbb"))
    assert result == {"synergy": 0.25, "missed": 0.0, "synergy_bound": 0.5}


def test_the_accuracy_of_a_part_by_itself_by_hand() -> None:
    table = rows("aaab", "bbab", "abbb")
    assert alone(table) == {"alone_x1": 0.25, "alone_x2": 0.25}
    table[schema.component_pred("S")] = list("aaba")
    assert alone(table)["alone_S"] == 0.75
    # An ablation without S has no prediction of it.
    table[schema.component_pred("S")] = ""
    assert "alone_S" not in alone(table)


def test_the_record_has_the_accuracy_of_each_part(finished: Path, pair: Dataset) -> None:
    lines = {(r["paradigm"], r["seed"]): r for r in read_results(finished / RESULTS_FILE)}
    folder = finished / "runs" / pair.slug / "dmil" / "seed1"
    table = read_table(folder / "predictions.parquet")
    config = read_run(folder).config
    model, _ = load_model(folder)
    data = of_seed(pair, 1)
    position = schema.components(2).index("S")
    for split in ("val", "test"):
        here = data.rows(split)
        best = model(*inputs(data, here, config.model)).components[:, position].argmax(dim=1)
        figures = lines["dmil", 1][split]
        assert figures["alone_S"] == pytest.approx((best.numpy() == data.y[here]).mean())
        shown = table[table["split"] == split]
        assert figures["alone_x1"] == pytest.approx((shown["pred_x1"] == shown["y"]).mean())
    assert {"alone_x1", "alone_x2"} <= set(lines["ensemble", 0]["test"])
    assert not any(name.startswith("alone") for name in lines["joint", 0]["test"])


def test_tables_of_other_rows_are_refused() -> None:
    with pytest.raises(DataError, match="different samples"):
        synergy(rows("aaaa", "aaaa", "aaaa", "1243"), rows("aaaa", "aaaa", "aaaa"))


def test_reading_the_record(tmp_path: Path) -> None:
    path = tmp_path / RESULTS_FILE
    assert read_results(path) == []
    good = json.dumps({"data": "d", "paradigm": "joint", "seed": 0})
    path.write_text(good + "\n")
    assert len(read_results(path)) == 1
    for bad, says in (
        ("{", "is damaged: not JSON"),
        ("null", "is not the record"),
        ("{}", "is not the rec"),
    ):
        path.write_text(f"{good}\n{bad}\n")
        with pytest.raises(DataError, match=f"line 2 {says}"):
            read_results(path)


def test_one_seed_has_no_spread() -> None:
    record = {"data": "d", "paradigm": "joint", "seed": 0, "seconds": 1.0, "parameters": 5}
    table = summarize([{**record, "test": {"accuracy": 0.5}}])
    assert table["accuracy_mean"].tolist() == [0.5]
    assert np.isnan(table["accuracy_sd"]).all()


def test_shipped_metrics_and_compared_ones_agree(tiny_runs: dict[str, Run]) -> None:
    """The ensemble's table is the reference of every paradigm on the same set and seed."""
    alone = read_table(tiny_runs["ensemble"].predictions)
    for name in PARADIGM_NAMES:
        result = synergy(read_table(tiny_runs[name].predictions), alone)
        assert 0 <= result["synergy"] <= result["synergy_bound"]
