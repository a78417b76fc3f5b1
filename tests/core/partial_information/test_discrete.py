"""Exact decompositions: closed forms, an oracle, and what must hold of every distribution."""

from __future__ import annotations

import warnings
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from dmil_core.errors import ConfigError, DataError
from dmil_core.partial_information.broja import least_information
from dmil_core.partial_information.discrete import (
    MEASURES,
    Decomposition,
    decompose,
    informations,
    realisations,
)
from dmil_core.partial_information.maxent import pairwise_maxent
from tests.core.partial_information.distributions import GATES, TRUTH, gate

LN2 = float(np.log(2.0))
Floats = NDArray[np.float64]


def parts(decomposition: Decomposition) -> list[float]:
    return [decomposition.r, decomposition.u1, decomposition.u2, decomposition.s]


@st.composite
def pmfs(draw: st.DrawFn, most: int = 3) -> Floats:
    """Distributions of up to ``most`` symbols each, with zeros and with very small numbers."""
    shape = draw(st.tuples(*[st.integers(1, most)] * 3))
    weights = st.one_of(st.just(0.0), st.floats(0.01, 1.0), st.sampled_from([1e-9, 1e-5, 1.0]))
    size = int(np.prod(shape))
    p = np.array(draw(st.lists(weights, min_size=size, max_size=size))).reshape(shape)
    p.flat[draw(st.integers(0, size - 1))] = 1.0
    return p / p.sum()


def random_pmf(shape: tuple[int, int, int], seed: int) -> Floats:
    return np.random.default_rng(seed).dirichlet(np.ones(np.prod(shape))).reshape(shape)


# --- closed forms --------------------------------------------------------------------------


@pytest.mark.parametrize("measure", TRUTH)
@pytest.mark.parametrize("name", GATES)
def test_gates_have_their_closed_forms(name: str, measure: str) -> None:
    result = decompose(gate(name), measure)  # type: ignore[arg-type]
    assert_allclose(np.array(parts(result)) / LN2, TRUTH[measure][name], atol=1e-6)
    assert result.gap <= 1e-6


def test_half_redundant_half_unique_has_no_synergy_to_broja() -> None:
    """x1 = (switch, y or noise): a switch that x1 sees alone, x2 always says y."""
    triples = [((s, y if s else n), y, y) for s, y, n in product((0, 1), repeat=3)]
    p = np.zeros((4, 2, 2))
    names = sorted({t[0] for t in triples})
    for x1, x2, y in triples:
        p[names.index(x1), x2, y] += 1 / len(triples)
    assert_allclose(parts(decompose(p)), [0.5 * LN2, 0.0, 0.5 * LN2, 0.0], atol=1e-6)


# --- against independent computations ------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_broja_is_the_least_over_all_couplings_of_two_bits(seed: int) -> None:
    """For two bits and a class of two, q is p moved by one number for each class: a grid."""
    p = random_pmf((2, 2, 2), seed)
    parity = np.array([[1.0, -1.0], [-1.0, 1.0]])
    ranges = []
    for k in range(2):
        low = -min(p[0, 0, k], p[1, 1, k])
        ranges.append(np.linspace(low, min(p[0, 1, k], p[1, 0, k]), 401))
    moved = np.stack(
        [p[None, :, :, k] + r[:, None, None] * parity for k, r in enumerate(ranges)], axis=-1
    )
    a, b = moved[:, None, :, :, 0], moved[None, :, :, :, 1]
    q = np.clip(np.stack(np.broadcast_arrays(a, b), axis=-1), 0.0, None)
    total = q.sum(axis=-1, keepdims=True)
    ratio = np.divide(q, total, out=np.ones_like(q), where=q > 0)
    entropy = -(q * np.log(ratio)).sum(axis=(2, 3, 4))
    y = p.sum(axis=(0, 1))
    least = float(-(y * np.log(y)).sum() - entropy.max())
    parts = decompose(p)
    assert parts.i1 + parts.i2 - parts.r <= least + 1e-9
    assert parts.i1 + parts.i2 - parts.r == pytest.approx(least, abs=1e-4)


