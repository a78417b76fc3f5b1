"""Distributions whose parts are known in closed form."""

from __future__ import annotations

from itertools import product
from math import log2

from dmil_core.partial_information.pmf import Pmf, Symbol, from_entries

BITS = (0, 1)
Triples = list[tuple[Symbol, Symbol, Symbol]]

PAIRS = [(a, b) for a in BITS for b in BITS]
GATES: dict[str, Triples] = {
    "AND": [(a, b, a & b) for a, b in PAIRS],
    "XOR": [(a, b, a ^ b) for a, b in PAIRS],
    "COPY": [(a, b, (a, b)) for a, b in PAIRS],
    "RDN": [(a, a, a) for a in BITS],
    "UNQ": [(a, b, a) for a, b in PAIRS],
    "SUM": [(a, b, a + b) for a, b in PAIRS],
    "RDNXOR": [((r, a), (r, b), (r, a ^ b)) for r, a, b in product(BITS, repeat=3)],
    "RDNUNQXOR": [
        ((r, u, a), (r, v, b), (r, u, v, a ^ b)) for r, u, v, a, b in product(BITS, repeat=5)
    ],
}

#: I(x1;y) of AND, in bits, and what is left of it in the common change.
_AND = 0.75 * log2(4 / 3)
_CHANGE = 0.25 * log2(4 / 3)

#: Measure -> gate -> R, U1, U2, S in bits.
TRUTH: dict[str, dict[str, tuple[float, float, float, float]]] = {
    "broja": {
        "AND": (_AND, 0, 0, 0.5),
        "XOR": (0, 0, 0, 1),
        "COPY": (0, 1, 1, 0),
        "RDN": (1, 0, 0, 0),
        "UNQ": (0, 1, 0, 0),
        "SUM": (0.5, 0, 0, 1),
        "RDNXOR": (1, 0, 0, 1),
        "RDNUNQXOR": (1, 1, 1, 1),
    },
    "fl": {
        "AND": (_AND + 0.25, -0.25, -0.25, 0.75),
        "XOR": (0, 0, 0, 1),
        "COPY": (1, 0, 0, 1),
        "RDN": (1, 0, 0, 0),
        "UNQ": (1, 0, -1, 1),
        "SUM": (0.5, 0, 0, 1),
        "RDNXOR": (1, 0, 0, 1),
        "RDNUNQXOR": (2, 0, 0, 2),
    },
    "iccs": {
        "AND": (_CHANGE, _AND - _CHANGE, _AND - _CHANGE, 0.5 - _AND + _CHANGE),
        "XOR": (0, 0, 0, 1),
        "COPY": (0, 1, 1, 0),
        "RDN": (1, 0, 0, 0),
        "UNQ": (0, 1, 0, 0),
        "SUM": (0, 0.5, 0.5, 0.5),
        "RDNXOR": (1, 0, 0, 1),
        "RDNUNQXOR": (1, 1, 1, 1),
    },
}


def gate(name: str) -> Pmf:
    """A gate with inputs drawn uniformly."""
    triples = GATES[name]
    return from_entries((t, 1.0 / len(triples)) for t in triples)
