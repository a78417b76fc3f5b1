"""Text from outside stays text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.widgets import plain, words


@given(st.text(max_size=80))
def test_escaping_loses_nothing(text: str) -> None:
    shown = re.sub(r"\\(.)", r"\1", plain(text)).replace("\N{WORD JOINER}", "")
    assert shown == " ".join(text.split()).replace("\N{WORD JOINER}", "")


@given(st.text(alphabet="ab<>[]()*_`$:!#|~\\&{}-+. ", max_size=40))
def test_every_sign_with_a_meaning_is_escaped(text: str) -> None:
    bare = re.sub(r"\\.", "", plain(text))
    assert not re.search(r"[<>\[\]*_`$:#|~&{}]", bare)


@pytest.mark.parametrize("text", ["https://a.b", "www.a.b", "me@a.b", "x HTTP://a", "mailto:a@b.c"])
def test_addresses_do_not_become_links(text: str) -> None:
    shown = re.sub(r"\\(.)", r"\1", plain(text))
    assert not re.search(r"https?:|www\.|mailto:|@\w", shown, re.IGNORECASE)


def test_names_of_flags_read_as_words() -> None:
    assert words("image_corrupt") == "image corrupt"
