"""Names of generated sets and options from earlier versions still mean the same rows."""

from __future__ import annotations

import pytest

from dmil_core.data.catalog import load_dataset
from dmil_core.data.synthetic.gate_mixture import GateMixture
from dmil_core.data.synthetic.gaussian import gaussian_distribution
from dmil_core.data.synthetic.spec import current_name
from dmil_core.errors import ConfigError

SMALL = "train=40,val=20,test=20"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (f"world:xor=1,and=1,noise=0.1,{SMALL}", f"gates:xor=1,and=1,noise=0.1,{SMALL}"),
        (f"world:form=vectors,{SMALL}", f"gates:form=vectors,{SMALL}"),
        (f"gaussian:law=xor,{SMALL}", f"gaussian:distribution=xor,{SMALL}"),
        (f"gaussian:seed=3,law=copy,{SMALL}", f"gaussian:seed=3,distribution=copy,{SMALL}"),
    ],
)
def test_an_old_spec_draws_the_rows_of_the_new_one(old: str, new: str) -> None:
    before, after = load_dataset(old), load_dataset(new)
    assert before.digest == after.digest
    assert before.name == after.name
    assert "world" not in before.name
    assert "law=" not in before.name


def test_an_old_spec_means_the_same_distribution() -> None:
    assert GateMixture.from_spec("world:xor=1,and=1") == GateMixture.from_spec("gates:xor=1,and=1")
    old, new = (gaussian_distribution(f"gaussian:{o}=xor") for o in ("law", "distribution"))
    assert (old.means == new.means).all()


def test_the_name_alone_is_read_too() -> None:
    assert current_name("world") == "gates"
    assert current_name("avdigits") == "avdigits"
    assert current_name("my/world.npz") == "my/world.npz"


def test_an_option_is_given_once_whatever_it_is_called() -> None:
    with pytest.raises(ConfigError, match="'distribution' is given twice"):
        load_dataset("gaussian:law=xor,distribution=xor")
