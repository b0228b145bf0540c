"""What a row of the route table is made of, and finding the row for a path."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from urllib.parse import unquote

from aiohttp import web

from octyne.accounts.rights import Right
from octyne.api.context import Call, Handler, Listener, Services
from octyne.api.errors import Problem

APP_PREFIX = "/server/{id}"
APP_START = "/server/"

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
        refuse: of a WebSocket: tells an error to a client that expects one.
    """

    handler: Handler
    needs: Right | Access
    changes_state: bool = False
    takes_ticket: bool = False
    is_websocket: bool = False
    refuse: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """A path and what may be done to it.

    Attributes:
        only: the exact text for other methods.
        gate: refuses the whole route where a listener or node doesn't have it, before anything
            else is looked at.
    """

    path: str
    operations: Mapping[str, Operation]
    only: str
    gate: Gate | None = None
    methods: Mapping[str, Operation] = field(init=False)
    allowed: str = field(init=False)

    def __post_init__(self) -> None:
        methods = dict(self.operations)
        if "GET" in methods:
            methods["HEAD"] = methods["GET"]
        object.__setattr__(self, "methods", methods)
        object.__setattr__(self, "allowed", ", ".join([*methods, "OPTIONS"]))


class Table:
    """Finds routes by path."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._plain = {each.path: each for each in routes if APP_PREFIX not in each.path}
        self._per_app = {
            each.path.removeprefix(APP_PREFIX): each for each in routes if APP_PREFIX in each.path
        }

    def find(self, path: str) -> tuple[Route | None, str]:
        """The route for a path as it was sent, and the decoded name of the app in it."""
        route = self._plain.get(path)
        if route is not None or not path.startswith(APP_START):
            return route, ""
        name, slash, rest = path[len(APP_START) :].partition("/")
        if "%" in name:
            name = unquote(name, errors="surrogateescape")
        return (self._per_app.get(slash + rest), name) if name else (None, "")
