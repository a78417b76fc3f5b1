"""Files that are samples by themselves: WebDataset tars, folders of pictures and sounds.

The files of a sample share their name up to its ending: ``0001.png, 0001.wav, 0001.cls``. Folders
above them name classes and splits: ``train/cat/0001.png``.
"""

from __future__ import annotations

import io
import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any, Final, Literal

import numpy as np
import pyarrow as pa
from numpy.lib import format as npy
from numpy.typing import NDArray

from dmil_core.data.files.budget import TABLE, Account, Cost
from dmil_core.data.files.limits import MIB, Limits
from dmil_core.data.files.media import Files
from dmil_core.data.files.members import Members
from dmil_core.data.files.paths import is_clutter
from dmil_core.data.files.pictures import PICTURES
from dmil_core.data.files.readers.delimited import long_text
from dmil_core.data.files.readers.names import note, usable_names
from dmil_core.data.files.sounds import SOUNDS
from dmil_core.data.files.spellings import split_word
from dmil_core.data.files.table import OF_FILES, Column, Table
from dmil_core.data.validate import Issue
from dmil_core.errors import DataError
from dmil_core.io.reading import brief, json_value

_MEDIA: Final[Mapping[Literal["pictures", "sounds"], tuple[str, ...]]] = {
    "pictures": PICTURES, "sounds": SOUNDS,
}  # fmt: skip
_TEXTS: Final = (".txt", ".text", ".cls", ".cls2", ".id", ".index", ".inx", ".transcript")
_PICKLED: Final = (".pyd", ".pickle", ".pkl", ".pth", ".pt", ".ten", ".tb")
#: Files of text that a sample may have, in MiB; more is no label or caption.
_TEXT_MIB: Final = 1


def read_samples(
    members: Members, name: str, account: Account, limits: Limits, *, dotted: bool
) -> Table:
    """A row for each sample, a column for each ending of its files.

    Parameters
    ----------
    members : of an archive or a folder.
    name : of it, for messages.
    account : what is charged for labels, texts and numbers; pictures and sounds are charged for
        when they are decoded.
    dotted : whether an ending begins with the first dot of a name, as in WebDataset, or the last.

    Raises
    ------
    DataError
        If there is no file that could be a sample; a `BudgetError` if the account has no room.
    """
    paths = [p for p in members.sizes if not is_clutter(p)]
    outer = _outer(paths)
    samples: dict[str, dict[str, str]] = {}
    parted = {path: cut(path[len(outer) :], dotted) for path in paths}
    level = _level_of_kinds(parted.values())
    for path, (key, ending) in parted.items():
        if level is not None:
            parts = key.split("/")
            key = "/".join(parts[:level] + parts[level + 1 :])
        samples.setdefault(key, {}).setdefault(ending, path)
    samples, issues = _without_strangers(samples)
    if not samples:
        endings = ", ".join(sorted({PurePosixPath(p).suffix for p in paths})[:8]) or "nothing"
        raise DataError(
            f"{name} holds no samples: expected pictures, sounds or tables, got files ending in "
            f"{endings}. Pack the files of a sample under one name, such as 0001.png and 0001.wav."
        )
    keys = sorted(samples) if not dotted else list(samples)
    columns = _folders(keys)
    bases = [PurePosixPath(k).name for k in keys]
    names_of_rows = bases if len(set(bases)) == len(bases) else keys
    files = [samples[k] for k in keys]
    groups = columns_by_ending(files)
    return table_of(
        files, names_of_rows, groups, members, name, account, limits, list(columns.values()), issues
    )


