"""Uploading a set: the file, what is what in it, a look at it, and the start of its training.

What is chosen here stays out of the link on purpose: it is about a file that no link may carry.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

import streamlit as st

from dashboard.jobs.queue import Busy
from dashboard.services.sample import media
from dashboard.services.store import own_sets, uploads, visitors
from dashboard.services.store.uploads import Assembled, Choice, Problem, Source
from dashboard.text import messages
from dashboard.text import yours as text
from dashboard.views.sample import media_cards
from dashboard.widgets import download, notice, plain

_UPLOAD, _NOTE = "upload", "upload_note"
#: Samples that are shown before anything is trained.
_SHOWN = 3
_NOBODY = "(none)"
#: What an array of three dimensions can be.
_KINDS = {
    "sequence": "a signal: time x channels",
    "audio": "sound: time x pitches",
    "image": "a grey picture: height x width",
}


def upload() -> None:
    """The whole way; each step shows when the one before is done."""
    if note := st.session_state.pop(_NOTE, None):
        notice(note)
    _file()
    uploaded: dict[str, Any] | None = st.session_state.get(_UPLOAD)
    if uploaded is None:
        return
    source = uploaded["source"]
    if isinstance(source, Problem):
        notice(messages.unusable(source.message))
        return
    st.header(text.NEXT["choice"], anchor=False)
    what = "columns" if source.table else "arrays"
    st.caption(
        f"{plain(uploaded['name'])}: {text.count(source.rows, f'{len(source.arrays):,} {what}')}. "
        "This is a guess from the names; correct it where it is wrong."
    )
    choice = _choice(source, uploaded["key"])
    files, which = _media(uploaded, choice)
    title = st.text_input(
        "Name of the set", _title(uploaded["name"]), max_chars=60, key=f"title_{uploaded['key']}"
    ).strip() or "My set"  # fmt: skip
    made = _assembled(uploaded, choice, files, which, title)
    _issues(made)
    if made.dataset is None:
        return
    _look(made)
    _train(made)


def _title(name: str) -> str:
    return "".join(c for c in PurePath(name).stem if c.isprintable())[:60] or "My set"


# --- 1: the file ---------------------------------------------------------------------------------


def _file() -> None:
    limits = uploads.LIMITS
    st.header(text.NEXT["source"], anchor=False)
    with st.expander("What a file looks like, and what it may hold", icon=":material/help:"):
        st.markdown(text.FORMAT)
        st.markdown(
            text.limits(
                limits.upload_mib, limits.unpacked_mib, limits.rows, limits.least_rows,
                limits.columns, limits.classes, limits.files, limits.seconds, own_sets.MOST_SETS,
                limits.cell_length, limits.pixels, limits.file_mib, limits.arrays_mib,
                limits.pixels_together, limits.samples_together,
            )
        )  # fmt: skip
    st.file_uploader(
        "A table (.csv, .parquet) or arrays (.npz)", list(uploads.TYPES), key="upload_file",
        max_upload_size=limits.upload_mib, on_change=_uploaded,
    )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Try it with an example", key="use_example", icon=":material/science:",
            on_click=_hold, args=("example.csv", uploads.example_csv()),
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


def _uploaded() -> None:
    file = st.session_state["upload_file"]
    if file is None:
        st.session_state.pop(_UPLOAD, None)
        uploads.forget()
    else:
        _hold(file.name, file.getvalue())


def _hold(name: str, content: bytes) -> None:
    """Read a file and keep it in this session alone, until it is saved or replaced."""
    number = int(st.session_state.get("upload_number", 0)) + 1
    st.session_state["upload_number"] = number
    with st.spinner("Reading the file …"):
        source = uploads.read(name, content)
    st.session_state[_UPLOAD] = {"key": str(number), "name": name[:200], "source": source}


# --- 2: what is what -----------------------------------------------------------------------------


def _choice(source: Source, key: str) -> Choice:
    guess = uploads.guess(source)
    options = [b.name for b in source.blocks]
    sizes = {b.name: len(b.columns) for b in source.blocks}
    kinds = {b.name: b.kind for b in source.blocks}

    def shown(name: str) -> str:
        size = f"{sizes[name]} columns" if sizes[name] > 1 else kinds[name]
        return f"{name} ({size})"

    several = st.radio(
        "Inputs", (2, 3), index=len(guess.inputs) - 2, horizontal=True, key=f"several_{key}",
        help="What a sample consists of: two sides of it, or three.",
    )  # fmt: skip
    inputs, names, arrays = [], [], []
    for m, column in enumerate(st.columns(several), start=1):
        first = list(guess.inputs[m - 1]) if m <= len(guess.inputs) else []
        with column.container(border=True, height="stretch"):
            chosen = st.multiselect(
                f"Input {m} is made of", options, first, shown, key=f"input{m}_{key}",
                placeholder="Choose columns",
            )  # fmt: skip
            default = " + ".join(chosen)[:40] or f"input {m}"
            names.append(
                st.text_input(
                    f"Name of input {m}", max_chars=40, key=f"name{m}_{key}", placeholder=default
                )
            )
            open_ = uploads.kinds_for(source, chosen[0]) if len(chosen) == 1 else ()
            arrays.append(
                st.selectbox(
                    f"Input {m} is", open_, format_func=lambda k: _KINDS.get(k, k),
                    key=f"kind{m}_{key}",
                )
                if open_
                else None
            )  # fmt: skip
            inputs.append(tuple(chosen))
    roles = _roles(source, guess, key)
    return Choice(tuple(inputs), **roles, names=tuple(names), kinds=tuple(arrays))


def _roles(source: Source, guess: Choice, key: str) -> dict[str, Any]:
    chosen = {}
    singles = list(source.singles)
    about = {
        "label": "The class that is to be told from the inputs.",
        "id": "A name for each row, no name twice; rows are numbered without.",
        "split": "train, val or test for each row; without it 70/10/20 % at random.",
        "group": "Rows of a group, such as of a person, stay in one split.",
    }
    for role, column in zip(about, st.columns(4), strict=True):
        value = getattr(guess, role)
        options = singles if role == "label" else [_NOBODY, *singles]
        index = options.index(value) if value in options else None if role == "label" else 0
        answer = column.selectbox(
            role.capitalize(), options, index, key=f"{role}_{key}", help=about[role],
            placeholder="Choose a column",
        )  # fmt: skip
        chosen[role] = "" if answer in (None, _NOBODY) else str(answer)
    return chosen


def _media(uploaded: dict[str, Any], choice: Choice) -> tuple[Any, tuple[str, ...]]:
    """Uploaded pictures and sounds, where an input consists of file names, and which they are."""
    source, key = uploaded["source"], uploaded["key"]
    blocks = [b for names in choice.inputs for n in names if (b := source.block(n))]
    if not any(b.kind in ("pictures", "sounds") for b in blocks):
        return None, ()
    limits = uploads.LIMITS
    how = st.segmented_control(
        "The pictures and sounds that the table names are in", list(text.PACKED), default="zip",
        format_func=text.PACKED.__getitem__, key=f"packed_{key}", required=True,
    )  # fmt: skip
    if how == "zip":
        archive = st.file_uploader(
            "The .zip", ["zip"], key=f"zip_{key}", max_upload_size=limits.upload_mib
        )
        chosen = [archive] if archive else []
    else:
        chosen = st.file_uploader(
            "The folder", list(uploads.MEDIA_TYPES), accept_multiple_files="directory",
            key=f"folder_{key}", max_upload_size=limits.file_mib,
        )  # fmt: skip
    if not chosen:
        uploaded.pop("files", None)  # what was taken away is not kept in memory
        uploaded.pop("which", None)
        uploads.forget_files()
        return None, ()
    which = tuple(f.file_id for f in chosen)
    if uploaded.get("which") != which:
        uploaded["files"] = (
            uploads.read_zip(chosen[0].getvalue())
            if how == "zip"
            else uploads.read_folder([(f.name, f.getvalue()) for f in chosen])
        )
        uploaded["which"] = which
    result = uploaded["files"]
    if isinstance(result, Problem):
        notice(messages.unusable(result.message))
        return None, ()
    return result, which


def _assembled(
    uploaded: dict[str, Any], choice: Choice, files: Any, which: tuple[str, ...], title: str
) -> Assembled:
    """The set so far; made again only when something of it changed."""
    name = own_sets.free_name(visitors.visitor(), title)
    state = (choice, which, name, title)
    if uploaded.get("state") != state:
        with st.spinner("Checking every row …"):
            uploaded["made"] = uploads.assemble(
                uploaded["source"], choice, name, title, f"uploaded as {uploaded['name']}", files
            )
        uploaded["state"] = state
    made: Assembled = uploaded["made"]
    return made


def _issues(made: Assembled) -> None:
    """Every issue with its rows and what to do."""
    if not made.issues:
        st.success("No problem was found.", icon=":material/check_circle:")
        return
    serious = [i for i in made.issues if i.severity == "error"]
    if serious:
        st.error(f"**{text.FIX_FIRST}**", icon=":material/error:")
    for issue in made.issues:
        icon = "error" if issue.severity == "error" else "info"
        title = issue.title[:1].upper() + issue.title[1:]
        where, what = plain(issue.where), plain(issue.what_to_do)
        st.markdown(f":material/{icon}: **{plain(title)}** {where}  \n{what}")
    if any(i.rows for i in made.issues):
        st.caption("Rows are counted from 0, the first one after the header.")
        download(uploads.faults(made.issues), "problems")


# --- 3: a look, 4: the training ------------------------------------------------------------------


def _look(made: Assembled) -> None:
    assert made.dataset is not None
    st.header(text.NEXT["look"], anchor=False)
    st.markdown("**Samples of each class**")
    st.dataframe(
        uploads.class_counts(made), hide_index=True, key="class_counts", width="content",
        alt="Samples of each class, all and by split",
    )  # fmt: skip
    step = max(1, len(made.dataset) // _SHOWN)
    for row in range(0, min(len(made.dataset), step * _SHOWN), step):
        truth = made.dataset.classes[int(made.dataset.y[row])]
        st.markdown(f"**{plain(made.dataset.ids[row])}**: {plain(truth)}")
        # The files of raw media are not written yet: what the models will see is shown.
        seen = range(1, made.dataset.modalities + 1)
        sides = media.sides_of(made.dataset, row, seen)
        media_cards.cards(sides, f"preview-{row}", across=len(sides), brief=True)


def _train(made: Assembled) -> None:
    st.header(text.NEXT["train"], anchor=False)
    thorough = st.radio(
        "How thoroughly", list(text.THOROUGH), format_func=text.THOROUGH.__getitem__,
        key="thorough",
    )  # fmt: skip
    st.caption(text.TRAINS)
    st.button(
        "Save and train", key="save_and_train", type="primary", icon=":material/play_arrow:",
        on_click=_save, args=(made, thorough),
    )  # fmt: skip


def _save(made: Assembled, thorough: str) -> None:
    visitors.ensure_token()
    try:
        own_set = own_sets.save(visitors.visitor(), made)
        st.session_state.pop(_UPLOAD, None)
        uploads.forget()
        own_sets.train(own_set, thorough)
    except Busy as error:
        st.session_state[_NOTE] = messages.busy(str(error))
