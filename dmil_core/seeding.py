"""Draws that depend on a key alone."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator

import torch


@contextlib.contextmanager
def reproducible(*key: int) -> Iterator[None]:
    """Draws inside depend on ``key`` alone, and leave the global generators as they were."""
    seed = int.from_bytes(hashlib.sha256(repr(key).encode()).digest()[:7], "big")
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield
