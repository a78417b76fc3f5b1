"""New rows need no labels: one row is enough, and labels that there are, are matched by name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

import dmil_core as dmil
from dmil_core.checkpoint import for_prediction
from dmil_core.cli import main
from dmil_core.data.card import MediaSpec
from dmil_core.data.catalog import load_dataset
from dmil_core.data.subset import keep_rows
from dmil_core.errors import CheckpointError, DataError
from dmil_core.inference.projection import project
from dmil_core.io.tables import read_table, write_table
from dmil_core.metrics.predictions import score

NAMES = np.array(["cat", "dog", "owl"])
N = 60
Y = np.arange(N) % 3


def numbers(rows: int = N) -> dict[str, NDArray[Any]]:
    rng = np.random.default_rng(0)
    return {f"x{m}": (Y[:rows, None] + rng.standard_normal((rows, 3))) for m in (1, 2)}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> dmil.Model:
    folder = tmp_path_factory.mktemp("animals")
    np.savez(folder / "train.npz", **numbers(), y=NAMES[Y])
    return dmil.train(folder / "train.npz", "dmil", out=folder / "run", epochs_scale=0.02)


def table(model: dmil.Model, tmp_path: Path, **arrays: NDArray[Any]) -> pd.DataFrame:
    """Of an .npz file with these arrays."""
    np.savez(tmp_path / "new.npz", **arrays)
    return model.predict(tmp_path / "new.npz")


def test_rows_without_labels_are_predicted(model: dmil.Model, tmp_path: Path) -> None:
    known = table(model, tmp_path, **numbers(), y=NAMES[Y])
    new = table(model, tmp_path, **numbers())
    assert new["y"].tolist() == [""] * N
    assert new["correct"].isna().all()
    assert set(new["split"]) == {"test"}
    assert new["pred"].tolist() == known["pred"].tolist()
    pd.testing.assert_frame_equal(new.filter(regex="^(p|contrib)_"),
                                  known.filter(regex="^(p|contrib)_"))  # fmt: skip
    assert known["correct"].dtype == bool


@pytest.mark.parametrize("y", [np.array(["dog"]), np.array([" dog"]), None])
def test_one_row_of_one_class(model: dmil.Model, tmp_path: Path, y: NDArray[Any] | None) -> None:
    labels = {} if y is None else {"y": y}
    new = table(model, tmp_path, **numbers(1), **labels)
    assert len(new) == 1
    assert new["y"].tolist() == ["" if y is None else "dog"]
    assert new["correct"].isna().tolist() == [y is None]


def test_labels_are_matched_by_name_whatever_their_order(model: dmil.Model, tmp_path: Path) -> None:
    # Without cat, "dog" is the first class of this file and the second of the model.
    rows = np.flatnonzero(Y > 0)
    arrays = {name: x[rows] for name, x in numbers().items()}
    new = table(model, tmp_path, **arrays, y=NAMES[Y[rows]])
    assert new["y"].tolist() == NAMES[Y[rows]].tolist()
    assert new["correct"].tolist() == (new["pred"] == new["y"]).tolist()


def test_numbers_are_no_classes_of_a_model_with_names(model: dmil.Model, tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="60 of 60 .*: 0, 1, 2; its classes are cat, dog, owl"):
        new = table(model, tmp_path, **numbers(), y=Y)
    assert new["y"].tolist() == Y.astype(str).tolist()
    assert new["correct"].isna().all()


def test_an_unknown_label_is_named_and_the_others_are_judged(
    model: dmil.Model, tmp_path: Path
) -> None:
    y = NAMES[Y].astype("U8")
    y[[0, 7]], y[3] = "zebra", ""
    with pytest.warns(UserWarning, match=r"2 of 60 rows have labels .*: zebra; "):
        new = table(model, tmp_path, **numbers(), y=y)
    assert new["y"].tolist() == y.tolist()
    assert np.flatnonzero(new["correct"].isna()).tolist() == [0, 3, 7]
    judged = new[new["correct"].notna()]
    assert (judged["correct"] == (judged["pred"] == judged["y"])).all()


def test_numbers_count_the_classes_of_a_card(model: dmil.Model, tmp_path: Path) -> None:
    order = ("owl", "cat", "dog")
    card = load_dataset(str(model.run.data_source)).card
    np.savez(tmp_path / "new.npz", **numbers(), y=np.array([1, 2, 0])[Y])
    (tmp_path / "new.card.json").write_text(replace(card, classes=order).to_json())
    assert load_dataset(str(tmp_path / "new.npz")).classes == order
    assert model.predict(tmp_path / "new.npz")["y"].tolist() == NAMES[Y].tolist()


def test_a_model_of_numbers_takes_numbers_of_any_type(tmp_path: Path) -> None:
    np.savez(tmp_path / "t.npz", **numbers(), y=Y + 1)
    run = dmil.train(tmp_path / "t.npz", "joint", out=tmp_path / "run", epochs_scale=0.02)
    for y in (Y + 1, (Y + 1.0), (Y + 1).astype(str), np.array(["1.0", "2.0", "3.0"])[Y]):
        assert table(run, tmp_path, **numbers(), y=y)["y"].tolist() == (Y + 1).astype(str).tolist()


def test_inputs_must_still_fit(model: dmil.Model, tmp_path: Path) -> None:
    x = numbers()
    with pytest.raises(CheckpointError, match=r"x1: .* reads shape \(3,\), the data has \(2,\)"):
        table(model, tmp_path, x1=x["x1"][:, :2], x2=x["x2"])
    with pytest.raises(CheckpointError, match="x2: the checkpoint reads vector, the data is text"):
        table(model, tmp_path, x1=x["x1"], x2=np.full(N, "word"))


def test_new_rows_of_a_picture_need_no_card(tmp_path: Path) -> None:
    """A file without a card may be of the kinds that the model's own card says."""
    rng = np.random.default_rng(0)
    pictures = rng.random((N, 8, 8)) + Y[:, None, None]
    np.savez(tmp_path / "t.npz", x1=pictures, x2=numbers()["x2"], y=Y)
    card = load_dataset(tmp_path / "t.npz").card
    first, second = card.modalities
    assert first.kind == "sequence"
    image = replace(first, kind="image", media=MediaSpec("image"))
    (tmp_path / "t.card.json").write_text(replace(card, modalities=(image, second)).to_json())
    run = dmil.train(tmp_path / "t.npz", "joint", out=tmp_path / "run", epochs_scale=0.02)
    (tmp_path / "new").mkdir()
    new = table(run, tmp_path / "new", x1=pictures[:2], x2=numbers(2)["x2"])
    assert len(new) == 2


