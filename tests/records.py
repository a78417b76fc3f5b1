"""Records with chosen figures, for what reads them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

COMPONENTS = ("R", "U1", "U2", "S")


def run(data: str, paradigm: str, seed: int, accuracy: float, **figures: Any) -> dict[str, Any]:
    """A line of results.jsonl; further figures go to both splits."""
    measured = {"accuracy": accuracy, "synergy": 0.0, "ece": 0.1, **figures}
    return {
        "data": data,
        "data_digest": "d",
        "paradigm": paradigm,
        "seed": seed,
        "parameters": 1000,
        "seconds": 2.0,
        "lr_scale": 1.0,
        "settings": "0123456789abcdef",
        "val": measured,
        "test": measured,
    }


def runs(
    data: str, means: Mapping[str, float], seeds: int = 5, **figures: Any
) -> list[dict[str, Any]]:
    """Paired seeds: each paradigm's mean, and a pattern over seeds that all share.

    Differences between paradigms are then the same in every seed, so that every interval that is
    not at zero leaves it out.
    """
    return [
        run(data, p, s, mean + 0.001 * (s - (seeds - 1) / 2), **figures)
        for p, mean in means.items()
        for s in range(seeds)
    ]


def write(records: Sequence[Mapping[str, Any]], root: Path) -> None:
    """Put records where the app looks for them, a folder per set."""
    for data in dict.fromkeys(r["data"] for r in records):
        (root / data).mkdir(parents=True, exist_ok=True)
        lines = [json.dumps(r) + "\n" for r in records if r["data"] == data]
        (root / data / "results.jsonl").write_text("".join(lines), "utf-8")


def distribution(present: Sequence[str] = COMPONENTS, agreement: float = 1.0) -> dict[str, Any]:
    """The exact figures of a setting whose samples are made of ``present``."""
    auroc = dict.fromkeys(present, 1.0) if len(present) > 1 else {}
    top = {"agreement": agreement, "auroc": auroc, "calibration_error": 0.0}
    share = {c: (1 / len(present) if c in present else 0.0) for c in COMPONENTS}
    parts = {f"accuracy_{c}": 1.0 for c in present}
    return {
        "spec": "switch",
        "information": top,
        "generator": {**top, "agreement": 1.0},
        "share": share,
        "accuracy": 1.0,
        **parts,
    }


def gated(
    setting: str, paradigm: str, seed: int, present: Sequence[str] = COMPONENTS, **figures: Any
) -> dict[str, Any]:
    """A run of a decomposition that finds everything, but for the figures given."""
    even = {c: (1 / len(present) if c in present else 0.0) for c in COMPONENTS}
    diagonal = {c: {k: (0.5 if c == k else 0.0) for k in present} for c in COMPONENTS}
    return {
        "setting": setting,
        "paradigm": paradigm,
        "seed": seed,
        "accuracy": 0.99,
        **{f"accuracy_{c}": 0.99 for c in present},
        **{f"mean_gate_{c}": even[c] for c in COMPONENTS},
        "gate_agreement": 1.0,
        **({f"gate_auroc_{c}": 1.0 for c in present} if len(present) > 1 else {}),
        "gate_calibration_error": 0.01,
        "gate_absent": 0.0,
        "purity": diagonal,
        **{f"share_{c}": even[c] for c in COMPONENTS},
        "share_unexplained": 0.0,
        **figures,
    }


#: Settings of the benchmark, with the components of those that do not have all four.
SETTINGS: dict[str, Sequence[str]] = {
    "equal shares": COMPONENTS,
    "R only": ("R",),
    "U1 only": ("U1",),
    "U2 only": ("U2",),
    "S only": ("S",),
    "R and U": ("R", "U1", "U2"),
    "R and S": ("R", "S"),
    "U and S": ("U1", "U2", "S"),
    **dict.fromkeys(
        (
            "x2 three times weaker", "2 classes", "8 classes", "noise 0.4", "noise 1.2",
            "unbalanced classes", "20 % wrong labels",
        ),
        COMPONENTS,
    ),
}  # fmt: skip


def fidelity(seeds: int = 5) -> dict[str, Any]:
    """A whole record of the fidelity benchmark in which every target is met."""
    result = []
    for name, present in SETTINGS.items():
        for seed in range(seeds):
            result += [gated(name, "dmil", seed, present)]
            paper = {"gate_agreement": 0.25, "mean_gate_R": 0.9}
            result += [gated(name, "dmil-paper", seed, present, **paper)]
            result += [gated(name, "responsibilities", seed, present, gate_agreement=0.4)]
            for plain in ("joint", "ensemble"):
                right = {f"accuracy_{c}": 0.9 for c in present}
                keys = {"setting": name, "paradigm": plain, "seed": seed}
                result.append({**keys, "accuracy": 0.9, **right})
    return {
        "settings": {name: distribution(present) for name, present in SETTINGS.items()},
        "runs": result,
        "invariance": {"seeds": 0.99, "swapped": 0.98, "relabelled": 0.97},
    }
