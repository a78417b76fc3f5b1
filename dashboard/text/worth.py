"""Sentences of the page on what each input is worth."""

from __future__ import annotations

from typing import Final

from dashboard.text.messages import Message

TITLE: Final = "What is each input worth?"
WORTH: Final = (
    "The **worth** of an input is the information about the class that it adds to the others, in "
    "bits: the mean over test samples of log q(y | all inputs) - log q(y | all others). The "
    "probabilities q are those of the model's heads, each calibrated on validation samples."
)
CURVE: Final = (
    "All samples have the other input. Who gets this one as well? Least certain: by the entropy of "
    "the class without it. Predicted: by the gain that a regression on other samples expects. The "
    "oracle knows the answer and is a reference."
)
PRICE: Final = (
    "What getting this input costs for one sample, where a wrong prediction costs 1. The diamond "
    "is the share of samples with the least total cost; it is chosen on one half of the samples "
    "and judged on the other, both ways."
)
REPORT: Final = "One HTML file without scripts, to print or to send."
RESCUED: Final = "test samples are right only with it"
MISLED: Final = "are right only without it"
POLICIES: Final = {
    "entropy": "least certain first",
    "predicted": "largest predicted gain first",
    "random": "random",
    "oracle": "oracle",
}
#: What is measured, in the order of the table.
MEASURES: Final = {
    "bits": "worth, bits",
    "accuracy": "accuracy",
    "auroc": "AUROC",
    "log_loss": "log loss, bits",
}
BY: Final = {"class": "By class", "interaction_type": "By true interaction type"}


def cannot_be_said(model: str, data: str, why: str) -> Message:
    """The model does not say what one input knows."""
    return Message(
        "This model does not say what each input is worth.",
        "That takes a head for each of two inputs: dmil and ensemble have them. From the data "
        "alone, small networks estimate it:",
        why,
        f"dmil worth --data {data}",
    )


def at_half(certain: float, random: float) -> str:
    """The middle of the curves, in words: accuracies from 0 to 1."""
    return f"With half of the samples: {certain:.1%} least certain first, {random:.1%} at random"
