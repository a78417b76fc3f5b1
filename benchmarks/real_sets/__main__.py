"""Sets of other people, from their files to a finding. ``make bench-real``.

Each set of :mod:`benchmarks.real_sets.sets` is taken out of its package as it is distributed,
looked at as ``dmil inspect`` does without and with options, kept as a visitor's set, and trained
as the app trains it at *Quick*: joint, ensemble and dmil on three seeds, and the estimates from the
data. The finding is the one that the page **Your data** shows. Beside it stands scikit-learn's
logistic regression on the same rows. At the end ``avdigits`` goes through Hugging Face's
`datasets`.

Writes benchmarks/results/real_sets.json when all is measured. What is measured is kept below
``--out`` meanwhile, and not measured again.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import math
import os
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.real_sets import hugging_face
from benchmarks.real_sets.baseline import logistic_accuracy
from benchmarks.real_sets.sets import SETS, RealSet
from benchmarks.runs import RESULTS
from dmil_core.data.files.load import Request, inspect, load
from dmil_core.data.files.roles import Roles
from dmil_core.data.npz import read_dataset
from dmil_core.data.splits import resplit
from dmil_core.io.atomic import check_writable, write_json

RESULT = RESULTS / "real_sets.json"
OUT = Path("build/bench-real-sets")
THOROUGH = "quick"
#: What a column can be, by which a guess is compared with what was chosen.
ROLES = ("inputs", "label", "id", "split", "group")


def measure(real: RealSet, out: Path, thorough: str = THOROUGH) -> dict[str, Any]:
    """Everything about one set, from its files to its finding."""
    files = real.fetch(out / "files" / real.name)
    guessed, chosen = inspect(Request(files)), inspect(real.request(files))
    began = time.perf_counter()
    found, accuracies = trained(real, files, out, thorough)
    return {
        "name": real.name,
        "rows": found["rows"],
        "guess": _roles(guessed.roles),
        "roles": _roles(chosen.roles),
        "needed": needed(guessed.roles, chosen.roles),
        "notes": [str(i.title) for i in chosen.issues],
        "classes": list(chosen.classes),
        "logistic": accuracies,
        "seconds": round(time.perf_counter() - began, 1),
        **found,
    }


def trained(
    real: RealSet, files: Sequence[Path], out: Path, thorough: str
) -> tuple[dict[str, Any], list[float]]:
    """The finding of a set and what it is made of, and the baseline's accuracy on each split."""
    os.environ["DMIL_UPLOADS"] = str((out / "uploads").resolve())
    from dashboard.services.finding.gather import numbers
    from dashboard.services.finding.sentences import finding
    from dashboard.services.store import catalog, own_sets
    from dashboard.text import yours
    from dmil_core import cli

    name = f"{own_sets.PREFIX}{real.name}"
    made = load(real.request(tuple(files)), name)
    assert made.dataset is not None
    roles = inspect(real.request(tuple(files))).roles
    done = {i.title: i.repair or i.what_to_do for i in made.issues}
    notes = [yours.note(t, d) for t, d in done.items() if not d.startswith(yours.ADVICE)]
    own_sets.delete(real.name, name)
    own_set = own_sets.save(real.name, made, own_sets.about(roles, notes))
    own_sets.begin(own_set, thorough)
    for step in own_sets.steps(own_set, thorough):
        print(f"{real.name}: {step.title}", flush=True)
        with contextlib.redirect_stdout(io.StringIO()):
            code = cli.main(list(step.argv[3:]))
        if code and not step.optional:
            raise RuntimeError(f"{real.name}: {step.title} failed: {' '.join(step.argv)}")
    dataset = read_dataset(own_set.data)
    splits = (0,) if own_set.about.own_split else own_sets.SEEDS
    accuracies = [logistic_accuracy(resplit(dataset, seed)) for seed in splits]
    n = numbers(own_set, catalog.own_catalog(real.name))
    assert n is not None
    said = finding(n)
    about = _finite(asdict(n))
    del about["notes"], about["classes"]
    record = {
        "digest": dataset.digest,
        "widths": [int(x[0].size) if x.dtype.kind != "U" else 0 for x in dataset.inputs],
        "finding": list(said.sentences),
        "caveats": list(said.caveats),
        **about,
    }
    return record, accuracies


def needed(guessed: Roles, chosen: Roles) -> list[str]:
    """The roles that had to be said, as the guess was another one."""
    return [role for role in ROLES if _columns(guessed, role) != _columns(chosen, role)]


def _columns(roles: Roles, role: str) -> list[tuple[str, ...]]:
    """What a role consists of; the names of inputs are the user's."""
    if role == "inputs":
        return sorted(r.columns for r in roles.inputs)
    return [(getattr(roles, role),)]


def _roles(roles: Roles) -> dict[str, Any]:
    inputs = [
        {"name": r.name, "kind": r.kind, "columns": _few(list(r.columns))} for r in roles.inputs
    ]
    return {"inputs": inputs, **{r: getattr(roles, r) for r in ROLES[1:]}}


def _few(columns: list[str]) -> list[str]:
    """The columns, of very many the first and the last."""
    if len(columns) <= 12:
        return columns
    return [*columns[:5], f"and {len(columns) - 6:,} more", columns[-1]]


def _finite(value: Any) -> Any:
    """The same without numbers that are none, which JSON does not have."""
    if isinstance(value, dict):
        return {k: _finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def main() -> int:
    """Measure, print, record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = [s.name for s in SETS]
    parser.add_argument("--sets", nargs="+", default=names, choices=names)
    parser.add_argument("--out", type=Path, default=OUT, help=f"default: {OUT}")
    parser.add_argument("--without-hugging-face", action="store_true")
    a = parser.parse_args()
    check_writable(RESULT)
    records = []
    for real in (s for s in SETS if s.name in a.sets):
        path = a.out / f"{real.name}.json"
        if not path.exists():
            write_json(path, measure(real, a.out))
        record = json.loads(path.read_text("utf-8"))
        print("\n".join([real.title, *(f"  {line}" for line in record["finding"])]), flush=True)
        records.append(record)
    if a.without_hugging_face or a.sets != names:
        return 0
    path = a.out / "hugging_face.json"
    if not path.exists():
        write_json(path, hugging_face.compared(a.out / "hugging_face"))
    write_json(RESULT, {"sets": records, "hugging_face": json.loads(path.read_text("utf-8"))})
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
