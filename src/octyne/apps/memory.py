"""What the daemon remembers of an app over restarts: desired and observed state, on disk.

One ``state.json`` in the app's state directory, replaced atomically.
"""

import asyncio
import hashlib
import json
import logging
import os
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import quote

from octyne.aio import in_thread
from octyne.apps.lifecycle import Exit, State
from octyne.keeper import protocol

STATE_FILE = "state.json"
LONGEST_NAME = 200  # characters of a directory's name; longer ones are cut and hashed
RETRY_S = 5.0  # for a full disk

log = logging.getLogger(__name__)


def directory_name(app: str) -> str:
    """A directory name for any app name: different names never meet, none leads elsewhere."""
    quoted = quote(app, safe="", errors="surrogatepass").replace("~", "%7E")
    if not quoted.strip("."):
        quoted = quoted.replace(".", "%2E")
    if len(quoted) > LONGEST_NAME:
        digest = hashlib.sha256(app.encode(errors="surrogatepass")).hexdigest()[:32]
        quoted = f"{quoted[: LONGEST_NAME - 40]}~{digest}"
    return quoted


@dataclass(frozen=True, slots=True)
class Desired:
    """Whether the app should run; who said so, when."""

    running: bool
    by: str
    time_ms: int


@dataclass(slots=True)
class Memory:
    """Everything that outlives the daemon.

    Attributes:
        seen_run: the newest run whose end the daemon has dealt with.
        restarts: restarts in a row by the policy.
        boot: the machine's boot during which this was written.
    """

    app: str
    desired: Desired
    state: State = State.STOPPED
    reason: str = ""
    seen_run: str = ""
    restarts: int = 0
    exit: Exit | None = None
    boot: str = ""
    known: bool = field(default=False)  # was there a file?

    def encode(self) -> dict[str, Any]:
        """As it stands in the file."""
        record = asdict(self)
        del record["known"]
        return record


def load(directory: str, app: str, *, running: bool) -> Memory:
    """Remember; a missing or broken file is a fresh start as the config says. Blocks."""
    fresh = Memory(app, Desired(running, "config", 0))
    try:
        with open(os.path.join(directory, STATE_FILE), "rb") as file:
            record = json.load(file)
        ended = record["exit"]
        return Memory(
            app,
            Desired(**record["desired"]),
            State(record["state"]),
            str(record["reason"]),
            str(record["seen_run"]),
            int(record["restarts"]),
            Exit.of(ended) if ended else None,
            str(record["boot"]),
            known=True,
        )
    except FileNotFoundError:
        return fresh
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        log.warning(
            "The remembered state of app %r can't be read (%r): starting afresh", app, error
        )
        return fresh


def names_in(states: str) -> list[str]:
    """The apps that have a remembered state below ``states``. Blocks."""
    found = []
    for entry in os.listdir(states):
        try:
            with open(os.path.join(states, entry, STATE_FILE), "rb") as file:
                name = json.load(file)["app"]
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            continue
        if isinstance(name, str) and directory_name(name) == entry:
            found.append(name)
    return found


class StateFile:
    """Writes an app's memory; the newest word wins, and a full disk is tried again.

    Attributes:
        problem: what is wrong with the disk, for users; "" when nothing is.
    """

    def __init__(self, directory: str) -> None:
        self._directory = directory
        self._lock = asyncio.Lock()  # one writer at a time, in the order of the saves
        self._wanted = self._written = 0
        self.problem = ""

    async def save(self, memory: Memory) -> bool:
        """Write and return when it is durable; False when the disk refused (see `problem`).

        Saves that pile up are written once, with the newest.
        """
        self._wanted += 1
        mine = self._wanted
        async with self._lock:
            if self._written >= mine:
                return not self.problem
            newest, record = self._wanted, memory.encode()
            try:
                await in_thread(self._write, record)
            except OSError as error:
                self.problem = f"The state of app {memory.app!r} can't be saved: {error.strerror}."
                return False
            self._written = newest
            self.problem = ""
            return True

    @property
    def is_behind(self) -> bool:
        """Whether something waits to be saved because the disk refused."""
        return self._written < self._wanted

    def _write(self, record: dict[str, Any]) -> None:
        anchor = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            protocol.write_record(STATE_FILE, record, anchor)
        finally:
            os.close(anchor)
