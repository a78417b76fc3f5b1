"""Which way of learning is right how often, and is the difference real? Tables over records.

``runs`` is the table of :mod:`dmil_core.experiments.records`, a row per run. Shares are 0 to 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import pandas as pd

from dmil_core.experiments.records import BY_INTERACTION_TYPE, DEVICE, METRICS
from dmil_core.experiments.targets import Target, judged, unmeasured
from dmil_core.metrics import rank_tests
from dmil_core.schema import ALL_COMPONENTS

#: Seeds of a complete comparison.
SEEDS: Final = 5
OURS: Final = "dmil"
#: Of these less is better; of all other metrics more is.
LESS_IS_BETTER: Final = frozenset({"ece", "missed"})

#: Sets whose samples need different components, where theory says that a decomposition wins.
MIXTURES: Final = ("avdigits", "emoji", "mfeat", "watch", "shapes-qa", "switch")
#: Constructed sets of two classes, where an average of two models cannot show synergy.
PAIR_SETS: Final = ("avdigits-same", "avdigits-parity")
#: What the whole comparison runs over.
SETS: Final = (*MIXTURES, *PAIR_SETS)
#: The publication's ablations.
ABLATIONS: Final = ("dmil-id", "dmil-fc", "dmil-cd")
#: How far the best paradigm may be ahead of ours on a set.
BEHIND: Final = 0.003


def better_first(metric: str) -> bool:
    """Whether the best value of a metric is the smallest."""
    return metric in LESS_IS_BETTER


def summary(runs: pd.DataFrame, metric: str = "accuracy") -> pd.DataFrame:
    """Each paradigm's means over seeds on each set, best first by ``metric``.

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
    devices = groups[DEVICE].agg(lambda result: ", ".join(sorted(set(result))))
    table = pd.concat([seeds, means, spread, devices], axis=1).reset_index()
    return table.sort_values(metric, ascending=better_first(metric), kind="stable").reset_index(
        drop=True
    )


def differences(
    runs: pd.DataFrame, metric: str = "accuracy", reference: str = OURS
) -> pd.DataFrame:
    """Every other paradigm less ``reference`` in the seeds both have, set by set.

    Returns
    -------
    Columns data, paradigm, difference, low, high (95 % interval, NaN of a single pair), pairs, and
    verdict: ``better`` or ``worse`` than the reference where the interval leaves out 0, else
    ``open``. Paradigms without a seed in common with the reference are left out.
    """
    rows = []
    for data, here in runs.dropna(subset=[metric]).groupby("data", sort=False):
        wide = here.pivot(index="seed", columns="paradigm", values=metric)
        for paradigm in dict.fromkeys(here["paradigm"]):
            if reference not in wide or paradigm == reference:
                continue
            both = wide[[paradigm, reference]].dropna()
            if both.empty:
                continue
            d = rank_tests.paired_difference(both[paradigm], both[reference])
            verdict = _verdict(d, metric)
            rows.append((data, paradigm, d.mean, d.low, d.high, d.pairs, verdict))
    columns = ["data", "paradigm", "difference", "low", "high", "pairs", "verdict"]
    return pd.DataFrame(rows, columns=columns)


def _verdict(d: rank_tests.Difference, metric: str) -> str:
    if not (d.low > 0 or d.high < 0):
        return "open"
    return "better" if (d.low > 0) != better_first(metric) else "worse"


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
class Standing:
    """Average ranks over the largest block of sets and paradigms in which no run is missing.

    Attributes
    ----------
    scores
        Mean over seeds, (sets, paradigms).
    ranks
        Average rank of each paradigm, best first; 1 is best.
    each
        Rank on each set, (sets, paradigms).
    critical
        Nemenyi's critical difference at 5 %; NaN below two sets.
    cliques
        Groups of paradigms that these sets do not tell apart.
    friedman_p
        p-value of all being alike; NaN below two sets or three paradigms.
    sets_left_out, paradigms_left_out
        What has records, but not all that the block needs.
    """

    metric: str
    scores: pd.DataFrame
    ranks: pd.Series
    each: pd.DataFrame
    critical: float
    cliques: tuple[tuple[str, ...], ...]
    friedman_p: float
    sets_left_out: tuple[str, ...]
    paradigms_left_out: tuple[str, ...]


