"""What the daemon's end leaves behind: nothing, where nothing is to be left."""

import os
import signal

import pytest

from support.daemon import alive, descendants
from support.eventually import eventually

from .conftest import MakeDaemon


def test_sigint_takes_along_what_is_about_to_start(make_daemon: MakeDaemon) -> None:
    """Apps whose keepers come up while the daemon is told to end are ended, too."""
    apps = {f"app{number}": {"command": ["sleep", "1000"]} for number in range(10)}
    daemon = make_daemon(apps).start()
    assert daemon.stop(signal.SIGINT) == 0

    assert daemon.keepers() == []
    assert "no app is running" in daemon.log


def test_the_socket_goes_with_its_daemon(make_daemon: MakeDaemon) -> None:
    """Its name is taken away, so that tools see at once that nobody is there."""
    daemon = make_daemon({}).start()
    assert daemon.socket_path.is_socket()
    assert daemon.stop() == 0

    assert not daemon.socket_path.exists()


@pytest.mark.slow
@pytest.mark.timeout(90)
def test_a_second_sigint_waits_for_no_keeper_that_hangs(make_daemon: MakeDaemon) -> None:
    """It has its time; then the daemon ends without it, and says which app runs on."""
    daemon = make_daemon({"app": {"command": ["sleep", "1000"]}}).start()
    daemon.until("app", 1)
    keeper = daemon.keepers()[0]
    app = descendants(keeper)
    os.kill(keeper, signal.SIGSTOP)
    daemon.tell(signal.SIGINT)
    eventually(lambda: "Ctrl-C again" in daemon.log, 5)
    daemon.tell(signal.SIGINT)
    code = daemon.wait(40)

    assert code == 0
    assert alive(app) == app
    assert "keep running" in daemon.log
