"""The map of the whole API: every route, its methods, handlers, rights and 405 text.

A test walks this table: each row has a right, and stands in docs/api.md and docs/openapi.yaml.
"""

from aiohttp import web

from octyne.accounts.rights import Right
from octyne.api.context import Listener, Services
from octyne.api.handlers import (
    accounts,
    auth,
    config,
    console,
    console_log,
    events,
    log,
    root,
    servers,
)
from octyne.api.pipeline import Pipeline
from octyne.api.server import Server
from octyne.api.table import Access, Operation, Route, Table

GET_ONLY = "Only GET is allowed!"
GET_POST = "Only GET and POST are allowed!"
GET_PATCH = "Only GET and PATCH are allowed!"
ACCOUNTS = "Only GET, POST, PATCH and DELETE are allowed!"
GET_POST_IS = "Only GET and POST is allowed!"  # so the contract says

CLOSE_S = 5.0  # seconds; a viewer that never reads is cut off after three

PUBLIC, LOGIN_ONLY = Access.PUBLIC, Access.LOGIN_ONLY


def routes() -> tuple[Route, ...]:
    """The table."""
    openapi = root.OpenApi()
    version = Operation(root.get_version, PUBLIC)
    health = Operation(root.get_health, PUBLIC)
    document = Operation(openapi.get, PUBLIC)
    login = Operation(auth.login, PUBLIC)
    logout = Operation(auth.logout, LOGIN_ONLY, changes_state=True)
    ticket = Operation(auth.issue_ticket, LOGIN_ONLY)
    show_config = Operation(config.get_config, Right.CONFIG_VIEW)
    edit_config = Operation(config.patch_config, Right.CONFIG_EDIT)
    reload_config = Operation(config.reload_config, Right.CONFIG_EDIT, changes_state=True)
    list_accounts = Operation(accounts.list_accounts, Right.ACCOUNTS_VIEW)
    add_account = Operation(accounts.create_account, Right.ACCOUNTS_EDIT)
    change_account = Operation(accounts.change_account, Right.ACCOUNTS_EDIT)
    drop_account = Operation(accounts.delete_account, Right.ACCOUNTS_EDIT)
    list_apps = Operation(servers.list_servers, Right.APP_VIEW)
    show_app = Operation(servers.get_server, Right.APP_VIEW)
    operate_app = Operation(servers.operate_server, Right.APP_CONTROL)
    show_usage = Operation(servers.get_usage, Right.APP_VIEW)
    open_console = Operation(
        console.open_console,
        Right.APP_CONSOLE_VIEW,
        takes_ticket=True,
        is_websocket=True,
        refuse=console.refuse_console,
    )
    read_log = Operation(console_log.get_log, Right.APP_CONSOLE_VIEW)
    read_actions = Operation(log.get_log, Right.LOG_VIEW)
    watch = Operation(events.get_events, LOGIN_ONLY)
    no_socket, primary_only = auth.refuse_on_socket, auth.refuse_on_secondary
    # fmt: off
    return (
        Route("/", {"GET": version, "POST": version}, GET_POST),
        Route("/healthz", {"GET": health}, GET_ONLY),
        Route("/openapi.json", {"GET": document}, GET_ONLY),
        Route("/login", {"GET": login, "POST": login}, GET_POST, primary_only),
        Route("/logout", {"GET": logout, "POST": logout}, GET_POST, primary_only),
        Route("/ott", {"GET": ticket, "POST": ticket}, GET_POST, no_socket),
        Route("/config", {"GET": show_config, "PATCH": edit_config}, GET_PATCH),
        Route("/config/reload", {"GET": reload_config, "POST": reload_config}, GET_POST),
        Route("/accounts", {"GET": list_accounts, "POST": add_account,
                            "PATCH": change_account, "DELETE": drop_account}, ACCOUNTS),
        Route("/log", {"GET": read_actions}, GET_ONLY),
        Route("/servers", {"GET": list_apps, "POST": list_apps}, GET_POST),
        Route("/server/{id}", {"GET": show_app, "POST": operate_app}, GET_POST_IS),
        Route("/server/{id}/usage", {"GET": show_usage}, GET_ONLY),
        Route("/server/{id}/console", {"GET": open_console}, GET_ONLY),
        Route("/server/{id}/console/log", {"GET": read_log}, GET_ONLY),
        Route("/events", {"GET": watch}, GET_ONLY),
    )
    # fmt: on


def connect(services: Services) -> None:
    """End live connections when their session ends or their app goes. Call it once."""
    services.accounts.on_ended(services.live.end_sessions)
    services.fleet.on_removed(services.live.app_removed)


async def close(services: Services) -> None:
    """End all live connections, as the first step of a shutdown; then clean up the runners."""
    await services.live.close(CLOSE_S)


def build(services: Services, listener: Listener) -> web.Server:
    """The server for one kind of listener: give it to `aiohttp.web.ServerRunner`.

    One may serve several sockets. Call it in the event loop.
    """
    return Server(Pipeline(services, listener, Table(routes())))
