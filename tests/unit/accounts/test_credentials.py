"""Passwords: what matches, what it costs, and how many at once."""

import asyncio
import hashlib
import threading
from dataclasses import dataclass, field

import pytest
from argon2.exceptions import HashingError, VerificationError

from octyne.accounts import credentials as module
from octyne.accounts.credentials import (
    Argon2,
    Credentials,
    PasswordHash,
    check_password,
    fingerprint,
    is_outdated,
    new_password,
)
from octyne.errors import InvalidError, RateLimitedError, UnavailableError
from support.accounts import CHEAP, CountingArgon2

SHA256 = hashlib.sha256(b"secret").hexdigest()


async def matches(password: str, stored: str | None, argon2: PasswordHash = CHEAP) -> bool:
    """One check."""
    credentials = Credentials(argon2=argon2)
    try:
        return await credentials.matches(password, stored)
    finally:
        credentials.close()


async def test_the_contracts_parameters() -> None:
    """What the Go Octyne writes and reads."""
    credentials = Credentials()
    stored = await credentials.hash("pässwörd")
    credentials.close()

    assert stored.startswith("$argon2id$v=19$m=51200,t=1,p=4$")
    assert "=" not in stored.split("$", 4)[4]
    assert await matches("pässwörd", stored)
    assert not await matches("password", stored)


@pytest.mark.parametrize("argon2", [Argon2(64, 3, 2), Argon2(1024, 1, 8), Argon2(16, 10, 1)])
async def test_other_parameters_are_honoured(argon2: Argon2) -> None:
    """Hand-made hashes work."""
    assert await matches("secret", argon2.hash(b"secret"))


@pytest.mark.parametrize("stored", [SHA256, SHA256.upper()])
async def test_old_hashes(stored: str) -> None:
    """Hex SHA-256 is accepted, and known to be outdated."""
    assert await matches("secret", stored)
    assert not await matches("Secret", stored)
    assert is_outdated(stored)


BODY = "$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43


@pytest.mark.parametrize(
    "stored",
    [
        None,
        "",
        "x",
        "secret",
        "$argon2id$",
        SHA256[:-1],
        SHA256 + "0",
        SHA256 + "\n",
        "$argon2i$v=19$m=64,t=1,p=1" + BODY,
        "$argon2id$v=16$m=64,t=1,p=1" + BODY,
        "$argon2id$v=19$m=64,t=1,p=1$$",
        "$argon2id$v=19$m=64,t=1,p=1" + BODY + "=",
        "$argon2id$v=19$m=64,t=1,p=1$AAAAAAAAAAAAA$AAAAA",
        "$argon2id$v=19$m=0,t=1,p=1" + BODY,
        "$argon2id$v=19$m=64,t=0,p=1" + BODY,
        "$argon2id$v=19$m=64,t=1,p=0" + BODY,
        "$argon2id$v=19$m=63,t=1,p=8" + BODY,
        "$argon2id$v=19$m=-1,t=1,p=1" + BODY,
        "$argon2id$v=19$m=9999999,t=1,p=1" + BODY,
        "$argon2id$v=19$m=99999999999999,t=1,p=1" + BODY,
        "$argon2id$v=19$m=262144,t=999,p=1" + BODY,
        "$argon2id$v=19$m=262144,t=1,p=255" + BODY,
        "\ud800",
        "$argon2id$v=19$m=64,t=1,p=1$é",
    ],
)
async def test_everything_costs_one_argon2(stored: str | None) -> None:
    """Nothing of it matches or crashes, and unknown accounts cost what known ones do."""
    argon2 = CountingArgon2()

    assert not await matches("secret", stored, argon2)
    assert len(argon2.verified) == 1


@pytest.mark.parametrize("stored", [SHA256, CHEAP.hash(b"secret")], ids=["sha256", "argon2"])
async def test_known_accounts_cost_one_argon2(stored: str) -> None:
    """Also those with an old hash."""
    argon2 = CountingArgon2()

    assert await matches("secret", stored, argon2)
    assert len(argon2.verified) == 1


async def test_the_dummy_costs_what_a_real_hash_costs() -> None:
    """It has the same parameters and lengths."""
    assert [len(part) for part in Argon2().dummy().split("$")] == [
        len(part) for part in Argon2().hash(b"x").split("$")
    ]


async def test_too_long_passwords_never_match() -> None:
    """Whatever the file says."""
    assert await matches("x" * 4096, CHEAP.hash(b"x" * 4096))
    assert not await matches("x" * 4097, CHEAP.hash(b"x" * 4097))


@pytest.mark.parametrize("password", ["\ud800", "\udcff" * 10, "\0"])
async def test_odd_passwords_do_not_raise(password: str) -> None:
    """Headers and JSON can hold strings that are no text."""
    assert not await matches(password, None)


