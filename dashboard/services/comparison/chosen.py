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
    several = len({one.seed for one in checkpoints}) > 1
    return {key(o): f"{o.model}, seed {o.seed}" if several else o.model for o in checkpoints}


def offered(catalog: CheckpointCatalog, data: str, seed: int) -> tuple[Checkpoint, ...]:
    """Models to choose from, those of the given seed first; their tables are not read yet."""
    whole = [one for one in catalog.of(data) if one.status == "ready"]
    return tuple(sorted(whole, key=lambda one: one.seed != seed))


def chosen(catalog: CheckpointCatalog, data: str, seed: int, model: str, among: str) -> Chosen:
    """The models that a link's ``among`` names; without it the known ones and ``model``."""
    there = {key(one): one for one in offered(catalog, data, seed)}
    wanted = names_in(among)[:MOST]
    if not among or (wanted and not any(name in there for name in wanted)):
        # A choice made for another data set may fit none of the models of this one.
        wanted = _usual(there, model, seed)
    checked = [
        catalog.get(one.data, one.model, one.seed)
        for w in wanted
        if (one := there.get(w)) is not None
    ]
    ready = [one for one in checked if one.status == "ready"]
    digest = next((one.run.data_digest for one in ready if one.run), "")
    same = [one for one in ready if one.run is not None and one.run.data_digest == digest]
    return Chosen(
        tuple(same),
        tuple(one for one in checked if one.status != "ready"),
        tuple(one for one in ready if one not in same),
        tuple(w for w in wanted if w not in there),
    )


def _usual(there: dict[str, Checkpoint], model: str, seed: int) -> tuple[str, ...]:
    usual = [f"{name}:{seed}" for name in dict.fromkeys((*MODELS, model))]
    kept = [name for name in usual if name in there]
    others = [name for name, one in there.items() if name not in kept and one.seed == seed]
    # One model alone compares with nothing.
    return tuple((kept if len(kept) > 1 else kept + others)[: len(usual)])


def aligned(checkpoints: Sequence[Checkpoint], split: str) -> list[pd.DataFrame]:
    """A table for each model: the samples of a split that all have, in the first one's order."""
    tables = [table(one) for one in checkpoints]
    rows = in_split(tables[0], split)
    # Tables of one set have the same samples in the same order; looking ids up takes far longer.
    if all(one.index.equals(tables[0].index) for one in tables[1:]):
        places = rows["position"].to_numpy()
        return [one.iloc[places] for one in tables]
    common = rows.index
    for one in tables[1:]:
        common = common[common.isin(one.index)]
    return [one.loc[common] for one in tables]
