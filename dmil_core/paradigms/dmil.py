"""DMIL, the released losses, and what each part of it is worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from dmil_core.config import Parts, Stage
from dmil_core.paradigms.paradigm import Paradigm

_DMIL = "Yang, Wei, Ni, Xu, Hu: Information-Theoretic Decomposition for Multimodal Interaction "
_DMIL += "Learning. CVPR 2026, arXiv:2606.11614"

_INTRA = ("encoders.", "intra1.", "intra2.")
_INTERACTION = ("consistency.", "synergy.", "heads.", "gate.")

_L1 = {
    "ce_known_x1": 1.0,
    "ce_known_x2": 1.0,
    "rebuild_1": 1.0,
    "rebuild_2": 1.0,
    "kl_1": 1e-3,
    "kl_2": 1e-3,
}

_L2 = {
    "ce_responsible": 1.0,
    "gate": 0.5,
    "explained": 0.1,
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
    most_modalities=3,
)

DMIL_PAPER = Paradigm(
    name="dmil-paper",
    title="DMIL (released losses)",
    summary="The same model with the released losses: every part learns every sample.",
    citation=_DMIL,
    parts=Parts("dmil", rebuild="features", explained=False),
    stages=_three_stages(_PAPER_L1, _PAPER_L2, _PAPER_L3),
    most_modalities=3,
)


def _with_terms(stages: tuple[Stage, ...], names: Mapping[str, str | None]) -> tuple[Stage, ...]:
    """The stages with some loss terms under another name at the same weight, or left out (None)."""
    return tuple(
        replace(s, losses={new: w for n, w in s.losses.items() if (new := names.get(n, n))})
        for s in stages
    )


DMIL_FC = replace(
    DMIL,
    name="dmil-fc",
    title="DMIL-FC (plain layers)",
    summary="DMIL with plain layers for the Gaussian posteriors: no noise and no KL.",
    parts=replace(DMIL.parts, variational=False),
    stages=_with_terms(DMIL.stages, {"kl_1": None, "kl_2": None, "kl_consistency": None}),
)

DMIL_ID = replace(
    DMIL,
    name="dmil-id",
    title="DMIL-ID (no consistency decomposition)",
    summary="DMIL without R: what each modality says alone, and what only both say.",
    parts=replace(DMIL.parts, consistency=False),
    stages=_with_terms(DMIL.stages, {"kl_consistency": None, "align": None, "rebuild_parts": None}),
)

DMIL_CD = replace(
    DMIL,
    name="dmil-cd",
    title="DMIL-CD (no intra-modality decomposition)",
    summary="DMIL without a residual: one latent per modality carries all four components.",
    parts=replace(DMIL.parts, intra=False),
)

_OURS = f"Our ablation of what we changed in: {_DMIL}"

_ALL_KNOWN = {"ce_known_x1": "ce_x1", "ce_known_x2": "ce_x2"}

DMIL_FLAT = replace(
    DMIL,
    name="dmil-flat",
    title="DMIL (no responsibilities)",
    summary="DMIL where every part learns every sample, and nothing tells the gate what to be.",
    citation=_OURS,
    stages=_with_terms(
        DMIL.stages, {**_ALL_KNOWN, "ce_responsible": "ce_flat", "gate": None, "explained": None}
    ),
    folds=0,
    parts=replace(DMIL.parts, explained=False),
)

DMIL_NO_GATE_TARGET = replace(
    DMIL,
    name="dmil-no-gate-target",
    title="DMIL (no gate target)",
    summary="DMIL where each part learns its own samples, but the gate is left to the prediction.",
    citation=_OURS,
    parts=replace(DMIL.parts, explained=False),
    stages=_with_terms(DMIL.stages, {"gate": None, "explained": None}),
)

DMIL_FEATURES = replace(
    DMIL,
    name="dmil-features",
    title="DMIL (rebuilds features)",
    summary="DMIL whose decoders rebuild the encoders' features, which can shrink, not the input.",
    citation=_OURS,
    parts=replace(DMIL.parts, rebuild="features"),
)

DMIL_BY_HEART = replace(
    DMIL,
    name="dmil-by-heart",
    title="DMIL (modalities learn every class)",
    summary="DMIL whose unimodal heads are told every class, also those they cannot know.",
    citation=_OURS,
    stages=_with_terms(DMIL.stages, _ALL_KNOWN),
)

DMIL_SOFT = replace(
    DMIL,
    name="dmil-soft",
    title="DMIL (soft targets)",
    summary="DMIL whose heads and gate take the doubts of the out-of-fold models as they are.",
    citation=_OURS,
    stages=_with_terms(DMIL.stages, {"ce_responsible": "ce_soft", "gate": "gate_soft"}),
)

DMIL_ABSOLUTE = replace(
    DMIL,
    name="dmil-absolute",
    title="DMIL (absolute probabilities)",
    summary="DMIL whose responsibilities are probabilities as such, not shares of what is told.",
    citation=_OURS,
    stages=_with_terms(DMIL.stages, {"ce_responsible": "ce_absolute", "gate": "gate_absolute"}),
)

DMIL_PURE = replace(
    DMIL,
    name="dmil-pure",
    title="DMIL (silent heads)",
    summary="DMIL whose parts also learn to say nothing on samples that are not theirs.",
    citation=_OURS,
    stages=_with_terms(DMIL.stages, {"ce_responsible": "ce_pure"}),
)

ABLATIONS = (
    DMIL_FC,
    DMIL_ID,
    DMIL_CD,
    DMIL_FLAT,
    DMIL_NO_GATE_TARGET,
    DMIL_BY_HEART,
    DMIL_SOFT,
    DMIL_ABSOLUTE,
    DMIL_PURE,
    DMIL_FEATURES,
)