def table_of(
    files: Sequence[Mapping[str, str]], keys: Sequence[str], groups: Mapping[str, Sequence[str]],
    members: Members, name: str, account: Account, limits: Limits, before: Sequence[Column] = (),
    issues: Sequence[Issue] = (),
) -> Table:  # fmt: skip
    """A row for each sample, a column for each ending that any of them has.

    Parameters
    ----------
    files : of each sample its files by ending.
    keys : of each sample.
    groups : column -> the endings that are in it.
    before : further columns, in front of the others.
    issues : what there is to be said already.

    Raises
    ------
    DataError
        As :func:`read_samples`.
    """
    most = max(1, min(limits.columns, limits.cells // max(1, len(files))))
    if len(groups) > most:
        raise DataError(
            f"{name}: the files have {len(groups):,} endings, expected at most {most:,}. Name the "
            "files of a sample alike up to the ending."
        )
    found = [*before, Column("key", _text(keys), OF_FILES)]
    said = list(issues)
    reading = _Reading(members, Files(members, limits), account, limits)
    for column, group in groups.items():
        chosen = [next((of[e] for e in group if e in of), "") for of in files]
        if not any(chosen):
            continue
        if without := [row for row, path in enumerate(chosen) if not path]:
            title = f"samples without a file {column!r}: {len(without):,} of {len(files):,}"
            said.append(note(title, "Add these files, or drop the samples.", without))
        found += reading.columns(column, group[0], chosen)
    names, renamed = usable_names([c.name for c in found], limits)
    named = {n: replace(c, name=n) for n, c in zip(names, found, strict=True)}
    return Table(named, (*said, *reading.issues, *renamed), reading.files, (name,))


def split_of(path: str) -> str:
    """train, val or test, if a folder or a word of the file name says so; else empty."""
    parts = PurePosixPath(path.lower()).parts
    for part in reversed(parts[:-1]):
        if split := split_word(part):
            return split
    words = re.split("[^a-z]+", parts[-1].partition(".")[0]) if parts else []
    found = {split_word(word) for word in words} - {""}
    return found.pop() if len(found) == 1 else ""


def _outer(paths: Sequence[str]) -> str:
    """The folders that all paths have in common, with a slash at the end; no split among them."""
    if not paths:
        return ""
    parts = [p.split("/")[:-1] for p in paths]
    shared = 0
    for level in zip(*parts, strict=False):
        if len(set(level)) > 1 or split_word(level[0]):
            break
        shared += 1
    # One class alone is no folder around everything; without any other its name is all there is.
    return "".join(f"{part}/" for part in parts[0][:shared])


def cut(path: str, dotted: bool) -> tuple[str, str]:
    """The key of a sample, with its folders, and the ending with its dot, in lower case."""
    folder, _, base = path.rpartition("/")
    stem, dot, ending = base.partition(".") if dotted else base.rpartition(".")
    if not stem:
        stem, dot, ending = base, "", ""
    return (f"{folder}/{stem}" if folder else stem), (dot + ending).lower()


def _level_of_kinds(cut: Iterable[tuple[str, str]]) -> int | None:
    """Which folder says of what kind a file is, as in ``images/7.png`` and ``sounds/7.wav``."""
    folders: dict[str, list[list[str]]] = {}
    for key, ending in cut:
        kind = _kind(ending)
        if kind != "other":
            folders.setdefault(kind, []).append(key.split("/")[:-1])
    depth = min((len(f) for each in folders.values() for f in each), default=0)
    for level in range(depth if len(folders) > 1 else 0):
        values = [{f[level] for f in each} for each in folders.values()]
        if all(len(v) == 1 for v in values) and len(set.union(*values)) == len(values):
            return level
    return None


def _without_strangers(
    samples: dict[str, dict[str, str]],
) -> tuple[dict[str, dict[str, str]], list[Issue]]:
    """Leave out files such as README.md: endings that fewer than a tenth of the samples have, where
    these have nothing else."""
    kept: dict[str, dict[str, str]] = {}
    strange: list[str] = []
    usual = usual_endings(Counter(map(tuple, samples.values())))
    for key, files in samples.items():
        if usual & files.keys():
            kept[key] = files
        else:
            strange += files.values()
    issues = []
    if kept and strange:
        shown = ", ".join(repr(PurePosixPath(p).name[:40]) for p in strange[:3])
        more = f" and {len(strange) - 3} more" if strange[3:] else ""
        title = f"files that belong to no sample: {shown}{more}, not used"
        issues.append(note(title, "Name them like the files of a sample if they are of one."))
    return kept, issues


def usual_endings(kinds: Mapping[tuple[str, ...], int]) -> set[str]:
    """The endings of files that make samples, given how many have which: of pictures and sounds,
    and others that are read and that a tenth of them has."""
    total = sum(kinds.values())
    counts: Counter[str] = Counter()
    for kind, count in kinds.items():
        counts.update(dict.fromkeys(kind, count))
    known = {e: _kind(e) for e in counts if _kind(e) != "other"}
    return {e for e, kind in known.items() if kind in _MEDIA or 10 * counts[e] >= total}


def _kind(ending: str) -> str:
    """What a file is by its ending, of which only the last part counts."""
    last = "." + ending.rpartition(".")[2]
    for kind, endings in _MEDIA.items():
        if last in endings:
            return kind
    if last in _TEXTS:
        return "text"
    if last in (".json", ".npy"):
        return last[1:]
    return "pickled" if last in _PICKLED else "other"


def columns_by_ending(samples: Collection[Collection[str]]) -> dict[str, list[str]]:
    """Column -> the endings that are in it. Endings of one kind that no sample has two of are one:
    some pictures are .png, others .jpg."""
    every = dict.fromkeys(e for files in samples for e in files)
    made: dict[str, list[str]] = {}
    for kind in ("pictures", "sounds"):
        of_kind = [e for e in every if _kind(e) == kind]
        alone = all(sum(e in files for e in of_kind) < 2 for files in samples)
        if len(of_kind) > 1 and alone:
            made[kind.removesuffix("s")] = of_kind
        else:
            made |= {e.lstrip("."): [e] for e in of_kind}
    grouped = {e for group in made.values() for e in group}
    return made | {e.lstrip(".") or "file": [e] for e in every if e not in grouped}


def _folders(keys: Sequence[str]) -> dict[str, Column]:
    """Split and label from the folders above samples, and further levels where there are some."""
    parts = [k.split("/")[:-1] for k in keys]
    depth = max(map(len, parts), default=0)
    levels = [[p[i] if i < len(p) else "" for p in parts] for i in range(depth)]
    # The innermost folder of each, however deep it is; a split is no class.
    innermost = [p[-1] if p and not split_word(p[-1]) else "" for p in parts]
    if innermost not in levels:
        levels.append(innermost)
    columns: dict[str, Column] = {}
    rest = []
    for level in levels:
        words = {v.lower() for v in level}
        if all(map(split_word, words)) and "split" not in columns:
            split = [split_word(v) for v in level]
            columns["split"] = Column("split", _text(split), "name of a folder")
        elif len(words) > 1:
            rest.append(level)
    # The folder that files lie in is their class.
    for i, level in enumerate(reversed(rest)):
        called = "label" if i == 0 else f"folder {len(rest) - i}"
        columns[called] = Column(called, _text(level), "name of a folder")
    return columns


def _text(cells: Sequence[str | None]) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array([c or None for c in cells], pa.string())])


