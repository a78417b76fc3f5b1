"""Acceptance criteria of the comparison of paradigms over the bundled data sets."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import Final

import pandas as pd

from dmil_core.experiments import tuning
from dmil_core.experiments.controls import PRODUCT
from dmil_core.experiments.scoreboard import (
    HELD_OUT,
    LEVEL,
    OURS,
    SEEDS,
    RankSummary,
    average_differences,
    average_parts,
    differences,
    rank_summary,
    summary,
)
from dmil_core.experiments.targets import Target, judged, unmeasured

#: Sets whose samples need different components, where theory says that a decomposition wins.
MIXTURES: Final = ("avdigits", "emoji", "mfeat", "watch", "shapes-qa", "switch")
#: Constructed sets of two classes, where an average of two models cannot show synergy.
PAIR_SETS: Final = ("avdigits-same", "avdigits-parity")
#: Sets that share their pictures and sounds, so that their results are not independent.
SAME_MEDIA: Final = ("avdigits", "avdigits-same", "avdigits-parity")
#: All data sets of the comparison.
SETS: Final = (*MIXTURES, *PAIR_SETS)
#: The publication's ablations.
ABLATIONS: Final = ("dmil-id", "dmil-fc", "dmil-cd")
#: Parts of ours, each compared with the model that does only that part -> in words.
PARTS: Final = {"heads": "unimodal heads", "S": "S by itself", "all": "all together"}
#: Largest cost of a run of ours, in runs of joint.
MOST_COST: Final = 3.0
#: Largest accuracy (0 to 1) by which the best paradigm may exceed ours on a set.
BEHIND: Final = 0.003


@dataclass(frozen=True)
class Scope:
    """The data sets that claims are about, and how the claims name them.

    Attributes
    ----------
    sets
        All of them.
    to_win
        Those on which ours is to beat joint and ensemble.
    every, either, winning
        "over ``every``", "better on ``either``", "beats ... on ``winning``".
    """

    sets: tuple[str, ...]
    to_win: tuple[str, ...]
    every: str
    either: str
    winning: str


COMPARISON: Final = Scope(
    SETS, MIXTURES, "all sets", "any set", "every mixture of interaction types"
)
NOT_TUNED_ON: Final = Scope(
    HELD_OUT, HELD_OUT, "both held-out sets", "either held-out set", "both held-out sets"
)


def targets(
    runs: pd.DataFrame, seeds: int = SEEDS, trials: tuning.Trials = (),
    order: RankSummary | None = None,
) -> list[Target]:  # fmt: skip
    """The criteria of the comparison, judged on the bundled sets.

    ``runs`` is the table of :mod:`dmil_core.experiments.records`; other sets in it are ignored.
    ``trials`` chose the learning rates, see :mod:`dmil_core.experiments.tuning`; ``order`` is the
    ranking of these sets, where it is there already. A criterion is ``open`` while runs that could
    decide it are missing.
    """
    runs = runs[runs["data"].isin(SETS)]
    order = order or rank_summary(runs, seeds=seeds)
    best_rank, best_mean, none_better, beats_both, ablation_order = _main(
        runs, order, seeds, COMPARISON
    )
    return [
        best_rank,
        best_mean,
        none_better,
        _never_behind(order),
        beats_both,
        ablation_order,
        _no_synergy_of_two(runs, seeds),
        _as_good_in_parts(runs, seeds),
        _no_rate_at_an_edge(runs, trials),
        _cost(runs, seeds),
    ]


def headline_targets(
    runs: pd.DataFrame, seeds: int = SEEDS, order: RankSummary | None = None
) -> list[Target]:
    """Six criteria for the front page: five of the comparison, and these five on the held-out sets
    as one. ``order`` is the ranking of the bundled sets, where it is there already."""
    here = runs[runs["data"].isin(SETS)]
    order = order or rank_summary(here, seeds=seeds)
    return [*_main(here, order, seeds, COMPARISON), _held_out_as_one(runs, seeds)]


def _main(
    runs: pd.DataFrame, order: RankSummary, seeds: int, scope: Scope
) -> tuple[Target, Target, Target, Target, Target]:
    """The criteria that hold on sets of either kind."""
    return (
        _best_rank(order, scope),
        _best_mean(order, scope),
        _none_better(runs, order, seeds, scope),
        _beats_both(runs, seeds, scope),
        _ablation_order(runs, seeds, scope),
    )


def _held_out_as_one(runs: pd.DataFrame, seeds: int) -> Target:
    claim = f"the same on {len(HELD_OUT)} sets that nothing was tuned on ({', '.join(HELD_OUT)})"
    each = held_out_targets(runs, seeds)
    if all(t.state == "open" for t in each):
        return unmeasured(claim)
    met = sum(t.state == "met" for t in each)
    failing = [f"{t.claim}: {t.figure}" for t in each if t.state == "missed"]
    figure = f"{met} of {len(each)} criteria met"
    return judged(claim, figure, failing, all(t.state != "open" for t in each))


def held_out_targets(
    runs: pd.DataFrame, seeds: int = SEEDS, order: RankSummary | None = None
) -> list[Target]:
    """The five criteria of docs/held-out.md, judged like those of the comparison.

    ``runs`` is the table of :mod:`dmil_core.experiments.records`; other sets in it are ignored, in
    ranks as in corrections for many tests. ``order`` is the ranking of the held-out sets, where it
    is there already.
    """
    runs = runs[runs["data"].isin(HELD_OUT)]
    order = order or rank_summary(runs, seeds=seeds)
    return list(_main(runs, order, seeds, NOT_TUNED_ON))


def _whole(order: RankSummary, scope: Scope) -> bool:
    """Whether the block holds every set of the scope."""
    return set(scope.sets) <= set(order.scores.index)


def is_variant(paradigm: str) -> bool:
    """Whether a paradigm is another form of ours: an ablation, or the publication's own losses."""
    return paradigm != OURS and paradigm.startswith(OURS)


