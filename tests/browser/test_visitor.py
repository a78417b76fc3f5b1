"""What a visitor does, in a real browser against a real server."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser import accessibility
from tests.browser.server import settled
from tests.dashboard.folders import BROKEN, GENERATED, HTML_ID, MARKDOWN_ID, ODD, REAL, Room
from tests.dashboard.folders import table_of as table

PAGES = ["", "samples", "what-if", "map", "compare", "disagreements", "model", "worth", "trust"]
PAGES += ["gates", "paper"]

#: The ground of the dark theme, as browsers write it.
DARK = "rgb(14, 17, 23)"
#: Height in pixels of a table's head and of a row.
HEAD, ROW = 36, 35


def visit(page: Page, url: str) -> Page:
    page.goto(url)
    settled(page)
    return page


def darken(page: Page) -> None:
    """What happens to an open page when the visitor's machine turns to its dark theme."""
    page.emulate_media(color_scheme="dark")
    expect(page.locator("[data-testid=stApp]")).to_have_css("background-color", DARK)
    settled(page)


def query(page: Page) -> dict[str, str]:
    return {k: v[0] for k, v in parse_qs(urlsplit(page.url).query).items()}


def wait_for_sample(page: Page, sample: str) -> None:
    expect(page.locator("h2", has_text=sample)).to_be_visible(timeout=20_000)
    page.wait_for_url(lambda url: f"sample={quote(sample)}" in url, timeout=20_000)
    settled(page)


def row_of(page: Page, row: int) -> Locator:
    """A row of the list of samples, counted from 0; it is drawn where it is in sight."""
    return page.locator(f"[role=option][data-index='{row}']")


def click_table_row(page: Page, row: int, across: float = 0.3) -> None:
    """Click a cell of the first table, counted from 0."""
    box = page.locator("[data-testid=stDataFrame]").first.bounding_box()
    assert box
    page.mouse.click(box["x"] + across * box["width"], box["y"] + HEAD + ROW * (row + 0.5))


# --- pages open -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_without_errors_and_without_asking_other_servers(
    page: Page, app_url: str, name: str
) -> None:
    faults: list[str] = []
    foreign: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda r: foreign.append(r.url) if "127.0.0.1" not in r.url else None)
    visit(page, f"{app_url}/{name}?data={REAL}")
    drawn = ".js-plotly-plot .main-svg, canvas[role=application], .drawn svg[role=img]"
    drawn += ", .marks [data-mark]"
    page.wait_for_selector(drawn, timeout=30_000)
    expect(page.locator("h1")).to_have_text(page.title().removesuffix(" · DMIL Explorer"))
    assert page.locator("[data-testid=stException]").count() == 0
    assert page.locator("[role=dialog]").count() == 0
    assert not accessibility.faults(page)
    darken(page)
    assert not accessibility.faults(page)
    assert not faults
    assert not [url for url in foreign if url.startswith("http")]


@pytest.mark.parametrize("name", PAGES)
def test_a_narrow_window_needs_no_sideways_scrolling(phone: Page, app_url: str, name: str) -> None:
    visit(phone, f"{app_url}/{name}?data={REAL}")
    phone.wait_for_timeout(300)
    wide = phone.evaluate("() => document.querySelector('[data-testid=stMain]').scrollWidth")
    assert wide <= 400


def test_the_overview_leads_to_a_sample(page: Page, app_url: str) -> None:
    visit(page, f"{app_url}/?data={REAL}&show=wrong")
    page.locator("[data-mark='U1 sample 0']").first.click()
    page.wait_for_url(lambda url: urlsplit(url).path == "/samples" and "sample=" in url)
    wait_for_sample(page, query(page)["sample"])
    # It is right, so the filter for wrong answers would have hidden it.
    assert "show" not in query(page)


