"""Cuts a byte stream into what viewers get: whole lines, decoded, of a bounded size. Pure."""

MAX_LINE_BYTES = 1_040_000  # a longer line is split; with its envelope it stays under 1 MiB


def whole_lines(data: bytes, *, limit: int) -> int:
    """How many bytes of ``data`` make whole lines (their ends included); 0 when none do.

    Data of ``limit`` bytes or more without a line's end is cut between two characters.
    """
    end = data.rfind(b"\n", 0, limit) + 1
    if end or len(data) < limit:
        return end
    return character_boundary(data[:limit])


def character_boundary(data: bytes) -> int:
    """How many bytes of ``data`` remain without a UTF-8 character that its end cuts off."""
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte & 0xC0 == 0x80:  # inside a character
            continue
        length = 2 if byte >> 5 == 0b110 else 3 if byte >> 4 == 0b1110 else 4
        if byte >= 0xC0 and byte < 0xF8 and length > back:
            return len(data) - back
        break
    return len(data)


def decode(data: bytes) -> str:
    r"""The text of whole lines: without the last line's end, ``\r\n`` as ``\n``.

    Invalid UTF-8 becomes U+FFFD. A lone ``\r`` stays.
    """
    if b"\r\n" in data:
        data = data.replace(b"\r\n", b"\n")
    return data.removesuffix(b"\n").decode("utf-8", "replace")


def presentable(data: bytes) -> int:
    r"""How many bytes of an unfinished line can be shown now.

    Without a cut-off character, and without a ``\r`` that may be half a line's end.
    """
    end = character_boundary(data)
    return end - 1 if data[:end].endswith(b"\r") else end
