"""What people do in the dashboard, from the first sign-in to the last."""

import json
import re
import sys
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from support.browser import Window
from support.daemon import Daemon, program
from support.eventually import eventually

MakeDaemon = Callable[..., Daemon]
OpenWindow = Callable[..., Window]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(150)]

LINES = 100_000
BIG = f"""
import sys
for i in range(1, {LINES} + 1): print("line", i)
print("needle in the haystack", flush=True)
for line in sys.stdin: print("heard " + line.strip(), flush=True)
"""
SCROLL_UP = """() => {
    const log = document.querySelector("[role=log]");
    log.scrollTop = 0;
    return log.textContent.includes("Started server big");
}"""
COUNT = """
import time
for i in range(1, 301):
    print("count", i, flush=True)
    time.sleep(0.02)
time.sleep(600)
"""


def python(code: str) -> list[str]:
    """The command of an app that is given here."""
    return [sys.executable, "-c", code]


def test_what_is_told_is_in_nobodys_way(make_daemon: MakeDaemon, pages: OpenWindow) -> None:
    """On a phone it lies over the buttons: Start can be pressed while Stop is still told."""
    daemon = make_daemon({"app": {"command": ["cat"]}}).start()
    window = pages(daemon, size=(390, 844), has_touch=True).open_app("app").sign_in()
    window.page.get_by_role("button", name=re.compile("^Stop")).tap()
    start = window.page.get_by_role("button", name=re.compile("^Start"))
    expect(start).to_be_visible()
    window.see("app is stopping")
    hit = start.evaluate("""each => {
        const { x, y, width, height } = each.getBoundingClientRect();
        return each.contains(document.elementFromPoint(x + width / 2, y + height / 2));
    }""")

    assert hit


def test_signing_in_and_running_apps(make_daemon: MakeDaemon, pages: OpenWindow) -> None:
    """A wrong password is told; start, stop and kill show at once what becomes of the app."""
    apps = {name: {"command": ["cat"], "enabled": False} for name in ("mc-a", "mc-b", "x #?%/é")}
    window = pages(make_daemon(apps).start()).go()
    expect(window.page).to_have_title("Sign in · Octyne")
    window.sign_in(password="wrong")
    window.see("Invalid username or password!")
    window.sign_in()
    expect(window.page).to_have_title("Apps · Octyne")

    row = window.row("mc-a")
    expect(row).to_contain_text("Stopped")
    row.get_by_role("button", name="Start mc-a").click()
    expect(row).to_contain_text("Running")
    row.get_by_role("button", name="More for mc-a").click()
    window.page.get_by_role("menuitem", name="Kill").click()
    expect(window.page.get_by_role("dialog")).to_contain_text("Kill mc-a?")
    window.button("Cancel").click()
    expect(row).to_contain_text("Running")
    row.get_by_role("button", name="More for mc-a").click()
    window.page.get_by_role("menuitem", name="Kill").click()
    window.button("Kill mc-a").click()
    expect(row).to_contain_text("Stopped")

    for name in ("mc-a", "mc-b"):
        window.page.get_by_label(f"Select {name}").check()
    window.page.get_by_label("2 selected").get_by_role("button", name="Start", exact=True).click()
    expect(window.row("mc-b")).to_contain_text("Running")
    row.get_by_role("button", name="Stop mc-a").click()
    expect(row).to_contain_text("Stopped")
    window.daemon.post("mc-b", "TERM")  # by somebody else
    expect(window.row("mc-b")).to_contain_text("Stopped")

    window.page.get_by_placeholder("Filter apps").fill("#")
    expect(window.row("mc-a")).to_have_count(0)
    window.page.get_by_role("table").get_by_role("link", name="x #?%/é").click()
    expect(window.page.get_by_role("heading", name="x #?%/é")).to_be_visible()
    window.page.reload()
    expect(window.page.get_by_role("heading", name="x #?%/é")).to_be_visible()


