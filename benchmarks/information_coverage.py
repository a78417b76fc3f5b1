"""Do the intervals of a set's mean information hold the exact values?

``python -m benchmarks.information --coverage``. From each distribution whose densities are known,
40 sets of 1,600 rows are drawn; each is estimated like a data set, with its refits, and the mean of
every quantity is compared with its expectation, which is exact but for the error of a million rows.
So is the worth of each input, given the other, as ``dmil worth`` says it, by the same fits. Writes
benchmarks/results/information-coverage.json; see :mod:`benchmarks.study`.
"""

from __future__ import annotations

import argparse
from functools import cache
from typing import Any, Final

import numpy as np
from scipy.stats import binomtest

from benchmarks.runs import RESULTS, Records
from benchmarks.study import Record, Study, Unit, carry_out
from dmil_core.data.catalog import load_dataset
from dmil_core.data.synthetic.gaussian import gaussian_distribution
from dmil_core.experiments.targets import Target, judged
from dmil_core.information import store
from dmil_core.information.estimator import PointwiseInformation
from dmil_core.information.refits import REFITS, refit
from dmil_core.information.truth import exact_pointwise, known_distribution
from dmil_core.partial_information.pointwise import QUANTITIES, Definition, Mean, mean_of, means

RESULT: Final = RESULTS / "information-coverage.json"
LN2: Final = float(np.log(2.0))
DISTRIBUTIONS: Final = {
    "two classes, noise shared": "gaussian",
    "ten classes, noise shared": "gaussian:corners=10",
    "a noisier copy, unbalanced": "gaussian:distribution=degraded,corners=3",
    "visible switch": "gaussian:distribution=visible",
    "XOR": "gaussian:distribution=xor",
    "copy": "gaussian:distribution=copy",
    "x1 alone": "gaussian:distribution=unique",
}
SETS: Final = 40
ROWS: Final = 1600
EXACT_ROWS: Final = 1_000_000
LEAST_COVERAGE: Final = 0.93
#: Of a 95 % interval, in standard errors.
Z: Final = 1.96
DEFINITION: Final[Definition] = "same-sign"
#: Worth of an input -> the quantities whose means it is the sum of.
WORTH: Final = {"worth_x1": {"i12": 1.0, "i2": -1.0}, "worth_x2": {"i12": 1.0, "i1": -1.0}}
#: Seeds of the drawn sets follow it, so that no other benchmark has seen them.
_FIRST_SEED: Final = 1000


def measure(distribution: str, seed: int, rows: int = ROWS, refits: int = REFITS) -> Records:
    """One set: mean of each quantity, its standard error over rows, and the error by the fit."""
    import torch

    torch.set_num_threads(1)
    drawn = gaussian_distribution(DISTRIBUTIONS[distribution]).sample(rows, _FIRST_SEED + seed)
    data = drawn["x1"], drawn["x2"], drawn["y"]
    fitted = PointwiseInformation(DEFINITION, seed=seed).fit(*data)
    again = refit(fitted, *data, refits=refits)
    named: dict[str, Any] = {
        "distribution": distribution, "seed": seed, "rows": rows, "refits": refits,
    }  # fmt: skip
    named |= {"settings": settings_of(distribution, seed, rows, refits)}
    each = fitted.score_samples(*data)
    result = []

    def add(quantity: str, mean: Mean, weights: dict[str, float], settings: str) -> None:
        by_fit = again.error(weights, DEFINITION)
        result.append(
            {
                **named,
                "settings": settings,
                "quantity": quantity,
                "mean": mean.value / LN2,
                "error_rows": mean.error / LN2,
                "deviation_fit": by_fit.deviation / LN2,
                "bias_fit": by_fit.bias / LN2,
            }
        )

    for quantity, mean in means(each).items():
        add(quantity, mean, {quantity: 1.0}, named["settings"])
    columns = each.columns()
    for name, weights in WORTH.items():
        values = sum((w * columns[q] for q, w in weights.items()), np.zeros(rows))
        add(name, mean_of(values), weights, of_worth(named["settings"]))
    return result


