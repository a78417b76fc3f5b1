"""What is done before the first visitor comes."""

from __future__ import annotations

import pytest
from streamlit.runtime import media_file_manager
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage

from dashboard import start
from tests.dashboard.test_imports import complaints


def test_the_pages_are_imported_before_the_first_visitor_comes() -> None:
    code = (
        "import sys\n"
        "from dashboard import start\n"
        "start._prepare()\n"
        "assert 'dashboard.views.overview' in sys.modules\n"
        "assert not {'torch', 'umap', 'sklearn'} & set(sys.modules)\n"
    )
    assert complaints(code) == ""


def test_a_fault_at_the_start_is_logged_and_the_server_starts(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(start, "import_module", lambda _: 1 / 0)
    start._prepare()
    assert "not made ready" in caplog.text


def test_a_file_made_on_a_click_outlives_what_others_do_until_it_is_fetched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every run of a page, of any visitor, ends with a look for files that nobody refers to."""
    metadata = media_file_manager.MediaFileMetadata
    for name in ("mark_for_delete", "is_marked_for_delete"):
        monkeypatch.setattr(metadata, name, getattr(metadata, name))
    start.keep_downloads()
    files = media_file_manager.MediaFileManager(MemoryMediaFileStorage("/media"))
    button = files.add_deferred(lambda: b"a table", "text/csv", "1", "table.csv")
    made = files.execute_deferred(button).rpartition("/")[2].partition(".")[0]
    for _ in range(5):
        files.remove_orphaned_files()
    found = files.read_file(made)
    assert found is not None
    assert found.content == b"a table"
    monkeypatch.setattr(start, "DOWNLOAD_KEPT", -1.0)
    files.remove_orphaned_files()
    assert files.read_file(made) is None


def test_a_process_that_is_spawned_by_the_server_does_not_run_the_app() -> None:
    """It reads the main module again, as ``multiprocessing`` names it there."""
    code = (
        "import runpy, sys\n"
        "runpy.run_path('dashboard/script.py', run_name='__mp_main__')\n"
        "assert not {'streamlit', 'dashboard'} & set(sys.modules)\n"
    )
    assert complaints(code) == ""
