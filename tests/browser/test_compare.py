"""A visitor asks which method is more accurate, whether the difference is significant, and which
samples are behind a number."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Locator, Page, expect

from dmil_core.checkpoint import default_folder, read_run
from tests.browser import latent_map
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


def go_to(page: Page, title: str) -> None:
    """Open a page in the menu Compare."""
    page.locator("header").get_by_text("Compare", exact=True).click()
    page.get_by_text(title, exact=True).last.click()
    expect(page.locator("h1")).to_have_text(title)
    settled(page)


def names(page: Page, key: str) -> list[str]:
    """The names of the rows of a picture, from above."""
    rows = page.locator(f".st-key-{key} tbody th")
    expect(rows.first).to_be_visible(timeout=30_000)
    return rows.all_inner_texts()


def pick(page: Page, key: str, mark: str) -> None:
    """Click a mark of a picture."""
    page.locator(f".st-key-{key} [data-mark='{mark}']").first.click()


def chip(page: Page) -> Locator:
    """What the page says is selected."""
    return page.locator(".st-key-selection button").locator("visible=true")


def in_list(page: Page) -> int:
    """How many samples the list has."""
    text = page.get_by_text(re.compile(r"^[\d,]+ of [\d,]+ samples"))
    expect(text).to_be_visible(timeout=20_000)
    return int(text.inner_text().split()[0].replace(",", ""))


def test_figures_metric_reference_and_a_method_followed_hold_in_the_link(
    browser: Browser, page: Page, app_url: str
) -> None:
    visit(page, f"{app_url}/compare?data={RECORDED}")
    main = page.locator("[data-testid=stMain]")
    expect(main).to_contain_text("joint has the best accuracy: 91.0%")
    assert names(page, "board") == list(METHODS)
    page.locator(".st-key-save_leaderboard button").first.click()
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").first.click()
    saved = download.value.path().read_text("utf-8").splitlines()
    assert [line.split(",")[0] for line in saved] == ["method", *METHODS]
    page.keyboard.press("Escape")
    choose(page, "Compared with", "joint")
    expect(main).to_contain_text("compared with joint: 3 significantly worse")
    pick(page, "board", "follow mlb")
    expect(page.get_by_text("mlb over all data sets")).to_be_visible(timeout=20_000)
    settled(page)
    assert names(page, "one_method")
    choose(page, "Metric", "calibration error (ECE)")
    expect(main).to_contain_text("best calibration error")
    wanted = {"metric": "ece", "reference": "joint", "method": "mlb"}
    assert wanted.items() <= query(page).items()
    other = browser.new_context()
    second = visit(other.new_page(), page.url)
    expect(second.get_by_text("mlb over all data sets")).to_be_visible()
    expect(second.locator("[data-testid=stMain]")).to_contain_text("difference to joint")
    assert query(second) == query(page)
    other.close()


def test_from_one_set_to_ranks_to_trust(page: Page, app_url: str) -> None:
    visit(page, f"{app_url}/compare?data=switch")
    page.get_by_role("radio", name="All data sets").or_(
        page.get_by_role("button", name="All data sets")
    ).first.click()
    page.wait_for_url(lambda url: "part=sets" in url)
    settled(page)
    assert names(page, "ranks") == list(METHODS)
    expect(page.locator("[data-testid=stMain]")).to_contain_text(
        "joint has the best mean rank, 1.0"
    )
    page.go_back()
    page.get_by_role("link", name="Does the decomposition recover the ground truth?").click()
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


def choose_look(page: Page, name: str) -> None:
    """Open a look of a page."""
    page.get_by_role("radio", name=name, exact=True).or_(
        page.get_by_role("button", name=name, exact=True)
    ).first.click()
    settled(page)


def test_the_selection_travels_from_disagreements_to_samples_and_the_map(
    browser: Browser, page: Page, app_url: str, room: Room
) -> None:
    tables = {m: table_of(room, REAL, m).query("split == 'test'") for m in ("joint", "dmil")}
    right = {m: t["correct"].to_numpy() for m, t in tables.items()}
    only = tables["dmil"]["id"].astype(str)[right["dmil"] & ~right["joint"]]
    words = f"{len(only)} of {len(right['dmil'])}: right by dmil, wrong by joint"
    visit(page, f"{app_url}/disagreements?data={REAL}&among=dmil:0,joint:0")
    # By key, as by a click.
    row = page.locator(".st-key-upset [data-mark='dmil:0']")
    row.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/samples" in url and "right=dmil" in url, timeout=20_000)
    settled(page)
    expect(chip(page)).to_contain_text(words)
    assert in_list(page) == len(only)
    wait_for_sample(page, query(page)["sample"])
    assert query(page)["sample"] in set(only)
    chip(page).click()
    page.get_by_role("button", name="Show on the map").click()
    page.wait_for_url(lambda url: "/map" in url, timeout=20_000)
    latent_map.wait_for_map(page)
    expect(chip(page)).to_contain_text(words)
    go_to(page, "Leaderboard")
    expect(chip(page)).to_contain_text(words)
    go_to(page, "Disagreements")
    expect(page.locator(".st-key-upset tr[aria-current]")).to_have_count(1)
    other = browser.new_context()
    second = visit(other.new_page(), page.url)
    expect(chip(second)).to_contain_text(words)
    other.close()
    # One filter is removed, then all.
    chip(page).click()
    page.get_by_role("button", name="Remove: right by dmil").click()
    page.wait_for_url(lambda url: "right=" not in url, timeout=20_000)
    expect(chip(page)).to_contain_text("wrong by joint")
    page.get_by_role("button", name="Clear", exact=True).click()
    expect(chip(page)).to_have_count(0)
    page.wait_for_url(lambda url: "wrong=" not in url, timeout=20_000)


def test_marks_lead_to_exactly_their_samples(page: Page, app_url: str, room: Room) -> None:
    test = table_of(room, REAL, "dmil").query("split == 'test'")
    classes = [c.removeprefix("p_") for c in test.columns if c.startswith("p_")]
    truth, predicted = next((y, p) for y, p in zip(test["y"], test["pred"], strict=True) if y != p)
    visit(page, f"{app_url}/disagreements?data={REAL}&look=groups")
    pick(page, "confusion", f"{classes.index(truth)} {classes.index(predicted)}")
    page.wait_for_url(lambda url: "predicted=" in url, timeout=20_000)
    settled(page)
    assert in_list(page) == int(((test["y"] == truth) & (test["pred"] == predicted)).sum())
    expect(chip(page)).to_contain_text(f"true class {truth}, dmil predicts {predicted}")

    # The last bin of the calibration, to whose mark a key leads.
    visit(page, f"{app_url}/model?data={REAL}&look=calibration")
    mark = page.locator(".st-key-reliability_of_models [data-mark^='dmil:0 ']").last
    mark.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "confidence=" in url, timeout=20_000)
    settled(page)
    low, high = (float(v) for v in query(page)["confidence"].split(":"))
    sure = test[[f"p_{c}" for c in classes]].max(axis=1)
    inside = sure.between(low, high, inclusive="both" if high == 1 else "left")
    assert in_list(page) == int(inside.sum()) > 0

    # From a headline number to the wrong samples.
    visit(page, f"{app_url}/compare?data={GENERATED}")
    pick(page, "board", "wrong dmil")
    page.wait_for_url(lambda url: "show=wrong" in url, timeout=20_000)
    settled(page)
    wrong = ~table_of(room, GENERATED, "dmil").query("split == 'test'")["correct"]
    assert in_list(page) == int(wrong.sum())


def test_on_a_phone_the_selection_is_its_number(phone: Page, app_url: str) -> None:
    visit(phone, f"{app_url}/samples?data={REAL}&show=wrong&truth=seven")
    box = chip(phone).bounding_box()
    assert box
    assert box["width"] < 130
    phone.get_by_role("button", name="Clear", exact=True).click()
    expect(chip(phone)).to_have_count(0)


def test_the_largest_change_is_one_click_from_both_models_beside_each_other(
    page: Page, app_url: str, room: Room
) -> None:
    one, two = (table_of(room, GENERATED, m).query("split == 'test'") for m in ("dmil", "ensemble"))
    wrong = one["correct"].to_numpy() & ~two["correct"].to_numpy()
    # A link of an earlier version.
    visit(page, f"{app_url}/compare?data={GENERATED}&part=samples&rival=ensemble")
    page.wait_for_url(lambda url: "/disagreements" in url, timeout=20_000)
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
    page.wait_for_url(lambda url: "/model" in url, timeout=20_000)
    main = page.locator("[data-testid=stMain]")
    test = read_run(default_folder(REAL, "dmil", 0)).metrics["test"]
    expect(main).to_contain_text(
        re.compile(
            rf"dmil: mean confidence \d\d\.\d%, accuracy {test['accuracy']:.1%} "
            rf"\(ECE {test['ece']:.1%}\)"
        )
    )
    choose_look(page, "Training")
    names = page.locator(".st-key-training_curves .annotation-text")
    expect(names).to_have_count(3)
    # Where a name would cover its neighbours, the number stands for it.
    expect(names.nth(1)).to_contain_text(re.compile(r"^2"))
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
