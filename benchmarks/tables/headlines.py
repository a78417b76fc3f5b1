"""The headline tables: does the gate recover the true type, and how accurate is each method?"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from benchmarks.criteria import comparison as comparison_criteria
from benchmarks.criteria import fidelity as fidelity_criteria
from benchmarks.tables.cells import figure, listed, mean_sd, record_path, table
from dmil_core.experiments import fidelity_record, records, scoreboard, tuning
from dmil_core.experiments.targets import Target
from dmil_core.io.paths import checkpoints_root


def fidelity(record: fidelity_record.Fidelity) -> str:
    """Does the decomposition recover the known interaction type, setting by setting?"""
    rows = fidelity_record.settings(record)
    fewest = int(rows["seeds"].min()) if len(rows) else 0
    whole = fewest >= fidelity_record.SEEDS and len(rows) >= fidelity_record.SETTINGS
    under_way = (
        f"\n\n**In progress**: {len(rows)} of {fidelity_record.SETTINGS} settings, at least "
        f"{fewest} of {fidelity_record.SEEDS} seeds each."
    )
    note = "" if whole else under_way
    exceeded = int((rows["agreement"] > rows["reference"]).sum()) if len(rows) else 0
    text = f"""## Does the decomposition recover the ground truth?

The `switch` distribution in {len(rows)} settings, where the interaction type of every sample is
known; test rows, mean over seeds (`make bench-fidelity`). *Agreement*: share of samples whose
largest gate weight is that of the true interaction type, ± standard deviation. *Bound*: the same
for argmax p(interaction type | x1, x2), which knows how the data were made; no gate can exceed it
on average. *Relative*: agreement over this bound. *Reference*: the same for a rule that reads the
exact label information of the sample; it is no upper bound, and `dmil` exceeds it in
{exceeded} settings. *Training-free*: of responsibilities read off `ensemble` and `joint`, averaged
over the classes that `joint` predicts. *AUROC*: of the worst component, over that of the bound.
*Absent*: largest mean weight of a component that does not occur. *Bayes*: the best possible
accuracy. In percent, except AUROC, error and weight.{note}
"""
    head = [
        "setting", "agreement, `dmil`", "bound", "relative", "reference", "training-free",
        "AUROC", "calibration error", "absent", "accuracy, `dmil`", "`joint`", "`ensemble`",
        "Bayes", "agreement, `dmil-paper`",
    ]  # fmt: skip
    released = ["paper_agreement"]
    if len(rows) and rows["paper_sgd_agreement"].notna().any():
        head.append("`dmil-paper-sgd`")
        released.append("paper_sgd_agreement")
    body = [
        [
            str(r["setting"]),
            mean_sd(r["agreement"], r["agreement_sd"], r["seeds"], fidelity_record.SEEDS),
            *(
                figure(100 * r[c])
                for c in ("generator", "bound_share", "reference", "training_free")
            ),
            *(figure(r[c], 3) for c in ("worst_auroc", "calibration_error", "absent")),
            *(figure(100 * r[c]) for c in ("dmil", "joint", "ensemble", "bayes")),
            *(figure(100 * r[c]) for c in released),
        ]
        for r in rows.to_dict("records")
    ]
    verdicts = listed(fidelity_criteria.targets(record))
    return "\n".join([text, table(head, body), "", verdicts])


@dataclass(frozen=True)
class Section:
    """A comparison with a table of its own.

    Attributes
    ----------
    heading : of the section.
    command : what makes the records.
    sets : data sets, in the order of the columns.
    judge : its targets from the records, the trials of learning rates and the ranking.
    note : what else a reader has to know, behind the number of differences.
    """

    heading: str
    command: str
    sets: tuple[str, ...]
    judge: Callable[[pd.DataFrame, tuning.Trials, scoreboard.RankSummary], list[Target]]
    note: str


TUNED = Section(
    "Accuracy by method",
    "make bench-compare",
    comparison_criteria.SETS,
    lambda runs, trials, order: comparison_criteria.targets(runs, trials=trials, order=order),
    ", ".join(f"`{d}`" for d in comparison_criteria.SAME_MEDIA)
    + " share their pictures and sounds, so that the\n"
    + "sets are fewer independent cases than they are.",
)
HELD_OUT = Section(
    "Two sets that nobody tuned on",
    "python -m benchmarks.comparison --held-out",
    comparison_criteria.HELD_OUT,
    lambda runs, _, order: comparison_criteria.held_out_targets(runs, order=order),
    "Sets, runs and targets were\n[written down](held-out.md) before the first run.",
)


def comparison(runs: pd.DataFrame, section: Section = TUNED, trials: tuning.Trials = ()) -> str:
    """Test accuracy of every paradigm on every set, in the order of mean ranks.

    ``trials`` chose the learning rates.
    """
    order = scoreboard.rank_summary(runs)
    means = scoreboard.summary(runs)
    sets = [d for d in section.sets if d in set(means["data"])]
    cells = {(r["data"], r["paradigm"]): r for r in means.to_dict("records")}
    names = [str(p) for p in order.ranks.index]
    names += [p for p in dict.fromkeys(means["paradigm"]) if p not in names]
    apart = scoreboard.differences(runs)
    verdicts = {(r["data"], r["paradigm"]): r["verdict"] for r in apart.to_dict("records")}
    averages = {r["paradigm"]: r for r in scoreboard.average_differences(runs).to_dict("records")}
    complete = order.scores.mean()
    body = [
        [
            f"`{p}`",
            figure(float(order.ranks.get(p, math.nan)), 2),
            figure(100 * float(complete.get(p, math.nan)), 2),
            _average_cell(averages.get(p), len(sets)),
            *(_accuracy_cell(cells.get((d, p))) + MARKS[verdicts.get((d, p), "")] for d in sets),
        ]
        for p in names
    ]
    text = f"""## {section.heading}

