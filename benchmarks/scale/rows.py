"""What the growth of cost is measured on: folders of Parquet files, and a model trained on few."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.scale.process import environment
from dmil_core.checkpoint import RUN_FILE
from dmil_core.data.synthetic.switch_distribution import SwitchDistribution
from dmil_core.io.atomic import make_folder, replacing

#: Numbers of a block; each of the two inputs has three blocks.
BLOCK: Final = 11
COLUMNS: Final = 6 * BLOCK
#: Rows of a file, and rows that a model is trained on.
FILE_ROWS: Final = 262_144
TRAIN_ROWS: Final = 4_000
#: Which column is what, as options of every command.
ROLES: Final = ("--label", "class", "--input", "a=a*", "--input", "b=b*", "--id", "id")
#: Of the usual epochs: what the model knows does not matter here.
_EPOCHS: Final = "0.1"


def rows(folder: Path, count: int) -> Path:
    """A folder with so many rows of ``switch``, drawn and written in files; kept where it is."""
    here = folder / f"rows-{count}"
    distribution = SwitchDistribution(block=BLOCK)
    for number, start in enumerate(range(0, count, FILE_ROWS)):
        path = here / f"part-{number:03d}.parquet"
        if path.exists():
            continue
        make_folder(here)
        n = min(FILE_ROWS, count - start)
        drawn = distribution.sample(n, seed=1_000 + number)
        columns: dict[str, pa.Array] = {"id": pa.array(np.arange(start, start + n).astype(str))}
        for name, key in (("a", "x1"), ("b", "x2")):
            block = np.asarray(drawn[key], dtype=np.float32)
            columns |= {f"{name}{j:02d}": pa.array(block[:, j]) for j in range(block.shape[1])}
        columns["class"] = pa.array([f"class {k}" for k in drawn["y"]])
        with replacing(path) as temporary:
            pq.write_table(pa.table(columns), temporary, row_group_size=65_536)
    return here


def model(folder: Path, paradigm: str) -> Path:
    """A checkpoint trained on `TRAIN_ROWS` such rows; kept where it is."""
    here = folder / "models" / paradigm
    if not (here / RUN_FILE).exists():
        table = rows(folder, TRAIN_ROWS) / "part-000.parquet"
        subprocess.run(
            [sys.executable, "-m", "dmil_core", "train", "--data", str(table), *ROLES, "--paradigm",
             paradigm, "--epochs-scale", _EPOCHS, "--out", str(here), "--quiet"],
            env=environment(folder), check=True,
        )  # fmt: skip
    return here
