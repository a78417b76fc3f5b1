"""Rebuild ``avdigits``: handwritten digits (scikit-learn) x the same digits spoken (synthetic).

    python -m sample_data.build.avdigits

Needs the Debian packages espeak-ng and flite; everything else is in requirements.txt. Each of the
1797 images of ``sklearn.datasets.load_digits`` gets one clip of its own, no voice setting twice for
a digit. 40 % of the images and, independently, 40 % of the clips are corrupted.

audio.npz holds what the model hears in rows 0 to 1796; behind them lie the clean takes of the
corrupted clips, which the pair sets use (``pairs.py``).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

from dmil_core.data.card import Card, MediaSpec, Modality
from dmil_core.data.media import mulaw_decode
from dmil_core.data.npz import write_arrays, write_npz
from sample_data.build import speech
from sample_data.build.splits import stratified

FOLDER = Path(__file__).resolve().parents[1] / "avdigits"
SEED = 20240
CORRUPT_SHARE = 0.4
#: Signal-to-noise ratio of corrupted clips (dB).
SNR = (-14.0, -4.0)
#: Spectral density 1/f^tilt of the noise: 0 hisses, 1 rumbles.
TILT = (0.0, 1.0)
CLASSES = speech.WORDS


def clean_images() -> np.ndarray:
    """Return the images (N, 8, 8) uint8 as scikit-learn has them, 16 grey levels on 0 to 255."""
    return np.rint(load_digits().images * 255 / 16).astype(np.uint8)


def digits_and_split() -> tuple[np.ndarray, np.ndarray]:
    """Return the digit (N,) of every image and clip, and its split (N,)."""
    digit = load_digits().target
    return digit, stratified(digit, SEED)


def spoken(digit: np.ndarray) -> list[np.ndarray]:
    """Return mu-law bytes of one clip per row; a voice setting says a digit only once."""
    used: set[tuple[int, speech.Voice]] = set()
    clips = []
    for row, word in enumerate(digit):
        rng = np.random.default_rng([SEED, 1, row])
        voice = speech.draw_voice(rng)
        while (int(word), voice) in used:
            voice = speech.draw_voice(rng)
        used.add((int(word), voice))
        clips.append(speech.encode(speech.speak(speech.WORDS[word], voice)))
    return clips


def corrupt_image(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Hide the upper or the lower half, or wash the picture out, and put grain over it."""
    corrupted = image.astype(np.float64)
    manner = rng.integers(3)
    if manner == 0:
        corrupted[:4] = 0
    elif manner == 1:
        corrupted[4:] = 0
    else:
        corrupted = 0.5 * corrupted
    return np.rint(np.clip(corrupted + 64 * rng.standard_normal(image.shape), 0, 255)).astype(
        np.uint8
    )


def corrupt_clip(code: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the clip under noise, mu-law bytes to mu-law bytes."""
    clip = mulaw_decode(code).astype(np.float64)
    return speech.encode(speech.add_noise(clip, rng.uniform(*SNR), rng.uniform(*TILT), rng))


def main() -> None:
    """Write data.npz, audio.npz and card.json."""
    digit, split = digits_and_split()
    images, heard = clean_images(), spoken(digit)
    draw = np.random.default_rng([SEED, 2])
    bad_image, bad_clip = (draw.random(len(digit)) < CORRUPT_SHARE for _ in range(2))
    clean = [heard[row] for row in np.flatnonzero(bad_clip)]
    for row in np.flatnonzero(bad_image).tolist():
        images[row] = corrupt_image(images[row], np.random.default_rng([SEED, 3, row]))
    for row in np.flatnonzero(bad_clip).tolist():
        heard[row] = corrupt_clip(heard[row], np.random.default_rng([SEED, 4, row]))
    arrays: dict[str, np.ndarray] = {
        "x1": images,
        "x2": np.stack([speech.logmel(mulaw_decode(code)) for code in heard]),
        "y": digit.astype(np.uint8),
        "id": np.array([f"avd-{row:04d}" for row in range(len(digit))]),
        "split": split,
        "flag_image_corrupt": bad_image,
        "flag_audio_corrupt": bad_clip,
    }
    ends = np.cumsum([0, *(len(code) for code in heard + clean)]).astype(np.uint32)
    write_arrays(FOLDER / "audio.npz", {"mulaw": np.concatenate(heard + clean), "offset": ends})
    write_npz(FOLDER / "data.npz", arrays, CARD)


CARD = Card(
    name="avdigits",
    title="Digits seen and heard",
    summary="Handwritten digits and the same digits spoken; 40 % of each is corrupted on purpose.",
    source=(
        "Images: sklearn.datasets.load_digits (UCI Optical Recognition of Handwritten Digits, "
        "E. Alpaydin and C. Kaynak, test part). Speech: made with espeak-ng 1.51 and flite 2.2 of "
        "Debian 12 by python -m sample_data.build.avdigits; other versions of the two programs "
        "speak differently and give another set of equal kind."
    ),
    licence="Images CC BY 4.0 (UCI); synthetic speech free of claims. See sample_data/LICENSES.md.",
    modalities=(
        Modality("image", "image", "8 x 8 grey picture of a handwritten digit", MediaSpec("image")),
        Modality(
            "speech",
            "audio",
            "24 frames of 31 ms x 24 mel bands (natural log of energy) of a spoken digit",
            MediaSpec(
                "audio",
                file="audio.npz",
                key="mulaw",
                offset_key="offset",
                encoding="mulaw",
                rate=speech.RATE,
            ),
        ),
    ),
    classes=CLASSES,
    cautions=(
        "The speech is synthetic (espeak-ng and flite), and the same voices speak in train, "
        "validation and test: results say nothing about new speakers.",
        "Who wrote which image is not recorded, so one hand may appear in several splits.",
        "40 % of the images (half hidden or washed out, with grain) and, independently, 40 % of "
        "the clips (noise of -14 to -4 dB signal-to-noise ratio) are corrupted; the flags "
        "image_corrupt and audio_corrupt say which.",
        "Image and clip were paired by digit; they do not come from one event.",
    ),
    split_rule="At random within each digit, 65 / 13 / 22 %; every image and clip is used once.",
)


if __name__ == "__main__":
    main()
