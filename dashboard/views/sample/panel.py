"""One sample as every page shows it: its media, the answers, the gate, its bits, its like."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboard import widgets
from dashboard.guard import callback
from dashboard.keys import key_of
from dashboard.services.sample import information as facts
from dashboard.services.sample import media
from dashboard.services.sample import neighbours as near_service
from dashboard.services.sample import samples as service
from dashboard.services.store.catalog import Checkpoint, DataProblem, checkpoint_catalog
from dashboard.state import session
from dashboard.text import messages, terms
from dashboard.views.sample import answer, information, media_cards, where
from dashboard.widgets import plain


def full(checkpoint: Checkpoint, sample: str) -> None:
    """Everything about one sample; it must be in the checkpoint's table.

    Inputs, decomposition and predictions beside each other, then what is looked at more rarely.
    """
    heading(checkpoint, sample)
    inputs, parts, models = st.columns([4, 6, 5], gap="small")
    with inputs:
        media_cards.row(checkpoint, sample, across=1)
    with parts.container(border=True, height="stretch"):
        if checkpoint.gated:
            answer.weights(checkpoint, sample)
            widgets.save_figure(
                key_of("gate", checkpoint.model), f"Gate weights of sample {sample}"
            )
            answer.waterfall(checkpoint, sample)
        else:
            answer.no_gate(checkpoint, replaced=True)
            answer.interaction(checkpoint, sample)
    with models.container(border=True, height="stretch"):
        st.markdown("**Predictions by model**", help=terms.ALONE)
        answer.opinions(
            checkpoint_catalog().ready(checkpoint.data, checkpoint.seed), checkpoint, sample
        )
    _more(checkpoint, sample)


def _more(checkpoint: Checkpoint, sample: str) -> None:
    """What is looked at more rarely, as tabs of which only the open one is computed."""
    drawn: dict[str, Callable[[Checkpoint, str], None]] = {}
    if len(service.modality_names(checkpoint)) == 2:
        drawn["information"] = information.information
        if "model" in facts.estimators(checkpoint):
            drawn["calibration"] = information.calibration
    if checkpoint.run is not None and checkpoint.run.has_model:
        drawn["parts"] = where.where
    drawn["near"] = nearest
    view = session.view()
    wanted = view.card or ("near" if view.near else "")
    labels = {name: terms.CARDS[name] for name in drawn}
    chosen = labels.get(wanted, next(iter(labels.values())))
    names = {label: name for name, label in labels.items()}
    tabs = st.tabs(
        list(names), **session.bound("card", "choice_card", chosen, lambda label: names[label])
    )
    for tab, show in zip(tabs, drawn.values(), strict=True):
        if tab.open:
            with tab:
                show(checkpoint, sample)


def brief(checkpoint: Checkpoint, sample: str) -> None:
    """Media, gate and answers, for a panel beside a map or a list."""
    heading(checkpoint, sample)
    media_cards.row(checkpoint, sample, across=2)
    if checkpoint.gated:
        answer.weights(checkpoint, sample)
    answer.opinions(
        checkpoint_catalog().ready(checkpoint.data, checkpoint.seed), checkpoint, sample, brief=True
    )
    st.page_link(session.page("samples"), label="Open in Samples", icon=":material/open_in_full:")


def heading(checkpoint: Checkpoint, sample: str) -> None:
    """Id, what decides, truth, answer and what is known about the sample."""
    row = service.record(checkpoint, sample)
    st.header(f"Sample {plain(sample)}", anchor=False)
    decides(checkpoint, sample)
    verdict = ":green-badge[:material/check: right]"
    if not bool(row["correct"]):
        verdict = ":red-badge[:material/close: wrong]"
    sentence = (
        f"True class **{plain(row['y'])}**. {plain(checkpoint.model)} predicts "
        f"**{plain(row['pred'])}** "
        f"({row['confidence']:.0%} confidence) {verdict}"
    )
    known = [sentence, f":gray-badge[{plain(row['split'])} sample]"]
    composed = row.get("interaction_type") in terms.BADGES
    if composed:
        known.append(f"true interaction type {widgets.badge(row['interaction_type'])}")
    known += [
        f":orange-badge[{plain(widgets.words(f))}]" for f in service.flags_of(checkpoint, sample)
    ]
    st.markdown(" ".join(known), help=terms.INTERACTION_TYPE if composed else None)


def decides(checkpoint: Checkpoint, sample: str) -> None:
    """The component with the largest gate weight, in words; nothing for a model without a gate."""
    weights = service.gates(checkpoint, sample)
    if weights.empty:
        return
    top = weights.iloc[int(weights["weight"].to_numpy().argmax())]
    component, names = str(top["component"]), service.modality_names(checkpoint)
    words = terms.decides(component, [plain(n) for n in names])
    st.markdown(f"**{words}**: {widgets.badge(component)} {top['weight']:.0%}", help=terms.GATE)


def nearest(checkpoint: Checkpoint, sample: str) -> None:
    """The samples that the model describes most alike, in a latent of the visitor's choice."""
    latents = checkpoint.run.latents if checkpoint.run else ()
    view = session.view()
    if not latents:
        widgets.notice(messages.no_neighbours("This model has no latents."))
        return
    chosen = view.near if view.near in latents else latents[0]
    st.segmented_control(
        "Nearest in the latent",
        latents,
        required=True,
        wrap=True,
        help=terms.NEAREST,
        **session.bound("near", "choice_near", chosen),
    )
    neighbours = near_service.nearest(checkpoint, sample, chosen, view.split)
    if isinstance(neighbours, DataProblem):
        widgets.notice(messages.no_neighbours(neighbours.message))
        return
    names = service.modality_names(checkpoint)
    st.caption(f"**{plain(chosen)}**: {plain(terms.latent(chosen, names))}")
    places = st.columns(len(neighbours) or 1, gap="small")
    for rank, (place, neighbour) in enumerate(zip(places, neighbours, strict=False), start=1):
        with place.container(border=True, height="stretch"):
            st.button(
                f"{plain(neighbour.sample)}: {plain(neighbour.truth)}",
                key=key_of("near", rank),
                help="Open this sample",
                icon=":material/open_in_new:",
                on_click=callback(session.change),
                kwargs={"sample": neighbour.sample},
            )
            st.caption(f"Distance {neighbour.distance:.2f}")
            sides = media.sides(checkpoint, neighbour.sample)
            if not isinstance(sides, DataProblem):
                media_cards.cards(sides, key_of("near-media", rank), across=1, brief=True)
