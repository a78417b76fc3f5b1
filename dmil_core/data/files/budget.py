"""What uploads may take: each by itself, and those of all visitors of a server together.

A small file can become large: one-bit pictures, silence in FLAC, a text that is stored once and
meant 50,000 times. What it becomes is computed from headers and charged to an :class:`Account`
before anything is decoded or copied; an account refuses what its owner, or everybody together, may
not take.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, fields
from typing import Final

from dmil_core.data.files.limits import DEFAULT, MIB, Limits
from dmil_core.errors import DataError

#: Parts of the memory and time of a server; see `Cost`.
_NAMES: Final = {
    "pixels": "pixels",
    "samples": "samples of sound",
    "arrays": "MiB of arrays",
    "files": "MiB of files",
}
#: What the arrays of an uploaded table or .npz are charged as.
TABLE: Final = "the table"


@dataclass(frozen=True)
class Cost:
    """What a part of an upload takes, or may take at most.

    Attributes
    ----------
    pixels : of all pictures that have to be decoded.
    samples : of all sounds that have to be decoded, in every channel.
    arrays : bytes of the arrays that are kept in memory.
    files : bytes of the files that are kept in memory as they came.
    """

    pixels: int = 0
    samples: int = 0
    arrays: int = 0
    files: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    def times(self, factor: int) -> Cost:
        """As much as ``factor`` of these."""
        return Cost(*(getattr(self, f.name) * factor for f in fields(self)))


class BudgetError(DataError):
    """More than one upload, or all of them together, may take.

    Attributes
    ----------
    title : what came, and what the limit is.
    what_to_do : how to stay below it.
    """

    def __init__(self, title: str, what_to_do: str) -> None:
        super().__init__(f"{title[:1].upper()}{title[1:]}. {what_to_do}")
        self.title = title
        self.what_to_do = what_to_do


def most_of(limits: Limits) -> Cost:
    """What one upload may take."""
    return Cost(
        limits.pixels_together,
        limits.samples_together,
        limits.arrays_mib * MIB,
        (limits.upload_mib + limits.unpacked_mib) * MIB,
    )


class Accountant:
    """Accounts of all owners of uploads, such as sessions. Threads may share it.

    Parameters
    ----------
    each : what one owner may take.
    together : what all of them may take; as much as one by default.
    """

    def __init__(self, each: Cost | None = None, together: Cost | None = None) -> None:
        self.each = most_of(DEFAULT) if each is None else each
        self.together = self.each if together is None else together
        self._parts: dict[str, dict[str, Cost]] = {}
        self._lock = threading.Lock()

    def account(self, owner: str) -> Account:
        """The account of an owner."""
        return Account(self, owner)

    @property
    def charged(self) -> Cost:
        """What all owners take now."""
        with self._lock:
            return _sum(c for parts in self._parts.values() for c in parts.values())

    def close_all_but(self, owners: Collection[str]) -> None:
        """Free what any other owner was charged for: those that have gone cannot do it."""
        with self._lock:
            for owner in self._parts.keys() - set(owners):
                del self._parts[owner]

    def _charge(self, owner: str, part: str, cost: Cost, what_to_do: str) -> None:
        with self._lock:
            parts = self._parts.setdefault(owner, {})
            parts.pop(part, None)
            own = _sum(parts.values())
            every = _sum(c for each in self._parts.values() for c in each.values())
            for name, unit in _NAMES.items():
                came = getattr(cost, name)
                if came and came + getattr(own, name) > getattr(self.each, name):
                    raise BudgetError(
                        f"{part}: {_amount(name, came)} {unit}, and one upload may have "
                        f"{_amount(name, getattr(self.each, name))}"
                        + _beside(name, getattr(own, name)),
                        what_to_do,
                    )
                if came and came + getattr(every, name) > getattr(self.together, name):
                    raise BudgetError(
                        f"{part}: {_amount(name, came)} {unit}, and the uploads of all visitors "
                        f"may have {_amount(name, getattr(self.together, name))} together"
                        + _beside(name, getattr(every, name)),
                        "Wait until others have finished, then upload it again.",
                    )
            parts[part] = cost

    def _release(self, owner: str, parts: Iterable[str] | None) -> None:
        with self._lock:
            charged = self._parts.get(owner, {})
            for part in list(charged) if parts is None else parts:
                charged.pop(part, None)
            if not charged:
                self._parts.pop(owner, None)


@dataclass(frozen=True)
class Account:
    """What one owner was charged for, part by part."""

    _accountant: Accountant
    _owner: str
    _kept: Cost = field(default_factory=Cost)

    def beside(self, kept: Cost) -> Account:
        """The same account, where each part costs so much more: what is kept of it already."""
        return Account(self._accountant, self._owner, self._kept + kept)

    def charge(self, part: str, cost: Cost, what_to_do: str = "Use less of it.") -> None:
        """Charge for a part, in place of what this part cost before.

        Parameters
        ----------
        part : what it is, in words for people, such as "the table" or "input 1".
        what_to_do : how this part could cost less.

        Raises
        ------
        BudgetError
            If it is too much; the part then costs nothing, as it must not be kept.
        """
        self._accountant._charge(self._owner, part, self._kept + cost, what_to_do)

    def release(self, *parts: str) -> None:
        """Free these parts; all of them where none is named."""
        self._accountant._release(self._owner, parts or None)


def unshared(limits: Limits = DEFAULT) -> Account:
    """An account for a single upload, where nobody else is."""
    return Accountant(most_of(limits)).account("")


def _sum(costs: Iterable[Cost]) -> Cost:
    total = Cost()
    for cost in costs:
        total += cost
    return total


def _amount(name: str, value: int) -> str:
    if name in ("arrays", "files"):
        return f"{value / MIB:,.0f}"
    return f"{value / 10**6:,.0f} million" if value >= 10**6 else f"{value:,}"


def _beside(name: str, used: int) -> str:
    return f", of which {_amount(name, used)} are taken" if used else ""
