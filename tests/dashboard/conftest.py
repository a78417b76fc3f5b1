"""Checkpoints for page tests, made from the shipped ones, and a way to open pages."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from dashboard.components import marks
from dashboard.guard import callback
from dashboard.services.store.catalog import CheckpointCatalog, checkpoint_catalog
from tests.dashboard.folders import APP, Room, furnish

OpenPage = Callable[..., AppTest]
#: Clicks the mark with this name of the picture with this key.
Pick = Callable[[AppTest, str, str], AppTest]


@pytest.fixture(scope="session")
def room(tmp_path_factory: pytest.TempPathFactory) -> Room:
    """Checkpoints with every state a page can meet; see `folders.furnish`."""
    return furnish(tmp_path_factory.mktemp("checkpoints"))


@pytest.fixture
def open_page(room: Room, monkeypatch: pytest.MonkeyPatch) -> OpenPage:
    """Open a page of the app (``""`` is Overview) on the room's checkpoints with a query."""

    def open_(
        page: str = "samples",
        /,
        root: Path | None = None,
        results: Path | None = None,
        **query: str,
    ) -> AppTest:
        monkeypatch.setenv("DMIL_CHECKPOINTS", str(root or room.root))
        monkeypatch.setenv("DMIL_RESULTS", str(results or room.results))
        app = AppTest.from_file(APP, default_timeout=60)
        for name, value in query.items():
            app.query_params[name] = value
        # AppTest switches to files only; our pages are functions, known by their address.
        app._page_hash = calc_hash(page) if page else ""
        return app.run()

    return open_


@pytest.fixture
def catalog(room: Room, monkeypatch: pytest.MonkeyPatch) -> CheckpointCatalog:
    """What there is in the room."""
    monkeypatch.setenv("DMIL_CHECKPOINTS", str(room.root))
    return checkpoint_catalog()


@pytest.fixture
def pick(monkeypatch: pytest.MonkeyPatch) -> Pick:
    """Marks of pictures become buttons, which `AppTest` can click; returns what clicks one."""

    def draw(key: str, html: str, names: Collection[str], on_pick: Callable[[str], None]) -> None:
        for name in names:
            st.button(name, key=f"{key} {name}", on_click=callback(on_pick), args=(name,))

    def click(app: AppTest, key: str, name: str) -> AppTest:
        return app.button(key=f"{key} {name}").click().run()

    monkeypatch.setattr(marks, "marks", draw)
    return click
