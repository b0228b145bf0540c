"""Conditional and range requests for one representation: RFC 9110, sections 13 and 14. Pure."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate, parsedate_to_datetime
from enum import Enum, auto

from octyne.files import etags

_RANGE = re.compile(r"bytes\s*=\s*(\d{0,19})\s*-\s*(\d{0,19})\s*", re.IGNORECASE | re.ASCII)

Headers = Callable[[str], str]  # a header by name; "" when it is missing, repeated ones joined


class Verdict(Enum):
    """What the conditions make of a GET or HEAD."""

    SEND = auto()
    UNCHANGED = auto()  # the client has it already
    FAILED = auto()  # it isn't what the client thinks


class UnsatisfiableError(Exception):
    """The range begins behind the end."""


@dataclass(frozen=True, slots=True)
class State:
    """What there is now.

    Attributes:
        etag: strong, with its quotes.
        modified_s: of its last change, seconds since the epoch.
    """

    etag: str
    modified_s: int
    size: int

    @property
    def last_modified(self) -> str:
        """As the header has it."""
        return formatdate(self.modified_s, usegmt=True)


def judge(header: Headers, state: State) -> Verdict:
    """Weigh the conditions in the order of section 13.2.2."""
    if wanted := header("If-Match"):
        if not etags.holds(etags.parse([wanted]), state.etag):
            return Verdict.FAILED
    elif _time(header("If-Unmodified-Since"), state.modified_s) < state.modified_s:
        return Verdict.FAILED
    if known := header("If-None-Match"):
        is_known = etags.holds(etags.parse([known]), state.etag, weak=True)
        return Verdict.UNCHANGED if is_known else Verdict.SEND
    since = _time(header("If-Modified-Since"), state.modified_s - 1)
    return Verdict.UNCHANGED if since >= state.modified_s else Verdict.SEND


def wanted_range(header: Headers, state: State, now_s: float) -> range | None:
    """The bytes asked for; None for all of them.

    What can't be understood, and several ranges at once, is answered whole, as section 14.2 allows.

    Raises:
        UnsatisfiableError: there are none of these bytes.
    """
    found = _RANGE.fullmatch(header("Range").strip())
    if found is None or not _is_same(header("If-Range").strip(), state, now_s):
        return None
    first, last = found.groups()
    if first:
        return _from(int(first), int(last) if last else None, state.size)
    if not last:
        return None
    if not int(last) or not state.size:
        raise UnsatisfiableError
    return range(max(0, state.size - int(last)), state.size)


def _from(first: int, last: int | None, size: int) -> range | None:
    if last is not None and last < first:
        return None
    if first >= size:
        raise UnsatisfiableError
    return range(first, size if last is None else min(last + 1, size))


def _is_same(known: str, state: State, now_s: float) -> bool:
    """Whether If-Range holds; a date only when no second change can hide behind it."""
    if not known or known == state.etag:
        return True
    return _time(known, -1) == state.modified_s and state.modified_s < now_s - 1


def _time(text: str, otherwise: int) -> int:
    """Seconds since the epoch of an HTTP date; what is none, doesn't count."""
    try:
        return int(parsedate_to_datetime(text).timestamp())
    except (ValueError, TypeError, OverflowError, IndexError):
        return otherwise
