"""An app's files in the dashboard: uploads, the editor, selections, archives, search."""

import os
import re
import zipfile
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

FILES = 200
MANY = 100_000
FRAMES = """
  () => new Promise((done) => {
    const grid = document.querySelector("[role=grid]");
    const times = [];
    let empty = 0, last = performance.now();
    const step = (now) => {
      times.push(now - last);
      last = now;
      const frame = grid.getBoundingClientRect();
      const hit = document.elementFromPoint(frame.left + 200, frame.top + frame.height / 2);
      if (!hit?.closest("[data-index]")) empty += 1;
      grid.scrollTop += 2500;
      if (times.length < 90) requestAnimationFrame(step);
      else done({ slow: times.filter((each) => each > 120).length, empty, top: grid.scrollTop });
    };
    requestAnimationFrame(step);
  })
"""


def test_a_folder_is_uploaded_over_a_pause_and_a_reload(folder: Folder, tmp_path: Path) -> None:
    """One of its names is taken: both are kept; what was paused goes on in the new page."""
    page = folder.page
    pack = tmp_path / "pack"
    (pack / "sub").mkdir(parents=True)
    for i in range(FILES):
        place = pack / "sub" if i % 2 else pack
        (place / f"file {i:03}.bin").write_bytes(os.urandom(4000 + i))
    (folder.home / "pack").mkdir()
    (folder.home / "pack" / "file 000.bin").write_text("old")
    folder.throttle(150_000)
    page.locator('[data-upload="folder"]').set_input_files(str(pack))
    expect(page.get_by_role("dialog")).to_contain_text("This name is taken")
    folder.window.button("Keep both").click()
    folder.window.see("Uploading")
    folder.window.button("Pause all").click()
    expect(page.get_by_role("heading", name=re.compile("uploads? (is|are) paused"))).to_be_visible()
    sent = sum(1 for each in (folder.home / "pack").rglob("*.bin"))
    assert sent < FILES

    page.reload()
    expect(page.get_by_role("heading", name=re.compile("uploads? (is|are) paused"))).to_be_visible()
    folder.throttle(-1)
    folder.window.button("Go on with all").click()
    eventually(lambda: len(list((folder.home / "pack").rglob("*.bin"))) == FILES + 1, 60)
    expect(page.get_by_role("heading", name=re.compile("files? uploaded"))).to_be_visible()
    assert (folder.home / "pack" / "file 000.bin").read_text() == "old"
    taken = folder.home / "pack" / "file 000 (2).bin"
    assert taken.read_bytes() == (pack / "file 000.bin").read_bytes()
    for i in range(1, FILES):
        path = f"{'sub/' if i % 2 else ''}file {i:03}.bin"
        assert (folder.home / "pack" / path).read_bytes() == (pack / path).read_bytes()


def test_a_large_upload_goes_on_when_its_file_is_chosen_again(
    folder: Folder, tmp_path: Path
) -> None:
    """What a page may not keep is asked for after the reload; what was sent counts."""
    page = folder.page
    big = tmp_path / "big.bin"
    big.write_bytes(os.urandom(1 << 20) * 24)
    folder.throttle(2_000_000)
    page.locator('[data-upload="files"]').set_input_files(str(big))
    row = page.locator('[data-upload="big.bin"]')
    expect(row).to_contain_text(re.compile(r"[1-9][.\d]* MiB of 24"))
    folder.window.button("Pause all").click()
    page.once("dialog", lambda dialog: dialog.accept())
    page.reload()
    folder.window.see("1 upload needs its file again")
    folder.throttle(-1)
    page.get_by_label("Choose the files").set_input_files(str(big))
    folder.window.see("1 file uploaded")
    assert (folder.home / "big.bin").read_bytes() == big.read_bytes()


