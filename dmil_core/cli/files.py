"""Options of commands that read files of people: which column is what, and what is repaired."""

from __future__ import annotations

import argparse
import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dmil_core.cli.options import Parser, path_argument
from dmil_core.errors import ConfigError, DmilError
from dmil_core.schema import SPLITS

if TYPE_CHECKING:
    from dmil_core.checkpoint import Run
    from dmil_core.data.dataset import Dataset
    from dmil_core.data.files.load import Request
    from dmil_core.data.files.stream import Source
    from dmil_core.data.validate import Issue, Purpose

#: Rows of an issue that are printed.
_ROWS = 8


def add_files(parser: Parser, split: bool = True) -> None:
    """What the columns of ``--data`` or of the files are; ``split`` where no option is named so."""
    group = parser.add_argument_group("of files: which column is what")
    group.add_argument(
        "--label", metavar="L", help="column with the class of each row; default: guessed"
    )
    group.add_argument(
        "--input",
        action="append",
        default=[],
        metavar="NAME=COLUMNS",
        help="an input and its columns: names with commas between, PREFIX* or FIRST..LAST; two or "
        "three times; default: guessed",
    )
    singles = {
        "id": "a name for each row, no name twice",
        "split": "train, val or test for each row; without one 70/10/20 %% at random",
        "group": "rows of one group, such as of a person, stay in one split",
    }
    for name, what in singles.items():
        if name != "split" or split:
            group.add_argument(
                f"--{name}", metavar="C", help=f"column: {what}; '' for none; default: guessed"
            )
    group.add_argument(
        "--files",
        type=path_argument,
        metavar="ZIP|DIR",
        help="the pictures and sounds that cells name",
    )
    group.add_argument(
        "--on",
        default="",
        metavar="C",
        help="the column that joins several files; default: one with ids that all of them have",
    )
    group = parser.add_argument_group("of files: what is repaired")
    group.add_argument(
        "--missing",
        choices=("drop", "mean", "keep", "error"),
        help="rows with missing cells: drop them; or put in the mean of the training rows and add "
        "a was-missing column (words get a category of their own); or the same, and keep rows that "
        "lack a whole input, flagged, so that models use the others; or stop; default: drop where "
        "numbers are missing in less than 5 %% of the rows, else mean",
    )
    group.add_argument(
        "--val",
        choices=("train", "error"),
        help="a split without val rows: take an eighth of the training rows for it, by class or by "
        "whole groups; or stop; default: train",
    )
    group.add_argument(
        "--quantiles",
        type=int,
        choices=(2, 3, 4, 5),
        metavar="2..5",
        help="cut a label that is a number into so many classes of about equal size",
    )
    group.add_argument(
        "--as-text",
        action="append",
        default=[],
        metavar="COLUMNS",
        help="columns whose cells are words though they spell numbers, such as codes",
    )
    group.add_argument(
        "--header",
        choices=("auto", "yes", "no"),
        default="auto",
        help="whether the first row of a CSV file names the columns; default: auto",
    )

    group.add_argument(
        "--encoding",
        metavar="NAME",
        default="",
        help="of a CSV file, such as cp1252, gb18030 or shift_jis; default: UTF-8, UTF-16 or "
        "Windows-1252, whichever it is",
    )


def request_of(a: argparse.Namespace, files: list[Path]) -> Request:
    """What the options of `add_files` say of these files."""
    from dmil_core.data.files.load import Request
    from dmil_core.data.files.reader import ReadOptions
    from dmil_core.data.files.repairs import Repairs

    sources = tuple(files) + ((a.files,) if a.files is not None else ())
    split = getattr(a, "split", None)
    return Request(
        files=sources,
        inputs=tuple(a.input),
        label=a.label,
        id=a.id,
        split=None if split in SPLITS else split,
        group=a.group,
        repairs=Repairs(
            missing=a.missing or "auto",
            quantiles=a.quantiles or 0,
            as_text=tuple(a.as_text),
            val=a.val or "train",
        ),
        options=ReadOptions(header=a.header, encoding=a.encoding, on=a.on),
    )


def load_data(
    a: argparse.Namespace, purpose: Purpose = "train", like: Run | None = None
) -> Dataset:
    """The data set of ``--data``: by name, or from files with the options of `add_files`.

    Parameters
    ----------
    like : the checkpoint that rows of files are for: they are encoded as its training rows were.
    """
    from dmil_core.data.card import Card
    from dmil_core.data.catalog import load_dataset
    from dmil_core.data.files.load import load_dataset_of
    from dmil_core.data.splits import resplit

    if not _is_of_files(a):
        return load_dataset(a.data[0], purpose=purpose)
    request, number = _request_of_data(a)
    if like is None:
        dataset = load_dataset_of(request, purpose=purpose)
        notes(dataset.issues)
        return resplit(dataset, number)
    with contextlib.suppress(DmilError):
        # The files of the training itself are its set again, with its split and without the rows
        # that it left out.
        dataset = resplit(load_dataset_of(request), number)
        if dataset.digest == like.data_digest:
            return dataset
    card = Card.from_dict(like.data_card)
    dataset = load_dataset_of(request, purpose=purpose, like=card)
    notes(dataset.issues)
    return dataset


