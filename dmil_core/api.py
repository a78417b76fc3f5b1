"""The public functions and objects of ``import dmil_core as dmil``.

Inside, everything is in nats; probabilities and gate weights are between 0 and 1. Shapes: N rows, C
components (R, U1, U2, S; with three inputs U3 as well), K classes.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from dmil_core import schema
from dmil_core.checkpoint import (
    Run,
    as_new_rows,
    find_folder,
    for_prediction,
    load_model,
    unknown_labels,
)
from dmil_core.data.catalog import load_dataset
from dmil_core.data.dataset import Dataset
from dmil_core.data.validate import Purpose
from dmil_core.errors import ConfigError, DataError
from dmil_core.io.paths import named_path
from dmil_core.partial_information import discrete
from dmil_core.partial_information.discrete import Measure
from dmil_core.partial_information.pmf import Pmf, from_pairs
from dmil_core.partial_information.pointwise import Definition
from dmil_core.schema import SPLITS, Component

if TYPE_CHECKING:
    from torch import nn

    from dmil_core.data.files.repairs import Missing, Val
    from dmil_core.data.files.table import Table

#: A data set, or what names one: a name that ``list_datasets`` gives, with options where it has
#: some (``switch:classes=2``), or the path of an .npz file.
Data = Dataset | str | Path

_NATS_PER_BIT: Final = float(np.log(2.0))


# --- data ----------------------------------------------------------------------------------


def from_table(
    table: pd.DataFrame | str | Path,
    *,
    x1: str | Sequence[str] | None = None,
    x2: str | Sequence[str] | None = None,
    x3: str | Sequence[str] | None = None,
    y: str | None = None,
    id: str | None = None,
    split: str | None = None,
    group: str | None = None,
    name: str = "",
    purpose: Purpose = "train",
    missing: Missing = "auto",
    quantiles: int = 0,
    val: Val = "train",
) -> Dataset:
    """A data set from a table of one row per sample.

    Columns that are not named are chosen by their names, as the app does: ``x1_0, x1_1 ...`` are
    the first input, ``label``, ``class`` or ``y`` the class, and so on.

    Parameters
    ----------
    table
        A DataFrame, or the path of a file that ``dmil inspect`` reads, such as .csv or .parquet.
    x1, x2, x3
        Columns of each input: numbers, lists of numbers and words of few values together, or one
        column of texts. With one of them given, all inputs are taken from these arguments.
    y
        Column of the class.
    id, split, group
        Columns with a name for every row, with ``train``, ``val`` or ``test``, and with what rows
        belong together (of one person, say); rows of a group are never in two splits. Without
        ``split``, 70/10/20 % at random, seed 0.
    name
        Name of the data set; by default that of the file.
    purpose
        "predict" for new rows, which need no class and may be as few as one.
    missing
        What becomes of rows with missing cells: ``drop`` leaves them out, ``mean`` fills numbers
        with the mean of the training rows and adds a was-missing column, ``keep`` does so too, and
        flags rows that lack a whole input instead of filling it; ``error`` refuses them;
        ``auto`` drops rows with missing numbers where they are less than 5 %, else fills them.
        Missing words are a category of their own, unless rows are dropped.
    quantiles
        Classes of about equal size, 2 to 5, that a number to predict is cut into; 0 for none.
    val
        Where a split has no val rows, ``train`` takes an eighth of the training rows for it,
        by class or by whole groups, seed 0; ``error`` refuses it.

    Warns
    -----
    UserWarning
        If rows are left out, or training rows are taken for val.

    Raises
    ------
    DataError
        Naming everything that is wrong with the table.
    """
    from dmil_core.data.files.assemble import assemble
    from dmil_core.data.files.kinds import describe
    from dmil_core.data.files.load import OWN
    from dmil_core.data.files.repairs import Repairs
    from dmil_core.data.files.roles import Given, guess, role

    read, name = _table_and_name(table, name)
    roles = {
        argument: _single(name, argument, column)
        for argument, column in (("y", y), ("id", id), ("split", split), ("group", group))
        if column is not None
    }
    inputs = [
        _several(name, argument, columns)
        for argument, columns in (("x1", x1), ("x2", x2), ("x3", x3))
        if columns is not None
    ]
    named = [*(c for columns in inputs for c in columns), *(c for c in roles.values() if c)]
    unknown = [c for c in dict.fromkeys(named) if c not in read.columns]
    if unknown:
        raise DataError(
            f"{name}: there is no column {', '.join(map(repr, unknown[:5]))}; the table has "
            f"{', '.join(list(read.columns)[:20])}"
        )
    if len(inputs) == 1:
        raise DataError(f"{name}: expected columns for at least two inputs, x1 and x2, got one")
    repairs = Repairs(missing=missing, quantiles=quantiles, val=val)
    facts = describe(read)
    chosen = tuple(role(read, facts, tuple(c), " + ".join(c)) for c in inputs)
    given = Given(chosen or None, *(roles.get(r) for r in ("y", "id", "split", "group")))
    guessed = guess(read, facts, given)
    made = assemble(read, guessed, repairs, name, "", "a table", OWN, None, facts, purpose)
    if made.dataset is None:
        faults = "\n- ".join(str(i) for i in made.issues if i.severity == "error")
        raise DataError(f"{name} cannot be used:\n- {faults}")
    said = [i for i in made.issues if "dropped" in i.repair or "are taken for it" in i.title]
    if said:
        warnings.warn(f"{name}: {' '.join(map(str, said))}", stacklevel=2)
    return made.dataset


def _single(name: str, argument: str, column: Any) -> str:
    """The name of one column; pandas names columns without a header by numbers."""
    if isinstance(column, str | int | np.integer):
        return str(column)
    raise DataError(
        f"{name}: expected the name of one column as {argument}, got {type(column).__name__}"
    )


def _several(name: str, argument: str, columns: Any) -> list[str]:
    """The names of one or more columns, no name twice."""
    if isinstance(columns, str) or not isinstance(columns, Iterable):
        return [_single(name, argument, columns)]
    names = [_single(name, argument, column) for column in columns]
    if not names:
        raise DataError(f"{name}: {argument} has no columns; name at least one")
    twice = [c for c in dict.fromkeys(names) if names.count(c) > 1]
    if twice:
        raise DataError(f"{name}: {argument} names {twice[0]!r} twice; name every column once")
    return names


def _table_and_name(table: pd.DataFrame | str | Path, name: str) -> tuple[Table, str]:
    from dmil_core.data.files.load import OWN, of_frame
    from dmil_core.data.files.reader import read_table

    if isinstance(table, pd.DataFrame):
        frame, name = table.rename(columns=str), name or "table"
        if frame.columns.has_duplicates:
            twice = frame.columns[frame.columns.duplicated()][0]
            raise DataError(f"{name}: two columns have the name {twice!r}; rename one of them")
        return of_frame(frame), name
    if not isinstance(table, str | Path):
        raise DataError(
            "expected a DataFrame or the path of a .csv or .parquet file, got "
            f"{type(table).__name__}"
        )
    path = named_path(table)
    if not path.exists():
        if path.suffix not in (".csv", ".tsv", ".parquet"):
            raise DataError(f"{path}: expected a .csv or .parquet file, or a DataFrame")
        raise DataError(f"{path}: cannot be read (there is no such file). Check the path")
    return read_table([path], limits=OWN), name or path.stem


def _dataset(data: Data, purpose: Purpose) -> Dataset:
    if isinstance(data, Dataset):
        return data
    if isinstance(data, str | Path):
        return load_dataset(data, purpose=purpose)
    raise DataError(
        f"expected a Dataset, the name of one, or the path of an .npz file, got "
        f"{type(data).__name__}; of a table, from_table makes a Dataset"
    )


# --- models --------------------------------------------------------------------------------


def train(
    data: Data,
    paradigm: str = "dmil",
    *,
    seed: int = 0,
    out: str | Path | None = None,
    device: str = "auto",
    encoders: Sequence[str | None] = (),
    epochs_scale: float = 1.0,
    lr_scale: float = 1.0,
    recipe: str = "standard",
    overwrite: bool = False,
    progress: bool = False,
) -> Model:
    """Train one paradigm on one data set, write the checkpoint, and return the model.

    A training that was stopped goes on when it is called again with the same arguments; a finished
    one is loaded.

    Parameters
    ----------
    data
        A Dataset, a name with or without options, or the path of an .npz file.
    paradigm
        A key of ``PARADIGMS``.
    seed
        A whole number from 0 on: of the weights, the order of the rows, and the folds.
    out
        Folder of the checkpoint; by default, as for ``dmil train``,
        ``<checkpoints>/<set>/<paradigm>/seed<seed>``.
    device
        ``auto`` (a GPU where there is one), ``cpu`` or ``cuda``.
    encoders
        Names of encoders, that of x1 first, in place of the defaults; None keeps one.
    epochs_scale
        Multiplies the epochs of every stage, for quick experiments.
    lr_scale
        Multiplies the learning rate of every stage.
    recipe
        How stages are stopped, weights averaged and labels smoothed: ``standard``, or another key
        of ``dmil_core.paradigms.RECIPES``.
    overwrite
        Start over in a folder that holds another run.
    progress
        Show a progress bar on stderr.

    Raises
    ------
    DataError
        If there is no such data set, or it has faults.
    ConfigError
        If a paradigm, encoder or device does not exist or cannot read the data.
    CheckpointError
        If the folder holds a run of other settings and ``overwrite`` is off.
    BusyError
        If another process trains into the same folder.
    """
    from dmil_core.training import run as training
    from dmil_core.training.progress import ProgressBar

    if isinstance(encoders, str):
        raise ConfigError(
            f"encoders {encoders!r}: expected a name or None for each input, such as "
            f"({encoders!r}, None)"
        )
    dataset = _dataset(data, "train")
    with ProgressBar(disable=not progress) as bar:
        run = training.train(
            dataset,
            paradigm,
            seed,
            None if out is None else named_path(out),
            device=device,
            encoders=tuple(encoders),
            epochs_scale=epochs_scale,
            lr_scale=lr_scale,
            recipe=recipe,
            overwrite=overwrite,
            on_epoch=bar,
        )
    return load(run.folder)


def load(checkpoint: str | Path, *, device: str = "cpu") -> Model:
    """Load a trained model. Nothing is unpickled.

    Parameters
    ----------
    checkpoint
        A folder that ``train`` or ``dmil train`` wrote, or ``<set>/<paradigm>/seed<k>`` as
        ``dmil list`` names it.
    device
        ``cpu``, ``cuda``, or ``auto``.

    Raises
    ------
    CheckpointError
        If it is not a checkpoint, is damaged, or uses an encoder that is not registered here.
    ConfigError
        If the device does not exist.
    """
    from dmil_core.training.run import choose_device

    network, run = load_model(find_folder(checkpoint), str(choose_device(device)))
    return Model(run, network)


@dataclass(frozen=True, repr=False, eq=False)
class Model:
    """A trained model.

    Attributes
    ----------
    run
        What the checkpoint records: configuration, data, metrics, versions.
    network
        The torch module, in evaluation mode.
    """

    run: Run
    network: nn.Module

    @property
    def paradigm(self) -> str:
        """Name of the paradigm."""
        return self.run.paradigm

    @property
    def seed(self) -> int:
        """Seed of the training."""
        return self.run.seed

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names in the order of the logits."""
        return self.run.classes

    @property
    def latent_names(self) -> tuple[str, ...]:
        """Names of the latents."""
        return self.run.latents

    @property
    def folder(self) -> Path:
        """Folder of the checkpoint."""
        return self.run.folder

    @property
    def decomposes(self) -> bool:
        """Whether the model splits its logits into components."""
        return self.run.config.model.architecture == "dmil"

    def __repr__(self) -> str:
        accuracy = self.run.metrics.get("test", {}).get("accuracy")
        known = "" if accuracy is None else f", test accuracy {accuracy:.3f}"
        return (
            f"<dmil_core.Model {self.paradigm!r} trained on {self.run.data_name!r}, seed "
            f"{self.seed}, {len(self.classes)} classes{known}>"
        )

    def predict(
        self, data: Data, *, split: str | None = None, latents: bool = False
    ) -> pd.DataFrame:
        """The prediction table, one row per sample, as ``dmil decompose`` writes it.

        Parameters
        ----------
        data
            A Dataset, a name with or without options, or the path of an .npz file. One row is
            enough, and no labels are needed; those there are, are matched by name.
        split
            ``train``, ``val`` or ``test``; by default all rows. New rows without a split are all
            ``test``.
        latents
            Add the posterior mean of every latent.

        Returns
        -------
        DataFrame
            ``id``, ``split``, ``y``, ``pred``, ``correct``; ``p_<class>`` (0 to 1) and
            ``logit_<class>`` (nats); of a decomposition ``gate_<component>`` (0 to 1) and
            ``contrib_<component>_<class>`` (nats), which add up to ``logit_<class>``. Of a row
            whose label is no class of the model ``y`` is that label, empty without one, and
            ``correct`` is missing.

        Warns
        -----
        UserWarning
            If labels are no classes of the model.

        Raises
        ------
        CheckpointError
            If shapes or kinds of the data are not those of the training data.
        DataError
            If there is no such data set, or it has faults.
        """
        from dmil_core.inference.predict import predict

        dataset = self.matched(data)
        if note := unknown_labels(dataset):
            warnings.warn(note, stacklevel=2)
        rows = _rows(dataset, split)
        return predict(self.network, self.run.config.model, dataset, rows, latents=latents)

    def decompose(self, data: Data, *, split: str | None = None) -> Decomposition:
        """The gate weight and the contribution of every component, for every sample.

        ``logit_k = sum_c g_c f_c(k)`` with gate g and logits f_c of component c
        (arXiv:2606.11614); the contribution is ``g_c f_c(k)``. Parameters and errors as for
        :meth:`predict`.

        Raises
        ------
        ConfigError
            If the model has no components.
        """
        if not self.decomposes:
            raise ConfigError(
                f"a model of paradigm {self.paradigm!r} has no gate and no components; use "
                "predict, or train 'dmil'"
            )
        return Decomposition.from_table(self.predict(data, split=split), self.classes)

    def latents(self, data: Data, *, split: str | None = None) -> dict[str, NDArray[np.float32]]:
        """Latent name -> (N, size) posterior means, rows in the order of the data.

        Parameters and errors as for :meth:`predict`.
        """
        from dmil_core.inference.projection import latent_values

        table = self.predict(data, split=split, latents=True)
        return {name: latent_values(table, name) for name in self.latent_names}

    def matched(self, data: Data) -> Dataset:
        """The data set with the classes of the model, in its order; see :func:`dmil_core.explain`.

        Raises
        ------
        CheckpointError
            If shapes or kinds of the data are not those of the training data.
        DataError
            If there is no such data set, or it has faults.
        """
        dataset = for_prediction(self.run, _dataset(data, "predict"))
        return dataset if isinstance(data, Dataset) else as_new_rows(self.run, dataset)

    def __call__(self, *inputs: ArrayLike) -> NDArray[np.float32]:
        """(N, K) logits in nats of rows of each input, prepared like the training data.

        So a model is the callable that :func:`dmil_core.explain` takes.

        Parameters
        ----------
        inputs
            (N, ...) arrays, x1 first; (N,) texts.

        Raises
        ------
        DataError
            If there are other inputs, or other shapes, than the model was trained on.
        """
        import torch

        from dmil_core.models.encoders import rows_once
        from dmil_core.models.inputs import tensors

        config = self.run.config.model
        arrays = [_as_trained(np.asarray(x)) for x in inputs]
        expected = [None if e.vocabulary else tuple(e.shape) for e in config.encoders]
        got = [None if x.dtype.kind == "U" else x.shape[1:] for x in arrays]
        if got != expected:
            raise DataError(
                f"expected inputs with the shapes {_shapes(expected)} per row, got {_shapes(got)}"
            )
        device = next(self.network.parameters()).device
        with torch.inference_mode(), rows_once(self.network, arrays):
            output = self.network(*(x.to(device) for x in tensors(arrays, config)))
        logits: NDArray[np.float32] = output.logits.float().cpu().numpy()
        return logits

    def summary(self) -> pd.DataFrame:
        """The layers: shape of what each makes of one sample, and its number of parameters.

        Returns
        -------
        DataFrame
            Indexed by ``layer``; ``output_shape`` (empty where the model is no decomposition) and
            ``parameters``. Parts that only training uses are left out for a decomposition.
        """
        from dmil_core.inference.summary import sizes
        from dmil_core.models.dmil import Dmil

        if isinstance(self.network, Dmil):
            parts = sizes(self.network, self.run.config.model)
            rows = [(name, size.shape, size.weights) for name, size in parts.items()]
        else:
            rows = [
                (name, (), sum(p.numel() for p in part.parameters()))
                for name, part in self.network.named_children()
            ]
        columns = ["layer", "output_shape", "parameters"]
        return pd.DataFrame(rows, columns=columns).set_index("layer")


