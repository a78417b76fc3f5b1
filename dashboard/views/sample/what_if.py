"""What if: edit the inputs of a sample or override its gate weights, and see what the model
predicts."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial

import pandas as pd
import streamlit as st

from dashboard import widgets
from dashboard.figures import sample as figures
from dashboard.figures import svg, theme, trust
from dashboard.figures.grid import Cell
from dashboard.guard import callback
from dashboard.keys import key_of
from dashboard.services import counterfactual as service
from dashboard.services import listing
from dashboard.services.counterfactual import Outcome
from dashboard.services.map import maps
from dashboard.services.sample import samples
from dashboard.services.store import loaded
from dashboard.services.store.catalog import (
    Checkpoint,
    DataProblem,
    checkpoint_catalog,
    predictions,
)
from dashboard.state import edits, session
from dashboard.state.edits import Change
from dashboard.state.view import edits_of
from dashboard.text import messages, terms
from dashboard.text import what_if as text
from dashboard.views.sample import answer, changes, panel
from dashboard.widgets import plain
from dashboard.words import one_line

#: Classes of the table of answers.
_MOST_CLASSES = 5
#: Letters of a prediction in a cell.
_LETTERS = 16


def what_if() -> None:
    """The page."""
    result = widgets.current(checkpoint_catalog())
    if result is None:
        return
    if result.run is not None and not result.run.has_model:
        widgets.notice(messages.only_predictions(plain(result.model)))
        return
    if problem := loaded.problem(result):
        widgets.notice(messages.cannot_be_evaluated(plain(result.model), problem.message))
        return
    rows = listing.selected(result, session.view())
    widgets.start_with_first(rows.ids)
    sample = session.view().sample
    if not sample:
        widgets.notice(messages.nothing_matches())
        st.button("Clear all filters", on_click=callback(session.clear_filters), type="primary")
        return
    before, after, position = samples.neighbours_in(rows, sample)
    widgets.stepper(before, after, position, len(rows))
    if predictions(result).find(sample) is None:
        widgets.notice(messages.unknown_sample(sample, result.data))
        return
    widgets.alone(partial(_bench, result, sample), "sample")


def _bench(checkpoint: Checkpoint, sample: str) -> None:
    """What is changed, and what comes of it."""
    left, right = st.columns([4, 7], gap="large")
    with left:
        st.header("Edit inputs", anchor=False, help=terms.WHAT_IF)
        made, places = changes.cards(checkpoint, sample)
        factors = _factors(checkpoint)
        _take_back()
    with right, widgets.save_menu("save_what_if"):
        result = _outcome(checkpoint, sample, made, factors)
    if result is not None:
        changes.edited(places, result.sides, sample)


def _factors(checkpoint: Checkpoint) -> dict[str, float]:
    if not checkpoint.gated:
        return {}
    factors = edits.read_factors(session.view().factors)
    available = samples.components(checkpoint)
    names = terms.component_names(samples.modality_names(checkpoint))

    def with_factor(component: str) -> Callable[[float], str]:
        return lambda factor: edits.write_factors({**factors, component: float(factor)})

    with st.expander("Override gate weights", expanded=bool(factors), icon=":material/tune:"):
        st.caption(terms.TURNED)
        for c in available:
            st.slider(
                f"{widgets.badge(c)} {plain(names[c])}",
                0.0,
                edits.MOST_FACTOR,
                step=0.1,
                format="x %.1f",
                **session.bound(
                    "factors", key_of("factor", c), factors.get(c, 1.0), with_factor(c)
                ),
            )
    return {c: f for c, f in factors.items() if c in available}


def _take_back() -> None:
    with st.container(horizontal=True):
        st.button(
            "Undo",
            key="undo",
            icon=":material/undo:",
            shortcut="U",
            disabled=not session.can_undo(),
            on_click=callback(session.undo),
        )
        st.button(
            "Reset",
            key="as_it_was",
            icon=":material/restart_alt:",
            disabled=not edits_of(session.view()),
            on_click=callback(session.as_it_was),
        )


def _outcome(
    checkpoint: Checkpoint, sample: str, changes: dict[int, Change], factors: dict[str, float]
) -> Outcome | None:
    """The heading, the answer and its parts; None after saying why there is no answer."""
    panel.heading(checkpoint, sample)
    result = service.outcome(checkpoint, sample, changes, factors)
    if isinstance(result, DataProblem):
        widgets.notice(messages.cannot_change(result.message))
        return None
    drawn = any(c.strokes for c in changes.values())
    untouched = all(c.kind in ("none", "draw") for c in changes.values())
    untouched = untouched and not drawn and not factors
    if untouched:
        st.markdown(text.UNTOUCHED)
    else:
        _verdict(result)
    _with_inputs(checkpoint, sample, changes)
    if not checkpoint.gated:
        _answers(checkpoint, result)
        _on_the_map(checkpoint, sample, changes)
        answer.no_gate(checkpoint)
        return result
    names = terms.component_names(samples.modality_names(checkpoint))
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**Gate weights**", help=terms.GATE)
        widgets.bars(
            figures.before_after(result.weights(), names, share=True), "gate_pairs",
            "Bars of each component's gate weight, original and edited",
        )  # fmt: skip
    with right:
        cls = str(result.before["pred"])
        st.markdown(f"**Contributions to {plain(cls)}**", help=terms.CONTRIBUTION)
        widgets.bars(
            figures.before_after(result.contributions(cls), names, share=False),
            "contribution_pairs",
            "Bars of each component's contribution to the first answer, original and edited",
        )
    st.caption("Pale bar and first number: original. Solid bar and second number: edited.")
    _answers(checkpoint, result)
    _on_the_map(checkpoint, sample, changes)
    return result


def _with_inputs(checkpoint: Checkpoint, sample: str, made: dict[int, Change]) -> None:
    """What is predicted from some inputs alone; a cell makes the others blank."""
    found = service.with_inputs(checkpoint, sample)
    if isinstance(found, DataProblem):
        return
    names = samples.modality_names(checkpoint)
    blank = {m for m, change in made.items() if change.kind == "blank"}
    others = any(change.kind not in ("none", "blank") for change in made.values())
    wanted = next(iter(found.values()))[0]
    cells: dict[service.Shown, Cell] = {}
    links: dict[str, dict[str, str]] = {}
    for shown, (prediction, share) in found.items():
        mark = ",".join(map(str, shown)) or "none"
        links[mark] = {f"edit{m}": "" if m in shown else "blank" for m in made}
        now = not others and blank == set(made) - set(shown)
        said = text.with_inputs(names, shown, prediction, share)
        # Blue where the prediction stays, orange where it changes.
        same = "right" if prediction == wanted else "wrong"
        cells[shown] = Cell(
            f"{share:.0%}", share, theme.RIGHT_WRONG[same][0], mark, said, now,
            one_line(prediction, _LETTERS),
        )  # fmt: skip
    st.markdown(f"**{text.NEEDED}**", help=text.NEEDED_HELP)
    drawn = trust.by_shown(names, cells)
    widgets.linked("needed", drawn, links, text.NEEDED, dict.fromkeys(links, ""))
    st.caption(text.needed(plain(wanted)))


def _on_the_map(checkpoint: Checkpoint, sample: str, made: dict[int, Change]) -> None:
    """Where the changed sample would lie, once somebody wants to know."""
    latents = checkpoint.run.latents if checkpoint.run else ()
    area = st.expander(
        text.ON_THE_MAP, key="moved", on_change="rerun",
        icon=":material/scatter_plot:",
    )  # fmt: skip
    if not area.open or not latents:
        return
    view = session.view()
    latent = view.latent if view.latent in latents else maps.first(latents)
    with area:
        st.segmented_control(
            "Latent", latents, required=True, wrap=True, help=terms.MOVED,
            **session.bound("latent", "choice_latent", latent),
        )  # fmt: skip
        meaning = terms.latent(latent, samples.modality_names(checkpoint))
        st.caption(f"**{plain(latent)}**: {plain(meaning)}")
        result = service.moved(checkpoint, sample, made, latent)
        if isinstance(result, DataProblem):
            widgets.notice(messages.cannot_change(result.message))
            return
        alt = f"Map of {latent}: A, the original sample; B, edited"
        dots = [*result.places.tolist(), *result.two.tolist()]
        drawn = svg.points(dots, (len(dots) - 2, len(dots) - 1), alt)
        widgets.drawing(drawn, "moved_map", alt)
        words = [
            f"**{mark}**, {name}: {count} of its {of} nearest are **{plain(cls)}**"
            for mark, name, (cls, count, of) in zip(
                "AB", ("original", "edited"), result.among, strict=True
            )
        ]
        st.markdown(f"{'. '.join(words)}.")


def _verdict(result: Outcome) -> None:
    before, after = str(result.before["pred"]), str(result.after["pred"])
    sure = float(result.after[f"p_{after}"])
    # No mark for right or wrong: what the true class of a changed sample is, nobody knows.
    same = ":gray-badge[same prediction]" if before == after else ":orange-badge[originally {}]"
    same = same.format(plain(before))
    st.markdown(f"**Edited**, it predicts **{plain(after)}** ({sure:.0%} confidence) {same}")


def _answers(checkpoint: Checkpoint, result: Outcome) -> None:
    """The classes that matter before or after, with their probabilities."""
    classes = _shown(samples.classes(checkpoint), result)
    frame = pd.DataFrame(
        {
            "class": classes,
            "original": [100 * float(result.before[f"p_{c}"]) for c in classes],
            "edited": [100 * float(result.after[f"p_{c}"]) for c in classes],
        }
    )
    bar = {"format": "%.0f%%", "min_value": 0, "max_value": 100}
    st.dataframe(
        frame,
        hide_index=True,
        key="answers",
        column_config={
            "original": st.column_config.ProgressColumn(**bar),  # type: ignore[arg-type]
            "edited": st.column_config.ProgressColumn(**bar),  # type: ignore[arg-type]
        },
        alt="Probability of each class, original and edited",
    )
    every = samples.classes(checkpoint)
    columns = {"original": result.before, "edited": result.after}
    values = {name: [float(row[f"p_{c}"]) for c in every] for name, row in columns.items()}
    widgets.download(pd.DataFrame({"class": every, **values}), f"what-if-{checkpoint.data}")


def _shown(classes: Sequence[str], result: Outcome) -> list[str]:
    def most(c: str) -> float:
        values = (float(result.before[f"p_{c}"]), float(result.after[f"p_{c}"]))
        return max(v if math.isfinite(v) else 0.0 for v in values)

    return sorted(classes, key=most, reverse=True)[:_MOST_CLASSES]
