"""Columns and rows of a Parquet file are those that a whole reading finds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dmil_core.errors import DataError
from dmil_core.io import columns
from dmil_core.io.columns import ParquetTable, Words, words_of
from dmil_core.io.parquet import form

N = 1000


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "id": [f"s{i}" for i in rng.permutation(N)],
            "composition": rng.choice(["R", "S", None], N),
            "y": rng.choice(["cat", "dog", "émeu"], N),
            "p": rng.random(N, dtype=np.float32),
            "q": rng.random(N),
            "correct": rng.random(N) < 0.5,
        }
    )


@pytest.fixture
def file(frame: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ParquetTable:
    monkeypatch.setattr(columns, "_BATCH", 64)
    table = pa.Table.from_pandas(frame, preserve_index=False)
    pq.write_table(table, tmp_path / "t.parquet", row_group_size=170, **form(table.schema, level=1))
    return ParquetTable(tmp_path / "t.parquet")


def test_every_column_is_the_file_s(file: ParquetTable, frame: pd.DataFrame) -> None:
    assert (file.rows, len(file.names)) == frame.shape
    for name in ("p", "q", "correct"):
        np.testing.assert_array_equal(file.numbers(name), frame[name])
        assert file.numbers(name).dtype == frame[name].dtype
    assert file.words("y").texts().tolist() == frame["y"].tolist()
    assert file.texts("id").to_pylist() == frame["id"].tolist()
    for rows, values in file.blocks(["q", "p"]):
        np.testing.assert_array_equal(values, frame[["q", "p"]].to_numpy()[rows])


def test_columns_of_earlier_versions_have_today_s_names(
    file: ParquetTable, frame: pd.DataFrame
) -> None:
    assert "composition" not in file.names
    types = file.words("interaction_type")
    assert not types.complete
    known = frame["composition"].astype(object).where(frame["composition"].notna(), None)
    assert types.texts().tolist() == known.tolist()
    assert types.counts() == frame["composition"].value_counts().to_dict()


def test_rows_are_taken_in_the_order_asked_for(file: ParquetTable, frame: pd.DataFrame) -> None:
    at = np.array([999, 3, 171, 170, 3])
    assert file.take(at)["id"].tolist() == frame["id"].iloc[at].tolist()
    assert file.take(at, ["p"])["p"].tolist() == frame["p"].iloc[at].tolist()
    assert file.take(at[:0]).empty


def test_some_rows_are_spread_over_the_file(file: ParquetTable, frame: pd.DataFrame) -> None:
    few = file.some(["id"], 10)["id"].tolist()
    assert 4 * 150 <= len(few) < N
    assert few[0] == frame["id"].iloc[0]
    assert few[-1] == frame["id"].iloc[-1]
    assert file.some(["id"], N)["id"].tolist() == frame["id"].tolist()


def test_more_rows_than_fit_are_refused(
    file: ParquetTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(columns, "MAX_CELLS", 100)
    with pytest.raises(DataError, match="expected at most 100 cells"):
        file.take(np.arange(17))


def test_a_damaged_page_is_an_error_in_words(file: ParquetTable) -> None:
    content = bytearray(file.path.read_bytes())
    content[40:400] = bytes(360)
    file.path.write_bytes(content)
    with pytest.raises(DataError, match="again"):
        file.texts("id")


def test_words_are_compared_with_names_and_with_other_words() -> None:
    words = words_of(pd.Series(["a", "b", None, "a"]))
    assert words.equal("a").tolist() == [True, False, False, True]
    assert not words.equal("c").any()
    assert words.among(["b", "a"]).tolist() == [1, 0, -1, 1]
    assert words.take(np.array([1, 2])).texts().tolist() == ["b", None]
    assert Words(words.codes[:0], words.names).complete
