"""Files of strangers: each is understood, or refused in words that say what to do."""

from __future__ import annotations

import io
import stat
import struct
import tracemalloc
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from dmil_core.data.files.assemble import Assembled, assemble
from dmil_core.data.files.kinds import describe
from dmil_core.data.files.limits import Limits
from dmil_core.data.files.load import of_frame
from dmil_core.data.files.media import Files
from dmil_core.data.files.pictures import SEEN, SHOWN, read_picture
from dmil_core.data.files.reader import Named, read_table
from dmil_core.data.files.repairs import Missing, Repairs
from dmil_core.data.files.roles import InputRole, Roles, guess
from dmil_core.data.files.sounds import RATE, read_sound
from dmil_core.data.files.table import Column, Table
from dmil_core.data.media import AudioMedia, ImageMedia, as_seen, media
from dmil_core.data.npz import read_dataset, write_arrays, write_npz
from dmil_core.data.validate import errors
from dmil_core.errors import DataError
from tests.core.data.archives import encoded, packed, png, wav

#: Small enough that a test can go beyond each.
SMALL = Limits(
    rows=60, least_rows=6, columns=8, cells=500, classes=4, cell_length=50, name_length=12,
    files=40, unpacked_mib=1, file_mib=1, pixels=10_000, seconds=1,
)  # fmt: skip


def table(rows: int = 30) -> pd.DataFrame:
    """Two groups of two columns, a label that both sides together make, ids."""
    rng = np.random.default_rng(0)
    a, b = np.arange(rows) % 2, np.arange(rows) // 2 % 2
    left, right = rng.normal(size=(2, rows, 2)).round(3)
    return pd.DataFrame(
        {
            "id": [f"r{i}" for i in range(rows)],
            "left_1": left[:, 0] + 4 * a,
            "left_2": left[:, 1],
            "right_1": right[:, 0] + 4 * b,
            "right_2": right[:, 1],
            "label": np.where(a ^ b, "differ", "same"),
        }
    )


def csv(frame: pd.DataFrame, **how: Any) -> bytes:
    return frame.to_csv(index=False, **how).encode("utf-8")


def parquet(frame: pd.DataFrame) -> bytes:
    stream = io.BytesIO()
    frame.to_parquet(stream)
    return stream.getvalue()


def npz(**arrays: Any) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def understood(content: bytes, limits: Limits = SMALL, name: str = "t.csv") -> Table:
    return read_table([Named(name, content)], limits=limits)


def of_arrays(**arrays: Any) -> Table:
    return Table({n: Column(n, a, str(a.dtype)) for n, a in arrays.items()})


def made(
    table: Table, roles: Roles | None = None, files: Files | None = None, missing: Missing = "auto"
) -> Assembled:
    table = table if files is None else replace(table, files=files)
    facts = describe(table)
    roles = roles or guess(table, facts, files_follow=True)
    return assemble(
        table, roles, Repairs(missing=missing), "my-set", "Mine", "", SMALL, facts=facts
    )


def messages(assembled: Assembled) -> str:
    return "\n".join(str(i) for i in assembled.issues)


# --- tables ----------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [{}, {"sep": ";"}, {"sep": "\t"}, {"lineterminator": "\r\n"}])
def test_a_csv_is_understood_from_its_names(how: dict[str, str]) -> None:
    made_set = made(understood(csv(table(), **how)))
    assert made_set.dataset is not None, messages(made_set)
    assert made_set.dataset.x1.shape == made_set.dataset.x2.shape == (30, 2)
    np.testing.assert_allclose(made_set.dataset.x2, table()[["right_1", "right_2"]], rtol=1e-6)
    assert made_set.dataset.classes == ("differ", "same")
    assert made_set.dataset.ids[3] == "r3"
    assert [m.name for m in made_set.dataset.card.modalities] == ["left", "right"]