def test_an_edit_never_overwrites_what_it_has_not_seen(folder: Folder) -> None:
    """A change on the disk meanwhile is shown beside one's own; both can be joined."""
    page, window = folder.page, folder.window
    file = folder.home / "server.properties"
    file.write_bytes(b"\xef\xbb\xbfmotd=old\r\nport=1\r\n")
    folder.row("server.properties").get_by_role("link").click()
    editor = page.get_by_label("Text of server.properties")
    expect(editor).to_contain_text("motd=old")
    editor.click()
    page.keyboard.press("Control+End")
    page.keyboard.type("mine=1")
    page.keyboard.press("Enter")
    window.see("Unsaved changes")
    page.keyboard.press("Control+s")
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    assert file.read_bytes() == b"\xef\xbb\xbfmotd=old\r\nport=1\r\nmine=1\r\n"

    file.write_bytes(b"\xef\xbb\xbfmotd=theirs\r\nport=1\r\nmine=1\r\n")
    page.keyboard.type("mine=2")
    window.see("Unsaved changes")
    page.keyboard.press("Control+s")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("server.properties was changed meanwhile")
    expect(dialog).to_contain_text("motd=theirs")
    dialog.get_by_label("Revert this chunk").first.click()
    window.button("Save the right side").click()
    expect(dialog).to_have_count(0)
    assert file.read_bytes() == b"\xef\xbb\xbfmotd=theirs\r\nport=1\r\nmine=1\r\nmine=2"

    editor.click()
    page.keyboard.type("x")
    window.button("Close").click()
    expect(dialog).to_contain_text("Save your changes?")
    window.button("Discard").click()
    expect(folder.row("a.txt")).to_be_visible()
    assert file.read_bytes().endswith(b"mine=2")


def test_a_selection_is_moved_undone_copied_and_deleted(folder: Folder) -> None:
    """By mouse, by keys and by dragging."""
    page, window, home = folder.page, folder.window, folder.home
    folder.select("a.txt", "b.txt")
    folder.row("a.txt").drag_to(folder.row("world"))
    window.see("Moved 2 entries to world")
    assert (home / "world" / "a.txt").exists()
    assert not (home / "b.txt").exists()
    window.button("Undo").click()
    expect(folder.row("b.txt")).to_be_visible()
    assert (home / "a.txt").read_text() == "this is a.txt\n"

    folder.select("a.txt", "c.txt")
    page.keyboard.press("Control+c")
    page.keyboard.press("Control+v")
    expect(folder.row("c (2).txt")).to_be_visible()
    (home / "world" / "c.txt").write_text("theirs")
    folder.select("c.txt")
    page.keyboard.press("Control+x")
    folder.row("world").get_by_role("link").click()
    expect(folder.row("level.dat")).to_be_visible()
    page.keyboard.press("Control+v")
    expect(page.get_by_role("dialog")).to_contain_text("There is something called c.txt")
    window.button("Replace").click()
    expect(folder.row("c.txt")).to_have_attribute("aria-selected", "true")
    eventually(lambda: (home / "world" / "c.txt").read_text() == "this is c.txt\n", 5)

    page.keyboard.press("Backspace")
    expect(folder.row("world")).to_have_attribute("aria-selected", "true")
    folder.select("a.txt")
    page.keyboard.press("F2")
    page.get_by_label("Rename").fill("b.txt")
    window.see("There is something of this name already.")
    page.get_by_label("Rename").fill("ä #?%.txt")
    page.keyboard.press("Enter")
    expect(folder.row("ä #?%.txt")).to_be_visible()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    window.button("Delete 6 entries").click()
    window.see("This folder is empty")
    assert list(home.iterdir()) == []


def test_archives_are_made_and_unpacked(folder: Folder) -> None:
    """As jobs whose progress stays in sight."""
    page, window, home = folder.page, folder.window, folder.home
    folder.select("a.txt", "world")
    folder.menu("world", "Make an archive")
    page.get_by_label("Name of the archive").fill("backup")
    window.button("Make the archive").click()
    expect(folder.row("backup.zip")).to_be_visible()
    window.see("Packed backup.zip")
    with zipfile.ZipFile(home / "backup.zip") as archive:
        assert "world/level.dat" in archive.namelist()
    folder.menu("backup.zip", "Unpack here")
    window.button("Unpack").click()
    window.see("Unpacked backup.zip")
    eventually((home / "backup" / "a.txt").exists, 5)
    with page.expect_download() as download:
        folder.menu("world", "Download as zip")
    assert zipfile.is_zipfile(download.value.path())


