"""Helpers for tests of accounts: a clock to turn, cheap Argon2, and an authenticator with files."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from octyne.accounts.authenticator import Authenticator
from octyne.accounts.credentials import Argon2, Credentials, PasswordHash
from octyne.accounts.rights import Identity
from octyne.accounts.sessions import SqliteSessions
from octyne.accounts.users_file import UsersFile
from octyne.events import Events

CHEAP = Argon2(memory_kib=8, time_cost=1, lanes=1)
HOME = "192.0.2.7"  # where the tests' people log in from


@dataclass
class FakeClock:
    """A clock that moves when it is told to."""

    now: float = 1_000_000.0

    def __call__(self) -> float:
        """The time, in seconds."""
        return self.now

    def move(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


@dataclass(slots=True)
class CountingArgon2:
    """Cheap Argon2 that counts its calls."""

    hashed: int = 0
    verified: list[str] = field(default_factory=list)

    def hash(self, secret: bytes) -> str:
        """Count, and do it."""
        self.hashed += 1
        return CHEAP.hash(secret)

    def verify(self, encoded: str, secret: bytes) -> bool:
        """Count, and do it."""
        self.verified.append(encoded)
        return CHEAP.verify(encoded, secret)

    def dummy(self) -> str:
        """As cheap."""
        return CHEAP.dummy()


@dataclass
class Site:
    """An authenticator on files in a temporary directory."""

    directory: Path
    clock: FakeClock = field(default_factory=FakeClock)
    argon2: PasswordHash = CHEAP
    users: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        if self.users is not None:
            self.write(self.users)
        self.events = Events()
        self.ended: list[frozenset[str]] = []
        self.auth = self.build()

    @property
    def path(self) -> Path:
        """The accounts file."""
        return self.directory / "users.json"

    def build(self) -> Authenticator:
        """An authenticator on these files that isn't open yet."""
        auth = Authenticator(
            UsersFile(str(self.path)),
            SqliteSessions(str(self.directory / "sessions.db"), clock=self.clock),
            self.events,
            credentials=Credentials(argon2=self.argon2),
            clock=self.clock,
        )
        auth.on_ended(self.ended.append)
        return auth

    def write(self, users: Any) -> None:
        """Edit the file as people do: in place; the size or time always differs."""
        text = json.dumps(users)
        before = self.path.stat().st_mtime_ns if self.path.exists() else 0
        self.path.write_text(text)
        if self.path.stat().st_mtime_ns == before:
            os.utime(self.path, ns=(before + 1, before + 1))

    def read(self) -> dict[str, str]:
        """The file's accounts."""
        users: dict[str, str] = json.loads(self.path.read_text())
        return users


def hashed(password: str) -> str:
    """A cheap hash of ``password``."""
    return CHEAP.hash(password.encode())


async def login(auth: Authenticator, name: str = "alice", password: str = "") -> Identity:
    """Log in and see who it is; without a password with the name as one."""
    identity = await auth.identify(await auth.login(name, password or name, HOME))
    assert identity is not None
    return identity
