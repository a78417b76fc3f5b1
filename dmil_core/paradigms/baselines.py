"""Joint learning, ensembles, and the controls beside which other methods are read."""

from __future__ import annotations

from dataclasses import replace

from dmil_core.config import ArchitectureOptions, Stage
from dmil_core.paradigms.paradigm import Paradigm

JOINT = Paradigm(
    name="joint",
    title="Joint",
    summary="Fuses the modalities and trains one classifier on the fused features.",
    citation="The usual baseline; the fusion head is the one DMIL's synergy uses.",
    options=ArchitectureOptions("joint"),
    stages=(Stage("joint", "1 everything together", ("",), 40, 1e-3, {"ce": 1.0}),),
    most_modalities=3,
)


ENSEMBLE = Paradigm(
    name="ensemble",
    title="Ensemble",
    summary="One model per modality, trained independently; their probabilities are averaged.",
    citation="The usual baseline; its two models are the frozen unimodal pair of the seed.",
    options=ArchitectureOptions("ensemble"),
    stages=(),
    unimodal_first=True,
    most_modalities=3,
)


ENSEMBLE_LOGITS = replace(
    ENSEMBLE,
    name="ensemble-logits",
    title="Ensemble of logits",
    summary="The ensemble with its logits averaged in place of its probabilities.",
    citation="The other usual average, in which an overconfident model has more weight.",
    options=ArchitectureOptions("ensemble", average="logits"),
)


JOINT_MATCHED = replace(
    JOINT,
    name="joint-matched",
    title="Joint, size of DMIL",
    summary="Joint with a wider fusion, so that it has as many parameters as DMIL.",
    citation="A control for the number of parameters.",
    options=ArchitectureOptions("joint", matched=True),
)


# Adam divides by the size of the gradient and so undoes most of what a rule multiplies it by.
# Methods that rescale gradients, and their controls, are therefore trained with SGD. Validation
# watches the loss of the prediction alone; the losses of the unimodal heads belong to the rules.
DESCENT = replace(JOINT.stages[0], optimizer="sgd", lr=5e-2, weight_decay=1e-4)


JOINT_SGD = Paradigm(
    name="joint-sgd",
    title="Joint (SGD)",
    summary="Joint trained with SGD: the control for the methods that rescale gradients.",
    citation="A control, not a method.",
    options=JOINT.options,
    stages=(DESCENT,),
    most_modalities=3,
)


JOINT_FAST = Paradigm(
    name="joint-fast",
    title="Joint (SGD, fast encoders)",
    summary="Joint with encoders that learn 2.5 times as fast: control for MMPareto and MLB.",
    citation="A control, not a method: the larger steps of MMPareto and MLB without their rules.",
    options=JOINT.options,
    stages=(replace(DESCENT, lr_factors={"encoders.": 2.5}),),
    most_modalities=3,
)


# Validation watches the loss of the prediction alone: where no modality is informative by itself
# the unimodal heads only overfit, and would end the stage before the fusion has learnt.
MULTI_LOSS = Paradigm(
    name="multi-loss",
    title="Multi-loss",
    summary="Joint, with an additional classification loss on a head of each modality.",
    citation="Wu et al.: Multimodal Multi-Loss Fusion Network. NAACL 2024 (its losses alone)",
    options=ArchitectureOptions("joint", heads=True),
    stages=(replace(JOINT.stages[0], losses={"ce": 1.0, "ce_unimodal": 1.0}, watch={"ce": 1.0}),),
    most_modalities=3,
)


_FUSION = ("project.", "fusion.", "head.")


_PRETRAINED = "A usual baseline; in Kontras et al.: Balancing Multimodal Training Through "
_PRETRAINED += "Game-Theoretic Regularization. NeurIPS 2025, it beats most balancing methods."


# The unimodal heads only train the encoders; the prediction comes from the fusion tuned last.
PRETRAINED = Paradigm(
    name="pretrained",
    title="Pretrained",
    summary="Each encoder is trained alone first; then encoders and fusion are trained jointly.",
    citation=_PRETRAINED,
    options=ArchitectureOptions("joint", heads=True),
    unimodal_first=True,
    stages=(
        Stage("tune", "3 everything together", ("encoders.", *_FUSION), 40, 1e-3, {"ce": 1.0}),
    ),
)


PRETRAINED_FROZEN = replace(
    PRETRAINED,
    name="pretrained-frozen",
    title="Pretrained, frozen",
    summary="Each encoder is trained alone and frozen; then only the fusion is trained.",
    stages=(Stage("fuse", "3 the fusion alone", _FUSION, 40, 1e-3, {"ce": 1.0}),),
)
