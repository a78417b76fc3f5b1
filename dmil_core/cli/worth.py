"""``dmil worth``: what each input is worth, given the others."""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dmil_core.cli.files import add_files, load_data, source_of
from dmil_core.cli.options import (
    UNITS,
    Parser,
    Subparsers,
    add_command,
    add_data,
    add_fit_rows,
    add_progress,
    add_seed,
    path_argument,
)
from dmil_core.errors import ConfigError, DataError
from dmil_core.io.reading import parsing, read_json
from dmil_core.io.tables import check_table_path

if TYPE_CHECKING:
    from dmil_core.information.worth.acquisition import Acquisition
    from dmil_core.information.worth.gains import Gain, Part, Worth
    from dmil_core.information.worth.posteriors import Known
    from dmil_core.information.worth.stream import Streamed
    from dmil_core.metrics.intervals import Interval

_MOST_COSTS = 1024**2


def add(subparsers: Subparsers[Parser]) -> None:
    """Add the command."""
    p = add_command(
        subparsers,
        "worth",
        run,
        "What each input is worth, given the others: in bits, in accuracy, and for whom.",
        "  dmil worth --data watch\n"
        "  dmil worth --checkpoint checkpoints/emoji/dmil/seed0\n"
        "  dmil worth --predictions mine.csv --data emoji --cost 0,0.1\n"
        "  dmil worth --data watch --by group --json\n"
        "  dmil worth --data rows/ --out posteriors/\n"
        "--data fits small networks to the inputs; --checkpoint and --predictions take the heads\n"
        "of a model (px1_<class>, px2_<class>, p_<class>) on test rows. Intervals are of 95 %.\n",
    )
    add_data(p, required=False, files=True)
    add_files(p)
    p.add_argument(
        "--checkpoint", type=path_argument, metavar="DIR", help="a model with a head for each input"
    )
    p.add_argument(
        "--predictions",
        type=path_argument,
        metavar="FILE",
        help="a table as `dmil decompose` or `dmil import` has it, of the set in --data",
    )
    p.add_argument(
        "--cost",
        metavar="C1,C2",
        help="the price of each input for a row, in the unit of --costs; without --costs an error "
        "costs 1",
    )
    p.add_argument(
        "--costs",
        type=path_argument,
        metavar="FILE",
        help="JSON with a list for each true class: the cost of deciding for each class",
    )
    p.add_argument(
        "--by",
        action="append",
        default=[],
        metavar="NAME",
        help="figures for each group, interaction_type, or flag of the set too",
    )
    p.add_argument(
        "--refits", type=int, metavar="N",
        help="with --data: fits to parts of the rows, for the error by the fit; a multiple of 4, "
        "or 0 for errors over rows alone; default: 16",
    )  # fmt: skip
    p.add_argument("--json", action="store_true", help="print JSON")
    p.add_argument(
        "--out",
        type=path_argument,
        metavar="FILE",
        help="with --data: keep what was estimated as a .parquet file; the app shows that of a set "
        "as <checkpoints>/<set>/worth.parquet. Or a folder, for Parquet files of any size",
    )
    add_fit_rows(p, 20_000)
    add_progress(p)
    add_seed(p)


def run(a: argparse.Namespace) -> int:
    """Print a table and a verdict for each input, or JSON."""
    from dmil_core.information.worth.acquisition import acquisition
    from dmil_core.information.worth.gains import worth
    from dmil_core.information.worth.verdict import verdict

    costs = None if a.costs is None else _costs(a.costs)
    streamed = _streamed(a)
    known = _known(a) if streamed is None else streamed.known
    prices = _prices(a.cost, len(known.names))
    results = worth(known, costs, tuple(a.by))
    curves = [acquisition(known, m, costs, prices[m], a.seed) for m in range(len(known.names))]
    said = [verdict(known, w, c) for w, c in zip(results, curves, strict=True)]
    if a.json:
        found = _as_json(known, results, curves, said)
        if streamed is not None:
            found["all_rows"] = _all_rows(streamed)
        print(json.dumps(found, indent=2))
        return 0
    if streamed is not None:
        print(
            f"{a.out}: {streamed.rows:,} of {streamed.of:,} rows, by a fit to {results[0].rows:,}"
        )
        for name, gain in _all_rows(streamed)["worth"].items():
            print(f"  {name}: {gain['bits']:.3f} bits over all rows, se {gain['se']:.3f}")
        print(f"Figures below are of the {results[0].rows:,} rows of the fit.", end="\n\n")
    for note in known.notes:
        print(f"note: {note}")
    for one, sentences in zip(results, said, strict=True):
        print(_table(one))
        print(" ".join(sentences), end="\n\n")
    return 0


