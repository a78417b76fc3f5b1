"""Does the confidence of each model match its accuracy? Every mark leads to its samples."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from dashboard import widgets
from dashboard.figures import calibration as figures
from dashboard.services.comparison import calibration as service
from dashboard.services.comparison import chosen
from dashboard.services.comparison.calibration import Calibration
from dashboard.services.store.catalog import Checkpoint, CheckpointCatalog
from dashboard.state import session
from dashboard.state.view import written_range
from dashboard.text import comparing
from dashboard.views.compare import models
from dashboard.widgets import plain

#: Samples that a mark of the curve stands for, at least.
FEWEST = 5
VERDICTS = {"fine": "well calibrated", "bold": "overconfident", "shy": "underconfident"}


def calibration(catalog: CheckpointCatalog) -> None:
    """The part of the page."""
    outcome = models.among(catalog)
    if not outcome:
        return
    split, names = session.view().split, chosen.names(outcome)
    with st.spinner("Comparing with chance …"):
        found = {
            names[chosen.key(checkpoint)]: (checkpoint, result)
            for checkpoint in outcome
            if (result := service.calibration(checkpoint, split)) is not None
        }
    if not found:
        widgets.notice(comparing.no_rows())
        return
    results = {name: result for name, (_, result) in found.items()}
    left, right = st.columns([5, 6], gap="large")
    with left:
        _curves(found)
    with right:
        st.markdown(
            "  \n".join(
                comparing.calibrated(
                    plain(name),
                    result.verdict,
                    result.sure,
                    result.accuracy,
                    result.error,
                    result.rows,
                )
                for name, result in results.items()
            ),
            help=comparing.RELIABILITY,
        )
        _table(results)
        if split == "train":
            widgets.caution("Models know their training samples; look at test samples.")


def _curves(found: dict[str, tuple[Checkpoint, Calibration]]) -> None:
    # A handful of samples is right or wrong by chance: such marks jump and hide the others.
    curves = {
        name: result.curve[result.curve["rows"] >= FEWEST] for name, (_, result) in found.items()
    }
    marks, links = {}, {}
    for name, frame in curves.items():
        checkpoint = found[name][0]
        for number in frame.index.tolist():
            mark = marks[name, int(number)] = f"{chosen.key(checkpoint)} {number}"
            links[mark] = choice(checkpoint, int(number))
    drawn = figures.reliability(curves, marks)
    widgets.linked("reliability_of_models", drawn, links, comparing.RELIABILITY_FIGURE)
    st.caption("A mark leads to its samples.")


def choice(checkpoint: Checkpoint, number: int) -> dict[str, Any]:
    """The view's choices that list the samples of a bin of a model."""
    within = written_range(*service.ends(number))
    return {"model": checkpoint.model, "seed": checkpoint.seed, "confidence": within}


def _table(results: dict[str, Calibration]) -> None:
    frame = pd.DataFrame(
        [
            (name, result.error, result.luck, result.sure, result.accuracy, result.rows)
            for name, result in results.items()
        ],
        columns=["model", "ece", "luck", "sure", "right", "samples"],
    )
    shares = ["ece", "luck", "sure", "right"]
    shown = frame.drop(columns="samples").assign(**{c: 100 * frame[c] for c in shares})
    shown.insert(1, "verdict", [VERDICTS[result.verdict] for result in results.values()])
    number = st.column_config.NumberColumn
    st.dataframe(
        shown,
        hide_index=True,
        column_config={
            "model": st.column_config.TextColumn(pinned=True),
            "ece": number("ECE", format="%.1f%%", help=comparing.ECE),
            "luck": number("by chance", format="%.1f%%", help=comparing.LUCK),
            "sure": number("confidence", format="%.1f%%", help="Mean over its predictions"),
            "right": number("accuracy", format="%.1f%%"),
        },
        alt="Calibration error of each model, its mean confidence and its accuracy",
    )
    st.caption(f"Of {frame['samples'].max():,} samples.")
    widgets.download(frame, f"calibration-{session.view().data}")
