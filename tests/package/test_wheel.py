"""The wheel in an empty folder, beside its dependencies and without the repository."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser

REPOSITORY = Path(__file__).resolve().parents[2]
MOST_BYTES = 20_000_000
#: What a wheel is built from; see setup.py.
SOURCES = (
    "dmil_core", "dashboard", "checkpoints/switch", "checkpoints/shapes-qa", "benchmarks/results",
    "pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE",
)  # fmt: skip
#: Packages that only the extras bring, and what these need.
EXTRAS = (
    "streamlit", "plotly", "umap", "pynndescent", "numba", "llvmlite", "altair", "pydeck",
    "httptools", "uvloop", "psutil", "watchdog",
)  # fmt: skip
SMALL = "switch:classes=3,noise=0.4,block=4,train=240,val=90,test=90"


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel in it.

    Attributes
    ----------
    wheel : the file.
    python : its interpreter, which finds the core's dependencies.
    extras : a folder with those of the extras.
    home : the user's home folder.
    """

    wheel: Path
    python: Path
    extras: Path
    home: Path

    @property
    def package(self) -> Path:
        """The installed package."""
        (folder,) = self.python.parents[1].glob("lib/python*/site-packages/dmil_core")
        return folder

    @property
    def user_data(self) -> Path:
        """Where the user's own files go on Linux."""
        return self.home / ".local" / "share" / "dmil-explorer"

    def environment(self, extras: bool = False) -> dict[str, str]:
        """Of a process that knows nothing of the repository."""
        passed = {
            n: v for n, v in os.environ.items() if not n.startswith(("DMIL", "PYTHON", "XDG"))
        }
        search = {"PYTHONPATH": str(self.extras)} if extras else {}
        return {**passed, "HOME": str(self.home), "OMP_NUM_THREADS": "1", **search}

    def dmil(self, *arguments: object, extras: bool = False) -> subprocess.CompletedProcess[str]:
        """A finished ``dmil`` command, run in an empty folder."""
        return subprocess.run(
            [self.python.with_name("dmil"), *map(str, arguments)],
            cwd=self.home / "empty", env=self.environment(extras),
            capture_output=True, text=True, check=False,
        )  # fmt: skip


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    """Build the wheel from a copy of its sources and install it; afterwards nothing in the
    installed package may have changed."""
    folder = tmp_path_factory.mktemp("package")
    ignore = shutil.ignore_patterns("__pycache__", ".lock", ".training")
    for name in SOURCES:
        source, target = REPOSITORY / name, folder / "source" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=ignore)
        else:
            shutil.copyfile(source, target)
    check("-m", "build", "--wheel", "--no-isolation", "--outdir", folder, folder / "source")
    (wheel,) = folder.glob("*.whl")
    check("-m", "venv", "--without-pip", folder / "venv")
    python = folder / "venv" / "bin" / "python"
    _link_dependencies(folder)
    (site,) = (folder / "venv").glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(f"{folder / 'core' / 'site-packages'}\n")
    check("-m", "pip", "--python", python, "install", "--no-deps", "--no-index", "--quiet", wheel)
    (folder / "home" / "empty").mkdir(parents=True)
    result = Installed(wheel, python, folder / "extras" / "site-packages", folder / "home")
    before = contents(result.package)
    yield result
    assert contents(result.package) == before
    assert list((result.home / "empty").iterdir()) == []


