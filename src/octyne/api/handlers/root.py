"""What the daemon is and how it is: version, health, the API's own description."""

from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from octyne import wire
from octyne.aio import in_thread
from octyne.api import access, replies
from octyne.api.context import Call

PRODUCT = "Octyne"
OPENAPI_FILE = Path(__file__).parent.parent / "openapi.yaml"


async def get_version(call: Call) -> web.StreamResponse:
    """`GET /`."""
    return replies.json(wire.Version(wire.API_VERSION, PRODUCT, call.services.version))


async def get_health(call: Call) -> web.StreamResponse:
    """`GET /healthz`: 200 while the daemon serves; strangers aren't told what is wrong.

    Something may be wrong (a full disk, say) and restarting the daemon or its container would
    make it worse: so whoever restarts by status isn't made to.
    """
    problems = call.services.health()
    if not problems:
        return replies.json(wire.Health("ok"))
    shown = tuple(problems) if await access.is_known(call) else ()
    return replies.json(wire.Health("degraded", shown))


class OpenApi:
    """`GET /openapi.json`: the document, read when it is first asked for."""

    def __init__(self) -> None:
        self._encoded = b""

    async def get(self, call: Call) -> web.StreamResponse:
        """The whole document; the same for everybody."""
        del call
        if not self._encoded:
            self._encoded = await in_thread(encode_document)
        return replies.json_bytes(self._encoded)


def encode_document() -> bytes:
    """docs/openapi.yaml as JSON. Blocks."""
    return msgspec.json.encode(load_document())


def load_document() -> dict[str, Any]:
    """docs/openapi.yaml as Python objects. Blocks."""
    import yaml  # noqa: PLC0415  # most daemons are never asked for the document

    document: dict[str, Any] = yaml.load(OPENAPI_FILE.read_bytes(), Loader=yaml.CSafeLoader)
    return document
