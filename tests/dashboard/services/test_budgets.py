"""What visitors' uploads take together: charged while they are held, free when they are not."""

from __future__ import annotations

import io
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from streamlit import runtime
from streamlit.runtime.websocket_session_manager import WebsocketSessionManager
from streamlit.testing.v1 import AppTest

from dashboard.services.store import budgets, drafts, uploads
from dashboard.services.store.uploads import Named, Problem, Upload
from dmil_core.data.files.budget import Accountant, Cost
from dmil_core.data.files.limits import DEFAULT, MIB
from tests.core.data.archives import packed, png
from tests.dashboard.folders import Room
from tests.dashboard.views.test_pages import said
from tests.dashboard.views.test_your_data import open_page


@pytest.fixture(autouse=True)
def accountant(monkeypatch: pytest.MonkeyPatch) -> Accountant:
    """A server without uploads, with room for 100 MiB of arrays and 50 MiB of files."""
    fresh = Accountant(
        Cost(10**9, 10**9, 100 * MIB, 50 * MIB), Cost(10**9, 10**9, 100 * MIB, 50 * MIB)
    )
    monkeypatch.setattr(budgets, "_ACCOUNTANT", fresh)
    return fresh


def read(name: str, content: bytes) -> Upload | Problem:
    """As if this file alone had been dropped."""
    return uploads.read([Named(name, content)])


def test_a_file_is_charged_until_another_one_or_none_takes_its_place(
    accountant: Accountant,
) -> None:
    source = read("example.csv", uploads.example_csv())
    assert not isinstance(source, Problem)
    assert accountant.charged.arrays >= sum(c.data.nbytes for c in source.table.columns.values())
    arrays = read("example.npz", uploads.example_npz())
    assert not isinstance(arrays, Problem)
    held = sum(c.data.nbytes for c in arrays.table.columns.values())
    assert held <= accountant.charged.arrays < held + 1000
    assert isinstance(read("x.csv", b""), Problem)
    assert accountant.charged == Cost()
    read("example.csv", uploads.example_csv())
    uploads.forget()
    assert accountant.charged == Cost()


def test_one_large_file_is_read_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now, most = 0, 0

    def slow(files: list[uploads.Named], *_: object) -> Problem:
        nonlocal now, most
        now, most = now + 1, max(most, now + 1)
        time.sleep(0.1)
        now -= 1
        return Problem(files[0].name)

    monkeypatch.setattr(uploads, "_read", slow)
    for size, at_once in ((uploads._LARGE + 1, 1), (10, 4)):
        most, content = 0, bytes(size)
        with ThreadPoolExecutor(4) as pool:
            said = pool.map(lambda n, c=content: read(n, c), "abcd")
            assert [s.message for s in said if isinstance(s, Problem)] == list("abcd")
        assert most == at_once


def test_an_npz_that_unpacks_to_too_much_is_refused_from_its_headers() -> None:
    stream = io.BytesIO()
    np.savez_compressed(stream, x1=np.zeros((100, 150_000)), y=np.arange(100) % 2)
    assert len(stream.getvalue()) < MIB
    answer = read("zeros.npz", stream.getvalue())
    assert isinstance(answer, Problem)
    assert "The table: 114 MiB of arrays, and one upload may have 100" in answer.message
    assert "float32" in answer.message


def test_pictures_as_they_came_are_charged_and_a_folder_that_is_too_large_is_refused(
    accountant: Accountant,
) -> None:
    archive = packed({"p.png": png()})
    assert not isinstance(read("p.zip", archive), Problem)
    assert accountant.charged.files == len(archive)
    noise = np.random.default_rng(0).bytes(26 * MIB)
    answer = uploads.read([Named("mine/1.png", noise), Named("mine/2.png", noise)])
    assert isinstance(answer, Problem)
    assert "The files: 52 MiB of files, and one upload may have 50" in answer.message
    assert accountant.charged == Cost()


def test_what_others_hold_is_not_there_for_one_more_and_is_when_their_session_has_ended(
    accountant: Accountant, monkeypatch: pytest.MonkeyPatch
) -> None:
    accountant.account("other").charge("the table", Cost(arrays=100 * MIB - 10))
    answer = read("example.csv", uploads.example_csv())
    assert isinstance(answer, Problem)
    assert "the uploads of all visitors may have 100 together, of which 100" in answer.message
    assert "Wait until others have finished" in answer.message

    def server(*sessions: str) -> SimpleNamespace:
        known = [SimpleNamespace(session=SimpleNamespace(id=s)) for s in sessions]
        return SimpleNamespace(_session_mgr=SimpleNamespace(list_sessions=lambda: known))

    monkeypatch.setattr(runtime, "exists", lambda: True)
    monkeypatch.setattr(runtime, "get_instance", lambda: server("other", ""))
    assert isinstance(read("example.csv", uploads.example_csv()), Problem)
    monkeypatch.setattr(runtime, "get_instance", lambda: server(""))
    assert not isinstance(read("example.csv", uploads.example_csv()), Problem)
    # What is asked of Streamlit here is no promise of it: an update may rename it.
    assert callable(WebsocketSessionManager.list_sessions)


@pytest.mark.parametrize(("value", "times"), [("", 4), ("2", 2), ("0", 4), ("many", 4)])
def test_how_many_uploads_there_may_be_at_once_is_a_setting(
    value: str, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(budgets.AT_ONCE, value)
    assert budgets.at_once() == times


@pytest.fixture
def page(tmp_path: Path, room: Room, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The page for uploads, on a server that trains nothing."""
    from dashboard.jobs import queue

    monkeypatch.setenv("DMIL_UPLOADS", str(tmp_path))
    monkeypatch.setenv("DMIL_CHECKPOINTS", str(room.root))
    jobs = queue.Jobs(tmp_path / "jobs", at_once=0)
    monkeypatch.setitem(queue._OPEN, tmp_path / "jobs", jobs)
    return open_page("your-data")


def test_saving_a_set_frees_what_its_upload_took(page: AppTest, accountant: Accountant) -> None:
    page.button(key="use_example").click().run()
    assert accountant.charged.arrays > 0
    page.button(key="save_and_train").click().run()
    assert not page.exception
    assert "Training example" in said(page)
    assert accountant.charged == Cost()


def test_a_page_states_the_limits_and_says_which_one_a_file_is_beyond(page: AppTest) -> None:
    assert f"{DEFAULT.arrays_mib} MiB of arrays" in said(page)
    rows = 30_000
    text = pd.Categorical.from_codes(np.arange(rows) // 2 % 2, ["x " * 1000, "yz " * 600])
    frame = pd.DataFrame({"t": text, "b": np.arange(rows) / 7, "label": ["u", "v"] * (rows // 2)})
    stream = io.BytesIO()
    frame.to_parquet(stream)
    page.session_state["upload"] = drafts.begin("1", [("x.parquet", stream.getvalue())])
    page.run()
    assert not page.exception
    words = said(page).replace("\\", "")
    assert "229 MiB of arrays, and one upload may have 100" in words
    assert "with up to 2,000 characters, or choose fewer rows." in words
