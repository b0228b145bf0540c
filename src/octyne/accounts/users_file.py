"""Accounts in `users.json`, which people also edit by hand and which the Go Octyne reads.

The file is the truth. It is read again before each change and about every second, written
whole and atomically, and never overwritten while it is broken.
"""

import asyncio
import json
import logging
import os
import stat
import threading
import time
from dataclasses import dataclass, field
from enum import Enum, auto
from types import MappingProxyType

from octyne import aio
from octyne.accounts.stores import Account, Edit, Outside, Users
from octyne.errors import UnavailableError
from octyne.system.replaced_file import replace_file, write_aside

log = logging.getLogger(__name__)

MAX_BYTES = 10 * 1024 * 1024
MODE = 0o600
# A file changed less than this before it was read may change again within the same time stamp.
UNSETTLED_NS = 2_000_000_000

Stamp = tuple[int, int, int]  # modification time in ns, size, inode


class State(Enum):
    """What the last look at the file found."""

    GOOD = auto()
    MISSING = auto()
    BROKEN = auto()


class BrokenFileError(Exception):
    """The file is there but holds no accounts; the text says why, without its content."""


@dataclass(frozen=True, slots=True)
class _Read:
    users: Users = field(repr=False)
    stamp: Stamp
    settled: bool


class UsersFile:
    """The accounts of this node, from a file."""

    can_manage = True

    def __init__(self, path: str) -> None:
        self._path = path
        self._name = os.path.basename(path)
        self._users: MappingProxyType[str, str] = MappingProxyType({})
        self._stamp: Stamp | None = None
        self._settled = False
        self._outside = Outside()
        self._problem = ""
        self._unwritten = ""
        self._state = State.MISSING
        self.loaded = False  # False until the file was read once: then no accounts means nothing
        # The asyncio lock queues changes without holding threads. The thread's lock is the one
        # that protects the file: a cancelled change goes on in its thread.
        self._turn = asyncio.Lock()
        self._lock = threading.Lock()

    @property
    def problem(self) -> str:
        """What is wrong with the file, or ""."""
        return " ".join(filter(None, (self._problem, self._unwritten)))

    @property
    def users(self) -> MappingProxyType[str, str]:
        """The last good accounts, as a whole that never changes."""
        return self._users

    async def open(self) -> bool:
        """Read the file; True when there is none. A broken one sets `problem`."""
        await aio.in_thread(self._refresh)
        self._outside = Outside()
        return self._state is State.MISSING and not self.loaded

    async def get(self, name: str) -> Account | None:
        """The account as of the last look at the file."""
        hashed = self._users.get(name)
        return None if hashed is None else Account(name, hashed)

    async def names(self) -> list[str]:
        """All names in the file's order."""
        return list(self._users)

    async def change(self, edit: Edit) -> None:
        """Apply ``edit`` to what the file holds now, and write it.

        Cancelling stops the waiting; a change that has begun is finished.

        Raises:
            UnavailableError: the file is broken, or can't be written (disk full); it is as before.
        """
        async with self._turn:
            await aio.in_thread(self._change, edit)

    async def poll(self) -> Outside:
        """Read the file if it changed, and say what happened to it since the last call."""
        await aio.in_thread(self._refresh)
        if self._unwritten:
            await aio.in_thread(self._try_writing)
        outside, self._outside = self._outside, Outside()
        return outside

    async def close(self) -> None:
        """Nothing is held open."""

    def _change(self, edit: Edit) -> None:
        with self._lock:
            self._reread()
            if self._state is State.BROKEN:
                raise UnavailableError(f"{self._problem} Repair it first; nothing was changed.")
            before = dict(self._users)
            after = edit(dict(before))
            if after == before and self.loaded:
                return
            try:
                self._stamp = _stamp(replace_file(self._path, _render(after), most=MODE))
            except OSError as exc:
                log.warning("Can't write %s: %s", self._path, exc)
                reason = os.strerror(exc.errno or 0)
                self._unwritten = f"The accounts file {self._name} can't be written ({reason})."
                raise UnavailableError(f"{self._unwritten} Nothing was changed.") from exc
            self._unwritten = ""
            self._users = MappingProxyType(after)
            self._settled = False
            self._solved()

    def _refresh(self) -> None:
        with self._lock:
            self._reread()

    def _try_writing(self) -> None:
        """See whether the file can be written again, without a change that needs it."""
        with self._lock:
            try:
                aside, _ = write_aside(os.path.realpath(self._path), _render(dict(self._users)))
                os.unlink(aside)
            except OSError:
                return
            self._unwritten = ""
        log.warning("The accounts file %s can be written again", self._name)

    def _reread(self) -> None:
        """Take over the file's accounts if it changed; on any trouble keep those we have."""
        try:
            found = read_accounts(self._path, unless=self._stamp if self._settled else None)
        except FileNotFoundError:
            self._bad(State.MISSING, f"The accounts file {self._name} is missing.")
        except BrokenFileError as exc:
            self._bad(State.BROKEN, f"The accounts file {self._name} is broken: {exc}.")
        except OSError as exc:
            reason = os.strerror(exc.errno or 0)
            self._bad(State.BROKEN, f"The accounts file {self._name} can't be read: {reason}.")
        else:
            if found is not None:
                self._take(found)

    def _take(self, found: _Read) -> None:
        self._stamp, self._settled = found.stamp, found.settled
        if self.loaded and found.users != self._users:
            log.info("The accounts file was changed by hand; %d accounts", len(found.users))
        gone = {name for name, kept in self._users.items() if found.users.get(name) != kept}
        self._outside = Outside(
            changed=self._outside.changed or found.users != self._users,
            ended=self._outside.ended | gone,
        )
        self._users = MappingProxyType(found.users)
        self._solved()

    def _solved(self) -> None:
        if self._problem and (self.loaded or self._state is State.BROKEN):
            log.warning("The accounts file %s is good again", self._name)
        self._state, self._problem, self.loaded = State.GOOD, "", True

    def _bad(self, state: State, problem: str) -> None:
        self._state, self._settled = state, False
        problem += " The last good accounts stay in force." if self.loaded else ""
        # No file at the first start is how everybody begins.
        if problem != self._problem and (self.loaded or state is State.BROKEN):
            log.warning("%s", problem)
        self._problem = problem


