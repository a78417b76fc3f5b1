"""What is seen of a live training: three pictures, accuracies, the gate, and a sentence."""

from __future__ import annotations

from collections.abc import Sequence

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


def show(look: Look, settings: Settings) -> None:
    """Everything below the controls; nothing before the first samples are drawn."""
    scene = look.scene
    if scene is None:
        return
    _said(look, scene)
    for column, name in zip(st.columns(len(service.LEARNERS)), service.LEARNERS, strict=True):
        with column.container(border=True, key=key_of("live", name)):
            _learner(look, scene, name, settings)
    st.caption(text.PICTURE)
    left, right = st.columns([3, 2], gap="large")
    with left:
        _accuracies(look, scene, settings)
    with right:
        _gate(look, scene, settings)
    val = sum(group.rows for group in scene.groups)
    st.caption(text.sizes(scene.train, val, settings.seed, scene.parameters))


def _said(look: Look, scene: Scene) -> None:
    """The stage in words while it goes on, and what was seen when it does not."""
    with st.container(border=True, key="live_said"):
        if look.steps and not look.busy:
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
    right = last.accuracy[service.ALL]
    with st.container(horizontal=True, horizontal_alignment="distribute", gap="small"):
        st.markdown(f"### {text.NAMES[name]}", help=text.SUMMARIES[name], width="content")
        st.markdown(f"### {right:.0%} right", width="content")
    st.markdown(_banner(last, scene.stages[name]))
    tiles = _tiles(scene, last)
    alt = f"What {text.NAMES[name]} answers for each place of x1 and x2"
    if not look.busy:
        alt += f": {text.accuracy_alt(name, last.accuracy)}"
    widgets.moving_chart(
        figures.surfaces(tiles, scene.classes, key_of("live_picture", name), look.steps),
        key_of("live_picture", name), alt,
        about=settings.mixture,
    )  # fmt: skip


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
    st.markdown("**Right, by what a sample is made of**", help=text.ACCURACY)
    panels = {
        f"{text.GROUPS[group.name]}\n{group.rows} samples": [
            _accuracy(look, name, group.name) for name in service.LEARNERS
        ]
        for group in scene.groups
    }
    chance = dict(zip(panels, (group.chance for group in scene.groups), strict=True))
    sentences = "; ".join(text.accuracy_alt(n, look.latest[n].accuracy) for n in service.LEARNERS)
    alt = "Accuracy of the three models over the training, by what samples are made of"
    widgets.moving_chart(
        figures.accuracies(panels, chance, look.steps), "live_accuracies",
        alt if look.busy else f"{alt}: {sentences}", about=settings.mixture,
    )  # fmt: skip


def _accuracy(look: Look, name: str, group: str) -> Line:
    seen = look.history[name]
    index = service.LEARNERS.index(name)
    return Line(
        text.NAMES[name], theme.MODEL_COLOURS[name], theme.DASHES[index],
        theme.CLASS_SYMBOLS[index], [snapshot.fraction for snapshot in seen],
        [snapshot.accuracy[group] for snapshot in seen],
    )  # fmt: skip


def _gate(look: Look, scene: Scene, settings: Settings) -> None:
    st.markdown("**DMIL's gate, drifting to the truth**", help=text.GATE)
    known = [group for group in scene.groups if group.interaction_type]
    seen = look.history["dmil"]
    if known:
        lines = [
            Line(
                group.name, theme.COLOURS[group.interaction_type], theme.DASHES[i % 4],
                theme.SYMBOLS[group.interaction_type], [snapshot.fraction for snapshot in seen],
                [_weight(snapshot, group.name, group.interaction_type) for snapshot in seen],
            )
            for i, group in enumerate(known)
        ]  # fmt: skip
        alt = "Weight that DMIL's gate gives to the true part, over the training"
        widgets.moving_chart(
            figures.drift(lines, look.steps), "live_drift", alt, about=settings.mixture
        )
    else:
        st.caption(text.NO_TRUTH)
    rows = {text.ROWS[g.name]: look.latest["dmil"].gate[g.name] for g in scene.groups}
    truth = {text.ROWS[g.name]: g.interaction_type for g in scene.groups}
    sentences = "; ".join(f"{name}: {_weights(weights)}" for name, weights in rows.items())
    alt = "Mean weights of DMIL's gate now, by what samples are truly made of"
    widgets.moving_chart(
        figures.gates(rows, truth, look.steps), "live_gates",
        alt if look.busy else f"{alt}: {sentences}", about=settings.mixture,
    )  # fmt: skip


def _weights(weights: Sequence[float]) -> str:
    pairs = zip(service.COMPONENTS, weights, strict=True)
    return ", ".join(f"{component} {weight:.0%}" for component, weight in pairs)


def _weight(snapshot: Snapshot, group: str, component: str) -> float:
    return snapshot.gate[group][service.COMPONENTS.index(component)]
