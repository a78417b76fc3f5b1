"""Rows from file to file: the same as at once, in order, and nothing is left behind by a fault."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.testing import assert_allclose

from dmil_core.cli import main
from dmil_core.data.files import stream as rows_in
from dmil_core.data.files.load import Request, load_dataset_of
from dmil_core.data.synthetic.gaussian import gaussian_distribution
from dmil_core.errors import ConfigError, DataError
from dmil_core.information import stream
from dmil_core.information.estimator import PointwiseInformation
from dmil_core.information.sets import estimate
from dmil_core.information.store import InformationEstimates
from dmil_core.information.stream import estimate_file, estimate_parts
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


# --- to a folder -------------------------------------------------------------------------------


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of at most 200 rows, batches of 70."""
    monkeypatch.setattr(rows_in, "PART_ROWS", 200)
    monkeypatch.setattr(rows_in, "BATCH_ROWS", 70)


def people(rows: int, seed: int = 0) -> pd.DataFrame:
    """Numbers, a category, few missing cells, groups, and names."""
    drawn = gaussian_distribution("gaussian").sample(rows, seed)
    columns: dict[str, Any] = {"name": [f"r{seed}-{i}" for i in range(rows)]}
    for m in (1, 2):
        columns |= {f"x{m}_{i}": drawn[f"x{m}"][:, i] for i in range(2)}
    rng = np.random.default_rng(seed)
    columns["x2_kind"] = np.array(["oak", "elm"])[rng.integers(0, 2, rows)]
    columns["label"] = np.array(["no", "yes", "maybe"])[drawn["y"]]
    frame = pd.DataFrame(columns)
    frame.loc[rng.random(rows) < 0.02, "x1_1"] = np.nan
    return frame


def source(tmp_path: Path, frame: pd.DataFrame, name: str = "rows") -> tuple[Path, Request]:
    """A folder of two Parquet files."""
    folder = tmp_path / name
    folder.mkdir()
    half = len(frame) // 2
    for k, part in enumerate((frame[:half], frame[half:])):
        table = pa.Table.from_pandas(part, preserve_index=False)
        pq.write_table(table, folder / f"{k}.parquet", row_group_size=100)
    inputs = ("a=x1_*", "b=x2_*")
    return folder, Request((folder,), inputs=inputs, label="label", id="name")


def parts(folder: Path) -> pd.DataFrame:
    files = sorted(folder.glob("part-*.parquet"))
    return pd.concat([read_table(p) for p in files], ignore_index=True)


@pytest.mark.usefixtures("small")
def test_a_folder_says_the_same_as_the_set_in_memory(tmp_path: Path) -> None:
    folder, request = source(tmp_path, people(600))
    found = estimate_parts(rows_in.opened(folder), tmp_path / "bits", request, refits=0)
    dataset = load_dataset_of(request)
    whole = estimate(dataset, refits=0)
    assert 500 < len(dataset) < 600  # rows with missing numbers are left out by both
    pd.testing.assert_frame_equal(
        parts(tmp_path / "bits"), whole.table, check_exact=False, atol=1e-6, check_dtype=False
    )
    assert (found.rows, found.fitted_to) == (len(dataset), len(dataset))
    for name, mean in whole.means.items():
        assert found.means[name].value == pytest.approx(mean.value, abs=1e-9)
        assert found.means[name].error == pytest.approx(mean.error, rel=1e-6)


@pytest.mark.usefixtures("small")
def test_what_the_app_shows_is_in_the_folder_too(tmp_path: Path) -> None:
    folder, request = source(tmp_path, people(600).assign(person=np.arange(600) // 3))
    request = Request(request.files, request.inputs, "label", "name", group="person")
    out = tmp_path / "estimates"
    estimate_parts(rows_in.opened(folder), out, request, refits=0, kind="information")
    whole = InformationEstimates.compute(load_dataset_of(request), refits=0)
    rows = whole.rows.reset_index()
    pd.testing.assert_frame_equal(
        parts(out)[list(rows)], rows, check_exact=False, atol=1e-6, check_dtype=False
    )
    summary = json.loads((out / "summary.json").read_text("utf-8"))
    assert summary["clusters"][0]["parts"]["i12"] == pytest.approx(whole.clusters[0].parts.i12)


@pytest.mark.usefixtures("small")
def test_all_rows_are_written_by_a_fit_to_some_and_a_stopped_work_goes_on(tmp_path: Path) -> None:
    frame = people(900)
    folder, request = source(tmp_path, frame)
    out = tmp_path / "bits"
    arguments = (rows_in.opened(folder), out, request, "same-sign", 0, 300, 0)
    found = estimate_parts(*arguments)
    assert found.fitted_to < 300 < 850 < found.rows
    table = parts(out)
    assert found.means["i12"].value == pytest.approx(table["i12"].mean(), abs=1e-6)
    assert found.means["i12"].value / np.log(2) == pytest.approx(0.81, abs=0.12)
    for name in ("part-00003.parquet", "summary.json"):
        (out / name).unlink()
    kept = (out / "part-00000.parquet").stat().st_mtime_ns
    again = estimate_parts(*arguments)
    assert (out / "part-00000.parquet").stat().st_mtime_ns == kept
    pd.testing.assert_frame_equal(parts(out), table)
    assert again.means == found.means
    assert estimate_parts(*arguments).means == found.means  # of a folder that is complete
    with pytest.raises(ConfigError, match="seed differ"):
        estimate_parts(rows_in.opened(folder), out, request, "same-sign", 1, 300, 0)


@pytest.mark.usefixtures("small")
def test_a_class_that_the_fit_has_not_is_named_and_parts_before_are_kept(tmp_path: Path) -> None:
    frame = people(900)
    frame.loc[850, "label"] = "perhaps"
    folder, request = source(tmp_path, frame)
    rows = rows_in.opened(folder)
    seed = next(s for s in range(50) if 850 not in drawn_rows(900, 300, s))
    with pytest.raises(DataError, match=r"no row of the fit has: 'perhaps'. Fit to more rows"):
        estimate_parts(rows, tmp_path / "bits", request, "same-sign", seed, 300, 0)
    assert len(list((tmp_path / "bits").glob("part-*.parquet"))) == len(rows.parts) - 1


@pytest.mark.usefixtures("small")
def test_the_commands_say_how_many_rows_they_were_fitted_to(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, _ = source(tmp_path, people(600))
    said = ["--input", "a=x1_*", "--input", "b=x2_*", "--label", "label", "--fit-rows", "300"]
    more = ["--refits", "0", "--out", str(tmp_path / "bits")]
    assert main(["estimate", "--data", str(folder), *said, *more]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["of"] == 600
    assert printed["fitted_to"] <= 300
    assert main(["estimate", "--data", "switch", "--out", str(tmp_path / "x")]) != 0
    assert "for one Parquet file" in capsys.readouterr().err
    csv = str(tmp_path / "x.csv")
    assert main(["estimate", "--data", "switch", "--fit-rows", "9", "--out", csv]) != 0
    assert "--fit-rows is for rows that are read in parts" in capsys.readouterr().err
