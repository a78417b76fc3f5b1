"""Do the inputs of a model work together? Post-hoc figures of whole models, kept beside them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pandas as pd
import streamlit as st

from dashboard.jobs.queue import Job, Step, command, jobs
from dashboard.services.sample.samples import modality_names
from dashboard.services.store.catalog import Checkpoint, log, table
from dmil_core.errors import DmilError
from dmil_core.posthoc.partners import cost
from dmil_core.posthoc.summary import FILE, Summary, load

#: Test samples that are explained at most, partners of each, and training samples to draw these
#: from at most.
ROWS: Final = 1000
PARTNERS: Final = 100
BACKGROUND: Final = 1000
_KIND: Final = "interactions"


def can_be_asked(checkpoint: Checkpoint) -> bool:
    """Whether the model itself is here, and not its predictions alone."""
    return checkpoint.run is not None and checkpoint.run.has_model


def kept(checkpoint: Checkpoint) -> Summary | None:
    """What is kept of a model; None where nothing is, or it is of other weights or data."""
    found = _kept(str(checkpoint.folder), checkpoint.stamp)
    run = checkpoint.run
    if found is None or run is None:
        return None
    fits = (found.data, found.weights) == (run.data_digest, run.weights_sha256)
    return found if fits else None


@st.cache_resource(max_entries=64, show_spinner=False)
def _kept(folder: str, key: str) -> Summary | None:
    if not (Path(folder) / FILE).exists():
        return None
    try:
        return load(Path(folder))
    except DmilError as error:
        log.warning("interactions of a model: %s", error)
        return None


def evaluations(checkpoint: Checkpoint) -> int:
    """On how many inputs the model is evaluated for it, at most."""
    counts = table(checkpoint)["split"].value_counts()
    rows, background = (
        min(int(counts.get(split, 0)), most)
        for split, most in (("test", ROWS), ("train", BACKGROUND))
    )
    return cost(rows, len(modality_names(checkpoint)), PARTNERS, background)


def compute(checkpoints: Sequence[Checkpoint], owner: str) -> Job:
    """Let the figures of models of one set be computed in the background and kept.

    Raises BusyError where too much is under way.
    """
    steps = [
        Step(
            checkpoint.model,
            command(
                "explain", "--checkpoint", checkpoint.folder, "--data", _source(checkpoint),
                "--keep", "--rows", ROWS, "--partners", PARTNERS, "--background", BACKGROUND,
                "--progress", "json",
            ),
            float(evaluations(checkpoint)),
            # One that cannot be asked, such as for want of a plugin, leaves the others.
            optional=len(checkpoints) > 1,
        )
        for checkpoint in checkpoints
    ]  # fmt: skip
    names = ", ".join(c.model for c in checkpoints[:3]) + (" …" if len(checkpoints) > 3 else "")
    return jobs().submit(owner, _KIND, f"Interactions of {names}", _folder(checkpoints[0]), steps)


def computing(checkpoint: Checkpoint) -> Job | None:
    """The latest job that does this for models of the set."""
    return jobs().find(_KIND, _folder(checkpoint))


def _folder(checkpoint: Checkpoint) -> Path:
    return checkpoint.folder.parents[1]


def _source(checkpoint: Checkpoint) -> str:
    return checkpoint.run.data_source if checkpoint.run else checkpoint.data


def frame(checkpoints: Sequence[Checkpoint]) -> pd.DataFrame:
    """A row for each model of which figures are kept: model, samples, and accuracy, emap and share
    (0 to 1) with the ends of their intervals, ``<name>_low`` and ``<name>_high``."""
    records = []
    for checkpoint in checkpoints:
        if (found := kept(checkpoint)) is None:
            continue
        record: dict[str, object] = {"model": checkpoint.model, "samples": found.samples}
        for name, of in (
            ("accuracy", found.accuracy), ("emap", found.emap_accuracy),
            ("share", found.interaction_share),
        ):  # fmt: skip
            i = of.interval
            record |= {name: i.value, f"{name}_low": i.low, f"{name}_high": i.high}
        records.append(record)
    return pd.DataFrame(records)
