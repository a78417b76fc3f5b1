"""How models behave elsewhere: corrupted inputs, unseen classes, other encoders, three inputs."""

from __future__ import annotations

import statistics
from typing import Any

from benchmarks.tables.cells import ORDER, given, mean_spread, percent, read, table
from dmil_core.checkpoint import find_runs
from dmil_core.paradigms import PARADIGMS
from dmil_core.schema import ALL_COMPONENTS


def avdigits() -> str:
    """Response of the gate to corrupted inputs."""
    rows = []
    for record in read("avdigits"):
        for name, title in (
            ("u2_where_only_image_corrupted", "U2, only the picture corrupted"),
            ("u1_where_only_sound_corrupted", "U1, only the sound corrupted"),
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
    text = """## Does the gate respond to a corrupted input?

`avdigits`, test rows of the shipped checkpoints (`make bench-avdigits`). Where only the picture is
corrupted, the sound alone carries the class, so the gate weight of U2 should rise; and that of U1
where only the sound is corrupted. The AUROC separates these rows from rows without corruption.
"""
    return text + "\n" + table(["gate", "AUROC", "mean, clean", "mean, corrupted"], rows)


def corruption() -> str:
    """Accuracy and gates where one input is corrupted at test time."""
    curves = read("corruption")["curves"]
    names, kinds = (list(dict.fromkeys(c[k] for c in curves)) for k in ("paradigm", "corruption"))
    accuracies, gates = [], []
    for setting in dict.fromkeys((c["data"], c["modality"], c["name"]) for c in curves):
        data, modality, corrupted = setting
        here = [c for c in curves if (c["data"], c["modality"]) == (data, modality)]
        first = f"`{data}`, {corrupted}"
        values = {
            n: [v for c in here if c["paradigm"] == n for v in c["accuracy"][1:]] for n in names
        }
        accuracies.append([first, *(percent(statistics.mean(values[n])) for n in names)])
        ours = {c["corruption"]: c for c in here if c["paradigm"] == "dmil"}
        order = ("gate_U2", "gate_U1") if modality == 1 else ("gate_U1", "gate_U2")
        shown = [(ours[kinds[0]], 0), *((ours[k], -1) for k in kinds)]
        cells = [" / ".join(f"{c[g][i]:.2f}" for g in (*order, "gate_R")) for c, i in shown]
        gates.append([first, *cells])
    parts = [
        f"""## Accuracy with one corrupted input

Models are trained on clean rows. At test time one input gets noise, is blank, or is swapped with
that of a sample of another class (`make bench-corruption`). Test accuracy, mean over the three
kinds, four severities each, and {curves[0]["seeds"]} seeds.
""",
        table(["set, corrupted", *(f"`{n}`" for n in names)], accuracies),
        """
Mean gate weights of `dmil`, on clean rows and at the highest severity: U of the other input / U of
the corrupted input / R. Under noise and blank the first should rise and the others fall. A swapped
input looks genuine, so only R, on which the two inputs agree, can fall.
""",
        table(["set, corrupted", "clean", *kinds], gates),
    ]
    return "\n".join([*parts, *_detection(curves, kinds)])


#: Paradigm -> the sign that a row is corrupted.
_SIGNS = {"ensemble": "entropy of `ensemble`", "dmil": "gate of `dmil`"}


def _detection(curves: list[dict[str, Any]], kinds: list[str]) -> list[str]:
    """How well corrupted rows are separated from clean ones, at the highest severity."""
    known = {
        (c["data"], c["name"], c["paradigm"], c["corruption"]): c["detected"][-1]
        for c in curves
        if "detected" in c
    }
    if not known:
        return []
    rows = []
    for data, name in dict.fromkeys((d, n) for d, n, _, _ in known):
        figures = [known.get((data, name, p, kind)) for kind in kinds for p in _SIGNS]
        cells = ["-" if v is None else f"{v:.3f}" for v in figures]
        rows.append([f"`{data}`, {name}", *cells])
    text = """
Which rows are corrupted? AUROC, corrupted rows at the highest severity against clean ones.
*Entropy*: of the head of the corrupted input alone, in the ensemble. *Gate*: of U of the other
input. One half is chance; a swapped input looks genuine to its own head.
"""
    head = ["set, corrupted", *(f"{kind}, {sign}" for kind in kinds for sign in _SIGNS.values())]
    return [text, table(head, rows)]


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
        rows.append([f"`{data}`, `{paradigm}`: {name}", *(given(m) for m in mine)])
    text = f"""## Few-shot transfer to classes that training never saw

Half of the classes are left out of training, the model is frozen, and a logistic regression learns
the left-out classes from a few rows of each (`make bench-unseen`; `benchmarks/unseen.py` has the
protocol). Test accuracy, mean ± standard deviation over {means[0]["seeds"]} seeds of 20 draws each.
Bold: the representation that the model's own classifier reads; it was chosen beforehand.
"""
    return text + "\n" + table(["representation", *(f"{n} per class" for n in shots)], rows)


def architectures() -> str:
    """The comparison with other encoders."""
    means = read("architectures")["means"]
    settings = list(dict.fromkeys(m["setting"] for m in means))
    rows = []
    for name in dict.fromkeys(m["paradigm"] for m in means):
        mine = {m["setting"]: m for m in means if m["paradigm"] == name}
        rows.append([f"`{name}`", *(given(mine[s]) for s in settings)])
    text = f"""## Other encoders

Test accuracy with two kinds of encoders each, mean ± standard deviation over {means[0]["seeds"]}
paired seeds, without tuning (`make bench-architectures`).
"""
    return text + "\n" + table(["", *settings], rows)


def three() -> str:
    """Three inputs: on known truth, and against the baselines."""
    record = read("three")
    top = record["references"]
    rows = []
    for setting, name in dict.fromkeys((r["setting"], r["paradigm"]) for r in record["runs"]):
        mine = [r for r in record["runs"] if (r["setting"], r["paradigm"]) == (setting, name)]
        columns = ("accuracy", "gate_agreement", *(f"gate_auroc_{c}" for c in ALL_COMPONENTS))
        cells = (mean_spread([r[c] for r in mine if c in r]) for c in columns)
        rows.append([f"`{setting}`: `{name}`", *cells])
    seeds = len({r["seed"] for r in record["runs"]})
    text = f"""## Three inputs

`switch-three` has 6,000 training rows, 4 classes and equal shares of R, U1, U2, U3 and S;
`mfeat-three` is the digits of `mfeat` in three descriptions. Test rows, mean ± standard deviation
over {seeds} seeds (`make bench-three`); chance for the largest gate weight is 20 %. References of
`switch-three`, computed exactly: a rule that reads label information names the true interaction
type of {percent(top["information"]["agreement"])} of the rows, one that knows the generator of
{percent(top["generator"]["agreement"])}; the Bayes-optimal accuracy is {percent(top["accuracy"])}.
"""
    head = [
        "",
        "accuracy",
        "largest gate is the true type",
        *(f"AUROC {c}" for c in ALL_COMPONENTS),
    ]
    return text + "\n" + table(head, rows)


def accuracy() -> str:
    """Test accuracy of the shipped checkpoints."""
    runs = {(e.set_name, e.paradigm): e.run for e in find_runs() if e.run and e.seed == 0}
    names = sorted({name for name, _ in runs})
    rows = []
    for name in names:
        trained = [runs.get((name, p)) for p in ORDER]
        dmil = trained[2]
        rows.append(
            [
                f"`{name}`",
                *(percent(r.metrics["test"]["accuracy"]) if r else "-" for r in trained),
                *(_gate(dmil.metrics["test"], c) if dmil else "-" for c in ALL_COMPONENTS),
            ]
        )  # fmt: skip
    text = """## The shipped checkpoints

Test accuracy of seed 0, and the mean gate weights of `dmil` (`make checkpoints`). A single seed is
exploratory and no comparison of methods. On the small sets, two points are within sampling error.
"""
    head = ["set", *(PARADIGMS[p].name for p in ORDER), *(f"gate {c}" for c in ALL_COMPONENTS)]
    return text + "\n" + table(head, rows)


def _gate(scores: dict[str, float], component: str) -> str:
    """Mean gate weight; "-" where a set has no such component."""
    value = scores.get(f"mean_gate_{component}")
    return "-" if value is None else f"{value:.2f}"


def speed() -> str:
    """Inference and training time."""
    record = read("speed")
    result, runs = record["inference"], record["training"]
    slowest = max(runs, key=lambda name: runs[name]["seconds"])
    return f"""## Speed

Inference of the MLP model of `switch`, from arrays to the finished table, on one thread
(`make bench-speed`): {result["table_per_s"]:,.0f} rows per second, {result["ratio"]:.2f} of the
speed of the forward pass alone. The slowest `dmil` run of those shipped, `{slowest}` with
{runs[slowest]["train_rows"]:,} training rows, took {runs[slowest]["seconds"]:.0f} seconds on
one thread beside another run on two cores, its out-of-fold models included."""
