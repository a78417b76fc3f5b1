"""From the numbers of a finding to its sentences; nothing is said that the intervals do not say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from dashboard.services.finding.numbers import Contrast, Estimate, Numbers

#: Test rows of a run below which that is said.
FEW_TEST_ROWS: Final = 100
#: Runs below which models are not compared, and below which it is said that they are few.
_FEWEST_RUNS: Final = 2
RUNS: Final = 3
#: Share of the most frequent class from which accuracy says little.
_UNEVEN: Final = 0.8
#: Share of the class's bits from which an input determines nearly all, or most of it.
_NEARLY_ALL: Final = 0.9
_MOST: Final = 0.5
_OPEN: Final = "not distinguishable from 0"
_PARTS: Final = {"r": "R", "u1": "U1", "u2": "U2", "s": "S"}


@dataclass(frozen=True)
class Finding:
    """What is found, in words.

    Attributes
    ----------
    sentences : the paragraph.
    caveats : what to keep in mind, a sentence or two each.
    covers : what the intervals cover.
    """

    sentences: tuple[str, ...]
    caveats: tuple[str, ...]
    covers: tuple[str, ...]

    @property
    def paragraph(self) -> str:
        """The sentences as one text."""
        return " ".join(self.sentences)


def finding(n: Numbers) -> Finding:
    """The paragraph, the caveats, and what the intervals cover."""
    about = _in_bits(n) if n.bits else _by_accuracy(n)
    return Finding((*about, *_models(n)), tuple(_caveats(n)), tuple(_covers(n)))


# --- information of the inputs --------------------------------------------------------------------


def _in_bits(n: Numbers) -> Iterator[str]:
    b = n.bits
    first, second = n.inputs
    if not b["i12"].positive:
        yield (
            f"No information about {n.what} was found in {first} and {second}: together "
            f"{_of(b['i12'], n)}, {_OPEN}."
        )
        return
    if not b["i1"].positive and not b["i2"].positive:
        yield (
            f"Neither {first} nor {second} alone carries information about {n.what} that is "
            f"distinguishable from 0 ({_bits(b['i1'])} and {_bits(b['i2'])}); together they carry "
            f"{_of(b['i12'], n)}."
        )
        if b["s"].positive:
            yield f"S, what only their combination carries, is {_bits(b['s'])}."
        return
    if b["lead"].positive or b["lead"].negative:
        yield from _leader(n, 1 if b["lead"].positive else 2)
    else:
        yield from _no_leader(n)
    if b["r"].positive:
        yield f"R, what both share, is {_bits(b['r'])}."
    if b["s"].positive:
        yield f"S, what only their combination carries, is {_bits(b['s'])}."


def _leader(n: Numbers, lead: int) -> Iterator[str]:
    b, other = n.bits, 3 - lead
    alone, unique = b[f"i{lead}"], b[f"u{lead}"]
    name, rest = n.inputs[lead - 1], n.inputs[other - 1]
    if alone.low >= _NEARLY_ALL * n.entropy:
        how = f"determines nearly all of {n.what}"
    elif alone.low >= _MOST * n.entropy:
        how = f"determines most of {n.what}"
    else:
        how = f"carries more information about {n.what} than {rest} alone"
    inside = f"; U{lead} {_bits(unique)} of it only there" if unique.positive else ""
    yield _begin(f"{name} alone {how} ({_of(alone, n)}{inside}).")
    yield _begin(f"{rest} adds {_added(b[f'add{other}'])}.")


def _no_leader(n: Numbers) -> Iterator[str]:
    b = n.bits
    first, second = n.inputs
    yield (
        f"Neither input alone is shown to be more informative about {n.what}: {first} "
        f"{_bits(b['i1'])}, {second} {_bits(b['i2'])} of {n.entropy:.2f}; their difference is "
        f"{_OPEN}."
    )
    yield (
        f"To the other input, {first} adds {_added(b['add1'])}, and {second} {_added(b['add2'])}."
    )


def _added(estimate: Estimate) -> str:
    return _bits(estimate) + ("" if estimate.positive else f", {_OPEN}")


def _by_accuracy(n: Numbers) -> Iterator[str]:
    """Of data sets without estimates in bits: by intervals that do not overlap."""
    if not n.alone:
        return
    order = sorted(range(len(n.alone)), key=lambda m: -n.alone[m].value)
    best = order[0]
    listed = ", ".join(f"{n.inputs[m]} {_share(n.alone[m])}" for m in order)
    apart = all(n.alone[best].low > n.alone[m].high for m in order[1:])
    if apart and n.alone[best].low > n.largest:
        yield _begin(f"{n.inputs[best]} alone predicts {n.what} best ({listed}).")
    else:
        yield f"No input alone is shown to predict {n.what} better than the others ({listed})."
    poor = [n.inputs[m] for m in order if not n.alone[m].low > n.largest]
    if poor:
        verb = "is" if len(poor) == 1 else "are"
        yield _begin(
            f"{_listed(poor)} alone {verb} not distinguishable from always predicting the most "
            f"frequent class ({n.largest:.0%})."
        )


# --- what the models do with it ------------------------------------------------------------------


def _models(n: Numbers) -> Iterator[str]:
    for model, words in (("joint", "A joint model"), ("dmil", "dmil")):
        contrast = n.contrasts.get(model)
        if contrast is None or model not in n.accuracy or "ensemble" not in n.accuracy:
            continue
        both = f"{n.accuracy[model].value:.1%} and {n.accuracy['ensemble'].value:.1%} accuracy"
        if n.runs < _FEWEST_RUNS or not contrast.runs.known:
            if model == "joint":
                yield (f"One run does not show whether joint is better than ensemble ({both}).")
            continue
        yield f"{words} is {_verdict(contrast)} an ensemble ({both}; {_points(contrast.runs)})."


def _verdict(contrast: Contrast) -> str:
    return {
        "better": "better than",
        "worse": "worse than",
        "open": "not shown to be better or worse than",
    }[contrast.verdict]


def _points(difference: Estimate) -> str:
    value, low, high = (100 * v for v in (difference.value, difference.low, difference.high))
    if low == high:  # no spread to make an interval of
        return f"difference {value:+.1f} points in every run"
    return f"difference {value:+.1f} points, {low:+.1f} to {high:+.1f}"


# --- what to keep in mind ------------------------------------------------------------------------


def _caveats(n: Numbers) -> Iterator[str]:
    if n.quick:
        yield (
            "Quick: the models had a fifth of their epochs. Train fully before you report a number."
        )
    if n.runs < RUNS:
        count = "One run" if n.runs == 1 else f"{n.runs} runs"
        yield f"{count} of each model, of {RUNS}: differences between models are hardly known."
    if n.test_rows < FEW_TEST_ROWS:
        yield (
            f"Few test rows: each run is tested on {n.test_rows:,}, so that one row is "
            f"{1 / max(n.test_rows, 1):.1%} of accuracy."
        )
    if n.largest >= _UNEVEN:
        yield (
            f"{n.largest:.0%} of the rows are of one class: always predicting it is right as "
            "often, so that accuracy means little."
        )
    if len(n.inputs) > 2:
        yield (
            "R, U1, U2 and S in bits are defined for two inputs. Of three, the accuracy of each "
            "input alone is compared."
        )
    elif not n.bits:
        yield "The bits are not there, so that only accuracies are compared."
    if n.source == "model" and n.bits and {"data", "model"} <= set(n.found_by):
        yield (
            f"Networks that read the data alone find {n.found_by['data']:.2f} bits, less than dmil "
            f"with {n.found_by['model']:.2f}. The bits above are those of dmil."
        )
    below = [_PARTS[p] for p in _PARTS if p in n.bits and n.bits[p].negative]
    if below:
        verb = "is" if len(below) == 1 else "are"
        yield (f"{_listed(below)} {verb} below 0: on average this part speaks for a wrong class.")
    yield from n.notes


def _covers(n: Numbers) -> Iterator[str]:
    yield "All intervals, after \u00b1 and as whiskers, are of 95%."
    if n.bits and n.source == "data":
        fit = (
            ", and for how networks fitted to other or to more rows would differ"
            if n.with_fit else ". The set is too small to estimate the error of the fit"
        )  # fmt: skip
        yield (
            f"Bits: the mean over all {n.bits_rows:,} rows, each by networks that were not trained "
            f"on it. The interval allows for which rows were drawn{fit}."
        )
    elif n.bits:
        yield (
            f"Bits: the mean over {n.bits_rows:,} test rows, by the heads of dmil. The interval "
            "allows for which rows were drawn, and for how the runs differ."
        )
    if n.accuracy:
        runs = "1 run" if n.runs == 1 else f"{n.runs} runs"
        split = ", each with a random split of its own" if n.own_split and n.runs > 1 else ""
        yield (
            f"Accuracy: the mean of {runs}{split}. The interval is Wilson's for one test split of "
            f"{n.test_rows:,} rows."
        )
    if n.contrasts and n.runs >= _FEWEST_RUNS:
        yield (
            "Difference of two models: the corrected resampled t test over runs. A model is called "
            "better or worse only where this test, after Holm's correction, and the interval over "
            "the test rows both leave out 0."
        )


# --- words ---------------------------------------------------------------------------------------


def _begin(sentence: str) -> str:
    """A sentence that begins with a name from a file: its first letter becomes a capital."""
    return sentence[:1].upper() + sentence[1:]


def _bits(estimate: Estimate) -> str:
    reach = f" \u00b1 {estimate.reach:.2f}" if estimate.known else ""
    return f"{estimate.value + 0.0:.2f}{reach} bits".replace("-0.00", "0.00")


def _of(estimate: Estimate, n: Numbers) -> str:
    """0.45 +- 0.05 of 1.50 bits."""
    return f"{_bits(estimate).removesuffix(' bits')} of {n.entropy:.2f} bits"


def _share(estimate: Estimate) -> str:
    reach = f" ({estimate.low:.0%} to {estimate.high:.0%})" if estimate.known else ""
    return f"{estimate.value:.1%}{reach}"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
