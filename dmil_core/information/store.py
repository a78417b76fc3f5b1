"""Information estimates of a data set in a file, for the app and for later analyses.

One Parquet file, ``checkpoints/<set>/information.parquet``: a row per sample with its pointwise
mutual information from networks that were not trained on it, and in the metadata decompositions of
the whole set after clustering, and refits, for the errors of means. Definitions that need no
densities are applied on reading, so none is chosen here. Reading needs neither torch nor
scikit-learn. Files of version 1, which named no version, have no refits.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
import pandas as pd

from dmil_core.data.dataset import Dataset
from dmil_core.errors import DataError
from dmil_core.information.refits import REFITS, Refits
from dmil_core.io import strict_json
from dmil_core.io.paths import checkpoints_root
from dmil_core.io.reading import parsing
from dmil_core.io.tables import read_table, table_metadata, write_table
from dmil_core.partial_information.clusters import Discretised, by_clusters
from dmil_core.partial_information.pointwise import SUMS, Definition, Pointwise, split

FILE: Final = "information.parquet"
#: Version of the files that are written; files of a later one are refused.
VERSION: Final = 2
#: Definitions that need no densities; refits are kept for them.
DEFINITIONS: Final[tuple[Definition, ...]] = ("same-sign", "ccs")
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
    refits : fits to some of the rows; None in files of version 1.
    """

    rows: pd.DataFrame
    clusters: tuple[Discretised, ...]
    data: str
    refits: Refits | None = None

    @classmethod
    def compute(cls, dataset: Dataset, seed: int = 0, refits: int = REFITS) -> Self:
        """Estimate everything; takes minutes for large inputs.

        Raises
        ------
        ConfigError
            If the set has three inputs.
        DataError
            If it has too few rows, in all or of a class.
        """
        from dmil_core.information.sets import estimate, features

        first, *also = DEFINITIONS
        estimates = estimate(dataset, first, seed, refits, tuple(also))
        rows = estimates.table[["id", "y", *SUMS]].astype({"id": str})
        if dataset.group is not None:
            rows[GROUP] = dataset.group.astype(str)
        x1, x2 = (features(x) for x in dataset.inputs)
        clusters = by_clusters(x1, x2, dataset.y, seed=seed, groups=dataset.group)
        return cls(rows.set_index("id"), tuple(clusters), dataset.digest, estimates.refits)

    def split(self, definition: Definition) -> Pointwise:
        """R, U1, U2 and S of each row, by a definition that needs no densities."""
        i1, i2, i12 = (self.rows[name].to_numpy(np.float64) for name in SUMS)
        return split(i1, i2, i12, definition)

    def fit_errors(self, definition: Definition) -> dict[str, float]:
        """Root mean square error by the fit of the mean of each quantity, in nats; empty where it
        is not known."""
        return {} if self.refits is None else self.refits.errors(definition)

    def save(self, path: Path) -> None:
        """Write the file at once or not at all."""
        rows = self.rows.reset_index().astype(dict.fromkeys(SUMS, np.float32))
        about = {
            "version": VERSION,
            "unit": "nats",
            "data": self.data,
            "clusters": [asdict(c) for c in self.clusters],
        }
        if self.refits is not None:
            about["refits"] = self.refits.as_json()
        write_table(rows, path, about)

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
        if odd := [c for c in SUMS if not pd.api.types.is_numeric_dtype(rows[c])]:
            raise DataError(f"{path}: expected numbers in {', '.join(odd)}; write it again")
        metadata = f"the metadata of {path}"
        with parsing(metadata, "that of a table of estimates", advice="Write it again"):
            clusters: tuple[Discretised, ...] = strict_json.read(
                tuple[Discretised, ...], about["clusters"]
            )
            data, version = str(about["data"]), int(about.get("version", 1))
            refits = Refits.from_json(about["refits"]) if "refits" in about else None
        if version > VERSION:
            raise DataError(
                f"{path}: it has version {version}, this program reads versions up to {VERSION}; "
                "update the program or write the file again"
            )
        with parsing(path, "a table of estimates", advice="Write it again"):
            return cls(rows.astype({"id": str}).set_index("id"), clusters, data, refits)


def default_path(set_slug: str) -> Path:
    """Path of a set's file where the app looks for it."""
    return checkpoints_root() / set_slug / FILE
