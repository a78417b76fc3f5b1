"""Parts of a source in processes side by side: the files of one process, in any order."""

from __future__ import annotations

import signal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from dmil_core.cli import main
from dmil_core.engine.options import EngineOptions
from dmil_core.engine.parts import write_parts
from dmil_core.errors import DataError
from dmil_core.io.parts import PartsFolder, Work
from tests.core.engine.units import Numbered, Numbers
from tests.core.inference.test_stream import COLUMNS, N, birds, write
from tests.core.inference.test_stream import run as run
from tests.core.inference.test_stream import small as small

TWO = EngineOptions("local", 2)
PARTS = [Numbered(n, 100 + n) for n in range(4)]


def folder_of(path: Path) -> PartsFolder:
    return PartsFolder(path, Work("test", "numbers", {"a": 1}))


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no hard kill on this system")
def test_a_part_whose_process_was_killed_is_written_by_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told: list[tuple[int, int]] = []
    folder = folder_of(tmp_path / "parts")
    written = write_parts(
        folder, PARTS, Numbers(str(tmp_path), killed=1), {}, lambda *n: told.append(n), TWO
    )
    assert "part-00001.parquet ended before it was done" in capsys.readouterr().err
    assert (written.rows, written.notes) == (406, ("100 rows", "101 rows", "102 rows", "103 rows"))
    numbers = np.concatenate([pq.read_table(f)["n"].to_numpy() for f in written.files])
    assert numbers.tolist() == list(range(406))
    assert told[-1] == (406, 406)
    assert len(told) == 4


def test_rows_that_are_left_out_would_move_the_numbers_of_others(tmp_path: Path) -> None:
    rows_of = Numbers(str(tmp_path), lost=2)
    with pytest.raises(DataError, match=r"2 of 10[0-3] rows of part . .* Name a column with --id"):
        write_parts(folder_of(tmp_path / "a"), PARTS, rows_of, {}, None, TWO)
    assert not list((tmp_path / "a").glob("*.parquet"))
    free = write_parts(folder_of(tmp_path / "b"), PARTS, rows_of, {}, None, TWO, counted=False)
    assert free.rows == 406 - 4 * 2


@pytest.mark.usefixtures("small")
def test_a_decomposition_by_two_processes_is_that_of_one(run: Path, tmp_path: Path) -> None:
    data = write(birds().drop(columns="name"), tmp_path / "new.parquet")
    command = ["decompose", "--checkpoint", str(run), "--data", str(data), *COLUMNS]
    assert main([*command, "--out", str(tmp_path / "one")]) == 0
    assert main([*command, "--out", str(tmp_path / "two"), "--jobs", "2"]) == 0
    one, two = (sorted((tmp_path / n).glob("part-*.parquet")) for n in ("one", "two"))
    assert [f.name for f in one] == [f.name for f in two]
    for first, second in zip(one, two, strict=True):
        pd.testing.assert_frame_equal(pd.read_parquet(first), pd.read_parquet(second))
    assert sum(len(pd.read_parquet(f)) for f in two) == N


@pytest.mark.parametrize("words", [("--jobs", "2"), ("--engine", "ray")])
def test_rows_in_memory_are_for_one_process(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, str]
) -> None:
    data = write(birds(), tmp_path / "new.parquet")
    command = ["decompose", "--checkpoint", str(run), "--data", str(data), *COLUMNS, *words]
    assert main([*command, "--out", str(tmp_path / "table.csv")]) == 2
    assert "for rows that are read in parts" in capsys.readouterr().err
