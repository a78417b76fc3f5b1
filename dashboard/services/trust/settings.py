"""The record of the fidelity benchmark: gates beside the known interaction types."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import streamlit as st

from dashboard.services.store.catalog import DataProblem, log, shown, stamp
from dmil_core.errors import DmilError
from dmil_core.experiments import fidelity_record
from dmil_core.experiments.fidelity_record import Fidelity
from dmil_core.io.paths import results_root

SEEDS, SETTINGS = fidelity_record.SEEDS, fidelity_record.SETTINGS
OURS, PAPER = fidelity_record.OURS, fidelity_record.PAPER


def path() -> Path:
    """Where the record is expected."""
    return results_root() / "fidelity.json"


def record() -> Fidelity | DataProblem | None:
    """The record; None where there is none, a `DataProblem` where it cannot be read."""
    return _record(str(path()), stamp([path()]))


@st.cache_resource(max_entries=2, show_spinner="Reading the record …")
def _record(file: str, key: str) -> Fidelity | DataProblem | None:
    try:
        return fidelity_record.read_fidelity(Path(file))
    except DmilError as error:
        log.warning("%s", error)
        return DataProblem(str(error).replace(file, shown(file)))


def settings(record: Fidelity) -> pd.DataFrame:
    """A row per setting; see `fidelity_record.settings`. Do not write into it."""
    return _settings(str(path()), stamp([path()]), record)


@st.cache_resource(max_entries=2, show_spinner=False)
def _settings(file: str, key: str, _record: Fidelity) -> pd.DataFrame:
    return fidelity_record.settings(_record)


def aurocs(record: Fidelity, setting: str) -> pd.DataFrame:
    """Columns component, dmil, reference (of the generator bound), share, dmil-paper: one-vs-rest
    AUROC of each gate."""
    distribution = record.distributions[setting]
    references = distribution["generator"].get("auroc") or distribution["information"].get("auroc")
    share = fidelity_record.auroc_shares(record, setting)
    rows = [
        {
            "component": c,
            "dmil": record.mean(setting, OURS, f"gate_auroc_{c}"),
            "reference": float(top),
            "share": share.get(c),
            "dmil-paper": record.mean(setting, PAPER, f"gate_auroc_{c}"),
        }
        for c, top in (references or {}).items()
    ]
    return pd.DataFrame(rows)


def accuracies(record: Fidelity, setting: str) -> pd.DataFrame:
    """Columns model, group, accuracy, sd, seeds; the best possible last."""
    frame = fidelity_record.accuracies(record, setting)
    return frame.rename(columns={"paradigm": "model", "interaction_type": "group"})


def shares(record: Fidelity, setting: str) -> pd.DataFrame:
    """Columns who, part, share."""
    return fidelity_record.shares(record, setting)


def purity(record: Fidelity, setting: str) -> pd.DataFrame:
    """Accuracy lost: rows the component taken away, columns the interaction type of the samples."""
    return fidelity_record.purity(record, setting)


def is_noise(record: Fidelity, setting: str) -> bool:
    """Whether agreement above the generator bound is within two standard errors of the bound.

    All seeds of a setting have the same test rows, so that more seeds make this error no smaller.
    """
    distribution = record.distributions[setting]
    bound = distribution["agreement"]["generator"]
    rows = float(distribution.get("rows", fidelity_record.ROWS))
    error = (bound * (1 - bound) / rows) ** 0.5
    above = record.mean(setting, OURS, "gate_agreement") - bound
    return bool(above <= 2 * error + 1e-12)


def spec(record: Fidelity, setting: str) -> str:
    """What the generator of a setting is called with; empty where the record does not say."""
    return str(record.distributions[setting].get("spec", ""))
