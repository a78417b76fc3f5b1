"""Jobs as a visitor sees them: a bar, the stage, the time left, and a way to end them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from dashboard.guard import callback
from dashboard.jobs.queue import Job, jobs
from dashboard.keys import key_of
from dashboard.services.faults import without_paths
from dashboard.services.store.catalog import log
from dashboard.text import messages, yours
from dashboard.widgets import part, plain

#: Seconds between two looks at jobs that are under way.
_LOOK = 1.0

_MARKS = {
    "queued": ":gray-badge[:material/hourglass_top: waiting]",
    "running": ":blue-badge[:material/play_arrow: running]",
    "done": ":green-badge[:material/check: done]",
    "failed": ":red-badge[:material/error: failed]",
    "cancelled": ":gray-badge[:material/cancel: cancelled]",
    "stopped": ":orange-badge[:material/pause: stopped]",
}


def show(list_jobs: Callable[[], Sequence[Job]], owner: str) -> None:
    """The jobs that ``found`` returns, looked at again every second while one is unfinished.

    Only a job's ``owner`` gets its buttons. When a job or one of its steps ends the whole page runs
    again, so that what it made is shown.
    """
    before = _steps(list_jobs())

    def panel() -> None:
        now = list_jobs()
        for job in now:
            _one(job, job.owner == owner)
        if _steps(now) != before:
            st.rerun()

    part(panel, _LOOK if before else None)()


def _steps(jobs: Sequence[Job]) -> set[tuple[str, str]]:
    """Which step every unfinished job is at."""
    return {(j.id, j.stage.partition(":")[0]) for j in jobs if j.active}


def _one(job: Job, mine: bool) -> None:
    with st.container(border=True, key=key_of("job", job.id)):
        st.markdown(f"**{plain(job.title)}** {_MARKS[job.state]}")
        if job.state == "running":
            left = "" if job.left is None else f", {messages.duration(job.left)} left at most"
            stage = plain(yours.progress(job.stage))
            st.progress(job.fraction, text=f"{job.fraction:.0%}{left}: {stage}")
            if job.message:
                st.caption(plain(without_paths(job.message)))
        elif job.state == "queued":
            st.caption(messages.queued(job.ahead))
        elif job.message:
            st.text(without_paths(job.message))
        if not mine:
            return
        with st.container(horizontal=True):
            if job.active:
                st.button(
                    "Cancel", key=key_of("cancel", job.id), icon=":material/cancel:",
                    on_click=callback(_cancel), args=(job,),
                )  # fmt: skip
                return
            if job.state != "done":
                st.button(
                    "Start again", key=key_of("again", job.id), icon=":material/restart_alt:",
                    on_click=callback(_again), args=(job,),
                )  # fmt: skip
            st.button(
                "Remove from this list", key=key_of("forget", job.id), icon=":material/close:",
                on_click=callback(_forget), args=(job,),
            )  # fmt: skip


def _cancel(job: Job) -> None:
    jobs().cancel(job.id, job.owner)


def _again(job: Job) -> None:
    if job.state == "failed":
        log.warning("job %s failed and is started again; it said:\n%s", job.id, jobs().log(job))
    jobs().again(job.id, job.owner)


def _forget(job: Job) -> None:
    jobs().forget(job.id, job.owner)
