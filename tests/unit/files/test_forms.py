"""Forms: what is the file in them, however they are cut."""

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octyne.errors import InvalidError, TooLargeError
from octyne.files.forms import Form, boundary_of, file_name, parameters

BOUNDARY = b"xYzZy"
HEAD = b'--xYzZy\r\nContent-Disposition: form-data; name="upload"; filename="a"\r\n\r\n'
TAIL = b"\r\n--xYzZy--\r\n"


def taken(body: bytes, cuts: list[int]) -> tuple[str | None, bytes]:
    """Name and content, of a body that comes in pieces."""
    form, found = Form(BOUNDARY), bytearray()
    edges = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    for start, end in pairwise(edges):
        for piece in form.feed(body[start:end]):
            found += piece
    form.end()
    return form.name, bytes(found)


HOSTILE = st.lists(
    st.sampled_from([b"\r", b"\n", b"--", b"\r\n--xYzZ", b"\r\n--", b"xYzZy", b"--xYzZy", b"a"])
).map(b"".join)


@given(content=HOSTILE | st.binary(), cuts=st.lists(st.integers(0, 200), max_size=20))
def test_the_content_is_what_was_sent(content: bytes, cuts: list[int]) -> None:
    """However it is cut, and however like the boundary it looks."""
    if b"\r\n--xYzZy" in b"\r\n" + content + b"\r\n":
        return

    assert taken(HEAD + content + TAIL, cuts) == ("a", content)


@given(body=HOSTILE | st.binary(), cuts=st.lists(st.integers(0, 200), max_size=20))
def test_anything_else_is_refused(body: bytes, cuts: list[int]) -> None:
    """With our own error."""
    with pytest.raises(InvalidError):
        taken(body, cuts)


@pytest.mark.parametrize(
    "flood",
    [b"\r" * 500, b"\r\n" * 500, b"\r\n--xYzZ" * 500, b"\r\n--" * 500, b"-" * 500],
    ids=repr,
)
def test_floods_cost_no_more(flood: bytes) -> None:
    """A second's worth of time for 8 MB, on a slow machine."""
    form, piece = Form(BOUNDARY), flood * (1_000_000 // len(flood))
    form.feed(HEAD)
    begun = time.process_time()
    for _ in range(8):
        form.feed(piece)

    assert time.process_time() - begun < 1


def test_many_tiny_parts_end_soon() -> None:
    """After a hundred."""
    part = b'--xYzZy\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n'

    with pytest.raises(InvalidError):
        Form(BOUNDARY).feed(part * 10_000)


@pytest.mark.parametrize("aside", [b"x", b"\r", b"--xYzZy\r\n\r\n" + b"y" * 70_000])
def test_what_is_beside_the_file_has_a_bound(aside: bytes) -> None:
    """Preamble, fields and epilogue."""
    body = aside * (70_000 // len(aside) or 1) * 40

    with pytest.raises((TooLargeError, InvalidError)):
        Form(BOUNDARY).feed(body)


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("multipart/form-data; boundary=abc", b"abc"),
        ('Multipart/Form-Data;boundary="a b"; charset=utf-8', b"a b"),
    ],
)
def test_boundaries(header: str, found: bytes) -> None:
    """Quoted or not."""
    assert boundary_of(header) == found


@given(st.text())
def test_any_header_is_read(header: str) -> None:
    """Nothing breaks."""
    parameters(header)
    file_name(parameters(header))


def test_a_long_header_is_read_in_no_time() -> None:
    """No backtracking."""
    begun = time.process_time()
    for header in ('; filename="' + "\\" * 4000, ";" * 4000, "; a=" * 1000, '; a="\\"' * 600):
        parameters(header)

    assert time.process_time() - begun < 1
