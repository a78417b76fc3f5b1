"""The headline tables follow from the records, and say what is missing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.criteria.comparison import ABLATIONS, HELD_OUT, SETS
from benchmarks.tables import cells, front, headlines
from tests import records

STATES = ("met", "missed", "open")
MEANS = {"joint": 0.85, "dmil": 0.9, "ensemble": 0.8, **dict.fromkeys(ABLATIONS, 0.88)}


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Empty folders for both kinds of records."""
    monkeypatch.setenv("DMIL_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.setattr(cells, "RESULTS", tmp_path)
    return tmp_path


def rows(text: str) -> dict[str, list[str]]:
    """First cell -> the other cells, of a table's rows."""
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line[:2] == "| "]
    return {cells[0]: cells[1:] for cells in lines}


def test_without_records_there_are_no_tables(folders: Path) -> None:
    assert headlines.headlines() == []


def test_the_fidelity_table_has_every_setting_and_target(folders: Path) -> None:
    (folders / "fidelity.json").write_text(json.dumps(records.fidelity()), "utf-8")
    (text,) = headlines.headlines()
    assert set(records.SETTINGS) <= set(rows(text))
    assert rows(text)["U and S"][:5] == ["100.0 ± 0.0", "100.0", "100.0", "100.0", "40.0"]
    assert rows(text)["R only"][5] == "-"
    assert rows(text)["2 classes"][-1] == "25.0"
    assert text.count("- **met**") == 11
    assert "In progress" not in text


def test_both_variants_of_the_released_losses_are_shown_once_both_are_recorded(
    folders: Path,
) -> None:
    record = records.fidelity(seeds=1)
    (folders / "fidelity.json").write_text(json.dumps(record), "utf-8")
    (text,) = headlines.headlines()
    assert "dmil-paper-sgd" not in text
    record["runs"] += [records.gated("2 classes", "dmil-paper-sgd", 0, gate_agreement=0.48)]
    (folders / "fidelity.json").write_text(json.dumps(record), "utf-8")
    (text,) = headlines.headlines()
    assert rows(text)["2 classes"][-2:] == ["25.0", "48.0"]
    assert rows(text)["8 classes"][-2:] == ["25.0", "-"]


def test_a_missed_target_says_where(folders: Path) -> None:
    record = records.fidelity()
    for run in record["runs"]:
        if (run["setting"], run["paradigm"]) == ("8 classes", "dmil"):
            run["gate_agreement"] = 0.5
    (folders / "fidelity.json").write_text(json.dumps(record), "utf-8")
    (text,) = headlines.headlines()
    assert "- **missed**: agreement at least 97 %" in text
    assert "Not: 8 classes: 50.0 %." in text


def test_the_comparison_is_in_the_order_of_average_ranks(folders: Path) -> None:
    result = [r for d in SETS for r in records.runs(d, MEANS)]
    records.write(result, folders / "checkpoints")
    (text,) = headlines.headlines()
    names = [name for name in rows(text) if name.startswith("`")]
    assert (names[0], names[-1]) == ("`dmil`", "`ensemble`")
    assert rows(text)["`dmil`"] == ["1.00", "90.00", "-", *["90.0 ± 0.2"] * len(SETS)]
    # Equal differences in all seeds: an interval without a width.
    same = "-5.00 (-5.00 to -5.00), 0.000"
    assert rows(text)["`joint`"] == ["5.00", "85.00", same, *["85.0 ± 0.2 ↓"] * len(SETS)]
    assert "40 differences" in text
    assert text.count("- **met**") == 8
    assert "In progress" not in text


def test_what_is_in_progress_is_marked(folders: Path) -> None:
    result = [*records.runs("emoji", MEANS), *records.runs("watch", {"dmil": 0.9}, seeds=2)]
    records.write(result, folders / "checkpoints")
    (text,) = headlines.headlines()
    assert "**In progress**: 6 of 12 cells have all seeds" in text
    assert "no record yet of `avdigits`" in text
    assert rows(text)["`dmil`"][3:] == ["90.0 ± 0.2", "90.0 ± 0.1 (2 of 5)"]
    assert rows(text)["`joint`"][-1] == "-"
    assert "on `emoji` alone" in text
    assert "**met**" not in text


