"""``import dmil_core as dmil``: what a user of the library does, and what is said when it fails."""

from __future__ import annotations

import pkgutil
import re
import subprocess
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np
import pandas as pd
import pytest

import dmil_core as dmil
from dmil_core.checkpoint import Run
from dmil_core.data.dataset import Dataset
from dmil_core.data.npz import write_npz
from dmil_core.io.tables import read_table
from dmil_core.partial_information.pmf import Pmf
from tests.conftest import TINY, TINY_SCALE

FUNCTIONS = (
    "explain",
    "find_runs",
    "from_table",
    "list_datasets",
    "load",
    "load_dataset",
    "pid",
    "train",
)


@pytest.fixture(scope="module")
def model(tiny_runs: dict[str, Run]) -> dmil.Model:
    """A trained decomposition of ``tiny``."""
    return dmil.load(tiny_runs["dmil"].folder)


# --- the surface ---------------------------------------------------------------------------


def test_every_public_name_is_there_and_documented() -> None:
    assert dir(dmil) == sorted(dmil.__all__)
    for name in dmil.__all__:
        value = getattr(dmil, name)
        if name not in ("__version__", "PARADIGMS"):
            assert value.__doc__, name
            assert len(value.__doc__) > 30, name
    with pytest.raises(AttributeError, match="magic"):
        _ = dmil.magic  # type: ignore[attr-defined]


def test_no_submodule_takes_the_place_of_a_function() -> None:
    for module in pkgutil.walk_packages(dmil.__path__, "dmil_core."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    for name in FUNCTIONS:
        assert isinstance(getattr(dmil, name), FunctionType), name


def test_importing_it_loads_nothing_heavy_until_it_is_needed() -> None:
    code = (
        "import sys, dmil_core as dmil\n"
        "dir(dmil)\n"
        "print(sorted({'torch', 'pandas', 'numpy', 'sklearn'} & set(sys.modules)))\n"
        "dmil.PARADIGMS, dmil.find_runs, dmil.list_datasets\n"
        "print(sorted({'torch', 'sklearn'} & set(sys.modules)))\n"
        "dmil.pid\n"
        "print(sorted({'torch', 'streamlit'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]", "[]", "[]"]


# --- training and loading ------------------------------------------------------------------


def test_train_gives_the_model_of_the_checkpoint_it_writes(
    tmp_path: Path, tiny_runs: dict[str, Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DMIL_CHECKPOINTS", str(tmp_path / "root"))
    model = dmil.train(TINY, "joint", epochs_scale=TINY_SCALE)
    assert model.run.weights_sha256 == tiny_runs["joint"].weights_sha256
    assert model.folder == tmp_path / "root" / dmil.load_dataset(TINY).slug / "joint" / "seed0"
    assert [entry.folder for entry in dmil.find_runs()] == [model.folder]
    assert dmil.find_runs(str(tmp_path / "root")) == dmil.find_runs()
    name = "/".join(model.folder.parts[-3:])
    assert dmil.load(name).run == model.run
    assert re.fullmatch(
        r"<dmil_core\.Model 'joint' trained on 'switch:.*', seed 0, 3 classes, test accuracy "
        r"0\.\d{3}>",
        repr(model),
    )


def test_where_to_and_with_what_is_the_users_choice(tmp_path: Path, tiny: Dataset) -> None:
    model = dmil.train(tiny, "joint", seed=3, out=tmp_path / "a", epochs_scale=0.02)
    assert (model.seed, model.paradigm, model.folder) == (3, "joint", tmp_path / "a")
    with pytest.raises(dmil.DmilError, match="--overwrite"):
        dmil.train(tiny, "ensemble", out=tmp_path / "a", epochs_scale=0.02)


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"seed": -1}, "seed -1: expected a whole number from 0"),
        ({"seed": 1.5}, "seed 1.5: expected a whole number from 0"),
        ({"encoders": "mlp"}, "a name or None for each input"),
    ],
)
def test_arguments_that_mean_nothing_are_refused(
    tmp_path: Path, tiny: Dataset, how: dict[str, Any], says: str
) -> None:
    with pytest.raises(dmil.DmilError, match=re.escape(says)):
        dmil.train(tiny, "joint", out=tmp_path / "run", **how)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("swich", "Did you mean 'switch'"),
        ("nowhere.npz", "expected an .npz file"),
        (pd.DataFrame({"a": [1]}), "from_table makes a Dataset"),
    ],
)
def test_data_that_is_none_is_refused(model: dmil.Model, data: str, says: str) -> None:
    for work in (model.predict, model.decompose, model.latents, dmil.train):
        with pytest.raises(dmil.DmilError, match=re.escape(says)):
            work(data)


