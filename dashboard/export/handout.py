"""A lesson on one page to print: an HTML file that needs nothing else, without scripts."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from markupsafe import Markup

from dashboard.export import pages, report_parts
from dashboard.export.report_parts import Room, marked
from dashboard.figures import svg, theme
from dashboard.figures.bars import Bars, Mark, Row, of_part, over, patterns
from dashboard.figures.sample import signed
from dashboard.services.learn import gates
from dashboard.services.learn import lessons as service
from dashboard.services.learn.lessons import Apart
from dashboard.services.store.catalog import DataProblem
from dashboard.text import gates as gates_text
from dashboard.text import lesson_sentences as says
from dashboard.text.lessons import Lesson, Read, Takeaway

#: Bytes of pictures, at most.
MOST_MEDIA: Final = 1_000_000


def of_lesson(lesson: Lesson, address: str = "", *, mixture: str = "", measure: str = "") -> bytes:
    """The handout of a lesson, HTML in UTF-8.

    Parameters
    ----------
    address : of the page Lessons, such as ``https://host/lessons``, for the link; else none.
    gate mixture, measure : what is chosen on the page, for the picture; else as the lesson begins.
    """
    link = ""
    if address.startswith(("http://", "https://")):
        link = f"{address}?{urlencode({'lesson': lesson.name, 'step': '1'})}"
    first = lesson.steps[0]
    page = pages.filled(
        "handout",
        title=lesson.title,
        lead=lesson.lead,
        story=[marked(p) for p in first.text.split("\n\n")] if isinstance(first, Read) else [],
        questions=[
            {"text": marked(q.text), "choices": [c.text for c in q.choices], "media": _media(q)}
            for q in lesson.questions
        ],
        answers=[
            {"letter": "ABCD"[q.right], "text": marked(q.choices[q.right].why)}
            for q in lesson.questions
        ],
        patterns=Markup(patterns(map(of_part, theme.COLOURS))),
        parts=_pictures(lesson.name, mixture, measure or "broja"),
        points=[marked(p) for s in lesson.steps if isinstance(s, Takeaway) for p in s.points],
        link=link,
    )
    return page.encode("utf-8")


def _media(question: Any) -> list[dict[str, Any]]:
    """The inputs that a question is about."""
    if question.picture != "media":
        return []
    result = service.digits()
    kinds = service.corrupted(result)
    if isinstance(kinds, DataProblem):
        return []
    return report_parts.sides(result, kinds["picture"], Room(MOST_MEDIA))


def _pictures(name: str, mixture: str, measure: str) -> list[dict[str, Any]]:
    """Drawings of a lesson and the lines below them."""
    if name in ("redundancy", "two-eyes"):
        return [_pictured("alike" if name == "redundancy" else "eyes", mixture)]
    if name == "xor":
        return [_cases(mixture)]
    if name == "competition":
        return _competition()
    return _gate() if name == "gate" else [_definitions(measure), *_map()]


def _part(title: str, rows: list[Row], line: str, share: bool = False) -> dict[str, Any]:
    low, high = over(rows, most=1.0 if share else 0.0)
    bars = Bars(tuple(rows), low, high, share=share, unit="" if share else "bits")
    return {"title": title, "drawing": report_parts.drawn(bars, title), "line": marked(line)}


def _row(words: str, value: float, text: str, component: str = "", start: float = 0.0) -> Row:
    return Row("", words, text, (Mark(value, of_part(component), start),))


def _pictured(dial: str, mixture: str) -> dict[str, Any]:
    spec = service.at(dial, mixture)
    result = gates.numbers(spec)
    parts = dict(zip(gates_text.COMPONENTS, result.parts["broja"], strict=True))
    alone = {"x1 alone": result.i1, "x2 alone": result.i2}
    if dial == "eyes":
        alone["added up"] = result.i1 + result.i2
    rows = [_row(label, v, gates_text.bits(v)) for label, v in alone.items()]
    start = 0.0
    rows.append(_row("both together", result.i12, gates_text.bits(result.i12)))
    for c, value in parts.items():
        if value >= gates_text.LEAST:
            label = f"of these {c}, {gates_text.NAMES[c].split()[0]}"
            rows.append(_row(label, value, gates_text.bits(value), c, start))
            start += value
    line = (says.eyes if dial == "eyes" else says.alike)(result.i1, result.i2, result.i12)
    return _part(f"In bits, at {service.DIALS[dial]()[spec]}", rows, line)


def _cases(mixture: str) -> dict[str, Any]:
    spec = service.at("switches", mixture)
    frame = service.cases(spec)
    rows = []
    for x1, x2, _, _, _, mean, both in frame.itertuples(index=False):
        label = f"mean {mean:.0%}, both {both:.0%}"
        rows.append(Row("", f"x1={x1} x2={x2}", label, (Mark(mean), Mark(both, of_part("S")))))
    line = says.switches(service.right(frame, "mean"), service.right(frame, "both"))
    title = f"Chance of y = 1. Rule: {service.switches()[spec]}"
    return _part(title, rows, line, share=True)


def _competition() -> list[dict[str, Any]]:
    result = service.record()
    if result is None or isinstance(result, DataProblem):
        return []
    who = service.LEARNERS[0]
    frame = service.reached(result, service.WEAK, who)
    rows = []
    for group, accuracy, best in frame.itertuples(index=False):
        marks = (Mark(accuracy, of_part(str(group))), Mark(best))
        rows.append(Row(str(group), who, f"{accuracy:.1%} ({service.BEST} {best:.1%})", marks))
    easy, hard = (service.behind(frame, groups) for groups in (("R", "U1"), ("U2", "S")))
    line = says.competition(who, easy, hard)
    return [_part("Accuracy with a weak x2; grey: the best possible", rows, line, share=True)]


def _gate() -> list[dict[str, Any]]:
    result = service.digits()
    kinds = service.corrupted(result)
    if isinstance(kinds, DataProblem):
        return []
    return [
        {"title": p.title, "drawing": p.drawing, "line": Markup(" ").join(p.lines)}
        for p in report_parts.decomposed(result, kinds["picture"])
    ]


def _definitions(measure: str) -> dict[str, Any]:
    result = gates.numbers(service.AND)
    rows = [
        _row(f"{c} by {gates_text.MEASURES[name]}", value, signed(value), c)
        for name in dict.fromkeys((measure, "broja", "iccs"))
        for c, value in zip(gates_text.COMPONENTS, result.parts[name], strict=True)
    ]
    return _part("AND, in bits", rows, says.definitions(result.parts, measure))


def _map() -> list[dict[str, Any]]:
    result = service.mapped()
    near = service.apart(result) if result else None
    if not isinstance(near, Apart):
        return []
    ids = near.places.index.tolist()
    alt = f"Map of {len(near.places):,} samples: A and B are beside each other"
    drawing = Markup(
        svg.points(near.places.to_numpy(float), [ids.index(n) for n in (near.one, near.other)], alt)
    )
    line = marked(says.pair(near.nearer, len(near.places) - 1))
    return [{"title": "The map", "drawing": drawing, "line": line}]
