"""Rows of a known setting show its truth."""

from __future__ import annotations

import numpy as np
import pytest

from dashboard.services.trust.examples import examples
from dmil_core.data.synthetic.switch import switch_distribution


@pytest.mark.parametrize(
    ("spec", "types"),
    [
        ("switch:noise=0.05", ["R", "U1", "S"]),
        ("switch:noise=0.05,shares=0/0/0/1", ["S", "S", "S"]),
        ("switch:noise=0.05,shares=1/0/0/1,classes=8", ["R", "S"]),
        ("switch-three:noise=0.05", ["R", "U1", "S"]),
    ],
)
def test_the_coloured_block_carries_the_code_and_the_class_follows(
    spec: str, types: list[str]
) -> None:
    codes = switch_distribution(spec).codes
    rows = examples(spec)
    assert [r.type for r in rows][: len(types)] == types
    for row in rows:
        carried = []
        for m, side in enumerate(row.sides):
            strength = [
                (block * codes[m, b]).sum(axis=1) / (codes[m, b] ** 2).sum(axis=1)
                for b, block in enumerate(side.blocks)
            ]
            for b, values in enumerate(strength):
                # 1 for the code that is there, 0 for all others, up to the little noise.
                there = np.zeros(row.classes)
                if b == side.active:
                    there[side.code] = 1.0
                np.testing.assert_allclose(values, there, atol=0.1)
            if side.active >= 0:
                carried.append(side.code)
        if row.type == "S":
            assert sum(carried) % row.classes == row.y
        else:
            assert set(carried) == {row.y}
        assert len(carried) == (1 if row.type.startswith("U") else len(row.sides))


def test_what_is_no_such_distribution_has_no_rows() -> None:
    assert examples("") == ()
    assert examples("gates:xor=1") == ()
