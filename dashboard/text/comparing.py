"""What Leaderboard, Disagreements and About this model say. Names must be escaped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from dashboard.text.messages import Message
from dashboard.text.verdicts import counted, listed

# --- leaderboard ----------------------------------------------------------------------------

LEADERBOARD_TITLE: Final = "Which method is more accurate, and is the difference significant?"
OPENS: Final = "Open"
RECORDS_ONLY: Final = "records only"
LEADERBOARD: Final = (
    "Faint dots: seeds; mark: their mean, with the standard deviation. Difference: mean over "
    "paired seeds with its 95% interval. ▲ ▼: significant at 5% after Holm's correction; ○: "
    "inconclusive. **Open** leads to samples, the first number to those that are wrong; of "
    "*records only* no model is on this machine. A difference leads to the same on all data sets."
)
RANKS: Final = (
    "Left: mean rank less that of the reference, below 0 is ahead; faint dots: single data sets; "
    "line: 95% interval over the data sets. Right: difference of the mean over the data sets, "
    "with its 95% interval over seeds. ▲ ▼: significant at 5% after Holm's correction; ○: "
    "inconclusive."
)
OTHER_RECORDS: Final = (
    "These records were made on another version of this data than the models on this machine."
)
BY_TYPE: Final = (
    "Percent correct, mean over seeds ± standard deviation. A shaded cell of a method that can be "
    "opened leads to its errors among these samples. R: several inputs suffice; U1, U2: only that "
    "one; S: only all of them together."
)
#: Records of what was to be shown -> the heading above them.
TARGETS: Final[dict[Literal["comparison", "held-out"], str]] = {
    "comparison": "Pre-registered targets of the comparison",
    "held-out": "Pre-registered targets on two sets that nobody tuned on",
}


def points(difference: float, verdict: str) -> str:
    """A difference in percentage points; nothing of the reference itself, or where none is
    known."""
    return "" if verdict == "reference" or difference != difference else f"{difference:+.2f}"


def verdict(name: str, p: float) -> str:
    """A verdict against the reference in words, with its adjusted p-value."""
    words = {
        "better": "significantly better", "worse": "significantly worse", "open": "inconclusive",
        "unpaired": "no seed in common", "reference": "reference",
    }  # fmt: skip
    if p != p:
        return words[name]
    return f"{words[name]} (p {f'= {p:.3f}' if p >= 0.001 else '< 0.001'})"


def one_seed(rows: int) -> str:
    """What a single training of each model can say."""
    return (
        f"One seed, {rows:,} samples; line: 95% interval over the samples. Single seed: "
        "exploratory, not a comparison of methods. **Open** leads to samples, a number to those "
        "that are wrong."
    )


# --- disagreements --------------------------------------------------------------------------

#: What can be looked at on Disagreements -> its button.
LOOKS: Final = {
    "agreement": "Agreement",
    "pair": "Two models",
    "groups": "Subgroups",
}
#: The same on About this model.
ABOUT: Final = {
    "calibration": "Calibration",
    "training": "Training",
    "interactions": "Interactions",
}
QUESTIONS: Final = {
    "agreement": "Which models are correct on the same samples?",
    "pair": "Where do two models differ most?",
    "groups": "On which subgroups is each model correct?",
    "calibration": "Does confidence match accuracy?",
    "interactions": "Do the inputs of each model work together?",
    "training": "How did the training go, stage by stage?",
}
EXPLORATORY: Final = "Single seed: exploratory, not a comparison of methods."
#: Names of figures, for who sees them alone.
UPSET_FIGURE: Final = "Samples by the models that predict them correctly"
RELIABILITY_FIGURE: Final = "Accuracy of each model by its confidence"
SYNERGY_FIGURE: Final = "Synergy indicator: share of samples correct though no input alone suffices"
INCLUDED: Final = "Models to include"
SYNERGY: Final = "Correct though no input alone suffices"
SYNERGY_BOUND: Final = "upper bound"
UPSET: Final = (
    "Every sample is counted once, in the row of exactly those models that predict it correctly: "
    "full dots are right, open dots are wrong. Below a model's name: its accuracy."
)
DISTANCE: Final = (
    "Total variation distance between the two models' probabilities of the classes: the largest "
    "difference in the probability of any event. 0%: the same; 100%: what one predicts with "
    "certainty the other rules out."
)
GATE_CHANGE: Final = (
    "Total variation distance between the two gates: the share of the weight that lies elsewhere."
)
RELIABILITY: Final = (
    "Samples grouped by the confidence of the prediction. On the dotted line accuracy equals "
    "confidence; below it a model is overconfident, above underconfident. Larger marks stand for "
    "more samples; marks of fewer than five are not drawn, but count in the error."
)
ECE: Final = (
    "Expected calibration error: mean gap between confidence and accuracy over 15 bins of "
    "confidence, as trained: no temperature is fitted."
)
LUCK: Final = (
    "A perfectly calibrated model with these confidences has less error than this 19 times in 20: "
    "so few samples make some error by chance alone."
)
BEST_EPOCH: Final = (
    "Each stage ends with the weights of its best epoch: the latest whose validation accuracy is "
    "within one standard error of the best, or, in earlier models, that of least validation loss. "
    "They are the start of the next stage, and those of the last stage are the checkpoint."
)
CURVES: Final = {
    "val_accuracy": "validation accuracy",
    "val_loss": "validation loss, bits",
    "loss": "training loss, bits",
}


def alone(most: tuple[str, int] | None) -> str:
    """Which model is right most often where all others are wrong."""
    if most is None:
        return "No model is right where all others are wrong."
    name, count = most
    return f"Most often right alone: **{name}**, {counted(count, 'time')}."


def agreeing(right: bool, models: int) -> str:
    """The samples that all or none of the models predict correctly."""
    return f"all {models} models right" if right else "none right"


def subset(right: Sequence[str], wrong: Sequence[str]) -> str:
    """Exactly these have a sample right."""
    if not right:
        return "none right"
    if not wrong:
        return "all right"
    return f"{', '.join(right)} right; {', '.join(wrong)} wrong"


def rest(kinds: int, count: int) -> str:
    """What the smaller groups sum to."""
    return f"{counted(kinds, 'smaller group')}: {counted(count, 'sample')}"


def calibrated(
    name: str, verdict: str, sure: float, accuracy: float, error: float, rows: int
) -> str:
    """One model's calibration in a sentence."""
    sentence = f"**{name}**: mean confidence {sure:.1%}, accuracy {accuracy:.1%} (ECE {error:.1%})"
    return {
        "fine": f"{sentence}: **well calibrated**, within sampling error (n = {rows:,}).",
        "bold": f"{sentence}: **overconfident**.",
        "shy": f"{sentence}: **underconfident**.",
    }[verdict]


def answers(
    first: tuple[str, str, float, bool], second: tuple[str, str, float, bool], distance: float
) -> str:
    """What two models predict, and how far their probabilities are apart.

    Of each: its name, its prediction, its confidence (0 to 1), whether it is right.
    """
    gap = f"Their probabilities are **{distance:.0%}** apart."
    parts = [
        f"{name} predicts **{says}** ({sure:.0%} confidence, {'right' if right else 'wrong'})"
        for name, says, sure, right in (first, second)
    ]
    same = "The same prediction: " if first[1] == second[1] else ""
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
    return f"early-stopped (patience {patience})" if patience else "early-stopped"


def straight(name: str) -> str:
    """A model without components."""
    return f"{name} goes from the inputs straight to a score: it has no gate and no parts."


def nothing_chosen() -> Message:
    """No model takes part."""
    return Message(
        "No model is chosen.",
        "Choose at least one in *Models to include* above.",
    )


def one_is_not_enough() -> Message:
    """One model alone agrees with itself."""
    return Message(
        "Agreement takes at least two models.",
        "Choose another one in *Models to include* above, or train one.",
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
