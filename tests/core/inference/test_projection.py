"""Latent maps: which rows, how good, and by which method."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.decomposition import PCA

from dmil_core import schema
from dmil_core.checkpoint import Run, load_model
from dmil_core.data.catalog import load_dataset
from dmil_core.data.dataset import Dataset
from dmil_core.errors import BusyError, CheckpointError, ConfigError
from dmil_core.inference.predict import predict
from dmil_core.inference.projection import (
    embed,
    latent_values,
    on_grid,
    project,
    project_new,
    shown_rows,
    trustworthiness,
)
from dmil_core.io.atomic import exclusive
from dmil_core.io.tables import read_table, table_metadata
from dmil_core.schema import DMIL_LATENTS
from tests.conftest import PARADIGM_NAMES


def folder_of(run: Run, tmp_path: Path) -> Path:
    """A copy that may be written to."""
    return shutil.copytree(run.folder, tmp_path / "run")


@pytest.mark.parametrize("name", PARADIGM_NAMES)
def test_every_latent_has_a_map_of_every_row(
    tiny_runs: dict[str, Run], tiny: Dataset, tmp_path: Path, name: str
) -> None:
    folder = folder_of(tiny_runs[name], tmp_path)
    mapped: list[str] = []
    path = project(folder, tiny, method="pca", on_latent=mapped.append)
    table, about = read_table(path), table_metadata(path)
    latents = tiny_runs[name].latents
    assert tuple(mapped) == latents
    if name.startswith("dmil"):
        assert latents == DMIL_LATENTS
    wanted = ["id", *(c for n in latents for c in schema.projection(n))]
    assert list(table.columns) == wanted
    assert table["id"].tolist() == tiny.ids.tolist()
    assert np.isfinite(table.drop(columns="id")).all(axis=None)
    assert (about["method"], about["rows"], about["of"]) == ("pca", 420, 420)
    assert about["weights"] == tiny_runs[name].weights_sha256
    assert about["data"] == tiny.digest
    assert set(about["trustworthiness"]) == set(latents)
    assert all(0 <= t <= 1 for t in about["trustworthiness"].values())


def test_pca_is_the_plane_of_largest_variance(
    tiny_runs: dict[str, Run], tiny: Dataset, tmp_path: Path
) -> None:
    folder = folder_of(tiny_runs["joint"], tmp_path)
    table = read_table(project(folder, tiny, method="pca"))
    model, run = load_model(folder)
    values = latent_values(predict(model, run.config.model, tiny, latents=True), "F")
    wanted = PCA(2, svd_solver="full").fit_transform(values)
    np.testing.assert_allclose(table[["F_x", "F_y"]], wanted, atol=np.abs(wanted).max() / 2**14)


def test_umap_keeps_neighbours_better_than_chance(
    tiny_runs: dict[str, Run], tiny: Dataset, tmp_path: Path
) -> None:
    folder = folder_of(tiny_runs["joint"], tmp_path)
    path = project(folder, tiny, max_rows=150)
    table, about = read_table(path), table_metadata(path)
    assert about["method"] == "umap"
    assert (about["rows"], about["of"]) == (150, 420)
    # Shuffled points have a trustworthiness of about one half.
    assert all(t > 0.7 for t in about["trustworthiness"].values())
    assert np.isfinite(table.drop(columns="id")).all(axis=None)
    assert table_metadata(project(folder, tiny, max_rows=150)) == about


def test_umap_of_points_that_are_all_the_same_is_finite() -> None:
    """A latent whose posterior collapsed to its prior."""
    assert np.isfinite(embed(np.zeros((60, 4), np.float32), "umap")).all()
    assert np.isfinite(embed(np.zeros((60, 4), np.float32), "pca")).all()


def test_test_rows_are_shown_first_in_file_order(tiny: Dataset) -> None:
    test, val, train = (tiny.rows(s) for s in ("test", "val", "train"))
    assert shown_rows(tiny, 30).tolist() == test[:30].tolist()
    assert set(shown_rows(tiny, 100)) == {*test, *val[:10]}
    assert shown_rows(tiny, 10**6).tolist() == list(range(len(tiny)))
    some = shown_rows(tiny, 200)
    assert (np.diff(some) > 0).all()
    assert set(some) == {*test, *val, *train[:20]}


def test_too_few_rows_for_umap_are_drawn_and_named_as_pca(
    tiny_runs: dict[str, Run], tiny: Dataset, tmp_path: Path
) -> None:
    folder = folder_of(tiny_runs["joint"], tmp_path)
    path = project(folder, tiny, method="umap", max_rows=3)
    about = table_metadata(path)
    assert about["method"] == "pca"
    assert len(read_table(path)) == 3
    assert about["trustworthiness"] == {}  # nothing to measure it on


def test_trustworthiness_of_a_perfect_map_and_of_none() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(200, 2))
    assert trustworthiness(values, values) == 1.0
    assert trustworthiness(values, rng.normal(size=(200, 2))) < 0.65


def test_one_dimension_is_drawn_as_a_line() -> None:
    line = np.arange(20.0)[:, None]
    xy = embed(line, "pca")
    assert (xy[:, 1] == 0).all()
    assert np.allclose(np.abs(np.diff(xy[:, 0])), 1.0)


def test_wrong_methods_and_sets_leave_the_old_map(
    tiny_runs: dict[str, Run], tiny: Dataset, tmp_path: Path
) -> None:
    folder = folder_of(tiny_runs["joint"], tmp_path)
    before = project(folder, tiny, method="pca").read_bytes()
    with pytest.raises(ConfigError, match="'tsne': expected umap or pca"):
        project(folder, tiny, method="tsne")  # type: ignore[arg-type]
    other = load_dataset("switch:classes=3,block=5,train=50,val=20,test=20")
    with pytest.raises(CheckpointError, match="does not fit"):
        project(folder, other, method="pca")
    with exclusive(folder), pytest.raises(BusyError):
        project(folder, tiny, method="pca")
    assert (folder / "projection.parquet").read_bytes() == before


def test_metadata_is_json_others_can_read(
    tiny_runs: dict[str, Run], tiny: Dataset, tmp_path: Path
) -> None:
    import pyarrow.parquet as pq

    path = project(folder_of(tiny_runs["joint"], tmp_path), tiny, method="pca", max_rows=10)
    footer = pq.read_schema(path).metadata[b"dmil"]

    def refuse(constant: str) -> float:
        raise AssertionError(constant)

    json.loads(footer, parse_constant=refuse)


@given(st.floats(1e-20, 1e20), st.integers(0, 10**6))
def test_places_move_by_less_than_a_screen_can_show(reach: float, seed: int) -> None:
    xy = (reach * np.random.default_rng(seed).uniform(-1, 1, (50, 2))).astype(np.float32)
    assert np.abs(on_grid(xy) - xy).max() <= np.abs(xy).max() / 2**14
    assert np.array_equal(on_grid(on_grid(xy)), on_grid(xy))


def test_a_map_of_one_place_stays_there() -> None:
    assert np.array_equal(on_grid(np.zeros((3, 2), np.float32)), np.zeros((3, 2)))


@given(st.integers(0, 99))
def test_a_pca_places_new_samples_where_it_would_have_put_them(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(60, 5)) * [5, 4, 1, 1, 1]
    both = PCA(2).fit(values[:50]).transform(values)
    placed = project_new(values[:50], both[:50], values[50:], "pca")
    np.testing.assert_allclose(placed, both[50:], atol=1e-4)


def test_a_new_sample_lies_among_its_neighbours_of_a_umap() -> None:
    rng = np.random.default_rng(0)
    centres = np.repeat([[0.0] * 4, [9.0] * 4], 40, axis=0)
    values = centres + rng.normal(size=(80, 4)) * 0.1
    xy = np.repeat([[0.0, 0.0], [10.0, -10.0]], 40, axis=0) + rng.normal(size=(80, 2)) * 0.1
    new = np.array([[0.05] * 4, [8.9] * 4])
    near, far = project_new(values, xy, new, "umap")
    assert np.abs(near).max() < 0.5
    assert np.abs(far - [10, -10]).max() < 0.5
    # Exactly on a placed sample, that one weighs most.
    (there,) = project_new(values, xy, values[:1], "umap")
    others = xy[:40].mean(axis=0)
    assert np.linalg.norm(there - xy[0]) < np.linalg.norm(others - xy[0]) + 0.1
