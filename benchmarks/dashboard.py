"""The dashboard's budgets, by Chromium on the real daemon. Without it, or a build, no rows."""

import contextlib
import re
import shutil
import statistics
import sys
from collections.abc import Iterator
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.daemon import Daemon, directory, program, running
from benchmarks.figures import Figure
from octyne.api import assets

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
APPS = {f"app{number:02}": {"command": ["sleep", "1000000"]} for number in range(20)}
PACE = 10_000  # lines a second
FLOOD = {"flood": {"command": [*program("pace.py"), str(PACE)]}}
ROUNDS = 5
KEYS = 60
KEY_EVERY_MS = 120.0
SETTLE_MS = 5_000.0  # milliseconds of the flood before it is measured
MIB = 1 << 20
ENTRIES = 100_000
WHEEL_STEPS = 240
STEP_PX = 480.0  # a quick hand: five notches of a wheel, the list's height in two steps
STEP_EVERY_MS = 25.0

# From the click to the frame after the one that has all rows.
LIST = """
  (count) => new Promise((done) => {
    let begun = 0;
    addEventListener("click", (event) => { begun ||= event.timeStamp; }, true);
    const look = () => {
      if (!begun || document.querySelectorAll("[data-app]").length < count) {
        return requestAnimationFrame(look);
      }
      return requestAnimationFrame(() => setTimeout(() => done(performance.now() - begun)));
    };
    look();
  })
"""
# From each key, as the browser had it, to the frame that shows its letter.
WATCH_KEYS = """
  () => {
    window.keys = [];
    addEventListener("keydown", (event) =>
      requestAnimationFrame(() => setTimeout(() =>
        window.keys.push(performance.now() - event.timeStamp))), true);
  }
"""
# The time of each frame from now on.
WATCH_FRAMES = """
  () => {
    window.frames_ms = [];
    let last = performance.now();
    const frame = (now) => {
      window.frames_ms.push(now - last);
      last = now;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }
"""


def page_size() -> list[Figure]:
    """JavaScript that the first page loads, compressed."""
    if not _is_built():
        return []
    page = (assets.DIRECTORY / assets.START_PAGE).read_text()
    names = set(re.findall(r'(?:src|href)="/(assets/[^"]+\.js)"', page))
    found = assets.find(assets.DIRECTORY)
    sent = [len(assets.read(found[name], "br") or b"") for name in names]
    return [
        Figure(name="dashboard, JavaScript of the first page (br)", value=sum(sent) / 1000,
               unit="kB", goal=250, at_most=True, notes={"files": len(sent)}),
    ]  # fmt: skip


def page_list() -> list[Figure]:
    """From the click on "Sign in" until the list of 20 apps is drawn, with an empty cache."""
    with _opened(APPS) as (daemon, browser):
        if browser is None:
            return []
        rounds = [_sign_in_ms(browser, daemon) / 1000 for _ in range(ROUNDS)]
    return [
        Figure(name="dashboard, list visible after the sign-in", value=statistics.median(rounds),
               unit="s", goal=1, at_most=True,
               notes={"rounds": [round(each, 3) for each in rounds]}),
    ]  # fmt: skip


