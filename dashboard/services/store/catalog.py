"""What there is to look at: checkpoints, their tables and maps, the data sets behind them.

All caches of the app live here and in `media`. A cache is keyed on the content's stamp (path, size
and time of change of the files behind it), so that a checkpoint written again is read again. Cached
tables are shared by all visitors: nobody writes into them. A visitor's own checkpoints lie below a
folder that only this visitor's token leads to; every key holds the folder, so that nothing of it is
found by anybody else.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.services import faults
from dashboard.services.store import rows, visitors
from dashboard.services.store.rows import LargeTable, Table, WholeTable
from dmil_core import checkpoint, schema
from dmil_core.errors import CheckpointError, DmilError
from dmil_core.io import tables
from dmil_core.io.columns import ParquetTable
from dmil_core.io.paths import checkpoints_root, checkpoints_roots, sample_data_root
from dmil_core.io.reading import parsing

log = logging.getLogger("dashboard")

#: The four paradigms that are compared, in the order of every list and figure.
MODELS = ("joint", "ensemble", "dmil", "dmil-paper")

#: What a visitor sees first: it has samples of all four kinds, and each can be read at a glance.
FIRST = "shapes-qa"

Status = Literal["ready", "missing", "damaged"]


@dataclass(frozen=True)
class Checkpoint:
    """One folder of a trained model, readable or not."""

    data: str
    model: str
    seed: int
    folder: Path
    status: Status
    #: What is damaged, in words for the visitor; empty when ready.
    problem: str = ""
    run: checkpoint.Run | None = None
    stamp: str = ""

    @property
    def gated(self) -> bool:
        """Whether this model splits its logits into R, U1, U2 (, U3) and S."""
        return self.run is not None and self.run.config.model.architecture == "dmil"


@dataclass(frozen=True)
class CheckpointCatalog:
    """Every checkpoint found, and the data sets that have none yet."""

    root: Path
    checkpoints: tuple[Checkpoint, ...]
    titles: dict[str, str] = field(default_factory=dict)
    #: Data sets that this visitor uploaded.
    own: tuple[str, ...] = ()

    @property
    def sets(self) -> tuple[str, ...]:
        """Data sets with a checkpoint folder, `FIRST` before the others, then the known ones
        without."""
        trained = dict.fromkeys(c.data for c in self.checkpoints)
        ordered = sorted(trained, key=lambda name: name != FIRST)
        return (*ordered, *(name for name in self.titles if name not in trained))

    def of(self, data: str, seed: int | None = None) -> tuple[Checkpoint, ...]:
        """Checkpoints of one data set (and seed), in the order of `MODELS`."""
        result = [c for c in self.checkpoints if c.data == data and seed in (None, c.seed)]
        return tuple(sorted(result, key=lambda c: (_rank(c.model), c.model, c.seed)))

    def models(self, data: str) -> tuple[str, ...]:
        """The known paradigms, then any other that has a folder."""
        return tuple(dict.fromkeys((*MODELS, *(c.model for c in self.of(data)))))

    def seeds(self, data: str) -> tuple[int, ...]:
        """Seeds with a checkpoint of this data set."""
        return tuple(sorted({c.seed for c in self.of(data)}))

    def get(self, data: str, model: str, seed: int) -> Checkpoint:
        """The checkpoint, or one whose status says that it is missing."""
        for result in self.of(data, seed):
            if result.model == model:
                return _as_it_is(result)
        root = next((c.folder.parents[2] for c in self.of(data)), self.root)
        folder = root / data / model / f"seed{seed}"
        return Checkpoint(data, model, seed, folder, "missing")

    def ready(self, data: str, seed: int) -> tuple[Checkpoint, ...]:
        """Checkpoints of one data set and seed that can be shown."""
        result = (_as_it_is(c) for c in self.of(data, seed))
        return tuple(c for c in result if c.status == "ready")


def _relative(problem: str, folder: Path) -> str:
    # Messages of the core name whole paths; a visitor needs the part below the checkpoints.
    return problem.replace(f"{folder.parents[2]}/", "")


def _rank(model: str) -> int:
    return MODELS.index(model) if model in MODELS else len(MODELS)


def stamp(paths: Iterable[Path]) -> str:
    """A key that changes when any of the files does."""
    parts = []
    for path in sorted(paths):
        try:
            status = path.stat()
        except OSError:
            continue
        # A cache's key is text that can be written, whatever bytes a folder's name has.
        name = str(path).encode("ascii", "backslashreplace").decode("ascii")
        parts.append(f"{name}:{status.st_size}:{status.st_mtime_ns}")
    return "|".join(parts)


def shown(path: Path | str) -> str:
    """A path as visitors and commands may see it: relative to where the app was started, or to the
    folder of checkpoints or data that it lies in."""
    here, whole = Path.cwd().resolve(), Path(path).resolve()
    if len(here.parts) > 1 and whole.is_relative_to(here):
        return str(whole.relative_to(here))
    return faults.without_paths(str(path))


class _Run(threading.local):
    """What one run of the script, which has a thread of its own, has seen."""

    begun = False
    catalog: CheckpointCatalog | None = None
    #: Checkpoints as they are now, by their folders.
    seen: dict[Path, Checkpoint] | None = None


_run = _Run()


def begin() -> None:
    """A run begins: look at the disk anew, and then see the same until its end."""
    _run.begun, _run.catalog, _run.seen = True, None, {}


def checkpoint_catalog() -> CheckpointCatalog:
    """What is on disk now, this visitor's own sets last. Listing is done once a run, and each time
    where no run has begun; reading is cached."""
    result = _run.catalog or _listed()
    if _run.begun:
        _run.catalog = result
    return result


def _listed() -> CheckpointCatalog:
    root = checkpoints_root()
    catalog = _catalog(str(root), _folders_stamp(checkpoints_roots()), stamp(_cards()))
    visitor = visitors.visitor()
    if not visitor:
        return catalog
    mine = own_catalog(visitor)
    return replace(catalog, checkpoints=(*catalog.checkpoints, *mine.checkpoints), own=mine.own)


def own_catalog(visitor: str) -> CheckpointCatalog:
    """The checkpoints of a visitor's own sets alone."""
    folder = visitors.checkpoints(visitor)
    mine = _own(str(folder), _folders_stamp([folder], "my-"))
    return CheckpointCatalog(folder, mine, own=tuple(dict.fromkeys(c.data for c in mine)))


