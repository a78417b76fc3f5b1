"""Decomposition from Parquet to a folder: as of all rows at once, in bounded parts, resumable."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dmil_core.checkpoint import read_run
from dmil_core.cli import main
from dmil_core.data.card import Card
from dmil_core.data.files import stream as rows_in
from dmil_core.data.files.load import Request, load_dataset_of
from dmil_core.inference import projection as maps
from dmil_core.inference import stream
from dmil_core.inference.projection import latent_values
from dmil_core.io.tables import read_table, table_metadata

N = 640


def birds(rows: int = N, seed: int = 0) -> pd.DataFrame:
    """Numbers, a category, missing cells, names and labels."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, rows)
    frame = pd.DataFrame(
        {
            "name": [f"bird-{seed}-{i}" for i in range(rows)],
            "bill_length": y + rng.standard_normal(rows),
            "bill_depth": rng.standard_normal(rows),
            "body_mass": y - rng.standard_normal(rows),
            "body_sex": np.array(["female", "male"])[rng.integers(0, 2, rows)],
            "species": np.array(["auk", "gull", "tern"])[y],
        }
    )
    frame.loc[rng.random(rows) < 0.1, "bill_depth"] = np.nan
    return frame


COLUMNS = ["--input", "bill=bill_*", "--input", "body=body_*", "--label", "species"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("birds")
    birds(300, seed=7).to_csv(folder / "train.csv", index=False)
    data = ["--data", str(folder / "train.csv"), *COLUMNS, "--id", "name", "--missing", "mean"]
    more = ["--paradigm", "dmil", "--epochs-scale", "0.02", "--out", str(folder / "run")]
    assert main(["train", *data, *more]) == 0
    return folder / "run"


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of at most 200 rows, batches of 70."""
    monkeypatch.setattr(rows_in, "PART_ROWS", 200)
    monkeypatch.setattr(rows_in, "BATCH_ROWS", 70)
    monkeypatch.setattr(rows_in.batches, "__defaults__", (70,))


def write(frame: pd.DataFrame, path: Path, group: int = 100) -> Path:
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), path, row_group_size=group)
    return path


def decompose(run: Path, data: Path, out: Path, *more: str) -> int:
    return main(
        ["decompose", "--checkpoint", str(run), "--data", str(data), "--out", str(out), *more]
    )


def read(folder: Path) -> pd.DataFrame:
    return pd.concat([read_table(p) for p in sorted(folder.glob("*.parquet"))], ignore_index=True)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("case", ["ids", "numbered", "no labels", "latents"])
def test_the_parts_are_the_table_of_all_rows(run: Path, tmp_path: Path, case: str) -> None:
    frame = birds()
    if case == "numbered":
        frame = frame.drop(columns="name")
    if case == "no labels":
        frame = frame.drop(columns="species")
    data = write(frame, tmp_path / "new.parquet")
    more = ["--latents"] if case == "latents" else []
    assert decompose(run, data, tmp_path / "parts", *more) == 0
    assert decompose(run, data, tmp_path / "whole.parquet", *more) == 0
    parts, whole = read(tmp_path / "parts"), read_table(tmp_path / "whole.parquet")
    assert len(list((tmp_path / "parts").glob("*.parquet"))) == 4
    pd.testing.assert_frame_equal(parts, whole, check_exact=False, atol=1e-6, rtol=1e-5)
    if case == "numbered":
        assert parts["id"].tolist() == [str(i) for i in range(N)]


@pytest.mark.usefixtures("small")
def test_a_folder_of_files_is_read_in_the_order_of_names(run: Path, tmp_path: Path) -> None:
    folder = tmp_path / "rows"
    folder.mkdir()
    for name, seed in (("b", 2), ("a", 1), ("c", 3)):
        write(birds(150, seed), folder / f"{name}.parquet")
    (folder / "_SUCCESS").touch()
    assert decompose(run, folder, tmp_path / "parts") == 0
    names = [f"bird-{seed}-{i}" for seed in (1, 2, 3) for i in range(150)]
    assert read(tmp_path / "parts")["id"].tolist() == names


@pytest.mark.usefixtures("small")
def test_only_one_split_is_written_where_some_parts_have_none_of_it(
    run: Path, tmp_path: Path
) -> None:
    frame = birds().assign(split=np.repeat(["train", "test"], N // 2))
    data = write(frame, tmp_path / "new.parquet")
    assert decompose(run, data, tmp_path / "parts", "--split", "test") == 0
    assert read(tmp_path / "parts")["id"].tolist() == frame["name"].tolist()[N // 2 :]


#: Ends the process hard before its third part is in its place.
KILLED = """
import os, signal, sys
from dmil_core.cli import main
from dmil_core.data.files import stream as rows_in
from dmil_core.inference import stream
rows_in.PART_ROWS = 200
plain, calls = stream.predict, []
def predict(*a, **k):
    calls.append(1)
    if len(calls) > int(sys.argv[4]):
        os.kill(os.getpid(), signal.SIGKILL)
    return plain(*a, **k)
stream.predict = predict
sys.exit(main(["decompose", "--checkpoint", *sys.argv[1:2], "--data", sys.argv[2],
               "--out", sys.argv[3]]))
"""


@pytest.mark.usefixtures("small")
def test_who_was_killed_goes_on_with_the_parts_that_are_left(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, out = write(birds(), tmp_path / "new.parquet"), tmp_path / "parts"
    command = [sys.executable, "-c", KILLED, str(run), str(data), str(out), "2"]
    ended = subprocess.run(command, env={**os.environ, "PYTHONPATH": "."}, check=False)
    assert ended.returncode == -signal.SIGKILL
    whole = sorted(p.name for p in out.glob("part-*.parquet"))
    assert whole == ["part-00000.parquet", "part-00001.parquet"]
    kept = {name: (out / name).stat().st_mtime_ns for name in whole}
    rows: list[int] = []
    plain = stream.predict

    def counted(*a: Any, **k: Any) -> pd.DataFrame:
        table = plain(*a, **k)
        rows.append(len(table))
        return table

    monkeypatch.setattr(stream, "predict", counted)
    assert decompose(run, data, out) == 0
    assert sum(rows) == N - 400
    assert {name: (out / name).stat().st_mtime_ns for name in whole} == kept
    assert decompose(run, data, tmp_path / "whole.parquet") == 0
    expected = read_table(tmp_path / "whole.parquet")
    pd.testing.assert_frame_equal(read(out), expected, check_exact=False, atol=1e-6, rtol=1e-5)


def test_a_folder_of_something_else_is_left_alone(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, out = write(birds(), tmp_path / "new.parquet"), tmp_path / "parts"
    out.mkdir()
    (out / "thesis.txt").write_text("mine")
    assert decompose(run, data, out) != 0
    assert "holds no decomposition" in capsys.readouterr().err
    assert [p.name for p in out.iterdir()] == ["thesis.txt"]
    (out / "thesis.txt").unlink()
    assert decompose(run, data, out) == 0
    # Other rows under the same name, and other columns in the table.
    assert decompose(run, data, out, "--latents") != 0
    assert "latents differ" in capsys.readouterr().err
    write(birds(seed=5), data)
    assert decompose(run, data, out) != 0
    assert "source differ" in capsys.readouterr().err


def test_what_cannot_be_read_is_named(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    csv = tmp_path / "new.csv"
    birds().to_csv(csv, index=False)
    assert decompose(run, csv, tmp_path / "parts") != 0
    assert "for one Parquet file or a folder of Parquet files" in capsys.readouterr().err
    folder = tmp_path / "rows"
    folder.mkdir()
    write(birds(), folder / "a.parquet")
    write(birds().drop(columns="body_mass"), folder / "b.parquet")
    assert decompose(run, folder, tmp_path / "parts") != 0
    assert "It has no column 'body_mass'" in capsys.readouterr().err
    damaged = folder / "b.parquet"
    damaged.write_bytes(damaged.read_bytes()[:-200])
    assert decompose(run, folder, tmp_path / "parts") != 0
    assert "b.parquet" in capsys.readouterr().err
    assert not (tmp_path / "parts").exists()
    lacks = write(birds().drop(columns="bill_depth"), tmp_path / "lacks.parquet")
    assert decompose(run, lacks, tmp_path / "parts") != 0
    assert "bill_depth" in capsys.readouterr().err


def test_rows_that_cannot_be_used_end_the_work_and_keep_the_parts_before(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], small: None
) -> None:
    frame = birds()
    frame["body_mass"] = [[v] if i < 400 else [v, v] for i, v in enumerate(frame["body_mass"])]
    data = write(frame, tmp_path / "new.parquet")
    assert decompose(run, data, tmp_path / "parts") != 0
    assert "rows from 4" in capsys.readouterr().err
    assert len(list((tmp_path / "parts").glob("part-*.parquet"))) == 2


# --- maps --------------------------------------------------------------------------------------


def project(run: Path, data: Path, out: Path, *more: str) -> int:
    return main(
        ["project", "--checkpoint", str(run), "--data", str(data), "--out", str(out), *more]
    )


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("method", ["pca", "umap"])
def test_maps_of_parts_are_those_of_all_rows(run: Path, tmp_path: Path, method: str) -> None:
    frame = birds()
    data = write(frame, tmp_path / "new.parquet")
    assert project(run, data, tmp_path / "maps", "--method", method) == 0
    copy = shutil.copytree(run, tmp_path / "run")
    card = Card.from_dict(read_run(copy).data_card)
    rows = load_dataset_of(Request((data,)), purpose="predict", like=card)
    whole = read_table(maps.project(copy, rows, method=method))
    pd.testing.assert_frame_equal(read(tmp_path / "maps"), whole, check_exact=False, atol=1e-6)
    about = table_metadata(tmp_path / "maps" / "part-00000.parquet")
    assert (about["method"], about["rows"], about["of"]) == (method, N, N)


@pytest.mark.usefixtures("small")
def test_rows_beyond_the_fit_lie_where_the_fixed_map_has_them(run: Path, tmp_path: Path) -> None:
    """Of a PCA the places of all rows are one linear map of their latents."""
    data = write(birds(), tmp_path / "new.parquet")
    assert project(run, data, tmp_path / "maps", "--method", "pca", "--rows", "100") == 0
    assert decompose(run, data, tmp_path / "rows", "--latents") == 0
    table, latents = read(tmp_path / "maps"), read(tmp_path / "rows")
    assert table["id"].tolist() == latents["id"].tolist()
    values = latent_values(latents, "R")
    design = np.column_stack([values, np.ones(N)])
    xy = table[["R_x", "R_y"]].to_numpy()
    found, _, rank, _ = np.linalg.lstsq(design, xy, rcond=None)
    assert rank <= values.shape[1] + 1
    np.testing.assert_allclose(design @ found, xy, atol=2e-3 * np.abs(xy).max())
    assert table_metadata(tmp_path / "maps" / "part-00000.parquet")["rows"] == 100


def test_maps_go_on_in_their_own_folder_alone(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], small: None
) -> None:
    data, out = write(birds(), tmp_path / "new.parquet"), tmp_path / "maps"
    assert project(run, data, out, "--method", "pca", "--rows", "100") == 0
    first = read(out)
    (out / "part-00002.parquet").unlink()
    kept = (out / "part-00001.parquet").stat().st_mtime_ns
    assert project(run, data, out, "--method", "pca", "--rows", "100") == 0
    assert (out / "part-00001.parquet").stat().st_mtime_ns == kept
    pd.testing.assert_frame_equal(read(out), first)
    assert project(run, data, out, "--method", "pca", "--rows", "90") != 0
    assert "fit_rows differ" in capsys.readouterr().err
    assert decompose(run, data, out) != 0
    assert "holds no decomposition" in capsys.readouterr().err


@pytest.mark.usefixtures("small")
def test_explanations_of_a_checkpoint_are_those_of_all_rows(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, out = write(birds(), tmp_path / "new.parquet"), tmp_path / "parts"
    command = ["explain", "--checkpoint", str(run), "--data", str(data), "--background", str(N)]
    command += ["--partners", "20", "--quiet", "--out"]
    assert main([*command, str(out), "--stream"]) == 0
    assert "640 of 640 rows in 4 files" in capsys.readouterr().out
    assert main([*command, str(tmp_path / "whole")]) == 0
    whole = read_table(tmp_path / "whole" / "samples.parquet")
    pd.testing.assert_frame_equal(
        read(out), whole, check_exact=False, atol=1e-5, rtol=1e-4, check_dtype=False
    )
    assert main([*command, str(out), "--stream", "--keep"]) != 0
    assert "--stream is for --out" in capsys.readouterr().err
