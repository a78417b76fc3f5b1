"""What the page about a visitor's own data says."""

from __future__ import annotations

INTRO = (
    "Upload a table with **two or three groups of columns** (or pictures and sounds) and **a "
    "class** for each row, say which is which, and three models are trained on it. Then every page "
    "of this app shows your set like the ones that come with it."
)


def privacy(days: int) -> str:
    """Who sees a set, and for how long."""
    return (
        ":material/lock: Only this browser sees your sets. Every browser that opens this app gets "
        "a random token in a cookie; it serves to recognise your sets and jobs and nothing else, "
        f"no script can read it, and no link carries it. It expires {days} days after your last "
        f"visit. Sets are removed {days} days after you last opened this page, or at once when "
        "you delete them."
    )


FORMAT = """
- **CSV** (UTF-8, with a header) or **Parquet**: a row per sample. Columns named alike, such as
  `left_1`, `left_2` … or `right_1`, `right_2` …, are one group. A text column can be an input too.
- **.npz** without pickles: arrays `x1`, `x2` (, `x3`) and `y`, or arrays of any names.
- **Pictures and sounds**: a column with file names (`.png`, `.jpg`, `.wav`, `.flac`, `.ogg`,
  `.mp3` …), and a .zip or a folder of these files.
- One column is the **label**. If there are any: an **id**, a **split** (`train`, `val`, `test`),
  and a **group**, such as a person, whose rows must stay in one split.
"""

PACKED = {"zip": "a .zip", "folder": "a folder"}

NEXT = {
    "source": "1. Upload",
    "choice": "2. Say what is what",
    "look": "3. Look before you train",
    "train": "4. Train",
}

QUICK = "Quick (a fifth of the epochs): to see whether all is right"
FULL = "Full: takes five times as long, for results to be believed"
THOROUGH = {"quick": QUICK, "full": FULL}

TRAINS = (
    "Trains joint, ensemble and dmil, one after another, then maps them. You may leave this page "
    "or close the window; the training goes on."
)
AGAIN = "Its models are removed first, and trained with all epochs."
EXAMPLE = (
    "The example has 300 rows: four columns called left, four called right, and whether the first "
    "of each have different signs. Neither side alone tells that, so a model should find synergy."
)
DELETE = "This removes the set and its models from the server. It cannot be undone."
NO_COOKIES = (
    "Your browser refuses cookies, so your sets can be found only until you reload this page."
)
FIX_FIRST = "Nothing can be trained until these problems are gone."


def limits(
    upload: int, unpacked: int, rows: int, least: int, columns: int, classes: int, files: int,
    seconds: float, sets: int, cell: int, pixels: int, file: int, arrays: int,
    pixels_together: int, samples_together: int,
) -> str:  # fmt: skip
    """The limits, each with its reason, as Markdown."""
    return f"""
| limit | | why |
|---|---|---|
| file | {upload} MiB, {unpacked} MiB unpacked | the server holds it in memory |
| rows | {least} to {rows:,} | fewer say nothing; more train for hours |
| numbers of all inputs | {columns:,} a row | more is raw media: use files |
| classes | 2 to {classes} | each has a bar or a letter in the figures |
| text | {cell:,} characters a cell | the models read 256 words |
| files in a .zip or folder | {files:,}, each at most {file} MiB | room for thumbnails and clips |
| a picture, a sound | {pixels // 10**6} million pixels, {seconds:g} s | small files can unpack to \
huge ones |
| all pictures, all sounds | {pixels_together // 10**6} million pixels, \
{samples_together // 10**6} million samples | the server decodes each of them |
| in memory | {arrays} MiB of arrays; a text column takes 4 bytes for each letter of its longest \
cell, in every row | several visitors share it |
| sets | {sets} of yours at once | the disk is shared |

Beyond a limit a file is refused. Nothing is cut off or sampled silently.
"""


def count(rows: int, what: str) -> str:
    """The file in a line."""
    return f"{rows:,} rows, {what}"
