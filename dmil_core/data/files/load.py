"""Files and what a user says of their columns, to an overview of them or to a data set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from dmil_core.data.card import Card
from dmil_core.data.dataset import Dataset
from dmil_core.data.files.assemble import Assembled, assemble, issues_of, preview
from dmil_core.data.files.encoding import column_of
from dmil_core.data.files.kinds import Facts, describe
from dmil_core.data.files.labels import labels
from dmil_core.data.files.limits import DEFAULT, MIB, Limits
from dmil_core.data.files.reader import ReadOptions, read_table
from dmil_core.data.files.readers.arrow import columns_of
from dmil_core.data.files.repairs import Repairs
from dmil_core.data.files.roles import LABELS, Given, InputRole, Roles, guess, role
from dmil_core.data.files.selection import parse_input, select
from dmil_core.data.files.table import Table
from dmil_core.data.labels import plain_name
from dmil_core.data.npz import MAX_BYTES
from dmil_core.data.validate import Issue, Purpose, errors
from dmil_core.errors import ConfigError, DataError

if TYPE_CHECKING:
    import pandas as pd

#: A user's own files may be as large as memory allows; strangers' uploads may not.
_UNBOUNDED: Final = (
    "unpacked_mib", "rows", "columns", "cells", "classes", "cell_length", "files",
    "arrays_mib", "pixels_together", "samples_together",
)  # fmt: skip
OWN: Final[Limits] = replace(
    DEFAULT, upload_mib=MAX_BYTES // MIB, **dict.fromkeys(_UNBOUNDED, 1 << 40)
)

#: Cells of the inputs, and rows with pictures or sounds, of which a set is made in seconds.
_MOST_CELLS: Final = 4_000_000
_MOST_FILES: Final = 2_000


@dataclass(frozen=True)
class Request:
    """Files, and what a user says about them; what is None is guessed.

    Attributes
    ----------
    files : a table, several that are joined, an archive or a folder.
    inputs : ``NAME=COLUMNS`` of each input; none for the guess.
    label, id, split, group : columns; "" for none.
    """

    files: tuple[Path, ...]
    inputs: tuple[str, ...] = ()
    label: str | None = None
    id: str | None = None
    split: str | None = None
    group: str | None = None
    repairs: Repairs = field(default_factory=Repairs)
    options: ReadOptions = field(default_factory=ReadOptions)

    @property
    def plain(self) -> bool:
        """Whether nothing is said but which file."""
        return self == Request(self.files)


@dataclass(frozen=True, eq=False)
class Inspection:
    """What files hold, and what each column would be used for."""

    table: Table
    facts: Mapping[str, Facts]
    roles: Roles
    classes: tuple[str, ...]
    issues: tuple[Issue, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionaries and lists, as ``dmil inspect --json`` prints them."""
        roles = self.roles
        return {
            "inputs": [
                {"name": r.name, "kind": r.kind, "columns": list(r.columns)} for r in roles.inputs
            ],
            "label": roles.label or None,
            "classes": list(self.classes),
            "id": roles.id or None,
            "split": roles.split or None,
            "group": roles.group or None,
            "flags": list(roles.flags),
            "unused": [column for column, _ in roles.unused],
            "rows": self.table.rows,
            "issues": [
                {
                    "severity": i.severity,
                    "title": i.title,
                    "rows": list(i.rows),
                    "repair": i.repair or i.what_to_do,
                }
                for i in self.issues
            ],
        }


def inspect(request: Request, limits: Limits = OWN) -> Inspection:
    """What files hold: the role of every column, and what would be said about them.

    Raises
    ------
    DataError
        If a file cannot be read.
    ConfigError
        If the request names a column that does not exist.
    """
    table, facts, roles = _understood(request, limits)
    classes: tuple[str, ...] = ()
    if roles.label in facts:
        classes = labels(table.columns[roles.label], facts[roles.label], request.repairs).classes
    issues = preview(table, roles, request.repairs, facts, limits)
    if not errors(list(issues)):
        issues = _with_content(table, roles, request, facts, limits, issues)
    return Inspection(table, facts, roles, classes, issues)


def _with_content(
    table: Table, roles: Roles, request: Request, facts: Mapping[str, Facts], limits: Limits,
    issues: tuple[Issue, ...],
) -> tuple[Issue, ...]:  # fmt: skip
    """The issues, with those of what the inputs hold where making the set takes seconds."""
    chosen = [c for role in roles.inputs for c in role.columns]
    files = any(facts[c].kind in ("pictures", "sounds") for c in chosen)
    if table.rows <= _MOST_FILES if files else _cells(table, chosen) <= _MOST_CELLS:
        name = request.files[0].stem
        return assemble(table, roles, request.repairs, name, limits=limits, facts=facts).issues
    title = f"of {table.rows:,} rows it was not looked at what the inputs hold"
    what = (
        "Whether an input says nothing, or test rows are copies of training rows, is said when the "
        "set is made: dmil convert, dmil train."
    )
    return (*issues, Issue(title, (), "warning", what, what))


def _cells(table: Table, names: Sequence[str]) -> int:
    """Numbers or texts of some columns, in all rows."""
    columns = [table.columns[n] for n in names]
    return sum(c.data.size if isinstance(c.data, np.ndarray) else len(c) for c in columns)


