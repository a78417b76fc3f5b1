"""The words of the page Exact PID, and sentences that put a mixture's numbers into words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

LEAD: Final = (
    "The class **y** is a logic gate of two inputs. How much of its information is redundant, "
    "unique or synergistic is then known exactly, and depends on the measure."
)
MIXTURE: Final = (
    "The distribution of two inputs and a class, built of logic gates or of a truth table, so that "
    "everything about it is known exactly."
)
GATES: Final = {
    "xor": "XOR",
    "and": "AND",
    "or": "OR",
    "copy": "COPY",
    "rdn": "RDN",
    "unq1": "UNQ1",
    "unq2": "UNQ2",
    "sum": "SUM",
    "mix": "Mix",
    "table": "Table",
}
#: What a choice means, in a line; that of a gate comes from its rule.
MIX: Final = (
    "Several logic gates, one of them on at a time. Both inputs show which is on, and each has a "
    "bit."
)
TABLE: Final = "Your own rule, a row for each case."
TABLE_HELP: Final = (
    "A row for each case: `x1 x2 -> y`. Rows are equally likely unless each has a probability "
    "(`0 1 -> 1 0.25`, `1/4`, `25%`) or a count (`3`). The same inputs may have several classes. "
    "Values are short words or numbers, at most six different ones; text behind `#` is a note."
)
TABLE_ROWS: Final = (
    "One row a case: *x1 x2 -> y*, and its probability if cases differ. Ctrl+Enter applies it."
)
NO_TABLE: Final = "**This table cannot be used.** The numbers are of the last one that could."
ONE_LEFT: Final = "One logic gate has to be on. Raise another one first."
NOISE: Final = (
    "The chance that the class is drawn anew, from the class prior, whatever the inputs are. Noise "
    "takes information away and changes no prior."
)
CORRELATION: Final = (
    "Of the two bits: 0 independent, 1 always equal, -1 always different. Each bit alone stays "
    "fair. RDN has one bit for both inputs, whatever this says."
)
PRIOR: Final = (
    "The class prior. The inputs are made more or less frequent until it fits; p(x1, x2 | y) stays."
)
WEIGHT: Final = "How often a logic gate is on, beside the others; its share is behind its name."
JOINT: Final = (
    "Each square is a pair of inputs, as large as the pair is frequent; the number above it says "
    "how frequent. Its filling says how often the pair has which class, by colour, pattern, name."
)
POINTWISE: Final = (
    "For each case that can occur: the pointwise information of x1, x2 and both about the class "
    "(i1, i2, i12), and its parts r + u1 + u2 + s = i12. Below 0: evidence against the class."
)
POINTWISE_CHOICE: Final = (
    "What counts as shared in a single case is a choice, too. **Same-sign minimum**: the smaller "
    "of i1 and i2 where both are evidence for the class, or both against it. **Common change in "
    "surprisal** (I_ccs): what i1 + i2 would count twice. **Shared exclusions**: its mean is the R "
    "of Finn-Lizier."
)
POINTWISE_NAMES: Final = {
    "same-sign": "Same-sign minimum",
    "ccs": "Common change in surprisal (I_ccs)",
    "lsmi": "Shared exclusions (Finn, Lizier)",
}
#: The same below a bar.
POINTWISE_SHORT: Final = {
    "same-sign": "same-sign minimum",
    "ccs": "I_ccs",
    "lsmi": "shared exclusions",
}
#: Measure -> its name.
MEASURES: Final = {
    "broja": "BROJA",
    "imin": "I_min",
    "immi": "I_mmi",
    "iccs": "I_ccs",
    "fl": "Finn-Lizier",
}
MEASURE: Final = (
    "What counts as shared has to be defined, and there are several proposals. Mutual information "
    "does not depend on it, so all of them keep R + U1 = I(x1;y), R + U2 = I(x2;y) and "
    "R + U1 + U2 + S = I(x1,x2;y)."
)
COMPONENTS: Final = ("R", "U1", "U2", "S")
NAMES: Final = {
    "R": "redundancy",
    "U1": "uniqueness of x1",
    "U2": "uniqueness of x2",
    "S": "synergy",
}
_MEANT: Final = {
    "R": "shared by both inputs, each is enough",
    "U1": "in x1 only",
    "U2": "in x2 only",
    "S": "only in the combination of the two",
}
#: Fewer bits than this are shown as 0.
LEAST: Final = 0.005


def bits(value: float) -> str:
    """A number of bits with two decimals, and no minus at zero."""
    return f"{value:.2f}".replace("-0.00", "0.00")


def reading(
    entropy: float,
    information: float,
    parts: Mapping[str, Sequence[float]],
    measure: str,
) -> tuple[str, ...]:
    """Sentences for a gate mixture, as Markdown.

    Parameters
    ----------
    entropy, information : H(y) and I(x1,x2;y), in bits.
    parts : measure -> R, U1, U2, S in bits.
    measure : the one that is looked at.
    """
    by_component = dict(zip(COMPONENTS, parts[measure], strict=True))
    sentences = [_predictable(entropy, information)]
    if information >= LEAST:
        sentences += [_largest(by_component, information), *_rest(by_component)]
    return (*sentences, *_negative(by_component), _agreement(parts))


def _predictable(entropy: float, information: float) -> str:
    if entropy < LEAST:
        return "There is only one class, so the inputs carry nothing of it."
    if information < LEAST:
        return (
            f"The class has {bits(entropy)} bits, and the inputs carry **nothing** of it, not even "
            "together."
        )
    if entropy - information < LEAST:
        return f"Together the inputs determine the class completely (**{bits(entropy)} bits**)."
    return (
        f"Together the inputs carry **{bits(information)}** of the {bits(entropy)} bits of the "
        "class; the rest is noise."
    )


def _largest(by_component: Mapping[str, float], information: float) -> str:
    top = max(by_component.values())
    first = [c for c in COMPONENTS if top - by_component[c] < LEAST]
    if len(first) > 1:
        names = _joined([f"**{c}** ({NAMES[c]})" for c in first])
        return f"{names} are equally large, {bits(top)} bits each."
    name = first[0]
    what = f"**{NAMES[name]} ({name})**: {_MEANT[name]}"
    if abs(top - information) < LEAST and all(
        abs(v) < LEAST for c, v in by_component.items() if c != name
    ):
        return f"All of it is {what}."
    return f"The largest part is {what}, {bits(top)} bits."


def _rest(by_component: Mapping[str, float]) -> tuple[str, ...]:
    top = max(by_component.values())
    rest = [c for c in COMPONENTS if LEAST <= by_component[c] <= top - LEAST]
    if not rest:
        return ()
    parts = _joined(
        [f"{c} {bits(by_component[c])}" for c in sorted(rest, key=lambda c: -by_component[c])]
    )
    return (f"Then {'comes' if len(rest) == 1 else 'come'} {parts}.",)


def _negative(by_component: Mapping[str, float]) -> tuple[str, ...]:
    below = [c for c in COMPONENTS if by_component[c] <= -LEAST]
    if not below:
        return ()
    parts = _joined([f"{c} ({bits(by_component[c])})" for c in below])
    verb = "is" if len(below) == 1 else "are"
    return (
        f"{parts} {verb} **negative**: this measure finds more in other components than the inputs "
        "carry, and takes it off here.",
    )


def _agreement(parts: Mapping[str, Sequence[float]]) -> str:
    shared = {name: values[0] for name, values in parts.items()}
    low, high = min(shared, key=shared.__getitem__), max(shared, key=shared.__getitem__)
    if shared[high] - shared[low] < LEAST:
        return "All measures agree here."
    return (
        f"**Measures disagree** on how much is shared: R is {bits(shared[low])} by "
        f"{MEASURES[low]} and {bits(shared[high])} by {MEASURES[high]}."
    )


def apart(broja: Sequence[float], mean: Sequence[float], on: Sequence[str]) -> str:
    """Why BROJA and the mean of the pointwise decomposition differ for a mixture, as Markdown;
    empty where they do not.

    Parameters
    ----------
    broja, mean : R, U1, U2, S in bits.
    on : names of the logic gates in the mixture.
    """
    differ = [c for c, a, b in zip(COMPONENTS, broja, mean, strict=True) if abs(a - b) >= LEAST]
    if not differ:
        return ""
    by_name = (dict(zip(COMPONENTS, values, strict=True)) for values in (broja, mean))
    first, second = (_joined([f"{c} {bits(v[c])}" for c in differ]) for v in by_name)
    return (
        f"**Why BROJA has {first}, the pointwise mean {second}:** BROJA takes R, U1 and U2 from "
        f"p(x1, y) and p(x2, y) alone. It cannot see which of {_joined(on)} is on, and may pair x1 "
        "of one logic gate with x2 of another. The pointwise decomposition conditions on the pair "
        "that occurs, and so on the logic gate that is on."
    )


def _joined(names: Sequence[str]) -> str:
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
