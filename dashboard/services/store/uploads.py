"""What a visitor uploads, understood but not yet kept: nothing here touches the disk."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

import numpy as np
import pandas as pd

from dashboard.services.store import budgets
from dmil_core.data.files.members import check_directory, unpacked_size
from dmil_core.data.npz import npz_content
from dmil_core.data.uploads import columns, tabular
from dmil_core.data.uploads.archive import Files
from dmil_core.data.uploads.budget import TABLE, Cost
from dmil_core.data.uploads.columns import Assembled, Choice, Source
from dmil_core.data.uploads.limits import DEFAULT, MIB, Limits
from dmil_core.data.validate import Issue
from dmil_core.errors import DataError

#: The limits that the page states; see `dmil_core.data.uploads.limits` for the reasons.
LIMITS: Final = DEFAULT
TYPES: Final = ("csv", "parquet", "npz")
#: Arrays in an .npz.
_MOST_ARRAYS: Final = 1000
#: What pictures and sounds, as they came, are charged as.
_FILES: Final = "the files"
MEDIA_TYPES: Final = tuple(e.lstrip(".") for e in (*columns.PICTURES, *columns.SOUNDS))

__all__ = ["LIMITS", "MEDIA_TYPES", "TYPES", "Assembled", "Choice", "Files", "Issue", "Limits",
           "Problem", "Source", "assemble", "class_counts", "example_csv", "example_npz", "faults",
           "forget", "forget_files", "guess", "kinds_for", "read", "read_folder",
           "read_zip"]  # fmt: skip

guess, kinds_for = columns.guess, columns.kinds_for


@dataclass(frozen=True)
class Problem:
    """Why a file cannot be used at all."""

    message: str


def read(name: str, content: bytes, limits: Limits = LIMITS) -> Source | Problem:
    """A table or arrays from a file's bytes; its name says which.

    It takes the place of what this session uploaded before, and is charged to the session.
    """
    forget()
    result = _read(name, content, limits)
    if isinstance(result, Problem):
        forget()
    return result


def forget() -> None:
    """Nothing of this session's upload is kept any more: others have room for theirs."""
    budgets.account().release()


def forget_files() -> None:
    """The pictures and sounds of this session's upload are not kept any more."""
    budgets.account().release(_FILES)


def _read(name: str, content: bytes, limits: Limits) -> Source | Problem:
    account = budgets.account()
    ending = PurePath(name).suffix.lower()
    if len(content) > limits.upload_mib * MIB:
        return Problem(f"The file has {len(content) / MIB:,.0f} MiB, at most {limits.upload_mib}.")
    try:
        if ending == ".csv":
            return columns.of_table(tabular.read_csv(content, limits), account)
        if ending == ".parquet":
            return columns.of_table(tabular.read_parquet(content, limits, account), account)
        if ending == ".npz":
            check_directory(content, _MOST_ARRAYS)
            size = Cost(arrays=unpacked_size(content))
            account.charge(TABLE, size, "Store fewer rows, or numbers as float32.")
            result = npz_content(content, PurePath(name).name, limits.unpacked_mib * MIB)
            return columns.of_arrays(result.arrays, result.issues)
    except DataError as error:
        return Problem(str(error))
    except MemoryError:
        return Problem("The file does not fit into the server's memory. Upload fewer rows.")
    return Problem(f"A file ending in {ending[:12] or 'nothing'} was uploaded; expected .csv, "
                   ".parquet or .npz.")  # fmt: skip


def read_zip(content: bytes, limits: Limits = LIMITS) -> Files | Problem:
    """The pictures and sounds that a table names."""
    return _files(lambda: Files(content, limits), len(content))


def read_folder(files: Sequence[tuple[str, bytes]], limits: Limits = LIMITS) -> Files | Problem:
    """The same from the files of a folder, each with its path."""
    return _files(lambda: Files.of_folder(files, limits), sum(len(c) for _, c in files))


def _files(read: Callable[[], Files], size: int) -> Files | Problem:
    account = budgets.account()
    try:
        account.charge(_FILES, Cost(files=size), "Use smaller files, or fewer.")
        return read()
    except DataError as error:
        account.release(_FILES)
        return Problem(str(error))


def assemble(
    source: Source, choice: Choice, name: str, title: str, about: str, files: Files | None
) -> Assembled:
    """The set that a choice makes, and every issue of it."""
    account = budgets.account()
    return columns.assemble(source, choice, name, title, about, files, LIMITS, account)


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
