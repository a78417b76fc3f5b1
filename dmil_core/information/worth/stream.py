"""What is known with and without each input of rows that do not fit into memory.

Networks are fitted to rows drawn from all of the source; then it is read a second time, and what
they say of every row is written in parts. Figures that need all rows at once, such as the area
under the ROC curve, are those of the rows of the fit, whose posteriors are out of fold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from dmil_core.data import absent
from dmil_core.data.files.load import Request
from dmil_core.data.files.stream import FitRows, Part, Source, batches, columns_said
from dmil_core.information.refits import REFITS, check_refits
from dmil_core.information.stream import FIT_ROWS
from dmil_core.information.worth.posteriors import Known, with_networks
from dmil_core.information.worth.store import about_of, table_of
from dmil_core.io.parts import PartsFolder, Rows, Work, arrow_of
from dmil_core.partial_information.pmf import Floats
from dmil_core.partial_information.pointwise import Mean, mean_of

__all__ = ["FIT_ROWS", "Streamed", "posteriors_parts"]

#: What rows can be told apart by only where some of them lack an input, which are left out here.
_LACKS: Final = absent.WITHOUT


@dataclass(frozen=True, eq=False)
class Streamed:
    """What was written, and what is known of the rows of the fit.

    Attributes
    ----------
    known : of the rows of the fit alone.
    rows, of : rows that were written, of the source.
    gains : of each input the mean over all rows of log q(y | x) - log q(y | x_-m), in nats, and its
        standard error, with that of the fit.
    """

    known: Known
    rows: int
    of: int
    gains: tuple[Mean, ...]


def posteriors_parts(
    source: Source, out: Path, request: Request, seed: int = 0, fit_rows: int = FIT_ROWS,
    refits: int = REFITS, progress: Callable[[float], None] | None = None,
) -> Streamed:  # fmt: skip
    """Write the columns of ``worth.parquet`` for all rows of a source that have all inputs.

    Memory does not grow with the rows. Where there are no more than ``fit_rows``, and none lacks an
    input, values are those of :func:`dmil_core.information.worth.posteriors.from_data`.

    Parameters
    ----------
    source, out, request, fit_rows
        As for :func:`dmil_core.information.stream.estimate_parts`.
    refits
        Fits to some of the rows of the fit, for the error by the fit.
    progress
        Called with the share of the work that is done, 0 to 1; the fit counts as half of it.

    Raises
    ------
    ConfigError
        If the folder holds something else, or ``refits`` is no multiple of 4.
    DataError
        If rows cannot be used; the parts before them are kept.
    """
    check_refits(refits)
    about = {
        "source": source.about, "columns": columns_said(request), "seed": seed,
        "fit_rows": fit_rows, "refits": refits,
    }  # fmt: skip
    folder = PartsFolder(out, Work("worth", "posteriors", about))
    fit = FitRows(source, request, fit_rows, seed)
    fitting = None if progress is None else lambda share: progress(share / 2)
    known, networks = with_networks(fit.dataset, seed, refits, fitting)
    by = [name for name in known.by if not name.startswith(_LACKS)]

    def rows_of(part: Part, before: int) -> Iterator[Rows]:
        for batch in batches(part, fit.batch_rows):
            rows, _ = fit.read(batch, part.file.name, before)
            before += len(rows)
            found = networks.known(rows)
            found = replace(found, by={name: found.by[name] for name in by})
            gains = {str(m): g for m, g in enumerate(_gains(found))}
            yield Rows(arrow_of(table_of(found)), len(rows), values=gains)

    def share(done: int, of: int) -> None:
        if progress is not None:
            progress((1 + done / of) / 2)

    footer = {"worth": about_of(known, ""), "fitted_to": len(known.y)}
    written = folder.write(source.parts, rows_of, footer, share)
    # Groups of all rows are not known together: errors are then those of the rows of the fit.
    of_fit = [mean_of(gain, known.group).error for gain in _gains(known)]
    errors = [m.error for m in written.means.values()] if known.group is None else of_fit
    gains = tuple(
        Mean(m.mean, float(np.hypot(error, without.fit_error)))
        for m, error, without in zip(written.means.values(), errors, known.without, strict=True)
    )
    folder.finish({
        "unit": "nats", "rows": written.rows, "of": source.rows, "fitted_to": len(known.y),
        "gains": {f"x{m}": {"mean": g.value, "se": g.error} for m, g in enumerate(gains, start=1)},
    })  # fmt: skip
    return Streamed(known, written.rows, source.rows, gains)


def _gains(known: Known) -> list[Floats]:
    """(n,) of each input log q(y | x) - log q(y | x_-m), in nats."""
    at = np.arange(len(known.y))
    whole = known.log_q[at, known.y]
    return [whole - without.log_q[at, known.y] for without in known.without]
