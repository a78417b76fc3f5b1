"""How long a visitor of the app waits, and of its compared methods."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from benchmarks import live as watched
from benchmarks.app.targets import targets
from benchmarks.readme.cells import listed, read, table
from dmil_core.schema import COMPONENTS, Component

#: Rows of the table of our app, by name in the record.
DONE = {
    "click": "click on a point to the whole sample",
    "colour": "another colour of the map",
    "page": "another page",
    "what_if": "a changed input to new figures",
    "next": "next sample on *Samples*",
}


def app() -> str:
    """The app's times, its ten visitors, and the compared methods' times on the same points."""
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
            told = [_mean(r["accuracy"][name].get(c) for r in runs) for c in COMPONENTS]
            follows = _mean(r["follows_x1"][name] for r in runs)
            rows.append([f"`{mixture}`: `{name}`", *told, follows])
        weights = [_mean(_own_weight(r, c) for r in runs) for c in COMPONENTS]
        rows.append([f"`{mixture}`: gate of `dmil` on the true part", *weights, "-"])
    text = f"""### Live training

The gate mixtures of the page *Live training* at its own settings, {watched.SEEDS} seeds that they were not chosen on (`make bench-live`), on a machine
of {record["cores"]} cores whose load was {record["load"]:.1f}: accuracy on validation rows by interaction type, and what DMIL's gate
gives to the part that a row is truly made of. *As x1 says*: how often a model answers so at places
where x1 and x2 contradict each other, which no row does, in gate mixtures where both can say the class."""  # noqa: E501
    parts = [text, table(["mean over seeds", *COMPONENTS, "as x1 says"], rows)]
    return "\n\n".join([*parts, listed(watched.targets(record))])


def _mean(values: Iterable[float | None]) -> str:
    known = [v for v in values if v is not None]
    return f"{sum(known) / len(known):.1%}" if known else "-"


def _own_weight(run: dict[str, Any], component: Component) -> float | None:
    """Weight of a component on rows that are made of it; None where there are none."""
    own = run["gate"].get(component)
    return own[COMPONENTS.index(component)] if own else None


def _how(record: dict[str, Any]) -> str:
    return f"""### How long does a visitor wait?

Chromium {record["chromium"].split(".")[0]} beside the server on {record["cores"]} cores without a graphics card (`make bench-app`), on sets made
for it: `switch` with its four models, and every sample a point of the map. Seconds in the page, from
the press of the pointer to the frame that shows all of the answer: for a sample its name, both inputs,
the gate with its own numbers, and nothing left of the sample before. Median / 95th percentile. A cold
server is one that has just begun to answer; for that it has read the list of checkpoints already."""  # noqa: E501


def _ours(record: dict[str, Any]) -> str:
    sizes = list(record["ours"])
    rows = []
    for key, title in (("cold", "opening *Overview*, cold server"), ("warm", "the same, warm")):
        if key in record:
            for part, name in (("text", "first text"), ("chart", "first chart")):
                told = record[key][part]
                rows.append([f"{title}: {name} ({told['repeats']} times)", _time(told), "-"])
    for key, title in (
        ("cold_map", "opening the map, cold server"),
        ("warm_map", "the same, warm"),
    ):
        rows.append([title, *(_of(record, n, key, "chart") for n in sizes)])
    rows += [[title, *(_of(record, n, key) for n in sizes)] for key, title in DONE.items()]
    return table(["seconds", *(f"{int(n):,} points" for n in sizes)], rows)


def _of(record: dict[str, Any], size: str, *path: str) -> str:
    value: Any = record["ours"][size]
    for key in path:
        value = value.get(key) if value else None
    return "-" if value is None else _time(value)


def _time(told: dict[str, Any] | None) -> str:
    return "-" if told is None else f"{told['p50']:.2f} / {told['p95']:.2f}"


def _crowd(record: dict[str, Any]) -> list[str]:
    crowd = record.get("crowd")
    if crowd is None:
        return []
    clicks = crowd["clicks"]["repeats"]
    each = crowd["server_seconds"] / max(clicks, 1)
    return [
        f"""{crowd["visitors"]} visitors at once for {crowd["lasting"]:.0f} seconds, all in Chromium on the same cores, clicked
{clicks} times: {_time(crowd["clicks"])} s, {len(crowd["faults"])} errors. The server used {each:.2f} s of processor a
click; the ten browsers took the rest of the {record["cores"]} cores. It had at most {crowd["most_megabytes"]:,.0f} MB, and {crowd["growth"]:+.1%}
from the end of the first minute to the end."""  # noqa: E501
    ]


def _compared(record: dict[str, Any]) -> list[str]:
    told = record["other_tools"]
    if not told:
        return []
    names = list(dict.fromkeys(r["name"] for r in told))
    rows = []
    for points in dict.fromkeys(r["points"] for r in told):
        by = {r["name"]: r for r in told if r["points"] == points}
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
        f"{r['name']}, {r['points']:,} points: {r['problem']}" for r in told if "problem" in r
    ]
    text = """Beside two others that show points, in the same run. They get the map's two coordinates and each
point's id, class and answer, and tell these of a point, where ours shows its inputs, the gate and all
models. Each opening is a new visitor's, on a server that is warm. Embedding Atlas is of version 0.20: since 0.25 it
draws with WebGPU alone, which there is none of without a graphics card."""  # noqa: E501
    lines = [text, table(["seconds", "ours", *names], rows)]
    return [*lines, *(["Not measured: " + "; ".join(problems) + "."] if problems else [])]
