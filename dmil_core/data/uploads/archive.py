"""Pictures and sounds from a stranger: found by the names that a table gives, and decoded.

What they lie in, a .zip, a folder or the cells of a column, is `dmil_core.data.files.members`.
"""

from __future__ import annotations

import contextlib
import io
import re
import struct
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, Final, Literal
from urllib.parse import unquote

import numpy as np
from numpy.typing import NDArray

from dmil_core.data.card import MediaSpec
from dmil_core.data.files.members import GivenMembers, Members, ZipMembers
from dmil_core.data.uploads.budget import Account, Cost, unshared
from dmil_core.data.uploads.limits import DEFAULT, MIB, Limits
from dmil_core.data.validate import Issue
from dmil_core.io.reading import brief
from dmil_core.schema import Kind

#: Endings of the names of files that can be read.
PICTURES: Final = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")
SOUNDS: Final = (".wav", ".wave", ".aif", ".aiff", ".flac", ".ogg", ".oga", ".opus", ".mp3")
#: Side in pixels of what the model sees of a picture, and of what people are shown.
SEEN, SHOWN = 32, 96
#: Samples a second that sounds are stored with, in Hz: as on the telephone, like the bundled ones.
RATE: Final = 8000
_WINDOW, _BANDS, _FRAMES = 400, 24, 48
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_FORMATS: Final = ("PNG", "JPEG", "BMP", "GIF", "WEBP")
#: What files of pictures begin with; TIFF is one, though it is not read.
_PICTURE_STARTS: Final = (
    _PNG[:4], b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*",
)  # fmt: skip
#: Highest grey level of 16 bits.
_LEVELS_16: Final = 65535
#: Formats of sound files that are read, as people call them.
SOUND_FORMATS: Final = ("WAV", "AIFF", "FLAC", "OGG", "MP3")
#: Of the formats of samples in WAV, by their tag: what they are called and the bits that are read.
_WAV_BITS: Final = {1: ("integer", (8, 16, 24, 32)), 3: ("floating-point", (32, 64))}
#: Tag of a header that gives the tag further on.
_EXTENSIBLE: Final = 0xFFFE
#: Formats to save files again in, which nearly every program writes.
_ADVISED: Final = {"pictures": "PNG or JPEG", "sounds": "WAV or FLAC"}
_SMALLER: Final = {
    "pictures": f"Make the pictures smaller (the model sees {SEEN} x {SEEN} pixels), or use fewer.",
    "sounds": f"Store the sounds in mono at {RATE:,} Hz, make them shorter, or use fewer.",
}
#: Parts of a path that are compared with a name in a table, from the end.
_MOST_PARTS: Final = 6
#: Parts of a PNG without which it looks the same. They are left out because they are packed: a
#: kilobyte of them can take a core a tenth of a second.
_PNG_TEXTS: Final = (b"tEXt", b"zTXt", b"iTXt", b"iCCP")
#: Largest part of a ratio of two rates: 44.1 kHz to 8 kHz is 80 / 441. A filter for 199,999 Hz
#: itself would take four million numbers; 1 / 25 is as good to the ear.
_RATIO: Final = 500
#: Frames that are decoded at once: sixteen channels of them take 8 MiB.
_BLOCK: Final = 2**16
#: Largest sample that loud but proper floating-point or decoded samples have; full scale is 1.
_HIGHEST_PEAK: Final = 16.0
#: Largest 16-bit sample of a sound in which nothing can be heard, but perhaps rounding.
_SILENT: Final = 1
#: A mean of channels below this part of the loudest one is nothing but their difference.
_CANCELLED: Final = 1e-3


@dataclass(frozen=True, eq=False)
class Decoded:
    """One input: its array, what is wrong with it, and raw media to be stored beside it."""

    values: NDArray[Any]
    issues: tuple[Issue, ...] = ()
    media: dict[str, NDArray[Any]] = field(default_factory=dict)
    spec: MediaSpec | None = None
    kind: Kind | None = None
    note: str = ""


