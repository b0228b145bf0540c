"""Multipart forms (RFC 7578): the one file in them, found while they come. Pure.

The parsing is python-multipart's; what is allowed, and what a file name means, stands here.
"""

import re
from urllib.parse import unquote_to_bytes

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser

from octyne.errors import InvalidError, TooLargeError
from octyne.files.errors import INVALID_FORM
from octyne.files.incoming import last_part

FIELD = "upload"
MAX_PARTS = 100
MAX_ASIDE = 1 << 20  # bytes of a form that aren't the file's: other fields, boundaries, headers
MAX_BOUNDARY = 200  # bytes; RFC 2046 has 70
TWO_FILES = "There is more than one file in this form. Send each in a request of its own."

_PARAMETER = re.compile(
    r';\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"(?=\s*(?:;|$))|"([^"]*)"|([^\s;"]*))', re.DOTALL
)
_ESCAPED = re.compile(r'\\(["\\])')
_BROWSER = re.compile(r"%(22|0D|0A)")  # what browsers write for a quote and for line ends
_CHARSETS = ("utf-8", "iso-8859-1")


def boundary_of(content_type: str) -> bytes:
    """The boundary of a form, from its Content-Type.

    Raises:
        InvalidError: it is no form.
    """
    kind, _, _ = content_type.partition(";")
    boundary = parameters(content_type).get("boundary", "")
    if kind.strip().lower() != "multipart/form-data" or not boundary:
        raise InvalidError(INVALID_FORM)
    if len(boundary) > MAX_BOUNDARY or not boundary.isascii():
        raise InvalidError(INVALID_FORM)
    return boundary.encode()


def parameters(header: str) -> dict[str, str]:
    """The parameters of a header's value, by name in lower case; the first of each counts."""
    found: dict[str, str] = {}
    for name, quoted, odd, plain in _PARAMETER.findall(header):
        found.setdefault(name.lower(), _ESCAPED.sub(r"\1", quoted) or odd or plain)
    return found


def file_name(found: dict[str, str]) -> str | None:
    """The file's name in the parameters of a part; None when it is no file.

    RFC 5987's form wins. In the plain one ``%22``, ``%0D`` and ``%0A`` stand for a quote and for
    line ends, as browsers write them; backslashes are part of a name. Bytes that aren't UTF-8 stay
    as surrogates.
    """
    charset, _, rest = found.get("filename*", "").partition("'")
    _, quote, encoded = rest.partition("'")
    if quote and charset.lower() in _CHARSETS:
        return unquote_to_bytes(encoded).decode(charset, "surrogateescape")
    name = found.get("filename")
    return None if name is None else _BROWSER.sub(lambda each: chr(int(each[1], 16)), name)


class Form:
    """A form on its way in.

    Attributes:
        name: of the file in the field, once that has begun; checked.
        is_whole: the form's last boundary was there.
    """

    def __init__(self, boundary: bytes) -> None:
        self.name: str | None = None
        self.is_whole = False
        self._is_file = False  # now
        self._parts = 0
        self._aside = 0
        self._header = (bytearray(), bytearray())
        self._disposition = ""
        self._found: list[memoryview] = []
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._on_part_begin,
                "on_header_field": self._on_header_field,
                "on_header_value": self._on_header_value,
                "on_header_end": self._on_header_end,
                "on_headers_finished": self._on_headers_finished,
                "on_part_data": self._on_part_data,
                "on_end": self._on_end,
            },
        )

    def feed(self, data: bytes) -> list[memoryview]:
        """The next bytes of the form; those of the file in them.

        Raises:
            InvalidError: it is broken, has two files, or one without a proper name.
            TooLargeError: there is too much beside the file.
        """
        self._found = []
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise InvalidError(INVALID_FORM) from error
        self._aside += len(data) - sum(map(len, self._found))
        if self._aside > MAX_ASIDE:
            raise TooLargeError(f"This form has more than {MAX_ASIDE} bytes beside the file.")
        return self._found

    def end(self) -> None:
        """The body is over.

        Raises:
            InvalidError: the form was not, or there was no file in it.
        """
        if not self.is_whole or self.name is None:
            raise InvalidError(INVALID_FORM)

    def _on_part_begin(self) -> None:
        self._is_file = False
        self._disposition = ""
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise InvalidError(INVALID_FORM)

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header[0].extend(data[start:end])

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header[1].extend(data[start:end])

    def _on_header_end(self) -> None:
        name, value = self._header
        if name.lower() == b"content-disposition":
            self._disposition = value.decode("utf-8", "surrogateescape")
        self._header = (bytearray(), bytearray())

    def _on_headers_finished(self) -> None:
        found = parameters(self._disposition)
        name = file_name(found)
        if found.get("name") != FIELD or name is None:
            return
        if self.name is not None:
            raise InvalidError(TWO_FILES)
        self.name = last_part(name)
        self._is_file = True

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._is_file:
            self._found.append(memoryview(data)[start:end])

    def _on_end(self) -> None:
        self.is_whole = True
