"""From a table and the roles of its columns to a data set, and all there is to say about it.

The order: rows without a class or with cells that must not be missing are left out; the rest is
split; then cells that are filled get the mean of the training rows; then the arrays are checked as
those of any file are. Rows in issues are rows of the file, from 0.

Shapes: N rows of the file, n rows that are kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dmil_core.data import absent
from dmil_core.data.card import Card, ColumnSpec, Modality
from dmil_core.data.dataset import Dataset, from_arrays
from dmil_core.data.defaults import complete, infer_card, infer_media
from dmil_core.data.files.budget import Account, BudgetError, Cost, unshared
from dmil_core.data.files.decoded import Decoded
from dmil_core.data.files.encoding import as_trained, encode, encode_like, is_words, width_of
from dmil_core.data.files.kinds import (
    Facts,
    describe,
    is_text,
    stored_numbers,
    words_of,
)
from dmil_core.data.files.labels import Labels, check_names, labels
from dmil_core.data.files.limits import DEFAULT, Limits
from dmil_core.data.files.media import Files
from dmil_core.data.files.notes import few, note, of_roles, of_table, share
from dmil_core.data.files.pictures import in_range_of
from dmil_core.data.files.repairs import (
    FEW,
    KEEP,
    MISSING_WORD,
    Repairs,
)
from dmil_core.data.files.roles import InputRole, Roles, flag, is_extra, split_words
from dmil_core.data.files.spellings import file_name, split_word
from dmil_core.data.files.table import Column, Table
from dmil_core.data.new_split import SPLIT_RULE, VAL_RULE, make_split, with_validation
from dmil_core.data.ranges import number_name
from dmil_core.data.validate import (
    FLAG_PREFIX,
    Issue,
    Offer,
    Purpose,
    check,
    errors,
    taken_for_validation,
)
from dmil_core.errors import DataError
from dmil_core.schema import FEWEST_MODALITIES, MODALITY_NUMBERS

#: Kinds of columns that can be side by side in one input of numbers.
_JOINED: Final = ("number", "category", "vector", "several labels", "id", "date", "constant")


@dataclass(frozen=True, eq=False)
class Assembled:
    """The set that roles make, where it can be made, and everything to be said about it.

    Attributes
    ----------
    dataset : None where there is an error among the issues.
    arrays : by name, complete, to be stored.
    media : by file name, what is stored beside them.
    rows : (n,) rows of the file that are in the set.
    """

    dataset: Dataset | None
    issues: tuple[Issue, ...]
    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)
    media: dict[str, dict[str, NDArray[Any]]] = field(default_factory=dict)
    rows: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))


def assemble(
    table: Table, roles: Roles, repairs: Repairs, name: str, title: str = "", about: str = "",
    limits: Limits = DEFAULT, account: Account | None = None,
    facts: Mapping[str, Facts] | None = None, purpose: Purpose = "train",
    like: Card | None = None,
) -> Assembled:  # fmt: skip
    """Make the set that the roles mean; never raises for what a file holds.

    Parameters
    ----------
    name, title : of the set, for folders and for people.
    about : where it comes from.
    account : what is charged for decoding files and for keeping the inputs; what this account was
        charged for the inputs of other roles is freed.
    facts : what the columns are, as `describe` says; found out here where it is None.
    purpose : "predict" takes new rows, without a label if need be, and as few as one.
    like : the card of the training set of a model that the rows are for: its categories, its means
        and the edges of its classes take the place of those of these rows.
    """
    account = unshared(limits) if account is None else account
    account.release(*(_part(m) for m in MODALITY_NUMBERS))
    facts = describe(table, repairs.as_text) if facts is None else facts
    if like is not None:
        chosen = [r.columns for r in roles.inputs]
        facts = as_trained(facts, table.columns, chosen, like.modalities)
    making = _Making(table, roles, repairs, limits, account, facts, purpose, like)
    try:
        made = making.made(name, title or name, about)
    except BudgetError as error:
        making.issues.append(_error(error.title, error.what_to_do))
        made = None
    if made is None:
        return Assembled(None, _in_order(making.issues))
    return made


def issues_of(
    table: Table, roles: Roles, facts: Mapping[str, Facts], purpose: Purpose = "train"
) -> tuple[Issue, ...]:
    """What is to be said about columns and roles before anything is made of them."""
    return (*table.issues, *of_table(table, roles, facts), *of_roles(table, roles, facts, purpose))


def preview(
    table: Table, roles: Roles, repairs: Repairs, facts: Mapping[str, Facts],
    limits: Limits = DEFAULT,
) -> tuple[Issue, ...]:  # fmt: skip
    """What `assemble` would say of columns, labels and missing cells, without making the arrays.

    Pictures and sounds are not decoded for it.
    """
    making = _Making(table, roles, repairs, limits, unshared(limits), facts)
    making.checked()
    return _in_order(making.issues)


class _Making:
    """The making of one set: what is known so far, and the issues."""

    def __init__(
        self, table: Table, roles: Roles, repairs: Repairs, limits: Limits, account: Account,
        facts: Mapping[str, Facts], purpose: Purpose = "train", like: Card | None = None,
    ) -> None:  # fmt: skip
        self.table, self.roles, self.repairs = table, roles, repairs
        self.limits, self.account, self.facts = limits, account, facts
        self.purpose = purpose
        self.like = () if like is None else like.modalities
        self.trained = () if like is None else like.classes
        self.issues: list[Issue] = list(issues_of(table, roles, facts, purpose))
        self.keep: NDArray[np.bool_] = np.ones(table.rows, dtype=bool)
        #: (N,) which rows lack an input, by its number.
        self.lacks: dict[int, NDArray[np.bool_]] = {}

    def made(self, name: str, title: str, about: str) -> Assembled | None:
        """The set; None where an error stands in the way."""
        found = self.checked()
        if errors(self.issues):
            return None
        kept = np.flatnonzero(self.keep)
        arrays = self._rolewise(found, kept)
        if errors(self.issues):
            return None
        classes = self._classes(arrays, found)
        rule = self._split(arrays, classes, kept)
        if errors(self.issues):
            return None
        training = arrays["split"] == "train" if "split" in arrays else self.keep[kept]
        inputs = {m: self._with_blanks(role, m, kept, training) for m, role in self._numbered()}
        arrays = {f"x{m}": decoded.values for m, (decoded, _) in inputs.items()} | arrays
        if self.purpose == "predict":
            arrays.setdefault("split", np.full(len(kept), "test"))  # nothing is split
        for decoded, _ in inputs.values():
            self.issues += [_of_file(i, kept) for i in decoded.issues]
        arrays |= {
            n: np.asarray(c.data)[kept] for n, c in self.table.columns.items()
            if is_extra(n, self.table)
        }  # fmt: skip
        arrays |= {name: values[kept] for name, values in self._flags().items()}
        arrays = absent.filled(arrays)
        self.issues += [_of_file(i, kept) for i in errors(absent.issues(arrays, self.purpose))]
        self.issues += _check_limits(arrays, classes, self.limits, self.purpose)
        if errors(self.issues):
            self._further_errors(arrays, inputs, kept)
            return None
        card = self._card(arrays, classes, inputs, name, title, about)
        card = replace(card, split_rule=rule or card.split_rule)
        self.issues += [_of_file(i, kept) for i in check(arrays, card, self.purpose)]
        if errors(self.issues):
            return None
        completed = complete(arrays, card, name, self.purpose)
        self.issues += [_of_file(i, kept) for i in completed.issues]
        if errors(self.issues):
            return None
        dataset = from_arrays(name, completed.arrays, completed.card, None, _in_order(self.issues))
        media = {_media_file(m): d.media for m, (d, _) in inputs.items() if d.media}
        return Assembled(dataset, dataset.issues, completed.arrays, media, kept)

    def checked(self) -> Labels | None:
        """The classes, if there are any, once it is decided which rows stay."""
        self.issues += _check_use(self.table, self.roles, self.facts, self.purpose)
        found = self._labels() if self.roles.label in self.facts else None
        if found is not None and self.purpose == "predict" and errors(list(found.issues)):
            title = errors(list(found.issues))[0].title
            self.issues.append(note(f"{title}; it is not used", "New rows need no label."))
            found = None
        elif found is not None:
            self.issues += found.issues
        if all(c in self.facts for _, c in _uses(self.roles)):
            nobody = np.zeros(self.table.rows, dtype=bool)
            self._leave_out(nobody if found is None else found.missing)
            if not self.keep.any() and not errors(self.issues):
                title = "no row is left: none has a class and something in every input"
                what = "Choose other inputs, or fill the cells that are missing."
                self.issues.append(_error(title, what))
        return found

    @staticmethod
    def _classes(arrays: Mapping[str, NDArray[Any]], found: Labels | None) -> tuple[str, ...]:
        """The classes that rows have, in their order."""
        present = set(np.unique(arrays["y"]).tolist()) if "y" in arrays else set()
        return tuple(c for c in found.classes if c in present) if found is not None else ()

    def _numbered(self) -> Iterator[tuple[int, InputRole]]:
        yield from enumerate(self.roles.inputs, start=1)

    def _labels(self) -> Labels:
        label = self.roles.label
        column, facts = self.table.columns[label], self.facts[label]
        return labels(column, facts, self.repairs, self.purpose, self.trained)

    def _split(
        self, arrays: dict[str, NDArray[Any]], classes: Sequence[str], kept: NDArray[np.int64]
    ) -> str:
        """Make the split that is not there, or the val rows of one; how it was made, "" if it was
        not."""
        if not len(kept) or self.purpose == "predict" or "y" not in arrays:
            return ""
        index = {c: k for k, c in enumerate(classes)}
        y = np.asarray([index[v] for v in arrays["y"].tolist()], dtype=np.int64)
        if "split" not in arrays:
            arrays["split"] = make_split(y, arrays.get("group"), seed=0)
            return SPLIT_RULE
        if "val" in arrays["split"] or "train" not in arrays["split"]:
            return ""
        made = with_validation(arrays["split"], y, arrays.get("group"))
        if made is None:
            return ""  # what is wrong is said where the arrays are checked
        title, what, rows = taken_for_validation(
            f"the split {self.roles.split!r} has no val rows", arrays["split"], made
        )
        offers = (Offer(f"Take {_count(len(rows))} of train", "val", "train"),)
        if self.repairs.val == "error":
            title = title.partition(";")[0]
            what = "Mark some rows as val, or take them from train: --val train."
            self.issues.append(Issue(title, (), "error", what, what, offers))
            return ""
        what = f"{what[:-1]}; --val error stops instead."
        at = _tuple(kept[list(rows)])
        self.issues.append(Issue(title, at, "warning", what, what, offers))
        arrays["split"] = made
        return VAL_RULE

    # --- rows that are left out ----------------------------------------------------------------

    def _leave_out(self, unlabelled: NDArray[np.bool_]) -> None:
        """Decide which rows stay, and say which do not."""
        media, values, words, texts = self._chosen_by_kind()
        if self.purpose == "predict":
            self._lacking_inputs()
            self._missing_cells(media, "files")
            return
        self._without(unlabelled, f"the label {self.roles.label!r}")
        if self.roles.split:
            self._without(self.facts[self.roles.split].missing, f"the split {self.roles.split!r}")
        self._lacking_inputs()
        for names, what in ((media, "files"), (values, "numbers"), (texts, "texts")):
            self._missing_cells(names, what)
        self._missing_words(words)

    def _chosen_by_kind(self) -> tuple[list[str], list[str], list[str], list[str]]:
        """Columns of the inputs that are files, numbers, words of categories, and texts."""
        chosen = [(role, c) for role in self.roles.inputs for c in role.columns]
        media = [c for r, c in chosen if self.facts[c].kind in ("pictures", "sounds")]
        texts = [c for r, c in chosen if r.kind == "text" and c not in media]
        rest = [c for r, c in chosen if c not in media and c not in texts]
        words = [c for c in rest if is_words(self.facts[c])]
        return media, [c for c in rest if c not in words], words, texts

    def _without(self, missing: NDArray[np.bool_], what: str) -> None:
        """Leave out rows without a class or a split: there is nothing to put in its place."""
        rows = np.flatnonzero(missing & self.keep)
        if not len(rows):
            return
        title = f"{what} is missing in {share(len(rows), self.table.rows)}"
        if self.repairs.missing == "error":
            self.issues.append(_error(title, "Fill these cells, or drop these rows.", rows))
            return
        done = f"{_rows(len(rows))} dropped."
        self.issues.append(note(title, done, rows))
        self.keep[rows] = False

    def _missing_cells(self, names: Sequence[str], what: str) -> None:
        """Rows with missing numbers, texts or files: dropped, or kept to be filled."""
        gaps = {n: g for n in names if (g := self._gaps(n)).any()}
        if not gaps:
            return
        rows = np.flatnonzero(np.any(list(gaps.values()), axis=0))
        title = f"{what} are missing in {share(len(rows), self.table.rows)}: {few(list(gaps))}"
        fills = what == "numbers"
        few_rows = len(rows) < FEW * int(self.keep.sum())
        chosen = self.repairs.missing
        if chosen == "error":
            for name, gap in gaps.items():
                at = np.flatnonzero(gap)
                title = f"{what} are missing in {share(len(at), self.table.rows)}: {name!r}"
                self.issues.append(self._offered(title, at, fills, "error", names=tuple(gaps)))
        elif chosen == "drop" or what == "files" or (chosen == "auto" and few_rows):
            self.issues.append(self._offered(title, rows, fills, "drop", names=tuple(gaps)))
            self.keep[rows] = False
        else:
            self.issues.append(self._offered(title, rows, fills, "mean", names=tuple(gaps)))

    def _offered(
        self, title: str, rows: NDArray[np.int64], fills: bool, done: str, words: bool = False,
        names: tuple[str, ...] = (),
    ) -> Issue:  # fmt: skip
        """An issue about missing cells of columns: what is done, and what else could be."""
        offers = self._offers(len(rows), fills, words, names)
        dropped = f"{_rows(len(rows))} dropped"
        if done == "drop":
            other = "--missing mean fills them and adds a was-missing column instead"
            repair = f"{dropped}{f'; {other}' if fills else ''}."
        elif done == "mean" and fills:
            repair = (
                "The mean of the training rows stands in their place, and a was-missing column "
                f"says where; --missing drop leaves out {_count(len(rows))} instead."
            )
        elif done == "mean":
            repair = f"They are empty texts; --missing drop leaves out {_count(len(rows))} instead."
        else:
            what = " or --missing mean" if fills else ""
            what += " or --missing keep" if KEEP in offers else ""
            return Issue(title, _tuple(rows), "error", f"Choose --missing drop{what}.",
                         f"Choose --missing drop{what}.", offers)  # fmt: skip
        return Issue(title, _tuple(rows), "warning", repair, repair, offers)

    def _offers(
        self, count: int, fills: bool, words: bool, names: tuple[str, ...] = ()
    ) -> tuple[Offer, ...]:
        """What can be done about so many rows: the same choice for all columns."""
        share_ = 100 * count / max(self.table.rows, 1)
        drop = Offer(f"Drop {_count(count)} ({share_:.{0 if share_ >= 10 else 1}f} %)", "missing",
                     "drop")  # fmt: skip
        keep = (KEEP,) if self._some_lack(names) else ()
        if words:
            return drop, Offer("Keep them as a category of their own", "missing", "mean"), *keep
        if fills:
            fill = Offer("Fill with the training mean, and mark them", "missing", "mean")
            return drop, fill, *keep
        return (drop, *keep) if keep else ()

    def _missing_words(self, names: Sequence[str]) -> None:
        """Categories with missing words: a category of their own, or the rows are dropped."""
        for n in names:
            gaps = self._gaps(n)
            if not gaps.any():
                continue
            rows = np.flatnonzero(self.facts[n].missing & ~self._lacked(n))
            title = f"{n!r} is missing in {share(len(rows), self.table.rows)}"
            if self.repairs.missing == "error":
                self.issues.append(self._offered(title, rows, False, "error", True, (n,)))
            elif self.repairs.missing == "drop":
                self.issues.append(self._offered(title, rows, False, "drop", True, (n,)))
                self.keep[rows] = False
            else:
                inside = _count(int(gaps.sum()))
                repair = (
                    f"They get the category {MISSING_WORD!r} ({inside} of the set); --missing drop "
                    "leaves them out instead."
                )
                offers = self._offers(len(rows), False, True, (n,))
                self.issues.append(Issue(title, _tuple(rows), "warning", repair, repair, offers))

    # --- rows that lack a whole input ----------------------------------------------------------

    def _lacking_inputs(self) -> None:
        """Which rows lack a whole input: by the flags of the set, and, where such rows are to be
        kept, by their cells."""
        flags, nothing = self._flags(), dict[int, NDArray[np.bool_]]()
        for m, role in self._numbered():
            lacks = flags.get(absent.flag_of(m), np.zeros(self.table.rows, dtype=bool))
            if self._keeps(m):
                nothing[m] = self._nothing_in(role) & self.keep & ~lacks
                lacks = lacks | nothing[m]
            if lacks.any():
                self.lacks[m] = lacks
        if self.lacks and len(self.lacks) == len(self.roles.inputs):
            nobody = np.logical_and.reduce(list(self.lacks.values())) & self.keep
            if (rows := np.flatnonzero(nobody)).size:
                title = f"no input is there in {share(len(rows), self.table.rows)}"
                self.issues.append(note(title, f"{_rows(len(rows))} dropped.", rows))
                self.keep[rows] = False
        for m, role in self._numbered():
            if m in nothing and (rows := np.flatnonzero(nothing[m] & self.keep)).size:
                self.issues.append(self._kept(role, m, rows))

    def _keeps(self, m: int) -> bool:
        """Whether rows that lack an input stay: where that is chosen, and where new rows lack what
        the training has no filling for."""
        columns = self.like[m - 1].columns if len(self.like) >= m else ()
        filled = any(c.fill is not None or MISSING_WORD in c.categories for c in columns)
        return self.repairs.missing == "keep" or (
            self.repairs.missing == "auto" and bool(columns) and not filled
        )

    def _nothing_in(self, role: InputRole) -> NDArray[np.bool_]:
        """(N,) in which rows all cells of an input are missing, or its file is not there."""
        missing = [self._empty(c) for c in role.columns]
        return np.logical_and.reduce(missing) if missing else np.zeros(self.table.rows, dtype=bool)

    def _empty(self, name: str) -> NDArray[np.bool_]:
        """(N,) in which rows a column says nothing at all."""
        column, f = self.table.columns[name], self.facts[name]
        data = column.data
        if isinstance(data, np.ndarray) and data.ndim > 1 and data.dtype.kind == "f":
            there = np.isfinite(data).reshape(len(data), -1).any(axis=1)
            return np.asarray(~there, dtype=bool)
        if f.kind in ("pictures", "sounds") and not column.media and self.table.files is not None:
            cells = words_of(data)
            names = [file_name(w) for w in cells.words.to_pylist()]
            nowhere = [path is None for path in self.table.files.find_all(names)]
            return f.missing | cells.spread(np.asarray(nowhere, dtype=bool), True)
        return f.missing

    def _kept(self, role: InputRole, m: int, rows: NDArray[np.int64]) -> Issue:
        """What is said of rows that stay though they lack an input."""
        title = f"input {m} ({role.name}) is missing in {share(len(rows), self.table.rows)}"
        repair = (
            f"They stay, flagged {absent.WITHOUT}{m}: models use what the other inputs say; "
            f"--missing drop leaves out {_count(len(rows))} instead."
        )
        drop, *_ = self._offers(len(rows), fills=True, words=False)
        return Issue(title, _tuple(rows), "warning", repair, repair, (drop, KEEP))

    def _some_lack(self, names: Sequence[str]) -> bool:
        """Whether keeping rows that lack a whole input is a choice: some rows of an input with one
        of these columns lack it, and others do not."""
        roles = [r for r in self.roles.inputs if set(names) & set(r.columns)]
        nothing = [self._nothing_in(r)[self.keep] for r in roles]
        return any(n.any() and not n.all() for n in nothing)

    def _lacked(self, name: str) -> NDArray[np.bool_]:
        """(N,) which rows lack the input of a column."""
        found = next((m for m, role in self._numbered() if name in role.columns), 0)
        return self.lacks.get(found, np.zeros(self.table.rows, dtype=bool))

    def _gaps(self, name: str) -> NDArray[np.bool_]:
        """(N,) in which rows a cell is missing of an input that is there."""
        return self.facts[name].missing & self.keep & ~self._lacked(name)

    def _flags(self) -> dict[str, NDArray[np.bool_]]:
        """(N,) of each flag, by the name of its array: of columns, of arrays, and of rows that lack
        an input."""
        result = {
            n: flag(self.table.columns[n], self.facts[n])
            for n in self.roles.flags
            if n in self.facts
        }
        for n, c in self.table.columns.items():
            if n.startswith(FLAG_PREFIX) and c.is_array and np.asarray(c.data).dtype.kind == "b":
                result.setdefault(n, np.asarray(c.data))
        return result | {absent.flag_of(m): rows for m, rows in self.lacks.items()}

    def _with_blanks(
        self, role: InputRole, m: int, kept: NDArray[np.int64], training: NDArray[np.bool_]
    ) -> tuple[Decoded, tuple[ColumnSpec, ...]]:
        """The array of one input, made of the rows that have it; nothing in those that lack it."""
        lacks = self.lacks.get(m)
        if lacks is None or not lacks[kept].any():
            return self._input(role, m, kept, training)
        there = np.flatnonzero(~lacks[kept])
        if not len(there) and self.facts[role.columns[0]].kind in ("pictures", "sounds"):
            title = f"no row has input {m} ({role.name}), so that its size is not known"
            what = "Give rows with and without it in one table."
            return Decoded(np.zeros(len(kept)), (_error(title, what),)), ()
        decoded, columns = self._input(role, m, kept[there], training[there])
        return decoded.spread(there, len(kept)), columns

    # --- label, id, split, group ---------------------------------------------------------------

    def _rolewise(self, found: Labels | None, kept: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        arrays: dict[str, NDArray[Any]] = {}
        if found is not None:
            arrays["y"] = found.names[kept]
            self._names("label", self.roles.label, arrays["y"], kept)
        for role, column in self.roles.singles.items():
            if role == "label":
                continue
            f = self.facts[column]
            values = _as_names(self.table.columns[column], f)[kept]
            if role == "split":
                known = split_words(f)
                words = [known.get(v) or split_word(v) or v.lower() for v in values.tolist()]
                values = np.asarray(words, dtype=np.str_)
            elif f.missing[kept].any():
                gaps = np.flatnonzero(f.missing[kept])
                own = np.char.add("row-", kept[gaps].astype(np.str_))
                values = values.astype(np.promote_types(values.dtype, own.dtype))
                values[gaps] = own
                title = f"the {role} {column!r} is missing in {share(len(gaps), self.table.rows)}"
                repair = f"These rows are named by their number, such as {own[0]!s}."
                self.issues.append(note(title, repair, kept[gaps]))
            self._names(role, column, values, kept)
            arrays[role] = values
        return arrays

    def _names(self, role: str, column: str, values: NDArray[Any], kept: NDArray[np.int64]) -> None:
        self.issues += [_of_file(i, kept) for i in check_names(role, column, values)]

    # --- inputs --------------------------------------------------------------------------------

    def _input(
        self, role: InputRole, m: int, kept: NDArray[np.int64], training: NDArray[np.bool_]
    ) -> tuple[Decoded, tuple[ColumnSpec, ...]]:
        """The array of one input, and what its numbers are."""
        first = self.table.columns[role.columns[0]]
        f = self.facts[first.name]
        if f.kind in ("pictures", "sounds"):
            return in_range_of(self._media(first, f, m, kept), training), ()
        whole = f.kind == "vector" and len(role.columns) == 1 and first.is_array
        if f.kind == "array" or (whole and not f.missing[kept].any()):
            return Decoded(np.asarray(first.data)[kept]), ()
        if role.kind == "text":
            longest = _longest(first)
            what = (
                f"Every cell takes the room of the longest one of its column: shorten the texts of "
                f"{first.name[:40]!r}, with up to {longest:,} characters, or choose fewer rows."
            )
            self.account.charge(_part(m), Cost(arrays=4 * longest * len(kept)), what)
            return Decoded(_text(first, f, kept)), ()
        like = self.like[m - 1].columns if len(self.like) >= m else ()
        widths = sum(width_of(self.facts[c]) for c in role.columns)
        self.account.charge(_part(m), Cost(arrays=4 * len(kept) * widths), "Choose fewer columns.")
        if like:
            return self._like(like, m, kept)
        parts, columns, issues = [], [], []
        for c in role.columns:
            values: NDArray[np.float64]
            try:
                values, specs, more = encode(self.table.columns[c], self.facts[c], kept, training)
            except DataError as error:
                values, specs = np.zeros((len(kept), 1)), []
                more = [_error(f"input {m}: {error}", "Choose other columns.")]
            parts.append(values)
            columns += specs
            issues += more
        array = np.concatenate(parts, axis=1).astype(np.float32)
        return Decoded(array, tuple(issues)), tuple(columns)

    def _like(
        self, specs: Sequence[ColumnSpec], m: int, kept: NDArray[np.int64]
    ) -> tuple[Decoded, tuple[ColumnSpec, ...]]:
        """The same as the training set of a model has it."""
        try:
            values, _, issues = encode_like(specs, self.table.columns, self.facts, kept)
        except DataError as error:
            issue = _error(f"input {m}: {error}", "Give a file with the columns of the training.")
            return Decoded(np.zeros((len(kept), 1)), (issue,)), ()
        return Decoded(values.astype(np.float32), tuple(issues)), tuple(specs)

    def _media(self, column: Column, f: Facts, m: int, kept: NDArray[np.int64]) -> Decoded:
        limits, account = self.limits, self.account
        files = column.files or self.table.files
        if column.media and column.files is not None:
            names = [column.members[i] for i in kept.tolist()]
            return column.files.decode(names, column.media, limits, account, _part(m))
        if files is None:
            what = "Give the .zip or the folder with them (--files), or choose other columns."
            title = f"input {m}: {column.name!r} names {f.kind}, whose files are missing"
            return Decoded(np.zeros(len(kept)), (_error(title, what),))
        files.forget_all_but([_part(i) for i, _ in self._numbered()])
        cells = words_of(column.data)
        paths = np.asarray([file_name(w) for w in cells.words.to_pylist()], dtype=object)
        names = [str(n) for n in cells.spread(paths, "")[kept].tolist()]
        return files.decode(names, f.kind, limits, account, _part(m))

    # --- the card ------------------------------------------------------------------------------

    def _card(
        self, arrays: Mapping[str, NDArray[Any]], classes: tuple[str, ...],
        inputs: Mapping[int, tuple[Decoded, tuple[ColumnSpec, ...]]],
        name: str, title: str, about: str,
    ) -> Card:  # fmt: skip
        card = replace(infer_card(name, arrays), classes=classes)
        modalities = tuple(
            _described(modality, m, role, *inputs[m])
            for (m, role), modality in zip(self._numbered(), card.modalities, strict=True)
        )
        return replace(
            card,
            title=title,
            summary=f"A set of yours: {title}.",
            source=about or "a file",
            modalities=modalities,
        )

    def _further_errors(
        self, arrays: Mapping[str, NDArray[Any]],
        inputs: Mapping[int, tuple[Decoded, tuple[ColumnSpec, ...]]], kept: NDArray[np.int64],
    ) -> None:  # fmt: skip
        """What is wrong with the other arrays: a file should be corrected once."""
        damaged = tuple(f"x{m}" for m, (d, _) in inputs.items() if errors(list(d.issues)))
        others = {n: a for n, a in arrays.items() if n not in damaged}
        found = errors(check(others, None, self.purpose, damaged))
        self.issues += [_of_file(i, kept) for i in found]


# --- texts and names ---------------------------------------------------------------------------


def _longest(column: Column) -> int:
    """Characters of the longest text."""
    if isinstance(column.data, np.ndarray):
        return column.data.dtype.itemsize // 4
    if not is_text(column.data):
        return 32
    return int(pc.max(pc.utf8_length(words_of(column.data).words)).as_py() or 1)


def _text(column: Column, f: Facts, kept: NDArray[np.int64]) -> NDArray[np.str_]:
    """(n,) texts; an empty one where it is missing."""
    if isinstance(column.data, np.ndarray):
        return column.data[kept]
    if not is_text(column.data):
        return _as_names(column, f)[kept]
    cells = words_of(column.data)
    words = np.asarray([*cells.words.to_pylist(), ""], dtype=np.str_)
    gaps = f.missing[kept]
    texts = words[np.where(gaps, -1, cells.codes[kept])]
    return np.asarray(texts, dtype=np.str_)


def _as_names(column: Column, f: Facts) -> NDArray[np.str_]:
    """(N,) cells of an id, a split or a group as text; numbers exactly, "" where missing."""
    data = column.data
    if is_text(data):
        cells = words_of(data)
        words = [w.strip() for w in cells.words.to_pylist()]
        values = cells.spread(np.asarray(words, dtype=np.str_), "")
        return np.asarray(np.where(f.missing, "", values), dtype=np.str_)
    if isinstance(data, np.ndarray):
        flat = data.reshape(len(data), -1)[:, 0]
        if flat.dtype.kind == "f":
            return _whole_names(flat.astype(np.float64))
        return flat.astype(np.str_)
    if pa.types.is_floating(data.type):
        return _whole_names(stored_numbers(data))
    try:
        text = data.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        text = pa.chunked_array([[str(v) for v in data.to_pylist()]], pa.string())
    return np.asarray([v or "" for v in text.to_pylist()], dtype=np.str_)


def _whole_names(values: NDArray[np.float64]) -> NDArray[np.str_]:
    return np.asarray(["" if np.isnan(v) else number_name(v) for v in values.tolist()], np.str_)


# --- checks ------------------------------------------------------------------------------------


def _check_use(
    table: Table, roles: Roles, facts: Mapping[str, Facts], purpose: Purpose
) -> list[Issue]:
    """Inputs without columns, columns that do not exist, or that are used as two things."""
    issues = []
    if len(roles.inputs) < FEWEST_MODALITIES:
        count = {0: "no input is", 1: "only one input is"}[len(roles.inputs)]
        what = "Choose the columns of two or three inputs (--input NAME=COLUMNS for each)."
        issues.append(Issue(f"{count} chosen, and two are needed", (), "error", what, what))
    for m, role in enumerate(roles.inputs, start=1):
        if not role.columns:
            issues.append(_error(f"input {m} has no columns", "Choose what it is made of."))
        issues += _check_mixture(facts, role, m, purpose)
    if not roles.label and purpose == "train":
        what = "Choose the column with the class (--label)."
        issues.append(Issue("no column is the label", (), "error", what, what))
    used: dict[str, str] = {}
    for use, column in _uses(roles):
        if column not in table.columns:
            near = ", ".join(map(repr, list(table.columns)[:5]))
            what = f"Choose again; the table has {near} ..."
            issues.append(_error(f"{use}: there is no column {column!r}", what))
        elif used.get(column, use) != use:
            what = "Choose it once."
            if "label" in (used[column], use):
                what = "Choose it once: an input that holds the label needs no model."
            issues.append(_error(f"{column!r} is both {used[column]} and {use}", what))
        used[column] = use
    return issues


def _check_mixture(
    facts: Mapping[str, Facts], role: InputRole, m: int, purpose: Purpose
) -> list[Issue]:
    known = [facts[c] for c in role.columns if c in facts]
    issues = [
        _error(f"input {m}: {f.name!r} cannot be used: {_why(f)}", "Choose other columns.")
        for f in known
        if f.kind in ("unusable", "file", "link", "empty")
        or (f.kind in ("date", "id") and role.kind != "text" and not f.numeric)
        or (purpose == "train" and is_words(f) and role.kind != "text" and not f.counts)
    ]
    odd = [f for f in known if f.kind not in _JOINED]
    if not issues and len(known) > 1 and (odd or role.kind != "vector"):
        listed = ", ".join(repr(f.name) for f in known[:4])
        what = "Texts, pictures, sounds and arrays are an input of their own: choose one."
        issues.append(_error(f"input {m} mixes {listed}", what))
    return issues


def _why(f: Facts) -> str:
    return f.why or f"{f.distinct:,} different words"


def _uses(roles: Roles) -> Iterator[tuple[str, str]]:
    """What each chosen column is used as: ("input 1", column) or ("label", column)."""
    for m, role in enumerate(roles.inputs, start=1):
        yield from ((f"input {m}", c) for c in role.columns)
    yield from roles.singles.items()


def _check_limits(
    arrays: Mapping[str, NDArray[Any]], classes: Sequence[str], limits: Limits, purpose: Purpose
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
    if len(classes) > limits.classes:
        title = f"the label has {len(classes):,} classes, expected at most {limits.classes}"
        issues.append(_error(title, "Choose a column of classes, or join rare classes."))
    return issues


def _described(
    modality: Modality, m: int, role: InputRole, decoded: Decoded, columns: tuple[ColumnSpec, ...]
) -> Modality:
    """A modality with its name, its kind where it was chosen, and its raw media."""
    kind = decoded.kind
    if kind is None and decoded.values.ndim == 3:
        kind = role.kind if role.kind in ("sequence", "audio", "image") else None
    if kind is not None and kind != modality.kind:
        modality = replace(modality, kind=kind, media=infer_media(kind, decoded.values))
    media = replace(decoded.spec, file=_media_file(m)) if decoded.spec else modality.media
    return replace(modality, name=role.name, media=media, description=decoded.note, columns=columns)


def _media_file(m: int) -> str:
    """Name of the file beside the data with the raw media of input ``m``."""
    return f"media{m}.npz"


def _part(m: int) -> str:
    """What an input is charged as."""
    return f"input {m}"


def _of_file(issue: Issue, kept: NDArray[np.int64]) -> Issue:
    """An issue about rows of the set as one about rows of the file."""
    if not issue.rows:
        return issue
    rows = np.asarray(issue.rows)
    return replace(issue, rows=tuple(kept[rows[rows < len(kept)]].tolist()))


def _in_order(issues: Sequence[Issue]) -> tuple[Issue, ...]:
    return tuple(sorted(dict.fromkeys(issues), key=lambda i: i.severity))


def _rows(count: int) -> str:
    return f"{_count(count)} {'is' if count == 1 else 'are'}"


def _count(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _tuple(rows: Any) -> tuple[int, ...]:
    return tuple(int(r) for r in rows)


def _error(title: str, what: str, rows: Any = ()) -> Issue:
    return Issue(title, _tuple(rows), "error", what, what)


__all__ = ["Assembled", "Files", "assemble", "issues_of", "preview"]
