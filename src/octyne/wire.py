"""The JSON shapes of the API and of the console protocol; the one source of their key names.

Frozen structs, encoded with `msgspec.json`. Fields that the contract names are never null; fields
with a default are left out of the answer when they have it.
"""

from typing import Any

import msgspec

API_VERSION = "1.4.2"  # what clients compare (semver) to know which features there are

encode = msgspec.json.encode


class Shape(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """Base of all shapes: snake_case in Python, camelCase on the wire."""


class Failure(Shape, frozen=True, omit_defaults=True):
    """Every error answer.

    Attributes:
        reason: more than the error's fixed text says.
    """

    error: str
    reason: str = ""


class Success(Shape, frozen=True):
    """The answer of routes that only do something."""

    success: bool = True


class BatchFailure(Shape, frozen=True):
    """What is wrong with one operation of a batch, counted from 0."""

    index: int
    message: str


class BatchFailed(Shape, frozen=True):
    """`PATCH /server/{id}/files` that did nothing."""

    success: bool
    errors: tuple[BatchFailure, ...]


class Version(Shape, frozen=True):
    """`GET /`."""

    version: str
    product: str
    product_version: str


class Health(Shape, frozen=True, omit_defaults=True):
    """`GET /healthz`; the problems only for those who are logged in."""

    status: str
    problems: tuple[str, ...] = ()


class Token(Shape, frozen=True):
    """`GET /login`."""

    token: str


class Ticket(Shape, frozen=True):
    """`GET /ott`."""

    ticket: str


class Caller(Shape, frozen=True):
    """`GET /whoami`; no session on the Unix socket."""

    username: str
    session_id: str


class SessionSummary(Shape, frozen=True, omit_defaults=True):
    """A session of `GET /sessions`; times in milliseconds since 1970.

    Attributes:
        id: public: says nothing about the token.
        user_agent: as the client calls itself.
    """

    id: str
    username: str
    created: int
    last_used: int
    current: bool
    address: str = ""
    user_agent: str = ""


class Sessions(Shape, frozen=True):
    """`GET /sessions`, the last used first."""

    sessions: list[SessionSummary]


class Servers(Shape, frozen=True):
    """`GET /servers`."""

    servers: dict[str, int]


class ServerSummary(Shape, frozen=True):
    """One app of `GET /servers?extrainfo=true`."""

    status: int
    to_delete: bool


class ServerSummaries(Shape, frozen=True):
    """`GET /servers?extrainfo=true`."""

    servers: dict[str, ServerSummary]


class LastExit(Shape, frozen=True, omit_defaults=True):
    """How the newest run that has ended did so: by a code, by a signal, or nobody knows.

    Attributes:
        time: milliseconds since 1970.
    """

    time: int
    code: int | msgspec.UnsetType = msgspec.UNSET
    signal: int | msgspec.UnsetType = msgspec.UNSET


class ServerDetails(Shape, frozen=True, omit_defaults=True):
    """`GET /server/{id}`.

    Attributes:
        cpu_usage: percent of one core, of the whole process tree.
        memory_usage: bytes, of the whole process tree.
        uptime: nanoseconds; 0 when it isn't running.
        to_delete: sent only when true.
        desired: "running" or "stopped": what it should be.
        desired_by: who said so: an account, or "config", "@daemon", "@exit" (it ended by itself).
        desired_time: when, in milliseconds since 1970; 0 when it never was said.
    """

    status: int
    cpu_usage: float | int
    memory_usage: int
    total_memory: int
    uptime: int
    state: str
    pid: int
    restarts: int
    desired: str
    desired_by: str
    desired_time: int
    to_delete: bool = False
    reason: str = ""
    last_exit: LastExit | msgspec.UnsetType = msgspec.UNSET


class AllDetails(Shape, frozen=True):
    """`GET /servers?details=true`."""

    servers: dict[str, ServerDetails]


class Operated(Shape, frozen=True, omit_defaults=True):
    """`POST /server/{id}`."""

    success: bool
    reason: str = ""


class UsageSample(Shape, frozen=True):
    """One sample of `GET /server/{id}/usage`; `time` is milliseconds since the epoch."""

    time: int
    cpu_usage: float | int
    memory_usage: int


class UsageHistory(Shape, frozen=True):
    """`GET /server/{id}/usage`, oldest first."""

    total_memory: int
    samples: list[UsageSample]


class LogLine(Shape, frozen=True):
    """A line of the console log; `time` is milliseconds since the epoch."""

    offset: int
    time: int
    text: str


class LogPage(Shape, frozen=True, omit_defaults=True):
    """`GET /server/{id}/console/log`.

    Attributes:
        start, end: offsets of what is kept in all.
        next: give as `since` for the page after this one; left out at the end.
        previous: give as `until` for the page before this one; left out at the start.
    """

    lines: list[LogLine]
    start: int
    end: int
    next: int | None = None
    previous: int | None = None


class ActionLog(Shape, frozen=True):
    """`GET /log`: lines of the action log as they were written, the newest first."""

    actions: list[dict[str, Any]]


class FileEntry(Shape, frozen=True):
    """An entry of a folder; `last_modified` is seconds since the epoch, `size` bytes."""

    name: str
    size: int
    mime_type: str
    folder: bool
    last_modified: int


class FileDetails(FileEntry, frozen=True, omit_defaults=True):
    """The same with `extrainfo=true`.

    Attributes:
        mode: octal, such as "0644".
        link_target: of symlinks; left out of others.
        etag: of regular files; left out of others.
    """

    mode: str
    owner: str
    group: str
    link_target: str = ""
    etag: str = ""


class FileFound(Shape, frozen=True, omit_defaults=True):
    """One line of a search: `path` as other routes take it, `line` and `text` of the content."""

    path: str
    size: int
    folder: bool
    last_modified: int
    line: int = 0
    text: str = ""


class SearchEnd(Shape, frozen=True):
    """The last line of a search; `cut` says what ended it, "" when nothing is left."""

    finished: bool
    cut: str
    found: int
    visited: int
    unreadable: int


class TreeUsage(Shape, frozen=True):
    """`GET /server/{id}/files/usage`; sizes in bytes, `cut` as in `SearchEnd`."""

    size: int
    allocated: int
    files: int
    folders: int
    unreadable: int
    cut: str


class UploadStatus(Shape, frozen=True, omit_defaults=True):
    """`GET /server/{id}/uploads/{upload}`.

    Attributes:
        path: of the file that it becomes.
        offset: bytes that have come.
        expires: when it is given up, milliseconds since the epoch.
        length: bytes that it will have; left out while the client hasn't said.
    """

    id: str
    path: str
    offset: int
    finished: bool
    expires: int
    length: int | None = None


class JobToken(Shape, frozen=True):
    """`POST .../compress` and `.../decompress` with `async=true`."""

    token: str


class JobState(Shape, frozen=True):
    """How far a job is; totals are 0 until they are known.

    Attributes:
        state: waiting (for other jobs to end), running, or finished.
        entries_done: files, folders and symlinks.
    """

    finished: bool
    state: str
    bytes_done: int
    bytes_total: int
    entries_done: int
    entries_total: int


class EventMessage(Shape, frozen=True):
    """The data of one server-sent event; `time` is milliseconds since the epoch."""

    app: str
    time: int
    data: dict[str, Any]


class Settings(Shape, frozen=True, tag_field="type", tag="settings"):
    """Console: what this viewer may do. The first message."""

    read_only: bool


class Output(Shape, frozen=True, tag_field="type", tag="output", omit_defaults=True):
    """Console: lines joined by a line feed, without the last one's line end.

    Attributes:
        offset: of the first byte.
        next: give as `since` to continue exactly behind this message.
        time: when the first byte came, milliseconds since the epoch.
        partial: the last line isn't finished; the next output continues it.
        times: pairs of line number and time, for those who ask with `?times=true`.
    """

    data: str
    offset: int
    next: int
    time: int
    partial: bool = False
    times: list[tuple[int, int]] | msgspec.UnsetType = msgspec.UNSET


class Gap(Shape, frozen=True, tag_field="type", tag="gap"):
    """Console: what this viewer missed; it is no longer kept or was skipped."""

    from_: int = msgspec.field(name="from")
    to: int


class Pong(Shape, frozen=True, tag_field="type", tag="pong"):
    """Console: the answer to a ping, with its id."""

    id: str


class ConsoleError(Shape, frozen=True, tag_field="type", tag="error"):
    """Console: a message could not be served, or why the connection ends."""

    message: str


def number(value: float) -> float | int:
    """A number for the wire: two decimals at most, whole ones without a point.

    Strict clients refuse `0.0` where they read a whole number, and exponents anywhere.
    """
    rounded = round(value, 2)
    return int(rounded) if rounded == int(rounded) else rounded
