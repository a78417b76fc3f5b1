"""Small models as files of ONNX."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

RNG = np.random.default_rng(0)
W1, W2 = RNG.normal(size=(2, 3, 2)).astype(np.float32)


def tensor(name: str, width: int) -> Any:
    """A batch of rows of so many numbers."""
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", width])


def label(name: str = "label") -> Any:
    """A whole number for each row."""
    return helper.make_tensor_value_info(name, TensorProto.INT64, ["n"])


def save(
    path: Path, nodes: Sequence[Any], outputs: Sequence[Any], weights: Sequence[Any] = (),
    inputs: Sequence[Any] = (), functions: Sequence[Any] = (), domains: Sequence[str] = ("",),
) -> Path:  # fmt: skip
    """A model of x1 and x2, three numbers each, of these operators."""
    given = list(inputs) or [tensor("x1", 3), tensor("x2", 3)]
    graph = helper.make_graph(list(nodes), "test", given, list(outputs), list(weights))
    sets = [helper.make_opsetid(domain, 1 if domain else 17) for domain in domains]
    model = helper.make_model(graph, opset_imports=sets, ir_version=9, functions=list(functions))
    path.write_bytes(model.SerializeToString())
    return path


def late_fusion(path: Path, crossed: float = 0.0, **changes: Any) -> Path:
    """logits = x1 W1 + x2 W2 + crossed * (x1 W1) (x2 W2), written as a file of ONNX."""
    weights = [
        numpy_helper.from_array(v, n)
        for n, v in (("w1", W1), ("w2", W2), ("c", np.float32(crossed).reshape(1)))
    ]
    nodes = [
        helper.make_node("MatMul", ["x1", "w1"], ["a"]),
        helper.make_node("MatMul", ["x2", "w2"], ["b"]),
        helper.make_node("Add", ["a", "b"], ["sum"]),
        helper.make_node("Mul", ["a", "b"], ["product"]),
        helper.make_node("Mul", ["product", "c"], ["scaled"]),
        helper.make_node("Add", ["sum", "scaled"], ["logits"]),
        helper.make_node("ArgMax", ["logits"], ["label"], axis=1, keepdims=0),
    ]
    outputs = changes.pop("outputs", [label(), tensor("logits", 2)])
    return save(path, nodes, outputs, weights, **changes)


def crossing(path: Path, first: Any, second: Any, shifts: Sequence[Any] = (0.0, 0.0)) -> Path:
    """logits = 1 + a b with a = (x1 - shift) W1 and b = (x2 - shift) W2, of any widths."""
    arrays = [
        numpy_helper.from_array(np.asarray(v, np.float32), n)
        for n, v in (("w1", first), ("w2", second), ("one", 1.0),
                     ("s1", shifts[0]), ("s2", shifts[1]))
    ]  # fmt: skip
    nodes = [
        helper.make_node("Sub", ["x1", "s1"], ["d1"]),
        helper.make_node("Sub", ["x2", "s2"], ["d2"]),
        helper.make_node("MatMul", ["d1", "w1"], ["a"]),
        helper.make_node("MatMul", ["d2", "w2"], ["b"]),
        helper.make_node("Mul", ["a", "b"], ["c"]),
        helper.make_node("Add", ["c", "one"], ["logits"]),
    ]
    inputs = [tensor("x1", len(first)), tensor("x2", len(second))]
    return save(path, nodes, [tensor("logits", len(first[0]))], arrays, inputs)


def without_end(path: Path) -> Path:
    """A model that repeats an operator 10^15 times."""
    truth = helper.make_tensor_value_info("go", TensorProto.BOOL, [])
    count = helper.make_tensor_value_info("i", TensorProto.INT64, [])
    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["on"]), helper.make_node("Identity", ["v"], ["w"])],
        "body",
        [count, truth, tensor("v", 2)],
        [helper.make_tensor_value_info("on", TensorProto.BOOL, []), tensor("w", 2)],
    )
    nodes = [
        helper.make_node("MatMul", ["x1", "w1"], ["a"]),
        helper.make_node("Loop", ["times", "true", "a"], ["b"], body=body),
        helper.make_node("MatMul", ["x2", "w2"], ["c"]),
        helper.make_node("Add", ["b", "c"], ["logits"]),
    ]
    weights = {"w1": W1, "w2": W2, "times": np.array(10**15), "true": np.array(True)}
    arrays = [numpy_helper.from_array(v, n) for n, v in weights.items()]
    return save(path, nodes, [tensor("logits", 2)], arrays)


def without_bounds(path: Path, numbers: int = 10**9) -> Path:
    """A model that needs memory for so many numbers."""
    nodes = [
        helper.make_node("ConstantOfShape", ["shape"], ["zeros"]),
        helper.make_node("ReduceMax", ["zeros"], ["zero"], keepdims=0),
        helper.make_node("MatMul", ["x1", "w1"], ["a"]),
        helper.make_node("MatMul", ["x2", "w2"], ["b"]),
        helper.make_node("Sum", ["a", "b", "zero"], ["logits"]),
    ]
    weights = {"w1": W1, "w2": W2, "shape": np.array([numbers])}
    arrays = [numpy_helper.from_array(v, n) for n, v in weights.items()]
    return save(path, nodes, [tensor("logits", 2)], arrays)
