"""Sets larger than memory: the same numbers, classes and splits as in memory, shuffled on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dmil_core.data.files import shuffled, stream
from dmil_core.data.files.load import Request, load_dataset_of
from dmil_core.data.files.repairs import Repairs
from dmil_core.data.files.shuffled import StreamedSet, mixed, prepare
from dmil_core.errors import ConfigError, DataError

N = 900
INPUTS = ("bill=bill_*", "body=body_*")


def birds(rows: int = N, seed: int = 0) -> pd.DataFrame:
    """Numbers, a category, names, labels and a split; sorted by label, as files often are."""
    rng = np.random.default_rng(seed)
    y = np.sort(rng.integers(0, 3, rows))
    return pd.DataFrame(
        {
            "name": [f"bird-{seed}-{i}" for i in range(rows)],
            "bill_length": y + rng.standard_normal(rows),
            "bill_depth": rng.standard_normal(rows),
            "body_mass": 1e4 + y - rng.standard_normal(rows),
            "body_sex": np.array(["female", "male"])[rng.integers(0, 2, rows)],
            "species": np.array(["auk", "gull", "tern"])[y],
            "split": rng.choice(["train", "val", "test"], rows, p=[0.7, 0.1, 0.2]),
        }
    )


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of at most 200 rows, batches of 70, files of about 150 rows, a sample of a few."""
    monkeypatch.setattr(stream, "PART_ROWS", 200)
    monkeypatch.setattr(shuffled, "BATCH_ROWS", 70)
    monkeypatch.setattr(shuffled, "SHARD_ROWS", 150)
    monkeypatch.setattr(shuffled, "_ROWS_OF_EACH", 20)


def write(frame: pd.DataFrame, path: Path, group: int = 100) -> Path:
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), path, row_group_size=group)
    return path


def made(frame: pd.DataFrame, folder: Path, **said: Any) -> StreamedSet:
    path = write(frame, folder / "rows.parquet")
    request = Request((path,), **{"inputs": INPUTS, "label": "species", **said})
    return prepare(stream.opened(path), request, folder / "shuffled")


def whole(rows: StreamedSet, split: str) -> dict[str, np.ndarray]:
    """All shuffled rows of a split."""
    parts = [rows.read(split, k, 0, n) for k, n in enumerate(rows.shards[split])]  # type: ignore[arg-type]
    return {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}


def test_numbers_classes_and_splits_are_those_of_the_set_in_memory(tmp_path: Path) -> None:
    frame = birds()
    rows = made(frame, tmp_path)
    path = tmp_path / "rows.parquet"
    memory = load_dataset_of(Request((path,), inputs=INPUTS, label="species"))
    assert rows.classes == memory.classes == ("auk", "gull", "tern")
    assert [m.columns for m in rows.card.modalities] == [m.columns for m in memory.card.modalities]
    assert rows.card.counts == {s: len(memory.rows(s)) for s in ("train", "val", "test")}
    batches = list(rows.batches())
    for name in ("x1", "x2", "y", "ids", "split"):
        streamed_ = np.concatenate([getattr(b, name) for b in batches])
        np.testing.assert_array_equal(streamed_, getattr(memory, name))
    train = memory.rows("train")
    for x, (mean, std) in zip(memory.inputs, rows.statistics, strict=True):
        np.testing.assert_allclose(mean, x[train].mean(axis=0, dtype=float), rtol=1e-12)
        np.testing.assert_allclose(std, x[train].std(axis=0, dtype=float), rtol=1e-9)


def test_every_training_and_validation_row_is_in_the_files_once_and_no_test_row(
    tmp_path: Path,
) -> None:
    frame = birds()
    rows = made(frame, tmp_path)
    assert len(rows.shards["train"]) > 2
    for split in ("train", "val"):
        expected = frame[frame["split"] == split]["bill_length"].to_numpy(np.float32)
        got = whole(rows, split)["x1"][:, 0]
        assert sorted(got) == sorted(expected)
        assert list(got) != list(expected)


def test_what_comes_last_in_the_source_is_known(tmp_path: Path) -> None:
    """A class, a word and a missing cell that no part begins with."""
    frame = birds()
    frame.loc[N - 30 :, "species"] = "skua"
    frame.loc[N - 3, ["body_sex", "split"]] = ["unknown", "train"]
    frame.loc[N - 2, ["bill_depth", "split"]] = [np.nan, "train"]
    rows = made(frame, tmp_path, repairs=Repairs(missing="mean"))
    assert rows.classes == ("auk", "gull", "skua", "tern")
    columns = {c.name: c for m in rows.card.modalities for c in m.columns if not c.was_missing}
    assert columns["body_sex"].categories == ("female", "male", "unknown")
    assert columns["bill_depth"].fill is not None
    assert np.isfinite(whole(rows, "train")["x1"]).all()
    assert len(rows) == N


def test_rows_without_a_class_or_with_a_missing_number_are_left_out(tmp_path: Path) -> None:
    frame = birds()
    frame.loc[5, "species"] = None
    frame.loc[[7, 8], "bill_depth"] = np.nan
    rows = made(frame, tmp_path, repairs=Repairs(missing="drop"))
    ids = np.concatenate([b.ids for b in rows.batches()])
    assert set(frame["name"]) - set(ids) == {"bird-0-5", "bird-0-7", "bird-0-8"}
    assert len(rows) == N - 3


