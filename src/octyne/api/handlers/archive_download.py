"""Folders and selections, downloaded as an archive that is made meanwhile."""

import asyncio

from aiohttp import web

from octyne.aio import Pipe, Workers, in_thread
from octyne.api import params, replies
from octyne.api.context import Call
from octyne.archives import streamed
from octyne.archives.progress import CancelledError, Progress
from octyne.archives.sinks import CallSink
from octyne.archives.streamed import Selection
from octyne.errors import RateLimitedError

MOST = 8  # at once: each has a thread that waits for its client, and about 16 MiB
RETRY_S = 10  # seconds
QUEUE_BYTES = 4 << 20  # waiting for a slow client


class Downloads:
    """Bounds how many are made at once; no other work waits for them."""

    def __init__(self) -> None:
        self._workers = Workers("download", MOST)
        self._open = 0

    async def send(self, call: Call, selection: Selection) -> web.StreamResponse:
        """Answer with the archive; an error in the midst of it aborts the connection.

        Raises:
            RateLimitedError: too many are under way.
        """
        if self._open >= MOST:
            raise RateLimitedError("Too many downloads at once! Try again.", retry_after_s=RETRY_S)
        self._open += 1
        pipe, progress = Pipe(QUEUE_BYTES), Progress()
        made = self._workers.start(_make, call, selection, progress, pipe)
        made.add_done_callback(self._ended)
        try:
            response = await call.stream(_headers(call, selection))
            call.connection.on_lost(pipe.close)
            while data := await pipe.get():
                await response.write(data)
            await asyncio.shield(made)  # raises what went wrong
            await response.write_eof()
        finally:
            progress.cancel()
            pipe.close()
        return response

    def _ended(self, made: asyncio.Future[None]) -> None:
        self._open -= 1
        if not made.cancelled():
            made.exception()  # looked at also when nobody waits for it any more


_downloads = Downloads()


async def get_archive(call: Call) -> web.StreamResponse:
    """`GET /server/{id}/files/download`."""
    path = call.query.get("path", "")
    names = params.every(call.raw_query, "name")
    archive_type = call.query.get("type") or "zip"
    selection = await in_thread(streamed.select, call.app.directory, path, names, archive_type)
    if call.is_head:
        response = await call.stream(_headers(call, selection))
        await response.write_eof()
        return response
    call.audit("server.files.download", server=call.name, path=path, files=names)
    return await _downloads.send(call, selection)


def _make(call: Call, selection: Selection, progress: Progress, pipe: Pipe) -> None:
    """Make the archive, in a thread."""
    try:
        sink = CallSink(pipe.put)
        streamed.send(call.services.files, call.app.directory, selection, progress, sink)
    except (BrokenPipeError, CancelledError):
        pass  # the client has gone
    finally:
        pipe.end()


def _headers(call: Call, selection: Selection) -> dict[str, str]:
    return {
        "Content-Type": streamed.CONTENT_TYPES[selection.type],
        "Content-Disposition": replies.attachment(selection.name(call.name)),
    }
