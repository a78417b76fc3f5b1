"""DMIL, its released losses, and ablations of its parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from dmil_core.config import LATENT_SIZE, ArchitectureOptions, Stage, Weight
from dmil_core.paradigms.paradigm import Paradigm

_DMIL = "Yang, Wei, Ni, Xu, Hu: Information-Theoretic Decomposition for Multimodal Interaction "
_DMIL += "Learning. CVPR 2026, arXiv:2606.11614"

_INTRA = ("encoders.", "intra")
_INTERACTION = ("consistency.", "synergy.", "heads.", "gate.")

_L1 = {
    "ce_known": 1.0,
    "recon_input": 1.0,
    "kl_intra": 1e-3,
}

_L2 = {
    "ce_responsible": 1.0,
    "gate_informed": 0.5,
    "explained": 0.1,
    "kl_consistency": 1e-3,
    "align": 1e-3,
    "recon_components": 0.1,
}

# What the sum predicts counts twice as much as each part, so that synergy is learnt as well as by a
# joint model; the gate's target then needs twice its weight to be followed as closely.
_L3 = {
    "ce": 2.0,
    "ce_known": 0.5,
    "kl_intra": 5e-4,
    "recon_input": 0.05,
    **_L2,
    "gate_informed": 1.0,
    "explained": 0.2,
}

# Weights of the released code for CREMA-D. Its KL terms are taken per dimension here.
_PAPER_L1: dict[str, Weight] = {
    "ce_unimodal": 1.0,
    "kl_intra": (0.008, 0.04),
    "recon_input": (0.002, 0.01),
}


_PAPER_L2 = {
    "ce": 1.0,
    "ce_flat": 0.5,
    "kl_consistency": 0.02,
    "align": 0.02,
    "recon_components": 0.005,
}


_PAPER_L3 = {
    "ce": 1.0,
    "ce_unimodal": 0.5,
    "ce_flat": 0.8,
    "kl_intra": 0.02,
    "recon_input": 0.003,
    "kl_consistency": 0.008,
    "align": 0.008,
    "recon_components": 0.001,
}


def _three_stages(
    first: Mapping[str, Weight], second: Mapping[str, Weight], third: Mapping[str, Weight],
    epochs: tuple[int, int, int] = (8, 6, 30), lr: float = 3e-3,
) -> tuple[Stage, ...]:  # fmt: skip
    """The stages, with the learning rate of the third."""
    a, b, c = epochs
    return (
        Stage("decompose", "1 intra-modality decomposition", _INTRA, a, 2e-3, dict(first)),
        Stage("interact", "2 consistency, synergy and gate", _INTERACTION, b, 2e-3, dict(second)),
        Stage("together", "3 everything together", ("",), c, lr, dict(third)),
    )


DMIL = Paradigm(
    name="dmil",
    title="DMIL",
    summary="Explicit decomposition; each component is trained on the samples it can explain.",
    citation=_DMIL,
    options=ArchitectureOptions("dmil", unimodal_terms=True),
    stages=_three_stages(_L1, _L2, _L3),
    folds=3,
    most_modalities=3,
)

DMIL_PAPER = Paradigm(
    name="dmil-paper",
    title="DMIL (released losses)",
    summary="The same model with the released losses: every component is trained on every sample.",
    citation=_DMIL,
    options=ArchitectureOptions("dmil", reconstruct="features", explained=False),
    stages=_three_stages(_PAPER_L1, _PAPER_L2, _PAPER_L3, epochs=(20, 15, 40), lr=1e-3),
    most_modalities=3,
)


#: Optimiser settings of the publication for each stage: learning rate, epochs. SGD, momentum 0.9.
_PAPER_SGD = {"decompose": (4e-3, 10), "interact": (1e-3, 5), "together": (1e-5, 55)}
_KL_TERMS = frozenset({"kl_intra", "kl_consistency", "align"})


def _with_summed_kl(weights: Mapping[str, Weight], dimensions: int) -> dict[str, Weight]:
    """Weights of KL terms that are means over the dimensions, as if they were sums over them."""

    def summed(weight: Weight) -> Weight:
        if isinstance(weight, tuple):
            return tuple(dimensions * w for w in weight)
        return dimensions * weight

    return {name: summed(w) if name in _KL_TERMS else w for name, w in weights.items()}


def _as_published(stage: Stage) -> Stage:
    lr, epochs = _PAPER_SGD[stage.name]
    losses = _with_summed_kl(stage.losses, LATENT_SIZE)
    return replace(stage, optimizer="sgd", lr=lr, epochs=epochs, losses=losses, weight_decay=1e-4)


DMIL_PAPER_SGD = replace(
    DMIL_PAPER,
    name="dmil-paper-sgd",
    title="DMIL (released losses and optimiser)",
    summary="The released losses with the published optimiser, learning rates and epochs.",
    stages=tuple(map(_as_published, DMIL_PAPER.stages)),
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
    summary="DMIL with plain layers in place of the Gaussian posteriors: no sampling and no KL.",
    options=replace(DMIL.options, variational=False),
    stages=_with_terms(DMIL.stages, {"kl_intra": None, "kl_consistency": None}),
)

DMIL_ID = replace(
    DMIL,
    name="dmil-id",
    title="DMIL-ID (no consistency decomposition)",
    summary="DMIL without R: one uniqueness per modality, and synergy.",
    options=replace(DMIL.options, consistency=False),
    stages=_with_terms(
        DMIL.stages, {"kl_consistency": None, "align": None, "recon_components": None}
    ),
)

DMIL_CD = replace(
    DMIL,
    name="dmil-cd",
    title="DMIL-CD (no intra-modality decomposition)",
    summary="DMIL without the residual N: one latent per modality serves all components.",
    options=replace(DMIL.options, intra=False),
)

_OURS = f"Our ablation of a change to: {_DMIL}"

_HARD_LABELS = {"ce_known": "ce_unimodal"}

DMIL_FLAT = replace(
    DMIL,
    name="dmil-flat",
    title="DMIL (no responsibilities)",
    summary="DMIL with every component trained on every sample, and no target for the gate.",
    citation=_OURS,
    stages=_with_terms(
        DMIL.stages,
        {
            **_HARD_LABELS,
            "ce_responsible": "ce_flat",
            "gate_informed": None,
            "explained": None,
        },
    ),
    folds=0,
    options=replace(DMIL.options, explained=False),
)

DMIL_NO_GATE_TARGET = replace(
    DMIL,
    name="dmil-no-gate-target",
    title="DMIL (no gate target)",
    summary="DMIL with responsibilities for the components, but without a target for the gate.",
    citation=_OURS,
    options=replace(DMIL.options, explained=False),
    stages=_with_terms(DMIL.stages, {"gate_informed": None, "explained": None}),
)

DMIL_FEATURES = replace(
    DMIL,
    name="dmil-features",
    title="DMIL (reconstructs features)",
    summary="DMIL whose decoders reconstruct the encoders' features rather than the input.",
    citation=_OURS,
    options=replace(DMIL.options, reconstruct="features"),
)

DMIL_BY_HEART = replace(
    DMIL,
    name="dmil-by-heart",
    title="DMIL (no smoothed unimodal labels)",
    summary="DMIL whose unimodal heads are trained on hard labels, also where unpredictable.",
    citation=_OURS,
    stages=_with_terms(DMIL.stages, _HARD_LABELS),
)

DMIL_SOFT = replace(
    DMIL,
    name="dmil-soft",
    title="DMIL (unsharpened targets)",
    summary="DMIL whose heads and gate use the responsibilities without sharpening.",
    citation=_OURS,
    stages=_with_terms(DMIL.stages, {"ce_responsible": "ce_soft", "gate_informed": "gate_soft"}),
)

DMIL_ABSOLUTE = replace(
    DMIL,
    name="dmil-absolute",
    title="DMIL (absolute probabilities)",
    summary="DMIL with absolute probabilities, not shares of the predictable information.",
    citation=_OURS,
    stages=_with_terms(
        DMIL.stages, {"ce_responsible": "ce_absolute", "gate_informed": "gate_absolute"}
    ),
)

DMIL_PURE = replace(
    DMIL,
    name="dmil-pure",
    title="DMIL (uniform heads)",
    summary="DMIL whose heads are trained to the uniform distribution on other samples.",
    citation=_OURS,
    stages=_with_terms(DMIL.stages, {"ce_responsible": "ce_pure"}),
)

DMIL_PROBABILITY_GATE = replace(
    DMIL,
    name="dmil-probability-gate",
    title="DMIL (gate target by probability)",
    summary="DMIL whose gate's target has shares of probability, as the heads' has.",
    citation=_OURS,
    stages=_with_terms(DMIL.stages, {"gate_informed": "gate"}),
)

DMIL_EXPECTED_GATE = replace(
    DMIL,
    name="dmil-expected-gate",
    title="DMIL (averaged gate target)",
    summary="DMIL whose gate's target is averaged over the classes that a sample may have.",
    citation=_OURS,
    stages=_with_terms(DMIL.stages, {"gate_informed": "gate_expected"}),
)

DMIL_SEPARATE = replace(
    DMIL,
    name="dmil-separate",
    title="DMIL (separate heads)",
    summary="DMIL whose components' logits do not build on those of the unimodal heads.",
    citation=_OURS,
    options=replace(DMIL.options, unimodal_terms=False),
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
    DMIL_PROBABILITY_GATE,
    DMIL_EXPECTED_GATE,
    DMIL_SEPARATE,
)