def _as_trained(x: NDArray[Any]) -> NDArray[Any]:
    """Numbers as float32, pictures of bytes as they are, and texts."""
    if x.dtype.kind in "OU":
        return x.astype(str)
    return x if x.dtype == np.uint8 else x.astype(np.float32, copy=False)


def _shapes(of: Sequence[tuple[int, ...] | None]) -> str:
    return ", ".join("text" if shape is None else str(shape) for shape in of)


def _rows(dataset: Dataset, split: str | None) -> NDArray[np.int64] | None:
    if split is None:
        return None
    if split not in SPLITS:
        raise ConfigError(f"split {split!r}: expected one of {', '.join(SPLITS)}, or None for all")
    return dataset.rows(split)


# --- decompositions ------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, repr=False)
class Decomposition:
    """How a model's logits are made up of components; shows bars in a notebook.

    Attributes
    ----------
    components : ``R``, ``U1``, ``U2`` (, ``U3``) and ``S``.
    classes : class names in the order of the last axis.
    ids, split, y, pred : (N,) id, split, class ("" where none is known) and predicted class of each
        sample.
    probability : (N,) of the predicted class, 0 to 1.
    gate : (N, C) weights, 0 to 1, each row sums to 1.
    contributions : (N, C, K) gate times component logits, in nats.
    """

    components: tuple[Component, ...]
    classes: tuple[str, ...]
    ids: NDArray[Any]
    split: NDArray[Any]
    y: NDArray[Any]
    pred: NDArray[Any]
    probability: NDArray[np.float64]
    gate: NDArray[np.float32]
    contributions: NDArray[np.float32]

    @classmethod
    def from_table(cls, table: pd.DataFrame, classes: Sequence[str]) -> Decomposition:
        """From a prediction table that holds gate and contributions."""
        names = schema.components_in(table.columns)
        parts = [
            table[[schema.contribution(c, k) for k in classes]].to_numpy(np.float32) for c in names
        ]
        probabilities = table[[schema.prob(k) for k in classes]].to_numpy(np.float64)
        return cls(
            components=names,
            classes=tuple(classes),
            ids=table["id"].to_numpy(object),
            split=table["split"].to_numpy(object),
            y=table["y"].to_numpy(object),
            pred=table["pred"].to_numpy(object),
            probability=probabilities.max(axis=1) if len(table) else np.zeros(0),
            gate=table[[schema.gate(c) for c in names]].to_numpy(np.float32),
            contributions=np.stack(parts, axis=1),
        )

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def logits(self) -> NDArray[np.float32]:
        """(N, K) logits of the model in nats: the sum of the contributions."""
        return self.contributions.sum(axis=1)

    @property
    def to_predicted(self) -> NDArray[np.float32]:
        """(N, C) contributions to the logit of each sample's predicted class, in nats."""
        index = {name: k for k, name in enumerate(self.classes)}
        k = np.array([index[name] for name in self.pred], dtype=np.int64)
        return self.contributions[np.arange(len(self)), :, k]

    @property
    def frame(self) -> pd.DataFrame:
        """A tidy table, one row per sample and component.

        Columns id, split, y, pred, component, gate (0 to 1), contribution (to the logit of the
        predicted class, nats).
        """
        count = len(self.components)
        columns = {n: np.repeat(getattr(self, n), count) for n in ("split", "y", "pred")}
        return pd.DataFrame(
            {
                "id": np.repeat(self.ids, count),
                **columns,
                "component": np.tile(np.array(self.components, dtype=object), len(self)),
                "gate": self.gate.ravel(),
                "contribution": self.to_predicted.ravel(),
            }
        )

    def sample(self, id: str | int) -> Decomposition:
        """The decomposition of one sample.

        Raises
        ------
        DataError
            If no sample has this id.
        """
        # Ids are text, also those that look like numbers.
        rows = np.flatnonzero(self.ids == str(id))
        if not len(rows):
            raise DataError(f"there is no sample with the id {id!r} among these {len(self)}")
        return self.rows(rows)

    def rows(self, index: int | Sequence[int] | NDArray[Any] | slice) -> Decomposition:
        """The decomposition of some rows: a position, positions, a mask (N,) or a slice."""
        if not isinstance(index, slice):
            index = np.atleast_1d(np.asarray(index))
        per_row = {f.name for f in fields(self)} - {"components", "classes"}
        return replace(self, **{name: getattr(self, name)[index] for name in per_row})

    def __repr__(self) -> str:
        if not len(self):
            return "<dmil_core.Decomposition of no samples>"
        gate = self.gate.mean(axis=0)
        weights = ", ".join(f"{c} {g:.2f}" for c, g in zip(self.components, gate, strict=True))
        what = f"sample {self.ids[0]}" if len(self) == 1 else f"{len(self)} samples"
        return f"<dmil_core.Decomposition of {what}, {'mean ' * (len(self) > 1)}gate: {weights}>"

    def _repr_html_(self) -> str:
        return _bars(self)


