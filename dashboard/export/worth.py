"""What an input is worth, in one HTML file to print: no server, no network, no script."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from dashboard.figures import worth as figures
from dashboard.figures.bars import draw, patterns
from dashboard.services.store.catalog import Checkpoint
from dashboard.services.worth import Shown
from dashboard.text import worth as text

_TEMPLATES: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parents[1] / "text"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
)


def of_worth(checkpoint: Checkpoint, shown: Shown) -> bytes:
    """The verdict on an input, its measures, its curve as a table, and its parts; HTML in UTF-8."""
    parts = []
    for by, found in shown.parts.items():
        bars, title = figures.by_part(found), text.BY.get(by, by)
        alt = f"{title}: " + ", ".join(f"{name} {value:+.2f}" for name, _, value, *_ in found)
        parts.append((title, Markup(patterns([m.look for m in bars.marks]) + draw(bars, alt))))
    every_second = shown.curve.iloc[::2]
    page = _TEMPLATES.get_template("worth.html.jinja").render(
        title=f"What is {shown.name} worth?",
        about=f"{checkpoint.model} on {checkpoint.data}, seed {checkpoint.seed}, "
        f"{shown.samples:,} test samples",
        paragraph=" ".join(shown.verdict),
        notes=shown.notes,
        measures=[
            [text.MEASURES[name], *cells] for name, *cells in shown.measures.itertuples(index=False)
        ],
        policies=list(text.POLICIES.values()),
        curve=[
            [f"{row['share']:.0%}", *(f"{row[f'accuracy_{p}']:.1%}" for p in text.POLICIES)]
            for _, row in every_second.iterrows()
        ],
        curve_words=text.CURVE,
        parts=parts,
    )
    return page.encode("utf-8")
