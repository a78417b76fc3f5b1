"""A real server and a real Chromium for the whole session."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.server import CHROMIUM, FLAGS, running_app
from tests.dashboard.folders import Room, furnish

Launch = Callable[[list[str]], Browser]


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
def launch() -> Iterator[Launch]:
    """Start a Chromium with the given flags; all are closed at the end."""
    if not Path(CHROMIUM).exists():
        pytest.fail(f"{CHROMIUM} is missing: apt-get install chromium, or set DMIL_CHROMIUM")
    with sync_playwright() as playwright:
        started = []

        def start(flags: list[str]) -> Browser:
            started.append(playwright.chromium.launch(executable_path=CHROMIUM, args=flags))
            return started[-1]

        yield start
        for browser in started:
            browser.close()


@pytest.fixture(scope="session")
def browser(launch: Launch) -> Browser:
    """Chromium with software WebGL."""
    return launch(FLAGS)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A visitor's window, 1440 by 1000."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    yield context.new_page()
    context.close()
