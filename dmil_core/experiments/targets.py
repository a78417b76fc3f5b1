"""Acceptance criteria with their outcome, and the file that hands them to the app.

A study's criteria are defined where the study is (for this project in ``benchmarks/``); here is
only the form of their outcome. ``targets.json`` holds, by study, the list of its targets::

    {"version": 1, "studies": {"comparison": [{"claim": ..., "state": "met", "figure": ...,
                                               "failing": []}]}}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Literal

from dmil_core.errors import DataError
from dmil_core.io import strict_json
from dmil_core.io.atomic import write_json
from dmil_core.io.reading import MAX_RECORD_BYTES, read_json

State = Literal["met", "missed", "open"]
#: Studies whose criteria the app shows.
Study = Literal["comparison", "held-out", "fidelity"]

TARGETS_FILE: Final = "targets.json"
TARGETS_VERSION: Final = 1


@dataclass(frozen=True)
class Target:
    """One acceptance criterion with the figure that decides it.

    Attributes
    ----------
    claim
        What is to hold.
    state
        ``open`` where nothing contradicts the claim but records are missing.
    figure
        What was measured, in words and numbers.
    failing
        The cases that do not hold, each with its figure.
    """

    claim: str
    state: State
    figure: str
    failing: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Outcome:
    """What a file of targets holds."""

    version: int
    studies: dict[Study, tuple[Target, ...]]


def judged(claim: str, figure: str, failing: Sequence[str], complete: bool) -> Target:
    """A target with its state: ``missed`` with any failing case, ``met`` once all are measured."""
    state: State = "missed" if failing else "met" if complete else "open"
    return Target(claim, state, figure, tuple(failing))


def unmeasured(claim: str) -> Target:
    """A target for which nothing has been measured yet."""
    return Target(claim, "open", "not measured yet")


def write_targets(path: Path, studies: Mapping[Study, Sequence[Target]]) -> None:
    """Write the outcome of all studies, at once or not at all."""
    listed = {study: [asdict(t) for t in targets] for study, targets in studies.items()}
    write_json(path, {"version": TARGETS_VERSION, "studies": listed})


def read_targets(path: Path) -> dict[Study, list[Target]]:
    """The outcome of each study in a file; empty where there is no file.

    Raises
    ------
    DataError
        If the file is not such a list, or was written by a newer version.
    """
    try:
        listed = read_json(path, MAX_RECORD_BYTES, advice="Run `make results` to write it again")
    except FileNotFoundError:
        return {}
    try:
        outcome: _Outcome = strict_json.read(_Outcome, listed)
        if outcome.version != TARGETS_VERSION:
            raise ValueError(f"version {outcome.version}, expected {TARGETS_VERSION}")
    except (ValueError, RecursionError) as error:
        faults = getattr(error, "faults", ())
        what = "; ".join(fault.describe("targets") for fault in faults) or str(error)
        raise DataError(
            f"{path} is not a list of targets ({what}); run `make results` to write it again"
        ) from None
    return {study: list(targets) for study, targets in outcome.studies.items()}
