"""The latent map under a visitor's hand: click, zoom, lasso, two maps, keys, touch, no WebGL."""

from __future__ import annotations

import math
import re
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard.keys import key_of
from dmil_core import schema
from tests.browser import latent_map as hand
from tests.browser.server import Launch, settled
from tests.browser.test_everywhere import SVG, saved
from tests.browser.test_visitor import query, visit, wait_for_sample
from tests.dashboard.folders import BROKEN, GENERATED, REAL, Room, table_of


def test_a_click_on_a_point_opens_its_sample_and_keeps_the_zoom(page: Page, app_url: str) -> None:
    visit(page, f"{app_url}/map?data={REAL}")
    sample = hand.lonely(page)
    at, whole = hand.point(page, sample), hand.scale(page)
    page.mouse.move(at["x"], at["y"])
    page.mouse.wheel(0, -300)
    page.wait_for_timeout(300)
    zoomed = hand.scale(page)
    assert zoomed > whole
    at = hand.point(page, sample)
    page.mouse.move(at["x"], at["y"])
    expect(page.locator(".card strong")).to_have_text(sample)
    picture = page.locator(".card img").first
    expect(picture).to_be_visible(timeout=20_000)
    assert picture.evaluate("one => one.naturalWidth") > 0
    page.mouse.click(at["x"], at["y"])
    wait_for_sample(page, sample)
    assert hand.scale(page) == pytest.approx(zoomed)
    assert hand.ringed(page) == sample
    page.get_by_role("link", name="Open in Samples").click()
    page.wait_for_url(lambda url: urlsplit(url).path == "/samples")
    wait_for_sample(page, sample)


def size(page: Page, number: int = 0) -> dict[str, float]:
    """Where a map is on the screen."""
    box = page.locator(".map canvas[role=application]").nth(number).bounding_box()
    assert box
    return {**box}


def test_the_map_fills_the_first_screen_with_and_without_the_panel(
    page: Page, app_url: str
) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    visit(page, f"{app_url}/map?data={REAL}")
    sample = hand.lonely(page)
    box = size(page)
    assert box["width"] >= 1300
    assert box["height"] >= 600
    assert box["y"] + box["height"] <= 900
    at = hand.point(page, sample)
    page.mouse.click(at["x"], at["y"])
    wait_for_sample(page, sample)
    assert size(page)["width"] >= 900
    assert size(page)["height"] == box["height"]
    panel = page.locator(".st-key-map_side").bounding_box()
    assert panel
    assert panel["x"] >= box["x"] + size(page)["width"]
    assert panel["y"] + panel["height"] <= 900
    seen = hand.point(page, sample)
    assert seen["x"] < panel["x"]
    page.keyboard.press("Escape")
    expect(page.locator(".st-key-map_side")).to_have_count(0)
    assert size(page)["width"] == box["width"]
    assert hand.ringed(page) == sample
    page.get_by_role("button", name="Show panel").click()
    wait_for_sample(page, sample)
    page.get_by_role("button", name="Close").click()
    expect(page.locator(".st-key-map_side")).to_have_count(0)
    page.wait_for_url(lambda url: "panel=closed" in url)


def test_on_a_phone_the_map_comes_first_and_a_sample_is_a_sheet_over_it(
    phone: Page, app_url: str
) -> None:
    page = visit(phone, f"{app_url}/map?data={REAL}")
    sample = hand.lonely(page)
    assert size(page)["y"] < 300
    assert size(page)["height"] > 300
    at = hand.point(page, sample)
    page.mouse.click(at["x"], at["y"])
    wait_for_sample(page, sample)
    expect(page.get_by_role("heading", level=2).first).to_be_in_viewport(ratio=1)
    canvas, sheet = size(page), page.locator(".st-key-map_side").bounding_box()
    assert sheet
    seen = hand.point(page, sample)
    assert canvas["y"] < seen["y"] < sheet["y"]
    assert canvas["x"] < seen["x"] < canvas["x"] + canvas["width"]


def test_what_is_searched_for_is_ringed_and_counted(page: Page, app_url: str, room: Room) -> None:
    frame = table_of(room, REAL, "dmil").query("split == 'test'")
    wanted = frame[frame[["y", "pred"]].eq("zero").any(axis=1)]["id"]
    visit(page, f"{app_url}/map?data={REAL}")
    hand.wait_for_map(page)
    page.get_by_role("textbox", name="Search").fill("zero")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "q=zero" in url)
    settled(page)
    assert sorted(hand.members(page)) == sorted(str(i) for i in wanted)
    assert hand.of_map(page, "map.ringed && map.panes[0].found().length") == len(wanted)
    said = page.locator(".map .said")
    expect(said).to_have_text(f"{len(wanted)} of {len(frame)} match “zero”")


