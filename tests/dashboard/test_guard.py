"""Whatever fails, a visitor reads our words and a way on, and the log has the trace once."""

from __future__ import annotations

import ast
import logging
import re
import tempfile
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.services import faults
from dashboard.services.store.catalog import shown
from dmil_core.errors import BusyError, ResourceError

DASHBOARD = Path(__file__).resolve().parents[2] / "dashboard"

# --- every callback is inside it -----------------------------------------------------------------

#: Names under which Streamlit takes callbacks; those of components end in _change.
CALLBACK = re.compile(r"on_(click|change|select|submit|dismiss)|on_\w+_change|callback")
#: Widgets whose fourth argument is a callback, if it is not named.
BUTTONS = {"button", "form_submit_button", "link_button"}


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _is_guarded(value: ast.expr, wrapped: set[str]) -> bool:
    """Whether a callback is none, a word for Streamlit, or was wrapped by `guard.callback`."""
    if isinstance(value, ast.Constant):
        return value.value is None or isinstance(value.value, str)
    if isinstance(value, ast.Name):
        return value.id in wrapped
    return isinstance(value, ast.Call) and _name(value.func) == "callback"


def _takes(key: ast.expr | None) -> bool:
    """Whether a key of a dictionary is one under which Streamlit takes a callback."""
    return isinstance(key, ast.Constant) and CALLBACK.fullmatch(str(key.value)) is not None


def outside_the_guard(code: str) -> list[int]:
    """Lines of callbacks and parts of pages that a fault would leave as Streamlit's red box."""
    tree = ast.parse(code)
    wrapped = {
        _name(target)
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and _name(node.value.func) == "callback"
        for target in node.targets
    }
    given: list[tuple[int, ast.expr]] = []
    lines = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            given += [(k.value.lineno, k.value) for k in node.keywords
                      if k.arg and CALLBACK.fullmatch(k.arg)]  # fmt: skip
            if _name(node.func) in BUTTONS:
                given += [(a.lineno, a) for a in node.args[3:]]
        elif isinstance(node, ast.Dict):
            given += [(v.lineno, v) for k, v in zip(node.keys, node.values, strict=True)
                      if _takes(k)]  # fmt: skip
        elif isinstance(node, ast.Assign):
            keys = [t.slice for t in node.targets if isinstance(t, ast.Subscript)]
            given += [(node.lineno, node.value) for k in keys
                      if _takes(k)]  # fmt: skip
        # A part that runs alone is outside of what guards the page around it.
        if isinstance(node, ast.Attribute) and node.attr in ("fragment", "dialog"):
            lines.append(node.lineno)
    return lines + [line for line, value in given if not _is_guarded(value, wrapped)]


@pytest.mark.parametrize(
    "code",
    [
        "st.button('x', on_click=f)",
        "st.button('x', on_click=lambda: f(1))",
        "st.button('x', on_click=partial(f, 1))",
        "st.button('x', on_click=session.change)",
        "st.button('x', None, None, f)",
        "st.plotly_chart(fig, on_select=picked)",
        "part(data=1, on_picked_change=report)",
        "more = {'on_change': report}",
        "more['on_change'] = report",
        "form.form_submit_button('x', on_click=f)",
        "@st.fragment\ndef part(): pass",
        "@st.dialog('x')\ndef part(): pass",
    ],
)
def test_the_search_finds_what_is_outside(code: str) -> None:
    assert outside_the_guard(code)


@pytest.mark.parametrize(
    "code",
    [
        "st.button('x', on_click=callback(f), args=(1,))",
        "st.button('x', on_click=guard.callback(lambda: f(1)))",
        "st.download_button('x', b'', on_click='ignore')",
        "event = callback(f)\npart(on_clicked_change=event)",
        "more = {'on_change': callback(report)}",
    ],
)
def test_the_search_leaves_what_is_inside(code: str) -> None:
    assert outside_the_guard(code) == []


def test_every_callback_and_every_part_is_inside_the_guard() -> None:
    outside = {
        file.relative_to(DASHBOARD).as_posix(): lines
        for file in sorted(DASHBOARD.rglob("*.py"))
        if (lines := outside_the_guard(file.read_text("utf-8")))
    }
    # The one place that makes a part, with the guard around what runs in it.
    assert len(outside.pop("widgets.py")) == 1
    assert outside == {}


# --- what it does --------------------------------------------------------------------------------


def script() -> None:
    """An app whose buttons fail in the way that its session says."""
    import streamlit as st

    from dashboard import widgets
    from dashboard.guard import callback

    def fails(how: str) -> None:
        if how == "stop":
            st.stop()
        error = st.session_state[how]
        if isinstance(error, Exception):
            raise error
        st.session_state["done"] = True

    def page() -> None:
        st.button("Do it", on_click=callback(fails), args=("action",))
        st.button("Stop", on_click=callback(fails), args=("stop",))
        widgets.part(inside)()
        fails("page")
        st.caption("the rest of the page")

    def inside() -> None:
        st.button("Do it inside", on_click=callback(fails), args=("action",))
        fails("part")

    def app() -> None:
        widgets.told()
        widgets.guarded(page)

    widgets.guarded(app, "all of it")


