"""JSON read strictly over frozen dataclasses: all faults at once, each with its path.

pydantic does the work. It is imported when something is read, so that modules which only declare
what they read stay light.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, TypeAdapter

#: What was expected, by pydantic's type of error.
_EXPECTED: Final[Mapping[str, str]] = {
    "bool_type": "true or false",
    "dataclass_type": "an object",
    "dict_type": "an object",
    "finite_number": "a finite number",
    "float_type": "a number",
    "int_type": "an integer",
    "mapping_type": "an object",
    "string_type": "a string",
    "tuple_type": "a list",
}
_UNKNOWN: Final = "unexpected_keyword_argument"


@dataclass(frozen=True)
class Expected:
    """In ``Annotated[...]``: a condition on a value, and what to call a value that fulfils it."""

    what: str
    fits: Callable[[Any], bool]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> Any:
        from pydantic_core import PydanticCustomError, core_schema

        def check(value: Any) -> Any:
            if not self.fits(value):
                raise PydanticCustomError("unfit", "{what}", {"what": self.what})
            return value

        return core_schema.no_info_after_validator_function(check, handler(source))


@dataclass(frozen=True)
class Fault:
    """One thing that does not fit.

    Attributes
    ----------
    path : names of fields and positions in lists, from the outside.
    problem : what was expected and what came.
    """

    path: tuple[int | str, ...]
    problem: str

    def describe(self, where: str) -> str:
        """As ``card.modalities[0].kind: expected ...``, where ``where`` is the outermost name."""
        steps = (f"[{s}]" if isinstance(s, int) else f".{s}" for s in self.path)
        return f"{where}{''.join(steps)}: {self.problem}"


class UnfitJsonError(ValueError):
    """A value does not fit its type; ``faults`` has everything that does not."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(f.describe("") for f in faults))
        self.faults = tuple(faults)


def read(cls: Any, data: Any) -> Any:
    """The dataclass (or other type) that parsed JSON means.

    Lists become tuples; nothing else is converted: no text to a number, no number to a flag, no
    unknown field is passed over, and no number is infinite or NaN.

    Parameters
    ----------
    cls : a frozen dataclass of annotated fields, or a type such as ``tuple[int, ...]``.
    data : what ``json.loads`` returned.

    Raises
    ------
    UnfitJsonError
        With every fault.
    """
    from pydantic import ValidationError

    try:
        text = json.dumps([data])
    except (TypeError, ValueError, RecursionError) as error:
        raise UnfitJsonError([Fault((), f"expected JSON values ({error})")]) from None
    try:
        return _adapter(cls).validate_json(text)[0]
    except ValidationError as error:
        faults = error.errors(include_url=False)
        raise UnfitJsonError([_fault(f) for f in faults]) from None


@cache
def _adapter(cls: Any) -> TypeAdapter[Any]:
    """An adapter for a list of one ``cls``: only so does its configuration reach a dataclass."""
    from pydantic import ConfigDict, TypeAdapter

    strict = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)
    return TypeAdapter(tuple[cls], config=strict)


def _fault(error: Any) -> Fault:
    kind, steps = error["type"], tuple(s for s in error["loc"][1:] if s != "[key]")
    if kind == "missing":
        last = steps[-1]
        what = f"item {last} (from 0)" if isinstance(last, int) else f"the field {last!r}"
        return Fault(steps[:-1], f"{what} is missing")
    if kind == _UNKNOWN:
        return Fault(steps[:-1], f"unknown field {steps[-1]!r}")
    if kind == "literal_error":
        expected = f"one of {error['ctx']['expected']}"
    elif kind == "too_long":
        expected = f"at most {error['ctx']['max_length']} items"
    else:
        expected = _EXPECTED.get(kind, error["msg"])
    return Fault(steps, f"expected {expected}, got {_short(error['input'])}")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
