"""Archives being made and unpacked: how many at once, who may ask for them, how they end."""

import asyncio
import logging
import secrets
from collections import Counter, deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from octyne.aio import Tasks, Workers, share_of
from octyne.archives.errors import JobFailedError
from octyne.archives.progress import CancelledError, Progress
from octyne.errors import (
    ConflictError,
    DaemonError,
    InvalidError,
    RateLimitedError,
    UnavailableError,
)

RUNNING = 3  # at once; each uses several cores, and an account has two of them
MAX_JOBS = 32  # running and waiting, of all accounts
MAX_PER_ACCOUNT = 8
KEPT_S = 10.0  # seconds that a token lives when its job has ended
CLOSE_S = 5.0  # seconds in which cancelled jobs clean up at a shutdown
RETRY_S = 10  # seconds

NO_TOKEN = "No token provided!"  # noqa: S105  # the contract's text
INVALID_TOKEN = "Invalid token!"  # noqa: S105  # the contract's text

log = logging.getLogger(__name__)


class Kind(StrEnum):
    """What a job does; its token is good for asking about that only."""

    COMPRESS = "compress"
    DECOMPRESS = "decompress"


class Outcome(StrEnum):
    """How a job ended."""

    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose job it is."""

    kind: Kind
    app: str
    account: str


class JobCancelledError(ConflictError):
    """Somebody ended the job before it was done; nothing of it is left."""

    def __init__(self) -> None:
        super().__init__("This job was cancelled!")


class Job:
    """One of them.

    Attributes:
        error: why it failed; None while it goes on, and when it did what it should.
        is_running: it has begun, and not ended.
    """

    def __init__(self, owner: Owner) -> None:
        self.token = secrets.token_hex(16)
        self.owner = owner
        self.progress = Progress()
        self.error: DaemonError | None = None
        self.is_running = False
        self._ended = asyncio.Event()
        self._callbacks: list[Callable[[], None]] = []

    @property
    def outcome(self) -> Outcome:
        """How it ended; call it when it has."""
        match self.error:
            case None:
                return Outcome.DONE
            case JobCancelledError():
                return Outcome.CANCELLED
            case _:
                return Outcome.FAILED

    def when_ended(self, callback: Callable[[], None]) -> None:
        """Have ``callback`` called at its end, before those who wait for that go on."""
        self._callbacks.append(callback)

    @property
    def is_finished(self) -> bool:
        """Whether it has ended, well or not."""
        return self._ended.is_set()

    async def ended(self, within_s: float) -> bool:
        """Wait for its end; False when that takes longer. Cancelling is safe; the job goes on."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._ended.wait()
        return self._ended.is_set()

    async def result(self) -> None:
        """Wait for its end, and raise what it failed with. Cancelling is safe."""
        await self._ended.wait()
        if self.error is not None:
            raise self.error

    def end(self, error: DaemonError | None) -> None:
        """Note how it ended (called by `Jobs`)."""
        self.error = error
        self.is_running = False
        if error is None:
            self.progress.finish()
        for callback in self._callbacks:
            callback()
        self._ended.set()


Work = Callable[[Progress, Workers], Coroutine[Any, Any, None]]


