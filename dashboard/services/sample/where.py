"""Which parts of the inputs of a sample act together: second differences of its model, in bits."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Final

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dashboard.services.sample import media
from dashboard.services.sample.samples import NATS_PER_BIT, located
from dashboard.services.store import loaded
from dashboard.services.store.catalog import Checkpoint, DataProblem
from dmil_core.errors import DmilError
from dmil_core.schema import ModalityNumber

#: Pairs that are named, and parts of the second input to choose from.
PAIRS: Final = 3
CHOICES: Final = 12


@dataclass(frozen=True)
class Places:
    """Parts of two inputs and what each pair does together, in bits of the predicted class.

    Attributes
    ----------
    cls : the predicted class.
    first, second : names of the parts, P and Q of them.
    shape : how the parts of the first input lie; (8, 8) cells of a picture or a sound.
    together : (P, Q).
    alone : the largest change that blanking a single part makes, in bits.
    strongest : names of the parts of the strongest pairs, and what they do together.
    picture : the first input as a data address, where it is a picture.
    """

    cls: str
    first: tuple[str, ...]
    second: tuple[str, ...]
    shape: tuple[int, ...]
    together: NDArray[np.float64]
    alone: float
    strongest: tuple[tuple[str, str, float], ...]
    picture: str = ""

    @property
    def telling(self) -> tuple[int, ...]:
        """Parts of the second input in the order of their strongest pair, at most so many."""
        strongest = np.abs(self.together).max(axis=0)
        return tuple(int(q) for q in np.argsort(-strongest, kind="stable")[:CHOICES])


def places(
    checkpoint: Checkpoint, sample: str, first: ModalityNumber = 1, second: ModalityNumber = 2
) -> Places | DataProblem | None:
    """The pairs of two inputs; None where only predictions are known."""
    if checkpoint.run is None or not checkpoint.run.has_model:
        return None
    return _places(str(checkpoint.folder), checkpoint.stamp, sample, first, second, checkpoint)


@st.cache_resource(max_entries=32, show_spinner="Blanking parts of the inputs …")
def _places(
    folder: str,
    key: str,
    sample: str,
    first: ModalityNumber,
    second: ModalityNumber,
    _checkpoint: Checkpoint,
) -> Places | DataProblem:
    from dmil_core.posthoc.where import named_pairs, where

    location = located(_checkpoint, sample)
    if isinstance(location, DataProblem):
        return location
    data, row = location
    try:
        model = loaded.callable_model(_checkpoint)
        found = where(model, data, row, first, second)
    except DmilError as error:
        return DataProblem(str(error))
    if not found.together.size:
        return DataProblem("One of the inputs has no parts: a text without words.")
    return Places(
        cls=model.classes[found.cls],
        first=found.first.names,
        second=found.second.names,
        shape=found.first.shape,
        together=found.together / NATS_PER_BIT,
        alone=float(max(np.abs(a).max() for a in (found.alone_first, found.alone_second)))
        / NATS_PER_BIT,
        strongest=tuple((p, q, d / NATS_PER_BIT) for p, q, d in named_pairs(found, PAIRS)),
        picture=_picture(data, row, first),
    )


def _picture(data: object, row: int, modality: ModalityNumber) -> str:
    shown = media.sides_of(data, row, {modality})[modality - 1].media
    if not isinstance(shown, media.Picture):
        return ""
    return "data:image/png;base64," + base64.b64encode(shown.png).decode()
