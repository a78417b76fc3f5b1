"""Small models, batches and files that tests of the core start from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from dmil_core.config import Architecture, ArchitectureOptions, EncoderConfig, ModelConfig, Stage
from dmil_core.data.npz import write_arrays, write_npz
from dmil_core.models.batch import Batch
from dmil_core.models.registry import build
from dmil_core.seeding import reproducible
from dmil_core.training.loop import FitState, Report
from tests.core.data.sets import sound_card


def model_config(
    parts: Architecture | ArchitectureOptions = "dmil", classes: int = 3
) -> ModelConfig:
    """Two vector encoders over 6 and 5 numbers."""
    parts = parts if isinstance(parts, ArchitectureOptions) else ArchitectureOptions(parts)
    encoders = (
        EncoderConfig("mlp", (6,), feature_size=8, hidden=16),
        EncoderConfig("mlp", (5,), feature_size=8, hidden=16),
    )
    return ModelConfig(**vars(parts), encoders=encoders, classes=classes, latent_size=4)


def model(
    parts: Architecture | ArchitectureOptions = "dmil", classes: int = 3, seed: int = 0
) -> nn.Module:
    """An untrained small model in evaluation mode."""
    with reproducible(seed):
        return build(model_config(parts, classes)).eval()


def batch(rows: int = 60, classes: int = 3, seed: int = 0) -> Batch:
    """Rows whose label shows in both inputs, with responsibilities of a quarter each,
    as where each modality alone knows one half."""
    generator = torch.Generator().manual_seed(seed)
    y = torch.arange(rows) % classes
    x1 = torch.randn(rows, 6, generator=generator)
    x2 = torch.randn(rows, 5, generator=generator)
    x1[torch.arange(rows), y] += 2.0
    x2[torch.arange(rows), y] += 2.0
    w, half = torch.full((rows, 4), 0.25), torch.full((rows, 2), 0.5)
    truth = torch.tensor([2 / 3, 2 / 3, 1.0]).repeat(rows, 1)
    return Batch(x1, x2, y, w, alone=half, truth=truth, skill=half, informed=w, expected=w)


def stage(name: str = "one", trainable: tuple[str, ...] = ("",), **changes: Any) -> Stage:
    """A short stage on the final prediction."""
    values: dict[str, Any] = {
        "epochs": 3,
        "lr": 1e-2,
        "losses": {"ce": 1.0},
        "batch_size": 16,
        "schedule": "constant",
    }
    return Stage(name, f"stage {name}", trainable, **{**values, **changes})


class Stopped(Exception):
    """Stands for a kill right after an epoch's state was stored."""


def stop_after(epochs: int, path: Path) -> Callable[[FitState, Report], None]:
    """For ``on_epoch``: store every epoch's state, and stop after that many epochs in all."""

    def stop(state: FitState, _: Report) -> None:
        state.save(path, {})
        if len(state.history) == epochs:
            raise Stopped

    return stop


def mixed_arrays(n: int = 120) -> dict[str, NDArray[Any]]:
    """Short signals and sentences of two classes that both sides tell apart."""
    rng = np.random.default_rng(0)
    y = np.arange(n) % 2
    signal = rng.standard_normal((n, 20, 2)).astype(np.float32) + y[:, None, None]
    words = np.array([["calm and still", "quick and loud"][k] for k in y])
    return {
        "x1": signal,
        "x2": words,
        "y": y,
        "split": np.resize(np.repeat(["train", "val", "test"], [6, 2, 2]), n),
    }


def write_mixed(path: Path, card: bool) -> Path:
    """A user's file of ``mixed_arrays``, with a card beside it or without."""
    if not card:
        write_arrays(path, mixed_arrays())
        return path
    from dmil_core.data.card import MediaSpec, Modality

    modalities = (
        Modality("wrist", "sequence", "two axes", MediaSpec("signal")),
        Modality("words", "text", "what was said", MediaSpec("text")),
    )
    write_npz(path, mixed_arrays(), sound_card(modalities=modalities, classes=("calm", "quick")))
    return path


def states_equal(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    """Whether two sets of weights are the same to the last bit."""
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)
