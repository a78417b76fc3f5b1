"""Lessons: the right answers are right by computation, the words are plain, progress survives a
link, and every step can be shown and printed."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.export import handout
from dashboard.figures import lessons as figures
from dashboard.jobs import live_queue
from dashboard.services.learn import gates, playground
from dashboard.services.learn import lessons as service
from dashboard.services.store.catalog import CheckpointCatalog, DataProblem, table
from dashboard.services.trust.settings import Fidelity
from dashboard.state import lesson_progress
from dashboard.state.view import MEASURES
from dashboard.text import lesson_sentences as says
from dashboard.text import lessons as text
from dashboard.text.lessons import Lesson, Play, Question, Takeaway
from dmil_core.schema import gate
from tests import records
from tests.dashboard import drawn
from tests.dashboard.conftest import OpenPage
from tests.dashboard.export.test_report import Page
from tests.dashboard.folders import REAL, Room

by_name = pytest.mark.parametrize("lesson", text.LESSONS, ids=lambda one: one.name)

# --- progress in the link -----------------------------------------------------------------------

answers = st.lists(st.sampled_from(lesson_progress.LETTERS), unique=True, max_size=4).map("".join)
each = st.builds(
    lesson_progress.Record,
    st.lists(answers, max_size=lesson_progress.MOST_QUESTIONS).map(tuple),
    st.booleans(),
)
progresses = st.dictionaries(st.sampled_from(lesson_progress.LESSONS), each)


@given(progresses)
def test_what_is_written_of_progress_is_read_back(made: dict[str, lesson_progress.Record]) -> None:
    written = lesson_progress.write(made)
    back = lesson_progress.read(written)
    assert len(written) <= lesson_progress.LONGEST
    assert lesson_progress.write(back) == written
    for lesson in lesson_progress.LESSONS:
        before = made.get(lesson, lesson_progress.Record())
        assert back.get(lesson, lesson_progress.Record()).done == before.done
        for q in range(lesson_progress.MOST_QUESTIONS):
            assert lesson_progress.tried(back, lesson, q) == lesson_progress.tried(made, lesson, q)


@given(st.text(max_size=60) | st.text(st.sampled_from("xor.gate~!abz-"), max_size=30))
def test_of_any_text_what_is_read_is_of_these_lessons_and_stays(typed: str) -> None:
    with contextlib.suppress(ValueError):
        progress = lesson_progress.read(typed)
        assert set(progress) <= set(lesson_progress.LESSONS)
        written = lesson_progress.write(progress)
        assert lesson_progress.write(lesson_progress.read(written)) == written


@pytest.mark.parametrize(
    "typed",
    ["nothing", "xor.aa", "xor.e", "xor.a~xor.b", "xor.a.b.c.d", "xor!!", "~", "x" * 999],
)
def test_what_nobody_wrote_is_refused_with_a_reason(typed: str) -> None:
    with pytest.raises(ValueError, match=r"expected|longer"):
        lesson_progress.read(typed)


@given(
    progresses, st.sampled_from(lesson_progress.LESSONS), st.integers(0, 2), st.sampled_from("abcd")
)
def test_an_answer_becomes_the_latest_and_no_other_is_lost(
    made: dict[str, lesson_progress.Record], lesson: str, question: int, letter: str
) -> None:
    after = lesson_progress.said(made, lesson, question, letter)
    latest = lesson_progress.tried(after, lesson, question)
    assert latest.endswith(letter)
    assert set(latest) == set(lesson_progress.tried(made, lesson, question)) | {letter}
    assert all(after[name] == record for name, record in made.items() if name != lesson)


@given(progresses, st.sampled_from(lesson_progress.LESSONS))
def test_who_begins_again_has_said_nothing_and_is_still_done(
    made: dict[str, lesson_progress.Record], lesson: str
) -> None:
    after = lesson_progress.again(lesson_progress.finished(made, lesson), lesson)
    assert after[lesson] == lesson_progress.Record((), True)


# --- answer keys --------------------------------------------------------------------------------


def _place(*true: bool) -> int:
    """Of statements of which one is true: which."""
    assert sum(true) == 1, true
    return true.index(True)


def _redundancy(_: Fidelity) -> list[int]:
    result = gates.numbers(service.at("alike", ""))
    lost = (result.i12 - result.i1) / result.i12
    return [_place(np.isclose(lost, 0.5), np.isclose(lost, 0), np.isclose(lost, 1))]


def _two_eyes(_: Fidelity) -> list[int]:
    spec = service.at("eyes", "")
    # The question says so.
    assert service.eyes()[spec] == "10%"
    f = gates.numbers(spec)
    added = f.i1 + f.i2
    return [
        _place(np.isclose(f.i12, added), np.isclose(f.i12, f.i1), f.i1 + 0.1 < f.i12 < added - 0.1)
    ]


def _xor(_: Fidelity) -> list[int]:
    cases = service.cases(service.at("switches", ""))
    right = service.right(cases, "mean")
    assert service.right(cases, "both") == pytest.approx(1.0)
    # As the first wrong answer's explanation has it.
    orlike = next(s for s, name in service.switches().items() if name == "OR")
    assert service.right(service.cases(orlike), "mean") > 0.75
    return [_place(np.isclose(right, 0.5), np.isclose(right, 0.75), np.isclose(right, 1))]


def _competition(record: Fidelity) -> list[int]:
    frame = service.reached(record, service.WEAK, "joint")
    easy, hard = service.behind(frame, ("R", "U1")), service.behind(frame, ("U2", "S"))
    return [_place(max(easy, hard) < 2 * min(easy, hard), hard > 5 * easy, easy > 5 * hard)]


def _gate(_: Fidelity) -> list[int]:
    result = service.digits()
    kinds = service.corrupted(result)
    assert not isinstance(kinds, DataProblem)
    leaned = table(result)["dominant"][kinds["picture"]]
    return [_place(leaned == "U1", leaned == "R", leaned == "U2")]


def _numbers(_: Fidelity) -> list[int]:
    told, _, pair = service.in_case()
    # In the end the pair says it all: y is 0.
    assert pair > 0
    result = service.mapped()
    assert result is not None
    near = service.apart(result)
    assert not isinstance(near, DataProblem)
    kept = near.nearer < 0.01 * len(near.places)
    return [_place(told > 0.01, abs(told) <= 0.01, told < -0.01), _place(kept, not kept)]


KEYS: dict[str, Callable[[Fidelity], list[int]]] = {
    "redundancy": _redundancy,
    "two-eyes": _two_eyes,
    "xor": _xor,
    "competition": _competition,
    "gate": _gate,
    "numbers": _numbers,
}


@by_name
def test_the_right_answer_is_right_by_computation(
    lesson: Lesson, catalog: CheckpointCatalog
) -> None:
    record = service.record()
    assert isinstance(record, Fidelity)
    assert [q.right for q in lesson.questions] == KEYS[lesson.name](record)


def test_dials_go_where_they_say() -> None:
    alike = {name: gates.numbers(s) for s, name in service.alike().items()}
    assert alike["50%"].i2 == pytest.approx(0)
    assert alike["100%"].i2 == pytest.approx(1)
    eyes = {name: gates.numbers(s) for s, name in service.eyes().items()}
    assert eyes["0%"].i1 == pytest.approx(1)
    assert eyes["50%"].i12 == pytest.approx(0)
    switches = {name: gates.numbers(s) for s, name in service.switches().items()}
    for name in ("xor", "or", "and"):
        assert switches[name.upper()] == gates.numbers(f"gates:{name}=1")


def test_a_mixture_of_another_page_leaves_the_dial_where_it_begins() -> None:
    for name, dial in service.DIALS.items():
        assert dial()[service.at(name, "gates:copy=1")] == service.FIRST[name]
        for spec in dial():
            assert service.at(name, spec) == spec


def test_the_samples_are_of_the_kind_they_are_called(
    catalog: CheckpointCatalog, room: Room
) -> None:
    digits = service.digits()
    kinds = service.corrupted(digits)
    assert not isinstance(kinds, DataProblem)
    rows = table(digits)
    assert [rows["dominant"][kinds[k]] for k in service.KINDS] == ["U2", "R", "U1"]
    corrupted = rows.loc[kinds["picture"]]
    assert corrupted["pred_x1"] != corrupted["y"] == corrupted["pred_x2"] == corrupted["pred"]
    assert corrupted[gate("U2")] > 0.9


# --- words ----------------------------------------------------------------------------------------

#: Of a whole lesson, and of each text in it: a short one with one long word is no hard reading.
HARDEST, HARDEST_TEXT = 4.0, 8.0
LONGEST_SENTENCE = 20


def sentences(words: str) -> list[str]:
    """Sentences of a text in Markdown: those of different paragraphs or points apart."""
    bare = re.sub(r"[*`]", "", words)
    return [s for s in re.split(r"(?<=[.?!])\s+|\n+", bare) if re.search("[A-Za-z]", s)]


def syllables(word: str) -> int:
    """Groups of vowels, less a silent e at the end."""
    low = re.sub(r"(?<=[^aeiouyl])e$|(?<=[^td])ed$", "", word.lower())
    return max(1, len(re.findall(r"[aeiouy]+", low)))


def grade(words: str) -> float:
    """The reading grade of Flesch and Kincaid: about the school year that can read it."""
    result = [re.findall(r"[A-Za-z']+", s) for s in sentences(words)]
    count = sum(map(len, result))
    spoken = sum(syllables(w) for s in result for w in s)
    return 0.39 * count / len(result) + 11.8 * spoken / count - 15.59


def texts(lesson: Lesson) -> list[str]:
    result = [lesson.title, lesson.lead]
    for step in lesson.steps:
        result += step.points if isinstance(step, Takeaway) else [step.text]
        if isinstance(step, Question):
            result += [c.why for c in step.choices]
    return result


def test_the_formula_tells_easy_from_hard() -> None:
    assert grade("The cat sat on the mat. It was a big cat.") < 2
    hard = "Heterogeneous representations facilitate interdisciplinary generalization capabilities."
    assert grade(hard) > 20
    assert [syllables(w) for w in ("made", "input", "little", "spoiled", "bit")] == [1, 2, 2, 1, 1]


@by_name
def test_a_lesson_is_easy_to_read(lesson: Lesson) -> None:
    assert grade("\n".join(texts(lesson))) <= HARDEST
    for words in texts(lesson):
        assert_short(words)
        # Of a title the formula sees one long word and no more.
        assert len(words.split()) < 12 or grade(words) <= HARDEST_TEXT, words


def test_numbers_are_read_aloud_in_short_sentences() -> None:
    for words in (
        says.alike(1, 0.5, 1), says.eyes(0.5, 0.5, 0.75), says.switches(0.5, 1),
        says.flat([0.5, 0.5], [0.5, 0.5], 0.5), says.flat([0.2, 0.5], [0.4, 0.5], 0.6),
        says.competition("ensemble", 0.1, 0.2), says.case({"x1 = 1": -0.5, "both": 0.4}),
        says.pair(1095, 1600),
    ):  # fmt: skip
        assert_short(words)


def assert_short(words: str) -> None:
    for sentence in sentences(words):
        assert len(re.findall(r"[A-Za-z0-9'.,]+", sentence)) <= LONGEST_SENTENCE, sentence


@by_name
def test_a_lesson_asks_plays_and_sums_up(lesson: Lesson) -> None:
    kinds = [type(step).__name__ for step in lesson.steps]
    assert kinds[0] == "Read"
    assert [k for k in kinds if k != "Watch"][-1] == "Takeaway"
    assert kinds.count("Takeaway") == 1
    assert kinds.index("Question") < kinds.index("Play")
    assert 1 <= len(lesson.questions) <= lesson_progress.MOST_QUESTIONS
    for question in lesson.questions:
        assert len({c.why for c in question.choices}) == len(question.choices) <= 4


def test_links_know_the_lessons_in_their_order() -> None:
    assert tuple(lesson.name for lesson in text.LESSONS) == lesson_progress.LESSONS


def test_the_lamp_and_the_flat_columns_are_what_xor_is(open_page: OpenPage) -> None:
    app = open_page("lessons", lesson="xor", step="1")
    labels = [t.get("aria-label", "") for t in drawn.tree(drawn.drawing(app, "lamp")).iter()]
    (label,) = (one for one in labels if one.startswith("Two switches"))
    for a, b in (("down", "down"), ("down", "up"), ("up", "down"), ("up", "up")):
        assert f"x1 {a}, x2 {b}: lamp {'on' if a != b else 'off'}" in label
    assert drawn.texts(drawn.drawing(app, "lamp")).count("on") == 2
    fig = figures.flat(service.cases(service.at("switches", "")))
    assert [list(bar.y) for bar in fig.data] == [[0.5, 0.5], [0.5, 0.5]]
    assert "Both columns are flat" in says.flat([0.5, 0.5], [0.5, 0.5], 0.5)
    orlike = next(s for s, name in service.switches().items() if name == "OR")
    frame = service.cases(orlike)
    assert [list(bar.y) for bar in figures.flat(frame).data] == [[0.5, 1.0], [0.5, 1.0]]
    assert "flat" not in says.flat([0.5, 1.0], [0.5, 1.0], 0.75)


def test_a_control_is_labelled_at_both_ends(open_page: OpenPage) -> None:
    for lesson, dial in service.DIAL_OF.items():
        names = list(service.DIALS[dial]().values())
        first, _, last = text.ENDS[dial]
        assert first.startswith(names[0])
        assert last.startswith(names[-1])
        play = next(i for i, s in enumerate(text.BY_NAME[lesson].steps, 1) if isinstance(s, Play))
        app = open_page("lessons", lesson=lesson, step=str(play))
        shown = [c.value for c in app.caption]
        assert first in shown
        assert last in shown


def test_the_last_step_of_lesson_3_trains_xor_and_leads_on(open_page: OpenPage) -> None:
    try:
        app = open_page("lessons", lesson="xor", step="5", mixture="gates:and=1", length="long")
        assert not app.exception
        held = app.session_state["live_run"].settings
        assert held == playground.of_preset("xor")
        assert [b.label for b in app.button if b.key == "live_step"] == []
        labels = [b.label for b in app.button]
        assert "Back" in labels
        assert f"Next lesson: {text.COMPETITION.title}" in labels
        links = [link.proto.label for link in app.get("page_link")]
        assert text.OWN_PAGE in links
    finally:
        while live_queue._OPEN:
            live_queue._OPEN.pop().close()


def test_what_to_take_away_means_done_though_a_step_follows(open_page: OpenPage) -> None:
    app = open_page("lessons", lesson="xor", step="3", said="xor.a")
    app.button(key="lesson_next").click().run()
    assert app.session_state["view"].said == "xor.a!"
    assert app.session_state["view"].step == 4


def test_what_is_below_zero_is_said() -> None:
    parts = gates.numbers(service.AND).parts
    assert "U1 and U2 are less than 0" in says.definitions(parts, "fl")
    assert "less than 0" not in says.definitions(parts, "broja")
    assert set(parts) == set(MEASURES)


# --- pages and handouts ---------------------------------------------------------------------------


def test_a_step_and_progress_beyond_what_there_is_is_shown_all_the_same(
    open_page: OpenPage,
) -> None:
    app = open_page("lessons", lesson="gate", step="999", said="xor.d~gate.abc")
    assert not app.exception
    assert "Take away" in " ".join(m.value for m in app.markdown)
    app = open_page("lessons", lesson="nothing", said="magic!")
    begins = [b.label for b in app.button if b.label.startswith("Begin:")]
    assert begins == [f"Begin: lesson {n}" for n in range(1, 7)]


def test_without_models_and_records_a_lesson_says_what_is_missing(
    open_page: OpenPage, room: Room
) -> None:
    for lesson, step, said in (
        ("gate", "2", ""), ("numbers", "4", ""), ("competition", "3", ""), ("gate", "4", ""),
    ):  # fmt: skip
        app = open_page(
            "lessons", root=room.empty, results=room.empty, lesson=lesson, step=step, said=said
        )
        assert not app.exception
        if step != "4" or lesson != "gate":
            assert [*app.info, *app.warning], lesson


def test_a_record_without_the_two_settings_is_no_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = records.fidelity(seeds=1)
    monkeypatch.setenv("DMIL_RESULTS", str(tmp_path))
    for without, known in ((None, True), (service.WEAK, False)):
        kept = {n: distribution for n, distribution in whole["settings"].items() if n != without}
        runs = [r for r in whole["runs"] if r["setting"] != without]
        (tmp_path / "fidelity.json").write_text(
            json.dumps({**whole, "settings": kept, "runs": runs}), "utf-8"
        )
        assert isinstance(service.record(), Fidelity) == known


@by_name
def test_a_handout_is_one_safe_page(lesson: Lesson, catalog: CheckpointCatalog) -> None:
    address = "https://example.org/lessons"
    content = handout.of_lesson(lesson, address)
    page = Page(content)
    assert "script" not in page.tags
    assert "svg" in page.tags
    assert page.values("a", "href") == [f"{address}?lesson={lesson.name}&step=1"]
    assert all(v.startswith("data:") for v in page.values("img", "src"))
    plain = re.sub(r"\s+", " ", page.text)
    for question in lesson.questions:
        assert question.choices[question.right].text in plain
    (last,) = (step for step in lesson.steps if isinstance(step, Takeaway))
    for point in last.points:
        assert re.sub(r"[*]", "", point) in plain
    assert not Page(handout.of_lesson(lesson, "javascript:alert(1)")).values("a", "href")


def test_a_handout_shows_what_is_chosen(catalog: CheckpointCatalog) -> None:
    spec = next(s for s, name in service.eyes().items() if name == "25%")
    page = Page(handout.of_lesson(text.TWO_EYES, mixture=spec))
    assert "at 25%" in page.text
    assert f"{gates.numbers(spec).i12:.2f}" in page.text
    assert "Finn-Lizier" in Page(handout.of_lesson(text.NUMBERS, measure="fl")).text


def test_a_handout_without_models_still_has_its_words(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DMIL_CHECKPOINTS", str(room.empty))
    monkeypatch.setenv("DMIL_RESULTS", str(room.empty))
    for lesson in (text.GATE, text.COMPETITION):
        assert lesson.title in Page(handout.of_lesson(lesson)).text
    assert REAL == service.DIGITS
