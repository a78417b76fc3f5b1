"""What a visitor has said so far about an upload: roles, repairs, and the way back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

from dashboard.services.store import uploads
from dashboard.services.store.uploads import (
    Given,
    InputRole,
    Named,
    Problem,
    ReadOptions,
    Repairs,
    Roles,
    Upload,
)
from dmil_core.data.files.roles import role
from dmil_core.data.files.selection import select
from dmil_core.data.validate import guess_kind
from dmil_core.errors import ConfigError
from dmil_core.schema import MODALITY_NUMBERS, Kind

#: What a column can be used as; an input is one of "input 1" to "input 3".
INPUTS: Final = tuple(f"input {m}" for m in MODALITY_NUMBERS)
SINGLES: Final = ("label", "id", "split", "group")
#: What a column may be without being chosen for it, by its name and its values.
FLAG: Final = "flag"
UNUSED: Final = "unused"
USES: Final = (*INPUTS, *SINGLES, UNUSED)
#: Changes that can be undone.
_MOST_BACK: Final = 50
#: Cells of the first rows that are shown, and letters of each.
FIRST_ROWS: Final = 5
_LETTERS: Final = 60
#: Kinds of columns in words for people.
KINDS: Final = {
    "vector": "numbers in a cell", "array": "array", "link": "links", "file": "file names",
    "unusable": "cannot be used",
}  # fmt: skip


@dataclass(frozen=True)
class Said:
    """What was chosen; all else is the guess."""

    given: Given = field(default_factory=Given)
    repairs: Repairs = field(default_factory=Repairs)


@dataclass(frozen=True, eq=False)
class Draft:
    """An upload, and what was said about it.

    Attributes
    ----------
    number : another one for every other choice of files.
    files : as they came.
    result : what they hold, or why they cannot be used.
    said : what was chosen.
    before : what was chosen before each change, the latest last.
    added : files that came after the first ones, as they were asked for.
    """

    number: str
    files: tuple[Named, ...]
    options: ReadOptions
    result: Upload | Problem
    said: Said = field(default_factory=Said)
    before: tuple[Said, ...] = ()
    added: tuple[str, ...] = ()

    @property
    def upload(self) -> Upload:
        """What the files hold; only where they can be used."""
        assert isinstance(self.result, Upload)
        return self.result

    @cached_property
    def roles(self) -> Roles:
        """The role of every column."""
        return uploads.roles(self.upload, self.said.given)

    @property
    def name(self) -> str:
        """Of the file that the set is called after: the first one."""
        return self.files[0].name if self.files else ""

    @property
    def is_guess(self) -> bool:
        """Whether nothing was chosen."""
        return self.said == Said()


def begin(number: str, files: Sequence[tuple[str, bytes]]) -> Draft:
    """Read files; roles are the guess."""
    named = tuple(Named(name[:200], content) for name, content in files)
    options = ReadOptions()
    return Draft(number, named, options, uploads.read(named, options))


def with_files(draft: Draft, number: str, files: Sequence[tuple[str, bytes]]) -> Draft | Problem:
    """The same with more files, such as the pictures that a table names; roles stay.

    Files that cannot be read together with the others are a problem, and none of them is kept.
    """
    named = tuple(Named(name[:200], content) for name, content in files)
    new = {n.name: None for n in named}
    kept = tuple(f for f in draft.files if f.name not in new)
    added = tuple(dict.fromkeys((*draft.added, *(_shown(n) for n in new))))
    return _again(draft, replace(draft, number=number, files=(*kept, *named), added=added))


def without_file(draft: Draft, number: str, name: str) -> Draft | Problem:
    """The same without a file that was added; of a folder without all of its files."""
    files = tuple(f for f in draft.files if f.name != name and not _inside(f.name, name))
    added = tuple(n for n in draft.added if n != name)
    return _again(draft, replace(draft, number=number, files=files, added=added))


def _shown(name: str) -> str:
    """A file by its name, one of a folder by that of the folder."""
    return name.partition("/")[0]


def _inside(file: str, folder: str) -> bool:
    return file.startswith(f"{folder}/")


def read_with(draft: Draft, number: str, **options: Any) -> Draft | Problem:
    """The same files read another way; what was chosen belongs to other columns, and is gone.

    Where they cannot be read that way, this is a problem, and the draft stays as it is.
    """
    new = replace(draft, number=number, options=replace(draft.options, **options))
    return _again(draft, replace(new, said=Said(), before=()))


def _again(old: Draft, new: Draft) -> Draft | Problem:
    result = uploads.read(new.files, new.options)
    if isinstance(result, Problem):
        uploads.read(old.files, old.options)  # charged again for what is kept
        return result
    gone = set(new.said.given.columns) - set(result.table.columns)
    if gone:
        new = replace(new, said=Said(), before=())
    if new.said.repairs.as_text:
        result = uploads.described(result, new.said.repairs)
    return replace(new, result=result)


# --- changes -------------------------------------------------------------------------------------


def _changed(draft: Draft, said: Said) -> Draft:
    if said == draft.said:
        return draft
    before = (*draft.before, draft.said)[-_MOST_BACK:]
    result = draft.result
    if said.repairs.as_text != draft.said.repairs.as_text:
        result = uploads.described(draft.upload, said.repairs)
    return replace(draft, said=said, before=before, result=result)


def undone(draft: Draft) -> Draft:
    """As it was before the last change."""
    if not draft.before:
        return draft
    last = _changed(draft, draft.before[-1])
    return replace(last, before=draft.before[:-1])


def as_guessed(draft: Draft) -> Draft:
    """Nothing is chosen any more; this can be undone, too."""
    return _changed(draft, Said())


def repaired(draft: Draft, **values: Any) -> Draft:
    """With another choice of what is done about cells and labels."""
    return _changed(draft, replace(draft.said, repairs=replace(draft.said.repairs, **values)))


def read_as(draft: Draft, columns: Sequence[str], words: bool) -> Draft:
    """Columns that spell numbers, taken as words, or as numbers again."""
    kept = [c for c in draft.said.repairs.as_text if c not in columns]
    return repaired(draft, as_text=(*kept, *columns) if words else tuple(kept))


def assigned(draft: Draft, columns: Sequence[str], use: str) -> Draft:
    """These columns are used as this now, and as nothing else.

    What was not chosen stays the guess: with the label alone, inputs are guessed anew.
    """
    given, roles = draft.said.given, draft.roles
    singles = {r: getattr(given, r) for r in SINGLES}
    for name, column in roles.singles.items():
        if column in columns:
            singles[name] = ""
    if use in SINGLES:
        (singles[use],) = columns
    inputs, flags = given.inputs, given.flags
    used = {c for r in roles.inputs for c in r.columns}
    if set(roles.flags) & set(columns):
        flags = tuple(c for c in roles.flags if c not in columns)
    if use in INPUTS or (used | set(roles.flags)) & set(columns):
        inputs = _inputs(draft, columns, use)
    return _changed(draft, replace(draft.said, given=Given(inputs, flags=flags, **singles)))


def _inputs(draft: Draft, columns: Sequence[str], use: str) -> tuple[InputRole, ...]:
    """The inputs without these columns, or with them in one of these."""
    upload, roles = draft.upload, draft.roles
    order = {n: i for i, n in enumerate(upload.facts)}
    members = [[c for c in r.columns if c not in columns] for r in roles.inputs]
    names: list[str] = [r.name for r in roles.inputs]
    kinds: dict[int, Kind] = {i: r.kind for i, r in enumerate(roles.inputs)}
    if use in INPUTS:
        place = min(INPUTS.index(use), len(members))
        if place == len(members):
            members.append([])
            names.append("")
        members[place] = sorted([*members[place], *columns], key=order.__getitem__)
    made = []
    for i, (name, these) in enumerate(zip(names, members, strict=True)):
        if not these:
            continue
        same = i in kinds and tuple(these) == roles.inputs[i].columns
        new = role(upload.table, upload.facts, tuple(these), name or _called(these, i, names))
        made.append(roles.inputs[i] if same else new)
    return tuple(made)


def _called(columns: Sequence[str], place: int, taken: Sequence[str]) -> str:
    """What the columns of a new input have in common at the beginning of their names."""
    if len(columns) == 1:
        return columns[0]
    first, last = min(columns), max(columns)
    same = 0
    while same < min(len(first), len(last)) and first[same] == last[same]:
        same += 1
    name = first[:same].rstrip("_.- 0123456789")
    return name if len(name) > 1 and name not in taken else f"input {place + 1}"


def named(draft: Draft, place: int, name: str) -> Draft:
    """With another name of an input."""
    roles = draft.roles
    name = " ".join(name.split())[:40]
    if not name or place >= len(roles.inputs):
        return draft
    return _with_input(draft, place, replace(roles.inputs[place], name=name))


def of_kind(draft: Draft, place: int, kind: Kind) -> Draft:
    """With another kind of an array whose shape leaves it open."""
    return _with_input(draft, place, replace(draft.roles.inputs[place], kind=kind))


def _with_input(draft: Draft, place: int, one: InputRole) -> Draft:
    inputs = list(draft.roles.inputs)
    inputs[place] = one
    given = replace(draft.said.given, inputs=tuple(inputs))
    return _changed(draft, replace(draft.said, given=given))


def open_kinds(draft: Draft, one: InputRole) -> tuple[Kind, ...]:
    """What an array can be taken for, the most likely first; () where there is no choice."""
    data = draft.upload.table.columns[one.columns[0]].data
    if not draft.upload.table.columns[one.columns[0]].is_array or data.ndim != 3:
        return ()
    first = guess_kind(data)
    others: tuple[Kind, ...] = ("sequence", "audio", "image")
    return (first, *(k for k in others if k != first))


# --- what a page shows ---------------------------------------------------------------------------


def selected(draft: Draft, text: str) -> tuple[tuple[str, ...], str]:
    """The columns that a text names, and what is wrong with it: names, ``prefix*`` and
    ``first..last``, with commas."""
    try:
        return (select(text.strip(), draft.upload.columns) if text.strip() else ()), ""
    except ConfigError as error:
        return (), str(error)


def use_of(roles: Roles) -> dict[str, str]:
    """Column -> what it is used as; columns that are not used are left out."""
    result = {c: use for use, c in roles.singles.items()} | dict.fromkeys(roles.flags, FLAG)
    for place, one in enumerate(roles.inputs):
        result |= dict.fromkeys(one.columns, INPUTS[place])
    return result


@dataclass(frozen=True)
class Head:
    """What is above a column: its name, what it is used as, of an input also its name."""

    column: str
    use: str
    input: str = ""


def heads(draft: Draft) -> tuple[Head, ...]:
    """The heads of all columns, in the order of the files."""
    roles = draft.roles
    uses = use_of(roles)
    inputs = dict(zip(INPUTS, (r.name for r in roles.inputs), strict=False))
    columns = draft.upload.columns
    return tuple(Head(c, u := uses.get(c, UNUSED), inputs.get(u, "")) for c in columns)


def grid(draft: Draft) -> dict[str, list[str]]:
    """The preview, column by column: type, missing cells, different values, and the first rows."""
    return {n: [*_facts(draft.upload, n), *_cells(draft.upload, n)] for n in draft.upload.columns}


def grid_rows(draft: Draft) -> list[str]:
    """What the rows of the preview are."""
    count = min(FIRST_ROWS, draft.upload.rows)
    return ["type", "missing", "distinct", *(f"row {i}" for i in range(count))]


def _facts(upload: Upload, name: str) -> tuple[str, str, str]:
    f = upload.facts[name]
    kind = KINDS.get(f.kind, f.kind)
    if f.kind == "number" and f.unit:
        kind = f"number, {f.unit}"
    if f.kind in ("array", "vector") and upload.table.columns[name].is_array:
        kind = " x ".join(map(str, upload.table.columns[name].data.shape[1:])) or kind
    missing = int(f.missing.sum())
    share = f" ({missing / max(f.rows, 1):.1%})" if missing else ""
    distinct = f"{f.distinct:,}" if f.distinct else ""
    return kind, f"{missing:,}{share}", distinct


def _cells(upload: Upload, name: str) -> list[str]:
    column = upload.table.columns[name]
    if column.media and not column.is_array:
        return [m or "" for m in column.members[:FIRST_ROWS]]
    first: Any = column.data[:FIRST_ROWS]
    values = list(first) if column.is_array else first.to_pylist()
    return [_cell(v) for v in values]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bytes):
        return f"{len(value):,} bytes"
    if getattr(value, "ndim", 0) > 1:
        return "x".join(map(str, value.shape))
    if isinstance(value, float):
        return f"{value:.6g}"
    text = str(value if not hasattr(value, "tolist") else value.tolist())
    return text if len(text) <= _LETTERS else f"{text[:_LETTERS]}…"


def left_out(draft: Draft) -> tuple[int, int]:
    """How many columns are not used, of how many."""
    columns = draft.upload.columns
    uses = use_of(draft.roles)
    return sum(c not in uses for c in columns), len(columns)


def spelled(draft: Draft, columns: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Of these columns those of text that are read as numbers, and those that are kept as words."""
    facts = draft.upload.facts
    texts = draft.said.repairs.as_text
    return (
        tuple(c for c in columns if facts[c].spelling is not None and facts[c].kind == "number"),
        tuple(c for c in columns if c in texts),
    )
