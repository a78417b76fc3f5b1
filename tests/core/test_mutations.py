"""Whatever becomes of a file's bytes, its reader gives a result or an error of its own.

Each format has a sound file and its reader. Mutations are drawn from a seed (see
:mod:`tests.core.mutating`): of the bytes, and of the values of a file that is sound otherwise.
``MUTATIONS`` can be set to thousands by the environment variable of its name; another
``MUTATIONS_SEED`` draws others.
"""

from __future__ import annotations

import csv
import io
import json
import os
import resource
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from dmil_core.checkpoint import MODEL_FILE, load_model, read_history, read_run, write_checkpoint
from dmil_core.config import RunConfig
from dmil_core.data.files import reader
from dmil_core.data.files.assemble import assemble
from dmil_core.data.files.kinds import describe
from dmil_core.data.files.media import Files
from dmil_core.data.files.repairs import Repairs
from dmil_core.data.files.roles import guess
from dmil_core.data.files.table import Table
from dmil_core.data.npz import read_card, read_dataset, read_npz, write_npz
from dmil_core.errors import DmilError
from dmil_core.experiments import records, tuning
from dmil_core.experiments.compare import read_results
from dmil_core.experiments.fidelity_record import read_fidelity
from dmil_core.experiments.targets import read_targets
from dmil_core.information.store import InformationEstimates
from dmil_core.information.worth import store as worth
from dmil_core.information.worth.posteriors import Corrected, Known, Without
from dmil_core.io.atomic import file_digest
from dmil_core.io.tables import read_table, table_metadata, write_table
from dmil_core.partial_information.pmf import read_pmf
from dmil_core.posthoc import summary
from dmil_core.posthoc.onnx import Bounds, OnnxModel
from dmil_core.training.loop import FitState
from tests import records as written
from tests.core.builders import model, model_config, stage
from tests.core.data.archives import encoded, packed, png, wav
from tests.core.data.files import made
from tests.core.data.sets import sound_arrays, sound_card
from tests.core.mutating import (
    Change,
    arrays_changed,
    bytes_changed,
    csv_changed,
    json_changed,
    lines_changed,
    members_changed,
    onnx_changed,
    parquet_changed,
    weights_changed,
)
from tests.core.onnx_files import late_fusion

#: Mutated files of each format, of each kind of mutation.
MUTATIONS: Final = int(os.environ.get("MUTATIONS", "60"))
SEED: Final = int(os.environ.get("MUTATIONS_SEED", "0"))
#: Memory in KiB that reading all of them may add to that of the process.
SPARE_KIB: Final = 400 * 1024


@dataclass(frozen=True)
class Format:
    """A sound file, what reads it, and what changes its values."""

    path: Path
    read: Callable[[Path], object]
    change: Change | None = None


