"""Large sets for the app, made of a small one: predictions of a trained checkpoint, blown up.

Each row is one of the checkpoint's with noise on its weights and probabilities, so that no two are
equal and the table stays consistent: gate weights and probabilities sum to 1, contributions add up
to logits. ``python -m benchmarks.large_sets --rows 10000000 --out FOLDER`` writes checkpoints of
`dmil` and `joint` below FOLDER, which ``DMIL_CHECKPOINTS=FOLDER`` shows in the app.

Shapes: n rows of a part, K classes, C components.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from dmil_core import schema
from dmil_core.checkpoint import HISTORY_FILE, MODEL_FILE, PREDICTIONS_FILE, RUN_FILE, read_run
from dmil_core.io.atomic import make_folder, replacing, write_json
from dmil_core.io.parquet import write_batches
from dmil_core.io.paths import checkpoints_root
from dmil_core.io.tables import metadata_of, read_table

#: The checkpoints that are blown up: of two inputs, with every type of interaction.
SOURCE: Final = "shapes-qa"
MODELS: Final = ("dmil", "joint")
#: Rows that are made at once, and rows of a group of the file.
PART: Final = 500_000
GROUP: Final = 65_536
#: Standard deviation of the noise on logarithms of weights and probabilities.
_NOISE: Final = 0.3


def write(out: Path, name: str, rows: int, models: Sequence[str] = MODELS, seed: int = 0) -> None:
    """Write the checkpoints of one set of so many rows; ids are ``r0000000`` and so on."""
    for model in models:
        source = checkpoints_root() / SOURCE / model / "seed0"
        folder = out / name / model / "seed0"
        make_folder(folder)
        for file in (MODEL_FILE, HISTORY_FILE):
            with replacing(folder / file) as temporary:
                temporary.write_bytes((source / file).read_bytes())
        _write_table(source, folder / PREDICTIONS_FILE, rows, seed)
        write_json(folder / RUN_FILE, _about(source, name))


def _about(source: Path, name: str) -> dict[str, Any]:
    about: dict[str, Any] = json.loads((source / RUN_FILE).read_text("utf-8"))
    card = {**about["data_card"], "name": name, "title": f"{SOURCE}, blown up"}
    return {**about, "data_name": name, "data_source": name, "data_card": card}


def _write_table(source: Path, path: Path, rows: int, seed: int) -> None:
    base = read_table(source / PREDICTIONS_FILE)
    classes = read_run(source).classes
    tables = (
        pa.Table.from_pandas(part, preserve_index=False)
        for part in parts(base, classes, rows, seed)
    )
    write_batches(path, tables, metadata_of({}), group_rows=GROUP)


def parts(
    base: pd.DataFrame, classes: tuple[str, ...], rows: int, seed: int
) -> Iterator[pd.DataFrame]:
    """The rows of a large table, some at a time; which of the small table's are drawn, and the
    noise, depend on the seed alone."""
    rng = np.random.default_rng(seed)
    for start in range(0, rows, PART):
        count = min(PART, rows - start)
        frame = base.iloc[rng.integers(0, len(base), count)].reset_index(drop=True)
        frame["id"] = [f"r{i:08d}" for i in range(start, start + count)]
        components = schema.components_in(frame.columns)
        noise = np.random.default_rng([seed, start])
        if components:
            _shake(frame, [schema.gate(c) for c in components], noise)
            logits = np.zeros((count, len(classes)), np.float32)
            for component in components:
                names = [schema.contribution(component, c) for c in classes]
                frame[names] *= noise.normal(1, _NOISE / 3, (count, 1)).astype(np.float32)
                logits += frame[names].to_numpy()
        else:
            logits = frame[[schema.logit(c) for c in classes]].to_numpy()
            logits = logits + noise.normal(0, _NOISE, logits.shape).astype(np.float32)
        frame[[schema.logit(c) for c in classes]] = logits
        p = np.exp(logits - logits.max(axis=1, keepdims=True))
        frame[[schema.prob(c) for c in classes]] = p / p.sum(axis=1, keepdims=True)
        frame["pred"] = np.array(classes, dtype=object)[logits.argmax(axis=1)]
        frame["correct"] = (frame["pred"] == frame["y"]).to_numpy()
        for m in schema.MODALITY_NUMBERS:
            names = [schema.unimodal_prob(m, c) for c in classes]
            if set(names) <= set(frame.columns):
                _shake(frame, names, noise)
        yield frame


def _shake(frame: pd.DataFrame, names: list[str], noise: np.random.Generator) -> None:
    """Noise on shares (n, C) that keep summing to 1."""
    values = frame[names].to_numpy(np.float32)
    values = (values + 1e-6) * np.exp(noise.normal(0, _NOISE, values.shape).astype(np.float32))
    frame[names] = values / values.sum(axis=1, keepdims=True)


def main() -> None:
    """Write a set."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--out", type=Path, required=True, help="folder of checkpoints")
    parser.add_argument("--name", default="", help="of the set; large-ROWS by default")
    parser.add_argument("--models", nargs="*", default=list(MODELS))
    arguments = parser.parse_args()
    name = arguments.name or f"large-{arguments.rows}"
    write(arguments.out, name, arguments.rows, arguments.models)


if __name__ == "__main__":
    main()
