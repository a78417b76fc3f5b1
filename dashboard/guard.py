"""The boundary between a fault and the visitor: every callback, page and part of one runs in it.

Whatever fails, the visitor reads a message of ours with a way on, and the log has the trace once.
What Streamlit itself raises to stop a run or to begin another is no fault and passes.
"""

from __future__ import annotations

import functools
import logging
import traceback
from collections.abc import Callable
from typing import Final, ParamSpec

import streamlit as st

from dashboard.services import faults
from dashboard.text import messages
from dashboard.text.messages import Message

log = logging.getLogger("dashboard")

#: Messages of callbacks that failed, which the next whole run shows; what the log has already.
_WAITING: Final = "guard_waiting"
_LOGGED: Final = "guard_logged"
#: Faults of one visitor that are remembered as logged.
_MOST_LOGGED: Final = 50

P = ParamSpec("P")


def callback(run: Callable[P, object]) -> Callable[P, None]:
    """What Streamlit calls after a click or a choice, so that a fault in it becomes a message.

    A callback runs before the page is drawn, so that its message waits for the page.
    """

    @functools.wraps(run)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            run(*args, **kwargs)
        except Exception as error:
            tell(message_of(error, "a callback", messages.failed_action()))

    return guarded


def tell(message: Message) -> None:
    """Have a message shown above the page, once it is drawn."""
    st.session_state[_WAITING] = [*st.session_state.get(_WAITING, ()), message]


def is_waiting() -> bool:
    """Whether there is a message that a whole run would show."""
    return bool(st.session_state.get(_WAITING))


def waiting() -> list[Message]:
    """The messages to show now; they are forgotten."""
    messages_: list[Message] = st.session_state.pop(_WAITING, [])
    return messages_


def message_of(error: Exception, where: str, otherwise: Message) -> Message:
    """What a visitor reads of an error; ``otherwise`` where it is a fault of ours."""
    if why := faults.busy(error):
        log.info("nothing more is taken: %s", error)
        return messages.busy(why)
    _log(error, where)
    if reason := faults.lack(error):
        return messages.lacking(reason)
    return otherwise


def _log(error: Exception, where: str) -> None:
    """Write an error into the log, the same one of the same visitor only once: a part of a page
    may run every second."""
    frames = traceback.extract_tb(error.__traceback__)
    fault = f"{type(error).__name__} {frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    logged: list[str] = st.session_state.setdefault(_LOGGED, [])
    if fault in logged:
        return
    st.session_state[_LOGGED] = [*logged, fault][-_MOST_LOGGED:]
    log.error("%s failed; the view was %s", where, st.session_state.get("view"), exc_info=error)
