"""Train several paradigms over paired seeds and keep a record that tables are made from.

results.jsonl is the record: one line per finished run, appended as runs finish, so that a
stopped comparison goes on where it was, on another machine too: what the record holds is not
trained again. summary.csv is computed from it, never beside it.

Seed s has split s of the data, the same for all paradigms: differences over seeds are then paired
by split, and include how much a result depends on which rows are tested. Seed 0 has the split that
the set comes with. Learning rates are chosen on the validation rows of that split alone.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dmil_core import schema
from dmil_core.checkpoint import PREDICTIONS_FILE, Run, run_folder
from dmil_core.config import RunConfig, to_json
from dmil_core.data.catalog import of_seed
from dmil_core.data.dataset import Dataset
from dmil_core.engine.options import EngineOptions
from dmil_core.engine.tasks import Engine, Task
from dmil_core.errors import DataError
from dmil_core.experiments import tuning
from dmil_core.experiments.records import MAX_RECORDS_BYTES, RESULTS_FILE, with_current_names
from dmil_core.io.atomic import check_writable, exclusive, make_folder, write_lines
from dmil_core.io.reading import json_line, parsing, read_checked
from dmil_core.io.tables import read_table, write_table
from dmil_core.metrics import scores
from dmil_core.migration import to_version_1
from dmil_core.models.inputs import check_modalities
from dmil_core.paradigms import ENSEMBLE, PARADIGMS, STANDARD, find_paradigm
from dmil_core.training.loop import Report

SUMMARY_FILE = "summary.csv"
RUNS_FOLDER = "runs"
TUNING_FOLDER = "tuning"

#: Seed of the runs that choose a learning rate; it is not reported.
TUNING_SEED = 1000

#: Sets with another split that a process keeps in memory.
MOST_DRAWN = 10

#: A run of a comparison: set as it comes, paradigm, seed, factor on the learning rate.
Unit = tuple[Dataset, str, int, float]

OnRun = Callable[[str], None]
OnEpoch = Callable[[Report], None]
#: (set as it comes, run, prediction table of the seed's ensemble) -> what is measured of it.
Measure = Callable[[Dataset, Run, pd.DataFrame], Any]
#: (line of results.jsonl, what ``Measure`` returned) -> nothing.
OnRecord = Callable[[dict[str, Any], Any], None]

#: Name, in what a run returns, of what ``Measure`` returned; it is in no record.
_MEASURED = "measured"

#: Metrics of results.jsonl that summary.csv reports as mean and standard deviation over seeds.
SUMMARY_METRICS = (
    "accuracy", "macro_f1", "map", "ece", "synergy", "missed", "synergy_bound", "gate_agreement",
)  # fmt: skip


def compare(
    datasets: Sequence[Dataset],
    paradigms: Sequence[str],
    seeds: int,
    out: Path,
    *,
    device: str = "auto",
    epochs_scale: float = 1.0,
    recipe: str = STANDARD.name,
    tune: bool = False,
    jobs: int = 1,
    engine: EngineOptions | None = None,
    own_splits: bool = True,
    records: Path | None = None,
    measure: Measure | None = None,
    on_run: OnRun | None = None,
    on_record: OnRecord | None = None,
    on_epoch: OnEpoch | None = None,
) -> pd.DataFrame:
    """Train every paradigm on every set with seeds 0 to ``seeds`` - 1 and summarise.

    The ensemble of a seed is always trained: its two models are the frozen unimodal pair that
    every paradigm's synergy indicator of that seed refers to.

    Parameters
    ----------
    tune
        Choose each paradigm's learning rate on each set first, by accuracy on validation rows, in
        runs of full length with a seed that is not reported; see
        :mod:`dmil_core.experiments.tuning`.
    jobs
        Processes side by side, each on one thread; with more than one, ``on_epoch`` is not called.
    engine
        What trains the runs, in place of ``jobs`` processes of this machine; one run is one unit.
        All nodes of a cluster have to see ``out``.
    own_splits
        Whether seed s has split s of the data, see :func:`dmil_core.data.catalog.of_seed`;
        otherwise all seeds have the split that the set comes with.
    records
        The folder of results.jsonl and tuning.jsonl, by default ``out``, where the runs lie.
    measure
        What else to measure of a run, called in the process that trained it; with more than one
        process it has to be picklable, as has what it returns.
    on_record
        Called after each line of results.jsonl was written, with what ``measure`` returned.

    Returns
    -------
    The table of summary.csv.

    Raises
    ------
    ConfigError
        If a paradigm does not exist, or reads fewer modalities than a set has; before anything is
        trained.
    """
    names = [ENSEMBLE.name, *(n for n in paradigms if n != ENSEMBLE.name)]
    for paradigm in map(find_paradigm, names):
        for dataset in datasets:
            check_modalities(dataset, paradigm)
    kept = records or out
    for folder in (out, kept):
        make_folder(folder)
        check_writable(folder, folder=True)
    options = engine or EngineOptions(jobs=jobs)
    how = _How(out, device, epochs_scale, recipe, not options.is_here, own_splits, measure)
    opened = contextlib.nullcontext() if options.is_here else options.opened(out)
    with exclusive(out), opened as runner:
        chosen: dict[tuple[str, str], float] = {}
        if tune:
            chosen = _tuned(
                how.trial, datasets, names, kept / tuning.TUNING_FILE, runner, on_run, on_epoch
            )
        results = read_results(kept / RESULTS_FILE)
        units = [
            (d, n, seed, scale)
            for d in datasets
            for seed in range(seeds)
            for n, scale in _missing(how, results, d, seed, names, chosen).items()
        ]
        for wave in [units] if runner is None else _pairs_first(units):
            for result in _each(runner, _run, how, wave, on_run, on_epoch):
                for new in result:
                    measured = new.pop(_MEASURED)
                    results = with_record(results, new)
                    write_lines(kept / RESULTS_FILE, results)
                    if on_record:
                        on_record(new, measured)
        wanted = set(paradigms)
        table = summarize([r for r in results if r["paradigm"] in wanted])
        write_table(table, out / SUMMARY_FILE)
    return table


def missing_runs(
    dataset: Dataset, paradigms: Sequence[str], seeds: int, records: Path,
    *, epochs_scale: float = 1.0, tune: bool = False,
) -> list[tuple[str, int]]:  # fmt: skip
    """(paradigm, seed) of the runs that the record in a folder lacks, of those that
    :func:`compare` makes with these arguments; with ``tune``, every seed of a paradigm whose
    learning rate is not chosen there yet."""
    how = _How(records, "auto", epochs_scale, STANDARD.name, one_thread=False)
    names = dict.fromkeys((ENSEMBLE.name, *paradigms))
    results = read_results(records / RESULTS_FILE)
    trials: list[dict[str, Any]] = []
    if tune:
        tried = read_results(records / tuning.TUNING_FILE)
        trials = _current_trials(how.trial, {dataset.name: dataset}, list(names), tried)
    open_ = {n for n in names if tune and tuning.next_scales(trials, dataset.name, n)}
    chosen = tuning.best_scales(trials)
    return [
        (n, seed)
        for n in names
        for seed in range(seeds)
        if n in open_
        or not _known(results, how.settings(dataset, n, seed, chosen.get((dataset.name, n), 1.0)))
    ]


def _tuned(
    how: _How, datasets: Sequence[Dataset], names: Sequence[str], path: Path,
    engine: Engine | None, on_run: OnRun | None, on_epoch: OnEpoch | None,
) -> dict[tuple[str, str], float]:  # fmt: skip
    """(set, paradigm) -> the factor on its learning rate; trials that a file lacks are made."""
    tried = read_results(path)
    current = _current_trials(how, {d.name: d for d in datasets}, names, tried)
    while trials := [
        (d, n, scale)
        for d in datasets
        for n in names
        for scale in tuning.next_scales(current, d.name, n)
    ]:
        for result in _each(engine, _trial, how, trials, on_run, on_epoch):
            for new in result:
                tried = with_record([t for t in tried if not _outdated(t, new, current)], new)
                current.append(new)
                write_lines(path, tried)
    return tuning.best_scales(current)


def _current_trials(
    how: _How, sets: dict[str, Dataset], names: Sequence[str], tried: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """The recorded trials of these sets and paradigms that have today's settings."""
    return [
        t
        for t in tried
        if t["data"] in sets
        and t["paradigm"] in names
        and t.get("settings")
        == how.settings(sets[t["data"]], t["paradigm"], TUNING_SEED, t["lr_scale"])
    ]


