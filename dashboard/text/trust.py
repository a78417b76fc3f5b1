"""What Trust says. Sentences of cards are plain text; those of Markdown take escaped names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

#: State of a check -> word.
STATES: Final = {"passes": "passes", "fails": "fails", "open": "cannot be checked"}
NOT_RUN: Final = "not run yet"
TITLES: Final = {
    "types": "Gate and truth",
    "components": "Remove a component",
    "inputs": "Remove an input",
    "estimators": "Estimators",
    "seeds": "Seeds",
}
#: Names of figures, for who sees them alone.
CHECKS_FIGURE: Final = "Five checks of the decomposition"
BY_INPUTS_FIGURE: Final = "Accuracy by the inputs that are shown"
SETTINGS_FIGURE: Final = "Samples whose true type the gate finds, by synthetic setting"
GATE_AND_BITS: Final = "Gate and bits"
#: When a check passes.
RULES: Final = {
    "types": "Passes where the lower end of the 95% interval is at least 97% of the largest "
    "possible agreement.",
    "bits": "Passes where the lower end of the 95% interval is at least 80%. Gate and bits are "
    "different quantities: this is weaker evidence than the true types.",
    "components": "Passes where the removal of each component costs samples of its own type more "
    "accuracy than any other type (5% level; types with at least 20 samples).",
    "inputs": "Passes where blank inputs leave at least half of the accuracy to samples whose type "
    "implies that the rest is enough, and less than half to the others.",
    "estimators": "Passes where two estimates of each part differ by at most 5% of all "
    "information, and the estimate from the data alone does not fall short.",
    "seeds": "Passes where the mean gate weights vary by at most 10 points over the seeds and the "
    "accuracy by at most 5.",
}
#: Split -> the samples of a headline.
WHICH: Final = {
    "test": "test samples",
    "val": "validation samples",
    "train": "training samples",
    "all": "samples",
}
RUN: Final = "Run this check"
RUNNING: Final = "Blanking inputs …"


def percent(share: float) -> str:
    """A share with a decimal."""
    return f"{share:.1%}"


def _interval(low: float, high: float) -> str:
    return f"95% interval {100 * low:.1f} to {percent(high)}"


def listed(names: Sequence[str]) -> str:
    """Names in a row with "and"."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


# --- the verdict ----------------------------------------------------------------------------


def verdict(headline: str, states: Mapping[str, tuple[str, str]]) -> str:
    """The verdict in one line; what fails comes first.

    Parameters
    ----------
    headline : a sentence, Markdown.
    states : check -> its state (``waiting`` for one that was not run) and what fails, in words.
    """
    fails = [words for state, words in states.values() if state == "fails"]
    passed = sum(state == "passes" for state, _ in states.values())
    closed = [TITLES[name].lower() for name, (state, _) in states.items() if state == "open"]
    waiting = [TITLES[name].lower() for name, (state, _) in states.items() if state == "waiting"]
    parts = [headline]
    if fails:
        parts.append(f"**Fails**: {'; '.join(fails)}.")
    elif passed == len(states):
        parts.append("All five checks pass.")
    if passed and passed < len(states):
        parts.append(f"{passed} of {len(states)} checks pass.")
    if closed:
        parts.append(f"Cannot be checked: {listed(closed)}.")
    if waiting:
        parts.append(f"Not run yet: {listed(waiting)}.")
    return " ".join(parts)


def headline_truth(model: str, split: str, share: float, low: float, high: float) -> str:
    """How often the gate finds the truth; the names are escaped already."""
    return (
        f"**{model}'s gate finds the true interaction type of {percent(share)} of the {split}** "
        f"({_interval(low, high)})."
    )


def headline_bits(model: str, split: str, share: float, low: float, high: float) -> str:
    """The same where the truth is not known."""
    return (
        "The true interaction types are not known here. "
        f"**{model}'s largest gate is the largest part in bits for {percent(share)} of the "
        f"{split}** ({_interval(low, high)})."
    )


def headline_gate_only(model: str) -> str:
    """A gate without anything to compare it with."""
    return f"**Neither true interaction types nor bits are known here to check {model}'s gate.**"


