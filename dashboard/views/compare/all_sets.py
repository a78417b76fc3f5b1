"""All data sets: mean ranks against a reference, and the pre-registered targets."""

from __future__ import annotations

import math
from collections.abc import Hashable
from typing import Any, Final

import pandas as pd
import streamlit as st

from dashboard import widgets
from dashboard.figures import leaderboard as figures
from dashboard.figures.leaderboard import Axis, Line, Point
from dashboard.services.comparison import board as service
from dashboard.services.store.catalog import CheckpointCatalog
from dashboard.services.targets import targets
from dashboard.state import session
from dashboard.text import comparing, messages, terms, verdicts
from dashboard.views.compare.this_set import Links, last_cell, link_method, metric_choice
from dashboard.widgets import plain


def all_sets(catalog: CheckpointCatalog) -> None:
    """The part of the page."""
    view = session.view()
    split = service.split_of(view.split)
    lead = st.container()
    left, right = st.columns(2, gap="large")
    with left:
        metric_choice()
    standing = service.rank_summary(catalog.root, view.metric, split)
    if standing.ranks.empty:
        widgets.notice(messages.no_ranks())
    else:
        methods = [str(m) for m in standing.ranks.index]
        against = view.reference if view.reference in methods else methods[0]
        with right:
            widgets.select("Compared with", "reference", methods, against, help=terms.REFERENCE)
        averages = service.average_differences(catalog.root, view.metric, against, split)
        with lead:
            _lead(standing, against, averages)
        _board(catalog, standing, against, averages)
        with st.expander("Score on each data set"):
            _table(standing)
    for name, title in comparing.TARGETS.items():
        if criteria := targets(name):
            st.header(title, anchor=False)
            widgets.targets(criteria)


def _lead(standing: service.RankSummary, against: str, averages: pd.DataFrame) -> None:
    ranks, sets = standing.ranks, [str(d) for d in standing.scores.index]
    st.markdown(
        verdicts.ranks(
            plain(ranks.index[0]), float(ranks.iloc[0]), len(ranks), [plain(d) for d in sets],
            plain(against), float(ranks[against]),
        )
    )  # fmt: skip
    verdict = averages.set_index("paradigm")["verdict"]
    if len(sets) > 1 and len(verdict):
        counts = verdict.value_counts()
        better = [plain(m) for m in verdict.index[verdict == "better"]]
        compared = verdicts.compared(
            better, int(counts.get("worse", 0)), int(counts.get("open", 0))
        )
        st.markdown(
            f"By mean {terms.METRICS[standing.metric]}, compared with **{plain(against)}**: "
            f"{compared}."
        )
        before = [str(m) for m in ranks.index[: ranks.index.get_loc(against)]]
        ablations = [m for m in before if service.is_ablation(m, against)]
        significant = any(verdict.get(m) == "better" for m in ablations)
        if ahead := verdicts.ablations_ahead(
            plain(against), [plain(m) for m in ablations], significant, "mean rank"
        ):
            st.markdown(ahead)
    sentences = []
    if standing.sets_left_out:
        some = ", ".join(plain(d) for d in standing.sets_left_out)
        sentences.append(f"Left out, as runs are missing: {some}.")
    if standing.paradigms_left_out:
        some = ", ".join(plain(p) for p in standing.paradigms_left_out)
        sentences.append(f"Methods that are not on all of these data sets: {some}.")
    if sentences:
        st.caption(
            ":material/pending: " + " ".join(sentences) + " Ranks are over the largest part of the "
            f"records with all {service.SEEDS} seeds of every method on every data set."
        )


def _board(
    catalog: CheckpointCatalog, standing: service.RankSummary, against: str, averages: pd.DataFrame
) -> None:
    view = session.view()
    opened = {c.model for c in catalog.ready(view.data, view.seed)}
    apart = service.rank_differences(standing, against).set_index("paradigm").to_dict("index")
    scores = averages.set_index("paradigm").to_dict("index")
    per_set = standing.per_set.sub(standing.per_set[against], axis=0)
    links: Links = {}
    pages: dict[str, str] = {}
    lines = []
    for name, rank in zip(map(str, standing.ranks.index), standing.ranks.tolist(), strict=True):
        about, _, follow, samples = link_method(name, name in opened, links, pages)
        of = apart.get(name, {"difference": 0.0, "low": math.nan, "high": math.nan})
        dots = tuple(per_set[name].astype(float))
        place = Point(float(of["difference"]), f"{rank:.1f}", (of["low"], of["high"]), dots)
        score = scores.get(name, _NO_SCORE)
        verdict = "reference" if name == against else str(score["verdict"])
        by, low, high = (100 * float(score[c]) for c in ("difference", "low", "high"))
        mean = Point(by, comparing.points(by, verdict), (low, high))
        words = comparing.verdict(verdict, float(score["adjusted"]))
        marks = (about, follow, ("", ""), samples)
        last = last_cell(name in opened)
        lines.append(Line(name, (place, mean), verdict, words, marks, last))
    separates = bool(standing.cliques) and len(standing.cliques[0]) < len(lines)
    critical = standing.critical
    band = (-critical, critical) if separates and math.isfinite(critical) else None
    axes = (
        Axis(f"mean rank; difference to {against}", zero=True, band=band),
        Axis(f"mean {terms.METRICS[standing.metric]}: difference, points", zero=True),
    )
    drawn = figures.board(lines, axes, ("verdict", "samples"))
    alt = f"Mean rank of each method: difference to {against}, and that of the mean score"
    widgets.linked("ranks", drawn, links, alt, pages)
    sentences = [comparing.RANKS]
    if math.isfinite(critical):
        sentences.append(verdicts.apart(critical, len(standing.scores), separates))
    if math.isfinite(standing.friedman_p):
        sentences.append(verdicts.alike(standing.friedman_p))
    st.caption(" ".join(sentences), help=terms.RANKS)


#: Of a method without a seed in common with the reference, and of the reference itself.
_NO_SCORE: Final[dict[Hashable, Any]] = {
    "difference": math.nan, "low": math.nan, "high": math.nan, "adjusted": math.nan,
    "verdict": "unpaired",
}  # fmt: skip


def _table(standing: service.RankSummary) -> None:
    frame = pd.DataFrame({"method": standing.ranks.index, "rank": standing.ranks.to_numpy()})
    scores = standing.scores.T.loc[list(standing.ranks.index)].reset_index(drop=True)
    st.dataframe(
        pd.concat([frame, 100 * scores], axis=1),
        hide_index=True,
        placeholder=widgets.MISSING,
        height=min(500, 38 + 35 * len(frame)),
        column_config={
            "method": st.column_config.TextColumn(pinned=True),
            "rank": st.column_config.NumberColumn("mean rank", format="%.2f", help=terms.RANKS),
            **{
                str(d): st.column_config.NumberColumn(str(d), format="%.2f") for d in scores.columns
            },
        },
        alt="Mean rank and score on each data set of every method",
    )
    st.caption(f"In percent, mean over seeds: {terms.METRICS[standing.metric]}.")
    widgets.download(pd.concat([frame, scores], axis=1), "ranks")
