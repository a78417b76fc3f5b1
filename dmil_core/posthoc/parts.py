"""Evaluations of a model that go on where they were interrupted.

A model may take hours to be evaluated on all samples and partners. Whole parts, results of some
samples after others, are written to a folder; who is killed loses the seconds since the last one.
The next call of the same model, data and settings takes them and evaluates the rest, in the same
calls of f as without an interruption. ``parts.json`` says what the parts are of,
``answers.safetensors`` what f returned for the samples as they are. A function has no digest:
parts are discarded where it now answers differently.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import numpy as np

from dmil_core.checkpoint import Run
from dmil_core.errors import ConfigError, DataError
from dmil_core.io.atomic import make_folder, replacing, write_json, writing
from dmil_core.io.paths import named_path
from dmil_core.io.reading import MIB, parsing, read_checked, read_json
from dmil_core.partial_information.pmf import Floats
from dmil_core.posthoc.function import Predict
from dmil_core.posthoc.samples import Samples

#: Of what is written; parts of another version are discarded.
VERSION: Final = 1
ABOUT_FILE: Final = "parts.json"
ANSWERS_FILE: Final = "answers.safetensors"
#: Stage, first row, and rows that f was evaluated on.
_PART: Final = re.compile(r"(.+)-(\d{9})-(\d+)\.safetensors")
#: Seconds between two parts.
SECONDS: Final = 5.0
_MOST_BYTES: Final = 4096 * MIB
#: How far answers of the same model may be from each other, of their largest.
_TOLERANCE: Final = 1e-4


class Parts:
    """Parts in a folder.

    Attributes
    ----------
    answers : (N, K) what f returned for the samples; those of the first call, where it goes on.
    evaluations : rows that f was evaluated on for the parts that were there.
    """

    def __init__(self, folder: Path, answers: Floats) -> None:
        self.answers, self.evaluations = answers, 0
        self._folder = folder
        self._parts: dict[str, list[tuple[int, list[Floats]]]] = {}
        self._written = time.monotonic()

    @classmethod
    def opened(cls, folder: Path, about: Mapping[str, Any], answers: Floats) -> Self:
        """Parts that an earlier call left, where they are of the same; else an empty folder.

        Parameters
        ----------
        about
            Whatever the results depend on, for JSON.
        answers
            (N, K) what f returns for the samples.

        Raises
        ------
        ResourceError
            If disk, permissions, quota or memory do not suffice.
        """
        known = json.loads(json.dumps({"version": VERSION, **about}))
        found = cls(folder, answers)
        with contextlib.suppress(FileNotFoundError, DataError):
            before = read_json(folder / ABOUT_FILE, MIB)
            (stored,) = _read(folder / ANSWERS_FILE)
            if before == known and _alike(stored, answers):
                found.answers = stored
                found._load()
                return found
        remove(folder)
        make_folder(folder)
        _write(folder / ANSWERS_FILE, [answers])
        write_json(folder / ABOUT_FILE, known)
        return found

    @classmethod
    def of_samples(
        cls, folder: str | Path, f: Predict, name: str | None, data: Samples,
        settings: Mapping[str, Any], answers: Floats,
    ) -> Self:  # fmt: skip
        """:meth:`opened`, of a model, what it is to be evaluated on, and settings."""
        about = {"model": identity(f, name), "data": digest(data), **settings}
        return cls.opened(named_path(folder), about, answers)

    def _load(self) -> None:
        for part in _found(self._folder):
            with contextlib.suppress(FileNotFoundError, DataError):
                self._parts.setdefault(part.stage, []).append((part.start, _read(part.path)))
                self.evaluations += part.evaluations

    def of(self, stage: str) -> Iterator[tuple[int, list[Floats]]]:
        """First row and results of each part of a stage, one after the other."""
        return iter(sorted(self._parts.get(stage, []), key=lambda part: part[0]))

    def due(self) -> bool:
        """Whether it is time for the next part."""
        return time.monotonic() - self._written >= SECONDS

    def write(self, stage: str, start: int, results: Sequence[Floats], evaluations: int) -> None:
        """Keep results of some rows, from ``start`` on."""
        name = f"{stage}-{start:09d}-{evaluations}.safetensors"
        _write(self._folder / name, results)
        self._written = time.monotonic()


def remove(folder: Path) -> None:
    """Remove the parts in a folder, and the folder where nothing else is in it."""
    names = [folder / ABOUT_FILE, folder / ANSWERS_FILE]
    with writing(folder):
        for path in [*names, *(part.path for part in _found(folder))]:
            path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        folder.rmdir()


def collected(
    stage: str, rows: int, step: int, shapes: Sequence[tuple[int, ...]],
    results: Callable[[slice], Sequence[Floats]], each: int, parts: Parts | None = None,
) -> list[Floats]:  # fmt: skip
    """Results of all rows, computed for ``step`` of them after others, or taken from parts.

    Parameters
    ----------
    stage
        Name of these results.
    rows
        How many rows there are.
    shapes
        Of each result of a row.
    results
        Results (n, ...) of a slice of rows.
    each
        On how many rows f is evaluated for one.
    parts
        Where parts are kept.
    """
    whole = [np.empty((rows, *shape)) for shape in shapes]
    start = 0
    for first, part in parts.of(stage) if parts is not None else ():
        stop = first + len(part[0]) if part else first
        fits = [p.shape for p in part] == [(stop - first, *shape) for shape in shapes]
        if not (fits and first == start < stop <= rows and (stop % step == 0 or stop == rows)):
            continue
        for of_all, of_part in zip(whole, part, strict=True):
            of_all[first:stop] = of_part
        start = stop
    kept = start
    for begin in range(start, rows, step):
        end = min(begin + step, rows)
        for of_all, of_part in zip(whole, results(slice(begin, end)), strict=True):
            of_all[begin:end] = of_part
        if parts is not None and (end == rows or parts.due()):
            parts.write(stage, kept, [r[kept:end] for r in whole], (end - kept) * each)
            kept = end
    return whole


# --- what parts are of ---------------------------------------------------------------------


def identity(f: Predict, name: str | None) -> str:
    """What tells a model from others: the digest of a checkpoint or of a file, else its name.

    Raises
    ------
    ConfigError
        If it has neither.
    """
    run, content = getattr(f, "run", None), getattr(f, "content", None)
    if isinstance(run, Run):
        return f"checkpoint {run.weights_sha256}"
    if isinstance(content, bytes):
        return f"file {hashlib.sha256(content).hexdigest()}"
    if not name:
        raise ConfigError(
            "parts: a function has no digest; name the model (model=...), so that what "
            "another one left there is not taken for its results"
        )
    return f"named {name}"


def digest(data: Samples) -> str:
    """SHA-256 of the inputs, classes, samples and background set.

    Raises
    ------
    ConfigError
        If inputs are none of arrays, tensors, tables, and lists of numbers or texts.
    """
    total = hashlib.sha256()
    labels = [] if data.y is None else [data.y]
    for x in (*data.inputs, data.rows, data.background, *labels):
        for part in _bytes(x):
            total.update(part)
    return total.hexdigest()


def _bytes(x: Any) -> Iterator[bytes]:
    if hasattr(x, "tocsr"):
        x = x.tocsr()
        for part in (x.data, x.indices, x.indptr, np.asarray(x.shape)):
            yield from _bytes(part)
        return
    if hasattr(x, "iloc"):
        import pandas as pd

        with _hashable():
            columns = x.columns if hasattr(x, "columns") else [x.name]
            yield json.dumps([str(c) for c in columns]).encode()
            yield pd.util.hash_pandas_object(x, index=False).to_numpy().tobytes()
        return
    array = np.asarray(x.detach().cpu() if hasattr(x, "detach") else x)
    yield f"{array.dtype.str}{array.shape}".encode()
    if array.dtype.hasobject:
        with _hashable():
            yield json.dumps(array.tolist()).encode()
    else:
        yield np.ascontiguousarray(array).tobytes()


@contextlib.contextmanager
def _hashable() -> Iterator[None]:
    try:
        yield
    except TypeError as error:
        raise ConfigError(
            "parts: expected arrays, tensors, tables, or lists of numbers or texts as inputs, "
            f"so that they can be told from others: {error}"
        ) from error


# --- files ---------------------------------------------------------------------------------


class _Part(NamedTuple):
    """A file, and what its name says."""

    path: Path
    stage: str
    start: int
    evaluations: int


def _found(folder: Path) -> list[_Part]:
    with contextlib.suppress(OSError):
        named = [(path, _PART.fullmatch(path.name)) for path in folder.iterdir()]
        return [_Part(p, m[1], int(m[2]), int(m[3])) for p, m in named if m is not None]
    return []


def _alike(before: Floats, now: Floats) -> bool:
    if before.shape != now.shape:
        return False
    return bool(np.abs(before - now).max() <= _TOLERANCE * max(1.0, float(np.abs(before).max())))


def _write(path: Path, arrays: Sequence[Floats]) -> None:
    from safetensors.numpy import save_file

    named = {f"{i:03d}": np.ascontiguousarray(a) for i, a in enumerate(arrays)}
    with replacing(path) as temporary:
        save_file(named, temporary)


def _read(path: Path) -> list[Floats]:
    from safetensors.numpy import load

    content = read_checked(path, _MOST_BYTES)
    with parsing(path, "a part of an explanation", advice="It is evaluated again"):
        arrays = load(content)
        result = [arrays[name] for name in sorted(arrays)]
        if not all(a.dtype == np.float64 and np.isfinite(a).all() for a in result):
            raise DataError(f"{path}: expected finite numbers")
    return result
