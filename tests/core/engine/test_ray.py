"""Units of work on a cluster of two nodes, of which workers and a node are lost.

``make test-ray`` runs this module alone: ten processes of Ray would slow the other tests down.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow.parquet as pq
import pytest

if find_spec("ray") is None and "CI" not in os.environ:
    pytest.skip("ray is not installed: pip install 'dmil-explorer[ray]'", allow_module_level=True)

import ray
from ray.cluster_utils import Cluster

from dmil_core.cli import main
from dmil_core.engine import ray as engine_ray
from dmil_core.engine.options import EngineOptions
from dmil_core.engine.parts import write_parts
from dmil_core.engine.ray import RayEngine
from dmil_core.engine.tasks import TRIES, Task
from dmil_core.errors import ConfigError, DataError, ResourceError
from dmil_core.experiments.compare import RESULTS_FILE, read_results
from dmil_core.io.parts import PartsFolder, Work
from dmil_core.io.reading import MIB
from tests import conftest
from tests.core.engine.units import (
    Numbered,
    Numbers,
    doubled,
    dying,
    refusing,
    slow_first,
    square,
    waiting,
    wrong,
)

NODE = {"num_cpus": 1, "object_store_memory": 100 * MIB}
SPEC = "switch:classes=2,noise=0.4,block=2,train=80,val=40,test=60"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A node of one CPU, which is asked; others come and go."""
    made = Cluster(initialize_head=True, head_node_args={**NODE, "include_dashboard": False})
    with pytest.MonkeyPatch.context() as patch:
        # Nodes speak to each other by the address of this machine.
        patch.setattr(conftest, "LOCAL", (*conftest.LOCAL, made.address.rpartition(":")[0]))
        yield made
    ray.shutdown()
    made.shutdown()


@pytest.fixture
def second(cluster: Cluster) -> Iterator[Any]:
    """The other node, until it is removed."""
    node = cluster.add_node(**NODE)
    yield node
    if node in cluster.list_all_nodes():
        cluster.remove_node(node)


def opened(cluster: Cluster, folder: Path, said: list[str] | None = None) -> RayEngine:
    return RayEngine(folder, None, cluster.address, [].append if said is None else said.append)


def test_each_result_comes_once_and_the_first_that_is_done_first(
    cluster: Cluster, second: Any, tmp_path: Path
) -> None:
    with opened(cluster, tmp_path) as engine:
        assert dict(engine.each([Task(str(n), square, (n,)) for n in range(5)])) == {
            n: n * n for n in range(5)
        }
        order = [index for index, _ in engine.each([Task("", slow_first, (n,)) for n in range(3)])]
    assert order[-1] == 0
    assert sorted(order) == [0, 1, 2]
    assert list(tmp_path.iterdir()) == []


def test_arrays_can_be_written_to_by_a_unit_and_after_it(cluster: Cluster, tmp_path: Path) -> None:
    values = np.ones(300_000)
    tasks = [Task("", doubled, (values,)) for _ in range(2)]
    with opened(cluster, tmp_path) as engine:
        for _, found in engine.each(tasks):
            found += 1
            assert (found == 3).all()
    assert (values == 1).all()


def test_a_unit_whose_worker_was_killed_is_begun_again_and_the_others_are_not(
    cluster: Cluster, tmp_path: Path
) -> None:
    said: list[str] = []
    counts = [tmp_path / str(n) for n in range(4)]
    tasks = [Task(f"unit {n}", dying, (str(counts[n]), n, 2 if n == 1 else 0)) for n in range(4)]
    with opened(cluster, tmp_path, said) as engine:
        assert dict(engine.each(tasks)) == {n: n for n in range(4)}
    assert [path.stat().st_size for path in counts] == [1, 3, 1, 1]
    assert len(said) == 2
    assert all("unit 1" in line for line in said)


def test_a_unit_that_kills_every_worker_is_named(cluster: Cluster, tmp_path: Path) -> None:
    tasks = [Task("bad", dying, (str(tmp_path / "n"), 0, 99))]
    with (
        opened(cluster, tmp_path) as engine,
        pytest.raises(ResourceError, match=f"of bad ended {TRIES} times .* fewer --jobs"),
    ):
        list(engine.each(tasks))
    assert (tmp_path / "n").stat().st_size == TRIES


