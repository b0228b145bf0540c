"""Sends a file of zeros in one request, and prints the seconds until its answer was there.

send_file.py PORT TOKEN PATH BYTES form|raw
"""

import socket
import sys
import time

PIECE = memoryview(bytes(1 << 20))
BOUNDARY = b"----boundary"


def main() -> None:
    port, token, path, size, kind = sys.argv[1:]
    before, after = b"", b""
    if kind == "form":
        before = (
            b"--%b\r\nContent-Disposition: form-data; name=upload; filename=big\r\n\r\n" % BOUNDARY
        )
        after = b"\r\n--%b--\r\n" % BOUNDARY
    left = int(size)
    head = (
        f"{'POST' if kind == 'form' else 'PUT'} {path} HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: {token}\r\nContent-Length: {len(before) + left + len(after)}\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY.decode()}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", int(port))) as link:
        begun = time.monotonic()
        link.sendall(head.encode() + before)
        while left:
            left -= link.send(PIECE[:left])
        link.sendall(after)
        answer = link.recv(65536)
        took = time.monotonic() - begun
    if not answer.startswith(b"HTTP/1.1 200"):
        sys.exit(answer.decode())
    print(took)


if __name__ == "__main__":
    main()
