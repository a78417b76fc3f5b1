"""The files of every bundled set against their cards, and what the cards promise."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from dmil_core.data.card import Card
from dmil_core.data.catalog import list_datasets, load_dataset
from dmil_core.data.dataset import Dataset
from dmil_core.data.features import features, values
from dmil_core.data.media import (
    AudioMedia,
    ImageMedia,
    SignalMedia,
    TextMedia,
    VectorMedia,
    media,
)
from dmil_core.data.npz import read_card, read_npz
from dmil_core.data.validate import check
from dmil_core.schema import SPLITS, modality_numbers
from sample_data.build import emoji_minilm

ROOT = Path(__file__).resolve().parents[2] / "sample_data"
SETS = (
    "avdigits", "avdigits-parity", "avdigits-same", "diamonds", "emoji", "emoji-minilm", "mfeat",
    "mfeat-three", "segments", "watch",
)  # fmt: skip
PAIRS = ("avdigits-parity", "avdigits-same")
#: Inputs with so few values that equal ones are in all splits.
COARSE = {("diamonds", 2)}


@cache
def loaded(name: str) -> Dataset:
    return load_dataset(name, ROOT)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_exactly_these_sets_are_bundled() -> None:
    assert tuple(entry.name for entry in list_datasets(ROOT) if not entry.generated) == SETS


def test_all_sets_together_stay_small() -> None:
    files = [path for path in ROOT.rglob("*") if path.is_file() and not path.is_symlink()]
    assert sum(path.stat().st_size for path in files if path.suffix != ".pyc") < 15.5e6


#: What is to be said of a set beforehand: many names of emoji have only words of their own, and
#: some numbers of their sentence vectors are 0 throughout.
NOTES = {
    "emoji": "input 2 (name) has only words that are in no training row in ",
    "emoji-minilm": "input 2 (name): 3 of its 384 numbers (0.8 %) are the same in all training ",
}


@pytest.mark.parametrize("name", SETS)
def test_validation_finds_nothing_but_what_is_known(name: str) -> None:
    path = ROOT / name / "data.npz"
    assert check(read_npz(path).arrays, read_card(path)) == []
    notes = [NOTES[name]] if name in NOTES else []
    assert [i.title[: len(n)] for i, n in zip(loaded(name).issues, notes, strict=True)] == notes


@pytest.mark.parametrize("name", SETS)
def test_hashes_and_counts_are_those_of_the_card(name: str) -> None:
    card, dataset = loaded(name).card, loaded(name)
    assert sha256(ROOT / name / "data.npz") == card.sha256
    assert {file: sha256(ROOT / name / file) for file in card.files} == card.files
    assert {split: len(dataset.rows(split)) for split in SPLITS} == card.counts
    assert sum(card.counts.values()) == len(dataset)


@pytest.mark.parametrize("name", SETS)
def test_card_says_what_a_reader_needs(name: str) -> None:
    card = loaded(name).card
    assert card.name == name
    assert card.constructed == (name in PAIRS)
    for text in (card.title, card.summary, card.source, card.licence, card.split_rule):
        assert text.strip()
    assert card.cautions
    assert card.summary.count(".") <= 2


@pytest.mark.parametrize("name", SETS)
def test_shares_of_the_splits_and_every_class_in_each(name: str) -> None:
    dataset = loaded(name)
    for split, low, high in (("train", 0.6, 0.7), ("val", 0.1, 0.16), ("test", 0.2, 0.25)):
        rows = dataset.rows(split)  # type: ignore[arg-type]
        assert low <= len(rows) / len(dataset) <= high
        assert len(np.unique(dataset.y[rows])) == len(dataset.classes)


@pytest.mark.parametrize("name", SETS)
def test_no_input_occurs_in_two_splits(name: str) -> None:
    dataset = loaded(name)
    for modality, x in enumerate(dataset.inputs, start=1):
        if (name, modality) in COARSE:
            continue
        homes: dict[bytes, set[str]] = {}
        for item, split in zip(x, dataset.split, strict=True):
            key = str(item).encode() if x.dtype.kind == "U" else item.tobytes()
            homes.setdefault(key, set()).add(str(split))
        assert all(len(home) == 1 for home in homes.values())


@pytest.mark.parametrize(
    "name", ["diamonds", "emoji", "emoji-minilm", "mfeat", "mfeat-three", "segments", "watch"]
)
def test_groups_stay_in_one_split(name: str) -> None:
    dataset = loaded(name)
    assert dataset.group is not None
    parts = [set(dataset.group[dataset.rows(split)].tolist()) for split in SPLITS]
    assert sum(len(part) for part in parts) == len(set.union(*parts))


def test_watch_holds_out_people() -> None:
    dataset = loaded("watch")
    people = [{i.split("-")[1] for i in dataset.ids[dataset.rows(split)]} for split in SPLITS]
    assert [len(part) for part in people] == [6, 2, 2]
    assert len(set.union(*people)) == 10


def test_emoji_look_alikes_share_a_group() -> None:
    dataset = loaded("emoji")
    assert dataset.group is not None
    group = dict(zip(dataset.x2.tolist(), dataset.group.tolist(), strict=True))
    for family in (
        ("one o\u2019clock", "six-thirty"),
        ("man health worker", "woman health worker", "health worker"),
        ("red heart", "green heart"),
        ("family: man, man, boy", "family: woman, girl"),
        ("keycap: 1", "keycap: 9"),
    ):
        assert len({group[name] for name in family}) == 1, family


def test_mfeat_nine_stays_with_the_six_it_was_turned_from() -> None:
    dataset = loaded("mfeat")
    by_moments: dict[bytes, set[int]] = {}
    for row in range(len(dataset)):
        by_moments.setdefault(dataset.x1[row].tobytes(), set()).add(row)
    twins = [sorted(rows) for rows in by_moments.values() if len(rows) > 1]
    assert len(twins) >= 20
    for rows in twins:
        assert len(set(dataset.split[rows])) == 1
        assert dataset.group is not None
        assert len(set(dataset.group[rows])) == 1


def test_mfeat_three_is_mfeat_with_a_third_input() -> None:
    two, three = loaded("mfeat"), loaded("mfeat-three")
    assert (two.modalities, three.modalities) == (2, 3)
    for name in ("x1", "x2", "y", "ids", "split", "group"):
        np.testing.assert_array_equal(getattr(two, name), getattr(three, name))
    assert three.x(3).shape == (2000, 6)
    holes, digit = three.x(3)[:, 0], np.asarray(three.classes)[three.y]
    typical = {d: int(np.median(holes[digit == d])) for d in ("one", "zero", "nine", "eight")}
    assert typical == {"one": 0, "zero": 1, "nine": 1, "eight": 2}


def test_emoji_minilm_is_emoji_with_vectors_of_its_names() -> None:
    words, vectors = loaded("emoji"), loaded("emoji-minilm")
    for name in ("x1", "y", "ids", "split", "group"):
        np.testing.assert_array_equal(getattr(words, name), getattr(vectors, name))
    assert words.classes == vectors.classes
    for row in range(0, len(words), 100):
        for modality in (1, 2):
            shown, other = (media(d, row, modality) for d in (words, vectors))  # type: ignore[arg-type]
            if isinstance(shown, ImageMedia) and isinstance(other, ImageMedia):
                np.testing.assert_array_equal(shown.pixels, other.pixels)
            else:
                assert shown == other == TextMedia(str(words.x2[row]))


def test_emoji_minilm_vectors_are_of_length_one_and_alike_where_names_are() -> None:
    dataset = loaded("emoji-minilm")
    unit = dataset.x2 / emoji_minilm.STEPS
    np.testing.assert_allclose(np.linalg.norm(unit, axis=1), 1.0, atol=0.01)
    row = {name: i for i, name in enumerate(loaded("emoji").x2.tolist())}
    heart, other, taxi = (unit[row[n]] for n in ("red heart", "orange heart", "taxi"))
    assert heart @ other > 0.6 > 0.4 > heart @ taxi


def test_diamonds_have_possible_sizes_whole_grades_and_equal_classes() -> None:
    dataset = loaded("diamonds")
    assert np.bincount(dataset.y).tolist() == [800] * 5
    carat, length, width, depth, percent, _ = dataset.x1.T
    assert dataset.x1.min() > 0
    assert length.max() < 20
    # Depth in percent is that in millimetres over the mean of length and width.
    off = np.abs(percent - 200 * depth / (length + width))
    assert np.quantile(off, 0.99) < 0.5
    assert np.corrcoef(carat, length * width * depth)[0, 1] > 0.99
    for column, best in zip(dataset.x2.T, (4, 6, 7), strict=True):
        assert np.unique(column).tolist() == list(range(best + 1))


def test_diamonds_of_one_stone_differ_in_orientation_only() -> None:
    dataset = loaded("diamonds")
    assert dataset.group is not None
    sides = np.sort(dataset.x1[:, 1:3], axis=1)
    measured = np.column_stack([dataset.x1[:, [0, 3, 4, 5]], sides])
    listed = np.column_stack([dataset.x1[:, :1], dataset.x2, sides, dataset.y])
    names, count = np.unique(dataset.group, return_counts=True)
    assert len(names) > 3800
    for name in names[count > 1]:
        rows = np.flatnonzero(dataset.group == name)
        # Each has another row of its group that it cannot be told apart from.
        for row in rows:
            others = rows[rows != row]
            same = (measured[others] == measured[row]).all(axis=1)
            assert (same | (listed[others] == listed[row]).all(axis=1)).any(), name


def test_segments_know_colour_and_not_position() -> None:
    dataset = loaded("segments")
    assert (dataset.x1.shape, dataset.x2.shape) == ((2310, 6), (2310, 10))
    assert np.bincount(dataset.y).tolist() == [330] * 7
    intensity, red, blue, green, excess = dataset.x2[:, :5].T
    np.testing.assert_allclose(intensity, (red + blue + green) / 3, atol=1e-3)
    np.testing.assert_allclose(excess, 2 * red - green - blue, atol=1e-3)
    assert min(len(np.unique(column)) for x in dataset.inputs for column in x.T) > 1


def test_avdigits_corrupts_both_inputs_independently() -> None:
    image, audio = (loaded("avdigits").flags[f"{side}_corrupt"] for side in ("image", "audio"))
    assert 0.37 < image.mean() < 0.43
    assert 0.37 < audio.mean() < 0.43
    assert abs((image & audio).mean() - image.mean() * audio.mean()) < 0.02


@pytest.mark.parametrize("name", SETS)
def test_media_of_both_sides_can_be_shown(name: str) -> None:
    dataset = loaded(name)
    expected = {
        "image": ImageMedia,
        "audio": AudioMedia,
        "signal": SignalMedia,
        "text": TextMedia,
        "vector": VectorMedia,
    }
    for row in (0, 1, len(dataset) // 2, len(dataset) - 1):
        for modality in modality_numbers(dataset.modalities):
            shown = media(dataset, row, modality)
            assert type(shown) is expected[dataset.card.modalities[modality - 1].media.type]


@pytest.mark.parametrize("name", ["avdigits", *PAIRS])
def test_every_clip_is_a_short_audible_sound(name: str) -> None:
    dataset = loaded(name)
    for row in range(0, len(dataset), 20):
        clip = media(dataset, row, 2)
        assert isinstance(clip, AudioMedia)
        assert clip.rate == 8000
        assert 0.1 <= len(clip.wave) / clip.rate <= 0.75
        assert 0.3 <= np.abs(clip.wave).max() <= 1
        assert abs(clip.wave.mean()) < 0.05


def test_glyphs_and_digits_are_pictures_of_something() -> None:
    for name in ("emoji", "mfeat"):
        for row in range(0, len(loaded(name)), 50):
            picture = media(loaded(name), row, 1)
            assert isinstance(picture, ImageMedia)
            assert np.ptp(picture.pixels) > 30


@pytest.mark.parametrize("name", SETS)
def test_shipped_checkpoints_show_the_card_that_the_set_has_now(name: str) -> None:
    card = loaded(name).card.to_dict()
    for path in sorted((ROOT.parent / "checkpoints" / name).glob("*/seed*/run.json")):
        shown = json.loads(path.read_text("utf-8"))["data_card"]
        # A checkpoint keeps the version of the card that it was trained with.
        assert Card.from_dict(shown).to_dict() == card, path


@pytest.mark.parametrize("name", ["diamonds", "segments"])
def test_columns_of_the_tables_have_names(name: str) -> None:
    for m in (1, 2):
        assert all(not f.name.startswith("feature ") for f in features(loaded(name), m))


def test_grades_of_diamonds_are_words_from_the_worst_to_the_best() -> None:
    dataset = loaded("diamonds")
    cut, colour, clarity = features(dataset, 2)
    assert (cut.name, cut.categories[0], cut.categories[-1]) == ("cut", "Fair", "Ideal")
    assert (colour.categories, clarity.categories[-1]) == (tuple("JIHGFED"), "IF")
    assert all(sum(f.shares) == pytest.approx(1) for f in (cut, colour, clarity))
    told = values(features(dataset, 2), dataset.x2[0])
    assert [v.text for v in told] == [
        f.categories[int(code)] for f, code in zip(features(dataset, 2), dataset.x2[0], strict=True)
    ]
