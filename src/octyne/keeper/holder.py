"""Holds one running app: its output to the log, its input, its end, and what daemons ask.

Standard library only: the keeper imports this module.
"""

from __future__ import annotations

import os
import signal
import time

from octyne.keeper import child, protocol
from octyne.keeper.inlet import Inlet
from octyne.keeper.link import Link
from octyne.keeper.log_writer import DiskFullError
from octyne.keeper.loop import READABLE, Loop
from octyne.system import process

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from typing import Any

    from octyne.keeper.log_writer import LogWriter

    Message = dict[str, Any]

READ_BYTES = 256 * 1024
MAX_LINKS = 8  # daemons at once: one, and for a moment the one that replaces it
DRAIN_S = 1.0  # for output that is still in the pipe when all processes are gone
SWEEP_GRACE_S = 1.0  # for processes that an app leaves behind, before they are asked to end
CHASE_S = 0.05  # of each round, for those that fork faster than they are listed
KILL_INTERVAL_S = 0.05  # between rounds of SIGKILL, until nobody is left
GIVE_UP_S = 10.0  # after the first SIGKILL: what still lives then can't be killed by us
RETRY_S = 1.0  # for a full disk
LONGEST_STOP_S = 7 * 86_400.0


class Holder:
    """The app from its start to its exit record.

    The end comes in this order, each step once: the app itself ends (or is asked to, and killed
    at the deadline); everybody else of its tree ends, by itself or by us; the output is read to
    its end; the record is written; the daemons are told.
    """

    def __init__(self, spec: Message, writer: LogWriter, app: child.Child) -> None:
        self._spec = spec
        self._writer = writer
        self._app = app
        self._loop = Loop()
        self._inlet = Inlet(app.input, self._loop)
        self._links: list[Link] = []
        self._buffer = bytearray(READ_BYTES)
        self._asked = ""  # "stop" or "kill", once somebody asked
        self._status: int | None = None  # of the app, once it has ended
        self._tree_gone = False
        self._killed_at: float | None = None
        self._output_open = True
        self._waiting = b""  # output that the disk had no room for, while the app is blocked
        self._exit: Message | None = None
        self._told = self._finished = False
        self._disk_full = False  # as the daemons know it

    def run(self, listener: socket.socket, wakeup: int) -> None:
        """Serve until the app has ended and its exit is recorded.

        ``wakeup`` gives a byte for each signal. SIGTERM (the machine goes down, say) stops the
        app in its own way.
        """
        listener.setblocking(False)
        self._loop.watch(listener, READABLE, lambda _: self._accept(listener))
        self._loop.watch(wakeup, READABLE, lambda _: self._on_signal(wakeup))
        self._watch_output()
        self._reap()
        while not self._finished:
            self._loop.run_once()
        for link in list(self._links):
            link.finish()

    # -- output ----------------------------------------------------------------------------

    def _watch_output(self) -> None:
        self._loop.watch(self._app.output, READABLE, lambda _: self._read())

    def _read(self) -> None:
        try:
            count = os.readv(self._app.output, [self._buffer])
        except BlockingIOError:
            return
        except OSError:  # a terminal whose last user is gone says EIO
            count = 0
        if count:
            self._keep(memoryview(self._buffer)[:count])
        else:
            self._close_output()

    def _keep(self, data: memoryview) -> None:
        try:
            self._writer.write(data)
        except DiskFullError as error:
            rest = data[error.written :]
            if self._spec["on_full"] == "block" and not self._tree_gone:
                self._waiting = bytes(rest)
                self._loop.unwatch(self._app.output)
            else:
                self._writer.drop(len(rest))
            self._loop.after(RETRY_S, "room", self._try_again)
            self._tell_disk(full=True)
        else:
            self._tell_disk(full=False)
        self._announce()

    def _try_again(self) -> None:
        waiting, self._waiting = self._waiting, b""
        if self._output_open:
            self._watch_output()
        self._keep(memoryview(waiting))

    def _tell_disk(self, *, full: bool) -> None:
        if full != self._disk_full:
            self._disk_full = full
            for link in list(self._links):
                link.send({"type": "disk", "full": full})

    def _announce(self) -> None:
        for link in list(self._links):
            link.announce(self._writer.start, self._writer.end)

    def _close_output(self) -> None:
        if self._output_open:
            self._output_open = False
            self._loop.unwatch(self._app.output)
            os.close(self._app.output)
        if self._tree_gone:
            self._conclude("")

    # -- the end ---------------------------------------------------------------------------

    def _on_signal(self, wakeup: int) -> None:
        try:
            numbers = os.read(wakeup, 4096)
        except BlockingIOError:
            return
        if signal.SIGTERM in numbers:
            self._on_stop(self._spec["stop"])
        self._reap()

    def _reap(self) -> None:
        if self._exit is not None:
            return
        try:
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    break
                if pid == self._app.pid:
                    self._status = status
        except ChildProcessError:
            # With us as the subreaper, no children means that the whole tree is gone.
            self._on_tree_gone()
            return
        if self._status is not None:
            self._inlet.close()
            self._sweep()

    def _sweep(self) -> None:
        """The app has ended, others of its tree have not: give them a moment, then end them."""
        if self._loop.has_timer("sweep") or self._killed_at is not None:
            return
        if self._asked:
            self._signal_rest(signal.SIGTERM)
        elif not self._loop.has_timer("deadline"):
            self._loop.after(SWEEP_GRACE_S, "sweep", self._end_rest)

    def _end_rest(self) -> None:
        self._signal_rest(signal.SIGTERM)
        self._loop.after(self._spec["stop"]["timeout"], "deadline", self._kill)

    def _kill(self) -> None:
        """SIGKILL to all, again and again until nobody is left: they may fork meanwhile."""
        if self._killed_at is None:
            self._killed_at = time.monotonic()
        if self._status is None:
            self._signal_group(signal.SIGKILL)
        self._signal_rest(signal.SIGKILL)
        self._chase()
        if self._tree_gone:
            return
        if time.monotonic() - self._killed_at > GIVE_UP_S:
            rest = len(process.descendants(os.getpid()))
            self._conclude(f"{rest} of its processes could not be killed.")
        else:
            self._loop.after(KILL_INTERVAL_S, "deadline", self._kill)

    def _chase(self) -> None:
        """Kill whoever is handed to us, as fast as we can, for a moment.

        A process that forks and exits again and again is gone before a pass over ``/proc`` ends;
        but each of its orphans becomes our child, and those are listed in microseconds.
        """
        until = time.monotonic() + CHASE_S
        while not self._tree_gone and time.monotonic() < until:
            for pid in process.children():
                try:
                    os.kill(pid, signal.SIGKILL)
                except (ProcessLookupError, PermissionError):
                    continue
            self._reap()

    def _signal_group(self, number: int) -> None:
        """Signal the app's group. Its leader isn't reaped yet, so the number is still its."""
        try:
            os.killpg(self._app.pid, number)
        except (ProcessLookupError, PermissionError):
            pass

    def _signal_rest(self, number: int) -> None:
        for pid in process.descendants(os.getpid()):
            try:
                os.kill(pid, number)
            except (ProcessLookupError, PermissionError):
                continue

    def _on_tree_gone(self) -> None:
        if self._tree_gone:
            return
        self._tree_gone = True
        self._inlet.close()
        self._loop.cancel("sweep", "deadline", "room")
        if self._waiting:  # nobody is blocked by it any more: what finds no room is counted
            self._try_again()
        if self._output_open:
            # Usually the end of the stream follows at once. It doesn't if somebody outside of
            # the tree was given the descriptor.
            self._loop.after(DRAIN_S, "drain", self._close_output)
        else:
            self._conclude("")

    def _conclude(self, reason: str) -> None:
        """Write down how it ended, tell the daemons, and finish."""
        if self._exit is not None:
            return
        self._loop.cancel("sweep", "deadline", "drain", "room")
        self._writer.finish_line()
        self._announce()
        self._writer.close()
        code = None if self._status is None else os.waitstatus_to_exitcode(self._status)
        self._exit = {
            "type": "exit",
            "run": self._spec["run"],
            "code": code if code is not None and code >= 0 else None,
            "signal": -code if code is not None and code < 0 else None,
            "asked": self._asked,
            "reason": reason,
            "time_ms": int(time.time() * 1000),
        }
        self._record()

    def _record(self) -> None:
        """Write the exit record, and only then tell it.

        A full disk is the exception: then the daemons are told first, and their ``release`` or
        room on the disk ends the keeper, whichever comes first.
        """
        assert self._exit is not None
        try:
            protocol.write_record(protocol.EXIT_FILE, self._exit)
            self._finished = True
        except OSError:
            self._loop.after(RETRY_S, "record", self._record)
        if not self._told:
            self._told = True
            for link in list(self._links):
                link.send(self._exit)

    # -- what daemons ask ------------------------------------------------------------------

    def _accept(self, listener: socket.socket) -> None:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        if len(self._links) < MAX_LINKS:
            self._links.append(Link(connection, self._loop, self._handle, self._links.remove))
        else:
            connection.close()

    def _handle(self, link: Link, message: Message) -> None:
        kind = message["type"]
        if kind == "hello":
            link.send(self._hello())
            if self._exit is not None:
                link.send(self._exit)
            return
        action = self._actions().get(kind)
        problem = action(message) if action else f"This keeper does not know {kind!r}."
        answer: Message = {"type": "error" if problem else "done", "id": message.get("id", 0)}
        link.send({**answer, "message": problem} if problem else answer)

    def _actions(self) -> dict[str, Callable[[Message], str]]:
        return {
            "input": lambda m: self._inlet.write(m["data"].encode()),
            "notice": self._on_notice,
            "stop": self._on_stop,
            "kill": self._on_kill,
            "resize": self._on_resize,
            "release": self._on_release,
        }

    def _hello(self) -> Message:
        return {
            "type": "hello",
            "protocol": protocol.VERSION,
            "run": self._spec["run"],
            "pid": self._app.pid,
            "keeper_pid": os.getpid(),
            "started_ms": self._spec["started_ms"],
            "start": self._writer.start,
            "end": self._writer.end,
            "asked": self._asked,
            "disk_full": self._disk_full,
        }

    def _on_notice(self, message: Message) -> str:
        if self._exit is not None:
            return "The app has ended."
        self._writer.notice(message["text"])
        self._announce()
        return ""

    def _on_stop(self, message: Message) -> str:
        if self._asked or self._exit is not None:
            return ""
        stop = {**self._spec["stop"], **message}
        # All of it is read before anything is done: half a stop could never be asked for again.
        number, command = signal.Signals[stop["signal"]], str(stop["command"])
        timeout_s = min(max(0.0, float(stop["timeout"])), LONGEST_STOP_S)
        self._asked = "stop"
        self._loop.cancel("sweep")
        self._loop.after(timeout_s, "deadline", self._kill)
        if self._status is not None:
            self._signal_rest(signal.SIGTERM)
        elif not command or self._inlet.write(command.encode() + b"\n"):
            self._signal_group(number)
            self._signal_group(signal.SIGCONT)  # a stopped process sees no signal before this
        return ""

    def _on_kill(self, _: Message) -> str:
        if self._exit is None:
            self._asked = "kill"
            self._kill()
        return ""

    def _on_resize(self, message: Message) -> str:
        if not self._spec["terminal"] or not self._output_open:
            return "The app has no terminal."
        child.resize(self._app.output, message["columns"], message["rows"])
        return ""

    def _on_release(self, _: Message) -> str:
        self._finished = self._exit is not None
        return ""