def _others(values: pd.Series) -> pd.Series:
    """The figures of all paradigms but ours and its variants."""
    names = [str(p) for p in values.index]
    return values[[p != OURS and not is_variant(p) for p in names]]


def _best_rank(order: RankSummary, scope: Scope) -> Target:
    claim = f"{OURS} has the best average rank over {scope.every}, but for its own variants"
    if OURS not in order.ranks.index or _others(order.ranks).empty:
        return unmeasured(claim)
    ours, others = float(order.ranks[OURS]), _others(order.ranks)
    figure = (
        f"{ours:.2f}, the best other is {others.index[0]} with {others.iloc[0]:.2f} "
        f"({len(order.ranks)} paradigms, {_count(len(order.scores), 'set')})"
    )
    ahead = [f"{p} {r:.2f}" for p, r in others.items() if r <= ours]
    # Over all sets, and no sooner: the next set may turn an average round.
    whole = _whole(order, scope)
    return judged(claim, figure, ahead if whole else [], whole)


def _best_mean(order: RankSummary, scope: Scope) -> Target:
    claim = f"{OURS} has the best mean accuracy over {scope.every}, but for its own variants"
    if OURS not in order.scores or _others(order.ranks).empty:
        return unmeasured(claim)
    means = order.scores.mean()
    ours, others = float(means[OURS]), _others(means).sort_values(ascending=False)
    figure = (
        f"{_percent(ours)}, the best other is {others.index[0]} with {_percent(others.iloc[0])}"
    )
    ahead = [f"{p} {_percent(m)}" for p, m in others.items() if m >= ours]
    whole = _whole(order, scope)
    return judged(claim, figure, ahead if whole else [], whole)


def _none_better(runs: pd.DataFrame, order: RankSummary, seeds: int, scope: Scope) -> Target:
    claim = (
        f"no method is better than {OURS} on {scope.either} at {100 * LEVEL:g} % after Holm's "
        "correction over methods and sets"
    )
    result = differences(runs)
    result = result[result["pairs"] >= seeds]
    if result.empty:
        return unmeasured(claim)
    better = result[result["verdict"] == "better"]
    first = result[result["difference"] > 0].sort_values("p", kind="stable")
    nearest = "none is ahead anywhere"
    if len(first):
        row = first.iloc[0]
        nearest = (
            f"nearest is {row['paradigm']} on {row['data']} with "
            f"{_points(row['difference'], row['low'], row['high'])}, "
            f"adjusted p {row['adjusted']:.3f}"
        )
    failing = [
        f"{r['paradigm']} on {r['data']}: {_points(r['difference'], r['low'], r['high'])}, "
        f"adjusted p {r['adjusted']:.3f}"
        for r in better.to_dict("records")
    ]
    figure = f"{len(better)} of {len(result)} differences; {nearest}"
    return judged(claim, figure, failing, _whole(order, scope))


def _never_behind(order: RankSummary) -> Target:
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
    return judged(claim, figure, failing, _whole(order, COMPARISON))


def _beats_both(runs: pd.DataFrame, seeds: int, scope: Scope) -> Target:
    claim = (
        f"{OURS} beats joint and ensemble on {scope.winning}, at {100 * LEVEL:g} % after Holm's "
        "correction over these comparisons"
    )
    here = runs[
        runs["data"].isin(scope.to_win) & runs["paradigm"].isin([OURS, "joint", "ensemble"])
    ]
    result = differences(here)
    if result.empty:
        return unmeasured(claim)
    won = result["verdict"] == "worse"
    # With fewer seeds an interval is wide whatever is the case: it decides nothing yet. A
    # difference is turned round here, to ours less the other, as the claim has it.
    enough = result["pairs"] >= seeds
    failing = [
        f"{r['data']} against {r['paradigm']}: "
        f"{_points(-r['difference'], -r['high'], -r['low'])}, adjusted p {r['adjusted']:.3f}"
        for r in result[~won & enough].to_dict("records")
    ]
    ahead = int((result["difference"] < 0).sum())
    figure = (
        f"{int(won.sum())} of {len(result)} differences are significant, {ahead} are above 0 on "
        "average"
    )
    return judged(claim, figure, failing, int(enough.sum()) == 2 * len(scope.to_win))


