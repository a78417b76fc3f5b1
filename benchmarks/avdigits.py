"""Response of the gate to corrupted inputs on ``avdigits``. ``make bench-avdigits``.

On ``avdigits`` 40 % of the images and, independently, 40 % of the clips were corrupted on purpose,
and the flags are kept. Where only the image is corrupted, only the sound is informative, so gate U2
should be higher than where neither is corrupted; likewise U1 where only the clip is. Prints the
AUROC of that on test rows for the shipped checkpoints, and the mean gates of the four groups.
Writes benchmarks/results/avdigits.json.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dmil_core import schema
from dmil_core.checkpoint import default_folder, verify
from dmil_core.data.catalog import load_dataset
from dmil_core.io.atomic import check_writable, write_json
from dmil_core.io.tables import read_table
from dmil_core.metrics.scores import auroc

RESULT = Path(__file__).parent / "results" / "avdigits.json"


def measure(paradigm: str) -> dict[str, Any]:
    """Figures of one shipped checkpoint on test rows."""
    dataset = load_dataset("avdigits")
    run = verify(default_folder("avdigits", paradigm, 0))
    table = read_table(run.predictions)
    test = (table["split"] == "test").to_numpy()
    image, sound = (dataset.flags[f"{n}_corrupt"][test] for n in ("image", "audio"))
    gates = table.loc[test, [schema.gate(c) for c in schema.COMPONENTS]]
    clean = ~image & ~sound
    result: dict[str, Any] = {"paradigm": paradigm, "rows": int(test.sum())}
    for name, corrupted, column in (
        ("u2_where_only_image_corrupted", image & ~sound, "gate_U2"),
        ("u1_where_only_sound_corrupted", sound & ~image, "gate_U1"),
    ):
        kept = corrupted | clean
        result[f"auroc_{name}"] = auroc(gates[column].to_numpy()[kept], corrupted[kept])
    label = np.select([clean, image & ~sound, sound & ~image], ["clean", "image", "sound"], "both")
    result["mean_gates"] = _means(gates, label)
    return result


def _means(gates: pd.DataFrame, label: np.ndarray) -> dict[str, dict[str, float]]:
    means = gates.groupby(label).mean()
    return {str(k): {str(c): float(v) for c, v in row.items()} for k, row in means.iterrows()}


def main() -> int:
    """Measure both decompositions."""
    check_writable(RESULT)
    records = [measure(paradigm) for paradigm in ("dmil", "dmil-paper")]
    for record in records:
        print(f"{record['paradigm']}, {record['rows']} test rows")
        for key, value in record.items():
            if key.startswith("auroc"):
                print(f"  {key:34} {value:.3f}")
        for group, row in record["mean_gates"].items():
            print(f"  corrupted {group:6}" + "".join(f"  {k} {v:.3f}" for k, v in row.items()))
    write_json(RESULT, records)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
