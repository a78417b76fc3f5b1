"""What is kept of the worth gives the same figures, and what is damaged is said."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from dmil_core.cli import main
from dmil_core.data.catalog import load_dataset
from dmil_core.errors import DataError
from dmil_core.information.worth import store
from dmil_core.information.worth.gains import worth
from dmil_core.information.worth.posteriors import Known, from_data
from dmil_core.io.tables import read_table, table_metadata, write_table

N = 240


def written(folder: Path, inputs: int = 2) -> Path:
    """A set with groups and a flag, of which some rows lack the second input."""
    rng = np.random.default_rng(0)
    y = np.arange(N) % 2
    arrays = {f"x{m}": rng.normal(size=(N, 2)) + y[:, None] for m in range(1, inputs + 1)}
    path = folder / "set.npz"
    np.savez(
        path, y=np.array(["no", "yes"])[y], group=np.arange(N) // 8, flag_odd=np.arange(N) % 3 == 0,
        flag_without_x2=np.arange(N) % 5 == 0, **arrays,
    )  # fmt: skip
    return path


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Known:
    return from_data(load_dataset(written(tmp_path_factory.mktemp("set"))), refits=4)


def test_what_is_read_back_gives_the_same_figures(known: Known, tmp_path: Path) -> None:
    store.save(known, tmp_path / "worth.parquet", "digest")
    again, data = store.load(tmp_path / "worth.parquet")
    assert data == "digest"
    assert again.corrected is not None
    assert (again.names, again.classes, again.notes) == (known.names, known.classes, known.notes)
    assert (again.source, again.fitted) == (known.source, known.fitted)
    for one, same in zip(worth(known, by=("odd",)), worth(again, by=("odd",)), strict=True):
        assert same.bits.value == pytest.approx(one.bits.value, abs=1e-5)
        assert same.bits.low == pytest.approx(one.bits.low, abs=1e-4)
        assert same.corrected is not None
        assert one.corrected is not None
        assert same.corrected.value == pytest.approx(one.corrected.value, abs=1e-5)
        assert same.auroc.with_ == pytest.approx(one.auroc.with_, abs=1e-6)
        assert [p.rows for p in same.parts["odd"]] == [p.rows for p in one.parts["odd"]]


def test_the_work_goes_forward_and_ends_at_one(tmp_path: Path) -> None:
    done: list[float] = []
    from_data(load_dataset(written(tmp_path, 3)), refits=0, progress=done.append)
    assert done == sorted(done)
    assert len(done) >= 7  # a fit for each input, and again corrected, and the propensities
    assert done[0] < 0.3
    assert done[-1] == 1.0


def test_the_command_keeps_what_it_estimated_and_says_how_far_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, out = written(tmp_path), tmp_path / "worth.parquet"
    line = ["worth", "--data", str(data), "--refits", "0", "--out", str(out)]
    assert main([*line, "--progress", "json"]) == 0
    lines = [json.loads(o) for o in capsys.readouterr().out.splitlines() if o.startswith("{")]
    assert lines[-1] == {"stage": "worth", "fraction": 1.0, "message": ""}
    found, digest = store.load(out)
    assert digest == load_dataset(data).digest
    assert len(found.y) == N - N // 5
    assert main(["worth", "--checkpoint", "x", "--out", str(out)]) == 2
    assert "leave --checkpoint" in capsys.readouterr().err


@pytest.mark.parametrize("fault", ["column", "number", "class", "version", "metadata"])
def test_what_is_damaged_is_said(known: Known, tmp_path: Path, fault: str) -> None:
    path = tmp_path / "worth.parquet"
    store.save(known, path, "digest")
    frame, about = read_table(path), table_metadata(path)
    if fault == "column":
        frame = frame.drop(columns="log_q_all_0")
    elif fault == "number":
        frame.loc[3, "log_q_without_x1_1"] = np.nan
    elif fault == "class":
        frame.loc[3, "class"] = 7
    elif fault == "version":
        about["worth"]["version"] = store.VERSION + 1
    else:
        about = {}
    write_table(frame, path, about)
    with pytest.raises(DataError, match=r"worth\.parquet"):
        store.load(path)
