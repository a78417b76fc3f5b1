"""Information in bits: exact decompositions beside their peers, estimates beside exact values."""

from __future__ import annotations

from typing import Any

from benchmarks import information as bench
from benchmarks import information_coverage
from benchmarks.tables.cells import figure, listed, percent, read, record_path, table

#: The released estimator of ``lsmi`` (ICML 2025), bits: distribution -> rows -> RMSE and
#: correlation of r. Quoted: it was measured once, outside of this repository, and no command here
#: repeats it.
QUOTED = {
    "two classes, noise shared": {1600: (0.198, 0.916), 20_000: (0.185, 0.909)},
    "ten classes, noise shared": {1600: (0.791, 0.866), 20_000: (0.494, 0.940)},
}


def information() -> str:
    """Exact decompositions beside their peers, and estimates beside the truth."""
    record = read("information")
    exact = record["discrete"]
    peers = " and ".join(
        f"`{name}` takes {exact[name]['times_ours']:.0f} times as long and is off by up to "
        f"{exact[name]['largest_error'] / bench.LN2:.0e} bits"
        for name in ("dit", "cvxpy")
    )
    text = f"""## Information: exact decompositions and estimates

*Exact.* {exact["pmfs"]:,} random distributions of two bits and a class of two by BROJA: {exact["seconds"]:.0f} seconds on
one thread, and the certificate allows for an error of at most {exact["largest_gap"] / bench.LN2:.0e} bits. On
{bench.PEER_PMFS} of them {peers} (`make bench-information`).

*Estimated* (`dmil estimate`), from rows of distributions whose every density is known, read on {bench.TEST_ROWS:,} other
rows, mean over {bench.SEEDS} seeds, one thread. *Set*: the largest error of the set's three mutual informations, in bits.
*r*: root mean square error over rows, in bits, and correlation with the exact values, by definition.
*Quoted*: the same for the released estimator of `lsmi`, measured once outside of this repository; no command here
repeats it. Two more runs of it from 1,600 rows gave .230 / .875 and .199 / .902 with two classes, .879 / .836 and
.788 / .859 with ten. On other distributions with a visible switch it reached .411 / .662 and .333 / .776, with an
unbalanced prior 1.17 / .10 and 1.10 / .18 (1,600 and 20,000 rows).
"""  # noqa: E501
    head = ["distribution, rows", "set", "r `same-sign`", "r `ccs`", "r `lsmi`", "`lsmi`, quoted",
            "types correct", "seconds"]  # fmt: skip
    by = {(m["distribution"], m["rows"], m["definition"]): m for m in record["means"]}
    body = []
    for distribution, rows in dict.fromkeys(
        (m["distribution"], m["rows"]) for m in record["means"]
    ):
        mine = {d: by[distribution, rows, d] for d in bench.DEFINITIONS}
        same_sign = mine["same-sign"]
        quoted = QUOTED.get(distribution, {}).get(rows)
        body.append(
            [
                f"{distribution}, {rows:,}",
                figure(same_sign["set_error"], 4),
                *(_of_rows(mine[d]) for d in ("same-sign", "ccs", "lsmi")),
                "-" if quoted is None else f"{quoted[0]:.3f} / {quoted[1]:.3f}",
                _types(same_sign),
                figure(same_sign["seconds"]),
            ]
        )
    parts = [text, table(head, body), "", listed(bench.targets(record))]
    if record_path(information_coverage.RESULT.stem).exists():
        parts += ["", coverage()]
    return "\n".join(parts)


def coverage() -> str:
    """Share of simulated sets whose intervals hold the exact mean, with and without the fit."""
    record = read(information_coverage.RESULT.stem)
    by = {(m["distribution"], m["quantity"]): m for m in record["means"]}
    distributions = list(dict.fromkeys(m["distribution"] for m in record["means"]))
    sets = min(m["sets"] for m in record["means"])
    first = record["runs"][0]
    text = f"""*Intervals of set means.* {sets} simulated sets of {first["rows"]:,} rows of each distribution: the share of them whose
95 % interval, mean ± 1.96 standard errors, holds the exact value. The standard error includes the fit of the networks,
by {first["refits"]} refits to a quarter of the rows each; in brackets, the share with the standard error over rows alone. *All*: all
seven quantities together (`python -m benchmarks.information --coverage`).
"""  # noqa: E501
    # Records of earlier versions lack the worth of the inputs.
    worths = [q for q in information_coverage.WORTH if any(name == q for _, name in by)]
    quantities = [*information_coverage.QUANTITIES, "all", *worths]
    body = [[d, *(_covered(by.get((d, q))) for q in quantities)] for d in distributions]
    head = ["distribution", *map(_heading, quantities)]
    if worths:
        text += "\n*Worth*: what an input adds to the other, as `dmil worth` says it.\n"
    checked = listed(information_coverage.targets(record))
    return "\n".join([text, table(head, body), "", checked])


def _covered(mean: dict[str, Any] | None) -> str:
    if mean is None:
        return "-"
    return f"{percent(mean['coverage'])} ({percent(mean['coverage_rows'])})"


def _heading(quantity: str) -> str:
    if quantity == "all":
        return quantity
    stem, _, name = quantity.rpartition("_")
    return f"worth of {name}" if stem else f"`{quantity}`"


def _of_rows(mean: dict[str, Any]) -> str:
    correlation = mean.get("r_correlation")
    return f"{mean['r_rmse']:.3f} / " + ("-" if correlation is None else f"{correlation:.3f}")


def _types(mean: dict[str, Any]) -> str:
    if "types" not in mean:
        return "-"
    return f"{100 * mean['types']:.1f} % (exact: {100 * mean['types_exact']:.1f} %)"
