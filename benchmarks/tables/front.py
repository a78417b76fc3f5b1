"""The one table of the front page: six rows, and a sentence that says where ``dmil`` stands."""

from __future__ import annotations

import pandas as pd

from benchmarks.criteria import comparison as criteria
from benchmarks.tables.cells import figure, mean_sd, record_path, table
from dmil_core.experiments import fidelity_record, records, scoreboard
from dmil_core.io.paths import checkpoints_root

#: Sets of the table: two with natural media, a constructed one with synergy, a generated one.
SETS = ("avdigits", "emoji", "shapes-qa", "switch")
#: The setting of the fidelity benchmark that is shown.
SETTING = "equal shares"
#: Before the best compared method and the upper bounds.
METHODS = ("dmil", "dmil-paper", "joint", "ensemble")
_ORDINALS = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", 6: "sixth"}


def front() -> str:
    """The table and its sentences, from the records of all sets and of the fidelity benchmark."""
    every = records.read_all(checkpoints_root()).runs
    runs = every[every["data"].isin(criteria.SETS)].dropna(subset=["accuracy"])
    order = scoreboard.rank_summary(runs)
    means = scoreboard.summary(runs)
    by = {(r["data"], r["paradigm"]): r for r in means.to_dict("records")}
    record = fidelity_record.read_fidelity(record_path("fidelity"))
    if record is None:
        raise SystemExit(f"{record_path('fidelity')}: not found; run `make bench-fidelity` first")
    setting = next(
        r for r in fidelity_record.settings(record).to_dict("records") if r["setting"] == SETTING
    )
    agreement = {
        "dmil": mean_sd(setting["agreement"], setting["agreement_sd"], 1, 1),
        "dmil-paper": figure(100 * setting["paper_agreement"]),
    }
    best = next(str(p) for p in order.ranks.index if not str(p).startswith("dmil"))
    rows = []
    for name in (*METHODS, best):
        title = f"`{name}`, best compared method" if name == best else f"`{name}`"
        cells = (by[d, name] for d in SETS)
        accuracies = [mean_sd(c["accuracy"], c["accuracy_sd"], 1, 1) for c in cells]
        rows.append(
            [title, figure(float(order.ranks[name]), 2), *accuracies, agreement.get(name, "-")]
        )
    unknown = ["-"] * (len(SETS) - 1)
    reference = [figure(100 * setting[c]) for c in ("bayes", "generator")]
    rows.append(["upper bound, exact", "-", *unknown, *reference])
    place = [str(p) for p in order.ranks.index].index("dmil") + 1
    text = f"""**`dmil` is {_ORDINALS.get(place, f"number {place}")} of {len(order.ranks)} methods by mean rank** over {len(order.scores)} data sets{_behind(list(map(str, order.ranks.index[: place - 1])))}.
Ranks less than {order.critical:.1f} apart are not significantly different (Nemenyi's test, 5 %). Test
accuracy in percent, mean ± standard deviation over {scoreboard.SEEDS} seeds; *gate* is the share of `switch` samples
whose largest gate weight is that of the true interaction type."""  # noqa: E501
    head = ["", "mean rank", *(f"`{d}`" for d in SETS), "gate"]
    return "\n\n".join([text, table(head, rows), claims(every, order)])


def claims(runs: pd.DataFrame, order: scoreboard.RankSummary) -> str:
    """What was to be shown, with the figure that decides it; ``order`` ranks the bundled sets."""
    judged = criteria.headline_targets(runs, order=order)
    rows = [[t.claim, t.state, t.figure] for t in judged]
    return "\n".join(["| claim | | measured |", "|---|---|---|", *map(_row, rows)])


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _behind(ahead: list[str]) -> str:
    """The methods before ours, and how many of them are our own ablations."""
    if not ahead:
        return ""
    own = sum(p.startswith("dmil") for p in ahead)
    note = f" ({own} of these {'is its own ablation' if own == 1 else 'are its own ablations'})"
    return f", behind {', '.join(f'`{p}`' for p in ahead)}{note if own else ''}"
