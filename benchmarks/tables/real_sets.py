"""Sets of other people: accuracies, what the guess needed, findings, sources."""

from __future__ import annotations

import statistics
from typing import Any, Final

from benchmarks.real_sets.sets import SETS, RealSet
from benchmarks.tables.cells import read, table

#: Models in the order of the table.
_MODELS: Final = ("joint", "ensemble", "dmil")
#: Roles in words.
_WORDS: Final = {
    "inputs": "the inputs", "label": "the label", "id": "the id", "split": "the split",
    "group": "the group",
}  # fmt: skip

_NOTE: Final = """Of each set: where it is from, what its files needed beside their names, and the finding in the app's words.
None of the files is part of this repository, unless it is said."""  # noqa: E501


def real_sets() -> str:
    """Everything about them."""
    record = read("real_sets")
    by_name = {r["name"]: r for r in record["sets"]}
    measured = [(s, by_name[s.name]) for s in SETS if s.name in by_name]
    about = "\n".join(_about(real, r) for real, r in measured)
    parts = [_how(measured), _accuracies(measured), _NOTE, about]
    return "\n\n".join([*parts, *_hugging_face(record["hugging_face"])])


def _how(measured: list[tuple[RealSet, dict[str, Any]]]) -> str:
    runs = max(r["runs"] for _, r in measured)
    return f"""## Sets of other people

{len(measured)} sets that others collected, each from its files as they are distributed to a finding (`make bench-real`). What
`dmil inspect` says is kept as a visitor's set of the app, and trained as its page **Your data** does at *Quick*: a
fifth of the epochs, {runs} seeds. Accuracy on test rows in percent, the mean over seeds, with Wilson's 95 % interval of one
test split. *Logistic regression* is scikit-learn's at its defaults, on the standardised inputs side by side and the
same rows: what a model has to beat before its decomposition is worth reading."""  # noqa: E501


def _accuracies(measured: list[tuple[RealSet, dict[str, Any]]]) -> str:
    rows = []
    for real, r in measured:
        inputs = " and ".join(r["inputs"])
        size = f"{r['rows']:,} / {len(r['classes'])}"
        logistic = f"{100 * statistics.mean(r['logistic']):.1f}"
        models = [_interval(r["accuracy"][m]) for m in _MODELS]
        rows.append([f"`{real.name}`: {inputs}", size, logistic, *models])
    return table(["set: its inputs", "rows / classes", "logistic regression",
                  *(f"`{m}`" for m in _MODELS)], rows)  # fmt: skip


def _interval(estimate: dict[str, Any]) -> str:
    value, low, high = (100 * estimate[k] for k in ("value", "low", "high"))
    return f"{value:.1f} ({low:.0f} to {high:.0f})"


def _about(real: RealSet, r: dict[str, Any]) -> str:
    """Where a set comes from, what its file needed, and what was found in it."""
    return (
        f"- **{real.title}** (`{real.name}`). {real.source} {real.layout[0].upper()}"
        f"{real.layout[1:]}, of the {real.package.title}; licence: {real.licence}. "
        f"*Options:* {_options(real)}. *The guess without them:* {_guess(real, r)}. "
        f"*Finding:* {' '.join(r['finding'])}"
    )


def _options(real: RealSet) -> str:
    return f"`{' '.join(real.shown)}`" if real.options else "none"


def _guess(real: RealSet, r: dict[str, Any]) -> str:
    """Which roles were guessed as they were chosen, and what was guessed instead of others."""
    right = [_WORDS[k] for k in _WORDS if k not in r["needed"] and r["roles"][k]]
    said = [f"{_listed(right)} right"] if right else []
    for role in r["needed"]:
        guessed = r["guess"][role]
        names = [i["name"] for i in guessed] if role == "inputs" else [guessed] if guessed else []
        said.append(f"{_WORDS[role]} {' and '.join(f'`{n}`' for n in names) or 'not found'}")
    return "; ".join([*said, *([real.remark] if real.remark else [])])


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _hugging_face(record: dict[str, Any]) -> list[str]:
    """How a set is the same through Hugging Face's datasets."""
    accuracy = {
        form: f"{100 * statistics.mean(values):.2f} ± {100 * statistics.stdev(values):.2f}"
        for form, values in record["accuracy"].items()
    }
    same = record["digests"]["arrays"] == record["digests"]["shipped"]
    arrays = record["accuracy"]["arrays"]
    equal = arrays == record["accuracy"]["shipped"][: len(arrays)]
    shapes = record["shapes"]
    d = {k: 100 * v for k, v in record["difference"].items()}
    seeds = len(record["accuracy"]["shipped"])
    rows = [
        ["as shipped", "-", _shapes(shapes["shipped"]), accuracy["shipped"]],
        ["`Array2D` features", "the shipped one" if same else "another one",
         _shapes(shapes["arrays"]), "as shipped" if equal else accuracy["arrays"]],
        ["`Image` and `Audio` features", "another one", _shapes(shapes["media"]),
         accuracy["media"]],
    ]  # fmt: skip
    return [
        f"""### avdigits through Hugging Face's datasets

`avdigits` as `datasets` {record["version"]} writes it, as Parquet or by `save_to_disk`. Accuracy of
`joint` in percent at a fifth of the epochs, mean ± standard deviation over {seeds} seeds with a split each.""",  # noqa: E501
        table(["form", "digest", "inputs", "accuracy of `joint`"], rows),
        f"""- As **arrays** it is the shipped set: the same arrays, classes in the same order, ids, split and digest. A file of
  arrays does not say which are sounds; with `--encoder2 cnn2d`, the encoder of sounds, the accuracy of
  every seed tried ({len(arrays)}) is {"the same to the last digit" if equal else "another one"}.
- As **pictures and sounds** (PNG and WAV in cells of struct&lt;bytes, path&gt;) it has the same classes, ids, splits and the
  same samples of sound, all 16 bits of them. The inputs are other ones, and so is the digest: every picture is brought
  to 32 x 32 pixels and every sound to 48 moments, while the shipped set has 8 x 8 and 24, made by its own build
  program. They are the same inputs that PNG and WAV files in a .zip or a folder become. The difference in accuracy
  is {d["difference"]:+.2f} points ({d["low"]:+.2f} to {d["high"]:+.2f}, 95 % over seeds).
- The rows of a `DatasetDict` stand split by split, so that its digest is that of the shipped rows in this order.""",  # noqa: E501
    ]


def _shapes(shapes: list[list[int]]) -> str:
    return " and ".join(" x ".join(map(str, s)) for s in shapes)
