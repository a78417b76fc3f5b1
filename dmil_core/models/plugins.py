"""Encoders of users: modules that are named on the command line or in the environment, and
installed packages that declare an entry point.

Code of a user runs only where the user named it: by ``--plugin``, in ``DMIL_PLUGINS``, by
importing it in Python, or by installing a package with an entry point of group
``dmil_core.encoders``. Nothing in a checkpoint or a data file can name a module.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Iterable
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Final

from dmil_core.errors import ConfigError

if TYPE_CHECKING:
    from torch import nn

    from dmil_core.config import EncoderConfig

#: Environment variable with the names of modules, separated by commas. Child processes inherit it.
VARIABLE: Final = "DMIL_PLUGINS"
#: An entry point's name is the encoder's; its value is ``module:build``.
GROUP: Final = "dmil_core.encoders"


def named() -> tuple[str, ...]:
    """The modules that ``DMIL_PLUGINS`` names."""
    listed = (name.strip() for name in os.environ.get(VARIABLE, "").split(","))
    return tuple(dict.fromkeys(name for name in listed if name))


def add(modules: Iterable[str]) -> None:
    """Import modules, and add them to ``DMIL_PLUGINS`` of this process and its children.

    Raises
    ------
    ConfigError
        If a module does not exist or fails when it is imported.
    """
    every = tuple(dict.fromkeys((*named(), *modules)))
    _load(every)
    os.environ[VARIABLE] = ",".join(every)


def load() -> None:
    """Import every module that ``DMIL_PLUGINS`` names; each registers its encoders then.

    Modules are found as Python finds them, and in the current folder.

    Raises
    ------
    ConfigError
        If a module does not exist or fails when it is imported.
    """
    _load(named())


def _load(modules: Iterable[str]) -> None:
    for module in modules:
        if module not in sys.modules:
            imported(module, "the plugin", f"--plugin and {VARIABLE} expect")


def imported(module: str, what: str, expects: str) -> ModuleType:
    """A module that the user named, found as Python finds it or in the current folder.

    Parameters
    ----------
    what, expects : for messages: what the module is, and where a name of one is expected.

    Raises
    ------
    ConfigError
        If it does not exist or fails when it is imported.
    """
    here = str(Path.cwd())
    if "" not in sys.path and here not in sys.path:
        sys.path.append(here)  # last, so that nothing in the folder takes another module's place
        importlib.invalidate_caches()
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name and (module == error.name or module.startswith(f"{error.name}.")):
            raise ConfigError(
                f"{what} {module!r} was not found; {expects} the name of a "
                f"Python module (mymodule, not mymodule.py) that is installed or lies in {here}"
            ) from None
        raise ConfigError(f"{what} {module!r} cannot be imported: {error}") from error
    except ConfigError:
        raise
    except Exception as error:
        why = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        raise ConfigError(f"{what} {module!r} cannot be imported: {why}") from error


def entry_point(kind: str) -> Callable[[EncoderConfig], nn.Module] | None:
    """The encoder of this name that an installed package declares; None if none does.

    Raises
    ------
    ConfigError
        If the declared function cannot be imported.
    """
    for point in entry_points(group=GROUP, name=kind):
        try:
            return point.load()
        except Exception as error:
            raise ConfigError(
                f"encoder {kind!r} of entry point {point.value!r} cannot be imported: {error}. "
                "Repair or uninstall the package that declares it"
            ) from error
    return None
