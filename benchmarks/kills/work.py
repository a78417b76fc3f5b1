"""What is killed: how each kind of work is started, and what of it readers take as complete."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.kills.processes import ME, Choice, folders, quietly
from checkpoints.build import is_mapped
from dmil_core.checkpoint import PROJECTION_FILE, load_model, run_folder
from dmil_core.errors import BusyError, CheckpointError
from dmil_core.io.atomic import file_digest, make_folder
from dmil_core.io.tables import read_table

SET: Final = "switch:train=300,val=100,test=200"
#: The set that is saved, trained in the app and built: its visitor, title and name.
VISITOR: Final = "f" * 32
TITLE: Final = "Kills"
OWN: Final = "my-kills"
BUILT: Final = ("joint", "ensemble")

SAVE: Final = [*ME, "save"]
SERVE: Final = [*ME, "serve"]

#: What is complete in a folder: its name, and the digest of its content.
Whole = dict[str, str]


@dataclass(frozen=True)
class Work:
    """Something that writes files.

    Attributes
    ----------
    weight : its share of all kills.
    start : arguments of Python that start it in a folder, or let it go on there.
    whole : what readers take as complete there.
    prepare : makes what has to be there before.
    alone : whether one process does all of it, which can be killed before a change to a file.
    ends : exit codes of a start that found nothing to be done, beside 0.
    victims : which of its processes are killed, in turn.
    """

    weight: int
    start: Callable[[Path], list[str]]
    whole: Callable[[Path], Whole]
    prepare: Callable[[Path], None] = make_folder
    alone: bool = True
    ends: tuple[int, ...] = ()
    victims: tuple[Choice, ...] = ("all",)


def works(epochs_scale: float, method: str) -> dict[str, Work]:
    """All kinds of work by name."""
    scale = ["--epochs-scale", str(epochs_scale)]

    def training(folder: Path) -> list[str]:
        return dmil("train", "--data", SET, "--out", folder / "run", "--quiet", *scale)

    def trained(folder: Path) -> None:
        quietly(training(folder), folder)

    return {
        "train": Work(14, training, lambda f: checkpoint(f / "run")),
        "project": Work(
            8,
            lambda f: dmil("project", "--data", SET, "--checkpoint", f / "run", "--method", method),
            lambda f: mapped(f / "run"),
            trained,
        ),
        "save": Work(6, lambda _: SAVE, saved, ends=(2,)),
        "job": Work(
            8,
            lambda _: SERVE,
            own_models,
            with_own_set,
            alone=False,
            victims=("first", "others"),
        ),
        "build": Work(
            4,
            lambda _: ["-m", "checkpoints.build", OWN, "--paradigms", *BUILT],
            built,
            with_data,
            alone=False,
        ),
    }


def dmil(*arguments: object) -> list[str]:
    """Arguments of Python for the command line."""
    return ["-m", "dmil_core", *map(str, arguments)]


def checkpoint(folder: Path) -> Whole:
    """A checkpoint as its readers see it."""
    try:
        _, run = load_model(folder)
    except CheckpointError:
        return {}
    read_table(run.predictions)
    files = {"weights": run.folder / "model.safetensors", "predictions": run.predictions}
    digests = {name: file_digest(file) for name, file in (files | {"log": run.history}).items()}
    return digests | {"finished": str(run.finished)}


def mapped(folder: Path) -> Whole:
    """The latent map of a checkpoint, if it has one of these weights."""
    try:
        there = is_mapped(folder)
    except CheckpointError:
        return {}
    if there:
        read_table(folder / PROJECTION_FILE)
    return {"map": file_digest(folder / PROJECTION_FILE)} if there else {}


def saved(folder: Path) -> Whole:
    """The visitor's sets, with every file of them."""
    from dashboard.services.store import own_sets
    from dmil_core.data.npz import read_dataset

    result: Whole = {}
    with folders(folder):
        for own in own_sets.own_sets(VISITOR):
            result[own.name] = read_dataset(own.data).digest
            for file in sorted(own.data.parent.iterdir()):
                result[f"{own.name}/{file.name}"] = file_digest(file)
    return result


def own_models(folder: Path) -> Whole:
    """The models that the app trained on the visitor's set, and their maps."""
    from dashboard.services.store import own_sets

    result: Whole = {}
    with folders(folder):
        (own,) = own_sets.own_sets(VISITOR)
        for paradigm in own_sets.PARADIGMS:
            result |= models(own.models / paradigm / "seed0", paradigm)
    return result


def built(folder: Path) -> Whole:
    """What the build has made: models, maps and estimates."""
    from dmil_core.information import store

    result: Whole = {}
    with folders(folder):
        for paradigm in BUILT:
            root = folder / "checkpoints"
            result |= models(run_folder(root, OWN, paradigm, 0), paradigm)
        if (path := store.default_path(OWN)).exists():
            store.InformationEstimates.load(path)
            result["information"] = file_digest(path)
    return result


def models(folder: Path, name: str) -> Whole:
    """A checkpoint and its map, below a name."""
    return {f"{name} {what}": d for what, d in (checkpoint(folder) | mapped(folder)).items()}


def assembled() -> Any:
    """A set as the app makes it of an upload."""
    from dashboard.services.store import uploads

    upload = uploads.read([uploads.Named("example.csv", uploads.example_csv())])
    assert isinstance(upload, uploads.Upload)
    roles = uploads.roles(upload, uploads.Given())
    return uploads.assemble(upload, roles, uploads.Repairs(), OWN, TITLE, "")


def save() -> int:
    """Save the set, as a click does."""
    from dashboard.services.store import own_sets

    made = assembled()
    try:
        own_sets.save(VISITOR, made)
    except BusyError as error:
        print(f"dmil: {error}", file=sys.stderr)
        return 2
    return 0


def with_own_set(folder: Path) -> None:
    """A visitor's set that is not trained yet."""
    make_folder(folder)
    with folders(folder):
        assert save() == 0


def with_data(folder: Path) -> None:
    """A folder of bundled sets with this one alone."""
    from dmil_core.data.npz import DATA_FILE, write_npz

    made = assembled()
    write_npz(folder / "data" / OWN / DATA_FILE, made.arrays, made.dataset.card)


def serve() -> int:
    """A server on which the visitor starts the training of the set, or starts it again."""
    from dashboard.jobs.queue import jobs
    from dashboard.services.store import own_sets

    queue, (own,) = jobs(), own_sets.own_sets(VISITOR)
    job = own_sets.training(own)
    if job is None:
        job = own_sets.train(own, "full")
    elif job.state not in ("queued", "running", "done"):
        print(f"{job.state}: {job.message}", flush=True)
        job = queue.again(job.id, VISITOR)
    while job is not None and job.active:
        time.sleep(0.1)
        job = queue.get(job.id)
    return 0 if job is not None and job.state == "done" else 3