@pytest.mark.parametrize(
    ("password", "text"),
    [
        ("x" * 4097, "too long; 4096 bytes"),
        ("é" * 2049, "too long; 4096 bytes"),
        ("a\nb", "control characters"),
        ("a\x7f", "control characters"),
        (" a", "begin or end with a space"),
        ("a ", "begin or end with a space"),
        ("\ud800", "not valid text"),
    ],
)
def test_passwords_that_could_never_log_in(password: str, text: str) -> None:
    """They are refused when they are set, not when it is too late."""
    with pytest.raises(InvalidError, match=text):
        check_password(password)


@pytest.mark.parametrize("password", ["x", "x" * 4096, "a b", "ÿ", "密码", "🙂", '"\\:'])
def test_passwords_that_can(password: str) -> None:
    """Everything that fits a header."""
    check_password(password)


@dataclass(slots=True)
class GatedArgon2:
    """Holds every computation until the gate opens, and counts those inside."""

    gate: threading.Event = field(default_factory=threading.Event)
    inside: list[int] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    running: set[int] = field(default_factory=set)

    def hash(self, secret: bytes) -> str:
        """Nothing is held here."""
        return CHEAP.hash(secret)

    def dummy(self) -> str:
        """Any."""
        return CHEAP.dummy()

    def verify(self, encoded: str, secret: bytes) -> bool:
        """Wait for the gate."""
        del encoded, secret
        with self.lock:
            self.running.add(threading.get_ident())
            self.inside.append(len(self.running))
        self.gate.wait(10)
        with self.lock:
            self.running.discard(threading.get_ident())
        return False


async def test_two_at_once_and_a_bounded_queue() -> None:
    """80 logins at once hold the memory of two; those beyond the queue come back later."""
    argon2 = GatedArgon2()
    credentials = Credentials(argon2=argon2, max_waiting=20)
    refused = 0

    async def attempt() -> None:
        nonlocal refused
        try:
            async with credentials.turn():
                await credentials.matches("x", None)
        except RateLimitedError:
            refused += 1
        if refused == 58:
            argon2.gate.set()

    async with asyncio.TaskGroup() as group:
        for _ in range(80):
            group.create_task(attempt())
    credentials.close()

    assert refused == 80 - 20 - 2
    assert len(argon2.inside) == 22
    assert max(argon2.inside) <= 2


async def test_new_passwords_have_a_queue_of_their_own() -> None:
    """A script that makes 100 accounts at once is not refused, and does not refuse logins."""
    credentials = Credentials(argon2=CHEAP, max_waiting=1)
    async with asyncio.TaskGroup() as group:
        made = [group.create_task(credentials.hash("x")) for _ in range(100)]
        group.create_task(credentials.hash("x"))
    credentials.close()

    assert len({task.result() for task in made}) == 100


class NoMemory:
    """Argon2 on a machine without memory."""

    def hash(self, secret: bytes) -> str:
        """As argon2-cffi does."""
        del secret
        raise HashingError("Memory allocation error")

    def verify(self, encoded: str, secret: bytes) -> bool:
        """As argon2-cffi does."""
        del encoded, secret
        raise VerificationError("Memory allocation error")

    def dummy(self) -> str:
        """Any."""
        return CHEAP.dummy()


async def test_no_memory_is_not_a_wrong_password() -> None:
    """It is said, and may be tried again."""
    credentials = Credentials(argon2=NoMemory())
    with pytest.raises(UnavailableError):
        await credentials.matches("x", None)
    with pytest.raises(UnavailableError):
        await credentials.hash("x")
    credentials.close()


async def test_a_cancelled_waiter_gives_its_place_back() -> None:
    """The queue doesn't fill up with people who left."""
    credentials = Credentials(argon2=CHEAP, threads=1, max_waiting=1)
    async with credentials.turn():
        for _ in range(3):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.001), credentials.turn():
                    pytest.fail("there is one slot only")
    async with credentials.turn():
        pass
    credentials.close()


def test_made_up_passwords_differ_and_are_long() -> None:
    """They can be typed, and pass the rules."""
    made = {new_password() for _ in range(100)}

    assert len(made) == 100
    assert all(len(password) == module._PASSWORD_LENGTH for password in made)


def test_fingerprints_tell_hashes_apart() -> None:
    """And are not the hash."""
    assert fingerprint("a") != fingerprint("b")
    assert fingerprint(SHA256).hex() != SHA256


async def test_usual_places_have_a_queue_of_their_own() -> None:
    """A crowd of strangers that fills the queue keeps nobody out where they always log in."""
    credentials = Credentials(argon2=CHEAP, threads=1, max_waiting=1)
    async with credentials.turn():
        stranger = asyncio.create_task(credentials.turn().__aenter__())
        usual = asyncio.create_task(credentials.turn(usual=True).__aenter__())
        await asyncio.sleep(0)
        with pytest.raises(RateLimitedError):
            await credentials.turn().__aenter__()
        assert not usual.done()
        usual.cancel()
        stranger.cancel()
        await asyncio.wait([usual, stranger])
    credentials.close()
