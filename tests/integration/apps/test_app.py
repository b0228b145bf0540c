"""One app with real keepers: what is asked of it, and how it ends."""

import asyncio
import os
import signal

import pytest

from octyne.apps import policy
from octyne.apps.app import NotRunningError
from octyne.config.model import ConsoleConfig, StopConfig
from octyne.errors import UnavailableError
from octyne.system import process
from support.eventually import soon
from support.fleet import World, app

SLEEP = app("sleep", "1000")
STUBBORN = app(
    "sh", "-c", "trap '' TERM; echo up; while :; do sleep 1; done", stop=StopConfig(timeout=0.3)
)


async def running(world: World, entry: object = SLEEP) -> None:
    """A world with one app that runs."""
    world.configure(app=entry)  # type: ignore[arg-type]  # an entry of the config
    await world.begin()
    await world.until("running")


async def test_an_app_starts_and_stops(world: World) -> None:
    """With its notices, its states as events, and what is known of the exit."""
    position = world.events.next_id
    await running(world)
    one = world.app()
    assert (one.status, one.pid is not None, one.uptime_ns() > 0) == (1, True, True)
    await one.stop("admin")
    await world.until("stopped")
    await world.until_line("has stopped")
    events, _ = world.events.since(position)

    assert [line for line in world.lines() if line.startswith("[Octyne]")] == [
        "[Octyne] Started server app",
        "[Octyne] Stopping server app",
        "[Octyne] Server app has stopped.",
    ]
    assert [event.data["state"] for event in events] == [
        "starting",
        "running",
        "stopping",
        "stopped",
    ]
    ended = one._standing.memory.exit
    assert ended is not None
    assert (ended.signal, ended.asked) == (signal.SIGTERM, "stop")
    assert (one.desired.running, one.desired.by) == (False, "admin")
    assert (one.pid, one.uptime_ns()) == (None, 0)


async def test_a_restart_of_an_app_that_ends_at_once(world: World) -> None:
    """However quickly it goes, it comes again; ten times out of ten."""
    await running(world)
    for _ in range(10):
        pid = world.app().pid
        assert (await world.app().restart("admin")).success

        async def is_new(old: int | None = pid) -> bool:
            return world.app().pid not in {None, old} and str(world.app().state) == "running"

        await soon(is_new, because="it did not come again")

    assert world.app().desired.running
    assert world.app().restarts == 0


async def test_a_start_during_a_stop_follows_it(world: World) -> None:
    """As clients restart by TERM and START at once."""
    await running(world, STUBBORN)
    await world.until_line("up")
    pid = world.app().pid
    await world.app().stop("admin")
    assert (await world.app().start("admin")).success
    await world.until("running")

    assert world.app().pid != pid


async def test_a_stop_takes_back_a_start_that_waits(world: World) -> None:
    """The newest word counts."""
    await running(world, STUBBORN)
    await world.until_line("up")
    await world.app().stop("admin")
    await world.app().start("admin")
    await world.app().stop("admin")
    await world.until("stopped")

    assert not world.app().desired.running
    assert sum("Started" in line for line in world.lines()) == 1


async def test_a_stop_during_a_start(world: World) -> None:
    """Is kept until there is somebody to stop; the start is answered."""
    world.configure(app=app("sleep", "1000", enabled=False))
    await world.begin()
    starting = asyncio.create_task(world.app().start("admin"))
    await asyncio.sleep(0)
    await world.app().stop("admin")
    assert (await starting).success
    await world.until("stopped")

    assert not world.app().desired.running


async def test_a_start_takes_back_a_stop_during_a_start(world: World) -> None:
    """The newest word counts."""
    world.configure(app=app("sleep", "1000", enabled=False))
    await world.begin()
    starting = asyncio.create_task(world.app().start("admin"))
    await asyncio.sleep(0)
    await world.app().stop("admin")
    await world.app().start("admin")
    await starting
    await world.until("running")

    assert world.app().desired.running


async def test_a_kill_takes_all(world: World) -> None:
    """Children in sessions of their own, too."""
    await running(world, app("sh", "-c", "setsid sleep 998 & setsid sleep 999 & echo up; wait"))
    await world.until_line("up")
    keeper = world.app().keeper_pid
    assert keeper is not None
    family = process.descendants(keeper)
    await world.app().kill("admin")
    await world.until("stopped")

    assert [pid for pid in family if process.identity(pid)] == []
    assert "[Octyne] Killing server app" in world.lines()


