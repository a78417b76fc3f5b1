"""The record of a benchmark, and how one that takes days is made in parts.

A record is benchmarks/results/<name>.json: ``runs``, a row of figures each, and what is computed
from all of them. Every run has ``settings``, the fingerprint of how it was trained
(:func:`dmil_core.experiments.compare.fingerprint`); what a record holds is not measured again.

The repository's record is replaced as a whole, when everything is measured. ``--records DIR`` names
another folder, where the record is written after every unit of work: a study that takes days can be
stopped there, committed, and resumed on another machine, and no page mixes old figures with new
ones. ``--show`` prints it as far as it is, ``--adopt`` puts a complete one in the place of the
repository's.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.runs import Records, Result, finished, named
from dmil_core.cli.options import add_engine, engine_of
from dmil_core.io.atomic import check_writable, write_json, writing

#: Options that say where and how fast a benchmark is run, not what.
FREE = ("jobs", "engine", "address", "out", "comparison", "records", "show", "adopt")
#: Processes side by side where nobody says how many.
JOBS = 2


@dataclass(frozen=True)
class Unit:
    """Work that is done at once.

    Attributes
    ----------
    arguments
        Of the function that does it.
    settings
        Fingerprints of the runs that the record has afterwards.
    """

    arguments: tuple[Any, ...]
    settings: frozenset[str]


@dataclass(frozen=True)
class Study:
    """What a benchmark records.

    Attributes
    ----------
    shipped
        The repository's record, which pages are made from.
    names
        The fields that name a run -> their values in the order of the record; any others come
        behind them, by value. Rows of one name replace older ones together.
    summary
        What is computed from all runs, by name.
    """

    shipped: Path
    names: Mapping[str, Sequence[Any]]
    summary: Callable[[Records], dict[str, Any]]

    def with_runs(self, runs: Records, new: Records) -> Records:
        """The runs with ``new`` in place of older ones of the same names, in order."""

        def name(run: dict[str, Any]) -> tuple[Any, ...]:
            return tuple(run[field] for field in self.names)

        def position(run: dict[str, Any]) -> tuple[tuple[int, Any], ...]:
            fields = ((list(order), run[field]) for field, order in self.names.items())
            return tuple(
                (order.index(value) if value in order else len(order), value)
                for order, value in fields
            )

        replaced = {name(run) for run in new}
        return sorted([*(r for r in runs if name(r) not in replaced), *new], key=position)


class Record:
    """A study's record at a path, as far as it is made.

    Attributes
    ----------
    path
        The repository's record is written by :meth:`finish` alone, any other after every
        :meth:`add`.
    runs
        What is recorded; none where there is no file.
    """

    def __init__(self, study: Study, path: Path) -> None:
        content: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
        self.study, self.path = study, path
        self.runs: Records = content.get("runs", [])

    @property
    def settings(self) -> frozenset[str]:
        """Fingerprints of the runs; those of earlier versions have none."""
        return frozenset(run["settings"] for run in self.runs if "settings" in run)

    def missing(self, units: Iterable[Unit]) -> list[Unit]:
        """The units that the record does not hold."""
        return [unit for unit in units if not unit.settings <= self.settings]

    def add(self, new: Records) -> None:
        """Take up the runs of a unit."""
        self.runs = self.study.with_runs(self.runs, new)
        if self.path != self.study.shipped:
            self.write()

    def write(self) -> None:
        """Write the runs, without what is computed from them."""
        write_json(self.path, {"runs": self.runs})

    def content(self) -> dict[str, Any]:
        """The whole record.

        Raises
        ------
        SystemExit
            If it has no run.
        """
        if not self.runs:
            raise SystemExit(f"{self.path}: no run is recorded yet")
        return {"runs": self.runs, **self.study.summary(self.runs)}

    def finish(self, units: Sequence[Unit]) -> dict[str, Any]:
        """Write the record with what is computed from it; returns it. The repository's has the
        runs of these units alone."""
        if self.path == self.study.shipped:
            self._restrict(units)
        content = self.content()
        write_json(self.path, content)
        return content

    def adopt(self, units: Sequence[Unit]) -> dict[str, Any]:
        """Move the record to the place of the repository's.

        Raises
        ------
        SystemExit
            If it does not hold all units.
        """
        if missing := self.missing(units):
            first = "; ".join(named(unit.arguments) for unit in missing[:3])
            raise SystemExit(
                f"{self.path} lacks {len(missing)} of {len(units)} parts ({first}"
                f"{' ...' if len(missing) > 3 else ''}); go on with --records before --adopt"
            )
        self._restrict(units)
        content = self.content()
        write_json(self.study.shipped, content)
        with writing(self.path):
            self.path.unlink()
        return content

    def _restrict(self, units: Sequence[Unit]) -> None:
        wanted = frozenset[str]().union(*(unit.settings for unit in units))
        self.runs = [run for run in self.runs if run.get("settings") in wanted]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say where the record is, and where units of work run."""
    add_engine(parser, JOBS)
    parser.add_argument(
        "--records", type=Path, metavar="DIR",
        help="keep the record in this folder, written after every part; to go on another day",
    )  # fmt: skip
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--show", action="store_true", help="measure nothing, print the record")
    group.add_argument(
        "--adopt", action="store_true",
        help="measure nothing; put the complete record of --records in the repository's place",
    )  # fmt: skip


