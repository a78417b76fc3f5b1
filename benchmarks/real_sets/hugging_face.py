"""A bundled set as Hugging Face's `datasets` holds it: as arrays, or as PNG and WAV in its cells.

Needs the package datasets, which is among the requirements of development.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import soundfile
from numpy.typing import NDArray
from PIL import Image

from dmil_core.data.catalog import load_dataset
from dmil_core.data.dataset import Dataset
from dmil_core.data.files.load import Request, load_dataset_of
from dmil_core.data.media import AudioMedia, media
from dmil_core.data.splits import resplit
from dmil_core.experiments.scoreboard import differences
from dmil_core.io.atomic import make_folder, writing
from dmil_core.models.inputs import ENCODER_OF_KIND
from dmil_core.schema import ModalityNumber
from dmil_core.training.run import train

if TYPE_CHECKING:
    import datasets

SEEDS: Final = 5
#: Of the epochs, as of the other sets.
SCALE: Final = 0.2


def as_arrays(dataset: Dataset) -> datasets.Dataset:
    """The inputs as features Array2D, with columns id, label (ClassLabel) and split.

    Parameters
    ----------
    dataset : whose inputs have two dimensions a row each.
    """
    import datasets as hugging_face

    inputs = _inputs(dataset)
    features = {
        name: hugging_face.Array2D(x.shape[1:], str(x.dtype)) for name, x in inputs.items()
    } | _about(dataset)
    columns: dict[str, Any] = {name: list(x) for name, x in inputs.items()}
    return hugging_face.Dataset.from_dict(
        columns | rows_of(dataset), features=hugging_face.Features(features)
    )


def as_media(dataset: Dataset) -> datasets.Dataset:
    """The same, with a picture as a feature Image of PNG, and a sound as Audio of WAV.

    Parameters
    ----------
    dataset : whose first input are pictures of 8 bits, and whose second are sounds.
    """
    import datasets as hugging_face

    picture, sound = _inputs(dataset)
    count = range(len(dataset))
    columns: dict[str, Any] = {
        picture: [{"bytes": png(x), "path": f"{i}.png"} for i, x in zip(count, dataset.x1,
                                                                      strict=True)],
        sound: [{"bytes": wav(*clip(dataset, i)), "path": f"{i}.wav"} for i in count],
    }  # fmt: skip
    plain = {"bytes": hugging_face.Value("binary"), "path": hugging_face.Value("string")}
    features = {picture: hugging_face.Image(), sound: plain, **_about(dataset)}
    made = hugging_face.Dataset.from_dict(
        columns | rows_of(dataset), features=hugging_face.Features(features)
    )
    # Cast, as encoding sounds row by row would need a decoder of its own, torchcodec.
    rate = clip(dataset, 0)[1]
    return made.cast_column(sound, hugging_face.Audio(sampling_rate=rate))


def rows_of(dataset: Dataset) -> dict[str, list[Any]]:
    """What a row is beside its inputs: id, label as the number of its class, split."""
    return {
        "id": dataset.ids.tolist(),
        "label": dataset.y.tolist(),
        "split": dataset.split.tolist(),
    }


def clip(dataset: Dataset, row: int, modality: ModalityNumber = 2) -> tuple[NDArray[np.int16], int]:
    """Samples (T,) of 16 bits of a row's sound, and their rate in Hz.

    Raises
    ------
    TypeError
        If this input is no sound.
    """
    sound = media(dataset, row, modality)
    if not isinstance(sound, AudioMedia):
        raise TypeError(f"expected a sound, got {type(sound).__name__}")
    samples = (sound.wave.astype(np.float64) * 32768).round().clip(-32768, 32767)
    return samples.astype(np.int16), sound.rate


def png(pixels: NDArray[np.uint8]) -> bytes:
    """A picture (H, W) or (H, W, 3) as a PNG, which loses nothing."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def wav(samples: NDArray[np.int16], rate: int) -> bytes:
    """Samples (T,) at a rate in Hz as a WAV file."""
    stream = io.BytesIO()
    soundfile.write(stream, samples, rate, "PCM_16", format="WAV")
    return stream.getvalue()


def _inputs(dataset: Dataset) -> dict[str, NDArray[Any]]:
    names = (m.name for m in dataset.card.modalities)
    return dict(zip(names, dataset.inputs, strict=True))


def _about(dataset: Dataset) -> dict[str, Any]:
    import datasets as hugging_face

    return {
        "id": hugging_face.Value("string"),
        "label": hugging_face.ClassLabel(names=list(dataset.classes)),
        "split": hugging_face.Value("string"),
    }


# --- the same accuracy -------------------------------------------------------------------------


def compared(
    out: Path, name: str = "avdigits", seeds: int = SEEDS, scale: float = SCALE
) -> dict[str, Any]:
    """Test accuracy of ``joint`` on a set as it is shipped, and as `datasets` writes it.

    Parameters
    ----------
    out : a folder for the files and the models.
    seeds : how many; each has a split of its own, the same of all forms.
    scale : of the epochs.

    Returns
    -------
    dict
        ``version`` of datasets; ``digests`` and ``shapes`` of the inputs by form; ``accuracy`` by
        form, a list over seeds; ``difference`` of media and shipped.
    """
    import datasets as hugging_face

    shipped = load_dataset(name)
    forms = {"shipped": shipped}
    for form, made in (("arrays", as_arrays(shipped)), ("media", as_media(shipped))):
        path = out / f"{form}.parquet"
        make_folder(out)
        with writing(path):
            made.to_parquet(path)
        forms[form] = load_dataset_of(Request((path,)), name)
    accuracy: dict[str, list[float]] = {}
    for form, dataset in forms.items():
        # Equal settings on equal arrays make equal models: two of them show that it is so.
        for seed in range(min(seeds, 2) if form == "arrays" else seeds):
            run = train(
                resplit(dataset, seed), "joint", seed, out / form / f"seed{seed}",
                encoders=encoders(shipped), epochs_scale=scale,
            )  # fmt: skip
            accuracy.setdefault(form, []).append(run.metrics["test"]["accuracy"])
    return {
        "version": hugging_face.__version__,
        "digests": {form: dataset.digest for form, dataset in forms.items()},
        "shapes": {form: [list(x.shape[1:]) for x in d.inputs] for form, d in forms.items()},
        "accuracy": accuracy,
        "difference": _difference(accuracy, forms["media"]),
    }


def encoders(dataset: Dataset) -> tuple[str, ...]:
    """The encoders of a set's inputs by their kinds, which files of arrays do not say."""
    return tuple(ENCODER_OF_KIND[m.kind] for m in dataset.card.modalities)


def _difference(accuracy: Mapping[str, Sequence[float]], dataset: Dataset) -> dict[str, float]:
    """Mean difference of media and shipped over seeds, with its 95 % interval."""
    rows, train_rows = len(dataset.rows("test")), len(dataset.rows("train"))
    records = [
        (dataset.name, form, seed, value, rows, train_rows)
        for form in ("shipped", "media")
        for seed, value in enumerate(accuracy[form])
    ]
    columns = ["data", "paradigm", "seed", "accuracy", "rows", "train_rows"]
    frame = differences(pd.DataFrame(records, columns=columns), "accuracy", "shipped")
    (row,) = frame.to_dict("records")
    return {name: float(row[name]) for name in ("difference", "low", "high")}
