"""The training loop: what moves, when a stage ends, and that stopping changes nothing."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from dmil_core.config import Stage
from dmil_core.errors import CheckpointError, ConfigError
from dmil_core.models.batch import Batch
from dmil_core.paradigms import DMIL
from dmil_core.seeding import reproducible
from dmil_core.training.loop import (
    FitState,
    Pauses,
    Report,
    epochs,
    fit,
    learning_rate,
    select_parameters,
    validate,
)
from dmil_core.training.losses import weight_each
from tests.core.builders import Stopped, batch, model, stage, states_equal

TRAIN, VAL = batch(64), batch(40, seed=5)

#: Three short stages like DMIL's, one of them with the released optimiser.
STAGES = (
    stage("first", ("encoders.", "intra"), epochs=2, losses={"ce_unimodal": 1.0}),
    stage("second", ("consistency.", "synergy.", "heads.", "gate."), epochs=2, optimizer="sgd"),
    stage("third", epochs=3, schedule="cosine", losses={"ce": 1.0, "recon_input": 0.1}),
)


def trained(
    stages: tuple[Stage, ...] = STAGES,
    *,
    weights_seed: int = 0,
    seed: int = 0,
    state: FitState | None = None,
    on_epoch: Callable[[FitState, Report], None] | None = None,
) -> tuple[nn.Module, FitState]:
    """A small DMIL model after these stages."""
    net = model("dmil", seed=weights_seed)
    return net, fit(net, stages, TRAIN, VAL, seed, state=state, on_epoch=on_epoch)


def snapshot(net: nn.Module) -> dict[str, torch.Tensor]:
    return {k: v.clone() for k, v in net.state_dict().items()}


# --- what moves ----------------------------------------------------------------------------


def test_the_second_stage_of_dmil_moves_its_own_parts_only() -> None:
    net = model("dmil")
    before = snapshot(net)
    second = replace(DMIL.stages[1], epochs=2, batch_size=16)
    fit(net, (second,), TRAIN, VAL, seed=0)
    moved = {k.split(".")[0] for k, v in net.state_dict().items() if not torch.equal(v, before[k])}
    assert moved == {"consistency", "synergy", "heads", "gate"}


def test_a_prefix_that_matches_nothing_is_an_error_before_any_step() -> None:
    net = model("joint")
    before = snapshot(net)
    with pytest.raises(ConfigError, match=r"'gaet\.' matches no parameter; the model has encoders"):
        fit(net, (stage(trainable=("head.", "gaet.")),), TRAIN, VAL, seed=0)
    assert states_equal(net.state_dict(), before)


def test_afterwards_everything_can_be_trained_again_and_the_model_is_ready_to_predict() -> None:
    net, _ = trained(STAGES[:2])
    assert all(p.requires_grad for p in net.parameters())
    assert not net.training


def test_selection_is_by_prefix() -> None:
    net = model("dmil")
    chosen = select_parameters(net, ("heads.R.",))
    assert [p.shape for p in chosen] == [(3, 4), (3,)]
    assert {n for n, p in net.named_parameters() if p.requires_grad} == {
        "heads.R.weight",
        "heads.R.bias",
    }


# --- when a stage ends ---------------------------------------------------------------------


def test_the_state_handed_over_is_the_best_on_validation_rows() -> None:
    # A rate this high wanders: some epoch in the middle is the best.
    restless = stage(lr=0.3, epochs=12, patience=12)
    net, state = trained((restless,))
    losses = [h["val_loss"] for h in state.history]
    assert losses[-1] > min(losses)
    assert validate(net, restless, VAL)[0] == pytest.approx(min(losses), rel=1e-6)
    assert len(losses) == 12


def test_patience_ends_a_stage_that_no_longer_gets_better() -> None:
    restless = stage(lr=0.3, epochs=60, patience=3)
    _, state = trained((restless,))
    losses = [h["val_loss"] for h in state.history]
    best = losses.index(min(losses))
    assert len(losses) == best + 1 + 3 < 60


def test_without_patience_a_stage_has_all_its_epochs() -> None:
    _, state = trained((stage(lr=0.3, epochs=12, patience=0),))
    assert len(state.history) == 12


@pytest.mark.parametrize("averaging", [0.0, 0.5])
def test_one_standard_error_keeps_the_latest_epoch_near_the_best_accuracy(averaging: float) -> None:
    restless = stage(lr=0.3, epochs=14, patience=0, keep="one-se", averaging=averaging)
    net, state = trained((restless,))
    accuracies = [h["val_accuracy"] for h in state.history]
    best = max(accuracies)
    least = best - math.sqrt(best * (1.0 - best) / len(VAL))
    latest = max(i for i, accuracy in enumerate(accuracies) if accuracy >= least)
    if not averaging:
        assert accuracies[-1] < least  # or the last one would do; averages wander less
    assert [h["kept"] for h in state.history].index(True) == 0
    assert max(i for i, h in enumerate(state.history) if h["kept"]) == latest
    assert validate(net, restless, VAL)[1] == pytest.approx(accuracies[latest])


def test_the_last_epoch_is_kept_where_a_stage_says_so() -> None:
    restless = stage(lr=0.3, epochs=8, patience=0, keep="last")
    net, state = trained((restless,))
    assert validate(net, restless, VAL)[0] == pytest.approx(state.history[-1]["val_loss"])


def test_the_running_average_by_hand() -> None:
    """One step an epoch: the average of an epoch is known from the weights after each."""
    each = stage(epochs=6, batch_size=len(TRAIN), patience=0, keep="last", averaging=0.5)
    weights: list[torch.Tensor] = []
    net, _ = trained(
        (each,), on_epoch=lambda state, _: weights.append(state.model["heads.R.bias"].clone())
    )
    average = weights[0]
    for t, theta in enumerate(weights, start=1):
        d = min(1.0 - 1.0 / (0.5 * 6), t / (t + 10.0))
        average = average + (1.0 - d) * (theta - average)
    assert torch.allclose(net.state_dict()["heads.R.bias"], average, atol=1e-6)
    assert not torch.allclose(average, weights[-1], atol=1e-6)


def test_a_stage_of_unimodal_heads_alone_is_judged_by_their_accuracy() -> None:
    first = stage("first", ("encoders.", "intra"), losses={"ce_unimodal": 1.0})
    net, state = trained((replace(first, keep="last"),))
    with torch.no_grad():
        heads = net(VAL.x1, VAL.x2).unimodal.argmax(dim=-1) == VAL.y[:, None]
    assert state.history[-1]["val_accuracy"] == pytest.approx(heads.float().mean().item())


def test_the_next_stage_starts_from_the_best_state_of_the_one_before() -> None:
    restless = stage("restless", lr=0.3, epochs=8, patience=8)
    still = stage("still", lr=0.0, epochs=1)
    net, state = trained((restless, still))
    after = validate(net, restless, VAL)[0]
    assert after == pytest.approx(min(h["val_loss"] for h in state.history[:8]), rel=1e-6)


def test_history_has_a_line_per_epoch() -> None:
    seen: list[Report] = []
    _, state = trained(on_epoch=lambda _, report: seen.append(report))
    assert [(h["stage"], h["epoch"]) for h in state.history] == [
        ("first", 1), ("first", 2), ("second", 1), ("second", 2),
        ("third", 1), ("third", 2), ("third", 3),
    ]  # fmt: skip
    assert [r.record() for r in seen] == state.history
    assert all(r.epochs == 3 for r in seen[4:])


def test_the_terms_of_an_epoch_add_up_to_its_loss_by_their_weights() -> None:
    _, state = trained()
    for line in state.history:
        stage_ = next(s for s in STAGES if s.name == line["stage"])
        weights = weight_each(stage_.losses, 2)
        assert set(line["val_terms"]) == set(weights)
        added = sum(weights[name] * value for name, value in line["val_terms"].items())
        assert added == pytest.approx(line["val_loss"], rel=1e-4)


def test_training_learns_what_can_be_learnt() -> None:
    net, state = trained((stage(epochs=30, patience=30),))
    assert validate(net, STAGES[2], VAL)[1] > 0.85
    assert state.history[-1]["loss"] < 0.5 * state.history[0]["loss"]


def test_validation_is_the_mean_over_rows_without_chance() -> None:
    net = model("dmil").train()
    one = stage(losses={"ce": 1.0})
    loss, accuracy, _ = validate(net, one, VAL)
    logits = net(VAL.x1, VAL.x2).logits  # validate left the model in evaluation mode
    assert loss == pytest.approx(nn.functional.cross_entropy(logits, VAL.y).item(), rel=1e-5)
    assert accuracy == pytest.approx((logits.argmax(1) == VAL.y).float().mean().item())


def test_a_loss_that_explodes_stops_with_the_stage_and_what_to_do() -> None:
    x = TRAIN.x1.clone()
    x[3] = math.inf
    broken = Batch(x, TRAIN.x2, TRAIN.y, TRAIN.responsibilities)
    with pytest.raises(ConfigError, match=r"stage 'stage one': the loss became nan in epoch 1"):
        fit(model("joint"), (stage(),), broken, broken, seed=0)


def test_learning_rates() -> None:
    wave = stage(lr=0.1, epochs=4, schedule="cosine", warmup=0.0)
    assert [learning_rate(wave, e) for e in range(4)] == pytest.approx(
        [0.1, 0.1 * (1 + math.cos(math.pi / 4)) / 2, 0.05, 0.1 * (1 - math.cos(math.pi / 4)) / 2]
    )
    assert learning_rate(stage(lr=0.1), 2) == 0.1
    slow = stage(lr=0.1, epochs=6, schedule="cosine", warmup=1 / 3)
    assert [learning_rate(slow, e) for e in (0, 1, 2, 4)] == pytest.approx(
        [0.1 / 3, 0.2 / 3, 0.1, 0.05]
    )


def test_the_modality_whose_turn_it_is_not_is_not_computed() -> None:
    turn = ("encoders.x1.", "encoders.norm1.", "heads.0.")
    one, training = model("ensemble"), []
    one.encoders.x2.register_forward_hook(lambda module, *_: training.append(module.training))
    fit(one, (stage(trainable=turn, losses={"ce_unimodal": 1.0}, modality=1),), TRAIN, VAL, seed=0)
    assert training  # it is, for the validation accuracy of both
    assert not any(training)


def test_a_loss_that_reads_a_modality_left_out_says_so() -> None:
    both = (stage(trainable=("encoders.x1.", "heads.0."), losses={"ce": 1.0}),)
    with pytest.raises(ConfigError, match="the loss became nan"):
        fit(model("ensemble"), both, TRAIN, VAL, seed=0)


# --- the same again ------------------------------------------------------------------------


def test_the_seed_decides_everything() -> None:
    first, _ = trained()
    torch.manual_seed(12345)  # what others did to the global generator does not matter
    torch.rand(7)
    again, _ = trained()
    other, _ = trained(seed=1)
    assert states_equal(first.state_dict(), again.state_dict())
    assert not states_equal(first.state_dict(), other.state_dict())


def test_a_fit_leaves_the_global_generator_alone() -> None:
    torch.manual_seed(7)
    wanted = torch.rand(3)
    torch.manual_seed(7)
    trained(STAGES[:1])
    assert torch.equal(torch.rand(3), wanted)
    torch.manual_seed(7)
    with reproducible(1, 2):
        first = torch.rand(3)
    with reproducible(1, 2):
        assert torch.equal(torch.rand(3), first)
    with reproducible(12):
        assert not torch.equal(torch.rand(3), first)


@pytest.mark.parametrize("count", range(1, 8))
def test_going_on_after_any_epoch_ends_at_the_same_weights(tmp_path: Path, count: int) -> None:
    path = tmp_path / "state.safetensors"

    def stop(state: FitState, _: Report) -> None:
        state.save(path, {"note": "mine"})
        if len(state.history) == count:
            raise Stopped

    with pytest.raises(Stopped):
        trained(on_epoch=stop)
    state, note = FitState.load(path)
    assert note == {"note": "mine"}
    assert len(state.history) == count
    # Other initial weights: everything must come from the file.
    resumed, end = trained(weights_seed=99, state=state)
    whole, wanted = trained()
    assert states_equal(resumed.state_dict(), whole.state_dict())
    assert end.history == wanted.history


@pytest.mark.parametrize("steps", [1, 4, 6, 15, 27])
def test_going_on_within_any_epoch_ends_at_the_same_weights(tmp_path: Path, steps: int) -> None:
    """Four steps an epoch, after each of which the state could be stored."""
    stages = tuple(replace(s, averaging=0.3) for s in STAGES)
    path, done = tmp_path / "state.safetensors", []

    def stop(state: FitState) -> None:
        done.append(state.step)
        if len(done) == steps:
            state.save(path, {})
            raise Stopped

    with pytest.raises(Stopped):
        list(epochs(model("dmil"), stages, TRAIN, VAL, 0, FitState(), Pauses(stop, 0.0)))
    assert done[:5] == [1, 2, 3, 4, 1][:steps]
    resumed, end = trained(stages, weights_seed=99, state=FitState.load(path)[0])
    whole, wanted = trained(stages)
    assert states_equal(resumed.state_dict(), whole.state_dict())
    assert end.history == wanted.history


def test_a_state_is_stored_within_an_epoch_once_a_while() -> None:
    def never(_: FitState) -> None:
        raise AssertionError

    list(epochs(model("joint"), (stage(),), TRAIN, VAL, 0, FitState(), Pauses(never, 3600.0)))


def test_patience_is_remembered_over_a_stop(tmp_path: Path) -> None:
    restless = (stage(lr=0.3, epochs=60, patience=3),)
    whole, wanted = trained(restless)
    path = tmp_path / "state.safetensors"

    def stop(state: FitState, _: Report) -> None:
        state.save(path, {})
        if state.stale == 2:
            raise Stopped

    with pytest.raises(Stopped):
        trained(restless, on_epoch=stop)
    resumed, end = trained(restless, weights_seed=99, state=FitState.load(path)[0])
    assert end.history == wanted.history
    assert states_equal(resumed.state_dict(), whole.state_dict())


def test_a_tensor_in_another_order_in_memory_is_stored_as_it_reads(tmp_path: Path) -> None:
    turned = torch.arange(6.0).reshape(2, 3).T
    path = tmp_path / "state.safetensors"
    FitState(optimizer={"0/momentum_buffer": turned}).save(path, {})
    assert torch.equal(FitState.load(path)[0].optimizer["0/momentum_buffer"], turned)


def test_a_damaged_state_is_named(tmp_path: Path) -> None:
    path = tmp_path / "state.safetensors"
    trained(STAGES[:1], on_epoch=lambda state, _: state.save(path, {}))
    whole = path.read_bytes()
    for keep in (0, 7, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:keep])
        with pytest.raises(CheckpointError, match=r"state\.safetensors is damaged: .*--overwrite"):
            FitState.load(path)
    path.write_bytes(whole.replace(b'\\"stale\\"', b'\\"stole\\"'))
    with pytest.raises(CheckpointError, match="is damaged"):
        FitState.load(path)


def test_a_state_before_the_first_epoch_is_a_fresh_start(tmp_path: Path) -> None:
    path = tmp_path / "state.safetensors"
    FitState().save(path, {"seconds": 0.0})
    started, _ = trained(state=FitState.load(path)[0])
    whole, _ = trained()
    assert states_equal(started.state_dict(), whole.state_dict())


def test_a_single_left_over_row_is_skipped_and_a_single_row_is_not() -> None:
    rows = 17  # batches of 16 and 1
    net = model("dmil")
    part = TRAIN.rows(torch.arange(rows))
    fit(net, (stage(epochs=1),), part, VAL, seed=0)
    one = TRAIN.rows(torch.arange(1))
    before = snapshot(net)
    fit(net, (stage(epochs=1),), one, VAL, seed=0)
    assert not states_equal(net.state_dict(), before)
