"""The command line of ``octyne``."""

import argparse
import os
from dataclasses import dataclass
from typing import NoReturn

from octyne import __version__

DESCRIPTION = "Runs programs on this machine and lets people manage them remotely."
COMMANDS = """commands:
  (none)      run the daemon
  stop-apps   stop the apps that a daemon left running when it ended

SIGTERM ends the daemon and leaves its apps running; Ctrl-C stops the apps first.
SIGHUP reads the config and the certificate again."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line said.

    Attributes:
        command: "run" or "stop-apps".
        state: directory of the daemon's own state; default ``.octyne`` beside the users file.
    """

    command: str
    config: str
    users: str
    state: str
    log_format: str
    debug: bool
    kill: bool


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"octyne: {message}. Try 'octyne --help'.\n")


def parse(arguments: list[str]) -> Options:
    """Understand the command line; ends the program for help, version and mistakes."""
    parser = _Parser(
        prog="octyne",
        description=DESCRIPTION,
        epilog=COMMANDS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", nargs="?", default="run", choices=["run", "stop-apps"])
    parser.add_argument("--config", default="config.json", help="config file (%(default)s)")
    parser.add_argument("--users", default="users.json", help="accounts file (%(default)s)")
    parser.add_argument("--state", help="state directory (.octyne beside the accounts file)")
    parser.add_argument(
        "--log-format", choices=["text", "json"], default="text", help="of the log on stderr"
    )
    parser.add_argument("--debug", action="store_true", help="log more")
    parser.add_argument(
        "--kill", action="store_true", help="with stop-apps: kill, don't ask the apps to stop"
    )
    parser.add_argument("-v", "--version", action="version", version=f"octyne {__version__}")
    found = parser.parse_args(arguments)
    beside = os.path.join(os.path.dirname(os.path.abspath(found.users)), ".octyne")
    return Options(
        found.command,
        found.config,
        found.users,
        found.state or beside,
        found.log_format,
        found.debug,
        found.kill,
    )
