"""Speed of inference and training. ``make bench-speed``.

Inference: rows a second of ``predict`` (arrays to finished table) on one thread for the MLP model
of ``switch``, beside the bare forward pass over the same tensors. Training: seconds of one full
``dmil`` run per bundled set, read from the shipped checkpoints' own records.
Writes benchmarks/results/speed.json.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from dmil_core.checkpoint import default_folder, find_runs, load_model
from dmil_core.data.catalog import load_dataset
from dmil_core.inference.predict import BATCH_ROWS, predict
from dmil_core.io.atomic import check_writable, write_json
from dmil_core.models.inputs import inputs

RESULT = Path(__file__).parent / "results" / "speed.json"
REPEATS = 7


def median_seconds(work: Callable[[], object]) -> float:
    """Median over repeats, after one warm-up."""
    work()
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def inference() -> dict[str, float]:
    """Rows a second of the table and of the bare forward pass, on one thread."""
    torch.set_num_threads(1)
    model, run = load_model(default_folder("switch", "dmil", 0))
    dataset = load_dataset("switch")
    rows = np.arange(len(dataset))
    x1, x2 = inputs(dataset, rows, run.config.model)

    def forward() -> None:
        with torch.inference_mode():
            for a, b in zip(x1.split(BATCH_ROWS), x2.split(BATCH_ROWS), strict=True):
                model(a, b)

    bare = len(rows) / median_seconds(forward)
    table = len(rows) / median_seconds(lambda: predict(model, run.config.model, dataset))
    return {"rows": len(rows), "forward_per_s": bare, "table_per_s": table, "ratio": table / bare}


def training() -> dict[str, dict[str, float]]:
    """Seconds of the shipped ``dmil`` runs and how many rows they learnt from."""
    result = {}
    for entry in find_runs():
        if entry.run and entry.paradigm == "dmil":
            rows = len(load_dataset(entry.run.data_source).rows("train"))
            result[entry.set_name] = {"train_rows": rows, "seconds": entry.run.seconds}
    return result


def main() -> int:
    """Measure, print, record."""
    check_writable(RESULT)
    speed = inference()
    print(
        f"one thread, {speed['rows']:.0f} rows: table {speed['table_per_s']:,.0f} rows/s, bare "
        f"forward {speed['forward_per_s']:,.0f} rows/s, ratio {speed['ratio']:.2f}"
    )
    runs = training()
    for name, row in runs.items():
        print(f"dmil on {name:16} {row['train_rows']:6.0f} rows  {row['seconds']:6.0f} s")
    write_json(RESULT, {"inference": speed, "training": runs})
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