def _streamed(a: argparse.Namespace) -> Streamed | None:
    """What is written of rows of any number; None where ``--out`` is no folder."""
    from dmil_core.information.refits import REFITS
    from dmil_core.information.worth.stream import FIT_ROWS, posteriors_parts

    if a.out is None or a.out.suffix:
        if a.fit_rows is not None:
            raise ConfigError(
                "--fit-rows is for rows that are read in parts, to a folder as --out; here all "
                "rows are fitted to"
            )
        return None
    if not a.data or a.checkpoint is not None or a.predictions is not None:
        raise ConfigError(f"--out {a.out} is a folder, which is for --data alone")
    source, request = source_of(a)
    refits = REFITS if a.refits is None else a.refits
    with _Shown(a.progress) as shown:
        return posteriors_parts(
            source, a.out, request, a.seed, a.fit_rows or FIT_ROWS, refits, shown
        )


def _all_rows(streamed: Streamed) -> dict[str, Any]:
    """Means over all rows, in bits."""
    pairs = zip(streamed.known.names, streamed.gains, strict=True)
    worth = {n: {"bits": g.value / UNITS["bits"], "se": g.error / UNITS["bits"]} for n, g in pairs}
    return {"rows": streamed.rows, "of": streamed.of, "worth": worth}


def _known(a: argparse.Namespace) -> Known:
    """The posteriors of what the options name."""
    from dmil_core.information.refits import REFITS
    from dmil_core.information.worth import store
    from dmil_core.information.worth.posteriors import from_data, from_table

    if (a.checkpoint is not None) + (a.predictions is not None) > 1:
        raise ConfigError("expected one of --checkpoint and --predictions, got both")
    if a.out is not None and (a.checkpoint is not None or a.predictions is not None):
        raise ConfigError(
            "--out keeps what was estimated from the data alone; leave --checkpoint and "
            "--predictions out"
        )
    if a.checkpoint is not None:
        from dmil_core.checkpoint import find_folder, verify
        from dmil_core.io.tables import read_table

        run = verify(find_folder(a.checkpoint))
        names = tuple(str(m["name"]) for m in run.data_card["modalities"])
        return from_table(read_table(run.predictions), run.classes, names, _set_of(a, run))
    if not a.data:
        raise ConfigError("expected --data, --checkpoint, or --predictions with --data")
    if a.predictions is None:
        dataset = load_data(a)
        _prices(a.cost, dataset.modalities)  # before minutes of work
        if a.out is not None:
            check_table_path(a.out)
        refits = REFITS if a.refits is None else a.refits
        with _Shown(a.progress) as shown:
            known = from_data(dataset, a.seed, refits, shown)
        if a.out is not None:
            store.save(known, a.out, dataset.digest)
        return known
    from dmil_core.io.tables import read_table
    from dmil_core.posthoc.imported import prediction_table

    dataset = load_data(a)
    table, _ = prediction_table(read_table(a.predictions), dataset)
    names = tuple(m.name for m in dataset.card.modalities)
    return from_table(table, dataset.classes, names, dataset)


class _Shown:
    """The share of the fitting that is done: a bar on stderr, or lines of JSON on stdout."""

    def __init__(self, how: str) -> None:
        from tqdm import tqdm

        self._lines = how == "json"
        self._bar = tqdm(total=1.0, file=sys.stderr, disable=(how != "bar") or None, leave=False,
                         bar_format="{percentage:3.0f}%|{bar}| {elapsed}<{remaining}")  # fmt: skip

    def __call__(self, done: float) -> None:
        from dmil_core.training.progress import emit

        if self._lines:
            emit("worth", done)
        self._bar.update(done - self._bar.n)

    def __enter__(self) -> _Shown:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()


def _set_of(a: argparse.Namespace, run: Any) -> Any:
    """The set of a checkpoint, for its groups and flags; None where it is not here."""
    from dmil_core.data.catalog import load_dataset
    from dmil_core.errors import DmilError

    try:
        dataset = load_data(a) if a.data else load_dataset(run.data_source, purpose="predict")
    except DmilError:
        if a.data:
            raise
        return None
    if dataset.digest != run.data_digest:
        if a.data:
            raise DataError(f"{dataset.name!r} is not the set that {run.folder} was trained on")
        return None
    return dataset


