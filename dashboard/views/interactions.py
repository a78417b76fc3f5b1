"""Do the inputs of models work together? Figures that are kept, and a button where they are not."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard import widgets
from dashboard.figures import compare as figures
from dashboard.guard import callback
from dashboard.services import faults
from dashboard.services.comparison import interactions as service
from dashboard.services.sample import information
from dashboard.services.store import visitors
from dashboard.services.store.catalog import Checkpoint, CheckpointCatalog
from dashboard.state import session
from dashboard.text import interactions as text
from dashboard.views import job_panel
from dashboard.views.compare import models
from dashboard.widgets import plain


def of_one(checkpoint: Checkpoint) -> None:
    """A model without a gate, on Overview."""
    st.header(text.TITLE, anchor=False, help=text.HELP)
    if not service.can_be_asked(checkpoint):
        widgets.notice(needs_the_model(checkpoint))
        return
    if not _drawn([checkpoint], "interactions"):
        _compute([checkpoint])
        return
    (one,) = service.frame([checkpoint]).to_dict("records")
    names = ("samples", "accuracy", "emap", "share", "share_low", "share_high")
    st.markdown(text.found(*(one[n] for n in names)))
    st.page_link(
        session.page("samples"), label="What each input of a sample does",
        icon=":material/list_alt:",
    )  # fmt: skip


def of_several(catalog: CheckpointCatalog) -> None:
    """The models that are included, on About this model."""
    chosen = models.among(catalog)
    if not chosen:
        return
    asked = [c for c in chosen if service.can_be_asked(c)]
    lacking = [c for c in asked if service.kept(c) is None]
    st.caption(text.HELP)
    if _drawn(chosen, "interactions"):
        widgets.download(service.frame(chosen), f"interactions-{session.view().data}")
    if lacking:
        _compute(lacking)
    for checkpoint in (c for c in chosen if not service.can_be_asked(c)):
        widgets.notice(needs_the_model(checkpoint))


def needs_the_model(checkpoint: Checkpoint) -> text.Message:
    """What is known of an external model, and what is not."""
    heads = information.has_unimodal_heads(checkpoint)
    return text.needs_the_model(plain(checkpoint.model), heads)


def _drawn(checkpoints: Sequence[Checkpoint], key: str) -> bool:
    """Draw what is kept of these models; False where nothing is."""
    frame = service.frame(checkpoints)
    if frame.empty:
        return False
    widgets.bars(figures.interactions(frame, text.MODEL, text.ADDED), key, text.FIGURE)
    return True


def _compute(checkpoints: Sequence[Checkpoint]) -> None:
    """What it costs, and a button that starts it; its progress while it runs."""
    job = service.computing(checkpoints[0])
    if job is not None and job.active:
        job_panel.show(
            lambda: [j for j in (service.computing(checkpoints[0]),) if j is not None],
            visitors.visitor(),
        )
        return
    evaluations = sum(service.evaluations(c) for c in checkpoints)
    widgets.notice(text.not_computed(evaluations, len(checkpoints)))
    if job is not None and job.state != "done":
        why = faults.without_paths(job.message) or job.state
        widgets.caution(f"The last attempt ended: {plain(why)}")
    names = plain(", ".join(c.model for c in checkpoints))
    st.button(
        f"{text.COMPUTE} for {names}", key="compute_interactions", icon=":material/play_arrow:",
        on_click=callback(_start), args=(tuple(checkpoints),),
    )  # fmt: skip


def _start(checkpoints: tuple[Checkpoint, ...]) -> None:
    service.compute(checkpoints, visitors.hashed(visitors.ensure_token()))
