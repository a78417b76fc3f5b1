"""What defines each compared method architecture, and which of them can represent synergy."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from dmil_core.config import ArchitectureOptions, EncoderConfig, ModelConfig, from_json, to_json
from dmil_core.data.catalog import load_dataset
from dmil_core.data.dataset import Dataset
from dmil_core.models.decomposition import Fusion
from dmil_core.models.i2m2 import I2m2
from dmil_core.models.i2moe import EXPERTS, I2moe
from dmil_core.models.inputs import fit_statistics, matched_fusion_size, model_config
from dmil_core.models.mib import Mib
from dmil_core.models.mmtm import Mmtm
from dmil_core.models.registry import build
from dmil_core.paradigms import DMIL, ENSEMBLE, JOINT, PARADIGMS
from dmil_core.training.loop import fit, select_parameters
from tests.core.builders import batch, model, states_equal, write_mixed
from tests.core.models.test_architectures import interaction, xor

# --- MMTM ------------------------------------------------------------------------------------


def test_gates_of_mmtm_by_hand() -> None:
    net, b = model("mmtm"), batch(5)
    assert isinstance(net, Mmtm)
    with torch.no_grad():
        for layer, bias in zip(net.excite, (math.log(3.0), 0.0), strict=True):
            layer.weight.zero_()
            layer.bias.fill_(bias)
    z1, z2 = net.encoders(b.x1, b.x2)
    one, two = net.gates(z1, z2)
    torch.testing.assert_close(one, torch.full((5, 8), 1.5))  # 2 * 3 / 4
    torch.testing.assert_close(two, torch.ones(5, 8))
    wanted = net.fusion(net.project[0](1.5 * z1), net.project[1](z2))
    torch.testing.assert_close(net(b.x1, b.x2).logits, net.head(wanted))


def test_without_an_opinion_mmtm_is_joint() -> None:
    net, joint, b = model("mmtm"), model("joint", seed=3), batch(9)
    joint.load_state_dict(net.state_dict(), strict=False)
    assert not torch.allclose(net(b.x1, b.x2).logits, joint(b.x1, b.x2).logits)
    with torch.no_grad():
        for layer in net.excite:
            layer.weight.zero_()
            layer.bias.zero_()
    torch.testing.assert_close(net(b.x1, b.x2).logits, joint(b.x1, b.x2).logits)


def test_each_modality_has_a_say_in_the_gates_of_the_other() -> None:
    net, b = model("mmtm"), batch(9)
    z1, z2 = net.encoders(b.x1, b.x2)
    assert net.squeeze.out_features == 8  # (8 + 8) / 2
    here, there = net.gates(z1, z2), net.gates(z1, z2.flip(0))
    assert not torch.allclose(here[0], there[0])
    assert not torch.allclose(here[1], there[1])


# --- MIB -------------------------------------------------------------------------------------


def test_mib_answers_from_posterior_means() -> None:
    net, b = model("mib"), batch(6)
    assert isinstance(net, Mib)
    out = net(b.x1, b.x2)
    q = out.posteriors
    assert [q[name].mu.shape for name in ("Z1", "Z2", "F")] == [(6, 8), (6, 8), (6, 4)]
    assert all(torch.equal(out.latents[name], q[name].mu) for name in q)
    torch.testing.assert_close(out.logits, net.head(q["F"].mu))
    torch.testing.assert_close(out.unimodal[:, 0], net.heads[0](q["Z1"].mu))
    again = net.fused(net.fusion(q["Z1"].mu, q["Z2"].mu)).mu
    torch.testing.assert_close(again, q["F"].mu)


def test_mib_draws_its_codes_in_training() -> None:
    net, b = model("mib").train(), batch(6)
    for encoder in (net.encoders.x1, net.encoders.x2):
        encoder.eval()  # no dropout: what differs is drawn
    first, second = net(b.x1, b.x2), net(b.x1, b.x2)
    assert torch.equal(first.posteriors["Z1"].mu, second.posteriors["Z1"].mu)
    assert not torch.equal(first.unimodal, second.unimodal)
    assert not torch.equal(first.posteriors["F"].mu, second.posteriors["F"].mu)


# --- I2M2 ------------------------------------------------------------------------------------


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.integers(2, 5), st.floats(0.1, 10.0))
def test_i2m2_is_the_renormalised_product_of_three_posteriors(
    seed: int, classes: int, scale: float
) -> None:
    net, b = model("i2m2", classes, seed), batch(12, min(classes, 5), seed)
    out = net(scale * b.x1, b.x2)
    q1, q2 = out.unimodal.softmax(dim=-1).unbind(dim=1)
    product = q1 * q2 * out.both.softmax(dim=-1)
    product /= product.sum(dim=1, keepdim=True)
    torch.testing.assert_close(out.logits.softmax(dim=-1), product, atol=1e-5, rtol=1e-4)


def test_i2m2_is_the_ensembles_models_and_a_joint_one_with_encoders_of_its_own() -> None:
    net = model("i2m2")
    assert isinstance(net, I2m2)
    sizes = {name: parameters(model(name)) for name in ("i2m2", "joint", "ensemble")}
    assert sizes["i2m2"] == sizes["joint"] + sizes["ensemble"]
    names = [n for n, _ in net.named_parameters() if n.startswith(("encoders.", "both.encoders."))]
    assert len(names) == 2 * len(list(net.encoders.parameters()))


def test_all_four_encoders_of_i2m2_know_the_training_rows() -> None:
    net, b = model("i2m2"), batch()
    fit_statistics(net, 40.0 + 3.0 * b.x1, b.x2 - 7.0)
    for pair in (net.encoders, net.both.encoders):
        torch.testing.assert_close(pair.x1.standardize.mean, (40.0 + 3.0 * b.x1).mean(dim=0))
        torch.testing.assert_close(pair.x2.standardize.mean, (b.x2 - 7.0).mean(dim=0))


def test_each_model_of_i2m2_learns_alone_and_then_all_learn() -> None:
    net, moved = model("i2m2"), []
    for stage in PARADIGMS["i2m2"].stages_of():
        select_parameters(net, stage.trainable)
        moved.append({n for n, p in net.named_parameters() if p.requires_grad})
    everything = {n for n, _ in net.named_parameters()}
    assert moved[0] | moved[1] | moved[2] == moved[3] == everything
    assert sum(len(names) for names in moved[:3]) == len(everything)  # no weight is in two


# --- I2MoE -----------------------------------------------------------------------------------


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.integers(2, 5))
def test_i2moe_is_the_weighted_sum_of_its_experts(seed: int, classes: int) -> None:
    net, b = model("i2moe", classes, seed), batch(12, min(classes, 5), seed)
    for training in (False, True):
        out = net.train(training)(b.x1, b.x2)
        assert out.weights.shape == (12, len(EXPERTS))
        assert out.experts.shape == (12, len(EXPERTS), classes)
        torch.testing.assert_close(out.weights.sum(dim=1), torch.ones(12))
        wanted = torch.einsum("be,bek->bk", out.weights, out.experts)
        torch.testing.assert_close(out.logits, wanted, atol=1e-5, rtol=1e-5)


def test_the_experts_begin_as_copies_and_share_no_weight() -> None:
    net = model("i2moe")
    assert isinstance(net, I2moe)
    states = [net.experts[name].state_dict() for name in EXPERTS]
    assert all(states_equal(states[0], s) for s in states[1:])
    assert len({p.data_ptr() for p in net.experts.parameters()}) == 4 * len(states[0])


@pytest.mark.parametrize("name", ["mmtm", "mib", "i2moe"])
def test_every_compared_fuses_with_the_fusion_of_joint(name: str) -> None:
    net, joint = model(PARADIGMS[name].options), model("joint")
    shape = [p.shape for p in joint.fusion.parameters()]
    result = [m for m in net.modules() if isinstance(m, Fusion)]
    assert len(result) == (len(EXPERTS) if name == "i2moe" else 1)
    assert all([p.shape for p in m.parameters()] == shape for m in result)


# --- synergy ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["mmtm", "mib", "i2m2", "i2moe", "pretrained"])
def test_compared_that_fuse_learn_xor(name: str) -> None:
    paradigm, b = PARADIGMS[name], xor()
    net = model(paradigm.options, classes=2)
    stages = tuple(replace(s, epochs=150, patience=150, lr=1e-2) for s in paradigm.stages_of())
    fit(net, stages, b, b, seed=0)
    assert net(b.x1, b.x2).logits.argmax(dim=1).tolist() == b.y.tolist()


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.floats(0.1, 20.0))
def test_no_ensemble_of_logits_can_do_xor(seed: int, gain: float) -> None:
    net, b = model(ArchitectureOptions("ensemble", average="logits"), 2, seed), xor()
    with torch.no_grad():
        for head in net.heads:
            head.weight.mul_(gain)
    out = net(b.x1, b.x2)
    margin = out.logits[:, 1] - out.logits[:, 0]
    assert interaction(margin).abs() < 1e-5 * max(1.0, margin.abs().max().item())
    assert (out.logits.argmax(dim=1) == b.y).sum() <= 3


# --- pretraining -----------------------------------------------------------------------------


def test_pretraining_teaches_the_encoders_as_the_ensemble_does() -> None:
    for name in ("pretrained", "pretrained-frozen", "i2m2"):
        assert PARADIGMS[name].stages_of()[:2] == ENSEMBLE.stages_of()
    assert PARADIGMS["ensemble-logits"].stages_of() == ENSEMBLE.stages_of()


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("pretrained", {"encoders", "project", "fusion", "head"}),
        ("pretrained-frozen", {"project", "fusion", "head"}),
    ],
)
def test_what_moves_after_pretraining(name: str, wanted: set[str]) -> None:
    paradigm, b = PARADIGMS[name], batch(40)
    net = model(paradigm.options)
    stages = tuple(replace(s, epochs=2, batch_size=16) for s in paradigm.stages_of())
    fit(net, stages[:2], b, b, seed=0)
    before = {k: v.clone() for k, v in net.state_dict().items()}
    fit(net, stages[2:], b, b, seed=0)
    after = net.state_dict()
    assert {k.split(".")[0] for k in after if not torch.equal(after[k], before[k])} == wanted


# --- as many parameters as DMIL --------------------------------------------------------------


def parameters(net: nn.Module) -> int:
    return sum(p.numel() for p in net.parameters())


def pictures() -> ModelConfig:
    """A picture in colour and a recording: decoders of DMIL that are large."""
    pair = (EncoderConfig("cnn2d", (32, 32, 3)), EncoderConfig("cnn2d", (60, 40)))
    return ModelConfig("joint", matched=True, encoders=pair, classes=10)


def signals(folder: Path) -> ModelConfig:
    dataset = load_dataset(write_mixed(folder / "mixed.npz", card=True))
    return model_config(dataset, PARADIGMS["joint-matched"])


@pytest.mark.parametrize("kind", ["vectors", "pictures", "signals"])
def test_a_matched_joint_model_is_as_large_as_dmil(
    kind: str, tiny: Dataset, tmp_path: Path
) -> None:
    vectors = model_config(tiny, PARADIGMS["joint-matched"])
    config = {"vectors": vectors, "pictures": pictures(), "signals": signals(tmp_path)}[kind]
    size = matched_fusion_size(config)
    assert config.fusion_size in (0, size)
    theirs = parameters(build(replace(config, **vars(DMIL.options), fusion_size=0)))
    ours = [parameters(build(replace(config, fusion_size=s))) for s in (size - 1, size, size + 1)]
    assert ours[1] == pytest.approx(theirs, rel=0.02)
    assert min(ours, key=lambda n: abs(n - theirs)) == ours[1]


def test_matching_changes_the_fusion_alone_and_draws_nothing(tiny: Dataset) -> None:
    torch.manual_seed(5)
    wanted = torch.rand(3)
    torch.manual_seed(5)
    matched = model_config(tiny, PARADIGMS["joint-matched"])
    assert torch.equal(torch.rand(3), wanted)
    assert matched.fusion_size > 4 * matched.latent_size
    assert replace(matched, matched=False, fusion_size=0) == model_config(tiny, JOINT)
    assert from_json(ModelConfig, to_json(matched)) == matched
    net = build(matched)
    assert {tuple(p.shape) for n, p in net.named_parameters() if n == "fusion.body.2.weight"} == {
        (matched.fusion_size, matched.fusion_size)
    }
