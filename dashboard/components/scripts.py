"""Scripts of components, as Streamlit takes them: text that it runs in the browser."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from dashboard.components.served import address

_HERE = Path(__file__).parent
#: Stands in load.js for the address of the first module, which is known to the running server only.
_PLACEHOLDER = '"ADDRESS_OF_THE_FIRST_MODULE"'


@cache
def text(file: str) -> str:
    """A script, style or HTML file of ours; a script must not import others: see `importing`."""
    return (_HERE / file).read_text(encoding="utf-8")


def importing(module: str) -> str:
    """A script that imports a module of ours from the server, and runs it in its own place.

    Streamlit runs scripts that come as text from an address of their own, from which no relative
    import leads anywhere; the modules that the server hands out can import each other.

    Parameters
    ----------
    module : the file below ``dashboard/components``, whose default export is called as Streamlit
        calls that of a script.
    """
    loader = text("load.js")
    if loader.count(_PLACEHOLDER) != 1:
        raise RuntimeError(f"load.js must hold {_PLACEHOLDER} once, for the address of {module}")
    return loader.replace(_PLACEHOLDER, json.dumps(address("own", module)))
