"""Daemons that follow each other: what they take over, and what becomes of apps in between."""

import asyncio
import fcntl
import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from octyne.apps import fleet as fleet_module
from octyne.apps.app import App
from octyne.apps.fleet import UnknownAppError
from octyne.config.model import StopConfig
from octyne.keeper.client import is_held
from octyne.system import process
from support.eventually import eventually, soon
from support.fleet import World, app

SLEEP = app("sleep", "1000")
WAITS = app("sh", "-c", "read code; exit $code")


async def running(world: World, entry: Any = SLEEP) -> int:
    """A world with one app that runs; its pid."""
    world.configure(app=entry)
    await world.begin()
    pid = (await world.until("running")).pid
    assert pid is not None
    return pid


def change(path: Path, **values: Any) -> None:
    """Change a record on disk."""
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


async def abandon(world: World, code: int) -> None:
    """The daemon goes, then the app ends with that code."""
    keeper, pid = world.app().keeper_pid, world.app().pid
    await world.fleet.close()
    pipe = os.readlink(f"/proc/{pid}/fd/0")
    ends = Path(f"/proc/{keeper}/fd")
    stdin = next(fd for fd in ends.iterdir() if os.readlink(fd) == pipe)
    with stdin.open("w") as file:
        file.write(f"{code}\n")
    eventually(lambda: not ends.exists())


async def test_a_living_app_is_adopted(world: World) -> None:
    """The same process, its state, its uptime and its console; and it obeys."""
    pid = await running(world, app("cat"))
    uptime = world.app().uptime_ns()
    await world.again()
    assert (world.app().pid, str(world.app().state)) == (pid, "running")
    assert world.app().uptime_ns() > uptime
    await world.app().send_input("still here")
    await world.until_line("still here")
    await world.app().stop("admin")
    await world.until("stopped")

    assert sum("Started" in line for line in world.lines()) == 1


async def test_an_app_that_is_stopping_is_adopted_as_such(world: World) -> None:
    """The deadline is the keeper's; a START then follows the stop."""
    code = "trap '' TERM; echo up; while :; do sleep 1; done"
    await running(world, app("sh", "-c", code, stop=StopConfig(timeout=1)))
    await world.until_line("up")
    await world.app().stop("admin")
    await world.again()

    assert str(world.app().state) == "stopping"
    await world.until("stopped")
    assert not world.app().desired.running


@pytest.mark.parametrize(("code", "state"), [(0, "stopped"), (7, "running")])
async def test_an_unseen_exit_is_dealt_with_once(world: World, code: int, state: str) -> None:
    """A clean end is one; a crash is followed by exactly one restart."""
    await running(world, WAITS)
    await abandon(world, code)
    await world.begin()
    await world.until(state)
    ended = world.app()._standing.memory.exit
    assert ended is not None
    assert ended.code == code
    await world.again()
    await world.until(state)
    starts = sum("Started" in line for line in world.lines())
    ends = sum("has stopped" in x or "has crashed" in x for x in world.lines())

    assert (starts, ends) == (2 if code else 1, 1)


async def test_an_exit_that_was_seen_is_not_told_again(world: World) -> None:
    """However often the daemon is restarted; what has stopped stays so."""
    await running(world, WAITS)
    await world.app().send_input("0")
    await world.until_line("has stopped")
    for _ in range(3):
        await world.again()

    assert str(world.app().state) == "stopped"
    assert sum("has stopped" in line for line in world.lines()) == 1


async def test_a_keeper_that_was_seen_to_end_but_lingers(world: World) -> None:
    """Is taken for a running one, and let go when it turns out not to be."""
    await running(world, WAITS)
    await world.app().send_input("0")
    await world.until_line("has stopped")
    await world.fleet.close()
    with (world.directory() / "keeper.lock").open("rb") as lingering:
        fcntl.flock(lingering, fcntl.LOCK_EX)
        await world.begin()
        assert str(world.app().state) == "running"
    await world.until("stopped")

    assert sum("has stopped" in line for line in world.lines()) == 1
    assert (await world.app().start("admin")).success


