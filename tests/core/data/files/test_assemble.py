"""From a table to a data set: rows, labels, numbers and words, and what is said about them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from dmil_core.data.card import ColumnSpec
from dmil_core.data.files.assemble import Assembled, assemble, preview
from dmil_core.data.files.kinds import describe
from dmil_core.data.files.reader import Named, read_table
from dmil_core.data.files.repairs import Repairs
from dmil_core.data.files.roles import Given, InputRole, guess
from dmil_core.data.files.store import write_set
from dmil_core.data.files.table import Column, Table
from dmil_core.data.media import AudioMedia, ImageMedia, media
from dmil_core.data.npz import read_dataset
from dmil_core.data.validate import Issue
from tests.core.data.archives import png, wav
from tests.core.data.files.made import npz, parquet

N = 60
RNG = np.random.default_rng(1)
X = RNG.normal(size=(4, N)).round(3)
LABEL = np.array(["calm", "angry"])[np.arange(N) % 2]


def frame(**more: Any) -> pd.DataFrame:
    names = ("left_0", "left_1", "right_0", "right_1")
    return pd.DataFrame({**dict(zip(names, X, strict=True)), **more})


def csv(rows: pd.DataFrame, **how: Any) -> Table:
    return read_table([Named("t.csv", rows.to_csv(index=False, **how).encode())])


def made(table: Table, repairs: Repairs | None = None, **given: Any) -> Assembled:
    repairs = repairs or Repairs()
    facts = describe(table, repairs.as_text)
    roles = guess(table, facts, Given(**given))
    return assemble(table, roles, repairs, "mine", facts=facts)


def titles(issues: Sequence[Issue]) -> str:
    return "\n".join(f"{i.severity}: {i.title}" for i in issues)


def columns(result: Assembled, m: int) -> tuple[ColumnSpec, ...]:
    assert result.dataset is not None, titles(result.issues)
    return result.dataset.card.modalities[m - 1].columns


# --- rows that lack a whole input --------------------------------------------------------------


def lacking(**more: Any) -> pd.DataFrame:
    """Of 60 rows, row 0 to 19 lack the right input, row 20 the left one, row 21 both, and row 22
    one cell of the right one."""
    rows = frame(label=LABEL, **more)
    rows.loc[:19, ["right_0", "right_1"]] = np.nan
    rows.loc[20:21, ["left_0", "left_1"]] = np.nan
    rows.loc[21, ["right_0", "right_1"]] = np.nan
    rows.loc[22, "right_1"] = np.nan
    return rows


def test_rows_that_lack_a_whole_input_are_kept_and_flagged() -> None:
    result = made(csv(lacking()), Repairs(missing="keep"))
    data = result.dataset
    assert data is not None, titles(result.issues)
    assert result.rows.tolist() == [*range(21), *range(22, N)]
    without1, without2 = data.lacks(1), data.lacks(2)
    assert without1 is not None
    assert without2 is not None
    assert np.flatnonzero(without1).tolist() == [20]
    assert np.flatnonzero(without2).tolist() == list(range(20))
    # A cell that is missing beside one that is there is filled and marked, as ever.
    assert [(c.name, c.was_missing) for c in columns(result, 2)] == [
        ("right_0", False), ("right_1", False), ("right_1", True)
    ]  # fmt: skip
    assert data.x2[21, 2] == 1
    assert data.x2[22:, 2].max() == 0
    train = (data.split == "train") & ~without2
    np.testing.assert_allclose(data.x2[0], data.x2[train].mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(data.x2[22:, 0], X[2, 23:], rtol=1e-5)
    said = titles(result.issues)
    assert "input 2 (right) is missing in 20 of 60 rows (33 %)" in said
    assert "no input is there in 1 of 60 rows" in said
    issue = next(i for i in result.issues if "(right)" in i.title)
    assert issue.rows == tuple(range(20))
    assert [o.value for o in issue.offers] == ["drop", "keep"]


def test_keeping_such_rows_is_offered_where_they_are_filled_or_dropped() -> None:
    result = made(csv(lacking()))
    assert result.dataset is not None
    assert result.dataset.complete.all()
    issue = next(i for i in result.issues if "numbers are missing" in i.title)
    assert [o.value for o in issue.offers] == ["drop", "mean", "keep"]
    words = frame(label=LABEL).assign(right_0="ab", right_1=["c", "d"] * (N // 2))
    words["right_0"] = ["a", "b", None] * (N // 3)
    words.loc[words["right_0"].isna(), "right_1"] = None
    issue = next(i for i in made(csv(words)).issues if i.title.startswith("'right_0' is missing"))
    assert [o.value for o in issue.offers] == ["drop", "mean", "keep"]
    # Where every input is there, if with gaps, keeping is no choice.
    issue = next(i for i in made(csv(gaps(9))).issues if "numbers are missing" in i.title)
    assert [o.value for o in issue.offers] == ["drop", "mean"]


def test_flags_of_a_table_say_which_rows_lack_an_input() -> None:
    rows = frame(label=LABEL, flag_without_x2=np.arange(N) < 9, flag_noisy=np.arange(N) % 3 // 2)
    result = made(csv(rows))
    data = result.dataset
    assert data is not None, titles(result.issues)
    assert set(data.flags) == {"without_x2", "noisy"}
    lacks = data.lacks(2)
    assert lacks is not None
    assert np.flatnonzero(lacks).tolist() == list(range(9))
    assert len(set(data.x2[:9, 0].tolist())) == 1
    assert np.flatnonzero(data.flags["noisy"]).tolist() == list(range(2, N, 3))


def test_an_input_that_no_row_has_is_an_error() -> None:
    result = made(csv(frame(label=LABEL, flag_without_x2=np.ones(N, dtype=bool))))
    assert result.dataset is None
    assert "error: no row has x2" in titles(result.issues)


def test_empty_texts_are_absent_ones() -> None:
    words = np.array(["a bird that sings", "a dog that barks", "", "  "], dtype=object)
    rows = frame(label=LABEL, text=[f"{words[i % 4]} {i}" if i % 4 < 2 else words[i % 4]
                                    for i in range(N)])  # fmt: skip
    roles = (one("left", "left_0", "left_1"), one("text", "text", kind="text"))
    result = made(csv(rows), Repairs(missing="keep"), inputs=roles, label="label")
    data = result.dataset
    assert data is not None, titles(result.issues)
    lacks = data.lacks(2)
    assert lacks is not None
    assert np.flatnonzero(lacks).tolist() == [i for i in range(N) if i % 4 > 1]
    assert set(data.x2[lacks].tolist()) == {""}
    assert "empty text" not in titles(result.issues)


def test_rows_whose_file_is_not_there_stay(tmp_path: Any) -> None:
    files = {f"{i}.png": png(8, 8, (i, 200 - i, 9)) for i in range(N) if i % 3}
    sounds = {f"{i}.wav": wav(0.05 + i / 1000) for i in range(N) if i % 4}
    rows = pd.DataFrame(
        {
            "picture": [f"{i}.png" for i in range(N)],
            "sound": [f"{i}.wav" if i % 4 else "" for i in range(N)],
            "label": LABEL,
        }
    )
    named = [Named("t.csv", rows.to_csv(index=False).encode())]
    table = read_table([*named, *(Named(n, c) for n, c in (files | sounds).items())])
    roles = (one("picture", "picture", kind="image"), one("sound", "sound", kind="audio"))
    refused = made(table, inputs=roles, label="label")
    issue = next(i for i in refused.issues if i.title.startswith("not among the files"))
    assert [o.value for o in issue.offers] == ["keep"]
    result = made(table, Repairs(missing="keep"), inputs=roles, label="label")
    data = result.dataset
    assert data is not None, titles(result.issues)
    kept = [i for i in range(N) if i % 12]  # these have neither
    assert result.rows.tolist() == kept
    without1, without2 = data.lacks(1), data.lacks(2)
    assert without1 is not None
    assert without2 is not None
    assert np.flatnonzero(without1).tolist() == [k for k, i in enumerate(kept) if not i % 3]
    assert np.flatnonzero(without2).tolist() == [k for k, i in enumerate(kept) if not i % 4]
    write_set(tmp_path / "mine.npz", result)
    again = read_dataset(tmp_path / "mine.npz")
    assert again.digest == data.digest
    np.testing.assert_array_equal(again.lacks(2), without2)
    last = media(again, len(kept) - 1, 1), media(again, len(kept) - 1, 2)
    assert isinstance(last[0], ImageMedia)
    assert isinstance(last[1], AudioMedia)
    assert last[0].pixels[48, 48].tolist() == [N - 1, 200 - (N - 1), 9]
    assert len(last[1].wave) == pytest.approx(8000 * (0.05 + (N - 1) / 1000), abs=2)


# --- missing cells -----------------------------------------------------------------------------


def gaps(count: int, word: str = "NA") -> pd.DataFrame:
    rows = frame(label=LABEL).astype({"left_0": object})
    rows.loc[: count - 1, "left_0"] = word
    return rows


@pytest.mark.parametrize("word", ["NA", "NaN", "", "-", "?", "n/a", "null", "None", "#N/A"])
def test_rows_with_a_few_missing_numbers_are_dropped_and_counted(word: str) -> None:
    result = made(csv(gaps(2, word)))
    assert result.dataset is not None, titles(result.issues)
    assert len(result.dataset) == N - 2
    assert result.rows.tolist() == list(range(2, N))
    issue = next(i for i in result.issues if "missing" in i.title)
    assert issue.title == "numbers are missing in 2 of 60 rows (3.3 %): 'left_0'"
    assert issue.rows == (0, 1)
    assert issue.repair.startswith("2 rows are dropped")
    assert [(o.option, o.value) for o in issue.offers] == [("missing", "drop"), ("missing", "mean")]


def test_many_missing_numbers_get_the_mean_of_the_training_rows_and_a_flag() -> None:
    result = made(csv(gaps(30)))
    assert result.dataset is not None
    x1, training = result.dataset.x1, result.dataset.split == "train"
    assert x1.shape == (N, 3)
    known = training & (np.arange(N) >= 30)
    np.testing.assert_allclose(x1[:30, 0], X[0, known].mean(), rtol=1e-5)
    np.testing.assert_array_equal(x1[:, 1], np.arange(N) < 30)
    assert [c.was_missing for c in columns(result, 1)] == [False, True, False]
    assert columns(result, 1)[0].fill == pytest.approx(X[0, known].mean(), rel=1e-6)


@pytest.mark.parametrize(("missing", "rows"), [("drop", 30), ("mean", N), ("error", 0)])
def test_what_is_chosen_for_missing_numbers_is_done(missing: Any, rows: int) -> None:
    result = made(csv(gaps(30)), Repairs(missing=missing))
    assert (0 if result.dataset is None else len(result.dataset)) == rows
    if missing == "error":
        assert "error: numbers are missing in 30 of 60 rows (50 %)" in titles(result.issues)


def test_where_no_row_has_every_input_it_is_said() -> None:
    """As of a folder in which no picture has a sound."""
    halves = [png() if i % 2 else None for i in range(40)]
    others = [wav() if not i % 2 else None for i in range(40)]
    content = parquet({"picture": halves, "sound": others, "label": ["a", "b"] * 20})
    found = made(read_table([Named("t.parquet", content)]))
    assert found.dataset is None
    assert [i.title[:14] for i in found.issues if i.severity == "error"] == ["no row is left"]


def test_missing_words_get_a_category_and_rows_without_a_label_are_dropped() -> None:
    sex = np.array(["m", "f"], dtype=object)[np.arange(N) // 2 % 2]
    sex[:4], label = "NA", LABEL.astype(object)
    label[50] = ""
    rows = frame(label=label)
    rows.insert(2, "left_2", sex)
    result = made(csv(rows))
    assert columns(result, 1)[2] == ColumnSpec("left_2", "", ("f", "m", "(missing)"), True)
    assert result.dataset is not None
    np.testing.assert_array_equal(result.dataset.x1[:, 4], np.arange(N - 1) < 4)
    assert result.dataset.x1[:, 2:].sum(axis=1).tolist() == [1] * (N - 1)
    said = titles(result.issues)
    assert "'left_2' is missing in 4 of 60 rows (6.7 %)" in said
    assert "the label 'label' is missing in 1 of 60 rows (1.7 %)" in said
    dropped = made(csv(rows), Repairs(missing="drop"))
    assert dropped.dataset is not None
    assert len(dropped.dataset) == N - 5


def test_a_preview_says_what_the_set_would_without_making_it() -> None:
    table = csv(gaps(2))
    facts = describe(table)
    roles = guess(table, facts)
    assert set(preview(table, roles, Repairs(), facts)) == set(made(table).issues)


def test_odd_cells_are_missing_and_a_formula_is_named() -> None:
    rows = gaps(1, "=A2+B2")
    result = made(csv(rows))
    assert result.dataset is not None
    assert len(result.dataset) == N - 1
    issue = next(i for i in result.issues if "no number" in i.title)
    assert "'=A2+B2'" in issue.title
    assert "formulas" in issue.repair
    assert issue.rows == (0,)


# --- labels ------------------------------------------------------------------------------------

DIGITS = np.arange(N) % 12


@pytest.mark.parametrize(
    ("label", "classes"),
    [
        (DIGITS, tuple(map(str, range(12)))),  # 2 before 10
        (DIGITS.astype(float), tuple(map(str, range(12)))),
        (DIGITS.astype(str), tuple(map(str, range(12)))),
        (DIGITS % 2 == 1, ("false", "true")),
        (np.where(DIGITS % 2, "True", "False"), ("false", "true")),
        (np.where(DIGITS % 2, "TRUE", "false"), ("false", "true")),
        (np.where(DIGITS % 2, "1.0", "0"), ("0", "1")),
        (np.where(DIGITS % 2, "nan", "None"), ("None", "nan")),
        (np.where(DIGITS % 2, " b", "a "), ("a", "b")),
        (np.where(DIGITS % 2, 0.5, 1.5), ("0.5", "1.5")),
        (np.where(DIGITS % 2, "-", "+"), ("+", "-")),
        (np.where(DIGITS % 2, -1, 1), ("-1", "1")),
    ],
)  # fmt: skip
def test_one_rule_names_the_classes_of_csv_parquet_and_npz(
    label: np.ndarray, classes: tuple[str, ...]
) -> None:
    rows = frame(label=label)
    arrays = npz(x1=X[:2].T, x2=X[2:].T, y=label)
    tables = (
        csv(rows),
        read_table([Named("t.parquet", parquet(pa.Table.from_pandas(rows)))]),
        read_table([Named("t.npz", arrays)]),
    )
    results = [made(t) for t in tables]
    for result in results:
        assert result.dataset is not None, titles(result.issues)
        assert result.dataset.classes == classes
    assert len({r.dataset.digest for r in results if r.dataset is not None}) == len(
        {r.dataset.x1.tobytes() for r in results if r.dataset is not None}
    )


def test_one_hot_labels_and_a_column_of_them_are_classes() -> None:
    for y in (np.eye(3)[np.arange(N) % 3], (np.arange(N) % 3)[:, None]):
        result = made(read_table([Named("t.npz", npz(x1=X[:2].T, x2=X[2:].T, y=y))]))
        assert result.dataset is not None, titles(result.issues)
        assert result.dataset.classes == ("0", "1", "2")
        np.testing.assert_array_equal(result.dataset.y, np.arange(N) % 3)


def test_an_array_called_x1_is_an_input_whatever_it_holds() -> None:
    for x1 in (np.full(N, "same words"), np.full((N, 1), 2.0)):
        table = read_table([Named("t.npz", npz(x1=x1, x2=X[2:].T, y=np.arange(N) % 2))])
        result = made(table)
        assert result.dataset is not None, titles(result.issues)
        assert "input 1 is the same in every row" in titles(result.issues)


@pytest.mark.parametrize("label", [X[0] * 7, np.arange(N) + 1, np.arange(N) * 100])
def test_a_number_to_predict_is_recognised_and_cut_where_asked(label: np.ndarray) -> None:
    table = csv(frame(label=label))
    refused = made(table)
    assert refused.dataset is None
    issue = next(i for i in refused.issues if i.severity == "error")
    assert "looks like a number to predict" in issue.title
    assert "--quantiles" in issue.repair
    assert [o.value for o in issue.offers] == [2, 3, 4, 5]
    for parts in (2, 3, 5):
        cut = made(table, Repairs(quantiles=parts))
        assert cut.dataset is not None, titles(cut.issues)
        assert len(cut.dataset.classes) == parts
        # Of equal size, and in the order of the numbers.
        assert np.bincount(cut.dataset.y).tolist() == [N // parts] * parts
        order = np.argsort(label, kind="stable")
        assert (np.diff(cut.dataset.y[order]) >= 0).all()
        assert f"cut into {parts} classes" in titles(cut.issues)


def test_several_labels_in_a_cell_are_named() -> None:
    result = made(csv(frame(label=[["a;b", "a", "b;c", "c"][i % 4] for i in range(N)])))
    assert result.dataset is None
    assert "the label 'label' has several labels in a cell, such as 'a;b'" in titles(result.issues)


# --- inputs ------------------------------------------------------------------------------------


def one(name: str, *names: str, kind: Any = "vector") -> InputRole:
    return InputRole(name, kind, names)


LEFT = one("left", "left_0", "left_1")


def second(rows: pd.DataFrame | Table, *names: str, repairs: Repairs | None = None) -> Assembled:
    table = rows if isinstance(rows, Table) else csv(rows)
    return made(table, repairs, inputs=(LEFT, one("second", *names)), label="label")


def test_numbers_are_read_as_they_are_meant_with_their_units() -> None:
    price = [f"{1000 + i},5 \u20ac" for i in range(N)]
    rows = frame(label=LABEL, price=price, size_mm=X[0], share=[f"{i}%" for i in range(N)])
    result = second(rows, "price", "size_mm", "share")
    assert result.dataset is not None
    np.testing.assert_allclose(result.dataset.x2[:, 0], 1000.5 + np.arange(N))
    assert [c.unit for c in columns(result, 2)] == ["\u20ac", "mm", "%"]
    said = titles(result.issues)
    assert "60 cells of 'price' are written with a decimal comma and the unit \u20ac" in said
    assert "60 cells of 'share' are written with percent, such as '0%'" in said


def test_numbers_may_be_left_as_words() -> None:
    rows = frame(label=LABEL, code=(np.arange(N) % 3 + 101).astype(str))
    assert columns(second(rows, "code"), 2) == (ColumnSpec("code"),)
    left = second(rows, "code", repairs=Repairs(as_text=("code",)))
    assert columns(left, 2) == (ColumnSpec("code", "", ("101", "102", "103"), True),)


def test_numbers_words_and_lists_make_one_input() -> None:
    rows = frame(label=LABEL, kind=[["u", "v", "w"][i % 3] for i in range(N)],
                 emb=[f"[{i}, {i + 0.5}]" for i in range(N)],
                 tags=[["a;b", "a", "b"][i % 3] for i in range(N)], ok=[True, False] * (N // 2),
                 year=[2007 + i % 3 for i in range(N)])  # fmt: skip
    result = second(rows, "right_0", "kind", "emb", "tags", "ok", "year")
    assert result.dataset is not None, titles(result.issues)
    assert result.dataset.x2.shape == (N, 1 + 3 + 2 + 2 + 2 + 1)
    assert [c.name for c in columns(result, 2)] == [
        "right_0", "kind", "emb[0]", "emb[1]", "tags: a", "tags: b", "ok", "year",
    ]  # fmt: skip
    assert result.dataset.x2[4].tolist() == pytest.approx(
        [X[2, 4], 0, 1, 0, 4, 4.5, 1, 0, 0, 1, 2008], abs=1e-5
    )


def test_rare_words_share_a_category() -> None:
    words = [f"w{i % 55}" if i < 55 else "w1" for i in range(N)]
    result = second(frame(label=LABEL, word=words), "word")
    assert len(columns(result, 2)[0].categories) == 50
    assert columns(result, 2)[0].categories[-1] == "(other)"
    assert "'word' has 55 categories, expected at most 50" in titles(result.issues)


@pytest.mark.parametrize("type_", ["list", "fixed", "array"])
def test_lists_of_equal_length_are_one_input(type_: str) -> None:
    values = RNG.normal(size=(N, 5)).astype(np.float32)
    if type_ == "array":
        data: Any = values
    elif type_ == "list":
        data = pa.chunked_array([pa.array(values[:20].tolist()), pa.array(values[20:].tolist())])
    else:
        data = pa.chunked_array([pa.array(values.tolist(), pa.list_(pa.float32(), 5))])
    table = csv(frame(label=LABEL))
    table = Table({**table.columns, "emb": Column("emb", data, type_)})
    result = second(table, "emb")
    assert result.dataset is not None, titles(result.issues)
    np.testing.assert_array_equal(result.dataset.x2, values)


def test_a_list_that_is_missing_is_filled_and_one_that_is_too_long_is_named() -> None:
    lists = [f"[{i}, {i}]" for i in range(N)]
    lists[5:10] = [""] * 5
    result = second(frame(label=LABEL, emb=lists), "emb")
    assert result.dataset is not None
    assert result.dataset.x2.shape == (N, 3)
    assert result.dataset.x2[:, 2].sum() == 5
    lists[0] = "[1, 2, 3]"
    refused = second(frame(label=LABEL, emb=lists), "emb")
    issue = next(i for i in refused.issues if i.severity == "error")
    assert "lists that are not of 2 numbers, such as '[1, 2, 3]'" in issue.title
    assert issue.rows == (0,)


@pytest.mark.parametrize(
    ("columns_", "message"),
    [
        (("day",), "'day' cannot be used: dates"),
        (("nothing",), "'nothing' cannot be used: it is empty"),
        (("clip",), "'clip' cannot be used: names of .mp4 videos"),
        (("right_0", "text"), "input 2 mixes 'right_0', 'text'"),
        (("label",), "'label' is both input 2 and label"),
        (("sound",), "'sound' names sounds, whose files are missing"),
    ],
)
def test_a_column_is_refused_only_where_it_is_chosen(
    columns_: tuple[str, ...], message: str
) -> None:
    rows = frame(label=LABEL, day=[f"2026-01-{1 + i % 28}" for i in range(N)], nothing=[""] * N,
                 clip=[f"c{i}.mp4" for i in range(N)], sound=[f"c{i}.wav" for i in range(N)],
                 text=[f"one sentence of number {i}" for i in range(N)])  # fmt: skip
    assert second(rows, "right_0", "right_1").dataset is not None
    refused = second(rows, *columns_)
    assert refused.dataset is None
    assert message in titles(refused.issues)


def test_an_id_that_is_missing_is_the_number_of_the_row() -> None:
    ids = [f"r{i}" for i in range(N)]
    ids[7] = ""
    result = made(csv(frame(label=LABEL, id=ids)), id="id")
    assert result.dataset is not None, titles(result.issues)
    assert result.dataset.ids[6:9].tolist() == ["r6", "row-7", "r8"]
    assert "the id 'id' is missing in 1 of 60 rows" in titles(result.issues)


# --- new rows for a model ----------------------------------------------------------------------


def test_new_rows_are_encoded_as_the_training_rows_were() -> None:
    rows = frame(label=LABEL, kind=[["u", "v", "w"][i % 3] for i in range(N)]).astype(
        {"right_0": object}
    )
    rows.loc[:9, "right_0"] = "NA"
    trained = second(rows, "right_0", "kind")
    assert trained.dataset is not None
    like = trained.dataset.card
    new = rows.iloc[[3, 12, 14]].drop(columns="label").assign(kind=["v", "u", "x"])
    table = csv(new[list(new.columns[::-1])])
    facts = describe(table)
    roles = guess(table, facts, Given((LEFT, one("second", "right_0", "kind")), "", "", "", ""))
    result = assemble(table, roles, Repairs(), "new", facts=facts, purpose="predict", like=like)
    assert result.dataset is not None, titles(result.issues)
    fill = like.modalities[1].columns[0].fill
    np.testing.assert_allclose(
        result.dataset.x2,
        [[fill, 1, 0, 1, 0], [X[2, 12], 0, 1, 0, 0], [X[2, 14], 0, 0, 0, 0]],
        rtol=1e-5,
    )
    assert "'kind' has words that the model was not trained with" in titles(result.issues)


def test_what_is_written_is_read_back(tmp_path: Any) -> None:
    result = second(frame(label=LABEL, kind=[["u", "v"][i // 2 % 2] for i in range(N)]), "kind")
    assert result.dataset is not None
    write_set(tmp_path / "mine.npz", result)
    back = read_dataset(tmp_path / "mine.npz")
    assert back.digest == result.dataset.digest
    assert back.card.modalities == result.dataset.card.modalities
