"""Sounds, as they are stored and as the model hears them."""

from __future__ import annotations

import contextlib
import io
import struct
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dmil_core.data.card import MediaSpec
from dmil_core.data.files.budget import Cost
from dmil_core.data.files.decoded import Decoded, file_count
from dmil_core.data.files.limits import DEFAULT, Limits
from dmil_core.data.validate import Issue
from dmil_core.io.reading import brief

#: Endings of the names of sounds that can be read.
SOUNDS: Final = (
    ".wav", ".wave", ".aif", ".aiff", ".aifc", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".au",
    ".snd",
)  # fmt: skip
#: Samples a second that sounds are stored with, in Hz: as on the telephone, like the bundled ones.
RATE: Final = 8000
_WINDOW, _BANDS, _FRAMES = 400, 24, 48
#: Formats of sound files that are read, as people call them.
SOUND_FORMATS: Final = ("WAV", "AIFF", "AU", "FLAC", "OGG", "MP3")
#: Of the formats of samples in WAV, by their tag: what they are called and the bits that are read.
_WAV_BITS: Final = {1: ("integer", (8, 16, 24, 32)), 3: ("floating-point", (32, 64))}
#: Tag of a header that gives the tag further on.
_EXTENSIBLE: Final = 0xFFFE
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

    if not is_sound(content):
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


def is_sound(content: bytes) -> bool:
    """Whether a file begins like one of `SOUND_FORMATS`; libsndfile knows many more, unasked."""
    head = content[:12]
    if head[:4] in (b"RIFF", b"RIFX", b"RF64"):
        return head[8:] == b"WAVE"
    if head[:4] == b"FORM":
        return head[8:] in (b"AIFF", b"AIFC")
    is_mpeg = len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0
    return head[:4] in (b"fLaC", b"OggS", b".snd") or head[:3] == b"ID3" or is_mpeg


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


class SoundReader:
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
        title = f"the channels cancel each other in {file_count(len(self._cancelling))}"
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