def _outdated(trial: dict[str, Any], new: dict[str, Any], current: list[dict[str, Any]]) -> bool:
    """Whether a recorded trial of the same set and paradigm as ``new`` has other settings: then it
    chooses nothing any more, and would be taken for a part of the search by who reads the file."""
    return all(trial[k] == new[k] for k in ("data", "paradigm")) and trial not in current


def _missing(
    how: _How, records: list[dict[str, Any]], dataset: Dataset, seed: int, names: Sequence[str],
    chosen: dict[tuple[str, str], float],
) -> dict[str, float]:  # fmt: skip
    """Paradigm -> learning rate scale of the runs of a seed that no record holds yet; the
    ensemble is among them wherever any is, for its unimodal pair."""
    scales = {n: chosen.get((dataset.name, n), 1.0) for n in names}
    missing = {
        n: scale
        for n, scale in scales.items()
        if not _known(records, how.settings(dataset, n, seed, scale))
    }
    return {ENSEMBLE.name: scales[ENSEMBLE.name], **missing} if missing else {}


def _pairs_first(units: list[Unit]) -> list[list[Unit]]:
    """The ensembles, and then what is measured against them, each in any order.

    All seeds of a paradigm are adjacent: two decompositions of one seed at the same time would both
    train the out-of-fold models that the second could reuse.
    """
    position = {name: n for n, name in enumerate(dict.fromkeys(u[1] for u in units))}
    others = sorted((u for u in units if u[1] != ENSEMBLE.name), key=lambda u: position[u[1]])
    return [[u for u in units if u[1] == ENSEMBLE.name], others]


