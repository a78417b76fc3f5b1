"""What every test shares: one thread, no network, and tiny runs that were really trained."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

# Before anything imports torch: two threads would only take turns on these small matrices.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("NUMBA_NUM_THREADS", "1")

import pytest
from hypothesis import settings

from dmil_core.checkpoint import Run
from dmil_core.data.catalog import load_dataset
from dmil_core.data.dataset import Dataset

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.browser.server import Launch

# Timings say nothing on a busy machine, and a suite should fail for the same reasons every time.
settings.register_profile("dmil", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("dmil")

REPOSITORY = Path(__file__).resolve().parents[1]
MAIN = sys.modules["__main__"]
BROWSER_TESTS = REPOSITORY / "tests" / "browser"
#: The only addresses a test may connect to.
LOCAL = ("127.0.0.1", "::1", "localhost")

TINY = "switch:classes=3,noise=0.4,block=4,train=240,val=90,test=90"
TINY_SCALE = 0.05
PARADIGM_NAMES = ("joint", "ensemble", "dmil", "dmil-paper")


@pytest.fixture(scope="session")
def tiny() -> Dataset:
    """420 rows of ``switch``: three classes, 12 numbers per modality, known interaction type."""
    return load_dataset(TINY)


@pytest.fixture(scope="session")
def tiny_root(tmp_path_factory: pytest.TempPathFactory, tiny: Dataset) -> Path:
    """A checkpoints folder with one short run of every paradigm on ``tiny``. Do not write here."""
    from dmil_core.training.run import train

    root = tmp_path_factory.mktemp("checkpoints")
    for name in PARADIGM_NAMES:
        train(tiny, name, 0, root / "tiny" / name / "seed0", epochs_scale=TINY_SCALE)
    return root


@pytest.fixture(scope="session")
def tiny_runs(tiny_root: Path) -> dict[str, Run]:
    """The runs of ``tiny_root`` by paradigm. Do not write to their folders."""
    from dmil_core.checkpoint import read_run

    return {name: read_run(tiny_root / "tiny" / name / "seed0") for name in PARADIGM_NAMES}


@pytest.fixture(scope="session")
def tracked() -> list[Path]:
    """Every file of the repository that git tracks; links to other files are left out."""
    if shutil.which("git") is None or not (REPOSITORY / ".git").exists():
        pytest.skip("not a git checkout, so nothing says which files belong to the repository")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, check=True
    ).stdout.decode()
    files = [REPOSITORY / name for name in listed.split("\0") if name]
    return [f for f in files if f.is_file() and not f.is_symlink()]


@pytest.fixture(scope="session")
def launch() -> Iterator[Launch]:
    """Start a Chromium with the given flags; all are closed at the end."""
    from playwright.sync_api import sync_playwright

    from tests.browser.server import CHROMIUM

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
    from tests.browser.server import FLAGS

    return launch(FLAGS)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Names a case of bytes by its argument, not by its content.

    An encoder writes the time into some formats, so a name made of content would differ between
    two processes of one run, which have to collect the same names.
    """
    return argname if isinstance(val, bytes) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what lies in tests/browser, so that ``-m "not browser"`` leaves it out."""
    for item in items:
        if BROWSER_TESTS in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(autouse=True)
def _own_main() -> None:
    """Give back what Streamlit's AppTest took: it makes its script the main module, which the
    new processes of a later test would then run."""
    sys.modules["__main__"] = MAIN


@pytest.fixture(scope="session", autouse=True)
def _no_network() -> Iterator[None]:
    """Refuse connections to other machines, so that no test depends on the network."""

    class LocalSocket(socket.socket):
        def connect(self, address: Any) -> None:
            _refuse_remote(self, address)
            super().connect(address)

        def connect_ex(self, address: Any) -> int:
            _refuse_remote(self, address)
            return super().connect_ex(address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "socket", LocalSocket)
        yield


def _refuse_remote(sock: socket.socket, address: Any) -> None:
    if sock.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in LOCAL:
        raise RuntimeError(f"a test tried to reach {address[0]}; tests run without the network")