def test_a_folder_that_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    for name in (tmp_path, "switch/dmil/seed999", "../x/y"):
        with pytest.raises(dmil.DmilError, match="not a checkpoint"):
            dmil.load(name)


# --- a model -------------------------------------------------------------------------------


def test_predict_is_the_table_of_the_checkpoint(model: dmil.Model, tiny: Dataset) -> None:
    stored = read_table(model.run.predictions)
    pd.testing.assert_frame_equal(model.predict(tiny), stored, check_dtype=False, atol=1e-5)
    assert len(model.predict(TINY, split="val")) == 90
    with pytest.raises(dmil.DmilError, match="expected one of train, val, test"):
        model.predict(tiny, split="all")


def test_data_that_do_not_fit_are_refused(model: dmil.Model) -> None:
    with pytest.raises(dmil.DmilError, match="does not fit 'mfeat'"):
        model.decompose("mfeat")


def test_latents_are_the_columns_of_the_table(model: dmil.Model, tiny: Dataset) -> None:
    latents = model.latents(tiny, split="test")
    table = model.predict(tiny, split="test", latents=True)
    assert tuple(latents) == model.latent_names
    assert latents["M1"].shape[0] == 90
    np.testing.assert_array_equal(latents["U2"][:, 3], table["U2_3"])


def test_summary_counts_the_parameters(model: dmil.Model, tiny_runs: dict[str, Run]) -> None:
    layers = model.summary()
    assert layers.loc["gate", "output_shape"] == (4,)
    assert layers.loc["heads", "output_shape"] == (4, 3)
    gate = model.network.get_submodule("gate")
    assert layers.loc["gate", "parameters"] == sum(p.numel() for p in gate.parameters())
    joint = dmil.load(tiny_runs["joint"].folder)
    assert joint.summary()["parameters"].sum() == joint.run.parameters


@pytest.mark.parametrize("name", ["mfeat-three/dmil/seed0", "shapes-qa/dmil/seed0"])
def test_summary_needs_no_data(name: str) -> None:
    layers = dmil.load(name).summary()
    assert (layers["parameters"] >= 0).all()
    assert "z1" in layers.index


# --- decompositions ------------------------------------------------------------------------


def test_contributions_add_up_to_the_logits(model: dmil.Model, tiny: Dataset) -> None:
    parts, table = model.decompose(tiny), model.predict(tiny)
    assert (len(parts), parts.components) == (420, ("R", "U1", "U2", "S"))
    logits = table[[f"logit_{c}" for c in model.classes]].to_numpy()
    np.testing.assert_allclose(parts.logits, logits, atol=1e-4)
    np.testing.assert_allclose(parts.gate.sum(axis=1), 1.0, atol=1e-5)
    assert [model.classes[k] for k in parts.logits.argmax(axis=1)] == list(parts.pred)


def test_the_frame_is_tidy(model: dmil.Model, tiny: Dataset) -> None:
    parts = model.decompose(tiny, split="test")
    frame = parts.frame
    assert list(frame) == ["id", "split", "y", "pred", "component", "gate", "contribution"]
    assert len(frame) == 4 * len(parts)
    summed = frame.groupby("id", sort=False)["contribution"].sum().to_numpy()
    np.testing.assert_allclose(summed, parts.logits.max(axis=1), atol=1e-4)