def _known(records: list[dict[str, Any]], settings: str) -> bool:
    return any(r.get("settings") == settings for r in records)


#: (Digest of a set, split) -> the set with that split; all paradigms of a seed use it.
_DRAWN: dict[tuple[str, int], Dataset] = {}


def _of_seed(digest: str, split: int, dataset: Dataset) -> Dataset:
    """A set with another split, drawn once in each process."""
    if (digest, split) not in _DRAWN:
        if len(_DRAWN) >= MOST_DRAWN:
            _DRAWN.pop(next(iter(_DRAWN)))
        _DRAWN[digest, split] = of_seed(dataset, split)
    return _DRAWN[digest, split]


@dataclass(frozen=True)
class _How:
    """What all runs of a comparison have in common."""

    out: Path
    device: str
    epochs_scale: float
    recipe: str
    one_thread: bool
    own_splits: bool = True
    measure: Measure | None = None

    @property
    def trial(self) -> _How:
        """The same for runs that only choose a learning rate, on the split of the set itself."""
        return replace(self, own_splits=False, measure=None)

    def split(self, seed: int) -> int:
        """Number of the split that a seed has."""
        return seed if self.own_splits else 0

    def data(self, dataset: Dataset, seed: int) -> Dataset:
        """The rows and split of a seed."""
        split = self.split(seed)
        return _of_seed(dataset.digest, split, dataset) if split else dataset

    def settings(self, dataset: Dataset, paradigm: str, seed: int, scale: float) -> str:
        """Fingerprint of a run before it is trained; see :func:`fingerprint`."""
        from dmil_core.training.run import plan

        data = self.data(dataset, seed)
        config = plan(
            data, paradigm, seed, epochs_scale=self.epochs_scale, lr_scale=scale,
            recipe=self.recipe,
        )  # fmt: skip
        return fingerprint(config, data.digest)

    def train(
        self, dataset: Dataset, paradigm: str, seed: int, folder: Path, scale: float,
        on_epoch: OnEpoch | None,
    ) -> Run:  # fmt: skip
        from dmil_core.training.run import train

        if self.one_thread:
            import torch

            torch.set_num_threads(1)
        # Every decomposition of a seed uses the same out-of-fold models.
        shared = out_of_fold_folder(self.out, dataset.slug, seed)
        return train(
            self.data(dataset, seed), paradigm, seed,
            run_folder(folder, dataset.slug, paradigm, seed),
            device=self.device, epochs_scale=self.epochs_scale, lr_scale=scale, recipe=self.recipe,
            out_of_fold=shared, on_epoch=on_epoch,
        )  # fmt: skip


