"""The console's log: pages of it, and all of it."""

from aiohttp import web

from octyne import wire
from octyne.aio import Slots, Workers, in_thread
from octyne.api import params, replies
from octyne.api.context import Call
from octyne.console import history
from octyne.errors import RateLimitedError

DEFAULT_LINES = 500
SEARCH_THREADS = 2
MAX_SEARCHES = 32  # at once; most of them wait
RETRY_S = 10  # seconds


class Searches:
    """Runs searches in threads of their own: they are long, and everything else uses the others."""

    def __init__(self) -> None:
        self._workers = Workers("search", SEARCH_THREADS)
        self._slots = Slots(MAX_SEARCHES, _too_many)

    async def page(self, directory: str, query: history.Query) -> history.LogPage:
        """`history.page`; raises RateLimitedError when too many searches wait already."""
        with self._slots.taken():
            return await self._workers.run(history.page, directory, query)


def _too_many() -> RateLimitedError:
    return RateLimitedError("Too many searches at once! Try again.", retry_after_s=RETRY_S)


_searches = Searches()


async def get_log(call: Call) -> web.StreamResponse:
    """`GET /server/{id}/console/log`."""
    if params.flag(call.query, "download"):
        return await _download(call)
    query, directory = page_query(call.query), call.app.feed.directory
    if query.grep:
        page = await _searches.page(directory, query)
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