@pytest.mark.parametrize(
    ("recipes", "scales", "says"),
    [
        (
            ("", ""),
            (0.3, 1.0),
            "validation rows, by runs of half the epochs; 2 of 2 chosen",
        ),
        (("standard", "standard"), (0.3, 1.0, 3.0), "by runs of full length: among three, and fur"),
        (("standard", ""), (0.3, 1.0, 3.0), "0 of 2 chosen rates (1 of them chosen among three on"),
    ],
)
def test_how_learning_rates_were_chosen_follows_from_the_trials(
    folders: Path, recipes: tuple[str, str], scales: tuple[float, ...], says: str
) -> None:
    records.write(records.runs("emoji", {"dmil": 0.9, "joint": 0.8}), folders / "checkpoints")
    (text,) = headlines.headlines()
    assert "none is tuned" in text
    trials = [
        {"data": "emoji", "paradigm": p, "lr_scale": s, "val_accuracy": 0.5 + (s == 1.0)}
        | ({"recipe": r} if r else {})
        for p, r in zip(("dmil", "joint"), recipes, strict=True)
        for s in scales
    ]
    lines = "".join(json.dumps(t) + "\n" for t in trials)
    (folders / "checkpoints" / "emoji" / "tuning.jsonl").write_text(lines, "utf-8")
    (text,) = headlines.headlines()
    assert says in text
    assert "none is tuned" not in text


def test_own_sets_stay_out_of_the_results(folders: Path) -> None:
    records.write(records.runs("mine", MEANS), folders / "checkpoints")
    assert headlines.headlines() == []


def test_held_out_sets_have_a_table_and_targets_of_their_own(folders: Path) -> None:
    lost = {**MEANS, "joint": 0.95}
    result = [r for d in SETS for r in records.runs(d, MEANS)]
    records.write(result, folders / "checkpoints")
    (alone,) = headlines.headlines()
    result += [r for d in HELD_OUT for r in records.runs(d, lost)]
    records.write(result, folders / "checkpoints")
    first, second = headlines.headlines()
    assert first == alone
    assert second.startswith("## Two sets that nobody tuned on\n")
    assert "(held-out.md)" in second
    assert rows(second)["`joint`"][:2] == ["1.00", "95.00"]
    assert rows(second)["`joint`"][3:] == ["95.0 ± 0.2 ↑"] * 2
    assert "10 differences" in second
    assert (second.count("- **missed**"), second.count("- **met**")) == (4, 1)
    assert "In progress" not in second


def test_a_held_out_set_without_records_is_named(folders: Path) -> None:
    records.write(records.runs("diamonds", MEANS), folders / "checkpoints")
    (text,) = headlines.headlines()
    assert "no record yet of `segments`" in text


def test_the_front_table_has_six_rows_and_names_the_place_of_dmil(folders: Path) -> None:
    means = {**MEANS, "i2m2": 0.95, "dmil-paper": 0.7, "dmil-cd": 0.92}
    records.write([r for d in SETS for r in records.runs(d, means)], folders / "checkpoints")
    (folders / "fidelity.json").write_text(json.dumps(records.fidelity()), "utf-8")
    text = front.front()
    assert "`dmil` is third of 8 methods by mean rank** over 8 data sets" in text
    assert "behind `i2m2`, `dmil-cd` (1 of these is its own ablation)" in text
    table = rows(text)
    assert [n for n in table if n and (n[0] == "`" or n.startswith("upper"))] == [
        "`dmil`",
        "`dmil-paper`",
        "`joint`",
        "`ensemble`",
        "`i2m2`, best compared method",
        "upper bound, exact",
    ]
    assert table["`dmil`"] == ["3.00", *["90.0 ± 0.2"] * 4, "100.0 ± 0.0"]
    assert table["upper bound, exact"][-2:] == ["100.0", "100.0"]
    claims = [cells for name, cells in table.items() if len(cells) == 2 and cells[0] in STATES]
    assert [state for state, _ in claims] == ["missed", "missed", "missed", "met", "missed", "open"]


def test_the_front_page_says_that_dmil_is_first_where_it_is(folders: Path) -> None:
    means = {**MEANS, "dmil-paper": 0.7, "i2m2": 0.85}
    records.write([r for d in SETS for r in records.runs(d, means)], folders / "checkpoints")
    (folders / "fidelity.json").write_text(json.dumps(records.fidelity()), "utf-8")
    text = front.front()
    assert "`dmil` is first of 8 methods by mean rank** over 8 data sets." in text
    assert "behind" not in text.split("|")[0]
