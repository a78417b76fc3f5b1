"""Read and write data files: an .npz without pickles, and a card beside it.

Nothing in a file is trusted: sizes are checked before memory is taken, types before content is
read, and Python objects are never unpickled.
"""

from __future__ import annotations

import hashlib
import io
import math
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from dmil_core.data import absent
from dmil_core.data.card import Card
from dmil_core.data.dataset import Dataset, from_arrays
from dmil_core.data.defaults import complete
from dmil_core.data.validate import (
    Arrays,
    Issue,
    Purpose,
    check,
    errors,
    object_array,
)
from dmil_core.errors import DataError
from dmil_core.io.archives import check_directory
from dmil_core.io.atomic import file_digest, lies_in, replacing
from dmil_core.io.paths import sample_data_root
from dmil_core.io.reading import brief, open_checked, parsing, read_checked
from dmil_core.schema import OLD_NAMES, SPLITS

#: Bytes that the arrays of one file may take in memory together.
MAX_BYTES: Final = 2 * 1024**3
_MAX_ARRAYS: Final = 1000
#: A column of an input takes about 60; `run.json` holds a copy, and may have 16 MiB.
_MAX_CARD_BYTES: Final = 8 * 1024**2
#: What counts and hashes may add to a card.
_MORE_CARD_BYTES: Final = 4096
#: Name of the data file in the folder of a bundled set.
DATA_FILE: Final = "data.npz"
CARD_FILE: Final = "card.json"
_SAVE_AGAIN: Final = "Save or copy it again, as numpy.savez writes it"


@dataclass(frozen=True)
class NpzContent:
    """Arrays of a file by name, and the issues of members that could not be taken as arrays."""

    arrays: dict[str, NDArray[Any]]
    issues: tuple[Issue, ...]
    damaged: tuple[str, ...]


# --- reading -------------------------------------------------------------------------------


def read_npz(
    path: str | Path, max_bytes: int = MAX_BYTES, *, home: Path | None = None
) -> NpzContent:
    """Read every array of an .npz file; arrays of Python objects become issues.

    Parameters
    ----------
    max_bytes : of all arrays together.
    home : the folder that a link may not lead out of; by default, of a path that the user named,
        it may lead anywhere.

    Raises
    ------
    DataError
        If the file does not exist, is no .npz, is truncated or damaged, or declares more than
        ``max_bytes``.
    """
    path = Path(path)
    try:
        # A large set may well lie elsewhere: its user named the link.
        file = open_checked(
            path, max_bytes, advice=_SAVE_AGAIN, home=home, follow_links=home is None
        )
    except FileNotFoundError:
        raise DataError(f"{path}: expected an .npz file, found none. Check the path.") from None
    with file:
        return _read_archive(path, file, max_bytes)


def npz_content(content: bytes, name: str, max_bytes: int = MAX_BYTES) -> NpzContent:
    """The same for an .npz in memory; ``name`` is for messages."""
    return _read_archive(Path(name), io.BytesIO(content), max_bytes)


def read_headers(path: str | Path) -> dict[str, tuple[tuple[int, ...], np.dtype[Any]]]:
    """Shape and type of every array of an .npz file, without reading the arrays.

    Raises
    ------
    DataError
        As for :func:`read_npz`.
    """
    path = Path(path)
    with (
        open_checked(path, MAX_BYTES, advice=_SAVE_AGAIN, follow_links=True) as file,
        parsing(path, "a complete .npz file", advice=_SAVE_AGAIN), warnings.catch_warnings(),
    ):  # fmt: skip
        warnings.simplefilter("ignore")
        check_directory(file, _MAX_ARRAYS, str(path))
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            return {m.filename.removesuffix(".npy"): _header_of(archive, m) for m in members}


def _read_archive(path: Path, source: IO[bytes], max_bytes: int) -> NpzContent:
    with parsing(path, "a complete .npz file", advice=_SAVE_AGAIN), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # headers written by Python 2, or that are no Python
        check_directory(source, _MAX_ARRAYS, str(path))
        with zipfile.ZipFile(source) as archive:
            _check_sizes(path, archive, max_bytes)
            return _read_members(archive)


