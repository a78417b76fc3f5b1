"""Tables come back as they were written, whole, or with an error that says so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dmil_core.errors import ConfigError, DataError
from dmil_core.io.tables import read_table, table_metadata, write_table

#: Names that a reader of CSV likes to turn into something else.
ODD_NAMES = ["7", "007", "NA", "nan", "null", "", "True", "1e5", "a,b", 'say "so"', "two\nlines"]


def table(names: list[str]) -> pd.DataFrame:
    n = len(names)
    return pd.DataFrame(
        {
            "id": [f"0{i}" for i in range(n)],
            "split": ["test"] * n,
            "y": names,
            "pred": names[::-1],
            "correct": [i % 2 == 0 for i in range(n)],
            "interaction_type": ["U1"] * n,
            "pred_x1": names,
            "pred_R": names,
            "p_7": np.linspace(0, 1, n, dtype=np.float32),
            "logit_7": np.linspace(-3e-7, 12345.678, n, dtype=np.float32),
        }
    )


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_a_table_reads_back_as_it_was(tmp_path: Path, suffix: str) -> None:
    path, wanted = tmp_path / f"t{suffix}", table(ODD_NAMES)
    write_table(wanted, path)
    result = read_table(path)
    pd.testing.assert_frame_equal(result, wanted, check_dtype=False, rtol=1e-6)
    assert result["correct"].dtype == bool
    for column in ("id", "y", "pred", "pred_x1", "pred_R"):
        assert result[column].map(type).eq(str).all()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\0")), min_size=1))
@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_any_class_name_survives(tmp_path: Path, names: list[str], suffix: str) -> None:
    write_table(table(names), tmp_path / f"t{suffix}")
    assert read_table(tmp_path / f"t{suffix}")["y"].tolist() == names


def test_missing_numbers_stay_missing(tmp_path: Path) -> None:
    wanted = table(["a", "b"]).assign(p_7=[np.nan, 0.5])
    for suffix in (".parquet", ".csv"):
        write_table(wanted, tmp_path / f"t{suffix}")
        result = read_table(tmp_path / f"t{suffix}")["p_7"]
        assert np.isnan(result[0])
        assert result[1] == 0.5


def test_metadata_travels_with_parquet(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    metadata = {"method": "umap", "rows": 3, "trustworthiness": {"Z": 0.75}}
    write_table(table(["a"]), path, metadata)
    assert table_metadata(path) == metadata
    table(["a"]).to_parquet(path)
    assert table_metadata(path) == {}


@pytest.mark.parametrize("name", ["t.txt", "t", "t.npz", "t.csv.gz"])
def test_an_ending_we_cannot_write_is_refused_before_work(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=r"expected a file ending in \.parquet or \.csv"):
        write_table(table(["a"]), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("predictions", "`dmil decompose`"),
        ("projection", "`dmil project`"),
        ("information", "`dmil information`"),
        ("other", "the command that writes it"),
    ],
)
def test_a_table_that_is_not_there_says_how_to_make_it(
    tmp_path: Path, name: str, command: str
) -> None:
    with pytest.raises(DataError, match=f"does not exist; run {command} to make it"):
        read_table(tmp_path / f"{name}.parquet")


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_a_fault_while_writing_leaves_the_old_table(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"t{suffix}"
    write_table(table(["a"]), path)
    before = path.read_bytes()

    class Unwritable:
        def __str__(self) -> str:
            raise RuntimeError("the disk is on fire")

    broken = pd.DataFrame({"id": ["1"] * 5000 + [Unwritable()]})
    with pytest.raises(Exception, match=r"fire|Unwritable"):
        write_table(broken, path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_truncated_table_is_called_damaged(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    write_table(table(ODD_NAMES), path, {"a": 1})
    whole = path.read_bytes()
    for keep in range(0, len(whole), 97):
        path.write_bytes(whole[:keep])
        with pytest.raises(DataError, match="is damaged"):
            read_table(path)
        with pytest.raises(DataError, match="is damaged"):
            table_metadata(path)
    path.with_suffix(".csv").write_bytes(b"")
    with pytest.raises(DataError, match="is damaged"):
        read_table(path.with_suffix(".csv"))
    path.with_suffix(".csv").write_bytes(b"\xff\xfe\x00id,y\n\xff")
    with pytest.raises(DataError, match="is damaged"):
        read_table(path.with_suffix(".csv"))


def test_a_changed_byte_is_called_damaged(tmp_path: Path) -> None:
    """Nearly always: pages have checksums, the names in the footer have none."""
    path = tmp_path / "t.parquet"
    write_table(table(ODD_NAMES), path, {"a": 1})
    whole, wanted, unseen = path.read_bytes(), read_table(path), 0
    positions = range(0, len(whole), 5)
    for position in positions:
        corrupted = bytearray(whole)
        corrupted[position] ^= 0x41
        path.write_bytes(corrupted)
        try:
            table_metadata(path)
            unseen += not read_table(path).equals(wanted)
        except DataError:
            continue
    assert unseen < 0.03 * len(positions)


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_the_column_composition_of_earlier_versions_is_the_interaction_type(
    tmp_path: Path, suffix: str
) -> None:
    old = table(["a", "b"]).rename(columns={"interaction_type": "composition"})
    write_table(old, tmp_path / f"old{suffix}")
    result = read_table(tmp_path / f"old{suffix}")
    assert result["interaction_type"].tolist() == ["U1", "U1"]
    assert "composition" not in result