def _trial(
    how: _How, dataset: Dataset, paradigm: str, scale: float, on_run: OnRun | None,
    on_epoch: OnEpoch | None,
) -> Iterator[dict[str, Any]]:  # fmt: skip
    """One run of the tuning budget, on a seed that is not reported."""
    if on_run:
        on_run(f"{dataset.name} {paradigm} learning rate x {scale:g}")
    folder = how.out / TUNING_FOLDER / f"lr{scale:g}"
    run = how.train(dataset, paradigm, TUNING_SEED, folder, scale, on_epoch)
    yield {
        "data": dataset.name,
        "paradigm": paradigm,
        "seed": TUNING_SEED,
        "lr_scale": scale,
        "val_accuracy": run.metrics["val"]["accuracy"],
        "recipe": how.recipe,
        "settings": fingerprint(run.config, run.data_digest),
    }


def _run(
    how: _How, dataset: Dataset, paradigm: str, seed: int, scale: float, on_run: OnRun | None,
    on_epoch: OnEpoch | None,
) -> Iterator[dict[str, Any]]:  # fmt: skip
    """One reported run; the ensemble of its seed is there, or is this one."""
    from dmil_core.training.run import choose_device

    if on_run:
        on_run(f"{dataset.name} {paradigm} seed {seed}")
    run = how.train(dataset, paradigm, seed, how.out / RUNS_FOLDER, scale, on_epoch)
    folder = run_folder(how.out / RUNS_FOLDER, dataset.slug, ENSEMBLE.name, seed)
    pair = read_table(folder / PREDICTIONS_FILE)
    about: dict[str, Any] = {"lr_scale": scale, "device": choose_device(how.device).type}
    # Seeds have other rows, or other splits of them; records of one set are under one name.
    about |= {"data": dataset.name, "split": how.split(seed), "base_digest": dataset.digest}
    about[_MEASURED] = how.measure(dataset, run, pair) if how.measure else None
    yield record(run, pair) | about


def _each(
    engine: Engine | None, work: Callable[..., Iterator[dict[str, Any]]], how: _How,
    units: Sequence[tuple[Any, ...]], on_run: OnRun | None, on_epoch: OnEpoch | None,
) -> Iterator[Iterable[dict[str, Any]]]:  # fmt: skip
    """The records of each unit: as they come in this process, whole from others, whichever
    is finished first."""
    if engine is None:
        yield from (work(how, *unit, on_run, on_epoch) for unit in units)
        return
    names = [" ".join(map(str, (unit[0].name, *unit[1:]))) for unit in units]
    tasks = [Task(n, _all, (work, how, *unit)) for n, unit in zip(names, units, strict=True)]
    for index, outcome in engine.each(tasks):
        if on_run:
            on_run(f"{names[index]} done")
        yield outcome


def _all(work: Callable[..., Iterator[dict[str, Any]]], *arguments: Any) -> list[dict[str, Any]]:
    return list(work(*arguments, None, None))


def record(run: Run, pair: pd.DataFrame) -> dict[str, Any]:
    """One line of results.jsonl; ``pair`` is the prediction table of the seed's ensemble."""
    table = read_table(run.predictions)
    result: dict[str, Any] = {
        "data": run.data_name,
        "data_digest": run.data_digest,
        "paradigm": run.paradigm,
        "seed": run.seed,
        "parameters": run.parameters,
        "seconds": run.seconds,
        "settings": fingerprint(run.config, run.data_digest),
        "rows": {s: int((table["split"] == s).sum()) for s in schema.SPLITS},
    }
    for split in ("val", "test"):
        rows = (table["split"] == split).to_numpy()
        if rows.any():
            right = int(table.loc[rows, "correct"].sum())
            result[split] = run.metrics[split] | synergy(table[rows], pair[rows])
            result[split] |= by_interaction_type(table[rows]) | alone(table[rows])
            result[split] |= {"right": right}
    return result


