"""Quality-aware fusion: confidence by rank, its memory, and what a sum of answers cannot say."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from dmil_core.config import Stage
from dmil_core.errors import ConfigError
from dmil_core.models.batch import Batch
from dmil_core.models.qmf import Qmf, QmfOutput
from dmil_core.training.loop import FitState, fit
from dmil_core.training.losses import ModelOutputs, evaluate
from dmil_core.training.rules.qmf import QmfRanking, ranking
from tests.core.builders import Stopped, batch, model, stage, states_equal, stop_after

#: Logits whose cross-entropies of class 0 are log 4/3, log 4 and log 2.
EASY, HARD, EVEN = [math.log(3.0), 0.0], [0.0, math.log(3.0)], [0.0, 0.0]
#: log 2 on the way from log 4/3 to log 4.
BETWEEN = math.log(1.5) / math.log(3.0)

LOSSES = {"ce": 1.0, "ce_unimodal": 1.0}


def ranked(**changes: float) -> Stage:
    return stage(rule="qmf", losses=LOSSES, settings=changes, epochs=4)


def evidence(first: list[list[float]], second: list[list[float]], index: list[int]) -> ModelOutputs:
    """Rows of class 0 with these logits of each modality, confidences of 0.3, 0.1, 0.4."""
    unimodal = torch.stack([torch.tensor(first), torch.tensor(second)], dim=1)
    rows = len(index)
    confidence = torch.tensor([0.3, 0.1, 0.4])[:rows, None].expand(rows, 2)
    out = QmfOutput(unimodal.sum(dim=1), unimodal, {}, confidence)
    x, y = torch.zeros(rows, 1), torch.zeros(rows, dtype=torch.int64)
    return ModelOutputs(out, Batch(x, x, y, torch.zeros(rows, 4), torch.tensor(index)), None)


# --- the rule ------------------------------------------------------------------------------


def test_ranking_loss_by_hand() -> None:
    c, k = torch.tensor([0.3, 0.1, 0.4]), torch.tensor([0.0, 0.5, 0.5])
    # (0, 1): easier, ahead by 0.2 of the 0.5 it should be; (1, 2): alike; (2, 0): harder and
    # ahead by 0.1 where it should be 0.5 behind.
    assert ranking(c, k).item() == pytest.approx((0.3 + 0.0 + 0.6) / 3)
    assert ranking(torch.tensor([0.9, 0.2]), torch.tensor([0.0, 0.5])).item() == 0.0
    assert ranking(torch.tensor([0.9]), torch.tensor([1.0])).item() == 0.0


def test_confidence_is_pushed_down_where_losses_were_high() -> None:
    c = torch.tensor([0.5, 0.5], requires_grad=True)
    ranking(c, torch.tensor([1.0, 0.0])).backward()
    assert c.grad.tolist() == [1.0, -1.0]


def test_loss_by_hand() -> None:
    rule = QmfRanking(model("qmf"), ranked(rank=0.5), batch(10))
    e = evidence([EASY, HARD, EVEN], [EVEN, EVEN, EVEN], [7, 2, 4])
    ce_x1 = (math.log(4 / 3) + math.log(4.0) + math.log(2.0)) / 3
    # K of modality 1 is 0, 1, BETWEEN: neighbours (0,1), (1,2), (2,0). All of modality 2 are alike.
    rank = ((-0.2 + 1) + (-0.3 + 1 - BETWEEN) + (0.1 + BETWEEN)) / 3
    # The sum of the two logits is modality 1's, so its cross-entropy counts twice.
    wanted = 2 * ce_x1 + math.log(2.0) + 0.5 * rank
    assert rule.loss(e).item() == pytest.approx(wanted, rel=1e-5)


def test_losses_are_remembered_by_row() -> None:
    rule = QmfRanking(model("qmf"), ranked(), batch(10))
    rule.loss(evidence([EASY, HARD, EVEN], [EVEN] * 3, [7, 2, 4]))
    rule.loss(evidence([EASY, EASY], [HARD, EVEN], [2, 9]))
    kept = rule.state()
    assert kept["visits"].tolist() == [0, 0, 2, 0, 1, 0, 0, 1, 0, 1]
    means = kept["losses"][0, [7, 2, 4, 9]] / kept["visits"][[7, 2, 4, 9]]
    mixed = (math.log(4.0) + math.log(4 / 3)) / 2
    assert means.tolist() == pytest.approx([math.log(4 / 3), mixed, math.log(2.0), math.log(4 / 3)])
    assert kept["losses"][1, 2].item() == pytest.approx(math.log(2.0) + math.log(4.0))
    assert kept["losses"][:, [0, 1, 3, 5, 6, 8]].abs().max() == 0.0


def test_a_row_still_to_come_this_epoch_does_not_look_easy() -> None:
    rule = QmfRanking(model("qmf"), ranked(rank=1.0), batch(3))
    rule.loss(evidence([EVEN, EVEN, EVEN], [EVEN] * 3, [0, 1, 2]))
    before = rule.loss(evidence([EVEN, EVEN], [EVEN] * 2, [0, 1])).item()
    # All are alike: there is no rank to be wrong about, and nothing divided by zero.
    assert before == pytest.approx(3 * math.log(2.0))


def test_a_kept_state_does_not_move_on() -> None:
    rule = QmfRanking(model("qmf"), ranked(), batch(3))
    rule.loss(evidence([EASY, HARD, EVEN], [EVEN] * 3, [0, 1, 2]))
    kept = rule.state()
    other = QmfRanking(model("qmf"), ranked(), batch(3))
    other.load_state(kept)
    for each in (rule, other):
        each.loss(evidence([HARD, HARD, HARD], [HARD] * 3, [0, 1, 2]))
    assert kept["visits"].tolist() == [1, 1, 1]
    assert states_equal(rule.state(), other.state())


def test_the_rule_needs_confidences_and_row_numbers() -> None:
    b = batch(8)
    for net in (model("joint"), model("qmf")):
        with pytest.raises(ConfigError, match="needs a qmf model"):
            QmfRanking(net, stage(rule="qmf"), b).loss(evaluate(net, b))


@pytest.mark.parametrize("epochs", [1, 3])
def test_going_on_ends_at_the_same_weights(tmp_path: Path, epochs: int) -> None:
    stages, train, val = (ranked(rank=5.0),), batch(66), batch(40, seed=5)
    path = tmp_path / "state.safetensors"

    with pytest.raises(Stopped):
        fit(model("qmf"), stages, train, val, 0, on_epoch=stop_after(epochs, path))
    whole, resumed, forgetful = (model("qmf", seed=s) for s in (0, 9, 9))
    fit(whole, stages, train, val, 0)
    fit(resumed, stages, train, val, 0, state=FitState.load(path)[0])
    assert states_equal(whole.state_dict(), resumed.state_dict())
    amnesia = FitState.load(path)[0]
    amnesia.rule = {}
    fit(forgetful, stages, train, val, 0, state=amnesia)
    assert not states_equal(whole.state_dict(), forgetful.state_dict())


# --- the architecture ----------------------------------------------------------------------


def with_logits(first: list[float], second: list[float]) -> Qmf:
    """A model whose heads say these logits whatever the input."""
    net = model("qmf", classes=2)
    assert isinstance(net, Qmf)
    for head, values in zip(net.heads, (first, second), strict=True):
        torch.nn.init.zeros_(head.weight)
        head.bias.data = torch.tensor(values)
    return net


def test_answers_are_weighed_by_a_tenth_of_their_log_evidence() -> None:
    b = batch(1)
    # logsumexp is log 8 and log 4.
    out = with_logits([math.log(6.0), math.log(2.0)], [math.log(1.0), math.log(3.0)])(b.x1, b.x2)
    assert out.confidence[0].tolist() == pytest.approx([math.log(8.0) / 10, math.log(4.0) / 10])
    wanted = [math.log(8.0) * math.log(6.0) / 10,
              (math.log(8.0) * math.log(2.0) + math.log(4.0) * math.log(3.0)) / 10]  # fmt: skip
    assert out.logits[0].tolist() == pytest.approx(wanted)


def test_a_modality_of_negative_confidence_has_no_vote() -> None:
    b = batch(1)
    out = with_logits([-3.0, -5.0], [0.0, 1.0])(b.x1, b.x2)
    assert out.confidence[0, 0] < 0
    assert out.logits[0].tolist() == pytest.approx([0.0, math.log(1 + math.e) / 10])


def xor() -> Batch:
    """The four points: a bit in x1, a bit in x2, y = 1 where they differ."""
    bits = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1]])
    x1, x2 = torch.zeros(4, 6), torch.zeros(4, 5)
    x1[:, 0], x2[:, 0] = 2.0 * bits[:, 0] - 1, 2.0 * bits[:, 1] - 1
    return Batch(x1, x2, bits.sum(dim=1) % 2, torch.zeros(4, 4))


def interaction(values: Tensor) -> Tensor:
    """f(0,0) - f(0,1) - f(1,0) + f(1,1) over the four points; zero if f is a sum."""
    return values[0] - values[1] - values[2] + values[3]


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.floats(0.1, 50.0))
def test_whatever_the_weights_it_cannot_do_xor(seed: int, gain: float) -> None:
    net, b = model("qmf", classes=2, seed=seed), xor()
    with torch.no_grad():
        for head in net.heads:
            head.weight.mul_(gain)
    logits = net(b.x1, b.x2).logits
    assert (interaction(logits).abs() <= 1e-5 * logits.abs().max().clamp_min(1.0)).all()
    assert (logits.argmax(dim=1) == b.y).sum() <= 3


def test_trained_on_xor_it_stays_at_chance() -> None:
    net, b = model("qmf", classes=2), xor()
    one = stage(epochs=200, patience=200, rule="qmf", losses=LOSSES)
    fit(net, (one,), b, b, seed=0)
    p = net(b.x1, b.x2).logits.softmax(dim=1)
    torch.testing.assert_close(p, torch.full((4, 2), 0.5), atol=0.05, rtol=0)


def test_trained_on_what_each_modality_says_it_learns() -> None:
    net, val = model("qmf"), batch(60, seed=5)
    fit(net, (stage(epochs=30, patience=30, rule="qmf", losses=LOSSES),), batch(64), val, 0)
    assert (net(val.x1, val.x2).logits.argmax(dim=1) == val.y).float().mean() > 0.8


def test_a_head_sees_one_modality_and_prediction_no_chance() -> None:
    net, b = model("qmf"), batch(12)
    here, there = net(b.x1, b.x2), net(b.x1, b.x2.flip(0))
    assert torch.equal(here.unimodal[:, 0], there.unimodal[:, 0])
    assert torch.equal(here.confidence[:, 0], there.confidence[:, 0])
    assert not torch.allclose(here.unimodal[:, 1], there.unimodal[:, 1])
    assert torch.equal(here.logits, net(b.x1, b.x2).logits)
    assert tuple(here.latents) == net.latent_names
    part = net(b.x1[:5], b.x2[:5])
    torch.testing.assert_close(part.logits, here.logits[:5])
