"""A fleet in this process, with real keepers; as many daemons' lives as a test needs."""

import contextlib
import os
import signal
from pathlib import Path
from typing import Any

from octyne.apps.app import App
from octyne.apps.fleet import Fleet
from octyne.apps.place import Place
from octyne.config.model import AppConfig, Config
from octyne.config.store import diff
from octyne.console.history import Query, page
from octyne.events import Events
from octyne.system import process
from support.eventually import soon

OPEN_FILES = (1024, 4096)


class World:
    """A state directory and the fleets that follow each other in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.place = Place(str(root), umask=0o022, open_files=OPEN_FILES)
        self.config = Config()
        self.events = Events()
        self.fleet = Fleet(self.place, self.events)

    def configure(self, **apps: AppConfig) -> None:
        """What the next daemon finds."""
        self.config = Config(servers=apps)

    async def begin(self) -> None:
        """A daemon starts: it adopts what is there, and starts what should run."""
        self.fleet = Fleet(self.place, self.events)
        await self.fleet.adopt(self.config)
        self.fleet.start_due()

    async def apply(self, **apps: AppConfig) -> None:
        """The config is changed while the daemon runs."""
        old, self.config = self.config, Config(servers=apps)
        await self.fleet.apply(self.config, diff(old, self.config))

    async def again(self) -> None:
        """The daemon ends, its apps run on, the next one starts."""
        await self.fleet.close()
        await self.begin()

    def app(self, name: str = "app") -> App:
        """One of its apps."""
        return self.fleet.get(name)

    async def until(self, state: str, name: str = "app", within_s: float = 15.0) -> App:
        """Wait for a state."""

        async def look() -> bool:
            return str(self.app(name).state) == state

        await soon(look, within_s, f"{name} isn't {state}")
        return self.app(name)

    async def until_line(self, text: str, name: str = "app") -> None:
        """Wait for a line of its console."""

        async def look() -> bool:
            return any(text in line for line in self.lines(name))

        await soon(look, because=f"no {text!r} on the console")

    def lines(self, name: str = "app") -> list[str]:
        """Its console."""
        return [line.text for line in page(self.place.console(name), Query()).lines]

    def directory(self, name: str = "app") -> Path:
        """Its state directory."""
        return Path(self.place.directory(name))

    def end(self) -> None:
        """Kill all keepers and all that they hold."""
        for pid in process.pids():
            with contextlib.suppress(OSError):
                if str(self.root) in os.readlink(f"/proc/{pid}/cwd"):
                    for each in [*process.descendants(pid), pid]:
                        with contextlib.suppress(ProcessLookupError):
                            os.kill(each, signal.SIGKILL)


def app(*command: str, **config: Any) -> AppConfig:
    """An app's entry in the config."""
    return AppConfig(directory=".", command=list(command), **config)
