"""Pictures of the files in every state, for people to look at: `make screenshots`."""

import json
import os
import re
import struct
import wave
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from support.browser import Window
from support.daemon import Daemon
from support.folder import Folder

MakeDaemon = Callable[..., Daemon]
OpenWindow = Callable[..., Window]

SIZES = {"desktop": (1360, 860), "phone": (390, 844)}
PROPERTIES = """\
#Minecraft server properties
motd=A server of friends
max-players=20
view-distance=10
server-port=25565
white-list=true
"""


def _fill(home: Path) -> None:
    """What a game server's directory looks like."""
    for folder in ("world/region", "plugins", "logs", "crash-reports", "backups", "empty"):
        (home / folder).mkdir(parents=True)
    (home / "server.properties").write_text(PROPERTIES)
    (home / "eula.txt").write_text("eula=true\n")
    (home / "start.sh").write_text("#!/bin/sh\nexec java -Xmx4G -jar server.jar nogui\n")
    (home / "server.jar").write_bytes(b"PK\3\4" + os.urandom(3 << 20))
    (home / ".env").write_text("TOKEN=x\n")
    (home / "world" / "level.dat").write_bytes(bytes(range(256)) * 40)
    lines = (f"[12:{i // 60:02}:{i % 60:02}] [Server thread/INFO]: tick {i}" for i in range(900))
    (home / "logs" / "latest.log").write_text("\n".join(lines))
    (home / "plugins" / "config.yml").write_text("enabled: true\nname: spawn\nplayers: [a, b]\n")
    (home / "banned.json").write_text('[\n  {"name": "x"}\n  {"name": "y"}\n]\n')
    players = [{"name": f"player{i}", "uuid": f"{i:032x}", "level": i} for i in range(40)]
    (home / "usercache.json").write_text(json.dumps({"version": 2, "players": players}))
    (home / "icon.png").write_bytes(_png(320, 200))
    (home / "manual.pdf").write_bytes(b"%PDF-1.4\n" + bytes(90_000))
    with wave.open(str(home / "bell.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(8000)
        file.writeframes(bytes(8000 * 9))


def _png(width: int, height: int) -> bytes:
    def part(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    rows = b"".join(
        b"\0" + b"".join(bytes((x * 255 // width, 110, y * 255 // height)) for x in range(width))
        for y in range(height)
    )
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = part(b"IHDR", head) + part(b"IDAT", zlib.compress(rows)) + part(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


class Album:
    """Takes the pictures of one look."""

    def __init__(self, folder: Folder, directory: Path, look: str) -> None:
        self.folder = folder
        self.page = folder.page
        self.window = folder.window
        self._directory = directory
        self._look = look

    def take(self, name: str) -> None:
        """One picture, when nothing moves any more."""
        self.page.wait_for_timeout(700)
        self.page.screenshot(path=str(self._directory / f"files-{name}-{self._look}.png"))

    def open(self, path: str = "/") -> None:
        """Show a folder."""
        self.window.go(f"/apps/mc-survival/files?path={path.replace('/', '%2F')}")

    def view(self, path: str) -> None:
        """Show a file."""
        self.window.go(f"/apps/mc-survival/files?file={path.replace('/', '%2F')}")
        expect(self.page.get_by_role("button", name="Close", exact=True).first).to_be_visible()


@pytest.fixture(params=SIZES)
def size(request: pytest.FixtureRequest) -> str:
    """The name of a window's size."""
    return str(request.param)


@pytest.fixture(params=[False, True], ids=["light", "dark"])
def album(
    request: pytest.FixtureRequest,
    make_daemon: MakeDaemon,
    pages: OpenWindow,
    directory: Path,
    tmp_path: Path,
    size: str,
) -> Album:
    """The files of a game server, in one look."""
    home = tmp_path / "home"
    _fill(home)
    daemon = make_daemon({"mc-survival": {"command": ["cat"], "directory": str(home)}}).start()
    touch = size == "phone"
    window = pages(daemon, size=SIZES[size], dark=request.param, has_touch=touch)
    window.open_app("mc-survival", "files").sign_in()
    folder = Folder(window, home)
    expect(folder.row("eula.txt")).to_be_visible()
    return Album(folder, directory, f"{size}-{'dark' if request.param else 'light'}")


pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


def test_pictures_of_folders(album: Album) -> None:
    """Lists, with and without something in them, and what one does there."""
    page, window, folder = album.page, album.window, album.folder
    is_phone = page.viewport_size is not None and page.viewport_size["width"] < 500
    album.take("list")
    for name in ("eula.txt", "icon.png", "server.jar"):
        folder.row(name).locator("[data-check]").click()
    album.take("selected")
    if is_phone:
        folder.row("server.jar").get_by_role("button", name="More for").tap()
    else:
        folder.row("server.jar").click(button="right")
    album.take("menu")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    folder.row("eula.txt").locator("[data-check]").click()
    page.get_by_role("grid").focus()
    page.keyboard.press("F2")
    page.get_by_label("Rename").fill("icon.png")
    album.take("rename")
    page.keyboard.press("Escape")
    album.open()
    folder.row("eula.txt").locator("[data-check]").click()
    page.get_by_role("grid").focus()
    page.keyboard.press("Delete")
    album.take("delete")
    window.button("Cancel").click()
    album.open("/empty")
    album.take("empty")
    album.open("/none")
    album.take("gone")
    page.route("**/api/server/*/files?path=%2Flogs", _fail)
    album.open("/logs")
    window.see("can't be shown")
    album.take("error")
    page.route("**/api/server/*/files?path=%2Fplugins", lambda _: None)
    album.open("/plugins")
    album.take("loading")
    page.unroute_all(behavior="ignoreErrors")
    album.open()
    expect(folder.row("eula.txt")).to_be_visible()
    page.keyboard.press("Control+f")
    page.get_by_label("Text in the files").fill("enabled")
    page.keyboard.press("Enter")
    window.see("1 found")
    album.take("search")


def _fail(route: Route) -> None:
    route.fulfill(status=422, body='{"error": "The folder could not be read: Input/output error."}')


def test_pictures_of_transfers(album: Album, tmp_path: Path) -> None:
    """Names that are taken, uploads under way, paused, failed."""
    page, window, folder = album.page, album.window, album.folder
    sent = tmp_path / "sent"
    sent.mkdir()
    for i in range(12):
        (sent / f"region {i}.mca").write_bytes(os.urandom(400_000 + i * 300_000))
    taken = [sent / "server.properties", sent / "eula.txt"]
    for each in taken:
        each.write_text("new\n")
    folder.throttle(400_000)
    field = page.locator('[data-upload="files"]')
    field.set_input_files([str(each) for each in [*taken, *sent.glob("*.mca")]])
    expect(page.get_by_role("dialog")).to_be_visible()
    album.take("conflict")
    page.get_by_role("dialog").get_by_text("Do the same for").click()
    window.button("Keep both").click()
    window.see("Uploading")
    expect(page.get_by_role("region", name="Transfers")).to_contain_text(re.compile("[2-9] of 14"))
    _expand(album)
    album.take("queue")
    window.button("Pause all").click()
    album.take("queue-paused")
    (folder.home / "region 11.mca").mkdir()
    folder.throttle(-1)
    window.button("Go on with all").click()
    window.see("failed")
    album.take("queue-failed")


def _expand(album: Album) -> None:
    """A phone shows the panel's head alone at first."""
    show = album.window.button("Expand")
    if show.is_visible():
        show.click()


def test_pictures_of_files(album: Album) -> None:
    """Each kind of file; the editor, and an edit that meets another."""
    page, window, home = album.page, album.window, album.folder.home
    for name, path in {
        "text": "/server.properties",
        "json": "/usercache.json",
        "json-fault": "/banned.json",
        "image": "/icon.png",
        "audio": "/bell.wav",
        "log": "/logs/latest.log",
        "pdf": "/manual.pdf",
        "binary": "/world/level.dat",
        "no-file": "/nothing.txt",
    }.items():
        album.view(path)
        album.take(f"view-{name}")
    album.view("/server.properties")
    editor = page.get_by_label("Text of server.properties")
    editor.click()
    page.keyboard.press("Control+End")
    page.keyboard.type("difficulty=hard\n")
    page.keyboard.press("Control+f")
    album.take("editor-find")
    page.keyboard.press("Escape")
    (home / "server.properties").write_text(PROPERTIES.replace("friends", "strangers"))
    page.keyboard.press("Control+s")
    expect(page.get_by_role("dialog")).to_contain_text("was changed meanwhile")
    album.take("editor-conflict")
    window.button("Keep editing").click()
    album.take("editor-stale")
    window.button("Close").first.click()
    album.take("editor-leave")
    window.button("Discard").click()
