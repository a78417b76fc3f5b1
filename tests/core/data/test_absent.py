"""Rows that lack an input stay, and what the input would say is blank."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import dmil_core as dmil
from dmil_core.cli import main
from dmil_core.data.catalog import load_dataset
from dmil_core.data.dataset import Dataset
from dmil_core.errors import DataError
from dmil_core.io.tables import read_table
from dmil_core.training.run import train

N = 300


def arrays(**changes: Any) -> dict[str, Any]:
    """The class shows in x1 and, where it is there, in x2."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, N)
    x1, x2 = (rng.normal(size=(N, 3)) + 2 * y[:, None] for _ in range(2))
    lacks = np.arange(N) % 3 == 0
    split = np.resize(["train", "train", "train", "val", "test"], N)
    values = {"x1": x1, "x2": x2, "y": y, "split": split, "flag_without_x2": lacks}
    return {**values, **changes}


def stored(folder: Path, **changes: Any) -> Dataset:
    np.savez(folder / "set.npz", **arrays(**changes))
    return load_dataset(folder / "set.npz")


def test_a_lacking_input_is_the_mean_of_the_training_rows_that_have_it(tmp_path: Path) -> None:
    given = arrays()
    x2 = given["x2"].copy()
    x2[given["flag_without_x2"]] = np.nan
    data = stored(tmp_path, x2=x2)
    lacks = data.lacks(2)
    assert lacks is not None
    np.testing.assert_array_equal(lacks, given["flag_without_x2"])
    assert data.lacks(1) is None
    there = given["x2"][~lacks & (given["split"] == "train")].mean(axis=0)
    np.testing.assert_allclose(data.x2[lacks], np.tile(there, (lacks.sum(), 1)), rtol=1e-5)
    np.testing.assert_allclose(data.x2[~lacks], given["x2"][~lacks], rtol=1e-6)
    assert [i.title for i in data.issues if "x2" in i.title][-1] == "100 of 300 rows have no x2"


def test_what_stands_in_a_lacking_input_does_not_matter(tmp_path: Path) -> None:
    digests = set()
    for value in (0.0, 1e30, np.nan):
        x2 = arrays()["x2"]
        x2[arrays()["flag_without_x2"]] = value
        digests.add(stored(tmp_path, x2=x2).digest)
    assert len(digests) == 1


