"""Requests that are sent in part: to be finished later, or never."""

import base64
import re
import socket
from collections.abc import Callable

from support.daemon import Daemon

BOUNDARY = "b0undary"
TUS = "Tus-Resumable: 1.0.0\r\n"
PIECE = "Content-Type: application/offset+octet-stream\r\n"
LAST = 10  # bytes that are kept back


class HalfSent:
    """One request, sent but for its last bytes."""

    def __init__(self, daemon: Daemon, head: str, body: bytes) -> None:
        self._rest = body[-LAST:]
        self.link = socket.socket(socket.AF_UNIX)
        self.link.settimeout(30)
        self.link.connect(str(daemon.socket_path))
        head = f"{head}Host: x\r\nContent-Length: {len(body)}\r\n\r\n"
        self.link.sendall(head.encode() + body[:-LAST])

    def finish(self) -> int:
        """Send what is left; the answer's status."""
        self.send_rest()
        return self.status()

    def send_rest(self) -> None:
        """The request is whole; its answer is still to be read."""
        self.link.sendall(self._rest)

    def status(self) -> int:
        """Of the answer; 0 when the connection just ends."""
        with self.link:
            answer = self.link.recv(4096)
        found = re.match(rb"HTTP/1.1 (\d+)", answer)
        return int(found[1]) if found else 0

    def vanish(self) -> None:
        """As a client whose network is gone."""
        self.link.close()


def put(daemon: Daemon, folder: str, name: str, content: bytes) -> HalfSent:
    """A file as it is."""
    return HalfSent(daemon, f"PUT /server/app/file?path={folder}/{name} HTTP/1.1\r\n", content)


def form(daemon: Daemon, folder: str, name: str, content: bytes) -> HalfSent:
    """A file in a form."""
    head = f"POST /server/app/file?path={folder}/ HTTP/1.1\r\n"
    kind = f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
    part = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="upload"; filename="{name}"'
    body = f"{part}\r\n\r\n".encode() + content + f"\r\n--{BOUNDARY}--".encode()
    return HalfSent(daemon, head + kind, body)


def tus(daemon: Daemon, folder: str, name: str, content: bytes) -> HalfSent:
    """The one piece of a resumable upload that has begun already."""
    begun = daemon.ask(
        "POST",
        f"/server/app/uploads?path={folder}",
        Tus_Resumable="1.0.0",
        Upload_Metadata=metadata(name),
        Upload_Length=str(len(content)),
    )
    assert begun.status == 201, begun
    head = f"PATCH /server/app/{begun.headers['Location']} HTTP/1.1\r\n{TUS}"
    return HalfSent(daemon, f"{head}{PIECE}Upload-Offset: 0\r\n", content)


def tus_at_once(daemon: Daemon, folder: str, name: str, content: bytes) -> HalfSent:
    """A resumable upload that is begun with its content."""
    head = f"POST /server/app/uploads?path={folder} HTTP/1.1\r\n{TUS}{PIECE}"
    named = f"Upload-Metadata: {metadata(name)}\r\nUpload-Length: {len(content)}\r\n"
    return HalfSent(daemon, head + named, content)


def metadata(name: str) -> str:
    """What tus has for the name of a file."""
    return f"filename {base64.b64encode(name.encode()).decode()}"


Begin = Callable[[Daemon, str, str, bytes], HalfSent]
KINDS: dict[str, Begin] = {"put": put, "form": form, "tus": tus, "tus at once": tus_at_once}