def of_worth(settings: str) -> str:
    """What tells the worth of the inputs of a set; records of earlier versions lack it."""
    return f"{settings}, worth"


def settings_of(distribution: str, seed: int, rows: int = ROWS, refits: int = REFITS) -> str:
    """What tells one set from another."""
    return f"{distribution}, set {seed}, {rows} rows, {refits} refits"


@cache
def exact(distribution: str, rows: int = EXACT_ROWS) -> dict[str, float]:
    """Expectation of each quantity in bits, from many rows."""
    spec = DISTRIBUTIONS[distribution]
    known, drawn = known_distribution(spec), gaussian_distribution(spec).sample(rows, 999)
    assert known is not None
    values = exact_pointwise(known, drawn["x1"], drawn["x2"], drawn["y"], DEFINITION)
    found = {q: float(v.mean()) / LN2 for q, v in values.columns().items()}
    return found | {
        name: sum(w * found[q] for q, w in weights.items()) for name, weights in WORTH.items()
    }


@cache
def worth_of_switch() -> dict[str, float]:
    """u2 + s of ``switch`` by the shipped file, its error without and with the fit, and the mean
    of the exact values of the same rows; bits."""
    data = load_dataset("switch")
    kept = store.InformationEstimates.load(store.default_path("switch"))
    known = known_distribution("switch")
    assert known is not None
    assert kept.refits is not None
    rows = kept.split(DEFINITION)
    worth = rows.u2 + rows.s
    true = exact_pointwise(known, data.x1, data.x2, data.y, DEFINITION)
    by_fit = kept.refits.error({"u2": 1.0, "s": 1.0}, DEFINITION)
    over_rows = float(worth.std(ddof=1)) / len(worth) ** 0.5
    return {
        "rows": float(len(worth)),
        "worth": float(worth.mean()) / LN2,
        "exact": float((true.u2 + true.s).mean()) / LN2,
        "error_rows": over_rows / LN2,
        "error": float(np.hypot(over_rows, by_fit.root_mean_square)) / LN2,
    }


def error_of(run: dict[str, Any]) -> float:
    """Standard error of a mean with the fit, in bits."""
    return float(np.sqrt(run["error_rows"] ** 2 + run["deviation_fit"] ** 2 + run["bias_fit"] ** 2))


def summary(runs: Records, true: dict[str, dict[str, float]]) -> Records:
    """Share of sets whose intervals hold the exact value, by distribution and quantity, with the
    error over rows alone and with the fit; and by distribution over all quantities."""
    result = []
    for distribution in dict.fromkeys(str(run["distribution"]) for run in runs):
        mine = [run for run in runs if run["distribution"] == distribution]
        inside: list[tuple[bool, bool]] = []
        for quantity in (*QUANTITIES, *WORTH):
            some = [run for run in mine if run["quantity"] == quantity]
            if not some:
                continue
            away = np.array([run["mean"] - true[distribution][quantity] for run in some])
            errors = np.array([error_of(run) for run in some])
            over_rows = np.array([run["error_rows"] for run in some])
            held = np.abs(away) <= Z * errors
            held_rows = np.abs(away) <= Z * over_rows
            if quantity in QUANTITIES:
                inside += list(zip(held.tolist(), held_rows.tolist(), strict=True))
            result.append(
                {
                    "distribution": distribution,
                    "quantity": quantity,
                    "sets": len(some),
                    "coverage": float(held.mean()),
                    "coverage_rows": float(held_rows.mean()),
                    "wilson": list(
                        binomtest(int(held.sum()), len(held)).proportion_ci(0.95, "wilson")
                    ),
                    "exact": true[distribution][quantity],
                    "mean_error": float(away.mean()),
                    "sd": float(away.std(ddof=1)) if len(away) > 1 else None,
                    "standard_error": float(errors.mean()),
                    "standard_error_rows": float(over_rows.mean()),
                }
            )
        both = np.array(inside)
        result.append(
            {
                "distribution": distribution,
                "quantity": "all",
                "sets": len({run["seed"] for run in mine}),
                "coverage": float(both[:, 0].mean()),
                "coverage_rows": float(both[:, 1].mean()),
            }
        )
    return result


