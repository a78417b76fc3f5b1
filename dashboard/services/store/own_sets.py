"""A visitor's own sets: kept, trained, packed for download, removed."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import secrets
import shutil
import threading
import time
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from dashboard.jobs.queue import Job, Step, command, jobs
from dashboard.services.store import catalog, visitors
from dashboard.services.store.catalog import Checkpoint
from dmil_core.checkpoint import MAX_RUN_BYTES, PREDICTIONS_FILE, RUN_FILE
from dmil_core.data.card import Card
from dmil_core.data.files.assemble import Assembled
from dmil_core.data.files.limits import MIB
from dmil_core.data.files.roles import Roles
from dmil_core.data.media import forget_media
from dmil_core.data.npz import CARD_FILE, DATA_FILE, read_card, write_arrays, write_npz
from dmil_core.errors import BusyError, DataError, ResourceError
from dmil_core.information.store import FILE
from dmil_core.io import strict_json, tables
from dmil_core.io.atomic import write_json, writing
from dmil_core.io.paths import uploads_root
from dmil_core.io.reading import read_json
from dmil_core.io.strict_json import UnfitJsonError
from dmil_core.schema import FEWEST_MODALITIES

#: Sets are removed this many days after their visitor last opened this page: the disk is shared,
#: and nobody should find a stranger's data there next year.
KEPT_DAYS: Final = 7
#: Sets of one visitor: enough to compare a few versions.
MOST_SETS: Final = 5
#: MiB of all visitors' sets and models together; then nothing new is taken until old ones go.
MOST_MIB: Final = 5000
#: Own sets are named so, so that none can be mistaken for one that everybody has.
PREFIX: Final = "my-"
#: What is trained: the three that the pages compare.
PARADIGMS: Final = ("joint", "ensemble", "dmil")
#: Seeds of each: the fewest that give a difference an interval worth the name.
SEEDS: Final = (0, 1, 2)
#: Shares of the work, as measured: dmil learns out-of-fold models first.
_WORK: Final = {"joint": 1.0, "ensemble": 1.0, "dmil": 6.0}
#: That of the estimates from the data alone, in the same unit at all epochs.
_WORK_OF_BITS: Final = 1.0
#: Beside the arrays: what was said when they were uploaded. Beside the models: how they were made.
ABOUT_FILE: Final = "upload.json"
TRAINING_FILE: Final = "training.json"
_MOST_ABOUT: Final = 1_000_000
#: Notes of the upload that are kept, and letters of each.
_MOST_NOTES: Final = 8
_LONGEST_NOTE: Final = 300
#: How thoroughly to train: a factor on all epochs.
THOROUGH: Final = {"quick": 0.2, "full": 1.0}

_NAME: Final = re.compile(r"my-[a-z0-9-]{1,48}")
_SAVING: Final = threading.Lock()


@dataclass(frozen=True)
class About:
    """What is known of an upload that its card has no place for.

    Attributes
    ----------
    label : the column that holds the class; empty where it is not known.
    own_split : whether a column of the file says which rows are for testing.
    notes : what was said when it was read, for who reads the results.
    """

    label: str = ""
    own_split: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class OwnSet:
    """A set that a visitor uploaded."""

    name: str
    visitor: str
    card: Card
    mib: float
    days_left: int

    @property
    def data(self) -> Path:
        """Its arrays."""
        return visitors.folder(self.visitor) / "data" / self.name / DATA_FILE

    @property
    def models(self) -> Path:
        """Folder of its models."""
        return visitors.checkpoints(self.visitor) / self.name

    @property
    def trained(self) -> tuple[str, ...]:
        """What has been trained on it."""
        return tuple(p for p in PARADIGMS if (self.models / p / "seed0" / RUN_FILE).exists())

    @property
    def about(self) -> About:
        """What was said when it was uploaded."""
        with contextlib.suppress(DataError, OSError, UnfitJsonError):
            kept: About = strict_json.read(About, read_json(_about_file(self.data), _MOST_ABOUT))
            return kept
        return About()


def _about_file(data: Path) -> Path:
    return data.with_name(ABOUT_FILE)


def about(roles: Roles, notes: Sequence[str] = ()) -> About:
    """What is kept of an upload beside its arrays and its card."""
    short = tuple(n[:_LONGEST_NOTE] for n in notes[:_MOST_NOTES])
    return About(roles.label, bool(roles.split), short)


def is_quick(checkpoint: Checkpoint) -> bool:
    """Whether a model is of a quick training of a visitor's set."""
    if not checkpoint.data.startswith(PREFIX):
        return False
    with contextlib.suppress(DataError, OSError):
        how = read_json(checkpoint.folder.parents[1] / TRAINING_FILE, _MOST_ABOUT)
        return isinstance(how, dict) and how.get("thorough") == "quick"
    return False


