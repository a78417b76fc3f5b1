"""Several processes train one model: the losses of one process, and one checkpoint."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from torch import distributed, multiprocessing

from dmil_core.checkpoint import read_history, verify
from dmil_core.errors import ConfigError
from dmil_core.io.tables import read_table
from dmil_core.models.registry import build
from dmil_core.seeding import reproducible
from dmil_core.training import processes
from dmil_core.training.loop import FitState, fit
from tests.core.builders import batch, model_config, stage

#: 61 rows in batches of 16: shares of 8, and of 7 and 6 in the last.
TRAIN, VAL = batch(61), batch(40, seed=5)
NAMES = ("joint", "ensemble")


def losses(name: str) -> tuple[list[dict[str, Any]], dict[str, torch.Tensor]]:
    """History and weights of a small model without dropout, the noise of which would differ."""
    config = model_config(name)  # type: ignore[arg-type]
    config = replace(config, encoders=tuple(replace(e, dropout=0.0) for e in config.encoders))
    with reproducible(0):
        net = build(config)
    for module in net.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    term = "ce_unimodal" if name == "ensemble" else "ce"
    state = fit(net, (stage(epochs=4, losses={term: 1.0}, averaging=0.2),), TRAIN, VAL, seed=0)
    return state.history, net.state_dict()


def one_of_two(rank: int, folder: str) -> None:
    """What each of two processes does."""
    torch.set_num_threads(1)
    distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2
    )
    for name in NAMES:
        history, weights = losses(name)
        state = FitState(history=history, best=weights)
        state.save(Path(folder) / f"{name}{rank}.safetensors", {})
    distributed.destroy_process_group()


@pytest.fixture(scope="module")
def of_two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What two processes have learnt, by model and process."""
    folder = tmp_path_factory.mktemp("two")
    multiprocessing.spawn(one_of_two, (str(folder),), nprocs=2)
    return folder


@pytest.mark.parametrize("name", NAMES)
def test_two_processes_have_the_losses_of_one(of_two: Path, name: str) -> None:
    both = [FitState.load(of_two / f"{name}{rank}.safetensors")[0] for rank in (0, 1)]
    history, weights = losses(name)
    for each in both:
        for key in ("loss", "val_loss"):
            got, expected = ([h[key] for h in hist] for hist in (each.history, history))
            np.testing.assert_allclose(got, expected, atol=1e-4)
    assert history[-1]["loss"] < history[0]["loss"] - 0.05
    assert all(torch.equal(both[0].best[k], both[1].best[k]) for k in weights)
    assert all(torch.allclose(both[0].best[k], v, atol=1e-3) for k, v in weights.items())


def test_one_process_is_left_as_it_is() -> None:
    assert (processes.count(), processes.is_first()) == (1, True)
    assert processes.share(TRAIN) is TRAIN
    before = torch.get_rng_state()
    processes.seed_step(0, 1)
    assert torch.equal(torch.get_rng_state(), before)


def test_rules_that_compare_rows_of_a_batch_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "count", lambda: 2)
    with pytest.raises(ConfigError, match="the rule 'ogm-ge' looks at whole batches"):
        fit(build(model_config("joint")), (stage(rule="ogm-ge"),), TRAIN, VAL, seed=0)


def torchrun(data: Path, out: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """`dmil train` in two processes."""
    command = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m"]
    said = ["dmil_core", "train", "--data", str(data), "--out", str(out), "--quiet", *more]
    own = {"PYTHONPATH": ".", "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, *command, *said], env={**os.environ, **own}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip


def test_torchrun_writes_one_checkpoint(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 400)
    x = rng.standard_normal((400, 4)) + y[:, None]
    frame = pd.DataFrame({"x1_a": x[:, 0], "x1_b": x[:, 1], "x2_a": x[:, 2], "x2_b": x[:, 3]})
    frame = frame.assign(label=np.array(["no", "yes"])[y], id=[f"r{i}" for i in range(400)])
    data = tmp_path / "rows.parquet"
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), data)
    out = tmp_path / "run"
    refused = torchrun(data, out)
    assert refused.returncode
    assert "several processes train on rows in files" in refused.stderr
    done = torchrun(data, out, "--stream", "--epochs-scale", "0.05")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("test accuracy") == 1
    run = verify(out)
    assert run.finished
    assert len(read_table(run.predictions)) == 400
    assert run.metrics["test"]["accuracy"] > 0.7
    assert read_history(out)[0]["stage"] == "decompose"
