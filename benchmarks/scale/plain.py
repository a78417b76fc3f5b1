"""The same work in plain pandas and PyTorch: ``python -m benchmarks.scale.plain WORK ...``.

What somebody writes who has a model and a folder of Parquet files: everything is read at once.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from benchmarks.scale.rows import COLUMNS
from dmil_core.io.atomic import replacing


def _table(folder: Path) -> tuple[pd.DataFrame, torch.Tensor, torch.Tensor]:
    """The rows, and both inputs."""
    frame = pd.concat([pd.read_parquet(file) for file in sorted(folder.glob("*.parquet"))])
    a, b = (
        torch.from_numpy(frame.filter(regex=rf"^{name}\d").to_numpy(np.float32)) for name in "ab"
    )
    return frame, a, b


def decompose(folder: Path, checkpoint: Path, out: Path) -> None:
    """Forward pass in batches of 16,384, and a table of id, class and probabilities."""
    from dmil_core.checkpoint import load_model

    model, _ = load_model(checkpoint)
    frame, a, b = _table(folder)
    with torch.inference_mode():
        pairs = zip(a.split(16_384), b.split(16_384), strict=True)
        p = torch.cat([model(*pair).logits.softmax(1) for pair in pairs]).numpy()
    table = frame[["id", "class"]].reset_index(drop=True)
    table = table.join(pd.DataFrame(p, columns=[f"p_{k}" for k in range(p.shape[1])]))
    with replacing(out) as temporary:
        table.to_parquet(temporary)


def train(folder: Path, checkpoint: Path, out: Path) -> None:
    """One epoch of a joint network of two layers by Adam, on seven tenths of the rows; its weights.
    The checkpoint is not used."""
    del checkpoint
    frame, a, b = _table(folder)
    y = torch.from_numpy(frame["class"].astype("category").cat.codes.to_numpy(np.int64).copy())
    x = torch.cat([a, b], 1)
    torch.manual_seed(0)
    network = torch.nn.Sequential(
        torch.nn.Linear(COLUMNS, 128), torch.nn.ReLU(), torch.nn.Linear(128, 128),
        torch.nn.ReLU(), torch.nn.Linear(128, int(y.max()) + 1),
    )  # fmt: skip
    optimiser = torch.optim.Adam(network.parameters())
    rows = int(0.7 * len(x))
    for batch in torch.randperm(rows).split(256):
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(network(x[batch]), y[batch]).backward()
        optimiser.step()
    with replacing(out) as temporary:
        torch.save(network.state_dict(), temporary)


if __name__ == "__main__":
    work, *arguments = sys.argv[1:]
    {"decompose": decompose, "train": train}[work](*map(Path, arguments))
