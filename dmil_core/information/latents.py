"""Pointwise mutual information of a trained model's latents (Z, M or N) with the class.

The latents of training rows are fitted to their labels, so only rows that the model was not trained
on are used.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from dmil_core.checkpoint import Run, check_fits, load_model
from dmil_core.data.dataset import Dataset
from dmil_core.errors import ConfigError
from dmil_core.inference.predict import predict
from dmil_core.inference.projection import latent_values
from dmil_core.information.refits import REFITS
from dmil_core.information.sets import Estimate, check_two_inputs, estimate_rows
from dmil_core.partial_information.pointwise import Definition

#: Latents of which there is one for each input. Z: features of the encoder; M: class information
#: of one input; N: the part of M that the other input does not share.
PAIRED: Final = ("Z", "M", "N")


def estimate_latents(
    checkpoint: Path, dataset: Dataset, latent: str, definition: Definition = "same-sign",
    seed: int = 0, device: str = "cpu", refits: int = REFITS,
) -> Estimate:  # fmt: skip
    """Estimate i(z1;y), i(z2;y) and i(z1,z2;y) of a model's latents, for rows new to the model.

    Raises
    ------
    ConfigError
        If the model has no such latents, or the set three inputs.
    CheckpointError
        If the checkpoint is damaged or does not fit the set.
    DataError
        If too few rows are new to the model.
    """
    check_two_inputs(dataset)
    model, run = load_model(checkpoint, device)
    check_fits(run, dataset)
    available = pairs_of(run)
    if latent not in available:
        raise ConfigError(
            f"--latent {latent}: expected one of {', '.join(available) or 'none'}, which this "
            f"model ({run.paradigm}) has of each input"
        )
    trained = (dataset.split == "train") & (dataset.digest == run.data_digest)
    rows = np.flatnonzero(~trained)
    table = predict(model, run.config.model, dataset, rows, latents=True)
    if f"{latent}1" in run.latents:
        x1, x2 = (latent_values(table, f"{latent}{m}") for m in (1, 2))
    else:  # a decomposition has the features of both side by side
        first = run.config.model.encoders[0].feature_size
        x1, x2 = np.split(latent_values(table, latent), [first], axis=1)
    return estimate_rows(dataset, rows, x1, x2, definition, seed, refits)


def pairs_of(run: Run) -> tuple[str, ...]:
    """Those of ``PAIRED`` that a model has of each of its inputs."""
    names = set(run.latents)
    return tuple(n for n in PAIRED if {f"{n}1", f"{n}2"} <= names or n in names)
