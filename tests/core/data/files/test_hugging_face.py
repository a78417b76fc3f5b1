"""``avdigits`` as Hugging Face's `datasets` writes it is the same set as the shipped one.

What `datasets` writes is also written here with pyarrow alone, so that its layout is read where it
is not installed.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.real_sets import hugging_face
from benchmarks.real_sets.hugging_face import clip, png, rows_of, wav
from dmil_core.data.catalog import load_dataset
from dmil_core.data.dataset import Dataset
from dmil_core.data.files.load import Request, load, load_dataset_of
from dmil_core.data.subset import keep_rows
from dmil_core.training.run import plan
from tests.core.data.archives import packed
from tests.core.data.files.made import arrow

#: Rows of the set where pictures and sounds are decoded; every split has all ten digits in them.
FEW = 300


@pytest.fixture(scope="module")
def shipped() -> Dataset:
    return load_dataset("avdigits")


@pytest.fixture(scope="module")
def few(shipped: Dataset) -> Dataset:
    made = keep_rows(shipped, np.arange(FEW), "few")
    assert all(len(set(made.y[made.rows(s)])) == 10 for s in ("train", "val", "test"))
    return made


def of_arrays(dataset: Dataset) -> pa.Table:
    """Features Array2D: lists of lists, and what they are in the footer."""
    x1, x2 = dataset.inputs
    kinds = (pa.list_(pa.list_(pa.uint8())), pa.list_(pa.list_(pa.float32())))
    columns = {
        "image": pa.array(x1.tolist(), kinds[0]),
        "speech": pa.array(x2.tolist(), kinds[1]),
        **rows_of(dataset),
    }
    about = {
        "image": {"shape": [8, 8], "dtype": "uint8", "_type": "Array2D"},
        "speech": {"shape": [24, 24], "dtype": "float32", "_type": "Array2D"},
    }
    return described(pa.table(columns), about, dataset)


def of_media(dataset: Dataset) -> pa.Table:
    """Features Image and Audio: struct<bytes, path>."""
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    count = range(len(dataset))
    pictures = [{"bytes": png(dataset.x1[i]), "path": f"{i}.png"} for i in count]
    sounds = [{"bytes": wav(*clip(dataset, i)), "path": f"{i}.wav"} for i in count]
    columns = {
        "image": pa.array(pictures, kind), "speech": pa.array(sounds, kind), **rows_of(dataset),
    }  # fmt: skip
    about = {"image": {"_type": "Image"}, "speech": {"sampling_rate": 8000, "_type": "Audio"}}
    return described(pa.table(columns), about, dataset)


def described(table: pa.Table, inputs: dict[str, Any], dataset: Dataset) -> pa.Table:
    features = inputs | {
        "id": {"dtype": "string", "_type": "Value"},
        "label": {"names": list(dataset.classes), "_type": "ClassLabel"},
        "split": {"dtype": "string", "_type": "Value"},
    }
    info = {"info": {"features": features}}
    return table.replace_schema_metadata({"huggingface": json.dumps(info)})


def parquet(table: pa.Table, folder: Path) -> Path:
    pq.write_table(table, folder / "set.parquet")
    return folder / "set.parquet"


def saved(table: pa.Table, folder: Path) -> Path:
    """As save_to_disk writes it."""
    place = folder / "set"
    place.mkdir()
    features = json.loads(table.schema.metadata[b"huggingface"])["info"]["features"]
    state = {"_data_files": [{"filename": "data-00000-of-00001.arrow"}], "_split": None}
    (place / "state.json").write_text(json.dumps(state))
    (place / "dataset_info.json").write_text(json.dumps({"features": features}))
    (place / "data-00000-of-00001.arrow").write_bytes(arrow(table))
    return place


Write = Callable[[Dataset, Path], Path]
#: How the set of a form is written: by pyarrow, and by `datasets` itself.
ARRAYS: dict[str, Write] = {
    "Parquet": lambda d, folder: parquet(of_arrays(d), folder),
    "save_to_disk": lambda d, folder: saved(of_arrays(d), folder),
}
MEDIA: dict[str, Write] = {
    "Parquet": lambda d, folder: parquet(of_media(d), folder),
    "save_to_disk": lambda d, folder: saved(of_media(d), folder),
}


def by_itself(make: Callable[[Dataset], Any], how: str) -> Write:
    def write(dataset: Dataset, folder: Path) -> Path:
        pytest.importorskip("datasets")
        made = make(dataset)
        if how == "Parquet":
            made.to_parquet(folder / "set.parquet")
            return folder / "set.parquet"
        made.save_to_disk(folder / "set", num_shards=2)
        return folder / "set"

    return write


for _how in ("Parquet", "save_to_disk"):
    ARRAYS[f"{_how} of datasets"] = by_itself(hugging_face.as_arrays, _how)
    MEDIA[f"{_how} of datasets"] = by_itself(hugging_face.as_media, _how)


@pytest.mark.parametrize("how", ARRAYS)
def test_arrays_are_the_shipped_set_with_its_digest(
    how: str, shipped: Dataset, tmp_path: Path
) -> None:
    made = load_dataset_of(Request((ARRAYS[how](shipped, tmp_path),)))
    assert made.classes == shipped.classes
    assert made.digest == shipped.digest
    # Arrays do not say that they are sounds. With the encoder of sounds all settings are equal, and
    # so are models and accuracies: nothing else is random.
    chosen = plan(made, "joint", 0, encoders=hugging_face.encoders(shipped))
    assert chosen.model == plan(shipped, "joint", 0).model


@pytest.mark.parametrize("how", ["pyarrow", "datasets"])
def test_splits_in_folders_are_the_shipped_rows_split_by_split(
    how: str, shipped: Dataset, tmp_path: Path
) -> None:
    names = {"train": "train", "validation": "val", "test": "test"}
    rows = {name: shipped.rows(split) for name, split in names.items()}  # type: ignore[arg-type]
    parts = {name: keep_rows(shipped, chosen, name) for name, chosen in rows.items()}
    if how == "datasets":
        library = pytest.importorskip("datasets")
        made = {n: hugging_face.as_arrays(d).remove_columns("split") for n, d in parts.items()}
        library.DatasetDict(made).save_to_disk(tmp_path)
    else:
        (tmp_path / "dataset_dict.json").write_text(json.dumps({"splits": list(names)}))
        for name, part in parts.items():
            saved(of_arrays(part).drop_columns(["split"]), tmp_path).rename(tmp_path / name)
    dataset = load_dataset_of(Request((tmp_path,)))
    order = np.concatenate(list(rows.values()))
    assert dataset.digest == keep_rows(shipped, order, "in order").digest


@pytest.fixture(scope="module")
def in_files(few: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """The same rows as a table beside a .zip of PNG and WAV files."""
    folder = tmp_path_factory.mktemp("files")
    lines = ["image,speech,id,label,split"]
    members = {}
    for i in range(len(few)):
        members |= {f"{i}.png": png(few.x1[i]), f"{i}.wav": wav(*clip(few, i))}
        lines.append(f"{i}.png,{i}.wav,{few.ids[i]},{few.classes[few.y[i]]},{few.split[i]}")
    (folder / "set.csv").write_text("\n".join(lines))
    (folder / "media.zip").write_bytes(packed(members))
    return load_dataset_of(Request((folder / "set.csv", folder / "media.zip")))


@pytest.mark.parametrize("how", MEDIA)
def test_pictures_and_sounds_in_cells_are_those_of_files(
    how: str, few: Dataset, in_files: Dataset, tmp_path: Path
) -> None:
    made = load(Request((MEDIA[how](few, tmp_path),)))
    dataset = made.dataset
    assert dataset is not None
    # Classes, ids and splits are those of the shipped set; of the samples of sound not one differs.
    assert dataset.classes == few.classes
    for ours, theirs in ((dataset.y, few.y), (dataset.ids, few.ids), (dataset.split, few.split)):
        np.testing.assert_array_equal(ours, theirs)
    wave = np.concatenate([clip(few, i)[0] for i in range(FEW)])
    np.testing.assert_array_equal(made.media["media2.npz"]["wave"], wave)
    # The inputs are what any pictures and sounds become, with the digest of the same in files.
    assert [m.kind for m in dataset.card.modalities] == ["image", "audio"]
    for ours, theirs in zip(dataset.inputs, in_files.inputs, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    in_order = [few.classes.index(c) for c in in_files.classes]
    np.testing.assert_array_equal(np.asarray(in_order)[in_files.y], dataset.y)
