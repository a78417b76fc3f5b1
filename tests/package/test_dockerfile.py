"""The Dockerfile: its habits, and its own steps in a clean environment, without Docker."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.browser.server import REPOSITORY, ended, free_port

DOCKERFILE = REPOSITORY / "Dockerfile"


@dataclass(frozen=True)
class Step:
    """One instruction: its word, its options and the rest, lines put together."""

    word: str
    options: tuple[str, ...]
    rest: str


def steps() -> list[Step]:
    text = re.sub(r"\\\n", " ", DOCKERFILE.read_text("utf-8"))
    lines = [line.strip() for line in text.splitlines() if line.strip() and line[0] != "#"]
    made = []
    for line in lines:
        word, _, rest = line.partition(" ")
        parts = rest.split()
        options = [p for p in parts[: len(parts)] if p.startswith("--")] if word != "RUN" else []
        if word == "HEALTHCHECK":
            rest = rest.partition("CMD")[2].strip()
        else:
            for option in options:
                rest = rest.replace(option, "", 1).strip()
        made.append(Step(word, tuple(options), rest))
    return made


def of(word: str) -> list[Step]:
    return [s for s in steps() if s.word == word]


# --- habits --------------------------------------------------------------------------------------


def test_the_image_is_pinned_and_runs_as_a_user_without_rights() -> None:
    order = [s.word for s in steps()]
    assert order[0] == "FROM"
    assert re.fullmatch(r"python:3\.\d+-slim-\w+", steps()[0].rest)
    assert of("USER")[-1].rest not in ("root", "0")
    assert order.index("USER") < order.index("CMD")
    assert "ADD" not in order
    # The form that passes signals on to the server.
    assert json.loads(of("CMD")[-1].rest)[0] == "python"
    assert json.loads(of("HEALTHCHECK")[-1].rest)[-1] == "dashboard.health"
    assert not any("sudo" in s.rest or "apt-get" in s.rest for s in of("RUN"))


def test_what_is_installed_is_compared_with_its_hash() -> None:
    installs = [s.rest for s in of("RUN") if "pip install" in s.rest]
    others = [text for text in installs if "torch" not in text]
    assert others
    assert all("--require-hashes" in text and "--no-cache-dir" in text for text in others)


def test_what_is_copied_is_there_and_is_not_left_out() -> None:
    ignored = [
        line for line in (REPOSITORY / ".dockerignore").read_text().splitlines()
        if line and line[0] != "#"
    ]  # fmt: skip
    for step in of("COPY"):
        *sources, _ = step.rest.split()
        for source in sources:
            assert (REPOSITORY / source).exists(), source
            assert not any(fnmatch(source, pattern) for pattern in ignored)


def test_the_compose_file_waits_for_the_health_check_and_names_what_is_there() -> None:
    text = (REPOSITORY / "deploy/compose.yaml").read_text("utf-8")
    volumes = json.loads(of("VOLUME")[-1].rest)
    assert all(f":{volume}" in text for volume in volumes)
    assert "condition: service_healthy" in text
    assert "latest" not in text
    port = of("EXPOSE")[-1].rest
    assert f"app:{port}" in (REPOSITORY / "deploy/Caddyfile").read_text("utf-8")
    assert f"app_port: {port}" in (REPOSITORY / "deploy/space/README.md").read_text("utf-8")


# --- its own steps -------------------------------------------------------------------------------


class Container:
    """A folder in place of a container's root, and an environment of Python of its own."""

    def __init__(self, root: Path) -> None:
        self.root, self.work = root, root
        python = root / "python"
        subprocess.run([sys.executable, "-m", "venv", str(python)], check=True)
        kept = {
            k: v for k, v in os.environ.items() if k.startswith(("PIP_", "SSL_", "HTTP", "NO_P"))
        }
        self.environment = {
            **kept, "PIP_NO_COMPILE": "1", "PATH": f"{python / 'bin'}:/usr/bin:/bin",
            "HOME": str(root), "LANG": "C.UTF-8",
        }  # fmt: skip

    def inside(self, text: str) -> str:
        """Absolute paths of the container as paths below its root."""
        return re.sub(r"(?<![\w.:/])/(?=(app|data)\b)", f"{self.root}/", text)

    def run(self, command: list[str]) -> None:
        subprocess.run(command, cwd=self.work, env=self.environment, check=True)

    def step(self, step: Step) -> None:
        """Do one instruction as Docker would, but for users and owners."""
        if step.word == "ENV":
            pairs = re.findall(r'(\w+)=("[^"]*"|\S+)', step.rest)
            self.environment |= {k: self.inside(v.strip('"')) for k, v in pairs}
        elif step.word == "WORKDIR":
            self.work = Path(self.inside(step.rest))
            self.work.mkdir(parents=True, exist_ok=True)
        elif step.word == "COPY":
            *sources, target = step.rest.split()
            for source in sources:
                self.copy(REPOSITORY / source, self.work / self.inside(target), target)
        elif step.word == "RUN" and not step.rest.startswith("useradd"):
            command = re.sub(r"--(owner|group)=\w+ ?", "", self.inside(step.rest))
            self.run(["bash", "-euc", command])

    @staticmethod
    def copy(source: Path, target: Path, said: str) -> None:
        if source.is_dir():
            left_out = shutil.ignore_patterns("__pycache__", ".training", ".lock", ".DS_Store")
            shutil.copytree(source, target, ignore=left_out, dirs_exist_ok=True)
        else:
            into = target / source.name if said.endswith("/") else target
            into.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, into)


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    root = tmp_path_factory.mktemp("container")
    made = Container(root)
    for step in steps():
        made.step(step)
    # Another port than everybody's; and the address of this machine alone.
    made.environment |= {
        "STREAMLIT_SERVER_PORT": str(free_port()), "STREAMLIT_SERVER_ADDRESS": "127.0.0.1",
    }  # fmt: skip
    yield made
    shutil.rmtree(root)


@pytest.mark.timeout(900)
@pytest.mark.skipif(sys.platform != "linux", reason="the steps of an image of Linux")
def test_the_steps_of_the_dockerfile_end_in_a_server_that_is_well(container: Container) -> None:
    health = json.loads(of("HEALTHCHECK")[-1].rest)

    def asked() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            health, cwd=container.work, env=container.environment, capture_output=True, text=True,
            check=False,
        )  # fmt: skip

    assert asked().returncode == 1, "nothing is well before the server runs"
    log = container.root / "log"
    with (
        log.open("w") as said,
        ended(
            subprocess.Popen(
                json.loads(of("CMD")[-1].rest), cwd=container.work, env=container.environment,
                stdout=subprocess.DEVNULL, stderr=said,
            )
        ),
    ):  # fmt: skip
        end = time.monotonic() + 120
        while (answer := asked()).returncode and time.monotonic() < end:
            time.sleep(0.5)
        assert answer.returncode == 0, answer.stderr + log.read_text()
        found = json.loads(answer.stdout)
        assert found["status"] == found["checkpoints"] == found["uploads"] == "ok"
        assert found["jobs"] == {"queued": 0, "running": 0}
        port = container.environment["STREAMLIT_SERVER_PORT"]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/samples") as page:
            assert b"<title>" in page.read()
    # The log is lines of JSON and nothing else.
    for line in log.read_text().splitlines():
        assert {"time", "level", "logger", "message"} <= set(json.loads(line))
