"""The words of the page Live training, and the sentences that read its numbers aloud."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

PRESETS: Final = {
    "xor": "XOR: only in combination",
    "strong-weak": "One clear, one blurred input",
    "mixture": "A mixture of all four",
}
PRESET_SAYS: Final = {
    "xor": "y = x1 XOR x2. Neither input alone is informative: all information is synergistic (S).",
    "strong-weak": "Mostly both inputs carry the class (R), but **x2 is blurred**: one in seven of "
    "its samples lies on the wrong side. Sometimes only x2 carries it (U2).",
    "mixture": "A sample is of one of four interaction types, and both inputs show which: R, U1, "
    "U2 or S.",
}
OWN_MIXTURE: Final = "A mixture of your own, from the page Exact PID."
INPUTS: Final = {"points": "points in a plane", "vectors": "vectors of 16 numbers"}
INPUTS_HELP: Final = (
    "What a model is given for each input: a point near the place of its symbol, or a long vector "
    "with the symbol in one direction of it. In a plane the symbols of three logic gates or more "
    "take many more samples to tell apart, so such a mixture begins with vectors."
)
SECONDS: Final = {"clear": "as clear as x1", "blurred": "blurred"}
SECOND_HELP: Final = (
    "Blurred: the noise of x2 is so large that one in seven of its samples lies nearer to a wrong "
    "symbol."
)
DRAW_HELP: Final = (
    "Draws the samples, the first weights and every later chance. The same number gives the same "
    "training."
)
LENGTHS: Final = {"glance": "a glance", "short": "short", "long": "long"}
LENGTH_HELP: Final = (
    "A glance: 200 samples and few epochs, some seconds; little is learned well. Short: 800 "
    "samples, about 20 seconds. Long: the same with three times the epochs."
)
PACES: Final = {"slow": "slow", "medium": "medium", "fast": "fast"}
PACE_HELP: Final = "How long to wait after each step: a second, a fifth of one, or not at all."
STEP_HELP: Final = "One step is 1/40 of the whole training, for all three models."

NAMES: Final = {"ensemble": "Ensemble", "joint": "Joint", "dmil": "DMIL"}
SUMMARIES: Final = {
    "ensemble": "A model for each input, trained alone; their predictions are averaged.",
    "joint": "One model of both inputs.",
    "dmil": "Separates R, U1, U2 and S; a gate weighs these components for each sample.",
}


class Stage(NamedTuple):
    """A stage of training in words: its name in a banner, and what happens in it."""

    name: str
    meaning: str


STAGES: Final = {
    "alone-1": Stage("x1 alone", "The model of x1 is trained; that of x2 has not begun."),
    "alone-2": Stage("x2 alone", "The model of x2 is trained; that of x1 is finished."),
    "joint": Stage("all parts", "All parameters are trained, on both inputs."),
    "out-of-fold": Stage(
        "0 cross-fitting",
        "Auxiliary models measure which inputs predict each held-out sample: x1, x2, or only both. "
        "A third of the samples is held out at a time; the strip fills in.",
    ),
    "decompose": Stage(
        "1 decomposition",
        "Each input is separated into a part that predicts the class alone, and the rest.",
    ),
    "interact": Stage(
        "2 consistency",
        "R, U1, U2 and S get their heads, and the gate is trained to the targets of stage 0.",
    ),
    "together": Stage("3 fine-tuning", "All parameters are trained together."),
}
PICTURE: Final = (
    "x1 moves from left to right, x2 from bottom to top. Colour is the predicted class, deeper for "
    "more confidence, grey for none. In the circles: the prediction for each pair of symbols, "
    "**?** for a guess, **✗** where it is wrong. Small marks are samples with their true class."
)
TARGETS: Final = "Which inputs predict each training sample"
TARGETS_HELP: Final = (
    "A column is a sample; those of one true interaction type are together. Its colours are the "
    "gate target: the component that explains the sample, by models that have not seen it. Grey: "
    "no model predicts it yet. Outline: not held out yet."
)
ACCURACY: Final = (
    "Accuracy on validation samples of each interaction type. No model is trained on them; they "
    "decide when a stage ends. Chance is a constant prediction of the most frequent class. DMIL's "
    "line begins when its heads are trained."
)
GATE: Final = (
    "The same samples twice: the target that cross-fitting found, and the weights of the gate, "
    "which is trained to it. Both are of training samples."
)
GATE_LATER: Final = "The gate weights appear here once stage 2 begins."
GROUPS: Final = {
    "R": "R: shared by both",
    "U1": "U1: x1 only",
    "U2": "U2: x2 only",
    "S": "S: only in combination",
    "all": "all samples",
}
#: Logic gate -> the title of its square, in the order in which they are shown.
GATES: Final = {
    "RDN": "R: shared by both",
    "UNQ1": "U1: x1 only",
    "UNQ2": "U2: x2 only",
    "XOR": "S: only in combination",
}
ENDED: Final = (
    "The last training ended, as its page was closed or hidden for a while. This is a new one."
)
STATES: Final = {
    "opening": "Getting ready: this takes some seconds the first time …",
    "ready": "Ready. Press Start.",
    "running": "Training",
    "paused": "Paused",
    "done": "Done",
    "failed": "Stopped",
}


def measured(known: int, of: int) -> str:
    """How far cross-fitting has come, in the place of an accuracy."""
    return f"{known} of {of} measured"


def targets_alt(shares: Sequence[Sequence[float]], what: str) -> str:
    """A strip of samples in words."""
    known = [row for row in shares if row]
    largest = [max(range(len(row)), key=row.__getitem__) for row in known if max(row) > 0.5]
    counts = ", ".join(f"{c} {largest.count(i)}" for i, c in enumerate(("R", "U1", "U2", "S")))
    return f"{what} of {len(known)} of {len(shares)} samples, by the largest component: {counts}"


#: A model so near to chance is called at chance; a share so high is called solved.
NEAR: Final = 0.05
SOLVED: Final = 0.95


def waiting(ahead: int) -> str:
    """What a run says that waits for its turn."""
    if ahead <= 0:
        return "Your turn comes next."
    others = "1 training of another visitor" if ahead == 1 else f"{ahead} trainings of others"
    return f"Waiting: {others} before yours. It begins by itself."


def sizes(train: int, val: int, seed: int, parameters: Mapping[str, int]) -> str:
    """What was trained, in a line."""
    counts = ", ".join(f"{NAMES[n]} {count:,}" for n, count in parameters.items())
    return f"{train:,} training and {val:,} validation samples, seed {seed}. Parameters: {counts}."


def accuracy_alt(name: str, values: Mapping[str, float]) -> str:
    """Accuracies of one learner in words."""
    shares = ", ".join(f"{g} {share:.0%}" for g, share in values.items() if g != "all")
    return f"{NAMES[name]}: {shares or format(values['all'], '.0%')}"


def verdict(
    accuracy: Mapping[str, Mapping[str, float]],
    chance: Mapping[str, float],
    gate: Mapping[str, Mapping[str, float]],
    follows: Mapping[str, float | None],
) -> list[str]:
    """What was seen, sentence by sentence.

    Parameters
    ----------
    accuracy : learner -> group -> share of validation samples right.
    chance : group -> what a constant answer gets right.
    gate : group -> component -> DMIL's mean weight; empty where no truth is known.
    follows : learner -> how often it answers as x1 says where x1 and x2 contradict each other;
        None where they never say the same.
    """
    by_group = {g: {n: accuracy[n][g] for n in NAMES if n in accuracy} for g in chance}
    solved = [g for g, shares in by_group.items() if min(shares.values()) >= SOLVED]
    sentences = [_solved(solved, by_group)] if solved else []
    sentences += [
        _of_group(g, by_group[g], level) for g, level in chance.items() if g not in solved
    ]
    known = {name: share for name, share in follows.items() if share is not None}
    if known:
        sentences.append(_leaning(known))
    if gate:
        sentences.append(_of_gate(gate))
    return sentences


def _solved(groups: Sequence[str], by_group: Mapping[str, Mapping[str, float]]) -> str:
    least = min(share for group in groups for share in by_group[group].values())
    if least == 1.0:
        return f"On {_samples(groups)} all three are always right."
    return f"On {_samples(groups)} all three are right: {math.floor(100 * least)}% or more."


def _samples(groups: Sequence[str]) -> str:
    names = [f"**{group}**" for group in groups]
    several = f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
    return "all samples" if list(groups) == ["all"] else f"{several} samples"


def _of_group(group: str, accuracies: Mapping[str, float], chance: float) -> str:
    where = f"On {_samples([group])}"
    shares = ", ".join(f"{NAMES[n]} {a:.0%}" for n, a in accuracies.items())
    stuck = [n for n, a in accuracies.items() if a < chance + NEAR]
    if group == "S" and "ensemble" in stuck:
        return (
            f"{where} the ensemble is at {accuracies['ensemble']:.0%}, and chance is {chance:.0%}: "
            "each of its two models sees one input, which alone is not informative, and an average "
            "of two guesses is a guess."
            f"{_others([n for n in accuracies if n not in stuck], accuracies)}"
        )
    top = max(accuracies.values())
    best = [NAMES[n] for n, a in accuracies.items() if a > top - NEAR]
    if len(best) == len(accuracies):
        return f"{where} the three are about equally accurate: {shares} (chance {chance:.0%})."
    verb = "is" if len(best) == 1 else "are"
    return f"{where} {' and '.join(best)} {verb} most accurate: {shares} (chance {chance:.0%})."


def _others(names: Sequence[str], accuracies: Mapping[str, float]) -> str:
    if not names:
        return " The others are at chance too."
    parts = " and ".join(f"{NAMES[n]} {accuracies[n]:.0%}" for n in names)
    verb = "reads" if len(names) == 1 else "read"
    return f" {parts}: {'it' if len(names) == 1 else 'they'} {verb} both inputs."


def _leaning(follows: Mapping[str, float]) -> str:
    shares = ", ".join(f"{NAMES[name]} {follows[name]:.0%}" for name in NAMES if name in follows)
    return (
        "Which input do they follow? Where x1 and x2 contradict each other, which never happens in "
        f"training, the prediction is that of x1 in these shares of the places: {shares}."
    )


def _of_gate(gate: Mapping[str, Mapping[str, float]]) -> str:
    parts = [f"{weights[g]:.0%} of its weight on {g}" for g, weights in gate.items()]
    where = _joined([f"{g} samples" for g in gate])
    every = all(max(w, key=lambda c: w[c]) == g for g, w in gate.items())
    if every:
        return f"On {where} the gate of DMIL puts {_joined(parts)}: the true component leads."
    return (
        f"On {where} the gate of DMIL puts {_joined(parts)}: the true component does not always "
        "lead yet."
    )


def _joined(parts: Sequence[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