def test_a_long_console_is_read_to_its_first_line(
    make_daemon: MakeDaemon, pages: OpenWindow
) -> None:
    """Back by scrolling through all of it and at once, searched, and answered to."""
    daemon = make_daemon({"big": {"command": python(BIG)}}).start()
    daemon.until_line("big", "needle", 30)
    window = pages(daemon).open_app("big").sign_in()
    window.see("needle in the haystack")
    log = window.page.get_by_role("log")

    window.page.wait_for_function(SCROLL_UP, timeout=90_000)  # page by page, to the first of all
    expect(window.page.get_by_text("line 1", exact=True)).to_be_visible()
    expect(window.page.get_by_text("The log begins here.")).to_be_visible()
    window.button("Jump to newest").click()
    expect(window.page.get_by_text(f"line {LINES}", exact=True)).to_be_visible()
    log.focus()
    window.page.keyboard.press("Home")
    expect(window.page.get_by_text("line 1", exact=True)).to_be_visible()
    expect(window.page.get_by_text("[Octyne] Started server big")).to_be_visible()
    window.button("Jump to newest").click()
    expect(window.page.get_by_text(f"line {LINES}", exact=True)).to_be_visible()

    window.page.keyboard.press("Control+f")
    window.page.get_by_placeholder("Search the whole log").fill("line 4711")
    window.page.keyboard.press("Enter")
    window.see("11 found")
    window.page.get_by_role("search").get_by_role("button", name=re.compile("line 4711$")).click()
    expect(window.page.locator("[data-target]")).to_have_text("line 4711")
    expect(log.get_by_text("line 4712", exact=True)).to_be_visible()

    command = window.page.get_by_label("Command for the app")
    command.fill("hello")
    command.press("Enter")
    expect(log.get_by_text("heard hello", exact=True)).to_be_visible()
    command.press("ArrowUp")
    expect(command).to_have_value("hello")
    command.fill("one\ntwo")
    command.press("Enter")
    expect(log.get_by_text("heard two", exact=True)).to_be_visible()


def test_no_line_is_lost_or_repeated_when_the_daemon_is_killed(
    make_daemon: MakeDaemon, pages: OpenWindow
) -> None:
    """The page says quietly that it waits, and goes on where it was."""
    daemon = make_daemon({"count": {"command": python(COUNT)}}).start()
    window = pages(daemon).open_app("count").sign_in()
    window.see("count 3")
    daemon.kill()
    window.see("No connection to the daemon")
    daemon.start()
    expect(window.page.get_by_role("log").get_by_text("count 300", exact=True)).to_be_visible(
        timeout=40_000
    )
    expect(window.page.get_by_text("No connection to the daemon")).to_have_count(0)

    counted = [line for line in window.log_lines() if line.startswith("count")]
    assert counted == [f"count {i}" for i in range(1, 301)]


def test_a_flood_leaves_the_page_quick_and_small(
    make_daemon: MakeDaemon, pages: OpenWindow
) -> None:
    """Ten thousand lines a second: keys are answered, and the page holds a bounded part."""
    flood = "import time\ni=0\nwhile True:\n"
    flood += " for _ in range(500): i+=1; print('flood line', i, 'of a usual length, or so')\n"
    flood += " time.sleep(0.05)\n"
    daemon = make_daemon({"flood": {"command": [sys.executable, "-u", "-c", flood]}}).start()
    window = pages(daemon).open_app("flood").sign_in()
    expect(window.page.locator("main")).to_contain_text("flood line")  # whichever, they fly by
    command = window.page.get_by_label("Command for the app")
    command.focus()
    window.page.wait_for_timeout(4000)
    for letter in "abcdefgh":
        window.page.keyboard.press(letter)

    expect(command).to_have_value("abcdefgh", timeout=2000)
    nodes = window.page.evaluate("document.querySelectorAll('*').length")
    assert nodes < 3000
    slowest = window.page.evaluate("""() => new Promise((done) => {
        let last = performance.now(), slowest = 0, left = 60;
        const step = (now) => {
            slowest = Math.max(slowest, now - last);
            last = now;
            if (left-- > 0) requestAnimationFrame(step); else done(slowest);
        };
        requestAnimationFrame((now) => { last = now; requestAnimationFrame(step); });
    })""")
    assert slowest < 500  # milliseconds; a tenth of it on an idle machine


