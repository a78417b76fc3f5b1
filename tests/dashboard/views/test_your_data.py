"""A visitor's own sets: on every page for one, nowhere for anybody else, gone when removed."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import time
import zipfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.runtime.context import StreamlitCookies
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from dashboard.jobs import queue
from dashboard.jobs.queue import Jobs
from dashboard.keys import key_of
from dashboard.services.store import drafts, own_sets, uploads, visitors
from dashboard.services.store.own_sets import OwnSet
from dmil_core.errors import BusyError, ResourceError
from tests.dashboard import trained_sets
from tests.dashboard.folders import APP, Room
from tests.dashboard.hostile_names import NAMES
from tests.dashboard.views.test_pages import said
from tests.disks import Disk, disk, read_only

__all__ = ["disk", "read_only"]

DAY = 24 * 3600
ANN, BOB = "a" * 32, "b" * 32
BOLD = "<b>bold</b> [x](http://y.z)"


@pytest.fixture(autouse=True)
def root(tmp_path: Path, room: Room, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of uploads, with a queue in which nothing starts."""
    monkeypatch.setenv("DMIL_UPLOADS", str(tmp_path))
    monkeypatch.setenv("DMIL_CHECKPOINTS", str(room.root))
    monkeypatch.setitem(queue._OPEN, tmp_path / "jobs", Jobs(tmp_path / "jobs", at_once=0))
    return tmp_path


def visitor(token: str) -> str:
    """What the server calls the browser with this token."""
    return visitors.hashed(token)


def save(token: str = ANN, title: str = "Mine") -> OwnSet:
    return trained_sets.saved(visitor(token), title)


def trained(token: str = ANN, title: str = "Mine", **how: Any) -> OwnSet:
    """A set with models: those of a shipped set, so that nothing need be trained here."""
    return trained_sets.trained(visitor(token), title, **how)


def inputs(app: AppTest) -> list[str]:
    """Names of the inputs that the page shows."""
    return [t.value for t in app.text_input if t.label.startswith("Name of input")]


def label(app: AppTest) -> str:
    """The column that is the label."""
    return str(app.session_state["upload"].roles.label)


def drop(app: AppTest, name: str, content: bytes) -> AppTest:
    """As if a visitor had dropped this file."""
    app.session_state["upload"] = drafts.begin("1", [(name, content)])
    return app.run()


def open_page(page: str, token: str = "", **query: str) -> AppTest:
    app = AppTest.from_file(APP, default_timeout=60)
    if token:
        app.session_state["visitor_token"] = token
    for name, value in query.items():
        app.query_params[name] = value
    app._page_hash = calc_hash(page) if page else ""
    return app.run()


def sets(app: AppTest) -> list[str]:
    """Titles in the gallery."""
    app.session_state["choose_data"] = True
    app.run()
    return [b.label.replace("\\", "") for b in app.button if (b.key or "").startswith("open_set-")]


# --- the services ----------------------------------------------------------------------------


def test_a_set_is_kept_as_it_was_read_and_only_in_its_visitors_folder(root: Path) -> None:
    own = save(title="My Set ../../x")
    assert own.name == "my-my-set-x"
    assert own.data.is_relative_to(root / "sets" / visitor(ANN))
    assert ANN not in str(own.data)
    assert own_sets.own_sets(visitor(ANN)) == [own]
    assert own_sets.own_sets(visitor(BOB)) == own_sets.own_sets("") == []
    assert own.card.counts == {"train": 210, "val": 30, "test": 60}
    assert not [p for p in root.rglob("*") if p.name.startswith(".new")]