def test_csv_parquet_and_npz_of_the_same_rows_make_the_same_set() -> None:
    frame = table()
    sides = {f"x{m}": frame[[f"{s}_1", f"{s}_2"]] for m, s in ((1, "left"), (2, "right"))}
    arrays = npz(**sides, y=frame["label"].to_numpy(str), id=frame["id"].to_numpy(str))
    sources = [
        understood(csv(frame)),
        understood(parquet(frame), name="t.parquet"),
        understood(arrays, name="a.npz"),
    ]
    digests = {d.digest for s in sources if (d := made(s).dataset) is not None}
    assert len(digests) == 1


def test_a_text_column_is_an_input_and_split_words_are_understood() -> None:
    words = ["one word", "another word", "no <b>word</b>"]
    frame = table().assign(right_1=[words[i % 3] for i in range(30)]).drop(columns="right_2")
    frame["split"] = ["Training"] * 14 + ["validation"] * 8 + ["TEST"] * 8
    made_set = made(understood(csv(frame.rename(columns={"right_1": "words"}))))
    assert made_set.dataset is not None, messages(made_set)
    assert made_set.dataset.card.modalities[1].kind == "text"
    assert made_set.dataset.x2[2] == words[2]
    assert set(made_set.dataset.split) == {"train", "val", "test"}


def change(**cells: Mapping[int, Any]) -> bytes:
    frame = table().astype(object)
    for column, values in cells.items():
        for row, value in values.items():
            frame.loc[row, column] = value
    return csv(frame)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (change(left_1={2: "=SUM(A1:A3)", 5: ""}), ("(rows 2, 5)", "formulas")),
        (change(left_2={1: "1,5", 7: "nan"}), ("(rows 1, 7)", "1 cell of 'left_2' is no number")),
        (change(right_1={4: "1e300"}), ("(row 4)", "1 cell of 'right_1' is no number")),
        (change(label={0: "=cmd|' /C calc'!A0"}), ("(row 0)", "formula")),
        (change(left_1={2: "x"}, label={3: ""}), ("(row 2)", "1 of 30 rows (3.3 %) (row 3)")),
        (change(label={3: "x" * 101}), ("over 100 characters", "(row 3)")),
        (change(id={2: "r1"}), ("same id on several rows (rows 1, 2)",)),
        (change(id={2: "a\u202eb"}), ("cannot be shown", "(row 2)")),
        (csv(table(4)), ("4 rows", "at least 6")),
        (csv(table().assign(split="val")), ("'train' has no rows", "'test' has no rows")),
    ],
)  # fmt: skip
def test_every_fault_is_reported_with_its_rows_and_what_to_do(
    content: bytes, words: tuple[str, ...]
) -> None:
    source = understood(content, replace(SMALL, cell_length=200))
    roles = replace(guess(source), id="id", label="label")
    if "split" in source.columns:
        roles = replace(roles, split="split")
    made_set = made(source, roles, missing="error")
    assert made_set.dataset is None
    for word in words:
        assert word in messages(made_set)
    assert all(i.what_to_do for i in made_set.issues)


def test_roles_that_contradict_themselves_are_an_error() -> None:
    source = understood(csv(table()))
    guessed = guess(source)
    left = guessed.inputs[0]

    def inputs(*columns: str) -> Roles:
        return replace(guessed, inputs=(left, InputRole("second", "vector", columns)))

    for roles, words in (
        (inputs("left_1"), "both input 1 and input 2"),
        (inputs("right_1", "label"), "both input 2 and label"),
        (inputs(), "input 2 has no columns"),
        (inputs("nowhere"), "there is no column 'nowhere'"),
        (replace(guessed, inputs=(left,)), "only one input is chosen"),
        (replace(guessed, label=""), "no column is the label"),
        (replace(guessed, group="gone"), "there is no column 'gone'"),
        (replace(inputs("right_1", "id"), id=""), "'id' cannot be used: every row has another"),
    ):
        made_set = made(source, roles)
        assert made_set.dataset is None
        assert words in messages(made_set)


# --- pictures and sounds -----------------------------------------------------------------------


def listed(rows: int = 12) -> Table:
    return understood(csv(listed_frame(rows)))


