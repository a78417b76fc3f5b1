"""The worth of an input against closed forms, and the pieces that it is made of."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import log_softmax
from sklearn.metrics import roc_auc_score

from dmil_core.cli import main
from dmil_core.data.catalog import load_dataset
from dmil_core.data.dataset import Dataset
from dmil_core.errors import ConfigError
from dmil_core.information.estimator import PointwiseInformation
from dmil_core.information.worth.acquisition import POLICIES, SHARES, acquisition
from dmil_core.information.worth.gains import _auroc, worth
from dmil_core.information.worth.posteriors import Known, Without, from_data, from_table
from dmil_core.information.worth.verdict import verdict
from dmil_core.io.paths import checkpoints_roots
from dmil_core.io.tables import read_table

CLASSES = ("a", "b", "c")


def known(rows: int = 400, noise: float = 1.0, seed: int = 0, **changes: Any) -> Known:
    """Rows whose second input doubles what the first one says; the first adds nothing."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, rows)
    logits = noise * rng.normal(size=(rows, 3)) + 2.0 * np.eye(3)[y]
    full = log_softmax(2 * logits, axis=1)
    values: dict[str, Any] = {
        "names": ("left", "right"),
        "classes": CLASSES,
        "y": y,
        "log_q": full,
        "without": (Without(full), Without(log_softmax(logits, axis=1))),
        "ids": np.arange(rows).astype(str),
    }
    return Known(**{**values, **changes})


def bits(known: Known, m: int) -> NDArray[np.float64]:
    at = np.arange(len(known.y))
    both, rest = (q[at, known.y] for q in (known.log_q, known.without[m].log_q))
    return (both - rest) / math.log(2)


def test_an_input_that_changes_nothing_is_worth_nothing() -> None:
    left, right = worth(known())
    assert (left.bits.value, left.bits.low, left.bits.high) == (0.0, 0.0, 0.0)
    assert left.accuracy.gain.value == left.auroc.gain.value == 0.0
    assert right.bits.value == pytest.approx(bits(known(), 1).mean())
    assert right.log_loss.without - right.log_loss.with_ == pytest.approx(right.bits.value)


def test_rows_of_a_group_count_together() -> None:
    plain = known(200)
    twice = [np.repeat(v, 5, axis=0) for v in (plain.y, plain.log_q, plain.without[1].log_q)]
    copies = replace(
        plain, y=twice[0], log_q=twice[1], without=(Without(twice[1]), Without(twice[2])),
        ids=np.arange(1000).astype(str), group=np.repeat(np.arange(200), 5),
    )  # fmt: skip
    one, many = worth(plain)[1], worth(copies)[1]
    assert many.bits.value == pytest.approx(one.bits.value)
    width = [w.bits.high - w.bits.low for w in (one, many)]
    assert width[1] == pytest.approx(width[0], rel=0.02)


def test_parts_of_one_group_have_no_interval_but_groups_themselves_have() -> None:
    plain = known(200)
    group = np.repeat(["p", "q"], 100)
    one = worth(replace(plain, y=(group == "q").astype(np.int64), group=group,
                        by={"group": group}), by=("group",))[1]  # fmt: skip
    assert all(math.isnan(part.bits.low) for part in one.parts["class"])
    assert all(math.isfinite(part.bits.low) for part in one.parts["group"])


def test_the_fit_widens_the_interval() -> None:
    plain = known()
    wide = replace(plain, without=(plain.without[0], Without(plain.without[1].log_q, 0.2)))
    narrow, with_fit = worth(plain)[1].bits, worth(wide)[1].bits
    assert with_fit.value == narrow.value
    assert with_fit.high - with_fit.value > 1.9 * 0.2 / math.log(2)


