"""`GET /server/{id}/files/download`, over real connections."""

import asyncio
import gc
import io
import os
import tarfile
import threading
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest

from octyne.aio import Pipe, share_of
from octyne.api.pools import MAX_DOWNLOADS
from octyne.archives import streamed
from support.api import TOKEN, Api
from support.eventually import eventually, until

PATH = "/server/app/files/download"


@pytest.fixture
def home(api: Api) -> Path:
    """The directory of an app with some files."""
    home = Path(api.add_app("app").directory)
    (home / "a/b").mkdir(parents=True)
    (home / "a/b/f").write_text("content")
    (home / "a/g&h").write_text("two")
    (home / "a/i").write_text("three")
    return home


def helpers() -> list[str]:
    """The threads that are at work for a download."""
    return [each.name for each in threading.enumerate() if each.name.startswith("octyne-pack")]


async def test_a_folder_as_zip(api: Api, home: Path) -> None:
    """Without names: all that is in it."""
    async with api.client().get(f"{PATH}?path=a") as answer:
        body = await answer.read()

    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/zip"
    assert answer.headers["Content-Disposition"] == "attachment; filename=a.zip"
    assert sorted(zipfile.ZipFile(io.BytesIO(body)).namelist()) == ["b/", "b/f", "g&h", "i"]


@pytest.mark.parametrize("kind", ["tar", "tar.gz"])
async def test_a_selection_as_tar(api: Api, home: Path, kind: str) -> None:
    """A field for each name."""
    async with api.client().get(f"{PATH}?path=/a/&name=b&name=g%26h&type={kind}") as answer:
        body = await answer.read()

    assert answer.headers["Content-Disposition"] == f"attachment; filename=a.{kind}"
    with tarfile.open(fileobj=io.BytesIO(body)) as archive:
        assert sorted(archive.getnames()) == ["b", "b/f", "g&h"]


async def test_a_ticket_is_enough(api: Api, home: Path) -> None:
    """A link in a page has no headers; a stranger gets nothing."""
    ticket = api.accounts.issue_ticket(api.accounts.sessions[TOKEN], "127.0.0.1")
    stranger = api.client("")
    async with stranger.get(f"{PATH}?ticket={ticket}") as answer:
        assert answer.status == 200
    async with stranger.get(PATH) as answer:
        assert answer.status == 401


async def test_it_stands_in_the_action_log(api: Api, home: Path) -> None:
    """As a download."""
    async with api.client().get(f"{PATH}?path=a&name=i") as answer:
        await answer.read()

    assert api.audit.actions == [
        {"action": "server.files.download", "user": "admin", "ip": "127.0.0.1", "server": "app",
         "path": "a", "files": ["i"]},
    ]  # fmt: skip


async def test_head(api: Api, home: Path) -> None:
    """The headers alone."""
    async with api.client().head(f"{PATH}?path=a") as answer:
        assert (answer.status, await answer.read()) == (200, b"")


async def test_a_path_that_is_no_utf8(api: Api, home: Path) -> None:
    """It is refused by its name."""
    async with api.client().get(f"http://127.0.0.1:{_port(api)}{PATH}?path=a") as answer:
        assert answer.status == 200
    raw = await api.raw(
        f"GET {PATH}?path=%FF HTTP/1.1\r\nHost: x\r\nAuthorization: {TOKEN}\r\n"
        "Connection: close\r\n\r\n".encode()
    )

    assert b"400" in raw
    assert b"Invalid folder path: it is not valid UTF-8." in raw


async def test_an_error_in_the_midst_is_seen(
    api: Api, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection is cut: half an archive must not look whole."""

    def fail(*_: object) -> None:
        raise OSError("the disk")

    monkeypatch.setattr(streamed, "send", fail)
    raw = await api.raw(
        f"GET {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: {TOKEN}\r\n\r\n".encode()
    )

    assert b"200 OK" in raw
    assert not raw.endswith(b"0\r\n\r\n")


async def test_a_client_that_leaves_ends_the_work(api: Api, home: Path) -> None:
    """Soon, and its thread is free again; a slow client only waits."""
    (home / "big").write_bytes(os.urandom(64 << 20))
    reader, writer = await asyncio.open_connection("127.0.0.1", _port(api))
    writer.write(
        f"GET {PATH}?type=tar HTTP/1.1\r\nHost: x\r\nAuthorization: {TOKEN}\r\n\r\n".encode()
    )
    await reader.readexactly(100_000)
    assert api.pools.downloads.slots.count == 1
    writer.transport.abort()

    await until(lambda: not api.pools.downloads.slots.count)
    eventually(lambda: not helpers(), 10, "threads stay")


async def test_it_ends_with_its_session(api: Api, home: Path) -> None:
    """Who was logged out gets no more of it."""
    (home / "big").write_bytes(bytes(64 << 20))
    reader, writer = await asyncio.open_connection("127.0.0.1", _port(api))
    writer.write(
        f"GET {PATH}?type=tar HTTP/1.1\r\nHost: x\r\nAuthorization: {TOKEN}\r\n\r\n".encode()
    )
    await reader.readexactly(100_000)
    api.accounts.end("s1")
    got = 0
    async with asyncio.timeout(10):
        with suppress(ConnectionError):
            while data := await reader.read(1 << 20):
                got += len(data)

    assert got < 64 << 20
    writer.close()


async def test_too_many_at_once(api: Api, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who comes later is told to try again; other requests go on."""
    (home / "big").write_bytes(bytes(64 << 20))
    request = f"GET {PATH}?type=tar HTTP/1.1\r\nHost: x\r\nAuthorization: {TOKEN}\r\n\r\n"
    slow = []
    for _ in range(share_of(MAX_DOWNLOADS)):
        reader, writer = await asyncio.open_connection("127.0.0.1", _port(api))
        writer.write(request.encode())
        await reader.readexactly(1000)
        slow.append(writer)

    async with api.client().get(PATH) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (429, "10")
    async with api.client().get("/server/app") as answer:
        assert answer.status == 200
    for writer in slow:
        writer.transport.abort()
    await until(lambda: not api.pools.downloads.slots.count)


def _port(api: Api) -> int:
    return int(api.url("").rpartition(":")[2])


async def test_a_connection_that_goes_on_keeps_nothing(api: Api, home: Path) -> None:
    """A client may download for days over one."""
    client = api.client()
    for _ in range(3):
        async with client.get(f"{PATH}?path=a") as answer:
            await answer.read()

    def pipes() -> list[Pipe]:
        gc.collect()
        return [each for each in gc.get_objects() if type(each) is Pipe]

    await until(lambda: not pipes())