def listed_frame(rows: int = 12) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "picture": [f"p{i}.png" for i in range(rows)],
            "sound": [f"s{i}.WAV" for i in range(rows)],
            "y": [i % 2 for i in range(rows)],
        }
    )


def test_pictures_and_sounds_of_a_zip_become_inputs_with_their_raw_media(tmp_path: Path) -> None:
    members = {f"in/p{i}.png": png(colour=(250 * (i % 2), i, 0)) for i in range(12)}
    members |= {f"s{i}.WAV": wav(0.1 + 0.05 * i) for i in range(12)}
    source = listed()
    roles = guess(source, files_follow=True)
    assert [r.columns for r in roles.inputs] == [("picture",), ("sound",)]
    assert "names pictures, whose files are missing" in messages(made(source))
    made_set = made(source, files=Files(packed(members), SMALL))
    assert made_set.dataset is not None, messages(made_set)
    assert made_set.dataset.x1.shape == (12, SEEN, SEEN, 3)
    assert [m.kind for m in made_set.dataset.card.modalities] == ["image", "audio"]
    assert made_set.media["media1.npz"]["pixels"].shape == (12, SHOWN, SHOWN, 3)
    offset = made_set.media["media2.npz"]["offset"]
    assert np.diff(offset).tolist() == [round((0.1 + 0.05 * i) * RATE) for i in range(12)]
    for name, arrays in made_set.media.items():
        write_arrays(tmp_path / name, arrays)
    write_npz(tmp_path / "data.npz", made_set.arrays, made_set.dataset.card)
    kept = read_dataset(tmp_path / "data.npz")
    seen, heard = media(kept, 3, 1), media(kept, 3, 2)
    assert isinstance(seen, ImageMedia)
    assert seen.pixels[SHOWN // 2, SHOWN // 2].tolist() == [250, 3, 0]
    assert seen.pixels[2, 2].tolist() == [0, 0, 0], "beside a wide picture it is black"
    assert isinstance(heard, AudioMedia)
    assert len(heard.wave) == round(0.25 * RATE)


def test_a_folder_is_read_like_a_zip_and_its_own_name_does_not_count() -> None:
    frame = pd.DataFrame({"picture": ["a/1.png", "b/1.png"] * 6, "value": np.arange(12) / 7})
    frame["y"] = [i % 2 for i in range(12)]
    colours = {"a": (10, 20, 30), "b": (200, 0, 0)}
    folder = [(f"mine/{k}/1.png", png(colour=c)) for k, c in colours.items()]
    made_set = made(understood(csv(frame)), files=Files.of_folder(folder, SMALL))
    assert made_set.dataset is not None, messages(made_set)
    middle = made_set.dataset.x1[:, SEEN // 2, SEEN // 2]
    assert middle[:2].tolist() == [list(colours["a"]), list(colours["b"])]
    with pytest.raises(DataError, match="points out of it"):
        Files.of_folder([("mine/../../1.png", png())], SMALL)
    with pytest.raises(DataError, match="41 files"):
        Files.of_folder([(f"mine/{i}.png", b"") for i in range(41)], SMALL)


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_sounds_of_any_width_sound_alike(width: int) -> None:
    clip = read_sound(wav(width=width)).astype(float)
    assert len(clip) == 0.2 * RATE
    peak = np.argmax(np.abs(np.fft.rfft(clip))) / 0.2
    assert abs(peak - 440) < 10
    assert 0.4 < np.abs(clip).max() / 32768 < 0.6


def stored(picture: Image.Image) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()


def test_grey_levels_of_16_bits_are_scaled_and_not_cut_off() -> None:
    levels = np.linspace(0, 65535, SHOWN * SHOWN).reshape(SHOWN, SHOWN).astype(np.uint16)
    seen = read_picture(stored(Image.fromarray(levels)))[..., 0].astype(float)
    assert np.abs(seen - levels / 257).max() <= 1


def depth(row: int, low: int = 200, high: int = 900) -> NDArray[np.uint16]:
    """A depth map between two levels, another one in every row."""
    ramp = np.linspace(low, high, 40 * 40).reshape(40, 40)
    return np.roll(ramp, row, axis=0).round().astype(np.uint16)


def with_pictures(pictures: dict[str, bytes]) -> Assembled:
    members = pictures | {f"s{i}.WAV": wav() for i in range(12)}
    return made(listed(), files=Files(packed(members), SMALL))


def test_a_depth_map_keeps_its_levels_and_is_shown_in_their_range(tmp_path: Path) -> None:
    maps = {f"p{i}.png": stored(Image.fromarray(depth(i))) for i in range(12)}
    made_set = with_pictures(maps)
    dataset = made_set.dataset
    assert dataset is not None, messages(made_set)
    assert dataset.x1.dtype == np.float32
    assert dataset.x1.shape == (12, SEEN, SEEN)
    assert 200 <= dataset.x1.min() < 260
    assert 840 < dataset.x1.max() <= 900
    first = dataset.card.modalities[0]
    assert first.media.value_range == (200.0, 900.0)
    assert "Black is level 200, white is 900, the range of the training rows." in first.description
    assert made_set.media["media1.npz"]["pixels"].dtype == np.uint16
    seen = as_seen(dataset, 0, 1)
    assert isinstance(seen, ImageMedia)
    assert seen.pixels.min() < 25
    assert seen.pixels.max() > 230
    write_arrays(tmp_path / "media1.npz", made_set.media["media1.npz"])
    write_arrays(tmp_path / "media2.npz", made_set.media["media2.npz"])
    write_npz(tmp_path / "data.npz", made_set.arrays, dataset.card)
    shown = media(read_dataset(tmp_path / "data.npz"), 0, 1)
    assert isinstance(shown, ImageMedia)
    assert shown.pixels.shape == (SHOWN, SHOWN)
    assert (shown.pixels.min(), shown.pixels.max()) == (0, 255)


def test_the_range_is_that_of_the_training_rows() -> None:
    split = np.array(["train"] * 8 + ["val", "val", "test", "test"])
    maps = {
        f"p{i}.png": stored(Image.fromarray(depth(i, high=900 if name == "train" else 60_000)))
        for i, name in enumerate(split)
    }
    members = maps | {f"s{i}.WAV": wav() for i in range(12)}
    table = listed()
    words = Column("split", pa.chunked_array([split]), "text")
    source = replace(table, columns={**table.columns, "split": words})
    made_set = made(source, files=Files(packed(members), SMALL))
    assert made_set.dataset is not None, messages(made_set)
    assert made_set.dataset.card.modalities[0].media.value_range == (200.0, 900.0)
    assert made_set.dataset.x1.max() > 50_000


def test_pictures_of_8_and_16_bits_together_are_brought_to_8() -> None:
    maps = {f"p{i}.png": png() for i in range(12)}
    maps["p3.png"] = stored(Image.fromarray(depth(3, 0, 65535)))
    made_set = with_pictures(maps)
    assert made_set.dataset is not None
    assert made_set.dataset.x1.dtype == np.uint8
    assert "grey levels of 16 bits in 1 file of 12 (row 3)" in messages(made_set)


def test_a_white_drawing_on_nothing_is_seen() -> None:
    pixels = np.full((SHOWN, SHOWN, 4), 255, np.uint8)
    pixels[..., 3] = 0
    pixels[20:40, 20:40, 3] = 255
    seen = read_picture(stored(Image.fromarray(pixels)))
    assert seen[30, 30].tolist() == [255, 255, 255]
    assert seen[80, 80].tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("even/1.png", "even/1.png"),
        ("data/even/1.png", "even/1.png"),
        ("C:\\mine\\odd\\1.png", "odd/1.png"),
        ("other/odd/1.png", "odd/1.png"),
        ("1.png", None),
        ("neither/1.png", None),
        ("only.png", "deep/down/only.png"),
        ("elsewhere/only.png", "deep/down/only.png"),
        ("ONLY.PNG", "deep/down/only.png"),
        ("only", "deep/down/only.png"),
        ("https://example.org/a/even/1.png?size=large#top", "even/1.png"),
        ("https://example.org/on%6Cy.png", "deep/down/only.png"),
        ("https://[bad/only.png", "deep/down/only.png"),
        ("two", None),
        ("two.wav", "two.wav"),
        ("", None),
        ("nothing.png", None),
    ],
)
def test_the_file_that_a_name_means(name: str, path: str | None) -> None:
    members = ("even/1.png", "odd/1.png", "deep/down/only.png", "two.wav", "two.png")
    files = Files(packed(dict.fromkeys(members, b"x") | {"__MACOSX/only.png": b"x"}), SMALL)
    assert files.find(name) == path


