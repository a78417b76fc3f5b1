"""Others on the same points: Embedding Atlas and TensorBoard's projector, for what they can do.

They get the two coordinates of the map that our app shows, and each point's id, class and answer.
What counts for a other tool is generous to it: its map counts once it says how many points it has.
"""

from __future__ import annotations

import contextlib
import random
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from playwright.async_api import Browser, Frame, Page

from benchmarks.app.room import Room
from benchmarks.app.stopwatch import TooSlow, seconds, since_opened, summary
from dmil_core.checkpoint import PROJECTION_FILE, run_folder
from dmil_core.io.tables import read_table
from dmil_core.schema import projection
from tests.browser.server import ended, free_port

REQUIREMENTS = Path(__file__).with_name("other_tools.txt")
LATENT = "Z"


@dataclass(frozen=True)
class OtherTool:
    """How one is started, and how its page tells what it shows.

    Attributes
    ----------
    command : of its server; ``{data}`` is the folder that `write` has filled.
    frame : part of the address of the frame that draws; empty for the page itself.
    map : JavaScript that says whether the map of so many points is there.
    details : JavaScript that returns what is told of the chosen point; empty text for nothing.
    area : where the middle of its map is, as shares of the window.
    """

    name: str
    command: tuple[str, ...]
    address: str
    frame: str
    map: str
    details: str
    area: tuple[float, float]


#: Searches through shadow roots, which TensorBoard is made of.
_DEEP = """const all = (root, name) => [...root.querySelectorAll("*")].flatMap((e) =>
  [...(e.matches(name) ? [e] : []), ...(e.shadowRoot ? all(e.shadowRoot, name) : [])]);"""

ATLAS = OtherTool(
    "Embedding Atlas",
    ("embedding-atlas", "{data}/points.parquet", "--x", "x", "--y", "y", "--disable-projection",
     "--host", "127.0.0.1", "--port", "{port}"),
    "",
    "",
    """(count) => document.querySelector("canvas").width > 300
      && document.body.innerText.includes(`${count.toLocaleString("en-US")} points`)""",
    """(() => [...document.querySelectorAll("span, div")]
      .filter((e) => !e.children.length && /^s\\d{6}$/.test(e.textContent)
        && e.getBoundingClientRect().bottom < 0.65 * innerHeight)
      .map((e) => e.textContent).join())()""",
    (0.36, 0.38),
)  # fmt: skip
PROJECTOR = OtherTool(
    "TensorBoard projector",
    ("tensorboard", "--logdir", "{data}", "--host", "127.0.0.1", "--port", "{port}"),
    "#projector",
    "projector_binary",
    f"""(count) => {{{_DEEP}
      const said = all(document, "*").map((e) => e.shadowRoot?.textContent ?? "").join();
      return said.includes("Points: " + count) && /described: [\\d.]+%/.test(said)
        && all(document, "canvas").some((c) => c.width > 300);
    }}""",
    f"""(() => {{{_DEEP}
      return all(document, "vz-projector-metadata-card").map((e) => e.shadowRoot.textContent)
        .join().match(/s\\d{{6}}/)?.[0] ?? "";
    }})()""",
    (0.5, 0.56),
)  # fmt: skip
OTHER_TOOLS = (ATLAS, PROJECTOR)


def install(folder: Path) -> Path:
    """An environment with the other tools; returns where its programs are."""
    programs = folder / "bin"
    done = folder / "installed.txt"
    wanted = REQUIREMENTS.read_text("utf-8")
    if not done.exists() or done.read_text("utf-8") != wanted:
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        pip = [str(programs / "pip"), "install", "--quiet", "-r", str(REQUIREMENTS)]
        subprocess.run(pip, check=True)
        done.write_text(wanted, "utf-8")
    return programs


