"""The daemon is killed at 50 moments in the midst of all kinds of work on files.

Afterwards each file is whole, old or new, each batch and merge is done or undone, and nothing of
ours is left.
"""

import json
import random
import time
from pathlib import Path

import pytest

from support.daemon import Daemon
from support.eventually import eventually
from support.kill_work import (
    Batch,
    Copy,
    Delete,
    Form,
    Merge,
    Put,
    TarZstd,
    Tus,
    Unpack,
    Work,
    Zip,
)

from .conftest import MakeDaemon

SEED = 20
LONGEST_S = 0.3  # seconds that the daemon works before it is killed
KILLED_AGAIN = 4  # after each so many kills the next daemon is killed while it starts
CAUGHT = 0.5  # the least share of kills that must have cut something off

GROUPS: dict[str, tuple[int, list[type[Work]]]] = {
    "sending": (13, [Put, Form, Tus]),
    "changing": (13, [Batch, Delete, Copy]),
    "packing": (12, [Zip, TarZstd, Batch]),
    "unpacking": (12, [Unpack, Merge, Put]),
}


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("group", GROUPS)
def test_a_kill_leaves_old_or_new(make_daemon: MakeDaemon, tmp_path: Path, group: str) -> None:
    """At many moments, with several kinds of work at once."""
    kills, kinds = GROUPS[group]
    chance = random.Random(f"{SEED} {group}")
    homes = [tmp_path / "apps" / kind.__name__.lower() for kind in kinds]
    for home in homes:
        home.mkdir(parents=True)
    apps = {
        home.name: {"directory": str(home), "command": ["cat"], "enabled": False} for home in homes
    }
    daemon = make_daemon(apps).start()
    works = [kind(daemon, home) for kind, home in zip(kinds, homes, strict=True)]
    caught = 0
    for number in range(kills):
        for work in works:
            work.start()
        after_s = chance.uniform(0.01, LONGEST_S)
        time.sleep(after_s)  # the moment is what this is about
        assert "Traceback" not in daemon.log, daemon.log
        daemon.kill()
        caught += bool(unsettled(daemon, tmp_path / "apps"))
        if number % KILLED_AGAIN == 0:
            daemon.launch()
            time.sleep(chance.uniform(0.1, 0.5))  # it may be settling what was left
            daemon.kill()
        daemon.start()
        because = f"kill {number} after {after_s} s, seed {SEED}"
        settle(daemon, tmp_path / "apps", because)
        for work in works:
            try:
                work.settle()
            except AssertionError as error:
                raise AssertionError(f"{because}: {error}") from error
    told = {work.app: (work.done, work.undone) for work in works}

    print(group, "done and undone:", told, "caught:", caught)
    assert sum(work.done for work in works), told
    assert sum(work.undone for work in works), told
    assert caught >= CAUGHT * kills


def settle(daemon: Daemon, apps: Path, because: str) -> None:
    """Wait until nothing is left; long removals go on beside the daemon's other work."""
    try:
        eventually(lambda: not unsettled(daemon, apps), 30)
    except AssertionError:
        raise AssertionError(f"{because}: {unsettled(daemon, apps)}\n{daemon.log}") from None


def unsettled(daemon: Daemon, apps: Path) -> list[str]:
    """What is there of work that isn't over, but for uploads that can go on."""
    state = daemon.directory / ".octyne" / "files"
    uploads = [json.loads(path.read_bytes()) for path in (state / "uploads").glob("*.json")]
    living = {upload["hidden"] for upload in uploads if not upload["is_finished"]}
    records = {f".{path.name.removesuffix('.json')}" for path in (state / "hidden").iterdir()}
    hidden = {path.name for path in apps.rglob(".octyne-*")}
    journals = [path.name for path in (state / "journals").iterdir()]
    return sorted((records | hidden) - living) + journals
