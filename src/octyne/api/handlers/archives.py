"""Archives: made of an app's files, unpacked among them, and the jobs that do it."""

from dataclasses import replace
from functools import partial

from aiohttp import web

from octyne import wire
from octyne.aio import in_thread
from octyne.api import params, replies
from octyne.api.context import Call
from octyne.api.errors import JOB_FAILED, problem
from octyne.archives import pack, unpack
from octyne.archives.jobs import Job, Kind, Outcome, Owner
from octyne.archives.pack import PackRequest
from octyne.errors import InvalidError
from octyne.files.targets import open_root
from octyne.system.paths.names import MAX_PATH_BYTES

MAX_LIST = 8 << 20  # bytes of a JSON list of paths
MAX_LOGGED = 100  # paths of a request in the action log


async def compress(call: Call) -> web.StreamResponse:
    """`POST /server/{id}/compress`: the body is a list of paths."""
    names = await in_thread(_names, await call.body(MAX_LIST))
    query, directory = call.query, call.app.directory
    request = pack.parse_request(
        query.get("archiveType", ""),
        query.get("compress", ""),
        path=query.get("path", ""),
        base=query.get("basePath", ""),
        names=names,
    )
    owner, lists = _owner(call, Kind.COMPRESS), call.services.pools.lists
    with lists.slots.taken(owner.account):  # to look up 200,000 names takes seconds
        await lists.run_for(owner.account, _prepare, directory, request)
    work = partial(pack.pack, call.services.files, directory, request, owner.account)
    job = call.services.jobs.start(owner, work)
    _log_at_end(
        call,
        job,
        path=request.path,
        archiveType=request.kind,
        compression=request.compression,
        basePath=request.base,
        files=names[:MAX_LOGGED],
    )
    return await _answer(call, job)


def _prepare(directory: str, request: PackRequest) -> None:
    with open_root(directory) as root:
        pack.prepare(root, request)


async def decompress(call: Call) -> web.StreamResponse:
    """`POST /server/{id}/decompress`: the body is the destination, as it is."""
    body = await call.body(MAX_PATH_BYTES)
    request = unpack.UnpackRequest(
        call.query.get("path", ""),
        body.decode(errors="surrogateescape"),
        call.services.config_file.current.archives,
    )
    directory = call.app.directory
    await in_thread(unpack.prepare, directory, request)
    owner = _owner(call, Kind.DECOMPRESS)
    work = partial(unpack.unpack, call.services.files, directory, request, owner.account)
    job = call.services.jobs.start(owner, work)
    _log_at_end(call, job, path=request.path, dest=request.destination)
    return await _answer(call, job)


async def get_compress(call: Call) -> web.StreamResponse:
    """`GET /server/{id}/compress`: how far the job is."""
    return _state(call, Kind.COMPRESS)


async def get_decompress(call: Call) -> web.StreamResponse:
    """`GET /server/{id}/decompress`: how far the job is."""
    return _state(call, Kind.DECOMPRESS)


async def cancel_compress(call: Call) -> web.StreamResponse:
    """`DELETE /server/{id}/compress`: give it up."""
    await call.services.jobs.cancel(_job(call, Kind.COMPRESS))
    return replies.done()


async def cancel_decompress(call: Call) -> web.StreamResponse:
    """`DELETE /server/{id}/decompress`: give it up."""
    await call.services.jobs.cancel(_job(call, Kind.DECOMPRESS))
    return replies.done()


def _names(body: bytes) -> list[str]:
    names = params.parse_json(body)
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InvalidError(params.INVALID_JSON)
    return names


def _log_at_end(call: Call, job: Job, **fields: object) -> None:
    """Write to the action log what became of it; the call is over by then, perhaps."""
    audit, user, ip = call.services.audit, call.identity.username, call.address

    def record() -> None:
        ended: dict[str, object] = {"result": job.outcome}
        if job.outcome is Outcome.FAILED:
            ended["reason"] = str(job.error)
        action, app = f"server.files.{job.owner.kind}", job.owner.app
        audit.record(action, user=user, ip=ip, server=app, **fields, **ended)

    job.when_ended(record)


async def _answer(call: Call, job: Job) -> web.StreamResponse:
    """A token at once, or wait for the end; a client that leaves doesn't end the job."""
    if params.flag(call.query, "async"):
        return replies.json(wire.JobToken(job.token))
    await job.result()
    return replies.done()


def _state(call: Call, kind: Kind) -> web.StreamResponse:
    job = _job(call, kind)
    if job.error is not None:
        found = problem(job.error, f"a {kind} job")
        return replies.failure(replace(found, status=JOB_FAILED, headers={}))
    progress = job.progress
    state = "finished" if job.is_finished else "running" if job.is_running else "waiting"
    return replies.json(
        wire.JobState(
            finished=job.is_finished,
            state=state,
            bytes_done=progress.bytes_done,
            bytes_total=progress.bytes_total,
            entries_done=progress.entries_done,
            entries_total=progress.entries_total,
        )
    )


def _job(call: Call, kind: Kind) -> Job:
    return call.services.jobs.find(_owner(call, kind), call.query.get("token", ""))


def _owner(call: Call, kind: Kind) -> Owner:
    return Owner(kind, call.app.name, call.identity.username)
