"""Who may come in: the one facade over accounts, sessions, tickets and login limits."""

import asyncio
import logging
import time
from collections.abc import Callable, Collection

from octyne.accounts import roster
from octyne.accounts.credentials import Credentials, fingerprint, is_outdated, new_password
from octyne.accounts.limits import LoginLimits
from octyne.accounts.rights import LOCAL_USER, Identity
from octyne.accounts.stores import Account, AccountStore, Edit, SessionRecord, SessionStore
from octyne.accounts.tickets import Tickets
from octyne.errors import (
    DaemonError,
    DeniedError,
    InvalidError,
    NotFoundError,
    UnauthenticatedError,
    UnavailableError,
)
from octyne.events import Events

log = logging.getLogger(__name__)

POLL_S = 0.5  # a hand edit is taken over within 2 seconds even when Redis hangs
FIRST_ACCOUNT = "admin"
LOGIN_TRIES = 3  # the account may change while its password is checked
EMPTY_LOGIN = "Username or password not provided!"
WRONG_LOGIN = "Invalid username or password!"

Ended = Callable[[frozenset[str]], None]


class Authenticator:
    """Logs people in, knows them again, and manages accounts.

    Nothing here waits for a viewer; sessions that end are reported to `on_ended` callbacks, which
    close their connections.
    """

    def __init__(
        self,
        accounts: AccountStore,
        sessions: SessionStore,
        events: Events,
        *,
        credentials: Credentials | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._accounts = accounts
        self._sessions = sessions
        self._events = events
        self._credentials = credentials or Credentials()
        self._limits = LoginLimits(clock=clock)
        self._tickets = Tickets(clock=clock)
        self._callbacks: list[Ended] = []
        # Guards: an account's change and the end of its sessions happen together, in order, so
        # that a name that is used again never finds sessions of its former owner.
        self._turn = asyncio.Lock()
        self._unended: set[str] = set()  # accounts whose sessions should have ended, and did not

    @property
    def can_manage(self) -> bool:
        """Whether this node logs people in and changes accounts (not on a secondary)."""
        return self._accounts.can_manage

    @property
    def problem(self) -> str:
        """A sentence when accounts or sessions are in trouble, else ""."""
        problems = dict.fromkeys((self._accounts.problem, self._sessions.problem))
        return " ".join(filter(None, problems))

    async def open(self) -> str | None:
        """Load accounts and sessions; never fails because something is broken or away.

        Returns:
            The password of the account ``admin`` if it was just made, to be shown once.
        """
        missing = await self._accounts.open()
        await self._sessions.open()
        if missing:
            return await self._make_first()
        if self.can_manage and not self.problem and not await self._accounts.names():
            log.warning("There are no accounts; add one through the Unix socket")
        return None

    async def close(self) -> None:
        """Write what is pending and let go of everything."""
        await self._sessions.close()
        await self._accounts.close()
        self._credentials.close()

    async def use(self, accounts: AccountStore, sessions: SessionStore) -> str | None:
        """Change over to other stores (the config changed); all sessions of the old ones end here.

        Returns what `open` does. Raises `UnavailableError` with the old stores still in use.
        """
        async with self._turn:
            await sessions.probe()
            gone = self._sessions.known()
            await self._sessions.close()
            if accounts is not self._accounts:
                await self._accounts.close()
            self._accounts, self._sessions = accounts, sessions
            password = await self.open()
        self._report(gone)
        return password

    async def login(self, username: str, password: str, address: str, user_agent: str = "") -> str:
        """Open a session and return its token.

        Takes the same time whether the account exists or not.

        Raises:
            DeniedError: this node is a secondary.
            InvalidError: name or password is empty.
            UnauthenticatedError: no such account, or another password.
            RateLimitedError: too many failures, or too many logins at once.
            UnavailableError: the session can't be kept (disk full, Redis away).
        """
        if not self.can_manage:
            raise DeniedError(roster.NO_LOGIN)
        if not username or not password:
            raise InvalidError(EMPTY_LOGIN)
        for _ in range(LOGIN_TRIES):
            account = await self._check_password(username, password, address)
            opened = await self._sessions.create(account, address, user_agent)
            self._report(opened.dropped)
            # The account may be gone or have another password since; then this was too late.
            if await self._account(username) == account:
                self._limits.succeeded(username, address)
                return opened.token
            await self._sessions.end({opened.session.id})
        raise UnauthenticatedError(WRONG_LOGIN)

    async def identify(self, token: str) -> Identity | None:
        """Who ``token`` belongs to. The hot path; without Redis it only looks into memory.

        Raises `UnavailableError` when Redis is away.
        """
        session = await self._sessions.find(token)
        if session is None:
            return None
        account = await self._account(session.username)
        if account is None or session.username in self._unended:
            return None
        if session.fingerprint and session.fingerprint != fingerprint(account.hash):
            # The password was changed by hand while the daemon was not running.
            self._report(await self._sessions.end({session.id}))
            return None
        return Identity(session.username, session.id)

    async def is_alive(self, identity: Identity) -> bool:
        """Whether the session of ``identity`` still counts, on all nodes; `LOCAL_USER` always does.

        Ask after `redeem_ticket`: with Redis, another node may just have ended the session.
        Raises `UnavailableError`.
        """
        if identity.username == LOCAL_USER:
            return True
        return (
            await self._sessions.is_alive(identity.session_id)
            and await self._account(identity.username) is not None
        )

    async def logout(self, identity: Identity) -> None:
        """End the session of ``identity``. Raises `DeniedError` on a secondary."""
        self._require_login()
        if identity.session_id:
            self._report(await self._sessions.end({identity.session_id}))

    async def list_sessions(self, username: str | None) -> list[SessionRecord]:
        """The living sessions of an account, or (None) of all; the last used first.

        Raises `InvalidError` when they are kept where they can't be listed.
        """
        found = self._sessions.records()
        mine = [one for one in found if username in {None, one.session.username}]
        names = {one.session.username for one in mine}
        accounts = {name: await self._account(name) for name in names}
        counted = [one for one in mine if _belongs(one, accounts[one.session.username])]
        return sorted(counted, key=lambda one: (-one.last_used, -one.created, one.session.id))

    async def end_session(self, session_id: str, *, username: str | None) -> str:
        """End a session (only if it is of ``username``); returns whose it was.

        Raises:
            DeniedError: this node is a secondary.
            InvalidError: sessions are kept where they can't be listed.
            NotFoundError: there is none such.
        """
        self._require_login()
        for one in self._sessions.records():
            owner = one.session.username
            if one.session.id == session_id and username in {None, owner}:
                self._report(await self._sessions.end({session_id}))
                return owner
        raise NotFoundError("This session does not exist (any more).")

    async def end_others(self, identity: Identity) -> None:
        """End all sessions of an account but the one that asks. Raises `DeniedError`."""
        self._require_login()
        name = identity.username
        self._report(await self._sessions.end_accounts({name}, keep=identity.session_id))

    def issue_ticket(self, identity: Identity, address: str) -> str:
        """A one-time ticket for ``identity`` at ``address``, good for 30 seconds."""
        return self._tickets.issue(identity, address)

    def redeem_ticket(self, ticket: str, address: str) -> Identity | None:
        """Who ``ticket`` is for, once; any attempt uses it up."""
        return self._tickets.redeem(ticket, address)

    def on_ended(self, callback: Ended) -> None:
        """Call ``callback`` with the ids of sessions that just ended. It must not block."""
        self._callbacks.append(callback)

    async def account_names(self) -> list[str]:
        """All accounts' names. Raises `DeniedError` on a secondary."""
        self._require_manager()
        return await self._accounts.names()

    async def create_account(self, name: str, password: str) -> None:
        """Add an account, which can log in when this returns.

        Raises:
            InvalidError, ConflictError, DeniedError, UnavailableError: see the contract.
        """
        self._require_manager()
        if not name or not password:
            raise InvalidError(EMPTY_LOGIN)
        roster.check_name(name)
        roster.require_free(dict.fromkeys(await self._accounts.names(), ""), name)
        hashed = await self._credentials.hash(password)
        async with self._turn:
            await self._require_ended(name)
            await self._accounts.change(roster.creating(name, hashed))
        self._publish("created", name)

    async def update_account(
        self, old: str, *, new_name: str | None = None, password: str | None = None, by: Identity
    ) -> None:
        """Rename an account, change its password, or both.

        A rename ends all its sessions; a new password all but the one that made the change.

        Raises:
            InvalidError, NotFoundError, ConflictError, DeniedError, UnavailableError.
        """
        self._require_manager()
        new = new_name or old
        if not old or (new == old and not password):
            raise InvalidError(EMPTY_LOGIN)
        names = dict.fromkeys(await self._accounts.names(), "")
        if new != old:
            roster.check_name(new)
        roster.require(names, old)
        if new != old:
            roster.require_free(names, new)
        hashed = await self._credentials.hash(password) if password else None
        keep = by.session_id if by.username == old == new else ""
        async with self._turn:
            await self._require_ended(new)
            await self._change_ending(roster.updating(old, new, hashed), old, keep)
        self._publish("updated", new, old)

    async def delete_account(self, name: str) -> None:
        """Remove an account and end its sessions.

        The last account may go too: the Unix socket always lets the machine's owner add one.

        Raises:
            InvalidError, NotFoundError, DeniedError, UnavailableError.
        """
        self._require_manager()
        if not name:
            raise InvalidError("Username not provided!")
        async with self._turn:
            await self._change_ending(roster.deleting(name), name, "")
        self._publish("deleted", name)

    async def run(self) -> None:
        """Look after everything, for ever. Cancelling is safe."""
        while True:
            await asyncio.sleep(POLL_S)
            try:
                await self.refresh()
            except Exception:  # bulkhead: accounts must be looked after next time all the same
                log.exception("Looking after the accounts failed")

    async def refresh(self) -> None:
        """One round of `run`: hand edits, expiry, sessions ended on other nodes."""
        async with self._turn:
            outside = await self._accounts.poll()
            await self._end_sessions(self._unended | outside.ended)
        if outside.changed:
            self._events.publish("accounts", {"change": "edited", "username": ""})
        self._report(await self._sessions.maintain())
        self._tickets.expire()

    async def _make_first(self) -> str | None:
        password = new_password()
        hashed = await self._credentials.hash(password)
        try:
            await self._accounts.change(roster.creating(FIRST_ACCOUNT, hashed))
        except DaemonError as exc:
            log.warning("The first account can't be made: %s", exc)
            return None
        return password

    async def _check_password(self, username: str, password: str, address: str) -> Account:
        """The account, if the password is its own; its hash is made new when it is of old kind."""
        is_usual = self._limits.is_known(username, address)
        async with self._credentials.turn(usual=is_usual):
            # Looked at inside: an attempt that waited its turn meets the failures before it.
            self._limits.check(username, address)
            account = await self._account(username)
            good = await self._credentials.matches(password, account.hash if account else None)
            if account is None or not good:
                self._limits.failed(username, address)
                raise UnauthenticatedError(WRONG_LOGIN)
            if not is_outdated(account.hash):
                return account
            new_hash = await self._credentials.hash_in_turn(password)
        return await self._upgrade(account, new_hash)

    async def _upgrade(self, account: Account, new_hash: str) -> Account:
        upgraded = Account(account.name, new_hash)
        try:
            async with self._turn:
                await self._accounts.change(roster.upgrading(account.name, account.hash, new_hash))
                if await self._account(account.name) == upgraded:
                    await self._sessions.rebind(upgraded)
        except UnavailableError as exc:
            log.warning("The old password hash of %r stays: %s", account.name, exc)
            return account
        return upgraded

    async def _account(self, name: str) -> Account | None:
        """The account; the reserved name is none, whatever a store holds."""
        return None if name == LOCAL_USER else await self._accounts.get(name)

    async def _change_ending(self, edit: Edit, name: str, keep: str) -> None:
        """Change the account ``name`` and end its sessions; call with the turn held."""
        try:
            await self._accounts.change(edit)
        except asyncio.CancelledError:
            self._unended.add(name)  # the change may have been made: the next round ends them
            raise
        await self._end_sessions({name}, keep=keep)
        account = await self._account(name)
        if keep and account is not None:
            await self._sessions.rebind(account)

    async def _end_sessions(self, names: Collection[str], *, keep: str = "") -> None:
        """End the sessions of accounts; what fails is repeated in the next round."""
        if not names:
            return
        try:
            ended = await self._sessions.end_accounts(names, keep=keep)
        except UnavailableError:
            # Redis is away: its tokens die later; the connections here need not wait.
            self._unended.update(names)
            self._report(self._sessions.known(names) - {keep})
        except asyncio.CancelledError:
            self._unended.update(names)
            raise
        else:
            self._unended.difference_update(names)
            self._report(ended)

    async def _require_ended(self, name: str) -> None:
        """Give a name to nobody while sessions of its former owner are left."""
        await self._end_sessions({name} & self._unended)
        if name in self._unended:
            raise UnavailableError("This name's old sessions can't be ended now; try again later.")

    def _require_login(self) -> None:
        if not self.can_manage:
            raise DeniedError(roster.NO_LOGIN)

    def _require_manager(self) -> None:
        if not self.can_manage:
            raise DeniedError(roster.NO_MANAGING)

    def _publish(self, change: str, name: str, old: str = "") -> None:
        data = {"change": change, "username": name}
        self._events.publish("accounts", data | ({"old": old} if old not in {"", name} else {}))

    def _report(self, ended: frozenset[str]) -> None:
        if not ended:
            return
        self._tickets.drop_sessions(ended)
        for callback in self._callbacks:
            try:
                callback(ended)
            except Exception:  # bulkhead: the other connections must be closed all the same
                log.exception("A connection of an ended session was not closed")


def _belongs(record: SessionRecord, account: Account | None) -> bool:
    """Whether `Authenticator.identify` would take it: its account has the password of then."""
    mark = record.session.fingerprint
    return account is not None and (not mark or mark == fingerprint(account.hash))
