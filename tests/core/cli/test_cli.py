"""The command line as a user meets it: help, results, and one clear line for every mistake."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

import dmil_core
from dmil_core.checkpoint import MODEL_FILE, Run, default_folder, read_run
from dmil_core.cli import app, main
from dmil_core.data.catalog import load_dataset
from dmil_core.data.npz import write_arrays
from dmil_core.inference import projection
from dmil_core.information import store
from dmil_core.io import app as io_app
from dmil_core.io.tables import read_table, table_metadata
from dmil_core.models import plugins
from dmil_core.schema import COMPONENTS, contribution, logit
from tests.conftest import PARADIGM_NAMES, TINY, TINY_SCALE
from tests.core.builders import mixed_arrays, write_mixed
from tests.core.processes import run as run_process

Capture = pytest.CaptureFixture[str]

COMMANDS = ("list", "inspect", "convert", "train", "decompose", "compare", "project", "estimate",
            "information", "explain", "pid", "app")  # fmt: skip


def run(capsys: Capture, *arguments: object) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a command in this process."""
    try:
        code = main([str(a) for a in arguments])
    except SystemExit as end:
        code = int(end.code or 0)
    out, err = capsys.readouterr()
    return code, out, err


# --- help ----------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_examples_that_parse(capsys: Capture, command: str) -> None:
    code, out, err = run(capsys, command, "--help")
    assert (code, err) == (0, "")
    examples = re.findall(rf"^  dmil ({command}.*)$", out.split("examples:")[1], re.MULTILINE)
    assert examples
    from dmil_core.cli import parser

    for example in examples:
        arguments, rest = parser().parse_known_args(example.split())
        assert arguments.command == command
        assert command == "app" or not rest


def test_help_of_all_names_every_command(capsys: Capture) -> None:
    code, out, _ = run(capsys, "--help")
    assert code == 0
    assert all(re.search(rf"^ +{c}\s", out, re.MULTILINE) for c in COMMANDS)


def test_version(capsys: Capture) -> None:
    assert run(capsys, "--version") == (0, f"dmil {dmil_core.__version__}\n", "")


def test_it_is_a_module_and_a_command() -> None:
    code, out, _ = run_process("--version")
    assert (code, out) == (0, f"dmil {dmil_core.__version__}\n")


# --- mistakes ------------------------------------------------------------------------------

