"""Pictures of every page and state, for people to look at: `make screenshots`."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from support.browser import Window
from support.daemon import Daemon

MakeDaemon = Callable[..., Daemon]
OpenWindow = Callable[..., Window]

SIZES = {"desktop": (1360, 860), "phone": (390, 844), "ultrawide": (2560, 1080)}
GAME = r"""
import time
print("\x1b[1mStarting the server, version 1.21\x1b[0m")
for i in range(1, 100000):
    level = "\x1b[33mWARN\x1b[0m" if i % 9 == 0 else "\x1b[32mINFO\x1b[0m"
    print(f"[Server thread/{level}]: \x1b[36mplayer{i % 7}\x1b[0m joined at https://example.org/{i}",
          flush=True)
    time.sleep(0.01 if i < 150 else 1)
"""


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_pictures(
    make_daemon: MakeDaemon,
    pages: OpenWindow,
    directory: Path,
    tmp_path: Path,
    *,
    size: str,
    dark: bool,
) -> None:
    """Each page as it is used; then what it shows when it is empty, fails or is cut off."""
    (tmp_path / "game.py").write_text(GAME)
    game = {"command": f"{sys.executable} {tmp_path}/game.py"}
    apps = {
        "mc-lobby": game,
        "mc-survival": game,
        "mc-creative": {**game, "enabled": False},
        "shop": {"command": ["cat"]},
        "discord bot": {"command": ["sh", "-c", "echo no token; exit 3"]},
    }
    daemon = make_daemon(apps)
    (daemon.directory / "config.json").write_text(json.dumps(daemon.config, indent=2))
    daemon.start()
    window = pages(daemon, size=SIZES[size], dark=dark)

    def take(name: str) -> None:
        window.page.wait_for_timeout(700)
        kind = "dark" if dark else "light"
        window.page.screenshot(path=str(directory / f"{name}-{size}-{kind}.png"))

    window.go()
    expect(window.button("Sign in")).to_be_visible()
    take("sign-in")
    window.sign_in()
    expect(window.row("discord bot")).to_contain_text("Crashed", timeout=30_000)
    take("apps")
    window.page.get_by_label("Select mc-lobby").check()
    window.page.get_by_label("Select shop").check()
    take("apps-selected")
    window.page.get_by_placeholder("Filter apps").fill("nothing like it")
    take("apps-no-match")
    window.page.keyboard.press("Control+k")
    take("palette")
    window.page.keyboard.press("Escape")
    for tab in ("console", "usage", "activity", "settings"):
        window.open_app("mc-survival", tab)
        take(f"app-{tab}")
    window.open_app("mc-survival")
    expect(window.page.get_by_role("log")).to_be_visible()
    window.page.keyboard.press("Control+f")
    window.page.get_by_placeholder("Search the whole log").fill("player3")
    window.page.keyboard.press("Enter")
    take("app-console-search")
    window.open_app("shop")
    take("app-console-quiet")
    window.open_app("gone")
    take("app-gone")
    for page in ("log", "accounts", "sessions", "config", "about", "new"):
        window.go(f"/{page}")
        take(page)
    daemon.token()  # another session
    window.go("/sessions")
    window.page.get_by_text("Everybody's").click()
    take("sessions-all")
    window.button("End all others").click()
    take("sessions-end")
    window.go("/accounts")
    window.button("Add account").click()
    take("accounts-add")
    window.open_app("mc-lobby", "settings")
    window.page.get_by_label("Stop command").fill("stop")
    window.button("Review the change").click()
    take("app-settings-review")
    window.go()
    window.row("shop").get_by_role("button", name="More for shop").click()
    window.page.get_by_role("menuitem", name="Kill").click()
    take("kill")
    window.button("Cancel").click()
    window.context.clear_cookies()
    window.row("mc-creative").get_by_role("button", name="Start mc-creative").click()
    take("sign-in-again")
    window.sign_in()
    expect(window.row("mc-creative")).to_contain_text("Running")
    window.open_app("mc-survival")
    window.see("player")
    daemon.kill()
    window.page.wait_for_timeout(2500)
    take("disconnected")
