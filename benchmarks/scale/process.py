"""A process, and what it cost: processor time and memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

#: Bytes of a unit of ``ru_maxrss``.
_UNIT: Final = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True)
class Cost:
    """Processor seconds of all threads, and the most memory in MB."""

    seconds: float
    megabytes: float


def environment(folder: Path) -> dict[str, str]:
    """Variables of a process that keeps all it finds by name in a folder, on one thread."""
    places = {f"DMIL_{name}": str(folder / name.lower()) for name in ("CHECKPOINTS", "UPLOADS")}
    return {**os.environ, **places, "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}


#: Starts the process and says what it used. A process begins with the memory record of the one it
#: was made by, so that one has to be small.
_LAUNCHER: Final = """
import json, os, sys
pid = os.spawnv(os.P_NOWAIT, sys.argv[2], sys.argv[2:])
_, status, used = os.wait4(pid, 0)
with open(sys.argv[1], "w") as file:
    code = os.waitstatus_to_exitcode(status)
    json.dump([code, used.ru_utime + used.ru_stime, used.ru_maxrss], file)
"""


def cost_of(arguments: list[str], folder: Path) -> Cost:
    """Run Python with these arguments to its end; ``folder`` keeps what it prints.

    Raises
    ------
    RuntimeError
        If it fails; with the end of what it printed.
    """
    log, used = folder / "last.log", folder / "last.json"
    launcher = [sys.executable, "-I", "-S", "-c", _LAUNCHER, str(used)]
    with log.open("wb") as output:
        subprocess.run(
            [*launcher, sys.executable, "-W", "ignore", *arguments],
            env=environment(folder), stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            check=True,
        )  # fmt: skip
    code, seconds, most = json.loads(used.read_text("utf-8"))
    if code:
        said = log.read_text("utf-8", errors="replace")[-2000:]
        raise RuntimeError(f"{' '.join(arguments)} ended with {code}:\n{said}")
    return Cost(seconds, most * _UNIT / 1e6)
