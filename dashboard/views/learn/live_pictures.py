"""What is seen of a live training: three pictures, a sentence, accuracies, and the gate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from dashboard import widgets
from dashboard.figures import live as figures
from dashboard.figures import theme
from dashboard.figures.live import Line, Tile
from dashboard.jobs.live_queue import Look
from dashboard.keys import key_of
from dashboard.services.learn import playground as service
from dashboard.services.learn.playground import Scene, Settings, Snapshot
from dashboard.text import live as text

#: Heights of a strip of samples, for a width of 400: while it is the one picture, and of two.
_TALL, _LOW = 220, 56


def show(look: Look, settings: Settings, brief: bool) -> None:
    """Everything below the controls; nothing before the first samples are drawn. ``brief`` ones
    have no accuracies over the steps."""
    scene = look.scene
    if scene is None:
        return
    for column, name in zip(st.columns(len(service.LEARNERS)), service.LEARNERS, strict=True):
        with column.container(border=True, key=key_of("live", name)):
            _learner(look, scene, name, settings)
    _said(look, scene)
    if brief:
        return
    left, right = st.columns([3, 2], gap="large")
    with left:
        _accuracies(look, scene, settings)
    with right:
        _gate(look, scene, settings)
    st.caption(text.PICTURE)
    val = sum(group.rows for group in scene.groups)
    st.caption(text.sizes(scene.train, val, settings.seed, scene.parameters))


def _said(look: Look, scene: Scene) -> None:
    """The stage in words while it goes on, and what was seen when it does not."""
    with st.container(border=True, key="live_said"):
        if look.steps and not look.busy and not service.preparing(look.latest["dmil"]):
            chance = {group.name: group.chance for group in scene.groups}
            accuracy = {name: snapshot.accuracy for name, snapshot in look.latest.items()}
            follows = {
                name: service.follows(scene, snapshot) for name, snapshot in look.latest.items()
            }
            sentences = text.verdict(accuracy, chance, _own_gate(look, scene), follows)
            st.markdown("\n".join(f"- {sentence}" for sentence in sentences))
            return
        stage = look.latest["dmil"].stage or scene.stages["dmil"][0]
        st.markdown(f"**DMIL, stage {text.STAGES[stage].name}**: {text.STAGES[stage].meaning}")


def _own_gate(look: Look, scene: Scene) -> dict[str, dict[str, float]]:
    """Group -> component -> DMIL's mean weight, for groups of a known interaction type, once its
    gate learns."""
    last = look.latest["dmil"]
    if last.stage not in ("interact", "together"):
        return {}
    return {
        group.name: dict(zip(service.COMPONENTS, last.gate[group.name], strict=True))
        for group in scene.groups
        if group.interaction_type
    }


def _learner(look: Look, scene: Scene, name: str, settings: Settings) -> None:
    last = look.latest[name]
    prepares = bool(last.targets) and service.preparing(last)
    right = f"{last.accuracy[service.ALL]:.0%} right"
    if prepares:
        right = text.measured(sum(map(bool, last.targets)), len(last.targets))
    with st.container(horizontal=True, horizontal_alignment="distribute", gap="small"):
        st.markdown(f"## {text.NAMES[name]}", help=text.SUMMARIES[name], width="content")
        st.markdown(f"**{right}**", width="content")
    st.markdown(_banner(last, scene.stages[name]))
    if prepares:
        _strips(scene, {text.TARGETS: last.targets}, "live_targets", _TALL, settings)
        return
    tiles = _tiles(scene, last)
    alt = f"What {text.NAMES[name]} predicts for each place of x1 and x2"
    if not look.busy:
        alt += f": {text.accuracy_alt(name, last.accuracy)}"
    widgets.moving_chart(
        figures.surfaces(tiles, scene.classes, key_of("live_picture", name), look.steps),
        key_of("live_picture", name), alt,
        about=settings.mixture,
    )  # fmt: skip


def _strips(
    scene: Scene, rows: Mapping[str, Sequence[Sequence[float]]], key: str, tall: int,
    settings: Settings,
) -> None:  # fmt: skip
    """The shown training samples, each a column of shares, and the letters of its colours."""
    alt = "; ".join(text.targets_alt(shares, words) for words, shares in rows.items())
    widgets.drawing(figures.strips(rows, scene.shown, alt, tall), key, alt, settings.mixture)
    st.markdown(
        f":small[{' '.join(map(widgets.badge, service.COMPONENTS))}]", help=text.TARGETS_HELP
    )


def _banner(last: Snapshot, stages: Sequence[str]) -> str:
    """The stages beside each other, with the one at work marked."""
    now = stages.index(last.stage) if last.stage in stages else -1
    parts = []
    for index, stage in enumerate(stages):
        name = text.STAGES[stage].name
        short = name.split()[0]
        if last.done or index < now:
            parts.append(f":gray-badge[✓ {short}]")
        elif index == now:
            parts.append(f":primary-badge[▶ **{name}**]")
        else:
            parts.append(f":gray-badge[{short}]")
    return " ".join(parts)


def _tiles(scene: Scene, last: Snapshot) -> list[Tile]:
    seen = zip(scene.squares, last.surfaces, last.answers, strict=True)
    order = list(text.GATES)
    known = sorted(
        seen, key=lambda pair: order.index(pair[0].name) if pair[0].name in order else 99
    )
    return [
        Tile(
            title=text.GATES.get(square.name, square.name),
            symbols1=square.symbols1,
            symbols2=square.symbols2,
            at1=square.at1,
            at2=square.at2,
            truth=square.truth,
            points=square.points,
            surface=surface,
            answers=answers,
        )
        for square, surface, answers in known
    ]


def _accuracies(look: Look, scene: Scene, settings: Settings) -> None:
    st.markdown("**Validation accuracy by interaction type**", help=text.ACCURACY)
    panels = {
        f"{text.GROUPS[group.name]}\n{group.rows} samples": [
            _accuracy(look, name, group.name) for name in service.LEARNERS
        ]
        for group in scene.groups
    }
    chance = dict(zip(panels, (group.chance for group in scene.groups), strict=True))
    sentences = "; ".join(text.accuracy_alt(n, look.latest[n].accuracy) for n in service.LEARNERS)
    alt = "Validation accuracy of the three models over the training, by interaction type"
    widgets.moving_chart(
        figures.accuracies(panels, chance, look.steps), "live_accuracies",
        alt if look.busy else f"{alt}: {sentences}", about=settings.mixture,
    )  # fmt: skip


def _accuracy(look: Look, name: str, group: str) -> Line:
    seen = [one for one in look.history[name] if not (one.gate and service.preparing(one))]
    index = service.LEARNERS.index(name)
    return Line(
        text.NAMES[name], theme.MODEL_COLOURS[name], theme.DASHES[index],
        theme.CLASS_SYMBOLS[index], [snapshot.fraction for snapshot in seen],
        [snapshot.accuracy[group] for snapshot in seen],
    )  # fmt: skip


def _gate(look: Look, scene: Scene, settings: Settings) -> None:
    """The target of every shown sample, and below it what the gate makes of the sample."""
    st.markdown("**Gate of DMIL: target and weights**", help=text.GATE)
    last = look.latest["dmil"]
    if service.preparing(last):
        st.caption(text.GATE_LATER)
        return
    rows = {"Gate target": last.targets, "Gate weights now": last.weights}
    _strips(scene, rows, "live_gates", _LOW, settings)
