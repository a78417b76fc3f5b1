"""Pictures, as the model sees them and as people are shown them."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dmil_core.data.card import MediaSpec
from dmil_core.data.files.budget import Cost
from dmil_core.data.files.decoded import Decoded, file_count
from dmil_core.data.files.limits import DEFAULT, Limits
from dmil_core.data.validate import Issue

#: Endings of the names of pictures that can be read.
PICTURES: Final = (".png", ".jpg", ".jpeg", ".jfif", ".bmp", ".gif", ".webp")
#: Side in pixels of what the model sees of a picture, and of what people are shown.
SEEN, SHOWN = 32, 96
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_FORMATS: Final = ("PNG", "JPEG", "BMP", "GIF", "WEBP")
#: What files of pictures begin with; TIFF is one, though it is not read.
_PICTURE_STARTS: Final = (
    _PNG[:4], b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*",
)  # fmt: skip
#: Highest grey level of 16 bits.
_LEVELS_16: Final = 65535
#: Parts of a PNG without which it looks the same. They are left out because they are packed: a
#: kilobyte of them can take a core a tenth of a second.
_PNG_TEXTS: Final = (b"tEXt", b"zTXt", b"iTXt", b"iCCP")


def is_picture(content: bytes) -> bool:
    """Whether a file begins like a picture."""
    is_bitmap = content[:2] == b"BM" and content[6:10] == bytes(4)  # BM alone may be a word
    return content.startswith(_PICTURE_STARTS) or content[8:12] == b"WEBP" or is_bitmap


def read_picture(content: bytes, limits: Limits = DEFAULT) -> NDArray[np.uint8]:
    """(SHOWN, SHOWN, 3) uint8: a picture in its proportions, with black beside it.

    Transparent parts are white, or black where all else is white too. Grey levels of 16 bits are
    scaled to 8 by their full range.

    Raises ValueError if it is none.
    """
    pixels = _read_picture(content, limits)
    return pixels if pixels.dtype == np.uint8 else _scaled_to_8(pixels)


def _scaled_to_8(levels: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """Grey levels (..., H, W) of 16 bits as colours (..., H, W, 3) of 8."""
    grey = (levels * (255 / _LEVELS_16)).round().astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=-1)


def _read_picture(content: bytes, limits: Limits) -> NDArray[Any]:
    """A picture as (SHOWN, SHOWN, 3) uint8, or, of grey levels of 16 bits, as these levels
    (SHOWN, SHOWN) uint16."""
    from PIL import Image, ImageOps

    picture_size(content, limits)
    try:
        with Image.open(io.BytesIO(_without_texts(content)), formats=_FORMATS) as picture:
            upright = ImageOps.exif_transpose(picture)
            if upright.mode.startswith("I"):
                return _levels(upright)
            fitted = ImageOps.pad(_eight_bits(upright), (SHOWN, SHOWN))
            return np.asarray(fitted.convert("RGB"), dtype=np.uint8)
    except ValueError:
        raise
    except Exception as error:  # decoders raise whatever a damaged file leads them to
        raise ValueError(type(error).__name__) from None


def picture_size(content: bytes, limits: Limits = DEFAULT) -> tuple[int, int]:
    """Width and height of a picture, from its header alone.

    Raises
    ------
    ValueError
        If it is none, or has more pixels than one picture may have.
    """
    from PIL import Image

    try:
        with Image.open(io.BytesIO(_without_texts(content)), formats=_FORMATS) as picture:
            width, height = picture.size
    except Exception as error:  # decoders raise whatever a damaged file leads them to
        raise ValueError(type(error).__name__) from None
    if width * height > limits.pixels or min(width, height) < 1:
        raise ValueError(f"{width} x {height} pixels")
    return width, height


def _without_texts(content: bytes) -> bytes:
    """A PNG without its texts and its colour profile; any other file as it is."""
    if not content.startswith(_PNG) or not any(kind in content for kind in _PNG_TEXTS):
        return content
    kept, position = [_PNG], len(_PNG)
    while len(header := content[position : position + 8]) == 8:
        end = position + 12 + int.from_bytes(header[:4], "big")
        if header[4:] not in _PNG_TEXTS:
            kept.append(content[position:end])
        position = end
    return b"".join(kept)


def _levels(picture: Any) -> NDArray[np.uint16]:
    """(SHOWN, SHOWN) grey levels of a Pillow image of 16 bits, its darkest level beside it."""
    from PIL import Image, ImageOps

    levels = np.asarray(picture).astype(np.float32)
    np.clip(levels, 0, _LEVELS_16, out=levels)
    low, high = int(levels.min()), int(levels.max())
    fitted = ImageOps.pad(Image.fromarray(levels), (SHOWN, SHOWN), color=low)
    # The filter overshoots at edges.
    return np.asarray(fitted).clip(low, high).round().astype(np.uint16)


def _is_deep_colour(content: bytes) -> bool:
    """Whether this is a PNG with 16 bits for each of several channels, of which 8 are read."""
    return content.startswith(_PNG) and content[24:25] == b"\x10" and content[25:26] != b"\0"


def _eight_bits(picture: Any) -> Any:
    """A Pillow image in 8-bit grey or colours, without transparency."""
    from PIL import Image

    if not picture.has_transparency_data:
        # Grey pictures stay grey until they are small: that takes a third of the time.
        return picture.convert("L" if picture.mode in ("1", "L") else "RGB")
    colours = picture.convert("RGBA")

    def over(ground: str) -> Any:
        return Image.alpha_composite(Image.new("RGBA", picture.size, ground), colours)

    result = over("white")
    if all(low == high for low, high in result.getextrema()):
        result = over("black")  # a white drawing
    return result.convert("RGB")


class PictureReader:
    """Pictures of all rows, decoded into one array."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._large: NDArray[np.uint8] = np.empty((0, SHOWN, SHOWN, 3), np.uint8)
        #: Grey levels of 16 bits, and the rows that have some.
        self._levels: NDArray[np.uint16] = np.empty((0, SHOWN, SHOWN), np.uint16)
        self._deep: NDArray[np.bool_] = np.empty(0, np.bool_)
        self._cut: list[int] = []

    def cost(self, content: bytes, rows: int) -> Cost:
        width, height = picture_size(content, self._limits)
        return Cost(pixels=width * height, arrays=rows * 3 * (SHOWN**2 + SEEN**2))

    def begin(self, rows: int) -> None:
        # Memory is taken as rows are written, so that none is for a file that is missing.
        self._large = np.empty((rows, SHOWN, SHOWN, 3), np.uint8)
        self._levels = np.empty((rows, SHOWN, SHOWN), np.uint16)
        self._deep = np.zeros(rows, np.bool_)

    def add(self, content: bytes, rows: list[int]) -> None:
        pixels = _read_picture(content, self._limits)
        if pixels.dtype == np.uint8:
            self._large[rows] = pixels
        else:
            self._levels[rows] = pixels
            self._deep[rows] = True
        if _is_deep_colour(content):
            self._cut += rows

    def decoded(self) -> Decoded:
        if self._deep.all():
            return _grey_levels(self._levels)
        issues = []
        if deep := np.flatnonzero(self._deep).tolist():
            self._large[deep] = _scaled_to_8(self._levels[deep])
            title = f"grey levels of 16 bits in {file_count(len(deep))} of {len(self._deep):,}"
            what = "They are brought to 8 bits, as the others have: save all of them alike."
            issues.append(Issue(title, tuple(deep), "warning", what))
        if self._cut:
            title = f"colours of 16 bits in {file_count(len(self._cut))} of {len(self._deep):,}"
            what = "The upper 8 bits are read. Save dark ones again with 8 bits."
            issues.append(Issue(title, tuple(sorted(self._cut)), "warning", what))
        return replace(_pictures(self._large), issues=tuple(issues))


