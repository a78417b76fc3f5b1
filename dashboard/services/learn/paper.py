"""The architecture of a loaded checkpoint: sizes of its parts; and Theorem 1 as it was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import streamlit as st

from dashboard.services.sample import samples
from dashboard.services.sample.samples import NATS_PER_BIT
from dashboard.services.store import loaded
from dashboard.services.store.catalog import Checkpoint, DataProblem, log, shown, stamp
from dmil_core.errors import DataError
from dmil_core.io.paths import results_root
from dmil_core.io.reading import MAX_RECORD_BYTES, parsing, read_json

if TYPE_CHECKING:
    from dmil_core.inference.summary import Size

_TERMS: Final = ("information", "within", "equivocation", "label_interaction_type", "bound")


def decomposes(checkpoint: Checkpoint) -> bool:
    """Whether the checkpoint is of the paper's architecture, with every part."""
    if checkpoint.run is None:
        return False
    model = checkpoint.run.config.model
    return model.architecture == "dmil" and model.intra and model.consistency


def unimodal_terms(checkpoint: Checkpoint) -> bool:
    """Whether the logits of its components include those of the unimodal heads."""
    return checkpoint.run is not None and checkpoint.run.config.model.unimodal_terms


def sizes(checkpoint: Checkpoint) -> dict[str, Size] | DataProblem:
    """Part (``z1``, ``m1``, ``r``, ``gate`` ...) -> its size, from a run of the loaded model."""
    data = samples.source(checkpoint)
    if isinstance(data, DataProblem):
        return data
    return _sizes(str(checkpoint.folder), checkpoint.stamp, checkpoint, data)


@st.cache_resource(max_entries=32, show_spinner="Looking into the model …")
def _sizes(folder: str, key: str, _checkpoint: Checkpoint, _data: Any) -> dict[str, Size]:
    from dmil_core.inference import summary

    model, run = loaded.model(_checkpoint)
    return summary.sizes(model, run.config.model, _data)


def shape_text(shape: Sequence[int]) -> str:
    """A shape without the batch: ``8 x 8``, and ``1`` for a single number."""
    return " x ".join(f"{n:,}" for n in shape) or "1"


def shapes(sizes: Mapping[str, Size]) -> dict[str, str]:
    """Kind of part (``x``, ``m``, ``r``, ``gate`` ...) -> its shape, those of several inputs beside
    each other where they differ; and of ``classes``, ``components`` and ``one``."""
    by_kind: dict[str, list[str]] = {}
    for part, size in sizes.items():
        kind = part[0] if part[1:].isdigit() else part
        by_kind.setdefault(kind, []).append(shape_text(size.shape))
    result = {kind: "; ".join(dict.fromkeys(texts)) for kind, texts in by_kind.items()}
    return result | {"classes": result["answer"], "components": result["gate"], "one": "1"}


# --- Theorem 1 --------------------------------------------------------------------------------


def path() -> Path:
    """Where the record of Theorem 1 is expected."""
    return results_root() / "theorem.json"


def theorem() -> pd.DataFrame | DataProblem | None:
    """Theorem 1 in bits, a row for each setting and paradigm, and two exact ones.

    Columns setting, who, seeds (0 for exact), information I(Z;Y), within E_c[I(Z;Y|c)],
    equivocation H(C|Z), label_interaction_type I(Y;C), bound, synergy I(Z;Y|S), accuracy (0 to 1).
    None where there is no record.
    """
    return _theorem(str(path()), stamp([path()]))


@st.cache_resource(max_entries=2, show_spinner=False)
def _theorem(file: str, key: str) -> pd.DataFrame | DataProblem | None:
    if not key:
        return None
    try:
        record = read_json(Path(file), MAX_RECORD_BYTES)
        with parsing(file, "a record of Theorem 1"):
            return _rows(record)
    except (DataError, FileNotFoundError) as error:
        log.warning("%s: %s", file, error)
        return DataProblem(f"{shown(file)} is damaged; `make bench-theorem` writes it again")


def _rows(record: Any) -> pd.DataFrame:
    rows = [
        {"setting": name, "who": who, "seeds": 0, **_terms(setting[who], setting[who])}
        for name, setting in record["settings"].items()
        for who in ("together", "added")
    ]
    runs = pd.DataFrame(
        {"setting": r["setting"], "who": r["paradigm"], **_terms(r["linear"], r)}
        for r in record["runs"]
    )
    grouped = runs.groupby(["setting", "who"], sort=False)
    means = grouped.mean().assign(seeds=grouped.size()).reset_index()
    return pd.concat([pd.DataFrame(rows), means], ignore_index=True)


def _terms(terms: dict[str, Any], about: dict[str, Any]) -> dict[str, float]:
    """The terms in bits, of which ``synergy`` is I(Z;Y|S), and the accuracy."""
    bits = {name: float(terms[name]) / NATS_PER_BIT for name in _TERMS}
    synergy = float(terms["by_interaction_type"]["S"]) / NATS_PER_BIT
    return {**bits, "synergy": synergy, "accuracy": float(about["accuracy"])}
