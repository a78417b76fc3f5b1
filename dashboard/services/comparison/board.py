"""Recorded comparisons: scores over seeds, paired differences, ranks over data sets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import streamlit as st

from dashboard.services.store.catalog import CheckpointCatalog, log, stamp
from dmil_core.experiments import records, scoreboard
from dmil_core.experiments.records import Records
from dmil_core.experiments.scoreboard import RankSummary
from dmil_core.io.paths import checkpoints_roots

SEEDS = scoreboard.SEEDS
#: The method as it was published, whose name begins as those of ablations do.
PUBLISHED = "dmil-paper"


def recorded(root: Path, split: str = "test") -> Records:
    """Every recorded run, by its figures on one split; do not write into it.

    Where ``root`` has no records, those of the demonstration that an installed package carries.
    """
    if not _key(root):
        root = checkpoints_roots()[-1]
    return _recorded(str(root), split, _key(root))


def _key(root: Path) -> str:
    return stamp(root.glob(f"*/{records.RESULTS_FILE}"))


@st.cache_resource(max_entries=8, show_spinner="Reading the records …")
def _recorded(root: str, split: str, key: str) -> Records:
    result = records.read_all(Path(root), split)
    for problem in result.problems:
        log.warning("%s", problem)
    return result


def split_of(split: str) -> str:
    """The split that records can be read for: they have validation and test figures only."""
    return split if split in ("test", "val") else "test"


@dataclass(frozen=True)
class Board:
    """All recorded paradigms on one data set.

    Attributes
    ----------
    table
        A row per method, best first: the columns of `scoreboard.summary` without data, then
        difference, low, high, pairs, p, adjusted, verdict against the reference (``reference``
        for itself, ``unpaired`` without a seed in common).
    points
        Columns method, seed, value: the metric of every run.
    methods
        Best first.
    reference
        The method that others are compared with; another one than asked for where that has no run.
    missing
        Methods that have records on other data sets but none here.
    other_data
        Whether the records were made on another version of the data than the checkpoints.
    """

    table: pd.DataFrame
    points: pd.DataFrame
    methods: tuple[str, ...]
    reference: str
    missing: tuple[str, ...]
    other_data: bool


def board(
    catalog: CheckpointCatalog, data: str, metric: str, reference: str, split: str
) -> Board | None:
    """The scoreboard of a data set; None where no run is recorded with this metric."""
    result = recorded(catalog.root, split)
    runs = result.of(data).dropna(subset=[metric])
    if runs.empty:
        return None
    table = scoreboard.summary(runs, metric).drop(columns="data")
    methods = tuple(table["paradigm"])
    against = reference if reference in methods else methods[0]
    # Of all sets, as p-values are adjusted for every method and set.
    apart = over_sets(catalog.root, metric, against, split)
    apart = apart[apart["data"] == data].drop(columns="data")
    table = table.merge(apart, on="paradigm", how="left").rename(columns={"paradigm": "method"})
    itself = table["method"] == against
    table["verdict"] = table["verdict"].mask(itself, "reference").fillna("unpaired")
    table.loc[itself, "difference"] = 0.0
    points = runs[["paradigm", "seed", metric]].set_axis(["method", "seed", "value"], axis=1)
    everywhere = dict.fromkeys(result.runs["paradigm"])
    return Board(
        table=table,
        points=points,
        methods=methods,
        reference=against,
        missing=tuple(m for m in everywhere if m not in methods),
        other_data=_other_data(catalog, data, runs),
    )


def _other_data(catalog: CheckpointCatalog, data: str, runs: pd.DataFrame) -> bool:
    trained = {c.run.data_digest for c in catalog.of(data) if c.run is not None}
    made = set(runs["digest"]) - {""}
    return bool(trained and made and not trained & made)


def by_interaction_type(root: Path, data: str, split: str, order: tuple[str, ...]) -> pd.DataFrame:
    """Columns model, group, accuracy, sd, seeds, methods as ordered; empty where not known."""
    runs = recorded(root, split).of(data)
    frame = scoreboard.by_interaction_type(runs).drop(columns="data")
    frame = frame.rename(columns={"paradigm": "model", "interaction_type": "group"})
    position = {name: i for i, name in enumerate(order)}
    return frame.sort_values("model", key=lambda m: m.map(position), kind="stable")


def over_sets(root: Path, metric: str, reference: str, split: str) -> pd.DataFrame:
    """Every paired difference to the reference on every data set; see `scoreboard.differences`.

    P-values are adjusted over the sets of the comparison and over those held out apart.
    """
    return _over_sets(str(root), metric, reference, split, _key(root))


@st.cache_resource(max_entries=16, show_spinner="Comparing …")
def _over_sets(root: str, metric: str, reference: str, split: str, key: str) -> pd.DataFrame:
    runs = recorded(Path(root), split).runs
    held_out = runs["data"].isin(scoreboard.HELD_OUT)
    parts = [runs[~held_out], *([runs[held_out]] if held_out.any() else [])]
    return pd.concat([scoreboard.differences(r, metric, reference) for r in parts])


def means(root: Path, metric: str, split: str) -> pd.DataFrame:
    """The summary of every method on every data set; see `scoreboard.summary`."""
    return scoreboard.summary(recorded(root, split).runs, metric)


def rank_summary(root: Path, metric: str, split: str) -> RankSummary:
    """Average ranks over the data sets with complete records, but for those held out."""
    return _rank_summary(str(root), metric, split, _key(root))


@st.cache_resource(max_entries=16, show_spinner="Ranking …")
def _rank_summary(root: str, metric: str, split: str, key: str) -> RankSummary:
    runs = recorded(Path(root), split).runs
    return scoreboard.rank_summary(runs[~runs["data"].isin(scoreboard.HELD_OUT)], metric)


def rank_differences(standing: RankSummary, reference: str) -> pd.DataFrame:
    """Mean rank of every method less that of the reference; see `scoreboard.rank_differences`."""
    return scoreboard.rank_differences(standing, reference)


def average_differences(root: Path, metric: str, reference: str, split: str) -> pd.DataFrame:
    """Difference of every method to the reference, a mean over the data sets that ranks are over;
    see `scoreboard.average_differences`."""
    return _average_differences(str(root), metric, reference, split, _key(root))


@st.cache_resource(max_entries=16, show_spinner="Comparing …")
def _average_differences(
    root: str, metric: str, reference: str, split: str, key: str
) -> pd.DataFrame:
    runs = recorded(Path(root), split).runs
    sets = rank_summary(Path(root), metric, split).scores.index
    return scoreboard.average_differences(runs[runs["data"].isin(sets)], metric, reference)


def is_ablation(method: str, of: str) -> bool:
    """Whether a method is another one with a part taken away; ``dmil-paper`` is no part of dmil."""
    return method.startswith(f"{of}-") and not method.startswith(PUBLISHED)


def about(method: str) -> str:
    """One sentence on a paradigm with its citation; empty for one that is not in the library."""
    from dmil_core.paradigms import PARADIGMS

    paradigm = PARADIGMS.get(method)
    return f"{paradigm.summary} {paradigm.citation}".strip() if paradigm else ""