def test_units_of_a_node_that_is_gone_are_done_by_another(
    cluster: Cluster, second: Any, tmp_path: Path
) -> None:
    said: list[str] = []
    tasks = [Task(f"unit {n}", waiting, (str(tmp_path), n)) for n in range(4)]

    def remove() -> None:
        until(lambda: list(tmp_path.glob(f"*-{second.node_id}")))
        cluster.remove_node(second, allow_graceful=False)
        (tmp_path / "go").touch()

    with meanwhile(remove), opened(cluster, tmp_path, said) as engine:
        assert dict(engine.each(tasks)) == {n: n for n in range(4)}
    (lost,) = tmp_path.glob(f"*-{second.node_id}")
    assert len(said) == 1
    assert f"unit {lost.name.partition('-')[0]} " in said[0]


def until(true: Callable[[], Any], seconds: float = 120) -> None:
    """Wait for something to become true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


class meanwhile:
    """What another thread does during a block; its error fails the test."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._work, self._error = work, None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        try:
            self._work()
        except BaseException as error:
            self._error = error

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._thread.join(60)
        assert self._error is None, self._error
        assert not self._thread.is_alive()


def test_a_comparison_outlives_a_worker_and_a_node(
    cluster: Cluster, second: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    command = ["compare", "--data", SPEC, "--paradigms", "joint", "dmil", "--seeds", "2"]
    command += ["--epochs-scale", "0.02", "--quiet", "--out"]

    def busy() -> list[psutil.Process]:
        return [p for p in psutil.Process().children(recursive=True) if "ray::_unit" in p.name()]

    def kill() -> None:
        until(busy)
        busy()[0].send_signal(signal.SIGKILL)
        until((there / RESULTS_FILE).exists)
        cluster.remove_node(second, allow_graceful=False)

    with meanwhile(kill):
        assert main([*command, str(there), "--engine", "ray", "--address", cluster.address]) == 0
    assert "Traceback" not in capsys.readouterr().err
    assert main([*command, str(here)]) == 0
    one, two = (read_results(p / RESULTS_FILE) for p in (here, there))
    assert [r["test"] for r in two] == [r["test"] for r in one]
    assert len(two) == 6


def test_parts_of_a_source_are_those_of_one_process(cluster: Cluster, tmp_path: Path) -> None:
    parts = [Numbered(n, 100 + n) for n in range(4)]
    (there := tmp_path / "there").mkdir()
    written = {}
    for name, options in (("here", None), ("there", EngineOptions("ray", None, cluster.address))):
        folder = PartsFolder(tmp_path / name / "parts", Work("test", "numbers", {"a": 1}))
        rows_of = Numbers(str(there), killed=2 if options else -1)
        written[name] = write_parts(folder, parts, rows_of, {"unit": "one"}, None, options)
    assert (there / "count").stat().st_size == 2
    assert written["there"].notes == written["here"].notes
    files = zip(written["here"].files, written["there"].files, strict=True)
    assert all(pq.read_table(one).equals(pq.read_table(two)) for one, two in files)
    assert sorted(p.name for p in (there / "parts").iterdir())[-1] == "test.json"


def test_an_error_of_a_unit_is_raised_as_it_is(cluster: Cluster, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="7 is wrong"), opened(cluster, tmp_path) as engine:
        list(engine.each([Task("", wrong, (7,))]))
    with pytest.raises(DataError) as met, opened(cluster, tmp_path) as engine:
        list(engine.each([Task("", refusing)]))
    assert str(met.value) == "row 3 has no class"


def test_a_node_that_does_not_see_the_folder_is_named(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = opened(cluster, tmp_path)
    monkeypatch.setattr(engine_ray, "_PATIENCE", 0.1)
    with pytest.raises(ResourceError, match=f"does not see what was written to {tmp_path}"):
        engine_ray._check(engine._place)
    with engine:
        engine_ray._check(engine._place)


def test_without_an_address_ray_is_started_and_ended_here(cluster: Cluster, tmp_path: Path) -> None:
    ray.shutdown()
    with EngineOptions("ray", 1).opened(tmp_path) as engine:
        ((_, pid),) = engine.each([Task("", os.getpid)])
        assert pid != os.getpid()
    assert not ray.is_initialized()
    until(lambda: not psutil.pid_exists(pid), 30)


def test_an_address_where_nothing_answers_is_named(tmp_path: Path) -> None:
    ray.shutdown()
    with pytest.raises(ConfigError, match=r"--address 127\.0\.0\.1:1: expected .* `ray start"):
        EngineOptions("ray", None, "127.0.0.1:1").opened(tmp_path)
