"""The accounts: list, create, change, delete."""

from aiohttp import web

from octyne.api import params, replies
from octyne.api.context import Call
from octyne.errors import DeniedError, InvalidError

MAX_BODY = 64 << 10  # bytes
NOT_GIVEN = "Username or password not provided!"
NO_NAME = "Username not provided!"
NOT_HERE = "This node does not support managing users. Perform user management on the primary node!"


async def list_accounts(call: Call) -> web.StreamResponse:
    """`GET /accounts`."""
    _require_primary(call)
    return replies.json(await call.services.accounts.account_names())


async def create_account(call: Call) -> web.StreamResponse:
    """`POST /accounts`."""
    _require_primary(call)
    username, password = await _read(call)
    if not username or not password:
        raise InvalidError(NOT_GIVEN)
    await call.services.accounts.create_account(username, password)
    call.audit("accounts.create", newUser=username)
    return replies.done()


async def change_account(call: Call) -> web.StreamResponse:
    """`PATCH /accounts`: rename, new password, or both."""
    _require_primary(call)
    given, password = await _read(call)
    old, new = which_change(params.text(call.query, "username"), given, password)
    await call.services.accounts.update_account(
        old, new_name=new, password=password or None, by=call.identity
    )
    if new is not None:
        call.services.jobs.account_ended(old)
    call.audit(
        "accounts.update",
        updatedUser=new or old,
        oldUsername=old,
        changedPassword=bool(password),
    )
    return replies.done()


async def delete_account(call: Call) -> web.StreamResponse:
    """`DELETE /accounts`."""
    _require_primary(call)
    username = params.text(call.query, "username")
    if not username:
        raise InvalidError(NO_NAME)
    await call.services.accounts.delete_account(username)
    call.services.jobs.account_ended(username)
    call.audit("accounts.delete", deletedUser=username)
    return replies.done()


def which_change(asked: str, given: str, password: str) -> tuple[str, str | None]:
    """The account to change, and its new name if it gets one.

    Args:
        asked: the query's name; without it the body's names the account.
        given: the body's name.
        password: the body's password.

    Raises:
        InvalidError: there is nothing to change.
    """
    if not asked:
        if not given or not password:
            raise InvalidError(NOT_GIVEN)
        return given, None
    new = given if given and given != asked else None
    if new is None and not password:
        raise InvalidError(NOT_GIVEN)
    return asked, new


async def _read(call: Call) -> tuple[str, str]:
    fields = params.json_object(await call.body(MAX_BODY))
    return params.string_field(fields, "username"), params.string_field(fields, "password")


def _require_primary(call: Call) -> None:
    if not call.services.accounts.can_manage:
        raise DeniedError(NOT_HERE)
