"""What the lessons show: small gate mixtures behind a control, a chosen sample, two points of a
map.

Every number of a lesson is computed here or read from a record; none is typed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from dashboard.services.learn import gates
from dashboard.services.sample import latents, samples
from dashboard.services.store.catalog import (
    Checkpoint,
    DataProblem,
    checkpoint_catalog,
    projection,
    table,
)
from dashboard.services.trust import settings as fidelity
from dashboard.services.trust.settings import Fidelity
from dmil_core import schema
from dmil_core.data.synthetic.gate_mixture import GateMixture
from dmil_core.data.synthetic.truth_table import Row
from dmil_core.schema import Component

#: Of a control: spec of a gate mixture -> what the position is called.
Dial = Mapping[str, str]

# --- gate mixtures
# -----------------------------------------------------------------------------------


@cache
def alike() -> Dial:
    """y is the bit of x1; that of x2 is the same as often as the position says."""
    made = {
        p: GateMixture(gates={"unq1": 1.0}, correlation=2 * p / 100 - 1) for p in range(50, 101, 5)
    }
    return {mixture.spec: f"{p}%" for p, mixture in made.items()}


@cache
def eyes() -> Dial:
    """Both inputs show y, and each is wrong as often as the position says, by itself."""
    return {_two_eyes(e / 100).spec: f"{e}%" for e in range(0, 51, 5)}


def _two_eyes(wrong: float) -> GateMixture:
    rows = []
    for y in (0, 1):
        for x1 in (0, 1):
            for x2 in (0, 1):
                p = 0.5
                for x in (x1, x2):
                    p *= wrong if x != y else 1 - wrong
                rows.append(Row(str(x1), str(x2), str(y), round(p, 6)))
    return GateMixture(table=tuple(row for row in rows if row.p > 0))


@cache
def switches() -> Dial:
    """From AND over XOR to OR, in quarters of the way."""
    result = {}
    for quarter in range(-4, 5):
        way, goal = abs(quarter) / 4, "AND" if quarter < 0 else "OR"
        # On the way to AND a single 1 is ever less enough; on both ways two of them are ever more.
        first = 1.0 - way if quarter < 0 else 1.0
        name = {0.0: "XOR", 1.0: goal}.get(way, f"{way:.0%} {goal}")
        result[_switched(first, way).spec] = name
    return result


def _switched(first: float, second: float) -> GateMixture:
    """Class 1 with the chance ``one`` where one bit is 1, and ``two`` where both are."""
    chance = {("0", "0"): 0.0, ("0", "1"): first, ("1", "0"): first, ("1", "1"): second}
    rows = [
        Row(a, b, y, round(p / 4, 6))
        for (a, b), q in chance.items()
        for y, p in (("0", 1 - q), ("1", q))
    ]
    return GateMixture(table=tuple(row for row in rows if row.p > 0))


#: The gate mixture of the lesson on numbers, and the case that it asks about.
AND: Final = "gates:and=1"
CASE: Final[Mapping[str, str]] = {"x1": "1", "x2": "0", "y": "0"}

#: Where each control stands at first.
FIRST: Final[Mapping[str, str]] = {"alike": "100%", "eyes": "10%", "switches": "XOR"}
#: Lesson -> its control.
DIAL_OF: Final = {"redundancy": "alike", "two-eyes": "eyes", "xor": "switches"}
DIALS: Final = {"alike": alike, "eyes": eyes, "switches": switches}


def at(name: str, mixture: str) -> str:
    """The spec that a control shows: that of the link if it is one of its own, else the first."""
    dial = DIALS[name]()
    return (
        mixture if mixture in dial else next(s for s, text in dial.items() if text == FIRST[name])
    )


def cases(spec: str) -> pd.DataFrame:
    """What can be said of the class in each case: columns x1, x2 (text), p, and the chance of
    class 1 for who sees x1 (``one``), x2 (``two``), asks both apart (``mean``), or sees both."""
    pmf = GateMixture.from_spec(spec).pmf()
    p = pmf.p
    yes = p[:, :, [str(y) for y in pmf.y].index("1")]
    pair, x1, x2 = p.sum(axis=2), p.sum(axis=(1, 2)), p.sum(axis=(0, 2))
    rows = []
    for i, j in zip(*np.nonzero(pair), strict=True):
        by_x1, by_x2 = yes[i].sum() / x1[i], yes[:, j].sum() / x2[j]
        both = yes[i, j] / pair[i, j]
        known = (str(pmf.x1[i]), str(pmf.x2[j]), pair[i, j])
        rows.append((*known, by_x1, by_x2, (by_x1 + by_x2) / 2, both))
    return pd.DataFrame(rows, columns=["x1", "x2", "p", "one", "two", "mean", "both"])


def right(frame: pd.DataFrame, who: str) -> float:
    """How often the likelier class is the true one, of `cases`; where both are as likely a coin
    decides."""
    predicted, true = frame[who].to_numpy(), frame["both"].to_numpy()
    hit = np.where(np.isclose(predicted, 0.5), 0.5, np.where(predicted > 0.5, true, 1 - true))
    return float(frame["p"].to_numpy() @ hit)


def in_case() -> tuple[float, float, float]:
    """Bits that x1, x2 and both tell of the class in `CASE`."""
    frame = gates.outcomes(AND, "same-sign")
    row = frame[(frame[list(CASE)] == list(CASE.values())).all(axis=1)].iloc[0]
    return float(row["i1"]), float(row["i2"]), float(row["i12"])


# --- a recorded training ------------------------------------------------------------------------

EVEN: Final = "equal shares"
WEAK: Final = "x2 three times weaker"
#: Paradigms of the lesson, the usual one first.
LEARNERS: Final = ("joint", "ensemble", "dmil")
BEST: Final = "best possible"


def record() -> Fidelity | DataProblem | None:
    """The record of the fidelity benchmark; None where there is none with the two settings."""
    result = fidelity.record()
    if isinstance(result, Fidelity) and not {EVEN, WEAK} <= set(result.distributions):
        return None
    return result


def reached(record: Fidelity, setting: str, who: str) -> pd.DataFrame:
    """Columns group, accuracy, best (0 to 1): of each kind of samples how often a paradigm
    is right, mean over seeds, and how often anybody could be."""
    frame = fidelity.accuracies(record, setting)
    wide = frame.pivot(index="group", columns="model", values="accuracy")
    kept = [c for c in schema.COMPONENTS if c in wide.index]
    return pd.DataFrame(
        {"group": kept, "accuracy": wide.loc[kept, who], "best": wide.loc[kept, BEST]}
    )


def behind(frame: pd.DataFrame, groups: tuple[str, ...]) -> float:
    """How far `reached` stays behind the best possible in some groups, their mean; 0 to 1."""
    rows = frame[frame["group"].isin(groups)]
    return float((rows["best"] - rows["accuracy"]).mean())


# --- a sample -----------------------------------------------------------------------------------

DIGITS: Final = "avdigits"
#: Kinds of samples of the lesson on gates, in the order of the control.
KINDS: Final = ("picture", "nothing", "sound")


def digits() -> Checkpoint:
    """The model that the lesson on gates looks at; it may be missing."""
    return checkpoint_catalog().get(DIGITS, "dmil", 0)


def corrupted(checkpoint: Checkpoint) -> Mapping[str, str] | DataProblem:
    """A sample of each kind, by what was corrupted in it: among test samples that the model gets
    right, the one whose gate weighs highest what should count, which is the other input, or both.

    Where only the picture is corrupted, the picture alone must say the wrong class, too.
    """
    data = samples.source(checkpoint)
    if isinstance(data, DataProblem) or checkpoint.status != "ready":
        return data if isinstance(data, DataProblem) else DataProblem("The model is damaged.")
    rows = table(checkpoint)
    rows = rows[(rows["split"] == "test") & rows["correct"].to_numpy(dtype=bool)]
    flags = pd.DataFrame(dict(data.flags), index=data.ids).loc[rows.index]
    picture, sound = (flags[f"{name}_corrupt"].to_numpy(dtype=bool) for name in ("image", "audio"))
    misread = (rows[schema.unimodal_pred(1)] != rows["y"]).to_numpy()
    chosen: dict[str, tuple[NDArray[np.bool_], Component]] = {
        "picture": (picture & ~sound & misread, "U2"),
        "nothing": (~picture & ~sound, "R"),
        "sound": (sound & ~picture, "U1"),
    }
    samples_of = {}
    for kind in KINDS:
        which, component = chosen[kind]
        weights = rows[which][schema.gate(component)]
        if weights.empty:
            return DataProblem(f"No sample of {checkpoint.data} is of the kind this lesson needs.")
        samples_of[kind] = str(weights.idxmax())
    return samples_of


# --- two points of a map ------------------------------------------------------------------------

LATENT: Final = "Z"
#: Sets whose map the lesson on numbers looks at: the first that is there with a map.
MAPPED: Final = ("emoji", DIGITS)


@dataclass(frozen=True)
class Apart:
    """Two samples that are neighbours on the map and far from each other in the latent.

    Attributes
    ----------
    places : (N, 2) columns x, y of every sample, indexed by id.
    nearer : samples that are nearer to the one than the other is, in the latent.
    """

    one: str
    other: str
    places: pd.DataFrame
    nearer: int


def mapped() -> Checkpoint | None:
    """The model whose map the lesson looks at; None where there is none."""
    for name in MAPPED:
        checkpoint = checkpoint_catalog().get(name, "dmil", 0)
        placed = projection(checkpoint) if checkpoint.status == "ready" else None
        if placed is not None and placed.has(LATENT):
            return checkpoint
    return None


def apart(checkpoint: Checkpoint) -> Apart | DataProblem:
    """Of all samples and their nearest neighbours on the map the pair that is farthest apart in the
    latent, counted in neighbours; or why it cannot be found."""
    return _apart(str(checkpoint.folder), checkpoint.stamp, checkpoint)


@st.cache_resource(max_entries=2, show_spinner="Comparing the map with the model …")
def _apart(folder: str, key: str, _checkpoint: Checkpoint) -> Apart | DataProblem:
    placed, stored = projection(_checkpoint), latents.latents(_checkpoint)
    if isinstance(stored, DataProblem):
        return stored
    if placed is None or LATENT not in stored.values:
        return DataProblem("This model has no map.")
    columns = list(schema.projection(LATENT))
    frame = placed.frame[columns].set_axis(["x", "y"], axis=1)
    rows = pd.Index(stored.ids).get_indexer(frame.index)
    if len(frame) < 3 or (rows < 0).any():
        return DataProblem("The map and the data set do not fit together.")
    near = _distances(frame.to_numpy(float))
    far = _distances(stored.values[LATENT][rows].astype(float))
    others = near.argmin(axis=1)
    smallest = far[np.arange(len(far)), others]
    nearer = (far < smallest[:, None]).sum(axis=1)
    first = int(nearer.argmax())
    other = int(others[first])
    ids = frame.index
    return Apart(str(ids[first]), str(ids[other]), frame, int(nearer[first]))


def _distances(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, N) squared distances; a sample is infinitely far from itself."""
    norms = (values**2).sum(axis=1)
    result = np.asarray(norms[:, None] + norms[None, :] - 2 * values @ values.T)
    np.fill_diagonal(result, np.inf)
    return result
