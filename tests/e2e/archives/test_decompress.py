"""Archives unpacked by the real daemon: what section 6 of the contract says of `decompress`."""

import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from octyne.archives.unpack import NO_PARENT
from support.app_files import empty
from support.archives import TARS, raw_zip, tar_entry, tar_of, zip_of
from support.daemon import Answer, Daemon
from support.eventually import eventually

ROUTE = "/server/app/decompress"
BROKEN = "An error occurred while decompressing archive!"
FILES = 20_000  # of an archive that takes a while


@pytest.fixture
def home(daemon: Daemon) -> Path:
    """The directory of the apps, empty."""
    home = daemon.directory / "home"
    empty(home)
    return home


def unpack(daemon: Daemon, path: str, to: str = "", more: str = "") -> Answer:
    """Ask for it."""
    return daemon.ask("POST", f"{ROUTE}?path={quote(path)}{more}", to)


def is_clean(daemon: Daemon, home: Path) -> bool:
    """Nothing hidden is left, and no record of it."""
    records = [path for path in (daemon.directory / ".octyne/files").rglob("*") if path.is_file()]
    return not list(home.rglob(".octyne-*")) and not records


def long_tar() -> bytes:
    """One that is under way for some seconds."""
    return b"".join(
        tarfile.TarInfo(f"d{n % 50}/f{n}").tobuf(tarfile.USTAR_FORMAT) for n in range(FILES)
    ) + bytes(1024)


def begin(daemon: Daemon, home: Path) -> str:
    """Have a long one unpacked; its token, once something has come out."""
    (home / "long.tar").write_bytes(long_tar())
    token = str(unpack(daemon, "long.tar", "out", "&async=true").json["token"])
    eventually(lambda: list(home.glob(".octyne-*/d1")), 10)
    return token


ENDINGS: dict[str, Callable[[bytes], bytes]] = {
    ".tar": bytes,
    ".tar.gz": TARS["a.tar.gz"],
    ".tgz": TARS["a.tar.gz"],
    ".tar.bz": TARS["a.tar.bz2"],
    ".tbz": TARS["a.tar.bz2"],
    ".tar.bz2": TARS["a.tar.bz2"],
    ".tbz2": TARS["a.tar.bz2"],
    ".tar.xz": TARS["a.tar.xz"],
    ".txz": TARS["a.tar.xz"],
    ".tar.zst": TARS["a.tar.zst"],
    ".TZST": TARS["a.tar.zst"],
}


def test_every_ending_is_known(daemon: Daemon, home: Path) -> None:
    """Each into a folder that is made for it."""
    (home / "a.zip").write_bytes(zip_of(("d/x", b"zip")))
    answers = [unpack(daemon, "/a.zip", "/zip")]
    for ending, packer in ENDINGS.items():
        (home / f"a{ending}").write_bytes(packer(tar_of(("d/x", ending.encode()))))
        answers.append(unpack(daemon, f"a{ending}", ending))

    assert all((each.status, each.json) == (200, {"success": True}) for each in answers)
    assert all((home / ending / "d/x").read_text() == ending for ending in ENDINGS)
    assert (home / "zip/d/x").read_text() == "zip"
    assert is_clean(daemon, home)


def test_requests_that_are_wrong(daemon: Daemon, home: Path) -> None:
    """The contract's texts, and nothing is done."""
    (home / "folder").mkdir()
    (home / "file").touch()
    (home / "a.rar").touch()
    (home / "a.zip").write_bytes(zip_of(("x", b"1")))
    (home / "out").symlink_to(home.parent)
    expected = {
        ("none.zip", ""): "The requested archive does not exist!",
        ("folder", ""): "The requested archive is a folder!",
        ("a.rar", ""): "Unsupported archive file!",
        ("a.zip", "file"): "There is a file at the requested unpack destination!",
        ("a.zip", "no/such"): NO_PARENT,
        ("../a.zip", ""): "Invalid archive path: it leads out of the app's directory.",
        ("a.zip", "../x"): "Invalid destination path: it leads out of the app's directory.",
        ("a.zip", "out/x"): "Invalid destination path: it leads out of the app's directory.",
    }  # fmt: skip

    for (path, to), text in expected.items():
        answer = unpack(daemon, path, to)
        assert (answer.status, answer.json) == (400, {"error": text})
    assert sorted(each.name for each in home.iterdir()) == [
        "a.rar",
        "a.zip",
        "file",
        "folder",
        "out",
    ]
    assert daemon.ask("POST", f"{ROUTE}?path=a.zip", b"\xff").status == 400


def test_it_is_merged_into_what_is_there(daemon: Daemon, home: Path) -> None:
    """Files are replaced, all else stays; "" is the app's directory."""
    (home / "d").mkdir()
    (home / "d/x").write_text("old")
    (home / "d/y").write_text("old")
    (home / "a.zip").write_bytes(zip_of(("d/x", b"new"), ("e/z", b"new")))

    assert unpack(daemon, "a.zip").json == {"success": True}
    found = {str(each.relative_to(home)): each.read_text() for each in home.glob("?/*")}
    assert found == {"d/x": "new", "d/y": "old", "e/z": "new"}
    assert is_clean(daemon, home)


