"""Progress of training: a bar on a terminal, or lines of JSON for a program that watches."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from types import TracebackType
from typing import Final

from tqdm import tqdm

from dmil_core.config import RunConfig
from dmil_core.training.loop import Report


class ProgressBar:
    """One bar per stage; call it with every :class:`~dmil_core.training.loop.Report`.

    The time left is an upper bound, since a stage may stop early.
    """

    def __init__(self, disable: bool = False) -> None:
        self._disable = disable
        self._title = ""
        self._bar: tqdm[None] | None = None

    def __call__(self, report: Report) -> None:
        if self._disable:
            return
        if report.title != self._title or self._bar is None:
            self.close()
            self._title = report.title
            self._bar = tqdm(
                total=report.epochs, initial=report.epoch - 1, desc=f"stage {report.title}",
                unit="epoch", file=sys.stderr, leave=True, dynamic_ncols=True,
            )  # fmt: skip
        self._bar.set_postfix_str(
            f"loss {report.loss:.4f}, val {report.val_loss:.4f}, acc {report.val_accuracy:.3f}"
        )
        self._bar.update()

    def close(self) -> None:
        """End the current line."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class Share:
    """How far a whole training is, 0 to 1; call it with every report.

    A stage that stops early makes it jump, so time left reckoned from it is an upper bound.

    Parameters
    ----------
    planned : title of every stage to come and its work, in order; see :func:`planned`.
    """

    def __init__(self, planned: Mapping[str, float]) -> None:
        total, before = sum(planned.values()) or 1.0, 0.0
        self._spans: dict[str, tuple[float, float]] = {}
        for title, work in planned.items():
            self._spans[title] = (before / total, work / total)
            before += work
        self._fraction = 0.0

    def __call__(self, report: Report) -> float:
        start, length = self._spans.get(report.title, (self._fraction, 0.0))
        self._fraction = max(self._fraction, start + length * report.epoch / report.epochs)
        return self._fraction


class ProgressLines:
    """A line of JSON on stdout for every :class:`~dmil_core.training.loop.Report`.

    Each has ``stage`` (its title), ``fraction`` (see :class:`Share`) and ``message``.
    """

    def __init__(self, planned: Mapping[str, float]) -> None:
        self._share = Share(planned)

    def __call__(self, report: Report) -> None:
        epoch = f"epoch {report.epoch} of at most {report.epochs}"
        seen = f"right on {report.val_accuracy:.0%} of validation rows"
        say(report.title, self._share(report), f"{epoch}, {seen}")


def say(stage: str, fraction: float, message: str = "") -> None:
    """One line of machine-readable progress on stdout, sent at once."""
    line = {"stage": stage, "fraction": round(fraction, 4), "message": message}
    print(json.dumps(line), flush=True)


#: What an epoch of a stage costs, measured on small sets; an epoch of one input alone is 1.
_WORK: Final = {"joint": 1.5, "decompose": 3.0, "interact": 3.0, "together": 4.0}


def planned(config: RunConfig, train_rows: int, epochs_scale: float = 1.0) -> dict[str, float]:
    """Title of every stage of a training to its expected work, in order; for `ProgressLines`."""
    from dmil_core.training.cross_fitting import fold_title, teacher_stages

    work: dict[str, float] = {}
    for k in range(config.folds):
        kept = round(train_rows * (config.folds - 1) / config.folds)
        share = kept / max(train_rows, 1)
        for _, stages in teacher_stages(kept, config.model.modalities, epochs_scale):
            for stage in stages:
                title = f"{fold_title(k, config.folds)}, {stage.name}"
                work[title] = share * stage.epochs * _WORK.get(stage.name, 1.0)
    for stage in config.stages:
        work[stage.title] = stage.epochs * _WORK.get(stage.name, 1.0)
    return work
