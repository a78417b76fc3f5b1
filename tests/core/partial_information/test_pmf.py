"""Distributions from files: what is read, and what is refused with the place of the fault."""

from __future__ import annotations

import json
import os
import resource
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmil_core.errors import DataError
from dmil_core.partial_information import broja
from dmil_core.partial_information.discrete import decompose
from dmil_core.partial_information.pmf import from_pairs, read_pmf

XOR = [[[a, b, a ^ b], 0.25] for a in (0, 1) for b in (0, 1)]


def write(folder: Path, content: Any) -> Path:
    path = folder / "pmf.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return path


def test_symbols_are_numbers_texts_or_lists(tmp_path: Path) -> None:
    entries = [[["sun", [1, "a"], None], 0.5], [["rain", [1, "b"], True], 0.5]]
    pmf = read_pmf(write(tmp_path, {"pmf": entries, "note": "kept out"}))
    assert pmf.x1 == ("sun", "rain")
    assert pmf.x2 == ((1, "a"), (1, "b"))
    assert pmf.y == (None, True)
    assert pmf.p.shape == (2, 2, 2)
    assert pmf.p[0, 0, 0] == pmf.p[1, 1, 1] == 0.5


def test_rounded_probabilities_are_made_whole(tmp_path: Path) -> None:
    entries = [[[0, 0, k], 0.3333333] for k in range(3)]
    assert read_pmf(write(tmp_path, {"pmf": entries})).p.sum() == pytest.approx(1.0, abs=1e-15)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "not a JSON file"),
        ("[]", "expected"),
        ({"pmf": []}, "at least one entry"),
        ({"pmf": [*XOR[:3], [[1, 1], 0.25]]}, "entry 3 "),
        ({"pmf": [*XOR[:3], [[1, 1, 0], -0.25]]}, "entry 3 "),
        ({"pmf": [*XOR[:3], [[1, 1, 0], True]]}, "entry 3 "),
        ({"pmf": [[[1, 1, {}], 1.0]]}, "entry 0 "),
        ({"pmf": [[[i, 0, 0], "x"] for i in range(9)]}, "entry 0, 1, 2, 3, 4 and 4 more"),
        ({"pmf": [*XOR, XOR[0]]}, r"\[0, 0, 0\] comes twice"),
        ({"pmf": XOR[:3]}, "sum to 0.75"),
        ('{"pmf": [[[0, 0, 0], NaN]]}', "entry 0 "),
        ('{"pmf": [[[NaN, 0, 0], 1.0]]}', "entry 0 "),
        ({"pmf": [[[0, 0, 0], 10**400]]}, "entry 0 "),
        ({"pmf": [[[0, 0, 0], "1"]]}, r"pmf\[0\]\[1\]: expected a number, got '1'"),
        ({"pmf": [[[i, i, i], 1 / 500] for i in range(500)]}, "at most 10,000,000 cells"),
    ],
)
def test_faults_are_named(tmp_path: Path, content: Any, words: str) -> None:
    with pytest.raises(DataError, match=words):
        read_pmf(write(tmp_path, content))


def test_pairs_may_be_tuples_with_numbers_of_numpy() -> None:
    pairs = [((np.int64(a), np.int64(b), a ^ b), np.float64(0.25)) for a in (0, 1) for b in (0, 1)]
    assert from_pairs(pairs).x1 == (0, 1)
    with pytest.raises(DataError, match="an entry is not"):
        from_pairs([((0, 0, object()), 1.0)])


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        read_pmf(tmp_path / "none.json")


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(json_values | st.builds(lambda v: {"pmf": v}, st.lists(json_values, max_size=4)))
def test_whatever_a_file_holds_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: Any
) -> None:
    path = write(tmp_path_factory.getbasetemp(), content)
    try:
        pmf = read_pmf(path)
    except DataError:
        return
    assert np.isfinite(decompose(pmf).i12)


def test_numbers_of_one_hash_take_no_longer_than_others() -> None:
    # Python's hash of every multiple of 2^61 - 1 is 0.
    n = 20_000
    pairs = [[[i * (2**61 - 1), 0, 0], 1 / n] for i in range(n)]
    start = time.process_time()
    assert len(from_pairs(pairs).x1) == n
    assert time.process_time() - start < 5


def test_equal_numbers_are_one_symbol_and_a_text_is_another() -> None:
    pairs = [[[1, 0, 0], 0.5], [[1.0, 1, 0], 0.25], [["1", 0, 0], 0.25]]
    assert from_pairs(pairs).x1 == (1, "1")
    with pytest.raises(DataError, match=r"\[1.0, 0, 0\] comes twice"):
        from_pairs([[[1, 0, 0], 0.5], [[1.0, 0, 0], 0.5]])


@pytest.mark.parametrize("measure", ["broja", "iccs"])
def test_a_programme_that_is_too_large_is_refused_before_it_takes_memory(measure: Any) -> None:
    p = np.full((500, 500, 2), 1 / 500_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(DataError, match="500,000 cells"):
        decompose(p, measure)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000


def test_memory_grows_with_the_cells_not_with_their_square() -> None:
    rng = np.random.default_rng(0)
    p = rng.random((120, 120, 2))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    first, second = p.sum(axis=1), p.sum(axis=0)
    broja._programme(broja._cells(first, second), first, second)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000


def test_a_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pmf.json")
    with pytest.raises(DataError, match="is a pipe"):
        read_pmf(tmp_path / "pmf.json")
