"""Information estimates of a data set in a file, for the app and for later analyses.

One Parquet file, ``checkpoints/<set>/information.parquet``: a row per sample with its pointwise
mutual information from networks that were not trained on it, and in the metadata decompositions of
the whole set after clustering. Definitions that need no densities are applied on reading, so none
is chosen here. Reading needs neither torch nor scikit-learn.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self

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
#: Column with the group of a row; only of sets that have groups.
GROUP: Final = "group"


@dataclass(frozen=True)
class InformationEstimates:
    """Estimates for one data set, in nats.

    Attributes
    ----------
    rows : indexed by id; columns y, i1, i2, i12 and, of sets with groups, group.
    clusters : decompositions of the whole set, for several numbers of clusters.
    data : the digest of the set.
    """

    rows: pd.DataFrame
    clusters: tuple[Discretised, ...]
    data: str

    @classmethod
    def compute(cls, dataset: Dataset, seed: int = 0) -> Self:
        """Estimate everything; takes minutes for large inputs.

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
        return cls(rows.set_index("id"), tuple(clusters), dataset.digest)

    def split(self, definition: Definition) -> Pointwise:
        """R, U1, U2 and S of each row, by a definition that needs no densities."""
        i1, i2, i12 = (self.rows[name].to_numpy(np.float64) for name in SUMS)
        return split(i1, i2, i12, definition)

    def save(self, path: Path) -> None:
        """Write the file at once or not at all."""
        rows = self.rows.reset_index().astype(dict.fromkeys(SUMS, np.float32))
        clusters = [asdict(c) for c in self.clusters]
        write_table(rows, path, {"unit": "nats", "data": self.data, "clusters": clusters})

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a file.

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
        return cls(rows.astype({"id": str}).set_index("id"), clusters, data)


def default_path(set_slug: str) -> Path:
    """Path of a set's file where the app looks for it."""
    return checkpoints_root() / set_slug / FILE


def _clusters(entry: dict[str, Any]) -> Discretised:
    return Discretised(**{**entry, "parts": Decomposition(**entry["parts"])})
