"""WebDataset tars, and folders and zips of pictures and sounds."""

from __future__ import annotations

import io
import json
import tarfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dmil_core.data.files.limits import Limits
from dmil_core.data.files.load import OWN
from dmil_core.data.files.reader import Named, read_table
from dmil_core.data.files.table import Table
from dmil_core.errors import DataError
from tests.core.data.archives import packed, png, wav
from tests.core.data.files.made import cells, npy, npz, read, said, tarred

N = 6
CLASSES = ("even", "odd")


def picture(i: int) -> bytes:
    return png(8, 6, (40 * i, 0, 255))


def sample(i: int) -> dict[str, bytes]:
    """The files of one sample by ending."""
    about = {"age": 20 + i, "tags": [1.0, i], "deep": {"a": 1}, "name": f"n{i}"}
    return {
        "png": picture(i), "wav": wav(0.1 + 0.01 * i), "cls": str(i % 2).encode(),
        "txt": f"a caption, number {i}".encode(), "json": json.dumps(about).encode(),
        "emb.npy": npy(np.full(4, i, np.float32)),
    }  # fmt: skip


def webdataset(start: int = 0, count: int = N) -> dict[str, bytes]:
    return {
        f"{i:04d}.{ending}": content
        for i in range(start, start + count)
        for ending, content in sample(i).items()
    }


def decoded(table: Table, name: str) -> Any:
    column = table.columns[name]
    assert column.files is not None
    made = column.files.decode(column.members, column.media)
    assert not made.issues, made.issues
    return made.values


# --- WebDataset --------------------------------------------------------------------------------


@pytest.mark.parametrize("outer", ["", "./", "shard/", "a/b/"])
@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_the_members_of_a_tar_are_rows_by_their_key(outer: str, mode: str) -> None:
    members = {outer + n: c for n, c in webdataset().items()}
    table = read("t.tar", tarred(members, mode))
    assert table.rows == N
    assert cells(table.columns["key"]) == [f"{i:04d}" for i in range(N)]
    assert cells(table.columns["cls"]) == ["0", "1"] * 3
    assert cells(table.columns["txt"])[5] == "a caption, number 5"
    assert cells(table.columns["json.age"]) == [str(20 + i) for i in range(N)]
    np.testing.assert_array_equal(table.columns["json.tags"].data[:, 1], range(N))
    assert "nested" in table.columns["json.deep"].refusal
    np.testing.assert_array_equal(table.columns["emb.npy"].data, [[i] * 4 for i in range(N)])
    assert (decoded(table, "png")[3] == (120, 0, 255)).any()
    assert decoded(table, "wav").shape[0] == N
    assert not table.issues


def test_shards_are_one_table_and_their_names_say_the_split() -> None:
    shards = [("d-train-000.tar", 0, 3), ("d-train-001.tar", 3, 2), ("d-test-000.tar", 5, 1)]
    sources = [Named(n, tarred(webdataset(start, count))) for n, start, count in shards]
    table = read_table(sources)
    assert cells(table.columns["split"]) == ["train"] * 5 + ["test"]
    assert cells(table.columns["key"]) == [f"{i:04d}" for i in range(N)]
    whole = read("t.tar", tarred(webdataset()))
    for name in ("png", "wav"):
        np.testing.assert_array_equal(decoded(table, name), decoded(whole, name))
    same = read_table([Named(f"{i}.tar", tarred(webdataset(0, 2))) for i in range(2)])
    assert cells(same.columns["key"]) == ["0000", "0001"] * 2
    assert decoded(same, "png").shape[0] == 4
    assert "split" not in same.columns


def test_samples_that_lack_a_file_are_said_with_their_rows() -> None:
    members = webdataset()
    del members["0002.wav"], members["0004.emb.npy"]
    table = read("t.tar", tarred(members))
    (sounds, arrays) = table.issues
    assert sounds.rows == (2,)
    assert "samples without a file 'wav': 1 of 6" in sounds.title
    assert arrays.rows == (4,)
    assert np.isnan(table.columns["emb.npy"].data[4]).all()
    column = table.columns["wav"]
    assert column.files is not None
    (issue,) = column.files.decode(column.members, "sounds").issues
    assert issue.rows == (2,)


@pytest.mark.parametrize(
    ("ending", "content", "words"),
    [
        ("pyd", b"\x80\x04K\x01.", "pickled Python objects, which are never loaded"),
        ("pth", b"PK\x03\x04", "never loaded"),
        ("mp4", b"\0\0\0\x18ftypmp42", "not read"),
        ("json", b"{", "no JSON"),
        ("npy", b"\x93NUMPY\x01\0", "cannot be read"),
        ("npy", npy(np.array([{"a": 1}], object)), "cannot be read"),
        ("txt", b"x" * 3000, "3,000 characters"),
    ],
)
def test_files_that_cannot_be_used_refuse_their_column_alone(
    ending: str, content: bytes, words: str
) -> None:
    members = webdataset() | {f"{i:04d}.odd.{ending}": content for i in range(N)}
    table = read("t.tar", tarred(members))
    assert words in table.columns[f"odd.{ending}"].refusal
    assert not table.columns["png"].refusal


