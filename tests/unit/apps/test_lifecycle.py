"""The table of moves, and what an exit means."""

import itertools

import pytest

from octyne.apps.lifecycle import MOVES, STATUS, Exit, IllegalMoveError, State, move

LEGAL = {(state, target) for state, targets in MOVES.items() for target in targets}
PAIRS = list(itertools.product(State, State))


@pytest.mark.parametrize(("state", "target"), PAIRS)
def test_moves(state: State, target: State) -> None:
    """What the table has is done; all else raises."""
    if (state, target) in LEGAL:
        assert move(state, target) is target
    else:
        with pytest.raises(IllegalMoveError):
            move(state, target)


def test_what_never_happens() -> None:
    """An app runs only after it was started, and starts only when it isn't running."""
    assert {state for state, target in LEGAL if target is State.RUNNING} == {State.STARTING}
    assert {state for state, target in LEGAL if target is State.STARTING} == {
        State.STOPPED,
        State.CRASHED,
        State.BACKOFF,
    }
    assert not {(state, state) for state in State} & LEGAL


def test_every_state_has_a_number_and_a_way_out() -> None:
    """The contract's numbers; and no state is a dead end."""
    assert set(STATUS) == set(MOVES) == set(State)
    assert {state for state, number in STATUS.items() if number == 1} == {
        State.RUNNING,
        State.STOPPING,
    }
    assert {state for state, number in STATUS.items() if number == 2} == {
        State.CRASHED,
        State.BACKOFF,
    }
    assert all(MOVES.values())


def ended(code: int | None = None, signal: int | None = None, asked: str = "") -> Exit:
    """An exit."""
    return Exit("run", code, signal, asked, "", 0)


@pytest.mark.parametrize(
    ("how", "clean"),
    [
        (ended(0), True),
        (ended(130), True),
        (ended(143), True),
        (ended(1), False),
        (ended(137), False),
        (ended(255), False),
        (ended(signal=2), True),
        (ended(signal=15), True),
        (ended(signal=9), False),
        (ended(signal=11), False),
        (ended(), False),
        (ended(7, asked="stop"), True),
        (ended(signal=9, asked="kill"), True),
    ],
)
def test_what_counts_as_stopped(how: Exit, *, clean: bool) -> None:
    """0, 130, 143 and their signals, and any end that was asked for; all else is a crash."""
    assert how.is_clean is clean


@pytest.mark.parametrize(
    ("how", "text"),
    [
        (ended(7), "Exited with code 7."),
        (ended(signal=9), "Ended by SIGKILL."),
        (ended(signal=99), "Ended by signal 99."),
        (ended(), "How it ended is not known."),
        (Exit("r", None, 9, "kill", "2 of its processes could not be killed.", 0), "2 of its"),
    ],
)
def test_sentences(how: Exit, text: str) -> None:
    """For users."""
    assert how.describe().startswith(text)


def test_an_exit_from_a_record() -> None:
    """Keys that a newer keeper added are passed over."""
    record = {"type": "exit", "run": "r", "code": 1, "signal": None, "asked": "", "reason": ""}

    assert Exit.of({**record, "time_ms": 5, "mood": "sad"}) == Exit("r", 1, None, "", "", 5)
    with pytest.raises(KeyError):
        Exit.of(record)
