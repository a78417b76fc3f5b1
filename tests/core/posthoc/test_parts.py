"""Evaluations that go on where they were interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import dmil_core as dmil
from dmil_core.posthoc import parts
from tests.core.posthoc.known import Floats, normals

ROWS = 240


class Stopping:
    """Logits of a class that two normals decide together; ends after some rows."""

    def __init__(self, after: int | None = None, factor: float = 1.0) -> None:
        self.rows, self.after, self.factor = 0, after, factor

    def __call__(self, x1: Any, x2: Any) -> Floats:
        self.rows += len(x1)
        if self.after is not None and self.rows > self.after:
            raise KeyboardInterrupt
        score = self.factor * np.asarray(x1)[:, :1] * (1.0 + np.asarray(x2)[:, :1])
        return np.concatenate([score, -score], axis=1)


def explained(f: Stopping, folder: Path | None, **other: Any) -> dmil.Explanation:
    x1, x2 = normals(ROWS, 0)
    y = (x1 * (1 + x2) < 0)[:, 0].astype(int)
    arguments: dict[str, Any] = {"y": y, "partners": 20, "batch": 400, "model": "mine", **other}
    return dmil.explain(f, x1, x2, parts=folder, **arguments)


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """A part for each batch."""
    monkeypatch.setattr(parts, "SECONDS", 0.0)


@pytest.fixture(scope="module")
def whole() -> tuple[dmil.Explanation, int]:
    """Without an interruption, and the rows that f was evaluated on."""
    f = Stopping()
    return explained(f, None), f.rows


@pytest.mark.usefixtures("often")
@pytest.mark.parametrize("after", [ROWS + 300, 3000, 9000, 16_000])
def test_who_was_stopped_goes_on_with_equal_results(
    tmp_path: Path, whole: tuple[dmil.Explanation, int], after: int
) -> None:
    expected, all_rows = whole
    with pytest.raises(KeyboardInterrupt):
        explained(Stopping(after), tmp_path)
    told: list[tuple[int, int]] = []
    rest = Stopping()
    found = explained(rest, tmp_path, progress=lambda done, of: told.append((done, of)))
    # The samples themselves are how the model is recognised; at most a batch is lost.
    assert rest.rows <= all_rows - after + ROWS + 400
    pd.testing.assert_frame_equal(found.frame, expected.frame, check_exact=True)
    assert found.as_json() == expected.as_json()
    assert found.evaluations == all_rows
    assert told[-1] == (all_rows, all_rows)


#: The same in a process of its own, which ends at once after some rows, without a clean-up.
KILLED = """
import os, signal, sys
from pathlib import Path
from dmil_core.posthoc import parts
from tests.core.posthoc.test_parts import Stopping, explained

class Killing(Stopping):
    def __call__(self, x1, x2):
        if self.rows > int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().__call__(x1, x2)

parts.SECONDS = 0.0
explained(Killing(), Path(sys.argv[1]))
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no hard kill on this system")
def test_who_was_killed_twice_goes_on_with_equal_results(
    tmp_path: Path, whole: tuple[dmil.Explanation, int]
) -> None:
    expected, all_rows = whole
    for rows in (5000, 4000):
        command = [sys.executable, "-c", KILLED, str(tmp_path), str(rows)]
        ended = subprocess.run(command, env={**os.environ, "PYTHONPATH": "."}, check=False)
        assert ended.returncode == -signal.SIGKILL
    rest = Stopping()
    found = explained(rest, tmp_path)
    # The samples themselves were evaluated again by each, to recognise the model.
    assert rest.rows <= all_rows - 5000 - 4000 + 3 * (ROWS + 400)
    pd.testing.assert_frame_equal(found.frame, expected.frame, check_exact=True)
    assert found.as_json() == expected.as_json()


