"""Two people at work in the files of one app, each in a browser of their own."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from support.browser import Window
from support.daemon import Daemon
from support.eventually import eventually
from support.folder import Folder

MakeDaemon = Callable[..., Daemon]
OpenWindow = Callable[..., Window]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(150)]

PASSWORD = "the second one's own"


@pytest.fixture
def pair(make_daemon: MakeDaemon, pages: OpenWindow, home: Path) -> tuple[Folder, Folder]:
    """The same folder, open for two accounts."""
    daemon = make_daemon({"mc": {"command": ["cat"], "directory": str(home)}}).start()
    account = {"username": "second", "password": PASSWORD}
    assert daemon.ask("POST", "/accounts", json.dumps(account)).status == 200
    first = Folder(pages(daemon).open_app("mc", "files").sign_in(), home)
    second = Folder(pages(daemon).open_app("mc", "files").sign_in("second", PASSWORD), home)
    for each in (first, second):
        expect(each.row("a.txt")).to_be_visible()
    return first, second


def test_each_sees_what_the_other_does(pair: tuple[Folder, Folder]) -> None:
    """Made, renamed, moved, deleted: in the other's list at once, and out of its selection."""
    mine, theirs = pair
    mine.window.button("New").click()
    mine.page.get_by_role("menuitem", name="New folder").click()
    mine.page.get_by_label("Name", exact=True).fill("plugins")
    mine.window.button("Create").click()
    expect(theirs.row("plugins")).to_be_visible()

    theirs.select("a.txt", "b.txt")
    mine.select("a.txt")
    mine.page.keyboard.press("F2")
    mine.page.get_by_label("Rename").fill("first.txt")
    mine.page.keyboard.press("Enter")
    expect(theirs.row("first.txt")).to_be_visible()
    expect(theirs.row("a.txt")).to_have_count(0)
    expect(theirs.page.get_by_text("1 selected").first).to_be_visible()

    theirs.row("b.txt").drag_to(theirs.row("plugins"))
    expect(mine.row("b.txt")).to_have_count(0)
    mine.row("plugins").get_by_role("link").click()
    expect(mine.row("b.txt")).to_be_visible()
    theirs.delete("plugins")
    mine.window.see("This folder does not exist")
    expect(mine.row("b.txt")).to_have_count(0)
    mine.window.button("To the folder above").click()
    expect(mine.row("first.txt")).to_be_visible()


def test_uploads_of_one_name_at_once(pair: tuple[Folder, Folder], tmp_path: Path) -> None:
    """Both come to an end, what is there is one of the two, whole, and both see it."""
    contents = []
    for i, each in enumerate(pair):
        file = tmp_path / str(i) / "pack.bin"
        file.parent.mkdir()
        contents.append(os.urandom((2 + i) << 20))
        file.write_bytes(contents[-1])
        each.throttle(1_000_000)
        each.page.locator('[data-upload="files"]').set_input_files(str(file))
    for each in pair:
        expect(each.page.locator('[data-upload="pack.bin"]')).to_contain_text(
            re.compile(r"[\d.]+ [KM]iB of [23]")
        )
    for each in pair:
        each.throttle(-1)
    for each in pair:
        each.window.see("1 file uploaded")
        expect(each.row("pack.bin")).to_contain_text(re.compile(r"[23]\.0 MiB"))
    assert (pair[0].home / "pack.bin").read_bytes() in contents


def test_an_edit_meets_another(pair: tuple[Folder, Folder]) -> None:
    """Who has changed nothing sees the new text; who has is told, and joins both."""
    mine, theirs = pair
    file = mine.home / "server.properties"
    editors = []
    for each in pair:
        each.row("server.properties").get_by_role("link").click()
        editors.append(each.page.get_by_label("Text of server.properties"))
        expect(editors[-1]).to_contain_text("motd=old")
    editors[0].click()
    mine.page.keyboard.press("Control+Home")
    mine.page.keyboard.type("mine=1\n")
    mine.page.keyboard.press("Control+s")
    expect(editors[1]).to_contain_text("mine=1")

    editors[1].click()
    theirs.page.keyboard.press("Control+End")
    theirs.page.keyboard.type("theirs=2")
    theirs.window.see("Unsaved changes")
    editors[0].click()
    mine.page.keyboard.press("Control+Home")
    mine.page.keyboard.type("again=3\n")
    mine.page.keyboard.press("Control+s")
    theirs.window.see("This file was changed on the disk.")
    assert b"theirs" not in file.read_bytes()
    theirs.page.keyboard.press("Control+s")
    dialog = theirs.page.get_by_role("dialog")
    expect(dialog).to_contain_text("again=3")
    dialog.get_by_label("Revert this chunk").first.click()
    theirs.window.button("Save the right side").click()
    expect(dialog).to_have_count(0)
    assert file.read_text() == "again=3\nmine=1\nmotd=old\nport=1\ntheirs=2"
    expect(editors[0]).to_contain_text("theirs=2")


def test_a_folder_goes_away_under_an_editor_and_an_upload(
    pair: tuple[Folder, Folder], tmp_path: Path
) -> None:
    """The text stays, and can be saved once there is a folder; the upload says what is missing."""
    mine, theirs = pair
    (mine.home / "world" / "notes.txt").write_text("old\n")
    big = tmp_path / "big.bin"
    big.write_bytes(os.urandom(3 << 20))
    mine.row("world").get_by_role("link").click()
    expect(mine.row("notes.txt")).to_be_visible()
    mine.throttle(400_000)
    mine.page.locator('[data-upload="files"]').set_input_files(str(big))
    expect(mine.page.locator('[data-upload="big.bin"]')).to_contain_text("of 3")
    mine.row("notes.txt").get_by_role("link").click()
    editor = mine.page.get_by_label("Text of notes.txt")
    editor.click()
    mine.page.keyboard.press("Control+Home")
    mine.page.keyboard.type("new ")
    mine.window.see("Unsaved changes")
    theirs.delete("world")
    expect(theirs.row("world")).to_have_count(0)
    mine.window.see("This file was deleted on the disk.")
    mine.throttle(-1)
    failed = mine.page.locator('[data-upload="big.bin"]')
    expect(failed).to_contain_text("This folder does not exist")
    mine.page.keyboard.press("Control+s")
    dialog = mine.page.get_by_role("dialog")
    expect(dialog).to_contain_text("notes.txt was deleted meanwhile")
    mine.window.button("Save it anew").click()
    expect(mine.page.get_by_role("alert").last).to_contain_text("does not exist")
    expect(editor).to_contain_text("new old")
    (mine.home / "world").mkdir()
    mine.window.button("Save it anew").click()
    expect(dialog).to_have_count(0)
    eventually(lambda: (mine.home / "world" / "notes.txt").read_text() == "new old\n", 5)
    mine.window.button("Retry failed").click()
    mine.window.see("1 file uploaded")
    assert (mine.home / "world" / "big.bin").read_bytes() == big.read_bytes()
