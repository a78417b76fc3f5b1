"""``dmil explain``: do the inputs of a model work together?"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Final

from dmil_core.cli.files import add_files, load_data, load_stored, source_of
from dmil_core.cli.options import (
    UNITS,
    Parser,
    Subparsers,
    add_command,
    add_data,
    add_engine,
    add_progress,
    add_seed,
    at_least,
    check_one_process,
    engine_of,
    path_argument,
)
from dmil_core.errors import ConfigError

if TYPE_CHECKING:
    from dmil_core.checkpoint import Run
    from dmil_core.posthoc.explanation import Explanation
    from dmil_core.posthoc.function import Predict


#: Where in ``--out`` unfinished work is kept.
PARTS_FOLDER: Final = "unfinished"


def add(subparsers: Subparsers[Parser]) -> None:
    """Add the command."""
    p = add_command(
        subparsers,
        "explain",
        run,
        "Measure how much of a model, yours or one of ours, is interaction of its inputs.",
        "  dmil explain --model mypackage.models:make --data my/data.npz --out explained\n"
        "  dmil explain --checkpoint switch/joint/seed0 --data switch --out explained\n"
        "  dmil explain --model mymodel:make --data my/data.npz --choice near --rows 200 "
        "--out near\n"
        "  dmil explain --model model.onnx --data my/data.npz --out explained\n"
        "  dmil explain --checkpoint runs/mine --data rows/ --stream --out explained\n"
        "The module is imported and make() called, because they are named here; it returns\n"
        "f(x1, x2, ...) -> logits or probabilities, a torch module or a scikit-learn estimator.\n"
        "Test rows are explained, with partners from the training rows. DIR then has\n"
        "explanation.json and samples.parquet, a row for each sample. Called again after it was\n"
        "interrupted, it goes on from what is in DIR/unfinished.\n",
    )
    which = p.add_mutually_exclusive_group(required=True)
    which.add_argument(
        "--model",
        metavar="MODULE:NAME|FILE.onnx",
        help="a function without arguments that returns the model, in a Python module; or a file "
        "of ONNX",
    )
    which.add_argument(
        "--checkpoint",
        type=path_argument,
        metavar="DIR",
        help="a folder that `dmil train` wrote, or <set>/<paradigm>/seed<k>",
    )
    add_data(p, files=True)
    add_files(p)
    p.add_argument("--out", type=path_argument, metavar="DIR", help="is made")
    p.add_argument(
        "--stream",
        action="store_true",
        help="read Parquet of any size in parts, and write a row for each sample to Parquet files "
        "in DIR; --rows is then how many samples the printed figures are of; default: 2,000",
    )
    p.add_argument(
        "--keep",
        action="store_true",
        help="with --checkpoint: write the figures of the model as a whole beside it, as "
        "interactions.json, where the app finds them; then --out may be left out",
    )
    p.add_argument(
        "--rows", type=at_least(1), metavar="N", help="samples to explain; default: all test rows"
    )
    p.add_argument(
        "--background",
        type=at_least(1),
        default=1000,
        metavar="N",
        help="training rows that partners are drawn from; default: 1000",
    )
    p.add_argument(
        "--partners",
        type=at_least(1),
        default=100,
        metavar="N",
        help="partners of each sample; default: 100",
    )
    p.add_argument(
        "--choice",
        default="marginal",
        metavar="C",
        help="how partners are drawn: marginal, class or near; default: marginal",
    )
    p.add_argument(
        "--definition",
        default="same-sign",
        metavar="D",
        help="definition of pointwise redundancy: same-sign or ccs; default: same-sign",
    )
    p.add_argument(
        "--name",
        metavar="NAME",
        help="with --model: take it up under this name too, so that the app shows it",
    )
    add_engine(p, parts=True)
    add_seed(p)
    add_progress(p)
    p.add_argument("--quiet", action="store_true", help="no progress bar")


def run(a: argparse.Namespace) -> int:
    """Write the explanation and print its main figures."""
    from dmil_core.checkpoint import as_new_rows, for_prediction
    from dmil_core.io.atomic import check_writable
    from dmil_core.posthoc.explain import explain
    from dmil_core.posthoc.explanation import RESULT_FILE
    from dmil_core.posthoc.imported import PARTNERS as IMPORTED
    from dmil_core.posthoc.partners import cost
    from dmil_core.posthoc.parts import remove
    from dmil_core.posthoc.progress import RowBar, announce
    from dmil_core.posthoc.summary import save, summary

    if a.out is None and not a.keep:
        raise ConfigError("expected --out, a folder for the result, or --keep")
    if a.keep and (a.checkpoint is None or a.choice != "marginal"):
        raise ConfigError("--keep is for --checkpoint with marginal partners, which the app shows")
    if a.stream:
        return _in_parts(a)
    check_one_process(a)
    if a.out is not None:
        check_writable(a.out, folder=True)
    if a.name is not None:
        _check_name(a)
    model, trained = _model(a)
    dataset = load_data(a, purpose="predict", like=trained) if a.name is None else load_stored(a)
    if a.keep and trained is not None:
        check_writable(trained.folder, folder=True)
        if dataset.digest != trained.data_digest:
            raise ConfigError(
                f"--keep: {dataset.name!r} is not the set that {trained.folder} was trained on"
            )
    if trained is not None:
        dataset = as_new_rows(trained, for_prediction(trained, dataset))
    test = dataset.rows("test")
    samples = min(int(dataset.complete[test].sum()), a.rows or len(test))
    most = cost(samples, dataset.modalities, a.partners, a.background)
    if a.name is not None:
        others = len(dataset) - (samples if a.choice == "marginal" else 0)
        most += cost(others, dataset.modalities, IMPORTED, a.background)
    announce(most)
    parts = None if a.out is None else a.out / PARTS_FOLDER
    lines = a.progress == "json"
    with RowBar(disable=a.quiet or lines or a.progress == "none") as bar:
        found = explain(
            model, dataset, rows=a.rows, background=a.background, partners=a.partners,
            choice=a.choice, definition=a.definition, seed=a.seed,
            progress=_say if lines else bar, model=a.model,
            parts=None if parts is None else parts / "explained",
        )  # fmt: skip
    print("\n".join(_lines(found)))
    counts = f"{len(found)} samples, {found.evaluations:,} evaluations"
    if a.out is not None:
        found.save(a.out)
        print(f"{a.out / RESULT_FILE}: {counts}")
    if a.keep and trained is not None:
        print(f"{save(summary(found, trained), trained.folder)}: {counts}")
    if a.name is not None:
        from dmil_core.posthoc.imported import import_model

        with RowBar(disable=a.quiet) as bar:
            made = import_model(
                model, dataset, a.name, background=a.background, seed=a.seed, overwrite=True,
                explained=found, progress=bar, model=a.model,
                parts=None if parts is None else parts / "imported",
            )  # fmt: skip
        print(f"{made.run.folder}: the app shows it as {a.name}")
    for folder in () if parts is None else (parts / "explained", parts / "imported", parts):
        remove(folder)
    return 0


def _in_parts(a: argparse.Namespace) -> int:
    """Samples of any number, to a folder of Parquet files."""
    from dmil_core.posthoc.progress import RowBar
    from dmil_core.posthoc.stream import SAMPLES, explain_parts

    if a.out is None or a.keep or a.name is not None:
        raise ConfigError("--stream is for --out, without --keep and --name")
    engine = engine_of(a)
    source, request = source_of(a, "Leave --stream out")
    model, trained = _model(a)
    shown = not (a.quiet or a.progress != "bar")
    with RowBar(disable=not (shown and sys.stderr.isatty())) as bar:
        done = explain_parts(
            model, source, a.out, request, trained, samples=a.rows or SAMPLES,
            background=a.background, partners=a.partners, choice=a.choice,
            definition=a.definition, seed=a.seed, model=a.model, progress=bar,
            engine=engine,
        )  # fmt: skip
    print("\n".join(_lines(done.found)))
    print(f"These are of {len(done.found):,} samples that were drawn.")
    print(f"{a.out}: {done.rows:,} of {done.of:,} rows in {len(done.files):,} files")
    return 0


def _check_name(a: argparse.Namespace) -> None:
    from dmil_core.posthoc.imported import check_name

    if a.model is None:
        raise ConfigError("--name is for --model; a checkpoint is in the app already")
    check_name(a.name)


def _model(a: argparse.Namespace) -> tuple[Predict, Run | None]:
    """The model, and the checkpoint that it is of."""
    from dmil_core.api import load
    from dmil_core.checkpoint import find_folder, read_run
    from dmil_core.posthoc.kept import load_external

    if a.model is not None:
        return _named(a.model), None
    run = read_run(find_folder(a.checkpoint))
    return load_external(run.folder) if run.has_model and run.external else load(run.folder), run


def _named(text: str) -> Predict:
    """What ``module:name`` returns, as a callable; the module is run only because it is named. Or
    the model of an ONNX file."""
    from dmil_core.models.plugins import imported
    from dmil_core.posthoc.callables import wrapped
    from dmil_core.posthoc.onnx import ENDING

    if text.lower().endswith(ENDING):
        return wrapped(text)

    module, colon, name = text.partition(":")
    if not (module and colon and name):
        raise ConfigError(
            f"--model {text!r}: expected MODULE:NAME, such as mypackage.models:make, or a file "
            "that ends in .onnx"
        )
    make = getattr(imported(module, "the module", "--model expects"), name, None)
    if not callable(make):
        raise ConfigError(f"--model {text!r}: the module {module!r} has no function {name!r}")
    try:
        made = make()
    except Exception as error:
        what = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        raise ConfigError(f"--model {text!r}: {name}() failed: {what}") from error
    return wrapped(made)


def _lines(found: Explanation) -> list[str]:
    """The main figures, with their intervals."""
    shown = [
        ("accuracy", "accuracy", 1.0),
        ("emap_accuracy", "accuracy of the best additive approximation (EMAP)", 1.0),
        ("interaction_share", "share of interactions among all effects", 1.0),
        *((part, f"{part.upper()}, mean, bits", UNITS["bits"]) for part in ("r", "u1", "u2", "s")),
    ]
    lines = []
    for name, title, unit in shown:
        if name in found.intervals:
            i = found.intervals[name].scaled(1.0 / unit)
            lines.append(f"{title}: {i.value:.3f} ({i.low:.3f} to {i.high:.3f})")
    if len(found.inputs) > 2:
        lines.append(f"strongest pair: {' and '.join(found.pair)}")
    return lines


def _say(done: int, of: int) -> None:
    """A line of JSON on stdout for a program that watches."""
    from dmil_core.training.progress import emit

    emit("explain", done / of, f"{done:,} of {of:,} evaluations")