def page_flood() -> list[Figure]:
    """An open console at 10,000 lines a second: from a key to its frame, and the page's memory."""
    with _opened(FLOOD) as (daemon, browser):
        if browser is None:
            return []
        page = _page(browser, daemon, "/apps/flood/console")
        _sign_in(page, daemon)
        page.get_by_text("of a usual length").first.wait_for()
        page.wait_for_timeout(SETTLE_MS)
        early = _heap_mib(page)
        page.get_by_label("Command for the app").focus()
        page.evaluate(WATCH_KEYS)
        for number in range(KEYS):
            page.keyboard.press("abcdefgh"[number % 8])
            page.wait_for_timeout(KEY_EVERY_MS)
        delays = sorted(page.evaluate("window.keys"))
        late = _heap_mib(page)
    more = {"p95_ms": round(delays[len(delays) * 95 // 100], 1), "keys": len(delays)}
    name = "dashboard at 10,000 lines/s,"
    return [
        Figure(name=f"{name} key to frame, p50", value=statistics.median(delays), unit="ms",
               notes={}),
        Figure(name=f"{name} key to frame, slowest", value=delays[-1], unit="ms",
               goal=100, at_most=True, notes={**more}),
        Figure(name=f"{name} JavaScript heap", value=late, unit="MiB",
               notes={"earlier_mib": round(early, 1)}),
    ]  # fmt: skip


def page_folder() -> list[Figure]:
    """A folder of 100,000 entries, scrolled by a wheel: how long its frames take."""
    with directory() as home:
        for number in range(ENTRIES):
            (home / f"entry {number}").touch()
        frames = _wheel_frames({"big": {"command": ["cat"], "directory": str(home)}})
    if not frames:
        return []
    name = f"dashboard, folder of {ENTRIES:,} by wheel,"
    p95 = frames[len(frames) * 95 // 100]
    return [
        Figure(name=f"{name} frame, p50", value=statistics.median(frames), unit="ms", notes={}),
        Figure(name=f"{name} frame, p95", value=p95, unit="ms", goal=33.4, at_most=True,
               notes={"frames": len(frames)}),
        Figure(name=f"{name} frame, slowest", value=frames[-1], unit="ms",
               notes={"over_50_ms": sum(1 for each in frames if each > 50)}),
    ]  # fmt: skip


def _wheel_frames(apps: dict[str, Any]) -> list[float]:
    """Each frame's time in milliseconds, the shortest first."""
    with _opened(apps) as (daemon, browser):
        if browser is None:
            return []
        page = _page(browser, daemon, "/apps/big/files")
        _sign_in(page, daemon)
        page.locator('[data-name="entry 0"]').hover()
        page.evaluate(WATCH_FRAMES)
        for _ in range(WHEEL_STEPS):
            page.mouse.wheel(0, STEP_PX)
            page.wait_for_timeout(STEP_EVERY_MS)
        frames = sorted(page.evaluate("() => window.frames_ms"))
        scrolled = page.evaluate("() => document.querySelector('[data-files]').scrollTop")
    if scrolled < WHEEL_STEPS * STEP_PX / 2:
        raise RuntimeError(f"The list has scrolled by {scrolled:.0f} px only.")
    return [float(each) for each in frames]


@contextlib.contextmanager
def _opened(apps: dict[str, Any]) -> Iterator[tuple[Daemon, Browser | None]]:
    path = shutil.which("chromium")
    with running(apps) as (daemon, _), sync_playwright() as playwright:
        if not _is_built() or path is None:
            print("The dashboard is not built, or there is no chromium.", file=sys.stderr)
            yield daemon, None
            return
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        try:
            yield daemon, browser
        finally:
            browser.close()


def _is_built() -> bool:
    return (assets.DIRECTORY / assets.START_PAGE).exists()


def _page(browser: Browser, daemon: Daemon, path: str = "/") -> Page:
    page = browser.new_context(viewport={"width": 1360, "height": 860}).new_page()
    page.goto(f"http://localhost:{daemon.web_port}{path}")
    return page


def _sign_in(page: Page, daemon: Daemon) -> None:
    page.get_by_label("User name").fill("admin")
    page.get_by_label("Password", exact=True).fill(daemon.password())
    page.get_by_role("button", name="Sign in").click()


def _sign_in_ms(browser: Browser, daemon: Daemon) -> float:
    page = _page(browser, daemon)
    page.evaluate(f"() => {{ window.found = ({LIST})({len(APPS)}); }}")
    _sign_in(page, daemon)
    found = float(page.evaluate("() => window.found"))
    page.context.close()
    return found


def _heap_mib(page: Page) -> float:
    """What is in use when the rubbish is gone."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    used = session.send("Runtime.getHeapUsage")["usedSize"]
    session.detach()
    return float(used) / MIB