class Files:
    """Pictures and sounds by name: of a .zip, a .tar, a folder, or the cells of a column.

    Parameters
    ----------
    content : the bytes of a .zip, or anything that holds files.

    Raises
    ------
    DataError
        If it is no .zip, or anything in it is not a plain file of the size that is allowed.
    """

    def __init__(self, content: bytes | Members, limits: Limits = DEFAULT) -> None:
        #: What holds the files.
        self.members = ZipMembers(content, limits) if isinstance(content, bytes) else content
        self._paths = {_plain(name): name for name in self.members.sizes}
        #: By the last parts of the path, and by these without its ending: in lower case. Of many
        #: with the same two are enough to see that there are several.
        self._by_end: dict[str, list[str]] = {}
        self._by_stem: dict[str, list[str]] = {}
        for path in self._paths:
            if not is_clutter(path):
                for index, plain in ((self._by_end, path), (self._by_stem, _without_ending(path))):
                    for end in _ends(plain):
                        if len(same := index.setdefault(end, [])) < 2:
                            same.append(path)
        self._limits = limits
        #: What was decoded for an input last: its key, what it cost, the result.
        self._decoded: dict[str, tuple[object, Cost, Decoded]] = {}

    @classmethod
    def of_folder(cls, files: Sequence[tuple[str, bytes]], limits: Limits = DEFAULT) -> Files:
        """The files of a folder with their paths as a browser gives them, below its own name.

        Raises
        ------
        DataError
            As for a .zip with these members.
        """
        contents = {path.split("/", 1)[-1]: content for path, content in files}
        return cls(GivenMembers(contents, limits), limits)

    def __len__(self) -> int:
        return len(self._paths)

    def read(self, name: str) -> bytes:
        """Content of the member that :meth:`find` gives for this name.

        Raises
        ------
        KeyError
            If there is none.
        ValueError
            If it is damaged, or larger than it says or may be.
        """
        path = self.find(name)
        if path is None:
            raise KeyError(name)
        most = self._limits.file_mib * MIB
        try:
            content = self.members.read(self._paths[path], most)
        except Exception as error:  # zipfile raises whatever a damaged member leads it to
            raise ValueError(brief(error)) from None
        if len(content) > most:
            raise ValueError(f"larger than {self._limits.file_mib} MiB")
        return content

    def find(self, name: str) -> str | None:
        """The member with this path; else the one whose path ends most like it; None if there is
        none, or several end alike.

        Folders that only one of the two has do not count, nor capital letters, nor the query of an
        address; a name without an ending means the only file with that name.
        """
        path = _plain(name)
        if path in self._paths:
            return path
        for index in (self._by_end, self._by_stem):
            # The longest end that any member has.
            same = next((index[end] for end in reversed(_ends(path)) if end in index), None)
            if same is not None:
                return same[0] if len(same) == 1 else None
        return None

    def find_all(self, names: Sequence[str]) -> list[str | None]:
        """The member of each name, as :meth:`find`.

        Where two names have found one member and their folders differ, only the one that fits is
        kept: of ``even/1.png`` and ``odd/1.png`` one would else be shown in place of the other.
        """
        found = {name: self.find(name) for name in dict.fromkeys(names)}
        seekers: dict[str, list[str]] = {}
        for name, path in found.items():
            if path is not None:
                seekers.setdefault(path, []).append(name)
        for path, several in seekers.items():
            if len(several) > 1:
                shared = {name: _shared_ending(_plain(name), path) for name in several}
                most = max(shared.values())
                found.update({name: None for name, n in shared.items() if n < most})
        return [found[name] for name in names]

    def decode(
        self, names: Sequence[str], kind: str, limits: Limits = DEFAULT,
        account: Account | None = None, part: str = "the files",
    ) -> Decoded:  # fmt: skip
        """The files of all rows as one input; every file that cannot be read is reported.

        The headers of all files are read before the first one is decoded. A file that several rows
        name is decoded once.

        Parameters
        ----------
        names : of the files, one for each row.
        kind : "pictures" or "sounds".
        account, part : what is charged for decoding and keeping them, and under which name.

        Raises
        ------
        BudgetError
            If there are too many pixels, samples or bytes; then nothing was decoded.
        """
        account = unshared(limits) if account is None else account
        key = (kind, tuple(names), limits)
        if part in self._decoded and self._decoded[part][0] == key:
            # Another choice of other inputs, or a title, is no reason to decode all of it again.
            _, cost, decoded = self._decoded[part]
            account.charge(part, cost, _SMALLER[kind])
            return decoded
        self._decoded.pop(part, None)
        reader = _PictureReader(limits) if kind == "pictures" else _SoundReader(limits)
        rows_of: dict[str, list[int]] = {}
        missing: list[int] = []
        empty: list[int] = []
        for row, (name, path) in enumerate(zip(names, self.find_all(names), strict=True)):
            if path is not None:
                rows_of.setdefault(path, []).append(row)
            else:
                (missing if name.strip() else empty).append(row)
        damaged: dict[str, str] = {}
        cost = Cost()
        for path, rows in rows_of.items():
            try:
                cost += reader.cost(self.read(path), len(rows))
            except ValueError as error:
                damaged[path] = str(error)[:100]
        account.charge(part, cost, _SMALLER[kind])
        reader.begin(len(names))
        for path, rows in rows_of.items():
            if path not in damaged:
                try:
                    reader.add(self.read(path), rows)
                except ValueError as error:
                    damaged[path] = str(error)[:100]
        issues = []
        if missing:
            shown = names[missing[0]][:60]
            issues.append(
                Issue(
                    f"not among the files: {_files(len(missing))}, such as {shown!r}",
                    tuple(missing), "error", "Add them, or correct the names in the table.",
                )
            )  # fmt: skip
        if empty:
            title = f"rows without {kind}: {len(empty):,}"
            what = "Add the files, or drop these rows."
            issues.append(Issue(title, tuple(empty), "error", what))
        if damaged:
            wrong = sorted((row, damaged[path]) for path in damaged for row in rows_of[path])
            issues.append(
                Issue(
                    f"not readable as {kind}: {_files(len(wrong))} ({wrong[0][1]})",
                    tuple(row for row, _ in wrong),
                    "error", f"Save them again as {_ADVISED[kind]}, or drop these rows.",
                )
            )  # fmt: skip
        if issues:
            account.release(part)
            return Decoded(np.asarray(names, dtype=np.str_), tuple(issues))
        decoded = reader.decoded()
        self._decoded[part] = (key, cost, decoded)
        return decoded

    def forget_all_but(self, parts: Collection[str]) -> None:
        """Keep of what was decoded only these inputs."""
        for part in self._decoded.keys() - set(parts):
            del self._decoded[part]


