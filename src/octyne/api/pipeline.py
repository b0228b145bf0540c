"""What every request goes through, once.

In this order: find the route; preflight; method; who calls; load the app and ask for the right;
handler; errors; CORS. There is no other middleware.
"""

import logging

from aiohttp import web

from octyne.api import access, bodies, errors, replies
from octyne.api.context import Call, Listener, Services
from octyne.api.pages import Pages
from octyne.api.server import check_there, connection_of
from octyne.api.table import Access, Match, Route, Table
from octyne.errors import NotFoundError

API_PREFIX = "/api"
CORS_METHODS = "GET, POST, PUT, HEAD, OPTIONS, PATCH, DELETE"
CORS_HEADERS = ("X-Requested-With", "Content-Type", "Authorization", "Username", "Password")
PREFLIGHT = {
    "Access-Control-Allow-Methods": CORS_METHODS,
    "Access-Control-Max-Age": "600",
}

log = logging.getLogger(__name__)


class Pipeline:
    """Answers the requests of one kind of listener."""

    def __init__(self, services: Services, listener: Listener, table: Table) -> None:
        self._services = services
        self._listener = listener
        self._table = table
        self._pages = Pages()

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request; every exception becomes an answer."""
        connection = connection_of(request)
        connection.begin(request)
        path, _, query = self._target(request).partition("?")
        route, name, item = self._find(path)
        call = Call(request, self._services, self._listener, name, query, item)
        try:
            response = await self._answer(call, route, path)
        except Exception as error:  # noqa: BLE001  # bulkhead: one request
            response = await self._render(call, route, error)
        finally:
            connection.finish()
        if not response.prepared:
            call.add_cors(response)
            for header, value in route.headers.items() if route is not None else ():
                replies.add_header(response, header, value)
        return response

    @staticmethod
    def _target(request: web.BaseRequest) -> str:
        target = request.raw_path
        if target.startswith("/"):
            return target
        return request.rel_url.raw_path_qs  # GET http://host/path, as to a proxy

    def _find(self, path: str) -> Match:
        if self._listener is Listener.DASHBOARD:
            if not path.startswith(API_PREFIX + "/"):
                return self._table.find("/") if path == API_PREFIX else Match(None)
            path = path.removeprefix(API_PREFIX)
        return self._table.find(path)

    async def _answer(self, call: Call, route: Route | None, path: str) -> web.StreamResponse:
        method = call.request.method
        if method == "OPTIONS":
            return self._preflight(route)
        if route is None:
            return await self._no_route(call, path)
        operation = route.methods.get(route.method(call.request))
        if operation is None or (operation.only_with and operation.only_with not in call.query):
            raise errors.MethodNotAllowedError(route.only)
        if route.gate is not None:
            route.gate(self._services, self._listener)
        if operation.needs is not Access.PUBLIC:
            await access.authenticate(call, operation)
            access.authorize(call, operation)
        return await operation.handler(call)

    async def _no_route(self, call: Call, path: str) -> web.StreamResponse:
        is_page = self._listener is Listener.DASHBOARD and not path.startswith(API_PREFIX + "/")
        if is_page:
            return await self._pages.answer(call.request, path)
        raise NotFoundError(errors.NO_SUCH_ROUTE)

    async def _render(
        self, call: Call, route: Route | None, error: Exception
    ) -> web.StreamResponse:
        request = call.request
        check_there(request)
        path = route.path if route is not None else "an unknown path"
        problem = errors.problem(error, f"{request.method} {path}")
        if request.writer.output_size > 0:  # too late for a status: end it visibly
            connection_of(request).drop()
            raise ConnectionResetError("The answer had begun already.") from error
        operation = None if route is None else route.methods.get(request.method)
        if operation is not None and operation.refuse is not None:
            return await operation.refuse(call, problem)
        answer = replies.failure(problem)
        if route is not None and isinstance(error, errors.MethodNotAllowedError):
            answer.extra["Allow"] = route.allowed
        if bodies.is_withheld(request):
            answer.force_close()
        return answer

    def _preflight(self, route: Route | None) -> web.StreamResponse:
        response = replies.done()
        takes = CORS_HEADERS if route is None else (*CORS_HEADERS, *route.takes)
        response.extra.update(PREFLIGHT)
        response.extra["Access-Control-Allow-Headers"] = ", ".join(takes)
        if route is not None:
            response.extra["Allow"] = route.allowed
            if route.options is not None:
                response.extra.update(route.options(self._services))
        return response
