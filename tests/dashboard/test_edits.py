"""Changes of a sample as text for links: they come back as they were, and nothing else is read."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard import edits
from dashboard.edits import Change

words = st.text(st.characters(blacklist_categories=("C", "Z")), min_size=1, max_size=30)
changes = st.one_of(
    st.just(Change()),
    st.just(Change("blank")),
    st.builds(
        Change, st.just("noise"),
        severity=st.integers(0, 50).map(lambda n: n / 10), seed=st.integers(0, 999_999),
    ),
    st.builds(Change, st.just("swap"), donor=words),
    st.builds(Change, st.just("text"), text=words),
)  # fmt: skip


@given(changes)
def test_a_change_comes_back(change: Change) -> None:
    code = edits.write_change(change)
    assert (edits.read_change(code) if code else Change()) == change


@given(st.dictionaries(st.sampled_from(edits.COMPONENTS), st.integers(0, 30).map(lambda n: n / 10)))
def test_factors_come_back(factors: dict[str, float]) -> None:
    told = {c: f for c, f in factors.items() if f != 1.0}
    assert edits.read_factors(edits.write_factors(factors)) == told


@settings(max_examples=2000)
@given(st.text(max_size=40))
def test_any_text_is_read_or_refused_with_a_reason(text: str) -> None:
    said = (refusal(edits.read_change, text), refusal(edits.read_factors, text))
    assert all(not words or words.startswith("expected") for words in said)


def refusal(read: Callable[[str], object], text: str) -> str:
    try:
        read(text)
    except ValueError as reason:
        return str(reason)
    return ""


@pytest.mark.parametrize(
    "code", ["noise", "noise:6", "noise:nan", "noise:1:-2", "swap:", "blank:1", "none:x", "Blank"]
)
def test_changes_that_are_none(code: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        edits.read_change(code)


@pytest.mark.parametrize("code", ["R", "R:x", "R:-1", "R:4", "Q:1", "R:1,R:2", ","])
def test_factors_that_are_none(code: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        edits.read_factors(code)
