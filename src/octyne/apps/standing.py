"""An app's standing: its state, remembered on disk, told as events, noted on its console."""

import time
from typing import Any

from octyne.apps import lifecycle
from octyne.apps.lifecycle import State
from octyne.apps.memory import Desired, Memory, StateFile
from octyne.apps.notices import Notices
from octyne.apps.place import Place
from octyne.config.model import AppConfig
from octyne.console.feed import Feed
from octyne.events import Events
from octyne.system import process
from octyne.system.usage import NOTHING, Usage


class Standing:
    """What `App` and `Runs` know of one app; the state has no other home.

    Attributes:
        config: as it is now; a run keeps to what it was started with.
        to_delete: no longer in the config; it goes when it stops.
        memory: what outlives the daemon.
        pid: of its first process, while it runs.
        usage: of the whole process tree, from the newest sample.
    """

    def __init__(
        self, name: str, config: AppConfig, place: Place, feed: Feed, events: Events
    ) -> None:
        self.name = name
        self.config = config
        self.to_delete = False
        self.memory = Memory(name, Desired(config.enabled, "config", 0))
        self.file = StateFile(place.directory(name))
        self.notices = Notices(name, place, feed)
        self.pid: int | None = None
        self.usage: Usage = NOTHING
        self._events = events

    @property
    def state(self) -> State:
        """What it is doing."""
        return self.memory.state

    @property
    def status(self) -> int:
        """The contract's number: 0 not running, 1 running, 2 crashed."""
        return lifecycle.STATUS[self.memory.state]

    @property
    def reason(self) -> str:
        """Why it is in this state, for users; may be empty."""
        return self.memory.reason

    @property
    def desired(self) -> Desired:
        """Whether it should run, and who said so."""
        return self.memory.desired

    def want(self, *, running: bool, by: str) -> None:
        """Remember a wish; `save` makes it durable."""
        self.memory.desired = Desired(running, by, int(time.time() * 1000))

    def move(self, target: State, reason: str) -> None:
        """Go to another state, and tell those who watch."""
        self.memory.state = lifecycle.move(self.memory.state, target)
        self.memory.reason = reason
        self.publish()

    def assume(self, state: State) -> State:
        """Take a state that was found, not moved to; the one before. Nobody is told."""
        before, self.memory.state = self.memory.state, state
        return before

    def publish(self) -> None:
        """Tell those who watch how it stands."""
        self._events.publish("status", self._snapshot(), app=self.name)

    async def save(self) -> None:
        """Make the memory durable; a disk that refuses is tried again later."""
        self.memory.boot = process.boot_id()
        await self.file.save(self.memory)

    async def notice(self, text: str) -> None:
        """Write a line of ours to its console, while no keeper holds that."""
        await self.notices.write(f"[Octyne] {text}", self.config.console.limit)

    def _snapshot(self) -> dict[str, Any]:
        return {
            "status": self.status,
            "state": str(self.state),
            "reason": self.reason,
            "pid": self.pid or 0,
            "restarts": self.memory.restarts,
            "toDelete": self.to_delete,
        }
