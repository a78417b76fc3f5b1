"""Waiting times of a visitor of the app, beside two other tools."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from benchmarks import live as watched
from benchmarks.app.targets import targets
from benchmarks.tables.cells import listed, read, table
from dmil_core.schema import COMPONENTS, Component

#: Rows of the table of our app, by name in the record.
ACTIONS = {
    "click": "click on a point until the sample is complete",
    "colour": "another colour of the map",
    "page": "another page",
    "what_if": "edited input until the new figures",
    "next": "next sample on *Samples*",
}


def app() -> str:
    """The app's times, its ten visitors, and the times of two other tools on the same points."""
    record = read("app")
    parts = [_how(record), _ours(record), *_crowd(record), *_compared(record)]
    return "\n\n".join([*parts, listed(targets(record))])


def live() -> str:
    """What the page Live training shows in how many seconds."""
    record = read("live")
    rows = []
    for mixture in dict.fromkeys(r["mixture"] for r in record["runs"]):
        runs = [r for r in record["runs"] if r["mixture"] == mixture]
        for name in ("ensemble", "joint", "dmil"):
            by_type = [_mean(r["accuracy"][name].get(c) for r in runs) for c in COMPONENTS]
            follows = _mean(r["follows_x1"][name] for r in runs)
            rows.append([f"`{mixture}`: `{name}`", *by_type, follows])
        weights = [_mean(_true_weight(r, c) for r in runs) for c in COMPONENTS]
        rows.append([f"`{mixture}`: gate of `dmil` on the true type", *weights, "-"])
    text = f"""## Live training

The gate mixtures of the page *Live training* at its default settings, over {watched.SEEDS} seeds that were not used to choose them
(`make bench-live`), on a machine with {record["cores"]} cores and a load of {record["load"]:.1f}. Accuracy on validation rows by interaction type, and
the mean gate weight of `dmil` on the true type of a row. *Follows x1*: how often a model predicts the class of x1 at
inputs where x1 and x2 contradict each other, which no training row does, in mixtures where both determine the class."""  # noqa: E501
    parts = [text, table(["mean over seeds", *COMPONENTS, "follows x1"], rows)]
    return "\n\n".join([*parts, listed(watched.targets(record))])


def _mean(values: Iterable[float | None]) -> str:
    known = [v for v in values if v is not None]
    return f"{sum(known) / len(known):.1%}" if known else "-"


def _true_weight(run: dict[str, Any], component: Component) -> float | None:
    """Mean weight of a component on rows of that type; None where there are none."""
    weights = run["gate"].get(component)
    return weights[COMPONENTS.index(component)] if weights else None


def _how(record: dict[str, Any]) -> str:
    return f"""## Waiting times in the app

Chromium {record["chromium"].split(".")[0]} beside the server on {record["cores"]} cores without a graphics card (`make bench-app`), on `switch` with its
four models and every sample a point of the map. Seconds from the press of the pointer to the frame that shows the
complete answer: for a sample its name, both inputs and its gate, and nothing of the previous sample.
Median / 95th percentile. A cold server has just started, and has read the list of checkpoints."""  # noqa: E501


def _ours(record: dict[str, Any]) -> str:
    sizes = list(record["ours"])
    rows = []
    for key, title in (("cold", "opening *Overview*, cold server"), ("warm", "the same, warm")):
        if key in record:
            for part, name in (("text", "first text"), ("chart", "first chart")):
                times = record[key][part]
                rows.append([f"{title}: {name} ({times['repeats']} times)", _time(times), "-"])
    for key, title in (
        ("cold_map", "opening the map, cold server"),
        ("warm_map", "the same, warm"),
    ):
        rows.append([title, *(_of(record, n, key, "chart") for n in sizes)])
    rows += [[title, *(_of(record, n, key) for n in sizes)] for key, title in ACTIONS.items()]
    return table(["seconds", *(f"{int(n):,} points" for n in sizes)], rows)


def _of(record: dict[str, Any], size: str, *path: str) -> str:
    value: Any = record["ours"][size]
    for key in path:
        value = value.get(key) if value else None
    return "-" if value is None else _time(value)


def _time(times: dict[str, Any] | None) -> str:
    return "-" if times is None else f"{times['p50']:.2f} / {times['p95']:.2f}"


def _crowd(record: dict[str, Any]) -> list[str]:
    crowd = record.get("crowd")
    if crowd is None:
        return []
    clicks = crowd["clicks"]["repeats"]
    each = crowd["server_seconds"] / max(clicks, 1)
    return [
        f"""{crowd["visitors"]} visitors at once for {crowd["lasting"]:.0f} seconds, all in Chromium on the same cores, clicked
{clicks} times: {_time(crowd["clicks"])} s, {len(crowd["faults"])} errors. The server used {each:.2f} s of processor time
per click; the browsers used the rest of the {record["cores"]} cores. Its memory was at most {crowd["most_megabytes"]:,.0f} MB, and grew by
{crowd["growth"]:+.1%} after the first minute.""",  # noqa: E501
        *_light(record),
    ]


def _light(record: dict[str, Any]) -> list[str]:
    """Visitors without a browser, the Overview of many points, and the bytes of a first visit."""
    parts = []
    if crowd := record.get("light"):
        each = crowd["server_seconds"] / max(crowd["clicks"]["repeats"], 1)
        parts.append(
            f"""{crowd["visitors"]} visitors at once without a browser, whose sessions only receive the pages, clicked {crowd["clicks"]["repeats"]} times in
{crowd["lasting"]:.0f} seconds: {_time(crowd["clicks"])} s, {len(crowd["faults"])} errors, {each:.2f} s of processor time per click."""  # noqa: E501
        )
    if large := record.get("large"):
        parts.append(
            f"*Overview* of {large['points']:,} points on a cold server takes "
            f"{large['seconds']['p50']:.2f} s of its processor time."
        )
    if found := record.get("received"):
        parts.append(
            f"A first visit receives {found['together']:.1f} MB: {found['files']:.1f} MB of files "
            f"and {found['messages']:.1f} MB of messages."
        )
    return parts


def _compared(record: dict[str, Any]) -> list[str]:
    tools = record["other_tools"]
    if not tools:
        return []
    names = list(dict.fromkeys(r["name"] for r in tools))
    rows = []
    for points in dict.fromkeys(r["points"] for r in tools):
        by = {r["name"]: r for r in tools if r["points"] == points}
        ours = record["ours"].get(str(points), {})
        opened = ours.get("warm_map", {}).get("chart")
        rows.append(
            [
                f"{points:,} points: to the map",
                _time(opened),
                *(_time(by[n].get("map")) for n in names),
            ]
        )
        rows.append(
            [f"{points:,} points: click to details", _time(ours.get("click")),
             *(_time(by[n].get("click")) for n in names)]
        )  # fmt: skip
    problems = [
        f"{r['name']}, {r['points']:,} points: {r['problem']}" for r in tools if "problem" in r
    ]
    text = """Two other tools that show points, in the same run. They get the coordinates of the map and the id,
class and prediction of each point, and show these for a selected point; this app shows its inputs,
gate and all models. Each page is opened by a new visitor on a warm server. Embedding Atlas is at
version 0.20: since 0.25 it requires WebGPU, which is not available without a graphics card."""  # noqa: E501
    lines = [text, table(["seconds", "DMIL Explorer", *names], rows)]
    return [*lines, *(["Not measured: " + "; ".join(problems) + "."] if problems else [])]
