"""A visitor asks: who is right how often, is the difference real, and can the gate be trusted?"""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Page, expect

from dmil_core.checkpoint import default_folder, read_run
from tests.browser.server import settled
from tests.browser.test_visitor import HEAD, ROW, query, visit, wait_for_sample
from tests.dashboard.folders import GENERATED, METHODS, REAL, RECORDED, Room, table_of


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
    names: list[str] = page.evaluate(
        f"() => [...document.querySelectorAll('.st-key-{key} .yaxislayer-above .ytick')]"
        ".map(t => [t.textContent, t.getBoundingClientRect().y])"
        ".sort((a, b) => a[1] - b[1]).map(t => t[0])"
    )
    return names


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


def test_from_one_set_to_ranks_to_trust(page: Page, app_url: str) -> None:
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
    page.get_by_role("link", name="Does the gate find these types?").click()
    page.wait_for_url(lambda url: "/trust" in url)
    settled(page)
    expect(page.get_by_text("Acceptance criteria: 11 met")).to_be_visible()
    page.get_by_role("link", name=re.compile("^S only: right for")).click()
    page.wait_for_url(lambda url: "setting=S+only" in url or "setting=S%20only" in url)
    settled(page)
    page.reload()
    settled(page)
    expect(page.locator(".st-key-truth")).to_contain_text(
        re.compile(r"class \d = \(\d \+ \d\) mod")
    )
    page.get_by_text("S only: purity, shares, accuracy, AUROC").click()
    expect(page.get_by_text("With a single interaction type")).to_be_visible()


def column(page: Page, name: str) -> tuple[float, float]:
    """Where the middle of a column of the agreement figure is on the screen, by its name."""
    page.wait_for_selector(".st-key-upset .js-plotly-plot .main-svg", timeout=30_000)
    x, y = page.evaluate(
        """name => {
            const plot = document.querySelector('.st-key-upset .js-plotly-plot');
            const {xaxis, yaxis} = plot._fullLayout, data = plot._fullData[0];
            const box = plot.getBoundingClientRect(), at = data.customdata.indexOf(name);
            return [box.x + xaxis._offset + xaxis.d2p(data.x[at]),
                    box.y + yaxis._offset + yaxis._length / 2];
        }""",
        name,
    )
    return float(x), float(y)


def choose_look(page: Page, name: str) -> None:
    """Open a look of the part about single samples."""
    page.get_by_role("radio", name=name, exact=True).or_(
        page.get_by_role("button", name=name, exact=True)
    ).first.click()
    settled(page)


def test_a_column_of_the_agreement_lists_its_samples_and_the_link_keeps_it(
    browser: Browser, page: Page, app_url: str, room: Room
) -> None:
    tables = {m: table_of(room, REAL, m).query("split == 'test'") for m in ("joint", "dmil")}
    right = {m: t["correct"].to_numpy() for m, t in tables.items()}
    only = tables["dmil"]["id"].astype(str)[right["dmil"] & ~right["joint"]]
    visit(page, f"{app_url}/compare?data={REAL}&part=samples&among=dmil:0,joint:0")
    expect(page.locator(".st-key-upset")).to_be_visible()
    page.mouse.click(*column(page, "dmil:0"))
    page.wait_for_url(lambda url: "subset=dmil" in url, timeout=20_000)
    settled(page)
    group = page.get_by_role("combobox", name="Samples with")
    expect(group).to_have_value(f"dmil right; joint wrong ({len(only)})")
    click_row_of(page, "members", 0)
    page.wait_for_url(lambda url: "sample=" in url, timeout=20_000)
    sample = query(page)["sample"]
    assert sample in set(only)
    wait_for_sample(page, sample)
    other = browser.new_context()
    second = visit(other.new_page(), page.url)
    expect(second.locator("h2", has_text=sample)).to_be_visible()
    assert query(second) == query(page)
    other.close()


def test_the_largest_change_is_one_click_from_both_models_beside_each_other(
    page: Page, app_url: str, room: Room
) -> None:
    one, two = (table_of(room, GENERATED, m).query("split == 'test'") for m in ("dmil", "ensemble"))
    wrong = one["correct"].to_numpy() & ~two["correct"].to_numpy()
    visit(page, f"{app_url}/compare?data={GENERATED}&part=samples&rival=ensemble")
    choose_look(page, "Two models")
    page.get_by_text("only dmil right").click()
    page.wait_for_url(lambda url: "side=first" in url, timeout=20_000)
    settled(page)
    click_row_of(page, "pairs", 1)
    page.wait_for_timeout(800)
    settled(page)
    sample = query(page)["sample"]
    assert sample in set(one["id"].astype(str)[wrong])
    wait_for_sample(page, sample)
    main = page.locator("[data-testid=stMain]")
    expect(main).to_contain_text("Their probabilities are")
    expect(main).to_contain_text("ensemble goes from the inputs straight to a score")
    expect(page.locator(".st-key-posteriors svg.bars").first).to_be_visible()
    choose(page, "Second model", "dmil-paper")
    expect(main).to_contain_text("Their gates")
    expect(page.locator(".st-key-pair_waterfall-1 svg.bars").first).to_be_visible()
    page.get_by_role("link", name="Open in Samples").click()
    wait_for_sample(page, sample)


def test_calibration_and_training_of_chosen_models(page: Page, app_url: str) -> None:
    visit(page, f"{app_url}/compare?data={REAL}&part=samples&look=calibration&among=joint:0,dmil:0")
    main = page.locator("[data-testid=stMain]")
    test = read_run(default_folder(REAL, "dmil", 0)).metrics["test"]
    expect(main).to_contain_text(
        re.compile(
            rf"dmil is \d\d\.\d% sure on average and {test['accuracy']:.1%} right "
            rf"\(ECE {test['ece']:.1%}\)"
        )
    )
    choose_look(page, "Training")
    names = page.locator(".st-key-training_curves .annotation-text")
    expect(names).to_have_count(3)
    expect(names.nth(1)).to_contain_text("synergy")
    page.get_by_role("button", name="training loss, bits").click()
    page.wait_for_url(lambda url: "curves=" in url, timeout=20_000)
    settled(page)
    page.wait_for_function(
        "() => document.querySelector('.st-key-training_curves .js-plotly-plot')"
        "?._fullLayout?.yaxis3"
    )
    assert query(page)["among"] == "joint:0,dmil:0"


def test_a_narrow_window_needs_no_sideways_scrolling(phone: Page, app_url: str) -> None:
    visit(phone, f"{app_url}/compare?data=switch&part=sets")
    phone.wait_for_timeout(300)
    wide = phone.evaluate("() => document.querySelector('[data-testid=stMain]').scrollWidth")
    assert wide <= 400
