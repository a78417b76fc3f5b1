"""The card of a data set: what it is, where it comes from, and how to show a sample.

A card is a JSON file beside the arrays. Reading is strict: an unknown field, a missing field or
a value of the wrong type is an error, and all of them are reported together.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import PurePath
from typing import Any, Final, Literal, get_args

from dmil_core.errors import DataError
from dmil_core.schema import FEWEST_MODALITIES, KINDS, MOST_MODALITIES, SPLITS, Kind

CARD_VERSION: Final = 1

MediaType = Literal["image", "audio", "signal", "text", "vector"]
MEDIA_TYPES: Final[tuple[MediaType, ...]] = get_args(MediaType)

Encoding = Literal["pcm16", "mulaw", "float"]
ENCODINGS: Final[tuple[Encoding, ...]] = get_args(Encoding)

#: The media a kind is shown as when its card says nothing else.
DEFAULT_MEDIA: Final[Mapping[Kind, MediaType]] = {
    "vector": "vector",
    "image": "image",
    "sequence": "signal",
    "text": "text",
    "audio": "image",
}


@dataclass(frozen=True)
class MediaSpec:
    """How one modality's raw media is found and shown.

    Without ``file`` the media is the modality's own array. With ``file`` it is read from a file
    beside the data: an .npz (array ``key``, one item per media row) or a picture sheet (.png, cut
    into tiles row by row). Row ``i`` of the data shows media row ``i``, unless the data file has an
    integer array ``media_index1`` (or 2, 3), which then names the media row.

    Attributes
    ----------
    type : how the media is shown.
    file : plain file name beside the data file, or None for the modality's own array.
    key : array in an .npz ``file``. For audio either (M, T), or (T,) with ``offset_key``.
    offset_key : array (M + 1,) of starts of clips that lie end to end in ``key``.
    encoding : of audio samples: ``mulaw`` (uint8, mu = 255), ``pcm16`` or ``float``.
    rate : samples per second (Hz) of audio and signals.
    channels : names of a signal's channels.
    unit : unit of a signal's values, as text for an axis.
    value_range : values shown as black and white in a picture; uint8 pictures need none.
    size : (height, width) of flattened pictures, or of one tile of a picture sheet, in pixels.
    """

    type: MediaType
    file: str | None = None
    key: str | None = None
    offset_key: str | None = None
    encoding: Encoding | None = None
    rate: float | None = None
    channels: tuple[str, ...] = ()
    unit: str = ""
    value_range: tuple[float, float] | None = None
    size: tuple[int, int] | None = None


@dataclass(frozen=True)
class Modality:
    """One of the two or three sides of a sample: a name, the kind of array, and how to show it."""

    name: str
    kind: Kind
    description: str
    media: MediaSpec


@dataclass(frozen=True)
class Card:
    """What a reader should know before believing a number computed on a data set.

    Attributes
    ----------
    modalities : the descriptions of ``x1``, ``x2`` and, where there is one, ``x3``.
    classes : class names; an integer label ``k`` means ``classes[k]``.
    cautions : sentences the app shows beside the set.
    split_rule : how the split was made, in words.
    constructed : True where the labels were built to show an effect.
    counts : rows per split, where they are fixed.
    sha256 : hash of the .npz file, or "" where it is not fixed.
    files : hash of each raw media file beside it.
    """

    name: str
    title: str
    summary: str
    source: str
    licence: str
    modalities: tuple[Modality, ...]
    classes: tuple[str, ...]
    cautions: tuple[str, ...] = ()
    split_rule: str = ""
    constructed: bool = False
    counts: Mapping[str, int] = field(default_factory=dict)
    sha256: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    version: int = CARD_VERSION

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionaries and lists; what ``from_dict`` reads back to an equal card."""
        out: dict[str, Any] = {"version": self.version}
        for f in fields(self):
            value = getattr(self, f.name)
            if f.name == "modalities":
                out[f.name] = [_modality_to_dict(m) for m in value]
            elif f.name != "version":
                out[f.name] = _plain(value)
        return out

    def to_json(self) -> str:
        """The card as indented JSON text, ending in a newline."""
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_dict(cls, data: object) -> Card:
        """Read a card from parsed JSON; raises DataError naming everything that does not fit."""
        problems: list[str] = []
        version = data.get("version") if isinstance(data, dict) else None
        if isinstance(data, dict) and version != CARD_VERSION:
            raise DataError(
                f"The card has version {version!r}, expected {CARD_VERSION}. "
                "Write it again with this version of the program."
            )
        values = _read_fields(data, _CARD_FIELDS, "card", problems)
        if problems:
            raise DataError("The card does not fit the format:\n- " + "\n- ".join(problems))
        return cls(**values)

    @classmethod
    def from_json(cls, text: str) -> Card:
        """Read a card from JSON text; raises DataError naming everything that does not fit."""
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise DataError(f"The card is not valid JSON ({error}). Correct it by hand.") from error
        return cls.from_dict(data)


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return dict(value) if isinstance(value, Mapping) else value


def _modality_to_dict(modality: Modality) -> dict[str, Any]:
    media = {
        f.name: _plain(getattr(modality.media, f.name))
        for f in fields(MediaSpec)
        if getattr(modality.media, f.name) not in (None, (), "")
    }
    return {
        "name": modality.name,
        "kind": modality.kind,
        "description": modality.description,
        "media": media,
    }


# --- strict reading: a reader turns one JSON value into ours, or raises ValueError(expected) ---

_Reader = Callable[[object, str, list[str]], Any]


