"""Progress of a training: a bar on a terminal, or lines of JSON for a program that watches.

Both show :attr:`Report.fraction <dmil_core.training.loop.Report.fraction>`, the share of the whole
run that is done.
"""

from __future__ import annotations

import json
import sys
from types import TracebackType

from tqdm import tqdm

from dmil_core.training.loop import Report


class ProgressBar:
    """One bar per run; call it with every :class:`~dmil_core.training.loop.Report`.

    The time left is an upper bound, since a stage may stop early.
    """

    def __init__(self, disable: bool = False) -> None:
        self._disable = disable
        self._bar: tqdm[None] | None = None
        self._fraction = 0.0

    def __call__(self, report: Report) -> None:
        if self._disable:
            return
        if self._bar is None or report.fraction < self._fraction:  # a new run
            self.close()
            self._bar = tqdm(
                total=1.0, file=sys.stderr, leave=True, dynamic_ncols=True,
                bar_format="{desc} {percentage:3.0f}%|{bar}| {elapsed}<{remaining}{postfix}",
            )  # fmt: skip
        self._bar.set_description_str(f"stage {report.title}", refresh=False)
        self._bar.set_postfix_str(
            f"epoch {report.epoch}/{report.epochs}, loss {report.loss:.4f}, "
            f"val {report.val_loss:.4f}, acc {report.val_accuracy:.3f}",
            refresh=False,
        )
        self._fraction = report.fraction
        self._bar.update(report.fraction - self._bar.n)

    def close(self) -> None:
        """End the current line."""
        if self._bar is not None:
            self._bar.refresh()
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


class ProgressLines:
    """A line of JSON on stdout for every :class:`~dmil_core.training.loop.Report`.

    Each has ``stage`` (its title), ``fraction`` (of the whole run) and ``message``.
    """

    def __call__(self, report: Report) -> None:
        epoch = f"epoch {report.epoch} of at most {report.epochs}"
        accuracy = f"right on {report.val_accuracy:.0%} of validation rows"
        emit(report.title, report.fraction, f"{epoch}, {accuracy}")


def emit(stage: str, fraction: float, message: str = "") -> None:
    """Write one line of machine-readable progress to stdout and flush it."""
    line = {"stage": stage, "fraction": round(fraction, 4), "message": message}
    print(json.dumps(line), flush=True)