def _ablation_order(runs: pd.DataFrame, seeds: int, scope: Scope) -> Target:
    claim = (
        f"the ablations of {OURS}, without variance (FC), without R (ID) and without rest (CD), "
        "are not better on average"
    )
    table = summary(runs[runs["paradigm"].isin([OURS, *ABLATIONS])])
    wide = table[table["seeds"] >= seeds].pivot(index="data", columns="paradigm", values="accuracy")
    if not {OURS, *ABLATIONS} <= set(wide.columns) or wide.dropna().empty:
        return unmeasured(claim)
    means = wide.dropna().mean()
    figure = (
        f"mean accuracy over {_count(len(wide.dropna()), 'set')}: {OURS} {_percent(means[OURS])}, "
        + ", ".join(f"{p} {_percent(means[p])}" for p in ABLATIONS)
    )
    apart = average_differences(runs[runs["paradigm"].isin([OURS, *ABLATIONS])])
    by_name = {r["paradigm"]: r for r in apart.to_dict("records")}
    failing = [
        f"{p} {_points(*(by_name[p][c] for c in ('difference', 'low', 'high')))}, "
        f"adjusted p {by_name[p]['adjusted']:.3f}"
        for p in ABLATIONS
        if means[p] > means[OURS]
    ]
    whole = len(wide.dropna()) == len(scope.sets)
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


def _as_good_in_parts(runs: pd.DataFrame, seeds: int) -> Target:
    claim = (
        f"each part of {OURS} is as good as the model of that part alone, on average over sets: "
        "unimodal heads not below the ensemble's, S not below joint, all together above the "
        "better of both"
    )
    table = average_parts(runs)
    rows = {r["part"]: r for r in table.to_dict("records")}
    if not {"heads", "S"} & set(rows):
        return unmeasured(claim)
    shown = {
        part: f"{PARTS[part]} {_points(r['difference'], r['low'], r['high'])}"
        for part, r in rows.items()
    }
    fewest = min(r["sets"] for r in rows.values())
    whole = (
        set(PARTS) == set(rows)
        and fewest == len(SETS)
        and all(r["pairs"] >= seeds for r in rows.values())
    )
    failing = [
        shown[part]
        for part, r in rows.items()
        if (r["difference"] <= 0 if part == "all" else r["difference"] < 0)
    ]
    figure = f"{', '.join(shown.values())} ({_count(fewest, 'set')})"
    return judged(claim, figure, failing if whole else [], whole)


def _no_rate_at_an_edge(runs: pd.DataFrame, trials: tuning.Trials) -> Target:
    claim = "no chosen learning rate is the smallest or largest of those tried"
    tried = [t for t in trials if t["data"] in SETS]
    chosen = tuning.best_scales(tried)
    if not chosen:
        return unmeasured(claim)
    edges = tuning.at_edge(tried)
    early = sum(not tuning.is_current(t) for t in tuning.best_trials(tried).values())
    by_early = f"{'all' if early == len(chosen) else early} by an earlier rule that tried three"
    note = f", {by_early}" if early else ""
    figure = f"{len(edges)} of {len(chosen)} chosen rates{note}"
    per_set = Counter(data for data, _ in edges)
    failing = [f"{data}: {n} of {sum(d == data for d, _ in chosen)}" for data, n in per_set.items()]
    trained = runs[runs["paradigm"] != PRODUCT]
    wanted = set(zip(trained["data"], trained["paradigm"], strict=True))
    whole = wanted <= set(chosen) and {d for d, _ in chosen} == set(SETS)
    return judged(claim, figure, failing, whole)


def _cost(runs: pd.DataFrame, seeds: int) -> Target:
    claim = f"training {OURS} takes at most {MOST_COST:g} times the processor seconds of joint"
    here = runs[runs["paradigm"].isin([OURS, "joint"]) & (runs["device"] == "cpu")]
    table = here.pivot_table(index="data", columns="paradigm", values="seconds")
    if not {OURS, "joint"} <= set(table.columns) or table.dropna().empty:
        return unmeasured(claim)
    table = table.dropna()
    ratios = (table[OURS] / table["joint"]).sort_values(ascending=False)
    whole = float(table[OURS].sum() / table["joint"].sum())
    figure = (
        f"{whole:.1f} times over {_all(len(table), 'set')} together, from {ratios.iloc[-1]:.1f} "
        f"({ratios.index[-1]}) to {ratios.iloc[0]:.1f} ({ratios.index[0]})"
    )
    complete = set(SETS) <= set(table.index)
    complete = complete and bool(
        (here.groupby(["data", "paradigm"])["seed"].count() >= seeds).all()
    )
    failing = [f"{whole:.1f} times"] if complete and whole > MOST_COST else []
    return judged(claim, figure, failing, complete)


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
