"""Write the results in README.md and docs/ from the records of benchmarks and checkpoints/.

``make results``. What stands between the two markers is replaced; nothing else is touched, and
no figure there is typed by hand.
"""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks import dominance as bench_dominance
from dmil_core import fidelity_record, records, scoreboard
from dmil_core.checkpoint import find_runs
from dmil_core.paradigms import PARADIGMS
from dmil_core.paths import checkpoints_root
from dmil_core.schema import ALL_COMPONENTS, COMPONENTS
from dmil_core.storage import replacing
from dmil_core.targets import Target

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
README = ROOT / "README.md"
BEGIN, END = "<!-- results: written by `make results` -->", "<!-- end of results -->"
ORDER = ("ensemble", "joint", "dmil", "dmil-paper")


def table(head: list[str], rows: Iterable[list[str]]) -> str:
    """A Markdown table, numbers to the right."""
    lines = ["| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def read(name: str) -> Any:
    """One benchmark's record."""
    return json.loads((RESULTS / f"{name}.json").read_text("utf-8"))


def fidelity(found: fidelity_record.Fidelity) -> str:
    """Headline: is the decomposition the real one, setting by setting?"""
    rows = fidelity_record.settings(found)
    fewest = int(rows["seeds"].min()) if len(rows) else 0
    whole = fewest >= fidelity_record.SEEDS and len(rows) >= fidelity_record.SETTINGS
    under_way = (
        f"\n\n**Under way**: {len(rows)} of {fidelity_record.SETTINGS} settings, at least {fewest} "
        f"of {fidelity_record.SEEDS} seeds each."
    )
    note = "" if whole else under_way
    text = f"""### Is the decomposition the real one?

The `switch` law in {len(rows)} settings, where the composition of every sample is known; test rows,
mean over seeds (`make bench-fidelity`). *Finds*: how often the largest gate is the true
composition, ± standard deviation; *ceiling*: how often label information can tell it, computed
exactly; *AUROC*: the worst component's, as a share of its ceiling; *absent*: largest mean weight of
a component that does not occur. In percent, but for AUROC, error and weight.{note}
"""
    head = [
        "setting", "`dmil` finds", "ceiling", "of it", "AUROC", "calibration error", "absent",
        "`dmil` right", "`joint`", "`ensemble`", "best possible", "`dmil-paper` finds",
    ]  # fmt: skip
    body = [
        [
            str(r["setting"]),
            _mean_sd(r["agreement"], r["agreement_sd"], r["seeds"], fidelity_record.SEEDS),
            *(_figure(100 * r[c]) for c in ("ceiling", "ceiling_share")),
            *(_figure(r[c], 3) for c in ("worst_auroc", "calibration_error", "absent")),
            *(_figure(100 * r[c]) for c in ("dmil", "joint", "ensemble", "bayes")),
            _figure(100 * r["paper_agreement"]),
        ]
        for r in rows.to_dict("records")
    ]
    told = _targets(fidelity_record.targets(found))
    return "\n".join([text, table(head, body), "", told])


def comparison(runs: pd.DataFrame) -> str:
    """Headline: which way of learning is right how often?"""
    order = scoreboard.standing(runs)
    means = scoreboard.summary(runs)
    sets = [d for d in scoreboard.SETS if d in set(means["data"])]
    cells = {(r["data"], r["paradigm"]): r for r in means.to_dict("records")}
    names = [str(p) for p in order.ranks.index]
    names += [p for p in dict.fromkeys(means["paradigm"]) if p not in names]
    body = [
        [
            f"`{p}`",
            _figure(float(order.ranks.get(p, math.nan)), 2),
            *(_accuracy_cell(cells.get((d, p))) for d in sets),
        ]
        for p in names
    ]
    text = f"""### Which way of learning is right how often?

Test accuracy in percent, mean ± standard deviation over {scoreboard.SEEDS} paired seeds
(`make bench-compare`); each paradigm's learning rate is chosen on validation rows, of three, by
runs of half the epochs. Rank:
{_ranked(order)}.{_under_way(cells, sets, names)}
"""
    told = _targets(scoreboard.targets(runs))
    return "\n".join([text, table(["", "rank", *(f"`{d}`" for d in sets)], body), "", told])


def _ranked(order: scoreboard.Standing) -> str:
    many, sets = len(order.ranks), len(order.scores)
    if not sets:
        return "none yet, no set has all seeds of two paradigms"
    if sets == 1:
        return (
            f"on `{order.scores.index[0]}` alone, the only set with all seeds of {many} paradigms"
        )
    return (
        f"average over the {sets} sets that have all seeds of {many} paradigms; less than "
        f"{order.critical:.1f} apart is not told apart (Nemenyi's test, 5 %)"
    )


def _under_way(cells: dict[tuple[str, str], Any], sets: list[str], names: list[str]) -> str:
    full, every = (
        sum(c["seeds"] >= scoreboard.SEEDS for c in cells.values()),
        len(sets) * len(names),
    )
    missing = [f"`{d}`" for d in scoreboard.SETS if d not in sets]
    said = []
    if full < every:
        said.append(f"{full} of {every} cells have all seeds, others say how many")
    if missing:
        said.append(f"no record yet of {', '.join(missing)}")
    return f"\n\n**Under way**: {'; '.join(said)}." if said else ""


def _accuracy_cell(row: Any) -> str:
    if row is None:
        return "-"
    return _mean_sd(row["accuracy"], row["accuracy_sd"], row["seeds"], scoreboard.SEEDS)


def _mean_sd(mean: float, sd: float, seeds: int, wanted: int) -> str:
    spread = f" ± {100 * sd:.1f}" if math.isfinite(sd) else ""
    short = "" if seeds >= wanted else f" ({seeds} of {wanted})"
    return _figure(100 * mean) + spread + short


def _figure(value: float, digits: int = 1) -> str:
    return f"{value:.{digits}f}" if math.isfinite(value) else "-"


def _targets(found: list[Target]) -> str:
    lines = []
    for target in found:
        failing = [f for f in target.failing if f != target.figure]
        less = f" Not: {'; '.join(failing)}." if failing else ""
        lines.append(f"- **{target.state}**: {target.claim}. Measured: {target.figure}.{less}")
    return "\n".join(["Targets:", "", *lines])


def headlines() -> list[str]:
    """The two headline tables, of what is recorded."""
    parts = []
    found = fidelity_record.read_fidelity(RESULTS / "fidelity.json")
    if found is not None:
        parts.append(fidelity(found))
    runs = records.read_all(checkpoints_root()).runs
    runs = runs[runs["data"].isin(scoreboard.SETS)].dropna(subset=["accuracy"])
    if len(runs):
        parts.append(comparison(runs))
    return parts


def theorem() -> str:
    """Theorem 1's terms, in bits."""
    record = read("theorem")
    seeds = len({r["seed"] for r in record["runs"]})
    text = f"""### Why: Theorem 1 in bits

I(Z;Y) ≥ E_c[I(Z;Y|c)] - H(C|Z) + I(Y;C), with Z what a paradigm answers from, Y the class and C
the composition (`make bench-theorem`). A linear probe learns to read both off Z, from
{record["rows"]["train"]:,} rows of `switch` that no model has seen, and is read on
{record["rows"]["test"]:,} others; mean ± standard deviation over {seeds} seeds. Information and
bound are lower bounds, a little below 0 where there is none; H(C|Z) is an upper bound. Here
I(Y;C) is 0. The first two rows are exact: both inputs together, and what each says alone, added.
"""
    parts = [text]
    for setting, law in record["settings"].items():
        parts += [f"*{setting}*\n", _terms(record, setting, law) + "\n"]
    return "\n".join([*parts, _findings(record)])


def _terms(record: dict[str, Any], setting: str, law: dict[str, Any]) -> str:
    head = ["", "accuracy", "I(Z;Y)", *(f"I(Z;Y\\|{c})" for c in COMPONENTS), "H(C\\|Z)", "bound"]
    rows = []
    for name, title in (("together", "x1 and x2 together"), ("added", "x1 and x2 added")):
        rows.append(
            [title, _percent(law[name]["accuracy"]), *(_bits([v]) for v in _row(law[name]))]
        )
    for name in ORDER:
        runs = _of(record, setting, name)
        values = zip(*(_row(r["linear"]) for r in runs), strict=True)
        accuracy = _spread([r["accuracy"] for r in runs])
        rows.append([f"`{name}`", accuracy, *(_bits(list(v)) for v in values)])
    return table(head, rows)


def _of(record: dict[str, Any], setting: str, paradigm: str) -> list[dict[str, Any]]:
    return [r for r in record["runs"] if (r["setting"], r["paradigm"]) == (setting, paradigm)]


def _row(terms: dict[str, Any]) -> list[float]:
    by = terms["by_composition"]
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

    s, u2 = ("by_composition", "S"), ("by_composition", "U2")
    weak_u2 = record["settings"][weak]["together"]["by_composition"]["U2"] / math.log(2)
    paper = [r["linear"]["by_composition"]["S"] for r in _of(record, equal, "dmil-paper")]
    blur = f"{100 * record['blur']:.0f} %"
    return f"""- Of S a linear head finds {mean(equal, "ensemble", "linear", *s)} bits in the features of `ensemble` and a hidden layer
  {mean(equal, "ensemble", "mlp", *s)}; the difference is what adding two answers cannot combine. A linear head finds
  {mean(equal, "joint", "linear", *s)} in `joint` and {mean(equal, "dmil", "linear", *s)} in `dmil`.
- H(C|Z) is {mean(equal, "joint", "linear", "equivocation")} bits in `joint` and {mean(equal, "dmil", "linear", "equivocation")} in `dmil`; with noise of {blur} of each coordinate's spread
  {mean(equal, "joint", "blurred", "equivocation")} and {mean(equal, "dmil", "blurred", "equivocation")}. Who can tell the class without the composition loses nothing by not
  knowing it: the bound is sufficient, not necessary.
- Where x2 is three times weaker there are {weak_u2:.2f} bits in U2 samples; `joint` has {mean(weak, "joint", "linear", *u2)} of them,
  `dmil` {mean(weak, "dmil", "linear", *u2)}. H(C|Z): {mean(weak, "joint", "linear", "equivocation")} and {mean(weak, "dmil", "linear", "equivocation")}.
- `dmil-paper` has between {min(paper) / math.log(2):.2f} and {max(paper) / math.log(2):.2f} bits of S, by seed, on equal shares; with the weaker
  x2, {mean(weak, "dmil-paper", "linear", *s)} on average.
- A probe that learns from the model's own training rows finds {mean(weak, "dmil", "seen", "information")} bits instead of {mean(weak, "dmil", "linear", "information")} in `dmil`
  on the second law, and {mean(weak, "joint", "seen", "information")} instead of {mean(weak, "joint", "linear", "information")} in `joint`: on rows it has seen, a model is surer
  than on others."""  # noqa: E501


def avdigits() -> str:
    """Response of the gate to spoilt inputs."""
    rows = []
    for record in read("avdigits"):
        for name, title in (
            ("u2_where_only_image_spoilt", "U2, only the picture spoilt"),
            ("u1_where_only_sound_spoilt", "U1, only the sound spoilt"),
        ):
            means = record["mean_gates"]
            gate, group = ("gate_U2", "image") if "u2" in name else ("gate_U1", "sound")
            rows.append(
                [
                    f"`{record['paradigm']}`: {title}",
                    f"{record[f'auroc_{name}']:.3f}",
                    f"{means['clean'][gate]:.2f}",
                    f"{means[group][gate]:.2f}",
                ]
            )
    text = """### Does the gate notice a spoilt input?

`avdigits`, test rows of the shipped checkpoints (`make bench-avdigits`). Where only the picture was
spoilt the answer is left to the sound, so the gate of U2 should rise, and the other way round. The
AUROC is against rows where nothing was spoilt.
"""
    return text + "\n" + table(["gate", "AUROC", "mean, clean", "mean, spoilt"], rows)


def corruption() -> str:
    """Accuracy and gates where one input is spoilt at test time."""
    curves = read("corruption")["curves"]
    names, kinds = (list(dict.fromkeys(c[k] for c in curves)) for k in ("paradigm", "corruption"))
    held, gates = [], []
    for place in dict.fromkeys((c["data"], c["modality"], c["name"]) for c in curves):
        data, modality, spoilt = place
        here = [c for c in curves if (c["data"], c["modality"]) == (data, modality)]
        first = f"`{data}`, {spoilt}"
        worn = {
            n: [v for c in here if c["paradigm"] == n for v in c["accuracy"][1:]] for n in names
        }
        held.append([first, *(_percent(statistics.mean(worn[n])) for n in names)])
        ours = {c["corruption"]: c for c in here if c["paradigm"] == "dmil"}
        order = ("gate_U2", "gate_U1") if modality == 1 else ("gate_U1", "gate_U2")
        shown = [(ours[kinds[0]], 0), *((ours[k], -1) for k in kinds)]
        cells = [" / ".join(f"{c[g][i]:.2f}" for g in (*order, "gate_R")) for c, i in shown]
        gates.append([first, *cells])
    parts = [
        f"""### What if one input is spoilt at test time?

Learnt from clean rows; then one input of the test rows gets noise, is blank, or is swapped with
that of a sample of another class (`make bench-corruption`). Test accuracy, mean over the three
kinds, four severities each, and {curves[0]["seeds"]} seeds.
""",
        table(["set, spoilt", *(f"`{n}`" for n in names)], held),
        """
Mean gate weights of `dmil`, clean and with every row spoilt the most: U of the other input / U of
the spoilt one / R. Under noise and blank the first should rise and the others fall; a swapped input
looks genuine, so that only R, where the two agree, can fall.
""",
        table(["set, spoilt", "clean", *kinds], gates),
    ]
    return "\n".join(parts)


def unseen() -> str:
    """Few-shot probes of frozen representations on unseen classes."""
    means = read("unseen")["means"]
    shots = list(dict.fromkeys(m["shots"] for m in means))
    keys = ("data", "paradigm", "representation")
    shown = [m for m in means if m["headline"] or " " in m["representation"]]
    rows = []
    for key in dict.fromkeys(tuple(m[k] for k in keys) for m in shown):
        mine = [m for m in shown if tuple(m[k] for k in keys) == key]
        data, paradigm, name = key
        name = f"**{name}**" if mine[0]["headline"] else name
        rows.append([f"`{data}`, `{paradigm}`: {name}", *(_given(m) for m in mine)])
    text = f"""### Do the components describe classes that training never saw?

Half of the classes is left out of training, the model is frozen, and a logistic regression learns
the left-out classes from a few rows of each (`make bench-unseen`; `benchmarks/unseen.py` has the
protocol). Test accuracy, mean ± standard deviation over {means[0]["seeds"]} seeds of 20 draws each.
Bold is what the model's own answer is read from: what counts, and fixed beforehand.
"""
    return text + "\n" + table(["representation", *(f"{n} a class" for n in shots)], rows)


def architectures() -> str:
    """The comparison with other encoders."""
    means = read("architectures")["means"]
    settings = list(dict.fromkeys(m["setting"] for m in means))
    rows = []
    for name in dict.fromkeys(m["paradigm"] for m in means):
        mine = {m["setting"]: m for m in means if m["paradigm"] == name}
        rows.append([f"`{name}`", *(_given(mine[s]) for s in settings)])
    text = f"""### Does it depend on the encoder?

Test accuracy with two kinds of encoders each, mean ± standard deviation over {means[0]["seeds"]}
paired seeds, nothing tuned (`make bench-architectures`).
"""
    return text + "\n" + table(["", *settings], rows)


def ablations() -> str:
    """What each change to the method is worth."""
    means = read("ablations")["means"]
    known = [m["setting"] for m in means if "gate_calibration_error" in m]
    real = [m["setting"] for m in means if m["setting"] not in known]
    known, real = list(dict.fromkeys(known)), list(dict.fromkeys(real))
    rows = []
    for name in dict.fromkeys(m["paradigm"] for m in means):
        mine = {m["setting"]: m for m in means if m["paradigm"] == name}
        found = [_found(mine.get(s)) for s in known]
        rows.append([f"`{name}`", *found, *(_given(mine[s]) if s in mine else "-" for s in real)])
    seeds = sorted({m["seeds"] for m in means})
    counted = " to ".join(str(n) for n in dict.fromkeys((seeds[0], seeds[-1])))
    text = f"""### What is each change to the method worth?

`dmil` with one change taken back at a time, over {counted} paired seeds, nothing tuned
(`make bench-ablations`; *Ablations* above says what each lacks). On the `switch` law: how often the
gate finds the true composition, and its calibration error in parentheses; on real sets: test
accuracy. Mean ± standard deviation, in percent but for the error.
"""
    return text + "\n" + table(["", *known, *(f"`{s}`" for s in real)], rows)


def _found(mean: dict[str, Any] | None) -> str:
    """Agreement and calibration error of a gate."""
    if mean is None or "gate_agreement" not in mean:
        return "-"
    sd = mean["gate_agreement_sd"]
    spread = "" if sd is None else f" ± {100 * sd:.1f}"
    return f"{100 * mean['gate_agreement']:.1f}{spread} ({mean['gate_calibration_error']:.3f})"


def dominance() -> str:
    """Does joint learning under-use redundancy where one modality dominates?"""
    record = read("dominance")
    shown = [m for m in bench_dominance.MEASURES if m != "shortfall"]
    rows = [
        [f"{_setting(m['setting'])}: `{m['paradigm']}`", *(_mean_of(m, name) for name in shown)]
        for m in record["means"]
    ]
    seeds = record["means"][0]["seeds"]
    text = f"""### Does joint learning neglect the weaker input?

Where x2 of `switch` is three times weaker, and where the names of `emoji` are sentence vectors, one
input dominates; equal strengths and plain words are the controls (`make bench-dominance`). *Probe*:
what the weaker input's encoder has learnt, read by logistic regression. *Blank*, *swapped*: the
stronger input is not there, or another sample's. *Redundant*: only rows that both models of one
input get right, which favours the ensemble made of these two. Test accuracy in percent, mean ±
standard deviation over {seeds} seeds; `benchmarks/dominance.py` has the rule of the verdicts.
"""
    head = ["", *(m.replace("_", ", ") for m in shown)]
    told = [_dominated(f) for f in record["findings"]]
    verdict = _targets([bench_dominance.target(record)])
    return "\n".join([text, table(head, rows), "", *told, "", verdict])


def _setting(name: str) -> str:
    """A setting with its set as code."""
    data, *rest = name.split(", ")
    return ", ".join([f"`{data}`", *rest])


def _mean_of(mean: dict[str, Any], name: str) -> str:
    return _mean_sd(mean[name], mean.get(f"{name}_sd", math.nan), 1, 1)


def _dominated(f: dict[str, Any]) -> str:
    """What a setting says of joint learning; the verdict is that of the intervals."""
    doubtful = [
        word
        for word, holds in (
            ("what it learns of the weaker input", (f["learns"]["low"] or 0) > 0),
            ("what it answers from it", (f["answers"]["high"] or 0) < 0),
        )
        if not holds
    ]
    verdicts = {
        True: "`joint` under-uses redundancy",
        False: "not shown that `joint` under-uses redundancy: not clearly less is "
        + " and ".join(doubtful),
        None: "one seed, which tells nothing yet",
    }
    # Recorded is how far joint is behind; told is joint less the other, as with the rest.
    minus = {k: None if v is None else -v for k, v in f["learns"].items()}
    learns = _points(minus, "often than from those of a model of that input alone")
    answers, costs = (
        _points(f[key], f"often than `{other}`")
        for key, other in (("answers", "ensemble"), ("costs", "dmil"))
    )
    said = [
        f"From its features of the weaker input ({f['weak']}) a probe is right {learns}",
        *_than_control(f, "learns_more"),
        f"With the stronger input blank it is right {answers}",
        *_than_control(f, "answers_more"),
        f"On redundant rows, nothing spoilt, it is right {costs}",
    ]
    return f"- {_setting(f['setting'])}: {'. '.join([verdicts[f['shown']], *said])}."


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


def accuracy() -> str:
    """Test accuracy of the shipped checkpoints."""
    runs = {(e.set_name, e.paradigm): e.run for e in find_runs() if e.run and e.seed == 0}
    names = sorted({name for name, _ in runs})
    rows = []
    for name in names:
        found = [runs.get((name, p)) for p in ORDER]
        rows.append(
            [
                f"`{name}`",
                *(_percent(r.metrics["test"]["accuracy"]) if r else "-" for r in found),
                *(_gate(found[2].metrics["test"], c) if found[2] else "-" for c in ALL_COMPONENTS),
            ]
        )  # fmt: skip
    text = """### The shipped checkpoints

Test accuracy of seed 0, and `dmil`'s mean gate weights (`make checkpoints`). One seed each: a hint,
not a comparison of methods. On small sets two points more or less mean nothing.
"""
    head = ["set", *(PARADIGMS[p].name for p in ORDER), *(f"gate {c}" for c in ALL_COMPONENTS)]
    return text + "\n" + table(head, rows)


def _gate(scores: dict[str, float], component: str) -> str:
    """Mean gate weight; "-" where a set has no such component."""
    value = scores.get(f"mean_gate_{component}")
    return "-" if value is None else f"{value:.2f}"


def three() -> str:
    """Three inputs: on known truth, and against the baselines."""
    record = read("three")
    top = record["ceilings"]
    rows = []
    for setting, name in dict.fromkeys((r["setting"], r["paradigm"]) for r in record["runs"]):
        mine = [r for r in record["runs"] if (r["setting"], r["paradigm"]) == (setting, name)]
        columns = ("accuracy", "gate_agreement", *(f"gate_auroc_{c}" for c in ALL_COMPONENTS))
        cells = (_spread([r[c] for r in mine if c in r]) for c in columns)
        rows.append([f"`{setting}`: `{name}`", *cells])
    seeds = len({r["seed"] for r in record["runs"]})
    text = f"""### Three inputs

`switch-three` has 6,000 training rows, 4 classes and equal shares of R, U1, U2, U3 and S;
`mfeat-three` is the digits of `mfeat` in three descriptions. Test rows, mean ± standard deviation
over {seeds} seeds (`make bench-three`); chance is 20 %. Exact ceilings of
`switch-three`: {_percent(top["information"]["agreement"])} for what label information can tell,
{_percent(top["generator"]["agreement"])} for who knows how the data were made; the best possible
accuracy is {_percent(top["accuracy"])}.
"""
    head = ["", "accuracy", "gate finds the composition", *(f"AUROC {c}" for c in ALL_COMPONENTS)]
    return text + "\n" + table(head, rows)


def speed() -> str:
    """Inference and training time."""
    record = read("speed")
    found, runs = record["inference"], record["training"]
    slowest = max(runs, key=lambda name: runs[name]["seconds"])
    return f"""### Speed

Inference of the MLP model of `switch`, from arrays to the finished table, on one thread
(`make bench-speed`): {found["table_per_s"]:,.0f} rows a second, {found["ratio"]:.2f} of the bare
forward pass. The slowest `dmil` run of those shipped, `{slowest}` with
{runs[slowest]["train_rows"]:,} training rows, took {runs[slowest]["seconds"]:.0f} seconds on
one thread beside another run on two cores; its out-of-fold models are included."""


def _spread(values: list[float]) -> str:
    if not values:
        return "-"
    sd = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{100 * statistics.mean(values):.2f} ± {100 * sd:.2f} %"


def _given(mean: dict[str, Any]) -> str:
    """Mean and standard deviation that a record holds."""
    sd = mean.get("accuracy_sd")
    spread = "" if sd is None else f" ± {100 * sd:.2f}"
    return f"{100 * mean['accuracy']:.2f}{spread} %"


def _bits(nats: list[float]) -> str:
    mean = f"{statistics.mean(nats) / math.log(2):.2f}"
    return f"{mean} ± {statistics.stdev(nats) / math.log(2):.2f}" if len(nats) > 1 else mean


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"


def collapse() -> str:
    """What the gate of the released losses does, seed by seed, for docs/collapse.md."""
    head = ["x2, seed", "accuracy", "gate finds", *(f"gate {c}" for c in COMPONENTS),
            "head R on S", "head S on R", "S in Z", "S in M", "S in N"]  # fmt: skip
    rows = []
    for r in read("collapse"):
        strength = "weaker" if "weaker" in r["setting"] else "equal"
        rows.append(
            [
                f"{strength}, {r['seed']}",
                _percent(r["accuracy"]),
                _percent(r["agreement"]),
                *(f"{r['gate'][c]:.2f}" for c in COMPONENTS),
                _percent(r["heads"]["R"]["S"]),
                _percent(r["heads"]["S"]["R"]),
                *(_bits([r["synergy_in"][part]]) for part in "ZMN"),
            ]
        )
    return table(head, rows)


def write_between(path: Path, parts: list[str]) -> None:
    """Replace what stands between the markers of a file."""
    text = path.read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    if not rest or not after:
        raise SystemExit(f"{path.name}: expected the lines {BEGIN} and {END}")
    with replacing(path) as temporary:
        temporary.write_text(before + "\n\n".join([BEGIN, *parts, END]) + after, "utf-8")


def main() -> int:
    """Replace the blocks in README.md and docs/collapse.md."""
    later = {
        "theorem": theorem,
        "ablations": ablations,
        "three": three,
        "corruption": corruption,
        "unseen": unseen,
        "architectures": architectures,
        "dominance": dominance,
    }
    recorded = [part() for name, part in later.items() if list(RESULTS.glob(f"{name}.json*"))]
    write_between(README, [*headlines(), avdigits(), *recorded, accuracy(), speed()])
    if (RESULTS / "collapse.json").exists():
        write_between(ROOT / "docs" / "collapse.md", [collapse()])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
