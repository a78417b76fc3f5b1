"""What the uploads of all visitors may take of this server together, session by session.

An upload is charged to its session until it is saved, replaced or taken away; what a session was
charged for is freed when the server has forgotten the session.
"""

from __future__ import annotations

import os
from typing import Final

from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from dashboard.services.store.catalog import log
from dmil_core.data.files.budget import Account, Accountant, most_of
from dmil_core.data.files.limits import DEFAULT, MIB

#: Environment variable: how many uploads of the largest size the server holds at once.
AT_ONCE: Final = "DMIL_UPLOADS_AT_ONCE"
_USUAL: Final = 4
#: Bytes of the largest file that is taken.
LARGEST_FILE: Final = DEFAULT.upload_mib * MIB
#: Files and bytes that Streamlit holds for one session: a table, and a .zip or a folder.
MOST_FILES: Final = DEFAULT.files + 100
MOST_BYTES: Final = most_of(DEFAULT).files


def accountant() -> Accountant:
    """Accounts of all sessions of this server."""
    return _ACCOUNTANT


def account() -> Account:
    """The account of the session that runs now; those of sessions that have ended are closed."""
    # Streamlit's own list, since the public one leaves out sessions that may yet come back.
    manager = getattr(runtime.get_instance(), "_session_mgr", None) if runtime.exists() else None
    if manager is not None:
        _ACCOUNTANT.close_all_but([s.session.id for s in manager.list_sessions()])
    context = get_script_run_ctx(suppress_warning=True)
    return _ACCOUNTANT.account("" if context is None else context.session_id)


def at_once() -> int:
    """How many of the largest uploads there may be at once, as `AT_ONCE` says."""
    value = os.environ.get(AT_ONCE, "").strip()
    if value.isdecimal() and int(value) > 0:
        return int(value)
    if value:
        log.error("%s is %r, expected a whole number from 1; using %d", AT_ONCE, value, _USUAL)
    return _USUAL


_ACCOUNTANT: Final = Accountant(most_of(DEFAULT), most_of(DEFAULT).times(at_once()))