def read_accounts(path: str, *, unless: Stamp | None = None) -> _Read | None:
    """The accounts in the file at ``path``; None when its stamp is still ``unless``. Blocks.

    Raises:
        BrokenFileError: it is no JSON object of strings, no plain file, or too large.
        OSError: it can't be read.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a FIFO can't block
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        stamp = _stamp(status)
        if stamp == unless:
            return None
        if not stat.S_ISREG(status.st_mode):
            raise BrokenFileError("it is not a plain file")
        body = file.read(MAX_BYTES + 1)
    if len(body) > MAX_BYTES:
        raise BrokenFileError(f"it is larger than {MAX_BYTES // 1024 // 1024} MiB")
    settled = time.time_ns() - status.st_mtime_ns > UNSETTLED_NS
    return _Read(_parse(body), stamp, settled)


def _parse(body: bytes) -> Users:
    try:
        users = json.loads(body.decode("utf-8-sig"))
    except UnicodeDecodeError as exc:
        raise BrokenFileError("it is not UTF-8 text") from exc
    except json.JSONDecodeError as exc:
        raise BrokenFileError(f"line {exc.lineno}, column {exc.colno}: {exc.msg}") from exc
    except (ValueError, RecursionError) as exc:
        raise BrokenFileError("it is not JSON of a sensible shape") from exc
    if not isinstance(users, dict):
        raise BrokenFileError("it must hold an object of account names and hashes")
    for name, hashed in users.items():
        if not isinstance(hashed, str):
            raise BrokenFileError(f"the hash of {name!r} must be a string")
    return users


def _render(users: Users) -> bytes:
    # Escaped to ASCII: a lone surrogate from a hand-made file must not stop the next change.
    return (json.dumps(users, indent=2) + "\n").encode("ascii")


def _stamp(status: os.stat_result) -> Stamp:
    return status.st_mtime_ns, status.st_size, status.st_ino
