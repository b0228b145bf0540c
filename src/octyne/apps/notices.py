"""Our own lines in an app's console, while no keeper holds its log."""

import asyncio
import logging

from octyne.aio import in_thread
from octyne.apps.place import Place
from octyne.console.feed import Feed
from octyne.errors import DaemonError

log = logging.getLogger(__name__)


class Notices:
    """Writes notices.

    Attributes:
        turn: held while a line is written, and by the app while it launches: the two don't
            meet at the log.
    """

    def __init__(self, app: str, place: Place, feed: Feed) -> None:
        self._app = app
        self._place = place
        self._feed = feed
        self.turn = asyncio.Lock()

    async def write(self, text: str, limit: int) -> None:
        """Append a line; one that can't be written is logged. ``limit``: of the log, in bytes."""
        async with self.turn:
            try:
                span = await in_thread(self._place.write_notice, self._app, text, limit)
            except (OSError, DaemonError) as error:
                log.warning("A line for the console of app %r was lost: %s", self._app, error)
            else:
                self._feed.update(*span)