#: What each component is, and a colour with a contrast of at least 3:1 on white and on near black.
_SHOWN: Final[Mapping[Component, tuple[str, str]]] = {
    "R": ("redundancy", "#3F74C9"),
    "U1": ("uniqueness of x1", "#2E8B45"),
    "U2": ("uniqueness of x2", "#B8478A"),
    "U3": ("uniqueness of x3", "#8A7A1F"),
    "S": ("synergy", "#D0482F"),
}
_BAR_WIDTH, _BAR_HEIGHT = 150, 12


def _bars(parts: Decomposition) -> str:
    """HTML of a few KB without scripts: a table with a row and two bars for each component.

    Colours of text and lines are the page's, so that it is readable in light and dark notebooks;
    a component is named beside its bars, never told by its colour alone.
    """
    if not len(parts):
        return "<p>A decomposition of no samples.</p>"
    gate = parts.gate.mean(axis=0)
    bits = parts.to_predicted.mean(axis=0) / _NATS_PER_BIT
    if len(parts) == 1:
        title = (
            f"Sample {escape(str(parts.ids[0]))}, predicted: {escape(str(parts.pred[0]))} "
            f"(probability {parts.probability[0]:.2f})"
        )
        if parts.y[0]:
            title += f", true class: {escape(str(parts.y[0]))}"
    else:
        title = f"{len(parts):,} samples, mean"
    largest = float(np.abs(bits).max()) or 1.0
    rows = []
    for c, weight, value in zip(parts.components, gate, bits, strict=True):
        name, colour = _SHOWN[c]
        rows.append(
            f'<tr><th scope="row" style="text-align:left">{c}</th><td style="text-align:left">'
            f"{name}</td><td>{_bar(0.0, float(weight), colour, f'gate of {c}: {weight:.2f}')}</td>"
            f"<td>{weight:.2f}</td>"
            f"<td>{_bar(0.5, 0.5 * float(value) / largest, colour, f'{c}: {value:+.2f} bits')}</td>"
            f"<td>{value:+.2f}</td></tr>"
        )
    whole = float(bits.sum())
    head = "".join(
        f'<th scope="col" colspan="2" style="text-align:left">{text}</th>'
        for text in ("component", "gate weight", "contribution to the predicted class, bits")
    )
    return (
        '<table style="color:inherit;background:transparent;font-variant-numeric:tabular-nums">'
        f'<caption style="text-align:left;color:inherit">{title}</caption><thead><tr>{head}</tr>'
        f"</thead><tbody>{''.join(rows)}</tbody><tfoot><tr><td colspan='5' "
        f"style='text-align:right'>sum, the logit of the predicted class</td><td>{whole:+.2f}</td>"
        "</tr></tfoot></table>"
    )


