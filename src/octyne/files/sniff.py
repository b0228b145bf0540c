"""What a file's content looks like: the WHATWG MIME Sniffing Standard, as this API writes types.

The rules for unknown types (section 7.1) with the tables for images, audio and video, fonts and
archives. Pure. Texts name their charset. Not here: MP3 without ID3 (two frames of it often don't
fit into what is read), which is "application/octet-stream".
"""

HEAD_BYTES = 512  # of a file that are looked at; more change nothing

PLAIN = "text/plain; charset=utf-8"
BINARY = "application/octet-stream"
HTML = "text/html; charset=utf-8"
XML = "text/xml; charset=utf-8"

_BLANKS = b"\t\n\x0c\r "
_CONTROL = bytes({*range(0x20)} - set(b"\t\n\x0c\r\x1b"))  # bytes that no text holds
_TAG_ENDS = (b" ", b">")

_TAGS = (
    b"<!DOCTYPE HTML",
    b"<HTML",
    b"<HEAD",
    b"<SCRIPT",
    b"<IFRAME",
    b"<H1",
    b"<DIV",
    b"<FONT",
    b"<TABLE",
    b"<A",
    b"<STYLE",
    b"<TITLE",
    b"<B",
    b"<BODY",
    b"<BR",
    b"<P",
    b"<!--",
)

# A beginning, what stands at an offset behind it ("" means nothing more), and the type. The order
# doesn't matter: no two of them fit the same bytes.
SIGNATURES: tuple[tuple[bytes, int, bytes, str], ...] = (
    (b"%PDF-", 0, b"", "application/pdf"),
    (b"%!PS-Adobe-", 0, b"", "application/postscript"),
    (b"\0\0\1\0", 0, b"", "image/x-icon"),
    (b"\0\0\2\0", 0, b"", "image/x-icon"),
    (b"BM", 0, b"", "image/bmp"),
    (b"GIF87a", 0, b"", "image/gif"),
    (b"GIF89a", 0, b"", "image/gif"),
    (b"RIFF", 8, b"WEBPVP", "image/webp"),
    (b"\x89PNG\r\n\x1a\n", 0, b"", "image/png"),
    (b"\xff\xd8\xff", 0, b"", "image/jpeg"),
    (b"FORM", 8, b"AIFF", "audio/aiff"),
    (b"ID3", 0, b"", "audio/mpeg"),
    (b"OggS\0", 0, b"", "application/ogg"),
    (b"MThd\0\0\0\6", 0, b"", "audio/midi"),
    (b"RIFF", 8, b"AVI ", "video/avi"),
    (b"RIFF", 8, b"WAVE", "audio/wave"),
    (b"\0\1\0\0", 0, b"", "font/ttf"),
    (b"OTTO", 0, b"", "font/otf"),
    (b"ttcf", 0, b"", "font/collection"),
    (b"wOFF", 0, b"", "font/woff"),
    (b"wOF2", 0, b"", "font/woff2"),
    (b"\x1f\x8b\x08", 0, b"", "application/x-gzip"),
    (b"PK\3\4", 0, b"", "application/zip"),
    (b"Rar!\x1a\x07\0", 0, b"", "application/x-rar-compressed"),
    (b"Rar!\x1a\x07\1\0", 0, b"", "application/x-rar-compressed"),
    (b"\0asm", 0, b"", "application/wasm"),
)
_BOMS = (
    (b"\xfe\xff", "text/plain; charset=utf-16be"),
    (b"\xff\xfe", "text/plain; charset=utf-16le"),
    (b"\xef\xbb\xbf", PLAIN),
)
_BOM_BYTES = 4  # so many there must be, or the mark doesn't count
_EBML, _WEBM_REACH = b"\x1a\x45\xdf\xa3", 38
_EOT_OFFSET, _EOT = 34, b"LP"

TYPES: tuple[str, ...] = tuple(
    dict.fromkeys(
        [
            PLAIN,
            BINARY,
            HTML,
            XML,
            *(kind for _, _, _, kind in SIGNATURES),
            *(kind for _, kind in _BOMS),
            "video/mp4",
            "video/webm",
            "application/vnd.ms-fontobject",
        ]
    )
)

_BY_FIRST_BYTE: dict[int, list[tuple[bytes, int, bytes, str]]] = {}
for _row in SIGNATURES:
    _BY_FIRST_BYTE.setdefault(_row[0][0], []).append(_row)
_BOM_FIRST = frozenset(mark[0] for mark, _ in _BOMS)


def sniff(head: bytes) -> str:
    """The type of a file that begins with ``head``; bytes beyond `HEAD_BYTES` don't count."""
    head = head[:HEAD_BYTES]
    if not head:
        return PLAIN
    first = head[0]
    if (first == 0x3C or first in _BLANKS) and (kind := _markup(head)):
        return kind
    for start, offset, inner, kind in _BY_FIRST_BYTE.get(first, ()):
        if head.startswith(start) and head.startswith(inner, offset):
            return kind
    if first in _BOM_FIRST and (kind := _marked(head)):
        return kind
    return _binary(head) if _holds_control(head) else PLAIN


def _marked(head: bytes) -> str:
    """A text that names its own encoding; "" when it is none."""
    if len(head) >= _BOM_BYTES:
        for mark, kind in _BOMS:
            if head.startswith(mark):
                return kind
    return ""


def _markup(head: bytes) -> str:
    """HTML or XML, after blanks; "" when it is neither."""
    text = head.lstrip(_BLANKS)
    if text.startswith(b"<?xml"):
        return XML
    upper = text[:32].upper()
    for tag in _TAGS:
        if upper.startswith(tag) and text[len(tag) : len(tag) + 1] in _TAG_ENDS:
            return HTML
    return ""


def _holds_control(head: bytes) -> bool:
    return len(head.translate(None, _CONTROL)) != len(head)


def _binary(head: bytes) -> str:
    """What is recognised by more than its beginning; none of these is a text."""
    if _is_mp4(head):
        return "video/mp4"
    if _is_webm(head):
        return "video/webm"
    if head.startswith(_EOT, _EOT_OFFSET):
        return "application/vnd.ms-fontobject"
    return BINARY


def _is_mp4(head: bytes) -> bool:
    """Section 6.2.1: the first box is a file type, and one of its brands an mp4 one."""
    size = int.from_bytes(head[:4], "big")
    if len(head) < 12 or size % 4 or len(head) < size or head[4:8] != b"ftyp":
        return False
    brands = (8, *range(16, size, 4))  # the four bytes between are a version
    return any(head.startswith(b"mp4", place) for place in brands)


def _is_webm(head: bytes) -> bool:
    """Section 6.2.2: an EBML header whose document type, near the beginning, is webm."""
    if not head.startswith(_EBML):
        return False
    place = head.find(b"\x42\x82", 4, _WEBM_REACH + 2)
    if place < 0 or place + 2 >= len(head):
        return False
    width = 9 - head[place + 2].bit_length()  # of the number that follows, in bytes
    return head[place + 2 + width :].lstrip(b"\0").startswith(b"webm")
