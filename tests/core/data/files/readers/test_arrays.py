"""Arrays of NumPy in the shapes that people and PyTorch give them."""

from __future__ import annotations

import io
import pickle
from typing import Any

import numpy as np
import pytest

from dmil_core.data.files.budget import Accountant, BudgetError, Cost
from dmil_core.data.files.reader import Named, read_table
from dmil_core.data.npz import npz_content
from dmil_core.errors import DataError
from tests.core.data.files.made import npy, npz, read, said

N = 40
RNG = np.random.default_rng(0)
Y = np.arange(N) % 2
PICTURES = RNG.integers(0, 256, (N, 12, 14, 3), dtype=np.uint8)
#: Slow waves of six channels: (N, T, C).
WAVES = np.sin(
    np.linspace(0, 9, 96)[None, :, None] * RNG.uniform(0.5, 1.5, (N, 1, 6)) + np.arange(6)
).astype(np.float32)


def of(**arrays: Any) -> Any:
    return read("t.npz", npz(**{"x2": np.ones((N, 2)), "y": Y} | arrays))


def test_arrays_without_a_peculiarity_are_as_they_are_in_the_file() -> None:
    arrays = {
        "x1": RNG.normal(size=(N, 5)).astype(np.float32), "x2": PICTURES, "x3": WAVES,
        "y": Y, "id": np.array([f"r{i}" for i in range(N)]), "flag_odd": Y.astype(bool),
    }  # fmt: skip
    content = npz(**arrays)
    table = read("t.npz", content)
    expected = npz_content(content, "t").arrays
    assert not table.issues
    assert list(table.columns) == list(arrays)
    for name, column in table.columns.items():
        assert column.is_array
        assert not column.refusal
        np.testing.assert_array_equal(column.data, expected[name])
        assert column.data.dtype == expected[name].dtype


# --- pictures ----------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_channels_first_are_moved_and_not_reshaped(dtype: Any) -> None:
    pictures = PICTURES.astype(dtype)
    table = of(x1=np.moveaxis(pictures, 3, 1))
    np.testing.assert_array_equal(table.columns["x1"].data, pictures)
    assert "'x1' of shape (40, 3, 12, 14) is in PyTorch's order (N, C, H, W)" in said(table)


def test_one_channel_is_grey_wherever_it_is() -> None:
    grey = PICTURES[..., 0]
    for stored in (grey[:, None], grey[..., None], grey):
        np.testing.assert_array_equal(of(x1=stored).columns["x1"].data, grey)


def test_where_channels_are_can_be_said() -> None:
    """Pictures of three pixels in height: nothing in their shape tells."""
    flat = RNG.integers(0, 256, (N, 3, 9, 3), dtype=np.uint8)
    content = npz(x1=flat, x2=np.ones((N, 2)), y=Y)
    np.testing.assert_array_equal(read("t.npz", content).columns["x1"].data, flat)
    first = read("t.npz", content, channels="first")
    np.testing.assert_array_equal(first.columns["x1"].data, np.moveaxis(flat, 1, 3))
    content = npz(x1=np.moveaxis(PICTURES, 3, 1), x2=np.ones((N, 2)), y=Y)
    assert read("t.npz", content, channels="last").columns["x1"].refusal


def test_transparency_is_laid_over_white() -> None:
    rgba = np.concatenate([PICTURES, np.zeros((N, 12, 14, 1), np.uint8)], axis=3)
    rgba[:, :6, :, 3] = 255
    rgba[:, 6, :, 3] = 51
    table = of(x1=rgba)
    seen = table.columns["x1"].data
    assert seen.dtype == np.uint8
    np.testing.assert_array_equal(seen[:, :6], PICTURES[:, :6])
    assert (seen[:, 7:] == 255).all()
    half = PICTURES[:, 6].astype(float) * 0.2 + 255 * 0.8
    np.testing.assert_allclose(seen[:, 6], half, atol=0.51)
    assert "laid over white" in said(table)
    shares = of(x1=rgba / 255).columns["x1"].data
    np.testing.assert_allclose(shares, seen / 255, atol=0.003)
    first = of(x1=np.moveaxis(rgba, 3, 1)).columns["x1"].data
    np.testing.assert_array_equal(first, seen)


def test_other_numbers_of_channels_are_refused_with_the_advice_that_keeps_the_picture() -> None:
    column = of(x1=RNG.normal(size=(N, 5, 12, 14))).columns["x1"]
    assert "numpy.moveaxis(a, 1, -1)" in column.refusal
    assert "Reshaping scrambles them" in column.refusal
    assert "(40, 5, 12, 14)" in column.refusal
    video = of(x1=np.zeros((N, 4, 8, 8, 3), np.uint8)).columns["x1"]
    assert "expected at most 4 axes" in video.refusal


# --- sequences ---------------------------------------------------------------------------------


def test_a_smooth_sequence_with_channels_first_is_recognised() -> None:
    table = of(x1=np.moveaxis(WAVES, 2, 1))
    np.testing.assert_array_equal(table.columns["x1"].data, WAVES)
    assert "smooth along its last axis only" in said(table)
    assert "96 moments of 6 channels" in said(table)
    assert not of(x1=WAVES).issues


def test_one_channel_first_is_a_sequence_of_one_channel() -> None:
    assert of(x1=WAVES[:, None, :, 0]).columns["x1"].data.shape == (N, 96, 1)