@pytest.mark.usefixtures("often")
@pytest.mark.parametrize(
    "other", [{"model": "another"}, {"seed": 1}, {"partners": 40}, {"choice": "near"}]
)
def test_parts_of_something_else_are_not_taken(tmp_path: Path, other: dict[str, Any]) -> None:
    explained(Stopping(), tmp_path)
    alone = Stopping()
    expected = explained(alone, None, **other)
    f = Stopping()
    found = explained(f, tmp_path, **other)
    assert f.rows == alone.rows
    pd.testing.assert_frame_equal(found.frame, expected.frame)


@pytest.mark.usefixtures("often")
def test_parts_of_a_function_that_answers_differently_are_discarded(
    tmp_path: Path, whole: tuple[dmil.Explanation, int]
) -> None:
    explained(Stopping(factor=2.0), tmp_path)
    f = Stopping()
    found = explained(f, tmp_path)
    assert f.rows == whole[1]
    pd.testing.assert_frame_equal(found.frame, whole[0].frame)


def test_other_rows_are_other_data(tmp_path: Path) -> None:
    x1, x2 = normals(ROWS, 0)
    f = Stopping()
    dmil.explain(f, x1, x2, partners=20, parts=tmp_path, model="mine")
    first = f.rows
    dmil.explain(f, x1, x2, partners=20, parts=tmp_path, model="mine")
    assert f.rows == first + ROWS
    x2[0] += 1.0
    dmil.explain(f, x1, x2, partners=20, parts=tmp_path, model="mine")
    assert f.rows == 2 * first + ROWS


def test_a_definition_needs_no_evaluation(tmp_path: Path) -> None:
    explained(Stopping(), tmp_path)
    f = Stopping()
    found = explained(f, tmp_path, definition="ccs")
    assert f.rows == ROWS
    pd.testing.assert_frame_equal(found.frame, explained(Stopping(), None, definition="ccs").frame)


@pytest.mark.usefixtures("often")
def test_a_damaged_part_is_evaluated_again(
    tmp_path: Path, whole: tuple[dmil.Explanation, int]
) -> None:
    explained(Stopping(), tmp_path)
    (damaged, *_) = sorted(tmp_path.glob("first-1-*"))
    damaged.write_bytes(damaged.read_bytes()[:-8])
    f = Stopping()
    found = explained(f, tmp_path)
    assert ROWS < f.rows < whole[1]
    pd.testing.assert_frame_equal(found.frame, whole[0].frame)
    parts.remove(tmp_path)
    assert not tmp_path.exists()


def test_what_is_not_ours_stays(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    explained(Stopping(), tmp_path)
    parts.remove(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]


def test_tables_and_texts_have_a_digest_and_other_things_have_none(tmp_path: Path) -> None:
    table = pd.DataFrame({"a": np.arange(30.0), "b": ["x", "y", "z"] * 10})
    texts = ["one word", "two words", "three"] * 10

    def f(x1: Any, x2: Any) -> Any:
        return np.stack([x1["a"], [len(t) for t in x2]], axis=1)

    found = [
        dmil.explain(f, table, texts, partners=20, parts=tmp_path, model="mine") for _ in range(2)
    ]
    pd.testing.assert_frame_equal(found[0].frame, found[1].frame)
    things = [object() for _ in texts]
    with pytest.raises(dmil.DmilError, match="lists of numbers or texts as inputs"):
        dmil.explain(lambda x1, x2: np.ones((len(x1), 2)), table, things, parts=tmp_path, model="a")


def test_a_function_has_to_be_named(tmp_path: Path) -> None:
    with pytest.raises(dmil.DmilError, match="a function has no digest; name the model"):
        explained(Stopping(), tmp_path, model=None)
    assert not list(tmp_path.iterdir())


# --- what it costs -------------------------------------------------------------------------


def test_the_cost_is_said_beforehand(capsys: pytest.CaptureFixture[str]) -> None:
    explained(Stopping(), None, progress=True)
    err = capsys.readouterr().err
    assert err.startswith("dmil: note: the model is evaluated on at most 19,680 rows\n")
    assert "19680/19680" in err
    explained(Stopping(), None)
    assert capsys.readouterr().err == ""
