"""What a shipped model makes of each input, on rows that are new to it."""

from __future__ import annotations

import numpy as np
import pytest

from dmil_core.checkpoint import default_folder, read_run
from dmil_core.data.catalog import load_dataset
from dmil_core.errors import ConfigError
from dmil_core.information.latents import estimate_latents, pairs_of

LN2 = float(np.log(2.0))


def test_latents_tell_what_the_inputs_told() -> None:
    """The ensemble's features of each digit tell most of its 3.3 bits, of rows new to it alone."""
    data = load_dataset("mfeat")
    estimates = estimate_latents(default_folder("mfeat", "ensemble", 0), data, "Z", refits=0)
    unseen = data.split != "train"
    assert estimates.table["id"].tolist() == data.ids[unseen].tolist()
    assert 2.3 < estimates.means["i1"].value / LN2 < np.log2(10)
    assert 2.7 < estimates.means["i12"].value / LN2 < np.log2(10)


def test_a_decomposition_has_its_features_side_by_side() -> None:
    data = load_dataset("mfeat")
    folder = default_folder("mfeat", "dmil", 0)
    assert pairs_of(read_run(folder)) == ("Z", "M", "N")
    z, m = (estimate_latents(folder, data, name, refits=0) for name in ("Z", "M"))
    assert z.means["i1"].value == pytest.approx(m.means["i1"].value, abs=0.5 * LN2)
    assert z.means["i2"].value == pytest.approx(m.means["i2"].value, abs=0.5 * LN2)


def test_rows_of_another_set_are_all_new() -> None:
    folder = default_folder("switch", "ensemble", 0)
    other = load_dataset("switch:train=300,val=50,test=50")
    assert len(estimate_latents(folder, other, "Z", refits=0).table) == len(other)


def test_a_latent_that_is_not_there() -> None:
    with pytest.raises(ConfigError, match="expected one of Z, which this model"):
        estimate_latents(default_folder("mfeat", "joint", 0), load_dataset("mfeat"), "M")
