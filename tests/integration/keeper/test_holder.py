"""A real keeper and its app: output, input, and ends of all kinds."""

import json
import os
import signal
import sys
from pathlib import Path

import pytest

from octyne.system import process
from support.daemon import program
from support.eventually import eventually
from support.full_disk import files_of_at_most
from support.keeper import SLEEP, STUBBORN, Keeper, Link


def gone(keeper: Keeper) -> list[int]:
    """Those of the keeper's processes that are left, when it has gone."""
    return process.find_by_environment("OCTYNE_RUN", f"run-{keeper.directory}")


@pytest.mark.parametrize(
    ("script", "code", "number"),
    [("exit 0", 0, None), ("exit 7", 7, None), ("kill -9 $$", None, 9), ("exit 143", 143, None)],
)
def test_how_an_app_ended(
    keeper: Keeper, script: str, code: int | None, number: int | None
) -> None:
    """Its exit code or its signal, and that nobody had asked for it."""
    keeper.start(["sh", "-c", script])
    record = keeper.until_gone()

    assert (record["code"], record["signal"]) == (code, number)
    assert (record["run"], record["asked"], record["reason"]) == ("run-1", "", "")


def test_the_record_is_on_disk_before_the_exit_is_told(keeper: Keeper) -> None:
    """Whoever hears of an end finds it written down; all output is announced before."""
    keeper.start(["sh", "-c", "read x; echo last words; exit 3"])
    link = keeper.link()
    link.hello()
    link.send_bytes(b'{"type":"input","id":1,"data":"\\n"}\n')
    ends = []
    while (message := link.receive()) is not None and message["type"] != "exit":
        ends.append(message.get("end", 0))
    record = keeper.record("exit.json")

    assert message == record
    assert record is not None
    assert record["code"] == 3
    assert max(ends) == len(keeper.console)
    assert link.receive() is None


def test_an_unfinished_last_line_is_ended(keeper: Keeper) -> None:
    """What comes after it stands on a line of its own."""
    keeper.start(["printf", "no end"])
    keeper.until_gone()

    assert keeper.console == b"[Octyne] Started\nno end\n"


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGQUIT"])
def test_a_stop_by_signal(keeper: Keeper, name: str) -> None:
    """The signal that the stop names ends the app."""
    keeper.start(["sleep", "1000"])  # no shell: dash loses a SIGINT just before an exec
    link = keeper.link()
    link.hello()
    link.ask("stop", signal=name, command="", timeout=10)
    record = link.until("exit")

    assert (record["asked"], record["signal"]) == ("stop", signal.Signals[name])


def test_a_stop_by_command(keeper: Keeper) -> None:
    """A line on the app's input, and no signal."""
    keeper.start(["sh", "-c", "read x; echo got $x; exit 5"], stop={"command": "please end"})
    link = keeper.link()
    link.hello()
    link.ask("stop")

    assert (link.until("exit")["code"], b"got please end\n" in keeper.console) == (5, True)


def test_a_stop_command_for_an_app_that_closed_its_input(keeper: Keeper) -> None:
    """Falls back to the signal."""
    keeper.start(["sh", "-c", "exec <&-; echo closed; exec sleep 1000"], stop={"command": "end"})
    keeper.until_output(b"closed")
    link = keeper.link()
    link.hello()
    link.ask("stop")

    assert link.until("exit")["signal"] == signal.SIGTERM


def test_a_deadline(keeper: Keeper) -> None:
    """An app that ignores the signal is killed when its time is up; that was asked for."""
    keeper.start(STUBBORN)
    keeper.until_output(b"up")
    link = keeper.link()
    link.hello()
    link.ask("stop", timeout=0.2)
    record = link.until("exit")

    assert (record["asked"], record["signal"]) == ("stop", signal.SIGKILL)


def test_a_kill_during_a_stop(keeper: Keeper) -> None:
    """Does not wait for the deadline."""
    keeper.start(STUBBORN, stop={"timeout_s": 1000.0})
    keeper.until_output(b"up")
    link = keeper.link()
    link.hello()
    link.ask("stop")
    link.ask("stop")
    link.ask("kill")
    record = link.until("exit")

    assert (record["asked"], record["signal"]) == ("kill", signal.SIGKILL)


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_a_stopped_process_can_be_ended(keeper: Keeper, how: str) -> None:
    """SIGSTOP makes an app deaf to all but SIGKILL; we wake it."""
    report = keeper.start(SLEEP)
    os.kill(report["pid"], signal.SIGSTOP)
    link = keeper.link()
    link.hello()
    link.ask(how)

    assert link.until("exit")["asked"] == how


