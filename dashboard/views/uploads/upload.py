"""Uploading a set: files, the role of every column, a look at it, and the start of its training.

What is chosen here stays out of the link on purpose: it is about a file that no link may carry.
"""

from __future__ import annotations

from pathlib import PurePath

import streamlit as st

from dashboard.guard import callback
from dashboard.keys import key_of
from dashboard.services.sample import media
from dashboard.services.store import own_sets, uploads, visitors
from dashboard.services.store.drafts import Draft
from dashboard.services.store.uploads import Assembled, Problem
from dashboard.text import messages
from dashboard.text import yours as text
from dashboard.views.sample import media_cards
from dashboard.views.uploads import grid, issues, state
from dashboard.widgets import notice, plain


def upload() -> None:
    """The whole way; each step shows when the one before is done."""
    _files()
    if not state.is_there():
        return
    draft = state.draft()
    if isinstance(draft.result, Problem):
        notice(messages.unusable(draft.result.message))
        return
    st.header(text.NEXT["roles"], anchor=False)
    st.caption(
        f"{plain(_listed(draft))}: {text.count(draft.upload.rows, len(draft.upload.columns))} "
        "The roles are a guess; correct them where they are wrong."
    )
    picked = grid.preview(draft)
    left, right = st.columns([3, 2], gap="large")
    with left:
        grid.roles(draft, picked)
        title = st.text_input(
            "Name of the set", _title(draft.name), max_chars=60, key=key_of("title", draft.number)
        ).strip() or "My set"  # fmt: skip
    made = _assembled(draft, title)
    with right:
        issues.issues(draft, made)
    if made.dataset is None:
        return
    _look(made)
    _train(draft, made)


def _listed(draft: Draft) -> str:
    names = [f.name for f in draft.files]
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1:,} more"


def _title(name: str) -> str:
    stem = PurePath(name.partition("/")[0]).stem
    return "".join(c for c in stem if c.isprintable())[:60] or "My set"


# --- 1: the files --------------------------------------------------------------------------------


def _files() -> None:
    limits = uploads.LIMITS
    st.header(text.NEXT["source"], anchor=False)
    with st.expander("What files can look like, and what they may hold", icon=":material/help:"):
        st.markdown(text.FORMAT)
        st.markdown(
            text.limits(
                limits.upload_mib, limits.unpacked_mib, limits.rows, limits.least_rows,
                limits.columns, limits.classes, limits.files, limits.seconds, own_sets.MOST_SETS,
                limits.cell_length, limits.pixels, limits.file_mib, limits.arrays_mib,
                limits.pixels_together, limits.samples_together,
            )
        )  # fmt: skip
    how = st.segmented_control(
        "Upload", list(text.WAYS), default="files", format_func=text.WAYS.__getitem__,
        key="upload_way", required=True, label_visibility="collapsed",
    )  # fmt: skip
    _place(str(how), key_of("upload_file", state.round_(), str(how)))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Try it with an example", key="use_example", icon=":material/science:",
            on_click=callback(_example),
        )  # fmt: skip
        st.download_button(
            "Example as CSV", uploads.example_csv(), "example.csv", "text/csv", key="example_csv",
            on_click="ignore", icon=":material/download:", type="tertiary",
        )  # fmt: skip
        st.download_button(
            "Example as .npz", uploads.example_npz(), "example.npz", key="example_npz",
            on_click="ignore", icon=":material/download:", type="tertiary",
        )  # fmt: skip
    st.caption(text.EXAMPLE)


def _place(how: str, key: str) -> None:
    """Where files are dropped."""
    limits = uploads.LIMITS
    if how == "folder":
        st.file_uploader(
            "A folder of pictures or sounds, or one that a program saved", list(uploads.TYPES),
            key=key, accept_multiple_files="directory", max_upload_size=limits.file_mib,
            on_change=callback(_uploaded), args=(key,),
        )  # fmt: skip
    else:
        st.file_uploader(
            "A table, arrays or an archive; or several files that belong together",
            list(uploads.TYPES), key=key, accept_multiple_files=True,
            max_upload_size=limits.upload_mib, on_change=callback(_uploaded), args=(key,),
        )  # fmt: skip


def _example() -> None:
    state.empty_place()
    state.hold([("example.csv", uploads.example_csv())])


def _uploaded(key: str) -> None:
    files = st.session_state.get(key) or ()
    if files:
        state.hold(issues.contents(files))
    else:
        state.forget()


# --- 2: roles ------------------------------------------------------------------------------------


def _assembled(draft: Draft, title: str) -> Assembled:
    name = own_sets.free_name(visitors.visitor(), title)
    about = f"uploaded as {', '.join(f.name for f in draft.files[:3])}"
    return state.assembled(draft, name, title, about)


# --- 3: a look, 4: the training ------------------------------------------------------------------


def _look(made: Assembled) -> None:
    data = made.dataset
    assert data is not None
    st.header(text.NEXT["look"], anchor=False)
    left, right = st.columns([1, 1], gap="large")
    with left:
        st.markdown("**Samples of each class**")
        st.dataframe(
            uploads.class_counts(made), hide_index=True, key="class_counts", width="content",
            alt="Samples of each class, all and by split",
        )  # fmt: skip
    names = data.classes
    chosen = right.selectbox(
        "Three samples of the class", range(len(names)), format_func=names.__getitem__,
        key="look_class",
    )  # fmt: skip
    name = names[chosen if chosen is not None and chosen < len(names) else 0]
    rows = uploads.samples_of(made, name)
    for column, row in zip(st.columns(len(rows)), rows, strict=True):
        with column:
            st.markdown(f"**{plain(data.ids[row])}**: {plain(name)}")
            # The files of raw media are not written yet: what the models will see is shown.
            sides = media.sides_of(data, row, range(1, data.modalities + 1))
            media_cards.cards(sides, key_of("preview", row), across=1, brief=True)


def _train(draft: Draft, made: Assembled) -> None:
    st.header(text.NEXT["train"], anchor=False)
    thorough = st.radio(
        "How thoroughly", list(text.THOROUGH), format_func=text.THOROUGH.__getitem__,
        key="thorough",
    )  # fmt: skip
    st.caption(text.TRAINS)
    st.button(
        "Save and train", key="save_and_train", type="primary", icon=":material/play_arrow:",
        on_click=callback(_save), args=(draft, made, thorough),
    )  # fmt: skip


def _save(draft: Draft, made: Assembled, thorough: str) -> None:
    visitors.ensure_token()
    notes = [text.note(i.title, done) for i in made.issues
             if not (done := i.repair or i.what_to_do).startswith(text.ADVICE)]  # fmt: skip
    about = own_sets.about(draft.roles, notes)
    own_set = own_sets.save(visitors.visitor(), made, about)
    state.forget()
    state.empty_place()
    own_sets.train(own_set, thorough)