def standing(runs: pd.DataFrame, metric: str = "accuracy", seeds: int = SEEDS) -> Standing:
    """Rank the paradigms over the sets where all of them have ``seeds`` seeds."""
    table = summary(runs, metric)
    scores = block(table[table["seeds"] >= seeds], metric)
    ranked = scores if not better_first(metric) else -scores
    many, sets = len(scores.columns), len(scores)
    ranks = rank_tests.average_ranks(ranked) if sets else pd.Series(dtype=float)
    critical = rank_tests.critical_difference(many, sets) if sets > 1 else math.nan
    groups = rank_tests.cliques(ranks, critical) if sets > 1 else []
    return Standing(
        metric=metric,
        scores=scores,
        ranks=ranks,
        each=ranked.rank(axis=1, ascending=False),
        critical=critical,
        cliques=tuple(tuple(g) for g in groups),
        friedman_p=rank_tests.friedman(scores) if sets > 1 and many > 2 else math.nan,
        sets_left_out=_without(runs["data"], scores.index),
        paradigms_left_out=_without(runs["paradigm"], scores.columns),
    )


def _without(names: Iterable[str], those: Iterable[str]) -> tuple[str, ...]:
    held = set(those)
    return tuple(dict.fromkeys(n for n in names if n not in held))


def block(table: pd.DataFrame, metric: str) -> pd.DataFrame:
    """The largest (sets, paradigms) part of a summary without a hole, by number of cells.

    Two paradigms at least; of equally large parts the one with more sets.
    """
    wide = table.pivot(index="data", columns="paradigm", values=metric)
    held = {p: frozenset(wide.index[wide[p].notna()]) for p in wide.columns}
    # A largest part has all sets that its paradigms share: an intersection of what each has.
    shared = set(held.values())
    for one in list(shared):
        shared |= {one & other for other in shared}
    best: tuple[int, int, list[str], list[str]] = (0, 0, [], [])
    for sets in shared:
        names = [p for p in wide.columns if held[p] >= sets]
        size = (len(sets) * len(names), len(sets))
        if len(names) > 1 and size > best[:2]:
            best = (*size, [d for d in wide.index if d in sets], names)
    return wide.loc[best[2], best[3]]


def targets(runs: pd.DataFrame, seeds: int = SEEDS) -> list[Target]:
    """The comparison's targets, on the bundled sets: met, missed, or open for want of records."""
    runs = runs[runs["data"].isin(SETS)]
    order = standing(runs, seeds=seeds)
    return [
        _best_rank(order),
        _never_behind(order),
        _wins_on_mixtures(runs, seeds),
        _ablation_order(runs, seeds),
        _no_synergy_of_two(runs, seeds),
    ]


def _whole(order: Standing) -> bool:
    """Whether the block holds every set of the comparison."""
    return set(SETS) <= set(order.scores.index)


def _best_rank(order: Standing) -> Target:
    claim = f"{OURS} has the best average rank over all sets"
    if OURS not in order.ranks.index:
        return unmeasured(claim)
    ours = float(order.ranks[OURS])
    others = order.ranks.drop(OURS)
    figure = (
        f"{ours:.2f}, the best other is {others.index[0]} with {others.iloc[0]:.2f} "
        f"({len(order.ranks)} paradigms, {_count(len(order.scores), 'set')})"
    )
    ahead = [f"{p} {r:.2f}" for p, r in others.items() if r <= ours]
    # Over all sets, and no sooner: the next set may turn an average round.
    return judged(claim, figure, ahead if _whole(order) else [], _whole(order))


