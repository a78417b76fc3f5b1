"""Faults that axe-core finds on a page, as a person who needs a screen reader would meet them."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

#: What counts; the minor ones are in Streamlit's own tables and upload field.
COUNTED = ("moderate", "serious", "critical")


def faults(page: Page) -> list[str]:
    """Each fault of the page as it is now, with the element it is at; nothing is left out."""
    result = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{fault['id']}: {node['html'][:160]}"
        for fault in result
        if fault["impact"] in COUNTED
        for node in fault["nodes"]
    ]
