"""Error of exact decompositions and of estimates from samples. ``make bench-information``.

Exact: 10,000 random distributions of two bits and a class of two on one thread, the largest
certified error, and on some of them the time and the error of two peers, ``dit`` and the usual
formulation for a general modelling language (cvxpy). Estimates: from 1,600 and from 20,000 rows of
distributions whose pointwise information is known, evaluated on 2,000 others, 5 seeds; one thread.
Writes benchmarks/results/information.json. ``--estimates-only`` keeps the rest of the record, and
needs no peers. ``--coverage`` measures the intervals of set means; see
benchmarks/information_coverage.py.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import information_coverage
from benchmarks.runs import RESULTS, Records
from benchmarks.study import add_options, opened
from dmil_core.data.synthetic.gaussian import NOISE, gaussian_distribution
from dmil_core.experiments.targets import Target, judged
from dmil_core.information.estimator import PointwiseInformation
from dmil_core.information.truth import exact_pointwise, known_distribution
from dmil_core.io.atomic import check_writable, write_json
from dmil_core.partial_information.discrete import decompose
from dmil_core.partial_information.pmf import Floats
from dmil_core.partial_information.pointwise import DEFINITIONS, SUMS, Pointwise
from dmil_core.schema import COMPONENTS

RESULT = RESULTS / "information.json"
LN2 = float(np.log(2.0))
PMFS, PEER_PMFS = 10_000, 20
SIZES = (1600, 20_000)
SEEDS = 5
TEST_ROWS = 2000
STREAMED = 1_000_000
#: Repeats of the test rows when the speed of scoring is measured.
REPEATS = 25
#: Those of the coverage in which both inputs are informative about the class.
DISTRIBUTIONS = {
    name: spec for name, spec in information_coverage.DISTRIBUTIONS.items() if name != "x1 alone"
}
HARD, SWITCH = "ten classes, noise shared", "visible switch"
#: (rows, distribution is the hard one) -> most error of a set's information and of r, least
#: correlation.
BARS = {
    (20_000, False): (0.005, 0.10, 0.99),
    (20_000, True): (0.03, 0.22, 0.98),
    (1600, False): (0.025, 0.20, None),
    (1600, True): (0.08, 0.50, None),
}
LEAST_TYPES = {20_000: 0.98, 1600: 0.96}
MOST_SECONDS = {20_000: 16.0, 1600: 7.0}
LEAST_ROWS_PER_SECOND = 150_000


def discrete() -> dict[str, Any]:
    """Milliseconds and errors of ours and of the peers, in nats."""
    rng = np.random.default_rng(0)
    pmfs = rng.dirichlet(np.ones(8), PMFS).reshape(PMFS, 2, 2, 2)
    started = time.process_time()
    gaps = [decompose(p).gap for p in pmfs]
    seconds = time.process_time() - started
    result: dict[str, Any] = {"pmfs": PMFS, "seconds": seconds, "largest_gap": max(gaps)}
    some = pmfs[:PEER_PMFS]
    ours = np.array([decompose(p).r for p in some])
    for name, peer in (("dit", _dit), ("cvxpy", _cvxpy)):
        started = time.process_time()
        theirs = np.array([peer(p) for p in some])
        spent = (time.process_time() - started) / PEER_PMFS
        error = float(np.abs(theirs - ours).max())
        result[name] = {"times_ours": spent / (seconds / PMFS), "largest_error": error}
    return result


def _dit(p: Floats) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import dit
        from dit.pid import PID_BROJA

        outcomes = ["".join(map(str, t)) for t in product(*map(range, p.shape))]
        result = PID_BROJA(dit.Distribution(outcomes, p.ravel()), [(0,), (1,)], (2,))
    return float(result[((0,), (1,))]) * LN2


def _cvxpy(p: Floats) -> float:
    """max H_q(y|x1,x2), one variable a class, as one would write it down."""
    import cvxpy as cp

    q = [cp.Variable(p.shape[:2], nonneg=True) for _ in range(p.shape[2])]
    total = sum(q)
    marginals = [
        cp.sum(v, axis=a) == p[:, :, k].sum(axis=a) for k, v in enumerate(q) for a in (0, 1)
    ]
    entropy = -sum(cp.sum(cp.rel_entr(v, total)) for v in q)
    problem = cp.Problem(cp.Maximize(entropy), marginals)
    problem.solve()
    y = p.sum(axis=(0, 1))
    parts = decompose(p, "immi")
    least = -float((y * np.log(y)).sum()) - float(problem.value)
    return parts.i1 + parts.i2 - least


def streaming() -> dict[str, float]:
    """A million rows from a Parquet file to another, in a process of its own: rows a second of
    scoring and writing, and its largest memory beside what it takes before the first row."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        distribution, parts = gaussian_distribution(DISTRIBUTIONS[SWITCH]), 20
        with contextlib.ExitStack() as stack:
            writer = None
            for part in range(parts):
                drawn = distribution.sample(STREAMED // parts, part)
                columns = {
                    f"x{m}_{i}": drawn[f"x{m}"][:, i]
                    for m in (1, 2)
                    for i in range(drawn["x1"].shape[1])
                }
                table = pa.table({**columns, "y": drawn["y"]})
                writer = writer or stack.enter_context(pq.ParquetWriter(path, table.schema))
                writer.write_table(table)
        out = Path(folder) / "bits.parquet"
        code = f"from benchmarks.information import _stream; _stream({str(path)!r}, {str(out)!r})"
        done = subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, text=True
        )
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def _stream(path: str, out: str) -> None:
    """Runs in the process that :func:`streaming` starts, and prints what it measured."""
    import torch

    from dmil_core.information.stream import BATCH_ROWS, FIT_ROWS, estimate_file

    torch.set_num_threads(1)

    def peak() -> float:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    before, seconds = peak(), []
    # Twice: once with next to nothing to fit, which is the time of reading, scoring and writing.
    for rows in (1000, FIT_ROWS):
        started = time.process_time()
        estimates = estimate_file(Path(path), Path(out), fit_rows=rows, refits=0)
        seconds.append(time.process_time() - started)
    about = {"rows": estimates.rows, "batch_rows": BATCH_ROWS, "seconds": seconds[1]}
    speed = estimates.rows / seconds[0]
    print(json.dumps({**about, "rows_per_s": speed, "mb_before": before, "mb_peak": peak()}))


