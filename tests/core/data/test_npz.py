"""Damaged, hostile and half-written files end in a DataError, never in a crash or a pickle."""

from __future__ import annotations

import io
import os
import pickle
import struct
import tracemalloc
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.lib import format as npy

from dmil_core.data import npz
from dmil_core.data.card import Card, MediaSpec
from dmil_core.data.catalog import load_dataset
from dmil_core.data.npz import (
    npz_content,
    read_card,
    read_dataset,
    read_npz,
    write_arrays,
    write_npz,
)
from dmil_core.errors import DataError, DmilError
from tests.core.data.archives import empty_members
from tests.core.data.sets import sound_arrays, sound_card


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    """A sound set on disk with its card."""
    write_npz(tmp_path / "data.npz", sound_arrays(), sound_card())
    return tmp_path / "data.npz"


def test_what_is_written_is_read_back(shipped: Path) -> None:
    dataset = read_dataset(shipped)
    assert dataset.name == "sound"
    assert dataset.issues == ()
    assert np.array_equal(dataset.x1, sound_arrays()["x1"])
    assert np.array_equal(dataset.x2, sound_arrays()["x2"])
    assert dataset.rows("val").tolist() == list(range(10, 20))
    assert dataset.card.counts == {"train": 10, "val": 10, "test": 10}
    assert dataset.flags["odd"].sum() == 15


def test_the_array_composition_of_earlier_versions_is_the_interaction_type(tmp_path: Path) -> None:
    arrays = sound_arrays()
    np.savez(tmp_path / "new.npz", **arrays)
    types = arrays.pop("interaction_type")
    np.savez(tmp_path / "old.npz", **arrays, composition=types)
    old, new = (read_dataset(tmp_path / f"{n}.npz") for n in ("old", "new"))
    assert old.interaction_type is not None
    assert new.interaction_type is not None
    assert old.interaction_type.tolist() == new.interaction_type.tolist() == types.tolist()
    assert old.issues == new.issues


def test_equal_arrays_give_equal_bytes(tmp_path: Path) -> None:
    for name in ("a.npz", "b.npz"):
        write_arrays(tmp_path / name, sound_arrays())
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_the_digest_is_about_content_not_storage(tmp_path: Path) -> None:
    arrays = sound_arrays()
    write_npz(tmp_path / "a.npz", arrays, sound_card())
    other = dict(arrays)
    other["x1"] = np.asfortranarray(arrays["x1"].astype(">f8"))
    other["x2"] = arrays["x2"].astype("<U99")
    other["y"] = np.array(["a", "b", "c"])[arrays["y"]]
    write_npz(tmp_path / "b.npz", other, sound_card(title="Another title"))
    first, second = (load_dataset(tmp_path / n) for n in ("a.npz", "b.npz"))
    assert first.digest == second.digest
    changed = arrays | {"x1": arrays["x1"] + np.float32(1)}
    write_npz(tmp_path / "c.npz", changed, sound_card())
    assert load_dataset(tmp_path / "c.npz").digest != first.digest


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(keep=st.floats(0, 0.999))
def test_a_truncated_file_is_a_data_error(shipped: Path, keep: float) -> None:
    content = shipped.read_bytes()
    part = shipped.with_name("part.npz")
    part.write_bytes(content[: int(keep * len(content))])
    with pytest.raises(DataError, match=r"part\.npz"):
        read_dataset(part)


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_flipped_bytes_are_noticed(shipped: Path, data: st.DataObject) -> None:
    content = bytearray(shipped.read_bytes())
    position = data.draw(st.integers(0, len(content) - 1))
    content[position] ^= data.draw(st.integers(1, 255))
    # Away from the card and its hash: the format itself must notice, or nothing has changed.
    corrupted = shipped.parent / "bare" / "corrupted.npz"
    corrupted.parent.mkdir(exist_ok=True)
    corrupted.write_bytes(content)
    try:
        dataset = read_dataset(corrupted)
    except DmilError:
        return
    assert np.array_equal(dataset.x1, sound_arrays()["x1"])


def test_a_changed_file_does_not_fit_the_hash_of_its_card(shipped: Path) -> None:
    arrays = sound_arrays() | {"x1": np.zeros((30, 4))}
    write_arrays(shipped, arrays)
    with pytest.raises(DataError, match="sha256 differs"):
        read_dataset(shipped)


