"""A visitor brings data, trains on it, and nobody else sees it."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.server import settled
from tests.browser.test_visitor import visit
from tests.core.data.archives import packed, png, wav

CARD = "[class*=st-key-own-]"
JOB = "[class*=st-key-job-]"


def choose(page: Page, name: str, content: bytes, place: int = 0) -> None:
    """Pick a file as the browser's dialog would, for the first place on the page or another."""
    file = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    field = page.locator("[data-testid=stFileUploader] input[type=file]").nth(place)
    field.set_input_files(files=[file])
    page.wait_for_timeout(500)
    settled(page)


def drop(page: Page, name: str, content: bytes) -> None:
    """Drop a file on the place for it, as from a window beside the browser."""
    data = page.evaluate_handle(
        """([name, content]) => {
          const data = new DataTransfer();
          data.items.add(new File([content], name, {type: "text/csv"}));
          return data;
        }""",
        [name, content.decode()],
    )
    place = page.locator("[data-testid=stFileUploaderDropzone]").first
    place.dispatch_event("drop", {"dataTransfer": data})
    page.wait_for_timeout(500)
    settled(page)


def click_head(page: Page, place: int) -> None:
    """Click on the head of a column of the preview, counted from 0 among those that are seen."""
    grid = page.locator("[data-testid=stDataFrame]").first
    # Not to the edge, where the bar of pages is.
    grid.evaluate("grid => grid.scrollIntoView({block: 'center'})")
    page.wait_for_timeout(300)
    box = grid.bounding_box()
    assert box is not None
    # The canvas has no parts: the first columns are about this wide, with a menu at their right.
    page.mouse.click(box["x"] + 110 + 130 * place, box["y"] + 16)
    page.wait_for_timeout(300)
    settled(page)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()
    page.wait_for_timeout(300)
    settled(page)


def cancel(page: Page, app_url: str) -> None:
    """End the training of this visitor: one runs at a time, and other tests wait for theirs."""
    visit(page, f"{app_url}/your-data")
    ending = page.locator(JOB).get_by_role("button", name="Cancel")
    if ending.count():
        ending.click()
        expect(page.locator(JOB)).to_contain_text("cancelled", timeout=20_000)


