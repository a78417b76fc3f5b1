"""Write an assembled set: an .npz, its card, and the raw media that samples show."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from dmil_core.data.files.assemble import Assembled
from dmil_core.data.npz import DATA_FILE, write_arrays, write_npz


def write_set(path: Path, made: Assembled) -> None:
    """Write the set, each file atomically; raw media lies beside it.

    Media files get the name of the set before their own, so that several sets fit into one folder.

    Raises
    ------
    DataError
        If the arrays do not fit the card.
    """
    assert made.dataset is not None
    card = made.dataset.card
    prefix = "" if path.name == DATA_FILE else f"{path.stem}."
    for file, arrays in made.media.items():
        write_arrays(path.with_name(prefix + file), arrays)
    modalities = tuple(
        replace(m, media=replace(m.media, file=prefix + m.media.file)) if m.media.file else m
        for m in card.modalities
    )
    write_npz(path, made.arrays, replace(card, modalities=modalities))
