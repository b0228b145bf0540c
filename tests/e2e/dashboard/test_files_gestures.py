"""What hands do in the files: a box around rows, drops from the desktop, a long press."""

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

ROWS = 120
# A headless browser has nobody to ask: this answers in its place, after a click as it would.
ASKS = """
  let isAllowed = false;
  FileSystemHandle.prototype.queryPermission = async () => isAllowed ? "granted" : "prompt";
  FileSystemHandle.prototype.requestPermission = async () => {
    isAllowed = navigator.userActivation.isActive;
    return isAllowed ? "granted" : "denied";
  };
"""
DEEP = 130  # more than a browser tells of a folder at once


def _middle(folder: Folder, name: str) -> tuple[float, float]:
    frame = folder.row(name).locator('[data-column="modified"]').bounding_box()
    assert frame is not None
    return frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] / 2


def test_a_box_selects_what_it_touches(folder: Folder) -> None:
    """From row to row; with Ctrl on top of what was selected; a click takes it all back."""
    mouse = folder.page.mouse
    mouse.move(*_middle(folder, "a.txt"))
    mouse.down()
    mouse.move(*_middle(folder, "b.txt"), steps=4)
    expect(folder.page.locator("[data-box]")).to_be_visible()
    mouse.up()
    expect(folder.page.locator("[data-box]")).to_have_count(0)
    assert folder.selected() == ["a.txt", "b.txt"]

    folder.page.keyboard.down("Control")
    mouse.move(*_middle(folder, "server.properties"))
    mouse.down()
    x, y = _middle(folder, "server.properties")
    mouse.move(x, y + 60, steps=4)  # below the last row
    mouse.up()
    folder.page.keyboard.up("Control")
    assert folder.selected() == ["a.txt", "b.txt", "server.properties"]
    mouse.click(x, y + 90)
    expect(folder.page.locator('[aria-selected="true"]')).to_have_count(0)


def test_a_box_at_the_edge_scrolls(folder: Folder) -> None:
    """For as long as the mouse is there, also when it rests."""
    for i in range(ROWS):
        (folder.home / f"row {i:03}").touch()
    folder.window.open_app("mc", "files")
    folder.window.see("125 entries")
    mouse = folder.page.mouse
    mouse.move(*_middle(folder, "row 000"))
    mouse.down()
    frame = folder.page.locator("[data-files]").bounding_box()
    assert frame is not None
    mouse.move(frame["x"] + 500, frame["y"] + frame["height"] - 4, steps=5)
    folder.window.see(f"{ROWS + 1} selected")  # and "server.properties", the last one
    mouse.up()
    expect(folder.row("server.properties")).to_have_attribute("aria-selected", "true")


def test_files_and_folders_are_dropped_from_the_desktop(folder: Folder, tmp_path: Path) -> None:
    """Into the folder that is shown, with empty folders; and onto a row."""
    pack = tmp_path / "pack"
    (pack / "deep" / "empty").mkdir(parents=True)
    for i in range(DEEP):
        (pack / "deep" / f"{i}.txt").write_text(f"{i}")
    single = tmp_path / "single.bin"
    single.write_bytes(os.urandom(3 << 20))
    folder.drop(pack, single)
    folder.window.see(f"{DEEP + 1} files uploaded")
    assert (folder.home / "pack" / "deep" / "empty").is_dir()
    for i in range(DEEP):
        assert (folder.home / "pack" / "deep" / f"{i}.txt").read_text() == f"{i}"
    assert (folder.home / "single.bin").read_bytes() == single.read_bytes()
    expect(folder.row("single.bin")).to_be_visible()

    folder.drop(single, on=folder.row("world").get_by_role("link"))
    eventually((folder.home / "world" / "single.bin").exists, 15)
    folder.drop(single)
    expect(folder.page.get_by_role("dialog")).to_contain_text("This name is taken")
    folder.window.button("Keep both").click()
    eventually((folder.home / "single (2).bin").exists, 15)


@pytest.mark.parametrize("asks", [False, True], ids=["allowed", "asked"])
def test_a_large_drop_goes_on_after_a_reload(folder: Folder, tmp_path: Path, *, asks: bool) -> None:
    """The browser reads the file again where it was; where it has to ask, after a click."""
    page = folder.page
    big = tmp_path / "big.bin"
    big.write_bytes(os.urandom(1 << 20) * 24)
    if asks:
        page.add_init_script(ASKS)
    folder.throttle(2_000_000)
    folder.drop(big)
    row = page.locator('[data-upload="big.bin"]')
    expect(row).to_contain_text(re.compile(r"[1-9][.\d]* MiB of 24"))
    folder.window.button("Pause all").click()
    expect(row).to_contain_text("Paused")
    page.reload()
    folder.throttle(-1)
    if asks:
        folder.window.see("1 upload needs its file again")
        folder.window.button("Go on with them").click()
    else:
        folder.window.button("Go on with all").click()
    folder.window.see("1 file uploaded")
    assert (folder.home / "big.bin").read_bytes() == big.read_bytes()


def test_a_finger_selects_and_opens_the_menu(
    make_daemon: MakeDaemon, pages: OpenWindow, home: Path
) -> None:
    """A long press begins a selection, taps go on with it; the menu has what one can do."""
    daemon = make_daemon({"mc": {"command": ["cat"], "directory": str(home)}}).start()
    window = pages(daemon, size=(390, 844), has_touch=True).open_app("mc", "files").sign_in()
    folder = Folder(window, home)
    page = window.page
    expect(folder.row("a.txt")).to_be_visible()
    folder.press(folder.row("a.txt"))
    window.see("1 selected")
    folder.lift()
    expect(folder.row("a.txt")).to_have_attribute("aria-selected", "true")
    folder.row("b.txt").tap()
    window.see("2 selected")
    folder.press(folder.row("b.txt"))
    expect(page.get_by_role("menuitem", name="Make an archive")).to_be_visible()
    folder.lift()
    page.get_by_role("menuitem", name="Delete").tap()
    page.get_by_role("dialog").get_by_role("button", name="Delete").tap()
    expect(folder.row("b.txt")).to_have_count(0)
    expect(folder.row("a.txt")).to_have_count(0)
    assert {each.name for each in home.iterdir()} == {"c.txt", "server.properties", "world"}

    folder.row("c.txt").get_by_role("button", name=re.compile("More for")).tap()
    page.get_by_role("menuitem", name="Rename").tap()
    page.get_by_label("Rename").fill("d.txt")
    page.keyboard.press("Enter")
    expect(folder.row("d.txt")).to_be_visible()
    folder.row("world").tap()
    expect(folder.row("level.dat")).to_be_visible()
