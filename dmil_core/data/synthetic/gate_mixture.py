"""A gate mixture: a synthetic distribution of two inputs and a class, made of logic gates or a
truth table.

**Gates.** Each of x1 and x2 has a bit, a and b. A gate makes the class of the two, y = f(a, b).
Every bit is fair, and the two have ``correlation`` c; in RDN they are one and the same:

    p(a, b) = (1 + c) / 4 where a = b, (1 - c) / 4 elsewhere

With several gates, gate g is on with the chance w(g), its weight by the sum of all weights, and
both inputs show which: a symbol of x1 is (g, a), one of x2 is (g, b). With one gate they are the
bits.

**Table.** Instead of gates, rows ``x1 x2 -> y`` that are equally likely, or have a probability. The
same inputs may lead to several classes. A table says itself how its inputs go together: it takes no
``correlation``.

What follows is the same for both. **Prior.** The distribution p0 so far is tilted to the class
prior q that is asked for; of all distributions with this prior it is the nearest to p0 (least
Kullback-Leibler divergence):

    p1(x1, x2, y) = p0(x1, x2, y) q(y) / p0(y)

What the inputs are given the class stays; with several gates their shares shift towards those that
make the classes asked for. A class that never occurs cannot be asked for: that is an error.

**Noise.** With the chance n the class is drawn anew, from the class prior, whatever the inputs are.
So noise takes information away and changes no prior:

    p(x1, x2, y) = (1 - n) p1(x1, x2, y) + n p1(x1, x2) p1(y)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dmil_core.data.synthetic import spec as options
from dmil_core.data.synthetic.gates import BITS, GATE_NAMES, GATES, Gate, GateName
from dmil_core.data.synthetic.spec import Option
from dmil_core.data.synthetic.truth_table import Row, TableError, read_table, symbols, write_table
from dmil_core.errors import ConfigError
from dmil_core.partial_information.pmf import Pmf, Symbol
from dmil_core.schema import Component

Floats = NDArray[np.float64]

NAME: Final = "gates"
#: Weights, noise, prior and correlation are kept to so many decimals, as a spec writes them.
DECIMALS: Final = 4
DEFAULT_GATE: Final[GateName] = "xor"
MOST_WEIGHT: Final = 1000.0


def _table(text: str) -> tuple[Row, ...]:
    try:
        return read_table(text.replace("/", "\n"))
    except TableError as error:
        row, why = error.problems[0]
        raise ValueError(
            f"rows x1~x2~y between slashes ({f'row {row}: ' * bool(row)}{why})"
        ) from None


OPTIONS: Final[tuple[Option, ...]] = (
    *(
        Option(name, 0.0, options.number(0, MOST_WEIGHT), f"weight of the gate: {gate.says}")
        for name, gate in GATES.items()
    ),
    Option("table", (), _table, "rows x1~x2~y or x1~x2~y~p between slashes, instead of gates"),
    Option("noise", 0.0, options.number(0, 1), "chance that the class is drawn anew"),
    Option("prior", (), options.numbers, "weights of the classes; by default as the gates make it"),
    Option("correlation", 0.0, options.number(-1, 1), "correlation of the bits of x1 and x2"),
)


@dataclass(frozen=True)
class GateMixture:
    """A gate mixture: a synthetic distribution of two inputs and a class made of logic gates or a
    truth table. The module explains the parts.

    Attributes
    ----------
    gates : weight of each gate that can be on; none and no table means XOR alone.
    table : rows instead of gates.
    noise : chance from 0 to 1 that the class is drawn anew from the class prior.
    prior : weights of the classes in the order of ``classes``; none means as it comes out.
    correlation : from -1 to 1, of the bits of x1 and x2.

    Raises
    ------
    ConfigError
        For values that mean no distribution, saying what was expected.
    """

    gates: Mapping[GateName, float] = field(default_factory=dict, hash=False)
    table: tuple[Row, ...] = ()
    noise: float = 0.0
    prior: tuple[float, ...] = ()
    correlation: float = 0.0

    def __post_init__(self) -> None:
        for name in ("noise", "correlation"):
            object.__setattr__(self, name, _rounded(getattr(self, name)))
        object.__setattr__(self, "prior", tuple(_rounded(w) for w in self.prior))
        object.__setattr__(self, "gates", _weights(self.gates, bool(self.table)))
        _require(0 <= self.noise <= 1, f"noise must be from 0 to 1, got {self.noise:g}")
        _require(
            -1 <= self.correlation <= 1,
            f"correlation must be from -1 to 1, got {self.correlation:g}",
        )
        if self.table:
            _require(not self.gates, "give gates or a table, not both")
            _require(
                not self.correlation,
                "a table takes no correlation: give its rows probabilities instead",
            )
        if self.prior:
            self._check_prior()

    @classmethod
    def from_spec(cls, spec: str) -> GateMixture:
        """Read ``gates``, ``gates:xor=1,and=.5,noise=.1``, ``gates:table=0~0~0/1~0~1``, or the same
        with the set's old name; raises ConfigError."""
        spec = options.current_name(spec)
        _require(spec.partition(":")[0] == NAME, f"a spec begins with {NAME}:, got {spec[:40]!r}")
        return cls.from_values(options.parse(spec, OPTIONS))

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> GateMixture:
        """A gate mixture from the values of ``OPTIONS``; others are left alone."""
        return cls(
            gates={name: values[name] for name in GATE_NAMES},
            table=values["table"],
            noise=values["noise"],
            prior=values["prior"],
            correlation=values["correlation"],
        )

    @property
    def values(self) -> dict[str, Any]:
        """The values of ``OPTIONS``, as ``options.canonical`` writes them."""
        shape = {name: getattr(self, name) for name in ("noise", "prior", "correlation")}
        rows = write_table(self.table, arrow="~", gap="~", end="/")
        return {**{n: self.gates.get(n, 0.0) for n in GATE_NAMES}, "table": rows or (), **shape}

    @property
    def spec(self) -> str:
        """The text that ``from_spec`` reads back to an equal gate mixture."""
        return options.canonical(NAME, self.values, OPTIONS)

    @property
    def classes(self) -> tuple[Symbol, ...]:
        """The classes, in the order of ``prior``: whole numbers, or what the table calls them."""
        return self._before.y

    @property
    def mixed(self) -> bool:
        """Whether several gates can be on, so that each input shows which is."""
        return len(self.gates) > 1

    @cached_property
    def clean(self) -> Pmf:
        """The distribution before noise, p1."""
        p, asked = self._before.p, self._asked
        if asked is None:
            return self._before
        prior = p.sum(axis=(0, 1))
        factor = np.divide(asked, prior, out=np.zeros_like(prior), where=prior > 0)
        return replace(self._before, p=_scaled(p * factor))

    def pmf(self) -> Pmf:
        """The distribution itself, exactly: p (A, B, K) and its symbols."""
        p = self.clean.p
        anew = p.sum(axis=2, keepdims=True) * p.sum(axis=(0, 1))
        return replace(self.clean, p=_scaled((1.0 - self.noise) * p + self.noise * anew))

    @property
    def learnable(self) -> bool:
        """Whether more than one class ever occurs."""
        return bool((self.clean.p.sum(axis=(0, 1)) > 0).sum() > 1)

    @property
    def interaction_types(self) -> tuple[Component, ...] | None:
        """The component that explains the samples of each gate, in the order of ``gates``.

        None where it is not one: for a table, and for AND, OR, COPY and SUM; nor are samples of
        UNQ1 and UNQ2 unique where the inputs are correlated.
        """
        components: list[Component] = []
        for name in self.gates:
            designed = GATES[name].interaction_type
            if designed is None or (self.correlation and designed in ("U1", "U2")):
                return None
            components.append(designed)
        return tuple(components) or None

    @cached_property
    def _before(self) -> Pmf:
        """The distribution before prior and noise, p0."""
        return _of_table(self.table) if self.table else _of_gates(self.gates, self.correlation)

    @property
    def _asked(self) -> Floats | None:
        """(K,) the class prior that is asked for."""
        weights = np.array(self.prior)
        return weights / weights.sum() if len(weights) else None

    def _check_prior(self) -> None:
        names = [str(name) for name in self.classes]
        got = "/".join(f"{w:g}" for w in self.prior)
        finite = all(0 <= w < np.inf for w in self.prior)
        _require(
            len(self.prior) == len(names) and finite and sum(self.prior) > 0,
            f"prior must be {len(names)} numbers of 0 or more, not all 0, one for each class "
            f"({', '.join(names)}); got {got}",
        )
        never = self._before.p.sum(axis=(0, 1)) == 0
        for name, weight, absent in zip(names, self.prior, never, strict=True):
            _require(
                not (absent and weight),
                f"the prior asks for class {name}, which never occurs here. Give it 0, or move "
                "the correlation away from -1 and 1",
            )


