"""What a visitor uploads, understood but not yet kept: nothing here touches the disk."""

from __future__ import annotations

import io
import threading
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from dashboard.services.store import budgets
from dmil_core.data.files import assemble as assembling
from dmil_core.data.files.assemble import Assembled
from dmil_core.data.files.kinds import Facts, describe
from dmil_core.data.files.limits import DEFAULT, MIB, Limits
from dmil_core.data.files.pictures import PICTURES
from dmil_core.data.files.reader import Named, ReadOptions, read_table
from dmil_core.data.files.repairs import Repairs
from dmil_core.data.files.roles import Given, InputRole, Roles, has_files, is_extra
from dmil_core.data.files.roles import guess as guess_roles
from dmil_core.data.files.sounds import SOUNDS
from dmil_core.data.files.table import Table
from dmil_core.data.validate import Issue, Offer
from dmil_core.errors import DataError

#: The limits that the page states; see `dmil_core.data.files.limits` for the reasons.
LIMITS: Final = DEFAULT
#: Bytes from which files are read one after the other, whoever uploaded them: while a table is
#: read it takes several times as much.
_LARGE: Final = 10 * MIB
_ONE_LARGE: Final = threading.Lock()
MEDIA_TYPES: Final = tuple(e.lstrip(".") for e in (*PICTURES, *SOUNDS))
#: Endings of tables, arrays and archives.
TABLE_TYPES: Final = ("csv", "tsv", "tab", "txt", "parquet", "npz", "npy", "arrow", "feather")
ARCHIVE_TYPES: Final = ("zip", "tar", "gz", "tgz")
TYPES: Final = (*TABLE_TYPES, *ARCHIVE_TYPES, *MEDIA_TYPES)

__all__ = ["LIMITS", "MEDIA_TYPES", "TYPES", "Assembled", "Given", "InputRole", "Issue", "Named",
           "Offer", "Problem", "ReadOptions", "Repairs", "Roles", "Upload", "assemble",
           "class_counts", "described", "example_csv", "example_npz", "faults", "forget",
           "read", "roles", "samples_of", "without_files"]  # fmt: skip


@dataclass(frozen=True)
class Problem:
    """Why files cannot be used at all."""

    message: str


@dataclass(frozen=True, eq=False)
class Upload:
    """What files hold, and what their columns are."""

    table: Table
    facts: Mapping[str, Facts]

    @property
    def rows(self) -> int:
        """Samples in the files."""
        return self.table.rows

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that can have a role, in the order of the files."""
        return tuple(n for n in self.facts if not is_extra(n, self.table))


def read(
    files: Sequence[Named], options: ReadOptions | None = None, limits: Limits = LIMITS
) -> Upload | Problem:
    """What files hold: tables and arrays, archives of them, and pictures and sounds.

    It takes the place of what this session uploaded before, and is charged to the session.
    """
    forget()
    size = sum(len(file.content) for file in files)
    with _ONE_LARGE if size > _LARGE else nullcontext():
        result = _read(files, options or ReadOptions(), limits)
    if isinstance(result, Problem):
        forget()
    return result


def _read(files: Sequence[Named], options: ReadOptions, limits: Limits) -> Upload | Problem:
    try:
        table = read_table(files, options=options, limits=limits, account=budgets.account())
        return Upload(table, describe(table))
    except DataError as error:
        return Problem(str(error))
    except MemoryError:
        return Problem("The files do not fit into the server's memory. Upload fewer rows.")


def described(upload: Upload, repairs: Repairs) -> Upload:
    """The same where some columns are words though they spell numbers."""
    return Upload(upload.table, describe(upload.table, repairs.as_text))


def forget() -> None:
    """Nothing of this session's upload is kept any more: others have room for theirs."""
    budgets.account().release()


def roles(upload: Upload, given: Given) -> Roles:
    """The role of every column: what was said, and for the rest what is probably meant."""
    return guess_roles(upload.table, upload.facts, given, files_follow=True)


def without_files(upload: Upload, roles_: Roles) -> tuple[str, ...]:
    """Columns of the inputs that name pictures or sounds which are not there."""
    chosen = [c for r in roles_.inputs for c in r.columns if c in upload.facts]
    return tuple(
        c
        for c in chosen
        if upload.facts[c].kind in ("pictures", "sounds") and not has_files(upload.table, c)
    )


def assemble(
    upload: Upload, roles_: Roles, repairs: Repairs, name: str, title: str, about: str
) -> Assembled:
    """The set that roles and repairs make, and every issue of it."""
    return assembling.assemble(
        upload.table, roles_, repairs, name, title, about, LIMITS, budgets.account(), upload.facts
    )


def samples_of(made: Assembled, name: str, most: int = 3) -> tuple[int, ...]:
    """The first rows of a set that are of one class."""
    assert made.dataset is not None
    place = made.dataset.classes.index(name)
    rows: list[int] = np.flatnonzero(made.dataset.y == place)[:most].tolist()
    return tuple(rows)


def faults(issues: tuple[Issue, ...]) -> pd.DataFrame:
    """A row per issue and row concerned, to be saved: severity, problem, row, what to do."""
    records = [
        (i.severity, i.title, row, i.what_to_do) for i in issues for row in (i.rows or ("all",))
    ]
    return pd.DataFrame(records, columns=["severity", "problem", "row", "what_to_do"])


def class_counts(made: Assembled) -> pd.DataFrame:
    """Samples of each class (rows, column class) in each split."""
    assert made.dataset is not None
    names = made.dataset.class_names(made.dataset.y)
    frame = pd.crosstab(pd.Series(names, name="class"), pd.Series(made.dataset.split, name="split"))
    ordered = frame.reindex(columns=["train", "val", "test"], fill_value=0)
    ordered.insert(0, "all", ordered.sum(axis=1))
    return ordered.reset_index()


# --- an example to try it with -----------------------------------------------------------------

_EXAMPLE_ROWS: Final = 300


def example_csv() -> bytes:
    """300 rows, two groups of four columns; neither group alone tells whether two signs differ."""
    x1, x2, differ = _example()
    frame = pd.DataFrame({"id": [f"row-{i}" for i in range(_EXAMPLE_ROWS)]})
    for name, x in (("left", x1), ("right", x2)):
        for column in range(x.shape[1]):
            frame[f"{name}_{column + 1}"] = x[:, column].round(3)
    frame["label"] = np.where(differ, "differ", "same")
    return frame.to_csv(index=False).encode("utf-8")


def example_npz() -> bytes:
    """The same as arrays x1, x2 and y."""
    x1, x2, differ = _example()
    buffer = io.BytesIO()
    y = np.where(differ, "differ", "same")
    np.savez_compressed(buffer, x1=x1.astype(np.float32), x2=x2.astype(np.float32), y=y)
    return buffer.getvalue()


def _example() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 2, (2, _EXAMPLE_ROWS))
    x1, x2 = rng.normal(size=(2, _EXAMPLE_ROWS, 4))
    x1[:, 0] += 6 * a - 3
    x2[:, 0] += 6 * b - 3
    return x1, x2, a != b
