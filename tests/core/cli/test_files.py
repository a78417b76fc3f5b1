"""Files of people on the command line: inspected, converted, trained on, decomposed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dmil_core.checkpoint import read_run
from dmil_core.cli import main
from dmil_core.data.npz import read_dataset
from dmil_core.io.tables import read_table
from tests.core.data.archives import packed, png, wav

Capture = pytest.CaptureFixture[str]
N = 120
#: What `dmil inspect --json` prints, and nothing else.
KEYS = ["inputs", "label", "classes", "id", "split", "group", "flags", "unused", "rows", "issues"]


def run(capsys: Capture, *arguments: object) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a command in this process."""
    try:
        code = main([str(a) for a in arguments])
    except SystemExit as end:
        code = int(end.code or 0)
    out, err = capsys.readouterr()
    return code, out, err


def birds() -> pd.DataFrame:
    """A table like palmerpenguins: two groups of measurements, words, years, missing cells."""
    rng = np.random.default_rng(0)
    species = np.array(["Adelie", "Gentoo", "Chinstrap"])[np.arange(N) % 3]
    frame = pd.DataFrame(
        {
            "species": species,
            "bill_length_mm": (40 + 5 * (np.arange(N) % 3) + rng.normal(size=N)).round(1),
            "bill_depth_mm": (18 + rng.normal(size=N)).round(1),
            "body_mass_g": (4000 + 300 * rng.normal(size=N)).round(),
            "sex": np.array(["male", "female"])[np.arange(N) // 3 % 2],
            "year": 2007 + np.arange(N) % 3,
        }
    )
    frame.loc[3, ["bill_length_mm", "bill_depth_mm", "sex"]] = None
    frame.loc[[8, 9], "sex"] = None
    return frame


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "birds.csv"
    birds().to_csv(path, index=False, na_rep="NA")
    return path


@pytest.fixture(autouse=True)
def _checkpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DMIL_CHECKPOINTS", str(tmp_path / "checkpoints"))


CHOSEN = ("--label", "species", "--input", "bill=bill_*", "--input", "body=body_mass_g,sex")


def test_inspect_names_every_column_and_what_is_repaired(capsys: Capture, table: Path) -> None:
    code, out, err = run(capsys, "inspect", table, "--json")
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert list(found) == KEYS
    assert found["inputs"] == [
        {"name": "bill", "kind": "vector", "columns": ["bill_length_mm", "bill_depth_mm"]},
        {"name": "body_mass_g + sex", "kind": "vector", "columns": ["body_mass_g", "sex"]},
    ]
    assert (found["label"], found["classes"]) == ("species", ["Adelie", "Chinstrap", "Gentoo"])
    assert (found["id"], found["split"], found["group"]) == (None, None, None)
    assert (found["unused"], found["rows"]) == (["year"], N)
    assert [list(i) for i in found["issues"]] == [["severity", "title", "rows", "repair"]] * 3
    said = {i["title"]: i for i in found["issues"]}
    numbers = said["numbers are missing in 1 of 120 rows (0.8 %): 'bill_length_mm', "
                   "'bill_depth_mm'"]  # fmt: skip
    assert numbers["rows"] == [3]
    assert numbers["repair"].startswith("1 row is dropped")
    assert said["'sex' is missing in 3 of 120 rows (2.5 %)"]["rows"] == [3, 8, 9]
    assert "1 of 6 columns is not used: 'year' (years, 2007 to 2009)" in said


def test_inspect_in_words(capsys: Capture, table: Path) -> None:
    code, out, _ = run(capsys, "inspect", table)
    assert code == 0
    assert out.startswith("120 rows, 6 columns\n")
    assert "input 1  bill (vector, 2 columns): bill_length_mm, bill_depth_mm\n" in out
    assert "label    species (3 classes: Adelie, Chinstrap, Gentoo)\n" in out
    assert "  year: years, 2007 to 2009\n" in out
    assert "(row 3).\n  1 row is dropped" in out


def test_inspect_shows_flags(capsys: Capture, tmp_path: Path) -> None:
    frame = birds().assign(flag_wild=np.where(np.arange(N) % 2, "yes", "no"))
    frame.to_csv(tmp_path / "wild.csv", index=False)
    _, out, _ = run(capsys, "inspect", tmp_path / "wild.csv")
    assert "\nflags    flag_wild\n" in out
    _, out, _ = run(capsys, "inspect", tmp_path / "wild.csv", "--json")
    found = json.loads(out)
    assert (found["flags"], found["unused"]) == (["flag_wild"], ["year"])


@pytest.mark.parametrize(
    ("said", "inputs", "unused"),
    [
        (CHOSEN, [["bill_length_mm", "bill_depth_mm"], ["body_mass_g", "sex"]], ["year"]),
        (("--label", "sex", "--input", "a=bill_length_mm..body_mass_g", "--input", "b=year"),
         [["bill_length_mm", "bill_depth_mm", "body_mass_g"], ["year"]], ["species"]),
        (("--label", "species", "--input", "all=*mm", "--input", "b=y*", "--group", "sex"),
         [["bill_length_mm", "bill_depth_mm"], ["year"]], ["body_mass_g"]),
    ],
)  # fmt: skip
def test_columns_are_named_by_name_beginning_and_range(
    capsys: Capture, table: Path, said: tuple[str, ...], inputs: list[list[str]], unused: list[str]
) -> None:
    code, out, _ = run(capsys, "inspect", table, "--json", *said)
    assert code == 0
    found = json.loads(out)
    assert [i["columns"] for i in found["inputs"]] == inputs
    assert found["unused"] == unused


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (("--label", "spices"), "--label: there is no column 'spices'; did you mean 'species'?"),
        (("--input", "bill", "--input", "b=year"), "expected NAME=COLUMNS"),
        (("--input", "bill=bil_*", "--input", "b=year"), "there is no column 'bil_*'"),
        (("--input", "bill=bill_*"), "expected --input two or three times, got it 1 times"),
        (("--label", "bill_*"), "expected one column, got 2"),
        (("--missing", "fill"), "invalid choice"),
        (("--quantiles", "9"), "invalid choice"),
    ],
)
def test_what_cannot_be_is_one_line(
    capsys: Capture, table: Path, said: tuple[str, ...], message: str
) -> None:
    for command in (("inspect", table), ("convert", table, "--out", table.with_suffix(".npz"))):
        code, out, err = run(capsys, *command, *said)
        assert (code, out) == (2, "")
        assert message in err
        assert err.count("\n") == 1
    assert not table.with_suffix(".npz").exists()


