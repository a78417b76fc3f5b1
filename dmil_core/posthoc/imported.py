"""Predictions of a model that was trained elsewhere, taken up as an external checkpoint.

The model itself is not needed: a table with a row per sample says what it predicts, and the app and
the commands that read predictions show it like a model that was trained here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import dmil_core
from dmil_core import schema
from dmil_core.checkpoint import (
    EXTERNAL,
    MAX_ONNX_BYTES,
    ONNX_FILE,
    PROJECTION_FILE,
    RUN_FILE,
    Run,
    default_folder,
    write_external,
)
from dmil_core.config import EncoderConfig, ModelConfig, RunConfig
from dmil_core.data.dataset import Dataset
from dmil_core.data.labels import plain_name
from dmil_core.errors import CheckpointError, ConfigError, DataError
from dmil_core.inference.rows import row_columns
from dmil_core.io.atomic import exclusive, writing
from dmil_core.io.paths import named_path
from dmil_core.io.reading import MIB
from dmil_core.metrics.predictions import score
from dmil_core.paradigms import PARADIGMS
from dmil_core.posthoc.callables import wrapped
from dmil_core.posthoc.function import Counted, Function, Predict, Progress
from dmil_core.posthoc.onnx import OnnxModel
from dmil_core.posthoc.partners import cost, plan
from dmil_core.posthoc.parts import Parts
from dmil_core.posthoc.pointwise import of_single_inputs
from dmil_core.posthoc.progress import shown as shown_progress
from dmil_core.posthoc.samples import samples_of
from dmil_core.posthoc.values import BATCH, evaluate, outputs_of
from dmil_core.schema import ModalityNumber, modality_numbers

if TYPE_CHECKING:
    from dmil_core.posthoc.explanation import Explanation

#: Names of external models: they name folders.
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
#: How far the probabilities of a row may be from a sum of 1.
SUM_TOLERANCE: Final = 1e-3
#: Smallest probability that has a logarithm here.
_LEAST: Final = 1e-12
#: Partners of each row.
PARTNERS: Final = 40
#: Rows by which a model is recognised.
_PROBED: Final = 8
#: Examples that a message has.
_SHOWN: Final = 3


@dataclass(frozen=True)
class Imported:
    """An external checkpoint, and what is to be said about it.

    Attributes
    ----------
    run : the checkpoint.
    notes : sentences about rows that are left out, and the like.
    """

    run: Run
    notes: tuple[str, ...]


def check_name(name: str) -> None:
    """Refuse a name that no external model can have.

    Raises
    ------
    ConfigError
        If it is the name of a paradigm, or could not be that of a folder.
    """
    if name in PARADIGMS:
        raise ConfigError(
            f"{name!r} is a paradigm of this package; choose another name for a model of your own"
        )
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"name {name[:80]!r}: expected letters, digits, '_', '.' or '-', at most 64, the first "
            "a letter or a digit"
        )


def import_predictions(
    table: pd.DataFrame,
    dataset: Dataset,
    name: str,
    out: str | Path | None = None,
    *,
    seed: int = 0,
    in_order: bool = False,
    overwrite: bool = False,
) -> Imported:
    """Take up the predictions of a model that was trained elsewhere as a checkpoint.

    Parameters
    ----------
    table
        A row per sample:

        - ``id``, the id of a row of ``dataset``, no id twice; rows of the set that the table lacks
          are left out;
        - ``p_<class>`` for every class, probabilities (0 to 1, sum 1), or ``logit_<class>`` (nats);
        - optionally ``px<m>_<class>``, the probabilities of a model of input m alone;
        - optionally ``z_<i>`` or ``z<m>_<i>``, embeddings of the sample, or of its input m, which
          become the latents F and Z<m>.

        Classes are matched by name: ``p_1.0`` is class ``1``. Any other column is left out.
    dataset
        The set that the rows are of, with labels and splits.
    name
        What the model is called.
    out
        Folder of the checkpoint; by default ``<checkpoints>/<set>/<name>/seed<seed>``.
    seed
        Which of several models of this name it is.
    in_order
        The table has no ids: its rows are those of the set, in its order.
    overwrite
        Replace a checkpoint in the folder.

    Returns
    -------
    Imported
        With the run, whose ``config.model.architecture`` is ``external``.

    Raises
    ------
    ConfigError
        If the name cannot be used.
    DataError
        Naming everything that is wrong with the table.
    CheckpointError
        If the folder holds a checkpoint and ``overwrite`` is off.
    """
    folder = _folder(name, dataset, out, seed, overwrite)
    return take_up(table, dataset, name, folder, seed, in_order)


def _folder(
    name: str, dataset: Dataset, out: str | Path | None, seed: int, overwrite: bool
) -> Path:
    """The folder of the checkpoint, which is free or may be overwritten."""
    check_name(name)
    folder = named_path(out) if out else default_folder(dataset.slug, name, seed)
    if (folder / RUN_FILE).exists() and not overwrite:
        raise CheckpointError(
            f"{folder} holds a checkpoint; choose another --name or --seed, or --overwrite it"
        )
    return folder


def take_up(
    table: pd.DataFrame, dataset: Dataset, name: str, folder: Path, seed: int,
    in_order: bool = False, onnx: OnnxModel | None = None,
) -> Imported:  # fmt: skip
    """Write the checkpoint of a table as :func:`import_predictions` takes it."""
    predictions, reading = prediction_table(table, dataset, in_order)
    config = RunConfig(name, seed, _model_config(dataset), ())
    record = {
        "config": config,
        "data_name": dataset.name,
        "data_source": dataset.source,
        "data_digest": dataset.digest,
        "data_card": dataset.card.to_dict(),
        "classes": list(dataset.classes),
        "latents": list(reading.latents) or [schema.LOGITS],
        "finished": True,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "packages": {"dmil_core": dmil_core.__version__},
        "parameters": 0,
        "seconds": 0.0,
        "metrics": score(predictions, dataset.classes),
    }
    with exclusive(folder):
        for file in (RUN_FILE, PROJECTION_FILE, ONNX_FILE):
            with writing(folder / file):
                (folder / file).unlink(missing_ok=True)
        run = write_external(
            folder, predictions, record, {"data": dataset.digest},
            None if onnx is None else onnx.content, "" if onnx is None else onnx.output,
        )  # fmt: skip
    return Imported(run, tuple(reading.notes))


def import_model(
    f: Any, dataset: Dataset, name: str, out: str | Path | None = None, *, partners: int = PARTNERS,
    background: int = 1000, seed: int = 0, overwrite: bool = False, keep: bool = True,
    explained: Explanation | None = None, batch: int = BATCH,
    progress: Progress | bool | None = None, parts: str | Path | None = None,
    model: str | None = None,
) -> Imported:  # fmt: skip
    """Take up a model that can be called: its predictions for all rows of a data set.

    What it says by each input alone is found as in :func:`dmil_core.explain`: its probabilities
    with the input of the row and the other inputs of partners, averaged.

    Parameters
    ----------
    f
        ``f(x1, x2)`` -> (n, K) logits or probabilities; a torch module, a scikit-learn estimator,
        or a path of an ONNX file.
    dataset
        With labels and splits; partners are drawn from its training rows.
    name, out, overwrite
        As in :func:`import_predictions`.
    keep
        Of an ONNX file: the checkpoint has a copy of it, so that the app can evaluate the model on
        other inputs. At most 512 MiB.
    partners
        Of each row and input; rounded up to a multiple of 20.
    background
        Training rows that partners are drawn from.
    explained
        What :func:`dmil_core.explain` returned for this model and rows of this data set: with
        marginal partners, it is not evaluated on them again.
    batch
        Rows of a call of f.
    progress, parts, model
        As in :func:`dmil_core.explain`.

    Raises
    ------
    ConfigError
        If the name cannot be used, f returns something else than it should, its file is too
        large to be kept, or ``explained`` is of other rows or another model.
    CheckpointError
        If the folder holds a checkpoint and ``overwrite`` is off.
    """
    folder = _folder(name, dataset, out, seed, overwrite)
    f = wrapped(f)
    onnx = kept_file(f) if keep else None
    known = _known(explained, dataset, f)
    rows = np.setdiff1d(np.arange(len(dataset)), known.rows)
    if len(rows):
        # Partners of a like answer as those of the rows that were explained.
        spread = len(known.rows) > 0 and bool((dataset.y[rows] >= 0).all())
        new = _answers(
            f, dataset, rows, partners, background, seed, batch, progress, parts, model, spread
        )
        known = new if not len(known.rows) else known.joined(new)
    order = np.argsort(known.rows)
    classes = dataset.classes
    columns = {"id": dataset.ids.astype(object)}
    columns |= {schema.logit(c): known.scores[order, k] for k, c in enumerate(classes)}
    for m, p in zip(modality_numbers(dataset.modalities), known.alone, strict=True):
        columns |= {schema.unimodal_prob(m, c): p[order, k] for k, c in enumerate(classes)}
    return take_up(pd.DataFrame(columns), dataset, name, folder, seed, onnx=onnx)


@dataclass(frozen=True, eq=False)
class _Answers:
    """What a model says of some rows: scores (n, K), and for each input (n, K) probabilities."""

    rows: NDArray[np.int64]
    scores: NDArray[np.float64]
    alone: Sequence[NDArray[np.float64]]

    def joined(self, other: _Answers) -> _Answers:
        """Of these rows and others."""
        alone = [np.concatenate(both) for both in zip(self.alone, other.alone, strict=True)]
        return _Answers(
            np.concatenate([self.rows, other.rows]),
            np.concatenate([self.scores, other.scores]),
            alone,
        )


def _known(explained: Explanation | None, dataset: Dataset, f: Predict) -> _Answers:
    """What an explanation has; nothing where there is none, or partners are not marginal."""
    nothing = np.zeros((0, len(dataset.classes)))
    if explained is None or explained.source is None or explained.choice != "marginal":
        return _Answers(np.zeros(0, dtype=np.int64), nothing, [nothing] * dataset.modalities)
    source = explained.source
    rows = source.data.rows
    if (
        rows.max() >= len(dataset)
        or (dataset.ids[rows] != source.data.ids).any()
        or source.scores.shape[1] != len(dataset.classes)
    ):
        raise ConfigError(
            f"explained: expected an explanation of rows of {dataset.name!r}; leave it out"
        )
    if f is not source.f:
        raw = outputs_of(f, dataset.inputs, rows[:_PROBED])
        if not np.allclose(Function.of(f, raw).scores(raw), source.scores[:_PROBED], atol=1e-2):
            raise ConfigError("explained: the model answers otherwise than there; leave it out")
    return _Answers(rows, source.scores, source.alone)


def _answers(
    f: Predict, dataset: Dataset, rows: NDArray[np.int64], partners: int, background: int,
    seed: int, batch: int, progress: Progress | bool | None, parts: str | Path | None,
    model: str | None, spread: bool,
) -> _Answers:  # fmt: skip
    """What a model says of rows as they are, and with the other inputs of partners."""
    data = samples_of(f, dataset, None, (), None, rows, background, None, None, seed)
    most = cost(len(rows), len(data.inputs), partners, len(data.background))
    with shown_progress(progress, most) as told:
        counted = Counted(f, most, told)
        raw = outputs_of(counted, data.inputs, rows, batch)
        kept = None
        if parts is not None:
            about = {"seed": seed, "batch": batch, "partners": partners, "spread": spread}
            kept = Parts.of_samples(parts, f, model, data, about, raw)
            raw = kept.answers
            counted.restore(kept.evaluations)
        function = Function.of(counted, raw)
        if function.output == "value":
            raise ConfigError("the model returns one value for each row; the app shows classes")
        if function.width != len(dataset.classes):
            raise ConfigError(
                f"the model returns {function.width} columns; expected one for each of "
                f"{len(dataset.classes)} classes"
            )
        whole = function.scores(raw)
        drawn = plan(rows, data.background, len(data.inputs), partners, "marginal", seed)
        values = evaluate(function, data.inputs, whole, drawn, batch, kept)
        alone, _ = of_single_inputs(
            function, data.inputs, values, rows, partners, seed, batch, spread, kept
        )
        counted.finish()
    return _Answers(rows, whole, [p.mean(axis=0) for p in alone])


def kept_file(f: Predict) -> OnnxModel | None:
    """The model whose file a checkpoint keeps; None where it is none of ONNX.

    Raises
    ------
    ConfigError
        If the file is too large.
    """
    if not isinstance(f, OnnxModel):
        return None
    if len(f.content) > MAX_ONNX_BYTES:
        raise ConfigError(
            f"{f.where}: expected at most {MAX_ONNX_BYTES // MIB} MiB to be kept in a checkpoint, "
            f"got {len(f.content) // MIB:,} MiB. Take up its predictions alone (keep=False)"
        )
    return f


def prediction_table(
    table: pd.DataFrame, dataset: Dataset, in_order: bool = False
) -> tuple[pd.DataFrame, Reading]:
    """The prediction table of a table as :func:`import_predictions` takes it, its rows in the order
    of the set; and what was read, with its latents and notes.

    Raises
    ------
    DataError
        Naming everything that is wrong with the table.
    """
    reading = Reading(table, dataset, in_order)
    return reading.predictions(), reading


class Reading:
    """A table of predictions, and all that is wrong with it."""

    def __init__(self, table: pd.DataFrame, dataset: Dataset, in_order: bool) -> None:
        self.dataset, self.notes, self.faults = dataset, list[str](), list[str]()
        self.table = table.rename(columns=str)
        self.columns = {plain: column for column in self.table.columns if (plain := column.strip())}
        self.latents = _latents(list(self.columns), dataset.modalities)
        #: Row of the set for each row of the table.
        self.rows = self._in_order() if in_order else self._by_id()

    def predictions(self) -> pd.DataFrame:
        """The prediction table, its rows in the order of the set.

        Raises
        ------
        DataError
            Naming everything that is wrong.
        """
        probabilities, logits = self._full()
        alone = {m: self._alone(m) for m in modality_numbers(self.dataset.modalities)}
        latents = self._embeddings()
        if self.faults:
            faults = "\n- ".join(self.faults)
            raise DataError(f"the table of predictions cannot be used:\n- {faults}")
        order = np.argsort(self.rows, kind="stable")
        rows, classes = self.rows[order], np.asarray(self.dataset.classes, dtype=object)
        best = logits.argmax(axis=1)[order]
        blocks = [pd.DataFrame(row_columns(self.dataset, rows, best))]
        known = {m: p[order] for m, p in alone.items() if p is not None}
        for m, p in known.items():
            blocks.append(pd.DataFrame({schema.unimodal_pred(m): classes[p.argmax(axis=1)]}))
        blocks += [
            _numbers(probabilities[order], [schema.prob(c) for c in classes]),
            _numbers(logits[order], [schema.logit(c) for c in classes]),
        ]
        blocks += [
            _numbers(p, [schema.unimodal_prob(m, c) for c in classes]) for m, p in known.items()
        ]
        if latents is not None:
            blocks.append(latents.iloc[order].reset_index(drop=True))
        if left := len(self.dataset) - len(rows):
            self.notes.append(
                f"the table has {len(rows):,} of the {len(self.dataset):,} rows of the set; the "
                f"other {left:,} are left out"
            )
        return pd.concat(blocks, axis=1)

    # --- rows ---------------------------------------------------------------------------------

    def _in_order(self) -> NDArray[np.int64]:
        if len(self.table) != len(self.dataset):
            self.faults.append(
                f"it has {len(self.table):,} rows, the set {len(self.dataset):,}; rows in the "
                "order of the set have to be as many. Add a column id"
            )
        return np.arange(len(self.table))

    def _by_id(self) -> NDArray[np.int64]:
        if "id" not in self.columns:
            advice = "Add the ids of the set's rows as a column id"
            if len(self.table) == len(self.dataset):
                advice += ", or say that the rows stand in the order of the set: --in-order"
            self.faults.append(f"it has no column id. {advice}")
            return np.arange(len(self.table))
        ids = [_id(v) for v in self.table[self.columns["id"]].tolist()]
        place = {_id(i): row for row, i in enumerate(self.dataset.ids.tolist())}
        unknown = [i for i in ids if i not in place]
        if unknown:
            self.faults.append(
                f"{len(unknown):,} of {len(ids):,} ids are none of {self.dataset.name!r}, such as "
                f"{_listed(unknown)}; its ids are like {_listed(self.dataset.ids.tolist())}"
            )
        twice = sorted({i for i, n in pd.Series(ids).value_counts().items() if n > 1}, key=str)
        if twice:
            self.faults.append(f"{len(twice):,} ids occur twice, such as {_listed(twice)}")
        if not ids:
            self.faults.append("it has no rows")
        return np.asarray([place.get(i, 0) for i in ids], dtype=np.int64)

    # --- numbers ------------------------------------------------------------------------------

    def _full(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(N, K) probabilities and logits of the full model."""
        logits = self._of_classes("logit_")
        if logits is not None:
            shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
            return shifted / shifted.sum(axis=1, keepdims=True), logits
        probabilities = self._probabilities("p_")
        if probabilities is None:
            classes = [schema.prob(c) for c in self.dataset.classes]
            self.faults.append(
                f"it has no predictions: expected the columns {_listed(classes)} with "
                "probabilities, or logit_<class> with logits"
            )
            probabilities = np.full((len(self.table), len(classes)), 1 / len(classes))
        return probabilities, np.log(np.maximum(probabilities, _LEAST))

    def _alone(self, m: ModalityNumber) -> NDArray[np.float64] | None:
        """(N, K) probabilities of the model of one input, if they are there."""
        return self._probabilities(f"px{m}_")

    def _probabilities(self, prefix: str) -> NDArray[np.float64] | None:
        values = self._of_classes(prefix)
        if values is None:
            return None
        sums = values.sum(axis=1)
        odd = np.flatnonzero((values < 0).any(axis=1) | (np.abs(sums - 1) > SUM_TOLERANCE))
        if len(odd):
            self.faults.append(
                f"{prefix}<class>: {len(odd):,} of {len(values):,} rows are no probabilities, such "
                f"as row {odd[0]} with the sum {sums[odd[0]]:.4g}; expected numbers from 0 to 1 "
                f"with the sum 1. Logits are called logit_<class>"
            )
        return values / np.where(sums > 0, sums, 1.0)[:, None]

    def _of_classes(self, prefix: str) -> NDArray[np.float64] | None:
        """(N, K) finite numbers of the columns with this beginning; None where there is none."""
        classes = self.dataset.classes
        exact = {c: k for k, c in enumerate(classes)}
        plain = {plain_name(c): k for k, c in enumerate(classes)}
        found: dict[int, str] = {}
        for name, column in self.columns.items():
            if name.startswith(prefix):
                rest = name.removeprefix(prefix)
                place = exact.get(rest, plain.get(plain_name(rest)))
                if place is not None:
                    found.setdefault(place, column)
        if not found:
            return None
        if lacking := [prefix + c for k, c in enumerate(classes) if k not in found]:
            self.faults.append(
                f"it has {len(found)} of {len(classes)} columns {prefix}<class>; "
                f"{_listed(lacking)} {'is' if len(lacking) == 1 else 'are'} missing"
            )
            return None if prefix != "p_" else np.full((len(self.table), len(classes)), 0.5)
        return self._finite([found[k] for k in range(len(classes))])

    def _embeddings(self) -> pd.DataFrame | None:
        given = [n for latent in self.latents.values() for n in latent]
        if not given:
            return None
        names = [schema.latent(n, i) for n, each in self.latents.items() for i in range(len(each))]
        return _numbers(self._finite([self.columns[n] for n in given]), names)

    def _finite(self, columns: Sequence[str]) -> NDArray[np.float64]:
        """(N, n) numbers of columns; what is no finite number is reported, and is 0."""
        result = np.zeros((len(self.table), len(columns)))
        for i, column in enumerate(columns):
            values = pd.to_numeric(self.table[column], errors="coerce").to_numpy(np.float64)
            finite = np.isfinite(values)
            if not finite.all():
                row = int(np.flatnonzero(~finite)[0])
                cell = str(self.table[column].iloc[row])[:40]
                self.faults.append(
                    f"{column}: {int((~finite).sum()):,} cells are no finite numbers, such as "
                    f"{cell!r} in row {row}"
                )
            result[:, i] = np.where(finite, values, 0.0)
        return result


