"""What an input is worth, in one HTML file to print: no server, no network, no script."""

from __future__ import annotations

from markupsafe import Markup

from dashboard.export import pages
from dashboard.figures import worth as figures
from dashboard.figures.bars import draw, patterns
from dashboard.services.worth import Shown
from dashboard.text import worth as text


def of_worth(about: str, shown: Shown) -> bytes:
    """The verdict on an input, its measures, its curve as a table, and its parts; HTML in UTF-8.

    ``about`` says of which samples, and by whom.
    """
    parts = []
    for by, found in shown.parts.items():
        bars, title = figures.by_part(found), text.BY.get(by, by)
        alt = f"{title}: " + ", ".join(f"{name} {value:+.2f}" for name, _, value, *_ in found)
        parts.append((title, Markup(patterns([m.look for m in bars.marks]) + draw(bars, alt))))
    every_second = shown.curve.iloc[::2]
    page = pages.filled(
        "worth",
        title=f"What is {shown.name} worth?",
        about=about,
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
