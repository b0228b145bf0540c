"""store: loading, replacing in one step, and what a change means."""

import json
import os
import resource
import stat
import sys
import threading
from pathlib import Path
from subprocess import run

import pytest

from octyne.config.model import Config
from octyne.config.reader import read
from octyne.config.store import ConfigChange, ConfigError, ConfigFile, diff
from octyne.errors import InvalidError, UnavailableError

ONE_APP = b'{"servers": {"web": {"command": "a"}}}'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A config file with one app."""
    path = tmp_path / "config.json"
    path.write_bytes(ONE_APP)
    return path


@pytest.fixture
def file(path: Path) -> ConfigFile:
    """That file, loaded."""
    file = ConfigFile(str(path))
    file.load()
    return file


def config(text: str) -> Config:
    """A config from its text."""
    return read(text.encode(), "config.json").config


def leftovers(path: Path) -> list[str]:
    """What lies beside the file."""
    return [name for name in os.listdir(path.parent) if name != path.name]


def test_the_first_load_adds_all_apps(path: Path) -> None:
    """Against the defaults, everything in the file is new."""
    file = ConfigFile(str(path))
    change = file.load()

    assert change == ConfigChange(added=frozenset({"web"}))
    assert file.current.servers["web"].command == "a"


def test_a_reload_tells_what_changed(file: ConfigFile, path: Path) -> None:
    """Apps by name, settings by their key in the file."""
    path.write_text('{"webUI": {"port": 1}, "servers": {"web": {"command": "b"}, "new": {}}}')
    change = file.load()

    assert change == ConfigChange(
        added=frozenset({"new"}), changed=frozenset({"web"}), settings=frozenset({"webUI"})
    )


def test_a_reload_of_the_same_file_changes_nothing(file: ConfigFile) -> None:
    """Reloading is harmless."""
    assert not file.load()


def test_warnings_are_those_of_the_current_config(file: ConfigFile, path: Path) -> None:
    """They go when the file is mended."""
    path.write_text('{"colour": 1}')
    file.load()
    before = file.warnings
    path.write_text("{}")
    file.load()

    assert before == ["config.json, line 1, column 2: colour is no key that Octyne knows."]
    assert file.warnings == []


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"port": "x"}', b"\xff", b""])
def test_a_broken_file_leaves_the_last_good_config(
    file: ConfigFile, path: Path, content: bytes
) -> None:
    """The running config stays."""
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"^config\.json, line 1, column \d+: "):
        file.load()

    assert list(file.current.servers) == ["web"]


def test_a_missing_file_is_explained(tmp_path: Path) -> None:
    """The sentence says how to get one, and no path of the machine."""
    with pytest.raises(ConfigError, match="There is no config file") as caught:
        ConfigFile(str(tmp_path / "c.json")).load()

    assert str(tmp_path) not in str(caught.value)
    assert caught.value.line is None


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    """A FIFO must not hold the daemon."""
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(ConfigError, match=r"^fifo is not a file"):
        ConfigFile(str(tmp_path / "fifo")).load()
    with pytest.raises(ConfigError, match=r"is not a file|can't be read"):
        ConfigFile(str(tmp_path)).load()


def test_replacing_keeps_comments_and_applies(file: ConfigFile, path: Path) -> None:
    """The bytes as sent, trimmed, with one line end."""
    change = file.replace(b'\n\n // hi\n{"servers": {}, /* x */}  \r\n\n')

    assert path.read_bytes() == b'// hi\n{"servers": {}, /* x */}\n'
    assert change == ConfigChange(removed=frozenset({"web"}))
    assert file.current.servers == {}
    assert file.read_bytes() == path.read_bytes()
    assert leftovers(path) == []


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{} x", b"{a: 1}", b'{"port": 65536}'])
def test_a_wrong_body_changes_nothing(file: ConfigFile, path: Path, body: bytes) -> None:
    """The contract's text; the cause says what is wrong."""
    with pytest.raises(InvalidError, match=r"^Invalid JSON body!$") as caught:
        file.replace(body)

    assert isinstance(caught.value.__cause__, ConfigError)
    assert path.read_bytes() == ONE_APP
    assert list(file.current.servers) == ["web"]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_replacing_keeps_mode_and_owner(file: ConfigFile, path: Path, mode: int) -> None:
    """What an admin has set up stays."""
    path.chmod(mode)
    if os.geteuid() == 0:
        os.chown(path, 12345, 54321)
    before = path.stat()
    file.replace(b"{}")
    after = path.stat()

    assert stat.S_IMODE(after.st_mode) == mode
    assert (after.st_uid, after.st_gid) == (before.st_uid, before.st_gid)


