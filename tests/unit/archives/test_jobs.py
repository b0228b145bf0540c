"""Jobs: bounds, owners, ends."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from octyne.aio import Workers, share_of
from octyne.archives import jobs as module
from octyne.archives.errors import JobFailedError
from octyne.archives.jobs import (
    MAX_PER_ACCOUNT,
    RUNNING,
    Job,
    JobCancelledError,
    Jobs,
    Kind,
    Owner,
)
from octyne.archives.progress import Progress
from octyne.errors import (
    ConflictError,
    InvalidError,
    NotFoundError,
    RateLimitedError,
    UnavailableError,
)
from support.eventually import until

ME = Owner(Kind.COMPRESS, "app", "me")


class Gate:
    """Work that goes on until it is let go, and looks whether it shall end."""

    def __init__(self, error: Exception | None = None) -> None:
        self.open = asyncio.Event()
        self.error = error

    async def work(self, progress: Progress, _: Workers) -> None:
        """Until then."""
        while not self.open.is_set():
            progress.check()
            await asyncio.sleep(0)
        if self.error is not None:
            raise self.error


@pytest.fixture
async def jobs() -> AsyncIterator[Jobs]:
    """None yet."""
    made = Jobs()
    yield made
    await made.close()


async def ended(job: Job) -> None:
    """Wait for it."""
    assert await job.ended(5)


async def test_no_more_run_than_may(jobs: Jobs) -> None:
    """The next begins when one ends."""
    gates = [Gate() for _ in range(RUNNING + 1)]
    owners = [Owner(Kind.COMPRESS, "app", str(number)) for number in range(len(gates))]
    started = [jobs.start(owner, gate.work) for owner, gate in zip(owners, gates, strict=True)]
    assert [job.is_running for job in started] == [True] * RUNNING + [False]

    gates[0].open.set()
    await ended(started[0])

    assert started[-1].is_running
    assert started[0].error is None


async def test_an_account_has_its_share(jobs: Jobs) -> None:
    """Of those that wait and of those that run: others still get in, and theirs begin."""
    gate = Gate()
    mine = [jobs.start(ME, gate.work) for _ in range(MAX_PER_ACCOUNT)]

    with pytest.raises(RateLimitedError):
        jobs.start(Owner(Kind.DECOMPRESS, "other", "me"), gate.work)
    assert sum(job.is_running for job in mine) == share_of(RUNNING)
    assert jobs.start(Owner(Kind.COMPRESS, "app", "you"), gate.work).is_running


async def test_all_together_are_bounded(jobs: Jobs) -> None:
    """Whoever they belong to."""
    gate = Gate()
    for number in range(module.MAX_JOBS):
        jobs.start(Owner(Kind.COMPRESS, "app", str(number)), gate.work)

    with pytest.raises(RateLimitedError):
        jobs.start(ME, gate.work)


@pytest.mark.parametrize(
    "stranger",
    [
        Owner(Kind.COMPRESS, "other", "me"),
        Owner(Kind.COMPRESS, "app", "you"),
        Owner(Kind.DECOMPRESS, "app", "me"),
    ],
)
async def test_a_token_is_its_owners(jobs: Jobs, stranger: Owner) -> None:
    """And good for one app and kind of job."""
    job = jobs.start(ME, Gate().work)

    assert jobs.find(ME, job.token) is job
    assert len(bytes.fromhex(job.token)) == 16
    with pytest.raises(InvalidError, match="Invalid token!"):
        jobs.find(stranger, job.token)
    with pytest.raises(InvalidError, match="No token provided!"):
        jobs.find(ME, "")


async def test_a_token_ends_some_time_after_its_job(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not before: who asks once more must hear that it is finished."""
    monkeypatch.setattr(module, "KEPT_S", 0.05)
    gate = Gate()
    job = jobs.start(ME, gate.work)
    gate.open.set()
    await ended(job)

    assert jobs.find(ME, job.token).is_finished
    await until(lambda: job.token not in jobs._jobs)


async def test_errors_for_users_are_kept_and_bugs_are_logged(
    jobs: Jobs, caplog: pytest.LogCaptureFixture
) -> None:
    """The text of a bug is nothing for users."""
    wrong, bug = Gate(NotFoundError("gone")), Gate(RuntimeError("secret"))
    first, second = jobs.start(ME, wrong.work), jobs.start(ME, bug.work)
    wrong.open.set()
    bug.open.set()

    with pytest.raises(NotFoundError, match="gone"):
        await first.result()
    with pytest.raises(JobFailedError, match="Internal Server Error!"):
        await second.result()
    assert "secret" in caplog.text


async def test_running_and_waiting_jobs_can_be_cancelled(jobs: Jobs) -> None:
    """The answer comes when they have ended."""
    started = [jobs.start(ME, Gate().work) for _ in range(RUNNING + 1)]

    for job in (started[-1], started[0]):
        await jobs.cancel(job)
        assert isinstance(job.error, JobCancelledError)
    with pytest.raises(ConflictError, match="ended already"):
        await jobs.cancel(started[0])


async def test_a_removed_app_takes_its_jobs_along(jobs: Jobs) -> None:
    """And no others."""
    mine, other = (
        jobs.start(ME, Gate().work),
        jobs.start(Owner(Kind.COMPRESS, "b", "me"), Gate().work),
    )
    waiting = jobs.start(ME, Gate().work)

    jobs.app_removed("app")
    await ended(mine)

    assert waiting.is_finished
    assert not other.is_finished


async def test_the_end_of_the_daemon_is_the_end_of_all(jobs: Jobs) -> None:
    """And nothing new begins."""
    started = [jobs.start(ME, Gate().work) for _ in range(RUNNING + 1)]

    await jobs.close()

    assert all(isinstance(job.error, JobCancelledError) for job in started)
    with pytest.raises(UnavailableError):
        jobs.start(ME, Gate().work)


async def test_the_jobs_of_an_account_that_is_gone_are_ended(jobs: Jobs) -> None:
    """Those that run, and those that wait; not those of others."""
    gate = Gate()
    mine = [jobs.start(ME, gate.work) for _ in range(RUNNING + 1)]
    other = jobs.start(Owner(Kind.COMPRESS, "app", "other"), gate.work)
    jobs.account_ended("me")
    for job in mine:
        await ended(job)
    gate.open.set()
    await ended(other)

    assert [type(job.error) for job in mine] == [JobCancelledError] * len(mine)
    assert other.error is None
