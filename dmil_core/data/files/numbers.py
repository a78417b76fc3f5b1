"""Numbers as people write them: 1.234,5 and 3 000, 19.5 %, 2.5 cm, $4, 3/4, <0.5.

How a column spells its numbers is decided for the column as a whole, from all its cells: ``1,234``
alone could be either of two numbers.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Decimal = Literal[".", ","]

#: Different cells that the spelling is decided from; all of them are read by it afterwards.
_LOOKED_AT: Final = 2000
#: Share of the different cells that have to be numbers, or the column is one of words.
LEAST_SHARE: Final = 0.8

#: Different cells at most that may be ranges rather than numbers.
_FEW_RANGES: Final = 10
_BLANKS: Final = " \u00a0\u2007\u2009\u202f"
_MINUS: Final = ["-", "\u2212", "\u2013"]
_APOSTROPHE: Final = "\u2019"
_CURRENCIES: Final = "$€£¥₹₽₩"
#: What stands before amounts beside one of these signs, and before a blank.
_CODES: Final = (
    "USD", "EUR", "GBP", "CHF", "JPY", "CNY", "INR", "AUD", "CAD", "SEK", "NOK", "DKK", "PLN",
    "CZK", "HUF", "BRL", "MXN", "ARS", "KRW", "RUB", "TRY", "ZAR", "NZD", "SGD", "HKD", "US$", "R$",
    "A$", "C$", "kr", "kr.", "Rs", "Rs.", "Fr.",
)  # fmt: skip
_FRONT: Final = rf"[{_CURRENCIES}]|(?:{'|'.join(map(re.escape, _CODES))})(?=[ \d])"
_SIGNS: Final = "+\\-\u2212\u2013"
_LETTER: Final = r"[^\W\d_]"
_UNIT: Final = rf"(?:{_LETTER}|[%‰°{_CURRENCIES}])(?:[^\W_]|[%°²³/^·.*\-]){{0,11}}"
#: Marks of footnotes and of significance behind a number.
_MARK: Final = "[*\u2020\u2021\u00a7]"
_LIMIT: Final = r"(?:[<>≤≥~≈]=?|(?:ca|approx)\.?)"
_WHOLE: Final = re.compile(
    rf"^\s*(?P<open>\()?\s*(?P<limit>{_LIMIT})?\s*(?P<front>{_FRONT})?\s*"
    rf"(?P<sign>[{_SIGNS}])?\s*(?P<second>{_FRONT})?\s*"
    rf"(?P<body>\d[\d.,'{_APOSTROPHE}{_BLANKS}]*|[.,]\d+)(?P<exponent>[eE][+\-]?\d{{1,3}})?"
    rf"(?P<after>-(?=[\s)]|$))?\s*(?P<unit>{_UNIT})?\s*(?P<mark>{_MARK}{{1,3}})?\s*(?P<close>\))?\s*$"
)
_FRACTION: Final = re.compile(r"^\s*(\d{1,9})\s*/\s*(\d{1,9})\s*$")

#: Decimal mark and mark between thousands, the most usual first.
_MARKS: Final[tuple[tuple[Decimal, str], ...]] = (
    (".", ""), (".", ","), (",", ""), (",", "."), (".", " "), (",", " "), (".", "'"), (",", "'"),
)  # fmt: skip

#: Endings of 1st, 2nd, 3rd and 4th, which are no units.
_ORDINALS: Final = ("st", "nd", "rd", "th")
#: Marks of numbers in other scripts, and wide forms of the usual ones.
_AS_USUAL: Final = str.maketrans("\u066b\u066c\uff0e\uff0c\uff05\uff0d\uff0b", ".,.,%-+")
#: Powers of ten as people write them: 1.5 \u00d7 10^3.
_POWER: Final = re.compile(
    "\\s?[\u00d7\u00b7]\\s?10\\^?([+-]?\\d{1,2}|[\u207a\u207b]?[\u2070\u00b9\u00b2\u00b3\u2074-\u2079]{1,2})"
)
_RAISED: Final = str.maketrans(
    "\u207a\u207b\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079", "+-0123456789"
)
#: Units that can be turned into each other: name -> how many of the first one it is.
_FAMILIES: Final[tuple[dict[str, float], ...]] = (
    {"m": 1, "mm": 1e-3, "cm": 1e-2, "dm": 0.1, "km": 1e3, "µm": 1e-6, "μm": 1e-6, "nm": 1e-9,
     "in": 0.0254, "inch": 0.0254, "inches": 0.0254, "ft": 0.3048, "mi": 1609.344},
    {"g": 1, "mg": 1e-3, "kg": 1e3, "µg": 1e-6, "μg": 1e-6, "ug": 1e-6, "t": 1e6,
     "lb": 453.59237, "lbs": 453.59237, "oz": 28.349523125},
    {"s": 1, "sec": 1, "ms": 1e-3, "µs": 1e-6, "us": 1e-6, "min": 60, "h": 3600, "hr": 3600,
     "hrs": 3600},
    {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800},
    {"month": 1, "mo": 1, "year": 12, "yr": 12, "yrs": 12},
    {"l": 1, "L": 1, "ml": 1e-3, "mL": 1e-3, "cl": 1e-2, "dl": 0.1, "dL": 0.1},
    {"Hz": 1, "kHz": 1e3, "MHz": 1e6, "GHz": 1e9},
    {"B": 1, "kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9},
    {"": 1, "k": 1e3, "K": 1e3, "M": 1e6, "Mio": 1e6, "bn": 1e9},
)  # fmt: skip


@dataclass(frozen=True)
class Spelling:
    """How the cells of a column spell numbers.

    Attributes
    ----------
    decimal, thousands : the marks; ``thousands`` is "" where there is none.
    unit : behind the number (``cm``, ``%``), or the currency before it; "" for none.
    factors : other units that occur -> how many of ``unit`` one of them is.
    fraction : whether the cells are like 3/4.
    limits : whether some are like <0.5, which is read as 0.5.
    marks : whether some have marks of footnotes behind them, which are left out.
    negative : whether some are in brackets, as negative amounts are.
    wrapped : whether all are in brackets, which then say nothing.
    unsure : whether the cells also make sense with the other decimal mark.
    """

    decimal: Decimal = "."
    thousands: str = ""
    unit: str = ""
    factors: tuple[tuple[str, float], ...] = ()
    fraction: bool = False
    limits: bool = False
    unsure: bool = False
    marks: bool = False
    negative: bool = False
    wrapped: bool = False

    @property
    def plain(self) -> bool:
        """Whether any program would read the cells as these numbers."""
        return self == Spelling()

    def in_words(self) -> str:
        """What is special about it, for people; "" if nothing is."""
        parts = []
        if self.fraction:
            parts.append("fractions")
        if self.decimal == ",":
            parts.append("a decimal comma")
        if self.thousands:
            names = {",": "commas", ".": "points", " ": "blanks", "'": "apostrophes"}
            parts.append(f"{names[self.thousands]} between thousands")
        if self.unit == "%":
            parts.append("percent")
        elif self.unit:
            parts.append(f"the unit {self.unit}")
        if self.factors:
            parts.append(f"{', '.join(u for u, _ in self.factors)} turned into {self.unit}")
        if self.limits:
            parts.append("limits such as <0.5, taken as the number itself")
        if self.marks:
            parts.append("marks such as *, left out")
        if self.wrapped:
            parts.append("brackets around all of them, left out")
        elif self.negative:
            parts.append("brackets around some of them, taken as negative")
        return " and ".join(parts)


# --- recognising -----------------------------------------------------------------------------


def recognise(words: pa.Array, decimal: Decimal | None = None) -> Spelling | None:
    """How these cells spell numbers; None where too few of them are numbers.

    Parameters
    ----------
    words : (U,) text, every spelling once, without missing cells.
    decimal : the decimal mark of other columns of the same file, for cells such as 1,234 that
        leave it open.
    """
    looked_at = _some(words)
    if not looked_at:
        return None
    least = LEAST_SHARE * len(looked_at)
    if sum(map(_is_fraction, looked_at)) >= least:
        return Spelling(fraction=True)
    found = [m for w in looked_at if (m := _WHOLE.match(w)) and _is_one(m)]
    if len(found) < least:
        return None
    units = Counter(_unit_of(m) for m in found)
    unit = units.most_common(1)[0][0]
    factors = _factors(unit, units)
    if factors is None or unit in _ORDINALS:
        return None
    bodies = [_even(m["body"]) for m in found]
    if _are_codes(found, bodies) or _are_ranges(found, bodies):
        return None
    spelling = _marks(bodies, decimal, least)
    if spelling is None:
        return None
    opened = sum(bool(m["open"]) for m in found)
    return replace(
        spelling, unit=unit, factors=factors, limits=any(m["limit"] for m in found),
        marks=any(m["mark"] or re.search(f"{_MARK}$", m["unit"] or "") for m in found),
        negative=0 < opened < len(found), wrapped=opened == len(found),
    )  # fmt: skip


def _some(words: pa.Array) -> list[str]:
    """At most `_LOOKED_AT` of the words, evenly, with digits of every script as 0 to 9."""
    step = -(-len(words) // _LOOKED_AT) or 1
    return [_ascii_digits(w) for w in words[::step].to_pylist() if w is not None]


def _ascii_digits(text: str) -> str:
    if text.isascii():
        return text
    text = _POWER.sub(lambda m: f"e{m[1].translate(_RAISED)}", text.translate(_AS_USUAL))
    return "".join(
        c if c.isascii() or not c.isdecimal() else str(unicodedata.decimal(c)) for c in text
    )


def _is_one(match: re.Match[str]) -> bool:
    """Whether brackets are closed, and it is no name of a file such as 12.png."""
    named = match["unit"] and match["body"].endswith(".")
    return bool(match["open"]) == bool(match["close"]) and not named


def _is_fraction(text: str) -> bool:
    # 120/80 is a pair of numbers; 3/4 is one.
    match = _FRACTION.match(text)
    return match is not None and int(match[1]) <= int(match[2]) and int(match[2]) > 0


def _unit_of(match: re.Match[str]) -> str:
    return re.sub(f"{_MARK}+$", "", match["unit"] or match["front"] or match["second"] or "")


def _factors(unit: str, units: Counter[str]) -> tuple[tuple[str, float], ...] | None:
    """What other units are in terms of the most frequent one; None where that cannot be said.

    A few cells without the unit, or with an odd one, are left: they become no numbers.
    """
    others = {u: n for u, n in units.items() if u != unit}
    known = tuple((u, f) for u in sorted(others) if (f := _of_unit(u, unit)) is not None)
    odd = sum(n for u, n in others.items() if u not in dict(known))
    if odd > (1 - LEAST_SHARE) * units.total():
        return None
    return known


def in_unit(unit: str, other: str) -> float | None:
    """How many of the other unit one of a unit is; 1 where one is not known, None where they do not
    belong together."""
    return 1.0 if not unit or not other else _of_unit(unit, other)


def _of_unit(unit: str, other: str) -> float | None:
    """The same, where a number without a unit is one of another kind than one with it."""
    if _spelled_alike(unit, other):
        return 1.0
    for family in _FAMILIES:
        known = {_one(u): n for u, n in family.items()}
        if _one(unit) in known and _one(other) in known:
            return known[_one(unit)] / known[_one(other)]
    return None


def _one(unit: str) -> str:
    """A unit in the singular: day of days."""
    return unit.removesuffix("s") if len(unit) > 3 else unit


def _spelled_alike(unit: str, other: str) -> bool:
    """Whether two units differ by case or the plural alone; of m and M the case says something."""
    a, b = _one(unit), _one(other)
    return a == b or (min(len(a), len(b)) > 1 and a.lower() == b.lower())


def _are_codes(found: list[re.Match[str]], bodies: list[str]) -> bool:
    """Whether these are codes such as 00731: all of one length, some with zeros in front."""
    digits = [b for m, b in zip(found, bodies, strict=True) if m[0].strip() == b and b.isdecimal()]
    if len(digits) < len(found) or len(set(map(len, digits))) > 1 or len(digits[0]) < 2:
        return False
    return any(b.startswith("0") for b in digits) and any(b.strip("0") for b in digits)


def _are_ranges(found: list[re.Match[str]], bodies: list[str]) -> bool:
    """Whether these are a few ranges, such as <=50K and >50K, which are no single number."""
    limits = {(m["limit"] or "", body) for m, body in zip(found, bodies, strict=True)}
    return len(found) <= _FEW_RANGES and len(limits) > len(set(bodies))


def _marks(bodies: list[str], decimal: Decimal | None, least: float) -> Spelling | None:
    """The marks that explain most of the numbers; in doubt, those that the file uses."""
    marks = sorted(_MARKS, key=lambda m: m[0] != decimal) if decimal else list(_MARKS)
    counts = {m: sum(map(bool, map(_BODIES[m].fullmatch, bodies))) for m in marks}
    best = max(marks, key=lambda m: counts[m])
    if counts[best] < least:
        return None
    rivals = [m for m in marks if m[0] != best[0] and counts[m] == counts[best]]
    marked = any("," in b or "." in b for b in bodies)
    # Plain numbers with a point are what they seem, unless the file says otherwise.
    unsure = marked and bool(rivals) and best != (".", "")
    return Spelling(best[0], best[1], unsure=unsure)


def _body(decimal: str, thousands: str) -> str:
    d, t = re.escape(decimal), re.escape(thousands)
    whole = r"\d+"
    if thousands:
        # 1,234,567, and 12,34,567 as written in India.
        whole = rf"(?:[1-9]\d{{0,2}}(?:{t}\d{{3}})+|[1-9]\d?(?:{t}\d{{2}})+{t}\d{{3}}|\d+)"
    return rf"(?:{whole}(?:{d}\d*)?|{d}\d+)"


_BODIES: Final = {marks: re.compile(_body(*marks)) for marks in _MARKS}


def _even(body: str) -> str:
    """Every kind of blank as one, every apostrophe as one."""
    return re.sub(f"[{_BLANKS}]", " ", body.strip(_BLANKS)).replace(_APOSTROPHE, "'")


# --- reading ---------------------------------------------------------------------------------


def read(words: pa.Array, spelling: Spelling) -> NDArray[np.float64]:
    """(U,) the numbers that cells of this spelling mean; NaN for a cell that is none.

    Parameters
    ----------
    words : (U,) text.
    """
    if spelling.plain:
        try:
            return _finite(pc.cast(words, pa.float64()))
        except pa.ArrowInvalid:  # blanks around a number, or a cell that is none
            pass
    words = _without_other_digits(words)
    if spelling.fraction:
        parts = pc.extract_regex(words, r"^\s*(?P<a>\d{1,9})\s*/\s*(?P<b>\d{1,9})\s*$")
        top, bottom = (_finite(pc.cast(parts.field(i), pa.float64())) for i in (0, 1))
        with np.errstate(divide="ignore", invalid="ignore"):
            return _bounded(np.where(bottom > 0, top / bottom, np.nan))
    even = pc.replace_substring_regex(pc.utf8_trim_whitespace(words), f"[{_BLANKS}]", " ")
    even = pc.replace_substring(even, _APOSTROPHE, "'")
    units = {spelling.unit: 1.0, **dict(spelling.factors)}
    units.setdefault("", 1.0)  # a few cells may lack the unit
    total = np.full(len(words), np.nan)
    for unit, factor in units.items():
        values = _with_unit(even, spelling, unit)
        total = np.where(np.isnan(total), values * factor, total)
    return _bounded(total)


def _with_unit(even: pa.Array, spelling: Spelling, unit: str) -> NDArray[np.float64]:
    """(U,) the numbers of cells with this unit, or with this currency before or behind it."""
    u = re.escape(unit)
    amount = unit in (*_CURRENCIES, *_CODES)
    front, back = (f"(?:{u} ?)?", f"(?:{u})?") if amount else ("", u)
    parts = pc.extract_regex(
        even,
        rf"^(?P<open>\(?) ?{_LIMIT}? ?{front}(?P<sign>[{_SIGNS}]?) ?{front}"
        rf"(?P<body>{_body(spelling.decimal, spelling.thousands)})"
        rf"(?P<exponent>(?:[eE][+\-]?\d{{1,3}})?)(?P<after>-?) ?{back} ?{_MARK}{{0,3}} ?"
        rf"(?P<close>\)?)$",
    )
    part = {f.name: parts.field(i) for i, f in enumerate(parts.type)}
    body = part["body"]
    if spelling.thousands:
        body = pc.replace_substring(body, spelling.thousands, "")
    if spelling.decimal == ",":
        body = pc.replace_substring(body, ",", ".")
    text = pc.binary_join_element_wise(body, part["exponent"], pa.scalar("", body.type))
    # extract_regex leaves "" in the fields of cells that do not match.
    matched = parts.is_valid()
    values = _finite(pc.cast(pc.if_else(matched, text, pa.scalar(None, text.type)), pa.float64()))
    opened, closed = (pc.not_equal(part[n], "") for n in ("open", "close"))
    minus_signs = pa.array(_MINUS, body.type)
    signed = pc.or_(pc.is_in(part["sign"], minus_signs), pc.is_in(part["after"], minus_signs))
    negative = signed if spelling.wrapped else pc.or_(signed, opened)
    fits = pc.equal(opened, closed)
    minus = negative.to_numpy(zero_copy_only=False).astype(bool)
    values = np.where(minus, -values, values)
    return np.where(pc.fill_null(fits, False).to_numpy(zero_copy_only=False), values, np.nan)


def _without_other_digits(words: pa.Array) -> pa.Array:
    if pc.all(pc.string_is_ascii(words)).as_py() is not False:
        return words
    return pa.array(
        [None if w is None else _ascii_digits(w) for w in words.to_pylist()], words.type
    )


def _finite(values: pa.Array) -> NDArray[np.float64]:
    numbers: NDArray[np.float64] = pc.fill_null(values, np.nan).to_numpy(zero_copy_only=False)
    return _bounded(numbers)


def _bounded(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """What fits into 32 bits; anything else is no number that a model could read."""
    with np.errstate(invalid="ignore"):
        fits = np.abs(values) <= float(np.finfo(np.float32).max)
    return np.where(fits, values, np.nan)