def test_a_zip_of_a_folder_may_have_its_name_in_front() -> None:
    files = Files(packed({f"mine/{c}/{i}.png": b"x" for c in "ab" for i in range(9)}), SMALL)
    assert files.find("a/3.png") == "mine/a/3.png"
    assert files.find("elsewhere/b/3.png") == "mine/b/3.png"


@pytest.mark.parametrize("ending", ["", ".png?size=large"])
def test_names_without_an_ending_and_urls_are_names_of_files(ending: str) -> None:
    members = {f"p{i}.png": png() for i in range(12)} | {f"s{i}.WAV": wav() for i in range(12)}
    frame = listed_frame()
    before = "https://example.org/" if ending else ""
    frame["picture"] = [f"{before}p{i}{ending}" for i in range(12)]
    made_set = made(understood(csv(frame)), files=Files(packed(members), SMALL))
    assert made_set.dataset is not None, messages(made_set)
    assert {m.kind for m in made_set.dataset.card.modalities} == {"image", "audio"}


def test_what_is_drawn_in_the_transparency_alone_is_seen() -> None:
    pixels = np.zeros((SHOWN, SHOWN, 4), np.uint8)
    pixels[20:40, 20:40, 3] = 255
    seen = read_picture(stored(Image.fromarray(pixels)))
    assert seen[30, 30].tolist() == [0, 0, 0]
    assert seen[80, 80].tolist() == [255, 255, 255]


