"""The ``dmil`` command. Errors of the user's are one line on stderr and exit code 2."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dmil_core import __version__
from dmil_core.errors import ConfigError, DmilError
from dmil_core.schema import MODALITY_NUMBERS

if TYPE_CHECKING:
    from dmil_core.checkpoint import Run
    from dmil_core.data.dataset import Dataset
    from dmil_core.partial_information.pointwise import Mean
    from dmil_core.training.loop import Report

INTERRUPTED = 130
#: Unit -> how many nats it is.
_UNITS = {"bits": math.log(2.0), "nats": 1.0}

_DATA_HELP = (
    "a set that `dmil list` names, with options where it has some "
    "(switch:classes=2,noise=1.0), or the path of an .npz file"
)


class _Parser(argparse.ArgumentParser):
    """argparse, with one clear line instead of the usage text on bad arguments."""

    def error(self, message: str) -> None:  # type: ignore[override]
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    arguments = _parser().parse_args(argv)
    try:
        return arguments.run(arguments)
    except DmilError as error:
        print(f"dmil: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as stop:
        text = str(stop) or "stopped"
        print(f"\ndmil: {text}. Run the same command again to go on", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        return 0
    except OSError as error:
        print(f"dmil: {error}. Choose a path you can read and write", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="dmil",
        description="Decompose multimodal models into redundancy, uniqueness and synergy.",
    )
    parser.add_argument("--version", action="version", version=f"dmil {__version__}")
    commands = parser.add_subparsers(
        metavar="COMMAND", dest="command", required=True, parser_class=_Parser
    )
    _add_list(commands)
    _add_train(commands)
    _add_decompose(commands)
    _add_compare(commands)
    _add_project(commands)
    _add_estimate(commands)
    _add_information(commands)
    _add_pid(commands)
    return parser


def _command(
    commands: argparse._SubParsersAction[_Parser],
    name: str,
    run: Callable[[argparse.Namespace], int],
    summary: str,
    examples: str,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name, help=summary, description=summary, epilog=f"examples:\n{examples}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.set_defaults(run=run)
    return parser


def _add_list(commands: argparse._SubParsersAction[_Parser]) -> None:
    _command(commands, "list", _list, "List data sets, paradigms and checkpoints.", "  dmil list\n")


def _add_train(commands: argparse._SubParsersAction[_Parser]) -> None:
    p = _command(
        commands, "train", _train, "Train one paradigm on one data set.",
        "  dmil train --data avdigits --paradigm dmil\n"
        "  dmil train --data switch:classes=2,noise=1.0 --paradigm joint --seed 3 --out runs/a\n"
        "  dmil train --data my/data.npz --paradigm dmil --out runs/mine\n"
        "A training that was killed goes on when the same command is run again.\n",
    )  # fmt: skip
    p.add_argument("--data", required=True, metavar="SET|FILE", help=_DATA_HELP)
    p.add_argument("--paradigm", default="dmil", metavar="P", help="default: dmil; see `dmil list`")
    p.add_argument("--seed", type=_at_least(0), default=0, metavar="S", help="default: 0")
    p.add_argument(
        "--out", type=Path, metavar="DIR",
        help="folder of the checkpoint; default: checkpoints/<set>/<paradigm>/seed<S>",
    )  # fmt: skip
    p.add_argument("--overwrite", action="store_true", help="start over in a folder in use")
    for m in MODALITY_NUMBERS:
        p.add_argument(
            f"--encoder{m}", metavar="NAME", help=f"encoder of x{m} instead of its kind's"
        )
    p.add_argument(
        "--map", choices=("umap", "pca"), help="write the latent maps too, as `dmil project` does"
    )
    _add_training_options(p)
    _add_progress(p)


def _add_progress(p: argparse.ArgumentParser) -> None:
    p.add_argument(
        "--progress", choices=("bar", "json", "none"), default="bar",
        help="bar: for people, on stderr; json: a line an epoch on stdout; default: bar",
    )  # fmt: skip


def _add_decompose(commands: argparse._SubParsersAction[_Parser]) -> None:
    p = _command(
        commands, "decompose", _decompose,
        "Run a checkpoint over a data set and write one tidy table.",
        "  dmil decompose --checkpoint checkpoints/mfeat/dmil/seed0 --data mfeat --out mfeat.csv\n"
        "  dmil decompose --checkpoint runs/mine --data my/new.npz --out new.parquet --latents\n",
    )  # fmt: skip
    p.add_argument("--checkpoint", required=True, type=Path, metavar="DIR")
    p.add_argument("--data", required=True, metavar="SET|FILE", help=_DATA_HELP)
    p.add_argument(
        "--out", required=True, type=Path, metavar="FILE", help="ends in .parquet or .csv"
    )
    p.add_argument("--latents", action="store_true", help="add the posterior means")
    p.add_argument("--split", choices=("train", "val", "test"), help="only rows of one split")
    p.add_argument("--device", default="auto", help="auto, cpu or cuda; default: auto")


def _add_compare(commands: argparse._SubParsersAction[_Parser]) -> None:
    p = _command(
        commands, "compare", _compare, "Train paradigms over paired seeds and summarise.",
        "  dmil compare --data avdigits mfeat --paradigms joint ensemble dmil --seeds 5 --out c\n"
        "Writes results.jsonl, then summary.csv from it. A stopped comparison goes on when the\n"
        "same command is run again.\n",
    )  # fmt: skip
    p.add_argument("--data", required=True, nargs="+", metavar="SET|FILE", help=_DATA_HELP)
    p.add_argument("--paradigms", nargs="+", default=["joint", "ensemble", "dmil"], metavar="P")
    p.add_argument(
        "--seeds", type=_at_least(1), default=5, metavar="N", help="seeds 0 to N-1; default 5"
    )
    p.add_argument("--out", required=True, type=Path, metavar="DIR")
    p.add_argument(
        "--tune", action="store_true",
        help="choose each one's learning rate on validation rows, of three, the same for all",
    )  # fmt: skip
    p.add_argument(
        "--jobs", type=_at_least(1), default=1, metavar="N", help="processes side by side"
    )
    _add_training_options(p)


def _add_training_options(p: argparse.ArgumentParser) -> None:
    p.add_argument("--device", default="auto", help="auto, cpu or cuda; default: auto")
    p.add_argument(
        "--epochs-scale", type=float, default=1.0, metavar="X",
        help="multiply all epochs, for quick looks; default: 1",
    )  # fmt: skip
    p.add_argument("--quiet", action="store_true", help="no progress bar")


def _add_project(commands: argparse._SubParsersAction[_Parser]) -> None:
    p = _command(
        commands, "project", _project, "Write the latent maps of a checkpoint.",
        "  dmil project --checkpoint checkpoints/mfeat/dmil/seed0\n"
        "  dmil project --checkpoint runs/mine --data my/data.npz --method pca\n",
    )  # fmt: skip
    p.add_argument("--checkpoint", required=True, type=Path, metavar="DIR")
    p.add_argument(
        "--data", metavar="SET|FILE", help="rows to map; default: the set it was trained on"
    )
    p.add_argument("--method", default="umap", help="umap or pca; default: umap")
    p.add_argument(
        "--rows", type=_at_least(1), default=4000, metavar="N", help="at most; default: 4000"
    )
    _add_progress(p)


def _add_estimate(commands: argparse._SubParsersAction[_Parser]) -> None:
    p = _command(
        commands, "estimate", _estimate,
        "Estimate what each input tells of the class, for every sample; prints means as JSON.",
        "  dmil estimate --data mfeat --definition same-sign --out mfeat-bits.parquet\n"
        "  dmil estimate --data my/data.npz --definition lsmi --out mine.csv\n"
        "  dmil estimate --data features.parquet --out bits.parquet\n"
        "  dmil estimate --data switch --checkpoint checkpoints/switch/dmil/seed0 --latent M "
        "--out m.csv\n"
        "The table has a row per sample (id, y, i1, i2, i12, r, u1, u2, s) in nats; the means are\n"
        "in bits, with standard errors. A .parquet file with columns x1_..., x2_..., y and\n"
        "perhaps id may have any number of rows. With --checkpoint, what a model makes of each\n"
        "input is looked at, of the rows that it was not trained on.\n",
    )  # fmt: skip
    p.add_argument(
        "--data", required=True, metavar="SET|FILE", help=f"{_DATA_HELP}, or of a .parquet file"
    )
    p.add_argument(
        "--definition", default="same-sign", metavar="D",
        help="what counts as shared: same-sign, ccs or lsmi; default: same-sign",
    )  # fmt: skip
    p.add_argument(
        "--out", required=True, type=Path, metavar="FILE", help="ends in .parquet or .csv"
    )
    p.add_argument("--checkpoint", type=Path, metavar="FOLDER", help="take latents of this model")
    p.add_argument("--latent", default="Z", metavar="L", help="Z, M or N; default: Z")
    p.add_argument("--seed", type=_at_least(0), default=0, metavar="S", help="default: 0")


def _add_information(commands: argparse._SubParsersAction[_Parser]) -> None:
    p = _command(
        commands, "information", _information,
        "Find out what a set's inputs tell of its class, for the app to show; takes minutes.",
        "  dmil information --data mfeat\n"
        "Writes information.parquet into the set's folder of checkpoints: estimates of every row\n"
        "by networks that did not see it, and the set cut into clusters.\n",
    )  # fmt: skip
    p.add_argument("--data", required=True, metavar="SET|FILE", help=_DATA_HELP)
    p.add_argument(
        "--out", type=Path, metavar="FILE", help="default: checkpoints/<set>/information.parquet"
    )
    p.add_argument("--seed", type=_at_least(0), default=0, metavar="S", help="default: 0")


def _add_pid(commands: argparse._SubParsersAction[_Parser]) -> None:
    p = _command(
        commands, "pid", _pid, "Decompose a distribution p(x1, x2, y) exactly; prints JSON.",
        "  dmil pid --pmf xor.json --measure broja\n"
        "  dmil pid --pmf xor.json --measure iccs --unit nats\n"
        'xor.json: {"pmf": [[[0, 0, 0], 0.25], [[0, 1, 1], 0.25], [[1, 0, 1], 0.25], '
        "[[1, 1, 0], 0.25]]}\n",
    )  # fmt: skip
    p.add_argument("--pmf", required=True, type=Path, metavar="FILE")
    p.add_argument(
        "--measure", default="broja", metavar="M",
        help="broja, imin, immi, iccs or fl; default: broja",
    )  # fmt: skip
    p.add_argument("--unit", choices=tuple(_UNITS), default="bits", help="default: bits")


def _at_least(least: int) -> Callable[[str], int]:
    """An argument type: a whole number from ``least`` on."""

    def parse(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(
                f"expected a whole number from {least} on, got {text!r}"
            )
        return int(text)

    return parse


def _list(_: argparse.Namespace) -> int:
    from dmil_core.checkpoint import find_runs
    from dmil_core.data.catalog import list_datasets
    from dmil_core.paradigms import PARADIGMS

    print("data sets")
    for entry in list_datasets():
        options = ", ".join(o.name for o in entry.options)
        note = entry.error or entry.title + (f" (options: {options})" if options else "")
        print(f"  {entry.name:19} {note}")
    print("paradigms")
    for p in PARADIGMS.values():
        print(f"  {p.name:19} {p.summary}")
    print("checkpoints")
    for result in find_runs():
        state = result.error or _accuracy(result.run.metrics if result.run else {})
        print(f"  {result.set_name}/{result.paradigm}/seed{result.seed}: {state}")
    return 0


def _accuracy(metrics: dict[str, dict[str, float]]) -> str:
    value = metrics.get("test", {}).get("accuracy")
    return "no test rows" if value is None else f"test accuracy {value:.3f}"


def _train(a: argparse.Namespace) -> int:
    from dmil_core.data.catalog import load_dataset
    from dmil_core.paradigms import find_paradigm
    from dmil_core.training.progress import ProgressBar, ProgressLines, planned
    from dmil_core.training.run import plan, train

    find_paradigm(a.paradigm)
    dataset = load_dataset(a.data)
    for issue in dataset.issues:
        print(f"dmil: note: {issue.title}. {issue.what_to_do}", file=sys.stderr)
    encoders = (a.encoder1, a.encoder2, a.encoder3)
    with ProgressBar(a.quiet or a.progress != "bar") as bar:
        on_epoch: Callable[[Report], None] = bar
        if a.progress == "json" and not a.quiet:
            config = plan(
                dataset, a.paradigm, a.seed, encoders=encoders, epochs_scale=a.epochs_scale
            )
            on_epoch = ProgressLines(planned(config, len(dataset.rows("train")), a.epochs_scale))
        run = train(
            dataset, a.paradigm, a.seed, a.out, device=a.device, encoders=encoders,
            epochs_scale=a.epochs_scale, overwrite=a.overwrite, on_epoch=on_epoch,
        )  # fmt: skip
    if a.map:
        from dmil_core.inference.projection import project

        project(run.folder, dataset, method=a.map, on_latent=_told_latent(a, run))
    print(f"{run.folder}: {_accuracy(run.metrics)}, {run.seconds:.0f} s")
    return 0


def _decompose(a: argparse.Namespace) -> int:
    from dmil_core.checkpoint import check_fits, load_model
    from dmil_core.data.catalog import load_dataset
    from dmil_core.inference.predict import predict
    from dmil_core.io.tables import check_suffix, write_table
    from dmil_core.training.run import choose_device

    check_suffix(a.out)
    device = choose_device(a.device)
    model, run = load_model(a.checkpoint, str(device))
    dataset = load_dataset(a.data, purpose="predict")
    check_fits(run, dataset)
    if dataset.digest != run.data_digest:
        print(
            f"dmil: note: these rows are not the set {run.data_name!r} the checkpoint was trained "
            "on, so the column split says nothing about what the model has seen",
            file=sys.stderr,
        )
    rows = dataset.rows(a.split) if a.split else None
    table = predict(model, run.config.model, dataset, rows, latents=a.latents)
    write_table(table, a.out, {"data": dataset.digest, "weights": run.weights_sha256})
    print(f"{a.out}: {len(table)} rows, {table.shape[1]} columns")
    return 0


def _compare(a: argparse.Namespace) -> int:
    from dmil_core.data.catalog import load_dataset
    from dmil_core.experiments.compare import SUMMARY_FILE, compare
    from dmil_core.training.progress import ProgressBar

    datasets = [load_dataset(name) for name in a.data]
    with ProgressBar(a.quiet) as bar:

        def on_run(name: str) -> None:
            bar.close()
            print(name, file=sys.stderr)

        table = compare(
            datasets, a.paradigms, a.seeds, a.out,
            device=a.device, epochs_scale=a.epochs_scale, tune=a.tune, jobs=a.jobs,
            on_run=on_run, on_epoch=bar,
        )  # fmt: skip
    shown = table[["data", "paradigm", "seeds", "accuracy_mean", "accuracy_sd", "synergy_mean"]]
    print(shown.to_string(index=False, float_format="{:.4f}".format))
    print(f"wrote {a.out / SUMMARY_FILE}")
    return 0


def _project(a: argparse.Namespace) -> int:
    from dmil_core.checkpoint import read_run
    from dmil_core.data.catalog import load_dataset
    from dmil_core.inference.projection import METHODS, project
    from dmil_core.io.tables import table_metadata

    if a.method not in METHODS:
        raise ConfigError(f"--method {a.method!r}: expected {' or '.join(METHODS)}")
    run = read_run(a.checkpoint)
    dataset = _trained_on(run) if a.data is None else load_dataset(a.data, purpose="predict")
    path = project(
        a.checkpoint,
        dataset,
        method=a.method,
        max_rows=a.rows,
        on_latent=_told_latent(a, run),
    )
    about = table_metadata(path)
    print(f"{path}: {about['rows']} of {about['of']} rows by {about['method']}")
    return 0


def _told_latent(a: argparse.Namespace, run: Run) -> Callable[[str], None]:
    """What is said of each latent that is mapped; after a training the bar of that is full."""
    from dmil_core.training.progress import say

    def on_latent(name: str) -> None:
        done = 1.0 if a.command == "train" else run.latents.index(name) / len(run.latents)
        if a.progress == "json":
            say(f"map of {name}", done)
        elif a.progress == "bar" and not getattr(a, "quiet", False):
            print(f"mapping {name}", file=sys.stderr)

    return on_latent


def _estimate(a: argparse.Namespace) -> int:
    from dmil_core.data.catalog import load_dataset
    from dmil_core.information.sets import estimate
    from dmil_core.io.tables import check_suffix, write_table

    check_suffix(a.out)
    if a.data.endswith(".parquet"):
        return _estimate_file(a)
    dataset = load_dataset(a.data)
    about = {"unit": "nats", "definition": a.definition, "data": dataset.digest, "seed": a.seed}
    shown = {"data": dataset.name, "definition": a.definition}
    if a.checkpoint is None:
        estimates = estimate(dataset, a.definition, a.seed)
    else:
        from dmil_core.information.latents import estimate_latents

        estimates = estimate_latents(a.checkpoint, dataset, a.latent, a.definition, a.seed)
        about["latent"] = shown["latent"] = a.latent
    write_table(estimates.table, a.out, about)
    _print_means({**shown, "rows": len(estimates.table)}, estimates.means)
    return 0


def _estimate_file(a: argparse.Namespace) -> int:
    from dmil_core.information.stream import estimate_file

    if a.out.suffix != ".parquet":
        raise ConfigError(f"{a.out}: rows of a .parquet file are written to a .parquet file")
    estimates = estimate_file(Path(a.data).expanduser(), a.out, a.definition, a.seed)
    shown = {"data": a.data, "definition": a.definition, "rows": estimates.rows}
    _print_means({**shown, "fitted_to": estimates.fitted_to}, estimates.means)
    return 0


def _print_means(shown: dict[str, Any], means: dict[str, Mean]) -> None:
    """What was estimated, and means with standard errors in bits, as JSON."""
    bit = _UNITS["bits"]
    bits = {name: {"mean": m.value / bit, "se": m.error / bit} for name, m in means.items()}
    print(json.dumps({**shown, "unit": "bits", "means": bits}, indent=2))


def _information(a: argparse.Namespace) -> int:
    from dmil_core.data.catalog import load_dataset
    from dmil_core.information import store

    dataset = load_dataset(a.data)
    path = a.out or store.default_path(dataset.slug)
    if path.suffix != ".parquet":
        raise ConfigError(f"{path}: expected a file ending in .parquet")
    estimates = store.InformationEstimates.compute(dataset, a.seed)
    estimates.save(path)
    bits = estimates.rows["i12"].mean() / _UNITS["bits"]
    print(f"{path}: {len(estimates.rows)} rows, together the inputs tell {bits:.2f} bits")
    return 0


def _pid(a: argparse.Namespace) -> int:
    from dataclasses import asdict

    from dmil_core.partial_information.discrete import decompose
    from dmil_core.partial_information.pmf import read_pmf

    result = asdict(decompose(read_pmf(a.pmf), a.measure))
    measure = result.pop("measure")
    named = {name if name == "gap" else name.upper(): nats for name, nats in result.items()}
    shown = {name: nats / _UNITS[a.unit] for name, nats in named.items()}
    print(json.dumps({"measure": measure, "unit": a.unit, **shown}, indent=2))
    return 0


def _trained_on(run: Run) -> Dataset:
    """The very set a checkpoint was trained on, if its name still leads to it."""
    from dmil_core.data.catalog import load_dataset

    try:
        dataset = load_dataset(run.data_source, purpose="predict")
    except DmilError:
        dataset = None
    if dataset is None or dataset.digest != run.data_digest:
        raise ConfigError(
            f"{run.folder} was trained on {run.data_source!r}, which is no set of that content "
            "here; name the file with --data"
        )
    return dataset
