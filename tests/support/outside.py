"""An app's directory, and a tree outside of it that nobody may touch, read or know of."""

import ctypes
import json
import os
import re
import shutil
import socket
import struct
import tarfile
import time
import zipfile
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import quote

from support.daemon import Daemon

RENAME_EXCHANGE = 2  # renameat2(2)
CANARY = "canary-7f3a91c2e5"
ANSWER_S = 10.0  # in which every request must be answered
EVENTS = 0x0001 | 0x0002 | 0x0004 | 0x0020 | 0x0040 | 0x0080 | 0x0100 | 0x0200  # inotify(7)
NUMBERS = re.compile(rb"[0-9a-f-]{8,}|[0-9]{2,}")
VARIABLE = ("date", "x-request-id", "etag", "last-modified", "location", "upload-expires")

_libc = ctypes.CDLL(None, use_errno=True)


class Reply:
    """An HTTP answer, read to its end.

    Attributes:
        headers: names in lower case.
    """

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")

    def __repr__(self) -> str:
        return f"<{self.status} {self.body[:300]!r}>"


class Http:
    """Requests on one connection, which stays open as long as the daemon lets it."""

    def __init__(self, daemon: Daemon, *, port: int = 0, **headers: str) -> None:
        self._path = str(daemon.socket_path)
        self._port = port
        self._headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self._connection: HTTPConnection | None = None
        self.slowest_s = 0.0

    def __call__(self, method: str, target: str, body: bytes | str = b"", **headers: str) -> Reply:
        """``target`` is sent as it is."""
        data = body.encode() if isinstance(body, str) else body
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        begun = time.monotonic()
        for attempt in range(2):
            try:
                return self._exchange(method, target, data, {**self._headers, **named})
            except (ConnectionError, HTTPException):
                self.close()
                if attempt:
                    raise
            finally:
                self.slowest_s = max(self.slowest_s, time.monotonic() - begun)
        raise AssertionError

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _exchange(self, method: str, target: str, body: bytes, headers: dict[str, str]) -> Reply:
        connection = self._open()
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value.encode("utf-8", "surrogateescape"))
        if body or method in ("POST", "PUT", "PATCH"):
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        response = connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        reply = Reply(response.status, found, response.read())
        if response.will_close:
            self.close()
        return reply

    def _open(self) -> HTTPConnection:
        if self._connection is None:
            self._connection = HTTPConnection("127.0.0.1", self._port or None, timeout=ANSWER_S)
            # What is sent is wrong on purpose.
            self._connection._validate_path = lambda _: None  # type: ignore[attr-defined]
            if not self._port:
                self._connection.sock = socket.socket(socket.AF_UNIX)
                self._connection.sock.settimeout(ANSWER_S)
                self._connection.sock.connect(self._path)
        return self._connection


class Watch:
    """All that anybody does to a tree from now on: opened, read, written, changed, made, removed.

    Descriptors that can't be read from (O_PATH) don't count.
    """

    def __init__(self, *tops: Path) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._fd = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        assert self._fd >= 0
        for top in tops:
            for path in [top, *(each for each in top.rglob("*") if each.is_dir())]:
                assert self._libc.inotify_add_watch(self._fd, os.fsencode(path), EVENTS) > 0

    def close(self) -> None:
        os.close(self._fd)

    def events(self) -> list[tuple[int, str]]:
        """What happened since the last call: masks of inotify, and names."""
        found: list[tuple[int, str]] = []
        while True:
            try:
                data = os.read(self._fd, 1 << 16)
            except BlockingIOError:
                return found
            place = 0
            while place < len(data):
                _, mask, _, length = struct.unpack_from("iIII", data, place)
                name = data[place + 16 : place + 16 + length].rstrip(b"\0").decode()
                found.append((mask, name))
                place += 16 + length


