"""The words of the page Live training, and the sentences that read its numbers aloud."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

TITLE: Final = "Live training: three paradigms on the same data"
LEAD: Final = (
    "Three models learn from the same samples at the same time. Press **Start** and watch what "
    "each can learn, and what it cannot."
)
PRESETS: Final = {
    "xor": "XOR: only in combination",
    "strong-weak": "One clear, one blurred input",
    "mixture": "A mixture of all four",
}
PRESET_SAYS: Final = {
    "xor": "The class is 1 where the two inputs **differ**. Neither input alone says anything: all "
    "is synergy (S).",
    "strong-weak": "Mostly both inputs say the class (R), but **x2 is blurred**: it lies on the "
    "wrong side once in seven times. Sometimes only x2 knows (U2). Whom do the models trust?",
    "mixture": "Each sample is one of four kinds, and both inputs show which: both say the class "
    "(R), only x1 (U1), only x2 (U2), or only the two together (S).",
}
OWN_MIXTURE: Final = "A gate mixture of your own, from the page Gates."
INPUTS: Final = {"points": "points in a plane", "vectors": "vectors of 16 numbers"}
INPUTS_HELP: Final = (
    "What a model is given for each input: a point near the place of its symbol, or a long vector "
    "with the symbol in one direction of it. In a plane the symbols of three gates or more take "
    "many more samples to tell apart, so such a mixture begins with vectors."
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
LENGTHS: Final = {"short": "short", "normal": "normal", "long": "long"}
LENGTH_HELP: Final = (
    "Short: 200 samples and few epochs, some seconds; a first look, little is learnt well. Normal: "
    "800 samples, about 20 seconds. Long: the same with three times the epochs."
)
PACES: Final = {"slow": "slow", "medium": "medium", "fast": "fast"}
PACE_HELP: Final = "How long to wait after each step: a second, a third of one, or not at all."
STEP_HELP: Final = "One step is 1/40 of the whole training, for all three models."

NAMES: Final = {"ensemble": "Ensemble", "joint": "Joint", "dmil": "DMIL"}
SUMMARIES: Final = {
    "ensemble": "A model for each input, trained alone; their answers are averaged.",
    "joint": "One model that reads both inputs.",
    "dmil": "Splits what it reads into R, U1, U2 and S; a gate weighs the parts.",
}


class Stage(NamedTuple):
    """A stage of training in words: its name in a banner, and what happens in it."""

    name: str
    meaning: str


STAGES: Final = {
    "alone-1": Stage("x1 alone", "The model of x1 learns; that of x2 has not begun."),
    "alone-2": Stage("x2 alone", "The model of x2 learns; that of x1 is done."),
    "joint": Stage("everything", "All of the model learns, from both inputs."),
    "out-of-fold": Stage(
        "0 look",
        "Helpers find out who can tell the class of a sample that they have not seen: x1, x2, or "
        "only both. DMIL itself still waits.",
    ),
    "decompose": Stage(
        "1 decompose",
        "Each input is split into what can be told from it alone, and the rest.",
    ),
    "interact": Stage(
        "2 consistency",
        "What both say goes to R, what one says to U1 or U2, what only both show to S. The gate "
        "learns which part counts.",
    ),
    "together": Stage("3 together", "All parts learn at once."),
}
PICTURE: Final = (
    "x1 moves from left to right, x2 from bottom to top. Colour is the answer, and deeper means "
    "surer; grey is a guess. In the circles: the answer for each pair of symbols, **?** for a "
    "guess, **✗** where it is wrong. Small marks are samples with their true class."
)
ACCURACY: Final = (
    "Share of validation samples that each model gets right, by what a sample is made of. No model "
    "learns from these samples; they decide when a stage ends. Chance is what always answering the "
    "most frequent class gets."
)
GATE: Final = (
    "How much DMIL's gate relies on each part, on average, for the validation samples of a kind. "
    "The mark at the right is the part that they are truly made of."
)
NO_TRUTH: Final = (
    "In this mixture no single part explains a sample, so there is no true gate to compare with."
)
GROUPS: Final = {
    "R": "R: shared by both",
    "U1": "U1: x1 only",
    "U2": "U2: x2 only",
    "S": "S: only in combination",
    "all": "all samples",
}
#: The same beside a bar.
ROWS: Final = {
    **{name: f"{name} samples" for name in ("R", "U1", "U2", "S")},
    "all": "all samples",
}
#: Gate -> the title of its square, in the order in which they are shown.
GATES: Final = {
    "RDN": "R: shared",
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

#: A model that is so near to chance is said to be at chance; a share so high is said to be solved.
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
    return (
        f"{train:,} samples to learn from, {val:,} for validation, seed {seed}. Numbers that each "
        f"model learns: {counts}."
    )


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
            "each of its two models sees one input, which alone says nothing, so their average "
            "cannot know the class."
            f"{_others([n for n in accuracies if n not in stuck], accuracies)}"
        )
    top = max(accuracies.values())
    best = [NAMES[n] for n, a in accuracies.items() if a > top - NEAR]
    if len(best) == len(accuracies):
        return f"{where} the three are about equally good: {shares} (chance {chance:.0%})."
    verb = "is" if len(best) == 1 else "are"
    return f"{where} {' and '.join(best)} {verb} right most often: {shares} (chance {chance:.0%})."


def _others(names: Sequence[str], accuracies: Mapping[str, float]) -> str:
    if not names:
        return " The others are at chance too."
    parts = " and ".join(f"{NAMES[n]} {accuracies[n]:.0%}" for n in names)
    verb = "reads" if len(names) == 1 else "read"
    return f" {parts}: {'it' if len(names) == 1 else 'they'} {verb} both inputs at once."


def _leaning(follows: Mapping[str, float]) -> str:
    shares = ", ".join(f"{NAMES[name]} in {follows[name]:.0%}" for name in NAMES if name in follows)
    return (
        "Whom do they trust? Where x1 and x2 contradict each other, which they never do in "
        f"training, the answer is that of x1: {shares} of the places."
    )


def _of_gate(gate: Mapping[str, Mapping[str, float]]) -> str:
    parts = [f"{weights[g]:.0%} to {g} on {g} samples" for g, weights in gate.items()]
    every = all(max(w, key=lambda c: w[c]) == g for g, w in gate.items())
    end = "the true part has most" if every else "the true part does not always have most yet"
    return f"Of its weight DMIL's gate gives {', '.join(parts)}: {end}."
