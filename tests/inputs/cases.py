"""Files as people have them, small and made in memory, and what a user has to see of each.

Every case replays the situation of a bug report or of ordinary use. The command line and the page
of an upload are held to the same table: ``tests/core/data/files/test_cases.py`` and
``tests/dashboard/services/test_cases.py``.
"""

from __future__ import annotations

import csv as csv_module
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image

from dmil_core.data.dataset import Dataset
from dmil_core.data.validate import Issue
from tests.core.data.archives import encoded, packed
from tests.core.data.files import made

Files = dict[str, bytes]
Columns = dict[str, Sequence[Any]]


@dataclass(frozen=True)
class Case:
    """One input, and how it has to end.

    Attributes
    ----------
    files : makes the files, by name.
    rows : of the files; 0 where it does not matter.
    inputs : name -> kind and number of columns.
    unused : column -> a part of the reason.
    says : a part of each issue but that about unused columns: there is no other issue.
    error : a part of the error that stands in the way of a training; "" for none.
    refused : a part of the error where the files cannot be read at all.
    offers : what can be done about the issues: option and value of each button.
    asks : columns that name files which are not there -> the kind that they would be on the page,
        which asks for them; the command line leaves them out and says so.
    chosen : what a user says: label, id, split, group or input -> column or columns.
    repairs : what a user chooses of the offers.
    reading : how a user says that the files are read.
    holds : looks at the set that is made.
    on_page : what is otherwise on the page, where uploads have limits.
    """

    name: str
    files: Callable[[], Files]
    rows: int = 40
    inputs: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    label: str = "label"
    classes: tuple[str, ...] = ("a", "b")
    id: str = ""
    split: str = ""
    group: str = ""
    unused: Mapping[str, str] = field(default_factory=dict)
    says: tuple[str, ...] = ()
    error: str = ""
    refused: str = ""
    offers: tuple[tuple[str, Any], ...] = ()
    asks: Mapping[str, str] = field(default_factory=dict)
    chosen: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    repairs: Mapping[str, Any] = field(default_factory=dict)
    reading: Mapping[str, Any] = field(default_factory=dict)
    holds: Callable[[Dataset], None] | None = None
    on_page: Mapping[str, Any] = field(default_factory=dict)

    def matches(self, issues: Sequence[Issue]) -> None:
        """Whether these are the issues, each said once and nothing else."""
        told = [f"{i.severity}: {i.title}" for i in issues]
        left = list(told)
        expected = [*self.says, *([self.error] if self.error else [])]
        if self.unused and not self.asks:
            verb = "is" if len(self.unused) == 1 else "are"
            expected.append(f"{len(self.unused):,} of ")
            note = next((t for t in told if f"columns {verb} not used: " in t), "")
            for column, why in self.unused.items():
                assert f"{column!r}" in note or " more column" in note, (column, told)
                assert why in note, (why, told)
        for part in expected:
            found = next((t for t in left if part in t), None)
            assert found is not None, (part, told)
            left.remove(found)
        assert not left, left


# --- tables ------------------------------------------------------------------------------------

N = 40
_RNG = np.random.default_rng(7)
_NOISE = _RNG.normal(size=(12, 400)).round(3)
LEFT_RIGHT = {"left": ("vector", 2), "right": ("vector", 2)}


def sides(rows: int = N, **more: Sequence[Any]) -> Columns:
    """Two groups of two columns of noise, and whatever else."""
    names = ("left_0", "left_1", "right_0", "right_1")
    made: Columns = {n: _NOISE[i, :rows].tolist() for i, n in enumerate(names)}
    return made | {"label": ab(rows)} | more


def ab(rows: int = N) -> list[str]:
    return ["ab"[i % 2] for i in range(rows)]


def face(rows: int = 48, **more: Sequence[Any]) -> Columns:
    """One group of columns of noise, whatever else, and a mood."""
    made: Columns = {f"face_{i}": _NOISE[4 + i, :rows].tolist() for i in range(2)}
    return made | more | {"label": mood(rows)}


def mood(rows: int = 48) -> list[str]:
    return ["calm" if i % 3 else "angry" for i in range(rows)]


def text(columns: Columns, separator: str = ",", header: bool = True) -> str:
    """A table of text, cells in quotation marks where they hold the separator."""
    stream = io.StringIO()
    writer = csv_module.writer(stream, delimiter=separator, lineterminator="\n")
    if header:
        writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return stream.getvalue()


