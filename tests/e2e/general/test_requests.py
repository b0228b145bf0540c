"""Requests to the real daemon, byte by byte: odd ones are served, others refused."""

import socket
from pathlib import Path

import pytest

from support.daemon import Daemon
from support.doors import Door, parse, size


@pytest.mark.parametrize(
    "headers",
    [
        ("Host: 2f746d702f6f6374796e652e736f636b:0",),
        ("Host: ",),
        ("Host: [",),
        ("Host: a b",),
        ("HOST: x", "ACCEPT: */*"),
        ("host: x", "accept-encoding: gzip, br"),
    ],
)
def test_odd_and_missing_hosts_are_served(door: Door, headers: tuple[str, ...]) -> None:
    """As the local tools send them; without a User-Agent, and never compressed."""
    answer = door.raw(door.head("GET", "/servers", *headers, "Connection: close"))[0]
    assert answer.status == 200
    assert answer.json["servers"]["app"] in {0, 1}
    assert "Content-Encoding" not in answer.headers


def test_http_1_0_is_served_and_closed(door: Door) -> None:
    """No chunks, no keep-alive unless asked for."""
    head = door.head("GET", "/servers").replace(b"HTTP/1.1", b"HTTP/1.0")
    answers = door.raw(head)
    assert [each.status for each in answers] == [200]
    assert answers[0].headers["Connection"] == "close"


def test_a_connection_serves_many_requests_in_order(door: Door) -> None:
    """Pipelined ones too, refusals and changes of state among them."""
    one = door.head("GET", "/servers", "Host: x")
    bad = door.head("GET", "/nope", "Host: x")
    start = door.head("POST", "/server/app", "Host: x", *size(5)) + b"START"
    last = door.head("GET", "/", "Host: x", "Connection: close")
    answers = door.raw((one + bad + start) * 20 + last)
    assert [each.status for each in answers] == [200, 404, 200] * 20 + [200]
    assert "version" in answers[-1].json


def test_a_client_that_closes_its_side_gets_its_answer(door: Door) -> None:
    """As `nc -N` does."""
    answers = door.raw(door.head("GET", "/servers", "Host: x"), half_close=True)
    assert [each.status for each in answers] == [200]


def test_a_request_in_many_small_pieces_is_served(door: Door) -> None:
    """A byte at a time."""
    data = door.head("POST", "/server/app", "Host: x", "Connection: close", *size(5)) + b"START"
    with door.connect() as sock:
        if sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for index in range(len(data)):
            sock.sendall(data[index : index + 1])
        received = b"".join(iter(lambda: sock.recv(1 << 16), b""))
    assert received.startswith(b"HTTP/1.1 200 OK\r\n")


NO_HTTP = [
    (b"rubbish\r\n\r\n", 400),
    (b"GET / HTTP/9.x\r\n\r\n", 400),
    (b"GET  / HTTP/1.1\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nNo colon\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nA b: c\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nA: b\x00c\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    (b"\x16\x03\x01\x02\x00\x01\x00", 400),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    (b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\n\r\n", 431),
    (b"GET / HTTP/1.1\r\nX: " + b"x" * 20_000 + b"\r\n\r\n", 431),
    (b"GET / HTTP/1.1\r\n" + b"X: x\r\n" * 1000 + b"\r\n", 400),
    (b"GET / HTTP/1.1\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
]


@pytest.mark.parametrize(("data", "status"), NO_HTTP, ids=range(len(NO_HTTP)))
def test_what_is_no_http_is_refused_in_json(door: Door, data: bytes, status: int) -> None:
    """Then the connection closes; the next one is served."""
    answers = door.raw(data)
    assert [each.status for each in answers] == [status]
    assert answers[0].headers["Content-Type"] == "application/json"
    assert list(answers[0].json) == ["error"]
    assert door.ask("GET", "/").status == 200


def test_headers_of_7_kb_pass(door: Door) -> None:
    """Cookies of other programs on the same host, say."""
    other = f"Cookie: other={'x' * 7000}"
    answer = door.raw(door.head("GET", "/servers", "Host: x", other, "Connection: close"))[0]
    assert answer.status == 200


@pytest.mark.parametrize("authorized", [True, False])
def test_a_body_that_looks_like_a_request_stays_a_body(door: Door, *, authorized: bool) -> None:
    """Not a byte of it is changed, so that the next request is found where it begins."""
    if not authorized:
        door.token = ""
    body = "GET /ü HTTP/1.1\r\nHost: x\r\n\r\nBREW / HTTP/1.1\r\n\r\n".encode()
    head = door.head("POST", "/accounts", "Host: x", *size(len(body)))
    last = door.head("GET", "/", "Host: x", "Connection: close")
    with door.connect() as sock:
        sock.sendall(head)
        if door.name != "unix" and not authorized:  # refused before the body is there
            assert sock.recv(1 << 16).startswith(b"HTTP/1.1 401 ")
            statuses = [200]
        else:
            statuses = [400, 200]
        sock.sendall(body)
        sock.sendall(last)
        received = b"".join(iter(lambda: sock.recv(1 << 16), b""))
    assert [each.status for each in parse(received)] == statuses


def test_targets_with_a_host_and_empty_queries_are_understood(door: Door) -> None:
    """As a proxy is asked; and a bare question mark."""
    absolute = door.head("GET", "/servers?", "Host: h", "Connection: close")
    absolute = absolute.replace(b"GET /", b"GET http://h:80/", 1)
    assert door.raw(absolute)[0].status == 200


def test_nothing_was_a_bug(daemon: Daemon) -> None:
    """After all of the above the daemon's log holds no traceback."""
    assert "Traceback" not in daemon.log, daemon.log
    assert Path(f"/proc/{daemon.pid}").exists()