def media_kind(content: bytes) -> Literal["", "pictures", "sounds"]:
    """What a file is by its first bytes; empty where it is neither a picture nor a sound."""
    is_bitmap = content[:2] == b"BM" and content[6:10] == bytes(4)  # BM alone may be a word
    if content.startswith(_PICTURE_STARTS) or content[8:12] == b"WEBP" or is_bitmap:
        return "pictures"
    return "sounds" if _is_sound(content) else ""


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count:,} files"


def _plain(name: str) -> str:
    """A path with single slashes and composed letters, without what an address has around it."""
    path = name.strip().replace("\\", "/")
    if "://" in path:
        path = unquote(re.split("[?#]", path, maxsplit=1)[0].split("://", 1)[1])
    parts = [part for part in path.split("/") if part not in ("", ".")]
    return unicodedata.normalize("NFC", "/".join(parts))


def _ends(path: str) -> list[str]:
    """The last part of a path, its last two parts, and so on, in lower case."""
    parts = path.lower().split("/")
    return ["/".join(parts[-n:]) for n in range(1, min(len(parts), _MOST_PARTS) + 1)]


def _without_ending(path: str) -> str:
    folder, slash, base = path.rpartition("/")
    return folder + slash + (base.rpartition(".")[0] or base)


def _shared_ending(a: str, b: str) -> int:
    """How many of their last parts two paths have in common."""
    ends = set(_ends(b))
    return sum(end in ends for end in _ends(a))


def _base(name: str) -> str:
    return name.replace("\\", "/").rsplit("/", 1)[-1]


def is_clutter(name: str) -> bool:
    """What some systems add beside the files."""
    return name.startswith("__MACOSX/") or _base(name).startswith(".")


# --- pictures --------------------------------------------------------------------------------


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


class _PictureReader:
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
            title = f"grey levels of 16 bits in {_files(len(deep))} of {len(self._deep):,}"
            what = "They are brought to 8 bits, as the others have: save all of them alike."
            issues.append(Issue(title, tuple(deep), "warning", what))
        if self._cut:
            title = f"colours of 16 bits in {_files(len(self._cut))} of {len(self._deep):,}"
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


# --- sounds ----------------------------------------------------------------------------------


def read_sound(content: bytes, limits: Limits = DEFAULT) -> NDArray[np.int16]:
    """Decode a sound file: samples (T,) at `RATE`, the mean of its channels, or, where they cancel
    each other, the loudest of them.

    WAV (integer, floating-point, A-law, mu-law and ADPCM samples, with or without the extensible
    header), AIFF, FLAC, OGG (Vorbis, Opus) and MP3 are read.

    Parameters
    ----------
    content : the bytes of the file.
    limits : the length is compared with ``seconds`` before anything is decoded, and decoding stops
        there in any case: a header can lie.

    Raises
    ------
    ValueError
        If it is no such file, is damaged, too long, or has no samples that could be heard as they
        are stored.
    """
    return _read_sound(content, limits)[0]


