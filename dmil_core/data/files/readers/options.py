"""What a user can say about a file where its reader would guess."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

#: Characters that may separate the cells of a table of text, and what they are called.
SEPARATORS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}


@dataclass(frozen=True)
class Named:
    """A file in memory: its name, with folders if it has some, and its bytes."""

    name: str
    content: bytes


@dataclass(frozen=True)
class ReadOptions:
    """How to read files; by default what each of them suggests.

    Attributes
    ----------
    header
        Whether the first row of a table of text has the names of the columns: ``auto`` takes it for
        a row where it looks like the ones below.
    separator
        Of cells in a table of text, a key of `SEPARATORS`; empty for the one that fits.
    encoding
        Of a table of text, a name that Python knows; empty for UTF-8, UTF-16 or Windows-1252,
        whichever it is.
    channels
        Where arrays of pictures and sequences have their channels: ``first`` is PyTorch's order
        (N, C, H, W) and (N, C, T), ``last`` is ours.
    on
        The column that joins several files; empty for one that all of them have.
    """

    header: Literal["auto", "yes", "no"] = "auto"
    separator: str = ""
    encoding: str = ""
    channels: Literal["auto", "first", "last"] = "auto"
    on: str = ""


DEFAULT_OPTIONS: Final = ReadOptions()