def _read_fields(
    data: object, spec: Mapping[str, tuple[_Reader, bool]], where: str, problems: list[str]
) -> dict[str, Any]:
    """Read the fields of one JSON object; ``spec`` maps a name to (reader, required)."""
    if not isinstance(data, dict):
        problems.append(f"{where}: expected an object, got {_short(data)}")
        return {}
    for name in data.keys() - spec.keys():
        problems.append(f"{where}: unknown field {name!r}; known are {', '.join(spec)}")
    out: dict[str, Any] = {}
    for name, (reader, required) in spec.items():
        if name not in data:
            if required:
                problems.append(f"{where}: the field {name!r} is missing")
            continue
        try:
            out[name] = reader(data[name], f"{where}.{name}", problems)
        except ValueError as error:
            problems.append(f"{where}.{name}: expected {error}, got {_short(data[name])}")
    return out


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _text(value: object, where: str, problems: list[str]) -> str:
    if not isinstance(value, str):
        raise ValueError("a string")
    return value


def _name(value: object, where: str, problems: list[str]) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("a string that is not empty")
    return value


def _flag(value: object, where: str, problems: list[str]) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def _number(value: object, where: str, problems: list[str]) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("a finite number")
    try:
        number = float(value)
    except OverflowError:  # a whole number of hundreds of digits
        number = math.inf
    if not math.isfinite(number):
        raise ValueError("a finite number")
    return number


def _rate(value: object, where: str, problems: list[str]) -> float:
    number = _number(value, where, problems)
    if number <= 0:
        raise ValueError("a number above 0")
    return number


def _count(value: object, where: str, problems: list[str]) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("an integer of 0 or more")
    return value


def _choice(choices: tuple[str, ...]) -> _Reader:
    def read(value: object, where: str, problems: list[str]) -> str:
        if value not in choices:
            raise ValueError("one of " + ", ".join(choices))
        return str(value)

    return read


def _plain_file(value: object, where: str, problems: list[str]) -> str:
    # A card may come from a stranger: a name with folders in it could point anywhere.
    if (
        not isinstance(value, str)
        or PurePath(value).name != value
        or "\\" in value
        or value in ("", "..")
    ):
        raise ValueError("a plain file name without folders")
    return value


def _list_of(item: _Reader, what: str, length: int | None = None) -> _Reader:
    def read(value: object, where: str, problems: list[str]) -> tuple[Any, ...]:
        if not isinstance(value, list) or (length is not None and len(value) != length):
            raise ValueError(f"a list of {'' if length is None else f'{length} '}{what}")
        try:
            return tuple(item(v, f"{where}[{i}]", problems) for i, v in enumerate(value))
        except ValueError as error:
            raise ValueError(f"a list of {what}, each {error}") from error

    return read


def _modalities(value: object, where: str, problems: list[str]) -> tuple[Any, ...]:
    if not isinstance(value, list) or not FEWEST_MODALITIES <= len(value) <= MOST_MODALITIES:
        raise ValueError(f"a list of {FEWEST_MODALITIES} or {MOST_MODALITIES} modalities")
    return tuple(_modality(v, f"{where}[{i}]", problems) for i, v in enumerate(value))


def _unique_names(value: object, where: str, problems: list[str]) -> tuple[str, ...]:
    names: tuple[str, ...] = _list_of(_name, "names")(value, where, problems)
    if len(set(names)) != len(names) or len(names) < 2:
        raise ValueError("a list of at least two names, no name twice")
    return names


def _mapping(key: _Reader, item: _Reader) -> _Reader:
    def read(value: object, where: str, problems: list[str]) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise ValueError("an object")
        return {key(k, where, problems): item(v, where, problems) for k, v in value.items()}

    return read


def _media(value: object, where: str, problems: list[str]) -> MediaSpec | None:
    before = len(problems)
    values = _read_fields(value, _MEDIA_FIELDS, where, problems)
    return MediaSpec(**values) if len(problems) == before else None


def _modality(value: object, where: str, problems: list[str]) -> Modality | None:
    before = len(problems)
    values = _read_fields(value, _MODALITY_FIELDS, where, problems)
    return Modality(**values) if len(problems) == before else None


_MEDIA_FIELDS: Final[dict[str, tuple[_Reader, bool]]] = {
    "type": (_choice(MEDIA_TYPES), True),
    "file": (_plain_file, False),
    "key": (_name, False),
    "offset_key": (_name, False),
    "encoding": (_choice(ENCODINGS), False),
    "rate": (_rate, False),
    "channels": (_list_of(_text, "strings"), False),
    "unit": (_text, False),
    "value_range": (_list_of(_number, "numbers", 2), False),
    "size": (_list_of(_count, "integers", 2), False),
}
_MODALITY_FIELDS: Final[dict[str, tuple[_Reader, bool]]] = {
    "name": (_name, True),
    "kind": (_choice(KINDS), True),
    "description": (_text, True),
    "media": (_media, True),
}
_CARD_FIELDS: Final[dict[str, tuple[_Reader, bool]]] = {
    "version": (_count, True),
    "name": (_name, True),
    "title": (_name, True),
    "summary": (_text, True),
    "source": (_text, True),
    "licence": (_text, True),
    "modalities": (_modalities, True),
    "classes": (_unique_names, True),
    "cautions": (_list_of(_text, "strings"), False),
    "split_rule": (_text, False),
    "constructed": (_flag, False),
    "counts": (_mapping(_choice(SPLITS), _count), False),
    "sha256": (_text, False),
    "files": (_mapping(_plain_file, _text), False),
}
