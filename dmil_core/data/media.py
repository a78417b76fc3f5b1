"""The raw media of one sample: a picture, a sound, a signal, a text, or plain numbers."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dmil_core.data.card import MediaSpec
from dmil_core.data.dataset import Dataset
from dmil_core.data.npz import MAX_BYTES, home_of, read_npz
from dmil_core.errors import DataError
from dmil_core.io.reading import open_checked, parsing
from dmil_core.schema import ModalityNumber

_MU: Final = 255.0
_VECTOR: Final = MediaSpec("vector")
_PUT: Final = "Put the file itself beside the data file"


@dataclass(frozen=True, eq=False)
class ImageMedia:
    """``pixels`` (H, W), (H, W, 3) or (H, W, 4), uint8."""

    pixels: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class AudioMedia:
    """``wave`` (T,) float32 in [-1, 1] at ``rate`` Hz; ``companion`` is the log-mel picture."""

    wave: NDArray[np.float32]
    rate: int
    companion: ImageMedia | None = None


@dataclass(frozen=True, eq=False)
class SignalMedia:
    """``values`` (T, C) float32 in ``unit``, one name per channel.

    ``rate`` is in Hz, 0 where it is not known.
    """

    values: NDArray[np.float32]
    channels: tuple[str, ...]
    rate: float
    unit: str = ""


@dataclass(frozen=True)
class TextMedia:
    """A text; it is data of a user and must be escaped before it is put into HTML."""

    text: str


@dataclass(frozen=True, eq=False)
class VectorMedia:
    """``values`` (D,) float32 and what they are."""

    values: NDArray[np.float32]
    label: str


Media = ImageMedia | AudioMedia | SignalMedia | TextMedia | VectorMedia


def media(dataset: Dataset, row: int, modality: ModalityNumber) -> Media:
    """What one modality of one row looks, sounds or reads like.

    Raises
    ------
    IndexError
        If the data set has no such row.
    DataError
        If the raw media file is missing, or holds something else than the card says.
    """
    if not 0 <= row < len(dataset):
        raise IndexError(f"expected a row from 0 to {len(dataset) - 1}, got {row}")
    described = dataset.card.modalities[modality - 1]
    spec = described.media
    x = dataset.x(modality)[row]
    item = x if spec.file is None else _from_file(dataset, spec, row, modality)
    try:
        shown = _decode(item, spec, described.name)
    except (ValueError, TypeError) as error:
        raise DataError(
            f"{dataset.name}: {described.name!r} of row {row} cannot be shown as {spec.type} "
            f"({error}). Correct 'media' in the card."
        ) from error
    if isinstance(shown, AudioMedia) and described.kind == "audio":
        return AudioMedia(shown.wave, shown.rate, _spectrogram(x))
    if isinstance(shown, ImageMedia) and described.kind == "audio" and spec.file is None:
        return _spectrogram(x)
    return shown


def as_seen(dataset: Dataset, row: int, modality: ModalityNumber) -> Media:
    """What the model itself sees of one modality of one row: its array, not the raw media.

    Of a sound these are its log-mel features, as a picture.

    Raises
    ------
    DataError
        If the array cannot be shown as what the card says it is.
    """
    described, x = dataset.card.modalities[modality - 1], dataset.x(modality)[row]
    spec = replace(described.media, file=None)
    try:
        if described.kind == "image":
            return ImageMedia(_pixels(np.asarray(x), spec))
        if described.kind == "audio":
            return _spectrogram(np.asarray(x))
        if described.kind == "sequence":
            return _signal(np.asarray(x), spec)
        return TextMedia(str(x)) if described.kind == "text" else _decode(x, _VECTOR, "")
    except (ValueError, TypeError) as error:
        raise DataError(
            f"{dataset.name}: {described.name!r} cannot be shown as {described.kind} ({error})"
        ) from error


def _decode(item: Any, spec: MediaSpec, label: str) -> Media:
    if spec.type == "text":
        if not isinstance(item, str):
            raise ValueError(f"expected text, got {np.asarray(item).dtype}")
        return TextMedia(str(item))
    array = np.asarray(item)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"expected numbers, got {array.dtype}")
    if spec.type == "image":
        return ImageMedia(_pixels(array, spec))
    if spec.type == "audio":
        return _audio(array, spec)
    if spec.type == "signal":
        return _signal(array, spec)
    return VectorMedia(array.astype(np.float32).reshape(-1), label)


def _pixels(array: NDArray[Any], spec: MediaSpec) -> NDArray[np.uint8]:
    if array.ndim == 1:
        if spec.size is None:
            raise ValueError("a flat picture needs 'size': [height, width]")
        height, width = spec.size
        array = array.reshape((height, width) if array.size == height * width else (*spec.size, -1))
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)):
        raise ValueError(f"expected (H, W), (H, W, 3) or (H, W, 4), got {array.shape}")
    if array.dtype == np.uint8 and spec.value_range is None:
        return array
    return _scaled(array, spec.value_range)


def _scaled(
    array: NDArray[Any], value_range: tuple[float, float] | None = None
) -> NDArray[np.uint8]:
    """Values between the two ends as 0 to 255; by default the ends are the array's own."""
    values = array.astype(np.float64)
    low, high = value_range or (float(values.min()), float(values.max()))
    unit = (values - low) / (high - low if high != low else 1.0)
    return np.round(255 * np.clip(unit, 0, 1)).astype(np.uint8)


