"""users.json: the truth, edited by hand and by us, never lost."""

import asyncio
import json
import os
import stat
from pathlib import Path

import pytest

from octyne.accounts import roster
from octyne.accounts.users_file import BrokenFileError, UsersFile, read_accounts
from octyne.errors import ConflictError, UnavailableError
from support.accounts import hashed
from support.full_disk import files_of_at_most

GOOD = {"alice": "1", "bob": "2"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A good file, written by hand."""
    path = tmp_path / "users.json"
    path.write_text(json.dumps(GOOD))
    return path


@pytest.fixture
async def users(path: Path) -> UsersFile:
    """The good file, open."""
    users = UsersFile(str(path))
    assert await users.open() is False
    return users


BROKEN = {
    b"": "line 1, column 1",
    b'{"alice": "1",\n "bob": }': "line 2, column 9",
    b"null": "an object",
    b'["alice"]': "an object",
    b'"alice"': "an object",
    b'{"alice": null}': "hash of 'alice' must be a string",
    b'{"alice": {"hash": "1"}}': "hash of 'alice' must be a string",
    b'{"alice": "1"}}': "Extra data",
    b'{"alice": "\xff"}': "UTF-8",
    b"[" * 100_000: "JSON",
    b'{"alice": ' + b"1" * 5000 + b"}": "",
    b" " * (10 * 1024 * 1024) + b"{}": "larger than 10 MiB",
}


@pytest.mark.parametrize("body", BROKEN, ids=lambda body: repr(body[:24]))
async def test_a_broken_file_keeps_the_last_good_accounts(
    users: UsersFile, path: Path, body: bytes
) -> None:
    """It says where, refuses changes, and is left as it is."""
    path.write_bytes(body)
    outside = await users.poll()

    assert not outside.changed
    assert BROKEN[body] in users.problem
    assert "last good accounts" in users.problem
    assert dict(users.users) == GOOD
    with pytest.raises(UnavailableError, match=r"users\.json is broken.*nothing was changed"):
        await users.change(roster.creating("carol", "3"))
    assert path.read_bytes() == body


async def test_a_broken_file_never_gives_its_content_away(users: UsersFile, path: Path) -> None:
    """The problem is shown on a health page."""
    path.write_text('{"alice": "$argon2id$secret\n')
    await users.poll()

    assert "secret" not in users.problem
    assert str(path.parent) not in users.problem


async def test_a_repaired_file_counts_again(users: UsersFile, path: Path) -> None:
    """Without a restart."""
    path.write_text("{")
    await users.poll()
    path.write_text('{"alice": "1", "carol": "3"}')
    outside = await users.poll()

    assert users.problem == ""
    assert outside.changed
    assert outside.ended == {"bob"}


async def test_a_broken_file_at_the_start(path: Path) -> None:
    """Nobody can log in, nothing is overwritten, and it isn't taken for a first start."""
    path.write_text("{")
    users = UsersFile(str(path))

    assert await users.open() is False
    assert not users.loaded
    assert await users.names() == []
    with pytest.raises(UnavailableError):
        await users.change(roster.creating("carol", "3"))
    assert path.read_text() == "{"


async def test_warnings_come_once(
    users: UsersFile, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Not every second."""
    path.write_text("{")
    for _ in range(5):
        await users.poll()

    assert len([one for one in caplog.records if one.levelname == "WARNING"]) == 1


@pytest.mark.parametrize("kind", ["folder", "fifo"])
async def test_odd_files(tmp_path: Path, kind: str) -> None:
    """Neither hangs nor crashes."""
    path = tmp_path / "users.json"
    path.mkdir() if kind == "folder" else os.mkfifo(path)
    users = UsersFile(str(path))

    assert await users.open() is False
    assert "broken" in users.problem or "read" in users.problem


async def test_hand_edits_are_seen(users: UsersFile, path: Path) -> None:
    """Also two quick ones of the same size within one tick of the file system's clock."""
    for hash_ in "345":
        path.write_text(json.dumps({**GOOD, "bob": hash_}))
        outside = await users.poll()

        assert outside.ended == {"bob"}
        assert (account := await users.get("bob"))
        assert account.hash == hash_
    assert not (await users.poll()).changed


async def test_equal_time_and_size_do_not_hide_an_edit(users: UsersFile, path: Path) -> None:
    """A file changed a moment ago is read again whatever its stamp says."""
    stamp = path.stat().st_mtime_ns
    path.write_text(json.dumps({**GOOD, "bob": "9"}))
    os.utime(path, ns=(stamp, stamp))

    assert (await users.poll()).ended == {"bob"}


async def test_a_settled_file_is_not_read_again(path: Path) -> None:
    """A look each second costs a stat."""
    os.utime(path, ns=(10**18, 10**18))
    found = read_accounts(str(path))

    assert found is not None
    assert found.settled
    assert read_accounts(str(path), unless=found.stamp) is None


async def test_a_missing_file_is_a_first_start(tmp_path: Path) -> None:
    """The first change makes it, private from the start."""
    users = UsersFile(str(tmp_path / "users.json"))
    assert await users.open() is True
    await users.change(roster.creating("admin", "1"))

    assert json.loads((tmp_path / "users.json").read_text()) == {"admin": "1"}
    assert stat.S_IMODE((tmp_path / "users.json").stat().st_mode) == 0o600
    assert users.problem == ""
    assert not (await users.poll()).changed


async def test_a_file_that_went_missing(users: UsersFile, path: Path) -> None:
    """The last good accounts stay, and the next change brings all of them back."""
    path.unlink()
    assert not (await users.poll()).changed
    assert "missing" in users.problem
    await users.change(roster.creating("carol", "3"))

    assert json.loads(path.read_text()) == {**GOOD, "carol": "3"}
    assert users.problem == ""


async def test_a_change_takes_hand_edits_along(users: UsersFile, path: Path) -> None:
    """Nothing that somebody typed meanwhile is lost, and it is reported afterwards."""
    path.write_text('{"alice": "1", "dave": "4"}')
    await users.change(roster.creating("carol", "3"))

    assert json.loads(path.read_text()) == {"alice": "1", "dave": "4", "carol": "3"}
    assert (await users.poll()).ended == {"bob"}


async def test_our_own_changes_are_not_reported(users: UsersFile) -> None:
    """Whoever made them knows."""
    await users.change(roster.deleting("bob"))

    assert not (await users.poll()).changed


async def test_a_hundred_changes_at_once(users: UsersFile, path: Path) -> None:
    """None is lost."""
    async with asyncio.TaskGroup() as group:
        for number in range(100):
            group.create_task(users.change(roster.creating(f"user{number}", "x")))

    assert len(json.loads(path.read_text())) == 102
    assert await users.names() == list(json.loads(path.read_text()))


async def test_a_cancelled_change_does_not_lose_the_next_one(users: UsersFile, path: Path) -> None:
    """Its thread goes on; the next change waits for it and builds on it."""

    async def begin(name: str) -> None:
        await users.change(roster.creating(name, "x"))

    for number in range(20):
        first = asyncio.create_task(begin(f"first{number}"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        first.cancel()
        await begin(f"second{number}")
    names = list(json.loads(path.read_text()))

    assert [name for name in names if name.startswith("second")] == [
        f"second{number}" for number in range(20)
    ]


async def test_a_refused_edit_writes_nothing(users: UsersFile, path: Path) -> None:
    """Nor does one that changes nothing."""
    before = path.stat()
    with pytest.raises(ConflictError):
        await users.change(roster.creating("alice", "3"))
    await users.change(dict)

    assert path.stat().st_ino == before.st_ino


async def test_a_full_disk(users: UsersFile, path: Path) -> None:
    """The old file stays whole, nothing is left behind, and it works again afterwards."""
    with files_of_at_most(4), pytest.raises(UnavailableError, match="can't be written"):
        await users.change(roster.creating("carol", "3"))

    assert json.loads(path.read_text()) == GOOD
    assert os.listdir(path.parent) == ["users.json"]
    assert await users.names() == list(GOOD)
    await users.change(roster.creating("carol", "3"))
    assert "carol" in json.loads(path.read_text())


@pytest.mark.parametrize(
    ("before", "after"), [(0o644, 0o600), (0o600, 0o600), (0o400, 0o400), (0o666, 0o600)]
)
async def test_the_mode_only_gets_stricter(
    users: UsersFile, path: Path, before: int, after: int
) -> None:
    """Whatever the umask is."""
    path.chmod(before)
    old = os.umask(0)
    try:
        await users.change(roster.creating("carol", "3"))
    finally:
        os.umask(old)

    assert stat.S_IMODE(path.stat().st_mode) == after


async def test_a_file_of_the_go_octyne(path: Path, users: UsersFile) -> None:
    """Both kinds of hashes come through unchanged, and so do names we would not allow."""
    go = {"admin": hashed("x"), "old": "a" * 64, "odd name": "", "\ud83d": "x"}
    path.write_text("\ufeff" + json.dumps(go, indent=2))
    await users.poll()
    await users.change(roster.creating("carol", "3"))

    assert json.loads(path.read_text()) == {**go, "carol": "3"}
    assert path.read_text().startswith('{\n  "admin": "$argon2id$')


def test_broken_is_not_an_os_error() -> None:
    """The two are told apart."""
    assert not issubclass(BrokenFileError, OSError)
