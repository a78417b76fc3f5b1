"""Names of generated sets with options: ``switch:classes=2,noise=1.0``."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from dmil_core.errors import ConfigError


@dataclass(frozen=True)
class Option:
    """One option of a generated set: its name, default, how to read it and what it means."""

    name: str
    default: Any
    read: Callable[[str], Any]
    help: str


#: Names that sets and options had in earlier versions -> today's; old ones are still read.
OLD_SETS: Final[Mapping[str, str]] = {"world": "gates"}
OLD_OPTIONS: Final[Mapping[str, str]] = {"law": "distribution"}


def current_name(spec: str) -> str:
    """The spec with today's name of its set; any other text stays as it is."""
    name, colon, text = spec.partition(":")
    return OLD_SETS.get(name, name) + colon + text


def parse(spec: str, options: tuple[Option, ...]) -> dict[str, Any]:
    """Values of all options in ``name:key=value,...``; raises ConfigError for what does not fit."""
    name, _, text = current_name(spec).partition(":")
    known = {o.name: o for o in options}
    values = {o.name: o.default for o in options}
    given: set[str] = set()
    for part in filter(None, (p.strip() for p in text.split(","))):
        key, equals, value = (s.strip() for s in part.partition("="))
        key = OLD_OPTIONS.get(key, key)
        if key not in known or not equals:
            raise ConfigError(
                f"{name}: expected key=value with one of {', '.join(known)}; got {part!r}."
            )
        if key in given:
            raise ConfigError(f"{name}: the option {key!r} is given twice. Give it once.")
        given.add(key)
        values[key] = _read(name, known[key], value)
    return values


def canonical(name: str, values: Mapping[str, Any], options: tuple[Option, ...]) -> str:
    """The shortest spec that parses back to ``values``: defaults left out, fixed order."""
    parts = [f"{o.name}={_show(values[o.name])}" for o in options if values[o.name] != o.default]
    return f"{name}:{','.join(parts)}" if parts else name


def _read(name: str, option: Option, text: str) -> Any:
    try:
        return option.read(text)
    except ValueError as error:
        raise ConfigError(f"{name}: {option.name} expects {error}, got {text!r}.") from None


def _show(value: Any) -> str:
    if isinstance(value, tuple):
        return "/".join(_show(v) for v in value)
    if isinstance(value, float):
        # Short where that is exact, so that the name always parses back to the same data.
        return f"{value:g}" if float(f"{value:g}") == value else repr(value)
    return str(int(value)) if isinstance(value, bool) else str(value)


def integer(low: int, high: int) -> Callable[[str], int]:
    """Reader of an integer between ``low`` and ``high``, both allowed."""

    def read(text: str) -> int:
        # int() would also take "1_000" and unbounded digits.
        if not (text.isascii() and text.isdigit() and len(text) < 12 and low <= int(text) <= high):
            raise ValueError(f"an integer from {low} to {high}")
        return int(text)

    return read


def number(low: float, high: float) -> Callable[[str], float]:
    """Reader of a finite number between ``low`` and ``high``, both allowed."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            raise ValueError(f"a number from {low:g} to {high:g}")
        return value

    return read


def numbers(text: str) -> tuple[float, ...]:
    """Reader of numbers of 0 or more between slashes, such as ``1/0/0/1``."""
    try:
        return tuple(number(0.0, 1e6)(part) for part in text.split("/"))
    except ValueError:
        raise ValueError("numbers from 0 to 1e6 between slashes, such as 1/0/0/1") from None


def one_of(names: tuple[str, ...]) -> Callable[[str], str]:
    """Reader of one of some names."""

    def read(text: str) -> str:
        if text not in names:
            raise ValueError(f"one of {', '.join(names)}")
        return text

    return read


def switch(text: str) -> bool:
    """Reader of a 0/1 switch."""
    if text not in ("0", "1"):
        raise ValueError("0 or 1")
    return text == "1"
