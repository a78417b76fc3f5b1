"""An ONNX file of two to four inputs as the callable that ``explain`` takes.

A file of ONNX is data: operators that onnxruntime knows, and numbers. No code of the file is run,
and nothing but the file itself is read. A file that a checkpoint carries may be a stranger's, so
that it gets a bound on memory and time as well.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dmil_core.errors import ConfigError, DataError
from dmil_core.io.reading import MIB, brief, parsing, read_checked

#: Of the name of a file.
ENDING: Final = ".onnx"
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
#: Sets of operators that onnxruntime brings; operators of others need code.
DOMAINS: Final = frozenset({"", "ai.onnx", "ai.onnx.ml", "com.microsoft"})
#: Of ``com.microsoft``, operators whose attributes name files or code.
_REFUSED: Final = frozenset({"EPContext", "PythonOp", "PythonOpGrad", "ATen"})


@dataclass(frozen=True)
class Bounds:
    """What a model of a stranger may take.

    Attributes
    ----------
    seconds : of one call.
    rows : that are evaluated at a time.
    memory : bytes of all bounded models of this process together, weights included.
    """

    seconds: float = 20.0
    rows: int = 256
    memory: int = 2048 * MIB


class OnnxModel:
    """The model of an ONNX file, called with a batch of each of its inputs, on the CPU.

    Attributes
    ----------
    where : what messages call the file.
    content : of the file.
    output : name of the output that a call returns.
    """

    def __init__(
        self, where: str, content: bytes, output: str | None = None, bounds: Bounds | None = None
    ) -> None:
        """From the content of a file; errors as of :func:`of_onnx`."""
        self.where, self.content, self._bounds = where, content, bounds
        self._session = _session(where, content, bounds)
        inputs = self._session.get_inputs()
        if not 2 <= len(inputs) <= 4:
            names = ", ".join(i.name for i in inputs[:6])
            raise ConfigError(f"{where}: expected a model of two to four inputs, got {names}")
        if odd := [f"{i.name} ({i.type})" for i in inputs if i.type not in _TYPES]:
            raise ConfigError(f"{where}: expected inputs that are tensors, got {odd[0]}")
        self._inputs = {i.name: _TYPES[i.type] for i in inputs}
        self.output = _output(where, self._session.get_outputs(), output)

    def __repr__(self) -> str:
        return f"<model of {self.where}: {', '.join(self._inputs)} -> {self.output}>"

    def __call__(self, *batches: Any) -> NDArray[Any]:
        """(n, K) numbers of the output.

        Raises
        ------
        ConfigError
            If the model does not take these inputs, or more time or memory than it may.
        """
        if len(batches) != len(self._inputs):
            raise ConfigError(
                f"{self.where} has {len(self._inputs)} inputs, the data {len(batches)}"
            )
        feed = {
            name: np.ascontiguousarray(np.asarray(x), dtype=dtype)
            for (name, dtype), x in zip(self._inputs.items(), batches, strict=True)
        }
        return self._run(feed) if self._bounds is None else self._run_bounded(feed, self._bounds)

    def _run(self, feed: dict[str, NDArray[Any]], options: Any = None) -> NDArray[Any]:
        try:
            result: NDArray[Any] = self._session.run([self.output], feed, options)[0]
        except Exception as error:  # shapes and the like, as onnxruntime says it
            shapes = ", ".join(f"{name} {x.shape}" for name, x in feed.items())
            raise ConfigError(
                f"{self.where}: the model did not take rows of {shapes} ({brief(str(error))})"
            ) from None
        return result

    def _run_bounded(self, feed: dict[str, NDArray[Any]], bounds: Bounds) -> NDArray[Any]:
        """In batches, until the time is up."""
        import onnxruntime

        options = onnxruntime.RunOptions()
        options.log_severity_level = 4
        timer = threading.Timer(bounds.seconds, setattr, (options, "terminate", True))
        timer.daemon = True
        timer.start()
        rows = len(next(iter(feed.values())))
        parts = []
        try:
            for start in range(0, max(rows, 1), bounds.rows):
                some = slice(start, start + bounds.rows)
                part = self._run({name: x[some] for name, x in feed.items()}, options)
                if part.shape[:1] != (len(range(rows)[some]),):
                    raise ConfigError(
                        f"{self.where}: expected an output with a row for each of the rows, got "
                        f"{part.shape}"
                    )
                parts.append(part)
        except ConfigError:
            if options.terminate:
                raise ConfigError(
                    f"{self.where}: the model took longer than the {bounds.seconds:g} s that a "
                    "call may take"
                ) from None
            raise
        finally:
            timer.cancel()
        return np.concatenate(parts)


def of_onnx(path: str | Path, output: str | None = None) -> OnnxModel:
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
        If onnxruntime is not installed, or the model has other inputs, outputs or operators.
    DataError
        If the file cannot be read, is none, or has its numbers in other files.
    """
    _check_installed(str(path))
    try:
        content = read_checked(
            Path(path), MAX_BYTES, advice="Export the model again", follow_links=True
        )
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such file") from None
    return OnnxModel(str(path), content, output)


