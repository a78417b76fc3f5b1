"""A checkpoint: a folder with model.safetensors and run.json, read strictly, never unpickled.

run.json is written last and holds the sha256 of the weights, so a folder without it, or with
weights that changed after it, is not a checkpoint. torch is imported only to load a model.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dmil_core.config import CONFIG_VERSION, RunConfig, from_json, to_json
from dmil_core.data.card import Card
from dmil_core.errors import CheckpointError, ConfigError, DataError
from dmil_core.io.atomic import file_digest, lies_in, replacing, write_json, write_lines
from dmil_core.io.paths import checkpoints_root, checkpoints_roots

if TYPE_CHECKING:
    from torch import Tensor, nn

    from dmil_core.data.dataset import Dataset

RUN_VERSION = 1
MODEL_FILE = "model.safetensors"
RUN_FILE = "run.json"
HISTORY_FILE = "history.jsonl"
PREDICTIONS_FILE = "predictions.parquet"
PROJECTION_FILE = "projection.parquet"

#: Largest files that are read, in bytes; ours are below a hundredth of them.
MAX_RUN_BYTES = 16 * 1024**2
MAX_WEIGHTS_BYTES = 4 * 1024**3
#: Weights that a model may have beyond those in its file: a configuration that asks for more is
#: refused before memory is taken for it.
_SPARE_WEIGHTS = 25_000_000

_AGAIN = "Copy it again, or train it again with --overwrite"

_SEED_FOLDER = re.compile(r"seed(\d+)")


@dataclass(frozen=True)
class Run:
    """What run.json says.

    Attributes
    ----------
    data_name, data_source, data_digest, data_card
        The set it was trained on: its name, what ``load_dataset`` takes to get it again, the
        digest of its content, its card.
    metrics
        Split -> metric -> value.
    finished
        False for the last state of an interrupted training.
    parameters
        Number of weights, decoders included.
    seconds
        Training time.
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

    @property
    def paradigm(self) -> str:
        """Name of the paradigm."""
        return self.config.paradigm

    @property
    def seed(self) -> int:
        """Seed of the run."""
        return self.config.seed

    @property
    def predictions(self) -> Path:
        """Where its prediction table is, if one was written."""
        return self.folder / PREDICTIONS_FILE

    @property
    def projection(self) -> Path:
        """Where its latent maps are, if they were written."""
        return self.folder / PROJECTION_FILE

    @property
    def history(self) -> Path:
        """Where its record of epochs is."""
        return self.folder / HISTORY_FILE


@dataclass(frozen=True)
class Entry:
    """A place under the checkpoints folder: its run, or why it cannot be read."""

    folder: Path
    set_name: str
    paradigm: str
    seed: int
    run: Run | None
    error: str | None


def run_folder(root: Path, set_slug: str, paradigm: str, seed: int) -> Path:
    """Where a run lies under a folder of runs."""
    return root / set_slug / paradigm / f"seed{seed}"


def default_folder(set_slug: str, paradigm: str, seed: int) -> Path:
    """Where a run lies unless the user says otherwise."""
    return run_folder(checkpoints_root(), set_slug, paradigm, seed)


def find_runs(root: Path | None = None) -> tuple[Entry, ...]:
    """Every <set>/<paradigm>/seed<k> folder that holds anything, damaged ones included.

    A folder in which a first training is still under way is not listed.

    Parameters
    ----------
    root
        The folder to look in. By default the user's checkpoints and those that the package
        carries; of two with the same set, paradigm and seed the user's is listed.
    """
    entries: dict[tuple[str, str, int], Entry] = {}
    for each in (root,) if root else checkpoints_roots():
        for folder in sorted(each.glob("*/*/seed*")):
            match = _SEED_FOLDER.fullmatch(folder.name)
            if match and _holds_anything(folder):
                entry = _entry(folder, int(match[1]), each)
                entries.setdefault((entry.set_name, entry.paradigm, entry.seed), entry)
    return tuple(sorted(entries.values(), key=lambda e: e.folder.parts[-3:]))


def find_folder(name: str | Path) -> Path:
    """The folder of a checkpoint by its path, or by ``<set>/<paradigm>/seed<k>`` as
    :func:`find_runs` lists it; a name that is neither comes back as it is."""
    path = Path(name).expanduser()
    if path.exists() or path.is_absolute() or len(path.parts) != 3 or ".." in path.parts:
        return path
    candidates = (root / path for root in checkpoints_roots())
    return next((folder for folder in candidates if (folder / RUN_FILE).is_file()), path)


def _holds_anything(folder: Path) -> bool:
    try:
        return folder.is_dir() and any(not p.name.startswith(".") for p in folder.iterdir())
    except OSError:
        return True  # there is something, and reading it will say what is wrong


def _entry(folder: Path, seed: int, root: Path) -> Entry:
    paradigm, set_name = folder.parent.name, folder.parent.parent.name
    try:
        if not lies_in(folder, root):
            raise CheckpointError(f"{folder} is a link that leads out of {root}. Copy it there")
        return Entry(folder, set_name, paradigm, seed, verify(folder), None)
    except CheckpointError as error:
        return Entry(folder, set_name, paradigm, seed, None, str(error))


