"""Progress of training on a terminal: stage, epoch, loss, time left."""

from __future__ import annotations

import sys
from types import TracebackType

from tqdm import tqdm

from dmil_core.fit import Report


class ProgressBar:
    """One bar per stage; call it with every :class:`~dmil_core.fit.Report`.

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
