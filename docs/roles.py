"""Shows cross-references of docstrings, such as ``:func:`train```, as plain code on the site."""

from __future__ import annotations

import re
from typing import Any

_ROLE = re.compile(r":(?:attr|class|data|func|meth|mod):(<code>)~?(?:[\w.]*\.)?(?=\w+</code>)")


def on_page_content(html: str, **_: Any) -> str:
    """Drop the role, and the module where the last name says enough."""
    return _ROLE.sub(r"\1", html)
