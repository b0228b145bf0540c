"""Login limits: guessers stop, owners don't."""

import pytest

from octyne.accounts import limits as module
from octyne.accounts.limits import ACCOUNT, ADDRESS, PAIR, Counter, LoginLimits
from octyne.errors import RateLimitedError
from support.accounts import HOME, FakeClock


@pytest.fixture
def clock() -> FakeClock:
    """Turned by hand."""
    return FakeClock()


@pytest.fixture
def limits(clock: FakeClock) -> LoginLimits:
    """Without any failure yet."""
    return LoginLimits(clock=clock)


def address(number: int) -> str:
    """A client's address, by number."""
    return f"198.51.{number // 250}.{number % 250}"


def test_ten_failures_then_one_every_30_seconds(limits: LoginLimits, clock: FakeClock) -> None:
    """The wait is said, and is enough."""
    for _ in range(PAIR.burst):
        limits.check("alice", HOME)
        limits.failed("alice", HOME)
    with pytest.raises(RateLimitedError) as caught:
        limits.check("alice", HOME)

    assert caught.value.retry_after_s == 30
    clock.move(30)
    limits.check("alice", HOME)
    limits.failed("alice", HOME)
    with pytest.raises(RateLimitedError):
        limits.check("alice", HOME)


def test_success_resets_the_pair(limits: LoginLimits) -> None:
    """Ten more slips are allowed."""
    for _ in range(PAIR.burst):
        limits.failed("alice", HOME)
    limits.succeeded("alice", HOME)

    limits.check("alice", HOME)


def test_one_address_can_try_only_so_many_names(limits: LoginLimits) -> None:
    """Each name once is a search, too."""
    for number in range(ADDRESS.burst):
        limits.failed(f"user{number}", HOME)

    with pytest.raises(RateLimitedError):
        limits.check("somebody", HOME)
    limits.check("somebody", "192.0.2.8")


def test_one_account_can_be_tried_only_so_often(limits: LoginLimits) -> None:
    """A botnet is slowed down."""
    for number in range(ACCOUNT.burst):
        limits.failed("alice", address(number))

    with pytest.raises(RateLimitedError):
        limits.check("alice", "192.0.2.8")
    limits.check("bob", "192.0.2.8")


def test_strangers_cannot_lock_the_owner_out(limits: LoginLimits) -> None:
    """Where alice has logged in before, neither a botnet nor a noisy neighbour counts."""
    limits.succeeded("alice", HOME)
    for number in range(ACCOUNT.burst):
        limits.failed("alice", address(number))
    for number in range(ADDRESS.burst):
        limits.failed(f"user{number}", HOME)

    limits.check("alice", HOME)


def test_an_ipv6_client_is_its_network(limits: LoginLimits) -> None:
    """Rotating through 2**64 addresses doesn't help."""
    for number in range(PAIR.burst):
        limits.failed("alice", f"2001:db8::{number:x}")

    with pytest.raises(RateLimitedError):
        limits.check("alice", "2001:db8::ffff")


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A full table loses the keys that matter least."""
    monkeypatch.setattr(module, "MAX_KEYS", 100)
    counter = Counter(PAIR)
    for _ in range(PAIR.burst):
        counter.add("worst", 0.0)
    for number in range(1000):
        counter.add(number, 0.0)

    assert len(counter) <= 100
    assert counter.wait_s("worst", 0.0) > 0


def test_known_places_are_bounded(limits: LoginLimits, monkeypatch: pytest.MonkeyPatch) -> None:
    """The place that was used longest ago is forgotten."""
    monkeypatch.setattr(module, "MAX_KNOWN", 2)
    for name in ("alice", "bob", "alice", "carol"):
        limits.succeeded(name, HOME)

    assert [name for name, _ in limits._known] == ["alice", "carol"]
