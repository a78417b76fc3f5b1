"""Train one paradigm on one data set into one folder; a killed run loses at most an epoch.

While a run is under way its state lies in ``<folder>/.training``; the checkpoint itself appears
only when training ends, or when it is interrupted from the keyboard.
"""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

import dmil_core
from dmil_core import checkpoint, paradigms
from dmil_core.checkpoint import Run
from dmil_core.config import RunConfig, read_run_config, to_json
from dmil_core.data.dataset import Dataset, slug_of
from dmil_core.data.files.load import Request
from dmil_core.data.files.shuffled import StreamedSet, prepare
from dmil_core.data.files.stream import opened
from dmil_core.errors import CheckpointError, ConfigError
from dmil_core.inference.batches import write_predictions
from dmil_core.inference.predict import predict
from dmil_core.io.atomic import exclusive, make_folder, write_json, writing
from dmil_core.io.reading import MIB, read_json
from dmil_core.io.tables import write_table
from dmil_core.metrics.predictions import score
from dmil_core.models import inputs
from dmil_core.paradigms import STANDARD, find_paradigm, find_recipe
from dmil_core.training import processes
from dmil_core.training.cross_fitting import OUT_OF_FOLD
from dmil_core.training.loop import FitState, Report
from dmil_core.training.streaming import StreamedLearning
from dmil_core.training.trainer import Learning

TRAINING_FOLDER = ".training"
STATE_FILE = "state.safetensors"
#: Folder of the shuffled rows of a set that is larger than memory, in that of the state.
ROWS_FOLDER = "rows"
MAX_EPOCHS_SCALE = 1000.0
MAX_LR_SCALE = 1000.0
#: Describes the out-of-fold models of a folder that runs share; its name is from version 1.
OUT_OF_FOLD_FILE = "teachers.json"


class Interrupted(KeyboardInterrupt):
    """Training was stopped from the keyboard; ``run`` is the checkpoint of its last state."""

    def __init__(self, run: Run) -> None:
        super().__init__(f"stopped; {run.folder} holds the last state")
        self.run = run


@dataclass(frozen=True)
class Job:
    """A run to be trained: data, configuration and folder."""

    dataset: Dataset | StreamedSet
    config: RunConfig
    folder: Path
    device: torch.device
    epochs_scale: float
    out_of_fold: Path | None = None

    @property
    def scratch(self) -> Path:
        """Folder of the state of the unfinished run."""
        return self.folder / TRAINING_FOLDER

    @property
    def key(self) -> dict[str, Any]:
        """What must be the same for a stopped run to go on."""
        return {"config": to_json(self.config), "data": self.dataset.digest}

    @property
    def out_of_fold_key(self) -> dict[str, Any]:
        """What must be the same for two runs to share their out-of-fold models."""
        encoders = [to_json(e) for e in self.config.model.encoders]
        same = {"encoders": encoders, "latent_size": self.config.model.latent_size}
        same |= {"folds": self.config.folds, "seed": self.config.seed}
        same |= {"recipe": self.config.recipe}
        return {**same, "epochs_scale": self.epochs_scale, "data": self.dataset.digest}


