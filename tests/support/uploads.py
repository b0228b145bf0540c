"""Files that are sent whole: forms, and bodies as they are."""

import socket

from support.daemon import Answer, Daemon

MIB = 1 << 20
BOUNDARY = "----b0undary"
TYPE = f"multipart/form-data; boundary={BOUNDARY}"


def part(content: bytes, disposition: str) -> bytes:
    """One field of a form."""
    head = f"--{BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n"
    return head.encode() + content + b"\r\n"


def form(*parts: bytes) -> bytes:
    """A whole form."""
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def file_part(content: bytes, name: str = "a.txt") -> bytes:
    """The field with the file."""
    return part(content, f'name="upload"; filename="{name}"')


def send(daemon: Daemon, body: bytes, path: str = "/", **headers: str) -> Answer:
    """Post a form."""
    headers = {"Content_Type": TYPE, **headers}
    return daemon.ask("POST", f"/server/web/file?path={path}", body, **headers)


def put(daemon: Daemon, path: str, body: bytes, **headers: str) -> Answer:
    """Put a file."""
    return daemon.ask("PUT", f"/server/web/file?path={path}", body, **headers)


def refusal(answer: Answer) -> tuple[int, str]:
    """Status and text."""
    return answer.status, answer.json["error"]


def connect(daemon: Daemon) -> socket.socket:
    """A raw connection to the Unix socket."""
    link = socket.socket(socket.AF_UNIX)
    link.settimeout(20)
    link.connect(str(daemon.socket_path))
    return link


def begin(daemon: Daemon, length: int, body: bytes, extra: str = "") -> socket.socket:
    """Start to post a form and leave it at that."""
    link = connect(daemon)
    head = (
        f"POST /server/web/file?path=/ HTTP/1.1\r\nHost: x\r\nContent-Type: {TYPE}\r\n"
        f"Content-Length: {length}\r\n{extra}\r\n"
    )
    link.sendall(head.encode() + body)
    return link
