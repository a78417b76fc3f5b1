"""The terms of Theorem 1 for each paradigm. ``make bench-theorem``.

    I(Z;Y)  >=  E_c[I(Z;Y|c)]  -  H(C|Z)  +  I(Y;C)

On ``switch`` with equal shares and with one modality weaker: every term for the
latents that each paradigm's prediction is computed from, by probes, and for comparison the exact
terms of Z = (x1, x2) and of the sum of the two unimodal log posteriors. The probes are trained on
newly drawn rows: a model is overconfident on its training rows, and so would be a probe that was
trained on them. Writes benchmarks/results/theorem.json, see :mod:`benchmarks.study`; runs are those
of ``make bench-fidelity``, and finished ones are read, not trained again.

Each run is probed four ways:

- linear: what a linear head can use;
- mlp: what can be decoded with a hidden layer;
- blurred: linear, after adding noise of a tenth of its standard deviation to every coordinate. A
  deterministic network loses no information; a little noise removes what is not used;
- seen: linear, but fitted on the model's own training rows, to show the effect.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from benchmarks.fidelity import SETTINGS, planned, trained
from benchmarks.runs import RESULTS, Records
from benchmarks.study import Study, Unit, add_options, carry_out, opened
from dmil_core.schema import COMPONENTS

if TYPE_CHECKING:
    from dmil_core.checkpoint import Run
    from dmil_core.data.dataset import Dataset
    from dmil_core.data.synthetic.switch_distribution import Floats, SwitchDistribution

RESULT = RESULTS / "theorem.json"
DISTRIBUTIONS = ("equal shares", "x2 three times weaker")
PARADIGMS = ("ensemble", "joint", "dmil-paper", "dmil-paper-sgd", "dmil")
SEEDS = 5
#: Rows to fit a probe, to stop it, and to read it.
SIZES = {"train": 20_000, "val": 5_000, "test": 20_000}
#: Above every seed that a set can have, so that these rows are in none.
ROWS_SEED = 10**9 + 1
BLUR = 0.1


@cache
def fresh(spec: str) -> Dataset:
    """Rows of the distribution that no set holds: its splits are the probes', not a model's."""
    from dmil_core.data.dataset import from_arrays
    from dmil_core.data.synthetic.switch import SwitchSet

    spec_set = SwitchSet.from_spec(spec)
    n = sum(SIZES.values())
    arrays = spec_set.distribution.sample(n, ROWS_SEED)
    arrays["split"] = np.repeat(list(SIZES), list(SIZES.values()))
    arrays["id"] = np.array([f"f{i:06d}" for i in range(n)])
    return from_arrays(spec_set.name, arrays, spec_set.card())


def prior(distribution: SwitchDistribution) -> Floats:
    """(4, K) p(c,y) of the distribution."""
    return np.outer(distribution.shares, distribution.prior)


def is_about(setting: str, paradigm: str, seed: int) -> bool:
    """Whether a run of ``make bench-fidelity`` is measured."""
    return setting in DISTRIBUTIONS and paradigm in PARADIGMS and seed < SEEDS


def run(setting: str, paradigm: str, seed: int, out: Path) -> dict[str, Any]:
    """The terms of one run, by kind of probe, and its accuracy on the same rows."""
    from dmil_core import schema
    from dmil_core.checkpoint import load_model, run_folder
    from dmil_core.data.catalog import load_dataset
    from dmil_core.inference.predict import predict

    spec = SETTINGS[setting]
    dataset = load_dataset(spec)
    figures, _ = trained(dataset, paradigm, seed, out)
    model, result = load_model(run_folder(out, dataset.slug, paradigm, seed))
    table = predict(model, result.config.model, fresh(spec), latents=True)
    seen = predict(model, result.config.model, dataset, latents=True)
    test = table[table["split"] == "test"]
    by = test.groupby(schema.INTERACTION_TYPE)["correct"].mean()
    return {
        "setting": setting,
        "paradigm": paradigm,
        "seed": seed,
        "settings": figures["settings"],
        "accuracy": float(test["correct"].mean()),
        **{f"accuracy_{c}": float(v) for c, v in by.items()},
        **probed(table, seen, result, seed),
    }


def probed(table: pd.DataFrame, seen: pd.DataFrame, run: Run, seed: int) -> dict[str, Any]:
    """Kind of probe -> the terms that it finds in a model's latents."""
    from dmil_core.metrics import theorem

    names = theorem.representation(run.config.model.architecture, run.latents)
    train = seen[seen["split"] != "test"]
    mixed = pd.concat([train, table[table["split"] == "test"]])
    return {
        "linear": measure(table, names, run, "linear", seed),
        "mlp": measure(table, names, run, "mlp", seed),
        "blurred": measure(table, names, run, "linear", seed, blur=BLUR),
        "seen": measure(mixed, names, run, "linear", seed),
    }


