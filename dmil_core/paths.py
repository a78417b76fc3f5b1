"""Where the shipped data and checkpoints live."""

from __future__ import annotations

import os
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]


def sample_data_root() -> Path:
    """Folder of the bundled data sets; ``DMIL_SAMPLE_DATA`` overrides it."""
    return Path(os.environ.get("DMIL_SAMPLE_DATA", _ROOT / "sample_data"))


def checkpoints_root() -> Path:
    """Folder of the checkpoints; ``DMIL_CHECKPOINTS`` overrides it."""
    return Path(os.environ.get("DMIL_CHECKPOINTS", _ROOT / "checkpoints"))
