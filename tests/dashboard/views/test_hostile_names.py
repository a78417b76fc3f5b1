"""Every page on a set whose ids, classes, inputs, flags, model and folder have hostile names."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode
from xml.etree import ElementTree

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from dashboard.components.figure import file_name
from dashboard.export import report
from dashboard.keys import key_of
from dashboard.services.store.catalog import checkpoint_catalog
from dashboard.state import slices
from dashboard.state import view as state
from dashboard.state.slices import Slice
from dashboard.state.view import View
from dashboard.text import messages
from tests.dashboard import drawn
from tests.dashboard.folders import APP
from tests.dashboard.hostile_names import CLASSES, MODEL, NAMES, SET, furnish

PAGES = (
    "", "samples", "what-if", "map", "compare", "disagreements", "model", "worth", "trust",
    "your-data", "lessons", "gates", "live", "paper",
)  # fmt: skip
LOOKS = ("agreement", "pair", "groups", "calibration", "training")
#: What the names would do where a page takes them for more than text.
HARM = re.compile(
    r"<script>|<b>bold|<img src=x|(?<!\\)\]\(https://example\.org|(?<!\\)\$x(?<!\\)\^2|(?<!\\)`code`"
)
_NAMED_SVG = f"<svg {drawn._SPACED}"
#: Elements whose text Streamlit reads as Markdown.
MARKDOWN = ("markdown", "caption", "header", "subheader", "title", "info", "warning", "error")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Checkpoints of the hostile set."""
    return furnish(tmp_path_factory.mktemp("hostile"))