def _spectrogram(logmel: NDArray[Any]) -> ImageMedia:
    """(T, F) log-mel as a picture: time to the right, low frequencies at the bottom."""
    return ImageMedia(_scaled(logmel.T[::-1]))


def _audio(array: NDArray[Any], spec: MediaSpec) -> AudioMedia:
    if spec.rate is None or array.ndim != 1:
        raise ValueError(f"a sound needs 'rate' and the shape (T,), got {array.shape}")
    if spec.encoding == "mulaw":
        wave = mulaw_decode(array)
    elif spec.encoding == "pcm16":
        wave = array.astype(np.float32) / 32768.0
    else:
        wave = array.astype(np.float32)
    return AudioMedia(np.clip(wave, -1.0, 1.0), round(spec.rate))


def mulaw_decode(codes: NDArray[Any]) -> NDArray[np.float32]:
    """Samples in [-1, 1] of mu-law codes 0 to 255, where 127.5 would be silence."""
    compressed = codes.astype(np.float64) / (_MU / 2) - 1.0
    wave = np.sign(compressed) * np.expm1(np.abs(compressed) * np.log1p(_MU)) / _MU
    return wave.astype(np.float32)


def _signal(array: NDArray[Any], spec: MediaSpec) -> SignalMedia:
    values = array.astype(np.float32)
    values = values[:, None] if values.ndim == 1 else values
    if values.ndim != 2:
        raise ValueError(f"expected (T, C), got {values.shape}")
    count = values.shape[1]
    channels = spec.channels or tuple(f"channel {c}" for c in range(1, count + 1))
    if len(channels) != count:
        raise ValueError(f"the card names {len(channels)} channels, the signal has {count}")
    return SignalMedia(values, channels, spec.rate or 0.0, spec.unit)


# --- raw media files -----------------------------------------------------------------------


def _from_file(dataset: Dataset, spec: MediaSpec, row: int, modality: int) -> Any:
    if dataset.folder is None or spec.file is None:
        raise DataError(
            f"{dataset.name}: the card names the file {spec.file!r}, but has no folder."
        )
    path = dataset.folder / spec.file
    index = dataset.media_index[modality - 1]
    item = row if index is None else int(index[row])
    try:
        modified = path.stat().st_mtime_ns
    except (OSError, ValueError):
        raise DataError(
            f"{path}: the raw media file is missing. Put it beside the data file."
        ) from None
    if path.suffix != ".npz":
        return _tile(path, _sheet(path, modified), spec, item)
    arrays = _KEPT.read(path, modified)
    wanted = [k for k in (spec.key, spec.offset_key) if k]
    if spec.key is None or any(k not in arrays for k in wanted):
        raise DataError(f"{path}: expected the arrays {wanted}, got {sorted(arrays)}.")
    values = arrays[spec.key]
    if spec.offset_key:
        offset = arrays[spec.offset_key]
        _require_item(path, item, len(offset) - 1)
        return values[int(offset[item]) : int(offset[item + 1])]
    _require_item(path, item, len(values))
    return values[item]


def _tile(path: Path, sheet: NDArray[np.uint8], spec: MediaSpec, item: int) -> NDArray[np.uint8]:
    if spec.size is None or min(spec.size) < 1:
        raise DataError(f"{path}: a picture sheet needs 'size': [height, width] of a tile.")
    height, width = spec.size
    columns = sheet.shape[1] // width
    _require_item(path, item, columns * (sheet.shape[0] // height))
    top, left = item // columns * height, item % columns * width
    return sheet[top : top + height, left : left + width]


def _require_item(path: Path, item: int, count: int) -> None:
    if not 0 <= item < count:
        raise DataError(f"{path}: holds {count} items, expected one numbered {item}.")


class _Kept:
    """Arrays of the files that were used last, of at most so many bytes together."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._files: OrderedDict[Path, tuple[int, dict[str, NDArray[Any]]]] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, path: Path, modified: int) -> dict[str, NDArray[Any]]:
        """The arrays of a file; read again when its time of change is another one."""
        with self._lock:
            if path in self._files and self._files[path][0] == modified:
                self._files.move_to_end(path)
                return self._files[path][1]
        arrays = read_npz(path, home=home_of(path.parent)).arrays
        with self._lock:
            self._files[path] = (modified, arrays)
            self._files.move_to_end(path)
            while len(self._files) > 1 and self.bytes > self._most:
                self._files.popitem(last=False)
        return arrays

    @property
    def bytes(self) -> int:
        """What is kept now; the latest file is, whatever its size."""
        return sum(a.nbytes for _, arrays in self._files.values() for a in arrays.values())

    def forget(self, folder: Path) -> None:
        """Free what lies in a folder."""
        with self._lock:
            for path in [p for p in self._files if folder in p.parents]:
                del self._files[path]


#: Two files of the largest upload, or all media of the bundled sets.
_KEPT: Final = _Kept(640 * 1024**2)


def forget_media(folder: Path) -> None:
    """Free the memory that raw media of the data set in a folder take, as when it is removed."""
    _KEPT.forget(folder)


@lru_cache(maxsize=4)
def _sheet(path: Path, modified: int) -> NDArray[np.uint8]:
    from PIL import Image

    with (
        open_checked(path, MAX_BYTES, advice=_PUT, home=home_of(path.parent)) as file,
        parsing(path, "a picture"),
        Image.open(file) as picture,
    ):
        return np.asarray(picture.convert("RGBA" if "A" in picture.getbands() else "RGB"))
