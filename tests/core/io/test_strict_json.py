"""JSON is read strictly, and all that does not fit is named with its path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pytest

from dmil_core.io import strict_json
from dmil_core.io.strict_json import Expected, UnfitJsonError


@dataclass(frozen=True)
class Inner:
    kind: Literal["a", "b"]
    weights: tuple[float, ...] = ()
    even: Annotated[int, Expected("an even number", lambda n: n % 2 == 0)] = 0


@dataclass(frozen=True)
class Outer:
    name: str
    parts: tuple[Inner, ...]
    counts: dict[str, int]
    flag: bool = False


SOUND = {"name": "x", "parts": [{"kind": "a", "weights": [1, 0.5]}], "counts": {"n": 3}}


def faults(change: dict[str, Any]) -> list[str]:
    with pytest.raises(UnfitJsonError) as caught:
        strict_json.read(Outer, SOUND | change)
    return [fault.describe("run") for fault in caught.value.faults]


def test_lists_become_tuples_and_integers_may_stand_for_numbers() -> None:
    expected = Outer("x", (Inner("a", (1.0, 0.5)),), {"n": 3})
    assert strict_json.read(Outer, SOUND) == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"name": 3}, "run.name: expected a string, got 3"),
        ({"flag": 1}, "run.flag: expected true or false, got 1"),
        ({"flag": "true"}, "run.flag: expected true or false, got 'true'"),
        ({"counts": {"n": "3"}}, "run.counts.n: expected an integer, got '3'"),
        ({"counts": {"n": 3.0}}, "run.counts.n: expected an integer, got 3.0"),
        ({"counts": []}, "run.counts: expected an object, got []"),
        ({"parts": {}}, "run.parts: expected a list, got {}"),
        ({"parts": ["a"]}, "run.parts[0]: expected an object, got 'a'"),
        ({"parts": [{}]}, "run.parts[0]: the field 'kind' is missing"),
        ({"parts": [{"kind": "c"}]}, "run.parts[0].kind: expected one of 'a' or 'b', got 'c'"),
        ({"parts": [{"kind": "a", "even": 3}]}, "run.parts[0].even: expected an even number"),
        ({"parts": [{"kind": "a", "colour": 1}]}, "run.parts[0]: unknown field 'colour'"),
        ({"parts": [{"kind": "a", "weights": [float("nan")]}]}, "expected a finite number"),
        ({"parts": [{"kind": "a", "weights": [float("inf")]}]}, "expected a finite number"),
        ({"parts": [{"kind": "a", "weights": [10**400]}]}, "run.parts[0].weights[0]: expected"),
        ({"parts": [{"kind": "a", "weights": [True]}]}, "expected a number, got True"),
    ],
)
def test_a_fault_says_where_it_is_what_was_expected_and_what_came(
    change: dict[str, Any], expected: str
) -> None:
    (fault,) = faults(change)
    assert expected in fault


def test_all_faults_are_named_at_once() -> None:
    several = faults({"name": None, "counts": {"n": -0.5}, "flag": 0, "more": 1})
    assert len(several) == 4


def test_a_list_of_another_length_is_a_fault_in_plain_words() -> None:
    for value, says in (([1, 2, 3], "at most 2 items, got [1, 2, 3]"), ([1], "item 1 (from 0) is")):
        with pytest.raises(UnfitJsonError) as caught:
            strict_json.read(tuple[int, int], value)
        assert says in str(caught.value)


@pytest.mark.parametrize("data", [None, [], 3, "x", {1, 2}])
def test_what_is_no_object_is_one_fault(data: Any) -> None:
    with pytest.raises(UnfitJsonError):
        strict_json.read(Outer, data)