@settings(deadline=None, max_examples=25)
@given(st.integers(20, 200), st.integers(0, 10**6), st.booleans())
def test_the_area_is_that_of_scikit_learn(rows: int, seed: int, ties: bool) -> None:
    rng = np.random.default_rng(seed)
    y = np.concatenate([[0, 1, 2], rng.integers(0, 3, rows - 3)])
    scores = [rng.normal(size=(rows, 3)) + np.eye(3)[y] for _ in range(2)]
    scores = [np.round(s) if ties else s for s in scores]
    got = _auroc(scores[0], scores[1], y, None)
    wanted = [np.mean([roc_auc_score(y == k, s[:, k]) for k in range(3)]) for s in scores]
    assert [got.without, got.with_] == pytest.approx(wanted)
    assert got.gain.value == pytest.approx(wanted[1] - wanted[0])
    assert got.gain.low <= got.gain.value <= got.gain.high


def test_the_interval_of_the_area_is_that_of_the_bootstrap() -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 400)
    scores = [rng.normal(size=(400, 2)) + a * np.eye(2)[y] for a in (0.5, 1.2)]
    got = _auroc(scores[0], scores[1], y, None).gain
    drawn = []
    for _ in range(400):
        rows = rng.integers(0, 400, 400)
        area = [np.mean([roc_auc_score(y[rows] == k, s[rows, k]) for k in (0, 1)]) for s in scores]
        drawn.append(area[1] - area[0])
    assert (got.high - got.low) / 2 == pytest.approx(1.96 * np.std(drawn), rel=0.15)


def test_costs_change_the_decisions() -> None:
    k = known()
    costs = np.array([[0.0, 1.0, 1.0], [10.0, 0.0, 1.0], [10.0, 1.0, 0.0]])
    one = worth(k, costs)[1].cost
    assert one is not None
    plain = [costs[k.y, q.argmax(axis=1)].mean() for q in (k.without[1].log_q, k.log_q)]
    assert one.without < plain[0]
    assert one.with_ < plain[1]
    with pytest.raises(ConfigError, match="3 x 3 finite numbers"):
        worth(k, np.ones((2, 2)))


def test_curves_end_at_none_and_all_and_the_oracle_is_never_below() -> None:
    k = known(noise=3.0)
    curve = acquisition(k, 1).curve
    one = worth(k)[1]
    assert tuple(curve["share"]) == SHARES
    for policy in POLICIES:
        values = curve[f"accuracy_{policy}"]
        assert values.iloc[0] == pytest.approx(one.accuracy.without)
        assert values.iloc[-1] == pytest.approx(one.accuracy.with_)
        assert (values <= curve["accuracy_oracle"] + 1e-12).all()


def test_a_price_decides_how_many_get_the_input() -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 2000)
    sure = rng.random(2000) < 0.5  # half of the rows are known without the input
    without = np.where(sure[:, None], 8.0 * np.eye(2)[y], 0.01 * rng.normal(size=(2000, 2)))
    full = log_softmax(8.0 * np.eye(2)[y], axis=1)
    k = known(2000, y=y, log_q=full, classes=("a", "b"), ids=np.arange(2000).astype(str),
              without=(Without(full), Without(log_softmax(without, axis=1))))  # fmt: skip
    for price, share in ((0.0, 0.5), (0.1, 0.5), (0.9, 0.0)):
        point = acquisition(k, 1, price=price).points["entropy"]
        assert point.share == pytest.approx(share, abs=0.06)
    cheap = acquisition(k, 1, price=0.1).points["entropy"]
    assert cheap.total == pytest.approx(0.05, abs=0.01)
    assert cheap.saved.value == pytest.approx(0.05, abs=0.01)
    assert cheap.saved.positive
    with pytest.raises(ConfigError, match="from 0 on"):
        acquisition(k, 1, price=-1.0)


def test_a_verdict_says_what_the_numbers_say() -> None:
    k = known(noise=3.0)
    left, right = worth(k)
    said = " ".join(verdict(k, left, acquisition(k, 0)))
    assert "the worth of left is not distinguishable from 0" in said
    said = " ".join(verdict(k, right, acquisition(k, 1, price=0.01)))
    assert (f"is worth {right.bits.value:.2f} bits" in said) == right.bits.positive


# --- known answers ---------------------------------------------------------------------------


def stored(path: Path, **arrays: Any) -> Dataset:
    """The set of an .npz file."""
    np.savez(path / "set.npz", **arrays)
    return load_dataset(path / "set.npz")


