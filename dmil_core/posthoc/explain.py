"""``explain``: do the inputs of a model work together? For any callable of two to four inputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from dmil_core.errors import ConfigError, DataError
from dmil_core.metrics.intervals import Interval, wilson
from dmil_core.partial_information.pmf import Floats
from dmil_core.partial_information.pointwise import QUANTITIES, Definition
from dmil_core.posthoc import pointwise
from dmil_core.posthoc.callables import wrapped
from dmil_core.posthoc.emap import Emap, emap
from dmil_core.posthoc.explanation import Explanation
from dmil_core.posthoc.function import (
    Counted,
    Function,
    Output,
    Predict,
    Progress,
)
from dmil_core.posthoc.interaction import Effects, effects, pairs_of, shares
from dmil_core.posthoc.intervals import two_way
from dmil_core.posthoc.partners import (
    FEWEST_INPUTS,
    Choice,
    Ints,
    Plan,
    Subset,
    check_choice,
    cost,
    plan,
    standardised,
)
from dmil_core.posthoc.parts import Parts, identity
from dmil_core.posthoc.pointwise import Alike
from dmil_core.posthoc.progress import shown
from dmil_core.posthoc.samples import Samples, samples_of
from dmil_core.posthoc.shown import Source
from dmil_core.posthoc.values import BATCH, Values, evaluate, outputs_of


def explain(
    f: Predict, x1: Any, x2: Any = None, *more: Any, y: ArrayLike | None = None,
    rows: int | ArrayLike | None = None, background: int | ArrayLike = 1000, partners: int = 100,
    choice: Choice = "marginal", definition: Definition = "same-sign",
    output: Output | None = None, classes: Sequence[str] | None = None,
    ids: Sequence[Any] | None = None, batch: int = BATCH, seed: int = 0,
    progress: Progress | bool | None = None, parts: str | Path | None = None,
    model: str | None = None,
) -> Explanation:  # fmt: skip
    """Do the inputs of a model work together, or does one do all the work?

    The model is a black box: it is evaluated on the samples, and on samples of which some inputs
    are replaced by those of other rows (partners).
    :func:`dmil_core.posthoc.partners.cost` says beforehand on how many rows; so does the progress.

    Parameters
    ----------
    f
        ``f(*batches)`` takes a batch of n rows of each input and returns (n, K) logits or
        probabilities, or (n,) values of a regression, as NumPy arrays or torch tensors. A model of
        :func:`dmil_core.load` is one. A torch module or a scikit-learn estimator of all columns
        side by side is made one by :mod:`dmil_core.posthoc.callables`.
    x1, x2, more
        Two to four inputs with a row for each sample: arrays, tensors, pandas tables or lists. Or
        a Dataset, or its name, alone: its test rows that have all inputs are explained, with its
        training rows as the background set.
    y
        (rows,) classes, as numbers from 0 or by name; without them figures are of the predicted
        class. Of a regression, target values.
    rows
        Positions of the samples to explain, or how many to draw; all (of a Dataset, all test rows)
        by default.
    background
        Positions of the rows that partners are drawn from, or how many to draw: of the rows that
        are not in ``rows``, where these are positions.
    partners
        Partners of each sample; rounded up to a multiple of 20.
    choice
        How they are drawn: ``marginal``, from all rows of the background set; ``class``, from rows
        of the sample's class; ``near``, from the rows nearest in the inputs that are kept.
    definition
        Of the redundant part: ``same-sign`` or ``ccs``.
    output
        ``logits``, ``probabilities`` or ``value``; by default what f's outputs look like.
    classes
        Names of the K classes in the order of f's columns.
    ids
        (rows,) names of all rows; their positions by default.
    batch
        Rows of a call of f; results do not depend on it.
    seed
        Of the draws.
    progress
        True for a line with the cost and a progress bar on stderr, False for none; by default where
        stderr is a terminal, or in a notebook. Or a callable, which is given the rows that f was
        evaluated on, and how many there will be at most.
    parts
        A folder that keeps what is evaluated, a part every few seconds. A call that was interrupted
        goes on from there when it is made again, with equal results; remove the folder afterwards.
    model
        What f is called, for ``parts``. Models of :func:`dmil_core.load` and ONNX files are
        recognised without it. What was kept is discarded where name, data or settings are
        others, or f answers the samples differently.

    Raises
    ------
    DataError
        If inputs do not match, or there are too few rows.
    ConfigError
        If f returns something else than it should, or an option does not exist.
    """
    pointwise.check_definition(definition)
    check_choice(choice, partners)
    f = wrapped(f)
    data = samples_of(f, x1, x2, more, y, rows, background, classes, ids, seed)
    if parts is not None:
        identity(f, model)
    return explained(
        f, data, partners=partners, choice=choice, definition=definition, output=output,
        batch=batch, seed=seed, progress=progress, parts=parts, model=model,
    )[0]  # fmt: skip


@dataclass(frozen=True, eq=False)
class Inside:
    """What an explanation was made of.

    Attributes
    ----------
    data : the samples and the background set.
    function : the model.
    values : means over marginal partners, or those that were chosen.
    alone : (G, N, K) probabilities by each of two inputs alone; None where there is no information.
    second : partners of a like answer; None where there are none.
    """

    data: Samples
    function: Function
    values: Values
    alone: tuple[Floats, ...] | None
    second: Alike | None


def explained(
    f: Predict, data: Samples, *, partners: int, choice: Choice, definition: Definition,
    output: Output | None = None, batch: int = BATCH, seed: int = 0,
    progress: Progress | bool | None = None, parts: str | Path | None = None,
    model: str | None = None,
) -> tuple[Explanation, Inside]:  # fmt: skip
    """The explanation of some samples, and what it was made of; arguments as :func:`explain`."""
    most = cost(len(data.rows), len(data.inputs), partners, len(data.background))
    with shown(progress, most) as told:
        counted = Counted(f, most, told)
        raw = outputs_of(counted, data.inputs, data.rows, batch)
        kept = None
        if parts is not None:
            kept = Parts.of_samples(parts, f, model, data, {
                "output": output, "batch": batch, "partners": partners, "choice": choice,
                "seed": seed,
            }, raw)  # fmt: skip
            raw = kept.answers
            counted.restore(kept.evaluations)
        function = Function.of(counted, raw, output)
        whole = function.scores(raw)
        data = data.with_classes(function)
        drawn = _drawn(data, function, whole, partners, choice, seed, batch)
        values = evaluate(function, data.inputs, whole, drawn, batch, kept)
        alone, second = _alone(data, function, values, partners, choice, seed, batch, kept)
        counted.finish()
    notes = _assumptions(choice, function, data, second, alone is not None)
    single = alone or (() if choice == "class" else values.single)
    source = Source(f, data, whole, [p.mean(axis=0) for p in single])
    found = _explanation(data, function, values, alone, second, definition, {
        "choice": choice, "partners": drawn.each, "background": len(data.background),
        "evaluations": counted.rows, "seed": seed, "assumptions": notes, "source": source,
    })  # fmt: skip
    return found, Inside(data, replace(function, f=f), values, alone, second)


def _alone(
    data: Samples, function: Function, values: Values, partners: int, choice: Choice, seed: int,
    batch: int, parts: Parts | None,
) -> tuple[tuple[Floats, ...] | None, Alike | None]:  # fmt: skip
    """(G, N, K) probabilities by each of two inputs alone, and the partners of a like answer; None
    where there is no information, or where there are none."""
    if len(data.inputs) > FEWEST_INPUTS or function.output == "value" or choice == "class":
        return None, None
    if choice == "near":
        return values.single, None
    return pointwise.of_single_inputs(
        function, data.inputs, values, data.rows, partners, seed, batch,
        data.row_classes is not None, parts,
    )  # fmt: skip


def _drawn(
    data: Samples, function: Function, whole: Floats, partners: int, choice: Choice, seed: int,
    batch: int,
) -> Plan:  # fmt: skip
    row_class, pool, features = data.row_classes, data.background_classes, []
    if choice == "class":
        if function.output == "value":
            raise ConfigError("partners of the same class need classes; f returns values")
        if row_class is None:
            row_class = whole.argmax(axis=1)
            pool = outputs_of(function.f, data.inputs, data.background, batch).argmax(axis=1)
    if choice == "near":
        features = [standardised(features_to_compare(x), data.background) for x in data.inputs]
    return plan(
        data.rows, data.background, len(data.inputs), partners, choice, seed, row_class, pool,
        features,
    )  # fmt: skip


def features_to_compare(x: Any) -> Floats:
    """(N, D) numbers to compare rows by: arrays flattened, texts as indicators of their words."""
    from dmil_core.information.sets import features

    array = np.asarray(x.detach().cpu() if hasattr(x, "detach") else x)
    if array.dtype.kind not in "fiubU":
        raise DataError("near partners need inputs of numbers or of texts; use marginal partners")
    return features(array)


# --- what is told --------------------------------------------------------------------------


def _explanation(
    data: Samples, function: Function, values: Values, alone: tuple[Floats, ...] | None,
    second: Alike | None, definition: Definition, about: dict[str, Any],
) -> Explanation:  # fmt: skip
    names = tuple(f"x{m + 1}" for m in range(len(data.inputs)))
    additive, found, of_all = emap(values), effects(values), shares(values)
    y = data.row_classes
    frame = frame_of(data, function, additive, found, names)
    intervals: dict[str, Interval] = {}
    if y is not None and function.output != "value":
        intervals |= _accuracies(values, y)
    intervals["interaction_share"] = of_all.interactions
    if len(names) > FEWEST_INPUTS:
        intervals |= {f"pair_{_name(p)}": i for p, i in of_all.pairs.items()}
    intervals |= {f"variance_{_name(t)}": i for t, i in of_all.variance.items()}
    if alone is not None:
        columns, of_means = _information(
            data, function, values, alone, second, definition, about["seed"]
        )
        frame = pd.concat([frame, columns], axis=1)
        intervals |= of_means
    one, other = of_all.strongest
    return Explanation(
        inputs=names,
        classes=data.classes or (),
        accuracy=_value(intervals, "accuracy"),
        emap_accuracy=_value(intervals, "emap_accuracy"),
        interaction_share=of_all.interactions.value,
        pair=(names[one], names[other]),
        intervals=intervals,
        frame=frame,
        **about,
    )


def _value(intervals: dict[str, Interval], name: str) -> float | None:
    return intervals[name].value if name in intervals else None


def _name(inputs: Subset) -> str:
    return "_".join(f"x{m + 1}" for m in inputs)


def frame_of(
    data: Samples, function: Function, additive: Emap, found: Effects, names: tuple[str, ...]
) -> pd.DataFrame:
    best = additive.model.argmax(axis=1)
    rows = np.arange(len(best))
    columns: dict[str, Any] = {"id": data.ids.astype(object)}
    if function.output == "value":
        if data.y is not None:
            columns["y"] = data.y[data.rows]
    else:
        labels = np.array(data.classes, dtype=object)
        of_additive = additive.additive.argmax(axis=1)
        y = data.row_classes
        if y is not None:
            columns["y"] = labels[y]
        columns |= {"pred": labels[best], "emap_pred": labels[of_additive]}
        if y is not None:
            columns |= {"correct": best == y, "emap_correct": of_additive == y}
    columns["score"] = additive.model[rows, best]
    columns["emap"] = additive.additive[rows, best]
    columns["residual"] = additive.residual[rows, best]
    columns |= {f"main_{n}": e[rows, best] for n, e in zip(names, found.main, strict=True)}
    pairs = pairs_of(len(names))
    columns |= {f"pair_{_name(p)}": e[rows, best] for p, e in zip(pairs, found.pairs, strict=True)}
    columns["interaction_share"] = found.share
    if len(pairs) > 1:
        strongest = np.abs(found.pairs).sum(axis=2).argmax(axis=0)
        columns["strongest_pair"] = np.array([_name(p) for p in pairs], dtype=object)[strongest]
    return pd.DataFrame(columns)


def _accuracies(values: Values, y: Ints) -> dict[str, Interval]:
    model, additive = (flags.astype(np.float64) for flags in emap(values).correct(y))
    every = np.arange(values.groups)
    left_out = np.array([emap(values, every != g).correct(y)[1].mean() for g in every])
    low, high = wilson(float(model.sum()), len(y))
    return {
        "accuracy": Interval(float(model.mean()), low, high),
        "emap_accuracy": two_way(float(additive.mean()), additive, left_out, 0.0, 1.0),
    }


def _information(
    data: Samples, function: Function, values: Values, alone: tuple[Floats, ...],
    second: Alike | None, definition: Definition, seed: int,
) -> tuple[pd.DataFrame, dict[str, Interval]]:  # fmt: skip
    """Columns of the frame, and means with their intervals."""
    p12 = np.exp(function.log_probabilities(values.whole))
    y, known = data.row_classes, data.known_classes

    prior = pointwise.prior_of(known, p12)
    (whole, *without), refits = pointwise.from_partners(
        values, alone, p12, y, prior, definition, seed, second
    )
    by_fit = refits.errors(definition)
    columns = pd.DataFrame({**whole.columns(), "largest": whole.largest().astype(object)})
    means = {
        name: two_way(
            float(columns[name].mean()),
            columns[name].to_numpy(np.float64),
            np.array([getattr(w, name).mean() for w in without]),
            fit_error=by_fit.get(name, 0.0),
        )
        for name in QUANTITIES
    }
    return columns, means


_OF_CHOICE: Final[dict[Choice, str]] = {
    "marginal": (
        "Partners are drawn whatever the sample is. Where inputs depend on each other, the model "
        "is also asked about combinations that do not occur, which it was not trained on."
    ),
    "class": (
        "Partners are rows of the sample's class: what inputs say about the class is in their "
        "mean, and effects are those within a class. Combinations within a class may still not "
        "occur."
    ),
    "near": (
        "Partners are the rows nearest in the inputs that are kept, so that combinations are "
        "nearly those that occur. An input then also speaks for inputs that depend on it, and even "
        "an additive model has interactions."
    ),
}


def _assumptions(
    choice: Choice, function: Function, data: Samples, second: Alike | None, information: bool
) -> tuple[str, ...]:
    result = [_OF_CHOICE[choice]]
    if choice == "class":
        result.append("Information is left out: partners of the sample's class give it away.")
    if information:
        result.append(
            "Information is what the model's probabilities imply, as if they were calibrated."
            if data.row_classes is None
            else "Information is what the model's probabilities imply after calibration on the "
            "classes of other samples."
        )
    if information and choice == "marginal":
        result.append(
            f"For it, each sample has {second.plan.each} more partners among the samples: those "
            "whose own input the model answers alike."
            if second is not None
            else "With fewer than 200 samples it rests on partners drawn whatever the sample is, "
            "and what both inputs say is underestimated."
        )
    if data.row_classes is None and function.output != "value":
        result.append("No classes are known: figures are of the predicted class.")
    result.append(
        "Intervals cover the samples and the choice of the background set, not another training"
        + (
            ". Those of information also cover the calibration, and what more samples would find, "
            "but not what partners miss however many samples there are."
            if information
            else "."
        )
    )
    return tuple(result)
