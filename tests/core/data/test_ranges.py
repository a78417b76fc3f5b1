"""Classes that are ranges: cut into equal parts, named by their edges, found by the names."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmil_core.data.labels import indices_by_name, read_labels
from dmil_core.data.ranges import Ranges, cut, ranges_of

numbers = st.lists(
    st.floats(-1e9, 1e9, allow_nan=False) | st.integers(-50, 50), min_size=2, max_size=60
)


@given(numbers, st.integers(2, 5), st.sampled_from(["", "mm", "mg/dl"]))
def test_names_hold_the_edges(values: list[float], parts: int, unit: str) -> None:
    array = np.asarray(values, dtype=np.float64)
    ranges = cut(array, parts, unit)
    if ranges is None:
        assert np.quantile(array, 1 / parts) == array.max()
        return
    assert ranges_of(ranges.classes) == ranges
    edges = np.unique(np.quantile(array, np.arange(1, parts) / parts))
    edges = edges[edges < array.max()]
    # Where the quantiles put each number, whatever digits the names have.
    exact = np.searchsorted(edges, array, side="left")
    assert ranges.places(array).tolist() == exact.tolist()


def test_equal_parts_have_short_names() -> None:
    values = np.arange(90) * 0.1 + 0.0173
    ranges = cut(values, 3, "mm")
    assert ranges is not None
    assert np.bincount(ranges.places(values)).tolist() == [30, 30, 30]
    assert ranges.classes == ("up to 2.98 mm", "2.98 to 5.95 mm", "above 5.95 mm")


def test_a_number_up_to_and_with_an_edge_is_below_it() -> None:
    ranges = Ranges(("0", "1.5"))
    values = np.array([-1, 0, 0.1, 1.5, 1.6, np.nan])
    assert ranges.places(values).tolist() == [0, 0, 1, 1, 2, -1]


@pytest.mark.parametrize("classes", [
    (), ("up to 3",), ("a", "b"), ("up to 3", "above 4"), ("up to 3 mm", "above 3 cm"),
    ("up to 3", "3 to 4", "above 5"), ("above 3", "up to 3"), ("up to much", "above much"),
])  # fmt: skip
def test_other_names_are_no_ranges(classes: tuple[str, ...]) -> None:
    assert ranges_of(classes) is None


def test_labels_that_are_numbers_are_in_the_ranges_of_a_model() -> None:
    classes = ("up to 3.2", "3.2 to 5", "above 5")
    stored = np.array(["3.2", "3.21", "5.0", "7", "above 5", "x", ""])
    assert indices_by_name(read_labels(stored), classes).tolist() == [0, 1, 1, 2, 2, -1, -1]
    many = np.linspace(0, 10, 101)
    expected = np.searchsorted([3.2, 5], many.round(6))
    assert indices_by_name(read_labels(many.round(6)), classes).tolist() == expected.tolist()