#: Arguments (with {run}, {tmp} and {file} filled in) and a piece of what they are told.
MISTAKES = [
    ("", "the following arguments are required: COMMAND"),
    ("fly", "invalid choice: 'fly'"),
    ("list --fast", "unrecognized arguments: --fast"),
    ("train", "the following arguments are required: --data"),
    ("train --data", "--data: expected at least one argument"),
    ("train --data swich", "There is no data set 'swich'. Did you mean 'switch'?"),
    ("train --data {tmp}/none.npz", "none.npz: expected an .npz file, found none"),
    ("train --data {file}", "There is no data set"),
    ("train --data switch:speed=3", "got 'speed=3'"),
    ("train --data switch:classes=1", "classes expects an integer from 2"),
    ("train --data {tiny} --paradigm magic", "'magic' does not exist; expected joint, ensemble"),
    ("train --data {tiny} --seed -1", "--seed: expected a whole number from 0 on, got '-1'"),
    ("train --data {tiny} --seed x", "--seed: expected a whole number from 0 on, got 'x'"),
    ("train --data {tiny} --seed 1.5", "--seed: expected a whole number from 0 on, got '1.5'"),
    ("train --data {tiny} --epochs-scale 0 --out {tmp}/new", "epochs scale 0.0: expected"),
    ("train --data {tiny} --epochs-scale nan --out {tmp}/new", "epochs scale nan: expected"),
    ("train --data {tiny} --epochs-scale x", "--epochs-scale: invalid float value: 'x'"),
    ("train --data {tiny} --device tpu --out {tmp}/new", "'tpu': expected auto, cpu or cuda"),
    ("train --data {tiny} --encoder1 text --out {tmp}/new", "encoder 'text' cannot read x1"),
    ("train --data {tiny} --encoder2 own --out {tmp}/new", "encoder 'own' is not known here"),
    ("train --data {tiny} --out {file}", "a-file"),
    ("train --data {tiny} --out {file}/below", "a file where a folder is expected"),
    ("train --data {tiny} --out {run}", "with other settings or data; choose another --out"),
    ("decompose --checkpoint {run} --data {tiny}", "arguments are required: --out"),
    ("decompose --checkpoint {run} --data {tiny} --out {tmp}/t.xls", "ending in .parquet or .csv"),
    ("decompose --checkpoint {run} --data {tiny} --out {file}/t.csv", "a-file"),
    ("decompose --checkpoint {tmp} --data {tiny} --out {tmp}/t.csv", "is not a checkpoint"),
    ("decompose --checkpoint {run} --data mfeat --out {tmp}/t.csv", "does not fit 'mfeat'"),
    ("decompose --checkpoint {run} --data {tiny} --split all --out {tmp}/t.csv", "invalid choice"),
    ("decompose --checkpoint {broken} --data {tiny} --out {tmp}/t.csv", "sha256 differs"),
    ("compare --data {tiny} --out {tmp}/new --seeds 0", "expected a whole number from 1 on"),
    ("compare --data {tiny} --out {tmp}/new --paradigms magic", "'magic' does not exist"),
    ("compare --data {tiny} --out {tmp}/new --paradigms", "expected at least one argument"),
    ("compare --data {tiny} --out {file}", "a-file"),
    ("project --checkpoint {run} --method tsne", "'tsne': expected umap or pca"),
    ("project --checkpoint {run} --rows 0", "--rows: expected a whole number from 1 on, got '0'"),
    ("project --checkpoint {run} --data mfeat --method pca", "does not fit 'mfeat'"),
    ("project --checkpoint {tmp}/nowhere", "is not a checkpoint"),
    ("list --plugin nosuchmodule", "'nosuchmodule' was not found; --plugin and DMIL_PLUGINS"),
    ("app --port 0", "--port: expected a whole number from 1 on"),
    ("app --data {tmp}/nowhere", "nowhere is not a folder"),
    ("app --checkpoints {file}", "a-file is not a folder"),
]


@pytest.mark.parametrize(("line", "says"), MISTAKES, ids=[m[0] or "nothing" for m in MISTAKES])
def test_a_mistake_is_one_clear_line_and_exit_code_2(
    capsys: Capture, tiny_runs: dict[str, Run], tmp_path: Path, line: str, says: str
) -> None:
    file = tmp_path / "a-file"
    file.write_text("mine")
    broken = shutil.copytree(tiny_runs["joint"].folder, tmp_path / "broken")
    (broken / MODEL_FILE).write_bytes(b"")
    places = {
        "run": tiny_runs["joint"].folder, "tiny": TINY, "tmp": tmp_path, "file": file,
        "broken": broken,
    }  # fmt: skip
    code, out, err = run(capsys, *(part.format(**places) for part in line.split()))
    assert code == 2
    assert out == ""
    assert says in err
    assert err.startswith("dmil")
    assert err.count("\n") == 1
    assert err.endswith("\n")
    assert file.read_text() == "mine"


def test_all_faults_of_a_file_are_told_at_once(capsys: Capture, tmp_path: Path) -> None:
    arrays = mixed_arrays()
    arrays["x1"][[3, 5], 0, 0] = np.nan
    arrays["y"] = np.zeros(120, int)
    write_arrays(tmp_path / "bad.npz", arrays)
    code, _, err = run(capsys, "train", "--data", tmp_path / "bad.npz", "--out", tmp_path / "run")
    assert code == 2
    assert "rows 3, 5" in err
    assert "class" in err
    assert "Traceback" not in err
    assert not (tmp_path / "run").exists()


def test_a_map_that_cannot_be_made_is_refused_before_training(
    capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projection, "find_spec", lambda _: None)
    line = ["train", "--data", TINY, "--out", tmp_path / "r", "--map", "umap"]
    code, _, err = run(capsys, *line)
    assert code == 2
    assert "pip install 'dmil-explorer[maps]'" in err
    assert not (tmp_path / "r").exists()


