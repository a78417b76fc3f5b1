"""What each input is worth, given the others: to a model, by its heads, computed when the page
first needs it; or by the data alone, by small networks that a job fits and keeps."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.jobs.queue import Job, Step, command, jobs
from dashboard.services.sample.samples import modality_names, source
from dashboard.services.store.catalog import (
    Checkpoint,
    CheckpointCatalog,
    DataProblem,
    log,
    stamp,
    table,
)
from dmil_core.errors import DmilError
from dmil_core.io.paths import checkpoints_root

if TYPE_CHECKING:
    from dmil_core.information.worth.acquisition import Acquisition
    from dmil_core.information.worth.gains import Gain, Worth
    from dmil_core.information.worth.posteriors import Known
    from dmil_core.metrics.intervals import Interval

#: Samples that are linked to.
SHOWN = 5


@dataclass(frozen=True)
class Result:
    """Worth and curves of each input, in the order of the inputs."""

    known: Known
    worth: tuple[Worth, ...]
    curves: tuple[Acquisition, ...]


@dataclass(frozen=True)
class Subject:
    """A data set of which it is asked what its inputs are worth.

    Attributes
    ----------
    data, title : its name in the address, and for people.
    source : what ``dmil worth --data`` takes.
    file : where the result of the job is kept.
    digest : of the set that the models were trained on; "" where there is no model.
    own : whether a visitor uploaded it, so that its source means nothing elsewhere.
    """

    data: str
    title: str
    source: str
    file: Path
    digest: str
    own: bool


@dataclass(frozen=True)
class Shown:
    """All that a page or a report shows of one input.

    Attributes
    ----------
    name : of the input.
    samples : of how many samples.
    verdict, notes : sentences.
    measures : columns measure (bits, corrected, accuracy, auroc, log_loss), without, with, gain,
        interval, in words.
    parts : what samples are told apart by -> name, samples, bits and their interval.
    curve : columns share and ``accuracy_<policy>``, from 0 to 1.
    point : share and accuracy with the least total cost.
    """

    name: str
    samples: int
    verdict: tuple[str, ...]
    notes: tuple[str, ...]
    measures: pd.DataFrame
    parts: dict[str, tuple[tuple[str, int, float, float, float], ...]]
    curve: pd.DataFrame
    point: tuple[float, float]

    @property
    def at_half(self) -> tuple[float, float]:
        """Accuracy where half of the samples get it: the least certain, and at random."""
        row = self.curve.iloc[(self.curve["share"] - 0.5).abs().argmin()]
        return float(row["accuracy_entropy"]), float(row["accuracy_random"])


def subject(catalog: CheckpointCatalog, data: str) -> Subject:
    """The set of this name; its rows are those of the first of its models that can be read."""
    from dmil_core.information.worth.store import FILE

    readable = [c for c in catalog.of(data) if c.run is not None]
    title = catalog.titles.get(data, data)
    if not readable:
        folder = checkpoints_root() / re.sub(r"[^A-Za-z0-9._-]+", "_", data)
        return Subject(data, title, data, folder / FILE, "", False)
    first = min(readable, key=lambda c: c.seed)
    assert first.run is not None
    title = str(first.run.data_card.get("title") or title)
    file = first.folder.parents[1] / FILE
    return Subject(
        data, title, first.run.data_source, file, first.run.data_digest, data in catalog.own
    )


def estimate(of: Subject, owner: str) -> Job:
    """Let small networks be fitted to a set in the background, and what they say be kept.

    Raises BusyError where too much is under way.
    """
    argv = command("worth", "--data", of.source, "--out", of.file, "--progress", "json")
    title = f"Worth of the inputs of {of.title}"
    return jobs().submit(owner, "worth", title, of.file.parent, [Step("worth", argv)])


def estimating(of: Subject) -> Job | None:
    """The latest job that does this."""
    return jobs().find("worth", of.file.parent)


def of_data(of: Subject) -> Result | DataProblem | None:
    """What is kept of a set's worth by the data alone; None where nothing is, or it is of other
    rows."""
    return _of_data(str(of.file), stamp([of.file]), of.digest)


@st.cache_resource(max_entries=8, show_spinner="Reading the worth of each input …")
def _of_data(file: str, key: str, digest: str) -> Result | DataProblem | None:
    from dmil_core.information.worth.store import load

    if not key:
        return None
    try:
        known, data = load(Path(file))
    except DmilError as error:
        log.warning("worth of a set: %s", error)
        return DataProblem(str(error))
    return None if digest not in ("", data) else _result(known)


def _result(known: Known) -> Result:
    from dmil_core.information.worth.acquisition import acquisition
    from dmil_core.information.worth.gains import worth as of

    by = tuple(n for n in ("interaction_type",) if n in known.by)
    curves = tuple(acquisition(known, m) for m in range(len(known.names)))
    return Result(known, of(known, by=by), curves)


def worth(checkpoint: Checkpoint) -> Result | DataProblem:
    """By the heads of a model on its test samples, or why that cannot be said."""
    return _worth(str(checkpoint.folder), checkpoint.stamp, checkpoint)


@st.cache_resource(max_entries=8, show_spinner="Computing the worth of each input …")
def _worth(folder: str, key: str, _checkpoint: Checkpoint) -> Result | DataProblem:
    from dmil_core.information.worth.posteriors import from_table

    data: Any = source(_checkpoint)
    dataset = None if isinstance(data, DataProblem) else data
    classes = _checkpoint.run.classes if _checkpoint.run else ()
    try:
        known = from_table(table(_checkpoint), classes, modality_names(_checkpoint), dataset)
        return _result(known)
    except DmilError as error:
        return DataProblem(str(error))


def shown(result: Result, m: int, price: float) -> Shown:
    """What is shown of input ``m``, counted from 0, at a price in errors."""
    from dmil_core.information.worth.acquisition import at_price
    from dmil_core.information.worth.verdict import verdict

    one, curves = result.worth[m], at_price(result.known, m, result.curves[m], price)
    point = curves.points["entropy"]
    return Shown(
        name=one.name,
        samples=one.rows,
        verdict=verdict(result.known, one, curves),
        notes=result.known.notes,
        measures=_measures(one),
        parts={
            by: tuple((p.name, p.rows, p.bits.value, p.bits.low, p.bits.high) for p in parts)
            for by, parts in one.parts.items()
            if parts
        },
        curve=curves.curve,
        point=(point.share, point.accuracy),
    )


def _measures(one: Worth) -> pd.DataFrame:
    def gain(name: str, of: Gain, digits: int) -> tuple[str, ...]:
        return (name, f"{of.without:.{digits}f}", f"{of.with_:.{digits}f}",
                *_in_words(of.gain, digits))  # fmt: skip

    accuracy = one.accuracy
    rows = [
        ("bits", "", "", *_in_words(one.bits, 2)),
        *([] if one.corrected is None else [("corrected", "", "", *_in_words(one.corrected, 2))]),
        ("accuracy", f"{accuracy.without:.1%}", f"{accuracy.with_:.1%}",
         *_in_words(accuracy.gain, 1, 100.0, " points")),
        gain("auroc", one.auroc, 3),
        gain("log_loss", one.log_loss, 2),
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["measure", "without", "with", "gain", "interval"])


def _in_words(of: Interval, digits: int, scale: float = 1.0, unit: str = "") -> tuple[str, str]:
    value, low, high = (scale * v for v in (of.value, of.low, of.high))
    ends = "" if math.isnan(low) else f"{low:+.{digits}f} to {high:+.{digits}f}"
    return f"{value:+.{digits}f}{unit}", ends


def rescued(result: Result, m: int) -> tuple[tuple[str, str], ...]:
    """Id and class of samples that input ``m`` sets right, those that gain most first."""
    return _changed(result, m, rescued=True)


def misled(result: Result, m: int) -> tuple[tuple[str, str], ...]:
    """Id and class of samples that are right without input ``m`` and wrong with it."""
    return _changed(result, m, rescued=False)


def _changed(result: Result, m: int, rescued: bool) -> tuple[tuple[str, str], ...]:
    known = result.known
    at = np.arange(len(known.y))
    without, full = known.without[m].log_q, known.log_q
    right = [q.argmax(axis=1) == known.y for q in (without, full)]
    rows = np.flatnonzero(~right[0] & right[1] if rescued else right[0] & ~right[1])
    gain = full[at, known.y] - without[at, known.y]
    order = np.argsort(-gain[rows] if rescued else gain[rows], kind="stable")
    return tuple((str(known.ids[i]), known.classes[known.y[i]]) for i in rows[order])
