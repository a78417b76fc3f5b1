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

from dmil_core.checkpoint import find_runs
from dmil_core.paradigms import PARADIGMS
from dmil_core.schema import COMPONENTS
from dmil_core.storage import replacing

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


def switch() -> str:
    """Fidelity on known truth."""
    record = read("switch")
    runs, top = record["runs"], record["ceilings"]
    seeds = len({r["seed"] for r in runs})
    columns = {
        "accuracy": "accuracy",
        "gate_agreement": "gate finds the composition",
        **{f"gate_auroc_{c}": f"AUROC {c}" for c in COMPONENTS},
    }
    rows = []
    for name in ORDER:
        mine = [r for r in runs if r["paradigm"] == name]
        rows.append([f"`{name}`", *(_spread([r[c] for r in mine if c in r]) for c in columns)])
    text = f"""### Does the gate find the true composition?

`switch` with 4 classes and equal shares, 8,000 training rows; test rows, mean ± standard deviation
over {seeds} seeds (`make bench-switch`). *Finds* is how often the largest gate is the true
composition; chance is 25 %. Exact ceilings of this law: {_percent(top["information"])} for what
label information can tell, {_percent(top["generator"])} for who knows how the data were made; the
best possible accuracy is {_percent(top["bayes_accuracy"])}.
"""
    return text + "\n" + table(["", *columns.values()], rows)


def theorem() -> str:
    """Theorem 1's terms, in bits; nothing where that benchmark has not run."""
    if not (RESULTS / "theorem.json").exists():
        return ""
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
        parts += [f"{setting.capitalize()}:\n", _terms(record, setting, law) + "\n"]
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
    return f"""- `ensemble` misses one composition: a linear head finds {mean(equal, "ensemble", "linear", *s)} bits of S in
  its features, a hidden layer {mean(equal, "ensemble", "mlp", *s)}: what adding its two answers cannot combine.
- `joint` and `dmil` miss none, and differ in H(C|Z), {mean(equal, "joint", "linear", "equivocation")} and {mean(equal, "dmil", "linear", "equivocation")} bits; with noise of {blur} of
  each coordinate's spread {mean(equal, "joint", "blurred", "equivocation")} and {mean(equal, "dmil", "blurred", "equivocation")}. `joint` keeps the composition as a trace, and who can
  tell the class without it loses nothing: the bound is sufficient, not necessary.
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
                *(f"{found[2].metrics['test'][f'mean_gate_{c}']:.2f}" if found[2] else "-"
                  for c in COMPONENTS),
            ]
        )  # fmt: skip
    text = """### The shipped checkpoints

Test accuracy of seed 0, and `dmil`'s mean gate weights (`make checkpoints`). One seed each: a hint,
not a comparison of methods. On small sets two points more or less mean nothing.
"""
    head = ["set", *(PARADIGMS[p].name for p in ORDER), *(f"gate {c}" for c in COMPONENTS)]
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


def _bits(nats: list[float]) -> str:
    mean = f"{statistics.mean(nats) / math.log(2):.2f}"
    return f"{mean} ± {statistics.stdev(nats) / math.log(2):.2f}" if len(nats) > 1 else mean


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"


def collapse() -> str:
    """What the gate of the released losses does, seed by seed, for docs/collapse.md."""
    head = ["x2, seed", "accuracy", "gate finds", *(f"gate {c}" for c in COMPONENTS),
            "head R on S", "head S on R", "S in M", "S in N"]  # fmt: skip
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
                *(_bits([r["synergy_in"][part]]) for part in "MN"),
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
    parts = [switch(), theorem(), avdigits(), accuracy(), speed()]
    write_between(README, [p for p in parts if p])
    write_between(ROOT / "docs" / "collapse.md", [collapse()])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
