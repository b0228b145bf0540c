"""A window of a browser on a daemon's dashboard."""

import re
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

from playwright.sync_api import Browser, ConsoleMessage, Locator, expect

from support.daemon import Daemon

# Nothing but the page itself: no updates, no services, no first-run tour.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
# The browser itself tells in the console of a daemon that is away, and of a session that ended.
EXPECTED = re.compile(r"Failed to load resource|WebSocket connection to|ERR_|net::")
WATCH = """
  document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
    console.error(`content policy: ${violatedDirective} ${blockedURI}`));
"""
# Scrolls through all lines that there are, as a reader would, and takes each once.
READ_LINES = """
  async ([first, last]) => {
    const log = document.querySelector("[role=log]");
    const seen = new Map();
    const take = () => {
      for (const line of log.querySelectorAll("[data-line]")) {
        seen.set(Number(line.dataset.line), line.querySelector("span").textContent);
      }
    };
    const settle = () => new Promise((done) => setTimeout(done, 60));
    log.scrollTop = 0;
    for (let still = 0; still < 8; ) {
      await settle();
      take();
      const before = log.scrollTop;
      log.scrollTop = before + log.clientHeight;
      await settle();
      still = log.scrollTop === before ? still + 1 : 0;
    }
    return [...seen.entries()].sort((a, b) => a[0] - b[0]).map(([, text]) => text);
  }
"""


class Window:
    """One page in a context of its own, so that cookies are its own, too."""

    def __init__(
        self,
        browser: Browser,
        daemon: Daemon,
        *,
        dark: bool = False,
        size: tuple[int, int] = (1360, 860),
        has_touch: bool = False,
    ) -> None:
        self.daemon = daemon
        self.context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            has_touch=has_touch,
            is_mobile=has_touch,
            reduced_motion="reduce",
        )
        self.context.set_default_timeout(15_000)
        expect.set_options(timeout=15_000)
        self.page = self.context.new_page()
        self.page.add_init_script(WATCH)
        self._faults: list[str] = []
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self._faults.append(str(error)))

    def go(self, path: str = "/") -> "Window":
        """Open one of the dashboard's pages."""
        self.page.goto(f"http://localhost:{self.daemon.web_port}{path}")
        return self

    def open_app(self, app: str, tab: str = "console") -> "Window":
        """Open a tab of an app's page."""
        return self.go(f"/apps/{quote(app, safe='')}/{tab}")

    def sign_in(self, user: str = "admin", password: str = "") -> "Window":
        """Sign in with what the first run has shown."""
        self.page.get_by_label("User name").fill(user)
        self.page.get_by_label("Password", exact=True).fill(
            password or self.daemon.first_password()
        )
        self.page.get_by_role("button", name="Sign in").click()
        return self

    def button(self, name: str) -> Locator:
        """A button by its exact name."""
        return self.page.get_by_role("button", name=name, exact=True)

    def row(self, app: str) -> Locator:
        """An app's row in the list."""
        return self.page.locator(f'[data-app="{app}"]')

    def see(self, text: str) -> None:
        """Wait until a text can be seen."""
        expect(self.page.get_by_text(text).first).to_be_visible()

    def log_lines(self) -> list[str]:
        """All lines that the open console holds, read by scrolling through them."""
        return cast("list[str]", self.page.evaluate(READ_LINES, [0, 0]))

    def still(self) -> None:
        """Wait until nothing moves or fades any more."""
        self.page.wait_for_function("""() => document.getAnimations().every(
            (each) => each.playState !== "running" || each.effect.getTiming().iterations > 1)""")

    def faults(self) -> list[str]:
        """What went wrong in the page: errors, and what its content policy refused."""
        return self._faults

    def serious(self) -> list[str]:
        """What axe finds that keeps people out."""
        self.page.evaluate(AXE.read_text())
        found = cast(
            "dict[str, Any]",
            self.page.evaluate("axe.run(document, {resultTypes: ['violations']})"),
        )
        return [
            f"{each['id']}: {[node['html'][:200] for node in each['nodes']]}"
            for each in found["violations"]
            if each["impact"] in ("serious", "critical")
        ]

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not EXPECTED.search(message.text):
            self._faults.append(message.text)
