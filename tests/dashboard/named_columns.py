"""Two small sets, really trained, whose tables have columns with names, units and categories."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dmil_core.checkpoint import run_folder
from dmil_core.data.card import Card, ColumnSpec, MediaSpec, Modality
from dmil_core.data.npz import read_dataset, write_npz
from dmil_core.inference.projection import project
from dmil_core.training.run import train

#: A set of few columns, and one of as many as nobody reads.
BIRDS, WIDE = "birds", "genes"
KINDS: Final = ("Adelie", "Chinstrap", "Gentoo")
ISLANDS: Final = ("Biscoe", "Dream", "Torgersen")
GENES: Final = 300
_ROWS: Final = 240

_BILL: Final = (ColumnSpec("bill length", "mm"), ColumnSpec("bill depth", "mm"))
_BODY: Final = (
    ColumnSpec("flipper length", "mm"),
    ColumnSpec("body mass", "g"),
    ColumnSpec("body mass", was_missing=True),
    ColumnSpec("island", categories=ISLANDS, one_hot=True),
    ColumnSpec("sex", categories=("female", "male")),
)
#: Means of bill length and depth, flipper length and body mass, by kind of bird.
_MEANS: Final = np.array(
    [[38.8, 18.3, 190, 3700], [48.8, 18.4, 196, 3730], [47.5, 15.0, 217, 5080]]
)
_SPREAD: Final = np.array([2.7, 1.0, 6.5, 400])


def bird_arrays() -> dict[str, NDArray[Any]]:
    """Bills and bodies of birds, rounded as they are measured; the class is in both."""
    rng = np.random.default_rng(0)
    y = np.arange(_ROWS) % len(KINDS)
    sizes = _MEANS[y] + _SPREAD * rng.standard_normal((_ROWS, 4))
    island = np.where(y == 2, 0, rng.integers(0, 3, _ROWS))
    missing = rng.random(_ROWS) < 0.04
    mass = np.where(missing, sizes[:, 3].mean(), sizes[:, 3])
    body = [sizes[:, 2].round(), mass.round(-1), missing, *np.eye(3)[island].T]
    body.append(rng.integers(0, 2, _ROWS))
    return {
        "x1": sizes[:, :2].round(1).astype(np.float32),
        "x2": np.stack(body, axis=1).astype(np.float32),
        "y": y,
        "id": np.array([f"bird-{i:03d}" for i in range(_ROWS)]),
        "split": _splits(),
    }


def wide_arrays() -> dict[str, NDArray[Any]]:
    """Hundreds of numbers beside three, in two classes."""
    rng = np.random.default_rng(1)
    y = np.arange(_ROWS) % 2
    x1 = rng.standard_normal((_ROWS, GENES)) + y[:, None] * (np.arange(GENES) % 10 == 0)
    x2 = rng.standard_normal((_ROWS, 3)) + y[:, None]
    ids = np.array([f"patient-{i:03d}" for i in range(_ROWS)])
    arrays = {"x1": x1.astype(np.float32), "x2": x2.astype(np.float32)}
    return arrays | {"y": y, "id": ids, "split": _splits()}


def _splits() -> NDArray[Any]:
    return np.repeat(["train", "val", "test"], [_ROWS // 2, _ROWS // 4, _ROWS // 4])


def _vector(name: str, columns: tuple[ColumnSpec, ...]) -> Modality:
    return Modality(name, "vector", f"{name} of it", MediaSpec("vector"), columns)


def card(name: str) -> Card:
    """The card of one of the two sets."""
    genes = tuple(ColumnSpec(f"GENE{i:03d}") for i in range(GENES))
    inputs = {
        BIRDS: (_vector("bill", _BILL), _vector("body", _BODY)),
        WIDE: (_vector("expression", genes), _vector("blood", ())),
    }
    return Card(
        name=name,
        title=f"Made-up {name}",
        summary="Made for tests.",
        source="tests",
        licence="CC0",
        modalities=inputs[name],
        classes=KINDS if name == BIRDS else ("healthy", "ill"),
    )


def furnish(folder: Path, epochs_scale: float = 0.02) -> Path:
    """Write and train both sets below ``folder``, and return the checkpoints' folder."""
    root = folder / "checkpoints"
    models = {BIRDS: ("joint", "dmil"), WIDE: ("joint", "ensemble")}
    for name, arrays in ((BIRDS, bird_arrays()), (WIDE, wide_arrays())):
        file = folder / "data" / f"{name}.npz"
        write_npz(file, arrays, card(name))
        dataset = read_dataset(file)
        for paradigm in models[name]:
            here = run_folder(root, name, paradigm, 0)
            train(dataset, paradigm, 0, here, epochs_scale=epochs_scale)
            project(here, dataset, method="pca")
    return root
