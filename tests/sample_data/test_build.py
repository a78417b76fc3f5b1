"""The pieces that the build programs are made of; nothing here needs a package to download."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dmil_core.data.media import mulaw_decode
from dmil_core.errors import DataError
from dmil_core.schema import SPLITS
from sample_data.build import diamonds, emoji_minilm, pairs, segments, speech, splits, watch


def test_grouped_split_keeps_groups_whole_and_classes_in_shares() -> None:
    rng = np.random.default_rng(0)
    group = rng.integers(0, 300, 1500)
    label = (group % 4 + (rng.random(1500) < 0.1)) % 4
    split = splits.grouped(label, group, seed=1)
    assert all(len(set(split[group == value])) == 1 for value in np.unique(group))
    for kind in range(4):
        shares = [(split[label == kind] == name).mean() for name in SPLITS]
        np.testing.assert_allclose(shares, splits.SHARES, atol=0.04)


def test_rows_with_an_equal_key_and_chains_of_them_are_one_group() -> None:
    first = np.array([[1.0, 2.0], [3.0, 4.0], [1.0, 2.0], [5.0, 6.0], [7.0, 8.0]])
    second = np.array([[0], [1], [2], [2], [3]])
    assert splits.linked([first]).tolist() == [0, 1, 0, 2, 3]
    assert splits.linked([first, second]).tolist() == [0, 1, 0, 0, 2]
    assert splits.linked([first, second], [(1, 4)]).tolist() == [0, 1, 0, 0, 1]


def test_stones_are_one_where_length_and_width_are_exchanged() -> None:
    row = {"carat": 0.9, "cut": "Good", "color": "E", "clarity": "IF", "price": 99,
           "depth": 61.0, "table": 57.0, "x": 6.1, "y": 6.2, "z": 3.8}  # fmt: skip
    turned = {**row, "x": 6.2, "y": 6.1, "depth": 60.0}
    dearer = {**turned, "price": 100, "depth": 62.0}
    sold_again = {**row, "price": 200, "cut": "Fair"}
    table = pd.DataFrame([row, turned, dearer, sold_again])
    assert diamonds.same_stone(table).tolist() == [0, 0, 1, 0]
    assert diamonds.grade_steps(table).tolist() == [[1, 5, 7]] * 3 + [[0, 5, 7]]


def test_impossible_stones_and_exact_duplicates_are_left_out() -> None:
    sizes = [(6.0, 6.1, 3.8), (6.0, 6.1, 3.8), (6.0, 0.0, 3.8), (6.0, 58.9, 3.8), (6.2, 6.1, 3.8)]
    table = pd.DataFrame(sizes, columns=["x", "y", "z"])
    assert diamonds.without_mistakes(table).index.tolist() == [0, 4]


def test_quintiles_have_a_fifth_each_and_name_their_prices() -> None:
    price = np.repeat(np.arange(100, 150), 3)
    thresholds = diamonds.quintiles(price)
    assert np.bincount(np.searchsorted(thresholds, price)).tolist() == [30] * 5
    assert diamonds.class_names(thresholds)[:2] == ("up to 109", "110 to 119")
    assert diamonds.class_names(thresholds)[-1] == "above 139"


def test_regions_overlap_up_to_two_pixels_and_within_their_class() -> None:
    position = np.array([[10, 10], [12, 12], [15, 10], [10, 11]])
    assert segments.overlapping(position, np.array([0, 0, 0, 1])) == [(0, 1)]


def test_splits_repeat() -> None:
    label = np.arange(200) % 7
    np.testing.assert_array_equal(splits.stratified(label, 3), splits.stratified(label, 3))


def test_mulaw_comes_back() -> None:
    wave = np.linspace(-1, 1, 4001)
    back = mulaw_decode(speech.encode(wave))
    assert np.abs(back - wave).max() < 0.025
    assert np.abs(back - wave)[np.abs(wave) < 0.01].max() < 5e-4


def test_noise_has_the_level_it_was_asked_for() -> None:
    rng = np.random.default_rng(0)
    clip = np.sin(2 * np.pi * 440 * np.arange(4000) / speech.RATE)
    noisy = speech.add_noise(clip, snr=-6.0, tilt=0.5, rng=rng)
    # Least squares finds the scale the clip was given in the mixture.
    scale = (noisy @ clip) / (clip @ clip)
    rest = noisy - scale * clip
    snr = 10 * np.log10(((scale * clip) ** 2).mean() / (rest**2).mean())
    assert snr == pytest.approx(-6.0, abs=0.6)


@pytest.mark.parametrize("hertz", [300, 1000, 2500])
def test_logmel_puts_a_tone_into_the_right_band(hertz: int) -> None:
    tone = np.sin(2 * np.pi * hertz * np.arange(6000) / speech.RATE)
    loudest = speech.logmel(tone)[:20].astype(float).mean(axis=0).argmax()
    low, high = (2595 * np.log10(1 + f / 700) for f in (60, 3900))
    position = (2595 * np.log10(1 + hertz / 700) - low) / (high - low) * (speech.BANDS + 1) - 1
    assert abs(loudest - position) <= 1


@pytest.mark.parametrize("make", [pairs.same_pairs, pairs.parity_pairs])
def test_pairs_use_rows_of_their_split_once(make: pairs.Maker) -> None:
    rng = np.random.default_rng(0)
    digit = rng.integers(0, 10, 400)
    rows = np.arange(100, 300)
    made = make(rows, digit, rng)
    assert len(made) > 170
    for column in (0, 1):
        assert len(np.unique(made[:, column])) == len(made)
        assert np.isin(made[:, column], rows).all()


def test_watch_windows_do_not_overlap_and_keep_every_second_sample() -> None:
    signal = np.arange(260 * 6, dtype=float).reshape(260, 6)
    cut = watch.windows(signal)
    assert cut.shape == (2, 50, 6)
    np.testing.assert_array_equal(cut.reshape(100, 6), signal[:200:2])


IDS, NAMES = np.array(["U+1F600", "U+1F44B-1F3FB"]), np.array(["grin", "wave"])


def vectors_file(characters: list[str], names: list[str]) -> dict[str, np.ndarray]:
    """A file of vectors whose first coordinate is the row."""
    vectors = np.zeros((len(characters), emoji_minilm.SIZE), dtype=np.float16)
    vectors[:, 0] = np.arange(len(characters)) / 10
    return {"vectors": vectors, "ch": np.array(characters), "name": np.array(names)}


def test_vectors_are_joined_by_character_whatever_their_order() -> None:
    file = vectors_file(["\U0001f44b\U0001f3fb", "\u2665", "\U0001f600"], ["wave", "heart", "grin"])
    result = emoji_minilm.joined(file, IDS, NAMES)
    np.testing.assert_allclose(result[:, 0], [0.2, 0.0], atol=1e-3)
    np.testing.assert_allclose(emoji_minilm.rounded(result)[:, 0], [80, 0])


@pytest.mark.parametrize(
    ("characters", "names", "message"),
    [
        (["\U0001f600"], ["grin"], "none for 1, such as U\\+1F44B-1F3FB"),
        (
            ["\U0001f600", "\U0001f44b\U0001f3fb"],
            ["grin", "hand"],
            "to be called 'wave', got 'hand'",
        ),
    ],
)
def test_a_vector_that_is_missing_or_of_other_words_is_refused(
    characters: list[str], names: list[str], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        emoji_minilm.joined(vectors_file(characters, names), IDS, NAMES)


def test_vectors_that_do_not_fit_a_byte_are_refused() -> None:
    with pytest.raises(DataError, match=r"none above 0\.3175, got 1\.0000"):
        emoji_minilm.rounded(np.eye(3))