async def test_a_keeper_and_a_daemon_that_died_together(world: World) -> None:
    """What is left of the app is ended beside the daemon's start, which does not wait for it."""
    code = "trap '' TERM; echo up; while :; do sleep 1; done"
    pid = await running(world, app("sh", "-c", code, stop=StopConfig(timeout=1.5)))
    await world.until_line("up")
    who, keeper = process.identity(pid), world.app().keeper_pid
    assert who is not None
    assert keeper is not None
    await world.fleet.close()
    os.kill(keeper, signal.SIGKILL)
    eventually(lambda: not is_held(str(world.directory())))
    async with asyncio.timeout(1.4):
        await world.begin()
    assert process.is_alive(who)
    await world.until_line("Its keeper was killed.")
    await world.until("running")

    assert not process.is_alive(who)
    assert world.app().pid != pid


async def test_a_kill_hurries_the_end_of_what_a_lost_keeper_left(world: World) -> None:
    """The user need not wait for the deadline; and the app stays down."""
    code = "trap '' TERM; echo up; while :; do sleep 1; done"
    pid = await running(world, app("sh", "-c", code, stop=StopConfig(timeout=1000)))
    await world.until_line("up")
    who, keeper = process.identity(pid), world.app().keeper_pid
    assert who is not None
    assert keeper is not None
    os.kill(keeper, signal.SIGKILL)
    await world.until("stopping")
    await world.app().kill("admin")
    await world.until("stopped")

    assert not process.is_alive(who)
    assert not world.app().desired.running


@pytest.mark.parametrize("enabled", [True, False])
async def test_a_reboot(world: World, *, enabled: bool) -> None:
    """Processes of another boot are nobody's; what should run runs again, as nothing had been."""
    pid = await running(world, app("sleep", "1000", enabled=enabled)) if enabled else 0
    if not enabled:
        world.configure(app=app("sleep", "1000", enabled=False))
        await world.begin()
        await world.app().start("admin")
        pid = world.app().pid or 0
    keeper = world.app().keeper_pid
    assert keeper is not None
    await world.fleet.close()
    os.kill(keeper, signal.SIGKILL)
    eventually(lambda: not is_held(str(world.directory())))
    for name in ("run.json", "state.json"):
        change(world.directory() / name, boot="another-boot")
    await world.begin()
    await world.until("running" if enabled else "stopped")
    alive = process.identity(pid) is not None
    os.kill(pid, signal.SIGKILL)

    assert alive, "a process of this boot was ended for one of another"
    assert any("the machine was restarted" in line for line in world.lines())


async def test_a_crashed_app_begins_again_after_a_reboot(world: World) -> None:
    """And one that had come to its end; not one that a user has stopped."""
    world.configure(crashed=app("sh", "-c", "exit 3"), ended=app("true"), stopped=SLEEP)
    await world.begin()
    await world.until_line("has stopped", "ended")
    await world.until("running", "stopped")
    await world.app("stopped").stop("admin")
    await world.until("stopped", "stopped")
    await world.until("crashed", "crashed")
    await world.fleet.close()
    for name in ("crashed", "ended", "stopped"):
        change(world.directory(name) / "state.json", boot="another-boot")
    world.configure(crashed=SLEEP, ended=SLEEP, stopped=SLEEP)
    await world.begin()
    await world.until("running", "crashed")
    await world.until("running", "ended")

    assert str(world.app("stopped").state) == "stopped"