def tone(seconds: float = 0.2, rate: int = 16000) -> NDArray[np.float64]:
    return 0.5 * np.sin(2 * np.pi * 440 * np.arange(int(seconds * rate)) / rate)


LOSSLESS = [
    ("WAV", "PCM_16"), ("WAV", "PCM_24"), ("WAV", "FLOAT"), ("WAV", "DOUBLE"), ("WAVEX", "PCM_24"),
    ("WAVEX", "FLOAT"), ("AIFF", "PCM_16"), ("AIFF", "FLOAT"), ("FLAC", "PCM_16"),
    ("FLAC", "PCM_24"),
]  # fmt: skip
LOSSY = [("WAV", "ULAW"), ("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III")]


@pytest.mark.parametrize(("format", "subtype"), [*LOSSLESS, *LOSSY])
def test_sounds_of_any_encoding_sound_alike(format: str, subtype: str) -> None:
    stereo = np.stack([tone(), tone()], axis=1)
    plain = read_sound(wav()).astype(float)
    clip = read_sound(encoded(stereo, format, subtype)).astype(float)
    assert len(clip) == 0.2 * RATE
    assert abs(np.argmax(np.abs(np.fft.rfft(clip))) / 0.2 - 440) < 10
    assert clip.std() == pytest.approx(plain.std(), rel=0.1)
    if (format, subtype) in LOSSLESS:
        assert np.abs(clip - plain).max() <= 2


