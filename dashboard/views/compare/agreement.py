"""Which models are right about the same samples; a click on a column lists its samples."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import widgets
from dashboard.figures import upset as figures
from dashboard.guard import callback
from dashboard.keys import key_of
from dashboard.services.comparison import agreement as service
from dashboard.services.comparison import chosen
from dashboard.services.comparison.agreement import Agreement
from dashboard.services.store.catalog import Checkpoint, CheckpointCatalog
from dashboard.state import session
from dashboard.state.view import listed, names_in
from dashboard.text import comparing, verdicts
from dashboard.views.compare import models
from dashboard.views.sample import panel as sample_panel
from dashboard.widgets import plain

#: Columns of the figure, at most; smaller groups are summed in one more.
MOST = 15
#: Rows of a list, at most; the file has them all.
LONGEST = 1000


def agreement(catalog: CheckpointCatalog) -> None:
    """The part of the page."""
    outcome = models.among(catalog)
    if not outcome:
        return
    if len(outcome) < 2:
        widgets.notice(comparing.one_is_not_enough())
        return
    result = service.agreement(outcome, session.view().split)
    if not result.rows:
        widgets.notice(comparing.no_rows())
        return
    names = chosen.names(outcome)
    right = _chosen(result)
    _figure(result, names, right)
    _choice(result, names, right)
    if right is not None:
        _samples(outcome, names, right)


def _chosen(result: Agreement) -> tuple[str, ...] | None:
    """The models of the chosen column; None without a choice that fits these models."""
    text = session.view().subset
    right = names_in(text)
    return right if text and set(right) <= set(result.models) else None


def _columns(result: Agreement) -> tuple[list[figures.Column], int]:
    """The largest groups, and how many smaller ones are summed in the last column."""
    large, small = result.subsets[:MOST], result.subsets[MOST:]
    columns = [
        figures.Column(listed(s.right), tuple(m in s.right for m in result.models), s.count)
        for s in large
    ]
    if small:
        columns.append(figures.Column("", None, sum(s.count for s in small)))
    return columns, len(small)


def _figure(result: Agreement, names: dict[str, str], right: tuple[str, ...] | None) -> None:
    st.markdown(_in_words(result, names), help=comparing.UPSET)
    columns, kinds = _columns(result)
    sentences = [
        f"{_who(names_in(c.name), names, escape=False)}: {c.count}" for c in columns if c.name
    ]
    widgets.chart(
        figures.upset(
            columns,
            [names[m] for m in result.models],
            result.accuracy,
            "" if right is None else listed(right),
        ),
        "upset",
        "Samples by which models are right about them. " + "; ".join(sentences),
        on_select=callback(_clicked),
        selection_mode="points",
    )
    parts = ["Full dots: right; open dots: wrong. Click a column to list its samples."]
    if figures.cut(columns):
        parts.append("The tallest bar is cut; its number is right.")
    if kinds:
        parts.append(comparing.rest(kinds, columns[-1].count))
    if result.left_out:
        parts.append(
            f"{verdicts.counted(result.left_out, 'sample')} that not all models have: left out."
        )
    st.caption(" ".join(parts))


def _in_words(result: Agreement, names: dict[str, str]) -> str:
    alone = [(s.right[0], s.count) for s in result.subsets if len(s.right) == 1]
    most = (plain(names[alone[0][0]]), alone[0][1]) if alone else None
    shown = [plain(n) for n in names.values()]
    everybody, nobody = result.count(result.models), result.count(())
    return comparing.shared(shown, result.rows, everybody, nobody, most)


def _who(right: tuple[str, ...], names: dict[str, str], escape: bool = True) -> str:
    show = plain if escape else str
    wrong = [show(name) for key, name in names.items() if key not in right]
    return comparing.subset([show(names[key]) for key in names if key in right], wrong)


def _clicked() -> None:
    points = st.session_state["upset"]["selection"]["points"]
    name = points[0].get("customdata") if points else None
    # Plotly wraps a single value in a list, depending on the trace.
    name = name[0] if isinstance(name, list | tuple) and name else name
    if isinstance(name, str) and name:
        session.change(subset=name)


def _choice(result: Agreement, names: dict[str, str], right: tuple[str, ...] | None) -> None:
    """The same choice as a click on a column, for keyboards, small screens and small groups."""
    counts = {listed(s.right): s.count for s in result.subsets}
    value = "" if right is None else listed(m for m in result.models if m in right)
    options = ["", *counts] if value in ("", *counts) else ["", value, *counts]

    def show(option: str) -> str:
        if not option:
            return "choose a group, or click a column"
        who = _who(names_in(option), names, escape=False)
        return f"{who} ({counts.get(option, 0):,})"

    widgets.select("Samples with", "subset", options, value, show)


def _samples(
    checkpoints: tuple[Checkpoint, ...], names: dict[str, str], right: tuple[str, ...]
) -> None:
    view = session.view()
    frame = service.members(checkpoints, view.split, right)
    if frame.empty:
        widgets.notice(comparing.nothing_here())
        return
    left, panel = st.columns([6, 5], gap="large")
    with left:
        _list(frame, names, right)
    with panel:
        if view.sample in frame.index:
            gated = next(
                (checkpoint for checkpoint in checkpoints if checkpoint.gated), checkpoints[0]
            )
            sample_panel.brief(gated, view.sample)
        else:
            st.info(
                "**Choose a sample** of the list to see its inputs and what each model says.",
                icon=":material/ads_click:",
            )


def _list(frame: pd.DataFrame, names: dict[str, str], right: tuple[str, ...]) -> None:
    shown = frame.head(LONGEST)
    table = pd.DataFrame({"id": shown["id"], "true": shown["truth"]})
    for key in names:
        mark = "✓ " if key in right else "✗ "
        table[key] = mark + shown[key].astype(str)
    table["hard"] = 100 * shown["hard"]
    for column in ("dominant", "interaction_type"):
        if column in shown.columns:
            table[column] = shown[column]
    st.dataframe(
        table,
        hide_index=True,
        height=min(420, 38 + 35 * len(table)),
        # Another group is another table: in an old one the next click would be lost.
        **widgets.row_choice(key_of("members", *right), shown["id"], session.view().sample),
        column_config={
            "id": st.column_config.TextColumn(width=80),
            "true": st.column_config.TextColumn(width=65),
            **{key: st.column_config.TextColumn(name, width=85) for key, name in names.items()},
            "hard": st.column_config.NumberColumn(
                "true class",
                format="%.0f %%",
                help="Probability of the true class, mean over these models",
            ),
            "dominant": st.column_config.TextColumn(
                "gate", width=45, help="Component with the largest gate weight"
            ),
            "interaction_type": st.column_config.TextColumn(width=85, help="True interaction type"),
        },
        alt=f"Samples that exactly these have right: {_who(right, names, escape=False)}",
    )
    cut = (
        f" The first {LONGEST:,} of {len(frame):,}; the file has all."
        if len(frame) > LONGEST
        else ""
    )
    st.caption(f"Hardest first. Click a row to see the sample.{cut}")
    widgets.download(frame.rename(columns=names), f"agreement-{session.view().data}")
