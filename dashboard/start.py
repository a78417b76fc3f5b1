"""What is done before the first visitor comes, so that he need not wait for it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import inspect
import logging
import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import streamlit as st
from streamlit import runtime
from streamlit.runtime import media_file_manager

from dashboard import logs

log = logging.getLogger("dashboard")


@asynccontextmanager
async def ready(_app: st.App) -> AsyncIterator[None]:
    """The server answers once the pages are imported and the checkpoints are listed."""
    logs.configure()
    keep_downloads()
    await asyncio.get_running_loop().run_in_executor(None, _prepare)
    releasing = asyncio.create_task(_release_sessions())
    try:
        yield
    finally:
        releasing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await releasing


#: Seconds that a file which was made for a download is kept for the browser to fetch it.
DOWNLOAD_KEPT: Final = 120.0


def keep_downloads() -> None:
    """Keep files that were made on a click until their browser has fetched them.

    Streamlit throws such a file away when two runs of anybody's pages have ended after the click,
    which on a busy server is before the browser asks for it.
    """
    metadata = media_file_manager.MediaFileMetadata
    if not hasattr(metadata, "mark_for_delete"):
        log.error(
            "this Streamlit throws files away elsewhere: a download may fail on a busy server"
        )
        return

    def mark(file: Any) -> None:
        file.marked = min(getattr(file, "marked", math.inf), time.monotonic())

    def is_marked(file: Any) -> bool:
        return time.monotonic() - getattr(file, "marked", math.inf) > DOWNLOAD_KEPT

    metadata.mark_for_delete = mark  # type: ignore[assignment, method-assign]
    metadata.is_marked_for_delete = property(is_marked)  # type: ignore[assignment, method-assign]


def _prepare() -> None:
    """A fault here must not keep the server from starting: the page then tells of it."""
    # Streamlit warns that nobody sees its progress messages, which is so.
    quiet = logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context")
    level = quiet.level
    quiet.setLevel(logging.ERROR)
    try:
        here = Path(__file__).parent
        for file in sorted((here / "views").rglob("[a-z]*.py")):
            parts = file.relative_to(here).with_suffix("").parts
            import_module(".".join(("dashboard", *parts)))
        # Plotly and pandas import their parts when these are first used.
        import_module("plotly.graph_objects").Figure().add_bar(x=[0], y=[0]).to_json()
        import_module("pandas.io.parquet").get_engine("auto")
        # Arrow's usual one keeps memory for later, up to twice what a large table's columns take.
        arrow = import_module("pyarrow")
        arrow.set_memory_pool(arrow.system_memory_pool())
        import_module("dashboard.services.store.catalog").checkpoint_catalog()
        # Streamlit looks at the stack when it shows a first element, and Python then goes through
        # the files of all modules, most of a second; what it found it keeps.
        inspect.stack()
    except Exception:
        log.exception("the app was not made ready beforehand")
    finally:
        quiet.setLevel(level)
    # Modules and figures' templates stay until the server ends. Collections need not look at these
    # hundreds of thousands of objects again, while every visitor waits.
    gc.collect()
    gc.freeze()


#: Seconds between two looks at sessions that ended.
_RELEASE_EVERY = 5.0


async def _release_sessions() -> None:
    """Give back what ended sessions hold: state, uploads, an event loop of three handles each.

    Streamlit keeps a session for ``server.disconnectedSessionTTL`` seconds after its visitor left,
    and removes it only when another visitor leaves; after a busy hour that may be never.
    """
    while True:
        await asyncio.sleep(_RELEASE_EVERY)
        try:
            manager = runtime.get_instance()._session_mgr
            # On the loop's own thread, as Streamlit does it: the store has no lock.
            manager._session_storage._cache.expire()  # type: ignore[attr-defined]
        except AttributeError:
            log.exception("this Streamlit keeps sessions elsewhere: they are not released early")
            return
        except Exception:
            log.exception("a session that ended was not released")