class World:
    """A daemon's app, and what is around it.

    Attributes:
        home: the app's directory.
        outside: a tree beside it; each file of it holds the canary.
        other: a tree whose path begins with the app's.
    """

    def __init__(self, base: Path) -> None:
        self.base = base
        self.home = base / "app"
        self.outside = base / "outside"
        self.other = base / "app-other"
        self.home.mkdir()
        for top in (self.outside, self.other):
            self._fill_outside(top)
        self.watch = Watch(self.outside, self.other)
        self._before: dict[str, tuple[object, ...]] = {}
        self._beside: list[str] = []
        self.note()

    @staticmethod
    def _fill_outside(top: Path) -> None:
        (top / "folder" / "sub").mkdir(parents=True)
        for name in ("secret.txt", "folder/inner.txt", "folder/sub/deep.txt", "file"):
            (top / name).write_text(f"{CANARY} {name}\n")
        (top / "secret.txt").chmod(0o640)
        with zipfile.ZipFile(top / "a.zip", "w") as archive:
            archive.writestr("unpacked.txt", CANARY)
        with tarfile.open(top / "folder" / "a.tar", "w") as tar:
            tar.add(top / "secret.txt", "unpacked.txt")

    def reset(self) -> None:
        """Have nothing but the usual in the app's directory."""
        for entry in os.scandir(self.home):
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path)
            else:
                os.unlink(entry.path)
        (self.home / "keep").mkdir()
        (self.home / "keep" / "k.txt").write_text("kept")
        (self.home / "a.txt").write_text("inside")

    def note(self) -> None:
        """What is outside now is what must stay."""
        self._before = self.fingerprint()
        self._beside = sorted(os.listdir(self.base))
        self.watch.events()

    def check(self, *, opened: bool = True) -> None:
        """Nothing happened outside since the last call. Without ``opened``, links may have."""
        events = self.watch.events()
        now = self.fingerprint()
        beside = sorted(os.listdir(self.base))
        self.watch.events()  # our own
        assert now == self._before
        assert beside == self._beside
        assert not (opened and events), events

    def fingerprint(self) -> dict[str, tuple[object, ...]]:
        """All that can be known of the outside, but for contents when times are the same."""
        found: dict[str, tuple[object, ...]] = {}
        for top in (self.outside, self.other):
            pending = [str(top)]
            while pending:
                path = pending.pop()
                status = os.lstat(path)
                found[path] = (*status[:7], status.st_mtime_ns, status.st_ctime_ns)
                if os.path.isdir(path):
                    with os.scandir(path) as entries:
                        pending += [entry.path for entry in entries]
        return found

    def close(self) -> None:
        self.watch.close()


def masked(reply: Reply) -> tuple[int, bytes, list[tuple[str, str]]]:
    """What a client learns from an answer, but for names of targets, numbers and times."""
    body = reply.body.replace(b"nowhere", b"outside")
    headers = [item for item in sorted(reply.headers.items()) if item[0] not in VARIABLE]
    if reply.headers.get("content-type", "").startswith("application/json"):
        return reply.status, NUMBERS.sub(b"#", body), headers
    kept = [item for item in headers if item[0] != "content-length"]
    return reply.status, b"", kept


def query(**fields: str) -> str:
    """A query string."""
    return "?" + "&".join(f"{name}={quote(value)}" for name, value in fields.items())


def form(
    name: str | bytes, content: bytes = b"new", parameter: str = "filename"
) -> tuple[bytes, str]:
    """The body of a form with one file, and its type."""
    raw = name.encode("utf-8", "surrogateescape") if isinstance(name, str) else name
    raw = raw.replace(b'"', b"%22").replace(b"\r", b"%0D").replace(b"\n", b"%0A")
    shown = b'"%s"' % raw if parameter == "filename" else raw
    head = b'--xxx\r\nContent-Disposition: form-data; name="upload"; %s=%s\r\n\r\n' % (
        parameter.encode(),
        shown,
    )
    return head + content + b"\r\n--xxx--\r\n", "multipart/form-data; boundary=xxx"


def exchange(one: Path, other: Path) -> None:
    """Let two things change names at once."""
    at = -100  # AT_FDCWD, though the paths are absolute
    if _libc.renameat2(at, os.fsencode(one), at, os.fsencode(other), RENAME_EXCHANGE):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
