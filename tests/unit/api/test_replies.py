"""Names in headers, numbers in JSON."""

import pytest

from octyne.api import replies
from octyne.api.handlers.auth import decode_header
from octyne.wire import number

NAMES = [
    ("web.log", "attachment; filename=web.log"),
    ("a b.log", "attachment; filename=\"a b.log\"; filename*=UTF-8''a%20b.log"),
    ('x".log', "attachment; filename=\"x_.log\"; filename*=UTF-8''x%22.log"),
    ("ü.log", "attachment; filename=\"_.log\"; filename*=UTF-8''%C3%BC.log"),
    ("a\r\nb", "attachment; filename=\"a__b\"; filename*=UTF-8''a%0D%0Ab"),
    ("\udcff", "attachment; filename=\"_\"; filename*=UTF-8''%FF"),
    ("", "attachment; filename=\"\"; filename*=UTF-8''"),
]


@pytest.mark.parametrize(("name", "header"), NAMES)
def test_attachments_have_any_name(name: str, header: str) -> None:
    """Quoted and encoded where it needs it; never a line end."""
    assert replies.attachment(name) == header


NUMBERS = [(0.0, "0"), (100.0, "100"), (12.345, "12.35"), (1e-9, "0"), (1e17, "100000000000000000")]


@pytest.mark.parametrize(("value", "text"), NUMBERS)
def test_numbers_have_no_needless_point(value: float, text: str) -> None:
    """Strict clients."""
    assert str(number(value)) == text


@pytest.mark.parametrize("text", ["plain", "Jürgen", "日本", "ÿ"])
def test_headers_are_utf8_else_latin1(text: str) -> None:
    """As aiohttp gives them to us."""
    for encoding in ("utf-8", "latin-1"):
        if encoding == "latin-1" and text == "日本":
            continue
        received = text.encode(encoding).decode("utf-8", "surrogateescape")
        assert decode_header(received) == text


def test_header_injection_is_impossible() -> None:
    """A bug would end here."""
    answer = replies.done()
    answer.extra["X"] = "a\r\nB: c"
    with pytest.raises(ValueError, match="line end"):
        answer._head(is_old=False)
