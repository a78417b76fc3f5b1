"""What a model says of a sample that is changed, live on its checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from dashboard.services.map import maps
from dashboard.services.sample import features, media
from dashboard.services.sample.latents import latents
from dashboard.services.sample.neighbours import distances
from dashboard.services.sample.samples import NATS_PER_BIT, located, source
from dashboard.services.store import loaded
from dashboard.services.store.catalog import Checkpoint, DataProblem, predictions, table
from dashboard.state import edits
from dmil_core import schema
from dmil_core.errors import DmilError


@dataclass(frozen=True)
class Outcome:
    """Rows of prediction tables, column to value, and what the changed sample looks like.

    Attributes
    ----------
    before, after : the sample as it is, and changed.
    sides : its modalities after the change.
    """

    before: dict[str, Any]
    after: dict[str, Any]
    sides: tuple[media.Side, ...]

    def weights(self) -> pd.DataFrame:
        """Columns component, before, after: gate weights; no rows for models without a gate."""
        return self._pairs(schema.gate, 1.0)

    def contributions(self, cls: str) -> pd.DataFrame:
        """Columns component, before, after: contributions to a class's score, in bits."""
        return self._pairs(lambda c: schema.contribution(c, cls), NATS_PER_BIT)

    def _pairs(self, column: Any, unit: float) -> pd.DataFrame:
        available = schema.components_in(self.before)
        return pd.DataFrame(
            {
                "component": available,
                "before": [float(self.before[column(c)]) / unit for c in available],
                "after": [float(self.after[column(c)]) / unit for c in available],
            }
        )


def outcome(
    checkpoint: Checkpoint, sample: str, changes: dict[int, edits.Change], factors: dict[str, float]
) -> Outcome | DataProblem:
    """The model's answer before and after changes of some modalities and of its gate."""
    from dmil_core.inference.counterfactual import changed, reweighted

    location = located(checkpoint, sample)
    if isinstance(location, DataProblem):
        return location
    data, row = location
    try:
        made = _edits(data, changes)
        after = changed(data, row, made)
        tables = [answered(checkpoint, dataset) for dataset in (changed(data, row, []), after)]
        if factors:
            tables[1] = reweighted(tables[1], data.classes, factors)  # type: ignore[arg-type]
    except DmilError as error:
        return DataProblem(str(error))
    values = {m for m, c in changes.items() if c.kind not in ("none", "swap")}
    sides = media.sides_of(after, 0, values, before=(data, row))
    before, then = ({str(k): v for k, v in t.iloc[0].items()} for t in tables)
    return Outcome(before, then, sides)


#: Numbers of the inputs that are shown, counted from 1.
Shown = tuple[int, ...]


def with_inputs(
    checkpoint: Checkpoint, sample: str
) -> dict[Shown, tuple[str, float]] | DataProblem:
    """What a model predicts of a sample with some of its inputs alone, the others blank.

    Returns
    -------
    From all inputs to none: the inputs that are shown -> the predicted class, and the probability
    of the class that is predicted from all.
    """
    return _with_inputs(str(checkpoint.folder), checkpoint.stamp, sample, checkpoint)


@st.cache_resource(max_entries=256, show_spinner=False)
def _with_inputs(
    folder: str, key: str, sample: str, _checkpoint: Checkpoint
) -> dict[Shown, tuple[str, float]] | DataProblem:
    from dmil_core.inference.counterfactual import changed

    location = located(_checkpoint, sample)
    if isinstance(location, DataProblem):
        return location
    everything = tuple(range(1, location[0].modalities + 1))
    result: dict[Shown, tuple[str, float]] = {}
    try:
        for number in range(len(everything), -1, -1):
            for shown in combinations(everything, number):
                gone = {m: edits.Change("blank") for m in everything if m not in shown}
                made = changed(*location, _edits(location[0], gone))
                row = answered(_checkpoint, made).iloc[0]
                first = next(iter(result.values()))[0] if result else str(row["pred"])
                result[shown] = str(row["pred"]), float(row[schema.prob(first)])
    except DmilError as error:
        return DataProblem(str(error))
    return result


def _edits(data: Any, changes: Mapping[int, edits.Change]) -> list[Any]:
    from dmil_core.data.features import features as known
    from dmil_core.inference.counterfactual import Edit
    from dmil_core.inference.drawing import Stroke

    last = edits.GRID - 1

    def strokes(change: edits.Change) -> tuple[Stroke, ...]:
        return tuple(
            Stroke(s.ink, s.width / last, tuple((x / last, y / last) for x, y in s.points))  # type: ignore[arg-type]
            for s in change.strokes
        )

    def values(m: int, change: edits.Change) -> tuple[tuple[int, float], ...]:
        return features.positions(known(data, m), change.values)  # type: ignore[arg-type]

    return [
        Edit(m, c.kind, c.severity, c.seed, c.donor, c.text, strokes(c), values(m, c))  # type: ignore[arg-type]
        for m, c in changes.items()
        if c.kind != "none"
    ]