def test_figures_of_the_overview_lead_to_the_samples_behind_them(
    page: Page, app_url: str, room: Room
) -> None:
    frame = table(room, GENERATED, "dmil")
    test = frame[frame["split"] == "test"]
    ensemble = table(room, GENERATED, "ensemble").set_index("id")["correct"]
    synergy = test[test["interaction_type"] == "S"]
    visit(page, f"{app_url}/?data={GENERATED}")
    # By key: the first number that an ensemble gets wrong.
    mark = page.locator("[data-mark='S wrong 0']")
    expect(mark).to_contain_text("ensemble")
    mark.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "wrong=ensemble" in url)
    assert query(page)["interaction-type"] == "S"
    wrong = int((~ensemble.reindex(synergy["id"])).sum())
    expect(page.get_by_text(f"{wrong:,} of {len(test):,} samples")).to_be_visible()
    visit(page, f"{app_url}/?data={GENERATED}")
    page.locator("[data-mark='S S']").click()
    page.wait_for_url(lambda url: "dominant=S" in url)
    assert query(page)["interaction-type"] == "S"


def test_the_first_screen_shows_the_kinds_of_samples(page: Page, app_url: str) -> None:
    visit(page, app_url)
    box = page.locator(".st-key-kinds").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 900
    header = page.locator(".st-key-frame").bounding_box()
    assert header is not None
    assert header["y"] + header["height"] <= 60


def test_a_data_set_is_chosen_from_cards(page: Page, app_url: str) -> None:
    visit(page, f"{app_url}/samples?data={REAL}")
    page.locator(".st-key-choose_data").get_by_role("button").click()
    card = page.locator(".st-key-gallery").get_by_role("button", name="Switch: every")
    expect(card).to_be_visible(timeout=30_000)
    # Streamlit draws what pops up outside of the landmarks of a page.
    assert [f for f in accessibility.faults(page) if not f.startswith("region")] == []
    card.click()
    page.wait_for_url(lambda url: f"data={GENERATED}" in url)
    settled(page)
    expect(page.locator(".st-key-gallery")).to_have_count(0)


def test_a_sample_is_changed_undone_and_found_again_by_its_link(
    page: Page, app_url: str, room: Room
) -> None:
    sample = str(table(room, REAL, "dmil").query("split == 'test'")["id"].iloc[4])
    visit(page, f"{app_url}/samples?data={REAL}&sample={sample}")
    page.get_by_role("link", name="What if …").click()
    page.wait_for_url(lambda url: urlsplit(url).path == "/what-if")
    settled(page)
    expect(page.get_by_text("Nothing is changed yet")).to_be_visible()
    page.get_by_role("radio", name="blank").first.click()
    expect(page.get_by_text("Edited, it predicts")).to_be_visible(timeout=20_000)
    page.wait_for_url(lambda url: "edit1=blank" in url)
    page.reload()
    settled(page)
    expect(page.get_by_text("Edited, it predicts")).to_be_visible(timeout=20_000)
    page.get_by_role("radio", name="noise").nth(1).click()
    page.wait_for_url(lambda url: "edit2=noise" in url)
    settled(page)
    page.keyboard.press("u")
    page.wait_for_url(lambda url: "edit2" not in url)
    settled(page)
    assert query(page)["edit1"] == "blank"
    page.get_by_role("button", name="Reset").click()
    expect(page.get_by_text("Nothing is changed yet")).to_be_visible(timeout=20_000)
    page.wait_for_url(lambda url: "edit1" not in url)
    assert query(page)["sample"] == sample


