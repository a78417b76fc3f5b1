"""Rows of the list of samples: inputs, gate weights and prediction of each."""

from __future__ import annotations

from dashboard.components.sample_list import Kind, Row
from dashboard.services import listing
from dashboard.services.sample import samples as service
from dashboard.services.sample import thumbnails
from dashboard.services.store.catalog import Checkpoint
from dashboard.services.store.rows import Rows
from dashboard.state.view import COMPONENTS, View

#: Height of a row in pixels: enough for a small picture and a line below it.
HEIGHT = 62
#: The same of sets of which an input is shown by lines of values.
TALL = 78
#: Quantities that every row shows anyway.
_SHOWN = ("id", "class", "prediction", "correct", "confidence", "dominant")
#: Quantities that are shares, shown in percent.
_SHARES = ("unexplained", *(f"gate-{c}" for c in COMPONENTS))


def rows(checkpoint: Checkpoint, part: Rows, view: View) -> tuple[list[Row], int]:
    """The rows of a part of the checkpoint's table, and their height in pixels."""
    ids = part.ids[:]
    small = thumbnails.columns(checkpoint, ids)
    gates = service.gates_of(part) or [{}] * len(part)
    by = _quantity(checkpoint, part, view)
    truths, answers = (part.words(name).texts() for name in ("y", "pred"))
    sure, correct = part.numbers("confidence"), part.correct
    made = []
    for place, sample in enumerate(ids):
        truth = "" if correct[place] else f" · true class {truths[place]}"
        extra = f" · {by[place]}" if by else ""
        made.append(
            Row(
                id=sample,
                correct=bool(correct[place]),
                inputs=tuple(_input(column, place) for _, column in sorted(small.items())),
                parts=tuple((c, round(share, 4)) for c, share in gates[place].items()),
                line=f"{sample}{truth}{extra}",
                answer=f"{answers[place]} {sure[place]:.0%}",
            )
        )
    tall = any(column.values for column in small.values())
    return made, TALL if tall else HEIGHT


def _input(column: thumbnails.Column, place: int) -> tuple[Kind, str]:
    cell = column.cells[place]
    if cell is None:
        return "missing", "missing"
    if column.values:
        return "values", cell
    return ("text" if column.text else "picture"), cell


def _quantity(checkpoint: Checkpoint, part: Rows, view: View) -> list[str]:
    """What the list is ordered by, of each row, in words; empty where the row shows it anyway."""
    quantity, _ = listing.ordered_by(checkpoint, view.order)
    if not quantity or quantity in _SHOWN:
        return []
    name, values = short(quantity), listing.values(checkpoint, part, quantity, view)
    if quantity in _SHARES:
        return [f"{name} {value:.0%}" for value in values]
    return [f"{name} {value:+.2f} bits" for value in values]


def short(quantity: str) -> str:
    """A quantity in two words."""
    kind, _, component = quantity.partition("-")
    words = {"contribution": f"adds {component}", "bits": f"information {component.lower()}"}
    return words.get(kind, f"{kind} {component}".strip())
