"""The game of two encoders against derivatives written out by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from dmil_core.config import ArchitectureOptions
from dmil_core.errors import ConfigError
from dmil_core.models.baselines import Joint
from dmil_core.models.batch import Batch
from dmil_core.models.outputs import Output
from dmil_core.paradigms import MCR
from dmil_core.training.loop import fit, select_parameters
from dmil_core.training.losses import evaluate
from dmil_core.training.rules.mcr import Mcr, contrast, divergence
from dmil_core.training.rules.pairing import answers
from tests.core.builders import batch, model, stage

ORDERS = torch.tensor([[1, 0]])


class Product(Joint):
    """Features x_m + w_m of one number; the logits are h * z1 * z2 and 0."""

    def __init__(self) -> None:
        nn.Module.__init__(self)
        self.w1, self.w2, self.h = (nn.Parameter(torch.tensor(v)) for v in (0.0, 0.0, 1.0))
        self.project = nn.ModuleList([nn.Identity(), nn.Identity()])
        self.heads = nn.ModuleList()

    def forward(self, x1: Tensor, x2: Tensor) -> Output:
        z1, z2 = x1 + self.w1, x2 + self.w2
        return Output(answers(self, z1, z2), None, {"Z1": z1, "Z2": z2})

    def fuse(self, z1: Tensor, z2: Tensor) -> Tensor:
        return z1 * z2

    def head(self, fused: Tensor) -> Tensor:  # type: ignore[override]
        return torch.cat([self.h * fused, torch.zeros_like(fused)], dim=1)


class Swapping(Mcr):
    """Every permutation exchanges the two rows."""

    def orders(self, rows: int) -> Tensor:
        assert rows == 2
        return ORDERS


Z1, Z2 = (1.0, 2.0), (1.0, -0.5)


def slopes(a: float, b: float) -> tuple[float, float]:
    """d/da and d/db of the JSD of Bernoullis with logits a and b.

    JSD = H(m) - (H(p) + H(q)) / 2, and H'(p) = -logit p, so d/dp = (logit p - logit m) / 2.
    """
    p, q = 1 / (1 + math.exp(-a)), 1 / (1 + math.exp(-b))
    m = (p + q) / 2
    middle = math.log(m / (1 - m))
    return p * (1 - p) * (a - middle) / 2, q * (1 - q) * (b - middle) / 2


def by_hand() -> dict[str, float]:
    """dD_m/dw_n over the two rows, all four; w_n moves z_n of both rows alike."""
    result = dict.fromkeys(("D1/w1", "D1/w2", "D2/w1", "D2/w2"), 0.0)
    for i, j in ((0, 1), (1, 0)):
        clean, other1 = slopes(Z1[i] * Z2[i], Z1[j] * Z2[i])  # D1: z1 is that of the other row
        result["D1/w1"] += (clean * Z2[i] + other1 * Z2[i]) / 2
        result["D1/w2"] += (clean * Z1[i] + other1 * Z1[j]) / 2
        clean, other2 = slopes(Z1[i] * Z2[i], Z1[i] * Z2[j])
        result["D2/w1"] += (clean * Z2[i] + other2 * Z2[j]) / 2
        result["D2/w2"] += (clean * Z1[i] + other2 * Z1[i]) / 2
    return result


def played(cooperation: float) -> Product:
    """The gradients that the game alone, of weight 2, leaves."""
    net = Product()
    x1, x2 = (torch.tensor(z)[:, None] for z in (Z1, Z2))
    b = Batch(x1, x2, torch.tensor([0, 1]), torch.zeros(2, 4))
    settings = {"game": 2.0, "contrast": 0.0, "cooperation": cooperation}
    one = stage(rule="mcr", losses={"ce": 0.0}, settings=settings)
    assert Swapping(net, one, b).gradients(b).item() == 0.0
    return net


@pytest.mark.parametrize("k", [-1.0, 0.0, 1.0])
def test_each_encoder_gets_its_own_influence_and_a_share_of_the_others(k: float) -> None:
    net, d = played(k), by_hand()
    assert len({round(v, 4) for v in d.values()}) == 4  # or this test could not tell them apart
    assert net.w1.grad.item() == pytest.approx(-2.0 * (d["D1/w1"] + k * d["D2/w1"]), rel=1e-4)
    assert net.w2.grad.item() == pytest.approx(-2.0 * (d["D2/w2"] + k * d["D1/w2"]), rel=1e-4)


def test_the_head_does_not_play() -> None:
    assert played(-1.0).h.grad.item() == 0.0


def test_the_greedy_game_is_the_sum_of_four_detached_terms() -> None:
    """-D1[z2 detached] + D1[z1 detached] - D2[z1 detached] + D2[z2 detached], as published."""
    net, b = model(ArchitectureOptions("joint", heads=True)), batch(12)
    orders = torch.stack([torch.randperm(12) for _ in range(3)])
    one = stage(rule="mcr", losses={"ce": 0.0}, settings={"game": 1.0, "contrast": 0.0})
    game = Mcr(net, one, b)
    game.orders = lambda rows: orders  # type: ignore[method-assign]
    game.gradients(b)
    mine = {n: p.grad.clone() for n, p in net.named_parameters() if p.grad is not None}
    net.zero_grad()
    z = net(b.x1, b.x2).latents

    def dependence(m: int, live: int) -> Tensor:
        z1, z2 = (z[f"Z{n}"] if n == live else z[f"Z{n}"].detach() for n in (1, 2))
        total = torch.zeros(())
        for order in orders:
            pair = (z1[order], z2) if m == 1 else (z1, z2[order])
            total = total + divergence(answers(net, z1, z2), answers(net, *pair)).mean() / 3
        return total

    wanted = -dependence(1, 1) + dependence(1, 2) - dependence(2, 2) + dependence(2, 1)
    wanted.backward()
    for name, p in net.named_parameters():
        if p.grad is not None:
            torch.testing.assert_close(
                mine.get(name, torch.zeros_like(p)), p.grad, atol=1e-7, rtol=1e-4
            )
    assert mine["encoders.x1.body.2.weight"].abs().max() > 1e-6


def test_divergence_in_nats() -> None:
    a = torch.tensor([[math.log(3.0), 0.0], [0.0, 0.0], [200.0, 0.0]])
    b = torch.tensor([[0.0, math.log(3.0)], [5.0, 5.0], [0.0, 200.0]])
    entropy = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))
    wanted = [math.log(2.0) - entropy, 0.0, math.log(2.0)]
    assert divergence(a, b).tolist() == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize(
    ("y", "wanted"),
    [
        # Each anchor has the other modality's row at cosine 1 and two rows at cosine 0.
        ([0, 1], math.log(math.exp(2.0) + 2.0) - 2.0),
        ([0, 0], math.log(math.exp(2.0) + 2.0) - 2.0 / 3.0),
    ],
)
def test_contrast_is_the_number_computed_by_hand(y: list[int], wanted: float) -> None:
    z1 = torch.tensor([[1.0, 0.0], [0.0, 1.0]], requires_grad=True)
    z2 = torch.tensor([[3.0, 0.0], [0.0, 0.5]])
    loss = contrast(z1, z2, torch.tensor(y), {"temperature": 0.5})
    assert loss.item() == pytest.approx(wanted)
    loss.backward()
    assert torch.isfinite(z1.grad).all()


def test_all_terms_add_up() -> None:
    net, b = model(ArchitectureOptions("joint", heads=True)), batch(10)
    e = evaluate(net, b)
    rows = [project(e.out.latents[f"Z{m}"]) for m, project in enumerate(net.project, 1)]
    together = contrast(rows[0], rows[1], b.y, {"temperature": 0.5})
    result = Mcr(net, stage(rule="mcr", settings={"contrast": 0.7}), b).loss(e)
    ce = nn.functional.cross_entropy(e.out.logits, b.y)
    assert result.item() == pytest.approx((ce + 0.7 * together).item(), rel=1e-5)


def test_orders_are_permutations_as_many_as_asked_for() -> None:
    b = batch(10)
    game = Mcr(model("joint"), stage(rule="mcr", settings={"permutations": 5.0}), b)
    orders = game.orders(9)
    assert orders.shape == (5, 9)
    assert torch.equal(orders.sort(dim=1).values, torch.arange(9).expand(5, 9))


def test_only_a_joint_model_can_play() -> None:
    net, b = model("ensemble"), batch(8)
    with pytest.raises(ConfigError, match="needs a joint model"):
        Mcr(net, stage(rule="mcr"), b).loss(evaluate(net, b))


def test_encoders_are_trained_alone_before_they_meet() -> None:
    net = model(MCR.options)
    moved = []
    for one in MCR.stages_of():
        select_parameters(net, one.trainable)
        moved.append({n.split(".")[1] for n, p in net.named_parameters() if p.requires_grad})
    assert [one.rule for one in MCR.stages_of()] == ["plain", "plain", "mcr"]
    assert moved[:2] == [{"x1", "norm1", "0"}, {"x2", "norm2", "1"}]
    names = {n for n, p in net.named_parameters() if p.requires_grad}
    assert names == {n for n, _ in net.named_parameters()}


def test_the_paradigm_learns_what_can_be_learnt() -> None:
    net, b, val = model(MCR.options), batch(64), batch(60, seed=5)
    stages = tuple(replace(s, epochs=12, lr=1e-2, batch_size=16) for s in MCR.stages_of())
    fit(net, stages, b, val, seed=0)
    assert (net(val.x1, val.x2).logits.argmax(dim=1) == val.y).float().mean() > 0.8
