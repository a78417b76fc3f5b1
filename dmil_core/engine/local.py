"""Units of work in processes side by side; one that takes its process down is tried again.

Each process has a queue of its own, so that a process that ends, killed for its memory perhaps,
takes one unit down and no other.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from types import TracebackType
from typing import Any, Final, Generic, Self, TypeVar

from dmil_core.errors import ResourceError

T = TypeVar("T")

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


class LocalEngine:
    """Processes of this machine; they do not inherit threads of this one.

    Parameters
    ----------
    jobs
        Processes side by side.
    say
        Called with a line when a process ended and its unit is begun again; prints to stderr by
        default.
    """

    def __init__(self, jobs: int, say: Callable[[str], None] | None = None) -> None:
        self._processes: list[ProcessPoolExecutor | None] = [None] * jobs
        self._say = say or (lambda line: print(f"dmil: note: {line}", file=sys.stderr))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        # After an error what has not begun is given up: it would be done for nobody.
        for process in self._processes:
            if process is not None:
                process.shutdown(wait=kind is None, cancel_futures=True)
        self._processes = [None] * len(self._processes)

    def each(self, tasks: Sequence[Task[T]]) -> Iterator[tuple[int, T]]:
        """The result of each task with its place in ``tasks``, whichever is finished first.

        Raises
        ------
        ResourceError
            If the process of a task ended `TRIES` times; it names the task.
        """
        waiting = deque(range(len(tasks)))
        idle = list(range(len(self._processes)))
        tries = [0] * len(tasks)
        running: dict[Future[T], tuple[int, int]] = {}
        while waiting or running:
            while waiting and idle:
                slot, index = idle.pop(), waiting.popleft()
                tries[index] += 1
                running[self._begun(slot, tasks[index])] = slot, index
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                slot, index = running.pop(future)
                idle.append(slot)
                try:
                    result = future.result()
                except BrokenProcessPool:
                    self._gone(slot, tasks[index].name, tries[index])
                    waiting.appendleft(index)
                else:
                    yield index, result

    def _begun(self, slot: int, task: Task[T]) -> Future[T]:
        process = self._processes[slot]
        if process is not None:
            try:
                return process.submit(task.run, *task.arguments)
            except BrokenProcessPool:  # it ended while it had nothing to do
                process.shutdown(wait=False)
        process = self._processes[slot] = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
        return process.submit(task.run, *task.arguments)

    def _gone(self, slot: int, name: str, tries: int) -> None:
        """The process of a task ended: have another for the next one, or give up."""
        process, self._processes[slot] = self._processes[slot], None
        if process is not None:
            process.shutdown(wait=False, cancel_futures=True)
        if tries < TRIES:
            self._say(f"the process of {name} ended before it was done; it is begun again")
            return
        raise ResourceError(
            f"the process of {name} ended {tries} times before it was done, as when the system "
            "kills it for its memory. What was finished is kept, and the same command goes on from "
            "there: try fewer --jobs, or a machine with more memory",
            f"the process of {name} was ended",
        )
