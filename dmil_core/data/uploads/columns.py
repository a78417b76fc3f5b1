"""From an uploaded table or arrays to a data set: which columns are which input, label and id.

A *block* is what can be chosen as a whole: columns named alike (``x1_0``, ``x1_1`` ...), a single
column, or an array of an .npz file. A :class:`Choice` says which blocks are which input, and which
columns are label, id, split and group.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmil_core.data.card import Card, ColumnSpec, Modality
from dmil_core.data.dataset import Dataset, from_arrays
from dmil_core.data.defaults import complete, infer_card, infer_media
from dmil_core.data.labels import read_labels
from dmil_core.data.uploads.archive import PICTURES, SOUNDS, Decoded, Files, in_range_of
from dmil_core.data.uploads.budget import Account, BudgetError, Cost, charge_table, unshared
from dmil_core.data.uploads.limits import DEFAULT, Limits
from dmil_core.data.validate import (
    FLAG_PREFIX,
    Issue,
    Purpose,
    check,
    errors,
    guess_kind,
    taken_as_one,
    unreadable,
)
from dmil_core.errors import DataError
from dmil_core.schema import FEWEST_MODALITIES, INTERACTION_TYPE, MODALITY_NUMBERS, Kind

BlockKind = Literal["numbers", "text", "pictures", "sounds", "array"]

#: Names that a column of a role often has.
_USUAL: Final = {
    "label": ("y", "label", "labels", "class", "target", "category"),
    "id": ("id", "ids", "sample", "key", "uid", "sample_id"),
    "split": ("split", "fold", "subset", "partition"),
    "group": ("group", "groups", "subject", "person", "patient", "speaker", "user"),
}
_SPLIT_WORDS: Final = {
    "training": "train", "valid": "val", "validation": "val", "dev": "val", "testing": "test",
}  # fmt: skip
#: Kinds of blocks whose cells are names of files, and their endings.
_OF_FILES: Final[Mapping[BlockKind, tuple[str, ...]]] = {"pictures": PICTURES, "sounds": SOUNDS}
#: Cells that are looked at to see what a column is.
_FIRST: Final = 1000
#: Marks a block of columns where a column has the block's name: x1 beside x1_0 and x1_1.
_MORE: Final = " …"
#: Longest class name or id: both stand in links and figures.
LONGEST_NAME: Final = 100


@dataclass(frozen=True)
class Block:
    """Columns or an array that can be chosen as (a part of) an input."""

    name: str
    columns: tuple[str, ...]
    kind: BlockKind


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
    """What a file holds, read but not yet understood: columns (N,) or arrays (N, ...)."""

    arrays: Mapping[str, NDArray[Any]]
    blocks: tuple[Block, ...]
    issues: tuple[Issue, ...] = ()
    table: bool = True

    @property
    def rows(self) -> int:
        """Samples in the file."""
        return max((len(a) for a in self.arrays.values() if a.ndim), default=0)

    @property
    def singles(self) -> tuple[str, ...]:
        """Columns that can be a label, an id, a split or a group."""
        return tuple(n for n, a in self.arrays.items() if a.ndim == 1)

    def block(self, name: str) -> Block | None:
        """The block of this name."""
        return next((b for b in self.blocks if b.name == name), None)


# --- what could be what ----------------------------------------------------------------------


def of_table(frame: pd.DataFrame, account: Account | None = None) -> Source:
    """The columns of a table of text and numbers, grouped by their names.

    Parameters
    ----------
    account : what is charged for the arrays before they are made; without one, nothing is.

    Raises
    ------
    DataError
        If there are no rows; a `BudgetError` if the arrays are more than the account has room for.
    """
    if account is not None:
        charge_table(account, len(frame), {str(n): _width(frame[n]) for n in frame.columns})
    arrays = {str(name): _column(frame[name]) for name in frame.columns}
    _require_rows(arrays)
    stems: dict[str, list[str]] = {}
    for name in arrays:
        stems.setdefault(_stem(name), []).append(name)
    blocks = []
    for stem, names in stems.items():
        numbers = [n for n in names if arrays[n].dtype.kind == "f" or _mostly_numbers(arrays[n])]
        if len(numbers) > 1 and stem not in _usual_names():
            title = stem + _MORE if stem in arrays else stem
            blocks.append(Block(title, tuple(numbers), "numbers"))
            names = [n for n in names if n not in numbers]
        blocks += [Block(n, (n,), _kind(arrays[n])) for n in names]
    return Source(arrays, tuple(blocks))


def _width(values: pd.Series) -> int:
    """Bytes of a cell of what `_column` makes of a column; before it is made."""
    if values.dtype.kind in "iuf" or not len(values):
        return 8
    # A missing cell is written out as nan.
    return 4 * max(int(values.astype(str).str.len().fillna(len("nan")).max()), 1)


def of_arrays(arrays: Mapping[str, NDArray[Any]], issues: Sequence[Issue] = ()) -> Source:
    """The arrays of an .npz file, a block each.

    Raises
    ------
    DataError
        If none of them has a row.
    """
    damaged = {name: issue for issue, name in unreadable(arrays)}
    used = {n: a for n, a in arrays.items() if a.ndim > 0 and n not in damaged}
    _require_rows(used)
    blocks = []
    for name, a in used.items():
        kind: BlockKind = "text" if a.dtype.kind == "U" else "numbers"
        blocks.append(Block(name, (name,), kind if a.ndim <= 2 else "array"))
    return Source(used, tuple(blocks), (*issues, *damaged.values()), table=False)


def _require_rows(arrays: Mapping[str, NDArray[Any]]) -> None:
    if not any(map(len, arrays.values())):
        raise DataError("The file has no rows. Store at least some rows of every class.")


def _column(values: pd.Series) -> NDArray[Any]:
    """float64 where a column is of numbers, else text."""
    if values.dtype.kind in "iuf":
        return values.to_numpy(dtype=np.float64)
    return np.asarray(values.to_numpy(dtype=object), dtype=np.str_)


def _stem(name: str) -> str:
    """A name without the number it ends in."""
    return re.sub(r"[\s._\-\[(]*\d+[\])]?$", "", name) or name


def _usual_names() -> set[str]:
    return {n for names in _USUAL.values() for n in names}


def _as_numbers(values: NDArray[Any]) -> NDArray[np.float64]:
    """Text as numbers, NaN where it is none."""
    if values.dtype.kind != "U":
        return values.astype(np.float64)
    numbers = pd.to_numeric(pd.Series(values, dtype=object), errors="coerce")
    return numbers.to_numpy(dtype=np.float64)


def _mostly_numbers(values: NDArray[Any]) -> bool:
    """Whether more than half of the first cells are numbers: the others then become errors."""
    if values.dtype.kind != "U":
        return True
    first = values[:_FIRST]
    return bool(np.isfinite(_as_numbers(first)).sum() * 2 > len(first))


def _kind(values: NDArray[Any]) -> BlockKind:
    if _mostly_numbers(values):
        return "numbers"
    return _kind_of_files([without_query(v.strip()) for v in values[:_FIRST].tolist()]) or "text"


def without_query(name: str) -> str:
    """A URL without what stands behind its path; any other text as it is."""
    return re.sub(r"[?#].*", "", name, count=1) if "://" in name else name


def _kind_of_files(names: Sequence[str | None]) -> BlockKind | None:
    """What most of these names are the files of, by their endings."""
    for kind, endings in _OF_FILES.items():
        if sum(n is not None and n.lower().endswith(endings) for n in names) * 2 > len(names):
            return kind
    return None


def guess(source: Source) -> Choice:
    """The choice that is probably meant; a visitor corrects it.

    Label, id, split and group are columns with a usual name. The inputs are the blocks of the
    first of `_RULES` that gives two or more; where none does, the remaining columns make up the
    missing ones.
    """
    roles = {role: _with_name(source.singles, names) for role, names in _USUAL.items()}
    free = [b for b in source.blocks if b.name not in roles.values()]
    free = [b for b in free if not _is_extra(b.name, source)]
    blocks: list[Block] = []
    for rule in _RULES:
        blocks = rule(source, free)
        if len(blocks) >= FEWEST_MODALITIES:
            break
    inputs: list[tuple[str, ...]] = [(b.name,) for b in blocks]
    if len(inputs) < FEWEST_MODALITIES:
        names = [b.name for b in free if b not in blocks]
        inputs += _remaining(names, FEWEST_MODALITIES - len(inputs))
    inputs = inputs[: max(MODALITY_NUMBERS)]
    inputs += [()] * (FEWEST_MODALITIES - len(inputs))
    label, id_, split, group = (roles[role] for role in ("label", "id", "split", "group"))
    return Choice(tuple(inputs), label, id_, split, group)


def _with_name(singles: Sequence[str], names: Sequence[str]) -> str:
    """The column that has the first of these names, in any case; "" if there is none."""
    lower = {s.lower(): s for s in reversed(singles)}
    return next((lower[n] for n in names if n in lower), "")


def _numbered(source: Source, free: list[Block]) -> list[Block]:
    """Blocks named x1, x2, x3, in this order."""
    return [
        b for m in MODALITY_NUMBERS for b in free if b.name.removesuffix(_MORE).lower() == f"x{m}"
    ]


def _wide(source: Source, free: list[Block]) -> list[Block]:
    """Blocks that are more than a number a row; in a table, without its texts."""
    if source.table:
        return [b for b in free if b.kind in _OF_FILES or len(b.columns) > 1]
    return [b for b in free if b.kind == "text" or source.arrays[b.name].ndim > 1]


def _wide_or_text(source: Source, free: list[Block]) -> list[Block]:
    """Wide blocks, then texts."""
    wide = _wide(source, free)
    return wide + [b for b in free if b.kind == "text" and b not in wide]


def _remaining(names: list[str], parts: int) -> list[tuple[str, ...]]:
    """All these names as one input, or their two halves; nothing where there are none."""
    middle = len(names) // 2 if parts > 1 else 0
    return [tuple(part) for part in (names[:middle], names[middle:]) if part]


#: What the inputs are, the most certain rule first.
_RULES: Final[tuple[Callable[[Source, list[Block]], list[Block]], ...]] = (
    _numbered, _wide, _wide_or_text,
)  # fmt: skip


def _is_extra(name: str, source: Source) -> bool:
    """Arrays of an .npz that have a meaning of their own."""
    known = name == INTERACTION_TYPE or name.startswith((FLAG_PREFIX, "media_index"))
    return not source.table and known


# --- putting it together ---------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Assembled:
    """The set that a choice makes, where it can be made, and everything to be said about it.

    Attributes
    ----------
    dataset : None where there is an error among the issues.
    arrays : by name, complete, to be stored.
    media : by file name, what is stored beside them.
    """

    dataset: Dataset | None
    issues: tuple[Issue, ...]
    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)
    media: dict[str, dict[str, NDArray[Any]]] = field(default_factory=dict)


def assemble(
    source: Source, choice: Choice, name: str, title: str, about: str = "",
    files: Files | None = None, limits: Limits = DEFAULT, account: Account | None = None,
    purpose: Purpose = "train",
) -> Assembled:  # fmt: skip
    """Make the set that a choice means; never raises for what a file holds.

    Parameters
    ----------
    name, title : of the set, for folders and for people.
    about : where it comes from.
    files : the pictures and sounds that columns name.
    account : what is charged for decoding files and for keeping the inputs; what this account was
        charged for the inputs of another choice is freed.
    purpose : "predict" takes new rows, without a label if need be, and as few as one.
    """
    account = unshared(limits) if account is None else account
    account.release(*(_part(m) for m in MODALITY_NUMBERS))
    issues = [*source.issues, *_check_choice(source, choice, purpose)]
    if errors(issues):
        return Assembled(None, tuple(issues))
    inputs = dict(enumerate(choice.inputs, start=1))
    if files is not None:
        files.forget_all_but([_part(m) for m in inputs])
    try:
        decoded = {m: _input(source, b, m, files, limits, account) for m, b in inputs.items()}
    except BudgetError as error:
        return _refused([*issues, _error(error.title, error.what_to_do)])
    issues += [issue for input_ in decoded.values() for issue in input_.issues]
    arrays = {f"x{m}": input_.values for m, input_ in decoded.items()}
    issues += _roles(source, choice, arrays)
    arrays |= {n: a for n, a in source.arrays.items() if _is_extra(n, source)}
    issues += _check_limits(arrays, limits, purpose)
    if errors(issues):
        return _refused([*issues, *_further_errors(arrays, decoded, purpose)])
    card = _card(arrays, source, choice, decoded, name, title, about)
    issues += check(arrays, card, purpose)
    if errors(issues):
        return _refused(issues)
    completed = complete(arrays, card, name, purpose)
    issues += completed.issues
    if errors(issues):
        return _refused(issues)
    card = _with_ranges(completed.card, decoded, completed.arrays["split"])
    dataset = from_arrays(name, completed.arrays, card, None, _in_order(issues))
    media = {_media_file(m): input_.media for m, input_ in decoded.items() if input_.media}
    return Assembled(dataset, dataset.issues, completed.arrays, media)


def _refused(issues: list[Issue]) -> Assembled:
    return Assembled(None, _in_order(issues))


def _further_errors(
    arrays: Mapping[str, NDArray[Any]], decoded: Mapping[int, Decoded], purpose: Purpose
) -> list[Issue]:
    """What is wrong with the other arrays: a file should be corrected once, not once per fault."""
    damaged = tuple(f"x{m}" for m, input_ in decoded.items() if errors(list(input_.issues)))
    others = {n: a for n, a in arrays.items() if n not in damaged}
    return errors(check(others, None, purpose, damaged))


def _card(
    arrays: Mapping[str, NDArray[Any]], source: Source, choice: Choice,
    decoded: Mapping[int, Decoded], name: str, title: str, about: str,
) -> Card:  # fmt: skip
    card = infer_card(name, arrays)
    modalities = tuple(
        _described(modality, m, source, choice, decoded[m])
        for m, modality in enumerate(card.modalities, start=1)
    )
    return replace(
        card,
        title=title,
        summary=f"A set of yours: {title}.",
        source=about or "uploaded",
        modalities=modalities,
    )


def _in_order(issues: list[Issue]) -> tuple[Issue, ...]:
    return tuple(sorted(dict.fromkeys(issues), key=lambda i: i.severity))


def _check_choice(source: Source, choice: Choice, purpose: Purpose) -> list[Issue]:
    issues = []
    for m, blocks in enumerate(choice.inputs, start=1):
        if not blocks:
            issues.append(_error(f"input {m} has no columns", "Choose what it is made of."))
        missing = [b for b in blocks if source.block(b) is None]
        if missing:
            issues.append(_error(f"input {m}: there is no {missing[0]!r}", "Choose again."))
    optional = purpose == "predict" and not choice.label
    if not optional and choice.label not in source.singles:
        issues.append(_error("no column is the label", "Choose the column with the class."))
    return issues + _check_use(source, choice)


def _check_use(source: Source, choice: Choice) -> list[Issue]:
    """Columns that do not exist, and columns that are used as two things."""
    issues = []
    used_as: dict[str, str] = {}
    for use, column in _uses(source, choice):
        if column not in source.arrays:
            issues.append(_error(f"{use}: there is no {column!r}", "Choose again."))
        elif used_as.get(column, use) != use:
            what = "Choose it once."
            if "label" in (used_as[column], use):
                what = "Choose it once: an input that holds the label needs no model."
            issues.append(_error(f"{column!r} is both {used_as[column]} and {use}", what))
        used_as[column] = use
    return issues


def _uses(source: Source, choice: Choice) -> Iterator[tuple[str, str]]:
    """What each chosen column is used as: ("input 1", column) or ("label", column)."""
    for m, names in enumerate(choice.inputs, start=1):
        for block in _blocks(source, names):
            yield from ((f"input {m}", column) for column in block.columns)
    for role in _USUAL:
        if column := getattr(choice, role):
            yield role, column


def _blocks(source: Source, names: Sequence[str]) -> list[Block]:
    return [block for name in names if (block := source.block(name))]


def _part(m: int) -> str:
    """What an input is charged as."""
    return f"input {m}"


def _input(
    source: Source, names: Sequence[str], m: int, files: Files | None, limits: Limits,
    account: Account,
) -> Decoded:  # fmt: skip
    """The array of one input."""
    blocks = _blocks(source, names)
    if all(b.kind == "numbers" for b in blocks):
        numbers = sum(source.arrays[c].size for b in blocks for c in b.columns)
        account.charge(_part(m), Cost(arrays=4 * numbers), "Choose fewer columns.")
        return _numbers(source, blocks, m) if source.table else _joined(source, blocks, m)
    block, values = blocks[0], source.arrays[blocks[0].columns[0]]
    if len(blocks) > 1:
        listed = ", ".join(repr(b.name) for b in blocks[:4])
        what = "Text, pictures, sounds and arrays are an input of their own: choose one."
        return Decoded(values, (_error(f"input {m} mixes {listed}", what),))
    kind = block.kind
    if kind == "text" and files is not None:
        # Names without an ending, which only the files themselves tell from words.
        kind = _kind_of_files([files.find(v) for v in values[:_FIRST].tolist()]) or kind
    if kind not in _OF_FILES:
        return Decoded(values)
    if files is None:
        what = "Upload these files together with the table in the app, or choose other columns."
        title = f"input {m}: {block.name!r} names {block.kind}, which are missing"
        return Decoded(values, (_error(title, what),))
    return files.decode(values.tolist(), kind, limits, account, _part(m))


def _joined(source: Source, blocks: list[Block], m: int) -> Decoded:
    """Arrays of numbers side by side; a single one keeps its shape."""
    arrays = [source.arrays[b.name] for b in blocks]
    if len({len(a) for a in arrays}) > 1 or any(a.dtype.kind not in "biuf" for a in arrays):
        issue = _error(f"input {m} joins arrays that do not fit", "Choose one.")
        return Decoded(arrays[0], (issue,))
    if len(arrays) == 1 and arrays[0].ndim > 1:
        return Decoded(arrays[0])
    return Decoded(np.hstack([a.reshape(len(a), -1) for a in arrays]))


def _numbers(source: Source, blocks: list[Block], m: int) -> Decoded:
    """Columns of a table as numbers; a cell that is none is an error."""
    columns = [c for b in blocks for c in b.columns]
    values = np.stack([_as_numbers(source.arrays[c]) for c in columns], axis=1)
    bad = ~(np.abs(values) <= float(np.finfo(np.float32).max))
    if not bad.any():
        return Decoded(values.astype(np.float32))
    where = np.flatnonzero(bad.any(axis=0))
    rows = np.flatnonzero(bad.any(axis=1))
    cell = source.arrays[columns[where[0]]][np.flatnonzero(bad[:, where[0]])[0]]
    shown = "an empty cell" if str(cell).strip() in ("", "nan") else repr(str(cell)[:30])
    names = ", ".join(repr(columns[i]) for i in where[:3])
    more = f" and {len(where) - 3} more columns" if len(where) > 3 else ""
    what = "Write plain numbers with a decimal point, or drop these rows."
    if str(cell).startswith("="):
        what = "Cells that start with = are formulas: save the table with their values instead."
    count = int(bad.sum())
    cells = "1 cell" if count == 1 else f"{count:,} cells"
    verb = "is no number" if count == 1 else "are no numbers"
    title = f"input {m}: {cells} of {names}{more} {verb}, such as {shown}"
    return Decoded(values, (_error(title, what, rows),))


def _roles(source: Source, choice: Choice, arrays: dict[str, NDArray[Any]]) -> list[Issue]:
    """Add label, id, split and group to the arrays."""
    issues: list[Issue] = []
    for role in _USUAL:
        if column := getattr(choice, role):
            values, found = _role(role, column, source.arrays[column])
            arrays["y" if role == "label" else role] = values
            issues += found
    return issues


def _role(role: str, column: str, values: NDArray[Any]) -> tuple[NDArray[Any], list[Issue]]:
    """A column as integers or text without spaces around it, and what is wrong with it."""
    issues: list[Issue] = []
    if role == "label":
        labels = read_labels(values)
        if labels.problem:
            title = f"the label {column!r} {labels.problem}"
            return values, [_error(title, labels.what_to_do, labels.rows)]
        issues += taken_as_one(labels)
        return labels.names, issues + _check_names(role, column, labels.names)
    if values.dtype.kind == "f":
        whole = np.isfinite(values) & (np.abs(values) < 2**53)
        whole[whole] = values[whole] == np.round(values[whole])
        if rows := np.flatnonzero(~whole).tolist():
            what = "Store whole numbers or text there, or choose another column."
            issues.append(_error(f"the {role} {column!r} is no whole number", what, rows))
        values = np.where(whole, values, 0).astype(np.int64)
    if values.dtype.kind == "b":
        values = values.astype(np.str_)
    if values.dtype.kind == "U":
        values = np.char.strip(values)
        issues += _check_names(role, column, values)
        if role == "split":
            words = [_SPLIT_WORDS.get(v.lower(), v.lower()) for v in values.tolist()]
            values = np.asarray(words, dtype=np.str_)
    return values, issues


def _check_names(role: str, column: str, values: NDArray[Any]) -> list[Issue]:
    """Names that would be unreadable in a list, cut off in a link, or run in a spreadsheet."""
    text = values.tolist()
    long = [i for i, v in enumerate(text) if len(v) > LONGEST_NAME]
    odd = [i for i, v in enumerate(text) if not v.isprintable()]
    formula = [i for i, v in enumerate(text) if v.startswith("=")]
    issues = []
    for rows, title, what in (
        (long, f"has over {LONGEST_NAME} characters", "Shorten it."),
        (odd, "has characters that cannot be shown", "Remove line breaks and control characters."),
        (formula, "starts with =, as a formula", "Save the table with its values instead."),
    ):
        if rows:
            issues.append(_error(f"the {role} {column!r} {title}", what, rows))
    return issues


def _check_limits(
    arrays: Mapping[str, NDArray[Any]], limits: Limits, purpose: Purpose
) -> list[Issue]:
    issues = []
    rows = max((len(a) for a in arrays.values()), default=0)
    if purpose == "train" and rows < limits.least_rows:
        title = f"the set has {rows:,} rows, expected at least {limits.least_rows}"
        issues.append(_error(title, "Add rows: fewer cannot be split and trained on."))
    if rows > limits.rows:
        title = f"the set has {rows:,} rows, expected at most {limits.rows:,}"
        what = "Choose the rows yourself: nothing is left out silently."
        issues.append(_error(title, what))
    wide = sum(a.shape[1] for n, a in arrays.items() if n.startswith("x") and a.ndim == 2)
    if wide > limits.columns:
        title = f"the inputs have {wide:,} numbers a row, expected at most {limits.columns:,}"
        issues.append(_error(title, "Choose fewer columns."))
    if "y" in arrays and (result := len(np.unique(arrays["y"]))) > limits.classes:
        title = f"the label has {result:,} classes, expected at most {limits.classes}"
        issues.append(_error(title, "Choose a column of classes, or join rare classes."))
    return issues


def _described(
    modality: Modality, m: int, source: Source, choice: Choice, decoded: Decoded
) -> Modality:
    """A modality with its name, its kind where it was chosen, its columns and its raw media."""
    named = choice.names[m - 1].strip() if m <= len(choice.names) else ""
    name = named or " + ".join(choice.inputs[m - 1])[:40].removesuffix(_MORE)
    kind = decoded.kind or (choice.kinds[m - 1] if m <= len(choice.kinds) else None)
    if kind is not None and kind != modality.kind:
        modality = replace(modality, kind=kind, media=infer_media(kind, decoded.values))
    media = replace(decoded.spec, file=_media_file(m)) if decoded.spec else modality.media
    columns = _columns(source, choice.inputs[m - 1]) if modality.kind == "vector" else ()
    return replace(modality, name=name, media=media, description=decoded.note, columns=columns)


def _columns(source: Source, names: Sequence[str]) -> tuple[ColumnSpec, ...]:
    """What the numbers of an input are called; nothing where its columns have no names."""
    columns = [c for b in _blocks(source, names) for c in b.columns]
    if any(source.arrays[c].ndim > 1 for c in columns):
        return ()
    return tuple(ColumnSpec(c.strip() or f"column {i}") for i, c in enumerate(columns, start=1))


def _with_ranges(card: Card, decoded: Mapping[int, Decoded], split: NDArray[Any]) -> Card:
    """The card, with grey levels of pictures shown in the range of the training rows."""
    modalities = list(card.modalities)
    for m, input_ in decoded.items():
        shown = in_range_of(input_, split == "train")
        if shown.spec is not None and shown is not input_:
            spec = replace(shown.spec, file=_media_file(m))
            modalities[m - 1] = replace(modalities[m - 1], description=shown.note, media=spec)
    return replace(card, modalities=tuple(modalities))


def _media_file(m: int) -> str:
    """Name of the file beside the data with the raw media of input ``m``."""
    return f"media{m}.npz"


def kinds_for(source: Source, block: str) -> tuple[Kind, ...]:
    """What an array can be taken for, the most likely first; one where there is no choice."""
    a = source.arrays[block] if not source.table and block in source.arrays else None
    if a is None or a.ndim != 3:
        return ()
    first = guess_kind(a)
    others: tuple[Kind, ...] = ("sequence", "audio", "image")
    return (first, *(k for k in others if k != first))


def _error(title: str, what: str, rows: Any = ()) -> Issue:
    return Issue(title, tuple(int(r) for r in rows), "error", what)
