"""An ONNX file of two to four inputs as the callable that ``explain`` takes.

A file of ONNX is data: operators that onnxruntime knows, and numbers. No code of the file is run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dmil_core.errors import ConfigError, DataError
from dmil_core.io.reading import brief, read_checked
from dmil_core.posthoc.function import Predict

#: Largest file that is read, in bytes.
MAX_BYTES: Final = 2 * 1024**3
#: Types of tensors as ONNX names them.
_TYPES: Final[dict[str, np.dtype[Any]]] = {
    "tensor(float)": np.dtype(np.float32),
    "tensor(double)": np.dtype(np.float64),
    "tensor(float16)": np.dtype(np.float16),
    "tensor(int64)": np.dtype(np.int64),
    "tensor(int32)": np.dtype(np.int32),
    "tensor(uint8)": np.dtype(np.uint8),
    "tensor(bool)": np.dtype(np.bool_),
    "tensor(string)": np.dtype(object),
}
_FLOATS: Final = ("tensor(float)", "tensor(double)", "tensor(float16)")


def of_onnx(path: str | Path, output: str | None = None) -> Predict:
    """The model of an ONNX file, called with a batch of each of its inputs, on the CPU.

    Parameters
    ----------
    path
        Of the file; its inputs stand in the order of those of the data.
    output
        Name of the output with (n, K) logits or probabilities; by default the only output of
        floating-point numbers, or the one named like one of these.

    Raises
    ------
    ConfigError
        If onnxruntime is not installed, or the model has other inputs or outputs.
    DataError
        If the file cannot be read, or is none.
    """
    try:
        import onnxruntime
    except ImportError:
        raise ConfigError(
            f"{path}: models of ONNX need onnxruntime, which is not installed: "
            "pip install 'dmil-explorer[onnx]'"
        ) from None
    try:
        content = read_checked(Path(path), MAX_BYTES, advice="Export the model again")
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such file") from None
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what goes wrong comes as an exception
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises types of its own
        raise DataError(f"{path}: expected a model of ONNX ({brief(str(error))})") from None
    inputs = session.get_inputs()
    if not 2 <= len(inputs) <= 4:
        names = ", ".join(i.name for i in inputs[:6])
        raise ConfigError(f"{path}: expected a model of two to four inputs, got {names}")
    if odd := [f"{i.name} ({i.type})" for i in inputs if i.type not in _TYPES]:
        raise ConfigError(f"{path}: expected inputs that are tensors, got {odd[0]}")
    wanted = _output(str(path), session.get_outputs(), output)

    def predict(*batches: Any) -> NDArray[Any]:
        if len(batches) != len(inputs):
            raise ConfigError(f"{path} has {len(inputs)} inputs, the data {len(batches)}")
        feed = {
            i.name: np.ascontiguousarray(np.asarray(x), dtype=_TYPES[i.type])
            for i, x in zip(inputs, batches, strict=True)
        }
        try:
            result: NDArray[Any] = session.run([wanted], feed)[0]
        except Exception as error:  # shapes and the like, as onnxruntime says it
            shapes = ", ".join(f"{name} {x.shape}" for name, x in feed.items())
            raise ConfigError(
                f"{path}: the model did not take rows of {shapes} ({brief(str(error))})"
            ) from None
        return result

    return predict


def _output(path: str, outputs: Any, name: str | None) -> str:
    """The name of the output with logits or probabilities."""
    floats = [o.name for o in outputs if o.type in _FLOATS]
    if name is not None:
        if name not in floats:
            raise ConfigError(f"{path}: no output {name!r} of numbers; it has {', '.join(floats)}")
        return name
    likely = [n for n in floats if "prob" in n.lower() or "logit" in n.lower()]
    for found in (floats, likely):
        if len(found) == 1:
            return str(found[0])
    if not floats:
        types = ", ".join(f"{o.name} ({o.type})" for o in outputs)
        raise ConfigError(
            f"{path}: expected an output of numbers (n, K), got {types}. Export a classifier of "
            "scikit-learn with options={'zipmap': False}"
        )
    raise ConfigError(f"{path}: several outputs ({', '.join(floats)}); name one")
