"""Hard links, FIFOs, sockets and devices against each operation: never opened, never waited for."""

import os
import socket
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from support.file_operations import ALL, Paths
from support.outside import ANSWER_S, CANARY, Http, Watch, World

URANDOM = os.makedev(1, 9)
OPENED = 0x20  # inotify(7)


def make_socket(path: Path) -> None:
    """The name stays when the socket is closed."""
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


def make_device(path: Path) -> None:
    """Endless, when it is read."""
    os.mknod(path, stat.S_IFCHR | 0o666, URANDOM)


def make_link(path: Path) -> None:
    """One that stays inside."""
    os.mkfifo(f"{path}.fifo")
    path.symlink_to(f"{path.name}.fifo")


def make_link_out(path: Path) -> None:
    """One that doesn't."""
    path.symlink_to("/dev/urandom")


MAKERS: dict[str, Callable[[Path], None]] = {
    "fifo": os.mkfifo,
    "socket": make_socket,
    "device": make_device,
    "link to a fifo": make_link,
    "link to a device outside": make_link_out,
}


@pytest.fixture
def tree(world: World) -> Iterator[Path]:
    """A folder for special files."""
    world.reset()
    (world.home / "tree").mkdir()
    yield world.home
    world.reset()


@pytest.mark.parametrize("kind", MAKERS)
def test_special_files_are_not_opened(tree: Path, world: World, http: Http, kind: str) -> None:
    """Nor is any request held up by them."""
    for name, attack in ALL.items():
        world.reset()
        (tree / "tree").mkdir()
        try:
            for place in ("file", "folder", "tree/special"):
                MAKERS[kind](tree / place)
        except PermissionError:
            pytest.skip("only root makes devices")
        watch = Watch(tree)
        http.slowest_s = 0.0
        replies = attack(http, Paths("file", "folder", "tree/special"))

        names = {"file", "folder", "special", "file.fifo", "folder.fifo", "special.fifo"}
        opened = [event for event in watch.events() if event[0] & OPENED and event[1] in names]
        watch.close()
        assert not opened, name
        assert http.slowest_s < ANSWER_S / 2
        assert all(reply.status < 500 for reply in replies), (name, replies)
        world.check()


def test_a_hard_link_is_never_written_through(tree: Path, world: World, http: Http) -> None:
    """It can't be told from a file for reading; but what is outside keeps content and mode."""
    secret = world.outside / "secret.txt"
    before = secret.stat()
    for name, attack in ALL.items():
        world.reset()
        for place in ("file", "tree", "folder"):
            (tree / place).mkdir() if place != "file" else os.link(secret, tree / place)
        os.link(secret, tree / "folder" / "inner.txt")
        attack(http, Paths("file", "folder", "tree/new"))
        world.reset()

        after = secret.stat()
        assert secret.read_text() == f"{CANARY} secret.txt\n", name
        assert (after.st_mode, after.st_uid, after.st_mtime_ns, after.st_nlink) == (
            before.st_mode, before.st_uid, before.st_mtime_ns, 1,
        ), name  # fmt: skip
    world.note()


def test_a_fifo_with_somebody_at_its_end(tree: Path, world: World, http: Http) -> None:
    """Nothing is taken from a writer, and nothing given to a reader."""
    os.mkfifo(tree / "file")
    reader = os.open(tree / "file", os.O_RDWR | os.O_NONBLOCK)
    os.write(reader, CANARY.encode())
    try:
        for name, attack in ALL.items():
            if "delete" not in name and "mv" not in name and "rm" not in name:
                replies = attack(http, Paths("file", "keep", "tree/new"))
                assert all(CANARY.encode() not in reply.body for reply in replies), name
        assert os.read(reader, 100) == CANARY.encode()
        with suppress(BlockingIOError):
            assert os.read(reader, 100) == b""
    finally:
        os.close(reader)
