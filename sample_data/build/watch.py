"""Rebuild ``watch``: shoulder exercises seen by a smartwatch's accelerometer and gyroscope.

    python -m sample_data.build.watch

Takes watch_dataset.npy out of the PyPI wheel seglearn 1.2.5, which pip downloads (11 MB).
"""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np

from dmil_core.data.card import Card, MediaSpec, Modality
from dmil_core.data.npz import write_npz
from sample_data.build.wheels import read_from_wheel

FOLDER = Path(__file__).resolve().parents[1] / "watch"
WHEEL = "ec6b952c85c9627050102854b372d85951563d3b990df677d7c55547e87413dd"
#: Samples per window after taking every second of the 50 Hz recording: 2 s at 25 Hz.
LENGTH, STEP, RATE = 50, 2, 25.0
#: People held out: the two with the shortest recordings for validation, the last two for the test.
VALIDATION, TEST = (3, 4), (9, 10)
CLASSES = (
    "pendulum",
    "abduction",
    "forward elevation",
    "internal rotation",
    "external rotation",
    "trapezius extension",
    "upright row",
)

#: All that the recording's pickle may call; anything else in it is refused.
_ALLOWED = {
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy.core.multiarray", "scalar"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("_codecs", "encode"),
}


class _ArraysOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"unexpected {module}.{name} in the recording")
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


def recordings() -> dict[str, Any]:
    """Return seglearn's dictionary: X (140 arrays of (T, 6)), y, subject, side."""
    (raw,) = read_from_wheel("seglearn==1.2.5", ("seglearn/data/watch_dataset.npy",), WHEEL)
    stream = io.BytesIO(raw)
    np.lib.format.read_magic(stream)
    np.lib.format.read_array_header_1_0(stream)
    return _ArraysOnly(stream).load().item()


def windows(signal: np.ndarray) -> np.ndarray:
    """Cut (T, 6) at 50 Hz into windows (n, 50, 6) at 25 Hz that do not overlap."""
    count = len(signal) // (LENGTH * STEP)
    whole = signal[: count * LENGTH * STEP : STEP]
    return whole.reshape(count, LENGTH, signal.shape[1])


def main() -> None:
    """Write data.npz and card.json."""
    source = recordings()
    pieces = [windows(signal) for signal in source["X"]]
    lengths = [len(piece) for piece in pieces]
    signal = np.concatenate(pieces).astype(np.float16)
    person = np.repeat(np.asarray(source["subject"], dtype=np.int64), lengths)
    number = np.zeros(len(person), dtype=np.int64)
    for value in np.unique(person):
        number[person == value] = np.arange((person == value).sum())
    held_out = [np.isin(person, VALIDATION), np.isin(person, TEST)]
    arrays: dict[str, np.ndarray] = {
        "x1": signal[:, :, :3],
        "x2": signal[:, :, 3:],
        "y": np.repeat(np.asarray(source["y"], dtype=np.uint8), lengths),
        "id": np.array([f"watch-p{p}-{n:04d}" for p, n in zip(person, number, strict=True)]),
        "split": np.select(held_out, ["val", "test"], "train"),
        "group": np.array([f"p{p}" for p in person]),
        "flag_right_arm": np.repeat(np.asarray(source["side"]) == 1, lengths),
    }
    write_npz(FOLDER / "data.npz", arrays, CARD)


CARD = Card(
    name="watch",
    title="Shoulder exercises on a smartwatch",
    summary="Two seconds of wrist movement, felt by the accelerometer and by the gyroscope.",
    source=(
        "watch_dataset.npy of the PyPI package seglearn 1.2.5; D. M. Burns, N. Leung, M. Hardisty, "
        "C. Whyne, P. Henry and S. McLachlin, Shoulder Physiotherapy Exercise Recognition, "
        "arXiv:1802.01489 (2018). Rebuild with python -m sample_data.build.watch."
    ),
    licence="BSD-3-Clause, copyright 2018 David M. Burns. See sample_data/LICENSES.md.",
    modalities=(
        Modality(
            "accelerometer",
            "sequence",
            "50 steps of 40 ms x 3 axes; the resting arm shows gravity as about 1 g",
            MediaSpec("signal", rate=RATE, channels=("x", "y", "z"), unit="g"),
        ),
        Modality(
            "gyroscope",
            "sequence",
            "50 steps of 40 ms x 3 axes of turning speed",
            MediaSpec("signal", rate=RATE, channels=("x", "y", "z"), unit="rad/s"),
        ),
    ),
    classes=CLASSES,
    cautions=(
        "Ten people only, and the test split is two of them: accuracy moves by several points "
        "with who is held out.",
        "A random split would put windows of one recording on both sides and look better than "
        "the truth; keep people apart.",
        "Both sensors sit in one watch and feel the same movement.",
        "Left and right arms are mixed; the flag right_arm tells them apart.",
        "A two-second window may hold the rest between two repetitions.",
    ),
    split_rule=(
        "By person: 3 and 4 for validation, 9 and 10 for the test, the other six for training. "
        "Windows do not overlap."
    ),
)


if __name__ == "__main__":
    main()
