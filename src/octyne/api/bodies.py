"""Bodies of requests that are read piece by piece, with a deadline for each.

Nothing is read ahead of whoever reads: a client that is faster waits.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from octyne.api.errors import BODY_CUT_OFF, BrokenBodyError

SILENCE_S = 60.0  # seconds in which something has to come
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_ASKED = web.RequestKey("asked", bool)


class Body:
    """The body of one request."""

    def __init__(self, request: web.BaseRequest) -> None:
        self._request = request
        self._is_begun = False

    @property
    def length(self) -> int | None:
        """Bytes; None when the client doesn't say."""
        return self._request.content_length

    async def read(self) -> bytes:
        """What has come meanwhile, or comes next; b"" at the end.

        Raises:
            BrokenBodyError: the client has gone, or says nothing any more.
        """
        if not self._is_begun:
            self._is_begun = True
            ask_for(self._request)
        with unbroken():
            async with asyncio.timeout(SILENCE_S):
                return await self._request.content.readany()


@contextmanager
def unbroken() -> Iterator[None]:
    """All the ways in which a body can fail become one.

    Raises:
        BrokenBodyError: the client stopped in the middle of it, or was too slow.
    """
    try:
        yield
    except (web.RequestPayloadError, HttpProcessingError, ConnectionError, TimeoutError) as error:
        raise BrokenBodyError(BODY_CUT_OFF) from error


def ask_for(request: web.BaseRequest) -> None:
    """Send the 100 that a client waits for before it sends a body."""
    if _waits(request) and request.transport:
        request[_ASKED] = True
        request.transport.write(CONTINUE)


def is_withheld(request: web.BaseRequest) -> bool:
    """Whether the client still waits to be asked: after a refusal the body may come or not.

    So the connection can't serve another request.
    """
    return _waits(request) and not request.content.is_eof() and _ASKED not in request


def _waits(request: web.BaseRequest) -> bool:
    return request.headers.get("Expect", "").lower() == "100-continue"
