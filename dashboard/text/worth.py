"""Sentences of the page on what each input is worth."""

from __future__ import annotations

from typing import Final

from dashboard.text.messages import Message

TITLE: Final = "What is each input worth?"
WORTH: Final = (
    "The **worth** of an input is the information about the class that it adds to the others, in "
    "bits: the mean over samples of log q(y | all inputs) - log q(y | all others). The "
    "probabilities q are those of a model's heads on test samples, each calibrated on validation "
    "samples; or those of small networks, each sample by networks that were not fitted to it."
)
#: Of so many inputs the heads of a model estimate the worth.
FEWEST_INPUTS: Final = 2
#: Estimator -> what it is called.
BY_WHOM: Final = {"model": "Heads of {model}", "data": "The data alone"}
OF_WHOM: Final = (
    "Heads of a model estimate what an input is worth to this model. Small networks that are "
    "fitted to the data alone need no model, and their interval includes the fit."
)
CURVE: Final = (
    "All samples have the other inputs. Who gets this one as well? Least certain: by the entropy "
    "of the class without it. Predicted: by the gain that a regression on other samples expects. "
    "The oracle knows the answer and is a reference."
)
PRICE: Final = (
    "What getting this input costs for one sample, where a wrong prediction costs 1. The diamond "
    "is the share of samples with the least total cost; it is chosen on one half of the samples "
    "and judged on the other, both ways."
)
REPORT: Final = "One HTML file without scripts, to print or to send."
RESCUED: Final = "samples are right only with it"
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
    "corrected": "corrected, bits",
    "accuracy": "accuracy",
    "auroc": "AUROC",
    "log_loss": "log loss, bits",
}
BY: Final = {"class": "By class", "interaction_type": "By true interaction type"}


def cannot_be_said(model: str, why: str) -> Message:
    """The model has heads and its worth can still not be estimated."""
    return Message(
        f"The heads of {model} give no estimate of what each input is worth.",
        "It can be estimated from the data alone as well:",
        why,
    )


def without_heads(model: str, inputs: int) -> str:
    """Why a model is not asked, in a line."""
    if inputs > FEWEST_INPUTS:
        return (
            "Estimated from the data alone: the worth of two of three inputs needs models of these "
            "two."
        )
    return (
        f"Estimated from the data alone: {model} has no head for each of two inputs, as dmil and "
        "ensemble have."
    )


def not_estimated(data: str) -> Message:
    """Nobody has fitted networks to a set yet; ``data`` is its name for a command, "" for none."""
    return Message(
        "What each input is worth is not estimated from the data yet.",
        "Small networks are fitted to all samples and 16 times to parts of them, which takes "
        "minutes, of thousands of samples up to an hour. No model is needed. You may leave this "
        "page meanwhile; the result is kept.",
        command=f"dmil worth --data {data}" if data else "",
    )


def damaged(why: str) -> Message:
    """What is kept cannot be read."""
    return Message(
        "What was estimated from the data cannot be read.",
        "Estimate it again: the new result takes its place.",
        why,
        tone="warning",
    )


ESTIMATE: Final = "Estimate from the data"
ONLY_DATA: Final = (
    "There is no model of this set yet, so that samples cannot be opened. By the data alone:"
)


def about(who: str, data: str, samples: int) -> str:
    """Of which samples a report is, and by whom."""
    return f"{who}, data set {data}, {samples:,} samples"


def at_half(certain: float, random: float) -> str:
    """The middle of the curves, in words: accuracies from 0 to 1."""
    return f"With half of the samples: {certain:.1%} least certain first, {random:.1%} at random"