class _Reading:
    """What the files of all samples with one ending become."""

    def __init__(self, members: Members, files: Files, account: Account, limits: Limits) -> None:
        self.files = files
        self.issues: list[Issue] = []
        self._members = members
        self._account = account
        self._limits = limits
        self._bytes = 0

    def columns(self, name: str, ending: str, paths: Sequence[str]) -> list[Column]:
        """The columns of the files with these paths, empty where a sample has none."""
        kind = _kind(ending)
        if kind == "pictures" or kind == "sounds":
            media: Literal["pictures", "sounds"] = "pictures" if kind == "pictures" else "sounds"
            return [Column(name, _text(paths), ending, media=media, files=self.files,
                           members=tuple(paths))]  # fmt: skip
        if kind == "pickled":
            why = "it holds pickled Python objects, which are never loaded. Store them as .npy."
            return [Column(name, _text(paths), ending, why)]
        if kind == "other":
            why = f"files ending in {ending or 'nothing'} are not read. Convert them."
            return [Column(name, _text(paths), ending, why)]
        contents = [self._content(p) if p else None for p in paths]
        if kind == "npy":
            return [_of_arrays(name, contents)]
        texts = [None if c is None else c.decode("utf-8", "replace").strip() for c in contents]
        if kind == "json":
            return _of_json(name, texts, self._limits)
        cells = _text(texts)
        return [Column(name, cells, "text", long_text(cells, self._limits))]

    def _content(self, path: str) -> bytes:
        most = _TEXT_MIB * MIB
        self._bytes += min(self._members.sizes[path], most)
        what = "Use fewer samples, or shorter texts and arrays."
        self._account.charge(TABLE, Cost(arrays=self._bytes), what)
        try:
            content = self._members.read(path, most)
        except Exception as error:  # zipfile raises whatever a damaged member leads it to
            raise DataError(f"{path[:80]} cannot be read: {brief(error)}. Pack it again.") from None
        if len(content) > most:
            raise DataError(
                f"{path[:80]} has more than {_TEXT_MIB} MiB, too much for a label, a text or the "
                "numbers of one sample. Make it smaller."
            )
        return content