def read_card(path: str | Path) -> Card | None:
    """The card beside an .npz file: ``<stem>.card.json`` or ``card.json``; None if there is none.

    Raises DataError if there is a card that does not fit the format.
    """
    for candidate in card_candidates(Path(path)):
        try:
            content = read_checked(
                candidate, _MAX_CARD_BYTES, advice="Put the card itself beside its data",
                home=home_of(candidate.parent),
            )  # fmt: skip
        except FileNotFoundError:
            continue
        with parsing(candidate, "a card of UTF-8 text", advice="Correct it by hand"):
            text = content.decode("utf-8")
        try:
            return Card.from_json(text)
        except DataError as error:
            raise DataError(f"{candidate}: {error}") from error
    return None


def read_dataset(path: str | Path, purpose: Purpose = "train", name: str | None = None) -> Dataset:
    """Read, check and complete a data file.

    Parameters
    ----------
    purpose : "predict" accepts files whose splits could not be trained on.
    name : name of the set; the file's stem by default.

    Raises
    ------
    DataError
        With every error-severity issue in its text. Warnings are kept in ``Dataset.issues``.
    """
    path = Path(path)
    content, card = read_npz(path), read_card(path)
    arrays = absent.filled(content.arrays)
    issues = [*content.issues, *check(arrays, card, purpose, content.damaged)]
    issues += absent.issues(content.arrays, purpose)
    if card is not None:
        issues += _check_hashes(path, card)
    called = name or _name_of(path, card)
    # Only arrays without an error can be completed.
    completed = None if errors(issues) else complete(arrays, card, called, purpose)
    if completed is not None:
        issues += completed.issues
    if completed is None or errors(issues):
        raise _refusal(path, issues)
    dataset = from_arrays(called, completed.arrays, completed.card, path.parent, tuple(issues))
    return replace(dataset, file=path if name is None else None)


def _check_sizes(path: Path, archive: zipfile.ZipFile, max_bytes: int) -> None:
    members = archive.infolist()
    declared = sum(m.file_size for m in members)
    if declared > max_bytes or len(members) > _MAX_ARRAYS:
        raise DataError(
            f"{path}: {len(members)} arrays of {declared / 1024**2:,.0f} MiB, expected at most "
            f"{_MAX_ARRAYS} arrays and {max_bytes / 1024**2:,.0f} MiB. Store fewer rows."
        )


def _read_members(archive: zipfile.ZipFile) -> NpzContent:
    arrays: dict[str, NDArray[Any]] = {}
    issues: list[Issue] = []
    damaged: list[str] = []
    for member in archive.infolist():
        stored = member.filename.removesuffix(".npy")
        name = OLD_NAMES.get(stored, stored)
        if stored == member.filename or name in arrays or name in damaged:
            title = f"the file also holds {member.filename!r}, which is not used"
            issues.append(Issue(title, (), "warning", "Store each array once, as .npy."))
            continue
        if _header_of(archive, member)[1].hasobject:
            issues.append(object_array(name))
            damaged.append(name)
            continue
        with archive.open(member) as stream:
            array = npy.read_array(stream, allow_pickle=False)
            # Reading to the end makes zipfile compare the checksum of this member.
            if stream.read(1):
                raise ValueError(f"{member.filename} holds more than its header says")
        arrays[name] = np.asarray(array, dtype=array.dtype.newbyteorder("="))
    return NpzContent(arrays, tuple(issues), tuple(damaged))


