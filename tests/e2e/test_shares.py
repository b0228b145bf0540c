"""One account takes all that it may: the others are served all the same."""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest

from octyne.aio import share_of
from octyne.api.pools import MAX_DOWNLOADS, MAX_LARGE_LISTS, MAX_WALKS
from octyne.archives.jobs import MAX_PER_ACCOUNT
from octyne.files.upload import MAX_UPLOADS
from support.app_files import app_config
from support.daemon import Answer, Daemon, running
from support.eventually import eventually
from support.half_sent import put

MIB = 1 << 20


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """@local takes all; "admin" comes later."""
    directory = tmp_path_factory.mktemp("shares")
    with running(directory, app_config(directory / "app")) as daemon:
        home = directory / "app"
        (home / "small").write_text("x")
        (home / "noise").write_bytes(os.urandom(64 * MIB))
        (home / "many").mkdir()
        (home / "few").mkdir()
        for number in range(5000):  # more than fits into a connection that isn't read
            (home / "many" / f"{number}{'n' * 200}").touch()
        yield daemon
        assert "Traceback" not in daemon.log, daemon.log


@pytest.fixture(scope="module")
def token(daemon: Daemon) -> str:
    """The admin's."""
    return daemon.token()


def begin(daemon: Daemon, path: str) -> socket.socket:
    """A request of @local whose answer has begun, and is not read."""
    link = socket.socket(socket.AF_UNIX)
    link.settimeout(30)
    link.connect(str(daemon.socket_path))
    link.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert link.recv(12) == b"HTTP/1.1 200"
    return link


def is_refused(answer: Answer) -> bool:
    """Whether it is the refusal of those who have all they may."""
    return (answer.status, answer.headers["Retry-After"]) == (429, "10")


def test_uploads(daemon: Daemon, token: str) -> None:
    """Half of those that run at once are everybody's."""
    begun = [put(daemon, "", f"u{number}", b"x" * 100) for number in range(share_of(MAX_UPLOADS))]
    eventually(lambda: is_refused(daemon.ask("PUT", "/server/app/file?path=one-more", "x")))
    answer = daemon.api("PUT", "/server/app/file?path=other", "x", Authorization=token)

    assert answer.status == 200
    assert [each.finish() for each in begun] == [200] * len(begun)
    assert daemon.ask("PUT", "/server/app/file?path=one-more", "x").status == 200


@pytest.mark.parametrize(
    ("path", "large", "small", "share"),
    [
        ("files/search?name=n&limit=10000&path=", "many", "few", share_of(MAX_WALKS)),
        ("files/download?type=tar&name=", "noise", "small", share_of(MAX_DOWNLOADS)),
    ],
)
def test_searches_and_downloads(
    daemon: Daemon, token: str, path: str, large: str, small: str, share: int
) -> None:
    """They take as long as their clients like."""
    path = f"/server/app/{path}"
    with ExitStack() as begun:
        for _ in range(share):
            begun.enter_context(closing(begin(daemon, path + large)))
        assert is_refused(daemon.ask("GET", path + small))
        answer = daemon.api("GET", path + small, Authorization=token)

    assert answer.status == 200
    eventually(lambda: daemon.ask("GET", path + small).status == 200)


def test_large_lists(daemon: Daemon, token: str) -> None:
    """They are in memory until their clients have taken them."""
    path = "/server/app/files?path="
    with ExitStack() as begun:
        for _ in range(share_of(MAX_LARGE_LISTS)):
            begun.enter_context(closing(begin(daemon, f"{path}many")))
        assert is_refused(daemon.ask("GET", f"{path}many"))
        assert daemon.ask("GET", f"{path}few").status == 200
        answer = daemon.api("GET", f"{path}many", Authorization=token)

    assert len(answer.json["contents"]) == 5000
    eventually(lambda: daemon.ask("GET", f"{path}many").status == 200)


def test_archives(daemon: Daemon, token: str) -> None:
    """Those of one account don't keep the job of another waiting."""
    asked = "/server/app/compress?async=true&archiveType=tar&compress=xz&path="
    jobs = []
    for number in range(MAX_PER_ACCOUNT):
        answer = daemon.ask("POST", f"{asked}a{number}.tar.xz", json.dumps(["noise"]))
        assert answer.status == 200
        jobs.append(f"/server/app/compress?token={answer.json['token']}")
    assert is_refused(daemon.ask("POST", f"{asked}b", json.dumps(["small"])))
    path = "/server/app/compress?path=other.zip"
    answer = daemon.api("POST", path, json.dumps(["small"]), Authorization=token)

    assert answer.status == 200
    assert not any(daemon.get(job)["finished"] for job in jobs)
    ended = [daemon.ask("DELETE", job).status for job in reversed(jobs)]  # those that wait first
    assert ended == [200] * len(jobs)
