"""A model of ONNX answers as the network that it was made of, and what it cannot do is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

import dmil_core as dmil
from dmil_core.cli import main
from dmil_core.errors import ConfigError, DataError
from dmil_core.io.tables import read_table
from dmil_core.posthoc.onnx import of_onnx

RNG = np.random.default_rng(0)
W1, W2 = RNG.normal(size=(2, 3, 2)).astype(np.float32)


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
    inputs = changes.get("inputs", [_tensor("x1", 3), _tensor("x2", 3)])
    label = helper.make_tensor_value_info("label", TensorProto.INT64, ["n"])
    outputs = changes.get("outputs", [label, _tensor("logits", 2)])
    graph = helper.make_graph(nodes, "late fusion", inputs, outputs, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, str(path))
    return path


def _tensor(name: str, width: int) -> Any:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", width])


def rows(n: int = 300) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rng = np.random.default_rng(1)
    return rng.normal(size=(n, 3)), rng.normal(size=(n, 3))


def test_it_answers_as_the_network_does(tmp_path: Path) -> None:
    x1, x2 = rows()
    a, b = x1 @ W1, x2 @ W2
    f = of_onnx(late_fusion(tmp_path / "m.onnx", crossed=0.7))
    np.testing.assert_allclose(f(x1, x2), a + b + 0.7 * a * b, atol=1e-4)


@pytest.mark.parametrize("crossed", [0.0, 0.7])
def test_what_is_additive_has_no_interaction(tmp_path: Path, crossed: float) -> None:
    x1, x2 = rows()
    y = (x1 @ W1 + x2 @ W2).argmax(axis=1)
    f = of_onnx(late_fusion(tmp_path / "m.onnx", crossed=crossed))
    found = dmil.explain(f, x1, x2, y=y, partners=40)
    np.testing.assert_allclose(
        found.frame["residual"].abs().max() < 1e-4, crossed == 0.0, err_msg=str(crossed)
    )
    assert (found.interaction_share < 0.01) == (crossed == 0.0)


def test_the_command_takes_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    x1, x2 = rows()
    y = (x1 @ W1 + x2 @ W2).argmax(axis=1)
    np.savez(tmp_path / "data.npz", x1=x1, x2=x2, y=y)
    model = late_fusion(tmp_path / "m.onnx")
    line = ["explain", "--model", model, "--data", tmp_path / "data.npz", "--out", tmp_path / "o"]
    assert main([*map(str, line), "--partners", "20", "--quiet"]) == 0
    assert "accuracy: 1.000" in capsys.readouterr().out
    assert read_table(tmp_path / "o" / "samples.parquet")["correct"].all()


def test_what_cannot_be_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        of_onnx(tmp_path / "none.onnx")
    (tmp_path / "no.onnx").write_bytes(b"no model")
    with pytest.raises(DataError, match="expected a model of ONNX"):
        of_onnx(tmp_path / "no.onnx")
    path = late_fusion(tmp_path / "m.onnx")
    x1, x2 = rows(4)
    with pytest.raises(ConfigError, match="has 2 inputs, the data 3"):
        of_onnx(path)(x1, x2, x2)
    with pytest.raises(ConfigError, match="did not take rows of"):
        of_onnx(path)(x1[:, :2], x2)
    with pytest.raises(ConfigError, match="no output 'scores'"):
        of_onnx(path, output="scores")
    label = helper.make_tensor_value_info("label", TensorProto.INT64, ["n"])
    with pytest.raises(ConfigError, match="zipmap"):
        of_onnx(late_fusion(tmp_path / "l.onnx", outputs=[label]))
    several = [_tensor("logits", 2), _tensor("sum", 2)]
    np.testing.assert_allclose(
        of_onnx(late_fusion(tmp_path / "s.onnx", outputs=several))(x1, x2), x1 @ W1 + x2 @ W2,
        atol=1e-4,
    )  # fmt: skip
