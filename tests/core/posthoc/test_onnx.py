"""A model of ONNX answers as the network that it was made of, and what it cannot do is said."""

from __future__ import annotations

import resource
import time
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

import dmil_core as dmil
from dmil_core.cli import main
from dmil_core.errors import ConfigError, DataError
from dmil_core.io.tables import read_table
from dmil_core.posthoc import onnx as door
from dmil_core.posthoc.onnx import Bounds, OnnxModel, of_onnx
from tests.core.onnx_files import (
    W1,
    W2,
    label,
    late_fusion,
    save,
    tensor,
    without_bounds,
    without_end,
)


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
    found = dmil.explain(late_fusion(tmp_path / "m.onnx", crossed), x1, x2, y=y, partners=40)
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
    with pytest.raises(DataError, match="not a model of ONNX"):
        of_onnx(tmp_path / "no.onnx")
    path = late_fusion(tmp_path / "m.onnx")
    x1, x2 = rows(4)
    with pytest.raises(ConfigError, match="has 2 inputs, the data 3"):
        of_onnx(path)(x1, x2, x2)
    with pytest.raises(ConfigError, match="did not take rows of"):
        of_onnx(path)(x1[:, :2], x2)
    with pytest.raises(ConfigError, match="no output 'scores'"):
        of_onnx(path, output="scores")
    with pytest.raises(ConfigError, match="zipmap"):
        of_onnx(late_fusion(tmp_path / "l.onnx", outputs=[label()]))
    several = [tensor("logits", 2), tensor("sum", 2)]
    np.testing.assert_allclose(
        of_onnx(late_fusion(tmp_path / "s.onnx", outputs=several))(x1, x2), x1 @ W1 + x2 @ W2,
        atol=1e-4,
    )  # fmt: skip


# --- a file of a stranger ----------------------------------------------------------------------


def test_no_other_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither beside it nor elsewhere, nor from a graph inside an operator."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "numbers").write_bytes(W1.tobytes())
    outside = numpy_helper.from_array(W1, "w1")
    outside.ClearField("raw_data")
    outside.data_location = TensorProto.EXTERNAL
    outside.external_data.add(key="location", value="numbers")
    add = helper.make_node("Add", ["a", "b"], ["logits"])
    both = [helper.make_node("MatMul", [f"x{m}", f"w{m}"], [n]) for m, n in ((1, "a"), (2, "b"))]
    second = numpy_helper.from_array(W2, "w2")
    constant = helper.make_node("Constant", [], ["w1"], value=outside)
    for nodes, weights in (([*both, add], [outside, second]), ([constant, *both, add], [second])):
        path = save(tmp_path / "m.onnx", nodes, [tensor("logits", 2)], weights)
        with pytest.raises(DataError, match=r"numbers of 'w1' are in another file.*external_data"):
            of_onnx(path)


def test_operators_that_need_code_are_refused(tmp_path: Path) -> None:
    """Also where a branch has them; not those that the file makes of others."""
    weights = [numpy_helper.from_array(W1, "w1")]
    out = [tensor("logits", 2)]
    first = helper.make_node("MatMul", ["x1", "w1"], ["a"])
    own = helper.make_node("Mystery", ["a", "x2"], ["logits"], domain="my.ops")
    with pytest.raises(ConfigError, match=r"operator 'my.ops.Mystery' would need code"):
        of_onnx(save(tmp_path / "a.onnx", [first, own], out, weights, domains=("", "my.ops")))
    branch = helper.make_graph([own], "then", [], out)
    chosen = helper.make_node("If", ["go"], ["logits"], then_branch=branch, else_branch=branch)
    go = numpy_helper.from_array(np.array(True), "go")
    with pytest.raises(ConfigError, match="would need code"):
        of_onnx(save(tmp_path / "b.onnx", [first, chosen], out, [*weights, go]))
    file = helper.make_node("EPContext", ["a"], ["logits"], domain="com.microsoft")
    with pytest.raises(ConfigError, match=r"operator 'com.microsoft.EPContext'"):
        of_onnx(save(tmp_path / "c.onnx", [first, file], out, weights, domains=("", file.domain)))
    made = helper.make_function(
        "my.ops", "Mystery", ["p", "q"], ["r"],
        [
            helper.make_node("MatMul", ["q", "p"], ["r"]),
        ], [helper.make_opsetid("", 17)],
    )  # fmt: skip
    mine = helper.make_node("Mystery", ["w1", "x2"], ["b"], domain="my.ops")
    add = helper.make_node("Add", ["a", "b"], ["logits"])
    path = save(
        tmp_path / "d.onnx", [first, mine, add], out, weights, functions=[made],
        domains=("", "my.ops"),
    )  # fmt: skip
    x1, x2 = rows(5)
    np.testing.assert_allclose(of_onnx(path)(x1, x2), (x1 + x2) @ W1, atol=1e-4)


def test_a_bounded_model_is_stopped(tmp_path: Path) -> None:
    x1, x2 = rows(3)
    endless = without_end(tmp_path / "m.onnx").read_bytes()
    started = time.monotonic()
    with pytest.raises(ConfigError, match=r"longer than the 0.5 s that a call may take"):
        OnnxModel("m", endless, None, Bounds(seconds=0.5))(x1, x2)
    assert time.monotonic() - started < 10


def test_a_bounded_model_gets_no_more_memory(tmp_path: Path) -> None:
    """4 GB of zeros are refused, and what fits is computed."""
    x1, x2 = rows(3)
    large = OnnxModel("m", without_bounds(tmp_path / "m.onnx").read_bytes(), None, Bounds())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ConfigError, match="did not take rows"):
        large(x1, x2)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1024**2
    small = OnnxModel("m", without_bounds(tmp_path / "s.onnx", 1000).read_bytes(), None, Bounds())
    np.testing.assert_allclose(small(x1, x2), x1 @ W1 + x2 @ W2, atol=1e-4)


def test_rows_in_batches_are_the_same(tmp_path: Path) -> None:
    content = late_fusion(tmp_path / "m.onnx", 0.5).read_bytes()
    x1, x2 = rows(23)
    few = OnnxModel("m", content, None, Bounds(rows=5))
    np.testing.assert_allclose(few(x1, x2), OnnxModel("m", content)(x1, x2), atol=1e-6)


def test_without_the_packages_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "find_spec", lambda name: None if name == "onnxruntime" else name)
    with pytest.raises(
        ConfigError, match=r"need onnxruntime, .*pip install 'dmil-explorer\[onnx\]"
    ):
        of_onnx(late_fusion(tmp_path / "m.onnx"))


def test_what_is_no_model_is_said() -> None:
    with pytest.raises(ConfigError, match=r"is 'switch/joint/seed0'.*ends in .onnx.*dmil.load"):
        dmil.explain("switch/joint/seed0", "switch")  # type: ignore[arg-type]
