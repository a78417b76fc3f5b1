"""Batch inference: a model and a data set to one tidy prediction table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import nn

from dmil_core import schema
from dmil_core.config import ModelConfig
from dmil_core.data.dataset import Dataset
from dmil_core.errors import CheckpointError
from dmil_core.inference.rows import row_columns
from dmil_core.models.inputs import blanked, inputs
from dmil_core.models.outputs import DmilOutput, Output
from dmil_core.schema import modality_numbers

BATCH_ROWS = 2048

Block = tuple[list[str], NDArray[np.float32]]


def predict(
    model: nn.Module,
    config: ModelConfig,
    dataset: Dataset,
    rows: NDArray[Any] | None = None,
    *,
    latents: bool = False,
    batch_rows: int = BATCH_ROWS,
) -> pd.DataFrame:
    """Run a model over rows of a data set.

    Parameters
    ----------
    model
        A network of :mod:`dmil_core.models`; it is set to evaluation mode and runs on its device.
    config
        What the model was built from, which decides how its inputs are prepared.
    dataset
        A data set that fits the model; see :func:`dmil_core.checkpoint.for_prediction`.
    rows
        (N,) indices of rows; all rows by default.
    latents
        Whether to add the posterior mean of every latent.
    batch_rows
        Rows of a forward pass; the table does not depend on it.

    Returns
    -------
    pandas.DataFrame
        N rows, in the order of ``rows``:

        - the columns of ``schema.ROW_COLUMNS`` (id, split, y, pred, correct), and
          ``interaction_type`` where the data set knows it; of a row of no known class ``y`` is
          the label it was given or empty, and ``correct`` is missing;
        - ``p_<class>``, probabilities from 0 to 1, and ``logit_<class>``, in nats;
        - with unimodal heads ``pred_x<m>`` and ``px<m>_<class>``;
        - with a decomposition ``pred_<component>``, ``gate_<component>`` (0 to 1, sum 1) and
          ``contrib_<component>_<class>`` in nats, gate times component logits, whose sum over
          components is ``logit_<class>``. For a component that an ablation lacks, gate and
          contribution are 0 and ``pred`` is empty;
        - with ``latents``, a column for each dimension of each latent.

    Raises
    ------
    CheckpointError
        If logits, gates or latents are NaN or infinite.
    """
    rows = np.arange(len(dataset)) if rows is None else np.asarray(rows)
    classes = list(dataset.classes)
    heads: dict[str, NDArray[np.int64]] = {}
    blocks: list[Block] = []
    done = 0
    # Of an output only what the table has is kept: latents and draws are many times as large.
    for output in _outputs(model, config, dataset, rows, batch_rows):
        here = slice(done, done + len(output.logits))
        found, picked = _blocks(output, classes, latents), _predicted(output)
        if not blocks:
            blocks = [(n, np.empty((len(rows), len(n)), np.float32)) for n, _ in found]
            heads = {name: np.empty(len(rows), np.int64) for name in picked}
        for (_, whole), (_, values) in zip(blocks, found, strict=True):
            whole[here] = values
        for name, index in picked.items():
            heads[name][here] = index
        done = here.stop
    names = np.append(np.asarray(dataset.classes, dtype=object), "")
    table = row_columns(dataset, rows, heads.pop("pred"))
    numbers = [pd.DataFrame(values, columns=columns) for columns, values in blocks]
    named = {name: names[index] for name, index in heads.items()}
    return pd.concat([pd.DataFrame({**table, **named}), *numbers], axis=1)


def _outputs(
    model: nn.Module, config: ModelConfig, dataset: Dataset, rows: NDArray[Any], size: int
) -> Iterator[Output]:
    model.eval()
    device = next(model.parameters()).device
    for start in range(0, max(len(rows), 1), size):
        some = rows[start : start + size]
        batch = blanked(model, dataset, some, inputs(dataset, some, config))
        with torch.inference_mode():
            output = model(*(x.to(device) for x in batch))
        _check_finite(output, dataset, rows[start : start + size])
        yield output


def _check_finite(output: Output, dataset: Dataset, rows: NDArray[Any]) -> None:
    """Refuse an output that is NaN or infinite: no prediction can be made of it."""
    tensors = {"logits": output.logits, "unimodal logits": output.unimodal}
    if isinstance(output, DmilOutput):
        tensors |= {"gate": output.gate, "logits of the components": output.components}
        tensors["explained_logits"] = output.explained_logits
    tensors |= {f"latent {name}": values for name, values in output.latents.items()}
    for name, values in tensors.items():
        if values is None or values.isfinite().all():
            continue
        odd = ~values.isfinite().reshape(len(values), -1).all(dim=1).cpu().numpy()
        first = str(dataset.ids[rows[odd][0]])[:60]
        raise CheckpointError(
            f"the {name} of {int(odd.sum()):,} of {len(rows):,} rows of {dataset.name!r} are NaN "
            f"or infinite, the first of id {first!r}, so nothing can be predicted. If only some "
            "rows are concerned, their inputs lie far outside those of the training: correct or "
            "drop them. If all are, the training diverged: train again with a smaller learning "
            "rate"
        )


def _numbers(values: Any) -> NDArray[np.float32]:
    result: NDArray[np.float32] = values.float().cpu().numpy()
    return result


def _predicted(output: Output) -> dict[str, NDArray[Any]]:
    """Class index per row and head, by column name; -1 where the model lacks the component."""
    result = {"pred": _numbers(output.logits).argmax(axis=1)}
    if output.unimodal is not None:
        best = _numbers(output.unimodal).argmax(axis=2)
        numbers = modality_numbers(best.shape[1])
        result.update({schema.unimodal_pred(m): best[:, m - 1] for m in numbers})
    if isinstance(output, DmilOutput):
        best = _numbers(output.components).argmax(axis=2)
        best[:, [c not in output.present for c in output.names]] = -1
        result.update({schema.component_pred(c): best[:, i] for i, c in enumerate(output.names)})
    return result


def _blocks(output: Output, classes: list[str], latents: bool) -> list[Block]:
    logits = _numbers(output.logits)
    blocks: list[Block] = [
        ([schema.prob(c) for c in classes], _softmax(logits)),
        ([schema.logit(c) for c in classes], logits),
    ]
    if output.unimodal is not None:
        unimodal = _softmax(_numbers(output.unimodal))
        for m in modality_numbers(unimodal.shape[1]):
            columns = [schema.unimodal_prob(m, c) for c in classes]
            blocks.append((columns, unimodal[:, m - 1]))
    if isinstance(output, DmilOutput):
        blocks += _decomposition(output, classes)
    if latents:
        blocks += [_latent(name, values) for name, values in output.latents.items()]
    return blocks


def _decomposition(output: DmilOutput, classes: list[str]) -> list[Block]:
    gate = _numbers(output.gate)
    parts = gate[:, :, None] * _numbers(output.components)
    blocks = [([schema.gate(c) for c in output.names], gate)]
    if output.explained_logits is not None:
        explained = _numbers(output.explained_logits.sigmoid())
        blocks.append(([schema.EXPLAINED], explained[:, None]))
    for i, c in enumerate(output.names):
        blocks.append(([schema.contribution(c, k) for k in classes], parts[:, i]))
    return blocks


def _latent(name: str, values: Any) -> Block:
    numbers = _numbers(values)
    return [schema.latent(name, i) for i in range(numbers.shape[1])], numbers


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)
