"""Published methods against modality imbalance: gradient rules over joint learning."""

from __future__ import annotations

from dataclasses import replace

from dmil_core.config import ArchitectureOptions
from dmil_core.paradigms.baselines import DESCENT, JOINT, MULTI_LOSS
from dmil_core.paradigms.paradigm import Paradigm

OGM_GE = Paradigm(
    name="ogm-ge",
    title="OGM-GE",
    summary="Reduces the gradient of the encoder whose modality leads, and adds noise to both.",
    citation="Peng, Wei, Deng, Wang, Hu: Balanced Multimodal Learning via On-the-fly Gradient "
    "Modulation. CVPR 2022",
    options=ArchitectureOptions("joint", heads=True),
    stages=(replace(DESCENT, rule="ogm-ge"),),
)

MLB = Paradigm(
    name="mlb",
    title="MLB",
    summary="Multi-loss; the gradient of the leading encoder shrinks, that of the other grows.",
    citation="Kontras et al.: Improving Multimodal Learning with Multi-Loss Gradient Modulation. "
    "BMVC 2024",
    options=ArchitectureOptions("joint", heads=True),
    stages=(replace(DESCENT, rule="mlb"),),
)

AGM = Paradigm(
    name="agm",
    title="AGM",
    summary="Attributes the logits to the modalities and modulates the gradient of each.",
    citation="Li, Li, Hu, Lei, Li, Zhou: Boosting Multi-modal Model Performance with Adaptive "
    "Gradient Modulation. ICCV 2023",
    options=JOINT.options,
    stages=(replace(DESCENT, rule="agm"),),
)

MMPARETO = Paradigm(
    name="mmpareto",
    title="MMPareto",
    summary="Multi-loss; an encoder's two gradients are combined so that neither loss grows.",
    citation="Wei, Hu: MMPareto: Boosting Multimodal Learning with Innocent Unimodal Assistance. "
    "ICML 2024",
    options=ArchitectureOptions("joint", heads=True),
    stages=(replace(DESCENT, rule="mmpareto"),),
)

PMR = Paradigm(
    name="pmr",
    title="PMR",
    summary="Pulls the features of the weaker modality towards their class prototypes.",
    citation="Fan, Xu, Wang, Wang, Guo: PMR: Prototypical Modal Rebalance for Multimodal Learning. "
    "CVPR 2023",
    options=ArchitectureOptions("joint"),
    stages=(replace(JOINT.stages[0], rule="pmr"),),
)

MCR = Paradigm(
    name="mcr",
    title="MCR",
    summary="Pretrained encoders, then a game in which each maximises its influence.",
    citation="Kontras et al.: Balancing Multimodal Training Through Game-Theoretic Regularization. "
    "NeurIPS 2025, arXiv:2411.07335",
    options=ArchitectureOptions("joint", heads=True),
    unimodal_first=True,
    stages=(
        replace(
            MULTI_LOSS.stages[0],
            name="game",
            title="3 everything together, as a game",
            losses={"ce": 1.0, "ce_unimodal": 0.01},
            rule="mcr",
        ),
    ),
)

TCMAX = Paradigm(
    name="tcmax",
    title="TCMax",
    summary="Maximises the total correlation of both features and the label.",
    citation="Yu, Wu, Yang, Lu: Multimodal Classification via Total Correlation Maximization. "
    "ICLR 2026, arXiv:2602.13015",
    options=ArchitectureOptions("joint"),
    stages=(replace(JOINT.stages[0], rule="tcmax"),),
)
