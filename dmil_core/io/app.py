"""The command that starts the app, and the app as a process in the background."""

from __future__ import annotations

import atexit
import contextlib
import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Final
from urllib.parse import quote, urlencode

from dmil_core.errors import ConfigError
from dmil_core.io.atomic import writing
from dmil_core.io.paths import app_folder
from dmil_core.io.reading import brief

#: The address that the app listens on and knows itself by.
_HOST: Final = "localhost"
#: Seconds between two looks whether it is up, and that it gets to end.
_PAUSE, _TO_END = 0.1, 10.0
#: Characters of what it said that an error repeats.
_SAID: Final = 1000


def app_command(port: int | None, rest: list[str]) -> tuple[list[str], dict[str, str]]:
    """The command that starts the app, and its environment.

    Streamlit reads the app's settings from ``dashboard/.streamlit/config.toml``, which lies beside
    the script it runs; options of the command line win.

    Raises
    ------
    ConfigError
        If Streamlit or the app is not installed.
    """
    missing = [name for name in ("streamlit", "plotly") if find_spec(name) is None]
    if missing:
        raise ConfigError(
            f"the app needs {' and '.join(missing)}, which the core alone does not install: "
            "pip install 'dmil-explorer[app]'"
        )
    folder = app_folder()
    if folder is None:
        raise ConfigError(
            "the app is not part of this installation; install dmil-explorer again, or start "
            "`streamlit run dashboard/app.py` in its repository"
        )
    command = [sys.executable, "-m", "streamlit", "run", str(folder / "dashboard" / "app.py")]
    if port is not None:
        command += ["--server.port", str(port)]
    # The app's modules are imported by name, and those of its child processes too.
    search = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    # Nothing in the current folder may take the place of one of these modules.
    paths = {"PYTHONPATH": search, "PYTHONSAFEPATH": "1"}
    return [*command, *rest], {**os.environ, **paths}


class App:
    """The app in a process of its own, on the checkpoints of one folder; for this machine alone.

    It ends with :meth:`stop`, at the end of a ``with`` block, or with this Python.

    Attributes
    ----------
    checkpoints : the folder.
    address : of its first page.
    url : of the page that was asked for last.
    """

    def __init__(
        self, checkpoints: Path, port: int | None = None, seconds: float = 60.0,
        temporary: tempfile.TemporaryDirectory[str] | None = None,
    ) -> None:  # fmt: skip
        """Start it and wait until it answers.

        Parameters
        ----------
        port
            That it listens on; by default one that is free.
        seconds
            That it may take to start.
        temporary
            A folder that is removed when it ends.

        Raises
        ------
        ConfigError
            If the app is not installed, or does not start.
        """
        self.checkpoints = checkpoints
        self._temporary = temporary
        self._port = port or _free_port()
        self.address = self.url = f"http://{_HOST}:{self._port}/"
        options = ["--server.headless", "true", "--server.fileWatcherType", "none"]
        command, environment = app_command(self._port, options)
        environment["DMIL_CHECKPOINTS"] = str(checkpoints.resolve())
        with writing(Path(tempfile.gettempdir())):
            self._said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by stop
        # In a session of its own: Ctrl-C in a notebook stops what is computed there, not the app.
        self._process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=self._said,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        atexit.register(self.stop)
        self._wait(seconds)

    def _wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        try:
            while not self.healthy:
                if not self.running or time.monotonic() > end:
                    what = "did not answer in time" if self.running else "ended at once"
                    raise ConfigError(f"the app {what}: {self._last_words()}")
                time.sleep(_PAUSE)
        except BaseException:
            self.stop()
            raise

    def _last_words(self) -> str:
        self._said.seek(0)
        text = self._said.read().decode("utf-8", "replace")
        return brief(text[-_SAID:]) or "it said nothing. Start it with `dmil app`"

    @property
    def running(self) -> bool:
        """Whether the process has not ended."""
        return self._process.poll() is None

    @property
    def healthy(self) -> bool:
        """Whether it answers."""
        connection = http.client.HTTPConnection(_HOST, self._port, timeout=2)
        with (
            contextlib.closing(connection),
            contextlib.suppress(OSError, http.client.HTTPException),
        ):
            connection.request("GET", "/_stcore/health")
            # Any unknown path answers 200 with HTML; only this one says "ok".
            return connection.getresponse().read() == b"ok" and self.running
        return False

    def page(self, path: str, **chosen: str) -> App:
        """The same app, with the address of a page of it; ``chosen`` is what its link selects."""
        query = f"?{urlencode(chosen)}" if chosen else ""
        self.url = f"{self.address}{quote(path)}{query}"
        return self

    def stop(self) -> None:
        """End it; what it was opened on stays, unless that is in a temporary folder."""
        atexit.unregister(self.stop)
        if self.running:
            self._process.terminate()
            try:
                self._process.wait(_TO_END)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._said.close()
        if self._temporary is not None:
            self._temporary.cleanup()

    def __enter__(self) -> App:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<dmil_core app at {self.url}{'' if self.running else ', ended'}>"

    def _repr_html_(self) -> str:
        if not self.running:
            return "<p>The app has ended.</p>"
        address = escape(self.url)
        return f'<p>The app: <a href="{address}" target="_blank" rel="noopener">{address}</a></p>'


def _free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
