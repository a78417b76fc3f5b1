"""A visitor's set with several runs of each model: those of a shipped set, trained already."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dashboard.services.store import drafts, own_sets, uploads
from dashboard.services.store.own_sets import OwnSet
from dmil_core.checkpoint import PREDICTIONS_FILE, RUN_FILE
from dmil_core.information import store
from dmil_core.io.tables import read_table, table_metadata, write_table
from tests.dashboard.folders import REAL, shipped


def saved(visitor: str, title: str = "Mine", notes: Sequence[str] = ("A note.",)) -> OwnSet:
    """The example of the page, kept for this visitor."""
    draft = drafts.begin("1", [("example.csv", uploads.example_csv())])
    name = own_sets.free_name(visitor, title)
    made = uploads.assemble(draft.upload, draft.roles, uploads.Repairs(), name, title, "a test")
    return own_sets.save(visitor, made, own_sets.about(draft.roles, notes))


def trained(
    visitor: str, title: str = "Mine", seeds: int = 1, thorough: str = "full", bits: bool = False
) -> OwnSet:
    """The same with models; runs of further seeds are wrong for a few more of the test rows."""
    own = saved(visitor, title)
    for model in own_sets.PARADIGMS:
        for seed in range(seeds):
            folder = own.models / model / f"seed{seed}"
            shutil.copytree(shipped(REAL) / model / "seed0", folder)
            _renamed(folder / RUN_FILE, title, seed)
            _worse(folder / PREDICTIONS_FILE, seed)
    (own.models / own_sets.TRAINING_FILE).write_text(json.dumps({"thorough": thorough}))
    if bits:
        shutil.copy(shipped(REAL) / store.FILE, own.models / store.FILE)
    return own


def _renamed(run: Path, title: str, seed: int) -> None:
    content = json.loads(run.read_text())
    content["data_card"]["title"] = title
    content["config"]["seed"] = seed
    run.write_text(json.dumps(content))


def _worse(path: Path, seed: int) -> None:
    """Swap the answers of two test rows for each seed."""
    if not seed:
        return
    frame, about = read_table(path), table_metadata(path)
    rows = np.flatnonzero(frame["split"] == "test")[: 2 * seed]
    other = frame["y"].unique()
    for row in rows:
        wrong = next(c for c in other if c != frame["y"].iloc[row])
        frame.loc[frame.index[row], ["pred", "correct"]] = [wrong, False]
    write_table(frame, path, about)