def measure(
    table: pd.DataFrame, names: Sequence[str], run: Run, kind: str, seed: int, blur: float = 0.0
) -> dict[str, Any]:
    """The terms that a probe finds in these latents: fitted on the table's train rows, stopped by
    its val rows, read on its test rows. With ``blur``, every coordinate first gets Gaussian noise
    of that share of its standard deviation.
    """
    from dmil_core.data.synthetic.switch import switch_distribution
    from dmil_core.metrics import theorem
    from dmil_core.metrics.probe import PROBES, fit_probe

    rows = {s: theorem.rows_of(table[table["split"] == s], names, run.classes) for s in SIZES}
    rng = np.random.default_rng([seed, 1])
    spread = blur * rows["train"].z.std(axis=0)
    rows = {s: replace(r, z=r.z + spread * rng.standard_normal(r.z.shape)) for s, r in rows.items()}
    probe = fit_probe(rows["train"], rows["val"], len(run.classes), PROBES[kind], seed)
    read = rows["test"]
    known = prior(switch_distribution(run.data_source))
    return theorem.terms(probe.log_q(read.z), read.y, read.interaction_type, known).to_dict()


@cache
def exact_terms(spec: str) -> dict[str, Any]:
    """Exact terms, on the rows where probes are read, of all that can be known: Z = (x1, x2); and
    of the two modalities' own posteriors added up, which is the most an ensemble can use.
    """
    from scipy.special import logsumexp

    from dmil_core.data.synthetic.switch import switch_distribution
    from dmil_core.metrics import theorem

    distribution, dataset = switch_distribution(spec), fresh(spec)
    rows = dataset.rows("test")
    assert dataset.interaction_type is not None
    c = np.array([COMPONENTS.index(name) for name in dataset.interaction_type[rows]])
    x = dataset.x1[rows], dataset.x2[rows]
    result = {}
    for name, log_weight in (
        ("together", distribution.log_joint(*x)),
        ("added", distribution.log_added(*x)),
    ):
        log_q = log_weight - logsumexp(log_weight, axis=(1, 2), keepdims=True)
        right = np.exp(log_q).sum(axis=1).argmax(axis=1) == dataset.y[rows]
        exact = theorem.terms(log_q, dataset.y[rows], c, prior(distribution)).to_dict()
        result[name] = {"accuracy": float(right.mean()), **exact}
    return result


def measure_run(setting: str, paradigm: str, seed: int, out: Path) -> Records:
    """The entries of one run."""
    return [run(setting, paradigm, seed, out)]


def summary(runs: Records) -> dict[str, Any]:
    """The exact terms of the settings, and how the probes were made."""
    names = dict.fromkeys(r["setting"] for r in runs)
    settings = {n: {"spec": SETTINGS[n], **exact_terms(SETTINGS[n])} for n in names}
    return {"settings": settings, "rows": SIZES, "blur": BLUR}


STUDY = Study(RESULT, {"setting": DISTRIBUTIONS, "paradigm": (), "seed": ()}, summary)


def main() -> int:
    """Probe all runs and print the terms in bits."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--settings", nargs="+", default=list(DISTRIBUTIONS), choices=list(SETTINGS)
    )
    parser.add_argument("--paradigms", nargs="+", default=list(PARADIGMS))
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--out", type=Path, default=Path("build/bench-fidelity"))
    add_options(parser)
    a = parser.parse_args()
    units = [
        Unit((n, p, s, a.out), frozenset([planned(n, SETTINGS[n], p, s)]))
        for s in range(a.seeds)
        for p in a.paradigms
        for n in a.settings
    ]
    show(carry_out(opened(parser, a, STUDY), a, measure_run, units))
    return 0


def show(result: dict[str, Any]) -> None:
    """Print means over seeds in bits, a row per setting, paradigm and probe."""
    print(
        "\nbits" + " " * 44 + "".join(f"{n:>9}" for n in ("I(Z;Y)", "bound", "H(C|Z)", *COMPONENTS))
    )
    for setting, distribution in result["settings"].items():
        for name in ("together", "added"):
            print(_line(setting, f"exact, {name}", [distribution[name]]))
        for paradigm in sorted({r["paradigm"] for r in result["runs"]}):
            mine = [
                r for r in result["runs"] if (r["setting"], r["paradigm"]) == (setting, paradigm)
            ]
            for kind in ("linear", "mlp", "blurred", "seen"):
                print(_line(setting, f"{paradigm}, {kind}", [r[kind] for r in mine]))


def _line(setting: str, who: str, terms: list[dict[str, Any]]) -> str:
    import math

    values = [[t[k] for t in terms] for k in ("information", "bound", "equivocation")]
    values += [[t["by_interaction_type"].get(c, math.nan) for t in terms] for c in COMPONENTS]
    return f"{setting:22} {who:24} " + "".join(
        f"{statistics.mean(v) / math.log(2):9.3f}" for v in values
    )


if __name__ == "__main__":
    raise SystemExit(main())