def headline_no_gate(model: str) -> str:
    """A model that does not decompose."""
    return f"**{model} has no gate: it makes no claim about R, U1, U2 and S to be checked.**"


# --- gate and truth -------------------------------------------------------------------------


def by_truth(
    agree: int, total: int, low: float, high: float, frequent: tuple[str, float],
    bound: float | None,
) -> str:  # fmt: skip
    """How often the gate is right, beside a constant answer and the bound."""
    most = "" if bound is None else f" At most {percent(bound)} can be found."
    return (
        f"Right for {agree:,} of {total:,} samples ({_interval(low, high)}). A constant "
        f"{frequent[0]} would be right for {percent(frequent[1])}.{most}"
    )


def by_bits(agree: int, total: int, low: float, high: float) -> str:
    """How often gate and bits agree."""
    return f"They agree for {agree:,} of {total:,} samples ({_interval(low, high)})."


def fails_truth(share: float) -> str:
    """The short form of a failure."""
    return f"the gate misses the true type of {percent(1 - share)}"


def fails_bits(share: float) -> str:
    """The short form of a failure."""
    return f"gate and bits disagree for {percent(1 - share)}"


def disagreeing(number: int) -> str:
    """A link to the samples of which gate and bits disagree."""
    return f"{number:,} samples disagree" if number > 1 else "1 sample disagrees"


NO_GATE: Final = "This model has no gate, so it names no component for a sample."
SHOW_DMIL: Final = "Show dmil"
NO_BITS: Final = (
    "The true types are not known here, and there are no heads of two inputs to estimate bits with."
)


# --- components -----------------------------------------------------------------------------


def components(judged: Sequence[str], failing: Sequence[str], in_bits: Sequence[str]) -> str:
    """Whose samples suffer."""
    if not judged:
        return "Fewer than 20 samples of each type: too few to decide."
    if not failing:
        return "Without each component its own samples lose the most accuracy."
    bits = [c for c in failing if c not in in_bits]
    which = "" if len(bits) == len(failing) else f" ({listed(bits)})"
    whole = (
        f" In bits they do{which}: the answer often stays, with less confidence." if bits else ""
    )
    return f"Without {_or(failing)} its own samples do not lose more accuracy than others.{whole}"


def _or(names: Sequence[str]) -> str:
    return listed(names).replace(" and ", " or ")


def fails_components(failing: Sequence[str]) -> str:
    """The short form of a failure."""
    return f"removing {_or(failing)} does not cost its own samples the most accuracy"


NOT_ADDITIVE: Final = "The logits of this model are no sum over components."
COMPONENTS: Final = {
    "truth": "Rows: the component whose contribution is taken out of the logits. Columns: the true "
    "interaction type of the samples.",
    "gate": "Rows: the component whose contribution is taken out of the logits. Columns: the "
    "component with the largest gate, as the true types are not known: this shows that the gate "
    "has its effect, not that it is right.",
}
#: What the columns are, above the names of the rows.
COLUMNS: Final = {"truth": "true type", "gate": "largest gate"}
ACCURACY_LOST: Final = "Accuracy lost, in points"
BITS_LOST: Final = "Log probability of the true class lost, in bits"


CELLS: Final = "A click lists the samples that become wrong."

# --- inputs ---------------------------------------------------------------------------------


def inputs(
    rows: int, typed: bool, judged: Sequence[str], found: Sequence[tuple[str, str, float, bool]]
) -> str:
    """Whether blank inputs confirm the types.

    Parameters
    ----------
    typed : whether types are known, or named by a gate.
    found : type, the inputs shown in words, share right, whether these inputs were to be enough.
    """
    if not typed:
        return f"{rows:,} samples tried. There are no types that this could confirm."
    if not judged:
        return f"{rows:,} samples tried: too few of each type, or no input changes the answers."
    if not found:
        return f"Answers are as expected of {listed(judged)} samples ({rows:,} tried)."
    kind, shown, right, enough = found[0]
    rest = f" {len(found) - 1} more in the details." if len(found) > 1 else ""
    expected = "should be enough" if enough else "should not be enough"
    return f"{kind} samples: {shown} {expected}, {percent(right)} are right.{rest}"


