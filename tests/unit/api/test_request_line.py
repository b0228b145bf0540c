"""First lines of requests that the parser would refuse."""

import pytest

from octyne.api.request_line import mended

UNTOUCHED = [
    b"",
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /a HTTP/1.1\r\nX: \xc3\xbc\r\n\r\n",
    b"GET /\xc3",
    b"GET /a b HTTP/1.1\r\n",
    b"rubbish\r\n\r\n",
    b"\x16\x03\x01\x02",
    b"GET http://h/\xc3 HTTP/1.1\r\n",
    b"GET / HTTP/2.0\r\n",
    b"X" * 65 + b" / HTTP/1.1\r\n",
]


@pytest.mark.parametrize("data", UNTOUCHED)
def test_what_the_parser_takes_or_rightly_refuses_is_left_alone(data: bytes) -> None:
    """Byte for byte."""
    assert mended(data) == data


def test_names_sent_as_they_are_are_encoded() -> None:
    """In the target only; what follows stays."""
    data = "GET /server/ü%41?a=ö HTTP/1.1\r\nX: ü\r\n\r\n".encode()
    expected = "GET /server/%C3%BC%41?a=%C3%B6 HTTP/1.1\r\nX: ü\r\n\r\n".encode()
    assert mended(data) == expected


def test_unknown_methods_become_one_that_no_route_takes() -> None:
    """Also in lower case: methods have a case."""
    assert mended(b"BREW / HTTP/1.1\r\n\r\n") == b"UNLINK / HTTP/1.1\r\n\r\n"
    assert mended(b"get / HTTP/1.0\r\n\r\n") == b"UNLINK / HTTP/1.0\r\n\r\n"
