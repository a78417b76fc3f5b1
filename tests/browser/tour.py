"""The moving picture of the README: Overview, then Samples, What if and Latent map of a sample.

    python -m tests.browser.tour [--out docs/tour.gif] [--url http://localhost:8501]

Drives the app on the shipped checkpoints, as a visitor would, and writes an animated GIF. Without
--url it starts the app itself.
"""

from __future__ import annotations

import argparse
import io
import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Locator, Page, sync_playwright

from tests.browser import latent_map
from tests.browser.screenshots import app
from tests.browser.server import CHROMIUM, FLAGS, settled

VIEW = {"width": 1440, "height": 900}
#: Size of the picture: the README shows it about this wide.
SIZE = (960, 600)
COLOURS = 200
MOST_BYTES = 3_000_000


@dataclass
class Recorder:
    """Frames of a page with the time each is shown, in milliseconds."""

    page: Page
    frames: list[tuple[Image.Image, int]] = field(default_factory=list)

    def shoot(self, shown: int) -> None:
        """Add what is on the screen now."""
        picture = Image.open(io.BytesIO(self.page.screenshot())).convert("RGB")
        self.frames.append((picture.resize(SIZE, Image.Resampling.LANCZOS), shown))

    def scroll(self, target: Locator, above: int = 70, steps: int = 4) -> None:
        """Bring an element near the top of the window, in steps with a frame each."""
        boxes = (element.bounding_box() for element in target.all())
        box = next((b for b in boxes if b and b["height"]), None)
        if box is None:
            return
        for _ in range(steps):
            self.page.evaluate(
                "d => document.querySelector('[data-testid=stMain]').scrollBy(0, d)",
                (box["y"] - above) / steps,
            )
            self.page.wait_for_timeout(150)
            if steps > 1:
                self.shoot(80)

    def save(self, file: Path) -> None:
        """Write the GIF with one palette for all frames, so that nothing flickers."""
        palette = _palette([picture for picture, _ in self.frames])
        pictures = [p.quantize(palette=palette, dither=Image.Dither.NONE) for p, _ in self.frames]
        pictures[0].save(
            file, save_all=True, append_images=pictures[1:], loop=0, optimize=True,
            duration=[shown for _, shown in self.frames],
        )  # fmt: skip


def _palette(pictures: list[Image.Image]) -> Image.Image:
    """Colours for all frames. Few pixels are coloured and they matter most, so that a colour counts
    by the square root of its area."""
    pixels = np.concatenate([np.asarray(p).reshape(-1, 3) for p in pictures])
    colours, areas = np.unique(pixels, axis=0, return_counts=True)
    repeated = np.repeat(colours, np.ceil(np.sqrt(areas)).astype(int), axis=0)
    return Image.fromarray(repeated[None]).quantize(COLOURS, kmeans=2)


def record(page: Page, url: str, data: str, sample: str) -> Recorder:
    """The kinds of samples; then three pages of one: its contributions, an edited input, its place
    on the map."""
    film = Recorder(page)
    of = f"?data={data}&sample={sample}"
    title = page.get_by_role("heading", name=sample)
    _open(page, url)
    page.get_by_role("button", name="No, thanks").click()
    settled(page)
    film.shoot(3200)
    page.locator("[data-mark='S sample 0']").hover()
    film.shoot(500)
    page.locator("[data-mark='S sample 0']").click()
    page.wait_for_url(lambda address: "sample=" in address)
    settled(page)
    page.wait_for_timeout(1200)
    film.shoot(3200)
    _open(page, f"{url}/samples{of}")
    film.shoot(2600)
    for edit in ("", *(f"&edit1=noise:{n}:1" for n in ("1.0", "2.0", "3.0")), "&edit1=blank"):
        _open(page, f"{url}/what-if{of}{edit}")
        film.scroll(title, above=60, steps=1)
        film.shoot(1400)
    _open(page, f"{url}/map{of}")
    latent_map.wait_for_map(page)
    film.shoot(1600)
    chosen = latent_map.point(page, latent_map.lonely(page))
    page.mouse.move(chosen["x"], chosen["y"])
    page.wait_for_timeout(500)
    film.shoot(900)
    page.mouse.click(chosen["x"], chosen["y"])
    settled(page)
    page.wait_for_timeout(800)
    film.shoot(1800)
    _lasso(film, chosen, 70)
    settled(page)
    page.wait_for_timeout(800)
    film.shoot(4000)
    return film


def _open(page: Page, address: str) -> None:
    page.goto(address)
    settled(page)
    page.wait_for_timeout(1200)


def _lasso(film: Recorder, middle: dict[str, float], radius: float) -> None:
    """Draw around a point, slowly enough to be seen."""
    page = film.page
    page.get_by_role("button", name="Lasso").click()
    page.mouse.move(middle["x"] + radius, middle["y"])
    page.mouse.down()
    for step in range(1, 25):
        turn = 2 * math.pi * step / 25
        page.mouse.move(
            middle["x"] + radius * math.cos(turn), middle["y"] + radius * math.sin(turn)
        )
        if step % 6 == 0:
            film.shoot(150)
    page.mouse.up()


def main() -> None:
    """Read the arguments, record, and write the GIF."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("docs/tour.gif"))
    parser.add_argument("--url", default="")
    parser.add_argument("--data", default="avdigits")
    parser.add_argument("--sample", default="avd-0004")
    a = parser.parse_args()
    with app(a.url) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport=VIEW, color_scheme="light")
        film = record(page, url, a.data, a.sample)
        browser.close()
    film.save(a.out)
    size = a.out.stat().st_size
    print(f"{a.out}: {len(film.frames)} frames, {size / 1e6:.1f} MB")
    if size > MOST_BYTES:
        raise SystemExit(f"{a.out}: {size:,} bytes, expected at most {MOST_BYTES:,}")


if __name__ == "__main__":
    main()
