"""The states of an app, the moves between them, and what an exit means. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from signal import SIGINT, SIGTERM, Signals
from typing import Any, Self

CLEAN_CODES = frozenset({0, 130, 143})  # contract, section 4; a signal n counts as 128 + n
CLEAN_SIGNALS = frozenset({SIGINT, SIGTERM})


class State(StrEnum):
    """What an app is doing."""

    STOPPED = "stopped"
    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    CRASHED = "crashed"
    BACKOFF = "backoff"  # crashed, and about to be started again


STATUS = {
    State.STOPPED: 0,
    State.STARTING: 0,  # not yet
    State.RUNNING: 1,
    State.STOPPING: 1,
    State.CRASHED: 2,
    State.BACKOFF: 2,
}

MOVES: dict[State, frozenset[State]] = {
    State.STOPPED: frozenset({State.STARTING, State.CRASHED}),
    State.STARTING: frozenset({State.RUNNING, State.CRASHED, State.STOPPED, State.BACKOFF}),
    State.RUNNING: frozenset({State.STOPPING, State.STOPPED, State.CRASHED, State.BACKOFF}),
    State.STOPPING: frozenset({State.STOPPED, State.CRASHED, State.BACKOFF}),
    State.CRASHED: frozenset({State.STARTING, State.STOPPED}),
    State.BACKOFF: frozenset({State.STARTING, State.STOPPED, State.CRASHED}),
}


class IllegalMoveError(Exception):
    """A move that the table does not have: a bug."""


def move(state: State, target: State) -> State:
    """The new state, if that move exists.

    Raises:
        IllegalMoveError: it doesn't.
    """
    if target not in MOVES[state]:
        raise IllegalMoveError(f"an app can't go from {state} to {target}")
    return target


@dataclass(frozen=True, slots=True)
class Exit:
    """How a run ended.

    Attributes:
        run: which run.
        code: its exit code, None when a signal ended it or nobody knows.
        signal: the number of the signal that ended it.
        asked: "stop" or "kill" when somebody had asked for the end.
        reason: what else is to be said, for users.
    """

    run: str
    code: int | None
    signal: int | None
    asked: str
    reason: str
    time_ms: int

    @classmethod
    def of(cls, record: dict[str, Any]) -> Self:
        """From an exit record; keys that we don't know are left out."""
        return cls(*(record[name] for name in cls.__dataclass_fields__))

    @property
    def is_clean(self) -> bool:
        """Whether the app has stopped, rather than crashed."""
        if self.asked:
            return True
        return self.code in CLEAN_CODES or self.signal in CLEAN_SIGNALS

    def describe(self) -> str:
        """A sentence on how it ended."""
        if self.reason:
            return self.reason
        if self.signal is not None:
            return f"Ended by {_signal_name(self.signal)}."
        if self.code is None:
            return "How it ended is not known."
        return f"Exited with code {self.code}."


def _signal_name(number: int) -> str:
    try:
        return Signals(number).name
    except ValueError:
        return f"signal {number}"
