"""MMPareto: weights and lengths by hand, and which tensors they reach."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from dmil_core.config import ArchitectureOptions
from dmil_core.models.batch import Batch
from dmil_core.models.outputs import Output
from dmil_core.training.rules import build_rule
from dmil_core.training.rules.mmpareto import combine, pareto_weights
from tests.core.builders import batch, model, stage


def vector(*values: float) -> Tensor:
    return torch.tensor(values)


# --- by hand --------------------------------------------------------------------------------


def test_gradients_that_agree_count_the_same() -> None:
    assert pareto_weights([(vector(3.0, 0.0), vector(1.0, 1.0))]).tolist() == [0.5, 0.5]


def test_gradients_that_disagree_meet_where_their_mix_is_shortest() -> None:
    # a = (2, 0), b = (-1, 1): a.b = -2, |b|^2 = 2, |a - b|^2 = 9 + 1; w_a = (2 + 2) / 10.
    a, b = vector(2.0, 0.0), vector(-1.0, 1.0)
    weights = pareto_weights([(a, b)])
    assert weights.tolist() == pytest.approx([0.4, 0.6])
    # h = 2 (0.4 a + 0.6 b) = (0.4, 1.2) is sqrt(1.6) long, a + b is sqrt(2).
    h = combine(a, b, weights)
    assert h.tolist() == pytest.approx([0.4 * math.sqrt(2 / 1.6), 1.2 * math.sqrt(2 / 1.6)])
    # Neither is hurt: a step along h serves both.
    assert float(h @ a) > 0
    assert float(h @ b) > 0


def test_the_decision_is_one_for_all_tensors_of_an_encoder() -> None:
    # Alone the first tensor would disagree; together a.b = -1 + 4 > 0.
    pairs = [(vector(1.0), vector(-1.0)), (vector(2.0, 0.0), vector(2.0, 0.0))]
    assert pareto_weights(pairs).tolist() == [0.5, 0.5]
    # a = (1, 2), b = (-3, 0) split over two tensors: a.b = -3, |b|^2 = 9, |a - b|^2 = 16 + 4.
    pairs = [(vector(1.0), vector(-3.0)), (vector(2.0), vector(0.0))]
    assert pareto_weights(pairs).tolist() == pytest.approx([0.6, 0.4])


def test_what_is_longer_than_the_sum_stays_so_and_what_agrees_is_the_sum() -> None:
    a, b = vector(1.0, 0.0), vector(-0.9, 0.1)
    # 2 (0.9 a + 0.1 b) = (1.62, 0.02) is longer than a + b = (0.1, 0.1) and is kept.
    assert combine(a, b, vector(0.9, 0.1)).tolist() == pytest.approx([1.62, 0.02])
    assert combine(a, -b, vector(0.5, 0.5)).tolist() == pytest.approx([1.9, -0.1])


def test_extremes_end_in_numbers() -> None:
    nothing, a = vector(0.0, 0.0), vector(3.0, 4.0)
    assert pareto_weights([(a, nothing)]).tolist() == pytest.approx([0.001, 0.999])
    # Made as long as the sum again, however small its weight: the joint gradient itself.
    assert combine(a, nothing, vector(0.001, 0.999)).tolist() == pytest.approx([3.0, 4.0])
    assert combine(nothing, nothing, pareto_weights([(nothing, nothing)])).tolist() == [0.0, 0.0]
    # Opposite directions cancel: nothing serves both, and rounding is not made long.
    weights = pareto_weights([(a, -2 * a / 3)])
    assert weights.tolist() == pytest.approx([0.4, 0.6])
    assert combine(a, -2 * a / 3, weights).norm().item() < 1e-5
    # Weights do not depend on the unit of the loss.
    small = pareto_weights([(1e-9 * vector(2.0, 0.0), 1e-9 * vector(-1.0, 1.0))])
    assert small.tolist() == pytest.approx([0.4, 0.6])


# --- what it reaches ------------------------------------------------------------------------


class Five(nn.Module):
    """Two encoders of two weights each and an offset that fusion and second head share."""

    def __init__(self) -> None:
        super().__init__()
        self.encoders = nn.ModuleDict({"x1": nn.Linear(2, 1, bias=False)})
        self.encoders["x2"] = nn.Linear(2, 1, bias=False)
        for encoder in self.encoders.values():
            nn.init.zeros_(encoder.weight)
        self.offset = nn.Parameter(torch.zeros(()))

    def forward(self, x1: Tensor, x2: Tensor) -> Output:
        z1 = self.encoders["x1"](x1[:, :2])
        z2 = self.encoders["x2"](x2[:, :2])
        joint = two_classes(z1 + z2 + self.offset)
        # The first head reads other inputs than the fusion: it asks for another direction.
        alone = torch.stack(
            [two_classes(self.encoders["x1"](x1[:, 2:])), two_classes(3 * z2 + self.offset)], dim=1
        )
        return Output(joint, alone, {})


def two_classes(logit: Tensor) -> Tensor:
    return torch.cat([logit, torch.zeros_like(logit)], dim=1)


def test_one_batch_of_a_model_of_five_weights() -> None:
    # At logits 0 the slope of CE is -1/2 for the true class. Encoder 1: a = -(4, 0) / 2 = (-2, 0)
    # and b = -(-2, 2) / 2 = (1, -1), the case above with its sign turned. Encoder 2: a = -(1, 2)/2
    # and b = 3 a, which agree. The offset: -1/2 from the fusion and -1/2 from the second head.
    x1, x2 = torch.tensor([[4.0, 0.0, -2.0, 2.0]]), torch.tensor([[1.0, 2.0]])
    rows = Batch(x1, x2, torch.tensor([0]), torch.zeros(1, 4))
    net = Five()
    loss = build_rule(net, stage(rule="mmpareto"), rows).gradients(rows)
    assert loss.item() == pytest.approx(math.log(2.0))
    longer = 1.5 * math.sqrt(2 / 1.6)
    first, second = net.encoders["x1"].weight.grad[0], net.encoders["x2"].weight.grad[0]
    assert first.tolist() == pytest.approx([-0.4 * longer, -1.2 * longer], rel=1e-5)
    assert second.tolist() == pytest.approx([1.5 * -2.0, 1.5 * -4.0], rel=1e-5)
    assert net.offset.grad.item() == pytest.approx(-1.0)


def test_what_is_no_encoder_gets_the_plain_sum() -> None:
    net, rows = model(ArchitectureOptions("joint", heads=True)), batch(12)
    build_rule(net, stage(rule="mmpareto"), rows).gradients(rows)
    result = {n: p.grad.clone() for n, p in net.named_parameters()}
    net.zero_grad()
    three = {"ce": 1.0, "ce_unimodal": 1.0}
    build_rule(net, stage(losses=three), rows).gradients(rows)
    for name, parameter in net.named_parameters():
        if name.startswith("encoders."):
            assert result[name].norm() >= 1.4999 * parameter.grad.norm(), name
        else:
            torch.testing.assert_close(result[name], parameter.grad, rtol=1e-4, atol=1e-7)
