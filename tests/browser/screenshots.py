"""Screenshots of every page, light and dark, wide and narrow, for people to look at.

    python -m tests.browser.screenshots [--out FOLDER] [--url http://localhost:8501]

Without --url it starts the app itself on the shipped checkpoints.
"""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.browser.server import CHROMIUM, FLAGS, running_app, settled

PAGES = {
    "overview": "?data={data}",
    "samples": "samples?data={data}",
    "what-if": "what-if?data={data}&edit1=noise:1.5:1",
    "drawing": "what-if?data={data}&edit1=draw:lIGGyG.dIgYgy",
    "map": "map?data={data}",
    "compare": "compare?data={data}",
    "ranks": "compare?data={data}&part=sets",
    "agreement": "disagreements?data={data}&wrong=joint&right=dmil,ensemble,dmil-paper",
    "pair": "disagreements?data={data}&look=pair",
    "groups": "disagreements?data={data}&look=groups",
    "calibration": "model?data={data}&look=calibration",
    "interactions": "model?data={data}&look=interactions",
    "training": "model?data={data}&look=training",
    "worth": "worth?data={data}",
    "trust": "trust?data={data}",
    "trust-estimators": "trust?data={data}&check=estimators",
    "your-data": "your-data",
    "lessons": "lessons?said=redundancy.ab!~xor.b",
    "lesson-1": "lessons?lesson=redundancy&step=3",
    "lesson-2": "lessons?lesson=two-eyes&step=3",
    "lesson-3": "lessons?lesson=xor&step=2&said=xor.ba",
    "lesson-4": "lessons?lesson=competition&step=3",
    "lesson-5": "lessons?lesson=gate&step=2&said=gate.ac",
    "lesson-6": "lessons?lesson=numbers&step=3&measure=fl",
    "lesson-map": "lessons?lesson=numbers&step=4&said=numbers.c.b",
    "lesson-large": "lessons?lesson=xor&step=3&size=large",
    "gates": "gates",
    "paper": "paper?data={data}&box=s",
    "gates-mix": "gates?mixture=gates:xor%3D1,rdn%3D1,unq1%3D1,and%3D0.5,noise%3D0.1",
    "gates-table": "gates?mixture=gates:table%3Dno~no~stop/no~yes~go/yes~no~go/yes~yes~wait",
    "live": "live",
}
WIDTHS = {1440: 900, 400: 800}


@contextlib.contextmanager
def app(url: str) -> Iterator[str]:
    """The given running app, or one started here."""
    if url:
        yield url
        return
    with running_app() as started:
        yield started


def shoot(page: Page, url: str, file: Path) -> None:
    """Open one page, wait until it is drawn, save it in full height."""
    page.goto(url)
    settled(page)
    # Streamlit scrolls inside its own frame: make the window as high as the content.
    height = page.evaluate(
        "() => { const m = document.querySelector('[data-testid=stMain]');"
        " return m ? m.scrollHeight : 900; }"
    )
    width = page.viewport_size["width"] if page.viewport_size else 1440
    page.set_viewport_size({"width": width, "height": min(int(height), 4000)})
    page.wait_for_timeout(1200)
    page.screenshot(path=str(file))


def main() -> None:
    """Read the arguments and take all pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("screenshots"))
    parser.add_argument("--url", default="")
    parser.add_argument("--data", default="avdigits")
    parser.add_argument("--pages", nargs="*", default=list(PAGES))
    parser.add_argument("--extra", default="", help="more URL parameters, such as &sample=7")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    with app(arguments.url) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for scheme in ("light", "dark"):
            for width, height in WIDTHS.items():
                for name in arguments.pages:
                    page = browser.new_page(
                        viewport={"width": width, "height": height}, color_scheme=scheme
                    )
                    path = PAGES[name].format(data=arguments.data) + arguments.extra
                    shoot(page, f"{url}/{path}", arguments.out / f"{name}-{scheme}-{width}.png")
                    page.close()
        browser.close()


if __name__ == "__main__":
    main()
