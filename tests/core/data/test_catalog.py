"""Names find their sets; wrong names and options say what there is instead."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmil_core.data.catalog import list_datasets, load_dataset
from dmil_core.data.npz import write_npz
from dmil_core.errors import ConfigError, DataError, DmilError
from tests.core.data.sets import sound_arrays, sound_card

GENERATED_NAMES = ["switch", "switch-three", "shapes-qa", "gaussian", "gates"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_npz(tmp_path / "sound" / "data.npz", sound_arrays(), sound_card())
    write_npz(tmp_path / "corrupted" / "data.npz", sound_arrays(), sound_card())
    (tmp_path / "corrupted" / "card.json").write_text("{")
    return tmp_path


def test_bundled_sets_come_first_and_a_damaged_card_is_an_entry(root: Path) -> None:
    entries = {e.name: e for e in list_datasets(root)}
    assert list(entries) == ["corrupted", "sound", *GENERATED_NAMES]
    assert entries["sound"].title == "A sound set"
    assert entries["corrupted"].error
    assert entries["switch"].generated
    assert {o.name for o in entries["switch"].options} >= {"classes", "noise", "seed"}


def test_no_folder_of_bundled_sets_leaves_the_generated(tmp_path: Path) -> None:
    assert [e.name for e in list_datasets(tmp_path / "none")] == GENERATED_NAMES


def test_a_bundled_name_is_loaded_from_the_root(root: Path) -> None:
    dataset = load_dataset("sound", root)
    assert dataset.name == "sound"
    assert dataset.folder == root / "sound"


@pytest.mark.parametrize(
    "spec", ["", ".", "..", "../sound", "sound/", "/etc", "switc", "a\0b", "x" * 5000, "<b>", "é"]
)
def test_an_unknown_name_lists_what_there_is(root: Path, spec: str) -> None:
    with pytest.raises(DataError, match="corrupted, sound, switch, switch-three, shapes-qa"):
        load_dataset(spec, root / ".")


def test_a_near_miss_is_suggested(root: Path) -> None:
    with pytest.raises(DataError, match="Did you mean 'sound'"):
        load_dataset("soundd", root)


@pytest.mark.parametrize(
    ("spec", "part"),
    [
        ("switch:colour=2", "classes"),
        ("switch:classes", "key=value"),
        ("switch:classes=1", "from 2 to 100"),
        ("switch:classes=2.5", "an integer"),
        ("switch:classes=1_0", "an integer"),
        ("switch:noise=nan", "a number"),
        ("switch:noise=0", "a number"),
        ("switch:seed=-1", "an integer"),
        ("switch:seed=1,seed=2", "twice"),
        ("switch:train=99999999999999", "an integer"),
        ("switch:shares=1/2", "4 numbers"),
        ("switch:shares=0/0/0/0", "not all 0"),
        ("switch:shares=a/b", "between slashes"),
        ("switch:prior=1/1", "4 numbers"),
        ("switch:rotate=yes", "0 or 1"),
        ("shapes-qa:shares=0/0/0/0", "four numbers"),
        ("shapes-qa:pairs=0.7,more=0.7", "at most 1"),
    ],
)
def test_wrong_options_say_what_is_expected(spec: str, part: str) -> None:
    with pytest.raises(ConfigError, match=part):
        load_dataset(spec)


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=30))
def test_rubbish_after_the_name_is_a_clear_error_or_a_set(text: str) -> None:
    try:
        dataset = load_dataset(f"switch:train=20,val=20,test=20,{text}")
    except DmilError:
        return
    assert load_dataset(dataset.name).digest == dataset.digest


def test_data_needs_neither_torch_nor_a_dashboard() -> None:
    code = (
        "import sys; from dmil_core.data.catalog import load_dataset, list_datasets;"
        "from dmil_core.data.media import media;"
        "media(load_dataset('switch:train=50,val=50,test=50'), 0, 1); list_datasets();"
        "heavy = {'torch', 'umap', 'streamlit', 'plotly', 'sklearn'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
