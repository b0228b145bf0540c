"""The action log, read back."""

from aiohttp import web

from octyne import wire
from octyne.api import params, replies
from octyne.api.context import Call

DEFAULT_ACTIONS = 100
MOST_ACTIONS = 1000


async def get_log(call: Call) -> web.StreamResponse:
    """`GET /log`: the newest actions first, those that match."""
    query = call.query
    found = await call.services.pools.actions.run(
        lambda: call.services.audit.tail(
            params.number(query, "limit", lowest=1, highest=MOST_ACTIONS) or DEFAULT_ACTIONS,
            before=params.decimal(query, "before"),
            user=params.text(query, "user") or None,
            app=params.text(query, "server") or None,
            action=params.text(query, "action") or None,
        )
    )
    return replies.json(wire.ActionLog(found))
