"""The paper: the architecture part by part for the loaded model, and Theorem 1 as measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import pandas as pd
import streamlit as st

from dashboard import widgets
from dashboard.components.diagram import diagram
from dashboard.figures import architecture as figures
from dashboard.figures import training as curves
from dashboard.guard import callback
from dashboard.services.comparison import training
from dashboard.services.learn import paper as service
from dashboard.services.sample import samples
from dashboard.services.store.catalog import Checkpoint, DataProblem, checkpoint_catalog, shown
from dashboard.state import session, view
from dashboard.text import comparing, messages
from dashboard.text import paper as text
from dashboard.widgets import plain

#: What is shown first: where everything comes together.
_FIRST = "gate"


def paper() -> None:
    """The page."""
    _citation()
    st.markdown(text.LEAD)
    result = widgets.current(checkpoint_catalog())
    if result is not None:
        if service.decomposes(result):
            widgets.alone(partial(_architecture, result))
        else:
            _other(result)
    st.divider()
    _theorem()


def _citation() -> None:
    """The paper itself: title, authors, where it is, and how to cite it."""
    with st.container(
        horizontal=True, vertical_alignment="center", horizontal_alignment="distribute",
        key="citation", border=True,
    ):  # fmt: skip
        with st.container(gap=None):
            st.markdown(f"**[{text.TITLE}]({text.PREPRINT})**")
            st.markdown(
                f"{', '.join(text.AUTHORS)}. {text.VENUE} {text.YEAR}, pages "
                f"{text.PAGES[0]} to {text.PAGES[1]}. [arXiv:{text.ARXIV}]({text.PREPRINT}) · "
                f"[proceedings]({text.PROCEEDINGS})"
            )
        with st.popover("BibTeX", icon=":material/format_quote:", width="content"):
            st.code(text.bibtex(), language=None)


def _other(checkpoint: Checkpoint) -> None:
    able = [
        c
        for c in checkpoint_catalog().ready(checkpoint.data, checkpoint.seed)
        if service.decomposes(c)
    ]
    widgets.notice(messages.not_decomposed(plain(checkpoint.model), bool(able)))
    for other in able[:1]:
        st.button(
            f"Show {plain(other.model)}", on_click=callback(widgets.use_model), args=(other.model,),
            type="primary",
        )  # fmt: skip


def _architecture(checkpoint: Checkpoint) -> None:
    names = samples.modality_names(checkpoint)
    ids = figures.parts(len(names))
    chosen = session.view().box if session.view().box in ids else _FIRST
    left, right = st.columns([5, 3], gap="large")
    with left:
        diagram(
            "architecture",
            figures.boxes(len(names), {k: _short(k, names) for k in ids}),
            figures.arrows(len(names), service.unimodal_terms(checkpoint)),
            chosen,
            "Parts of the model and what flows between them; each is a button",
            lambda part: session.change(box=part),
        )
        st.caption(f"Sizes are those of {plain(checkpoint.model)}; equations are for two inputs.")
        _history(checkpoint, chosen, names)
    with right:
        widgets.select("Part", "box", ids, chosen, lambda k: _title(k, names))
        _part(checkpoint, chosen, names)
        _losses(chosen, names)
    with st.expander("Symbols in the equations", expanded=True):
        _symbols(checkpoint)


def _kind(part: str) -> tuple[str, str]:
    """Kind of a part, and the number of its input."""
    return (part[0], part[1:]) if part[1:].isdigit() else (part, "")


def _filled(words: str, number: str, names: Sequence[str], literal: bool = False) -> str:
    modality = names[int(number) - 1] if number else ""
    return words.replace("{m}", number).replace("{one}", modality if literal else plain(modality))


def _title(part: str, names: Sequence[str]) -> str:
    kind, number = _kind(part)
    return _filled(text.PARTS[kind].title, number, names, literal=True)


def _short(part: str, names: Sequence[str]) -> str:
    kind, number = _kind(part)
    words = text.SHORT[kind]
    return names[int(number) - 1] if number and kind == "x" else words


def _part(checkpoint: Checkpoint, part: str, names: Sequence[str]) -> None:
    kind, number = _kind(part)
    about = text.PARTS[kind]
    if kind == "heads" and not service.unimodal_terms(checkpoint):
        about = text.SEPARATE_HEADS
    st.markdown(_filled(about.says, number, names))
    for equation in about.equations:
        st.latex(_filled(equation, number, names))
    _size(checkpoint, part)
    _map_link(checkpoint, _filled(about.latent, number, names))


def _symbols(checkpoint: Checkpoint) -> None:
    """Each symbol with its meaning and, where it has one, its shape in this model."""
    made = service.sizes(checkpoint)
    shapes = {} if isinstance(made, DataProblem) else service.shapes(made)
    rows = [
        f"| ${symbol}$ | {meaning} | {shapes.get(of, '')} |" for symbol, meaning, of in text.SYMBOLS
    ]
    head = ["| symbol | meaning | shape |", "|---|---|---|"]
    half = len(rows) // 2 + len(rows) % 2
    for column, part in zip(st.columns(2, gap="large"), (rows[:half], rows[half:]), strict=True):
        column.markdown("\n".join([*head, *part]))
    st.caption(f"{text.SYMBOLS_ABOUT} {plain(checkpoint.model)} of {plain(checkpoint.data)}.")


def _losses(part: str, names: Sequence[str]) -> None:
    kind, number = _kind(part)
    about = text.PARTS[kind]
    if about.losses:
        st.markdown("**Its loss terms**")
    for loss, why in about.losses:
        st.latex(_filled(loss, number, names))
        st.caption(_filled(why, number, names))


def _history(checkpoint: Checkpoint, part: str, names: Sequence[str]) -> None:
    """How a part was trained."""
    kind, number = _kind(part)
    about = text.PARTS[kind]
    terms = {_filled(term, number, names): title for term, title in about.terms}
    _curve(checkpoint, about.stages, terms)


def _size(checkpoint: Checkpoint, part: str) -> None:
    made = service.sizes(checkpoint)
    if isinstance(made, DataProblem):
        widgets.notice(messages.no_sizes(made.message))
        return
    size = made[part]
    shape = service.shape_text(size.shape)
    weights = f"; {size.weights:,} parameters" if size.weights else ""
    st.markdown(f"Output: **{shape}** {'value' if shape == '1' else 'values'} per sample{weights}.")


def _curve(checkpoint: Checkpoint, stages: Sequence[str], terms: Mapping[str, str]) -> None:
    """The losses of a part, by name and title, over the epochs of the stages that train it; that
    of the stages where its own were not kept."""
    if not stages:
        return
    stage_names = " and ".join(text.STAGES[s] for s in stages)
    st.markdown(f"**How it was trained**: in stage {plain(stage_names)}.")
    kept = training.training(checkpoint)
    rows = kept.epochs[kept.epochs["stage"].isin(stages)] if kept else pd.DataFrame()
    if kept is None or rows.empty:
        widgets.notice(messages.no_history(checkpoint.data, checkpoint.model, checkpoint.seed))
        return
    steps = set(rows["step"])
    bands = [curves.Band(s.title, s.first, s.last, s.best) for s in kept.stages if s.first in steps]
    rows = training.with_terms(rows, terms)
    kept_terms = {name: title for name, title in terms.items() if name in rows}
    shown_ = kept_terms or {"val_loss": comparing.CURVES["val_loss"]}
    widgets.chart(
        curves.curves(
            {checkpoint.model: rows}, {checkpoint.model: bands}, shown_, checkpoint.model
        ),
        "part_curve",
        f"{', '.join(shown_.values())}: validation samples, over the epochs of stage {stage_names}",
    )
    st.caption(text.OWN_LOSS if kept_terms else text.STAGE_LOSS)


def _map_link(checkpoint: Checkpoint, latent: str) -> None:
    if checkpoint.run is not None and latent in checkpoint.run.latents:
        st.page_link(
            session.page("map"),
            label=f"{latent} of every sample on the latent map",
            icon=":material/scatter_plot:",
            query_params=view.to_query(replace(session.view(), latent=latent)),
        )


# --- Theorem 1 --------------------------------------------------------------------------------


def _theorem() -> None:
    st.markdown("## Theorem 1: why the ranking is as it is")
    st.markdown(text.THEOREM)
    st.latex(text.THEOREM_EQUATION)
    st.caption(text.THEOREM_TERMS)
    result = service.theorem()
    if result is None or isinstance(result, DataProblem):
        problem = result.message if result else shown(service.path())
        widgets.notice(messages.no_theorem(problem))
        return
    widgets.alone(partial(_measured, result))


def _measured(frame: pd.DataFrame) -> None:
    settings = list(dict.fromkeys(frame["setting"]))
    chosen = session.view().setting if session.view().setting in settings else settings[0]
    widgets.select("Distribution of the data", "setting", settings, chosen, help=text.DISTRIBUTION)
    rows = frame[frame["setting"] == chosen].reset_index(drop=True)
    left, right = st.columns([5, 6], gap="large")
    with left:
        widgets.chart(
            figures.theorem(rows, text.WHO),
            "theorem",
            "Bars of each model's information about the class, and the bound of Theorem 1, in bits",
            about="switch",
        )
    with right:
        _terms(rows)
    st.markdown(text.why([dict(row) for _, row in rows.iterrows()]))


def _terms(rows: pd.DataFrame) -> None:
    number = st.column_config.NumberColumn
    shown_ = rows.assign(
        who=[text.WHO.get(w, w) for w in rows["who"]], accuracy=100 * rows["accuracy"]
    )
    bits = {
        "information": "I(Z;Y)",
        "within": "E I(Z;Y|c)",
        "synergy": "of S",
        "equivocation": "H(C|Z)",
        "label_interaction_type": "I(Y;C)",
        "bound": "bound",
    }
    st.dataframe(
        shown_[["who", *bits, "accuracy", "seeds"]],
        hide_index=True,
        placeholder=widgets.MISSING,
        column_config={
            "who": st.column_config.TextColumn(pinned=True),
            **{k: number(label, format="%.2f") for k, label in bits.items()},
            "accuracy": number(format="%.1f%%"),
            "seeds": number(help="Mean over so many trainings; 0: computed from the distribution"),
        },
        alt="The terms of Theorem 1 for each model, in bits",
    )
    st.caption(
        "Bits; of a linear probe on what a model predicts from, on rows it was not fitted to."
    )
    widgets.download(rows, "theorem")
