"""Something to look at: a set of so many points, its four models and their maps, all real."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from dmil_core.checkpoint import PREDICTIONS_FILE, PROJECTION_FILE, RUN_FILE, run_folder
from dmil_core.data.catalog import load_dataset
from dmil_core.inference.projection import project
from dmil_core.io.tables import read_table
from dmil_core.schema import COMPONENTS, gate
from dmil_core.training.run import train

PARADIGMS = ("ensemble", "joint", "dmil", "dmil-paper")
#: Rows to learn from, and of validation at least; all others are there to be looked at. The
#: distribution draws no more test rows than `TEST`.
TRAIN, VAL, TEST = 2000, 500, 100_000
#: Of the usual epochs: what the models know does not matter here, only how much there is to show.
EPOCHS = 0.1
#: The app keeps a folder a set; two sizes of one distribution would be one set.
ROOM = "points-{points}"


@dataclass(frozen=True)
class Room:
    """A folder for ``DMIL_CHECKPOINTS``, and how to find things in it.

    Attributes
    ----------
    data : name of the set in links.
    table : predictions of ``dmil``, indexed by id.
    """

    root: Path
    data: str
    points: int
    table: pd.DataFrame

    def gates(self, sample: str) -> list[float]:
        """Gate weights of a sample, as the app has to show them."""
        row = self.table.loc[sample, [gate(c) for c in COMPONENTS]]
        return [float(v) for v in row.to_numpy(dtype=float)]


def furnish(folder: Path, points: int, maps: bool = True) -> Room:
    """Draw, train, predict and, with ``maps``, map, or take what an earlier call has left in
    ``folder``."""
    test = min(points - TRAIN - VAL, TEST)
    dataset = load_dataset(f"switch:train={TRAIN},val={points - TRAIN - test},test={test}")
    root = folder / ROOM.format(points=points)
    for paradigm in PARADIGMS:
        here = run_folder(root, dataset.slug, paradigm, 0)
        if not (here / RUN_FILE).exists():
            train(dataset, paradigm, 0, here, epochs_scale=EPOCHS)
        if maps and not (here / PROJECTION_FILE).exists():
            project(here, dataset, method="pca", max_rows=points)
    table = read_table(run_folder(root, dataset.slug, "dmil", 0) / PREDICTIONS_FILE)
    return Room(root, dataset.slug, points, table.astype({"id": str}).set_index("id", drop=False))
