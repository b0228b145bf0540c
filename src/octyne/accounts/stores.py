"""What the authenticator needs of a place for accounts, and of one for sessions."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Protocol

Users = dict[str, str]  # account's name -> password hash
Edit = Callable[[Users], Users]  # pure; raises domain errors to refuse the change


@dataclass(frozen=True, slots=True)
class Account:
    """An account; equal to another one only if the password is the same."""

    name: str
    hash: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Outside:
    """What happened to the accounts behind our back (a hand edit, another node).

    Attributes:
        changed: whether anything did.
        ended: accounts that are gone or have another password: their sessions must end.
    """

    changed: bool = False
    ended: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Session:
    """A living session.

    Attributes:
        id: public; says nothing about the token.
        fingerprint: of the password hash that it belongs to; b"" where that isn't kept.
    """

    id: str
    username: str
    fingerprint: bytes = b""


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """What is known of a living session; times in seconds since 1970.

    Attributes:
        address: where it was opened from.
        user_agent: what opened it, as it calls itself; "" when it didn't say.
    """

    session: Session
    created: int
    last_used: int
    address: str
    user_agent: str = ""


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session that was just opened.

    Attributes:
        token: the secret; kept by the client only.
        dropped: ids of the account's oldest sessions that had to go for it.
    """

    session: Session
    token: str = field(repr=False)
    dropped: frozenset[str] = frozenset()


class AccountStore(Protocol):
    """Accounts by name. Changes are serialised and durable when they return."""

    @property
    def can_manage(self) -> bool:
        """Whether this node logs people in and changes accounts."""

    @property
    def problem(self) -> str:
        """A sentence when something is wrong, else ""."""

    async def open(self) -> bool:
        """Load; True when there is nothing yet and the first account has to be made."""

    async def get(self, name: str) -> Account | None:
        """The account, or None. Raises `UnavailableError`."""

    async def names(self) -> list[str]:
        """All names, in the order of the store."""

    async def change(self, edit: Edit) -> None:
        """Apply ``edit`` to the newest accounts and keep the result.

        Raises what ``edit`` raises, and `UnavailableError` with nothing changed.
        """

    async def poll(self) -> Outside:
        """Look for changes from outside; call about every second."""

    async def close(self) -> None:
        """Let go of connections and threads. The store may be opened again."""


class SessionStore(Protocol):
    """Sessions by token. What has ended stays ended, also after a restart."""

    @property
    def problem(self) -> str:
        """A sentence when something is wrong, else ""."""

    async def open(self) -> None:
        """Load. Never fails because something is away: that heals by itself."""

    async def probe(self) -> None:
        """Raise `UnavailableError` if the store can't be used now."""

    async def create(self, account: Account, address: str, user_agent: str = "") -> NewSession:
        """Open a session. Raises `UnavailableError`."""

    async def find(self, token: str) -> Session | None:
        """The living session of ``token``, which counts as used now. Raises `UnavailableError`."""

    async def is_alive(self, session_id: str) -> bool:
        """Whether a session found before still lives; without counting as use."""

    async def end(self, session_ids: Collection[str]) -> frozenset[str]:
        """End these sessions; returns the ids that were alive."""

    async def end_accounts(self, names: Collection[str], *, keep: str = "") -> frozenset[str]:
        """End all sessions of these accounts but the one with the id ``keep``.

        Returns the ids that were alive, as far as this node knows them.
        """

    async def rebind(self, account: Account) -> None:
        """The living sessions of ``account`` now belong to its new password hash."""

    async def maintain(self) -> frozenset[str]:
        """Periodic work, about every second; returns the ids of sessions that turned out dead."""

    def records(self) -> list[SessionRecord]:
        """All living sessions. Raises `InvalidError` when the store can't list them."""

    def known(self, names: Collection[str] | None = None) -> frozenset[str]:
        """Ids of sessions (of these accounts) that this node may have live connections of."""

    async def close(self) -> None:
        """Write what is pending and let go of connections and threads."""
