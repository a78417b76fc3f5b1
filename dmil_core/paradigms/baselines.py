"""Joint learning, ensembles, and the controls beside which other methods are read."""

from __future__ import annotations

from dataclasses import replace

from dmil_core.config import Parts, Stage
from dmil_core.paradigms.paradigm import Paradigm

JOINT = Paradigm(
    name="joint",
    title="Joint",
    summary="Fuses both modalities and learns one head on everything.",
    citation="The usual baseline; the fusion head is the one DMIL's synergy uses.",
    parts=Parts("joint"),
    stages=(Stage("joint", "1 everything together", ("",), 40, 1e-3, {"ce": 1.0}),),
    most_modalities=3,
)


# One modality's encoder with a head of its own, then the other's.
ALONE = tuple(
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
    stages=ALONE,
    most_modalities=3,
)


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


# Adam divides by the size of the gradient and so undoes most of what a rule multiplies it by.
# Whatever rescales gradients therefore learns by SGD, and so do its controls. Validation looks
# at the answer alone; the heads' losses are the rules' own business.
DESCENT = replace(JOINT.stages[0], optimizer="sgd", lr=5e-2, weight_decay=1e-4)


JOINT_SGD = Paradigm(
    name="joint-sgd",
    title="Joint (SGD)",
    summary="Joint with the optimiser of the methods that rescale gradients: their control.",
    citation="A control, not a method.",
    parts=JOINT.parts,
    stages=(DESCENT,),
    most_modalities=3,
)


JOINT_FAST = Paradigm(
    name="joint-fast",
    title="Joint (SGD, fast encoders)",
    summary="Joint whose encoders merely learn 2.5 times as fast: control for MMPareto and MLB.",
    citation="A control, not a method: MMPareto's gamma and MLB's push without their rules.",
    parts=JOINT.parts,
    stages=(replace(DESCENT, lr_factors={"encoders.": 2.5}),),
    most_modalities=3,
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
    most_modalities=3,
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
        *ALONE,
        Stage("tune", "3 everything together", ("encoders.", *_FUSION), 40, 1e-3, {"ce": 1.0}),
    ),
)


PRETRAINED_FROZEN = replace(
    PRETRAINED,
    name="pretrained-frozen",
    title="Pretrained, frozen",
    summary="Each encoder learns alone and stays as it is; only the fusion learns from both.",
    stages=(*ALONE, Stage("fuse", "3 the fusion alone", _FUSION, 40, 1e-3, {"ce": 1.0})),
)
