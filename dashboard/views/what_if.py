"""What if: change one input of a sample, or turn the gate by hand, and see what the model says."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import pandas as pd
import streamlit as st

from dashboard import edits, session, state, widgets
from dashboard.edits import Change
from dashboard.figures import sample as figures
from dashboard.services import counterfactual as service
from dashboard.services import media, samples
from dashboard.services.counterfactual import Outcome
from dashboard.services.stock import Checkpoint, DataProblem, stock, table
from dashboard.text import messages, terms
from dashboard.views import sample_panel
from dashboard.widgets import plain

_LABELS = {
    "none": "as it is",
    "blank": "blank",
    "noise": "noise",
    "swap": "swap",
    "text": "rewrite",
}
#: Classes of the table of answers.
_MOST_CLASSES = 5


def what_if() -> None:
    """The page."""
    found = widgets.current(stock())
    if found is None:
        return
    widgets.legend(found)
    rows = samples.selected(found, session.view())
    widgets.start_with_first(rows)
    sample = session.view().sample
    if not sample:
        widgets.notice(messages.nothing_matches())
        st.button("Clear all filters", on_click=session.clear_filters, type="primary")
        return
    before, after, place = samples.neighbours_in(rows, sample)
    widgets.stepper(before, after, place, len(rows))
    if sample not in table(found).index:
        widgets.notice(messages.unknown_sample(sample, found.data))
        return
    left, right = st.columns([4, 7], gap="large")
    with left:
        st.subheader("Change something", anchor=False, help=terms.WHAT_IF)
        changes = _changes(found, sample)
        factors = _factors(found)
        _take_back()
    with right:
        _outcome(found, sample, changes, factors)


def _changes(found: Checkpoint, sample: str) -> dict[int, Change]:
    """A card for each input: how to change it, and what it is like now."""
    changes = {}
    sides = media.sides(found, sample)
    for m, name in enumerate(samples.modality_names(found), start=1):
        with st.container(border=True):
            changes[m] = _change(found, sample, m, name)
            if not isinstance(sides, DataProblem):
                widgets.media_of(sides[m - 1], f"as-it-is-{sample}-{m}")
    return changes


def _change(found: Checkpoint, sample: str, modality: int, name: str) -> Change:
    field = f"edit{modality}"
    code = getattr(session.view(), field)
    now = edits.read_change(code) if code else Change()
    text = service.is_text(found, modality)
    kinds = tuple(k for k in edits.KINDS if k != "text" or text)
    kind = now.kind if now.kind in kinds else "none"

    def start(chosen: str) -> str:
        match chosen:
            case "swap":
                change = Change("swap", donor=_some_donor(found, sample))
            case "text":
                change = Change("text", text=service.text_of(found, sample, modality))
            case "noise":
                change = Change("noise", severity=0.5 if text else 1.0)
            case _:
                change = Change(chosen)
        return edits.write_change(change)

    st.segmented_control(
        f"**{plain(name)}** :gray-badge[input {modality}]",
        kinds,
        required=True,
        wrap=True,
        format_func=_LABELS.__getitem__,
        **session.bound(field, f"choice_{field}", kind, start),
    )
    now = now if kind == now.kind else Change()
    detail = {"noise": _noise, "swap": _swap, "text": _rewrite}.get(kind)
    if detail is not None:
        detail(found, sample, modality, now)
    return now


def _noise(found: Checkpoint, _: str, modality: int, now: Change) -> None:
    field, text = f"edit{modality}", service.is_text(found, modality)
    most = 1.0 if text else edits.MOST_NOISE
    st.slider(
        "Share of words that are lost" if text else "Noise, in standard deviations of each feature",
        0.0,
        most,
        step=0.1,
        **session.bound(
            field,
            f"amount_{field}",
            min(now.severity, most),
            lambda s: edits.write_change(replace(now, severity=float(s))),
        ),
    )
    again = edits.write_change(replace(now, seed=(now.seed + 1) % 1000))
    st.button(
        "Other noise",
        key=f"again_{field}",
        icon=":material/casino:",
        on_click=session.change,
        kwargs={field: again},
    )


def _swap(found: Checkpoint, sample: str, modality: int, now: Change) -> None:
    field = f"edit{modality}"
    truth = table(found)["y"]
    donors = service.other_samples(found, sample)
    if now.donor not in donors:
        donors = [now.donor, *donors]
    st.selectbox(
        "Taken from the sample",
        donors,
        format_func=lambda d: f"{d} ({truth[d]})" if d in truth.index else d,
        help="Type to search an id or a class.",
        **session.bound(
            field,
            f"donor_{field}",
            now.donor,
            lambda d: edits.write_change(replace(now, donor=d)),
        ),
    )


def _rewrite(_found: Checkpoint, _sample: str, modality: int, now: Change) -> None:
    field = f"edit{modality}"
    st.text_input(
        "The text instead",
        max_chars=120,
        **session.bound(
            field,
            f"text_{field}",
            now.text,
            lambda t: edits.write_change(replace(now, text=" ".join(t.split()))),
        ),
    )


def _some_donor(found: Checkpoint, sample: str) -> str:
    """The next sample of another class: swapping with one of the same class shows little."""
    frame = samples.in_split(table(found), session.view().split)
    truth = samples.record(found, sample)["y"]
    others = frame[(frame["y"] != truth)]["id"]
    place = int(frame["id"].searchsorted(sample)) if frame["id"].is_monotonic_increasing else 0
    later = others[others.index.isin(frame["id"].iloc[place:])]
    every = [*later, *others, *service.other_samples(found, sample)]
    return str(every[0]) if every else sample


def _factors(found: Checkpoint) -> dict[str, float]:
    if not found.gated:
        return {}
    factors = edits.read_factors(session.view().factors)
    held = samples.components(found)
    names = terms.component_names(samples.modality_names(found))

    def with_factor(component: str) -> Callable[[float], str]:
        return lambda factor: edits.write_factors({**factors, component: float(factor)})

    with st.expander("Turn the gate by hand", expanded=bool(factors), icon=":material/tune:"):
        st.caption(terms.TURNED)
        for c in held:
            st.slider(
                f"{widgets.badge(c)} {plain(names[c])}",
                0.0,
                edits.MOST_FACTOR,
                step=0.1,
                format="x %.1f",
                **session.bound("factors", f"factor_{c}", factors.get(c, 1.0), with_factor(c)),
            )
    return {c: f for c, f in factors.items() if c in held}


def _take_back() -> None:
    with st.container(horizontal=True):
        st.button(
            "Undo",
            key="undo",
            icon=":material/undo:",
            shortcut="U",
            disabled=not session.can_undo(),
            on_click=session.undo,
        )
        st.button(
            "As it was",
            key="as_it_was",
            icon=":material/restart_alt:",
            disabled=not state.edits_of(session.view()),
            on_click=session.as_it_was,
        )


def _outcome(
    found: Checkpoint, sample: str, changes: dict[int, Change], factors: dict[str, float]
) -> None:
    sample_panel.heading(found, sample)
    result = service.outcome(found, sample, changes, factors)
    if isinstance(result, DataProblem):
        widgets.notice(messages.cannot_change(result.message))
        return
    untouched = all(c.kind == "none" for c in changes.values()) and not factors
    if untouched:
        st.info(
            "**Nothing is changed yet.** Make an input blank, noisy or another sample's, and see "
            "what becomes of the answer.",
            icon=":material/ads_click:",
        )
    else:
        _verdict(result)
        widgets.media_cards(result.sides, f"changed-{sample}")
    if not found.gated:
        _answers(found, result)
        sample_panel.no_gate(found)
        return
    names = terms.component_names(samples.modality_names(found))
    one, other = st.columns(2, gap="medium")
    with one:
        st.markdown("**Gate**", help=terms.GATE)
        widgets.chart(
            figures.before_after(result.weights(), names, share=True), "gate_pairs",
            "Bars of each component's gate weight, as it is and changed",
        )  # fmt: skip
    with other:
        cls = str(result.before["pred"])
        st.markdown(f"**Contributions to {plain(cls)}**", help=terms.CONTRIBUTION)
        widgets.chart(
            figures.before_after(result.contributions(cls), names, share=False),
            "contribution_pairs",
            "Bars of each component's contribution to the first answer, as it is and changed",
        )
    st.caption("Pale: as it is. Full: changed.")
    _answers(found, result)


def _verdict(result: Outcome) -> None:
    before, after = str(result.before["pred"]), str(result.after["pred"])
    sure = float(result.after[f"p_{after}"])
    # No mark for right or wrong: what the true class of a changed sample is, nobody knows.
    same = ":gray-badge[the same answer]" if before == after else ":orange-badge[another answer]"
    st.markdown(f"**Changed**, it says **{plain(after)}** ({sure:.0%} sure) {same}")


def _answers(found: Checkpoint, result: Outcome) -> None:
    """The classes that matter before or after, with their probabilities."""
    classes = _shown(samples.classes(found), result)
    frame = pd.DataFrame(
        {
            "class": classes,
            "as it is": [100 * float(result.before[f"p_{c}"]) for c in classes],
            "changed": [100 * float(result.after[f"p_{c}"]) for c in classes],
        }
    )
    bar = {"format": "%.0f %%", "min_value": 0, "max_value": 100}
    st.dataframe(
        frame,
        hide_index=True,
        key="answers",
        column_config={
            "as it is": st.column_config.ProgressColumn(**bar),  # type: ignore[arg-type]
            "changed": st.column_config.ProgressColumn(**bar),  # type: ignore[arg-type]
        },
        alt="Probability of each class, as it is and changed",
    )
    every = samples.classes(found)
    columns = {"as_it_is": result.before, "changed": result.after}
    values = {name: [float(row[f"p_{c}"]) for c in every] for name, row in columns.items()}
    widgets.download(pd.DataFrame({"class": every, **values}), f"what-if-{found.data}")


def _shown(classes: Sequence[str], result: Outcome) -> list[str]:
    def most(c: str) -> float:
        values = (float(result.before[f"p_{c}"]), float(result.after[f"p_{c}"]))
        return max(v if math.isfinite(v) else 0.0 for v in values)

    return sorted(classes, key=most, reverse=True)[:_MOST_CLASSES]