def test_some_of_the_rows_keep_their_labels(model: dmil.Model, tmp_path: Path) -> None:
    np.savez(tmp_path / "new.npz", **numbers(4), y=np.array(["dog", "zebra", "", "cat"]))
    dataset = load_dataset(tmp_path / "new.npz", purpose="predict")
    some = keep_rows(for_prediction(model.run, dataset), np.array([2, 1, 0]), "some")
    assert some.label_names.tolist() == ["", "zebra", "dog"]
    assert some.y.tolist() == [-1, -1, 1]


def test_a_decomposition_of_new_rows(model: dmil.Model, tmp_path: Path) -> None:
    np.savez(tmp_path / "new.npz", **numbers(2))
    parts = model.decompose(tmp_path / "new.npz")
    np.testing.assert_allclose(parts.gate.sum(axis=1), 1, atol=1e-5)
    assert "true class" not in parts.sample("0")._repr_html_()
    assert len(parts.frame) == 2 * len(parts.components)


def test_latent_maps_of_new_rows(model: dmil.Model, tmp_path: Path) -> None:
    np.savez(tmp_path / "new.npz", **numbers(20))
    dataset = load_dataset(tmp_path / "new.npz", purpose="predict")
    path = project(model.folder, dataset, method="pca")
    assert len(read_table(path)) == 20


def test_accuracy_is_over_the_rows_whose_class_is_known(model: dmil.Model, tmp_path: Path) -> None:
    y = np.where(np.arange(N) < 30, "", NAMES[Y])
    new = table(model, tmp_path, **numbers(), y=y, split=np.full(N, "test"))
    judged = table(model, tmp_path, **numbers(), y=NAMES[Y], split=np.full(N, "test")).iloc[30:]
    assert score(new, model.classes) == score(judged, model.classes)
    assert score(new.iloc[:30], model.classes) == {}


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_missing_verdict_is_never_read_as_wrong(
    model: dmil.Model, tmp_path: Path, ending: str
) -> None:
    y = np.where(np.arange(N) < 5, "", NAMES[Y])
    new = table(model, tmp_path, **numbers(), y=y)
    path = tmp_path / f"out.{ending}"
    write_table(new, path)
    back = read_table(path)
    assert back["y"].tolist() == y.tolist()
    assert back["correct"].isna().sum() == 5
    assert back["correct"].dropna().astype(bool).tolist() == new["correct"].dropna().tolist()
    with pytest.raises(ValueError, match="missing values"):
        back["correct"].to_numpy(dtype=bool)


def test_the_command_line(
    model: dmil.Model, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.savez(tmp_path / "new.npz", **numbers(1))
    np.savez(tmp_path / "ints.npz", **numbers(), y=Y)
    for name, says in (
        ("new", ""),
        ("ints", "labels that are no class of the checkpoint: 0, 1, 2"),
    ):
        out = tmp_path / f"{name}.csv"
        line = ("decompose", "--checkpoint", model.folder, "--data", tmp_path / f"{name}.npz")
        assert main([str(a) for a in (*line, "--out", out)]) == 0
        assert says in capsys.readouterr().err
        assert len(read_table(out)) == (1 if name == "new" else N)


def test_a_table_of_new_rows(model: dmil.Model) -> None:
    frame = pd.DataFrame({f"x{m}_{i}": numbers(1)[f"x{m}"][:, i] for m in (1, 2) for i in range(3)})
    new = model.predict(dmil.from_table(frame, purpose="predict"))
    assert new["correct"].isna().tolist() == [True]
    with pytest.raises(DataError, match="no column is the label"):
        dmil.from_table(frame)


def test_rows_without_a_class_are_not_split_or_trained_on(tmp_path: Path) -> None:
    np.savez(tmp_path / "new.npz", **numbers(20))
    with pytest.raises(DataError, match="'y' is missing"):
        load_dataset(tmp_path / "new.npz")
    with pytest.raises(DataError, match="rows without a class"):
        load_dataset(f"{tmp_path / 'new.npz'}:split=1", purpose="predict")
