"""The generated set ``gates``: rows of a gate mixture, as points in a plane or as vectors."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dmil_core.data.card import Card, MediaSpec, Modality
from dmil_core.data.dataset import Dataset, from_arrays
from dmil_core.data.synthetic import spec as options
from dmil_core.data.synthetic.gate_mixture import NAME, GateMixture
from dmil_core.data.synthetic.gate_mixture import OPTIONS as DISTRIBUTION_OPTIONS
from dmil_core.data.synthetic.gates import BITS
from dmil_core.data.synthetic.gaussian import GaussianDistribution
from dmil_core.data.synthetic.spec import Option
from dmil_core.data.synthetic.switch_distribution import DECIMALS as DRAWN_DECIMALS
from dmil_core.data.synthetic.switch_distribution import SIGNAL_NORM, orthonormal
from dmil_core.errors import ConfigError
from dmil_core.schema import SPLITS, Form

Floats = NDArray[np.float64]

TITLE: Final = "Gate mixture: logic gates or a truth table, as points or vectors"
#: Coordinates of an input as a vector: room for two symbols of each gate.
DIMENSION: Final = 16
#: Flag of rows whose class noise has drawn anew.
REDRAWN: Final = "class_redrawn"

_DRAWN: Final[tuple[Option, ...]] = (
    Option("form", "points", options.one_of(("points", "vectors")), "what the inputs are"),
    Option("spread", 0.25, options.number(0.01, 10), "noise of an input, by half the distance"),
    Option("spread2", 0.0, options.number(0, 10), "the same of x2 alone; 0: that of x1"),
    Option("seed", 0, options.integer(0, 10**9), "seed of the rows"),
    Option("train", 2000, options.integer(1, 300_000), "training rows"),
    Option("val", 500, options.integer(1, 100_000), "validation rows"),
    Option("test", 1000, options.integer(1, 100_000), "test rows"),
)
OPTIONS: Final[tuple[Option, ...]] = (*DISTRIBUTION_OPTIONS, *_DRAWN)


@dataclass(frozen=True)
class GateMixtureSet:
    """A gate mixture and how rows are drawn from it.

    Each symbol of an input has a centre; a row has the centre of its symbol and Gaussian noise.
    As points, symbols are two apart in a plane: with several gates a column for each gate, in it
    bit 0 below bit 1; else around a circle, beginning below. As vectors, they are orthogonal
    directions of length 4, as the codes of ``switch``.

    Attributes
    ----------
    spread : standard deviation of each coordinate, in halves of the distance of two neighbours.
        At 0.25, 1 in 30,000 rows lies nearer to its neighbour's centre.
    spread2 : the same of x2 alone; 0 means that of x1.
    seed, train, val, test : equal ones give equal rows.
    """

    mixture: GateMixture
    form: Form = "points"
    spread: float = 0.25
    spread2: float = 0.0
    seed: int = 0
    train: int = 2000
    val: int = 500
    test: int = 1000

    @classmethod
    def from_spec(cls, spec: str) -> GateMixtureSet:
        """Read ``gates``, ``gates:xor=1,form=vectors,train=500``; raises ConfigError."""
        values = options.parse(spec, OPTIONS)
        return cls(GateMixture.from_values(values), **{o.name: values[o.name] for o in _DRAWN})

    @property
    def spec(self) -> str:
        """The text that ``from_spec`` reads back to an equal set; the name of the data set."""
        drawing = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "mixture"}
        return options.canonical(NAME, {**self.mixture.values, **drawing}, OPTIONS)

    def centres(self, modality: int) -> Floats:
        """(symbols, D) centre of each symbol of x1 or x2, in the order of the distribution; D is 2
        for points."""
        distribution = self.mixture.pmf()
        count = len(distribution.x1 if modality == 1 else distribution.x2)
        if self.form == "points":
            return _columns(count) if self.mixture.mixed else _circle(count)
        directions = np.random.default_rng([self.seed, 8, modality])
        square = orthonormal(directions.standard_normal((DIMENSION, DIMENSION)))
        values: Floats = SIGNAL_NORM * square[:count]
        return values

    def noise(self, modality: int) -> float:
        """Standard deviation of a coordinate of x1 or x2 around its centre."""
        half = 1.0 if self.form == "points" else SIGNAL_NORM / np.sqrt(2.0)
        spread = self.spread2 if modality == 2 and self.spread2 else self.spread
        return float(spread * half)

    @property
    def densities(self) -> GaussianDistribution:
        """The distribution of the rows: a Gaussian for each (x1, x2, y) that occurs, around the
        centres."""
        p = self.mixture.pmf().p
        a, b, y = np.nonzero(p)
        means = np.stack([self.centres(1)[a], self.centres(2)[b]])
        covariance = np.diag([self.noise(1) ** 2, self.noise(2) ** 2])
        return GaussianDistribution(means, y, p[a, b, y], covariance)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All arrays of the set, as an .npz file would hold them."""
        sizes = (self.train, self.val, self.test)
        n, rng = sum(sizes), np.random.default_rng([self.seed, 7])
        distribution = self.mixture.clean
        drawn = rng.choice(distribution.p.size, size=n, p=distribution.p.ravel())
        a, b, y = np.unravel_index(drawn, distribution.p.shape)
        anew = rng.random(n) < self.mixture.noise
        y = np.where(
            anew, rng.choice(len(distribution.y), size=n, p=distribution.p.sum(axis=(0, 1))), y
        )
        arrays: dict[str, NDArray[Any]] = {}
        for m, symbol in ((1, a), (2, b)):
            centres = self.centres(m)
            x = centres[symbol] + self.noise(m) * rng.standard_normal((n, centres.shape[1]))
            arrays[f"x{m}"] = (np.round(x, DRAWN_DECIMALS) + 0.0).astype(np.float32)
        arrays |= {"y": y.astype(np.int64), "split": np.repeat(np.asarray(SPLITS), sizes)}
        arrays["id"] = np.array([f"w{i:06d}" for i in range(n)])
        if self.mixture.interaction_types is not None:
            gate = a // len(BITS) if self.mixture.mixed else np.zeros(n, dtype=np.int64)
            arrays["interaction_type"] = np.asarray(self.mixture.interaction_types)[gate]
        if self.mixture.noise:
            arrays[f"flag_{REDRAWN}"] = anew
        return arrays

    def card(self) -> Card:
        """The card of the set."""
        described = {"points": "a point in a plane", "vectors": f"a vector of {DIMENSION} numbers"}
        description = f"{described[self.form]} for each symbol, and noise of"
        modality = (
            Modality(f"x{m}", "vector", f"{description} {self.noise(m):.2g}", MediaSpec("vector"))
            for m in (1, 2)
        )
        return Card(
            name=self.spec,
            title=TITLE,
            summary=f"{self._distribution()} Each input is {described[self.form]}. "
            "The distribution is known, and with it what is redundant, unique and synergistic in "
            "the symbols.",
            source="Generated by this program.",
            licence="MIT",
            modalities=tuple(modality),
            classes=tuple(f"class {name}" for name in self.mixture.classes),
            cautions=(
                "Artificial numbers, made to learn with and to check against a known distribution.",
            ),
            split_rule="Rows are independent draws; the first are train, then val, then test.",
            constructed=True,
            counts={"train": self.train, "val": self.val, "test": self.test},
        )

    def dataset(self) -> Dataset:
        """Draw the rows; raises ConfigError where only one class ever occurs."""
        if not self.mixture.learnable:
            raise ConfigError(
                f"{NAME}: only one class ever occurs here, so there is nothing to learn. Change "
                "the prior, the correlation or the table."
            )
        return from_arrays(self.spec, self.arrays(), self.card())

    def _distribution(self) -> str:
        mixture = self.mixture
        total = sum(mixture.gates.values())
        gates = [f"{name.upper()} {w / total:.2g}" for name, w in mixture.gates.items()]
        text = f"Gates by share: {', '.join(gates)}." if mixture.mixed else ""
        text = text or (f"Gate {gates[0].split()[0]}." if gates else "A truth table.")
        return f"{text} Noise of the class {mixture.noise:g}."


def _columns(count: int) -> Floats:
    """(2 gates, 2) a column for each gate, bit 0 below bit 1."""
    gate, bit = np.divmod(np.arange(count), len(BITS))
    return np.stack([2.0 * gate - (count / len(BITS) - 1.0), 2.0 * bit - 1.0], axis=1)


def _circle(count: int) -> Floats:
    """(count, 2) corners of a regular polygon with sides of 2, the first one below its middle."""
    if count == 1:
        return np.zeros((1, 2))
    angle = 2.0 * np.pi * np.arange(count) / count - np.pi / 2.0
    corners = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return np.round(corners / np.sin(np.pi / count), DRAWN_DECIMALS) + 0.0
