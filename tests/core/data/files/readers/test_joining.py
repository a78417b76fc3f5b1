"""Several files as one table: by id, one below the other, or not at all."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dmil_core.data.files.reader import Named, ReadOptions, read_table
from dmil_core.data.files.table import Table
from dmil_core.errors import DataError
from tests.core.data.archives import packed, png
from tests.core.data.files.made import cells, npz, parquet, said

IDS = [f"p{i}" for i in range(20)]


def csv(columns: dict[str, list[Any]], separator: str = ",") -> bytes:
    lines = [separator.join(columns)]
    lines += [separator.join(map(str, row)) for row in zip(*columns.values(), strict=True)]
    return ("\n".join(lines) + "\n").encode()


def side(ids: list[str], name: str, key: str = "id") -> dict[str, list[Any]]:
    """Two numbers a row that tell which row and which file they are of."""
    numbers = [float(i.strip("p")) for i in ids]
    return {key: ids, f"{name}_0": numbers, f"{name}_1": [n + 0.5 for n in numbers]}


def joined(files: dict[str, bytes], **options: Any) -> Table:
    sources = [Named(n, c) for n, c in files.items()]
    return read_table(sources, options=ReadOptions(**options))


def test_files_of_one_input_each_are_joined_by_id_in_any_order_and_format() -> None:
    labels = {"id": IDS, "label": ["a", "b"] * 10}
    backwards = IDS[::-1]
    arrays = npz(prot=np.arange(20)[::-1, None] * np.ones(3), id=np.array(backwards))
    table = joined({
        "rna.csv": csv(side(IDS, "rna"), ";"), "meth.parquet": parquet(side(backwards, "meth")),
        "prot.npz": arrays, "clinical.tsv": csv(labels, "\t"),
    })  # fmt: skip
    assert list(table.columns) == [
        "id", "rna_0", "rna_1", "meth_0", "meth_1", "prot", "label",
    ]  # fmt: skip
    assert cells(table.columns["id"]) == IDS
    assert cells(table.columns["meth_0"]) == list(range(20))
    np.testing.assert_array_equal(table.columns["prot"].data[:, 0], range(20))
    assert cells(table.columns["label"]) == ["a", "b"] * 10
    assert [c.source for c in table.columns.values()] == [
        "", "rna", "rna", "meth", "meth", "prot", "clinical",
    ]  # fmt: skip
    assert not table.issues
    assert table.origin == ("rna.csv", "meth.parquet", "prot.npz", "clinical.tsv")


def test_rows_without_a_partner_are_counted_file_by_file() -> None:
    table = joined({"a.csv": csv(side(IDS, "a")), "b.csv": csv(side([*IDS[4:], "p77"], "b"))})
    assert table.rows == 16
    (issue,) = table.issues
    assert issue.severity == "warning"
    assert "4 of 20 in a.csv, 1 of 17 in b.csv" in issue.title
    assert "'p0'" in issue.what_to_do


def test_rows_without_an_id_have_no_partner() -> None:
    table = joined({"a.csv": csv(side(IDS, "a")), "b.csv": csv(side(IDS, "b")) + b",7,8\n,9,9\n"})
    assert table.rows == 20
    assert "2 of 22 in b.csv" in said(table)


def test_an_id_that_comes_twice_is_refused_with_its_rows() -> None:
    with pytest.raises(DataError, match=r"b.csv: 1 ids in 'id' occur more than once, such as 'p3' "
                                        r"in rows 3 and 20"):  # fmt: skip
        joined({"a.csv": csv(side(IDS, "a")), "b.csv": csv(side([*IDS, "p3"], "b"))})


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ([1, 2, 3], ["1", "2", "3"]),
        ([1.0, 2.0, 3.0], [1, 2, 3]),
        ([2**53 + 1, 2**53 + 2, 2**53 + 3], [str(2**53 + i) for i in (1, 2, 3)]),
        (["a ", " b", "c"], ["a", "b", "c"]),
    ],
)
def test_the_same_id_is_the_same_however_it_is_stored(left: list[Any], right: list[Any]) -> None:
    table = joined({
        "a.parquet": parquet({"id": left, "x": [1, 2, 3]}),
        "b.parquet": parquet({"id": right[::-1], "z": [3, 2, 1], "label": ["u", "v", "u"]}),
    })  # fmt: skip
    assert cells(table.columns["x"]) == cells(table.columns["z"]) == [1, 2, 3]


@pytest.mark.parametrize(
    "keys", [("sample_id", "sample_id"), ("ID", "id"), ("probe", "probe"), ("", ""), ("x", "y")]
)
def test_the_column_that_joins_need_not_be_called_id(keys: tuple[str, str]) -> None:
    """Of the same name in any case, or the first column with the same values."""
    table = joined({
        "a.csv": csv(side(IDS, "a", keys[0])), "b.csv": csv(side(IDS[::-1], "b", keys[1])),
    })  # fmt: skip
    assert cells(table.columns["a_0"]) == cells(table.columns["b_0"])
    assert table.rows == 20


def test_the_column_that_joins_can_be_named() -> None:
    a = csv({"id": list(range(20)), "code": IDS, "x": list(range(20))})
    b = csv({"id": list(range(20))[::-1], "code": IDS, "z": list(range(20))})
    assert cells(joined({"a.csv": a, "b.csv": b}, on="code").columns["z"])[3] == "3"
    assert cells(joined({"a.csv": a, "b.csv": b}).columns["z"])[3] == "16"
    with pytest.raises(DataError, match=r"a\.csv has no column .nothing. to join it by; it has"):
        joined({"a.csv": a, "b.csv": b}, on="nothing")


def test_names_that_several_files_have_are_told_apart_by_the_file() -> None:
    a = csv({"id": IDS, "f0": list(range(20)), "label": ["u", "v"] * 10, "site": ["s"] * 20})
    b = csv({"id": IDS, "f0": list(range(20, 40)), "label": ["u", "v"] * 10})
    table = joined({"rna.csv": a, "prot.csv": b})
    assert list(table.columns) == ["id", "rna_f0", "label", "site", "prot_f0"]
    assert table.columns["prot_f0"].name == "prot_f0"
    assert cells(table.columns["prot_f0"])[0] == "20"


def test_views_with_equal_columns_are_joined_where_their_ids_are_the_same() -> None:
    """Not put one below the other."""
    a = csv(side(IDS, "f"))
    b = csv({**side(IDS, "f"), "f_0": list(range(50, 70))})
    table = joined({"rna.csv": a, "prot.csv": b})
    assert table.rows == 20
    assert {"rna_f_0", "prot_f_0"} <= set(table.columns)


def test_files_of_equal_columns_and_other_rows_are_one_below_the_other() -> None:
    a, b = csv(side(IDS[:12], "f")), csv(side(IDS[12:], "f"))
    table = joined({"part1.csv": a, "part2.csv": b})
    assert cells(table.columns["id"]) == IDS
    assert "split" not in table.columns
    table = joined({"train.csv": a, "test.csv": b})
    assert cells(table.columns["split"]) == ["train"] * 12 + ["test"] * 8
    # Row numbers that pandas wrote begin anew in each file.
    a, b = (csv({"": list(range(5)), "f": list(range(5)), "label": list("ababa")}) for _ in "ab")
    assert joined({"part1.csv": a, "part2.csv": b}).rows == 10


def test_parquet_shards_with_pictures_are_one_column_of_pictures() -> None:
    pictures = [png(8, 6, (40 * i, 0, 0)) for i in range(6)]
    shards = {
        f"train-{s}.parquet": parquet({"img": pictures[3 * s : 3 * s + 3], "label": list("aba")})
        for s in range(2)
    }
    column = joined(shards).columns["img"]
    assert column.files is not None
    made = column.files.decode(column.members, column.media)
    assert [p.reshape(-1, 3).max() for p in made.values] == [40 * i for i in range(6)]


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"a.csv": csv({"x": [1, 2], "u": [1, 2]}), "b.csv": csv({"z": [1, 2, 3], "w": [7, 8, 9]})},
         "No column joins the files.*a.csv has 'x', 'u'; b.csv has 'z', 'w'"),
        ({"a.csv": csv(side(IDS, "a")), "b.csv": csv({"id": [f"q{i}" for i in range(20)],
                                                                   "b": [1] * 20})},
         "No column joins the files"),
        ({"a.csv": csv(side(IDS, "a")),
          "b.csv": csv({"gene": ["g1", "g2"]} | {i: [1, 2] for i in IDS})},
         "columns of b.csv: transpose that one"),
    ],
    ids=range(3),
)  # fmt: skip
def test_files_that_have_nothing_in_common_are_refused_in_words(
    files: dict[str, bytes], words: str
) -> None:
    with pytest.raises(DataError, match=words):
        joined(files)


def test_files_without_ids_are_side_by_side_in_their_order_and_it_is_said() -> None:
    """As omics packages distribute them: a file for each view, and one with the labels alone."""
    table = joined({
        "gene.csv": csv({"G1": [0.1, 0.2, 0.3], "G2": [1, 2, 3]}),
        "lipid.csv": csv({"C14.0": [5, 6, 7], "C16.0": [7, 8, 9]}),
        "diet.csv": b'"diet"\n"fish"\n"coc"\n"fish"\n',
    })  # fmt: skip
    assert {n: c.source for n, c in table.columns.items()} == {
        "G1": "gene", "G2": "gene", "C14.0": "lipid", "C16.0": "lipid", "diet": "diet",
    }  # fmt: skip
    assert cells(table.columns["diet"]) == ["fish", "coc", "fish"]
    (issue,) = table.issues
    assert issue.severity == "warning"
    assert "joined by their order, 3 rows in each" in issue.title


@pytest.mark.parametrize(
    "other",
    [
        {"z": [1, 2, 3, 4], "w": [5, 6, 7, 8]},  # another number of rows
        {"u": [4, 4, 6], "w": [5, 6, 7]},  # a column of the same name
        {"id": [7, 8, 9], "w": [5, 6, 7]},  # ids, which the first file lacks
        {"mouse": ["m3", "m1", "m2"], "w": [5, 6, 7]},
    ],
)
def test_order_joins_nothing_where_there_is_anything_else_to_go_by(other: Any) -> None:
    with pytest.raises(DataError, match="No column joins the files"):
        joined({"a.csv": csv({"x": [1, 2, 3], "u": [4, 5, 6]}), "b.csv": csv(other)})


def test_no_common_row_is_refused_with_ids_of_each() -> None:
    a, b = csv(side(IDS[:9], "a")), csv({"id": [f"q{i}" for i in range(9)], "b": [1] * 9})
    with pytest.raises(DataError, match=r"No row of a.csv has its id .*a.csv has p0, p1, p2; b.csv "
                                        r"has q0"):  # fmt: skip
        joined({"a.csv": a, "b.csv": b}, on="id")


def test_a_zip_beside_joined_tables_holds_their_files() -> None:
    a = csv({"id": IDS, "picture": [f"{i}.png" for i in IDS]})
    b = csv({"id": IDS, "label": ["u", "v"] * 10})
    files = packed({f"m/{i}.png": png() for i in IDS})
    table = joined({"a.csv": a, "m.zip": files, "b.csv": b})
    assert table.files is not None
    assert not table.files.decode(cells(table.columns["picture"]), "pictures").issues
