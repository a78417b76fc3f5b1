"""Records of benchmarks that are made in parts: what is kept, and when the repository's changes."""

from __future__ import annotations

import argparse
import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from benchmarks import study
from benchmarks.runs import Records
from benchmarks.study import Record, Study, Unit, add_common, carry_out, opened, record_path
from dmil_core.errors import ResourceError

Capture = pytest.CaptureFixture[str]


def run(data: str, seed: int, settings: str = "new", value: float = 0.5) -> dict[str, Any]:
    return {"data": data, "seed": seed, "settings": f"{settings} {data} {seed}", "value": value}


def summary(runs: Records) -> dict[str, Any]:
    return {"total": sum(r["value"] for r in runs)}


def measure(data: str, seed: int, folder: Path) -> Records:
    """A run, unless a file is in the way; every call leaves a trace."""
    if (folder / f"no-{data}-{seed}").exists():
        raise RuntimeError("stopped")
    with (folder / "calls").open("a") as calls:
        calls.write(f"{data} {seed}\n")
    return [run(data, seed, value=1.0)]


class Bench:
    """A benchmark of two sets and two seeds in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.study = Study(folder / "results" / "some.json", {"data": "ba", "seed": ()}, summary)
        self.parser = argparse.ArgumentParser()
        self.parser.add_argument("--data", nargs="+", default=["b", "a"])
        add_common(self.parser, ("joint", "dmil"), 2, str(folder / "out"))

    def __call__(self, *words: str) -> dict[str, Any]:
        a = self.parser.parse_args([*words, "--jobs", "1"])
        units = [
            Unit((d, s, self.folder), frozenset([run(d, s)["settings"]]))
            for d in a.data
            for s in range(a.seeds)
        ]
        return carry_out(opened(self.parser, a, self.study), a, measure, units)

    def calls(self) -> list[str]:
        """What was measured since the last look."""
        path = self.folder / "calls"
        lines = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return lines

    def write(self, path: Path, *runs: dict[str, Any]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"runs": runs, "total": -1.0}), "utf-8")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def read(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def test_runs_are_replaced_by_name_and_in_order_whichever_came_first(tmp_path: Path) -> None:
    study = Study(tmp_path / "some.json", {"data": ("z", "b"), "seed": ()}, summary)
    runs = study.with_runs([], [run("a", 0), run("b", 1), run("b", 0), run("z", 2)])
    assert [(r["data"], r["seed"]) for r in runs] == [("z", 2), ("b", 0), ("b", 1), ("a", 0)]
    # All rows of a name go together.
    new = [run("b", 0, "newer", value=v) for v in (0.1, 0.2)]
    runs = study.with_runs([*runs, run("b", 0)], new)
    assert [r["value"] for r in runs] == [0.5, 0.1, 0.2, 0.5, 0.5]


def test_a_record_elsewhere_is_written_part_by_part_and_gone_on_from(
    bench: Bench, tmp_path: Path
) -> None:
    kept = tmp_path / "kept" / "some.json"
    (tmp_path / "no-a-1").touch()
    with pytest.raises(RuntimeError, match="stopped"):
        bench("--records", str(kept.parent))
    assert [(r["data"], r["seed"]) for r in read(kept)["runs"]] == [("b", 0), ("b", 1), ("a", 0)]
    assert not bench.study.shipped.exists()
    assert bench.calls() == ["b 0", "b 1", "a 0"]
    (tmp_path / "no-a-1").unlink()
    assert bench("--records", str(kept.parent), "--data", "a")["total"] == 4.0
    assert bench.calls() == ["a 1"]
    assert read(kept)["total"] == 4.0


def test_the_repository_s_record_changes_as_a_whole(bench: Bench, tmp_path: Path) -> None:
    shipped = bench.study.shipped
    bench.write(shipped, run("b", 0), run("b", 1, "old"), run("gone", 0))
    before = shipped.read_bytes()
    (tmp_path / "no-a-1").touch()
    with pytest.raises(RuntimeError, match="stopped"):
        bench()
    assert shipped.read_bytes() == before
    (tmp_path / "no-a-1").unlink()
    bench.calls()
    result = bench()
    # What it holds with today's settings is not measured again; what nobody asks for is dropped.
    assert bench.calls() == ["b 1", "a 0", "a 1"]
    assert result == read(shipped)
    assert [(r["data"], r["seed"]) for r in result["runs"]] == [
        ("b", 0), ("b", 1), ("a", 0), ("a", 1),
    ]  # fmt: skip
    assert result["total"] == 3.5


def test_only_a_complete_record_is_adopted(bench: Bench, tmp_path: Path) -> None:
    kept, shipped = tmp_path / "kept" / "some.json", bench.study.shipped
    bench.write(kept, run("b", 0), run("b", 1), run("a", 0), run("a", 1, "old"), run("gone", 7))
    bench.write(shipped, run("b", 0, "old"))
    before = shipped.read_bytes()
    with pytest.raises(SystemExit, match=r"lacks 1 of 4 parts \(a 1\); go on"):
        bench("--records", str(kept.parent), "--adopt")
    assert shipped.read_bytes() == before
    bench("--records", str(kept.parent))
    assert bench.calls() == ["a 1"]
    result = bench("--records", str(kept.parent), "--adopt")
    assert read(shipped) == result
    assert len(result["runs"]) == 4
    assert result["total"] == 2.5
    assert not kept.exists()


def test_showing_measures_and_writes_nothing(bench: Bench, tmp_path: Path) -> None:
    kept = tmp_path / "kept" / "some.json"
    with pytest.raises(SystemExit, match="no run is recorded yet"):
        bench("--records", str(kept.parent), "--show")
    bench.write(kept, run("a", 0))
    before = kept.read_bytes()
    assert bench("--records", str(kept.parent), "--show")["total"] == 0.5
    assert kept.read_bytes() == before
    assert not bench.calls()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--adopt"], "expected --records"),
        (["--adopt", "--records", "x", "--seeds", "1"], "takes a complete study"),
        (["--adopt", "--show", "--records", "x"], "not allowed with"),
    ],
)
def test_options_that_contradict_each_other(
    bench: Bench, capsys: Capture, words: list[str], message: str
) -> None:
    with pytest.raises(SystemExit, match="2"):
        bench(*words)
    assert message in capsys.readouterr().err


def test_a_part_goes_to_a_file_of_its_own(bench: Bench, tmp_path: Path) -> None:
    shipped = bench.study.shipped

    def path(*words: str) -> Path:
        return record_path(bench.parser, bench.parser.parse_args(words), shipped)

    for whole in ([], ["--jobs", "1"], ["--data", "b", "a"], ["--out", str(tmp_path / "x")]):
        assert path(*whole) == shipped
    for part in (["--seeds", "1"], ["--data", "a"], ["--epochs-scale", "0.1"]):
        assert path(*part) == tmp_path / "out" / "some.json"
        assert path(*part, "--records", str(tmp_path)) == tmp_path / "some.json"


def test_a_record_of_an_earlier_version_holds_nothing(bench: Bench) -> None:
    old = {k: v for k, v in run("a", 0).items() if k != "settings"}
    bench.write(bench.study.shipped, old)
    record = Record(bench.study, bench.study.shipped)
    assert record.settings == frozenset()
    units = [Unit(("a", 0), frozenset(["new a 0"]))]
    assert record.missing(units) == units


#: Options that make less of a benchmark than all, so that its record goes where ``--out`` says.
PARTS = {"app.__main__": ["--repeats", "1"], "app.soak": [], "fidelity": ["--no-twins"]}
WORK = ("finished", "soak", "measure", "run", "references", "run_recipe")


@pytest.mark.parametrize(
    "name", ["ablations", "app.__main__", "app.soak", "architectures", "collapse", "corruption",
             "dominance", "fidelity", "live", "recipes", "theorem", "three", "unseen"],
)  # fmt: skip
def test_a_record_that_cannot_be_written_is_refused_before_anything_is_measured(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = import_module(f"benchmarks.{name}")
    (tmp_path / "file").touch()
    out = str(tmp_path / "file" / "record.json")
    monkeypatch.setattr(sys, "argv", [name, "--out", out, *PARTS.get(name, ["--seeds", "1"])])

    def measured(*_: object) -> None:
        raise AssertionError("what is measured cannot be written")

    for work in WORK:
        monkeypatch.setattr(module, work, measured, raising=False)
        monkeypatch.setattr(study, work, measured, raising=False)
    with pytest.raises(ResourceError, match="cannot be written"):
        module.main()
