"""The OpenAPI document against the real daemon, by schemathesis: no 5xx, no undocumented status."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import MakeDaemon

# These end what the other requests need: the session, the account, the apps. The WebSocket
# isn't HTTP after its upgrade, and the event stream never ends; both have their own tests.
LEFT_OUT = ["/logout", "/server/{id}/console", "/events"]

HOOKS = Path(__file__).parents[1] / "support/schemathesis_hooks.py"
# It would remove the app.
LEFT_OUT_OPERATIONS = ["replaceConfig"]

# What stands for placeholders: most requests are for the app that is there.
PARAMETERS = '[parameters]\n"path.id" = "app"\n'

CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
]


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_the_document_tells_the_truth(make_daemon: MakeDaemon, tmp_path: Path) -> None:
    """Generated requests, right and wrong ones, to every documented operation."""
    files = tmp_path / "files"  # generated requests change what is in it
    files.mkdir()
    app = {"directory": str(files), "command": ["cat"], "enabled": False}
    daemon = make_daemon({"app": app})
    daemon.start()
    (tmp_path / "schemathesis.toml").write_text(PARAMETERS)
    found = subprocess.run(
        [
            *(str(Path(sys.executable).with_name("schemathesis")), "run"),
            f"http://127.0.0.1:{daemon.port}/openapi.json",
            f"--url=http://127.0.0.1:{daemon.port}",
            f"--header=Authorization: {daemon.token()}",
            f"--checks={','.join(CHECKS)}",
            "--phases=examples,coverage,fuzzing",
            "--max-examples=20",
            "--max-time=45",
            "--request-timeout=20",
            "--generation-deterministic",
            "--continue-on-failure",
            "--suppress-health-check=all",
            "--no-color",
            *(f"--exclude-path={path}" for path in LEFT_OUT),
            *(f"--exclude-operation-id={each}" for each in LEFT_OUT_OPERATIONS),
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(HOOKS.parent), "SCHEMATHESIS_HOOKS": HOOKS.stem},
        capture_output=True,
        text=True,
        check=False,
    )

    assert found.returncode == 0, found.stdout[-6000:] + found.stderr[-2000:]
    assert not daemon.exited
