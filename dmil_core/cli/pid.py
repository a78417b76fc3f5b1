"""``dmil pid``: exact partial information decomposition of a distribution p(x1, x2, y)."""

from __future__ import annotations

import argparse
import json

from dmil_core.cli.options import UNITS, Parser, Subparsers, add_command, path_argument


def add(subparsers: Subparsers[Parser]) -> None:
    """Add the command."""
    p = add_command(
        subparsers,
        "pid",
        run,
        "Decompose a distribution p(x1, x2, y) exactly; prints JSON.",
        "  dmil pid --pmf xor.json --measure broja\n"
        "  dmil pid --pmf xor.json --measure iccs --unit nats\n"
        'xor.json: {"pmf": [[[0, 0, 0], 0.25], [[0, 1, 1], 0.25], [[1, 0, 1], 0.25], '
        "[[1, 1, 0], 0.25]]}\n",
    )
    p.add_argument(
        "--pmf",
        required=True,
        type=path_argument,
        metavar="FILE",
        help="JSON file of probabilities of (x1, x2, y), as below",
    )
    p.add_argument(
        "--measure",
        default="broja",
        metavar="M",
        help="broja, imin, immi, iccs or fl; default: broja",
    )
    p.add_argument("--unit", choices=tuple(UNITS), default="bits", help="default: bits")


def run(a: argparse.Namespace) -> int:
    """Print R, U1, U2 and S."""
    from dataclasses import asdict

    from dmil_core.partial_information.discrete import decompose
    from dmil_core.partial_information.pmf import read_pmf

    result = asdict(decompose(read_pmf(a.pmf), a.measure))
    measure = result.pop("measure")
    named = {name if name == "gap" else name.upper(): nats for name, nats in result.items()}
    shown = {name: nats / UNITS[a.unit] for name, nats in named.items()}
    print(json.dumps({"measure": measure, "unit": a.unit, **shown}, indent=2))
    return 0