def test_a_click_between_gate_weights_opens_the_sample_that_lies_there(
    page: Page, app_url: str, room: Room
) -> None:
    frame = table_of(room, REAL, "dmil").set_index("id")
    visit(page, f"{app_url}/map?data={REAL}&latent=gate")
    sample = hand.lonely(page)
    at = hand.point(page, sample)
    page.mouse.click(at["x"], at["y"])
    wait_for_sample(page, sample)
    x, y = hand.of_map(page, "map.panes[0].place(map.selected)")
    weights = frame.loc[sample, [schema.gate(c) for c in schema.COMPONENTS]]
    synergy = y / (3**0.5 / 2)
    assert synergy == pytest.approx(weights[schema.gate("S")], abs=1e-3)
    assert 1 - x - synergy / 2 == pytest.approx(weights[schema.gate("R")], abs=1e-3)


def test_a_saved_map_has_the_contours_and_labels_that_are_seen(
    page: Page, app_url: str, tmp_path: Path
) -> None:
    visit(page, f"{app_url}/map?data={REAL}")
    hand.wait_for_map(page)
    page.wait_for_function("() => window.dmilMapNames?.names[0].length > 5")
    names = set(hand.of_map(page, "map.panes[0].names().map(({ text }) => text)"))
    assert len(names) > 5
    control = page.locator(f".st-key-{key_of('save', 'map')}")
    control.get_by_role("button", name="Save figure").click()

    def drawn() -> tuple[set[str], int]:
        """Texts, and pieces of lines."""
        root = ElementTree.parse(saved(page, control.get_by_role("button", name="SVG"), tmp_path))
        texts = {"".join(e.itertext()) for e in root.iter(f"{SVG}text")}
        lines = [e.get("d", "") for e in root.iter(f"{SVG}path") if e.get("class") == "js-line"]
        return texts, sum(line.count("M") for line in lines)

    texts, pieces = drawn()
    assert names <= texts
    assert pieces > 100
    page.get_by_role("button", name="Labels").click()
    page.get_by_role("button", name="Contours").click()
    texts, pieces = drawn()
    assert not names & texts
    assert pieces == 0


def test_another_latent_and_colour_by_click(page: Page, app_url: str) -> None:
    visit(page, f"{app_url}/map?data={GENERATED}")
    page.locator(".st-key-choice_latent input").click()
    page.get_by_role("option", name="N1: residual of").click()
    page.wait_for_url(lambda url: "latent=N1" in url)
    settled(page)
    expect(page.locator(".map canvas[role=application]")).to_have_attribute(
        "aria-label", re.compile("^Map of dmil, N1: residual of")
    )


def test_without_webgl_the_map_is_the_same(launch: Launch, app_url: str) -> None:
    browser = launch(["--no-sandbox", "--disable-gpu", "--disable-3d-apis"])
    page = browser.new_page(viewport={"width": 1440, "height": 1000})
    visit(page, f"{app_url}/map?data={REAL}")
    sample = hand.lonely(page)
    at = hand.point(page, sample)
    page.mouse.click(at["x"], at["y"])
    wait_for_sample(page, sample)
    page.close()


def test_a_lasso_makes_a_slice_that_a_link_a_second_window_and_samples_know(
    browser: Browser, page: Page, app_url: str
) -> None:
    visit(page, f"{app_url}/map?data={REAL}")
    sample = hand.lonely(page)
    at = hand.point(page, sample)
    hand.lasso(page, at, 60)
    page.wait_for_url(lambda url: "slice=" in url, timeout=20_000)
    settled(page)
    inside = hand.members(page)
    assert sample in inside
    at = hand.point(page, sample)  # the panel beside the map may have moved it
    for other in inside:
        there = hand.point(page, other)
        assert math.hypot(there["x"] - at["x"], there["y"] - at["y"]) < 63
    expect(page.get_by_text("samples, drawn on Z of dmil").first).to_contain_text(
        f"{len(inside)} of"
    )
    expect(page.locator(f".st-key-{key_of('slice', 'gate')} .main-svg").first).to_be_visible()
    other_window = browser.new_context(viewport={"width": 1440, "height": 1000})
    second = visit(other_window.new_page(), page.url)
    hand.wait_for_map(second)
    assert hand.members(second) == inside
    second.get_by_role("link", name="These in Samples").click()
    second.wait_for_url(lambda url: urlsplit(url).path == "/samples")
    settled(second)
    expect(second.get_by_text(f"{len(inside)} of", exact=False).first).to_be_visible()
    second.locator(".st-key-clear_selection button").click()
    second.wait_for_url(lambda url: "slice=" not in url)
    other_window.close()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Table as CSV").click()
    lines = saved.value.path().read_text("utf-8").splitlines()
    assert len(lines) == 1 + len(inside)
    page.get_by_role("button", name="Clear the slice").click()
    page.wait_for_url(lambda url: "slice=" not in url)
    settled(page)
    assert hand.members(page) == []


