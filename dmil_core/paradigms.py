"""The paradigms as values: which architecture, which stages, which losses, whose idea.

An ablation is ``dataclasses.replace`` of one of these, never a subclass.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from dmil_core.config import Parts, Stage
from dmil_core.errors import ConfigError


@dataclass(frozen=True)
class Paradigm:
    """One way to learn from two modalities.

    Attributes
    ----------
    folds
        How many folds cross-fit the responsibilities; 0 where none are needed.
    stages
        Written for ``REFERENCE_ROWS`` training rows; :func:`stages_for` scales the epochs.
    """

    name: str
    title: str
    summary: str
    citation: str
    parts: Parts
    stages: tuple[Stage, ...]
    folds: int = 0


REFERENCE_ROWS = 8000

_DMIL = "Yang, Wei, Ni, Xu, Hu: Information-Theoretic Decomposition for Multimodal Interaction "
_DMIL += "Learning. CVPR 2026, arXiv:2606.11614"

_INTRA = ("encoders.", "intra1.", "intra2.")
_INTERACTION = ("consistency.", "synergy.", "heads.", "gate.")

_L1 = {"ce_x1": 1.0, "ce_x2": 1.0, "rebuild_1": 1.0, "rebuild_2": 1.0, "kl_1": 1e-3, "kl_2": 1e-3}
_L2 = {
    "ce_responsible": 1.0,
    "gate": 0.5,
    "kl_consistency": 1e-3,
    "align": 1e-3,
    "rebuild_parts": 0.1,
}

# Weights of the released code for CREMA-D. Its KL terms are taken per dimension here.
_PAPER_L1 = {
    "ce_x1": 1.0,
    "ce_x2": 1.0,
    "kl_1": 0.008,
    "kl_2": 0.04,
    "rebuild_1": 0.002,
    "rebuild_2": 0.01,
}
_PAPER_L2 = {
    "ce": 1.0,
    "ce_flat": 0.5,
    "kl_consistency": 0.02,
    "align": 0.02,
    "rebuild_parts": 0.005,
}
_PAPER_L3 = {
    "ce": 1.0,
    "ce_x1": 0.5,
    "ce_x2": 0.5,
    "ce_flat": 0.8,
    "kl_1": 0.02,
    "kl_2": 0.02,
    "rebuild_1": 0.003,
    "rebuild_2": 0.003,
    "kl_consistency": 0.008,
    "align": 0.008,
    "rebuild_parts": 0.001,
}


def _scaled(weights: dict[str, float], factor: float) -> dict[str, float]:
    return {name: factor * w for name, w in weights.items()}


def _three_stages(
    first: dict[str, float], second: dict[str, float], third: dict[str, float]
) -> tuple[Stage, ...]:
    return (
        Stage("decompose", "1 intra-modality decomposition", _INTRA, 20, 2e-3, first),
        Stage("interact", "2 consistency, synergy and gate", _INTERACTION, 15, 2e-3, second),
        Stage("together", "3 everything together", ("",), 40, 1e-3, third),
    )


DMIL = Paradigm(
    name="dmil",
    title="DMIL",
    summary="Decomposes explicitly; each part learns the samples it can explain.",
    citation=_DMIL,
    parts=Parts("dmil"),
    stages=_three_stages(_L1, _L2, {"ce": 1.0, **_scaled(_L1, 0.5), **_L2}),
    folds=3,
)

DMIL_PAPER = Paradigm(
    name="dmil-paper",
    title="DMIL (released losses)",
    summary="The same model with the released losses: every part learns every sample.",
    citation=_DMIL,
    parts=Parts("dmil", rebuild="features"),
    stages=_three_stages(_PAPER_L1, _PAPER_L2, _PAPER_L3),
)

JOINT = Paradigm(
    name="joint",
    title="Joint",
    summary="Fuses both modalities and learns one head on everything.",
    citation="The usual baseline; the fusion head is the one DMIL's synergy uses.",
    parts=Parts("joint"),
    stages=(Stage("joint", "1 everything together", ("",), 40, 1e-3, {"ce": 1.0}),),
)

# One modality's encoder with a head of its own, then the other's.
_ALONE = tuple(
    Stage(
        f"alone-{m}",
        f"{m} modality {m} alone",
        (f"encoders.x{m}.", f"encoders.norm{m}.", f"heads.{m - 1}."),
        40,
        1e-3,
        {f"ce_x{m}": 1.0},
    )
    for m in (1, 2)
)

ENSEMBLE = Paradigm(
    name="ensemble",
    title="Ensemble",
    summary="One model per modality, trained alone; their probabilities are averaged.",
    citation="The usual baseline; its two models are the frozen unimodal pair of the seed.",
    parts=Parts("ensemble"),
    stages=_ALONE,
)

# --- variants of the baselines ---------------------------------------------------------------

ENSEMBLE_LOGITS = replace(
    ENSEMBLE,
    name="ensemble-logits",
    title="Ensemble of logits",
    summary="The ensemble with its logits averaged in place of its probabilities.",
    citation="The other usual average; an overconfident model weighs more in it.",
    parts=Parts("ensemble", average="logits"),
)

JOINT_MATCHED = replace(
    JOINT,
    name="joint-matched",
    title="Joint, size of DMIL",
    summary="Joint with a wider fusion, so that it has as many parameters as DMIL.",
    citation="A control: what more parameters alone are worth.",
    parts=Parts("joint", matched=True),
)

_FUSION = ("project.", "fusion.", "head.")
_PRETRAINED = "A usual baseline; in Kontras et al.: Balancing Multimodal Training Through "
_PRETRAINED += "Game-Theoretic Regularization. NeurIPS 2025, it beats most balancing methods."

# The heads only teach the encoders: what is tuned last is what the answer comes from.
PRETRAINED = Paradigm(
    name="pretrained",
    title="Pretrained",
    summary="Each encoder learns alone first; then both and the fusion learn together.",
    citation=_PRETRAINED,
    parts=Parts("joint", heads=True),
    stages=(
        *_ALONE,
        Stage("tune", "3 everything together", ("encoders.", *_FUSION), 40, 1e-3, {"ce": 1.0}),
    ),
)

PRETRAINED_FROZEN = replace(
    PRETRAINED,
    name="pretrained-frozen",
    title="Pretrained, frozen",
    summary="Each encoder learns alone and stays as it is; only the fusion learns from both.",
    stages=(*_ALONE, Stage("fuse", "3 the fusion alone", _FUSION, 40, 1e-3, {"ce": 1.0})),
)

# --- rival architectures ---------------------------------------------------------------------

MMTM = Paradigm(
    name="mmtm",
    title="MMTM",
    summary="Each modality turns the other one's features up or down before they are fused.",
    citation="Joze, Shaban, Iuzzolino, Koishida: MMTM: Multimodal Transfer Module for CNN Fusion. "
    "CVPR 2020",
    parts=Parts("mmtm"),
    stages=JOINT.stages,
)

# The published program counts the task loss of the fused code twice. beta is 1e-3 per dimension.
_MIB = {"ce": 2.0, "ce_x1": 1.0, "ce_x2": 1.0, "kl_codes": 1e-3, "kl_fused": 1e-3}

MIB = Paradigm(
    name="mib",
    title="C-MIB",
    summary="Squeezes each modality and the fusion through noise that keeps what predicts.",
    citation="Mai, Zeng, Hu: Multimodal Information Bottleneck: Learning Minimal Sufficient "
    "Unimodal and Multimodal Representations. IEEE TMM 2022",
    parts=Parts("mib"),
    stages=(replace(JOINT.stages[0], losses=_MIB),),
)

I2M2 = Paradigm(
    name="i2m2",
    title="I2M2",
    summary="Multiplies three models: one of each modality and one of both.",
    citation="Madaan, Makino, Chopra, Cho: Jointly Modeling Inter- & Intra-Modality Dependencies "
    "for Multi-modal Learning. NeurIPS 2024",
    parts=Parts("i2m2"),
    stages=(
        *_ALONE,
        Stage("both", "3 both modalities", ("both.",), 40, 1e-3, {"ce_both": 1.0}),
        Stage("product", "4 the product of all", ("",), 40, 1e-3, {"ce": 1.0}),
    ),
)

I2MOE = Paradigm(
    name="i2moe",
    title="I2MoE",
    summary="Four experts, each pushed to one kind of interaction, and weights that mix them.",
    citation="Xin et al.: I2MoE: Interpretable Multimodal Interaction-aware Mixture-of-Experts. "
    "ICML 2025, arXiv:2505.19190",
    parts=Parts("i2moe"),
    stages=(replace(JOINT.stages[0], rule="experts"),),
)

PARADIGMS: dict[str, Paradigm] = {
    p.name: p
    for p in (
        *(JOINT, ENSEMBLE, DMIL, DMIL_PAPER),
        *(ENSEMBLE_LOGITS, JOINT_MATCHED, PRETRAINED, PRETRAINED_FROZEN),
        *(MMTM, MIB, I2M2, I2MOE),
    )
}


def find_paradigm(name: str) -> Paradigm:
    """The paradigm of that name.

    Raises
    ------
    ConfigError
        Listing the names there are.
    """
    if name not in PARADIGMS:
        raise ConfigError(f"paradigm {name!r} does not exist; expected {', '.join(PARADIGMS)}")
    return PARADIGMS[name]


def stages_for(paradigm: Paradigm, rows: int) -> tuple[Stage, ...]:
    """The stages for a training set of ``rows``.

    A small set gets smaller batches and, where those are few, somewhat more epochs: between as
    many epochs and as many optimiser steps as the reference has, never fewer epochs. Patience
    grows with the epochs.
    """
    batch = 256 if rows >= REFERENCE_ROWS else 64 if rows > 500 else 32
    per_epoch = max(1, math.ceil(rows / batch))
    reference = math.ceil(REFERENCE_ROWS / 256)

    def fitted(stage: Stage) -> Stage:
        epochs = min(200, max(1, round(stage.epochs * max(1.0, math.sqrt(reference / per_epoch)))))
        patience = max(5, round(epochs / 3))
        return replace(stage, epochs=epochs, patience=patience, batch_size=batch)

    return tuple(fitted(s) for s in paradigm.stages)