def _header_of(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo
) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and type of a member from its header, once its declared size is what the archive
    holds."""
    with archive.open(member) as stream:
        version = npy.read_magic(stream)
        readers: dict[tuple[int, int], Callable[[IO[bytes]], tuple[Any, bool, np.dtype[Any]]]] = {
            (1, 0): npy.read_array_header_1_0,
            (2, 0): npy.read_array_header_2_0,
        }
        if version not in readers:
            raise ValueError(f"{member.filename} has npy version {version}, expected 1.0 or 2.0")
        try:
            shape, _, dtype = readers[version](stream)
        except Exception as error:  # the header is a Python literal, and may be any
            raise ValueError(
                f"{member.filename} has a header that says no shape and type: {brief(error)}"
            ) from None
        header = stream.tell()
    # True is an int to Python, and a length of nothing.
    if any(type(n) is not int or n < 0 for n in shape):
        raise ValueError(
            f"{member.filename} has the shape {brief(shape)}, expected whole numbers from 0 on"
        )
    size = math.prod(shape) * dtype.itemsize
    if not dtype.hasobject and size != member.file_size - header:
        raise ValueError(
            f"{member.filename} declares {brief(size)} bytes and holds {member.file_size - header}"
        )
    return shape, dtype


def _check_hashes(path: Path, card: Card) -> list[Issue]:
    issues: list[Issue] = []
    if card.sha256 and file_digest(path) != card.sha256:
        issues.append(
            Issue(
                "the file is not the one its card was written for (sha256 differs)",
                (),
                "error",
                "Restore the file, or remove 'sha256' from the card if the change is meant.",
            )
        )
    for name in sorted({*card.files, *_media_files(card)}):
        try:
            digest = _media_digest(path.parent / name)
        except FileNotFoundError:
            title, what = f"the raw media file {name!r} is missing", "Samples show without it."
            issues.append(Issue(title, (), "warning", what))
            continue
        except DataError as error:
            what = f"Samples show without it: {error}"
            issues.append(Issue(f"the raw media file {name!r} is not read", (), "warning", what))
            continue
        if card.files.get(name) and digest != card.files[name]:
            title = f"the raw media file {name!r} has changed since the card was written"
            issues.append(Issue(title, (), "warning", "Restore it if samples look wrong."))
    return issues


def home_of(folder: Path) -> Path:
    """The folder that links beside a set's data may not lead out of.

    That is the set's own folder; bundled sets share files among them.
    """
    bundled = sample_data_root()
    return bundled if lies_in(folder, bundled) else folder


def _media_digest(path: Path) -> str:
    advice = "Put the file itself there"
    with open_checked(path, MAX_BYTES, advice=advice, home=home_of(path.parent)) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _refusal(path: Path, issues: list[Issue]) -> DataError:
    """What to raise for a file with these issues: all of its errors."""
    lines = "\n- ".join(str(i) for i in errors(issues))
    return DataError(f"{path} cannot be used:\n- {lines}")


def card_candidates(path: Path) -> tuple[Path, Path]:
    """Where the card of an .npz file may lie: beside it, named after it or alone in its folder."""
    return path.with_name(f"{path.stem}.card.json"), path.with_name(CARD_FILE)


def _name_of(path: Path, card: Card | None) -> str:
    if path.name == DATA_FILE:
        return card.name if card else path.resolve().parent.name
    return path.stem


# --- writing -------------------------------------------------------------------------------


def write_npz(path: str | Path, arrays: Arrays, card: Card) -> Card:
    """Check and write a set, each file atomically; returns the card with counts and hashes.

    The card goes to ``card.json`` beside ``data.npz``, and to ``<stem>.card.json`` beside any
    other name. Raw media files that the card names must already lie in the folder.

    Raises
    ------
    DataError
        With every error-severity issue, naming a media file that is not there, or if the card is
        too large to be read again.
    """
    path = Path(path)
    bare = replace(card, counts={}, sha256="", files={})
    if errors(issues := check(arrays, bare)):
        raise _refusal(path, issues)
    media = {name: path.parent / name for name in sorted(_media_files(card))}
    if missing := [name for name, file in media.items() if not file.is_file()]:
        raise DataError(f"{path}: the card names media files that are not there: {missing}.")
    if len(card.to_json().encode("utf-8")) > _MAX_CARD_BYTES - _MORE_CARD_BYTES:
        raise DataError(
            f"{path}: the card would have more than {_MAX_CARD_BYTES / 1024**2:.0f} MiB. Shorten "
            "names of columns and classes, or leave the columns out."
        )
    write_arrays(path, arrays)
    split = arrays.get("split")
    full = replace(
        bare,
        counts={} if split is None else {name: int((split == name).sum()) for name in SPLITS},
        sha256=file_digest(path),
        files={name: file_digest(file) for name, file in media.items()},
    )
    target = path.with_name(CARD_FILE) if path.name == DATA_FILE else card_candidates(path)[0]
    write_bytes(target, full.to_json().encode("utf-8"))
    return full


def write_arrays(path: str | Path, arrays: Arrays) -> None:
    """Write arrays as a compressed .npz, atomically; equal arrays give equal bytes."""

    with (
        replacing(Path(path)) as temporary,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
    ):
        for name, array in arrays.items():
            # A ZipInfo without a date is dated 1980, whenever it is written.
            info = zipfile.ZipInfo(f"{name}.npy")
            info.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(info, "w", force_zip64=True) as member:
                npy.write_array(member, np.asanyarray(array), allow_pickle=False)


def write_bytes(path: str | Path, content: bytes) -> None:
    """Write a file atomically: readers see the old content or the new, never a part."""
    with replacing(Path(path)) as temporary:
        temporary.write_bytes(content)


def _media_files(card: Card) -> set[str]:
    return {m.media.file for m in card.modalities if m.media.file}
