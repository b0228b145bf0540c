"""The console's log: pages of it, and all of it."""

from aiohttp import web

from octyne import wire
from octyne.api import params, replies
from octyne.api.context import Call

DEFAULT_LINES = 500
MAX_LINES = 5_000


async def get_log(call: Call) -> web.StreamResponse:
    """`GET /server/{id}/console/log`."""
    if params.flag(call.query, "download"):
        return await _download(call)
    query = call.query
    limit = params.number(query, "limit", lowest=1, highest=MAX_LINES)
    page = await call.services.history.page(
        call.app.feed,
        since=params.number(query, "since"),
        until=params.number(query, "until"),
        since_time=params.number(query, "sinceTime"),
        until_time=params.number(query, "untilTime"),
        limit=limit or DEFAULT_LINES,
        grep=params.text(query, "grep") or None,
    )
    lines = [wire.LogLine(line.offset, line.time, line.text) for line in page.lines]
    return replies.json(wire.LogPage(lines, page.start, page.end, page.next, page.previous))


async def _download(call: Call) -> web.StreamResponse:
    response = await call.stream(
        {
            "Content-Type": "text/plain; charset=utf-8",
            "Content-Disposition": replies.attachment(f"{call.name}.log"),
        }
    )
    if not call.is_head:
        async for chunk in call.services.history.download(call.app.feed):
            await response.write(chunk)
    await response.write_eof()
    return response
