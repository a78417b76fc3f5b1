"""Stored information estimates: what is saved is loaded, and damage is reported."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from dmil_core.data.catalog import load_dataset
from dmil_core.errors import ConfigError, DataError
from dmil_core.information import store
from dmil_core.information.store import InformationEstimates
from dmil_core.information.truth import exact_pointwise, known_distribution
from dmil_core.io.tables import read_table, table_metadata, write_table
from dmil_core.partial_information.pointwise import mean_of

SHIPPED = (
    "avdigits", "avdigits-parity", "avdigits-same", "emoji", "mfeat", "shapes-qa", "switch",
    "watch",
)  # fmt: skip
LN2 = float(np.log(2.0))
#: Of 200 rows, written by the first version of the program.
OLD = Path(__file__).parent / "information-version1.parquet"
SPEC = "gaussian:train=300,val=50,test=50"


@pytest.fixture(scope="module")
def computed() -> InformationEstimates:
    return InformationEstimates.compute(load_dataset(SPEC), refits=4)


def test_it_comes_back_as_it_was(computed: InformationEstimates, tmp_path: Path) -> None:
    path = tmp_path / store.FILE
    computed.save(path)
    back = InformationEstimates.load(path)
    assert back.data == load_dataset(SPEC).digest
    assert back.clusters == computed.clusters
    assert back.refits is not None
    assert back.refits.share == 0.25
    for definition in store.DEFINITIONS:
        errors = back.fit_errors(definition)
        assert errors == pytest.approx(computed.fit_errors(definition))
        assert errors["i12"] > 0.0
    assert list(back.rows.columns) == ["y", "i1", "i2", "i12"]
    pd.testing.assert_index_equal(back.rows.index, computed.rows.index)
    assert_allclose(back.rows["i12"], computed.rows["i12"], atol=1e-5)


def test_rows_follow_the_distribution(computed: InformationEstimates) -> None:
    distribution, data = known_distribution(SPEC), load_dataset(SPEC)
    assert distribution is not None
    for definition in ("same-sign", "ccs"):
        true = exact_pointwise(distribution, data.x1, data.x2, data.y, definition)  # type: ignore[arg-type]
        result = computed.split(definition)  # type: ignore[arg-type]
        assert result.r.mean() == pytest.approx(true.r.mean(), abs=0.07)
        assert np.corrcoef(result.i12, true.i12)[0, 1] > 0.85


def test_clusters_are_of_several_sizes(computed: InformationEstimates) -> None:
    assert [c.clusters for c in computed.clusters] == [2, 4, 8, 16]


def test_groups_are_kept() -> None:
    data = load_dataset(SPEC)
    grouped = replace(data, group=np.arange(len(data)) // 2)
    estimates = InformationEstimates.compute(grouped, refits=0)
    assert estimates.rows[store.GROUP].tolist()[:4] == ["0", "0", "1", "1"]


@pytest.mark.parametrize("name", SHIPPED)
def test_what_is_shipped_is_of_the_shipped_sets(name: str) -> None:
    kept, data = InformationEstimates.load(store.default_path(name)), load_dataset(name)
    assert kept.data == data.digest
    assert kept.rows.index.tolist() == data.ids.astype(str).tolist()
    assert (store.GROUP in kept.rows) == (data.group is not None)


@pytest.mark.parametrize("name", SHIPPED)
def test_what_is_shipped_has_a_floor_and_both_inputs_say_no_less_than_one(name: str) -> None:
    kept = InformationEstimates.load(store.default_path(name))
    groups = kept.rows.get(store.GROUP)
    values = kept.split("same-sign")
    for i in (values.i1, values.i2, values.i12):
        assert i.min() / LN2 >= -np.log2(len(i)) - 1
    assert kept.refits is not None
    for one in ("i1", "i2"):
        by_fit = kept.refits.error({"i12": 1.0, one: -1.0}, "same-sign")
        more = mean_of(values.i12 - getattr(values, one), groups, by_fit.root_mean_square)
        assert more.value >= -2.0 * mean_of(values.i12 - getattr(values, one), groups).error
        assert more.error > 0.0


def test_a_file_of_version_1_is_still_read() -> None:
    """Written before there were refits; the errors of its means are those over rows."""
    kept = InformationEstimates.load(OLD)
    assert kept.refits is None
    assert kept.fit_errors("same-sign") == {}
    assert kept.rows.shape == (200, 4)
    assert [c.clusters for c in kept.clusters] == [2, 4, 8, 16]


def test_a_file_of_a_later_version_is_refused(
    computed: InformationEstimates, tmp_path: Path
) -> None:
    path = tmp_path / store.FILE
    computed.save(path)
    about = table_metadata(path)
    assert about["version"] == store.VERSION
    write_table(read_table(path), path, {**about, "version": 3})
    with pytest.raises(DataError, match="version 3, this program reads versions up to 2"):
        InformationEstimates.load(path)


def test_three_inputs_are_refused() -> None:
    with pytest.raises(ConfigError, match="has 3 inputs"):
        InformationEstimates.compute(load_dataset("switch-three"))


def test_damage_is_told(computed: InformationEstimates, tmp_path: Path) -> None:
    path = tmp_path / store.FILE
    with pytest.raises(DataError, match="does not exist"):
        InformationEstimates.load(path)
    computed.save(path)
    table = read_table(path)
    write_table(table.drop(columns="i12"), path, {"data": "", "clusters": []})
    with pytest.raises(DataError, match="i12 are missing"):
        InformationEstimates.load(path)
    for about in ({}, {"data": "a"}, {"data": "a", "clusters": [{"clusters": 2}]}):
        write_table(table, path, about)
        with pytest.raises(DataError, match=r"the metadata of .* is damaged"):
            InformationEstimates.load(path)
    path.write_bytes(b"PAR1")
    with pytest.raises(DataError, match="damaged"):
        InformationEstimates.load(path)
