"""AGM: shares and paces by hand, the gradient of a model of two weights, and its memory."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from dmil_core.models.batch import Batch
from dmil_core.models.outputs import Output
from dmil_core.training.loop import FitState, Report, fit
from dmil_core.training.rules import build_rule
from dmil_core.training.rules.agm import cost, modulation_coefficients, shares
from tests.core.builders import Stopped, batch, model, stage, states_equal, stop_after


class Two(nn.Module):
    """f = a z1 + b z2 + z1 z2 as the logit of the first of two classes, the other one 0."""

    def __init__(self, a: float, b: float) -> None:
        super().__init__()
        self.a, self.b = nn.Parameter(torch.tensor(a)), nn.Parameter(torch.tensor(b))

    def forward(self, x1: Tensor, x2: Tensor) -> Output:
        return Output(self.head(self.fuse(x1, x2)), None, {"Z1": x1, "Z2": x2})

    def fuse(self, z1: Tensor, z2: Tensor) -> Tensor:
        return self.a * z1 + self.b * z2 + z1 * z2

    def head(self, fused: Tensor) -> Tensor:
        return torch.cat([fused, torch.zeros_like(fused)], dim=1)


def row(x1: float, x2: float) -> Batch:
    one = torch.ones(1, 1)
    return Batch(x1 * one, x2 * one, torch.tensor([0]), torch.zeros(1, 4))


# --- by hand --------------------------------------------------------------------------------


def test_shares_are_halves_of_what_each_adds_to_nothing_and_to_the_other() -> None:
    both, first, second = (torch.tensor([[v, 0.0]]) for v in (7.0, 2.0, 1.0))
    phi = shares(both, first, second)
    assert phi[:, 0, 0].tolist() == [(7 - 1 + 2) / 2, (7 - 2 + 1) / 2]
    assert phi.sum(dim=0).tolist() == both.tolist()


def test_a_cost_has_a_ceiling() -> None:
    y = torch.tensor([0, 0])
    even = torch.tensor([[0.0, 0.0], [math.log(3.0), 0.0]])
    assert cost(even, y).item() == pytest.approx((math.log(2.0) - math.log(0.75)) / 2)
    assert cost(torch.tensor([[-99.0, 0.0]]), y[:1]).item() == pytest.approx(8 * math.log(10.0))


def test_who_is_ahead_of_its_own_pace_waits() -> None:
    # Costs ln 2 and ln 6: r = (3, 1/3). Means ln 2 and ln 4: r* = (2, 1/2).
    costs, means = torch.tensor([2.0, 6.0]).log(), torch.tensor([2.0, 4.0]).log()
    wanted = [math.exp(0.5 * (2 - 3)), math.exp(0.5 * (1 / 2 - 1 / 3))]
    assert modulation_coefficients(costs, means, 0.5).tolist() == pytest.approx(wanted)
    # A jump of r* - r beyond 10 counts as 10.
    costs, means = torch.tensor([1.0, 1.0]).log(), torch.tensor([1.0, 50.0]).log()
    wanted = [math.exp(5.0), math.exp(0.5 * (1 / 50 - 1))]
    assert modulation_coefficients(costs, means, 0.5).tolist() == pytest.approx(wanted, rel=1e-5)


def test_two_batches_of_a_model_of_two_weights() -> None:
    net = Two(0.5, -0.25)
    rule = build_rule(net, stage(rule="agm", settings={"alpha": 2.0}), row(1, 1))
    # First row (1, 2): f = 0.5 - 0.5 + 2, alone 0.5 and -0.5; phi = (1.5, 0.5). No past: kappa 1.
    s1, s2 = (math.log(1 + math.exp(-phi)) for phi in (1.5, 0.5))
    loss = rule.gradients(row(1, 2))
    slope = 1 / (1 + math.exp(-2.0)) - 1
    assert loss.item() == pytest.approx(math.log(1 + math.exp(-2.0)), rel=1e-5)
    assert [net.a.grad.item(), net.b.grad.item()] == pytest.approx([slope, 2 * slope], rel=1e-5)
    # Second row (2, 1/2): f = 1 - 0.125 + 1, alone 1 and -0.125; phi = (1.5, 0.375). kappa
    # compares it with the first row only: the running mean takes it up afterwards.
    net.zero_grad()
    rule.gradients(row(2, 0.5))
    t1, t2 = (math.log(1 + math.exp(-phi)) for phi in (1.5, 0.375))
    k1 = math.exp(2 * (math.exp(s2 - s1) - math.exp(t2 - t1)))
    k2 = math.exp(2 * (math.exp(s1 - s2) - math.exp(t1 - t2)))
    slope = 1 / (1 + math.exp(-1.875)) - 1
    # a is in f and in f(x1, 0), all of it within phi_1; b in phi_2.
    wanted = [k1 * 2 * slope, k2 * 0.5 * slope]
    assert k1 < 1 < k2
    assert [net.a.grad.item(), net.b.grad.item()] == pytest.approx(wanted, rel=1e-5)
    means = rule.state()["means"].tolist()
    assert means == pytest.approx([(s1 + t1) / 2, (s2 + t2) / 2], rel=1e-5)


# --- with the real fusion -------------------------------------------------------------------


def test_without_a_past_or_alpha_the_gradient_is_the_plain_one() -> None:
    net, rows = model("joint"), batch(12)
    result = []
    for name, settings in (("plain", {}), ("agm", {}), ("agm", {"until": 0.0})):
        net.zero_grad()
        build_rule(net, stage(rule=name, settings=settings), rows).gradients(rows)
        result.append([p.grad.clone() for p in net.parameters()])
    for plain, first, never in zip(*result, strict=True):
        torch.testing.assert_close(first, plain, rtol=1e-4, atol=1e-7)
        assert torch.equal(never, plain)


def test_absent_is_zero_at_the_input_of_the_fusion() -> None:
    net, rows = model("joint"), batch(12)
    z1, z2 = net.encoders(rows.x1, rows.x2)
    rule = build_rule(net, stage(rule="agm"), rows)
    rule.gradients(rows)
    off1, off2 = torch.zeros_like(z1), torch.zeros_like(z2)
    both, first, second = (net.head(net.fuse(a, b)) for a, b in ((z1, z2), (z1, off2), (off1, z2)))
    phi1, phi2 = (both - second + first) / 2, (both - first + second) / 2
    wanted = [nn.functional.cross_entropy(phi, rows.y).item() for phi in (phi1, phi2)]
    assert rule.state()["means"].tolist() == pytest.approx(wanted, rel=1e-5)


# --- memory ---------------------------------------------------------------------------------


@pytest.mark.parametrize("epochs", [1, 2, 3])
def test_going_on_after_any_epoch_ends_at_the_same_weights(tmp_path: Path, epochs: int) -> None:
    stages = (stage(rule="agm", epochs=4, optimizer="sgd", settings={"alpha": 2.5}),)
    train, val, path = batch(48), batch(30, seed=5), tmp_path / "state.safetensors"

    with pytest.raises(Stopped):
        fit(model("joint"), stages, train, val, seed=0, on_epoch=stop_after(epochs, path))
    state, _ = FitState.load(path)
    assert state.rule["batches"].item() == 3 * epochs
    resumed, whole = model("joint", seed=99), model("joint")
    end = fit(resumed, stages, train, val, seed=0, state=state)
    wanted = fit(whole, stages, train, val, seed=0)
    assert states_equal(end.rule, wanted.rule)
    assert end.history == wanted.history
    assert states_equal(resumed.state_dict(), whole.state_dict())


def test_a_past_that_was_forgotten_would_have_changed_the_weights(tmp_path: Path) -> None:
    stages = (stage(rule="agm", epochs=4, optimizer="sgd", settings={"alpha": 2.5}),)
    kept: dict[int, Path] = {}

    def keep(state: FitState, report: Report) -> None:
        kept[report.epoch] = tmp_path / f"{report.epoch}.safetensors"
        state.save(kept[report.epoch], {})

    whole, forgetful = model("joint"), model("joint")
    fit(whole, stages, batch(48), batch(30, seed=5), seed=0, on_epoch=keep)
    state, _ = FitState.load(kept[2])
    state.rule = {}
    fit(forgetful, stages, batch(48), batch(30, seed=5), seed=0, state=state)
    assert not states_equal(forgetful.state_dict(), whole.state_dict())
