"""Is each model right as often as it says?"""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import widgets
from dashboard.figures import sample as figures
from dashboard.services.comparison import calibration as service
from dashboard.services.comparison import chosen
from dashboard.services.comparison.calibration import Calibration
from dashboard.services.store.catalog import CheckpointCatalog
from dashboard.state import session
from dashboard.text import comparing
from dashboard.views.compare import models
from dashboard.widgets import plain

#: Samples that a mark of the curve stands for, at least.
FEWEST = 5


def calibration(catalog: CheckpointCatalog) -> None:
    """The part of the page."""
    outcome = models.among(catalog)
    if not outcome:
        return
    split, names = session.view().split, chosen.names(outcome)
    with st.spinner("Comparing with chance …"):
        results = {
            names[chosen.key(checkpoint)]: result
            for checkpoint in outcome
            if (result := service.calibration(checkpoint, split)) is not None
        }
    if not results:
        widgets.notice(comparing.no_rows())
        return
    # A handful of samples is right or wrong by chance: such marks jump and hide the others.
    curves = {
        name: result.curve[result.curve["rows"] >= FEWEST] for name, result in results.items()
    }
    left, right = st.columns([5, 6], gap="large")
    with left:
        widgets.chart(
            figures.reliability(curves, 400),
            "reliability_of_models",
            "Lines of how often answers of a confidence are right. ECE: "
            + ", ".join(f"{name} {result.error:.1%}" for name, result in results.items()),
        )
    with right:
        st.markdown(
            "  \n".join(
                comparing.calibrated(
                    plain(name),
                    result.verdict,
                    result.sure,
                    result.accuracy,
                    result.error,
                )
                for name, result in results.items()
            ),
            help=comparing.RELIABILITY,
        )
        _table(results)
        if split == "train":
            widgets.caution("Models know their training samples; look at test samples.")


def _table(results: dict[str, Calibration]) -> None:
    words = {"fine": "well calibrated", "bold": "too sure", "shy": "not sure enough"}
    frame = pd.DataFrame(
        [
            (name, result.error, result.luck, result.sure, result.accuracy, result.rows)
            for name, result in results.items()
        ],
        columns=["model", "ece", "luck", "sure", "right", "samples"],
    )
    shares = ["ece", "luck", "sure", "right"]
    shown = frame.drop(columns="samples").assign(**{c: 100 * frame[c] for c in shares})
    shown.insert(1, "verdict", [words[result.verdict] for result in results.values()])
    number = st.column_config.NumberColumn
    st.dataframe(
        shown,
        hide_index=True,
        column_config={
            "model": st.column_config.TextColumn(pinned=True),
            "ece": number("ECE", format="%.1f %%", help=comparing.ECE),
            "luck": number("by chance", format="%.1f %%", help=comparing.LUCK),
            "sure": number("how sure", format="%.1f %%", help="Mean probability of its answers"),
            "right": number(format="%.1f %%", help="Share of its answers that are right"),
        },
        alt="Calibration error of each model, and how sure and how often right it is",
    )
    st.caption(f"Of {frame['samples'].max():,} samples.")
    widgets.download(frame, f"calibration-{session.view().data}")
