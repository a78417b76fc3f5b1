"""Explanations: Theorem 1, the collapse of the released losses, ablations, the weaker input."""

from __future__ import annotations

import math
import statistics
from typing import Any

from benchmarks import ablations as bench_ablations
from benchmarks import dominance as bench_dominance
from benchmarks.tables.cells import (
    ORDER,
    bits,
    given,
    listed,
    mean_sd,
    mean_spread,
    percent,
    read,
    table,
)
from dmil_core.schema import COMPONENTS

#: The released losses, with our optimiser and with the published one.
RELEASED = ("dmil-paper", "dmil-paper-sgd")
STRENGTHS = {"equal": "equal strengths", "weaker": "weaker x2"}
#: Name of an optimiser in a run's settings -> as it is written.
OPTIMISERS = {"adamw": "AdamW", "sgd": "SGD"}


def theorem() -> str:
    """Theorem 1's terms, in bits."""
    record = read("theorem")
    seeds = len({r["seed"] for r in record["runs"]})
    text = f"""## Theorem 1, measured

I(Z;Y) ≥ E_c[I(Z;Y|c)] - H(C|Z) + I(Y;C), where Z is the representation that a paradigm's
classifier reads, Y the class and C the interaction type (`make bench-theorem`). A linear probe is
trained to predict both from Z on {record["rows"]["train"]:,} rows of `switch` that no model has
seen, and evaluated on {record["rows"]["test"]:,} others; in bits, mean ± standard deviation over
{seeds} seeds. Information and bound are lower bounds, slightly below 0 where there is none; H(C|Z)
is an upper bound. Here I(Y;C) is 0. The first two rows are exact: the joint posterior, and the sum
of the two unimodal ones.

"""
    parts = [text]
    for setting, distribution in record["settings"].items():
        parts += [f"*{setting}*\n", _terms(record, setting, distribution) + "\n"]
    return "\n".join([*parts, _findings(record)])


def _terms(record: dict[str, Any], setting: str, distribution: dict[str, Any]) -> str:
    head = ["", "accuracy", "I(Z;Y)", *(f"I(Z;Y\\|{c})" for c in COMPONENTS), "H(C\\|Z)", "bound"]
    rows = []
    for name, title in (("together", "x1 and x2 together"), ("added", "x1 and x2 added")):
        rows.append(
            [
                title,
                percent(distribution[name]["accuracy"]),
                *(bits([v]) for v in _row(distribution[name])),
            ]
        )
    for name in (*ORDER, *RELEASED[1:]):
        if not (runs := _of(record, setting, name)):
            continue
        values = zip(*(_row(r["linear"]) for r in runs), strict=True)
        accuracy = mean_spread([r["accuracy"] for r in runs])
        rows.append([f"`{name}`", accuracy, *(bits(list(v)) for v in values)])
    return table(head, rows)


def _of(record: dict[str, Any], setting: str, paradigm: str) -> list[dict[str, Any]]:
    return [r for r in record["runs"] if (r["setting"], r["paradigm"]) == (setting, paradigm)]


def _row(terms: dict[str, Any]) -> list[float]:
    by = terms["by_interaction_type"]
    return [terms["information"], *(by[c] for c in COMPONENTS), terms["equivocation"],
            terms["bound"]]  # fmt: skip


def _findings(record: dict[str, Any]) -> str:
    """One sentence for each, with figures in place of judgements, so that they stay true."""
    equal, weak = record["settings"]

    def mean(setting: str, paradigm: str, kind: str, *path: str) -> str:
        values = []
        for run in _of(record, setting, paradigm):
            value = run[kind]
            for key in path:
                value = value[key]
            values.append(value)
        return f"{statistics.mean(values) / math.log(2):.2f}"

    s, u2 = ("by_interaction_type", "S"), ("by_interaction_type", "U2")
    weak_u2 = record["settings"][weak]["together"]["by_interaction_type"]["U2"] / math.log(2)
    released = []
    for name in RELEASED:
        runs = _of(record, equal, name)
        if values := [r["linear"]["by_interaction_type"]["S"] / math.log(2) for r in runs]:
            released.append(
                f"- `{name}` has between {min(values):.2f} and {max(values):.2f} bits of S, by "
                "seed, on equal shares; with the weaker\n"
                f"  x2, {mean(weak, name, 'linear', *s)} on average.\n"
            )
    blur = f"{100 * record['blur']:.0f} %"
    return f"""- On S samples a linear probe finds {mean(equal, "ensemble", "linear", *s)} bits in the features of `ensemble` and a probe with a hidden layer
  {mean(equal, "ensemble", "mlp", *s)}: the information is there, but a sum of two predictions cannot combine it. A linear probe finds
  {mean(equal, "joint", "linear", *s)} in `joint` and {mean(equal, "dmil", "linear", *s)} in `dmil`.
- H(C|Z) is {mean(equal, "joint", "linear", "equivocation")} bits in `joint` and {mean(equal, "dmil", "linear", "equivocation")} in `dmil`; with noise of {blur} of each coordinate's spread
  {mean(equal, "joint", "blurred", "equivocation")} and {mean(equal, "dmil", "blurred", "equivocation")}. A model that predicts the class without the interaction type loses nothing by
  not knowing it: the condition of the theorem is sufficient, not necessary.
- Where x2 is three times weaker there are {weak_u2:.2f} bits in U2 samples; `joint` has {mean(weak, "joint", "linear", *u2)} of them,
  `dmil` {mean(weak, "dmil", "linear", *u2)}. H(C|Z): {mean(weak, "joint", "linear", "equivocation")} and {mean(weak, "dmil", "linear", "equivocation")}.
{"".join(released)}- A probe that learns from the model's own training rows finds {mean(weak, "dmil", "seen", "information")} bits instead of {mean(weak, "dmil", "linear", "information")} in `dmil`
  in the second setting, and {mean(weak, "joint", "seen", "information")} instead of {mean(weak, "joint", "linear", "information")} in `joint`: a model is more confident on
  rows that it has seen."""  # noqa: E501


