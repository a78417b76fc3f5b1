"""The ablations of DMIL: what each leaves out is gone, and what it keeps still works."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dmil_core import schema
from dmil_core.checkpoint import Run, load_model, verify
from dmil_core.config import ArchitectureOptions
from dmil_core.data.catalog import load_dataset
from dmil_core.data.dataset import Dataset
from dmil_core.inference.predict import predict
from dmil_core.inference.projection import project
from dmil_core.io.tables import read_table, write_table
from dmil_core.models.batch import Batch
from dmil_core.models.dmil import Dmil
from dmil_core.models.outputs import DmilOutput, Reconstructions
from dmil_core.models.posteriors import Gaussian, Point
from dmil_core.paradigms import DMIL, PARADIGMS
from dmil_core.schema import COMPONENTS, DMIL_LATENTS
from dmil_core.training.loop import fit, select_parameters
from dmil_core.training.losses import ModelOutputs, evaluate, terms, total
from dmil_core.training.run import train
from tests.core.builders import Stopped, batch, model, stage
from tests.core.models.test_architectures import xor

#: The paper's, which change the model, and ours.
PAPER = ("dmil-fc", "dmil-id", "dmil-cd")
OURS = ("dmil-flat", "dmil-no-gate-target", "dmil-features")
LATENTS = {
    "dmil-fc": DMIL_LATENTS,
    "dmil-id": ("Z", "M1", "M2", "N1", "N2", "S"),
    "dmil-cd": ("Z", "M1", "M2", "R", "U1", "U2", "S"),
}
#: Neither decomposition: nobody's paradigm, but the parts allow it.
NEITHER = ArchitectureOptions("dmil", intra=False, consistency=False)
MODELS = [*(PARADIGMS[name].options for name in PAPER), NEITHER]


def net_of(name: str, seed: int = 0) -> Dmil:
    net = model(PARADIGMS[name].options, seed=seed)
    assert isinstance(net, Dmil)
    return net


def evaluated(net: Dmil, rows: int = 8) -> ModelOutputs:
    return evaluate(net, batch(rows))


def value(term: str, outputs: ModelOutputs) -> torch.Tensor:
    return terms(outputs, [term])[term]


# --- as values -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("dmil-fc", {"variational": False}),
        ("dmil-id", {"consistency": False}),
        ("dmil-cd", {"intra": False}),
        ("dmil-flat", {"explained": False}),
        ("dmil-no-gate-target", {"explained": False}),
        ("dmil-by-heart", {}),
        ("dmil-pure", {}),
        ("dmil-features", {"reconstruct": "features"}),
        ("dmil-probability-gate", {}),
        ("dmil-expected-gate", {}),
        ("dmil-separate", {"unimodal_terms": False}),
    ],
)
def test_an_ablation_changes_what_its_name_says_and_nothing_else(
    name: str, changed: dict[str, object]
) -> None:
    paradigm = PARADIGMS[name]
    assert paradigm.options == replace(DMIL.options, **changed)
    ignored = {"name", "title", "summary", "citation", "options", "stages"}
    if name == "dmil-flat":  # nothing of it uses responsibilities
        assert paradigm.folds == 0
        ignored.add("folds")
    for f in fields(paradigm):
        assert f.name in ignored or getattr(paradigm, f.name) == getattr(DMIL, f.name)
    for mine, full in zip(paradigm.stages, DMIL.stages, strict=True):
        assert replace(mine, losses=full.losses) == full


#: New loss -> the one whose place and weight it takes.
HARD_LABELS = {"ce_unimodal": "ce_known"}


@pytest.mark.parametrize(
    ("name", "gone", "new"),
    [
        ("dmil-fc", {"kl_intra", "kl_consistency"}, {}),
        ("dmil-id", {"kl_consistency", "align", "recon_components"}, {}),
        ("dmil-cd", set(), {}),
        ("dmil-flat", {"gate_informed", "explained"}, {**HARD_LABELS, "ce_flat": "ce_responsible"}),
        ("dmil-no-gate-target", {"gate_informed", "explained"}, {}),
        ("dmil-by-heart", set(), HARD_LABELS),
        ("dmil-pure", set(), {"ce_pure": "ce_responsible"}),
        ("dmil-soft", set(), {"ce_soft": "ce_responsible", "gate_soft": "gate_informed"}),
        (
            "dmil-absolute",
            set(),
            {"ce_absolute": "ce_responsible", "gate_absolute": "gate_informed"},
        ),
        ("dmil-features", set(), {}),
        ("dmil-probability-gate", set(), {"gate": "gate_informed"}),
        ("dmil-expected-gate", set(), {"gate_expected": "gate_informed"}),
        ("dmil-separate", set(), {}),
    ],
)
def test_the_losses_that_are_left_keep_their_weight(
    name: str, gone: set[str], new: dict[str, str]
) -> None:
    for mine, full in zip(PARADIGMS[name].stages, DMIL.stages, strict=True):
        gone_here = gone | set(new.values())
        kept = {n: w for n, w in full.losses.items() if n not in gone_here}
        assert {n: w for n, w in mine.losses.items() if n not in new} == kept
        for term in set(new) & set(mine.losses):
            assert mine.losses[term] == full.losses[new[term]]
    assert set(new) <= set(PARADIGMS[name].stages[-1].losses)


# --- as models -----------------------------------------------------------------------------


@settings(max_examples=25)
@given(st.sampled_from(MODELS), st.integers(0, 10**6), st.floats(0.1, 30.0))
def test_gated_components_add_up_to_the_logits(
    parts: ArchitectureOptions, seed: int, scale: float
) -> None:
    net, b = model(parts, seed=seed), batch(20, seed=seed)
    for training in (False, True):
        out = net.train(training)(scale * b.x1, scale * b.x2)
        summed = torch.einsum("bc,bck->bk", out.gate, out.components)
        torch.testing.assert_close(out.logits, summed, atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(out.gate.sum(dim=1), torch.ones(20))


@pytest.mark.parametrize("name", PAPER)
def test_only_latents_that_exist_are_named(name: str) -> None:
    net, b = net_of(name), batch(7)
    out = net(b.x1, b.x2)
    assert net.latent_names == tuple(out.latents) == LATENTS[name]
    assert set(out.posteriors) == set(LATENTS[name]) - {"Z", "S"}
    assert all(values.shape[0] == 7 and values.shape[1] > 0 for values in out.latents.values())


@pytest.mark.parametrize("parts", MODELS)
def test_every_component_has_a_head_on_its_own_draw(parts: ArchitectureOptions) -> None:
    net, b = model(parts), batch(7)
    out = net(b.x1, b.x2)
    o1, o2 = out.unimodal.unbind(dim=1)
    both = o1 + o2
    built_on = {"R": both if parts.consistency else 0 * both, "U1": o1, "U2": o2, "S": both}
    for i, c in enumerate(COMPONENTS):
        own = net.heads[c](out.draws[c])
        assert torch.equal(out.components[:, i], own + built_on[c] * parts.unimodal_terms)


def test_plain_layers_draw_nothing_and_pay_no_kl() -> None:
    net, b = net_of("dmil-fc").train(), batch(8)
    out = net(b.x1, b.x2)
    assert all(isinstance(q, Point) for q in out.posteriors.values())
    assert all(torch.equal(out.draws[name], q.mu) for name, q in out.posteriors.items())
    for term in ("kl_intra_x1", "kl_intra_x2", "kl_consistency"):
        assert torch.equal(value(term, evaluate(net, b)), torch.zeros(8))


def test_without_dropout_training_of_plain_layers_has_no_chance_in_it() -> None:
    b = batch(8)
    for name, same in (("dmil-fc", True), ("dmil", False)):
        net = net_of(name).train()
        for part in net.modules():
            if isinstance(part, torch.nn.Dropout):
                part.p = 0.0
        assert torch.equal(net(b.x1, b.x2).logits, net(b.x1, b.x2).logits) == same


def test_plain_layers_are_aligned_by_the_mean_square_of_their_difference() -> None:
    net = net_of("dmil-fc").train()
    e = evaluated(net)
    r, (v1, v2) = e.dmil.draws["R"], (v.mu for v in e.reconstructions.helpers)
    wanted = ((r - v1) ** 2).sum(dim=1) / 4 + ((r - v2) ** 2).sum(dim=1) / 4
    torch.testing.assert_close(value("align", e), wanted)
    assert (wanted > 0).all()


def test_plain_layers_have_half_the_parameters_of_posteriors() -> None:
    def of(name: str) -> int:
        return sum(p.numel() for p in net_of(name).intra1.q_m.parameters())

    assert 2 * of("dmil-fc") == of("dmil")


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("parts", [PARADIGMS["dmil-id"].options, NEITHER])
def test_there_is_no_r_without_consistency(parts: ArchitectureOptions, training: bool) -> None:
    net, b = model(parts).train(training), batch(9)
    out = net(b.x1, b.x2)
    assert out.present == ("U1", "U2", "S")
    assert torch.equal(out.gate[:, 0], torch.zeros(9))
    assert torch.equal(out.components[:, 0], torch.zeros(9, 3))
    assert (out.gate[:, 1:] > 0).all()


def test_uniqueness_is_all_that_its_modality_says_without_consistency() -> None:
    net, b = net_of("dmil-id"), batch(9)
    out, other = net(b.x1, b.x2), net(b.x1, b.x2.flip(0))
    for m, (component, latent) in enumerate((("U1", "M1"), ("U2", "M2"))):
        head = net.heads[component](out.latents[latent]) + out.unimodal[:, m]
        assert torch.equal(out.components[:, COMPONENTS.index(component)], head)
    assert torch.equal(out.components[:, 1], other.components[:, 1])
    assert not torch.allclose(out.components[:, 2], other.components[:, 2])
    assert not torch.allclose(out.components[:, 3], other.components[:, 3])


def test_nothing_is_shared_or_rebuilt_without_consistency() -> None:
    net = net_of("dmil-id").train()
    e = evaluated(net)
    assert e.reconstructions.components == e.reconstructions.helpers == ()
    for term in ("kl_consistency", "align", "recon_components"):
        assert torch.equal(value(term, e), torch.zeros(8))
    assert not any(
        n.startswith(("consistency.", "heads.R")) for n in net_of("dmil-id").state_dict()
    )


@pytest.mark.parametrize("training", [False, True])
def test_one_latent_does_all_without_the_intra_modality_split(training: bool) -> None:
    net = net_of("dmil-cd").train(training)
    e = evaluated(net)
    m1, m2 = e.out.draws["M1"], e.out.draws["M2"]
    assert torch.equal(e.out.unimodal[:, 0], net.intra1.head(m1))
    assert torch.equal(e.out.draws["S"], net.synergy(m1, m2))
    assert torch.equal(e.reconstructions.inputs[0][0], net.intra1.decoder(m1))
    # One latent, one KL: not twice because N is M.
    q = e.dmil.posteriors["M1"]
    wanted = 0.5 * (q.mu**2 + q.logvar.exp() - 1 - q.logvar).mean(dim=1)
    torch.testing.assert_close(value("kl_intra_x1", e), wanted)


def test_rebuilding_what_is_asked_for_in_every_ablation() -> None:
    for name in PAPER:
        for target, size in (("input", 6), ("features", 8)):
            net = model(replace(PARADIGMS[name].options, reconstruct=target))
            made, wanted = evaluated(net).reconstructions.inputs[0]
            assert made.shape == wanted.shape == (8, size)


# --- losses of a model without R ------------------------------------------------------------

RIGHT, WRONG, EVEN = -math.log(0.75), -math.log(0.25), math.log(2.0)


def without_r() -> ModelOutputs:
    """One row of class 0: U1 right, U2 wrong, S undecided; gate 0, 1/2, 0.3, 0.2."""
    three = math.log(3.0)
    gate_logits = torch.tensor([[-1e9, math.log(0.5), math.log(0.3), math.log(0.2)]])
    components = torch.tensor([[[0.0, 0.0], [three, 0.0], [0.0, three], [0.0, 0.0]]])
    q = Gaussian(torch.zeros(1, 2), torch.zeros(1, 2))
    out = DmilOutput(
        logits=torch.zeros(1, 2), unimodal=None, latents={}, gate=gate_logits.softmax(dim=1),
        components=components, gate_logits=gate_logits, explained_logits=None,
        posteriors=dict.fromkeys(("M1", "M2", "N1", "N2"), q), draws={},
        features=(torch.zeros(1, 2), torch.zeros(1, 2)),
    )  # fmt: skip
    w, x = torch.tensor([[0.5, 0.25, 0.125, 0.0625]]), torch.zeros(1, 1)
    empty = (torch.zeros(1, 2), torch.zeros(1, 2))
    return ModelOutputs(
        out, Batch(x, x, torch.tensor([0]), w), Reconstructions((empty, empty), (), ())
    )


@pytest.mark.parametrize(
    ("term", "wanted"),
    [
        # w_R = 1/2 goes to U1 and U2 in equal halves: 0.25 + 0.25 and 0.125 + 0.25.
        ("ce_soft", 0.5 * RIGHT + 0.375 * WRONG + 0.0625 * EVEN),
        ("gate_soft", -(0.5 * math.log(0.5) + 0.375 * math.log(0.3) + 0.0625 * math.log(0.2))),
        # A head that does not exist has no loss, not log 2.
        ("ce_flat", RIGHT + WRONG + EVEN),
        ("kl_consistency", 0.0),
        ("align", 0.0),
        ("recon_components", 0.0),
    ],
)
def test_losses_without_r_by_hand(term: str, wanted: float) -> None:
    result = value(term, without_r())
    assert result.shape == (1,)
    assert result.item() == pytest.approx(wanted, rel=1e-5, abs=1e-7)


def test_what_r_could_explain_keeps_its_weight() -> None:
    w = without_r().responsibilities
    assert w.tolist() == [[0.0, 0.5, 0.375, 0.0625]]
    full = evaluated(net_of("dmil"))
    assert full.responsibilities is full.batch.responsibilities


# --- as trainings ---------------------------------------------------------------------------

#: Moved by no loss of a stage although it may move: without a target of its own the gate learns
#: from the final prediction alone, which the second stage does not score.
UNMOVED = {("dmil-flat", "interact"): "gate.", ("dmil-no-gate-target", "interact"): "gate."}


@pytest.mark.parametrize("name", [*PAPER, *OURS])
@pytest.mark.parametrize("number", [0, 1, 2])
def test_gradients_reach_exactly_what_a_stage_should_move(name: str, number: int) -> None:
    paradigm = PARADIGMS[name]
    net, chosen = net_of(name).train(), paradigm.stages[number]
    select_parameters(net, chosen.trainable)
    total(evaluated(net, 30), chosen.losses).mean().backward()
    moved = {n for n, p in net.named_parameters() if p.grad is not None and p.grad.abs().max() > 0}
    unmoved = UNMOVED.get((name, chosen.name), "no such prefix")
    allowed = {n for n, _ in net.named_parameters() if n.startswith(chosen.trainable)}
    assert moved == {n for n in allowed if not n.startswith(unmoved)}
    tops = {n.split(".")[0] for n in moved}
    assert tops >= {"encoders", "intra1", "intra2"} or number == 1
    assert tops >= {"synergy", "heads"} or number == 0


@pytest.mark.parametrize("parts", MODELS)
def test_xor_is_learnt(parts: ArchitectureOptions) -> None:
    net, b = model(parts, classes=2), xor()
    fit(net, (stage(epochs=200, patience=200),), b, b, seed=0)
    assert net(b.x1, b.x2).logits.argmax(dim=1).tolist() == b.y.tolist()


def test_heads_and_gate_are_taught_by_half_of_r_each_without_r() -> None:
    """Rows that both modalities explain teach U1 and U2, and split the gate between them."""
    net, b = net_of("dmil-id"), batch(60)
    only_r = replace(b, responsibilities=torch.tensor([[1.0, 0.0, 0.0, 0.0]]).expand(60, 4))
    chosen = stage(epochs=60, patience=60, losses={"ce_responsible": 1.0, "gate": 1.0})
    fit(net, (chosen,), only_r, only_r, seed=0)
    out = net(b.x1, b.x2)
    torch.testing.assert_close(
        out.gate, torch.tensor([[0.0, 0.5, 0.5, 0.0]]).expand(60, 4), atol=0.1, rtol=0
    )
    right = (out.components.argmax(dim=2) == b.y[:, None]).float().mean(dim=0)
    assert right[1:3].min() > 0.9


# --- end to end -----------------------------------------------------------------------------

SMALL = "switch:classes=3,noise=0.3,block=4,train=240,val=60,test=60"
CLASSES = ("class 0", "class 1", "class 2")


@pytest.fixture(scope="module")
def small() -> Dataset:
    """360 rows of three classes."""
    return load_dataset(SMALL)


@pytest.fixture(scope="module")
def runs(small: Dataset, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """A short run of DMIL and of every ablation."""
    root = tmp_path_factory.mktemp("ablations")
    return {
        name: train(small, name, 0, root / name, epochs_scale=0.05)
        for name in ("dmil", *PAPER, *OURS)
    }


@pytest.mark.parametrize("name", [*PAPER, *OURS])
def test_a_run_is_a_checkpoint_that_predicts_its_own_table(
    runs: dict[str, Run], small: Dataset, name: str
) -> None:
    net, run = load_model(runs[name].folder)
    assert run == verify(run.folder)
    assert run.paradigm == name
    assert run.latents == LATENTS.get(name, DMIL_LATENTS)
    table = read_table(run.predictions)
    again = predict(net, run.config.model, small)
    pd.testing.assert_frame_equal(again, table, check_dtype=False, atol=1e-6)
    assert run.metrics["train"]["accuracy"] > 0.5  # chance is 1/3


@pytest.mark.parametrize("name", [*PAPER, *OURS])
@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_tables_have_dmil_s_columns_and_add_up(
    runs: dict[str, Run], tmp_path: Path, name: str, suffix: str
) -> None:
    stored = read_table(runs[name].predictions)
    write_table(stored, tmp_path / f"t{suffix}")
    table = read_table(tmp_path / f"t{suffix}")
    full = list(read_table(runs["dmil"].predictions).columns)
    if not runs[name].config.model.explained:
        full.remove(schema.EXPLAINED)
    assert list(table.columns) == full
    for c in CLASSES:
        parts = table[[schema.contribution(part, c) for part in COMPONENTS]]
        np.testing.assert_allclose(parts.sum(axis=1), table[schema.logit(c)], atol=1e-5, rtol=1e-5)
    gates = table[[schema.gate(part) for part in COMPONENTS]]
    np.testing.assert_allclose(gates.sum(axis=1), 1.0, atol=1e-6)
    for part in COMPONENTS:
        silent = name == "dmil-id" and part == "R"
        said = set(table[schema.component_pred(part)])
        assert said == {""} if silent else said <= set(CLASSES)
        assert (table[schema.gate(part)] == 0).all() == silent
        contributions = table[[schema.contribution(part, c) for c in CLASSES]]
        assert (contributions == 0).all(axis=None) == silent


def test_the_mean_gate_of_a_component_that_is_not_there_is_zero(runs: dict[str, Run]) -> None:
    test = runs["dmil-id"].metrics["test"]
    assert test["mean_gate_R"] == 0.0
    assert test["mean_gate_U1"] + test["mean_gate_U2"] + test["mean_gate_S"] == pytest.approx(1.0)
    # It cannot be ranked by: every tie counts half.
    assert test["gate_auroc_R"] == 0.5


@pytest.mark.parametrize("name", PAPER)
def test_maps_and_latent_columns_are_of_latents_that_exist(
    runs: dict[str, Run], small: Dataset, name: str
) -> None:
    net, run = load_model(runs[name].folder)
    table = predict(net, run.config.model, small, np.arange(5), latents=True)
    for latent in DMIL_LATENTS:
        assert (schema.latent(latent, 0) in table) == (latent in LATENTS[name])
    mapped = read_table(project(run.folder, small, method="pca"))
    wanted = ["id", *(c for latent in LATENTS[name] for c in schema.projection(latent))]
    assert list(mapped.columns) == wanted
    assert np.isfinite(mapped.drop(columns="id")).all(axis=None)


@pytest.mark.parametrize("name", ["dmil-fc", "dmil-id", "dmil-cd", "dmil-flat"])
def test_a_stopped_training_goes_on_to_the_same_weights(
    runs: dict[str, Run], small: Dataset, tmp_path: Path, name: str
) -> None:
    def stop(report: object) -> None:
        if getattr(report, "stage", "") == "interact":
            raise Stopped

    with pytest.raises(Stopped):
        train(small, name, 0, tmp_path, epochs_scale=0.05, on_epoch=stop)  # type: ignore[arg-type]
    run = train(small, name, 0, tmp_path, epochs_scale=0.05)
    assert run.weights_sha256 == runs[name].weights_sha256


@pytest.mark.parametrize("name", PAPER)
def test_pure_synergy_is_learnt_where_there_is_a_path_for_it(tmp_path: Path, name: str) -> None:
    data = load_dataset(
        "switch:classes=2,noise=0.2,block=2,shares=0/0/0/1,train=400,val=200,test=400"
    )
    run = train(data, name, 0, tmp_path, epochs_scale=0.15)
    assert run.metrics["test"]["accuracy"] > 0.98
    assert run.metrics["test"]["mean_gate_S"] > 0.5
    table = read_table(run.predictions)
    assert (table[schema.component_pred("S")] == table["y"]).mean() > 0.9
