"""Latent maps: where each sample lies, what points are coloured by, and two maps beside each
other."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from dashboard.jobs.queue import Job, Step, command, jobs
from dashboard.services.map import ternary
from dashboard.services.sample import information
from dashboard.services.sample.latents import latents as latents_of
from dashboard.services.sample.latents import sketch
from dashboard.services.sample.samples import COLUMNS, rows_in
from dashboard.services.store.catalog import (
    Checkpoint,
    DataProblem,
    Projection,
    checkpoint_catalog,
    predictions,
    projection,
)
from dashboard.services.store.rows import Mask, Positions, Rows, Table
from dashboard.state.view import COLOURS
from dmil_core import schema
from dmil_core.inference.projection import Method, project_new
from dmil_core.partial_information.pointwise import PARTS

#: (N, 2) places on a map, in units of the map: 0 to 1 along its longer side.
Places = NDArray[np.float64]

#: Stands among the latents for the map of the gate weights, which is exact; see `ternary`.
GATE: Final = "gate"
#: Colours that are read from what the heads tell.
_BITS = {f"bits-{part.upper()}": part for part in PARTS}


def placed(checkpoint: Checkpoint) -> Projection | DataProblem:
    """The stored map of a checkpoint; where there is none a PCA, which takes a moment."""
    return projection(checkpoint) or sketch(checkpoint)


def is_stored(checkpoint: Checkpoint) -> bool:
    """Whether a map of this checkpoint is kept beside it."""
    return projection(checkpoint) is not None


def fit(checkpoint: Checkpoint, owner: str) -> Job:
    """Let a UMAP of every latent be computed and kept beside the checkpoint, in the background.

    Raises BusyError where too much is under way.
    """
    step = Step("UMAP", command("project", "--checkpoint", checkpoint.folder, "--progress", "json"))
    return jobs().submit(owner, "map", f"Map of {checkpoint.model}", checkpoint.folder, [step])


def fitting(checkpoint: Checkpoint) -> Job | None:
    """The latest job that computes this checkpoint's map."""
    return jobs().find("map", checkpoint.folder)


def latents(checkpoint: Checkpoint, on: Projection) -> tuple[str, ...]:
    """The model's latents that have map coordinates, in the order of its forward pass."""
    names = checkpoint.run.latents if checkpoint.run else ()
    return tuple(n for n in names if on.has(n))


def first(latents: tuple[str, ...]) -> str:
    """The latent to begin with: the one that holds all a model knows, where there is such."""
    return next((n for n in ("Z", "F") if n in latents), latents[0])


def choices(checkpoint: Checkpoint, on: Projection | DataProblem) -> tuple[str, ...]:
    """The maps of a model: its latents, and `GATE` where it has a gate."""
    placed_latents = () if isinstance(on, DataProblem) else latents(checkpoint, on)
    return (*placed_latents, *([GATE] if has_gate(checkpoint) else []))


def has_gate(checkpoint: Checkpoint) -> bool:
    """Whether a model's table has gate weights of redundancy, uniqueness and synergy."""
    return {"R", "U1", "S"} <= set(schema.components_in(predictions(checkpoint).columns))


def others(checkpoint: Checkpoint, latent: str) -> tuple[str, ...]:
    """What can lie beside a map: ``model:latent``, the same latent of other models first."""
    pairs = []
    for other in checkpoint_catalog().ready(checkpoint.data, checkpoint.seed):
        has_map = other.model == checkpoint.model or is_stored(other)
        names = (other.run.latents if other.run else ()) if has_map else ()
        names = (*names, *([GATE] if has_gate(other) else []))
        pairs += [(other.model, n) for n in names if (other.model, n) != (checkpoint.model, latent)]
    first = sorted(pairs, key=lambda p: (p[1] != latent, p[0] != checkpoint.model))
    return tuple(f"{model}:{name}" for model, name in first)


def split_beside(chosen: str) -> tuple[str, str]:
    """Model and latent of a choice of `others`."""
    model, _, latent = chosen.rpartition(":")
    return model, latent


