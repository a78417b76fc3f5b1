"""Reading the records of comparisons: what is there, what is left out, and that it is told."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmil_core.data.catalog import load_dataset
from dmil_core.experiments import records
from dmil_core.experiments.compare import compare
from dmil_core.training.run import choose_device
from tests.records import run, runs, write

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


def read(tmp_path: Path, *lines: str) -> records.Records:
    (tmp_path / "a").mkdir(exist_ok=True)
    (tmp_path / "a" / "results.jsonl").write_text("\n".join(lines), "utf-8")
    return records.read_all(tmp_path)


def test_nothing_recorded_is_an_empty_table_with_all_columns(tmp_path: Path) -> None:
    result = records.read_all(tmp_path / "absent")
    assert result.runs.empty
    assert set(records.COLUMNS) <= set(result.runs.columns)
    assert result.problems == ()


def test_what_compare_writes_is_read(tmp_path: Path) -> None:
    small = load_dataset("switch:train=200,val=80,test=80")
    out = tmp_path / small.slug
    table = compare([small], ["joint"], 2, out, epochs_scale=0.02)
    result = records.read_all(tmp_path)
    assert result.problems == ()
    assert sorted(result.runs["paradigm"]) == ["ensemble", "ensemble", "joint", "joint"]
    joint = result.runs[result.runs["paradigm"] == "joint"]
    wanted = table.set_index("paradigm").loc["joint"]
    assert joint["accuracy"].mean() == pytest.approx(wanted["accuracy_mean"])
    assert joint["synergy"].mean() == pytest.approx(wanted["synergy_mean"])
    assert joint["parameters"].iloc[0] == wanted["parameters"]
    assert set(joint["device"]) == {choose_device().type}


@pytest.mark.parametrize(
    ("said", "device"),
    [
        ({"device": "cuda"}, "cuda"),
        ({"device": "cpu"}, "cpu"),
        ({}, "cpu"),
        ({"device": [1]}, "cpu"),
    ],
)
def test_what_a_run_was_trained_on(tmp_path: Path, said: dict[str, object], device: str) -> None:
    read_back = read(tmp_path, json.dumps(run("a", "dmil", 0, 0.9) | said))
    assert read_back.runs["device"].tolist() == [device]


def test_bad_lines_are_left_out_and_told_by_number(tmp_path: Path) -> None:
    good = json.dumps(run("a", "dmil", 0, 0.9))
    bad = ["not json", "[1]", "{}", good.replace('"seed": 0', '"seed": "0"'), "[" * 5000]
    read_back = read(tmp_path, bad[0], good, *bad[1:])
    assert len(read_back.runs) == 1
    numbers = [p.split("line ")[1].split()[0] for p in read_back.problems]
    assert numbers == ["1", "3", "4", "5", "6"]


def test_a_missing_metric_is_nan_and_no_reason_to_drop_the_run(tmp_path: Path) -> None:
    record = run("a", "dmil", 0, 0.9)
    record["test"] = {"accuracy": "high", "map": None, "ece": True, "macro_f1": 0.5}
    read_back = read(
        tmp_path, json.dumps(record), json.dumps(run("a", "joint", 0, 0.8) | {"test": 3})
    )
    first, second = read_back.runs.to_dict("records")
    assert first["macro_f1"] == 0.5
    assert all(pd.isna(first[m]) for m in ("accuracy", "map", "ece", "synergy"))
    assert pd.isna(second["accuracy"])
    assert second["parameters"] == 1000


def test_the_split_is_the_one_that_was_asked_for(tmp_path: Path) -> None:
    record = run("a", "dmil", 0, 0.9) | {"val": {"accuracy": 0.7}}
    read(tmp_path, json.dumps(record))
    assert records.read_all(tmp_path, "val").runs["accuracy"].tolist() == [0.7]
    assert records.read_all(tmp_path, "test").runs["accuracy"].tolist() == [0.9]


def test_of_two_records_of_a_run_the_later_one_counts(tmp_path: Path) -> None:
    read_back = read(tmp_path, *(json.dumps(run("a", "dmil", 0, v)) for v in (0.1, 0.2)))
    assert read_back.runs["accuracy"].tolist() == [0.2]


def test_runs_on_another_version_of_the_data_are_not_mixed_in(tmp_path: Path) -> None:
    old = [r | {"data_digest": "old"} for r in runs("a", {"dmil": 0.5}, seeds=2)]
    new = runs("a", {"joint": 0.9}, seeds=3)
    read_back = read(tmp_path, *map(json.dumps, [*old, *new]))
    assert set(read_back.runs["paradigm"]) == {"joint"}
    assert "2 runs are of another version" in read_back.problems[0]


def test_records_of_other_sets_in_the_same_file_are_left_out(tmp_path: Path) -> None:
    read_back = read(
        tmp_path, *map(json.dumps, [run("a", "dmil", 0, 0.9), run("b", "dmil", 0, 0.8)])
    )
    assert read_back.runs["data"].tolist() == ["a"]
    assert "1 runs are of another set" in read_back.problems[0]


def test_a_set_is_called_like_its_folder(tmp_path: Path) -> None:
    assert read(tmp_path, json.dumps(run("a b", "dmil", 0, 0.9))).runs["data"].tolist() == ["a"]


def test_sets_are_put_together(tmp_path: Path) -> None:
    write([*runs("a", {"dmil": 0.9}), *runs("b", {"dmil": 0.8, "joint": 0.7})], tmp_path)
    result = records.read_all(tmp_path)
    assert result.runs.groupby("data").size().to_dict() == {"a": 5, "b": 10}
    assert len(result.of("b")) == 10


@given(json_values)
def test_whatever_a_line_holds_it_is_a_run_or_refused(value: object) -> None:
    try:
        frame = records.tidy([value])  # type: ignore[list-item]
    except (ValueError, OverflowError):
        return
    assert len(frame) == 1


def test_of_seeds_with_and_without_a_split_of_their_own_the_more_frequent_kind_counts(
    tmp_path: Path,
) -> None:
    own = {"base_digest": "d"}
    lines = [run("a", "x", s, 0.5) | {"split": s, "data_digest": f"d{s}", **own} for s in range(3)]
    lines += [run("a", "y", s, 0.5) for s in (0, 1)]
    path = tmp_path / "a" / "results.jsonl"
    path.parent.mkdir()
    path.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    result = records.read_file(path)
    assert sorted(zip(result.runs["paradigm"], result.runs["seed"], strict=True)) == [
        ("x", 0), ("x", 1), ("x", 2), ("y", 0),
    ]  # fmt: skip
    assert set(result.runs["digest"]) == {"d"}
    assert result.problems == ("a/results.jsonl: 1 runs are of another split than most",)


def test_figures_of_older_records_have_their_name_of_today() -> None:
    (row,) = records.tidy([run("a", "x", 0, 0.5, synergy_ceiling=0.2)]).to_dict("records")
    assert row["synergy_bound"] == 0.2
    assert "synergy_ceiling" not in row
    assert (row["split"], math.isnan(row["train_rows"])) == (0, True)
