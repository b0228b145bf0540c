"""The console's log: pages of it, and all of it."""

from aiohttp import web

from octyne import wire
from octyne.aio import in_thread
from octyne.api import params, replies
from octyne.api.context import Call
from octyne.api.handlers.download import cut_off
from octyne.console import history

DEFAULT_LINES = 500


async def get_log(call: Call) -> web.StreamResponse:
    """`GET /server/{id}/console/log`."""
    if params.flag(call.query, "download"):
        return await _download(call)
    query, directory = page_query(call.query), call.app.feed.directory
    if query.grep:
        account, pool = call.identity.username, call.services.pools.searches
        with pool.slots.taken(account):
            page = await pool.run_for(account, history.page, directory, query)
    else:
        page = await in_thread(history.page, directory, query)
    lines = [wire.LogLine(line.offset, line.time_ms, line.text) for line in page.lines]
    return replies.json(wire.LogPage(lines, page.start, page.end, page.next, page.previous))


def page_query(query: dict[str, str]) -> history.Query:
    """Which page is asked for."""
    limit = params.number(query, "limit", lowest=1, highest=history.MAX_LINES)
    return history.Query(
        since=params.number(query, "since"),
        until=params.number(query, "until"),
        since_ms=params.number(query, "sinceTime"),
        until_ms=params.number(query, "untilTime"),
        limit=limit or DEFAULT_LINES,
        grep=params.text(query, "grep"),
    )


async def _download(call: Call) -> web.StreamResponse:
    with call.services.live.opened(call.identity, call.name) as live:
        live.when_ended(lambda why: cut_off(call, why))
        response = await call.stream(
            {
                "Content-Type": "text/plain; charset=utf-8",
                "Content-Disposition": replies.attachment(f"{call.name}.log"),
            }
        )
        if not call.is_head:
            # The generator closes its files when it is dropped with the last reference to it.
            blocks = history.download(call.app.feed.directory)
            while block := await in_thread(next, blocks, b""):
                await response.write(block)
        await response.write_eof()
    return response
