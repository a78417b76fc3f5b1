"""The raw media of one sample, as the data set describes it."""

from __future__ import annotations

import base64
import io
from collections.abc import Container
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dashboard.services.sample.features import FeatureRow
from dashboard.services.sample.features import rows as feature_rows
from dashboard.services.sample.samples import located
from dashboard.services.store.catalog import Checkpoint, DataProblem, log
from dmil_core.errors import DmilError
from dmil_core.schema import ModalityNumber, modality_numbers

#: Side in pixels that small pictures are scaled up towards, in whole steps so they stay crisp: on
#: the page, and enlarged over the whole window.
SHOWN_SIZE, LARGE_SIZE = 224, 896

#: Of an input that a sample does not have.
LACKING = "This sample lacks this input. The model gets a blank in its place."


@dataclass(frozen=True)
class Picture:
    """A PNG, scaled up by a whole factor without smoothing, to be seen large.

    Attributes
    ----------
    size : height and width before it was scaled up.
    shown_width : pixels it is wide on the page, where it can be enlarged.
    """

    png: bytes
    size: tuple[int, int]
    shown_width: int


@dataclass(frozen=True)
class Sound:
    """A clip in [-1, 1] and what the model hears of it (frames x bands), where there is such."""

    wave: NDArray[np.float32]
    rate: int
    features: NDArray[np.float32] | None


@dataclass(frozen=True)
class Heard:
    """What the model hears (frames x bands), where there is no sound of it to be played."""

    features: NDArray[np.float32]


@dataclass(frozen=True)
class Signal:
    """(T, C) values over time; ``rate`` in Hz, 0 where it is not known."""

    values: NDArray[np.float32]
    channels: tuple[str, ...]
    rate: float
    unit: str


@dataclass(frozen=True)
class Words:
    """A text, to be shown as it is."""

    text: str


@dataclass(frozen=True)
class Numbers:
    """A feature vector.

    Attributes
    ----------
    features : its numbers by name, where they are what the model sees.
    named : whether the data set says what they are called.
    """

    values: NDArray[np.float32]
    label: str
    features: tuple[FeatureRow, ...] = ()
    named: bool = False


@dataclass(frozen=True)
class NoMedia:
    """Why there is nothing to see or hear."""

    reason: str


Media = Picture | Sound | Heard | Signal | Words | Numbers | NoMedia


@dataclass(frozen=True)
class Side:
    """One modality of one sample, ready to be shown.

    ``numbers`` is what the model sees where the media is only what it was computed from, such as
    the features of a picture.
    """

    name: str
    description: str
    media: Media
    numbers: Numbers | None = None


def sides(checkpoint: Checkpoint, sample: str) -> tuple[Side, ...] | DataProblem:
    """Every modality of a sample, or why the data set cannot show them."""
    location = located(checkpoint, sample)
    return location if isinstance(location, DataProblem) else sides_of(*location)


def sides_of(
    data: Any, row: int, as_seen: Container[int] = (), before: tuple[Any, int] | None = None
) -> tuple[Side, ...]:
    """Every modality of a row; of those in ``as_seen`` what the model sees, not the raw media.

    ``before`` is the whole set and the row in it that this one was before a change.
    """
    numbers = modality_numbers(data.modalities)
    return tuple(_side(data, row, m, m in as_seen, before) for m in numbers)


def _side(
    data: Any, row: int, modality: ModalityNumber, as_seen: bool, before: tuple[Any, int] | None
) -> Side:
    about = data.card.modalities[modality - 1]
    lacks = data.lacks(modality) if before is None else None
    if lacks is not None and lacks[row]:
        return Side(about.name, about.description, NoMedia(LACKING))
    features = _features(data, row, modality, about.kind)
    try:
        from dmil_core.data import media as core

        shown = (core.as_seen if as_seen else core.media)(data, row, modality)
    except DmilError as error:
        return Side(about.name, about.description, NoMedia(str(error)))
    except Exception:
        # One unreadable clip must not take the page down; the log has the trace.
        log.exception("media of row %d, modality %d of %s", row, modality, data.name)
        return Side(about.name, about.description, NoMedia("This item could not be read."))
    if as_seen and features is not None:
        return Side(about.name, about.description, Heard(features))
    converted = _convert(shown, features)
    if about.kind != "vector":
        return Side(about.name, about.description, converted)
    numbers = _numbers(data, row, modality, before)
    if isinstance(converted, Numbers) and (as_seen or about.media.file is None):
        return Side(about.name, about.description, numbers)
    return Side(about.name, about.description, converted, numbers)


def _numbers(
    data: Any, row: int, modality: ModalityNumber, before: tuple[Any, int] | None
) -> Numbers:
    """What the model sees of a vector, with the names of its numbers."""
    about, x = data.card.modalities[modality - 1], data.x(modality)[row]
    whole, place = before or (data, row)
    was = whole.x(modality)[place] if before else None
    told = feature_rows(whole, x, modality, was)
    return Numbers(np.asarray(x, np.float32).ravel(), about.name, told, bool(about.columns))


def _features(
    data: Any, row: int, modality: ModalityNumber, kind: str
) -> NDArray[np.float32] | None:
    x = data.x(modality)[row]
    if kind == "audio" and getattr(x, "ndim", 0) == 2:
        return np.asarray(x, dtype=np.float32)
    return None


def _convert(shown: Any, features: NDArray[np.float32] | None) -> Media:
    from dmil_core.data import media as core

    if isinstance(shown, core.ImageMedia):
        return picture(shown.pixels)
    if isinstance(shown, core.AudioMedia):
        return Sound(shown.wave, shown.rate, features)
    if isinstance(shown, core.TextMedia):
        return Words(shown.text)
    if isinstance(shown, core.SignalMedia):
        return Signal(shown.values, shown.channels, shown.rate, shown.unit)
    if isinstance(shown, core.VectorMedia):
        return Numbers(shown.values, shown.label)
    return NoMedia("This kind of item cannot be shown.")


def picture(pixels: NDArray[np.uint8]) -> Picture:
    """Scale small pictures up in whole steps, so that every pixel stays a sharp square."""
    height, width = pixels.shape[:2]
    on_page, large = (max(1, s // max(height, width)) for s in (SHOWN_SIZE, LARGE_SIZE))
    scaled = pixels.repeat(large, axis=0).repeat(large, axis=1)
    return Picture(_png(scaled), (height, width), width * on_page)


def _png(pixels: NDArray[np.uint8]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG")
    return buffer.getvalue()


#: Dark blue to yellow, told apart in grey and by colour-blind readers: colours that lie evenly.
_LOUDNESS = (
    (0, 34, 78), (53, 69, 108), (102, 105, 112), (148, 142, 119), (200, 184, 102), (254, 232, 56),
)  # fmt: skip


def spectrogram(features: NDArray[np.float32]) -> str:
    """Frames x bands as the address of a picture, a pixel each: time to the right, low tones at
    the bottom, loud bright."""
    values = np.nan_to_num(np.asarray(features, dtype=float)).T[::-1]
    level = (values - values.min()) / (np.ptp(values) or 1.0)
    scale = np.linspace(0, 1, len(_LOUDNESS))
    colours = [np.interp(level, scale, [c[i] for c in _LOUDNESS]) for i in range(3)]
    png = _png(np.stack(colours, axis=-1).astype(np.uint8))
    return f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"