def test_convert_writes_what_train_reads(capsys: Capture, table: Path, tmp_path: Path) -> None:
    out = tmp_path / "set.npz"
    code, printed, err = run(capsys, "convert", table, *CHOSEN, "--out", out)
    assert code == 0
    assert printed == f"{out}: 119 rows, inputs bill, body, 3 classes\n"
    assert "note: numbers are missing in 1 of 120 rows" in err
    converted = read_dataset(out)
    assert converted.x2.shape == (119, 4)  # a number, and two sexes and a missing one
    assert [c.name for c in converted.card.modalities[1].columns] == ["body_mass_g", "sex"]
    folder = tmp_path / "runs" / "joint"
    train = ("train", "--paradigm", "joint", "--epochs-scale", "0.02", "--quiet", "--out", folder)
    code, _, err = run(capsys, *train, "--data", table, *CHOSEN)
    assert code == 0, err
    run_file = json.loads((folder / "run.json").read_text("utf-8"))
    assert run_file["data_digest"] == converted.digest
    stored = read_dataset(Path(run_file["data_source"]))
    assert stored.digest == converted.digest
    # The same command again goes on with the same set.
    assert run(capsys, *train, "--data", table, *CHOSEN)[0] == 0


def test_new_rows_of_a_table_are_decomposed_without_labels(
    capsys: Capture, table: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "runs" / "dmil"
    assert run(capsys, "train", "--data", table, "--epochs-scale", "0.02", "--quiet",
               "--out", folder)[0] == 0  # fmt: skip
    whole, new = tmp_path / "whole.csv", tmp_path / "new.csv"
    assert run(capsys, "decompose", "--checkpoint", folder, "--data", table, "--out", whole)[0] == 0
    trained = read_table(whole)
    assert len(trained) == N - 1  # the set of the training: without the row that it left out
    for rows in ([7], [40, 8, 3, 90]):
        frame = birds().drop(columns="species").iloc[rows]
        frame[list(frame.columns[::-1])].to_csv(new, index=False)
        out = tmp_path / "out.csv"
        code, _, err = run(capsys, "decompose", "--checkpoint", folder, "--data", new, "--out", out)
        assert code == 0, err
        told = read_table(out)
        assert len(told) == len(rows)
        assert told["y"].isna().all() or (told["y"] == "").all()
        same = [i for i in rows if i != 3]
        at = [i - (i > 3) for i in same]
        got = told["p_Adelie"].to_numpy()[[rows.index(i) for i in same]]
        np.testing.assert_allclose(got, trained["p_Adelie"].to_numpy()[at], atol=1e-5)
    lacking = birds()[["bill_length_mm", "sex"]]
    lacking.to_csv(new, index=False)
    code, _, err = run(capsys, "decompose", "--checkpoint", folder, "--data", new, "--out", out)
    assert code == 2
    assert "columns that these files lack: 'bill_depth_mm', 'body_mass_g'" in err


def test_a_comparison_takes_a_table_with_its_columns(
    capsys: Capture, table: Path, tmp_path: Path
) -> None:
    out = tmp_path / "compared"
    line = ["--paradigms", "joint", "--seeds", "1", "--out", out, "--epochs-scale", "0.02"]
    columns = ["--label", "sex", "--input", "bill=bill_*", "--input", "body=body_mass_g,year"]
    code, text, err = run(capsys, "compare", "--data", table, *columns, *line, "--quiet")
    assert code == 0, err
    assert "birds" in text
    assert "dmil: note: " in err
    stored = read_dataset(out / "birds.npz")
    assert [m.name for m in stored.card.modalities] == ["bill", "body"]
    assert stored.classes == ("female", "male")
    run_of = read_run(out / "runs" / "birds" / "joint" / "seed0")
    assert run_of.data_digest == stored.digest

    code, _, err = run(capsys, "compare", "--data", table, "switch", *columns, *line)
    assert code == 2
    assert "Compare one set at a time" in err


def test_codes_that_training_left_as_words_are_words_in_new_rows(
    capsys: Capture, tmp_path: Path
) -> None:
    rng, code = np.random.default_rng(0), np.array(["007", "7", "07"])[np.arange(N) % 3]
    frame = pd.DataFrame({"a_1": rng.normal(size=N), "a_2": rng.normal(size=N), "code": code})
    frame["label"] = np.where(code == "007", "bond", "other")
    old, new, out = tmp_path / "old.csv", tmp_path / "new.csv", tmp_path / "out.csv"
    frame.to_csv(old, index=False)
    folder = tmp_path / "runs" / "joint"
    code_, _, err = run(
        capsys, "train", "--data", old, "--label", "label", "--input", "a=a_*", "--input", "c=code",
        "--as-text", "code", "--paradigm", "joint", "--epochs-scale", "0.3", "--quiet",
        "--out", folder,
    )  # fmt: skip
    assert code_ == 0, err
    frame.drop(columns="label").iloc[:6].to_csv(new, index=False)
    code_, _, err = run(capsys, "decompose", "--checkpoint", folder, "--data", new, "--out", out)
    assert code_ == 0, err
    assert "not trained with" not in err
    assert read_table(out)["pred"].tolist() == frame["label"].tolist()[:6]


def test_pictures_are_given_beside_the_table(capsys: Capture, tmp_path: Path) -> None:
    rows = pd.DataFrame({"picture": [f"p{i}" for i in range(40)], "sound": [f"s{i}.wav" for i in
                         range(40)], "label": ["a", "b"] * 20})  # fmt: skip
    rows.to_csv(tmp_path / "t.csv", index=False)
    files = {f"p{i}.png": png(colour=(6 * i, 0, 0)) for i in range(40)}
    files |= {f"s{i}.wav": wav(0.1) for i in range(40)}
    (tmp_path / "f.zip").write_bytes(packed(files))
    code, out, _ = run(capsys, "inspect", tmp_path / "t.csv", "--json")
    found = json.loads(out)
    assert code == 0
    assert found["inputs"] == []
    repair = next(i["repair"] for i in found["issues"] if "'sound' names" in i["title"])
    assert "--files" in repair
    _, out, _ = run(capsys, "inspect", tmp_path / "t.csv", "--files", tmp_path / "f.zip", "--json")
    assert [(i["name"], i["kind"]) for i in json.loads(out)["inputs"]] == [
        ("picture", "image"), ("sound", "audio"),
    ]  # fmt: skip
    made = tmp_path / "set.npz"
    code, _, err = run(capsys, "convert", tmp_path / "t.csv", "--files", tmp_path / "f.zip",
                       "--out", made)  # fmt: skip
    assert code == 0, err
    data = read_dataset(made)
    assert data.x1.shape == (40, 32, 32, 3)
    assert data.card.modalities[0].media.file == "set.media1.npz"
    assert (tmp_path / "set.media1.npz").is_file()


def test_a_number_to_predict_is_cut_where_asked(capsys: Capture, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(N, 4)), columns=["a_0", "a_1", "b_0", "b_1"])
    frame["target"] = frame["a_0"] * 10
    frame.to_csv(tmp_path / "t.csv", index=False)
    code, out, _ = run(capsys, "inspect", tmp_path / "t.csv", "--json")
    assert code == 0
    issue = next(i for i in json.loads(out)["issues"] if i["severity"] == "error")
    assert "looks like a number to predict" in issue["title"]
    assert "--quantiles" in issue["repair"]
    code, out, err = run(capsys, "estimate", "--data", tmp_path / "t.csv", "--quantiles", 2,
                         "--refits", 0, "--out", tmp_path / "bits.csv")  # fmt: skip
    assert code == 0, err
    means = json.loads(out)["means"]
    assert means["i1"]["mean"] > 0.3 > means["i2"]["mean"]


