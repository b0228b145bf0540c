"""Builds answers: JSON, errors, streams, with the headers that every answer has."""

import string
from typing import Any
from urllib.parse import quote

from aiohttp import web
from multidict import CIMultiDict

from octyne import wire
from octyne.api.errors import Problem

JSON = "application/json"
SERVER = "Octyne"

_PLAIN = frozenset(string.ascii_letters + string.digits + "-._")
_PRINTABLE = frozenset(string.ascii_letters + string.digits + " !#$&'()+,-.;=@[]^_`{}~")

# Answers are made for one caller at one moment, and never to be taken for anything but their type.
_COMMON = CIMultiDict(
    {"Server": SERVER, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
)
_JSON = CIMultiDict({"Content-Type": JSON, **_COMMON})
_DONE = wire.encode(wire.Success())


def json_bytes(body: bytes) -> web.Response:
    """A success whose body is encoded already."""
    return web.Response(body=body, headers=_JSON)


def json(value: Any) -> web.Response:
    """A success with one of the shapes of `octyne.wire`."""
    return web.Response(body=wire.encode(value), headers=_JSON)


def done() -> web.Response:
    """``{"success":true}``."""
    return web.Response(body=_DONE, headers=_JSON)


def text(body: str, content_type: str, headers: dict[str, str]) -> web.Response:
    """A page."""
    return web.Response(
        body=body.encode(),
        headers=CIMultiDict({**_COMMON, "Content-Type": content_type, **headers}),
    )


def failure(problem: Problem) -> web.Response:
    """The answer to a request that went wrong."""
    headers = CIMultiDict(_JSON)
    headers.update(problem.headers)
    body = wire.encode(wire.Failure(problem.message))
    response = web.Response(status=problem.status, body=body, headers=headers)
    if problem.closes:
        response.force_close()
    return response


def stream(headers: dict[str, str]) -> web.StreamResponse:
    """An answer that is written piece by piece."""
    merged = CIMultiDict(_COMMON)
    merged.update(headers)
    return web.StreamResponse(headers=merged)


def attachment(name: str) -> str:
    """The Content-Disposition of a download (RFC 6266); ``name`` may hold anything."""
    if name and all(char in _PLAIN for char in name):
        return f"attachment; filename={name}"
    fallback = "".join(char if char in _PRINTABLE else "_" for char in name)
    encoded = quote(name, safe="", errors="surrogateescape")
    return f"attachment; filename=\"{fallback}\"; filename*=UTF-8''{encoded}"
