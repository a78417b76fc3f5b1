"""An overview of files says what the inputs hold, as a training would."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dmil_core.data.files import load as loading
from dmil_core.data.files.load import Request, inspect
from tests.core.data.archives import encoded, packed, png

N = 60
RNG = np.random.default_rng(0)
NOISE = RNG.standard_normal((N, 3))


def titles(*files: Path) -> list[str]:
    return [i.title for i in inspect(Request(files)).issues]


def test_an_input_that_says_nothing(tmp_path: Path) -> None:
    np.savez(tmp_path / "t.npz", x1=np.zeros((N, 2)), x2=NOISE, y=np.arange(N) % 2)
    assert titles(tmp_path / "t.npz") == ["input 1 is the same in every row"]


def test_copies_of_training_rows(tmp_path: Path) -> None:
    twice = np.repeat(NOISE[: N // 2], 2, axis=0)
    np.savez(tmp_path / "t.npz", x1=twice, x2=twice, y=np.arange(N) // 2 % 2)
    (title,) = titles(tmp_path / "t.npz")
    assert "test rows" in title
    assert "have the same inputs as a training row" in title


def test_silence_in_files(tmp_path: Path) -> None:
    silence = encoded(np.zeros(800), "WAV", "PCM_16")
    members = {f"p{i}.png": png(colour=(i, 0, 0)) for i in range(N)}
    members |= {f"s{i}.wav": silence for i in range(N)}
    (tmp_path / "m.zip").write_bytes(packed(members))
    rows = "\n".join(f"p{i}.png,s{i}.wav,{i % 2}" for i in range(N))
    (tmp_path / "t.csv").write_text(f"picture,sound,y\n{rows}\n")
    found = titles(tmp_path / "t.csv", tmp_path / "m.zip")
    assert "input 2 (sound) is silent in 60 rows (100 %)" in found


def test_of_many_rows_it_is_said_that_they_were_not_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.savez(tmp_path / "t.npz", x1=np.zeros((N, 2)), x2=NOISE, y=np.arange(N) % 2)
    monkeypatch.setattr(loading, "_MOST_CELLS", 5 * N - 1)
    assert titles(tmp_path / "t.npz") == ["of 60 rows it was not looked at what the inputs hold"]
