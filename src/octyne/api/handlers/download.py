"""`GET /server/{id}/file`: a file, or a part of it."""

import asyncio
import time

from aiohttp import web

from octyne.aio import in_thread
from octyne.api import conditions, errors, replies
from octyne.api.conditions import State, Verdict
from octyne.api.context import Call
from octyne.api.live import Ending
from octyne.errors import PreconditionFailedError, UnavailableError
from octyne.files import etags
from octyne.files.download import OpenFile, open_file

KIB = 1024
FIRST_BYTES = 128 * KIB  # of a file that are sent at once...
LEAST_BYTES = 64 * KIB  # ...to a client that takes them slowly...
MOST_BYTES = 1024 * KIB  # ...and to one that takes them fast
SHUTDOWN_S = 4.0  # seconds; live connections have five
FAST_S, SLOW_S = 0.05, 1.0  # seconds for one such piece

# Browsers may keep it, and ask each time whether it has changed.
CACHING = {"Cache-Control": "private, no-cache"}


async def get_file(call: Call) -> web.StreamResponse:
    """`GET /server/{id}/file`."""
    path = call.query.get("path", "")
    with await in_thread(open_file, call.app.directory, path) as file:
        return await _answer(call, file, path)


async def _answer(call: Call, file: OpenFile, path: str) -> web.StreamResponse:
    state = State(file.etag, file.modified_s, file.size)
    headers = {
        **CACHING,
        "ETag": file.etag,
        "Last-Modified": state.last_modified,
        "Accept-Ranges": "bytes",
    }
    verdict = conditions.judge(call.header, state)
    if verdict is Verdict.FAILED:
        raise PreconditionFailedError(etags.CHANGED)
    if verdict is Verdict.UNCHANGED:
        return await _start(call, headers, errors.NOT_MODIFIED)
    try:
        part = None if call.is_head else conditions.wanted_range(call.header, state, time.time())
    except conditions.UnsatisfiableError:
        return replies.failure(errors.outside_of(file.size))
    headers["Content-Type"] = file.content_type
    headers["Content-Disposition"] = replies.attachment(file.name)
    status = errors.OK
    if part is not None:
        headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{file.size}"
        status = errors.PARTIAL
    part = part or range(file.size)
    headers["Content-Length"] = str(len(part))
    if call.is_head:
        return await _start(call, headers, status)
    call.audit("server.files.download", server=call.name, path=path)
    with call.services.live.opened(call.identity, call.name) as live:
        live.when_ended(lambda why: cut_off(call, why))
        response = await _start(call, headers, status)
        await _send(call, response, file, part)
        await response.write_eof()
    return response


async def _start(call: Call, headers: dict[str, str], status: int) -> web.StreamResponse:
    response = replies.stream(headers, status)
    call.add_cors(response)
    await response.prepare(call.request)
    return response


async def _send(call: Call, response: web.StreamResponse, file: OpenFile, part: range) -> None:
    """Send that part; in smaller pieces when the client is slow: they wait in our memory."""
    position, piece = part.start, FIRST_BYTES
    clock = asyncio.get_running_loop().time
    while position < part.stop:
        size = min(piece, part.stop - position)
        data: memoryview | bytes | None = file.read_cached(position, size)
        if data is None:
            data = await in_thread(file.read, position, size)
        if not data:  # the length is promised: the client must see that this isn't all
            raise UnavailableError("The file became shorter while it was sent.")
        begun = clock()
        await response.write(data)
        await call.connection.writable()
        await asyncio.sleep(0)  # others get their turn also when the client is as fast as we
        position += len(data)
        piece = next_piece(piece, clock() - begun)


def next_piece(size: int, took_s: float) -> int:
    """How much to send next, when ``size`` bytes took so long."""
    if took_s < FAST_S:
        return min(size * 2, MOST_BYTES)
    return max(size // 2, LEAST_BYTES) if took_s > SLOW_S else size


def cut_off(call: Call, why: Ending) -> None:
    """The session or the app is gone; a shutdown lets what is nearly through come through."""
    if why is Ending.SHUTDOWN:
        asyncio.get_running_loop().call_later(SHUTDOWN_S, call.connection.drop)
    else:
        call.connection.drop()
