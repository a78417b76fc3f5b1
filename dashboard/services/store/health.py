"""Whether the server can read checkpoints and store uploads, and what its jobs do."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from typing import Any, Final

from dashboard.jobs.queue import jobs
from dashboard.services.store.budgets import MIB
from dmil_core.errors import DmilError
from dmil_core.io.atomic import check_writable
from dmil_core.io.paths import checkpoints_roots, uploads_root

#: Free space below which storing is likely to fail soon.
LEAST_FREE: Final = 256 * MIB

log = logging.getLogger("dashboard")


def report() -> dict[str, Any]:
    """``status`` is "ok" where all is well, else "failing"; the rest says what is not.

    Returns
    -------
    dict
        ``checkpoints`` and ``uploads``: "ok", or what is wrong, without a path; ``free_mib`` of the
        disk that uploads go to; ``jobs``: how many are queued and running.
    """
    found: dict[str, Any] = {"checkpoints": _readable(), "uploads": "ok"}
    root = uploads_root()
    try:
        check_writable(root, folder=True)
        free = shutil.disk_usage(_existing(root)).free
        found["free_mib"] = free // MIB
        if free < LEAST_FREE:
            found["uploads"] = "the disk is nearly full"
        found["jobs"] = jobs().counts()
    except (DmilError, OSError):
        log.exception("uploads cannot be stored")
        found["uploads"] = "cannot be stored"
    well = found["checkpoints"] == found["uploads"] == "ok"
    return {"status": "ok" if well else "failing", **found}


def _readable() -> str:
    try:
        there = [root for root in checkpoints_roots() if root.is_dir() and any(root.iterdir())]
    except OSError:
        log.exception("checkpoints cannot be read")
        return "cannot be read"
    return "ok" if there else "none found"


def _existing(path: Path) -> Path:
    """The folder itself, or the nearest one above it that is there."""
    return next(p for p in (path.absolute(), *path.absolute().parents) if p.exists())
