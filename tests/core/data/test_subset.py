"""Sets of some of the classes: disjoint halves, rows that stay whole."""

from __future__ import annotations

import numpy as np
import pytest

from dmil_core.data.catalog import load_dataset
from dmil_core.data.dataset import from_arrays
from dmil_core.data.media import media
from dmil_core.data.subset import keep_classes, split_classes
from dmil_core.errors import DataError
from tests.core.data.sets import sound_arrays, sound_card


@pytest.mark.parametrize("classes", [4, 7, 10])
def test_halves_are_disjoint_and_together_everything(classes: int) -> None:
    splits = [split_classes(classes, seed) for seed in range(5)]
    for seen, unseen in splits:
        assert sorted((*seen, *unseen)) == list(range(classes))
        assert len(seen) - len(unseen) == classes % 2
    assert len(set(splits)) > 1
    assert splits[3] == split_classes(classes, 3)


def test_three_classes_are_no_two_halves() -> None:
    with pytest.raises(DataError, match="four classes or more"):
        split_classes(3, 0)


def test_kept_rows_are_those_of_the_classes_with_all_that_belongs_to_them() -> None:
    sound = from_arrays("sound", sound_arrays(), sound_card())
    kept = keep_classes(sound, (2, 0), "some")
    rows = np.flatnonzero(sound.y != 1)
    assert kept.classes == ("c", "a")
    assert kept.class_names(kept.y).tolist() == sound.class_names(sound.y)[rows].tolist()
    for name in ("x1", "x2", "ids", "split", "group", "interaction_type"):
        assert np.array_equal(getattr(kept, name), getattr(sound, name)[rows])
    assert np.array_equal(kept.flags["odd"], sound.flags["odd"][rows])
    assert (kept.name, kept.card.name, kept.slug) == ("some", "some", "some")
    assert kept.digest != sound.digest


def test_raw_media_stay_with_their_rows() -> None:
    digits = load_dataset("avdigits")
    kept = keep_classes(digits, (3, 8), "some")
    row = 5
    (original,) = np.flatnonzero(digits.ids == kept.ids[row])
    for m in (1, 2):
        mine, theirs = media(kept, row, m), media(digits, int(original), m)  # type: ignore[arg-type]
        assert type(mine) is type(theirs)
        for name, value in vars(theirs).items():
            if isinstance(value, np.ndarray):
                assert np.array_equal(getattr(mine, name), value)


def test_a_third_input_stays_with_its_rows() -> None:
    three = load_dataset("mfeat-three")
    kept = keep_classes(three, (6, 9), "some")
    assert kept.modalities == 3
    assert np.array_equal(kept.x(3), three.x(3)[np.isin(three.y, (6, 9))])


@pytest.mark.parametrize(
    ("classes", "words"),
    [((1,), "two different"), ((1, 1), "two different"), ((0, 3), "classes from 0 to 2")],
)
def test_classes_that_make_no_set_are_refused(classes: tuple[int, ...], words: str) -> None:
    sound = from_arrays("sound", sound_arrays(), sound_card())
    with pytest.raises(DataError, match=words):
        keep_classes(sound, classes, "some")
