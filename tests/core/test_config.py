"""Configurations survive JSON, and a reader refuses what it does not understand."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmil_core.config import EncoderConfig, ModelConfig, RunConfig, Stage, from_json, to_json
from dmil_core.errors import ConfigError
from dmil_core.paradigms import PARADIGMS
from tests.core.builders import model_config

encoder_configs = st.builds(
    EncoderConfig,
    kind=st.text(),
    shape=st.lists(st.integers(1, 99), min_size=1, max_size=3).map(tuple),
    dropout=st.floats(0, 1),
    vocabulary=st.lists(st.text(), max_size=4).map(tuple),
)
run_configs = st.builds(
    RunConfig,
    paradigm=st.text(),
    seed=st.integers(0, 2**63),
    model=st.builds(
        ModelConfig,
        architecture=st.sampled_from(["dmil", "joint", "ensemble"]),
        encoders=st.lists(encoder_configs, min_size=2, max_size=3).map(tuple),
        classes=st.integers(2, 9),
        reconstruct=st.sampled_from(["input", "features"]),
    ),
    stages=st.lists(
        st.builds(
            Stage,
            name=st.text(),
            title=st.text(),
            trainable=st.lists(st.text(), max_size=3).map(tuple),
            epochs=st.integers(1, 99),
            lr=st.floats(1e-6, 1.0),
            losses=st.dictionaries(
                st.text(), st.floats(0, 9) | st.tuples(st.floats(0, 9), st.floats(0, 9))
            ),
            modality=st.none() | st.integers(1, 3),
        ),
        max_size=3,
    ).map(tuple),
)


@given(run_configs)
def test_any_config_reads_back_equal(config: RunConfig) -> None:
    assert from_json(RunConfig, json.loads(json.dumps(to_json(config)))) == config


def run_config() -> dict[str, Any]:
    stages = PARADIGMS["dmil"].stages
    return json.loads(json.dumps(to_json(RunConfig("dmil", 3, model_config(), stages, 3))))


def changed(path: tuple[str | int, ...], value: object) -> dict[str, Any]:
    """The run config with one value replaced, or removed where ``value`` is ..."""
    data = run_config()
    target: Any = data
    for key in path[:-1]:
        target = target[key]
    if value is ...:
        del target[path[-1]]
    else:
        target[path[-1]] = value
    return data


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (("seed",), "3", "config.seed: expected an integer, got '3'"),
        (("seed",), True, "config.seed: expected an integer"),
        (("seed",), 1.5, "config.seed: expected an integer"),
        (("seed",), None, "config.seed: expected an integer"),
        (("seed",), ..., "config: the field 'seed' is missing"),
        (("speed",), 1, "config: unknown field 'speed'"),
        (("paradigm",), 7, "config.paradigm: expected a string, got 7"),
        (
            ("model", "architecture"),
            "cnn",
            "config.model.architecture: expected one of 'dmil', 'joi",
        ),
        (("model", "classes"), ..., "config.model: the field 'classes' is missing"),
        (("model", "encoders"), [], "config.model.encoders: expected 2 or 3 encoders, got"),
        (("model", "encoders", 1, "shape"), 5, r"config.model.encoders\[1\].shape: expected a lis"),
        (("model", "encoders", 0, "dropout"), "x", r"encoders\[0\].dropout: expected a number"),
        (
            ("stages", 2, "losses", "ce"),
            None,
            r"stages\[2\].losses.ce: expected a number, got None",
        ),
        (("stages", 2, "losses", "ce"), [1, "x"], r"losses.ce\[1\]: expected a number, got 'x'"),
        (("stages", 0, "lr"), 10**400, r"config.stages\[0\].lr: expected a finite number"),
        (("stages", 0, "lr"), float("nan"), r"config.stages\[0\].lr: expected a finite number"),
        (("model", "classes"), 0, "config.model.classes: expected an integer from 1 to .*, got 0"),
        (
            ("model", "latent_size"),
            10**12,
            "config.model.latent_size: expected an integer from 1 to",
        ),
        (("stages", 1, "losses"), [], r"config.stages\[1\].losses: expected an object"),
        (("stages", 0), "first", r"config.stages\[0\]: expected an object, got 'first'"),
    ],
)
def test_an_unfit_value_is_named_with_its_place(
    path: tuple[str | int, ...], value: object, says: str
) -> None:
    with pytest.raises(ConfigError, match=says):
        from_json(RunConfig, changed(path, value))


def test_every_fault_is_named_at_once() -> None:
    data = changed(("stages", 0, "lr"), "x")
    data["seed"], data["speed"] = 1.5, 3
    del data["model"]["classes"]
    with pytest.raises(ConfigError) as error:
        from_json(RunConfig, data)
    assert sorted(str(error.value).split("; ")) == [
        "config.model: the field 'classes' is missing",
        "config.seed: expected an integer, got 1.5",
        "config.stages[0].lr: expected a number, got 'x'",
        "config: unknown field 'speed'",
    ]


def test_very_many_faults_are_counted() -> None:
    data = changed(("stages", 0, "settings"), dict.fromkeys(map(str, range(50)), "x"))
    with pytest.raises(ConfigError, match=r"; and 42 more$"):
        from_json(RunConfig, data)


@pytest.mark.parametrize("value", [None, [], "text", 3])
def test_only_an_object_is_a_config(value: object) -> None:
    with pytest.raises(ConfigError, match="config: expected an object"):
        from_json(RunConfig, value)


def test_a_long_value_is_cut_in_the_message() -> None:
    with pytest.raises(ConfigError) as error:
        from_json(RunConfig, changed(("seed",), "9" * 10_000))
    assert len(str(error.value)) < 200


@pytest.mark.parametrize("dropout", [float("nan"), -0.1, 1.5, float("inf")])
def test_a_dropout_that_is_no_share_is_refused_wherever_it_comes_from(dropout: float) -> None:
    with pytest.raises(ConfigError, match=r"dropout: expected a (finite )?number"):
        EncoderConfig("mlp", (4,), dropout=dropout)
    with pytest.raises(ConfigError, match=r"dropout: expected a (finite )?number"):
        from_json(EncoderConfig, {"kind": "mlp", "shape": [4], "dropout": dropout})
