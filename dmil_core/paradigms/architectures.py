"""Published methods that are an architecture of their own."""

from __future__ import annotations

from dataclasses import replace

from dmil_core.config import ArchitectureOptions, Stage, Weight
from dmil_core.paradigms.baselines import JOINT, MULTI_LOSS
from dmil_core.paradigms.paradigm import Paradigm

QMF = Paradigm(
    name="qmf",
    title="QMF",
    summary="Adds the unimodal logits, each weighted by the confidence of its modality.",
    citation="Zhang, Wu, Zhang, Hu, Fu, Zhou, Peng: Provable Dynamic Fusion for Low-Quality "
    "Multimodal Data. ICML 2023",
    options=ArchitectureOptions("qmf"),
    stages=(replace(MULTI_LOSS.stages[0], rule="qmf"),),
)

MMTM = Paradigm(
    name="mmtm",
    title="MMTM",
    summary="Each modality rescales the features of the other one before they are fused.",
    citation="Joze, Shaban, Iuzzolino, Koishida: MMTM: Multimodal Transfer Module for CNN Fusion. "
    "CVPR 2020",
    options=ArchitectureOptions("mmtm"),
    stages=JOINT.stages,
)

# The published program counts the task loss of the fused code twice; beta is 1e-3 per dimension.
_MIB: dict[str, Weight] = {"ce": 2.0, "ce_unimodal": 1.0, "kl_codes": 1e-3, "kl_fused": 1e-3}

MIB = Paradigm(
    name="mib",
    title="C-MIB",
    summary="Information bottlenecks for each modality and for the fusion.",
    citation="Mai, Zeng, Hu: Multimodal Information Bottleneck: Learning Minimal Sufficient "
    "Unimodal and Multimodal Representations. IEEE TMM 2022",
    options=ArchitectureOptions("mib"),
    stages=(replace(JOINT.stages[0], losses=_MIB),),
)

I2M2 = Paradigm(
    name="i2m2",
    title="I2M2",
    summary="The normalised product of three models: one of each modality and one of both.",
    citation="Madaan, Makino, Chopra, Cho: Jointly Modeling Inter- & Intra-Modality Dependencies "
    "for Multi-modal Learning. NeurIPS 2024",
    options=ArchitectureOptions("i2m2"),
    unimodal_first=True,
    stages=(
        Stage("both", "3 both modalities", ("both.",), 40, 1e-3, {"ce_both": 1.0}),
        Stage("product", "4 the product of all", ("",), 40, 1e-3, {"ce": 1.0}),
    ),
)

I2MOE = Paradigm(
    name="i2moe",
    title="I2MoE",
    summary="A gated mixture of four experts, each trained for one type of interaction.",
    citation="Xin et al.: I2MoE: Interpretable Multimodal Interaction-aware Mixture-of-Experts. "
    "ICML 2025, arXiv:2505.19190",
    options=ArchitectureOptions("i2moe"),
    stages=(replace(JOINT.stages[0], rule="i2moe"),),
)
