"""Whatever is done to a checkpoint's files, reading them works or ends in words for the visitor.

And nothing outside of the configured folders is read by a name in a card, a run or a link.
"""

from __future__ import annotations

import copy
import json
import os
import pickle
import resource
import shutil
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.services.store import catalog
from dmil_core.checkpoint import (
    MAX_RUN_BYTES,
    MODEL_FILE,
    PREDICTIONS_FILE,
    RUN_FILE,
    find_runs,
    load_model,
    read_run,
    write_checkpoint,
)
from dmil_core.config import RunConfig
from dmil_core.data.catalog import load_dataset
from dmil_core.data.dataset import Dataset
from dmil_core.data.media import media
from dmil_core.errors import CheckpointError, DataError, DmilError
from dmil_core.experiments.records import read_all
from dmil_core.inference.predict import predict
from dmil_core.io.atomic import file_digest
from dmil_core.io.tables import write_table
from tests.core.builders import model, model_config, stage

FILES = (RUN_FILE, MODEL_FILE, PREDICTIONS_FILE)
#: Memory in KiB that reading hostile files may add to that of the process.
SPARE_KIB = 400 * 1024


@dataclass(frozen=True)
class Sound:
    """A sound checkpoint: its files, where copies of it are made, and what must stay untouched."""

    files: dict[str, bytes]
    folder: Path
    outside: Path

    def put(self, changed: dict[str, bytes]) -> None:
        """Make the folder hold these files and nothing else."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        for name, content in changed.items():
            (self.folder / name).write_bytes(content)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Sound:
    """The smallest checkpoint there can be, of twelve rows, with everything the app reads."""
    root = tmp_path_factory.mktemp("hostile")
    folder = root / "checkpoints" / "tiny" / "joint" / "seed0"
    folder.mkdir(parents=True)
    whole = load_dataset("switch:classes=3,block=2,train=6,val=3,test=3")
    data = replace(whole, x2=whole.x2[:, :5])
    made = model("joint")
    record = {
        "config": RunConfig("joint", 0, model_config("joint"), (stage(),)),
        "data_name": data.name,
        "data_source": data.source,
        "data_digest": data.digest,
        "data_card": data.card.to_dict(),
        "classes": list(data.classes),
        "latents": list(made.latent_names),  # type: ignore[arg-type]
        "metrics": {"test": {"accuracy": 0.5}},
        "finished": True,
        "created": "2026-01-01T00:00:00+00:00",
        "packages": {"torch": "2"},
        "parameters": 1,
        "seconds": 1.0,
    }
    write_table(predict(made, model_config("joint"), data), folder / PREDICTIONS_FILE)
    write_checkpoint(folder, made.state_dict(), record, [])
    outside = root / "outside"
    outside.mkdir()
    (outside / "secret").write_text('{"secret": 1}')
    return Sound({name: (folder / name).read_bytes() for name in FILES}, folder, outside)


def read_everything(folder: Path) -> None:
    """All that the app reads of a checkpoint."""
    _, run = load_model(folder)
    catalog.read_predictions(folder, run.classes)


def refusal(folder: Path) -> str:
    """What is said against a checkpoint; nothing where it can be read. Other errors get through."""
    try:
        read_everything(folder)
    except (CheckpointError, DataError) as error:
        return str(error)
    return ""


# --- ways to harm a file --------------------------------------------------------------------


#: A folder that only a pickle could make, where the tests run.
HARM = "harm"


class _Harm:
    """What a pickle would do if anybody read it as one."""

    def __reduce__(self) -> Any:
        return os.mkdir, (HARM,)


PICKLES = [pickle.dumps(_Harm(), protocol) for protocol in (0, 2, 4)]
lumps = st.one_of(
    st.binary(max_size=40),
    st.sampled_from([*PICKLES, b"PK\x03\x04", b"PAR1", b"\x00" * 64, b"\xff" * 64]),
)
#: JSON values that mean trouble where something else is expected.
HOSTILE: list[Any] = [
    *(10**400, -1, 0, 2**63, 1e308, float("nan"), float("inf"), None, True),
    *("../../outside/secret", "/etc/passwd", "\ud800", "\x00", "a" * 5000, [], {}, [[]], {"": 0}),
]
values = st.one_of(
    st.sampled_from(HOSTILE),
    st.sampled_from(HOSTILE),
    st.none(),
    st.booleans(),
    st.integers(-(10**12), 10**12),
    st.floats(),
    st.text(max_size=8),
    st.lists(st.integers(-3, 10**10), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
    st.integers(1, 900).map(lambda depth: json.loads("[" * depth + "]" * depth)),
)


def flipped(draw: Any, content: bytes) -> bytes:
    out = bytearray(content)
    for _ in range(draw(st.integers(1, 4))):
        out[draw(st.integers(0, len(out) - 1))] ^= 1 << draw(st.integers(0, 7))
    return bytes(out)


def cut(draw: Any, content: bytes) -> bytes:
    return content[: draw(st.integers(0, len(content) - 1))]


def stuffed(draw: Any, content: bytes) -> bytes:
    at, lump = draw(st.integers(0, len(content))), draw(lumps)
    return content[:at] + lump + content[at + draw(st.integers(0, 60)) :]


def other_json(draw: Any, content: bytes) -> bytes:
    """One or two values anywhere in it replaced, removed, or put beside."""
    whole = json.loads(content)
    for _ in range(draw(st.integers(1, 2))):
        target = whole
        while True:
            keys = sorted(target) if isinstance(target, dict) else list(range(len(target)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            deeper = target[key]
            if not isinstance(deeper, dict | list) or not deeper or draw(st.integers(0, 3)) == 0:
                _edit(draw, target, key)
                break
            target = deeper
    return json.dumps(whole).encode("utf-8", "surrogatepass")


def _edit(draw: Any, target: Any, key: Any) -> None:
    how = draw(st.sampled_from(["replace", "replace", "remove", "add", "twice"]))
    if how == "remove":
        del target[key]
    elif how == "add" and isinstance(target, dict):
        target[draw(st.text(max_size=5))] = draw(values)
    elif how == "twice" and isinstance(target, list):
        target.append(copy.deepcopy(target[key]))
    else:
        target[key] = draw(values)


def other_header(draw: Any, content: bytes) -> bytes:
    """A value in the header of the weights: shapes, types, places; or its length."""
    length = struct.unpack("<Q", content[:8])[0]
    header = other_json(draw, content[8 : 8 + length])
    size = draw(st.sampled_from([len(header), len(header), length, 2**62, 0]))
    return struct.pack("<Q", size) + header + content[8 + length :]


HARMS: dict[str, list[Callable[[Any, bytes], bytes]]] = {
    RUN_FILE: [flipped, cut, stuffed, other_json, other_json, other_json],
    MODEL_FILE: [flipped, cut, stuffed, other_header, other_header],
    PREDICTIONS_FILE: [flipped, cut, stuffed],
}


def with_digest(files: dict[str, bytes], folder: Path) -> dict[str, bytes]:
    """Who can write the weights can write their digest."""
    (folder / MODEL_FILE).write_bytes(files[MODEL_FILE])
    run = json.loads(files[RUN_FILE]) | {"weights_sha256": file_digest(folder / MODEL_FILE)}
    return files | {RUN_FILE: json.dumps(run).encode()}


def listing(root: Path) -> dict[str, int]:
    return {str(p): p.stat().st_mtime_ns for p in sorted(root.rglob("*")) if p.is_file()}


@pytest.fixture
def _watched(sound: Sound, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is executed, nothing is written, and memory stays bounded."""
    monkeypatch.chdir(sound.outside)
    sound.put(sound.files)
    read_everything(sound.folder)
    before = listing(sound.outside)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert not (sound.outside / HARM).exists()
    assert listing(sound.outside) == before
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - most < SPARE_KIB