def test_nothing_is_written_into_the_package(capsys: Capture) -> None:
    inside = Path(dmil_core.__file__).parent / "runs"
    for line in (
        ["train", "--data", TINY, "--out", inside, "--epochs-scale", 0.01, "--quiet"],
        [
            "information",
            "--data",
            "gaussian:train=60,val=30,test=30",
            "--out",
            inside / "i.parquet",
        ],
    ):
        code, _, err = run(capsys, *line)
        assert code == 2
        assert "belongs to the installed package, which is never written to" in err
    assert not inside.exists()


# --- app -----------------------------------------------------------------------------------


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], dict[str, str]]]:
    """Commands and environments that would have taken this process's place."""
    calls: list[tuple[list[str], dict[str, str]]] = []

    def execve(path: str, command: list[str], environment: dict[str, str]) -> None:
        assert path == command[0]
        calls.append((command, environment))

    monkeypatch.setattr(app.os, "execve", execve)
    monkeypatch.setenv(plugins.VARIABLE, "")
    return calls


def test_the_app_is_started_with_what_the_command_line_says(
    started: list[tuple[list[str], dict[str, str]]], tmp_path: Path
) -> None:
    line = ["app", "--port", "8600", "--checkpoints", str(tmp_path), "--plugin", "json"]
    main([*line, "--server.address", "127.0.0.1"])
    ((command, environment),) = started
    assert command[1:4] == ["-m", "streamlit", "run"]
    assert command[5:] == ["--server.port", "8600", "--server.address", "127.0.0.1"]
    assert Path(command[4]).name == "app.py"
    assert environment["DMIL_CHECKPOINTS"] == str(tmp_path)
    assert environment["DMIL_PLUGINS"] == "json"
    assert "DMIL_SAMPLE_DATA" not in environment


