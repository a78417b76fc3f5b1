"""What is to be said about an upload, each issue with what is done about it, as buttons."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from dashboard.guard import callback
from dashboard.keys import key_of
from dashboard.services.store import drafts, uploads
from dashboard.services.store.drafts import Draft
from dashboard.services.store.uploads import Assembled, Issue, Offer, Problem
from dashboard.text import messages
from dashboard.text import yours as text
from dashboard.views.uploads import state
from dashboard.widgets import download, notice, plain

_REFUSED = "upload_refused"


def issues(draft: Draft, made: Assembled) -> None:
    """Every issue with its rows, and buttons for what can be done about it."""
    st.markdown("**Issues**")
    if not made.issues:
        st.success(text.NO_ISSUES, icon=":material/check_circle:")
    elif any(i.severity == "error" for i in made.issues):
        st.error(f"**{text.FIX_FIRST}**", icon=":material/error:")
    for number, issue in enumerate(made.issues):
        _issue(draft, number, issue)
    if any(i.rows for i in made.issues):
        st.caption("Rows are counted from 0, the first one after the header.")
        download(uploads.faults(made.issues), "problems")
    _files(draft)
    _reading(draft)


def _issue(draft: Draft, number: int, issue: Issue) -> None:
    icon = "error" if issue.severity == "error" else "info"
    title = issue.title[:1].upper() + issue.title[1:]
    done = text.without_options(issue.repair or issue.what_to_do)
    st.markdown(f":material/{icon}: **{plain(title)}** {plain(issue.where)}  \n{plain(done)}")
    if not issue.offers:
        return
    with st.container(horizontal=True, gap="small"):
        for place, offer in enumerate(issue.offers):
            chosen = _is_chosen(draft, issue, offer)
            st.button(
                offer.text, key=key_of("offer", number, place), type="secondary",
                icon=":material/check:" if chosen else None, disabled=chosen,
                on_click=callback(_repair), args=(offer.option, offer.value),
            )  # fmt: skip


def _is_chosen(draft: Draft, issue: Issue, offer: Offer) -> bool:
    """Whether this is what is done now, as it was chosen or because it suits most files."""
    if offer.option == "missing" and draft.said.repairs.missing == "auto":
        return text.done_by(issue.repair) == offer.value
    return bool(getattr(draft.said.repairs, offer.option) == offer.value)


def _repair(option: str, value: Any) -> None:
    state.put(drafts.repaired(state.draft(), **{option: value}))


# --- files that are asked for --------------------------------------------------------------------


def _files(draft: Draft) -> None:
    """A place for pictures and sounds that a table names, and those that were put there."""
    for name in draft.added:
        st.button(
            f"Remove {plain(name)}", key=key_of("remove_file", draft.number, name),
            icon=":material/close:", on_click=callback(_remove), args=(name,),
        )  # fmt: skip
    refused = st.session_state.get(_REFUSED)
    if refused is not None and refused[0] == draft.number:
        notice(messages.unusable(refused[1]))
    if not uploads.without_files(draft.upload, draft.roles) and not draft.added:
        return
    how = st.segmented_control(
        "Pictures and sounds that the table names", list(text.WAYS), default="files",
        format_func={"files": "a .zip, or files", "folder": "a folder"}.__getitem__,
        key="files_way", required=True,
    )  # fmt: skip
    _place(str(how), key_of("more_files", draft.number, str(how)))


def _place(how: str, key: str) -> None:
    """Where files are put that were asked for."""
    limits = uploads.LIMITS
    if how == "folder":
        st.file_uploader(
            "The folder", list(uploads.MEDIA_TYPES), accept_multiple_files="directory", key=key,
            max_upload_size=limits.file_mib, on_change=callback(_add), args=(key,),
        )  # fmt: skip
    else:
        st.file_uploader(
            "The .zip", ["zip", "tar", *uploads.MEDIA_TYPES], accept_multiple_files=True, key=key,
            max_upload_size=limits.upload_mib, on_change=callback(_add), args=(key,),
        )  # fmt: skip


def _add(key: str) -> None:
    files = st.session_state.get(key) or ()
    if files:
        draft = state.draft()
        with st.spinner("Reading the files …"):
            _take(drafts.with_files(draft, state.new_number(), contents(files)))


def _remove(name: str) -> None:
    _take(drafts.without_file(state.draft(), state.new_number(), name))


def _take(result: Draft | Problem) -> None:
    st.session_state.pop(_REFUSED, None)
    if isinstance(result, Problem):
        st.session_state[_REFUSED] = (state.draft().number, result.message)
    else:
        state.put(result)


def contents(files: Sequence[Any]) -> list[tuple[str, bytes]]:
    """Names and bytes of what a browser sent; of a folder the names have its name."""
    return [(f.name, f.getvalue()) for f in files]


# --- how a file is read ------------------------------------------------------------------------


_HEADERS = {
    "auto": "as it looks",
    "yes": "names of the columns",
    "no": "a sample, as the ones below",
}


#: Encodings of old tables of text; what Unicode and Windows-1252 are is seen without being told.
_ENCODINGS = {
    "": "as it looks",
    "gb18030": "Chinese (GB 18030)",
    "big5": "Chinese (Big5)",
    "shift_jis": "Japanese (Shift JIS)",
    "euc_kr": "Korean (EUC-KR)",
    "cp1251": "Cyrillic (Windows-1251)",
    "mac_roman": "Mac Roman",
}


def _reading(draft: Draft) -> None:
    """How a table of text is read: its first row may be names or a sample, its letters may be of an
    old encoding."""
    if not any(c.storage == "text" for c in draft.upload.table.columns.values()):
        return
    with st.expander("How the file is read", icon=":material/tune:"):
        _header_choice(draft, key_of("header", draft.number))
        _encoding_choice(draft, key_of("encoding", draft.number))


def _header_choice(draft: Draft, key: str) -> None:
    st.selectbox(
        "The first row is", list(_HEADERS), list(_HEADERS).index(draft.options.header),
        format_func=_HEADERS.__getitem__, key=key, on_change=callback(_header), args=(key,),
    )  # fmt: skip


def _header(key: str) -> None:
    with st.spinner("Reading the file …"):
        header = st.session_state[key]
        _take(drafts.read_with(state.draft(), state.new_number(), header=header))


def _encoding_choice(draft: Draft, key: str) -> None:
    st.selectbox(
        "The text is", list(_ENCODINGS), list(_ENCODINGS).index(draft.options.encoding),
        format_func=_ENCODINGS.__getitem__, key=key, on_change=callback(_encoding), args=(key,),
    )  # fmt: skip


def _encoding(key: str) -> None:
    with st.spinner("Reading the file …"):
        encoding = st.session_state[key]
        _take(drafts.read_with(state.draft(), state.new_number(), encoding=encoding))
