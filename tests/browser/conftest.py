"""A real server and a real Chromium for the whole session."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.server import running_app
from tests.dashboard.folders import Room, furnish


@pytest.fixture(scope="session")
def room(tmp_path_factory: pytest.TempPathFactory) -> Room:
    """Checkpoints with every state a page can meet; see `folders.furnish`."""
    return furnish(tmp_path_factory.mktemp("checkpoints"))


@pytest.fixture(scope="session")
def uploads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the app keeps what visitors upload."""
    return tmp_path_factory.mktemp("uploads")


@pytest.fixture(scope="session")
def app_url(room: Room, uploads: Path) -> Iterator[str]:
    """Address of the app, started as a visitor's machine would start it."""
    folders = {"DMIL_CHECKPOINTS": str(room.root), "DMIL_RESULTS": str(room.results)}
    folders["DMIL_UPLOADS"] = str(uploads)
    with running_app(folders) as url:
        yield url


@pytest.fixture(scope="session")
def profile(browser: Browser) -> BrowserContext:
    """One browser profile, so that the app's scripts are fetched and compiled once."""
    return browser.new_context()


@pytest.fixture
def page(profile: BrowserContext, app_url: str) -> Iterator[Page]:
    """A visitor's window, 1440 by 1000; of earlier tests the profile holds nothing but files."""
    yield from _window(profile, app_url, 1440, 1000)


@pytest.fixture
def phone(profile: BrowserContext, app_url: str) -> Iterator[Page]:
    """The same on a phone, 400 by 800."""
    yield from _window(profile, app_url, 400, 800)


def _window(profile: BrowserContext, url: str, width: int, height: int) -> Iterator[Page]:
    page = profile.new_page()
    page.set_viewport_size({"width": width, "height": height})
    yield page
    for visited in profile.pages:
        visited.close()
    other = profile.new_page()
    other.goto(f"{url}/_stcore/health")  # an address of the same origin, without the app
    other.evaluate("() => localStorage.clear()")
    profile.clear_cookies()
    other.close()
