"""Tiny data sets and runs that were really trained on them, shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

# Before anything imports torch: two threads would only take turns on these small matrices.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from hypothesis import settings

from dmil_core.checkpoint import Run
from dmil_core.data.catalog import load_dataset
from dmil_core.data.dataset import Dataset

# Timings say nothing on a busy machine, and a suite should fail for the same reasons every time.
settings.register_profile("dmil", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("dmil")

TINY = "switch:classes=3,noise=0.4,block=4,train=240,val=90,test=90"
TINY_SCALE = 0.05
PARADIGM_NAMES = ("joint", "ensemble", "dmil", "dmil-paper")


@pytest.fixture(scope="session")
def tiny() -> Dataset:
    """420 rows of ``switch``: three classes, 12 numbers per modality, known composition."""
    return load_dataset(TINY)


@pytest.fixture(scope="session")
def tiny_root(tmp_path_factory: pytest.TempPathFactory, tiny: Dataset) -> Path:
    """A checkpoints folder with one short run of every paradigm on ``tiny``. Do not write here."""
    from dmil_core.train import train

    root = tmp_path_factory.mktemp("checkpoints")
    for name in PARADIGM_NAMES:
        train(tiny, name, 0, root / "tiny" / name / "seed0", epochs_scale=TINY_SCALE)
    return root


@pytest.fixture(scope="session")
def tiny_runs(tiny_root: Path) -> dict[str, Run]:
    """The runs of ``tiny_root`` by paradigm. Do not write to their folders."""
    from dmil_core.checkpoint import read_run

    return {name: read_run(tiny_root / "tiny" / name / "seed0") for name in PARADIGM_NAMES}
