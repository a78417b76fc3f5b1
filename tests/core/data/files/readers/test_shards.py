"""Shards of WebDataset: read as one .tar in memory is, a few samples at a time."""

from __future__ import annotations

import io
import json
import pickle
import tarfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from dmil_core.cli import main
from dmil_core.data.files import stream as rows_in
from dmil_core.data.files.load import Request
from dmil_core.data.files.readers import shards
from dmil_core.data.files.stream import FitRows, NewRows, batches, opened
from dmil_core.errors import DataError
from dmil_core.io.tables import read_table

N = 300


def npy(values: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, values)
    return stream.getvalue()


def png(level: int) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.full((8, 8, 3), level, np.uint8)).save(stream, "png")
    return stream.getvalue()


def sample(i: int) -> dict[str, bytes]:
    """A picture, numbers, a class and what else a shard may have."""
    rng = np.random.default_rng(i)
    y = i % 3
    return {
        "png": png(60 * y + int(rng.integers(0, 50))),
        "npy": npy((rng.standard_normal(4) + y).astype(np.float32)),
        "cls": str(y).encode(),
        "json": json.dumps({"height": float(rng.standard_normal())}).encode(),
    }


def packed(path: Path, samples: Mapping[str, Mapping[str, bytes]]) -> Path:
    with tarfile.open(path, "w") as archive:
        for key, files in samples.items():
            for ending, content in files.items():
                entry = tarfile.TarInfo(f"{key}.{ending}")
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three shards of a hundred samples; a file that is of none is among them."""
    folder = tmp_path_factory.mktemp("shards")
    for k in range(3):
        samples = {f"{i:05d}": sample(i) for i in range(100 * k, 100 * k + 100)}
        packed(folder / f"{k}.tar", {"README": {"md": b"of birds"}, **samples})
    return folder


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of at most 80 samples, batches of 30."""
    monkeypatch.setattr(shards, "PART_ROWS", 80)
    monkeypatch.setattr(rows_in, "BATCH_ROWS", 30)


SAID = ["--input", "picture=png", "--input", "numbers=npy", "--label", "cls", "--id", "key"]


@pytest.mark.usefixtures("small")
def test_predictions_of_shards_are_those_of_one_archive(folder: Path, tmp_path: Path) -> None:
    whole = packed(tmp_path / "all.tar", {f"{i:05d}": sample(i) for i in range(N)})
    train = ["train", "--data", str(whole), *SAID, "--paradigm", "joint", "--epochs-scale", "0.02"]
    assert main([*train, "--out", str(tmp_path / "run"), "--quiet"]) == 0
    command = ["decompose", "--checkpoint", str(tmp_path / "run"), *SAID]
    out = tmp_path / "parts"
    assert main([*command, "--data", str(folder), "--out", str(out)]) == 0
    files = sorted(out.glob("part-*.parquet"))
    assert len(files) == 6
    found = pd.concat(map(read_table, files), ignore_index=True)
    table = tmp_path / "all.parquet"
    assert main([*command, "--data", str(whole), "--out", str(table)]) == 0
    expected = read_table(table).drop(columns="split")
    pd.testing.assert_frame_equal(
        found.drop(columns="split"), expected, check_exact=False, atol=1e-6, rtol=1e-5
    )
    kept = files[0].stat().st_mtime_ns
    files[4].unlink()
    assert main([*command, "--data", str(folder), "--out", str(out)]) == 0
    assert files[0].stat().st_mtime_ns == kept
    assert read_table(files[4])["id"].tolist() == [f"{i:05d}" for i in range(200, 279)]


@pytest.mark.usefixtures("small")
def test_all_batches_have_the_columns_of_the_fit(folder: Path) -> None:
    """Fields of JSON and numbers; a field that no sample of a batch has is missing there."""
    source = opened(folder)
    assert source.rows == N
    assert [p.rows for p in source.parts] == 3 * [79, 21]  # and the file that is of none
    request = Request((folder,), ("a=npy", "b=json.height"), label="cls", id="key")
    fit = FitRows(source, request, 200, 0)
    assert len(fit.dataset) == 200
    new = NewRows(source, request, fit.dataset.card)
    read = [new.dataset(b, "x", 0) for part in source.parts for b in batches(part, 30)]
    assert [i for d in read for i in d.ids.tolist()] == [f"{i:05d}" for i in range(N)]
    place = {i: k for k, i in enumerate(fit.dataset.ids.tolist())}
    for dataset in read:
        for row, name in enumerate(dataset.ids.tolist()):
            if name in place:
                np.testing.assert_array_equal(dataset.x1[row], fit.dataset.x1[place[name]])


def test_nothing_is_unpickled_and_it_is_said_what_to_do(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (Path.touch, (str(tmp_path / "exploded"),))

    samples = {f"{i}": sample(i) | {"pyd": pickle.dumps(Bomb())} for i in range(40)}
    source = opened(packed(tmp_path / "a.tar", samples))
    request = Request((tmp_path / "a.tar",), ("a=pyd", "b=npy"), label="cls")
    with pytest.raises(DataError, match=r"pickled Python objects, which are never loaded"):
        FitRows(source, request, 200, 0)
    fit = FitRows(source, Request((tmp_path / "a.tar",), ("a=png", "b=npy"), label="cls"), 200, 0)
    assert len(fit.dataset) == 40
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize(
    ("kind", "name", "words"),
    [
        (tarfile.SYMTYPE, "1.png", "has a link, '1.png'"),
        (tarfile.LNKTYPE, "1.png", "has a link, '1.png'"),
        (tarfile.FIFOTYPE, "1.png", "has a pipe"),
        (tarfile.REGTYPE, "../1.png", "points out of it"),
        (tarfile.REGTYPE, "/etc/1.png", "points out of it"),
    ],
)
def test_links_devices_and_names_that_lead_out_are_refused(
    tmp_path: Path, kind: bytes, name: str, words: str
) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        entry = tarfile.TarInfo(name)
        entry.type, entry.linkname = kind, "/etc/passwd"
        archive.addfile(entry)
    with pytest.raises(DataError, match=words):
        opened(tmp_path / "a.tar")


def test_what_is_no_shard_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(b"no" * 4000)
    with pytest.raises(DataError, match=r"not a complete \.tar file"):
        opened(tmp_path / "a.tar")
    with pytest.raises(DataError, match="holds no samples"):
        opened(packed(tmp_path / "b.tar", {"a": {"mp4": b"film"}}))
    good = packed(tmp_path / "c.tar", {f"{i}": sample(i) for i in range(40)})
    good.write_bytes(good.read_bytes()[:60_000])
    with pytest.raises(DataError, match=r"ends within|not a complete \.tar file"):
        opened(good)
