"""Sessions in two browsers: who one is, where one is signed in, and the end of that."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from support.browser import Window
from support.daemon import Daemon
from support.redis_server import running_redis

MakeDaemon = Callable[..., Daemon]
OpenWindow = Callable[..., Window]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(150)]


def test_one_browser_ends_the_session_of_another(
    make_daemon: MakeDaemon, pages: OpenWindow
) -> None:
    """The other one's open page asks for a sign-in; what was typed in it stays."""
    daemon = make_daemon({"app": {"command": ["cat"]}}).start()
    mine = pages(daemon).go("/sessions").sign_in()
    rows = mine.page.locator("tr[data-session]")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("This device")
    expect(rows).to_contain_text("Chrome on Linux")
    mine.see("You are signed in nowhere else")

    other = pages(daemon).open_app("app").sign_in()
    other.page.get_by_label("Command for the app").fill("not sent yet")
    expect(rows).to_have_count(2)  # by itself
    rows.filter(has_not_text="This device").get_by_role("button").click()
    expect(mine.page.get_by_role("dialog")).to_contain_text("End this session?")
    mine.button("End session").click()
    mine.see("The session has ended")
    expect(rows).to_have_count(1)
    expect(other.page.get_by_role("dialog")).to_contain_text("Your session has ended")
    other.sign_in()
    expect(other.page.get_by_role("dialog")).to_have_count(0)
    expect(other.page.get_by_label("Command for the app")).to_have_value("not sent yet")

    tokens = [daemon.token() for _ in range(3)]
    expect(rows).to_have_count(5)
    mine.button("End all others").click()
    expect(mine.page.get_by_role("dialog")).to_contain_text("End all your other sessions?")
    mine.page.get_by_role("dialog").get_by_role("button", name="End all others").click()
    expect(rows).to_have_count(1)
    expect(other.page.get_by_role("dialog")).to_contain_text("Your session has ended")
    assert daemon.api("GET", "/whoami", Authorization=tokens[0]).status == 401


def test_the_page_asks_who_is_signed_in(make_daemon: MakeDaemon, pages: OpenWindow) -> None:
    """The browser remembers no name."""
    window = pages(make_daemon({}).start()).go().sign_in()
    menu = window.page.get_by_role("complementary").get_by_role("button", name="admin")
    expect(menu).to_be_visible()
    window.page.evaluate("localStorage.clear()")
    window.page.reload()

    expect(menu).to_be_visible()
    assert window.page.evaluate("JSON.stringify(localStorage)").count("admin") == 0


def test_sessions_in_redis(make_daemon: MakeDaemon, pages: OpenWindow, tmp_path: Path) -> None:
    """They can't be listed, and the page says so; all others can be ended."""
    with running_redis(tmp_path) as redis:
        section = {"enabled": True, "url": redis.url, "role": "primary"}
        daemon = make_daemon({}, redis=section).start()
        token = daemon.token()
        window = pages(daemon).go("/sessions").sign_in()
        window.see("Sessions kept in Redis can't be listed.")
        window.button("End all others").click()
        window.page.get_by_role("dialog").get_by_role("button", name="End all others").click()
        window.see("Your other sessions have ended")

        assert daemon.api("GET", "/whoami", Authorization=token).status == 401
