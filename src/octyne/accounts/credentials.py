"""Passwords: hashing, checking, making one up. Knows no accounts.

Argon2id takes 50 MiB and tens of milliseconds by design, so it runs in two threads of its own,
and callers take turns: a flood of logins costs a bounded amount of memory, and waits.
"""

import asyncio
import hashlib
import hmac
import logging
import os
import re
import secrets
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from argon2 import low_level
from argon2.exceptions import HashingError, InvalidHashError, VerificationError, VerifyMismatchError

from octyne import aio
from octyne.errors import InvalidError, RateLimitedError, UnavailableError

log = logging.getLogger(__name__)

MAX_PASSWORD_BYTES = 4096
THREADS = 2
MAX_WAITING_LOGINS = 64  # about 2 seconds of work; more are told to come back
MAX_WAITING_CHANGES = 1024  # new passwords come from people who are logged in already

# Bounds on the parameters of a stored hash, so that users.json can't take the machine's memory.
MAX_MEMORY_KIB = 262_144
MAX_TIME_COST = 10
MAX_LANES = 16

_PASSWORD_LETTERS = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # noqa: S105  # no twins like 0 and O
_PASSWORD_LENGTH = 20  # 116 bits
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_PHC = re.compile(
    r"\$argon2id\$v=19\$m=([0-9]{1,7}),t=([0-9]{1,3}),p=([0-9]{1,3})"
    r"\$[A-Za-z0-9+/]{11,128}\$[A-Za-z0-9+/]{6,256}"
)


class PasswordHash(Protocol):
    """How passwords are hashed. Its methods block, and take the same time for any input."""

    def hash(self, secret: bytes) -> str:
        """The string to store for ``secret``, each time another one."""

    def verify(self, encoded: str, secret: bytes) -> bool:
        """Whether ``secret`` belongs to ``encoded``."""

    def dummy(self) -> str:
        """A hash that costs as much as a real one to check, and that nothing matches."""


@dataclass(frozen=True, slots=True)
class Argon2:
    """Argon2id with the contract's parameters; tests use cheaper ones."""

    memory_kib: int = 51_200
    time_cost: int = 1
    lanes: int = 4

    def hash(self, secret: bytes) -> str:
        """The PHC string for ``secret`` with a new salt."""
        encoded = low_level.hash_secret(
            secret,
            os.urandom(16),
            time_cost=self.time_cost,
            memory_cost=self.memory_kib,
            parallelism=self.lanes,
            hash_len=32,
            type=low_level.Type.ID,
        )
        return encoded.decode("ascii")

    def verify(self, encoded: str, secret: bytes) -> bool:
        """Whether ``secret`` belongs to ``encoded``."""
        try:
            return low_level.verify_secret(encoded.encode("ascii"), secret, low_level.Type.ID)
        except (VerifyMismatchError, InvalidHashError):
            return False

    def dummy(self) -> str:
        """A hash that costs as much as a real one to check, and that nothing matches."""
        salt, key = (b64encode(os.urandom(size)).rstrip(b"=").decode("ascii") for size in (16, 32))
        parameters = f"m={self.memory_kib},t={self.time_cost},p={self.lanes}"
        return f"$argon2id$v=19${parameters}${salt}${key}"