def test_a_sample_can_be_looked_at_alone(model: dmil.Model, tiny: Dataset) -> None:
    parts = model.decompose(tiny)
    one = parts.sample(str(tiny.ids[7]))
    np.testing.assert_array_equal(one.gate[0], parts.gate[7])
    np.testing.assert_array_equal(parts.rows(7).gate, one.gate)
    numbered = replace(parts, ids=np.arange(len(parts)).astype(str))
    np.testing.assert_array_equal(numbered.sample(7).gate, one.gate)
    assert len(parts.rows(parts.y == "class 1")) == (tiny.y == tiny.classes.index("class 1")).sum()
    with pytest.raises(dmil.DmilError, match="'nobody'"):
        parts.sample("nobody")
    assert len(parts.rows(slice(0, 0))) == 0
    assert "no samples" in parts.rows(slice(0, 0))._repr_html_()


def test_a_model_without_components_says_so(tiny_runs: dict[str, Run], tiny: Dataset) -> None:
    with pytest.raises(dmil.DmilError, match="'joint' has no gate"):
        dmil.load(tiny_runs["joint"].folder).decompose(tiny)


def test_a_notebook_shows_bars_that_need_no_colour(model: dmil.Model, tiny: Dataset) -> None:
    parts = model.decompose(tiny)
    for shown in (parts, parts.sample(str(tiny.ids[0]))):
        html = shown._repr_html_()
        assert len(html) < 5_000
        for c, words in (("R", "redundancy"), ("U1", "uniqueness of x1"), ("S", "synergy")):
            assert re.search(rf">{c}</th><td[^>]*>{words}</td>", html)
            assert f"<title>gate of {c}: " in html
        weights = [float(v) for v in re.findall(r"gate of \w+: ([\d.]+)", html)]
        assert sum(weights) == pytest.approx(1.0, abs=0.03)
        assert "<script" not in html
        # The page's own colours, so that it can be read on white and on black.
        assert not re.search(r"(?<!-)color:\s*#|background:\s*#", html)


def test_names_cannot_break_the_page(model: dmil.Model, tiny: Dataset) -> None:
    from dataclasses import replace

    bad = "<script>alert(1)</script>"
    one = model.decompose(tiny).rows(slice(0, 1))
    names = np.array([bad], dtype=object)
    html = replace(one, ids=names, y=names)._repr_html_()
    assert "<script" not in html
    assert "&lt;script&gt;" in html


