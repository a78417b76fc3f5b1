"""Columns of every type that Parquet and Arrow files have: used, or refused alone."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from dmil_core.data.files.budget import Accountant, BudgetError, Cost
from dmil_core.data.files.limits import DEFAULT, Limits
from dmil_core.data.files.media import Files
from dmil_core.data.files.members import GivenMembers
from dmil_core.data.files.reader import Named, read_table
from dmil_core.errors import DataError
from tests.core.data.archives import png, wav
from tests.core.data.files.made import arrow, cells, parquet, read, said

N = 6
OTHERS = {"a": [0.5] * N, "label": list("xyxyxy")}


def column(values: Any, **how: Any) -> Any:
    """A column as it is read; the file's other columns are always fine."""
    table = read("t.parquet", parquet(OTHERS | {"c": values}, **how))
    assert not table.columns["a"].refusal
    assert cells(table.columns["label"]) == OTHERS["label"]
    assert len(table.columns["c"]) == table.rows == N
    return table.columns["c"]


#: Type as stored -> values, and what the cells are.
PLAIN: dict[str, tuple[Any, list[Any]]] = {
    "int8": (pa.array(range(N), pa.int8()), list(range(N))),
    "uint64-beyond-2^53": (pa.array([2**53 + 1 + i for i in range(N)], pa.uint64()),
                           [2**53 + 1 + i for i in range(N)]),
    "uint64-beyond-2^63": (pa.array([2**64 - 1 - i for i in range(N)], pa.uint64()),
                           [2**64 - 1 - i for i in range(N)]),
    "int-with-missing": (pa.array([1, None, 3, 4, 5, 6]), [1, None, 3, 4, 5, 6]),
    "bool": (pa.array([True, False, None] * 2), [True, False, None] * 2),
    "string-view": (pa.array(list("abcdef"), pa.string_view()), list("abcdef")),
    "large-string": (pa.array(list("abcdef"), pa.large_string()), list("abcdef")),
    "dictionary": (pa.array(list("aabbaa")).dictionary_encode(), list("aabbaa")),
    "dictionary-of-numbers": (pa.array([1, 1, 2, 2, 1, 1]).dictionary_encode(), [1, 1, 2, 2, 1, 1]),
    "text-with-missing": (pa.array(["a", None] * 3), ["a", None] * 3),
    "bytes-that-are-text": (pa.array([f"wört{i}".encode() for i in range(N)]),
                            [f"wört{i}" for i in range(N)]),
}  # fmt: skip


@pytest.mark.parametrize("kind", PLAIN)
def test_cells_are_exactly_those_of_the_file(kind: str) -> None:
    stored, expected = PLAIN[kind]
    read_column = column(stored)
    assert not read_column.refusal
    assert cells(read_column) == expected


@pytest.mark.parametrize(
    "kind", [pa.decimal128(9, 2), pa.decimal256(40, 2), pa.decimal32(5, 2), pa.decimal64(9, 2)]
)
def test_decimals_are_numbers(kind: pa.DataType) -> None:
    values = [Decimal("1.25"), Decimal("-3.50"), None, Decimal("0.00"), Decimal("9.99"), None]
    read_column = column(pa.array(values, kind))
    assert not read_column.refusal
    assert read_column.data.cast(pa.float64()).to_pylist() == [1.25, -3.5, None, 0, 9.99, None]


@pytest.mark.parametrize(
    "values",
    [
        pa.array([dt.date(2026, 1, i + 1) for i in range(N)]),
        pa.array([dt.datetime(2026, 1, 1, i) for i in range(N)], pa.timestamp("us")),
        pa.array([dt.datetime(2026, 1, 1, i) for i in range(N)], pa.timestamp("ns", "Europe/Rome")),
        pa.array([dt.time(i) for i in range(N)]),
        pa.array([dt.timedelta(i) for i in range(N)]),
    ],
    ids=["date", "timestamp", "timestamp-zone", "time", "duration"],
)
def test_dates_and_times_are_read_as_such(values: Any) -> None:
    read_column = column(values)
    assert pa.types.is_temporal(read_column.data.type)
    assert cells(read_column) == values.to_pylist()


VECTORS = [[0.5 * i, 1.0, -float(i)] for i in range(N)]


@pytest.mark.parametrize(
    "kind",
    [pa.list_(pa.float64()), pa.list_(pa.float32()), pa.large_list(pa.float32()),
     pa.list_(pa.float32(), 3), pa.list_(pa.decimal128(5, 2))],
    ids=str,
)  # fmt: skip
def test_lists_of_equal_lengths_are_vectors(kind: pa.DataType) -> None:
    values = VECTORS
    if pa.types.is_decimal(kind.value_type):
        values = [[Decimal(str(v)) for v in row] for row in VECTORS]
    read_column = column(pa.array(values, kind))
    assert not read_column.refusal
    np.testing.assert_allclose(read_column.data, VECTORS)


