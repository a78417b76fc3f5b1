"""Acceptance criteria of the app's response times."""

from __future__ import annotations

from typing import Any

from dmil_core.experiments.targets import Target, judged, unmeasured

#: Claim, where the record has it, figure, most seconds.
BARS = (
    ("first text of a cold server within 1.5 s", ("cold", "text"), "p50", 1.5),
    ("first chart of a cold server within 3 s", ("cold", "chart"), "p50", 3.0),
    ("10,000 points: click to whole sample within 0.25 s", ("ours", "10000", "click"), "p50", 0.25),
    ("10,000 points: 95 % of clicks within 0.5 s", ("ours", "10000", "click"), "p95", 0.5),
    ("50,000 points: 95 % of clicks within 2 s", ("ours", "50000", "click"), "p95", 2.0),
    ("another colour within 0.7 s", ("ours", "10000", "colour"), "p50", 0.7),
    ("a changed input answered within 0.3 s", ("ours", "10000", "what_if"), "p50", 0.3),
    ("another page within 0.35 s", ("ours", "10000", "page"), "p50", 0.35),
    ("ten visitors without a browser: 95 % of clicks within 1 s", ("light", "clicks"), "p95", 1.0),
    ("ten visitors in browsers: 95 % of clicks within 3 s", ("crowd", "clicks"), "p95", 3.0),
    (
        "Overview of 200,000 points on a cold server: 1.5 s of processor time",
        ("large", "seconds"), "p50", 1.5,
    ),
)  # fmt: skip
MOST_GROWTH, MOST_MEGABYTES = 0.10, 1200.0
#: MB of a first visit.
MOST_RECEIVED = 3.0


def targets(result: dict[str, Any]) -> list[Target]:
    """Each criterion: met, missed, or open where it was not measured."""
    times = [_seconds(result, *bar) for bar in BARS]
    claim = f"a first visit receives at most {MOST_RECEIVED:g} MB"
    if found := result.get("received"):
        size = found["together"]
        times.append(_most(claim, f"{size:.1f} MB", size <= MOST_RECEIVED))
    else:
        times.append(unmeasured(claim))
    crowd = result.get("crowd")
    names = ("ten visitors for two minutes: no error",
             "ten visitors: the server's memory grows by at most 10 % after the first minute",
             "ten visitors: at most 1.2 GB of memory")  # fmt: skip
    if crowd is None:
        return [*times, *map(unmeasured, names)]
    faults, growth, most = crowd["faults"], crowd["growth"], crowd["most_megabytes"]
    return [
        *times,
        judged(names[0], f"{len(faults)} errors in {crowd['clicks']['repeats']} clicks",
               sorted(set(faults))[:5], True),
        _most(names[1], f"{growth:+.1%}", growth <= MOST_GROWTH),
        _most(names[2], f"{most:,.0f} MB", most <= MOST_MEGABYTES),
    ]  # fmt: skip


def _seconds(
    result: dict[str, Any], claim: str, path: tuple[str, ...], which: str, most: float
) -> Target:
    value: Any = result
    for key in path:
        value = value.get(key) if value else None
    if value is None:
        return unmeasured(claim)
    figure = f"{value[which]:.2f} s"
    return _most(claim, figure, value[which] <= most)


def _most(claim: str, figure: str, holds: bool) -> Target:
    return judged(claim, figure, [] if holds else [figure], True)