def source_of(
    a: argparse.Namespace, instead: str = "Name a file that ends in .parquet or .csv as --out"
) -> tuple[Source, Request]:
    """The source that a command reads in parts whose ``--out`` is a folder, and what is said of its
    columns.

    Parameters
    ----------
    instead : what to do with other data.

    Raises
    ------
    ConfigError
        If ``--data`` is no Parquet file or shard, and no folder of these.
    ResourceError
        If the folder cannot be written to.
    """
    from dmil_core.data.files.stream import is_source, opened
    from dmil_core.io.atomic import check_writable
    from dmil_core.io.paths import named_path

    path = named_path(a.data[0])
    if len(a.data) > 1 or not is_source(path):
        raise ConfigError(
            f"--out {a.out} is a folder, which is for one Parquet file or a folder of Parquet "
            f"files, or of shards (.tar), as --data, got {' '.join(map(str, a.data))}. {instead}"
        )
    check_writable(a.out, folder=True)
    return opened(path), request_of(a, [path])


def load_stored(a: argparse.Namespace, folder: Path | None = None) -> Dataset:
    """The same for training; a set that is made from files is written beside its checkpoints.

    A checkpoint names the file that its set can be read from again.

    Parameters
    ----------
    folder : where the set is written; by default the folder of the set among the checkpoints.

    Raises
    ------
    ConfigError
        If another set is stored there.
    """
    from dmil_core.data.catalog import load_dataset
    from dmil_core.data.files.load import load
    from dmil_core.data.files.store import write_set
    from dmil_core.data.npz import read_dataset
    from dmil_core.data.splits import resplit
    from dmil_core.io.paths import checkpoints_root

    if not _is_of_files(a):
        dataset = load_dataset(a.data[0])
        notes(dataset.issues)
        return dataset
    request, number = _request_of_data(a)
    made = load(request)
    assert made.dataset is not None
    notes(made.dataset.issues)
    slug = made.dataset.slug
    path = (checkpoints_root() / slug if folder is None else folder) / f"{slug}.npz"
    if not path.exists():
        write_set(path, made)
        print(f"dmil: note: the data set is stored as {path}", file=sys.stderr)
    dataset = read_dataset(path)
    if dataset.digest != made.dataset.digest:
        raise ConfigError(
            f"{path} holds another data set. Choose another folder by --out, or move that file"
        )
    return resplit(dataset, number)


def load_each(a: argparse.Namespace, folder: Path) -> list[Dataset]:
    """Every entry of ``--data`` as a set of its own, those made from files as :func:`load_stored`.

    Raises
    ------
    ConfigError
        If there are several, and options that say what the columns of files are.
    """
    if len(a.data) > 1 and not is_plain(a):
        raise ConfigError(
            f"--data names {len(a.data)} sets, and options such as --label are for the files of "
            "one. Compare one set at a time, or make an .npz of each with `dmil convert`"
        )
    one = (argparse.Namespace(**{**vars(a), "data": [name]}) for name in a.data)
    return [load_stored(each, folder) for each in one]


def check_split(a: argparse.Namespace) -> None:
    """Refuse a split that is none of a data set; of files it may be a column.

    Raises
    ------
    ConfigError
        If it is neither.
    """
    known = a.split in (None, *SPLITS) or len(a.data) > 1
    if not known and not Path(a.data[0]).is_file() and not Path(a.data[0]).is_dir():
        raise ConfigError(
            f"--split {a.split!r}: invalid choice; expected train, val or test, or of files the "
            "column with the split of each row"
        )


def _is_of_files(a: argparse.Namespace) -> bool:
    from dmil_core.data.catalog import is_file_of_columns

    return len(a.data) > 1 or not is_plain(a) or is_file_of_columns(a.data[0], folders=True)


def _request_of_data(a: argparse.Namespace) -> tuple[Request, int]:
    """What is said of the files of ``--data``, and the number of the split."""
    from dmil_core.data.splits import split_number
    from dmil_core.io.paths import named_path

    last, number = split_number(a.data[-1])
    request = request_of(a, [named_path(s) for s in (*a.data[:-1], last)])
    for file in request.files:
        if not file.exists():
            raise ConfigError(
                f"{file}: there is no such file. Options such as --label are for files; check the "
                "path"
            )
    return request, number


def request_of_source(a: argparse.Namespace, always: bool) -> Request | None:
    """What is said of a Parquet file or a folder of them that is to be streamed; None for data that
    is read into memory.

    Parameters
    ----------
    always : whether it is also streamed where it would fit.

    Raises
    ------
    ConfigError
        If it is ``always``, and the data is of another kind.
    """
    from dmil_core.data.files.shuffled import fits_into_memory
    from dmil_core.data.files.stream import is_source
    from dmil_core.io.paths import named_path

    path = named_path(a.data[0])
    several = len(a.data) > 1 or a.files is not None
    if several or not _is_of_files(a) or not path.exists() or not is_source(path):
        if not always:
            return None
        raise ConfigError(
            "--stream expects one Parquet file, or a folder of Parquet files and nothing else, as "
            f"--data, got {' '.join(map(str, a.data))}. Leave it out, or store the rows as "
            "Parquet"
        )
    return request_of(a, [path]) if always or not fits_into_memory(path) else None


def is_plain(a: argparse.Namespace) -> bool:
    """Whether none of the options of `add_files` is used."""
    return request_of(a, []).plain


def notes(issues: tuple[Issue, ...]) -> None:
    """Print what is to be said about a data set to stderr."""
    for issue in issues:
        print(f"dmil: note: {issue.title}. {issue.what_to_do}", file=sys.stderr)


def rows_text(rows: tuple[Any, ...]) -> str:
    """The first of these rows in words; "" if there are none."""
    if not rows:
        return ""
    shown = ", ".join(str(r) for r in rows[:_ROWS])
    more = f" and {len(rows) - _ROWS:,} more" if len(rows) > _ROWS else ""
    return f" (row{'s' if len(rows) > 1 else ''} {shown}{more})"
