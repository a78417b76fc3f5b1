"""What a visitor says about an upload: roles by a few clicks, repairs, and the way back."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from dashboard.services.store import budgets, drafts
from dashboard.services.store.drafts import Draft, Head
from dashboard.services.store.uploads import Problem, Repairs
from dmil_core.data.files.budget import Accountant
from tests.core.data.archives import packed, png

ROWS = 60


@pytest.fixture(autouse=True)
def accountant(monkeypatch: pytest.MonkeyPatch) -> Accountant:
    """A server without other uploads."""
    fresh = Accountant()
    monkeypatch.setattr(budgets, "_ACCOUNTANT", fresh)
    return fresh


def table() -> bytes:
    """Two groups of columns, one column beside them, a class, an id and a site."""
    rng = np.random.default_rng(0)
    lines = ["id,bill_length,bill_depth,body_mass,body_height,year_of_ring,species,site"]
    for i in range(ROWS):
        numbers = ",".join(f"{v:.3f}" for v in rng.normal(size=5))
        lines.append(f"p{i},{numbers},{'Adelie' if i % 2 else 'Gentoo'},{'ABCD'[i % 4]}")
    return "\n".join(lines).encode()


def draft(content: bytes | None = None, name: str = "penguins.csv") -> Draft:
    return drafts.begin("1", [(name, table() if content is None else content)])


def inputs(one: Draft) -> dict[str, tuple[str, ...]]:
    return {r.name: r.columns for r in one.roles.inputs}


def test_the_guess_is_there_before_anything_is_said() -> None:
    one = draft()
    assert one.is_guess
    assert (one.roles.label, one.roles.id) == ("species", "id")
    assert {"bill", "body"} <= set(inputs(one))
    assert Head("species", "label") in drafts.heads(one)
    assert Head("bill_depth", "input 1", "bill") in drafts.heads(one)


def test_a_column_that_gets_a_role_loses_the_one_it_had() -> None:
    one = drafts.assigned(draft(), ["bill_depth"], "input 2")
    assert inputs(one)["bill"] == ("bill_length",)
    assert "bill_depth" in one.roles.inputs[1].columns
    one = drafts.assigned(one, ["bill_length"], "unused")
    # An input without columns is none, and what is left moves up.
    assert "bill" not in inputs(one)
    assert one.roles.inputs[0].name == "body"
    assert ("bill_length", "not chosen") in one.roles.unused


def test_with_another_label_nothing_that_was_chosen_is_lost() -> None:
    one = drafts.assigned(draft(), ["site"], "label")
    assert one.roles.label == "site"
    assert "site" not in {c for columns in inputs(one).values() for c in columns}
    again = drafts.assigned(one, ["species"], "group")
    assert (again.roles.label, again.roles.group) == ("site", "species")
    assert drafts.assigned(again, ["site"], "unused").roles.label == ""


def test_a_new_input_is_called_after_what_its_columns_have_in_common() -> None:
    one = drafts.assigned(draft(), ["bill_length", "bill_depth"], "unused")
    one = drafts.assigned(one, ["bill_length", "bill_depth"], "input 3")
    assert inputs(one)["bill"] == ("bill_length", "bill_depth")
    one = drafts.assigned(one, ["bill_length", "year_of_ring"], "input 3")
    assert any(set(c) == {"bill_length", "year_of_ring"} or "bill_depth" in c
               for c in inputs(one).values())  # fmt: skip
    one = drafts.named(one, 0, "  the   body ")
    assert one.roles.inputs[0].name == "the body"
    assert drafts.named(one, 0, " ") is one


def test_every_change_can_be_undone_and_the_guess_comes_back() -> None:
    first = draft()
    one = drafts.assigned(first, ["bill_depth"], "input 2")
    one = drafts.repaired(one, missing="mean")
    assert one.said.repairs.missing == "mean"
    one = drafts.undone(one)
    assert one.said.repairs == Repairs()
    assert inputs(one)["bill"] == ("bill_length",)
    back = drafts.as_guessed(one)
    assert inputs(back) == inputs(first)
    assert inputs(drafts.undone(back)) == inputs(one)
    assert drafts.undone(first) is first
    assert drafts.repaired(first, missing="auto") is first


def test_columns_are_found_by_name_prefix_and_range() -> None:
    one = draft()
    assert drafts.selected(one, "bill_*") == (("bill_length", "bill_depth"), "")
    assert drafts.selected(one, "body_mass..year_of_ring")[0][-1] == "year_of_ring"
    assert drafts.selected(one, " ") == ((), "")
    columns, fault = drafts.selected(one, "bil_depth")
    assert columns == ()
    assert "did you mean 'bill_depth'" in fault


def test_the_preview_says_what_columns_are_and_what_is_not_used() -> None:
    content = table().decode().splitlines()
    content[1] = content[1].replace(",Gentoo,", ",,")
    one = draft("\n".join(content).encode())
    cells = drafts.grid(one)
    assert drafts.grid_rows(one) == [
        "type", "missing", "distinct", *(f"row {i}" for i in range(5)),
    ]  # fmt: skip
    assert cells["species"][:3] == ["category", "1 (1.7%)", "2"]
    assert cells["id"][3:5] == ["p0", "p1"]
    assert all(len(column) == 8 for column in cells.values())
    one = drafts.assigned(one, ["body_mass", "body_height"], "unused")
    unused, count = drafts.left_out(one)
    assert count == 8
    assert unused >= 2


def test_a_flag_is_one_by_its_name_until_it_gets_another_role() -> None:
    lines = table().decode().splitlines()
    lines = [f"{line},{['flag_wild', 'yes', 'no'][(i > 0) + i % 2 * (i > 0)]}"
             for i, line in enumerate(lines)]  # fmt: skip
    one = draft("\n".join(lines).encode())
    assert Head("flag_wild", "flag") in drafts.heads(one)
    assert drafts.left_out(one) == (drafts.left_out(draft())[0], 9)
    other = drafts.assigned(one, ["flag_wild"], "unused")
    assert "flag_wild" in dict(other.roles.unused)
    assert Head("flag_wild", "input 1", "bill") in drafts.heads(
        drafts.assigned(one, ["flag_wild"], "input 1")
    )
    assert drafts.undone(other).roles.flags == ("flag_wild",)


def test_numbers_may_be_kept_as_words_and_read_as_numbers_again() -> None:
    lines = ["code,a,b,label", *(f"{i % 3} %,{i},{-i},{'uv'[i % 2]}" for i in range(ROWS))]
    one = draft("\n".join(lines).encode())
    assert drafts.spelled(one, ["code"]) == (("code",), ())
    words = drafts.read_as(one, ["code"], words=True)
    assert words.upload.facts["code"].kind == "category"
    assert drafts.spelled(words, ["code"]) == ((), ("code",))
    assert drafts.read_as(words, ["code"], words=False).upload.facts["code"].kind == "number"
    assert drafts.undone(words).upload.facts["code"].kind == "number"


def test_a_first_row_that_is_a_sample_is_read_as_one() -> None:
    one = draft(b"\n".join(b"%d,%d,%d" % (i, i * i, i % 2) for i in range(ROWS)))
    with_names = drafts.read_with(one, "2", header="yes")
    assert isinstance(with_names, Draft)
    assert with_names.upload.rows == ROWS - 1
    again = drafts.read_with(with_names, "3", header="no")
    assert isinstance(again, Draft)
    assert again.upload.rows == ROWS


def test_what_cannot_be_read_another_way_stays_as_it_is(accountant: Accountant) -> None:
    one = draft()
    charged = accountant.charged
    assert isinstance(drafts.read_with(one, "2", encoding="no-such-encoding"), Problem)
    assert accountant.charged == charged


def test_words_stay_words_when_files_come_later() -> None:
    lines = ["code,a,b,label", *(f"{i % 3} %,{i},{-i},{'uv'[i % 2]}" for i in range(ROWS))]
    one = drafts.read_as(draft("\n".join(lines).encode(), "t.csv"), ["code"], words=True)
    more = drafts.with_files(one, "2", [("media.zip", packed({"p.png": png()}))])
    assert isinstance(more, Draft)
    assert more.upload.facts["code"].kind == "category"


def test_pictures_that_a_table_names_come_later_and_roles_stay() -> None:
    lines = ["picture,n_1,n_2,kind", *(f"p{i}.png,{i},{i * 7 % 5},{'uv'[i % 2]}" for i in range(9))]
    one = drafts.assigned(draft("\n".join(lines).encode(), "t.csv"), ["kind"], "label")
    archive = packed({f"p{i}.png": png() for i in range(9)})
    more = drafts.with_files(one, "2", [("media.zip", archive)])
    assert isinstance(more, Draft)
    assert more.added == ("media.zip",)
    assert more.roles.label == "kind"
    assert more.upload.table.files is not None
    less = drafts.without_file(more, "3", "media.zip")
    assert isinstance(less, Draft)
    assert less.upload.table.files is None
    assert less.added == ()


def test_a_damaged_file_that_comes_later_is_a_problem_and_the_first_ones_stay(
    accountant: Accountant,
) -> None:
    one = draft()
    charged = accountant.charged
    assert isinstance(drafts.with_files(one, "2", [("media.zip", b"PK\x03\x04")]), Problem)
    assert accountant.charged == charged
    assert inputs(one)


def test_a_grey_picture_or_a_signal_is_for_the_visitor_to_say() -> None:
    stream = io.BytesIO()
    rng = np.random.default_rng(0)
    x1, x2 = rng.normal(size=(2, 40, 8, 8)).astype("f4")
    np.savez(stream, x1=x1, x2=x2, y=np.arange(40) % 2)
    one = draft(stream.getvalue(), "a.npz")
    first = one.roles.inputs[0]
    kinds = drafts.open_kinds(one, first)
    assert kinds[0] == first.kind
    other = next(k for k in kinds if k != first.kind)
    assert drafts.of_kind(one, 0, other).roles.inputs[0].kind == other
    assert drafts.open_kinds(draft(), draft().roles.inputs[0]) == ()
    assert drafts.grid(one)["x1"][0] == "8 x 8"


def test_hundreds_of_columns_get_a_role_at_once(tmp_path: Path) -> None:
    names = [f"gene_{i}" for i in range(700)]
    rows = [",".join(["id", *names, "stage"])]
    rows += [",".join([f"s{i}", *(str(i * 3 % 7 + 0.5) for _ in names), "ab"[i % 2]])
             for i in range(30)]  # fmt: skip
    one = draft("\n".join(rows).encode())
    columns, _ = drafts.selected(one, "gene_0..gene_18")
    one = drafts.assigned(one, names, "unused")
    one = drafts.assigned(one, columns, "input 1")
    assert drafts.left_out(one) == (681, 702)
