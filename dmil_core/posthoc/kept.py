"""External checkpoints that carry their model as a file of ONNX: it is loaded and evaluated."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy.special import softmax

from dmil_core import schema
from dmil_core.checkpoint import Run, as_new_rows, for_prediction, read_onnx, read_run
from dmil_core.data.catalog import load_dataset
from dmil_core.data.dataset import Dataset
from dmil_core.errors import CheckpointError
from dmil_core.inference.rows import row_columns
from dmil_core.partial_information.pmf import Floats
from dmil_core.posthoc.function import Function
from dmil_core.posthoc.onnx import Bounds, OnnxModel
from dmil_core.posthoc.values import outputs_of

#: The file may be a stranger's.
BOUNDS: Final = Bounds()


@dataclass(frozen=True, eq=False)
class External:
    """The model of an external checkpoint; the callable that :func:`dmil_core.explain` takes.

    Attributes
    ----------
    run : the checkpoint.
    f : its model.
    """

    run: Run
    f: OnnxModel

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes in the order of the columns."""
        return self.run.classes

    def __call__(self, *inputs: Any) -> Floats:
        """(N, K) logits or probabilities of rows of each input."""
        result: Floats = self.f(*inputs)
        return result

    def matched(self, data: Dataset | str | Path) -> Dataset:
        """The data set with the classes of the model, in its order; see :func:`dmil_core.explain`.

        Raises
        ------
        CheckpointError
            If shapes or kinds of the data are not those of the data of the checkpoint.
        """
        if isinstance(data, Dataset):
            return for_prediction(self.run, data)
        return as_new_rows(
            self.run, for_prediction(self.run, load_dataset(data, purpose="predict"))
        )

    def predict(self, dataset: Dataset) -> pd.DataFrame:
        """The prediction table of the rows of a data set, without what single inputs say.

        Raises
        ------
        CheckpointError
            If the model does not fit the data, or returns anything but numbers for its classes.
        ConfigError
            If it takes more time or memory than it may.
        """
        dataset = self.matched(dataset)
        rows = np.arange(len(dataset))
        raw = outputs_of(self.f, dataset.inputs, rows)
        if raw.shape[1] != len(self.classes):
            raise CheckpointError(
                f"{self.run.folder}: the model returns {raw.shape[1]} columns, expected one for "
                f"each of {len(self.classes)} classes"
            )
        logits = Function.of(self.f, raw).scores(raw)
        columns = row_columns(dataset, rows, logits.argmax(axis=1))
        values = softmax(logits, axis=1)
        columns |= {schema.prob(c): values[:, k] for k, c in enumerate(self.classes)}
        columns |= {schema.logit(c): logits[:, k] for k, c in enumerate(self.classes)}
        return pd.DataFrame(columns)


def load_external(folder: str | Path) -> External:
    """The model of an external checkpoint that has one.

    Nothing of it is executed but operators of onnxruntime; its memory and time are bounded.

    Raises
    ------
    CheckpointError
        If the checkpoint has no model, or is damaged.
    ConfigError
        If onnxruntime is not installed, or the model needs operators that it has not.
    DataError
        If the file is no model of ONNX.
    """
    run = read_run(Path(folder))
    content = read_onnx(run)
    return External(run, OnnxModel(str(run.onnx), content, run.onnx_output, BOUNDS))
