"""Which parts of the inputs of a sample act together."""

from __future__ import annotations

import streamlit as st

from dashboard import widgets
from dashboard.figures import sample as signs
from dashboard.figures import where as figures
from dashboard.services.sample import where as service
from dashboard.services.sample.samples import modality_names
from dashboard.services.store.catalog import Checkpoint, DataProblem
from dashboard.text import messages, terms
from dashboard.widgets import plain


def where(checkpoint: Checkpoint, sample: str) -> None:
    """Pairs of parts of the first two inputs; the checkpoint must have a model to evaluate."""
    found = service.places(checkpoint, sample)
    if found is None:
        return
    if isinstance(found, DataProblem):
        widgets.notice(messages.cannot_be_asked(found.message))
        return
    first, second = (plain(n) for n in modality_names(checkpoint)[:2])
    choices = found.telling
    chosen = st.pills(
        f"Part of {second}", choices, default=choices[0], required=True,
        format_func=lambda q: plain(found.second[q]), key="where_part",
        help=terms.WHERE,
    )  # fmt: skip
    q = int(chosen) if chosen in choices else choices[0]
    values = found.together[:, q]
    alt = f"What each part of {first} does together with {found.second[q]}, in bits"
    if len(found.shape) == 2:
        fig = figures.cells(values.reshape(found.shape), found.first, found.picture)
        widgets.chart(fig, "where_cells", alt)
    else:
        widgets.bars(figures.parts(values, found.first), "where_parts", alt)
    strongest = ", ".join(
        f"{plain(one)} with **{plain(two)}** {plain(signs.signed(bits))}"
        for one, two, bits in found.strongest
    )
    st.caption(
        f"For the predicted class **{plain(found.cls)}**, in bits of its score. Strongest pairs: "
        f"{strongest}. By itself no part changes it by more than {found.alone:.2f}."
    )
