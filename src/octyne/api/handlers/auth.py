"""Logging in and out, and tickets for clients that can't send headers."""

from aiohttp import web

from octyne import wire
from octyne.accounts.roster import NO_LOGIN
from octyne.api import params, replies
from octyne.api.access import COOKIE
from octyne.api.context import Call, Listener, Services
from octyne.errors import DeniedError, InvalidError

COOKIE_AGE_S = 8_035_200  # seconds, three months: as long as a session lives unused
LONGEST_AGENT = 300  # characters
NOT_GIVEN = "Username or password not provided!"
NOT_ON_SOCKET = "Auth endpoints cannot be called over Unix socket!"


def refuse_on_socket(services: Services, listener: Listener) -> None:
    """The Unix socket needs no login."""
    del services
    if listener is Listener.UNIX_SOCKET:
        raise InvalidError(NOT_ON_SOCKET)


def refuse_on_secondary(services: Services, listener: Listener) -> None:
    """Sessions begin and end at the primary node."""
    refuse_on_socket(services, listener)
    if not services.accounts.can_manage:
        raise DeniedError(NO_LOGIN)


async def login(call: Call) -> web.StreamResponse:
    """`GET /login`."""
    username = decode_header(call.request.headers.get("Username", ""))
    password = decode_header(call.request.headers.get("Password", ""))
    if not username or not password:
        raise InvalidError(NOT_GIVEN)
    agent = user_agent(call.request.headers.get("User-Agent", ""))
    token = await call.services.accounts.login(username, password, call.address, agent)
    call.services.audit.record("auth.login", user=username, ip=call.address)
    if not params.flag(call.query, "cookie"):
        return replies.json(wire.Token(token))
    response = replies.done()
    response.extra["Set-Cookie"] = _cookie(call, token, COOKIE_AGE_S)
    return response


async def logout(call: Call) -> web.StreamResponse:
    """`GET /logout`."""
    await call.services.accounts.logout(call.identity)
    call.audit("auth.logout")
    response = replies.done()
    response.extra["Set-Cookie"] = _cookie(call, "", 0)
    return response


async def issue_ticket(call: Call) -> web.StreamResponse:
    """`GET /ott`."""
    ticket = call.services.accounts.issue_ticket(call.identity, call.address)
    return replies.json(wire.Ticket(ticket))


def user_agent(header: str) -> str:
    """What a client calls itself, fit to be kept and shown."""
    return "".join(filter(str.isprintable, decode_header(header)))[:LONGEST_AGENT].strip()


def decode_header(value: str) -> str:
    """The text of a header. Programs send UTF-8; browsers can only send Latin-1.

    aiohttp has decoded it as UTF-8 and kept the bytes that aren't as surrogates.
    """
    raw = value.encode(errors="surrogateescape")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _cookie(call: Call, token: str, age_s: int) -> str:
    secure = "; Secure" if call.is_secure else ""
    return f"{COOKIE}={token}; Path=/; Max-Age={age_s}; HttpOnly; SameSite=Strict{secure}"
