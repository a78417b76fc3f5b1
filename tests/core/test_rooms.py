"""Where things are: imports between the rooms of ``dmil_core`` go one way, and the rooms are
few."""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import dmil_core

CORE = Path(dmil_core.__file__).parent
#: A newcomer has to take in the top floor at one look.
MOST_ROOMS = 22


def rooms() -> dict[str, set[str]]:
    """Room -> the rooms it imports; a room is a module or a folder at the top of the package."""
    groups: dict[str, set[str]] = {}
    for file in CORE.rglob("*.py"):
        room = file.relative_to(CORE).parts[0].removesuffix(".py")
        if room == "__init__":
            continue
        of_room = groups.setdefault(room, set())
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                package, _, inside = node.module.partition(".")
                if package == "dmil_core":
                    of_room |= {(inside or alias.name).split(".")[0] for alias in node.names}
        of_room -= {room, "__version__"}
    return groups


def test_no_room_imports_one_that_is_built_on_it() -> None:
    TopologicalSorter(rooms()).prepare()  # raises CycleError, which names the circle


def test_the_rooms_are_few() -> None:
    assert len(rooms()) <= MOST_ROOMS