def test_an_archive_is_given_up(folder: Folder) -> None:
    """Neither the archive nor anything hidden stays; the panel says what became of it."""
    page, window, home = folder.page, folder.window, folder.home
    (home / "big.bin").write_bytes(os.urandom(1 << 20) * 96)
    folder.window.open_app("mc", "files")
    folder.menu("big.bin", "Make an archive")
    page.get_by_label("Name of the archive").fill("slow")
    page.get_by_role("combobox", name="Format").click()
    page.get_by_role("option", name="tar.xz").click()
    window.button("Make the archive").click()
    job = page.locator('[data-job="slow.tar.xz"]')
    expect(job).to_contain_text("Packing")
    job.get_by_role("button", name="Cancel").click()
    expect(job).to_contain_text("Cancelled")
    names = {"a.txt", "b.txt", "c.txt", "big.bin", "server.properties", "world"}
    eventually(lambda: {each.name for each in home.iterdir()} == names, 10)
    page.reload()
    expect(folder.row("big.bin")).to_be_visible()
    expect(job).to_have_count(0)


def test_what_is_beneath_is_searched_and_measured(folder: Folder) -> None:
    """Names and contents; a click on what is found opens it at its line."""
    page, window, home = folder.page, folder.window, folder.home
    (home / "world" / "notes.yml").write_text("one\ntwo\nthe needle is here\n")
    page.keyboard.press("Control+f")
    page.get_by_label("Text in the files").fill("NEEDLE")
    page.keyboard.press("Enter")
    window.see("1 found")
    page.get_by_role("link", name=re.compile("notes.yml")).click()
    window.see("Line 3, column 1")
    page.go_back()
    folder.menu("world", "Measure the size")
    expect(folder.row("world")).to_contain_text("10.0 KiB")
    folder.menu("a.txt", "Permissions")
    page.get_by_label("Others: Write").check()
    window.button("Save").click()
    window.see("The permissions were changed")
    assert (home / "a.txt").stat().st_mode & 0o777 == 0o646


def test_a_hundred_thousand_entries_scroll(folder: Folder) -> None:
    """Only those in sight are drawn."""
    many = folder.home / "many"
    many.mkdir()
    for i in range(MANY):
        (many / f"entry {i}").touch()
    folder.window.go("/apps/mc/files?path=%2Fmany")
    expect(folder.row("entry 0")).to_be_visible(timeout=30_000)
    folder.window.see("100,000 entries")
    frames = folder.page.evaluate(FRAMES)
    assert frames["top"] > 200_000
    assert frames["slow"] <= 9  # of 90, with whatever else runs on this machine
    assert frames["empty"] <= 9
    assert folder.page.evaluate("document.querySelectorAll('*').length") < 2500
    folder.page.get_by_role("grid").focus()
    folder.page.keyboard.press("End")
    expect(folder.row(f"entry {MANY - 1}")).to_be_visible()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_files_keep_nobody_out(
    make_daemon: MakeDaemon, pages: OpenWindow, home: Path, *, dark: bool
) -> None:
    """Axe finds nothing serious, and a phone's width is enough."""
    daemon = make_daemon({"mc": {"command": ["cat"], "directory": str(home)}}).start()
    window = pages(daemon, dark=dark, size=(390, 844)).open_app("mc", "files").sign_in()
    folder = Folder(window, home)
    expect(folder.row("a.txt")).to_be_visible()
    found = window.serious()
    folder.row("a.txt").locator("[data-check]").click()
    expect(window.page.get_by_text("1 selected").first).to_be_visible()
    found += window.serious()
    (home / "bad.json").write_text('{"a" 1}')
    (home / "long.json").write_text('{"a": [' + "1, " * 500 + "1]}")
    (home / "manual.pdf").write_bytes(b"%PDF-1.4\n" + bytes(4000))
    files = ("server.properties", "world%2Flevel.dat", "bad.json", "long.json", "manual.pdf")
    for path in (*(f"?file=%2F{name}" for name in files), "?path=%2Fnone"):
        window.go(f"/apps/mc/files{path}")
        window.page.wait_for_timeout(700)
        found += [f"{path} {each}" for each in window.serious()]
        width = window.page.evaluate("document.querySelector('main').scrollWidth")
        assert width <= 390, path
    assert found == []
