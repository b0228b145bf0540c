"""Every module has its tests, where one looks for them."""

from pathlib import Path

import octyne

SOURCE = Path(octyne.__file__).parent
TESTS = Path(__file__).parents[1]

BY_THE_REAL_DAEMON = "is what tests/e2e starts and talks to"
OVER_REAL_CONNECTIONS = "is tested by route, over real connections, in tests/integration/api"
BY_WHAT_IS_UNPACKED = (
    "is tested in tests/integration/archives, test_unpack.py and test_hostile.py, by its user"
)
ELSEWHERE = {
    "wire.py": "holds shapes alone; tests/integration/api and tests/e2e compare what is sent",
    "daemon/listening.py": BY_THE_REAL_DAEMON,
    "daemon/run.py": BY_THE_REAL_DAEMON,
    "daemon/settings.py": BY_THE_REAL_DAEMON,
    "daemon/stop_apps.py": BY_THE_REAL_DAEMON,
    "daemon/stores.py": BY_THE_REAL_DAEMON,
    "api/access.py": OVER_REAL_CONNECTIONS,
    "api/app.py": OVER_REAL_CONNECTIONS,
    "api/bodies.py": OVER_REAL_CONNECTIONS,
    "api/context.py": "holds what handlers are given; it decides nothing",
    "api/pipeline.py": OVER_REAL_CONNECTIONS,
    "api/ports.py": "holds protocols alone",
    "api/server.py": OVER_REAL_CONNECTIONS,
    "api/websocket.py": OVER_REAL_CONNECTIONS,
    "api/handlers/accounts.py": OVER_REAL_CONNECTIONS,
    "api/handlers/auth.py": OVER_REAL_CONNECTIONS,
    "api/handlers/changes.py": "is tested by route in tests/e2e/changes",
    "api/handlers/config.py": OVER_REAL_CONNECTIONS,
    "api/handlers/console.py": OVER_REAL_CONNECTIONS,
    "api/handlers/console_log.py": OVER_REAL_CONNECTIONS,
    "api/handlers/archive_download.py": OVER_REAL_CONNECTIONS,
    "api/handlers/events.py": OVER_REAL_CONNECTIONS,
    "api/handlers/log.py": OVER_REAL_CONNECTIONS,
    "api/handlers/download.py": "is tested by route in tests/e2e/files",
    "api/handlers/files.py": "is tested by route in tests/e2e/files",
    "api/handlers/resumable.py": OVER_REAL_CONNECTIONS,
    "api/handlers/uploads.py": OVER_REAL_CONNECTIONS,
    "api/handlers/root.py": OVER_REAL_CONNECTIONS,
    "api/handlers/servers.py": OVER_REAL_CONNECTIONS,
    "api/handlers/sessions.py": OVER_REAL_CONNECTIONS,
    "api/handlers/archives.py": "is tested over real connections, in tests/e2e/archives",
    "archives/errors.py": "holds errors alone",
    "archives/limits.py": BY_WHAT_IS_UNPACKED,
    "archives/merge.py": BY_WHAT_IS_UNPACKED,
    "archives/staging.py": BY_WHAT_IS_UNPACKED,
    "archives/streams.py": BY_WHAT_IS_UNPACKED,
    "archives/tar_headers.py": BY_WHAT_IS_UNPACKED,
    "archives/untar.py": BY_WHAT_IS_UNPACKED,
    "archives/unzip.py": BY_WHAT_IS_UNPACKED,
    "archives/zip_directory.py": BY_WHAT_IS_UNPACKED,
    "apps/hold.py": "is an app's half; tests/integration/apps/test_app.py tests both together",
    "apps/notices.py": "is an app's; tests/integration/apps/test_app.py compares its lines",
    "apps/runs.py": "is an app's half; tests/integration/apps/test_app.py tests both together",
    "apps/standing.py": "is what an app and its runs share; tested with them",
    "accounts/stores.py": "holds protocols alone; test_session_stores.py tests those who keep them",
    "accounts/session_file.py": "is tested in tests/unit/accounts/test_sessions.py, by its user",
    "accounts/redis_store/accounts.py": "needs a Redis: test_redis_nodes.py",
    "accounts/redis_store/link.py": "needs a Redis: test_redis_nodes.py",
    "accounts/redis_store/sessions.py": "needs a Redis: test_session_stores.py",
    "files/settle.py": "is the end of tests/integration/files/test_journal.py, by its user",
    "files/upload_pieces.py": "is a part of tests/integration/files/test_resumable.py, by its user",
    "system/paths/resolve.py": "is tested in tests/integration/system/paths/test_folder.py",
    "system/paths/syscalls.py": "is tested in tests/integration/system/paths/test_folder.py",
    "system/rotated_file.py": "is tested in tests/unit/test_audit.py, by its user",
    "system/tls.py": "is tested in tests/integration/system/test_tls_gate.py, by its user",
}


def modules() -> set[str]:
    """All modules but the packages' own."""
    found = {str(path.relative_to(SOURCE)) for path in SOURCE.rglob("*.py")}
    return {name for name in found if not name.endswith("__init__.py")}


def has_tests(module: str) -> bool:
    """Whether a test file mirrors it."""
    place = Path(module)
    mirrored = place.with_name(f"test_{place.name}")
    return any((TESTS / kind / mirrored).exists() for kind in ("unit", "integration"))


def test_every_module_is_tested() -> None:
    """In a file of its name, or there is a reason why not."""
    assert {module for module in modules() if not has_tests(module)} == set(ELSEWHERE)


def test_the_reasons_are_of_modules_that_are_there() -> None:
    """The list does not outlive what it excuses."""
    assert set(ELSEWHERE) <= modules()


def test_every_test_file_mirrors_something() -> None:
    """In the packages that are mirrored: a module that was renamed takes its tests along."""
    own = {"keeper", "console", "apps"}
    known = {module.replace("/", "/test_") for module in modules()}
    for kind in ("unit", "integration"):
        for path in (TESTS / kind).rglob("test_*.py"):
            name = str(path.relative_to(TESTS / kind))
            if name.split("/", maxsplit=1)[0] in own:
                assert name in known | {"console/test_concurrency.py"}, name
