"""Units of work as tasks of Ray, on this machine or on all nodes of a cluster.

Nodes share a folder: units read and write files as they do on one machine. Function, arguments and
result are sent as ``multiprocessing`` sends them to a process, to workers of the user's own; no
file is ever read that way.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import platform
import socket
import sys
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from dmil_core import __version__
from dmil_core.engine.tasks import Say, Task, ended, to_stderr
from dmil_core.errors import ConfigError, DmilError, ResourceError
from dmil_core.io.atomic import writing

T = TypeVar("T")

#: Tasks that Ray has at a time where nobody says how many: enough for any cluster, and few enough
#: for one to see within moments which is finished.
MOST_AT_A_TIME: Final = 1000
#: Seconds after which a folder on a network shows a file that another node has written.
_PATIENCE: Final = 10.0
#: Variables of the environment that units see wherever they run.
_PASSED_ON: Final = "DMIL_"


@dataclass(frozen=True)
class _Place:
    """What a worker has to have in common with who asked it.

    Attributes
    ----------
    folder : where it was asked.
    shared : the folder that all nodes have to see.
    mark : name of a file in it.
    """

    version: str
    folder: Path
    shared: Path
    mark: str
    environment: dict[str, str]


class RayEngine:
    """One unit is one task of Ray, with one CPU.

    Parameters
    ----------
    shared
        An existing folder that all nodes have to see; each unit first looks whether it does.
    jobs
        Units side by side: without ``address`` the CPUs of a Ray that is started on this machine,
        1 by default; with it as many as the cluster has CPUs by default.
    address
        Of an existing cluster: HOST:PORT, or ``auto`` on one of its nodes.
    say
        Called with a line when a worker or its node ended and its unit is begun again; prints to
        stderr by default.

    Raises
    ------
    ConfigError
        If Ray is not installed, or no cluster answers at the address.
    """

    def __init__(
        self, shared: Path, jobs: int | None = None, address: str | None = None,
        say: Say = to_stderr,
    ) -> None:  # fmt: skip
        if find_spec("ray") is None:
            raise ConfigError(
                "--engine ray needs ray, an optional package: pip install 'dmil-explorer[ray]'"
            )
        self._say = say
        self._most = MOST_AT_A_TIME if jobs is None and address is not None else jobs or 1
        passed = {k: v for k, v in os.environ.items() if k.startswith(_PASSED_ON)}
        mark = f".nodes-{uuid.uuid4().hex}"
        self._place = _Place(__version__, Path.cwd(), shared.absolute(), mark, passed)
        self._starts = _start(jobs or 1, address)
        self._submit = _remote()

    def __enter__(self) -> Self:
        mark = self._place.shared / self._place.mark
        with writing(mark):
            mark.touch()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        import ray

        mark = self._place.shared / self._place.mark
        with contextlib.suppress(OSError, ResourceError), writing(mark):
            mark.unlink(missing_ok=True)
        if self._starts:
            ray.shutdown()

    def each(self, tasks: Sequence[Task[T]]) -> Iterator[tuple[int, T]]:
        """See :meth:`dmil_core.engine.tasks.Engine.each`; the same of a unit whose node is gone."""
        import ray
        from ray import exceptions

        gone = (
            exceptions.WorkerCrashedError, exceptions.NodeDiedError, exceptions.ObjectLostError,
            exceptions.OutOfMemoryError,
        )  # fmt: skip
        waiting = deque(range(len(tasks)))
        tries = [0] * len(tasks)
        running: dict[Any, int] = {}
        sent: dict[int, Any] = {}
        try:
            while waiting or running:
                while waiting and len(running) < self._most:
                    index = waiting.popleft()
                    tries[index] += 1
                    running[self._begun(tasks[index], sent)] = index
                for done in ray.wait(list(running), num_returns=1)[0]:
                    index = running.pop(done)
                    try:
                        result = ray.cloudpickle.loads(ray.get(done))
                    except exceptions.RayTaskError as error:
                        raise _cause(error) from None
                    except gone:
                        ended(tasks[index].name, tries[index], self._say)
                        waiting.append(index)
                    except exceptions.RayError as error:
                        raise _unusable(tasks[index].name, error) from error
                    else:
                        yield index, result
        finally:
            # After an error: what is not done would be done for nobody.
            for ref in running:
                with contextlib.suppress(Exception):
                    ray.cancel(ref, force=True)

    def _begun(self, task: Task[Any], sent: dict[int, Any]) -> Any:
        """A reference to the result. Arguments that tasks have in common, such as a data set, are
        sent to a node once."""
        import ray

        for argument in task.arguments:
            if id(argument) not in sent:
                sent[id(argument)] = ray.put(ray.cloudpickle.dumps(argument))
        references = [sent[id(argument)] for argument in task.arguments]
        return self._submit(self._place, *_named(task.run), *references)


def _start(jobs: int, address: str | None) -> bool:
    """Start Ray, or join a cluster; whether this process did."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is reported to anybody
    import ray

    if ray.is_initialized():
        return False
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "CRITICAL"}
    if address is None:
        only_here: dict[str, Any] = {"_node_ip_address": "127.0.0.1", "include_dashboard": False}
        ray.init("local", num_cpus=jobs, **only_here, **quiet)
        return True
    try:
        _reach(address)
        ray.init(address, **quiet)
    except (OSError, ValueError, RuntimeError) as error:
        why = " ".join(str(error).split())[:300]
        raise ConfigError(
            f"--address {address}: expected the address of a running cluster, such as "
            f"10.0.0.1:6379, which `ray start --head` prints ({why})"
        ) from error
    return True