def collapse() -> str:
    """What the gate of the released losses does, seed by seed, for docs/collapse.md."""
    record = read("collapse")["runs"]
    # Earlier records are of one variant, and do not say which types are found.
    by = {n: [r for r in record if r.get("paradigm", RELEASED[0]) == n] for n in RELEASED}
    shown = [n for n in RELEASED if by[n]]
    found = any("found" in r for r in record)
    head = ["losses, x2, seed", "accuracy", "gate agreement",
            *((f"finds {c}" for c in COMPONENTS) if found else ()),
            *(f"gate {c}" for c in COMPONENTS),
            "head R on S", "head S on R", "S in Z", "S in M", "S in N"]  # fmt: skip
    rows = []
    for name in shown:
        for r in by[name]:
            types = [percent(r["found"][c]) if "found" in r else "-" for c in COMPONENTS]
            rows.append(
                [
                    f"`{name}`, {_strength(r)}, {r['seed']}",
                    percent(r["accuracy"]),
                    percent(r["agreement"]),
                    *(types if found else ()),
                    *(f"{r['gate'][c]:.2f}" for c in COMPONENTS),
                    percent(r["heads"]["R"]["S"]),
                    percent(r["heads"]["S"]["R"]),
                    *(bits([r["synergy_in"][part]]) for part in "ZMN"),
                ]
            )
    notes = [_of_variant(name, by[name]) for name in shown]
    if missing := [f"`{n}`" for n in RELEASED if n not in shown]:
        notes.append(f"- {' and '.join(missing)}: not measured yet.")
    return "\n".join([table(head, rows), "", "Means over seeds:", "", *notes])


def _strength(run: dict[str, Any]) -> str:
    return "weaker" if "weaker" in run["setting"] else "equal"


def _of_variant(name: str, runs: list[dict[str, Any]]) -> str:
    """What one variant reaches with equal strengths and with the weaker x2."""
    parts = []
    for strength in dict.fromkeys(map(_strength, runs)):
        mine = [r for r in runs if _strength(r) == strength]

        def mean(figures: list[float]) -> str:
            return percent(statistics.mean(figures))

        text = f"{STRENGTHS[strength]}, {mean([r['accuracy'] for r in mine])} accuracy"
        text += f", {mean([r['accuracy_S'] for r in mine])} on S samples"
        text += f", gate agreement {mean([r['agreement'] for r in mine])}"
        unique = [r["gate"]["U1"] + r["gate"]["U2"] for r in mine]
        text += f", weight of U1 and U2 together {statistics.mean(unique):.2f}"
        if all("found" in r for r in mine):
            share = [(r["found"]["U1"] + r["found"]["U2"]) / 2 for r in mine]
            text += f", largest on U1 and U2 samples in {mean(share)}"
        parts.append(text)
    # Earlier records do not say it: all were trained with this one.
    optimizer, lr = runs[0].get("optimizer", "adamw"), runs[0].get("lr", 1e-3)
    how = f"{OPTIMISERS.get(optimizer, optimizer)} at {lr:g} in stage 3"
    return f"- `{name}` ({how}): {'; '.join(parts)}."


def ablations() -> str:
    """What each change to the method is worth."""
    means = read("ablations")["means"]
    measured = {(m["setting"], m["paradigm"]): m for m in means}
    with_gate = {m["setting"] for m in means if "gate_calibration_error" in m}
    without = {m["setting"] for m in means} - with_gate
    known, real = (
        [s for s in bench_ablations.SETTINGS if s in own] for own in (with_gate, without)
    )
    measured_paradigms = {m["paradigm"] for m in means}
    rows = []
    for name in (p for p in bench_ablations.PARADIGMS if p in measured_paradigms):
        result = [_agreement(measured.get((s, name))) for s in known]
        rows.append([f"`{name}`", *result, *(_accuracy(measured.get((s, name))) for s in real)])
    seeds = sorted({m["seeds"] for m in means})
    counted = " to ".join(str(n) for n in dict.fromkeys((seeds[0], seeds[-1])))
    text = f"""## Ablations

`dmil` with one change removed at a time, over {counted} paired seeds, without tuning
(`make bench-ablations`; [methods](methods.md) describes each). On the `switch` distribution: how
often the largest gate weight is that of the true interaction type, with its calibration error in
parentheses; on real sets: test accuracy. Mean ± standard deviation, in percent except the error;
↑ and ↓ where the 95 % interval of the paired difference from `dmil` excludes 0.
"""
    return text + "\n" + table(["", *known, *(f"`{s}`" for s in real)], rows)


