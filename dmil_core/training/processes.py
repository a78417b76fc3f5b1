"""Several processes that train one model, as ``torchrun`` starts them.

Each process goes through the same batches, computes the gradient of its share of every batch, and
steps along the gradient of the whole. Weights and validation are therefore the same in all of them;
the first alone writes files. What a step draws, such as dropout, differs between processes.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Final, TypeVar

import torch
from torch import Tensor, distributed, nn

from dmil_core.models.batch import Batch

#: What torchrun tells a process: how many there are, and which GPU is its own.
_COUNT: Final = "WORLD_SIZE"
_OWN_GPU: Final = "LOCAL_RANK"
#: How long processes wait for the first one, which reads the source and writes predictions.
_PATIENCE: Final = timedelta(days=1)


T = TypeVar("T")


def asked_for() -> bool:
    """Whether torchrun started this process as one of several."""
    return int(os.environ.get(_COUNT, "1")) > 1


@contextlib.contextmanager
def together() -> Iterator[None]:
    """Inside, the processes that torchrun started train together; with one, nothing changes."""
    if not asked_for():
        yield
        return
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ[_OWN_GPU]))
    distributed.init_process_group(
        "nccl" if torch.cuda.is_available() else "gloo", timeout=_PATIENCE
    )
    try:
        yield
    finally:
        distributed.destroy_process_group()


def count() -> int:
    """How many processes train the model."""
    return distributed.get_world_size() if _joined() else 1


def is_first() -> bool:
    """Whether this process is the one that writes."""
    return not _joined() or distributed.get_rank() == 0


def _joined() -> bool:
    return distributed.is_available() and distributed.is_initialized()


def first_alone(work: Callable[[], T]) -> T:
    """What the first process does while the others wait, and then find done."""
    if not is_first():
        wait()
        return work()
    result = work()
    wait()
    return result


def wait() -> None:
    """Wait until all processes are here."""
    if count() > 1:
        distributed.barrier()


def share(batch: Batch) -> Batch:
    """The rows of a batch whose gradient this process computes."""
    if count() == 1:
        return batch
    rows = torch.arange(distributed.get_rank(), len(batch), count(), device=batch.device)
    return batch.rows(rows)


def seed_step(epoch_seed: int, step: int) -> None:
    """Let the draws of a step depend on epoch, step and process, where there are several."""
    if count() == 1:
        return
    key = repr((epoch_seed, step, distributed.get_rank())).encode()
    torch.manual_seed(int.from_bytes(hashlib.sha256(key).digest()[:7], "big"))


def of_whole(loss: Tensor, parameters: Sequence[nn.Parameter], part: float) -> Tensor:
    """The loss of a whole batch from that of this process's share, whose gradients become those of
    the whole as well.

    Parameters
    ----------
    loss
        The mean over the rows of the share.
    part
        Its rows among those of the batch, 0 to 1.
    """
    if count() == 1:
        return loss
    gradients = [p.grad for p in parameters if p.grad is not None]
    flat = part * torch.cat([loss.reshape(1), *(g.flatten() for g in gradients)])
    distributed.all_reduce(flat)
    start = 1
    for gradient in gradients:
        gradient.copy_(flat[start : start + gradient.numel()].view_as(gradient))
        start += gradient.numel()
    return flat[0]
