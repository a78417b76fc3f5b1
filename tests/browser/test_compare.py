"""A visitor asks: who is right how often, is the difference real, and can the gate be trusted?"""

from __future__ import annotations

from playwright.sync_api import Browser, Page, expect

from tests.browser.server import settled
from tests.browser.test_visitor import HEAD, ROW, query, visit
from tests.dashboard.folders import METHODS, RECORDED


def choose(page: Page, label: str, option: str) -> None:
    """Open a select box by its label and take an option."""
    page.get_by_role("combobox", name=label).first.click()
    page.get_by_role("option", name=option, exact=True).click()
    settled(page)


def click_row_of(page: Page, key: str, row: int) -> None:
    """Click a row, counted from 0, of the table with this key."""
    table = page.locator(f"[class*=st-key-{key}] [data-testid=stDataFrame]")
    table.scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    box = table.bounding_box()
    assert box
    page.mouse.click(box["x"] + 0.2 * box["width"], box["y"] + HEAD + ROW * (row + 0.5))


def labels(page: Page, key: str) -> list[str]:
    """The names of a figure's rows, from top to bottom."""
    page.wait_for_selector(f".st-key-{key} .js-plotly-plot .main-svg", timeout=30_000)
    found: list[str] = page.evaluate(
        f"() => [...document.querySelectorAll('.st-key-{key} .yaxislayer-above .ytick')]"
        ".map(t => [t.textContent, t.getBoundingClientRect().y])"
        ".sort((a, b) => a[1] - b[1]).map(t => t[0])"
    )
    return found


def test_figures_metric_reference_and_a_method_followed_hold_in_the_link(
    browser: Browser, page: Page, app_url: str
) -> None:
    visit(page, f"{app_url}/compare?data={RECORDED}")
    main = page.locator("[data-testid=stMain]")
    expect(main).to_contain_text("joint has the best accuracy: 91.0%")
    assert labels(page, "scores") == labels(page, "differences") == list(METHODS)
    with page.expect_download() as download:
        page.locator("[data-testid=stDownloadButton] button").first.click()
    saved = download.value.path().read_text("utf-8").splitlines()
    assert [line.split(",")[0] for line in saved] == ["method", *METHODS]
    choose(page, "Compared with", "joint")
    expect(main).to_contain_text("compared with joint: 3 worse")
    click_row_of(page, "methods", 2)
    expect(page.get_by_text("mlb over all data sets")).to_be_visible(timeout=20_000)
    settled(page)
    assert labels(page, "one_method")
    choose(page, "Metric", "calibration error (ECE)")
    expect(main).to_contain_text("best calibration error")
    wanted = {"metric": "ece", "reference": "joint", "method": "mlb"}
    assert wanted.items() <= query(page).items()
    other = browser.new_context()
    second = visit(other.new_page(), page.url)
    expect(second.get_by_text("mlb over all data sets")).to_be_visible()
    expect(second.locator("[data-testid=stMain]")).to_contain_text("Difference to joint")
    assert query(second) == query(page)
    other.close()


def test_from_one_set_to_ranks_to_fidelity(page: Page, app_url: str) -> None:
    visit(page, f"{app_url}/compare?data=switch")
    page.get_by_role("radio", name="All data sets").or_(
        page.get_by_role("button", name="All data sets")
    ).first.click()
    page.wait_for_url(lambda url: "part=sets" in url)
    settled(page)
    assert labels(page, "ranks") == list(METHODS)
    spoken = page.locator(".st-key-ranks").inner_html()
    assert "Average rank of each method, 1 is best: joint 1.00; dmil 2.00" in spoken
    page.go_back()
    page.get_by_role("link", name="Is the decomposition the real one?").click()
    page.wait_for_url(lambda url: "/fidelity" in url)
    settled(page)
    expect(page.locator("[data-testid=stMain]")).to_contain_text("Of 8 targets: 8 met")
    click_row_of(page, "settings", 4)
    page.wait_for_url(lambda url: "setting=S+only" in url or "setting=S%20only" in url)
    settled(page)
    page.reload()
    settled(page)
    expect(page.get_by_text("With a single composition")).to_be_visible()


def test_a_narrow_window_needs_no_sideways_scrolling(browser: Browser, app_url: str) -> None:
    context = browser.new_context(viewport={"width": 400, "height": 800})
    page = visit(context.new_page(), f"{app_url}/compare?data=switch&part=sets")
    page.wait_for_timeout(800)
    wide = page.evaluate("() => document.querySelector('[data-testid=stMain]').scrollWidth")
    assert wide <= 400
    context.close()