def test_a_missing_list_is_nan_and_lists_of_lists_are_moments_of_numbers() -> None:
    read_column = column(pa.array([None, *VECTORS[1:]]))
    assert np.isnan(read_column.data[0]).all()
    np.testing.assert_allclose(read_column.data[1:], VECTORS[1:])
    nested = np.arange(N * 4 * 3, dtype=np.float32).reshape(N, 4, 3)
    np.testing.assert_array_equal(column(pa.array(nested.tolist())).data, nested)
    whole = column(pa.array([[i, 2, 3] for i in range(N)], pa.list_(pa.int64())))
    assert whole.data.dtype.kind == "i"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (pa.nulls(N), "holds no value in any row"),
        (pa.array([{"a": 1, "b": "x"}] * N), "nested"),
        (pa.array([[("k", 1)]] * N, pa.map_(pa.string(), pa.int64())), "nested"),
        (pa.array([["tag", "other"]] * N), "lists of text"),
        (pa.array([[1.0], [1.0, 2.0]] * 3), "lists of 1 to 2 numbers, expected one length"),
        (pa.array([[]] * N, pa.list_(pa.float64())), "its lists are empty"),
        (pa.array([None] * N, pa.list_(pa.float64())), "no value in any row"),
        (pa.array([[[1.0], None]] * N), "missing"),
        (pa.array([[{"a": 1}]] * N), "nested|lists of struct"),
        (pa.array([bytes([i, 0, 255]) for i in range(N)]), "neither pictures, sounds nor text"),
        (pa.array([bytes([i, 0]) for i in range(N)], pa.binary(2)), "neither pictures"),
        (pa.array(["x" * 2501, *"abcde"]), "2,501 characters"),
        (pa.array(["x" * 2501] * N).dictionary_encode(), "2,501 characters"),
    ],
    ids=range(13),
)
def test_a_column_that_cannot_be_used_is_refused_alone(values: Any, words: str) -> None:
    assert re.search(words, column(values).refusal)


# --- pictures and sounds -----------------------------------------------------------------------

PNGS = [png(8, 6, (40 * i, 0, 255 - 40 * i)) for i in range(N)]
WAVS = [wav(0.1 + 0.02 * i) for i in range(N)]


def decoded(read_column: Any) -> Any:
    assert not read_column.refusal
    return read_column.files.decode(read_column.members, read_column.media)


@pytest.mark.parametrize("media", ["pictures", "sounds"])
@pytest.mark.parametrize("how", ["binary", "large", "view", "struct", "dictionary", "struct-nan"])
def test_bytes_in_cells_are_what_they_are_as_files(media: str, how: str) -> None:
    contents = PNGS if media == "pictures" else WAVS
    struct = [{"bytes": c, "path": f"f{i}"} for i, c in enumerate(contents)]
    stored: dict[str, Any] = {
        "binary": pa.array(contents),
        "large": pa.array(contents, pa.large_binary()),
        "view": pa.array(contents, pa.binary_view()),
        "dictionary": pa.array(contents).dictionary_encode(),
        "struct": pa.array(struct),
        "struct-nan": pa.array([{"bytes": c, "path": None} for c in contents]),
    }
    read_column = column(stored[how])
    assert read_column.media == media
    made = decoded(read_column)
    assert not made.issues
    names = [f"{i}" for i in range(N)]
    same = Files(GivenMembers(dict(zip(names, contents, strict=True)))).decode(names, media)
    np.testing.assert_array_equal(made.values, same.values)
    for key, raw in same.media.items():
        np.testing.assert_array_equal(made.media[key], raw)


def test_rows_without_a_picture_and_damaged_ones_are_named() -> None:
    contents = [PNGS[0], None, PNGS[2], PNGS[3][:30], b"", PNGS[5]]
    made = decoded(column(pa.array(contents)))
    assert {(i.title.split(":")[0], i.rows) for i in made.issues} == {
        ("rows without pictures", (1, 4)), ("not readable as pictures", (3,)),
    }  # fmt: skip


def test_a_picture_that_is_in_every_row_is_decoded_once_and_charged_once() -> None:
    read_column = column(pa.array([png(1000, 1000)] * N))
    account = Accountant(Cost(pixels=1_500_000, arrays=10**8)).account("a")
    read_column.files.decode(read_column.members, "pictures", DEFAULT, account)
    different = column(pa.array([png(1000, 1000, (i, 0, 0)) for i in range(N)]))
    with pytest.raises(BudgetError, match="6 million pixels"):
        different.files.decode(different.members, "pictures", DEFAULT, account)


def test_paths_without_bytes_are_names_of_files() -> None:
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    read_column = column(pa.array([{"bytes": None, "path": f"p{i}.png"} for i in range(N)], kind))
    assert cells(read_column) == [f"p{i}.png" for i in range(N)]