def test_without_a_split_a_row_is_split_by_its_own_name(tmp_path: Path) -> None:
    frame = birds().drop(columns="split")
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    rows = made(frame, tmp_path / "a")
    shares = np.asarray([rows.card.counts[s] for s in ("train", "val", "test")]) / N
    np.testing.assert_allclose(shares, [0.7, 0.1, 0.2], atol=0.05)
    # Other rows, in another order: those that stay are where they were.
    other = pd.concat([birds(300, seed=1).drop(columns="split"), frame[::-1]])
    again = made(other, tmp_path / "b")

    def split_of(set_: StreamedSet) -> dict[str, str]:
        return {i: s for b in set_.batches() for i, s in zip(b.ids, b.split, strict=True)}

    before, after = split_of(rows), split_of(again)
    assert {name: after[name] for name in before} == before


def test_groups_stay_whole(tmp_path: Path) -> None:
    frame = birds().drop(columns="split").assign(person=[f"p{i % 90}" for i in range(N)])
    rows = made(frame, tmp_path, group="person")
    person = dict(zip(frame["name"], frame["person"], strict=True))
    found: dict[str, set[str]] = {}
    for batch in rows.batches():
        for name, split in zip(batch.ids, batch.split, strict=True):
            found.setdefault(person[name], set()).add(split)
    assert all(len(splits) == 1 for splits in found.values())
    assert set().union(*found.values()) == {"train", "val", "test"}


def test_a_split_without_val_gives_an_eighth_of_train(tmp_path: Path) -> None:
    frame = birds()
    frame["split"] = frame["split"].replace("val", "train")
    rows = made(frame, tmp_path)
    train = int((frame["split"] == "train").sum())
    assert rows.card.counts["train"] + rows.card.counts["val"] == train
    assert rows.card.counts["val"] == pytest.approx(train / 8, rel=0.3)
    (tmp_path / "again").mkdir()
    with pytest.raises(DataError, match="has no val rows"):
        made(frame, tmp_path / "again", repairs=Repairs(val="error"))


def test_lists_of_numbers_are_an_input(tmp_path: Path) -> None:
    frame = birds()
    values = np.random.default_rng(0).standard_normal((N, 5)).astype(np.float32)
    frame["embedding"] = list(values)
    rows = made(frame, tmp_path, inputs=("bill=bill_*", "e=embedding"))
    np.testing.assert_array_equal(np.concatenate([b.x2 for b in rows.batches()]), values)


def test_rows_that_are_shuffled_already_are_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = made(birds(), tmp_path)
    monkeypatch.setattr(shuffled, "_shuffled", lambda *_: pytest.fail("it was shuffled again"))
    again = made(birds(), tmp_path)
    assert (again.digest, again.card, again.shards) == (rows.digest, rows.card, rows.shards)
    with pytest.raises(pytest.fail.Exception):
        made(birds(seed=3), tmp_path)


@pytest.mark.parametrize(
    ("change", "said", "error", "words"),
    [
        ({"note": [f"a bird that was seen at {i} today" for i in range(N)]},
         {"inputs": ("a=bill_*", "b=note")}, ConfigError,
         "is of kind text; with --stream expected columns of numbers"),
        ({}, {"repairs": Repairs(missing="keep")}, ConfigError, "needs all rows in memory"),
        ({"split": ["train"] * (N - 9) + ["spring"] * 9}, {"split": "split"}, DataError,
         "the split 'split' has 'spring'"),
        ({"split": ["train"] * (N - 9) + ["val"] * 9}, {}, DataError, "have no val row"),
        ({"species": ["auk", "auk", "gull", "gull"] * (N // 4 - 1) + ["tern"] * 4,
          "split": ["train", "val"] * (N // 2 - 2) + ["test"] * 4}, {}, DataError,
         "the class 'tern' has no training rows"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_named(
    tmp_path: Path, change: dict[str, Any], said: dict[str, Any], error: type, words: str
) -> None:
    with pytest.raises(error, match=words):
        made(birds().assign(**change), tmp_path, **said)


def test_tables_that_are_joined_and_archives_are_no_matter_of_streaming(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder of two tables of different columns, and a .tar that holds anything."""
    folder = tmp_path / "tables"
    folder.mkdir()
    write(birds()[["name", "bill_depth"]], folder / "a.parquet")
    write(birds()[["name", "species"]], folder / "b.parquet")
    assert shuffled.fits_into_memory(folder)
    (tmp_path / "pictures.tar").write_bytes(b"no shard")
    assert shuffled.fits_into_memory(tmp_path / "pictures.tar")
    monkeypatch.setattr(shuffled, "MAX_BYTES", 100)
    assert not shuffled.fits_into_memory(write(birds(), tmp_path / "rows.parquet"))


def test_hashes_of_other_seeds_are_unrelated() -> None:
    keys = pd.util.hash_array(np.arange(4000).astype(str).astype(object), categorize=False)
    a, b = (mixed(keys, seed) % np.uint64(3) for seed in (1, 2))
    table = pd.crosstab(a, b).to_numpy()
    assert abs(table / 4000 - 1 / 9).max() < 0.02
