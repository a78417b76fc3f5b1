"""Two trained models: where they differ most, and one sample under both."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from dashboard import widgets
from dashboard.figures import matrix
from dashboard.guard import callback
from dashboard.keys import key_of
from dashboard.services.comparison import chosen
from dashboard.services.comparison import pairs as service
from dashboard.services.store.catalog import Checkpoint, CheckpointCatalog, predictions, shown
from dashboard.state import session
from dashboard.text import comparing, messages
from dashboard.views.compare.agreement import choice
from dashboard.views.sample import side_by_side
from dashboard.widgets import plain

#: Rows of the list, at most; the file has them all.
LONGEST = 1000


def pair(catalog: CheckpointCatalog) -> None:
    """The part of the page."""
    view = session.view()
    offered = chosen.offered(catalog, view.data, view.seed)
    if len(offered) < 2:
        widgets.notice(messages.one_model_only())
        return
    two = _choice(catalog, offered)
    if two is None:
        return
    first, second = two
    frame = service.differences(first, second, view.split)
    if frame.empty:
        widgets.notice(comparing.no_rows())
        return
    names = chosen.names(two)
    name, other = names[chosen.key(first)], names[chosen.key(second)]
    _counts(frame, (first, second), (name, other))
    rows = _side(frame, name, other)
    if rows.empty:
        widgets.notice(messages.no_disagreement())
    else:
        _list(rows, name, other)
        widgets.start_with_first(rows["id"].iloc[:1].tolist())
    sample = session.view().sample
    if all(predictions(c).find(sample) is not None for c in (first, second)):
        side_by_side.side_by_side(first, second, sample)
    elif sample:
        widgets.notice(messages.unknown_sample(sample, view.data))


def _choice(
    catalog: CheckpointCatalog, offered: tuple[Checkpoint, ...]
) -> tuple[Checkpoint, Checkpoint] | None:
    """The two models, any seeds; None after saying why one of them cannot be shown."""
    view = session.view()
    by_key, names = (
        {chosen.key(checkpoint): checkpoint for checkpoint in offered},
        chosen.names(offered),
    )
    first = f"{view.model}:{view.seed}"
    first = first if first in by_key else next(iter(by_key))
    others = [key for key in by_key if key != first]
    wanted = (f"{view.compared}:{view.compared_seed or view.seed}", f"{view.compared}:{view.seed}")
    second = next((key for key in wanted if key in others), others[0])
    left, right = st.columns(2, gap="large")
    with left:
        _select("First model", "pair_first", list(by_key), first, names, "model", "seed")
    with right:
        _select("Second model", "pair_second", others, second, names, "compared", "compared_seed")
    checked = [
        catalog.get(by_key[k].data, by_key[k].model, by_key[k].seed) for k in (first, second)
    ]
    for checkpoint in checked:
        if checkpoint.status != "ready":
            widgets.notice(messages.damaged(shown(checkpoint.folder), checkpoint.problem))
            return None
    checkpoint, against = checked
    if (
        checkpoint.run is not None
        and against.run is not None
        and checkpoint.run.data_digest != against.run.data_digest
    ):
        widgets.notice(comparing.other_data([plain(names[second])]))
        return None
    return checkpoint, against


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
    st.selectbox(label, options, format_func=names.__getitem__, key=key, on_change=callback(report))


def _counts(
    frame: pd.DataFrame, two: tuple[Checkpoint, Checkpoint], names: tuple[str, str]
) -> None:
    """How many samples both, one or none has right; a cell leads to these."""
    keys = tuple(chosen.key(checkpoint) for checkpoint in two)
    right = [frame["first_right"].to_numpy(), frame["second_right"].to_numpy()]
    links, cells = {}, []
    for a in (True, False):
        line = []
        for b in (True, False):
            count = int(((right[0] == a) & (right[1] == b)).sum())
            mark = f"{a} {b}"
            of = tuple(key for key, is_right in zip(keys, (a, b), strict=True) if is_right)
            links[mark] = choice(keys, of, session.view().seed)
            said = ", ".join(
                f"{name} {'right' if r else 'wrong'}" for name, r in zip(names, (a, b), strict=True)
            )
            line.append(
                matrix.Cell(f"{count:,}", count / len(frame), f"{said}: {count:,} samples", mark)
            )
        cells.append(line)
    down, across = ([f"{name} {word}" for word in ("right", "wrong")] for name in names)
    left, _ = st.columns([3, 4])
    with left:
        widgets.linked(
            "pair_counts", matrix.matrix(cells, down, across, letters=30), links,
            f"Samples by whether {names[0]} and {names[1]} predict them correctly",
        )  # fmt: skip
    other = int((frame["first_says"] != frame["second_says"]).sum())
    st.caption(
        f"They predict different classes for {other:,} of {len(frame):,} samples. A cell leads to "
        "its samples."
    )


def _side(frame: pd.DataFrame, first: str, second: str) -> pd.DataFrame:
    """The rows of the chosen side, after the choice and its counts."""
    left, right = frame["first_right"], frame["second_right"]
    sides = {
        "both": pd.Series(True, index=frame.index),
        "first": left & ~right,
        "second": ~left & right,
    }
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
        **widgets.row_choice(
            key_of("pairs", first, second, session.view().side), rows["id"], sample
        ),
        column_config={
            "id": text(width=85),
            "true": text(width=70),
            "first": text(f"{first} predicts", width=105),
            "second": text(f"{second} predicts", width=105),
            "distance": st.column_config.ProgressColumn(
                "distance", format="%.0f%%", min_value=0, max_value=100, help=comparing.DISTANCE
            ),
            "first_p": number(f"{first} confidence", format="%.0f%%"),
            "second_p": number(f"{second} confidence", format="%.0f%%"),
            "gate": number("gate distance", format="%.0f%%", help=comparing.GATE_CHANGE),
            "most": text(
                "most in",
                help=f"Component whose weight differs most: {plain(second)} less {plain(first)}, "
                "points",
            ),
        },
        alt=f"Samples by how far {first} and {second} are apart, largest first",
    )
    cut = (
        f" The first {LONGEST:,} of {len(frame):,}; the file has all."
        if len(frame) > LONGEST
        else ""
    )
    st.caption(
        "Largest distance first: total variation between the two models' probabilities. "
        f"Click a row to see the sample below.{cut}",
        help=comparing.DISTANCE,
    )
    widgets.download(frame, f"pair-{session.view().data}")
