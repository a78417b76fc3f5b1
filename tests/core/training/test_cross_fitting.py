"""The decision tree in numbers, and that training rows are scored by models that never saw them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from dmil_core.models.batch import Batch
from dmil_core.models.inputs import fit_statistics
from dmil_core.models.registry import build
from dmil_core.seeding import reproducible
from dmil_core.training.cross_fitting import assign_folds, cross_fit, temperatures
from dmil_core.training.gate_target import chance_corrected, class_prior, responsibilities
from dmil_core.training.loop import Report, fit
from tests.core.builders import batch, model_config, stage

SURE, CHANCE = [0.0, 1.0, 0.0], [1 / 3, 1 / 3, 1 / 3]


EVEN = (1 / 3, 1 / 3, 1 / 3)


def explained(probabilities: Tensor, y: Tensor, prior: Sequence[float] = ()) -> Tensor:
    """Responsibilities from probabilities; classes are equally frequent unless told otherwise."""
    classes = probabilities.shape[-1]
    shares = torch.tensor(prior or [1 / classes] * classes)
    return responsibilities(chance_corrected(probabilities, y, shares))


def of(
    x1: list[float], x2: list[float], both: list[float], prior: Sequence[float] = EVEN
) -> list[float]:
    """Responsibilities of one row whose true class is the second."""
    return explained(torch.tensor([[x1, x2, both]]), torch.tensor([1]), prior)[0].tolist()


def known(share: float) -> list[float]:
    """Probabilities that are this share of the way from chance to certainty."""
    true = (1 + 2 * share) / 3
    return [(1 - true) / 2, true, (1 - true) / 2]


@pytest.mark.parametrize(
    ("probabilities", "wanted"),
    [
        ((SURE, SURE, SURE), [1, 0, 0, 0]),
        ((SURE, CHANCE, SURE), [0, 1, 0, 0]),
        ((CHANCE, SURE, SURE), [0, 0, 1, 0]),
        ((CHANCE, CHANCE, SURE), [0, 0, 0, 1]),
        ((CHANCE, CHANCE, CHANCE), [0, 0, 0, 0]),
        # Worse than chance is chance, and what both together can do does not take from R and U.
        (([1.0, 0.0, 0.0], SURE, CHANCE), [0, 0, 1, 0]),
        # Half of what can be told, twice: the four leaves of the tree are alike.
        ((known(0.5), known(0.5), SURE), [0.25, 0.25, 0.25, 0.25]),
        # Where nobody can tell more than half, telling half is telling all.
        ((known(0.5), known(0.5), known(0.5)), [0.5, 0, 0, 0]),
        ((known(0.5), CHANCE, known(0.25)), [0, 0.5, 0, 0]),
        # Of what nobody can tell well, a fifth is two fifths of a half, not two thirds of 0.3.
        ((known(0.2), known(0.1), known(0.3)), [0.024, 0.096, 0.036, 0.144]),
        ((known(0.75), known(0.5), SURE), [0.375, 0.375, 0.125, 0.125]),
    ],
)
def test_by_hand(probabilities: tuple[list[float], ...], wanted: list[float]) -> None:
    assert of(*probabilities) == pytest.approx(wanted, abs=1e-6)


def test_guessing_a_frequent_class_explains_nothing() -> None:
    prior = (0.2, 0.6, 0.2)
    assert of(list(prior), list(prior), list(prior), prior) == pytest.approx([0, 0, 0, 0])
    # 0.8 is half of the way from 0.6 to certainty.
    sure = [0.1, 0.8, 0.1]
    assert of(sure, list(prior), sure, prior) == pytest.approx([0, 0.5, 0, 0], abs=1e-6)


def test_the_shares_of_the_classes() -> None:
    assert class_prior(torch.tensor([0, 2, 2, 2]), 4).tolist() == [0.25, 0.0, 0.75, 0.0]


@given(st.integers(2, 8), st.integers(0, 10**6), st.floats(0.1, 20.0))
def test_what_no_component_takes_is_what_nothing_explains(
    classes: int, seed: int, sharpness: float
) -> None:
    generator = torch.Generator().manual_seed(seed)
    p = (sharpness * torch.randn(30, 3, classes, generator=generator)).softmax(dim=-1)
    y = torch.randint(0, classes, (30,), generator=generator)
    w = explained(p, y)
    assert (w >= 0).all()
    a = ((p[torch.arange(30), :, y] * classes - 1) / (classes - 1)).clamp(0, 1)
    torch.testing.assert_close(w.sum(dim=1), a.amax(dim=1))
    # Exchanging the modalities exchanges U1 and U2.
    torch.testing.assert_close(explained(p[:, [1, 0, 2]], y), w[:, [0, 2, 1, 3]])


# --- out of fold ---------------------------------------------------------------------------


def noise(rows: int, seed: int) -> Batch:
    """Labels that have nothing to do with the inputs."""
    b = batch(rows, 2, seed)
    generator = torch.Generator().manual_seed(seed + 1)
    x1, x2 = (torch.randn(x.shape, generator=generator) for x in (b.x1, b.x2))
    y = torch.randint(0, 2, (rows,), generator=generator)
    return Batch(x1, x2, y, b.responsibilities)


def accuracy(probabilities: Tensor, y: Tensor) -> float:
    """Over the two unimodal models and the joint one, (N, 3, K)."""
    return float((probabilities.argmax(dim=2) == y[:, None]).float().mean())


def test_random_labels_are_not_explained_on_the_rows_that_were_learnt() -> None:
    train, val = noise(200, 0), noise(100, 9)
    probabilities = cross_fit(model_config("dmil", 2), train, val, 3, 0, epochs_scale=0.1)
    # 600 guesses; five standard deviations of a coin are 0.1.
    assert accuracy(probabilities.train, train.y) == pytest.approx(0.5, abs=0.1)
    assert explained(probabilities.train, train.y).mean() < 0.1
    # The same models, asked about rows they learnt, claim to explain them.
    config = model_config("ensemble", 2)
    with reproducible(0):
        net = build(config)
    fit_statistics(net, train.x1, train.x2)
    losses = {"ce_unimodal": 1.0}
    fit(net, (stage(epochs=40, losses=losses),), train, train, seed=0)
    claimed = net(train.x1, train.x2).unimodal.softmax(dim=-1)
    assert accuracy(claimed, train.y) > 0.65


def test_the_label_of_a_row_never_reaches_its_own_probabilities() -> None:
    train, val = batch(60), batch(30, seed=5)
    y = train.y.clone()
    y[0] = (y[0] + 1) % 3
    config = model_config("dmil")
    before, after = (
        cross_fit(config, Batch(train.x1, train.x2, labels, train.responsibilities), val, 3, 0,
                  epochs_scale=0.02)
        for labels in (train.y, y)
    )  # fmt: skip
    same = (before.train == after.train).flatten(1).all(dim=1)
    assert same[0]
    assert int(same.sum()) == 20  # the fold of row 0; the other two folds learnt from it


def test_redundant_rows_are_found_redundant() -> None:
    train, val = batch(150), batch(60, seed=5)
    x1, x2 = train.x1.clone(), train.x2.clone()
    x1[torch.arange(150), train.y] += 4.0
    x2[torch.arange(150), train.y] += 4.0
    x1_val, x2_val = val.x1.clone(), val.x2.clone()
    x1_val[torch.arange(60), val.y] += 4.0
    x2_val[torch.arange(60), val.y] += 4.0
    train = Batch(x1, x2, train.y, train.responsibilities)
    val = Batch(x1_val, x2_val, val.y, val.responsibilities)
    result = cross_fit(model_config("dmil"), train, val, 3, 0, epochs_scale=0.5)
    for probabilities, y in ((result.train, train.y), (result.val, val.y)):
        torch.testing.assert_close(probabilities.sum(-1), torch.ones(len(y), 3))
        assert explained(probabilities, y).mean(dim=0).argmax() == 0


def test_stored_folds_are_not_learnt_again_and_damaged_ones_are(tmp_path: Path) -> None:
    train, val, config = batch(60), batch(30, seed=5), model_config("dmil")
    learnt: list[str] = []

    def on_epoch(report: Report) -> None:
        if report.title not in learnt:
            learnt.append(report.title)

    def run() -> Tensor:
        learnt.clear()
        probabilities = cross_fit(
            config, train, val, 3, 0, epochs_scale=0.02, folder=tmp_path, on_epoch=on_epoch
        )
        return torch.cat([probabilities.train, probabilities.val])

    first = run()
    assert {t.split(",")[0] for t in learnt} == {f"0 out-of-fold {k}/3" for k in (1, 2, 3)}
    assert torch.equal(run(), first)
    assert learnt == []
    files = sorted(tmp_path.iterdir())
    assert len(files) == 3
    files[1].write_bytes(files[1].read_bytes()[:50])
    assert torch.equal(run(), first)
    assert {t.split(",")[0] for t in learnt} == {"0 out-of-fold 2/3"}


@given(st.lists(st.integers(0, 12), min_size=2, max_size=80), st.integers(2, 4), st.integers(0, 99))
def test_groups_are_never_divided_and_folds_are_even(
    members: list[int], folds: int, seed: int
) -> None:
    groups = np.array([f"person {m}" for m in members])
    fold_of = assign_folds(len(groups), folds, seed, groups).numpy()
    sizes = np.bincount(fold_of, minlength=folds)
    largest = np.unique(groups, return_counts=True)[1].max()
    if len(set(members)) > 1:
        for name in set(groups):
            assert len(set(fold_of[groups == name])) == 1
        assert sizes.max() - sizes.min() <= largest
    # Every fold leaves something to learn from.
    assert sizes.max() < len(groups)
    assert np.array_equal(fold_of, assign_folds(len(groups), folds, seed, groups))


@given(st.integers(2, 200), st.integers(2, 4), st.integers(0, 99))
def test_ungrouped_rows_are_dealt_out_evenly(rows: int, folds: int, seed: int) -> None:
    sizes = np.bincount(assign_folds(rows, folds, seed), minlength=folds)
    assert sizes.max() - sizes.min() <= 1
    assert sizes.sum() == rows


@pytest.mark.parametrize("grouped", [True, False])
def test_the_label_of_a_twin_reaches_a_row_only_where_groups_are_not_known(grouped: bool) -> None:
    train, val = batch(60), batch(30, seed=5)
    groups = np.arange(60) // 4 if grouped else None
    fold_of = assign_folds(60, 3, 0, groups)
    twin = 1 if grouped else int(torch.nonzero(fold_of != fold_of[0])[0])
    y = train.y.clone()
    y[twin] = (y[twin] + 1) % 3
    before, after = (
        cross_fit(
            model_config("dmil"), replace(train, y=labels), val, 3, 0,
            groups=groups, epochs_scale=0.02,
        )
        for labels in (train.y, y)
    )  # fmt: skip
    assert torch.equal(before.train[0], after.train[0]) == grouped


def test_fewer_rows_than_folds_do_no_harm() -> None:
    train, val = batch(2, 2), batch(4, 2, seed=1)
    probabilities = cross_fit(model_config("dmil", 2), train, val, 3, 0, epochs_scale=0.01)
    torch.testing.assert_close(probabilities.train.sum(dim=-1), torch.ones(2, 3))


@pytest.mark.parametrize("factor", [0.5, 1.0, 4.0])
def test_overconfidence_is_divided_out_per_model(factor: float) -> None:
    torch.manual_seed(0)
    logits = 1.5 * torch.randn(8000, 1, 4)
    y = torch.distributions.Categorical(logits=logits[:, 0]).sample()
    temperature = temperatures(torch.cat([logits, factor * logits, logits], dim=1), y)
    assert temperature.shape == (3, 1)
    assert temperature[0].item() == pytest.approx(1.0, rel=0.1)
    assert temperature[1].item() == pytest.approx(factor, rel=0.1)
