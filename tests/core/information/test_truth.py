"""Exact pointwise information: against quadrature, and against what each distribution is made to
be."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.polynomial.hermite_e import hermegauss
from numpy.testing import assert_allclose
from scipy.stats import multivariate_normal

from dmil_core.data.synthetic.gate_mixture_set import GateMixtureSet
from dmil_core.data.synthetic.gaussian import DISTRIBUTIONS, gaussian_distribution
from dmil_core.data.synthetic.switch import switch_distribution
from dmil_core.errors import ConfigError
from dmil_core.information.truth import exact_pointwise, known_distribution
from dmil_core.partial_information.discrete import informations
from dmil_core.partial_information.pointwise import DEFINITIONS

LN2 = float(np.log(2.0))
ROWS = 100_000


def means(spec: str, definition: str = "same-sign") -> dict[str, float]:
    """Means over many rows of a distribution, in bits."""
    distribution = (
        switch_distribution(spec) if spec.startswith("switch") else gaussian_distribution(spec)
    )
    drawn = distribution.sample(ROWS, 1)
    known = known_distribution(spec)
    assert known is not None
    result = exact_pointwise(known, drawn["x1"], drawn["x2"], drawn["y"], definition)  # type: ignore[arg-type]
    return {name: float(values.mean()) / LN2 for name, values in result.columns().items()}


def two_classes(distance: float) -> float:
    """I(x;y) in bits of two equally likely classes whose means are some deviations apart.

    The evidence is Gaussian with mean d^2/2 and variance d^2.
    """
    nodes, weights = hermegauss(150)
    evidence = distance**2 / 2 + distance * nodes
    lost = np.logaddexp(0.0, -evidence) @ weights / weights.sum()
    return 1.0 - float(lost) / LN2


def test_shared_has_the_information_of_two_gaussians() -> None:
    result = means("gaussian")
    # sqrt 2 between corners; together the two are worth 4/3 of one, as half their noise is shared.
    alone, both = two_classes(np.sqrt(2) / 0.5), two_classes(np.sqrt(2 * 4 / 3) / 0.5)
    assert [result["i1"], result["i2"], result["i12"]] == pytest.approx(
        [alone, alone, both], abs=0.01
    )


@pytest.mark.parametrize(
    ("distribution", "wanted"),
    [
        ("xor", {"i1": 0.0, "i2": 0.0, "r": 0.0, "u1": 0.0, "u2": 0.0}),
        ("unique", {"i2": 0.0, "r": 0.0, "u2": 0.0, "s": 0.0}),
    ],
)
def test_nothing_is_found_where_nothing_is(distribution: str, wanted: dict[str, float]) -> None:
    result = means(f"gaussian:law={distribution}")
    assert {name: result[name] for name in wanted} == pytest.approx(wanted, abs=1e-9)
    assert result["i12"] > 0.4


def test_what_copies_is_unique_to_ccs() -> None:
    result = means("gaussian:law=copy", "ccs")
    assert [result["r"], result["s"]] == pytest.approx([0.0, 0.0], abs=1e-9)
    assert result["u1"] + result["u2"] == pytest.approx(result["i12"])
    assert result["i1"] == pytest.approx(two_classes(np.sqrt(2) / 0.5), abs=0.01)


def test_more_noise_on_the_same_adds_nothing() -> None:
    distribution = gaussian_distribution("gaussian:law=degraded,corners=3")
    assert_allclose(distribution.prior, np.array([1, 0.3, 0.09]) / 1.39)
    result = means("gaussian:law=degraded,corners=3")
    assert result["i12"] == pytest.approx(result["i1"], abs=1e-9)
    assert result["i2"] < result["i1"] - 0.1


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_densities_are_those_of_scipy(distribution: str) -> None:
    result = gaussian_distribution(f"gaussian:law={distribution},corners=3")
    drawn = result.sample(5, 2)
    both = np.concatenate([drawn["x1"], drawn["x2"]], axis=1)
    covariance = np.kron(result.covariance, np.eye(result.means.shape[2]))
    with_y = np.zeros((5, len(result.prior)))
    for g, (weight, label) in enumerate(zip(result.weights, result.labels, strict=True)):
        component = multivariate_normal(np.concatenate(result.means[:, g]), covariance)
        with_y[:, label] += weight * component.pdf(both)
    assert_allclose(np.exp(result.log_joint(drawn["x1"], drawn["x2"])), with_y, rtol=1e-6)


def test_rows_are_drawn_from_the_distribution() -> None:
    distribution = gaussian_distribution("gaussian:law=degraded,corners=2")
    drawn = distribution.sample(ROWS, 0)
    assert_allclose(np.bincount(drawn["y"]) / ROWS, distribution.prior, atol=0.01)
    own = drawn["y"] == 1
    for m in (0, 1):
        assert_allclose(drawn[f"x{m + 1}"][own].mean(axis=0), distribution.means[m, 1], atol=0.02)
    pairs = np.stack([drawn["x1"][own, 0], drawn["x2"][own, 0]])
    assert_allclose(np.cov(pairs), distribution.covariance, atol=0.02)


def test_switch_has_a_bit_less_what_its_noise_hides() -> None:
    result = means("switch:classes=2,noise=0.4")
    assert result["i12"] == pytest.approx(1.0, abs=0.005)
    # R and U1 are half of the samples; a quarter of them are S, seen in both.
    assert result["i1"] == pytest.approx(0.5, abs=0.01)
    assert [result[c] for c in ("r", "u1", "u2", "s")] == pytest.approx([0.25] * 4, abs=0.01)


def test_same_sign_finds_the_interaction_type_of_switch_and_lsmi_does_not() -> None:
    spec = "switch:classes=2,noise=0.5"
    drawn = switch_distribution(spec).sample(4000, 3)
    distribution = known_distribution(spec)
    assert distribution is not None
    hits = {}
    for definition in DEFINITIONS:
        result = exact_pointwise(distribution, drawn["x1"], drawn["x2"], drawn["y"], definition)
        parts = np.stack([result.r, result.u1, result.u2, result.s], axis=1)
        named = np.array(["R", "U1", "U2", "S"])[parts.argmax(axis=1)]
        hits[definition] = float((named == drawn["interaction_type"]).mean())
    assert hits["same-sign"] > 0.99
    assert hits["ccs"] > 0.99
    assert hits["lsmi"] < 0.85


@pytest.mark.parametrize("definition", DEFINITIONS)
def test_only_lsmi_changes_with_the_unit_of_an_input(definition: str) -> None:
    distribution = gaussian_distribution("gaussian:law=degraded,corners=3")
    drawn = distribution.sample(500, 4)
    here = exact_pointwise(distribution, drawn["x1"], drawn["x2"], drawn["y"], definition)  # type: ignore[arg-type]
    scale = np.diag([10.0, 1.0])
    means_ = distribution.means * np.array([10.0, 1.0])[:, None, None]
    scaled = type(distribution)(
        means_, distribution.labels, distribution.weights, scale @ distribution.covariance @ scale
    )
    x1 = 10.0 * drawn["x1"].astype(float)
    there = exact_pointwise(scaled, x1, drawn["x2"], drawn["y"], definition)  # type: ignore[arg-type]
    assert_allclose(here.i12, there.i12, atol=1e-9)
    same = np.allclose(here.r, there.r, atol=1e-9)
    assert same == (definition != "lsmi")


@pytest.mark.parametrize("form", ["points", "vectors"])
@pytest.mark.parametrize(
    "spec",
    [
        "gates:and=1",
        "gates:copy=1,correlation=1",
        "gates:sum=1,prior=1/0/2",
        "gates:xor=1,rdn=2,unq1=1,noise=0.2",
        "gates:table=a~b~0/a~c~1/d~b~1",
    ],
)
def test_points_that_cannot_be_confused_tell_what_their_symbols_tell(spec: str, form: str) -> None:
    made = GateMixtureSet.from_spec(f"{spec},form={form},spread=0.1,train={ROWS}")
    distribution, rows = known_distribution(made.spec), made.arrays()
    assert distribution is not None
    assert_allclose(distribution.prior, made.mixture.pmf().p.sum(axis=(0, 1)))
    result = exact_pointwise(distribution, rows["x1"], rows["x2"], rows["y"])
    wanted = informations(made.mixture.pmf().p)
    assert_allclose([result.i1.mean(), result.i2.mean(), result.i12.mean()], wanted, atol=0.01)


def test_between_two_symbols_of_xor_nobody_knows_and_noise_counts_by_its_own_input() -> None:
    distribution = known_distribution("gates:xor=1,spread=0.5,spread2=2")
    assert distribution is not None
    middle, below, above = [0.0, 0.0], [0.0, -1.0], [0.0, 1.0]
    log_p = distribution.log_joint([middle, below, below], [below, below, above])
    # The evidence for a symbol is 2 / deviation^2 where a point is at its centre.
    sure1, sure2 = (1 / (1 + np.exp(-2 / s**2)) for s in (0.5, 2.0))
    same = sure1 * sure2 + (1 - sure1) * (1 - sure2)
    chance = np.exp(log_p[:, 1]) / np.exp(log_p).sum(axis=1)
    assert_allclose(chance, [0.5, 1 - same, same])


def test_a_distribution_is_found_by_the_name_of_its_set() -> None:
    assert known_distribution("avdigits") is None
    assert known_distribution("switch-three") is None
    with pytest.raises(ConfigError, match="one of shared"):
        known_distribution("gaussian:law=other")
