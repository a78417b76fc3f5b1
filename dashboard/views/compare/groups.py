"""On which subgroups models are correct: groups, synergy indicator, confusion matrix; every bar and
cell leads to its samples."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from dashboard import widgets
from dashboard.figures import evidence, matrix
from dashboard.keys import key_of
from dashboard.services.comparison import models as service
from dashboard.services.map import slices as slice_service
from dashboard.services.store.catalog import Checkpoint, CheckpointCatalog, DataProblem
from dashboard.state import session, slices
from dashboard.state.view import NOBODY, listed
from dashboard.text import comparing, messages, terms
from dashboard.widgets import plain

#: Kind of groups (`service.groupings`) -> its title, and what it means.
GROUPS = {
    "slice": ("your slice", terms.SLICE),
    "interaction_type": ("interaction type", terms.INTERACTION_TYPE),
    "flags": ("sample attribute", terms.FLAGS),
}
#: The view's choices by the name of a mark.
Links = dict[str, dict[str, Any]]


def groups(catalog: CheckpointCatalog) -> None:
    """The part of the page."""
    view = session.view()
    ready = catalog.ready(view.data, view.seed)
    result = service.groupings(ready, view.split)
    if view.slice:
        drawn = slices.read(view.slice)
        members = slice_service.members(view.data, drawn)
        if not isinstance(members, DataProblem):
            frame = service.by_members(ready, view.split, members, drawn.name)
            result = {"slice": frame, **result}
    for name, frame in result.items():
        _group(ready, name, frame)
    if "interaction_type" not in result and "flags" not in result:
        st.header("Accuracy by interaction type", anchor=False, help=terms.INTERACTION_TYPE)
        widgets.notice(messages.no_interaction_type())
    left, right = st.columns(2, gap="large")
    with left:
        _synergy(catalog)
    with right:
        _confusion(ready)


def choices(ready: tuple[Checkpoint, ...], kind: str, frame: pd.DataFrame) -> Links:
    """The view's choices that list each group of one kind; none of what no filter can say."""
    if kind == "interaction_type":
        return {str(g): {"interaction_type": str(g)} for g in frame["group"]}
    if kind == "slice":
        return {slices.read(session.view().slice).name: {"slice": session.view().slice}}
    names = service.flag_groups(ready[0])
    return {g: {"flags": listed(flags) if flags else NOBODY} for g, flags in names.items()}


def _group(ready: tuple[Checkpoint, ...], kind: str, frame: pd.DataFrame) -> None:
    """Accuracy of every model on each group of one kind."""
    title, help_ = GROUPS[kind]
    st.header(f"Accuracy by {title}", anchor=False, help=help_)
    offered = choices(ready, kind, frame)
    links: Links = {}
    cells = []
    for place, (group, rows) in enumerate(frame.groupby("group", sort=False)):
        name = str(group)
        choice = offered.get(name)
        if choice is not None:
            links[str(place)] = choice
        lines = []
        columns = ["model", "accuracy", "low", "high"]
        for model, share, low, high in rows[columns].itertuples(index=False, name=None):
            mark = f"{place} {model}" if choice is not None else ""
            if choice is not None:
                links[mark] = {**choice, "wrong": listed([model])}
            lines.append((str(model), float(share), (float(low), float(high)), mark))
        count = f"{int(rows['rows'].iloc[0]):,} samples"
        cells.append(matrix.accuracies(name, count, str(place) if choice else "", lines))
    drawn = evidence.cells(cells)
    widgets.linked(key_of("by", kind), drawn, links, f"Accuracy of each model by {title}")
    st.caption("Line: 95% interval. A bar leads to the errors of its model in this subgroup.")
    widgets.download(frame, f"by-{kind}-{session.view().data}")


def _synergy(catalog: CheckpointCatalog) -> None:
    view = session.view()
    st.header("Synergy indicator", anchor=False, help=terms.SYNERGY_INDICATOR)
    result = service.synergy(catalog, view.data, view.seed, view.split)
    if result is None:
        widgets.notice(messages.no_pair())
        return
    links: Links = {"bound": {"alone": "none"}}
    lines = []
    columns = ["model", "indicator", "low", "high"]
    for model, share, low, high in result.frame[columns].itertuples(index=False, name=None):
        links[f"of {model}"] = {"alone": "none", "right": listed([model])}
        lines.append((str(model), float(share), (float(low), float(high)), f"of {model}"))
    bound = (comparing.SYNERGY_BOUND, result.bound, (float("nan"),) * 2, "bound")
    most = max([result.bound, *result.frame["high"].dropna()]) or 1.0
    drawn = matrix.accuracies(comparing.SYNERGY, "", "", [*lines, bound], most)
    widgets.linked("synergy", drawn, links, comparing.SYNERGY_FIGURE)
    alone = ", ".join(f"{plain(name)} {value:.1%}" for name, value in result.alone.items())
    st.caption(
        "Share of samples that a model predicts correctly although each input alone leads to a "
        f"wrong prediction ({alone} right). Upper bound: the share where all of these are wrong."
    )


def _confusion(ready: tuple[Checkpoint, ...]) -> None:
    view = session.view()
    chosen = next((c for c in ready if c.model == view.model), ready[0])
    st.header(f"Confusion matrix: {plain(chosen.model)}", anchor=False, help=terms.CONFUSION)
    frame = service.confusion(chosen, view.split)
    names, counts = [str(c) for c in frame.columns], frame.to_numpy(dtype=int)
    links: Links = {}

    def cell(row: int, column: int, of: int) -> matrix.Cell:
        count = int(counts[row, column])
        if not count:
            return matrix.Cell("", 0.0, "")
        truth, predicted = names[row], names[column]
        mark = f"{row} {column}"
        links[mark] = {"model": chosen.model, "truth": truth, "predicted": predicted}
        said = f"{count:,} samples: true {truth}, predicted {predicted}"
        return matrix.Cell(f"{count:,}", count / of, said, mark)

    totals: list[int] = counts.sum(axis=1).tolist()
    cells = [[cell(r, c, totals[r]) for c in range(len(names))] for r in range(len(names))]
    drawn = matrix.matrix(cells, names, names, "true ↓ predicted →")
    alt = f"Confusion matrix of {chosen.model}: true classes down, predicted ones across"
    widgets.linked("confusion", drawn, links, alt)
    st.caption("Rows: true class. Columns: predicted class. A cell leads to its samples.")