def test_a_copy_of_an_input_is_worth_nothing(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 800)
    x = (rng.normal(size=(800, 3)) + y[:, None]).astype(np.float32)
    for one in worth(from_data(stored(tmp_path, x1=x, x2=x, y=y), refits=4)):
        assert one.bits.low <= 0 <= one.bits.high
        assert abs(one.bits.value) < 0.03


@pytest.mark.parametrize(("distribution", "exact"), [("copy", 0.716), ("xor", 0.523)])
def test_the_exact_worth_lies_in_the_interval(distribution: str, exact: float) -> None:
    spec = f"gaussian:distribution={distribution},train=2400,val=200,test=400"
    k = from_data(load_dataset(spec), refits=4)
    assert k.fitted
    for one in worth(k):
        assert one.bits.low <= exact <= one.bits.high
        assert one.bits.high - one.bits.low < 0.5


def test_half_of_the_rows_of_switch_need_their_second_input() -> None:
    folder = checkpoints_roots()[-1] / "switch" / "dmil" / "seed0"
    dataset = load_dataset("switch")
    table = read_table(folder / "predictions.parquet")
    k = from_table(table, dataset.classes, ("x1", "x2"), dataset)
    curve = acquisition(k, 1).curve
    assert curve["accuracy_entropy"].iloc[SHARES.index(0.5)] >= 0.985
    assert curve["accuracy_random"].iloc[SHARES.index(0.5)] < 0.85
    by = worth(k, by=("interaction_type",))[1].parts["interaction_type"]
    value = {part.name: part.bits.value for part in by}
    assert value["S"] > 1.5
    assert value["U2"] > 1.5
    assert abs(value["R"]) < 0.15
    assert abs(value["U1"]) < 0.1


def test_three_inputs_of_which_two_make_the_class(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    a, b, c = rng.integers(0, 2, (3, 900))
    x = [np.stack([2.0 * v - 1 + 0.2 * rng.normal(size=900), rng.normal(size=900)], 1)
         for v in (a, b, c)]  # fmt: skip
    arrays = {f"x{m}": v.astype(np.float32) for m, v in enumerate(x, start=1)}
    results = worth(from_data(stored(tmp_path, y=a ^ b, **arrays), refits=0))
    assert [r.bits.value for r in results[:2]] == pytest.approx([1.0, 1.0], abs=0.15)
    assert abs(results[2].bits.value) < 0.1


# --- command ---------------------------------------------------------------------------------


def run(capsys: pytest.CaptureFixture[str], *line: str) -> tuple[int, str, str]:
    code = main(["worth", *line])
    out, err = capsys.readouterr()
    return code, out, err


def test_the_command_prints_json_and_words(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = checkpoints_roots()[-1] / "emoji" / "dmil" / "seed0"
    code, out, _ = run(capsys, "--checkpoint", str(folder), "--json", "--cost", "0,0.2")
    assert code == 0
    told = json.loads(out)
    assert told["rows"] == 350
    assert set(told["worth"]) == {"x1", "x2"}
    low, high = told["worth"]["x2"]["interval"]
    assert low < told["worth"]["x2"]["bits"] < high
    assert set(told["worth"]["x2"]["points"]) == {"entropy", "predicted", "oracle"}
    assert told["worth"]["x2"]["curve"]["share"][-1] == 1.0

    table = read_table(folder / "predictions.parquet")
    wanted = ["id", *(c for c in table if c.startswith(("p_", "px1_", "px2_")))]
    table[wanted].to_csv(tmp_path / "p.csv", index=False)
    predictions = ["--predictions", str(tmp_path / "p.csv"), "--data", "emoji"]
    code, out, _ = run(capsys, *predictions, "--json")
    assert code == 0
    again = json.loads(out)["worth"]["x2"]
    assert again["bits"] == pytest.approx(told["worth"]["x2"]["bits"], abs=1e-4)

    code, out, _ = run(capsys, *predictions)
    assert "Given picture" in out
    assert "worth, bits" in out


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ([], "expected --data, --checkpoint"),
        (["--data", "emoji", "--cost", "1"], "expected 2 numbers from 0 on"),
        (["--checkpoint", "{joint}"], "no column 'px1_"),
        (["--checkpoint", "{dmil}", "--by", "colour"], "rows can be told apart by"),
        (["--checkpoint", "{dmil}", "--data", "mfeat"], "is not the set"),
    ],
)
def test_what_cannot_be_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, line: list[str], words: str
) -> None:
    root = checkpoints_roots()[-1] / "emoji"
    names = {m: str(root / m / "seed0") for m in ("joint", "dmil")}
    if "--cost" in line:  # found before anything is fitted
        monkeypatch.setattr(
            "dmil_core.information.worth.posteriors.from_data", lambda *_: pytest.fail("fitted")
        )
    code, _, err = run(capsys, *(part.format(**names) for part in line))
    assert code == 2
    assert words in err
    assert len(err.splitlines()) == 1


