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

ENSEMBLE = Paradigm(
    name="ensemble",
    title="Ensemble",
    summary="One model per modality, trained alone; their probabilities are averaged.",
    citation="The usual baseline; its two models are the frozen unimodal pair of the seed.",
    parts=Parts("ensemble"),
    stages=tuple(
        Stage(
            f"alone-{m}",
            f"{m} modality {m} alone",
            (f"encoders.x{m}.", f"encoders.norm{m}.", f"heads.{m - 1}."),
            40,
            1e-3,
            {f"ce_x{m}": 1.0},
        )
        for m in (1, 2)
    ),
)

# Validation watches the answer alone: where no modality says anything alone, the heads only
# overfit, and would end the stage before the fusion has learnt.
MULTI_LOSS = Paradigm(
    name="multi-loss",
    title="Multi-loss",
    summary="Joint, and each modality also has to predict the class from its own head.",
    citation="Wu et al.: Multimodal Multi-Loss Fusion Network. NAACL 2024 (its losses alone)",
    parts=Parts("joint", heads=True),
    stages=(
        replace(JOINT.stages[0], losses={"ce": 1.0, "ce_x1": 1.0, "ce_x2": 1.0}, watch={"ce": 1.0}),
    ),
)

# Adam divides by the size of the gradient and so undoes most of what a rule multiplies it by.
# Whatever rescales gradients therefore learns by SGD, and so do its controls. Validation looks
# at the answer alone; the heads' losses are the rules' own business.
_DESCENT = replace(JOINT.stages[0], optimizer="sgd", lr=5e-2, weight_decay=1e-4)

JOINT_SGD = Paradigm(
    name="joint-sgd",
    title="Joint (SGD)",
    summary="Joint with the optimiser of the methods that rescale gradients: their control.",
    citation="A control, not a method.",
    parts=JOINT.parts,
    stages=(_DESCENT,),
)

JOINT_FAST = Paradigm(
    name="joint-fast",
    title="Joint (SGD, fast encoders)",
    summary="Joint whose encoders merely learn 2.5 times as fast: control for MMPareto and MLB.",
    citation="A control, not a method: MMPareto's gamma and MLB's push without their rules.",
    parts=JOINT.parts,
    stages=(replace(_DESCENT, lr_factors={"encoders.": 2.5}),),
)

OGM_GE = Paradigm(
    name="ogm-ge",
    title="OGM-GE",
    summary="Brakes the encoder of the modality that is ahead, and adds noise to both.",
    citation="Peng, Wei, Deng, Wang, Hu: Balanced Multimodal Learning via On-the-fly Gradient "
    "Modulation. CVPR 2022",
    parts=Parts("joint", heads=True),
    stages=(replace(_DESCENT, rule="ogm-ge"),),
)

MLB = Paradigm(
    name="mlb",
    title="MLB",
    summary="Multi-loss that brakes the encoder that is ahead and pushes the one behind.",
    citation="Kontras et al.: Improving Multimodal Learning with Multi-Loss Gradient Modulation. "
    "BMVC 2024",
    parts=Parts("joint", heads=True),
    stages=(replace(_DESCENT, rule="mlb"),),
)

AGM = Paradigm(
    name="agm",
    title="AGM",
    summary="Splits the answer into shares and keeps each modality at its own running pace.",
    citation="Li, Li, Hu, Lei, Li, Zhou: Boosting Multi-modal Model Performance with Adaptive "
    "Gradient Modulation. ICCV 2023",
    parts=JOINT.parts,
    stages=(replace(_DESCENT, rule="agm"),),
)

MMPARETO = Paradigm(
    name="mmpareto",
    title="MMPareto",
    summary="Multi-loss; where an encoder's two gradients disagree, a compromise hurts neither.",
    citation="Wei, Hu: MMPareto: Boosting Multimodal Learning with Innocent Unimodal Assistance. "
    "ICML 2024",
    parts=Parts("joint", heads=True),
    stages=(replace(_DESCENT, rule="mmpareto"),),
)

_EVERYTHING = ("",)
_TOGETHER = "1 everything together"

PMR = Paradigm(
    name="pmr",
    title="PMR",
    summary="Pulls the features of the slower modality towards the average of their class.",
    citation="Fan, Xu, Wang, Wang, Guo: PMR: Prototypical Modal Rebalance for Multimodal Learning. "
    "CVPR 2023",
    parts=Parts("joint"),
    stages=(Stage("joint", _TOGETHER, _EVERYTHING, 40, 1e-3, {"ce": 1.0}, rule="prototypes"),),
)

MCR = Paradigm(
    name="mcr",
    title="MCR",
    summary="Two encoders, trained alone first, compete for influence on the answer.",
    citation="Kontras et al.: Balancing Multimodal Training Through Game-Theoretic Regularization. "
    "NeurIPS 2025, arXiv:2411.07335",
    parts=Parts("joint", heads=True),
    stages=(
        *ENSEMBLE.stages,
        Stage(
            "game",
            "3 everything together, as a game",
            _EVERYTHING,
            40,
            1e-3,
            {"ce": 1.0, "ce_x1": 0.01, "ce_x2": 0.01},
            watch={"ce": 1.0},
            rule="game",
        ),
    ),
)

TCMAX = Paradigm(
    name="tcmax",
    title="TCMax",
    summary="Scores true pairs of inputs and their label above mixed pairs and other labels.",
    citation="Yu, Wu, Yang, Lu: Multimodal Classification via Total Correlation Maximization. "
    "ICLR 2026, arXiv:2602.13015",
    parts=Parts("joint"),
    stages=(Stage("joint", _TOGETHER, _EVERYTHING, 40, 1e-3, {"ce": 1.0}, rule="correlation"),),
)

QMF = Paradigm(
    name="qmf",
    title="QMF",
    summary="Adds up two answers, each weighed by how sure its own modality is of this sample.",
    citation="Zhang, Wu, Zhang, Hu, Fu, Zhou, Peng: Provable Dynamic Fusion for Low-Quality "
    "Multimodal Data. ICML 2023",
    parts=Parts("qmf"),
    stages=(
        Stage(
            "joint",
            _TOGETHER,
            _EVERYTHING,
            40,
            1e-3,
            {"ce": 1.0, "ce_x1": 1.0, "ce_x2": 1.0},
            watch={"ce": 1.0},
            rule="ranking",
        ),
    ),
)

PARADIGMS: dict[str, Paradigm] = {
    p.name: p
    for p in (
        JOINT, ENSEMBLE, DMIL, DMIL_PAPER, MULTI_LOSS, JOINT_SGD, JOINT_FAST, OGM_GE, MLB, AGM,
        MMPARETO, PMR, MCR, TCMAX, QMF,
    )
}  # fmt: skip


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
