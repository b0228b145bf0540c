"""Records of uploads."""

import hashlib
from pathlib import Path

import pytest

from octyne.errors import InvalidError
from octyne.files.upload_records import Checksum, Owner, Upload, UploadRecords


def upload(key: str, username: str = "ann") -> Upload:
    """One of 100 bytes."""
    owner = Owner("web", "/apps/web", username)
    made = Upload(key, owner, ".octyne-upload-1", "a", "/a", 100, "", (1, 2))
    made.settle(10)
    return made


def test_records_are_read_again(tmp_path: Path) -> None:
    """As they were saved, for their owner alone to read."""
    records = UploadRecords(str(tmp_path))
    records.load()
    records.save(upload("k1"))
    records.save(upload("k2", "bob"))
    again = UploadRecords(str(tmp_path))
    again.load()

    assert again.get("k1") == upload("k1")
    assert [each.id for each in again.of("bob")] == ["k2"]
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


def test_broken_ones_are_dropped(tmp_path: Path) -> None:
    """And halves."""
    for name in ("a.json", ".b.json.new", "c.json"):
        (tmp_path / name).write_text('{"id": 1}')
    records = UploadRecords(str(tmp_path))
    records.load()

    assert len(records) == 0
    assert list(tmp_path.iterdir()) == []


def test_removed_ones_stay_away(tmp_path: Path) -> None:
    """Removing twice does no harm."""
    records = UploadRecords(str(tmp_path))
    records.save(upload("k1"))
    records.remove(upload("k1"))
    records.remove(upload("k1"))

    assert records.get("k1") is None
    assert list(tmp_path.iterdir()) == []


def test_what_counts() -> None:
    """All of it; but what is unverified, and, after another boot, what was not synced."""
    one = upload("k")
    assert (one.certain(50), one.is_unsettled(50)) == (50, False)
    one.unverified = 30
    assert (one.certain(50), one.is_unsettled(50)) == (30, True)
    one.settle(30)
    one.boot = "another"

    assert (one.certain(50), one.is_unsettled(50)) == (30, True)


def test_checksums() -> None:
    """Over all that came; of algorithms that we have."""
    checksum = Checksum("sha1", hashlib.sha1(b"abc").digest())
    checksum.update(b"ab")
    assert not checksum.matches()
    checksum.update(b"c")

    assert checksum.matches()
    with pytest.raises(InvalidError):
        Checksum("crc32", b"")
