"""Folders and selections, downloaded as an archive that is made meanwhile."""

import asyncio

from aiohttp import web

from octyne.aio import Pipe, in_thread
from octyne.api import params, replies
from octyne.api.context import Call
from octyne.api.handlers.download import cut_off
from octyne.archives import streamed
from octyne.archives.progress import CancelledError, Progress
from octyne.archives.sinks import CallSink
from octyne.archives.streamed import Selection

QUEUE_BYTES = 4 << 20  # waiting for a slow client


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
    caller, slots = call.identity, call.services.pools.downloads.slots
    with (
        slots.taken(caller.username),
        call.services.live.opened(caller, call.name) as connection,
    ):
        connection.when_ended(lambda why: cut_off(call, why))
        return await _send(call, selection)


async def _send(call: Call, selection: Selection) -> web.StreamResponse:
    """Answer with the archive; an error in the midst of it aborts the connection."""
    pipe, progress = Pipe(QUEUE_BYTES), Progress()
    made = call.services.pools.downloads.start(_make, call, selection, progress, pipe)
    try:
        response = await call.stream(_headers(call, selection))
        with call.connection.when_lost(pipe.close):
            while data := await pipe.get():
                await response.write(data)
        await asyncio.shield(made)  # raises what went wrong
        await response.write_eof()
    finally:
        progress.cancel()
        pipe.close()
        made.add_done_callback(_look_at)
    return response


def _look_at(made: asyncio.Future[None]) -> None:
    """Its error, also when nobody waits for it any more."""
    if not made.cancelled():
        made.exception()


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
