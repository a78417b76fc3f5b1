"""A report of samples in one HTML file that needs nothing else: no server, no network, no script.

The figures are drawn here as SVG, since the server has no Plotly renderer and Plotly's own script
would add 4.8 MB to each report; so the file can forbid scripts altogether.
"""

from __future__ import annotations

import base64
import io
import re
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from dashboard.figures import svg
from dashboard.figures.sample import signed
from dashboard.services import information, media, samples
from dashboard.services.stock import Checkpoint, DataProblem, shown, stock, table
from dashboard.state import View, to_query
from dashboard.text import messages, terms

#: Samples with their media and figures, rows of the list, and bytes of media, at most.
MOST, MOST_ROWS, MOST_MEDIA = 50, 2000, 20_000_000

_TEMPLATES: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "text"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
)


@dataclass(frozen=True)
class Part:
    """A figure with its heading and what is to be said of it."""

    title: str
    drawing: Markup
    lines: tuple[str | Markup, ...] = ()


@dataclass
class _Room:
    """What is left of the bytes for media, and how many media found no room."""

    left: int
    left_out: int = 0

    def uri(self, content: bytes, kind: str) -> str:
        """The content as an address; empty where there is no room for it."""
        if len(content) > self.left:
            self.left_out += 1
            return ""
        self.left -= len(content)
        return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def of_samples(
    found: Checkpoint,
    ids: Sequence[str],
    title: str,
    *,
    note: str = "",
    address: str = "",
    definition: str = "same-sign",
) -> bytes:
    """A report of one or many samples of a checkpoint, as one HTML file in UTF-8.

    Parameters
    ----------
    ids : samples of the checkpoint's table; others are left out, and that is said.
    title, note : what the samples are, and how they were chosen. Shown literally, like every text.
    address : of the Samples page, such as ``https://host/samples``, for links back; else none.
    definition : what counts as shared; see ``state.DEFINITIONS``.

    At most `MOST` samples are shown with their media and figures, `MOST_ROWS` in the list, with at
    most `MOST_MEDIA` bytes of media; the file says what it leaves out.
    """
    known = table(found).index
    wanted = list(dict.fromkeys(str(i) for i in ids))
    kept = [i for i in wanted if i in known]
    others = stock().ready(found.data, found.seed) or (found,)
    room = _Room(MOST_MEDIA)
    entries = [
        {
            **_entry(found, others, sample),
            "anchor": _anchor(number),
            "link": _link(found, sample, address),
            "sides": _sides(found, sample, room),
            "parts": [*_decomposed(found, sample), *_told(found, sample, definition)],
        }
        for number, sample in enumerate(kept[:MOST])
    ]
    page = _TEMPLATES.get_template("report.html.jinja").render(
        title=title,
        lead=_lead(found, len(kept)),
        note=note,
        bounds=_bounds(len(kept), len(wanted) - len(kept), room.left_out),
        model=found.model,
        patterns=Markup(svg.patterns()),
        summary=_summary(found, others, kept) if len(kept) > 1 else None,
        entries=entries,
        definitions=_definitions(),
        identity=_identity(found),
    )
    return page.encode("utf-8")


def _lead(found: Checkpoint, count: int) -> str:
    name = str((found.run.data_card if found.run else {}).get("title") or found.data)
    what = "One sample" if count == 1 else f"{count:,} samples"
    return f"{what} of the data set {name}, as the model {found.model} (seed {found.seed}) sees it."


def _bounds(count: int, unknown: int, no_room: int) -> list[str]:
    said = []
    if count > MOST:
        said.append(f"Only the first {MOST} of {count:,} samples are shown with their inputs.")
    if count > MOST_ROWS:
        said.append(f"The list has the first {MOST_ROWS:,} of {count:,} samples.")
    if unknown:
        said.append(f"{unknown:,} of the samples asked for are not in the model's table.")
    if no_room:
        size = MOST_MEDIA // 1_000_000
        said.append(f"{no_room:,} pictures or sounds are left out: a report holds {size} MB.")
    return said


def _anchor(number: int) -> str:
    return f"sample-{number}" if number < MOST else ""