def test_two_maps_show_the_same_sample_and_slice(page: Page, app_url: str) -> None:
    visit(page, f"{app_url}/map?data={REAL}&latent=Z&beside=dmil-paper%3AZ")
    hand.wait_for_map(page)
    expect(page.locator(".map canvas[role=application]")).to_have_count(2)
    assert min(size(page, number)["width"] for number in range(2)) >= 600
    assert size(page, 0)["width"] == pytest.approx(size(page, 1)["width"], abs=1)
    assert size(page, 0)["y"] == size(page, 1)["y"]
    sample = hand.lonely(page)
    at = hand.point(page, sample, pane=1)
    hand.lasso(page, at, 50)
    page.wait_for_url(lambda url: "slice=" in url, timeout=20_000)
    settled(page)
    assert "dmil-paper" in query(page)["slice"]
    inside = hand.members(page)
    assert sample in inside
    at = hand.point(page, sample, pane=1)
    for other in inside:
        there = hand.point(page, other, pane=1)
        assert math.hypot(there["x"] - at["x"], there["y"] - at["y"]) < 53


def test_the_map_is_moved_and_opened_by_keys(page: Page, app_url: str) -> None:
    visit(page, f"{app_url}/map?data={REAL}")
    sample = hand.lonely(page)
    canvas = page.locator(".map canvas[role=application]")
    canvas.focus()
    box = canvas.bounding_box()
    assert box
    middle = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    page.keyboard.press("+")
    for key, axis, way in (("ArrowRight", "x", 1), ("ArrowLeft", "x", -1),
                           ("ArrowDown", "y", 1), ("ArrowUp", "y", -1)):  # fmt: skip
        for _ in range(60):
            if way * (hand.point(page, sample)[axis] - middle[axis]) < 22:
                break
            page.keyboard.press(key)
    expect(page.locator(".map .status")).to_contain_text("In the middle")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "sample=" in url, timeout=20_000)
    opened = query(page)["sample"]
    there = hand.point(page, opened)
    assert math.hypot(there["x"] - middle["x"], there["y"] - middle["y"]) < 60


def test_a_class_is_hidden_by_its_name(page: Page, app_url: str, room: Room) -> None:
    visit(page, f"{app_url}/map?data={REAL}")
    sample = hand.lonely(page)
    at = hand.point(page, sample)
    page.mouse.move(at["x"], at["y"])
    name = page.locator(".card span").last.inner_text()
    page.mouse.move(at["x"], at["y"] - 300)
    page.get_by_role("button", name=f"Show or hide {name}", exact=True).click()
    page.mouse.move(at["x"], at["y"])
    page.wait_for_timeout(300)
    expect(page.locator(".card")).to_be_hidden()


def test_a_missing_map_is_computed_in_the_background_until_cancelled(
    page: Page, app_url: str
) -> None:
    visit(page, f"{app_url}/map?data={BROKEN}&model=joint")
    hand.wait_for_map(page)
    expect(page.get_by_text("This is a first map, a PCA")).to_be_visible()
    start = page.get_by_role("button", name="Compute a UMAP in the background")
    start.click()
    expect(page.get_by_role("button", name="Cancel")).to_be_visible(timeout=20_000)
    page.get_by_role("link", name="Samples", exact=True).click()
    page.wait_for_url(lambda url: urlsplit(url).path == "/samples")
    page.get_by_role("link", name="Latent map", exact=True).click()
    expect(page.get_by_text("Map of joint")).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="Cancel").click()
    expect(start).to_be_visible(timeout=20_000)
    expect(page.get_by_text("The last attempt ended: Cancelled")).to_be_visible()
