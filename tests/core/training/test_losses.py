"""Each loss term against numbers computed by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from dmil_core.config import Weight
from dmil_core.errors import ConfigError
from dmil_core.models.batch import Batch
from dmil_core.models.i2m2 import I2m2Output
from dmil_core.models.mib import MibOutput
from dmil_core.models.outputs import DmilOutput, Output, Reconstructions
from dmil_core.models.posteriors import Gaussian
from dmil_core.training.losses import (
    FAMILIES,
    TERMS,
    ModelOutputs,
    evaluate,
    terms,
    total,
    weight_each,
)
from tests.core.builders import batch, model

#: Logits whose probabilities are 3/4 and 1/4.
THREE_TO_ONE = [math.log(3.0), 0.0]
RIGHT, WRONG, EVEN = -math.log(0.75), -math.log(0.25), math.log(2.0)


#: A gate target averaged over the classes.
EXPECTED = torch.tensor([[0.25, 0.125, 0.0, 0.5]])
INFORMED = torch.tensor([[0.0, 0.5, 0.25, 0.125]])


def gaussian(mu: float, variance: float = 1.0) -> Gaussian:
    """One row, two equal dimensions."""
    return Gaussian(torch.full((1, 2), mu), torch.full((1, 2), math.log(variance)))


def row() -> ModelOutputs:
    """One row of class 0 with posteriors, heads and reconstructions that are easy to sum."""
    components = torch.tensor([[THREE_TO_ONE, [0.0, math.log(3.0)], [0.0, 0.0], THREE_TO_ONE]])
    gate_logits = torch.log(torch.tensor([GATE]))
    posteriors = {
        "M1": gaussian(1.0), "N1": gaussian(2.0), "M2": gaussian(0.0), "N2": gaussian(0.0),
        "R": gaussian(1.0), "U1": gaussian(0.0, math.e), "U2": gaussian(3.0),
    }  # fmt: skip
    out = DmilOutput(
        logits=torch.tensor([THREE_TO_ONE]),
        unimodal=torch.tensor([[THREE_TO_ONE, [0.0, 0.0]]]),
        latents={},
        gate=gate_logits.exp(),
        components=components,
        gate_logits=gate_logits,
        explained_logits=torch.tensor([math.log(3.0)]),
        posteriors=posteriors,
        draws={},
        features=(torch.zeros(1, 2), torch.zeros(1, 2)),
    )
    rebuilt = Reconstructions(
        inputs=(pair([1.0, 3.0], [0.0, 0.0]), pair([1.0, 1.0], [1.0, 1.0])),
        components=(pair([2.0, 0.0], [0.0, 0.0]), pair([0.0, 0.0], [1.0, 1.0])),
        helpers=(gaussian(1.0, math.e), gaussian(3.0)),
    )
    w = torch.tensor([[0.5, 0.25, 0.125, 0.0]])
    x, alone = torch.zeros(1, 1), torch.tensor([[0.75, 0.5]])
    truth = torch.tensor([[0.75, 0.625, 0.75]])
    # Accuracies whose square roots, the floors under the confidence, are 9/16 and 1/4.
    known = {"alone": alone, "skill": alone**4, "truth": truth, "expected": EXPECTED}
    known["informed"] = INFORMED
    return ModelOutputs(out, Batch(x, x, torch.tensor([0]), w, **known), rebuilt)


def value_of(name: str, outputs: ModelOutputs) -> Tensor:
    return terms(outputs, [name])[name]


def of_the_row(out: Output) -> ModelOutputs:
    """The same row, seen by a model of another architecture."""
    return ModelOutputs(out, row().batch, None)


def bottleneck() -> ModelOutputs:
    codes = {"Z1": gaussian(1.0), "Z2": gaussian(0.0, math.e), "F": gaussian(3.0)}
    return of_the_row(MibOutput(torch.zeros(1, 2), None, {}, codes))


def three() -> ModelOutputs:
    """The row with a third modality: a head of its own, posteriors and a reconstruction."""
    two = row()
    assert isinstance(two.out, DmilOutput)
    assert two.decoded is not None
    out = replace(
        two.out,
        unimodal=torch.tensor([[THREE_TO_ONE, [0.0, 0.0], [0.0, math.log(3.0)]]]),
        posteriors={**two.out.posteriors, "M3": gaussian(2.0), "N3": gaussian(0.0, math.e)},
        features=(torch.zeros(1, 2),) * 3,
    )
    rebuilt = two.decoded._replace(inputs=(*two.decoded.inputs, pair([2.0, 0.0], [0.0, 0.0])))
    w = torch.tensor([[0.5, 0.25, 0.125, 0.0625, 0.0]])
    alone = torch.tensor([[0.75, 0.5, 0.25]])
    x = torch.zeros(1, 1)
    rows = Batch(x, x, torch.tensor([0]), w, x3=x, alone=alone, skill=alone**4)
    return ModelOutputs(out, rows, rebuilt)


def product() -> ModelOutputs:
    both = torch.tensor([[0.0, math.log(3.0)]])
    return of_the_row(I2m2Output(torch.zeros(1, 2), None, {}, both))


#: Terms that are not of a decomposition of two -> what they are computed from.
OF_OTHERS = {
    "kl_codes": bottleneck,
    "kl_fused": bottleneck,
    "ce_both": product,
    "ce_unimodal_x3": three,
    "ce_known_x3": three,
    "kl_intra_x3": three,
    "recon_input_x3": three,
}


def pair(made: list[float], wanted: list[float]) -> tuple[Tensor, Tensor]:
    return torch.tensor([made]), torch.tensor([wanted])


# (1/2, 1/4, 1/8) to the power of 8, over their sum.
V = [2.0 ** (-8 * n) / (1 + 2.0**-8 + 2.0**-16) for n in range(3)]

A = [n**8 / (2**8 + 6**8 + 2**8 + 3**8) for n in (2, 6, 2, 3)]
GATE = (0.4, 0.3, 0.2, 0.1)

BY_HAND = {
    "ce": RIGHT,
    "ce_unimodal_x1": RIGHT,
    "ce_unimodal_x2": EVEN,
    "ce_flat": RIGHT + WRONG + EVEN + RIGHT,
    "ce_responsible": 7 / 8 * (V[0] * RIGHT + V[1] * WRONG + V[2] * EVEN),
    "ce_soft": 0.5 * RIGHT + 0.25 * WRONG + 0.125 * EVEN,
    # Above chance 1/2: a = 1/2, 1/4, together 1/2, so w = (2, 6, 2, 3)/16.
    "ce_absolute": 13 / 16 * (A[0] * RIGHT + A[1] * WRONG + A[2] * EVEN + A[3] * RIGHT),
    # The heads say 3:1, 1:3, even and 3:1.
    "ce_pure": 0.875
    * (
        (V[0] + (1 - V[0]) / 2) * RIGHT
        + (1 - V[0]) / 2 * WRONG
        + (V[1] + (1 - V[1]) / 2) * WRONG
        + (1 - V[1]) / 2 * RIGHT
        + EVEN
        + RIGHT / 2
        + WRONG / 2
    ),
    # f = 9/16, and a = 3/4 is known: a confidence of 9/16 + 7/16 * 3/4 = 57/64.
    "ce_known_x1": 57 / 64 * RIGHT + 7 / 64 * (RIGHT + WRONG) / 2,
    "ce_known_x2": EVEN,
    # log(1 + e^-log 3) = log(4/3) and log(1 + 3) = log 4, weighed 0.875 and 0.125
    "explained": 0.875 * math.log(4 / 3) + 0.125 * math.log(4.0),
    "gate": -7 / 8 * (V[0] * math.log(0.4) + V[1] * math.log(0.3) + V[2] * math.log(0.2)),
    "gate_informed": -(0.5 * math.log(0.3) + 0.25 * math.log(0.2) + 0.125 * math.log(0.1)),
    "gate_expected": -(0.25 * math.log(0.4) + 0.125 * math.log(0.3) + 0.5 * math.log(0.1)),
    "gate_soft": -(0.5 * math.log(0.4) + 0.25 * math.log(0.3) + 0.125 * math.log(0.2)),
    "gate_absolute": -13 / 16 * sum(a * math.log(g) for a, g in zip(A, GATE, strict=True)),
    # KL(N(m, v) || N(0, 1)) = (m^2 + v - 1 - log v) / 2 in every dimension.
    "kl_intra_x1": 0.5 + 2.0,
    "kl_intra_x2": 0.0,
    "kl_consistency": 0.5 + (math.e - 2.0) / 2 + 4.5,
    # KL(N(1, 1) || N(1, e)) + KL(N(1, 1) || N(3, 1)); the first the other way round is 0.36
    "align": 0.5 / math.e + 2.0,
    "recon_input_x1": (1.0 + 9.0) / 2,
    "recon_input_x2": 0.0,
    "recon_components": 4.0 / 2 + 1.0,
    "kl_codes": 0.5 + (math.e - 2.0) / 2,
    "kl_fused": 4.5,
    "ce_both": WRONG,
    "ce_unimodal_x3": WRONG,
    # Modality 3 knows 1/4, not the w_R + w_U3 that the other two account for: 1/16 + 15/16 * 1/4.
    "ce_known_x3": 19 / 64 * WRONG + 45 / 64 * (RIGHT + WRONG) / 2,
    "kl_intra_x3": 2.0 + (math.e - 2.0) / 2,
    "recon_input_x3": 4.0 / 2,
}


def test_every_term_has_a_number_here() -> None:
    assert set(BY_HAND) == {*TERMS, *(f"{name}_x{m}" for name in FAMILIES for m in (1, 2, 3))}


@pytest.mark.parametrize("name", BY_HAND)
def test_term_is_the_number_computed_by_hand(name: str) -> None:
    value = value_of(name, OF_OTHERS.get(name, row)())
    assert value.shape == (1,)
    assert value.item() == pytest.approx(BY_HAND[name], rel=1e-5, abs=1e-6)


def test_total_is_the_weighted_sum() -> None:
    weights = {"ce": 2.0, "gate": 0.5, "recon_input": 0.25, "kl_intra": (0.5, 3.0)}
    wanted = 2.0 * BY_HAND["ce"] + 0.5 * BY_HAND["gate"] + 0.25 * BY_HAND["recon_input_x1"]
    wanted += 0.5 * BY_HAND["kl_intra_x1"] + 3.0 * BY_HAND["kl_intra_x2"]
    assert total(row(), weights).item() == pytest.approx(wanted, rel=1e-5)


def test_a_term_that_does_not_exist_is_named() -> None:
    with pytest.raises(ConfigError, match="loss hinge: expected names of ce, "):
        total(row(), {"ce": 1.0, "hinge": 1.0})


UNIMODAL = tuple(f"{term}_x{m}" for term in ("ce_unimodal", "ce_known") for m in (1, 2))
OF_PARTS = sorted({n for n in BY_HAND if not n.endswith("x3")} - {"ce", *UNIMODAL})


@pytest.mark.parametrize("name", OF_PARTS)
@pytest.mark.parametrize("architecture", ["joint", "ensemble"])
def test_terms_refuse_models_without_their_parts(architecture: str, name: str) -> None:
    outputs = evaluate(model(architecture), batch(5))  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="joint and ensemble have none"):
        value_of(name, outputs)


@pytest.mark.parametrize("name", UNIMODAL)
def test_joint_has_no_unimodal_heads_to_train(name: str) -> None:
    with pytest.raises(ConfigError, match="joint has none"):
        value_of(name, evaluate(model("joint"), batch(5)))


@pytest.mark.parametrize(
    ("weights", "modality", "says"),
    [
        ({"ce_unimodal": 1.0}, 3, "modality 3: expected 1 to 2"),
        ({"kl_intra": (1.0, 2.0, 3.0)}, None, "loss kl_intra: expected a weight or 2, .* got 3"),
        ({"ce": (1.0, 2.0)}, None, "loss ce: expected one weight"),
        ({"kl_intra_x1": 1.0}, None, "loss kl_intra_x1: expected names of ce, .*kl_intra"),
    ],
)
def test_weights_that_do_not_suit_two_modalities_are_refused(
    weights: dict[str, Weight], modality: int | None, says: str
) -> None:
    with pytest.raises(ConfigError, match=says):
        weight_each(weights, 2, modality)


def test_a_stage_of_one_modality_weighs_that_one_alone() -> None:
    weights: dict[str, Weight] = {"ce": 1.0, "kl_intra": (0.5, 3.0)}
    assert weight_each(weights, 2) == {"ce": 1.0, "kl_intra_x1": 0.5, "kl_intra_x2": 3.0}
    assert weight_each(weights, 2, 2) == {"ce": 1.0, "kl_intra_x2": 3.0}
    wanted = BY_HAND["ce"] + 3.0 * BY_HAND["kl_intra_x2"]
    assert total(row(), weights, 2).item() == pytest.approx(wanted, rel=1e-5)


def test_a_row_of_no_responsibility_teaches_neither_heads_nor_gate() -> None:
    net = model("dmil").train()
    b = batch(8)
    unexplained = Batch(b.x1, b.x2, b.y, torch.zeros(8, 4))
    total(evaluate(net, unexplained), {"ce_responsible": 1.0, "gate": 1.0}).mean().backward()
    moved = [n for n, p in net.named_parameters() if p.grad is not None and p.grad.abs().max() > 0]
    assert moved == []


def test_a_head_learns_its_own_samples_only() -> None:
    net = model("dmil").train()
    b = batch(8)
    only_s = torch.tensor([[0.0, 0.0, 0.0, 1.0]]).expand(8, 4)
    outputs = evaluate(net, Batch(b.x1, b.x2, b.y, only_s))
    total(outputs, {"ce_responsible": 1.0}).mean().backward()
    gradients = {c: head.weight.grad.abs().max().item() for c, head in net.heads.items()}
    assert gradients["S"] > 0
    assert gradients["R"] == gradients["U1"] == gradients["U2"] == 0


def test_the_target_of_a_reconstruction_is_not_pulled_towards_it() -> None:
    net, b = model("dmil").train(), batch(8)
    for made, wanted in evaluate(net, b).reconstructions.inputs:
        assert made.requires_grad
        assert not wanted.requires_grad


def test_batches_give_the_rows_asked_for() -> None:
    b = batch(10)
    part = b.rows(torch.tensor([7, 2]))
    assert len(part) == 2
    assert part.y.tolist() == [b.y[7].item(), b.y[2].item()]
    assert torch.equal(part.x1[0], b.x1[7])
    assert torch.equal(part.x2[1], b.x2[2])


def test_a_label_that_a_modality_cannot_predict_is_smoothed_less_where_it_predicts_most() -> None:
    """A row of which it knows nothing: confidence sqrt(kappa), a quarter or nothing."""
    out = replace(row().out, unimodal=torch.tensor([[THREE_TO_ONE, [0.0, 0.0]]] * 2))
    x, y, nothing = torch.zeros(2, 1), torch.tensor([0, 0]), torch.zeros(2, 2)
    for kappa, b in ((1 / 16, 0.25), (0.0, 0.0)):
        known = Batch(x, x, y, torch.zeros(2, 4), alone=nothing, skill=torch.full((2, 2), kappa))
        value = value_of("ce_known_x1", ModelOutputs(out, known, None))[1].item()
        assert value == pytest.approx(b * RIGHT + (1 - b) * (RIGHT + WRONG) / 2, rel=1e-5)


SMOOTHED = {
    "ce": RIGHT,
    "ce_unimodal_x1": RIGHT,
    "ce_flat": RIGHT + WRONG + EVEN + RIGHT,
    "ce_responsible": BY_HAND["ce_responsible"],
}
EVENLY = {
    "ce": (RIGHT + WRONG) / 2,
    "ce_unimodal_x1": (RIGHT + WRONG) / 2,
    "ce_flat": 3 * (RIGHT + WRONG) / 2 + EVEN,
    "ce_responsible": 7 / 8 * ((V[0] + V[1]) * (RIGHT + WRONG) / 2 + V[2] * EVEN),
}


@pytest.mark.parametrize("name", SMOOTHED)
def test_smoothing_moves_a_cross_entropy_towards_that_to_the_uniform_distribution(
    name: str,
) -> None:
    value = value_of(name, replace(row(), smoothing=0.2)).item()
    assert value == pytest.approx(0.8 * SMOOTHED[name] + 0.2 * EVENLY[name], rel=1e-5)
