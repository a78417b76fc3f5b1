"""Pointwise information of what a trained model makes of each input: of Z, M or N, not of raw data.

A model knows the classes of its training rows, and so do its latents of them. Only rows that it has
not seen are looked at.
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
from dmil_core.information.sets import Estimate, check_two_inputs, estimate_rows
from dmil_core.partial_information.pointwise import Definition

#: Latents of which there is one for each input. Z: features; M: all that an encoder says of the
#: class; N: the same without what the other input says as well.
PAIRED: Final = ("Z", "M", "N")


def estimate_latents(
    checkpoint: Path, dataset: Dataset, latent: str, definition: Definition = "same-sign",
    seed: int = 0, device: str = "cpu",
) -> Estimate:  # fmt: skip
    """Estimate what a model's latents of each input tell of the class, of rows new to the model.

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
    held = pairs_of(run)
    if latent not in held:
        raise ConfigError(
            f"--latent {latent}: expected one of {', '.join(held) or 'none'}, which this model "
            f"({run.paradigm}) has of each input"
        )
    trained = (dataset.split == "train") & (dataset.digest == run.data_digest)
    rows = np.flatnonzero(~trained)
    table = predict(model, run.config.model, dataset, rows, latents=True)
    if f"{latent}1" in run.latents:
        x1, x2 = (latent_values(table, f"{latent}{m}") for m in (1, 2))
    else:  # a decomposition has the features of both side by side
        first = run.config.model.encoders[0].feature_size
        x1, x2 = np.split(latent_values(table, latent), [first], axis=1)
    return estimate_rows(dataset, rows, x1, x2, definition, seed)


def pairs_of(run: Run) -> tuple[str, ...]:
    """Those of ``PAIRED`` that a model has of each of its inputs."""
    held = set(run.latents)
    return tuple(name for name in PAIRED if {f"{name}1", f"{name}2"} <= held or name in held)
