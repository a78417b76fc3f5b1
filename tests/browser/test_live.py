"""A teacher trains live: start, pause, step, reset, to the end, and a reload in the middle."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Locator, Page, expect

from dashboard.keys import key_of
from tests.browser.accessibility import faults
from tests.browser.server import settled
from tests.browser.test_visitor import visit

#: Starting the process of live trainings takes seconds, many on a busy machine.
LONG = 120_000
PICTURES = [f".st-key-{key_of('live_picture', name)}" for name in ("ensemble", "joint", "dmil")]


def opened(page: Page, address: str) -> None:
    """Open the page and wait for the pictures of the two models that predict from the start."""
    visit(page, address)
    for picture in PICTURES[:2]:
        expect(page.locator(f"{picture} .js-plotly-plot .main-svg").first).to_be_visible(
            timeout=LONG
        )


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=re.compile(f"^{name}( Shortcut .)?$")).click()


def progress(page: Page) -> Locator:
    return page.locator("[data-testid=stProgress]")


def steps(page: Page) -> int:
    match = re.search(r"step (\d+) of", progress(page).inner_text())
    assert match
    return int(match.group(1))


def test_start_pause_step_reset_and_to_the_end_with_a_reload(page: Page, app_url: str) -> None:
    opened(page, f"{app_url}/live?length=glance&draw=5&pace=slow&paused=yes")
    expect(progress(page)).to_contain_text("Ready")
    press(page, "Start")
    expect(progress(page)).to_contain_text(re.compile("Training.*step [1-9]"), timeout=LONG)
    press(page, "Pause")
    expect(progress(page)).to_contain_text("Paused", timeout=LONG)
    # The step that was under way may still end.
    page.wait_for_timeout(1500)
    settled(page)
    before = steps(page)
    page.wait_for_timeout(2500)
    assert steps(page) == before
    # A picture that moves on is the same picture: nothing is built anew while people watch. They
    # are marked here, since some of them appear only after the first steps.
    page.evaluate("() => document.querySelectorAll('.moving').forEach((e) => { e.mine = true; })")
    press(page, "Step")
    expect(progress(page)).to_contain_text(f"Paused · step {before + 1} of", timeout=LONG)
    assert page.evaluate("() => [...document.querySelectorAll('.moving')].every((e) => e.mine)")
    press(page, "Reset")
    expect(progress(page)).to_contain_text("Ready", timeout=LONG)
    assert steps(page) == 0
    page.keyboard.press("p")
    expect(progress(page)).to_contain_text("Training", timeout=LONG)
    page.wait_for_url(lambda url: "paused" not in url, timeout=LONG)
    page.reload()
    # What was chosen is in the address; the training itself has ended with its page, and as it was
    # not paused another one begins.
    expect(progress(page)).to_contain_text("Training", timeout=LONG)
    assert "draw=5" in page.url
    page.locator(".st-key-live_pace").get_by_text("fast").click()
    expect(progress(page)).to_contain_text("Done", timeout=LONG)
    assert steps(page) == 40
    settled(page)
    expect(page.locator(".st-key-live_said")).to_contain_text("samples")
    shown = page.locator(f"{PICTURES[1]} .moving").get_attribute("aria-label") or ""
    assert re.search(r"Joint: S \d+\s?%", shown)
    assert faults(page) == []


def test_it_begins_by_itself_fills_the_strip_ends_and_again_works(page: Page, app_url: str) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    opened(page, f"{app_url}/live?length=glance&pace=slow")
    # Nothing was pressed. A third of the samples is held out and measured at a time.
    expect(progress(page)).to_contain_text("Training", timeout=LONG)
    dmil = page.locator(f".st-key-{key_of('live', 'dmil')}")
    some = re.compile(r"\b(?!0 of|200 of)\d+ of 200 measured")
    expect(dmil).to_contain_text(some, timeout=LONG)
    strip = dmil.get_by_role("img", name=re.compile("of 200 samples, by the largest component"))
    expect(strip).to_be_visible()
    page.locator(".st-key-live_pace").get_by_text("fast").click()
    for again in (True, False):
        expect(progress(page)).to_contain_text("Done", timeout=LONG)
        # A map has taken the strip's place.
        expect(dmil).to_contain_text("right", timeout=LONG)
        for picture in PICTURES:
            box = page.locator(f"{picture} .moving").bounding_box()
            assert box is not None
            assert box["y"] + box["height"] <= 900
        expect(page.locator(".st-key-live_said")).to_contain_text("chance")
        if again:
            press(page, "Again")
            expect(progress(page)).not_to_contain_text("Done", timeout=LONG)


def test_without_motion_and_after_a_pause_it_waits_for_its_start(page: Page, app_url: str) -> None:
    page.emulate_media(reduced_motion="reduce")
    opened(page, f"{app_url}/live?length=glance")
    page.wait_for_timeout(3000)
    expect(progress(page)).to_contain_text("Ready")
    page.emulate_media(reduced_motion="no-preference")
    opened(page, f"{app_url}/live?length=glance&paused=yes")
    page.wait_for_timeout(3000)
    expect(progress(page)).to_contain_text("Ready")


def test_two_visitors_take_turns_and_who_leaves_makes_room(
    browser: Browser, page: Page, app_url: str
) -> None:
    opened(page, f"{app_url}/live?length=glance&pace=slow")
    expect(progress(page)).to_contain_text("Training", timeout=LONG)
    context = browser.new_context(viewport={"width": 400, "height": 800})
    other = context.new_page()
    opened(other, f"{app_url}/live?length=glance&pace=fast")
    expect(progress(other)).to_contain_text("1 training of another visitor", timeout=LONG)
    page.close()
    expect(progress(other)).to_contain_text("Done", timeout=LONG)
    wide = other.evaluate("() => document.querySelector('[data-testid=stMain]').scrollWidth")
    assert wide <= 400
    context.close()
