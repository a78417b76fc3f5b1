"""A small set, really trained, in which everything has a name that does harm if it is trusted."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Final

import numpy as np

from dmil_core.checkpoint import run_folder
from dmil_core.data.card import Card, ColumnSpec, MediaSpec, Modality
from dmil_core.data.npz import read_dataset, write_npz
from dmil_core.inference.projection import project
from dmil_core.training.run import train

#: Names that mean something to a page, a link, a formula, a path or a table.
NAMES: Final = (
    "subj01__trial7",
    "__proto__",
    "a b  c",
    "say \"hi\" and 'ho'",
    "<b>bold</b><script>alert(1)</script>",
    "<img src=x onerror=\"document.title='harmed'\">",
    "[link](https://example.org) **bold** :red[colour] :material/close:",
    "`code` ```",
    "$x^2$ $$",
    "a|b~c:d,e;f&g=h#i%20+?",
    "back\\slash\\",
    "../../etc/passwd",
    "{{ 7 * 7 }} {% raw %} ${x} %s",
    "\N{FACE WITH TEARS OF JOY}\N{WOMAN}\N{ZERO WIDTH JOINER}\N{GIRL}",
    "\N{RIGHT-TO-LEFT OVERRIDE}abc \N{HEBREW LETTER ALEF}\N{HEBREW LETTER BET}",
    "two\nlines\r\nand\ta tab",
    "no-break\N{NO-BREAK SPACE}space",
    "=1+1",
    "-",
    ",",
    "nan",
    "\x01\x7f control",
    "long " * 2000,
)
#: Names of classes, a few of the same kinds.
CLASSES: Final = (
    "subj__a <b>x</b>",
    "$y$ | `z` \\ ~ , :",
    "\N{RIGHT-TO-LEFT OVERRIDE}\N{HEBREW LETTER ALEF}\n\N{FACE WITH TEARS OF JOY}",
    "class " * 1700,
)
#: A name that a folder can have.
MODEL: Final = 'own__, ~<b>"m" $x$ `:\' \N{FACE WITH TEARS OF JOY}'
SET: Final = "set__, ~<i>'s' $x$ `| \N{HEBREW LETTER ALEF}"
_ROWS: Final = 96


def card() -> Card:
    """Of an image of 6 x 6, and 5 numbers and a category."""
    columns = (
        ColumnSpec(NAMES[5], NAMES[4]),
        ColumnSpec(NAMES[6], NAMES[8]),
        ColumnSpec(NAMES[14], NAMES[13]),
        ColumnSpec(NAMES[22], NAMES[22]),
        ColumnSpec(NAMES[14], was_missing=True),
        ColumnSpec(NAMES[7], categories=NAMES[3:7], one_hot=True),
    )
    modalities = (
        Modality(NAMES[4], "image", NAMES[6], MediaSpec("image", value_range=(0.0, 1.0))),
        Modality(NAMES[8], "vector", NAMES[5], MediaSpec("vector"), columns),
    )
    return Card(
        name=NAMES[0],
        title=" ".join(NAMES[:9]),
        summary=" ".join(NAMES),
        source=NAMES[4],
        licence=NAMES[6],
        modalities=modalities,
        classes=CLASSES,
    )


def arrays() -> dict[str, Any]:
    """The same classes in every split; the test split has an id of every kind."""
    rng = np.random.default_rng(0)
    y = np.arange(_ROWS) % len(CLASSES)
    split = np.repeat(["train", "val", "test"], _ROWS // 3)
    ids = [*(f"row__{i}" for i in range(2 * _ROWS // 3)), *NAMES]
    ids += [f"{NAMES[i]} {i}" for i in range(_ROWS - len(ids))]
    x1 = np.clip(0.2 * rng.random((_ROWS, 6, 6)) + y[:, None, None] / 8, 0, 1)
    numbers = rng.standard_normal((_ROWS, 4)) + y[:, None]
    missing = np.arange(_ROWS)[:, None] % 5 == 0
    return {
        "x1": x1.astype(np.float32),
        "x2": np.hstack([numbers, missing, np.eye(4)[y]]).astype(np.float32),
        "y": y,
        "split": split,
        "id": np.array(ids),
        "interaction_type": np.resize(["R", "U1", "U2", "S"], _ROWS),
        f"flag_{NAMES[4]}": np.arange(_ROWS) % 2 == 1,
        "flag_subj__ $x$ |`": np.arange(_ROWS) % 3 == 1,
    }


def furnish(folder: Path) -> Path:
    """Train three models on the set below ``folder``, and return the checkpoints' folder."""
    file = folder / "data" / f"{SET}.npz"
    write_npz(file, arrays(), card())
    dataset = read_dataset(file)
    root = folder / "checkpoints"
    for paradigm in ("joint", "ensemble", "dmil"):
        here = run_folder(root, SET, paradigm, 0)
        train(dataset, paradigm, 0, here, epochs_scale=0.03)
        project(here, dataset, method="pca")
    shutil.copytree(root / SET / "dmil", root / SET / MODEL)
    return root