def _read_sound(content: bytes, limits: Limits) -> tuple[NDArray[np.int16], bool]:
    """The same, and whether the channels cancel each other."""
    from scipy.signal import resample_poly

    with _opened(content) as file:
        rate = file.samplerate
        _check_header(file.channels, rate, file.frames, limits)
        mono, cancel = _mono(file, int(limits.seconds * rate), limits)
    ratio = Fraction(RATE, rate).limit_denominator(_RATIO)
    resampled = resample_poly(mono, ratio.numerator, ratio.denominator)
    return (np.clip(resampled, -1, 1) * 32767).round().astype(np.int16), cancel


def sound_length(content: bytes, limits: Limits = DEFAULT) -> tuple[int, int, int]:
    """Frames, channels and rate (Hz) of a sound, from its header; nothing is decoded.

    Raises
    ------
    ValueError
        If it is no such file, or longer than one sound may be.
    """
    with _opened(content) as file:
        _check_header(file.channels, file.samplerate, file.frames, limits)
        return file.frames, file.channels, file.samplerate


@contextlib.contextmanager
def _opened(content: bytes) -> Iterator[Any]:
    """A sound file to read from; whatever its decoder says of it becomes a ValueError."""
    import soundfile

    if not _is_sound(content):
        raise ValueError(f"none of {', '.join(SOUND_FORMATS)}")
    try:
        with soundfile.SoundFile(_Stream(content)) as file:
            yield file
    except ValueError:
        raise
    except Exception as error:  # a format without a name is a KeyError, for one
        says = getattr(error, "error_string", brief(error))
        raise ValueError(_unread_wav(content) or f"damaged: {says}") from None


def _unread_wav(content: bytes) -> str:
    """What a WAV file holds, where these are samples that cannot be read; else empty."""
    start = content.find(b"fmt ") + 8
    if content[:4] != b"RIFF" or start < 8 or len(content) < start + 16:
        return ""
    tag, _, _, _, _, bits = struct.unpack_from("<HHIIHH", content, start)
    if tag == _EXTENSIBLE and len(content) >= start + 26:
        (tag,) = struct.unpack_from("<H", content, start + 24)
    if tag not in _WAV_BITS or bits in _WAV_BITS[tag][1]:
        return ""
    kind, known = _WAV_BITS[tag]
    return f"WAV with {bits}-bit {kind} samples, expected {' or '.join(map(str, known))} bits"


