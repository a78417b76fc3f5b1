"""What a model answers when inputs are blank: all shown, each left out, each alone, none.

The model runs when a visitor asks for it, on some hundred samples spread over the split; what was
found is kept for as long as the server runs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from dashboard.services import counterfactual
from dashboard.services.sample import samples
from dashboard.services.sample.samples import in_split
from dashboard.services.store.catalog import Checkpoint, DataProblem, table
from dashboard.services.trust import components, state
from dashboard.services.trust.state import FEWEST, State
from dmil_core import schema
from dmil_core.errors import DmilError

#: As many samples are tried.
MOST: Final = 500
#: Smallest drop of accuracy from all inputs to none for which the rest can be judged.
_LEAST_DROP: Final = 0.1
#: Numbers of the inputs that are shown.
Shown = tuple[int, ...]


@dataclass(frozen=True)
class Contradiction:
    """Samples of a type that answer otherwise than it says.

    Attributes
    ----------
    shown : the inputs that were shown.
    right : share of these samples that are right then.
    enough : whether these inputs were to be enough.
    """

    type: str
    shown: Shown
    right: float
    enough: bool


@dataclass(frozen=True)
class Blanked:
    """Answers with some inputs blank.

    Attributes
    ----------
    modalities : how many inputs there are.
    types : by id, the true interaction type or the component of the largest gate; None where
        neither is known.
    by : ``truth`` or ``gate``; empty where ``types`` is None.
    right : inputs shown -> by id, whether the answer is right.
    truth : inputs shown -> mean probability of the true class.
    """

    modalities: int
    by: str
    types: pd.Series[str] | None
    right: dict[Shown, pd.Series[bool]]
    truth: dict[Shown, float]

    @property
    def everything(self) -> Shown:
        """All inputs."""
        return tuple(range(1, self.modalities + 1))

    @property
    def rows(self) -> int:
        """How many samples were tried."""
        return len(self.right[self.everything])

    def accuracies(self) -> dict[str, dict[Shown, float]]:
        """Type with samples -> inputs shown -> share right."""
        kinds = self.types
        if kinds is None:
            return {}
        members = {c: kinds.index[kinds == c] for c in schema.ALL_COMPONENTS}
        return {
            c: {shown: float(right.loc[ids].mean()) for shown, right in self.right.items()}
            for c, ids in members.items()
            if len(ids)
        }

    def counts(self) -> dict[str, int]:
        """Type to its number of samples."""
        kinds = self.types
        return {} if kinds is None else {str(c): int(n) for c, n in kinds.value_counts().items()}

    def judged(self) -> tuple[str, ...]:
        """Types with enough samples, whose answers need the inputs at all."""
        counts = self.counts()
        return tuple(
            kind
            for kind, right in self.accuracies().items()
            if counts[kind] >= FEWEST and right[self.everything] - right[()] >= _LEAST_DROP
        )

    def contradictions(self) -> tuple[Contradiction, ...]:
        """Where blanking says another thing than a type: inputs that were to be enough keep less
        than half of the accuracy that all inputs add to none, or others keep more."""
        found, accuracies = [], self.accuracies()
        for kind in self.judged():
            right = accuracies[kind]
            whole, none = right[self.everything], right[()]
            for shown, value in right.items():
                enough = expected(kind, shown, self.modalities)
                kept = (value - none) / (whole - none)
                if enough is not None and enough != (kept >= 0.5):
                    found.append(Contradiction(kind, shown, value, enough))
        return tuple(found)

    @property
    def state(self) -> State:
        """Open where no type can be judged."""
        return state.of(not self.contradictions()) if self.judged() else "open"


def expected(kind: str, shown: Shown, modalities: int) -> bool | None:
    """Whether an interaction type says that these inputs are enough; None where it says nothing."""
    if len(shown) in (0, modalities):
        return None
    if kind == "S":
        return False if len(shown) == 1 else None
    if kind == "R":
        return True if len(shown) == modalities - 1 else None
    return int(kind[1]) in shown


def known(checkpoint: Checkpoint, split: str) -> Blanked | DataProblem | None:
    """What `run` found of this split; None where it was not run yet."""
    shelf = _shelf(str(checkpoint.folder), checkpoint.stamp, split)
    return shelf[0] if shelf else None


@st.cache_resource(max_entries=32, show_spinner=False)
def _shelf(folder: str, key: str, split: str) -> list[Blanked | DataProblem]:
    """Where the result is put."""
    return []


def run(
    checkpoint: Checkpoint, split: str, progress: Callable[[float], object] = lambda share: None
) -> Blanked | DataProblem:
    """Run the model with inputs blank, or say why that cannot be done.

    Parameters
    ----------
    progress : called with the share that is done, from 0 to 1.
    """
    shelf = _shelf(str(checkpoint.folder), checkpoint.stamp, split)
    if not shelf:
        shelf.append(_run(checkpoint, split, progress))
    return shelf[0]


def breaks(checkpoint: Checkpoint, split: str, modality: int) -> pd.Series[bool]:
    """By id, whether an answer is right and becomes wrong with one input blank; of the samples that
    are tried, which this does where it was not done."""
    found = run(checkpoint, split)
    if isinstance(found, DataProblem) or modality > found.modalities:
        return pd.Series(dtype=bool)
    rest = tuple(m for m in found.everything if m != modality)
    return found.right[found.everything] & ~found.right[rest]


def _run(
    checkpoint: Checkpoint, split: str, progress: Callable[[float], object]
) -> Blanked | DataProblem:
    from dmil_core.data.corruption import corrupt
    from dmil_core.data.subset import keep_rows

    data: Any = samples.source(checkpoint)
    if isinstance(data, DataProblem):
        return data
    frame = in_split(table(checkpoint), split)
    rows = np.flatnonzero(np.isin(data.ids.astype(str), frame.index.to_numpy(str)))
    if not len(rows):
        return DataProblem("The data set has none of these samples.")
    few = keep_rows(data, _spread(rows), data.name)
    everything = tuple(range(1, data.modalities + 1))
    every = [s for n in range(len(everything), -1, -1) for s in combinations(everything, n)]
    right: dict[Shown, pd.Series[bool]] = {}
    truth: dict[Shown, float] = {}
    try:
        for place, shown in enumerate(every):
            progress(place / len(every))
            made = few
            for m in everything:
                if m not in shown:
                    made = corrupt(made, m, "blank", 1.0, seed=0, reference=data)  # type: ignore[arg-type]
            answers = counterfactual.answered(checkpoint, made)
            right[shown] = answers.set_index(answers["id"].astype(str))["correct"].eq(True)
            truth[shown] = _of_truth(answers, samples.classes(checkpoint))
    except DmilError as error:
        return DataProblem(str(error))
    progress(1.0)
    named = components.types_of(frame.loc[few.ids.astype(str)])
    return Blanked(
        len(everything), named[0] if named else "", named[1] if named else None, right, truth
    )


def _spread(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """At most `MOST` of the rows, evenly."""
    if len(rows) <= MOST:
        return rows
    return rows[np.linspace(0, len(rows) - 1, MOST).round().astype(np.int64)]


def _of_truth(answers: pd.DataFrame, classes: tuple[str, ...]) -> float:
    """Mean probability of the true class, of samples whose class is one of these."""
    at = pd.Index(classes).get_indexer(pd.Index(answers["y"].astype(str)))
    values = answers[[schema.prob(c) for c in classes]].to_numpy(dtype=float)
    return float(values[np.arange(len(at)), at][at >= 0].mean())