def test_new_rows_are_not_split_and_what_the_model_does_not_know_is_left(
    capsys: Capture, table: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    code, _, err = run(capsys, "train", "--data", table, *CHOSEN, "--paradigm", "joint",
                       "--epochs-scale", "0.02", "--quiet", "--out", folder)  # fmt: skip
    assert code == 0, err
    new, out = tmp_path / "new.csv", tmp_path / "out.csv"
    for species in (True, False):
        frame = birds().iloc[[20, 21, 22, 23]].assign(island=["Dream", "Biscoe", "Dream", "Torge"])
        frame = frame.rename(columns={"species": "kind"}) if species else \
            frame.drop(columns="species")  # fmt: skip
        frame.to_csv(new, index=False)
        code, _, err = run(capsys, "decompose", "--checkpoint", folder, "--data", new, "--out", out)
        assert code == 0, err
        assert "70/10/20" not in err
        assert "'year', 'island' (the model was trained without it)" in err
        assert "too many" not in err
        told = read_table(out)
        assert told["split"].tolist() == ["test"] * 4
        # The label is known by its words, whatever the column is called.
        assert told["y"].fillna("").tolist() == (birds()["species"][20:24].tolist() if species
                                                 else [""] * 4)  # fmt: skip


def test_labels_of_new_rows_are_cut_where_those_of_the_training_were(
    capsys: Capture, tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(N, 4)), columns=["a_0", "a_1", "b_0", "b_1"])
    frame["target"] = [f"{v:.2f} cm" for v in np.linspace(10, 20, N)]
    frame.to_csv(tmp_path / "t.csv", index=False)
    folder = tmp_path / "run"
    quick = ("--paradigm", "joint", "--epochs-scale", "0.02", "--quiet", "--out", folder)
    code, _, err = run(capsys, "train", "--data", tmp_path / "t.csv", "--quantiles", 3, *quick)
    assert code == 0, err
    classes = json.loads((folder / "run.json").read_text("utf-8"))["data_card"]["classes"]
    assert classes == ["up to 13.3 cm", "13.3 to 16.7 cm", "above 16.7 cm"]
    # Most of the new rows are beyond the last edge: their own thirds would be others.
    values = np.array([12.0, 13.3, 13.4, 17, 18, 19, 25, 90])
    expected = [classes[k] for k in np.searchsorted([13.3, 16.7], values)]
    new, out = frame.iloc[: len(values)].copy(), tmp_path / "out.csv"
    dresses = {"cm": [f"{v} cm" for v in values], "mm": [f"{10 * v} mm" for v in values],
               "number": values, "names": expected}  # fmt: skip
    for how, cells in dresses.items():
        new.assign(target=cells).to_csv(tmp_path / f"{how}.csv", index=False)
        # The options of the training may be said once more.
        for said in ((), ("--quantiles", 3)):
            code, _, err = run(capsys, "decompose", "--checkpoint", folder, "--data",
                               tmp_path / f"{how}.csv", "--out", out, *said)  # fmt: skip
            assert code == 0, err
            assert read_table(out)["y"].tolist() == expected, how
            assert ("is cut where it was in the training" in err) == (how != "names")
    new.assign(target=[f"{v} kg" for v in values]).to_csv(tmp_path / "kg.csv", index=False)
    code, _, err = run(capsys, "decompose", "--checkpoint", folder, "--data", tmp_path / "kg.csv",
                       "--out", out)  # fmt: skip
    assert code == 0, err
    assert "is in kg, and the model was trained on numbers in cm" in err
    x1, x2 = (new[[f"{side}_0", f"{side}_1"]].to_numpy() for side in "ab")
    np.savez(tmp_path / "new.npz", x1=x1, x2=x2, y=values)
    code, _, err = run(capsys, "decompose", "--checkpoint", folder, "--data", tmp_path / "new.npz",
                       "--out", out)  # fmt: skip
    assert code == 0, err
    assert read_table(out)["y"].tolist() == expected
    assert set(read_table(out)["split"]) == {"test"}


