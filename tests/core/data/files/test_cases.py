"""Files as people have them, on the command line: what is said of them and what they become."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dmil_core.cli import main
from dmil_core.data.catalog import load_dataset
from dmil_core.data.npz import read_dataset
from dmil_core.data.validate import Issue
from tests.inputs.cases import Case
from tests.inputs.known import KNOWN
from tests.inputs.siblings import SIBLINGS

Capture = pytest.CaptureFixture[str]


def named(case: Case) -> str:
    return case.name


def run(capsys: Capture, *arguments: object) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a command in this process."""
    try:
        code = main([str(a) for a in arguments])
    except SystemExit as end:
        code = int(end.code or 0)
    out, err = capsys.readouterr()
    return code, out, err


def options(case: Case) -> list[str]:
    """What a user says of a case, as options."""
    said = []
    for role, columns in case.chosen.items():
        listed = columns if isinstance(columns, str) else ",".join(columns)
        said += ["--input", f"{role}={listed}"] if role.startswith("input") else \
            [f"--{role}", listed]  # fmt: skip
    for option, value in {**case.repairs, **case.reading}.items():
        said += [f"--{option}", str(value)]
    return said


def written(case: Case, folder: Path) -> list[Path]:
    """The files of a case, on the disk."""
    paths = []
    for name, content in case.files().items():
        (folder / name).write_bytes(content)
        paths.append(folder / name)
    return paths


@pytest.mark.parametrize("case", [*KNOWN, *SIBLINGS], ids=named)
def test_what_is_said_of_files_and_what_they_become(
    capsys: Capture, tmp_path: Path, case: Case
) -> None:
    paths = written(case, tmp_path)
    code, out, err = run(capsys, "inspect", *paths, *options(case), "--json")
    if case.refused:
        assert code == 2
        assert case.refused in err
        return
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert found["rows"] == case.rows
    got = {i["name"]: (i["kind"], len(i["columns"])) for i in found["inputs"]}
    assert got == case.inputs
    assert (found["label"] or "", tuple(found["classes"])) == (case.label, case.classes)
    roles = {r: found[r] or "" for r in ("id", "split", "group")}
    assert roles == {"id": case.id, "split": case.split, "group": case.group}
    if case.unused or case.asks:
        assert set(found["unused"]) == {*case.unused, *case.asks}
    issues = [Issue(i["title"], tuple(i["rows"]), i["severity"], i["repair"], i["repair"])
              for i in found["issues"]]  # fmt: skip
    case.matches(issues)
    for option, _ in case.offers:
        assert any(f"--{option}" in i.repair for i in issues), option
    target = tmp_path / "made" / "set.npz"
    target.parent.mkdir()
    code, out, err = run(capsys, "convert", *paths, *options(case), "--out", target)
    if case.error:
        assert code == 2
        assert case.error in err
        assert list(target.parent.iterdir()) == []
        return
    assert code == 0, err
    for issue in issues:
        assert issue.title in err
    dataset = read_dataset(target)
    assert dataset.classes == case.classes
    if case.holds is not None:
        case.holds(dataset)
    if len(paths) == 1 and not options(case):
        # What is trained on is what was inspected.
        assert load_dataset(str(paths[0])).digest == dataset.digest
