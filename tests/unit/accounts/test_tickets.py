"""Tickets: once, soon, by the same client."""

from base64 import b64decode

import pytest

from octyne.accounts import tickets as module
from octyne.accounts.rights import Identity
from octyne.accounts.tickets import Tickets
from support.accounts import HOME, FakeClock

ALICE = Identity("alice", "session-1")


@pytest.fixture
def clock() -> FakeClock:
    """Turned by hand."""
    return FakeClock()


@pytest.fixture
def tickets(clock: FakeClock) -> Tickets:
    """None is out yet."""
    return Tickets(clock=clock)


def test_a_ticket_is_good_once(tickets: Tickets) -> None:
    """The second use finds nothing."""
    ticket = tickets.issue(ALICE, HOME)

    assert len(b64decode(ticket, validate=True)) == 32
    assert tickets.redeem(ticket, HOME) == ALICE
    assert tickets.redeem(ticket, HOME) is None


def test_a_wrong_address_uses_it_up(tickets: Tickets) -> None:
    """Whoever stole it spoils it for everybody, also for the owner."""
    ticket = tickets.issue(ALICE, HOME)

    assert tickets.redeem(ticket, "192.0.2.8") is None
    assert tickets.redeem(ticket, HOME) is None


def test_the_address_may_be_spelled_otherwise(tickets: Tickets) -> None:
    """A dual-stack listener reports the same client in two ways."""
    assert tickets.redeem(tickets.issue(ALICE, "::ffff:192.0.2.7"), HOME) == ALICE


@pytest.mark.parametrize(("age_s", "good"), [(30.0, True), (30.1, False)])
def test_it_lives_30_seconds(tickets: Tickets, clock: FakeClock, age_s: float, good: bool) -> None:
    """The contract's lifetime, to the end."""
    ticket = tickets.issue(ALICE, HOME)
    clock.move(age_s)

    assert (tickets.redeem(ticket, HOME) is not None) is good


def test_it_dies_with_its_session(tickets: Tickets) -> None:
    """Other sessions keep theirs."""
    mine, other = tickets.issue(ALICE, HOME), tickets.issue(Identity("alice", "2"), HOME)
    tickets.drop_sessions({ALICE.session_id, "unknown"})

    assert tickets.redeem(mine, HOME) is None
    assert tickets.redeem(other, HOME) is not None


def test_one_session_has_a_bounded_number(tickets: Tickets) -> None:
    """The newest ones win."""
    issued = [tickets.issue(ALICE, HOME) for _ in range(module.MAX_PER_SESSION + 1)]

    assert len(tickets) == module.MAX_PER_SESSION
    assert tickets.redeem(issued[0], HOME) is None
    assert tickets.redeem(issued[-1], HOME) == ALICE


def test_all_sessions_have_a_bounded_number(
    tickets: Tickets, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest of all goes."""
    monkeypatch.setattr(module, "MAX_TICKETS", 5)
    issued = [tickets.issue(Identity("alice", str(n)), HOME) for n in range(6)]

    assert len(tickets) == 5
    assert tickets.redeem(issued[0], HOME) is None


def test_one_session_may_fill_a_tiny_table(
    tickets: Tickets, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bookkeeping per session survives losing its last ticket while one is made."""
    monkeypatch.setattr(module, "MAX_TICKETS", 1)
    tickets.issue(ALICE, HOME)
    ticket = tickets.issue(ALICE, HOME)

    assert tickets.redeem(ticket, HOME) == ALICE


def test_old_tickets_are_forgotten(tickets: Tickets, clock: FakeClock) -> None:
    """Without being used."""
    tickets.issue(ALICE, HOME)
    clock.move(31)
    tickets.expire()

    assert len(tickets) == 0
