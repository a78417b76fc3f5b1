"""Small pictures of samples for lists: a picture itself, a sound's spectrogram, a signal's curve.

They are made for the rows that are shown and kept for a while; what is text stays text, and of a
table the most telling values are told.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageDraw

from dashboard.services.sample import features
from dashboard.services.sample.samples import source
from dashboard.services.store.catalog import Checkpoint, DataProblem, log
from dmil_core import schema
from dmil_core.errors import DmilError

#: Longest side of a small picture, in pixels; a list's rows are about as high.
SIZE: Final = 48
#: Height of a curve: of the shape of a cell, or its ends would be cut off.
CURVE_HEIGHT: Final = 36
#: Colours of curves that can be seen on light and on dark ground, one per channel.
_CURVES: Final = ("#648FFF", "#DC7A2B", "#35A06B", "#C75B9B")
_COLOURS_KEPT: Final = 32


@dataclass(frozen=True)
class Column:
    """What stands for one modality in a list: for each sample a text, or the address of a picture
    that holds the picture itself; None where there is nothing to show.

    Text is never shown as an address: it could be one, of a stranger's server. ``values`` says of
    texts that they are values by name, a line each.
    """

    text: bool
    cells: tuple[str | None, ...]
    values: bool = False


def columns(checkpoint: Checkpoint, ids: Sequence[str]) -> dict[int, Column]:
    """Modality number to its column; none where the data set cannot be read."""
    data = source(checkpoint)
    if isinstance(data, DataProblem) or checkpoint.run is None:
        return {}
    numbers = schema.modality_numbers(data.modalities)
    key = checkpoint.run.data_source, data.digest, tuple(ids)
    return {m: _column(*key, m, data) for m in numbers}


def of_sample(checkpoint: Checkpoint, sample: str) -> list[tuple[str, str]]:
    """What stands for each modality of one sample: (``text`` or ``picture``, text or address)."""
    return _listed(columns(checkpoint, [sample]).values())


def of_row(data: Any, row: int, with_values: bool = True) -> list[tuple[str, str]]:
    """The same of a row of a data set; without the values of tables if they are not wanted."""
    numbers = schema.modality_numbers(data.modalities)
    shown = [m for m in numbers if with_values or not _is_table(data, m)]
    return _listed(_made(data, [str(data.ids[row])], m) for m in shown)


def _listed(columns: Iterable[Column]) -> list[tuple[str, str]]:
    return [("text" if c.text else "picture", cell) for c in columns for cell in c.cells if cell]


# Of a page of rows each, at most some hundred kilobytes.
@st.cache_resource(max_entries=64, show_spinner=False)
def _column(
    name: str, digest: str, ids: tuple[str, ...], modality: schema.ModalityNumber, _data: Any
) -> Column:
    return _made(_data, ids, modality)


def _made(data: Any, ids: Sequence[str], modality: schema.ModalityNumber) -> Column:
    rows = {sample: row for row, sample in enumerate(data.ids.tolist())}
    values = _is_table(data, modality)
    text = values or data.card.modalities[modality - 1].media.type == "text"
    cells: list[str | None] = []
    for sample in ids:
        thumbnail = _small(data, rows.get(sample), modality)
        if isinstance(thumbnail, str):
            cells.append(thumbnail if text else None)
        else:
            cells.append(None if thumbnail is None or text else uri(thumbnail))
    return Column(text, tuple(cells), values)


def _is_table(data: Any, modality: schema.ModalityNumber) -> bool:
    """Whether an input is shown as the numbers that the model sees."""
    about = data.card.modalities[modality - 1]
    return about.kind == about.media.type == "vector" and about.media.file is None


def _small(data: Any, row: int | None, modality: schema.ModalityNumber) -> str | Image.Image | None:
    from dmil_core.data import media as core

    if row is None or ((lacks := data.lacks(modality)) is not None and lacks[row]):
        return None
    if _is_table(data, modality):
        return features.in_a_list(data, data.x(modality)[row], modality)
    sound = data.card.modalities[modality - 1].kind == "audio"
    try:
        # Of a sound what the model hears: decoding each clip would take too long.
        item = (core.as_seen if sound else core.media)(data, row, modality)
    except DmilError:
        return None
    except Exception:
        log.exception("thumbnail of row %d, modality %d of %s", row, modality, data.name)
        return None
    if isinstance(item, core.TextMedia):
        return item.text
    if isinstance(item, core.ImageMedia):
        return fitted(item.pixels)
    if isinstance(item, core.SignalMedia):
        return curve(item.values)
    wave = item.wave if isinstance(item, core.AudioMedia) else item.values
    return curve(wave[:, None])


def fitted(pixels: NDArray[np.uint8]) -> Image.Image:
    """A picture no larger than `SIZE`: larger ones smoothed, small ones in whole steps."""
    picture = Image.fromarray(pixels)
    factor = SIZE // max(pixels.shape[:2])
    if factor >= 1:
        size = (picture.width * factor, picture.height * factor)
        return picture.resize(size, Image.Resampling.NEAREST)
    picture.thumbnail((SIZE, SIZE))
    return picture


def curve(values: NDArray[Any]) -> Image.Image:
    """(T, C) as lines on transparent ground, all channels on one scale."""
    width, height = SIZE, CURVE_HEIGHT
    picture = Image.new("P", (width, height), 0)
    picture.putpalette([0, 0, 0, *(v for c in _CURVES for v in ImageColor.getrgb(c))])
    picture.info["transparency"] = 0
    finite = np.nan_to_num(np.asarray(values, dtype=np.float64), posinf=0.0, neginf=0.0)
    if not finite.size:
        return picture
    # Two places a pixel are enough.
    some = finite[np.linspace(0, len(finite) - 1, min(len(finite), 2 * width)).round().astype(int)]
    low, high = float(some.min()), float(some.max())
    y = (height - 3) * (1 - (some - low) / ((high - low) or 1.0)) + 1
    x = np.linspace(1, width - 2, len(some))
    draw = ImageDraw.Draw(picture)
    for channel in reversed(range(min(some.shape[1], len(_CURVES)))):
        points = list(zip(x.tolist(), y[:, channel].tolist(), strict=True))
        draw.line(points, fill=1 + channel, width=2)
    return picture


def uri(picture: Image.Image) -> str:
    """A PNG of few colours, which is a third of the size, inside its own address."""
    buffer = io.BytesIO()
    if picture.mode == "L":
        picture = picture.point([round(v / 17) * 17 for v in range(256)])
    elif picture.mode == "RGB":
        picture = picture.quantize(_COLOURS_KEPT)
    elif picture.mode == "RGBA":
        picture = picture.quantize(_COLOURS_KEPT, method=Image.Quantize.FASTOCTREE)
    picture.save(buffer, format="PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
