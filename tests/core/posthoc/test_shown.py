"""An explanation opens the app on itself, in a real process that answers and ends."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import urllib.request
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pandas as pd
import pytest
import torch

import dmil_core as dmil
from dmil_core import schema
from dmil_core.checkpoint import find_runs, verify
from dmil_core.data.catalog import load_dataset
from dmil_core.errors import CheckpointError, ConfigError, DataError
from dmil_core.io import app as io_app
from dmil_core.io.app import App
from dmil_core.io.paths import checkpoints_roots
from dmil_core.io.tables import read_table
from dmil_core.posthoc.shown import stored
from tests.core.onnx_files import W1, W2, late_fusion

Capture = pytest.CaptureFixture[str]


def pairs(rows: int = 300) -> tuple[Any, Any, Any]:
    """Inputs of three numbers each, and the classes that :func:`late_fusion` gives them."""
    x1, x2 = np.random.default_rng(0).normal(size=(2, rows, 3)).astype(np.float32)
    return x1, x2, np.where((x1 @ W1 + x2 @ W2).argmax(axis=1) == 1, "yes", "no")


def health(url: str) -> bytes:
    """What the server of an address says of itself."""
    with urllib.request.urlopen(f"{url.rsplit('/', 1)[0]}/_stcore/health", timeout=5) as answer:
        content: bytes = answer.read()
    return content


def listens(url: str) -> bool:
    """Whether anybody listens at an address."""
    parts = urlsplit(url)
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", int(parts.port or 0))) == 0


def test_the_app_opens_on_it_takes_another_and_ends(tmp_path: Path, capsys: Capture) -> None:
    x1, x2, y = pairs()
    with dmil.explain(late_fusion(tmp_path / "m.onnx"), x1, x2, y=y, partners=20).show() as app:
        assert capsys.readouterr().out == f"{app.url}\n"
        assert parse_qs(urlsplit(app.url).query) == {"data": ["my-data"], "model": ["my-model"]}
        assert health(app.url) == b"ok"
        assert app.url in unescape(app._repr_html_())
        (first,) = find_runs(app.checkpoints)
        assert first.run is not None
        assert verify(first.folder).has_model
        other = dmil.explain(lambda a, b: a @ W1, x1, x2, y=y, partners=20, rows=50)
        assert other.show("first-alone", app=app) is app
        assert "model=first-alone" in app.url
        runs = {e.paradigm: e.run for e in find_runs(app.checkpoints)}
        assert runs["first-alone"] is not None
        assert runs["first-alone"].data_digest == runs["my-model"].data_digest  # type: ignore[union-attr]
        assert len(read_table(runs["first-alone"].predictions)) == 50
    assert not app.running
    assert not app.checkpoints.exists()
    assert not listens(app.url)
    assert "ended" in repr(app)
    with pytest.raises(ConfigError, match="that app has ended"):
        other.show(app=app)


def test_what_is_shown_is_what_was_explained(tmp_path: Path, monkeypatch: Any) -> None:
    """Predictions of the samples alone, of a set that has a name; kept where it was asked for."""
    monkeypatch.setattr("dmil_core.posthoc.shown.App", NoApp)
    data = load_dataset("mfeat")
    weights = np.random.default_rng(0).normal(size=(2, 200, 10)) / 10

    def f(x1: Any, x2: Any) -> Any:
        return x1[:, :47] @ weights[0, :47] + x2[:, :76] @ weights[1, :76]

    found = dmil.explain(f, data, rows=60, partners=20)
    app = found.show("mine", tmp_path)
    assert (app.checkpoints, app.url) == (tmp_path, "/samples?data=mfeat&model=mine")
    (entry,) = find_runs(tmp_path)
    assert entry.run is not None
    assert (entry.run.data_source, entry.run.has_model) == ("mfeat", False)
    table = read_table(entry.run.predictions)
    assert table["id"].tolist() == found.frame["id"].tolist()
    assert table["pred"].tolist() == found.frame["pred"].tolist()
    rows = [int(np.flatnonzero(data.ids == i)[0]) for i in table["id"]]
    raw = f(data.x1[rows], data.x2[rows])
    got = table[[schema.logit(c) for c in data.classes]].to_numpy()
    np.testing.assert_allclose(got, raw - raw.mean(axis=1, keepdims=True), atol=1e-4)
    for m in (1, 2):
        alone = table[[schema.unimodal_prob(m, c) for c in data.classes]].sum(axis=1)
        np.testing.assert_allclose(alone, 1.0, atol=1e-4)
    found.show("mine", tmp_path)  # again, as of a cell that is run twice
    trained = shutil.copytree(
        checkpoints_roots()[-1] / "mfeat" / "joint" / "seed0", tmp_path / "mfeat" / "own" / "seed0"
    )
    with pytest.raises(CheckpointError, match="holds a model that was trained here"):
        found.show("own", tmp_path)
    assert not verify(trained).external


class NoApp:
    """In place of a process, where only what it is started on is looked at."""

    running = True

    def __init__(self, checkpoints: Path, *_: object) -> None:
        self.checkpoints, self.url = checkpoints, ""

    page = App.page
    address = "/"


def test_sets_without_a_file_are_stored_and_found_again(tmp_path: Path) -> None:
    x1, x2, y = pairs()
    words = np.where(x1[:, 0] > 0, "a word", "another")
    f = late_fusion(tmp_path / "m.onnx")
    texts = dmil.explain(lambda a, b: b @ W2, words, x2, y=y, partners=20, rows=100)
    assert texts.source is not None
    folders = lambda: sorted(f.name for f in tmp_path.iterdir() if f.is_dir())  # noqa: E731
    data = stored(texts.source.data, tmp_path)
    assert (data.card.modalities[0].kind, data.classes) == ("text", ("no", "yes"))
    assert data.ids[data.rows("test")].tolist() == texts.frame["id"].tolist()
    assert len(data) == 300
    fewer = dmil.explain(lambda a, b: b @ W2, words, x2, y=y, partners=20, rows=50)
    assert fewer.source is not None
    assert stored(fewer.source.data, tmp_path).digest == data.digest
    assert folders() == ["my-data"]
    others = dmil.explain(lambda a, b: b @ W2, words, -x2, y=y, partners=20)
    assert others.source is not None
    assert stored(others.source.data, tmp_path).name == "my-data-2"
    table = {f"{n}{i}": x[:, i] for n, x in (("a", x1), ("b", x2)) for i in range(3)}
    own = dmil.from_table(
        pd.DataFrame({**table, "label": y}), x1=["a0", "a1", "a2"], x2=["b0", "b1", "b2"], y="label"
    )
    found = dmil.explain(f, own, partners=20)
    assert found.source is not None
    again = stored(found.source.data, tmp_path)
    assert again.digest == own.digest
    assert load_dataset(again.source).digest == own.digest


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("no classes", "classes of the samples are not known"),
        ("value", "returns one value for each row"),
        ("four", "has 4 inputs"),
        ("lists", "input 1 is list of object"),
        ("name", "is a paradigm"),
        ("loaded", "no samples to show"),
    ],
)
def test_what_cannot_be_shown_is_said(how: str, words: str, tmp_path: Path) -> None:
    x1, x2, y = pairs(60)
    f: Any = lambda a, b, *more: np.asarray(b) @ W2  # noqa: E731
    inputs: list[Any] = [x1, x2]
    name, given = "mine", {"y": y}
    match how:
        case "no classes":
            given = {}
        case "value":
            f, given = (lambda a, b: b[:, 0]), {"y": x2[:, 0]}
        case "four":
            inputs += [x1, x2]
        case "lists":
            inputs[0] = [{"a": 1}] * 60
        case "name":
            name = "joint"
    found = dmil.explain(f, *inputs, partners=20, **given)
    if how == "loaded":
        object.__setattr__(found, "source", None)
    with pytest.raises((ConfigError, DataError), match=words):
        found.show(name)


def test_tensors_are_shown_too(tmp_path: Path) -> None:
    x1, x2, y = pairs(60)
    found = dmil.explain(
        lambda a, b: b @ torch.tensor(W2), torch.tensor(x1), torch.tensor(x2), y=y, partners=20
    )
    assert found.source is not None
    np.testing.assert_array_equal(stored(found.source.data, tmp_path).x1, x1)


def test_an_app_that_does_not_start_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(port: int | None, rest: list[str]) -> tuple[list[str], dict[str, str]]:
        code = "print('the port is taken'); raise SystemExit(1)"
        return [sys.executable, "-c", code], dict(os.environ)

    monkeypatch.setattr(io_app, "app_command", broken)
    with pytest.raises(ConfigError, match="ended at once: the port is taken"):
        App(tmp_path)
