"""Three modalities through everything: stages, model, training, tables, command, refusals."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from dmil_core import schema
from dmil_core.checkpoint import Run, check_fits, load_model, verify
from dmil_core.cli import main
from dmil_core.config import EncoderConfig
from dmil_core.data.catalog import load_dataset
from dmil_core.data.dataset import Dataset
from dmil_core.errors import CheckpointError, ConfigError
from dmil_core.experiments.compare import compare
from dmil_core.inference.predict import predict
from dmil_core.io.tables import read_table
from dmil_core.models.decomposition import Fusion
from dmil_core.models.inputs import batch, check_modalities, model_config
from dmil_core.models.outputs import DmilOutput
from dmil_core.models.registry import build
from dmil_core.paradigms import PARADIGMS, stages_for
from dmil_core.seeding import reproducible
from dmil_core.training.loop import select_parameters
from dmil_core.training.losses import evaluate, weight_each
from dmil_core.training.run import train
from tests.conftest import TINY_SCALE
from tests.core.builders import model_config as small_config

TINY_THREE = "switch-three:classes=3,noise=0.4,block=4,train=240,val=90,test=90"
COMPONENTS = ("R", "U1", "U2", "U3", "S")
ABLE = sorted(name for name, p in PARADIGMS.items() if p.most_modalities == 3)
UNABLE = sorted(set(PARADIGMS) - set(ABLE))


@pytest.fixture(scope="module")
def three() -> Dataset:
    """420 rows with three inputs and known interaction type."""
    return load_dataset(TINY_THREE)


@pytest.fixture(scope="module")
def runs(three: Dataset, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """A short run of each of the three main paradigms. Do not write to their folders."""
    root = tmp_path_factory.mktemp("three")
    names = ("dmil", "joint", "ensemble")
    return {n: train(three, n, 0, root / n, epochs_scale=TINY_SCALE) for n in names}


def third(kind: str = "mlp") -> EncoderConfig:
    return EncoderConfig(kind, (4,), feature_size=8, hidden=16)


# --- what can be checked by hand ------------------------------------------------------------


def test_the_fusion_reads_every_product() -> None:
    fusion = Fusion(1, 4, 1, modalities=3)
    seen: list[torch.Tensor] = []
    fusion.body.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    fusion(torch.tensor([[2.0]]), torch.tensor([[3.0]]), torch.tensor([[5.0]]))
    assert seen[0].tolist() == [[2.0, 3.0, 5.0, 6.0, 10.0, 15.0, 30.0]]


def test_two_modalities_are_built_as_before_and_a_third_adds_only_its_own() -> None:
    names = [
        {name.split(".")[0] + "." + name.split(".")[1] for name in build(config).state_dict()}
        for config in (small_config(), replace(small_config(), encoders=encoders()))
    ]
    own = {"encoders.x3", "encoders.norm3", "heads.U3"}
    own |= {f"intra3.{part}" for part in ("q_m", "q_n", "head", "decoder")}
    assert names[1] - names[0] == own
    assert names[0] <= names[1]


def encoders() -> tuple[EncoderConfig, ...]:
    return (*small_config().encoders, third())


def test_the_third_modality_is_taught_as_the_second() -> None:
    first, interact, together = stages_for(PARADIGMS["dmil"], 8000, 3)
    for stage in (first, together):
        each = weight_each(stage.losses, 3)
        for term in ("ce_known_x", "kl_intra_x", "recon_input_x"):
            assert each[f"{term}3"] == each[f"{term}2"]
    assert interact == stages_for(PARADIGMS["dmil"], 8000, 2)[1]
    alone = stages_for(PARADIGMS["ensemble"], 8000, 3)
    assert [s.name for s in alone] == ["alone-1", "alone-2", "alone-3"]
    assert alone[2].trainable == ("encoders.x3.", "encoders.norm3.", "heads.2.")
    assert weight_each(alone[2].losses, 3, alone[2].modality) == {"ce_unimodal_x3": 1.0}
    released = stages_for(PARADIGMS["dmil-paper"], 8000, 3)[0]
    assert released.losses["kl_intra"] == (0.008, 0.04, 0.04)


@pytest.mark.parametrize("name", ABLE)
def test_every_parameter_of_the_third_is_trained(name: str) -> None:
    paradigm = PARADIGMS[name]
    net = build(replace(small_config(paradigm.options), encoders=encoders()))
    moved = {
        parameter
        for stage in paradigm.stages_of(3)
        for parameter in select_parameters(net, stage.trainable)
    }
    assert moved == set(net.parameters())


# --- a trained decomposition ----------------------------------------------------------------


def test_the_five_contributions_add_up_to_the_logits(three: Dataset, runs: dict[str, Run]) -> None:
    table = read_table(runs["dmil"].predictions)
    for cls in three.classes:
        parts = table[[schema.contribution(c, cls) for c in COMPONENTS]]  # type: ignore[arg-type]
        np.testing.assert_allclose(parts.sum(axis=1), table[schema.logit(cls)], atol=1e-4)
    gates = table[[f"gate_{c}" for c in COMPONENTS]]
    np.testing.assert_allclose(gates.sum(axis=1), 1.0, atol=1e-5)
    assert {"pred_x3", "pred_U3", *(f"px3_{k}" for k in three.classes)} <= set(table.columns)


def test_each_input_alone_decides_its_own_column(three: Dataset, runs: dict[str, Run]) -> None:
    model, run = load_model(runs["dmil"].folder)
    changed = replace(three, x3=three.x3[::-1].copy())  # type: ignore[index]
    one, two = (predict(model, run.config.model, d, latents=True) for d in (three, changed))
    for column in (schema.unimodal_prob(m, three.classes[0]) for m in (1, 2)):
        np.testing.assert_array_equal(one[column], two[column])
    assert not np.allclose(one["px3_class 0"], two["px3_class 0"])
    assert not np.allclose(one["U3_0"], two["U3_0"])
    np.testing.assert_array_equal(one["U1_0"], two["U1_0"])


def test_latents_and_metrics_have_the_third(runs: dict[str, Run]) -> None:
    assert runs["dmil"].latents == schema.dmil_latents(3)
    assert {"M3", "N3", "U3"} <= set(runs["dmil"].latents)
    assert runs["joint"].latents == ("Z1", "Z2", "Z3", "F")
    assert runs["ensemble"].latents == ("Z1", "Z2", "Z3")
    scores = runs["dmil"].metrics["test"]
    assert {f"mean_gate_{c}" for c in COMPONENTS} <= set(scores)
    assert {f"gate_auroc_{c}" for c in COMPONENTS} <= set(scores)


def test_the_ensemble_averages_three(three: Dataset, runs: dict[str, Run]) -> None:
    table = read_table(runs["ensemble"].predictions)
    for cls in three.classes:
        mean = sum(table[schema.unimodal_prob(m, cls)] for m in schema.MODALITY_NUMBERS) / 3
        np.testing.assert_allclose(mean, table[schema.prob(cls)], atol=1e-5)


@pytest.mark.parametrize(
    "name", ["dmil-id", "dmil-cd", "dmil-fc", "dmil-paper", "joint-matched", "multi-loss"]
)
def test_whoever_reads_three_trains_on_three(name: str, tmp_path: Path) -> None:
    few = load_dataset("switch-three:classes=2,block=4,train=64,val=32,test=32")
    run = train(few, name, 0, tmp_path / "run", epochs_scale=0.01)
    assert verify(run.folder) == run
    assert len(run.config.model.encoders) == 3


def test_without_redundancy_each_uniqueness_takes_an_equal_part(three: Dataset) -> None:
    config = model_config(three, PARADIGMS["dmil-id"])
    with reproducible(0):
        net = build(config).eval()
    w = torch.tensor([[0.3, 0.1, 0.2, 0.0, 0.4]])
    rows = replace(batch(three, np.array([0]), config), responsibilities=w)
    outputs = evaluate(net, rows)
    assert isinstance(outputs.out, DmilOutput)
    assert outputs.responsibilities[0].tolist() == pytest.approx([0.0, 0.2, 0.3, 0.1, 0.4])
    assert outputs.out.gate[0, 0] == 0.0


def test_decompose_writes_the_same_table(
    runs: dict[str, Run], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "table.parquet"
    given = ["--checkpoint", str(runs["dmil"].folder), "--data", TINY_THREE, "--out", str(out)]
    assert main(["decompose", *given]) == 0
    pd.testing.assert_frame_equal(read_table(out), read_table(runs["dmil"].predictions))


def test_a_comparison_counts_what_none_of_three_says(three: Dataset, tmp_path: Path) -> None:
    compare([three], ["joint"], 1, tmp_path, epochs_scale=0.01)
    folder = tmp_path / "runs" / three.slug / "ensemble" / "seed0"
    pair = read_table(folder / "predictions.parquet")
    pair = pair[pair["split"] == "test"]
    wrong = [pair[f"pred_x{m}"] != pair["y"] for m in (1, 2, 3)]
    for line in (tmp_path / "results.jsonl").read_text("utf-8").splitlines():
        bound = json.loads(line)["test"]["synergy_bound"]
        assert bound == pytest.approx((wrong[0] & wrong[1] & wrong[2]).mean())


# --- refusals -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", UNABLE)
def test_a_paradigm_of_two_says_so(name: str, three: Dataset) -> None:
    wanted = f"'{name}' expects two modalities; .* has 3. Use joint, ensemble, dmil, "
    with pytest.raises(ConfigError, match=wanted):
        check_modalities(three, PARADIGMS[name])


def test_nothing_is_trained_before_a_paradigm_is_refused(three: Dataset, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'ogm-ge' expects two modalities"):
        train(three, "ogm-ge", 0, tmp_path / "one")
    with pytest.raises(ConfigError, match="'qmf' expects two modalities"):
        compare([three], ["joint", "qmf"], 1, tmp_path / "many")
    assert not list(tmp_path.glob("*/*"))


def test_a_checkpoint_of_three_refuses_two_and_the_other_way_round(
    tiny: Dataset, three: Dataset, runs: dict[str, Run], tiny_runs: dict[str, Run]
) -> None:
    with pytest.raises(CheckpointError, match="reads 3 inputs, the data has 2"):
        check_fits(runs["dmil"], tiny)
    with pytest.raises(CheckpointError, match="reads 2 inputs, the data has 3"):
        check_fits(tiny_runs["dmil"], three)


def test_an_encoder_of_a_third_input_needs_one(tiny: Dataset, three: Dataset) -> None:
    with pytest.raises(ConfigError, match="named for x3; expected at most 2"):
        model_config(tiny, PARADIGMS["joint"], (None, None, "mlp"))
    assert model_config(three, PARADIGMS["joint"], (None,)).modalities == 3