def test_an_ambiguous_sequence_stays_with_the_advice() -> None:
    noise = RNG.normal(size=(N, 6, 96))
    table = of(x1=noise)
    np.testing.assert_array_equal(table.columns["x1"].data, noise)
    assert "is read as 6 moments of 96 channels" in said(table)
    assert "numpy.moveaxis(x1, 1, 2)" in said(table)
    first = read("t.npz", npz(x1=noise, x2=np.ones((N, 2)), y=Y), channels="first")
    assert first.columns["x1"].data.shape == (N, 96, 6)


# --- labels and the like -----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["y", "label", "target"])
@pytest.mark.parametrize(
    "stored",
    [Y, Y[:, None], Y[:, None, None], Y.astype(np.float32), np.eye(2)[Y], np.eye(2, dtype=bool)[Y],
     np.eye(2, dtype=int)[Y]],
    ids=["ints", "column", "cube", "floats", "one-hot", "one-hot-bool", "one-hot-int"],
)  # fmt: skip
def test_labels_are_the_same_whatever_they_are_stored_as(name: str, stored: Any) -> None:
    table = read("t.npz", npz(x1=np.ones((N, 2)), x2=np.ones((N, 2)), **{name: stored}))
    data = table.columns[name].data
    np.testing.assert_array_equal(data, Y)
    assert data.dtype.kind in "iu"
    assert bool(table.issues) == (stored.ndim > 1)


def test_bytes_are_text_and_truth_values_stay_what_they_are() -> None:
    table = of(y=np.array([b"cat", "hündin".encode()])[Y], flag=Y.astype(bool)[:, None])
    assert table.columns["y"].data.tolist()[:2] == ["cat", "hündin"]
    assert of(y=Y.astype(bool)).columns["y"].data.dtype == bool


@pytest.mark.parametrize(
    ("stored", "words"),
    [
        (np.eye(3, dtype=int)[RNG.integers(0, 3, N)] | np.eye(3, dtype=int)[0],
         "rows have several classes"),
        (RNG.dirichlet([1, 1, 1], N), "a.argmax"),
        (np.ones((N, 2, 2)), "expected one class per row"),
        (Y.astype(complex), "complex numbers (complex128)"),
        (np.array([{"a": 1}] * N, dtype=object), "never loaded"),
        (np.zeros(N, dtype=[("a", "i4"), ("b", "f4")]), "record array"),
        (np.array([b"\xff", b"a"])[Y], "holds bytes"),
        (np.arange(3), "it has 3 entries, the other arrays 40"),
        (np.float64(3), "it is a single value"),
    ],
    ids=range(9),
)  # fmt: skip
def test_what_is_no_label_is_refused_alone_and_by_name(stored: Any, words: str) -> None:
    stream = io.BytesIO()
    np.savez(stream, x1=np.ones((N, 2)), x2=np.ones((N, 2)), y=stored)
    table = read("t.npz", stream.getvalue())
    assert words in table.columns["y"].refusal
    assert len(table.columns["y"]) == table.rows == N
    assert not table.columns["x1"].refusal
    assert not [i for i in table.issues if i.severity == "error"]


def test_dates_of_numpy_are_dates_and_exotic_numbers_are_numbers() -> None:
    days = np.arange("2026-01-01", "2026-02-10", dtype="datetime64[D]")
    table = of(when=days, wide=np.ones((N, 2), np.longdouble), half=np.ones((N, 2), np.float16))
    assert str(table.columns["when"].data.type).startswith("date32")
    assert table.columns["wide"].data.dtype == np.float64
    assert not table.columns["half"].refusal


# --- files -------------------------------------------------------------------------------------


def test_arrays_of_their_own_are_joined_row_by_row() -> None:
    arrays = {"x1": WAVES, "x2": PICTURES, "y": Y}
    named = [Named(f"{n}.npy", npy(a)) for n, a in arrays.items()]
    table = read_table(named)
    assert list(table.columns) == ["x1", "x2", "y"]
    np.testing.assert_array_equal(table.columns["x2"].data, PICTURES)
    with pytest.raises(DataError, match="unequal lengths"):
        read_table([*named, Named("z.npy", npy(np.ones(3)))])


def test_an_npz_is_known_by_its_content_whatever_it_is_called() -> None:
    content = npz(x1=np.ones((N, 2)), x2=np.ones((N, 2)), y=Y)
    for name in ("t.npz", "t.zip", "t.csv", "t"):
        assert list(read(name, content).columns) == ["x1", "x2", "y"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (npz(x1=np.zeros((0, 3)), x2=np.zeros((0, 3)), y=np.zeros(0)), "has no rows"),
        (npz(x1=np.ones((N, 3)))[:-30], "damaged"),
        (npy(np.ones((N, 3)))[:60], "damaged"),
        (b"\x93NUMPY\x09\x00", "damaged"),
        (pickle.dumps({"x1": 1}), "a pickle, which is never loaded"),
    ],
)
def test_a_file_that_is_no_arrays_is_refused_in_words(content: bytes, words: str) -> None:
    with pytest.raises(DataError, match=words):
        read("t.npz", content)


def test_arrays_are_charged_for_before_they_are_unpacked() -> None:
    content = npz(x1=np.zeros((1000, 1000)))
    account = Accountant(Cost(arrays=10**6, files=10**8)).account("a")
    with pytest.raises(BudgetError, match="8 MiB of arrays"):
        read_table([Named("t.npz", content)], account=account)