def targets(record: dict[str, Any]) -> list[Target]:
    """The bars of coverage, and of the worth of x2 in ``switch``."""
    total = [m for m in record["means"] if m["quantity"] == "all"]
    informations = [m for m in record["means"] if m["quantity"] in ("i1", "i2", "i12")]
    whole = len(total) == len(DISTRIBUTIONS) and all(m["sets"] >= SETS for m in total)
    low = [
        f"{m['distribution']}: {m['coverage']:.1%}" for m in total if m["coverage"] < LEAST_COVERAGE
    ]
    low_informations = [
        f"{d}: {share:.1%}"
        for d in DISTRIBUTIONS
        if (mine := [m["coverage"] for m in informations if m["distribution"] == d])
        and (share := float(np.mean(mine))) < LEAST_COVERAGE
    ]
    worths = [m for m in record["means"] if m["quantity"] in WORTH]
    low_worths = [
        f"{m['distribution']}, {m['quantity'].removeprefix('worth_')}: {m['coverage']:.1%}"
        for m in worths
        if m["coverage"] < LEAST_COVERAGE
    ]
    of_worths = judged(
        "95 % intervals of the worth of an input hold the exact value of at least 93 % of the sets "
        "of each distribution",
        f"at least {min((m['coverage'] for m in worths), default=0.0):.1%}",
        low_worths,
        len(worths) == len(DISTRIBUTIONS) * len(WORTH) and all(m["sets"] >= SETS for m in worths),
    )
    least = min(m["coverage"] for m in total)
    worth = record["switch"]
    away = abs(worth["worth"] - worth["exact"])
    reach = Z * worth["error"]
    return [
        judged(
            "95 % intervals of i1, i2 and i12 hold the exact values of at least 93 % of the sets "
            "of each distribution",
            f"{np.mean([m['coverage'] for m in informations]):.1%} over all distributions",
            low_informations,
            whole,
        ),
        judged(
            "the same of all seven quantities",
            f"at least {least:.1%}",
            low,
            whole,
        ),
        *([of_worths] if worths else []),
        judged(
            "the worth of x2 in switch lies in its 95 % interval",
            f"{worth['worth']:.3f} ± {reach:.3f} bits, exact {worth['exact']:.3f}",
            [f"{away:.3f} away"] if away > reach else [],
            True,
        ),
    ]


def computed(runs: Records) -> dict[str, Any]:
    """What the record has beside the sets."""
    true = {d: exact(d) for d in dict.fromkeys(str(run["distribution"]) for run in runs)}
    return {"means": summary(runs, true), "switch": worth_of_switch()}


STUDY: Final = Study(RESULT, {"distribution": tuple(DISTRIBUTIONS), "seed": ()}, computed)


def estimate(record: Record, a: argparse.Namespace) -> int:
    """Estimate the sets that the record lacks, and print what came out."""
    units = [
        Unit((d, seed), frozenset([named := settings_of(d, seed), of_worth(named)]))
        for seed in range(a.sets)
        for d in DISTRIBUTIONS
    ]
    content = carry_out(record, a, measure, units)
    for mean in content["means"]:
        print(
            f"{mean['distribution']}, {mean['quantity']}: {mean['coverage']:.1%}, "
            f"over rows alone {mean['coverage_rows']:.1%}"
        )
    for target in targets(content):
        print(f"{target.state}: {target.claim}: {target.figure} {'; '.join(target.failing)}")
    return 0