def _reach(address: str) -> None:
    """Refuse HOST:PORT where nothing listens, which Ray itself notices after minutes."""
    host, colon, port = address.rpartition(":")
    if colon and "/" not in host:
        socket.create_connection((host, int(port)), timeout=_PATIENCE).close()


def _remote() -> Callable[..., Any]:
    import ray

    # It is this engine that begins a unit again, as it can say so and count.
    submit: Callable[..., Any] = ray.remote(num_cpus=1, max_retries=0)(_unit).remote
    return submit


def _named(run: Callable[..., Any]) -> tuple[str, str]:
    """Module and name of a function, also of a module that is run as a program."""
    module = run.__module__
    spec = getattr(sys.modules.get(module), "__spec__", None)
    return spec.name if module == "__main__" and spec is not None else module, run.__qualname__


def _unit(place: _Place, module: str, name: str, *arguments: bytes) -> bytes:
    """Do a unit, on a worker. Arguments and result are bytes, as arrays that Ray itself shares
    among processes cannot be written to."""
    from ray import cloudpickle

    _check(place)
    os.environ.update(place.environment)
    os.chdir(place.folder)
    run = getattr(importlib.import_module(module), name)
    result: bytes = cloudpickle.dumps(run(*map(cloudpickle.loads, arguments)))
    return result


def _check(place: _Place) -> None:
    """Refuse to work on a node of another version, or without the folder."""
    here = platform.node()
    if place.version != __version__:
        raise ConfigError(
            f"the node {here} has version {__version__} of dmil-explorer, and the command is of "
            f"{place.version}; install one version on all nodes"
        )
    until = time.monotonic() + _PATIENCE
    while not (place.shared / place.mark).exists():
        if time.monotonic() > until:
            raise ResourceError(
                f"the node {here} does not see what was written to {place.shared}. All nodes of a "
                "cluster have to see the folder that --out names under one path: choose one on "
                "storage that they share, such as NFS",
                "a node does not see the folder",
            )
        time.sleep(0.2)
    if not place.folder.is_dir():
        raise ResourceError(
            f"the node {here} has no folder {place.folder}, where the command was called; call it "
            "in a folder that all nodes see",
            "a node does not see the folder",
        )


def _cause(error: Any) -> BaseException:
    """What a unit raised, as it raised it."""
    cause = error.cause
    if isinstance(cause, DmilError) or not isinstance(cause, BaseException):
        return cause if isinstance(cause, DmilError) else error
    cause.add_note(str(error))
    return cause


def _unusable(name: str, error: Exception) -> ResourceError:
    why = " ".join(str(error).split())[:500]
    return ResourceError(
        f"Ray could not run {name}: {why}. What was finished is kept, and the same command goes on "
        "from there. All nodes need the same Python, the same version of Ray and dmil-explorer",
        "the cluster could not run it",
    )