def test_an_app_is_added_changed_and_removed(make_daemon: MakeDaemon, pages: OpenWindow) -> None:
    """By a form, with the change shown first; comments stay in the file."""
    daemon = make_daemon({})
    config = daemon.directory / "config.json"
    text = json.dumps(daemon.config, indent=2).replace(
        '"servers": {}', '// the apps\n  "servers": {}'
    )
    config.write_text(text)
    window = pages(daemon.start()).go().sign_in()
    window.see("No apps yet")
    window.page.get_by_role("link", name="Add app").click()
    window.page.get_by_label("Name", exact=True).fill("new one")
    window.page.get_by_label("Command", exact=True).fill("cat")
    window.button("Review the change").click()
    expect(window.page.get_by_label("What changes in the config file")).to_contain_text("new one")
    window.button("Add app").click()
    expect(window.row("new one")).to_contain_text("Running")
    assert "// the apps" in config.read_text()

    window.open_app("new one", "settings")
    window.page.get_by_label("Stop command").fill("stop")
    window.button("Review the change").click()
    window.button("Save").click()
    window.see("were saved")
    saved = config.read_text()
    assert '"command": "stop"' in saved
    assert "// the apps" in saved

    window.go("/config")
    editor = window.page.get_by_label("Config file")
    expect(editor).to_contain_text("// the apps")
    editor.click()
    window.page.keyboard.press("Control+End")
    window.page.keyboard.type("oops")
    window.see("The config isn't valid yet")
    expect(window.button("Review changes")).to_be_disabled()
    window.button("Discard changes").click()
    window.page.keyboard.press("Escape")
    expect(editor).not_to_contain_text("oops")


def test_a_deleted_account_is_signed_out_under_its_open_page(
    make_daemon: MakeDaemon, pages: OpenWindow
) -> None:
    """And what its owner had typed is still there."""
    daemon = make_daemon({"app": {"command": ["cat"]}}).start()
    admin = pages(daemon).go("/accounts").sign_in()
    admin.button("Add account").click()
    admin.page.get_by_label("User name").fill("guest")
    admin.page.get_by_label("Password", exact=True).fill("a long password")
    admin.button("Create account").click()
    admin.see("Account guest was created")

    guest = pages(daemon).open_app("app").sign_in("guest", "a long password")
    guest.page.get_by_label("Command for the app").fill("not sent yet")
    admin.button("More for guest").click()
    admin.page.get_by_role("menuitem", name="Delete").click()
    admin.button("Delete guest").click()
    expect(guest.page.get_by_role("dialog")).to_contain_text("Your session has ended")
    guest.sign_in()
    expect(guest.page.get_by_role("dialog")).to_have_count(0)
    expect(guest.page.get_by_label("Command for the app")).to_have_value("not sent yet")
    eventually(lambda: "accounts.delete" in json.dumps(daemon.get("/log")), 5)
    admin.go("/log")
    admin.see("deleted an account")


def test_an_expired_session_is_renewed_over_the_page(
    make_daemon: MakeDaemon, pages: OpenWindow
) -> None:
    """A change that was refused by it is made after the sign-in, not lost."""
    window = pages(make_daemon({"app": {"command": ["cat"], "enabled": False}}).start())
    window.go().sign_in()
    expect(window.row("app")).to_contain_text("Stopped")
    start = window.row("app").get_by_role("button", name="Start app")
    window.context.clear_cookies()
    start.dispatch_event("click")  # the page may have found out by itself, and cover the button
    expect(window.page.get_by_role("dialog")).to_contain_text("Sign in again")
    window.sign_in()
    expect(window.row("app")).to_contain_text("Running")


def test_palette_and_the_phone(make_daemon: MakeDaemon, pages: OpenWindow) -> None:
    """Everything by typing; and no page is wider than a phone."""
    daemon = make_daemon({"app": {"command": program("says.py", "hello")}}).start()
    window = pages(daemon, size=(390, 844)).go().sign_in()
    expect(window.row("app")).to_be_visible()
    paths = ("/apps/app/console", "/apps/app/settings", "/log", "/accounts", "/sessions", "/about")
    for path in ("/", *paths):
        window.go(path)
        window.page.wait_for_timeout(300)
        width = window.page.evaluate("document.querySelector('main').scrollWidth")
        assert width <= 390, path
    window.page.keyboard.press("Control+k")
    window.page.get_by_placeholder("Find an app").fill("action log")
    window.page.keyboard.press("Enter")
    expect(window.page.get_by_role("heading", name="Action log")).to_be_visible()
