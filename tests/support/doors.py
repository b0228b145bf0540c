"""The daemon's three doors behind one face, and answers compared byte by byte."""

import json
import socket
import ssl
from dataclasses import dataclass
from typing import Any

from support.daemon import Answer, Daemon

TIMEOUT_S = 20.0
DOORS = ("api", "web", "unix")
TCP_DOORS = ("api", "web")  # where one logs in
ODD_NAMES = [
    "a/b",
    "what?",
    "#1",
    "100%",
    "%41",
    "my app",
    "ünï→😀",
    "a+b",
    "semi;colon&amp=",
    "back\\slash",
    'quo"te',
    "..a",
    "new\nline",
]


@dataclass(frozen=True)
class RawAnswer:
    """One answer as it came; header names keep their spelling."""

    status: int
    head: bytes
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


def parse(data: bytes) -> list[RawAnswer]:
    """All answers in ``data``; each must have its length, or go on to the end."""
    answers = []
    while data:
        head, blank, data = data.partition(b"\r\n\r\n")
        assert blank, f"an answer without an end of its head: {head!r}"
        lines = head.decode("latin-1").split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines[1:])
        status = int(lines[0].split(" ")[1])
        size = int(headers.get("Content-Length", "0" if status == 100 else str(len(data))))
        answers.append(RawAnswer(status, head, headers, data[:size]))
        data = data[size:]
    return answers


class Door:
    """One way into a daemon; "api", "web" (below /api) or "unix"."""

    def __init__(self, daemon: Daemon, name: str) -> None:
        self.daemon = daemon
        self.name = name
        self.prefix = "/api" if name == "web" else ""
        self.token = ""

    def ask(self, method: str, path: str, body: bytes | str = b"", **headers: str) -> Answer:
        """A request as this door's usual caller: logged in, where one logs in."""
        if self.token:
            headers.setdefault("Authorization", self.token)
        ask = {"api": self.daemon.api, "web": self.daemon.web, "unix": self.daemon.ask}[self.name]
        return ask(method, self.prefix + path, body, **headers)

    def connect(self, tls: ssl.SSLContext | None = None) -> socket.socket:
        """A connection of one's own."""
        if self.name == "unix":
            sock = socket.socket(socket.AF_UNIX)
            sock.settimeout(TIMEOUT_S)
            sock.connect(str(self.daemon.socket_path))
            return sock
        port = self.daemon.port if self.name == "api" else self.daemon.web_port
        sock = socket.create_connection(("127.0.0.1", port), TIMEOUT_S)
        return tls.wrap_socket(sock, server_hostname="localhost") if tls else sock

    def head(self, method: str, path: str, *headers: str) -> bytes:
        """The bytes of a request's head: login and ``headers``, no others, not even Host."""
        lines = [f"{method} {self.prefix}{path} HTTP/1.1", *headers]
        if self.token:
            lines.append(f"Authorization: {self.token}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def raw(self, data: bytes, *, half_close: bool = False) -> list[RawAnswer]:
        """Send bytes; the answers that come until the daemon closes."""
        with self.connect() as sock:
            sock.sendall(data)
            if half_close:
                sock.shutdown(socket.SHUT_WR)
            received = b"".join(iter(lambda: sock.recv(1 << 16), b""))
        return parse(received)


def size(length: int) -> tuple[str]:
    """The header that says how long a body is."""
    return (f"Content-Length: {length}",)


def problems(daemon: Daemon) -> str:
    """What /healthz says is wrong, to those who are somebody; "" when all is well."""
    answer = daemon.ask("GET", "/healthz")
    assert answer.status == 200, answer
    found = answer.json.get("problems", [])
    assert answer.json["status"] == ("degraded" if found else "ok")
    return "\n".join(found)


def error(text: str) -> dict[str, str]:
    """The body of a refusal."""
    return {"error": text}


def holds_null(value: object) -> bool:
    """Whether there is a null anywhere in ``value``."""
    if isinstance(value, dict):
        return any(holds_null(each) for each in value.values())
    if isinstance(value, list):
        return any(holds_null(each) for each in value)
    return value is None
