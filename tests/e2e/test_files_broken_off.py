"""Clients that vanish, reloads and removals beside stuck clients, and the daemon's end beside work.

Nothing half-made is left, nothing is held on to, and nobody waits for those who are stuck.
"""

import contextlib
import json
import os
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from octyne.files.leftovers import PREFIX
from octyne.files.service import CLEAN_UP_S
from support.app_files import app_config, cp, empty, mv, remains
from support.daemon import Daemon
from support.eventually import eventually
from support.half_sent import KINDS, Begin, HalfSent, tus
from support.kill_work import digests, make_tree, tar_of

from .conftest import MakeDaemon

SIZE = 2_000_000
CLIENTS = 12  # that vanish at a time
SOON_S = 2.0  # seconds in which what doesn't wait for others is answered
END_S = 15.0  # seconds in which the daemon ends, whatever it does


@pytest.fixture
def daemon(shared: Daemon) -> Iterator[Daemon]:
    """With an empty app."""
    empty(shared.directory / "app")
    yield shared
    assert "Traceback" not in shared.log, shared.log


# -- clients that vanish ---------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["put", "form", "tus at once"])
def test_half_an_upload_leaves_nothing(daemon: Daemon, kind: str) -> None:
    """At once; the old file stays."""
    (daemon.directory / "app/a").write_text("old")
    uploads = [KINDS[kind](daemon, "", "a", b"1" * SIZE) for _ in range(3)]
    eventually(lambda: len(os.listdir(daemon.directory / "app")) == 4)
    for upload in uploads:
        upload.vanish()

    eventually(lambda: not remains(daemon), 5)
    assert digests(daemon.directory / "app").keys() == {"a"}
    assert (daemon.directory / "app/a").read_text() == "old"


def test_half_a_piece_of_a_resumable_upload_counts(daemon: Daemon) -> None:
    """The next request goes on behind it."""
    upload = tus(daemon, "", "a", b"1" * SIZE)
    (record,) = (daemon.directory / ".octyne/files/uploads").glob("*.json")
    path = f"/server/app/uploads/{record.stem}"
    upload.vanish()
    headers = {"Tus_Resumable": "1.0.0"}

    def offset() -> int:
        return int(daemon.ask("HEAD", path, **headers).headers["Upload-Offset"])

    def goes_on() -> bool:
        """What has come of the first request may still be read: then it's a 409, and once more."""
        begin = offset()
        answer = daemon.ask(
            "PATCH", path, b"1" * (SIZE - begin), Upload_Offset=str(begin), **headers
        )
        assert answer.status in {204, 409}, answer
        return answer.status == 204

    eventually(lambda: 0 < offset() < SIZE, 5)
    eventually(goes_on)
    assert (daemon.directory / "app/a").stat().st_size == SIZE
    eventually(lambda: not remains(daemon), 5)


def get(path: str) -> Callable[[Daemon], HalfSent]:
    """A request whose client leaves with the first bytes of the answer."""

    def begin(daemon: Daemon) -> HalfSent:
        client = HalfSent(daemon, f"GET /server/app/{path} HTTP/1.1\r\n", b"")
        client.link.recv(100)
        return client

    return begin


def begin_to_send(begin: Begin) -> Callable[[Daemon], HalfSent]:
    """An upload of one kind."""
    return lambda daemon: begin(daemon, "", "a", b"1" * SIZE)


VANISHING: dict[str, Callable[[Daemon], HalfSent]] = {
    **{kind: begin_to_send(begin) for kind, begin in KINDS.items()},
    "download": get("file?path=large"),
    "search": get("files/search?path=/&content=nowhere"),
    "folder download": get("files/download?path=tree"),
}
MOST = {"folder download": 6}  # of other kinds there may be more at once


@pytest.mark.parametrize("kind", VANISHING)
def test_who_vanishes_holds_nothing(daemon: Daemon, kind: str) -> None:
    """No descriptor, no thread."""
    home = daemon.directory / "app"
    (home / "large").write_bytes(os.urandom(20_000_000))
    make_tree(home / "tree", 1, 150)
    counts = []
    for _ in range(3):  # the first makes threads and buffers that stay for the others
        clients = [VANISHING[kind](daemon) for _ in range(MOST.get(kind, CLIENTS))]
        for client in clients:
            client.vanish()
        counts.append(settled(daemon))

    descriptors, threads = zip(*counts, strict=True)
    assert descriptors[2] == descriptors[1], counts
    assert threads[2] - threads[0] < CLIENTS, counts
    for record in (daemon.directory / ".octyne/files/uploads").glob("*.json"):
        path = f"/server/app/uploads/{record.stem}"
        assert daemon.ask("DELETE", path, Tus_Resumable="1.0.0").status == 204
    assert remains(daemon) == []


def settled(daemon: Daemon) -> tuple[int, int]:
    """Descriptors and threads, once they stay the same for a while."""
    process = Path(f"/proc/{daemon.pid}")
    seen: list[tuple[int, int]] = []

    def look() -> bool:
        seen.append((len(os.listdir(process / "fd")), len(os.listdir(process / "task"))))
        return len(seen) > 15 and len(set(seen[-15:])) == 1

    eventually(look, 15, f"never the same: {seen[-20:]}")
    return seen[-1]