def estimates(distribution: str, rows: int, seed: int) -> Records:
    """One fit: errors by definition, in bits, with its processor seconds and scoring speed."""
    import torch

    torch.set_num_threads(1)
    spec = DISTRIBUTIONS[distribution]
    known, source = known_distribution(spec), gaussian_distribution(spec)
    assert known is not None
    train, test = source.sample(rows, 2 * seed), source.sample(TEST_ROWS, 2 * seed + 1)
    started = time.process_time()
    fitted = PointwiseInformation(seed=seed).fit(train["x1"], train["x2"], train["y"])
    seconds = time.process_time() - started
    many = {k: np.concatenate([v] * REPEATS) for k, v in test.items()}
    started = time.process_time()
    fitted.score_samples(many["x1"], many["x2"], many["y"])
    speed = REPEATS * TEST_ROWS / (time.process_time() - started)
    result = []
    for definition in DEFINITIONS:
        estimate = fitted.score_samples(test["x1"], test["x2"], test["y"], definition)
        true = exact_pointwise(known, test["x1"], test["x2"], test["y"], definition)
        named = {"distribution": distribution, "rows": rows, "seed": seed, "definition": definition}
        result.append({**named, "seconds": seconds, "rows_per_s": speed, **errors(estimate, true)})
        if distribution == SWITCH:
            result[-1]["types"] = types(estimate, test)
            result[-1]["types_exact"] = types(true, test)
    return result


def errors(estimate: Pointwise, true: Pointwise) -> dict[str, float | None]:
    """In bits: errors of the set's informations, of r over rows, and r's correlation, which is
    not defined where r is the same everywhere."""
    sets = {
        f"error_{i}": float((getattr(estimate, i) - getattr(true, i)).mean()) / LN2 for i in SUMS
    }
    varies = min(estimate.r.std(), true.r.std()) > 1e-9
    return {
        **sets,
        "r_rmse": float(np.sqrt(((estimate.r - true.r) ** 2).mean())) / LN2,
        "r_correlation": float(np.corrcoef(estimate.r, true.r)[0, 1]) if varies else None,
    }


def types(pointwise: Pointwise, rows: dict[str, Any]) -> float:
    """Share of rows of the visible switch whose largest part is the one that it was made of."""
    made = np.array(COMPONENTS)[rows["x1"][:, :4].argmax(axis=1)]
    return float((pointwise.largest() == made).mean())


def summary(runs: Records) -> Records:
    """Means over seeds; of the set's errors the mean of their sizes, and the largest of three."""
    table = pd.DataFrame(runs)
    table["set_error"] = table[[f"error_{i}" for i in SUMS]].abs().max(axis=1)
    columns = ["set_error", "r_rmse", "r_correlation", "types", "types_exact", "seconds"]
    columns += ["rows_per_s"]
    groups = table.groupby(["distribution", "rows", "definition"], sort=False)
    rows = []
    for _, mine in groups:
        distribution, definition = (str(mine[c].iloc[0]) for c in ("distribution", "definition"))
        size = int(mine["rows"].iloc[0])
        row: dict[str, Any] = {"distribution": distribution, "rows": size, "definition": definition}
        row["seeds"] = len(mine)
        for name in (c for c in columns if c in mine):
            values = mine[name].dropna()
            if len(values):
                row[name] = float(values.mean())
                row[f"{name}_sd"] = float(values.std(ddof=1)) if len(values) > 1 else None
        rows.append(row)
    return rows


