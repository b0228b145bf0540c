"""Cutting and decoding, compared with what is simply true of any bytes."""

from hypothesis import given, settings
from hypothesis import strategies as st

from octyne.console.lines import character_boundary, decode, presentable, whole_lines

output = (
    st.lists(
        st.sampled_from([b"\n", b"\r", b"\r\n", b"a", "é".encode(), "€".encode(), "😀".encode()])
        | st.binary(max_size=3),
        max_size=20,
    )
).map(b"".join)
limits = st.integers(1, 40)
texts = st.text(alphabet="aé€😀\n", max_size=20)


@given(output, limits)
def test_whole_lines_end_with_a_line(data: bytes, limit: int) -> None:
    """The longest run of whole lines within the limit; else a piece of a line that is too long."""
    count = whole_lines(data, limit=limit)
    if b"\n" in data[:limit]:
        assert count == len(data[:limit].rpartition(b"\n")[0]) + 1
    elif len(data) < limit:
        assert count == 0
    else:
        assert limit - 3 <= count <= limit


@given(texts, st.integers(0, 80))
def test_characters_are_not_cut(text: str, cut: int) -> None:
    """Valid text that is cut anywhere decodes without a replacement, and loses no more."""
    data = text.encode()[:cut]
    count = character_boundary(data)

    assert "\ufffd" not in data[:count].decode("utf-8", "replace")
    assert text.startswith(data[:count].decode())
    assert len(data) - count < 4


@given(output)
def test_only_a_character_that_could_still_come_waits(data: bytes) -> None:
    """What stays behind is the beginning of a character, never plain output."""
    rest = data[character_boundary(data) :]

    assert len(rest) < 4
    assert not rest or (rest[0] >= 0xC0 and all(0x80 <= byte < 0xC0 for byte in rest[1:]))


@given(output)
def test_decoding(data: bytes) -> None:
    r"""One line's end less, ``\r\n`` as ``\n``, invalid bytes as U+FFFD; all else stays."""
    text = decode(data)
    lines = [line.removesuffix(b"\r") for line in data.split(b"\n")[:-1]]
    last = data.rpartition(b"\n")[2]
    if last:
        lines.append(last)

    assert text.split("\n") == [line.decode("utf-8", "replace") for line in lines] or [""]


@settings(max_examples=200)
@given(output, st.lists(st.integers(1, 8)))
def test_what_is_shown_of_an_unfinished_line_never_changes(data: bytes, cuts: list[int]) -> None:
    """Shown in pieces as it grows, a line reads as if it had been shown at once."""
    line = data.replace(b"\n", b"") + b"\r\n"
    shown, position, end = "", 0, 0
    for cut in cuts:
        end = min(end + cut, len(line) - 1)
        count = presentable(line[position:end])
        shown += decode(line[position : position + count])
        position += count
    shown += decode(line[position:])

    assert shown == decode(line)