def test_from_a_file_to_the_samples_page_for_one_browser_alone(
    browser: Browser, page: Page, app_url: str, uploads: Path
) -> None:
    visit(page, f"{app_url}/your-data")
    with page.expect_download() as download:
        page.get_by_role("button", name="Example as CSV").click()
    example = download.value.path().read_bytes()
    harm = example.replace(b"row-2,", b"<img src=x onerror=\"document.title='harmed'\">,")
    harm = harm.replace(b",same\n", b",=1+1\n", 1)
    choose(page, "<b>x</b>.csv", harm)
    expect(page.get_by_text("Fix these to continue")).to_be_visible()
    assert "harmed" not in page.title()
    assert page.locator("[data-testid=stMain] img[src=x], [data-testid=stMain] b").count() == 0
    # Files are taken together: what is to be replaced is removed first.
    page.get_by_role("button", name="Remove <b>x</b>.csv").click()
    settled(page)
    choose(page, "signs.csv", example)
    expect(page.get_by_text("3. Look at samples")).to_be_visible()
    # Long enough to be seen by a second tab, and to be cancelled after the first of three models.
    page.get_by_text("Full: about five times as long").click()
    settled(page)
    press(page, "Save and train")
    expect(page.locator(JOB)).to_contain_text("Training signs")
    # A second tab and a page that is loaded again find the same training.
    second = visit(page.context.new_page(), f"{app_url}/your-data")
    expect(second.locator(JOB)).to_contain_text("running", timeout=20_000)
    page.reload()
    expect(page.locator(JOB).get_by_role("progressbar")).to_be_visible(timeout=30_000)
    second.close()
    card = page.locator(CARD)
    expect(card.get_by_role("link", name="Samples")).to_be_visible(timeout=120_000)
    settled(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download models and table").click()
    assert download.value.suggested_filename == "my-signs.zip"
    with zipfile.ZipFile(download.value.path()) as archive:
        assert "checkpoints/joint/seed0/run.json" in archive.namelist()
    card.get_by_role("link", name="Samples").click()
    page.wait_for_url(lambda url: "data=my-signs" in url)
    settled(page)
    expect(page.get_by_role("button", name="signs (yours)")).to_be_visible()
    expect(page.locator("[data-testid=stMain]")).to_contain_text(
        "What the inputs do, alone and together"
    )
    stranger = browser.new_context()
    other = visit(stranger.new_page(), page.url)
    expect(other.locator("[data-testid=stMain]")).to_contain_text("no such data set")
    visit(other, f"{app_url}/your-data")
    assert other.locator(CARD).count() == 0
    stranger.close()
    visit(page, f"{app_url}/your-data")
    expect(page.locator(JOB)).to_contain_text("running", timeout=20_000)
    press(page, "Cancel")
    expect(page.locator(JOB)).to_contain_text("cancelled", timeout=20_000)
    press(page, "Delete")
    press(page, "Delete signs")
    expect(page.locator(CARD)).to_have_count(0)
    assert not list(uploads.glob("sets/*/*/my-signs*"))


def test_pictures_and_sounds_in_a_zip_or_folder_are_seen_and_heard_on_the_samples_page(
    page: Page, app_url: str, tmp_path: Path
) -> None:
    rows = range(60)
    lines = [f"p{i}.png,in/s{i}.wav,{'same' if i % 2 == i // 2 % 2 else 'other'}" for i in rows]
    table = "\n".join(["picture,sound,class", *lines]).encode()
    members = {f"p{i}.png": png(colour=(240 * (i % 2), i, 90)) for i in rows}
    members |= {f"in/s{i}.wav": wav(0.2 + 0.3 * (i // 2 % 2)) for i in rows}
    visit(page, f"{app_url}/your-data")
    choose(page, "lights.csv", table)
    expect(page.get_by_text("names pictures, whose files are missing")).to_be_visible()
    choose(page, "media.zip", packed({"../p0.png": png()}), 1)
    expect(page.get_by_text("points out of it")).to_be_visible()
    page.get_by_role("button", name="Remove media.zip").click()
    settled(page)
    choose(page, "media.zip", packed(members | {"p7.png": b"no picture"}), 1)
    expect(page.get_by_text("not readable as pictures: 1 file")).to_be_visible()
    # As many files, put in the place of the first ones.
    choose(page, "media.zip", packed(members), 1)
    expect(page.get_by_text("3. Look at samples")).to_be_visible()
    page.get_by_role("button", name="Remove media.zip").click()
    settled(page)
    page.get_by_text("a folder", exact=True).nth(1).click()
    settled(page)
    for name in set(members) - {"p7.png"}:
        file = tmp_path / "mine" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(members[name])
    folder = page.locator("input[type=file][webkitdirectory]")
    folder.set_input_files(tmp_path / "mine")
    expect(page.get_by_text("not among the files: 1 file, such as 'p7.png' (row 7)")).to_be_visible(
        timeout=30_000
    )
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "p7.png").write_bytes(members["p7.png"])
    folder.set_input_files(tmp_path / "more")
    expect(page.get_by_text("3. Look at samples")).to_be_visible(timeout=30_000)
    expect(page.get_by_role("img", name="picture of this sample").first).to_be_visible()
    press(page, "Save and train")
    link = page.locator(CARD).get_by_role("link", name="Samples")
    expect(link).to_be_visible(timeout=120_000)
    settled(page)
    link.click()
    page.wait_for_url(lambda url: "data=my-lights" in url)
    settled(page)
    picture = page.get_by_role("img", name="picture of this sample").first
    expect(picture).to_be_visible()
    wide = picture.evaluate("image => image.naturalWidth")
    assert wide > 32, "the picture itself, not the small one that the model sees"
    sound = page.locator("audio").first
    expect(sound).to_be_visible()
    page.wait_for_function("() => document.querySelector('audio').duration > 0.1")
    assert sound.evaluate("sound => sound.duration") < 0.6
    cancel(page, app_url)


def test_a_narrow_window_shows_the_whole_way(browser: Browser, app_url: str) -> None:
    context = browser.new_context(viewport={"width": 400, "height": 800})
    page = visit(context.new_page(), f"{app_url}/your-data")
    press(page, "Try it with an example")
    expect(page.get_by_role("button", name="Save and train")).to_be_visible(timeout=20_000)
    wide = page.evaluate("() => document.querySelector('[data-testid=stMain]').scrollWidth")
    assert wide <= 400
    context.close()


@pytest.mark.timeout(600)
def test_penguins_are_dropped_trained_and_found_out_about(page: Page, app_url: str) -> None:
    table = (Path(__file__).parents[1] / "inputs" / "penguins.csv").read_bytes()
    visit(page, f"{app_url}/your-data")
    drop(page, "penguins.csv", table)
    expect(page.get_by_text("2 rows are dropped.")).to_be_visible()
    expect(page.get_by_label("Name of input 1")).to_have_value("bill")
    click_head(page, 1)
    expect(page.get_by_text("1 column selected: island")).to_be_visible()
    press(page, "Not used")
    expect(page.get_by_text("2 of 8 columns are not used.", exact=True)).to_be_visible()
    press(page, "Save and train")
    card = page.locator(CARD)
    finding = card.locator("[class*=st-key-finding-]").first
    expect(finding).to_contain_text("A joint model", timeout=300_000)
    # Once dmil is there, so are bits.
    expect(finding).to_contain_text(re.compile(r"of 1\.5\d bits"), timeout=300_000)
    settled(page)
    expect(finding).to_contain_text("species")
    expect(card).to_contain_text("a fifth of their epochs")
    expect(card.get_by_role("img", name="penguins: evidence")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the finding as a report").click()
    assert "Keep in mind" in download.value.path().read_text("utf-8")
    card.get_by_role("link", name="Samples").click()
    page.wait_for_url(lambda url: "data=my-penguins" in url)
    settled(page)
    expect(page.locator("[data-testid=stMain]")).to_contain_text("Quick run")
    cancel(page, app_url)


def test_a_table_of_702_columns_stays_quick_and_can_be_used_by_keyboard(
    page: Page, app_url: str
) -> None:
    names = [*(f"audio_{i}" for i in range(350)), *(f"text_{i}" for i in range(350))]
    rows = [f"r{r},{'yn'[r % 2]}," + ",".join(str((r * 7 + c) % 13) for c in range(700))
            for r in range(120)]  # fmt: skip
    table = "\n".join([",".join(["id", "label", *names]), *rows])
    visit(page, f"{app_url}/your-data")
    drop(page, "wide.csv", table.encode())
    expect(page.get_by_text("All 702 columns are used.")).to_be_visible(timeout=60_000)
    # Without a pointer: to the field of names, then to the button of the role.
    page.get_by_label("By name, prefix* or first..last").focus()
    page.keyboard.type("audio_18..audio_349")
    page.keyboard.press("Enter")
    expect(page.get_by_text("332 columns selected")).to_be_visible()
    settled(page)
    button = page.get_by_role("button", name="Not used", exact=True)
    button.focus()
    page.keyboard.press("Enter")
    page.wait_for_timeout(300)
    settled(page)
    expect(page.get_by_text("332 of 702 columns are not used.", exact=True)).to_be_visible()
    press(page, "Undo")
    expect(page.get_by_text("All 702 columns are used.")).to_be_visible()
    drawn = page.evaluate("() => document.querySelectorAll('[data-testid=stDataFrame] td').length")
    assert drawn < 700 * 5, "the preview draws the columns that are seen alone"


def test_a_zip_of_class_folders_is_a_set_with_its_label(page: Page, app_url: str) -> None:
    members = {}
    for i in range(40):
        kind = ("cat", "dog")[i % 2]
        members[f"{kind}/{i}.png"] = png(colour=(200 * (i % 2), 5 * i, 90))
        members[f"{kind}/{i}.wav"] = wav(0.2 + 0.2 * (i // 2 % 2))
    visit(page, f"{app_url}/your-data")
    choose(page, "pets.zip", packed(members))
    expect(page.get_by_text("3. Look at samples")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("img", name=re.compile("of this sample")).first).to_be_visible()
    expect(page.get_by_role("button", name="Save and train")).to_be_visible()
