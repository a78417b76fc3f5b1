"""What ``explain`` returns."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from dmil_core.metrics.intervals import Interval
from dmil_core.partial_information.pointwise import PARTS
from dmil_core.posthoc.partners import FEWEST_INPUTS, Choice

if TYPE_CHECKING:
    from dmil_core.io.app import App
    from dmil_core.posthoc.shown import Source

_NATS_PER_BIT: Final = float(np.log(2.0))
#: Files that :meth:`Explanation.save` writes.
RESULT_FILE: Final = "explanation.json"
SAMPLES_FILE: Final = "samples.parquet"


@dataclass(frozen=True, eq=False, repr=False)
class Explanation:
    """What a model's inputs do alone and together; shows itself in a notebook.

    Attributes
    ----------
    inputs : names of the inputs, ``x1`` to ``x4``.
    classes : names of the classes, in the order of f's columns; none of a regression.
    accuracy : of f on the samples, 0 to 1; None without classes.
    emap_accuracy : of its best additive approximation (EMAP).
    interaction_share : of the interactions among all effects, 0 (additive) to 1.
    pair : the two inputs that carry most of the interactions.
    intervals
        Name -> estimate with its 95 % interval over samples and partners: ``accuracy``,
        ``emap_accuracy``, ``interaction_share``; ``pair_x1_x2`` ... the share of each pair;
        ``variance_x1``, ``variance_x1_x2`` ... the share of each set of inputs in the variance of
        f; and of two inputs the means of ``i1``, ``i2``, ``i12``, ``r``, ``u1``, ``u2`` and ``s``,
        in nats.
    frame
        A row for each sample. ``id``; ``y`` and ``correct`` where classes are known; ``pred``;
        ``emap_pred`` and ``emap_correct`` of the additive approximation. In nats, for the logit of
        the predicted class less its mean over the classes (of a regression, for its value):
        ``score`` of f, ``emap`` of the additive approximation, ``residual`` their difference,
        ``main_x1`` ... main effects, ``pair_x1_x2`` ... interactions. ``interaction_share``, 0 to
        1, over all classes; ``strongest_pair`` of more than two inputs. Of classifiers of two
        inputs ``i1``, ``i2``, ``i12``, ``r``, ``u1``, ``u2``, ``s`` in nats, of the class ``y`` (of
        the predicted class where none is known), and ``largest``, the component of the largest
        part.
    choice : how partners were drawn.
    partners : how many each sample has.
    background : rows of the background set.
    evaluations : rows that f was evaluated on.
    seed : of the draws.
    assumptions : what the figures rest on, in sentences.
    source : the model, the samples and what it says of them; for :meth:`show`.
    """

    inputs: tuple[str, ...]
    classes: tuple[str, ...]
    accuracy: float | None
    emap_accuracy: float | None
    interaction_share: float
    pair: tuple[str, str]
    intervals: dict[str, Interval]
    frame: pd.DataFrame
    choice: Choice
    partners: int
    background: int
    evaluations: int
    seed: int
    assumptions: tuple[str, ...]
    source: Source | None = None

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        known = "" if self.accuracy is None else f", accuracy {self.accuracy:.3f}"
        additive = "" if self.emap_accuracy is None else f", EMAP {self.emap_accuracy:.3f}"
        return (
            f"<dmil_core.Explanation of {len(self)} samples, {len(self.inputs)} inputs{known}"
            f"{additive}, interaction share {self.interaction_share:.2f}>"
        )

    def as_json(self) -> dict[str, Any]:
        """All but the frame, for a JSON file; shares 0 to 1, information in nats."""
        return {
            "format": 1,
            "inputs": list(self.inputs),
            "classes": list(self.classes),
            "samples": len(self),
            "accuracy": self.accuracy,
            "emap_accuracy": self.emap_accuracy,
            "interaction_share": self.interaction_share,
            "pair": list(self.pair),
            "intervals": {
                name: {"value": i.value, "interval": _ends(i)} for name, i in self.intervals.items()
            },
            "choice": self.choice,
            "partners": self.partners,
            "background": self.background,
            "evaluations": self.evaluations,
            "seed": self.seed,
            "assumptions": list(self.assumptions),
        }

    def save(self, folder: str | Path) -> None:
        """Write ``explanation.json`` (:meth:`as_json`) and ``samples.parquet`` (the frame).

        Raises
        ------
        ResourceError
            If disk, permissions, quota or memory do not suffice.
        """
        from dmil_core.io.atomic import make_folder, write_json
        from dmil_core.io.paths import named_path
        from dmil_core.io.tables import write_table

        path = named_path(folder)
        make_folder(path)
        write_table(self.frame, path / SAMPLES_FILE)
        write_json(path / RESULT_FILE, self.as_json())

    def show(
        self, name: str = "my-model", checkpoints: str | Path | None = None, *,
        app: App | None = None, port: int | None = None, seconds: float = 60.0,
    ) -> App:  # fmt: skip
        """Open the app on the explained samples, in a process of its own, and print its address.

        The predictions become an external checkpoint, as by :func:`dmil_core.import_predictions`.
        Of a model of ONNX the checkpoint has the file too, so that the app evaluates it.

        Parameters
        ----------
        name
            What the model is called there.
        checkpoints
            Folder that the checkpoint is kept in, as ``<set>/<name>/seed0``, in the place of an
            external model of this name; the app shows the others in it as well. By default a
            temporary one, which is removed when the app ends.
        app
            An app that :meth:`show` returned: the model is put beside what is in it.
        port
            That it listens on; by default one that is free.
        seconds
            That it may take to start.

        Returns
        -------
        App
            ``app.url`` is the address, a link in a notebook; ``app.stop()`` ends it, as does the
            end of this Python.

        Raises
        ------
        ConfigError
            If the app is not installed or does not start, or it cannot show these samples: those of
            a regression, of four inputs, or without classes.
        DataError
            If inputs are none that a data set holds.
        CheckpointError
            If a model of this name in the folder was trained here.
        """
        from dmil_core.posthoc.shown import show

        shown = show(self.source, name, checkpoints, app, port, seconds)
        print(shown.url)
        return shown

    def _repr_html_(self) -> str:
        return _html(self)


def _ends(interval: Interval) -> list[float] | None:
    """The ends for JSON, which has no NaN."""
    return [interval.low, interval.high] if np.isfinite(interval.low) else None


def _html(of: Explanation) -> str:
    """HTML of a few KB without scripts; colours are the page's."""
    lines = [("samples", f"{len(of):,}", "")]
    for name, title in (
        ("accuracy", "accuracy"),
        ("emap_accuracy", "accuracy of the best additive approximation (EMAP)"),
        ("interaction_share", "share of interactions among all effects"),
    ):
        if name in of.intervals:
            i = of.intervals[name]
            lines.append((title, f"{i.value:.1%}", _between(i, ".1%")))
    if len(of.inputs) > FEWEST_INPUTS:
        share = of.intervals[f"pair_{'_'.join(of.pair)}"]
        lines.append((f"share of {' with '.join(of.pair)}, the strongest pair",
                      f"{share.value:.1%}", _between(share, ".1%")))  # fmt: skip
    for part in PARTS:
        if part in of.intervals:
            i = of.intervals[part].scaled(1.0 / _NATS_PER_BIT)
            lines.append((f"{part.upper()}, mean, bits", f"{i.value:+.2f}", _between(i, "+.2f")))
    rows = "".join(
        f'<tr><th scope="row" style="text-align:left">{escape(title)}</th><td>{value}</td>'
        f"<td>{interval}</td></tr>"
        for title, value, interval in lines
    )
    notes = "".join(f"<li>{escape(text)}</li>" for text in of.assumptions)
    return (
        '<table style="color:inherit;background:transparent;font-variant-numeric:tabular-nums">'
        f'<caption style="text-align:left;color:inherit">Inputs {escape(", ".join(of.inputs))}, '
        f"{of.partners} {of.choice} partners for each sample</caption><thead><tr>"
        '<th scope="col"></th><th scope="col">value</th><th scope="col">95 % interval</th></tr>'
        f"</thead><tbody>{rows}</tbody></table><ul>{notes}</ul>"
    )


def _between(interval: Interval, form: str) -> str:
    if not np.isfinite(interval.low):
        return ""
    return f"{interval.low:{form}} to {interval.high:{form}}"
