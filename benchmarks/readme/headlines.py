"""The two headline tables: is the decomposition the real one, and who is right how often?"""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from benchmarks.criteria import comparison as comparison_criteria
from benchmarks.criteria import fidelity as fidelity_criteria
from benchmarks.readme.cells import figure, listed, mean_sd, record_path, table
from dmil_core.experiments import fidelity_record, records, scoreboard
from dmil_core.io.paths import checkpoints_root


def fidelity(record: fidelity_record.Fidelity) -> str:
    """Headline: is the decomposition the real one, setting by setting?"""
    rows = fidelity_record.settings(record)
    fewest = int(rows["seeds"].min()) if len(rows) else 0
    whole = fewest >= fidelity_record.SEEDS and len(rows) >= fidelity_record.SETTINGS
    under_way = (
        f"\n\n**Under way**: {len(rows)} of {fidelity_record.SETTINGS} settings, at least {fewest} "
        f"of {fidelity_record.SEEDS} seeds each."
    )
    note = "" if whole else under_way
    text = f"""### Is the decomposition the real one?

The `switch` distribution in {len(rows)} settings, where the interaction type of every sample is
known; test
rows, mean over seeds (`make bench-fidelity`). *Finds*: how often the largest gate is the true
interaction type, ± standard deviation; *ceiling*: how often label information can tell it, computed
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
            mean_sd(r["agreement"], r["agreement_sd"], r["seeds"], fidelity_record.SEEDS),
            *(figure(100 * r[c]) for c in ("reference", "reference_share")),
            *(figure(r[c], 3) for c in ("worst_auroc", "calibration_error", "absent")),
            *(figure(100 * r[c]) for c in ("dmil", "joint", "ensemble", "bayes")),
            figure(100 * r["paper_agreement"]),
        ]
        for r in rows.to_dict("records")
    ]
    told = listed(fidelity_criteria.targets(record))
    return "\n".join([text, table(head, body), "", told])


def comparison(runs: pd.DataFrame) -> str:
    """Headline: which way of learning is right how often?"""
    order = scoreboard.rank_summary(runs)
    means = scoreboard.summary(runs)
    sets = [d for d in comparison_criteria.SETS if d in set(means["data"])]
    cells = {(r["data"], r["paradigm"]): r for r in means.to_dict("records")}
    names = [str(p) for p in order.ranks.index]
    names += [p for p in dict.fromkeys(means["paradigm"]) if p not in names]
    body = [
        [
            f"`{p}`",
            figure(float(order.ranks.get(p, math.nan)), 2),
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
    told = listed(comparison_criteria.targets(runs))
    return "\n".join([text, table(["", "rank", *(f"`{d}`" for d in sets)], body), "", told])


def _ranked(order: scoreboard.RankSummary) -> str:
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
    missing = [f"`{d}`" for d in comparison_criteria.SETS if d not in sets]
    said = []
    if full < every:
        said.append(f"{full} of {every} cells have all seeds, others say how many")
    if missing:
        said.append(f"no record yet of {', '.join(missing)}")
    return f"\n\n**Under way**: {'; '.join(said)}." if said else ""


def _accuracy_cell(row: Any) -> str:
    if row is None:
        return "-"
    return mean_sd(row["accuracy"], row["accuracy_sd"], row["seeds"], scoreboard.SEEDS)


def headlines() -> list[str]:
    """The two headline tables, of what is recorded."""
    parts = []
    record = fidelity_record.read_fidelity(record_path("fidelity"))
    if record is not None:
        parts.append(fidelity(record))
    runs = records.read_all(checkpoints_root()).runs
    runs = runs[runs["data"].isin(comparison_criteria.SETS)].dropna(subset=["accuracy"])
    if len(runs):
        parts.append(comparison(runs))
    return parts
