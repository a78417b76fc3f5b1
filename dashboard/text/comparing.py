"""What the Compare page says about trained models, sample by sample. Names must be escaped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dashboard.text.messages import Message
from dashboard.text.verdicts import counted, listed

#: What the part looks at -> its button, and the question it answers.
LOOKS: Final = {
    "agreement": "Agreement",
    "pair": "Two models",
    "groups": "Kinds of samples",
    "calibration": "Calibration",
    "interactions": "Interactions",
    "training": "Training",
}
QUESTIONS: Final = {
    "agreement": "Which models are right about the same samples?",
    "pair": "Where do two models differ most?",
    "groups": "On which kinds of samples is each model right?",
    "calibration": "Is each model right as often as it says?",
    "interactions": "Do the inputs of each model work together?",
    "training": "How did the training go, stage by stage?",
}
UPSET: Final = (
    "Every sample is counted once, in the column of exactly those models that have it right: full "
    "dots are right, open dots are wrong. Beside a model's name: how often it is right in all."
)
DISTANCE: Final = (
    "Total variation distance between the two models' probabilities of the classes: the largest "
    "difference in the probability they give to anything. 0 %: the same; 100 %: each is sure of "
    "something that the other rules out."
)
GATE_CHANGE: Final = (
    "Total variation distance between the two gates: the share of the weight that lies elsewhere."
)
RELIABILITY: Final = (
    "Samples put together by how sure the model is of its answer. On the dotted line it is right "
    "as often as it says; below it is too sure, above not sure enough. Larger marks stand for more "
    "samples; marks of fewer than five are not drawn, but count in the error."
)
ECE: Final = (
    "Expected calibration error: mean gap between how sure a model is and how often it is right, "
    "over 15 bins of confidence, as trained: no temperature is fitted."
)
LUCK: Final = (
    "A perfectly calibrated model, as sure of these samples as this one, has less error than this "
    "19 times in 20: so few samples make some error by chance alone."
)
HANDED_ON: Final = (
    "Each stage ends with the weights of the marked epoch: the latest whose validation accuracy is "
    "within one standard error of the best, or, in earlier models, that of least validation loss. "
    "They go on into the next stage, and of the last stage into the checkpoint."
)
CURVES: Final = {
    "val_accuracy": "validation accuracy",
    "val_loss": "validation loss, bits",
    "loss": "training loss, bits",
}


def shared(
    names: Sequence[str], rows: int, everybody: int, nobody: int, alone: tuple[str, int] | None
) -> str:
    """Who is right together, in three sentences."""
    sentence = (
        f"All {len(names)} models are right about **{everybody:,}** of {counted(rows, 'sample')} "
        f"({_share(everybody, rows)}), none of them about **{nobody:,}** ({_share(nobody, rows)})."
    )
    if alone is None:
        return sentence + " No model is right where all others are wrong."
    name, count = alone
    return f"{sentence} Most often right alone: **{name}**, {counted(count, 'time')}."


def subset(right: Sequence[str], wrong: Sequence[str]) -> str:
    """Exactly these have a sample right."""
    if not right:
        return "none right"
    if not wrong:
        return "all right"
    return f"{', '.join(right)} right; {', '.join(wrong)} wrong"


def rest(kinds: int, count: int) -> str:
    """What the last column sums."""
    return f"Rest: {counted(count, 'sample')} of {counted(kinds, 'smaller group')}."


def calibrated(name: str, verdict: str, sure: float, accuracy: float, error: float) -> str:
    """One model's calibration in a sentence."""
    sentence = (
        f"**{name}** is {sure:.1%} sure on average and {accuracy:.1%} right (ECE {error:.1%})"
    )
    return {
        "fine": f"{sentence}: **well calibrated**, as far as so many samples can tell.",
        "bold": f"{sentence}: **too sure** of its answers.",
        "shy": f"{sentence}: **not sure enough**.",
    }[verdict]


def answers(
    first: tuple[str, str, float, bool], second: tuple[str, str, float, bool], distance: float
) -> str:
    """What two models answer, and how far their probabilities are apart.

    Of each: its name, its answer, how sure it is (0 to 1), whether it is right.
    """
    gap = f"Their probabilities are **{distance:.0%}** apart."
    parts = [
        f"{name} says **{says}** ({sure:.0%} sure, {'right' if right else 'wrong'})"
        for name, says, sure, right in (first, second)
    ]
    same = "The same answer: " if first[1] == second[1] else ""
    return f"{same}{', '.join(parts)}. {gap}"


def gates(first: str, second: str, part: str, left: float, right: float) -> str:
    """Whose weight differs most."""
    if abs(left - right) < 0.05:
        return "Their gates weigh the parts alike."
    return (
        f"Their gates differ most in **{part}**: {first} gives it {left:.0%} of the weight, "
        f"{second} {right:.0%}."
    )


def contributions(first: str, second: str, part: str, goal: str, left: str, right: str) -> str:
    """Whose contribution differs most, in bits."""
    return (
        f"Of what adds up to the {goal}, **{part}** differs most: {left} bits in {first}, {right} "
        f"in {second}."
    )


def stopped(patience: int) -> str:
    """Why a stage ended before its last epoch."""
    return f"no better for {counted(patience, 'epoch')}" if patience else "ended early"


def straight(name: str) -> str:
    """A model without components."""
    return f"{name} goes from the inputs straight to a score: it has no gate and no parts."


def nothing_chosen() -> Message:
    """No model takes part."""
    return Message(
        "No model is chosen.",
        "Choose at least one in *Models that take part* above.",
    )


def one_is_not_enough() -> Message:
    """One model alone agrees with itself."""
    return Message(
        "Agreement takes at least two models.",
        "Choose another one in *Models that take part* above, or train one.",
    )


def other_data(names: Sequence[str]) -> Message:
    """Models of another version of the data."""
    return Message(
        f"Left out: {listed(list(names))}.",
        "Trained on another version of this data, so the same id may be another sample. Train "
        "again to compare.",
        tone="warning",
    )


def no_rows() -> Message:
    """A split without samples."""
    return Message("There is no sample in this split.", "Choose another split above.")


def nothing_here() -> Message:
    """An empty set of samples."""
    return Message(
        "There is no such sample in this split.",
        "Click another column, or choose another split above.",
    )


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "0 %"