def add_common(
    parser: argparse.ArgumentParser, paradigms: Sequence[str], seeds: int, out: str
) -> None:
    """Add these, and the other options that most benchmarks share."""
    parser.add_argument("--paradigms", nargs="+", default=list(paradigms))
    parser.add_argument("--seeds", type=int, default=seeds)
    parser.add_argument("--epochs-scale", type=float, default=1.0, help="for a quick look")
    parser.add_argument("--out", type=Path, default=Path(out))
    add_options(parser)


def is_whole(parser: argparse.ArgumentParser, a: argparse.Namespace) -> bool:
    """Whether all is run as it is by default."""
    return all(v == parser.get_default(k) for k, v in vars(a).items() if k not in FREE)


def record_path(parser: argparse.ArgumentParser, a: argparse.Namespace, shipped: Path) -> Path:
    """A file of ``--records``; without it, the repository's record where all is run as it is by
    default, else a file under ``--out``."""
    folder: Path | None = getattr(a, "records", None)
    if folder is None:
        return path_for(shipped, is_whole(parser, a), a.out)
    return folder / shipped.name


def path_for(record: Path, whole: bool, out: Path) -> Path:
    """Where to write what is measured: the record itself if it is the ``whole`` of it, else a file
    under ``out``."""
    return record if whole else out / record.name


def opened(parser: argparse.ArgumentParser, a: argparse.Namespace, study: Study) -> Record:
    """The record that these options name; options that contradict each other end the program."""
    if a.adopt and a.records is None:
        parser.error("--adopt: expected --records with the folder of the complete record")
    if a.adopt and not is_whole(parser, a):
        parser.error("--adopt takes a complete study; leave out the options that choose a part")
    return Record(study, record_path(parser, a, study.shipped))


def carry_out(
    record: Record, a: argparse.Namespace, measure: Callable[..., Result], units: Sequence[Unit],
    take: Callable[[Record, Any], None] = Record.add,
) -> dict[str, Any]:  # fmt: skip
    """Measure what the record lacks, ``measure(*arguments)`` for each unit; returns the record.

    ``take`` adds to the record what a unit returned, by default its runs. With ``--show`` and
    ``--adopt`` nothing is measured.
    """
    if a.show:
        return record.content()
    if a.adopt:
        return record.adopt(units)
    check_writable(record.path)
    missing = record.missing(units)
    print(f"{len(units) - len(missing)} of {len(units)} parts are in {record.path}", flush=True)
    for _, new in finished(measure, [unit.arguments for unit in missing], engine_of(a, JOBS)):
        take(record, new)
    return record.finish(units)
