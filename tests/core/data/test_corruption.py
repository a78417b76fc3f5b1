"""Corrupted inputs: what changes, what stays, and by how much."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmil_core.data.catalog import load_dataset
from dmil_core.data.corruption import (
    CORRUPTIONS,
    MAX_NOISE,
    absent,
    corrupt,
    derangement,
    swap_in,
    unknown_word,
)
from dmil_core.data.dataset import Dataset, from_arrays
from dmil_core.data.media import TextMedia, media
from dmil_core.data.tokens import words_of
from dmil_core.errors import ConfigError, DataError
from dmil_core.models.inputs import UNKNOWN, tokenize, vocabulary_of
from tests.core.data.sets import sound_arrays, sound_card


@pytest.fixture
def sound() -> Dataset:
    """300 rows of vectors (x1) and texts of two words (x2), three classes."""
    return from_arrays("sound", sound_arrays(300), sound_card())


@pytest.fixture
def pictures(sound: Dataset) -> Dataset:
    """The same rows with pictures of bytes in place of the vectors."""
    x1 = np.random.default_rng(1).integers(0, 256, (300, 5, 5)).astype(np.uint8)
    return from_arrays("pictures", sound_arrays(300) | {"x1": x1}, picture_card())


def picture_card() -> Any:
    from dmil_core.data.card import MediaSpec, Modality

    words = sound_card().modalities[1]
    return sound_card(modalities=(Modality("dots", "image", "", MediaSpec("image")), words))


def changed(before: Dataset, after: Dataset, modality: int) -> np.ndarray:
    """(N,) whether a row's modality is another one."""
    different = before.x(modality) != after.x(modality)
    return different.reshape(len(before), -1).any(axis=1)


@pytest.mark.parametrize("modality", [1, 2])
@pytest.mark.parametrize("kind", CORRUPTIONS)
def test_one_modality_of_the_chosen_rows_changes_and_nothing_else(
    sound: Dataset, kind: Any, modality: Any
) -> None:
    rows = sound.rows("test")
    corrupted = corrupt(sound, modality, kind, 1.0, rows=rows)
    moved = changed(sound, corrupted, modality)
    assert moved[rows].mean() > 0.8  # a swapped text may be the same words
    assert not np.delete(moved, rows).any()
    assert not changed(sound, corrupted, 3 - modality).any()
    assert corrupted.x(modality).shape == sound.x(modality).shape
    assert corrupted.x(modality).dtype == sound.x(modality).dtype
    for same in ("y", "ids", "split", "group", "interaction_type"):
        assert np.array_equal(getattr(corrupted, same), getattr(sound, same))
    assert corrupted.digest != sound.digest


@pytest.mark.parametrize("modality", [1, 2])
@pytest.mark.parametrize("kind", CORRUPTIONS)
def test_severity_zero_changes_nothing(sound: Dataset, kind: Any, modality: Any) -> None:
    assert corrupt(sound, modality, kind, 0.0).digest == sound.digest


@pytest.mark.parametrize("modality", [1, 2])
@pytest.mark.parametrize("kind", CORRUPTIONS)
def test_the_same_seed_corrupts_alike_and_another_one_does_not(
    sound: Dataset, kind: Any, modality: Any
) -> None:
    one, again, other = (corrupt(sound, modality, kind, 0.5, seed=s).digest for s in (3, 3, 4))
    assert one == again
    assert one != other


@pytest.mark.parametrize("kind", ["blank", "swapped"])
def test_severity_is_the_share_of_rows_and_a_higher_one_takes_more_of_the_same(
    sound: Dataset, kind: Any
) -> None:
    taken = [changed(sound, corrupt(sound, 1, kind, s), 1) for s in (0.25, 0.5, 1.0)]
    assert [t.sum() for t in taken] == [75, 150, 300]
    assert (taken[0] <= taken[1]).all()
    assert (taken[1] <= taken[2]).all()


# --- noise ----------------------------------------------------------------------------------


def test_noise_is_in_standard_deviations_of_each_feature_over_training_rows(
    sound: Dataset,
) -> None:
    scales = np.array([0.0, 1.0, 10.0, 1000.0], np.float32)
    x1 = np.where((sound.split == "train")[:, None], sound.x1 * scales, 1e6)
    scaled = from_arrays("scaled", sound_arrays(300) | {"x1": x1}, sound_card())
    added = corrupt(scaled, 1, "noise", 2.0).x1.astype(float) - scaled.x1
    wanted = 2.0 * scaled.x1[scaled.rows("train")].std(axis=0)
    assert (added[:, 0] == 0).all()
    assert added.std(axis=0)[1:] == pytest.approx(wanted[1:], rel=0.15)


def test_noise_only_grows_with_severity(sound: Dataset) -> None:
    weak, strong = (corrupt(sound, 1, "noise", s).x1 - sound.x1 for s in (0.5, 2.0))
    np.testing.assert_allclose(strong, 4.0 * weak, atol=1e-5)


def test_pictures_of_bytes_stay_bytes(pictures: Dataset) -> None:
    corrupted = corrupt(pictures, 1, "noise", 0.5).x1
    assert corrupted.dtype == np.uint8
    # Cut off at black and white; a wrapped byte would be 256 away.
    added = corrupted.astype(int) - pictures.x1
    assert np.abs(added).max() < 200
    assert added.std() > 20