def _bar(start: float, length: float, colour: str, title: str) -> str:
    """A bar from ``start`` over ``length``, both as shares of the width; ``length`` may be below
    0."""
    left = min(start, start + length) * _BAR_WIDTH
    return (
        f'<svg role="img" width="{_BAR_WIDTH}" height="{_BAR_HEIGHT}" style="color:inherit">'
        f"<title>{title}</title>"
        f'<rect x="{left:.1f}" y="1" width="{abs(length) * _BAR_WIDTH:.1f}" '
        f'height="{_BAR_HEIGHT - 2}" fill="{colour}"/>'
        f'<line x1="{start * _BAR_WIDTH + 0.5:.1f}" x2="{start * _BAR_WIDTH + 0.5:.1f}" y1="0" '
        f'y2="{_BAR_HEIGHT}" stroke="currentColor"/></svg>'
    )


# --- exact decomposition of a distribution -------------------------------------------------


def pid(
    p: Pmf | ArrayLike | Mapping[Any, Any] | Sequence[Any], measure: Measure = "broja"
) -> discrete.Decomposition:
    """The exact partial information decomposition of a distribution p(x1, x2, y).

    ``R + U1 = I(x1;y)``, ``R + U2 = I(x2;y)``, ``R + U1 + U2 + S = I(x1,x2;y)`` (Williams and
    Beer, 2010). This is a property of a distribution and not what a model's gate shows.

    Parameters
    ----------
    p
        An array (A, B, K) of probabilities p[x1, x2, y]; a ``Pmf``; a mapping
        ``{(x1, x2, y): probability}``; or pairs ``[((x1, x2, y), probability), ...]`` as in the
        files of ``dmil pid``.
    measure
        Definition of redundancy: ``broja``, ``imin``, ``immi``, ``iccs`` or ``fl``.

    Returns
    -------
    discrete.Decomposition
        ``r``, ``u1``, ``u2``, ``s``, ``i1``, ``i2``, ``i12`` in nats; ``.bits`` is the same in
        bits.

    Raises
    ------
    DataError
        If it is no distribution over x1, x2 and y.
    ConfigError
        If there is no such measure.
    """
    return discrete.decompose(_distribution(p), measure)


