"""The paradigms as values: every name in them exists, and stages fit the size of a set."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmil_core import schema
from dmil_core.checkpoint import load_model, read_run
from dmil_core.data.dataset import Dataset
from dmil_core.errors import ConfigError
from dmil_core.inference.predict import predict
from dmil_core.io.tables import read_table
from dmil_core.paradigms import (
    ENSEMBLE,
    PARADIGMS,
    RECIPES,
    find_paradigm,
    find_recipe,
    stages_for,
)
from dmil_core.training.loop import select_parameters
from dmil_core.training.losses import FAMILIES, TERMS, evaluate, total
from dmil_core.training.run import train
from tests.core.builders import batch, model


@pytest.mark.parametrize("name", PARADIGMS)
def test_every_stage_can_run_on_its_own_architecture(name: str) -> None:
    paradigm = PARADIGMS[name]
    net = model(paradigm.options)
    for stage in paradigm.stages_of():
        assert set(stage.losses) <= {*TERMS, *FAMILIES}
        chosen = select_parameters(net, stage.trainable)
        total(evaluate(net, batch(6)), stage.losses, stage.modality).mean().backward()
        # Something that the stage may move is moved by its losses.
        assert any(p.grad is not None and p.grad.abs().max() > 0 for p in chosen)


@pytest.mark.parametrize("name", ["dmil", "dmil-paper"])
def test_dmil_has_three_stages_and_the_second_leaves_encoders_alone(name: str) -> None:
    first, second, third = PARADIGMS[name].stages
    net = model("dmil")
    moved = [
        {n for n, p in net.named_parameters() if select_parameters(net, s.trainable) and
         p.requires_grad}
        for s in (first, second, third)
    ]  # fmt: skip
    assert all(n.startswith(("encoders.", "intra")) for n in moved[0])
    assert not any(n.startswith(("encoders.", "intra")) for n in moved[1])
    assert moved[2] == {n for n, _ in net.named_parameters()}
    assert moved[0] | moved[1] == moved[2]


def test_the_released_losses_know_no_responsibilities() -> None:
    paper = PARADIGMS["dmil-paper"]
    assert paper.folds == 0
    assert paper.options.reconstruct == "features"
    for stage in paper.stages:
        assert not {"gate", "ce_responsible"} & set(stage.losses)


def test_the_two_models_of_the_ensemble_share_no_weight() -> None:
    net = model("ensemble")
    names = []
    for stage in ENSEMBLE.stages_of():
        select_parameters(net, stage.trainable)
        names.append({n for n, p in net.named_parameters() if p.requires_grad})
    assert not names[0] & names[1]
    assert names[0] | names[1] == {n for n, _ in net.named_parameters()}


@given(st.sampled_from(sorted(PARADIGMS)), st.integers(1, 300_000), st.sampled_from([*RECIPES]))
def test_any_number_of_rows_gives_stages_that_end(name: str, rows: int, recipe: str) -> None:
    for stage in stages_for(PARADIGMS[name], rows, recipe=RECIPES[recipe]):
        assert 1 <= stage.epochs <= 200
        assert 8 <= stage.batch_size <= max(8, rows)
        assert stage.patience == 0 or recipe == "early-stopping"


def test_steps_grow_slowly_and_without_a_leap_with_the_rows() -> None:
    def steps(rows: int) -> int:
        (stage,) = stages_for(PARADIGMS["joint"], rows)
        return stage.epochs * math.ceil(rows / stage.batch_size)

    counts = [steps(round(1.1**n)) for n in range(60, 140)]
    ratios = [after / before for before, after in pairwise(counts)]
    assert 0.9 < min(ratios) < max(ratios) < 1.15  # ten per cent more rows
    assert steps(100_000) < 2.5 * steps(8000)


def test_an_unknown_recipe_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="'magic' does not exist; expected standard, no-smooth"):
        find_recipe("magic")


def test_an_unknown_paradigm_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="'magic' does not exist; expected joint, ensemble, dmil"):
        find_paradigm("magic")


@pytest.mark.parametrize("name", PARADIGMS)
def test_every_paradigm_goes_from_data_to_a_table(
    name: str, tiny: Dataset, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Also one that pretrains: its first stages leave nothing broken for the last."""
    root = tmp_path_factory.getbasetemp() / "every-paradigm"
    run = train(tiny, name, 0, root / name, epochs_scale=0.03, out_of_fold=root / "out_of_fold")
    table = read_table(run.predictions)
    probabilities = table[[schema.prob(c) for c in tiny.classes]].to_numpy()
    assert table["id"].tolist() == tiny.ids.tolist()
    assert np.isfinite(table[[schema.logit(c) for c in tiny.classes]].to_numpy()).all()
    assert probabilities.sum(axis=1) == pytest.approx(1.0, abs=1e-5)
    assert set(read_run(root / name).metrics) == {"train", "val", "test"}
    model, again = load_model(root / name)
    assert predict(model, again.config.model, tiny)["pred"].tolist() == table["pred"].tolist()