def _model_config(dataset: Dataset) -> ModelConfig:
    """What is known of the model: the shapes of its inputs and its classes."""
    encoders = tuple(
        EncoderConfig(EXTERNAL, tuple(dataset.x(m).shape[1:]) or (1,))
        for m in modality_numbers(dataset.modalities)
    )
    return ModelConfig(
        architecture=EXTERNAL,
        encoders=encoders,
        classes=len(dataset.classes),
    )


def _latents(columns: Sequence[str], modalities: int) -> dict[str, list[str]]:
    """Latent -> the columns of its numbers in the table, from number 0 on. An embedding of the
    whole sample is the latent F, that of an input Z1, Z2 ..."""
    given = {"F": "z", **{f"Z{m}": f"z{m}" for m in modality_numbers(modalities)}}
    found: dict[str, list[str]] = {}
    for name, prefix in given.items():
        size = 0
        while schema.latent(prefix, size) in columns:
            size += 1
        if size:
            found[name] = [schema.latent(prefix, i) for i in range(size)]
    return found


def _id(value: object) -> str:
    """An id as text: ``7.0`` is the id 7."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _numbers(values: NDArray[np.float64], columns: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame(values.astype(np.float32), columns=list(columns))


def _listed(names: Sequence[object]) -> str:
    shown = ", ".join(repr(str(n)[:40]) for n in names[:_SHOWN])
    return shown + (" …" if len(names) > _SHOWN else "")