def read_run(folder: Path) -> Run:
    """Read run.json.

    Raises
    ------
    CheckpointError
        If there is no run.json, it is damaged, too large, no file of this folder, or of an unknown
        version.
    """
    path = Path(folder) / RUN_FILE
    try:
        _check_file(path, MAX_RUN_BYTES)
        data = json.loads(path.read_text("utf-8"))
        # Half a surrogate pair is JSON, but no text: it can be neither shown nor written.
        json.dumps(data, ensure_ascii=False).encode("utf-8")
    except FileNotFoundError:
        raise CheckpointError(
            f"{folder} is not a checkpoint: it has no {RUN_FILE}. Expected a folder written by "
            "`dmil train`; an unfinished training goes on when the same command is run again"
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} is damaged: {_brief(error)}. {_AGAIN}") from None
    version = data.get("version") if isinstance(data, dict) else None
    if version != RUN_VERSION:
        raise CheckpointError(
            f"{path}: expected version {RUN_VERSION}, got {_brief(repr(version))}. It was written "
            "by another release of dmil_core; use that release, or train again"
        )
    return _parse(Path(folder), data)


def _check_file(path: Path, most: int) -> None:
    """Refuse what is no ordinary file of the folder, before it is opened.

    Raises
    ------
    CheckpointError
        If it is a link out of the folder, no file, or too large.
    FileNotFoundError
        If there is nothing.
    """
    if not lies_in(path, path.parent):
        raise CheckpointError(f"{path} is a link that leads out of its folder. {_AGAIN}")
    size = path.stat().st_size
    if not path.is_file():
        raise CheckpointError(f"{path} is damaged: it is no file. {_AGAIN}")
    if size > most:
        raise CheckpointError(
            f"{path} is damaged: expected at most {most:,} bytes, got {size:,}. {_AGAIN}"
        )


def _parse(folder: Path, data: dict[str, Any]) -> Run:
    hints: dict[str, Any] = {
        "config": RunConfig,
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
    odd = sorted(set(hints).symmetric_difference(set(data) - {"version"}))
    if odd:
        names = _brief(", ".join(odd))
        raise CheckpointError(f"{folder / RUN_FILE}: missing or unknown field {names}")
    try:
        fields = {k: from_json(kind, data[k], k) for k, kind in hints.items()}
        Card.from_dict(fields["data_card"])
    except (ConfigError, DataError) as error:
        raise CheckpointError(f"{folder / RUN_FILE}: {_brief(error)}") from None
    run = Run(folder=folder, version=RUN_VERSION, **fields)
    _check_consistent(run)
    return run


def _brief(words: object) -> str:
    """In a line, and no longer than can be read: what is wrong may be megabytes long."""
    return " ".join(str(words).split())[:400]


def _check_consistent(run: Run) -> None:
    config, classes = run.config, len(run.classes)
    for what, expected, got in (
        ("config version", CONFIG_VERSION, config.version),
        ("number of classes", classes, config.model.classes),
        ("number of classes on the card", classes, len(run.data_card["classes"])),
        ("modalities on the card", config.model.modalities, len(run.data_card["modalities"])),
    ):
        if got != expected:
            raise CheckpointError(
                f"{run.folder / RUN_FILE}: {what}: expected {expected}, got {got}. {_AGAIN}"
            )


def verify(folder: Path) -> Run:
    """Read run.json and compare the weights with the digest it holds.

    Raises
    ------
    CheckpointError
        If weights are missing, truncated or changed.
    """
    run = read_run(folder)
    weights = Path(folder) / MODEL_FILE
    try:
        _check_file(weights, MAX_WEIGHTS_BYTES)
        digest = file_digest(weights)
    except FileNotFoundError:
        raise CheckpointError(f"{folder}: {MODEL_FILE} is missing. {_AGAIN}") from None
    except OSError as error:
        raise CheckpointError(f"{weights} cannot be read: {error}. {_AGAIN}") from None
    if digest != run.weights_sha256:
        raise CheckpointError(
            f"{weights} is not the file {RUN_FILE} speaks of: its sha256 differs, so it was "
            f"truncated or changed after training. {_AGAIN}"
        )
    return run


#: What a line of the history says of an epoch; losses in nats.
_EPOCH: dict[str, type] = {
    "stage": str,
    "title": str,
    "epoch": int,
    "epochs": int,
    "loss": float,
    "val_loss": float,
    "val_accuracy": float,
}
#: What newer lines say besides: the stage's loss terms by name, on validation rows.
_VAL_TERMS = "val_terms"
_KINDS: dict[type, str] = {str: "text", int: "a whole number", float: "a number"}


def read_history(folder: Path) -> list[dict[str, Any]]:
    """The epochs of a training in their order: stage, title, epoch, epochs (of the stage), loss,
    val_loss (nats), val_accuracy (0 to 1), and val_terms, the stage's loss terms by name (nats or
    mean squares); none where they were not kept.

    Raises
    ------
    CheckpointError
        If none are kept, or the file is damaged.
    """
    path = Path(folder) / HISTORY_FILE
    try:
        lines = path.read_text("utf-8").rstrip("\n").split("\n")
    except FileNotFoundError:
        raise CheckpointError(
            f"{path} is missing, so the epochs of this training are not known. `dmil train` with "
            "--overwrite writes it"
        ) from None
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path} is damaged: {error}. {_AGAIN}") from None
    return [_epoch(f"{path}, line {n}", line) for n, line in enumerate(lines, start=1)]


