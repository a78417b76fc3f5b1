"""Growth of cost: what is fitted to it, and one work measured from rows to record."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from benchmarks.scale import __main__ as command
from benchmarks.scale.growth import exponent, rate, summary, targets
from benchmarks.scale.process import cost_of
from benchmarks.scale.rows import rows


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_the_exponent_is_that_of_the_cost_beyond_the_start(power: float) -> None:
    start, base = 2.0, 1_000
    unit = 1.0 / 10 ** (5 * power)
    seconds = {n: start + unit * (n**power - base**power) for n in (base, 10**5, 10**6, 10**7)}
    assert exponent(seconds) == pytest.approx(power, abs=0.05)


def test_what_does_not_grow_has_no_exponent_and_no_rate() -> None:
    same = {1_000: 2.0, 10_000: 2.01, 100_000: 1.99}
    assert exponent(same) is None
    assert rate(same) is None
    assert rate({1_000: 2.0}) is None


def test_the_rate_leaves_the_start_out() -> None:
    assert rate({1_000: 9.0, 100_000: 10.0, 1_100_000: 30.0}) == pytest.approx(50_000)


def test_cost_is_of_the_process_alone(tmp_path: Path) -> None:
    idle = cost_of(["-c", "import time; time.sleep(1)"], tmp_path)
    busy = cost_of(["-c", "b = bytearray(300_000_000)\nfor i in range(20_000_000): pass"], tmp_path)
    assert idle.seconds < 0.5 < busy.seconds + 0.4
    assert busy.megabytes - idle.megabytes == pytest.approx(300, abs=60)


def test_a_process_that_fails_is_no_measurement(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"ended with 1:\s+no such thing"):
        cost_of(["-c", "raise SystemExit('no such thing')"], tmp_path)


def test_rows_are_in_files_of_one_layout_and_kept(tmp_path: Path) -> None:
    folder = rows(tmp_path, 300_000)
    files = sorted(folder.glob("*.parquet"))
    assert len(files) == 2
    before = [f.stat().st_mtime_ns for f in files]
    assert rows(tmp_path, 300_000) == folder
    assert [f.stat().st_mtime_ns for f in files] == before


def test_a_work_is_measured_and_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    records = tmp_path / "records"
    options = ["--works", "decompose", "--sizes", "1000", "--out", str(tmp_path / "out")]
    monkeypatch.setattr(sys, "argv", ["scale", *options, "--records", str(records)])
    assert command.main() == 0
    record = json.loads((records / "scale.json").read_text())
    (run,) = record["runs"]
    assert run["rows"] == 1000
    assert 0.5 < run["seconds"] < 120
    assert 100 < run["megabytes"] < 1_000
    assert "decompose" in capsys.readouterr().out


def test_bars_are_judged_by_the_record() -> None:
    def runs(mb: float, seconds: float) -> list[dict[str, object]]:
        return [
            {"work": "decompose", "rows": n, "seconds": 2 + seconds * n / 1e6, "megabytes": mb}
            for n in (1_000, 10_000, 100_000, 1_000_000)
        ]

    def states(mb: float, seconds: float) -> list[str]:
        made = runs(mb, seconds)
        return [t.state for t in targets({"runs": made, **summary(made)})]

    assert states(800, 19) == ["met", "met"]
    assert states(1_200, 19) == ["missed", "met"]
    assert states(800, 21) == ["met", "missed"]
