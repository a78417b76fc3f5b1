"""Which engine runs units of work, as the command line says it."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from dmil_core.cli import main
from dmil_core.cli.options import add_engine, engine_of
from dmil_core.engine import ray
from dmil_core.engine.local import LocalEngine
from dmil_core.engine.options import EngineOptions
from dmil_core.errors import ConfigError

SPEC = "switch:classes=2,noise=0.4,block=2,train=80,val=40,test=60"


def read(*words: str, jobs: int = 1) -> EngineOptions:
    parser = argparse.ArgumentParser()
    add_engine(parser, jobs)
    return engine_of(parser.parse_args(words), jobs)


def test_the_number_of_processes_is_that_of_the_command_or_of_the_cluster(tmp_path: Path) -> None:
    assert read() == EngineOptions("local", 1)
    assert read().is_here
    assert read(jobs=2) == EngineOptions("local", 2)
    assert not read(jobs=2).is_here
    assert read("--jobs", "3", jobs=2).jobs == 3
    assert read("--engine", "ray", jobs=2) == EngineOptions("ray", 2)
    cluster = ("--engine", "ray", "--address", "auto")
    assert read(*cluster, jobs=2) == EngineOptions("ray", None, "auto")
    assert read(*cluster, "--jobs", "8").jobs == 8
    assert isinstance(read().opened(tmp_path), LocalEngine)


def test_an_address_is_of_ray(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "c"
    assert main(["compare", "--data", SPEC, "--out", str(out), "--address", "10.0.0.1:6379"]) == 2
    assert "add --engine ray" in capsys.readouterr().err
    assert not out.exists()


def test_without_ray_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ray, "find_spec", lambda name: None)
    command = ["compare", "--data", SPEC, "--out", str(tmp_path / "c"), "--engine", "ray"]
    assert main(command) == 2
    assert "pip install 'dmil-explorer[ray]'" in capsys.readouterr().err


def test_an_engine_that_does_not_exist() -> None:
    with pytest.raises(ConfigError, match="expected one of local, ray"):
        EngineOptions("slurm")  # type: ignore[arg-type]