@pytest.fixture(autouse=True)
def _there(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DMIL_CHECKPOINTS", str(root))


def opened(page: str, **chosen: Any) -> AppTest:
    """A page on the hostile set, as a visitor of the session sees it; it must be sound."""
    app = AppTest.from_file(APP, default_timeout=60)
    app.session_state["view"] = View(data=SET, **chosen)
    app._page_hash = calc_hash(page) if page else ""
    return sound(app.run())


def sound(app: AppTest) -> AppTest:
    """The page, which shows no fault, and every name as text."""
    assert not app.exception
    texts = [str(e.value) for kind in MARKDOWN for e in app.get(kind)]
    assert not [text for text in texts if messages.fault().title in text]
    assert not [text for text in texts if HARM.search(text)]
    for svg in (str(d["drawing"]) for d in components(app) if d.get("drawing")):
        # Stripes and drawing stand beside each other.
        inside = ElementTree.fromstring(f"<all>{svg.replace('<svg', _NAMED_SVG)}</all>")
        assert not {"script", "img", "b"} & {e.tag.rpartition("}")[2] for e in inside.iter()}
    for chart in app.get("plotly_chart"):
        assert not re.search(r"<script>|<img|<b>bold", chart.proto.spec)
    assert app.session_state["view"].data == SET
    return app


def shows(app: AppTest, sample: str) -> bool:
    """Whether the heading has the id, as Markdown shows it."""
    start = " ".join(sample.replace("\\", "").split())[:40]
    heads = (str(e.value).replace("\\", "").replace("\N{WORD JOINER}", "") for e in app.header)
    return any(head.startswith(f"Sample {start}") for head in heads)


def components(app: AppTest) -> list[dict[str, Any]]:
    """What our own parts in the browser are told."""
    told = [json.loads(c.proto.json or "{}") for c in app.get("bidi_component")]
    return [d for d in told if isinstance(d, dict)]


@pytest.mark.parametrize("page", PAGES)
def test_every_page_shows_the_set(page: str) -> None:
    opened(page, model=MODEL, sample=NAMES[0])


@pytest.mark.parametrize("page", ["samples", "what-if", "map"])
def test_a_model_without_a_gate_is_shown_too(page: str) -> None:
    opened(page, model="joint", sample=NAMES[4])


@pytest.mark.parametrize("look", LOOKS)
def test_every_look_at_single_samples_shows_the_set(look: str) -> None:
    page = "disagreements" if look in ("agreement", "pair", "groups") else "model"
    opened(page, look=look, sample=NAMES[-1], model=MODEL)


def test_every_id_is_opened_by_a_click_on_next() -> None:
    app = opened("samples", sample=NAMES[0], near="M1", model=MODEL, order="stored")
    for name in NAMES[1:]:
        app.button(key="next").click()
        sound(app.run())
        assert app.session_state["view"].sample == name
        assert shows(app, name)


@pytest.mark.parametrize("number", range(len(NAMES)))
def test_every_id_is_shown_on_another_page(number: int) -> None:
    page, more = (
        ("what-if", {"edit1": "noise:1:0", "edit2": f"swap:{NAMES[number - 1]}"}),
        ("map", {}),
        ("disagreements", {"look": "pair"}),
    )[number % 3]
    app = opened(page, sample=NAMES[number], **more)
    assert app.session_state["view"].sample == NAMES[number]
    assert shows(app, NAMES[number])


@pytest.mark.parametrize("number", range(len(CLASSES)))
def test_every_class_can_be_chosen_and_explained(number: int) -> None:
    cls, other = CLASSES[number], CLASSES[number - 1]
    app = opened("samples", sample=NAMES[2], truth=cls, cls=cls, against=other)
    assert app.selectbox(key="choice_truth").value == cls
    assert app.selectbox(key="choice_cls").value == cls


def test_flags_and_models_can_be_filtered_by() -> None:
    app = opened("samples", flag=NAMES[4], right=MODEL)
    assert app.selectbox(key="choice_flag").value == NAMES[4]
    assert app.selectbox(key="choice_right").value == MODEL


@pytest.mark.parametrize("number", [0, 9, 14, 15, 22])
def test_a_link_opens_the_same_sample_again(number: int) -> None:
    app = opened("samples", sample=NAMES[number], model=MODEL)
    link = urlencode(app.query_params)
    assert len(link) < 4000
    again = AppTest.from_file(APP, default_timeout=60)
    for name, values in parse_qs(link).items():
        again.query_params[name] = values[-1]
    again._page_hash = calc_hash("samples")
    again.run()
    view = again.session_state["view"]
    assert (view.data, view.model, view.sample) == (SET, MODEL, NAMES[number])
    assert not again.warning


def test_models_with_any_name_are_compared() -> None:
    app = opened("disagreements", look="agreement")
    app.multiselect(key="choice_among").set_value([f"{MODEL}:0", "joint:0"]).run()
    assert not app.exception
    assert state.names_in(app.session_state["view"].among) == (f"{MODEL}:0", "joint:0")
    assert set(app.multiselect(key="choice_among").value) == {f"{MODEL}:0", "joint:0"}


def test_a_report_holds_the_names_as_text() -> None:
    checkpoint = checkpoint_catalog().get(SET, MODEL, 0)
    page = report.of_samples(checkpoint, list(NAMES), " ".join(NAMES)).decode("utf-8")
    assert not re.search(r"<script>alert|<b>bold|<img src=x", page)
    assert "&lt;script&gt;alert" in page


@pytest.mark.parametrize("number", range(len(NAMES)))
def test_a_downloaded_file_has_a_plain_name(number: int) -> None:
    name = file_name(f"answers-{SET}-{NAMES[number]}")
    assert re.fullmatch(r"[A-Za-z0-9_.-]{1,80}", name)
    assert not name.startswith(".")


def test_a_folder_whose_name_is_no_text_is_left_out(root: Path) -> None:
    folder = root / "\udcff-set"
    try:
        (folder / "dmil").mkdir(parents=True)
    except (OSError, UnicodeError):
        pytest.skip("this file system takes names of text alone")
    (folder / "dmil" / "seed0").symlink_to(root / SET / "dmil" / "seed0")
    try:
        app = opened("")
        app.session_state["choose_data"] = True
        app.run()
        opened_by = {b.key for b in app.button}
        assert key_of("open_set", SET) in opened_by
        assert key_of("open_set", "\udcff-set") not in opened_by
    finally:
        (folder / "dmil" / "seed0").unlink()
        (folder / "dmil").rmdir()
        folder.rmdir()


# --- links


@pytest.mark.parametrize("names", [NAMES[:9], NAMES[9:12], ("-",), (",",), ("%2C", "a,b"), ()])
def test_names_in_a_list_come_back(names: tuple[str, ...]) -> None:
    assert state.names_in(state.listed(names)) == names


@pytest.mark.parametrize("name", NAMES[:-1])
@pytest.mark.parametrize("field", ["data", "model", "sample", "cls", "truth", "flag", "right"])
def test_a_name_in_a_link_comes_back(field: str, name: str) -> None:
    view = replace(View(), **{field: name})
    assert state.from_query(state.to_query(view)) == (view, ())


def test_a_slice_of_a_model_with_any_name_comes_back() -> None:
    for model in (MODEL, "%7E~%", "~" * 255):
        drawn_ = Slice("west", model, 0, "Z", "e6f392", ((0, 0), (9, 0), (9, 9)))
        assert slices.read(slices.write(drawn_)) == drawn_


def test_a_name_that_is_too_long_for_a_link_is_left_out_of_it() -> None:
    view = View(data="a", truth="x" * 300, edit1=f"swap:{'x' * 300}", sample="x" * 300)
    query = state.to_query(view)
    assert set(query) == {"data", "model", "seed", "sample"}
    again, dropped = state.from_query(query)
    assert not dropped
    assert again == replace(view, truth="", edit1="", sample=state.digest_of("x" * 300))
    assert state.named_by(again.sample, ["y", "x" * 300]) == "x" * 300
    assert state.named_by(again.sample, ["y"]) == again.sample
