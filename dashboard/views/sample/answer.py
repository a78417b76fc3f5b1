"""What models answer for one sample, what the gate counts, and how the score comes about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

import pandas as pd
import streamlit as st

from dashboard import widgets
from dashboard.figures import sample as figures
from dashboard.figures.strip import strip
from dashboard.guard import callback
from dashboard.keys import key_of
from dashboard.services.comparison import interactions as of_models
from dashboard.services.sample import information
from dashboard.services.sample import interaction as interactions
from dashboard.services.sample import samples as service
from dashboard.services.store.catalog import Checkpoint, DataProblem, checkpoint_catalog
from dashboard.state import session
from dashboard.state.view import CHOICES
from dashboard.text import interactions as text
from dashboard.text import messages, terms
from dashboard.widgets import plain

#: Letters of a class for which there is room in one of two fields beside each other.
_BESIDE: Final = 8


def opinions(
    checkpoints: Sequence[Checkpoint], current: Checkpoint, sample: str, brief: bool = False
) -> None:
    """Predictions of every model, and of each input alone, as bars of their confidence."""
    pair = next((c for c in checkpoints if c.model == "ensemble"), current)
    if current.run is not None and current.run.external and service.unimodal(current, sample):
        pair = current  # its own columns px1_ and px2_
    listed = [*service.opinions(checkpoints, sample), *service.unimodal(pair, sample)]
    models = {checkpoint.model for checkpoint in checkpoints}
    widgets.bars(
        figures.opinions([(o.who, o.says, o.probability, o.correct) for o in listed], models),
        "opinions",
        "Predictions of every model and of each input alone: "
        + ", ".join(f"{o.who} {o.says} {o.probability:.0%}" for o in listed),
    )
    st.caption("Bar: confidence. ✓: right; ✗: wrong.")
    if not brief:
        widgets.download(
            pd.DataFrame([asdict(o) for o in listed]), f"answers-{current.data}-{sample}"
        )


def weights(checkpoint: Checkpoint, sample: str) -> None:
    """Gate weights of one sample as one strip, with every number."""
    frame = service.gates(checkpoint, sample)
    shares = dict(zip(frame["component"], frame["weight"].astype(float), strict=True))
    st.markdown("**Gate weights**", help=terms.GATE)
    with st.container(key=key_of("gate", checkpoint.model), gap="xsmall"):
        st.html(strip(shares, "Gate weights", height=1.8))
        numbers = " · ".join(f"**{c}** {share:.0%}" for c, share in shares.items())
        share = service.explained(checkpoint, sample)
        more = "" if share is None else f" · {messages.explained(share)}"
        st.caption(numbers + more, help=None if share is None else terms.EXPLAINED)


def gate(checkpoint: Checkpoint, sample: str) -> None:
    """Gate weights of one sample, with a sentence that reads them."""
    weights = service.gates(checkpoint, sample)
    names = terms.component_names(service.modality_names(checkpoint))
    top = weights.iloc[int(weights["weight"].to_numpy().argmax())]
    st.markdown("**Gate weights**", help=terms.GATE)
    widgets.bars(
        figures.gate_bars(weights, names),
        key_of("gate", checkpoint.model),
        f"Bars of the {terms.NUMBERS[len(weights)]} gate weights",
    )
    st.caption(
        f"The model relies most on **{top['component']}** ({plain(names[top['component']])}): "
        f"{top['weight']:.0%} of the weight."
    )
    share = service.explained(checkpoint, sample)
    if share is not None:
        st.caption(messages.explained(share), help=terms.EXPLAINED)


def waterfall(checkpoint: Checkpoint, sample: str) -> None:
    """How the components add up to the score of the chosen class, with the printed identity."""
    st.markdown("**How the logit adds up**", help=terms.CONTRIBUTION)
    cls, against = class_choice(checkpoint, sample)
    split = service.decomposition(checkpoint, sample, cls, against)
    if split is None:
        widgets.notice(messages.no_gate(plain(checkpoint.model)))
        return
    names = terms.component_names(service.modality_names(checkpoint))
    fig = figures.waterfall(split.parts, split.stored, names, "score")
    widgets.bars(
        fig,
        "waterfall",
        f"Waterfall of {terms.NUMBERS[len(split.parts)]} contributions to the score, in bits",
    )
    sum_ = " + ".join(f"{c} ({v:+.2f})" for c, v in split.parts.items())
    goal = f"log odds of {cls} over {against}" if against else f"score of {cls}"
    gap = abs(split.total - split.stored)
    st.markdown(
        f"{plain(sum_)} = **{plain(f'{split.total:+.2f}')} bits**, the model's {plain(goal)} "
        f"({plain(f'{split.stored:+.2f}')}; difference {gap:.0e}).",
        help=terms.IDENTITY,
    )


def class_choice(checkpoint: Checkpoint, sample: str) -> tuple[str, str]:
    """The class whose score is explained, and the one it is compared with ("" for none)."""
    view, classes = session.view(), service.classes(checkpoint)
    row = service.record(checkpoint, sample)
    answer, truth = row["pred"], row["y"]
    marks = {truth: " (true)", answer: " (answer)"} if truth != answer else {answer: " (answer)"}
    # Long names would be cut in half of the width.
    long = max(map(len, classes)) > _BESIDE
    left, right = (st.container(), st.container()) if long else st.columns(2)
    cls = view.cls if view.cls in classes else answer
    with left:
        widgets.select("Logit of", "cls", classes, cls, lambda c: c + marks.get(c, ""))
    others = ("", *(c for c in classes if c != cls))
    against = view.against if view.against in others else ""
    with right:
        widgets.select(
            "relative to",
            "against",
            others,
            against,
            lambda c: c + marks.get(c, "") if c else "nothing",
        )
    return cls, against


def interaction(checkpoint: Checkpoint, sample: str) -> None:
    """What the inputs do alone and together, where the model has no gate and can be asked."""
    st.subheader(
        "What the inputs do, alone and together", anchor=False, help=terms.INTERACTION_EFFECTS
    )
    if not of_models.can_be_asked(checkpoint):
        heads = information.has_unimodal_heads(checkpoint)
        widgets.notice(text.needs_the_model(plain(checkpoint.model), heads))
        return
    chosen = session.view().background
    st.segmented_control(
        "Their inputs take the place of this sample's", CHOICES, required=True,
        format_func=text.CHOICES.__getitem__,
        **session.bound("background", "choice_background", chosen),
    )  # fmt: skip
    st.caption(text.CHANGES[chosen])
    found = interactions.interaction(checkpoint, sample, chosen)
    if found is None:
        return
    if isinstance(found, DataProblem):
        widgets.notice(messages.cannot_be_asked(found.message))
        return
    bars = figures.effects(found.mean, found.parts, found.score)
    told = ", ".join(f"{r.words} {r.text}" for r in bars.rows)
    widgets.bars(bars, "effects", f"Effects of the inputs on the score of {found.cls}: {told}")
    same = found.additive == found.cls
    st.caption(
        f"In bits: the score of **{plain(found.cls)}** less the mean over the classes. With what "
        f"each input does alone, added up, the model would answer "
        f"{'the same' if same else f'**{plain(found.additive)}**'}."
    )
    # One figure: with predictions from each input alone it is that of the tab Information.
    if found.information and not information.has_unimodal_heads(checkpoint):
        parts = ", ".join(f"{c.upper()} {figures.signed(v)}" for c, v in found.information.items())
        st.caption(f"As information about the class, in bits: {plain(parts)}.", help=terms.PARTNERS)


def no_gate(checkpoint: Checkpoint, replaced: bool = False) -> None:
    """Say that this model does not decompose, and offer the one that does.

    Parameters
    ----------
    replaced : whether :func:`interaction` follows, where the model can be evaluated.
    """
    other = next(
        (c for c in checkpoint_catalog().ready(checkpoint.data, checkpoint.seed) if c.gated), None
    )
    evaluated = checkpoint.run is not None and checkpoint.run.has_model
    offered = "" if other is None else plain(other.model)
    widgets.notice(messages.no_gate(plain(checkpoint.model), replaced and evaluated, offered))
    if other is not None:
        st.button(
            f"Show {plain(other.model)}",
            type="primary",
            on_click=callback(widgets.use_model),
            args=(other.model,),
        )
