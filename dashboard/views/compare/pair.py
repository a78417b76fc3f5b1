"""Two trained models: where they differ most, and one sample under both."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from dashboard import widgets
from dashboard.services.comparison import chosen
from dashboard.services.comparison import pairs as service
from dashboard.services.store.catalog import Checkpoint, CheckpointCatalog, shown, table
from dashboard.state import session
from dashboard.text import comparing, messages
from dashboard.views.sample import side_by_side
from dashboard.widgets import plain

#: Rows of the list, at most; the file has them all.
LONGEST = 1000


def pair(all_: CheckpointCatalog) -> None:
    """The part of the page."""
    view = session.view()
    offered = chosen.offered(all_, view.data, view.seed)
    if len(offered) < 2:
        widgets.notice(messages.one_model_only())
        return
    two = _choice(all_, offered)
    if two is None:
        return
    first, second = two
    frame = service.differences(first, second, view.split)
    if frame.empty:
        widgets.notice(comparing.no_rows())
        return
    names = chosen.names(two)
    one, other = names[chosen.key(first)], names[chosen.key(second)]
    rows = _side(frame, one, other)
    if rows.empty:
        widgets.notice(messages.no_disagreement())
    else:
        _list(rows, one, other)
        widgets.start_with_first(rows)
    sample = session.view().sample
    if sample in table(first).index and sample in table(second).index:
        side_by_side.side_by_side(first, second, sample)
    elif sample:
        widgets.notice(messages.unknown_sample(sample, view.data))


def _choice(
    all_: CheckpointCatalog, offered: tuple[Checkpoint, ...]
) -> tuple[Checkpoint, Checkpoint] | None:
    """The two models, any seeds; None after saying why one of them cannot be shown."""
    view = session.view()
    there, names = {chosen.key(one): one for one in offered}, chosen.names(offered)
    first = f"{view.model}:{view.seed}"
    first = first if first in there else next(iter(there))
    others = [key for key in there if key != first]
    wanted = (f"{view.compared}:{view.compared_seed or view.seed}", f"{view.compared}:{view.seed}")
    second = next((key for key in wanted if key in others), others[0])
    left, right = st.columns(2, gap="large")
    with left:
        _select("First model", "pair_first", list(there), first, names, "model", "seed")
    with right:
        _select("Second model", "pair_second", others, second, names, "compared", "compared_seed")
    checked = [all_.get(there[k].data, there[k].model, there[k].seed) for k in (first, second)]
    for one in checked:
        if one.status != "ready":
            widgets.notice(messages.damaged(shown(one.folder), one.problem))
            return None
    one, two = checked
    if one.run is not None and two.run is not None and one.run.data_digest != two.run.data_digest:
        widgets.notice(comparing.other_data([plain(names[second])]))
        return None
    return one, two


def _select(
    label: str, key: str, options: list[str], value: str, names: dict[str, str], model: str,
    seed: str,
) -> None:  # fmt: skip
    """A select box that sets a model and its seed together."""

    def report() -> None:
        name, _, number = st.session_state[key].rpartition(":")
        changed: dict[str, Any] = {model: name, seed: int(number) if seed == "seed" else number}
        session.change(**changed)

    st.session_state[key] = value
    st.selectbox(label, options, format_func=names.__getitem__, key=key, on_change=report)


def _side(frame: pd.DataFrame, first: str, second: str) -> pd.DataFrame:
    """The rows of the chosen side, after the choice and its counts."""
    one, two = frame["first_right"], frame["second_right"]
    sides = {"both": pd.Series(True, index=frame.index), "first": one & ~two, "second": ~one & two}
    words = {
        "both": "all samples",
        "first": f"only {plain(first)} right",
        "second": f"only {plain(second)} right",
    }
    st.radio(
        "List",
        list(sides),
        horizontal=True,
        format_func=lambda side: f"{words[side]} ({int(sides[side].sum()):,})",
        **session.bound("side", "choice_side", session.view().side),
    )
    other = int((frame["first_says"] != frame["second_says"]).sum())
    st.caption(
        f"Both right {int((one & two).sum()):,}, neither {int((~one & ~two).sum()):,}. They give "
        f"different answers to {other:,} of {len(frame):,} samples."
    )
    return frame[sides[session.view().side]]


def _list(frame: pd.DataFrame, first: str, second: str) -> None:
    rows = frame.head(LONGEST)
    listed = pd.DataFrame({"id": rows["id"], "true": rows["truth"]})
    for side in ("first", "second"):
        marks = rows[f"{side}_right"].map({True: "✓ ", False: "✗ "})
        listed[side] = marks + rows[f"{side}_says"].astype(str)
    listed["distance"] = 100 * rows["distance"]
    listed["first_p"], listed["second_p"] = 100 * rows["first_p"], 100 * rows["second_p"]
    if "gate_distance" in rows.columns:
        listed["gate"] = 100 * rows["gate_distance"]
        by = (100 * rows["gate_by"]).round().astype(int)
        listed["most"] = rows["gate_part"] + " " + by.map("{:+d}".format)
    number, text = st.column_config.NumberColumn, st.column_config.TextColumn
    sample = session.view().sample
    st.dataframe(
        listed,
        hide_index=True,
        height=min(318, 38 + 35 * len(listed)),
        # Other models make another table: in an old one the next click would be lost.
        **widgets.row_choice(f"pairs_{first}_{second}_{session.view().side}", rows["id"], sample),
        column_config={
            "id": text(width=85),
            "true": text(width=70),
            "first": text(f"{first} says", width=105),
            "second": text(f"{second} says", width=105),
            "distance": st.column_config.ProgressColumn(
                "change", format="%.0f %%", min_value=0, max_value=100, help=comparing.DISTANCE
            ),
            "first_p": number(f"{first} sure", format="%.0f %%", help="Of its answer"),
            "second_p": number(f"{second} sure", format="%.0f %%", help="Of its answer"),
            "gate": number("gate change", format="%.0f %%", help=comparing.GATE_CHANGE),
            "most": text(
                "most in",
                help=f"Component whose weight differs most: {second} less {first}, points",
            ),
        },
        alt=f"Samples by how far {first} and {second} are apart, largest first",
    )
    left, right = st.columns([3, 1], vertical_alignment="center")
    with left:
        cut = (
            f" The first {LONGEST:,} of {len(frame):,}; the file has all."
            if len(frame) > LONGEST
            else ""
        )
        st.caption(
            "Largest change first: total variation distance between the two models' probabilities. "
            f"Click a row to see the sample below.{cut}",
            help=comparing.DISTANCE,
        )
    with right:
        widgets.download(frame, f"pair-{session.view().data}")
