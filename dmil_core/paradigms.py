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


def _with_terms(stages: tuple[Stage, ...], names: dict[str, str | None]) -> tuple[Stage, ...]:
    """The stages with some loss terms under another name at the same weight, or left out (None)."""
    return tuple(
        replace(s, losses={new: w for n, w in s.losses.items() if (new := names.get(n, n))})
        for s in stages
    )


# The paper's ablations.

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

# Ablations of what ``dmil`` changes in the published method.

_OURS = f"Our ablation of what we changed in: {_DMIL}"

DMIL_FLAT = replace(
    DMIL,
    name="dmil-flat",
    title="DMIL (no responsibilities)",
    summary="DMIL where every part learns every sample, and nothing tells the gate what to be.",
    citation=_OURS,
    stages=_with_terms(DMIL.stages, {"ce_responsible": "ce_flat", "gate": None}),
    folds=0,
)

DMIL_NO_GATE_TARGET = replace(
    DMIL,
    name="dmil-no-gate-target",
    title="DMIL (no gate target)",
    summary="DMIL where each part learns its own samples, but the gate is left to the prediction.",
    citation=_OURS,
    stages=_with_terms(DMIL.stages, {"gate": None}),
)

DMIL_FEATURES = replace(
    DMIL,
    name="dmil-features",
    title="DMIL (rebuilds features)",
    summary="DMIL whose decoders rebuild the encoders' features, which can shrink, not the input.",
    citation=_OURS,
    parts=replace(DMIL.parts, rebuild="features"),
)

ABLATIONS = (DMIL_FC, DMIL_ID, DMIL_CD, DMIL_FLAT, DMIL_NO_GATE_TARGET, DMIL_FEATURES)

PARADIGMS: dict[str, Paradigm] = {
    p.name: p for p in (JOINT, ENSEMBLE, DMIL, DMIL_PAPER, *ABLATIONS)
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