def targets(result: dict[str, Any]) -> list[Target]:
    """The bars, each met or missed by the default definition and by lsmi."""
    exactly, means = result["discrete"], result["means"]
    gap = exactly["largest_gap"] / LN2
    whole = all(m["seeds"] >= SEEDS for m in means) and len(means) == len(DISTRIBUTIONS) * 2 * 3
    judged_means = [m for m in means if m["definition"] in ("same-sign", "lsmi")]
    failing = []
    for m in judged_means:
        error, rmse, correlation = BARS[m["rows"], m["distribution"] == HARD]
        where = f"{m['distribution']}, {m['rows']:,} rows, {m['definition']}"
        if m["definition"] == "same-sign" and m["set_error"] > error:
            failing.append(f"{where}: set {m['set_error']:.4f}")
        if m["r_rmse"] > rmse:
            failing.append(f"{where}: r {m['r_rmse']:.3f}")
        if correlation and m.get("r_correlation", 1.0) < correlation:
            failing.append(f"{where}: correlation {m['r_correlation']:.4f}")
    switch = {
        m["rows"]: m["types"] for m in judged_means if "types" in m and m["definition"] != "lsmi"
    }
    slow = [
        f"{m['distribution']}, {m['rows']:,} rows: {m['seconds']:.1f} s"
        for m in judged_means
        if m["definition"] == "same-sign" and m["seconds"] > MOST_SECONDS[m["rows"]]
    ]
    speed = min(m["rows_per_s"] for m in means)
    most = max(m["seconds"] for m in means)
    missed = [f"{n:,} rows: {switch[n]:.4f}" for n in switch if switch[n] < LEAST_TYPES[n]]
    shown = ", ".join(f"{switch[n]:.4f} from {n:,} rows" for n in switch)
    streamed = result["streaming"]["rows_per_s"]
    return [
        judged(
            "BROJA within 1e-6 bits, 10,000 distributions in under a minute",
            f"{gap:.1e} bits, {exactly['seconds']:.0f} s",
            [f"{gap:.1e}"] if gap > 1e-6 else [],
            True,
        ),
        judged(
            "errors of set and rows within the bars", f"{len(judged_means)} cases", failing, whole
        ),
        judged("types of the visible switch .98 and .96", shown, missed, whole),
        judged("a fit takes at most 16 s and 7 s", f"at most {most:.1f} s", slow, whole),
        judged(
            "150,000 rows a second scored",
            f"at least {speed:,.0f}",
            [f"{speed:,.0f}"] if speed < LEAST_ROWS_PER_SECOND else [],
            whole,
        ),
        judged(
            "a file of a million rows: 150,000 rows a second, memory that does not grow with it",
            f"{streamed:,.0f}, at most {result['streaming']['mb_peak']:.0f} MB, of which "
            f"{result['streaming']['mb_before']:.0f} MB before the first row",
            [f"{streamed:,.0f}"] if streamed < LEAST_ROWS_PER_SECOND else [],
            True,
        ),
    ]


def main() -> int:
    """Measure one after the other, as times are part of it, and print what came out."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument(
        "--distributions", nargs="+", default=list(DISTRIBUTIONS), choices=list(DISTRIBUTIONS)
    )
    parser.add_argument(
        "--estimates-only",
        action="store_true",
        help="measure the estimates alone; exact decompositions and streaming stay as recorded",
    )
    parser.add_argument(
        "--coverage",
        action="store_true",
        help="measure the coverage of intervals instead; with --records it goes on when stopped",
    )
    parser.add_argument("--sets", type=int, default=information_coverage.SETS, help="of --coverage")
    parser.add_argument("--out", type=Path, default=Path("build/bench-information"))
    add_options(parser)
    a = parser.parse_args()
    if a.coverage:
        parser.set_defaults(coverage=True)  # it names the study, not a part of it
        return information_coverage.estimate(opened(parser, a, information_coverage.STUDY), a)
    if a.records or a.show or a.adopt:
        parser.error("--records, --show and --adopt are of --coverage; the rest takes minutes")
    whole = (a.seeds, a.distributions) == (SEEDS, list(DISTRIBUTIONS))
    if whole:
        check_writable(RESULT)
    result: dict[str, Any] = {"noise": NOISE}
    if a.estimates_only:
        recorded = json.loads(RESULT.read_text("utf-8"))
        result |= {name: recorded[name] for name in ("discrete", "streaming")}
    else:
        result |= {"discrete": discrete(), "streaming": streaming()}
    print(result["discrete"], result["streaming"], flush=True)
    runs: Records = []
    for distribution, rows, seed in product(a.distributions, SIZES, range(a.seeds)):
        runs += estimates(distribution, rows, seed)
        print(runs[-len(DEFINITIONS)], flush=True)
    result |= {"runs": runs, "means": summary(runs)}
    print(pd.DataFrame(result["means"]).to_string())
    for target in targets(result):
        print(f"{target.state}: {target.claim}: {target.figure} {'; '.join(target.failing)}")
    if whole:
        write_json(RESULT, result)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