@pytest.mark.usefixtures("_watched")
def test_whatever_is_in_a_checkpoint_s_files_it_is_read_or_refused_in_words(sound: Sound) -> None:
    @settings(max_examples=2000)
    @given(st.data())
    def harm(data: st.DataObject) -> None:
        name = data.draw(st.sampled_from([RUN_FILE, MODEL_FILE, MODEL_FILE, PREDICTIONS_FILE]))
        way = data.draw(st.sampled_from(HARMS[name]))
        files = sound.files | {name: way(data.draw, sound.files[name])}
        if name == MODEL_FILE and data.draw(st.booleans()):
            files = with_digest(files, sound.folder)
        for changed in FILES:
            (sound.folder / changed).write_bytes(files[changed])
        assert len(refusal(sound.folder)) < 2000
        assert {p.name for p in sound.folder.iterdir()} == set(FILES)

    harm()


def every_place(content: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to each value inside of JSON."""
    if path:
        yield path
    if not isinstance(content, dict | list):
        return
    inner = content.items() if isinstance(content, dict) else enumerate(content)
    for key, value in inner:
        yield from every_place(value, (*path, key))


def test_each_value_of_run_json_by_each_hostile_one(sound: Sound) -> None:
    sound.put(sound.files)
    whole = json.loads(sound.files[RUN_FILE])
    for path in every_place(whole):
        for value in HOSTILE:
            changed = json.loads(sound.files[RUN_FILE])
            target = changed
            for key in path[:-1]:
                target = target[key]
            target[path[-1]] = value
            (sound.folder / RUN_FILE).write_text(json.dumps(changed), "utf-8")
            try:
                read_run(sound.folder)
            except CheckpointError as refused:
                assert len(str(refused)) < 2000, path  # noqa: PT017


# --- links and sizes ------------------------------------------------------------------------


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    "target", ["outside/secret", "outside/copy", "nowhere", "self", "/dev/zero", "folder", "pipe"]
)
def test_a_link_or_something_else_in_place_of_a_file_is_refused(
    sound: Sound, name: str, target: str
) -> None:
    sound.put(sound.files)
    file = sound.folder / name
    file.unlink()
    if target == "folder":
        file.mkdir()
    elif target == "pipe":
        os.mkfifo(file)
    elif target == "self":
        file.symlink_to(file)
    elif target == "outside/copy":
        # Even a sound file is not read from elsewhere.
        (sound.outside / "copy").write_bytes(sound.files[name])
        file.symlink_to(sound.outside / "copy")
    else:
        file.symlink_to(sound.outside.parent / target)
    with pytest.raises(DmilError) as refused:
        read_everything(sound.folder)
    assert "secret" not in str(refused.value).replace("outside/secret", "")


def test_a_run_json_that_is_too_large_is_not_read(sound: Sound) -> None:
    sound.put(sound.files)
    with (sound.folder / RUN_FILE).open("r+b") as file:
        file.truncate(MAX_RUN_BYTES + 1)
    with pytest.raises(CheckpointError, match="expected at most"):
        load_model(sound.folder)


@pytest.mark.usefixtures("_watched")
@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda m: m.update(latent_size=10**8), "weights, the file"),
        (lambda m: m["encoders"][0].update(hidden=10**6), "weights, the file"),
        (lambda m: m["encoders"][0].update(shape=[10**6, 10**6]), "do not fit"),
        (lambda m: m["encoders"][0].update(shape=[10**30]), "an integer from 1 to"),
    ],
)
def test_a_model_far_larger_than_its_weights_takes_no_memory(
    sound: Sound, change: Callable[[dict[str, Any]], object], says: str
) -> None:
    run = json.loads(sound.files[RUN_FILE])
    change(run["config"]["model"])
    sound.put(sound.files | {RUN_FILE: json.dumps(run).encode()})
    with pytest.raises(CheckpointError, match=says):
        load_model(sound.folder)


def test_a_folder_that_leads_out_is_listed_as_damaged_and_its_files_stay_unread(
    sound: Sound, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere" / "seed0"
    sound.put(sound.files)
    shutil.copytree(sound.folder, elsewhere)
    root = tmp_path / "root"
    (root / "tiny" / "joint").mkdir(parents=True)
    (root / "tiny" / "joint" / "seed0").symlink_to(elsewhere)
    (root / "linked").symlink_to(sound.folder.parents[1])
    (root / "loop").symlink_to(root / "loop")
    runs = find_runs(root)
    assert {e.set_name for e in runs} == {"tiny", "linked"}
    assert all("leads out of" in str(e.error) and e.run is None for e in runs)
    # The configured folder itself may be a link.
    (tmp_path / "link").symlink_to(sound.folder.parents[2])
    assert [e.error for e in find_runs(tmp_path / "link")] == [None]


def test_records_that_lead_out_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("not a record")
    (tmp_path / "root" / "tiny").mkdir(parents=True)
    (tmp_path / "root" / "tiny" / "results.jsonl").symlink_to(tmp_path / "outside")
    assert read_all(tmp_path / "root").problems == ()


# --- data sets and their media --------------------------------------------------------------


@pytest.mark.parametrize("name", ["..", "../secret", "tiny/../../secret", ".", "", "a\x00b", "~"])
def test_a_name_of_a_set_never_leaves_the_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").mkdir()
    shutil.copy(shipped_file("mfeat"), tmp_path / "secret" / "data.npz")
    (tmp_path / "sets").mkdir()
    with pytest.raises(DataError):
        load_dataset(name, root=tmp_path / "sets")


def test_a_set_that_is_a_link_out_is_none(tmp_path: Path) -> None:
    (tmp_path / "sets").mkdir()
    (tmp_path / "sets" / "mine").symlink_to(shipped_file("mfeat").parent)
    with pytest.raises(DataError, match="no data set 'mine'"):
        load_dataset("mine", root=tmp_path / "sets")


def shipped_file(name: str) -> Path:
    folder = load_dataset(name).folder
    assert folder is not None
    return folder / "data.npz"


@pytest.fixture
def own_media(tmp_path: Path) -> Dataset:
    """``mfeat`` in a folder of its own, whose media are a link to elsewhere."""
    whole = load_dataset("mfeat")
    assert whole.folder is not None
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "digits.npz").symlink_to(whole.folder / "digits.npz")
    return replace(whole, folder=folder)


def test_media_that_are_a_link_out_are_not_shown(own_media: Dataset) -> None:
    with pytest.raises(DataError, match="leads out of its folder"):
        media(own_media, 0, 1)


@pytest.mark.parametrize("file", ["../digits.npz", "/etc/passwd", "..", "a/../../digits.npz"])
def test_media_by_a_path_are_not_shown(own_media: Dataset, file: str) -> None:
    """A card with such a name is refused when it is read; this one was made in memory."""
    first, *rest = own_media.card.modalities
    spec = replace(first.media, file=file)
    card = replace(own_media.card, modalities=(replace(first, media=spec), *rest))
    with pytest.raises(DataError):
        media(replace(own_media, card=card), 0, 1)


def test_a_run_without_a_digest_shows_no_data(sound: Sound) -> None:
    """Or a stranger's checkpoint could name any file of this machine as its data."""
    problem = catalog.dataset("mfeat", "")
    assert isinstance(problem, catalog.DataProblem)
    assert "has changed" in problem.message
    assert len(np.asarray(catalog.dataset("mfeat", load_dataset("mfeat").digest).y)) > 0