class _Stream(io.BytesIO):
    """Bytes to decode; a damaged header that points before their start moves nowhere."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        try:
            return super().seek(offset, whence)
        except ValueError:  # raised into libsndfile it would be a traceback in the server's log
            return self.tell()


def _is_sound(content: bytes) -> bool:
    """Whether a file begins like one of `SOUND_FORMATS`; libsndfile knows many more, unasked."""
    head = content[:12]
    if head[:4] in (b"RIFF", b"RIFX"):
        return head[8:] == b"WAVE"
    if head[:4] == b"FORM":
        return head[8:] in (b"AIFF", b"AIFC")
    is_mpeg = len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0
    return head[:4] in (b"fLaC", b"OggS") or head[:3] == b"ID3" or is_mpeg


def _check_header(channels: int, rate: int, frames: int, limits: Limits) -> None:
    if not 1 <= channels <= 16 or not 1000 <= rate <= 200_000 or frames < 1:
        raise ValueError(f"{channels} channels, {rate} Hz, {frames} samples")
    if frames > limits.seconds * rate:
        raise _too_long(limits)


def _too_long(limits: Limits) -> ValueError:
    return ValueError(f"longer than {limits.seconds:g} seconds")


def _mono(file: Any, most: int, limits: Limits) -> tuple[NDArray[np.float64], bool]:
    """(T,) mean of the channels, full scale 1, of an open file; where they cancel each other, the
    loudest one, and True. Block by block, for the memory."""
    blocks: list[NDArray[np.float64]] = []
    frames, loudest = 0, np.zeros(file.channels)
    while len(samples := file.read(_BLOCK, dtype="float64", always_2d=True)):
        frames += len(samples)
        if frames > most:
            raise _too_long(limits)
        if not np.isfinite(samples).all():
            raise ValueError("samples that are NaN or infinite")
        loudest = np.maximum(loudest, np.abs(samples).max(axis=0))
        blocks.append(samples.mean(axis=1))
    if not blocks:
        raise ValueError("no samples")
    if loudest.max() > _HIGHEST_PEAK:
        raise ValueError(f"samples of up to {loudest.max():.3g}, expected -1 to 1")
    mono = np.concatenate(blocks)
    if np.abs(mono).max() >= _CANCELLED * loudest.max():
        return mono, False
    file.seek(0)
    one, blocks = int(loudest.argmax()), []
    while len(samples := file.read(_BLOCK, dtype="float64", always_2d=True)):
        blocks.append(samples[:, one].copy())
    return np.concatenate(blocks)[:frames], True


class _SoundReader:
    """Sounds of all rows; one that several rows name is decoded once."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._clips: list[NDArray[np.int16]] = []
        self._clip_of: list[int] = []
        self._cancelling: list[int] = []

    def cost(self, content: bytes, rows: int) -> Cost:
        frames, channels, rate = sound_length(content, self._limits)
        stored = 2 * (frames * RATE // rate + 1)
        # Each sound is kept once while it is decoded, and for every row afterwards.
        arrays = (rows + 1) * stored + rows * 4 * _FRAMES * _BANDS
        return Cost(samples=frames * channels, arrays=arrays)

    def begin(self, rows: int) -> None:
        self._clip_of = [0] * rows

    def add(self, content: bytes, rows: list[int]) -> None:
        clip, cancel = _read_sound(content, self._limits)
        self._clips.append(clip)
        self._cancelling += rows if cancel else []
        for row in rows:
            self._clip_of[row] = len(self._clips) - 1

    def decoded(self) -> Decoded:
        decoded = _sounds(self._clips, self._clip_of)
        if not self._cancelling:
            return decoded
        title = f"the channels cancel each other in {_files(len(self._cancelling))}"
        what = "The loudest channel is taken alone."
        issue = Issue(title, tuple(sorted(self._cancelling)), "warning", what)
        return replace(decoded, issues=(issue,))


def _sounds(clips: list[NDArray[np.int16]], clip_of: list[int]) -> Decoded:
    longest = max(len(c) for c in clips)
    # Rounding is no sound: what is silent has the same features everywhere.
    heard = [c if np.abs(c.astype(np.int32)).max() > _SILENT else np.zeros_like(c) for c in clips]
    features = np.stack([logmel(c / 32768.0, longest) for c in heard])[clip_of]
    lengths = np.array([len(c) for c in clips])[clip_of]
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    spec = MediaSpec("audio", key="wave", offset_key="offset", encoding="pcm16", rate=float(RATE))
    note = (
        f"Stored with {RATE} samples a second. The model hears {_FRAMES} moments of {_BANDS} "
        f"pitches in {longest / RATE:.2f} s, silence after shorter ones."
    )
    wave = np.empty(offsets[-1], np.int16)
    for row, clip in enumerate(clip_of):
        wave[offsets[row] : offsets[row + 1]] = clips[clip]
    media = {"wave": wave, "offset": offsets.astype(np.int64)}
    return Decoded(features, (), media, spec, "audio", note)


def logmel(clip: NDArray[Any], length: int) -> NDArray[np.float32]:
    """(_FRAMES, _BANDS) natural-log mel energies, 60 to 3900 Hz, of a clip padded to ``length``."""
    padded = np.zeros(max(length, 1) + _WINDOW)
    padded[: len(clip)] = clip
    starts = np.linspace(0, max(length, 1), _FRAMES).astype(int)[:, None] + np.arange(_WINDOW)
    padded = np.pad(padded, (0, max(0, int(starts.max()) + 1 - len(padded))))
    power = np.abs(np.fft.rfft(padded[starts] * np.hanning(_WINDOW), 512)) ** 2
    energy = power @ _mel_bands().T
    values: NDArray[np.float32] = np.log(energy + 1e-3).astype(np.float32)
    return values


def _mel_bands() -> NDArray[np.float64]:
    """Triangles (_BANDS, 257) at equal steps on the mel scale."""
    lowest, highest = (2595 * np.log10(1 + hertz / 700) for hertz in (60, 3900))
    edges = np.linspace(lowest, highest, _BANDS + 2)
    low, peak, high = (700 * (10 ** (edges[i : _BANDS + i, None] / 2595) - 1) for i in range(3))
    hertz = np.fft.rfftfreq(512, 1 / RATE)
    rising, falling = (hertz - low) / (peak - low), (high - hertz) / (high - peak)
    return np.maximum(0, np.minimum(rising, falling))
