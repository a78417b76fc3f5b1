"""Checkpoint folders for page tests: copies of shipped ones, some of them broken on purpose."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks import criteria
from dmil_core.checkpoint import MODEL_FILE, PREDICTIONS_FILE, PROJECTION_FILE, RUN_FILE
from dmil_core.information import store
from dmil_core.io.paths import checkpoints_root
from dmil_core.io.tables import read_table, table_metadata, write_table
from tests import records

APP = str(Path(__file__).resolve().parents[2] / "dashboard" / "script.py")
MODELS = ("joint", "ensemble", "dmil", "dmil-paper")
REAL, GENERATED, BROKEN, ODD, UNTRAINED = "avdigits", "switch", "mfeat", "odd", "watch"
#: The set with three inputs.
THREE = "mfeat-three"
#: Sets of which there are only records: complete, and with a few seeds.
RECORDED, BEGUN = "avdigits-same", "emoji"
#: Methods with records, and how often they are right; the compared method is really worse than
#: ours.
METHODS = {"joint": 0.91, "dmil": 0.9, "mlb": 0.8, "ensemble": 0.7}

#: Ids that would do harm, or look wrong, where a page forgets to escape.
HTML_ID = "<img src=x onerror=\"document.title='harmed'\"><b>bold</b>"
MARKDOWN_ID = "[link](https://example.org) **bold** :red[colour] $x^2$ `code`"


@dataclass(frozen=True)
class Room:
    """Where the folders are.

    ``avdigits``, ``switch`` and, as far as it is shipped, ``mfeat-three`` are whole. Of ``mfeat``
    the dmil weights have a flipped byte, the joint has no map, the ensemble's table is cut off, and
    dmil-paper was never trained. ``odd`` is avdigits with two hostile ids. ``watch`` has no
    checkpoint. Of ``avdigits`` there is an account of its information. ``switch`` and
    ``avdigits-same`` have records of comparisons over five seeds,
    ``emoji`` over three, with a method less. ``empty`` is an empty folder; ``results`` has the
    record of a fidelity benchmark, the targets of both, and the shipped record of Theorem 1.
    """

    root: Path
    empty: Path
    results: Path


def furnish(folder: Path) -> Room:
    """Make all folders below ``folder``."""
    room = Room(folder / "checkpoints", folder / "empty", folder / "results")
    room.empty.mkdir()
    room.results.mkdir()
    shutil.copy(Path(APP).parents[1] / "benchmarks" / "results" / "theorem.json", room.results)
    for name in (REAL, GENERATED, BROKEN, THREE):
        _copy(name, room.root / name)
    shutil.copy(shipped(REAL) / store.FILE, room.root / REAL)
    _break(room.root / BROKEN)
    _copy(REAL, room.root / ODD)
    for model in MODELS:
        rename_ids(room.root / ODD / model / "seed0")
    known = {"accuracy_R": 0.95, "accuracy_S": 0.25}
    records.write(records.runs(GENERATED, METHODS, **known), room.root)
    records.write(records.runs(RECORDED, METHODS), room.root)
    fewer = {name: mean for name, mean in METHODS.items() if name != "mlb"}
    records.write(records.runs(BEGUN, fewer, seeds=3), room.root)
    fidelity_results(records.fidelity(), room.results, room.root)
    return room


def fidelity_results(
    record: dict[str, Any], results: Path, checkpoints: Path | None = None
) -> None:
    """Write a record of the fidelity benchmark, and the targets that follow from it."""
    path = results / "fidelity.json"
    path.write_text(json.dumps(record), "utf-8")
    criteria.write(results / "targets.json", checkpoints or results, path)


def _copy(name: str, to: Path) -> None:
    """The four models of a set, without its records and without what else is shipped of it."""
    for model in MODELS:
        if (shipped(name) / model).is_dir():
            shutil.copytree(shipped(name) / model, to / model)


def shipped(name: str) -> Path:
    """Folder of a shipped set's checkpoints."""
    folder = checkpoints_root() / name
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: the shipped checkpoints are missing, see the README")
    return folder


def flip_byte(file: Path) -> None:
    """Change one bit in the middle of a file."""
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(bytes(content))


def _break(folder: Path) -> None:
    flip_byte(folder / "dmil" / "seed0" / MODEL_FILE)
    (folder / "joint" / "seed0" / PROJECTION_FILE).unlink(missing_ok=True)
    table = folder / "ensemble" / "seed0" / PREDICTIONS_FILE
    table.write_bytes(table.read_bytes()[:1000])
    shutil.rmtree(folder / "dmil-paper")


def rename_ids(folder: Path) -> None:
    """Give the first two test samples of a run hostile ids."""
    first = read_table(folder / PREDICTIONS_FILE).query("split == 'test'")["id"].iloc[:2]
    names = dict(zip(first, (HTML_ID, MARKDOWN_ID), strict=True))
    for file in (PREDICTIONS_FILE, PROJECTION_FILE):
        frame = read_table(folder / file)
        renamed = frame.assign(id=frame["id"].replace(names))
        write_table(renamed, folder / file, table_metadata(folder / file))
    run = json.loads((folder / RUN_FILE).read_text("utf-8"))
    # The data set itself keeps its name, so that its media can be found.
    run["data_card"]["title"] = "Digits with <i>odd</i> ids"
    (folder / RUN_FILE).write_text(json.dumps(run), "utf-8")


def table_of(room: Room, data: str, model: str) -> pd.DataFrame:
    """The prediction table of one checkpoint."""
    return read_table(room.root / data / model / "seed0" / PREDICTIONS_FILE)
