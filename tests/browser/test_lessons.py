"""A pupil goes through the lessons in a real browser, and a teacher shows and prints one."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from dashboard.keys import key_of
from dashboard.text import lessons as text
from dashboard.text.lessons import Lesson, Play, Question, Takeaway
from tests.browser import accessibility
from tests.browser.server import settled
from tests.browser.test_visitor import query, visit
from tests.dashboard.folders import REAL

#: How long a step may take on a busy machine; the map's latents are computed in it.
PATIENCE = 60_000


def _slide(page: Page) -> None:
    slider = page.get_by_role("slider")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    page.wait_for_url(lambda url: "mixture=" in url, timeout=PATIENCE)


def _choose(name: str, parameter: str) -> Callable[[Page], None]:
    def play(page: Page) -> None:
        page.get_by_role("radio", name=name).click()
        page.wait_for_url(lambda url: parameter in url, timeout=PATIENCE)

    return play


def _define(page: Page) -> None:
    page.get_by_role("combobox", name="Definition").click()
    page.get_by_role("option", name="Finn-Lizier").click()
    page.wait_for_url(lambda url: "measure=fl" in url, timeout=PATIENCE)


#: Lesson -> how its control is used, and what the page says then.
PLAYED: dict[str, tuple[Callable[[Page], None], str]] = {
    "redundancy": (_slide, "Cover x1, and 0.47 bits are lost."),
    "two-eyes": (_slide, "Both together carry 1.00."),
    "xor": (_slide, "The averaged ensemble is right 62% of the time."),
    "competition": (_choose("ensemble", "method=ensemble"), "ensemble stays"),
    "gate": (_choose("the sound", "sample="), "The model relies most on U1"),
    "numbers": (_define, "U1 and U2 are less than 0"),
}


def choose(page: Page, question: Question, place: int) -> None:
    """Choose an answer and read why it is right or wrong."""
    choice = question.choices[place]
    page.get_by_role("button", name=choice.text).click()
    expect(page.get_by_test_id("stAlert").first).to_contain_text(choice.why, timeout=PATIENCE)


@pytest.mark.parametrize("lesson", text.LESSONS, ids=lambda one: one.name)
def test_a_lesson_is_walked_through_with_a_wrong_answer_and_a_reload(
    page: Page, app_url: str, lesson: Lesson
) -> None:
    visit(page, f"{app_url}/lessons?data={REAL}")
    page.locator(f".st-key-{key_of('open', lesson.name)} button").click()
    for number, step in enumerate(lesson.steps, start=1):
        of = page.get_by_text(f"Step {number} of {len(lesson.steps)}", exact=True)
        expect(of).to_be_visible(timeout=PATIENCE)
        expect(page.get_by_role("heading", name=step.title)).to_be_visible(timeout=PATIENCE)
        after = page.locator(".st-key-lesson_next button")
        if isinstance(step, Question):
            expect(after).to_be_disabled(timeout=PATIENCE)
            wrong = (step.right + 1) % len(step.choices)
            choose(page, step, wrong)
            expect(after).to_be_disabled(timeout=PATIENCE)
            if step is lesson.questions[0]:
                page.wait_for_url(lambda url: f"said={lesson.name}." in url, timeout=PATIENCE)
                page.reload()
                settled(page)
                alert = page.get_by_test_id("stAlert").first
                expect(alert).to_contain_text(step.choices[wrong].why, timeout=PATIENCE)
            choose(page, step, step.right)
            expect(after).to_be_enabled(timeout=PATIENCE)
        elif isinstance(step, Play):
            settled(page)
            play, says = PLAYED[lesson.name]
            play(page)
            expect(page.get_by_role("main")).to_contain_text(says, timeout=PATIENCE)
        elif isinstance(step, Takeaway):
            page.wait_for_url(re.compile(rf"step={number}\b"), timeout=PATIENCE)
            assert query(page)["said"].endswith("!")
            assert page.get_by_test_id("stException").count() == 0
            break
        after.click()


def test_keys_answer_go_on_and_back_and_the_overview_knows(page: Page, app_url: str) -> None:
    visit(page, f"{app_url}/?data={REAL}")
    page.get_by_role("button", name="Learn").click()
    page.get_by_role("menuitem", name="Lessons").click()
    page.wait_for_url(lambda url: urlsplit(url).path == "/lessons")
    settled(page)
    page.locator(f".st-key-{key_of('open', 'xor')} button").click()
    for key, step in (("n", 2), ("1", 2), ("n", 3), ("n", 4), ("b", 3)):
        expect(page.get_by_role("main")).to_contain_text(re.compile("Step . of 5"))
        settled(page)
        if step == 4:
            _slide(page)  # the slider has the focus then, and must not keep the letters
        page.keyboard.press(key)
        expect(page.get_by_text(f"Step {step} of 5")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="All lessons").click()
    expect(page.get_by_text("1 of 6 lessons done")).to_be_visible(timeout=PATIENCE)
    expect(page.locator(f".st-key-{key_of('open', 'xor')}")).to_have_text(
        "Again: lesson 3", timeout=PATIENCE
    )
    page.locator(f".st-key-{key_of('open', 'xor')} button").click()
    expect(page.get_by_text("Step 1 of 5")).to_be_visible(timeout=PATIENCE)
    page.wait_for_url(lambda url: "said=xor%21" in url or "said=xor!" in url, timeout=PATIENCE)
    page.get_by_role("button", name="Learn").click()
    page.get_by_role("menuitem", name="Exact PID").click()
    page.wait_for_url(lambda url: urlsplit(url).path == "/gates")
    # What was learned is not forgotten on another page.
    page.wait_for_url(lambda url: "said=xor" in url, timeout=PATIENCE)


def test_the_last_step_of_lesson_3_trains_live_and_leads_back(page: Page, app_url: str) -> None:
    visit(page, f"{app_url}/lessons?lesson=xor&step=4&said=xor.a&pace=fast")
    page.locator(".st-key-lesson_next button").click()
    bar = page.locator(".st-key-live_controls").get_by_test_id("stProgress")
    expect(bar).to_contain_text("Done", timeout=2 * PATIENCE)
    said = page.locator(".st-key-live_said")
    expect(said).to_contain_text(re.compile(r"the ensemble is at (4[5-9]|5[0-5])%"))
    expect(said).to_contain_text("puts 100% of its weight on S")
    page.get_by_role("link", name=text.OWN_PAGE).click()
    page.wait_for_url(lambda url: urlsplit(url).path == "/live", timeout=PATIENCE)
    page.get_by_role("link", name="Back to the lesson").click()
    page.wait_for_url(lambda url: urlsplit(url).path == "/lessons", timeout=PATIENCE)
    expect(page.get_by_text("Step 5 of 5")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Back", exact=False).first.click()
    expect(page.get_by_text("Step 4 of 5")).to_be_visible(timeout=PATIENCE)


def test_a_teacher_links_to_a_step_shows_it_large_and_prints_it(
    page: Page, app_url: str, tmp_path: Path
) -> None:
    page.emulate_media(color_scheme="dark")
    visit(page, f"{app_url}/lessons?lesson=two-eyes&step=2&said=two-eyes.ac")
    page.wait_for_selector(".js-plotly-plot .main-svg", timeout=PATIENCE)
    assert not accessibility.faults(page)
    page.emulate_media(color_scheme="light")
    page.wait_for_timeout(500)
    assert not accessibility.faults(page)
    words = page.get_by_text("Each eye is wrong one time in ten.")
    size = "e => parseFloat(getComputedStyle(e).fontSize)"
    small = words.evaluate(size)
    page.get_by_text("Large type").click()
    page.wait_for_url(lambda url: "size=large" in url, timeout=PATIENCE)
    settled(page)
    assert words.evaluate(size) > 1.1 * small
    # Names beside the bars are whole.
    left = "e => e.getBoundingClientRect().left"
    figure = page.locator(".js-plotly-plot").first.evaluate(left)
    for name in page.locator(".js-plotly-plot .ytick text").all():
        assert name.evaluate(left) >= figure
    page.set_viewport_size({"width": 400, "height": 800})
    page.wait_for_timeout(500)
    wide = page.evaluate("() => document.querySelector('[data-testid=stMain]').scrollWidth")
    assert wide <= 400
    with page.expect_download() as saved:
        page.get_by_role("button", name="Handout").first.click()
    file = tmp_path / saved.value.suggested_filename
    saved.value.save_as(file)
    handout = page.context.new_page()
    asked: list[str] = []
    handout.on("request", lambda r: asked.append(r.url))
    handout.goto(file.as_uri())
    expect(handout.get_by_role("heading", name=text.TWO_EYES.title)).to_be_visible()
    expect(handout.get_by_role("img")).to_be_visible()
    assert asked == [file.as_uri()]
    assert len(re.findall(rb"/Type\s*/Page\b", handout.pdf(format="A4"))) == 1
    link = handout.get_by_role("link").get_attribute("href")
    visit(page, link or "")
    expect(page.get_by_text("Step 1 of 4")).to_be_visible(timeout=PATIENCE)
    handout.close()
