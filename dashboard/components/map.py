"""The latent map in the browser: packs its points into bytes and hears what was clicked.

Streamlit's own chart sends all points of a selection to the server and forgets its zoom when it is
drawn anew; this one is told the points once, and tells an id or an outline.
"""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dashboard.components import scripts
from dashboard.figures.map import Axes, Groups, Scale
from dashboard.guard import callback

#: Places are whole numbers from 0 to this, over the map's longer side.
FINEST: Final = 65535


@dataclass(frozen=True)
class Pane:
    """One map.

    Attributes
    ----------
    title : what stands above it.
    label : what it shows, for those who cannot see it.
    frame : tells its coordinates apart from others; where it stays, zoom stays.
    places : (N, 2), 0 to 1 along the longer side, upwards.
    axes : what stands around the points, where places have a meaning.
    """

    title: str
    label: str
    frame: str
    places: NDArray[np.floating]
    axes: Axes | None = None


def pack(
    ids: Sequence[str],
    panes: Sequence[Pane],
    colour: Groups | Scale,
    size: float,
) -> bytes:
    """Everything a map shows, but for what is selected: a JSON head, then places and colours."""
    about: dict[str, Any] = {
        "count": len(ids),
        "ids": list(ids),
        "frame": frame_of(panes, len(ids)),
        "panes": [
            {
                "title": p.title,
                "label": p.label,
                "frame": p.frame,
                "axes": None if p.axes is None else asdict(p.axes),
            }
            for p in panes
        ],
        "colour": _described(colour),
        "size": size,
    }
    head = json.dumps(about, separators=(",", ":")).encode("utf-8")
    numbers = [np.clip(p.places.T * FINEST, 0, FINEST).round() for p in panes]
    body = [n.astype("<u2").tobytes() for pair in numbers for n in pair]
    return b"".join([struct.pack("<I", len(head)), head, *body, colour.of.astype("<u2").tobytes()])


def frame_of(panes: Sequence[Pane], count: int) -> str:
    """Tells one set of points from another, so that a selection is not drawn among others."""
    return "|".join([*(p.frame for p in panes), str(count)])


def _described(colour: Groups | Scale) -> dict[str, Any]:
    if isinstance(colour, Groups):
        counts = np.bincount(colour.of, minlength=len(colour.names))
        rows = zip(colour.names, colour.colours, colour.symbols, counts, strict=True)
        groups = [
            {
                "name": n,
                "words": colour.words.get(n, ""),
                "colour": c,
                "symbol": s,
                "count": int(k),
            }
            for n, c, s, k in rows
        ]
        return {"kind": "groups", "label": colour.label, "groups": groups}
    steps = zip(colour.names, colour.colours, colour.sizes, strict=True)
    return {
        "kind": "scale",
        "label": colour.label,
        "steps": [{"name": n, "colour": c, "size": s} for n, c, s in steps],
        "low": colour.low,
        "high": colour.high,
    }


def draw(data: bytes, on_event: Callable[[], None], key: str = "map") -> None:
    """The map; after a click or an outline ``on_event`` runs and finds it by `clicked`."""
    part = st.components.v2.component(
        "dmil_map",
        html='<div class="map"></div>',
        css=scripts.text("map/map.css"),
        js=scripts.importing("map/index.js"),
    )
    event = callback(on_event)
    part(data=data, key=key, on_clicked_change=event, on_outlined_change=event)


def focus(
    frame: str,
    sample: str,
    members: NDArray[np.bool_] | None = None,
    outlines: Sequence[Any] = (),
    extra: Sequence[Any] = (),
    said: str = "",
    ringed: bool = False,
) -> None:
    """Ring a sample, and draw the others that are selected in full.

    Parameters
    ----------
    members : (N,) which points are selected; None where there is no selection.
    outlines : the outline of a slice in each pane, or None.
    extra : a place in each pane, or None, for a sample that is not among the points.
    said : how many are selected, in words.
    ringed : whether each selected point has a ring, as what was searched for has.
    """
    packed = None
    if members is not None:
        packed = base64.b64encode(np.packbits(members).tobytes()).decode("ascii")
    part = st.components.v2.component("dmil_map_focus", js=scripts.text("map/send_selection.js"))
    part(
        data={
            "frame": frame,
            "sample": sample,
            "members": packed,
            "outlines": list(outlines),
            "extra": list(extra),
            "said": said,
            "ringed": ringed,
        },
        key="map_focus",
    )


def name(frame: str, names: Sequence[Sequence[tuple[str, float, float, float]]]) -> None:
    """Name clusters: of each pane texts with the middle (x), the upper and the lower edge (y) of
    what they name, the first before the others where there is not room for all."""
    part = st.components.v2.component("dmil_map_names", js=scripts.text("map/send_names.js"))
    part(data={"frame": frame, "names": [list(map(list, of)) for of in names]}, key="map_names")


def card(pictures: Callable[[str], Sequence[tuple[str, str]]]) -> None:
    """Show what a sample looks like beside its point, when the pointer rests there.

    ``pictures`` tells of each modality: (``picture``, data URI of a PNG) or (``text``, text). It
    is to run in a part of its own, so that nothing else of the page runs again.
    """
    part = st.components.v2.component("dmil_map_card", js=scripts.text("map/send_pictures.js"))
    hovered = _event("map_card", "hovered")
    sample = hovered if isinstance(hovered, str) else ""
    data = {"id": sample, "pictures": list(pictures(sample)) if sample else []}
    part(data=data, key="map_card", on_hovered_change=callback(_shown))


def _shown() -> None:
    """Nothing: the part runs again, and reads then over which point the pointer rests."""


def clicked(key: str = "map") -> str:
    """The id that was clicked in this run; empty where none was."""
    value = _event(key, "clicked")
    return value if isinstance(value, str) else ""


def outlined(key: str = "map") -> tuple[int, list[tuple[float, float]]] | None:
    """The pane and the outline that was drawn in this run, in units of the map; None for none."""
    value = _event(key, "outlined")
    try:
        corners = [(float(x), float(y)) for x, y in value["corners"]]
        return int(value["pane"]), corners
    except (TypeError, KeyError, ValueError):
        return None


def _event(key: str, name: str) -> Any:
    return (st.session_state.get(key) or {}).get(name)
