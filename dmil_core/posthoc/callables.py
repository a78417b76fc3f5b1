"""A torch module, a scikit-learn estimator or an ONNX file as the callable that ``explain`` takes.

The libraries are loaded only when such a model is wrapped.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dmil_core.errors import ConfigError
from dmil_core.io.paths import named_path
from dmil_core.posthoc.function import Predict
from dmil_core.posthoc.onnx import ENDING, of_onnx

if TYPE_CHECKING:
    from torch import Tensor, nn


def of_torch(module: nn.Module, pick: Callable[[Any], Any] | None = None) -> Predict:
    """A torch module, called with one tensor of each input, on the device of its parameters.

    It runs in evaluation mode without gradients, and is left in the mode it was in. Arrays of float
    64 become float 32 where the parameters are; whole numbers stay, for embeddings.

    Parameters
    ----------
    module
        ``module(x1, x2, ...)`` returns (n, K) logits, probabilities or values; an object with
        ``logits`` is taken at that.
    pick
        What of the module's output is meant, where it is something else.
    """
    import torch

    weight = next((p for p in module.parameters() if p.is_floating_point()), torch.zeros(0))

    def tensor(x: Any) -> Any:
        if isinstance(x, np.ndarray) and x.dtype.kind in "fiub":
            x = torch.from_numpy(np.ascontiguousarray(x))
        if not isinstance(x, torch.Tensor):
            return x
        return x.to(weight.device, weight.dtype if x.is_floating_point() else x.dtype)

    def predict(*inputs: Any) -> Tensor:
        was_training = module.training
        module.eval()
        try:
            with torch.inference_mode():
                out = module(*map(tensor, inputs))
        finally:
            module.train(was_training)
        out = pick(out) if pick is not None else getattr(out, "logits", out)
        return out

    return predict


def of_sklearn(estimator: Any, columns: Sequence[Sequence[str]] | None = None) -> Predict:
    """A scikit-learn classifier or regressor of one table, called with its columns in parts.

    Parameters
    ----------
    estimator
        Fitted; of a classifier ``predict_proba`` is called, else ``predict``. A pipeline may begin
        with a ``ColumnTransformer``. Inputs may be sparse matrices.
    columns
        Names of the columns of each input, where the estimator was fitted to a table with names
        and the inputs are arrays. Inputs that are tables keep their own.

    Raises
    ------
    ConfigError
        If it is a classifier without probabilities, or is not fitted to a table.
    """
    if not (hasattr(estimator, "predict_proba") or hasattr(estimator, "predict")):
        raise ConfigError(f"{type(estimator).__name__} has neither predict_proba nor predict")
    if hasattr(estimator, "classes_") and not hasattr(estimator, "predict_proba"):
        raise ConfigError(
            f"{type(estimator).__name__} is a classifier without probabilities; wrap it in "
            "CalibratedClassifierCV"
        )

    def predict(*inputs: Any) -> NDArray[Any]:
        table = _side_by_side(inputs, columns)
        of = estimator.predict_proba if hasattr(estimator, "predict_proba") else estimator.predict
        result: NDArray[Any] = np.asarray(of(table))
        return result

    return predict


def _side_by_side(inputs: Sequence[Any], columns: Sequence[Sequence[str]] | None) -> Any:
    import pandas as pd
    from scipy.sparse import hstack, issparse

    if any(map(issparse, inputs)):
        return hstack([x if issparse(x) else _flat(x) for x in inputs]).tocsr()
    if columns is None and not any(isinstance(x, pd.DataFrame) for x in inputs):
        return np.concatenate([_flat(x) for x in inputs], axis=1)
    tables = []
    for i, x in enumerate(inputs):
        if isinstance(x, pd.DataFrame):
            tables.append(x.reset_index(drop=True))
            continue
        values = _flat(x)
        names = [] if columns is None or i >= len(columns) else list(columns[i])
        if len(names) != values.shape[1]:
            raise ConfigError(
                f"input {i + 1} has {values.shape[1]} columns; expected names for as many, got "
                f"{len(names)}"
            )
        tables.append(pd.DataFrame(values, columns=names))
    return pd.concat(tables, axis=1)


def _flat(x: Any) -> NDArray[Any]:
    values = np.asarray(x)
    return values.reshape(len(values), -1)


def wrapped(model: Any) -> Predict:
    """A torch module, a scikit-learn estimator or the path of an ONNX file as a callable; other
    callables as they are.

    Raises
    ------
    ConfigError
        If it is none of these.
    DataError
        If the file cannot be read.
    """
    if isinstance(model, str | Path) and str(model).lower().endswith(ENDING):
        return of_onnx(named_path(model))
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(model, torch.nn.Module):
        return of_torch(model)
    if not callable(model) and hasattr(model, "predict"):
        return of_sklearn(model)
    if not callable(model):
        got = repr(str(model)[:80]) if isinstance(model, str | Path) else type(model).__name__
        raise ConfigError(
            f"the model is {got}; expected a function f(x1, x2, ...), a torch module, a fitted "
            f"scikit-learn estimator or the path of a file that ends in {ENDING}. dmil.load gives "
            "a checkpoint of ours"
        )
    predict: Predict = model
    return predict
