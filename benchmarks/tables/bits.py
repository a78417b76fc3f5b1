"""Information in bits: exact decompositions beside their peers, estimates beside exact values."""

from __future__ import annotations

from typing import Any

from benchmarks import information as bench
from benchmarks.tables.cells import figure, listed, read, table

#: The released estimator of ``lsmi`` (ICML 2025) as it was measured elsewhere, bits: distribution
#: -> rows -> RMSE and correlation of r. No command here repeats it.
RELEASED = {
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
*Released*: the same for the released estimator of `lsmi`, as measured elsewhere; on other distributions with a visible
switch it reached .411 / .662 and .333 / .776, with an unbalanced prior 1.17 / .10 and 1.10 / .18.
"""  # noqa: E501
    head = ["distribution, rows", "set", "r `same-sign`", "r `ccs`", "r `lsmi`", "released",
            "types correct", "seconds"]  # fmt: skip
    by = {(m["distribution"], m["rows"], m["definition"]): m for m in record["means"]}
    body = []
    for distribution, rows in dict.fromkeys(
        (m["distribution"], m["rows"]) for m in record["means"]
    ):
        mine = {d: by[distribution, rows, d] for d in bench.DEFINITIONS}
        same_sign = mine["same-sign"]
        released = RELEASED.get(distribution, {}).get(rows)
        body.append(
            [
                f"{distribution}, {rows:,}",
                figure(same_sign["set_error"], 4),
                *(_of_rows(mine[d]) for d in ("same-sign", "ccs", "lsmi")),
                "-" if released is None else f"{released[0]:.3f} / {released[1]:.3f}",
                _types(same_sign),
                figure(same_sign["seconds"]),
            ]
        )
    return "\n".join([text, table(head, body), "", listed(bench.targets(record))])


def _of_rows(mean: dict[str, Any]) -> str:
    correlation = mean.get("r_correlation")
    return f"{mean['r_rmse']:.3f} / " + ("-" if correlation is None else f"{correlation:.3f}")


def _types(mean: dict[str, Any]) -> str:
    if "types" not in mean:
        return "-"
    return f"{100 * mean['types']:.1f} % (exact: {100 * mean['types_exact']:.1f} %)"
