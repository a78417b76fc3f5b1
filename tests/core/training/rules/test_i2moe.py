"""What tells the experts of I2MoE apart, against numbers computed by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from dmil_core.errors import ConfigError
from dmil_core.models.batch import Batch
from dmil_core.models.i2moe import EXPERTS
from dmil_core.training.loop import fit
from dmil_core.training.losses import evaluate
from dmil_core.training.rules import build_rule
from dmil_core.training.rules.i2moe import I2moeExperts, interaction_losses
from tests.core.builders import batch, model, stage

RULE = stage(rule="i2moe")


def said(uniq1: list[float], uniq2: list[float], syn: list[float], red: list[float]) -> Tensor:
    """(1, 4, 2) logits of the four experts for one row."""
    return torch.tensor([[uniq1, uniq2, syn, red]])


def test_the_interaction_losses_of_one_row_by_hand() -> None:
    whole = said([0.0, 0.0], [0.0, 0.0], [1.0, 0.0], [1.0, 0.0])
    without1 = said([0.0, 2.5], [3.0, 4.0], [0.0, 1.0], [0.0, 1.0])
    without2 = said([3.0, 4.0], [0.0, 4.0], [3.0, 4.0], [3.0, 4.0])
    # uniq1: 5 from what it says without x2, 2.5 without x1:   5 - 2.5 + 1
    # uniq2: the other way round:                              5 - 4 + 1
    # syn: cosines of (1, 0) with (0, 1) and (3, 4):           (0 + 0.6) / 2;   red: 1 minus that
    result = interaction_losses(whole, without1, without2, margin=1.0)
    assert result.tolist() == pytest.approx([3.5, 2.0, 0.3, 0.7], abs=1e-4)
    wider = interaction_losses(whole, without1, without2, margin=2.0)
    assert wider.tolist() == pytest.approx([4.5, 3.0, 0.3, 0.7], abs=1e-4)


def test_a_unique_expert_that_lives_on_its_modality_has_no_loss() -> None:
    still, moved = [1.0, 2.0], [1.0, 9.0]
    whole = said(still, still, still, still)
    without1 = said(moved, still, still, still)
    without2 = said(still, moved, still, still)
    result = interaction_losses(whole, without1, without2, margin=1.0)
    # Experts that notice nothing: the worst for synergy, the best for redundancy.
    assert result.tolist() == pytest.approx([0.0, 0.0, 1.0, 0.0], abs=1e-6)


def test_rows_are_averaged() -> None:
    quiet, loud = said(*[[1.0, 0.0]] * 4), said(*[[-1.0, 0.0]] * 4)
    whole = torch.cat([quiet, quiet])
    without = torch.cat([quiet, loud])  # the first row says the same, the second the opposite
    result = interaction_losses(whole, without, without, margin=1.0)
    assert result.tolist() == pytest.approx([1.0, 1.0, 0.0, 1.0], abs=1e-5)


def test_the_rule_adds_a_tenth_of_their_mean_to_the_cross_entropy() -> None:
    net, b = model("i2moe"), batch(4)
    evidence = evaluate(net, b)
    z1, z2 = evidence.out.latents["Z1"], evidence.out.latents["Z2"]
    before = [3, 0, 1, 2]  # the row whose features stand in for those of 0, 1, 2, 3
    losses = interaction_losses(
        net.expert_logits(z1, z2),
        net.expert_logits(z1[before], z2),
        net.expert_logits(z1, z2[before]),
        1.0,
    )
    plain = build_rule(net, stage(), b).loss(evidence).item()
    for settings, weight in (({}, 0.1), ({"weight": 0.7}, 0.7), ({"weight": 0.0}, 0.0)):
        rule = build_rule(net, replace(RULE, settings=settings), b)
        assert isinstance(rule, I2moeExperts)
        wanted = plain + weight * losses.sum().item() / 4
        assert rule.loss(evidence).item() == pytest.approx(wanted, rel=1e-5)


def test_gradients_reach_encoders_and_every_expert() -> None:
    net, b = model("i2moe").train(), batch(16)
    build_rule(net, RULE, b).gradients(b)
    for name in ("encoders.x1.", "encoders.x2.", "gate.", *(f"experts.{e}." for e in EXPERTS)):
        held = [p.grad for n, p in net.named_parameters() if n.startswith(name)]
        assert all(g is not None and g.isfinite().all() for g in held), name
        assert any(g.abs().max() > 0 for g in held), name


def test_experts_that_begin_alike_become_what_they_are_for() -> None:
    """Two inputs that say the same class: a unique expert follows its own modality, the redundant
    one keeps to what it says with either, the synergistic one does not."""
    net, b = model("i2moe"), batch(96)
    start = net(b.x1, b.x2).experts
    assert all(torch.equal(start[:, 0], start[:, e]) for e in range(4))
    fit(net, (replace(RULE, epochs=60, patience=60, settings={"weight": 1.0}),), b, b, seed=0)
    with torch.no_grad():
        z1, z2 = net.encoders(b.x1, b.x2)
        whole = net.expert_logits(z1, z2)
        without = torch.stack(
            [net.expert_logits(z1.roll(1, 0), z2), net.expert_logits(z1, z2.roll(1, 0))]
        )
        moved = (without - whole).norm(dim=-1).mean(dim=1)
        alike = torch.cosine_similarity(without, whole, dim=-1).mean(dim=(0, 1))
    uniq1, uniq2 = moved[:, 0], moved[:, 1]
    assert uniq1[0] > 2 * uniq1[1]
    assert uniq2[1] > 2 * uniq2[0]
    assert alike[3] > 0.5 > 0.0 > alike[2]


def test_the_rule_refuses_a_model_without_experts() -> None:
    with pytest.raises(ConfigError, match=r"'i2moe' needs a mixture of experts \(i2moe\)"):
        build_rule(model("joint"), RULE, batch(4))


def test_a_batch_of_one_row_is_finite() -> None:
    net, b = model("i2moe"), batch(2)
    loss = build_rule(net, RULE, b).gradients(Batch(*(t[:1] for t in (b.x1, b.x2, b.y)), b.y[:1]))
    assert math.isfinite(loss)
    assert all(p.grad is None or p.grad.isfinite().all() for p in net.parameters())
