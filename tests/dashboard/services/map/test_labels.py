"""Clusters of a map and their names, on clusters that were planted."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from dashboard.services.map import labels, maps
from dashboard.services.store.catalog import CheckpointCatalog
from dmil_core.inference.places import clusters
from tests.dashboard.folders import REAL

CENTRES = np.array([[0.2, 0.2], [0.8, 0.3], [0.5, 0.9]])
EACH = 80


@pytest.fixture
def planted() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Three round clusters of 80 places each, and 12 places far from all; whose each is."""
    rng = np.random.default_rng(0)
    places = [c + 0.02 * rng.standard_normal((EACH, 2)) for c in CENTRES]
    lonely = rng.random((12, 2)) * [0.1, 0.2] + [0.9, 0.75]
    of = np.repeat([0, 1, 2, -1], [EACH, EACH, EACH, len(lonely)])
    return np.concatenate([*places, lonely]), of


def test_planted_clusters_are_found(
    planted: tuple[NDArray[np.float64], NDArray[np.int64]],
) -> None:
    places, of = planted
    found = clusters(places)
    for cluster in range(3):
        own = found[of == cluster]
        mostly = np.bincount(own[own >= 0]).argmax()
        assert (own == mostly).mean() > 0.9
        assert not (found[(of != cluster)] == mostly).any()


def test_in_one_large_cluster_its_dense_parts_are_found() -> None:
    rng = np.random.default_rng(1)
    path = np.stack([rng.random(1500), np.full(1500, 0.5)], axis=1)
    dense = [np.array([x, 0.5]) + 0.004 * rng.standard_normal((200, 2)) for x in (0.2, 0.5, 0.8)]
    places = np.concatenate([path, *dense]) + 0.01 * rng.standard_normal((2100, 2))
    assert len(set(clusters(places)) - {-1}) >= 3


@pytest.mark.parametrize("count", [0, 1, 29])
def test_of_a_few_places_there_are_no_clusters(count: int) -> None:
    assert (clusters(np.random.default_rng(0).random((count, 2))) == -1).all()


def named(
    planted: tuple[NDArray[np.float64], NDArray[np.int64]],
    classes: list[str],
    *kinds: dict[str, NDArray[np.bool_]],
) -> list[str]:
    """Names of the three clusters, whose samples have these classes, alternating."""
    places, of = planted
    each = [classes[c] if c >= 0 else "z" for c in of]
    truth = np.array([pair[i % len(pair)] for i, pair in enumerate(e.split("/") for e in each)])
    found = {label.at[0]: label.text for label in labels.named(places, of, truth, kinds)}
    return [next((text for x, text in found.items() if abs(x - c[0]) < 0.05), "") for c in CENTRES]


def test_a_cluster_of_one_class_is_called_after_it(
    planted: tuple[NDArray[np.float64], NDArray[np.int64]],
) -> None:
    assert named(planted, ["a", "b", "c"]) == ["a", "b", "c"]


def test_a_mixed_cluster_is_called_after_what_sets_it_apart(
    planted: tuple[NDArray[np.float64], NDArray[np.int64]],
) -> None:
    _, of = planted
    words = {"is": of >= -1, "spoon": of == 1, "fly": of == 1, "rare": np.arange(len(of)) % 9 == 0}
    assert named(planted, ["a", "b/c", "d"], words) == ["a", "spoon fly", "d"]
    # What only a later kind knows.
    assert named(planted, ["a", "b/c", "d"], {}, {"corrupt": of == 1}) == ["a", "corrupt", "d"]
    assert named(planted, ["a", "b/c", "d"], {}) == ["a", "", "d"]


def test_a_class_of_several_clusters_is_told_apart_by_more(
    planted: tuple[NDArray[np.float64], NDArray[np.int64]],
) -> None:
    _, of = planted
    names = named(planted, ["a", "a", "b"], {"spoon": of == 0, "frame": of == 1})
    assert names == ["a · spoon", "a · frame", "b"]


def test_a_class_that_most_samples_have_names_no_cluster(
    planted: tuple[NDArray[np.float64], NDArray[np.int64]],
) -> None:
    places, of = planted
    truth = np.full(len(of), "common")
    assert labels.named(places, of, truth, []) == ()


def test_a_name_stands_at_the_edges_of_its_cluster_without_outliers(
    planted: tuple[NDArray[np.float64], NDArray[np.int64]],
) -> None:
    places, of = planted
    places[0] = [0.2, 0.6]
    first = next(
        label
        for label in labels.named(places, of, np.array(["a", "b", "c", "d"])[of], [])
        if label.text == "a"
    )
    x, top, bottom = first.at
    assert x == pytest.approx(0.2, abs=0.01)
    assert top == pytest.approx(0.25, abs=0.03)
    assert bottom == pytest.approx(0.15, abs=0.03)
    assert first.count == EACH


def test_words_are_in_the_order_of_sentences_and_rare_ones_are_left_out() -> None:
    lines = ["Can a spoon fly?"] * 6 + ["can you see it"] * 6 + ["once"]
    found = labels.words(lines)
    assert list(found) == ["can", "spoon", "you", "fly", "see", "it"]
    assert found["spoon"].tolist() == [True] * 6 + [False] * 7
    assert found["can"].sum() == 12


def test_clusters_of_the_digits_are_called_after_them(catalog: CheckpointCatalog) -> None:
    checkpoint = catalog.get(REAL, "dmil", 0)
    on = maps.layout_of(checkpoint, "Z")
    assert isinstance(on, maps.Layout)
    found = labels.labels(checkpoint, on, "test")
    assert len(found) >= 8
    digits = {label.text.split(" · ")[0] for label in found}
    assert len(digits & {"zero", "one", "two", "three", "four", "five", "six", "seven"}) >= 6
    assert [label.count for label in found] == sorted((f.count for f in found), reverse=True)
    assert labels.labels(checkpoint, maps.of_gate(checkpoint), "test") == ()