def test_arrays_of_unequal_shapes_are_refused_alone() -> None:
    members = webdataset() | {f"{i:04d}.e.npy": npy(np.ones(3 + i % 2)) for i in range(N)}
    assert "unequal shapes" in read("t.tar", tarred(members)).columns["e.npy"].refusal


def entry(name: str, kind: bytes, link: str = "") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        odd = tarfile.TarInfo(name)
        odd.type, odd.linkname = kind, link
        archive.addfile(odd)
        plain = tarfile.TarInfo("0.txt")
        archive.addfile(plain)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (entry("a.png", tarfile.SYMTYPE, "/etc/passwd"), "has a link, 'a.png'"),
        (entry("a.png", tarfile.LNKTYPE, "0.txt"), "has a link"),
        (entry("a.png", tarfile.CHRTYPE), "has a device"),
        (entry("a.png", tarfile.BLKTYPE), "has a device"),
        (entry("a.png", tarfile.FIFOTYPE), "has a pipe"),
        (tarred({"../a.png": b"x"}), "points out of it"),
        (tarred({"a/../../a.png": b"x"}), "points out of it"),
        (tarred({"/etc/a.png": b"x"}), "points out of it"),
        (tarred(webdataset())[:3000], "ends within|damaged"),
        (tarred({"README.md": b"x", "a.mp4": b"y"}), "holds no samples"),
        (tarred({}), "none of the files|no samples"),
    ],
    ids=range(11),
)
def test_a_tar_that_means_harm_or_nothing_is_refused(content: bytes, words: str) -> None:
    with pytest.raises(DataError, match=words):
        read("t.tar", content)


def test_a_tar_beyond_the_limits_is_refused() -> None:
    content = tarred(webdataset())
    with pytest.raises(DataError, match="xpected at most"):
        read_table([Named("t.tar", content)], limits=Limits(files=2))
    big = tarred({"0.txt": bytes(3 * 2**20)}, "w:gz")
    with pytest.raises(DataError, match="unpacks to more than 1 MiB"):
        read_table([Named("t.tar.gz", big)], limits=Limits(unpacked_mib=1))


# --- folders and zips --------------------------------------------------------------------------


