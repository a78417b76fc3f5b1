"""Published methods that keep one modality from outrunning the other: rules over joint learning."""

from __future__ import annotations

from dataclasses import replace

from dmil_core.config import Parts
from dmil_core.paradigms.baselines import ALONE, DESCENT, JOINT, MULTI_LOSS
from dmil_core.paradigms.paradigm import Paradigm

OGM_GE = Paradigm(
    name="ogm-ge",
    title="OGM-GE",
    summary="Brakes the encoder of the modality that is ahead, and adds noise to both.",
    citation="Peng, Wei, Deng, Wang, Hu: Balanced Multimodal Learning via On-the-fly Gradient "
    "Modulation. CVPR 2022",
    parts=Parts("joint", heads=True),
    stages=(replace(DESCENT, rule="ogm-ge"),),
)

MLB = Paradigm(
    name="mlb",
    title="MLB",
    summary="Multi-loss that brakes the encoder that is ahead and pushes the one behind.",
    citation="Kontras et al.: Improving Multimodal Learning with Multi-Loss Gradient Modulation. "
    "BMVC 2024",
    parts=Parts("joint", heads=True),
    stages=(replace(DESCENT, rule="mlb"),),
)

AGM = Paradigm(
    name="agm",
    title="AGM",
    summary="Splits the answer into shares and keeps each modality at its own running pace.",
    citation="Li, Li, Hu, Lei, Li, Zhou: Boosting Multi-modal Model Performance with Adaptive "
    "Gradient Modulation. ICCV 2023",
    parts=JOINT.parts,
    stages=(replace(DESCENT, rule="agm"),),
)

MMPARETO = Paradigm(
    name="mmpareto",
    title="MMPareto",
    summary="Multi-loss; where an encoder's two gradients disagree, a compromise hurts neither.",
    citation="Wei, Hu: MMPareto: Boosting Multimodal Learning with Innocent Unimodal Assistance. "
    "ICML 2024",
    parts=Parts("joint", heads=True),
    stages=(replace(DESCENT, rule="mmpareto"),),
)

PMR = Paradigm(
    name="pmr",
    title="PMR",
    summary="Pulls the features of the slower modality towards the average of their class.",
    citation="Fan, Xu, Wang, Wang, Guo: PMR: Prototypical Modal Rebalance for Multimodal Learning. "
    "CVPR 2023",
    parts=Parts("joint"),
    stages=(replace(JOINT.stages[0], rule="prototypes"),),
)

MCR = Paradigm(
    name="mcr",
    title="MCR",
    summary="Two encoders, trained alone first, compete for influence on the answer.",
    citation="Kontras et al.: Balancing Multimodal Training Through Game-Theoretic Regularization. "
    "NeurIPS 2025, arXiv:2411.07335",
    parts=Parts("joint", heads=True),
    stages=(
        *ALONE,
        replace(
            MULTI_LOSS.stages[0],
            name="game",
            title="3 everything together, as a game",
            losses={"ce": 1.0, "ce_x1": 0.01, "ce_x2": 0.01},
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
    stages=(replace(JOINT.stages[0], rule="correlation"),),
)