def test_sigterm_to_the_keeper_stops_the_app_in_its_way(keeper: Keeper) -> None:
    """As when the machine goes down; the app's own stop counts."""
    keeper.start(["sh", "-c", "read x; echo bye $x; exit 0"], stop={"command": "now"})
    os.kill(keeper.pid, signal.SIGTERM)
    record = keeper.until_gone()

    assert (record["code"], record["asked"]) == (0, "stop")
    assert b"bye now\n" in keeper.console


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_what_ends_daemons_ends_no_keeper(keeper: Keeper, number: int) -> None:
    """Ctrl-C and a lost terminal are for the daemon."""
    report = keeper.start(SLEEP)
    os.kill(keeper.pid, number)

    assert keeper.link().hello()["pid"] == report["pid"]


def test_a_whole_family_is_ended(keeper: Keeper) -> None:
    """Descendants that ignore SIGTERM, hold stdout, and sit in sessions of their own."""
    keeper.start(program("family.py", "ignore"), run=f"run-{keeper.directory}")
    keeper.until_output(b"family is up")
    link = keeper.link()
    link.hello()
    link.ask("stop", timeout=0.3)
    record = link.until("exit")

    assert record["asked"] == "stop"
    assert gone(keeper) == []


def test_what_an_app_leaves_behind_is_ended(keeper: Keeper) -> None:
    """The app's own exit counts, and comes when nobody is left."""
    keeper.start(
        program("family.py", "leave"), run=f"run-{keeper.directory}", stop={"timeout_s": 0.3}
    )
    record = keeper.until_gone()

    assert (record["code"], record["asked"]) == (0, "")
    assert gone(keeper) == []


def test_a_fork_loop_is_killed_whole(keeper: Keeper) -> None:
    """Processes that beget others in new sessions faster than anybody can list them."""
    code = """
import os, signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
while True:
    if os.fork():
        os._exit(0)  # the parent dies, the child goes on
    os.setsid()
"""
    keeper.start([sys.executable, "-c", code], run=f"run-{keeper.directory}")
    keeper.until_output(b"up")
    link = keeper.link()
    link.hello()
    link.ask("kill")

    assert link.until("exit")["reason"] == ""
    assert gone(keeper) == []


def test_no_zombies_stay(keeper: Keeper) -> None:
    """Orphans of the app are reaped while it runs."""
    keeper.start(["sh", "-c", "for i in 1 2 3 4; do (true & true); done; echo up; exec sleep 999"])
    keeper.until_output(b"up")

    eventually(lambda: len(process.descendants(keeper.pid)) == 1)


def test_output_that_somebody_outside_holds(keeper: Keeper) -> None:
    """The end does not wait for a process that was handed the stream and isn't of the tree."""
    report = keeper.start(SLEEP)
    with Path(f"/proc/{report['pid']}/fd/1").open("w") as outside:
        link = keeper.link()
        link.hello()
        link.ask("kill")
        record = link.until("exit")
        outside.flush()

    assert record["asked"] == "kill"


def test_all_output_is_kept_in_order(keeper: Keeper) -> None:
    """A flood with a daemon that never reads: the app is not held up, nothing is lost."""
    count = 200_000
    link_asleep = []
    keeper.start(["sh", "-c", f"read x; seq {count}"], console_limit=1 << 30)
    for _ in range(3):
        link_asleep.append(keeper.link())
        link_asleep[-1].hello()
    link_asleep[0].send_bytes(b'{"type":"input","id":1,"data":"\\n"}\n')
    keeper.until_gone(30)

    assert keeper.console == b"[Octyne] Started\n" + b"".join(
        b"%d\n" % n for n in range(1, count + 1)
    )


def test_any_bytes_are_kept(keeper: Keeper) -> None:
    """NULs, invalid UTF-8, a line of a megabyte: the log has the bytes."""
    code = "import os\nd = bytes(range(256)) * 4096\nwhile d: d = d[os.write(1, d):]"
    keeper.start([sys.executable, "-c", code], console_limit=1 << 30)
    keeper.until_gone()

    assert keeper.console == b"[Octyne] Started\n" + bytes(range(256)) * 4096 + b"\n"