def test_noise_makes_that_share_of_words_unknown(sound: Dataset) -> None:
    word = unknown_word(sound, 2)
    assert not any(word in text for text in sound.x2)
    vocabulary = vocabulary_of(sound.x2[sound.rows("train")])
    for share in (0.3, 1.0):
        corrupted = corrupt(sound, 2, "noise", share)
        tokens = tokenize(corrupted.x2, vocabulary, 2).numpy()
        assert (tokens == UNKNOWN).mean() == pytest.approx(share, abs=0.05)
    assert [len(words_of(t)) for t in corrupted.x2] == [len(words_of(t)) for t in sound.x2]


# --- blank ----------------------------------------------------------------------------------


def test_a_blank_is_the_mean_of_training_rows_or_no_text(sound: Dataset, pictures: Dataset) -> None:
    train = sound.rows("train")
    np.testing.assert_allclose(absent(sound, 1), sound.x1[train].mean(axis=0), atol=1e-6)
    assert (corrupt(sound, 1, "blank", 1.0, rows=[7, 8]).x1[7:9] == absent(sound, 1)).all()
    assert (corrupt(sound, 2, "blank", 1.0).x2 == "").all()
    assert absent(pictures, 1).dtype == np.uint8
    assert absent(pictures, 1).mean() == pytest.approx(127.5, abs=10)


# --- swapped --------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 4), min_size=2, max_size=80), st.integers(0, 99))
def test_a_derangement_is_a_permutation_with_the_fewest_of_the_same_class(
    labels: list[int], seed: int
) -> None:
    y = np.array(labels)
    result = derangement(y, np.random.default_rng(seed))
    assert sorted(result) == list(range(len(y)))
    assert (result != np.arange(len(y))).all()
    # A class of more than half finds only so many others to exchange with.
    largest = max(labels.count(c) for c in labels)
    assert (y[result] == y).sum() == max(0, 2 * largest - len(y))


def test_donors_of_a_class_come_from_all_others() -> None:
    y = np.arange(500) % 5
    result = derangement(y, np.random.default_rng(0))
    counts = np.zeros((5, 5), int)
    np.add.at(counts, (y, y[result]), 1)
    off = counts[~np.eye(5, dtype=bool)]
    assert np.trace(counts) == 0
    assert off.min() >= 10  # 25 each on average
    assert off.max() <= 45


def test_a_swap_stays_within_the_chosen_rows(sound: Dataset) -> None:
    rows = sound.rows("val")
    corrupted = corrupt(sound, 1, "swapped", 1.0, rows=rows)
    of = {tuple(x): i for i, x in enumerate(sound.x1.tolist())}
    donors = np.array([of[tuple(x)] for x in corrupted.x1.tolist()])
    assert sorted(donors[rows]) == sorted(rows)
    assert (sound.y[donors[rows]] != sound.y[rows]).all()


def test_swapping_in_takes_the_donors_modality_and_media(sound: Dataset) -> None:
    corrupted = swap_in(sound, 2, [4, 5], [11, 4])
    assert corrupted.x2[[4, 5]].tolist() == sound.x2[[11, 4]].tolist()
    assert media(corrupted, 4, 2) == TextMedia(str(sound.x2[11]))
    index = corrupted.media_index[1]
    assert index is not None
    assert index[3:7].tolist() == [3, 11, 4, 6]
    assert corrupted.media_index[0] is None
    # Of what has been swapped in already, the media goes along.
    again = swap_in(corrupted, 2, [0], [4]).media_index[1]
    assert again is not None
    assert again[0] == 11


def test_of_three_modalities_the_third_can_be_corrupted_as_well() -> None:
    three = load_dataset("mfeat-three")
    rows = three.rows("test")
    for kind in CORRUPTIONS:
        corrupted = corrupt(three, 3, kind, 1.0, rows=rows)
        assert np.array_equal(np.flatnonzero(changed(three, corrupted, 3)), rows)
        assert not changed(three, corrupted, 1).any()
        assert not changed(three, corrupted, 2).any()


# --- errors ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("modality", "kind", "severity", "words"),
    [
        (1, "blur", 0.5, "expected noise, blank, swapped"),
        (3, "noise", 0.5, "expected 1, 2"),
        (1, "noise", MAX_NOISE + 1, "standard deviations"),
        (2, "noise", 1.5, "expected 0 to 1, as a share"),
        (1, "blank", -0.1, "expected 0 to 1, as a share"),
        (1, "swapped", float("nan"), "expected 0 to 1, as a share"),
    ],
)
def test_what_does_not_exist_is_refused(
    sound: Dataset, modality: Any, kind: Any, severity: float, words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        corrupt(sound, modality, kind, severity)


def test_rows_that_do_not_exist_are_refused(sound: Dataset) -> None:
    for rows in ([300], [-1], np.ones(300, bool)):
        with pytest.raises(DataError, match="expected row numbers from 0 to 299"):
            corrupt(sound, 1, "noise", 1.0, rows=rows)
    with pytest.raises(DataError, match="two rows or more"):
        corrupt(sound, 1, "swapped", 1.0, rows=[5])
    with pytest.raises(DataError, match="a donor for each of 2 rows, got 1"):
        swap_in(sound, 1, [1, 2], [3])


def test_without_training_rows_nothing_is_usual() -> None:
    arrays = sound_arrays(30) | {"split": np.repeat("test", 30)}
    only_test = from_arrays("sound", arrays, sound_card())
    with pytest.raises(DataError, match="expected training rows"):
        corrupt(only_test, 1, "noise", 1.0)
    assert (corrupt(only_test, 2, "blank", 1.0).x2 == "").all()
