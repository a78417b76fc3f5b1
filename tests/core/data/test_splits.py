"""Other splits of a set: sizes, classes, whole groups, and names that find them again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dmil_core.data.catalog import load_dataset, of_seed
from dmil_core.data.splits import resplit
from dmil_core.errors import ConfigError, DataError
from dmil_core.schema import SPLITS

FILES = ("avdigits", "avdigits-same", "emoji", "mfeat", "watch")


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("number", [1, 4])
def test_a_split_has_the_sizes_and_classes_of_the_own_one(name: str, number: int) -> None:
    own, other = load_dataset(name), load_dataset(f"{name}:split={number}")
    assert (own.ids == other.ids).all()
    assert 0.1 < (own.split == other.split).mean() < 0.9
    # Learning rates are chosen on these rows, which therefore are test rows of no split.
    assert (own.rows("val") == other.rows("val")).all()
    few = own.group is not None and len(np.unique(own.group)) < 100
    for split in SPLITS:
        rows, wanted = other.rows(split), own.rows(split)
        # Without groups to the row; with the ten persons of watch, as the persons are.
        slack = 0 if own.group is None else 0.7 if few else 0.05
        assert len(rows) == pytest.approx(len(wanted), rel=slack, abs=0)
        if own.group is None:
            assert (np.bincount(own.y[rows]) == np.bincount(own.y[wanted])).all()
        assert set(own.y[rows]) == set(own.y[wanted])
    assert sum(other.card.counts.values()) == len(own)


@pytest.mark.parametrize("name", ["emoji", "mfeat", "watch"])
def test_groups_stay_whole_and_every_split_keeps_its_number_of_them(name: str) -> None:
    own = load_dataset(name)
    assert own.group is not None

    def groups(split: np.ndarray) -> list[int]:
        return [len(np.unique(own.group[split == s])) for s in SPLITS]

    for number in (1, 2, 3):
        split = load_dataset(f"{name}:split={number}").split
        # A group in two splits would be counted twice.
        assert sum(groups(split)) == len(np.unique(own.group))
        assert groups(split) == groups(own.split)


def test_persons_of_watch_take_turns_at_being_tested() -> None:
    own = load_dataset("watch")
    assert own.group is not None
    tested = [np.unique(resplit(own, k).group[resplit(own, k).split == "test"]) for k in range(5)]
    persons = set(np.unique(own.group[own.split != "val"]))
    per_split = len(tested[0])
    turns = len(persons) // per_split
    # Nobody twice before everybody was.
    assert len(set(np.concatenate(tested[:turns]))) == turns * per_split
    assert set(tested[turns]) <= persons
    assert len({tuple(t) for t in tested}) == 5


def test_a_split_is_the_same_whenever_it_is_drawn_and_others_are_others() -> None:
    first, again = (load_dataset("emoji:split=2") for _ in range(2))
    assert first.digest == again.digest
    digests = {load_dataset(f"emoji:split={k}").digest for k in range(4)}
    assert len(digests) == 4
    assert load_dataset("emoji:split=0").digest == load_dataset("emoji").digest
    assert load_dataset("emoji:split=0").name == "emoji"


def test_the_source_of_a_split_of_a_file_finds_it_again(tmp_path: Path) -> None:
    shipped = load_dataset("mfeat")
    assert shipped.folder is not None
    path = tmp_path / "mine.npz"
    path.write_bytes((shipped.folder / "data.npz").read_bytes())
    data = load_dataset(f"{path}:split=3")
    assert (data.name, data.source) == ("mine:split=3", f"{path.resolve()}:split=3")
    assert load_dataset(data.source).digest == data.digest
    assert (data.split == load_dataset("mfeat:split=3").split).all()


def test_media_of_a_split_are_those_of_the_rows() -> None:
    own, other = load_dataset("avdigits-same"), load_dataset("avdigits-same:split=1")
    assert other.folder == own.folder
    assert (other.media_index[1] == own.media_index[1]).all()


@pytest.mark.parametrize("spec", ["emoji:split=x", "emoji:split=-1", "emoji:seed=3", "emoji:split"])
def test_a_wrong_option_is_refused_with_what_was_expected(spec: str) -> None:
    with pytest.raises(ConfigError, match="expect"):
        load_dataset(spec)
    with pytest.raises(DataError, match="no data set"):
        load_dataset("nothing:split=3")


def test_generated_sets_are_drawn_anew_with_the_seed() -> None:
    spec = "switch:classes=2,seed=4,train=50,val=20,test=30"
    drawn = of_seed(load_dataset(spec), 3)
    assert drawn.name == "switch:classes=2,seed=7,train=50,val=20,test=30"
    assert drawn.digest == load_dataset(drawn.source).digest
    # One that was changed in memory cannot be drawn: its rows are split.
    own = load_dataset(spec)
    changed = replace(own, y=1 - own.y)
    assert (of_seed(changed, 3).y == changed.y).all()
    assert of_seed(own, 0) is own


def test_a_split_of_a_split_is_refused() -> None:
    with pytest.raises(ValueError, match="is a split already"):
        resplit(load_dataset("mfeat:split=1"), 2)
