"""The apps: list, state, operations, usage. `servers` is their name on the wire only."""

from collections.abc import Awaitable, Callable

import msgspec
from aiohttp import web

from octyne import wire
from octyne.accounts.rights import Right, allows
from octyne.api import params, ports, replies
from octyne.api.context import Call
from octyne.errors import InvalidError

MAX_OPERATION = 64 << 10  # bytes; longer ones aren't even read
INVALID_OPERATION = "Invalid operation requested!"


async def list_servers(call: Call) -> web.StreamResponse:
    """`GET /servers`: those that the caller may see."""
    identity = call.identity
    apps = [app for app in call.services.fleet.all() if allows(identity, Right.APP_VIEW, app.name)]
    if params.flag(call.query, "details"):
        details = {app.name: _details(app, call.services.total_memory) for app in apps}
        return replies.json(wire.AllDetails(details))
    if params.flag(call.query, "extrainfo"):
        summaries = {app.name: wire.ServerSummary(app.status, app.to_delete) for app in apps}
        return replies.json(wire.ServerSummaries(summaries))
    return replies.json(wire.Servers({app.name: app.status for app in apps}))


async def get_server(call: Call) -> web.StreamResponse:
    """`GET /server/{id}`, served from memory: the sampler has measured before."""
    return replies.json(_details(call.app, call.services.total_memory))


def _details(app: ports.App, total_memory: int) -> wire.ServerDetails:
    usage = app.usage
    return wire.ServerDetails(
        status=app.status,
        cpu_usage=wire.number(usage.cpu_percent),
        memory_usage=usage.memory_bytes,
        total_memory=total_memory,
        uptime=app.uptime_ns(),
        state=app.state,
        pid=app.pid or 0,
        restarts=app.restarts,
        desired="running" if app.desired.running else "stopped",
        desired_by=app.desired.by,
        desired_time=app.desired.time_ms,
        to_delete=app.to_delete,
        reason=app.reason,
        last_exit=_last_exit(app.exit),
    )


def _last_exit(ended: ports.Exit | None) -> wire.LastExit | msgspec.UnsetType:
    if ended is None:
        return msgspec.UNSET
    return wire.LastExit(
        time=ended.time_ms,
        code=msgspec.UNSET if ended.code is None else ended.code,
        signal=msgspec.UNSET if ended.signal is None else ended.signal,
    )


async def operate_server(call: Call) -> web.StreamResponse:
    """`POST /server/{id}`: the body is one word."""
    word = (await call.body(MAX_OPERATION)).upper()
    if word not in OPERATIONS:
        raise InvalidError(INVALID_OPERATION)
    action, operate = OPERATIONS[word]
    answer = await operate(call)
    call.audit(action, server=call.app.name)
    return replies.json(answer)


async def get_usage(call: Call) -> web.StreamResponse:
    """`GET /server/{id}/usage`: the last hour."""
    samples = [
        wire.UsageSample(point.time_ms, wire.number(point.cpu_percent), point.memory_bytes)
        for point in call.app.history
    ]
    return replies.json(wire.UsageHistory(call.services.total_memory, samples))


async def _start(call: Call) -> wire.Operated:
    result = await call.app.start(call.identity.username)
    return wire.Operated(result.success, result.reason)


async def _restart(call: Call) -> wire.Operated:
    result = await call.app.restart(call.identity.username)
    return wire.Operated(result.success, result.reason)


async def _stop(call: Call) -> wire.Operated:
    await call.app.stop(call.identity.username)
    return wire.Operated(success=True)


async def _kill(call: Call) -> wire.Operated:
    await call.app.kill(call.identity.username)
    return wire.Operated(success=True)


OPERATIONS: dict[bytes, tuple[str, Callable[[Call], Awaitable[wire.Operated]]]] = {
    b"START": ("server.start", _start),
    b"TERM": ("server.stop", _stop),
    b"KILL": ("server.kill", _kill),
    b"STOP": ("server.kill", _kill),  # historic name of KILL
    b"RESTART": ("server.restart", _restart),
}
