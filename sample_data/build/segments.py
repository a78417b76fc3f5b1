"""Rebuild ``segments``: texture and colour of small regions of photographs.

    python -m sample_data.build.segments

Takes the UCI table Image Segmentation out of the PyPI wheel river 0.26.1, which pip downloads
(3 MB). One of the two sets of docs/held-out.md, on which nothing was tuned.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.spatial import KDTree

from dmil_core.data.card import Card, ColumnSpec, MediaSpec, Modality
from dmil_core.data.npz import write_npz
from sample_data.build.splits import grouped, linked
from sample_data.build.wheels import read_from_wheel

FOLDER = Path(__file__).resolve().parents[1] / "segments"
WHEEL = "6a11e1a9749beec3ea138efeb0205b2c5cea8d424e9deee306c8980faec01bef"
#: The package has a wheel for each platform; this one is read on any.
PLATFORM = (
    "--only-binary=:all:", "--implementation=cp", "--python-version=3.11", "--abi=cp311",
    "--platform=manylinux_2_28_x86_64",
)  # fmt: skip
SEED = 20262
#: Pixels between the centres of two regions of 3 x 3, up to which they share a pixel.
OVERLAP = 2
POSITION = ("region-centroid-col", "region-centroid-row")
TEXTURE = (
    "short-line-density-5", "short-line-density-2", "vedge-mean", "vegde-sd", "hedge-mean",
    "hedge-sd",
)  # fmt: skip
COLOUR = (
    "intensity-mean", "rawred-mean", "rawblue-mean", "rawgreen-mean", "exred-mean", "exblue-mean",
    "exgreen-mean", "value-mean", "saturation-mean", "hue-mean",
)  # fmt: skip
#: What these are, in words.
TEXTURE_COLUMNS = (
    "lines of low contrast", "lines of high contrast", "contrast across, mean",
    "contrast across, deviation", "contrast down, mean", "contrast down, deviation",
)  # fmt: skip
COLOUR_COLUMNS = (
    "intensity", "red", "blue", "green", "excess of red", "excess of blue", "excess of green",
    "value", "saturation", "hue",
)  # fmt: skip
CLASSES = ("brickface", "cement", "foliage", "grass", "path", "sky", "window")


def regions() -> pd.DataFrame:
    """Return all regions of the package's table, a row each."""
    member = "river/datasets/segment.csv.zip"
    (raw,) = read_from_wheel("river==0.26.1", (member,), WHEEL, PLATFORM)
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        (name,) = archive.namelist()
        return pd.read_csv(io.BytesIO(archive.read(name)))


def overlapping(position: np.ndarray, label: np.ndarray) -> list[tuple[int, int]]:
    """Return pairs of rows of one class whose regions share pixels if their photograph is the same.

    ``position`` (N, 2) are the columns and rows of the regions' centres.
    """
    pairs = KDTree(position).query_pairs(OVERLAP, p=np.inf)
    return sorted((a, b) for a, b in pairs if label[a] == label[b])


def main() -> None:
    """Write data.npz and card.json."""
    table = regions()
    label = table["category"].map(CLASSES.index).to_numpy(np.uint8)
    # As stored, so that what is equal in the file is equal here.
    texture, colour = (table[list(c)].to_numpy(np.float32) for c in (TEXTURE, COLOUR))
    pairs = overlapping(table[list(POSITION)].to_numpy(float), label)
    group = np.array([f"place-{number:04d}" for number in linked([texture, colour], pairs)])
    arrays: dict[str, np.ndarray] = {
        "x1": texture,
        "x2": colour,
        "y": label,
        "id": np.array([f"segment-{row:04d}" for row in range(len(label))]),
        "split": grouped(label, group, SEED),
        "group": group,
    }
    FOLDER.mkdir(exist_ok=True)
    write_npz(FOLDER / "data.npz", arrays, CARD)


CARD = Card(
    name="segments",
    title="Texture and colour of materials",
    summary="Texture and colour of regions of 3 x 3 pixels in outdoor photographs, of seven kinds.",
    source=(
        "segment.csv of the PyPI package river 0.26.1, which is Image Segmentation (Vision Group, "
        "University of Massachusetts), UCI Machine Learning Repository, 1990, "
        "https://doi.org/10.24432/C5GP4N. Rebuild with python -m sample_data.build.segments."
    ),
    licence=(
        "CC BY 4.0 (UCI); the package that carries it: BSD-3-Clause. See sample_data/LICENSES.md."
    ),
    modalities=(
        Modality(
            "texture",
            "vector",
            "density of short lines of low and of high contrast; mean and deviation of the "
            "contrast of pixels side by side, and of pixels one above the other",
            MediaSpec("vector"),
            tuple(map(ColumnSpec, TEXTURE_COLUMNS)),
        ),
        Modality(
            "colour",
            "vector",
            "intensity; red, blue, green; excess of red, blue, green; value, saturation, hue",
            MediaSpec("vector"),
            tuple(map(ColumnSpec, COLOUR_COLUMNS)),
        ),
    ),
    classes=CLASSES,
    cautions=(
        "No method or setting was chosen on this set; see docs/held-out.md before using it for "
        "that.",
        "The regions are from seven photographs, and the source does not say which is from which: "
        "every photograph is in all splits, so that accuracy on a new photograph would be lower.",
        "The position of a region is left out: it belongs to the seven photographs, not to the "
        "material, and would be a short cut to the class.",
        "Columns depend on each other: intensity is the mean of red, blue and green, and the "
        "excesses are differences of them.",
        "Regions that are in the source twice, that agree in texture or in colour, or that may "
        "overlap share a group; 47 of them are black.",
        "A few deviations of contrast are hundreds of times the usual one.",
    ),
    split_rule=(
        "By place: regions with equal texture or equal colour, and regions of one class whose "
        "centres are at most two pixels apart, stay together; each class keeps about "
        "65 / 13 / 22 %."
    ),
)


if __name__ == "__main__":
    main()