class Credentials:
    """Hashes and checks passwords, a few at a time."""

    def __init__(
        self,
        *,
        argon2: PasswordHash | None = None,
        threads: int = THREADS,
        max_waiting: int = MAX_WAITING_LOGINS,
    ) -> None:
        self._argon2: PasswordHash = Argon2() if argon2 is None else argon2
        self._dummy = self._argon2.dummy()
        self._max_waiting = max_waiting
        self._waiting = {"login": 0, "usual login": 0, "change": 0}
        self._slots = asyncio.Semaphore(threads)
        # Threads of its own: cancelled callers leave work behind that still holds its memory.
        self._workers = aio.Workers("passwords", threads)

    @asynccontextmanager
    async def turn(self, *, usual: bool = False) -> AsyncIterator[None]:
        """Wait for a slot, so that checks made inside see every attempt that ended before.

        ``usual``: a login where this account has logged in before. These are counted apart, so
        that a crowd of strangers keeps nobody out. Cancelling is safe. Raises
        `RateLimitedError` when too many wait already.
        """
        async with self._turn("usual login" if usual else "login", self._max_waiting):
            yield

    async def matches(self, password: str, stored: str | None) -> bool:
        """Whether ``password`` belongs to ``stored`` (None: there is no such account).

        Takes one Argon2 computation whatever ``stored`` is, so that the time tells nothing.
        Call inside `turn`. Cancelling is safe.
        """
        try:
            return await self._workers.run(self._matches, _secret(password), stored or "")
        except VerificationError as exc:  # not a mismatch: no memory or no threads
            log.warning("Argon2 can't run: %s", exc)
            raise UnavailableError("Passwords can't be checked now; try again later.") from exc

    async def hash(self, password: str) -> str:
        """The Argon2id hash to store for a new password. Waits for its turn.

        Raises:
            InvalidError: no login could ever send this password, or it is too long.
            RateLimitedError, UnavailableError: not now.
        """
        check_password(password)
        async with self._turn("change", MAX_WAITING_CHANGES):
            return await self.hash_in_turn(password)

    async def hash_in_turn(self, password: str) -> str:
        """Like `hash`, for a caller that is inside `turn` and whose password was accepted once."""
        try:
            return await self._workers.run(self._argon2.hash, _secret(password))
        except HashingError as exc:
            log.warning("Argon2 can't run: %s", exc)
            raise UnavailableError("Passwords can't be hashed now; try again later.") from exc

    def close(self) -> None:
        """Forget waiting work."""
        self._workers.close()

    def _matches(self, secret: bytes, stored: str) -> bool:
        possible = len(secret) <= MAX_PASSWORD_BYTES
        if _is_argon2(stored):
            return self._argon2.verify(stored, secret) and possible
        self._argon2.verify(self._dummy, secret)
        if not is_outdated(stored):
            return False
        digest = hashlib.sha256(secret).hexdigest()
        return hmac.compare_digest(digest, stored.lower()) and possible

    @asynccontextmanager
    async def _turn(self, kind: str, max_waiting: int) -> AsyncIterator[None]:
        if self._waiting[kind] >= max_waiting:
            raise RateLimitedError("Too many logins at once! Try again.", retry_after_s=2)
        self._waiting[kind] += 1
        try:
            await self._slots.acquire()
        finally:
            self._waiting[kind] -= 1
        try:
            yield
        finally:
            self._slots.release()


def _secret(password: str) -> bytes:
    # Lone surrogates (from JSON or odd header bytes) must not end in an exception.
    return password.encode("utf-8", "surrogatepass")


def _is_argon2(stored: str) -> bool:
    """Whether ``stored`` is an Argon2id hash that is safe to check."""
    found = _PHC.fullmatch(stored)
    if found is None:
        return False
    memory_kib, time_cost, lanes = map(int, found.groups())
    sane = (
        1 <= lanes <= MAX_LANES
        and 8 * lanes <= memory_kib <= MAX_MEMORY_KIB
        and 1 <= time_cost <= MAX_TIME_COST
    )
    if not sane:
        log.warning("A password hash with m=%d,t=%d,p=%d is refused", memory_kib, time_cost, lanes)
    return sane


def is_outdated(stored: str) -> bool:
    """Whether ``stored`` is a hash of an old version (hex SHA-256), to be replaced at login."""
    return _SHA256.fullmatch(stored) is not None


def check_password(password: str) -> None:
    """Refuse passwords that could be stored but never used to log in.

    They arrive in an HTTP header, which can't carry control characters and loses white space
    at both ends.

    Raises:
        InvalidError: with a sentence that says why.
    """
    try:
        size = len(password.encode("utf-8"))
    except UnicodeEncodeError as exc:
        raise InvalidError("The password contains characters that are not valid text.") from exc
    if size > MAX_PASSWORD_BYTES:
        raise InvalidError(f"The password is too long; {MAX_PASSWORD_BYTES} bytes are possible.")
    if any(ord(letter) < 0x20 or ord(letter) == 0x7F for letter in password):
        raise InvalidError("A password can't contain control characters.")
    if password != password.strip(" \t"):
        raise InvalidError("A password can't begin or end with a space.")


def new_password() -> str:
    """A random password that is easy to copy."""
    return "".join(secrets.choice(_PASSWORD_LETTERS) for _ in range(_PASSWORD_LENGTH))


@lru_cache(maxsize=1024)  # asked for with every request
def fingerprint(stored: str) -> bytes:
    """What ties a session to the password hash that it was opened with, without being it."""
    return hashlib.sha256(b"octyne-session\0" + stored.encode("utf-8", "surrogatepass")).digest()
