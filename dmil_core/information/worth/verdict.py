"""What an input is worth, in sentences made from the numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from dmil_core.information.worth.acquisition import SHARES, Acquisition
from dmil_core.information.worth.gains import Worth
from dmil_core.information.worth.posteriors import Known
from dmil_core.metrics.intervals import Interval


def verdict(known: Known, one: Worth, curve: Acquisition) -> tuple[str, ...]:
    """Sentences on an input: its worth with its interval, for whom, and what would change it."""
    others = _listed([n for n in known.names if n != one.name])
    bits, gain = one.bits, one.accuracy.gain
    amount = f"{bits.value:.2f} bits ({bits.low:.2f} to {bits.high:.2f})"
    accuracy = (
        f"accuracy is {one.accuracy.without:.1%} without it and {one.accuracy.with_:.1%} with it "
        f"({100 * gain.low:+.1f} to {100 * gain.high:+.1f} points)"
    )
    sentences = []
    if bits.positive:
        sentences.append(f"Given {others}, {one.name} is worth {amount}; {accuracy}.")
    elif bits.negative:
        sentences.append(
            f"Given {others}, {one.name} makes predictions worse: {amount}; {accuracy}. Before it "
            "is of use, more samples or a simpler model of all inputs are needed."
        )
    else:
        sentences.append(
            f"Given {others}, the worth of {one.name} is not distinguishable from 0: {amount}; "
            f"{accuracy}."
        )
    if (all_rows := one.corrected) is not None:
        sentences.append(
            f"Corrected for which samples have all inputs it is {all_rows.value:.2f} bits "
            f"({all_rows.low:.2f} to {all_rows.high:.2f})."
        )
    if bits.positive:
        sentences += _for_whom(one, curve)
    sentences += _price(one, curve)
    sentences.append(_what_would_change(known, bits))
    return tuple(sentences)


def _for_whom(one: Worth, curve: Acquisition) -> list[str]:
    sentences = []
    classes = one.parts["class"]
    if len(classes) > 1 and classes[0].bits.low > classes[-1].bits.high:
        first, last = classes[0], classes[-1]
        sentences.append(
            f"It is worth most for the class {first.name} ({first.bits.value:.2f} bits) and least "
            f"for {last.name} ({last.bits.value:.2f})."
        )
    half = curve.curve.iloc[SHARES.index(0.5)]
    sentences.append(
        f"If half of the samples get it, the least certain first, accuracy is "
        f"{half['accuracy_entropy']:.1%}; with a random half {half['accuracy_random']:.1%}."
    )
    return sentences


def _price(one: Worth, curve: Acquisition) -> list[str]:
    if (point := curve.points.get("entropy")) is None:
        return []
    if point.share in (0.0, 1.0):
        whom = "no sample" if point.share == 0 else "every sample"
        return [f"At its price it pays to get {one.name} for {whom}."]
    saved = point.saved
    tail = (
        f"which saves {saved.value:.3g} a sample ({saved.low:.3g} to {saved.high:.3g}) over "
        "getting it for all or for none"
        if saved.positive
        else "but the saving over getting it for all or for none is not distinguishable from 0"
    )
    return [
        f"At its price it pays to get {one.name} for the {point.share:.0%} of the samples that are "
        f"least certain, {tail}."
    ]


def _what_would_change(known: Known, bits: Interval) -> str:
    rows, groups = len(known.y), 0 if known.group is None else len(np.unique(known.group))
    over = f"{groups:,} groups of {rows:,} samples" if groups else f"{rows:,} samples"
    about = f"over {over} and the fit of the networks" if known.fitted else f"over {over}"
    if not (bits.positive or bits.negative) and bits.value > 0:
        if groups:
            return f"The interval is {about}; more groups, not more samples of these, narrow it."
        needed = rows * ((bits.high - bits.low) / 2 / bits.value) ** 2
        return (
            f"The interval is {about}. A worth of this size could be told from 0 with about "
            f"{_round(needed):,} samples."
        )
    models = (
        "networks that fit the inputs better than the small ones used here may change it"
        if known.source == "data"
        else "it is that for this model; a better one may use the input more"
    )
    return f"The interval is {about}; {models}."


def _round(number: float) -> int:
    """Two digits that count."""
    if not math.isfinite(number):
        return 0
    digits = max(0, math.floor(math.log10(max(number, 1.0))) - 1)
    return int(math.ceil(number / 10**digits) * 10**digits)


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