@dataclass(frozen=True)
class Moved:
    """Where a sample lies in a latent, as it is and changed.

    Attributes
    ----------
    places : (N, 2) the map of that latent, 0 to 1 along its longer side.
    two : (2, 2) on that map, as it is and changed, both placed among their nearest.
    among : the class most frequent among these, before and after, and how many of how many are.
    """

    places: NDArray[np.float64]
    two: NDArray[np.float64]
    among: tuple[tuple[str, int, int], tuple[str, int, int]]


def moved(
    checkpoint: Checkpoint, sample: str, changes: dict[int, edits.Change], latent: str
) -> Moved | DataProblem:
    """Where the changed sample would lie on the map of a latent. A gate turned by hand moves
    nothing: latents come before it."""
    from dmil_core.inference.counterfactual import changed
    from dmil_core.inference.projection import latent_values

    location, on, stored = located(checkpoint, sample), maps.placed(checkpoint), latents(checkpoint)
    if isinstance(location, DataProblem):
        return location
    if isinstance(on, DataProblem):
        return on
    if isinstance(stored, DataProblem):
        return stored
    if latent not in maps.latents(checkpoint, on):
        return DataProblem(f"The map has no {latent}.")
    try:
        two = [changed(*location, made) for made in ([], _edits(location[0], changes))]
        tables = [answered(checkpoint, one, latents=True) for one in two]
    except DmilError as error:
        return DataProblem(str(error))
    new = np.concatenate([latent_values(one, latent) for one in tables])
    where = maps.layout(predictions(checkpoint), on, latent)
    positions = maps.place_new(checkpoint, on, where, new)
    if isinstance(positions, DataProblem):
        return positions
    truth = table(checkpoint)["y"].reindex(stored.ids)
    others = np.flatnonzero(truth.notna().to_numpy() & (stored.ids != sample))
    before, after = (_among(stored.values[latent][others], truth.iloc[others], one) for one in new)
    return Moved(where.unit, positions, (before, after))


def _among(
    values: NDArray[np.float32], truth: pd.Series, values_of_sample: NDArray[np.float32]
) -> tuple[str, int, int]:
    from dmil_core.inference.projection import NEIGHBOURS

    near = truth.iloc[np.argsort(distances(values, values_of_sample), kind="stable")[:NEIGHBOURS]]
    counts = near.value_counts()
    return str(counts.index[0]), int(counts.iloc[0]), len(near)


def drawn_on(
    checkpoint: Checkpoint, sample: str, modality: int, change: edits.Change
) -> media.Picture | None:
    """A picture as the model sees it, with what is drawn on it; None where it cannot be shown."""
    from dmil_core.inference.counterfactual import changed

    location = located(checkpoint, sample)
    if isinstance(location, DataProblem):
        return None
    try:
        dataset = changed(*location, _edits(location[0], {modality: change}))
    except DmilError:
        return None
    shown = media.sides_of(dataset, 0, {modality})[modality - 1].media
    return shown if isinstance(shown, media.Picture) else None


def answered(checkpoint: Checkpoint, dataset: Any, latents: bool = False) -> pd.DataFrame:
    """A model's table of predictions for the rows of a data set, computed now.

    Raises
    ------
    DmilError
        If the model cannot be loaded, or not be asked.
    """
    from dmil_core.inference.predict import predict

    if checkpoint.run is not None and checkpoint.run.external:
        external: pd.DataFrame = loaded.callable_model(checkpoint).predict(dataset)
        return external
    model, run = loaded.model(checkpoint)
    return predict(model, run.config.model, dataset, latents=latents)


#: As many samples are offered to take a modality from; a browser slows down with more.
MOST_DONORS = 1000


def other_samples(checkpoint: Checkpoint, sample: str) -> list[str]:
    """Ids of the set that a modality can be taken from, in its order; of many, so many evenly."""
    data = source(checkpoint)
    if isinstance(data, DataProblem):
        return []
    ids = data.ids[data.ids != sample]
    step = max(1, -(-len(ids) // MOST_DONORS))
    return [str(i) for i in ids[::step]]


def kind_of(checkpoint: Checkpoint, modality: int) -> str:
    """What a modality is, of ``schema.KINDS``; empty where the data set cannot be read."""
    data = source(checkpoint)
    return "" if isinstance(data, DataProblem) else str(data.card.modalities[modality - 1].kind)


def is_text(checkpoint: Checkpoint, modality: int) -> bool:
    """Whether a modality can be rewritten."""
    return kind_of(checkpoint, modality) == "text"


def text_of(checkpoint: Checkpoint, sample: str, modality: int) -> str:
    """The text of a sample's modality; empty where it is none."""
    location = located(checkpoint, sample)
    if isinstance(location, DataProblem) or not is_text(checkpoint, modality):
        return ""
    data, row = location
    return str(data.x(modality)[row])
