"""What is sent to the map in the browser can be read back as it was."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.components import map as frontend
from dashboard.components.map import Pane
from dashboard.figures.map import Groups, Scale


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.integers(0, 2)), max_size=30))
def test_places_and_groups_come_back(points: list[tuple[float, float, int]]) -> None:
    xy = np.array([p[:2] for p in points], dtype=float).reshape(-1, 2)
    of = np.array([p[2] for p in points], dtype=int)
    ids = [f"<b>{i}" for i in range(len(points))]
    colour = Groups("class", ["a", "b", "c"], ["#000000"] * 3, ["circle"] * 3, of)
    panes = [Pane("left", "left map", "f1", xy), Pane("right", "right map", "f2", 1 - xy)]
    data = frontend.pack(ids, panes, colour, 6.0)
    (length,) = struct.unpack("<I", data[:4])
    about = json.loads(data[4 : 4 + length])
    numbers = np.frombuffer(data[4 + length :], dtype="<u2").reshape(5, len(points))
    np.testing.assert_allclose(numbers[:2].T / frontend.FINEST, xy, atol=1e-5)
    np.testing.assert_allclose(numbers[2:4].T / frontend.FINEST, 1 - xy, atol=1e-5)
    assert numbers[4].tolist() == of.tolist()
    assert about["ids"] == ids
    assert sum(g["count"] for g in about["colour"]["groups"]) == len(points)
    assert about["frame"] == frontend.frame_of(panes, len(ids))


def test_the_same_map_is_the_same_bytes() -> None:
    """Only then does Streamlit send a map's points once, and a click none of them."""
    xy = np.random.default_rng(0).random((50, 2))
    scale = Scale("R", ["0", "1"], ["#000000", "#FFFFFF"], [1.0, 2.0], "0", "1", np.zeros(50, int))
    packed = [
        frontend.pack([str(i) for i in range(50)], [Pane("", "", "f", xy)], scale, 5.0)
        for _ in range(2)
    ]
    assert packed[0] == packed[1]


@pytest.mark.parametrize(
    "sent", [None, {}, {"outlined": 3}, {"outlined": {"pane": 0, "corners": [["a", 1]]}}]
)
def test_whatever_the_browser_sends_is_an_outline_or_nothing(
    monkeypatch: pytest.MonkeyPatch, sent: object
) -> None:
    monkeypatch.setattr(frontend.st, "session_state", {"map": sent})
    assert frontend.outlined() is None
    assert frontend.clicked() == ""
