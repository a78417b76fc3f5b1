"""All recorded figures of the methods on a data set, as a table that can be sorted."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard import widgets
from dashboard.services.comparison.board import Board
from dashboard.state import session
from dashboard.text import terms
from dashboard.widgets import plain


def figures_table(board: Board) -> None:
    """The table."""
    metric, table = session.view().metric, board.table
    shown = table.rename(columns={"lr_scale": "rate"}).round({"parameters": 0})
    shares = ["accuracy", "macro_f1", "map", "ece", "synergy", "synergy_bound", "missed"]
    shares += ["difference", "low", "high", f"{metric}_sd"]
    shown = shown.assign(**{c: 100 * shown[c] for c in shares})
    columns = ["method", "seeds", metric, f"{metric}_sd", "difference", "low", "high"]
    columns += ["adjusted", "verdict"]
    columns += [c for c in shares[:7] if c != metric]
    # Seconds of a processor are said without more, as long as none are of anything else.
    elsewhere = (table["device"] != "cpu").any()
    columns += ["seconds", *(["device"] if elsewhere else []), "parameters", "rate"]
    shown["verdict"] = shown["verdict"].replace("open", "inconclusive")
    number = st.column_config.NumberColumn
    titles = {**terms.METRICS, "map": "mAP", "ece": "ECE", "synergy": "synergy", "missed": "missed"}
    config: dict[str, Any] = {
        c: number(titles.get(c, c), format="%.2f", help=terms.METRIC_WORDS.get(c))
        for c in shares[:7]
        if c in columns
    }
    config |= {
        "method": st.column_config.TextColumn(pinned=True),
        f"{metric}_sd": number("± sd", format="%.2f", help="Standard deviation over seeds"),
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
        column_config=config,
        alt=f"All recorded figures of {len(shown)} methods on this data set",
    )
    st.caption("Shares in percent, differences in percentage points. Click a head to sort.")