def _epoch(where: str, line: str) -> dict[str, Any]:
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{where} is damaged: {error}. {_AGAIN}") from None
    if not isinstance(data, dict):
        raise CheckpointError(f"{where}: expected an object, got {line[:40]!r}. {_AGAIN}")
    for name, kind in _EPOCH.items():
        if not _is(data.get(name), kind):
            got = repr(data.get(name))[:40]
            raise CheckpointError(f"{where}: {name}: expected {_KINDS[kind]}, got {got}. {_AGAIN}")
    terms = data.get(_VAL_TERMS, {})
    if not isinstance(terms, dict) or not all(_is(value, float) for value in terms.values()):
        got = repr(terms)[:40]
        raise CheckpointError(
            f"{where}: {_VAL_TERMS}: expected numbers by name, got {got}. {_AGAIN}"
        )
    return {**{name: data[name] for name in _EPOCH}, _VAL_TERMS: terms}


def _is(value: Any, kind: type) -> bool:
    if kind is str or isinstance(value, bool):
        return kind is str and isinstance(value, str)
    if kind is int:
        return isinstance(value, int) and 0 < value < 10**9
    return isinstance(value, int | float) and abs(value) < 1e300


def load_model(folder: Path, device: str = "cpu") -> tuple[nn.Module, Run]:
    """Build the model a checkpoint describes and load its weights, in evaluation mode.

    Raises
    ------
    CheckpointError
        If the folder is damaged or the weights do not fit the configuration.
    """
    from safetensors.torch import load_file

    from dmil_core.models.encoders import find_encoder
    from dmil_core.models.registry import build

    run = verify(folder)
    try:
        for encoder in run.config.model.encoders:
            find_encoder(encoder.kind)
    except ConfigError as error:
        raise CheckpointError(f"{folder}: {error}") from None
    try:
        _check_size(run, Path(folder) / MODEL_FILE)
        model = build(run.config.model)
        state = load_file(Path(folder) / MODEL_FILE)
        model.load_state_dict(state, strict=True)
    except Exception as error:  # whatever it is, run.json asked for it
        raise CheckpointError(
            f"{folder}: the weights do not fit the model {RUN_FILE} describes: {_brief(error)}"
        ) from None
    return model.to(device).eval(), run


def _check_size(run: Run, weights: Path) -> None:
    """Refuse a model that is far larger than its weights, before memory is taken for it."""
    import math

    import torch
    from safetensors import safe_open

    from dmil_core.models.encoders import OWN
    from dmil_core.models.registry import build

    if not all(e.kind in OWN for e in run.config.model.encoders):
        return  # an encoder of the user's may not be made without memory
    with safe_open(weights, "pt") as file:
        held = sum(math.prod(file.get_slice(name).get_shape()) for name in file.keys())  # noqa: SIM118
    with torch.device("meta"):
        wanted = sum(w.numel() for w in build(run.config.model).state_dict().values())
    if wanted > held + _SPARE_WEIGHTS:
        raise ValueError(f"it has {wanted:,} weights, the file {held:,}")


def write_checkpoint(
    folder: Path, state: dict[str, Tensor], record: dict[str, Any], history: list[dict[str, Any]]
) -> Run:
    """Write weights, history and, last, run.json; ``record`` holds the fields of :class:`Run`."""
    from safetensors.torch import save_file

    with replacing(folder / MODEL_FILE) as temporary:
        save_file({k: _stored(k, v) for k, v in state.items()}, temporary)
    write_lines(folder / HISTORY_FILE, history)
    config: RunConfig = record["config"]
    digest = file_digest(folder / MODEL_FILE)
    data = {**record, "config": to_json(config), "weights_sha256": digest}
    write_json(folder / RUN_FILE, {"version": RUN_VERSION, **data})
    return verify(folder)


def _stored(name: str, value: Tensor) -> Tensor:
    """A weight as it is written: decoders, which no prediction uses, in half precision."""
    value = value.detach().cpu().contiguous()
    return value.half() if ".decoder." in name else value


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
    if problems:
        raise CheckpointError(
            f"the checkpoint {run.folder} was trained on {run.data_name!r} and does not fit "
            f"{dataset.name!r}: {'; '.join(problems)}. Train on this data, or choose a "
            "checkpoint of it"
        )


def _few(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:4])
    return f"{len(names)} ({shown}{', …' if len(names) > 4 else ''})"