def own_sets(visitor: str) -> list[OwnSet]:
    """A visitor's sets, the latest first; looking at them keeps them."""
    sweep()
    result = []
    for folder in _set_folders(visitor) if visitor else ():
        with contextlib.suppress(DataError, OSError):
            card = read_card(folder / DATA_FILE)
            if card is not None:
                with contextlib.suppress(OSError):
                    os.utime(folder)  # a disk that takes nothing still shows what is there
                size = sum(_size(f) for f in (folder, visitors.checkpoints(visitor) / folder.name))
                result.append((_made(folder), OwnSet(folder.name, visitor, card, size, KEPT_DAYS)))
    return [kept for _, kept in sorted(result, key=lambda pair: pair[0], reverse=True)]


def _set_folders(visitor: str) -> list[Path]:
    root = visitors.folder(visitor) / "data"
    return [f for f in root.glob(f"{PREFIX}*") if _NAME.fullmatch(f.name)]


def _made(folder: Path) -> float:
    return (folder / DATA_FILE).stat().st_mtime


def _size(folder: Path) -> float:
    """MiB of all files in it."""
    return sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) / MIB


def free_name(visitor: str, title: str) -> str:
    """A folder name for a title that no other set of this visitor has."""
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:40] or "set"
    taken = {f.name for f in _set_folders(visitor)}
    names = (f"{PREFIX}{slug}", *(f"{PREFIX}{slug}-{n}" for n in range(2, MOST_SETS + 2)))
    return next(n for n in names if n not in taken)


def save(visitor: str, made: Assembled, about: About | None = None) -> OwnSet:
    """Keep a set; at once or not at all.

    Raises
    ------
    BusyError
        If the visitor has too many sets or one of this name, or all sets together take too much.
    ResourceError
        If the disk does not take it.
    """
    assert made.dataset is not None
    name, root = made.dataset.name, visitors.folder(visitor) / "data"
    assert _NAME.fullmatch(name)
    with _SAVING:
        if len(_set_folders(visitor)) >= MOST_SETS:
            raise BusyError(f"You have {MOST_SETS} sets, the most at once. Delete one first.")
        if _size(uploads_root()) > MOST_MIB:
            raise BusyError("The server's disk for visitors' sets is full. Try again tomorrow.")
        if name in {f.name for f in _set_folders(visitor)}:
            raise BusyError("A set of this name was saved meanwhile, as in another tab of this "
                            "browser. Give yours another name, and save it again.")  # fmt: skip
        with writing(root):
            root.mkdir(parents=True, exist_ok=True, mode=0o700)
        # One at a time is saved: this was one when the server was killed.
        for left in root.glob(".new-*"):
            shutil.rmtree(left, ignore_errors=True)
        # Written under a name that nobody looks for, and then moved into place as a whole.
        new = root / f".new-{secrets.token_hex(4)}"
        try:
            for file, arrays in made.media.items():
                write_arrays(new / file, arrays)
            write_npz(new / DATA_FILE, made.arrays, made.dataset.card)
            write_json(new / ABOUT_FILE, asdict(about or About()))
            with writing(root / name):
                new.replace(root / name)
        finally:
            shutil.rmtree(new, ignore_errors=True)
    return next(s for s in own_sets(visitor) if s.name == name)


# --- training --------------------------------------------------------------------------------


def steps(own_set: OwnSet, thorough: str) -> tuple[Step, ...]:
    """The training of all three models with three seeds, their maps, and the estimates of what the
    inputs tell, as commands.

    Runs of another seed have another split, unless the file says which rows are for testing.
    """
    made = []
    scale = THOROUGH[thorough]
    own_split = own_set.about.own_split
    for seed in SEEDS:
        data = str(own_set.data) + (f":split={seed}" if seed and not own_split else "")
        for paradigm in PARADIGMS:
            # A map by UMAP takes as long as a quick training; PCA is there at once.
            umap = thorough == "full" and paradigm == "dmil" and find_spec("umap") is not None
            method = "umap" if umap and not seed else "pca"
            argv = command(
                "train", "--data", data, "--seed", seed, "--paradigm", paradigm, "--map", method,
                "--out", own_set.models / paradigm / f"seed{seed}", "--epochs-scale", scale,
                "--progress", "json",
            )  # fmt: skip
            title = f"{paradigm}, run {seed + 1} of {len(SEEDS)}"
            made.append(Step(title, argv, _WORK[paradigm]))
        if not seed and len(own_set.card.modalities) == FEWEST_MODALITIES:
            argv = command("information", "--data", data, "--out", own_set.models / FILE)
            # A set may be too small for it: what was trained is of use all the same.
            made.append(Step("bits", argv, _WORK_OF_BITS / scale, optional=True))
    return tuple(made)


def begin(own_set: OwnSet, thorough: str) -> None:
    """Make room for models of a set: those of other settings must not be taken for these."""
    _remove(own_set.models)
    write_json(own_set.models / TRAINING_FILE, {"thorough": thorough})


