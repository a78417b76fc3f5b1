"""The record of epochs: what training wrote is read back, and nothing else is taken for it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dmil_core.checkpoint import HISTORY_FILE, read_history
from dmil_core.errors import CheckpointError
from dmil_core.io.atomic import write_lines
from dmil_core.io.paths import checkpoints_root

EPOCH = {
    "stage": "joint",
    "title": "1 everything together",
    "epoch": 1,
    "epochs": 3,
    "loss": 0.5,
    "val_loss": -0.25,
    "val_accuracy": 1,
}
lines = st.text(max_size=60) | st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*EPOCH, "val_terms"]), inner, max_size=7)
    ),
    max_leaves=12,
).map(json.dumps)


def test_every_shipped_training_has_its_epochs_in_order() -> None:
    folders = sorted(checkpoints_root().glob("*/*/seed*"))
    assert folders
    for folder in folders:
        for before, after in zip(epochs := read_history(folder), epochs[1:], strict=False):
            assert after["epoch"] in (1, before["epoch"] + 1)
            assert (after["epoch"] == 1) == (after["stage"] != before["stage"])


def test_what_was_written_is_read(tmp_path: Path) -> None:
    terms = {"ce": 0.5, "kl_intra_x1": 0.0}
    later = {**EPOCH, "epoch": 2, "val_terms": terms, "kept": True}
    write_lines(tmp_path / HISTORY_FILE, [EPOCH, later])
    first, second = read_history(tmp_path)
    assert first == {**EPOCH, "val_terms": {}, "kept": None}
    assert second == later


def test_without_a_record_it_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"is missing.*--overwrite"):
        read_history(tmp_path)


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("epoch", 1.5, "epoch: expected an integer, got 1.5"),
        ("epoch", 10**400, "expected an epoch of at most 3, got 10000"),
        ("loss", float("nan"), "loss: expected a finite number, got nan"),
        ("val_accuracy", True, "val_accuracy: expected a number, got True"),
        ("title", None, "title: expected a string, got None"),
        ("val_terms", [1.0], r"val_terms: expected an object, got \[1.0\]"),
        ("val_terms", {"ce": "1"}, "val_terms.ce: expected a number, got '1'"),
        ("epoch", 4, "expected an epoch of at most 3, got 4"),
        ("loss", 10**400, "loss: expected a finite number"),
    ],
)
def test_a_wrong_value_is_named_with_its_line(
    tmp_path: Path, name: str, value: object, wanted: str
) -> None:
    text = "\n".join(json.dumps(e) for e in (EPOCH, {**EPOCH, name: value}))
    (tmp_path / HISTORY_FILE).write_text(text, "utf-8")
    with pytest.raises(CheckpointError, match=rf"line 2(\.|: ){wanted}"):
        read_history(tmp_path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(lines, max_size=3).map("\n".join) | st.binary(max_size=60))
def test_rubbish_is_an_error_in_words(tmp_path: Path, content: str | bytes) -> None:
    raw = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
    (tmp_path / HISTORY_FILE).write_bytes(raw)
    said = ""
    try:
        epochs = read_history(tmp_path)
    except CheckpointError as error:
        epochs, said = [], str(error)
    assert all(set(epoch) == {*EPOCH, "val_terms"} for epoch in epochs)
    assert epochs or said.startswith(str(tmp_path))
