"""The process that trains for the page Live training: several runs in memory, a step when asked.

    python -m dashboard.jobs.live_process

It reads commands as lines of JSON, ``{"do": "open" | "step" | "close", "run": id}``, an open one
with ``settings``, and answers each with one line, in order: ``scene`` and ``snapshots`` of a run
that was opened, ``snapshots`` and ``done`` after a step, or ``problem``, in words for people. Its
first line, ``{"ready": true}``, says that everything is imported. It ends when nobody can command
it any more, and keeps nothing on disk.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import traceback
from collections.abc import Iterator
from typing import Any

from dmil_core.config import from_json, to_json
from dmil_core.errors import DmilError

#: The pages' own work goes first.
_NICENESS = 5


def main() -> None:
    """Answer commands until standard input ends."""
    with contextlib.suppress(OSError):
        os.nice(_NICENESS)
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    # Whatever a library prints must not look like an answer.
    os.dup2(2, 1)
    from dmil_core.teaching.live import warm

    warm()
    _say(answers, {"ready": True})
    runs: dict[str, Any] = {}
    for line in sys.stdin:
        _say(answers, _answer(runs, json.loads(line)))


def _answer(runs: dict[str, Any], command: dict[str, Any]) -> dict[str, Any]:
    """Do what a command says."""
    name = command["run"]
    try:
        return {"run": name, **_done(runs, name, command)}
    except DmilError as error:
        runs.pop(name, None)
        return {"run": name, "problem": str(error)}
    except Exception:
        # This run is lost; those of other visitors must not be.
        traceback.print_exc()
        runs.pop(name, None)
        return {"run": name, "problem": "It failed for a reason that is ours; the log has it."}


def _done(runs: dict[str, Any], name: str, command: dict[str, Any]) -> dict[str, Any]:
    from dmil_core.teaching.live import Live
    from dmil_core.teaching.scene import Settings

    if command["do"] == "open":
        live = runs[name] = Live(from_json(Settings, command["settings"]))
        return {"scene": to_json(live.scene()), "snapshots": list(_json(live.start()))}
    if command["do"] == "step":
        live = runs[name]
        return {"snapshots": list(_json(live.step())), "done": live.done}
    runs.pop(name, None)
    return {}


def _json(snapshots: tuple[Any, ...]) -> Iterator[dict[str, Any]]:
    return (to_json(one) for one in snapshots)


def _say(out: Any, answer: dict[str, Any]) -> None:
    out.write(json.dumps(answer) + "\n")
    out.flush()


if __name__ == "__main__":
    try:
        main()
    except BrokenPipeError:  # the app is gone, and with it whoever would read another answer
        os._exit(0)
