"""The route table: rights, documentation, finding."""

import re
from pathlib import Path

import pytest

from octyne.accounts.rights import Right
from octyne.api.app import routes
from octyne.api.handlers.root import load_document
from octyne.api.table import Access, Route, Table

ROOT = Path(__file__).parents[3]
PUBLIC = {"/", "/healthz", "/openapi.json", "/login"}
LOGIN_ONLY = {"/logout", "/ott", "/whoami", "/sessions", "/events"}
TABLE = Table(routes())


@pytest.mark.parametrize("route", routes(), ids=lambda route: route.path)
def test_every_operation_has_a_right(route: Route) -> None:
    """Public ones and those for every account are listed here by name."""
    for operation in route.methods.values():
        if route.path in PUBLIC:
            assert operation.needs is Access.PUBLIC
        elif route.path in LOGIN_ONLY:
            assert operation.needs is Access.LOGIN_ONLY
        else:
            assert isinstance(operation.needs, Right)
            assert operation.needs.is_per_app or "{id}" not in route.path


def test_no_path_stands_twice() -> None:
    """The later one would win."""
    paths = [route.path for route in routes()]
    assert len(paths) == len(set(paths))


def test_openapi_has_the_same_routes_and_methods() -> None:
    """Both ways."""
    documented = {
        (path, method.upper())
        for path, item in load_document()["paths"].items()
        for method in item
        if method != "parameters"
    }
    served = {(route.path, method) for route in routes() for method in route.operations}
    assert served == documented


def test_openapi_has_the_order_of_the_table() -> None:
    """Noun by noun, so that one finds things again."""
    assert list(load_document()["paths"]) == [route.path for route in routes()]


def test_openapi_has_unique_operation_ids_and_security() -> None:
    """Public routes say so; the others need the default."""
    operations = [
        (path, operation)
        for path, item in load_document()["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
    ]
    ids = [operation["operationId"] for _, operation in operations]
    assert len(ids) == len(set(ids))
    for path, operation in operations:
        assert ("security" in operation) is (path in PUBLIC), path


def test_api_md_has_the_same_routes() -> None:
    """Each has a heading with its methods."""
    text = (ROOT / "docs" / "api.md").read_text()
    headings = re.findall(r"^### `([A-Z, ]+) (/\S*)`", text, re.MULTILINE)
    documented = {
        (path, method)
        for methods, path in headings
        for method in methods.replace("WS", "GET").split(", ")
    }
    served = {(route.path, method) for route in routes() for method in route.operations}
    assert served == documented


def test_head_comes_with_get() -> None:
    """And stands in Allow."""
    for route in routes():
        assert ("HEAD" in route.methods) is ("GET" in route.methods)
        assert "OPTIONS" in route.allowed


FOUND = [
    ("/", "/", ""),
    ("/servers", "/servers", ""),
    ("/server/web", "/server/{id}", "web"),
    ("/server/a%2Fb%20c", "/server/{id}", "a/b c"),
    ("/server/console", "/server/{id}", "console"),
    ("/server/web/console/log", "/server/{id}/console/log", "web"),
    ("/server/web/uploads", "/server/{id}/uploads", "web"),
    ("/server/web/uploads/a1", "/server/{id}/uploads/{upload}", "web"),
]
NOT_FOUND = [
    "",
    "//",
    "/server",
    "/server/",
    "/server//",
    "/server/web/",
    "/Servers",
    "/servers/",
    "/server/web/uploads/",
    "/server/web/uploads/a/b",
    "/server//uploads/a",
    "/server/web/a1",
]


@pytest.mark.parametrize(("path", "route", "name"), FOUND)
def test_paths_are_found(path: str, route: str, name: str) -> None:
    """With the app's name decoded."""
    found = TABLE.find(path)
    assert found.route is not None
    assert (found.route.path, found.app) == (route, name)


def test_what_stands_for_the_last_placeholder_is_found() -> None:
    """As it was sent."""
    assert TABLE.find("/server/web/uploads/a1").item == "a1"
    assert TABLE.find("/server/web/uploads").item == ""


@pytest.mark.parametrize("path", NOT_FOUND)
def test_other_paths_are_not(path: str) -> None:
    """Exactly, no guessing."""
    assert TABLE.find(path).route is None


def test_websockets_say_how_they_refuse() -> None:
    """And take tickets."""
    sockets = [
        operation
        for route in routes()
        for operation in route.operations.values()
        if operation.is_websocket
    ]
    assert sockets
    assert all(each.refuse is not None and each.takes_ticket for each in sockets)
