"""Files that are sent whole: in a form, or as they are."""

from aiohttp import web

from octyne.api import replies
from octyne.api.bodies import Body
from octyne.api.context import Call
from octyne.api.errors import BrokenBodyError
from octyne.files.errors import INVALID_FORM
from octyne.files.etags import Condition, parse
from octyne.files.upload import Arriving

ACTION = "server.files.upload"


def arriving(call: Call) -> Arriving:
    """The body, as the files take it; who sends it must still be allowed to at its end."""
    body = Body(call.request)

    async def read() -> bytes:
        data = await body.read()
        if not data:
            await call.confirm()
        return data

    limit = call.services.config_file.current.files.max_upload
    return Arriving(read, body.length, limit)


async def post_file(call: Call) -> web.StreamResponse:
    """`POST /server/{id}/file`."""
    folder = call.query.get("path", "")
    content_type = call.request.headers.get("Content-Type", "")
    try:
        name = await call.services.files.uploads.receive_form(
            call.identity.username, call.app.directory, folder, content_type, arriving(call)
        )
    except BrokenBodyError as error:
        raise BrokenBodyError(INVALID_FORM) from error
    call.audit(ACTION, server=call.name, path=folder, filename=name)
    return replies.done()


async def put_file(call: Call) -> web.StreamResponse:
    """`PUT /server/{id}/file`."""
    path = call.query.get("path", "")
    tag = await call.services.files.uploads.receive_file(
        call.identity.username,
        call.app.directory,
        path,
        condition(call.request),
        arriving(call),
    )
    folder, _, name = path.rpartition("/")
    call.audit(ACTION, server=call.name, path=folder or "/", filename=name)
    answer = replies.done()
    answer.extra["ETag"] = tag
    return answer


def condition(request: web.BaseRequest) -> Condition:
    """What the request says of the old file (RFC 9110, 13.1)."""
    match = request.headers.getall("If-Match", None)
    none_match = request.headers.getall("If-None-Match", None)
    return Condition(
        None if match is None else parse(match),
        None if none_match is None else parse(none_match),
    )
