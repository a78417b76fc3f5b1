"""What an explanation says of a model as a whole, in a file beside its checkpoint for the app.

``interactions.json`` names the digests of the data and of the weights, so that a model that was
trained again, or a set that changed, has none.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from dmil_core.checkpoint import Run
from dmil_core.errors import ConfigError, DataError
from dmil_core.io import strict_json
from dmil_core.io.atomic import write_json
from dmil_core.io.reading import parsing, read_json
from dmil_core.metrics.intervals import Interval
from dmil_core.posthoc.explanation import Explanation

FILE: Final = "interactions.json"
#: Version of the files that are written; files of a later one are refused.
VERSION: Final = 1
_MOST_BYTES: Final = 1024**2
_AGAIN: Final = "Write it again: dmil explain --checkpoint ... --keep"


@dataclass(frozen=True)
class Figure:
    """A figure with the ends of its 95 % interval, None where there is none."""

    value: float
    low: float | None
    high: float | None

    @property
    def interval(self) -> Interval:
        """The same with NaN for None."""
        low, high = (math.nan if end is None else end for end in (self.low, self.high))
        return Interval(self.value, low, high)


@dataclass(frozen=True)
class Summary:
    """The figures of an :class:`~dmil_core.posthoc.explanation.Explanation` without its samples.

    Attributes
    ----------
    data, weights : digests of the set and of the checkpoint's weights.
    samples : how many were explained.
    accuracy, emap_accuracy : of the model, and of its best additive approximation, 0 to 1.
    interaction_share : of the interactions among all effects, 0 to 1.
    pair : the two inputs that carry most of the interactions, such as ``x1`` and ``x2``.
    partners, background, evaluations : as of the explanation.
    assumptions : what the figures rest on, in sentences.
    """

    version: int
    data: str
    weights: str
    samples: int
    accuracy: Figure
    emap_accuracy: Figure
    interaction_share: Figure
    pair: tuple[str, str]
    partners: int
    background: int
    evaluations: int
    assumptions: tuple[str, ...]


def summary(found: Explanation, run: Run) -> Summary:
    """The figures of an explanation of a checkpoint's model on its own set.

    Raises
    ------
    ConfigError
        If samples have no classes, or partners were not drawn from all rows.
    """
    if "accuracy" not in found.intervals or found.choice != "marginal":
        raise ConfigError(
            "expected an explanation of samples with classes and marginal partners; leave --choice "
            "out"
        )
    three = ("accuracy", "emap_accuracy", "interaction_share")
    accuracy, emap, share = (_figure(found.intervals[name]) for name in three)
    return Summary(
        VERSION, run.data_digest, run.weights_sha256, len(found), accuracy, emap, share, found.pair,
        found.partners, found.background, found.evaluations, found.assumptions,
    )  # fmt: skip


def _figure(of: Interval) -> Figure:
    low, high = (float(end) if math.isfinite(end) else None for end in (of.low, of.high))
    return Figure(float(of.value), low, high)


def save(summary: Summary, folder: Path) -> Path:
    """Write the file into a checkpoint's folder, at once or not at all."""
    path = folder / FILE
    write_json(path, asdict(summary))
    return path


def load(folder: Path) -> Summary:
    """Read the file in a checkpoint's folder.

    Raises
    ------
    DataError
        If it is damaged or of a later version.
    FileNotFoundError
        If there is none.
    """
    path = folder / FILE
    content = read_json(path, _MOST_BYTES, advice=_AGAIN)
    version = content.get("version") if isinstance(content, dict) else None
    if isinstance(version, int) and version > VERSION:
        raise DataError(
            f"{path}: it has version {version}, this program reads versions up to {VERSION}; "
            "update the program or write the file again"
        )
    with parsing(path, "a summary of an explanation", advice=_AGAIN):
        found: Summary = strict_json.read(Summary, content)
        return found
