# ruff: noqa: RUF001 (letters of other scripts are meant)
"""Words of texts of many scripts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmil_core.data.tokens import (
    MAX_VOCABULARY,
    tokenizer_of,
    vocabulary_of,
    words_of,
)
from dmil_core.schema import Tokenizer


def test_words_are_lower_case_and_punctuation_stands_alone() -> None:
    assert words_of("Is there a Circle?") == ["is", "there", "a", "circle", "?"]
    assert words_of("  ") == []
    assert words_of("Ärger, 3 große Kreise!") == ["ärger", ",", "3", "große", "kreise", "!"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("我很喜欢iPhone 15。", "我 很 喜 欢 iphone 15 。"),
        ("とても面白いカメラ!", "と て も 面 白 い カ メ ラ !"),
        # Thai and Burmese: vowel signs and tone marks stay with their consonant.
        ("หนังเรื่องนี้ดี 100%", "ห นั ง เ รื่ อ ง นี้ ดี 100 %"),
        ("ကျွန်တော်", "ကျွ န် တော်"),
        # Words between spaces stay words, with their marks.
        ("हिन्दी फिल्म अच्छी", "हिन्दी फिल्म अच्छी"),
        ("السَّلَامُ عَلَيْكُمْ", "السَّلَامُ عَلَيْكُمْ"),
        ("Cafe\u0301 naïve", "café naïve"),
        ("می\u200cخواهم 한국", "می\u200cخواهم 한국"),
    ],
)
def test_scripts_without_spaces_and_marks(text: str, words: str) -> None:
    assert tokenizer_of([text]) == "unicode"
    assert words_of(text, "unicode") == words.split()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ärger, 3 große Kreise!", "words"),
        ("Привет, 한국 영화 👍", "words"),
        ("映画", "unicode"),
        ("ภาพยนตร์", "unicode"),
        ("हिन्दी", "unicode"),
        ("Cafe\u0301", "unicode"),
        ("می\u200cخواهم", "unicode"),
    ],
)
def test_the_tokenizer_that_a_text_needs(text: str, expected: Tokenizer) -> None:
    assert tokenizer_of(["plain", text]) == expected


@given(st.text(st.characters(max_codepoint=0x24F)))
def test_latin_text_is_cut_alike_by_both(text: str) -> None:
    # Lower case of the dotted capital I is two characters, a letter and a mark.
    text = text.replace("\u0130", "")
    assert tokenizer_of([text]) == "words"
    assert words_of(text, "unicode") == words_of(text)


@given(st.text(), st.sampled_from(["words", "unicode"]))
def test_no_word_is_empty_or_holds_a_space(text: str, tokenizer: Tokenizer) -> None:
    assert all(w and not any(c.isspace() for c in w) for w in words_of(text, tokenizer))


def test_the_vocabulary_is_by_frequency_then_alphabet() -> None:
    assert vocabulary_of(np.array(["b a c", "c a", "c"])) == ("c", "a", "b")
    assert vocabulary_of(np.array(["好看好", "看好"]), "unicode") == ("好", "看")


def test_a_vocabulary_keeps_the_most_frequent_words() -> None:
    texts = np.array([" ".join(f"w{i}" for i in range(MAX_VOCABULARY + 5)), "common common"])
    words = vocabulary_of(texts)
    assert len(words) == MAX_VOCABULARY
    assert words[0] == "common"
