"""What the page about a visitor's own data says."""

from __future__ import annotations

import re

INTRO = (
    "Drop a table with a **class** in one column and the **inputs** in others, such as two groups "
    "of measurements, or pictures and sounds. Correct what each column is, train three models, and "
    "read what was found: the information of each input about the class, alone and together."
)


#: Below the links of the gallery of data sets.
CARD = "Upload a table, arrays, pictures or sounds, and train models on them."
MODEL_CARD = "Look at the predictions of a model that was trained elsewhere, or at an ONNX file."


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
- **A table**: CSV (any separator, decimal comma, any usual encoding) or Parquet, a row per sample;
  several tables are joined by their id column.
- **Arrays**: an .npz without pickles, or .npy files: `x1`, `x2` (, `x3`) and `y`, or any names.
- **Pictures and sounds**: a .zip, a .tar (WebDataset) or a folder with a folder for each class; or
  beside a table with a column of file names; or inside Parquet.
- One column is the **label**. If there are any: an **id**, a **split** (`train`, `val`, `test`),
  and a **group**, such as a person, whose rows must stay in one split.
"""

WAYS = {"files": "files", "folder": "a folder"}

NEXT = {
    "source": "1. Drop your files",
    "roles": "2. Assign columns",
    "look": "3. Look at samples",
    "train": "4. Train",
}

#: What a column can be used as -> its letter, its name, and what it is for.
USES = {
    "input 1": ("1", "input 1", "Part of the first input."),
    "input 2": ("2", "input 2", "Part of the second input."),
    "input 3": ("3", "input 3", "Part of a third input."),
    "label": ("L", "label", "The class that is to be predicted from the inputs."),
    "id": ("I", "id", "A name for each row, no name twice; rows are numbered without."),
    "split": ("S", "split", "train, val or test for each row; without it 70/10/20% at random."),
    "group": ("G", "group", "Rows of a group, such as of a person, stay in one split."),
    "flag": ("F", "flag", "Marks some rows: filter and compare by it. No model sees it."),
    "unused": ("\u2013", "not used", "Left out."),
}
_INPUTS = ("input 1", "input 2", "input 3")
ICONS = {
    "input 1": "looks_one", "input 2": "looks_two", "input 3": "looks_3", "label": "label",
    "id": "badge", "split": "call_split", "group": "group", "unused": "block",
}  # fmt: skip

GRID = (
    "Click on the head of a column (or several), then on what it is. By keyboard or on a phone: "
    "find columns in the fields below."
)
NO_SELECTION = "Select columns first: in the table, or in the fields below it."
FIND = "By name, prefix* or first..last"


def head(use: str, column: str) -> str:
    """What is written above a column: a letter and a name for its role, then its own name."""
    letter, word, _ = USES[use]
    return f"{letter} {word.partition(' ')[0] if use in _INPUTS else word} \u00b7 {column}"


def role(use: str, name: str) -> str:
    """What a column is, with the name of its input."""
    word = USES[use][1]
    return f"{word}: {name}" if name else word


#: How what is done about missing cells reads -> which of the offers it is.
_DONE = (
    ("keep", "They stay, flagged"), ("drop", "dropped"), ("mean", "stands in their place"),
    ("mean", "They get the category"),
)  # fmt: skip


def done_by(repair: str) -> str:
    """Which choice about missing cells a sentence says is made; empty where it says none."""
    first = without_options(repair)
    return next((value for value, words in _DONE if words in first), "")


def selected(columns: tuple[str, ...]) -> str:
    """Which columns the buttons are for; names are not escaped."""
    if not columns:
        return NO_SELECTION
    shown = ", ".join(c[:40] for c in columns[:3])
    more = f" and {len(columns) - 3:,} more" if len(columns) > 3 else ""
    count = "1 column" if len(columns) == 1 else f"{len(columns):,} columns"
    return f"{count} selected: {shown}{more}"


def left_out(unused: int, columns: int) -> str:
    """How much of the table is not used."""
    if not unused:
        return f"All {columns:,} columns are used."
    verb = "is" if unused == 1 else "are"
    return f"{unused:,} of {columns:,} columns {verb} not used."


#: Options of the command line within what the core says of a repair.
_BRACKETS = re.compile(r"\s*\(--[^)]*\)")
_CLAUSE = re.compile(r";\s*--.*?(?=\.\s|\.$|$)")
_NAMED = re.compile(r":\s*--\S.*$")
_CHOOSE = re.compile(r"^Choose --.*$")


def without_options(repair: str) -> str:
    """What is done about an issue, without the options that a command line has for it."""
    for pattern, instead in ((_BRACKETS, ""), (_CLAUSE, ""), (_NAMED, "."),
                             (_CHOOSE, "Choose what is done about them.")):  # fmt: skip
        repair = pattern.sub(instead, repair)
    return repair


#: How a repair begins that nobody has made: advice for before the training.
ADVICE = "Choose"


def note(title: str, repair: str) -> str:
    """What was said of an upload, as a sentence or two for who reads its results."""
    return f"{title[:1].upper()}{title[1:]}. {without_options(repair)}"


QUICK = "Quick: minutes, with a fifth of the epochs; a first look, marked as quick on every page"
FULL = "Full: about five times as long, in the background; for results that you report"
THOROUGH = {"quick": QUICK, "full": FULL}
IS_QUICK = (
    "Quick run: these models had a fifth of their epochs. Train the set fully, on the page Your "
    "data, before you report a number."
)

FINDING = "What was found"
NO_FINDING = (
    "The finding is there once joint and ensemble are trained; it becomes firmer with each run."
)
UNFINISHED = "The training has not ended: this is the finding of the runs so far."
ACCURACY = "Accuracy on test rows"
BITS = "Information about the class"
RING = "Ring: the accuracy of always answering the most frequent class."
KEEP_IN_MIND = "Keep in mind"
COVERS = "What the intervals cover"
ALONE = {"i1": "{first} alone", "i2": "{second} alone", "i12": "both together"}
PARTS = {
    "r": ("R", "shared by both"), "u1": ("U1", "{first} only"), "u2": ("U2", "{second} only"),
    "s": ("S", "only in combination"),
}  # fmt: skip

#: What a step of a training is called while it runs -> what it does.
_STAGES = (
    (
        "0 out-of-fold",
        "cross-fitting: measures which inputs predict rows not yet seen",
    ),
    ("1 intra", "splits each input into what it shares and what it has alone"),
    ("2 consistency", "learns what the inputs share, and what only their combination carries"),
    ("3 everything", "trains all parts together"),
    ("map of", "draws the map"),
)


def progress(stage: str) -> str:
    """What a training does now, in plain words."""
    step, _, rest = stage.partition(": ")
    if step == "bits":
        return "estimates information in bits, from the data alone (no model)"
    if rest == "explain":
        return f"{step}: replaces inputs by those of other samples"
    if step == "worth":
        return "fits small networks to all samples, then to parts of them"
    what = next((words for begin, words in _STAGES if rest.startswith(begin)), rest)
    return f"{step}: {what}" if what else step


TRAINS = (
    "Trains joint, ensemble and dmil with three seeds each, then estimates the information of "
    "the inputs in bits. You may leave this page or close the window; the training goes on."
)
AGAIN = "Its models are removed first, and trained with all epochs."
EXAMPLE = (
    "The example has 300 rows: four columns called left, four called right, and whether the first "
    "of each have different signs. Neither side alone predicts that: a model should find synergy."
)
DELETE = "This removes the set and its models from the server. It cannot be undone."
NO_COOKIES = (
    "Your browser refuses cookies, so your sets can be found only until you reload this page."
)
FIX_FIRST = "Fix these to continue:"
NO_ISSUES = "No problem was found."


def limits(
    upload: int, unpacked: int, rows: int, least: int, columns: int, classes: int, files: int,
    seconds: float, sets: int, cell: int, pixels: int, file: int, arrays: int,
    pixels_together: int, samples_together: int,
) -> str:  # fmt: skip
    """The limits, each with its reason, as Markdown."""
    return f"""
| limit | | why |
|---|---|---|
| all files | {upload} MiB, {unpacked} MiB unpacked | the server holds it in memory |
| rows | {least} to {rows:,} | fewer support no conclusion; more train for hours |
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


def count(rows: int, columns: int) -> str:
    """What files hold, in a sentence."""
    return f"{rows:,} rows, {columns:,} columns."
