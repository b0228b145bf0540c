"""What a row of the route table is made of, and finding the row for a path."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple
from urllib.parse import unquote

from aiohttp import web

from octyne.accounts.rights import Right
from octyne.api.context import Call, Handler, Listener, Services
from octyne.api.errors import Problem

APP_PREFIX = "/server/{id}"
APP_START = "/server/"
OVERRIDE = "X-HTTP-Method-Override"

Refusal = Callable[[Call, Problem], Awaitable[web.StreamResponse]]
Gate = Callable[[Services, Listener], None]


class Access(Enum):
    """Routes that need no right."""

    PUBLIC = "public"  # anybody
    LOGIN_ONLY = "login"  # any account


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of a route.

    Attributes:
        needs: the right asked for before the handler runs.
        changes_state: a GET that does; a cookie isn't enough for it from foreign origins.
        takes_ticket: `?ticket=` is looked at, and used up.
        only_with: a field of the query without which the route doesn't have this method: one that
            came to a route of the contract later, where old clients count on 405.
        refuse: of a WebSocket: tells an error to a client that expects one.
    """

    handler: Handler
    needs: Right | Access
    changes_state: bool = False
    takes_ticket: bool = False
    is_websocket: bool = False
    only_with: str = ""
    refuse: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """A path and what may be done to it.

    Attributes:
        only: the exact text for other methods.
        gate: refuses the whole route where a listener or node doesn't have it, before anything
            else is looked at.
        takes: names of headers that pages of other origins may send, too.
        headers: of every answer.
        options: more headers of the answer to OPTIONS.
        is_tunnelled: a POST may name another method of the route in X-HTTP-Method-Override.
    """

    path: str
    operations: Mapping[str, Operation]
    only: str
    gate: Gate | None = None
    takes: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    options: Callable[[Services], Mapping[str, str]] | None = None
    is_tunnelled: bool = False
    methods: Mapping[str, Operation] = field(init=False)
    allowed: str = field(init=False)

    def __post_init__(self) -> None:
        methods = dict(self.operations)
        if "GET" in methods:
            methods["HEAD"] = methods["GET"]
        object.__setattr__(self, "methods", methods)
        object.__setattr__(self, "allowed", ", ".join([*methods, "OPTIONS"]))

    def method(self, request: web.BaseRequest) -> str:
        """What a request wants to be done."""
        if self.is_tunnelled and request.method == "POST":
            return request.headers.get(OVERRIDE, "POST").upper()
        return request.method


class Match(NamedTuple):
    """What was found for a path.

    Attributes:
        app: the decoded name of the app in it; "" when there is none.
        item: what stands for the last placeholder, `/server/{id}/uploads/{upload}`; "" without.
    """

    route: Route | None
    app: str = ""
    item: str = ""


class Table:
    """Finds routes by path."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._plain = {each.path: each for each in routes if APP_PREFIX not in each.path}
        self._per_app = {
            each.path.removeprefix(APP_PREFIX): each for each in routes if APP_PREFIX in each.path
        }
        self._per_item = {
            rest.rpartition("{")[0]: each
            for rest, each in self._per_app.items()
            if rest.endswith("}")
        }

    def find(self, path: str) -> Match:
        """The route for a path as it was sent."""
        route = self._plain.get(path)
        if route is not None or not path.startswith(APP_START):
            return Match(route)
        name, slash, rest = path[len(APP_START) :].partition("/")
        if "%" in name:
            name = unquote(name, errors="surrogateescape")
        if not name:
            return Match(None)
        rest = slash + rest
        route = self._per_app.get(rest)
        if route is not None:
            return Match(route, name)
        before, slash, item = rest.rpartition("/")
        return Match(self._per_item.get(before + slash) if item else None, name, item)
