"""Texts on what the inputs of a model do together, found post hoc. Names are escaped."""

from __future__ import annotations

import math
from typing import Final

from dashboard.text.messages import Message

TITLE: Final = "Do the inputs work together?"
HELP: Final = (
    "The model is evaluated on samples of which one input is replaced by that of other samples. "
    "**EMAP** is its best additive approximation, a sum of what each input does alone: the "
    "accuracy that it lacks is what interactions are worth. The **interaction share** is the sum "
    "of all interactions over that of all effects: 0% of a sum of a function of each input, 100% "
    "of XOR."
)
MODEL: Final = "the model"
ADDED: Final = "its inputs added up (EMAP)"
FIGURE: Final = "Accuracy of the model, and of EMAP, with their intervals"
COMPUTE: Final = "Compute"


def found(samples: int, accuracy: float, emap: float, share: float, low: float, high: float) -> str:
    """The figures of one model as sentences; accuracies, the share and its ends from 0 to 1."""
    worth = 100 * (accuracy - emap)
    if worth >= 0.05:
        said = f"interactions are worth {worth:.1f} points"
    else:
        said = "interactions make no prediction better"
    ends = "" if math.isnan(low) else f" ({low:.0%} to {high:.0%})"
    return (
        f"On {samples:,} test samples the accuracy of the model is **{accuracy:.1%}**, that of its "
        f"additive approximation (EMAP) **{emap:.1%}**: {said}. They are **{share:.0%}** of all "
        f"effects{ends}."
    )


def not_computed(evaluations: int, models: int = 1) -> Message:
    """Nothing is kept yet, and what it costs."""
    of = "the model" if models == 1 else f"the {models} models together"
    return Message(
        "What the inputs do together is not computed yet.",
        f"It evaluates {of} on {evaluations:,} inputs, in the background: seconds for small "
        "models, minutes for those of pictures and sounds. The result is kept.",
    )


def needs_the_model(model: str, heads: bool) -> Message:
    """An external model of which predictions alone are known."""
    first = (
        "Predictions from each input alone are those of its columns px1_ and px2_."
        if heads
        else "Its table has no columns px1_ and px2_, so predictions from each input alone are not "
        "known either."
    )
    return Message(
        f"What the inputs of {model} do together takes the model itself.",
        f"Only its predictions are known. {first} With an ONNX file (`dmil import --model`) "
        "interactions are measured here, else by `dmil explain --model` where the model is.",
    )


#: How the other samples are chosen whose inputs take the place of this one's -> in short.
CHOICES: Final = {"marginal": "any samples", "near": "near neighbours", "class": "same class"}
#: The same -> what changes by it, in one line.
CHANGES: Final = {
    "marginal": "Any training samples: also combinations that do not occur, and that the model has "
    "never seen.",
    "near": "Those nearest in the input that is kept: combinations nearly occur, but an input also "
    "speaks for what depends on it, so that even a sum has interactions.",
    "class": "Training samples of the same class: effects are those within the class, and what "
    "inputs carry about the class is in the mean.",
}