SECRET = str(Path(tempfile.gettempdir()) / "secret" / "x")


@pytest.fixture
def app() -> AppTest:
    made = AppTest.from_function(script, default_timeout=30)
    for where in ("action", "page", "part"):
        made.session_state[where] = None
    return made


def said(app: AppTest) -> str:
    shown = [e.value for kind in ("error", "warning", "info", "text") for e in app.get(kind)]
    return "\n".join(map(str, shown))


FAULTS: list[tuple[Exception, str]] = [
    (ResourceError(f"{SECRET} cannot be written: the disk is full", "the disk is full"),
     "The server could not do this: the disk is full."),
    (OSError(28, "No space left on device", SECRET), "the disk is full"),
    (MemoryError(), "the memory does not suffice"),
    (RuntimeError("DefaultCPUAllocator: can't allocate memory"), "the memory does not suffice"),
    (BusyError("You have 3 unfinished jobs."), "You have 3 unfinished jobs."),
    (ValueError(SECRET), ""),
    (KeyError(SECRET), ""),
    (RecursionError(SECRET), ""),
]  # fmt: skip


@pytest.mark.parametrize(("fault", "words"), FAULTS)
@pytest.mark.parametrize("button", ["Do it", "Do it inside"])
def test_a_callback_that_fails_is_a_message_and_the_page_stays(
    app: AppTest, caplog: pytest.LogCaptureFixture, button: str, fault: Exception, words: str
) -> None:
    app.session_state["action"] = fault
    app.run()
    next(b for b in app.button if b.label == button).click()
    app.run()
    assert not app.exception
    assert (words or "That did not work.") in said(app)
    assert SECRET not in said(app)
    assert "the rest of the page" in [c.value for c in app.caption]
    traced = [r for r in caplog.records if r.exc_info]
    assert len(traced) == (0 if isinstance(fault, BusyError) else 1)
    # The message is about one click: the next run does not repeat it.
    app.run()
    assert said(app) == ""


@pytest.mark.parametrize(("fault", "words"), FAULTS)
@pytest.mark.parametrize("where", ["page", "part"])
def test_a_page_or_a_part_that_fails_is_a_message_with_a_way_on(
    app: AppTest, caplog: pytest.LogCaptureFixture, where: str, fault: Exception, words: str
) -> None:
    app.session_state[where] = fault
    app.run()
    app.run()
    assert not app.exception
    assert (words or "Something went wrong") in said(app)
    assert SECRET not in said(app)
    assert "Start again" in [b.label for b in app.button]
    traced = [r for r in caplog.records if r.exc_info]
    assert len(traced) == (0 if isinstance(fault, BusyError) else 1), "once, however often it runs"


def test_everything_may_fail_at_once(app: AppTest) -> None:
    for where in ("action", "page", "part"):
        app.session_state[where] = ValueError(SECRET)
    app.run()
    next(b for b in app.button if b.label == "Do it").click()
    app.run()
    assert not app.exception
    assert said(app).count("Something went wrong") == 2
    assert [b.label for b in app.button].count("Start again") == 1


def test_what_streamlit_raises_to_stop_a_run_is_no_fault(
    app: AppTest, caplog: pytest.LogCaptureFixture
) -> None:
    app.run()
    next(b for b in app.button if b.label == "Stop").click()
    app.run()
    assert not app.exception
    assert said(app) == ""
    assert not [r for r in caplog.records if r.levelno >= logging.ERROR]


# --- paths ---------------------------------------------------------------------------------------


def test_paths_of_the_server_are_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "models with space"
    uploads = tmp_path / "uploads"
    monkeypatch.setenv("DMIL_CHECKPOINTS", str(root))
    monkeypatch.setenv("DMIL_UPLOADS", str(uploads))
    whose = "0123456789abcdef" * 2
    for text, clean in (
        (f"{root}/a/dmil/seed0/run.json is damaged", "a/dmil/seed0/run.json is damaged"),
        (f"Looked in: {root}", "Looked in: models with space"),
        (f"{uploads}/sets/{whose}/data/my-x/data.npz: bad", "my-x/data.npz: bad"),
        ("[Errno 2] No such file: '/usr/share/x/y.txt'", "[Errno 2] No such file: 'y.txt'"),
        ("/nowhere-here/of/a/visitor.png is missing", "/nowhere-here/of/a/visitor.png is missing"),
        ("see https://example.org/usr/lib/x", "see https://example.org/usr/lib/x"),
        ("accuracy 3/4, a/b", "accuracy 3/4, a/b"),
    ):
        assert faults.without_paths(text) == clean
    assert shown(root / "a" / "dmil" / "seed0") == "a/dmil/seed0"


def test_from_the_top_of_the_disk_no_whole_path_is_relative(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DMIL_CHECKPOINTS", str(tmp_path / "models"))
    monkeypatch.chdir("/")
    assert shown(tmp_path / "models" / "a" / "dmil" / "seed0") == "a/dmil/seed0"
