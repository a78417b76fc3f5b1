"""Which models are correct on the same samples; every group leads to its samples."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard import widgets
from dashboard.figures import upset as figures
from dashboard.figures.upset import Group
from dashboard.services.comparison import agreement as service
from dashboard.services.comparison import chosen
from dashboard.services.comparison.agreement import Agreement, Subset
from dashboard.services.store.catalog import CheckpointCatalog
from dashboard.state import session
from dashboard.state.view import View, listed, model_in, model_word, names_in
from dashboard.text import comparing, verdicts
from dashboard.views.compare import models
from dashboard.widgets import plain

#: Rows of the figure, at most; smaller groups are below it, closed at first.
MOST = 15


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
    _take_up(result)
    _figure(result, chosen.names(outcome))


def choice(models: tuple[str, ...], right: tuple[str, ...], seed: int) -> dict[str, Any]:
    """The view's filters that leave the samples that exactly ``right`` of these models have right;
    models are keys of `dashboard.services.comparison.chosen`."""
    words = {key: model_word(*model_in(key, seed), seed) for key in models}
    return {
        "right": listed(words[m] for m in models if m in right) if right else "",
        "wrong": listed(words[m] for m in models if m not in right)
        if len(right) < len(models)
        else "",
    }


def _take_up(result: Agreement) -> None:
    """A link of an earlier version named a group by itself: today it is the selection."""
    view = session.view()
    right = names_in(view.subset)
    if view.subset and set(right) <= set(result.models):
        session.change(subset="", **choice(result.models, right, view.seed))
        st.rerun()


def _marked(result: Agreement, view: View) -> str:
    """The mark of the group that the selection is; empty where it is none."""
    for subset in result.subsets:
        filters = choice(result.models, subset.right, view.seed)
        if all(
            set(names_in(getattr(view, side))) == set(names_in(words))
            for side, words in filters.items()
        ):
            return _mark(subset)
    return ""


def _mark(subset: Subset) -> str:
    return listed(subset.right)


def _figure(result: Agreement, names: dict[str, str]) -> None:
    view = session.view()
    links = {_mark(s): choice(result.models, s.right, view.seed) for s in result.subsets}
    groups = [
        Group(
            _mark(s),
            tuple(m in s.right for m in result.models),
            s.count,
            comparing.subset(
                [names[m] for m in s.right], [n for m, n in names.items() if m not in s.right]
            ),
        )
        for s in result.subsets
    ]
    alike = [g for g in groups if len(set(g.right)) == 1]
    apart = [g for g in groups if len(set(g.right)) > 1]
    both = [(comparing.agreeing(g.right[0], len(names)), g.count, g.mark) for g in alike]
    st.markdown(_alone(result, names), help=comparing.UPSET)
    shares = dict(zip(names.values(), result.accuracy, strict=True))
    rest = apart[MOST:]
    drawn = figures.agreeing(both, result.rows) + figures.upset(
        apart[:MOST], rest, shares,
        comparing.rest(len(rest), sum(g.count for g in rest)), _marked(result, view),
    )  # fmt: skip
    widgets.linked("upset", drawn, links, comparing.UPSET_FIGURE)
    parts = ["●: right; ○: wrong. A row leads to its samples."]
    if result.left_out:
        parts.append(
            f"{verdicts.counted(result.left_out, 'sample')} that not all models have: left out."
        )
    st.caption(" ".join(parts))


def _alone(result: Agreement, names: dict[str, str]) -> str:
    alone = [(s.right[0], s.count) for s in result.subsets if len(s.right) == 1]
    return comparing.alone((plain(names[alone[0][0]]), alone[0][1]) if alone else None)