def _of_arrays(name: str, contents: Sequence[bytes | None]) -> Column:
    """Members .npy as one array (N, ...), NaN where a sample has none."""
    arrays: list[NDArray[Any] | None] = []
    for content in contents:
        try:
            arrays.append(None if content is None else _npy(content))
        except Exception as error:  # the header is a Python literal, and may be any
            why = f"an array of it cannot be read ({brief(error)[:80]}). Save it by numpy.save."
            return Column(name, _text([None] * len(contents)), ".npy", why)
    shapes = {a.shape for a in arrays if a is not None}
    if len(shapes) > 1:
        low, high = min(shapes), max(shapes)
        why = f"its arrays have unequal shapes, such as {low} and {high}. Cut or pad them."
        return Column(name, _text([None] * len(contents)), ".npy", why)
    shape = shapes.pop()
    filled = [np.full(shape, np.nan) if a is None else a for a in arrays]
    return Column(name, np.stack(filled), f".npy {shape}")


def _npy(content: bytes) -> NDArray[Any]:
    """Real numbers of a small array; its size is compared before memory is taken."""
    stream = io.BytesIO(content)
    version = npy.read_magic(stream)
    read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}[version]
    shape, _, dtype = read(stream)
    if any(type(n) is not int or n < 0 for n in shape) or dtype.kind not in "biuf":
        raise ValueError(f"{dtype} of shape {shape}")
    if math.prod(shape) * dtype.itemsize != len(content) - stream.tell():
        raise ValueError("its size is not that of its header")
    stream.seek(0)
    array: NDArray[Any] = npy.read_array(stream, allow_pickle=False)
    return array


def _of_json(name: str, texts: Sequence[str | None], limits: Limits) -> list[Column]:
    """The fields of objects as columns, or the values themselves; numbers as text."""
    values: list[Any] = []
    for text in texts:
        try:
            values.append(None if not text else json_value(text))
        except (ValueError, RecursionError):
            why = "a text of it is no JSON. Correct it."
            return [Column(name, _text(texts), ".json", why)]
    fields = dict.fromkeys(k for v in values if isinstance(v, dict) for k in v)
    if not fields:
        return [_of_values(name, values, limits)]
    if len(fields) > limits.columns:
        why = f"its objects have {len(fields):,} fields, expected at most {limits.columns:,}."
        return [Column(name, _text(texts), ".json", why)]
    rows = [v if isinstance(v, dict) else {} for v in values]
    return [_of_values(f"{name}.{f}", [row.get(f) for row in rows], limits) for f in fields]


def _of_values(name: str, values: Sequence[Any], limits: Limits) -> Column:
    present = [v for v in values if v is not None]
    if present and all(isinstance(v, list) for v in present):
        try:
            full = np.array(present, dtype=np.float64)
        except (ValueError, TypeError, OverflowError):
            full = np.empty(0)
        if full.ndim > 1 and full.size:
            made = np.full((len(values), *full.shape[1:]), np.nan)
            made[[v is not None for v in values]] = full
            return Column(name, made, ".json")
    nested = any(isinstance(v, dict | list) for v in present)
    cells = _text([None if v is None else _cell(v)[: limits.cell_length + 1] for v in values])
    why = "it is nested. Store each part of it as a field of its own." if nested else ""
    return Column(name, cells, ".json", why or long_text(cells, limits))


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else str(value)