def pointwise_pid(
    p: Pmf | ArrayLike | Mapping[Any, Any] | Sequence[Any], definition: Definition = "same-sign"
) -> pd.DataFrame:
    """The pointwise decomposition of every (x1, x2, y) that can occur, in nats.

    Parameters
    ----------
    p
        As for :func:`pid`.
    definition
        Of pointwise redundancy: ``same-sign``, ``ccs`` or ``lsmi``.

    Returns
    -------
    DataFrame
        x1, x2, y, p, and i1, i2, i12, r, u1, u2, s in nats. Single values can be negative.

    Raises
    ------
    DataError
        If it is no distribution over x1, x2 and y.
    ConfigError
        If there is no such definition.
    """
    return discrete.realisations(_distribution(p), definition)


def _distribution(p: Any) -> Any:
    """Mappings and pairs as a Pmf; anything else is taken for an array."""
    if isinstance(p, Mapping):
        p = p["pmf"] if set(p) == {"pmf"} else list(p.items())
    if isinstance(p, list | tuple) and p and all(_is_pair(entry) for entry in p):
        return from_pairs(p)
    return p


def _is_pair(entry: Any) -> bool:
    """Whether this is ((x1, x2, y), p) rather than a plane of an array, whose rows are alike."""
    return (
        isinstance(entry, list | tuple)
        and len(entry) == 2
        and isinstance(entry[0], list | tuple)
        and not isinstance(entry[1], list | tuple | np.ndarray)
    )
