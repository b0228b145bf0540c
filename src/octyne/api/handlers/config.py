"""The config file: show, replace, read again."""

from aiohttp import web

from octyne.aio import in_thread
from octyne.api import replies
from octyne.api.context import Call
from octyne.api.errors import ConfigUnreadableError, InvalidConfigError
from octyne.config.store import ConfigError
from octyne.errors import InvalidError

MAX_CONFIG = 8 << 20  # bytes; a thousand apps need less than one MiB


async def get_config(call: Call) -> web.StreamResponse:
    """`GET /config`: the file as it is."""
    try:
        content = await in_thread(call.services.config_file.read_bytes)
    except ConfigError as error:
        raise ConfigUnreadableError from error
    call.audit("config.view")
    return replies.json_bytes(content)


async def patch_config(call: Call) -> web.StreamResponse:
    """`PATCH /config`: the body is the new file."""
    body = await call.body(MAX_CONFIG)
    try:
        await call.services.replace_config(body)
    except InvalidError as error:
        if isinstance(error.__cause__, ConfigError):
            raise InvalidConfigError(str(error)) from error.__cause__
        raise
    call.audit("config.edit")
    return replies.done()


async def reload_config(call: Call) -> web.StreamResponse:
    """`GET /config/reload`."""
    try:
        await call.services.reload_config()
    except ConfigError as error:
        reason = str(error) if error.line is not None else ""
        raise ConfigUnreadableError(reason) from error
    call.audit("config.reload")
    return replies.done()
