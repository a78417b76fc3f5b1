"""What is kept of a set's information by ``dmil information``: its rows, and its clusters."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import streamlit as st

from dashboard.services.sample.samples import NATS_PER_BIT
from dashboard.services.store.catalog import Checkpoint, log, stamp
from dmil_core.errors import DmilError
from dmil_core.information.store import FILE, InformationEstimates
from dmil_core.io.atomic import lies_in
from dmil_core.io.paths import checkpoints_roots, uploads_root
from dmil_core.partial_information.pointwise import PARTS


def account(checkpoint: Checkpoint) -> InformationEstimates | None:
    """What is kept of the information of this model's set; None where nothing is, or it is of
    other rows."""
    kept = _account(str(_file(checkpoint)), kept_stamp(checkpoint))
    known = (
        kept is not None and checkpoint.run is not None and kept.data == checkpoint.run.data_digest
    )
    return kept if known else None


def kept_stamp(checkpoint: Checkpoint) -> str:
    """A key that changes when what is kept does; empty where nothing is."""
    return stamp([_file(checkpoint)])


def _file(checkpoint: Checkpoint) -> Path:
    return checkpoint.folder.parents[1] / FILE


def clusters(checkpoint: Checkpoint) -> pd.DataFrame:
    """The set as a whole by number of clusters, in bits; empty where nothing is kept of it.

    Columns clusters, part (R, U1, U2, S, and all), mean, low, high (95%; none of all), few
    (whether there are too few rows for so many clusters), bias (what chance adds to all).
    """
    records = []
    kept = account(checkpoint)
    for estimate in () if kept is None else kept.clusters:
        values = {p: getattr(estimate.parts, p) for p in (*PARTS, "i12")}
        for name, nats in values.items():
            ends = (estimate.low.get(name, nats), estimate.high.get(name, nats))
            in_bits = (v / NATS_PER_BIT for v in (nats, *ends))
            part = "all" if name == "i12" else name.upper()
            bias = estimate.bias / NATS_PER_BIT
            records.append((estimate.clusters, part, *in_bits, estimate.too_few_rows, bias))
    return pd.DataFrame(records, columns=["clusters", "part", "mean", "low", "high", "few", "bias"])


@st.cache_resource(max_entries=12, show_spinner=False)
def _account(path: str, key: str) -> InformationEstimates | None:
    if not key:
        return None
    try:
        # Those of visitors' own sets lie below the folder of uploads.
        roots = (*checkpoints_roots(), uploads_root())
        if not any(lies_in(Path(path), root) for root in roots):
            return None
        return InformationEstimates.load(Path(path))
    except DmilError as error:
        log.warning("information of a set: %s", error)
        return None