def write(room: Room, folder: Path) -> None:
    """The points for both: a Parquet file, and what the projector reads."""
    folder.mkdir(parents=True, exist_ok=True)
    run = run_folder(room.root, room.data, "dmil", 0)
    at = read_table(run / PROJECTION_FILE).astype({"id": str}).set_index("id")
    at = at.loc[room.table["id"], list(projection(LATENT))]
    names = {"id": "id", "class": "y", "answer": "pred"}
    frame = pd.DataFrame({k: room.table[v].astype(str).to_numpy() for k, v in names.items()})
    frame["x"], frame["y"] = np.asarray(at, dtype=np.float32).T
    frame.to_parquet(folder / "points.parquet", index=False)
    # The projector makes maps of three dimensions; of two it makes none.
    frame.assign(z=0.0)[["x", "y", "z"]].to_csv(
        folder / "points.tsv", sep="\t", header=False, index=False
    )
    frame[list(names)].to_csv(folder / "about.tsv", sep="\t", index=False)
    (folder / "projector_config.pbtxt").write_text(
        'embeddings {\n  tensor_name: "points"\n  tensor_path: "points.tsv"\n'
        '  metadata_path: "about.tsv"\n}\n', "utf-8"
    )  # fmt: skip


@contextlib.contextmanager
def running(other_tool: OtherTool, programs: Path, data: Path) -> Iterator[str]:
    """Start a other tool's server, yield its page's address, stop it at the end."""
    port = free_port()
    program, *rest = other_tool.command
    filled = [part.format(data=data, port=port) for part in rest]
    started = subprocess.Popen(
        [str(programs / program), *filled], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    with ended(started) as process:
        _wait(f"http://127.0.0.1:{port}/", process)
        yield f"http://127.0.0.1:{port}/{other_tool.address}"


def _wait(url: str, process: subprocess.Popen[bytes], limit: float = 180) -> None:
    end = time.monotonic() + limit
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5) as answer:
            if answer.status == 200:
                return
        time.sleep(0.2)
    raise TimeoutError(f"{process.args!r} did not answer")


async def measure(
    browser: Browser, other_tool: OtherTool, url: str, room: Room, clicks: int, openings: int
) -> dict[str, Any]:
    """Seconds to its map and from a click to its details, or the reason why there are none."""
    result: dict[str, Any] = {"name": other_tool.name, "points": room.points}
    times, page = [], None
    try:
        for _ in range(openings):
            if page is not None:
                await page.context.close()
            context = await browser.new_context(viewport={"width": 1440, "height": 1000})
            page = await context.new_page()
            await page.goto(url, wait_until="commit")
            times.append(await _opened(page, other_tool, room.points))
        result["map"] = summary(times)
        assert page is not None
        await page.wait_for_timeout(2000)
        result["click"] = summary(await _clicks(page, other_tool, clicks))
    except Exception as error:
        # Whatever a other tool's page does, the others are measured all the same.
        result["problem"] = str(error).splitlines()[0][:300]
    if page is not None:
        await page.context.close()
    return result


async def _frame(page: Page, other_tool: OtherTool) -> Page | Frame:
    end = time.monotonic() + 60
    while other_tool.frame:
        for frame in page.frames:
            if other_tool.frame in frame.url:
                return frame
        if time.monotonic() > end:
            raise TooSlow(f"{other_tool.name} shows no map")
        await page.wait_for_timeout(20)
    return page


async def _opened(page: Page, other_tool: OtherTool, count: int) -> float:
    frame = await _frame(page, other_tool)
    took = await since_opened(frame, other_tool.map, count)
    # The clock of a frame starts with the frame.
    begun = "() => performance.timeOrigin"
    later: float = (await frame.evaluate(begun) - await page.evaluate(begun)) / 1000
    return took + later


async def _clicks(page: Page, other_tool: OtherTool, count: int) -> list[float]:
    """Clicks in the middle of the map, where a point is always near; others than before count."""
    frame, rng = await _frame(page, other_tool), random.Random(0)
    shown = f"(before) => {{ const now = {other_tool.details}; return now && now !== before; }}"
    size = page.viewport_size or {"width": 1440, "height": 1000}
    times: list[float] = []
    for _ in range(3 * count):
        x, y = (
            (place + rng.uniform(-0.06, 0.06)) * size[side]  # type: ignore[literal-required]
            for place, side in zip(other_tool.area, ("width", "height"), strict=True)
        )
        before = await frame.evaluate(f"() => {other_tool.details}")
        # A miss is the hand's, not the page's.
        with contextlib.suppress(TooSlow):
            times.append(
                await seconds(frame, lambda x=x, y=y: page.mouse.click(x, y), shown, before, 10)  # type: ignore[misc]
            )
        if len(times) == count:
            return times
        await page.mouse.move(5, 5)
        await page.wait_for_timeout(500)
    raise TooSlow(f"{other_tool.name}: {len(times)} of {3 * count} clicks told of a point")
