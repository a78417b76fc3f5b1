"""A real server of the app for browser tests and screenshots, on a port of its own."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from playwright.sync_api import Browser, Page

#: Starts a Chromium with the given flags.
Launch = Callable[[list[str]], Browser]

REPOSITORY = Path(__file__).resolve().parents[2]
CHROMIUM = os.environ.get("DMIL_CHROMIUM", "/usr/bin/chromium")
#: Software rendering for WebGL where there is no graphics card; nothing that makes Chromium draw
#: the page itself with it too, which takes several times as long.
FLAGS = ["--no-sandbox", "--enable-unsafe-swiftshader"]


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running_app(environment: Mapping[str, str] | None = None) -> Iterator[str]:
    """Start the app as a visitor's machine would, yield its address, stop it at the end."""
    with app_process(environment) as (url, _):
        yield url


@contextlib.contextmanager
def app_process(
    environment: Mapping[str, str] | None = None,
    options: Sequence[str] = ("--server.address", "127.0.0.1"),
    start: Sequence[str] = ("streamlit", "run", "dashboard/app.py", "--server.port"),
    base: str = "",
) -> Iterator[tuple[str, int]]:
    """The same, with the server's process id beside the address.

    ``start`` is the module and its arguments before the port, ``options`` those after it, ``base``
    the folder of the app in its address.
    """
    port = free_port()
    command = [sys.executable, "-m", *start, str(port), *options]
    command += ["--server.fileWatcherType", "none"]
    env = {**os.environ, "OMP_NUM_THREADS": "1", **(environment or {})}
    with ended(subprocess.Popen(command, cwd=REPOSITORY, env=env)) as process:
        wait_until_healthy(f"http://127.0.0.1:{port}{base}", process)
        yield f"http://127.0.0.1:{port}{base}", process.pid


@contextlib.contextmanager
def ended(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is asked to end afterwards, and killed if it does not within ten seconds."""
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_healthy(url: str, process: subprocess.Popen[bytes], seconds: float = 60) -> None:
    """Wait until the server answers that it is well."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"the app ended with code {process.returncode} before it was up")
        # Any unknown path answers 200 with HTML; only this one says "ok".
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(f"{url}/_stcore/health", timeout=2) as answer,
        ):
            if answer.read() == b"ok":
                return
        time.sleep(0.2)
    raise TimeoutError(f"{url} did not become healthy in {seconds:.0f} s")


#: Milliseconds without a script run after which none is expected any more.
CALM = 400
_CALM = """
(long) => {
  const app = document.querySelector("[data-testid=stApp]");
  const busy =
    document.querySelector("[data-testid=stSkeleton], [data-testid=stStatusWidget]") ||
    app?.getAttribute("data-test-script-state") === "running";
  const now = performance.now();
  window.calmSince = busy ? undefined : (window.calmSince ?? now);
  return window.calmSince !== undefined && now - window.calmSince > long;
}
"""


def settled(page: Page, timeout: float = 60_000) -> None:
    """Wait until the app has drawn something and no script run is under way."""
    page.wait_for_selector("[data-testid=stMain] h1", timeout=timeout)
    page.evaluate("() => { window.calmSince = undefined; }")
    page.wait_for_function(_CALM, arg=CALM, timeout=timeout)
