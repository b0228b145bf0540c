"""model: defaults of the contract, and the little that the sections can do."""

import signal

import pytest

from octyne.config.model import (
    AppConfig,
    Config,
    RedisConfig,
    StopConfig,
    UnixSocketConfig,
    WebUIConfig,
)
from octyne.errors import InvalidError


def test_the_defaults_are_those_of_the_contract() -> None:
    """An empty file is a whole config."""
    config = Config()

    assert (config.port, config.web_ui.enabled, config.web_ui.port) == (42069, True, 7877)
    assert config.unix_socket == UnixSocketConfig(enabled=True, location="", group="")
    assert not config.https.enabled
    assert (config.redis.enabled, config.redis.url) == (False, "redis://localhost")
    assert (config.logging.enabled, config.logging.path, config.logging.actions) == (
        True,
        "logs",
        {},
    )
    assert config.servers == {}
    assert AppConfig().enabled


def test_port_0_means_the_default() -> None:
    """As it does for the Go Octyne."""
    assert Config(port=0, web_ui=WebUIConfig(port=0)) == Config()


@pytest.mark.parametrize(
    ("command", "argv"),
    [
        ("java -jar server.jar", ["java", "-jar", "server.jar"]),
        ("sh -c 'echo a  b; echo \"c\"'", ["sh", "-c", 'echo a  b; echo "c"']),
        (r"a\ b c", ["a b", "c"]),
        ("  spaced   out ", ["spaced", "out"]),
        ("echo $HOME *.txt # no shell", ["echo", "$HOME", "*.txt", "#", "no", "shell"]),
        ("run ''", ["run", ""]),
        (["a b", "", "c'"], ["a b", "", "c'"]),
    ],
)
def test_commands_are_shell_words_or_a_list(command: str | list[str], argv: list[str]) -> None:
    """Quotes and backslashes count, nothing is expanded, a list is taken as it is."""
    assert AppConfig(command=command).argv() == argv


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("", "The command of this app is empty."),
        ("   ", "The command of this app is empty."),
        ("''", "The command of this app is empty."),
        ([], "The command of this app is empty."),
        (["", "x"], "The command of this app is empty."),
        ("echo don't", "The command of this app has an open quote."),
        ("echo \\", "The command of this app ends in a backslash."),
    ],
)
def test_impossible_commands_are_explained(command: str | list[str], sentence: str) -> None:
    """The sentence is what the user sees when the app is started."""
    with pytest.raises(InvalidError, match=f"^{sentence}$"):
        AppConfig(command=command).argv()


@pytest.mark.parametrize("name", ["SIGINT", "INT", "sigint"])
def test_signals_have_names(name: str) -> None:
    """As kill(1) takes them."""
    assert StopConfig(signal=name).number() == signal.SIGINT


@pytest.mark.parametrize(
    ("group", "mode", "permissions"),
    [("", "", 0o600), ("games", "", 0o660), ("", "0666", 0o666), ("games", "0o640", 0o640)],
)
def test_the_socket_is_private_unless_told(group: str, mode: str, permissions: int) -> None:
    """Who may connect may do everything."""
    assert UnixSocketConfig(group=group, mode=mode).permissions == permissions


def test_the_socket_is_where_old_clients_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """TMPDIR/octyne.sock.PORT, or wherever the config says."""
    monkeypatch.setenv("TMPDIR", "/var/tmp")
    in_tmpdir = Config(port=5000).socket_path()
    monkeypatch.delenv("TMPDIR")

    assert in_tmpdir == "/var/tmp/octyne.sock.5000"
    assert Config().socket_path() == "/tmp/octyne.sock.42069"
    assert Config(unix_socket=UnixSocketConfig(location="/run/o")).socket_path() == "/run/o"


def test_secrets_stay_out_of_representations() -> None:
    """Configs end up in tracebacks and logs."""
    app = AppConfig(command="run --password=hunter2", env={"TOKEN": "hunter2"})
    config = Config(redis=RedisConfig(url="redis://:hunter2@host"), servers={"app": app})

    assert "hunter2" not in repr(config)