def colours(checkpoint: Checkpoint) -> tuple[str, ...]:
    """What this checkpoint's points can be coloured by."""
    columns = predictions(checkpoint).columns
    available = tuple(c for c in COLOURS if c in COLUMNS and COLUMNS[c] in columns)
    return (*available, *_BITS) if information.has_unimodal_heads(checkpoint) else available


def usual_colour(checkpoint: Checkpoint, latent: str) -> str:
    """The colour to begin with: the component that counts most, or the class without a gate.

    On the map of the gate weights the place says which component counts: there the truth, where it
    is known.
    """
    known = colours(checkpoint)
    wanted = ("interaction_type",) if latent == GATE else ()
    return next((c for c in (*wanted, "dominant", "class") if c in known), known[0])


@dataclass(frozen=True)
class Turn:
    """A turn, possibly mirrored, a scaling and a shift of the plane: x -> x @ matrix + shift."""

    matrix: NDArray[np.float64]
    shift: NDArray[np.float64]

    def apply(self, positions: ArrayLike) -> Places:
        """(N, 2) positions, turned."""
        return _pairs(positions) @ self.matrix + self.shift

    def invert(self, positions: ArrayLike) -> Places:
        """The positions that are turned to these."""
        return (_pairs(positions) - self.shift) @ np.linalg.inv(self.matrix)


def _pairs(positions: ArrayLike) -> Places:
    return np.asarray(positions, dtype=np.float64).reshape(-1, 2)


#: Places stay where they are.
STRAIGHT: Final = Turn(np.eye(2), np.zeros(2))


@dataclass(frozen=True)
class Layout:
    """The map of one latent, or of the gate weights.

    Attributes
    ----------
    latent : its name, or `GATE`.
    rows : the placed samples.
    unit : (N, 2) places, from 0 to 1 along the map's longer side.
    to_unit : how the stored coordinates become these.
    mark : short hash of the coordinates.
    """

    latent: str
    rows: Rows
    unit: NDArray[np.float64]
    to_unit: Turn
    mark: str

    def places_of(self, rows: Rows) -> Positions:
        """(M,) where samples are among the placed ones; -1 for those that are not."""
        place = np.full(len(self.rows.table) + 1, -1, dtype=np.int32)
        place[self.rows.positions] = np.arange(len(self.rows), dtype=np.int32)
        result: Positions = place[rows.at_in(self.rows.table)]
        return result


def layout(known: Table, on: Projection, latent: str) -> Layout:
    """The map of one latent of a table's model, in units of its own."""
    xy = on.frame[list(schema.projection(latent))].to_numpy(dtype=np.float64)
    low = xy.min(axis=0) if len(xy) else np.zeros(2)
    span = float((xy.max(axis=0) - low).max()) if len(xy) else 0.0
    turn = Turn(np.eye(2) / (span or 1.0), -low / (span or 1.0))
    at = known.kept(("placed", on.method, len(xy)), lambda: known.positions_of(on.frame.index))
    mark = _mark(xy)
    if (at < 0).any():
        at, xy = at[at >= 0], xy[at >= 0]
    return Layout(latent, Rows(known, at), turn.apply(xy), turn, mark)


def _mark(xy: NDArray[np.float64]) -> str:
    return hashlib.sha256(xy.astype(np.float32).tobytes()).hexdigest()[:6]


def of_gate(checkpoint: Checkpoint) -> Layout:
    """The map of a gated model's weights: R, all of one input alone together, and S."""
    rows = rows_in(checkpoint, "all")
    at = ternary.positions(ternary.shares(rows))
    known: Mask = np.logical_and(*np.isfinite(at).T)
    return Layout(GATE, rows.keep(known), at[known], STRAIGHT, _mark(at[known]))


def layout_of(checkpoint: Checkpoint, latent: str) -> Layout | DataProblem:
    """The map of one latent of a checkpoint, or of its gate weights."""
    if latent == GATE and has_gate(checkpoint):
        return of_gate(checkpoint)
    on = placed(checkpoint)
    if isinstance(on, DataProblem):
        return on
    if not on.has(latent):
        return DataProblem(f"It was drawn on a map of {latent}, which {checkpoint.model} has not.")
    return layout(predictions(checkpoint), on, latent)


