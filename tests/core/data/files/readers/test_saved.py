"""Folders that Hugging Face's `datasets` saves, written as it does, and by itself where it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from dmil_core.data.files.limits import Limits
from dmil_core.data.files.load import OWN
from dmil_core.data.files.reader import Named, read_table
from dmil_core.data.files.table import Table
from dmil_core.errors import DataError
from tests.core.data.archives import packed, png
from tests.core.data.files.made import arrow, cells, tarred

N = 12
FEATURES = {
    "image": {"_type": "Image"},
    "emb": {"feature": {"dtype": "float32", "_type": "Value"}, "length": 2, "_type": "List"},
    "label": {"names": ["no", "yes"], "_type": "ClassLabel"},
    "id": {"dtype": "int64", "_type": "Value"},
}


def rows(numbers: range) -> pa.Table:
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    images = [{"bytes": png(8, 6, (20 * i, 0, 255)), "path": f"{i}.png"} for i in numbers]
    return pa.table(
        {
            "image": pa.array(images, kind),
            "emb": pa.array([[i, 0.5] for i in numbers], pa.list_(pa.float32(), 2)),
            "label": pa.array([i % 2 for i in numbers], pa.int64()),
            "id": pa.array([2**53 + 1 + i for i in numbers], pa.int64()),
        }
    )


def saved(numbers: range = range(N), shards: int = 1, folder: str = "") -> dict[str, bytes]:
    """The files of one split."""
    step = len(numbers) // shards
    names = [f"data-{s:05d}-of-{shards:05d}.arrow" for s in range(shards)]
    files = {
        f"{folder}{n}": arrow(rows(numbers[s * step : (s + 1) * step])) for s, n in enumerate(names)
    }
    state = {"_data_files": [{"filename": n} for n in names], "_fingerprint": "0", "_split": None}
    return files | {
        f"{folder}state.json": json.dumps(state).encode(),
        f"{folder}dataset_info.json": json.dumps({"features": FEATURES}).encode(),
    }


def splits() -> dict[str, bytes]:
    parts = {"train": range(0, 8), "validation": range(8, 10), "test": range(10, N)}
    files = {"dataset_dict.json": json.dumps({"splits": list(parts)}).encode()}
    for name, numbers in parts.items():
        files |= saved(numbers, folder=f"{name}/")
    return files


def check_rows(table: Table) -> None:
    assert table.rows == N
    assert cells(table.columns["id"]) == [2**53 + 1 + i for i in range(N)]
    assert cells(table.columns["label"]) == ["no", "yes"] * 6
    np.testing.assert_array_equal(table.columns["emb"].data[:, 0], range(N))
    column = table.columns["image"]
    assert column.files is not None
    made = column.files.decode(column.members, column.media)
    assert [p.reshape(-1, 3)[:, 0].max() for p in made.values] == [20 * i for i in range(N)]


def written(files: dict[str, bytes], tmp_path: Path) -> Path:
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    return tmp_path


@pytest.mark.parametrize("shards", [1, 3])
def test_a_saved_folder_is_a_table_with_class_names(tmp_path: Path, shards: int) -> None:
    table = read_table([written(saved(shards=shards), tmp_path / "mine")])
    check_rows(table)
    assert "split" not in table.columns


@pytest.mark.parametrize("how", ["folder", "zip", "tar", "browser"])
def test_splits_are_a_column_however_the_folder_comes(tmp_path: Path, how: str) -> None:
    files = splits()
    within = {f"mine/{n}": c for n, c in files.items()}
    sources: dict[str, Any] = {
        "folder": [written(files, tmp_path / "mine")],
        "zip": [Named("m.zip", packed(within))],
        "tar": [Named("m.tar", tarred(within))],
        "browser": [Named(n, c) for n, c in within.items()],
    }
    table = read_table(sources[how])
    check_rows(table)
    assert cells(table.columns["split"]) == ["train"] * 8 + ["val"] * 2 + ["test"] * 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"data-00000-of-00001.arrow": None}, "has no 'data-00000-of-00001.arrow'"),
        ({"state.json": b'{"_data_files": [{"filename": "../../secret"}]}'}, "has no '../../s"),
        ({"state.json": b"{}"}, "_data_files. is missing"),
        ({"state.json": b'{"_data_files": 3}'}, "is int, expected list"),
        ({"state.json": b'{"_data_files": []}'}, "no files of data"),
        ({"dataset_info.json": b"[" * 9000}, "damaged"),
        ({"data-00000-of-00001.arrow": b"\xff\xff\xff\xff\x10\0\0\0junk"}, "damaged"),
        ({"data-00000-of-00001.arrow": arrow(rows(range(N)), "zstd")}, "compressed buffers"),
    ],
    ids=range(8),
)  # fmt: skip
def test_a_folder_that_is_not_whole_is_refused_in_words(
    change: dict[str, bytes | None], words: str
) -> None:
    files = {n: c for n, c in {**saved(), **change}.items() if c is not None}
    with pytest.raises(DataError, match=words):
        read_table([Named("m.zip", packed(files))])


def test_a_folder_beyond_the_limits_is_refused() -> None:
    with pytest.raises(DataError, match="Choose a part of it yourself"):
        read_table([Named("m.zip", packed(saved()))], limits=Limits(rows=4))


def test_a_folder_of_ones_own_is_read_within_the_limits_of_the_command_line(
    tmp_path: Path,
) -> None:
    """These allow more than there is memory, of which only as much is taken as a file has."""
    check_rows(read_table([written(saved(), tmp_path / "mine")], limits=OWN))


def test_what_datasets_itself_writes_is_read(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    features = datasets.Features(
        {
            "image": datasets.Image(),
            "emb": datasets.Sequence(datasets.Value("float32"), length=2),
            "grid": datasets.Array2D((2, 3), "float32"),
            "label": datasets.ClassLabel(names=["no", "yes"]), "id": datasets.Value("int64"),
        }
    )  # fmt: skip
    grids = np.arange(N * 6, dtype=np.float32).reshape(N, 2, 3)
    whole = datasets.Dataset.from_dict(
        {**rows(range(N)).to_pydict(), "grid": grids.tolist()}, features=features
    )
    whole.save_to_disk(tmp_path / "one", num_shards=2)
    whole.to_parquet(tmp_path / "one.parquet")
    parts = {"train": range(0, 8), "validation": range(8, 10), "test": range(10, N)}
    several = datasets.DatasetDict({name: whole.select(list(r)) for name, r in parts.items()})
    several.save_to_disk(tmp_path / "several")
    for place in ("one", "one.parquet", "several"):
        table = read_table([tmp_path / place])
        check_rows(table)
        np.testing.assert_array_equal(table.columns["grid"].data, grids)
    assert cells(table.columns["split"]) == ["train"] * 8 + ["val"] * 2 + ["test"] * 2