def _grey_levels(levels: NDArray[np.uint16]) -> Decoded:
    """Pictures of 16-bit grey levels: the model sees the levels, people the range of the set."""
    step = SHOWN // SEEN
    blocks = levels.reshape(len(levels), SEEN, step, SEEN, step)
    small = blocks.mean(axis=(2, 4), dtype=np.float32)
    note = (
        f"Shown with {SHOWN} x {SHOWN} pixels; the model sees {SEEN} x {SEEN}, the grey levels of "
        "16 bits as they are."
    )
    spec = MediaSpec("image", key="pixels", value_range=_range(levels))
    return Decoded(small, (), {"pixels": levels}, spec, "image", note)


def _range(levels: NDArray[Any]) -> tuple[float, float]:
    """Lowest and highest of grey levels, which are shown as black and white."""
    return (float(levels.min()), float(levels.max())) if levels.size else (0.0, 1.0)


def in_range_of(decoded: Decoded, training: NDArray[np.bool_]) -> Decoded:
    """The same input, its grey levels of 16 bits, if it has such, shown in the range of the
    training rows.

    Parameters
    ----------
    training : (N,) which rows these are; where there are none, all rows count.
    """
    if decoded.spec is None or decoded.spec.value_range is None:
        return decoded
    low, high = _range(decoded.media["pixels"][training if training.any() else ...])
    shown = f"Black is level {low:.0f}, white is {high:.0f}, the range of the training rows."
    spec = replace(decoded.spec, value_range=(low, high))
    return replace(decoded, spec=spec, note=f"{decoded.note} {shown}")


def _pictures(large: NDArray[np.uint8]) -> Decoded:
    small = np.stack([_shrunk(i) for i in large])
    if (small == small[..., :1]).all():
        small = small[..., 0]
    note = f"Shown with {SHOWN} x {SHOWN} pixels; the model sees {SEEN} x {SEEN}."
    spec = MediaSpec("image", key="pixels")
    return Decoded(small, (), {"pixels": large}, spec, "image", note)


def _shrunk(picture: NDArray[Any]) -> NDArray[np.uint8]:
    """(SEEN, SEEN, 3) of (SHOWN, SHOWN, 3)."""
    step = SHOWN // SEEN
    small: NDArray[np.uint8] = (
        picture.reshape(SEEN, step, SEEN, step, 3).mean(axis=(1, 3)).round().astype(np.uint8)
    )
    return small
