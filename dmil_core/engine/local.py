"""Units of work in processes of this machine.

Each process has a queue of its own, so that a process that ends, killed for its memory perhaps,
takes one unit down and no other.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection, get_context, parent_process
from types import TracebackType
from typing import Self, TypeVar

from dmil_core.engine.tasks import Say, Task, ended, to_stderr

T = TypeVar("T")


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

    def __init__(self, jobs: int, say: Say = to_stderr) -> None:
        self._processes: list[ProcessPoolExecutor | None] = [None] * jobs
        self._say = say

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
        """See :meth:`dmil_core.engine.tasks.Engine.each`."""
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
                    self._replace(slot)
                    ended(tasks[index].name, tries[index], self._say)
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
        process = self._processes[slot] = ProcessPoolExecutor(
            1, mp_context=get_context("spawn"), initializer=_end_with_parent
        )
        return process.submit(task.run, *task.arguments)

    def _replace(self, slot: int) -> None:
        """The process of a slot ended: have another for its next task."""
        process, self._processes[slot] = self._processes[slot], None
        if process is not None:
            process.shutdown(wait=False, cancel_futures=True)


def _end_with_parent() -> None:
    """Have this process end when the one that started it is gone: it would wait for ever."""
    parent = parent_process()
    assert parent is not None

    def watch() -> None:
        connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
