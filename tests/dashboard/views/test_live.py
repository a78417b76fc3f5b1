"""The page Live training, without a browser: what it says, and that it trains in its process."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.figures import live as figures
from dashboard.figures import theme
from dashboard.figures.bars import fill, of_part
from dashboard.figures.live import Tile
from dashboard.jobs import live_queue
from dashboard.keys import key_of
from dashboard.services.learn import playground
from dashboard.services.learn.playground import Scene, Settings, Snapshot
from dashboard.state.view import LENGTHS, PACES, View
from dashboard.text import live as text
from dmil_core.teaching.plane import Square
from tests.dashboard import drawn
from tests.dashboard.conftest import OpenPage


@pytest.fixture(scope="module", autouse=True)
def ended() -> Iterator[None]:
    """No process of this server outlives the tests, and others get a new one."""
    yield
    while live_queue._OPEN:
        live_queue._OPEN.pop().close()


def said(app: AppTest) -> str:
    parts = [*app.markdown, *app.caption, *app.header, *app.warning, *app.text]
    return "\n".join(str(part.value) for part in parts)


def run_until(app: AppTest, true: Callable[[], object]) -> None:
    """Look again, as the page does in a browser."""
    end = time.monotonic() + 120
    while not true():
        assert time.monotonic() < end, said(app)
        time.sleep(0.3)
        app.run()
        assert not app.exception


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def ready(app: AppTest) -> bool:
    return "## Ensemble" in said(app)


def test_a_step_moves_the_learners_and_its_result_is_read_aloud(open_page: OpenPage) -> None:
    app = open_page("live", length="glance", mixture="gates:rdn=1,xor=1")
    run_until(app, lambda: ready(app))
    assert "**DMIL, stage 0 cross-fitting**" in said(app)
    assert "**0 of 200 measured**" in said(app)
    assert "**all parts**" not in said(app)
    app.button(key="live_step").click().run()
    run_until(app, lambda: "Go on" in labels(app))
    assert "▶ **all parts**" in said(app)
    # Nothing is concluded before the heads of DMIL are trained.
    assert "(chance" not in said(app)
    assert "measured" in said(app)
    app.button(key="live_reset").click().run()
    run_until(app, lambda: ready(app))
    assert "Start" in labels(app)
    assert "▶ **all parts**" not in said(app)
    # Whoever pressed Reset starts it himself, also after a reload.
    assert app.session_state["view"].paused == "yes"


def test_it_ends_with_a_verdict_and_again_begins_at_once(open_page: OpenPage) -> None:
    app = open_page("live", length="glance", pace="fast")
    run_until(app, lambda: ready(app))
    app.button(key="live_start").click().run()
    seen: list[str] = []

    def done() -> bool:
        seen.append(said(app))
        return "Again" in labels(app)

    run_until(app, done)
    assert any("of 200 measured" in words for words in seen)
    assert "measured" not in said(app)
    assert "(chance" in said(app) or "chance is" in said(app)
    assert "Start" not in labels(app)
    first = app.session_state["live_run"].name
    app.button(key="live_again").click().run()
    run_until(app, lambda: ready(app))
    assert app.session_state["live_run"].name != first
    assert app.session_state["live_run"].look.state in ("waiting", "running", "done")


def test_a_training_begins_by_itself_unless_it_was_paused(open_page: OpenPage) -> None:
    def begins(**query: str) -> bool:
        app = open_page("live", length="glance", **query)
        name = app.session_state["live_run"].name
        return any(told.get("run") == name for told in drawn.told(app))

    assert begins()
    assert not begins(paused="yes")


def test_a_lesson_that_led_here_is_led_back_to(open_page: OpenPage) -> None:
    def links(**query: str) -> list[str]:
        app = open_page("live", length="glance", **query)
        return [link.proto.label for link in app.get("page_link")]

    assert "Back to the lesson" in links(lesson="competition", step="4")
    assert "Back to the lesson" not in links()


def test_what_prepares_is_told_from_what_predicts() -> None:
    def at(stage: str, done: bool = False) -> bool:
        return playground.preparing(Snapshot("dmil", 0, stage, 0, 0, done, {}, {}, (), ()))

    assert [at(s) for s in ("", "out-of-fold", "decompose")] == [True] * 3
    assert not at("interact")
    assert not at("together")
    assert not at("decompose", done=True)


def test_a_strip_has_a_column_for_each_sample_and_none_for_the_unknown() -> None:
    shares = [(1.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 0.6), ()]
    svg = figures.strips({"Target <b>": shares}, ["R", "S", "S"], "said", 100)
    assert "Target &lt;b&gt;" in svg
    areas = {
        c: re.findall(rf'<path d="([^"]*)" {re.escape(fill(of_part(c)))}/>', svg)
        for c in ("R", "U1", "U2", "S")
    }
    assert {c: len(found) for c, found in areas.items()} == {"R": 1, "U1": 0, "U2": 0, "S": 1}
    # Over the whole height, and over 60 % of it from below: the rest is unexplained.
    assert re.fullmatch(r"M0\.00,19\.0h133\.33v100\.0h-133\.33z", areas["R"][0])
    assert re.fullmatch(r"M133\.33,59\.0h133\.33v60\.0h-133\.33z", areas["S"][0])
    (grey,) = re.findall(rf'<path d="([^"]*)" fill="{re.escape(theme.GRID)}"', svg)
    assert grey.count("M") == 2
    assert "R samples" in svg
    assert "S samples" in svg
    words = text.targets_alt(shares, "Gate targets")
    assert words == "Gate targets of 2 of 3 samples, by the largest component: R 1, U1 0, U2 0, S 1"


def test_a_preset_and_the_choices_go_into_the_link(open_page: OpenPage) -> None:
    app = open_page("live", length="glance")
    app.button(key=key_of("live_preset", "mixture")).click().run()
    assert app.session_state["view"].mixture == "gates:xor=1,rdn=1,unq1=1,unq2=1"
    app.number_input(key="live_draw").set_value(7).run()
    app.selectbox(key="choice_second").set_value("blurred").run()
    view = app.session_state["view"]
    assert (view.draw, view.second, view.length) == (7, "blurred", "glance")
    held = app.session_state["live_run"].settings
    assert (held.seed, held.spread2) == (7, playground.BLURRED)
    assert not app.exception


@pytest.mark.parametrize(
    "mixture", ["gates:xor=-1", "nonsense", "gates:table=0~0~a/1~1~a", "<img src=x>"]
)
def test_a_mixture_that_cannot_be_learnt_says_so_and_offers_xor(
    open_page: OpenPage, mixture: str
) -> None:
    app = open_page("live", mixture=mixture, length="glance")
    assert not app.exception
    assert "cannot be" in said(app)
    (begin,) = [b for b in app.button if b.label == "Begin with XOR"]
    begin.click().run()
    assert not app.exception
    assert app.session_state["view"].mixture == "gates:xor=1"


def test_every_stage_has_words() -> None:
    from dmil_core.paradigms import find_paradigm

    for name in playground.LEARNERS:
        assert {s.name for s in find_paradigm(name).stages_of()} <= set(text.STAGES)
    assert "out-of-fold" in text.STAGES


XOR_CHANCE = {"S": 0.5}


def test_the_sentence_says_who_is_stuck_and_why() -> None:
    own = {"ensemble": {"S": 0.51}, "joint": {"S": 0.99}, "dmil": {"S": 0.98}}
    sentences = text.verdict(own, XOR_CHANCE, {"S": {"R": 0, "U1": 0, "U2": 0, "S": 1}}, {})
    assert "ensemble is at 51%, and chance is 50%" in sentences[0]
    assert "Joint 99% and DMIL 98%: they read both inputs." in sentences[0]
    assert sentences[1] == (
        "On S samples the gate of DMIL puts 100% of its weight on S: the true component leads."
    )


def test_the_sentence_does_not_claim_what_the_numbers_do_not_say() -> None:
    nothing = {n: {"S": 0.51} for n in playground.LEARNERS}
    (stuck,) = text.verdict(nothing, XOR_CHANCE, {}, {})
    assert "The others are at chance too" in stuck
    same = {n: {"R": 0.8} for n in playground.LEARNERS}
    (alike,) = text.verdict(same, {"R": 0.5}, {}, dict.fromkeys(playground.LEARNERS))
    assert "about equally accurate" in alike
    odd = text.verdict(same, {"R": 0.5}, {"R": {"R": 0.1, "U1": 0.9, "U2": 0, "S": 0}}, {})
    assert "does not always lead yet" in odd[-1]
    high = {n: {"R": 0.96, "U1": 0.99} for n in playground.LEARNERS}
    (solved,) = text.verdict(high, {"R": 0.5, "U1": 0.5}, {}, {})
    assert solved == "On **R** and **U1** samples all three are right: 96% or more."
    always = {n: {"R": 1.0, "U1": 1.0} for n in playground.LEARNERS}
    (solved,) = text.verdict(always, {"R": 0.5, "U1": 0.5}, {}, {})
    assert solved == "On **R** and **U1** samples all three are always right."
    two = {"ensemble": {"all": 0.9}, "joint": {"all": 0.98}, "dmil": {"all": 0.97}}
    (apart,) = text.verdict(two, {"all": 0.75}, {}, {})
    assert apart.startswith("On all samples Joint and DMIL are most accurate: Ensemble 90%")
    leaning = text.verdict(same, {"R": 0.5}, {}, {"joint": 0.97})
    assert "that of x1 in these shares of the places: Joint 97%" in leaning[-1]


def test_the_lean_is_read_from_where_the_inputs_contradict_each_other() -> None:
    places = (0.0, 1.0)
    square = Square("", ("0", "1"), ("0", "1"), places, places, ((0, -1), (-1, 1)), ())
    scene = Scene(("0", "1"), (), (square,), {}, {}, 0)

    def one(surface: tuple[tuple[float, ...], ...]) -> Snapshot:
        return Snapshot("joint", 0, "", 0, 0, False, {}, {}, (surface,), ())

    assert playground.follows(scene, one(((0.9, 1.9), (0.9, 1.9)))) == 1.0
    assert playground.follows(scene, one(((0.9, 0.9), (1.9, 1.9)))) == 0.0
    xor = Scene(("0", "1"), (), (Square("", ("0", "1"), ("0", "1"), places, places,
                                        ((0, 1), (1, 0)), ()),), {}, {}, 0)  # fmt: skip
    assert playground.follows(xor, one(((0.9, 1.9), (0.9, 1.9)))) is None


def test_the_picture_marks_wrong_answers_and_guesses_by_letters_and_escapes_names() -> None:
    tile = Tile(
        title="", symbols1=["0", "1"], symbols2=["0", "1"], at1=[0, 1], at2=[0, 1],
        truth=[[0, 1], [1, -1]], points=[(0, 0, 0)], surface=[[0.9, 1.9], [0.1, 0.9]],
        answers=[[0.9, 0.9], [1.1, 0.9]],
    )  # fmt: skip
    fig = figures.surfaces([tile], ["<b>a", "b"], "joint", 3)
    letters = fig.data[-1]
    assert list(letters.text) == ["<b>&lt;b&gt;a</b>", "<b>&lt;b&gt;a ✗</b>", "<b>?</b>"]
    assert fig.data[0].zmax == 2
    # The class's own colour where it is sure, the next class's section begins pale.
    scale = dict(fig.data[0].colorscale)
    assert scale[0.0] == "rgb(201, 206, 216)"
    assert len(fig.data[0].colorscale) == 4


def test_settings_follow_the_view() -> None:
    made = playground.settings(View(inputs="vectors", second="blurred", draw=4, length="long"))
    assert isinstance(made, Settings)
    assert (made.form, made.spread2, made.seed) == ("vectors", playground.BLURRED, 4)
    assert made.epochs_scale == 3 * Settings.epochs_scale
    assert made.spread == playground.SPREADS["vectors"] != Settings.spread
    assert tuple(live_queue.PACES) == PACES == tuple(text.PACES)
    assert tuple(playground.LENGTHS) == LENGTHS == tuple(text.LENGTHS)
    assert playground.preset_of(View()) == "xor"
    assert playground.preset_of(View(mixture="gates:and=1")) == ""
    for preset in playground.PRESETS:
        assert preset.name in text.PRESETS
        assert preset.name in text.PRESET_SAYS
        assert isinstance(playground.settings(View(**preset.choice)), Settings)


@pytest.mark.parametrize(
    ("mixture", "inputs", "form"),
    [
        ("", "", "points"),
        ("gates:and=1", "", "points"),
        ("gates:xor=1,rdn=1", "", "points"),
        ("gates:xor=1,rdn=1,unq1=1", "", "vectors"),
        ("gates:xor=1,rdn=1,unq1=1", "points", "points"),
        ("gates:table=a~a~0/a~b~1", "vectors", "vectors"),
    ],
)
def test_a_mixture_of_many_is_of_vectors_where_the_visitor_does_not_choose(
    mixture: str, inputs: str, form: str
) -> None:
    made = playground.settings(View(mixture=mixture, inputs=inputs))
    assert isinstance(made, Settings)
    assert made.form == form
