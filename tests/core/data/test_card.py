"""Cards survive a trip through JSON, and faulty JSON is told apart completely."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmil_core.data.card import ENCODINGS, MEDIA_TYPES, Card, ColumnSpec, MediaSpec, Modality
from dmil_core.errors import DataError
from dmil_core.schema import KINDS, SPLITS
from tests.core.data.sets import sound_card

# Surrogates cannot be written as UTF-8, so they cannot be in a card either.
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
name = text.filter(str.strip)
file_name = st.from_regex(r"[A-Za-z0-9_-]{1,10}\.npz", fullmatch=True)
number = st.floats(-1e6, 1e6)

media_specs = st.builds(
    MediaSpec,
    type=st.sampled_from(MEDIA_TYPES),
    file=st.none() | file_name,
    key=st.none() | name,
    offset_key=st.none() | name,
    encoding=st.none() | st.sampled_from(ENCODINGS),
    rate=st.none() | st.floats(0.1, 1e6),
    channels=st.lists(text, max_size=3).map(tuple),
    unit=text,
    value_range=st.none() | st.tuples(number, number),
    size=st.none() | st.tuples(st.integers(0, 100), st.integers(0, 100)),
)
words = st.lists(name, min_size=1, max_size=4, unique=True).map(tuple)
columns = st.one_of(
    st.builds(ColumnSpec, name, unit=text),
    st.builds(ColumnSpec, name, categories=words, one_hot=st.booleans()),
    st.builds(ColumnSpec, name, was_missing=st.just(True)),
)
modalities = st.builds(
    Modality,
    name=name,
    kind=st.sampled_from(KINDS),
    description=text,
    media=media_specs,
    columns=st.lists(columns, max_size=3).map(tuple),
)
cards = st.builds(
    Card,
    name=name,
    title=name,
    summary=text,
    source=text,
    licence=text,
    modalities=st.lists(modalities, min_size=2, max_size=3).map(tuple),
    classes=st.lists(name, min_size=2, max_size=6, unique=True).map(tuple),
    cautions=st.lists(text, max_size=3).map(tuple),
    split_rule=text,
    constructed=st.booleans(),
    counts=st.dictionaries(st.sampled_from(SPLITS), st.integers(0, 10**6)),
    sha256=text,
    files=st.dictionaries(file_name, text, max_size=3),
)


@given(cards)
def test_a_card_comes_back_from_json_as_it_was(card: Card) -> None:
    assert Card.from_json(card.to_json()) == card


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=10,
)


@given(st.sampled_from(sorted(sound_card().to_dict())), json_values)
def test_any_value_in_any_field_is_read_or_refused_clearly(field: str, value: object) -> None:
    data = sound_card().to_dict() | {field: value}
    try:
        card = Card.from_json(json.dumps(data))
    except DataError:
        return
    assert Card.from_json(card.to_json()) == card


@given(st.text(max_size=40))
def test_text_that_is_no_card_is_a_data_error(content: str) -> None:
    with pytest.raises(DataError):
        Card.from_json(content)


def test_all_faults_of_a_card_are_named_together() -> None:
    data = sound_card().to_dict()
    del data["title"]
    data["classes"] = ["a", "a"]
    data["colour"] = "blue"
    data["modalities"][0]["kind"] = "smell"
    data["modalities"][1]["media"] = {"type": "text", "file": "../../etc/passwd"}
    with pytest.raises(DataError) as caught:
        Card.from_dict(data)
    for part in (
        "card: the field 'title' is missing",
        "card.classes: expected a list of at least two names, no name twice",
        "card: unknown field 'colour'",
        "card.modalities[0].kind: expected one of 'vector', 'image', 'sequence', 'text' or 'audio'",
        "card.modalities[1].media.file: expected a plain file name without folders",
    ):
        assert part in str(caught.value)


@pytest.mark.parametrize("number", [10**400, float("inf"), float("nan"), 0, -1, True, "8000"])
def test_a_rate_is_a_finite_number_above_0(number: object) -> None:
    data = sound_card().to_dict()
    data["modalities"][0]["media"]["rate"] = number
    with pytest.raises(DataError, match=r"modalities\[0\].media.rate: expected a"):
        Card.from_dict(data)


def test_counts_and_files_are_checked_by_name() -> None:
    for change, part in (
        ({"counts": {"holdout": 3}}, "card.counts.holdout: expected one of train, val, test"),
        ({"counts": {"train": -3}}, "card.counts.train: expected an integer of 0 or more"),
        ({"files": {"../x": "a"}}, "expected a plain file name"),
    ):
        with pytest.raises(DataError) as caught:
            Card.from_dict(sound_card().to_dict() | change)
        assert part in str(caught.value)


@pytest.mark.parametrize("file", ["../x.npz", "/etc/passwd", "a/b.npz", "..\\x.npz", "", ".."])
def test_a_media_file_never_leaves_the_folder(file: str) -> None:
    data = sound_card().to_dict()
    data["modalities"][0]["media"]["file"] = file
    with pytest.raises(DataError, match="without folders"):
        Card.from_dict(data)


@pytest.mark.parametrize("version", [None, 0, 3, "1", True, 1.5])
def test_another_version_is_refused(version: object) -> None:
    with pytest.raises(DataError, match="version"):
        Card.from_dict(sound_card().to_dict() | {"version": version})


def test_a_card_of_version_1_is_read() -> None:
    old = Path(__file__).with_name("card-version1.json").read_text("utf-8")
    card = Card.from_json(old)
    assert card.version == 2
    assert card.title == "Shoulder exercises"
    assert card.modalities[0].media.channels == ("x", "y", "z")
    assert [m.columns for m in card.modalities] == [(), ()]
    # All that it said is said again, and nothing else.
    assert card.to_dict() == json.loads(old) | {"version": 2}


def test_each_version_is_migrated_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    card = sound_card()
    old = card.to_dict() | {"version": 0}
    old["license"] = old.pop("licence")

    def rename(data: dict[str, object]) -> dict[str, object]:
        return {"licence" if k == "license" else k: v for k, v in data.items()}

    monkeypatch.setattr("dmil_core.data.card._MIGRATIONS", {0: rename, 1: lambda data: data})
    assert Card.from_dict(old) == card


@pytest.mark.parametrize(
    ("column", "part"),
    [
        ({"name": " "}, "columns[0].name: expected a string that is not empty"),
        ({"name": "a", "one_hot": True}, "columns[0]: expected categories where 'one_hot' is true"),
        ({"name": "a", "was_missing": True, "unit": "g"}, "a name alone where 'was_missing' is"),
        ({"name": "a", "categories": ["x", "x"]}, "expected a list of words, no word twice"),
        ({"name": "a", "color": "red"}, "columns[0]: unknown field 'color'"),
        ({"unit": "g"}, "columns[0]: the field 'name' is missing"),
        ("a", "columns[0]: expected an object"),
    ],
)
def test_a_column_is_checked(column: object, part: str) -> None:
    data = sound_card().to_dict()
    data["modalities"][0]["columns"] = [column]
    with pytest.raises(DataError) as caught:
        Card.from_dict(data)
    assert part in str(caught.value)


def test_deeply_nested_json_is_refused() -> None:
    with pytest.raises(DataError):
        Card.from_json("[" * 100_000)
