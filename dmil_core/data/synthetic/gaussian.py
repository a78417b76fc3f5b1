"""The generated set ``gaussian``: six distributions whose densities, and so whose information, are
exact.

Each class is a mixture of Gaussians with means on the corners of a simplex. A coordinate of x1
and the same coordinate of x2 may be correlated; everything else is independent:

- ``shared``: both inputs determine y, and part of their noise is the same;
- ``degraded``: x2 is x1 with more noise, and classes are unbalanced;
- ``xor``: y is whether the two corners differ, so that neither input alone is informative;
- ``copy``: y is the pair of both corners, half of it in each input;
- ``unique``: only x1 is informative about y;
- ``visible``: R, U1, U2 or S, as in ``switch``, but which of them can be seen in both inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp

from dmil_core.data.card import Card, MediaSpec, Modality
from dmil_core.data.dataset import Dataset, from_arrays
from dmil_core.data.synthetic import spec as options
from dmil_core.data.synthetic.spec import Option
from dmil_core.schema import COMPONENTS

Floats = NDArray[np.float64]

#: ``visible``: lengths of the codes of the interaction type and of the class.
MODE_LENGTH: Final = 4.0
CODE_LENGTH: Final = 1.8

NAME: Final = "gaussian"
TITLE: Final = "Gaussian distributions: mutual information with the class is known in bits"
NOISE: Final = 0.5
_CHUNK_ENTRIES: Final = 4_000_000


@dataclass(frozen=True)
class GaussianDistribution:
    """A mixture of G Gaussians over (x1, x2), D coordinates each; a class has some of them.

    Attributes
    ----------
    means : (2, G, D) of x1 and of x2.
    labels : (G,) class of each.
    weights : (G,) probability of each, sums to 1.
    covariance : (2, 2) of a coordinate of x1 and the same coordinate of x2, in all of them.
    """

    means: Floats
    labels: NDArray[np.int64]
    weights: Floats
    covariance: Floats

    @property
    def prior(self) -> Floats:
        """(K,) p(y)."""
        values: Floats = np.bincount(self.labels, self.weights).astype(np.float64)
        return values

    def sample(self, n: int, seed: int) -> dict[str, NDArray[Any]]:
        """Draw n independent rows: x1, x2 (n, D) float32, y (n,)."""
        rng = np.random.default_rng([seed, 6])
        g = rng.choice(len(self.weights), size=n, p=self.weights)
        white = rng.standard_normal((2, n, self.means.shape[2]))
        noise = np.einsum("ij,jnd->ind", np.linalg.cholesky(self.covariance), white)
        x1, x2 = (self.means[:, g] + noise).astype(np.float32)
        return {"x1": x1, "x2": x2, "y": self.labels[g]}

    def log_single(self, x: ArrayLike, modality: int) -> Floats:
        """(N, K) log p(x_m, y) in nats; modalities count from 1."""
        m = modality - 1
        return self._log_classes((m,), (np.asarray(x, dtype=np.float64),))

    def log_joint(self, x1: ArrayLike, x2: ArrayLike) -> Floats:
        """(N, K) log p(x1, x2, y) in nats."""
        return self._log_classes((0, 1), tuple(np.asarray(x, dtype=np.float64) for x in (x1, x2)))

    def _log_classes(self, which: tuple[int, ...], x: tuple[Floats, ...]) -> Floats:
        """(N, K) log density of some modalities with each class, in chunks of bounded memory."""
        chosen = list(which)
        precision = np.linalg.inv(self.covariance[np.ix_(chosen, chosen)])
        size, means = self.means.shape[2], self.means[chosen]
        _, logdet = np.linalg.slogdet(precision)
        constant = 0.5 * size * (logdet - len(chosen) * np.log(2 * np.pi))
        step = max(1, _CHUNK_ENTRIES // means.size)
        values = np.full((len(x[0]), len(self.prior)), -np.inf)
        for start in range(0, len(values), step):
            rows = np.stack([x_m[start : start + step] for x_m in x])
            away = rows[:, :, None, :] - means[:, None, :, :]
            square = np.einsum("ingd,ij,jngd->ng", away, precision, away, optimize=True)
            density = constant - 0.5 * square + np.log(self.weights)
            for k in np.unique(self.labels):
                of_class = density[:, self.labels == k]
                values[start : start + step, k] = logsumexp(of_class, axis=1)
        return values


def _corners(n: int) -> Floats:
    return np.eye(n)


def _independent(noise: float) -> Floats:
    return noise**2 * np.eye(2)


def _shared(classes: int, noise: float) -> GaussianDistribution:
    """x1 = onehot(y) + noise u, x2 = onehot(y) + noise (u / 2 + sqrt(3/4) v)."""
    corners = _corners(classes)
    covariance = noise**2 * np.array([[1.0, 0.5], [0.5, 1.0]])
    weights = np.full(classes, 1.0 / classes)
    return GaussianDistribution(
        np.stack([corners, corners]), np.arange(classes), weights, covariance
    )


def _degraded(classes: int, noise: float) -> GaussianDistribution:
    """x1 = onehot(y) + noise u, x2 = x1 + noise v; each class about a third of the one before."""
    corners, weights = _corners(classes), 0.3 ** np.arange(classes)
    covariance = noise**2 * np.array([[1.0, 1.0], [1.0, 2.0]])
    means = np.stack([corners, corners])
    return GaussianDistribution(means, np.arange(classes), weights / weights.sum(), covariance)


def _pairs(classes: int, noise: float, label: Callable[[Any, Any], Any]) -> GaussianDistribution:
    """Each input has a corner of its own, drawn alone; the class is a function of the two."""
    a, b = (axis.ravel() for axis in np.indices((classes, classes)))
    corners, weights = _corners(classes), np.full(classes**2, classes**-2.0)
    means = np.stack([corners[a], corners[b]])
    return GaussianDistribution(means, label(a, b), weights, _independent(noise))


def _unique(classes: int, noise: float) -> GaussianDistribution:
    """x1 = onehot(y) + noise u, x2 only noise."""
    corners, weights = _corners(classes), np.full(classes, 1.0 / classes)
    means = np.stack([corners, np.zeros_like(corners)])
    return GaussianDistribution(means, np.arange(classes), weights, _independent(noise))


def _visible(classes: int, noise: float) -> GaussianDistribution:
    """Four coordinates name R, U1, U2 or S in both inputs, the others are a corner or nothing."""
    means: list[list[Floats]] = [[], []]
    labels, weights = [], []
    modes, corners = MODE_LENGTH * np.eye(len(COMPONENTS)), CODE_LENGTH * _corners(classes)
    silent = np.zeros(classes)
    for mode, name in zip(modes, COMPONENTS, strict=True):
        pairs = {
            "R": [(corners[k], corners[k], k) for k in range(classes)],
            "U1": [(corners[k], silent, k) for k in range(classes)],
            "U2": [(silent, corners[k], k) for k in range(classes)],
            "S": [
                (corners[a], corners[b], (a + b) % classes)
                for a in range(classes)
                for b in range(classes)
            ],
        }[name]
        for first, second, label in pairs:
            means[0].append(np.concatenate([mode, first]))
            means[1].append(np.concatenate([mode, second]))
            labels.append(label)
            weights.append(1.0 / len(COMPONENTS) / len(pairs))
    return GaussianDistribution(
        np.array(means), np.array(labels), np.array(weights), _independent(noise)
    )


def _xor(classes: int, noise: float) -> GaussianDistribution:
    return _pairs(classes, noise, lambda a, b: (a + b) % classes)


def _copy(classes: int, noise: float) -> GaussianDistribution:
    return _pairs(classes, noise, lambda a, b: a * classes + b)


#: Name -> distribution, given a number of corners and the standard deviation of the noise.
DISTRIBUTIONS: Final[Mapping[str, Callable[[int, float], GaussianDistribution]]] = {
    "shared": _shared,
    "degraded": _degraded,
    "xor": _xor,
    "copy": _copy,
    "unique": _unique,
    "visible": _visible,
}

OPTIONS: Final[tuple[Option, ...]] = (
    Option(
        "distribution", "shared", options.one_of(tuple(DISTRIBUTIONS)), "which of the distributions"
    ),
    Option("corners", 2, options.integer(2, 30), "means of each input; shared: classes"),
    Option("noise", NOISE, options.number(0.01, 100), "standard deviation of the noise"),
    Option("seed", 0, options.integer(0, 10**9), "seed of the rows"),
    Option("train", 8000, options.integer(1, 300_000), "training rows"),
    Option("val", 2000, options.integer(1, 100_000), "validation rows"),
    Option("test", 4000, options.integer(1, 100_000), "test rows"),
)


def gaussian_distribution(spec: str) -> GaussianDistribution:
    """The distribution behind a ``gaussian`` spec or data set name; raises ConfigError."""
    return _distribution(options.parse(spec, OPTIONS))


def _distribution(values: Mapping[str, Any]) -> GaussianDistribution:
    return DISTRIBUTIONS[values["distribution"]](values["corners"], values["noise"])


def gaussian_set(spec: str) -> Dataset:
    """Draw the rows of ``gaussian`` or ``gaussian:distribution=xor,...``; raises ConfigError."""
    values = options.parse(spec, OPTIONS)
    sizes = [values[s] for s in ("train", "val", "test")]
    arrays = _distribution(values).sample(sum(sizes), values["seed"])
    arrays["split"] = np.repeat(np.array(["train", "val", "test"]), sizes)
    arrays["id"] = np.array([f"g{i:06d}" for i in range(sum(sizes))])
    return from_arrays(options.canonical(NAME, values, OPTIONS), arrays, gaussian_card(spec))


def gaussian_card(spec: str = NAME) -> Card:
    """The card of the set; raises ConfigError."""
    values = options.parse(spec, OPTIONS)
    distribution = _distribution(values)
    modality = partial(
        Modality, kind="vector", description="A corner of a simplex, and noise.",
        media=MediaSpec("vector"),
    )  # fmt: skip
    return Card(
        name=options.canonical(NAME, values, OPTIONS),
        title=TITLE,
        summary=f"Distribution {values['distribution']!r}, {values['corners']} corners, noise "
        f"{values['noise']:g}. "
        "The densities are closed forms, so that information is known for every sample.",
        source="Generated by this program.",
        licence="MIT",
        modalities=tuple(modality(name=f"x{m}") for m in (1, 2)),
        classes=tuple(f"class {k}" for k in range(len(distribution.prior))),
        cautions=("Artificial numbers, made to check estimates against a known answer.",),
        split_rule="Rows are independent draws; the first are train, then val, then test.",
        constructed=True,
        counts={s: values[s] for s in ("train", "val", "test")},
    )
