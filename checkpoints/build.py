"""Train and map everything that is shipped under checkpoints/: ``make checkpoints``.

Every set x four paradigms with seed 0, fewer of sets with three inputs, of one set the paradigms of
the comparison but its controls and most of those that balance a joint model, information estimates
of sets with two inputs, and what each input of a set is worth, by the public ``dmil`` command
alone. What is finished is kept, a stopped build goes on where it was, and ``--overwrite`` trains
again. Two jobs run side by side, on one thread each, since models this small gain nothing from
more.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import time
from pathlib import Path

from benchmarks.comparison import CONTROLS, PARADIGMS
from benchmarks.runs import finished
from benchmarks.study import JOBS
from dmil_core import cli
from dmil_core.checkpoint import PROJECTION_FILE, default_folder, verify
from dmil_core.cli.options import add_engine, engine_of
from dmil_core.data.catalog import list_datasets, load_dataset
from dmil_core.information import store
from dmil_core.information.worth import store as worth
from dmil_core.io.tables import table_metadata
from dmil_core.paradigms import PARADIGMS as KNOWN
from dmil_core.posthoc import summary
from dmil_core.schema import FEWEST_MODALITIES

SEED = 0
#: Test samples of which it is kept what the inputs do together, as in the app.
ROWS = "1000"
SHIPPED = ("joint", "ensemble", "dmil", "dmil-paper")
#: Joint models that differ in how their gradients are balanced: two others are shipped.
BALANCED = ("mlb", "agm", "mmpareto", "pmr", "mcr")
#: What is shipped of sets where it is not these four. All paradigms of all sets would be 300 MB.
OTHERS: dict[str, tuple[str, ...]] = {
    "diamonds": (),
    "emoji-minilm": (),
    "gaussian": (),
    "mfeat": tuple(p for p in PARADIGMS if p not in (*CONTROLS, *BALANCED)),
    "mfeat-three": ("joint", "ensemble", "dmil"),
    "segments": (),
    "switch-three": (),
}


def command(*arguments: str) -> None:
    """Run ``dmil``.

    Raises
    ------
    RuntimeError
        If it fails; with the end of what it printed.
    """
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = cli.main(arguments)
    if code:
        last = said.getvalue()[-2000:]
        raise RuntimeError(f"dmil {' '.join(arguments)}: exit code {code}\n{last}")


def is_mapped(folder: Path) -> bool:
    """Whether the maps belong to these very weights."""
    path = folder / PROJECTION_FILE
    return path.exists() and table_metadata(path).get("weights") == verify(folder).weights_sha256


def is_explained(folder: Path) -> bool:
    """Whether what is kept of its inputs' interactions belongs to these very weights."""
    if not (folder / summary.FILE).exists():
        return False
    return summary.load(folder).weights == verify(folder).weights_sha256


def build(name: str, paradigm: str, overwrite: bool) -> str:
    """Train one run, map its latents and, of a model without a gate, keep what its inputs do
    together; returns a line for the log."""
    folder = default_folder(name, paradigm, SEED)
    started = time.monotonic()
    extra = ["--overwrite"] if overwrite else []
    command("train", "--data", name, "--paradigm", paradigm, "--seed", str(SEED), "--quiet", *extra)
    if not is_mapped(folder):
        command("project", "--checkpoint", str(folder))
    if KNOWN[paradigm].options.architecture != "dmil" and not is_explained(folder):
        command("explain", "--checkpoint", str(folder), "--data", name, "--keep", "--rows", ROWS)
    size = sum(p.stat().st_size for p in folder.iterdir() if p.is_file())
    seconds = time.monotonic() - started
    return f"{name}/{paradigm}/seed{SEED}: {seconds:.0f} s, {size / 1e6:.1f} MB"


def account_of(name: str) -> str:
    """Keep what a set's inputs tell, unless that is kept already; returns a line for the log."""
    started, data = time.monotonic(), load_dataset(name)
    path = store.default_path(data.slug)
    if data.modalities > FEWEST_MODALITIES:
        return f"{name}: three inputs, what they tell is not split"
    if not (path.exists() and store.InformationEstimates.load(path).data == data.digest):
        command("information", "--data", name)
    return f"{name}/{store.FILE}: {time.monotonic() - started:.0f} s"


def worth_of(name: str) -> str:
    """Keep what each input of a set is worth, unless that is kept already; returns a line for the
    log."""
    started, data = time.monotonic(), load_dataset(name)
    path = worth.default_path(data.slug)
    if not (path.exists() and worth.load(path)[1] == data.digest):
        command("worth", "--data", name, "--out", str(path), "--progress", "none")
    return f"{name}/{worth.FILE}: {time.monotonic() - started:.0f} s"


def main() -> int:
    """Build all of it, or the sets named."""
    names = [entry.name for entry in list_datasets()]
    parser = argparse.ArgumentParser(description="Make what is shipped in checkpoints/.")
    parser.add_argument("sets", nargs="*", metavar="SET", help=f"of {', '.join(names)}; all")
    parser.add_argument("--paradigms", nargs="+", default=PARADIGMS, choices=PARADIGMS, metavar="P")
    parser.add_argument("--overwrite", action="store_true", help="train again what is finished")
    add_engine(parser, JOBS)
    arguments = parser.parse_args()
    os.environ["NUMBA_NUM_THREADS"] = "1"  # of the processes, as is OMP_NUM_THREADS
    jobs = [
        (n, p)
        for n in arguments.sets or names
        for p in arguments.paradigms
        if p in OTHERS.get(n, SHIPPED)
    ]
    engine, sets = engine_of(arguments, JOBS), [(n,) for n in dict.fromkeys(n for n, _ in jobs)]
    runs = [(*job, arguments.overwrite) for job in jobs]
    for work, units in ((build, runs), (account_of, sets), (worth_of, sets)):
        for _, line in finished(work, units, engine):
            print(line, flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
