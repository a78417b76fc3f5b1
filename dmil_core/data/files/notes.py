"""What is to be said about the columns of a table and about what the guess made of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import pyarrow as pa

from dmil_core.data.files.kinds import Facts
from dmil_core.data.files.numbers import recognise
from dmil_core.data.files.roles import LABELS, Roles, gives_away, has_files
from dmil_core.data.files.table import Table
from dmil_core.data.validate import Issue, Purpose

_SHOWN: Final = 5


def note(title: str, repair: str, rows: Any = ()) -> Issue:
    """Something that is said and does not stand in the way; ``repair`` says what is done."""
    return Issue(title, tuple(int(r) for r in rows), "warning", repair, repair)


def few(names: Sequence[str]) -> str:
    """The first of these names: 'a', 'b' and 3 more columns."""
    shown = ", ".join(repr(n[:40]) for n in names[:3])
    more = len(names) - 3
    return shown + (f" and {more:,} more column{'s' if more > 1 else ''}" if more > 0 else "")


def share(part: int, whole: int) -> str:
    """2 of 344 rows (0.6 %)."""
    percent = 100 * part / max(whole, 1)
    digits = 0 if percent >= 10 or percent == round(percent) else 1 if percent >= 0.1 else 3
    return f"{part:,} of {whole:,} rows ({percent:.{digits}f} %)"


def of_table(table: Table, roles: Roles, facts: Mapping[str, Facts]) -> Iterator[Issue]:
    """How cells were read that are not plain numbers or words, of the columns that are used."""
    used = [c for role in roles.inputs for c in role.columns if c in facts]
    used += [c for c in roles.singles.values() if c in facts]
    alike: dict[str, list[str]] = {}
    for c in used:
        spelling = facts[c].spelling
        if spelling is not None and (words := spelling.in_words()):
            alike.setdefault(words, []).append(c)
    for words, names in alike.items():
        cells = sum(facts[n].present for n in names)
        example = facts[names[0]].examples[:1]
        shown = f", such as {example[0]!r}" if example else ""
        title = f"{cells:,} cells of {few(names)} are written with {words}{shown}"
        unsure = any(s.unsure for n in names if (s := facts[n].spelling))
        other = " They would also make sense with the other decimal mark: check a few." if unsure \
            else ""  # fmt: skip
        yield note(title, f"They are read as numbers.{other}")
    for c in used:
        if facts[c].odd:
            yield _odd(facts[c])
    for c in (c for role in roles.inputs for c in role.columns if c in facts):
        if stands_in := stand_in(facts[c]):
            where = share(facts[c].counts[stands_in], facts[c].rows)
            title = f"{c!r} is {stands_in} in {where}, far from all other numbers"
            yield note(title, "It is taken as a number: empty these cells if nothing was measured.")
        if cell := _with_numbers(facts[c]):
            title = f"the cells of {c!r} hold numbers, such as {cell!r}, and are taken as words"
            yield note(title, "Write one number in each cell, without anything else.")


#: Numbers that often stand for none.
_STAND_INS: Final = frozenset(
    f"{sign}{digits}" for sign in ("", "-") for digits in ("99", "999", "9999", "99999", "999999")
)


def stand_in(f: Facts) -> str:
    """A number such as -999 that several rows have and that lies far from the range of all others;
    "" where there is none."""
    for name in (n for n in f.counts if n in _STAND_INS and f.numeric and f.counts[n] > 1):
        others = [float(n) for n in f.counts if n not in _STAND_INS]
        if len(others) < 2:
            continue
        low, high = min(others), max(others)
        if min(abs(float(name) - low), abs(float(name) - high)) > 2 * (high - low):
            return name
    return ""


def _with_numbers(f: Facts) -> str:
    """A cell of a column of words that has digits and no letter, and yet is no number; "" else."""
    cells = list(f.counts) or list(f.examples)
    if f.kind not in ("category", "text") or f.numeric or not cells:
        return ""
    digits = [c for c in cells if any(map(str.isdigit, c)) and not any(map(str.isalpha, c))]
    if len(digits) < 0.9 * len(cells) or recognise(pa.array(cells)) is not None:
        return ""
    return digits[0][:30]


def _odd(f: Facts) -> Issue:
    count = len(f.odd)
    cells = "1 cell" if count == 1 else f"{count:,} cells"
    verb = "is no number" if count == 1 else "are no numbers"
    repair = "They are taken as missing. Write plain numbers there if they are not."
    if f.odd_example.startswith("="):
        repair = (
            "Cells that start with = are formulas, taken as missing: save the table with their "
            "values instead."
        )
    return note(f"{cells} of {f.name!r} {verb}, such as {f.odd_example!r}", repair, f.odd)


def of_roles(
    table: Table, roles: Roles, facts: Mapping[str, Facts], purpose: Purpose = "train"
) -> Iterator[Issue]:
    """What is not used and why; of a set for training also what could be the label, what gives it
    away, and which rows stay together."""
    yield from _unused(roles, facts)
    yield from _files_missing(table, roles, facts)
    for name in (n for n in roles.flags if n in facts):
        if (gaps := facts[name].missing).any():
            title = f"the flag {name!r} is missing in {share(int(gaps.sum()), table.rows)}"
            yield note(title, "It is taken as false there.", gaps.nonzero()[0])
    if purpose == "predict":
        return
    if not roles.label:
        yield from _no_label(roles, facts)
    yield from _leaks(table, roles, facts)
    if roles.group in facts and not facts[roles.group].name.lower().startswith("group"):
        title = f"rows of one {roles.group!r} stay together in one split"
        yield note(title, "It is taken as the group; choose another one, or none.")


def _unused(roles: Roles, facts: Mapping[str, Facts]) -> Iterator[Issue]:
    if not roles.unused:
        return
    reasons: dict[str, list[str]] = {}
    for column, why in roles.unused:
        reasons.setdefault(why, []).append(column)
    parts = [f"{few(names)} ({why.rstrip('.')})" for why, names in list(reasons.items())[:_SHOWN]]
    left = sum(len(names) for names in list(reasons.values())[_SHOWN:])
    if left:
        parts.append(f"and {left:,} more")
    verb = "is" if len(roles.unused) == 1 else "are"
    title = f"{len(roles.unused):,} of {len(facts):,} columns {verb} not used: {'; '.join(parts)}"
    yield note(title, "Choose a column to use it, by its name, its beginning or a range.")


def _files_missing(table: Table, roles: Roles, facts: Mapping[str, Facts]) -> Iterator[Issue]:
    for column, _ in roles.unused:
        f = facts[column]
        if f.kind in ("pictures", "sounds") and not has_files(table, column):
            title = f"{column!r} names {f.present:,} {f.ending} {f.kind}, whose files are not there"
            yield note(title, "Give the .zip or the folder with them: --files.")


def _no_label(roles: Roles, facts: Mapping[str, Facts]) -> Iterator[Issue]:
    could = [c for c, why in roles.unused if why.startswith("it could be the label")]
    several = [
        c for c, _ in roles.unused if facts[c].kind == "several labels" and c.lower() in LABELS
    ]
    if several:
        f = facts[several[0]]
        example = next((w for w in f.counts if f.mark in w), "")
        title = f"{f.name!r} has several labels in a cell, such as {example[:40]!r}"
        yield note(title, "A row has one class: choose another column as the label.")
    if could:
        shown = ", ".join(f"{c!r} ({facts[c].distinct} values)" for c in could[:_SHOWN])
        title = f"no column is clearly the label; it could be {shown}"
        yield note(title, f"Choose one: --label {could[0]}.")


def _leaks(table: Table, roles: Roles, facts: Mapping[str, Facts]) -> Iterator[Issue]:
    if roles.label not in facts:
        return
    for role in roles.inputs:
        for c in role.columns:
            if c in facts and c != roles.label and gives_away(table, facts, c, roles.label):
                title = f"each value of {c!r} has one {roles.label!r} only"
                yield note(title, "It gives the label away: leave it out of the inputs.")
