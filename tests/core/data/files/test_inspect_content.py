"""An overview of files says what the inputs hold, as a training would."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dmil_core.data.files import load as loading
from dmil_core.data.files.load import Request, inspect

N = 60
RNG = np.random.default_rng(0)
NOISE = RNG.standard_normal((N, 3))


def titles(*files: Path) -> list[str]:
    return [i.title for i in inspect(Request(files)).issues]


def test_of_many_rows_it_is_said_that_they_were_not_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.savez(tmp_path / "t.npz", x1=np.zeros((N, 2)), x2=NOISE, y=np.arange(N) % 2)
    monkeypatch.setattr(loading, "_MOST_CELLS", 5 * N - 1)
    assert titles(tmp_path / "t.npz") == ["of 60 rows it was not looked at what the inputs hold"]
