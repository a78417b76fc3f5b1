"""Our own drawings, read back from the pages that show them."""

from __future__ import annotations

import json
import re
from typing import Any
from xml.etree import ElementTree

from streamlit.testing.v1 import AppTest

SVG = "{http://www.w3.org/2000/svg}"
_SPACED = 'xmlns="http://www.w3.org/2000/svg"'


def tree(drawing: str) -> ElementTree.Element:
    """The drawing proper, which may stand behind its stripes."""
    result = re.findall(r"<svg.*?</svg>(?=<svg|$)", drawing, re.DOTALL)[-1]
    return ElementTree.fromstring(result.replace("<svg", f"<svg {_SPACED}", 1))


def texts(drawing: str) -> list[str]:
    """Every text that is seen, from above."""
    return ["".join(e.itertext()) for e in tree(drawing).iter(f"{SVG}text")]


def letters(drawing: str) -> list[str]:
    """What is bold: the components' letters, from above."""
    return [e.text or "" for e in tree(drawing).iter(f"{SVG}tspan")]


def keys(app: AppTest) -> list[str]:
    """Keys of all drawings of a page."""
    return [key for key, _ in _all(app)]


def drawing(app: AppTest, key: str) -> str:
    """The one drawing of a page whose key ends so."""
    (result,) = (svg for name, svg in _all(app) if name.endswith(key))
    return result


def marked(app: AppTest) -> list[str]:
    """HTML of all pictures whose marks are links."""
    return [str(d["html"]) for d in told(app) if d.get("html")]


def html(app: AppTest, key: str) -> str:
    """HTML of the picture with this key."""
    (result,) = (c for c in app.get("bidi_component") if c.proto.id.endswith(f"-{key}"))
    return str(json.loads(result.proto.json)["html"])


def sample_list(app: AppTest) -> dict[str, Any]:
    """What the list of samples was sent."""
    (result,) = (d for d in told(app) if "list" in d and "rows" in d)
    return result


def _all(app: AppTest) -> list[tuple[str, str]]:
    return [(str(d["key"]), str(d["drawing"])) for d in told(app) if d.get("drawing")]


def told(app: AppTest) -> list[dict[str, Any]]:
    """What every component of ours on a page is told."""
    result = [json.loads(c.proto.json or "{}") for c in app.get("bidi_component")]
    return [d for d in result if isinstance(d, dict)]