async def test_a_restart_that_was_due_is_made_by_the_next_daemon(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A daemon that dies between crash and restart costs no app its restart."""
    monkeypatch.setattr("octyne.apps.policy.DELAYS_S", (1000.0, 0.0))
    world.configure(app=app("sh", "-c", "exit 3"))
    await world.begin()
    await world.until("backoff")
    await world.until_line("due to default")
    await world.again()
    await world.until("crashed")

    assert sum("Started" in line for line in world.lines()) == 3


@pytest.mark.parametrize("name", ["run.json", "exit.json", "state.json"])
@pytest.mark.parametrize("content", ["", "{", "null", "[]", "{}", '{"run": "RUN"}'])
async def test_broken_records(world: World, name: str, content: str) -> None:
    """Whatever a crash of the machine has left, the daemon starts and the app can be started."""
    await running(world, WAITS)
    await abandon(world, 0)
    run = json.loads((world.directory() / "run.json").read_text())["run"]
    (world.directory() / name).write_text(content.replace("RUN", run))
    await world.begin()

    async def is_settled() -> bool:
        return str(world.app().state) in {"running", "stopped"}

    await soon(is_settled)
    assert (await world.app().start("admin")).success
    await world.until("running")


@pytest.mark.parametrize(
    ("enabled", "by_user", "state"),
    [
        (True, "", "running"),
        (False, "", "stopped"),
        (True, "stop", "stopped"),
        (False, "start", "running"),
    ],
)
async def test_what_is_wanted_outlives_the_daemon(
    world: World, *, enabled: bool, by_user: str, state: str
) -> None:
    """The config says what a new app does; after that the user's word counts."""
    world.configure(app=app("sleep", "1000", enabled=enabled))
    await world.begin()
    await world.until("running" if enabled else "stopped")
    if by_user == "stop":
        await world.app().stop("admin")
    if by_user == "start":
        await world.app().start("admin")
    await world.until(state)
    await world.again()

    assert str(world.app().state) == state
    assert world.app().desired.running == (state == "running")


async def test_a_shutdown_of_all_leaves_them_wanted(world: World) -> None:
    """Ctrl-C stops the apps; the next daemon starts them again."""
    await running(world)
    await world.fleet.shut_down(asyncio.Event())
    assert (world.app().status, world.app().desired.running) == (0, True)
    await world.again()

    await world.until("running")


async def test_a_hurried_shutdown_kills(world: World) -> None:
    """A second Ctrl-C waits for no deadline."""
    code = "trap '' TERM; echo up; while :; do sleep 1; done"
    await running(world, app("sh", "-c", code, stop=StopConfig(timeout=1000)))
    await world.until_line("up")
    hurry = asyncio.Event()
    ending = asyncio.create_task(world.fleet.shut_down(hurry))
    await world.until("stopping")
    hurry.set()
    await ending

    assert world.app().status == 0


async def test_apps_come_and_go_with_the_config(world: World) -> None:
    """New ones start; one that is gone stays until it stops; put back it is as it was."""
    gone: list[str] = []
    await running(world)
    world.fleet.on_removed(gone.append)
    await world.apply(app=SLEEP, new=SLEEP)
    await world.until("running", "new")
    await world.apply(new=SLEEP)
    assert (world.app().to_delete, gone) == (True, [])
    await world.apply(app=SLEEP, new=SLEEP)
    assert not world.app().to_delete
    await world.apply(new=SLEEP)
    await world.app().kill("admin")

    async def is_gone() -> bool:
        return gone == ["app"]

    await soon(is_gone)
    with pytest.raises(UnknownAppError):
        world.app()
    assert [each.name for each in world.fleet.all()] == ["new"]


async def test_an_app_that_the_config_lost_is_still_looked_after(world: World) -> None:
    """It runs on under the next daemon, marked for deletion, and goes when it is stopped."""
    pid = await running(world)
    await world.fleet.close()
    world.configure()
    await world.begin()
    assert (world.app().pid, world.app().to_delete) == (pid, True)
    await world.app().kill("admin")

    async def is_gone() -> bool:
        return not world.fleet.all()

    await soon(is_gone)


async def test_an_app_whose_files_cannot_be_made_holds_nobody_up(world: World) -> None:
    """The others start; it says why it can't, and starts when that is mended."""
    world.configure(bad=SLEEP, good=SLEEP)
    world.root.mkdir()
    (world.root / "bad").write_text("in the way")
    await world.begin()
    await world.until("running", "good")
    await world.until("crashed", "bad")
    assert "can't be kept" in world.app("bad").reason
    (world.root / "bad").unlink()

    assert (await world.app("bad").start("admin")).success


async def test_an_adoption_that_takes_long_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The daemon doesn't wait for it, nothing is started twice, and in the end it is adopted."""
    pid = await running(world)
    await world.fleet.close()
    monkeypatch.setattr(fleet_module, "ADOPT_S", 0.05)
    adopt, go = App.adopt, asyncio.Event()

    async def slowly(one: App) -> None:
        await go.wait()
        await adopt(one)

    monkeypatch.setattr(App, "adopt", slowly)
    await world.begin()
    assert str(world.app().state) == "stopped"
    go.set()
    await world.until("running")

    assert world.app().pid == pid
    assert sum("Started" in line for line in world.lines()) == 1


async def test_usage_is_sampled(world: World) -> None:
    """Soon after a start, of the whole tree."""
    await running(world, app("sh", "-c", "sleep 1000 & sleep 1001"))
    sampling = asyncio.create_task(world.fleet.run())

    async def is_sampled() -> bool:
        return world.app().usage.processes == 3

    await soon(is_sampled)
    sampling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sampling

    assert world.app().usage.memory_bytes > 0
    assert world.app().history