def check(*arguments: object) -> None:
    """Run this interpreter; a fault is told with all it said."""
    done = subprocess.run(
        [sys.executable, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{arguments}:\n{done.stdout}\n{done.stderr}"


def _link_dependencies(folder: Path) -> None:
    """This environment's packages, those of the extras apart, and nothing of this project.

    Streamlit takes itself for a developer's copy where no folder is named site-packages.
    """
    for group in ("core", "extras"):
        (folder / group / "site-packages").mkdir(parents=True)
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        name = re.split(r"[-.]", entry.name.lower())[0]
        if "dmil" not in name and entry.suffix != ".pth":
            group = "extras" if name in EXTRAS else "core"
            (folder / group / "site-packages" / entry.name).symlink_to(entry)


def contents(package: Path) -> dict[str, str]:
    """File -> digest."""
    files = (file for file in package.rglob("*") if file.is_file())
    return {
        str(file.relative_to(package)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in files
        if "__pycache__" not in file.parts
    }


def test_the_wheel_is_small_and_claims_one_name(installed: Installed) -> None:
    assert installed.wheel.stat().st_size <= MOST_BYTES
    names = zipfile.ZipFile(installed.wheel).namelist()
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"dmil_core"}
    inside = {name.removeprefix("dmil_core/") for name in names}
    assert "py.typed" in inside
    assert "_app/dashboard/.streamlit/config.toml" in inside
    # Every file of the app is carried.
    app = {
        f"_app/{f.relative_to(REPOSITORY).as_posix()}"
        for f in (REPOSITORY / "dashboard").rglob("*")
        if f.is_file() and "__pycache__" not in f.parts
    }
    assert app - inside == set()


def test_list_says_where_it_looks(installed: Installed) -> None:
    done = installed.dmil("list")
    assert done.returncode == 0, done.stderr
    for paradigm in ("joint", "ensemble", "dmil", "dmil-paper"):
        assert re.search(rf"^  switch/{paradigm}/seed0: test accuracy", done.stdout, re.MULTILINE)
    assert f"{installed.user_data / 'checkpoints'} (DMIL_CHECKPOINTS)" in done.stdout
    assert f"{installed.user_data / 'sample_data'} (DMIL_SAMPLE_DATA)" in done.stdout
    assert "part of the package, read only" in done.stdout


def test_the_core_does_without_the_extras(installed: Installed, tmp_path: Path) -> None:
    line = ["train", "--data", SMALL, "--paradigm", "joint", "--epochs-scale", 0.02, "--quiet"]
    done = installed.dmil(*line, "--map", "pca")
    assert done.returncode == 0, done.stderr
    (folder,) = (installed.user_data / "checkpoints").glob("*/joint/seed0")
    assert done.stdout.startswith(str(folder))
    assert (folder / "projection.parquet").exists()
    assert "/joint/seed0: test accuracy" in installed.dmil("list").stdout
    # A checkpoint that the package carries, by the name that `dmil list` gives it.
    out = tmp_path / "table.parquet"
    line = ["decompose", "--checkpoint", "switch/dmil/seed0", "--data", "switch", "--out", out]
    done = installed.dmil(*line, "--split", "test")
    assert done.returncode == 0, done.stderr
    assert out.exists()


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (("app",), "pip install 'dmil-explorer[app]'"),
        (("train", "--data", SMALL, "--map", "umap"), "pip install 'dmil-explorer[maps]'"),
        (
            ("project", "--checkpoint", "switch/dmil/seed0", "--method", "pca"),
            "which is never written to",
        ),
    ],
)
def test_what_is_missing_or_not_allowed_is_said(
    installed: Installed, line: tuple[str, ...], says: str
) -> None:
    done = installed.dmil(*line)
    assert done.returncode == 2
    assert says in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.browser
def test_the_app_shows_the_demonstration(installed: Installed, browser: Browser) -> None:
    from tests.browser.server import ended, free_port, settled, wait_until_healthy

    port = free_port()
    command = [installed.python.with_name("dmil"), "app", "--port", port]
    command += ["--server.address", "127.0.0.1", "--server.fileWatcherType", "none"]
    url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        list(map(str, command)), cwd=installed.home / "empty", env=installed.environment(True)
    )
    with ended(process):
        wait_until_healthy(url, process)
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        page.goto(url)
        settled(page)
        shown = page.inner_text("[data-testid=stApp]")
        assert "shapes" in shown.lower()
        heading = page.locator("[data-testid=stMain] h1").first
        # From the styles that the package carries; Streamlit's own size is 44 px.
        assert heading.evaluate("e => getComputedStyle(e).fontSize") == "21.6px"
        page.close()
