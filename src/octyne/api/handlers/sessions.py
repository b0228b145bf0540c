"""Who calls, and the sessions: list and end."""

from aiohttp import web

from octyne import wire
from octyne.accounts.rights import Right, allows
from octyne.accounts.stores import SessionRecord
from octyne.api import params, replies
from octyne.api.context import Call
from octyne.errors import DeniedError, InvalidError

NO_ID = "Session not provided!"
NOT_YOURS = "You may only see your own sessions."


async def get_caller(call: Call) -> web.StreamResponse:
    """`GET /whoami`."""
    return replies.json(wire.Caller(call.identity.username, call.identity.session_id))


async def list_sessions(call: Call) -> web.StreamResponse:
    """`GET /sessions`: one's own, another account's, or all."""
    mine = call.identity.username
    username = params.text(call.query, "user") or mine
    everybody = params.flag(call.query, "all")
    if (everybody or username != mine) and not allows(call.identity, Right.ACCOUNTS_VIEW):
        raise DeniedError(NOT_YOURS)
    found = await call.services.accounts.list_sessions(None if everybody else username)
    return replies.json(wire.Sessions([summary(one, call.identity.session_id) for one in found]))


async def end_sessions(call: Call) -> web.StreamResponse:
    """`DELETE /sessions`: one, or all of one's own but this one."""
    mine = call.identity.username
    if params.flag(call.query, "others"):
        await call.services.accounts.end_others(call.identity)
        call.audit("sessions.end", ofUser=mine, others=True)
        return replies.done()
    session_id = params.text(call.query, "id")
    if not session_id:
        raise InvalidError(NO_ID)
    may_all = allows(call.identity, Right.ACCOUNTS_EDIT)
    owner = await call.services.accounts.end_session(session_id, username=None if may_all else mine)
    call.audit("sessions.end", ofUser=owner, session=session_id)
    return replies.done()


def summary(record: SessionRecord, current: str) -> wire.SessionSummary:
    """A session as the list shows it."""
    session = record.session
    return wire.SessionSummary(
        id=session.id,
        username=session.username,
        created=record.created * 1000,
        last_used=record.last_used * 1000,
        current=session.id == current,
        address=record.address,
        user_agent=record.user_agent,
    )
