"""Where an app's files are, and what its keeper is told. No state."""

import os

from octyne.apps.memory import directory_name
from octyne.config.model import AppConfig
from octyne.errors import UnavailableError
from octyne.keeper import protocol
from octyne.keeper.client import Launch, Stop
from octyne.keeper.log_writer import LogBusyError, LogWriter


class Place:
    """The state directory of all apps.

    ``umask`` and ``open_files`` are what the daemon was started with: apps get these, not what
    the daemon set for itself.
    """

    def __init__(self, root: str, *, umask: int, open_files: tuple[int, int]) -> None:
        self.root = os.path.abspath(root)
        self._umask = umask
        self._open_files = open_files

    def directory(self, app: str) -> str:
        """An app's state directory."""
        return os.path.join(self.root, directory_name(app))

    def console(self, app: str) -> str:
        """An app's console log."""
        return os.path.join(self.directory(app), protocol.CONSOLE_DIRECTORY)

    def make(self, app: str) -> None:
        """Create an app's state directory. Blocks."""
        os.makedirs(self.directory(app), mode=0o700, exist_ok=True)

    def orders(self, app: str, config: AppConfig, run: str) -> Launch:
        """What a keeper is told.

        Raises:
            InvalidError: the command is empty or can't be understood.
        """
        stop = config.stop
        return Launch(
            run=run,
            argv=config.argv(),
            directory=os.path.abspath(config.directory),
            env={**os.environ, "OCTYNE_APP": app, **config.env},
            terminal=config.terminal,
            umask=self._umask,
            open_files=self._open_files,
            console_limit=config.console.limit,
            on_full=config.console.on_full,
            stop=Stop(signal=stop.number().name, command=stop.command, timeout_s=stop.timeout),
            started_notice=f"[Octyne] Started server {app}",
            failed_notice=f"[Octyne] Server {app} could not be started:",
        )

    def write_notice(self, app: str, text: str, limit: int) -> tuple[int, int]:
        """Append a line to a console log that no keeper holds; its new start and end. Blocks.

        Raises:
            UnavailableError: a keeper holds it.
            OSError: the disk is broken.
        """
        try:
            writer = LogWriter(self.console(app), limit)
        except LogBusyError as error:
            raise UnavailableError("its keeper holds the log") from error
        try:
            writer.notice(text)
            return writer.start, writer.end
        finally:
            writer.close()
