"""What apps print, however odd, in the dashboard's console."""

import sys
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from support.browser import Window
from support.daemon import Daemon

MakeDaemon = Callable[..., Daemon]
OpenWindow = Callable[..., Window]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(150)]

RED = r"""
print("\x1b[31mit begins here")
for i in range(1, 4001): print("line", i)
print("\x1b[0mplain again", flush=True)
import time; time.sleep(600)
"""
PROGRESS = r"""
import sys
for i in range(1, 3001):
    print(f"\r\x1b[Kstep {i} of 3000, and what is done in it", end="", flush=True)
print("\nname? ", end="", flush=True)
for line in sys.stdin: print("hello " + line.strip() + "\nname? ", end="", flush=True)
"""
HOSTILE = r"""
import sys
put = sys.stdout.write
put("<img src=x onerror=\"document.title='broken'\"> <script>document.title='broken'</script>\n")
put("\x1b]0;a title\x07behind a title\n\x1b]8;;javascript:alert(1)\x1b\\a link\x1b]8;;\x1b\\\n")
put("\u202eturned around\u2066 \u200bhidden\ufeff\u2028\n\x9b31mred by C1\x9d0;title\x9c\x9b0m\n")
put("\x1b[2J\x1b[999;999Hfar\x1b[99999999Caway\x1b[?1049h\x1bc\n")
put("\x1b[" + "1;" * 100_000 + "m\n" + "\x1b]0;" + "x" * 100_000 + "\n")
put("a" + "\u0301" * 100_000 + "\n" + "".join(f"\x1b[38;5;{i % 256}mx" for i in range(50_000)))
put("\x1b[0m\n" + "http://" * 20_000 + "\n" + "\b" * 100_000 + "\n" + "\x00\x07\x7f" * 1000 + "\n")
for i in range(10): put("long " * 200_000)
print("\nthe end", flush=True)
import time; time.sleep(600)
"""
# Characters that no page may hold: controls, and what hides or turns around its neighbours.
UNSAFE = r"/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2060-\u2069\ufeff]/"


def open_console(make_daemon: MakeDaemon, pages: OpenWindow, code: str) -> tuple[Window, Locator]:
    """An app of that code, and its log in the page."""
    daemon = make_daemon({"app": {"command": [sys.executable, "-X", "utf8", "-c", code]}}).start()
    window = pages(daemon).open_app("app").sign_in()
    return window, window.page.get_by_role("log")


def colour(line: Locator) -> str:
    """What a line's letters have."""
    return str(line.evaluate("line => getComputedStyle(line).color"))


def test_colours_go_on_from_line_to_line(make_daemon: MakeDaemon, pages: OpenWindow) -> None:
    """Also into lines that were there first, once the colour's beginning is read."""
    window, log = open_console(make_daemon, pages, RED)
    last = log.get_by_text("line 4000", exact=True)
    expect(last).to_be_visible()
    plain = colour(log.get_by_text("plain again"))
    assert colour(last) == plain  # the scrollback begins behind the colour

    window.page.wait_for_function("""() => {
        const log = document.querySelector("[role=log]");
        log.scrollTop = 0;
        return log.textContent.includes("it begins here");
    }""")
    red = colour(log.get_by_text("it begins here"))
    assert red != plain
    assert colour(log.get_by_text("line 1", exact=True)) == red
    window.button("Jump to newest").click()
    expect(last).to_be_visible()
    assert colour(last) == red
    assert colour(log.get_by_text("plain again")) == plain


def test_a_line_that_is_written_over(make_daemon: MakeDaemon, pages: OpenWindow) -> None:
    """A progress bar is one line in its last state, and prompts go on in theirs."""
    window, log = open_console(make_daemon, pages, PROGRESS)
    done = log.get_by_text("step 3000 of 3000, and what is done in it", exact=True)
    expect(done).to_have_count(1)
    expect(log.get_by_text("of 3000")).to_have_count(1)

    log.focus()
    window.page.keyboard.press("Home")  # read anew, from the log's pages
    expect(done).to_have_count(1)
    expect(log.get_by_text("name?")).to_be_visible()
    command = window.page.get_by_label("Command for the app")
    command.fill("you")
    command.press("Enter")
    expect(log.get_by_text("name? hello you", exact=True)).to_be_visible()


def test_hostile_output_harms_nothing(make_daemon: MakeDaemon, pages: OpenWindow) -> None:
    """Of 10 MB in one line and broken sequences the page shows a bounded, readable part."""
    window, log = open_console(make_daemon, pages, HOSTILE)
    expect(log.get_by_text("the end", exact=True)).to_be_visible(timeout=30_000)
    assert window.page.evaluate("document.querySelectorAll('*').length") < 5000
    log.focus()
    window.page.keyboard.press("Home")

    expect(log.get_by_text("turned around hidden", exact=True)).to_be_visible()
    expect(log.get_by_text("<img src=x onerror=")).to_be_visible()
    expect(log.get_by_text("behind a title", exact=True)).to_be_visible()
    expect(log.get_by_text("red by C1", exact=True)).to_be_visible()
    expect(log.locator("a[href^=javascript]")).to_have_count(0)
    expect(window.page).to_have_title("app · Octyne")
    assert not log.evaluate(f"log => {UNSAFE}.test(log.textContent)")
    assert window.page.evaluate("document.querySelectorAll('*').length") < 20_000
    command = window.page.get_by_label("Command for the app")
    command.press_sequentially("still quick")
    expect(command).to_have_value("still quick", timeout=2000)


def test_searching_on_a_phone(make_daemon: MakeDaemon, pages: OpenWindow) -> None:
    """What was found can be seen: the results fold up, and lead from line to line."""
    code = "for i in range(8000): print('row', i)\nprint('ready', flush=True)\ninput()"
    daemon = make_daemon({"app": {"command": [sys.executable, "-c", code]}}).start()
    daemon.until_line("app", "ready")
    window = pages(daemon, size=(390, 844)).open_app("app").sign_in()
    log = window.page.get_by_role("log")
    expect(log).to_contain_text("ready")
    window.button("Search the whole log").click()
    window.page.get_by_placeholder("Search the whole log").fill("row 77")
    window.page.keyboard.press("Enter")
    window.see("111 found")
    hits = window.page.get_by_role("search").get_by_role("listitem")
    hits.nth(3).get_by_role("button").click()

    target = window.page.locator("[data-target]")
    expect(target).to_have_text("row 7796")
    expect(hits.first).to_be_hidden()
    target.click(trial=True)  # nothing covers it
    window.see("4 of 111 found")
    window.button("Previous line found").click()
    expect(target).to_have_text("row 7795")
    window.button("All lines found").click()
    expect(hits.first).to_be_visible()
    window.button("Close").click()
    expect(hits).to_have_count(0)
