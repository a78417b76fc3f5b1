"""What every page offers: saving of figures and tables, reports, the glossary and the tour."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pandas as pd
import pytest
from PIL import Image
from playwright.sync_api import Browser, Download, Locator, Page, expect

from dashboard.keys import key_of
from dashboard.text import tour
from tests.browser.accessibility import faults
from tests.browser.server import settled
from tests.browser.test_visitor import darken, query, sound_length, visit
from tests.dashboard.folders import GENERATED, REAL, Room, table_of

SVG = "{http://www.w3.org/2000/svg}"


def saved(page: Page, button: Locator, folder: Path) -> Path:
    """Click, and keep what comes under the name that it is offered with."""
    with page.expect_download(timeout=60_000) as waiting:
        button.click()
    download: Download = waiting.value
    file = folder / download.suggested_filename
    download.save_as(file)
    return file


def offline(browser: Browser, file: Path, faults_: list[str]) -> Page:
    """A file opened without any network; what goes wrong is added to the list."""
    page = browser.new_context(offline=True).new_page()
    page.on("pageerror", lambda error: faults_.append(str(error)))
    page.on("request", lambda r: faults_.append(r.url) if r.url.startswith("http") else None)
    page.goto(file.as_uri())
    return page


# --- figures and tables ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "key", "text"),
    [
        ("samples?", "waterfall", "R shared by both"),
        ("map?colour=class&", "map", "zero"),
        ("trust?check=estimators&", "clusters", "bits"),
    ],
)
def test_a_figure_is_saved_in_three_formats(
    browser: Browser, page: Page, app_url: str, tmp_path: Path, path: str, key: str, text: str
) -> None:
    plotly: list[str] = []
    page.on("request", lambda r: plotly.append(r.url) if "plotly.min.js" in r.url else None)
    visit(page, f"{app_url}/{path}data={REAL}")
    # One menu for all of a card.
    menu = {"waterfall": "save_sample", "clusters": "save_checks"}.get(key, "")
    drawn = f".st-key-{key} :is(.js-plotly-plot .main-svg, canvas, svg.bars)"
    page.wait_for_selector(drawn, state="attached", timeout=30_000)
    settled(page)
    assert not plotly
    if menu:
        page.locator(f".st-key-{menu} button").first.click()
    control = page.locator(f".st-key-{key_of('save', key)}")
    if not menu:
        expect(control.get_by_role("button", name="PNG")).to_be_hidden()
        control.get_by_role("button", name="Save figure").click()

    png = saved(page, control.get_by_role("button", name="PNG"), tmp_path)
    assert png.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert png.name == f"{REAL}-{key}.png"

    root = ElementTree.parse(saved(page, control.get_by_role("button", name="SVG"), tmp_path))
    texts = {"".join(e.itertext()) for e in root.iter(f"{SVG}text")}
    assert text in texts
    assert REAL in texts
    assert (root.find(f"{SVG}title").text or "").split()  # type: ignore[union-attr]

    html = saved(page, control.get_by_role("button", name="HTML"), tmp_path)
    wrong: list[str] = []
    alone = offline(browser, html, wrong)
    shown = "#figure svg.bars" if key == "waterfall" else ".js-plotly-plot .main-svg"
    alone.wait_for_selector(shown, timeout=30_000)
    expect(alone.locator("h1")).not_to_be_empty()
    alone.locator("#figure").hover()
    assert alone.locator("[data-title*='hare'], [data-title*='loud']").count() == 0
    link = alone.get_by_role("link").get_attribute("href") or ""
    assert urlsplit(link).path == f"/{path.partition('?')[0]}"
    assert not wrong
    # Plotly is asked for its own figures, and only when one is saved.
    assert len({urlsplit(url).path for url in plotly}) == (0 if key == "waterfall" else 1)
    alone.context.close()


@pytest.mark.parametrize(
    ("path", "menu", "key"),
    [
        ("?", "save_overview", "kinds"),
        ("compare?", "save_leaderboard", "board"),
        ("disagreements?", "save_look", "upset"),
        ("disagreements?look=groups&", "save_look", "confusion"),
        ("model?look=calibration&", "save_look", "reliability_of_models"),
        ("trust?", "save_checks", "checks"),
    ],
)
def test_a_picture_made_of_html_is_saved_with_all_its_words(
    page: Page, app_url: str, tmp_path: Path, path: str, menu: str, key: str
) -> None:
    visit(page, f"{app_url}/{path}data={GENERATED}")
    drawn = page.locator(f".st-key-{key} .marks")
    expect(drawn.locator("[data-mark]").first).to_be_visible(timeout=20_000)
    # What is not seen, such as smaller groups that are folded, is not saved.
    seen = set(drawn.inner_text().split())
    darken(page)
    page.locator(f".st-key-{menu} button").first.click()
    control = page.locator(f".st-key-{key_of('save', key)}")
    file = saved(page, control.get_by_role("button", name="SVG"), tmp_path)
    root = ElementTree.parse(file)
    words = {w for e in root.iter(f"{SVG}text") for w in "".join(e.itertext()).split()}
    assert seen
    assert seen <= words
    colours = {e.get("fill") for e in root.iter()} - {None, "none"}
    assert len(colours) > 2
    content = file.read_text("utf-8")
    assert "var(" not in content
    assert "color(" not in content
    png = saved(page, control.get_by_role("button", name="PNG"), tmp_path)
    with Image.open(png) as picture:
        box = drawn.bounding_box()
        assert box is not None
        assert picture.width >= 2 * box["width"]
        assert picture.convert("RGB").getpixel((2, 2)) == (14, 17, 23)  # the dark ground
        assert len(picture.convert("RGB").getcolors(1 << 24) or ()) > 50


def test_a_table_is_the_same_in_both_formats(
    page: Page, app_url: str, room: Room, tmp_path: Path
) -> None:
    visit(page, f"{app_url}/samples?data={REAL}&show=wrong&order=stored")
    page.locator(".st-key-save_list button").first.click()
    csv = saved(page, page.get_by_role("button", name="CSV", exact=True), tmp_path)
    parquet = saved(page, page.get_by_role("button", name="Parquet", exact=True), tmp_path)
    assert parquet.read_bytes()[:4] == b"PAR1"
    whole = table_of(room, REAL, "dmil")
    wanted = whole[(whole["split"] == "test") & ~whole["correct"]]
    exact = pd.read_parquet(parquet)
    assert list(exact["id"]) == list(wanted["id"])
    pd.testing.assert_frame_equal(pd.read_csv(csv), exact, check_dtype=False)


# --- reports --------------------------------------------------------------------------------


def test_a_report_opens_offline_and_leads_back(
    browser: Browser, page: Page, app_url: str, tmp_path: Path
) -> None:
    visit(page, f"{app_url}/samples?data={REAL}&show=wrong")
    sample = page.get_by_role("heading", level=2).first.inner_text()
    page.locator(".st-key-save_sample button").first.click()
    file = saved(page, page.get_by_role("button", name="Report of this sample"), tmp_path)
    page.keyboard.press("Escape")
    page.locator(".st-key-save_list button").first.click()
    many = saved(page, page.get_by_role("button", name="Report of these samples"), tmp_path)
    wrong: list[str] = []
    alone = offline(browser, file, wrong)
    expect(alone.get_by_role("heading", name=sample, exact=True)).to_be_visible()
    assert all(alone.evaluate("[...document.images].map(i => i.naturalWidth > 0)"))
    assert 0.1 < sound_length(alone) < 5
    assert not faults(alone)
    link = alone.get_by_role("link", name="Open in DMIL Explorer").get_attribute("href")
    alone.goto(many.as_uri())
    alone.get_by_role("link").first.click()
    expect(alone.locator("article:target h2")).to_be_in_viewport()
    assert not wrong
    visit(page, link or "")
    expect(page.get_by_role("heading", level=2).first).to_have_text(sample)
    alone.context.close()


# --- glossary and tour ----------------------------------------------------------------------


def test_the_glossary_opens_by_key_link_and_search(page: Page, app_url: str) -> None:
    visit(page, f"{app_url}/samples?data={GENERATED}&word=gate")
    glossary = page.get_by_role("dialog", name="Glossary")
    expect(glossary.locator(".chosen")).to_contain_text(
        "not a measurement of information", timeout=20_000
    )
    expect(glossary.locator(".chosen")).to_be_in_viewport(timeout=20_000)
    assert not faults(page)
    glossary.get_by_role("link", name="Interval").click()
    assert query(page)["word"] == "interval"
    page.keyboard.press("Escape")
    expect(glossary).to_be_hidden()
    page.wait_for_url(lambda url: "word=" not in url)
    page.get_by_placeholder("Search id, class or text").press("?")
    expect(glossary).to_be_hidden()  # there it is a sign like any other
    page.locator("h1").click()
    page.keyboard.press("?")
    expect(glossary.get_by_text("the next sample, the one before")).to_be_visible()
    page.keyboard.type("trustw")
    expect(glossary.locator("dt:visible", has_text="Trustworthiness")).to_have_count(1)
    expect(glossary.get_by_role("status")).to_have_text(re.compile(r"^1 of \d+$"))
    page.keyboard.type("nonsense")
    expect(glossary.get_by_text("No word matches")).to_be_visible()
    glossary.get_by_role("button", name="Close").click()
    settled(page)
    page.get_by_role("button", name="Glossary", exact=True).click()
    expect(glossary.get_by_role("button", name="Take the tour")).to_be_visible()


def test_the_tour_is_offered_once_and_can_be_taken_again(page: Page, app_url: str) -> None:
    visit(page, f"{app_url}/?data={REAL}")
    offer = page.get_by_role("button", name="Take the tour")
    offer.click()
    for number, step in enumerate(tour.STEPS, start=1):
        card = page.get_by_role("dialog", name=step.title)
        expect(card).to_contain_text(f"{number} of {len(tour.STEPS)}", timeout=20_000)
        page.wait_for_url(lambda url, s=step: urlsplit(url).path.strip("/") == s.page)  # type: ignore[misc]
        expect(page.locator("[data-tour-ring]")).to_be_visible(timeout=30_000)
        expect(page.locator(step.target).first).to_be_in_viewport()
        if number == 2:
            assert not faults(page)
        # By keyboard: each step begins on its first button.
        page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.reload()
    settled(page)
    expect(offer).to_be_hidden()
    page.get_by_role("button", name="Glossary", exact=True).click()
    offer.click()  # in the dialog now
    expect(page.get_by_role("dialog", name=tour.STEPS[0].title)).to_be_visible()
    # From the last button of the card the focus goes on into the page; the tour still hears.
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("button", name="Glossary", exact=True)).to_be_focused()


def test_a_tour_goes_on_after_a_reload_and_can_be_declined(phone: Page, app_url: str) -> None:
    page = visit(phone, f"{app_url}/?data={REAL}")
    page.get_by_role("button", name="No, thanks").click()
    expect(page.get_by_role("button", name="Take the tour")).to_be_hidden()
    page.get_by_role("button", name="Glossary", exact=True).click()
    page.get_by_role("button", name="Take the tour").click()
    page.get_by_role("button", name="Next", exact=True).click()
    page.reload()
    settled(page)
    card = page.get_by_role("dialog", name=tour.STEPS[1].title)
    expect(card).to_be_visible(timeout=20_000)
    box: Any = card.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 400
    card.get_by_role("button", name="Skip").click()
    expect(page.get_by_role("dialog")).to_have_count(0)


# --- accessibility --------------------------------------------------------------------------


def test_what_a_click_away_shows_has_no_grave_fault_in_either_theme(
    page: Page, app_url: str
) -> None:
    looks = ["agreement&show=wrong", "pair", "groups"]
    pages = [f"compare?data={GENERATED}&part=sets"]
    pages += [f"disagreements?data={GENERATED}&look={look}" for look in looks]
    pages += [f"model?data={GENERATED}&look={look}" for look in ("calibration", "training")]
    pages += [f"trust?data={REAL}&check={check}" for check in ("types", "components", "seeds")]
    pages += ["lessons?lesson=redundancy&step=3", "gates?mixture=gates:table%3D0~0~a/0~1~b/1~0~b"]
    result = {}
    for name in pages:
        page.emulate_media(color_scheme="light")
        visit(page, f"{app_url}/{name}")
        result[name] = faults(page)
        darken(page)
        result[f"{name} in the dark"] = faults(page)
    assert not any(result.values()), result
