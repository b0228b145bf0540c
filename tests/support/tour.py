"""A walk through every page and state of the dashboard but the files': one name for each stop."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Route, expect

from support.browser import Window
from support.daemon import Daemon

GAME = r"""
import time
print("\x1b[1mStarting the server, version 1.21\x1b[0m")
for i in range(1, 100000):
    level = "\x1b[33mWARN\x1b[0m" if i % 9 == 0 else "\x1b[32mINFO\x1b[0m"
    print(f"[Server thread/{level}]: \x1b[36mplayer{i % 7}\x1b[0m joined at https://example.org/{i}",
          flush=True)
    time.sleep(0.01 if i < 150 else 1)
"""
ODD = r"""
import sys
print("\x1b[31mred goes on\nto the next line\x1b[0m")
print("10 %\r100 %\nspin |\b/\b-\bended")
print("\x1b]8;;https://example.org\x1b\\a named link\x1b]8;;\x1b\\ and a \x1b]0;title\x07title")
for i in range(8):
    print(f"\x1b[3{i}mcolour {i}\x1b[9{i}m bright\x1b[0m \x1b[4{i}mbehind\x1b[0m "
          f"\x1b[7;3{i}mturned\x1b[0m \x1b[2;3{i}mdim\x1b[0m")
print("a long line " * 200, flush=True)
for line in sys.stdin: pass
"""
# Each page that loads something, and what it asks for.
LOADING = {
    "/log": "**/api/log*",
    "/accounts": "**/api/accounts",
    "/sessions": "**/api/sessions*",
    "/config": "**/api/config",
    "/new": "**/api/config",
    "/apps/shop/usage": "**/api/server/shop/usage",
    "/apps/shop/activity": "**/api/log*",
    "/apps/shop/settings": "**/api/config",
}


def apps(directory: Path) -> dict[str, object]:
    """The apps that the tour is made with; their programs are written to ``directory``."""
    (directory / "game.py").write_text(GAME)
    (directory / "odd.py").write_text(ODD)
    game = {"command": [sys.executable, f"{directory}/game.py"]}
    return {
        "mc-lobby": game,
        "mc-survival": game,
        "mc-creative": {**game, "enabled": False},
        "shop": {"command": ["cat"]},
        "odd output": {"command": [sys.executable, f"{directory}/odd.py"]},
        "discord bot": {"command": ["sh", "-c", "echo no token; exit 3"]},
    }


def tour(window: Window, daemon: Daemon) -> Iterator[str]:
    """Come to each stop; the page stays as it is there until the next one is asked for."""
    yield from _entrance(window)
    yield from _apps(window)
    yield from _one_app(window)
    yield from _console(window)
    yield from _pages(window, daemon)
    yield from _accounts(window)
    yield from _config(window)
    yield from _not_loaded(window)
    yield from _ends(window, daemon)


def _entrance(window: Window) -> Iterator[str]:
    window.go()
    expect(window.button("Sign in")).to_be_visible()
    yield "sign-in"
    window.sign_in(password="wrong")
    window.see("Invalid username or password!")
    yield "sign-in-wrong"
    window.sign_in()
    expect(window.row("discord bot")).to_contain_text("Crashed", timeout=30_000)


def _apps(window: Window) -> Iterator[str]:
    yield "apps"
    window.row("shop").get_by_role("button", name="More for shop").click()
    item = window.page.get_by_role("menuitem", name="Kill")
    expect(item).to_be_visible()
    yield "apps-menu"
    item.click()
    expect(window.button("Kill shop")).to_be_visible()
    yield "kill"
    window.button("Cancel").click()
    window.page.get_by_label("Select mc-lobby").check()
    window.page.get_by_label("Select shop").check()
    yield "apps-selected"
    window.page.get_by_placeholder("Filter apps").fill("nothing like it")
    window.see("No app matches the filter")
    yield "apps-no-match"
    window.page.keyboard.press("Control+k")
    expect(window.page.get_by_placeholder("Find an app")).to_be_visible()
    yield "palette"
    window.page.get_by_placeholder("Find an app").fill("nothing like it")
    yield "palette-nothing"
    window.page.keyboard.press("Escape")


def _one_app(window: Window) -> Iterator[str]:
    for tab in ("usage", "activity", "settings"):
        window.open_app("mc-survival", tab)
        expect(window.page.locator("h1")).to_be_visible()
        expect(window.page.locator("main .mantine-Loader-root")).to_have_count(0)
        yield f"app-{tab}"
    window.page.get_by_label("Stop command").fill("stop")
    window.button("Review the change").click()
    expect(window.page.get_by_label("What changes in the config file")).to_be_visible()
    yield "app-settings-review"
    window.button("Cancel").click()
    window.button("Discard changes").click()
    window.button("Remove this app").click()
    expect(window.page.get_by_role("dialog")).to_be_visible()
    yield "app-settings-remove"
    window.open_app("mc-creative", "usage")
    window.see("No usage yet")
    yield "app-usage-empty"
    window.open_app("gone")
    window.see("This app does not exist")
    yield "app-gone"
    window.go("/no/such/page")
    window.see("There is no such page")
    yield "no-such-page"


def _console(window: Window) -> Iterator[str]:
    window.open_app("mc-survival")
    window.see("player")
    yield "console"
    log = window.page.get_by_role("log")
    log.evaluate("log => { log.scrollTop = 0 }")
    expect(window.page.get_by_role("button", name="Jump to newest")).to_be_visible()
    yield "console-first-lines"
    command = window.page.get_by_label("Command for the app")
    command.fill("say hello\nsay you\nsave-all")
    yield "console-paste"
    command.fill("")
    window.page.keyboard.press("Control+f")
    window.page.get_by_placeholder("Search the whole log").fill("player3")
    window.page.keyboard.press("Enter")
    hits = window.page.get_by_role("search").get_by_role("listitem")
    expect(hits.first).to_be_visible()
    yield "console-search"
    hits.nth(2).get_by_role("button").click()
    expect(window.page.locator("[data-target]")).to_be_visible()
    yield "console-search-hit"
    window.page.get_by_placeholder("Search the whole log").fill("nothing like it")
    window.page.keyboard.press("Enter")
    window.see("Nothing found")
    yield "console-search-nothing"
    window.open_app("odd output")
    window.see("a long line")
    log.evaluate("log => { log.scrollTop = 0 }")
    yield "console-colours"
    window.button("Console options").click()
    item = window.page.get_by_role("menuitem", name="Clear this view")
    expect(item).to_be_visible()
    yield "console-menu"
    item.click()
    window.see("Show everything")
    yield "console-cleared"
    window.open_app("discord bot")
    window.see("has crashed")
    yield "console-crashed"
    window.open_app("shop")
    window.see("Started server shop")
    yield "console-quiet"


def _pages(window: Window, daemon: Daemon) -> Iterator[str]:
    for page in ("log", "sessions", "about", "new"):
        window.go(f"/{page}")
        expect(window.page.locator("h1")).to_be_visible()
        expect(window.page.locator("main .mantine-Loader-root")).to_have_count(0)
        yield page
    window.button("Review the change").click()
    window.see("Give it a name.")
    yield "new-incomplete"
    window.go("/log")
    window.page.get_by_placeholder("Anybody").fill("nobody")
    window.see("No action matches")
    yield "log-no-match"
    daemon.token()  # another session
    window.go("/sessions")
    window.page.get_by_text("Everybody's").click()
    expect(window.page.locator("tr[data-session]").nth(1)).to_be_visible()
    yield "sessions-all"
    window.button("End all others").click()
    expect(window.page.get_by_role("dialog")).to_be_visible()
    yield "sessions-end"


def _accounts(window: Window) -> Iterator[str]:
    window.go("/accounts")
    more = window.button("More for admin")
    expect(more).to_be_visible()
    yield "accounts"
    window.button("Add account").click()
    expect(window.button("Create account")).to_be_visible()
    yield "accounts-add"
    for step in ("Rename", "Change password"):
        window.go("/accounts")
        more.click()
        window.page.get_by_role("menuitem", name=step).click()
        expect(window.page.get_by_role("dialog")).to_be_visible()
        yield f"accounts-{step.lower().replace(' ', '-')}"
    account = {"username": "guest", "password": "a long password"}
    assert window.daemon.ask("POST", "/accounts", json.dumps(account)).status == 200
    window.go("/accounts")
    window.button("More for guest").click()
    window.page.get_by_role("menuitem", name="Delete").click()
    expect(window.button("Delete guest")).to_be_visible()
    yield "accounts-delete"


def _config(window: Window) -> Iterator[str]:
    window.go("/config")
    editor = window.page.get_by_role("textbox", name="Config file")
    expect(editor).to_be_visible()
    yield "config"
    editor.click()
    window.page.keyboard.press("Control+Home")
    window.page.keyboard.type("// a comment\n")
    window.button("Review changes").click()
    expect(window.button("Apply")).to_be_visible()
    yield "config-review"
    window.button("Cancel").click()
    editor.click()
    window.page.keyboard.press("Control+End")
    window.page.keyboard.type("oops")
    window.see("The config isn't valid yet")
    yield "config-fault"
    window.button("Discard changes").click()


def _not_loaded(window: Window) -> Iterator[str]:
    for path, address in LOADING.items():
        yield from _waits_and_fails(window, path, address)


def _waits_and_fails(window: Window, path: str, address: str) -> Iterator[str]:
    """What a page shows while its answer is held back, and when that is an error."""
    held: list[Route] = []
    is_waiting = True
    name = path.strip("/").replace("apps/shop", "app").replace("/", "-")

    def answer(route: Route) -> None:
        if is_waiting:
            held.append(route)
        else:
            _refuse(route)

    window.page.route(address, answer)
    window.go(path)
    expect(window.page.locator("main .mantine-Loader-root")).to_be_visible()
    yield f"{name}-loading"
    is_waiting = False
    for route in held:
        _refuse(route)
    expect(window.page.get_by_role("alert").first).to_contain_text("disk", timeout=30_000)
    yield f"{name}-error"
    window.page.unroute(address)


def _refuse(route: Route) -> None:
    body = json.dumps({"error": "The disk can't be read."})
    route.fulfill(status=500, content_type="application/json", body=body)


def _ends(window: Window, daemon: Daemon) -> Iterator[str]:
    window.go()
    start = window.row("mc-creative").get_by_role("button", name="Start mc-creative")
    expect(start).to_be_visible()
    window.context.clear_cookies()
    start.dispatch_event("click")  # the page may have found out by itself, and cover the button
    expect(window.page.get_by_role("dialog")).to_contain_text("Sign in again")
    yield "sign-in-again"
    window.sign_in()
    expect(window.row("mc-creative")).to_contain_text("Running")
    window.open_app("mc-survival")
    window.see("player")
    daemon.kill()
    window.see("No connection to the daemon")
    yield "disconnected"
    window.page.get_by_role("link", name="Apps", exact=True).first.click()
    yield "disconnected-apps"
