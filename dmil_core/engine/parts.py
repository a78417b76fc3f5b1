"""Parts of a source side by side: one part is one unit of work, and one file.

Each unit reads its rows and writes its file; only a number comes back. Parts that are there are
left as they are, as :meth:`dmil_core.io.parts.PartsFolder.write` leaves them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any, TypeVar

from dmil_core.engine.options import EngineOptions
from dmil_core.engine.tasks import Task
from dmil_core.errors import DataError
from dmil_core.io.parts import Part, PartsFolder, Rows, Written

P = TypeVar("P", bound=Part)


def write_parts(
    folder: PartsFolder, parts: Sequence[P], rows_of: Callable[[P, int], Iterator[Rows]],
    footer: Mapping[str, Any], progress: Callable[[int, int], None] | None = None,
    engine: EngineOptions | None = None, counted: bool = True,
) -> Written:  # fmt: skip
    """Write the parts that are not there, by an engine.

    Parameters
    ----------
    folder, parts, rows_of, footer, progress
        As for :meth:`dmil_core.io.parts.PartsFolder.write`; ``rows_of`` is picklable.
    engine
        What writes them; None for this very process. All nodes of a cluster have to see the folder
        and the source.
    counted
        Whether ``rows_of`` depends on how many rows of the parts before can be used. Side by side
        that is not known, so that all of them have to.

    Raises
    ------
    DataError
        Of ``rows_of``, or if rows cannot be used that have to; whole parts are kept.
    ResourceError
        If disk, permissions, quota or memory do not suffice.
    """
    if engine is None or engine.is_here:
        return folder.write(parts, rows_of, footer, progress)
    folder.begin()
    starts = accumulate((part.rows for part in parts), initial=0)
    tasks, rows = [], []
    for part, start in zip(parts, starts, strict=False):
        if not folder.file(part).exists():
            work = (folder, part, rows_of, start, dict(footer), counted)
            tasks.append(Task(folder.file(part).name, _write, work))
            rows.append(part.rows)
    total = sum(part.rows for part in parts)
    done = total - sum(rows)
    with engine.opened(folder.path) as runner:
        for index, _ in runner.each(tasks):
            done += rows[index]
            if progress is not None:
                progress(done, total)
    return folder.write(parts, rows_of, footer)


def _write(
    folder: PartsFolder, part: P, rows_of: Callable[[P, int], Iterator[Rows]], start: int,
    footer: Mapping[str, Any], counted: bool,
) -> None:  # fmt: skip
    """One part, on one thread."""
    if "torch" in sys.modules:  # as where a model is among what was sent
        import torch

        torch.set_num_threads(1)
    rows = rows_of(part, start)
    folder.write_part(part, _all_of(part, rows) if counted else rows, footer)


def _all_of(part: Part, rows: Iterator[Rows]) -> Iterator[Rows]:
    read = 0
    for some in rows:
        read += some.read
        yield some
    if read != part.rows:
        raise DataError(
            f"{part.rows - read:,} of {part.rows:,} rows of part {part.number} cannot be used, so "
            "that the rows behind them cannot be numbered side by side. Name a column with --id, "
            "or write to a new folder without --jobs and --engine"
        )
