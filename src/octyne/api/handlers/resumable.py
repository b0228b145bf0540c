"""Uploads that go on after a pause, by the tus 1.0 protocol.

https://tus.io/protocols/resumable-upload, with creation, creation-with-upload,
creation-defer-length, expiration, checksum and termination.
"""

import base64
import binascii
from collections.abc import Mapping
from email.utils import formatdate

from aiohttp import web

from octyne import wire
from octyne.api import params, replies
from octyne.api.context import Call, Services
from octyne.api.handlers.uploads import ACTION, arriving
from octyne.errors import InvalidError, PreconditionFailedError
from octyne.files.resumable import Announced
from octyne.files.upload_pieces import Piece
from octyne.files.upload_records import ALGORITHMS, Checksum, Owner, Upload

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,creation-defer-length,expiration,checksum,termination"
HEADERS = {"Tus-Resumable": VERSION, "Tus-Version": VERSION}
TAKES = (
    "Tus-Resumable",
    "Upload-Checksum",
    "Upload-Defer-Length",
    "Upload-Length",
    "Upload-Metadata",
    "Upload-Offset",
    "X-HTTP-Method-Override",
)
PIECE = "application/offset+octet-stream"
CREATED, NO_CONTENT = 201, 204
MAX_METADATA = 4096  # bytes


def options(services: Services) -> Mapping[str, str]:
    """What this server can do; for anybody."""
    return {
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(services.config_file.current.files.max_upload),
        "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
    }


async def create_upload(call: Call) -> web.StreamResponse:
    """`POST /server/{id}/uploads`."""
    _check_version(call)
    metadata = call.request.headers.get("Upload-Metadata", "")
    said = parse_metadata(metadata)
    folder = call.query.get("path") or said.get("path") or said.get("folder", "")
    announced = Announced(folder, said.get("filename", ""), _length(call.request), metadata)
    store = call.services.files.resumable
    limit = call.services.config_file.current.files.max_upload
    upload = await store.create(_owner(call), announced, limit)
    answer = replies.empty(CREATED)
    # Relative, so that it is right behind a proxy that has the API at another path.
    answer.extra["Location"] = f"uploads/{upload.id}"
    if call.request.headers.get("Content-Type") == PIECE and not upload.is_finished:
        try:
            piece = Piece(0, arriving(call), None, _checksum(call))
            answer.extra["Upload-Offset"] = str(await store.append(upload, piece))
        except BaseException:  # nobody knows of it
            await store.remove(upload)
            raise
    if upload.is_finished:
        _log(call, upload)
    _add_expiry(answer, upload)
    return answer


async def get_upload(call: Call) -> web.StreamResponse:
    """`GET /server/{id}/uploads/{upload}`; tus clients ask by HEAD."""
    upload = _find(call)
    was_finished = upload.is_finished
    offset = await call.services.files.resumable.offset(upload)
    if upload.is_finished and not was_finished:
        _log(call, upload)
    answer = replies.json(
        wire.UploadStatus(
            id=upload.id,
            path=upload.path,
            offset=offset,
            finished=upload.is_finished,
            expires=upload.expires_s * 1000,
            length=upload.length,
        )
    )
    answer.extra["Upload-Offset"] = str(offset)
    if upload.length is None:
        answer.extra["Upload-Defer-Length"] = "1"
    else:
        answer.extra["Upload-Length"] = str(upload.length)
    if upload.metadata:
        answer.extra["Upload-Metadata"] = upload.metadata
    _add_expiry(answer, upload)
    return answer


async def append_upload(call: Call) -> web.StreamResponse:
    """`PATCH /server/{id}/uploads/{upload}`."""
    _check_version(call)
    upload = _find(call)
    offset = _number(call.request, "Upload-Offset")
    if offset is None:
        raise InvalidError("The header Upload-Offset is missing.")
    piece = Piece(offset, arriving(call), _number(call.request, "Upload-Length"), _checksum(call))
    offset = await call.services.files.resumable.append(upload, piece)
    if upload.is_finished:
        _log(call, upload)
    answer = replies.empty(NO_CONTENT)
    answer.extra["Upload-Offset"] = str(offset)
    _add_expiry(answer, upload)
    return answer


async def delete_upload(call: Call) -> web.StreamResponse:
    """`DELETE /server/{id}/uploads/{upload}`."""
    _check_version(call)
    await call.services.files.resumable.remove(_find(call))
    return replies.empty(NO_CONTENT)


def parse_metadata(header: str) -> dict[str, str]:
    """The pairs of an Upload-Metadata: names, and values in base64.

    Bytes that aren't UTF-8 stay as surrogates.

    Raises:
        InvalidError: it isn't made like that.
    """
    if len(header) > MAX_METADATA:
        raise InvalidError(f"The header Upload-Metadata is longer than {MAX_METADATA} bytes.")
    if not header.isascii():
        raise InvalidError("The header Upload-Metadata is not valid.")
    found: dict[str, str] = {}
    for pair in header.split(","):
        name, _, value = pair.strip().partition(" ")
        try:
            decoded = base64.b64decode(value.strip(), validate=True)
        except (binascii.Error, ValueError) as error:
            raise InvalidError("The header Upload-Metadata is not valid.") from error
        found.setdefault(name, decoded.decode("utf-8", "surrogateescape"))
    return found


def _checksum(call: Call) -> Checksum | None:
    header = call.request.headers.get("Upload-Checksum")
    if header is None:
        return None
    algorithm, _, value = header.strip().partition(" ")
    try:
        digest = base64.b64decode(value.strip(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidError("The header Upload-Checksum is not valid.") from error
    return Checksum(algorithm.lower(), digest)


def _length(request: web.BaseRequest) -> int | None:
    """What was announced; None when that comes later."""
    length = _number(request, "Upload-Length")
    is_later = request.headers.get("Upload-Defer-Length") == "1"
    if (length is None) is not is_later:
        raise InvalidError("Send one of the headers Upload-Length and Upload-Defer-Length: 1.")
    return length


def _number(request: web.BaseRequest, name: str) -> int | None:
    return params.number(request.headers, name)


def _check_version(call: Call) -> None:
    if call.request.headers.get("Tus-Resumable") != VERSION:
        raise PreconditionFailedError(f"Send the header Tus-Resumable: {VERSION}.")


def _owner(call: Call) -> Owner:
    return Owner(call.name, call.app.directory, call.identity.username)


def _find(call: Call) -> Upload:
    return call.services.files.resumable.find(call.item, _owner(call))


def _add_expiry(answer: replies.Answer, upload: Upload) -> None:
    answer.extra["Upload-Expires"] = formatdate(upload.expires_s, usegmt=True)


def _log(call: Call, upload: Upload) -> None:
    folder, _, name = upload.path.rpartition("/")
    call.audit(ACTION, server=call.name, path=folder or "/", filename=name)
