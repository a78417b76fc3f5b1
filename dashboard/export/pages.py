"""HTML files of templates in ``dashboard/text``: what is put into them is escaped."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

_TEMPLATES: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parents[1] / "text"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
)


def filled(template: str, **values: Any) -> str:
    """The page that a template makes of values; only ``Markup`` is put in as it is."""
    return _TEMPLATES.get_template(f"{template}.html.jinja").render(**values)
