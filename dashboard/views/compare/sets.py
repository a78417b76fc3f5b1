"""All data sets: average ranks with their critical difference, and what was to be shown."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import widgets
from dashboard.figures import board as figures
from dashboard.services.comparison import board as service
from dashboard.services.store.catalog import CheckpointCatalog
from dashboard.services.targets import targets
from dashboard.state import session
from dashboard.state.view import METRICS
from dashboard.text import messages, terms, verdicts
from dashboard.widgets import plain


def sets(catalog: CheckpointCatalog) -> None:
    """The part of the page."""
    view = session.view()
    split = service.split_of(view.split)
    st.header("Which paradigm is best over all data sets?", anchor=False)
    lead = st.container()
    widgets.select(
        "Metric", "metric", METRICS, view.metric, terms.METRICS.__getitem__,
        help=terms.METRIC, width=360,
    )  # fmt: skip
    result = service.rank_summary(catalog.root, view.metric, split)
    if result.ranks.empty:
        widgets.notice(messages.no_ranks())
    else:
        with lead:
            _lead(result)
        _ranks(result)
        _table(result)
    if criteria := targets("comparison"):
        st.header("What the comparison was to show", anchor=False)
        widgets.targets(criteria)
    if criteria := targets("held-out"):
        st.header("What was to hold on two sets that nobody tuned on", anchor=False)
        widgets.targets(criteria)


def _lead(standing: service.RankSummary) -> None:
    ranks = standing.ranks
    # Within reach of the best; the best itself is not counted.
    tied = int((ranks <= ranks.iloc[0] + standing.critical).sum()) - 1
    names = [plain(d) for d in standing.scores.index]
    st.markdown(
        verdicts.ranks(
            plain(ranks.index[0]), float(ranks.iloc[0]), len(ranks), names, standing.critical, tied
        )
    )
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


def _ranks(standing: service.RankSummary) -> None:
    st.markdown("**Average rank, best first**", help=terms.RANKS)
    fig = figures.ranks(standing.ranks, standing.per_set, standing.cliques, standing.critical)
    words = [f"{v:.2f}" for v in standing.ranks]
    alt = verdicts.order([str(n) for n in standing.ranks.index], words)
    widgets.chart(fig, "ranks", f"Average rank of each method, 1 is best: {alt}")
    legend = "Mark: average rank. Faint dots: rank on each data set."
    if standing.cliques:
        legend += (
            " Shaded: average ranks that cannot be told from the best. Bars at the right join "
            "methods that cannot be told apart from one another."
        )
    if standing.friedman_p == standing.friedman_p:
        legend += " " + verdicts.alike(standing.friedman_p)
    st.caption(legend)


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
            "rank": st.column_config.NumberColumn("average rank", format="%.2f", help=terms.RANKS),
            **{
                str(d): st.column_config.NumberColumn(str(d), format="%.2f") for d in scores.columns
            },
        },
        alt="Average rank and score on each data set of every method",
    )
    st.caption(f"In percent, mean over seeds: {terms.METRICS[standing.metric]}.")
    widgets.download(pd.concat([frame, scores], axis=1), "ranks")
