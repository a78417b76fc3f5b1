"""What is kept of a data set's information, for the app: estimates of rows, and its clusters.

One Parquet file, ``checkpoints/<set>/information.parquet``: a row per sample with what the inputs
tell of it by networks that did not see it, and in its metadata the whole set cut into clusters.
Every definition that needs no densities follows from these rows, so that none is chosen here.
Reading waits for neither torch nor scikit-learn.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from dmil_core.data.dataset import Dataset
from dmil_core.errors import DataError
from dmil_core.io.paths import checkpoints_root
from dmil_core.io.tables import read_table, table_metadata, write_table
from dmil_core.partial_information.clusters import Discretised, by_clusters
from dmil_core.partial_information.discrete import Decomposition
from dmil_core.partial_information.pointwise import SUMS, Definition, Pointwise, split

FILE: Final = "information.parquet"
#: Column of what rows belong together; only of sets that have groups.
GROUP: Final = "group"


@dataclass(frozen=True)
class Account:
    """What was found out about one set, in nats.

    Attributes
    ----------
    rows : indexed by id, columns y, i1, i2, i12 and, of sets with groups, group.
    clusters : the set as a whole, for several numbers of clusters.
    data : the digest of the set.
    """

    rows: pd.DataFrame
    clusters: tuple[Discretised, ...]
    data: str

    def split(self, definition: Definition) -> Pointwise:
        """The parts of each row, by a definition that needs no densities."""
        i1, i2, i12 = (self.rows[name].to_numpy(np.float64) for name in SUMS)
        return split(i1, i2, i12, definition)


def default_path(set_slug: str) -> Path:
    """Where a set's file lies unless the user says otherwise: where the app looks for it."""
    return checkpoints_root() / set_slug / FILE


def take(dataset: Dataset, seed: int = 0) -> Account:
    """Estimate all of it; minutes for large inputs.

    Raises
    ------
    ConfigError
        If the set has three inputs.
    DataError
        If it has too few rows, in all or of a class.
    """
    from dmil_core.information.sets import estimate, features

    rows = estimate(dataset, seed=seed).table[["id", "y", *SUMS]].astype({"id": str})
    if dataset.group is not None:
        rows[GROUP] = dataset.group.astype(str)
    x1, x2 = (features(x) for x in dataset.inputs)
    clusters = by_clusters(x1, x2, dataset.y, seed=seed, groups=dataset.group)
    return Account(rows.set_index("id"), tuple(clusters), dataset.digest)


def write(account: Account, path: Path) -> None:
    """Write the file at once or not at all."""
    rows = account.rows.reset_index().astype(dict.fromkeys(SUMS, np.float32))
    clusters = [asdict(c) for c in account.clusters]
    write_table(rows, path, {"unit": "nats", "data": account.data, "clusters": clusters})


def read(path: Path) -> Account:
    """Read the file.

    Raises
    ------
    DataError
        If it is damaged or holds something else.
    """
    rows, about = read_table(path), table_metadata(path)
    missing = sorted({"id", "y", *SUMS} - set(rows.columns))
    if missing:
        raise DataError(f"{path}: the columns {', '.join(missing)} are missing; write it again")
    try:
        clusters = tuple(_clusters(entry) for entry in about["clusters"])
        data = str(about["data"])
    except (KeyError, TypeError) as error:
        raise DataError(f"{path}: its metadata is damaged ({error}); write it again") from None
    return Account(rows.astype({"id": str}).set_index("id"), clusters, data)


def _clusters(entry: dict[str, Any]) -> Discretised:
    return Discretised(**{**entry, "parts": Decomposition(**entry["parts"])})
