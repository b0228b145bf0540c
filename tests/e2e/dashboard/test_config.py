"""The config's editor."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from support.browser import Window
from support.daemon import Daemon

pytestmark = [pytest.mark.slow, pytest.mark.timeout(150)]


def test_a_refusal_leads_to_its_place(
    make_daemon: Callable[..., Daemon], pages: Callable[..., Window]
) -> None:
    """The cursor stands where the daemon says that the fault is; what was typed stays."""
    daemon = make_daemon({})
    window = pages(daemon.start()).go("/config").sign_in()
    editor = window.page.get_by_role("textbox", name="Config file")
    editor.click()
    window.page.keyboard.press("Control+a")
    config = {**daemon.config, "servers": {"app": {"command": 5}}}
    window.page.keyboard.insert_text(json.dumps(config, indent=1))
    window.page.keyboard.press("Control+Home")
    window.button("Review changes").click()
    window.button("Apply").click()
    window.see("The config isn't valid yet")
    line = 1 + json.dumps(config, indent=1).split('"command"')[0].count("\n")

    window.see(f"Line {line}, column")
    expect(window.page.locator(".cm-activeLine")).to_contain_text('"command": 5')
    expect(editor).to_be_focused()


def test_a_fault_that_is_out_of_sight_is_found(
    make_daemon: Callable[..., Daemon], pages: Callable[..., Window]
) -> None:
    """What keeps the text from being saved may be a hundred lines above."""
    daemon = make_daemon({})
    window = pages(daemon.start()).go("/config").sign_in()
    window.page.get_by_role("textbox", name="Config file").click()
    window.page.keyboard.press("Control+a")
    servers = {f"app{number}": {"command": ["cat"]} for number in range(40)}
    window.page.keyboard.insert_text("oops" + json.dumps({"servers": servers}, indent=1))
    window.see("Line 1, column 1: This is no value.")
    expect(window.button("Review changes")).to_be_disabled()
    window.page.keyboard.press("Control+End")
    expect(window.page.locator(".cm-activeLine")).not_to_contain_text("oops")

    window.button("Go there").click()

    expect(window.page.locator(".cm-activeLine")).to_contain_text("oops")
    expect(window.page.locator(".cm-activeLine")).to_be_in_viewport()


def test_a_broken_file_is_told_with_its_place_when_it_is_read_again(
    make_daemon: Callable[..., Daemon], pages: Callable[..., Window]
) -> None:
    """Somebody who edits by hand has nothing else to go by."""
    daemon = make_daemon({})
    window = pages(daemon.start()).go("/config").sign_in()
    window.see("Nothing has changed.")
    (daemon.directory / "config.json").write_text('{"port": "x"}')
    window.button("Read from disk again").click()

    window.see("config.json, line 1, column 2: port must be")
