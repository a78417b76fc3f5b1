"""Where shipped data, checkpoints, results of benchmarks and visitors' own sets live."""

from __future__ import annotations

import os
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]


def sample_data_root() -> Path:
    """Folder of the bundled data sets; ``DMIL_SAMPLE_DATA`` overrides it."""
    return Path(os.environ.get("DMIL_SAMPLE_DATA", _ROOT / "sample_data"))


def checkpoints_root() -> Path:
    """Folder of the checkpoints; ``DMIL_CHECKPOINTS`` overrides it."""
    return Path(os.environ.get("DMIL_CHECKPOINTS", _ROOT / "checkpoints"))


def results_root() -> Path:
    """Folder of the benchmarks' records; ``DMIL_RESULTS`` overrides it."""
    return Path(os.environ.get("DMIL_RESULTS", _ROOT / "benchmarks" / "results"))


def uploads_root() -> Path:
    """Folder of what visitors of the app upload and train; ``DMIL_UPLOADS`` overrides it."""
    return Path(os.environ.get("DMIL_UPLOADS", _ROOT / "uploads"))
