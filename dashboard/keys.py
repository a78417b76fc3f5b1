"""Keys of widgets and components: names of ours, positions and digests, never text from data.

Streamlit makes widget ids, classes of the page and names of a component's parts out of keys, and
has characters of its own in them (two underscores, for one). What a file or a visitor calls
something may hold any character, so that it never becomes part of a key.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Final

_DIGITS: Final = 16
_DIGEST: Final = re.compile(rf"-[0-9a-f]{{{_DIGITS}}}$")


def key_of(name: str, *parts: str | int) -> str:
    """A key that is another one for other ``parts``, the same in every run and process.

    Parameters
    ----------
    name : of the widget, written out in our code: letters, digits, ``_`` and ``-``.
    parts : what tells it from others of this name. Positions alone stay readable, ``near-2``;
        with any text among them all become a digest, ``gate-5e0c1a7b9d3f2468``.
    """
    if not parts:
        return name
    if all(isinstance(part, int) for part in parts):
        return "-".join([name, *map(str, parts)])
    # Escapes whatever is not ASCII, and keeps ("a", "bc") apart from ("ab", "c").
    written = json.dumps(parts).encode("ascii")
    return f"{name}-{hashlib.sha256(written).hexdigest()[:_DIGITS]}"


def name_in(key: str) -> str:
    """The readable part of a key, for names of files."""
    return _DIGEST.sub("", key)