def _check_installed(where: str) -> None:
    """Refuse to go on without the packages.

    Raises
    ------
    ConfigError
        Saying what to install.
    """
    if missing := [name for name in ("onnx", "onnxruntime") if find_spec(name) is None]:
        raise ConfigError(
            f"{where}: models of ONNX need {' and '.join(missing)}, which the core alone does not "
            "install: pip install 'dmil-explorer[onnx]'"
        )


def check_content(where: str, content: bytes) -> None:
    """Refuse a file with numbers in other files, or with operators that need code.

    Raises
    ------
    ConfigError, DataError
        Naming what is refused.
    """
    import onnx

    with parsing(where, "a model of ONNX", advice="Export the model again"):
        model = onnx.load_model_from_string(content)
    if not model.graph.node:
        raise DataError(f"{where}: expected a model of ONNX, got a file without operators")
    own = {f.domain for f in model.functions}
    for message in _messages(model):
        if isinstance(message, onnx.TensorProto) and (
            message.data_location == onnx.TensorProto.EXTERNAL or message.external_data
        ):
            raise DataError(
                f"{where}: the numbers of {message.name[:80]!r} are in another file, and no other "
                "file is read. Export the model into a single file, with "
                "torch.onnx.export(..., external_data=False) or onnx.save(onnx.load(path), path)"
            )
        if not isinstance(message, onnx.NodeProto):
            continue
        if message.domain not in DOMAINS | own or message.op_type in _REFUSED:
            name = f"{message.domain}.{message.op_type}".lstrip(".")[:80]
            raise ConfigError(
                f"{where}: the operator {name!r} would need code that is not in onnxruntime, and "
                "no code is loaded. Export the model with the operators of ONNX"
            )


def _messages(message: Any) -> Iterator[Any]:
    """A message of protobuf and all that are in it: graphs in operators, tensors in attributes."""
    yield message
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        for inner in [value] if hasattr(value, "ListFields") else value:
            yield from _messages(inner)


def _session(where: str, content: bytes, bounds: Bounds | None) -> Any:
    _check_installed(where)
    import onnxruntime

    check_content(where, content)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what goes wrong comes as an exception
    disabled: list[str] | None = None
    if bounds is not None:
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        # Operators are run when the model is called, and not when it is loaded.
        disabled = ["ConstantFolding"]
        _bound_memory(bounds.memory)
        options.add_session_config_entry("session.use_env_allocators", "1")
    try:
        return onnxruntime.InferenceSession(
            content,
            options,
            providers=["CPUExecutionProvider"],
            disabled_optimizers=disabled,
            enable_fallback=0,
        )
    except Exception as error:  # onnxruntime raises types of its own
        raise DataError(f"{where}: expected a model of ONNX ({brief(str(error))})") from None


_allocator = threading.Lock()
_allocated = False


def _bound_memory(most: int) -> None:
    """Give all bounded models of this process one allocator, which refuses more than so many
    bytes."""
    global _allocated
    import onnxruntime

    with _allocator:
        if _allocated:
            return
        kind = onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR
        about = onnxruntime.OrtMemoryInfo("Cpu", kind, 0, onnxruntime.OrtMemType.DEFAULT)
        # Extended by what is asked for (1): the default, twice as much each time, keeps far more.
        settings = onnxruntime.OrtArenaCfg({"max_mem": most, "arena_extend_strategy": 1})
        onnxruntime.create_and_register_allocator(about, settings)
        _allocated = True


def _output(where: str, outputs: Any, name: str | None) -> str:
    """The name of the output with logits or probabilities."""
    floats = [o.name for o in outputs if o.type in _FLOATS]
    if name is not None:
        if name not in floats:
            raise ConfigError(f"{where}: no output {name!r} of numbers; it has {', '.join(floats)}")
        return name
    likely = [n for n in floats if "prob" in n.lower() or "logit" in n.lower()]
    for found in (floats, likely):
        if len(found) == 1:
            return str(found[0])
    if not floats:
        types = ", ".join(f"{o.name} ({o.type})" for o in outputs)
        raise ConfigError(
            f"{where}: expected an output of numbers (n, K), got {types}. Export a classifier of "
            "scikit-learn with options={'zipmap': False}"
        )
    raise ConfigError(f"{where}: several outputs ({', '.join(floats)}); name one")