async def test_a_crash_loop_ends(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three restarts, then it stays crashed; and the user's start begins a new count."""
    monkeypatch.setattr(policy, "DELAYS_S", (0.0, 0.01, 0.02))
    world.configure(app=app("sh", "-c", "exit 3"))
    await world.begin()
    await world.until("crashed")
    starts = [line for line in world.lines() if "Started" in line]
    assert (len(starts), world.app().restarts, world.app().status) == (4, 3, 2)
    assert world.app().reason == "Exited with code 3."
    assert world.app().desired.running
    await world.app().start("admin")
    await world.until("crashed")

    assert sum("Started" in line for line in world.lines()) == 8
    assert sum("due to default behaviour" in line for line in world.lines()) == 6


async def test_a_stop_wins_over_a_crash_loop(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two runs as in one."""
    monkeypatch.setattr(policy, "DELAYS_S", (1000.0,))
    world.configure(app=app("sh", "-c", "exit 3"))
    await world.begin()
    await world.until("backoff")
    await world.app().stop("admin")

    assert str(world.app().state) == "stopped"
    assert not world.app().desired.running


async def test_a_clean_end_is_no_crash(world: World) -> None:
    """It isn't wanted any more, by its own wish."""
    world.configure(app=app("sh", "-c", "exit 0"))
    await world.begin()
    await world.until_line("has stopped")

    assert (world.app().status, world.app().desired.by) == (0, "@exit")
    assert not world.app().desired.running


@pytest.mark.parametrize("command", [["no-such-program"], []])
async def test_an_app_that_cannot_start(world: World, command: list[str]) -> None:
    """Is crashed, says why to the caller and on its console, and is not tried again."""
    world.configure(app=app(*command, enabled=False))
    await world.begin()
    result = await world.app().start("admin")

    assert not result.success
    assert result.reason == world.app().reason
    assert (world.app().status, str(world.app().state)) == (2, "crashed")
    assert [result.reason in line for line in world.lines()] == [True]


async def test_input(world: World) -> None:
    """Lines reach the app; without one it is an error."""
    await running(world, app("cat"))
    await world.app().send_input("hello\nthere")
    await world.until_line("there")
    with pytest.raises(UnavailableError, match="no terminal"):
        await world.app().resize(80, 24)
    await world.app().kill("admin")
    await world.until("stopped")

    for late in (world.app().send_input("x"), world.app().resize(1, 1)):
        with pytest.raises(NotRunningError):
            await late


async def test_a_lost_keeper(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its processes are ended, that is told, and the app starts again as after a crash."""
    await running(
        world, app("sh", "-c", "setsid sleep 999 & echo up; wait", stop=StopConfig(timeout=1))
    )
    await world.until_line("up")
    one = world.app()
    assert one.keeper_pid is not None
    family, run = process.descendants(one.keeper_pid), one.keeper_pid
    os.kill(one.keeper_pid, signal.SIGKILL)

    async def is_new() -> bool:
        return world.app().keeper_pid not in {None, run}

    await soon(is_new)
    assert [pid for pid in family if (who := process.identity(pid)) and process.is_alive(who)] == []
    assert any(
        "The keeper of server app is gone. Its keeper was killed." in x for x in world.lines()
    )


async def test_a_keeper_that_does_not_answer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked meanwhile is done when it answers again."""
    monkeypatch.setattr("octyne.keeper.client.ANSWER_S", 0.2)
    await running(world)
    one = world.app()
    keeper = one.keeper_pid
    assert keeper is not None
    os.kill(keeper, signal.SIGSTOP)
    with pytest.raises(UnavailableError):
        await one.send_input("hello")
    os.kill(keeper, signal.SIGCONT)
    await one.stop("admin")
    await world.until("stopped")

    assert one.problem == ""


async def out_of_reach(world: World, monkeypatch: pytest.MonkeyPatch) -> tuple[int | None, int]:
    """The app's pid and its keeper's, stopped before the next daemon came."""
    monkeypatch.setattr("octyne.keeper.client.ANSWER_S", 0.2)
    await running(world)
    pid, keeper = world.app().pid, world.app().keeper_pid
    assert keeper is not None
    await world.fleet.close()
    os.kill(keeper, signal.SIGSTOP)
    await world.begin()
    return pid, keeper


async def test_a_restart_of_an_app_whose_keeper_is_out_of_reach(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Is done as soon as it is back: stopped, and started again."""
    pid, keeper = await out_of_reach(world, monkeypatch)
    assert (world.app().status, world.app().pid) == (1, None)
    assert (await world.app().restart("admin")).success
    os.kill(keeper, signal.SIGCONT)

    async def is_new() -> bool:
        return world.app().pid not in {None, pid} and str(world.app().state) == "running"

    await soon(is_new)


async def test_a_start_takes_back_a_stop_that_no_keeper_has_heard(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The app goes on."""
    pid, keeper = await out_of_reach(world, monkeypatch)
    await world.app().stop("admin")
    await world.app().start("admin")
    os.kill(keeper, signal.SIGCONT)

    async def is_back() -> bool:
        return world.app().pid == pid

    await soon(is_back)
    await world.app().send_input("x")
    assert str(world.app().state) == "running"


async def test_the_console_of_an_app_is_bounded(world: World) -> None:
    """As its config says."""
    world.configure(app=app("sh", "-c", "seq 200000; exit 0", console=ConsoleConfig(limit=131_072)))
    await world.begin()
    await world.until_line("has stopped")
    size = sum(path.stat().st_size for path in (world.directory() / "console").glob("*.log"))

    assert 30_000 < size < 600_000
    assert "200000" in world.lines()
