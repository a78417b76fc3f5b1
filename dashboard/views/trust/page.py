"""Trust: can the decomposition of this data set be believed?"""

from __future__ import annotations

from dashboard import widgets
from dashboard.services.store.catalog import checkpoint_catalog
from dashboard.views.trust import checks, settings


def trust() -> None:
    """The page."""
    catalog = checkpoint_catalog()
    result = widgets.current(catalog)
    if result is not None:
        checks.checks(catalog, result)
    # Apart from the checks, which a choice of a setting does not change.
    widgets.alone(settings.settings)
