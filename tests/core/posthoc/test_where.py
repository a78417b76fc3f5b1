"""Second differences find the parts that work together, and nothing where parts add up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import dmil_core as dmil
from dmil_core.data.catalog import load_dataset
from dmil_core.data.dataset import Dataset
from dmil_core.errors import ConfigError
from dmil_core.io.paths import checkpoints_roots
from dmil_core.posthoc.where import GRID, named_pairs, parts_of, where

COLOURS = {"red": (205, 45, 45), "green": (40, 165, 70), "blue": (50, 85, 215),
           "yellow": (225, 200, 50)}  # fmt: skip


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    rng = np.random.default_rng(0)
    x1, x2 = rng.normal(size=(2, 200, 4)).astype(np.float32)
    path = tmp_path_factory.mktemp("where") / "set.npz"
    np.savez(path, x1=x1, x2=x2, y=rng.integers(0, 2, 200))
    return load_dataset(path)


def logits(value: NDArray[Any]) -> NDArray[Any]:
    return np.stack([-value / 2, value / 2], axis=1)


def test_only_the_pair_that_is_multiplied_interacts(vectors: Dataset) -> None:
    """f = 3 x1_1 x2_3 + loud terms of single features: d is 3 (x1_1 - mean) (x2_3 - mean)."""

    def f(x1: NDArray[Any], x2: NDArray[Any]) -> NDArray[Any]:
        return logits(3 * x1[:, 0] * x2[:, 2] + 20 * x1[:, 1] ** 2 - 30 * np.abs(x2[:, 0]))

    found = where(f, vectors, 7)
    train = vectors.rows("train")
    a, b = (vectors.x(m)[train].mean(axis=0, dtype=float) for m in (1, 2))
    wanted = np.zeros((4, 4))
    wanted[0, 2] = 3 * (vectors.x1[7, 0] - a[0]) * (vectors.x2[7, 2] - b[2]) / 2
    sign = 1 if found.cls == 1 else -1
    np.testing.assert_allclose(found.together, sign * wanted, atol=1e-4)
    assert found.strongest(1) == ((0, 2),)
    assert named_pairs(found, 1)[0][:2] == ("feature 1", "feature 3")
    assert np.abs(found.alone_first).argmax() == 1
    assert np.abs(found.alone_second).argmax() == 0


def test_what_two_parts_of_one_input_do_is_put_on_no_third_one(vectors: Dataset) -> None:
    """f = x1_1 x1_2 x2_3: of the other features of x1 none interacts with x2_3."""
    found = where(lambda a, b: logits(a[:, 0] * a[:, 1] * b[:, 2]), vectors, 7)
    other = np.delete(found.together, 2, axis=1)
    assert np.abs(other).max() < 1e-4
    assert np.abs(found.together[2:, 2]).max() < 1e-4
    assert np.abs(found.together[:2, 2]).min() > 1e-3


def test_an_additive_model_has_none(vectors: Dataset) -> None:
    found = where(lambda a, b: logits(a.sum(axis=1) ** 3 + b.prod(axis=1)), vectors, 3)
    assert np.abs(found.together).max() < 1e-4
    with pytest.raises(ConfigError, match="expected two of 2 inputs"):
        where(lambda a, b: logits(a[:, 0]), vectors, 3, 1, 3)


@pytest.mark.parametrize(
    ("data", "m", "shape"),
    [("shapes-qa", 1, (GRID, GRID)), ("avdigits", 2, (GRID, GRID)), ("watch", 1, (12,)),
     ("emoji", 1, (24,))],
)  # fmt: skip
def test_every_kind_of_input_has_parts(data: str, m: Any, shape: tuple[int, ...]) -> None:
    dataset = load_dataset(data)
    parts = parts_of(dataset, m, 5)
    assert parts.shape == shape
    assert len(parts.names) == len(set(parts.names)) == len(parts.variants) - 1
    x = dataset.x(m)[5]
    np.testing.assert_array_equal(parts.variants[0], x)
    changed = (parts.variants[1:] != x).reshape(len(parts.names), -1)
    assert changed.any(axis=1).mean() > 0.5
    assert changed.sum(axis=0).max() <= 1  # each number belongs to one part


def test_words_are_left_out_one_by_one() -> None:
    dataset = load_dataset("shapes-qa")
    parts = parts_of(dataset, 2, 0)
    words = str(dataset.x2[0]).split()
    assert [n for n in parts.names if n.isalpha()] == [w.strip("?,") for w in words]
    assert len(parts.variants[1]) < len(parts.variants[0])


def asked(text: str) -> str:
    """The colour that a question asks for, of questions of nothing else."""
    words = text.rstrip("?").replace(",", "").split()
    forms = {"circle", "square", "triangle", "small", "large", "more", "circles", "squares"}
    colours = [w for w in words if w in COLOURS]
    return colours[0] if len(colours) == 1 and not forms & set(words) else ""


def on_object(picture: NDArray[Any], colour: str) -> NDArray[np.bool_]:
    """(64,) which cells show some of a shape of this colour."""
    x = picture.astype(float)
    nearest = np.abs(x[:, :, None] - np.array(list(COLOURS.values()))).sum(axis=-1).argmin(axis=-1)
    coloured = x.max(axis=-1) - x.min(axis=-1) > 60
    shown = coloured & (nearest == list(COLOURS).index(colour))
    return shown.reshape(GRID, 4, GRID, 4).any(axis=(1, 3)).ravel()


def test_the_strongest_cell_is_on_the_object_that_is_asked_for() -> None:
    """Of rows that dmil answers with yes, rightly; a cell at random is on it for .17 of them."""
    dataset = load_dataset("shapes-qa")
    model = dmil.load(checkpoints_roots()[-1] / "shapes-qa" / "dmil" / "seed0")
    test = dataset.rows("test")
    hits, chance = [], []
    for row in test[(dataset.y[test] == 1) & (dataset.interaction_type[test] == "S")].tolist():  # type: ignore[index]
        colour = asked(str(dataset.x2[row]))
        if not colour or (found := where(model, dataset, row)).cls != 1:
            continue
        cells = on_object(dataset.x1[row], colour)
        word = found.second.names.index(colour)
        hits.append(bool(cells[found.together[:, word].argmax()]))
        chance.append(cells.mean())
        if len(hits) == 60:
            break
    assert len(hits) >= 40
    assert np.mean(chance) < 0.25
    assert np.mean(hits) >= 0.92


def test_a_frame_that_answers_alone_does_not_interact() -> None:
    """Rows whose frame is the answer: blanking it changes the score much, with no word together."""
    dataset = load_dataset("shapes-qa")
    model = dmil.load(checkpoints_roots()[-1] / "shapes-qa" / "joint" / "seed0")
    test = dataset.rows("test")
    framed = test[dataset.interaction_type[test] == "U1"][:30]  # type: ignore[index]
    alone, together = [], []
    edge = np.ones((GRID, GRID), bool)
    edge[1:-1, 1:-1] = False
    for row in framed.tolist():
        found = where(model, dataset, row)
        alone.append(np.abs(found.alone_first[edge.ravel()]).max())
        together.append(np.abs(found.together[edge.ravel()]).max(initial=0.0))
    assert np.median(together) < np.median(alone)
