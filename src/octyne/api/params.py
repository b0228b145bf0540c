"""Reads what a request says: query, JSON body, raw body. The one place where JSON is untyped."""

import asyncio
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from aiohttp import web

from octyne.api import bodies
from octyne.errors import InvalidError, TooLargeError

INVALID_JSON = "Invalid JSON body!"
MAX_QUERY_FIELDS = 100
MAX_NUMBER = (1 << 63) - 1
BODY_DEADLINE_S = 60.0  # seconds, for bodies that are read whole
DECIMAL = re.compile(r"[0-9]+(\.[0-9]*)?", re.ASCII)
LONGEST_DECIMAL = 30  # characters
KIB = 1024

_decode = msgspec.json.Decoder().decode


def parse_query(raw: str) -> dict[str, str]:
    """The fields of a query string; of a repeated one the first counts.

    Bytes that aren't UTF-8 stay in the values as surrogates, for whoever can name the field.
    """
    if not raw:
        return {}
    fields: dict[str, str] = {}
    for name, value in _pairs(raw):
        fields.setdefault(name, value)
    return fields


def every(raw: str, name: str) -> list[str]:
    """All values of a field that may be repeated, in their order; surrogates as above."""
    return [value for key, value in _pairs(raw) if key == name] if raw else []


def _pairs(raw: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            raw,
            keep_blank_values=True,
            errors="surrogateescape",
            max_num_fields=MAX_QUERY_FIELDS,
        )
    except ValueError as error:
        raise InvalidError("There are too many fields in the query.") from error


def text(query: Mapping[str, str], name: str) -> str:
    """A text field; "" when it is missing."""
    value = query.get(name, "")
    if not is_clean(value):
        raise InvalidError(f"The field {name} is not valid UTF-8.")
    return value


def flag(query: Mapping[str, str], name: str) -> bool:
    """A switch; only "true" is on."""
    return query.get(name) == "true"


def number(
    query: Mapping[str, str], name: str, *, lowest: int = 0, highest: int = MAX_NUMBER
) -> int | None:
    """A whole number, or None when it is missing or empty."""
    value = query.get(name, "")
    if not value:
        return None
    if value.isascii() and value.isdigit() and len(value) <= 19:
        result = int(value)
        if lowest <= result <= highest:
            return result
    raise InvalidError(f"The field {name} must be a whole number from {lowest} to {highest}.")


def decimal(query: Mapping[str, str], name: str) -> float | None:
    """A number that may have a point in it, or None when it is missing or empty."""
    value = query.get(name, "")
    if not value:
        return None
    if len(value) <= LONGEST_DECIMAL and DECIMAL.fullmatch(value):
        return float(value)
    raise InvalidError(f"The field {name} must be a number such as 12 or 12.5.")


def is_clean(value: str) -> bool:
    """Whether a text came from valid UTF-8 and can be sent back."""
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def parse_json(body: bytes | str) -> object:
    """The value of a JSON text.

    Raises:
        InvalidError: it isn't JSON, or nested too deep.
    """
    try:
        return _decode(body)
    except (ValueError, RecursionError) as error:
        raise InvalidError(INVALID_JSON) from error


def json_object(body: bytes) -> dict[str, Any]:
    """The object of a JSON body; anything else is "Invalid JSON body!"."""
    value = parse_json(body)
    if not isinstance(value, dict):
        raise InvalidError(INVALID_JSON)
    return value


def string_field(fields: dict[str, Any], name: str) -> str:
    """A string of a JSON object; "" when missing or null.

    The exact key wins; else one that differs only in case is taken, as Go does.
    """
    return optional_string(fields, name) or ""


def field(fields: dict[str, Any], name: str) -> object:
    """Any value of a JSON object, by its key as in `string_field`; None when missing or null."""
    if name in fields:
        return fields[name]
    return next((fields[key] for key in fields if key.lower() == name), None)


def optional_string(fields: dict[str, Any], name: str) -> str | None:
    """Like `string_field`, None when missing or null."""
    value = field(fields, name)
    if value is None:
        return None
    if not isinstance(value, str) or not is_clean(value):
        raise InvalidError(INVALID_JSON)
    return value


async def read_body(request: web.BaseRequest, limit: int) -> bytes:
    """The whole body, at most ``limit`` bytes, whatever its Content-Type.

    Raises:
        BrokenBodyError: the client stopped in the middle of it, or was too slow.
        TooLargeError: there is more; the rest isn't read.
    """
    length = request.content_length
    if length is not None and length > limit:
        raise _too_large(limit)
    bodies.ask_for(request)
    with bodies.unbroken():
        async with asyncio.timeout(BODY_DEADLINE_S):
            return await _collect(request, limit)


async def _collect(request: web.BaseRequest, limit: int) -> bytes:
    body = bytearray()
    while chunk := await request.content.readany():
        body += chunk
        if len(body) > limit:
            raise _too_large(limit)
    return bytes(body)


def _too_large(limit: int) -> TooLargeError:
    return TooLargeError(f"The body is larger than {limit // KIB} KiB.")
