"""Which trained models take part in a comparison sample by sample; two seeds of one may."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from dashboard.services.sample.samples import in_split
from dashboard.services.store.catalog import MODELS, Checkpoint, CheckpointCatalog, table
from dashboard.state.view import names_in

#: Models compared at once, at most: more lines and dots could not be told apart.
MOST = 6


@dataclass(frozen=True)
class Chosen:
    """The models that take part, and those that were asked for but cannot.

    Attributes
    ----------
    checkpoints : readable models of the same data, in the order they were asked for.
    damaged : models whose table cannot be read.
    other_data : models of another version of the data: their samples may be other ones.
    unknown : keys that no model has.
    """

    checkpoints: tuple[Checkpoint, ...]
    damaged: tuple[Checkpoint, ...]
    other_data: tuple[Checkpoint, ...]
    unknown: tuple[str, ...]


def key(checkpoint: Checkpoint) -> str:
    """A model and its seed as one word for links."""
    return f"{checkpoint.model}:{checkpoint.seed}"


def names(checkpoints: Sequence[Checkpoint]) -> dict[str, str]:
    """Key to name: the model alone where all have the same seed."""
    several = len({checkpoint.seed for checkpoint in checkpoints}) > 1
    return {key(o): f"{o.model}, seed {o.seed}" if several else o.model for o in checkpoints}


def offered(catalog: CheckpointCatalog, data: str, seed: int) -> tuple[Checkpoint, ...]:
    """Models to choose from, those of the given seed first; their tables are not read yet."""
    whole = [checkpoint for checkpoint in catalog.of(data) if checkpoint.status == "ready"]
    return tuple(sorted(whole, key=lambda checkpoint: checkpoint.seed != seed))


def chosen(catalog: CheckpointCatalog, data: str, seed: int, model: str, among: str) -> Chosen:
    """The models that a link's ``among`` names; without it the known ones and ``model``."""
    by_key = {key(checkpoint): checkpoint for checkpoint in offered(catalog, data, seed)}
    wanted = names_in(among)[:MOST]
    if not among or (wanted and not any(name in by_key for name in wanted)):
        # A choice made for another data set may fit none of the models of this one.
        wanted = _usual(by_key, model, seed)
    checked = [
        catalog.get(checkpoint.data, checkpoint.model, checkpoint.seed)
        for w in wanted
        if (checkpoint := by_key.get(w)) is not None
    ]
    ready = [checkpoint for checkpoint in checked if checkpoint.status == "ready"]
    digest = next((checkpoint.run.data_digest for checkpoint in ready if checkpoint.run), "")
    same = [
        checkpoint
        for checkpoint in ready
        if checkpoint.run is not None and checkpoint.run.data_digest == digest
    ]
    return Chosen(
        tuple(same),
        tuple(checkpoint for checkpoint in checked if checkpoint.status != "ready"),
        tuple(checkpoint for checkpoint in ready if checkpoint not in same),
        tuple(w for w in wanted if w not in by_key),
    )


def _usual(by_key: dict[str, Checkpoint], model: str, seed: int) -> tuple[str, ...]:
    usual = [f"{name}:{seed}" for name in dict.fromkeys((*MODELS, model))]
    kept = [name for name in usual if name in by_key]
    others = [
        name for name, checkpoint in by_key.items() if name not in kept and checkpoint.seed == seed
    ]
    # One model alone compares with nothing.
    return tuple((kept if len(kept) > 1 else kept + others)[: len(usual)])


def aligned(checkpoints: Sequence[Checkpoint], split: str) -> list[pd.DataFrame]:
    """A table for each model: the samples of a split that all have, in the first one's order."""
    tables = [table(checkpoint) for checkpoint in checkpoints]
    rows = in_split(tables[0], split)
    # Tables of one set have the same samples in the same order; looking ids up takes far longer.
    if all(frame.index.equals(tables[0].index) for frame in tables[1:]):
        positions = rows["position"].to_numpy()
        return [frame.iloc[positions] for frame in tables]
    common = rows.index
    for frame in tables[1:]:
        common = common[common.isin(frame.index)]
    return [frame.loc[common] for frame in tables]