def test_what_is_in_the_way(daemon: Daemon, home: Path) -> None:
    """409, and all stays as it was."""
    (home / "x").mkdir()
    (home / "a.zip").write_bytes(zip_of(("a", b"1"), ("x", b"1")))
    answer = unpack(daemon, "a.zip")

    assert (answer.status, answer.json) == (409, {"error": '"x" is there already and is a folder!'})
    assert not (home / "a").exists()


def test_a_hostile_archive(daemon: Daemon, home: Path) -> None:
    """500 with a reason that names the member; nothing of it is left; async tells the same."""
    (home / "a.zip").write_bytes(raw_zip([(b"fine", b"1"), (b"../evil", b"1")]))
    expected = {
        "error": BROKEN,
        "reason": 'The member "../evil" has a name that leads out of its folder.',
    }
    answer = unpack(daemon, "a.zip", "new")
    token = unpack(daemon, "a.zip", "", "&async=true").json["token"]
    eventually(lambda: daemon.ask("GET", f"{ROUTE}?token={token}").status == 500, 10)

    assert (answer.status, answer.json) == (500, expected)
    assert daemon.ask("GET", f"{ROUTE}?token={token}").json == expected
    assert [each.name for each in home.iterdir()] == ["a.zip"]
    assert not (home.parent / "evil").exists()
    assert is_clean(daemon, home)
    assert "Traceback" not in daemon.log


def test_a_symlink_then_a_file_through_it(daemon: Daemon, home: Path) -> None:
    """The classic."""
    link = tar_entry("l", tarfile.SYMTYPE, str(home.parent))
    (home / "a.tar").write_bytes(tar_of(link, ("l/evil", b"1")))

    assert unpack(daemon, "a.tar").json["error"] == BROKEN
    assert not (home.parent / "evil").exists()


def test_a_job_tells_how_far_it_is(daemon: Daemon, home: Path) -> None:
    """Until it has ended, and for a while after that."""
    (home / "a.zip").write_bytes(zip_of(("d/x", b"12345")))
    answer = unpack(daemon, "a.zip", "out", "&async=true")
    token = answer.json["token"]
    eventually(lambda: daemon.get(f"{ROUTE}?token={token}")["finished"], 10)

    assert answer.json.keys() == {"token"}
    assert len(bytes.fromhex(token)) == 16
    assert daemon.get(f"{ROUTE}?token={token}") == {
        "finished": True,
        "state": "finished",
        "bytesDone": 5,
        "bytesTotal": 5,
        "entriesDone": 2,
        "entriesTotal": 2,
    }


def test_a_token_is_good_for_one_account_app_and_kind(daemon: Daemon, home: Path) -> None:
    """Everybody else's is invalid."""
    (home / "a.zip").write_bytes(zip_of(("x", b"1")))
    token = unpack(daemon, "a.zip", "out", "&async=true").json["token"]
    others = [
        daemon.ask("GET", f"/server/other/decompress?token={token}"),
        daemon.ask("GET", f"/server/app/compress?token={token}"),
        daemon.api("GET", f"{ROUTE}?token={token}", Authorization=daemon.token()),
        daemon.ask("DELETE", f"/server/other/decompress?token={token}"),
        daemon.ask("GET", f"{ROUTE}?token={'0' * 32}"),
    ]

    assert [(each.status, each.json) for each in others] == [(400, {"error": "Invalid token!"})] * 5


def test_a_job_can_be_ended(daemon: Daemon, home: Path) -> None:
    """What it made is gone when the answer comes."""
    token = begin(daemon, home)
    answer = daemon.ask("DELETE", f"{ROUTE}?token={token}")

    assert (answer.status, answer.json) == (200, {"success": True})
    assert is_clean(daemon, home)
    assert not (home / "out").exists()
    state = daemon.ask("GET", f"{ROUTE}?token={token}")
    assert (state.status, state.json) == (500, {"error": "This job was cancelled!"})
    assert daemon.ask("DELETE", f"{ROUTE}?token={token}").status == 409


def test_the_end_of_the_daemon_leaves_nothing_half_done(daemon: Daemon, home: Path) -> None:
    """It ends its jobs, and cleans up before it goes."""
    begin(daemon, home)
    exit_code = daemon.stop()
    left = not is_clean(daemon, home)
    daemon.start()

    assert (exit_code, left) == (0, False)
    assert is_clean(daemon, home)
    assert not (home / "out").exists()


def test_a_killed_daemon_leaves_nothing_after_the_next_start(daemon: Daemon, home: Path) -> None:
    """The record of the hidden folder is there before the folder."""
    begin(daemon, home)
    daemon.kill()
    daemon.start()

    assert is_clean(daemon, home)
    assert not (home / "out").exists()


def test_the_action_log_has_it(daemon: Daemon, home: Path) -> None:
    """With the archive and where it went."""
    (home / "logged.zip").write_bytes(zip_of(("x", b"1")))
    unpack(daemon, "logged.zip", "out")
    log = daemon.directory / "logs/octyne.log"
    eventually(lambda: "logged.zip" in log.read_text(), 10)
    line = next(line for line in log.read_text().splitlines() if "logged.zip" in line)

    found = json.loads(line)
    assert found["action"] == "server.files.decompress"
    assert (found["server"], found["path"], found["dest"]) == ("app", "logged.zip", "out")