Test accuracy in percent, mean ± standard deviation over {scoreboard.SEEDS} paired seeds
(`{section.command}`); {_splits(runs)}. {_rates(trials, sets)}
Rank: {_ranked(order)}.
*Mean*: over these sets. *Difference*: of that mean from `{scoreboard.OURS}`, in points, with its
95 % interval (corrected resampled t test) and the p-value by Holm over methods. ↑ and ↓ in a cell:
better or worse than `{scoreboard.OURS}` on that set at 5 % by Holm over methods and sets,
{len(apart)} differences. {section.note}{_under_way(cells, sets, names, section)}
"""
    outcome = listed(section.judge(runs, trials, order))
    head = ["", "rank", "mean", "difference, adjusted p", *(f"`{d}`" for d in sets)]
    return "\n".join([text, table(head, body), "", outcome])


#: Sign of a verdict in a cell.
MARKS = {"better": " ↑", "worse": " ↓", "open": "", "": ""}


def _average_cell(row: Any, sets: int) -> str:
    """The difference of means over sets; "-" where not all sets are there."""
    if row is None or row["sets"] < sets:
        return "-"
    middle, low, high = (f"{100 * row[c] + 0.0:+.2f}" for c in ("difference", "low", "high"))
    if not math.isfinite(row["low"]):
        return middle
    return f"{middle} ({low} to {high}), {row['adjusted']:.3f}"


def _splits(runs: pd.DataFrame) -> str:
    """Which rows the seeds are tested on."""
    if (runs["split"] > 0).any():
        return "every seed has a split of its own, a generated set other rows"
    return "all seeds have the split that a set comes with"


def _rates(trials: tuning.Trials, sets: list[str]) -> str:
    """How the learning rates were chosen, and how many are an outermost of those tried."""
    tried = [t for t in trials if t["data"] in sets]
    best = tuning.best_trials(tried)
    if not best:
        return "Every paradigm has its own learning rate; none is tuned."
    early = sum(not tuning.is_current(t) for t in best.values())
    old = "among three on validation rows, by runs of half the epochs"
    new = (
        "on validation rows, by runs of full length: among three, and further ones while the best "
        "is an outermost"
    )
    how = old if early == len(best) else new
    mixed = f" ({early} of them chosen {old})" if 0 < early < len(best) else ""
    edge = f"{len(tuning.at_edge(tried))} of {len(best)} chosen rates"
    return (
        f"The learning rate of each paradigm is\nchosen {how}; {edge}{mixed} "
        "lie at an edge of what was tried."
    )


def _ranked(order: scoreboard.RankSummary) -> str:
    many, sets = len(order.ranks), len(order.scores)
    if not sets:
        return "none yet, no set has all seeds of two paradigms"
    if sets == 1:
        return (
            f"on `{order.scores.index[0]}` alone, the only set with all seeds of {many} paradigms"
        )
    return (
        f"mean over the {sets} sets that have all seeds of {many} paradigms; ranks less than "
        f"{order.critical:.1f} apart are not significantly different (Nemenyi's test, 5 %)"
    )


def _under_way(
    cells: dict[tuple[str, str], Any], sets: list[str], names: list[str], section: Section
) -> str:
    full, every = (
        sum(c["seeds"] >= scoreboard.SEEDS for c in cells.values()),
        len(sets) * len(names),
    )
    missing = [f"`{d}`" for d in section.sets if d not in sets]
    notes = []
    if full < every:
        notes.append(f"{full} of {every} cells have all seeds, others say how many")
    if missing:
        notes.append(f"no record yet of {', '.join(missing)}")
    return f"\n\n**In progress**: {'; '.join(notes)}." if notes else ""


def _accuracy_cell(row: Any) -> str:
    if row is None:
        return "-"
    return mean_sd(row["accuracy"], row["accuracy_sd"], row["seeds"], scoreboard.SEEDS)


def headlines() -> list[str]:
    """The headline tables, of what is recorded."""
    parts = []
    record = fidelity_record.read_fidelity(record_path("fidelity"))
    if record is not None:
        parts.append(fidelity(record))
    runs = records.read_all(checkpoints_root()).runs.dropna(subset=["accuracy"])
    trials = tuning.read_all(checkpoints_root())
    for section in (TUNED, HELD_OUT):
        of_section = runs[runs["data"].isin(section.sets)]
        if len(of_section):
            parts.append(comparison(of_section, section, trials))
    return parts
