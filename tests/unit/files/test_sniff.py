"""Content types: one vector for each row of the standard's tables, and where rows end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octyne.files import sniff as table
from octyne.files.sniff import BINARY, HEAD_BYTES, HTML, PLAIN, TYPES, XML, sniff

ROWS = [
    (b"%PDF-1.7\n", "application/pdf"),
    (b"%!PS-Adobe-3.0", "application/postscript"),
    (b"\0\0\1\0\2\0", "image/x-icon"),
    (b"\0\0\2\0\2\0", "image/x-icon"),
    (b"BM\x36\0\0\0", "image/bmp"),
    (b"GIF87a\1\0", "image/gif"),
    (b"GIF89a\1\0", "image/gif"),
    (b"RIFF\1\2\3\4WEBPVP8 ", "image/webp"),
    (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/png"),
    (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"),
    (b"FORM\1\2\3\4AIFF", "audio/aiff"),
    (b"ID3\4\0", "audio/mpeg"),
    (b"OggS\0\2", "application/ogg"),
    (b"MThd\0\0\0\6\0\1", "audio/midi"),
    (b"RIFF\1\2\3\4AVI LIST", "video/avi"),
    (b"RIFF\1\2\3\4WAVEfmt ", "audio/wave"),
    (b"\0\1\0\0\0\x10", "font/ttf"),
    (b"OTTO\0\x0b", "font/otf"),
    (b"ttcf\0\1", "font/collection"),
    (b"wOFF\0\1\0\0", "font/woff"),
    (b"wOF2\0\1\0\0", "font/woff2"),
    (b"\x1f\x8b\x08\0", "application/x-gzip"),
    (b"PK\3\4\x14\0", "application/zip"),
    (b"Rar!\x1a\x07\0\xcf", "application/x-rar-compressed"),
    (b"Rar!\x1a\x07\1\0\x33", "application/x-rar-compressed"),
    (b"\0asm\1\0\0\0", "application/wasm"),
]
OTHERS = [
    (b"\xfe\xff\0a\0b", "text/plain; charset=utf-16be"),
    (b"\xff\xfea\0b\0", "text/plain; charset=utf-16le"),
    (b"\xef\xbb\xbfabc", PLAIN),
    (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "video/mp4"),
    (b"\0\0\0\x18ftypisom\0\0\0\0isommp41", "video/mp4"),
    (b"\x1a\x45\xdf\xa3\x93\x42\x82\x84webm\x42\x87", "video/webm"),
    (b"\x1a\x45\xdf\xa3\x93\x42\x82\x88\0\0\0\0webm", "video/webm"),
    (b"\0" * 34 + b"LP\0", "application/vnd.ms-fontobject"),
    (b"", PLAIN),
    (b"plain words\r\n", PLAIN),
    ("Grüße, 你好 🎉".encode(), PLAIN),
    (b"caf\xe9 in Latin-1", PLAIN),
    (b"\x1b[31mcolours\x1b[0m\t\x0c\n", PLAIN),
    (b"a\0b", BINARY),
    (b"\x7fELF\2\1\1\0", BINARY),
    (b"\xff\xfb\x90\x64" + bytes(500), BINARY),  # MP3 without ID3
]
TAGS = [
    *("<!DOCTYPE HTML", "<HTML", "<HEAD", "<SCRIPT", "<IFRAME", "<H1", "<DIV", "<FONT", "<TABLE"),
    *("<A", "<STYLE", "<TITLE", "<B", "<BODY", "<BR", "<P", "<!--"),
]


@pytest.mark.parametrize(("head", "kind"), ROWS + OTHERS)
def test_each_row_is_recognised(head: bytes, kind: str) -> None:
    """One beginning for each row, and some that are in none."""
    assert sniff(head) == kind


def test_every_signature_has_a_vector() -> None:
    """So that a row can't be added without one; each type is known to the cache."""
    assert len(ROWS) == len(table.SIGNATURES)
    assert {kind for _, kind in ROWS + OTHERS} | {HTML, XML} == set(TYPES)


