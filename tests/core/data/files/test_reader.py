"""Small inputs that people really have, as the app and the command line read them.

Each replays a situation of a bug report or of ordinary use: what one column holds decides about
that column alone, and advice fits.
"""

from __future__ import annotations

import datetime as dt
import io
import struct
import wave
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pytest

from dmil_core.data.files.budget import Accountant, BudgetError, Cost
from dmil_core.data.files.limits import Limits
from dmil_core.data.files.reader import Named, ReadOptions, read_table
from dmil_core.data.files.table import Table
from dmil_core.errors import DataError
from tests.core.data.archives import packed, png, wav
from tests.core.data.files.made import cells, npy, npz, parquet, read, said, tarred

N: Final = 40
RNG: Final = np.random.default_rng(0)
SIDES: Final = {
    f"{side}_{i}": RNG.normal(size=N).round(3) for side in ("left", "right") for i in range(2)
}
LABELS: Final = ["a", "b"] * (N // 2)

Check = Callable[[Table], bool]


def text(separator: str = ",", decimal: str = ".", **columns: list[Any]) -> str:
    """A table of text: the sides, a label, and other columns."""
    table: dict[str, Any] = {**SIDES, "label": LABELS} | columns
    lines = [separator.join(table)]
    for row in zip(*table.values(), strict=True):
        lines.append(separator.join(
            f"{v}".replace(".", decimal) if isinstance(v, float) else f"{v}" for v in row
        ))  # fmt: skip
    return "\n".join(lines) + "\n"


def with_column(values: Any) -> bytes:
    return parquet({**SIDES, "label": LABELS, "c": values})


def arrays(**changed: Any) -> bytes:
    x = RNG.normal(size=(N, 8)).astype(np.float32)
    return npz(**({"x1": x, "x2": x, "y": np.arange(N) % 2} | changed))


def usable(name: str) -> Check:
    return lambda t: not t.columns[name].refusal


def refused(name: str, words: str) -> Check:
    """A column alone is refused, in these words."""
    return lambda t: (
        words in t.columns[name].refusal
        and not any(c.refusal for n, c in t.columns.items() if n != name)
    )


def same_as_plain(t: Table) -> bool:
    plain = read("t.csv", text())
    return all(cells(t.columns[n]) == cells(plain.columns[n]) for n in plain.columns)


PICTURES: Final = RNG.integers(0, 256, (N, 12, 12, 3), dtype=np.uint8)
RGBA: Final = np.concatenate([PICTURES, np.full((N, 12, 12, 1), 255, np.uint8)], axis=3)
ONE: Final = np.arange(N) % 2

#: Case -> name of the file, its content, what is to be seen, and words that are to be said.
CASES: Final[dict[str, tuple[str, bytes | str, Check, str]]] = {
    # --- one column decides about a whole file: not any more
    "pq-timestamp": ("t.parquet", with_column([dt.datetime(2026, 1, 1)] * N), usable("c"), ""),
    "pq-date": ("t.parquet", with_column([dt.date(2026, 1, 1)] * N), usable("c"), ""),
    "pq-null": ("t.parquet", with_column(pa.nulls(N)), refused("c", "holds no value"), ""),
    "pq-nested": ("t.parquet", with_column([{"a": 1, "b": "x"}] * N), refused("c", "nested"), ""),
    "pq-binary": ("t.parquet", with_column([png()] * N),
                  lambda t: t.columns["c"].media == "pictures", ""),
    "pq-binary-cut-off": ("t.parquet", with_column([b"\x89PNG"] * N),
                          lambda t: t.columns["c"].media == "pictures", ""),
    "pq-hf-image": ("t.parquet", with_column([{"bytes": png(), "path": "a.png"}] * N),
                    lambda t: t.columns["c"].media == "pictures", ""),
    "pq-hf-audio": ("t.parquet", with_column([{"bytes": wav(), "path": "a.wav"}] * N),
                    lambda t: t.columns["c"].media == "sounds", ""),
    "csv-long-text": ("t.csv", text(words=["w " * 1300] * N), refused("words", "2,600 char"), ""),
    "pq-decimal": ("t.parquet", with_column([Decimal("1.25")] * N),
                   lambda t: pa.types.is_decimal(t.columns["c"].data.type), ""),  # type: ignore[union-attr]
    "pq-string-view": ("t.parquet", with_column(pa.array(["a", "b"] * 20, pa.string_view())),
                       lambda t: cells(t.columns["c"]) == LABELS, ""),
    "pq-list": ("t.parquet", with_column([[1.0, 2.0, 3.0, 4.0]] * N),
                lambda t: t.columns["c"].data.shape == (N, 4), ""),  # type: ignore[union-attr]
    "pq-fixed-list": ("t.parquet",
                      with_column(pa.array([[1.0, 2.0]] * N, pa.list_(pa.float32(), 2))),
                      lambda t: t.columns["c"].data.shape == (N, 2), ""),  # type: ignore[union-attr]
    "pq-uint64": ("t.parquet", with_column(pa.array([2**60 + i for i in range(N)], pa.uint64())),
                  lambda t: cells(t.columns["c"]) == [2**60 + i for i in range(N)], ""),
    # --- advice that is wrong or for someone else
    "npz-chw": ("t.npz", arrays(x1=np.moveaxis(PICTURES, 3, 1)),
                lambda t: np.array_equal(t.columns["x1"].data, PICTURES), "PyTorch's order"),
    "npz-rgba": ("t.npz", arrays(x1=RGBA),
                 lambda t: np.array_equal(t.columns["x1"].data, PICTURES), "laid over white"),
    "npz-complex": ("t.npz", arrays(x1=np.ones((N, 8), np.complex64)),
                    refused("x1", "complex numbers (complex64)"), ""),
    "npz-y-column": ("t.npz", arrays(y=ONE[:, None]),
                     lambda t: cells(t.columns["y"]) == ONE.tolist(), "is read as (40,)"),
    "npz-y-onehot": ("t.npz", arrays(y=np.eye(2)[ONE]),
                     lambda t: cells(t.columns["y"]) == ONE.tolist(), "one-hot"),
    "npz-y-float": ("t.npz", arrays(y=ONE.astype(np.float32)),
                    lambda t: cells(t.columns["y"]) == ONE.tolist(), ""),
    "npz-y-bool": ("t.npz", arrays(y=ONE.astype(bool)), usable("y"), ""),
    "csv-pandas-index": ("t.csv", text(**{"label": LABELS}).replace("left_0", ",left_0", 1)
                         .replace("\n", "\n0,").removesuffix("0,"),
                         lambda t: next(iter(t.columns)) == "index" and same_as_plain(t),
                         "called 'index'"),
    "csv-excel-sep-line": ("t.csv", "sep=;\n" + text(";"), same_as_plain, ""),
    "csv-comment-line": ("t.csv", "# exported 2026-01-02 by device 7\n" + text(),
                         same_as_plain, ""),
    "csv-tsv-named-tsv": ("t.tsv", text("\t"), same_as_plain, ""),
    "csv-tsv-named-csv": ("t.csv", text("\t"), same_as_plain, ""),
    "csv-pipe": ("t.csv", text("|"), same_as_plain, ""),
    "csv-cp1252-semicolon-comma": (
        "t.csv", text(";", ",", label=["Köln", "Müller"] * 20).encode("cp1252"),
        lambda t: cells(t.columns["label"])[:2] == ["Köln", "Müller"], "Windows-1252"),
    # --- tables of text whose cells mean something: they stay as they are written
    "csv-1200-genes": ("t.csv", text(**{f"TP{i}": [0.5] * N for i in range(1200)}),
                       lambda t: len(t.columns) == 1205, ""),
    "csv-fold-numbers": ("t.csv", text(fold=list(range(10)) * 4), usable("fold"), ""),
    "csv-no-header": ("t.csv", text().split("\n", 1)[1], lambda t: t.rows == N,
                      "without a header"),
    "csv-decimal-comma": ("t.csv", text(";", ","),
                          lambda t: cells(t.columns["left_0"])[0] == f"{SIDES['left_0'][0]}"
                          .replace(".", ","), ""),
    "csv-thousands": ("t.csv", text(big=['"8,811.7"'] * N),
                      lambda t: cells(t.columns["big"])[0] == "8,811.7", ""),
    "csv-percent": ("t.csv", text(share=["19.5%"] * N),
                    lambda t: cells(t.columns["share"])[0] == "19.5%", ""),
    "csv-embedding-as-string": ("t.csv", text(emb=['"[0.1, -0.2]"'] * N),
                                lambda t: cells(t.columns["emb"])[0] == "[0.1, -0.2]", ""),
    "csv-label-float": ("t.csv", text(label=["0.0", "1.0"] * 20), usable("label"), ""),
    "csv-label-none-words": ("t.csv", text(label=["nan", "None"] * 20),
                             lambda t: cells(t.columns["label"])[:2] == ["nan", "None"], ""),
    "csv-na-words": ("t.csv", text(v=["NA", "", "-", "?"] * 10),
                     lambda t: cells(t.columns["v"])[:4] == ["NA", "", "-", "?"], ""),
    "num-units": ("t.csv", text(size=["2.5 cm"] * N),
                  lambda t: cells(t.columns["size"])[0] == "2.5 cm", ""),
    "num-space-thousands": ("t.csv", text(v=["3 000"] * N), usable("v"), ""),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("how", ["upload", "path"])
def test_what_people_have_is_read_and_what_was_changed_is_said(
    case: str, how: str, tmp_path: Path
) -> None:
    name, content, check, words = CASES[case]
    data = content.encode("utf-8") if isinstance(content, str) else content
    (tmp_path / name).write_bytes(data)
    table = read_table([Named(name, data) if how == "upload" else tmp_path / name])
    assert table.rows == N
    assert all(len(c) == N for c in table.columns.values())
    assert check(table)
    assert words in said(table)
    assert bool(table.issues) == bool(words)
    assert not [i for i in table.issues if i.severity == "error"]


# --- pictures and sounds that a table names ----------------------------------------------------


def float_wav(extensible: bool) -> bytes:
    """A second of 32-bit floating-point samples at 8000 Hz."""
    samples = (0.5 * np.sin(np.arange(4000) / 5)).astype("<f4").tobytes()
    header = struct.pack("<HHIIHH", 0xFFFE if extensible else 3, 1, 8000, 32000, 4, 32)
    if extensible:
        header += struct.pack("<HHIH14s", 22, 32, 4, 3, b"\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71")
    chunks = b"fmt " + struct.pack("<I", len(header)) + header
    chunks += b"data" + struct.pack("<I", len(samples)) + samples
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def stream_wav() -> bytes:
    """As a program writes it into a pipe: of unknown length."""
    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes((np.sin(np.arange(4000) / 5) * 9000).astype("<i2").tobytes())
    content = bytearray(stream.getvalue())
    content[4:8] = content[40:44] = b"\xff\xff\xff\xff"
    return bytes(content)


#: Case -> names in the table, and the members of the .zip; the pictures are of two colours.
NAMED: Final[dict[str, tuple[str, str]]] = {
    "as-they-are": ("p{i}.png", "p{i}.png"),
    "m-class-folders-prefix": ("data/{label}/{j}.png", "{label}/{j}.png"),
    "m-class-folders-zipped-in-folder": ("{label}/{j}.png", "mine/{label}/{j}.png"),
    "other-outer-folder": ("data/{label}/{j}.png", "mine/{label}/{j}.png"),
    "folders-in-the-table-alone": ("/data/images/p{i}.png", "p{i}.png"),
    "folders-of-windows": ("C:\\images\\{label}\\{j}.png", "{label}/{j}.png"),
    "dot-slash": ("./{label}//{j}.png", "{label}/{j}.png"),
    "m-no-ext": ("p{i}", "p{i}.png"),
    "m-url": ("https://example.org/p{i}.png?size=large", "p{i}.png"),
    "url-with-folders": ("https://example.org/{label}/{j}.png#top", "{label}/{j}.png"),
    "capitals": ("P{i}.PNG", "p{i}.png"),
    "letters-of-two-parts": ("bild-ä{i}.png", "bild-a\u0308{i}.png"),
    "spaces": (" p{i}.png ", "p{i}.png"),
}


@pytest.mark.parametrize("case", NAMED)
@pytest.mark.parametrize("how", ["zip", "folder", "tar"])
def test_files_are_found_by_the_ending_of_their_path(case: str, how: str, tmp_path: Path) -> None:
    wanted, stored = NAMED[case]
    places = [{"i": i, "j": i // 2, "label": LABELS[i]} for i in range(N)]
    colours = [(6 * i, 0, 0) for i in range(N)]
    members = {stored.format(**p): png(8, 6, c) for p, c in zip(places, colours, strict=True)}
    names = [wanted.format(**p) for p in places]
    table = [Named("t.csv", text(picture=names).encode())]
    sources: list[Any] = [*table, Named("m.zip", packed(members))]
    if how == "tar":
        sources = [*table, Named("m.tar", tarred(members))]
    if how == "folder":
        for name, content in members.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(content)
        sources = [*table, tmp_path]
    read_ = read_table(sources)
    assert read_.files is not None
    made = read_.files.decode(cells(read_.columns["picture"]), "pictures")
    assert not made.issues
    assert [p.reshape(-1, 3)[:, 0].max() for p in made.values] == [6 * i for i in range(N)]


def test_a_file_of_another_folder_does_not_stand_in_for_one_that_is_missing() -> None:
    members = {"even/1.png": png(), "even/2.png": png(), "odd/2.png": png()}
    table = read_table([
        Named("t.csv", b"picture,label\neven/1.png,a\nodd/1.png,b\neven/2.png,a\n2.png,b\n"),
        Named("m.zip", packed(members)),
    ])  # fmt: skip
    assert table.files is not None
    (issue,) = table.files.decode(cells(table.columns["picture"]), "pictures").issues
    assert issue.rows == (1, 3)


@pytest.mark.parametrize(
    ("case", "content"),
    [("m-float32", float_wav(False)), ("m-float-ext", float_wav(True)),
     ("m-stream-size", stream_wav())],
    ids=["m-float32", "m-float-ext", "m-stream-size"],
)  # fmt: skip
def test_every_wav_that_programs_write_is_one(case: str, content: bytes) -> None:
    table = read_table([
        Named("t.csv", b"sound,label\ns.wav,a\ns.wav,b\n"),
        Named("m.zip", packed({"s.wav": content})),
    ])  # fmt: skip
    assert table.files is not None
    made = table.files.decode(cells(table.columns["sound"]), "sounds")
    assert not made.issues
    assert len(made.media["wave"]) == 8000
    bytes_ = read("t.parquet", parquet({"s": [content] * 4, "label": list("abab")})).columns["s"]
    assert bytes_.media == "sounds"


def test_single_pictures_beside_a_table_are_its_files() -> None:
    sources = [Named("t.csv", text(picture=[f"p{i % 2}.png" for i in range(N)]).encode())]
    sources += [Named(f"p{i}.png", png()) for i in range(2)]
    table = read_table(sources)
    assert table.files is not None
    assert len(table.files) == 2


# --- what is not read --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("t.xlsx", packed({"xl/workbook.xml": b"<x/>", "[Content_Types].xml": b""}),
         r"a spreadsheet \(.xlsx\).*Save its table as CSV UTF-8"),
        ("t.csv", packed({"xl/workbook.xml": b"<x/>"}), "a spreadsheet"),
        ("t.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), "an old spreadsheet"),
        ("m.pt", packed({"m/data.pkl": b"", "m/data/0": b""}), "PyTorch, which is never unpickled"),
        ("t.pkl", b"\x80\x04\x95", "a pickle, which is never loaded"),
        ("t.h5", b"\x89HDF\r\n\x1a\n" + bytes(9), "HDF5"),
        ("t.mat", b"MATLAB 5.0 MAT-file" + bytes(9), "MATLAB"),
        ("t.json", b'[{"a": 1}]', "is JSON.*to_parquet"),
        ("t.pdf", b"%PDF-1.7" + bytes(9), "a PDF"),
        ("t.7z", b"7z\xbc\xaf\x27\x1c" + bytes(9), r"a .7z archive.*Pack the files as .zip"),
        ("t.bin", bytes(range(256)), "none of the files that are read"),
        ("t.zip", packed({}), "no samples"),
        ("t.zip", packed({"x.csv": png()}), "no table, though it is named like one"),
        ("t.zip", packed({"x.png": png()})[:-30], "damaged"),
        ("t.csv.gz", b"\x1f\x8b\x08\0junk", "damaged"),
        (".DS_Store", b"x", "hold nothing that is read"),
        ("t.csv", b"", "is empty"),
    ],
    ids=range(17),
)  # fmt: skip
def test_what_is_not_read_is_named_with_a_way_on(name: str, content: bytes, words: str) -> None:
    with pytest.raises(DataError, match=words):
        read(name, content)


def test_paths_that_are_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such file"):
        read_table([tmp_path / "none.csv"])
    with pytest.raises(DataError, match="No file was given"):
        read_table([])
    with pytest.raises(DataError, match="no samples"):
        read_table([tmp_path])
    link = tmp_path / "zero.csv"
    link.symlink_to("/dev/zero")
    with pytest.raises(DataError, match="a device, expected an ordinary file"):
        read_table([link])


def test_files_are_measured_together_before_and_charged_for() -> None:
    one = Named("a.csv", text(id=list(range(N))).encode())
    with pytest.raises(DataError, match="MiB, expected at most 0"):
        read_table([one], limits=Limits(upload_mib=0))
    accountant = Accountant(Cost(files=10**6, arrays=10**6))
    table = read_table([one], account=accountant.account("a"))
    assert accountant.charged.files == len(one.content)
    size = sum(c.data.nbytes for c in table.columns.values())
    assert accountant.charged.arrays == size
    both = [one, Named("b.csv", text(id=list(range(N))).encode())]
    accountant = Accountant(Cost(files=10**6, arrays=3 * size // 2))
    with pytest.raises(BudgetError, match="one upload may have"):
        read_table(both, account=accountant.account("a"))


def test_the_columns_can_be_told_where_they_are_guessed() -> None:
    with pytest.raises(DataError, match="single column"):
        read("t.csv", "a:b\n1:2\n")
    table = read("t.csv", "a:b\n1:2\n", separator=":")
    assert cells(table.columns["b"]) == ["2"]
    array = npy(RNG.normal(size=(5, 4, 7)))
    first = read_table([Named("x1.npy", array)], options=ReadOptions(channels="first"))
    assert first.columns["x1"].data.shape == (5, 7, 4)  # type: ignore[union-attr]