def test_class_names_of_hugging_face_stand_in_for_numbers() -> None:
    features = {"label": {"names": ["no", "yes"], "_type": "ClassLabel"}, "c": {"_type": "Value"}}
    meta = {"huggingface": json.dumps({"info": {"features": features}})}
    table = pa.table({"label": [0, 1, 1, -1, 0, 7], "c": range(N), "d": range(N)})
    read_ = read("t.parquet", parquet(table.replace_schema_metadata(meta)))
    assert cells(read_.columns["label"]) == ["no", "yes", "yes", None, "no", None]
    assert read_.columns["label"].storage == "classes"
    odd = table.replace_schema_metadata({"huggingface": b"[[["})
    assert cells(read("t.parquet", parquet(odd)).columns["label"]) == [0, 1, 1, -1, 0, 7]


# --- files -------------------------------------------------------------------------------------


def test_the_index_of_pandas_and_numbers_as_names_are_names() -> None:
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]}, index=["r1", "r2"])
    stream = io.BytesIO()
    frame.to_parquet(stream)
    table = read("t.parquet", stream.getvalue())
    assert list(table.columns) == ["a", "b", "column 3"]
    assert cells(table.columns["column 3"]) == ["r1", "r2"]


@pytest.mark.parametrize("compression", ["snappy", "gzip", "zstd", "lz4", "brotli", "none"])
def test_parquet_is_known_by_its_content_in_any_compression(compression: str) -> None:
    content = parquet(OTHERS, compression=compression)
    for name in ("t.parquet", "t.csv", "t.pq"):
        assert cells(read(name, content).columns["label"]) == OTHERS["label"]


def test_many_row_groups_are_one_table() -> None:
    table = pa.table({"i": range(1000), "t": [f"t{i % 7}" for i in range(1000)],
                      "v": [[float(i), 1.0] for i in range(1000)]})  # fmt: skip
    read_ = read("t.parquet", parquet(table, row_group_size=17))
    assert cells(read_.columns["i"]) == list(range(1000))
    assert cells(read_.columns["t"]) == table.column("t").to_pylist()
    np.testing.assert_array_equal(read_.columns["v"].data[:, 0], np.arange(1000))


@pytest.mark.parametrize("nested", [False, True])
def test_bytes_stored_once_and_meant_many_times_do_not_fill_the_memory(nested: bool) -> None:
    """100 MiB from 20 kB: as a dictionary it stays small, in a struct it is refused."""
    big = bytes(range(256)) * 4096
    cells_ = [{"bytes": big, "path": "p"}] * 100 if nested else [big] * 100
    content = parquet(pa.table({"c": cells_, "label": ["a"] * 100}), compression="zstd")
    assert len(content) < 100_000
    limits = Limits(unpacked_mib=50, arrays_mib=50)
    if nested:
        with pytest.raises(DataError, match="50"):
            read_table([Named("t.parquet", content)], limits=limits)
    else:
        table = read_table([Named("t.parquet", content)], limits=limits)
        assert table.columns["c"].data.nbytes < 10 * len(big)


def test_a_text_stored_once_and_meant_many_times_stays_a_dictionary() -> None:
    content = parquet(pa.table({"c": ["x" * 1500, "y" * 1500] * 20_000, "label": ["a"] * 40_000}))
    table = read("t.parquet", content)
    assert table.columns["c"].data.nbytes < 2**20
    assert not table.columns["c"].refusal


def test_too_large_and_damaged_files_are_refused() -> None:
    content = parquet(pa.table({f"c{i}": [1.0] * 100 for i in range(30)}))
    with pytest.raises(DataError, match="30 columns"):
        read_table([Named("t.parquet", content)], limits=Limits(columns=8))
    with pytest.raises(DataError, match="Choose a part of it yourself"):
        read_table([Named("t.parquet", content)], limits=Limits(rows=20))
    with pytest.raises(DataError, match="damaged: not a Parquet file"):
        read("t.parquet", content[:-200])
    with pytest.raises(DataError, match="has no rows"):
        read("t.parquet", parquet({"a": pa.array([], pa.int64()), "b": pa.array([], pa.string())}))


# --- arrow files -------------------------------------------------------------------------------


@pytest.mark.parametrize("file", [False, True])
def test_arrow_files_and_streams_are_read_and_compressed_ones_refused(file: bool) -> None:
    table = pa.table(OTHERS | {"v": VECTORS})
    read_ = read("t.arrow", arrow(table, file=file))
    assert cells(read_.columns["label"]) == OTHERS["label"]
    np.testing.assert_allclose(read_.columns["v"].data, VECTORS)
    for compression in ("lz4", "zstd"):
        with pytest.raises(DataError, match="compressed buffers"):
            read("t.feather", arrow(table, compression, file))


def test_names_that_come_twice_are_told_apart() -> None:
    table = pa.table([[1, 2], [3, 4], ["a", "b"]], names=["x", "x", "label"])
    read_ = read("t.arrow", arrow(table))
    assert cells(read_.columns["x"]) == [1, 2]
    assert cells(read_.columns["x (2)"]) == [3, 4]
    assert "once more" in said(read_)