def test_plain_samples_are_read_exactly() -> None:
    """At the rate of storage nothing is resampled, so that 16 bits come back as they were."""
    stored = np.arange(-32000, 32000, 40, dtype=np.int16)
    for format in ("WAV", "FLAC"):
        clip = read_sound(encoded(stored, format, "PCM_16", RATE))
        assert np.abs(clip.astype(int) - stored).max() <= 1  # full scale is 32768 there, 32767 here


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "none of WAV, AIFF, AU, FLAC, OGG, MP3"),
        (b"#!/bin/sh\n" * 9, "none of WAV"),
        (encoded(tone(), "CAF", "PCM_16"), "none of WAV"),
        (b"RIFF\0\0\0\0WAVE", "damaged"),
        (b"fLaC" + b"\xff" * 60, "damaged"),
        (encoded(tone(), "FLAC", "PCM_16")[:60], "damaged"),
        (b"OggS" + b"\0" * 60, "damaged"),
        (b"\xff\xfb\x90\x00" + b"\0" * 200, "damaged"),
        (encoded(np.zeros(0), "WAV", "PCM_16"), "0 samples"),
        (encoded(np.zeros((1600, 20)), "WAV", "PCM_16"), "20 channels"),
        (encoded(tone(0.1, 500), "WAV", "PCM_16", 500), "500 Hz"),
        (encoded(np.array([0.1, np.nan, 0.2]), "WAV", "FLOAT"), "NaN or infinite"),
        (encoded(20_000 * tone(), "WAV", "FLOAT"), "expected -1 to 1"),
    ],
)  # fmt: skip
def test_a_sound_that_cannot_be_heard_is_refused_in_words(content: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_sound(content)


@pytest.mark.parametrize(
    ("format", "subtype"), [("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("MP3", "MPEG_LAYER_III")]
)
def test_a_long_sound_is_refused_before_it_is_decoded(format: str, subtype: str) -> None:
    """An hour of silence is a few kilobytes, and would be 230 MB of samples."""
    content = encoded(np.zeros(8000 * 600, np.float32), format, subtype, 8000)
    tracemalloc.start()
    with pytest.raises(ValueError, match="longer than 10 seconds"):
        read_sound(content)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < len(content) + 2**20


def test_a_header_of_unknown_length_is_read_to_the_end_of_the_file() -> None:
    """Programs that write to a pipe cannot go back to say how long the sound became."""
    content = bytearray(wav())
    content[4:8] = content[40:44] = b"\xff" * 4
    assert (read_sound(bytes(content)) == read_sound(wav())).all()


def test_columns_of_sound_files_are_recognised_by_their_endings() -> None:
    for ending in ("wav", "WAV", "flac", "ogg", "opus", "mp3", "aif", "aiff"):
        names = [f"s{i}.{ending}" for i in range(12)]
        source = understood(csv(table(12).assign(left_1=names, left_2="")))
        assert describe(source)["left_1"].kind == "sounds"


def test_silent_sounds_are_reported_with_their_rows() -> None:
    members = {f"p{i}.png": png() for i in range(12)} | {f"s{i}.WAV": wav() for i in range(12)}
    members["s7.WAV"] = encoded(np.zeros(800), "WAV", "PCM_16")
    made_set = made(listed(), files=Files(packed(members), SMALL))
    assert made_set.dataset is not None, messages(made_set)
    assert "is silent in 1 row (8 %) (row 7)" in messages(made_set)


def test_a_sound_of_rounding_alone_is_silent() -> None:
    members = {f"p{i}.png": png() for i in range(12)} | {f"s{i}.WAV": wav() for i in range(12)}
    noise = np.resize(np.array([0, 1, -1, 0], np.int16), 1600)
    members |= {f"s{i}.WAV": encoded(noise, "WAV", "PCM_16") for i in range(12)}
    made_set = made(listed(), files=Files(packed(members), SMALL))
    assert "is silent in 12 rows (100 %)" in messages(made_set)


def test_where_channels_cancel_each_other_the_loudest_is_heard() -> None:
    stereo = encoded(np.stack([0.4 * tone(), -0.4 * tone()], axis=1), "WAV", "PCM_16")
    heard, alone = read_sound(stereo), read_sound(encoded(0.4 * tone(), "WAV", "PCM_16"))
    assert np.abs(heard.astype(int) - alone).max() <= 1
    members = {f"p{i}.png": png() for i in range(12)} | {f"s{i}.WAV": wav() for i in range(12)}
    members |= {"s2.WAV": stereo, "s5.WAV": stereo}
    made_set = made(listed(), files=Files(packed(members), SMALL))
    assert made_set.dataset is not None
    assert "the channels cancel each other in 2 files (rows 2, 5)" in messages(made_set)


def test_missing_and_damaged_files_are_reported_with_their_rows() -> None:
    members = {f"p{i}.png": png() for i in range(12) if i != 4} | {"p5.png": b"GIF89a nonsense"}
    members |= {f"s{i}.WAV": wav() for i in range(12)} | {"s7.WAV": wav(seconds=2)}
    made_set = made(listed(), files=Files(packed(members), SMALL))
    assert made_set.dataset is None
    assert "not among the files: 1 file, such as 'p4.png' (row 4)" in messages(made_set)
    assert "not readable as pictures: 1 file" in messages(made_set)
    assert "longer than 1 seconds) (row 7)" in messages(made_set)


def linked() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        info = zipfile.ZipInfo("p0.png")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not a complete .zip"),
        (b"PK\x03\x04", "not a complete .zip"),
        (packed({"../p0.png": png()}), "points out of it"),
        (packed({"a/../../p0.png": png()}), "points out of it"),
        (packed({"/etc/p0.png": png()}), "points out of it"),
        (packed({"..\\p0.png": png()}), "points out of it"),
        (packed({"C:\\p0.png": png()}), "points out of it"),
        (linked(), "has a link"),
        (packed({"p0.png": b"\0" * 3_000_000}), "3 MiB unpacked"),
        (packed({f"p{i}.png": b"" for i in range(41)}), "41 files"),
    ],
)  # fmt: skip
def test_an_archive_that_means_harm_is_refused(content: bytes, words: str) -> None:
    with pytest.raises(DataError) as caught:
        Files(content, SMALL)
    assert words in str(caught.value)


def test_a_picture_that_unpacks_to_millions_of_pixels_is_refused() -> None:
    content = png(20_000, 2_000)
    assert len(content) < 200_000
    with pytest.raises(ValueError, match="20000 x 2000"):
        read_picture(content)


# --- anything at all -----------------------------------------------------------------------------

#: Together 2,000 files in every run; all of it stays in memory and is tiny.
MANY, SOME = (settings(max_examples=n, deadline=None) for n in (500, 250))

_FRAME = table(12)
_ARRAYS = npz(
    x1=np.zeros((12, 2), np.float32),
    x2=np.array([f"word {i}" for i in range(12)]),
    y=np.arange(12) % 2,
    flag_odd=np.arange(12) % 2 == 0,
)
_CSV, _PARQUET = csv(_FRAME), parquet(_FRAME)
_ZIP = packed({f"p{i}.png": png() for i in range(12)} | {f"s{i}.WAV": wav(0.05) for i in range(12)})
_SOUNDS = [
    encoded(tone(0.05), *how)
    for how in (("WAV", "FLOAT"), ("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("MP3", "MPEG_LAYER_III"))
]
_LISTED = listed()


@st.composite
def corrupted(draw: st.DrawFn, content: bytes) -> bytes:
    """A file cut off, with bytes changed, put in or left out."""
    out = bytearray(content)
    for _ in range(draw(st.integers(1, 6))):
        position = draw(st.integers(0, len(out)))
        what = draw(st.sampled_from(["change", "insert", "cut", "drop"]))
        some = draw(st.binary(min_size=1, max_size=8))
        if what == "change":
            out[position : position + len(some)] = some
        elif what == "insert":
            out[position:position] = some
        elif what == "drop":
            del out[position : position + len(some)]
        elif draw(st.booleans()):
            del out[position:]
    return bytes(out)


def is_set_or_error(source: Table) -> None:
    """A set, or at least one error that says what to do."""
    made_set = made(source)
    if made_set.dataset is None:
        assert errors(list(made_set.issues))
    else:
        assert np.isfinite(made_set.dataset.x1).all() or made_set.dataset.x1.dtype.kind == "U"
        assert len(made_set.dataset) == len(made_set.rows) <= source.rows


@MANY
@given(st.one_of(corrupted(_CSV), st.text(max_size=200).map(lambda t: t.encode("utf-8", "ignore"))))
def test_any_csv_is_a_set_or_an_error(content: bytes) -> None:
    try:
        source = understood(content)
    except DataError:
        return
    is_set_or_error(source)


@MANY
@given(corrupted(_PARQUET))
def test_any_parquet_is_a_set_or_an_error(content: bytes) -> None:
    try:
        source = understood(content, name="t.parquet")
    except DataError:
        return
    is_set_or_error(source)


@MANY
@given(corrupted(_ARRAYS))
def test_any_npz_is_a_set_or_an_error(content: bytes) -> None:
    try:
        source = understood(content, name="a.npz")
    except DataError:
        return
    is_set_or_error(source)


@SOME
@given(corrupted(_ZIP))
def test_any_zip_is_read_or_an_error(content: bytes) -> None:
    try:
        files = Files(content, SMALL)
    except DataError:
        return
    for kind, name in (("pictures", "p3.png"), ("sounds", "s3.WAV")):
        result = files.decode([name], kind, SMALL)
        assert result.issues or len(result.values) == 1


@SOME
@given(st.sampled_from(_SOUNDS).flatmap(corrupted))
def test_any_sound_is_read_or_refused(content: bytes) -> None:
    try:
        clip = read_sound(content)
    except ValueError:
        return
    assert clip.dtype == np.int16
    assert 0 < len(clip) <= 10 * RATE


_CELL = st.one_of(st.text(max_size=8), st.floats(), st.sampled_from(["", "=1", "train", "p.png"]))


_NAMES = ["id", "y", "split", "group", "x1_1", "x1_2", "x2_1", "words"]


@st.composite
def tables(draw: st.DrawFn) -> list[dict[str, Any]]:
    names = draw(st.lists(st.sampled_from(_NAMES), min_size=3, unique=True))
    return draw(
        st.lists(st.fixed_dictionaries(dict.fromkeys(names, _CELL)), min_size=1, max_size=8)
    )


@SOME
@given(tables())
def test_any_table_is_a_set_or_an_error(rows: list[dict[str, Any]]) -> None:
    is_set_or_error(of_frame(pd.DataFrame(rows).astype(str)))


@pytest.mark.parametrize("empty", [np.ones(0), np.ones((0, 3)), np.zeros(0, "U3")])
def test_an_array_without_rows_beside_others_is_an_issue(empty: Any) -> None:
    stream = io.BytesIO()
    np.savez(stream, x1=empty, x2=np.ones((40, 2)), y=np.arange(40) % 2)
    set_ = made(read_table([Named("set.npz", stream.getvalue())]))
    assert set_.dataset is None
    assert "'x1' (it has 0 entries, the other arrays 40." in messages(set_)


@pytest.mark.parametrize(
    ("tag", "bits", "says"),
    [
        (1, 40, "WAV with 40-bit integer samples, expected 8 or 16 or 24 or 32 bits"),
        (1, 64, "WAV with 64-bit integer samples"),
        (3, 16, "WAV with 16-bit floating-point samples, expected 32 or 64 bits"),
    ],
)
@pytest.mark.parametrize("extensible", [False, True])
def test_samples_of_a_wav_that_cannot_be_read_are_named(
    tag: int, bits: int, says: str, extensible: bool
) -> None:
    size, frames = bits // 8, 4000
    about = struct.pack("<HIIHH", 1, 8000, 8000 * size, size, bits)
    if extensible:
        guid = struct.pack("<H", tag) + bytes.fromhex("000000001000800000aa00389b71")
        form = struct.pack("<H", 0xFFFE) + about + struct.pack("<HHI", 22, bits, 4) + guid
    else:
        form = struct.pack("<H", tag) + about
    chunks = (b"fmt ", form), (b"data", bytes(size * frames))
    body = b"".join(name + struct.pack("<I", len(c)) + c for name, c in chunks)
    content = b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body
    decoded = Files(packed({"s.wav": content})).decode(["s.wav"] * 30, "sounds")
    (issue,) = decoded.issues
    assert issue.title.startswith("not readable as sounds")
    assert says in issue.title
