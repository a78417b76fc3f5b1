"""A checkpoint: a folder with model.safetensors and run.json, read strictly, never unpickled.

run.json is written last and contains the sha256 of the weights, so a folder without it, or with
weights that changed after it, is not a checkpoint. Its configuration may be of an earlier version.
An external checkpoint, of a model that was trained elsewhere, has predictions in place of weights,
and perhaps the model as a file of ONNX. torch is imported only to load a model.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dmil_core.config import RunConfig, from_json, read_run_config, to_json
from dmil_core.data.card import Card
from dmil_core.errors import CheckpointError, ConfigError, DataError
from dmil_core.io.atomic import file_digest, lies_in, replacing, write_json, write_lines
from dmil_core.io.paths import checkpoints_root, checkpoints_roots, named_path
from dmil_core.io.reading import brief, json_line, open_checked, parsing, read_checked, read_json
from dmil_core.migration import todays_term

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor, dtype, nn

    from dmil_core.data.dataset import Dataset

#: Version of run.json; that of an external checkpoint, which releases that know version 1 alone
#: refuse; and that of one with the model itself.
RUN_VERSION, EXTERNAL_VERSION, ONNX_VERSION = 1, 2, 3
MODEL_FILE = "model.safetensors"
RUN_FILE = "run.json"
HISTORY_FILE = "history.jsonl"
PREDICTIONS_FILE = "predictions.parquet"
PROJECTION_FILE = "projection.parquet"
ONNX_FILE = "model.onnx"

#: Architecture of a model that was trained elsewhere.
EXTERNAL: Final = "external"

#: Largest files that are read, in bytes; the shipped ones are below a hundredth of them.
MAX_RUN_BYTES = 16 * 1024**2
MAX_WEIGHTS_BYTES = 4 * 1024**3
MAX_ONNX_BYTES = 512 * 1024**2
MAX_HISTORY_BYTES = 64 * 1024**2
#: Weights that a model may have beyond those in its file: a configuration of a larger model is
#: refused before memory is allocated for it.
_SPARE_WEIGHTS = 25_000_000

_AGAIN = "Copy it again, or train it again with --overwrite"
#: How the files of a checkpoint are opened; see :mod:`dmil_core.io.reading`.
_CHECKS: Final[Mapping[str, Any]] = {"error": CheckpointError, "advice": _AGAIN}

_SEED_FOLDER = re.compile(r"seed(\d+)")


@dataclass(frozen=True)
class Run:
    """The content of run.json.

    Attributes
    ----------
    data_name, data_source, data_digest, data_card
        The set it was trained on: its name, the argument of ``load_dataset`` for it, the digest of
        its content, its card.
    metrics
        Split -> metric -> value.
    finished
        False for the last state of an interrupted training.
    parameters
        Number of weights, decoders included; 0 of an external model.
    seconds
        Training time; 0 of an external model.
    weights_sha256
        Hash of the file :attr:`weights`.
    onnx_sha256, onnx_output
        Hash of :attr:`onnx` and the name of its output; empty where there is none.
    """

    folder: Path
    version: int
    config: RunConfig
    data_name: str
    data_source: str
    data_digest: str
    data_card: dict[str, Any]
    classes: tuple[str, ...]
    latents: tuple[str, ...]
    metrics: dict[str, dict[str, float]]
    finished: bool
    created: str
    packages: dict[str, str]
    parameters: int
    seconds: float
    weights_sha256: str
    onnx_sha256: str = ""
    onnx_output: str = ""

    @property
    def paradigm(self) -> str:
        """Name of the paradigm."""
        return self.config.paradigm

    @property
    def seed(self) -> int:
        """Seed of the run."""
        return self.config.seed

    @property
    def external(self) -> bool:
        """Whether the model was trained elsewhere."""
        return self.config.model.architecture == EXTERNAL

    @property
    def has_model(self) -> bool:
        """Whether the model is there to be evaluated, and not its predictions alone."""
        return not self.external or self.version == ONNX_VERSION

    @property
    def weights(self) -> Path:
        """Path of what the run is about: its weights, of an external model its predictions."""
        return self.folder / (PREDICTIONS_FILE if self.external else MODEL_FILE)

    @property
    def predictions(self) -> Path:
        """Path of its prediction table, if one was written."""
        return self.folder / PREDICTIONS_FILE

    @property
    def projection(self) -> Path:
        """Path of its latent maps, if they were written."""
        return self.folder / PROJECTION_FILE

    @property
    def history(self) -> Path:
        """Path of its record of epochs."""
        return self.folder / HISTORY_FILE

    @property
    def onnx(self) -> Path:
        """Path of an external model, where it is there."""
        return self.folder / ONNX_FILE


@dataclass(frozen=True)
class Entry:
    """A folder under the checkpoints folder: its run, or why it cannot be read."""

    folder: Path
    set_name: str
    paradigm: str
    seed: int
    run: Run | None
    error: str | None


def run_folder(root: Path, set_slug: str, paradigm: str, seed: int) -> Path:
    """Folder of a run under a folder of runs."""
    return root / set_slug / paradigm / f"seed{seed}"


def default_folder(set_slug: str, paradigm: str, seed: int) -> Path:
    """Folder of a run unless another one is given."""
    return run_folder(checkpoints_root(), set_slug, paradigm, seed)


def read_entry(folder: Path, root: Path) -> Entry:
    """What a <set>/<paradigm>/seed<k> folder below ``root`` holds."""
    seed, paradigm, set_name = int(folder.name[4:]), folder.parent.name, folder.parent.parent.name
    try:
        if not lies_in(folder, root):
            raise CheckpointError(f"{folder} is a link that leads out of {root}. Copy it there")
        return Entry(folder, set_name, paradigm, seed, verify(folder), None)
    except CheckpointError as error:
        return Entry(folder, set_name, paradigm, seed, None, str(error))


def find_runs(
    root: str | Path | None = None, read: Callable[[Path, Path], Entry] = read_entry
) -> tuple[Entry, ...]:
    """Every <set>/<paradigm>/seed<k> folder with any file, damaged ones included.

    A folder in which a first training has not ended is not listed.

    Parameters
    ----------
    root
        The folder to look in. By default the user's checkpoints and those that the package
        carries; of two with the same set, paradigm and seed the user's is listed.
    read
        Reads a folder below one of these; one that keeps what it has read saves verifying all
        weights again.
    """
    entries: dict[tuple[str, str, int], Entry] = {}
    for each in (named_path(root),) if root else checkpoints_roots():
        for folder in sorted(each.glob("*/*/seed*")):
            if _SEED_FOLDER.fullmatch(folder.name) and _has_files(folder):
                entry = read(folder, each)
                entries.setdefault((entry.set_name, entry.paradigm, entry.seed), entry)
    return tuple(sorted(entries.values(), key=lambda e: e.folder.parts[-3:]))


def find_folder(name: str | Path) -> Path:
    """The folder of a checkpoint by its path, or by ``<set>/<paradigm>/seed<k>`` as
    :func:`find_runs` lists it; a name that is neither comes back as it is."""
    path = named_path(name)
    if path.exists() or path.is_absolute() or len(path.parts) != 3 or ".." in path.parts:
        return path
    candidates = (root / path for root in checkpoints_roots())
    return next((folder for folder in candidates if (folder / RUN_FILE).is_file()), path)


def _has_files(folder: Path) -> bool:
    try:
        return folder.is_dir() and any(not p.name.startswith(".") for p in folder.iterdir())
    except OSError:
        return True  # there is something, and reading it will raise the error that explains it


def read_run(folder: Path) -> Run:
    """Read run.json.

    Raises
    ------
    CheckpointError
        If there is no run.json, or it is damaged, too large, a link out of this folder, or of an
        unknown version.
    """
    path = Path(folder) / RUN_FILE
    try:
        data = read_json(path, MAX_RUN_BYTES, **_CHECKS)
    except FileNotFoundError:
        raise CheckpointError(
            f"{folder} is not a checkpoint: it has no {RUN_FILE}. Expected a folder written by "
            "`dmil train`; an unfinished training continues when the same command is run again"
        ) from None
    version = data.get("version") if isinstance(data, dict) else None
    if version not in (RUN_VERSION, EXTERNAL_VERSION, ONNX_VERSION):
        raise CheckpointError(
            f"{path}: expected version {RUN_VERSION} to {ONNX_VERSION}, got "
            f"{brief(repr(version))}. It was written by another release of dmil_core; use that "
            "release, or train again"
        )
    return _parse(Path(folder), data)


#: The other fields of run.json, beside ``version`` and ``config``.
_FIELDS: Final[Mapping[str, Any]] = {
    "data_name": str,
    "data_source": str,
    "data_digest": str,
    "data_card": dict[str, Any],
    "classes": tuple[str, ...],
    "latents": tuple[str, ...],
    "metrics": dict[str, dict[str, float]],
    "finished": bool,
    "created": str,
    "packages": dict[str, str],
    "parameters": int,
    "seconds": float,
    "weights_sha256": str,
}
#: What version 3 has beside them.
_ONNX_FIELDS: Final[Mapping[str, Any]] = {"onnx_sha256": str, "onnx_output": str}


def _parse(folder: Path, data: dict[str, Any]) -> Run:
    """The run of a run.json that is an object; every fault is reported at once."""
    expected = {**_FIELDS, **(_ONNX_FIELDS if data["version"] == ONNX_VERSION else {})}
    unfit = {"config", *expected}.symmetric_difference(set(data) - {"version"})
    faults = [f"missing or unknown field {', '.join(sorted(unfit))}"] if unfit else []
    values: dict[str, Any] = {}
    for name in sorted(set(data) - unfit - {"version"}):
        try:
            if name == "config":
                values[name] = read_run_config(data[name])
            else:
                values[name] = from_json(expected[name], data[name], name)
        except ConfigError as error:
            faults.append(str(error))
    if "data_card" in values:
        try:
            Card.from_dict(values["data_card"])
        except DataError as error:
            faults.append(str(error))
    if faults:
        raise CheckpointError(f"{folder / RUN_FILE}: {brief('; '.join(faults))}. {_AGAIN}")
    run = Run(folder=folder, version=data["version"], **values)
    _check_consistent(run)
    return run


def _check_consistent(run: Run) -> None:
    config, classes = run.config, len(run.classes)
    if run.external != (run.version in (EXTERNAL_VERSION, ONNX_VERSION)):
        raise CheckpointError(
            f"{run.folder / RUN_FILE}: a model of architecture {config.model.architecture!r} in "
            f"version {run.version}; expected {EXTERNAL!r} in version {EXTERNAL_VERSION} or "
            f"{ONNX_VERSION} and in no other. {_AGAIN}"
        )
    for what, expected, got in (
        ("number of classes", classes, config.model.classes),
        ("number of classes on the card", classes, len(run.data_card["classes"])),
        ("modalities on the card", config.model.modalities, len(run.data_card["modalities"])),
    ):
        if got != expected:
            raise CheckpointError(
                f"{run.folder / RUN_FILE}: {what}: expected {expected}, got {got}. {_AGAIN}"
            )


def verify(folder: Path) -> Run:
    """Read run.json and compare the weights, and a file of ONNX, with the digests it holds.

    Raises
    ------
    CheckpointError
        If one of them is missing, truncated or changed.
    """
    run = read_run(folder)
    files = [(run.weights, MAX_WEIGHTS_BYTES, run.weights_sha256)]
    if run.external and run.has_model:
        files.append((run.onnx, MAX_ONNX_BYTES, run.onnx_sha256))
    for path, most, expected in files:
        with _opened(path, most) as file:
            _check_digest(path, hashlib.file_digest(file, "sha256").hexdigest(), expected)
    return run


def read_onnx(run: Run) -> bytes:
    """The file of an external model, compared with its digest.

    Raises
    ------
    CheckpointError
        If there is none, or it is damaged.
    """
    if not run.has_model or not run.external:
        raise CheckpointError(f"{run.folder} has no {ONNX_FILE}, as only some external models have")
    return _compared(run.onnx, MAX_ONNX_BYTES, run.onnx_sha256)


def _compared(path: Path, most: int, expected: str) -> bytes:
    """A file's content. What is compared with the digest is what is loaded, whatever becomes of the
    file."""
    with _opened(path, most) as file:
        content = file.read()
    _check_digest(path, hashlib.sha256(content).hexdigest(), expected)
    return content


def _opened(path: Path, most: int) -> BufferedReader:
    try:
        return open_checked(path, most, **_CHECKS)
    except FileNotFoundError:
        raise CheckpointError(f"{path.parent}: {path.name} is missing. {_AGAIN}") from None


def _check_digest(path: Path, digest: str, expected: str) -> None:
    if digest != expected:
        raise CheckpointError(
            f"{path} is not the file {RUN_FILE} speaks of: its sha256 differs, so it was "
            f"truncated or changed afterwards. {_AGAIN}"
        )


@dataclass(frozen=True)
class _Epoch:
    """A line of the history; losses in nats. Older files have no ``val_terms`` and no ``kept``."""

    stage: str
    title: str
    epoch: int
    epochs: int
    loss: float
    val_loss: float
    val_accuracy: float
    val_terms: dict[str, float] = field(default_factory=dict)
    kept: bool | None = None


_EPOCH_FIELDS: Final = frozenset(f.name for f in fields(_Epoch))
_MOST_EPOCHS: Final = 10**9


def read_history(folder: Path) -> list[dict[str, Any]]:
    """The epochs of a training in their order.

    Each has stage, title, epoch, epochs (of the stage), loss, val_loss (nats), val_accuracy (0 to
    1), val_terms, the stage's loss terms by name (nats or mean squares), which is empty where they
    were not stored, and kept: whether the stage kept this epoch, of those so far; None in files of
    earlier versions, whose stages kept the one of least val_loss. Terms of earlier versions have
    today's names.

    Raises
    ------
    CheckpointError
        If none are kept, or the file is damaged.
    """
    path = Path(folder) / HISTORY_FILE
    try:
        content = read_checked(path, MAX_HISTORY_BYTES, **_CHECKS)
    except FileNotFoundError:
        raise CheckpointError(
            f"{path} is missing, so the epochs of this training are not known. `dmil train` with "
            "--overwrite writes it"
        ) from None
    with parsing(path, "lines of UTF-8 text", **_CHECKS):
        lines = content.decode("utf-8").rstrip("\n").split("\n")
        return [_epoch(f"{path}, line {n}", line) for n, line in enumerate(lines, start=1)]


def _epoch(where: str, line: str) -> dict[str, Any]:
    with parsing(where, "an object of JSON", **_CHECKS):
        data = json_line(line)
    if not isinstance(data, dict):
        raise CheckpointError(f"{where}: expected an object, got {line[:40]!r}. {_AGAIN}")
    try:
        epoch = from_json(_Epoch, {k: v for k, v in data.items() if k in _EPOCH_FIELDS}, where)
    except ConfigError as error:
        raise CheckpointError(f"{brief(error)}. {_AGAIN}") from None
    if not 0 < epoch.epoch <= epoch.epochs < _MOST_EPOCHS:
        raise CheckpointError(
            f"{where}: expected an epoch of at most {epoch.epochs}, got {str(epoch.epoch)[:40]}. "
            f"{_AGAIN}"
        )
    terms = {todays_term(name): value for name, value in epoch.val_terms.items()}
    return {**vars(epoch), "val_terms": terms}


def load_model(folder: Path, device: str = "cpu") -> tuple[nn.Module, Run]:
    """Build the model a checkpoint describes and load its weights, in evaluation mode.

    Raises
    ------
    CheckpointError
        If the folder is damaged, the weights do not fit the configuration, or there are none.
    """
    from dmil_core.models.encoders import find_encoder
    from dmil_core.models.registry import build

    run = read_run(folder)
    if run.external:
        advice = (
            f"Its {ONNX_FILE} is called by `dmil explain --checkpoint`, and by the app"
            if run.has_model
            else "Nothing can be predicted with it; import a table of other rows with `dmil import`"
        )
        raise CheckpointError(
            f"{folder} holds predictions of a model that was trained elsewhere, and no weights. "
            f"{advice}"
        )
    content = _compared(run.weights, MAX_WEIGHTS_BYTES, run.weights_sha256)
    try:
        for encoder in run.config.model.encoders:
            find_encoder(encoder.kind)
    except ConfigError as error:
        raise CheckpointError(f"{folder}: {error}") from None
    stored = _tensors(Path(folder) / MODEL_FILE, content)
    # What a file can cause, and no more: anything else is a fault of this program and must be seen.
    unfit = (ConfigError, ValueError, RuntimeError, AssertionError, OverflowError, MemoryError)
    try:
        _check_size(run, stored)
        model = build(run.config.model)
        _check_tensors(stored, model.state_dict())
        model.load_state_dict(stored, strict=True)
    except unfit as error:
        raise CheckpointError(
            f"{folder}: the weights do not fit the model {RUN_FILE} describes: {brief(error)}. "
            f"{_AGAIN}"
        ) from None
    return model.to(device).eval(), run


def _tensors(path: Path, content: bytes) -> dict[str, Tensor]:
    """The tensors of a safetensors file by name."""
    from safetensors.torch import load

    with parsing(path, "a safetensors file", **_CHECKS):
        return load(content)


def _check_size(run: Run, stored: Mapping[str, Tensor]) -> None:
    """Refuse a model that is far larger than its weights, before memory is allocated for it."""
    import torch

    from dmil_core.models.encoders import BUILT_IN
    from dmil_core.models.registry import build

    if not all(e.kind in BUILT_IN for e in run.config.model.encoders):
        return  # a custom encoder may not support the meta device
    available = sum(w.numel() for w in stored.values())
    with torch.device("meta"):
        wanted = sum(w.numel() for w in build(run.config.model).state_dict().values())
    if wanted > available + _SPARE_WEIGHTS:
        raise ValueError(f"it has {wanted:,} weights, the file {available:,}")


def _check_tensors(stored: Mapping[str, Tensor], built: Mapping[str, Tensor]) -> None:
    """Refuse weights of a type that is not the model's, or that are NaN or infinite.

    What :func:`_stored` writes in half precision may have it, and a mask that the model is built
    with may be infinite.
    """
    for name in sorted(set(stored) & set(built)):  # others are named by load_state_dict
        got, wanted = stored[name], built[name]
        if got.dtype not in (wanted.dtype, _stored_type(name, wanted)):
            raise ValueError(f"{name} has the type {_type(got)}, expected {_type(wanted)}")
        if not got.is_floating_point() or got.shape != wanted.shape:
            continue
        odd = ~got.isfinite()
        if odd.any() and (number := int((odd & (got != wanted)).sum())):
            raise ValueError(f"{number:,} of {got.numel():,} values of {name} are NaN or infinite")


def _type(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def write_checkpoint(
    folder: Path, state: dict[str, Tensor], record: dict[str, Any], history: list[dict[str, Any]]
) -> Run:
    """Write weights, history and, last, run.json; ``record`` holds the fields of :class:`Run`."""
    from safetensors.torch import save_file

    with replacing(folder / MODEL_FILE) as temporary:
        save_file({k: _stored(k, v) for k, v in state.items()}, temporary)
    write_lines(folder / HISTORY_FILE, history)
    return _write_run(folder, MODEL_FILE, RUN_VERSION, record)


def write_external(
    folder: Path, table: pd.DataFrame, record: dict[str, Any], metadata: dict[str, Any],
    onnx: bytes | None = None, onnx_output: str = "",
) -> Run:  # fmt: skip
    """Write the checkpoint of an external model: its predictions, the model as a file of ONNX where
    it is given, with the name of its output, and, last, run.json."""
    from dmil_core.io.tables import write_table

    write_table(table, folder / PREDICTIONS_FILE, metadata)
    if onnx is None:
        return _write_run(folder, PREDICTIONS_FILE, EXTERNAL_VERSION, record)
    with replacing(folder / ONNX_FILE) as temporary:
        temporary.write_bytes(onnx)
    record |= {"onnx_sha256": hashlib.sha256(onnx).hexdigest(), "onnx_output": onnx_output}
    return _write_run(folder, PREDICTIONS_FILE, ONNX_VERSION, record)


def _write_run(folder: Path, about: str, version: int, record: dict[str, Any]) -> Run:
    """Write run.json with the digest of the file that it is about."""
    config: RunConfig = record["config"]
    digest = file_digest(folder / about)
    data = {**record, "config": to_json(config), "weights_sha256": digest}
    write_json(folder / RUN_FILE, {"version": version, **data})
    return verify(folder)


def _stored(name: str, value: Tensor) -> Tensor:
    """A weight as it is written."""
    return value.detach().cpu().contiguous().to(_stored_type(name, value))


def _stored_type(name: str, value: Tensor) -> dtype:
    """Decoders, which no prediction uses, are written in half precision."""
    import torch

    return torch.float16 if ".decoder." in name else value.dtype


def check_fits(run: Run, dataset: Dataset) -> None:
    """Refuse a data set whose shapes, kinds or classes are not those of the training set.

    Raises
    ------
    CheckpointError
        Naming every difference.
    """
    problems = []
    if run.classes != dataset.classes:
        problems.append(
            f"classes: the checkpoint has {_few(run.classes)}, the data {_few(dataset.classes)}"
        )
    _refuse(run, dataset, problems + _input_problems(run, dataset))


def for_prediction(run: Run, dataset: Dataset) -> Dataset:
    """The rows of a data set with the classes of a checkpoint, to be predicted.

    Labels are matched by name; a row whose label is no class of the checkpoint, or that has none,
    has the class -1 and keeps its label in ``Dataset.labels``. Inputs of a file without a card are
    of the kinds that the checkpoint was trained on.

    Raises
    ------
    CheckpointError
        Naming every difference of shapes and kinds.
    """
    from dmil_core.data.defaults import is_inferred
    from dmil_core.data.labels import indices_by_name, read_labels

    card = Card.from_dict(run.data_card)
    if is_inferred(dataset.card) and len(card.modalities) == dataset.modalities:
        fits = (
            (m.kind == "text") == (x.dtype.kind == "U")
            for m, x in zip(card.modalities, dataset.inputs, strict=True)
        )
        if all(fits):
            dataset = replace(dataset, card=replace(dataset.card, modalities=card.modalities))
    _refuse(run, dataset, _input_problems(run, dataset))
    if dataset.classes == run.classes:
        return dataset
    labels = dataset.label_names
    y = indices_by_name(read_labels(labels), run.classes)
    unknown = labels if (y < 0).any() else None
    return replace(dataset, card=replace(dataset.card, classes=run.classes), y=y, labels=unknown)


def as_new_rows(run: Run, dataset: Dataset) -> Dataset:
    """Rows of a file as they came: nothing of a split that was made on loading, unless they are the
    rows of the training.

    Rows without a split are all test.
    """
    import numpy as np

    from dmil_core.data.new_split import SPLIT_RULE, VAL_RULE

    rule = dataset.card.split_rule
    if rule not in (SPLIT_RULE, VAL_RULE) or dataset.digest == run.data_digest:
        return dataset
    own = np.where(dataset.split == "val", "train", dataset.split)
    split = own if rule == VAL_RULE else np.full(len(dataset), "test")
    return replace(dataset, split=split, card=replace(dataset.card, split_rule="", counts={}))


def unknown_labels(dataset: Dataset) -> str:
    """What to say about rows whose label is no class of a checkpoint; empty if there are none.

    Parameters
    ----------
    dataset
        As :func:`for_prediction` returns it.
    """
    if dataset.labels is None or not (given := (dataset.y < 0) & (dataset.labels != "")).any():
        return ""
    names = dict.fromkeys(name[:40] for name in dataset.labels[given].tolist())
    return (
        f"{int(given.sum()):,} of {len(dataset):,} rows have labels that are no class of the "
        f"checkpoint: {_listed(tuple(names))}; its classes are {_listed(dataset.classes)}. These "
        "rows are predicted, and have no value in the column correct"
    )


def _input_problems(run: Run, dataset: Dataset) -> list[str]:
    """How the inputs of a data set differ from those that a checkpoint reads."""
    problems = []
    trained = [m["kind"] for m in run.data_card["modalities"]]
    if len(trained) != dataset.modalities:
        problems.append(f"the checkpoint reads {len(trained)} inputs, the data has "
                        f"{dataset.modalities}")  # fmt: skip
    for m in range(1, min(len(trained), dataset.modalities) + 1):
        config, kind = run.config.model.encoders[m - 1], dataset.card.modalities[m - 1].kind
        if trained[m - 1] != kind:
            problems.append(f"x{m}: the checkpoint reads {trained[m - 1]}, the data is {kind}")
        elif kind != "text" and config.shape != dataset.x(m).shape[1:]:
            got = dataset.x(m).shape[1:]
            problems.append(f"x{m}: the checkpoint reads shape {config.shape}, the data has {got}")
    return problems


def _refuse(run: Run, dataset: Dataset, problems: list[str]) -> None:
    if problems:
        raise CheckpointError(
            f"the checkpoint {run.folder} was trained on {run.data_name!r} and does not fit "
            f"{dataset.name!r}: {'; '.join(problems)}. Train on this data, or choose a "
            "checkpoint of it"
        )


def _few(names: tuple[str, ...]) -> str:
    return f"{len(names)} ({_listed(names)})"


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names[:4]) + (", …" if len(names) > 4 else "")
