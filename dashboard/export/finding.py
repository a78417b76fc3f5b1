"""A finding in one HTML file that needs nothing else: no server, no network, no script."""

from __future__ import annotations

from markupsafe import Markup

from dashboard.export import pages
from dashboard.figures import finding as figures
from dashboard.figures.bars import Bars
from dashboard.services.finding.numbers import Estimate, Numbers
from dashboard.services.finding.sentences import Finding
from dashboard.services.store.own_sets import OwnSet
from dashboard.text import yours as text


def evidence(found: Numbers, title: str) -> str:
    """The figure of a finding, as SVG text."""
    drawings = [(text.ACCURACY, _accuracy(found))]
    if found.bits:
        drawings.append((text.BITS, _bits(found)))
    listed = [f"{r.letter} {r.words} {r.text}".strip() for _, bars in drawings for r in bars.rows]
    return figures.together(drawings, f"{title}: {', '.join(listed)}")


def _measured(name: str, e: Estimate) -> tuple[str, float, float, float]:
    return name, e.value, e.low, e.high


def _accuracy(found: Numbers) -> Bars:
    alone = [_measured(n, e) for n, e in zip(found.inputs, found.alone, strict=True)]
    models = [_measured(n, e) for n, e in found.accuracy.items()]
    return figures.accuracy(alone, models, found.largest)


def _bits(found: Numbers) -> Bars:
    names = dict(zip(("first", "second"), found.inputs, strict=True))
    alone = [_measured(_named(w, names), found.bits[q]) for q, w in text.ALONE.items()]
    parts = [
        (letter, *_measured(_named(words, names), found.bits[q]))
        for q, (letter, words) in text.PARTS.items()
    ]
    return figures.bits(alone, parts)


def _named(words: str, names: dict[str, str]) -> str:
    """The words with the names of the inputs, which may hold anything."""
    for place, name in names.items():
        if f"{{{place}}}" in words:
            return words.replace(f"{{{place}}}", name)
    return words


def of_finding(own_set: OwnSet, found: Numbers, said: Finding) -> bytes:
    """The finding, its evidence, its caveats and how it was made, HTML in UTF-8."""
    rows = [
        ("Rows", f"{found.rows:,}, of which {found.test_rows:,} test a run"),
        ("Classes", ", ".join(own_set.card.classes)),
        ("Label", found.label or "-"),
        *((f"Input {m}", _columns(own_set, m)) for m in range(1, len(found.inputs) + 1)),
        ("Runs", f"{found.runs} of each model"),
        ("Training", "quick" if found.quick else "full"),
        ("Source", own_set.card.source),
    ]
    page = pages.filled(
        "finding",
        title=own_set.card.title,
        quick=text.IS_QUICK if found.quick else "",
        paragraph=said.paragraph,
        ring=text.RING,
        drawing=Markup(evidence(found, own_set.card.title)),
        keep_in_mind=text.KEEP_IN_MIND,
        caveats=said.caveats,
        covers_title=text.COVERS,
        covers=said.covers,
        about=rows,
    )
    return page.encode("utf-8")


def _columns(own_set: OwnSet, number: int) -> str:
    """Name of an input and what it is made of."""
    one = own_set.card.modalities[number - 1]
    names = list(dict.fromkeys(c.name for c in one.columns))
    more = f" and {len(names) - 20:,} more" if len(names) > 20 else ""
    return f"{one.name} ({one.kind})" + (f": {', '.join(names[:20])}{more}" if names else "")
