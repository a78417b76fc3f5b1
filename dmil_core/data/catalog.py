"""Find and load data sets by name: bundled, generated, or a user's own file."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dmil_core.data.card import Card
from dmil_core.data.dataset import Dataset
from dmil_core.data.npz import (
    DATA_FILE,
    card_candidates,
    read_card,
    read_dataset,
    read_headers,
)
from dmil_core.data.splits import OPTIONS as SPLIT_OPTIONS
from dmil_core.data.splits import resplit, split_number
from dmil_core.data.synthetic import gate_mixture, gate_mixture_set, gaussian, shapes, switch
from dmil_core.data.synthetic.spec import Option, canonical, current_name, parse
from dmil_core.data.validate import Purpose
from dmil_core.errors import DataError
from dmil_core.io.atomic import lies_in
from dmil_core.io.paths import named_path, sample_data_root

#: Endings of files whose columns are guessed.
_TABLES: Final = (
    ".csv", ".tsv", ".tab", ".parquet", ".arrow", ".feather", ".zip", ".tar", ".tgz", ".gz",
    ".txt", ".dat", ".data", ".pq",
)  # fmt: skip
_PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


@dataclass(frozen=True)
class Generated:
    """A set made by a program: how to draw it, its card by default, and its options."""

    generate: Callable[[str], Dataset]
    card: Callable[[], Card]
    options: tuple[Option, ...]


def _switch(name: str) -> Generated:
    return Generated(
        lambda spec: switch.SwitchSet.from_spec(spec).dataset(),
        lambda: switch.SwitchSet.from_spec(name).card(),
        switch.OPTIONS_OF[name],
    )


GENERATED: Final[dict[str, Generated]] = {
    **{name: _switch(name) for name in switch.OPTIONS_OF},
    shapes.NAME: Generated(
        lambda spec: shapes.ShapesSet.from_spec(spec).dataset(),
        lambda: shapes.ShapesSet.from_spec(shapes.NAME).card(),
        shapes.OPTIONS,
    ),
    gaussian.NAME: Generated(gaussian.gaussian_set, gaussian.gaussian_card, gaussian.OPTIONS),
    gate_mixture.NAME: Generated(
        lambda spec: gate_mixture_set.GateMixtureSet.from_spec(spec).dataset(),
        lambda: gate_mixture_set.GateMixtureSet.from_spec(gate_mixture.NAME).card(),
        gate_mixture_set.OPTIONS,
    ),
}


@dataclass(frozen=True)
class Entry:
    """One name that ``load_dataset`` takes.

    Attributes
    ----------
    card : the set's card; None if it cannot be read, and then ``error`` says why.
    options : options of a generated set.
    """

    name: str
    title: str
    generated: bool
    card: Card | None = None
    error: str | None = None
    options: tuple[Option, ...] = ()


def list_datasets(root: Path | None = None) -> tuple[Entry, ...]:
    """All bundled sets under ``root`` (by default the shipped folder), then the generated ones.

    A damaged card is an entry with its error, never an exception.
    """
    folder = root or sample_data_root()
    files = sorted(folder.glob(f"*/{DATA_FILE}")) if folder.is_dir() else []
    bundled = [_bundled_entry(f) for f in files]
    generated = []
    for name, g in GENERATED.items():
        card = g.card()
        generated.append(Entry(name, card.title, True, card, options=g.options))
    return (*bundled, *generated)


def load_dataset(spec: str | Path, root: Path | None = None, purpose: Purpose = "train") -> Dataset:
    """Load a set by bundled name, by generated name with options, or from a file.

    A set that is read from a file may be followed by ``:split=N``: the same rows with another
    split, drawn from N; see :mod:`dmil_core.data.splits`. Split 0 is its own.

    Parameters
    ----------
    spec : such as ``"avdigits"``, ``"emoji:split=3"``, ``"switch:classes=2,noise=1.0"``,
        ``"my/data.npz"``, ``"my/data.npz:split=3"``, ``"my/table.csv"``; of a table or an
        archive the roles of the columns are guessed.
    root : folder of the bundled sets; the shipped one by default.
    purpose : "predict" accepts files whose splits could not be trained on.

    Raises
    ------
    DataError
        If there is no such set, or the file has faults; the text lists all of them.
    ConfigError
        If an option does not exist or has no such value.
    """
    if isinstance(spec, Path):
        return _of_files(spec, purpose) if _is_table(spec) else _of_npz(spec, purpose)
    spec = current_name(spec)
    name = spec.partition(":")[0]
    if name in GENERATED:
        return GENERATED[name].generate(spec)
    folder = root or sample_data_root()
    # Only a plain folder name reaches the disk: no "..", no "/", nothing too long to be one.
    file = folder / name / DATA_FILE
    if _PLAIN_NAME.fullmatch(name) and file.is_file() and lies_in(file, folder):
        number = parse(spec, SPLIT_OPTIONS)["split"]
        return resplit(read_dataset(file, purpose, name=name), number)
    path, suffix, text = spec.rpartition(".npz")
    if suffix and (not text or text.startswith(":")):
        number = parse(f"data{text}", SPLIT_OPTIONS)["split"]
        return resplit(_of_npz(named_path(path + suffix), purpose), number)
    if is_file_of_columns(spec, root):
        path, number = split_number(spec)
        return resplit(_of_files(named_path(path), purpose), number)
    raise DataError(_unknown(spec, folder))


def is_file_of_columns(spec: str, root: Path | None = None, folders: bool = False) -> bool:
    """Whether a spec names files whose columns are guessed: a table or an archive.

    The names of sets come first, and an .npz file with arrays x1, x2 and y has its own format.

    Parameters
    ----------
    folders : whether a folder of files is one too.
    """
    name = current_name(spec).partition(":")[0]
    folder = root or sample_data_root()
    if name in GENERATED or (_PLAIN_NAME.fullmatch(name) and (folder / name / DATA_FILE).is_file()):
        return False
    path = Path(spec.rpartition(":split=")[0] or spec)
    if not spec or "\0" in spec:
        return False
    return _is_table(path) or is_npz_of_columns(path) or (folders and _is_folder(path))


def is_npz_of_columns(path: Path) -> bool:
    """Whether an .npz file has no card and arrays that are understood as those of any file: of
    other names than x1, x2 and y, with channels first, with transparency, or text in bytes."""
    if path.suffix != ".npz" or any(c.exists() for c in card_candidates(path)):
        return False
    try:
        arrays = read_headers(path)
    except (DataError, OSError):
        return False  # what is wrong with it is said where it is read
    inputs = [arrays[n] for n in ("x1", "x2", "x3") if n in arrays]
    unusual = any(len(shape) == 4 and shape[3] != 3 for shape, _ in inputs)
    in_bytes = any(dtype.kind == "S" for _, dtype in arrays.values())
    return unusual or in_bytes or not {"x1", "x2"} <= arrays.keys()


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a name that is too long for the disk
        return False


def _is_table(path: Path) -> bool:
    return path.suffix.lower() in _TABLES


def _of_files(path: Path, purpose: Purpose) -> Dataset:
    """The set of a table, an archive or a folder, with the roles that are guessed."""
    from dmil_core.data.files.load import Request, load_dataset_of

    if not path.exists():
        raise DataError(
            f"{path}: cannot be read (there is no such file). Check the path; of a DataFrame, "
            "from_table makes a data set"
        )
    return load_dataset_of(Request((path,)), purpose=purpose)


def _of_npz(path: Path, purpose: Purpose) -> Dataset:
    """The set of an .npz file, in its own format or understood as that of any file."""
    if not is_npz_of_columns(path):
        return read_dataset(path, purpose)
    try:
        return _of_files(path, purpose)
    except DataError as error:
        faults = str(error)
    try:
        return read_dataset(path, purpose)
    except DataError as error:
        raise DataError(f"{error}\nAs a file of columns: {faults}") from None


def of_seed(dataset: Dataset, seed: int) -> Dataset:
    """The set that runs of a seed are trained and tested on; seed 0 has the set as it is.

    A set that a program makes is drawn anew, its option ``seed`` larger by ``seed``; the rows of
    any other set are split anew.
    """
    name = dataset.name.partition(":")[0]
    if seed == 0:
        return dataset
    generated = GENERATED.get(name)
    # A set that was changed in memory may have a generated name, and still cannot be drawn again.
    if generated is None or generated.generate(dataset.name).digest != dataset.digest:
        return resplit(dataset, seed)
    values = parse(dataset.name, generated.options)
    drawn = canonical(name, {**values, "seed": values["seed"] + seed}, generated.options)
    return generated.generate(drawn)


def _bundled_entry(file: Path) -> Entry:
    name = file.parent.name
    try:
        card = read_card(file)
    except DataError as error:
        return Entry(name, name, False, None, str(error))
    if card is None:
        return Entry(name, name, False, None, f"{file.parent} has no card.json.")
    return Entry(name, card.title, False, card)


def _unknown(spec: str, folder: Path) -> str:
    names = [e.name for e in list_datasets(folder)]
    near = difflib.get_close_matches(spec, names, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return (
        f"There is no data set {spec!r}.{hint} Available are {', '.join(names)}, "
        "or the path of an .npz file, a table (.csv, .parquet) or an archive."
    )
