"""The name of one state of a file: two that are equal mean that it was not changed between.

And what requests ask of it (RFC 9110, 13.1). Pure.
"""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass

from octyne.errors import PreconditionFailedError

ANY = "*"
CHANGED = "This file was changed meanwhile. Read it again."
EXISTS = "This file exists already. Choose another name, or replace it by its ETag (If-Match)."
GONE = "This file does not exist any more. Send it without If-Match to make it again."

_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\uffff]*"')


def etag(status: os.stat_result) -> str:
    """A strong entity tag (RFC 9110, 8.8.3), quotes included; of a regular file."""
    parts = (
        status.st_dev,
        status.st_ino,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
    )
    return '"' + "-".join(f"{part:x}" for part in parts) + '"'


def parse(headers: Sequence[str]) -> tuple[str, ...]:
    """The tags of an If-Match or If-None-Match; weak ones are kept as they are."""
    listed = ",".join(headers)
    if listed.strip() == ANY:
        return (ANY,)
    return tuple(found.group() for found in _TAG.finditer(listed))


@dataclass(frozen=True, slots=True)
class Condition:
    """What the old file has to be, for the new one to take its place.

    Attributes:
        match: one of these; None: whatever it is.
        none_match: none of these.
    """

    match: tuple[str, ...] | None = None
    none_match: tuple[str, ...] | None = None

    def check(self, current: str | None) -> None:
        """Compare with the tag of the old file; None: there is none.

        Raises:
            PreconditionFailedError: it is another; the text says what to do.
        """
        if self.match is not None and not holds(self.match, current):
            raise PreconditionFailedError(CHANGED if current else GONE)
        if self.none_match is not None and holds(self.none_match, current, weak=True):
            raise PreconditionFailedError(EXISTS if self.none_match == (ANY,) else CHANGED)


ALWAYS = Condition()


def holds(tags: tuple[str, ...], current: str | None, *, weak: bool = False) -> bool:
    """Whether what there is (None: nothing) has one of these tags.

    ``weak``: tags that are marked as weak count, too, as in If-None-Match.
    """
    if current is None or tags == (ANY,):
        return current is not None
    return current in tags or (weak and f"W/{current}" in tags)
