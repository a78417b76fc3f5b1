"""OGM-GE and MLB: factors by hand, which gradients they reach, and that probes only observe."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from dmil_core.config import ArchitectureOptions
from dmil_core.errors import ConfigError
from dmil_core.models.batch import Batch
from dmil_core.training.loop import FitState, fit
from dmil_core.training.rules import build_rule, mlb, ogm_ge
from dmil_core.training.rules.ogm_ge import modulate_gradients
from tests.core.builders import Stopped, batch, model, stage, states_equal, stop_after

WITH_HEADS = ArchitectureOptions("joint", heads=True)
ROWS = batch(12)
#: Every row of class 0, so that a head without weights gives each the same probability.
SAME = Batch(ROWS.x1, ROWS.x2, torch.zeros(12, dtype=torch.int64), ROWS.responsibilities)


def two_to_one() -> nn.Module:
    """Heads that give the true class 0.6 and 0.3 whatever the features: rho_1 = 2, rho_2 = 1/2."""
    net = model(WITH_HEADS)
    for head, p in zip(net.heads, ([0.6, 0.2, 0.2], [0.3, 0.35, 0.35]), strict=True):
        nn.init.zeros_(head.weight)
        head.bias.data = torch.tensor(p).log()
    return net


def gradients(net: nn.Module, rule: str, epoch: int = 0, **settings: float) -> dict[str, Tensor]:
    """What the rule leaves in every parameter for the rows of one class."""
    net.zero_grad()
    chosen = build_rule(net, stage(rule=rule, settings=settings, epochs=4), SAME)
    chosen.start_epoch(SAME, epoch)
    chosen.gradients(SAME)
    return {n: p.grad.clone() for n, p in net.named_parameters() if p.grad is not None}


def ratios(tensors: dict[str, Tensor], plain: dict[str, Tensor]) -> dict[str, float]:
    """The one factor between both gradients of every tensor that has any."""
    measured = {}
    for name, g in plain.items():
        if g.abs().max() < 1e-12:
            continue
        measured[name] = float((tensors[name] * g).sum() / (g * g).sum())
        torch.testing.assert_close(tensors[name], measured[name] * g, rtol=1e-4, atol=1e-7)
    return measured


# --- factors --------------------------------------------------------------------------------


def test_ogm_brakes_the_one_ahead_and_leaves_the_other_alone() -> None:
    # rho = 2, alpha = 0.5: 1 - tanh(1) = 1 - 0.7615942
    assert ogm_ge.modulation_coefficients(torch.tensor([6.0, 3.0]), 0.5).tolist() == pytest.approx(
        [0.2384058, 1.0]
    )
    assert ogm_ge.modulation_coefficients(torch.tensor([3.0, 6.0]), 0.5).tolist() == pytest.approx(
        [1.0, 0.2384058]
    )
    assert ogm_ge.modulation_coefficients(torch.tensor([4.0, 4.0]), 0.5).tolist() == [1.0, 1.0]
    assert ogm_ge.modulation_coefficients(torch.tensor([4.0, 0.0]), 0.5).tolist() == [0.0, 1.0]


def test_mlb_pushes_the_one_behind_up_to_beta() -> None:
    # r = (1/2, 2), alpha = 1: 1 + tanh(-0.5) = 1 - 0.4621172; 1 + (beta - 1) tanh(1)
    scores = torch.tensor([6.0, 3.0])
    assert mlb.modulation_coefficients(scores, 1.0, 2.0).tolist() == pytest.approx(
        [0.5378828, 1.7615942]
    )
    assert mlb.modulation_coefficients(scores, 1.0, 4.0).tolist() == pytest.approx(
        [0.5378828, 1 + 3 * 0.7615942]
    )
    assert mlb.modulation_coefficients(torch.tensor([5.0, 5.0]), 1.0, 4.0).tolist() == [1.0, 1.0]
    assert mlb.modulation_coefficients(
        torch.tensor([5.0, 0.0]), 1.0, 4.0
    ).tolist() == pytest.approx([1 - math.tanh(1), 4])


# --- what they reach ------------------------------------------------------------------------


def test_ogm_scales_every_tensor_of_the_strong_encoder_and_nothing_else() -> None:
    net = two_to_one()
    net.eval()
    plain = gradients(net, "plain")
    for name, ratio in ratios(gradients(net, "ogm-ge", alpha=0.5, noise=0.0), plain).items():
        strong = name.startswith(("encoders.x1.", "encoders.norm1."))
        assert ratio == pytest.approx(0.2384058 if strong else 1.0, rel=1e-4), name


def test_mlb_scales_encoders_and_their_projections_of_all_three_losses() -> None:
    net = model(WITH_HEADS)
    plain = three_losses(net)
    with torch.no_grad():
        alone = net(SAME.x1, SAME.x2).unimodal.softmax(dim=-1)[:, :, 0].sum(dim=0)
    r1, r2 = float(alone[1] / alone[0]), float(alone[0] / alone[1])
    assert r1 < 0.95 < 1.05 < r2
    slow, fast = 1 + math.tanh(1.5 * (r1 - 1)), 1 + 3 * math.tanh(1.5 * (r2 - 1))
    for name, ratio in ratios(gradients(net, "mlb", alpha=1.5, beta=4.0), plain).items():
        first = name.startswith(("encoders.x1.", "encoders.norm1.", "project.0."))
        second = name.startswith(("encoders.x2.", "encoders.norm2.", "project.1."))
        wanted = slow if first else fast if second else 1.0
        assert ratio == pytest.approx(wanted, rel=1e-4), name


def three_losses(net: nn.Module) -> dict[str, Tensor]:
    """Gradients of CE + CE_1 + CE_2."""
    net.zero_grad()
    out = net(SAME.x1, SAME.x2)
    logits = (out.logits, out.unimodal[:, 0], out.unimodal[:, 1])
    sum(nn.functional.cross_entropy(given, SAME.y) for given in logits).backward()
    return {n: p.grad.clone() for n, p in net.named_parameters()}


def test_modulation_ends_after_its_share_of_the_epochs() -> None:
    net = two_to_one()
    plain = gradients(net, "plain")
    for epoch, wanted in ((0, 0.2384058), (1, 0.2384058), (2, 1.0), (3, 1.0)):  # until 0.5 of 4
        result = gradients(net, "ogm-ge", epoch, alpha=0.5, noise=0.0)
        assert ratios(result, plain)["encoders.x1.body.2.weight"] == pytest.approx(wanted, rel=1e-4)
    weight = "encoders.x2.body.2.weight"
    for epoch, noisy in ((1, True), (2, False)):
        assert torch.equal(gradients(net, "ogm-ge", epoch)[weight], plain[weight]) != noisy


def test_a_model_without_heads_is_refused() -> None:
    rule = build_rule(model("joint"), stage(rule="mlb"), SAME)
    with pytest.raises(ConfigError, match="heads"):
        rule.gradients(SAME)


# --- the noise ------------------------------------------------------------------------------


def with_gradient(g: Tensor) -> nn.Parameter:
    parameter = nn.Parameter(torch.zeros_like(g))
    parameter.grad = g.clone()
    return parameter


def test_noise_has_the_spread_of_the_gradient_before_it_was_scaled() -> None:
    torch.manual_seed(0)
    g = torch.tensor([1.0, 5.0]).repeat(200, 100)  # mean 3, standard deviation 2
    kernel = g.reshape(200, 2, 10, 10)
    parameters = [with_gradient(g), with_gradient(kernel)]
    modulate_gradients(parameters, 0.25, 1.0)
    for parameter in parameters:
        noise = parameter.grad - 0.25 * g.reshape(parameter.shape)
        assert noise.std().item() == pytest.approx(2.0, rel=0.02)
        assert noise.mean().item() == pytest.approx(0.0, abs=0.04)


def test_vectors_single_entries_and_what_no_row_touched_get_no_noise() -> None:
    words = torch.tensor([[0.0, 0.0], [1.0, 3.0]])  # the first word is in no row
    tensors = [torch.tensor([1.0, 2.0, 3.0]), torch.tensor([[4.0]]), words]
    bias, single, embedding = parameters = [with_gradient(g) for g in tensors]
    modulate_gradients(parameters, 0.5, 1.0)
    assert bias.grad.tolist() == [0.5, 1.0, 1.5]
    assert single.grad.tolist() == [[2.0]]
    assert embedding.grad[0].tolist() == [0.0, 0.0]
    assert embedding.grad[1].tolist() != [0.5, 1.5]


def test_parameters_without_a_gradient_stay_without() -> None:
    idle = nn.Parameter(torch.ones(2, 2))
    modulate_gradients([idle], 0.5, 1.0)
    assert idle.grad is None


# --- a training -----------------------------------------------------------------------------


def trained(parts: ArchitectureOptions, **changes: Any) -> dict[str, Tensor]:
    net = model(parts)
    stages = (stage(optimizer="sgd", lr=0.05, **changes),)
    fit(net, stages, batch(48), batch(30, seed=5), seed=0)
    return net.state_dict()


def test_the_probes_of_ogm_only_observe() -> None:
    plain = trained(ArchitectureOptions("joint"))
    watched = trained(WITH_HEADS, rule="ogm-ge", settings={"until": 0.0})
    assert states_equal(plain, {k: v for k, v in watched.items() if k in plain})
    fresh = model(WITH_HEADS).state_dict()
    heads = [name for name in watched if name.startswith("heads.")]
    assert heads
    assert not any(torch.equal(watched[name], fresh[name]) for name in heads)


def test_the_heads_of_mlb_also_teach() -> None:
    plain = trained(ArchitectureOptions("joint"))
    taught = trained(WITH_HEADS, rule="mlb", settings={"until": 0.0})
    weight = "encoders.x1.body.2.weight"
    assert not torch.equal(plain[weight], taught[weight])


@pytest.mark.parametrize("rule", ["ogm-ge", "mlb"])
@pytest.mark.parametrize("epochs", [1, 2, 3])
def test_neither_noise_nor_window_depend_on_a_stop(tmp_path: Path, rule: str, epochs: int) -> None:
    stages = (stage(rule=rule, epochs=4, optimizer="sgd", settings={"until": 0.5}),)
    train, val, path = batch(48), batch(30, seed=5), tmp_path / "state.safetensors"

    with pytest.raises(Stopped):
        fit(model(WITH_HEADS), stages, train, val, seed=0, on_epoch=stop_after(epochs, path))
    resumed, whole = model(WITH_HEADS, seed=99), model(WITH_HEADS)
    end = fit(resumed, stages, train, val, seed=0, state=FitState.load(path)[0])
    wanted = fit(whole, stages, train, val, seed=0)
    assert end.history == wanted.history
    assert states_equal(resumed.state_dict(), whole.state_dict())
