"""A process swaps files and folders with links that lead out, while each operation runs."""

import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from support.archives import tar_of, zip_of
from support.daemon import Daemon, program
from support.eventually import eventually
from support.file_operations import (
    ALL,
    APP,
    TUS,
    Attack,
    Paths,
    batch,
    get,
    metadata,
    patch,
    unpack,
)
from support.outside import ANSWER_S, CANARY, Http, World, exchange, query

EACH_S = 0.04  # seconds that one operation is tried again and again
PATHS = {
    "last": Paths("file", "folder", "folder/new"),
    "ancestor": Paths("folder/inner.txt", "folder/sub", "folder/sub/new"),
    "within": Paths("keep/inner.txt", "keep/sub", "keep/sub/new"),
}


class Swapper:
    """The process; it stands still while things are put in order again."""

    def __init__(self, *pairs: tuple[Path, Path]) -> None:
        names = [name for pair in pairs for name in pair]
        self.process = subprocess.Popen(program("swapper.py", *names), stdout=subprocess.PIPE)
        assert self.process.stdout is not None
        self.process.stdout.readline()

    @contextmanager
    def paused(self) -> Iterator[None]:
        self.process.send_signal(signal.SIGSTOP)
        stat = Path(f"/proc/{self.process.pid}/stat")
        eventually(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T")
        yield
        self.process.send_signal(signal.SIGCONT)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


@contextmanager
def swapping(*pairs: tuple[Path, Path]) -> Iterator[Swapper]:
    """As long as the block runs."""
    swapper = Swapper(*pairs)
    try:
        yield swapper
    finally:
        swapper.end()


def build(world: World) -> None:
    """Things that are what they seem to be half of the time; the other half is in ``.swap``."""
    world.reset()
    home, outside = world.home, world.outside
    for folder in ("folder/sub", "keep/sub"):
        (home / folder).mkdir(parents=True)
    for name in ("file", "folder/inner.txt", "folder/sub/deep.txt", "keep/inner.txt"):
        (home / name).write_text("inside")
    (home / "file.zip").write_bytes(zip_of(("x", b"inside")))
    shutil.copy(home / "file.zip", home / "folder/a.zip")
    (home / "folder/a.tar").write_bytes(tar_of(("x", b"inside")))
    (home / ".swap").mkdir()
    (home / ".swap/file").symlink_to(outside / "secret.txt")
    (home / ".swap/folder").symlink_to(outside / "folder")
    (home / ".swap/sub").symlink_to("../../outside/folder/sub")
    (home / ".swap/inner.txt").symlink_to(outside / "folder/inner.txt")


def pairs(world: World) -> list[tuple[Path, Path]]:
    """What is swapped."""
    home = world.home
    return [
        (home / "file", home / ".swap/file"),
        (home / "folder", home / ".swap/folder"),
        (home / "keep/sub", home / ".swap/sub"),  # nothing that is itself beneath a swapped one
        (home / "keep/inner.txt", home / ".swap/inner.txt"),
    ]


def again(world: World, http: Http, swapper: Swapper, attack: Attack, paths: Paths) -> list[int]:
    """Try it for a while; the statuses."""
    statuses = []
    end = time.monotonic() + EACH_S
    while time.monotonic() < end:
        with swapper.paused():
            build(world)
        for reply in attack(http, paths):
            assert CANARY.encode() not in reply.body, reply
            assert reply.status != 500 or b'"reason"' in reply.body, reply
            statuses.append(reply.status)
    return statuses


@pytest.mark.parametrize("where", PATHS)
def test_swapped_during_the_call(world: World, http: Http, where: str) -> None:
    """Each operation, again and again: nothing is ever opened, changed or shown outside."""
    build(world)
    world.note()
    with swapping(*pairs(world)) as swapper:
        for name in ALL:
            http.slowest_s = 0.0
            statuses = again(world, http, swapper, ALL[name], PATHS[where])

            assert statuses, name
            assert http.slowest_s < ANSWER_S / 2, name
            world.check()


def send_slowly(daemon: Daemon, method: str, target: str, size: int, **headers: str) -> bytes:
    """A body that takes a moment; what is answered."""
    with socket.socket(socket.AF_UNIX) as raw:
        raw.settimeout(ANSWER_S)
        raw.connect(str(daemon.socket_path))
        extra = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        head = f"{method} {target} HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n{extra}\r\n"
        raw.sendall(head.encode())
        with suppress(BrokenPipeError, ConnectionResetError):
            for _ in range(8):
                raw.sendall(b"x" * (size // 8))
                time.sleep(0.005)
        return raw.recv(65536)


def test_the_target_of_an_upload_swapped_meanwhile(
    world: World, http: Http, daemon: Daemon
) -> None:
    """The file lands in the folder that it was begun in, or nowhere."""
    for _ in range(12):
        build(world)
        with swapping(*pairs(world)):
            for name in ("inner.txt", "new"):
                target = f"{APP}/file{query(path=f'folder/{name}')}"
                answer = send_slowly(daemon, "PUT", target, 8000)
                assert answer[9:12] in (b"200", b"400", b"404"), answer
    world.check()
    eventually(lambda: not list(world.home.rglob(".octyne-*")), 10)


def test_the_folder_of_a_tus_upload_swapped_between_its_pieces(world: World, http: Http) -> None:
    """A link has the folder's name when the last piece comes: nothing goes through it."""
    for target in ("../outside/folder", str(world.outside / "folder"), "keep"):
        build(world)
        said = metadata(filename="inner.txt", path="folder/sub")
        begun = http("POST", f"{APP}/uploads", **TUS, Upload_Length="6", Upload_Metadata=said)
        path = f"{APP}/{begun.headers['location']}"
        piece = {**TUS, "Content_Type": "application/offset+octet-stream"}
        first = http("PATCH", path, b"new", **piece, Upload_Offset="0")
        link = world.home / "link"
        link.symlink_to(target)
        exchange(world.home / "folder", link)
        last = http("PATCH", path, b"new", **piece, Upload_Offset="3")

        assert (begun.status, first.status, last.status) == (201, 204, 404)
        world.check()
        assert (world.home / "keep" / "inner.txt").read_text() == "inside"
        exchange(world.home / "folder", link)
        assert http("PATCH", path, b"new", **piece, Upload_Offset="3").status == 204
        assert (world.home / "folder/sub/inner.txt").read_text() == "newnew"


def test_tus_with_everything_swapped(world: World, http: Http) -> None:
    """All its steps, in a tight race."""
    piece = {**TUS, "Content_Type": "application/offset+octet-stream"}
    said = metadata(filename="inner.txt", path="folder")
    build(world)
    with swapping(*pairs(world)) as swapper:
        for _ in range(40):
            begun = http("POST", f"{APP}/uploads", **TUS, Upload_Length="4", Upload_Metadata=said)
            assert begun.status in (201, 400, 404), begun
            if begun.status != 201:
                continue
            path = f"{APP}/{begun.headers['location']}"
            for offset in range(4):
                reply = http("PATCH", path, b"x", **piece, Upload_Offset=str(offset))
                assert reply.status in (204, 400, 404, 409), reply
            with swapper.paused():
                http("DELETE", path, **TUS)
    world.check()


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_the_destination_of_an_archive_swapped_meanwhile(
    world: World, http: Http, kind: str
) -> None:
    """While it is unpacked, and while it is merged."""
    members = [(f"sub/f{number}", b"merged") for number in range(300)]
    members += [("inner.txt", b"merged"), ("sub/deep.txt", b"merged")]
    archive = zip_of(*members) if kind == "zip" else tar_of(*members)
    for _ in range(4):
        build(world)
        (world.home / f"big.{kind}").write_bytes(archive)
        with swapping(*pairs(world)):
            reply = unpack(http, f"big.{kind}", "folder")
        assert reply.status in (200, 400, 404, 409), reply
    world.check()


def test_the_source_of_a_batch_swapped_meanwhile(world: World, http: Http) -> None:
    """All kinds of operations on what is swapped, and on what is in it."""
    for round_ in range(10):
        build(world)
        for number in range(30):
            (world.home / f"folder/sub/{number}").write_text("inside")
        operations = [
            {
                "operation": "cp" if number % 2 else "mv",
                "src": f"folder/sub/{number}",
                "dest": "keep",
            }
            for number in range(30)
        ]
        operations += [
            {"operation": "chmod", "path": "folder/inner.txt", "mode": "777"},
            {"operation": "cp", "src": "folder", "dest": "copied"},
            {"operation": "rm", "path": "folder/sub" if round_ % 2 else "folder"},
        ]
        with swapping(*pairs(world)):
            reply = batch(http, *operations)
        assert reply.status in (200, 400, 404, 409), reply
    world.check()


def test_copies_of_a_tree_swapped_meanwhile(world: World, http: Http) -> None:
    """Large ones: links are copied as links, or the copy fails."""
    build(world)
    for number in range(200):
        (world.home / f"folder/sub/{number}").write_text("inside")
    with swapping(*pairs(world)):
        for number in range(12):
            reply = patch(http, "cp", src="folder", dest=f"copy-{number}")
            assert reply.status in (200, 400, 404, 409), reply
            found = get("files/search", name="*", content=CANARY)(http)
            assert b'"found":0' in found.body
    copies = [world.home / f"copy-{number}" for number in range(12)]
    files = [each for copy in copies if not copy.is_symlink() for each in copy.rglob("*.txt")]
    assert all(CANARY not in each.read_text() for each in files if not each.is_symlink())
    world.check()


def test_a_folder_swapped_while_many_look(world: World, daemon: Daemon) -> None:
    """Several clients at once."""
    build(world)
    wrong: list[object] = []

    def look() -> None:
        http = Http(daemon)
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            for route in ("files", "files/usage", "file"):
                path = "folder/inner.txt" if route == "file" else "folder"
                reply = get(route, path=path)(http)
                if reply.status >= 500 or CANARY.encode() in reply.body:
                    wrong.append(reply)
        http.close()

    with swapping(*pairs(world)):
        threads = [threading.Thread(target=look) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not wrong
    world.check()