@pytest.mark.parametrize("ground", [(255, 255, 255), (17, 17, 17)])
def test_bars_stand_out_on_white_and_on_black(ground: tuple[int, int, int]) -> None:
    from dmil_core.api import _SHOWN

    def luminance(rgb: tuple[int, ...]) -> float:
        parts = [v / 255 for v in rgb]
        linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
        return float(np.dot([0.2126, 0.7152, 0.0722], linear))

    for _, colour in _SHOWN.values():
        rgb = tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))
        light, dark = sorted((luminance(rgb), luminance(ground)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 3.0, colour


# --- tables --------------------------------------------------------------------------------


def table(rows: int = 120) -> pd.DataFrame:
    """Two numbers for each of two inputs, a text, and a class that x1 decides."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(rows, 4)), columns=["age", "height", "x_a", "x_b"])
    frame["mood"] = np.where(frame["age"] > 0, "calm", "quick")
    frame["note"] = np.where(frame["height"] > 0, "tall tree", "low bush")
    return frame


def test_from_a_csv_to_a_table_of_components(tmp_path: Path) -> None:
    table().to_csv(tmp_path / "mine.csv", index=False)
    data = dmil.from_table(tmp_path / "mine.csv", x1=["age", "height"], x2=["x_a", "x_b"], y="mood")
    assert (data.name, data.classes, data.x1.shape) == ("mine", ("calm", "quick"), (120, 2))
    model = dmil.train(data, "dmil", out=tmp_path / "run", epochs_scale=0.02)
    assert len(model.decompose(data).frame) == 480


def test_the_card_names_the_columns_of_a_table_and_keeps_them(tmp_path: Path) -> None:
    data = dmil.from_table(table(), x1=["age", "x_b"], x2="note", y="mood", name="notes")
    assert [c.name for c in data.card.modalities[0].columns] == ["age", "x_b"]
    assert data.card.modalities[1].columns == ()
    arrays = {"x1": data.x1, "x2": data.x2, "y": data.y, "id": data.ids, "split": data.split}
    write_npz(tmp_path / "notes.npz", arrays, data.card)
    again = dmil.load_dataset(tmp_path / "notes.npz")
    assert again.card.modalities == data.card.modalities
    # Names say what numbers mean and are no part of what a model learns from.
    bare = replace(
        data.card, modalities=tuple(replace(m, columns=()) for m in data.card.modalities)
    )
    assert replace(data, card=bare).digest == data.digest == again.digest


def test_columns_can_be_texts_and_are_guessed_from_their_names(tmp_path: Path) -> None:
    data = dmil.from_table(table(), x1=["age", "x_b"], x2="note", y="mood", name="notes")
    assert (data.name, data.x2.dtype.kind, data.card.modalities[1].kind) == ("notes", "U", "text")
    np.testing.assert_allclose(data.x1, table()[["age", "x_b"]], rtol=1e-6)
    frame = table().rename(columns={"age": "x1_0", "height": "x1_1", "x_a": "x2_0", "x_b": "x2_1"})
    frame = frame.rename(columns={"mood": "label"})
    frame.to_parquet(tmp_path / "named.parquet")
    guessed = dmil.from_table(tmp_path / "named.parquet")
    np.testing.assert_allclose(guessed.x2, table()[["x_a", "x_b"]], rtol=1e-6)
    # A column whose name says that it is the label can be an input all the same.
    other = dmil.from_table(frame, x1=["x1_0"], x2="label", y="note")
    assert other.classes == ("low bush", "tall tree")


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"x1": ["age"], "x2": ["weight"], "y": "mood"}, "there is no column 'weight'"),
        ({"x1": ["age"], "x2": ["x_a"]}, "no column is the label"),
        ({"x1": ["age"], "y": "mood"}, "two"),
        ({"x1": ["age"], "x2": ["age"], "y": "mood"}, r"'age' is both .*\. Choose it once\.$"),
        ({"x1": ["age", "mood"], "x2": ["x_a"], "y": "mood"}, "'mood' is both .* the label needs"),
        ({"x1": [], "x2": ["age"], "y": "mood"}, "x1 has no columns"),
        ({"x1": ["age", "age"], "x2": ["x_a"], "y": "mood"}, "x1 names 'age' twice"),
        ({"x1": ["age"], "x2": ["x_a"], "y": ["mood"]}, "one column as y, got list"),
    ],
)
def test_what_is_wrong_with_a_table_is_said(how: dict[str, Any], says: str) -> None:
    with pytest.raises(dmil.DmilError, match=says):
        dmil.from_table(table(), **how)


def test_every_fault_of_a_table_is_named_with_its_rows() -> None:
    frame = table()
    frame.loc[[5, 7], "age"] = np.nan
    frame.loc[9, "x_a"] = np.inf
    how: dict[str, Any] = {"x1": ["age", "height"], "x2": ["x_a", "x_b"], "y": "mood"}
    with pytest.raises(dmil.DmilError, match=r"(?s)'age' .*\(rows 5, 7\).*'x_a' .*\(row 9\)"):
        dmil.from_table(frame, **how, missing="error")
    with pytest.warns(UserWarning, match=r"3 of 120 rows .*\(rows 5, 7, 9\)"):
        assert len(dmil.from_table(frame, **how)) == 117
    filled = dmil.from_table(frame, **how, missing="mean")
    assert (len(filled), filled.x1.shape[1], filled.x2.shape[1]) == (120, 3, 3)
    with pytest.raises(dmil.DmilError, match="6 rows, expected at least 30"):
        dmil.from_table(table(6), x1=["age"], x2=["x_a"], y="mood")


def test_columns_without_a_header_are_named_by_their_numbers() -> None:
    frame = pd.DataFrame(table()[["age", "height", "mood"]].to_numpy())
    data = dmil.from_table(frame, x1=[0], x2=[1], y=2)  # type: ignore[list-item, arg-type]
    assert data.classes == ("calm", "quick")
    with pytest.raises(dmil.DmilError, match="two columns have the name 'age'"):
        dmil.from_table(table().rename(columns={"x_a": "age"}), x1="age", x2="x_b", y="mood")


def test_a_data_set_is_shown_in_one_line() -> None:
    data = dmil.from_table(table(), x1=["age", "height"], x2="x_a", y="mood", name="people")
    assert re.fullmatch(
        r"<dmil_core.Dataset 'people': 120 rows \(\d+ train, \d+ val, \d+ test\), 2 classes, "
        r"x1 \(120, 2\) float32, x2 \(120, 1\) float32>",
        repr(data),
    )


def test_a_table_that_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(dmil.DmilError, match="cannot be read"):
        dmil.from_table(tmp_path / "none.csv")
    with pytest.raises(dmil.DmilError, match=r"expected a \.csv or"):
        dmil.from_table(tmp_path / "none.xlsx")
    with pytest.raises(dmil.DmilError, match="got dict"):
        dmil.from_table({"age": [1]})  # type: ignore[arg-type]
    with pytest.raises(dmil.DmilError, match="from_table"):
        dmil.load_dataset("mine.csv")


# --- information ---------------------------------------------------------------------------

XOR = np.zeros((2, 2, 2))
for _a in (0, 1):
    for _b in (0, 1):
        XOR[_a, _b, _a ^ _b] = 0.25
PAIRS = [((a, b, y), float(p)) for (a, b, y), p in np.ndenumerate(XOR) if p]


@pytest.mark.parametrize(
    "p",
    [
        XOR, XOR.tolist(), Pmf(XOR, (0, 1), (0, 1), (0, 1)), PAIRS, dict(PAIRS),
        {"pmf": [[list(triple), p] for triple, p in PAIRS]},
        [(("a" if a else "b", b, np.int64(y)), np.float64(p)) for (a, b, y), p in PAIRS],
    ],
    ids=["array", "lists", "Pmf", "pairs", "mapping", "json", "symbols"],
)  # fmt: skip
def test_pid_takes_a_distribution_in_every_form(p: object) -> None:
    result = dmil.pid(p)  # type: ignore[arg-type]
    assert result.s == pytest.approx(np.log(2))
    bits = result.bits
    parts = (bits.s, bits.i12, bits.r, bits.u1, bits.u2)
    assert parts == pytest.approx((1, 1, 0, 0, 0), abs=1e-6)
    assert (result.measure, bits.measure) == ("broja", "broja")


def test_single_cases_average_to_the_whole() -> None:
    cases = dmil.pointwise_pid(PAIRS, "same-sign")
    assert len(cases) == 4
    assert (cases["p"] * cases["i12"]).sum() == pytest.approx(np.log(2))
    with pytest.raises(dmil.DmilError, match="same-sign"):
        dmil.pointwise_pid(PAIRS, "broja")  # type: ignore[arg-type]


def test_pid_refuses_what_is_no_distribution() -> None:
    for p, says in (
        (XOR / 2, "sum to 1"),
        (XOR[0], "three axes"),
        ([((0, 0, 0), 1.5)], "entry 0"),
        ({(0, 0): 1.0}, "entry 0"),
    ):
        with pytest.raises(dmil.DmilError, match=says):
            dmil.pid(p)  # type: ignore[arg-type]
    with pytest.raises(dmil.DmilError, match="no measure 'dmil'"):
        dmil.pid(XOR, "dmil")  # type: ignore[arg-type]
