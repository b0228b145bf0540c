"""One-time tickets for browsers that can't set headers: in memory, short, bound to their client."""

import secrets
import time
from base64 import b64encode
from collections.abc import Callable, Collection
from dataclasses import dataclass

from octyne.accounts.addresses import canonical
from octyne.accounts.rights import Identity

LIFETIME_S = 30.0
TICKET_BYTES = 32
MAX_PER_SESSION = 32  # a page opens a few consoles and downloads at once; older ones are dropped
MAX_TICKETS = 10_000


@dataclass(frozen=True, slots=True)
class _Ticket:
    identity: Identity
    address: str
    issued: float


class Tickets:
    """The tickets that are out. Dictionaries keep the order of issue, so the oldest is first."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._tickets: dict[str, _Ticket] = {}
        self._by_session: dict[str, dict[str, None]] = {}

    def __len__(self) -> int:
        return len(self._tickets)

    def issue(self, identity: Identity, address: str) -> str:
        """A new ticket for ``identity`` at ``address``; beyond the bounds, the oldest one dies."""
        self.expire()
        mine = self._by_session.setdefault(identity.session_id, {})
        if len(mine) >= MAX_PER_SESSION:
            self._take(next(iter(mine)))
        if len(self._tickets) >= MAX_TICKETS:
            self._take(next(iter(self._tickets)))
        ticket = b64encode(secrets.token_bytes(TICKET_BYTES)).decode("ascii")
        self._tickets[ticket] = _Ticket(identity, canonical(address), self._clock())
        self._by_session.setdefault(identity.session_id, {})[ticket] = None
        return ticket

    def redeem(self, ticket: str, address: str) -> Identity | None:
        """The identity behind ``ticket``, once; any attempt uses the ticket up."""
        found = self._take(ticket)
        if found is None or self._clock() - found.issued > LIFETIME_S:
            return None
        return found.identity if found.address == canonical(address) else None

    def drop_sessions(self, session_ids: Collection[str]) -> None:
        """Forget the tickets of sessions that ended."""
        for session_id in session_ids:
            for ticket in list(self._by_session.get(session_id, ())):
                self._take(ticket)

    def expire(self) -> None:
        """Forget tickets that are too old; looks only at those."""
        limit = self._clock() - LIFETIME_S
        while self._tickets:
            oldest = next(iter(self._tickets))
            if self._tickets[oldest].issued >= limit:
                return
            self._take(oldest)

    def _take(self, ticket: str) -> _Ticket | None:
        found = self._tickets.pop(ticket, None)
        if found is not None:
            session_id = found.identity.session_id
            mine = self._by_session[session_id]
            del mine[ticket]
            if not mine:
                del self._by_session[session_id]
        return found