# --- rows that lack an input -----------------------------------------------------------------


def lacking(folder: Path, chance: NDArray[np.float64], seed: int = 0) -> Dataset:
    """Rows of which each lacks x2 by the chance of its class; x2 says the class 1 from the others,
    x1 nothing of it."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, 2400)
    x1 = rng.normal(size=(2400, 2)) + 1.5 * (y == 0)[:, None]
    x2 = rng.normal(size=(2400, 2)) + 3.0 * (y == 1)[:, None]
    without = rng.random(2400) < chance[y]
    return stored(folder, x1=x1, x2=np.where(without[:, None], np.nan, x2), y=y,
                  flag_without_x2=without)  # fmt: skip


def test_rows_that_lack_an_input_at_random_change_nothing(tmp_path: Path) -> None:
    whole = worth(from_data(lacking(tmp_path, np.zeros(3)), refits=0))[1]
    assert whole.corrected is None
    part = worth(from_data(lacking(tmp_path, np.full(3, 0.4)), refits=4))[1]
    assert part.corrected is not None
    assert part.rows < 1600
    assert part.bits.low <= whole.bits.value <= part.bits.high
    assert part.corrected.value == pytest.approx(part.bits.value, abs=0.03)


def test_rows_that_lack_it_by_their_class_bias_the_naive_worth(tmp_path: Path) -> None:
    whole = worth(from_data(lacking(tmp_path, np.zeros(3)), refits=0))[1]
    k = from_data(lacking(tmp_path, np.array([0.05, 0.85, 0.05])), refits=0)
    part = worth(k)[1]
    assert part.corrected is not None
    assert "rows lack an input" in k.notes[0]
    naive, corrected = (abs(i.value - whole.bits.value) for i in (part.bits, part.corrected))
    assert corrected < 0.5 * naive
    assert "Corrected for which samples have all inputs" in " ".join(
        verdict(k, part, acquisition(k, 1))
    )


def test_weights_rest_on_what_the_input_that_all_have_says_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The estimator of the propensities sees its features once, and nothing beside them."""
    fitted: list[tuple[int, bool]] = []
    fit = PointwiseInformation.fit

    def seen(self: Any, x1: Any, x2: Any, *rest: Any) -> Any:
        fitted.append((x1.shape[1], bool(np.ptp(x2) > 0)))
        return fit(self, x1, x2, *rest)

    monkeypatch.setattr(PointwiseInformation, "fit", seen)
    from_data(lacking(tmp_path, np.full(3, 0.4)), refits=0)
    # Of complete rows, of propensities, and of complete rows drawn by their weight.
    assert fitted == [(2, True), (2, False), (2, True)]


def test_a_model_is_judged_on_the_rows_that_have_all_inputs() -> None:
    folder = checkpoints_roots()[-1] / "emoji" / "dmil" / "seed0"
    dataset = load_dataset("emoji")
    lacks = np.arange(len(dataset)) % 2 == 0
    some = replace(dataset, flags={**dataset.flags, "without_x2": lacks})
    table = read_table(folder / "predictions.parquet")
    k = from_table(table, dataset.classes, ("picture", "name"), some)
    assert set(k.ids) == set(dataset.ids[~lacks & (dataset.split == "test")])
    assert "rows lack an input and are left out" in k.notes[0]
