"""The view and its URL: what is written can be read back, and nothing that is read can harm."""

from __future__ import annotations

from dataclasses import fields, replace
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.state import view as state
from dashboard.state.view import View

printable = st.characters(exclude_categories=["C", "Z"]) | st.just(" ")
words = st.one_of(
    st.sampled_from(("", "dmil", "seven", "é" * state.LONGEST, "a&b=c+d%20", "<b>")),
    st.text(printable, max_size=6),
)
digit = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
points = st.text(st.sampled_from(digit), min_size=1, max_size=12).map(lambda p: p + p)
strokes = st.tuples(st.sampled_from("lde"), st.sampled_from(digit), points).map("".join)
drawings = st.one_of(
    st.just(""),
    st.lists(strokes, max_size=6).map(lambda s: "draw:" + ".".join(s)),
    # As long as a link may hold.
    st.integers(1, (state.LONGEST_EDIT - len("draw:lA")) // 2).map(lambda n: "draw:lA" + "Az" * n),
)
#: Of each field what it can hold; a view has some of them at their default.
fields_of_views = {
    "data": words,
    "model": words.filter(bool),
    "seed": st.integers(0, 999_999),
    "split": st.sampled_from(state.SPLITS),
    "sample": words,
    "cls": words,
    "against": words,
    "latent": words,
    "colour": st.sampled_from(("", *state.COLOURS)),
    "beside": words,
    "slice": st.sampled_from(("", "a~dmil~0~Z~e6f392~AAAAzzAA__99")),
    "panel": st.sampled_from(("", *state.PANELS)),
    "compared": words.filter(bool),
    "compared_seed": st.just("") | st.integers(0, 999_999).map(str),
    "side": st.sampled_from(state.SIDES),
    "search": words,
    "truth": words,
    "predicted": words,
    "show": st.sampled_from(state.SHOWS),
    "confidence": st.sampled_from(("", "0:1", "0.8:0.866666667", "1e-300:1")),
    "dominant": st.sampled_from(("", *state.COMPONENTS)),
    "interaction_type": st.sampled_from(("", *state.COMPONENTS)),
    "flag": words,
    "flags": words,
    "alone": st.sampled_from(("", *state.ALONE)),
    "needs": st.sampled_from(("", *state.NEEDS)),
    "right": words,
    "wrong": words,
    "answers": st.sampled_from(("", *state.ANSWERS)),
    "order": st.sampled_from(state.ORDERS),
    "page": st.integers(0, 999_999),
    "part": st.sampled_from(state.PARTS),
    "look": st.sampled_from(state.LOOKS),
    "among": words,
    "subset": words,
    "curves": words,
    "metric": st.sampled_from(state.METRICS),
    "reference": words.filter(bool),
    "method": words,
    "setting": words,
    "check": st.sampled_from(state.CHECKS),
    "definition": st.sampled_from(state.DEFINITIONS),
    "estimator": st.sampled_from(state.ESTIMATORS),
    "near": words,
    "edit1": st.sampled_from(("", "blank", "noise:1.5:3", "text:two  words")),
    "edit2": words.map(lambda w: f"swap:{w[:190]}" if w else ""),
    "edit3": drawings,
    "mixture": st.sampled_from(("", "gates:xor=1,and=0.5,noise=0.1", "gates:table=0~0~1/-1~a~b")),
    "build": st.sampled_from(("", *state.BUILDS)),
    "measure": st.sampled_from(state.MEASURES),
    "pointwise": st.sampled_from(state.POINTWISE),
    "inputs": st.sampled_from(state.INPUTS),
    "second": st.sampled_from(state.SECONDS),
    "draw": st.integers(0, 999_999),
    "pace": st.sampled_from(state.PACES),
    "length": st.sampled_from(state.LENGTHS),
    "paused": st.sampled_from(("", *state.PAUSES)),
    "present": st.integers(0, 999_999),
    "lesson": st.sampled_from(("", "xor", "two-eyes")),
    "step": st.integers(0, 999_999),
    "said": st.sampled_from(("", "redundancy.ab!~xor.c", "numbers..b", "gate!")),
    "size": st.sampled_from(("", *state.SIZES)),
    "factors": st.sampled_from(("", "R:0.5,S:0")),
}
views = st.fixed_dictionaries({}, optional=fields_of_views).map(lambda chosen: View(**chosen))
names = st.one_of(st.sampled_from(sorted(state.PARAMETERS)), st.text(max_size=20))
#: Texts that are nearly right, for whichever parameter they come.
nearly = st.one_of(
    st.sampled_from((*state.ORDERS, *state.COLOURS, *state.SHOWS, "draw:", "draw:lAAA", "noise:1")),
    st.builds("{}:{}".format, st.floats(), st.floats()),
    st.floats(0, 1).map(lambda v: f"{v}:{v + 1e-12}"),
    st.builds("".join, st.lists(st.sampled_from(("draw:", "noise:", "swap:", "l", "AA", ".", ":",
                                                 "-up", "R:", "1e309", "nan", "\x00", "é")))),
    st.sampled_from(("9" * 400, "-1", "²", "1e3", "../../etc/passwd", "<b>", "\ud800", "A" * 5000)),
)  # fmt: skip
texts = st.one_of(st.text(), nearly, st.text(max_size=40).map(lambda t: f"draw:{t}"))
anything = st.one_of(texts, st.lists(texts, max_size=3), st.none(), st.integers(), st.floats())
rubbish = st.dictionaries(names, anything, max_size=8)


@settings(max_examples=2000)
@given(views)
def test_what_is_written_is_read_back(view: View) -> None:
    assert state.from_query(state.to_query(view)) == (view, ())


@settings(max_examples=2000)
@given(rubbish)
def test_rubbish_never_raises_and_gives_a_view_that_can_be_written(
    query: dict[str, object],
) -> None:
    view, dropped = state.from_query(query)
    assert state.from_query(state.to_query(view)) == (view, ())
    assert len(dropped) <= len(query)
    assert all(d.reason and len(d.value) <= 61 and d.value.isprintable() for d in dropped)


@given(rubbish)
def test_everything_unknown_is_reported(query: dict[str, object]) -> None:
    _, dropped = state.from_query(query)
    unknown = set(query) - set(state.PARAMETERS) - {*state.FOREIGN, *state.BROWSER}
    assert len([d for d in dropped if d.reason == "no such parameter"]) == len(unknown)


def test_a_bad_value_is_dropped_and_the_others_stay() -> None:
    view, dropped = state.from_query({"data": "emoji", "seed": "-1", "split": "tset"})
    assert view == replace(View(), data="emoji")
    assert [(d.name, d.value) for d in dropped] == [("seed", "-1"), ("split", "tset")]
    assert "test, val, train, all" in dropped[1].reason


def test_streamlit_s_own_parameters_are_no_rubbish() -> None:
    assert state.from_query({"embed": "true", "word": "gate"}) == (View(), ())


def test_data_model_seed_and_sample_are_always_in_the_link() -> None:
    query = state.to_query(replace(View(), data="emoji", sample="7"))
    assert query == {"data": "emoji", "model": "dmil", "seed": "0", "sample": "7"}


@given(views, words)
def test_another_data_set_forgets_what_belongs_to_the_first(view: View, name: str) -> None:
    changed = state.change(view, data=name)
    if name != view.data:
        assert (changed.sample, changed.cls, changed.truth, changed.flag) == ("", "", "", "")
    assert (changed.model, changed.split) == (view.model, view.split)


def test_another_model_keeps_the_sample() -> None:
    assert state.change(View(sample="7"), model="joint").sample == "7"


@given(views)
def test_a_completed_view_names_only_what_exists(view: View) -> None:
    done, dropped = state.complete(view, ("a", "b"), ("joint", "dmil"), (0, 3))
    assert done.data in ("a", "b")
    assert done.model in ("joint", "dmil")
    assert done.seed in (0, 3)
    assert done.compared in ("joint", "dmil")
    assert state.complete(done, ("a", "b"), ("joint", "dmil"), (0, 3)) == (done, ())
    assert all(d.reason for d in dropped)


def test_completing_reports_what_was_replaced_but_not_what_was_open() -> None:
    _, dropped = state.complete(View(), ("a",), ("dmil",), (0,))
    assert dropped == ()
    done, dropped = state.complete(
        View(data="x", model="y", seed=9, sample="7"), ("a",), ("dmil",), (0,)
    )
    assert (done.data, done.model, done.seed, done.sample) == ("a", "dmil", 0, "")
    assert [d.name for d in dropped] == ["model", "seed", "data", "sample"]


def test_filters_can_be_counted_and_cleared() -> None:
    view = View(search="a", show="wrong", dominant="S", right="joint", sample="7")
    wanted = {"q": "a", "show": "wrong", "dominant": "S", "right": "joint"}
    assert state.filters_of(view) == wanted
    assert state.without_filters(view) == View(sample="7")


@given(st.text("a:-0129", min_size=1).filter(lambda m: m != "-"), st.integers(0, 999_999))
def test_a_model_in_a_list_is_read_with_its_seed(model: str, seed: int) -> None:
    for usual in (0, seed):
        assert state.model_in(state.model_word(model, seed, usual), usual) == (model, seed)


@pytest.mark.parametrize("text", ["0.9:0.8", "0.5", "0.5:0.5", "-1:1", "0:2", "nan:1", ":", "a:b"])
def test_a_range_of_confidence_goes_up_between_0_and_1(text: str) -> None:
    view, (dropped,) = state.from_query({"confidence": text})
    assert (view, dropped.name) == (View(), "confidence")


def test_changes_of_a_sample_stay_with_it_and_go_with_the_set() -> None:
    view = replace(View(data="a", sample="x"), edit1="blank", factors="S:0")
    assert state.edits_of(view) == {"edit1": "blank", "factors": "S:0"}
    assert state.edits_of(state.change(view, sample="y")) == state.edits_of(view)
    assert state.edits_of(state.change(view, data="b")) == {}


def test_a_drawing_may_be_longer_than_other_texts_but_not_endless() -> None:
    drawing = "draw:lE" + "Az" * 400
    assert from_query_edit(drawing) == drawing
    assert from_query_edit("swap:" + "x" * 400) == ""
    endless = "draw:lE" + "Az" * state.LONGEST_EDIT
    view, dropped = state.from_query({"edit1": endless})
    assert (view.edit1, dropped[0].reason) == ("", "longer than 2,000 characters")
    # In the session it stays; a link leaves it out, and the page can say so.
    kept = View(data="a", sample="7", edit1=endless, edit2="blank")
    assert state.too_long(kept) == ("edit1",)
    assert state.from_query(state.to_query(kept)) == (replace(kept, edit1=""), ())


def from_query_edit(code: str) -> str:
    return state.from_query({"edit1": code})[0].edit1


def test_the_longest_link_can_be_sent() -> None:
    edits = {f"edit{m}": "draw:lA" + "Az" * 990 for m in (1, 2, 3)}
    texts = {f.name: "x" * state.LONGEST for f in fields(View) if f.default == ""}
    view = replace(View(), **{**texts, "dominant": "", "interaction_type": "", "answers": "",
                              "factors": "", "build": "", "mixture": "~" * state.LONGEST_MIXTURE,
                              **edits})  # fmt: skip
    assert len(urlencode(state.to_query(view))) < 16_000


def test_the_page_of_a_list_goes_with_what_it_lists() -> None:
    view = state.change(View(data="a", sample="7"), page=3)
    assert view.page == 3
    assert state.change(view, page=4).page == 4
    for change in ({"search": "x"}, {"order": "confidence"}, {"split": "val"}, {"right": "joint"}):
        assert state.change(view, **change).page == 1
    # The page that the other sample is on.
    assert state.change(view, sample="8").page == 0
    assert state.change(view, edit1="blank").page == 3
    assert state.without_filters(view).page == 0


def test_a_change_in_a_link_is_put_in_one_spelling() -> None:
    view, dropped = state.from_query({"edit1": "noise:1.50", "gate": "S:0,R:1.0", "edit2": "loud"})
    assert (view.edit1, view.factors) == ("noise:1.5:0", "S:0")
    assert [d.name for d in dropped] == ["edit2"]


@pytest.mark.parametrize(
    ("link", "field", "value"),
    [
        ({"composition": "S"}, "interaction_type", "S"),
        ({"colour": "composition"}, "colour", "interaction_type"),
        ({"rival": "ensemble"}, "compared", "ensemble"),
        ({"rival-seed": "3"}, "compared_seed", "3"),
        ({"told": "data"}, "estimator", "data"),
        ({"world": "gates:xor=1"}, "mixture", "gates:xor=1"),
        ({"length": "normal"}, "length", "short"),
    ],
)
def test_a_link_of_an_earlier_version_opens_the_same_view(
    link: dict[str, str], field: str, value: str
) -> None:
    view, dropped = state.from_query(link)
    assert view == replace(View(), **{field: value})
    assert dropped == ()
    # It is written as links are spelt today.
    query = state.to_query(view)
    assert not set(query) & set(state.OLD_PARAMETERS)
    assert state.from_query(query) == (view, ())


def test_every_old_name_stands_for_a_parameter_of_today() -> None:
    assert set(state.OLD_PARAMETERS.values()) <= set(state.PARAMETERS)
    assert not set(state.OLD_PARAMETERS) & set(state.PARAMETERS)


def test_another_data_set_keeps_what_means_the_same_there() -> None:
    view = View(data="a", metric="ece", lesson="xor", pace="slow", cls="seven", latent="Z", seed=3)
    changed = state.change(view, data="b")
    assert changed == View(data="b", metric="ece", lesson="xor", pace="slow")
