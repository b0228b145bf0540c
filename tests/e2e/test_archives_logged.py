"""Archives in the action log: when they are done or not, and which of these."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.app_files import app_config
from support.daemon import Daemon, running
from support.eventually import eventually


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """With something to pack, and something that can't be unpacked."""
    directory = tmp_path_factory.mktemp("logged")
    with running(directory, app_config(directory / "app")) as daemon:
        home = directory / "app"
        (home / "small").write_text("x")
        (home / "broken.zip").write_text("no archive")
        (home / "noise").write_bytes(os.urandom(32 << 20))
        yield daemon


def lines(daemon: Daemon, text: str) -> list[dict[str, Any]]:
    """Those of the action log that have that text in them."""
    log = Path(daemon.directory / "logs/octyne.log")
    return [json.loads(line) for line in log.read_text().splitlines() if text in line]


def test_what_is_done(daemon: Daemon) -> None:
    """Packed and unpacked; also what nobody waits for."""
    asked = "/server/app/compress?path=a.zip&async=true"
    assert daemon.ask("POST", asked, json.dumps(["small"])).status == 200
    eventually(lambda: lines(daemon, "a.zip"))
    assert daemon.ask("POST", "/server/app/decompress?path=a.zip", "out").status == 200
    eventually(lambda: len(lines(daemon, "a.zip")) == 2)
    packed, unpacked = lines(daemon, "a.zip")

    assert (packed["action"], packed["result"]) == ("server.files.compress", "done")
    assert (packed["user"], packed["server"], packed["files"]) == ("@local", "app", ["small"])
    assert (unpacked["action"], unpacked["result"]) == ("server.files.decompress", "done")
    assert unpacked["dest"] == "out"


def test_what_fails(daemon: Daemon) -> None:
    """With the reason."""
    answer = daemon.ask("POST", "/server/app/decompress?path=broken.zip", "out2")
    assert answer.status == 500
    (line,) = eventually(lambda: lines(daemon, "broken.zip"))

    assert line["result"] == "failed"
    assert "error occurred while decompressing" in line["reason"]


def test_what_is_given_up(daemon: Daemon) -> None:
    """There is no line before, as for everything else that isn't done yet."""
    asked = "/server/app/compress?path=long.tar.xz&archiveType=tar&compress=xz&async=true"
    token = daemon.ask("POST", asked, json.dumps(["noise"])).json["token"]
    job = f"/server/app/compress?token={token}"
    eventually(lambda: daemon.get(job)["state"] == "running")
    daemon.post("app", "KILL")  # the log is written in order: this line is there, and no other
    eventually(lambda: lines(daemon, "server.kill"))
    assert lines(daemon, "long.tar.xz") == []
    assert daemon.ask("DELETE", job).status == 200
    (line,) = eventually(lambda: lines(daemon, "long.tar.xz"))

    assert line["result"] == "cancelled"
    assert "reason" not in line
