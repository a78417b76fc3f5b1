"""Rows from file to file: the same as at once, in order, and nothing is left behind by a fault."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.testing import assert_allclose

from dmil_core.data.synthetic.gaussian import gaussian_distribution
from dmil_core.errors import DataError
from dmil_core.information import stream
from dmil_core.information.estimator import PointwiseInformation
from dmil_core.information.stream import estimate_file
from dmil_core.io.tables import read_table, table_metadata


def write(path: Path, rows: int, **other: Any) -> dict[str, Any]:
    drawn = gaussian_distribution("gaussian").sample(rows, 0)
    columns: dict[str, Any] = {}
    for m in (1, 2):
        columns |= {f"x{m}_{i}": drawn[f"x{m}"][:, i] for i in range(2)}
    columns["y"] = drawn["y"]
    pq.write_table(pa.table({**columns, **other}), path)
    return drawn


def test_a_file_says_the_same_as_its_rows_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "BATCH_ROWS", 90)
    drawn = write(tmp_path / "rows.parquet", 400)
    out = tmp_path / "bits.parquet"
    estimates = estimate_file(tmp_path / "rows.parquet", out, seed=3, refits=0)
    fitted = PointwiseInformation(seed=3).fit(drawn["x1"], drawn["x2"], drawn["y"])
    whole = fitted.score_samples(drawn["x1"], drawn["x2"], drawn["y"])
    table = read_table(out)
    assert list(table.columns) == ["id", "y", "i1", "i2", "i12", "r", "u1", "u2", "s"]
    assert list(table["id"]) == [str(i) for i in range(400)]
    assert list(table["y"]) == [str(y) for y in drawn["y"]]
    for name, values in whole.columns().items():
        assert_allclose(table[name], values, atol=1e-4)
        assert estimates.means[name].value == pytest.approx(values.mean(), abs=1e-6)
        assert estimates.means[name].error == pytest.approx(values.std(ddof=1) / 20, rel=1e-4)
    assert (estimates.rows, estimates.fitted_to) == (400, 400)
    assert table_metadata(out)["unit"] == "nats"


def test_errors_of_the_means_include_the_fit(tmp_path: Path) -> None:
    write(tmp_path / "rows.parquet", 400)
    plain, whole = (
        estimate_file(tmp_path / "rows.parquet", tmp_path / "bits.parquet", refits=n)
        for n in (0, 4)
    )
    assert (plain.with_fit, whole.with_fit) == (False, True)
    for name, mean in plain.means.items():
        assert whole.means[name].value == mean.value
        assert whole.means[name].error > mean.error


def test_a_part_of_the_rows_is_enough_to_fit(tmp_path: Path) -> None:
    names = [f"r{i}" for i in range(1000)]
    write(tmp_path / "rows.parquet", 1000, id=names)
    out = tmp_path / "bits.parquet"
    estimates = estimate_file(tmp_path / "rows.parquet", out, fit_rows=300, refits=0)
    assert (estimates.rows, estimates.fitted_to) == (1000, 300)
    assert list(read_table(out)["id"]) == names
    assert estimates.means["i12"].value / np.log(2) == pytest.approx(0.81, abs=0.1)


def with_column(name: str, values: Any) -> pd.DataFrame:
    frame = pd.DataFrame({"x1_a": np.arange(80.0), "x2_a": np.arange(80.0), "y": [0, 1] * 40})
    return frame.drop(columns=name) if values is None else frame.assign(**{name: values})


@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        ("x2_a", None, "no x2_..."),
        ("y", None, "no y"),
        ("x1_a", ["a"] * 80, "expected numbers in x1_a"),
        ("x1_a", [np.inf] * 80, "not finite"),
        ("y", [0] * 80, "all rows are of class 0"),
        ("y", [None, "b"] * 40, "empty values"),
    ],
)
def test_faults_leave_nothing_behind(tmp_path: Path, name: str, values: Any, words: str) -> None:
    path, out = tmp_path / "rows.parquet", tmp_path / "bits.parquet"
    with_column(name, values).to_parquet(path)
    with pytest.raises(DataError, match=words):
        estimate_file(path, out)
    assert [p.name for p in tmp_path.iterdir()] == ["rows.parquet"]


def test_a_fault_far_down_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A class that the rows of the fit do not have turns up when half of the file is written."""
    monkeypatch.setattr(stream, "BATCH_ROWS", 100)
    drawn = gaussian_distribution("gaussian").sample(500, 0)
    y = drawn["y"].copy()
    y[450] = 7
    write(tmp_path / "rows.parquet", 500)
    frame = pd.read_parquet(tmp_path / "rows.parquet").assign(y=y)
    frame.to_parquet(tmp_path / "rows.parquet")
    out = tmp_path / "bits.parquet"
    out.write_bytes(b"older")
    seed = next(s for s in range(50) if 450 not in drawn_rows(500, 100, s))
    with pytest.raises(DataError, match="rows from 400 on: classes that fit"):
        estimate_file(tmp_path / "rows.parquet", out, seed=seed, fit_rows=100)
    assert out.read_bytes() == b"older"


def drawn_rows(total: int, rows: int, seed: int) -> set[int]:
    chosen = np.random.default_rng([seed, 12]).choice(total, rows, replace=False)
    return set(chosen.tolist())


def test_what_is_no_parquet_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        estimate_file(tmp_path / "none.parquet", tmp_path / "out.parquet")
    (tmp_path / "text.parquet").write_text("no", "utf-8")
    with pytest.raises(DataError, match="not a Parquet file"):
        estimate_file(tmp_path / "text.parquet", tmp_path / "out.parquet")
