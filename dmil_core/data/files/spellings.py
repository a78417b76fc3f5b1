"""What cells of text can be other than words: dates, names of files, addresses, lists.

Every function looks at some of the different cells of a column, without missing ones, and answers
for the column as a whole.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import unquote, urlsplit

from dmil_core.data.files.pictures import PICTURES
from dmil_core.data.files.sounds import SOUNDS

#: Share of the cells that have to look alike.
_LEAST: Final = 0.9

#: Endings of other files that columns name.
OTHERS: Final = frozenset(
    {
        ".tif", ".tiff", ".svg", ".heic", ".ico", ".psd", ".raw", ".dcm", ".nii", ".nii.gz", ".mha",
        ".nrrd", ".pdf", ".eps", ".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg",
        ".wmv", ".m4a", ".aac", ".wma", ".amr", ".mid", ".midi", ".sph", ".npy", ".npz", ".pt",
        ".pth", ".pkl", ".pickle", ".h5", ".hdf5", ".mat", ".fif", ".edf", ".bdf", ".set", ".vhdr",
        ".safetensors", ".onnx", ".tfrecord", ".txt", ".json", ".jsonl", ".csv", ".tsv", ".xml",
        ".html", ".htm", ".parquet", ".feather", ".xlsx", ".xls", ".doc", ".docx", ".md", ".zip",
        ".gz", ".tar", ".tgz", ".7z", ".bin", ".dat", ".obj", ".stl", ".ply", ".las", ".pcd",
        ".fasta", ".fastq", ".bam", ".vcf", ".log", ".srt", ".vtt",
    }
)  # fmt: skip

#: Beginnings of the names of months, in the languages of most files with such dates.
_MONTHS: Final = (
    "jan ene gen feb fev f\u00e9v mar m\u00e4r apr abr avr may mai maj mag jun juin giu jul "
    "juil lug aug ago aou ao\u00fb sep set oct okt ott out nov dec dez des dic d\u00e9c "
    "\u044f\u043d\u0432 \u0444\u0435\u0432 \u043c\u0430\u0440 \u0430\u043f\u0440 "
    "\u043c\u0430\u0439 \u043c\u0430\u044f \u0438\u044e\u043d \u0438\u044e\u043b "
    "\u0430\u0432\u0433 \u0441\u0435\u043d \u043e\u043a\u0442 \u043d\u043e\u044f "
    "\u0434\u0435\u043a"
)
_MONTH: Final = rf"(?:{'|'.join(_MONTHS.split())})[^\W\d_]*\.?"
_TIME: Final = (
    r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?[ap]\.?m\.?)?"
    r"(?: ?(?:z|utc|[+-]\d\d:?\d\d))?"
)
_DAY: Final = (
    r"\d{4}[-/.]\d{1,2}(?:[-/.]\d{1,2})?", r"\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})",
    rf"\d{{1,2}}\.? ?-?{_MONTH},? ?-?\d{{2,4}}", rf"{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}}",
    r"\d{4}\s?[\u5e74\ub144]\s?\d{1,2}\s?[\u6708\uc6d4](?:\s?\d{1,2}\s?[\u65e5\uc77c])?",
    rf"{_MONTH},? ?-?\d{{4}}", r"\d{4}-?w\d{2}(?:-?\d)?", r"\d{4}-?q[1-4]", r"\d{8}t\d{4,6}z?",
)  # fmt: skip
_DATE: Final = re.compile(
    rf"^(?:[a-z]{{2,9}},? )?(?:{'|'.join(_DAY)})(?:[ t,]+{_TIME})?$|^{_TIME}$", re.IGNORECASE
)
_ADDRESS: Final = re.compile(r"^(?:https?|ftp|s3|gs|hf|file)://\S+$", re.IGNORECASE)
_NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|\bnan\b", re.IGNORECASE)
#: What a split is called elsewhere, without blanks and signs -> its name here.
_SPLITS: Final = {
    "train": "train", "training": "train", "trn": "train",
    "val": "val", "valid": "val", "validation": "val", "validate": "val", "dev": "val",
    "development": "val", "test": "test", "testing": "test",
    "tst": "test", "eval": "test", "evaluation": "test", "holdout": "test", "heldout": "test",
    "publictest": "val", "privatetest": "test",
}  # fmt: skip
#: Suffixes of names that are no endings of files.
_DOMAINS: Final = {".com", ".org", ".net", ".edu", ".gov", ".io", ".de", ".uk", ".fr", ".eu", ".ac"}
_SUFFIX: Final = re.compile(r"\.[a-z][a-z0-9]{1,4}")
#: Different names of files at least, where nobody knows their ending.
_LEAST_NAMES: Final = 5
#: What libraries write around the numbers of a list.
_WRAPPING: Final = re.compile(
    r"\b(?:np\.)?(?:float|int|uint)\d*\(|\b(?:array|tensor)\(|,? *dtype=[\w.'<>]+|,? *device=\S+"
)
#: What is between the two numbers of a pair: 120/80, 3 x 4, 5.1 +/- 0.2.
_BETWEEN_TWO: Final = r"(?:/|x|\u00d7|\u00b1|\+/-)"
_PAIR: Final = re.compile(rf"^\s*-?\d+(?:\.\d+)?\s*{_BETWEEN_TWO}\s*\d+(?:\.\d+)?\s*$")
#: Marks between several labels of one cell.
BETWEEN: Final = (";", "|", ",", "+", " & ")


def are_dates(cells: Sequence[str]) -> bool:
    """Whether these are days, times, or both."""
    return _mostly(cells, lambda c: _DATE.match(c.strip()) is not None)


def are_addresses(cells: Sequence[str]) -> bool:
    """Whether these are links such as https://example.org/a.png?size=large."""
    return _mostly(cells, lambda c: _ADDRESS.match(c.strip()) is not None)


