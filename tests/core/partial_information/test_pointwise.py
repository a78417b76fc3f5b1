"""Definitions of what is shared, on numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from dmil_core.errors import ConfigError
from dmil_core.partial_information.pointwise import Surprise, mean_of, split

Floats = NDArray[np.float64]
rows = arrays(np.float64, (3, 5), elements=st.floats(-20, 20))


@pytest.mark.parametrize(
    ("i1", "i2", "i12", "same_sign", "ccs"),
    [
        (1.0, 2.0, 2.5, 1.0, 0.5),  # both for it, half a nat said twice
        (1.0, 2.0, 4.0, 1.0, 0.0),  # together more than added: nothing was said twice
        (-1.0, -2.0, -2.5, -1.0, -0.5),  # both against it
        (1.0, -2.0, 0.5, 0.0, 0.0),  # one for, one against
        (1.0, 0.0, 1.0, 0.0, 0.0),  # one says nothing
        (1.0, 2.0, -0.5, 1.0, 0.0),  # each for it, together against
    ],
)
def test_shared_by_hand(i1: float, i2: float, i12: float, same_sign: float, ccs: float) -> None:
    for definition, r in (("same-sign", same_sign), ("ccs", ccs)):
        parts = split([i1], [i2], [i12], definition)  # type: ignore[arg-type]
        assert parts.r[0] == pytest.approx(r)
        assert parts.u1[0] == pytest.approx(i1 - r)
        assert parts.s[0] == pytest.approx(i12 - i1 - i2 + r)


def test_lsmi_compares_surprise_by_hand() -> None:
    surprise = Surprise(*(np.array([v]) for v in (3.0, 2.0, 1.0, 1.5)))
    assert split([2.0], [0.5], [2.0], "lsmi", surprise).r[0] == pytest.approx(2.0 - 1.0)
    with pytest.raises(ConfigError, match="none were given"):
        split([2.0], [0.5], [2.0], "lsmi")


@given(rows, st.sampled_from(["same-sign", "ccs"]))
def test_parts_add_up(i: Floats, definition: str) -> None:
    parts = split(*i, definition)  # type: ignore[arg-type]
    assert_allclose(parts.r + parts.u1, i[0], atol=1e-10)
    assert_allclose(parts.r + parts.u2, i[1], atol=1e-10)
    assert_allclose(parts.r + parts.u1 + parts.u2 + parts.s, i[2], atol=1e-10)


@given(rows)
def test_swapped_inputs_swap_what_is_unique(i: Floats) -> None:
    for definition in ("same-sign", "ccs"):
        here = split(i[0], i[1], i[2], definition)  # type: ignore[arg-type]
        there = split(i[1], i[0], i[2], definition)  # type: ignore[arg-type]
        assert_allclose(here.r, there.r, atol=1e-12)
        assert_allclose(here.u1, there.u2, atol=1e-12)
        assert_allclose(here.s, there.s, atol=1e-12)


@given(rows)
def test_no_more_is_shared_than_each_says(i: Floats) -> None:
    parts = split(*i, "same-sign")
    assert (np.abs(parts.r) <= np.minimum(np.abs(i[0]), np.abs(i[1])) + 1e-12).all()


def test_the_largest_part_by_name() -> None:
    parts = split([1.0, 3.0, 0.0], [1.5, -1.0, 0.0], [1.2, 3.0, 2.0])
    assert parts.largest().tolist() == ["R", "U1", "S"]


def test_rows_of_a_group_count_for_one() -> None:
    """Every row five times tells no more than once, if one says which belong together."""
    values = np.random.default_rng(0).standard_normal(400)
    once = mean_of(values)
    assert once.error == pytest.approx(values.std(ddof=1) / 20.0)
    again = np.repeat(values, 5)
    assert mean_of(again, np.repeat(np.arange(400), 5)).error == pytest.approx(once.error)
    assert mean_of(again).error < 0.5 * once.error
    assert np.isnan(mean_of(again, np.zeros(2000)).error)
