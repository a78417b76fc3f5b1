"""Which column is what: inputs, label, id, split and group, guessed from what the columns are.

The guess never harms: while no label is known, no column that could be one is an input; what would
give the label away is none either; and where nothing fits, inputs stay empty. Every column that is
not used is named with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dmil_core.data.files.groups import by_names
from dmil_core.data.files.kinds import Facts, codes_of, describe, is_text, tokens
from dmil_core.data.files.spellings import split_word
from dmil_core.data.files.table import OF_FILES, Column, Table
from dmil_core.data.labels import MOST_FRACTIONS
from dmil_core.data.validate import FLAG_PREFIX, guess_kind
from dmil_core.schema import FEWEST_MODALITIES, INTERACTION_TYPE, MODALITY_NUMBERS, Kind

#: Names of labels, the surest first.
LABELS: Final = (
    "y", "label", "labels", "class", "target", "classes", "category", "class_name", "classname",
    "outcome", "diagnosis", "species", "sentiment", "emotion", "genre", "disease", "phenotype",
    "condition", "variety", "activity", "event_type", "answer", "response", "digit", "survived",
    "status", "stage", "type",
)  # fmt: skip
_LABEL_PARTS: Final = {"label", "labels", "class", "target", "outcome", "diagnosis", "category"}
_ID_PARTS: Final = {
    "id", "ids", "uid", "uuid", "key", "index", "idx", "sample", "name", "guid", "no", "nr", "num",
    "number", "code", "barcode", "accession", "mrn",
}  # fmt: skip
_IDS: Final = ("id", "ids", "sample", "key", "uid", "sample_id")
_GROUPS: Final = (
    "group", "groups", "subject", "subj", "person", "patient", "speaker", "user", "participant",
    "individual", "donor", "author", "actor", "customer", "client", "family", "household", "animal",
    "mouse", "rat", "volunteer", "student", "player", "artist", "session", "recording", "fold",
    "folds", "kfold", "cv",
)  # fmt: skip
#: Words beside one of these that leave it what it is: subject_id, unlike subject_age.
_NAMING: Final = {
    "id",
    "ids",
    "no",
    "nr",
    "num",
    "number",
    "name",
    "code",
    "key",
    "idx",
    "index",
    "uid",
}
_SPLITS: Final = ("split", "subset", "partition", "set", "usage", "fold")
#: Names of columns that say true or false of one split, without what is between their words.
_FLAGS: Final = {
    "istrain": "train", "istraining": "train", "intrain": "train", "trainflag": "train",
    "istest": "test", "intest": "test", "isval": "val", "isvalid": "val", "isvalidation": "val",
}  # fmt: skip
_TRUTH: Final = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False,
                 "y": True, "n": False, "t": True, "f": False}  # fmt: skip
#: Kinds of columns that are numbers to a model.
NUMERIC: Final = ("number", "category")
#: Classes at most; and of numbers, rows of a class at least, or they are a number to predict.
MOST_CLASSES: Final = 100
_ROWS_OF_A_CLASS: Final = 5
#: Columns outside of groups that make an input together at most, where groups are few.
_MOST_LEFT: Final = 12
_LONGEST_NAME: Final = 40
#: What looking at the first file of a column is charged as.
_LOOK: Final = "a look"
#: Name of the input of the columns that are in no group.
REST: Final = "rest"
#: The same where a group of columns is called so already, as rest SBP and rest ECG are.
_OTHERS: Final = "others"


@dataclass(frozen=True)
class InputRole:
    """One input: its name, the kind of its array, and the columns that it is made of."""

    name: str
    kind: Kind
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Roles:
    """What each column is; "" where no column has a role.

    ``unused`` has every column that has no role, with the reason. ``flags`` are columns of a table
    named ``flag_<name>`` that are true or false.
    """

    inputs: tuple[InputRole, ...] = ()
    label: str = ""
    id: str = ""
    split: str = ""
    group: str = ""
    unused: tuple[tuple[str, str], ...] = ()
    flags: tuple[str, ...] = ()

    @property
    def singles(self) -> dict[str, str]:
        """Role -> column of label, id, split and group, where there is one."""
        roles = {r: getattr(self, r) for r in ("label", "id", "split", "group")}
        return {r: c for r, c in roles.items() if c}


@dataclass(frozen=True)
class Given:
    """What a user has said; None is left to the guess, and "" is no column."""

    inputs: tuple[InputRole, ...] | None = None
    label: str | None = None
    id: str | None = None
    split: str | None = None
    group: str | None = None
    flags: tuple[str, ...] | None = field(default=None, kw_only=True)

    @property
    def columns(self) -> Iterator[str]:
        """Every column that it names, but flags."""
        for role in self.inputs or ():
            yield from role.columns
        yield from (c for c in (self.label, self.id, self.split, self.group) if c)


def guess(
    table: Table, facts: Mapping[str, Facts] | None = None, given: Given | None = None,
    files_follow: bool = False,
) -> Roles:  # fmt: skip
    """What is probably meant; a user corrects it.

    Parameters
    ----------
    facts : what the columns are, as `describe` says.
    given : what is not to be guessed.
    files_follow : whether pictures and sounds that cells name are asked for afterwards; otherwise
        such columns are not used where the table has no files.
    """
    facts = describe(table) if facts is None else facts
    given = given or Given()
    named = set(given.columns)
    free = [n for n in facts if n not in named and not is_extra(n, table)]
    flags = given.flags
    if flags is None:
        flags = tuple(n for n in free if is_flag(facts[n]))
    free = [n for n in free if n not in flags]
    split = _split(facts, free) if given.split is None else given.split
    free = [n for n in free if n != split]
    label = given.label
    if label is None:
        label = _label(facts, free, by_place=given.inputs is None)
    free = [n for n in free if n != label]
    id_ = _id(facts, free) if given.id is None else given.id
    free = [n for n in free if n != id_]
    shared = [n for n in free if table.columns[n].storage != OF_FILES]
    group = _group(facts, shared) if given.group is None else given.group
    free = [n for n in free if n != group]
    alike = {n for members in by_names(list(facts)).values() for n in members}
    unused = {
        n: why
        for n in free
        if (why := _why_unused(table, facts, n, label, n in alike, files_follow))
    }
    usable = [n for n in free if n not in unused]
    inputs = given.inputs
    if inputs is None and label:
        other = f"named like a label, which is {label!r}"
        alike_ = [n for n in usable if set(tokens(n)) & _LABEL_PARTS and _has_few_values(facts[n])]
        unused |= dict.fromkeys(alike_, other)
        usable = [n for n in usable if n not in unused]
    if inputs is None:
        inputs = tuple(_inputs(table, facts, usable))
    chosen = {c for role in inputs for c in role.columns}
    why = "not chosen" if given.inputs is not None else _why_left(inputs)
    left = {n: why for n in usable if n not in chosen}
    reasons = {n: r for n in facts if (r := (unused | left).get(n)) and n not in chosen}
    return Roles(inputs, label, id_, split, group, tuple(reasons.items()), flags)


def _why_left(inputs: Sequence[InputRole]) -> str:
    if len(inputs) == max(MODALITY_NUMBERS):
        return "three inputs are wider"
    if inputs:
        return "not in a group of columns with similar names"
    return "their names suggest no two or three groups"


# --- label, id, split, group -----------------------------------------------------------------


def _with_name(facts: Mapping[str, Facts], free: Sequence[str], names: Sequence[str]) -> list[str]:
    """The columns that have one of these names, in any case, in the order of the names."""
    lower: dict[str, list[str]] = {}
    for n in free:
        lower.setdefault(n.strip().lower().replace(" ", "_"), []).append(n)
    return [n for name in names for n in lower.get(name, ())]


def _label(facts: Mapping[str, Facts], free: Sequence[str], by_place: bool) -> str:
    """The column with the class, "" where none is clearly it.

    A usual name, else, with ``by_place``, few values in the last column, else in the first, else in
    the only column of words with few values.
    """
    named = [n for n in _with_name(facts, free, LABELS) if facts[n].kind in ("number", "category")
             or (n.lower() in LABELS[:5] and could_be_label_array(facts[n]))]  # fmt: skip
    sure = [n for n in named if _has_few_values(facts[n])]
    if sure:
        return sure[0]
    if several := _with_name(facts, free, LABELS[:5]):
        # Named so, but a number to predict, constant, or several labels: said, not replaced.
        return several[0] if facts[several[0]].kind in _SAID_OF_A_LABEL else ""
    parts = [n for n in free if set(tokens(n)) & _LABEL_PARTS and _has_few_values(facts[n])]
    words = [n for n in parts if facts[n].kind == "category"]
    if words or parts:
        return (words or parts)[0]
    if not by_place:
        return ""
    columns = [n for n in free if facts[n].kind not in ("empty", "unusable")]
    names = {*_with_name(facts, columns, _IDS), *filter(_is_group_name, columns)}
    candidates = [n for n in columns if _has_few_values(facts[n]) and n not in names]
    for n in (columns[-1:], columns[:1]):
        if n and n[0] in candidates and _stands_alone(n[0], columns, facts):
            return n[0]
    words = [n for n in candidates if facts[n].kind == "category"]
    return words[0] if len(words) == 1 else ""


#: Kinds that a column named label may have so that there is something to say about it.
_SAID_OF_A_LABEL: Final = ("number", "category", "id", "constant", "several labels", "vector")


def could_be_label_array(facts: Facts) -> bool:
    """Whether an array or column of numbers that count rows may hold classes all the same."""
    return facts.kind == "vector" or (facts.kind == "id" and bool(facts.counts))


def _has_few_values(facts: Facts) -> bool:
    if facts.kind == "vector":
        return facts.width <= MOST_CLASSES
    if facts.kind not in ("number", "category") or not 2 <= facts.distinct <= MOST_CLASSES:
        return False
    if facts.kind == "number":
        return not is_quantity(facts)
    return facts.present >= 2 * facts.distinct


def is_quantity(facts: Facts) -> bool:
    """Whether the numbers of a column are measured or counted rather than names of classes."""
    if facts.kind not in ("number", "id", "date") or (not facts.counts and facts.kind != "number"):
        return False
    if not facts.counts or facts.distinct > MOST_CLASSES:
        return True
    rare = facts.present < _ROWS_OF_A_CLASS * facts.distinct
    if not facts.whole:
        return facts.distinct > MOST_FRACTIONS or rare
    # Whole numbers from 0 or 1 on without gaps may be classes also where each has few rows.
    close = facts.low in (0, 1) and facts.high - facts.low + 1 <= 2 * facts.distinct
    return rare and not (close and facts.present >= 2 * facts.distinct)


def _stands_alone(name: str, columns: Sequence[str], facts: Mapping[str, Facts]) -> bool:
    """Whether a column of few values is no member of a group of similar columns."""
    if facts[name].kind == "category":
        return True
    numeric = [n for n in columns if facts[n].kind in NUMERIC]
    return all(name not in members for members in by_names(numeric).values())


def _id(facts: Mapping[str, Facts], free: Sequence[str]) -> str:
    ids = [n for n in free if facts[n].kind == "id" and facts[n].distinct == facts[n].rows]
    # A usual name, and a few ids that are missing or occur twice, which is said.
    nearly = _with_name(facts, free, _IDS)
    ids = ids or [
        n for n in nearly if facts[n].kind in ("id", "category", "text", "number")
        and facts[n].distinct >= 0.9 * facts[n].rows and (facts[n].whole or not facts[n].numeric)
    ]  # fmt: skip
    named = _with_name(facts, ids, _IDS)
    named += [n for n in ids if set(tokens(n)) & _ID_PARTS]
    return (named or ids or [""])[0]


def _split(facts: Mapping[str, Facts], free: Sequence[str]) -> str:
    """The column whose values are train, val and test; its name alone does not make it one."""
    fits = [n for n in free if facts[n].distinct >= 2 and split_words(facts[n])]
    return (_with_name(facts, fits, _SPLITS) or fits or [""])[0]


def split_words(facts: Facts) -> dict[str, str]:
    """What each value of a column is as a split, by its own word or by that in its name, as of
    is_train; empty where it is none."""
    words = {w: split_word(w) for w in facts.counts}
    if all(words.values()):
        return words
    flag = _FLAGS.get("".join(tokens(facts.name)), "")
    other = "train" if flag in ("test", "val") else "test"
    truth = {w: _TRUTH.get(w.lower()) for w in facts.counts}
    if not flag or None in truth.values():
        return {}
    return {w: flag if is_true else other for w, is_true in truth.items()}


def is_flag(facts: Facts) -> bool:
    """Whether a column is named flag_<name> and says true or false, in whichever words."""
    named = facts.name.startswith(FLAG_PREFIX) and facts.name != FLAG_PREFIX
    return named and bool(facts.counts) and all(w.lower() in _TRUTH for w in facts.counts)


def flag(column: Column, facts: Facts) -> NDArray[np.bool_]:
    """(N,) what a column that `is_flag` says; false where it is missing."""
    says = np.asarray([*(_TRUTH[w.lower()] for w in facts.counts), False])
    result: NDArray[np.bool_] = says[codes_of(column, facts)]
    return result


def _is_group_name(name: str) -> bool:
    return bool(set(tokens(name)) & set(_GROUPS))


def _group(facts: Mapping[str, Facts], free: Sequence[str]) -> str:
    """Rows of one person, recording or fold: a usual name, and values that repeat."""
    fits = [
        n for n in free
        if facts[n].kind in ("number", "category", "text") and facts[n].distinct >= 3
        and facts[n].distinct < facts[n].present and (facts[n].whole or facts[n].kind != "number")
    ]  # fmt: skip
    exact = _with_name(facts, fits, _GROUPS)
    parts = [n for g in _GROUPS for n in fits if _names(n, g)]
    # Numbers of a fold are called split, too.
    folds = [n for n in _with_name(facts, fits, _SPLITS) if facts[n].numeric]
    # An id that several rows have is none of theirs alone.
    ids = _with_name(facts, fits, _IDS)
    shared = [n for n in ids if facts[n].present >= 1.5 * facts[n].distinct]
    return (exact or parts or folds or shared or [""])[0]


def _names(column: str, group: str) -> bool:
    """Whether a column names groups: subject_id, test_subject; unlike subject_age and age_group."""
    parts = tokens(column)
    if len(parts) != 2 or group not in parts:
        return parts == [group]
    other = parts[1 - parts.index(group)]
    return other in _NAMING or (parts[1] == group and group not in _GROUPS[:2])


# --- inputs ----------------------------------------------------------------------------------


def is_extra(name: str, table: Table) -> bool:
    """Whether an array of an .npz file has a meaning of its own."""
    known = name == INTERACTION_TYPE or name.startswith((FLAG_PREFIX, "media_index"))
    return table.columns[name].is_array and known


def _why_unused(
    table: Table, facts: Mapping[str, Facts], name: str, label: str, alike: bool, files_follow: bool
) -> str:
    """Why a column without another role is no input; "" if it may be one."""
    f = facts[name]
    named = table.columns[name].is_array and name in [f"x{m}" for m in MODALITY_NUMBERS]
    if table.columns[name].storage == OF_FILES:
        return "names of the files, which number samples"
    if f.why and not (named and f.kind == "constant"):
        return f.why  # an array called x1 is an input, whatever there is to say about it
    if f.kind in ("pictures", "sounds") and not has_files(table, name) and not files_follow:
        return f"names of {f.ending or ''} {f.kind}, whose files are not there".replace("  ", " ")
    if f.kind in ("pictures", "sounds") and (wrong := _unreadable(table, name)):
        return wrong
    if f.kind in NUMERIC and "id" in tokens(name)[-1:] and f.distinct > 2:
        if f.whole:
            return "a number that names something, and measures nothing"
        if not f.numeric and f.distinct > 0.2 * f.present:
            return "it names something that few rows share"
    if f.kind == "category" and f.distinct > MOST_CLASSES:
        return f"{f.distinct:,} different words, too many to be a category"
    if f.kind == "category" and f.present < 1.5 * f.distinct:
        return f"{f.distinct:,} different words in {f.present:,} rows, too few rows of each"
    if not label:
        few = _has_few_values(f) and (f.kind == "category" or not alike)
        return f"it could be the label, with {f.distinct} values" if few else ""
    if gives_away(table, facts, name, label):
        return f"each of its values has one {label!r} only, so that it gives the label away"
    return ""


def _unreadable(table: Table, name: str) -> str:
    """Why the first of the pictures or sounds of a column cannot be read; "" if it can."""
    column = table.columns[name]
    if not column.media or column.files is None:
        return ""  # names of files are looked up where the column is chosen
    first = [m for m in column.members if m][:1]
    if not first or not column.files.decode(first, column.media, part=_LOOK).issues:
        return ""
    return f"its cells are no {column.media} that can be read"


def has_files(table: Table, name: str) -> bool:
    """Whether the pictures or sounds of a column are there."""
    column = table.columns[name]
    return table.files is not None or bool(column.media) or not is_text(column.data)


def gives_away(table: Table, facts: Mapping[str, Facts], name: str, label: str) -> bool:
    """Whether a column is the label in other words: each of its values has one class.

    Asked of categories, and of whole numbers that are called a class or a label.
    """
    f, y = facts[name], facts.get(label)
    if y is None or not y.counts or not f.counts or not y.distinct <= f.distinct <= MOST_CLASSES:
        return False
    called = bool(set(tokens(name)) & (_LABEL_PARTS | {"id", "code", "y"}))
    if f.kind != "category" and not (f.kind == "number" and f.whole and called):
        return False
    if f.present < 3 * f.distinct or y.kind not in ("category", "number", "id"):
        return False
    a, b = codes_of(table.columns[name], f), codes_of(table.columns[label], y)
    both = (a >= 0) & (b >= 0)
    return len(np.unique(np.stack([a[both], b[both]]), axis=1).T) <= len(np.unique(a[both]))


def _inputs(table: Table, facts: Mapping[str, Facts], usable: Sequence[str]) -> list[InputRole]:
    """The inputs that the names and kinds of the columns suggest, three at most."""
    if (roles := _numbered(table, facts, usable)) and not _named_better(facts, usable, roles):
        return roles
    if roles := _by_source(table, facts, usable):
        return roles
    alone = [n for n in usable if facts[n].kind not in NUMERIC or _is_names(facts[n])]
    numeric = [n for n in usable if n not in alone]
    groups = by_names(numeric)
    most = max(MODALITY_NUMBERS)
    if len(groups) > most:
        covered = sum(sorted(map(len, groups.values()))[-most:])
        if 2 * covered < len(numeric):
            groups = {}
    if (groups and len(groups) < FEWEST_MODALITIES - len(alone) + 1) or not groups:
        groups = _with_rest(groups, numeric, len(alone))
    roles = [role(table, facts, (n,), n) for n in alone]
    roles += [role(table, facts, tuple(members), key) for key, members in groups.items()]
    if len(roles) > most:  # the widest ones, and what is not numbers before numbers
        roles = sorted(roles, key=lambda r: (r.columns[0] in numeric, -len(r.columns)))[:most]
    order = {n: i for i, n in enumerate(facts)}
    rest = groups.get(_OTHERS) or groups.get(REST, [])
    return sorted(roles, key=lambda r: (list(r.columns) == rest, order[r.columns[0]]))


def _with_rest(
    groups: dict[str, list[str]], numeric: Sequence[str], others: int
) -> dict[str, list[str]]:
    """The columns of no group as one more input, where there is another one beside them."""
    grouped = {n for members in groups.values() for n in members}
    rest = [n for n in numeric if n not in grouped]
    if not rest or not (groups or others):
        return groups
    if groups and not others and len(rest) > max(_MOST_LEFT, 2 * len(grouped)):
        return {}  # a few of many columns are named alike by accident
    name = REST if REST not in groups else _OTHERS
    return {**groups, (name if len(rest) > 2 else " + ".join(rest)): rest}


def _numbered(table: Table, facts: Mapping[str, Facts], usable: Sequence[str]) -> list[InputRole]:
    """Inputs named x1, x2 and x3: arrays, columns, or columns that are numbered further."""
    roles = []
    for m in MODALITY_NUMBERS:
        stem = f"x{m}"
        members = tuple(n for n in usable if tokens(n)[:1] == [stem])
        exact = tuple(n for n in members if n.lower() == stem)
        if exact and facts[exact[0]].kind not in NUMERIC:
            members = exact
        if not members or any(facts[n].kind not in (*NUMERIC, "vector") for n in members[1:]):
            break
        roles.append(role(table, facts, members, stem))
    return roles if len(roles) >= FEWEST_MODALITIES else []


def _named_better(
    facts: Mapping[str, Facts], usable: Sequence[str], roles: Sequence[InputRole]
) -> bool:
    """Whether x1, x2 and x3 are the first of many columns: x4 follows, or y1 to y3 are a group."""
    if any(len(r.columns) > 1 or facts[r.columns[0]].kind not in NUMERIC for r in roles):
        return False
    groups = by_names([n for n in usable if facts[n].kind in NUMERIC])
    longest = max(map(len, groups.values()), default=0)
    whole = 2 <= len(groups) <= max(MODALITY_NUMBERS)
    return longest > max(MODALITY_NUMBERS) or (
        whole and sum(map(len, groups.values())) > len(roles)
    )


def _by_source(table: Table, facts: Mapping[str, Facts], usable: Sequence[str]) -> list[InputRole]:
    """One input for each of several files that were joined."""
    sources: dict[str, list[str]] = {}
    for n in usable:
        if facts[n].kind in NUMERIC:
            sources.setdefault(table.columns[n].source, []).append(n)
    if len(sources) < FEWEST_MODALITIES or len(sources) > max(MODALITY_NUMBERS):
        return []
    return [role(table, facts, tuple(names), source) for source, names in sources.items()]


def role(
    table: Table, facts: Mapping[str, Facts], columns: tuple[str, ...], name: str
) -> InputRole:
    """An input of these columns."""
    kinds: dict[str, Kind] = {"text": "text", "pictures": "image", "sounds": "audio"}
    first = facts[columns[0]]
    kind = kinds.get(first.kind, "vector")
    data = table.columns[columns[0]].data
    if first.kind == "array" and isinstance(data, np.ndarray):
        kind = guess_kind(data)
    elif len(columns) == 1 and (_is_names(first) or (first.kind == "constant" and _has_text(data))):
        kind = "text"
    return InputRole(name.strip()[:_LONGEST_NAME] or "input", kind, columns)


def _is_names(facts: Facts) -> bool:
    """Whether a column has words, but too many for a category."""
    if facts.kind == "category" and facts.counts and not facts.numeric:
        # "tall tree" and "low bush" are texts; "tall" and "low" are words of a category.
        words = sum(len(w.split()) * n for w, n in facts.counts.items())
        return facts.distinct > MOST_CLASSES or words >= 2 * sum(facts.counts.values())
    return facts.kind in ("category", "id") and not facts.numeric


def _has_text(data: object) -> bool:
    return isinstance(data, np.ndarray) and data.dtype.kind == "U"
