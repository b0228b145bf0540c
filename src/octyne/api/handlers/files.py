"""Looking at files: lists, searches, sizes of trees."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress

from aiohttp import web

from octyne import wire
from octyne.api import params, replies
from octyne.api.context import Call
from octyne.api.server import check_there
from octyne.files import browse
from octyne.files.measure import Measure
from octyne.files.search import DEFAULT_LIMIT, MAX_LIMIT, Query, Search

KIB = 1024
ONE_WRITE_BYTES = 64 * KIB  # of a list; larger ones are sent in pieces, and keep their slots
LARGE_BYTES = 1024 * KIB  # of a list; there may be few

NDJSON = {"Content-Type": "application/x-ndjson", "X-Accel-Buffering": "no"}


async def get_files(call: Call) -> web.StreamResponse:
    """`GET /server/{id}/files`."""
    gone = threading.Event()
    account, lists = call.identity.username, call.services.pools.lists
    with lists.slots.taken(account):
        with call.connection.when_lost(gone.set):
            pieces = await lists.run_for(
                account,
                encoded_list,
                call.services.files.lister,
                call.app.directory,
                call.query.get("path", ""),
                details=params.flag(call.query, "extrainfo"),
                gone=gone,
            )
        size = sum(map(len, pieces))
        if size <= ONE_WRITE_BYTES:
            return replies.json_bytes(b"".join(pieces))
        large = call.services.pools.large_lists
        with large.taken(account) if size > LARGE_BYTES else nullcontext():
            return await _send_list(call, pieces, size)


async def _send_list(call: Call, pieces: list[bytes], size: int) -> web.StreamResponse:
    """Send it as fast as the client takes it."""
    response = replies.stream({"Content-Type": replies.JSON, "Content-Length": str(size)})
    call.add_cors(response)
    await response.prepare(call.request)
    if not call.is_head:
        for piece in pieces:
            await response.write(piece)
    await response.write_eof()
    return response


def encoded_list(
    lister: browse.Lister, directory: str, path: str, *, details: bool, gone: threading.Event
) -> list[bytes]:
    """The answer in pieces, each made by one call that nothing else can run beside. Blocks."""
    with browse.opened(directory, path) as (_, _, folder):
        pieces = [b'{"contents":[']
        for entries in lister.pieces(folder, details=details):
            if gone.is_set():
                raise ConnectionResetError("The client has gone.")
            if len(pieces) > 1:
                pieces.append(b",")
            pieces.append(wire.encode(entries)[1:-1])
        return [*pieces, b"]}"]


async def search_files(call: Call) -> web.StreamResponse:
    """`GET /server/{id}/files/search`: one JSON object a line, the last says how it ended."""
    query = Query(
        name=params.text(call.query, "name"),
        content=params.text(call.query, "content"),
        limit=params.number(call.query, "limit", lowest=1, highest=MAX_LIMIT) or DEFAULT_LIMIT,
    )
    path, is_hidden = call.query.get("path", ""), call.services.files.leftovers.is_hidden
    account, walks = call.identity.username, call.services.pools.walks
    with (
        walks.slots.taken(account),
        call.services.live.opened(call.identity, call.name) as live,
    ):
        search = await walks.run_for(
            account, Search.open, call.app.directory, path, query, is_hidden
        )
        with closing(search):
            response = await call.stream(NDJSON)
            while not (call.is_head or search.finished or live.ending):
                found = await walks.run_for(account, search.step)
                await _write(call, response, found)
            if live.ending:
                call.connection.drop()
            await _write(call, response, [search.end()])
            await response.write_eof()
    return response


async def _write(
    call: Call, response: web.StreamResponse, lines: list[wire.FileFound] | list[wire.SearchEnd]
) -> None:
    check_there(call.request)
    if lines and not call.is_head:
        await response.write(b"".join(wire.encode(line) + b"\n" for line in lines))
        await call.connection.writable()


async def measure_files(call: Call) -> web.StreamResponse:
    """`GET /server/{id}/files/usage`."""
    path, is_hidden = call.query.get("path", ""), call.services.files.leftovers.is_hidden
    account, walks = call.identity.username, call.services.pools.walks
    with walks.slots.taken(account):
        measure = await walks.run_for(account, Measure.open, call.app.directory, path, is_hidden)
        with closing(measure):
            while not measure.finished:
                await walks.run_for(account, measure.step)
                check_there(call.request)
            return replies.json(measure.result())


@contextmanager
def closing(work: Search | Measure) -> Iterator[None]:
    """Close it at the end."""
    try:
        yield
    finally:
        with suppress(ValueError):  # its step still runs: we were cancelled, as the daemon ends
            work.close()