def test_the_pages_are_linked_and_keep_the_choice(page: Page, app_url: str, room: Room) -> None:
    sample = str(table(room, REAL, "dmil").query("split == 'test'")["id"].iloc[4])
    visit(page, f"{app_url}/samples?data={REAL}&sample={sample}")
    tour = {
        "What if": "/what-if",
        "Latent map": "/map",
        "Leaderboard": "/compare",
        "Disagreements": "/disagreements",
        "Worth": "/worth",
        "Trust": "/trust",
        "Overview": "/",
        "Samples": "/samples",
    }
    for title, path in tour.items():
        if title in ("Leaderboard", "Disagreements"):
            page.locator("header").get_by_text("Compare", exact=True).click()
            page.get_by_text(title, exact=True).last.click()
        else:
            page.get_by_role("link", name=title).first.click()
        page.wait_for_url(lambda url, path=path: urlsplit(url).path == path)  # type: ignore[misc]
        settled(page)
        page.wait_for_url(lambda url: f"sample={sample}" in url)
    assert query(page)["data"] == REAL


# --- samples --------------------------------------------------------------------------------


def test_a_click_on_a_row_opens_the_sample_and_keys_move_on(
    page: Page, app_url: str, room: Room
) -> None:
    ids = [str(i) for i in table(room, REAL, "dmil").query("split == 'test'")["id"]]
    visit(page, f"{app_url}/samples?data={REAL}&order=stored")
    wait_for_sample(page, ids[0])
    row_of(page, 3).click()
    wait_for_sample(page, ids[3])
    # Arrow keys move in the list, and open where they rest.
    for _ in range(2):
        page.keyboard.press("ArrowDown")
    wait_for_sample(page, ids[5])
    expect(row_of(page, 5)).to_have_attribute("aria-selected", "true")
    page.get_by_role("button", name="Next").click()
    wait_for_sample(page, ids[6])
    page.keyboard.press("k")
    wait_for_sample(page, ids[5])
    page.keyboard.press("j")
    wait_for_sample(page, ids[6])


def test_a_link_to_a_sample_far_down_shows_its_row_and_scrolling_goes_on(
    page: Page, app_url: str, room: Room
) -> None:
    ids = [str(i) for i in table(room, REAL, "dmil").query("split == 'test'")["id"]]
    visit(page, f"{app_url}/samples?data={REAL}&order=stored&sample={ids[235]}")
    wait_for_sample(page, ids[235])
    expect(row_of(page, 235)).to_be_in_viewport()
    expect(row_of(page, 235)).to_have_attribute("aria-selected", "true")
    # Rows that were not sent yet come when they are scrolled into sight.
    page.get_by_role("listbox").evaluate("box => { box.scrollTop = 0; }")
    expect(row_of(page, 2)).to_contain_text(ids[2], timeout=20_000)
    page.get_by_role("listbox").press("End")
    wait_for_sample(page, ids[-1])
    expect(row_of(page, len(ids) - 1)).to_be_in_viewport()


def test_reload_and_back_restore_the_sample(page: Page, app_url: str, room: Room) -> None:
    ids = [str(i) for i in table(room, REAL, "dmil").query("split == 'test'")["id"]]
    visit(page, f"{app_url}/samples?data={REAL}&order=stored&sample={ids[2]}")
    row_of(page, 5).click()
    wait_for_sample(page, ids[5])
    page.reload()
    wait_for_sample(page, ids[5])
    page.go_back()
    wait_for_sample(page, ids[2])


def sound_length(page: Page) -> float:
    """Seconds of the page's first sound, as the browser that would play it says."""
    length: float = page.evaluate(
        """async () => {
            const audio = document.querySelector('audio');
            audio.load();
            await new Promise((done, fail) => {
                audio.onloadedmetadata = done; audio.onerror = fail; setTimeout(fail, 8000);
            });
            return audio.duration;
        }"""
    )
    return length


def test_a_sound_can_be_played(page: Page, app_url: str) -> None:
    visit(page, f"{app_url}/samples?data={REAL}")
    page.wait_for_selector("audio", state="attached")
    assert 0.1 < sound_length(page) < 5


