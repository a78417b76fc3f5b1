"""What a visitor uploads, understood but not yet kept: nothing here touches the disk."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Final

import numpy as np
import pandas as pd

from dashboard.services.store import budgets
from dmil_core.data.files import assemble as assembling
from dmil_core.data.files.assemble import Assembled
from dmil_core.data.files.groups import by_names
from dmil_core.data.files.kinds import Facts, describe
from dmil_core.data.files.reader import Named, read_table
from dmil_core.data.files.repairs import Repairs
from dmil_core.data.files.roles import NUMERIC, Given, InputRole, is_extra, role
from dmil_core.data.files.roles import guess as guess_roles
from dmil_core.data.files.table import Table
from dmil_core.data.uploads.archive import PICTURES, SOUNDS, Files
from dmil_core.data.uploads.budget import Cost
from dmil_core.data.uploads.limits import DEFAULT, MIB, Limits
from dmil_core.data.validate import Issue, guess_kind
from dmil_core.errors import DataError
from dmil_core.schema import FEWEST_MODALITIES, Kind

#: The limits that the page states; see `dmil_core.data.uploads.limits` for the reasons.
LIMITS: Final = DEFAULT
TYPES: Final = ("csv", "tsv", "parquet", "npz")
#: Bytes from which files are read one after the other, whoever uploaded them: while a table is
#: read it takes several times as much.
_LARGE: Final = 10 * MIB
_ONE_LARGE: Final = threading.Lock()
#: What pictures and sounds, as they came, are charged as.
_FILES: Final = "the pictures and sounds"
MEDIA_TYPES: Final = tuple(e.lstrip(".") for e in (*PICTURES, *SOUNDS))
#: Marks a group of columns where a column has the group's name: x1 beside x1_0 and x1_1.
_MORE: Final = " …"
#: Kinds of columns in words for people; others are called as they are.
_KINDS: Final = {"number": "numbers", "vector": "numbers", "id": "text"}

__all__ = ["LIMITS", "MEDIA_TYPES", "TYPES", "Assembled", "Choice", "Files", "Issue", "Limits",
           "Problem", "Source", "assemble", "class_counts", "example_csv", "example_npz", "faults",
           "forget", "forget_files", "guess", "kinds_for", "read", "read_folder",
           "read_zip"]  # fmt: skip


@dataclass(frozen=True)
class Problem:
    """Why a file cannot be used at all."""

    message: str


@dataclass(frozen=True)
class Block:
    """Columns or an array that can be chosen as (a part of) an input."""

    name: str
    columns: tuple[str, ...]
    kind: str


@dataclass(frozen=True)
class Choice:
    """What is what. Names of blocks for each input, single columns for the rest ("" for none).

    ``kinds`` are for arrays of three dimensions, whose kind their shape leaves open.
    """

    inputs: tuple[tuple[str, ...], ...] = ((), ())
    label: str = ""
    id: str = ""
    split: str = ""
    group: str = ""
    names: tuple[str, ...] = ()
    kinds: tuple[Kind | None, ...] = ()


@dataclass(frozen=True, eq=False)
class Source:
    """What a file holds, what its columns are, and the blocks that can be chosen."""

    columns: Table
    facts: Mapping[str, Facts]
    blocks: tuple[Block, ...]

    @property
    def table(self) -> bool:
        """Whether it has columns of cells rather than arrays."""
        return not any(c.is_array for c in self.columns.columns.values())

    @property
    def arrays(self) -> Mapping[str, Facts]:
        """Everything that it holds, by name."""
        return self.facts

    @property
    def rows(self) -> int:
        """Samples in the file."""
        return self.columns.rows

    @property
    def singles(self) -> tuple[str, ...]:
        """Columns that can be a label, an id, a split or a group."""
        return tuple(n for n, f in self.facts.items() if f.kind != "array")

    def block(self, name: str) -> Block | None:
        """The block of this name."""
        return next((b for b in self.blocks if b.name == name), None)


def _understood(table: Table) -> Source:
    """The blocks of a table: columns named alike, and every other column."""
    facts = describe(table)
    roles = guess_roles(table, facts, files_follow=True)
    groups = {r.name: r.columns for r in roles.inputs if len(r.columns) > 1}
    grouped = {c for columns in groups.values() for c in columns}
    free = [n for n, f in facts.items() if f.kind in NUMERIC and n not in grouped]
    groups |= {n: tuple(c) for n, c in by_names(free).items() if n not in groups}
    grouped = {c for columns in groups.values() for c in columns}
    blocks = [
        Block(n + (_MORE if n in facts else ""), columns, "numbers")
        for n, columns in groups.items()
    ]
    blocks += [
        Block(n, (n,), _KINDS.get(f.kind, f.kind))
        for n, f in facts.items()
        if n not in grouped and not is_extra(n, table)
    ]
    order = {n: i for i, n in enumerate(facts)}
    return Source(table, facts, tuple(sorted(blocks, key=lambda b: order[b.columns[0]])))


def guess(source: Source) -> Choice:
    """The choice that is probably meant; a visitor corrects it."""
    roles = guess_roles(source.columns, source.facts, files_follow=True)
    inputs = [
        tuple(b.name for b in source.blocks if set(b.columns) <= set(r.columns))
        for r in roles.inputs
    ]
    inputs += [()] * (FEWEST_MODALITIES - len(inputs))
    return Choice(tuple(inputs), roles.label, roles.id, roles.split, roles.group)


def kinds_for(source: Source, block: str) -> tuple[Kind, ...]:
    """What an array can be taken for, the most likely first; () where there is no choice."""
    column = source.columns.columns.get(block)
    if column is None or not isinstance(column.data, np.ndarray) or column.data.ndim != 3:
        return ()
    first = guess_kind(column.data)
    others: tuple[Kind, ...] = ("sequence", "audio", "image")
    return (first, *(k for k in others if k != first))


def read(name: str, content: bytes, limits: Limits = LIMITS) -> Source | Problem:
    """A table or arrays from a file's bytes.

    It takes the place of what this session uploaded before, and is charged to the session.
    """
    forget()
    with _ONE_LARGE if len(content) > _LARGE else nullcontext():
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
    if len(content) > limits.upload_mib * MIB:
        return Problem(f"The file has {len(content) / MIB:,.0f} MiB, at most {limits.upload_mib}.")
    try:
        named = Named(PurePath(name).name, content)
        return _understood(read_table([named], limits=limits, account=budgets.account()))
    except DataError as error:
        return Problem(str(error))
    except MemoryError:
        return Problem("The file does not fit into the server's memory. Upload fewer rows.")


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
    table, facts = source.columns, source.facts
    if files is not None:
        # Names without endings are told from words by the files that there are.
        table = replace(table, files=files)
        facts = describe(table)
    inputs = tuple(_input(source, choice, m) for m in range(len(choice.inputs)))
    given = Given(inputs, choice.label, choice.id, choice.split, choice.group)
    roles = guess_roles(table, facts, given)
    return assembling.assemble(
        table, roles, Repairs(), name, title, about, LIMITS, budgets.account(), facts
    )


def _input(source: Source, choice: Choice, m: int) -> InputRole:
    """One input of a choice."""
    blocks = [b for n in choice.inputs[m] if (b := source.block(n)) is not None]
    columns = tuple(c for b in blocks for c in b.columns)
    named = choice.names[m].strip() if m < len(choice.names) else ""
    default = " + ".join(b.name for b in blocks).removesuffix(_MORE)
    if not columns:
        return InputRole(named or f"input {m + 1}", "vector", ())
    made = role(source.columns, source.facts, columns, named or default)
    kind = choice.kinds[m] if m < len(choice.kinds) else None
    return replace(made, kind=kind) if kind else made


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
