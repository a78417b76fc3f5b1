"""Encoders of users in other processes: by --plugin, by DMIL_PLUGINS, by an entry point."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dmil_core.checkpoint import read_run
from dmil_core.errors import ConfigError
from dmil_core.models import encoders, plugins
from tests.conftest import TINY
from tests.core.processes import ROOT, environment

PLUGIN = """
import torch
import dmil_core as dmil

class Sums(torch.nn.Module):
    feature_size = 2

    def forward(self, x):
        flat = x.flatten(1)
        return torch.stack([flat.sum(dim=1), flat.square().sum(dim=1)], dim=1)

def build(config):
    return Sums()

dmil.register_encoder("sums", build)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the user's module, and ``run``, a checkpoint that was trained with it."""
    folder = tmp_path_factory.mktemp("user")
    (folder / "my_encoders.py").write_text(PLUGIN)
    (folder / "broken.py").write_text("1 / 0\n")
    line = ["train", "--data", TINY, "--plugin", "my_encoders", "--encoder2", "sums"]
    done = python(folder, "main", *line, "--out", "run", "--epochs-scale", "0.01", "--quiet")
    assert done.returncode == 0, done.stderr
    return folder


def python(cwd: Path, what: str, *line: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """A process in the user's folder, which Python does not look into by itself."""
    changes = {"PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1", "DMIL_PLUGINS": "", **changes}
    code = "import sys; from dmil_core.cli import main; sys.exit(main(sys.argv[1:]))"
    return subprocess.run(
        [sys.executable, "-c", code if what == "main" else what, *line],
        cwd=cwd, env=environment(**changes), capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_checkpoint_names_its_encoder_and_no_module(folder: Path) -> None:
    assert [e.kind for e in read_run(folder / "run").config.model.encoders] == ["mlp", "sums"]
    assert "my_encoders" not in (folder / "run" / "run.json").read_text()


def test_another_process_loads_it_once_the_module_is_named(folder: Path) -> None:
    line = ["decompose", "--checkpoint", "run", "--data", TINY, "--out", "table.csv"]
    refused = python(folder, "main", *line)
    assert refused.returncode == 2
    assert "encoder 'sums' is not known here" in refused.stderr
    assert "--plugin MODULE, or DMIL_PLUGINS=MODULE" in refused.stderr
    assert not (folder / "table.csv").exists()
    loaded = python(folder, "main", *line, "--plugin", "my_encoders")
    assert loaded.returncode == 0, loaded.stderr
    assert (folder / "table.csv").exists()


def test_the_environment_is_enough_for_python(folder: Path) -> None:
    code = (
        "import sys, dmil_core as dmil\n"
        "model = dmil.load('run')\n"
        "print(type(model.network.encoders.x2.module).__name__)\n"
        "print(model.paradigm)\n"
    )
    done = python(folder, code, DMIL_PLUGINS="my_encoders")
    assert done.stdout.split() == ["Sums", "dmil"], done.stderr


@pytest.mark.parametrize(
    ("module", "says"),
    [
        ("nosuchmodule", "'nosuchmodule' was not found"),
        ("my_encoders.py", "not mymodule.py"),
        ("broken", "'broken' cannot be imported: ZeroDivisionError"),
    ],
)
def test_a_plugin_that_cannot_be_imported_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, module: str, says: str
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(encoders, "ENCODERS", dict(encoders.ENCODERS))
    monkeypatch.setenv(plugins.VARIABLE, "")
    with pytest.raises(ConfigError, match=says):
        plugins.add([module])
    assert plugins.named() == (), "what failed is not left to the next call or to child processes"


def test_an_installed_package_declares_its_encoder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "declared_encoders.py").write_text(PLUGIN.partition("dmil.register")[0])
    for name, value in (("mine", "declared_encoders:build"), ("gone", "declared_encoders:none")):
        info = tmp_path / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[{plugins.GROUP}]\n{name} = {value}\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert encoders.find_encoder("mine").__module__ == "declared_encoders"
    with pytest.raises(ConfigError, match=r"'gone'.*declared_encoders:none.*Repair or uninstall"):
        encoders.find_encoder("gone")


def test_no_user_code_runs_unless_it_was_named(folder: Path) -> None:
    code = "import sys, dmil_core as dmil; dmil.find_runs(); print('my_encoders' in sys.modules)"
    assert python(folder, code, DMIL_PLUGINS="my_encoders").stdout.split() == ["False"]