def table(columns: Columns, separator: str = ",", name: str = "t.csv", **how: Any) -> Files:
    return {name: text(columns, separator, **how).encode("utf-8")}


def comma(values: Sequence[float]) -> list[str]:
    """Numbers with a decimal comma."""
    return [str(v).replace(".", ",") for v in values]


# --- files -------------------------------------------------------------------------------------


def parquet(columns: Mapping[str, Any]) -> Files:
    """A Parquet file of columns as Arrow stores them."""
    import pyarrow as pa

    return {"t.parquet": made.parquet(pa.table(dict(columns)))}


def arrays(**values: Any) -> Files:
    return {"t.npz": made.npz(**values)}


def media(
    picture: Callable[[int], bytes], sound: Callable[[int], bytes], rows: int = 36,
    name: str = "p{i}.png", heard: str = "s{i}.wav", at: str = "{name}", said: str = "{name}",
    heard_as: str = "{name}",
) -> Files:  # fmt: skip
    """A table with names of pictures and sounds, and a .zip with them.

    Parameters
    ----------
    name, heard : of the files.
    at : where they lie in the .zip.
    said, heard_as : what the table says of a picture and of a sound: {name}, {stem} or {i}.
    """
    members, lines = {}, []
    for i in range(rows):
        kind = ["even", "odd"][i % 2]
        names = [n.format(i=i, half=f"{i // 2:04}", kind=kind) for n in (name, heard)]
        members[at.format(name=names[0])] = picture(i)
        members[at.format(name=names[1])] = sound(i)
        told = (
            template.format(name=n, stem=n.rpartition(".")[0], i=i)
            for template, n in zip((said, heard_as), names, strict=True)
        )
        lines.append((*told, kind))
    pictures, sounds, kinds = zip(*lines, strict=True)
    columns: Columns = {"picture": pictures, "sound": sounds, "label": kinds}
    return table(columns) | {"m.zip": packed(members)}


def pixels(i: int) -> np.ndarray[Any, Any]:
    """(12, 12, 3) of one picture, no two alike."""
    return np.random.default_rng(i).integers(0, 255, (12, 12, 3), dtype=np.uint8)


def image(array: np.ndarray[Any, Any] | Image.Image, format: str = "PNG", **how: Any) -> bytes:
    stream = io.BytesIO()
    one = array if isinstance(array, Image.Image) else Image.fromarray(array)
    one.save(stream, format, **how)
    return stream.getvalue()


def photo(i: int) -> bytes:
    return image(pixels(i))


def wave(i: int, seconds: float = 0.1) -> np.ndarray[Any, Any]:
    """A tone of its own pitch, full scale 1."""
    return 0.5 * np.sin(2 * np.pi * (200 + 40 * i) * np.arange(int(seconds * 8000)) / 8000)


def tone(i: int) -> bytes:
    return encoded(wave(i), "WAV", "PCM_16", 8000)


def endless(i: int) -> bytes:
    """A WAV file of a stream, whose header does not know how long it is."""
    whole = bytearray(tone(i))
    whole[4:8] = whole[40:44] = b"\xff\xff\xff\xff"
    return bytes(whole)


# --- what a set has to hold --------------------------------------------------------------------


def same(m: int, place: int, values: Sequence[float]) -> Callable[[Dataset], None]:
    """The column at a place of an input is these numbers."""

    def look(dataset: Dataset) -> None:
        np.testing.assert_allclose(dataset.x(m)[:, place], values, rtol=1e-5)

    return look


def differ(*inputs: int) -> Callable[[Dataset], None]:
    """No two rows of these inputs are alike."""

    def look(dataset: Dataset) -> None:
        for m in inputs:
            rows = dataset.x(m).reshape(len(dataset), -1)
            assert len(np.unique(rows, axis=0)) == len(dataset)

    return look


def shapes(*each: tuple[int, ...]) -> Callable[[Dataset], None]:
    """Rows of the inputs are of these shapes."""

    def look(dataset: Dataset) -> None:
        assert [x.shape[1:] for x in dataset.inputs] == list(each)

    return look


def ids(*first: str) -> Callable[[Dataset], None]:
    """The first ids are these."""

    def look(dataset: Dataset) -> None:
        assert dataset.ids[: len(first)].tolist() == list(first)

    return look
