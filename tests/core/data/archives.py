"""Pictures, sounds and archives as a stranger would upload them, made in memory."""

from __future__ import annotations

import io
import struct
import wave
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray
from PIL import Image


def png(width: int = 8, height: int = 6, colour: tuple[int, int, int] = (255, 0, 0)) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(stream, "PNG")
    return stream.getvalue()


def wav(seconds: float = 0.2, rate: int = 16000, width: int = 2, channels: int = 2) -> bytes:
    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(int(seconds * rate)) / rate)
        whole = (tone.repeat(channels) * (2 ** (8 * width - 1) - 1)).astype("<i4")
        raw = whole.view(np.uint8).reshape(-1, 4)[:, :width]
        file.writeframes(((raw + 128) if width == 1 else raw).astype(np.uint8).tobytes())
    return stream.getvalue()


def encoded(samples: NDArray[Any], format: str, subtype: str, rate: int = 16000) -> bytes:
    """A sound file of samples (T,) or (T, C) in any encoding that libsndfile writes."""
    stream = io.BytesIO()
    channels = 1 if samples.ndim == 1 else samples.shape[1]
    with soundfile.SoundFile(stream, "w", rate, channels, subtype, format=format) as file:
        for start in range(0, len(samples), 8192):  # its Vorbis encoder overflows the stack beyond
            file.write(samples[start : start + 8192])
    return stream.getvalue()


def packed(members: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def empty_members(count: int) -> bytes:
    """A .zip of so many empty files, written by hand, since a library takes long for it."""
    local = struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 0, 0, 33, 0, 0, 0, 1, 0) + b"a"
    entry = struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 0, 0, 33, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0)
    directory = (entry + b"a") * count
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 65535, 65535, len(directory), len(local), 0)
    return local + directory + end
