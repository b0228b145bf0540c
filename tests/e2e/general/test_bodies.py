"""Section 1 of the contract, by the real daemon: bodies, whatever they are."""

from collections.abc import Callable

import pytest

from support.doors import Door, error, size

BAD_JSON = error("Invalid JSON body!")


BROKEN_JSON = [
    b"",
    b"null",
    b"[]",
    b'["username"]',
    b'"x"',
    b"1",
    b"{",
    b"{'username':'a'}",
    b'{"username":1,"password":"x"}',
    b'{"username":"a","password":["x"]}',
    b'{"username":"a","password":"x"} x',
    b'{"username":"a","password":"x"}{}',
    b'{"username":"a","password":"x",}',
    b'{"username":"\xff","password":"x"}',
    b"\x1f\x8b\x08\x00",
]


@pytest.mark.parametrize("body", BROKEN_JSON)
def test_bodies_that_are_no_json_object_are_400(door: Door, body: bytes) -> None:
    """With the exact text, for creating and for changing."""
    for method, path in (("POST", "/accounts"), ("PATCH", "/accounts?username=admin")):
        answer = door.ask(method, path, body)
        assert (answer.status, answer.json) == (400, BAD_JSON)


@pytest.mark.parametrize("spell", [str.upper, str.title])
def test_keys_match_in_any_case(door: Door, spell: Callable[[str], str]) -> None:
    """As in Go; the exact key wins when both are there."""
    name, password = spell("username"), spell("password")
    body = f'{{"{name}":"other","username":"keys","{password}":"p"}}'
    answer = door.ask("POST", "/accounts", body)
    assert (answer.status, answer.json) == (200, {"success": True})
    assert door.ask("GET", "/accounts").json == ["admin", "keys"]
    assert door.ask("DELETE", "/accounts?username=keys").status == 200


@pytest.mark.parametrize(
    "headers",
    [
        (),
        ("Content-Type: text/plain",),
        ("Content-Type: application/x-www-form-urlencoded",),
        ("Content-Type: multipart/form-data; boundary=x",),
        ("Content-Type: ;;",),
        ("content-type: APPLICATION/JSON",),
    ],
)
def test_bodies_are_taken_for_what_they_are(door: Door, headers: tuple[str, ...]) -> None:
    """Whatever their type, or without one, and without a User-Agent."""
    head = door.head("POST", "/server/app", "Host: x", *headers, "Connection: close", *size(5))
    answer = door.raw(head + b"start")[0]
    assert (answer.status, answer.json) == (200, {"success": True})


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "x"])
def test_bodies_are_never_decoded(door: Door, encoding: str) -> None:
    """`Content-Encoding` of a request means nothing here, so a plain body passes."""
    headers = ("Host: x", f"Content-Encoding: {encoding}", "Connection: close", *size(5))
    answer = door.raw(door.head("POST", "/server/app", *headers) + b"START")[0]
    assert (answer.status, answer.json) == (200, {"success": True})


@pytest.mark.parametrize(
    "chunks",
    [
        b"5\r\nSTART\r\n0\r\n\r\n",
        b"1\r\nS\r\n4\r\nTART\r\n0\r\n\r\n",
        b"5;extension=1\r\nSTART\r\n0\r\nTrailer: x\r\n\r\n",
        b"0005\r\nSTART\r\n000\r\n\r\n",
    ],
)
def test_chunked_bodies_are_read(door: Door, chunks: bytes) -> None:
    """In however many chunks, with extensions and trailers."""
    headers = ("Host: x", "Transfer-Encoding: chunked", "Connection: close")
    answer = door.raw(door.head("POST", "/server/app", *headers) + chunks)[0]
    assert (answer.status, answer.json) == (200, {"success": True})


@pytest.mark.parametrize("path", ["/accounts", "/server/app", "/config"])
@pytest.mark.parametrize(
    ("header", "start"),
    [
        ("Content-Length: 100", b'{"user'),
        ("Content-Length: 100", b""),
        ("Transfer-Encoding: chunked", b"64\r\n{"),
        ("Transfer-Encoding: chunked", b"5\r\nSTART\r\n"),
    ],
)
def test_a_body_that_is_cut_off_is_400(door: Door, path: str, header: str, start: bytes) -> None:
    """The client still reads, so it gets the exact text, and nothing is done."""
    method = "PATCH" if path == "/config" else "POST"
    answers = door.raw(door.head(method, path, "Host: x", header) + start, half_close=True)
    assert [(each.status, each.json) for each in answers] == [(400, error("Failed to read body!"))]


def test_a_body_with_a_broken_chunk_is_400(door: Door) -> None:
    """And the connection closes: nobody knows where the next request would begin."""
    head = door.head("POST", "/server/app", "Host: x", "Transfer-Encoding: chunked")
    answers = door.raw(head + b"zz\r\nSTART\r\n")
    assert [each.status for each in answers] == [400]
    assert "error" in answers[0].json


def test_a_body_that_nobody_asked_for_disturbs_nothing(door: Door) -> None:
    """A GET with a body; the next request of the connection is found."""
    first = door.head("GET", "/servers", "Host: x", *size(7)) + b"ignored"
    second = door.head("GET", "/", "Host: x", "Connection: close")
    assert [each.status for each in door.raw(first + second)] == [200, 200]


def test_clients_that_wait_for_the_go_ahead_get_it(door: Door) -> None:
    """`Expect: 100-continue`: the body comes only after it."""
    headers = ("Host: x", "Expect: 100-continue", "Connection: close", *size(5))
    with door.connect() as sock:
        sock.sendall(door.head("POST", "/server/app", *headers))
        assert sock.recv(1 << 16) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(b"START")
        received = b"".join(iter(lambda: sock.recv(1 << 16), b""))
    assert received.startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_refused_client_is_not_asked_for_its_body(stranger: Door) -> None:
    """Who waits for the go-ahead gets the refusal instead."""
    headers = ("Host: x", "Expect: 100-continue", "Connection: close", *size(5))
    with stranger.connect() as sock:
        sock.sendall(stranger.head("POST", "/server/app", *headers))
        assert sock.recv(1 << 16).startswith(b"HTTP/1.1 401 ")


def test_bodies_over_the_limit_are_413_and_not_read(door: Door) -> None:
    """A terabyte that is only announced is refused at once."""
    head = door.head("POST", "/accounts", "Host: x", "Connection: close", *size(1 << 40))
    with door.connect() as sock:
        sock.sendall(head + b"x")
        assert sock.recv(1 << 16).startswith(b"HTTP/1.1 413 ")