def test_the_app_needs_its_extra(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(io_app, "find_spec", lambda name: None if name == "streamlit" else name)
    code, _, err = run(capsys, "app")
    assert code == 2
    assert "the app needs streamlit" in err
    assert "pip install 'dmil-explorer[app]'" in err


# --- results -------------------------------------------------------------------------------


def test_list_names_sets_paradigms_and_checkpoints(
    capsys: Capture, tiny_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = shutil.copytree(tiny_root, tmp_path / "root")
    (root / "tiny" / "joint" / "seed0" / MODEL_FILE).write_bytes(b"")
    monkeypatch.setenv("DMIL_CHECKPOINTS", str(root))
    code, out, err = run(capsys, "list")
    assert (code, err) == (0, "")
    for name in ("avdigits", "switch", "shapes-qa", *PARADIGM_NAMES):
        assert re.search(rf"^  {name} ", out, re.MULTILINE)
    assert re.search(r"^  tiny/dmil/seed0: test accuracy 0\.\d{3}$", out, re.MULTILINE)
    assert re.search(r"^  tiny/joint/seed0: .*sha256 differs", out, re.MULTILINE)
    assert f"{root} (DMIL_CHECKPOINTS)" in out
    assert "sample_data (DMIL_SAMPLE_DATA)" in out


def test_list_says_what_to_do_where_there_is_nothing(
    capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DMIL_CHECKPOINTS", str(tmp_path / "none"))
    monkeypatch.setenv("DMIL_SAMPLE_DATA", str(tmp_path))
    _, out, _ = run(capsys, "list")
    assert f"{tmp_path / 'none'} (DMIL_CHECKPOINTS)" in out
    assert "train one with `dmil train" in out
    assert "give the path of an .npz file to --data" in out


def test_train_writes_to_the_default_folder(
    capsys: Capture, tiny_runs: dict[str, Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DMIL_CHECKPOINTS", str(tmp_path))
    line = ["--data", TINY, "--paradigm", "joint", "--epochs-scale", TINY_SCALE]
    code, out, err = run(capsys, "train", *line)
    assert code == 0
    (folder,) = tmp_path.glob("*/joint/seed0")
    assert out.startswith(f"{folder}: test accuracy ")
    assert read_run(folder).weights_sha256 == tiny_runs["joint"].weights_sha256
    for word in ("stage 1 ", "epoch", "loss", "val ", "acc "):
        assert word in err
    assert re.search(r"\d\d:\d\d<\d\d:\d\d", err)  # time spent < time left
    assert run(capsys, "train", *line, "--quiet")[2] == ""


@pytest.mark.parametrize("paradigm", ["ensemble", "dmil"])
def test_progress_for_programs_is_a_line_of_json_an_epoch(
    capsys: Capture, tmp_path: Path, paradigm: str
) -> None:
    line = ["--data", TINY, "--paradigm", paradigm, "--epochs-scale", 0.04, "--progress", "json"]
    code, out, err = run(capsys, "train", *line, "--out", tmp_path / "r", "--map", "pca")
    assert (code, err) == (0, "")
    *told, last = out.splitlines()
    assert last.startswith(f"{tmp_path}")
    assert read_run(tmp_path / "r").projection.exists()
    everything = [json.loads(one) for one in told]
    lines = [one for one in everything if not one["stage"].startswith("map of")]
    assert len(everything) == len(lines) + len(read_run(tmp_path / "r").latents)
    fractions = [one["fraction"] for one in lines]
    assert fractions == sorted(fractions)
    assert 0 < fractions[0] < 0.6
    assert fractions[-1] == 1.0
    assert all("right on" in one["message"] for one in lines)
    stages = list(dict.fromkeys(one["stage"] for one in lines))
    assert len(stages) == (2 if paradigm == "ensemble" else 3 * 3 + 3)
    code, out, err = run(
        capsys, "project", "--checkpoint", tmp_path / "r", "--data", TINY, "--method", "pca",
        "--progress", "json",
    )  # fmt: skip
    mapped = [json.loads(one) for one in out.splitlines()[:-1]]
    assert mapped[0]["stage"].startswith("map of ")
    assert [one["fraction"] for one in mapped] == sorted(one["fraction"] for one in mapped)
    assert err == ""


def test_decompose_writes_the_table_of_the_set_it_was_trained_on(
    capsys: Capture, tiny_runs: dict[str, Run], tmp_path: Path
) -> None:
    run_, path = tiny_runs["dmil"], tmp_path / "new" / "t.parquet"
    line = ["decompose", "--checkpoint", run_.folder, "--data", TINY, "--out", path]
    code, out, err = run(capsys, *line, "--split", "test", "--latents")
    assert (code, err) == (0, "")
    table = read_table(path)
    assert out == f"{path}: 90 rows, {table.shape[1]} columns\n"
    assert set(table["split"]) == {"test"}
    assert {"M1_0", "U2_31", "S_0"} <= set(table.columns)
    assert table_metadata(path)["weights"] == run_.weights_sha256
    for c in run_.classes:
        summed = sum(table[contribution(part, c)] for part in COMPONENTS)
        np.testing.assert_allclose(summed, table[logit(c)], atol=1e-5)


def test_decompose_says_when_rows_are_not_those_of_training(
    capsys: Capture, tiny_runs: dict[str, Run], tmp_path: Path
) -> None:
    other = TINY.replace("test=90", "test=70")
    line = ["--checkpoint", tiny_runs["joint"].folder, "--data", other, "--out", tmp_path / "t.csv"]
    code, _, err = run(capsys, "decompose", *line)
    assert code == 0
    assert "not the set" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("card", [True, False], ids=["card", "no card"])
def test_a_file_of_one_s_own_works_everywhere(capsys: Capture, tmp_path: Path, card: bool) -> None:
    file = write_mixed(tmp_path / "my data.npz", card)
    runs, quick = tmp_path / "runs", ["--epochs-scale", "0.02", "--quiet"]
    folder = runs / "one"
    assert run(capsys, "train", "--data", file, "--out", folder, *quick)[0] == 0
    assert read_run(folder).data_name == "my data"
    classes = ("calm", "quick") if card else ("0", "1")
    assert read_run(folder).classes == classes

    out = tmp_path / "table.csv"
    line = ["--checkpoint", folder, "--data", file, "--out", out]
    assert run(capsys, "decompose", *line) == (0, f"{out}: 120 rows, 32 columns\n", "")
    table = read_table(out)
    assert set(table["y"]) == set(table["pred_x1"]) | set(classes) == set(classes)

    line = ["--data", file, "--paradigms", "joint", "--seeds", "1", "--out", tmp_path / "c"]
    code, text, err = run(capsys, "compare", *line, *quick)
    assert code == 0
    assert "my data" in text
    assert "joint" in text
    assert err.splitlines()[-2:] == ["my data ensemble seed 0", "my data joint seed 0"]

    # The run remembers where its file lies.
    line = ["project", "--checkpoint", folder, "--method", "pca", "--rows", "50"]
    wanted = (0, f"{folder / 'projection.parquet'}: 50 of 120 rows by pca\n")
    assert run(capsys, *line)[:2] == wanted
    assert run(capsys, *line, "--data", file)[:2] == wanted


def test_a_file_that_moved_has_to_be_named(capsys: Capture, tmp_path: Path) -> None:
    file, moved = write_mixed(tmp_path / "old.npz", card=False), tmp_path / "new.npz"
    line = ["--data", file, "--paradigm", "joint", "--out", tmp_path / "r"]
    assert run(capsys, "train", *line, "--epochs-scale", "0.01", "--quiet")[0] == 0
    file.rename(moved)
    line = ["project", "--checkpoint", tmp_path / "r", "--method", "pca"]
    code, _, err = run(capsys, *line)
    assert code == 2
    assert "which is no set of that content here; name the file with --data" in err
    assert run(capsys, *line, "--data", moved)[0] == 0


def test_a_file_named_like_a_bundled_set_is_not_mistaken_for_it(
    capsys: Capture, tmp_path: Path
) -> None:
    file = write_mixed(tmp_path / "mfeat.npz", card=False)
    line = ["--data", file, "--paradigm", "joint", "--out", tmp_path / "r"]
    assert run(capsys, "train", *line, "--epochs-scale", "0.01", "--quiet")[0] == 0
    code, _, _ = run(capsys, "project", "--checkpoint", tmp_path / "r", "--method", "pca")
    assert code == 0
    about = table_metadata(tmp_path / "r" / "projection.parquet")
    assert (about["of"], about["data"]) == (120, read_run(tmp_path / "r").data_digest)


@pytest.mark.filterwarnings("ignore:std()")
def test_new_rows_without_some_split_can_be_decomposed(capsys: Capture, tmp_path: Path) -> None:
    file = write_mixed(tmp_path / "old.npz", card=True)
    quick = ["--epochs-scale", "0.02", "--quiet"]
    line = ["--data", file, "--paradigm", "joint", "--out", tmp_path / "r"]
    assert run(capsys, "train", *line, *quick)[0] == 0
    arrays = {k: v[:7] for k, v in mixed_arrays().items() if k != "split"}
    arrays["split"] = np.full(7, "test")
    write_arrays(tmp_path / "new.npz", arrays)
    shutil.copy(tmp_path / "old.card.json", tmp_path / "new.card.json")
    card = (tmp_path / "new.card.json").read_text()
    card = re.sub(r'"sha256": "[0-9a-f]+"', '"sha256": ""', card)
    card = re.sub(r'"counts": \{[^}]*\}', '"counts": {}', card)
    (tmp_path / "new.card.json").write_text(card)
    out = tmp_path / "t.csv"
    line = ["--checkpoint", tmp_path / "r", "--data", tmp_path / "new.npz", "--out", out]
    code, _, err = run(capsys, "decompose", *line)
    assert code == 0, err
    assert len(read_table(out)) == 7
    code, text, _ = run(capsys, "decompose", *line, "--split", "val")
    assert (code, text.split(":")[1].split(",")[0]) == (0, " 0 rows")


# --- pid -----------------------------------------------------------------------------------


def test_pid_prints_the_parts_with_their_unit(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "and.json"
    entries = [[[a, b, a & b], 0.25] for a in (0, 1) for b in (0, 1)]
    path.write_text(json.dumps({"pmf": entries}), "utf-8")
    code, out, err = run(capsys, "pid", "--pmf", path, "--measure", "broja")
    data = json.loads(out)
    assert (code, err) == (0, "")
    assert (data["measure"], data["unit"]) == ("broja", "bits")
    parts = [data[c] for c in COMPONENTS]
    assert parts == pytest.approx([0.75 * np.log2(4 / 3), 0.0, 0.0, 0.5], abs=1e-6)
    assert 0 <= data["gap"] < 1e-6
    _, out, _ = run(capsys, "pid", "--pmf", path, "--unit", "nats")
    assert json.loads(out)["S"] == pytest.approx(0.5 * np.log(2.0), abs=1e-6)


def test_pid_refuses_what_it_cannot_use(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "half.json"
    path.write_text('{"pmf": [[[0, 0, 0], 0.5]]}', "utf-8")
    code, out, err = run(capsys, "pid", "--pmf", path)
    assert (code, out) == (2, "")
    assert "sum to 0.5" in err
    path.write_text('{"pmf": [[[0, 0, 0], 1.0]]}', "utf-8")
    code, _, err = run(capsys, "pid", "--pmf", path, "--measure", "pid")
    assert code == 2
    assert "broja, imin, immi, iccs, fl" in err


# --- estimate ------------------------------------------------------------------------------


def test_estimate_writes_a_row_per_sample_and_prints_means(tmp_path: Path, capsys: Capture) -> None:
    out = tmp_path / "bits.parquet"
    spec = "gaussian:law=unique,train=300,val=50,test=50"
    code, printed, err = run(capsys, "estimate", "--data", spec, "--out", out, "--refits", 4)
    assert (code, err) == (0, "")
    result, table = json.loads(printed), read_table(out)
    assert list(table.columns) == ["id", "y", "i1", "i2", "i12", "r", "u1", "u2", "s"]
    assert (result["rows"], result["unit"], len(table)) == (400, "bits", 400)
    assert table_metadata(out)["unit"] == "nats"
    assert result["means"]["u1"]["mean"] == pytest.approx(table["u1"].mean() / np.log(2))
    assert result["means"]["u1"]["mean"] == pytest.approx(0.72, abs=0.15)
    assert result["se_includes_fit"] is True
    assert table["u1"].std() / np.log(2) / 20 < result["means"]["u1"]["se"] < 0.15
    assert abs(result["means"]["i2"]["mean"]) < 0.02


def test_estimate_refuses_before_it_works(tmp_path: Path, capsys: Capture) -> None:
    for arguments, words in (
        (("--data", "gaussian", "--out", tmp_path / "a.txt"), ".parquet or .csv"),
        (("--data", "switch-three", "--out", tmp_path / "a.csv"), "has 3 inputs"),
        (("--data", "gaussian", "--definition", "pid", "--out", tmp_path / "a.csv"), "same-sign"),
        (("--data", "gaussian", "--refits", 3, "--out", tmp_path / "a.csv"), "multiple of 4"),
    ):
        code, printed, err = run(capsys, "estimate", *arguments)
        assert (code, printed) == (2, "")
        assert words in err
    assert not list(tmp_path.iterdir())


def test_estimate_reads_a_models_latents(tmp_path: Path, capsys: Capture) -> None:
    out, folder = tmp_path / "bits.csv", default_folder("mfeat", "dmil", 0)
    line = ("estimate", "--data", "mfeat", "--checkpoint", folder, "--out", out,
            "--refits", 0)  # fmt: skip
    code, printed, err = run(capsys, *line, "--latent", "N")
    data = json.loads(printed)
    assert (code, err, data["latent"]) == (0, "", "N")
    assert (
        data["rows"] == len(read_table(out)) == int((load_dataset("mfeat").split != "train").sum())
    )
    code, _, err = run(capsys, *line, "--latent", "R")
    assert code == 2
    assert "expected one of Z, M, N" in err


def test_information_is_written_for_the_app(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DMIL_CHECKPOINTS", str(tmp_path))
    spec = "gaussian:law=xor,train=300,val=50,test=50"
    code, printed, err = run(capsys, "information", "--data", spec)
    assert (code, err) == (0, "")
    # Beside the folders of the set's checkpoints, whatever its name holds.
    out = tmp_path / load_dataset(spec).slug / "information.parquet"
    assert "400 rows" in printed
    parts = store.InformationEstimates.load(out).clusters[0].parts
    assert parts.s > parts.u1
    code, _, err = run(capsys, "information", "--data", spec, "--out", tmp_path / "a.csv")
    assert code == 2
    assert ".parquet" in err