def _folders_stamp(roots: Iterable[Path], prefix: str = "") -> str:
    """A key that changes when a run comes or goes, or a file of one is written or moved there.

    A file that is changed in its place is seen when its run is looked at: to ask for every file of
    a thousand runs takes ten times as long.
    """
    parts = []
    for root in roots:
        for data in _folders(str(root)):
            if data.name.startswith(prefix):
                for model in _folders(data.path):
                    parts += [
                        f"{seed.path!a}:{_changed(seed)}"
                        for seed in _folders(model.path)
                        if seed.name.startswith("seed")
                    ]
    return "|".join(sorted(parts))


def _folders(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if entry.is_dir()]
    except OSError:
        return []


def _changed(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat().st_mtime_ns
    except OSError:
        return 0


def _cards() -> list[Path]:
    root = sample_data_root()
    return [*root.glob("*/*.json"), *root.glob("*/*.npz")] if root.is_dir() else []


@st.cache_resource(max_entries=4, show_spinner="Looking for checkpoints …")
def _catalog(root: str, key: str, _cards_key: str) -> CheckpointCatalog:
    entries = checkpoint.find_runs(read=_kept_entry)
    result = [_checkpoint(entry) for entry in entries if _can_be_named(entry)]
    return CheckpointCatalog(Path(root), tuple(result), _titles())


@st.cache_resource(max_entries=32, show_spinner=False)
def _own(root: str, key: str) -> tuple[Checkpoint, ...]:
    """A visitor's own checkpoints; the folder in the key is the visitor's."""
    entries = checkpoint.find_runs(Path(root), _kept_entry) if key else ()
    return tuple(_checkpoint(entry) for entry in entries)


def _kept_entry(folder: Path, root: Path) -> checkpoint.Entry:
    """What a folder holds; it is read again when one of its files has changed."""
    return _entry(ascii(str(folder)), stamp(_files(folder)), folder, root)


@st.cache_resource(max_entries=4096, show_spinner=False)
def _entry(name: str, key: str, _folder: Path, _root: Path) -> checkpoint.Entry:
    return checkpoint.read_entry(_folder, _root)


def _as_it_is(listed: Checkpoint) -> Checkpoint:
    """A listed checkpoint, read again if one of its files was changed in its place; damaged if its
    table cannot be read, which is tried when it is first needed."""
    if _run.seen is not None and listed.folder in _run.seen:
        return _run.seen[listed.folder]
    result = listed
    if stamp(_files(listed.folder)) != listed.stamp:
        result = _checkpoint(_kept_entry(listed.folder, listed.folder.parents[2]))
    result = _checked(result)
    if _run.seen is not None:
        _run.seen[listed.folder] = result
    return result


def _files(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return [Path(entry.path) for entry in entries]
    except OSError:
        return []


def _can_be_named(entry: checkpoint.Entry) -> bool:
    """Whether the folder's name is text: no page could be sent that holds another one."""
    try:
        f"{entry.set_name}{entry.paradigm}".encode()
    except UnicodeEncodeError:
        log.warning("left out, as its name is no text: %r", str(entry.folder))
        return False
    return True


def _checkpoint(entry: checkpoint.Entry) -> Checkpoint:
    if entry.error:
        log.warning("damaged checkpoint %s: %s", entry.folder, entry.error)
    return Checkpoint(
        data=entry.set_name,
        model=entry.paradigm,
        seed=entry.seed,
        folder=entry.folder,
        status="damaged" if entry.error else "ready",
        problem=_relative(entry.error or "", entry.folder),
        run=entry.run,
        stamp=stamp(_files(entry.folder)),
    )


def _checked(checkpoint: Checkpoint) -> Checkpoint:
    """The checkpoint, damaged if its table cannot be read; tables are read when first needed."""
    if checkpoint.status != "ready":
        return checkpoint
    try:
        predictions(checkpoint)
    except DmilError as error:
        log.warning("damaged checkpoint %s: %s", checkpoint.folder, error)
        return replace(
            checkpoint, status="damaged", problem=_relative(str(error), checkpoint.folder)
        )
    return checkpoint


def _titles() -> dict[str, str]:
    from dmil_core.data.catalog import list_datasets

    try:
        return {entry.name: entry.title for entry in list_datasets()}
    except DmilError:
        log.exception("the list of data sets could not be read")
        return {}


def predictions(checkpoint: Checkpoint) -> Table:
    """The predictions of a checkpoint, of which single columns and rows can be had: all that pages
    of large sets need. Its columns are those of `table`."""
    classes = checkpoint.run.classes if checkpoint.run else ()
    return _predictions(str(checkpoint.folder), classes, checkpoint.stamp)


@st.cache_resource(max_entries=128, show_spinner="Reading predictions …")
def _predictions(folder: str, classes: tuple[str, ...], key: str) -> Table:
    path = _table_path(Path(folder), "predictions")
    if path.suffix == ".parquet" and path.exists():
        file = ParquetTable(path)
        if file.rows * len(file.names) > rows.WHOLE:
            return LargeTable(file, classes, (folder, key))
    return WholeTable(_table(folder, classes, key), (folder, key))


def table(checkpoint: Checkpoint) -> pd.DataFrame:
    """Predictions of a checkpoint, one row per sample, indexed by id; do not write into it.

    Beside the columns of `dmil_core.schema` it has ``confidence`` (probability of the predicted
    class), ``position`` (row in the file) and, for gated models, ``dominant`` (largest gate). It is
    read whole: pages of large sets ask for `predictions` instead.
    """
    classes = checkpoint.run.classes if checkpoint.run else ()
    read = _large if isinstance(predictions(checkpoint), LargeTable) else _table
    return read(str(checkpoint.folder), classes, checkpoint.stamp)


# The choice of a model looks at every one of a set, which may have 28: with fewer entries than that
# each click would read them all again. Two thousand rows take half a megabyte.
@st.cache_resource(max_entries=64, show_spinner="Reading predictions …")
def _table(folder: str, classes: tuple[str, ...], key: str) -> pd.DataFrame:
    return read_predictions(Path(folder), classes)


@st.cache_resource(max_entries=2, show_spinner="Reading predictions …")
def _large(folder: str, classes: tuple[str, ...], key: str) -> pd.DataFrame:
    return read_predictions(Path(folder), classes)


def read_predictions(folder: Path, classes: tuple[str, ...]) -> pd.DataFrame:
    """The table that `table` keeps; raises DmilError where it cannot be used."""
    path = _table_path(folder, "predictions")
    frame = tables.read_table(path)
    again = "Write it again with `dmil train --overwrite`"
    with parsing(path, "a table of predictions", error=CheckpointError, advice=again):
        return _checked_predictions(path, frame, classes)


def _checked_predictions(path: Path, frame: pd.DataFrame, classes: tuple[str, ...]) -> pd.DataFrame:
    wanted = {*schema.ROW_COLUMNS, *map(schema.prob, classes), *map(schema.logit, classes)}
    if missing := sorted(wanted - set(frame.columns)):
        raise CheckpointError(f"{path}: the columns {', '.join(missing[:5])} are missing")
    numbers = _numbers_of(frame, classes)
    if odd := [c for c in numbers if not pd.api.types.is_numeric_dtype(frame[c])]:
        raise CheckpointError(f"{path}: expected numbers in the columns {', '.join(odd[:5])}")
    frame = frame.astype({"id": str, "y": str, "pred": str})
    if odd := sorted(set(frame["pred"].unique()) - set(classes)):
        raise CheckpointError(f"{path}: answers that are no class: {', '.join(odd[:5])}")
    if frame["id"].duplicated().any():
        raise CheckpointError(f"{path}: an id occurs twice")
    return _with_derived(frame, classes).set_index("id", drop=False)


def _table_path(folder: Path, stem: str) -> Path:
    for suffix in (".parquet", ".csv"):
        if (path := folder / f"{stem}{suffix}").exists():
            return path
    return folder / f"{stem}.parquet"


def _numbers_of(frame: pd.DataFrame, classes: tuple[str, ...]) -> list[str]:
    """The columns that are read as numbers, or as true and false."""
    available = schema.components_in(frame.columns)
    every = ["correct", *(read(c) for read in (schema.prob, schema.logit) for c in classes)]
    every += [schema.gate(c) for c in available]
    every += [schema.contribution(c, k) for c in available for k in classes]
    return [c for c in (*every, schema.EXPLAINED) if c in frame.columns]


def _with_derived(frame: pd.DataFrame, classes: tuple[str, ...]) -> pd.DataFrame:
    probabilities = frame[[schema.prob(c) for c in classes]].to_numpy()
    derived: dict[str, Any] = {
        "confidence": probabilities.max(axis=1),
        "position": np.arange(len(frame)),
    }
    components = schema.components_in(frame.columns)
    if components:
        largest = frame[[schema.gate(c) for c in components]].to_numpy().argmax(axis=1)
        derived["dominant"] = np.asarray(components)[largest]
    return pd.concat([frame, pd.DataFrame(derived, index=frame.index)], axis=1)


@dataclass(frozen=True)
class Projection:
    """Map coordinates of a checkpoint's latents.

    Attributes
    ----------
    frame : indexed by id, columns ``<latent>_x`` and ``<latent>_y``.
    method : ``umap`` or ``pca``.
    trustworthiness : latent to a number between 0 and 1, where it was measured.
    rows, of : how many samples of how many were placed.
    """

    frame: pd.DataFrame
    method: str
    trustworthiness: dict[str, float]
    rows: int
    of: int

    def has(self, latent: str) -> bool:
        """Whether this latent was placed."""
        return set(schema.projection(latent)) <= set(self.frame.columns)


def projection(checkpoint: Checkpoint) -> Projection | None:
    """The stored map of a checkpoint; None where there is none or it cannot be read."""
    return _projection(str(checkpoint.folder), checkpoint.stamp)


# As many as tables: the map asks of every model of a set whether it has one.
@st.cache_resource(max_entries=64, show_spinner="Reading the map …")
def _projection(folder: str, key: str) -> Projection | None:
    try:
        path = _table_path(Path(folder), "projection")
        if not path.exists():
            return None
        frame = tables.read_table(path)
        about = tables.table_metadata(path) if path.suffix == ".parquet" else {}
        with parsing(path, "a latent map"):
            return _checked_projection(frame, about)
    except DmilError as error:
        log.warning("projection in %s: %s", folder, error)
        return None


def _checked_projection(frame: pd.DataFrame, about: Mapping[str, Any]) -> Projection:
    frame = frame.astype({"id": str}).set_index("id")
    if odd := [str(c) for c in frame if not pd.api.types.is_numeric_dtype(frame[c])]:
        raise TypeError(f"expected numbers in {', '.join(odd[:5])}")
    trust = {str(k): float(v) for k, v in dict(about.get("trustworthiness") or {}).items()}
    rows = int(about.get("rows", len(frame)))
    method = str(about.get("method", "umap"))
    return Projection(frame, method, trust, rows, int(about.get("of", rows)))


@dataclass(frozen=True)
class DataProblem:
    """A data set whose raw media cannot be shown, and why."""

    message: str


def dataset(name: str, digest: str) -> Any:
    """The data set behind a checkpoint, or a `DataProblem`.

    Parameters
    ----------
    name : what the checkpoint's run says to load: a set's name, or a file.
    digest : content hash the checkpoint was trained on; another one is a problem to be told.
    """
    return _dataset(name, digest, stamp(_cards()))


def forget_datasets() -> None:
    """Free the memory of all data sets that were read, as when one of them is removed."""
    _dataset.clear()


@st.cache_resource(max_entries=3, show_spinner="Reading the data set …")
def _dataset(name: str, digest: str, key: str) -> Any:
    from dmil_core.data.catalog import load_dataset

    try:
        loaded = load_dataset(name, purpose="predict")
    except DmilError as error:
        return DataProblem(str(error))
    if loaded.digest != digest:
        return DataProblem(
            f"The data set {name} has changed since this model was trained, so its pictures and "
            "sounds may belong to other samples and are not shown. Train the model again."
        )
    return loaded
