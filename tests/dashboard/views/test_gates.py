"""Exact PID: the numbers are the exact solver's, words and bars are read off them, the page does as
told."""

from __future__ import annotations

import re
from math import log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from streamlit.testing.v1 import AppTest

from dashboard.figures import joint_distribution as figures
from dashboard.figures import measures
from dashboard.keys import key_of
from dashboard.services.learn import gates as service
from dashboard.services.store.catalog import DataProblem
from dashboard.state.view import MEASURES, POINTWISE, View, change
from dashboard.text import gates as text
from dmil_core.data.synthetic.gate_mixture import GateMixture
from dmil_core.data.synthetic.gates import GATES
from dmil_core.data.synthetic.truth_table import Row
from dmil_core.partial_information import discrete
from dmil_core.partial_information.pointwise import DEFINITIONS
from tests.core.partial_information.distributions import TRUTH
from tests.dashboard.conftest import OpenPage
from tests.dashboard.drawn import marked
from tests.dashboard.views.test_pages import said

LN2 = float(np.log(2.0))
TABLE = "gates:table=0~0~0~3/0~1~1~1/1~0~1~1/1~1~0~1"
MIXED = "gates:xor=1,and=0.5,rdn=2,noise=0.1,prior=0.3/0.7,correlation=0.2"


def random_tables(count: int) -> list[GateMixture]:
    """Tables of up to four symbols each, some with noise."""
    rng = np.random.default_rng(5)
    result = []
    for i in range(count):
        size = rng.integers(1, 5, size=3)
        cells = np.stack(np.unravel_index(np.arange(size.prod()), size), axis=1)
        cells = rng.permutation(cells)[: rng.integers(1, min(len(cells), 24) + 1)]
        rows = [Row(*map(str, c), float(rng.integers(1, 9))) for c in cells.tolist()]
        result.append(GateMixture(table=tuple(rows), noise=0.25 * (i % 3 == 0)))
    return result


# --- numbers --------------------------------------------------------------------------------


def test_two_hundred_tables_have_the_numbers_of_the_exact_solver() -> None:
    """From the text in the link to the bits on the page, against the distribution built by hand."""
    for mixture in random_tables(200):
        result = service.numbers(mixture.spec)
        total = sum(row.p for row in mixture.table)
        names = [
            sorted({getattr(row, axis) for row in mixture.table}) for axis in ("x1", "x2", "y")
        ]
        p = np.zeros([len(axis) for axis in names])
        for row in mixture.table:
            at = tuple(
                axis.index(getattr(row, n))
                for axis, n in zip(names, ("x1", "x2", "y"), strict=True)
            )
            p[at] = row.p / total
        p = (1 - mixture.noise) * p + mixture.noise * p.sum(2, keepdims=True) * p.sum((0, 1))
        for measure, parts in result.parts.items():
            exact = discrete.decompose(p, measure)  # type: ignore[arg-type]
            told = [exact.r, exact.u1, exact.u2, exact.s]
            assert_allclose(parts, np.array(told) / LN2, atol=2e-6, err_msg=mixture.spec)
            assert_allclose(sum(parts), result.i12, atol=1e-9)
        r, u1, u2, _ = result.parts["broja"]
        assert_allclose([r + u1, r + u2], [result.i1, result.i2], atol=1e-9)


@pytest.mark.parametrize("measure", TRUTH)
@pytest.mark.parametrize(("name", "known"), [("xor", "XOR"), ("and", "AND"), ("sum", "SUM")])
def test_a_preset_has_its_known_numbers(name: str, known: str, measure: str) -> None:
    result = service.numbers(f"gates:{name}=1")
    assert_allclose(result.parts[measure], TRUTH[measure][known], atol=2e-6)


def test_what_the_class_holds_is_its_entropy() -> None:
    assert service.numbers("gates:xor=1,noise=1").entropy == pytest.approx(1.0)
    half = service.numbers("gates:and=1")
    assert half.entropy == pytest.approx(half.i12) == pytest.approx(2 - 0.75 * log2(3))


@pytest.mark.parametrize("definition", DEFINITIONS)
@pytest.mark.parametrize("spec", ["gates:and=1", MIXED, TABLE])
def test_the_cases_are_the_realisations_in_bits(spec: str, definition: str) -> None:
    frame = service.outcomes(spec, definition)
    numbers = service.numbers(spec)
    assert_allclose(frame["p"].sum(), 1.0)
    assert_allclose(frame["p"] @ frame["i12"], numbers.i12, atol=1e-9)
    parts = frame["r"] + frame["u1"] + frame["u2"] + frame["s"]
    assert_allclose(parts, frame["i12"], atol=1e-9)
    if definition == "lsmi":
        assert_allclose(frame["p"] @ frame["r"], numbers.parts["fl"][0], atol=1e-9)