def _entry(found: Checkpoint, others: Sequence[Checkpoint], sample: str) -> dict[str, Any]:
    """What is said of a sample, and by whom."""
    row = samples.record(found, sample)
    flags = (f.replace("_", " ") for f in samples.flags_of(found, sample))
    known = [f"{row['split']} sample", *flags]
    if row.get("composition") in terms.NAMES:
        known.append(f"true composition {row['composition']}")
    pair = next((c for c in others if c.model == "ensemble"), found)
    said = [*samples.opinions(others, sample), *samples.unimodal(pair, sample)]
    return {
        "id": sample,
        "truth": row["y"],
        "says": row["pred"],
        "sure": f"{row['confidence']:.0%}",
        "verdict": "right" if row["correct"] else "wrong",
        "known": ", ".join(known),
        "opinions": [
            {
                "mark": "✓" if o.correct else "✗",
                "who": o.who,
                "says": o.says,
                "sure": f"{o.probability:.0%}",
                "of_truth": f"{o.of_truth:.0%}",
            }
            for o in said
        ],
    }


def _link(found: Checkpoint, sample: str, address: str) -> str:
    if not address.startswith(("http://", "https://")):
        return ""
    split = str(samples.record(found, sample)["split"])
    view = View(data=found.data, model=found.model, seed=found.seed, split=split, sample=sample)
    return f"{address}?{urlencode(to_query(view))}"


# --- media ----------------------------------------------------------------------------------


def _sides(found: Checkpoint, sample: str, room: _Room) -> list[dict[str, Any]]:
    sides = media.sides(found, sample)
    if isinstance(sides, DataProblem):
        nothing = {"name": "Inputs", "description": "", **_nothing(sides.message)}
        return [nothing]
    return [
        {"name": s.name, "description": s.description, **_shown(s.media, s.name, room)}
        for s in sides
    ]


def _nothing(reason: str = "") -> dict[str, Any]:
    return {
        "picture": "", "sound": "", "text": None, "drawing": Markup(), "missing": reason, "alt": "",
    }  # fmt: skip


def _shown(item: media.Media, name: str, room: _Room) -> dict[str, Any]:
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
        side["drawing"] = Markup(svg.signal(item.values, item.channels, f"{name} over time"))
    elif isinstance(item, media.Words):
        side["text"] = item.text
    elif isinstance(item, media.Numbers):
        alt = f"{name}: {len(item.values)} features in their order"
        side["drawing"] = Markup(svg.vector(item.values, alt))
    else:
        side["missing"] = item.reason
    lost = isinstance(item, media.Picture | media.Sound) and not (side["picture"] or side["sound"])
    return side | ({"missing": "Left out: this report is full."} if lost else {})


def _wav(sound: media.Sound) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sound.rate)
        samples_ = np.clip(np.nan_to_num(sound.wave).ravel(), -1, 1)
        file.writeframes((samples_ * 32767).astype("<i2").tobytes())
    return buffer.getvalue()


def _spectrogram(features: Any, room: _Room) -> dict[str, str]:
    """Frames x bands as a grey picture: time to the right, low tones at the bottom."""
    values = np.nan_to_num(np.asarray(features, dtype=float)).T[::-1]
    grey = (255 * (values - values.min()) / (np.ptp(values) or 1.0)).astype(np.uint8)
    alt = "Spectrogram: loudness (bright) of each pitch over time"
    return {"picture": room.uri(media.picture(grey).png, "image/png"), "alt": alt}


# --- figures --------------------------------------------------------------------------------


def _labels(found: Checkpoint) -> dict[str, str]:
    names = terms.component_names(samples.modality_names(found))
    return {c: f"{c} {name if len(name) <= 20 else name[:19] + '…'}" for c, name in names.items()}


def _gate_bars(weights: Any, labels: dict[str, str]) -> Markup:
    rows = [
        svg.Bar(labels.get(c, c), float(w), f"{w:.0%}", c)
        for c, w in weights[["component", "weight"]].itertuples(index=False)
    ]
    alt = "Gate weights: " + ", ".join(f"{r.label} {r.text}" for r in rows)
    return Markup(svg.bars(rows, alt))


def _decomposed(found: Checkpoint, sample: str) -> list[Part]:
    """The gate and the waterfall; nothing of a model that does not decompose."""
    weights, labels = samples.gates(found, sample), _labels(found)
    answer = str(samples.record(found, sample)["pred"])
    split = samples.decomposition(found, sample, answer)
    if weights.empty or split is None:
        return []
    share = samples.explained(found, sample)
    said = () if share is None else (_marked(messages.explained(share)),)
    rows, start = [], 0.0
    for c, value in split.parts.items():
        rows.append(svg.Bar(labels.get(c, c), value, signed(value), c, start))
        start += value
    rows.append(svg.Bar("score", split.stored, signed(split.stored)))
    sum_ = " + ".join(f"{c} ({signed(v)})" for c, v in split.parts.items())
    alt = "Contributions in bits: " + ", ".join(f"{r.label} {r.text}" for r in rows)
    identity = (
        f"{sum_} = {signed(split.total)} bits, the model's score of {answer} "
        f"({signed(split.stored)}; difference {abs(split.total - split.stored):.0e})."
    )
    return [
        Part("Gate: which component counts", _gate_bars(weights, labels), said),
        Part("How the score comes about", Markup(svg.bars(rows, alt)), (identity,)),
    ]


