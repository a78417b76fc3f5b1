"""Compare paradigms over recorded runs: means over seeds, paired differences and average ranks.

In every function ``runs`` is the table of :mod:`dmil_core.experiments.records`, a row per run.
Accuracies and other shares are 0 to 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import pandas as pd

from dmil_core.experiments.records import ALONE, BY_INTERACTION_TYPE, DEVICE, METRICS
from dmil_core.metrics import rank_tests
from dmil_core.schema import ALL_COMPONENTS

#: Seeds of a complete comparison.
SEEDS: Final = 5
OURS: Final = "dmil"
#: Sets that no method or setting was chosen on, which are judged apart; see docs/held-out.md.
HELD_OUT: Final = ("diamonds", "segments")
#: Adjusted p-value up to which a difference is one.
LEVEL: Final = 0.05
#: Test rows for each training row where a record does not say: more than in any bundled set.
UNKNOWN_RATIO: Final = 0.5
#: Rows of a split at most, where a share has to be recovered from its decimals alone.
MOST_ROWS: Final = 100_000
#: Of these less is better; of all other metrics more is.
LESS_IS_BETTER: Final = frozenset({"ece", "missed"})


def better_first(metric: str) -> bool:
    """Whether the best value of a metric is the smallest."""
    return metric in LESS_IS_BETTER


def summary(runs: pd.DataFrame, metric: str = "accuracy") -> pd.DataFrame:
    """Mean and standard deviation over seeds of each paradigm on each set, best first.

    Returns
    -------
    Columns data, paradigm, seeds (with this metric), ``<metric>`` and ``<metric>_sd`` for all
    metrics and accuracies by interaction type, parameters, seconds, lr_scale, device (those of
    several separated by commas). The standard deviation of a single seed is NaN.
    """
    figures = [c for c in (*METRICS, *BY_INTERACTION_TYPE) if c in runs]
    groups = runs.groupby(["data", "paradigm"], sort=False)
    means = groups[[*figures, "parameters", "seconds", "lr_scale"]].mean()
    spread = groups[figures].std(ddof=1).add_suffix("_sd")
    seeds = groups[metric].count().rename("seeds")
    devices = groups[DEVICE].agg(lambda names: ", ".join(sorted(set(names))))
    table = pd.concat([seeds, means, spread, devices], axis=1).reset_index()
    return table.sort_values(metric, ascending=better_first(metric), kind="stable").reset_index(
        drop=True
    )


def differences(
    runs: pd.DataFrame, metric: str = "accuracy", reference: str = OURS
) -> pd.DataFrame:
    """Paired difference of every other paradigm to ``reference``, over the seeds both have.

    By the corrected resampled t test; see :func:`dmil_core.metrics.rank_tests.paired_difference`.

    Returns
    -------
    Columns data, paradigm, difference, low, high (95 % interval, NaN of a single pair), pairs, p,
    adjusted (p by Holm over all rows of the table, methods and sets), and verdict: ``better`` or
    ``worse`` than the reference where ``adjusted`` is at most 5 %, else ``open``. Paradigms without
    a seed in common with the reference are left out.
    """
    rows = []
    for data, of_set in runs.dropna(subset=[metric]).groupby("data", sort=False):
        wide = of_set.pivot(index="seed", columns="paradigm", values=metric)
        ratio = _test_ratio(of_set)
        for paradigm in dict.fromkeys(of_set["paradigm"]):
            if reference not in wide or paradigm == reference:
                continue
            both = wide[[paradigm, reference]].dropna()
            if both.empty:
                continue
            d = rank_tests.paired_difference(both[paradigm], both[reference], ratio)
            rows.append((data, paradigm, *_columns_of(d)))
    return _judged(pd.DataFrame(rows, columns=["data", "paradigm", *_OF_A_DIFFERENCE]), metric)


def average_differences(
    runs: pd.DataFrame, metric: str = "accuracy", reference: str = OURS
) -> pd.DataFrame:
    """The same for the mean over the sets of each seed, over sets that all seeds of both have.

    Columns paradigm, sets, and those of :func:`differences` from difference on; ``adjusted`` is by
    Holm over methods.
    """
    known = runs.dropna(subset=[metric])
    wide = known.pivot(index=["data", "seed"], columns="paradigm", values=metric)
    ratios = {data: _test_ratio(of_set) for data, of_set in known.groupby("data")}
    rows = []
    for paradigm in wide.columns if reference in wide else ():
        both = wide[[reference, paradigm]].dropna() if paradigm != reference else wide.iloc[:0]
        by_seed = both.groupby("seed").size()
        seeds = by_seed.index[by_seed == by_seed.max()]
        if both.empty:
            continue
        both = both[both.index.get_level_values("seed").isin(seeds)]
        means = both.groupby("seed").mean()
        sets = list(dict.fromkeys(both.index.get_level_values("data")))
        ratio = sum(ratios[d] for d in sets) / len(sets)
        d = rank_tests.paired_difference(means[paradigm], means[reference], ratio)
        rows.append((paradigm, len(sets), *_columns_of(d)))
    return _judged(pd.DataFrame(rows, columns=["paradigm", "sets", *_OF_A_DIFFERENCE]), metric)


def parts(runs: pd.DataFrame) -> pd.DataFrame:
    """Each part of ours against the model that does only that part, on each set.

    - ``x1``, ``x2``, ``x3``: our unimodal head and the ensemble's model of that input.
    - ``S``: the component S by itself and ``joint``.
    - ``all``: our prediction and that of ``joint`` or ``ensemble``, whichever has the higher mean
      on this set; ``joint`` of equals.

    Returns
    -------
    Columns data, part, other (the paradigm compared with), ours, theirs (mean accuracies of the
    seeds that both have), and difference, low, high, pairs and p of their paired difference by the
    corrected resampled t test. Parts that no record has are left out.
    """
    rows = []
    for data, of_set in runs.groupby("data", sort=False):
        for part, (other, both) in _parts_of(of_set).items():
            d = rank_tests.paired_difference(both["ours"], both["theirs"], _test_ratio(of_set))
            rows.append((data, part, other, *both.mean(), *_columns_of(d)))
    columns = ["data", "part", "other", "ours", "theirs", *_OF_A_DIFFERENCE]
    return pd.DataFrame(rows, columns=columns).astype({"pairs": int})


def average_parts(runs: pd.DataFrame) -> pd.DataFrame:
    """The same for the mean over the sets of each seed, over sets that all these seeds have.

    Columns part (``heads``: all unimodal heads of a set, averaged; ``S``; ``all``), sets,
    difference, low, high, pairs and p.
    """
    by_part: dict[str, dict[str, pd.Series]] = {"heads": {}, "S": {}, "all": {}}
    ratios = {}
    for name, of_set in runs.groupby("data", sort=False):
        data = str(name)
        ratios[data] = _test_ratio(of_set)
        gaps = {p: both["ours"] - both["theirs"] for p, (_, both) in _parts_of(of_set).items()}
        heads = [gap for part, gap in gaps.items() if part.startswith("x")]
        if heads:
            by_part["heads"][data] = pd.concat(heads, axis=1).dropna().mean(axis=1)
        for part in ("S", "all"):
            if part in gaps:
                by_part[part][data] = gaps[part]
    rows = []
    for part, of_sets in by_part.items():
        if not of_sets:
            continue
        wide = pd.DataFrame(of_sets)
        # Sets whose seeds are not all there would weigh differently from seed to seed.
        wide = wide.loc[wide.count(axis=1) == wide.count(axis=1).max()].dropna(axis=1)
        means = wide.mean(axis=1)
        ratio = sum(ratios[str(d)] for d in wide) / len(wide.columns)
        d = rank_tests.paired_difference(means, 0.0 * means, ratio)
        rows.append((part, len(wide.columns), *_columns_of(d)))
    return pd.DataFrame(rows, columns=["part", "sets", *_OF_A_DIFFERENCE]).astype({"pairs": int})


def _parts_of(of_set: pd.DataFrame) -> dict[str, tuple[str, pd.DataFrame]]:
    """Part -> the paradigm it is compared with, and ``ours`` and ``theirs`` by seed, of the seeds
    that both have; for one set."""
    figures = [c for c in ("accuracy", *ALONE) if c in of_set]
    wide = of_set.pivot(index="seed", columns="paradigm", values=figures)
    pairs = {name.removeprefix("alone_"): (name, "ensemble", name) for name in ALONE}
    pairs["S"] = ("alone_S", "joint", "accuracy")
    single = [("accuracy", p) for p in ("joint", "ensemble")]
    if {("accuracy", OURS), *single} <= set(wide.columns):
        means = wide[[("accuracy", OURS), *single]].dropna()[single].mean()
        better = max(single, key=lambda column: float(means[column]))
        pairs["all"] = ("accuracy", better[1], "accuracy")
    result = {}
    for part, (figure, other, theirs) in pairs.items():
        columns = [(figure, OURS), (theirs, other)]
        if set(columns) <= set(wide.columns):
            both = wide[columns].dropna().set_axis(["ours", "theirs"], axis=1)
            if len(both):
                result[part] = (other, both)
    return result


_OF_A_DIFFERENCE: Final = ("difference", "low", "high", "pairs", "p")


def _columns_of(d: rank_tests.Difference) -> tuple[float, ...]:
    return d.mean, d.low, d.high, d.pairs, d.p


def _test_ratio(runs: pd.DataFrame) -> float:
    """Test rows for each training row."""
    if not {"rows", "train_rows"} <= set(runs.columns):
        return UNKNOWN_RATIO
    ratio = float((runs["rows"] / runs["train_rows"]).mean())
    return ratio if math.isfinite(ratio) else UNKNOWN_RATIO


def _judged(table: pd.DataFrame, metric: str) -> pd.DataFrame:
    """The table with adjusted p-values and verdicts."""
    table = table.astype({"pairs": int})
    table["adjusted"] = rank_tests.holm(table["p"])
    more = (table["difference"] > 0) != better_first(metric)
    words = more.map({True: "better", False: "worse"}).astype(object)
    table["verdict"] = words.where(table["adjusted"] <= LEVEL, "open")
    return table


def by_interaction_type(runs: pd.DataFrame) -> pd.DataFrame:
    """Accuracy on the samples of each true interaction type, where the set knows it.

    Columns data, paradigm, interaction type, accuracy, sd (over seeds), seeds.
    """
    known = [c for c in BY_INTERACTION_TYPE if c in runs]
    long = runs.melt(["data", "paradigm", "seed"], known, "interaction_type", "value").dropna()
    long["interaction_type"] = long["interaction_type"].str.removeprefix("accuracy_")
    groups = long.groupby(["data", "paradigm", "interaction_type"], sort=False)["value"]
    table = groups.agg(accuracy="mean", sd=lambda v: v.std(ddof=1), seeds="count").reset_index()
    order = {c: i for i, c in enumerate(ALL_COMPONENTS)}
    return table.sort_values(
        "interaction_type", key=lambda c: c.map(order), kind="stable", ignore_index=True
    )


@dataclass(frozen=True)
class RankSummary:
    """Average ranks over the largest block of data sets and paradigms in which no run is missing.

    Attributes
    ----------
    scores
        Mean over seeds, (sets, paradigms).
    ranks
        Average rank of each paradigm, best first; 1 is best.
    per_set
        Rank on each set, (sets, paradigms).
    critical
        Nemenyi's critical difference at 5 %; NaN below two sets.
    cliques
        Groups of paradigms whose average ranks differ by less than ``critical``.
    friedman_p
        p-value of Friedman's test that all paradigms have equal ranks; NaN below two sets or three
        paradigms.
    sets_left_out, paradigms_left_out
        Sets and paradigms with records, but without all that the block needs.
    """

    metric: str
    scores: pd.DataFrame
    ranks: pd.Series
    per_set: pd.DataFrame
    critical: float
    cliques: tuple[tuple[str, ...], ...]
    friedman_p: float
    sets_left_out: tuple[str, ...]
    paradigms_left_out: tuple[str, ...]


def rank_summary(runs: pd.DataFrame, metric: str = "accuracy", seeds: int = SEEDS) -> RankSummary:
    """Rank the paradigms over the sets where all of them have ``seeds`` seeds.

    Ranks are of exact means: of the same number of right answers the ranks are the same.
    """
    table = summary(runs, metric)
    scores = block(table[table["seeds"] >= seeds], metric)
    ranked = _exact_order(runs, scores, metric)
    ranked = ranked if not better_first(metric) else -ranked
    paradigms, sets = len(scores.columns), len(scores)
    ranks = rank_tests.average_ranks(ranked) if sets else pd.Series(dtype=float)
    critical = rank_tests.critical_difference(paradigms, sets) if sets > 1 else math.nan
    groups = rank_tests.cliques(ranks, critical) if sets > 1 else []
    return RankSummary(
        metric=metric,
        scores=scores,
        ranks=ranks,
        per_set=ranked.rank(axis=1, ascending=False),
        critical=critical,
        cliques=tuple(tuple(g) for g in groups),
        friedman_p=rank_tests.friedman(ranked) if sets > 1 and paradigms > 2 else math.nan,
        sets_left_out=_without(runs["data"], scores.index),
        paradigms_left_out=_without(runs["paradigm"], scores.columns),
    )


def rank_differences(standing: RankSummary, reference: str = OURS) -> pd.DataFrame:
    """How many ranks every paradigm lies behind ``reference``, as a mean over the data sets.

    Returns
    -------
    Columns paradigm, difference (of average ranks; below 0 is ahead), low, high (95 % interval by
    Student's paired t test over the sets, NaN of a single set), pairs (sets) and p. In the order of
    the ranks, without the reference; empty where that has no rank.
    """
    per_set = standing.per_set
    rows = [
        (
            paradigm,
            *_columns_of(rank_tests.paired_difference(per_set[paradigm], per_set[reference])),
        )
        for paradigm in standing.ranks.index
        if reference in per_set and paradigm != reference
    ]
    return pd.DataFrame(rows, columns=["paradigm", *_OF_A_DIFFERENCE]).astype({"pairs": int})


def _exact_order(runs: pd.DataFrame, scores: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Of each score (sets, paradigms) its position among the different ones of its set, 0 the
    smallest.

    A mean of accuracies in floating point depends on their order, so that equal numbers of right
    answers may differ in the last digit and lose their tie.
    """
    exact: dict[tuple[str, str], list[Fraction]] = {}
    columns = (runs[c] for c in ("data", "paradigm", metric))
    rows = runs["rows"] if "rows" in runs else [math.nan] * len(runs)
    for data, paradigm, value, count in zip(*columns, rows, strict=True):
        if math.isfinite(value):
            exact.setdefault((data, paradigm), []).append(_fraction(value, count))
    result = pd.DataFrame(0, index=scores.index, columns=scores.columns)
    for data in scores.index:
        means = {p: sum(exact[data, p]) / len(exact[data, p]) for p in scores.columns}
        order = {value: position for position, value in enumerate(sorted(set(means.values())))}
        result.loc[data] = [order[means[p]] for p in scores.columns]
    return result


def _fraction(value: float, rows: float) -> Fraction:
    """The share of a whole number of rows that is meant; any other figure to twelve digits."""
    if math.isfinite(rows) and abs(value * rows - round(value * rows)) < 1e-6:
        return Fraction(round(value * rows), int(rows))
    near = Fraction(value).limit_denominator(MOST_ROWS)
    return near if abs(near - Fraction(value)) < Fraction(1, 10**14) else Fraction(round(value, 12))


def _without(names: Iterable[str], present: Iterable[str]) -> tuple[str, ...]:
    excluded = set(present)
    return tuple(dict.fromkeys(n for n in names if n not in excluded))


def block(table: pd.DataFrame, metric: str) -> pd.DataFrame:
    """The largest (sets, paradigms) part of a summary without a hole, by number of cells.

    Two paradigms at least; of equally large parts the one with more sets.
    """
    wide = table.pivot(index="data", columns="paradigm", values=metric)
    sets_of = {p: frozenset(wide.index[wide[p].notna()]) for p in wide.columns}
    # A largest part has all sets that its paradigms share: an intersection of what each has.
    shared = set(sets_of.values())
    for sets in list(shared):
        shared |= {sets & other for other in shared}
    best: tuple[int, int, list[str], list[str]] = (0, 0, [], [])
    for sets in shared:
        names = [p for p in wide.columns if sets_of[p] >= sets]
        size = (len(sets) * len(names), len(sets))
        if len(names) > 1 and size > best[:2]:
            best = (*size, [d for d in wide.index if d in sets], names)
    return wide.loc[best[2], best[3]]
