"""Posteriors from a folder to a folder: as of all rows at once, by a fit to some of them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dmil_core.cli import main
from dmil_core.data.files import stream as rows_in
from dmil_core.data.files.load import load_dataset_of
from dmil_core.information.worth import store
from dmil_core.information.worth.posteriors import from_data
from dmil_core.information.worth.stream import posteriors_parts
from dmil_core.io.tables import read_table, table_metadata
from tests.core.information.test_stream import parts, people, small, source

__all__ = ["small"]


@pytest.mark.usefixtures("small")
def test_a_folder_has_the_posteriors_of_the_set_in_memory(tmp_path: Path) -> None:
    folder, request = source(tmp_path, people(600))
    found = posteriors_parts(rows_in.opened(folder), tmp_path / "out", request, refits=0)
    dataset = load_dataset_of(request)
    store.save(from_data(dataset, refits=0), tmp_path / "worth.parquet", dataset.digest)
    whole = read_table(tmp_path / "worth.parquet")
    pd.testing.assert_frame_equal(parts(tmp_path / "out"), whole, check_exact=False, atol=1e-6)
    about = table_metadata(tmp_path / "out" / "part-00000.parquet")
    assert about["worth"]["classes"] == list(dataset.classes)
    known = found.known
    at = np.arange(len(known.y))
    for m, gain in enumerate(found.gains):
        each = known.log_q[at, known.y] - known.without[m].log_q[at, known.y]
        assert gain.value == pytest.approx(each.mean(), abs=1e-9)


@pytest.mark.usefixtures("small")
def test_the_command_tells_all_rows_from_those_of_the_fit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, _ = source(tmp_path, people(900))
    out = tmp_path / "out"
    command = ["worth", "--data", str(folder), "--input", "a=x1_*", "--input", "b=x2_*"]
    command += ["--label", "label", "--fit-rows", "300", "--refits", "0", "--out", str(out)]
    assert main([*command, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    table = parts(out)
    assert printed["rows"] <= 300 < 850 < printed["all_rows"]["rows"] == len(table)
    y, rows = table["class"], np.arange(len(table))
    block = {n: table.filter(like=f"log_q_{n}_").to_numpy() for n in ("all", "without_x1")}
    bits = (block["all"] - block["without_x1"])[rows, y].mean() / np.log(2)
    assert printed["all_rows"]["worth"]["a"]["bits"] == pytest.approx(bits, abs=1e-5)
    (out / "part-00002.parquet").unlink()
    assert main(command) == 0
    assert "Figures below are of" in capsys.readouterr().out
    pd.testing.assert_frame_equal(parts(out), table)
    assert main([*command, "--seed", "1"]) != 0
    assert "seed differ" in capsys.readouterr().err
