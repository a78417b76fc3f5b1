"""Sets cut into clusters: what is known is found, and what is lost or too little is told."""

from __future__ import annotations

import numpy as np
import pytest

from dmil_core.data.synthetic.gaussian import gaussian_distribution
from dmil_core.partial_information.clusters import PARTS, Discretised, by_clusters

LN2 = float(np.log(2.0))


def cut(spec: str, clusters: int, rows: int = 4000, draws: int = 40) -> Discretised:
    drawn = gaussian_distribution(spec).sample(rows, 0)
    (result,) = by_clusters(drawn["x1"], drawn["x2"], drawn["y"], [clusters], draws=draws)
    return result


def bits(clusters: Discretised) -> list[float]:
    return [getattr(clusters.parts, p) / LN2 for p in PARTS]


def test_two_clusters_are_the_corners_of_xor() -> None:
    clusters = cut("gaussian:law=xor,noise=0.1", 2)
    assert bits(clusters) == pytest.approx([0.0, 0.0, 0.0, 1.0], abs=0.01)
    assert [clusters.low["s"] / LN2, clusters.high["s"] / LN2] == pytest.approx(
        [1.0, 1.0], abs=0.01
    )
    assert not clusters.too_few_rows


def test_broja_calls_a_visible_switch_shared_and_synergy() -> None:
    """Half U1 and half U2 is R and S to this measure, if both inputs see which half it is."""
    clusters = cut("gaussian:law=visible,noise=0.2", 12)
    assert bits(clusters) == pytest.approx([0.5, 0.0, 0.0, 0.5], abs=0.05)


def test_too_few_clusters_lose_information_and_too_many_are_told() -> None:
    rough, fine = cut("gaussian:corners=10", 2, 600), cut("gaussian:corners=10", 30, 600)
    assert rough.parts.i12 < 0.5 * fine.parts.i12
    assert fine.too_few_rows
    assert not rough.too_few_rows


def test_intervals_take_back_what_few_rows_add() -> None:
    """Inputs that say nothing: a few rows seem to say something, and zero is in the interval."""
    rng = np.random.default_rng(1)
    x1, x2 = rng.standard_normal((2, 300, 2))
    (result,) = by_clusters(x1, x2, rng.integers(2, size=300), [4], draws=100)
    assert result.parts.i12 == pytest.approx(result.bias, abs=0.02)
    assert result.low["s"] < result.parts.s / 2
    assert result.too_few_rows


def test_fewer_different_rows_than_clusters() -> None:
    x = np.array([[0.0], [1.0]] * 50)
    (result,) = by_clusters(x, x, x[:, 0] > 0, [16], draws=10)
    assert bits(result) == pytest.approx([1.0, 0.0, 0.0, 0.0], abs=1e-6)


def test_the_unit_of_an_input_does_not_matter() -> None:
    drawn = gaussian_distribution("gaussian").sample(500, 0)
    here, there = (
        by_clusters(f * drawn["x1"].astype(float), drawn["x2"], drawn["y"], [4], draws=5)[0]
        for f in (1.0, 10.0)
    )
    assert bits(here) == pytest.approx(bits(there), abs=1e-6)


def test_rows_of_a_group_are_drawn_together() -> None:
    """Each row four times: drawn one by one they would seem surer than they are."""
    drawn = gaussian_distribution("gaussian").sample(150, 0)
    x1, x2, y = (np.repeat(drawn[name], 4, axis=0) for name in ("x1", "x2", "y"))
    few = by_clusters(drawn["x1"], drawn["x2"], drawn["y"], [3], draws=100)[0]
    group = np.repeat(np.arange(150), 4)
    grouped, alone = (by_clusters(x1, x2, y, [3], draws=100, groups=g)[0] for g in (group, None))
    width = {name: f.high["r"] - f.low["r"] for name, f in
             {"few": few, "grouped": grouped, "alone": alone}.items()}  # fmt: skip
    assert width["grouped"] == pytest.approx(width["few"], rel=0.3)
    assert width["alone"] < 0.65 * width["grouped"]
