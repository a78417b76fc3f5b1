"""Scripts that browsers fetch when they need them: our own, and Plotly's.

Their addresses hold a digest of their content, ``/assets/own/<digest>/map/view.js``, so that
browsers may keep them for good; a module finds its neighbours by their relative paths. Nothing but
the listed scripts is served, whatever lies beside them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

import plotly
import streamlit as st
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.routing import BaseRoute, Route

_OWN: Final = Path(__file__).parent
_PLOTLY: Final = Path(plotly.__file__).parent / "package_data"

#: Below it lie the scripts, within the folder of the app in its address.
ASSETS: Final = "assets"
#: What an address with the digest of today's content stands for never changes.
_FOR_GOOD: Final = "public, max-age=31536000, immutable"


@cache
def _scripts(folder: str) -> Mapping[str, Path]:
    """The scripts of a folder, ``own`` or ``plotly``: path in the address -> file."""
    if folder == "plotly":
        return {"plotly.min.js": _PLOTLY / "plotly.min.js"}
    if folder == "own":
        # Not deeper: tools of the scripts' authors may install packages there.
        files = sorted(_OWN.glob("*.js")) + sorted(_OWN.glob("*/*.js"))
        return {file.relative_to(_OWN).as_posix(): file for file in files}
    return {}


@cache
def _version(folder: str) -> str:
    """A digest of all scripts of a folder, since one imports another."""
    digest = hashlib.sha256()
    for path, file in _scripts(folder).items():
        digest.update(path.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]


def address(folder: str, file: str) -> str:
    """Where the server hands out a script; another one after an update, as browsers keep them.

    Parameters
    ----------
    folder : ``own`` for the scripts beside this file, ``plotly`` for Plotly's.
    file : its path below that folder, such as ``figure.js`` or ``map/view.js``.

    Raises
    ------
    KeyError
        If there is no such script.
    """
    if file not in _scripts(folder):
        raise KeyError(f"{folder}/{file}: expected one of {', '.join(_scripts(folder))}")
    return f"{base()}/{ASSETS}/{folder}/{_version(folder)}/{file}"


def base() -> str:
    """The folder of the app in its address, without a slash at the end."""
    path = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{path}" if path else ""


def routes() -> list[BaseRoute]:
    """What the server needs to hand the scripts out at their addresses."""
    return [Route(f"{base()}/{ASSETS}/{{folder}}/{{version}}/{{file:path}}", _send)]


def _send(request: Request) -> FileResponse:
    folder, version, path = (request.path_params[k] for k in ("folder", "version", "file"))
    file = _scripts(folder).get(path)
    if file is None:
        raise HTTPException(404)
    # A page that was opened before an update asks for its own version and gets the new file.
    kept = _FOR_GOOD if version == _version(folder) else "no-cache"
    headers = {"Cache-Control": kept, "X-Content-Type-Options": "nosniff"}
    # Said outright: some systems' tables of types take .js for plain text.
    return FileResponse(file, headers=headers, media_type="text/javascript")
