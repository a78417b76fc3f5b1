"""The constructed pair sets: balance, no media across splits, and synergy that is really there."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from dmil_core.data.catalog import load_dataset
from dmil_core.data.dataset import Dataset
from dmil_core.data.media import AudioMedia, media
from dmil_core.schema import SPLITS
from sample_data.build.accuracies import features, product_machine
from sample_data.build.speech import logmel

ROOT = Path(__file__).resolve().parents[2] / "sample_data"
QUESTIONS = {
    "avdigits-same": lambda image, clip: image == clip,
    "avdigits-parity": lambda image, clip: (image + clip) % 2,
}


@pytest.fixture(scope="module")
def base() -> Dataset:
    return load_dataset("avdigits", ROOT)


@pytest.fixture(scope="module", params=sorted(QUESTIONS))
def pairs(request: pytest.FixtureRequest) -> Dataset:
    return load_dataset(str(request.param), ROOT)


def members(pairs: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Rows of avdigits that the image and the clip of each pair come from."""
    result = [re.search(r"-i(\d+)-c(\d+)$", id_) for id_ in pairs.ids]
    rows = np.array([[int(match[1]), int(match[2])] for match in result if match])
    assert len(rows) == len(pairs)
    return rows[:, 0], rows[:, 1]


def test_labels_answer_the_question(pairs: Dataset, base: Dataset) -> None:
    image, clip = members(pairs)
    np.testing.assert_array_equal(pairs.y, QUESTIONS[pairs.name](base.y[image], base.y[clip]))


def test_every_image_and_clip_is_used_at_most_once(pairs: Dataset) -> None:
    for used in members(pairs):
        assert len(np.unique(used)) == len(used)


def test_image_and_clip_keep_their_split(pairs: Dataset, base: Dataset) -> None:
    for used in members(pairs):
        np.testing.assert_array_equal(pairs.split, base.split[used])


def test_no_clip_is_heard_in_two_splits(pairs: Dataset) -> None:
    index = pairs.media_index[1]
    assert index is not None
    heard = [set(index[pairs.rows(split)].tolist()) for split in SPLITS]
    assert sum(len(part) for part in heard) == len(set.union(*heard)) == len(pairs)


def test_answers_are_balanced_for_every_digit_on_both_sides(pairs: Dataset, base: Dataset) -> None:
    for split in SPLITS:
        rows = pairs.rows(split)
        assert abs(pairs.y[rows].mean() - 0.5) < 0.02
        for used in members(pairs):
            for digit in range(10):
                of_digit = pairs.y[rows][base.y[used[rows]] == digit]
                # One row of imbalance is what an odd count leaves.
                assert abs(2 * of_digit.sum() - len(of_digit)) <= 1


def test_inputs_are_clean(pairs: Dataset, base: Dataset) -> None:
    image, clip = members(pairs)
    index = pairs.media_index[1]
    assert index is not None
    corrupted = base.flags["image_corrupt"][image]
    same = (pairs.x1 == base.x1[image]).all(axis=(1, 2))
    np.testing.assert_array_equal(same, ~corrupted)
    # Clean takes of corrupted clips lie behind the clips of avdigits.
    np.testing.assert_array_equal(index >= len(base), base.flags["audio_corrupt"][clip])
    np.testing.assert_array_equal(index[index < len(base)], clip[index < len(base)])


def test_features_are_those_of_the_clip_that_is_played(pairs: Dataset) -> None:
    for row in range(0, len(pairs), 150):
        clip = media(pairs, row, 2)
        assert isinstance(clip, AudioMedia)
        # One step of rounding (1/16) is left to differences between processors.
        assert np.abs(logmel(clip.wave).astype(np.float32) - pairs.x2[row]).max() <= 1 / 16


def test_one_side_is_near_chance_and_both_together_are_not(pairs: Dataset) -> None:
    train, test = pairs.rows("train"), pairs.rows("test")
    sides = [features(pairs, modality, train) for modality in (1, 2)]
    for x in sides:
        alone = LogisticRegression(C=0.05, max_iter=500).fit(x[train], pairs.y[train])
        assert abs(alone.score(x[test], pairs.y[test]) - 0.5) < 0.08
    together = product_machine(sides, pairs.y, train, test)
    assert (together == pairs.y[test]).mean() > 0.7
