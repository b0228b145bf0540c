"""The map of the whole API: every route, its methods, handlers, rights and 405 text.

A test walks this table: each row has a right, and stands in docs/api.md and docs/openapi.yaml.
"""

from collections.abc import Mapping

from aiohttp import web

from octyne.accounts.rights import Right
from octyne.api.context import Listener, Services
from octyne.api.handlers import (
    accounts,
    archive_download,
    archives,
    auth,
    changes,
    config,
    console,
    console_log,
    download,
    events,
    files,
    log,
    resumable,
    root,
    servers,
    sessions,
    uploads,
)
from octyne.api.pipeline import Pipeline
from octyne.api.server import Server
from octyne.api.table import Access, Operation, Route, Table

GET_ONLY = "Only GET is allowed!"
POST_ONLY = "Only POST is allowed!"
FILE = "Only GET, POST, PATCH and DELETE are allowed!"  # so the contract says; PUT came later
UPLOAD = "Only GET, PATCH and DELETE are allowed!"
GET_POST = "Only GET and POST are allowed!"
GET_DELETE = "Only GET and DELETE are allowed!"
GET_PATCH = "Only GET and PATCH are allowed!"
ACCOUNTS = "Only GET, POST, PATCH and DELETE are allowed!"
GET_POST_IS = "Only GET and POST is allowed!"  # so the contract says
JOB_FIELD = "token"  # names the job that is asked for, or ended

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
    who = Operation(sessions.get_caller, LOGIN_ONLY)
    list_sessions = Operation(sessions.list_sessions, LOGIN_ONLY)
    end_sessions = Operation(sessions.end_sessions, LOGIN_ONLY)
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
        Route("/whoami", {"GET": who}, GET_ONLY),
        Route("/sessions", {"GET": list_sessions, "DELETE": end_sessions}, GET_DELETE),
        Route("/log", {"GET": read_actions}, GET_ONLY),
        Route("/servers", {"GET": list_apps, "POST": list_apps}, GET_POST),
        Route("/server/{id}", {"GET": show_app, "POST": operate_app}, GET_POST_IS),
        Route("/server/{id}/usage", {"GET": show_usage}, GET_ONLY),
        Route("/server/{id}/console", {"GET": open_console}, GET_ONLY),
        Route("/server/{id}/console/log", {"GET": read_log}, GET_ONLY),
        *file_routes(),
        *archive_routes(),
        Route("/events", {"GET": watch}, GET_ONLY),
    )
    # fmt: on


def file_routes() -> tuple[Route, ...]:
    """The part of the table for apps' files."""
    list_files = Operation(files.get_files, Right.APP_FILES_VIEW)
    change_files = Operation(changes.change_files, Right.APP_FILES_MODIFY)
    search_files = Operation(files.search_files, Right.APP_FILES_VIEW)
    measure_files = Operation(files.measure_files, Right.APP_FILES_VIEW)
    get_folder = Operation(archive_download.get_archive, Right.APP_FILES_VIEW, takes_ticket=True)
    get_file = Operation(download.get_file, Right.APP_FILES_VIEW, takes_ticket=True)
    change_file = Operation(changes.change_file, Right.APP_FILES_MODIFY)
    delete_file = Operation(changes.delete_file, Right.APP_FILES_MODIFY)
    create_folder = Operation(changes.create_folder, Right.APP_FILES_MODIFY)
    send_file = Operation(uploads.post_file, Right.APP_FILES_MODIFY)
    save_file = Operation(uploads.put_file, Right.APP_FILES_MODIFY)
    begin_upload = Operation(resumable.create_upload, Right.APP_FILES_MODIFY)
    show_upload = Operation(resumable.get_upload, Right.APP_FILES_MODIFY)
    continue_upload = Operation(resumable.append_upload, Right.APP_FILES_MODIFY)
    drop_upload = Operation(resumable.delete_upload, Right.APP_FILES_MODIFY)
    # fmt: off
    return (
        Route("/server/{id}/files", {"GET": list_files, "PATCH": change_files}, GET_PATCH),
        Route("/server/{id}/files/search", {"GET": search_files}, GET_ONLY),
        Route("/server/{id}/files/usage", {"GET": measure_files}, GET_ONLY),
        Route("/server/{id}/files/download", {"GET": get_folder}, GET_ONLY),
        Route("/server/{id}/file", {"GET": get_file, "POST": send_file, "PUT": save_file,
                                    "PATCH": change_file, "DELETE": delete_file}, FILE,
              takes=("If-Match", "If-None-Match", "If-Range", "Range")),
        Route("/server/{id}/folder", {"POST": create_folder}, POST_ONLY),
        _tus("/server/{id}/uploads", {"POST": begin_upload}, POST_ONLY),
        _tus("/server/{id}/uploads/{upload}", {"GET": show_upload, "PATCH": continue_upload,
                                               "DELETE": drop_upload}, UPLOAD),
    )
    # fmt: on


def _tus(path: str, operations: Mapping[str, Operation], only: str) -> Route:
    return Route(
        path,
        operations,
        only,
        takes=resumable.TAKES,
        headers=resumable.HEADERS,
        options=resumable.options,
        is_tunnelled=True,
    )


def archive_routes() -> tuple[Route, ...]:
    """The part of the table for archives."""
    compress = Operation(archives.compress, Right.APP_FILES_MODIFY)
    show_compress = Operation(archives.get_compress, Right.APP_FILES_VIEW)
    end_compress = Operation(archives.cancel_compress, Right.APP_FILES_MODIFY, only_with=JOB_FIELD)
    decompress = Operation(archives.decompress, Right.APP_FILES_MODIFY)
    show_decompress = Operation(archives.get_decompress, Right.APP_FILES_VIEW, only_with=JOB_FIELD)
    end_decompress = Operation(
        archives.cancel_decompress, Right.APP_FILES_MODIFY, only_with=JOB_FIELD
    )
    packing = {"GET": show_compress, "POST": compress, "DELETE": end_compress}
    unpacking = {"GET": show_decompress, "POST": decompress, "DELETE": end_decompress}
    return (
        Route("/server/{id}/compress", packing, GET_POST),
        Route("/server/{id}/compress/v2", packing, GET_POST),
        Route("/server/{id}/decompress", unpacking, POST_ONLY),
    )


def connect(services: Services) -> None:
    """End live connections when their session ends or their app goes. Call it once."""
    services.accounts.on_ended(services.live.end_sessions)
    services.fleet.on_removed(services.live.app_removed)
    services.fleet.on_removed(services.jobs.app_removed)


async def close(services: Services) -> None:
    """End all live connections, as the first step of a shutdown; then clean up the runners."""
    await services.live.close(CLOSE_S)


def build(services: Services, listener: Listener) -> web.Server:
    """The server for one kind of listener: give it to `aiohttp.web.ServerRunner`.

    One may serve several sockets. Call it in the event loop.
    """
    return Server(Pipeline(services, listener, Table(routes())))
