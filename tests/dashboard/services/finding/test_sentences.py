"""The sentences of a finding, branch by branch: nothing is said that the intervals do not say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dashboard.services.finding.numbers import Contrast, Estimate, Numbers
from dashboard.services.finding.sentences import finding


def at(value: float, reach: float = 0.05) -> Estimate:
    return Estimate(value, value - reach, value + reach)


def contrast(difference: float, reach: float, p: float, by_rows: float | None = None) -> Contrast:
    rows = at(difference if by_rows is None else by_rows, 0.01)
    return Contrast(at(difference, reach), rows, p)


def in_bits(reach: float = 0.05, **values: float) -> dict[str, Estimate]:
    """Bits from r, u1, u2 and s; all else follows from them."""
    r, u1, u2, s = (values.get(k, 0.0) for k in ("r", "u1", "u2", "s"))
    every = {
        "r": r, "u1": u1, "u2": u2, "s": s, "i1": r + u1, "i2": r + u2, "i12": r + u1 + u2 + s,
        "add1": u1 + s, "add2": u2 + s, "lead": u1 - u2,
    }  # fmt: skip
    return {name: at(value, reach) for name, value in every.items()}


def numbers(**changes: Any) -> Numbers:
    """Penguins: three classes, 342 rows, three runs, a difference that nobody can tell from 0."""
    usual = Numbers(
        label="species",
        inputs=("bill", "body"),
        classes=3,
        entropy=1.5,
        largest=0.44,
        rows=342,
        test_rows=400,
        runs=3,
        bits=in_bits(r=0.75, u1=0.45),
        bits_rows=342,
        alone=(at(0.95, 0.02), at(0.80, 0.03)),
        accuracy={"joint": at(0.98), "ensemble": at(0.975), "dmil": at(0.98)},
        contrasts={"joint": contrast(0.005, 0.03, 0.6), "dmil": contrast(0.005, 0.03, 0.6)},
    )
    return replace(usual, **changes)


def said(**changes: Any) -> str:
    return finding(numbers(**changes)).paragraph


def caveats(**changes: Any) -> str:
    return " ".join(finding(numbers(**changes)).caveats)


def test_the_input_that_leads_and_what_the_other_adds() -> None:
    text = said()
    assert text.startswith(
        "Bill alone determines most of species (1.20 ± 0.05 of 1.50 bits; U1 0.45 ± 0.05 bits of "
        "it only there)."
    )
    assert "Body adds 0.00 ± 0.05 bits, not distinguishable from 0." in text
    assert "R, what both share, is 0.75 ± 0.05 bits." in text
    assert "S," not in text


def test_the_second_input_may_lead_and_the_first_add_something() -> None:
    text = said(bits=in_bits(r=0.9, u2=0.5, u1=0.07))
    assert text.startswith("Body alone determines most of species (1.40 ± 0.05")
    assert "Bill adds 0.07 ± 0.05 bits." in text
    assert "Bill adds 0.07 ± 0.05 bits, not" not in text


@pytest.mark.parametrize(
    ("bits", "words"),
    [
        (in_bits(r=1.0, u1=0.45), "determines nearly all of species"),
        (in_bits(r=0.5, u1=0.35), "determines most of species"),
        # 0.78 of 1.5 bits is more than half, but its interval is not.
        (in_bits(r=0.4, u1=0.38), "carries more information about species than body alone"),
    ],
)
def test_how_much_an_input_determines_is_what_its_whole_interval_says(
    bits: dict[str, Estimate], words: str
) -> None:
    assert f"Bill alone {words}" in said(bits=bits)


def test_two_inputs_that_tell_alike_have_no_leader() -> None:
    text = said(bits=in_bits(r=1.0, u1=0.03, u2=0.02))
    assert "Neither input alone is shown to be more informative about species" in text
    assert "bill adds 0.03 ± 0.05 bits, not distinguishable from 0, and body 0.02" in text
    assert "alone determines" not in text


def test_what_only_the_combination_tells() -> None:
    text = said(bits=in_bits(s=0.95))
    assert "Neither bill nor body alone carries information about species" in text
    assert "together they carry 0.95 ± 0.05 of 1.50 bits" in text
    assert "S, what only their combination carries, is 0.95 ± 0.05 bits." in text
    assert "S, what only" in said(bits=in_bits(r=0.4, u1=0.4, s=0.3))


def test_nothing_distinguishable_is_said_to_be_nothing() -> None:
    text = said(bits=in_bits(r=0.02, u1=0.01))
    assert text.startswith(
        "No information about species was found in bill and body: together 0.03 ± 0.05 of 1.50 "
        "bits, not distinguishable from 0."
    )
    assert "alone" not in text
    assert "-0.00" not in said(bits=in_bits(u1=-0.001))


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (contrast(0.04, 0.02, 0.01), "A joint model is better than an ensemble"),
        (contrast(-0.04, 0.02, 0.01), "A joint model is worse than an ensemble"),
        (contrast(0.04, 0.05, 0.2), "is not shown to be better or worse than an ensemble"),
        # Three runs that happen to differ by the same row: the rows do not say so.
        (contrast(0.004, 0.0, 0.0, by_rows=0.002), "is not shown to be better or worse than"),
        # Significant alone, but not among two comparisons.
        (contrast(0.04, 0.03, 0.07), "is not shown to be better or worse than"),
    ],
)
def test_a_joint_model_is_better_only_where_runs_and_rows_say_so(one: Contrast, words: str) -> None:
    assert words in said(contrasts={"joint": one})


def test_the_models_are_given_with_accuracy_and_difference() -> None:
    assert (
        "A joint model is not shown to be better or worse than an ensemble (98.0% and 97.5% "
        "accuracy; difference +0.5 points, -2.5 to +3.5)."
    ) in said()
    assert "dmil is not shown to be" in said()
    alike = {"joint": contrast(0.004, 0.0, 0.0)}
    assert "difference +0.4 points in every run" in said(contrasts=alike)


@pytest.mark.parametrize("name", ["label", "y", "", "Class"])
def test_a_column_that_is_called_label_is_the_class(name: str) -> None:
    assert "determines most of the class (" in said(label=name)


def test_one_run_compares_nothing() -> None:
    one = Contrast(Estimate(0.1), at(0.1, 0.01), float("nan"))
    text = said(runs=1, contrasts={"joint": one, "dmil": one})
    assert "One run does not show whether joint is better than ensemble" in text
    assert "dmil" not in text
    assert "One run of each model, of 3" in caveats(runs=1)
    assert "2 runs of each model" in caveats(runs=2)


def test_without_bits_accuracies_that_do_not_overlap_say_which_input_leads() -> None:
    text = said(bits={})
    assert text.startswith("Bill alone predicts species best (bill 95.0% (93% to 97%), body 80.0%")
    assert "bits are not there" in caveats(bits={})
    text = said(bits={}, alone=(at(0.90, 0.05), at(0.86, 0.05)))
    assert text.startswith("No input alone is shown to predict species better than the others")


def test_three_inputs_are_compared_by_accuracy_and_chance_is_named() -> None:
    three = {
        "bits": {}, "inputs": ("bill", "body", "year"),
        "alone": (at(0.8, 0.02), at(0.95, 0.02), at(0.45, 0.03)),
    }  # fmt: skip
    text = said(**three)
    assert text.startswith("Body alone predicts species best")
    assert (
        "Year alone is not distinguishable from always predicting the most frequent class" in text
    )
    assert "defined for two inputs" in caveats(**three)
    two = three | {"alone": (at(0.46, 0.04), at(0.95, 0.02), at(0.45, 0.03))}
    assert "Bill and year alone are not distinguishable" in said(**two)


def test_an_input_at_chance_does_not_lead() -> None:
    text = said(bits={}, alone=(at(0.45, 0.02), at(0.30, 0.02)))
    assert "No input alone is shown" in text


def test_what_to_keep_in_mind() -> None:
    assert finding(numbers()).caveats == ()
    assert "a fifth of their epochs" in caveats(quick=True)
    assert "tested on 68" in caveats(test_rows=68)
    assert "1.5% of accuracy" in caveats(test_rows=68)
    assert "90% of the rows are of one class" in caveats(largest=0.9)
    assert "2 rows were dropped." in caveats(notes=("2 rows were dropped.",))
    below = in_bits(r=1.2, u1=0.4, u2=-0.2)
    assert "U2 is below 0" in caveats(bits=below)
    both = in_bits(r=1.4, u1=-0.2, u2=-0.2)
    assert "U1 and U2 are below 0" in caveats(bits=both)
    short = caveats(source="model", found_by={"data": 0.1, "model": 0.9})
    assert "find 0.10 bits, less than dmil with 0.90" in short
    assert "Networks" not in caveats(source="model", found_by={"model": 0.9})


def test_what_the_intervals_cover() -> None:
    text = " ".join(finding(numbers()).covers)
    assert "the mean over all 342 rows" in text
    assert "networks fitted to other or to more rows" in text
    assert "mean of 3 runs, each with a random split of its own" in text
    assert "corrected resampled t test" in text
    assert "too small" in " ".join(finding(numbers(with_fit=False)).covers)
    assert "split of its own" not in " ".join(finding(numbers(own_split=False)).covers)
    by_model = " ".join(finding(numbers(source="model", bits_rows=68)).covers)
    assert "over 68 test rows, by the heads of dmil" in by_model
    one = " ".join(finding(numbers(runs=1)).covers)
    assert "mean of 1 run." in one
    assert "t test" not in one