# -- nobody waits for who is stuck -----------------------------------------------------------


def test_reloads_and_removals_beside_stuck_clients(make_daemon: MakeDaemon, tmp_path: Path) -> None:
    """They are done at once; uploads that had begun get their places all the same."""
    daemon = make_daemon(app_config(tmp_path / "app")).start()
    (tmp_path / "app/large").write_bytes(os.urandom(30_000_000))
    download = get("file?path=large")(daemon)
    uploads = [
        begin(daemon, "", "a", b"1" * SIZE) for kind, begin in KINDS.items() if kind != "tus"
    ]
    eventually(lambda: len(list((tmp_path / "app").glob(".octyne-*"))) == len(uploads))
    begun = time.monotonic()
    assert daemon.ask("POST", "/config/reload").status == 200
    daemon.patch(servers={})
    took_s = time.monotonic() - begun
    statuses = [upload.finish() for upload in uploads]

    assert took_s < SOON_S
    assert daemon.get("/servers") == {"servers": {}}
    assert set(statuses) <= {200, 201}
    assert sorted(os.listdir(tmp_path / "app")) == ["a", "large"]
    with download.link:
        eventually(lambda: ended(download.link), 10, "a download outlives its app")
    assert "Traceback" not in daemon.log, daemon.log


def ended(link: socket.socket) -> bool:
    """Whether nothing more comes; takes what does."""
    with contextlib.suppress(ConnectionError):
        return not link.recv(1 << 20)
    return True


# -- the daemon's end ------------------------------------------------------------------------


def batch(daemon: Daemon) -> HalfSent:
    """A folder is moved, and copied many times."""
    copies = [cp("moved", f"copy{number}") for number in range(40)]
    body = json.dumps({"operations": [mv("tree", "moved"), *copies]}).encode()
    return sent(daemon, "PATCH /server/app/files", body)


def sent(daemon: Daemon, line: str, body: bytes = b"") -> HalfSent:
    """A whole request, whose answer nobody waits for yet."""
    request = HalfSent(daemon, f"{line} HTTP/1.1\r\n", body)
    request.send_rest()
    return request


LONG: dict[str, Callable[[Daemon], HalfSent]] = {
    "batch": batch,
    "copy": lambda daemon: sent(
        daemon, "PATCH /server/app/file", b'{"operation": "cp", "src": "tree", "dest": "new"}'
    ),
    "compress": lambda daemon: sent(
        daemon, "POST /server/app/compress?path=a.tar.xz&archiveType=tar&compress=xz", b'["tree"]  '
    ),
    "decompress": lambda daemon: sent(
        daemon, "POST /server/app/decompress?path=a.tar", b"unpacked"
    ),
    "delete": lambda daemon: sent(daemon, "DELETE /server/app/file?path=tree"),
    "put": lambda daemon: KINDS["put"](daemon, "", "a", b"1" * SIZE),
    "form": lambda daemon: KINDS["form"](daemon, "", "a", b"1" * SIZE),
}
GONE = ("delete",)  # what has begun is done; the next start may go on with it


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tree that takes a while: many files, and much in them."""
    model = tmp_path_factory.mktemp("model")
    make_tree(model, 1, 60)
    for number in range(1500):
        (model / f"d{number % 7}" / f"{number}").write_bytes(b"x")
    (model / "large").write_bytes(os.urandom(12_000_000))
    return model


@pytest.mark.parametrize("kind", LONG)
def test_the_end_of_the_daemon_beside_work(
    make_daemon: MakeDaemon, model: Path, tmp_path: Path, kind: str
) -> None:
    """It ends in time, and leaves what was before; a deletion is never taken back."""
    home = tmp_path / "app"
    daemon = make_daemon(app_config(home)).start()
    shutil.copytree(model, home / "tree")
    (home / "a.tar").write_bytes(tar_of(model))
    before = digests(home)
    state = daemon.directory / ".octyne/files"
    client = LONG[kind](daemon)
    eventually(lambda: [*(state / "hidden").iterdir(), *(state / "journals").iterdir()], 10)
    begun = time.monotonic()
    assert daemon.stop() == 0
    took_s = time.monotonic() - begun
    client.vanish()
    log = daemon.log
    after = digests(home)
    daemon.start()
    eventually(lambda: not [*(state / "hidden").iterdir(), *(state / "journals").iterdir()], 10)
    print(kind, f"{took_s:.1f} s")

    assert took_s < END_S
    assert "Traceback" not in log, log
    if kind in GONE:
        assert digests(home).keys() == {"a.tar"}
    else:
        hidden = {name for name in after if name.startswith(PREFIX)}
        assert not hidden or took_s > CLEAN_UP_S  # a slow disk: the next start has gone on
        assert {name: after[name] for name in after.keys() - hidden} == before
        assert digests(home) == before
