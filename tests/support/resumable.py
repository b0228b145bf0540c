"""Uploads in pieces, by tus 1.0, as a client sends them."""

import base64
import socket
from pathlib import Path

from support.daemon import Answer, Daemon

MIB = 1 << 20
TUS = {"Tus_Resumable": "1.0.0"}
UPLOADS = "/server/web/uploads"


def metadata(**pairs: str) -> str:
    """As the header has it."""
    return ",".join(
        f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items()
    )


def create(daemon: Daemon, length: int, **headers: str) -> Answer:
    """Begin an upload of a.bin."""
    fixed = {"Upload_Length": str(length), "Upload_Metadata": metadata(filename="a.bin")}
    return daemon.ask("POST", UPLOADS, b"", **{**TUS, **fixed, **headers})


def begun(daemon: Daemon, length: int, **headers: str) -> str:
    """The path of a new upload."""
    answer = create(daemon, length, **headers)
    assert answer.status == 201, answer
    return "/server/web/" + answer.headers["Location"]


def record_of(daemon: Daemon, path: str) -> Path:
    """Where the daemon remembers an upload."""
    key = path.rpartition("/")[2]
    return daemon.directory / ".octyne/files/uploads" / f"{key}.json"


def patch(daemon: Daemon, path: str, offset: int, body: bytes, **headers: str) -> Answer:
    """Add a piece."""
    fixed = {"Upload_Offset": str(offset), "Content_Type": "application/offset+octet-stream"}
    return daemon.ask("PATCH", path, body, **{**TUS, **fixed, **headers})


def offset(daemon: Daemon, path: str) -> int:
    """Where it goes on."""
    answer = daemon.ask("HEAD", path, **TUS)
    assert answer.status == 200, answer
    return int(answer.headers["Upload-Offset"])


def hang(daemon: Daemon, path: str, at: int, length: int, body: bytes) -> socket.socket:
    """A PATCH that stops in the middle, and stays connected."""
    link = socket.socket(socket.AF_UNIX)
    link.settimeout(20)
    link.connect(str(daemon.socket_path))
    head = f"PATCH {path} HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: {at}\r\n"
    link.sendall(f"{head}Content-Length: {length}\r\n\r\n".encode() + body)
    return link
