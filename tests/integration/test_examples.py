"""The example apps: each talks, line by line, and stops promptly when asked."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from octyne.config.store import ConfigFile
from support.needs import program

ROOT = Path(__file__).parents[2]
ASKED_S = 10  # seconds; a loaded machine is slow, an app that waits for something never ends


@contextmanager
def started(*command: str, cwd: str, **env: str) -> Iterator[subprocess.Popen[str]]:
    """An app with pipes, as the daemon runs it; killed when the test fails."""
    process = subprocess.Popen(
        command,
        cwd=ROOT / "examples" / cwd,
        env=os.environ | env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def read_until(process: subprocess.Popen[str], text: str) -> str:
    """The output up to and with the first line that holds ``text``."""
    assert process.stdout
    lines = ""
    for line in process.stdout:
        lines += line
        if text in line:
            return lines
    pytest.fail(f"No line with {text!r} in {lines!r}")


def send(process: subprocess.Popen[str], line: str) -> None:
    """One line of input."""
    assert process.stdin
    process.stdin.write(f"{line}\n")
    process.stdin.flush()


def free_port() -> str:
    """A port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def get(port: str) -> bytes:
    """The page of an app."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=ASKED_S) as answer:
        return bytes(answer.read())


def test_the_config_has_four_apps_that_exist() -> None:
    """Directories are relative to the repository, as make run starts the daemon there."""
    file = ConfigFile(str(ROOT / "examples" / "config.json"))
    file.load()

    assert file.warnings == []
    assert set(file.current.servers) == {"web", "node", "chat", "loop"}
    for app in file.current.servers.values():
        assert shutil.which(app.argv()[0]) or app.argv()[0] == "node"
        assert any((ROOT / app.directory / word).is_file() for word in app.argv())


def test_web_counts_visits_and_stops() -> None:
    """One line per request."""
    port = free_port()
    with started(sys.executable, "server.py", cwd="web", PORT=port) as app:
        read_until(app, "Listening")
        get(port)
        second = get(port)
        read_until(app, '"GET / HTTP/1.1" 200')
        app.send_signal(signal.SIGTERM)
        read_until(app, "Goodbye after 2 visits.")

        assert b"visitor number <strong>2</strong>" in second
        assert app.wait(ASKED_S) == 0


def test_node_ticks_takes_commands_and_stops() -> None:
    """Input by line, HTTP beside it."""
    node, port = program("node"), free_port()
    with started(node, "ticker.js", cwd="node", PORT=port) as app:
        read_until(app, "market is open")
        send(app, "every 0.05")
        read_until(app, "OCTY")
        send(app, "status")
        read_until(app, "every 0.05 s")

        assert b'"history":[{' in get(port)
        app.send_signal(signal.SIGTERM)
        read_until(app, "Closing the market.")
        assert app.wait(ASKED_S) == 0


def test_chat_answers_and_stops_by_command() -> None:
    """Its prompt is a line that isn't finished."""
    with started(sys.executable, "chat.py", "--name", "The Lounge", cwd="chat") as app:
        for line in ("/help", "/who", "/roll 2d6", "/say hello", "just talk", "/nope"):
            send(app, line)
        talk = read_until(app, "/nope is no command")
        send(app, "stop")
        talk += read_until(app, "Goodbye!")

        assert talk.startswith("Welcome to The Lounge. /help lists the commands.\n> ")
        assert "<you> hello" in talk
        assert "2d6: " in talk
        assert app.wait(ASKED_S) == 0


def test_loop_reports_and_stops_while_it_waits() -> None:
    """Without waiting for its pause to end."""
    with started("sh", "loop.sh", cwd="loop", EVERY="600") as app:
        read_until(app, "round 1: load ")
        app.send_signal(signal.SIGTERM)
        read_until(app, "Stopping after 1 rounds.")

        assert app.wait(ASKED_S) == 0