def test_a_link_opens_the_same_view_in_a_second_window(
    browser: Browser, page: Page, app_url: str, room: Room
) -> None:
    ids = [str(i) for i in table(room, REAL, "dmil-paper").query("split == 'val'")["id"]]
    visit(page, f"{app_url}/samples?data={REAL}&model=dmil-paper&split=val&order=stored")
    row_of(page, 4).click()
    wait_for_sample(page, ids[4])
    other = browser.new_context()
    second = visit(other.new_page(), page.url)
    wait_for_sample(second, ids[4])
    assert query(second) == query(page)
    expect(second.locator("[data-testid=stMain]")).to_contain_text("dmil-paper predicts")
    other.close()


def test_copy_link_gives_the_address(browser: Browser, app_url: str) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = visit(context.new_page(), f"{app_url}/map?data={GENERATED}&colour=gate-S&latent=N1")
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_text("It opens exactly this view")).to_be_visible()
    copied = page.evaluate("() => navigator.clipboard.readText()")
    assert copied == page.url
    assert query(page)["colour"] == "gate-S"
    context.close()


# --- errors ---------------------------------------------------------------------------------


def test_a_damaged_checkpoint_leads_on_to_a_whole_one(page: Page, app_url: str) -> None:
    visit(page, f"{app_url}/samples?data={BROKEN}&model=dmil")
    alert = page.get_by_role("alert").filter(has_text="damaged")
    expect(alert).to_be_visible()
    expect(page.get_by_text("model.safetensors")).to_be_visible()
    page.get_by_role("button", name="Show joint").click()
    settled(page)
    expect(alert).to_have_count(0)
    assert query(page)["model"] == "joint"
    expect(page.get_by_role("heading", level=2)).to_contain_text("Sample")


def test_an_unknown_sample_leads_on(page: Page, app_url: str) -> None:
    visit(page, f"{app_url}/samples?data={REAL}&sample=nobody")
    expect(page.get_by_text("no sample with that id")).to_be_visible()
    page.get_by_role("button", name="Open the first sample").click()
    page.wait_for_url(lambda url: "sample=nobody" not in url)
    expect(page.get_by_role("heading", level=2)).to_contain_text("Sample")


def test_rubbish_in_the_link_is_named_and_the_page_works(page: Page, app_url: str) -> None:
    harm = "<script>document.title='harmed'</script>"
    names = ["data", "model", "seed", "split", "latent", "colour", "show", "order", "nonsense"]
    visit(page, f"{app_url}/samples?" + "&".join(f"{n}={quote(harm)}%00%ff" for n in names))
    expect(page.get_by_text("Part of this link could not be used")).to_be_visible()
    expect(page.get_by_role("heading", level=2)).to_contain_text("Sample")
    assert page.title() == "Samples · DMIL Explorer"
    assert query(page)["data"] == REAL


@pytest.mark.parametrize("sample", [HTML_ID, MARKDOWN_ID])
@pytest.mark.parametrize("name", ["samples", "map"])
def test_a_hostile_id_is_only_text(page: Page, app_url: str, name: str, sample: str) -> None:
    visit(page, f"{app_url}/{name}?data={ODD}&sample={quote(sample)}")
    heading = page.get_by_role("heading", level=2).first
    expect(heading).to_be_visible()
    shown = heading.inner_text().replace("\N{WORD JOINER}", "")
    assert " ".join(shown.split()) == f"Sample {sample}"
    assert heading.locator("img, b, a, strong, code").count() == 0
    page.wait_for_timeout(500)
    assert page.title().endswith("· DMIL Explorer")
    assert page.locator("img[src=x]").count() == 0


def test_a_page_that_does_not_exist_says_so(page: Page, app_url: str) -> None:
    page.goto(f"{app_url}/nowhere")
    expect(page.get_by_role("dialog")).to_contain_text(re.compile("not found", re.IGNORECASE))


def test_the_server_knows_its_health(page: Page, app_url: str) -> None:
    answer = page.request.get(f"{app_url}/_stcore/health")
    assert answer.text() == "ok"
