"""A visitor sorts and filters the list, looks closely, and draws on a picture."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Locator, Page, expect

from dmil_core import schema
from tests.browser.server import settled
from tests.browser.test_visitor import (
    query,
    row_of,
    table,
    visit,
    wait_for_sample,
)
from tests.dashboard.folders import GENERATED, REAL, Room


def choose(page: Page, label: str, option: str) -> None:
    """Take an option of a select box."""
    page.get_by_role("combobox", name=label).first.click()
    page.get_by_role("option", name=option).first.click()
    settled(page)


def test_sorted_and_filtered_a_click_opens_the_row_that_is_seen(
    page: Page, app_url: str, room: Room
) -> None:
    one, two = (table(room, GENERATED, m).query("split == 'test'") for m in ("joint", "ensemble"))
    keep = (one["correct"].to_numpy() & ~two["correct"].to_numpy()).tolist()
    own = table(room, GENERATED, "dmil").query("split == 'test'")[keep]
    wanted = own.sort_values(schema.gate("S"), ascending=False, kind="stable")["id"].tolist()
    visit(page, f"{app_url}/samples?data={GENERATED}")
    page.get_by_role("button", name="Filter").first.click()
    choose(page, "Correct in", "joint")
    choose(page, "Wrong in", "ensemble")
    page.keyboard.press("Escape")
    choose(page, "Sort by", "gate weight of S")
    assert {"right": "joint", "wrong": "ensemble", "order": "gate-S"}.items() <= query(page).items()
    expect(page.get_by_text(f"{len(wanted):,} of {len(one):,} samples")).to_be_visible()
    row_of(page, 3).click()
    wait_for_sample(page, wanted[3])
    page.keyboard.press("j")
    wait_for_sample(page, wanted[4])
    page.reload()
    wait_for_sample(page, wanted[4])
    row_of(page, 1).click()
    wait_for_sample(page, wanted[1])


def test_a_picture_is_enlarged_without_being_blurred(page: Page, app_url: str) -> None:
    visit(page, f"{app_url}/samples?data={REAL}")
    picture = page.locator("[data-testid=stImage] img").first
    small = picture.bounding_box()
    picture.hover()
    page.get_by_role("button", name="Fullscreen: image of this sample").click()
    page.wait_for_timeout(800)
    large = picture.bounding_box()
    assert small
    assert large
    assert large["height"] > 3 * small["height"]
    # Sent in so many pixels that none has to be invented.
    assert picture.evaluate("i => i.naturalHeight") >= 0.9 * large["height"]
    page.keyboard.press("Escape")


# --- drawing --------------------------------------------------------------------------------


def stroke(page: Page, canvas: Locator, *points: tuple[float, float]) -> None:
    """Draw through points of the picture, each from 0 to 1."""
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=6)
    page.mouse.up()


def answer(page: Page) -> str:
    """What the model says of the changed sample."""
    said = page.get_by_text("Edited, it predicts")
    expect(said).to_be_visible(timeout=20_000)
    return said.inner_text()


def test_a_drawing_changes_the_answer_is_in_the_link_and_can_be_undone(
    browser: Browser, page: Page, app_url: str, room: Room
) -> None:
    own = table(room, REAL, "dmil").query("split == 'test' and correct and y == 'four'")
    # A sample for which the model listens to the picture.
    sample = own.sort_values(schema.gate("U1"))["id"].iloc[-1]
    visit(page, f"{app_url}/what-if?data={REAL}&sample={sample}&edit2=blank")
    before = answer(page)
    page.get_by_role("radio", name="draw").click()
    canvas = page.get_by_role("application", name="image: a picture to draw on")
    expect(canvas).to_be_visible(timeout=20_000)
    settled(page)
    page.get_by_role("radio", name="dark").check()
    for y in (0.1, 0.3, 0.5, 0.7, 0.9):
        stroke(page, canvas, (0.0, y), (1.0, y))
    page.wait_for_url(lambda url: url.count("dI") == 5, timeout=30_000)
    page.get_by_role("radio", name="light").check()
    stroke(page, canvas, (0.5, 0.05), (0.5, 0.95))
    page.wait_for_url(lambda url: ".lI" in url, timeout=30_000)
    settled(page)
    after, link = answer(page), query(page)["edit1"]
    assert after != before
    page.reload()
    settled(page)
    assert answer(page) == after
    assert query(page)["edit1"] == link
    other = browser.new_context()
    second = visit(other.new_page(), page.url)
    assert answer(second) == after
    other.close()
    # By keys: the brush starts in the middle.
    canvas.focus()
    for key in ("Space", "ArrowLeft", "ArrowLeft", "Shift+ArrowUp", "Space"):
        page.keyboard.press(key)
    page.wait_for_url(lambda url: ".lIggegeY" in url, timeout=30_000)
    settled(page)
    page.keyboard.press("u")
    page.wait_for_url(lambda url: "ggegeY" not in url, timeout=20_000)
    settled(page)
    assert query(page)["edit1"] == link
    assert answer(page) == after


def test_a_stroke_counts_also_when_the_clock_was_set_back(page: Page, app_url: str) -> None:
    visit(page, f"{app_url}/what-if?data={REAL}&edit1=draw:")
    canvas = page.get_by_role("application", name="image: a picture to draw on")
    expect(canvas).to_be_visible(timeout=20_000)
    stroke(page, canvas, (0.1, 0.2), (0.9, 0.2))
    page.wait_for_url(lambda url: url.count("lI") == 1, timeout=20_000)
    settled(page)
    page.evaluate("() => { const now = Date.now; Date.now = () => now() - 24 * 3600 * 1000; }")
    stroke(page, canvas, (0.1, 0.8), (0.9, 0.8))
    page.wait_for_url(lambda url: url.count("lI") == 2, timeout=20_000)


def test_a_finger_draws_and_does_not_scroll(browser: Browser, app_url: str) -> None:
    context = browser.new_context(viewport={"width": 400, "height": 800}, has_touch=True)
    page = visit(context.new_page(), f"{app_url}/what-if?data={REAL}&edit1=draw:")
    canvas = page.get_by_role("application", name="image: a picture to draw on")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 400
    page.touchscreen.tap(box["x"] + 0.5 * box["width"], box["y"] + 0.25 * box["height"])
    page.wait_for_url(lambda url: "draw%3AlI" in url, timeout=20_000)
    wide = page.evaluate("() => document.querySelector('[data-testid=stMain]').scrollWidth")
    assert wide <= 400
    context.close()


def test_a_drawing_that_is_too_long_for_a_link_says_so(page: Page, app_url: str) -> None:
    """As long as a link may be, and one stroke more."""
    drawing = "draw:" + ".".join(["lIAAzz"] * (1995 // 7))
    visit(page, f"{app_url}/what-if?data={REAL}&edit1={drawing}")
    canvas = page.get_by_role("application", name="image: a picture to draw on")
    expect(canvas).to_be_visible(timeout=20_000)
    stroke(page, canvas, (0.1, 0.9), (0.5, 0.2), (0.9, 0.9))
    expect(page.get_by_text("too long for a link")).to_be_visible(timeout=20_000)
    page.wait_for_url(lambda url: "edit1" not in url)
    page.keyboard.press("u")
    page.wait_for_url(lambda url: "edit1=draw" in url, timeout=20_000)
    expect(page.get_by_text("too long for a link")).to_have_count(0)


def test_another_model_that_a_page_offers_is_shown_by_all_of_it(page: Page, app_url: str) -> None:
    for path, button, there in (
        ("what-if", "Show dmil", ".st-key-gate_pairs svg.bars"),
        ("samples", "Show bits of dmil", "[class*=st-key-gate-] [role=img]"),
    ):
        visit(page, f"{app_url}/{path}?data={GENERATED}&model=joint")
        page.get_by_role("button", name=button, exact=True).first.click()
        expect(page.locator(there)).to_be_visible(timeout=20_000)
        expect(page.locator(".st-key-choose_model")).to_contain_text("dmil")
        page.wait_for_function("() => location.search.includes('model=dmil')")


def test_what_is_found_of_a_model_stands_beside_the_true_interaction_type(
    page: Page, app_url: str
) -> None:
    """Of generated data, whose truth is known: for a sample of synergy most of it is S."""
    visit(page, f"{app_url}/samples?data=switch&model=joint&interaction-type=S&show=right")
    expect(page.get_by_text("true interaction type").first).to_be_visible()
    found = page.get_by_text(re.compile("^As information about the class, in bits: R"))
    expect(found).to_be_visible()
    parts = dict(
        re.findall(r"(R|U1|U2|S) ([+-]\d+\.\d+)", found.inner_text().replace("\u2212", "-"))
    )
    assert max(parts, key=lambda c: float(parts[c])) == "S"


def test_a_model_without_a_gate_shows_what_its_inputs_do_together(page: Page, app_url: str) -> None:
    visit(page, f"{app_url}/samples?data=switch&model=joint")
    expect(page.get_by_text("What the inputs do, alone and together")).to_be_visible()
    drawing = page.get_by_role("img", name=re.compile("^Effects of the inputs on the score of"))
    expect(drawing).to_be_visible()
    said = drawing.get_attribute("aria-label") or ""
    assert re.search(r"\N{MULTIPLICATION SIGN} .* [+-]\d", said)
    visit(page, f"{app_url}/samples?data={REAL}&model=dmil")
    page.get_by_role("tab", name="Parts that act together").click()
    expect(page.get_by_text(re.compile("Strongest pairs: row .*, column .* with"))).to_be_visible()
    page.locator("[class*=st-key-where_part] button").nth(2).click()
    settled(page)
    expect(page.get_by_text("Something went wrong")).to_have_count(0)
