"""Explanations from a folder to a folder: each row as if all were explained at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from dmil_core.data.files import stream as rows_in
from dmil_core.data.files.load import load_dataset_of
from dmil_core.data.subset import keep_rows
from dmil_core.errors import ConfigError
from dmil_core.posthoc import stream
from dmil_core.posthoc.explain import explain
from dmil_core.posthoc.stream import explain_parts
from tests.core.information.test_stream import parts, people, small, source

__all__ = ["small"]

N = 500


def f(x1: NDArray[Any], x2: NDArray[Any]) -> NDArray[np.float64]:
    """Logits of two classes, with an interaction."""
    a, b = x1[:, 0].astype(np.float64), x2[:, 0].astype(np.float64)
    return np.stack([a - b, b + a * b], axis=1)


@pytest.fixture
def rows(tmp_path: Path, small: None) -> tuple[Path, Any]:
    frame = people(N).fillna(0.0)
    return source(tmp_path, frame)


def in_memory(request: Any, **more: Any) -> pd.DataFrame:
    dataset = load_dataset_of(request)
    every = np.full(len(dataset), "test")
    whole = keep_rows(dataset, np.arange(len(dataset)), dataset.name)
    object.__setattr__(whole, "split", every)
    return explain(f, whole, background=N, partners=20, **more).frame


@pytest.mark.parametrize("choice", ["marginal", "near"])
def test_a_folder_has_the_explanation_of_all_rows(
    tmp_path: Path, rows: tuple[Path, Any], choice: Any
) -> None:
    folder, request = rows
    explain_parts(
        f, rows_in.opened(folder), tmp_path / "out", request, background=N, partners=20,
        choice=choice, model="f",
    )  # fmt: skip
    whole = in_memory(request, choice=choice)
    pd.testing.assert_frame_equal(
        parts(tmp_path / "out"), whole, check_exact=False, atol=1e-6, rtol=1e-5, check_dtype=False
    )


def test_rows_beyond_the_samples_have_the_effects_of_all_rows(
    tmp_path: Path, rows: tuple[Path, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Effects rest on partners alone; information on what was fitted to the samples, so that it is
    near to, not equal to, that of all rows."""
    folder, request = rows
    found = explain_parts(
        f, rows_in.opened(folder), tmp_path / "out", request, samples=250, background=N,
        partners=20, model="f",
    )  # fmt: skip
    table, whole = parts(tmp_path / "out"), in_memory(request)
    effects = ["score", "emap", "residual", "main_x1", "main_x2", "pair_x1_x2", "pred", "y"]
    pd.testing.assert_frame_equal(
        table[effects], whole[effects], check_exact=False, atol=1e-6, rtol=1e-5, check_dtype=False
    )
    assert (found.rows, found.of, len(found.found)) == (N, N, 250)
    assert np.corrcoef(table["i12"], whole["i12"])[0, 1] > 0.98
    assert np.abs(table["i12"] - whole["i12"]).mean() < 0.15
    assert found.means["i1"] == pytest.approx(table["i1"].mean(), abs=1e-6)
    summary = json.loads((tmp_path / "out" / "summary.json").read_text("utf-8"))
    assert summary["explanation"]["samples"] == 250
    (tmp_path / "out" / "part-00001.parquet").unlink()
    again = explain_parts(
        f, rows_in.opened(folder), tmp_path / "out", request, samples=250, background=N,
        partners=20, model="f",
    )  # fmt: skip
    pd.testing.assert_frame_equal(parts(tmp_path / "out"), table)
    assert again.means == found.means


def test_another_model_or_choice_is_refused(tmp_path: Path, rows: tuple[Path, Any]) -> None:
    folder, request = rows
    source_ = rows_in.opened(folder)
    explain_parts(f, source_, tmp_path / "out", request, samples=60, partners=20, model="f")
    with pytest.raises(ConfigError, match="model differ"):
        explain_parts(f, source_, tmp_path / "out", request, samples=60, partners=20, model="g")
    with pytest.raises(ConfigError, match="take marginal or near partners"):
        explain_parts(f, source_, tmp_path / "class", request, choice="class", model="f")
    assert not (tmp_path / "class").exists()
    assert stream.SAMPLES > 60
