"""What columns are, and which role the guess gives them, on tables as people have them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmil_core.data.files.groups import by_names
from dmil_core.data.files.kinds import Facts, describe
from dmil_core.data.files.roles import Given, InputRole, Roles, flag, guess
from dmil_core.data.files.table import Column, Table

N = 48
RNG = np.random.default_rng(0)
NUMBERS = RNG.normal(size=(20, N)).round(3).tolist()
LABEL = ["calm", "angry"] * (N // 2)


def table(**columns: Any) -> Table:
    """A table of text cells from lists, or of what Arrow makes of typed ones."""
    made: dict[str, Column] = {}
    for name, cells in columns.items():
        if isinstance(cells, np.ndarray):
            made[name] = Column(name, cells, str(cells.dtype))
            continue
        array = cells if isinstance(cells, pa.Array) else pa.array([str(c) for c in cells])
        made[name] = Column(name, pa.chunked_array([array]), str(array.type))
    return Table(made)


def sides(**more: Any) -> dict[str, Any]:
    """Two groups of two columns, and whatever else."""
    names = ("left_0", "left_1", "right_0", "right_1")
    return {**dict(zip(names, NUMBERS, strict=False)), **more}


def guessed(columns: Mapping[str, Any]) -> tuple[Roles, dict[str, Facts]]:
    made = table(**columns)
    facts = describe(made)
    return guess(made, facts), facts


def inputs(roles: Roles) -> dict[str, tuple[str, ...]]:
    return {r.name: r.columns for r in roles.inputs}


def reason(roles: Roles, column: str) -> str:
    return dict(roles.unused)[column]


def test_true_or_false_columns_named_flag_are_flags_and_no_inputs() -> None:
    says = {
        "flag_a": ["true", "false"] * 24, "flag_b": ["1", "0"] * 24, "flag_c": ["yes", "No"] * 24,
        "flag_d": pa.array([True, None] * 24), "flag_same": ["no"] * 48,
        "flag_of": ["red", "blue"] * 24, "flag_count": ["0", "2"] * 24, "flagged": [0, 1] * 24,
    }  # fmt: skip
    roles, facts = guessed(sides(**says, label=LABEL))
    assert roles.flags == ("flag_a", "flag_b", "flag_c", "flag_d", "flag_same")
    others = {c for r in roles.inputs for c in r.columns} | {c for c, _ in roles.unused}
    assert not others & set(roles.flags)
    assert {"flag_of", "flag_count", "flagged"} <= others
    columns = table(**says).columns
    for name in roles.flags[:4]:
        assert flag(columns[name], facts[name]).tolist() == [True, False] * 24
    assert not flag(columns["flag_same"], facts["flag_same"]).any()


def test_a_flag_that_is_chosen_as_an_input_is_one() -> None:
    made = table(**sides(flag_a=["1", "0"] * 24, label=LABEL))
    both = (InputRole("left", "vector", ("left_0", "flag_a")), InputRole("right", "vector",
                                                                         ("right_0",)))  # fmt: skip
    assert guess(made, given=Given(both)).flags == ()
    assert guess(made, given=Given(flags=())).flags == ()


BOTH = {"left": ("left_0", "left_1"), "right": ("right_0", "right_1")}


# --- kinds -----------------------------------------------------------------------------------

DAYS = [dt.date(2026, 1, 1) + dt.timedelta(days=i) for i in range(N)]


@pytest.mark.parametrize(
    ("name", "cells", "kind"),
    [
        ("v", NUMBERS[0], "number"),
        ("v", [f"{v:.2f}".replace(".", ",") for v in NUMBERS[0]], "number"),
        ("v", [f"{abs(v) * 1000:,.1f}" for v in NUMBERS[0]], "number"),
        ("v", ["1.5" if i % 4 == 0 else "NA" for i in range(N - 1)] + ["2"], "number"),
        ("v", [Decimal("1.25") + i for i in range(N)], "number"),
        ("v", [f"{i % 24:02}:{i:02}" for i in range(N)], "date"),
        ("v", [f"{1 + i % 12}/{1 + i % 28}/2026" for i in range(N)], "date"),
        ("v", [f"2026-01-{1 + i % 28:02}T10:00:00Z" for i in range(N)], "date"),
        ("v", [f"{1 + i % 28} Jan 2026" for i in range(N)], "date"),
        ("v", [f"Mar {1 + i % 28}, 2026" for i in range(N)], "date"),
        ("v", pa.array(DAYS), "date"),
        ("year", [2007 + i % 3 for i in range(N)], "date"),
        ("date", [20260101 + i % 28 for i in range(N)], "date"),
        ("timestamp", [1_700_000_000 + 60 * i for i in range(N)], "date"),
        ("v", [f"clip{i}.wav" for i in range(N)], "sounds"),
        ("v", [f"a/b{i}.JPG" for i in range(N)], "pictures"),
        ("v", [f"{i}.png" for i in range(N)], "pictures"),
        ("v", [f"{i}.wav" for i in range(N)], "sounds"),
        ("v", [f"{i}.npy" for i in range(N)], "file"),
        ("v", [f"{i}.5 cm" for i in range(N)], "number"),
        ("v", [f"https://example.org/p{i}.png?size=large" for i in range(N)], "pictures"),
        ("v", [f"https://example.org/{i}" for i in range(N)], "link"),
        ("v", [f"clip{i}.mp4" for i in range(N)], "file"),
        ("v", [f"scan{i}.nii.gz" for i in range(N)], "file"),
        ("v", [f"[{a}, {a + 1}]" for a in NUMBERS[0]], "vector"),
        ("v", [f"[np.float64({a}), np.float64({a + 1})]" for a in NUMBERS[0]], "vector"),
        ("v", [f"tensor([{a}, 2.], dtype=torch.float64)" for a in NUMBERS[0]], "vector"),
        ("v", [f"{i} {i + 1} {i + 2} 7" for i in range(N)], "vector"),
        ("v", [f"{120 + i}/{70 + i}" for i in range(N)], "vector"),
        ("v", [f"[{i}, 2]" for i in range(N - 1)] + ["[1, 2, 3]"], "vector"),
        ("v", [f"[{i}, 1{', 2' * (i % 3)}]" for i in range(N)], "unusable"),
        ("v", [f"[0.1 0.2 ... {i}]" for i in range(N)], "unusable"),
        ("v", [["red;blue", "red", "blue;green", "green"][i % 4] for i in range(N)],
         "several labels"),
        ("v", [["red", "blue", "green"][i % 3] for i in range(N)], "category"),
        ("v", [f"{i % 5:03}" for i in range(N)], "category"),
        ("v", [f"s{i:03}" for i in range(N)], "id"),
        ("", list(range(N)), "id"),
        ("v", [f"the {LABEL[i]} dog number {i} runs home" for i in range(N)], "text"),
        ("v", ["\u4eca\u5929\u5929\u6c14\u5f88\u597d" + "\u4e00\u4e8c\u4e09\u56db"[i % 4] * (i + 1)
               for i in range(N)], "text"),
        ("v", ["same"] * N, "constant"),
        ("v", [""] * N, "empty"),
        ("v", pa.nulls(N), "empty"),
        ("v", pa.array([[1.0, 2.0]] * N), "vector"),
        ("v", pa.array([[1.0, 2.0]] * N, pa.list_(pa.float32(), 2)), "vector"),
        ("v", pa.array([[1.0]] + [[1.0, 2.0]] * (N - 1)), "unusable"),
        ("v", pa.array([{"a": 1, "b": "x"}] * N), "unusable"),
        ("v", pa.array([b"\x89PNG\r\n"] * N), "pictures"),
        ("v", pa.array([{"bytes": b"RIFF....WAVE", "path": "a.wav"}] * N), "sounds"),
        ("v", pa.array(["x", "y"] * (N // 2)).dictionary_encode(), "category"),
        ("v", pa.array([str(v) for v in NUMBERS[0]], pa.string_view()), "number"),
        ("v", np.asarray([1 + 2j] * N), "unusable"),
        ("v", np.zeros((N, 4)), "vector"),
        ("v", np.zeros((N, 3, 4)), "array"),
        ("v", np.arange(N)[:, None] % 3, "number"),
    ],
)  # fmt: skip
def test_what_a_column_is(name: str, cells: Any, kind: str) -> None:
    facts = describe(table(**{name: cells}))[name]
    assert facts.kind == kind
    assert facts.rows == N


def test_counts_are_of_all_rows() -> None:
    cells = ["red", " red", "NA", "?", "blue", "n/a", "", "Blue"] * 6
    facts = describe(table(v=cells))["v"]
    assert facts.counts == {"Blue": 6, "blue": 6, "red": 12}
    assert int(facts.missing.sum()) == 24
    assert facts.present == 24


@pytest.mark.parametrize(
    ("cells", "missing"),
    [
        (["+", "-"] * 24, 0),  # a word beside its counterpart
        (["+", "-", "0"] * 16, 0),
        (["nan", "None"] * 24, 0),  # otherwise nothing would be left
        (["mild", "None", "severe"] * 16, 0),
        (["yes", "no", "-"] * 16, 16),
        (["yes", "no", "?"] * 16, 16),
        (["1.5", "None", "2", "-"] * 12, 24),
    ],
)
def test_a_word_is_missing_where_the_column_does_not_need_it(
    cells: list[str], missing: int
) -> None:
    assert int(describe(table(v=cells))["v"].missing.sum()) == missing


def test_infinite_and_odd_cells_of_numbers_are_named_with_their_rows() -> None:
    cells = [str(i * 1.5) for i in range(N)]
    cells[3], cells[7] = "inf", "n.b."
    facts = describe(table(v=cells))["v"]
    assert facts.kind == "number"
    assert facts.odd == (3, 7)
    assert facts.odd_example in ("inf", "n.b.")


def test_one_column_with_a_decimal_comma_decides_for_one_in_doubt() -> None:
    sure = [f"{v:.2f}".replace(".", ",") for v in NUMBERS[0]]
    facts = describe(table(a=sure, b=[f"{1 + i % 9},{100 + i}" for i in range(N)]))
    assert facts["b"].high < 10
    alone = describe(table(b=[f"{1 + i % 9},{100 + i}" for i in range(N)]))
    assert alone["b"].low > 1000


# --- groups ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "groups"),
    [
        ("audio_mfcc_mean audio_zcr text_len text_caps video_cuts video_light",
         {"audio": 2, "text": 2, "video": 2}),
        ("TP0 TP1 BRCA0 BRCA1", {"TP": 2, "BRCA": 2}),
        ("a.1 a.2 b[0] b[1]", {"a": 2, "b": 2}),
        ("sensor_acc_x sensor_acc_y sensor_gyr_x sensor_gyr_y",
         {"sensor_acc": 2, "sensor_gyr": 2}),
        ("SepalLengthCm SepalWidthCm PetalLengthCm PetalWidthCm", {"Sepal": 2, "Petal": 2}),
        ("mfcc1_mean mfcc2_mean chroma1_mean chroma2_mean", {"mfcc": 2, "chroma": 2}),
        ("face-0 face-1 hand-0 hand-1", {"face": 2, "hand": 2}),
        ("age income height", {}),
    ],
)  # fmt: skip
def test_columns_are_grouped_by_their_names(names: str, groups: dict[str, int]) -> None:
    assert {k: len(v) for k, v in by_names(names.split(" ")).items()} == groups


# --- the guess -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        # the label by name, by place, or not at all
        (sides(label=LABEL), {"label": "label", "inputs": BOTH}),
        (sides(Class=LABEL), {"label": "Class", "inputs": BOTH}),
        (sides(mood=LABEL), {"label": "mood", "inputs": BOTH}),
        ({"mood": LABEL, **sides()}, {"label": "mood", "inputs": BOTH}),
        (sides(digit=[i % 10 for i in range(N)]), {"label": "digit", "inputs": BOTH}),
        (sides(what=[0.0, 1.0] * (N // 2)), {"label": "what", "inputs": BOTH}),
        ({"left_0": NUMBERS[0], "mood": LABEL, "weather": ["wet", "dry", "hot"] * 16,
          "right_0": NUMBERS[1]}, {"label": ""}),
        (sides(y=NUMBERS[5]), {"label": "y", "inputs": BOTH}),
        (sides(label=list(range(1, N + 1))), {"label": "label", "inputs": BOTH}),
        # ids
        (sides(id=[f"r{i}" for i in range(N)], label=LABEL), {"id": "id", "label": "label"}),
        ({"": list(range(N)), **sides(label=LABEL)}, {"id": "", "unused": []}),
        ({"index": list(range(N)), **sides(label=LABEL)}, {"id": "index"}),
        (sides(PassengerId=list(range(1, N + 1)), Name=[f"n{i}" for i in range(N)], label=LABEL),
         {"id": "PassengerId", "unused": ["Name"]}),
        # split and group
        (sides(split=["train", "train", "val", "test"] * 12, label=LABEL), {"split": "split"}),
        (sides(Usage=["Training", "PublicTest", "PrivateTest", "Training"] * 12, label=LABEL),
         {"split": "Usage"}),
        (sides(fold=[i % 10 for i in range(N)], label=LABEL), {"split": "", "group": "fold"}),
        (sides(split=[i % 5 for i in range(N)], label=LABEL), {"split": ""}),
        (sides(patient_id=[f"p{i % 8}" for i in range(N)], label=LABEL), {"group": "patient_id"}),
        (sides(subject=[i // 4 for i in range(N)], label=LABEL), {"group": "subject"}),
        # what gives the label away, and what measures nothing
        (sides(classID=[0, 1] * (N // 2), **{"class": LABEL}),
         {"label": "class", "unused": ["classID"]}),
        (sides(mood=["m" + w for w in LABEL], label=LABEL), {"label": "label", "unused": ["mood"]}),
        (sides(year=[2007 + i % 3 for i in range(N)], when=DAYS, same=["x"] * N, no=[""] * N,
               clip=[f"c{i}.mp4" for i in range(N)], url=[f"http://a.b/{i}" for i in range(N)],
               store_id=[i % 7 for i in range(N)], label=LABEL),
         {"inputs": BOTH, "unused": ["year", "when", "same", "no", "clip", "url", "store_id"]}),
        (sides(sound=[f"c{i}.wav" for i in range(N)], label=LABEL), {"unused": ["sound"]}),
        # inputs
        ({"x1_0": NUMBERS[0], "x1_1": NUMBERS[1], "x2_0": NUMBERS[2], "x2_1": NUMBERS[3],
          "y": LABEL}, {"inputs": {"x1": ("x1_0", "x1_1"), "x2": ("x2_0", "x2_1")}}),
        ({"bill_length": NUMBERS[0], "bill_depth": NUMBERS[1], "mass": NUMBERS[2],
          "sex": ["m", "f"] * (N // 2), "size": NUMBERS[4], "species": ["a", "b", "c"] * 16},
         {"inputs": {"bill": ("bill_length", "bill_depth"), "rest": ("mass", "sex", "size")}}),
        ({"rest SBP": NUMBERS[0], "rest ECG": NUMBERS[1], "age": NUMBERS[2], "pain": NUMBERS[3],
          "thal": NUMBERS[4], "label": LABEL},
         {"inputs": {"rest": ("rest SBP", "rest ECG"), "others": ("age", "pain", "thal")}}),
        (sides(note=[f"it was {w} on day {i}" for i, w in enumerate(LABEL)], label=LABEL),
         {"inputs": BOTH | {"note": ("note",)}}),
        ({"note": [f"it was {w} on day {i}" for i, w in enumerate(LABEL)], "age": NUMBERS[0],
          "label": LABEL}, {"inputs": {"note": ("note",), "age": ("age",)}}),
        ({"a": NUMBERS[0], "b": NUMBERS[1], "c": NUMBERS[2], "label": LABEL},
         {"inputs": {}, "unused": ["a", "b", "c"]}),
        ({f"{chr(97 + g)}_{i}": NUMBERS[i] for g in range(9) for i in range(2)} | {"label": LABEL},
         {"inputs": {}}),
        # several labels are named, not taken for a class
        (sides(label=[["a;b", "a", "b;c", "c"][i % 4] for i in range(N)]), {"label": "label"}),
        (sides(tags=[["a;b", "a", "b;c", "c"][i % 4] for i in range(N)], label=LABEL),
         {"label": "label", "unused": ["tags"]}),
    ],
)  # fmt: skip
def test_what_is_guessed(columns: dict[str, Any], expected: dict[str, Any]) -> None:
    roles, _ = guessed(columns)
    got = {"label": roles.label, "id": roles.id, "split": roles.split, "group": roles.group,
           "inputs": inputs(roles), "unused": [c for c, _ in roles.unused]}  # fmt: skip
    assert {k: got[k] for k in expected} == expected


def test_of_702_columns_the_ones_that_are_left_out_are_counted() -> None:
    genes = {f"GENE{chr(65 + i % 26)}{chr(65 + i // 26)}": NUMBERS[i % 20] for i in range(664)}
    accidents = {f"TP{i}": NUMBERS[i % 20] for i in range(36)}
    roles, facts = guessed({**genes, **accidents, "id": [f"s{i}" for i in range(N)],
                            "label": LABEL})  # fmt: skip
    used = {c for r in roles.inputs for c in r.columns}
    assert len(facts) == 702
    assert len(roles.unused) == 702 - 2 - len(used)
    assert len(used) in (0, 700)  # never 36 of 700 in an input that means nothing


def test_what_a_user_says_is_not_guessed() -> None:
    made = table(**sides(label=LABEL, other=["u", "v", "w"] * 16))
    said = Given((InputRole("one", "vector", ("left_0", "right_1")),
                  InputRole("two", "vector", ("left_1",))), label="other", group="")  # fmt: skip
    roles = guess(made, given=said)
    assert roles.label == "other"
    assert roles.inputs == said.inputs
    assert dict(roles.unused) == {"right_0": "not chosen", "label": "not chosen"}


def test_files_that_are_asked_for_afterwards_are_inputs_already() -> None:
    made = table(picture=[f"p{i}.png" for i in range(N)], sound=[f"s{i}.wav" for i in range(N)],
                 label=LABEL)  # fmt: skip
    assert inputs(guess(made)) == {}
    assert "whose files are not there" in reason(guess(made), "picture")
    found = guess(made, files_follow=True)
    assert [(r.name, r.kind) for r in found.inputs] == [("picture", "image"), ("sound", "audio")]


# --- whatever a table holds ------------------------------------------------------------------

cells = st.one_of(
    st.sampled_from(
        ["", "NA", "-", "a", "b", "1", "0", "true", "x.png", "2026-01-01", "a;b", "[1]"]
    ),
    st.text(max_size=6),
    st.floats(allow_nan=False).map(str),
    st.integers(0, 5).map(str),
)


@st.composite
def tables(draw: st.DrawFn) -> Table:
    rows = draw(st.integers(1, 12))
    names = draw(st.lists(st.text(max_size=6) | st.sampled_from(
        ["label", "y", "id", "split", "x1_0", "x2_0", "a_1", "a_2", "b_1", "b_2"]),
        min_size=1, max_size=7, unique=True))  # fmt: skip
    columns: dict[str, Any] = {}
    for name in names:
        pool = draw(st.lists(cells, min_size=1, max_size=4))
        columns[name] = [pool[i % len(pool)] for i in range(rows)]
    return table(**columns)


@given(tables())
@settings(max_examples=150, deadline=None)
def test_the_guess_never_harms(made: Table) -> None:
    facts = describe(made)
    roles = guess(made, facts)
    used = [c for r in roles.inputs for c in r.columns]
    single = [c for c in (roles.label, roles.id, roles.split, roles.group) if c]
    left = [c for c, why in roles.unused if why]
    assert len(roles.inputs) <= 3
    assert len(used) == len(set(used))
    assert not set(used) & set(single)
    # Every column has a role or a reason. A column without a name is not told from no column.
    assert {*used, *single, *left} - {""} == set(made.columns) - {""}
    assert len(left) + len(used) + len(single) in (len(facts), len(facts) - 1)
    if not roles.label:
        words = [c for c in used if facts[c].kind == "category" and facts[c].distinct <= 100]
        assert not [c for c in words if facts[c].present >= 2 * facts[c].distinct]


def test_frames_of_pandas_are_described_alike() -> None:
    frame = pd.DataFrame({"a": [1.5, None] * 24, "b": ["x", "y"] * 24, "c": [True, False] * 24})
    arrow = pa.Table.from_pandas(frame)
    made = Table({n: Column(n, arrow[n], str(arrow[n].type)) for n in arrow.column_names})
    facts = describe(made)
    assert [facts[n].kind for n in "abc"] == ["constant", "category", "category"]
    assert facts["c"].counts == {"false": 24, "true": 24}
    assert int(facts["a"].missing.sum()) == 24
