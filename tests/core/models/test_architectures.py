"""Identities that hold whatever the weights: of all architectures, of DMIL and the baselines."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dmil_core.config import Architecture, ArchitectureOptions, Average
from dmil_core.models.baselines import Ensemble
from dmil_core.models.batch import Batch
from dmil_core.models.dmil import Dmil
from dmil_core.models.registry import ARCHITECTURES, build
from dmil_core.schema import COMPONENTS, DMIL_LATENTS
from dmil_core.training.loop import fit
from tests.core.builders import batch, model, model_config, stage


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.floats(0.1, 30.0), st.integers(2, 6))
def test_gated_components_add_up_to_the_logits(seed: int, scale: float, classes: int) -> None:
    net, b = model("dmil", classes, seed), batch(20, min(classes, 5), seed)
    for training in (False, True):
        out = net.train(training)(scale * b.x1, scale * b.x2)
        torch.testing.assert_close(
            out.logits, torch.einsum("bc,bck->bk", out.gate, out.components), atol=1e-5, rtol=1e-5
        )
        torch.testing.assert_close(out.gate.sum(dim=1), torch.ones(20))
        torch.testing.assert_close(out.gate, out.gate_logits.softmax(dim=1))
        assert (out.gate >= 0).all()


@pytest.mark.parametrize("consistency", [True, False])
def test_unimodal_terms_are_in_the_components_that_build_on_them(consistency: bool) -> None:
    plain = ArchitectureOptions("dmil", consistency=consistency)
    one, other = model(plain), model(replace(plain, unimodal_terms=True))
    other.load_state_dict(one.state_dict())
    b = batch()
    before, after = one(b.x1, b.x2), other(b.x1, b.x2)
    o1, o2 = after.unimodal.unbind(dim=1)
    shared = o1 + o2 if consistency else torch.zeros_like(o1)
    added = torch.stack([shared, o1, o2, o1 + o2], dim=1)
    torch.testing.assert_close(after.components, before.components + added)
    summed = torch.einsum("bc,bck->bk", after.gate, after.components)
    torch.testing.assert_close(after.logits, summed, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_prediction_is_deterministic_and_training_is_not(architecture: Architecture) -> None:
    net, b = model(architecture), batch()
    assert torch.equal(net(b.x1, b.x2).logits, net(b.x1, b.x2).logits)
    net.train()
    assert not torch.equal(net(b.x1, b.x2).logits, net(b.x1, b.x2).logits)


@settings(max_examples=20)
@given(st.sampled_from(sorted(ARCHITECTURES)), st.permutations(range(12)), st.integers(1, 12))
def test_a_row_does_not_care_about_the_rows_beside_it(
    architecture: Architecture, order: list[int], size: int
) -> None:
    net, b = model(architecture), batch(12)
    whole = net(b.x1, b.x2)
    chosen = order[:size]
    part = net(b.x1[chosen], b.x2[chosen])
    torch.testing.assert_close(part.logits, whole.logits[chosen], atol=1e-5, rtol=1e-5)
    for name, values in whole.latents.items():
        torch.testing.assert_close(part.latents[name], values[chosen], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_latents_are_the_ones_the_model_names(architecture: Architecture) -> None:
    net, b = model(architecture), batch(7)
    out = net(b.x1, b.x2)
    assert tuple(out.latents) == net.latent_names
    assert all(len(values) == 7 for values in out.latents.values())


def test_dmil_latents_are_posterior_means() -> None:
    net, b = model("dmil"), batch()
    out = net(b.x1, b.x2)
    assert tuple(out.latents) == DMIL_LATENTS
    for name, q in out.posteriors.items():
        assert torch.equal(out.latents[name], q.mu)
    # Z is what the encoders made; S comes out of the fusion without a posterior of its own.
    assert torch.equal(out.latents["Z"], torch.cat(out.features, dim=1))
    assert torch.equal(out.latents["S"], net.synergy(out.latents["N1"], out.latents["N2"]))


def test_each_component_has_its_own_head_in_schema_order() -> None:
    net, b = model("dmil"), batch()
    assert isinstance(net, Dmil)
    out = net(b.x1, b.x2)
    for i, c in enumerate(COMPONENTS):
        wanted = net.heads[c](out.latents[c])
        torch.testing.assert_close(out.components[:, i], wanted)


@pytest.mark.parametrize("architecture", ["dmil", "ensemble", "mib", "i2m2"])
def test_a_unimodal_head_sees_one_modality(architecture: Architecture) -> None:
    net, b = model(architecture), batch()
    here, there = net(b.x1, b.x2).unimodal, net(b.x1, b.x2.flip(0)).unimodal
    assert torch.equal(here[:, 0], there[:, 0])
    assert not torch.allclose(here[:, 1], there[:, 1])


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.integers(2, 5))
def test_the_ensemble_averages_probabilities(seed: int, classes: int) -> None:
    net, b = model("ensemble", classes, seed), batch(20, classes, seed)
    out = net(b.x1, b.x2)
    mean = out.unimodal.softmax(dim=-1).mean(dim=1)
    torch.testing.assert_close(out.logits.softmax(dim=-1), mean)
    torch.testing.assert_close(out.logits.exp(), mean)


def saying(first: list[float], second: list[float], average: Average) -> list[float]:
    """Probabilities of an ensemble whose two models give these logits whatever they see."""
    net, b = model(ArchitectureOptions("ensemble", average=average), classes=2), batch(1)
    with torch.no_grad():
        for head, logits in zip(net.heads, (first, second), strict=True):
            head.weight.zero_()
            head.bias.copy_(torch.tensor(logits))
    return net(b.x1, b.x2).logits.softmax(dim=1)[0].tolist()


def test_averaged_logits_and_averaged_probabilities_by_hand() -> None:
    # 3/4 to 1/4, and even. The mean of the logits is (log 3 / 2, 0), odds of sqrt(3) to 1.
    one, even = [math.log(3.0), 0.0], [0.0, 0.0]
    root = math.sqrt(3.0)
    assert saying(one, even, "logits") == pytest.approx([root / (1 + root), 1 / (1 + root)])
    assert saying(one, even, "probabilities") == pytest.approx([0.625, 0.375])


def test_among_logits_the_overconfident_model_outvotes_the_other() -> None:
    # 1 to 9 against a million to 1: the mean odds are sqrt(1e6 / 9) = 333 to 1.
    wary, rash = [0.0, math.log(9.0)], [math.log(1e6), 0.0]
    assert saying(wary, rash, "logits")[0] == pytest.approx(1000 / 1003)
    assert saying(wary, rash, "probabilities")[0] == pytest.approx(0.55, abs=1e-5)


# --- XOR: what only the two sides together can tell ------------------------------------------


def xor() -> Batch:
    """The four points: a bit in x1, a bit in x2, y = 1 where they differ."""
    bits = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1]])
    x1, x2 = torch.zeros(4, 6), torch.zeros(4, 5)
    x1[:, 0], x2[:, 0] = 2.0 * bits[:, 0] - 1, 2.0 * bits[:, 1] - 1
    return Batch(x1, x2, bits.sum(dim=1) % 2, torch.tensor([[0.0, 0.0, 0.0, 1.0]]).expand(4, 4))


def interaction(values: torch.Tensor) -> torch.Tensor:
    """f(0,0) - f(0,1) - f(1,0) + f(1,1) over the four points of ``xor``; zero if f is a sum."""
    return values[0] - values[1] - values[2] + values[3]


@pytest.mark.parametrize(
    ("architecture", "losses"),
    [("joint", {"ce": 1.0}), ("dmil", {"ce": 1.0}), ("dmil", {"ce_responsible": 1.0, "gate": 1.0})],
)
def test_fusion_learns_xor(architecture: Architecture, losses: dict[str, float]) -> None:
    net, b = model(architecture, classes=2), xor()
    fit(net, (stage(epochs=200, patience=200, losses=losses),), b, b, seed=0)
    out = net(b.x1, b.x2)
    assert out.logits.argmax(dim=1).tolist() == b.y.tolist()
    if architecture == "dmil":
        synergy = out.components[:, COMPONENTS.index("S")]
        assert interaction(synergy.softmax(dim=1)[:, 1]).abs() > 0.5


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.floats(0.1, 50.0))
def test_no_ensemble_can_do_xor(seed: int, gain: float) -> None:
    """An average of two one-sided probabilities is a sum, and a sum gets three of four at best."""
    net, b = model("ensemble", classes=2, seed=seed), xor()
    with torch.no_grad():
        for head in net.heads:
            head.weight.mul_(gain)
    out = net(b.x1, b.x2)
    assert interaction(out.logits.softmax(dim=1)[:, 1]).abs() < 1e-5
    assert (out.logits.argmax(dim=1) == b.y).sum() <= 3


def test_a_trained_ensemble_stays_at_chance_on_xor() -> None:
    net, b = model("ensemble", classes=2), xor()
    assert isinstance(net, Ensemble)
    losses = {"ce_unimodal": 1.0}
    fit(net, (stage(epochs=200, patience=200, losses=losses),), b, b, seed=0)
    p = net(b.x1, b.x2).logits.softmax(dim=1)
    torch.testing.assert_close(p, torch.full((4, 2), 0.5), atol=0.03, rtol=0)


def test_joint_and_dmil_share_the_form_of_their_fusion() -> None:
    assert type(model("joint").fusion) is type(model("dmil").synergy)


def test_rebuilding_the_input_or_the_features() -> None:
    b = batch(9)
    for target, sizes in (("input", (6, 5)), ("features", (8, 8))):
        net = build(replace(model_config("dmil"), reconstruct=target)).eval()
        made = net.reconstruct(net(b.x1, b.x2), b.x1, b.x2).inputs
        assert tuple(wanted.shape[1] for _, wanted in made) == sizes
        assert all(out.shape == wanted.shape for out, wanted in made)