def test_choices_in_links_are_those_of_the_core() -> None:
    assert set(MEASURES) == set(discrete.MEASURES) == set(text.MEASURES)
    assert set(POINTWISE) == set(DEFINITIONS) == set(text.POINTWISE_NAMES)
    assert set(GATES) | {"mix", "table"} == set(text.GATES)


# --- building -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", GATES)
def test_a_gate_as_a_table_is_the_same_distribution(name: str) -> None:
    gate = GateMixture({name: 1.0}, correlation=0.5)
    table, lost, faults = service.typed(gate, service.text_of(gate))
    assert not lost
    assert not faults
    assert_allclose(table.pmf().p, gate.pmf().p, atol=1e-6)


def test_a_wrong_table_leaves_the_mixture_as_it_was() -> None:
    mixture, _, faults = service.typed(GateMixture(), "0 0 -> 0\n1 1")
    assert mixture == GateMixture()
    assert [row for row, _ in faults] == [2]


def test_a_prior_that_no_longer_fits_is_given_up_and_said() -> None:
    mixture = GateMixture(prior=(0.2, 0.8))
    tied, lost = service.changed(mixture, correlation=1.0)
    assert tied.prior == ()
    assert "prior was given up" in lost
    kept, lost = service.changed(mixture, gates={"and": 1.0})
    assert kept.prior == mixture.prior
    assert not lost


@given(st.integers(0, 3), st.floats(0, 1), st.floats(0, 1))
def test_a_class_gets_the_chance_that_is_asked_for(k: int, first: float, second: float) -> None:
    mixture = GateMixture({"copy": 1.0})
    for chance in (first, second):
        mixture = GateMixture({"copy": 1.0}, prior=service.tilted(mixture, k, round(chance, 2)))
        assert service.prior_of(mixture)[k] == pytest.approx(round(chance, 2), abs=2e-4)
        others = [p for i, p in enumerate(service.prior_of(mixture)) if i != k]
        assert max(others) - min(others) < 5e-4


def test_shares_are_those_after_the_prior() -> None:
    assert service.shares(GateMixture({"xor": 1.0, "and": 3.0})) == {"xor": 0.25, "and": 0.75}
    tilted = service.shares(GateMixture({"xor": 1.0, "and": 1.0}, prior=(0.0, 1.0)))
    assert tilted["xor"] == pytest.approx(2 / 3)


def test_a_bad_link_is_a_problem_in_words() -> None:
    assert isinstance(service.read("gates:xor=2,table=0~0~0"), DataProblem)
    assert service.read("") == GateMixture()


# --- the sentence ---------------------------------------------------------------------------

part = st.floats(-1.5, 2.0).map(lambda v: round(v, 3))
#: R of each measure, and U1, U2, S of the first.
own_parts = st.tuples(part, part, part, part)


@given(own_parts, own_parts, st.floats(0, 1))
def test_the_sentence_says_what_the_numbers_are(
    own: tuple[float, ...], other: tuple[float, ...], rest: float
) -> None:
    told = max(sum(own), 0.0)
    words = " ".join(text.reading(told + rest, told, {"broja": own, "fl": other}, "broja"))
    parts = dict(zip(text.COMPONENTS, own, strict=True))
    top = max(own)
    if told >= text.LEAST:
        leading = re.search(
            r"part is \*\*.*?\((R|U1|U2|S)\)|All of it is \*\*.*?\((R|U1|U2|S)\)", words
        )
        near = [c for c, v in parts.items() if top - v < text.LEAST]
        if len(near) == 1:
            assert leading
            assert parts[leading[1] or leading[2]] == top
        else:
            assert all(f"**{c}** ({text.NAMES[c]})" in words for c in near)
            assert "equally large" in words
        assert text.bits(told) in words
    else:
        assert "nothing" in words
    negative = [c for c, v in parts.items() if v <= -text.LEAST]
    assert ("negative" in words) == bool(negative)
    assert all(f"{c} ({text.bits(parts[c])})" in words for c in negative)
    apart = abs(own[0] - other[0]) >= text.LEAST
    assert ("disagree" in words) == apart
    if apart:
        assert text.bits(own[0]) in words
        assert text.bits(other[0]) in words
    else:
        assert "agree" in words


