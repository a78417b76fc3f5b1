"""The table of parts follows from the records, and appears once they have the figures."""

from __future__ import annotations

from benchmarks.tables.parts import parts
from dmil_core.experiments.records import tidy
from tests.records import run, runs


def test_without_figures_of_the_parts_there_is_no_table() -> None:
    assert parts(tidy(runs("emoji", {"dmil": 0.9, "joint": 0.8, "ensemble": 0.7}))) == []


def test_a_row_of_each_set_and_the_mean_over_sets() -> None:
    lines = [
        *runs("emoji", {"dmil": 0.7}, alone_x1=0.6, alone_x2=0.5, alone_S=0.4),
        *runs("emoji", {"ensemble": 0.69}, alone_x1=0.62, alone_x2=0.49),
        *runs("emoji", {"joint": 0.65}),
        *(run("mine", p, 0, 0.5, alone_x1=0.5) for p in ("dmil", "ensemble")),
    ]
    (text,) = parts(tidy(lines))
    assert "| set | x1, `ensemble` | x2, `ensemble` | S, `joint` | all together, the" in text
    (row,) = (line for line in text.splitlines() if line.startswith("| `"))
    cells = row.strip("| ").split(" | ")
    assert cells[:2] == ["`emoji`", "60.0, 62.0: -2.0 (-2.0 to -2.0)"]
    assert cells[3].startswith("40.0, 65.0: -25.0 (")
    assert cells[4] == "70.0, 69.0 (`ensemble`): +1.0 (+1.0 to +1.0)"
    assert "unimodal heads -0.5 (-0.5 to -0.5) over one set" in text
