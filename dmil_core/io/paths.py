"""Where data sets, checkpoints, results of benchmarks and visitors' own sets are.

In a checkout they are folders of the repository. An installed package reads the demonstration that
it carries, and reads and writes the user's own files in the platform's folder for application data.
A ``DMIL_*`` variable wins over both. The package's own folder is never written to.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from platformdirs import user_data_dir

from dmil_core.errors import ConfigError

PROJECT: Final = "dmil-explorer"
PACKAGE: Final = Path(__file__).resolve().parents[1]
#: What a wheel carries beside the modules; see setup.py. A checkout has neither folder.
DEMONSTRATION: Final = PACKAGE / "_demonstration"
CARRIED_APP: Final = PACKAGE / "_app"


def named_path(text: str | Path) -> Path:
    """The path that a user names; ``~`` and ``~name`` are home folders, as in a shell.

    Raises
    ------
    ConfigError
        If the text is empty, which would be the current folder, or names the home of nobody.
    """
    if not str(text):
        raise ConfigError("expected a path, got an empty text; the current folder is '.'")
    if "\0" in str(text):
        raise ConfigError("expected a path, got a text with a zero byte, which no path has")
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise ConfigError(
            f"{text}: there is no user {Path(text).parts[0][1:]!r} whose home folder it could be; "
            f"a folder of that name is ./{text}"
        ) from None


def checkout() -> Path | None:
    """The repository that the package is imported from; None where it is installed."""
    folder = PACKAGE.parent
    try:
        text = (folder / "pyproject.toml").read_text("utf-8")
    except OSError:
        return None
    return folder if f'name = "{PROJECT}"' in text else None


def _root(variable: str, in_checkout: str, in_user_data: str) -> Path:
    if value := os.environ.get(variable):
        return Path(value)
    repository = checkout()
    if repository:
        return repository / in_checkout
    return Path(user_data_dir(PROJECT, appauthor=False)) / in_user_data


def sample_data_root() -> Path:
    """Folder of the data sets that are found by name; ``DMIL_SAMPLE_DATA`` overrides it."""
    return _root("DMIL_SAMPLE_DATA", "sample_data", "sample_data")


def checkpoints_root() -> Path:
    """Folder that checkpoints are written to; ``DMIL_CHECKPOINTS`` overrides it."""
    return _root("DMIL_CHECKPOINTS", "checkpoints", "checkpoints")


def checkpoints_roots() -> tuple[Path, ...]:
    """Every folder that checkpoints are read from: :func:`checkpoints_root`, then the package's.

    Those of the demonstration are left out where ``DMIL_CHECKPOINTS`` is set.
    """
    carried = DEMONSTRATION / "checkpoints"
    if os.environ.get("DMIL_CHECKPOINTS") or not carried.is_dir():
        return (checkpoints_root(),)
    return (checkpoints_root(), carried)


def results_root() -> Path:
    """Folder of the benchmarks' records; ``DMIL_RESULTS`` overrides it."""
    carried = DEMONSTRATION / "results"
    if carried.is_dir() and not os.environ.get("DMIL_RESULTS"):
        return carried
    return _root("DMIL_RESULTS", "benchmarks/results", "results")


def uploads_root() -> Path:
    """Folder of what visitors of the app upload and train; ``DMIL_UPLOADS`` overrides it."""
    return _root("DMIL_UPLOADS", "uploads", "uploads")


def app_folder() -> Path | None:
    """The folder that holds ``dashboard/``; None where there is no app."""
    candidates = (CARRIED_APP, checkout())
    return next((f for f in candidates if f and (f / "dashboard" / "app.py").is_file()), None)
