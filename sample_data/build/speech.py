"""Spoken digits: synthesis with espeak-ng and flite, noise, mu-law bytes and log-mel
features.

Needs the Debian packages espeak-ng and flite. Waves are float64 in [-1, 1] at 8 kHz.
"""

from __future__ import annotations

import io
import subprocess
import tempfile
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.signal import resample_poly

RATE = 8000
#: Longest clip (s); what is shorter is padded with silence for the features only.
SECONDS = 0.75
FRAMES = BANDS = 24
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

_ESPEAK_ACCENTS = (
    "en-gb",
    "en-us",
    "en-gb-scotland",
    "en-gb-x-gbclan",
    "en-gb-x-rp",
    "en-gb-x-gbcwmd",
    "en-029",
    "en-us-nyc",
)
_ESPEAK_TIMBRES = ("m1", "m2", "m3", "m4", "m7", "m8", "f1", "f2", "f3", "f4", "f5")
_FLITE_VOICES = ("kal", "awb", "rms", "slt")
#: Share of the clips that flite speaks.
_FLITE_SHARE = 0.3


@dataclass(frozen=True)
class Voice:
    """One way of saying a word; ``tempo`` 1 is the voice's own speed, ``pitch`` is 0 to 99."""

    engine: str
    name: str
    tempo: float
    pitch: int


def draw_voice(rng: np.random.Generator) -> Voice:
    """Draw engine, voice, tempo and pitch."""
    tempo = float(np.round(rng.uniform(0.8, 1.35), 3))
    pitch = int(rng.integers(15, 85))
    if rng.random() < _FLITE_SHARE:
        return Voice("flite", str(rng.choice(_FLITE_VOICES)), tempo, pitch)
    name = f"{rng.choice(_ESPEAK_ACCENTS)}+{rng.choice(_ESPEAK_TIMBRES)}"
    return Voice("espeak-ng", name, tempo, pitch)


def speak(word: str, voice: Voice) -> np.ndarray:
    """Return the word as a wave (T,), silence trimmed, peak 0.7, at most ``SECONDS`` long."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "word.wav"
        subprocess.run(_command(word, voice, path), check=True, capture_output=True)
        sound, rate = _read_wave(path.read_bytes())
    common = int(np.gcd(rate, RATE))
    clip = _trim(resample_poly(sound, RATE // common, rate // common))
    return 0.7 * clip / np.abs(clip).max()


def _command(word: str, voice: Voice, path: Path) -> list[str]:
    if voice.engine == "espeak-ng":
        speed = str(round(175 * voice.tempo))
        settings = ["-v", voice.name, "-s", speed, "-p", str(voice.pitch)]
        return ["espeak-ng", *settings, "-w", str(path), word]
    stretch = f"duration_stretch={1 / voice.tempo:.4f}"
    # Only kal follows the target; the other three keep the pitch they were recorded with.
    target = f"int_f0_target_mean={80 + voice.pitch}"
    settings = ["-voice", voice.name, "--setf", stretch, "--setf", target]
    return ["flite", *settings, "-t", word, "-o", str(path)]


def _read_wave(content: bytes) -> tuple[np.ndarray, int]:
    with wave.open(io.BytesIO(content)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
        return samples / 32768.0, file.getframerate()


def _trim(clip: np.ndarray) -> np.ndarray:
    """Cut what is 35 dB under the peak at both ends, keep 10 ms of margin, fade the last 10 ms."""
    margin = RATE // 100
    loud = np.flatnonzero(np.abs(clip) > np.abs(clip).max() * 10 ** (-35 / 20))
    clip = clip[max(loud[0] - margin, 0) : loud[-1] + margin][: int(SECONDS * RATE)].copy()
    clip[-margin:] *= np.linspace(1, 0, margin)
    return clip


def add_noise(clip: np.ndarray, snr: float, tilt: float, rng: np.random.Generator) -> np.ndarray:
    """Add noise of spectral density 1/f^tilt at ``snr`` dB; the mixture has peak 0.5."""
    spectrum = np.fft.rfft(rng.standard_normal(len(clip)))
    hertz = np.fft.rfftfreq(len(clip), 1 / RATE)
    # Below 100 Hz a small speaker is mute: noise there would only eat the level.
    noise = np.fft.irfft(spectrum * np.maximum(hertz, 100) ** (-tilt / 2), len(clip))
    level = np.sqrt((clip**2).mean() / (noise**2).mean()) * 10 ** (-snr / 20)
    mixture = clip + level * noise
    return 0.5 * mixture / np.abs(mixture).max()


def encode(clip: np.ndarray) -> np.ndarray:
    """Return mu-law bytes (T,) uint8, the inverse of
    ``dmil_core.data.media.mulaw_decode``."""
    squeezed = np.sign(clip) * np.log1p(255 * np.abs(np.clip(clip, -1, 1))) / np.log(256)
    return np.rint((squeezed + 1) * 127.5).astype(np.uint8)


def logmel(clip: np.ndarray) -> np.ndarray:
    """Return natural-log mel energies (24, 24) float16: frames of 31 ms x bands, 60 to 3900 Hz.

    Rounded to 1/16, far below what separates two sounds, so that the array packs well and small
    differences between processors do not show.
    """
    hop, window = int(SECONDS * RATE) // FRAMES, 400
    padded = np.zeros((FRAMES - 1) * hop + window)
    padded[: len(clip)] = clip[: len(padded)]
    starts = np.arange(FRAMES)[:, None] * hop + np.arange(window)
    power = np.abs(np.fft.rfft(padded[starts] * np.hanning(window), 512)) ** 2
    energy = power @ _mel_bands().T
    return (np.rint(np.log(energy + 1e-3) * 16) / 16).astype(np.float16)


def _mel_bands() -> np.ndarray:
    """Triangles (24, 257) at equal steps on the mel scale."""
    edges = np.linspace(2595 * np.log10(1 + 60 / 700), 2595 * np.log10(1 + 3900 / 700), BANDS + 2)
    low, peak, high = (700 * (10 ** (edges[i : BANDS + i, None] / 2595) - 1) for i in range(3))
    hertz = np.fft.rfftfreq(512, 1 / RATE)
    rising, falling = (hertz - low) / (peak - low), (high - hertz) / (high - peak)
    return np.maximum(0, np.minimum(rising, falling))
