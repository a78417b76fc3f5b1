"""Rebuild ``diamonds``: the size of a diamond, its grades, and the fifth its price is in.

    python -m sample_data.build.diamonds

Takes diamonds.csv out of the PyPI wheel plotnine 0.15.9, which pip downloads (2 MB). One of the two
sets of docs/held-out.md, on which nothing was tuned.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from dmil_core.data.card import Card, ColumnSpec, MediaSpec, Modality
from dmil_core.data.npz import write_npz
from sample_data.build.splits import grouped, linked
from sample_data.build.wheels import read_from_wheel

FOLDER = Path(__file__).resolve().parents[1] / "diamonds"
WHEEL = "36f4526235b3ddd9ea379dd677093ea2ee1b58ab98adec1bde891930283448cd"
SEED = 20261
#: Rows of each class, and classes.
ROWS, CLASSES = 800, 5
#: Millimetres that a length, width or depth stays below; the few above are mistakes of recording.
LARGEST = 20.0
SIZE = ("carat", "x", "y", "z", "depth", "table")
#: What these are, and their units.
SIZE_COLUMNS = (
    ColumnSpec("weight", "carat"),
    ColumnSpec("length", "mm"),
    ColumnSpec("width", "mm"),
    ColumnSpec("depth", "mm"),
    ColumnSpec("total depth", "%"),
    ColumnSpec("table width", "%"),
)
#: The graders' scales, from worst to best.
GRADES = {
    "cut": ("Fair", "Good", "Very Good", "Premium", "Ideal"),
    "color": tuple("JIHGFED"),
    "clarity": ("I1", "SI2", "SI1", "VS2", "VS1", "VVS2", "VVS1", "IF"),
}


def stones() -> pd.DataFrame:
    """Return all stones of the package's table, a row each."""
    (raw,) = read_from_wheel("plotnine==0.15.9", ("plotnine/data/diamonds.csv",), WHEEL)
    return pd.read_csv(io.BytesIO(raw))


def without_mistakes(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that are no exact duplicates and have a possible length, width and depth."""
    size = table[["x", "y", "z"]]
    possible = ((size > 0) & (size < LARGEST)).all(axis=1)
    return table[possible & ~table.duplicated()]


def quintiles(price: np.ndarray) -> list[int]:
    """Return the highest prices of all fifths but the last; a price itself is never cut in two."""
    shares = np.arange(1, CLASSES) / CLASSES
    return np.quantile(price, shares, method="inverted_cdf").astype(int).tolist()


def sample(label: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the positions of the rows that are kept, ``ROWS`` of each class, in order."""
    kinds = np.unique(label)
    drawn = [rng.choice(np.flatnonzero(label == k), ROWS, replace=False) for k in kinds]
    return np.sort(np.concatenate(drawn))


def same_stone(table: pd.DataFrame) -> np.ndarray:
    """Return a group number (N,): stones that may be one, measured in several orientations.

    These agree in carat, grades, price, and in length and width up to their order; or in all six
    measures of size up to that order.
    """
    sides = np.sort(table[["x", "y"]].to_numpy(), axis=1)
    grades = grade_steps(table)
    listed = np.column_stack([table[["carat", "price"]].to_numpy(), grades, sides])
    measured = np.column_stack([table[["carat", "z", "depth", "table"]].to_numpy(), sides])
    return linked([listed, measured])


def grade_steps(table: pd.DataFrame) -> np.ndarray:
    """Return (N, 3) steps of cut, colour and clarity on their scales, 0 the worst."""
    steps = [table[name].map(scale.index) for name, scale in GRADES.items()]
    return np.column_stack(steps).astype(np.uint8)


def main() -> None:
    """Write data.npz and card.json."""
    table = without_mistakes(stones())
    thresholds = quintiles(table["price"].to_numpy())
    label = np.searchsorted(thresholds, table["price"].to_numpy())
    kept = sample(label, np.random.default_rng(SEED))
    table, label = table.iloc[kept], label[kept]
    group = np.array([f"stone-{number:04d}" for number in same_stone(table)])
    arrays: dict[str, np.ndarray] = {
        # 16 bits would round carats and millimetres.
        "x1": table[list(SIZE)].to_numpy(np.float32),
        "x2": grade_steps(table),
        "y": label.astype(np.uint8),
        "id": np.array([f"diamond-{row:05d}" for row in table.index]),
        "split": grouped(label, group, SEED),
        "group": group,
    }
    FOLDER.mkdir(exist_ok=True)
    write_npz(FOLDER / "data.npz", arrays, card(thresholds))


def class_names(thresholds: Sequence[int]) -> tuple[str, ...]:
    """Return a name per class: the prices in it, whole dollars."""
    middle = (f"{low + 1} to {high}" for low, high in pairwise(thresholds))
    return (f"up to {thresholds[0]}", *middle, f"above {thresholds[-1]}")


def card(thresholds: Sequence[int]) -> Card:
    """Return the card; ``thresholds`` are the highest prices of all classes but the last."""
    return Card(
        name="diamonds",
        title="Size and grades of diamonds",
        summary=(
            "Size of a round cut diamond, and its grades for cut, colour and clarity. The class is "
            "its price in US dollars, in fifths."
        ),
        source=(
            "diamonds.csv of the PyPI package plotnine 0.15.9, the set diamonds of the R package "
            "ggplot2 (H. Wickham, ggplot2: Elegant Graphics for Data Analysis, Springer, 2016). "
            "Rebuild with python -m sample_data.build.diamonds."
        ),
        licence=(
            "MIT, with the packages (plotnine, ggplot2); no other terms are stated for the table. "
            "See sample_data/LICENSES.md."
        ),
        modalities=(
            Modality(
                "size",
                "vector",
                "carat; length, width and depth in mm; total depth in % of the mean of length and "
                "width; width of the table in %",
                MediaSpec("vector"),
                SIZE_COLUMNS,
            ),
            Modality(
                "grades",
                "vector",
                "cut (0 Fair to 4 Ideal), colour (0 J to 6 D), clarity (0 I1 to 7 IF): the steps "
                "of the graders' scales, 0 the worst",
                MediaSpec("vector"),
                tuple(
                    ColumnSpec({"color": "colour"}.get(name, name), categories=scale)
                    for name, scale in GRADES.items()
                ),
            ),
        ),
        classes=class_names(thresholds),
        cautions=(
            "No method or setting was chosen on this set; see docs/held-out.md before using it for "
            "that.",
            f"A sample of {CLASSES * ROWS:,} of the 53,940 stones of the source, {ROWS} of each "
            f"class. The thresholds {', '.join(map(str, thresholds))} are the quintiles of the "
            "source without exact duplicates and impossible sizes.",
            "Classes are cut out of a continuous price: stones near a threshold are hard to place, "
            "and some errors are greater than others.",
            "Grades are steps of an order, not amounts, and only 280 combinations exist; the same "
            "one occurs in all splits.",
            "Some stones are in the source more than once, measured in another orientation; these "
            "share a group.",
        ),
        split_rule=(
            "By stone: rows with equal carat, grades, price, length and width (in either order), "
            "or with equal size, stay together; each class keeps about 65 / 13 / 22 %."
        ),
    )


if __name__ == "__main__":
    main()
