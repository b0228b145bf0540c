"""The ``octyne`` command."""

# ruff: noqa: E402
import gc

gc.disable()  # imports leave no garbage: looking for it is up to a tenth of the start

import asyncio
import os
import sys

# aiohttp's client, which nothing here uses, reads the machine's CA certificates as soon as it is
# imported, twice: a sixth of the start. For that moment they are in an empty file (OpenSSL's
# X509_get_default_cert_file_env).
certificates = os.environ.get("SSL_CERT_FILE")
os.environ["SSL_CERT_FILE"] = os.devnull
import aiohttp  # noqa: F401

if certificates is None:
    del os.environ["SSL_CERT_FILE"]
else:
    os.environ["SSL_CERT_FILE"] = certificates

import uvloop

from octyne.daemon import options
from octyne.daemon.run import run
from octyne.daemon.state import held
from octyne.daemon.stop_apps import stop_apps
from octyne.errors import DaemonError
from octyne.system import stderr_log

gc.enable()

SWITCH_S = 0.001  # the interpreter's own 5 ms are long for a loop that shares it with file work


def main() -> None:
    """Run the daemon or a command, and exit: 0 when all went well, 1 when not."""
    sys.setswitchinterval(SWITCH_S)
    found = options.parse(sys.argv[1:])
    stderr_log.configure(
        "json" if found.log_format == "json" else "text", "DEBUG" if found.debug else "INFO"
    )
    try:
        with held(found.state), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            if found.command == "run":
                runner.run(run(found))
                return
            problems = runner.run(stop_apps(found.state, kill=found.kill))
    except DaemonError as error:
        print(f"octyne: {error}", file=sys.stderr)
        sys.exit(1)
    for problem in problems:
        print(f"octyne: {problem}", file=sys.stderr)
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