def test_a_lacking_text_has_no_words(tmp_path: Path) -> None:
    data = stored(tmp_path, x2=np.resize(["one word", "two words here"], N))
    lacks = data.lacks(2)
    assert lacks is not None
    assert set(data.x2[lacks].tolist()) == {""}
    assert "" not in data.x2[~lacks].tolist()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"flag_without_x2": np.ones(N, bool)}, "no row has x2"),
        ({"flag_without_x1": np.arange(N) % 6 == 0}, "50 rows have no input at all"),
        ({"flag_without_x2": np.zeros(N)}, "expected true/false"),
        ({"flag_without_x2": np.zeros(3, bool)}, "unequal lengths"),
    ],
)
def test_flags_that_cannot_be_are_said(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(DataError, match=words):
        stored(tmp_path, **changes)


def test_a_model_keeps_what_the_other_input_says(tmp_path: Path) -> None:
    data = stored(tmp_path)
    lacks = data.lacks(2)
    assert lacks is not None
    run = train(data, "ensemble", 0, tmp_path / "runs" / "e", epochs_scale=0.3)
    table = read_table(run.predictions)
    test = lacks & (data.split == "test")
    assert table["correct"].to_numpy(bool)[test].mean() > 0.8


# --- from a table to the worth -------------------------------------------------------------------


def csv(folder: Path, rows: int = 900, seed: int = 0) -> Path:
    """A table of which 30 % of the rows lack x2, most of them of class 1: it is x2 that tells class
    1 from the others."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, rows)
    x1 = rng.normal(size=(rows, 2)) + 2.0 * (y == 0)[:, None]
    x2 = rng.normal(size=(rows, 2)) + 3.0 * (y == 1)[:, None]
    x2[rng.random(rows) < np.array([0.12, 0.66, 0.12])[y]] = np.nan
    frame = pd.DataFrame(np.hstack([x1, x2]), columns=["x1_a", "x1_b", "x2_a", "x2_b"])
    path = folder / f"table{seed}.csv"
    frame.assign(label=np.array(["a", "b", "c"])[y]).to_csv(path, index=False)
    return path


def of(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    """The JSON that a command prints."""
    assert main([str(a) for a in arguments]) == 0
    result: dict[str, Any] = json.loads(capsys.readouterr().out)
    return result


def test_a_table_whose_rows_lack_an_input_goes_all_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DMIL_CHECKPOINTS", str(tmp_path / "runs"))
    table, kept = csv(tmp_path), tmp_path / "kept.npz"
    assert main(["convert", str(table), "--missing", "keep", "--out", str(kept)]) == 0
    data = load_dataset(kept)
    lacks = data.lacks(2)
    assert lacks is not None
    assert len(data) == 900
    assert lacks.mean() == pytest.approx(0.3, abs=0.04)
    model = train(data, "ensemble", 0, tmp_path / "runs" / "kept" / "ensemble" / "seed0",
                  epochs_scale=0.2)  # fmt: skip
    capsys.readouterr()

    # Rows without x2 are answered by x1, which tells class a from the others.
    said = read_table(model.predictions)
    test = lacks & (data.split == "test")
    is_a = (said["y"] == "a").to_numpy()
    assert ((said["pred"] == "a").to_numpy() == is_a)[test].mean() > 0.75

    # New rows of the table are answered as they were in the training, one by one too.
    new = tmp_path / "new.csv"
    first = int(np.flatnonzero(test)[0])
    pd.read_csv(table).iloc[[first]].drop(columns="label").to_csv(new, index=False)
    assert main(["decompose", "--checkpoint", str(model.folder), "--data", str(new),
                 "--out", str(tmp_path / "new.parquet")]) == 0  # fmt: skip
    again = read_table(tmp_path / "new.parquet").filter(regex="^p_")
    np.testing.assert_allclose(again, said.filter(regex="^p_").iloc[[first]], atol=1e-4)
    capsys.readouterr()

    # The rows that have x2 are hardly of class 1, about which it tells: it is worth more to all.
    found = of(capsys, "worth", "--data", kept, "--refits", 0, "--json")
    assert "rows lack an input" in found["notes"][0]
    x2 = found["worth"]["x2"]
    assert found["rows"] == int((~lacks).sum())
    assert x2["corrected"]["bits"] > x2["bits"] + 0.03
    direct = of(capsys, "worth", "--data", table, "--missing", "keep", "--refits", 0, "--json")
    assert direct["worth"]["x2"]["corrected"] == x2["corrected"]
    by_model = of(capsys, "worth", "--checkpoint", model.folder, "--json")
    assert by_model["rows"] == int((~lacks & (data.split == "test")).sum())


def test_new_rows_get_the_blank_of_the_training(tmp_path: Path) -> None:
    given = arrays()
    np.savez(tmp_path / "set.npz", **given)
    model = dmil.train(tmp_path / "set.npz", "ensemble", out=tmp_path / "run", epochs_scale=0.1)
    row = int(np.flatnonzero(given["flag_without_x2"] & (given["split"] == "test"))[0])
    names = ("x1", "x2", "flag_without_x2")
    np.savez(tmp_path / "new.npz", **{n: given[n][[row]] for n in names})
    new = model.predict(tmp_path / "new.npz").filter(regex="^p_")
    known = read_table(tmp_path / "run" / "predictions.parquet").filter(regex="^p_")
    np.testing.assert_allclose(new, known.iloc[[row]], atol=1e-5)