def test_files_that_are_joined_are_one_input_each(capsys: Capture, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    ids = [f"s{i}" for i in range(60)]
    genes = pd.DataFrame(rng.normal(size=(60, 3)), columns=["TP53", "EGFR", "MYC"])
    proteins = pd.DataFrame(rng.normal(size=(60, 2)), columns=["AKT", "P21"])
    genes.insert(0, "sample_id", ids)
    proteins.insert(0, "sample_id", ids[::-1])
    patients = pd.DataFrame({"sample_id": ids, "outcome": ["well", "ill", "well"] * 20})
    paths = []
    for name, frame in (("genes", genes), ("proteins", proteins), ("patients", patients)):
        frame.to_csv(tmp_path / f"{name}.csv", index=False)
        paths.append(tmp_path / f"{name}.csv")
    code, out, err = run(capsys, "inspect", *paths, "--json")
    assert code == 0, err
    found = json.loads(out)
    assert {i["name"]: i["columns"] for i in found["inputs"]} == {
        "genes": ["TP53", "EGFR", "MYC"], "proteins": ["AKT", "P21"],
    }  # fmt: skip
    assert found["label"] == "outcome"
    assert found["id"] == "sample_id"


def test_the_column_that_joins_files_is_named(capsys: Capture, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    plate = np.arange(60)
    left = pd.DataFrame({"plate": plate, "a_1": rng.normal(size=60), "a_2": rng.normal(size=60)})
    right = pd.DataFrame({"b_1": rng.normal(size=60), "b_2": rng.normal(size=60), "plate": plate})
    right["label"] = np.array(["even", "odd"])[plate % 2]
    left.to_csv(tmp_path / "left.csv", index=False)
    right.iloc[::-1].to_csv(tmp_path / "right.csv", index=False)
    files, out = [tmp_path / "left.csv", tmp_path / "right.csv"], tmp_path / "set.npz"
    code, _, err = run(capsys, "convert", *files, "--on", "plate", "--label", "label",
                       "--input", "a=a_*", "--input", "b=b_*", "--out", out)  # fmt: skip
    assert code == 0, err
    data = read_dataset(out)
    np.testing.assert_allclose(data.x1[:, 0], left["a_1"], rtol=1e-6)
    np.testing.assert_allclose(data.x2[:, 1], right["b_2"], rtol=1e-6)
    assert data.label_names.tolist() == right["label"].tolist()
    code, _, err = run(capsys, "inspect", *files, "--on", "well")
    assert code == 2
    assert "has no column 'well' to join it by" in err
