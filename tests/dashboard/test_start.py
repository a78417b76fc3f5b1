"""What is done before the first visitor comes."""

from __future__ import annotations

import pytest

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


def test_a_process_that_is_spawned_by_the_server_does_not_run_the_app() -> None:
    """It reads the main module again, as ``multiprocessing`` names it there."""
    code = (
        "import runpy, sys\n"
        "runpy.run_path('dashboard/script.py', run_name='__mp_main__')\n"
        "assert not {'streamlit', 'dashboard'} & set(sys.modules)\n"
    )
    assert complaints(code) == ""
