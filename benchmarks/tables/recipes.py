"""What the training recipe is worth, and whether the order of the paradigms depends on it."""

from __future__ import annotations

import math
from itertools import combinations
from typing import Any

from benchmarks import recipes as bench
from benchmarks.tables.cells import mean_sd, read, table
from dmil_core.experiments import scoreboard
from dmil_core.paradigms import STANDARD
from dmil_core.paradigms.recipe import RECIPES


def recipes() -> str:
    """Accuracy by recipe and paradigm, and the order of the paradigms under each recipe."""
    runs = read("recipes")["runs"]
    sets = list(dict.fromkeys(r["data"] for r in runs))
    seeds = len({r["seed"] for r in runs})
    names = [n for n in RECIPES if n in {r["recipe"] for r in runs}]
    paradigms = list(dict.fromkeys(r["paradigm"] for r in runs))
    means, apart = _means(runs, paradigms), _apart(runs, paradigms)
    body = [
        [
            f"`{n}`",
            *(_cell(means.get((n, p)), apart.get((n, p))) for p in paradigms),
            _order(runs, n, seeds),
        ]
        for n in names
    ]
    cells = {
        (r["data"], p, r["paradigm"]): mean_sd(r["accuracy"], r["accuracy_sd"], r["seeds"], seeds)
        for p in paradigms
        for r in scoreboard.summary(bench.table_of(runs, paradigm=p)).to_dict("records")
    }
    per_set = [
        [f"`{d}`: `{p}`", *(cells.get((d, p, n), "-") for n in names)]
        for d in sets
        for p in paradigms
    ]
    text = f"""## The training recipe

How much of a ranking is due to how models are stopped and smoothed? Every recipe changes one
setting of `{STANDARD.name}`; `early-stopping` has no smoothing and no averaging of weights, and ends a
stage where the validation loss no longer falls (`make bench-recipes`). Test accuracy in percent,
mean over {len(sets)} sets ({", ".join(f"`{d}`" for d in sets)}) and {seeds} paired seeds with their own splits, without
tuning. In parentheses: difference from `{STANDARD.name}` in points with its 95 % interval (corrected
resampled t test). Order: by average rank over the sets."""  # noqa: E501
    head = ["recipe", *(f"`{p}`" for p in paradigms), "order"]
    parts = [text, table(head, body), *_spans(means, paradigms, names)]
    parts += [
        "By set, mean ± standard deviation:",
        table(["", *(f"`{n}`" for n in names)], per_set),
    ]
    return "\n\n".join(parts)


Cells = dict[tuple[str, str], Any]


def _means(runs: bench.Records, paradigms: list[str]) -> Cells:
    """(recipe, paradigm) -> mean over sets of the means over seeds; where no set is missing."""
    result: Cells = {}
    for p in paradigms:
        wide = scoreboard.summary(bench.table_of(runs, paradigm=p)).pivot(
            index="data", columns="paradigm", values="accuracy"
        )
        result |= {(str(n), p): v for n, v in wide.mean(skipna=False).items() if math.isfinite(v)}
    return result


def _apart(runs: bench.Records, paradigms: list[str]) -> Cells:
    """(recipe, paradigm) -> its difference from the standard recipe."""
    result: Cells = {}
    for p in paradigms:
        rows = scoreboard.average_differences(
            bench.table_of(runs, paradigm=p), reference=STANDARD.name
        )
        result |= {(r["paradigm"], p): r for r in rows.to_dict("records")}
    return result


def _cell(mean: float | None, apart: Any) -> str:
    if mean is None:
        return "-"
    middle = f"{100 * mean:.1f}"
    if apart is None:
        return middle
    points = [f"{100 * apart[c] + 0.0:+.1f}" for c in ("difference", "low", "high")]
    reach = f", {points[1]} to {points[2]}" if math.isfinite(apart["low"]) else ""
    return f"{middle} ({points[0]}{reach})"


def _order(runs: bench.Records, recipe: str, seeds: int) -> str:
    """The paradigms by average rank; of equal ranks by name."""
    order = scoreboard.rank_summary(bench.table_of(runs, recipe=recipe), seeds=seeds)
    named = sorted((float(v), str(p)) for p, v in order.ranks.items())
    return ", ".join(f"{p} {v:.2f}" for v, p in named) or "-"


def _spans(means: Cells, paradigms: list[str], names: list[str]) -> list[str]:
    """How far recipes move a paradigm, and how far paradigms are apart under a recipe."""
    if not set(means) >= {(n, p) for n in names for p in paradigms} or len(names) < 2:
        return []
    moved = {p: _span([means[n, p] for n in names]) for p in paradigms}
    spread = {n: _span([means[n, p] for p in paradigms]) for n in names}
    pairs = list(combinations(paradigms, 2))
    same = sum(len({means[n, p] > means[n, q] for n in names}) == 1 for p, q in pairs)
    shown = ", ".join(f"{100 * v:.1f} points for `{p}`" for p, v in moved.items())
    least, most = (pick(spread, key=lambda n: spread[n]) for pick in (min, max))
    return [
        f"""Between the recipes mean accuracy differs by {shown}; between the paradigms by {100 * spread[least]:.1f}
points (`{least}`) to {100 * spread[most]:.1f} points (`{most}`). Of {len(pairs)} pairs of paradigms, {same} have the same order of means under
every recipe."""  # noqa: E501
    ]


def _span(values: list[float]) -> float:
    return max(values) - min(values)