class Jobs:
    """All jobs of the daemon. Use it in the event loop only."""

    def __init__(self) -> None:
        self._workers = Workers("archives", RUNNING)
        self._tasks = Tasks()
        self._jobs: dict[str, Job] = {}
        self._waiting: deque[tuple[Job, Work]] = deque()
        self._running: Counter[str] = Counter()
        self._is_closing = False

    def start(self, owner: Owner, work: Work) -> Job:
        """Begin a job, or queue it behind others.

        ``work`` gets the job's progress, which tells it to stop, and the threads for what blocks.
        It leaves nothing behind when it raises.

        Raises:
            RateLimitedError: there are too many, of this account or in all.
            UnavailableError: the daemon is ending.
        """
        if self._is_closing:
            raise UnavailableError("Octyne is ending. Try again later.")
        open_jobs = [job for job in self._jobs.values() if not job.is_finished]
        own = sum(job.owner.account == owner.account for job in open_jobs)
        if own >= MAX_PER_ACCOUNT or len(open_jobs) >= MAX_JOBS:
            raise RateLimitedError(
                "Too many archives are being worked on. Try again later.", retry_after_s=RETRY_S
            )
        job = Job(owner)
        self._jobs[job.token] = job
        self._waiting.append((job, work))
        self._begin_next()
        return job

    def find(self, owner: Owner, token: str) -> Job:
        """The job of a token.

        Raises:
            InvalidError: there is none, or it isn't this owner's.
        """
        if not token:
            raise InvalidError(NO_TOKEN)
        job = self._jobs.get(token)
        if job is None or job.owner != owner:
            raise InvalidError(INVALID_TOKEN)
        return job

    async def cancel(self, job: Job) -> None:
        """End a job before it is done; return when nothing of it is left, or after `CLOSE_S`.

        Raises:
            ConflictError: it has ended already, or did before it could be stopped.
        """
        was_open = not job.is_finished
        self._end_all([job])
        is_ended = await job.ended(CLOSE_S)
        if not was_open or (is_ended and not isinstance(job.error, JobCancelledError)):
            raise ConflictError("This job has ended already!")

    def app_removed(self, app: str) -> None:
        """End the jobs of an app that is gone."""
        self._end_all([job for job in self._jobs.values() if job.owner.app == app])

    def account_ended(self, account: str) -> None:
        """End the jobs of an account that is gone, or has another name."""
        self._end_all([job for job in self._jobs.values() if job.owner.account == account])

    async def close(self) -> None:
        """Take no more jobs, end all, and wait until they have cleaned up, at most `CLOSE_S`."""
        self._is_closing = True
        jobs = [job for job in self._jobs.values() if not job.is_finished]
        self._end_all(jobs)
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                for job in jobs:
                    await job.ended(CLOSE_S)
        await self._tasks.cancel()
        self._workers.close()

    def _end_all(self, jobs: list[Job]) -> None:
        for job in jobs:
            if not job.is_finished:
                self._tell_to_end(job)

    def _tell_to_end(self, job: Job) -> None:
        job.progress.cancel()
        if not job.is_running:
            self._waiting = deque(each for each in self._waiting if each[0] is not job)
            self._end(job, JobCancelledError())

    def _begin_next(self) -> None:
        """Begin what may begin; what would be more than an account's share lets others go first."""
        for job, work in list(self._waiting):
            if self._running.total() >= RUNNING:
                return
            if self._running[job.owner.account] < share_of(RUNNING):
                self._waiting.remove((job, work))
                self._running[job.owner.account] += 1
                job.is_running = True
                self._tasks.start(f"{job.owner.kind} job", self._run(job, work))

    async def _run(self, job: Job, work: Work) -> None:
        error: DaemonError | None = JobCancelledError()  # of a task that is cancelled, too
        try:
            error = await self._outcome(job, work)
        finally:
            account = job.owner.account
            self._running[account] -= 1
            if not self._running[account]:
                del self._running[account]
            self._end(job, error)
            self._begin_next()

    async def _outcome(self, job: Job, work: Work) -> DaemonError | None:
        try:
            await work(job.progress, self._workers)
        except CancelledError:
            return JobCancelledError()
        except DaemonError as error:
            return error
        except Exception as error:  # bulkhead: one job
            log.exception("A %s job of app %s failed", job.owner.kind, job.owner.app)
            failed = JobFailedError("Internal Server Error!")
            failed.__cause__ = error
            return failed
        return None

    def _end(self, job: Job, error: DaemonError | None) -> None:
        job.end(error)
        loop = asyncio.get_running_loop()
        loop.call_later(KEPT_S, self._jobs.pop, job.token, None)
