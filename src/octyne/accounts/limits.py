"""How often a login may fail, without letting anybody lock somebody else out.

Three counters, of failed logins only:

- account + address: 10 at once, then one every 30 seconds. It stops the plain guesser.
- address (any account): 100 at once, then one every 3 seconds. It stops one machine that tries
  many accounts. An IPv6 client counts as its /64, which one customer gets whole.
- account (any address): 200 at once, then one every 1.5 seconds. It slows a botnet down to
  about 57,000 guesses a day, which a password of any worth survives.

The last two can be filled by strangers (a colleague behind the same NAT, a botnet that knows a
name), so they do not count for an account + address that has logged in successfully before:
the owner at a usual place only ever meets the first counter, which others fill only from that
very address. Names that do not exist are counted like those that do, so the limits tell
nobody which accounts there are.

Each counter is one number (the generic cell rate algorithm): the time at which it will be
empty. Memory is bounded; when a table is full, the counter that is nearest to empty goes.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from heapq import nsmallest

from octyne.accounts.addresses import network
from octyne.errors import RateLimitedError

MAX_KEYS = 10_000  # per counter
MAX_KNOWN = 10_000  # account + address pairs that have logged in
MAX_NAME = 255  # characters of a name that count; no account has a longer one
PRUNED_SHARE = 10  # a full table loses a tenth at once, so that pruning stays cheap


@dataclass(frozen=True, slots=True)
class Limit:
    """``burst`` failures at once, and so many again in ``window_s`` seconds."""

    burst: int
    window_s: float = 300.0

    @property
    def step_s(self) -> float:
        """Seconds until one more failure is allowed."""
        return self.window_s / self.burst


PAIR = Limit(10)
ADDRESS = Limit(100)
ACCOUNT = Limit(200)


class Counter:
    """Failures by key against one `Limit`; holds at most `MAX_KEYS` keys."""

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self._empty_at: dict[Hashable, float] = {}

    def __len__(self) -> int:
        return len(self._empty_at)

    def wait_s(self, key: Hashable, now: float) -> float:
        """Seconds until ``key`` may fail again; 0 when it may now."""
        full = self._limit.window_s - self._limit.step_s
        return max(0.0, self._empty_at.get(key, now) - now - full)

    def add(self, key: Hashable, now: float) -> None:
        """Count one failure."""
        if key not in self._empty_at and len(self._empty_at) >= MAX_KEYS:
            self._prune()
        self._empty_at[key] = max(self._empty_at.get(key, now), now) + self._limit.step_s

    def reset(self, key: Hashable) -> None:
        """Forget the failures of ``key``."""
        self._empty_at.pop(key, None)

    def _prune(self) -> None:
        """Forget the tenth that is nearest to being forgotten anyway."""
        count = max(1, len(self._empty_at) // PRUNED_SHARE)
        for key in nsmallest(count, self._empty_at, key=self._empty_at.__getitem__):
            del self._empty_at[key]


class LoginLimits:
    """The three counters together."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._pairs = Counter(PAIR)
        self._addresses = Counter(ADDRESS)
        self._accounts = Counter(ACCOUNT)
        self._known: OrderedDict[tuple[str, str], None] = OrderedDict()

    def is_known(self, username: str, address: str) -> bool:
        """Whether this account has logged in at this address before."""
        return _pair(username, address) in self._known

    def check(self, username: str, address: str) -> None:
        """Let an attempt pass that may still fail.

        Raises:
            RateLimitedError: too many failures; the password was not looked at.
        """
        now = self._clock()
        pair = _pair(username, address)
        wait_s = self._pairs.wait_s(pair, now)
        if pair not in self._known:
            name, client = pair
            wait_s = max(
                wait_s, self._addresses.wait_s(client, now), self._accounts.wait_s(name, now)
            )
        if wait_s > 0:
            retry_after_s = max(1, math.ceil(wait_s))
            raise RateLimitedError(
                f"Too many failed logins! Try again in {retry_after_s} seconds.",
                retry_after_s=retry_after_s,
            )

    def failed(self, username: str, address: str) -> None:
        """Count a failed login."""
        now = self._clock()
        pair = _pair(username, address)
        self._pairs.add(pair, now)
        self._accounts.add(pair[0], now)
        self._addresses.add(pair[1], now)

    def succeeded(self, username: str, address: str) -> None:
        """Forget the failures of this account at this address, and remember the place."""
        pair = _pair(username, address)
        self._pairs.reset(pair)
        self._known[pair] = None
        self._known.move_to_end(pair)
        if len(self._known) > MAX_KNOWN:
            self._known.popitem(last=False)


def _pair(username: str, address: str) -> tuple[str, str]:
    return username[:MAX_NAME], network(address)
