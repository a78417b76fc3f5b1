"""Mixtures of logic gates and truth tables: what is built, and what is exact about it, in bits."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, cast

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.services.store.catalog import DataProblem
from dmil_core.data.synthetic.gate_mixture import GateMixture
from dmil_core.data.synthetic.gates import BITS, GATES
from dmil_core.data.synthetic.truth_table import Row, TableError, read_table, write_table
from dmil_core.errors import ConfigError
from dmil_core.partial_information import discrete
from dmil_core.partial_information.pointwise import PARTS, QUANTITIES, SUMS, Definition

__all__ = ["GateMixture", "Numbers"]

#: What "Mix" begins with: each component as often as the others, and one can see which.
FIRST_MIX: Final[Mapping[str, float]] = dict.fromkeys(("xor", "rdn", "unq1", "unq2"), 1.0)
#: Gate -> what its class is, in words.
SAYS: Final[Mapping[str, str]] = {name: gate.says for name, gate in GATES.items()}
_LN2: Final = math.log(2.0)


@dataclass(frozen=True)
class Numbers:
    """The information of a mixture's inputs about its class, in bits.

    Attributes
    ----------
    entropy : H(y).
    i1, i2, i12 : mutual information with y of x1, of x2 and of both.
    parts : measure -> r, u1, u2, s.
    """

    entropy: float
    i1: float
    i2: float
    i12: float
    parts: Mapping[str, tuple[float, ...]]


def meaning(measure: str) -> str:
    """What a measure calls shared, in a sentence."""
    return dict(discrete.MEASURES)[measure]  # type: ignore[index]


def read(spec: str) -> GateMixture | DataProblem:
    """The gate mixture of a text from a link; empty text means XOR."""
    try:
        return GateMixture.from_spec(spec) if spec else GateMixture()
    except ConfigError as error:
        return DataProblem(str(error))


@st.cache_resource(max_entries=500, show_spinner=False)
def numbers(spec: str) -> Numbers:
    """The exact numbers of a gate mixture that can be read, by every measure."""
    pmf = GateMixture.from_spec(spec).pmf()
    prior = pmf.p.sum(axis=(0, 1))
    positive = prior[prior > 0]
    result = {name: discrete.decompose(pmf, name) for name in discrete.MEASURES}
    broja = result["broja"]
    parts = {
        str(name): tuple(_bits(getattr(d, part)) for part in PARTS) for name, d in result.items()
    }
    i1, i2, i12 = (_bits(getattr(broja, name)) for name in SUMS)
    return Numbers(_bits(-float(positive @ np.log(positive))), i1, i2, i12, parts)


@st.cache_resource(max_entries=100, show_spinner=False)
def outcomes(spec: str, definition: str) -> pd.DataFrame:
    """A row for each (x1, x2, y) that can occur: columns x1, x2, y (text), p, and in bits i1, i2,
    i12, r, u1, u2, s."""
    frame = discrete.realisations(GateMixture.from_spec(spec).pmf(), cast(Definition, definition))
    for name in ("x1", "x2", "y"):
        frame[name] = [symbol_text(s) for s in frame[name]]
    for name in QUANTITIES:
        frame[name] = [_bits(v) for v in frame[name]]
    return frame


def pointwise_mean(spec: str, definition: str) -> tuple[float, ...]:
    """R, U1, U2, S in bits: the mean of `outcomes` over the cases."""
    frame = outcomes(spec, definition)
    return tuple(float(frame["p"].to_numpy() @ frame[part].to_numpy()) + 0.0 for part in PARTS)


@st.cache_resource(max_entries=100, show_spinner=False)
def cells(spec: str) -> pd.DataFrame:
    """p(x1, x2, y) as it is drawn: columns panel, x1, x2, y (text), p (above 0), and at (row,
    column of the panel).

    A mixture has a panel for each gate, with the bits in it, as no two gates are on at once.
    """
    mixture = GateMixture.from_spec(spec)
    pmf = mixture.pmf()
    result = [
        {
            "panel": str(pmf.x1[i][0]) if mixture.mixed else "",
            "x1": _bit(pmf.x1[i], mixture.mixed),
            "x2": _bit(pmf.x2[j], mixture.mixed),
            "row": i % len(BITS) if mixture.mixed else i,
            "column": j % len(BITS) if mixture.mixed else j,
            "y": symbol_text(pmf.y[k]),
            "p": float(pmf.p[i, j, k]),
        }
        for i, j, k in zip(*np.nonzero(pmf.p), strict=True)
    ]
    return pd.DataFrame(result)


def in_words(frame: pd.DataFrame) -> str:
    """`cells` in words, for who cannot see the picture."""
    pairs = frame.groupby(["panel", "x1", "x2"], sort=False)
    sentences = []
    for (panel, x1, x2), rows in pairs:
        among = rows["p"] / rows["p"].sum()
        classes = ", ".join(
            f"class {y}" + (f" {share:.0%}" if share < 1 else "")
            for y, share in zip(rows["y"], among, strict=True)
        )
        sentences.append(f"{f'{panel} ' if panel else ''}{x1} {x2} {rows['p'].sum():.0%} {classes}")
    return "; ".join(sentences)


def prior_of(mixture: GateMixture) -> list[float]:
    """The chance of each class."""
    chances: list[float] = mixture.clean.p.sum(axis=(0, 1)).tolist()
    return chances


def possible(mixture: GateMixture) -> list[bool]:
    """Of each class whether it can occur, whatever prior is asked for."""
    able: list[bool] = (replace(mixture, prior=()).clean.p.sum(axis=(0, 1)) > 0).tolist()
    return able


def class_names(mixture: GateMixture) -> list[str]:
    """The classes as text."""
    return [symbol_text(name) for name in mixture.classes]


def shares(mixture: GateMixture) -> dict[str, float]:
    """How often each logic gate is on, after the class prior has its say."""
    if not mixture.mixed:
        return dict.fromkeys(mixture.gates, 1.0)
    size = len(BITS)
    by_symbol = mixture.clean.p.sum(axis=(1, 2))
    result = by_symbol.reshape(-1, size).sum(axis=1)
    return dict(zip(mixture.gates, map(float, result), strict=True))


def weights(mixture: GateMixture) -> dict[str, float]:
    """The weight of every gate, 0 where it cannot be on, the largest at most 1."""
    most = max(1.0, *mixture.gates.values())
    return {name: round(mixture.gates.get(name, 0.0) / most, 4) for name in GATES}


def text_of(mixture: GateMixture) -> str:
    """The gate mixture's rows to be typed on: its table, or the truth table of its one gate."""
    if mixture.table:
        return write_table(mixture.table)
    p = replace(GateMixture() if mixture.mixed else mixture, noise=0.0, prior=()).clean
    rows = [
        Row(str(p.x1[i]), str(p.x2[j]), str(p.y[k]), round(float(p.p[i, j, k]), 6))
        for i, j, k in zip(*np.nonzero(p.p), strict=True)
    ]
    if len({row.p for row in rows}) == 1:
        rows = [replace(row, p=1.0) for row in rows]
    return write_table(rows)


