"""Published methods that are an architecture of their own."""

from __future__ import annotations

from dataclasses import replace

from dmil_core.config import Parts, Stage
from dmil_core.paradigms.baselines import ALONE, JOINT, MULTI_LOSS
from dmil_core.paradigms.paradigm import Paradigm

QMF = Paradigm(
    name="qmf",
    title="QMF",
    summary="Adds up two answers, each weighed by how sure its own modality is of this sample.",
    citation="Zhang, Wu, Zhang, Hu, Fu, Zhou, Peng: Provable Dynamic Fusion for Low-Quality "
    "Multimodal Data. ICML 2023",
    parts=Parts("qmf"),
    stages=(replace(MULTI_LOSS.stages[0], rule="ranking"),),
)

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
        *ALONE,
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