def _told(found: Checkpoint, sample: str, definition: str) -> list[Part]:
    """What the inputs tell of the true class; nothing where nobody can tell."""
    names = samples.modality_names(found)
    able = information.tellers(found) if len(names) == 2 else ()
    told = information.told(found, sample, definition, able[0]) if able else None
    if told is None:
        return []
    labels = _labels(found)
    exact = told.exact_parts or {}
    rows = [
        svg.Bar(labels[c], v, signed(v) + (f" (exact {signed(exact[c])})" if exact else ""), c)
        for c, v in told.parts.items()
    ]
    alt = "What the inputs tell in bits: " + ", ".join(f"{r.label} {r.text}" for r in rows)
    bits = {name: signed(value) for name, value in told.values.items()}
    teller = {"model": f"the heads of {found.model}", "data": "small networks on the data alone"}
    lines = [
        f"{names[0]} alone: {bits['i1']} bits = r ({bits['r']}) + u1 ({bits['u1']}). "
        f"{names[1]} alone: {bits['i2']} bits = r ({bits['r']}) + u2 ({bits['u2']}). Both "
        f"together: {bits['i12']} bits = r ({bits['r']}) + u1 ({bits['u1']}) + u2 ({bits['u2']}) "
        f"+ s ({bits['s']}).",
        f"Told by {teller[able[0]]}. Counted as shared: {terms.DEFINITIONS[definition]}.",
    ]
    if told.seen:
        lines.append("The model was trained on this sample, so its heads know it too well.")
    return [Part("What the inputs tell of the true class", Markup(svg.bars(rows, alt)), (*lines,))]


# --- the whole ------------------------------------------------------------------------------


def _summary(found: Checkpoint, others: Sequence[Checkpoint], ids: Sequence[str]) -> dict[str, Any]:
    frame = table(found).loc[list(ids)]
    scores = []
    for one in others:
        rows = table(one)
        rows = rows[rows["id"].isin(ids)]
        if len(rows):
            right = f"{rows['correct'].mean():.1%}"
            scores.append({"model": one.model, "right": right, "rows": f"{len(rows):,}"})
    components = [c for c in samples.components(found) if f"gate_{c}" in frame.columns]
    weights = samples.mean_gates_of(frame)
    listed = [
        {
            "mark": "✓" if row["correct"] else "✗",
            "id": row["id"],
            "anchor": _anchor(i),
            "truth": row["y"],
            "says": row["pred"],
            "sure": f"{row['confidence']:.0%}",
            "gates": [f"{row[f'gate_{c}']:.0%}" for c in components],
        }
        for i, (_, row) in enumerate(frame.head(MOST_ROWS).iterrows())
    ]
    return {
        "scores": scores,
        "gate": "" if weights.empty else _gate_bars(weights, _labels(found)),
        "components": components,
        "rows": listed,
    }


def _definitions() -> list[tuple[str, Markup]]:
    words = {
        "Component": terms.COMPONENT,
        "Gate": terms.GATE,
        "Unexplained": terms.EXPLAINED,
        "Contribution": terms.CONTRIBUTION,
        "Bits": terms.BITS,
        "Counted as shared": terms.DEFINITION,
        "One input alone": terms.ALONE,
    }
    return [(name, _marked(text)) for name, text in words.items()]


def _identity(found: Checkpoint) -> list[tuple[str, str]]:
    run = found.run
    if run is None:
        return []
    rows = {
        "Data set": run.data_name,
        "Digest of the data": run.data_digest,
        "Model": f"{found.model}, seed {found.seed}",
        "Checkpoint": shown(found.folder),
        "Weights (SHA-256)": run.weights_sha256,
        "Trained": run.created,
        "Format": str(run.version),
        "Source of the data": str(run.data_card.get("source", "")),
        "Licence of the data": str(run.data_card.get("licence", "")),
    }
    return [(name, value) for name, value in rows.items() if value]


def _marked(text: str) -> Markup:
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