def train(own_set: OwnSet, thorough: str) -> Job:
    """Queue the `steps` of a set.

    Raises
    ------
    BusyError
        If too many jobs are waiting.
    """
    before = training(own_set)
    if before is None or not before.active:  # `Start again` of a job keeps its models
        begin(own_set, thorough)
    return jobs().submit(
        own_set.visitor, "train", f"Training {own_set.card.title}", own_set.models,
        steps(own_set, thorough),
    )  # fmt: skip


def training(own_set: OwnSet) -> Job | None:
    """The latest training of a set."""
    return jobs().find("train", own_set.models)


def trainings(own_set: OwnSet) -> list[Job]:
    """The training of a set that a visitor should know of: under way, or ended too early."""
    job = training(own_set)
    return [job] if job is not None and job.state != "done" else []


# --- download and removal --------------------------------------------------------------------


def packed(own_set: OwnSet) -> bytes:
    """A .zip of every checkpoint of a set, its card, and the decomposition as a table."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(CARD_FILE, own_set.card.to_json())
        for file in _finished(own_set):
            inside = file.relative_to(own_set.models)
            if file.name == RUN_FILE:
                # Where it lay on this server is nobody's business, and of no use elsewhere.
                run = read_json(file, MAX_RUN_BYTES)
                split = str(run.get("data_source", "")).partition(":split=")[2]
                run["data_source"] = f"{DATA_FILE}:split={split}" if split else DATA_FILE
                archive.writestr(f"checkpoints/{inside}", json.dumps(run, indent=1))
            else:
                archive.write(file, f"checkpoints/{inside}")
        table = own_set.models / "dmil" / "seed0" / PREDICTIONS_FILE
        if "dmil" in own_set.trained and table.exists():
            frame = tables.read_table(table)
            archive.writestr("decomposition.csv", frame.to_csv(index=False))
    return buffer.getvalue()


def _finished(own_set: OwnSet) -> Iterator[Path]:
    for paradigm in own_set.trained:
        for folder in sorted((own_set.models / paradigm).glob("seed*")):
            if (folder / RUN_FILE).exists():
                files = (f for f in folder.iterdir() if f.is_file())
                yield from sorted(f for f in files if not f.name.startswith("."))


def delete(visitor: str, name: str) -> bool:
    """End the training of a set and remove all of it; False where this visitor has no such set."""
    if name not in {f.name for f in _set_folders(visitor)}:
        return False
    models = visitors.checkpoints(visitor) / name
    queue = jobs()
    for job in queue.of(visitor):
        if job.folder == str(models):
            queue.cancel(job.id, visitor)
            queue.forget(job.id, visitor)
    data = visitors.folder(visitor) / "data" / name
    _remove(data)
    forget_media(data)
    catalog.forget_datasets()
    _remove(models)
    return True


def _remove(folder: Path) -> None:
    """Remove a folder: for every reader at once, then from the disk."""
    aside = folder.with_name(f".old-{secrets.token_hex(4)}")
    with writing(folder), contextlib.suppress(FileNotFoundError):
        folder.replace(aside)
        shutil.rmtree(aside, ignore_errors=True)


#: Seconds between two looks for old sets.
_SWEEP: Final = 600.0
#: When a folder of uploads was last looked through: by a clock that nobody sets, and by the other.
_swept: dict[Path, tuple[float, float]] = {}


def sweep() -> None:
    """Remove sets that nobody has looked at for `KEPT_DAYS`, and what a crash left half made.

    No set becomes older because the clock was set forward since the last look, and none that was
    looked at before the clock was set back is kept until that time comes again.
    """
    root, steady, now = uploads_root(), time.monotonic(), time.time()
    last = _swept.get(root)
    if last is not None and steady - last[0] < _SWEEP:
        return
    _swept[root] = steady, now
    set_by = 0.0 if last is None else (now - last[1]) - (steady - last[0])
    # Sets are kept for days, to which minutes do not matter.
    forward = set_by if set_by > _SWEEP else 0.0
    for folder in root.glob("sets/*/data/*"):
        with contextlib.suppress(OSError, ResourceError):
            looked_at = min(folder.stat().st_mtime + forward, now)
            if looked_at != folder.stat().st_mtime:
                os.utime(folder, (looked_at, looked_at))
            if now - looked_at > KEPT_DAYS * 24 * 3600:
                visitor = folder.parents[1].name
                if not delete(visitor, folder.name):
                    shutil.rmtree(folder, ignore_errors=True)
    # Models go after their data: these were left when the server was killed meanwhile.
    for folder in root.glob("sets/*/checkpoints/*"):
        if not (folder.parents[1] / "data" / folder.name).exists():
            shutil.rmtree(folder, ignore_errors=True)
    for folder in (
        *root.glob("sets/*/data"),
        *root.glob("sets/*/checkpoints"),
        *root.glob("sets/*"),
    ):
        with contextlib.suppress(OSError):
            folder.rmdir()  # only if it is empty