def _agreement(mean: dict[str, Any] | None) -> str:
    """Agreement and calibration error of a gate."""
    if mean is None or "gate_agreement" not in mean:
        return "-"
    sd = mean["gate_agreement_sd"]
    spread = "" if sd is None else f" ± {100 * sd:.1f}"
    error = f"({mean['gate_calibration_error']:.3f})"
    return f"{100 * mean['gate_agreement']:.1f}{spread} {error}{_clear(mean, 'gate_agreement')}"


def _accuracy(mean: dict[str, Any] | None) -> str:
    return "-" if mean is None else given(mean) + _clear(mean, "accuracy")


def _clear(mean: dict[str, Any], name: str) -> str:
    """An arrow where a figure clearly is above or below that of ours."""
    gain = mean.get(f"{name}_gain", {})
    if (gain.get("low") or 0.0) > 0.0:
        return " ↑"
    return " ↓" if (gain.get("high") or 0.0) < 0.0 else ""


def dominance() -> str:
    """Does joint learning under-use redundancy where one modality dominates?"""
    record = read("dominance")
    shown = [m for m in bench_dominance.MEASURES if m != "shortfall"]
    rows = [
        [f"{_setting(m['setting'])}: `{m['paradigm']}`", *(_mean_of(m, name) for name in shown)]
        for m in record["means"]
    ]
    seeds = record["means"][0]["seeds"]
    text = f"""## Does joint learning under-use the weaker input?

One input dominates where x2 of `switch` is three times weaker, and where the names of `emoji` are
sentence vectors; equal strengths and plain words are the controls (`make bench-dominance`).
*Probe*: logistic regression on the features of the weaker input's encoder. *Blank*, *swapped*: the
stronger input is missing, or taken from another sample. *Redundant*: only rows that both unimodal
models predict correctly, which favours the ensemble of these two. Test accuracy in percent, mean ±
standard deviation over {seeds} seeds; `benchmarks/dominance.py` has the rule behind the verdicts.
"""
    head = ["", *(m.replace("_", ", ") for m in shown)]
    findings = [_dominated(f) for f in record["findings"]]
    verdict = listed([bench_dominance.target(record)])
    return "\n".join([text, table(head, rows), "", *findings, "", verdict])


def _setting(name: str) -> str:
    """A setting with its set as code."""
    data, *rest = name.split(", ")
    return ", ".join([f"`{data}`", *rest])


def _mean_of(mean: dict[str, Any], name: str) -> str:
    return mean_sd(mean[name], mean.get(f"{name}_sd", math.nan), 1, 1)


def _dominated(f: dict[str, Any]) -> str:
    """The finding of one setting; the intervals decide the verdict."""
    doubtful = [
        word
        for word, holds in (
            ("the probe of the weaker input", (f["learns"]["low"] or 0) > 0),
            ("the accuracy from it alone", (f["answers"]["high"] or 0) < 0),
        )
        if not holds
    ]
    verdicts = {
        True: "`joint` under-uses redundancy",
        False: "not shown that `joint` under-uses redundancy: not significantly lower is "
        + " and ".join(doubtful),
        None: "one seed, which allows no conclusion",
    }
    # The record has other minus joint; shown is joint minus the other, as everywhere else.
    minus = {k: None if v is None else -v for k, v in f["learns"].items()}
    learns = _points(minus, "often than one of a model of that input alone")
    answers, costs = (
        _points(f[key], f"often than `{other}`")
        for key, other in (("answers", "ensemble"), ("costs", "dmil"))
    )
    sentences = [
        f"A probe of its features of the weaker input ({f['weak']}) is correct {learns}",
        *_than_control(f, "learns_more"),
        f"With the stronger input blank it is correct {answers}",
        *_than_control(f, "answers_more"),
        f"On redundant rows, uncorrupted, it is correct {costs}",
    ]
    return f"- {_setting(f['setting'])}: {'. '.join([verdicts[f['shown']], *sentences])}."


def _than_control(f: dict[str, Any], key: str) -> list[str]:
    """How a gap compares with that of the control, where it was measured."""
    than = f"than on {_setting(f['control'])}"
    return [f"That gap is {_points(f[key], than, 'larger', 'smaller')}"] if key in f else []


def _points(d: dict[str, float | None], than: str, more: str = "more", less: str = "less") -> str:
    """A difference in points, in words, with its interval from the lower end to the upper one."""
    mean, low, high = (d[k] for k in ("mean", "low", "high"))
    assert mean is not None
    ends = sorted(100 * v for v in (low, high) if v is not None)
    reach = f" (95 % interval {ends[0]:+.1f} to {ends[1]:+.1f})" if ends else ""
    return f"{100 * abs(mean):.1f} points {less if mean < 0 else more} {than}{reach}"
