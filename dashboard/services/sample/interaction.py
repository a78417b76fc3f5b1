"""What the inputs of a sample do alone and together, for a model without a gate: post hoc."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import streamlit as st

from dashboard.services.sample.samples import NATS_PER_BIT, located, modality_names
from dashboard.services.store import loaded
from dashboard.services.store.catalog import Checkpoint, DataProblem
from dmil_core.errors import DmilError

#: Samples whose inputs take the place of this one's, and training samples they are drawn from.
PARTNERS: Final = 100
BACKGROUND: Final = 400


@dataclass(frozen=True)
class Interaction:
    """Effects on the score of the predicted class, less its mean over the classes, in bits.

    Attributes
    ----------
    cls : the predicted class.
    mean : the score where no input is the sample's own.
    parts : name of an input, or of several with a cross between, to its effect.
    score : their sum: the score of the model.
    additive : the class that the model would answer if it added up what each input does.
    information : r, u1, u2 and s of the sample, in bits; none of more than two inputs, nor with
        samples of the same class.
    """

    cls: str
    mean: float
    parts: dict[str, float]
    score: float
    additive: str
    information: dict[str, float]


def interaction(
    checkpoint: Checkpoint, sample: str, choice: str = "marginal"
) -> Interaction | DataProblem | None:
    """By partners from the training samples, chosen as ``explain`` says; None where only
    predictions are known."""
    if checkpoint.run is None or not checkpoint.run.has_model:
        return None
    return _interaction(str(checkpoint.folder), checkpoint.stamp, sample, choice, checkpoint)


@st.cache_resource(max_entries=64, show_spinner="Replacing the inputs …")
def _interaction(
    folder: str, key: str, sample: str, choice: str, _checkpoint: Checkpoint
) -> Interaction | DataProblem:
    from dmil_core.posthoc.explain import explain

    location = located(_checkpoint, sample)
    if isinstance(location, DataProblem):
        return location
    data, row = location
    try:
        found = explain(
            loaded.callable_model(_checkpoint),
            data,
            rows=[row],
            partners=PARTNERS,
            background=BACKGROUND,
            choice=choice,  # type: ignore[arg-type]
            progress=False,
        )
    except DmilError as error:
        return DataProblem(str(error))
    one = {str(k): v for k, v in found.frame.iloc[0].items()}
    names = dict(zip(found.inputs, modality_names(_checkpoint), strict=True))
    parts = {names[x]: float(one[f"main_{x}"]) / NATS_PER_BIT for x in found.inputs}
    for column in (c for c in one if c.startswith("pair_")):
        first, second = column.removeprefix("pair_").split("_")
        parts[f"{names[first]} \N{MULTIPLICATION SIGN} {names[second]}"] = (
            float(one[column]) / NATS_PER_BIT
        )
    score = float(one["score"]) / NATS_PER_BIT
    return Interaction(
        cls=str(one["pred"]),
        mean=score - sum(parts.values()),
        parts=parts,
        score=score,
        additive=str(one["emap_pred"]),
        information={c: float(one[c]) / NATS_PER_BIT for c in ("r", "u1", "u2", "s") if c in one},
    )