def _weights(gates: Mapping[GateName, float], has_table: bool) -> dict[GateName, float]:
    """The gates that can be on, in order; one alone has weight 1, none means XOR."""
    unknown = [name for name in gates if name not in GATES]
    _require(not unknown, f"gates are {', '.join(GATES)}; got {', '.join(map(str, unknown))}")
    kept: dict[GateName, float] = {}
    for name in GATES:
        weight = _rounded(gates.get(name, 0.0))
        _require(
            0 <= weight <= MOST_WEIGHT,
            f"the weight of {name} must be from 0 to {MOST_WEIGHT:g}, got {weight:g}",
        )
        if weight:
            kept[name] = weight
    if not kept and not has_table:
        return {DEFAULT_GATE: 1.0}
    return dict.fromkeys(kept, 1.0) if len(kept) == 1 else kept


def _of_gates(gates: Mapping[GateName, float], correlation: float) -> Pmf:
    classes = tuple(sorted({y for name in gates for y in GATES[name].classes}))
    size = len(BITS)
    p = np.zeros((size * len(gates), size * len(gates), len(classes)))
    for g, (name, weight) in enumerate(gates.items()):
        block = slice(size * g, size * (g + 1))
        p[block, block] = weight * _of_gate(GATES[name], classes, correlation)
    seen: tuple[Symbol, ...] = BITS
    if len(gates) > 1:
        seen = tuple((name.upper(), bit) for name in gates for bit in BITS)
    return Pmf(_scaled(p), seen, seen, classes)


def _of_gate(gate: Gate, classes: tuple[int, ...], correlation: float) -> Floats:
    """(2, 2, K) p(a, b, y) of one gate."""
    bits, p = gate.bits(correlation), np.zeros((len(BITS), len(BITS), len(classes)))
    for a, b in zip(*np.nonzero(bits), strict=True):
        p[a, b, classes.index(gate.label(int(a), int(b)))] = bits[a, b]
    return p


def _of_table(rows: tuple[Row, ...]) -> Pmf:
    columns = ([row.x1 for row in rows], [row.x2 for row in rows], [row.y for row in rows])
    names = tuple(symbols(column) for column in columns)
    p = np.zeros([len(axis) for axis in names])
    for row in rows:
        p[names[0].index(row.x1), names[1].index(row.x2), names[2].index(row.y)] = row.p
    return Pmf(_scaled(p), *names)


def _scaled(p: Floats) -> Floats:
    values: Floats = p / p.sum()
    return values


def _rounded(value: float) -> float:
    return round(float(value), DECIMALS) + 0.0  # no negative zero


def _require(ok: bool, message: str) -> None:
    if not ok:
        raise ConfigError(f"{NAME}: {message}.")