def _written(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def _npz(root: Path) -> Format:
    write_npz(root / "set.npz", sound_arrays(), sound_card())
    (root / "set.card.json").unlink()
    return Format(root / "set.npz", read_npz, arrays_changed)


def _stored_npz(root: Path) -> Format:
    """Members are not compressed, so that a mutation meets their headers."""
    np.savez(root / "set.npz", **sound_arrays())
    return Format(root / "set.npz", read_dataset, arrays_changed)


def _upload_npz(root: Path) -> Format:
    np.savez(root / "set.npz", x1=np.ones((40, 2)), x2=np.ones((40, 3)), y=np.arange(40) % 2)

    def read(path: Path) -> object:
        table = reader.read_table([path])
        return assemble(table, guess(table), Repairs(), "n")

    return Format(root / "set.npz", read, arrays_changed)


def described(table: Table) -> object:
    facts = describe(table)
    return assemble(table, guess(table, facts), Repairs(), "n", facts=facts)


def _card(root: Path) -> Format:
    write_npz(root / "data.npz", sound_arrays(), sound_card())
    return Format(root / "card.json", lambda p: read_card(p.with_name("data.npz")), json_changed)


def _frame() -> pd.DataFrame:
    return pd.DataFrame({"id": [f"r{i}" for i in range(50)], "y": ["a", "b"] * 25, "p_a": 0.5})


def _parquet(root: Path) -> Format:
    write_table(_frame(), root / "t.parquet", {"data": "x"})
    return Format(root / "t.parquet", lambda p: (read_table(p), table_metadata(p)), parquet_changed)


def _csv(root: Path) -> Format:
    write_table(_frame(), root / "t.csv")
    return Format(root / "t.csv", read_table, csv_changed)


def _upload_parquet(root: Path) -> Format:
    _frame().to_parquet(root / "t.parquet")
    return Format(root / "t.parquet", lambda p: described(reader.read_table([p])), parquet_changed)


def _upload_csv(root: Path) -> Format:
    _frame().to_csv(root / "t.csv", index=False)
    return Format(root / "t.csv", lambda p: described(reader.read_table([p])), csv_changed)


def _read_all(path: Path) -> object:
    """What a visitor's page does with a file: read it, decode pictures and sounds that it holds."""
    table = reader.read_table([reader.Named(path.name, path.read_bytes())])
    for column in table.columns.values():
        if column.files is not None:
            column.files.decode(column.members, column.media)
    return table


def _any_csv(root: Path) -> Format:
    quoted = _frame().to_csv(index=False, sep=";", quoting=csv.QUOTE_NONNUMERIC)
    return Format(_written(root / "t.csv", b"# a\n" + quoted.encode("utf-16")), _read_all)


def _any_npz(root: Path) -> Format:
    y = np.eye(2)[[0, 1] * 20]
    np.savez(root / "set.npz", x1=np.ones((40, 3, 8, 8)), x2=np.ones((40, 2, 30)), y=y)
    return Format(root / "set.npz", _read_all)


def _npy(root: Path) -> Format:
    np.save(root / "x1.npy", np.ones((40, 3)))
    return Format(root / "x1.npy", _read_all)


def _columns() -> pa.Table:
    """A column of every kind that has a way of its own."""
    pictures = [png(colour=(i, 0, 0)) for i in range(20)]
    return pa.table({
        "image": [{"bytes": p, "path": "p"} for p in pictures], "raw": pictures,
        "vector": pa.array([[1.0, 2.0]] * 20, pa.list_(pa.float32())), "label": [0, 1] * 10,
        "word": pa.array(["a", "b"] * 10).dictionary_encode(),
    })  # fmt: skip


def _any_parquet(root: Path) -> Format:
    return Format(_written(root / "t.parquet", made.parquet(_columns())), _read_all)


def _arrow(root: Path) -> Format:
    return Format(_written(root / "t.arrow", made.arrow(_columns())), _read_all)


def _saved(root: Path) -> Format:
    """As a .tar, which has no checksum of what its members hold."""
    about = {"features": {"label": {"names": ["a", "b"], "_type": "ClassLabel"}}}
    members = {
        "data-00000-of-00001.arrow": made.arrow(_columns()),
        "state.json": b'{"_data_files": [{"filename": "data-00000-of-00001.arrow"}]}',
        "dataset_info.json": json.dumps(about).encode(),
    }
    return Format(_written(root / "d.tar", made.tarred(members)), _read_all)


def _members() -> dict[str, bytes]:
    files = {f"{i}.png": png() for i in range(4)} | {f"{i}.wav": wav() for i in range(4)}
    files |= {f"{i}.json": b'{"a": 1, "b": [1, 2]}' for i in range(4)}
    return files | {f"{i}.e.npy": made.npy(np.ones(3)) for i in range(4)}


def _tar(root: Path) -> Format:
    return Format(_written(root / "d.tar", made.tarred(_members())), _read_all)


def _tar_gz(root: Path) -> Format:
    return Format(_written(root / "d.tar.gz", made.tarred(_members(), "w:gz")), _read_all)


def _zip_of_samples(root: Path) -> Format:
    members = {f"{'ab'[i % 2]}/{n}": c for i, (n, c) in enumerate(_members().items())}
    return Format(_written(root / "d.zip", packed(members)), _read_all)


def _joined(root: Path) -> Format:
    """A file that is joined with a sound one."""
    path = _written(root / "t.csv", _frame().to_csv(index=False).encode())
    other = reader.Named("o.csv", _frame().rename(columns={"p_a": "q"}).to_csv().encode())

    def read(path: Path) -> object:
        return reader.read_table([reader.Named(path.name, path.read_bytes()), other])

    return Format(path, read)


def _information(root: Path) -> Format:
    parts = dict.fromkeys(("r", "u1", "u2", "s", "i1", "i2", "i12"), 0.1) | {"measure": "immi"}
    ends = dict.fromkeys(("r", "u1", "u2", "s"), 0.1)
    cluster = {"clusters": 2, "parts": parts | {"gap": 0.0}, "low": ends, "high": ends, "bias": 0.0}
    frame = _frame().assign(i1=0.1, i2=0.2, i12=0.3).drop(columns="p_a")
    write_table(frame, root / "i.parquet", {"version": 2, "data": "x", "clusters": [cluster]})
    return Format(root / "i.parquet", InformationEstimates.load, parquet_changed)


def _worth(root: Path) -> Format:
    log_q = np.log(np.full((50, 2), 0.5))
    without = (Without(log_q, 0.1), Without(log_q, 0.1))
    ids, by = np.arange(50).astype(str), {"f": np.array(["yes"] * 50)}
    corrected = Corrected(np.ones(50), log_q, (log_q, log_q))
    known = Known(
        ("a", "b"), ("c", "d"), np.arange(50) % 2, log_q, without, ids, by=by, corrected=corrected
    )
    worth.save(known, root / "worth.parquet", "x")
    return Format(root / "worth.parquet", worth.load, parquet_changed)


def _interactions(root: Path) -> Format:
    figure = summary.Figure(0.5, 0.4, None)
    found = summary.Summary(
        1, "d", "w", 9, figure, figure, figure, ("x1", "x2"), 20, 40, 99, ("a",)
    )
    return Format(summary.save(found, root), lambda p: summary.load(p.parent), json_changed)


def _lines(*values: object) -> bytes:
    return "".join(json.dumps(v) + "\n" for v in values).encode()


_RUN: Final = {"data": "s", "paradigm": "dmil", "seed": 0, "test": {"accuracy": 0.5}, "seconds": 1}
_TRIAL: Final = {"data": "s", "paradigm": "dmil", "lr_scale": 1.0, "val_accuracy": 0.5}
_EPOCH: Final = {
    "stage": "a", "title": "t", "epoch": 1, "epochs": 2, "loss": 1.0, "val_loss": 1.0,
    "val_accuracy": 0.5, "val_terms": {"ce": 1.0}, "kept": True,
}  # fmt: skip


def _records(root: Path) -> Format:
    path = _written(root / "s" / "results.jsonl", _lines(_RUN, _RUN | {"seed": 1}))
    return Format(path, lambda p: (records.read_all(p.parents[1]), read_results(p)), lines_changed)


def _tuning(root: Path) -> Format:
    path = _written(root / "s" / "tuning.jsonl", _lines(_TRIAL, _TRIAL | {"lr_scale": 3.0}))
    return Format(path, lambda p: tuning.read_all(p.parents[1]), lines_changed)


def _history(root: Path) -> Format:
    path = _written(root / "history.jsonl", _lines(_EPOCH, _EPOCH | {"epoch": 2}))
    return Format(path, lambda p: read_history(p.parent), lines_changed)


def _targets(root: Path) -> Format:
    target = {"claim": "c", "state": "met", "figure": "f", "failing": []}
    content = {"version": 1, "studies": {"comparison": [target]}}
    return Format(_written(root / "targets.json", _lines(content)), read_targets, json_changed)


def _fidelity(root: Path) -> Format:
    path = _written(root / "fidelity.json", _lines(written.fidelity(seeds=1)))
    return Format(path, read_fidelity, json_changed)


def _pmf(root: Path) -> Format:
    pairs = [[[0, "a", 0.5], 0.25], [[0, "b", [1]], 0.25], [[1, "a", None], 0.5]]
    return Format(_written(root / "pmf.json", _lines({"pmf": pairs})), read_pmf, json_changed)


def _checkpoint(root: Path) -> Path:
    fitted, config = model("joint"), RunConfig("joint", 0, model_config("joint"), (stage(),))
    card = sound_card(classes=("a", "b", "c")).to_dict()
    record: dict[str, Any] = {
        "config": config, "data_name": "n", "data_source": "n", "data_digest": "d",
        "data_card": card, "classes": ["a", "b", "c"], "latents": list(fitted.latent_names),  # type: ignore[arg-type]
        "metrics": {}, "finished": True, "created": "", "packages": {}, "parameters": 1,
        "seconds": 1.0,
    }  # fmt: skip
    write_checkpoint(root, fitted.state_dict(), record, [])
    return root


def _run(root: Path) -> Format:
    return Format(_checkpoint(root) / "run.json", lambda p: read_run(p.parent), json_changed)


def _onnx(root: Path) -> Format:
    """Loaded and called, as a page would do with a stranger's."""
    path = late_fusion(root / "model.onnx", crossed=0.5)
    bounds, x = Bounds(seconds=2.0), np.zeros((3, 3))
    return Format(path, lambda p: OnnxModel("m", p.read_bytes(), None, bounds)(x, x), onnx_changed)


def _weights(root: Path) -> Format:
    path = _checkpoint(root) / MODEL_FILE
    run = json.loads((root / "run.json").read_text("utf-8"))

    def read(path: Path) -> object:
        # Whoever can write the weights can also write their digest.
        fitting = json.dumps(run | {"weights_sha256": file_digest(path)})
        (root / "run.json").write_text(fitting, "utf-8")
        return load_model(root)

    return Format(path, read, weights_changed)


def _state(root: Path) -> Format:
    FitState(best=model("joint").state_dict(), history=[_EPOCH]).save(root / "s.safetensors", {})
    return Format(root / "s.safetensors", FitState.load, weights_changed)


def _zip(root: Path) -> Format:
    path = _written(root / "m.zip", packed({f"p{i}.png": png() for i in range(3)}))
    names = [f"p{i}.png" for i in range(3)]
    return Format(path, lambda p: Files(p.read_bytes()).decode(names, "pictures"), members_changed)


def _picture(root: Path) -> Format:
    return Format(_written(root / "p.png", png()), lambda p: _member(p, "pictures"))


def _wav(root: Path) -> Format:
    return Format(_written(root / "s.wav", wav()), lambda p: _member(p, "sounds"))


def _flac(root: Path) -> Format:
    tone = np.sin(np.arange(4000) / 5)
    path = _written(root / "s.flac", encoded(tone, "FLAC", "PCM_16"))
    return Format(path, lambda p: _member(p, "sounds"))


def _member(path: Path, kind: str) -> object:
    stream = io.BytesIO(packed({path.name: path.read_bytes()}))
    return Files(stream.getvalue()).decode([path.name], kind)


FORMATS: Final[tuple[Callable[[Path], Format], ...]] = (
    _npz, _stored_npz, _upload_npz, _card, _parquet, _csv, _upload_parquet, _upload_csv,
    _information, _interactions, _worth, _records, _tuning, _history, _targets, _fidelity, _pmf,
    _run, _weights, _state, _onnx, _zip, _picture, _wav, _flac, _any_csv, _any_npz, _npy,
    _any_parquet, _arrow, _saved, _tar, _tar_gz, _zip_of_samples, _joined,
)  # fmt: skip


#: What is read whatever becomes of it, with issues or without what is damaged.
LENIENT: Final = {
    "bytes": (_records, _tuning, _zip, _picture, _wav, _flac, _csv),
    "values": (_records, _tuning, _npz, _upload_npz, _csv),
}


@pytest.mark.parametrize("what", ["bytes", "values"])
@pytest.mark.parametrize("make", FORMATS, ids=lambda make: make.__name__.strip("_"))
def test_a_mutated_file_is_read_or_refused_in_words(
    tmp_path: Path, make: Callable[[Path], Format], what: str
) -> None:
    format_ = make(tmp_path)
    format_.read(format_.path)  # as it is, it is sound
    change = bytes_changed if what == "bytes" else format_.change
    if change is None:
        pytest.skip("pictures and sounds are bytes alone")
    whole = format_.path.read_bytes()
    rng = np.random.default_rng([SEED, *make.__name__.encode()])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    refused = 0
    for number in range(MUTATIONS):
        changed = change(whole, rng)
        format_.path.write_bytes(changed)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                format_.read(format_.path)
        except DmilError as error:
            refused += bool(str(error).strip())
        except Exception as error:
            pytest.fail(f"mutation {number} of {format_.path.name}: {error!r}")
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert after - before < SPARE_KIB
    assert refused or make in LENIENT[what]