def test_nothing_half_written_is_left(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(own_sets, "write_npz", stop)
    with pytest.raises(KeyboardInterrupt):
        save()
    assert own_sets.own_sets(visitor(ANN)) == []
    assert not [p for p in root.rglob("*") if p.is_file()]


def test_sets_and_disk_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(own_sets.MOST_SETS):
        save()
    with pytest.raises(BusyError, match="Delete one first"):
        save()
    monkeypatch.setattr(own_sets, "MOST_MIB", 0)
    with pytest.raises(BusyError, match="disk"):
        save(BOB)


def test_a_training_is_queued_once_and_starts_from_nothing() -> None:
    own = save()
    job = own_sets.train(own, "quick")
    first = [s.title for s in job.steps[:3]]
    assert first == ["joint, run 1 of 3", "ensemble, run 1 of 3", "dmil, run 1 of 3"]
    assert [s.title for s in job.steps if s.optional] == ["bits"]
    assert len(job.steps) == 3 * 3 + 1
    assert all(any(str(own.data) in a for a in s.argv) for s in job.steps)
    # Runs of another seed have another split of the same rows.
    assert f"{own.data}:split=2" in job.steps[-1].argv
    assert own_sets.train(own, "full").id == job.id
    assert [j.id for j in own_sets.trainings(own)] == [job.id]


def test_deleting_takes_the_training_the_data_and_the_models(root: Path) -> None:
    own, other = trained(), save(title="Other")
    job = own_sets.train(replace(own, name=other.name), "quick")
    assert not own_sets.delete(visitor(BOB), own.name)
    assert not own_sets.delete(visitor(ANN), "../" + own.name)
    assert own.data.exists()
    assert own_sets.delete(visitor(ANN), own.name)
    assert not own.data.exists()
    assert not own.models.exists()
    assert queue.jobs().get(job.id) is not None
    assert own_sets.delete(visitor(ANN), other.name)
    assert queue.jobs().get(job.id) is None
    assert list(root.glob("sets/*/*/*")) == []


def test_old_sets_are_removed_and_looking_keeps_them(root: Path) -> None:
    old, new = save(title="Old"), save(BOB, title="New")
    then = time.time() - DAY * (own_sets.KEPT_DAYS + 1)
    os.utime(old.data.parent, (then, then))
    swept_again()
    assert not old.data.exists()
    assert not (root / "sets" / visitor(ANN)).exists()
    assert new.data.exists()
    os.utime(new.data.parent, (then, then))
    assert own_sets.own_sets(visitor(BOB)) == [new]
    swept_again()
    assert new.data.exists()


def test_what_a_killed_server_left_of_a_set_goes(root: Path) -> None:
    """A set that was being saved, and models whose data were just removed."""
    folder = save().data.parents[1]
    half, orphan = folder / ".new-00000000", folder.parent / "checkpoints" / "my-gone"
    for left in (half, orphan):
        left.mkdir(parents=True)
        (left / "file").write_text("megabytes")
    own = save(title="Another")
    assert not half.exists()
    swept_again()
    assert not orphan.exists()
    assert own.data.exists()


@dataclass
class Clock:
    """The two clocks of a server; one of them can be set."""

    wall: float
    steady: float = field(default_factory=time.monotonic)

    def time(self) -> float:
        return self.wall

    def monotonic(self) -> float:
        return self.steady

    def wait(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds


def test_no_set_becomes_older_when_the_clock_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where a machine starts with the time of its last shutdown, and asks for the time later."""
    own = save()
    clock = Clock(time.time())
    monkeypatch.setattr(own_sets, "time", clock)
    own_sets.sweep()
    clock.wait(DAY * (own_sets.KEPT_DAYS - 1))
    clock.wall += 30 * DAY
    own_sets.sweep()
    assert own.data.exists()
    clock.wait(0.9 * DAY)
    own_sets.sweep()
    assert own.data.exists()
    clock.wait(0.2 * DAY)
    own_sets.sweep()
    assert not own.data.exists()


@pytest.mark.parametrize("days", [1, 3650])
def test_sets_are_looked_after_also_when_the_clock_was_set_back(
    monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    """Neither does the time of the last look have to come again, nor that of a visitor's."""
    own = save()
    clock = Clock(time.time())
    monkeypatch.setattr(own_sets, "time", clock)
    own_sets.sweep()
    clock.wall -= days * DAY
    clock.wait(2 * own_sets._SWEEP)
    own_sets.sweep()
    assert own.data.exists()
    clock.wait(DAY * (own_sets.KEPT_DAYS + 0.1))
    own_sets.sweep()
    assert not own.data.exists()


def swept_again() -> None:
    """Look for old sets now, whenever that was done last."""
    own_sets._swept.clear()
    own_sets.sweep()


def test_the_download_holds_models_and_table_and_no_path_of_the_server(root: Path) -> None:
    own = trained()
    with zipfile.ZipFile(io.BytesIO(own_sets.packed(own))) as archive:
        names = set(archive.namelist())
        for model in ("joint", "ensemble", "dmil"):
            for file in ("run.json", "model.safetensors", "predictions.parquet"):
                assert f"checkpoints/{model}/seed0/{file}" in names
        table = archive.read("decomposition.csv").decode().splitlines()
        assert table[0].startswith("id,")
        run = json.loads(archive.read("checkpoints/dmil/seed0/run.json"))
        assert run["data_source"] == "data.npz"
        assert all(str(root).encode() not in archive.read(n) for n in names)


@pytest.mark.parametrize("token", ["", "../../etc", "a" * 31, "a" * 33, "é" * 32, "a" * 31 + "/"])
def test_only_a_proper_token_leads_anywhere(token: str) -> None:
    assert visitors.hashed(token) == ""


def test_the_cookie_says_who_a_visitor_is_before_anything_his_session_keeps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(StreamlitCookies, "get", lambda *_: ANN)
    own = save()
    app = open_page("your-data", BOB)
    assert not app.exception
    assert "**Mine**" in said(app)
    assert "refuses cookies" not in said(app)
    assert own_sets.own_sets(visitor(ANN)) == [own]


# --- the pages -------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["", "samples", "what-if", "map", "compare"])
def test_an_own_set_is_on_every_page(page: str) -> None:
    own = trained()
    mine = open_page(page, ANN, data=own.name, part="samples")
    assert not mine.exception
    assert "Mine (yours)" in sets(mine)
    assert mine.session_state["view"].data == own.name


def test_an_own_set_is_for_its_visitor_alone_even_after_it_was_cached() -> None:
    own = trained()
    assert "Mine (yours)" in sets(open_page("samples", ANN, data=own.name))
    for other in (BOB, ""):
        app = open_page("samples", other, data=own.name)
        assert not any("Mine" in option for option in sets(app))
        assert "no such data set" in said(app)
        assert app.session_state["view"].data != own.name


def test_the_example_is_understood_looked_at_and_queued() -> None:
    app = open_page("your-data")
    assert "7 days after" in said(app)
    app.button(key="use_example").click().run()
    assert not app.exception
    assert inputs(app) == ["left", "right"]
    assert label(app) == "label"
    counts = app.dataframe[1].value
    assert counts.to_dict("list")["all"] == [144, 156]
    app.button(key="save_and_train").click().run()
    assert not app.exception
    # There is no server here that could set a cookie: the token is this session's.
    assert "refuses cookies" in said(app)
    token = app.session_state["visitor_token"]
    (own,) = own_sets.own_sets(visitor(token))
    assert own.card.title == "example"
    assert own_sets.trainings(own)[0].state == "queued"
    assert "example" in said(app)
    # Another tab of the same browser sees it, another browser does not.
    assert "Training example" in said(open_page("your-data", token))
    assert "Training example" not in said(open_page("your-data", BOB))


def test_what_is_wrong_is_told_with_rows_and_nothing_can_be_trained() -> None:
    lines = uploads.example_csv().decode().splitlines()
    lines[4] = lines[4].rsplit(",", 1)[0] + f",=1+{BOLD}"
    app = drop(open_page("your-data"), f"{BOLD}.csv", "\n".join(lines).encode())
    assert not app.exception
    text = said(app)
    assert "Fix these to continue" in text
    assert "as a formula" in text.replace("\\", "")
    assert "row 3" in text.replace("\\", "")
    assert "<b>" not in text
    assert not [b for b in app.button if b.key == "save_and_train"]


def test_a_file_that_cannot_be_read_is_told() -> None:
    stream = io.BytesIO()
    np.savez(stream, x1=np.array([object()] * 40, dtype=object), y=np.arange(40) % 2)
    for name, content, words in (
        ("x.csv", b"\xff\xfe1", "utf-16"),
        ("x.npz", b"PK\x03\x04 nonsense", "not a complete .npz"),
        ("x.exe", b"MZ\0", "expected .npz, CSV"),
        ("x.parquet", b"PAR1", "not a Parquet file"),
    ):
        app = drop(open_page("your-data"), name, content)
        assert not app.exception
        assert words in said(app)
    pickled = uploads.read([uploads.Named("p.npz", stream.getvalue())])
    assert not isinstance(pickled, uploads.Problem)
    assert "never loaded" in pickled.facts["x1"].why


def test_the_finding_is_below_a_set_and_quick_models_are_marked_on_every_page() -> None:
    own = trained(seeds=3, thorough="quick", bits=True)
    app = open_page("your-data", ANN)
    assert not app.exception
    text = said(app).replace("\\", "")
    assert "What was found" in [h.value for h in app.subheader]
    assert "A joint model is" in text
    assert "A note." in text
    assert "mean of 3 runs" in text
    for page in ("", "samples", "what-if", "map", "compare"):
        other = open_page(page, ANN, data=own.name, model="dmil")
        assert "a fifth of their epochs" in said(other)
        assert "Mine (yours, quick)" in sets(other)


def test_a_set_that_was_trained_fully_is_not_marked() -> None:
    own = trained(seeds=2)
    app = open_page("samples", ANN, data=own.name, model="dmil")
    assert "a fifth of their epochs" not in said(app)
    assert "Mine (yours)" in sets(app)


def test_a_set_without_models_says_what_there_will_be() -> None:
    own = save()
    shutil.copytree(trained(BOB).models / "joint", own.models / "joint")
    text = said(open_page("your-data", ANN))
    assert "The finding is there once joint and ensemble are trained" in text


# --- roles ---------------------------------------------------------------------------------------


def table(rows: int = 80) -> bytes:
    """Three classes, an id, two groups of columns with two empty cells, and one more column."""
    lines = ["id,bill_a,bill_b,body_a,body_b,colour,species"]
    for i in range(rows):
        first = "NA" if i in (3, 9) else f"{i * 7 % 11 + i % 3}"
        lines.append(f"p{i},{first},{i % 3},{i % 5},{i * 3 % 7},{'rg'[i % 2]},{'XYZ'[i % 3]}")
    return "\n".join(lines).encode()


def press(app: AppTest, use: str) -> AppTest:
    """Press the button of a role."""
    return app.button(key=key_of("use", drafts.USES.index(use))).click().run()


def test_columns_get_roles_by_name_and_everything_can_be_undone() -> None:
    app = drop(open_page("your-data"), "birds.csv", table())
    assert label(app) == "species"
    assert all(app.button(key=key_of("use", i)).disabled for i in range(len(drafts.USES)))
    app.text_input(key=key_of("grid_find", "1")).set_value("bill_*").run()
    assert "2 columns selected" in said(app)
    # One column alone can be the label.
    assert app.button(key=key_of("use", drafts.USES.index("label"))).disabled
    press(app, "input 2")
    assert not app.exception
    assert [c for r in app.session_state["upload"].roles.inputs for c in r.columns].count(
        "bill_a"
    ) == 1
    assert app.text_input(key=key_of("grid_find", "1")).value == ""
    app.button(key="undo_role").click().run()
    assert inputs(app)[:2] == ["bill", "body"]
    app.multiselect(key=key_of("grid_names", "1")).set_value(["colour"]).run()
    press(app, "label")
    assert label(app) == "colour"
    app.button(key="back_to_guess").click().run()
    assert label(app) == "species"
    app.text_input(key=key_of("grid_find", "1")).set_value("nothing").run()
    assert "there is no column" in said(app)


def test_a_click_on_a_head_selects_its_column_and_a_button_sets_the_role() -> None:
    app = open_page("your-data")
    clicked = {"selection": {"rows": [], "columns": ["5"], "cells": []}}
    app.session_state[key_of("grid", "1")] = clicked
    drop(app, "birds.csv", table())
    assert "1 column selected: colour" in said(app).replace("\\", "")
    press(app, "unused")
    assert not app.exception
    assert ("colour", "not chosen") in app.session_state["upload"].roles.unused
    assert "Select columns first" in said(app).replace("\\", "")
    frame = app.dataframe[0].value
    assert frame.loc["role"].tolist()[-2:] == ["not used", "label"]
    assert "1 of 7 columns is not used." in said(app)


def test_every_issue_has_its_repair_as_a_button() -> None:
    app = drop(open_page("your-data"), "birds.csv", table())
    text = said(app).replace("\\", "")
    assert "missing in 2 of 80 rows (2.5 %)" in text
    assert "--missing" not in text
    drop_, fill = (app.button(key=key_of("offer", number, place))
                   for number, place in ((_offer(app), 0), (_offer(app), 1)))  # fmt: skip
    assert drop_.label == "Drop 2 rows (2.5 %)"
    assert drop_.disabled
    assert len(app.session_state["upload_made"][1].dataset) == 78
    fill.click().run()
    assert not app.exception
    made = app.session_state["upload_made"][1]
    assert len(made.dataset) == 80
    assert any(c.was_missing for c in made.dataset.card.modalities[0].columns)


def test_rows_without_an_input_are_kept_by_a_button_and_flags_are_shown_as_such() -> None:
    lines = ["bill_a,bill_b,body_a,body_b,flag_wild,species"]
    for i in range(80):
        body = "NA,NA" if i % 4 == 0 else f"{i % 5},{i * 3 % 7}"
        lines.append(f"{i * 7 % 11},{i % 3},{body},{['no', 'yes'][i % 2]},{'XYZ'[i % 3]}")
    app = drop(open_page("your-data"), "birds.csv", "\n".join(lines).encode())
    assert app.dataframe[0].value.loc["role"].tolist()[4:] == ["flag", "label"]
    keep = next(b for b in app.button if b.label == "Keep rows that lack an input, and flag them")
    assert not keep.disabled
    keep.click().run()
    assert not app.exception
    made = app.session_state["upload_made"][1]
    assert len(made.dataset) == 80
    assert np.flatnonzero(made.dataset.lacks(2)).tolist() == list(range(0, 80, 4))
    assert set(made.dataset.flags) == {"wild", "without_x2"}
    text = said(app).replace("\\", "")
    assert "Input 2 (body) is missing in 20 of 80 rows (25 %)" in text
    assert "They stay, flagged without_x2: models use what the other inputs say." in text
    keep = next(b for b in app.button if b.label == "Keep rows that lack an input, and flag them")
    assert keep.disabled
    assert "This sample lacks this input." in text  # the first one that is looked at


def _offer(app: AppTest) -> int:
    """The number of the first issue with buttons."""
    issues = app.session_state["upload_made"][1].issues
    return next(i for i, issue in enumerate(issues) if issue.offers)


def test_a_number_to_predict_is_cut_into_classes_by_a_button() -> None:
    lines = [f"{i % 4},{i % 5},{i * 1.37:.2f}" for i in range(90)]
    app = drop(open_page("your-data"), "n.csv", "\n".join(["a_1,b_1,price", *lines]).encode())
    for columns, use in (("a_1", "input 1"), ("b_1", "input 2"), ("price", "label")):
        app.text_input(key=key_of("grid_find", "1")).set_value(columns).run()
        press(app, use)
    assert "looks like a number to predict" in said(app)
    assert not [b for b in app.button if b.key == "save_and_train"]
    button = next(b for b in app.button if b.label == "Cut into 3 classes")
    button.click().run()
    assert not app.exception
    assert "is cut into 3 classes of about equal size" in said(app)
    assert app.button(key="save_and_train")


def test_a_table_without_a_class_says_what_to_do() -> None:
    lines = [f"{i * 1.7:.2f},{i * 2.3:.2f},{i * 3.1:.2f}" for i in range(50)]
    app = drop(open_page("your-data"), "n.csv", "\n".join(["a,b,c", *lines]).encode())
    assert not app.exception
    text = said(app)
    assert "No input is chosen" in text
    assert "Choose the column with the class." in text.replace("\\", "")
    assert "--" not in text.replace("---", "").replace("|", "").replace("--label", "XX--")


def test_deleting_asks_first() -> None:
    own = trained()
    app = open_page("your-data", ANN)
    app.button(key=key_of("delete", own.name)).click().run()
    assert "cannot be undone" in said(app)
    app.button(key="delete_no").click().run()
    assert own.data.exists()
    app.button(key=key_of("delete", own.name)).click().run()
    app.button(key="delete_yes").click().run()
    assert not app.exception
    assert not own.data.exists()
    assert "Your sets" not in said(app)


# --- a disk that takes nothing -------------------------------------------------------------------


@pytest.fixture
def full(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> Disk:
    """The uploads are on a disk that can be filled."""
    monkeypatch.setenv("DMIL_UPLOADS", str(disk.folder))
    jobs = Jobs(disk.folder / "jobs", at_once=0)
    monkeypatch.setitem(queue._OPEN, disk.folder / "jobs", jobs)
    return disk


@pytest.mark.parametrize("free", [0, 8192])
def test_a_set_that_the_disk_does_not_take_leaves_nothing(full: Disk, free: int) -> None:
    with full.full(free), pytest.raises(ResourceError):
        save()
    assert full.entries() == []
    assert own_sets.own_sets(visitor(ANN)) == []
    assert own_sets.own_sets(visitor(ANN)) == []
    save()


def with_example() -> AppTest:
    app = open_page("your-data", ANN)
    app.button(key="use_example").click().run()
    return app


@pytest.mark.parametrize("free", [0, 8192])
def test_save_and_train_on_a_full_disk_is_a_message_and_can_be_tried_again(
    full: Disk, free: int, caplog: pytest.LogCaptureFixture
) -> None:
    app = with_example()
    with full.full(free):
        app.button(key="save_and_train").click().run()
        assert not app.exception
        reason = {"tmpfs": "the disk is full", "limit": "larger than the system allows"}
        assert reason[full.kind] in said(app)
        assert str(full.folder) not in said(app)
        assert visitor(ANN) not in said(app)
        assert len([r for r in caplog.records if r.exc_info]) == 1
        assert full.entries() == []
        # The page is whole and the upload is still there.
        assert inputs(app) == ["left", "right"]
    app.button(key="save_and_train").click().run()
    assert not app.exception
    (own,) = own_sets.own_sets(visitor(ANN))
    assert own_sets.trainings(own)[0].state == "queued"
    assert "The server could not do this" not in said(app)


def test_two_tabs_that_save_one_name_are_told_and_both_sets_can_be_kept(root: Path) -> None:
    first, second = with_example(), with_example()
    first.button(key="save_and_train").click().run()
    assert not first.exception
    second.button(key="save_and_train").click().run()
    assert not second.exception
    assert "A set of this name was saved meanwhile" in said(second)
    assert len(own_sets.own_sets(visitor(ANN))) == 1
    # The page has found another name by now.
    second.button(key="save_and_train").click().run()
    assert not second.exception
    assert len(own_sets.own_sets(visitor(ANN))) == 2


def test_starting_and_deleting_on_a_full_disk_are_messages(full: Disk) -> None:
    own = save()
    app = open_page("your-data", ANN)
    with full.full():
        app.button(key=key_of("train", own.name)).click().run()
        assert not app.exception
        assert "The server could not do this" in said(app)
        app.button(key=key_of("delete", own.name)).click().run()
        app.button(key="delete_yes").click().run()
        assert not app.exception
        assert not own.data.exists()


def test_a_page_on_a_disk_that_is_read_only_still_shows_what_is_there(
    read_only: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DMIL_UPLOADS", str(read_only))
    jobs = Jobs(read_only / "jobs", at_once=0)
    monkeypatch.setitem(queue._OPEN, read_only / "jobs", jobs)
    app = with_example()
    app.button(key="save_and_train").click().run()
    assert not app.exception
    assert "read-only" in said(app) or "permission" in said(app)


def test_columns_may_be_called_anything() -> None:
    names = list(dict.fromkeys(" ".join(n.split()) for n in NAMES))
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow([*names, "label"])
    for i in range(60):
        writer.writerow([*((i * k) % 7 + k for k in range(len(names))), "uv"[i % 2]])
    app = drop(open_page("your-data"), f"{BOLD}.csv", stream.getvalue().encode())
    assert not app.exception
    assert isinstance(app.session_state["upload"].result, uploads.Upload)
    app.multiselect(key=key_of("grid_names", "1")).set_value(names[:6]).run()
    press(app, "input 1")
    app.multiselect(key=key_of("grid_names", "1")).set_value(names[6:9]).run()
    press(app, "input 2")
    assert not app.exception
    text = said(app)
    assert "<script>" not in text
    assert "<img" not in text
    assert app.session_state["upload"].roles.inputs[0].columns == tuple(names[:6])
    assert "__proto__" in names[:6]
    app.button(key="save_and_train").click().run()
    assert not app.exception
