"""What the page about own data says of repairs, roles and progress."""

from __future__ import annotations

import pytest

from dashboard.services.store import drafts
from dashboard.text import yours


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("2 rows are dropped; --missing mean fills them and adds a was-missing column instead.",
         "2 rows are dropped."),
        ("Choose the column with the class (--label).", "Choose the column with the class."),
        ("Choose one: --label my column.", "Choose one."),
        ("Choose --missing drop or --missing mean.", "Choose what is done about them."),
        ("Give the .zip or the folder with them (--files), or choose other columns.",
         "Give the .zip or the folder with them, or choose other columns."),
        ("They get the category '(missing)' (9 rows of the set); --missing drop leaves them out "
         "instead.", "They get the category '(missing)' (9 rows of the set)."),
        ("Store fewer rows.", "Store fewer rows."),
    ],
)  # fmt: skip
def test_a_repair_is_said_without_options_of_the_command_line(said: str, shown: str) -> None:
    assert yours.without_options(said) == shown


def test_every_role_has_a_letter_a_name_and_an_icon_of_its_own() -> None:
    assert set(yours.USES) - {drafts.FLAG} == set(yours.ICONS) == set(drafts.USES)
    assert len({letter for letter, _, _ in yours.USES.values()}) == len(yours.USES)
    assert yours.head("input 2", "x_1") == "2 input \u00b7 x_1"
    assert yours.head("label", "y") == "L label \u00b7 y"
    assert yours.head("unused", "z") == "\u2013 not used \u00b7 z"


@pytest.mark.parametrize(
    ("stage", "words"),
    [
        ("dmil, run 2 of 3: 0 out-of-fold 1/5", "dmil, run 2 of 3: cross-fitting"),
        ("joint, run 1 of 3: map of F", "joint, run 1 of 3: draws the map"),
        ("joint, run 1 of 3", "joint, run 1 of 3"),
        ("bits", "estimates information in bits"),
        ("UMAP: something else", "UMAP: something else"),
    ],
)
def test_progress_is_told_in_plain_words(stage: str, words: str) -> None:
    assert yours.progress(stage).startswith(words)


def test_what_is_selected_and_left_out_is_said_with_counts() -> None:
    assert yours.selected(()) == yours.NO_SELECTION
    assert yours.selected(("a",)) == "1 column selected: a"
    assert yours.selected(tuple("abcde")) == "5 columns selected: a, b, c and 2 more"
    assert yours.left_out(683, 702) == "683 of 702 columns are not used."
    assert yours.left_out(1, 8) == "1 of 8 columns is not used."
    assert yours.left_out(0, 8) == "All 8 columns are used."
