"""The card of a data set: what it is, where it comes from, and how to show a sample.

A card is a JSON file beside the arrays. Reading is strict: an unknown field, a missing field or
a value of the wrong type is an error, and all of them are reported together. Cards of earlier
versions are migrated first.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import PurePath
from typing import Annotated, Any, Final, Literal, get_args

from dmil_core.errors import DataError
from dmil_core.io import strict_json
from dmil_core.io.reading import parsing
from dmil_core.io.strict_json import Expected
from dmil_core.schema import FEWEST_MODALITIES, MOST_MODALITIES, SPLITS, Kind

CARD_VERSION: Final = 2

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


def _is_plain_file(name: str) -> bool:
    # A card may come from a stranger: a name with folders in it could point anywhere.
    return PurePath(name).name == name and "\\" not in name and name not in ("", "..")


_Name = Annotated[str, Expected("a string that is not empty", lambda text: bool(text.strip()))]
_Count = Annotated[int, Expected("an integer of 0 or more", lambda number: number >= 0)]
_Rate = Annotated[float, Expected("a number above 0", lambda number: number > 0)]
_PlainFile = Annotated[str, Expected("a plain file name without folders", _is_plain_file)]
_SplitName = Annotated[str, Expected(f"one of {', '.join(SPLITS)}", lambda name: name in SPLITS)]
_Words = Annotated[
    tuple[_Name, ...],
    Expected("a list of words, no word twice", lambda words: len(set(words)) == len(words)),
]
_ClassNames = Annotated[
    tuple[_Name, ...],
    Expected(
        "a list of at least two names, no name twice",
        lambda names: len(set(names)) == len(names) >= 2,
    ),
]


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
    file: _PlainFile | None = None
    key: _Name | None = None
    offset_key: _Name | None = None
    encoding: Encoding | None = None
    rate: _Rate | None = None
    channels: tuple[str, ...] = ()
    unit: str = ""
    value_range: tuple[float, float] | None = None
    size: tuple[_Count, _Count] | None = None


@dataclass(frozen=True)
class ColumnSpec:
    """One column of a vector input: what it is called and what its values mean.

    Attributes
    ----------
    name : as a reader knows it. Of a was-missing column that of the column whose value was missing.
    unit : of the values, as text; "" for none.
    categories : words of a category. Of integer codes, code ``k`` means ``categories[k]``.
    one_hot : whether the category takes as many numbers of the vector as it has words, of which the
        one of the row's word is 1 and all others are 0.
    was_missing : whether the number is 1 where the value of the column ``name`` was missing and
        something else stands in its place, else 0.
    fill : the number that stands in the place of missing ones, the mean of the training rows; None
        where none was missing.
    """

    name: _Name
    unit: str = ""
    categories: _Words = ()
    one_hot: bool = False
    was_missing: bool = False
    fill: float | None = None

    @property
    def width(self) -> int:
        """How many numbers of the vector it takes."""
        return len(self.categories) if self.one_hot else 1


def _is_consistent(column: ColumnSpec) -> bool:
    plain = not (column.categories or column.unit or column.one_hot) and column.fill is None
    return plain if column.was_missing else bool(column.categories) or not column.one_hot


_Column = Annotated[
    ColumnSpec,
    Expected(
        "categories where 'one_hot' is true, and a name alone where 'was_missing' is",
        _is_consistent,
    ),
]


@dataclass(frozen=True)
class Modality:
    """One of the two or three modalities: its name, the kind of its array, and how to show it.

    ``columns`` describes the numbers of a vector in their order; it is empty where nobody knows
    their names.
    """

    name: _Name
    kind: Kind
    description: str
    media: MediaSpec
    columns: tuple[_Column, ...] = ()


_Modalities = Annotated[
    tuple[Modality, ...],
    Expected(
        f"a list of {FEWEST_MODALITIES} or {MOST_MODALITIES} modalities",
        lambda modalities: FEWEST_MODALITIES <= len(modalities) <= MOST_MODALITIES,
    ),
]


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

    name: _Name
    title: _Name
    summary: str
    source: str
    licence: str
    modalities: _Modalities
    classes: _ClassNames
    cautions: tuple[str, ...] = ()
    split_rule: str = ""
    constructed: bool = False
    counts: Mapping[_SplitName, _Count] = field(default_factory=dict)
    sha256: str = ""
    files: Mapping[_PlainFile, str] = field(default_factory=dict)
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
        """Read a card from parsed JSON, of this version or an earlier one.

        Raises
        ------
        DataError
            Naming everything that does not fit, with its path.
        """
        try:
            card: Card = strict_json.read(cls, _migrated(data))
        except strict_json.UnfitJsonError as error:
            lines = "\n- ".join(fault.describe("card") for fault in error.faults)
            raise DataError(f"The card does not fit the format:\n- {lines}") from None
        return card

    @classmethod
    def from_json(cls, text: str) -> Card:
        """Read a card from JSON text; raises DataError naming everything that does not fit."""
        with parsing("The card", "valid JSON", advice="Correct it by hand"):
            data = json.loads(text)
        return cls.from_dict(data)


#: What turns the JSON of a version into that of the next one. A change of the format adds an
#: entry here, so that cards of every earlier version are still read.
_MIGRATIONS: Final[Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]]] = {
    # Version 2 added the columns of a modality, which may be left out.
    1: lambda data: data,
}


def _migrated(data: object) -> object:
    """The JSON of a card of any known version as that of `CARD_VERSION`."""
    if not isinstance(data, dict):
        return data
    while (version := data.get("version")) != CARD_VERSION or type(version) is not int:
        if type(version) is not int or version not in _MIGRATIONS:
            raise DataError(
                f"The card has version {version!r}, expected {CARD_VERSION}. "
                "Write it again with this version of the program."
            )
        data = _MIGRATIONS[version](data) | {"version": version + 1}
    return data


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return dict(value) if isinstance(value, Mapping) else value


def _modality_to_dict(modality: Modality) -> dict[str, Any]:
    columns = [_without_empty(c) for c in modality.columns]
    return {
        "name": modality.name,
        "kind": modality.kind,
        "description": modality.description,
        "media": _without_empty(modality.media),
        **({"columns": columns} if columns else {}),
    }


def _without_empty(spec: MediaSpec | ColumnSpec) -> dict[str, Any]:
    """The fields of a description that say something."""
    values = {f.name: getattr(spec, f.name) for f in fields(spec)}
    return {k: _plain(v) for k, v in values.items() if v is not False and v not in (None, (), "")}
