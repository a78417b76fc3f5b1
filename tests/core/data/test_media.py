"""Raw media of every type, and files that are missing or hold something else."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from dmil_core.data.card import MediaSpec, Modality
from dmil_core.data.catalog import load_dataset
from dmil_core.data.dataset import Dataset, from_arrays
from dmil_core.data.media import (
    AudioMedia,
    ImageMedia,
    SignalMedia,
    TextMedia,
    VectorMedia,
    media,
    mulaw_decode,
)
from dmil_core.data.npz import write_arrays
from dmil_core.errors import DataError
from dmil_core.schema import Kind
from tests.core.data.sets import sound_arrays, sound_card


def shown(
    spec: MediaSpec, x: Any = None, kind: Kind = "vector", folder: Path | None = None, **more: Any
) -> Dataset:
    """A set whose first modality is ``x``, shown as ``spec`` says."""
    arrays = sound_arrays() | more | ({} if x is None else {"x1": x})
    words = sound_card().modalities[1]
    card = replace(sound_card(), modalities=(Modality("first", kind, "", spec), words))
    return from_arrays("set", arrays, card, folder)


def test_own_arrays_are_shown_by_type() -> None:
    vector = media(shown(MediaSpec("vector")), 2, 1)
    assert isinstance(vector, VectorMedia)
    assert vector.label == "first"
    text = media(shown(MediaSpec("vector")), 8, 2)
    assert text == TextMedia("word 1")
    spec = MediaSpec("signal", rate=25, channels=("x", "y"), unit="g")
    signal = media(shown(spec, np.ones((30, 5, 2)), "sequence"), 0, 1)
    assert isinstance(signal, SignalMedia)
    assert (signal.values.shape, signal.channels, signal.rate) == ((5, 2), ("x", "y"), 25)
    unknown = media(shown(MediaSpec("signal"), np.ones((30, 5, 2)), "sequence"), 0, 1)
    assert isinstance(unknown, SignalMedia)
    assert unknown.rate == 0


def test_pictures_are_scaled_by_the_range_of_the_card() -> None:
    x = np.full((30, 2, 2), 8.0)
    picture = media(shown(MediaSpec("image", value_range=(0, 16)), x, "image"), 0, 1)
    assert isinstance(picture, ImageMedia)
    assert picture.pixels.dtype == np.uint8
    assert picture.pixels.tolist() == [[128, 128], [128, 128]]
    raw = np.arange(30 * 12, dtype=np.uint8).reshape(30, 2, 2, 3)
    same = media(shown(MediaSpec("image"), raw, "image"), 3, 1)
    assert isinstance(same, ImageMedia)
    assert np.array_equal(same.pixels, raw[3])


def test_sound_comes_with_its_spectrogram(tmp_path: Path) -> None:
    offset = np.arange(31) * 10
    wave = np.linspace(-2, 2, 300, dtype=np.float32)
    write_arrays(tmp_path / "audio.npz", {"wave": wave, "offset": offset})
    spec = MediaSpec("audio", file="audio.npz", key="wave", offset_key="offset", rate=8000)
    logmel = np.zeros((30, 6, 4))
    logmel[:, 5, 0] = 1  # the last moment, the lowest band
    sound = media(shown(spec, logmel, "audio", tmp_path), 29, 1)
    assert isinstance(sound, AudioMedia)
    assert sound.rate == 8000
    assert sound.wave.shape == (10,)
    assert sound.wave.max() == 1.0
    assert sound.companion is not None
    assert sound.companion.pixels.shape == (4, 6)
    assert sound.companion.pixels[3, 5] == 255


@given(st.floats(-1, 1))
def test_mulaw_decoding_inverts_its_definition(value: float) -> None:
    compressed = np.sign(value) * np.log1p(255 * abs(value)) / np.log(256)
    code = np.round((compressed + 1) * 127.5).astype(np.uint8)
    decoded = float(mulaw_decode(np.array([code]))[0])
    # Neighbouring codes differ by a factor of 256 ** (1 / 127.5) at most.
    assert decoded == pytest.approx(value, rel=0.03, abs=2e-4)


def test_pcm_is_scaled_to_one(tmp_path: Path) -> None:
    write_arrays(tmp_path / "a.npz", {"w": np.full((30, 4), -32768, np.int16)})
    spec = MediaSpec("audio", file="a.npz", key="w", encoding="pcm16", rate=16000)
    sound = media(shown(spec, folder=tmp_path), 0, 1)
    assert isinstance(sound, AudioMedia)
    assert sound.wave.tolist() == [-1.0] * 4
    assert sound.companion is None


def test_sheets_are_cut_row_by_row_and_rows_can_be_mapped(tmp_path: Path) -> None:
    sheet = np.zeros((4, 6, 3), np.uint8)
    sheet[2:, 4:] = 200  # tile 5 of 2 x 3
    Image.fromarray(sheet).save(tmp_path / "sheet.png")
    spec = MediaSpec("image", file="sheet.png", size=(2, 2))
    index = np.full(30, 5)
    picture = media(shown(spec, folder=tmp_path, media_index1=index), 7, 1)
    assert isinstance(picture, ImageMedia)
    assert picture.pixels.shape == (2, 2, 3)
    assert picture.pixels.min() == 200
    with pytest.raises(DataError, match="holds 6 items"):
        media(shown(spec, folder=tmp_path), 6, 1)


def test_a_replaced_file_is_read_again(tmp_path: Path) -> None:
    spec = MediaSpec("text", file="t.npz", key="t")
    for n, word in enumerate(("old", "new")):
        write_arrays(tmp_path / "t.npz", {"t": np.full(30, word)})
        os.utime(tmp_path / "t.npz", (n, n))
        assert media(shown(spec, folder=tmp_path), 0, 1) == TextMedia(word)


def test_html_in_a_text_comes_out_as_it_is() -> None:
    arrays = sound_arrays() | {"x2": np.full(30, "<script>alert(1)</script>")}
    dataset = from_arrays("set", arrays, sound_card())
    assert media(dataset, 0, 2) == TextMedia("<script>alert(1)</script>")


@pytest.mark.parametrize(
    "spec",
    [
        MediaSpec("image"),
        MediaSpec("image", size=(3, 3)),
        MediaSpec("image", size=(0, 0)),
        MediaSpec("audio"),
        MediaSpec("text"),
        MediaSpec("signal", channels=("x", "y")),
        MediaSpec("image", file="none.npz", key="a"),
        MediaSpec("image", file="m.npz", key="other"),
        MediaSpec("image", file="m.npz"),
        MediaSpec("image", file="m.npz", key="short"),
        MediaSpec("audio", file="m.npz", key="short", offset_key="other"),
        MediaSpec("image", file="m.npz", key="words"),
        MediaSpec("image", file="broken.npz", key="a"),
        MediaSpec("image", file="broken.png", size=(2, 2)),
        MediaSpec("image", file="sheet.png"),
        MediaSpec("image", file="sheet.png", size=(99, 99)),
    ],
)
def test_media_that_do_not_fit_the_card_are_data_errors(tmp_path: Path, spec: MediaSpec) -> None:
    arrays = {"short": np.zeros((2, 3, 3), np.uint8), "words": np.full(30, "w")}
    write_arrays(tmp_path / "m.npz", arrays)
    (tmp_path / "broken.npz").write_bytes(b"PK")
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n")
    Image.new("RGB", (4, 4)).save(tmp_path / "sheet.png")
    with pytest.raises(DataError):
        media(shown(spec, folder=tmp_path), 5, 1)


@pytest.mark.parametrize("row", [-1, 30])
def test_rows_outside_are_an_index_error(row: int) -> None:
    with pytest.raises(IndexError):
        media(shown(MediaSpec("vector")), row, 1)


def test_generated_questions_show_a_picture_and_words() -> None:
    dataset = load_dataset("shapes-qa:train=20,val=20,test=20")
    picture, words = media(dataset, 3, 1), media(dataset, 3, 2)
    assert isinstance(picture, ImageMedia)
    assert picture.pixels.shape == (32, 32, 3)
    assert isinstance(words, TextMedia)
    assert words.text.endswith("?")
