"""Time in the page itself: from what a visitor does to the frame that shows what it led to."""

from __future__ import annotations

import math
import statistics
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from playwright.async_api import Frame, Page

#: Milliseconds in a second: browsers count in the former, records in the latter.
MS = 1000.0

# Nothing is evaluated as text inside the page (a other tool's forbids it): the test is put in here.
# What is shown counts from the task after the frame that paints it. Pages that wait are left at
# rest: to ask at every frame would make ten of them paint 600 times a second. What changes in a
# shadow tree alone is seen by the clock.
_WATCH = """(shown, arg, started) => new Promise((resolve) => {
  let timer = 0;
  const painted = () => {
    // This runs right before a frame is painted, and a message is heard right after it; a timer
    // would wait for whatever else there is to do.
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => resolve(performance.now() - started());
    port2.postMessage(null);
  };
  const look = () => {
    clearTimeout(timer);
    let done = false;
    // A part that is not there yet is no fault.
    try { done = started() !== null && shown(arg); } catch (error) { done = false; }
    if (done) {
      changes.disconnect();
      requestAnimationFrame(painted);
    } else {
      timer = setTimeout(look, 40);
    }
  };
  const changes = new MutationObserver(look);
  changes.observe(document, { subtree: true, childList: true, attributes: true });
  look();
})"""
_ARM = """(arg) => {
  let start = null;
  addEventListener("pointerdown", (event) => { start ??= event.timeStamp; }, {capture: true});
  window.__shown = (%s)(%s, arg, () => start);
}"""
_OPENED = "([arg, limit]) => Promise.race([(%s)(%s, arg, () => 0), %s])"
_LIMIT = "new Promise((resolve) => setTimeout(() => resolve(null), limit))"
_READ = f"(limit) => Promise.race([window.__shown, {_LIMIT}])"


class TooSlow(Exception):
    """What was waited for did not come."""


async def seconds(
    page: Page | Frame, do: Callable[[], Awaitable[Any]], shown: str, arg: Any = None,
    limit: float = 60.0,
) -> float:  # fmt: skip
    """Seconds from the first press of the pointer in ``do`` to the frame after which it is shown.

    Parameters
    ----------
    do : what the visitor does; the pointer may go down only for what is measured.
    shown : a JavaScript function of ``arg`` that says whether the page shows what was asked for.
        It has to be false before the press.

    Raises
    ------
    TooSlow
        If it is not shown within ``limit`` seconds.
    """
    await page.evaluate(_ARM % (_WATCH, shown), arg)
    await do()
    return _found(await page.evaluate(_READ, limit * MS), arg, limit)


async def since_opened(
    page: Page | Frame, shown: str, arg: Any = None, limit: float = 120.0
) -> float:
    """Seconds from the start of the page's navigation to the frame after which it is shown."""
    code = _OPENED % (_WATCH, shown, _LIMIT)
    return _found(await page.evaluate(code, [arg, limit * MS]), arg, limit)


def _found(milliseconds: float | None, arg: Any, limit: float) -> float:
    if milliseconds is None:
        raise TooSlow(f"not shown within {limit:.0f} s: {arg!r}")
    return milliseconds / MS


def summary(times: Sequence[float]) -> dict[str, Any]:
    """Median, 95th percentile (the smallest time that 95 % do not exceed), worst, and each."""
    ordered = sorted(times)
    return {
        "repeats": len(ordered),
        "p50": statistics.median(ordered),
        "p95": ordered[math.ceil(0.95 * len(ordered)) - 1],
        "worst": ordered[-1],
        "seconds": [round(t, 3) for t in times],
    }
