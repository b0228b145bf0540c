"""Who calls, and may they: tokens, cookies, tickets, foreign origins, rights.

The only place of the API that decides this. What a route needs stands in its row of the table.
"""

from enum import Enum, auto

from aiohttp import web

from octyne.accounts.rights import LOCAL, Identity, Right, allows
from octyne.api.context import Call, Listener
from octyne.api.errors import NOT_ALLOWED, NOT_AUTHENTICATED
from octyne.api.table import Operation
from octyne.errors import DeniedError, UnauthenticatedError

COOKIE = "X-Authentication"
SAFE_METHODS = ("GET", "HEAD")


class Proof(Enum):
    """How a request says who it is."""

    NONE = auto()
    HEADER = auto()
    COOKIE = auto()


def credentials(request: web.BaseRequest) -> tuple[Proof, str]:
    """The token of a request. The header wins over the cookie, even when it is wrong."""
    headers = request.headers
    header = headers.get("Authorization")
    if header is not None:
        scheme, _, token = header.partition(" ")
        return Proof.HEADER, token.strip() if scheme.lower() == "bearer" else header
    cookies = headers.get("Cookie")
    if cookies is None:
        return Proof.NONE, ""
    for cookie in cookies.split(";"):
        name, _, value = cookie.strip().partition("=")
        if name == COOKIE:
            return Proof.COOKIE, value.strip('"')
    return Proof.NONE, ""


async def authenticate(call: Call, operation: Operation) -> None:
    """Find out who calls, and put it into ``call``.

    Raises:
        UnauthenticatedError: nobody that we know.
        DeniedError: a page of a foreign origin tries to use somebody's cookie.
    """
    by_ticket = redeem_ticket(call) if operation.takes_ticket else None
    if call.listener is Listener.UNIX_SOCKET:
        call.identity = LOCAL
        return
    if by_ticket is not None and await call.services.accounts.is_alive(by_ticket):
        call.identity = by_ticket
        return
    proof, token = credentials(call.request)
    identity = await _identify(call, token)
    if identity is None:
        raise UnauthenticatedError(NOT_AUTHENTICATED)
    if proof is Proof.COOKIE and _is_sensitive(call, operation) and is_foreign(call):
        raise DeniedError(NOT_ALLOWED)
    call.identity = identity


async def is_known(call: Call) -> bool:
    """Whether the caller of a public route is somebody, without refusing strangers."""
    if call.listener is Listener.UNIX_SOCKET:
        return True
    _, token = credentials(call.request)
    return await _identify(call, token) is not None


async def _identify(call: Call, token: str) -> Identity | None:
    if not token or not token.isascii():  # headers may hold any bytes; tokens are base64
        return None
    return await call.services.accounts.identify(token)


def redeem_ticket(call: Call) -> Identity | None:
    """Whom the ticket in the query stands for. Any attempt uses it up."""
    if call.is_head or not (ticket := call.query.get("ticket", "")):
        return None
    # Base64's plus sign is a blank in a query, unless the client encoded it.
    return call.services.accounts.redeem_ticket(ticket.replace(" ", "+"), call.address)


def authorize(call: Call, operation: Operation) -> None:
    """Load the app of the path, if there is one, and ask whether the caller may do this to it.

    Raises:
        NotFoundError: no such app.
        DeniedError: it may not.
    """
    if call.name:
        call.app = call.services.fleet.get(call.name)
    needs = operation.needs
    if isinstance(needs, Right) and not allows(call.identity, needs, call.name or None):
        raise DeniedError(NOT_ALLOWED)


def may(call: Call, right: Right) -> bool:
    """Whether the caller has one more right, on the path's app if there is one."""
    return allows(call.identity, right, call.name or None)


def is_foreign(call: Call) -> bool:
    """Whether a browser says that a page of another origin sent the request."""
    headers = call.request.headers
    if headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
        return True
    origins = headers.getall("Origin", [])
    if not origins:
        return False
    host = _without_default(headers.get("Host", "").lower())
    scheme, _, rest = origins[0].lower().partition("://")
    is_downgrade = scheme == "http" and call.is_secure
    return len(origins) > 1 or is_downgrade or not host or _without_default(rest) != host


def _is_sensitive(call: Call, operation: Operation) -> bool:
    return (
        operation.changes_state or operation.is_websocket or call.request.method not in SAFE_METHODS
    )


def _without_default(host: str) -> str:
    """A proxy may add the scheme's port to Host, or take it away; both are the same host."""
    return host.removesuffix(":80").removesuffix(":443")
