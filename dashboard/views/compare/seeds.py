"""One data set, every recorded method over its seeds: scores, differences, interaction types."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import widgets
from dashboard.figures import board as board_figures
from dashboard.figures import compare as figures
from dashboard.guard import callback
from dashboard.keys import key_of
from dashboard.services.comparison import board as service
from dashboard.services.comparison import models
from dashboard.services.comparison.board import Board
from dashboard.services.store.catalog import CheckpointCatalog
from dashboard.state import session
from dashboard.state.view import METRICS
from dashboard.text import messages, terms, verdicts
from dashboard.widgets import plain


def seeds(catalog: CheckpointCatalog) -> None:
    """The part of the page."""
    view = session.view()
    split = service.split_of(view.split)
    recorded = service.recorded(catalog.root, split).of(view.data)
    if recorded.empty:
        _one_seed(catalog)
        return
    st.header("Who is right how often, and is the difference real?", anchor=False)
    lead = st.container()
    result = _choices(catalog, split)
    if result is None:
        widgets.notice(messages.no_metric(terms.METRICS[view.metric]))
        return
    with lead:
        _lead(result, split)
    left, right = st.columns(2, gap="large")
    with left:
        _scores(result)
    with right:
        _differences(result)
    _table(result)
    _one_method(catalog, result, split)
    _interaction_types(catalog, result, split)


def _choices(catalog: CheckpointCatalog, split: str) -> Board | None:
    """Metric and reference; the board that follows from them."""
    view = session.view()
    left, right = st.columns(2, gap="large")
    with left:
        widgets.select(
            "Metric",
            "metric",
            METRICS,
            view.metric,
            terms.METRICS.__getitem__,
            help=terms.METRIC,
        )
    result = service.board(catalog, view.data, view.metric, view.reference, split)
    if result is not None:
        with right:
            widgets.select(
                "Compared with",
                "reference",
                result.methods,
                result.reference,
                help=terms.REFERENCE,
            )
    return result


def _lead(board: Board, split: str) -> None:
    table, view = board.table, session.view()
    counts = table["verdict"].value_counts()
    best = table.iloc[0]
    fewest, most = int(table["seeds"].min()), int(table["seeds"].max())
    over = f"{split} rows, mean of {verdicts.seeds(fewest, most, service.SEEDS)}"
    st.markdown(
        verdicts.leader(
            plain(best["method"]),
            f"{best[view.metric]:.1%}",
            terms.METRICS[view.metric],
            over,
            plain(board.reference),
            int(counts.get("better", 0)),
            int(counts.get("worse", 0)),
            int(counts.get("open", 0) + counts.get("unpaired", 0)),
        )
    )
    if fewest < service.SEEDS or board.missing:
        _incomplete(board)
    if board.other_data:
        st.caption(
            ":material/warning: These records were made on another version of this data than the "
            "models of the other part of this page."
        )


def _incomplete(board: Board) -> None:
    table = board.table
    short = table[table["seeds"] < service.SEEDS]
    counts = zip(short["method"], short["seeds"], strict=True)
    counts_in_words = [f"{plain(m)} {n} of {service.SEEDS}" for m, n in counts]
    parts = []
    if counts_in_words:
        parts.append(f"Seeds so far: {verdicts.listed(counts_in_words)}.")
    if board.missing:
        names = verdicts.listed([plain(m) for m in board.missing], 12)
        parts.append(f"Recorded on other data sets but not here: {names}.")
    st.caption(
        ":material/pending: The comparison is not complete. "
        + " ".join(parts)
        + " `make bench-compare` goes on where it was stopped."
    )


def _scores(board: Board) -> None:
    metric = session.view().metric
    title = f"{terms.METRICS[metric]}, %"
    name = terms.METRICS[metric]
    st.markdown(
        f"**{name[:1].upper()}{name[1:]} of every seed, and their mean**",
        help=terms.METRIC_WORDS[metric],
    )
    table = board.table.assign(mean=board.table[metric])
    values = [f"{v:.1%}" for v in table["mean"]]
    widgets.chart(
        board_figures.scores(table, board.points, title),
        "scores",
        f"Mean over seeds of each method: {verdicts.order(list(table['method']), values)}",
    )
    st.caption("Faint dots: single seeds. Mark and number: their mean. Best first.")


def _differences(board: Board) -> None:
    metric, table = session.view().metric, board.table
    against = plain(board.reference)
    st.markdown(f"**Difference to {against}, with its 95 % interval**", help=terms.INTERVAL)
    words = [
        v if v == "reference" else f"{100 * d:+.2f} points, {v}"
        for d, v in zip(table["difference"], table["verdict"], strict=True)
    ]
    widgets.chart(
        board_figures.differences(table, f"{terms.METRICS[metric]}: points more or less"),
        "differences",
        f"Paired difference to {board.reference}: {verdicts.order(list(table['method']), words)}",
    )
    st.caption(
        "Triangles: significant at 5 % after Holm's correction, up and blue better than "
        f"{against}, down and orange worse. Open circles: not significant. "
        "Lines: the interval of each alone."
    )


def _table(board: Board) -> None:
    view, table = session.view(), board.table
    st.markdown("**All figures**")
    shown = table.rename(columns={"lr_scale": "rate"}).round({"parameters": 0})
    shares = ["accuracy", "macro_f1", "map", "ece", "synergy", "synergy_bound", "missed"]
    shares += ["difference", "low", "high", f"{view.metric}_sd"]
    shown = shown.assign(**{c: 100 * shown[c] for c in shares})
    columns = ["method", "seeds", view.metric, f"{view.metric}_sd", "difference", "low", "high"]
    columns += ["adjusted", "verdict"]
    columns += [c for c in shares[:7] if c != view.metric]
    # Seconds of a processor are said without more, as long as none are of anything else.
    elsewhere = (table["device"] != "cpu").any()
    columns += ["seconds", *(["device"] if elsewhere else []), "parameters", "rate"]
    number = st.column_config.NumberColumn
    titles = {**terms.METRICS, "map": "mAP", "ece": "ECE", "synergy": "synergy", "missed": "missed"}
    config: dict[str, Any] = {
        c: number(titles.get(c, c), format="%.2f", help=terms.METRIC_WORDS.get(c))
        for c in shares[:7]
        if c in columns
    }
    config |= {
        "method": st.column_config.TextColumn(pinned=True),
        f"{view.metric}_sd": number("± sd", format="%.2f", help="Standard deviation over seeds"),
        "difference": number(f"vs {board.reference}", format="%+.2f", help=terms.INTERVAL),
        "low": number("from", format="%+.2f", help=terms.INTERVAL),
        "high": number("to", format="%+.2f", help=terms.INTERVAL),
        "adjusted": number("p, Holm", format="%.3f", help=terms.HOLM),
        "verdict": st.column_config.TextColumn(
            help=f"Against {plain(board.reference)}. {terms.HOLM}"
        ),
        "synergy_bound": number("its bound", format="%.2f", help=terms.SYNERGY_INDICATOR),
        "seconds": number("training s", format="%.0f", help=terms.TRAINING_SECONDS),
        "device": st.column_config.TextColumn("on", help=terms.TRAINING_SECONDS),
        "parameters": number(format="localized"),
        "rate": number("rate factor", format="%.1f", help="Of the learning rate"),
    }
    st.dataframe(
        shown[columns],
        hide_index=True,
        placeholder=widgets.MISSING,
        height=min(500, 38 + 35 * len(shown)),
        # With other rows it is another table: in an old one the next click would be lost.
        **widgets.row_choice(
            key_of("methods", view.data, view.metric, board.reference),
            board.table["method"],
            view.method,
            "method",
        ),
        column_config=config,
        alt=f"All recorded figures of {len(shown)} methods on this data set",
    )
    left, right = st.columns([3, 1], vertical_alignment="center")
    with left:
        st.caption(
            "Shares in percent, differences in percentage points. Click a head to sort, a row to "
            "follow that method over all data sets."
        )
    with right:
        widgets.download(board.table, f"comparison-{view.data}")


def _one_method(catalog: CheckpointCatalog, board: Board, split: str) -> None:
    """The method of the row that was clicked, over every data set."""
    view = session.view()
    if view.method not in board.methods:
        return
    apart = service.over_sets(catalog.root, view.metric, board.reference, split)
    apart = apart[apart["paradigm"] == view.method].sort_values("difference", ascending=False)
    with st.container(border=True):
        st.markdown(f"**{plain(view.method)} over all data sets**")
        about = service.about(view.method)
        if about:
            st.caption(plain(about))
        if view.method == board.reference or apart.empty:
            st.caption(
                f"{plain(view.method)} is what the others are compared with. Choose another "
                "reference above to see where it is better or worse."
            )
        else:
            fig = board_figures.differences(
                apart.assign(method=apart["data"]),
                f"{terms.METRICS[view.metric]}: points more or less than {board.reference}",
            )
            words = [f"{100 * d:+.2f} points" for d in apart["difference"]]
            alt = verdicts.order(list(apart["data"]), words)
            widgets.chart(fig, "one_method", f"{view.method} less {board.reference}: {alt}")
        st.button("Close", key="close_method", on_click=callback(_close))


def _close() -> None:
    session.change(method="")


def _interaction_types(catalog: CheckpointCatalog, board: Board, split: str) -> None:
    view = session.view()
    frame = service.by_interaction_type(catalog.root, view.data, split, board.methods)
    if not frame.empty:
        st.markdown("**Accuracy by true interaction type**", help=terms.INTERACTION_TYPE)
        widgets.chart(
            board_figures.interaction_type(frame),
            "interaction_types",
            "Accuracy of each method on samples of " + ", ".join(frame["group"].unique()),
        )
        st.caption(
            "Percent right, mean over seeds ± standard deviation. R: several inputs say it; U1, U2 "
            "...: only that one does; S: only the inputs together."
        )
        widgets.download(frame, f"interaction-type-{view.data}")
        st.page_link(
            session.page("trust"),
            label="Does the gate find these types? See Trust",
            icon=":material/verified:",
        )


def _one_seed(catalog: CheckpointCatalog) -> None:
    """No records: one seed of each trained model, and how to get more."""
    view = session.view()
    if not catalog.ready(view.data, view.seed):
        widgets.current(catalog)
        return
    st.header("Who is right how often", anchor=False, help=terms.ACCURACY)
    widgets.notice(messages.no_records(view.data, view.data in catalog.own))
    scores = models.scores(catalog, view.data, view.seed, view.split)
    frame = pd.DataFrame([asdict(s) for s in scores])
    widgets.bars(figures.accuracy(frame), "accuracy", "Accuracy of each model with its interval")
    st.caption(
        f"One seed, {scores[0].rows:,} samples; whisker: 95 % interval over the samples. "
        "It does not show how much another seed would differ."
    )
    missing = [m for m in catalog.models(view.data) if m not in set(frame["model"])]
    if missing:
        st.caption(f"Not trained for this data set and seed: {plain(', '.join(missing))}.")