def fingerprint(config: RunConfig, data_digest: str) -> str:
    """Hash of model, stages, seed and data: a run with the same one need not be trained again.

    It is taken of the configuration as version 1 wrote it, so that records keep their value.
    """
    text = json.dumps([to_version_1(to_json(config)), data_digest], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def out_of_fold_folder(out: Path, slug: str, seed: int) -> Path:
    """Folder of the out-of-fold predictions that runs of a set and seed under ``out`` share.

    One that an earlier version named ``teachers`` is used further.
    """
    old = out / "teachers" / slug / f"seed{seed}"
    return old if old.is_dir() else out / "out_of_fold" / slug / f"seed{seed}"


def by_interaction_type(table: pd.DataFrame) -> dict[str, float]:
    """Accuracy on the rows of each true interaction type, ``accuracy_R`` and so on; empty where it
    is not known."""
    if schema.INTERACTION_TYPE not in table:
        return {}
    groups = table.groupby(table[schema.INTERACTION_TYPE].astype(str))["correct"]
    return {f"accuracy_{c}": float(v) for c, v in groups.mean().items()}


def alone(table: pd.DataFrame) -> dict[str, float]:
    """Accuracy of each unimodal head, ``alone_x1`` and so on, and of the component S by itself,
    ``alone_S``: of those that the model of a prediction table has."""
    heads = {f"alone_x{m}": schema.unimodal_pred(m) for m in schema.MODALITY_NUMBERS}
    heads["alone_S"] = schema.component_pred("S")
    truth = table["y"].to_numpy()
    # A component that an ablation lacks predicts no class.
    known = {name: table[c].to_numpy() for name, c in heads.items() if c in table}
    return {name: float((p == truth).mean()) for name, p in known.items() if (p != "").all()}


def synergy(table: pd.DataFrame, pair: pd.DataFrame) -> dict[str, float]:
    """Synergy indicator, unimodal loss rate and the indicator's upper bound, over the same rows of
    a table and of the unimodal pair.

    Raises
    ------
    DataError
        If the two tables are not of the same rows.
    """
    if not np.array_equal(table["id"].to_numpy(), pair["id"].to_numpy()):
        raise DataError("the two tables list different samples; predict both on the same data")
    truth = pair["y"].to_numpy()
    columns = [schema.unimodal_pred(m) for m in schema.MODALITY_NUMBERS]
    unimodal = [pair[c].to_numpy() == truth for c in columns if c in pair]
    correct = table["correct"].to_numpy(bool)
    return {
        "synergy": scores.synergy_indicator(correct, *unimodal),
        "missed": scores.unimodal_loss_rate(correct, *unimodal),
        "synergy_bound": scores.synergy_bound(*unimodal),
    }


def read_results(path: Path) -> list[dict[str, Any]]:
    """The record; empty where there is none.

    Raises
    ------
    DataError
        Naming the line that is not JSON.
    """
    try:
        content = read_checked(path, MAX_RECORDS_BYTES)
    except FileNotFoundError:
        return []
    with parsing(path, "UTF-8 text"):
        lines = content.decode("utf-8").splitlines()
    result = []
    for number, line in enumerate(lines, start=1):
        with parsing(f"{path} line {number}", "JSON", advice="Remove it"):
            record = json_line(line)
        if not isinstance(record, dict) or not {"data", "paradigm", "seed"} <= set(record):
            raise DataError(f"{path} line {number} is not the record of a run; remove it")
        result.append({k: with_current_names(v) for k, v in record.items()})
    return result


def with_record(records: list[dict[str, Any]], new: dict[str, Any]) -> list[dict[str, Any]]:
    """The records with ``new`` in place of an older line of the same run, or trial; in an order
    that does not depend on which was finished first."""
    names = ["data", "seed", "paradigm", *(["lr_scale"] if "val_accuracy" in new else [])]
    kept = [r for r in records if any(r[k] != new[k] for k in names)]
    order = [ENSEMBLE.name, *PARADIGMS]

    def position(r: dict[str, Any]) -> tuple[Any, ...]:
        rank = order.index(r["paradigm"]) if r["paradigm"] in order else len(order)
        return r["data"], r["seed"], rank, r["paradigm"], r.get("lr_scale", 1.0)

    return sorted([*kept, new], key=position)


def summarize(records: list[dict[str, Any]]) -> pd.DataFrame:
    """Mean and standard deviation over seeds of the test metrics, a row per set and paradigm."""
    rows = []
    keys = list(dict.fromkeys((r["data"], r["paradigm"]) for r in records))
    for data, paradigm in keys:
        runs = [r for r in records if (r["data"], r["paradigm"]) == (data, paradigm)]
        row: dict[str, Any] = {"data": data, "paradigm": paradigm, "seeds": len(runs)}
        for name in SUMMARY_METRICS:
            values = [r["test"][name] for r in runs if name in r.get("test", {})]
            row[f"{name}_mean"] = np.mean(values) if values else np.nan
            row[f"{name}_sd"] = np.std(values, ddof=1) if len(values) > 1 else np.nan
        row["seconds_mean"] = np.mean([r["seconds"] for r in runs])
        row["parameters"] = runs[0]["parameters"]
        rows.append(row)
    return pd.DataFrame(rows)
