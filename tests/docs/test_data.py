"""docs/data.md is true: its examples run, its tables are what the program knows."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from dmil_core.data.card import ENCODINGS, MEDIA_TYPES, Card, ColumnSpec, MediaSpec
from dmil_core.data.catalog import GENERATED, load_dataset
from dmil_core.data.files.sounds import SOUNDS
from dmil_core.data.npz import read_card
from dmil_core.data.synthetic.gaussian import DISTRIBUTIONS
from dmil_core.data.synthetic.spec import OLD_OPTIONS, OLD_SETS
from dmil_core.data.validate import FLAG_PREFIX, OPTIONAL, REQUIRED
from dmil_core.schema import KINDS, OLD_NAMES

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "data.md").read_text("utf-8")


def section(title: str) -> str:
    """Text below a heading, up to the next one."""
    match = re.search(rf"^##+ {re.escape(title)}\n(.*?)(?=^##|\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert match, f"docs/data.md has no section {title!r}"
    return match[1]


def named(text: str, column: int = 0) -> list[str]:
    """What a table has between backticks in one of its columns."""
    cells = [line.split("|")[column + 1] for line in text.splitlines() if line[:1] == "|"]
    return re.findall(r"`([^`]+)`", " ".join(cells))


def test_the_table_of_arrays_names_what_validation_knows() -> None:
    arrays = set(named(section("Arrays of an .npz file")))
    assert arrays == {*REQUIRED, *OPTIONAL, f"{FLAG_PREFIX}<name>"}


def test_kinds_and_sound_endings_are_all_there() -> None:
    assert set(KINDS) <= set(named(section("Kinds")))
    endings = section("Formats")
    assert [e for e in SOUNDS if f"`{e}`" not in endings] == []


def test_the_fields_of_a_card_are_all_there() -> None:
    text = section("card.json")
    first, second, third = map(named, re.split("`(?:media|columns)` says", text))
    assert set(first) == {f.name for f in fields(Card)}
    assert set(second) == {f.name for f in fields(MediaSpec)} | {"media"}
    assert set(third) == {f.name for f in fields(ColumnSpec)} | {"columns"}
    for choice in (*MEDIA_TYPES, *ENCODINGS):
        assert f"`{choice}`" in text


@pytest.mark.parametrize("name", GENERATED)
def test_the_options_of_a_generated_set_are_all_there(name: str) -> None:
    text = section("switch and switch-three" if name.startswith("switch") else name)
    options = {o.name for o in GENERATED[name].options}
    documented = set(named(text))
    if name == "switch":
        documented -= {"strength3"}
    assert documented == options


def test_the_distributions_of_gaussian_are_all_there() -> None:
    row = next(line for line in section("gaussian").splitlines() if "`distribution`" in line)
    assert set(re.findall(r"`(\w+)`", row.split("|")[3])) == set(DISTRIBUTIONS)


def test_old_names_are_all_there() -> None:
    text = section("Names of earlier versions")
    for old, new in {**OLD_SETS, **OLD_OPTIONS, **OLD_NAMES}.items():
        row = next(line for line in text.splitlines() if re.search(rf"\b{old}\b", line))
        assert new in row.split("|")[2]


def test_the_examples_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for code in re.findall(r"^```python\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL):
        exec(compile(code, "data.md", "exec"), names)
    assert capsys.readouterr().out.strip() in TEXT
    assert load_dataset("xor.npz").classes == ("equal", "different")
    card = read_card(tmp_path / "xor.npz")
    assert card is not None
    assert card.sha256
