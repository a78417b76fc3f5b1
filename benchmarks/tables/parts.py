"""Each part of ``dmil`` beside the model that does only that part."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from benchmarks.criteria import comparison as criteria
from benchmarks.tables.cells import table
from dmil_core.experiments import scoreboard
from dmil_core.experiments.records import ALONE


def parts(runs: pd.DataFrame, sets: tuple[str, ...] = criteria.SETS) -> list[str]:
    """The table of these sets; none where no record has the accuracy of a part.

    ``runs`` is the table of :mod:`dmil_core.experiments.records`.
    """
    runs = runs[runs["data"].isin(sets)]
    rows = scoreboard.parts(runs).to_dict("records")
    if not {r["part"] for r in rows} - {"all"}:
        return []
    by = {(r["data"], r["part"]): r for r in rows}
    named = [name.removeprefix("alone_") for name in ALONE]
    shown = [p for p in (*named, "all") if p in {part for _, part in by}]
    body = [
        [f"`{d}`", *(_cell(by.get((d, p)), p == "all") for p in shown)]
        for d in sets
        if any((d, p) in by for p in shown)
    ]
    others = {**dict.fromkeys(named, "`ensemble`"), "S": "`joint`", "all": "the better of both"}
    head = ["set", *(f"{p if p != 'all' else 'all together'}, {others[p]}" for p in shown)]
    means = [_mean(r) for r in scoreboard.average_parts(runs).to_dict("records")]
    text = f"""## Is each part as good as the model that does only that part?

Test accuracy in percent over paired seeds (`make bench-compare`): a part of `{scoreboard.OURS}`, then the
model it is compared with, and the difference in points with its 95 % interval (corrected resampled
t test). *x1*, *x2*: the unimodal head and the `ensemble`'s model of that input. *S*: the component S
by itself, on all samples, and `joint`; where components build on the unimodal heads, so does S.
*All together*: the prediction, and that of `joint` or `ensemble`, whichever is better on the set."""  # noqa: E501
    return ["\n\n".join([text, table(head, body), f"Mean difference: {'; '.join(means)}."])]


def _cell(row: Any, named: bool) -> str:
    if row is None:
        return "-"
    other = f" (`{row['other']}`)" if named else ""
    ours, theirs = (f"{100 * row[c]:.1f}" for c in ("ours", "theirs"))
    return f"{ours}, {theirs}{other}: {_points(row)}"


def _mean(row: Any) -> str:
    sets = f"{row['sets']} sets" if row["sets"] > 1 else "one set"
    return f"{criteria.PARTS[row['part']]} {_points(row)} over {sets}"


def _points(row: Any) -> str:
    """A difference in points with its interval; a single pair has none."""
    middle, *ends = (f"{100 * row[c] + 0.0:+.1f}" for c in ("difference", "low", "high"))
    return f"{middle} ({ends[0]} to {ends[1]})" if math.isfinite(row["low"]) else middle
