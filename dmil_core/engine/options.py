"""Which engine runs units of work: what ``--engine``, ``--jobs`` and ``--address`` say."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

from dmil_core.engine.tasks import Engine
from dmil_core.errors import ConfigError

EngineName = Literal["local", "ray"]
ENGINES: Final[tuple[EngineName, ...]] = get_args(EngineName)


@dataclass(frozen=True)
class EngineOptions:
    """Where units of work run.

    Attributes
    ----------
    name : ``local``, processes of this machine, or ``ray``.
    jobs : units side by side; None for one, of an existing cluster for as many as it has CPUs.
    address : of an existing cluster of Ray; None starts Ray on this machine.

    Raises
    ------
    ConfigError
        If there is no such engine, or it has no address.
    """

    name: EngineName = "local"
    jobs: int | None = None
    address: str | None = None

    def __post_init__(self) -> None:
        if self.name not in ENGINES:
            raise ConfigError(f"engine {self.name!r}: expected one of {', '.join(ENGINES)}")
        if self.address is not None and self.name != "ray":
            raise ConfigError("--address is of a cluster of Ray; add --engine ray, or leave it out")

    @property
    def is_here(self) -> bool:
        """Whether all is done in this very process."""
        return self.name == "local" and (self.jobs or 1) == 1

    def opened(self, shared: Path) -> contextlib.AbstractContextManager[Engine]:
        """The engine; processes that it started end with the block.

        Parameters
        ----------
        shared
            An existing folder that all nodes of a cluster have to see, as units write there.

        Raises
        ------
        ConfigError
            If Ray is not installed, or no cluster answers at the address.
        """
        if self.name == "ray":
            from dmil_core.engine.ray import RayEngine

            return RayEngine(shared, self.jobs, self.address)
        from dmil_core.engine.local import LocalEngine

        return LocalEngine(self.jobs or 1)