def fails_inputs(kinds: Sequence[str]) -> str:
    """The short form of a failure."""
    return f"blank inputs contradict the type of {listed(kinds)} samples"


def these(kind: str) -> str:
    """A link to samples that contradict their type."""
    return f"These {kind} samples"


ONLY_PREDICTIONS: Final = (
    "Only the predictions of this model were imported: it cannot answer for a blank input. With an "
    "ONNX file it can."
)
INPUTS_WAITING: Final = (
    "Runs the model with all inputs, each alone, and none, on up to 500 samples. Takes seconds."
)
BLANK: Final = (
    "A blank input is the mean of the training samples; of a text, no words. The model never saw "
    "such inputs, so what it answers then is evidence, not proof. p: mean probability of the true "
    "class."
)
BY_TYPE: Final = {
    "truth": "Accuracy by true interaction type and by the inputs that are shown. ✗: contradicts "
    "the type.",
    "gate": "Accuracy by the component with the largest gate and by the inputs that are shown. ✗: "
    "contradicts the gate.",
}


BROKEN: Final = "A click lists those that are wrong without the other input."


def shown(names: Sequence[str], numbers: Sequence[int]) -> str:
    """Inputs that are shown, in words."""
    if not numbers:
        return "no input"
    if len(numbers) == len(names):
        return "both inputs" if len(names) == 2 else "all inputs"
    return f"{listed([names[m - 1] for m in numbers])} alone"


# --- estimators -----------------------------------------------------------------------------


def estimators(
    compared: Sequence[str], apart: Sequence[str], unclear: Sequence[str], largest: float
) -> str:
    """Whether two estimates agree."""
    one, other = compared
    if apart:
        return f"{one} and {other} disagree on {listed(apart)}, by up to {largest:.2f} bits."
    if unclear:
        return (
            f"{one} and {other} differ on {listed(unclear)} by up to {largest:.2f} bits, within "
            "their intervals: inconclusive."
        )
    return f"{one} and {other} agree on every part, within {largest:.2f} bits."


def falls_short(value: float, model: str, more: float) -> str:
    """The plain warning about the estimate from the data alone."""
    return (
        f"The estimate from the data alone falls short: it finds {value:.2f} bits, {model}'s heads "
        f"{more:.2f}."
    )


def fails_estimators(apart: Sequence[str], short: bool) -> str:
    """The short form of a failure."""
    parts = [f"the estimators disagree on {listed(apart)}"] if apart else []
    parts += ["the estimate from the data alone falls short"] if short else []
    return ", and ".join(parts)


ONE_ESTIMATOR: Final = "One estimate alone. The other is made by:"
ONE_ESTIMATOR_OWN: Final = "One estimate alone: the training of this data set made no other."
THREE_INPUTS: Final = "Bits are split into R, U1, U2 and S for two inputs only."
NO_ESTIMATOR: Final = "No estimate of bits is here. One is made by:"
NO_ESTIMATOR_OWN: Final = "The training of this data set made no estimate of bits."
TYPES: Final = "true types"


def clusters(count: int) -> str:
    """The name of the estimate from clusters."""
    return f"{count} clusters"


AVERAGES: Final = (
    "Bits about the true class, mean over samples with 95% intervals: by the heads of models, "
    "calibrated on validation samples; by small networks on the data alone; and exactly, where the "
    "distribution is known. R + U1 + U2 + S = all."
)
CLUSTERS: Final = "The whole data set, cut into clusters"
CLUSTERS_BELOW: Final = (
    "All samples, no model. R, U1, U2 and S by BROJA with 95% bootstrap intervals: another "
    "measure of redundancy, so its parts need not equal those above."
)


def retained(clusters_: int, bits: float, most: float, who: str) -> str:
    """How much of the information clusters retain; Markdown, ``who`` is escaped already."""
    return (
        f"{clusters_} clusters of each input retain **{bits:.2f}** of the {most:.2f} bits that "
        f"{who} finds."
    )


