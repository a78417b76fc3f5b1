"""How cost grows with the number of rows: one table and one figure."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from matplotlib.figure import Figure

from benchmarks.scale.growth import targets
from benchmarks.tables.cells import listed, read, table
from dmil_core.io.atomic import replacing

FIGURE: Final = "docs/growth.svg"
#: Okabe and Ito's colours, and a mark for each, so that no line is told apart by colour alone.
_COLOURS: Final = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    "#E69F00",
    "#8A6D00",
    "#666666",
)
_MARKS: Final = ("o", "s", "^", "D", "v", "P", "X", "*")


def growth() -> str:
    """Cost at each number of rows, the exponent of growth, and the bars."""
    record = read("scale")
    sizes = sorted({r["rows"] for r in record["runs"]})
    by = {(r["work"], r["rows"]): r for r in record["runs"]}
    rows = []
    for work, found in record["growth"].items():
        cells = [_cost(by.get((work, n))) for n in sizes]
        exponent, rate = found["exponent"], found["rows_a_second"]
        rows.append(
            [work, *cells, "-" if exponent is None else f"{exponent:.2f}",
             "-" if rate is None else f"{rate:,.0f}"]
        )  # fmt: skip
    text = f"""## How cost grows

Each command in a process of its own, on one thread, over folders of Parquet files with 66 numbers a row
(`make bench-scale`). Processor seconds / the most memory in MB; both include the start of Python and the loading of the
model. *Exponent*: of the seconds beyond the start, fitted from 10,000 rows on; *rows a second* between the two largest
sizes.

![Processor seconds against rows, a line for each command, on logarithmic axes]({Path(FIGURE).name})"""  # noqa: E501
    head = ["", *(f"{n:,} rows" for n in sizes), "exponent", "rows a second"]
    return "\n\n".join([text, table(head, rows), listed(targets(record))])


def _cost(run: dict[str, Any] | None) -> str:
    return "-" if run is None else f"{run['seconds']:.1f} / {run['megabytes']:,.0f}"


def draw(path: Path) -> None:
    """Write the figure of the record: seconds against rows. The same record gives the same file."""
    record = read("scale")
    with mpl.rc_context({"svg.hashsalt": "growth", "svg.fonttype": "path", "font.size": 10}):
        figure = Figure(figsize=(7.2, 4.2), layout="constrained")
        axes = figure.add_subplot()
        for number, (work, runs) in enumerate(_lines(record)):
            look = number % len(_COLOURS)
            axes.loglog(
                *zip(*runs, strict=True), marker=_MARKS[look], color=_COLOURS[look], markersize=5,
                linestyle="--" if "plain" in work else "-", label=work,
            )  # fmt: skip
        axes.set_xlabel("rows")
        axes.set_ylabel("processor seconds")
        axes.grid(visible=True, alpha=0.25)
        axes.legend(fontsize=8, frameon=False, loc="upper left")
        with replacing(path) as temporary:
            figure.savefig(temporary, format="svg", metadata={"Date": None}, facecolor="white")


def _lines(record: dict[str, Any]) -> Iterator[tuple[str, list[tuple[int, float]]]]:
    for work in record["growth"]:
        yield work, [(r["rows"], r["seconds"]) for r in record["runs"] if r["work"] == work]
