"""Units of work, and what runs them side by side."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, Protocol, TypeVar

from dmil_core.errors import ResourceError

T = TypeVar("T")

#: Called with a line for the user.
Say = Callable[[str], None]

#: How often a unit is begun whose process ends before it is done.
TRIES: Final = 3


@dataclass(frozen=True)
class Task(Generic[T]):
    """A unit of work; function, arguments and result are picklable.

    Attributes
    ----------
    name : for messages, such as ``avdigits dmil seed 0``.
    """

    name: str
    run: Callable[..., T]
    arguments: tuple[Any, ...] = ()


class Engine(Protocol):
    """Runs units of work side by side. One whose process ends, killed for its memory perhaps, is
    begun again and takes no other down."""

    def each(self, tasks: Sequence[Task[T]]) -> Iterator[tuple[int, T]]:
        """The result of each task with its place in ``tasks``, whichever is finished first.

        Raises
        ------
        ResourceError
            If the process of a task ended `TRIES` times; it names the task.
        """
        ...


def to_stderr(line: str) -> None:
    """What engines say where nobody listens."""
    print(f"dmil: note: {line}", file=sys.stderr)


def ended(name: str, tries: int, say: Say) -> None:
    """The process of a task ended before it was done: say that it is begun again.

    Parameters
    ----------
    tries : how often it was begun.

    Raises
    ------
    ResourceError
        If that was often enough.
    """
    if tries < TRIES:
        say(f"the process of {name} ended before it was done; it is begun again")
        return
    raise ResourceError(
        f"the process of {name} ended {tries} times before it was done, as when the system "
        "kills it for its memory. What was finished is kept, and the same command goes on from "
        "there: try fewer --jobs, or a machine with more memory",
        f"the process of {name} was ended",
    )