def changed(mixture: GateMixture, **values: Any) -> tuple[GateMixture, str]:
    """A gate mixture with some parts replaced, and what had to be given up for it.

    A prior of other classes, or of one that can no longer occur, and the correlation of a table
    cannot be kept.
    """
    lost = ""
    if values.get("table") and mixture.correlation:
        values = {"correlation": 0.0, **values}
    try:
        made = replace(mixture, **values)
    except ConfigError:
        made = replace(mixture, **{**values, "prior": ()})
        lost = "The class prior was given up: it does not fit the classes that occur now."
    return made, lost


def typed(mixture: GateMixture, text: str) -> tuple[GateMixture, str, Sequence[tuple[int, str]]]:
    """`changed` to the table that was typed; or the gate mixture as it was, and the table's
    faults: (row from 1, or 0 of the whole; what is wrong)."""
    try:
        table = read_table(text)
    except TableError as error:
        return mixture, "", error.problems
    return (*changed(mixture, table=table, gates={}), ())


def tilted(mixture: GateMixture, index: int, chance: float) -> tuple[float, ...]:
    """The class prior where one class gets this chance and the others keep their proportions."""
    now = prior_of(mixture)
    others = [p if k != index else 0.0 for k, p in enumerate(now)]
    if not sum(others):
        natural = prior_of(replace(mixture, prior=()))
        others = [p if k != index else 0.0 for k, p in enumerate(natural)]
    scale = sum(others)
    if not scale:
        return ()
    return tuple(chance if k == index else (1.0 - chance) * p / scale for k, p in enumerate(others))


def symbol_text(symbol: object) -> str:
    """A symbol as text: ``XOR 0`` of a mixture."""
    return " ".join(map(str, symbol)) if isinstance(symbol, tuple) else str(symbol)


def _bit(symbol: Any, mixed: bool) -> str:
    return str(symbol[1]) if mixed else symbol_text(symbol)


def _bits(nats: float) -> float:
    return float(nats) / _LN2 + 0.0
