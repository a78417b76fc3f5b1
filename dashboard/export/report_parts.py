"""What a report shows of one sample: its media as data addresses, its figures as SVG."""

from __future__ import annotations

import base64
import io
import re
import wave
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from dashboard.figures import features as feature_figures
from dashboard.figures import sample as figures
from dashboard.figures import svg
from dashboard.figures.bars import Bars, draw
from dashboard.figures.sample import signed
from dashboard.services.sample import features, information, media, samples
from dashboard.services.store.catalog import Checkpoint, DataProblem
from dashboard.text import messages, terms


@dataclass(frozen=True)
class Part:
    """A figure with its heading and what is to be said of it."""

    title: str
    drawing: Markup
    lines: tuple[str | Markup, ...] = ()


@dataclass
class Room:
    """What is left of the bytes for media, and how many media found no room."""

    left: int
    left_out: int = 0

    def uri(self, content: bytes, kind: str) -> str:
        """The content as an address; empty where there is no room for it."""
        return self.kept(f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}")

    def kept(self, address: str) -> str:
        """An address that holds its content; empty where there is no room for it."""
        if len(address) > self.left:
            self.left_out += 1
            return ""
        self.left -= len(address)
        return address


# --- media ----------------------------------------------------------------------------------


def sides(checkpoint: Checkpoint, sample: str, room: Room) -> list[dict[str, Any]]:
    """Each input of a sample as the template shows it."""
    sides = media.sides(checkpoint, sample)
    if isinstance(sides, DataProblem):
        nothing = {"name": "Inputs", "description": "", "features": None}
        nothing |= _nothing(sides.message)
        return [nothing]
    return [
        {
            "name": s.name,
            "description": s.description,
            **_shown(s.media, s.name, room),
            "features": _features(s.media if s.numbers is None else s.numbers, s.name),
        }
        for s in sides
    ]


def _nothing(reason: str = "") -> dict[str, Any]:
    return {
        "picture": "", "sound": "", "text": None, "drawing": Markup(), "missing": reason, "alt": "",
    }  # fmt: skip


def _shown(item: media.Media, name: str, room: Room) -> dict[str, Any]:
    side = _nothing()
    if isinstance(item, media.Picture):
        side |= {"picture": room.uri(item.png, "image/png"), "alt": f"{name} of this sample"}
    elif isinstance(item, media.Sound):
        side["sound"] = room.uri(_wav(item), "audio/wav")
        if item.features is not None:
            side |= _spectrogram(item.features, room)
    elif isinstance(item, media.Heard):
        side |= _spectrogram(item.features, room)
    elif isinstance(item, media.Signal):
        side["drawing"] = Markup(
            svg.signal(item.values, item.channels, f"{name} over time", item.rate)
        )
    elif isinstance(item, media.Words):
        side["text"] = item.text
    elif isinstance(item, media.Numbers) and not item.features:
        alt = f"{name}: {len(item.values)} features in their order"
        side["drawing"] = Markup(svg.vector(item.values, alt))
    elif isinstance(item, media.NoMedia):
        side["missing"] = item.reason
    lost = isinstance(item, media.Picture | media.Sound) and not (side["picture"] or side["sound"])
    return side | ({"missing": "Left out: this report is full."} if lost else {})


def _features(item: media.Media, name: str) -> dict[str, Any] | None:
    """The features with their values, of many the most telling; None where there are none."""
    if not isinstance(item, media.Numbers) or not item.features:
        return None
    every = features.speaking(item.features)
    rows = features.chosen(every, features.MOST)
    alt = f"{name}: features by name, with their values"
    said = messages.features_shown(len(rows), len(every), len(every), "")
    return {"drawing": Markup(feature_figures.table(rows, alt)), "said": said}


def _wav(sound: media.Sound) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sound.rate)
        samples_ = np.clip(np.nan_to_num(sound.wave).ravel(), -1, 1)
        file.writeframes((samples_ * 32767).astype("<i2").tobytes())
    return buffer.getvalue()