def file_name(cell: str) -> str:
    """The path of a file that a cell names: of a link the path without query, else itself."""
    cell = cell.strip()
    if not _ADDRESS.match(cell):
        return cell.replace("\\", "/")
    try:
        return unquote(urlsplit(cell).path.lstrip("/"))
    except ValueError:
        return cell


def ending(cells: Sequence[str]) -> str:
    """The ending that most of these names of files have, such as ``.png``; "" if they are none."""
    endings = Counter(_ending(c) for c in cells)
    known = {e: n for e, n in endings.items() if e}
    if not cells or sum(known.values()) < _LEAST * len(cells):
        return _same_suffix(cells)
    return max(known, key=lambda e: known[e])


def _same_suffix(cells: Sequence[str]) -> str:
    """The ending that names have in common where it is none that is known: ``a.xyz``, ``b.xyz``."""
    names = [c.strip().lower() for c in cells]
    if len(set(names)) < _LEAST_NAMES or any(" " in n or "@" in n for n in names):
        return ""
    suffixes = Counter(PurePosixPath(n.replace("\\", "/")).suffix for n in names)
    suffix, count = suffixes.most_common(1)[0]
    fits = _SUFFIX.fullmatch(suffix) and suffix not in _DOMAINS and count >= _LEAST * len(names)
    return suffix if fits else ""


def _ending(cell: str) -> str:
    name = file_name(cell).lower()
    if name.endswith(".nii.gz"):
        return ".nii.gz"
    suffix = PurePosixPath(name).suffix
    return suffix if suffix in OTHERS or suffix in PICTURES or suffix in SOUNDS else ""


def numbers_of(cell: str) -> list[float] | None:
    """The numbers of a list such as ``[0.1, 0.2]``; None where it is none.

    Nothing is evaluated: what is between the numbers may only be blanks, commas and brackets.
    """
    text = _WRAPPING.sub("", cell.strip())
    if _is_marked(text):
        return [float(n) for n in re.split(r"[;|,]", text)]
    if not text.startswith(("[", "(", "{")) and not _is_bare(text):
        return [float(p) for p in re.split(_BETWEEN_TWO, cell)] if _PAIR.match(cell) else None
    if re.sub(r"[\[\](){}\s,;]", "", _NUMBER.sub("", text)):
        return None
    found = _NUMBER.findall(text)
    return [float(n) for n in found] if found else None


def _is_bare(text: str) -> bool:
    """Whether this is a list without brackets: at least three numbers with blanks between, and no
    number to call: +49 170 1234, 030 12 34."""
    parts = text.split()
    calls = text.startswith("+") or any(re.match(r"0\d", p) for p in parts)
    return len(parts) >= 3 and not calls and all(_NUMBER.fullmatch(p) for p in parts)


def _is_marked(text: str) -> bool:
    """Whether this is a list without brackets of three numbers or more, most of them fractions,
    with a mark between: 0.1;0.2;0.3. Whole numbers may be codes of several labels."""
    mark = next((m for m in ";|," if m in text), "")
    parts = [p.strip() for p in text.split(mark)] if mark else []
    fractions = sum("." in p for p in parts)
    all_numbers = all(_NUMBER.fullmatch(p) for p in parts)
    return len(parts) >= 3 and all_numbers and 2 * fractions > len(parts)


def are_lists(cells: Sequence[str]) -> bool:
    """Whether these are lists of two numbers or more."""
    if not _mostly(cells[:20], lambda c: "..." in c or len(numbers_of(c) or ()) >= 2):
        return False
    return _mostly(cells[:200], lambda c: "..." in c or len(numbers_of(c) or ()) >= 2)


def split_word(cell: str) -> str:
    """train, val or test, if a cell or the name of a folder says so; "" else."""
    word = re.sub(r"[\W_]+", "", cell.lower())
    return _SPLITS.get(word) or _SPLITS.get(re.sub("(set|split|data|rows)$", "", word), "")


def labels_of(cell: str, between: str) -> list[str]:
    """The labels of a cell that holds several."""
    return [p for part in cell.split(between) if (p := part.strip())]


def between_labels(cells: Sequence[str]) -> str:
    """The mark between several labels, where cells hold several of a few labels; "" else.

    ``a;b``, ``a`` and ``b;c`` are sets of the labels a, b and c; "Doe, John" is a name.
    """
    for mark in BETWEEN:
        several = [c for c in cells if mark in c]
        if len(several) < max(1, 0.1 * len(cells)):
            continue
        counts = Counter(label for c in cells for label in labels_of(c, mark))
        few = len(counts) <= 100 and max(map(len, counts), default=0) <= 40
        # Labels are used again: more so than cells, each of which is counted once here.
        reused = sum(counts.values()) >= 2 * len(counts) or (
            len(counts) < len(cells) and any(c in counts for c in cells)
        )
        if few and reused and all(len(labels_of(c, mark)) > 1 for c in several):
            return mark
    return ""


def _mostly(cells: Sequence[str], is_one: object) -> bool:
    assert callable(is_one)
    return bool(cells) and sum(map(is_one, cells)) >= _LEAST * len(cells)