def few_samples(added: Sequence[tuple[int, float]]) -> str:
    """Numbers of clusters with too few samples, and what chance adds to them."""
    parts = ", ".join(f"{bias:.2f} bits with {count}" for count, bias in added)
    return f"Hatched: too few samples. Chance alone adds more than a tenth, {parts} clusters."


# --- seeds ----------------------------------------------------------------------------------


def seeds(number: int, stored: bool, failing: Sequence[str], widest: float) -> str:
    """How much seeds differ."""
    kind = "trained models" if stored else "recorded trainings"
    first = f"{number} {kind}."
    if failing:
        return f"{first} Too much varies: {listed(failing)}, by up to {100 * widest:.1f} points."
    return f"{first} Accuracy and mean gate weights vary by at most {100 * widest:.1f} points."


def fails_seeds(failing: Sequence[str]) -> str:
    """The short form of a failure."""
    return f"seeds differ in {listed(failing)}"


ALL_RUNS: Final = "All recorded trainings"


def seed(number: int) -> str:
    """A link to the model of a seed."""
    return f"Samples of seed {number}"


ONE_SEED: Final = "One training alone. A second seed is trained by:"
ONE_SEED_OWN: Final = "One training alone. Train the data set again on Your data."
ONE_SEED_EXTERNAL: Final = "One model was given. Import another seed of it as a model of its own."
RECORDS_OF_OTHER_DATA: Final = "The records are of another version of this data set."
RECORDED: Final = "The models of recorded trainings are not here; the one that is shown is another."


# --- known settings -------------------------------------------------------------------------

SETTINGS: Final = "Synthetic settings with known truth"
WHAT_THE_TRUTH_IS: Final = "What the truth is: three samples of the generator"
EXAMPLES: Final = (
    "Each input is three blocks of numbers, drawn before they are mixed. A coloured block carries "
    "the code of a class; the others are noise. R: both inputs carry the class. U: one does. S: "
    "each carries a number, and only their sum is the class."
)
AGREEMENT: Final = (
    "Bar: share of test samples whose largest gate is the true type (dmil, mean over seeds). Line "
    "across: the generator bound, which knows the distribution. Right: the bar as a share of it."
)


def settings(worst: str, lowest: float, others: float | None, number: int) -> str:
    """The benchmark in a sentence; the worst setting is named and escaped already."""
    first = (
        f"In {number} synthetic settings the gate of dmil finds the true type at least "
        f"**{percent(lowest)}** as often as the generator bound allows"
    )
    if others is None:
        return f"{first} ({worst})."
    return f"{first} ({worst}), in the others at least **{percent(others)}**."


def criteria(states: Sequence[str]) -> str:
    """How many of the acceptance criteria hold."""
    counts = [(states.count(state), state) for state in ("met", "missed", "open")]
    return f"Acceptance criteria: {', '.join(f'{n} {state}' for n, state in counts if n)}"


def of_bound(share: float, is_noise: bool) -> str:
    """Agreement as a share of the bound; it exceeds it by noise alone, or something is wrong."""
    if share <= 1:
        return f"{percent(share)} of bound"
    return "100% (within noise)" if is_noise else f"{percent(share)}: above the bound"


#: AUROCs of some thousand samples differ by that much by chance.
_NOISE: Final = 0.01


def ratio(value: float) -> str:
    """An AUROC as a share of its bound."""
    if value != value:  # not a number
        return "-"
    if value <= 1:
        return f"{value:.3f}"
    return "1 (within noise)" if value <= 1 + _NOISE else f"{value:.3f}, above its bound"


def example(kind: str, y: int, classes: int, codes: Sequence[int]) -> str:
    """How a row's class follows from its inputs."""
    if kind == "S":
        return f"class {y} = ({' + '.join(map(str, codes))}) mod {classes}"
    if kind == "R":
        return f"class {y}, in each input"
    return f"class {y}, in x{kind[1]} only"


def block(kind: str, name: str, code: int) -> str:
    """What the coloured block of an input carries."""
    return f"{name}: number {code}" if kind == "S" else f"{name}: class {code}"
