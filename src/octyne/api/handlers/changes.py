"""Changes to an app's files: move, copy, delete, new folders, modes, and batches of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from octyne import wire
from octyne.aio import in_thread
from octyne.api import errors, params, replies
from octyne.api.context import Call
from octyne.api.errors import MethodNotAllowedError
from octyne.errors import DaemonError, InvalidError
from octyne.files import changes
from octyne.files.batch import BatchError
from octyne.files.errors import named
from octyne.files.operations import ChangeMode, Copy, Move, Operation, Remove, parse_mode
from octyne.system.paths.names import parse

MAX_BODY = 512 << 10  # bytes
MAX_BATCH_BODY = 2 << 20
MAX_OPERATIONS = 10_000
MAX_LOGGED = 200  # operations of a batch that the action log names
MAX_ERRORS = 100  # that are told of one batch

AVAILABLE = "Invalid operation! Operations available: mv,cp"
BATCH_AVAILABLE = "Invalid operation! Operations available: mv,cp,rm"
JSON_SPACE = b" \t\r\n"


@dataclass(frozen=True, slots=True)
class Wanted:
    """An operation as it was asked for, before anything of it is looked at."""

    word: str
    fields: Mapping[str, str]


async def delete_file(call: Call) -> web.StreamResponse:
    """`DELETE /server/{id}/file`."""
    path = call.query.get("path", "")
    await changes.delete(call.services.files, call.app.directory, path, call.identity.username)
    call.audit("server.files.delete", server=call.name, path=path)
    return replies.done()


async def create_folder(call: Call) -> web.StreamResponse:
    """`POST /server/{id}/folder`."""
    path = call.query.get("path", "")
    await changes.make_folder(call.services.files, call.app.directory, path, call.identity.username)
    call.audit("server.files.createFolder", server=call.name, path=path)
    return replies.done()


async def change_file(call: Call) -> web.StreamResponse:
    """`PATCH /server/{id}/file`: one move or copy, or a new mode."""
    wanted = read_change(await call.body(MAX_BODY))
    files, directory = call.services.files, call.app.directory
    account = call.identity.username
    action = "move"
    match make_operation(wanted):
        case Move() as operation:
            await changes.move(files, directory, operation, account)
        case Copy() as operation:
            action = "copy"
            await changes.copy(files, directory, operation, account)
        case ChangeMode() as operation:
            action = "chmod"
            await changes.change_mode(files, directory, operation, account)
        case _:
            raise InvalidError(AVAILABLE)
    call.audit(f"server.files.{action}", server=call.name, **wanted.fields)
    return replies.done()


async def change_files(call: Call) -> web.StreamResponse:
    """`PATCH /server/{id}/files`: a batch, all or nothing."""
    wanted, operations, wrong = await in_thread(read_batch, await call.body(MAX_BATCH_BODY))
    if wrong:
        return _failed(wrong, errors.STATUS[InvalidError])
    try:
        await changes.run_batch(
            call.services.files, call.app.directory, operations, call.identity.username
        )
    except BatchError as error:
        problem = errors.problem(error.cause, "PATCH /server/{id}/files")
        return _failed([wire.BatchFailure(error.index, problem.message)], problem.status)
    shown = [{"operation": each.word, **each.fields} for each in wanted[:MAX_LOGGED]]
    call.audit("server.files.bulk", server=call.name, operations=shown, count=len(wanted))
    return replies.done()


def _failed(failures: list[wire.BatchFailure], status: int) -> web.StreamResponse:
    return replies.json(wire.BatchFailed(success=False, errors=tuple(failures)), status)


# -- reading --------------------------------------------------------------------------------------


def read_change(body: bytes) -> Wanted:
    """One operation: a JSON object, or the historic lines.

    Raises:
        InvalidError: it isn't JSON, though it begins so.
        MethodNotAllowedError: the historic form has a wrong word, or a wrong count of lines.
    """
    if not body.lstrip(JSON_SPACE).startswith(b"{"):
        return _read_lines(body.decode(errors="surrogateescape"))
    wanted = _read_object(params.json_object(body))
    if wanted.word == "rm":
        raise MethodNotAllowedError(AVAILABLE)
    if wanted.word not in ("mv", "cp", "chmod"):
        raise InvalidError(AVAILABLE)
    return wanted


def _read_lines(text: str) -> Wanted:
    word, *rest = text.removesuffix("\n").split("\n")
    if word not in ("mv", "cp"):
        raise MethodNotAllowedError(AVAILABLE)
    if len(rest) != 2:
        raise MethodNotAllowedError(_two_arguments(word))
    return Wanted(word, {"src": rest[0], "dest": rest[1]})


def _read_object(fields: dict[str, Any]) -> Wanted:
    names = ("src", "dest", "path", "mode")
    given = {name: params.optional_string(fields, name) for name in names}
    kept = {name: value for name, value in given.items() if value is not None}
    return Wanted(params.string_field(fields, "operation"), kept)


def read_batch(body: bytes) -> tuple[list[Wanted], list[Operation], list[wire.BatchFailure]]:
    """All operations as asked for and as they are, and what is wrong with some in themselves.

    Raises:
        InvalidError: it isn't a list of operations at all, or too long.
    """
    listed = params.field(params.json_object(body), "operations")
    if not isinstance(listed, list):
        raise InvalidError(params.INVALID_JSON)
    if len(listed) > MAX_OPERATIONS:
        raise InvalidError(f"A batch can't have more than {MAX_OPERATIONS} operations!")
    wanted: list[Wanted] = []
    operations: list[Operation] = []
    wrong: list[wire.BatchFailure] = []
    for index, fields in enumerate(listed):
        try:
            if not isinstance(fields, dict):
                raise InvalidError(params.INVALID_JSON)
            one = _read_object(fields)
            operations.append(make_operation(one, BATCH_AVAILABLE))
            wanted.append(one)
        except DaemonError as error:
            wrong.append(wire.BatchFailure(index, str(error)))
    return wanted, operations, wrong[:MAX_ERRORS]


def make_operation(wanted: Wanted, available: str = AVAILABLE) -> Operation:
    """What is asked for, its paths parsed.

    Raises:
        InvalidError: there is no such operation, something is missing, or a path is refused.
    """
    given = wanted.fields
    match wanted.word:
        case "mv" | "cp":
            if "src" not in given or "dest" not in given:
                raise InvalidError(_two_arguments(wanted.word))
            with named("source path"):
                source = parse(given["src"])
            with named("destination path"):
                target = parse(given["dest"])
            return (Move if wanted.word == "mv" else Copy)(source, target)
        case "rm":
            return Remove(_path(wanted))
        case "chmod":
            path = _path(wanted)
            if "mode" not in given:
                raise InvalidError("chmod operation requires a mode!")
            return ChangeMode(path, parse_mode(given["mode"]))
        case _:
            raise InvalidError(available)


def _path(wanted: Wanted) -> tuple[str, ...]:
    if "path" not in wanted.fields:
        raise InvalidError(f"{wanted.word} operation requires a path!")
    with named("file path"):
        return parse(wanted.fields["path"])


def _two_arguments(word: str) -> str:
    return f"{word} operation requires two arguments!"
