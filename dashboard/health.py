"""What watches the server asks for: can it read and store, and what do its jobs do?

``python -m dashboard.health`` asks the server of this machine, by the port and the path that are in
the environment, and fails where it is not well.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.request
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from dashboard.components.served import base
from dashboard.services.store.health import report

#: Answered whatever name the server is called by, as whatever watches it asks by its number.
PATH: Final = "/_dmil/health"


def routes() -> list[BaseRoute]:
    """What the server needs to answer."""
    return [Route(f"{base()}{PATH}", _answer)]


async def _answer(_: Request) -> JSONResponse:
    found = await run_in_threadpool(report)
    return JSONResponse(found, 200 if found["status"] == "ok" else 503)


def _ask() -> int:
    port = os.environ.get("STREAMLIT_SERVER_PORT", "8501")
    path = os.environ.get("STREAMLIT_SERVER_BASE_URL_PATH", "").strip("/")
    url = f"http://127.0.0.1:{port}{f'/{path}' if path else ''}{PATH}"
    try:
        with urllib.request.urlopen(url, timeout=8) as answer:
            print(json.dumps(json.load(answer)))
            return 0
    except (OSError, ValueError) as error:
        body = error.read().decode() if isinstance(error, urllib.error.HTTPError) else ""
        print(f"{url}: {error} {body}".strip(), file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(_ask())
