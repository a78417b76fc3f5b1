"""The command line, standing still at a chosen moment so that a test can strike exactly there.

    python -m tests.core.pausing epoch "stage 2 " train --data …
    python -m tests.core.pausing file run.json train --data …

stands still after the first epoch of the stage whose title is named, or with a file written but
not yet in its place. It prints ``standing still`` on stderr when it does.
"""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path
from typing import Any

from dmil_core.cli import main
from dmil_core.training import progress
from dmil_core.training.loop import Report

MARK = "standing still"


def stand_still() -> None:
    """Wait to be interrupted or killed."""
    print(MARK, file=sys.stderr, flush=True)
    time.sleep(300)


def at_epoch(title: str) -> None:
    """Stand still after an epoch of this stage."""
    original = progress.ProgressBar.__call__

    def call(bar: progress.ProgressBar, report: Report) -> None:
        original(bar, report)
        if title in f"stage {report.title} ":
            stand_still()

    progress.ProgressBar.__call__ = call  # type: ignore[method-assign]


def at_file(name: str) -> None:
    """Stand still before a file of this name takes its place."""
    original = Path.replace

    def replace(source: Path, target: Any) -> Path:
        if Path(target).name == name:
            stand_still()
        return original(source, target)

    Path.replace = replace  # type: ignore[method-assign]


if __name__ == "__main__":
    # A shell that starts a command in the background makes it deaf to this signal.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    {"epoch": at_epoch, "file": at_file}[sys.argv[1]](sys.argv[2])
    raise SystemExit(main(sys.argv[3:]))