def test_an_app_that_does_not_read_its_input(keeper: Keeper) -> None:
    """Input is refused beyond a bound; the keeper and its daemons don't wait."""
    keeper.start(SLEEP)
    link = keeper.link()
    link.hello()
    answers = [link.ask("input", data="x" * 1_000_000) for _ in range(6)]

    assert answers[0]["type"] == "done"
    assert answers[5]["type"] == "error"
    assert "isn't reading its input" in answers[5]["message"]


def test_a_notice_stands_on_a_line_of_its_own(keeper: Keeper) -> None:
    """Even while the app is in the middle of one."""
    keeper.start(["sh", "-c", "printf '> '; exec sleep 1000"])
    keeper.until_output(b"> ")
    link = keeper.link()
    link.hello()
    link.ask("notice", text="[Octyne] Stopping")

    assert keeper.console == b"[Octyne] Started\n> \n[Octyne] Stopping\n"


def test_a_full_disk_under_the_exit_record(keeper: Keeper) -> None:
    """The daemon is told at once; its release ends the keeper without a record."""
    keeper.start(["sh", "-c", "read x"])
    link = keeper.link()
    link.hello()
    _block_record(keeper)
    link.send_bytes(b'{"type":"input","id":1,"data":"\\n"}\n')
    record = link.until("exit")
    later = keeper.link()
    later.hello()
    again = later.until("exit")
    assert (record["asked"], again, keeper.record("exit.json")) == ("", record, None)
    assert keeper.is_alive
    later.send_bytes(b'{"type":"release","id":1}\n')

    eventually(lambda: not keeper.is_alive)


def test_an_exit_record_waits_for_room(keeper: Keeper) -> None:
    """Without a daemon the keeper tries until the disk takes it."""
    keeper.start(["sh", "-c", "read x"])
    _block_record(keeper)
    link = keeper.link()
    link.hello()
    link.send_bytes(b'{"type":"input","id":1,"data":"\\n"}\n')
    link.until("exit")
    link.close()
    (keeper.directory / f".exit.json.{keeper.pid}.tmp").rmdir()

    assert keeper.until_gone()["code"] == 0


def _block_record(keeper: Keeper) -> None:
    """Have the record's temporary file fail, as a full disk would."""
    (keeper.directory / f".exit.json.{keeper.pid}.tmp").mkdir()


def test_lost_output_is_counted(keeper: Keeper) -> None:
    """A console that may not grow: the app runs on to its end, and the log says what it lacks."""
    with files_of_at_most(400):
        keeper.start(["sh", "-c", "seq 1000; echo done >&2; exit 4"])
    record = keeper.until_gone()
    text = keeper.console.decode()
    sizes = [path.stat().st_size for path in (keeper.directory / "console").glob("*.log")]

    assert record["code"] == 4
    assert text.startswith("[Octyne] Started\n1\n2\n")
    assert max(sizes) == 400
    assert "[Octyne] The disk was full: " in text


def test_blocked_output_of_an_app_that_is_killed(keeper: Keeper) -> None:
    """With "block" the app waits for the disk; killed meanwhile, it ends all the same."""
    with files_of_at_most(400):
        keeper.start(["sh", "-c", "yes | head -c 5000; exec sleep 1000"], on_full="block")
    eventually(lambda: len(keeper.console) == 400)
    link = keeper.link()
    hello = link.hello()
    link.ask("kill")
    record = link.until("exit")

    assert hello["end"] == 400
    assert record["asked"] == "kill"
    assert "The disk was full: " in keeper.console[400:].decode()


def test_a_console_that_somebody_removed(keeper: Keeper) -> None:
    """`rm -r` of the state directory costs the log, not the app."""
    report = keeper.start(["sh", "-c", "read x; seq 200000; read x"], console_limit=1 << 17)
    link = keeper.link()
    link.hello()
    for path in (keeper.directory / "console").iterdir():
        path.unlink()
    (keeper.directory / "console").rmdir()
    link.ask("input", data="\n")
    later: Link = keeper.link()

    assert later.hello()["pid"] == report["pid"]
    assert later.ask("input", data="\n")["type"] == "done"
    assert later.until("exit")["code"] == 0


def test_records_are_json_lines(keeper: Keeper) -> None:
    """For people and other programs."""
    keeper.start(["true"])
    keeper.until_gone()

    for name in ("run.json", "exit.json"):
        text = (keeper.directory / name).read_text()
        assert text.endswith("}\n")
        assert json.loads(text)["run"] == "run-1"
