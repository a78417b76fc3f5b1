"""From a stranger's table or arrays to a data set: what could be what, and putting it together.

A *block* is what can be chosen as a whole: columns named alike (``x1_0``, ``x1_1`` ...), a single
column, or an array of an .npz file. A :class:`Choice` says which blocks are which input, and which
columns are label, id, split and group.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmil_core.data.dataset import Dataset, from_arrays
from dmil_core.data.defaults import complete, infer_card
from dmil_core.data.uploads.archive import Decoded, Files
from dmil_core.data.uploads.limits import DEFAULT, Limits
from dmil_core.data.validate import FLAG_PREFIX, Issue, check, check_split, errors, guess_kind
from dmil_core.schema import FEWEST_MODALITIES, MODALITY_NUMBERS, Kind

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
#: Endings of the names of files that can be read.
PICTURES: Final = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")
SOUNDS: Final = (".wav", ".wave", ".aif", ".aiff", ".flac", ".ogg", ".oga", ".opus", ".mp3")
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


def of_table(frame: pd.DataFrame) -> Source:
    """The columns of a table of text and numbers, grouped by their names."""
    arrays = {str(name): _column(frame[name]) for name in frame.columns}
    stems: dict[str, list[str]] = {}
    for name in arrays:
        stems.setdefault(_stem(name), []).append(name)
    blocks = []
    for stem, names in stems.items():
        numbers = [n for n in names if arrays[n].dtype.kind == "f" or _mostly_numbers(arrays[n])]
        if len(numbers) > 1 and stem not in _usual_names():
            # A block and a column may have the same name: x1 beside x1_0 and x1_1.
            title = stem if stem not in arrays else f"{stem} …"
            blocks.append(Block(title, tuple(numbers), "numbers"))
            names = [n for n in names if n not in numbers]
        blocks += [Block(n, (n,), _kind(arrays[n])) for n in names]
    return Source(arrays, tuple(blocks))


def of_arrays(arrays: Mapping[str, NDArray[Any]], issues: Sequence[Issue] = ()) -> Source:
    """The arrays of an .npz file, a block each."""
    used = {n: a for n, a in arrays.items() if a.ndim > 0}
    blocks = []
    for name, a in used.items():
        kind: BlockKind = "text" if a.dtype.kind == "U" else "numbers"
        blocks.append(Block(name, (name,), kind if a.ndim <= 2 else "array"))
    return Source(used, tuple(blocks), tuple(issues), table=False)


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
    """Whether more than half of the first cells are numbers: single faults are told, not hidden."""
    if values.dtype.kind != "U":
        return True
    first = values[:1000]
    return bool(np.isfinite(_as_numbers(first)).sum() * 2 > len(first))


def _kind(values: NDArray[Any]) -> BlockKind:
    if _mostly_numbers(values):
        return "numbers"
    first = [v.lower().strip() for v in values[:1000].tolist()]
    for kind, endings in (("pictures", PICTURES), ("sounds", SOUNDS)):
        if sum(v.endswith(endings) for v in first) * 2 > len(first):
            return kind  # type: ignore[return-value]
    return "text"


def guess(source: Source) -> Choice:
    """What is probably meant; a visitor corrects it."""
    roles = {role: _usual(source.singles, names) for role, names in _USUAL.items()}
    taken = set(roles.values())
    free = [b for b in source.blocks if b.name not in taken and not _is_extra(b.name, source)]
    named = [b for m in MODALITY_NUMBERS for b in free if _stem_of(b) == f"x{m}"]
    big = [b for b in free if b.kind in ("pictures", "sounds", "array") or len(b.columns) > 1]
    if not source.table:
        big = [b for b in free if source.arrays[b.name].ndim > 1 or b.kind == "text"]
    texts = [b for b in free if b.kind == "text" and b not in big]
    inputs: list[tuple[str, ...]] = [
        (b.name,) for b in (named if len(named) >= FEWEST_MODALITIES else big)
    ]
    if len(inputs) < FEWEST_MODALITIES:
        inputs += [(b.name,) for b in texts]
    if len(inputs) < FEWEST_MODALITIES:
        rest = [b.name for b in free if (b.name,) not in inputs]
        half = len(rest) // 2
        inputs += [tuple(rest)] if inputs else [tuple(rest[:half]), tuple(rest[half:])]
    inputs = [i for i in inputs if i][: max(MODALITY_NUMBERS)]
    inputs += [()] * (FEWEST_MODALITIES - len(inputs))
    label, id_, split, group = (roles[r] for r in ("label", "id", "split", "group"))
    return Choice(tuple(inputs), label, id_, split, group)


def _usual(singles: Sequence[str], names: Sequence[str]) -> str:
    lower = {s.lower(): s for s in reversed(singles)}
    return next((lower[n] for n in names if n in lower), "")


def _stem_of(block: Block) -> str:
    return block.name.removesuffix(" …").lower()


def _is_extra(name: str, source: Source) -> bool:
    """Arrays of an .npz that have a meaning of their own."""
    known = name.startswith(FLAG_PREFIX) or name in ("interaction_type",)
    return not source.table and (known or name.startswith("media_index"))


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
    files: Files | None = None, limits: Limits = DEFAULT,
) -> Assembled:  # fmt: skip
    """Make the set that a choice means; never raises for what a file holds.

    Parameters
    ----------
    name, title : of the set, for folders and for people.
    about : where it comes from.
    files : the pictures and sounds that columns name.
    """
    issues = [*source.issues, *_check_choice(source, choice)]
    if errors(issues):
        return Assembled(None, tuple(issues))
    arrays: dict[str, NDArray[Any]] = {}
    decoded: dict[int, Decoded] = {}
    for m, blocks in enumerate(choice.inputs, start=1):
        read = _input(source, blocks, m, files, limits)
        issues += read.issues
        arrays[f"x{m}"], decoded[m] = read.values, read
    issues += _roles(source, choice, arrays)
    if not source.table:
        arrays |= {n: a for n, a in source.arrays.items() if _is_extra(n, source)}
    issues += _check_limits(arrays, limits)
    if errors(issues):
        # What is wrong with the other arrays is told too: a file should be repaired once.
        bad = tuple(f"x{m}" for m, read in decoded.items() if errors(list(read.issues)))
        sound = {n: a for n, a in arrays.items() if n not in bad}
        issues += errors(check(sound, damaged=bad))
        return Assembled(None, _in_order(issues))
    card = infer_card(name, arrays)
    y = arrays["y"]
    # Class names are text; of numbers in the order of the numbers.
    arrays["y"] = y if y.dtype.kind == "U" else y.astype(np.str_)
    card = replace(
        card, title=title, summary=f"A set of yours: {title}.", source=about or "uploaded",
        modalities=tuple(
            _described(modality, m, choice, decoded[m])
            for m, modality in enumerate(card.modalities, start=1)
        ),
    )  # fmt: skip
    issues += check(arrays, card)
    if errors(issues):
        return Assembled(None, _in_order(issues))
    full, card = complete(arrays, card, name)
    if "split" not in arrays:
        issues += check_split(full, card, "train")
    if errors(issues):
        return Assembled(None, _in_order(issues))
    dataset = from_arrays(name, full, card, None, _in_order(issues))
    media = {f"media{m}.npz": one.media for m, one in decoded.items() if one.media}
    return Assembled(dataset, dataset.issues, full, media)


def _in_order(issues: list[Issue]) -> tuple[Issue, ...]:
    return tuple(sorted(dict.fromkeys(issues), key=lambda i: i.severity))


def _check_choice(source: Source, choice: Choice) -> list[Issue]:
    issues = []
    for m, blocks in enumerate(choice.inputs, start=1):
        if not blocks:
            issues.append(_error(f"input {m} has no columns", "Choose what it is made of."))
        odd = [b for b in blocks if source.block(b) is None]
        if odd:
            issues.append(_error(f"input {m}: there is no {odd[0]!r}", "Choose again."))
    if not choice.label or choice.label not in source.singles:
        issues.append(_error("no column is the label", "Choose the column with the class."))
    used: dict[str, str] = {}
    chosen = [(f"input {m}", b) for m, bs in enumerate(choice.inputs, start=1) for b in bs]
    places = [
        (place, c) for place, b in chosen if (block := source.block(b)) for c in block.columns
    ]
    places += [(r, v) for r in ("label", "id", "split", "group") if (v := getattr(choice, r))]
    for place, column in places:
        if column not in source.arrays:
            issues.append(_error(f"{place}: there is no {column!r}", "Choose again."))
        elif column in used and used[column] != place:
            what = "Choose it once: an input that holds the label needs no model."
            issues.append(_error(f"{column!r} is both {used[column]} and {place}", what))
        used[column] = place
    return issues


def _input(
    source: Source, names: Sequence[str], m: int, files: Files | None, limits: Limits
) -> Decoded:
    """The array of one input."""
    blocks = [b for n in names if (b := source.block(n))]
    kinds = {b.kind for b in blocks}
    first = source.arrays[blocks[0].columns[0]]
    if kinds & {"text", "pictures", "sounds", "array"}:
        if len(blocks) > 1:
            listed = ", ".join(repr(b.name) for b in blocks[:4])
            what = "Text, pictures, sounds and arrays are an input of their own: choose one."
            return Decoded(first, (_error(f"input {m} mixes {listed}", what),))
        if kinds == {"pictures"} or kinds == {"sounds"}:
            if files is None:
                what = "Upload these files below, or choose other columns."
                title = f"input {m}: {blocks[0].name!r} names {blocks[0].kind}, which are missing"
                return Decoded(first, (_error(title, what),))
            return files.decode(first.tolist(), blocks[0].kind, limits)
        return Decoded(first)
    if not source.table:
        arrays = [source.arrays[b.name] for b in blocks]
        if len({len(a) for a in arrays}) > 1 or any(a.dtype.kind not in "biuf" for a in arrays):
            return Decoded(
                first, (_error(f"input {m} joins arrays that do not fit", "Choose one."),)
            )
        flat = [a.reshape(len(a), -1) for a in arrays]
        return Decoded(first if len(arrays) == 1 and first.ndim > 1 else np.hstack(flat))
    columns = [c for b in blocks for c in b.columns]
    return _numbers(source, columns, m)


def _numbers(source: Source, columns: list[str], m: int) -> Decoded:
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
    issues = []
    for role, target in (("label", "y"), ("id", "id"), ("split", "split"), ("group", "group")):
        column = getattr(choice, role)
        if not column:
            continue
        values = source.arrays[column]
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
        if role == "split" and values.dtype.kind == "U":
            words = [_SPLIT_WORDS.get(v.lower(), v.lower()) for v in values.tolist()]
            values = np.asarray(words, dtype=np.str_)
        arrays[target] = values
    return issues


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


def _check_limits(arrays: Mapping[str, NDArray[Any]], limits: Limits) -> list[Issue]:
    issues = []
    rows = max((len(a) for a in arrays.values()), default=0)
    if rows > limits.rows or rows < limits.least_rows:
        title = f"the set has {rows:,} rows, expected {limits.least_rows} to {limits.rows:,}"
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


def _described(modality: Any, m: int, choice: Choice, decoded: Decoded) -> Any:
    """A modality with its name, its kind where it was chosen, and its raw media."""
    named = choice.names[m - 1].strip() if m <= len(choice.names) else ""
    name = named or " + ".join(choice.inputs[m - 1])[:40].removesuffix(" …")
    kind = decoded.kind or (choice.kinds[m - 1] if m <= len(choice.kinds) else None)
    if kind is not None and kind != modality.kind:
        x = decoded.values
        one = infer_media(kind, x)
        modality = replace(modality, kind=kind, media=one)
    media = replace(decoded.spec, file=f"media{m}.npz") if decoded.spec else modality.media
    return replace(modality, name=name, media=media, description=decoded.note)


def infer_media(kind: Kind, x: NDArray[Any]) -> Any:
    """How an array of a kind is shown."""
    from dmil_core.data.card import DEFAULT_MEDIA, MediaSpec

    spec = MediaSpec(DEFAULT_MEDIA[kind])
    if kind == "image" and x.dtype != np.uint8:
        return replace(spec, value_range=(float(x.min()), float(x.max())))
    return spec


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