@pytest.mark.parametrize(("head", "kind"), ROWS)
def test_a_signature_counts_whole_or_not_at_all(head: bytes, kind: str) -> None:
    """Cut one byte short, it is text or binary."""
    rows = [row for row in table.SIGNATURES if row[3] == kind and head.startswith(row[0])]
    start, offset, inner, _ = next(row for row in rows if head.startswith(row[2], row[1]))
    whole = max(len(start), offset + len(inner))

    assert sniff(head[:whole]) == kind
    assert sniff(head[: whole - 1]) in (PLAIN, BINARY)


@pytest.mark.parametrize("tag", TAGS)
@pytest.mark.parametrize("end", [b" ", b">"])
def test_tags_are_html(tag: str, end: bytes) -> None:
    """In any case, after blanks."""
    assert sniff(tag.encode() + end) == HTML
    assert sniff(b"\t\n\x0c\r " + tag.lower().encode() + end + b"x") == HTML


@pytest.mark.parametrize("tag", TAGS)
@pytest.mark.parametrize("end", [b"", b"\n", b"x", b"/"])
def test_a_tag_has_an_end(tag: str, end: bytes) -> None:
    """A blank or a bracket; nothing else ends it."""
    assert sniff(tag.encode() + end) == PLAIN


def test_xml_after_blanks() -> None:
    """In lower case only, as the standard has it."""
    assert sniff(b'\n <?xml version="1.0"?><a/>') == XML
    assert sniff(b"<?XML version") == PLAIN
    assert sniff(b"<?xm") == PLAIN


@pytest.mark.parametrize("byte", range(256))
def test_some_bytes_are_in_no_text(byte: int) -> None:
    """Those that section 3 calls binary data bytes."""
    is_binary = byte <= 0x08 or byte == 0x0B or 0x0E <= byte <= 0x1A or 0x1C <= byte <= 0x1F

    assert sniff(b"words" + bytes([byte])) == (BINARY if is_binary else PLAIN)


def test_only_the_first_bytes_count() -> None:
    """A text stays one whatever comes late."""
    assert sniff(b"a" * HEAD_BYTES + b"\0") == PLAIN
    assert sniff(b"a" * (HEAD_BYTES - 1) + b"\0") == BINARY
    assert sniff(b" " * HEAD_BYTES + b"<html>") == PLAIN


@pytest.mark.parametrize(
    "head",
    [
        b"\0\0\0\x18ftypisom\0\0\0\0isomiso2",  # no brand of it is mp4
        b"\0\0\0\x18ftypisommp42isomiso2",  # that is the version
        b"\0\0\0\x19ftypmp42\0\0\0\0mp42isom\0",  # no multiple of four
        b"\0\0\0\x1cftypmp42\0\0\0\0mp42isom",  # it ends before its end
        b"\0\0\0\x18fxypmp42\0\0\0\0mp42isom",
        b"\0\0\0\x08ftyp",
    ],
)
def test_what_is_no_mp4(head: bytes) -> None:
    """Section 6.2.1, step by step."""
    assert sniff(head) == BINARY


@pytest.mark.parametrize(
    "head",
    [
        b"\x1a\x45\xdf\xa3",
        b"\x1a\x45\xdf\xa3\x93\x42\x82",
        b"\x1a\x45\xdf\xa3\x93\x42\x82\x88matroska",
        b"\x1a\x45\xdf\xa3" + bytes(36) + b"\x42\x82\x84webm",  # too late
    ],
)
def test_what_is_no_webm(head: bytes) -> None:
    """Matroska that isn't WebM, and headers that are cut off."""
    assert sniff(head) == BINARY


def test_short_marks_are_none() -> None:
    """An encoding's mark alone, without a text."""
    assert sniff(b"\xfe\xffa") == PLAIN
    assert sniff(b"\xef\xbb\xbf") == PLAIN


def test_a_text_is_no_font() -> None:
    """Whatever stands at the place of a font's mark."""
    assert sniff(b"a" * 34 + b"LP") == PLAIN


@given(st.binary(max_size=600))
def test_every_content_has_a_type(head: bytes) -> None:
    """And only one that the cache knows."""
    assert sniff(head) in TYPES