@pytest.mark.parametrize("name", GATES)
@pytest.mark.parametrize("measure", MEASURES)
def test_a_gates_sentence_names_its_largest_part(name: str, measure: str) -> None:
    result = service.numbers(f"gates:{name}=1")
    words = " ".join(text.reading(result.entropy, result.i12, result.parts, measure))
    own = dict(zip(text.COMPONENTS, result.parts[measure], strict=True))
    for c in text.COMPONENTS:
        if own[c] > max(own.values()) - 1e-6:
            assert f"({c})" in words or f"**{c}**" in words
    assert "-0.00" not in words


# --- the picture ----------------------------------------------------------------------------


@pytest.mark.parametrize("spec", ["gates:and=1,noise=0.2", MIXED, TABLE, "gates:copy=1"])
def test_the_squares_are_as_large_as_the_chances(spec: str) -> None:
    mixture, frame = GateMixture.from_spec(spec), service.cells(spec)
    assert_allclose(frame["p"].sum(), 1.0)
    names = service.class_names(mixture)
    fig = figures.joint(frame, names)
    bars = [trace for trace in fig.data if trace.type == "bar"]
    assert [bar.name for bar in bars] == [f"class {n}" for n in names]
    assert len({(b.marker.color, b.marker.pattern.shape) for b in bars}) == len(names)
    area = [float(np.sum(np.array(b.y) * np.array(b.width))) for b in bars]
    assert_allclose(np.array(area) / sum(area), mixture.pmf().p.sum(axis=(0, 1)), atol=1e-9)


def test_the_picture_has_its_words() -> None:
    words = service.in_words(service.cells("gates:and=1"))
    assert "1 1 25% class 1" in words
    assert words.count("class 0") == 3


# --- the page -------------------------------------------------------------------------------


def bars(app: AppTest) -> dict[str, dict[str, float]]:
    """Measure -> component -> bits, as the bars say in words; "chosen" is the marked one."""
    (html,) = (picture for picture in marked(app) if "Measures of redundancy" in picture)
    result = {}
    for mark, pressed, label in re.findall(
        r'data-mark="(\w+)" aria-pressed="(\w+)" aria-label="([^"]+)"', html
    ):
        result[mark] = _bits(label)
        if pressed == "true":
            result["chosen"] = result[mark]
    (mean,) = re.findall(r'role="img" aria-label="(pointwise mean[^"]+)"', html)
    return {**result, "mean": _bits(mean)}


def _bits(label: str) -> dict[str, float]:
    found = re.findall(r"\b(R|U1|U2|S) ([\d.\N{MINUS SIGN}]+)", label)
    return {c: float(v.replace("\N{MINUS SIGN}", "-").rstrip(".")) for c, v in found}


def parts(app: AppTest) -> list[float]:
    return list(bars(app)["chosen"].values())


def test_the_page_begins_with_xor_and_one_bit_of_synergy(open_page: OpenPage) -> None:
    app = open_page("gates")
    assert not app.exception
    assert parts(app) == [0, 0, 0, 1]
    assert "All of it is **synergy (S)**" in said(app)
    assert "gate PID" not in said(app)


def test_another_gate_is_one_click(open_page: OpenPage) -> None:
    app = open_page("gates", measure="fl")
    app.segmented_control(key="mixture_gate").set_value("and").run()
    assert app.session_state["view"].mixture == "gates:and=1"
    assert parts(app) == [0.56, -0.25, -0.25, 0.75]
    assert "negative" in said(app)
    assert "disagree" in said(app)


def test_a_mix_is_changed_by_sliders_and_taken_back(open_page: OpenPage) -> None:
    app = open_page("gates")
    app.segmented_control(key="mixture_gate").set_value("mix").run()
    assert parts(app) == [0.5, 0, 0, 0.5]
    for name in ("rdn", "unq1", "unq2"):
        app.slider(key=key_of("mixture_weight", name)).set_value(0.0).run()
    assert app.session_state["view"].mixture == "gates:xor=1"
    assert app.slider(key=key_of("mixture_weight", "rdn")).value == 0.0
    app.slider(key=key_of("mixture_weight", "xor")).set_value(0.0).run()
    assert app.session_state["view"].mixture == "gates:xor=1"
    app.slider(key="mixture_noise").set_value(1.0).run()
    assert parts(app) == [0] * 4
    assert "nothing" in said(app)
    app.button(key="mixture_reset").click().run()
    assert parts(app)[3] == 1


def test_the_prior_is_a_slider(open_page: OpenPage) -> None:
    app = open_page("gates", mixture="gates:and=1")
    assert app.slider(key=key_of("mixture_prior", 1)).value == 0.25
    app.slider(key=key_of("mixture_prior", 1)).set_value(0.5).run()
    assert app.session_state["view"].mixture == "gates:and=1,prior=0.5/0.5"
    app.slider(key="mixture_tied").set_value(-1.0).run()
    assert not app.exception
    assert "prior" not in app.session_state["view"].mixture


