"""``explain`` of rows that do not fit into memory, to a folder of Parquet files.

Partners are drawn from a bounded background set. Figures of the model as a whole, with their
intervals, are those of a bounded number of samples, which were drawn from all of the source; what
information rests on, partners of a like answer and calibration, is fitted to these samples too.
Then every row is explained by itself and written: with marginal partners that depend on its number
alone, as if all rows were explained at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from dmil_core.checkpoint import Run, as_new_rows, for_prediction
from dmil_core.data.card import Card
from dmil_core.data.dataset import Dataset
from dmil_core.data.files.load import Request
from dmil_core.data.files.stream import FitRows, NewRows, Part, Source, batches, columns_said
from dmil_core.data.new_split import SPLIT_RULE
from dmil_core.engine.options import EngineOptions
from dmil_core.engine.parts import write_parts
from dmil_core.errors import ConfigError
from dmil_core.io.parts import PartsFolder, Rows, Work, arrow_of
from dmil_core.partial_information.pmf import Floats
from dmil_core.partial_information.pointwise import Definition
from dmil_core.posthoc import pointwise
from dmil_core.posthoc.calibration import Calibration
from dmil_core.posthoc.callables import wrapped
from dmil_core.posthoc.emap import emap
from dmil_core.posthoc.explain import Inside, explained, features_to_compare, frame_of
from dmil_core.posthoc.explanation import Explanation
from dmil_core.posthoc.function import Predict
from dmil_core.posthoc.interaction import effects
from dmil_core.posthoc.partners import GROUPS, Choice, Ints, check_choice, plan, standardised
from dmil_core.posthoc.parts import identity
from dmil_core.posthoc.samples import Samples, samples_of
from dmil_core.posthoc.values import Values, evaluate, outputs_of, probabilities

#: Samples for the figures of the model as a whole, and rows that these and the background set are
#: drawn from.
SAMPLES: Final = 2_000
DRAWN: Final = 20_000
#: Numbers of partners' means that are in memory at a time, for each set of kept inputs.
_AT_ONCE: Final = 2_000_000
#: Columns of the samples that rest on what was fitted to some of them.
_INFORMATION: Final = ("i1", "i2", "i12", "r", "u1", "u2", "s", "largest")


@dataclass(frozen=True, eq=False)
class Streamed:
    """What was written, and the explanation of the samples that stand for all rows.

    Attributes
    ----------
    found : of the samples alone.
    rows, of : rows that were written, of the source.
    means : over all rows: ``correct``, ``emap_correct`` (0 to 1) where classes are known, and of
        two inputs ``i1`` to ``s``, in nats.
    files : one for each part.
    """

    found: Explanation
    rows: int
    of: int
    means: dict[str, float]
    files: tuple[Path, ...]


def explain_parts(
    f: Predict, source: Source, out: Path, request: Request, run: Run | None = None, *,
    samples: int = SAMPLES, background: int = 1000, partners: int = 100,
    choice: Choice = "marginal", definition: Definition = "same-sign", seed: int = 0,
    model: str | None = None, progress: Callable[[int, int], None] | None = None,
    engine: EngineOptions | None = None,
) -> Streamed:  # fmt: skip
    """Explain a model's answers to all test rows of a source; all rows, where it has no splits.

    Memory does not grow with the rows.

    Parameters
    ----------
    f
        The model, as in :func:`dmil_core.explain`.
    source, out, request
        As for :func:`dmil_core.information.stream.estimate_parts`.
    run
        The checkpoint that f is of; None for any other model, whose rows need labels.
    samples
        Largest number of samples for the figures as a whole.
    background
        Largest number of rows that partners are drawn from: training rows, where there are some.
    partners, choice, definition, seed, model
        As in :func:`dmil_core.explain`; partners of the class of a row are for data in memory.
    progress
        Called with the rows done, and those of the source.
    engine
        What writes the parts; None for this very process. Other processes are sent f.

    Raises
    ------
    ConfigError
        If the folder holds something else, f returns something else than it should, or an option
        does not exist.
    DataError
        If rows cannot be used; the parts before them are kept.
    """
    pointwise.check_definition(definition)
    check_choice(choice, partners)
    if choice == "class":
        raise ConfigError(
            "partners of the class of a row are drawn for all rows at once; for rows that are read "
            "in parts take marginal or near partners"
        )
    f = wrapped(f)
    about = {
        "model": identity(f, model), "source": source.about, "columns": columns_said(request),
        "samples": samples, "background": background, "partners": partners, "choice": choice,
        "definition": definition, "seed": seed,
    }  # fmt: skip
    folder = PartsFolder(out, Work("explain", "explanation", about))
    reading = _Reading(source, request, run, seed)
    data = samples_of(f, reading.dataset, None, (), None, samples, background, None, None, seed)
    found, inside = explained(
        f, data, partners=partners, choice=choice, definition=definition, seed=seed, model=model
    )
    others = _Others(found, inside, reading, partners, choice, definition, seed)
    written = write_parts(folder, source.parts, others.rows_of, {"unit": "nats"}, progress, engine)
    means = {name: m.mean for name, m in written.means.items()}
    summary = {"rows": written.rows, "of": source.rows, "samples": len(found), "means": means}
    folder.finish({**summary, "explanation": found.as_json()})
    return Streamed(found, written.rows, source.rows, means, written.files)


class _Reading:
    """Rows as the model takes them: some that were drawn, and all in batches.

    Attributes
    ----------
    dataset : the drawn rows.
    positions : (n,) where they are in the source.
    """

    def __init__(self, source: Source, request: Request, run: Run | None, seed: int) -> None:
        self._run, self._source = run, source
        if run is None:
            fit = FitRows(source, request, DRAWN, seed)
            self._rows: FitRows | NewRows = fit
            self.dataset, self.positions = self._as_they_came(fit.dataset), fit.positions
            return
        self._rows = NewRows(source, request, Card.from_dict(run.data_card))
        some, self.positions = self._rows.drawn(source, DRAWN, seed)
        self.dataset = self._as_they_came(some)

    def _as_they_came(self, rows: Dataset) -> Dataset:
        """With the classes of a checkpoint, and no split but one that the source has."""
        if self._run is not None:
            return as_new_rows(self._run, for_prediction(self._run, rows))
        if rows.card.split_rule != SPLIT_RULE:
            return rows
        return replace(rows, split=np.full(len(rows), "test"))

    def batches(self, part: Part, before: int, most: int) -> Iterator[tuple[Dataset, Ints, int]]:
        """Rows of a part, at most so many at a time, their positions in the source, and how many
        come before them."""
        start = self._source.starts[part.number]
        for batch in batches(part, min(most, self._rows.batch_rows)):
            rows, kept = self._rows.read(batch, part.file.name, before)
            yield self._as_they_came(rows), start + kept, before
            before += len(rows)
            start += len(batch)


class _Others:
    """Explains any rows by what is known of the samples."""

    def __init__(
        self, found: Explanation, inside: Inside, reading: _Reading, partners: int, choice: Choice,
        definition: Definition, seed: int,
    ) -> None:  # fmt: skip
        self._inside, self._reading = inside, reading
        self._partners, self._choice = partners, choice
        self._definition, self._seed = definition, seed
        data = inside.data
        self._names, self._nothing = found.inputs, found.frame.iloc[:0]
        # What partners are drawn from is put in front of each batch.
        self._base = np.unique(np.concatenate([data.background, data.rows]))
        self._inputs = [np.asarray(x)[self._base] for x in data.inputs]
        self._background = np.searchsorted(self._base, data.background)
        self._samples = np.searchsorted(self._base, data.rows)
        self._in_source = reading.positions[self._base]
        width = inside.function.width
        self._most = max(64, _AT_ONCE // (GROUPS * width))
        self._information: _Information | None = None
        if inside.alone is not None:
            frame = found.frame[list(_INFORMATION)].reset_index(drop=True)
            places = reading.positions[data.rows]
            self._information = _Information(inside, frame, places, partners, definition, seed)

    def rows_of(self, part: Part, before: int) -> Iterator[Rows]:
        """The rows of one part."""
        for rows, places, number in self._reading.batches(part, before, self._most):
            chosen = np.flatnonzero((rows.split == "test") & rows.complete)
            known = self._inside.data.row_classes is not None
            if known:
                chosen = chosen[rows.y[chosen] >= 0]
            table = self._nothing
            if len(chosen):
                table = self._explained(rows, chosen, places[chosen], number + chosen)
            flags = [c for c in ("correct", "emap_correct") if c in table]
            flags += [c for c in _INFORMATION[:-1] if c in table]
            values = {c: table[c].to_numpy(np.float64) for c in flags}
            yield Rows(arrow_of(table), len(rows), values=values)

    def _explained(self, rows: Dataset, chosen: Ints, places: Ints, numbers: Ints) -> pd.DataFrame:
        """A row for each that is chosen."""
        base = len(self._base)
        inputs = [
            np.concatenate([own, x[chosen]])
            for own, x in zip(self._inputs, rows.inputs, strict=True)
        ]
        # A row that partners are drawn from is none of its own.
        at = np.searchsorted(self._in_source, places)
        at[at == base] = 0
        same = self._in_source[at] == places
        positions = np.where(same, at, base + np.arange(len(chosen)))
        whole_y = None
        if self._inside.data.row_classes is not None:
            whole_y = np.concatenate([np.zeros(base, np.int64), np.zeros(len(chosen), np.int64)])
            whole_y[positions] = rows.y[chosen]
        data = replace(
            self._inside.data, inputs=tuple(inputs), rows=positions, background=self._background,
            y=whole_y, ids=rows.ids[chosen], names=np.empty(0), dataset=None,
        )  # fmt: skip
        values, raw_whole = self._values(data, numbers)
        table = frame_of(data, self._inside.function, emap(values), effects(values), self._names)
        if self._information is None:
            return table
        own = self._information.columns(data, values, raw_whole, self._samples, places)
        return pd.concat([table, own], axis=1)

    def _values(self, data: Samples, numbers: Ints) -> tuple[Values, Floats]:
        """Of rows with their partners, and (n, K) probabilities of the rows as they are."""
        function = self._inside.function
        whole = function.scores(outputs_of(function.f, data.inputs, data.rows))
        features: list[Floats] = []
        if self._choice == "near":
            features = [standardised(features_to_compare(x), data.background) for x in data.inputs]
        chosen = plan(
            data.rows, data.background, len(data.inputs), self._partners, self._choice, self._seed,
            features=features, numbers=numbers,
        )  # fmt: skip
        values = evaluate(function, data.inputs, whole, chosen)
        return values, np.exp(function.log_probabilities(whole))


class _Information:
    """What inputs say of the class in further rows, by what was fitted to the samples.

    Parameters
    ----------
    frame : the same columns of the samples themselves.
    places : (n,) where the samples are in the source.
    """

    def __init__(
        self, inside: Inside, frame: pd.DataFrame, places: Ints, partners: int,
        definition: Definition, seed: int,
    ) -> None:  # fmt: skip
        data, values = inside.data, inside.values
        assert inside.alone is not None
        self._inside, self._frame, self._places = inside, frame, places
        self._definition, self._seed = definition, seed
        p12 = np.exp(inside.function.log_probabilities(values.whole))
        self._prior = pointwise.prior_of(data.known_classes, p12)
        y = data.row_classes
        self._fitted: list[Calibration] = []
        if y is not None:
            scores = [*_scores(values, inside.alone), pointwise.log_of(p12)[None]]
            self._fitted = [Calibration.fit(z, y, seed) for z in scores]
        if inside.second is not None:
            self._likeness = pointwise.Likeness(values, spread=y is not None)
            self._answers = self._likeness.of(values)
            among, self._count = pointwise.among_like(data.rows, partners, seed)
            self._among = np.searchsorted(data.rows, among)

    def columns(
        self, data: Samples, values: Values, p12: Floats, samples: Ints, places: Ints
    ) -> pd.DataFrame:
        """Of rows, at these places of the source; ``samples`` are the positions of the samples
        among the inputs."""
        alone = values.single
        if self._inside.second is not None:
            alone = self._alone(data, values, samples)
        scores = [*_scores(values, alone), pointwise.log_of(p12)[None]]
        if self._fitted:
            tables = [c.of_others(z) for c, z in zip(self._fitted, scores, strict=True)]
        else:
            tables = [np.exp(z[0]) for z in scores]
        y, (p1, p2, both) = data.row_classes, tables
        found = pointwise.information(
            p1, p2, both, p12.argmax(axis=1) if y is None else y, self._prior, self._definition
        )
        table = pd.DataFrame({**found.columns(), "largest": found.largest().astype(object)})
        at = np.searchsorted(self._places, places)
        at[at == len(self._places)] = 0
        own = np.flatnonzero(self._places[at] == places)
        # What a sample has was found by what was fitted to others.
        table.iloc[own] = self._frame.iloc[at[own]].to_numpy()
        return table.astype(dict.fromkeys(_INFORMATION[:-1], np.float64))

    def _alone(self, data: Samples, values: Values, samples: Ints) -> tuple[Floats, ...]:
        """(G, n, K) probabilities by each input alone, over samples of a like answer."""
        features = []
        for own, of_samples in zip(self._likeness.of(values), self._answers, strict=True):
            answers = np.zeros((len(data.inputs[0]), own.shape[1]))
            answers[data.rows] = own
            answers[samples] = of_samples
            features.append(answers)
        second = plan(
            data.rows, samples[self._among], len(data.inputs), self._count, "near", self._seed,
            features=features,
        )  # fmt: skip
        function = self._inside.function
        every = np.ones((1, *second.index[0,].shape), dtype=bool)
        return tuple(
            probabilities(function, data.inputs, second, m, every)[0]
            for m in range(len(data.inputs))
        )


def _scores(values: Values, alone: tuple[Floats, ...]) -> list[Floats]:
    """(F, n, K) of each input alone, by all partners."""
    return [
        pointwise.scores_of(values, m, pointwise.with_and_without(p))[0]
        for m, p in enumerate(alone)
    ]
