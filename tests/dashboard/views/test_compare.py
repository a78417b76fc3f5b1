"""Leaderboard: services, figures, words, pages."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dashboard.figures import board as figures
from dashboard.figures import calibration, leaderboard, matrix, upset
from dashboard.figures.leaderboard import Axis, Line, Point
from dashboard.services.comparison import board
from dashboard.services.comparison.board import Board
from dashboard.services.store.catalog import CheckpointCatalog, checkpoint_catalog
from dashboard.state.view import LOOKS, METRICS, PARTS
from dashboard.text import comparing, terms, verdicts
from tests import records
from tests.dashboard import drawn
from tests.dashboard.conftest import OpenPage, Pick
from tests.dashboard.folders import (
    BEGUN,
    GENERATED,
    METHODS,
    REAL,
    RECORDED,
    UNTRAINED,
    Room,
    fidelity_results,
)
from tests.dashboard.views.test_pages import said, view


@pytest.fixture
def catalog(room: Room, monkeypatch: pytest.MonkeyPatch) -> CheckpointCatalog:
    monkeypatch.setenv("DMIL_CHECKPOINTS", str(room.root))
    return checkpoint_catalog()


def made(
    catalog: CheckpointCatalog,
    data: str = GENERATED,
    metric: str = "accuracy",
    reference: str = "dmil",
) -> Board:
    there = board.board(catalog, data, metric, reference, "test")
    assert there is not None
    return there


# --- services -------------------------------------------------------------------------------


def test_all_recorded_methods_are_listed_best_first(catalog: CheckpointCatalog) -> None:
    there = made(catalog)
    assert there.methods == tuple(METHODS)
    verdict = dict(zip(there.table["method"], there.table["verdict"], strict=True))
    assert verdict == {
        "joint": "better", "dmil": "reference", "mlb": "worse", "ensemble": "worse",
    }  # fmt: skip
    assert len(there.points) == 5 * len(METHODS)


def test_the_reference_can_be_changed_and_one_without_runs_is_replaced(
    catalog: CheckpointCatalog,
) -> None:
    assert made(catalog, reference="mlb").reference == "mlb"
    assert made(catalog, reference="nobody").reference == "joint"


def test_what_is_missing_here_but_recorded_elsewhere_is_known(catalog: CheckpointCatalog) -> None:
    there = made(catalog, BEGUN)
    assert there.missing == ("mlb",)
    assert set(there.table["seeds"]) == {3}


def test_no_board_without_records_or_without_the_metric(catalog: CheckpointCatalog) -> None:
    assert board.board(catalog, REAL, "accuracy", "dmil", "test") is None
    assert board.board(catalog, GENERATED, "map", "dmil", "test") is None


def test_records_of_another_version_of_the_data_are_told(catalog: CheckpointCatalog) -> None:
    assert made(catalog).other_data
    assert not made(catalog, RECORDED).other_data


def test_a_record_written_later_is_seen(tmp_path: Path) -> None:
    records.write(records.runs("a", {"dmil": 0.9}), tmp_path)
    assert len(board.recorded(tmp_path).runs) == 5
    records.write(records.runs("a", {"dmil": 0.9, "joint": 0.8}), tmp_path)
    assert len(board.recorded(tmp_path).runs) == 10


def test_ranks_are_over_complete_sets(catalog: CheckpointCatalog) -> None:
    there = board.rank_summary(catalog.root, "accuracy", "test")
    assert set(there.scores.index) == {GENERATED, RECORDED}
    assert there.sets_left_out == (BEGUN,)
    assert there.ranks.to_dict() == {"joint": 1.0, "dmil": 2.0, "mlb": 3.0, "ensemble": 4.0}


# --- figures --------------------------------------------------------------------------------

TABLE = pd.DataFrame(
    {
        "method": ["dmil", "a", "b", "c"],
        "mean": [0.9, 0.8, 0.7, 0.6],
        "difference": [0.0, -0.1, 0.2, -0.3],
        "low": [np.nan, -0.2, 0.1, np.nan],
        "high": [np.nan, 0.05, 0.3, np.nan],
        "pairs": [np.nan, 5, 5, 1],
        "verdict": ["reference", "open", "better", "unpaired"],
    }
)
POINTS = pd.DataFrame({"method": ["dmil", "a", "b", "c"], "seed": 0, "value": [0.9, 0.8, 0.7, 0.6]})


def lines(table: pd.DataFrame, points: pd.DataFrame) -> list[Line]:
    """The rows of the leaderboard that these tables mean."""
    dots = points.groupby("method")["value"].agg(tuple)
    return [
        Line(
            row["method"],
            (
                Point(row["mean"], f"{row['mean']:.1%}", None, dots[row["method"]]),
                Point(row["difference"], "", (row["low"], row["high"])),
            ),
            row["verdict"],
            f"in words {row['verdict']}",
        )
        for row in table.to_dict("records")
    ]


AXES = (Axis("score", "share"), Axis("difference", zero=True))


def left_of(html: str, kind: str) -> list[float]:
    """Where marks of a kind stand, in percent of their axis."""
    return [float(v) for v in re.findall(rf'class="{kind}" style="left:([0-9.]+)%', html)]


def test_marks_intervals_and_zero_stand_where_they_belong() -> None:
    html = leaderboard.board(lines(TABLE, POINTS), AXES, ("verdict", ""))
    marks, (zero, *_) = left_of(html, "dot"), left_of(html, "zero")
    (d, a, b, c) = marks[1::2]
    assert d == zero
    assert c < a < zero < b
    spans = re.findall(r'class="span" style="left:([0-9.]+)%;width:([0-9.]+)%', html)
    # From -0.3 to 0.3 the axis goes: of two methods an interval is known.
    (low, width), (other, _) = [(float(x), float(w)) for x, w in spans]
    assert low < a < low + width
    assert low + width > zero
    assert other > zero


def test_verdicts_differ_without_colour_and_are_written_out() -> None:
    html = leaderboard.board(lines(TABLE, POINTS), AXES, ("verdict", ""))
    assert len({leaderboard.SIGNS[v] for v in ("better", "worse", "open", "reference")}) == 4
    for verdict in TABLE["verdict"]:
        assert f"in words {verdict}" in html


def test_rows_stand_in_the_order_of_the_table_and_ours_is_marked() -> None:
    html = leaderboard.board(lines(TABLE, POINTS), AXES, ("verdict", ""))
    names = re.findall(r'<th scope="row">(.*?)</th>', html)
    assert names == ["<b>dmil</b>", "a", "b", "c"]
    assert len(left_of(html, "seed")) == len(POINTS)


def test_names_from_records_are_escaped_in_every_figure() -> None:
    bad = "<img src=x>"
    line = Line(bad, (Point(0.5, bad),), "open", bad, ((bad, bad), (bad, bad), (bad, bad)), bad)
    cells = pd.DataFrame({"model": [bad], "group": [bad], "accuracy": [0.5], "sd": [np.nan]})
    cell = matrix.Cell(bad, 0.5, bad, bad)
    group = upset.Group(bad, (True,), 1, bad)
    curve = pd.DataFrame({"confidence": [0.5], "accuracy": [0.5], "rows": [9]}, index=[7])
    for shown in (
        figures.interaction_type(cells).to_json().replace("\\u003c", "<"),
        leaderboard.board([line], (Axis(bad),), (bad, bad)),
        matrix.matrix([[cell]], [bad], [bad], bad),
        matrix.accuracies(bad, bad, bad, [(bad, 0.5, (0.4, 0.6), bad)]),
        upset.upset([group], [group], {bad: 0.5}, bad, bad) + upset.agreeing([(bad, 1, bad)], 2),
        calibration.reliability({bad: curve}, {(bad, 7): bad}),
    ):
        assert "<img" not in shown


def test_interaction_type_cells_say_what_was_measured() -> None:
    frame = pd.DataFrame(
        {
            "model": ["a", "a", "b"],
            "group": ["R", "S", "R"],
            "accuracy": [0.5, 1.0, 0.25],
            "sd": [0.01, np.nan, 0.0],
        }
    )
    heat, texts = figures.interaction_type(frame).data
    assert [list(row) for row in heat.text] == [["50.0 ±1.0", "100.0"], ["25.0 ±0.0", ""]]
    assert list(texts.text) == ["50.0 ±1.0", "100.0", "25.0 ±0.0"]


# --- words ----------------------------------------------------------------------------------


def test_incomplete_seeds_are_said() -> None:
    assert verdicts.seeds(3, 3, 5) == "3 of 5 seeds: incomplete"
    assert verdicts.seeds(2, 5, 5) == "2 to 5 of 5 seeds: incomplete"
    assert verdicts.seeds(5, 5, 5) == "5 seeds"


def test_one_data_set_is_no_ranking() -> None:
    assert "no ranking" in verdicts.ranks("a", 1.0, 4, ["one"], "b", 2.0)
    many = verdicts.ranks("a", 1.5, 25, ["one", "two"], "b", 9.0)
    assert "best mean rank, **1.5** of 25" in many
    assert "**b** has **9.0**" in many
    assert "no two of these methods differ" in verdicts.apart(14.0, 2, False)


def test_a_reference_that_loses_says_to_whom() -> None:
    words = verdicts.leader("a", "90%", "accuracy", "test", "dmil", "80%", ["a", "b"], 1, 3)
    assert "**a** has the best accuracy: **90%** (test); **dmil** has **80%**." in words
    assert "**2** significantly better (a, b), **1** significantly worse" in words
    assert "**3** not significantly different" in words
    assert board.is_ablation("dmil-cd", "dmil")
    assert not board.is_ablation("dmil-paper", "dmil")
    assert not board.is_ablation("dmil", "dmil")


def test_every_metric_and_part_has_a_name() -> None:
    assert set(terms.METRICS) == set(METRICS)
    assert {*terms.PARTS, "samples"} == set(PARTS)
    assert {*comparing.LOOKS, *comparing.ABOUT} == set(LOOKS)


# --- compare: pages -------------------------------------------------------------------------


def test_the_headline_says_who_leads_and_whether_the_difference_is_real(
    open_page: OpenPage,
) -> None:
    text = said(open_page("compare", data=GENERATED)).replace("\\", "")
    assert "**joint** has the best accuracy: **91.0%** (test samples, mean of 5 seeds)" in text
    assert "**dmil** has **90.0%**" in text
    assert "**1** significantly better (joint), **2** significantly worse" in text
    assert "made on another version of this data" in text


def test_another_metric_and_reference(open_page: OpenPage) -> None:
    app = open_page("compare", data=RECORDED)
    app.selectbox(key="choice_reference").select("joint").run()
    assert "compared with **joint**: **3** significantly worse" in said(app).replace("\\", "")
    app.selectbox(key="choice_metric").select("ece").run()
    assert not app.exception
    assert "best calibration error" in said(app)
    assert (view(app).metric, view(app).reference) == ("ece", "joint")  # type: ignore[attr-defined]


def test_a_metric_that_was_not_recorded_says_so(open_page: OpenPage) -> None:
    app = open_page("compare", data=RECORDED, metric="map")
    assert not app.exception
    assert "has the metric mean average precision" in said(app)
    app.selectbox(key="choice_metric").select("accuracy").run()
    assert "has the best accuracy" in said(app)


def test_an_incomplete_comparison_is_marked(open_page: OpenPage) -> None:
    text = said(open_page("compare", data=BEGUN)).replace("\\", "")
    assert "3 of 5 seeds: incomplete" in text
    assert "not here: mlb" in text
    assert "make bench-compare" in text


def test_a_method_is_followed_over_all_data_sets(open_page: OpenPage) -> None:
    app = open_page("compare", data=RECORDED, method="mlb")
    assert f'data-mark="{GENERATED}"' in drawn.html(app, "one_method")
    text = said(app).replace("\\", "")
    assert "**mlb over all data sets**" in text
    assert "Gradient Modulation" in text
    app.button(key="close_method").click().run()
    assert "over all data sets**" not in said(app)
    assert view(app).method == ""  # type: ignore[attr-defined]


def test_the_table_has_every_method_and_its_verdict(open_page: OpenPage) -> None:
    frame = open_page("compare", data=GENERATED).dataframe[0].value
    assert frame["method"].tolist() == list(METHODS)
    assert frame["verdict"].tolist() == ["better", "reference", "worse", "worse"]
    html = drawn.html(open_page("compare", data=GENERATED), "board")
    assert html.index("joint") < html.index("mlb")
    assert html.count("significantly worse") == 2
    assert frame["accuracy"].tolist() == pytest.approx([91, 90, 80, 70])


def test_a_table_marks_missing_numbers_without_python_words(open_page: OpenPage) -> None:
    compared = open_page("compare", data=GENERATED).dataframe[0]
    reference = compared.value.set_index("verdict").loc["reference"]
    assert reference[["low", "high"]].isna().all()
    assert compared.proto.placeholder == "-"


def test_seconds_of_a_gpu_are_marked(open_page: OpenPage, room: Room) -> None:
    assert "device" not in open_page("compare", data=GENERATED).dataframe[0].value
    path = room.root / GENERATED / "results.jsonl"
    first, *others = path.read_text("utf-8").splitlines()
    one = json.dumps(json.loads(first) | {"device": "cuda"})
    path.write_text("\n".join([one, *others]), "utf-8")
    frame = open_page("compare", data=GENERATED).dataframe[0].value
    shown = frame.set_index("method")["device"]
    assert shown[json.loads(first)["paradigm"]] == "cpu, cuda"
    assert (shown == "cpu").sum() == len(METHODS) - 1


def test_no_records_show_one_seed_and_the_way_to_more(open_page: OpenPage) -> None:
    app = open_page("compare", data=REAL)
    assert not app.exception
    assert "No comparison over seeds is recorded" in said(app)
    assert "make bench-compare" in said(app)
    assert "95% interval" in said(app)
    assert f"--out checkpoints/{REAL}" in app.code[0].value


@pytest.mark.parametrize("data", [REAL, GENERATED, RECORDED, UNTRAINED])
def test_ranks_are_the_same_whatever_set_is_chosen(open_page: OpenPage, data: str) -> None:
    app = open_page("compare", data=data, part="sets")
    assert not app.exception
    text = said(app).replace("\\", "")
    assert "**joint** has the best mean rank, **1.0** of 4, over 2 data sets" in text
    assert f"Left out, as runs are missing: {BEGUN}" in text
    assert "**Open**: dmil has the best average rank" in text


def test_held_out_sets_have_targets_of_their_own_once_they_are_measured(
    open_page: OpenPage, room: Room, tmp_path: Path
) -> None:
    heading = "Pre-registered targets on two sets that nobody tuned on"
    before = open_page("compare", data="diamonds", part="sets")
    assert not before.exception
    assert heading not in [h.value for h in before.header]
    root = tmp_path / "checkpoints"
    shutil.copytree(room.root / RECORDED, root / RECORDED)
    records.write(records.runs("diamonds", METHODS), root)
    fidelity_results(records.fidelity(), tmp_path, root)
    for part in ("seeds", "sets"):
        app = open_page("compare", root=root, results=tmp_path, data="diamonds", part=part)
        assert not app.exception
    assert heading in [h.value for h in app.header]
    text = said(app).replace("\\", "")
    assert "**Missed**: dmil beats joint and ensemble on both held-out sets" in text


def test_nothing_to_rank_says_what_to_run(open_page: OpenPage, room: Room, tmp_path: Path) -> None:
    shutil.copytree(room.root / REAL, tmp_path / REAL)
    app = open_page("compare", root=tmp_path, data=REAL, part="sets")
    assert not app.exception
    assert "nothing to rank yet" in said(app)
    assert app.code[0].value == "make bench-compare"


def test_the_scope_is_chosen_and_in_the_link(open_page: OpenPage) -> None:
    app = open_page("compare", data=GENERATED)
    app.segmented_control(key="choice_part").select("sets").run()
    assert not app.exception
    assert "best mean rank" in said(app)
    assert "sets" in app.query_params["part"]


def test_methods_that_can_be_opened_are_told_from_records(open_page: OpenPage) -> None:
    html = drawn.html(open_page("compare", data=GENERATED), "board")
    # dmil, joint and ensemble were trained here; of mlb there are figures alone.
    assert html.count("records only") == 1
    assert 'data-mark="samples dmil"' in html
    assert 'data-mark="samples mlb"' not in html


def test_a_row_leads_to_its_errors_its_model_and_its_records(
    open_page: OpenPage, pick: Pick
) -> None:
    wrong = pick(open_page("compare", data=GENERATED), "board", "wrong ensemble")
    assert [t.value for t in wrong.title] == ["Samples"]
    assert (view(wrong).model, view(wrong).show) == ("ensemble", "wrong")  # type: ignore[attr-defined]
    model = pick(open_page("compare", data=GENERATED), "board", "about ensemble")
    assert not model.exception
    assert "About ensemble" in [h.value for h in model.header]
    other = pick(open_page("compare", data=GENERATED), "board", "follow mlb")
    assert [t.value for t in other.title] == ["Leaderboard"]
    assert "mlb over all data sets" in said(other)


def test_records_with_hostile_names_and_bad_lines(
    open_page: OpenPage, room: Room, tmp_path: Path
) -> None:
    shutil.copytree(room.root / RECORDED, tmp_path / RECORDED)
    with (tmp_path / RECORDED / "results.jsonl").open("a") as file:
        file.write('not json\n{"data": 3}\n')
        for record in records.runs(RECORDED, {"<b>bold</b> [x](y)": 0.95}):
            file.write(json.dumps(record) + "\n")
    for part in ("seeds", "sets"):
        app = open_page("compare", root=tmp_path, data=RECORDED, part=part)
        assert not app.exception
        assert not app.error
        assert "<b>" not in said(app).replace("\\<", "")
