"""How does cost grow with the number of rows? ``make bench-scale``.

Each command runs in a process of its own on one thread, over folders of Parquet files with 66
numbers a row, 10^3 to 10^6 rows: processor seconds and the most memory, the start of Python and the
loading of the checkpoint included. Plain pandas and PyTorch do the same work beside it. Writes
benchmarks/results/scale.json; see :mod:`benchmarks.study`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.scale.growth import (
    RESULT,
    SIZES,
    WORKS,
    measure,
    settings_of,
    summary,
    targets,
)
from benchmarks.study import Study, Unit, add_options, carry_out, opened


def main() -> int:
    """Measure, print, record."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--works", nargs="+", choices=WORKS, default=list(WORKS))
    parser.add_argument("--sizes", nargs="+", type=int, default=list(SIZES))
    parser.add_argument("--out", type=Path, default=Path("build/bench-scale"))
    add_options(parser)
    a = parser.parse_args()
    study = Study(RESULT, {"work": list(WORKS), "rows": list(SIZES)}, summary)
    units = [
        Unit((work, count, a.out), frozenset([settings_of(work, count)]))
        for count in sorted(a.sizes)
        for work in a.works
        if count <= WORKS[work].most_rows
    ]
    record = carry_out(opened(parser, a, study), a, measure, units)
    for run in record["runs"]:
        print(f"{run['work']:40} {run['rows']:>10,} rows  {run['seconds']:8.1f} s  "
              f"{run['megabytes']:7,.0f} MB")  # fmt: skip
    for target in targets(record):
        print(f"{target.state}: {target.claim}: {target.figure}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