@dataclass(frozen=True)
class Beside:
    """A second map, turned and scaled so that its samples lie as near as can be to the first's.

    Attributes
    ----------
    shown : (N, 2) places of its samples in its own pane, 0 to 1 along the longer side.
    turn : from its own units to the pane's.
    apart : median distance of a sample from its place on the first map, as a share of that map.
    """

    layout: Layout
    shown: NDArray[np.float64]
    turn: Turn
    apart: float


def beside(first: Layout, second: Layout) -> Beside:
    """Lay a second map over the first (Procrustes: Schönemann, 1966), by what both have placed."""
    places = second.places_of(first.rows)
    a, b = first.unit[places >= 0], second.unit[places[places >= 0]]
    turn = _laid_over(a, b) if len(a) > 1 else STRAIGHT
    apart = float(np.median(np.linalg.norm(turn.apply(b) - a, axis=1))) if len(a) else 0.0
    over = turn.apply(second.unit)
    low = over.min(axis=0) if len(over) else np.zeros(2)
    span = (float((over.max(axis=0) - low).max()) if len(over) else 0.0) or 1.0
    whole = Turn(turn.matrix / span, (turn.shift - low) / span)
    return Beside(second, whole.apply(second.unit), whole, apart)


def _laid_over(goal: NDArray[np.float64], moved: NDArray[np.float64]) -> Turn:
    a, b = goal.mean(axis=0), moved.mean(axis=0)
    u, sizes, v = np.linalg.svd((moved - b).T @ (goal - a))
    spread = float(((moved - b) ** 2).sum())
    if not spread or not sizes.sum():
        return Turn(np.eye(2), a - b)
    matrix = (u @ v) * (sizes.sum() / spread)
    return Turn(matrix, a - b @ matrix)


def points(checkpoint: Checkpoint, on: Layout, split: str, others: Sequence[Layout] = ()) -> Rows:
    """The samples of the split that are placed, on other maps too, in file order."""
    rows = rows_in(checkpoint, split)
    for layout_ in (on, *others):
        placed_ = layout_.places_of(rows) >= 0
        rows = rows if placed_.all() else rows.keep(placed_)
    return rows


def colour_of(
    checkpoint: Checkpoint, rows: Rows, colour: str, definition: str, split: str = "all"
) -> tuple[NDArray[np.signedinteger[Any]], Sequence[str]] | NDArray[np.floating[Any]]:
    """What samples are coloured by: their places (N,) among names, and the names; or numbers (N,).

    ``split`` is what the rows are of; ``definition`` says what counts as shared, where points are
    coloured by bits.
    """
    if colour in _BITS:
        bits = information.part(checkpoint, definition, _BITS[colour], split)
        assert bits is not None  # a colour that is offered for this checkpoint
        return bits[rows.positions]
    if colour == "correct":
        return rows.correct.astype(np.int8), ("wrong", "right")
    column = COLUMNS[colour]
    if colour.startswith("gate-"):
        return rows.numbers(column)
    words = rows.words(column)
    return words.codes, words.names


def place_later(
    checkpoint: Checkpoint, on: Projection, where: Layout, sample: str
) -> Places | DataProblem:
    """Where a sample that was left out of a map lies on it: (1, 2), in units of the map."""
    stored = latents_of(checkpoint)
    if isinstance(stored, DataProblem):
        return stored
    row = np.flatnonzero(stored.ids == sample)
    if not len(row) or where.latent not in stored.values:
        return DataProblem(f"There is no {where.latent} of the sample {sample}.")
    return place_new(checkpoint, on, where, stored.values[where.latent][row])


def place_new(
    checkpoint: Checkpoint, on: Projection, where: Layout, new: NDArray[np.float32]
) -> Places | DataProblem:
    """Where samples with these latents (M, D) would lie on a map: (M, 2), in units of the map."""
    stored = latents_of(checkpoint)
    if isinstance(stored, DataProblem):
        return stored
    values = stored.values[where.latent]
    placed_rows = values[pd.Index(stored.ids).get_indexer(pd.Index(where.rows.ids[:]))]
    xy = on.frame[list(schema.projection(where.latent))].to_numpy()
    method: Method = "pca" if on.method == "pca" else "umap"
    return where.to_unit.apply(project_new(placed_rows, xy, new, method))
