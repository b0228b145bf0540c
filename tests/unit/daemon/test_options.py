"""The command line."""

import os

import pytest

from octyne import __version__
from octyne.daemon.options import Options, parse


def test_the_defaults() -> None:
    """As the Go Octyne has them; the state lies beside the accounts."""
    beside = os.path.join(os.getcwd(), ".octyne")

    assert parse([]) == Options("run", "config.json", "users.json", beside, "text", False, False)


@pytest.mark.parametrize("form", [["--users", "/srv/u.json"], ["--users=/srv/u.json"]])
def test_the_state_follows_the_accounts(form: list[str]) -> None:
    """Unless it is given a place of its own."""
    assert parse(form).state == "/srv/.octyne"
    assert parse([*form, "--state=elsewhere"]).state == "elsewhere"


def test_all_of_it() -> None:
    """Every option, before and behind the command."""
    found = parse(["--config=c", "--log-format=json", "stop-apps", "--kill", "--debug"])

    assert (found.command, found.config, found.log_format) == ("stop-apps", "c", "json")
    assert (found.kill, found.debug) == (True, True)


@pytest.mark.parametrize("option", ["-v", "--version"])
def test_the_version(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    """On stdout, for scripts."""
    with pytest.raises(SystemExit) as ended:
        parse([option])

    assert (ended.value.code, capsys.readouterr().out) == (0, f"octyne {__version__}\n")


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_the_help_names_all(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Options, commands, and what signals do."""
    with pytest.raises(SystemExit):
        parse([option])
    text = capsys.readouterr().out

    for word in ("--config", "--users", "--state", "stop-apps", "SIGTERM", "Ctrl-C", "SIGHUP"):
        assert word in text


@pytest.mark.parametrize(
    "arguments", [["fly"], ["--colour"], ["--log-format=xml"], ["--config"], ["run", "run"]]
)
def test_mistakes(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """One line on stderr, with where to look, and the usual code."""
    with pytest.raises(SystemExit) as ended:
        parse(arguments)
    complaint = capsys.readouterr().err

    assert ended.value.code == 2
    assert complaint.startswith("octyne: ")
    assert complaint.endswith("Try 'octyne --help'.\n")
