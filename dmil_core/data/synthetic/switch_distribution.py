"""The ``switch`` distribution: every sample is R, a U or S, and every density is known exactly.

There are two modalities, or three. Each is three blocks (R, U, S). The block that a sample's
interaction type uses carries the code of a class; everything else is Gaussian noise:

- R: the R blocks of all modalities carry the code of ``y`` (each modality has its own codes);
- U1, U2, U3: only the U block of that modality carries the code of ``y``;
- S: the S blocks carry the codes of summands, one each, whose sum mod K is ``y``; all but the last
  are uniform, so that only all of them together determine ``y``.

The blocks of a modality are then mixed by an orthogonal matrix, so that no coordinate belongs to
a block. Orthogonal mixing keeps the noise white: the densities stay closed forms.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, reduce
from operator import add
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp

from dmil_core.errors import ConfigError
from dmil_core.metrics.responsibility import interaction_responsibilities
from dmil_core.schema import FEWEST_MODALITIES, MOST_MODALITIES, components

Floats = NDArray[np.float64]

BLOCKS: Final = ("R", "U", "S")
SIGNAL_NORM: Final = 4.0
#: Values are rounded so that the last bits of another machine's BLAS do not change the digest.
DECIMALS: Final = 4
_CHUNK_ENTRIES: Final = 2_000_000


@dataclass(frozen=True)
class Posteriors:
    """What an ideal observer knows about each row; rows sum to 1.

    Attributes
    ----------
    y_x1, y_x2, y_joint : (N, K) p(y|x1), p(y|x2), p(y|x1,x2).
    c_joint : (N, C) p(interaction type|x1,x2), in the order of ``schema.components``.
    y_x3 : (N, K) p(y|x3), where there are three modalities; y_joint and c_joint then know all.
    """

    y_x1: Floats
    y_x2: Floats
    y_joint: Floats
    c_joint: Floats
    y_x3: Floats | None = None

    @property
    def y_alone(self) -> tuple[Floats, ...]:
        """p(y|x_m) of each modality, x1 first."""
        return (self.y_x1, self.y_x2) if self.y_x3 is None else (self.y_x1, self.y_x2, self.y_x3)


@dataclass(frozen=True)
class Draw:
    """Rows of the distribution before their blocks are mixed; M modalities, K classes.

    Attributes
    ----------
    y : (N,) classes.
    interaction_type : (N,) text.
    blocks : (M, N, 3, block) values of the blocks R, U and S.
    active : (M, N) the block that carries a code, an index into ``BLOCKS``; -1 where none does.
    code : (M, N) whose code it is: the class, in S a summand of it modulo K.
    """

    y: NDArray[np.int64]
    interaction_type: NDArray[np.str_]
    blocks: Floats
    active: NDArray[np.int64]
    code: NDArray[np.int64]


@dataclass(frozen=True)
class SwitchDistribution:
    """Parameters of the distribution; equal parameters give equal code books and densities.

    Attributes
    ----------
    classes : number of classes K, at least 2.
    noise : standard deviation of every coordinate's noise; a code has norm 4 times strength.
    shares : probabilities of R, U1, U2 (, U3), S; any non-negative numbers, scaled to sum to 1;
        none means equal ones.
    block : dimension of a block; a modality has three.
    strength : factor on the codes of each modality, two or three of them.
    class_prior : p(y), scaled to sum to 1; None means uniform.
    rotate : mix each modality's blocks by a seeded orthogonal matrix.
    seed : seed of code books and mixing matrices.
    """

    classes: int = 4
    noise: float = 0.8
    shares: tuple[float, ...] = ()
    block: int = 16
    strength: tuple[float, ...] = (1.0, 1.0)
    class_prior: tuple[float, ...] | None = None
    rotate: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        _require(self.classes >= 2, f"classes must be at least 2, got {self.classes}")
        _require(self.block >= 1, f"block must be at least 1, got {self.block}")
        _require(self.noise > 0, f"noise must be above 0, got {self.noise}")
        _require(
            FEWEST_MODALITIES <= self.modalities <= MOST_MODALITIES,
            f"two or three strengths are needed, got {self.strength}",
        )
        _require(min(self.strength) >= 0, f"strengths must not be negative, got {self.strength}")
        _require(self.seed >= 0, f"seed must not be negative, got {self.seed}")
        count = self.modalities + 2
        shares = _distribution("shares", self.shares or (1.0,) * count, count)
        object.__setattr__(self, "shares", shares)
        if self.class_prior is not None:
            prior = _distribution("prior", self.class_prior, self.classes)
            object.__setattr__(self, "class_prior", prior)

    @property
    def modalities(self) -> int:
        """How many inputs a row has."""
        return len(self.strength)

    @property
    def dimension(self) -> int:
        """Coordinates of one modality."""
        return len(BLOCKS) * self.block

    @cached_property
    def prior(self) -> Floats:
        """(K,) p(y)."""
        if self.class_prior is None:
            return np.full(self.classes, 1.0 / self.classes)
        return np.asarray(self.class_prior)

    @cached_property
    def codes(self) -> Floats:
        """(M, 3, K, block) code books by modality, block (R, U, S) and class.

        Directions are orthonormal while the block has room for all classes, otherwise random.
        """
        rng = np.random.default_rng([self.seed, 1])
        books = rng.standard_normal((self.modalities, len(BLOCKS), self.classes, self.block))
        if self.classes <= self.block:
            books = np.swapaxes(orthonormal(np.swapaxes(books, -1, -2)), -1, -2)
        books /= np.linalg.norm(books, axis=-1, keepdims=True)
        strength = np.asarray(self.strength)[:, None, None, None]
        return books * SIGNAL_NORM * strength

    @cached_property
    def mixing(self) -> Floats:
        """(M, D, D) orthogonal matrices; a row of blocks times the matrix is a row of x."""
        if not self.rotate:
            return np.stack([np.eye(self.dimension)] * self.modalities)
        rng = np.random.default_rng([self.seed, 2])
        shape = (self.modalities, self.dimension, self.dimension)
        return orthonormal(rng.standard_normal(shape))

    def draw(self, n: int, seed: int) -> Draw:
        """Draw n independent rows, with what each of their blocks carries."""
        rng = np.random.default_rng([seed, 3])
        names, modalities = components(self.modalities), range(self.modalities)
        y = rng.choice(self.classes, size=n, p=self.prior)
        c = rng.choice(len(names), size=n, p=self.shares)
        free = [rng.integers(self.classes, size=n) for _ in modalities[1:]]
        summands = [*free, reduce(np.subtract, free, y) % self.classes]
        # Which block of each modality carries a code, by interaction type; -1 where none does.
        unique = np.where(np.eye(self.modalities, dtype=bool), 1, -1)
        active = np.array([[0, *bits, 2] for bits in unique.tolist()])[:, c]
        code = np.stack([np.where(c == len(names) - 1, a, y) for a in summands])
        blocks = np.empty((self.modalities, n, len(BLOCKS), self.block))
        for m in modalities:
            blocks[m] = self.noise * rng.standard_normal((n, len(BLOCKS), self.block))
            on = np.flatnonzero(active[m] >= 0)
            blocks[m, on, active[m, on]] += self.codes[m, active[m, on], code[m, on]]
        return Draw(y.astype(np.int64), np.asarray(names)[c], blocks, active, code)

    def sample(self, n: int, seed: int) -> dict[str, NDArray[Any]]:
        """Draw n independent rows: x1, x2 (n, D) float32, y (n,) int64, interaction type (n,)
        text."""
        drawn = self.draw(n, seed)
        out: dict[str, NDArray[Any]] = {}
        for m in range(self.modalities):
            mixed = drawn.blocks[m].reshape(n, self.dimension) @ self.mixing[m]
            out[f"x{m + 1}"] = (np.round(mixed, DECIMALS) + 0.0).astype(np.float32)
        return out | {"y": drawn.y, "interaction_type": drawn.interaction_type}

    def log_joint(self, *x: ArrayLike) -> Floats:
        """(N, C, K) log p(interaction type, y, x1, x2) - log p0(x1, x2), in nats, for all
        modalities.

        ``p0`` is the density of pure noise, which cancels in every posterior. Zero shares or zero
        class probabilities give -inf.
        """
        if len(x) != self.modalities:
            raise ValueError(f"expected {self.modalities} inputs, got {len(x)}")
        result = [self._code_evidence(x_m, m) for m, x_m in enumerate(x)]
        redundant = reduce(add, (evidence["R"] for evidence in result))
        # The mean over all summands but the last one is taken over one after the other.
        synergy = reduce(_log_sum_code, (evidence["S"] for evidence in result))
        by_interaction_type = np.stack(
            [redundant, *(evidence["U"] for evidence in result), synergy], axis=1
        )
        return by_interaction_type + self._log_weights()

    def log_single(self, x: ArrayLike, modality: int) -> Floats:
        """(N, C, K) log p(interaction type, y, x_m) - log p0(x_m), in nats; modalities count from
        1."""
        code = self._code_evidence(x, modality - 1)
        silent = np.zeros_like(code["R"])
        # Seen from one side, the sum of the others' summands is uniform: S carries no class.
        synergy = np.broadcast_to(
            logsumexp(code["S"], axis=1, keepdims=True) - np.log(self.classes), silent.shape
        )
        numbers = range(1, self.modalities + 1)
        unique = [code["U"] if m == modality else silent for m in numbers]
        return np.stack([code["R"], *unique, synergy], axis=1) + self._log_weights()

    def log_classes(self, *x: ArrayLike) -> Floats:
        """(N, K) log p(x1, x2, y) in nats, all modalities given: a density, noise included."""
        noise = sum(self._log_noise(x_m) for x_m in x)
        values: Floats = logsumexp(self.log_joint(*x), axis=1) + noise
        return values

    def log_class_single(self, x: ArrayLike, modality: int) -> Floats:
        """(N, K) log p(x_m, y) in nats; modalities count from 1."""
        values: Floats = logsumexp(self.log_single(x, modality), axis=1) + self._log_noise(x)
        return values

    def _log_noise(self, x: ArrayLike) -> Floats:
        """(N, 1) log density of a modality that is noise alone."""
        rows = np.asarray(x, dtype=np.float64)
        square = (rows**2).sum(axis=1, keepdims=True) / self.noise**2
        constant = self.dimension * np.log(2 * np.pi * self.noise**2)
        values: Floats = -0.5 * (square + constant)
        return values

    def log_added(self, x1: ArrayLike, x2: ArrayLike) -> Floats:
        """(N, 4, K) what two modalities, each alone, say of (interaction type, y), added up, in
        nats.

        ``log p(c,y|x1) + log p(c,y|x2) - log p(c,y)`` up to a number per row: the posterior as if
        x1 and x2 were independent given c and y. They are, except in S, whose class is then lost:
        this is the prediction of an ideal readout that only adds the modalities.
        """
        weights = self._log_weights()
        with np.errstate(invalid="ignore"):  # -inf less -inf, where nothing can be
            added = self.log_single(x1, 1) + self.log_single(x2, 2) - weights
        return np.where(np.isneginf(weights), -np.inf, added)

    def posteriors(self, *x: ArrayLike) -> Posteriors:
        """Exact posteriors of label and interaction type for rows of the distribution, all
        modalities given."""
        joint = self.log_joint(*x)
        y_x1, y_x2, *y_x3 = (
            _normalised(logsumexp(self.log_single(x_m, m), axis=1))
            for m, x_m in enumerate(x, start=1)
        )
        return Posteriors(
            y_x1=y_x1,
            y_x2=y_x2,
            y_joint=_normalised(logsumexp(joint, axis=1)),
            c_joint=_normalised(logsumexp(joint, axis=2)),
            y_x3=y_x3[0] if y_x3 else None,
        )

    def _code_evidence(self, x: ArrayLike, m: int) -> dict[str, Floats]:
        """Log-likelihood ratio (N, K) of each code against pure noise, for each block."""
        rows = np.asarray(x, dtype=np.float64)
        if rows.ndim != 2 or rows.shape[1] != self.dimension:
            raise ValueError(f"expected x{m + 1} of shape (N, {self.dimension}), got {rows.shape}")
        blocks = (rows @ self.mixing[m].T).reshape(-1, len(BLOCKS), self.block)
        power = 0.5 * (self.codes[m] ** 2).sum(axis=-1)
        return {
            name: (blocks[:, i] @ self.codes[m, i].T - power[i]) / self.noise**2
            for i, name in enumerate(BLOCKS)
        }

    def _log_weights(self) -> Floats:
        """(C, K) log p(interaction type) p(y)."""
        with np.errstate(divide="ignore"):
            return np.log(np.outer(self.shares, self.prior))


def responsibilities(
    posteriors: Posteriors,
    prior: ArrayLike,
    y: NDArray[np.integer[Any]] | None = None,
    times_joint: bool = False,
) -> Floats:
    """(N, C) share of R, U1 ... S that label information can claim: the information reference.

    With ``a_m`` = p(y|x_m) rescaled so that the prior is 0 and certainty 1 (cut at 0), the shares
    are those of ``decision``. With ``y`` they are those of the true label, otherwise their mean
    over ``y ~ p(y|x1,x2)``.

    Parameters
    ----------
    prior : (K,) p(y).
    times_joint : multiply S by the rescaled p(y|x1,x2): what nobody can explain is not synergy.
        Rows then sum to at most 1, and the rest is unexplained.
    """
    chance = np.asarray(prior, dtype=np.float64)
    *alone, joint = (
        np.clip((p - chance) / np.maximum(1.0 - chance, 1e-12), 0.0, 1.0)
        for p in (*posteriors.y_alone, posteriors.y_joint)
    )
    by_label = np.stack(interaction_responsibilities(alone, joint if times_joint else 1.0), axis=1)
    if y is not None:
        return by_label[np.arange(len(y)), :, y]
    out: Floats = np.einsum("nck,nk->nc", by_label, posteriors.y_joint)
    return out


def _log_sum_code(l1: Floats, l2: Floats) -> Floats:
    """(N, K) log mean over a of exp(l1[a] + l2[(y - a) mod K]), in chunks of bounded memory."""
    n, k = l1.shape
    partner = (np.arange(k)[:, None] - np.arange(k)[None, :]) % k  # [y, a] -> b
    step = max(1, _CHUNK_ENTRIES // k**2)
    out = np.empty((n, k))
    for i in range(0, n, step):
        pairs = l1[i : i + step, None, :] + l2[i : i + step][:, partner]
        out[i : i + step] = logsumexp(pairs, axis=2) - np.log(k)
    return out


def _normalised(log_weight: Floats) -> Floats:
    out: Floats = np.exp(log_weight - logsumexp(log_weight, axis=1, keepdims=True))
    return out


def orthonormal(matrices: Floats) -> Floats:
    """Q of a QR decomposition whose R has a positive diagonal, so that Q is unique."""
    q, r = np.linalg.qr(matrices)
    signs = np.sign(np.diagonal(r, axis1=-2, axis2=-1))
    out: Floats = q * np.where(signs == 0, 1.0, signs)[..., None, :]
    return out


def _distribution(name: str, weights: tuple[float, ...], length: int) -> tuple[float, ...]:
    array = np.asarray(weights, dtype=np.float64)
    ok = len(array) == length and bool(np.all(np.isfinite(array) & (array >= 0)))
    got = "/".join(f"{v:g}" for v in weights)
    _require(
        ok and array.sum() > 0,
        f"{name} must be {length} numbers of 0 or more, not all 0, got {got}",
    )
    return tuple((array / array.sum()).tolist())


def _require(ok: bool, message: str) -> None:
    if not ok:
        raise ConfigError(f"switch: {message}.")
