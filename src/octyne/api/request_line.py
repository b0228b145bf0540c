"""What clients send in a request's first line, and the parser underneath refuses. Pure.

- Names of apps as they are, in UTF-8, as curl sends them: the Go Octyne takes them.
- Methods that the parser doesn't know: no route takes them, so each route says so in its own words.
"""

import re

UNKNOWN = b"UNLINK"  # a method that the parser knows and no route takes
KNOWN = frozenset(b"GET HEAD POST PUT PATCH DELETE OPTIONS TRACE CONNECT PRI".split())

_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}) (/[^ \x00-\x1f\x7f]*) (HTTP/1\.[01]\r?\n)")
_FOREIGN = re.compile(rb"[\x80-\xff]")


def mended(data: bytes) -> bytes:
    """Bytes that start a request, with a first line that the parser takes.

    Call it only with the start of a request: in a body, the length would no longer be right.
    """
    method = data[: data.find(b" ", 0, 65)]
    if method in KNOWN and data.isascii():
        return data
    line = _LINE.match(data)
    if line is None:
        return data
    method, target, version = line.groups()
    target = _FOREIGN.sub(lambda byte: b"%%%02X" % ord(byte.group()), target)
    start = b" ".join((method if method in KNOWN else UNKNOWN, target, version))
    return start + data[line.end() :]
