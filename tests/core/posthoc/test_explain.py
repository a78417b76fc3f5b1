"""``dmil.explain`` as a user meets it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import dmil_core as dmil
from dmil_core.checkpoint import Run
from dmil_core.data.dataset import Dataset
from dmil_core.io.tables import read_table
from dmil_core.models.inputs import model_config
from dmil_core.models.registry import build
from dmil_core.posthoc.partners import cost
from tests.core.posthoc.known import additive, bits, first_two, normals, parity, product


@pytest.fixture(scope="module")
def of_xor() -> dmil.Explanation:
    """XOR of fair bits, which f knows."""
    x1, x2 = bits(150)
    return dmil.explain(parity, x1, x2, y=(x1 ^ x2)[:, 0], classes=("even", "odd"))


def test_xor_is_all_interaction_and_its_additive_part_guesses(of_xor: dmil.Explanation) -> None:
    assert of_xor.accuracy == 1.0
    assert of_xor.emap_accuracy == pytest.approx(0.5, abs=0.1)
    assert of_xor.interaction_share == pytest.approx(1.0, abs=0.06)
    assert of_xor.pair == ("x1", "x2")
    for name in ("accuracy", "emap_accuracy", "interaction_share", "s"):
        i = of_xor.intervals[name]
        assert i.low <= i.value <= i.high


def test_the_frame_has_a_row_for_each_sample(of_xor: dmil.Explanation) -> None:
    frame = of_xor.frame
    assert len(frame) == len(of_xor) == 600
    assert frame["id"].tolist()[:3] == ["0", "1", "2"]
    assert set(frame["y"]) == {"even", "odd"}
    assert frame["correct"].mean() == of_xor.accuracy
    assert frame["emap_correct"].mean() == of_xor.emap_accuracy
    np.testing.assert_allclose(frame["emap"] + frame["residual"], frame["score"])
    np.testing.assert_allclose(frame["residual"], frame["pair_x1_x2"])
    np.testing.assert_allclose(frame[["r", "u1", "u2", "s"]].sum(axis=1), frame["i12"])
    documented = dmil.Explanation.__doc__ or ""
    for column in frame.columns:
        stem = re.sub(r"_x\d.*", "_x1", column)
        assert stem in documented, column


def test_additive_logits_have_no_interaction() -> None:
    x1, x2 = normals(200, 0)
    found = dmil.explain(additive, x1, x2, y=additive(x1, x2).argmax(axis=1), partners=20)
    assert found.interaction_share < 1e-6
    assert found.emap_accuracy == found.accuracy == 1.0
    assert np.abs(found.frame["residual"]).max() < 1e-6


def test_three_inputs_name_their_pair() -> None:
    x = bits(60, 3)
    found = dmil.explain(first_two, *x, y=(x[0] ^ x[1])[:, 0])
    assert found.pair == ("x1", "x2")
    assert found.intervals["pair_x1_x3"].value < 1e-9
    assert set(found.frame["strongest_pair"]) == {"x1_x2"}
    assert "r" not in found.frame
    assert "x1 with x2, the strongest pair" in found._repr_html_()


def test_a_regression_has_shares_of_variance_and_no_accuracy() -> None:
    x1, x2 = normals(2000, 1)
    f = product(1.0, 2.0, 1.0)
    found = dmil.explain(f, x1, x2, y=f(x1, x2) + 0.1, partners=60)  # type: ignore[operator]
    assert found.accuracy is None
    assert found.classes == ()
    shares = [found.intervals[f"variance_{n}"].value for n in ("x1", "x2", "x1_x2")]
    assert shares == pytest.approx([1 / 6, 4 / 6, 1 / 6], abs=0.04)
    assert {"y", "score", "emap", "main_x1"} <= set(found.frame)
    assert "correct" not in found.frame


def test_without_classes_figures_are_of_the_predicted_one() -> None:
    found = dmil.explain(parity, *bits(100), partners=40)
    assert found.accuracy is found.emap_accuracy is None
    assert set(found.frame["pred"]) == {"0", "1"}
    assert found.intervals["s"].value / np.log(2) == pytest.approx(1.0, abs=0.1)
    assert any("No classes are known" in text for text in found.assumptions)


def test_what_it_rests_on_is_said() -> None:
    x1, x2 = bits(100)
    for choice, says in (("marginal", "do not occur"), ("class", "give it away"), ("near", "even")):
        found = dmil.explain(parity, x1, x2, partners=20, choice=choice)  # type: ignore[arg-type]
        assert any(says in text for text in found.assumptions), choice
        assert ("s" in found.intervals) == (choice != "class")
        assert all(text in found._repr_html_().replace("&#x27;", "'") for text in found.assumptions)


def test_it_shows_itself_and_names_of_classes_are_no_markup(of_xor: dmil.Explanation) -> None:
    text = repr(of_xor)
    assert "600 samples" in text
    assert "accuracy 1.000" in text
    html = of_xor._repr_html_()
    assert "<script" not in html
    assert "100.0%" in html
    assert "S, mean, bits" in html


def test_it_can_be_saved(of_xor: dmil.Explanation, tmp_path: Path) -> None:
    of_xor.save(tmp_path / "new" / "folder")
    about = json.loads((tmp_path / "new" / "folder" / "explanation.json").read_text("utf-8"))
    assert about["accuracy"] == 1.0
    low, high = about["intervals"]["s"]["interval"]
    assert low <= about["intervals"]["s"]["value"] <= high
    table = read_table(tmp_path / "new" / "folder" / "samples.parquet")
    pd.testing.assert_frame_equal(table, of_xor.frame, check_dtype=False)


def test_the_same_seed_gives_the_same_and_batches_do_not_matter() -> None:
    x = normals(120, 2)
    first = dmil.explain(additive, *x, partners=20, background=60, seed=1)
    again = dmil.explain(additive, *x, partners=20, background=60, seed=1, batch=33)
    pd.testing.assert_frame_equal(first.frame, again.frame)
    other = dmil.explain(additive, *x, partners=20, background=60, seed=2)
    assert not np.allclose(other.frame["main_x1"], first.frame["main_x1"])


def test_as_many_evaluations_as_it_says() -> None:
    count = 0

    def f(a: Any, b: Any) -> Any:
        nonlocal count
        count += len(a)
        return parity(a, b)

    x1, x2 = bits(40)
    seen: list[tuple[int, int]] = []
    found = dmil.explain(f, x1, x2, y=(x1 ^ x2)[:, 0], partners=20, rows=50,
                         progress=lambda *r: seen.append(r))  # fmt: skip
    assert (len(found), found.partners, found.background) == (50, 20, 160)
    assert count == found.evaluations == seen[-1][0] == seen[-1][1]
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert found.evaluations <= seen[0][1] == cost(50, 2, 20, 160)


def test_rows_and_background_can_be_named() -> None:
    x = normals(100, 3)
    some, rest = np.arange(10, 30), np.arange(30, 100)
    found = dmil.explain(additive, *x, rows=some, background=rest, partners=20,
                         ids=[f"s{i}" for i in range(100)])  # fmt: skip
    assert found.frame["id"].tolist() == [f"s{i}" for i in some]
    assert found.background == 70
    # Positions of rows leave the others for the background.
    assert dmil.explain(additive, *x, rows=some, partners=20).background == 80
    mask = np.isin(np.arange(100), some)
    assert len(dmil.explain(additive, *x, rows=mask, partners=20)) == 20


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"y": np.zeros(99)}, "y: expected 100 labels"),
        ({"y": np.arange(100)}, "y has 100 classes and f returns 3 columns"),
        ({"y": ["a", "b"] * 50}, "y has 2 classes and f returns 3 columns"),
        ({"y": ["a", "d"] * 50, "classes": "abc"}, "'d' is none of the classes a, b, c"),
        ({"classes": "ab"}, "f returns 3 columns; expected one for each of 2 classes"),
        ({"ids": ["a"]}, "ids: expected 100"),
        ({"rows": 0}, "rows: expected at least 1"),
        ({"rows": [100]}, "rows: expected a number, or positions from 0 to 99"),
        ({"background": [1, 2]}, "the background set has 2 rows"),
        ({"background": "all"}, "background: expected a number, or positions"),
        ({"partners": 0}, "partners: expected at least 1"),
        ({"choice": "best"}, "expected one of marginal, class, near"),
        ({"definition": "lsmi"}, "lsmi compares densities"),
        ({"definition": "best"}, "there is no definition 'best'"),
        ({"output": "probabilities"}, "Are they logits"),
        ({"batch": 0}, "batch: expected at least 1"),
    ],
)
def test_arguments_that_mean_nothing_are_refused(how: dict[str, Any], says: str) -> None:
    x = normals(100, 4)
    with pytest.raises(dmil.DmilError, match=re.escape(says)):
        dmil.explain(additive, *x, **{"partners": 20, **how})


def test_inputs_that_are_none_are_refused() -> None:
    x = normals(30, 5)
    with pytest.raises(dmil.DmilError, match="expected 2 to 4 inputs, or a Dataset alone, got 1"):
        dmil.explain(additive, x[0])
    with pytest.raises(dmil.DmilError, match="got 5"):
        dmil.explain(additive, *normals(30, 5, 5))
    with pytest.raises(dmil.DmilError, match="expected as many rows of each, got 30, 29"):
        dmil.explain(additive, x[0], x[1][:29])
    with pytest.raises(dmil.DmilError, match="expected a function"):
        dmil.explain("a model", *x)  # type: ignore[arg-type]


def test_classes_by_name_and_as_booleans() -> None:
    x1, x2 = bits(50)
    odd = (x1 ^ x2)[:, 0].astype(bool)
    for y in (odd, np.where(odd, "odd", "even"), np.where(odd, 7, 3), odd.astype(float)):
        found = dmil.explain(parity, x1, x2, y=y, partners=20)
        assert found.accuracy == 1.0
    named = dmil.explain(parity, x1, x2, y=np.where(odd, "odd", "even"), partners=20,
                         classes=("odd", "even"))  # fmt: skip
    assert named.accuracy == 0.0


def drawn(rows: int, seed: int) -> tuple[Any, ...]:
    """x1, x2 and classes that follow the probabilities of ``partly``."""
    x1, x2 = normals(rows, seed)
    p = np.exp(partly(x1, x2))
    p /= p.sum(axis=1, keepdims=True)
    uniform = np.random.default_rng(seed).random((rows, 1))
    return x1, x2, (p.cumsum(axis=1) > uniform).argmax(axis=1)


def partly(x1: Any, x2: Any) -> Any:
    """Logits of three classes, partly a sum and partly interaction."""
    features = np.concatenate([x1, x2, x1 * x2, np.sin(2 * x1) * x2], axis=1)
    return features @ np.random.default_rng(0).standard_normal((4, 3))


def test_intervals_hold_the_figures_of_many_samples_as_often_as_they_say() -> None:
    """Samples, background and partners are drawn anew 40 times."""
    x1, x2, y = drawn(12_000, 1)
    many = dmil.explain(partly, x1, x2, y=y, rows=np.arange(6000), background=4000)
    held = dict.fromkeys(("accuracy", "emap_accuracy", "interaction_share", "i12"), 0)
    for seed in range(40):
        x1, x2, y = drawn(600, 100 + seed)
        found = dmil.explain(partly, x1, x2, y=y, rows=np.arange(300), partners=40, seed=seed)
        for name in held:
            i = found.intervals[name]
            held[name] += i.low <= many.intervals[name].value <= i.high
    assert min(held.values()) >= 0.93 * 40, held


# --- data sets and models of ours ----------------------------------------------------------


def test_a_data_set_is_explained_on_its_test_rows(tiny: Dataset) -> None:
    def f(a: Any, b: Any) -> Any:
        return a[:, :3] * b[:, :3]

    found = dmil.explain(f, tiny, partners=20)
    assert found.frame["id"].tolist() == tiny.ids[tiny.rows("test")].tolist()
    assert found.background == len(tiny.rows("train"))
    assert found.classes == tiny.classes
    named = dmil.explain(f, tiny.name, partners=20)
    pd.testing.assert_frame_equal(found.frame, named.frame)
    with pytest.raises(dmil.DmilError, match="has its own y, classes and ids"):
        dmil.explain(f, tiny, y=tiny.y)
    with pytest.raises(dmil.DmilError, match="has no test rows"):
        dmil.explain(f, replace(tiny, split=np.full(len(tiny), "train")))


def test_rows_that_lack_an_input_are_neither_explained_nor_partners(tiny: Dataset) -> None:
    lacking = np.arange(len(tiny)) % 3 == 0
    x2 = np.where(lacking[:, None], np.nan, tiny.x2)
    data = replace(tiny, x2=x2, flags={"without_x2": lacking})

    def f(a: Any, b: Any) -> Any:
        assert np.isfinite(b).all()
        return a[:, :3] * b[:, :3]

    found = dmil.explain(f, data, partners=20)
    test = tiny.rows("test")
    assert found.frame["id"].tolist() == tiny.ids[test[~lacking[test]]].tolist()


@pytest.mark.parametrize("paradigm", ["joint", "ensemble", "dmil", "dmil-paper"])
def test_every_model_of_ours_is_a_callable(
    paradigm: str, tiny: Dataset, tiny_runs: dict[str, Run]
) -> None:
    model = dmil.load(tiny_runs[paradigm].folder)
    found = dmil.explain(model, tiny, partners=20)
    table = model.predict(tiny, split="test")
    assert found.frame["pred"].tolist() == table["pred"].tolist()
    assert found.accuracy == pytest.approx(table["correct"].mean())
    logits = table[[f"logit_{c}" for c in model.classes]].to_numpy()
    test = tiny.rows("test")
    np.testing.assert_allclose(model(tiny.x1[test], tiny.x2[test]), logits, atol=1e-4)


@pytest.mark.parametrize("paradigm", sorted(dmil.PARADIGMS))
def test_so_is_an_untrained_one_of_every_paradigm(
    paradigm: str, tiny: Dataset, tiny_runs: dict[str, Run]
) -> None:
    run = tiny_runs["joint"]
    config = model_config(tiny, dmil.PARADIGMS[paradigm])
    network = build(config).eval()
    model = dmil.Model(replace(run, config=replace(run.config, model=config)), network)
    found = dmil.explain(model, tiny, rows=30, partners=20, background=60)
    assert found.inputs == ("x1", "x2")
    assert np.isfinite(found.frame["score"]).all()


def test_a_model_refuses_other_inputs(tiny_runs: dict[str, Run]) -> None:
    model = dmil.load(tiny_runs["joint"].folder)
    with pytest.raises(dmil.DmilError, match=r"expected inputs with the shapes \(12,\), \(12,\)"):
        model(np.zeros((3, 12)), np.zeros((3, 11)))
    with pytest.raises(dmil.DmilError, match="got"):
        model(np.zeros((3, 12)))
    with pytest.raises(dmil.DmilError, match="does not fit 'mfeat'"):
        dmil.explain(model, "mfeat")