def test_a_new_file_is_private(file: ConfigFile, path: Path) -> None:
    """It may hold passwords."""
    path.unlink()
    file.replace(b"{}")

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_symlink_stays_one(file: ConfigFile, path: Path, tmp_path: Path) -> None:
    """The file that it names is replaced."""
    (tmp_path / "real").mkdir()
    target = path.rename(tmp_path / "real" / "there.json")
    path.symlink_to("real/there.json")
    file.replace(b'{"port": 1}')

    assert path.is_symlink()
    assert target.read_bytes() == b'{"port": 1}\n'
    assert os.listdir(target.parent) == ["there.json"]


CUT_OFF = """
import resource, signal, sys
from octyne.config.store import ConfigFile
from octyne.errors import UnavailableError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
file = ConfigFile(sys.argv[1])
file.load()
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    file.replace(b'{"port": 1}' + b' ' * 5000 + b'// end')
except UnavailableError as error:
    print(error, list(file.current.servers))
"""


def test_a_write_that_fails_keeps_the_old_file(path: Path) -> None:
    """A full disk, tried with a limit on the size of files, which fails the write the same way."""
    assert hasattr(resource, "RLIMIT_FSIZE")
    result = run(
        [sys.executable, "-c", CUT_OFF, str(path)], check=True, capture_output=True, text=True
    )

    assert result.stdout == (
        "config.json could not be written, and stays as it was: File too large. ['web']\n"
    )
    assert path.read_bytes() == ONE_APP
    assert leftovers(path) == []


def test_a_directory_that_is_gone_is_explained(file: ConfigFile, path: Path) -> None:
    """No path of the machine in the sentence."""
    path.unlink()
    path.parent.rmdir()
    with pytest.raises(UnavailableError, match="No such file or directory") as caught:
        file.replace(b"{}")

    assert str(path.parent) not in str(caught.value)


def test_readers_see_whole_files_while_writers_write(file: ConfigFile, path: Path) -> None:
    """Writers in threads take turns; a reader sees one of their files, never a part."""
    bodies = [
        json.dumps({"servers": {f"app{n}": {"command": "x" * 20_000}}}).encode() for n in range(4)
    ]
    writers = [
        threading.Thread(target=lambda body=body: [file.replace(body) for _ in range(10)])
        for body in bodies
    ]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        assert path.read_bytes().strip() in [*bodies, ONE_APP]
    for writer in writers:
        writer.join()

    assert read(path.read_bytes(), "config.json").config == file.current
    assert leftovers(path) == []


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        ("{}", "{}", ConfigChange()),
        ("{}", '{"port": 0, "colour": 1}', ConfigChange()),
        ('{"port": 1}', "{}", ConfigChange(settings=frozenset({"port"}))),
        ("{}", '{"trustedProxies": []}', ConfigChange(settings=frozenset({"trustedProxies"}))),
        (
            '{"servers": {"a": {}, "b": {}, "c": {}}}',
            '{"servers": {"b": {"env": {"X": "1"}}, "c": {"enabled": true}, "d": {}}}',
            ConfigChange(added=frozenset("d"), removed=frozenset("a"), changed=frozenset("b")),
        ),
    ],
)
def test_diff(old: str, new: str, change: ConfigChange) -> None:
    """Values count, not how they are written."""
    assert diff(config(old), config(new)) == change
    assert bool(change) == (change != ConfigChange())