def test_a_table_is_typed_and_its_faults_are_told_by_row(open_page: OpenPage) -> None:
    app = open_page("gates")
    app.segmented_control(key="mixture_gate").set_value("table").run()
    assert parts(app)[3] == 1
    app.text_area(key="gates_text").set_value("a a -> yes\na b -> no\n<b>").run()
    assert "Row 3" in app.error[0].value
    assert "<b>" not in app.error[0].value.replace("\\<b\\>", "")
    assert parts(app)[3] == 1
    assert app.text_area(key="gates_text").value.endswith("<b>")
    app.text_area(key="gates_text").set_value("a a -> yes\nb b -> no").run()
    assert not app.error
    assert parts(app)[0] == 1
    assert app.session_state["view"].mixture == "gates:table=a~a~yes/b~b~no"


def test_the_bars_are_as_long_as_the_bits_and_add_up_to_the_same() -> None:
    numbers = service.numbers("gates:and=1")
    rows = {n: (n, v) for n, v in numbers.parts.items()}
    html = measures.measures(rows, "fl", numbers.i12)
    each = html.split("data-mark=")[1:]
    least = min(sum(v for v in values if v < 0) for values in numbers.parts.values())
    most = max(sum(v for v in values if v > 0) for values in numbers.parts.values())
    for (name, values), bar in zip(numbers.parts.items(), each, strict=True):
        drawn = [
            (c, float(left), float(width))
            for c, left, width in re.findall(
                r'title="(\w+) [^"]*" style="left:([\d.]+)%;width:([\d.]+)%', bar
            )
        ]
        wanted = [(c, v) for c, v in zip(text.COMPONENTS, values, strict=True) if abs(v) >= 0.005]
        assert [c for c, *_ in drawn] == [c for c, _ in wanted], name
        for (_, left, width), (_, value) in zip(drawn, wanted, strict=True):
            assert width == pytest.approx(100 * abs(value) / (most - least), abs=0.02)
            zero = -100 * least / (most - least)
            assert left + width <= zero + 0.1 if value < 0 else left >= zero - 0.1
        assert ('aria-pressed="true"' in bar) == (name == "fl")


def test_a_mixture_says_why_broja_and_the_pointwise_split_differ(open_page: OpenPage) -> None:
    app = open_page("gates", mixture="gates:xor=1,rdn=1,unq1=1,unq2=1")
    shown = bars(app)
    assert shown["broja"] == {"R": 0.5, "U1": 0, "U2": 0, "S": 0.5}
    assert shown["mean"] == dict.fromkeys(text.COMPONENTS, 0.25)
    words = said(app)
    assert "BROJA has R 0.50, U1 0.00, U2 0.00 and S 0.50, the pointwise mean R 0.25" in words
    assert "which of XOR, RDN, UNQ1 and UNQ2 is on" in words
    assert "Why BROJA" not in said(open_page("gates", mixture="gates:xor=1"))


def test_nothing_is_explained_where_both_agree() -> None:
    assert text.apart((0, 0, 0, 1), (0.001, 0, 0, 0.999), ("XOR", "OR")) == ""
    assert "XOR and OR" in text.apart((0.5, 0, 0, 0.5), (0.25, 0.25, 0, 0.5), ("XOR", "OR"))


def test_the_mean_of_the_cases_adds_up_and_follows_the_choice() -> None:
    spec = "gates:and=1"
    for definition in DEFINITIONS:
        mean = service.pointwise_mean(spec, definition)
        assert sum(mean) == pytest.approx(service.numbers(spec).i12)
    assert_allclose(service.pointwise_mean(spec, "lsmi"), service.numbers(spec).parts["fl"])


@pytest.mark.parametrize(
    "mixture", ["gates:xor=2,table=0~0~0", "<script>alert(1)</script>", "gates:table=0~0", "earth"]
)
def test_a_link_without_a_mixture_says_so_and_leads_on(open_page: OpenPage, mixture: str) -> None:
    app = open_page("gates", mixture=mixture)
    assert not app.exception
    assert "cannot be read" in said(app)
    app.button[-1].click().run()
    assert parts(app)[3] == 1


def test_the_mixture_stays_when_another_set_is_chosen() -> None:
    view = View(data="a", mixture=MIXED, measure="fl", pointwise="lsmi")
    other = change(view, data="b")
    assert (other.mixture, other.measure, other.pointwise) == (MIXED, "fl", "lsmi")