class Stopwatch:
    """Seconds of work since it was made, as far as possible without waiting for other processes.

    On a CPU the smaller of wall-clock time and the processor time of this process; on a GPU the
    wall-clock time.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.started = time.monotonic(), time.process_time()

    def seconds(self) -> float:
        """Seconds so far."""
        passed = time.monotonic() - self.started[0]
        worked = time.process_time() - self.started[1]
        return passed if self.device.type == "cuda" else min(passed, worked)


def choose_device(name: str = "auto") -> torch.device:
    """``auto`` is a GPU where there is one.

    Raises
    ------
    ConfigError
        If the name is unknown, or cuda is asked for and there is none.
    """
    if name not in ("auto", "cpu", "cuda"):
        raise ConfigError(f"device {name!r}: expected auto, cpu or cuda")
    if name == "cuda" and not torch.cuda.is_available():
        raise ConfigError("device cuda: this machine has no usable GPU; use --device cpu or auto")
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


def train(
    dataset: Dataset | Request,
    paradigm: str = "dmil",
    seed: int = 0,
    out: Path | None = None,
    *,
    device: str = "auto",
    encoders: tuple[str | None, ...] = (),
    epochs_scale: float = 1.0,
    lr_scale: float = 1.0,
    recipe: str = STANDARD.name,
    out_of_fold: Path | None = None,
    overwrite: bool = False,
    on_set: Callable[[StreamedSet], None] | None = None,
    on_epoch: Callable[[Report], None] | None = None,
) -> Run:
    """Train, predict every row, and write the checkpoint folder.

    A run that was killed continues when this is called again with the same arguments; one that is
    finished is read and returned.

    Parameters
    ----------
    dataset
        A set in memory; or what a user says of a Parquet file or of a folder of them, which may be
        larger than memory. Its rows are shuffled on the disk, in the folder of the unfinished run,
        and read from there; see :mod:`dmil_core.data.files.shuffled` and
        :mod:`dmil_core.training.streaming`. A run of these goes on within the epoch, and several
        processes may train it together; see :mod:`dmil_core.training.processes`.
    out
        Folder of the checkpoint; by default checkpoints/<set>/<paradigm>/seed<seed>.
    encoders
        Names of encoders to use instead of the ones that suit the modalities' kinds, that of x1
        first; None keeps one.
    epochs_scale
        Multiplies the epochs of every stage, for quick looks.
    lr_scale
        Multiplies the learning rate of every stage.
    recipe
        Stopping, averaging and smoothing: a key of ``dmil_core.paradigms.RECIPES``.
    out_of_fold
        A folder that stores the predictions of the out-of-fold models for other runs with the same
        rows, encoders and seed; by default they are removed with the run's scratch folder.
    overwrite
        Start over in a folder that holds another run.
    on_set
        Called with a set that is larger than memory, before the training begins.

    Raises
    ------
    DataError
        If rows that are larger than memory cannot be used.
    BusyError
        If another process trains into the same folder.
    CheckpointError
        If the folder holds a run of other settings and ``overwrite`` is off.
    Interrupted
        On Ctrl-C, after the last state was written as a checkpoint.
    """
    name = slug_of(dataset.files[0].stem) if isinstance(dataset, Request) else dataset.slug
    folder = Path(out) if out else checkpoint.default_folder(name, paradigm, seed)

    def planned(rows: Dataset | StreamedSet) -> Job:
        config = plan(
            rows, paradigm, seed, encoders=encoders, epochs_scale=epochs_scale, lr_scale=lr_scale,
            recipe=recipe,
        )  # fmt: skip
        return Job(rows, config, folder, choose_device(device), epochs_scale, out_of_fold)

    if isinstance(dataset, Request):
        # Before the rows are read, which may take long.
        find_paradigm(paradigm)
        find_recipe(recipe)
        if out_of_fold is not None:
            raise ConfigError(
                "runs on rows in files cannot share out-of-fold models; leave out_of_fold out"
            )
        source = opened(dataset.files[0])
    else:
        job = planned(dataset)
    with exclusive(folder) if processes.is_first() else contextlib.nullcontext():
        if overwrite and processes.is_first():
            _clear(folder)
        if isinstance(dataset, Request):
            shuffled = folder / TRAINING_FOLDER / ROWS_FOLDER
            rows = processes.first_alone(lambda: prepare(source, dataset, shuffled))
            if on_set:
                on_set(rows)
            job = planned(rows)
        return _existing(job) or _run(job, on_epoch)


def plan(
    dataset: Dataset | StreamedSet,
    paradigm: str,
    seed: int,
    *,
    encoders: tuple[str | None, ...] = (),
    epochs_scale: float = 1.0,
    lr_scale: float = 1.0,
    recipe: str = STANDARD.name,
) -> RunConfig:
    """The configuration that :func:`train` would use with these arguments.

    Raises
    ------
    ConfigError
        If a name is unknown, or a seed or a scale is out of range.
    """
    chosen = find_paradigm(paradigm)
    if not isinstance(seed, int | np.integer) or seed < 0:
        raise ConfigError(f"seed {seed}: expected a whole number from 0 on")
    if not 0 < lr_scale <= MAX_LR_SCALE:
        raise ConfigError(
            f"learning rate scale {lr_scale}: expected a number above 0, at most {MAX_LR_SCALE:g}"
        )
    if not 0 < epochs_scale <= MAX_EPOCHS_SCALE:
        raise ConfigError(
            f"epochs scale {epochs_scale}: expected a number above 0, at most {MAX_EPOCHS_SCALE:g}"
        )
    if isinstance(dataset, StreamedSet):
        shown, rows = dataset.head, dataset.card.counts["train"]
    else:
        shown, rows = dataset, len(dataset.rows("train"))
    model = inputs.model_config(shown, chosen, encoders)
    stages = tuple(
        replace(s, epochs=max(1, round(s.epochs * epochs_scale)), lr=s.lr * lr_scale)
        for s in paradigms.stages_for(chosen, rows, model.modalities, find_recipe(recipe))
    )
    return RunConfig(chosen.name, int(seed), model, stages, chosen.folds, recipe)


def _clear(folder: Path) -> None:
    """Remove a run, finished or not."""
    _remove(folder, checkpoint.RUN_FILE, checkpoint.PROJECTION_FILE)
    _remove(folder, checkpoint.MODEL_FILE, checkpoint.PREDICTIONS_FILE)
    shutil.rmtree(folder / TRAINING_FOLDER, ignore_errors=True)


def _existing(job: Job) -> Run | None:
    """The finished run of the same settings, or None if the folder is free to train in."""
    if not (job.folder / checkpoint.RUN_FILE).exists():
        return None
    run = checkpoint.verify(job.folder)
    if run.config != job.config or run.data_digest != job.dataset.digest:
        raise CheckpointError(
            f"{job.folder} holds a run of {run.paradigm!r} on {run.data_name!r} with other "
            "settings or data; choose another --out, or --overwrite it"
        )
    if not run.finished:
        return None
    # Of a process that was killed once the checkpoint was complete.
    shutil.rmtree(job.scratch, ignore_errors=True)
    return run


def _run(job: Job, on_epoch: Callable[[Report], None] | None) -> Run:
    watch = Stopwatch(job.device)
    # First of all, so that a model that cannot be built leaves nothing in the folder.
    before = 0.0

    def store(state: FitState) -> None:
        if not processes.is_first():
            return
        note = {**job.key, "seconds": before + watch.seconds()}
        state.save(job.scratch / STATE_FILE, note)

    learning = _learning(job, store)
    state, before = processes.first_alone(lambda: _resume(job))
    learning.state = state
    try:
        for report in learning.epochs(_out_of_fold_folder(job) if job.config.folds else None):
            if report.stage != OUT_OF_FOLD:
                store(state)
            if on_epoch:
                on_epoch(report)
    except KeyboardInterrupt:
        if processes.count() > 1:
            raise
        learning.model.load_state_dict(state.best or learning.model.state_dict())
        seconds = before + watch.seconds()
        raise Interrupted(_finish(job, learning.model, state, seconds, finished=False)) from None
    seconds = before + watch.seconds()
    return processes.first_alone(
        lambda: (
            _finish(job, learning.model, state, seconds, finished=True)
            if processes.is_first()
            else checkpoint.verify(job.folder)
        )
    )


def _learning(job: Job, store: Callable[[FitState], None]) -> Learning:
    rows = job.dataset
    if isinstance(rows, StreamedSet):
        return StreamedLearning(
            rows, job.config, job.device, store, epochs_scale=job.epochs_scale
        )  # fmt: skip
    return Learning(rows, job.config, job.device, epochs_scale=job.epochs_scale)


def _resume(job: Job) -> tuple[FitState, float]:
    """The stored state of the same settings and the seconds it took, or a fresh state."""
    path = job.scratch / STATE_FILE
    make_folder(job.scratch)
    if not path.exists():
        # Written before the first fold, so that a run of other settings does not use these folds.
        FitState().save(path, {**job.key, "seconds": 0.0})
    state, note = FitState.load(path)
    if not _same_settings(job, note):
        raise CheckpointError(
            f"{job.folder} holds an unfinished training with other settings or data; choose "
            "another --out, or --overwrite it"
        )
    return state, float(note["seconds"])


def _same_settings(job: Job, note: dict[str, Any]) -> bool:
    """Whether a stored state is of this job; it may have been written by an earlier version."""
    try:
        config = read_run_config(note.get("config"))
    except ConfigError:
        return False
    return config == job.config and note.get("data") == job.dataset.digest


def _out_of_fold_folder(job: Job) -> Path:
    """Folder of the out-of-fold predictions; one that is shared must be of the same settings."""
    if job.out_of_fold is None:
        return job.scratch
    path = job.out_of_fold / OUT_OF_FOLD_FILE
    if not path.exists():
        write_json(path, job.out_of_fold_key)
    advice = "Choose another folder for out-of-fold models"
    if read_json(path, MIB, error=CheckpointError, advice=advice) != job.out_of_fold_key:
        raise CheckpointError(
            f"{job.out_of_fold} holds out-of-fold models of other data, encoders or another seed; "
            "choose another folder for them"
        )
    return job.out_of_fold


def _finish(job: Job, model: nn.Module, state: FitState, seconds: float, finished: bool) -> Run:
    """Write predictions and the checkpoint; a finished run no longer needs its scratch folder."""
    record = {
        "config": job.config,
        "data_name": job.dataset.name,
        "data_source": job.dataset.source,
        "data_digest": job.dataset.digest,
        "data_card": job.dataset.card.to_dict(),
        "classes": list(job.dataset.classes),
        "latents": list(model.latent_names),  # type: ignore[arg-type]
        "finished": finished,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "packages": _packages(),
        "parameters": sum(p.numel() for p in model.parameters()),
        "seconds": round(seconds, 2),
    }
    record["metrics"] = _predict(job, model.cpu())
    run = checkpoint.write_checkpoint(job.folder, model.state_dict(), record, state.history)
    if finished:
        shutil.rmtree(job.scratch, ignore_errors=True)
    return run


def _predict(job: Job, model: nn.Module) -> dict[str, dict[str, float]]:
    """Write the predictions of all rows; their metrics."""
    rows, path = job.dataset, job.folder / checkpoint.PREDICTIONS_FILE
    about = {"data": rows.digest}
    # An older state's run.json must not vouch for the new files, nor its map show them.
    old = (job.folder, checkpoint.RUN_FILE, checkpoint.PROJECTION_FILE)
    if isinstance(rows, StreamedSet):
        _remove(*old)
        return write_predictions(
            model, job.config.model, rows.batches(), rows.card.counts, path, about
        )
    table = predict(model, job.config.model, rows)
    metrics = score(table, rows.classes)
    _remove(*old)
    write_table(table, path, about)
    return metrics


def _remove(folder: Path, *names: str) -> None:
    for name in names:
        with writing(folder / name):
            (folder / name).unlink(missing_ok=True)


def _packages() -> dict[str, str]:
    result = {"dmil_core": dmil_core.__version__}
    for name in ("torch", "numpy", "safetensors"):
        try:
            result[name] = version(name)
        except PackageNotFoundError:
            continue
    return result