def load(
    request: Request, name: str = "", purpose: Purpose = "train", limits: Limits = OWN,
    like: Card | None = None,
) -> Assembled:  # fmt: skip
    """The data set of the files.

    Parameters
    ----------
    name : of the set; by default that of the first file.
    purpose : "predict" for new rows, which need no label and may be as few as one.
    like : the card of the training set of a model that the rows are for; the columns of its inputs
        are the inputs where the request says nothing of them.

    Raises
    ------
    DataError
        If a file cannot be read, or naming everything that is wrong with what it holds.
    ConfigError
        If the request names a column that does not exist.
    """
    table, facts, roles = _understood(request, limits, like)
    name = name or request.files[0].stem
    about = f"read from {', '.join(table.origin)[:100]}"
    made = assemble(
        table, roles, request.repairs, name, name, about, limits, None, facts, purpose, like
    )
    if made.dataset is None:
        raise DataError(f"{request.files[0]} cannot be used:\n{faults_of(made)}")
    return made


def faults_of(made: Assembled) -> str:
    """What stands in the way of a set, a line each."""
    return "\n".join(
        f"- {i.title}{i.where}. {i.what_to_do}" for i in made.issues if i.severity == "error"
    )


def load_dataset_of(
    request: Request, name: str = "", purpose: Purpose = "train", like: Card | None = None
) -> Dataset:
    """The data set of the files, without what is stored beside it; errors as for `load`."""
    made = load(request, name, purpose, like=like)
    assert made.dataset is not None
    return made.dataset


def of_frame(frame: pd.DataFrame) -> Table:
    """The columns of a DataFrame whose columns are named by text, no name twice."""
    arrays = {}
    for name in frame.columns:
        values = frame[name]
        try:
            arrays[name] = pa.Array.from_pandas(values)
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
            # Cells of several types: what they are is seen from their text.
            arrays[name] = pa.array([None if v is None else str(v) for v in values], pa.string())
    table = pa.table(arrays)
    return Table(columns_of(table, list(arrays), table.schema, OWN), origin=("a DataFrame",))


def _understood(
    request: Request, limits: Limits, like: Card | None = None
) -> tuple[Table, dict[str, Facts], Roles]:
    table = read_table(request.files, options=request.options, limits=limits)
    as_text = [c for text in request.repairs.as_text for c in select(text, list(table.columns))]
    facts = describe(table, as_text)
    return table, facts, roles_of(request, table, facts, like)


def roles_of(
    request: Request, table: Table, facts: Mapping[str, Facts], like: Card | None = None
) -> Roles:
    """What each column of a table is used for; ``like`` as in `load`."""
    said = given(request, table, facts)
    if like is None:
        return guess(table, facts, said)
    roles = guess(table, facts, _as_trained(said, table, facts, like))
    unused = tuple((column, "the model was trained without it") for column, _ in roles.unused)
    return replace(roles, unused=unused)


def _as_trained(said: Given, table: Table, facts: Mapping[str, Facts], like: Card) -> Given:
    """The inputs of a training set in a table of new rows, and its label where it is named like one
    or holds the classes."""
    names = list(table.columns)
    if said.inputs is None:
        found = []
        for modality in like.modalities:
            columns = {column_of(spec, names): None for spec in modality.columns}
            if not columns and modality.name in names:
                columns = {modality.name: None}
            if not columns or "" in columns:
                break
            found.append(InputRole(modality.name, modality.kind, tuple(columns)))
        if len(found) == len(like.modalities):
            said = replace(said, inputs=tuple(found))
        elif any(m.columns for m in like.modalities):
            specs = [s for m in like.modalities for s in m.columns]
            lacks = [s.name for s in specs if not column_of(s, names)]
            if lacks:
                raise DataError(
                    f"the model was trained with columns that these files lack: "
                    f"{', '.join(map(repr, lacks[:5]))}"
                )
    if said.label is None:
        free = [n for n in names if n not in set(said.columns)]
        labels_ = [n for usual in LABELS for n in free if n.lower() == usual]
        labels_ += [n for n in free if _has_classes(facts[n], like.classes)]
        said = replace(said, label=labels_[0] if labels_ else "")
    return said


def _has_classes(facts: Facts, classes: Sequence[str]) -> bool:
    """Whether the words of a column are all names of classes."""
    known = {plain_name(c) for c in classes}
    return (
        bool(facts.counts) and not facts.numeric and {plain_name(w) for w in facts.counts} <= known
    )


def given(request: Request, table: Table, facts: Mapping[str, Facts]) -> Given:
    """What a request says, with its columns looked up.

    Raises
    ------
    ConfigError
        If a column does not exist, or there are one or more than three inputs.
    """
    names = list(table.columns)
    singles: dict[str, str | None] = {}
    for option in ("label", "id", "split", "group"):
        value = getattr(request, option)
        singles[option] = value if not value else _single(option, value, names)
    taken = {c for c in singles.values() if c}
    inputs = None
    if request.inputs:
        inputs = tuple(
            role(table, facts, _columns(text, names, taken), parse_input(text)[0])
            for text in request.inputs
        )
        if not 2 <= len(inputs) <= 3:
            raise ConfigError(f"expected --input two or three times, got it {len(inputs)} times")
    return Given(inputs, singles["label"], singles["id"], singles["split"], singles["group"])


def _columns(text: str, names: Sequence[str], taken: set[str]) -> tuple[str, ...]:
    name, columns = parse_input(text)
    try:
        return select(columns, names, taken)
    except ConfigError as error:
        raise ConfigError(f"--input {name}: {error}") from None


def _single(option: str, value: str, names: Sequence[str]) -> str:
    try:
        found = select(value, names)
    except ConfigError as error:
        raise ConfigError(f"--{option}: {error}") from None
    if len(found) > 1:
        raise ConfigError(f"--{option} {value!r}: expected one column, got {len(found)}")
    return found[0]


__all__ = ["Inspection", "Request", "inspect", "issues_of", "load", "load_dataset_of"]