def _costs(path: Path) -> Any:
    import numpy as np

    advice = "Write a list of lists of numbers, a list for each true class"
    rows = read_json(path, _MOST_COSTS, advice=advice)
    with parsing(path, "a matrix of costs", advice=advice):
        return np.asarray(rows, dtype=np.float64)


def _prices(text: str | None, inputs: int) -> list[float | None]:
    if text is None:
        return [None] * inputs
    try:
        prices = [float(part) for part in text.split(",")]
    except ValueError:
        prices = []
    if len(prices) != inputs or not all(math.isfinite(p) and p >= 0 for p in prices):
        raise ConfigError(
            f"--cost {text!r}: expected {inputs} numbers from 0 on with commas between, one for "
            "each input"
        )
    return list(prices)


def _table(one: Worth) -> str:
    """The measures of an input, a line each."""
    lines = [f"{one.name} ({one.rows:,} rows)"]
    low, high = one.bits.low, one.bits.high
    lines.append(f"  {'worth, bits':<14}{one.bits.value:>31.3f}  {low:.3f} to {high:.3f}")
    if one.corrected is not None:
        c = one.corrected
        lines.append(f"  {'corrected':<14}{c.value:>31.3f}  {c.low:.3f} to {c.high:.3f}")
    measures = {"accuracy": one.accuracy, "AUROC": one.auroc, "log loss, bits": one.log_loss}
    if one.cost is not None:
        measures["cost"] = one.cost
    for name, gain in measures.items():
        lines.append(
            f"  {name:<14}{gain.without:>9.3f} -> {gain.with_:.3f}  gain {gain.gain.value:>6.3f}  "
            f"{gain.gain.low:.3f} to {gain.gain.high:.3f}"
        )
    for by, parts in one.parts.items():
        if by != "class":
            for part in parts:
                lines.append(
                    f"  {by} {part.name[:30]}: {part.bits.value:.3f} bits "
                    f"({part.bits.low:.3f} to {part.bits.high:.3f}), {part.rows:,} rows"
                )
    return "\n".join(lines)


# --- JSON ------------------------------------------------------------------------------------


def _as_json(
    known: Known, results: tuple[Worth, ...], curves: list[Acquisition], said: list[tuple[str, ...]]
) -> dict[str, Any]:
    worth = {}
    for m, (one, curve, sentences) in enumerate(zip(results, curves, said, strict=True), start=1):
        worth[f"x{m}"] = {
            "name": one.name,
            "bits": _number(one.bits.value),
            "interval": _ends(one.bits),
            "corrected": None if one.corrected is None else {
                "bits": _number(one.corrected.value), "interval": _ends(one.corrected)
            },
            "accuracy": _gain(one.accuracy),
            "auroc": _gain(one.auroc),
            "log_loss": _gain(one.log_loss),
            "cost": None if one.cost is None else _gain(one.cost),
            "by": {by: [_part(p) for p in parts] for by, parts in one.parts.items()},
            "curve": curve.curve.to_dict("list"),
            "points": {
                policy: {
                    "share": p.share, "accuracy": p.accuracy, "total": p.total,
                    "saved": _number(p.saved.value), "interval": _ends(p.saved),
                }
                for policy, p in curve.points.items()
            },
            "verdict": " ".join(sentences),
        }  # fmt: skip
    return {
        "rows": len(known.y),
        "source": known.source,
        "interval_includes_fit": known.fitted,
        "notes": list(known.notes),
        "worth": worth,
    }


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _ends(interval: Interval) -> list[float | None]:
    return [_number(interval.low), _number(interval.high)]


def _gain(gain: Gain) -> dict[str, Any]:
    return {
        "without": _number(gain.without),
        "with": _number(gain.with_),
        "gain": _number(gain.gain.value),
        "interval": _ends(gain.gain),
    }


def _part(part: Part) -> dict[str, Any]:
    return {
        "name": part.name,
        "rows": part.rows,
        "bits": _number(part.bits.value),
        "interval": _ends(part.bits),
        "accuracy_gain": _number(part.accuracy.value),
    }
