"""Prototypical rebalance: scores, weights and gradients against numbers computed by hand."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from dmil_core.models.batch import Batch
from dmil_core.models.outputs import Output
from dmil_core.training.loop import FitState, fit
from dmil_core.training.losses import evaluate
from dmil_core.training.rules.pmr import Pmr, entropy, imbalance_coefficients, prototype_logits
from tests.core.builders import Stopped, batch, model, stage, states_equal, stop_after


class Scaled(nn.Module):
    """Features w_m * x_m of one number each; an answer that does not look at them."""

    def __init__(self) -> None:
        super().__init__()
        self.w1, self.w2, self.bias = (nn.Parameter(torch.tensor(v)) for v in (1.0, 1.0, 0.0))

    def forward(self, x1: Tensor, x2: Tensor) -> Output:
        logits = torch.stack([self.bias.expand(len(x1)), torch.zeros(len(x1))], dim=1)
        return Output(logits, None, {"Z1": self.w1 * x1, "Z2": self.w2 * x2})


def two_rows() -> Batch:
    """Pmr at -1 and 1 in the first modality, at -1/2 and 1/2 in the second."""
    x1, x2 = torch.tensor([[-1.0], [1.0]]), torch.tensor([[-0.5], [0.5]])
    return Batch(x1, x2, torch.tensor([0, 1]), torch.zeros(2, 4))


def rule(net: nn.Module, train: Batch, epoch: int = 0, **settings: Any) -> Pmr:
    made = Pmr(net, stage(rule="pmr", epochs=10, settings=settings), train)
    made.start_epoch(train, epoch)
    return made


# Rows lie on their own prototype; the other one is 2 or 1 away.
P1, P2 = 1 / (1 + math.exp(-2.0)), 1 / (1 + math.exp(-1.0))
G = P1 / P2 - 1  # 0.2048: modality 2 lags
H1 = -(P1 * math.log(P1) + (1 - P1) * math.log(1 - P1))
BY_HAND = {"alpha": 2.0, "mu": 0.5, "temperature": 1.0}


def test_the_loss_is_the_one_computed_by_hand() -> None:
    net, b = Scaled(), two_rows()
    wanted = math.log(2.0) + 2.0 * G * math.log(1 + math.exp(-1.0)) - 0.5 * G * H1
    assert rule(net, b, **BY_HAND).loss(evaluate(net, b)).item() == pytest.approx(wanted)


def test_the_laggard_is_pulled_and_the_one_ahead_kept_undecided() -> None:
    net, b = Scaled(), two_rows()
    rule(net, b, **BY_HAND).gradients(b)
    # d/dw2 of log(1 + exp(-t)) with t = (1 + w2) / 2; the distance of 0 has a gradient of 0.
    assert net.w2.grad.item() == pytest.approx(2.0 * G * -0.5 * (1 - P2))
    # d/dw1 of the entropy of sigmoid(t) is -t p (1 - p) with t = 1 + w1 = 2.
    assert net.w1.grad.item() == pytest.approx(-0.5 * G * -2.0 * P1 * (1 - P1))


def test_entropy_counts_in_the_first_epochs_only() -> None:
    net, b = Scaled(), two_rows()
    losses = [
        rule(net, b, epoch, early=0.3, **BY_HAND).loss(evaluate(net, b)).item()
        for epoch in (0, 2, 3, 9)
    ]
    assert losses[0] == losses[1]
    assert losses[2] == losses[3] == pytest.approx(losses[0] + 0.5 * G * H1)


def test_weights_of_the_laggard_are_clipped_and_one_of_them_is_zero() -> None:
    ratios = {(0.4, 0.8): (1.0, 0.0), (0.2, 0.9): (1.0, 0.0), (0.6, 0.5): (0.0, 0.2),
              (0.5, 0.5): (0.0, 0.0), (0.0, 0.0): (0.0, 0.0)}  # fmt: skip
    for (s1, s2), wanted in ratios.items():
        result = imbalance_coefficients(torch.tensor(s1), torch.tensor(s2))
        assert [v.item() for v in result] == pytest.approx(wanted)


def test_distances_are_taken_per_dimension() -> None:
    z, c = torch.full((1, 4), 2.0), torch.zeros(1, 4)
    # |z - c| = 4, sqrt(F) = 2
    assert prototype_logits(z, c, temperature=0.5).item() == -4.0


def test_on_a_prototype_distance_and_gradient_are_zero() -> None:
    c = 100.0 + torch.randn(30, 8, generator=torch.Generator().manual_seed(0))
    z = c[:1].clone().requires_grad_()
    logits = prototype_logits(z, c, temperature=1.0)
    assert logits[0, 0] == 0.0
    (gradient,) = torch.autograd.grad(logits[0, 0], z)
    assert torch.equal(gradient, torch.zeros(1, 8))


def test_entropy_in_nats() -> None:
    result = entropy(torch.tensor([[0.0, 0.0], [math.log(3.0), 0.0], [1e4, 0.0]]))
    sure = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))
    assert result.tolist() == pytest.approx([math.log(2.0), sure, 0.0])


def test_prototypes_are_class_means_without_dropout_and_leave_no_gradient() -> None:
    net, b = model("joint").train(), batch(50)
    made = rule(net, b)
    assert net.training
    net.eval()
    latents = net(b.x1, b.x2).latents
    for name, means in zip(("Z1", "Z2"), made.prototypes, strict=True):
        assert not means.requires_grad
        for k in range(3):
            torch.testing.assert_close(means[k], latents[name][b.y == k].mean(dim=0))


def test_a_class_without_training_rows_takes_no_part() -> None:
    net, b = model("joint"), batch(40)
    kept = b.rows(torch.nonzero(b.y != 1).squeeze(1))
    made = rule(net, kept)
    assert [len(means) for means in made.prototypes] == [2, 2]
    net.eval()
    torch.testing.assert_close(
        made.prototypes[0][1], net(b.x1, b.x2).latents["Z1"][b.y == 2].mean(0)
    )
    made.gradients(kept)
    assert all(torch.isfinite(p.grad).all() for p in net.parameters() if p.grad is not None)


@pytest.mark.parametrize("epochs", [1, 3])
def test_going_on_ends_at_the_same_weights(tmp_path: Path, epochs: int) -> None:
    stages = (stage(epochs=4, rule="pmr", settings={"early": 0.5, "mu": 0.5}),)
    path = tmp_path / "state.safetensors"

    with pytest.raises(Stopped):
        fit(
            model("joint"),
            stages,
            batch(64),
            batch(40, seed=5),
            0,
            on_epoch=stop_after(epochs, path),
        )
    whole, resumed = model("joint"), model("joint", seed=9)
    fit(whole, stages, batch(64), batch(40, seed=5), 0)
    fit(resumed, stages, batch(64), batch(40, seed=5), 0, state=FitState.load(path)[0])
    assert states_equal(whole.state_dict(), resumed.state_dict())
