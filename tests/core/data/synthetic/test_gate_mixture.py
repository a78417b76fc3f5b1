"""Gate mixtures: the distribution is the textbook's, and rows are drawn from it."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from dmil_core.data.catalog import load_dataset
from dmil_core.data.dataset import Dataset
from dmil_core.data.synthetic.gate_mixture import GateMixture
from dmil_core.data.synthetic.gate_mixture_set import GateMixtureSet
from dmil_core.data.synthetic.gates import GATE_NAMES
from dmil_core.data.synthetic.truth_table import read_table
from dmil_core.errors import ConfigError
from dmil_core.partial_information.discrete import MEASURES, decompose, informations
from tests.core.partial_information.distributions import TRUTH, gate

#: Our gates by the names that the known numbers have; OR and UNQ2 follow by symmetry.
KNOWN = {"xor": "XOR", "and": "AND", "copy": "COPY", "rdn": "RDN", "unq1": "UNQ", "sum": "SUM"}
LN2 = float(np.log(2.0))


@st.composite
def mixtures(draw: st.DrawFn) -> GateMixture:
    """Gate mixtures of every kind; a prior only where each class can occur."""
    noise = draw(st.floats(0, 1))
    if draw(st.booleans()):
        cells = st.tuples(*[st.sampled_from(["0", "1", "2"])] * 3)
        rows = draw(st.lists(cells, min_size=1, max_size=12, unique=True))
        table = read_table("\n".join(" ".join((*r, str(draw(st.integers(1, 9))))) for r in rows))
        return GateMixture(table=table, noise=noise)
    names = draw(st.lists(st.sampled_from(GATE_NAMES), min_size=1, unique=True))
    gates = {name: draw(st.floats(0.001, 1000)) for name in names}
    mixture = GateMixture(gates, noise=noise, correlation=draw(st.floats(-0.99, 0.99)))
    prior = draw(st.lists(st.floats(0.01, 1), min_size=4, max_size=4))
    own = tuple(prior[: len(mixture.classes)]) if draw(st.booleans()) else ()
    return GateMixture(gates, noise=noise, correlation=mixture.correlation, prior=own)


@given(mixtures())
def test_a_distribution_is_a_distribution_with_the_prior_that_is_asked_for(
    mixture: GateMixture,
) -> None:
    result = mixture.pmf()
    assert result.p.min() >= 0
    assert_allclose(result.p.sum(), 1.0, rtol=1e-12)
    assert result.p.shape == (len(result.x1), len(result.x2), len(result.y))
    if mixture.prior:
        asked = np.array(mixture.prior) / sum(mixture.prior)
        assert_allclose(result.p.sum(axis=(0, 1)), asked, atol=1e-12)


@given(mixtures())
def test_a_spec_reads_back_to_the_same_mixture(mixture: GateMixture) -> None:
    again = GateMixture.from_spec(mixture.spec)
    assert again == mixture
    assert again.spec == mixture.spec
    assert hash(again) == hash(mixture)
    assert_allclose(again.pmf().p, mixture.pmf().p)


@settings(max_examples=200)
@given(st.text("xorandtble=01~./,-:", max_size=40))
def test_any_spec_is_a_mixture_or_a_clear_error(text: str) -> None:
    try:
        mixture = GateMixture.from_spec(f"gates:{text}")
    except ConfigError:
        return
    assert GateMixture.from_spec(mixture.spec) == mixture


@pytest.mark.parametrize("name", KNOWN)
def test_a_gate_is_the_textbooks(name: str) -> None:
    ours = GateMixture({name: 1.0}).pmf()  # type: ignore[dict-item]
    known = gate(KNOWN[name])
    classes = [2 * y[0] + y[1] if isinstance(y, tuple) else y for y in known.y]
    order = np.argsort(classes)
    assert_allclose(ours.p, known.p[:, :, order])


def test_or_is_and_with_every_bit_turned() -> None:
    assert_allclose(
        GateMixture({"or": 1.0}).pmf().p, GateMixture({"and": 1.0}).pmf().p[::-1, ::-1, ::-1]
    )


@pytest.mark.parametrize("measure", TRUTH)
@pytest.mark.parametrize("name", KNOWN)
def test_a_gate_has_its_known_parts(name: str, measure: str) -> None:
    parts = decompose(GateMixture({name: 1.0}).pmf(), measure)  # type: ignore[dict-item,arg-type]
    own = [parts.r, parts.u1, parts.u2, parts.s]
    assert_allclose(np.array(own) / LN2, TRUTH[measure][KNOWN[name]], atol=1e-6)


@pytest.mark.parametrize("measure", MEASURES)
def test_unq2_is_unq1_with_the_inputs_exchanged(measure: str) -> None:
    one, two = (decompose(GateMixture({n: 1.0}).pmf(), measure) for n in ("unq1", "unq2"))  # type: ignore
    assert_allclose([one.r, one.u1, one.u2, one.s], [two.r, two.u2, two.u1, two.s], atol=1e-9)


def test_a_mixture_shows_which_gate_is_on() -> None:
    distribution = GateMixture({"xor": 3.0, "rdn": 1.0}).pmf()
    assert distribution.x1 == (("XOR", 0), ("XOR", 1), ("RDN", 0), ("RDN", 1))
    assert distribution.p[:2, 2:].sum() == distribution.p[2:, :2].sum() == 0
    assert_allclose(distribution.p[:2].sum(), 0.75)
    parts = decompose(distribution)
    assert_allclose([parts.r / LN2, parts.s / LN2], [0.25, 0.75], atol=1e-6)


def test_noise_takes_information_away_and_leaves_the_prior() -> None:
    told = [informations(GateMixture({"and": 1.0}, noise=n).pmf().p)[2] for n in (0, 0.3, 0.6, 1)]
    assert told == sorted(told, reverse=True)
    assert_allclose(told[-1], 0.0, atol=1e-12)
    assert_allclose(GateMixture({"and": 1.0}, noise=0.6).pmf().p.sum(axis=(0, 1)), [0.75, 0.25])


@pytest.mark.parametrize("c", [-1.0, -0.5, 0.0, 0.5, 1.0])
def test_the_bits_have_the_correlation_that_is_asked_for(c: float) -> None:
    bits = GateMixture({"copy": 1.0}, correlation=c).pmf().p.sum(axis=2)
    assert_allclose(bits.sum(axis=0), 0.5)
    assert_allclose(4 * bits[1, 1] - 1, c)
    assert GateMixture({"rdn": 1.0}, correlation=c).pmf().p[0, 1].sum() == 0


@pytest.mark.parametrize(
    ("spec", "part"),
    [
        ("gates:xor=1,table=0~0~1", "not both"),
        ("gates:table=0~0~1,correlation=.5", "takes no correlation"),
        ("gates:table=0~0~1/0~1", "row 2"),
        ("gates:table=", "got no row"),
        ("gates:xor=-1", "a number from 0 to 1000"),
        ("gates:noise=1.5", "a number from 0 to 1"),
        ("gates:correlation=2", "a number from -1 to 1"),
        ("gates:prior=1/1/1", r"2 numbers .* \(0, 1\)"),
        ("gates:prior=0/0", "not all 0"),
        ("gates:correlation=1,prior=.5/.5", "asks for class 1, which never occurs"),
        ("gates:nand=1", "xor, and, or"),
        ("earth:xor=1", "begins with gates"),
    ],
)
def test_what_means_no_mixture_is_a_clear_error(spec: str, part: str) -> None:
    with pytest.raises(ConfigError, match=part):
        GateMixture.from_spec(spec)


def test_two_hundred_tables_are_the_distribution_that_was_typed() -> None:
    """Read by the parser, and counted up again by hand."""
    rng = np.random.default_rng(0)
    for _ in range(200):
        size = rng.integers(2, 5, size=3)
        cells = rng.permutation(np.stack(np.unravel_index(np.arange(size.prod()), size), axis=1))
        cells = cells[: rng.integers(1, min(len(cells), 20) + 1)]
        counts = rng.integers(1, 9, size=len(cells))
        text = "\n".join(f"{a} {b} -> {y} {n}" for (a, b, y), n in zip(cells, counts, strict=True))
        distribution = GateMixture(table=read_table(text)).pmf()
        by_hand = Counter(
            {tuple(map(str, c)): n for c, n in zip(cells.tolist(), counts, strict=True)}
        )
        for i, j, k in np.ndindex(distribution.p.shape):
            expected = (
                by_hand[str(distribution.x1[i]), str(distribution.x2[j]), str(distribution.y[k])]
                / counts.sum()
            )
            assert distribution.p[i, j, k] == pytest.approx(expected, abs=1e-12)


# --- rows ------------------------------------------------------------------------------------


def symbols_of(dataset: Dataset, spec: str) -> list[np.ndarray]:
    """The symbol of each row in both inputs: the nearest centre."""
    drawn = GateMixtureSet.from_spec(spec)
    return [
        np.linalg.norm(dataset.x(m)[:, None] - drawn.centres(m)[None], axis=2).argmin(axis=1)
        for m in (1, 2)
    ]


@pytest.mark.parametrize("form", ["points", "vectors"])
@pytest.mark.parametrize(
    "distribution",
    [
        "gates:xor=1",
        "gates:sum=1,noise=.3,correlation=.4",
        "gates:xor=1,and=2,rdn=1,prior=.3/.7,noise=.2",
        "gates:table=a~b~0~.5/a~c~1~.25/d~c~2~.25",
    ],
)
def test_rows_have_the_frequencies_of_the_distribution(distribution: str, form: str) -> None:
    spec = f"{distribution},form={form},train=16000,val=2000,test=2000,seed=1"
    dataset, p = load_dataset(spec), GateMixture.from_spec(distribution).pmf().p
    a, b = symbols_of(dataset, spec)
    values = np.zeros(p.shape)
    np.add.at(values, (a, b, dataset.y), 1.0 / len(dataset))
    assert np.abs(values - p).max() < 4 * np.sqrt(0.25 / len(dataset))
    assert values[p == 0].sum() < 1e-3


def test_rows_are_split_named_and_repeat() -> None:
    spec = "gates:xor=1,train=30,val=20,test=10"
    one, two = load_dataset(spec), load_dataset(f"{spec},seed=1")
    assert [len(one.rows(s)) for s in ("train", "val", "test")] == [30, 20, 10]
    assert len(set(one.ids)) == 60
    assert one.digest == load_dataset(one.name).digest != two.digest
    assert one.x1.shape == (60, 2)
    assert load_dataset(f"{spec},form=vectors").x1.shape == (60, 16)


@pytest.mark.parametrize(
    ("distribution", "kinds"),
    [
        ("gates:xor=1", {"S"}),
        ("gates:rdn=1,unq1=1,unq2=1,xor=1", {"R", "U1", "U2", "S"}),
        ("gates:rdn=1,unq1=1,unq2=1,xor=1,prior=.2/.8", {"R", "U1", "U2", "S"}),
        ("gates:rdn=1,xor=1,correlation=.5", {"R", "S"}),
        ("gates:unq1=1,xor=1,correlation=.5", None),
        ("gates:xor=1,and=1", None),
        ("gates:sum=1", None),
        ("gates:table=0~0~0/0~1~1", None),
    ],
)
def test_the_interaction_type_is_known_where_a_gate_has_one(
    distribution: str, kinds: set[str] | None
) -> None:
    result = load_dataset(f"{distribution},train=100,val=50,test=50").interaction_type
    assert (None if result is None else set(result)) == kinds


def test_a_interaction_type_belongs_to_its_gate() -> None:
    spec = "gates:rdn=1,xor=1,train=500"
    dataset = load_dataset(spec)
    a, b = symbols_of(dataset, spec)
    assert ((dataset.interaction_type == "R") == (a >= 2)).mean() > 0.99
    bits_differ = (a % 2) != (b % 2)
    assert ((dataset.y == 1) == bits_differ)[dataset.interaction_type == "S"].mean() > 0.99


def test_redrawn_classes_are_flagged() -> None:
    spec = "gates:xor=1,noise=.5,train=4000"
    dataset = load_dataset(spec)
    a, b = symbols_of(dataset, spec)
    redrawn = dataset.flags["class_redrawn"]
    assert abs(redrawn.mean() - 0.5) < 0.05
    assert (dataset.y == (a ^ b))[~redrawn].mean() > 0.99
    assert abs((dataset.y == (a ^ b))[redrawn].mean() - 0.5) < 0.05


def test_one_class_cannot_be_learnt() -> None:
    with pytest.raises(ConfigError, match="only one class"):
        load_dataset("gates:xor=1,correlation=1")


def test_a_long_table_has_a_short_folder_name() -> None:
    cells = [(i, j) for i in range(6) for j in range(6)]
    rows = "/".join(f"a{i}~b{j}~c{(i + j) % 6}~{i + j + 1}" for i, j in cells)
    first = load_dataset(f"gates:table={rows},train=60")
    other = load_dataset(f"gates:table={rows},train=60,seed=1")
    assert len(first.slug) <= 150
    assert first.slug != other.slug