def in_folders(pattern: str, ending: str = "png") -> dict[str, bytes]:
    """A file for each row, at a place that a pattern of its class, number and split names."""
    make = picture if ending == "png" else lambda i: wav(0.1 + 0.01 * i)
    return {
        pattern.format(
            label=CLASSES[i % 2], i=i, split=("train", "val", "test")[i // 2], e=ending
        ): make(i)
        for i in range(N)
    }


def as_zip(members: dict[str, bytes], tmp_path: Path) -> Table:
    return read("m.zip", packed(members))


def as_browser_folder(members: dict[str, bytes], tmp_path: Path) -> Table:
    return read_table([Named(f"mine/{name}", content) for name, content in members.items()])


def as_folder(members: dict[str, bytes], tmp_path: Path) -> Table:
    for name, content in members.items():
        path = tmp_path / "mine" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return read_table([tmp_path / "mine"])


@pytest.mark.parametrize("how", [as_zip, as_browser_folder, as_folder])
@pytest.mark.parametrize(
    ("pattern", "split"),
    [
        ("{label}/{i:04d}.{e}", False),
        ("data/{label}/{i:04d}.{e}", False),
        ("a/b/c/{label}/{i:04d}.{e}", False),
        ("{split}/{label}/{i:04d}.{e}", True),
        ("data/{split}/{label}/{i:04d}.{e}", True),
        ("{label}/{split}/{i:04d}.{e}", True),
    ],
)
def test_class_folders_are_labels_and_split_folders_are_splits(
    tmp_path: Path, how: Any, pattern: str, split: bool
) -> None:
    members = in_folders(pattern) | in_folders(pattern, "wav")
    table = how(members, tmp_path)
    order = [int(k.rsplit("/", 1)[-1]) for k in cells(table.columns["key"])]
    assert sorted(order) == list(range(N))
    assert cells(table.columns["label"]) == [CLASSES[i % 2] for i in order]
    assert ("split" in table.columns) == split
    if split:
        expected = [("train", "val", "test")[i // 2] for i in order]
        assert cells(table.columns["split"]) == expected
    assert table.columns["png"].media == "pictures"
    assert table.columns["wav"].media == "sounds"
    colours = [decoded(table, "png")[row].reshape(-1, 3)[:, 0].max() for row in range(N)]
    assert colours == [40 * i for i in order]


def test_classes_may_number_their_files_alike() -> None:
    members = {f"{c}/{i}.png": picture(i + 3 * j) for j, c in enumerate(CLASSES) for i in range(3)}
    table = read("m.zip", packed(members))
    assert cells(table.columns["label"]) == ["even"] * 3 + ["odd"] * 3
    assert len(set(cells(table.columns["key"]))) == N


def test_of_folders_of_any_depth_the_innermost_is_the_class(tmp_path: Path) -> None:
    members = {
        "animals/birds/owl.png": picture(0), "animals/birds/crow.png": picture(1),
        "animals/fish/eel.png": picture(2), "food/pear.png": picture(3), "food/fig.png": picture(4),
        "plants/trees/oaks/holm.png": picture(5),
    }  # fmt: skip
    for table in (as_zip(members, tmp_path), as_folder(members, tmp_path)):
        assert cells(table.columns["label"]) == ["birds", "birds", "fish", "food", "food", "oaks"]
        assert cells(table.columns["folder 1"]) == ["animals"] * 3 + ["food"] * 2 + ["plants"]


def test_samples_without_a_class_have_none_also_in_a_folder_of_a_split(tmp_path: Path) -> None:
    members = {
        "train/cats/a.png": picture(0), "train/dogs/b.png": picture(1), "test/c.png": picture(2),
    }  # fmt: skip
    table = as_zip(members, tmp_path)
    assert cells(table.columns["label"]) == [None, "cats", "dogs"]
    assert cells(table.columns["split"]) == ["test", "train", "train"]
    assert "folder 1" not in table.columns


def test_a_folder_of_ones_own_may_have_files_of_several_endings(tmp_path: Path) -> None:
    """Within the limits of the command line, which has none on rows and cells."""
    for name, content in webdataset().items():
        if not name.endswith(".npy"):
            (tmp_path / name).write_bytes(content)
    table = read_table([tmp_path], limits=OWN)
    assert {"png", "wav", "txt"} <= set(table.columns)
    assert table.rows == N


def test_the_time_for_many_files_grows_with_their_number(tmp_path: Path) -> None:
    """Ten thousand of them took minutes."""
    for i in range(4000):
        (tmp_path / f"{i}.png").touch()
    began = time.process_time()
    assert read_table([tmp_path], limits=OWN).rows == 4000
    assert time.process_time() - began < 5


def test_pictures_and_sounds_may_lie_in_folders_of_their_own() -> None:
    members = in_folders("images/{label}/{i}.{e}") | in_folders("sounds/{label}/{i}.{e}", "wav")
    members |= {f"texts/{CLASSES[i % 2]}/{i}.txt": f"number {i}".encode() for i in range(N)}
    table = read("m.zip", packed(members))
    assert table.rows == N
    assert not table.issues
    assert cells(table.columns["label"]) == ["even"] * 3 + ["odd"] * 3
    assert set(table.columns) == {"label", "key", "png", "wav", "txt"}


def test_pictures_of_several_formats_are_one_column() -> None:
    members = in_folders("{label}/{i}.{e}")
    members["odd/1.jpg"] = members.pop("odd/1.png")
    table = read("m.zip", packed(members))
    assert decoded(table, "picture").shape[0] == N


def test_what_else_lies_there_is_named_and_not_taken_for_a_sample() -> None:
    extra = {
        "README.md": b"about", "LICENSE": b"free", "__MACOSX/even/._0.png": b"x",
        "even/.DS_Store": b"x",
    }  # fmt: skip
    table = read("m.zip", packed(in_folders("{label}/{i}.{e}") | extra))
    assert table.rows == N
    assert "files that belong to no sample: 'README.md', 'LICENSE'" in said(table)


def test_a_folder_of_tables_with_their_files_is_a_table() -> None:
    lines = "file_name,age,label\n" + "".join(f"{i}.png,{i},{CLASSES[i % 2]}\n" for i in range(N))
    members = {f"d/{i}.png": picture(i) for i in range(N)} | {"d/metadata.csv": lines.encode()}
    table = read("m.zip", packed(members))
    assert list(table.columns) == ["file_name", "age", "label"]
    assert table.files is not None
    assert not table.files.decode(cells(table.columns["file_name"]), "pictures").issues


def test_tables_of_splits_in_a_folder_are_one_below_the_other() -> None:
    members = {
        f"data/{split}-00000-of-00001.csv": f"a,b,label\n{i},1,x\n{i},2,y\n".encode()
        for i, split in enumerate(("train", "validation", "test"))
    }
    table = read("m.zip", packed(members | {"README.md": b"about"}))
    assert cells(table.columns["split"]) == ["train"] * 2 + ["val"] * 2 + ["test"] * 2
    assert cells(table.columns["a"]) == ["0", "0", "1", "1", "2", "2"]


def test_a_link_in_a_folder_does_not_lead_out_of_it(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    members = in_folders("{label}/{i}.{e}") | {f"{CLASSES[i % 2]}/{i}.txt": b"a" for i in range(N)}
    as_folder(members, tmp_path)
    (tmp_path / "mine" / "odd" / "1.txt").unlink()
    (tmp_path / "mine" / "odd" / "1.txt").symlink_to(secret)
    with pytest.raises(DataError, match="a link that leads out of its folder"):
        read_table([tmp_path / "mine"])


def test_an_archive_with_an_array_file_is_a_table_of_arrays() -> None:
    content = npz(x1=np.ones((N, 2)), x2=np.ones((N, 2)), y=np.arange(N) % 2)
    assert list(read("m.zip", packed({"d/set.npz": content, "d/notes.txt": b"n"})).columns) == [
        "x1", "x2", "y",
    ]  # fmt: skip
