"""A small sound set that the tests damage in one way at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dmil_core.data.card import Card, MediaSpec, Modality


def sound_arrays(n: int = 30) -> dict[str, NDArray[Any]]:
    """Vectors and texts, three classes in every split, groups of ten rows."""
    rng = np.random.default_rng(0)
    return {
        "x1": rng.standard_normal((n, 4)).astype(np.float32),
        "x2": np.array([f"word {i % 7}" for i in range(n)]),
        "y": np.arange(n) % 3,
        "split": np.resize(np.repeat(["train", "val", "test"], 10), n),
        "group": np.arange(n) // 10,
        "id": np.array([f"row-{i}" for i in range(n)]),
        "interaction_type": np.resize(["R", "U1", "U2", "S"], n),
        "flag_odd": np.arange(n) % 2 == 1,
    }


def three_arrays(n: int = 30) -> dict[str, NDArray[Any]]:
    """``sound_arrays`` with a third input, a short signal."""
    signal = np.random.default_rng(1).standard_normal((n, 6, 2)).astype(np.float32)
    interaction_type = np.resize(["R", "U1", "U2", "U3", "S"], n)
    return sound_arrays(n) | {"x3": signal, "interaction_type": interaction_type}


def three_card(**changes: Any) -> Card:
    """The card of ``three_arrays``."""
    third = Modality("signal", "sequence", "two channels", MediaSpec("signal"))
    return sound_card(modalities=(*sound_card().modalities, third), **changes)


def sound_card(**changes: Any) -> Card:
    """The card of ``sound_arrays``."""
    values: dict[str, Any] = {
        "name": "sound",
        "title": "A sound set",
        "summary": "Made for tests.",
        "source": "tests",
        "licence": "MIT",
        "modalities": (
            Modality("numbers", "vector", "noise", MediaSpec("vector")),
            Modality("words", "text", "a word and a number", MediaSpec("text")),
        ),
        "classes": ("a", "b", "c"),
    }
    return Card(**{**values, **changes})