@pytest.mark.parametrize("shape", [(2, 2, 2), (3, 2, 2), (3, 3, 3)])
@pytest.mark.parametrize("seed", range(3))
def test_measures_agree_with_dit(shape: tuple[int, int, int], seed: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import dit
        from dit.pid import PID_BROJA, PID_CCS, PID_MMI, PID_WB

    p = random_pmf(shape, seed)
    outcomes = ["".join(map(str, t)) for t in product(*map(range, shape))]
    distribution = dit.Distribution(outcomes, p.ravel())
    kinds = {"imin": PID_WB, "immi": PID_MMI, "iccs": PID_CCS, "broja": PID_BROJA}
    ours, theirs = {}, {}
    for measure, kind in kinds.items():
        oracle = kind(distribution, [(0,), (1,)], (2,))
        theirs[measure] = [oracle[node] for node in (((0,), (1,)), ((0,),), ((1,),), ((0, 1),))]
        result = decompose(p, measure)  # type: ignore[arg-type]
        ours[measure] = [part / LN2 for part in parts(result)]
    assert_allclose(ours["imin"], theirs["imin"], atol=1e-9)
    assert_allclose(ours["immi"], theirs["immi"], atol=1e-9)
    assert_allclose(ours["iccs"], theirs["iccs"], atol=1e-6)
    # dit's search for this optimum starts at random and sometimes stops early, short of what is
    # shared; its marginals are held to about 3e-4. The grid and the certificate say who is right.
    assert ours["broja"][0] >= theirs["broja"][0] - 2e-3


# --- what must hold of every distribution --------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(pmfs())
def test_broja_is_certified_and_its_parts_are_not_negative(p: Floats) -> None:
    result = decompose(p)
    assert 0.0 <= result.gap <= 1e-6
    assert min(parts(result)) >= -1e-9
    assert result.r <= min(result.i1, result.i2) + 1e-9


@settings(max_examples=60, deadline=None)
@given(pmfs())
def test_the_coupling_of_broja_keeps_what_each_says_of_y(p: Floats) -> None:
    result = least_information(p)
    assert result.q.min() >= 0.0
    assert_allclose(result.q.sum(axis=1), p.sum(axis=1), atol=1e-12)
    assert_allclose(result.q.sum(axis=0), p.sum(axis=0), atol=1e-12)
    assert informations(result.q)[2] == pytest.approx(result.upper, abs=1e-10)
    assert result.lower <= result.upper + 1e-12


@settings(max_examples=60, deadline=None)
@given(pmfs(), st.sampled_from(list(MEASURES)))
def test_parts_add_up_to_the_informations(p: Floats, measure: str) -> None:
    result = decompose(p, measure)  # type: ignore[arg-type]
    sums = [result.r + result.u1, result.r + result.u2, sum(parts(result))]
    assert_allclose(sums, [result.i1, result.i2, result.i12], atol=1e-10)


@settings(max_examples=60, deadline=None)
@given(pmfs(), st.sampled_from(list(MEASURES)), st.randoms(use_true_random=False))
def test_names_of_symbols_do_not_matter(p: Floats, measure: str, random: object) -> None:
    shuffled = p
    for axis in range(3):
        order = list(range(p.shape[axis]))
        random.shuffle(order)  # type: ignore[attr-defined]
        shuffled = np.take(shuffled, order, axis=axis)
    one, other = (decompose(q, measure) for q in (p, shuffled))  # type: ignore[arg-type]
    assert_allclose(parts(one), parts(other), atol=1e-6)


@settings(max_examples=60, deadline=None)
@given(pmfs(), st.sampled_from(list(MEASURES)))
def test_swapped_sources_swap_their_uniqueness(p: Floats, measure: str) -> None:
    r, u1, u2, s = parts(decompose(p, measure))  # type: ignore[arg-type]
    swapped = decompose(np.swapaxes(p, 0, 1), measure)  # type: ignore[arg-type]
    assert_allclose(parts(swapped), [r, u2, u1, s], atol=1e-6)


@settings(max_examples=60, deadline=None)
@given(pmfs())
def test_the_most_random_distribution_has_the_pairwise_marginals(p: Floats) -> None:
    q = pairwise_maxent(p)
    for axis in range(3):
        assert_allclose(q.sum(axis=axis), p.sum(axis=axis), atol=1e-7)
    assert entropy(q) >= entropy(p) - 1e-6


def entropy(p: Floats) -> float:
    return -float((p[p > 0] * np.log(p[p > 0])).sum())


def test_a_set_of_many_symbols_is_certified_too() -> None:
    p = np.random.default_rng(0).dirichlet(np.full(12 * 10 * 6, 0.2)).reshape(12, 10, 6)
    assert decompose(p).gap <= 1e-6


# --- single realisations -------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(pmfs(), st.sampled_from(["lsmi", "same-sign", "ccs"]))
def test_realisations_add_up_row_by_row_and_on_average(p: Floats, definition: str) -> None:
    rows = realisations(p, definition)  # type: ignore[arg-type]
    assert_allclose(rows["r"] + rows["u1"], rows["i1"], atol=1e-10)
    assert_allclose(rows["r"] + rows["u2"], rows["i2"], atol=1e-10)
    assert_allclose(rows[["r", "u1", "u2", "s"]].sum(axis=1), rows["i12"], atol=1e-10)
    means = [float(rows["p"] @ rows[i]) for i in ("i1", "i2", "i12")]
    assert_allclose(means, informations(p), atol=1e-10)


def test_realisations_of_and_by_hand() -> None:
    rows = realisations(gate("AND"), "same-sign").set_index(["x1", "x2"])
    # One 0 speaks for y = 0: log2(1 / (3/4)). A single 1 leaves it open, and speaks against.
    for_it, against = np.log2(4 / 3), np.log2(2 / 3)
    assert rows.loc[(0, 0), "r"] / LN2 == pytest.approx(for_it)
    assert rows.loc[(0, 1), "i2"] / LN2 == pytest.approx(against)
    assert rows.loc[(0, 1), "r"] == 0.0
    assert rows.loc[(0, 1), "s"] / LN2 == pytest.approx(for_it - for_it - against)
    assert rows.loc[(1, 1), "r"] / LN2 == pytest.approx(1.0)
    assert rows.loc[(1, 1), "s"] / LN2 == pytest.approx(2.0 - 1.0)


def test_same_sign_shares_what_ccs_does_not_where_the_inputs_are_copied() -> None:
    means = {
        d: float((rows := realisations(gate("COPY"), d))["p"] @ rows["r"]) / LN2  # type: ignore[arg-type]
        for d in ("same-sign", "ccs")
    }
    assert means == pytest.approx({"same-sign": 1.0, "ccs": 0.0})


# --- refusals ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("p", "words"),
    [
        (np.ones((2, 2)) / 4, "three axes"),
        (np.ones((2, 2, 2)), "sum to 8"),
        (np.full((1, 1, 1), np.nan), "finite"),
        ([[[1.5], [-0.5]]], "at least 0"),
        ([[["a"]]], "needs numbers"),
        (np.zeros((0, 2, 2)), "three axes"),
    ],
)
def test_what_is_no_distribution_is_refused(p: object, words: str) -> None:
    with pytest.raises(DataError, match=words):
        decompose(p)  # type: ignore[arg-type]


def test_unknown_names_are_refused_with_those_that_exist() -> None:
    with pytest.raises(ConfigError, match="broja, imin, immi, iccs, fl"):
        decompose(gate("XOR"), "pid")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="same-sign, ccs, lsmi"):
        realisations(gate("XOR"), "pid")  # type: ignore[arg-type]
