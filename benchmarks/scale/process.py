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


#: Starts the process and says at last what it used. A process begins with the memory record of the
#: one it was made by, so that one has to be small.
_LAUNCHER: Final = """
import json, os, sys
pid = os.spawnv(os.P_NOWAIT, sys.argv[1], sys.argv[1:])
_, status, used = os.wait4(pid, 0)
code = os.waitstatus_to_exitcode(status)
print("\\n" + json.dumps([code, used.ru_utime + used.ru_stime, used.ru_maxrss]))
"""


def cost_of(arguments: list[str], folder: Path) -> Cost:
    """Run Python with these arguments to its end; what it finds by name is in a folder.

    Raises
    ------
    RuntimeError
        If it fails; with the end of what it printed.
    """
    launcher = [sys.executable, "-I", "-S", "-c", _LAUNCHER]
    done = subprocess.run(
        [*launcher, sys.executable, "-W", "ignore", *arguments],
        env=environment(folder), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, errors="replace", check=True,
    )  # fmt: skip
    said, _, last = done.stdout.rstrip().rpartition("\n")
    code, seconds, most = json.loads(last)
    if code:
        raise RuntimeError(f"{' '.join(arguments)} ended with {code}:\n{said[-2000:]}")
    return Cost(seconds, most * _UNIT / 1e6)
