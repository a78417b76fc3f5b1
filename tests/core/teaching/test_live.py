"""Learners side by side: the same as alone, equally far, and pictures that show what they know."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from dmil_core.checkpoint import load_model
from dmil_core.config import from_json, to_json
from dmil_core.data.catalog import load_dataset
from dmil_core.errors import ConfigError
from dmil_core.teaching.live import Live
from dmil_core.teaching.plane import squares
from dmil_core.teaching.scene import LEARNERS, STEPS, Scene, Settings, Snapshot
from dmil_core.training.cross_fitting import cross_fit
from dmil_core.training.gate_target import class_prior, information_target, of_class
from dmil_core.training.run import train
from tests.core.builders import states_equal

#: Small enough to end in a second, large enough that every stage has epochs.
SMALL = Settings(train=40, val=30, epochs_scale=0.01, seed=3)
MIX = replace(SMALL, mixture="gates:xor=1,rdn=1,unq1=1,unq2=1")


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """As the process of live trainings has it: sums are in the same order."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def to_the_end(settings: Settings) -> tuple[Live, list[Snapshot]]:
    live = Live(settings)
    seen = list(live.start())
    while not live.done:
        seen += live.step()
    return live, seen


def stored(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Weights as a checkpoint gives them back: decoders are written in half precision."""
    return {
        name: value.half().float() if ".decoder." in name else value
        for name, value in model.state_dict().items()
    }


def test_each_learner_ends_with_the_weights_that_train_gives(tmp_path: Path) -> None:
    live, _ = to_the_end(SMALL)
    dataset = load_dataset(SMALL.drawn().spec)
    for name in LEARNERS:
        run = train(dataset, name, SMALL.seed, tmp_path / name, device="cpu",
                    epochs_scale=SMALL.epochs_scale)  # fmt: skip
        alone, _ = load_model(run.folder)
        assert states_equal(stored(live.models[name]), alone.state_dict()), name


def test_learners_are_about_equally_far_and_end_together() -> None:
    live = Live(replace(SMALL, epochs_scale=0.04))
    latest = {one.learner: one for one in live.start()}
    longest = {"ensemble": 2, "joint": 1}
    while not live.done:
        latest |= {one.learner: one for one in live.step()}
        until = min(1.0, live.steps / STEPS)
        for name, one in latest.items():
            # No further than the epoch that crosses the line, never behind it.
            assert one.fraction >= until - 1e-9
            # DMIL's last stage has few epochs at this scale, each of them long.
            ahead = 1 / (one.epochs * longest[name]) if name in longest else 0.2
            assert one.fraction <= until + ahead + 1e-9, name
    assert live.steps == STEPS
    assert all(one.done for one in latest.values())


def test_a_live_training_is_repeated_by_its_seed() -> None:
    _, once = to_the_end(SMALL)
    _, again = to_the_end(SMALL)
    _, other = to_the_end(replace(SMALL, seed=4))
    assert once == again
    assert once != other


def test_what_is_told_survives_json_and_fits_together() -> None:
    live, seen = to_the_end(MIX)
    scene = live.scene()
    assert from_json(Scene, to_json(scene)) == scene
    assert from_json(Snapshot, to_json(seen[-1])) == seen[-1]
    assert [g.name for g in scene.groups] == ["R", "U1", "U2", "S"]
    assert sum(g.rows for g in scene.groups) == MIX.val
    assert scene.stages["dmil"] == ("out-of-fold", "decompose", "interact", "together")
    assert [s.name for s in scene.squares] == ["XOR", "RDN", "UNQ1", "UNQ2"]
    for one in seen:
        parts = sum(g.rows * one.accuracy[g.name] for g in scene.groups) / MIX.val
        assert parts == pytest.approx(one.accuracy["all"], abs=1e-3)
        assert all(sum(w) == pytest.approx(1, abs=1e-3) for w in one.gate.values())
        for square, surface in zip(scene.squares, one.surfaces, strict=True):
            assert np.shape(surface) == (len(square.at2), len(square.at1))
            assert 0 <= np.min(surface) <= np.max(surface) < len(scene.classes)
    stages = [one.stage for one in seen if one.learner == "dmil"]
    assert list(dict.fromkeys(stages)) == ["", *scene.stages["dmil"]]


def test_gate_targets_fill_in_fold_by_fold_and_end_as_those_the_gate_is_trained_to() -> None:
    live = Live(MIX)
    known = [sum(map(bool, live.start()[-1].targets))]
    while not live.done:
        for one in live.step():
            if one.learner != "dmil":
                assert one.targets == one.weights[:0]
                continue
            known.append(sum(map(bool, one.targets)))
            last = one
    shown = live.scene().shown
    assert list(shown) == sorted(shown, key=["R", "U1", "U2", "S"].index)
    assert known[0] == 0
    assert known == sorted(known)
    assert len(set(known)) >= 3
    assert known[-1] == len(shown) == MIX.train
    # Computed apart, from the folds of the same settings.
    learning = live._learners["dmil"].learning
    train, val = learning._rows
    config = learning.config
    result = cross_fit(
        config.model, train, val, config.folds, config.seed, epochs_scale=MIX.epochs_scale
    )
    target = of_class(
        information_target(result.train, class_prior(train.y, config.model.classes)), train.y
    )
    types = live.dataset.interaction_type
    assert types is not None
    order = np.argsort(
        [["R", "U1", "U2", "S"].index(c) for c in types[live.dataset.rows("train")]], kind="stable"
    )
    assert np.allclose(last.targets, target.numpy()[order], atol=1e-3)
    assert np.allclose(np.sum(last.weights, axis=1), 1.0, atol=3e-3)


@pytest.mark.parametrize("form", ["points", "vectors"])
def test_places_of_a_picture_lie_where_its_axes_say(form: str) -> None:
    drawn = replace(MIX, form=form, spread=0.01).drawn()  # type: ignore[arg-type]
    dataset = drawn.dataset()
    for number, (square, x1, x2) in enumerate(squares(drawn, dataset)):
        wide, high = len(square.at1), len(square.at2)
        centres = {m: drawn.centres(m)[2 * number : 2 * number + 2] for m in (1, 2)}
        # The last four places are the symbols: x2's first with both of x1, then x2's second.
        assert np.allclose(x1[wide * high :], centres[1][[0, 1, 0, 1]], atol=1e-5)
        assert np.allclose(x2[wide * high :], centres[2][[0, 0, 1, 1]], atol=1e-5)
        middle = np.abs(np.array(square.at1) - 0.5).argmin()
        assert np.allclose(x1[middle], centres[1].mean(axis=0), atol=0.2)
        assert np.allclose(x2[:wide], x2[0])
        assert not np.allclose(x2[0], x2[wide])
        # Samples with hardly any noise lie at their symbols, and their class is the truth there.
        assert square.points
        for u, v, y in square.points:
            assert abs(u - round(u)) < 0.1
            assert abs(v - round(v)) < 0.1
            assert square.truth[round(v)][round(u)] == y


def test_truth_tables_with_more_symbols_have_one_square_over_all_of_them() -> None:
    live = Live(replace(SMALL, mixture="gates:table=a~p~no/a~q~yes/b~p~yes/b~q~no/c~p~no"))
    (square,) = live.scene().squares
    assert (square.symbols1, square.symbols2) == (("a", "b", "c"), ("p", "q"))
    assert square.truth == ((0, 1, 0), (1, 0, -1))
    assert [g.name for g in live.scene().groups] == ["all"]
    assert live.start()[0].accuracy.keys() == {"all"}


def test_a_mixture_with_one_class_is_refused_in_words() -> None:
    with pytest.raises(ConfigError, match="only one class ever occurs"):
        Live(replace(SMALL, mixture="gates:table=0~0~a/1~1~a"))