def _never_behind(order: Standing) -> Target:
    claim = f"{OURS} is never more than {100 * BEHIND:g} points behind the best on any set"
    if OURS not in order.scores:
        return unmeasured(claim)
    gap = order.scores.max(axis=1) - order.scores[OURS]
    winner = order.scores.idxmax(axis=1)
    worst = str(gap.idxmax())
    figure = f"at most {100 * gap[worst]:.2f} points, behind {winner[worst]} on {worst}"
    figure = figure if gap[worst] > 0 else f"best on {_all(len(gap), 'set')}"
    far = gap[gap > BEHIND].sort_values(ascending=False)
    failing = [
        f"{d}: {100 * g:.2f} behind {winner[d]}"
        for d, g in zip(map(str, far.index), far, strict=True)
    ]
    return judged(claim, figure, failing, _whole(order))


def _wins_on_mixtures(runs: pd.DataFrame, seeds: int) -> Target:
    claim = f"{OURS} beats joint and ensemble on every mixture of interaction types"
    here = runs[runs["data"].isin(MIXTURES) & runs["paradigm"].isin([OURS, "joint", "ensemble"])]
    result = differences(here)
    if result.empty:
        return unmeasured(claim)
    won = result["verdict"] == "worse"
    # With fewer seeds an interval is wide whatever is the case: it decides nothing yet. A
    # difference is turned round here, to ours less the other, as the claim has it.
    enough = result["pairs"] >= seeds
    failing = [
        f"{r['data']} against {r['paradigm']}: " + _points(-r["difference"], -r["high"], -r["low"])
        for r in result[~won & enough].to_dict("records")
    ]
    figure = f"{int(won.sum())} of {len(result)} paired intervals lie above 0"
    return judged(claim, figure, failing, int(enough.sum()) == 2 * len(MIXTURES))


def _ablation_order(runs: pd.DataFrame, seeds: int) -> Target:
    claim = f"{OURS} beats its ablations: without R (ID), without variance (FC), without rest (CD)"
    table = summary(runs[runs["paradigm"].isin([OURS, *ABLATIONS])])
    wide = table[table["seeds"] >= seeds].pivot(index="data", columns="paradigm", values="accuracy")
    if not {OURS, *ABLATIONS} <= set(wide.columns) or wide.dropna().empty:
        return unmeasured(claim)
    means = wide.dropna().mean()
    figure = (
        f"mean accuracy over {_count(len(wide.dropna()), 'set')}: {OURS} {_percent(means[OURS])}, "
        + ", ".join(f"{p} {_percent(means[p])}" for p in ABLATIONS)
    )
    failing = [f"{p} {_percent(means[p])}" for p in ABLATIONS if means[p] >= means[OURS]]
    whole = len(wide.dropna()) == len(SETS)
    return judged(claim, figure, failing if whole else [], whole)


def _no_synergy_of_two(runs: pd.DataFrame, seeds: int) -> Target:
    claim = "the ensemble's synergy indicator is 0 on sets of two classes"
    here = runs[runs["data"].isin(PAIR_SETS) & (runs["paradigm"] == "ensemble")]
    here = here.dropna(subset=["synergy"])
    if here.empty:
        return unmeasured(claim)
    highest = here.groupby("data")["synergy"].max()
    figure = ", ".join(f"{d} {_percent(v)}" for d, v in highest.items())
    failing = [f"{d}: {_percent(v)}" for d, v in highest.items() if v > 0]
    whole = len(here) >= seeds * len(PAIR_SETS)
    return judged(claim, f"highest over seeds: {figure}", failing, whole)


def _points(mean: float, low: float, high: float) -> str:
    """A difference of shares in percentage points with its interval."""
    # Adding zero makes the -0.00 of a turned sign a +0.00.
    middle, *ends = (f"{round(100 * v, 2) + 0.0:+.2f}" for v in (mean, low, high))
    if not math.isfinite(low):
        return f"{middle} points, one seed"
    return f"{middle} points ({ends[0]} to {ends[1]})"


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _all(number: int, noun: str) -> str:
    return f"the one {noun}" if number == 1 else f"all {number} {noun}s"
