"""Write the README's results from the records in benchmarks/results/ and checkpoints/.

``make results``. What stands between the two markers is replaced; nothing else is touched, and
no figure there is typed by hand.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from dmil_core.checkpoint import find_runs
from dmil_core.paradigms import PARADIGMS
from dmil_core.schema import ALL_COMPONENTS, COMPONENTS
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


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"


def main() -> int:
    """Replace the block in README.md."""
    text = README.read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    if not rest or not after:
        raise SystemExit(f"{README.name}: expected the lines {BEGIN} and {END}")
    parts = [switch(), avdigits(), accuracy(), speed()]
    if (RESULTS / "three.json").exists():
        parts.insert(1, three())
    with replacing(README) as temporary:
        block = "\n\n".join([BEGIN, *parts, END])
        temporary.write_text(before + block + after, "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
