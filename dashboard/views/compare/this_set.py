"""One data set, every recorded method over its seeds: scores, differences, interaction types."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard import widgets
from dashboard.figures import leaderboard as figures
from dashboard.figures import matrix
from dashboard.figures.leaderboard import Axis, Line, Point
from dashboard.guard import callback
from dashboard.services.comparison import board as service
from dashboard.services.comparison import models
from dashboard.services.comparison.board import Board
from dashboard.services.store.catalog import CheckpointCatalog
from dashboard.state import session
from dashboard.state.view import METRICS, listed
from dashboard.text import comparing, messages, terms, verdicts
from dashboard.views.compare import figures_table
from dashboard.widgets import plain

#: The view's choices by the name of a mark.
Links = dict[str, dict[str, Any]]


def this_set(catalog: CheckpointCatalog) -> None:
    """The part of the page."""
    view = session.view()
    split = service.split_of(view.split)
    recorded = service.recorded(catalog.root, split).of(view.data)
    if recorded.empty:
        _one_seed(catalog)
        return
    lead = st.container()
    result = _choices(catalog, split)
    if result is None:
        widgets.notice(messages.no_metric(terms.METRICS[view.metric]))
        return
    with lead:
        _lead(result, split)
    _one_method(catalog, result, split)
    _board(catalog, result)
    _interaction_types(catalog, result, split)
    with st.expander("All figures"):
        figures_table.figures_table(result)


def metric_choice() -> None:
    """The metric that methods are compared by."""
    widgets.select(
        "Metric", "metric", METRICS, session.view().metric, terms.METRICS.__getitem__,
        help=terms.METRIC,
    )  # fmt: skip


def _choices(catalog: CheckpointCatalog, split: str) -> Board | None:
    """Metric and reference; the board that follows from them."""
    view = session.view()
    left, right = st.columns(2, gap="large")
    with left:
        metric_choice()
    result = service.board(catalog, view.data, view.metric, view.reference, split)
    if result is not None:
        with right:
            widgets.select(
                "Compared with", "reference", result.methods, result.reference,
                help=terms.REFERENCE,
            )  # fmt: skip
    return result


def _lead(board: Board, split: str) -> None:
    table, metric = board.table.set_index("method"), session.view().metric
    verdict = table["verdict"]
    counts = verdict.value_counts()
    fewest, most = int(table["seeds"].min()), int(table["seeds"].max())
    over = f"{split} samples, mean of {verdicts.seeds(fewest, most, service.SEEDS)}"
    best = board.methods[0]
    st.markdown(
        verdicts.leader(
            plain(best),
            f"{table[metric].iloc[0]:.1%}",
            terms.METRICS[metric],
            over,
            plain(board.reference),
            f"{table[metric][board.reference]:.1%}",
            [plain(m) for m in table.index[verdict == "better"]],
            int(counts.get("worse", 0)),
            int(counts.get("open", 0) + counts.get("unpaired", 0)),
        )
    )
    before = list(table.index[: table.index.get_loc(board.reference)])
    ablations = [m for m in before if service.is_ablation(m, board.reference)]
    significant = any(verdict[m] == "better" for m in ablations)
    if ahead := verdicts.ablations_ahead(
        plain(board.reference), [plain(m) for m in ablations], significant
    ):
        st.markdown(ahead)
    if fewest < service.SEEDS or board.missing:
        _incomplete(board)
    if board.other_data:
        st.caption(":material/warning: " + comparing.OTHER_RECORDS)


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


def _board(catalog: CheckpointCatalog, board: Board) -> None:
    """A row for each method; those with a checkpoint lead to its samples."""
    view = session.view()
    opened = {c.model for c in catalog.ready(view.data, view.seed)}
    links: Links = {}
    pages: dict[str, str] = {}
    columns = ["method", view.metric, f"{view.metric}_sd", "difference", "low", "high", "verdict"]
    columns += ["adjusted"]
    seeds = {str(m): tuple(values) for m, values in board.points.groupby("method")["value"]}
    lines = []
    for method, mean, sd, difference, low, high, verdict, p in board.table[columns].itertuples(
        index=False, name=None
    ):
        marks = link_method(method, method in opened, links, pages)
        score = Point(float(mean), f"{mean:.1%}", (mean - sd, mean + sd), seeds[method])
        apart = 100 * float(difference)
        against = Point(apart, comparing.points(apart, verdict), (100 * low, 100 * high))
        words = comparing.verdict(verdict, float(p))
        lines.append(
            Line(method, (score, against), verdict, words, marks, last_cell(method in opened))
        )
    axes = (
        Axis(f"{terms.METRICS[view.metric]}, ± sd", "share"),
        Axis(f"difference to {board.reference}, points", zero=True),
    )
    drawn = figures.board(lines, axes, ("verdict", "samples"))
    alt = f"{terms.METRICS[view.metric].capitalize()} of each method: mean, and the difference to "
    widgets.linked("board", drawn, links, alt + board.reference, pages)
    st.caption(comparing.LEADERBOARD, help=f"{terms.INTERVAL}\n\n{terms.HOLM}")
    widgets.download(board.table, f"comparison-{view.data}")


def link_method(
    method: str, opens: bool, links: Links, pages: dict[str, str]
) -> tuple[tuple[str, str], ...]:
    """The links of a method's row: to the model, to its errors, to its differences on all data
    sets, and to its samples. They are added to ``links`` and ``pages``."""
    follow = f"follow {method}"
    links[follow], pages[follow] = {"method": method, "part": "seeds"}, ""
    all_sets = (follow, f"{method} over all data sets")
    if not opens:
        return all_sets, ("", ""), all_sets, ("", "")
    about, wrong, samples = f"about {method}", f"wrong {method}", f"samples {method}"
    links[about] = links[samples] = {"model": method}
    pages[about] = "about"
    links[wrong] = {"model": method, "show": "wrong"}
    return (
        (about, f"About {method}"),
        (wrong, f"Samples that {method} predicts wrong"),
        all_sets,
        (samples, f"Samples with the predictions of {method}"),
    )


def last_cell(opens: bool) -> str:
    """Whether there is a model to look at, or figures alone."""
    return comparing.OPENS if opens else comparing.RECORDS_ONLY


def _one_method(catalog: CheckpointCatalog, board: Board, split: str) -> None:
    """The method that was clicked, over every data set."""
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
            lines, links = [], {}
            columns = ["data", "difference", "low", "high", "verdict", "adjusted"]
            for data, difference, low, high, verdict, p in apart[columns].itertuples(
                index=False, name=None
            ):
                links[data] = {"data": data}
                points = 100 * float(difference)
                point = Point(points, comparing.points(points, verdict), (100 * low, 100 * high))
                leads = ((data, f"Leaderboard of {data}"), ("", ""))
                words = comparing.verdict(verdict, float(p))
                lines.append(Line(data, (point,), verdict, words, leads))
            axis = Axis(f"difference to {board.reference}, points", zero=True)
            drawn = figures.board(lines, (axis,), ("verdict", ""))
            alt = f"{view.method} on each data set: difference to {board.reference}"
            widgets.linked("one_method", drawn, links, alt, dict.fromkeys(links, "compare"))
        st.button("Close", key="close_method", on_click=callback(_close))


def _close() -> None:
    session.change(method="")


def _interaction_types(catalog: CheckpointCatalog, board: Board, split: str) -> None:
    view = session.view()
    frame = service.by_interaction_type(catalog.root, view.data, split, board.methods)
    if frame.empty:
        return
    st.header("Accuracy by interaction type", anchor=False, help=terms.INTERACTION_TYPE)
    opened = {c.model for c in catalog.ready(view.data, view.seed)}
    methods = list(dict.fromkeys(frame["model"]))
    groups = [str(g) for g in dict.fromkeys(frame["group"])]
    of = frame.set_index(["model", "group"])[["accuracy", "sd"]].to_dict("index")
    links: Links = {}

    def cell(method: str, group: str) -> matrix.Cell:
        if (method, group) not in of:
            return matrix.Cell("", 0.0, "")
        share, sd = (float(v) for v in of[method, group].values())
        mark = f"{method} {group}" if method in opened else ""
        if mark:
            links[mark] = {"model": method, "interaction_type": group, "wrong": listed([method])}
        spread = "" if sd != sd else f" ± {100 * sd:.1f}"
        return matrix.Cell(
            f"{100 * share:.1f}{spread}", share, f"{method} on {group}: {share:.1%}{spread}", mark
        )

    cells = [[cell(m, g) for g in groups] for m in methods]
    drawn = matrix.matrix(cells, methods, groups)
    widgets.linked("interaction_types", drawn, links, "Accuracy of each method by interaction type")
    st.caption(comparing.BY_TYPE)
    widgets.download(frame, f"interaction-type-{view.data}")
    if view.data == "switch":
        st.page_link(
            session.page("trust"),
            label="Does the decomposition recover the ground truth? See Trust",
            icon=":material/verified:",
        )


def _one_seed(catalog: CheckpointCatalog) -> None:
    """No records: one seed of each trained model, and how to get more."""
    view = session.view()
    if not catalog.ready(view.data, view.seed):
        widgets.current(catalog)
        return
    scores = sorted(
        models.scores(catalog, view.data, view.seed, view.split), key=lambda s: -s.accuracy
    )
    links: Links = {}
    pages: dict[str, str] = {}
    lines = []
    for score in scores:
        name, errors, _, samples = link_method(score.model, True, links, pages)
        point = Point(score.accuracy, f"{score.accuracy:.1%}", (score.low, score.high))
        marks = (name, errors, samples)
        lines.append(Line(score.model, (point,), links=marks, last=comparing.OPENS))
    drawn = figures.board(lines, (Axis("accuracy", "share"),), ("", "samples"))
    widgets.linked("board", drawn, links, "Accuracy of each model with its interval", pages)
    st.caption(comparing.one_seed(scores[0].rows))
    missing = [m for m in catalog.models(view.data) if m not in {s.model for s in scores}]
    if missing:
        st.caption(f"Not trained for this data set and seed: {plain(', '.join(missing))}.")
    widgets.notice(messages.no_records(view.data, view.data in catalog.own))