def _spectrogram(features: Any, room: Room) -> dict[str, Any]:
    alt = "Spectrogram: loudness (bright) of each pitch over time"
    address = room.kept(media.spectrogram(features))
    return {"drawing": Markup(svg.raster(address, "time", "pitch", alt))} if address else {}


# --- figures --------------------------------------------------------------------------------


def drawn(rows: Bars, title: str) -> Markup:
    """Rows of bars, with all that they say in words for those who cannot see them."""
    texts = (f"{row.letter} {row.words}".strip() + f" {row.text}" for row in rows.rows)
    return Markup(draw(rows, f"{title}: {', '.join(texts)}"))


def _names(checkpoint: Checkpoint) -> dict[str, str]:
    return terms.component_names(samples.modality_names(checkpoint))


def gate_bars(weights: pd.DataFrame, checkpoint: Checkpoint) -> Markup:
    """Bars of gate weights, columns component and weight."""
    return drawn(figures.gate_bars(weights, _names(checkpoint)), "Gate weights")


def decomposed(checkpoint: Checkpoint, sample: str) -> list[Part]:
    """The gate and the waterfall; nothing of a model that does not decompose."""
    weights = samples.gates(checkpoint, sample)
    answer = str(samples.record(checkpoint, sample)["pred"])
    split = samples.decomposition(checkpoint, sample, answer)
    if weights.empty or split is None:
        return []
    share = samples.explained(checkpoint, sample)
    explained = () if share is None else (marked(messages.explained(share)),)
    rows = figures.waterfall(split.parts, split.stored, _names(checkpoint), "score")
    sum_ = " + ".join(f"{c} ({signed(v)})" for c, v in split.parts.items())
    identity = (
        f"{sum_} = {signed(split.total)} bits, the model's score of {answer} "
        f"({signed(split.stored)}; difference {abs(split.total - split.stored):.0e})."
    )
    return [
        Part("Gate weights", gate_bars(weights, checkpoint), explained),
        Part("How the logit adds up", drawn(rows, "Contributions in bits"), (identity,)),
    ]


def information_of(checkpoint: Checkpoint, sample: str, definition: str) -> list[Part]:
    """Information of the inputs about the true class; nothing where it cannot be estimated."""
    names = samples.modality_names(checkpoint)
    able = information.estimators(checkpoint) if len(names) == 2 else ()
    pointwise = information.of_sample(checkpoint, sample, definition, able[0]) if able else None
    if pointwise is None:
        return []
    rows = figures.information(pointwise.parts, pointwise.exact_parts, _names(checkpoint))
    bits = {name: signed(value) for name, value in pointwise.values.items()}
    external = checkpoint.run is not None and checkpoint.run.external
    estimator = terms.estimators(checkpoint.model, external)[able[0]]
    lines = [
        f"{names[0]} alone: {bits['i1']} bits = r ({bits['r']}) + u1 ({bits['u1']}). "
        f"{names[1]} alone: {bits['i2']} bits = r ({bits['r']}) + u2 ({bits['u2']}). Both "
        f"together: {bits['i12']} bits = r ({bits['r']}) + u1 ({bits['u1']}) + u2 ({bits['u2']}) "
        f"+ s ({bits['s']}).",
        f"Estimator: {estimator}. Redundancy measure: {terms.DEFINITIONS[definition]}.",
    ]
    if pointwise.exact_parts:
        lines.append("Rings: exact values, from the distribution that made this data set.")
    if pointwise.seen:
        lines.append("The model was trained on this sample, so its heads know it too well.")
    drawing = drawn(rows, "Information about the true class, in bits")
    return [Part("Information about the true class", drawing, (*lines,))]


def marked(text: str) -> Markup:
    """Our own texts: **bold** and `code` of their Markdown, all else literally."""
    parts = re.split(r"\*\*(.+?)\*\*|`(.+?)`", text)
    made = Markup()
    for i in range(0, len(parts), 3):
        made += parts[i]
        if i + 1 < len(parts):
            bold, code = parts[i + 1 : i + 3]
            made += Markup("<strong>{}</strong>").format(bold) if bold else Markup()
            made += Markup("<code>{}</code>").format(code) if code else Markup()
    return made
