"""``dmil convert``: files of people as a data set of arrays with a card."""

from __future__ import annotations

import argparse

from dmil_core.cli.files import notes, request_of
from dmil_core.cli.inspect import add_arguments
from dmil_core.cli.options import Parser, Subparsers, add_command, path_argument
from dmil_core.errors import ConfigError


def add(subparsers: Subparsers[Parser]) -> None:
    """Add the command."""
    p = add_command(
        subparsers,
        "convert",
        run,
        "Write files of tables, pictures or sounds as one data set, an .npz with a card.",
        "  dmil convert penguins.csv --label species --input 'bill=bill_*' "
        "--input body=flipper_length_mm,body_mass_g --out penguins.npz\n"
        "  dmil convert table.csv --files pictures.zip --label class --input picture=picture "
        "--input sound=sound --out mine.npz\n"
        "`dmil inspect` says what would be guessed for an option that is left out.\n",
    )
    add_arguments(p)
    p.add_argument("--out", required=True, type=path_argument, metavar="FILE", help="ends in .npz")


def run(a: argparse.Namespace) -> int:
    """Write the data set, its card and the pictures and sounds to be shown."""
    from dmil_core.data.files.load import load
    from dmil_core.data.files.store import write_set
    from dmil_core.io.atomic import check_writable

    if a.out.suffix != ".npz":
        raise ConfigError(f"{a.out}: expected a file ending in .npz")
    check_writable(a.out)
    made = load(request_of(a, a.file), a.out.stem)
    dataset = made.dataset
    assert dataset is not None
    notes(dataset.issues)
    write_set(a.out, made)
    inputs = ", ".join(m.name for m in dataset.card.modalities)
    print(f"{a.out}: {len(dataset):,} rows, inputs {inputs}, {len(dataset.classes)} classes")
    return 0
