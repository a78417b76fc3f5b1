"""What is changed of a sample: a card for each input, to choose a change and to make it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from dashboard import widgets
from dashboard.components.drawing import drawing
from dashboard.guard import callback
from dashboard.keys import key_of
from dashboard.services import counterfactual as service
from dashboard.services.sample import features, media, samples
from dashboard.services.store.catalog import Checkpoint, DataProblem, table
from dashboard.state import edits, session, view
from dashboard.state.edits import Change
from dashboard.text import messages, terms
from dashboard.views.sample import media_cards
from dashboard.widgets import plain
from dashboard.words import one_line

_LABELS = {
    "none": "original",
    "blank": "blank",
    "noise": "noise",
    "swap": "swap",
    "text": "rewrite",
    "draw": "draw",
}
#: Changes that only inputs of one kind can have.
_ONLY = {"text": "text", "draw": "image"}
#: Of a vector the fields of its values are always there: setting one is a change.
_VALUES = ("none", "set")
#: Letters of the name of a field.
_LETTERS = 40


def cards(checkpoint: Checkpoint, sample: str) -> tuple[dict[int, Change], dict[int, Any]]:
    """A card for each input: how to change it, and what it is like now.

    Returns
    -------
    The change of each input, by its number; and of those that only the model's answer shows, a
    place for the edited input.
    """
    changes: dict[int, Change] = {}
    places: dict[int, Any] = {}
    sides = media.sides(checkpoint, sample)
    for m, name in enumerate(samples.modality_names(checkpoint), start=1):
        with st.container(border=True):
            changes[m] = _change(checkpoint, sample, m, name)
            if changes[m].kind == "draw":
                _draw(checkpoint, sample, m, name, changes[m])
            elif isinstance(sides, DataProblem):
                continue
            elif changes[m].kind in _VALUES and service.kind_of(checkpoint, m) == "vector":
                media_cards.picture_of(sides[m - 1], key_of("original", sample, m))
                _values(checkpoint, sample, m, name, changes[m])
            elif changes[m].kind == "none":
                media_cards.of(sides[m - 1], key_of("original", sample, m))
            else:
                places[m] = st.container()
    return changes, places


def edited(places: dict[int, Any], sides: Sequence[media.Side], sample: str) -> None:
    """Show each edited input in its place."""
    for m, place in places.items():
        with place:
            media_cards.of(sides[m - 1], key_of("edited", sample, m))


def _change(checkpoint: Checkpoint, sample: str, modality: int, name: str) -> Change:
    field = f"edit{modality}"
    code = getattr(session.view(), field)
    now = edits.read_change(code) if code else Change()
    of = service.kind_of(checkpoint, modality)
    text = of == "text"
    kinds = tuple(k for k in edits.KINDS if _ONLY.get(k, of) == of and k != "set")
    special = {"audio": {"blank": "mute"}, "vector": {"none": "values"}}
    labels = {**_LABELS, **special.get(of, {})}
    kind = now.kind if now.kind in kinds else "none"

    def start(chosen: str) -> str:
        match chosen:
            case "swap":
                change = Change("swap", donor=_some_donor(checkpoint, sample))
            case "text":
                change = Change("text", text=service.text_of(checkpoint, sample, modality))
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
        format_func=labels.__getitem__,
        **session.bound(field, session.field_key("choice", field), kind, start),
    )
    if now.kind == "set" and of == "vector":
        return now
    now = now if kind == now.kind else Change()
    detail = {"noise": _noise, "swap": _swap, "text": _rewrite}.get(kind)
    if detail is not None:
        detail(checkpoint, sample, modality, now)
    return now


def _noise(checkpoint: Checkpoint, _: str, modality: int, now: Change) -> None:
    field, text = f"edit{modality}", service.is_text(checkpoint, modality)
    most = 1.0 if text else edits.MOST_NOISE
    st.slider(
        "Share of words that are lost" if text else "Noise, in standard deviations of each feature",
        0.0,
        most,
        step=0.1,
        **session.bound(
            field,
            key_of("amount", modality),
            min(now.severity, most),
            lambda s: edits.write_change(replace(now, severity=float(s))),
        ),
    )
    again = edits.write_change(replace(now, seed=(now.seed + 1) % 1000))
    st.button(
        "Other noise",
        key=key_of("again", modality),
        icon=":material/casino:",
        on_click=callback(session.change),
        kwargs={field: again},
    )


def _swap(checkpoint: Checkpoint, sample: str, modality: int, now: Change) -> None:
    field = f"edit{modality}"
    truth = table(checkpoint)["y"]
    donors = service.other_samples(checkpoint, sample)
    if now.donor not in donors:
        donors = [now.donor, *donors]
    st.selectbox(
        "Taken from the sample",
        donors,
        format_func=lambda d: f"{d} ({truth[d]})" if d in truth.index else d,
        help="Type to search an id or a class. Of many samples some are listed; any other is found "
        "by its whole id.",
        accept_new_options=True,
        **session.bound(
            field,
            key_of("donor", modality),
            now.donor,
            lambda d: edits.write_change(replace(now, donor=str(d or now.donor).strip())),
        ),
    )


def _rewrite(_checkpoint: Checkpoint, _sample: str, modality: int, now: Change) -> None:
    field = f"edit{modality}"
    st.text_input(
        "The text instead",
        max_chars=120,
        **session.bound(
            field,
            key_of("text", modality),
            now.text,
            lambda t: edits.write_change(replace(now, text=" ".join(t.split()))),
        ),
    )


def _values(checkpoint: Checkpoint, sample: str, modality: int, name: str, now: Change) -> None:
    """The values with their bars, and a field for each; of many for those that are changed, tell
    most, or are searched for."""
    every = features.fields(checkpoint, sample, modality, now)  # type: ignore[arg-type]
    by_row = [field.row for field in every]
    search, most = "", features.MOST
    if len(every) > most:
        search = media_cards.find_feature(len(every), key_of("field", modality))
        most = features.MOST_FIELDS
    shown = features.chosen(by_row, most, search)
    media_cards.table(features.speaking(shown), name, key_of("values", modality))
    found = features.matching(by_row, search)
    st.caption(messages.features_shown(len(shown), found, len(every), search), help=terms.Z_SCORE)
    across = 2
    for start in range(0, len(shown), across):
        columns = st.columns(across, gap="small")
        for column, row in zip(columns, shown[start : start + across], strict=False):
            with column:
                _value(every[row.index], modality, now)
    code = edits.write_change(now)
    if f"edit{modality}" in view.too_long(session.view()):
        widgets.notice(messages.values_too_long(len(code), view.LONGEST_EDIT))


def _value(field: features.Field, modality: int, now: Change) -> None:
    """The field of one feature, and a warning where no training row is like it."""
    index, edit = field.row.index, f"edit{modality}"
    name = plain(one_line(field.row.name, _LETTERS))
    unit = f" ({plain(one_line(field.unit, _LETTERS))})" if field.unit else ""

    def code(value: float | int | None) -> str:
        same = value is None or float(value) == field.original
        return edits.write_change(edits.with_value(now, index, None if same else float(value or 0)))

    if field.categories:
        places = list(range(len(field.categories)))
        place = int(field.value)
        st.selectbox(
            f"{name}{unit}",
            places if place in places else [place, *places],
            format_func=lambda k: one_line(
                field.row.text if k < 0 else field.categories[k], 2 * _LETTERS
            ),
            **session.bound(edit, key_of("value", modality, index), place, code),
        )
    else:
        st.number_input(
            f"{name}{unit}",
            min_value=-edits.LARGEST,
            max_value=edits.LARGEST,
            step=field.step,
            format=field.format,
            **session.bound(edit, key_of("value", modality, index), field.value, code),
        )
    if field.beyond:
        widgets.caution(messages.beyond_training(plain(one_line(field.reach, 2 * _LETTERS))))
    elif field.reach:
        st.caption(messages.training_range(plain(one_line(field.reach, 2 * _LETTERS))))


def _draw(checkpoint: Checkpoint, sample: str, modality: int, name: str, now: Change) -> None:
    """The picture to be drawn on, with what is drawn so far."""
    field = f"edit{modality}"
    picture = service.drawn_on(checkpoint, sample, modality, now)
    if picture is None:
        widgets.notice(messages.cannot_change("This picture cannot be shown."))
        return
    refused = key_of("refused", modality)

    def report(strokes: list[dict[str, Any]]) -> None:
        # What the link holds now, not what this run saw: undo may have come between.
        code = getattr(session.view(), field)
        change, st.session_state[refused] = edits.read_change(code or "draw"), False
        for s in strokes:
            try:
                change = edits.with_stroke(change, s.get("ink"), s.get("width"), s.get("points"))
            except ValueError:
                st.session_state[refused] = True
        session.change(**{field: edits.write_change(change)})

    drawing(
        key_of("drawing", modality),
        picture.png,
        picture.size,
        f"{name}: a picture to draw on",
        # A pixel at least, or there would be nothing to see on a small picture.
        max(4, round(edits.GRID / max(picture.size))),
        report,
    )
    height, width = picture.size
    st.caption(f"{width} x {height} pixels, as the model sees them.")
    if st.session_state.get(refused):
        widgets.notice(messages.drawing_full())
    elif field in view.too_long(session.view()):
        widgets.notice(messages.drawing_too_long(len(edits.write_change(now)), view.LONGEST_EDIT))


def _some_donor(checkpoint: Checkpoint, sample: str) -> str:
    """The next sample of another class: swapping with one of the same class shows little."""
    frame = samples.in_split(table(checkpoint), session.view().split)
    truth = samples.record(checkpoint, sample)["y"]
    others = frame[(frame["y"] != truth)]["id"]
    index = int(frame["id"].searchsorted(sample)) if frame["id"].is_monotonic_increasing else 0
    later = others[others.index.isin(frame["id"].iloc[index:])]
    every = (
        str(i) for ids in (later, others, service.other_samples(checkpoint, sample)) for i in ids
    )
    return next(every, sample)
