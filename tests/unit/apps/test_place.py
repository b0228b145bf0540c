"""Where apps' files are, and what their keepers are told."""

from pathlib import Path

import pytest

from octyne.apps.place import Place
from octyne.config.model import AppConfig, ConsoleConfig, StopConfig
from octyne.errors import InvalidError, UnavailableError
from octyne.keeper.log_writer import LogWriter


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A state directory."""
    return Place(str(tmp_path / "state"), umask=0o027, open_files=(10, 20))


def test_orders_are_what_the_config_says(
    place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The config's environment stands over the daemon's; the app learns its name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FROM_DAEMON", "1")
    monkeypatch.setenv("BOTH", "daemon")
    config = AppConfig(
        directory="game",
        command="java -jar 'my server.jar'",
        env={"BOTH": "config"},
        stop=StopConfig(signal="int", command="stop", timeout=5),
        console=ConsoleConfig(limit=70_000, on_full="block"),
        terminal=True,
    )
    orders = place.orders("app", config, "run-7")

    assert orders.argv == ["java", "-jar", "my server.jar"]
    assert orders.directory == str(tmp_path / "game")
    assert (orders.env["FROM_DAEMON"], orders.env["BOTH"]) == ("1", "config")
    assert (orders.env["OCTYNE_APP"], orders.run) == ("app", "run-7")
    assert (orders.umask, orders.open_files) == (0o027, (10, 20))
    assert (orders.console_limit, orders.on_full, orders.terminal) == (70_000, "block", True)
    assert (orders.stop.signal, orders.stop.command, orders.stop.timeout_s) == ("SIGINT", "stop", 5)


@pytest.mark.parametrize("command", ["", "  ", [], "it's", "end\\", [""]])
def test_commands_that_are_none(place: Place, command: str | list[str]) -> None:
    """Are refused with a sentence."""
    with pytest.raises(InvalidError, match="command of this app"):
        place.orders("app", AppConfig(command=command), "run")


def test_directories_are_private(place: Place) -> None:
    """And making one again is harmless."""
    place.make("a/b")
    place.make("a/b")
    made = Path(place.directory("a/b"))

    assert made.parent == Path(place.root)
    assert made.stat().st_mode & 0o777 == 0o700


def test_notices_are_lines_of_the_log(place: Place) -> None:
    """While no keeper holds it; then they are the keeper's to write."""
    place.make("app")
    assert place.write_notice("app", "[Octyne] hello", 1000) == (0, 15)
    writer = LogWriter(place.console("app"), 1000)
    with pytest.raises(UnavailableError):
        place.write_notice("app", "[Octyne] hello", 1000)
    writer.close()
