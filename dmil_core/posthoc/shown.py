"""An explanation in the app: its samples as an external checkpoint, in a process that shows it."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmil_core import schema
from dmil_core.checkpoint import RUN_FILE, read_run, run_folder
from dmil_core.data.card import MediaSpec
from dmil_core.data.catalog import load_dataset
from dmil_core.data.dataset import Dataset
from dmil_core.data.defaults import infer_card
from dmil_core.data.npz import card_candidates, read_dataset, write_arrays, write_bytes
from dmil_core.errors import CheckpointError, ConfigError, DmilError
from dmil_core.io.app import App
from dmil_core.io.atomic import writing
from dmil_core.io.paths import named_path
from dmil_core.partial_information.pmf import Floats
from dmil_core.posthoc.function import Predict
from dmil_core.posthoc.imported import check_name, kept_file, take_up
from dmil_core.posthoc.samples import Samples
from dmil_core.schema import FEWEST_MODALITIES, MOST_MODALITIES, modality_numbers

#: The set of arrays that have no name, and the page that is opened.
ARRAYS: Final = "my-data"
PAGE: Final = "samples"


@dataclass(frozen=True, eq=False)
class Source:
    """What an explanation was made of, as far as the app shows it.

    Attributes
    ----------
    f : the model.
    data : samples, with their inputs and classes.
    scores : (N, K) logits of the samples, in nats.
    alone : for each input (N, K) probabilities given that input alone; empty where unknown.
    """

    f: Predict
    data: Samples
    scores: Floats
    alone: Sequence[Floats]

    def predictions(self) -> pd.DataFrame:
        """As :func:`dmil_core.import_predictions` takes them."""
        classes = self.data.classes or ()
        columns: dict[str, Any] = {"id": self.data.ids.astype(object)}
        columns |= {schema.logit(c): self.scores[:, k] for k, c in enumerate(classes)}
        for m, p in zip(modality_numbers(len(self.data.inputs)), self.alone, strict=False):
            columns |= {schema.unimodal_prob(m, c): p[:, k] for k, c in enumerate(classes)}
        return pd.DataFrame(columns)


def check_can_be_shown(source: Source | None, name: str) -> Source:
    """The source, where the app can show it.

    Raises
    ------
    ConfigError
        Saying what is missing.
    """
    check_name(name)
    if source is None:
        raise ConfigError("this explanation has no samples to show; make it by dmil.explain")
    data = source.data
    if not data.classes:
        raise ConfigError("the model returns one value for each row; the app shows classes")
    if len(data.inputs) > MOST_MODALITIES:
        raise ConfigError(
            f"the model has {len(data.inputs)} inputs; the app shows {FEWEST_MODALITIES} or "
            f"{MOST_MODALITIES}"
        )
    if data.row_classes is None:
        raise ConfigError(
            "the classes of the samples are not known, and the app compares predictions with them; "
            "explain with y=..., or a data set with labels"
        )
    return source


def show(
    source: Source | None, name: str, checkpoints: str | Path | None, app: App | None,
    port: int | None, seconds: float,
) -> App:  # fmt: skip
    """See :meth:`Explanation.show`."""
    shown = check_can_be_shown(source, name)
    if app is not None and not app.running:
        raise ConfigError("that app has ended; leave app=... out to start another one")
    if app is not None and checkpoints is not None:
        raise ConfigError("the app has its folder of checkpoints; leave checkpoints=... out")
    kept = named_path(checkpoints) if checkpoints is not None else None
    temporary: tempfile.TemporaryDirectory[str] | None = None
    if app is not None:
        root = app.checkpoints
    elif kept is not None:
        root = kept
    else:
        with writing(Path(tempfile.gettempdir())):
            temporary = tempfile.TemporaryDirectory(prefix="dmil-")
        root = Path(temporary.name)
    try:
        dataset = stored(shown.data, root)
        folder = run_folder(root, dataset.slug, name, 0)
        if (folder / RUN_FILE).exists() and not read_run(folder).external:
            raise CheckpointError(
                f"{folder} holds a model that was trained here; choose another name"
            )
        take_up(shown.predictions(), dataset, name, folder, 0, onnx=kept_file(shown.f))
        if app is None:
            app = App(root, port, seconds, temporary)
    except BaseException:
        if temporary is not None:
            temporary.cleanup()
        raise
    return app.page(PAGE, data=dataset.slug, model=name)


def stored(data: Samples, root: Path) -> Dataset:
    """The samples as a data set that the app can load; written under ``root`` where there is none.

    Raises
    ------
    ConfigError
        If inputs are none that a data set holds.
    DataError
        Naming what is wrong with them.
    """
    if data.dataset is None:
        return _written(_of_arrays(data), root, ARRAYS, data.classes or ())
    if _is_found(data.dataset):
        return data.dataset
    return _written(_of_dataset(data.dataset), root, data.dataset.slug, (), data.dataset)


def _is_found(dataset: Dataset) -> bool:
    """Whether its name or file leads to the same set again."""
    try:
        return load_dataset(dataset.source, purpose="predict").digest == dataset.digest
    except DmilError:
        return False


def _written(
    arrays: dict[str, NDArray[Any]], root: Path, slug: str, classes: Sequence[str],
    like: Dataset | None = None,
) -> Dataset:  # fmt: skip
    number = 1
    while True:
        name = slug if number == 1 else f"{slug}-{number}"
        path = root / name / f"{name}.npz"
        if not path.exists():
            break
        found = read_dataset(path, purpose="predict")
        if _is_alike(found, arrays, like is not None):
            return found
        number += 1
    write_arrays(path, arrays)
    if like is None:
        card = replace(infer_card(name, arrays), classes=tuple(classes), summary="Given as arrays.")
    else:
        # Media files stay where they are: the inputs are shown instead.
        bare = tuple(
            replace(m, media=MediaSpec(m.media.type)) if m.media.file else m
            for m in like.card.modalities
        )
        card = replace(like.card, modalities=bare, counts={}, sha256="", files={})
    write_bytes(card_candidates(path)[0], card.to_json().encode("utf-8"))
    return read_dataset(path, purpose="predict")


def _is_alike(found: Dataset, arrays: dict[str, NDArray[Any]], split: bool) -> bool:
    """Whether a set has these rows; which of them were explained is no matter."""
    y = arrays["y"] if arrays["y"].dtype.kind != "U" else None
    pairs = [(found.ids, arrays["id"]), (found.label_names if y is None else found.y, arrays["y"])]
    pairs += [(found.split, arrays["split"])] if split else []
    pairs += [
        (x, given if (given := arrays[f"x{m}"]).dtype.kind == "U" else given.astype(np.float32))
        for m, x in enumerate(found.inputs, start=1)
    ]
    return f"x{len(found.inputs) + 1}" not in arrays and all(
        np.array_equal(mine, given) for mine, given in pairs
    )


def _of_dataset(dataset: Dataset) -> dict[str, NDArray[Any]]:
    """The arrays of a set, as its file would have them."""
    arrays: dict[str, Any] = {f"x{m}": x for m, x in enumerate(dataset.inputs, start=1)}
    arrays |= {
        "y": dataset.y if dataset.labels is None else dataset.label_names,
        "id": dataset.ids,
        "split": dataset.split,
        "group": dataset.group,
        "interaction_type": dataset.interaction_type,
        **{f"flag_{name}": flag for name, flag in dataset.flags.items()},
    }
    return {name: array for name, array in arrays.items() if array is not None}


def _of_arrays(data: Samples) -> dict[str, NDArray[Any]]:
    """All rows, of which those that are explained are test and the others train."""
    assert data.y is not None
    split = np.full(len(data.y), "train")
    split[data.rows] = "test"
    inputs = {f"x{m}": _input(x, m) for m, x in enumerate(data.inputs, start=1)}
    return {**inputs, "y": data.y, "id": data.names, "split": split}


def _input(x: Any, number: int) -> NDArray[Any]:
    """An input as a data set holds it: numbers, or texts."""
    array = np.asarray(x.detach().cpu() if hasattr(x, "detach") else x)
    if array.dtype.kind == "O" and all(isinstance(v, str) for v in array.ravel().tolist()):
        array = array.astype(np.str_)
    if array.dtype.kind not in "fiubU" or len(array.shape) < 1:
        raise ConfigError(
            f"input {number} is {type(x).__name__} of {array.dtype}; the app shows numbers and "
            "texts. Explain a data set (dmil.from_table), or import predictions"
        )
    if array.dtype.kind == "U":
        return array.reshape(-1)
    return array[:, None] if array.ndim == 1 else array