class Bomb:
    """Unpickling this would create a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, tuple[str, str]]:
        return open, (str(self.path), "w")


def test_pickled_objects_are_reported_with_all_else_and_never_loaded(tmp_path: Path) -> None:
    arrays = sound_arrays()
    arrays["x1"] = np.array([Bomb(tmp_path / "boom")] * 30, dtype=object)
    arrays["y"] = np.zeros(30, int)
    np.savez(tmp_path / "p.npz", **arrays)
    with pytest.raises(DataError) as caught:
        load_dataset(tmp_path / "p.npz")
    assert "'x1' holds Python objects" in str(caught.value)
    assert "1 class" in str(caught.value)
    assert not (tmp_path / "boom").exists()


def test_a_bare_pickle_is_refused(tmp_path: Path) -> None:
    (tmp_path / "p.npz").write_bytes(pickle.dumps(Bomb(tmp_path / "boom")))
    with pytest.raises(DataError, match="not a complete"):
        load_dataset(tmp_path / "p.npz")
    assert not (tmp_path / "boom").exists()


@pytest.mark.parametrize("content", [b"", b"PK", b"a,b\n1,2\n", b"\x93NUMPY\x01\x00"])
def test_other_formats_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"not a complete \.npz"):
        read_npz(tmp_path / "x.npz")


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.npz", tmp_path, Path("x" * 5000 + ".npz"), Path("a\0b.npz")):
        with pytest.raises(DataError):
            read_npz(path)


def write_member(path: Path, name: str, content: bytes) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)


def npy_bytes(header: dict[str, Any], payload: bytes) -> bytes:
    stream = io.BytesIO()
    npy.write_array_header_1_0(stream, header)
    return stream.getvalue() + payload


@pytest.mark.parametrize(
    "content",
    [
        npy_bytes({"descr": "<f8", "fortran_order": False, "shape": (10**12,)}, b"\0" * 80),
        npy_bytes({"descr": "<f8", "fortran_order": False, "shape": (-2, -5)}, b"\0" * 80),
        npy_bytes({"descr": "<f8", "fortran_order": False, "shape": (3,)}, b"\0" * 80),
        npy_bytes({"descr": "<f8", "fortran_order": False, "shape": (10,)}, b"\0" * 8),
        b"\x93NUMPY\x01\x00\xff\xff{'descr'",
        b"\x93NUMPY\x09\x00\x10\x00" + b" " * 16,
        b"\x93NUMPY\x02\x00" + struct.pack("<I", 2**32 - 1),
        b"",
    ],
)
def test_lying_headers_are_refused(tmp_path: Path, content: bytes) -> None:
    write_member(tmp_path / "x.npz", "x1.npy", content)
    with pytest.raises(DataError, match=r"not a complete \.npz file"):
        read_npz(tmp_path / "x.npz")


def test_a_zip_bomb_is_refused_by_its_declared_size(tmp_path: Path) -> None:
    write_member(tmp_path / "x.npz", "x1.npy", b"\0" * 50_000_000)
    assert (tmp_path / "x.npz").stat().st_size < 100_000
    with pytest.raises(DataError, match="at most"):
        read_npz(tmp_path / "x.npz", max_bytes=10_000_000)


def test_too_many_members_are_refused_before_a_list_of_them_is_made(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    path.write_bytes(empty_members(200_000))
    tracemalloc.start()
    with pytest.raises(DataError, match=r"x\.npz holds about 200,000 entries\. Expected at most"):
        read_npz(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**20


def test_an_entry_is_counted_once_wherever_it_lies(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    for shift in (0, 1, 2, 3, 4):
        # Entries of 47 bytes lie across every border of what is read at once.
        path.write_bytes(bytes(shift) + empty_members(9000))
        with pytest.raises(DataError, match="about 9,000 entries"):
            read_npz(path)


def test_other_members_are_a_warning(tmp_path: Path) -> None:
    write_arrays(tmp_path / "x.npz", sound_arrays())
    with zipfile.ZipFile(tmp_path / "x.npz", "a") as archive:
        archive.writestr("readme.txt", "hello")
    dataset = load_dataset(tmp_path / "x.npz")
    assert any("readme.txt" in i.title for i in dataset.issues)


def test_missing_arrays_are_all_named(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", features=np.zeros((3, 2)))
    with pytest.raises(DataError) as caught:
        load_dataset(tmp_path / "x.npz")
    for name in ("x1", "x2", "y"):
        assert f"the array '{name}' is missing" in str(caught.value)


def test_a_file_without_card_split_and_ids_is_completed_with_warnings(tmp_path: Path) -> None:
    arrays = {k: v for k, v in sound_arrays(60).items() if k in ("x1", "x2", "y")}
    np.savez(tmp_path / "mine.npz", **arrays)
    dataset = load_dataset(str(tmp_path / "mine.npz"))
    assert dataset.name == "mine"
    assert dataset.classes == ("0", "1", "2")
    assert [m.kind for m in dataset.card.modalities] == ["vector", "text"]
    assert set(dataset.split) == {"train", "val", "test"}
    assert any("no 'split'" in i.title for i in dataset.issues)
    assert load_dataset(tmp_path / "mine.npz").digest == dataset.digest


def test_a_split_made_on_loading_is_checked_too(tmp_path: Path) -> None:
    arrays = {k: v for k, v in sound_arrays().items() if k in ("x1", "x2", "y")}
    np.savez(tmp_path / "mine.npz", **arrays, group=np.zeros(30, int))
    with pytest.raises(DataError, match="has no rows"):
        load_dataset(tmp_path / "mine.npz")


def test_the_card_of_the_stem_comes_first(tmp_path: Path) -> None:
    write_arrays(tmp_path / "a.npz", sound_arrays())
    (tmp_path / "card.json").write_text(sound_card(title="folder").to_json())
    assert read_dataset(tmp_path / "a.npz").card.title == "folder"
    (tmp_path / "a.card.json").write_text(sound_card(title="stem").to_json())
    assert read_dataset(tmp_path / "a.npz").card.title == "stem"


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b"[]", b'{"version": 1}'])
def test_a_damaged_card_is_named(tmp_path: Path, content: bytes) -> None:
    write_arrays(tmp_path / "data.npz", sound_arrays())
    (tmp_path / "card.json").write_bytes(content)
    with pytest.raises(DataError, match=r"card\.json"):
        read_card(tmp_path / "data.npz")


def test_writing_refuses_faults_and_leaves_no_trace(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="NaN"):
        write_npz(
            tmp_path / "x.npz", sound_arrays() | {"x1": np.full((30, 4), np.nan)}, sound_card()
        )
    assert list(tmp_path.iterdir()) == []


def test_a_card_that_could_not_be_read_again_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="more than 8 MiB"):
        write_npz(tmp_path / "x.npz", sound_arrays(), sound_card(summary="x" * 8 * 1024**2))
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_write_keeps_the_old_file(
    shipped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = shipped.read_bytes()
    names = sorted(p.name for p in shipped.parent.iterdir())

    def stop(*args: Any, **kwargs: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(npz.npy, "write_array", stop)
    with pytest.raises(KeyboardInterrupt):
        write_arrays(shipped, sound_arrays())
    assert shipped.read_bytes() == before
    assert sorted(p.name for p in shipped.parent.iterdir()) == names


def media_card() -> Card:
    card = sound_card()
    media = MediaSpec("image", file="pictures.npz", key="pixels")
    numbers = replace(card.modalities[0], media=media)
    return replace(card, modalities=(numbers, card.modalities[1]))


def test_missing_and_changed_media_files_are_warnings(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"pictures\.npz"):
        write_npz(tmp_path / "data.npz", sound_arrays(), media_card())
    write_arrays(tmp_path / "pictures.npz", {"pixels": np.zeros((30, 2, 2), np.uint8)})
    card = write_npz(tmp_path / "data.npz", sound_arrays(), media_card())
    assert list(card.files) == ["pictures.npz"]
    assert read_dataset(tmp_path / "data.npz").issues == ()
    write_arrays(tmp_path / "pictures.npz", {"pixels": np.ones((30, 2, 2), np.uint8)})
    assert "has changed" in read_dataset(tmp_path / "data.npz").issues[0].title
    (tmp_path / "pictures.npz").unlink()
    assert "is missing" in read_dataset(tmp_path / "data.npz").issues[0].title


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ("{[]: 1, 'descr': '<f8', 'fortran_order': False, 'shape': (10,)}", "no shape and type"),
        ("{'descr': '<f8', 'fortran_order': False, 'shape': (True, 10)}", "expected whole numbers"),
        ("{'descr': '<f8', 'fortran_order': False, 'shape': [10]}", "no shape and type"),
        ("{'descr': [('a', '<f8', {})], 'fortran_order': False, 'shape': (10,)}", "x1.npy"),
        ("{'descr': '<f8', 'fortran_order': False, 'shape': (" + "(" * 300, "no shape and type"),
        ("1", "no shape and type"),
    ],
)
def test_a_header_that_is_no_header_is_named_by_file_and_by_upload(
    tmp_path: Path, header: str, says: str
) -> None:
    content = header.encode()
    whole = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(content)) + content + b"\0" * 80
    write_member(tmp_path / "x.npz", "x1.npy", whole)
    with pytest.raises(DataError, match=says):
        read_npz(tmp_path / "x.npz")
    with pytest.raises(DataError, match=says):
        npz_content((tmp_path / "x.npz").read_bytes(), "x.npz")


@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_a_data_file_that_never_ends_is_refused_at_once(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x.npz"
    os.mkfifo(path) if kind == "pipe" else path.symlink_to("/dev/zero")
    with pytest.raises(DataError, match=f"is a {kind}, expected an ordinary file"):
        read_npz(path)


def test_a_data_file_may_be_a_link_that_its_user_made(shipped: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere" / "data.npz"
    link.symlink_to(shipped)
    assert len(read_dataset(link)) == 30


def test_a_card_that_is_a_link_to_another_folder_is_refused(shipped: Path, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "data.npz").write_bytes(shipped.read_bytes())
    (folder / "card.json").symlink_to(shipped.with_name("card.json"))
    with pytest.raises(DataError, match="leads out of its folder"):
        read_card(folder / "data.npz")
