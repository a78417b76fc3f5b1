"""Total correlation over pairs against sums of a table small enough to write down."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from dmil_core.errors import ConfigError
from dmil_core.models.baselines import Joint
from dmil_core.models.batch import Batch
from dmil_core.models.outputs import Output
from dmil_core.training.loop import fit
from dmil_core.training.losses import evaluate
from dmil_core.training.rules.pairing import answers
from dmil_core.training.rules.tcmax import TcMax
from tests.core.builders import batch, model, stage


class Table(Joint):
    """F[j, k, c] is an entry of a table: row i of a batch is the i-th unit vector."""

    def __init__(self, scores: Tensor) -> None:
        nn.Module.__init__(self)
        self.scores = nn.Parameter(scores)

    def forward(self, x1: Tensor, x2: Tensor) -> Output:
        return Output(answers(self, x1, x2), None, {"Z1": x1, "Z2": x2})

    def fuse(self, z1: Tensor, z2: Tensor) -> Tensor:
        return torch.einsum("bj,bk->bjk", z1, z2)

    def head(self, fused: Tensor) -> Tensor:  # type: ignore[override]
        return torch.einsum("bjk,jkc->bc", fused, self.scores)


def units(y: list[int]) -> Batch:
    eye = torch.eye(len(y))
    return Batch(eye, eye, torch.tensor(y), torch.zeros(len(y), 4))


def rule(net: nn.Module, b: Batch, negatives: float = 255.0) -> TcMax:
    return TcMax(net, stage(rule="tcmax", settings={"negatives": negatives}), b)


def test_loss_and_gradients_of_all_pairs() -> None:
    # exp F of the pairs (0,0), (0,1), (1,0), (1,1)
    exp = torch.tensor([[[3.0, 1.0], [1.0, 1.0]], [[2.0, 1.0], [1.0, 4.0]]])
    net, b = Table(exp.log()), units([0, 1])
    loss = rule(net, b).gradients(b)
    assert loss.item() == pytest.approx(-math.log(12.0) / 2 + math.log(14.0) - math.log(8.0))
    wanted = [
        [[3 / 14 - 1 / 2, 1 / 14], [1 / 14, 1 / 14]],
        [[2 / 14, 1 / 14], [1 / 14, 4 / 14 - 1 / 2]],
    ]
    torch.testing.assert_close(net.scores.grad, torch.tensor(wanted))


def test_a_constant_does_not_matter() -> None:
    b = units([0, 1, 1])
    scores = torch.randn(3, 3, 2, generator=torch.Generator().manual_seed(0))
    values = [rule(n, b).loss(evaluate(n, b)) for n in (Table(scores), Table(scores + 40.0))]
    assert values[0].item() == pytest.approx(values[1].item(), abs=1e-4)


def test_an_additive_table_has_the_published_fast_form() -> None:
    """logsumexp_c [LSE_j a_jc + LSE_k b_kc] where F[j, k, c] = a_jc + b_kc."""
    generator = torch.Generator().manual_seed(1)
    left, right = (torch.randn(4, 3, generator=generator) for _ in range(2))
    net, b = Table(left[:, None] + right[None]), units([0, 1, 2, 1])
    fast = (left.logsumexp(0) + right.logsumexp(0)).logsumexp(0) - math.log(16 * 3)
    reached = sum(left[i, c] + right[i, c] for i, c in enumerate(b.y.tolist())) / 4
    assert rule(net, b).loss(evaluate(net, b)).item() == pytest.approx((fast - reached).item())


def test_with_fewer_pairs_the_sum_is_right_on_average() -> None:
    scores = torch.randn(3, 3, 2, generator=torch.Generator().manual_seed(2))
    net, b = Table(scores), units([0, 1, 0])
    whole = math.exp(rule(net, b).loss(evaluate(net, b)).item())
    seen = set()
    for seed in range(20):
        torch.manual_seed(seed)
        seen.add(rule(net, b, negatives=1.0).loss(evaluate(net, b)).item())
    assert len(seen) == 2  # the two cyclic shifts of three rows
    assert sum(math.exp(value) for value in seen) / 2 == pytest.approx(whole)


def test_no_pass_through_the_fusion_beyond_the_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    net, b, passed = model("joint"), batch(30), []
    fuse = net.fuse
    monkeypatch.setattr(net, "fuse", lambda z1, z2: passed.append(len(z1)) or fuse(z1, z2))
    rule(net, b, negatives=4.0).gradients(b)
    assert passed == [30, 120]
    passed.clear()
    rule(net, b, negatives=0.0).gradients(b)
    assert passed == [30]


def test_a_row_alone_has_the_cross_entropy() -> None:
    net, b = model("joint"), batch(1)
    e = evaluate(net, b)
    ce = nn.functional.cross_entropy(e.out.logits, b.y).item()
    assert rule(net, b).loss(e).item() == pytest.approx(ce - math.log(3.0), rel=1e-5)


def test_under_imbalance_the_softmax_is_the_posterior() -> None:
    """Features that say nothing: at logits log(3/4), log(1/4) nothing pulls any more."""
    prior = torch.tensor([0.75, 0.25])
    net, b = Table(prior.log().expand(4, 4, 2).clone()), units([0, 0, 0, 1])
    loss = rule(net, b).gradients(b)
    # Summed over pairs, since the same score serves them all.
    torch.testing.assert_close(net.scores.grad.sum(dim=(0, 1)), torch.zeros(2), atol=1e-6, rtol=0)
    # There is no total correlation, and yet the loss is not 0 but -(log 2 - H(y)).
    entropy = -(prior * prior.log()).sum().item()
    assert loss.item() == pytest.approx(-(math.log(2.0) - entropy), rel=1e-5)


def test_fusion_learns_xor_by_it() -> None:
    bits = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1]])
    x1, x2 = torch.zeros(4, 6), torch.zeros(4, 5)
    x1[:, 0], x2[:, 0] = 2.0 * bits[:, 0] - 1, 2.0 * bits[:, 1] - 1
    b = Batch(x1, x2, bits.sum(dim=1) % 2, torch.zeros(4, 4))
    net = model("joint", classes=2)
    fit(net, (stage(epochs=200, patience=200, rule="tcmax"),), b, b, seed=0)
    assert net(b.x1, b.x2).logits.argmax(dim=1).tolist() == b.y.tolist()


def test_only_a_joint_model_has_pairs() -> None:
    net, b = model("ensemble"), batch(8)
    with pytest.raises(ConfigError, match="needs a joint model"):
        rule(net, b).loss(evaluate(net, b))
